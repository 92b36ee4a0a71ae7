"""ocr.layout.connected against the library that finds the same."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy import ndimage

from ocr.layout.connected import connected

CORNERS = {True: np.ones((3, 3)), False: None}


def agrees(inside, diagonal):
    labels, boxes = connected(inside, diagonal)
    expected, count = ndimage.label(inside, CORNERS[diagonal])
    places = ndimage.find_objects(expected)
    around = [(rows.start, cols.start, rows.stop, cols.stop) for rows, cols in places]
    return (
        labels.dtype == np.int32
        and np.array_equal(labels, expected)
        and len(boxes) == count
        and [tuple(box) for box in boxes.tolist()] == around
    )


@given(arrays(bool, st.tuples(st.integers(1, 9), st.integers(1, 9))), st.booleans())
def test_pieces_are_those_of_scipy(inside, diagonal):
    assert agrees(inside, diagonal)


@pytest.mark.parametrize("diagonal", [True, False])
@pytest.mark.parametrize("share", [0.2, 0.4, 0.6])
def test_noise_gives_the_same_pieces(share, diagonal):
    assert agrees(np.random.default_rng(7).random((120, 200)) < share, diagonal)


@pytest.mark.parametrize("shape", [(0, 0), (0, 4), (4, 0), (3, 5)])
def test_nothing_has_no_pieces(shape):
    labels, boxes = connected(np.zeros(shape, dtype=bool))
    assert labels.shape == shape and not labels.any() and boxes.shape == (0, 4)


def test_teeth_of_a_comb_are_one_piece():
    """What is joined late, by its last row, or row by row."""
    comb = np.zeros((300, 300), dtype=bool)
    comb[:, ::2] = comb[-1] = True
    stairs = np.tri(300, dtype=bool)[:, ::2].repeat(2, axis=1) & (np.arange(300) % 2 == 0)
    stairs[-1] = True
    for shape in (comb, comb.T, comb[::-1], stairs):
        labels, boxes = connected(shape, diagonal=False)
        assert np.array_equal(labels, shape) and boxes.tolist() == [[0, 0, 300, 300]]

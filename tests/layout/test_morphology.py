"""Opening and closing against scipy's, and on rows that show what they do."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy import ndimage

from ocr.layout.morphology import closed, opened, opened_across

SIZES = st.sampled_from([1, 3, 5, 7])


@given(arrays(np.uint8, st.tuples(st.integers(1, 12), st.integers(1, 12))), SIZES)
def test_they_are_what_scipy_gives(pixels, size):
    eroded = ndimage.minimum_filter(pixels, size, mode="nearest")
    assert (opened(pixels, size) == ndimage.maximum_filter(eroded, size, mode="nearest")).all()
    eroded = ndimage.minimum_filter(pixels, (1, size), mode="nearest")
    across = ndimage.maximum_filter(eroded, (1, size), mode="nearest")
    assert (opened_across(pixels, size) == across).all()
    dilated = ndimage.maximum_filter(pixels, size, mode="nearest")
    assert (closed(pixels, size) == ndimage.minimum_filter(dilated, size, mode="nearest")).all()


@pytest.mark.parametrize(
    ("way", "wanted"), [(opened, [0, 0, 0, 0, 1, 1, 1]), (closed, [0, 0, 1, 1, 1, 1, 1])]
)
def test_a_row_of_bools(way, wanted):
    row = np.array([[0, 0, 1, 0, 1, 1, 1]], dtype=bool)
    assert way(row, 3).tolist() == [[bool(value) for value in wanted]]


def test_channels_are_each_by_itself():
    rgb = np.zeros((3, 3, 3), dtype=np.uint8)
    rgb[1, 1] = (9, 0, 0)
    assert not opened(rgb, 3).any()
    assert closed(rgb, 3)[1, 1].tolist() == [9, 0, 0]

"""Smaller parts of a line, on strokes drawn in rows."""

import numpy as np
import pytest

from ocr.layout.small_parts import with_small_parts_enlarged
from ocr.layout.strips import BASELINE_ROW, STRIP_HEIGHT, X_HEIGHT, TextLine, cut_strip

LINE = TextLine(np.array([[150.0, 60.0], [150.0, 640.0]]), 26.0)


def page(*words):
    """Words of strokes that stand on row 150: (left, right, height) each."""
    darkness = np.zeros((300, 700), np.float32)
    for left, right, height in words:
        for col in range(left, right, 8):
            darkness[150 - height : 150, col : col + 4] = 1
    return darkness


def enlarged(*words):
    darkness = page(*words)
    return with_small_parts_enlarged(darkness, cut_strip(darkness, LINE))


def test_a_small_label_is_made_as_high_as_the_writing_behind_it():
    darkness = page((70, 160, 17), (240, 400, 42), (440, 620, 42))
    strip = cut_strip(darkness, LINE)
    other = with_small_parts_enlarged(darkness, strip)
    assert other is not None and other.image.shape[0] == STRIP_HEIGHT
    assert other.image.shape[1] > strip.image.shape[1]
    assert len(other.rows) == len(other.cols) == len(other.down) == other.image.shape[1]
    inked = (other.image < 0.5).any(axis=0)
    label = other.image[:, (other.cols < 165) & inked]
    high = BASELINE_ROW - np.flatnonzero((label < 0.5).any(axis=1))[0]
    assert high == pytest.approx(42 / 26 * X_HEIGHT, abs=3)


def test_places_still_lead_back_to_the_page():
    other = enlarged((70, 160, 17), (240, 400, 42))
    assert other is not None
    at = np.flatnonzero(other.image[BASELINE_ROW - 4] < 0.5)
    y, x = other.places(np.full(len(at), BASELINE_ROW - 4), at)
    darkness = page((70, 160, 17), (240, 400, 42))
    assert (darkness[y.round().astype(int), x.round().astype(int)] > 0).mean() > 0.85


@pytest.mark.parametrize(
    "words",
    [
        (),
        ((70, 300, 42),),
        ((70, 160, 42), (240, 400, 44)),
        ((70, 160, 26), (240, 400, 42)),  # a word without ascenders
        ((70, 400, 17),),  # all of it is small: the line's size is another matter
        ((70, 84, 17), (240, 400, 42)),  # a lone sign
    ],
)
def test_lines_of_one_size_stay(words):
    assert enlarged(*words) is None


def test_a_dash_is_no_small_word():
    darkness = page((240, 400, 42))
    darkness[138:142, 80:130] = 1
    assert with_small_parts_enlarged(darkness, cut_strip(darkness, LINE)) is None

"""ocr.lines.normalize: strips of one height, whatever was around the line."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageDraw, ImageFont

from ocr.layout.strips import BASELINE_ROW, X_HEIGHT
from ocr.lines.normalize import LINE_HEIGHT, normalize_line


def line_picture(scale=1, top=8, left=9):
    """A picture of a line: small letters 20 high, every fifth one with an ascender."""
    image = np.ones((50, 300), dtype=np.float32)
    for k, x in enumerate(range(20, 280, 12)):
        image[18 - 14 * (k % 5 == 0) : 38, x : x + 5] = 0.0
    image = image.repeat(scale, 0).repeat(scale, 1)
    return np.pad(image, ((top, 3), (left, 7)), constant_values=1)


def written(scale=1, top=8, left=9):
    """A picture of a line in type."""
    page = Image.new("L", (420, 44), 255)
    font = ImageFont.load_default(30)
    ImageDraw.Draw(page).text((6, 32), "seven more names are here", 0, font, anchor="ls")
    image = (np.asarray(page, dtype=np.float32) / 255).repeat(scale, 0).repeat(scale, 1)
    return np.pad(image, ((top, 3), (left, 7)), constant_values=1)


def test_height_is_fixed_and_the_letters_are_of_one_height():
    line = normalize_line(written())
    assert line.shape[0] == LINE_HEIGHT
    assert line.dtype == np.float32
    rows = np.flatnonzero((line < 0.5).mean(axis=1) > 0.2)
    # The small letters of this typeface are taken for a fifth smaller than they are.
    assert X_HEIGHT - 4 < len(rows) < 1.6 * X_HEIGHT
    assert rows[-1] + 1 == pytest.approx(BASELINE_ROW, abs=2)


@settings(max_examples=25)
@given(st.integers(1, 3), st.integers(0, 40), st.integers(0, 40))
def test_scale_and_paper_around_make_next_to_no_difference(scale, top, left):
    one, two = normalize_line(written()), normalize_line(written(scale, top, left))
    assert two.shape[1] == pytest.approx(one.shape[1], rel=0.2)
    width = min(one.shape[1], two.shape[1])
    assert abs((1 - one[:, :width]).mean() - (1 - two[:, :width]).mean()) < 0.04


def test_faint_ink_becomes_black():
    faint = 1 - (1 - line_picture()) * np.float32(0.2)
    assert normalize_line(faint).min() == 0


def test_blank_and_tiny_images():
    assert (normalize_line(np.ones((30, 90), np.float32)) == 1).all()
    assert normalize_line(np.zeros((1, 1), np.float32)).shape[0] == LINE_HEIGHT
    with pytest.raises(ValueError, match="line"):
        normalize_line(np.ones((0, 3), np.float32))

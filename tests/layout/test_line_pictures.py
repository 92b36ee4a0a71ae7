"""Where the text lies in a picture of one line."""

import numpy as np
import pytest

from ocr.layout.line_pictures import find_line


def picture(slope=0.0, height=80, width=400):
    """Small letters between rows 30 and 50, an ascender and a descender here and there."""
    rows, cols = np.mgrid[:height, :width]
    base = 50 + slope * (cols - width / 2)
    inside = (cols % 12 < 5) & (cols > 20) & (cols < width - 20)
    page = inside & (rows < base) & (rows >= base - 20)
    page |= inside & (cols % 60 < 5) & (rows < base) & (rows >= base - 40)
    page |= inside & (cols % 84 < 5) & (rows < base + 14) & (rows >= base - 20)
    return page.astype(np.float32)


@pytest.mark.parametrize("slope", [0.0, 0.05, -0.04])
def test_baseline_slope_and_height(slope):
    line = find_line(picture(slope))
    (y1, x1), (y2, x2) = line.baseline
    assert abs((y2 - y1) / (x2 - x1) - slope) < 0.011
    assert abs((y1 + y2) / 2 - 50) < 2.5
    assert abs(line.x_height - 20) < 3
    assert x1 >= 20 and x2 <= 400


def test_a_dotted_rule_is_not_taken_for_the_letters():
    page = picture(width=600)
    page[46:50, 2:598:2] = 1
    line = find_line(page)
    assert abs(line.baseline[:, 0].mean() - 50) < 2.5 and abs(line.x_height - 20) < 3


def test_without_ink_a_line_all_the_same():
    line = find_line(np.zeros((40, 100), np.float32))
    assert line.x_height > 0 and np.ptp(line.baseline[:, 1]) == 100


@pytest.mark.parametrize("shape", [(1, 1), (3, 2), (200, 3)])
def test_any_shape(shape):
    assert find_line(np.ones(shape, np.float32)).x_height > 0

"""Where the text lies in a picture of one line."""

import numpy as np
import pytest

from ocr.layout.line_pictures import CONFIG, find_line, profile_line
from ocr.layout.page_network import Layout
from ocr.layout.strips import TextLine


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
    line = profile_line(picture(slope))
    (y1, x1), (y2, x2) = line.baseline
    assert abs((y2 - y1) / (x2 - x1) - slope) < 0.011
    assert abs((y1 + y2) / 2 - 50) < 2.5
    assert abs(line.x_height - 20) < 3
    assert x1 >= 20 and x2 <= 400


def test_a_dotted_rule_is_not_taken_for_the_letters():
    page = picture(width=600)
    page[46:50, 2:598:2] = 1
    line = profile_line(page)
    assert abs(line.baseline[:, 0].mean() - 50) < 2.5 and abs(line.x_height - 20) < 3


def test_without_ink_a_line_all_the_same():
    line = profile_line(np.zeros((40, 100), np.float32))
    assert line.x_height > 0 and np.ptp(line.baseline[:, 1]) == 100


@pytest.mark.parametrize("shape", [(1, 1), (3, 2), (200, 3)])
def test_any_shape(shape):
    assert profile_line(np.ones(shape, np.float32)).x_height > 0


class Sees:
    """A finder that sees lines, given as rows, first and last columns, and x-heights of the page.

    The page is the picture with its margin.
    """

    def __init__(self, *lines):
        self.lines = tuple(
            TextLine(np.array([[row, first], [row, last]], float), x_height)
            for row, first, last, x_height in lines
        )

    def find(self, picture):
        self.size = picture.grey(max(picture.height, picture.width)).shape
        return Layout(self.lines, np.zeros((4, 10, 10), np.float32), 4.0)


MARGIN = round(80 * CONFIG.margin)


def test_a_line_is_where_the_page_network_sees_it_and_as_long_as_its_ink():
    finder = Sees((50 + MARGIN, 40 + MARGIN, 370 + MARGIN, 18), (5 + MARGIN, 0, 60, 30))
    line = find_line(picture(), finder)
    assert finder.size == (80 + 2 * MARGIN, 400 + 2 * MARGIN)
    assert line.x_height == 18 and (line.baseline[:, 0] == 50).all()
    assert line.baseline[0, 1] == 24 and line.baseline[-1, 1] == 377  # first and last ink


def test_what_goes_on_with_the_longest_line_belongs_to_it():
    parts = (
        (50 + MARGIN, 30 + MARGIN, 240 + MARGIN, 18),
        (54 + MARGIN, 250 + MARGIN, 372 + MARGIN, 18),
    )
    line = find_line(picture(), Sees(*parts[::-1]))
    assert line.baseline[:, 0].tolist() == [50, 50, 50, 54, 54, 54]
    assert (np.diff(line.baseline[:, 1]) > 0).all()


@pytest.mark.parametrize("seen", [(), ((50 + MARGIN, 40 + MARGIN, 90 + MARGIN, 18),)])
def test_where_the_network_sees_little_the_profile_tells(seen):
    found, wanted = find_line(picture(), Sees(*seen)), profile_line(picture())
    np.testing.assert_array_equal(found.baseline, wanted.baseline)
    assert found.x_height == wanted.x_height


def test_without_ink_nothing_is_looked_for():
    blank = np.zeros((40, 100), np.float32)
    np.testing.assert_array_equal(find_line(blank, None).baseline, profile_line(blank).baseline)

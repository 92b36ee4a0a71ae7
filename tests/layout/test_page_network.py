"""Leveling a page and the way back, ink that lines cover, and looks with the installed network."""

from pathlib import Path

import numpy as np
import pytest

from ocr.input.given import photo_of
from ocr.layout.page_network import Leveled, PageFinder, clear_of_edge, covered_ink, resized
from ocr.layout.strips import TextLine

IMAGES = Path(__file__).parents[2] / "images"


@pytest.mark.parametrize("slope", [0.2, -0.15, 0.05])
def test_a_leveled_page_has_level_lines_and_leads_back(slope):
    page = np.zeros((200, 300), np.float32)
    cols = np.arange(20, 280)
    rows = 100 + slope * (cols - 150)
    for shift in (-1, 0, 1):
        page[np.round(rows).astype(int) + shift, cols] = 1
    leveled = Leveled(page.shape, slope)
    turned = leveled.turned(page)
    assert turned.shape == leveled.size[::-1]
    found_rows, found_cols = np.nonzero(turned > 0.7)
    assert np.ptp(found_rows) <= 4
    ends = [(float(found_rows.mean()), float(x)) for x in (found_cols.min(), found_cols.max())]
    back = leveled.back(TextLine(np.array(ends), 10.0))
    expected = 100 + slope * (back.baseline[:, 1] - 150)
    np.testing.assert_allclose(back.baseline[:, 0], expected, atol=2)
    assert back.baseline[0, 1] == pytest.approx(20, abs=4)


def test_maps_come_back_where_they_belong():
    leveled = Leveled((160, 240), 0.15)
    height, width = (-(-side // 4) for side in leveled.size[::-1])
    maps = np.zeros((4, height, width), np.float32)
    maps[:, height // 2 - 3 : height // 2 + 3] = 1  # a level band through the middle
    back = leveled.maps_back(maps)
    assert back.shape == (4, 40, 60)
    rows = [np.flatnonzero(back[0, :, col] > 0.5).mean() for col in (10, 30, 50)]
    assert rows[1] == pytest.approx(19.5, abs=1.5)
    assert rows[2] - rows[0] == pytest.approx(0.15 * 40, abs=1.5)


def test_ink_within_and_outside_of_lines():
    ink = np.zeros((100, 200), bool)
    ink[40:50, 20:180] = True
    line = TextLine(np.array([[50.0, 10.0], [50.0, 190.0]]), 10.0)
    assert covered_ink(ink, [line]) == 1
    ink[80:90, 20:180] = True
    assert covered_ink(ink, [line]) == pytest.approx(0.5)
    assert covered_ink(ink, []) == 0
    assert covered_ink(np.zeros((5, 5), bool), [line]) == 0


def test_a_desk_around_the_page_is_no_ink():
    ink = np.zeros((100, 200), bool)
    ink[40:50, 20:180] = True
    writing = ink.copy()
    ink[:, :8] = ink[:15] = True
    np.testing.assert_array_equal(clear_of_edge(ink), writing)
    assert not clear_of_edge(np.ones((5, 5), bool)).any()


@pytest.mark.parametrize("side", [64, 400])
def test_a_page_is_brought_to_a_size(side):
    small = resized(np.full((100, 200), 0.5, np.float32), side)
    assert max(small.shape) == side
    np.testing.assert_allclose(small, 0.5, atol=1e-3)


def test_small_writing_is_looked_at_closer_from_a_size_that_is_too_small_for_it():
    finder, photo = PageFinder(), photo_of(IMAGES / "todo_list.jpg")
    own, given = finder.find(photo), finder.find(photo, 128)
    assert len(given.lines) == len(own.lines)
    assert given.side > 1.3 * 128
    assert given.x_height == pytest.approx(own.x_height, rel=0.15)

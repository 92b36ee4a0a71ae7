"""Leveling a page and the way back, ink that lines cover, and looks with the installed network."""

from pathlib import Path

import numpy as np
import pytest
from matplotlib import font_manager
from PIL import Image, ImageDraw, ImageFont

from ocr.layout.connected import connected
from ocr.layout.page_network import (
    GreyArray,
    Leveled,
    PageFinder,
    clear_of_edge,
    covered_ink,
    resized,
)
from ocr.layout.rows import page_slope
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
    np.testing.assert_array_equal(clear_of_edge(*connected(ink)), writing)
    assert not clear_of_edge(*connected(np.ones((5, 5), bool))).any()


@pytest.mark.parametrize("side", [64, 400])
def test_a_page_is_brought_to_a_size(side):
    small = resized(np.full((100, 200), 0.5, np.float32), side)
    assert max(small.shape) == side
    np.testing.assert_allclose(small, 0.5, atol=1e-3)


def drawn(text, size, points):
    """Text in the middle of a white picture, (height, width)."""
    page = Image.new("L", size[::-1], 255)
    face = ImageFont.truetype(font_manager.findfont("DejaVu Sans"), points)
    middle = (size[1] / 2, size[0] / 2)
    ImageDraw.Draw(page).multiline_text(middle, text, fill=0, font=face, anchor="mm", spacing=20)
    return page


def grey(picture):
    return GreyArray(np.asarray(picture, np.float32) / 255)


LETTER = "\n".join([
    "Dear neighbors, the garden gate",
    "was left open again last night",
    "and the hens went for a walk.",
    "Please close it when you leave,",
    "for the fox lives nearby.",
    "With many thanks, yours, Ann",
])  # fmt: skip


@pytest.mark.parametrize("degrees", [0, 15, 24, 30, -30, 40, -40])
def test_a_tilted_page_has_as_many_lines(degrees):
    page = drawn(LETTER, (700, 900), 40).rotate(degrees, expand=True, fillcolor=255)
    found = PageFinder().find(grey(page))
    assert len(found.lines) == 6
    assert page_slope(found.lines) == pytest.approx(-np.tan(np.radians(degrees)), abs=0.1)


def test_small_tilted_writing_is_leveled_at_the_size_that_showed_it():
    letter = "\n".join([LETTER] * 4)
    page = drawn(letter, (1400, 900), 30).rotate(26, expand=True, fillcolor=255)
    assert len(PageFinder().find(grey(page)).lines) == 24


def test_a_screen_that_was_scrolled_and_one_long_line_are_seen_whole():
    scrolled = drawn("\n".join([LETTER] * 20), (7200, 360), 20)
    assert len(PageFinder().find(grey(scrolled)).lines) == 120
    row = drawn("   ".join(LETTER.split("\n")), (60, 2900), 30)
    row = np.tile(np.asarray(row, np.float32) / 255, 2)  # 96 times as wide as high
    cols = [line.baseline[:, 1] for line in PageFinder().find(GreyArray(row)).lines]
    assert sum(np.ptp(one) for one in cols) > 0.8 * row.shape[1]


def test_print_far_smaller_than_the_text_above_it_is_found():
    page = drawn(LETTER, (900, 1300), 60)
    face = ImageFont.truetype(font_manager.findfont("DejaVu Sans"), 19)
    ImageDraw.Draw(page).text((640, 830), "no dogs after nine", fill=0, font=face)
    finder = PageFinder()
    found = finder.find(grey(page))
    assert len(found.lines) == 6
    (small,) = finder.overlooked(grey(page), found)
    top, left, bottom, right = small.box
    assert 820 < top < bottom < 860 and left == pytest.approx(640, abs=25)
    assert right == pytest.approx(640 + face.getlength("no dogs after nine"), abs=25)


@pytest.mark.parametrize("word", ["Rules", "Party"])
def test_a_title_far_larger_than_the_text_below_it_is_found(word):
    page = Image.new("L", (1500, 1600), 255)
    pen = ImageDraw.Draw(page)
    pen.text((150, 60), word, fill=0, font=ImageFont.load_default(340))
    text = "\n\n".join(["wash your hands and close the door"] * 8)
    pen.text((150, 620), text, fill=0, font=ImageFont.load_default(34), spacing=12)
    sizes = sorted(line.x_height for line in PageFinder().find(grey(page)).lines)
    assert len(sizes) == 9
    assert sizes[-1] > 4 * sizes[-2]


@pytest.mark.parametrize("word", ["SALE", "Rent"])
def test_a_word_that_fills_the_picture_is_found(word):
    (line,) = PageFinder().find(grey(drawn(word, (700, 1400), 430))).lines
    assert np.ptp(line.baseline[:, 1]) > 900


@pytest.mark.parametrize("kind", ["paper", "grain", "bars"])
def test_without_writing_nothing_is_found(kind):
    page = np.full((600, 800), 0.9, np.float32)
    if kind == "grain":
        page += np.random.default_rng(0).normal(0, 0.03, page.shape).astype(np.float32)
    if kind == "bars":
        page[200:400, 300:500:20] = page[200:400, 308:500:40] = 0.1
    assert not PageFinder().find(GreyArray(page)).lines

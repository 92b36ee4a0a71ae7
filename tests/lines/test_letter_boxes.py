"""The ink of a line goes to the letters read from it, whole where it can and cut where it must."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from ocr.layout.strips import (
    BASELINE_ROW,
    CONFIG,
    STRIP_HEIGHT,
    X_HEIGHT,
    Strip,
    TextLine,
    cut_strip,
)
from ocr.lines.letter_boxes import assign_ink, letter_boxes, own_ink

IMAGES = Path(__file__).resolve().parents[2] / "images"
HEIGHT = 20.0


def strip(*blocks: tuple[int, int, int, int]) -> np.ndarray:
    """A line 20 high and 120 wide with one part a block `[y1, x1, y2, x2]`."""
    parts = np.zeros((20, 120), dtype=np.int32)
    for number, (y1, x1, y2, x2) in enumerate(blocks, start=1):
        parts[y1:y2, x1:x2] = number
    return parts


def columns(letters: np.ndarray, letter: int) -> tuple[int, int]:
    cols = np.flatnonzero((letters == letter).any(axis=0))
    return int(cols[0]), int(cols[-1]) + 1


def test_letters_that_stand_apart_keep_their_parts_though_read_off_their_place():
    parts = strip((0, 10, 20, 20), (0, 24, 20, 34), (10, 40, 20, 50))
    spans = np.array([(2.0, 18.0), (18.0, 33.0), (33.0, 50.0)])
    letters = assign_ink(parts, spans, HEIGHT)
    np.testing.assert_array_equal(letters, parts - 1)


def test_overlapping_letters_are_not_cut():
    # the bar of a T reaches over the letter after it
    parts = strip((0, 10, 3, 32), (3, 19, 20, 23), (8, 27, 20, 37))
    parts[parts == 2] = 1
    parts[parts == 3] = 2
    letters = assign_ink(parts, np.array([(8.0, 26.0), (26.0, 36.0)]), HEIGHT)
    np.testing.assert_array_equal(letters, parts - 1)


def test_joined_letters_are_cut_where_they_are_thinnest():
    parts = strip((0, 10, 20, 20), (15, 20, 17, 26), (0, 26, 20, 36))
    parts[parts > 0] = 1
    letters = assign_ink(parts, np.array([(6.0, 21.0), (21.0, 33.0)]), HEIGHT)
    assert columns(letters, 0)[0] == 10
    assert columns(letters, 1)[1] == 36
    assert 20 <= columns(letters, 0)[1] <= 26


def test_strokes_of_one_letter_come_together():
    parts = strip((0, 10, 20, 13), (0, 19, 20, 22), (0, 40, 20, 50))
    letters = assign_ink(parts, np.array([(6.0, 20.0), (32.0, 50.0)]), HEIGHT)
    assert columns(letters, 0) == (10, 22)
    assert columns(letters, 1) == (40, 50)


def test_without_ink_or_letters_nothing_is_assigned():
    spans = np.array([(0.0, 10.0)])
    assert (assign_ink(strip(), spans, HEIGHT) == -1).all()
    parts = strip((0, 10, 20, 20))
    assert (assign_ink(parts, np.empty((0, 2)), HEIGHT) == -1).all()


@pytest.fixture
def page() -> tuple[Strip, np.ndarray]:
    """A page of four letters, cut as a strip at twice its size, and the letters' boxes."""
    darkness = np.zeros((120, 200), dtype=np.float32)
    boxes = np.array([[60 - 13, x, 60, x + 15] for x in (20, 45, 70, 120)])
    for y1, x1, y2, x2 in boxes:
        darkness[y1:y2, x1:x2] = 1
    line = TextLine(np.array([[60.0, 20.0], [60.0, 135.0]]), X_HEIGHT / 2)
    return cut_strip(darkness, line), boxes


def on_strip(left: float, right: float) -> tuple[float, float]:
    """Columns of the strip for columns of the page."""
    start = 20 - CONFIG.end_margin * X_HEIGHT / 2
    return 2 * (left - start), 2 * (right - start)


def test_boxes_are_tight_on_the_page(page):
    strip, boxes = page
    spans = np.array([on_strip(x - 2, x + 14) for x in boxes[:, 1]])
    np.testing.assert_allclose(letter_boxes(strip, spans), boxes, atol=2)


def test_a_letter_whose_ink_is_a_neighbors_gets_that_of_its_span(page):
    strip, boxes = page
    places = ((20, 30), (30, 33), (45, 60), (70, 85), (120, 135))
    found = letter_boxes(strip, np.array([on_strip(*place) for place in places]))
    assert len(found) == 5
    assert (found[:, 2:] > found[:, :2]).all()
    assert found[1, 1] >= 19
    assert found[1, 3] <= 37
    np.testing.assert_allclose(found[2:], boxes[1:], atol=2)
    assert letter_boxes(strip, np.empty((0, 2))).shape == (0, 4)


def test_rules_and_neighbors_are_no_letters_ink():
    image = np.zeros((STRIP_HEIGHT, 200), dtype=np.float32)
    image[BASELINE_ROW - 13 : BASELINE_ROW, 50:60] = 1
    image[BASELINE_ROW + 3 : BASELINE_ROW + 5] = 1  # a rule
    image[:6, 100:110] = 1  # feet of the line above
    image[-4:, 150:160] = 1  # heads of the line below
    parts = own_ink(image)
    assert parts.max() == 1
    assert (parts[BASELINE_ROW - 13 : BASELINE_ROW, 50:60] == 1).all()
    assert parts.sum() == 130


def test_a_line_drawn_under_words_may_slant_and_be_short():
    image = np.zeros((STRIP_HEIGHT, 200), dtype=np.float32)
    image[BASELINE_ROW - 13 : BASELINE_ROW, 20:30] = 1
    for col in range(10, 160):
        row = BASELINE_ROW + 2 + col // 15
        image[row : row + 2, col] = 1
    image[BASELINE_ROW + 3 : BASELINE_ROW + 6, 165:195] = 1
    assert own_ink(image).max() == 1
    image[BASELINE_ROW - 8 : BASELINE_ROW + 2, 10:160:8] = 1  # joined writing is as wide
    assert own_ink(image)[BASELINE_ROW - 4, 50] > 0


def test_a_stroke_over_the_whole_line_is_no_part_of_a_letter(page):
    strip, boxes = page
    spans = np.array([on_strip(x - 2, x + 14) for x in boxes[:, 1]])
    image = strip.image.copy()
    for col in range(20, image.shape[1] - 20):  # it rises, so that it is no ruling line
        image[13 - col // 24 : 15 - col // 24, col] = 0
    found = letter_boxes(replace(strip, image=image), spans)
    assert (found[:, 3] - found[:, 1]).max() < 50


def test_the_first_and_the_last_letter_are_boxed_like_the_others(reader_of):
    page = reader_of().read(IMAGES / "bench_plan.jpg")
    letters = [letter.box for word in page.lines[0].words for letter in word.letters]
    widths = np.array([box.x2 - box.x1 for box in letters])
    assert widths.max() < 1.6 * np.median(widths)


def test_a_letter_without_ink_ends_where_a_part_of_the_page_is_left_out():
    cols = np.r_[0:50, 400:450].astype(float)
    down = np.tile([1.0, 0.0], (100, 1))
    blank = Strip(np.ones((STRIP_HEIGHT, 100), np.float32), np.full(100, 60.0), cols, down)
    boxes = letter_boxes(blank, np.array([(40.0, 56.0), (48.0, 70.0)]))
    np.testing.assert_array_equal(boxes[:, [1, 3]], [[40, 49], [400, 420]])

"""The ink of a line goes to the letters read from it, whole where it can and cut where it must."""

import numpy as np
import pytest

from ocr.letters.baselines import baselines
from ocr.letters.find_letters import Segmentation, group_boxes, label_boxes
from ocr.letters.line_images import cut_line
from ocr.lines.letter_boxes import assign_ink, letter_boxes

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
    letters = assign_ink(parts, np.arange(3), spans, HEIGHT)
    np.testing.assert_array_equal(letters, parts - 1)


def test_overlapping_letters_are_not_cut():
    # the bar of a T reaches over the letter after it
    parts = strip((0, 10, 3, 32), (3, 19, 20, 23), (8, 27, 20, 37))
    parts[parts == 2] = 1
    parts[parts == 3] = 2
    letters = assign_ink(parts, np.arange(2), np.array([(8.0, 26.0), (26.0, 36.0)]), HEIGHT)
    np.testing.assert_array_equal(letters, parts - 1)


def test_joined_letters_are_cut_where_they_are_thinnest():
    parts = strip((0, 10, 20, 20), (15, 20, 17, 26), (0, 26, 20, 36))
    parts[parts > 0] = 1
    letters = assign_ink(parts, np.arange(1), np.array([(6.0, 21.0), (21.0, 33.0)]), HEIGHT)
    assert columns(letters, 0)[0] == 10
    assert columns(letters, 1)[1] == 36
    assert 20 <= columns(letters, 0)[1] <= 26


def test_strokes_of_one_letter_come_together():
    parts = strip((0, 10, 20, 13), (0, 19, 20, 22), (0, 40, 20, 50))
    letters = assign_ink(parts, np.arange(3), np.array([(6.0, 20.0), (32.0, 50.0)]), HEIGHT)
    assert columns(letters, 0) == (10, 22)
    assert columns(letters, 1) == (40, 50)


def test_without_ink_or_letters_nothing_is_assigned():
    spans = np.array([(0.0, 10.0)])
    assert (assign_ink(strip(), np.arange(0), spans, HEIGHT) == -1).all()
    parts = strip((0, 10, 20, 20))
    assert (assign_ink(parts, np.arange(1), np.empty((0, 2)), HEIGHT) == -1).all()


@pytest.fixture
def page() -> tuple[Segmentation, list[np.ndarray]]:
    labels = np.zeros((60, 160), dtype=np.int32)
    for number, x in enumerate((20, 45, 70, 120), start=1):
        labels[20:40, x : x + 15] = number
    owner = np.arange(4)
    grey = np.where(labels > 0, np.float32(0), np.float32(1))
    boxes = group_boxes(label_boxes(labels), owner)
    return Segmentation(labels, owner, boxes, grey, HEIGHT), [np.arange(4)]


def test_boxes_are_tight_on_the_page(page):
    found, rows = page
    line = cut_line(found, rows[0], baselines(found, rows)[0])
    spans = np.array([(x - line.left - 4.0, x - line.left + 13.0) for x in (20, 45, 70, 120)])
    np.testing.assert_allclose(
        letter_boxes(line, found.owner, found.letter_height, spans), found.boxes, atol=1
    )


def test_a_letter_whose_ink_is_a_neighbours_gets_that_of_its_span(page):
    found, rows = page
    line = cut_line(found, rows[0], baselines(found, rows)[0])
    spans = np.array([(20.0, 30.0), (30.0, 33.0), (45.0, 60.0), (70.0, 85.0), (120.0, 135.0)])
    boxes = letter_boxes(line, found.owner, found.letter_height, spans - line.left)
    assert len(boxes) == 5
    assert (boxes[:, 2:] > boxes[:, :2]).all()
    assert boxes[1, 1] >= 20
    assert boxes[1, 3] <= 36
    np.testing.assert_allclose(boxes[2:], found.boxes[1:], atol=1)
    assert letter_boxes(line, found.owner, found.letter_height, np.empty((0, 2))).shape == (0, 4)

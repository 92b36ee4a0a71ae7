"""A tail that touches the line below is cut from what it touches."""

import numpy as np
from skimage.measure import label

from ocr.letters.crossings import split_crossings
from ocr.letters.find_letters import Segmentation, group_boxes, label_boxes
from ocr.letters.group_lines import find_lines


def page(*strokes):
    """Two lines of twelve letters and more strokes `(y1, x1, y2, x2)` over them."""
    ink = np.zeros((160, 420), dtype=bool)
    for top in (20, 70):
        for x in range(10, 370, 30):
            ink[top : top + 20, x : x + 16] = True
            ink[top + 4 : top + 16, x + 4 : x + 12] = False
    for y1, x1, y2, x2 in strokes:
        ink[y1:y2, x1:x2] = True
    labels = label(ink, connectivity=2).astype(np.int32)
    boxes = label_boxes(labels)
    grey = np.where(ink, np.float32(0), np.float32(1))
    return Segmentation(labels, np.arange(len(boxes)), boxes, grey, 20.0)


def test_letters_of_two_lines_joined_by_a_stroke_are_parted():
    found = page((35, 46, 75, 49))
    assert len(found.boxes) == 23
    divided, rows = find_lines(found)
    assert [len(row) for row in rows] == [12, 12]
    assert np.array_equal(divided.labels > 0, found.labels > 0)
    assert np.array_equal(divided.boxes, group_boxes(divided.part_boxes, divided.owner))
    upper, lower = (divided.boxes[row] for row in rows)
    assert upper[:, 2].max() <= 65
    assert lower[:, 0].min() >= 45


def test_what_stays_in_one_line_is_left_alone():
    tail = page((35, 46, 62, 49))  # it ends above the lower line
    divided, rows = find_lines(tail)
    assert divided is tail
    assert [len(row) for row in rows] == [12, 12]


def test_a_tail_between_the_letters_below_stays_whole():
    long = page((35, 58, 88, 61), (35, 46, 38, 61))  # it passes between two letters
    divided, rows = find_lines(long)
    assert divided is long
    assert [len(row) for row in rows] == [12, 12]


def test_a_page_of_one_line_has_nothing_to_divide():
    found = page()
    assert split_crossings(found, [np.arange(len(found.boxes))]) is found


def test_two_that_reach_into_each_others_boxes_are_both_parted():
    one = ((35, 46, 54, 49), (52, 46, 54, 109), (52, 106, 75, 109))
    other = ((35, 76, 45, 79), (43, 76, 45, 141), (43, 138, 75, 141))
    found = page(*one, *other)
    assert len(found.boxes) == 22
    divided, rows = find_lines(found)
    assert [len(row) for row in rows] == [12, 12]
    assert np.array_equal(divided.labels > 0, found.labels > 0)

"""What may be lines that run up or down beside those of a page, by boxes of ink."""

import numpy as np
import pytest

from ocr.layout.sideways import sideways_boxes

X_HEIGHT = 10.0
NOTE = [[100 + 14 * k, 20, 110 + 14 * k, 36] for k in range(8)]  # letters above each other
LINE = [[100 + 30 * row, 80 + 14 * k, 116 + 30 * row, 90 + 14 * k] for row in range(4)
        for k in range(10)]  # fmt: skip


def found(*boxes, shape=(400, 300)):
    bands = np.zeros(shape, dtype=bool)
    bands[90:240, 70:250] = True  # of the lines
    return sideways_boxes(np.array(boxes), bands, X_HEIGHT)


def test_letters_above_each_other_beside_the_lines_are_one():
    assert found(*LINE, *NOTE) == [[100, 20, 208, 36]]


def test_the_longest_comes_first():
    shorter = [[y1, 270, y2, 286] for y1, _, y2, _ in NOTE[:5]]
    assert found(*LINE, *shorter, *NOTE) == [[100, 20, 208, 36], [100, 270, 166, 286]]


@pytest.mark.parametrize(
    "boxes",
    [
        LINE,
        NOTE[:2],  # few
        NOTE[:3],  # short
        [[100, 20, 400, 23]],  # a stroke
        [[100 + 30 * k, 20, 110 + 30 * k, 36] for k in range(8)],  # far apart
        [[y1, x1, y1 + 10, x1 + 50] for y1, x1, _, _ in NOTE],  # pieces too wide
        [[y1, x1, y1 + 2, x1 + 2] for y1, x1, _, _ in NOTE],  # specks
        [[y1, 0, y2, 16] for y1, _, y2, _ in NOTE],  # cut by the edge
        [[y1, x1 + dx, y2, x1 + dx + 8] for y1, x1, y2, _ in NOTE for dx in range(0, 48, 9)],
    ],
    ids=["line", "few", "short", "stroke", "apart", "wide", "specks", "cut", "thick"],
)
def test_what_is_none(boxes):
    assert found(*boxes) == []


def test_many_are_a_texture():
    columns = [[y1, 270 + 20 * n, y2, 286 + 20 * n] for n in range(5) for y1, _, y2, _ in NOTE]
    assert len(found(*columns[:32], shape=(400, 400))) == 4
    assert found(*columns, shape=(400, 400)) == []

"""What may be rows of letters that a look at a page passed over, by boxes of ink."""

import numpy as np
import pytest

from ocr.layout.overlooked import overlooked_boxes

X_HEIGHT = 20.0
WORD = [[300, 100 + 9 * k, 308, 106 + 9 * k] for k in range(6)]  # small letters side by side
LINE = [[100 + 60 * row, 80 + 24 * k, 120 + 60 * row, 100 + 24 * k] for row in range(3)
        for k in range(6)]  # fmt: skip


def found(*boxes):
    bands = np.zeros((400, 300), dtype=bool)
    bands[90:240, 70:250] = True  # of the lines
    return overlooked_boxes(np.array(boxes), bands, X_HEIGHT)


def test_small_letters_side_by_side_below_the_lines_are_one():
    assert found(*LINE, *WORD) == [[300, 100, 308, 151]]


def test_words_far_apart_are_two():
    more = [[y1, x1 + 120, y2, x2 + 120] for y1, x1, y2, x2 in WORD]
    assert found(*WORD, *more) == [[300, 100, 308, 151], [300, 220, 308, 271]]


@pytest.mark.parametrize(
    "boxes",
    [
        LINE,
        WORD[:3],  # short
        [[300, 100, 308, 160]],  # a stroke
        [[300, 100 + 60 * k, 308, 110 + 60 * k] for k in range(3)],  # far apart
        [[y1, x1, y1 + 2, x1 + 2] for y1, x1, _, _ in WORD],  # specks
        [[y1, x1, y1 + 50, x2] for y1, x1, _, x2 in WORD],  # too high
        [[y1 + 10 * k, x1, y1 + 10 * k + 8, x2] for k in range(5) for y1, x1, _, x2 in WORD],
    ],
    ids=["line", "short", "stroke", "apart", "specks", "high", "square"],
)
def test_what_is_none(boxes):
    assert found(*boxes) == []


def test_many_are_a_texture():
    rows = [[10 + 30 * n, x1, 18 + 30 * n, x2] for n in range(13) for _, x1, _, x2 in WORD]
    bands = np.zeros((400, 300), dtype=bool)
    assert len(overlooked_boxes(np.array(rows[:72]), bands, X_HEIGHT)) == 12
    assert overlooked_boxes(np.array(rows), bands, X_HEIGHT) == []

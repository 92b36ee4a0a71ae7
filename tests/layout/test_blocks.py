"""find_blocks: columns are read one after the other; tables and lists stay whole."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ocr.layout.blocks import find_blocks

HEIGHT = 20


def page_of(rows, slope=0.0):
    """Boxes of words given as (row, first column, last column) in letter heights."""
    boxes = []
    for row, start, stop in rows:
        for x in np.arange(start, stop, 0.9):  # letters of 0.8, 0.1 apart
            y = 2.0 * row + slope * x
            boxes.append([y, x, y + 1, x + 0.8])
    return np.round(np.array(boxes) * HEIGHT + 100).astype(int)


def texts(boxes, slope=0.0):
    return [boxes[block].tolist() for block in find_blocks(boxes, slope, HEIGHT)]


LEFT = [(row, 0, 8) for row in range(1, 6)]
RIGHT = [
    (row, 13, 13 + width) for row, width in zip(range(1, 8), (7, 6, 8, 7, 5, 8, 7), strict=True)
]
HEADING = [(0, 2, 8), (0, 9, 14)]


@pytest.mark.parametrize("slope", [-0.15, 0.0, 0.1])
def test_columns_under_a_heading_come_one_after_the_other(slope):
    parts = [page_of(part, slope) for part in (HEADING, LEFT, RIGHT)]
    found = texts(np.concatenate(parts), slope)
    assert found == [part.tolist() for part in parts]


def test_three_columns():
    far = [(row, 26, 33) for row in range(1, 7)]
    parts = [page_of(part) for part in (LEFT, RIGHT, far)]
    assert texts(np.concatenate(parts)) == [part.tolist() for part in parts]


@pytest.mark.parametrize(
    "rows",
    [
        pytest.param(
            [(k, x, x + w) for k in range(6) for x, w in ((0, 1.2), (4, 9))], id="numbers"
        ),
        pytest.param([(k, x, x + 4) for k in range(6) for x in (0, 9)], id="table"),
        pytest.param([(k, x, x + 0.8) for k in range(5) for x in range(0, 21, 3)], id="letters"),
        pytest.param([(k, x, x + 4.4) for k in range(8) for x in (0, 7, 14, 21)], id="wide words"),
        pytest.param([(k, x, x + 5) for k in range(2) for x in (0, 6, 15, 21)], id="two lines"),
    ],
)
def test_what_only_looks_like_columns_stays_whole(rows):
    assert len(texts(page_of(rows))) == 1


def test_a_chance_gap_in_a_long_text_is_no_corridor():
    lines = [(k, x, x + 3) for k in range(12) for x in np.arange(0, 24, 4) + (k % 3)]
    gap = [line for line in lines if not (line[0] in (4, 5, 6) and 9 < line[1] < 13)]
    assert len(texts(page_of(gap))) == 1


@settings(max_examples=30)
@given(
    st.lists(
        st.tuples(st.integers(0, 300), st.integers(0, 300), st.integers(1, 40), st.integers(1, 40)),
        min_size=1,
        max_size=40,
    )
)
def test_every_box_is_in_exactly_one_block(rows):
    boxes = np.array([[y, x, y + h, x + w] for y, x, h, w in rows])
    blocks = find_blocks(boxes, 0.05, HEIGHT)
    assert sorted(np.concatenate(blocks).tolist()) == list(range(len(boxes)))

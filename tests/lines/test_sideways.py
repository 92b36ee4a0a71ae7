"""ocr.lines.sideways: what runs up or down a page, read from either side and put in its place."""

from dataclasses import replace

import numpy as np
import pytest
from line_fakes import layout, read, text_line

from ocr.lines.engine import PageReading
from ocr.lines.sideways import read_sideways
from ocr.lines.way_up import Upright
from ocr.page import Box


class Page:
    """A page of 200 rows and 300 columns."""

    height, width = 200, 300


class Engine:
    """Sees what may run up at the right edge, and reads it as it is told: letters, confidence."""

    box = (50, 270, 150, 290)

    def __init__(self, ways, boxes=1):
        self.ways, self.boxes, self.finder = ways, boxes, self

    def sideways(self, picture, found):
        return [np.array(self.box, float)] * self.boxes

    def reading_side(self, picture, found):
        return 300

    def find(self, picture, side):
        self.sizes = (picture.height, picture.width)
        return picture

    def read(self, picture, found):
        letters, confidence = self.ways[found.turns]
        return PageReading([read(10, 20, 22, 40) for _ in range(letters)], confidence)


def page_of(*lines):
    known = layout(lines=(text_line(100, 20, 200, x_height=10.0),))
    return Upright(0, Page(), known, PageReading(list(lines), 0.9))


LINE = read(90, 20, 100, 200)
LINE = replace(LINE, line=replace(LINE.line, block=2))


@pytest.mark.parametrize(
    ("turns", "expected"),
    # The part is [20, 260, 180, 300]: 160 x 40, and 40 x 160 when turned.
    [(1, Box(40, 278, 60, 290)), (3, Box(140, 270, 160, 282))],
)
def test_it_is_read_from_the_surer_side_and_put_in_its_place(turns, expected):
    ways = {1: (4, 0.5), 3: (4, 0.5), turns: (4, 0.95)}
    engine = Engine(ways)
    lines = read_sideways(engine, page_of(LINE))
    assert engine.sizes == (40, 160)
    assert len(lines) == 4
    assert lines[0].line.box == expected
    assert {one.line.block for one in lines} == {3}


@pytest.mark.parametrize("ways", [{1: (4, 0.7), 3: (4, 0.6)}, {1: (2, 0.95), 3: (0, 0.0)}])
def test_what_reads_unsurely_or_says_little_is_left(ways):
    assert read_sideways(Engine(ways), page_of(LINE)) == []


def test_several_are_blocks_and_a_page_that_says_nothing_has_none():
    engine = Engine({1: (4, 0.95), 3: (0, 0.0)}, boxes=2)
    assert [one.line.block for one in read_sideways(engine, page_of(LINE))] == [3] * 4 + [4] * 4
    assert read_sideways(engine, page_of()) == []

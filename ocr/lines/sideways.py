"""Read what runs up or down beside the lines of a page, as a note in its margin does."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from ocr.layout.orientation import map_page, turn_back
from ocr.layout.picture import Part, Picture, Turned
from ocr.layout.read_line import ReadLine, letter_count
from ocr.lines.engine import LinesEngine, PageReading
from ocr.lines.way_up import Upright
from ocr.page import Page


@dataclass(frozen=True)
class SidewaysReadingConfig:
    """What is taken for writing that runs up or down a page. Set by hand.

    Attributes
    ----------
    beyond, beside : float
        x-heights of the page beyond its ends, and at either side, that are looked at as well.
    sure : float
        Mean probability of its characters by the ink alone, at least.
    letters : int
        Characters that it has at least.
    """

    beyond: float = 3.0
    beside: float = 1.0
    sure: float = 0.8
    letters: int = 3


CONFIG = SidewaysReadingConfig()


def read_sideways(engine: LinesEngine, found: Upright) -> list[ReadLine]:
    """The lines that run up or down a page that was read, in pixels of its upright picture.

    They are numbered as blocks behind those of the page.
    """
    block = max((one.line.block for one in found.read.lines), default=0)
    lines: list[ReadLine] = []
    for box in engine.finder.sideways(found.picture, found.layout) if block else ():
        part = _part(engine, found, box)
        read, turns = max(
            ((_read(engine, found, Turned(part, turns)), turns) for turns in (1, 3)),
            key=lambda way: way[0].confidence,
        )
        if read.confidence < CONFIG.sure or letter_count(read.lines) < CONFIG.letters:
            continue
        block += 1
        lines += [_back(one, part, turns, block) for one in read.lines]
    return lines


def _part(engine: LinesEngine, found: Upright, box: NDArray[np.float64]) -> Part:
    """A box of a page, with what is around it, at no more pixels than the page was read."""
    more = np.array([CONFIG.beyond, CONFIG.beside]) * found.layout.x_height
    top, left = np.maximum(box[:2] - more, 0).astype(int).tolist()
    bottom, right = np.ceil(box[2:] + more).astype(int).tolist()
    height, width = found.picture.height, found.picture.width
    most = engine.finder.reading_side(found.picture, found.layout)
    return Part(found.picture, (top, left, min(bottom, height), min(right, width)), most)


def _read(engine: LinesEngine, found: Upright, turned: Picture) -> PageReading:
    """What a part of a page says, its letters taken to be about as large as those of the page."""
    longer = max(found.picture.height, found.picture.width)
    side = round(found.layout.side * max(turned.height, turned.width) / longer)
    return engine.read(turned, engine.find(turned, side))


def _back(one: ReadLine, part: Part, turns: int, block: int) -> ReadLine:
    """A line of a part that was turned, in pixels of the page."""
    sides = (part.height, part.width) if turns % 2 == 0 else (part.width, part.height)
    page = turn_back(Page(*sides, (one.line,)), turns, part.height, part.width)
    shift = ((1, 0, part.box[0]), (0, 1, part.box[1]), (0, 0, 1))
    (line,) = map_page(page, shift, part.photo.height, part.photo.width).lines
    return replace(one, line=replace(line, block=block))

"""Which way up a page is, and whether it is a negative, by how surely its lines read."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Protocol

from ocr.layout.fine_shadows import evenly_lit, in_fine_shadow
from ocr.layout.page_network import Layout
from ocr.layout.picture import Picture, Turned
from ocr.layout.polarity import grounds
from ocr.layout.read_line import letter_count
from ocr.layout.rows import page_slope
from ocr.lines.engine import PageReading

if TYPE_CHECKING:
    from ocr.input.photo import Photo


class Engine(Protocol):
    """A way of reading a page: by whole lines, or letter by letter."""

    def find(self, picture: Picture, side: int | None = None) -> Layout:
        """Where the text lines run; `side` is the longer side that showed some another way up."""
        ...

    def confidence(self, picture: Picture, layout: Layout) -> float:
        """How surely a sample of the page reads by the ink alone; 0 if there is nothing."""
        ...

    def read(self, picture: Picture, layout: Layout) -> PageReading:
        """What the page says; boxes in pixels of `picture`."""
        ...


@dataclass(frozen=True)
class WayUpConfig:
    """When a page is turned.

    Chosen by the rows "turned" and "photo" of `tests/benchmarks/pages.py` and by
    `tests/benchmarks/probes.py`, but for `few`, `clear` and the last five, set by hand.

    Attributes
    ----------
    sure : float
        Mean probability of a page's characters by the ink alone from which it is upright.
    evidence : float
        By how much more surely it must read another way up, or as a negative; `sure` is enough
        where the page as it is shows no more than marks.
    fewest : int
        Characters that a page must hold to be turned, or read as a negative where it says something
        as it is.
    few : int
        The same of a page that reads as surely as `sure`, to be turned where the page as it is says
        nothing, no more than a sign by itself, or what reads less surely by `clear`.
    clear : float
        See `few`.
    covered : float
        Lines that cover less than this of the page's ink, or of which the network is not sure, make
        no page upright at once.
    shown : float
        What another way up must show, see `_shown`, as a share of the one that shows most: a single
        mark may read surely whichever way up it is.
    sized : float
        Of the page's ink, what lines of which the network is sure must cover to tell the size of a
        look at another way up, and what lines that read surely must so that no negative is read.
    steep : float
        Slope in rows a column from which they tell none: such a page is looked at leveled.
    both_sure, both_letters : float, int
        How surely a line of the negative of a page reads, and of how many letters it is, at least,
        to be read where the page itself says nothing.
    """

    sure: float = 0.88
    evidence: float = 0.06
    fewest: int = 8
    few: int = 3
    clear: float = 0.1
    covered: float = 0.5
    shown: float = 0.25
    sized: float = 0.15
    steep: float = 0.3
    both_sure: float = 0.92
    both_letters: int = 4


CONFIG = WayUpConfig()


@dataclass(frozen=True)
class Upright:
    """A page the right way up: its quarter turns to the left, layout and what it says."""

    turns: int
    picture: Picture
    layout: Layout
    read: PageReading

    @property
    def reads_surely(self) -> bool:
        """Whether it says something, and surely."""
        return bool(self.read.lines) and self.read.confidence >= CONFIG.sure


def read_page(engine: Engine, photo: Photo) -> Upright:
    """Read a photo upright; the negative of what it seems to be, if that reads clearly better.

    Likewise without shadows that are taken for ink.
    """
    seems, other = grounds(photo)
    found = _in_even_light(engine, read_upright(engine, seems), seems)
    if other is None or (found.reads_surely and found.layout.covered >= CONFIG.sized):
        return found
    another = read_upright(engine, other)
    surer = another.read.confidence >= found.read.confidence + CONFIG.evidence
    enough = letter_count(another.read.lines) >= CONFIG.fewest
    if another.read.lines and not found.read.lines:
        enough |= another.layout.by_itself or another.read.confidence >= CONFIG.sure
    if surer and enough:
        found, another = another, found
    return _with_lines_of(found, another)


def _with_lines_of(found: Upright, negative: Upright) -> Upright:
    """A page with the lines that its negative says surely where it says nothing, as on a label with
    light writing in its head and dark writing below."""
    boxes = [one.line.box for one in found.read.lines]
    more = [
        one
        for one in negative.read.lines
        if one.line.confidence >= CONFIG.both_sure
        and len(one.line.letters) >= CONFIG.both_letters
        and not any(one.line.box.iou(box) for box in boxes)
    ]
    if negative.turns != found.turns or not more:
        return found
    lines = list(found.read.lines)
    for one in more:
        middle = (one.line.box.y1 + one.line.box.y2) / 2
        at = next((k for k, other in enumerate(lines) if other.line.box.y1 > middle), len(lines))
        block = lines[min(at, len(lines) - 1)].line.block if lines else 1
        lines.insert(at, replace(one, line=replace(one.line, block=block)))
    left_out = tuple(
        box
        for box in found.read.left_out
        if not any(one.line.box.holds_middle(box) for one in more)
    )
    return replace(found, read=replace(found.read, lines=lines, left_out=left_out))


def _in_even_light(engine: Engine, found: Upright, picture: Picture) -> Upright:
    """What was read of a picture; without its fine shadows, if that reads clearly better."""
    if found.reads_surely or not in_fine_shadow(found.picture, found.layout.lines):
        return found
    another = read_upright(engine, evenly_lit(picture))
    surer = another.read.confidence >= found.read.confidence + CONFIG.evidence
    return another if surer and letter_count(another.read.lines) >= CONFIG.fewest else found


def read_upright(engine: Engine, picture: Picture) -> Upright:
    """Read a page, turned upright if it reads clearly better so."""
    layout = engine.find(picture)
    as_is = Upright(0, picture, layout, engine.read(picture, layout))
    seen = layout.sure and layout.covered >= CONFIG.covered
    if seen and as_is.reads_surely:
        return as_is
    ways = _other_ways(engine, picture, layout)
    if not ways:
        return as_is
    best, turns, turned, found = max(ways, key=lambda way: (way[0], -way[1]))
    marks = not _shows_enough(layout, [way[3] for way in ways])

    def wanted(confidence: float) -> float:
        """How surely another way must read where this one reads as surely as that."""
        more = confidence + CONFIG.evidence
        return min(more, CONFIG.sure) if marks else more

    if best < wanted(as_is.read.confidence):
        return as_is
    other = Upright(turns, turned, found, engine.read(turned, found))
    surer = other.read.confidence >= wanted(as_is.read.confidence)
    count = letter_count(other.read.lines)
    enough = count >= CONFIG.fewest
    says_nothing = layout.by_itself or not as_is.read.lines
    clear = other.read.confidence >= as_is.read.confidence + CONFIG.clear
    if (says_nothing or clear) and not found.by_itself:
        enough |= count >= CONFIG.few and other.read.confidence >= CONFIG.sure
    return other if surer and enough else as_is


def _other_ways(
    engine: Engine, picture: Picture, layout: Layout
) -> list[tuple[float, int, Turned, Layout]]:
    """How surely a page reads another way up, the quarter turns, the page so and its layout.

    Lines run where they run whether the page stands on its head or not, so that one quarter turn
    tells of both whether it is worth a look at them, and at what size.
    """

    def look(turns: int, seen: Layout) -> tuple[int, Turned, Layout]:
        turned = Turned(picture, turns)
        sized = seen.sure and seen.covered >= CONFIG.sized
        sized = sized and abs(page_slope(seen.lines)) < CONFIG.steep
        return turns, turned, engine.find(turned, seen.side if sized else None)

    quarter = look(1, layout)
    ways = []
    if layout.lines and _shows_enough(layout, [quarter[2]]):
        ways.append(look(2, layout))
    if quarter[2].lines and _shows_enough(quarter[2], [layout]):
        ways += [quarter, look(3, quarter[2])]
    return [(engine.confidence(turned, found), turns, turned, found)
            for turns, turned, found in ways]  # fmt: skip


def _shows_enough(layout: Layout, others: list[Layout]) -> bool:
    """Whether a way up shows enough, beside others, to be the right one."""
    return _shown(layout) >= CONFIG.shown * max(_shown(other) for other in others)


def _shown(layout: Layout) -> float:
    """How much writing a way up shows: the ink its lines cover times how long they are.

    Columns of a table read across cover more than its cells, as few large letters, and the grain of
    a desk may cover more than a note does; but their lines are short.
    """
    return layout.covered * layout.extent

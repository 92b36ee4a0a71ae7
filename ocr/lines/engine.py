"""Read a page line by line: find its text lines, cut their strips, recognize them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import chain, compress

import numpy as np
from numpy.typing import NDArray

from ocr.layout.bullets import line_strip
from ocr.layout.checkboxes import checkboxes, without_columns
from ocr.layout.combs import find_comb, without_comb
from ocr.layout.connected import connected
from ocr.layout.darkness import ink_darkness
from ocr.layout.dividers import dividers
from ocr.layout.edges import cut_by_edges
from ocr.layout.end_marks import with_end_marks
from ocr.layout.page_network import Layout, PageFinder
from ocr.layout.picture import Picture
from ocr.layout.read_line import ReadLine
from ocr.layout.reading_order import Blocks, reading_order
from ocr.layout.rows import in_rows
from ocr.layout.said import Said
from ocr.layout.sheets import parted_by_sheets, sheets_of
from ocr.layout.small_parts import with_small_parts_enlarged
from ocr.layout.strips import Strip, TextLine
from ocr.lines.faint import faint_lines, line_strength, without_faint_ends
from ocr.lines.language import likeliest
from ocr.lines.letter_boxes import letter_boxes
from ocr.lines.recognizer import LineReader, LineText
from ocr.page import Box, Letter, Line, Word

# How well a page reads, one way up or another, is told by a part of it. Set by hand, to save time.
SAMPLE = 4  # lines, the longest
SAMPLE_WIDTH = 800  # pixels of their strips

# By how much surer a line must read with its smaller parts enlarged. Set by hand on pages of forms.
SURER = 0.025

# Signs of a line at least, and the share of them that are the same, in which the holes of a spiral
# binding read; and words of such a page. Set by hand.
HOLES = 8
SAME = 0.8

LABEL = {":", "?"}  # either ends what is asked in a form, whose answer stands beside it

# What stands alone on a line of a page, beside letters and digits.
ALONE = {"?", "!", "&", "+"}

# Outline of a line without letters, and how far below the baseline any line's reaches: x-heights.
RISE, FALL = 1.2, 0.3
LEAST_FALL = 0.1


@dataclass(frozen=True)
class LegibleConfig:
    """What is taken for writing after it was read.

    Chosen by `tests/benchmarks/blanks.py --pages`: of the 51 valid pages of `$OCR_DATA/pages` none
    reads less surely than 0.65, of 120 written pages without writing nearly all that hold lines do.

    Attributes
    ----------
    page : float
        Mean probability of a page's characters by the ink alone from which all lines stay.
    line : float
        The same of a line, from which it stays on a page that reads less surely.
    score : float
        How clearly such a line must have been seen to be writing.
    beside : float
        Mean probability of a line's characters, with language, times how clearly it was seen to be
        writing, in shares of the page's: what has less, such as a drawing, notes of music or a line
        that was crossed out, is left out. Chosen by the F1 of `tests/benchmarks/line_finding.py` on
        the 51 valid pages and half of the 291 train pages: 96.2 and 95.3 % by 0.3 and 0.35, 96.2
        and 95.2 by 0.4, 96.1 and 95.2 by 0.45, 96.3 and 95.1 by 0.5; by 0.4 of the probability
        alone 96.2 and 95.2. Notes of music are left out from 0.35 on.
    senseless : float
        Mean probability of the characters of a line by the ink alone, in shares of the page's: what
        has less, such as grain along the edge of a sheet, says nothing, whatever language makes of
        it. Set by hand.
    several : int
        Characters of a line for it to be told by that.
    cut : float
        Mean probability of the characters of a line that the edge of the picture may cut, with
        language, in shares of the others'.
    alone : float
        Mean probability of the characters of a sign that stands by itself, with language.
    all_there_is : float
        What stands for `page` where a letter or number is all that a picture shows, see
        `ocr.layout.by_itself`: without others a sign may be a 0 or an O. Set by hand on 160 drawn
        pictures of a letter or number, of which 119 read right by 0.4 and more and 6 wrong, and on
        the pictures of `tests/benchmarks/blanks.py`.
    overlooked : float
        Mean probability of the characters of a row that was passed over, with language, to be a
        line. Of composed pages small print had 0.83 and more, drawings and loops 0.56 at most.
    """

    page: float = 0.6
    line: float = 0.7
    score: float = 0.7
    beside: float = 0.35
    senseless: float = 0.4
    several: int = 8
    cut: float = 0.9
    alone: float = 0.6
    all_there_is: float = 0.4
    overlooked: float = 0.7


LEGIBLE = LegibleConfig()


@dataclass(frozen=True)
class UnreadConfig:
    """When a warning says that writing was seen and not read.

    Set by hand; how many pages it warns of was not kept.

    Attributes
    ----------
    writing : float
        Probability of small letters from which a place of the map is writing.
    share : float
        Of a page's writing, that must be left unread.
    word : float
        Squares of the x-height: smaller pieces of writing are no words.
    piece : float
        The same in pixels of the map, on a page without lines, whose letters are of unknown size.
    inked : float
        Share of the darkness of a page's ink from which a place of the map holds ink. Between words
        of composed pages paper that looked like writing had at most 0.06 of it, unread words 0.23.
    """

    writing: float = 0.5
    share: float = 0.06
    word: float = 2.0
    piece: float = 30.0
    inked: float = 0.15


UNREAD = UnreadConfig()


@dataclass(frozen=True)
class PageReading:
    """What was read of a page.

    Attributes
    ----------
    lines : list of ReadLine
        In reading order.
    confidence : float
        Mean probability of the page's characters by the ink alone; 0 if there are none.
    left_out : tuple of Box
        Where lines are that may be writing but could not be read.
    cut : int
        Lines that were not read because the edge of the picture cuts through them.
    faint : int
        Words at ends of lines that were not read because they are far fainter than the rest.
    marks : tuple of Box
        Where boxes to tick, rings and the holes of a binding stand, which are not read.
    order : list of list of list of int, optional
        Blocks of rows of the lines that were seen, as `ocr.layout.reading_order` gives them.
    """

    lines: list[ReadLine]
    confidence: float = 0.0
    left_out: tuple[Box, ...] = ()
    cut: int = 0
    faint: int = 0
    marks: tuple[Box, ...] = ()
    order: Blocks | None = None


def legible(
    counts: NDArray[np.integer],
    confidences: NDArray[np.floating],
    scores: NDArray[np.floating],
    least: float = LEGIBLE.page,
) -> NDArray[np.bool_]:
    """Which lines of a page are writing: textures and drawings read with little confidence.

    Parameters
    ----------
    counts, confidences, scores : (N,) arrays
        Characters of each line, their mean probability by the ink alone, and how clearly the line
        was seen to be writing.
    least : float
        How surely a page must read for all its lines to be.
    """
    page = _mean(counts, confidences)
    if page >= least:
        sense: NDArray[np.bool_] = confidences >= LEGIBLE.senseless * page
        return sense | (counts < LEGIBLE.several)
    return (confidences >= LEGIBLE.line) & (scores >= LEGIBLE.score)


def as_sure_as_others(
    texts: Sequence[LineText],
    scores: NDArray[np.floating],
    cut: NDArray[np.bool_] | None = None,
) -> NDArray[np.bool_]:
    """Which lines are about as surely writing, and read so, as the page as a whole: (N,) bool.

    `scores` are how clearly each was seen to be writing. Lines that may be `cut` by the edge of the
    picture must read nearly as surely as the others.
    """
    counts = np.array([len(text.confidences) for text in texts], dtype=np.int64)
    sums = np.array([sum(text.confidences) for text in texts], dtype=np.float64)
    confidences = sums / np.maximum(counts, 1)
    sure = scores * confidences
    kept: NDArray[np.bool_] = sure >= LEGIBLE.beside * _mean(counts, sure)
    if cut is not None:
        others = _mean(counts[~cut], confidences[~cut])
        kept &= ~cut | (confidences >= LEGIBLE.cut * others)
    return kept


def holes_of_a_binding(texts: Sequence[str]) -> NDArray[np.bool_]:
    """Which lines of a page are the holes of a spiral binding: one sign again and again.

    On a page of numbers it is not known: there a row of zeros is one.
    """
    words = [text.split() for text in texts]
    same = np.array([
        len(some) >= HOLES and max(Counter(some).values()) >= SAME * len(some)
        and all(len(word) == 1 for word in some) for some in words
    ], dtype=bool)  # fmt: skip
    written = [word for some in words for word in some if len(word) > 1 and word.isalpha()]
    return same & (len(written) >= HOLES)


def _box_of(line: TextLine, size: tuple[int, int]) -> Box:
    """The box of a line on a page of a height and width."""
    y1, x1, y2, x2 = line.box
    return Box.within(y1, x1, y2, x2, *size)


def _mean(counts: NDArray[np.integer], confidences: NDArray[np.floating]) -> float:
    total = int(counts.sum())
    return float((counts * confidences).sum()) / total if total else 0.0


class LinesEngine:
    """Reads pages by whole lines.

    Parameters
    ----------
    recognizer : LineReader
    finder : PageFinder
    """

    def __init__(self, recognizer: LineReader, finder: PageFinder) -> None:
        self.recognizer, self.finder = recognizer, finder

    def find(self, picture: Picture, side: int | None = None) -> Layout:
        """Where the text lines of a page run, see `PageFinder.find`, and which signs stand alone.

        A sign by itself is one if it reads surely as a letter, a digit or one of `ALONE`. Rows that
        were passed over are lines if they read surely: small drawings look like such rows.
        """
        layout = self.finder.find(picture, side)
        lines, between = parted_by_sheets(picture, layout.lines)
        layout = replace(layout, lines=tuple(lines), between=tuple(between))
        if not layout.lines:
            return layout
        signs = [
            sign
            for sign, text in self._tried(picture, layout, self.finder.signs(picture, layout))
            if text.mean_confidence >= LEGIBLE.alone and (text.text.isalnum() or text.text in ALONE)
        ]
        more = [
            line
            for line, text in self._tried(picture, layout, self.finder.overlooked(picture, layout))
            if text.text.strip() and np.mean(text.confidences) >= LEGIBLE.overlooked
        ]
        return replace(layout, lines=(*layout.lines, *signs, *more))

    def _tried(
        self, picture: Picture, layout: Layout, lines: list[TextLine]
    ) -> list[tuple[TextLine, LineText]]:
        """What may be lines of a page, each with what it says."""
        if not lines:
            return []
        strips, _ = self.strips(picture, layout, lines)
        texts = self.recognizer.read([strip.image for strip in strips])
        return list(zip(lines, texts, strict=True))

    def strips(
        self, picture: Picture, layout: Layout, lines: list[TextLine]
    ) -> tuple[list[Strip], float]:
        """The strips of some lines, and how many pixels of the picture one of theirs stands for."""
        darkness, scale = self._darkness(picture, layout)
        return [line_strip(darkness, line.scaled(1 / scale)) for line in lines], scale

    def _darkness(self, picture: Picture, layout: Layout) -> tuple[NDArray[np.float32], float]:
        """The page's darkness at the size at which it is read, and its scale; see `strips`."""
        grey = picture.grey(self.finder.reading_side(picture, layout))
        return ink_darkness(grey), max(picture.height, picture.width) / max(grey.shape)

    def read(self, picture: Picture, layout: Layout) -> PageReading:
        """Read the lines of a page in reading order; lines that say nothing are left out.

        Boxes are in pixels of `picture`.
        """
        if not layout.lines:
            return PageReading([])
        page = self._darkness(picture, layout)
        sheets = sheets_of(picture, layout.lines)
        parted = dividers(page[0], [line.scaled(1 / page[1]) for line in layout.lines])
        order = reading_order(layout.lines, sheets, parted=parted)
        read, said = self._read_rows(picture, page, in_rows(layout.lines, order), layout.by_itself)
        parts = _parts(layout.lines, order, said, [one.line for one in read.lines])
        told = order
        if _side_by_side(order):
            known = self._said(parts, len(layout.lines))
            told = reading_order(layout.lines, sheets, known, parted)
        if told != order:
            read, _ = self._read_rows(picture, page, in_rows(layout.lines, told))
        return replace(read, order=told)

    def _said(self, parts: dict[int, list[Word]], count: int) -> Said:
        """What the lines of a page say of their order.

        `parts` are the words of those that say anything, by number. Of lines with digits it is not
        known how they go on: numbers stand in columns and in rows as they do.
        """
        labels = [number for number, words in parts.items() if _is_label(words)]
        languages = self.recognizer.languages
        said = {k: " ".join(word.text for word in words) for k, words in parts.items()}
        texts = [said.get(k, "") for k in range(count)]
        said = {k: text for k, text in said.items() if not any(map(str.isdigit, text))}
        if not languages or not said:
            return Said(labels, texts=texts)
        words = list(said.values())
        known = languages[likeliest(languages, words)].continuations(words)
        follows = np.full((count, count), np.nan, dtype=np.float32)
        follows[np.ix_(list(said), list(said))] = known
        return Said(labels, follows, texts)

    def _read_rows(
        self,
        picture: Picture,
        page: tuple[NDArray[np.float32], float],
        rows: list[tuple[TextLine, int]],
        by_itself: bool = False,
    ) -> tuple[PageReading, list[int]]:
        """Read lines, each given with its block, in reading order.

        `page` is as `_darkness` returns it, `by_itself` as of `Layout`. Returns what was read, and
        the indices into `rows` of the lines that have text.
        """
        darkness, scale = page
        found = with_end_marks(darkness, [line.scaled(1 / scale) for line, _ in rows])
        whole = [line_strip(darkness, line) for line in found]
        combs = [find_comb(strip) for strip in whole]
        opened = [strip if comb is None else without_comb(darkness, strip, comb)
                  for strip, comb in zip(whole, combs, strict=True)]  # fmt: skip
        boxes = checkboxes(opened)
        strips = [without_columns(*pair) for pair in zip(opened, boxes, strict=True)]
        places = [(line.scaled(scale), block) for line, (_, block) in zip(found, rows, strict=True)]
        frames = self.recognizer.log_probs([strip.image for strip in strips])
        seen = [self.recognizer.legibility(logs) for logs in frames]
        walls = [[] if comb is None else comb.cuts for comb in combs]
        cuts = chain(zip(whole, walls, strict=True), zip(opened, boxes, strict=True))
        marks = tuple(_place(strip, cut, scale) for strip, some in cuts for cut in some)
        self._read_enlarged(darkness, strips, frames, seen)
        for k, comb in enumerate(combs):
            if comb is not None:
                frames[k] = self.recognizer.without_spaces(frames[k], comb.in_words(strips[k]))
        counts = np.array([count for count, _ in seen])
        confidences = np.array([confidence for _, confidence in seen])
        scores = np.array([line.score for line, _ in places])
        strengths = np.array([line_strength(strip) for strip in strips])
        faint = faint_lines(strengths, counts, confidences)
        size = (picture.height, picture.width)
        gone, cut = cut_by_edges([line for line, _ in places], picture.height)
        least = LEGIBLE.all_there_is if by_itself else LEGIBLE.page
        keep = np.flatnonzero(legible(counts, confidences, scores, least) & ~faint & ~gone)
        texts = self.recognizer.read_frames([frames[k] for k in keep])
        holes = holes_of_a_binding([text.text for text in texts])
        sure = as_sure_as_others(texts, scores[keep], cut[keep]) & ~holes
        if by_itself:
            sure &= np.array([_may_stand_alone(text.text) for text in texts], dtype=bool)
        bound, keep = keep[holes], keep[sure]
        lines, said, faint_words = [], [], 0
        for k, text in zip(keep.tolist(), compress(texts, sure), strict=True):
            if text.text.strip():
                said.append(k)
                (line, block), strip = places[k], strips[k]
                strong = without_faint_ends(strip.image, text)
                faint_words += len(text.text.split()) - len(strong.text.split())
                one = page_line(line, strip, strong, scale, block, size)
                again = partial(strips.__getitem__, k)
                lines.append(ReadLine(one, again, confidence=text.mean_confidence))
        lost = counts > 0
        lost[keep] = lost[bound] = False
        marks += tuple(
            _place(whole[k], slice(0, whole[k].image.shape[1]), scale)
            for k in (*np.flatnonzero(lost & cut).tolist(), *bound.tolist())
        )
        read = PageReading(
            renumbered(lines),
            _mean(counts, confidences),
            left_out=tuple(
                _box_of(places[k][0], size) for k in np.flatnonzero(lost & ~cut).tolist()
            ),
            cut=int((lost & cut).sum()),
            faint=faint_words,
            marks=marks,
        )
        return read, said

    def _read_enlarged(
        self,
        darkness: NDArray[np.float32],
        strips: list[Strip],
        frames: list[NDArray[np.float32]],
        seen: list[tuple[int, float]],
    ) -> None:
        """Read lines with smaller parts again with those enlarged, and keep what reads surer.

        Works in place: `frames` are the recognizer's output for the strips, `seen` their character
        counts and confidences. Nothing reads so much surer than a line that reads almost surely.
        """
        doubted = [k for k, (_, confidence) in enumerate(seen) if confidence + SURER < 1]
        others = [(k, with_small_parts_enlarged(darkness, strips[k])) for k in doubted]
        tried = [(k, other) for k, other in others if other is not None]
        again = self.recognizer.log_probs([other.image for _, other in tried])
        for (k, other), logs in zip(tried, again, strict=True):
            count, confidence = self.recognizer.legibility(logs)
            if confidence > seen[k][1] + SURER:
                strips[k], frames[k], seen[k] = other, logs, (count, confidence)

    def confidence(self, picture: Picture, layout: Layout) -> float:
        """How surely a sample of a page's lines reads by the ink alone; 0 if there is none."""
        lines = sorted(layout.lines, key=lambda line: -np.ptp(line.baseline[:, 1]))[:SAMPLE]
        if not lines:
            return 0.0
        strips, _ = self.strips(picture, layout, lines)
        return self.recognizer.mean_confidence([strip.image[:, :SAMPLE_WIDTH] for strip in strips])


def _may_stand_alone(text: str) -> bool:
    """Whether a text is more than signs that nobody writes by themselves."""
    return text in ALONE or any(map(str.isalnum, text))


def _side_by_side(order: Blocks) -> bool:
    """Whether there are columns or rows of several lines on a page."""
    return len(order) > 1 or any(len(row) > 1 for block in order for row in block)


def _parts(
    seen: Sequence[TextLine], order: Blocks, said: list[int], read: Sequence[Line]
) -> dict[int, list[Word]]:
    """The words of each line of a page that says any, by its number.

    `said` are the numbers of the rows of `order` that were read.
    """
    rows = [row for block in order for row in block]
    parts = {}
    for k, line in zip(said, read, strict=True):
        for number in rows[k]:
            left, right = seen[number].baseline[[0, -1], 1]
            words = [
                word for word in line.words if left <= (word.box.x1 + word.box.x2) / 2 <= right
            ]
            if words:
                parts[number] = words
    return parts


def _is_label(words: list[Word]) -> bool:
    """Whether words end in a sign of `LABEL`, as read or as an alternative."""
    last = words[-1].letters[-1]
    return not LABEL.isdisjoint((last.text, *(text for text, _ in last.alternatives)))


def _place(strip: Strip, cut: slice, scale: float) -> Box:
    """Where some columns of a strip lie, in pixels of the page."""
    cols = np.arange(cut.start, cut.stop)
    corners = [strip.places(np.full(len(cols), row), cols) for row in (0, strip.image.shape[0])]
    y, x = (scale * np.concatenate(values) for values in zip(*corners, strict=True))
    y1, x1 = max(0, int(y.min())), max(0, int(x.min()))
    return Box(y1, x1, max(int(y.max()), y1) + 1, max(int(x.max()), x1) + 1)


def unread(
    layout: Layout,
    read: list[ReadLine],
    picture: Picture,
    marks: Sequence[Box] = (),
) -> str | None:
    """A warning if the network saw writing that is in no line; None if all was read.

    `marks` are boxes that hold no text. Paper without ink does not count, though the network may
    see the gaps in a row as writing.
    """
    writing = layout.maps[2] > UNREAD.writing
    left = writing.copy()
    words = [word.box for one in read for word in one.line.words]
    walls = [Box(*map(int, line.box)) for line in layout.between]
    for box in (*words, *marks, *walls):
        y1, x1 = int(box.y1 / layout.map_scale) - 1, int(box.x1 / layout.map_scale) - 1
        y2, x2 = int(box.y2 / layout.map_scale) + 2, int(box.x2 / layout.map_scale) + 2
        left[max(0, y1) : y2, max(0, x1) : x2] = False
    labels, _ = connected(left, diagonal=False)
    sizes = np.bincount(labels.ravel())
    least = UNREAD.piece
    if layout.lines:
        least = UNREAD.word * (layout.x_height / layout.map_scale) ** 2
    left = (sizes >= least)[labels] & left
    total = int(writing.sum())
    if 0 < UNREAD.share * total <= left.sum():
        left &= np.isin(labels, labels[_inked(picture, layout, writing) & left])
    count = int(left.sum())
    if not count or count < UNREAD.share * total:
        return None
    rows, cols = np.nonzero(left)
    y, x = (int(np.median(at) * layout.map_scale) for at in (rows, cols))
    return (
        f"{100 * count / total:.0f} % of what looks like writing was not read, most of it around "
        f"row {min(y, picture.height - 1)}, column {min(x, picture.width - 1)}"
    )


def _inked(picture: Picture, layout: Layout, writing: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Which places of the maps are about as dark as the ink where there is `writing`."""
    sides = (picture.height, picture.width)
    darkness = ink_darkness(picture.grey(round(max(sides) / layout.map_scale)))
    rows, cols = (
        np.minimum(np.arange(count) * layout.map_scale * seen / side, seen - 1).astype(np.int64)
        for count, seen, side in zip(writing.shape, darkness.shape, sides, strict=True)
    )
    darkness = darkness[np.ix_(rows, cols)]
    full = np.percentile(darkness[writing], 95)
    dark: NDArray[np.bool_] = darkness > UNREAD.inked * full
    return dark


def page_line(
    line: TextLine, strip: Strip, text: LineText, scale: float, block: int, size: tuple[int, int]
) -> Line:
    """A line as it was read, in pixels of the page.

    Parameters
    ----------
    line : TextLine
        In pixels of the page.
    strip : Strip
    text : LineText
    scale : float
        Pixels of the page for one pixel of the picture that the strip was cut from.
    size : (height, width) of the page
    """
    spans = [span for sign, span in zip(text.text, text.spans, strict=True) if sign != " "]
    boxes = letter_boxes(strip, np.array(spans, dtype=np.float64).reshape(-1, 2))
    boxes = _within(np.stack([
        np.floor(boxes[:, 0] * scale), np.floor(boxes[:, 1] * scale),
        np.ceil(boxes[:, 2] * scale), np.ceil(boxes[:, 3] * scale),
    ], axis=1).astype(np.int64), size)  # fmt: skip
    words = _words(text, boxes)
    base = line.baseline
    baseline = tuple((round(float(y), 1), round(float(x), 1)) for y, x in base)
    return Line(words, baseline, outlined(base, boxes, line.x_height), block)


def _within(boxes: NDArray[np.int64], size: tuple[int, int]) -> NDArray[np.int64]:
    """Boxes cut at the edges of the page, each at least a pixel."""
    height, width = size
    boxes[:, 0] = np.clip(boxes[:, 0], 0, height - 1)
    boxes[:, 1] = np.clip(boxes[:, 1], 0, width - 1)
    boxes[:, 2] = np.clip(boxes[:, 2], boxes[:, 0] + 1, height)
    boxes[:, 3] = np.clip(boxes[:, 3], boxes[:, 1] + 1, width)
    return boxes


def outlined(
    base: NDArray[np.float64], boxes: NDArray[np.int64], x_height: float
) -> tuple[tuple[float, float], ...]:
    """A polygon around a line: its baseline moved up and down by the most that its letters rise."""
    up, down = RISE * x_height, FALL * x_height
    if len(boxes):
        middles = (boxes[:, 1] + boxes[:, 3]) / 2
        rows = np.interp(middles, base[:, 1], base[:, 0])
        up = max(x_height, float((rows - boxes[:, 0]).max()))
        down = max(LEAST_FALL * x_height, float((boxes[:, 2] - rows).max()))
    over = [(round(float(y - up), 1), round(float(x), 1)) for y, x in base]
    under = [(round(float(y + down), 1), round(float(x), 1)) for y, x in base[::-1]]
    return tuple(over + under)


def _words(text: LineText, boxes: NDArray[np.int64]) -> tuple[Word, ...]:
    """The words of a line, parted by its spaces; `boxes` are those of its other characters."""
    words: list[list[Letter]] = [[]]
    places = iter(boxes.tolist())
    for sign, confidence, others in zip(
        text.text, text.confidences, text.alternatives, strict=True
    ):
        if sign == " ":
            words.append([])
        else:
            words[-1].append(Letter(Box(*next(places)), sign, confidence, others))
    return tuple(Word(tuple(word)) for word in words if word)


def renumbered(read: list[ReadLine]) -> list[ReadLine]:
    """Lines whose blocks are numbered from 1 without gaps."""
    numbers = {block: k for k, block in enumerate(dict.fromkeys(r.line.block for r in read), 1)}
    return [replace(one, line=replace(one.line, block=numbers[one.line.block])) for one in read]

"""Read pages and lines for the correction, with alternatives for doubtful words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from ocr.layout.orientation import turn_back
from ocr.layout.strips import TextLine
from ocr.page import Box, Line, Page, Word
from ocr.reader import Reader
from ocr.review.document import DOUBTFUL, Entry, Reviewed, begun

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from ocr.input.photo import Photo
    from ocr.layout.page_network import Layout
    from ocr.layout.picture import Picture
    from ocr.layout.read_line import ReadLine
    from ocr.lines.text_model import TextModel

Choices = tuple[tuple[str, tuple[str, ...]], ...]

CHOICES = 5  # of a word at most
SEARCHED = 12  # texts of a word that are asked for: some come twice, or are what was read
NEAR = 1.5  # x-heights over or under a new line within which a found one tells its letters' size
BOX_SIDE = 1600  # pixels of the longer side of a box in which a line is looked for
PAGE_SIDE = 4000  # and of the page that it is cut from, at most
FOOT = 0.2  # of a box's height, from its lower edge up to the baseline of the line in it
X_HEIGHTS = 100  # along the page's longer side, where no line was found to tell their size
PLACES = 9  # at which a new line is compared with those that were found
MARGIN = 0.15  # of a box's height that is looked at around it


class Recognizer:
    """Reads pages and lines of them; loads its models when first needed.

    One at a time may use it.

    Parameters
    ----------
    reader : Reader
    """

    def __init__(self, reader: Reader) -> None:
        self.reader = reader
        self._found: tuple[object, int, Layout, Picture] | None = None

    @cached_property
    def lines_reader(self) -> Reader:
        """A reader of whole lines with the same options."""
        model = None if self.reader.chosen_engine == "letters" else self.reader.model
        reader = Reader("lines", model, self.reader.charset, self.reader.language)
        reader.lexicon, reader.pattern = self.reader.lexicon, self.reader.pattern
        return reader

    def page(self, photo: Photo, turns: int | None = None) -> Reviewed:
        """Read a page; `turns` are the quarter turns to the left that it needs, if that is known.

        Raises
        ------
        OcrError
            It cannot be read.
        """
        found: list[ReadLine] = []
        if turns is None:
            page = self.reader.read(photo, on_line=found.append)
        else:
            page, found = self._turned(photo, turns)
        doc = begun(page)
        if turns is not None:
            doc = replace(doc, turns=turns % 4)
        choices = self._choices(page, found)
        entries = tuple(
            replace(entry, choices=one) for entry, one in zip(doc.entries, choices, strict=True)
        )
        return replace(doc, entries=entries)

    def _turned(self, photo: Photo, turns: int) -> tuple[Page, list[ReadLine]]:
        """Read a page at the quarter turns that a person has chosen."""
        layout, picture = self._layout(photo, turns)
        read = self.lines_reader.lines_engine.read(picture, layout).lines
        lines = tuple(one.line for one in read)
        page = Page(picture.height, picture.width, lines, "lines")
        return turn_back(page, turns, photo.height, photo.width), read

    def _choices(self, page: Page, found: Sequence[ReadLine]) -> list[Choices]:
        """Alternatives for the doubtful words of a page, line by line."""
        if page.engine != "lines" or len(found) != len(page.lines):
            return [_by_letters(line) for line in page.lines]
        doubtful = [
            k
            for k, line in enumerate(page.lines)
            if any(letter.confidence < DOUBTFUL for letter in line.letters)
        ]
        reader = self.lines_reader.line_reader
        logs = dict(
            zip(doubtful, reader.log_probs([found[k].image for k in doubtful]), strict=True)
        )
        language = reader.choose_language(list(logs.values())) if logs else None
        return [
            self._line_choices(line, logs[k], language) if k in logs else ()
            for k, line in enumerate(page.lines)
        ]

    def _line_choices(
        self, line: Line, logs: NDArray[np.float32], language: TextModel | None
    ) -> Choices:
        """The same for one line, given its frames."""
        reader = self.lines_reader.line_reader
        try:
            borders = reader.borders(line.text, logs)
        except ValueError:
            return _by_letters(line)
        found = []
        at = 0
        for word in line.words:
            end = at + len(word.text)
            if min(letter.confidence for letter in word.letters) < DOUBTFUL:
                others = reader.word_choices(logs, (borders[at], borders[end]), language, SEARCHED)
                others = [one for one in [*others, *_combined(word)] if one and one != word.text]
                found.append((word.text, tuple(dict.fromkeys(others))[:CHOICES]))
            at = end + 1
        return tuple(dict(found).items())

    def strips(
        self, photo: Photo, doc: Reviewed, entries: Sequence[Entry]
    ) -> list[NDArray[np.float32]]:
        """Lines as the recognizer is shown them: (48, W) float32, 0 ink, 1 paper."""
        layout, picture = self._layout(photo, doc.turns)
        lines = [self._text_line(photo, doc, entry, layout, picture) for entry in entries]
        if not layout.lines:
            layout = replace(layout, lines=tuple(lines))
        if not lines:
            return []
        strips, _ = self.lines_reader.lines_engine.strips(picture, layout, lines)
        return [strip.image for strip in strips]

    def _text_line(
        self, photo: Photo, doc: Reviewed, entry: Entry, layout: Layout, picture: Picture
    ) -> TextLine:
        """A line in pixels of the turned page; without a baseline, along the foot of its box."""
        points = entry.line.baseline
        if len(points) < 2:
            y1, x1, y2, x2 = entry.bounds
            foot = y2 - FOOT * (y2 - y1)
            points = ((foot, x1), (foot, x2))
        base = _onto_turned(points, doc.turns, photo.height, photo.width)
        return TextLine(base, _x_height(base, layout, picture))

    def reread(self, photo: Photo, doc: Reviewed, entries: Sequence[Entry]) -> list[Entry]:
        """Read lines again where they stand, such as with another model."""
        placed = [entry for entry in entries if len(entry.line.baseline) > 1]
        read = self._read_at(photo, doc.turns, [entry.line.baseline for entry in placed])
        return [
            replace(entry, line=replace(line, block=entry.line.block), choices=choices)
            for entry, (line, choices) in zip(placed, read, strict=True)
        ]

    def new_line(
        self, photo: Photo, doc: Reviewed, shape: Box | tuple[tuple[float, float], ...]
    ) -> tuple[Line, Choices]:
        """Read a line that a person drew: a box around it, or the line that its letters stand on.

        All in pixels of the photo. The line may hold no word.
        """
        if isinstance(shape, Box):
            line = self._line_in(photo, doc.turns, shape)
            return self._read_lines(photo, doc.turns, [line], own=True)[0]
        return self._read_at(photo, doc.turns, [shape])[0]

    def _read_at(
        self, photo: Photo, turns: int, baselines: Sequence[tuple[tuple[float, float], ...]]
    ) -> list[tuple[Line, Choices]]:
        """Read lines by their baselines, at the x-height of the lines found near them."""
        if not baselines:
            return []
        layout, picture = self._layout(photo, turns)
        lines = []
        for points in baselines:
            base = _onto_turned(points, turns, photo.height, photo.width)
            lines.append(TextLine(base, _x_height(base, layout, picture)))
        return self._read_lines(photo, turns, lines)

    def _read_lines(
        self, photo: Photo, turns: int, lines: list[TextLine], own: bool = False
    ) -> list[tuple[Line, Choices]]:
        """Read lines of the turned picture; `own` cuts each at the size that suits it."""
        from ocr.lines.engine import page_line

        layout, picture = self._layout(photo, turns)
        engine = self.lines_reader.lines_engine
        if own or not layout.lines:
            layout = replace(layout, lines=tuple(lines))
        strips, scale = engine.strips(picture, layout, lines)
        frames = engine.recognizer.log_probs([strip.image for strip in strips])
        texts = engine.recognizer.read_frames(frames)
        language = engine.recognizer.choose_language(frames)
        size = (picture.height, picture.width)
        result = []
        for line, strip, text, logs in zip(lines, strips, texts, frames, strict=True):
            read = page_line(line, strip, text, scale, 1, size)
            choices = self._line_choices(read, logs, language) if read.words else ()
            back = turn_back(Page(*size, (read,)), turns, photo.height, photo.width).lines[0]
            result.append((back, choices))
        return result

    def _layout(self, photo: Photo, turns: int) -> tuple[Layout, Picture]:
        """The lines of the turned page and its picture, kept for the page in use."""
        from ocr.layout.picture import Turned
        from ocr.layout.polarity import dark_on_light

        key = (photo.source, photo.page)
        if self._found is None or self._found[:2] != (key, turns):
            picture: Picture = dark_on_light(photo)
            if turns:
                picture = Turned(picture, turns)
            self._found = (key, turns, self.lines_reader.lines_engine.find(picture), picture)
        return self._found[2], self._found[3]

    def _line_in(self, photo: Photo, turns: int, box: Box) -> TextLine:
        """The line of writing in a box that a person drew."""
        from ocr.layout.darkness import ink_darkness
        from ocr.layout.line_pictures import find_line

        _, picture = self._layout(photo, turns)
        corners = ((box.y1, box.x1), (box.y2, box.x2))
        at = _onto_turned(corners, turns, photo.height, photo.width)
        (top, left), (bottom, right) = at.min(axis=0), at.max(axis=0)
        longer = max(picture.height, picture.width)
        wide = max(bottom - top, right - left, 1.0)
        grey = picture.grey(int(min(longer, max(1.0, longer * BOX_SIDE / wide), PAGE_SIDE)))
        scale = longer / max(grey.shape)
        rim = MARGIN * (bottom - top)
        y1, x1 = (max(0, int((v - rim) / scale)) for v in (top, left))
        y2, x2 = (int((v + rim) / scale) + 1 for v in (bottom, right))
        darkness = ink_darkness(grey)[y1:y2, x1:x2]
        line = find_line(darkness, self.lines_reader.lines_engine.finder)
        return TextLine((line.baseline + np.array([y1, x1])) * scale, line.x_height * scale)


def _onto_turned(
    points: Sequence[tuple[float, float]], turns: int, height: int, width: int
) -> NDArray[np.float64]:
    """Points of the photo in pixels of the turned page: (N, 2) float64."""
    ways = {
        0: lambda y, x: (y, x),
        1: lambda y, x: (width - x, y),
        2: lambda y, x: (height - y, width - x),
        3: lambda y, x: (x, height - y),
    }
    return np.array([ways[turns % 4](y, x) for y, x in points], dtype=np.float64)


def _x_height(base: NDArray[np.float64], layout: Layout, picture: Picture) -> float:
    """The x-height for a baseline: that of the nearest line that was found."""
    if not layout.lines:
        return max(picture.height, picture.width) / X_HEIGHTS
    left, right = base[:, 1].min(), base[:, 1].max()
    middle = np.linspace(left, right, PLACES)
    order = np.argsort(base[:, 1])
    rows = np.interp(middle, base[order, 1], base[order, 0])
    best = (np.inf, layout.x_height)
    for line in layout.lines:
        cols = line.baseline[:, 1]
        under = (middle >= cols.min()) & (middle <= cols.max())
        if not under.any():
            continue
        ranked = np.argsort(cols)
        there = np.interp(middle[under], cols[ranked], line.baseline[ranked, 0])
        far = float(np.abs(there - rows[under]).mean()) / under.mean()
        if far < NEAR * line.x_height and far < best[0]:
            best = (far, line.x_height)
    return best[1]


def _by_letters(line: Line) -> Choices:
    """Alternatives for the doubtful words of a line, from those of their letters."""
    found = {}
    for word in line.words:
        if any(letter.confidence < DOUBTFUL for letter in word.letters):
            others = [one for one in _combined(word) if one != word.text]
            if others:
                found[word.text] = tuple(others[:CHOICES])
    return tuple(found.items())


def _combined(word: Word) -> list[str]:
    """The likeliest combinations of a word's letters and their alternatives, best first."""
    beams = [(1.0, "")]
    for letter in word.letters:
        options = [(letter.confidence, letter.text)]
        options += [(share, text) for text, share in letter.alternatives]
        more = [(p * q, text + sign) for p, text in beams for q, sign in options]
        beams = sorted(more, key=lambda one: -one[0])[: CHOICES + 1]
    return [text for _, text in beams]


def choices_of(entry: Entry, word: Word) -> tuple[str, ...]:
    """What a word of a line may be besides, best first."""
    for text, others in entry.choices:
        if text == word.text:
            return others
    return tuple(one for one in _combined(word) if one != word.text)[:CHOICES]

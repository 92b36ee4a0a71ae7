"""A page under correction: its lines with ids, what is left out, and how it is kept as JSON.

The JSON is that of `ocr.page.Page` with the corrected lines, so that whatever takes page JSON takes
it, and a part of its own, "review", for what else the correction needs.
"""

from __future__ import annotations

import json
import math
import re
from dataclasses import dataclass, field, replace
from typing import Any

from ocr.formats.json import fault_of_line, page_from, parsed
from ocr.formats.reading import fitted as fitted_page
from ocr.input.documents import PageSource
from ocr.input.photo import Photo
from ocr.page import IDENTITY, Box, Line, Page, Word, line_from_dict, line_to_dict

FORMAT = 1  # of the part "review"
MOST = 1_000_000  # changes of a page, and numbers of its lines
COUNTED = re.compile(r'\{"counted":\[(\d{1,9}),(\d{1,9}),([01])\],')
COUNTED_AT_MOST = 64  # characters of a page's JSON in which `counted` finds it
DOUBTFUL = 0.95
"""Probability of being right under which a character is shown as doubtful.

Chosen as the least of the limits tried by `tests/benchmarks/corrections.py --doubt` that marks nine
in ten of the wrong letters on lines of the pages by which weights are chosen (`$OCR_DATA/pages`,
valid): who corrects looks at what is marked, and what is not stays as it is. There it marks 92 % of
what is wrong and 27 % of all letters; of those not marked 0.8 % are wrong. With 0.9 it would be
85 %, 19 % and 1.4 %, at the best F2-measure.
"""


@dataclass(frozen=True)
class Entry:
    """A line of a page under correction.

    Attributes
    ----------
    id : int
        Stays with the line, wherever it is moved.
    line : Line
        May hold no word: a new line in which nothing was read.
    out : bool
        Whether it lies in a region that is left out.
    choices : tuple of (str, tuple of str)
        What else a word may be, best first.
    """

    id: int
    line: Line
    out: bool = False
    choices: tuple[tuple[str, tuple[str, ...]], ...] = ()

    @property
    def bounds(self) -> tuple[float, float, float, float]:
        """What it covers of the page: y1, x1, y2, x2, also without a word."""
        points = [*self.line.polygon, *self.line.baseline]
        for word in self.line.words:
            box = word.box
            points += [(box.y1, box.x1), (box.y2, box.x2)]
        if not points:
            return 0.0, 0.0, 1.0, 1.0
        rows, cols = zip(*points, strict=True)
        return min(rows), min(cols), max(rows), max(cols)

    @property
    def doubtful(self) -> bool:
        """Whether a character of it is doubtful and nobody has looked at it."""
        letters = self.line.letters
        return not self.line.confirmed and any(one.confidence < DOUBTFUL for one in letters)


@dataclass(frozen=True)
class Reviewed:
    """A page under correction.

    Attributes
    ----------
    page : Page
        Size, engine and warnings; its lines stand in `entries`.
    entries : tuple of Entry
        In reading order.
    turns : int
        Quarter turns to the left after which the photo is upright.
    regions : tuple of Box
        What is left out.
    revision : int
        Grows by one with each change.
    next_id : int
        Of the next new line: ids are not used twice.
    touched : bool
        Whether a person has changed anything.
    text_digest : str
        SHA-256 of the text file that was written with it or taken over last, "" if none was: any
        other text beside the photo is a person's. Does not count in comparisons.
    """

    page: Page
    entries: tuple[Entry, ...] = ()
    turns: int = 0
    regions: tuple[Box, ...] = ()
    revision: int = 0
    next_id: int = 1
    touched: bool = False
    text_digest: str = field(default="", compare=False)

    @property
    def kept(self) -> tuple[Entry, ...]:
        """The lines that are not left out."""
        return tuple(entry for entry in self.entries if not entry.out)

    @property
    def confirmed(self) -> int:
        """How many of these a person has confirmed."""
        return sum(entry.line.confirmed for entry in self.kept)

    @property
    def done(self) -> bool:
        """Whether all are confirmed, or there is none and a person has said so."""
        return self.confirmed == len(self.kept) and (bool(self.kept) or self.touched)

    @property
    def text(self) -> str:
        """The corrected text: a row for each line that says something."""
        return "\n".join(entry.line.text for entry in self.kept if entry.line.words)

    def find(self, number: int) -> Entry:
        """The line of an id; KeyError if there is none."""
        for entry in self.entries:
            if entry.id == number:
                return entry
        raise KeyError(number)

    def corrected(self) -> Page:
        """The page as it is exported: confirmed text is sure."""
        lines = (entry.line for entry in self.kept if entry.line.words)
        return replace(
            self.page, lines=tuple(_sure(one) if one.confirmed else one for one in lines)
        )

    def to_json(self, source: PageSource | None = None) -> str:
        """As it is kept in a file, see the module; with the name of its picture, if that is given,
        and the page's number in it."""
        lines = tuple(entry.line for entry in self.kept if entry.line.words)
        # How far it is stands first, so that `counted` need not read the rest.
        data: dict[str, Any] = {"counted": [len(self.kept), self.confirmed, int(self.done)]}
        if source is not None:
            data |= {"file": source.file_name, "page": source.number}
        data |= replace(self.page, lines=lines).to_dict()
        data["review"] = {
            "format": FORMAT,
            "revision": self.revision,
            "turns": self.turns,
            "regions": [box.as_list() for box in self.regions],
            "next_id": self.next_id,
            "touched": self.touched,
            **({"text": self.text_digest} if self.text_digest else {}),
            "entries": [_entry_to_dict(entry) for entry in self.entries],
        }
        return json.dumps(data, ensure_ascii=False, separators=(",", ":"))

    @staticmethod
    def from_json(text: str) -> Reviewed:
        """Inverse of `to_json`; takes plain page JSON as well.

        Raises
        ------
        ValueError
            It is neither.
        """
        return Reviewed.from_dict(parsed(text))

    @staticmethod
    def from_dict(data: Any) -> Reviewed:
        """`from_json` of what is parsed already."""
        page = page_from(data).page
        own = data.get("review")
        if own is None:
            return begun(page)
        try:
            if own["format"] != FORMAT:
                raise ValueError(f"a correction of format {own['format']!r}")
            lines = iter(page.lines)
            doc = Reviewed(
                replace(page, lines=()),
                tuple(_entry_from_dict(one, lines) for one in own["entries"]),
                own["turns"],
                tuple(Box(*box) for box in own["regions"]),
                own["revision"],
                own["next_id"],
                own["touched"],
                own.get("text", ""),
            )
        except (KeyError, TypeError, AttributeError) as error:
            raise ValueError(f"no page JSON ({type(error).__name__}: {error})") from None
        fault = _fault(doc)
        if fault:
            raise ValueError(f"no page JSON ({fault})")
        return doc


def counted(head: str) -> tuple[int, int, bool] | None:
    """Lines, confirmed ones and whether it is done, from the beginning of a page's JSON.

    None if it was written by another program or an older version, and must be read as a whole.

    Examples
    --------
    >>> counted('{"counted":[40,23,0],"height":900')
    (40, 23, False)
    """
    match = COUNTED.match(head)
    return (int(match[1]), int(match[2]), match[3] == "1") if match else None


def fitted(doc: Reviewed, photo: Photo, name: str) -> Reviewed:
    """A correction in the pixels of its picture, see `ocr.formats.reading.fitted`."""
    size = photo.height, photo.width
    if (doc.page.height, doc.page.width) == size:
        return doc
    lines = tuple(entry.line for entry in doc.entries)
    page = fitted_page(replace(doc.page, lines=lines), photo, name)
    down, across = size[0] / doc.page.height, size[1] / doc.page.width
    regions = (
        Box.within(one.y1 * down, one.x1 * across, one.y2 * down, one.x2 * across, *size)
        for one in doc.regions
    )
    return replace(
        doc,
        page=replace(page, lines=(), transform=IDENTITY),
        entries=tuple(
            replace(one, line=line) for one, line in zip(doc.entries, page.lines, strict=True)
        ),
        regions=tuple(regions),
    )


def begun(page: Page) -> Reviewed:
    """A page as it was read, ready to be corrected."""
    entries = tuple(Entry(k, line) for k, line in enumerate(page.lines, start=1))
    bare = replace(page, lines=(), photo=None, transform=IDENTITY)
    return Reviewed(bare, entries, turns_of(page.lines), next_id=len(entries) + 1)


def turns_of(lines: tuple[Line, ...]) -> int:
    """Quarter turns to the left after which lines run from left to right."""
    down = right = 0.0
    for line in lines:
        if len(line.baseline) > 1:
            (y1, x1), (y2, x2) = line.baseline[0], line.baseline[-1]
            down, right = down + y2 - y1, right + x2 - x1
    if not down and not right:
        return 0
    return round(math.atan2(down, right) / (math.pi / 2)) % 4


def _sure(line: Line) -> Line:
    return replace(
        line,
        words=tuple(
            Word(tuple(replace(one, confidence=1.0, alternatives=()) for one in word.letters))
            for word in line.words
        ),
    )


def _entry_to_dict(entry: Entry) -> dict[str, Any]:
    """What the lines of the page do not tell of one; a line that is none of theirs as a whole."""
    data: dict[str, Any] = {"id": entry.id}
    if entry.out:
        data["out"] = True
    if entry.choices:
        data["choices"] = {word: list(others) for word, others in entry.choices}
    if entry.out or not entry.line.words:
        bare = replace(entry.line, words=())
        data["line"] = line_to_dict(entry.line) if entry.line.words else _wordless(bare)
    return data


def _wordless(line: Line) -> dict[str, Any]:
    return {
        "baseline": [list(point) for point in line.baseline],
        "polygon": [list(point) for point in line.polygon],
        "block": line.block,
        "confirmed": line.confirmed,
        "words": [],
    }


def _entry_from_dict(data: dict[str, Any], lines: Any) -> Entry:
    line = line_from_dict(data["line"]) if "line" in data else next(lines, None)
    if line is None:
        raise ValueError("no page JSON (fewer lines than its correction names)")
    choices = tuple((word, tuple(others)) for word, others in data.get("choices", {}).items())
    return Entry(data["id"], line, data.get("out", False), choices)


def _fault(doc: Reviewed) -> str:
    """What of a correction is of another type than it must be, or out of bounds; "" if nothing."""
    counts = (doc.revision, doc.next_id, *(entry.id for entry in doc.entries))
    if not all(type(one) is int and 0 <= one <= MOST for one in counts):
        return "revision or ids"
    ids = {entry.id for entry in doc.entries}
    if len(ids) < len(doc.entries) or doc.next_id <= max(ids, default=0):
        return "ids that are used twice"
    if type(doc.turns) is not int or doc.turns not in range(4):
        return "turns"
    if not all(type(value) is int for box in doc.regions for value in box.as_list()):
        return "regions"
    flags: list[object] = [doc.touched, *(entry.out for entry in doc.entries)]
    if not all(isinstance(one, bool) for one in flags):
        return "touched or out"
    digest: object = doc.text_digest
    if not isinstance(digest, str):
        return "text"
    for entry in doc.entries:
        if not all(isinstance(word, str) for _, others in entry.choices for word in others):
            return "choices"
        fault = fault_of_line(entry.line)
        if fault:
            return fault
    return ""

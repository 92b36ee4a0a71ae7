"""What a page consists of: `Page` > `Line` > `Word` > `Letter`, each with its `Box`.

All coordinates are pixels of the upright original photo (EXIF orientation applied), origin top
left, `(row, col)`. The objects are frozen; JSON goes both ways without loss.

What a page can be written as and drawn on is loaded by name when it is asked for: those modules
know pages, and pages need to know nothing of them.
"""

from __future__ import annotations

import json
import math
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass, field
from importlib import import_module
from itertools import groupby
from os import PathLike
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from PIL.Image import Image

SCHEMA_VERSION = 1

SHOWN = 30  # characters of a text in a one-line description
IDENTITY = ((1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, 1.0))
ROUNDING = 1e-3  # pixels that a side may be off by arithmetic alone


@dataclass(frozen=True, order=True)
class Box:
    """Half-open pixel rectangle: ``image[y1:y2, x1:x2]`` is the crop.

    Raises
    ------
    ValueError
        If the rectangle is empty or inside out.
    """

    y1: int
    x1: int
    y2: int
    x2: int

    def __post_init__(self) -> None:
        if self.y2 <= self.y1 or self.x2 <= self.x1:
            raise ValueError(f"empty box: [{self.y1}, {self.x1}, {self.y2}, {self.x2}]")

    @property
    def height(self) -> int:
        return self.y2 - self.y1

    @property
    def width(self) -> int:
        return self.x2 - self.x1

    @property
    def area(self) -> int:
        return self.height * self.width

    def union(self, other: Box) -> Box:
        """Smallest box that contains both."""
        return Box(
            min(self.y1, other.y1),
            min(self.x1, other.x1),
            max(self.y2, other.y2),
            max(self.x2, other.x2),
        )

    def holds_middle(self, other: Box) -> bool:
        """Whether the middle of another box lies in it."""
        y, x = (other.y1 + other.y2) / 2, (other.x1 + other.x2) / 2
        return self.y1 <= y < self.y2 and self.x1 <= x < self.x2

    def iou(self, other: Box) -> float:
        """Intersection over union, in [0, 1]."""
        rows = min(self.y2, other.y2) - max(self.y1, other.y1)
        cols = min(self.x2, other.x2) - max(self.x1, other.x1)
        shared = max(rows, 0) * max(cols, 0)
        return shared / (self.area + other.area - shared)

    def as_list(self) -> list[int]:
        return [self.y1, self.x1, self.y2, self.x2]

    @staticmethod
    def around(boxes: Iterable[Box]) -> Box:
        """Smallest box that contains all of `boxes` (at least one)."""
        rows = list(boxes)
        return Box(
            min(b.y1 for b in rows),
            min(b.x1 for b in rows),
            max(b.y2 for b in rows),
            max(b.x2 for b in rows),
        )

    @staticmethod
    def within(y1: float, x1: float, y2: float, x2: float, height: int, width: int) -> Box:
        """Smallest box that contains a rectangle, cut at the edges of a page; at least a pixel."""
        top = min(max(math.floor(y1 + ROUNDING), 0), height - 1)
        left = min(max(math.floor(x1 + ROUNDING), 0), width - 1)
        bottom = min(max(math.ceil(y2 - ROUNDING), top + 1), height)
        right = min(max(math.ceil(x2 - ROUNDING), left + 1), width)
        return Box(top, left, bottom, right)


@dataclass(frozen=True)
class Letter:
    """One character as read.

    `confidence` is the probability that `text` is right; `alternatives` are the other candidates
    with theirs, best first.
    """

    box: Box
    text: str
    confidence: float
    alternatives: tuple[tuple[str, float], ...] = ()

    def __repr__(self) -> str:
        return f"Letter({self.text!r}, {self.confidence:.2f}, {self.box.as_list()})"


@dataclass(frozen=True)
class Word:
    """A run of letters without a gap."""

    letters: tuple[Letter, ...]

    @property
    def box(self) -> Box:
        return Box.around(letter.box for letter in self.letters)

    @property
    def text(self) -> str:
        return unicodedata.normalize("NFC", "".join(letter.text for letter in self.letters))

    @property
    def confidence(self) -> float:
        """Expected share of this word's characters that are right."""
        return sum(letter.confidence for letter in self.letters) / len(self.letters)

    def __repr__(self) -> str:
        return _described("Word", self) if self.letters else "Word()"


@dataclass(frozen=True)
class Line:
    """One text line: its words left to right.

    `baseline` is the polyline the letters stand on and `polygon` the outline of the line, both as
    `(row, col)` points in pixels of the original. `block` is the number of the block of text that
    it belongs to, from 1 in reading order: columns side by side are blocks. `confirmed` tells that
    a person has looked at the text and found it right; what was only read is a draft.
    """

    words: tuple[Word, ...]
    baseline: tuple[tuple[float, float], ...] = ()
    polygon: tuple[tuple[float, float], ...] = ()
    block: int = 1
    confirmed: bool = False

    @property
    def letters(self) -> tuple[Letter, ...]:
        return tuple(letter for word in self.words for letter in word.letters)

    @property
    def box(self) -> Box:
        return Box.around(word.box for word in self.words)

    @property
    def text(self) -> str:
        return " ".join(word.text for word in self.words)

    @property
    def confidence(self) -> float:
        """Expected share of this line's characters that are right."""
        letters = self.letters
        return sum(letter.confidence for letter in letters) / len(letters)

    def __repr__(self) -> str:
        return _described("Line", self) if self.letters else "Line()"


def _described(kind: str, part: Word | Line) -> str:
    return f"{kind}({part.text!r}, {part.confidence:.2f}, {part.box.as_list()})"


class Picture(Protocol):
    """What a page was read from; see `ocr.input.photo.Photo`."""

    @property
    def height(self) -> int: ...

    @property
    def width(self) -> int: ...

    def rgb(self, long_side: int) -> NDArray[np.uint8]: ...


@dataclass(frozen=True)
class Page:
    """Everything read from one image.

    `transform` is the 3x3 homography from the photo to the straightened page, in homogeneous
    `(row, col, 1)` coordinates. `warnings` are sentences for the person, such as "nothing that
    looks like writing". `photo` is the picture it was read from, if that is known: it is not part
    of JSON and does not count when pages are compared.
    """

    height: int
    width: int
    lines: tuple[Line, ...] = ()
    engine: str = ""
    transform: tuple[tuple[float, ...], ...] = IDENTITY
    warnings: tuple[str, ...] = ()
    photo: Picture | None = field(default=None, compare=False)

    def __repr__(self) -> str:
        text = " ".join(self.text.split())
        text = text if len(text) <= SHOWN else f"{text[: SHOWN - 3]}..."
        lines = f"{len(self.lines)} line{'' if len(self.lines) == 1 else 's'}"
        return f"Page({self.height} x {self.width}, {lines}, {text!r}, {self.confidence:.2f})"

    @property
    def text(self) -> str:
        """The lines in reading order, one a row, NFC; empty for a blank page."""
        return "\n".join(line.text for line in self.lines)

    @property
    def blocks(self) -> tuple[tuple[Line, ...], ...]:
        """The lines, those of one block together."""
        return tuple(tuple(lines) for _, lines in groupby(self.lines, lambda line: line.block))

    @property
    def words(self) -> tuple[Word, ...]:
        return tuple(word for line in self.lines for word in line.words)

    @property
    def letters(self) -> tuple[Letter, ...]:
        return tuple(letter for line in self.lines for letter in line.letters)

    @property
    def confidence(self) -> float:
        """Expected share of the page's characters that are right; 1 for a blank page."""
        letters = self.letters
        return sum(x.confidence for x in letters) / len(letters) if letters else 1.0

    def to_dict(self) -> dict[str, Any]:
        """Plain lists and dicts, ready for JSON. Derived values are included for readers."""
        return {
            "version": SCHEMA_VERSION,
            "height": self.height,
            "width": self.width,
            "engine": self.engine,
            "text": self.text,
            "confidence": round(self.confidence, 4),
            "transform": [list(row) for row in self.transform],
            "warnings": list(self.warnings),
            "lines": [line_to_dict(line) for line in self.lines],
        }

    @staticmethod
    def from_dict(data: dict[str, Any]) -> Page:
        """Inverse of `to_dict`.

        Raises
        ------
        ValueError
            If the data is of another schema version, or no page that `ocr convert` would read.
        """
        page: Page = import_module("ocr.formats.json").page_from(data).page
        return page

    def to_json(self, indent: int | None = 2) -> str:
        return json.dumps(self.to_dict(), ensure_ascii=False, indent=indent)

    @staticmethod
    def from_json(text: str) -> Page:
        """Inverse of `to_json`.

        Raises
        ------
        ValueError
            If the text is no JSON, or not of a page.
        """
        return Page.from_dict(import_module("ocr.formats.json").parsed(text))

    def save(self, path: str | PathLike[str], format: str | None = None) -> None:
        """Write the page into a file, which is replaced if it is there.

        Parameters
        ----------
        path : str or path-like
            Its ending tells the format: .txt, .json, .pdf, .hocr, .tsv and so on.
        format : str, optional
            A key of `ocr.formats.FORMATS`, where the ending does not tell.

        Raises
        ------
        ValueError
            There is no such format, or neither the ending nor `format` tells it.
        OutputError
            It cannot be written, or the format needs the photo, which is not known.
        """
        import_module("ocr.formats").save(self, path, format)

    def draw(self, level: str = "auto", long_side: int | None = None) -> Image:
        """The photo with boxes, colored by how sure each reading is, and what was read.

        Parameters
        ----------
        level : {"auto", "letter", "word", "line"}
            What gets a box; "auto" takes letters where they can be seen so, else words.
        long_side : int, optional
            Pixels of the photo's longer side; by default enough to read the letters.

        Returns
        -------
        PIL.Image.Image
            RGB. On white paper if the page does not know its photo, as one that comes from JSON.
        """
        picture: Image = import_module("ocr.overlay").drawing_of(self, level, long_side)
        return picture

    def to_pandas(self) -> Any:
        """A table of the words: block, line and word from 1, text, confidence, y1, x1, y2, x2.

        Returns
        -------
        pandas.DataFrame

        Raises
        ------
        ImportError
            pandas is not installed.
        """
        columns = ("block", "line", "word", "text", "confidence", "y1", "x1", "y2", "x2")
        rows = [
            (line.block, k, j, word.text, word.confidence, *word.box.as_list())
            for k, line in enumerate(self.lines, 1)
            for j, word in enumerate(line.words, 1)
        ]
        return import_module("pandas").DataFrame(rows, columns=list(columns))

    def _repr_png_(self) -> bytes:
        """The drawing, as Jupyter shows it."""
        png: bytes = import_module("ocr.overlay").png_of(self)
        return png

    def _repr_html_(self) -> str:
        """The drawing and the text, as Jupyter shows them."""
        html: str = import_module("ocr.overlay").html_of(self)
        return html


def line_to_dict(line: Line) -> dict[str, Any]:
    """One line of `Page.to_dict`."""
    return {
        "text": line.text,
        "confidence": round(line.confidence, 4),
        "box": line.box.as_list(),
        "baseline": [list(point) for point in line.baseline],
        "polygon": [list(point) for point in line.polygon],
        "block": line.block,
        "confirmed": line.confirmed,
        "words": [
            {
                "text": word.text,
                "confidence": round(word.confidence, 4),
                "box": word.box.as_list(),
                "letters": [
                    {
                        "text": letter.text,
                        "confidence": letter.confidence,
                        "box": letter.box.as_list(),
                        "alternatives": [list(pair) for pair in letter.alternatives],
                    }
                    for letter in word.letters
                ],
            }
            for word in line.words
        ],
    }


def line_from_dict(data: dict[str, Any]) -> Line:
    """Inverse of `line_to_dict`."""
    return Line(
        words=tuple(
            Word(
                tuple(
                    Letter(
                        box=Box(*letter["box"]),
                        text=letter["text"],
                        confidence=letter["confidence"],
                        alternatives=tuple((t, p) for t, p in letter["alternatives"]),
                    )
                    for letter in word["letters"]
                )
            )
            for word in data["words"]
        ),
        baseline=tuple((y, x) for y, x in data["baseline"]),
        polygon=tuple((y, x) for y, x in data["polygon"]),
        block=data.get("block", 1),  # added later, as the next
        confirmed=data.get("confirmed", False),
    )

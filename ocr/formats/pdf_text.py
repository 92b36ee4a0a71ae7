"""The invisible text of a searchable PDF's page: its font, and where each word is set.

The text is set in a font without outlines, made here: every character that occurs gets a code, a
width of half an em, and its meaning by a ToUnicode map, so that any script can be searched and
copied and no font file is needed (PDF 32000-1:2008, 9.6.5 and 9.10.3).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING

import numpy as np

from ocr.formats.placing import turn_of
from ocr.page import Box, Line, Page

if TYPE_CHECKING:
    from pikepdf import Dictionary, Object, Pdf
    from pikepdf import Page as PdfPage

CODES = 255  # characters a font holds; code 0 is left out
INVISIBLE = 3  # text rendering mode
SIZES_TRIED = 40  # of the font, for a line of single characters

EM = 1000  # glyph units
HEIGHT = EM // 2  # of the font's own box
FOOT = -HEIGHT // 4  # of that box, under the baseline of the text
EXTENT = HEIGHT // 32  # what tops and bottoms of words are rounded to
WIDTH = 500  # of every glyph, before it is stretched: Poppler takes Type 3 fonts to have that


@dataclass(frozen=True)
class SettingConfig:
    """How lines are set so that readers of PDF keep each of them together.

    Poppler puts words together again by measures in sizes of their font: a word goes on a line if
    it stands less than 0.5 of it higher or lower than the first, columns part at 0.7 to 1.0, and
    letters that stand alone, with nothing longer in their line, are joined below 0.4. These keep
    clear of that; chosen by `tests/benchmarks/pdf_text.py` over the photos and samples.

    Attributes
    ----------
    least_size, most_size : float
        Of the font, in heights of the line: at 2, gaps and slopes of handwriting stay below
        Poppler's measures.
    nearest : float
        Distances from the nearest row above or below that the font may be large.
    least_gap, most_gap : float
        Between words, in sizes of the font: wider ones are bridged.
    least_letter_gap, most_letter_gap : float
        The same in a line of nothing but single characters.
    overlap : float
        Heights of the line that a word may reach into the next.
    leveled : float
        Heights that are taken off what a line rises or falls.
    """

    least_size: float = 0.5
    most_size: float = 2.0
    nearest: float = 1.75
    least_gap: float = 0.05
    most_gap: float = 1.0
    least_letter_gap: float = 0.42
    most_letter_gap: float = 0.95
    overlap: float = 0.3
    leveled: float = 1.5


CONFIG = SettingConfig()

Glyph = tuple[str, int, int]  # a character, and where its box begins and ends over the baseline


class Fonts:
    """Fonts without outlines that hold the characters asked for, as many as are needed.

    A character has a code for each height that words with it have.
    """

    def __init__(self, pdf: Pdf) -> None:
        self.pdf = pdf
        self.codes: dict[Glyph, int] = {}
        self.made: dict[str, Object] = {}

    def runs(
        self, text: str, low: int = FOOT, high: int = FOOT + HEIGHT
    ) -> Iterator[tuple[str, bytes]]:
        """(font, codes) of stretches of `text`, whose boxes reach from `low` to `high`."""
        from pikepdf import Dictionary

        glyphs = [(character, low, high) for character in text]
        places = [self.codes.setdefault(glyph, len(self.codes)) for glyph in glyphs]
        for font, run in groupby(places, lambda place: place // CODES):
            name = f"Ocr{font}"
            if name not in self.made:
                self.made[name] = self.pdf.make_indirect(Dictionary())
            yield name, bytes(place % CODES + 1 for place in run)

    def add_to(self, sheet: PdfPage) -> None:
        """Let a page use the fonts made so far."""
        from pikepdf import Name

        for name, font in self.made.items():
            sheet.add_resource(font, Name.Font, Name(f"/{name}"))

    def finish(self) -> None:
        """Fill the fonts, once all characters are known."""
        glyphs = list(self.codes)
        for k, font in enumerate(self.made.values()):
            held = glyphs[k * CODES : (k + 1) * CODES]
            for key, value in self._font(held).items():
                font[key] = value

    def _font(self, glyphs: Sequence[Glyph]) -> Dictionary:
        from pikepdf import Array, Dictionary, Name

        shapes = {
            extent: self.pdf.make_stream(f"{WIDTH} 0 0 {extent[0]} {WIDTH} {extent[1]} d1".encode())
            for extent in dict.fromkeys(glyph[1:] for glyph in glyphs)
        }
        names = [Name(f"/g{code}") for code in range(1, len(glyphs) + 1)]
        procedures = zip(names, (shapes[glyph[1:]] for glyph in glyphs), strict=True)
        return Dictionary(
            Type=Name.Font,
            Subtype=Name.Type3,
            Name=Name("/Invisible"),
            FontBBox=[0, 0, WIDTH, 1],  # PDFium has it in the box of every glyph
            FontDescriptor=Dictionary(
                Type=Name.FontDescriptor,
                FontName=Name("/Invisible"),
                Flags=4,  # symbolic: its own encoding
                FontBBox=[0, FOOT, WIDTH, FOOT + HEIGHT],
                ItalicAngle=0,
                Ascent=FOOT + HEIGHT,
                Descent=FOOT,
            ),
            FontMatrix=[1 / EM, 0, 0, 1 / EM, 0, 0],
            CharProcs=Dictionary({str(name): shape for name, shape in procedures}),
            Encoding=Dictionary(Type=Name.Encoding, Differences=Array([1, *names])),
            FirstChar=1,
            LastChar=len(glyphs),
            Widths=[WIDTH] * len(glyphs),
            Resources=Dictionary(),
            ToUnicode=self.pdf.make_stream(_to_unicode([glyph[0] for glyph in glyphs])),
        )


def _to_unicode(characters: Sequence[str]) -> bytes:
    """The CMap from codes, counted from 1, to UTF-16."""
    rows = [
        f"<{code:02x}> <{character.encode('utf-16-be').hex()}>"
        for code, character in enumerate(characters, 1)
    ]
    blocks = [rows[k : k + 100] for k in range(0, len(rows), 100)]  # the most a block may hold
    maps = "\n".join(
        f"{len(block)} beginbfchar\n" + "\n".join(block) + "\nendbfchar" for block in blocks
    )
    return (
        "/CIDInit /ProcSet findresource begin\n12 dict begin\nbegincmap\n"
        "/CIDSystemInfo << /Registry (Adobe) /Ordering (UCS) /Supplement 0 >> def\n"
        "/CMapName /Adobe-Identity-UCS def\n/CMapType 2 def\n"
        f"1 begincodespacerange\n<00> <ff>\nendcodespacerange\n{maps}\n"
        "endcmap\nCMapName currentdict /CMap defineresource pop\nend\nend\n"
    ).encode()


@dataclass(frozen=True)
class _Row:
    """A line as it is set, the photo's axes turned so that it runs to the right.

    Attributes
    ----------
    line : Line
    turn : int
        Quarter turns clockwise of its writing.
    starts, ends : list of float
        Pixels along the line, of its words.
    middles : list of float
        Pixels across the line, of the words' middles: on a straight row, leveled by
        `CONFIG.leveled`.
    height : float
        Pixels, the usual one of its words.
    """

    line: Line
    turn: int
    starts: list[float]
    ends: list[float]
    middles: list[float]
    height: float

    @property
    def single(self) -> bool:
        """Whether it has several words, all of a single character."""
        words = self.line.words
        return len(words) > 1 and all(len(word.text) == 1 for word in words)

    @property
    def gaps(self) -> tuple[float, float]:
        """Least and most between its words, in sizes of its font."""
        if self.single:
            return CONFIG.least_letter_gap, CONFIG.most_letter_gap
        return CONFIG.least_gap, CONFIG.most_gap


def page_text(fonts: Fonts, page: Page, scale: float) -> str:
    """The operators that set the text of a page."""
    rows = [_row(line) for line in page.lines]
    lines = [
        _set_row(fonts, row, size, page, scale)
        for row, size in zip(rows, _sizes(rows), strict=True)
    ]
    return "\n".join([f"BT {INVISIBLE} Tr", *lines, "ET"]) if lines else ""


def _sizes(rows: Sequence[_Row]) -> list[float]:
    """The font's size of each row, in pixels: as large as its writing and the rows around let it.

    In a line of single characters it is the one at which their gaps must be changed the least.
    """
    words = [
        (k, row.turn, start, end, middle)
        for k, row in enumerate(rows)
        for start, end, middle in zip(row.starts, row.ends, row.middles, strict=True)
    ]
    number, turn, start, end, middle = np.array(words).reshape(-1, 5).T
    sizes = []
    for k, row in enumerate(rows):
        least, most = CONFIG.least_size * row.height, CONFIG.most_size * row.height
        others = (turn == row.turn) & (number != k)
        for first, last, own in zip(row.starts, row.ends, row.middles, strict=True):
            away = np.abs(middle[others & (start < last) & (end > first)] - own)
            most = min(most, CONFIG.nearest * float(away.min(initial=np.inf)))
        size = max(least, most)
        if row.single:
            gaps = np.array(row.starts[1:]) - np.array(row.ends[:-1])
            tried = np.linspace(least, size, SIZES_TRIED)
            moved = [
                np.abs(gaps - np.clip(gaps, *(one * share for share in row.gaps))).sum()
                for one in tried
            ]
            size = float(tried[np.argmin(moved)])
        sizes.append(size)
    return sizes


def _set_row(fonts: Fonts, row: _Row, size: float, page: Page, scale: float) -> str:
    """The operators that set a line: its words in one size and one row, or readers part them.

    Each word fills its box from left to right, stretched where the gap to the next is too wide,
    and a space the gap.
    """
    cos, sin = ((1, 0), (0, 1), (-1, 0), (0, -1))[row.turn]  # x, y of the reading direction, y down
    unit = size * WIDTH / EM
    starts, ends = _spaced(row, size)
    parts = []
    for k, word in enumerate(row.line.words):
        start, end = starts[k], ends[k]
        down = row.middles[k] + (HEIGHT / 2 + FOOT) * size / EM
        pieces = [(word.text, end - start, *_extent(_turned(word.box, row.turn), down, size))]
        if k + 1 < len(starts):
            gap = max(starts[k + 1] - end, CONFIG.least_gap * size)
            pieces.append((" ", gap, FOOT, FOOT + HEIGHT))
        x, y = start * cos - down * sin, start * sin + down * cos
        place = (cos, -sin, sin, cos, x * scale, (page.height - y) * scale)
        parts.append(f"{numbers(place)} Tm")
        for text, length, low, high in pieces:
            parts.append(f"{numbers((100 * length / (len(text) * unit),))} Tz")
            for font, codes in fonts.runs(text, low, high):
                parts.append(f"/{font} {numbers((size * scale,))} Tf <{codes.hex()}> Tj")
    return " ".join(parts)


def _spaced(row: _Row, size: float) -> tuple[list[float], list[float]]:
    """Where words start and end, with gaps between them as they should be at the font's size.

    Two that stand closer both give way, by half of their widths at most; before a wider gap, a word
    is stretched.
    """
    least, most = (share * size for share in row.gaps)
    starts, ends = list(row.starts), list(row.ends)
    for k in range(len(starts) - 1):
        gap = starts[k + 1] - ends[k]
        if gap < least:
            ends[k] = max(ends[k] - (least - gap) / 2, (row.starts[k] + ends[k]) / 2)
            starts[k + 1] = min(ends[k] + least, (starts[k + 1] + ends[k + 1]) / 2)
        elif gap > most:
            ends[k] = starts[k + 1] - most
    return starts, ends


def _extent(box: tuple[float, float, float, float], down: float, size: float) -> tuple[int, int]:
    """Where a word's box begins and ends over its baseline `down`, in glyph units.

    PDFium marks words by the boxes of their glyphs; Poppler and others by the font's.
    """
    steps = EM / EXTENT / size
    low, high = round((down - box[2]) * steps), round((down - box[0]) * steps)
    return low * EXTENT, max(high, low + 1) * EXTENT


def _row(line: Line) -> _Row:
    turn = turn_of(line.baseline)
    boxes = [_turned(word.box, turn) for word in line.words]
    starts = [float(x1) for _, x1, _, _ in boxes]
    ends = [float(max(x2, x1 + 1)) for _, x1, _, x2 in boxes]
    centers = np.array([(x1 + x2) / 2 for _, x1, _, x2 in boxes])
    slope = _slope(line, turn)
    # a word on a slope is not as high as its box
    heights = [max(y2 - y1 - abs(slope) * (x2 - x1), (y2 - y1) / 2) for y1, x1, y2, x2 in boxes]
    height = max(float(np.median(heights)), 1.0)
    level = float(np.median([(y1 + y2) / 2 for y1, _, y2, _ in boxes] - slope * centers))
    _part(starts, ends, CONFIG.overlap * height)
    length, center = max(ends) - min(starts), (max(ends) + min(starts)) / 2
    kept = max(0.0, 1 - CONFIG.leveled * height / max(abs(slope) * length, 1e-9))  # of its slope
    middles = (level + slope * (center + kept * (centers - center))).tolist()
    return _Row(line, turn, starts, ends, middles, height)


def _part(starts: list[float], ends: list[float], most: float) -> None:
    """Let words overlap the next by no more than `most`, in place, or readers change their order.

    The wider of two is cut: it is the one whose box holds ink of others.
    """
    for k in range(len(starts) - 1):
        if ends[k] - starts[k + 1] <= most:
            continue
        if ends[k] - starts[k] > ends[k + 1] - starts[k + 1]:
            ends[k] = max(starts[k] + 1, starts[k + 1])
        else:
            starts[k + 1] = ends[k]
            ends[k + 1] = max(ends[k + 1], ends[k] + 1)


def _slope(line: Line, turn: int) -> float:
    """Rows a column that the baseline falls, the photo turned so that the line runs right."""
    if len(line.baseline) < 2:
        return 0.0
    (y1, x1), (y2, x2) = (_point(y, x, turn) for y, x in (line.baseline[0], line.baseline[-1]))
    return (y2 - y1) / (x2 - x1) if x2 > x1 else 0.0


def _point(y: float, x: float, turn: int) -> tuple[float, float]:
    """A point with the axes turned; the inverse of what `_set_row` does."""
    return ((y, x), (-x, y), (-y, -x), (x, -y))[turn]


def _turned(box: Box, turn: int) -> tuple[float, float, float, float]:
    """A box with the axes turned: y1, x1, y2, x2."""
    (ya, xa), (yb, xb) = _point(box.y1, box.x1, turn), _point(box.y2, box.x2, turn)
    return min(ya, yb), min(xa, xb), max(ya, yb), max(xa, xb)


def numbers(values: Sequence[float]) -> str:
    return " ".join(f"{value:.4f}".rstrip("0").rstrip(".") for value in values)

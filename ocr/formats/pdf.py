"""Searchable PDF: the photo or the PDF's page, and over it the text where it stands, invisible.

The text is set in a font without outlines, made here: every character that occurs gets a code, a
width of half an em, and its meaning by a ToUnicode map, so that any script can be searched and
copied and no font file is needed (PDF 32000-1:2008, 9.6.5 and 9.10.3).
"""

from __future__ import annotations

import io
import math
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack
from itertools import groupby
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

from ocr.config import install_hint
from ocr.errors import OutputError
from ocr.input.documents import PageSource
from ocr.input.pdf_pages import POINT
from ocr.input.photo import Photo
from ocr.page import Box, Line, Page

if TYPE_CHECKING:
    from pikepdf import Dictionary, Object, Pdf
    from pikepdf import Page as PdfPage

SIDES = (3, 14400)  # points that a page may be wide and high
BROKEN = (ValueError, KeyError, IndexError, TypeError, AttributeError, RuntimeError)
LONG_SIDE = 842  # points, of a photo that tells no size: A4's
HELD = 1 << 24  # bytes of pictures that are kept in memory
PIECE = 1 << 20  # bytes that are written at a time
PNG_LEVEL = 4  # of compression: a tenth larger than at the best, in a fifth of the time
CODES = 255  # characters a font holds; code 0 is left out
INVISIBLE = 3  # text rendering mode
SHOWING = ("Tj", "TJ", "'", '"')  # operators that show text

# Poppler puts words together again by measures in units of the font's size: columns part at 0.7 of
# it, a word goes on its line if it stands less than half of it higher or lower. The writing is half
# as high as the font, so that gaps and slopes of handwriting stay below that. Chosen, as the three
# numbers below, by tests/benchmarks/pdf_text.py.
EM = 1000  # glyph units
HEIGHT = EM // 2  # of the row that a line is set in
FOOT = -HEIGHT // 4  # of the row, under the baseline of the text
EXTENT = HEIGHT // 16  # what tops and bottoms of words are rounded to
WIDTH = 500  # of every glyph, before it is stretched: Poppler takes Type 3 fonts to have that
LEAST_GAP, MOST_GAP = 0.1, 2.0  # between words, in heights of the line: wider ones are bridged
OVERLAP = 0.3  # heights that a word may reach into the next
LEVEL = 1.5  # heights that a line may rise or fall and is set level

# EXIF orientation -> the matrix that lays the stored picture, a unit square, onto the upright page,
# in page widths and heights.
LAID = {
    1: (1, 0, 0, 1, 0, 0),
    2: (-1, 0, 0, 1, 1, 0),
    3: (-1, 0, 0, -1, 1, 1),
    4: (1, 0, 0, -1, 0, 1),
    5: (0, -1, -1, 0, 1, 1),
    6: (0, -1, 1, 0, 0, 1),
    7: (0, 1, 1, 0, 0, 0),
    8: (0, 1, -1, 0, 1, 0),
}


# Quarter turns clockwise at which a PDF's page is shown -> the matrix from the page as shown to its
# content, and the corner of its box to which the lower left one goes.
SHOWN = {
    0: (1, 0, 0, 1, "left", "bottom"),
    1: (0, 1, -1, 0, "right", "bottom"),
    2: (-1, 0, 0, -1, "right", "top"),
    3: (0, -1, 1, 0, "left", "top"),
}


def require() -> None:
    """Nothing, if PDFs can be written here; ahead of the work of reading.

    Raises
    ------
    OutputError
        The package that writes them is not installed.
    """
    try:
        import img2pdf  # noqa: F401
        import pikepdf  # noqa: F401
    except ImportError:
        raise OutputError(f"Writing PDF needs one more package: {install_hint('pdf')}") from None


def write(pages: Iterable[tuple[PageSource, Page]], single: bool) -> Iterator[bytes]:
    """One PDF; pictures and the pages of PDFs are taken over without loss.

    Raises
    ------
    OutputError
        See `require`.
    """
    require()
    import pikepdf

    with ExitStack() as opened:
        pdf = opened.enter_context(pikepdf.new())
        fonts = _Fonts(pdf)
        pictures = _Pictures(pdf, opened)
        originals: dict[str, Pdf] = {}
        for source, page in pages:
            photo = source.open()
            if not photo.is_pdf:
                _add_photo(pdf, fonts, pictures, photo, page)
                continue
            done = len(pdf.pages)
            try:
                if source.path not in originals:  # open until all is saved: it is copied only then
                    content = photo.source
                    stream = io.BytesIO(content) if isinstance(content, bytes) else content
                    originals[source.path] = opened.enter_context(pikepdf.open(stream))
                _add_original(pdf, fonts, originals[source.path].pages[source.number - 1], page)
            # One that is drawn and yet too broken to be taken over: by its picture.
            except (pikepdf.PdfError, *BROKEN):
                del pdf.pages[done:]
                _add_photo(pdf, fonts, pictures, photo, page)
        fonts.finish()
        pictures.finish()
        result = opened.enter_context(tempfile.TemporaryFile())
        modern = pikepdf.ObjectStreamMode.generate
        pdf.save(result, deterministic_id=True, object_stream_mode=modern)
        result.seek(0)
        while piece := result.read(PIECE):
            yield piece


Glyph = tuple[str, int, int]  # a character, and where its box begins and ends over the baseline


class _Pictures:
    """The pictures of pages, in memory up to `HELD` bytes and then in files until all is saved."""

    def __init__(self, pdf: Pdf, opened: ExitStack) -> None:
        self.pdf = pdf
        self.opened = opened
        self.held: list[tuple[PdfPage, bytes]] = []

    def show(self, sheet: PdfPage, picture: bytes) -> None:
        """Let a page have a picture, which comes as a PDF of one page, as its /Photo."""
        self.held.append((sheet, picture))
        if sum(len(content) for _, content in self.held) > HELD:
            self._set_aside()

    def finish(self) -> None:
        for sheet, picture in self.held:
            self._give(sheet, _taken_over(picture, self.pdf, self.opened))

    def _set_aside(self) -> None:
        import pikepdf

        file = tempfile.TemporaryFile()  # noqa: SIM115 - of all pages, until they are saved
        self.opened.enter_context(file)
        with ExitStack() as opened:
            aside = opened.enter_context(pikepdf.new())
            aside.Root.Photos = pikepdf.Array(
                _taken_over(picture, aside, opened) for _, picture in self.held
            )
            aside.save(file, deterministic_id=True)
        kept = self.opened.enter_context(pikepdf.open(file))
        for (sheet, _), picture in zip(self.held, kept.Root.Photos, strict=True):
            self._give(sheet, self.pdf.copy_foreign(picture))  # whose data stays in the file
        self.held.clear()

    def _give(self, sheet: PdfPage, picture: Object) -> None:
        from pikepdf import Name

        sheet.add_resource(picture, Name.XObject, Name.Photo)


def _taken_over(picture: bytes, pdf: Pdf, opened: ExitStack) -> Object:
    """The picture of a PDF of one page, in another PDF."""
    import pikepdf

    one = opened.enter_context(pikepdf.open(io.BytesIO(picture)))
    (stored,) = one.pages[0].Resources.XObject.values()  # type: ignore[operator, unused-ignore]
    return pdf.copy_foreign(stored)


class _Fonts:
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


def _add_photo(pdf: Pdf, fonts: _Fonts, pictures: _Pictures, photo: Photo, page: Page) -> None:
    """Append a page that shows a photo.

    It is shown with its writing upright: of text on its head PDFium takes the words of a line from
    right to left.
    """
    picture, orientation = _picture(photo)
    dpi = None if photo.is_pdf else photo.dpi
    scale = POINT / dpi if dpi else LONG_SIDE / max(page.height, page.width)
    shorter, longer = sorted((page.width * scale, page.height * scale))
    scale *= min(max(1.0, SIDES[0] / shorter), SIDES[1] / longer)
    width, height = page.width * scale, page.height * scale
    a, b, c, d, e, f = LAID[orientation]
    matrix = (a * width, b * height, c * width, d * height, e * width, f * height)
    sides = max(round(width, 2), SIDES[0]), max(round(height, 2), SIDES[0])
    sheet = pdf.add_blank_page(page_size=sides)
    if turns := _turns(page):
        sheet.Rotate = 360 - 90 * turns
    text = _text(fonts, page, scale)
    sheet.Contents = pdf.make_stream(f"q {_numbers(matrix)} cm /Photo Do Q\n{text}".encode())
    pictures.show(sheet, picture)
    fonts.add_to(sheet)


def _turns(page: Page) -> int:
    """The quarter turns clockwise of most of a page's writing."""
    letters = [0] * 4
    for line in page.lines:
        letters[_turn(line)] += len(line.letters)
    return letters.index(max(letters))


def _add_original(pdf: Pdf, fonts: _Fonts, original: PdfPage, page: Page) -> None:
    """Append a page of another PDF, whatever way it is turned and cropped.

    Invisible text that it has, from an earlier reading, goes.
    """
    pdf.pages.append(original)
    sheet = pdf.pages[-1]
    _drop_invisible(pdf, sheet)
    left, bottom, right, top = (float(side) for side in sheet.cropbox)
    turns = int(sheet.get("/Rotate", 0)) // 90 % 4
    width = right - left if turns % 2 == 0 else top - bottom
    a, b, c, d, *corner = SHOWN[turns]
    sides = {"left": left, "right": right, "bottom": bottom, "top": top}
    matrix = (a, b, c, d, *(sides[str(side)] for side in corner))
    text = _text(fonts, page, width / page.width)
    sheet.contents_add(b"q\n", prepend=True)  # whatever it leaves behind
    sheet.contents_add(f"\nQ q {_numbers(matrix)} cm\n{text}\nQ".encode())
    fonts.add_to(sheet)


def _drop_invisible(pdf: Pdf, sheet: PdfPage) -> None:
    """Leave out what shows text while the text is invisible."""
    from pikepdf import parse_content_stream, unparse_content_stream

    sheet.contents_coalesce()
    if "/Contents" not in sheet or f"{INVISIBLE} Tr".encode() not in sheet.Contents.read_bytes():
        return
    kept = []
    mode = 0
    saved: list[int] = []
    for instruction in parse_content_stream(sheet):
        name = str(instruction.operator)
        if name == "q":
            saved.append(mode)
        elif name == "Q" and saved:
            mode = saved.pop()
        elif name == "Tr":
            mode = int(instruction.operands[0])
        if mode != INVISIBLE or name not in SHOWING:
            kept.append(instruction)
    sheet.Contents = pdf.make_stream(unparse_content_stream(kept))


def _picture(photo: Photo) -> tuple[bytes, int]:
    """The photo as a PDF of one page holds it, and in which orientation.

    JPEG and PNG files are taken over as they are, other pictures without loss; a fax or a bilevel
    scan as bits.
    """
    import img2pdf

    stored = None if photo.is_pdf else photo.as_stored()
    content, orientation = stored or (_as_png(photo), 1)
    picture: bytes = img2pdf.convert(
        content, engine=img2pdf.Engine.internal, rotation=img2pdf.Rotation.none, nodate=True
    )
    return picture, orientation


def _as_png(photo: Photo) -> bytes:
    pixels = photo.rgb(max(photo.height, photo.width))
    red = pixels[..., 0]
    grey = all(np.array_equal(red, pixels[..., k]) for k in (1, 2))
    image = Image.fromarray(red if grey else pixels)
    if grey and np.isin(red, (0, 255)).all():
        image = image.convert("1")
    stream = io.BytesIO()
    image.save(stream, "PNG", compress_level=PNG_LEVEL)
    return stream.getvalue()


def _text(fonts: _Fonts, page: Page, scale: float) -> str:
    """The operators that set the text of a page."""
    lines = [_set_line(fonts, line, page, scale) for line in page.lines]
    return "\n".join([f"BT {INVISIBLE} Tr", *lines, "ET"]) if lines else ""


def _set_line(fonts: _Fonts, line: Line, page: Page, scale: float) -> str:
    """The operators that set a line: its words in one size and one row, or readers part them.

    Each word fills its box from left to right, stretched where the gap to the next is too wide,
    and a space the gap.
    """
    turn = _turn(line)
    cos, sin = ((1, 0), (0, 1), (-1, 0), (0, -1))[turn]  # x, y of the reading direction, y down
    starts, ends, middles, height = _row(line, turn)
    size, unit = height * EM / HEIGHT * scale, height * WIDTH / HEIGHT
    parts = []
    for k, word in enumerate(line.words):
        start, end, down = starts[k], ends[k], middles[k] + height * (0.5 + FOOT / HEIGHT)
        pieces = [(word.text, end - start, *_extent(_turned(word.box, turn), down, height))]
        if k + 1 < len(starts):
            gap = min(max(starts[k + 1] - end, LEAST_GAP * height), MOST_GAP * height)
            end = max(starts[k + 1] - gap, (start + end) / 2)
            gap = max(starts[k + 1] - end, LEAST_GAP * height)
            pieces = [(word.text, end - start, *pieces[0][2:]), (" ", gap, FOOT, FOOT + HEIGHT)]
        x, y = start * cos - down * sin, start * sin + down * cos
        place = (cos, -sin, sin, cos, x * scale, (page.height - y) * scale)
        parts.append(f"{_numbers(place)} Tm")
        for text, length, low, high in pieces:
            parts.append(f"{_numbers((100 * length / (len(text) * unit),))} Tz")
            for font, codes in fonts.runs(text, low, high):
                parts.append(f"/{font} {_numbers((size,))} Tf <{codes.hex()}> Tj")
    return " ".join(parts)


def _extent(box: tuple[float, float, float, float], down: float, height: float) -> tuple[int, int]:
    """Where a word's box begins and ends over its baseline `down`, in glyph units.

    PDFium marks words by the boxes of their glyphs; Poppler and others by the font's.
    """
    steps = HEIGHT / EXTENT / height
    low, high = round((down - box[2]) * steps), round((down - box[0]) * steps)
    return low * EXTENT, max(high, low + 1) * EXTENT


def _row(line: Line, turn: int) -> tuple[list[float], list[float], list[float], float]:
    """Where a line's words start and end, and their middles' height, in its own direction.

    The photo's axes turned so that the line runs to the right. The middles lie on a straight row,
    level if the line keeps level by `LEVEL`; the last number is the row's height, the usual one of
    its words.
    """
    boxes = [_turned(word.box, turn) for word in line.words]
    starts = [float(x1) for _, x1, _, _ in boxes]
    ends = [float(max(x2, x1 + 1)) for _, x1, _, x2 in boxes]
    centers = np.array([(x1 + x2) / 2 for _, x1, _, x2 in boxes])
    slope = _slope(line, turn)
    # a word on a slope is not as high as its box
    heights = [max(y2 - y1 - abs(slope) * (x2 - x1), (y2 - y1) / 2) for y1, x1, y2, x2 in boxes]
    height = max(float(np.median(heights)), 1.0)
    level = float(np.median([(y1 + y2) / 2 for y1, _, y2, _ in boxes] - slope * centers))
    _part(starts, ends, OVERLAP * height)
    if abs(slope) * (max(ends) - min(starts)) < LEVEL * height:
        middle = level + slope * (max(ends) + min(starts)) / 2
        return starts, ends, [middle] * len(boxes), height
    return starts, ends, (level + slope * centers).tolist(), height


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


def _turn(line: Line) -> int:
    """Quarter turns clockwise of a line of writing on the upright photo, 0 to 3."""
    if len(line.baseline) < 2:
        return 0
    (y1, x1), (y2, x2) = line.baseline[0], line.baseline[-1]
    return round(math.atan2(y2 - y1, x2 - x1) / (math.pi / 2)) % 4


def _slope(line: Line, turn: int) -> float:
    """Rows a column that the baseline falls, the photo turned so that the line runs right."""
    if len(line.baseline) < 2:
        return 0.0
    (y1, x1), (y2, x2) = (_point(y, x, turn) for y, x in (line.baseline[0], line.baseline[-1]))
    return (y2 - y1) / (x2 - x1) if x2 > x1 else 0.0


def _point(y: float, x: float, turn: int) -> tuple[float, float]:
    """A point with the axes turned; the inverse of what `_set_line` does."""
    return ((y, x), (-x, y), (-y, -x), (x, -y))[turn]


def _turned(box: Box, turn: int) -> tuple[float, float, float, float]:
    """A box with the axes turned: y1, x1, y2, x2."""
    (ya, xa), (yb, xb) = _point(box.y1, box.x1, turn), _point(box.y2, box.x2, turn)
    return min(ya, yb), min(xa, xb), max(ya, yb), max(xa, xb)


def _numbers(values: Sequence[float]) -> str:
    return " ".join(f"{value:.4f}".rstrip("0").rstrip(".") for value in values)

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
from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

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
QUALITY = 90  # of JPEG, for pictures that were none
CODES = 255  # characters a font holds; code 0 is left out
EM = 1000  # glyph units
WIDTH = 500  # of every glyph, before it is stretched: Poppler takes Type 3 fonts to have that
INVISIBLE = 3  # text rendering mode
SHOWING = ("Tj", "TJ", "'", '"')  # operators that show text
STRETCH = 0.5  # width of a space, in letter heights, where the gap is none

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
        import pikepdf  # noqa: F401
    except ImportError:
        raise OutputError('Writing PDF needs one more package: pip install "ocr[pdf]"') from None


def write(pages: Iterable[tuple[PageSource, Page]], single: bool) -> Iterator[bytes]:
    """One PDF; a JPEG photo or a PDF's page is taken over as it is, without loss.

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


@dataclass(frozen=True)
class _Picture:
    """A picture as a PDF stores it: JPEG, or rows of bits."""

    data: bytes
    size: tuple[int, int]  # width, height
    grey: bool
    bilevel: bool = False

    def stored(self, pdf: Pdf) -> Object:
        from pikepdf import Name

        stored = pdf.make_stream(self.data)
        if not self.bilevel:
            stored.Filter = Name.DCTDecode
        stored.BitsPerComponent = 1 if self.bilevel else 8
        stored.ColorSpace = Name.DeviceGray if self.grey else Name.DeviceRGB
        stored.Type, stored.Subtype = Name.XObject, Name.Image
        stored.Width, stored.Height = self.size
        return stored


class _Pictures:
    """The pictures of pages, in memory up to `HELD` bytes and then in files until all is saved."""

    def __init__(self, pdf: Pdf, opened: ExitStack) -> None:
        self.pdf = pdf
        self.opened = opened
        self.held: list[tuple[PdfPage, _Picture]] = []

    def show(self, sheet: PdfPage, picture: _Picture) -> None:
        """Let a page have the picture as its /Photo."""
        self.held.append((sheet, picture))
        if sum(len(one.data) for _, one in self.held) > HELD:
            self._set_aside()

    def finish(self) -> None:
        for sheet, picture in self.held:
            self._give(sheet, picture.stored(self.pdf))

    def _set_aside(self) -> None:
        import pikepdf

        file = tempfile.TemporaryFile()  # noqa: SIM115 - of all pages, until they are saved
        self.opened.enter_context(file)
        with pikepdf.new() as aside:
            aside.Root.Photos = pikepdf.Array(picture.stored(aside) for _, picture in self.held)
            aside.save(file, deterministic_id=True)
        kept = self.opened.enter_context(pikepdf.open(file))
        for (sheet, _), picture in zip(self.held, kept.Root.Photos, strict=True):
            self._give(sheet, self.pdf.copy_foreign(picture))  # whose data stays in the file
        self.held.clear()

    def _give(self, sheet: PdfPage, picture: Object) -> None:
        from pikepdf import Name

        sheet.add_resource(picture, Name.XObject, Name.Photo)


class _Fonts:
    """Fonts without outlines that hold the characters asked for, as many as are needed."""

    def __init__(self, pdf: Pdf) -> None:
        self.pdf = pdf
        self.codes: dict[str, int] = {}
        self.made: dict[str, Object] = {}

    def runs(self, text: str) -> Iterator[tuple[str, bytes]]:
        """(font, codes) of stretches of `text`."""
        from pikepdf import Dictionary

        places = [self.codes.setdefault(character, len(self.codes)) for character in text]
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
        characters = list(self.codes)
        for k, font in enumerate(self.made.values()):
            held = characters[k * CODES : (k + 1) * CODES]
            for key, value in self._font(held).items():
                font[key] = value

    def _font(self, characters: Sequence[str]) -> Dictionary:
        from pikepdf import Array, Dictionary, Name

        glyph = self.pdf.make_stream(f"{WIDTH} 0 0 0 {WIDTH} {EM} d1".encode())
        names = [Name(f"/g{code}") for code in range(1, len(characters) + 1)]
        return Dictionary(
            Type=Name.Font,
            Subtype=Name.Type3,
            Name=Name("/Invisible"),
            FontBBox=[0, 0, WIDTH, EM],
            FontDescriptor=Dictionary(
                Type=Name.FontDescriptor,
                FontName=Name("/Invisible"),
                Flags=4,  # symbolic: its own encoding
                FontBBox=[0, 0, WIDTH, EM],
                ItalicAngle=0,
                Ascent=EM,
                Descent=-1,  # Poppler takes none for not told
            ),
            FontMatrix=[1 / EM, 0, 0, 1 / EM, 0, 0],
            CharProcs=Dictionary({str(name): glyph for name in names}),
            Encoding=Dictionary(Type=Name.Encoding, Differences=Array([1, *names])),
            FirstChar=1,
            LastChar=len(characters),
            Widths=[WIDTH] * len(characters),
            Resources=Dictionary(),
            ToUnicode=self.pdf.make_stream(_to_unicode(characters)),
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
    """Append a page that shows a photo."""
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
    text = _text(fonts, page, scale)
    sheet.Contents = pdf.make_stream(f"q {_numbers(matrix)} cm /Photo Do Q\n{text}".encode())
    pictures.show(sheet, picture)
    fonts.add_to(sheet)


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


def _picture(photo: Photo) -> tuple[_Picture, int]:
    """The photo as it is stored, and in which orientation."""
    found = None if photo.is_pdf else photo.jpeg()
    if found is None:
        pixels = photo.rgb(max(photo.height, photo.width))
        grey = bool(np.array_equal(pixels[..., 0], pixels[..., 1])) and bool(
            np.array_equal(pixels[..., 1], pixels[..., 2])
        )
        image = Image.fromarray(pixels[..., 0] if grey else pixels)
        if grey and np.isin(pixels[..., 0], (0, 255)).all():  # a fax or a bilevel scan
            bits = image.convert("1").tobytes()
            return _Picture(bits, image.size, grey=True, bilevel=True), 1
        stream = io.BytesIO()
        image.save(stream, "JPEG", quality=QUALITY)
        found = stream.getvalue(), 1
    content, orientation = found
    with Image.open(io.BytesIO(content)) as image:
        return _Picture(content, image.size, grey=image.mode == "L"), orientation


def _text(fonts: _Fonts, page: Page, scale: float) -> str:
    """The operators that set the text of a page."""
    if not page.lines:
        return ""
    parts = [f"BT {INVISIBLE} Tr"]
    for line in page.lines:
        turn = _turn(line)
        for k, word in enumerate(line.words):
            parts.append(_set(fonts, word.text, word.box, turn, page, scale))
            if k + 1 < len(line.words):
                gap = _gap(word.box, line.words[k + 1].box, turn)
                parts.append(_set(fonts, " ", gap, turn, page, scale))
    parts.append("ET")
    return "\n".join(parts)


def _turn(line: Line) -> int:
    """Quarter turns clockwise of a line of writing on the upright photo, 0 to 3."""
    if len(line.baseline) < 2:
        return 0
    (y1, x1), (y2, x2) = line.baseline[0], line.baseline[-1]
    return round(math.atan2(y2 - y1, x2 - x1) / (math.pi / 2)) % 4


def _gap(box: Box, following: Box, turn: int) -> Box:
    """Where the space after a word stands; half a letter wide where there is no gap."""
    if turn % 2 == 0:
        least = max(1, round(box.height * STRETCH))
        if turn == 0:
            return Box(box.y1, box.x2, box.y2, max(following.x1, box.x2 + least))
        return Box(box.y1, min(following.x2, box.x1 - least), box.y2, box.x1)
    least = max(1, round(box.width * STRETCH))
    if turn == 1:
        return Box(box.y2, box.x1, max(following.y1, box.y2 + least), box.x2)
    return Box(min(following.y2, box.y1 - least), box.x1, box.y1, box.x2)


def _set(fonts: _Fonts, text: str, box: Box, turn: int, page: Page, scale: float) -> str:
    """The operators that set `text` so that it fills `box`, read in the direction of `turn`."""
    along, across = (box.width, box.height) if turn % 2 == 0 else (box.height, box.width)
    x = box.x1 if turn in (0, 1) else box.x2
    y = box.y2 if turn in (0, 3) else box.y1
    cos, sin = ((1, 0), (0, -1), (-1, 0), (0, 1))[turn]
    size = across * scale
    place = (cos, sin, -sin, cos, x * scale, (page.height - y) * scale)
    stretch = 100 * along / (len(text) * across * WIDTH / EM)
    parts = [f"{_numbers((stretch,))} Tz {_numbers(place)} Tm"]
    for font, codes in fonts.runs(text):
        parts.append(f"/{font} {_numbers((size,))} Tf <{codes.hex()}> Tj")
    return " ".join(parts)


def _numbers(values: Sequence[float]) -> str:
    return " ".join(f"{value:.4f}".rstrip("0").rstrip(".") for value in values)

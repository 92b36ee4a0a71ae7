"""Searchable PDF: the photo or the PDF's page, and over it the text where it stands, invisible.

The text is that of `ocr.formats.pdf_text`.
"""

from __future__ import annotations

import io
import logging
import re
import tempfile
import unicodedata
import warnings
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import replace
from itertools import groupby
from typing import TYPE_CHECKING, Any

import numpy as np
from PIL import Image

from ocr.config import install_hint
from ocr.errors import ImageError, OutputError
from ocr.formats.pdf_text import INVISIBLE, Fonts, numbers, page_text
from ocr.formats.placing import turn_of
from ocr.input.documents import PageSource
from ocr.input.pdf_pages import POINT, typed_words
from ocr.input.photo import Photo
from ocr.page import Page, Word

if TYPE_CHECKING:
    from pikepdf import Object, Pdf
    from pikepdf import Page as PdfPage

Rectangle = tuple[float, float, float, float]  # left, bottom, right, top in points

SIDES = (3, 14400)  # points that a page may be wide and high
BROKEN = (ValueError, KeyError, IndexError, TypeError, AttributeError, RuntimeError)
LETTER = (0.0, 0.0, 612.0, 792.0)  # of a page that tells no size
LONG_SIDE = 842  # points, of a photo that tells no size: A4's
HELD = 1 << 24  # bytes of pictures that are kept in memory
PIECE = 1 << 20  # bytes that are written at a time
PNG_LEVEL = 4  # of compression: a tenth larger than at the best, in a fifth of the time
SHOWING = ("Tj", "TJ", "'", '"')  # operators that show text
PAINTING = {  # and those that show anything
    *(*SHOWING, "Do", "sh", "INLINE IMAGE"),
    *("S", "s", "f", "F", "f*", "B", "B*", "b", "b*"),
}
MADE_INVISIBLE = re.compile(rf"\b{INVISIBLE}\s+Tr\b".encode())

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


# Quarter turns -> the matrix that turns a picture against the clock onto a box, and the corner of
# the box to which its lower left one goes. What /Rotate turns with the clock is upright by it.
SHOWN = {
    0: (1, 0, 0, 1, "left", "bottom"),
    1: (0, 1, -1, 0, "right", "bottom"),
    2: (-1, 0, 0, -1, "right", "top"),
    3: (0, -1, 1, 0, "left", "top"),
}


def require() -> None:
    """Check, before anything is read, that PDFs can be written.

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
        fonts = Fonts(pdf)
        pictures = _Pictures(pdf, opened)
        originals: dict[str, Pdf] = {}
        cleaned: set[tuple[int, int]] = set()
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
                original = originals[source.path].pages[source.number - 1]
                _add_original(pdf, fonts, original, _without_typed(page, photo), cleaned)
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


def _add_photo(pdf: Pdf, fonts: Fonts, pictures: _Pictures, photo: Photo, page: Page) -> None:
    """Append a page that shows a photo.

    It is laid with its writing upright, and not turned by the page's /Rotate: of text on its head
    PDFium takes the words of a line from right to left, of text on its side it mixes near lines.
    """
    picture, orientation = _picture(photo)
    dpi = None if photo.is_pdf else photo.dpi
    scale = POINT / dpi if dpi else LONG_SIDE / max(page.height, page.width)
    stretch = 1.0 if photo.is_pdf else photo.pixel_height
    shorter, longer = sorted((page.width * scale, page.height * scale * stretch))
    scale *= min(max(1.0, SIDES[0] / shorter), SIDES[1] / longer)
    width, height = page.width * scale, page.height * scale
    a, b, c, d, e, f = LAID[orientation]
    laid = (a * width, b * height, c * width, d * height, e * width, f * height)
    turns = turns_of(page)
    right, top = (width, height * stretch)[:: 1 if turns % 2 == 0 else -1]
    sides = max(round(right, 2), SIDES[0]), max(round(top, 2), SIDES[0])
    sheet = pdf.add_blank_page(page_size=sides)
    turned = f"{numbers(_turned(turns, (0, 0, right, top)))} cm\n" if turns else ""
    stretched = f"{numbers((1, 0, 0, stretch, 0, 0))} cm\n" if stretch != 1 else ""
    text = page_text(fonts, page, scale)
    content = f"{turned}{stretched}q {numbers(laid)} cm /Photo Do Q\n{text}"
    sheet.Contents = pdf.make_stream(content.encode())
    pictures.show(sheet, picture)
    fonts.add_to(sheet)


def _turned(turns: int, box: Sequence[float]) -> tuple[float, ...]:
    """The matrix that lays a picture, turned against the clock, onto a box (left, bottom, ...)."""
    left, bottom, right, top = box
    a, b, c, d, *corner = SHOWN[turns]
    sides = {"left": left, "right": right, "bottom": bottom, "top": top}
    return (a, b, c, d, *(sides[str(side)] for side in corner))


def turns_of(page: Page) -> int:
    """The quarter turns clockwise of most of a page's writing."""
    letters = [0] * 4
    for line in page.lines:
        letters[turn_of(line.baseline)] += len(line.letters)
    return letters.index(max(letters))


def _add_original(
    pdf: Pdf, fonts: Fonts, original: PdfPage, page: Page, cleaned: set[tuple[int, int]]
) -> None:
    """Append a page of another PDF, whatever way it is turned and cropped.

    Invisible text that it has, from an earlier reading, goes.
    """
    pdf.pages.append(original)
    sheet = pdf.pages[-1]
    _drop_invisible(pdf, sheet, cleaned)
    box = left, bottom, right, top = _shown_box(sheet)
    turns = int(sheet.get("/Rotate", 0)) // 90 % 4
    width = right - left if turns % 2 == 0 else top - bottom
    matrix = _turned(turns, box)
    text = page_text(fonts, page, width / page.width)
    # Ahead of the page's own, which may leave any state behind.
    sheet.contents_add(f"q {numbers(matrix)} cm\n{text}\nQ\n".encode(), prepend=True)
    fonts.add_to(sheet)


def _without_typed(page: Page, photo: Photo) -> Page:
    """A page without words that its PDF shows as text: they would be found twice, or misread.

    The text must be the same at the same place, or of another script than those that are read.
    """
    typed: list[tuple[str, list[int]]] = []
    with suppress(ImageError):
        typed = typed_words(photo.source, photo.name, photo.page, (page.width, page.height))

    boxes = np.array([box for _, box in typed]).reshape(-1, 4)

    def stands(word: Word) -> bool:
        middle = (word.box.x1 + word.box.x2) / 2, (word.box.y1 + word.box.y2) / 2
        there = ((boxes[:, :2] <= middle) & (boxes[:, 2:] >= middle)).all(axis=1)
        texts = [typed[k][0] for k in np.flatnonzero(there)]
        return any(_bare(text) == _bare(word.text) or not _is_latin(text) for text in texts)

    lines = [
        replace(line, words=tuple(words))
        for line in page.lines
        for there, words in groupby(line.words, stands)
        if not there
    ]
    return replace(page, lines=tuple(lines))


def _bare(text: str) -> str:
    """A word without case and punctuation, if it is more than that."""
    return "".join(filter(str.isalnum, text)).casefold() or text


def _is_latin(text: str) -> bool:
    return all(unicodedata.name(x, "").startswith("LATIN") for x in text if x.isalpha())


def _shown_box(sheet: PdfPage) -> Rectangle:
    """The part of a page that is shown: its crop box, as far as that is within its media box.

    As viewers take them: any two corners tell a box, and one without an area does not count.
    """
    media = _rectangle(sheet.mediabox) or LETTER
    crop = _rectangle(sheet.cropbox) or media
    left, bottom = max(media[0], crop[0]), max(media[1], crop[1])
    right, top = min(media[2], crop[2]), min(media[3], crop[3])
    if left >= right or bottom >= top:
        raise ValueError("nothing of the page is shown")
    return left, bottom, right, top


def _rectangle(corners: Iterable[Any]) -> Rectangle | None:
    x1, y1, x2, y2 = (float(side) for side in corners)
    if x1 == x2 or y1 == y2:
        return None
    return min(x1, x2), min(y1, y2), max(x1, x2), max(y1, y2)


def _drop_invisible(pdf: Pdf, sheet: PdfPage, cleaned: set[tuple[int, int]]) -> None:
    """Leave out what shows text while the text is invisible, in a page and in the forms it shows.

    `cleaned` are the forms of which that was done: pages may share them.
    """
    from pikepdf import Dictionary, PdfError

    sheet.contents_coalesce()
    if "/Contents" not in sheet:
        return
    for form in _forms(sheet, cleaned):
        content = None
        with suppress(PdfError, *BROKEN):  # what cannot be understood stays as it is
            content = _without_invisible(form)
        if content is not None:
            form.write(content)
            if not content:
                form.Resources = Dictionary()  # without the fonts that it had
    content = _without_invisible(sheet)
    if content is not None:
        sheet.Contents = pdf.make_stream(content)


def _forms(sheet: PdfPage, known: set[tuple[int, int]]) -> Iterator[Object]:
    """The forms that a page shows, and that those show; without known ones, all then known."""
    from pikepdf import Dictionary, PdfError, Stream

    waiting: list[Any] = [sheet]
    while waiting:
        one = waiting.pop()
        resources = one.get("/Resources")
        held = resources.get("/XObject") if isinstance(resources, Dictionary) else None
        if not isinstance(held, Dictionary):
            continue
        forms = {
            name: other
            for name, other in held.items()
            if isinstance(other, Stream) and other.get("/Subtype") == "/Form"
        }
        showing: list[Any] = []
        with suppress(PdfError, *BROKEN):
            showing = _parsed(one, "Do") if forms else []
        for instruction in showing:
            form = forms.get(" ".join(str(operand) for operand in instruction.operands))
            if form is not None and form.objgen not in known:
                known.add(form.objgen)
                waiting.append(form)
                yield form


def _without_invisible(shown: PdfPage | Object) -> bytes | None:
    """The content of a page or form without its invisible text; None if it has none.

    It is empty where nothing visible is left. Only the mode that a form sets itself counts: it may
    be shown from several places, in several modes.
    """
    from pikepdf import Page as PdfPage
    from pikepdf import unparse_content_stream

    content = shown.Contents if isinstance(shown, PdfPage) else shown
    if not MADE_INVISIBLE.search(content.read_bytes()):
        return None
    kept = []
    mode = 0
    saved: list[int] = []
    for instruction in _parsed(shown):
        name = str(instruction.operator)
        if name == "q":
            saved.append(mode)
        elif name == "Q" and saved:
            mode = saved.pop()
        elif name == "Tr":
            mode = int(instruction.operands[0])
        if mode != INVISIBLE or name not in SHOWING:
            kept.append(instruction)
    if not any(str(instruction.operator) in PAINTING for instruction in kept):
        return b""
    return unparse_content_stream(kept)


def _parsed(shown: PdfPage | Object, operators: str = "") -> list[Any]:
    """The instructions of a page or form, or those of some operators."""
    from pikepdf import parse_content_stream

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of odd content, which viewers take as well
        return list(parse_content_stream(shown, operators))


def _picture(photo: Photo) -> tuple[bytes, int]:
    """The photo as a PDF of one page holds it, and in which orientation.

    JPEG and PNG files are taken over as they are, of an MPO its first JPEG, other pictures without
    loss; a fax or a bilevel scan as bits.
    """
    import img2pdf

    stored = None if photo.is_pdf else photo.as_stored()
    content, orientation = stored or (_as_png(photo), 1)
    with _quiet(logging.getLogger(img2pdf.__name__)):
        picture: bytes = img2pdf.convert(
            content,
            engine=img2pdf.Engine.internal,
            rotation=img2pdf.Rotation.none,
            nodate=True,
            first_frame_only=True,
        )
    return picture, orientation


@contextmanager
def _quiet(logger: logging.Logger) -> Iterator[None]:
    """Without what img2pdf says of odd color profiles and of its page's size, which is not ours."""
    before, logger.disabled = logger.disabled, True
    try:
        yield
    finally:
        logger.disabled = before


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

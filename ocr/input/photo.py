"""Open a photo or scan from a file, a stream or stdin, upright and at the size that is wanted.

A `Photo` holds only where its picture comes from; the picture is decoded when it is asked for, at
about the size it is asked for, so that a twelve-megapixel photo costs little time and memory.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace
from functools import cached_property
from os import PathLike
from pathlib import Path
from typing import IO

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageFilter

from ocr.config import DPI
from ocr.errors import ImageError
from ocr.input.decoding import (
    check_bytes,
    count_frames,
    draft_jpeg2000,
    holds_more,
    loaded,
    no_such_page,
    opened,
    orientation_of,
)
from ocr.input.pdf_pages import (
    MAX_DRAWN,
    POINT,
    is_pdf,
    page_count,
    page_measures,
    rendered,
    without_page,
)
from ocr.input.pixels import flattened, reduced
from ocr.input.sources import read_source, read_stream

OWN_DPI = (36, 600)  # of a PDF page's picture that is taken for the page's
SCAN_DPI = (100, 2400)  # what scanners are set to
MOST_UNLIKE = 4  # times as many dots across as down, or the other way round, at most
PDF_MARGIN = 2  # times the wanted size that a page is drawn at: its pictures are not averaged over

MAX_PIXELS = 300_000_000  # declared size: three times the largest phone camera
MAX_DECODED_PIXELS = 150_000_000  # really decoded: 0.6 GB as color; an A4 scan at 1200 dpi fits

GREY = ("1", "L", "LA")  # modes of pictures without color
DRAFTED = ("JPEG", "MPO")  # can be decoded smaller; MPO is what phones call a JPEG with a preview
STORED = (
    *(("JPEG", "L"), ("JPEG", "RGB"), ("MPO", "L"), ("MPO", "RGB")),
    *(("PNG", "1"), ("PNG", "L"), ("PNG", "RGB")),
)
MP_ENTRY = 0xB002  # of an MPO: what it tells of its pictures
JPEG_END = b"\xff\xd9"
KEPT = 1400  # px: the copy that is kept when decoded has a longer side of once to twice this
WHOLE = 3600  # px: what has to be decoded whole is kept so up to this longer side
NEARLY = 1.1  # times that copy's size: as much less is given, where more would be decoded again
SHADES = slice(32, 224)  # brightness between black and white, of 255
SHADED = 0.005  # of the pixels of a picture in black and white; one with smooth edges has more
PAGE = 200  # px, longer side from which a picture may be a page
SOFT = 0.8  # px, standard deviation of what smooths such a picture, see `Photo.grey`
UPRIGHT = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}  # EXIF orientation -> what makes it upright
SIDEWAYS = 5  # orientations from this on have height and width exchanged


@dataclass(frozen=True)
class Photo:
    """An image file that can be opened.

    Attributes
    ----------
    name : str
        How messages call it.
    height, width : int
        Pixels of the upright original, EXIF orientation applied.
    source : Path or bytes
        The file, or its content where it came through a pipe.
    page : int
        Which page of it, from 1.
    state : (int, int), optional
        Date and size of the file: another one in its place is not taken for it.
    more : bool
        Whether the file holds other pictures that are no pages, such as the rest of an animation.
    """

    name: str
    height: int
    width: int
    source: Path | bytes = field(repr=False)
    page: int = 1
    state: tuple[int, int] | None = field(default=None, repr=False, compare=False)
    more: bool = field(default=False, repr=False)

    def grey(self, long_side: int) -> NDArray[np.float32]:
        """The whole upright picture in grey, reduced by averaging over areas.

        One in black and white alone, see `two_valued`, is smoothed: both networks know pictures
        with shades.

        Parameters
        ----------
        long_side : int
            Pixels of the longer side of the result at most; a picture is never enlarged, and may
            be smaller by a tenth where that spares decoding it again.

        Returns
        -------
        (H, W) float32 array
            In [0, 1], 0 black, 1 white; transparent parts are white. Row y of it is row
            ``y * height / H`` of the original.

        Raises
        ------
        ImageError
            The picture is truncated or damaged.
        """
        image = self._picture(long_side, "L")
        if image.mode == "F":
            return np.clip(np.asarray(image, dtype=np.float32), 0.0, 1.0)
        grey = np.array(image, dtype=np.float32)
        grey /= 255
        return grey

    def rgb(self, long_side: int) -> NDArray[np.uint8]:
        """The same picture in color: `(H, W, 3)` uint8; see `grey`."""
        image = self._picture(long_side, "RGB")
        if image.mode == "F":
            grey = np.clip(np.asarray(image) * 255, 0, 255).round().astype(np.uint8)
            return np.repeat(grey[:, :, np.newaxis], 3, axis=2)
        return np.array(image)

    @property
    def is_pdf(self) -> bool:
        """Whether it is a page of a PDF, which has no pixels of its own."""
        return is_pdf(self.source, self.name)

    def as_stored(self) -> tuple[bytes, int] | None:
        """The file as it is, and its EXIF orientation (1 to 8), if other formats can hold it so.

        That is a grey or color JPEG, or a PNG of 8 bits or one without transparent parts. Of a JPEG
        of several pictures (MPO) it is the first. Not to be asked of a PDF's page.
        """
        self._check()
        with opened(self.source, self.name, self.page) as image:
            if (image.format, image.mode) not in STORED or "transparency" in image.info:
                return None
            orientation = orientation_of(image)
            entries = image.mpinfo[MP_ENTRY] if image.format == "MPO" else ()  # type: ignore[attr-defined]
        content = self.source if isinstance(self.source, bytes) else self.source.read_bytes()
        if entries:
            content = content[: entries[0]["Size"]]
            if not content.endswith(JPEG_END):  # it tells a wrong length
                return None
        return content, orientation

    @property
    def dpi(self) -> float | None:
        """Dots per inch that the file tells, where it is a scan's: 72 and 96 mean nothing."""
        with opened(self.source, self.name, self.page) as image:
            return scan_dpi(image)

    @property
    def pixel_height(self) -> float:
        """How high a pixel is for its width: a fax has half as many dots down as across."""
        with opened(self.source, self.name, self.page) as image:
            high = pixel_height(image)
            turned = image.format != "TIFF" and orientation_of(image) >= SIDEWAYS
        return 1 / high if turned else high

    def _check(self) -> None:
        """Refuse a file that is no longer the one that was opened."""
        now = _state(self.source)
        if self.state is not None and now is not None and now != self.state:
            raise ImageError(f"{self.name}: changed since it was opened. Read it again.")

    def _picture(self, long_side: int, mode: str) -> Image.Image:
        """Upright, reduced picture of `mode`, or of mode F in [0, 1] where samples are deep."""
        if long_side < 1:
            raise ValueError(f"long_side must be at least 1, got {long_side}")
        kept_side, _ = self._kept_as
        if min(long_side, max(self.height, self.width)) > NEARLY * kept_side:
            return self._decode(long_side, mode)
        kept = self._kept_grey if mode == "L" else self._kept
        small = reduced(kept, self._size(min(long_side, kept_side)), None)
        return small.convert(mode) if small.mode == "L" else small

    @cached_property
    def _kept_as(self) -> tuple[int, str]:
        """Longer side and mode of the copy that smaller ones are made from.

        The side is that to which a JPEG decodes; of a file without color the copy has none.
        """
        longer = max(self.height, self.width)
        side = -(-longer // (1 << max(0, (longer // KEPT).bit_length() - 1)))
        if is_pdf(self.source, self.name):
            return side, "RGB"
        with opened(self.source, self.name, self.page) as image:
            if image.format not in DRAFTED:  # it is decoded whole in any case
                side = longer if longer <= WHOLE else 2 * KEPT
            return side, "L" if image.mode in GREY else "RGB"

    @cached_property
    def _kept(self) -> Image.Image:
        """That copy, of mode F if samples are deep; decoding takes long though little is wanted."""
        return self._decode(*self._kept_as)

    @cached_property
    def _kept_grey(self) -> Image.Image:
        grey = self._kept.convert("L") if self._kept.mode == "RGB" else self._kept
        whole = max(grey.size) == max(self.height, self.width)
        return grey.filter(ImageFilter.GaussianBlur(SOFT)) if whole and two_valued(grey) else grey

    def _size(self, long_side: int) -> tuple[int, int]:
        """Width and height of the upright picture, reduced to a longer side at most."""
        scale = min(1.0, long_side / max(self.height, self.width))
        return max(1, round(self.width * scale)), max(1, round(self.height * scale))

    def _decode(self, long_side: int, mode: str) -> Image.Image:
        """As `_picture`, from the file; a JPEG at a half, quarter or eighth where that does."""
        self._check()
        width, height = self._size(long_side)
        if is_pdf(self.source, self.name):
            sides = self._size(PDF_MARGIN * long_side)
            return flattened(
                rendered(self.source, self.name, self.page, sides), mode, (width, height)
            )
        with opened(self.source, self.name, self.page) as image:
            orientation = orientation_of(image)
            size = (height, width) if orientation >= SIDEWAYS else (width, height)
            # a pixel less: half of an odd side is rounded up
            wanted = mode, (max(1, size[0] - 1), max(1, size[1] - 1))
            draft = image.draft(*wanted)
            whole = draft[1] if draft else None
            if image.format == "JPEG2000":
                draft_jpeg2000(image, size)
            stored = (
                (self.height, self.width) if orientation >= SIDEWAYS else (self.width, self.height)
            )
            check_bytes(image, self.name, *stored)
            decoded = loaded(image, self.source, wanted)
            if image.format == "TIFF":  # Pillow has turned it upright
                orientation, size = 1, (width, height)
            small = flattened(decoded, mode, size, whole)
        if orientation in UPRIGHT:
            small = small.transpose(UPRIGHT[orientation])
        return small


def two_valued(grey: Image.Image) -> bool:
    """Whether a page has no shades, as a fax and what was dithered: its edges are jagged, and dots
    stand for what was grey. Small pictures of a letter or a word are no pages."""
    if grey.mode != "L" or max(grey.size) < PAGE:
        return False
    counts = grey.histogram()
    return sum(counts[SHADES]) <= SHADED * sum(counts)


def _state(source: Path | bytes) -> tuple[int, int] | None:
    """Date and size of a file; None of what is none, which is told where it is opened."""
    try:
        about = None if isinstance(source, bytes) else source.stat()
    except OSError:
        return None
    return about and (about.st_mtime_ns, about.st_size)


def pixel_height(image: Image.Image) -> float:
    """How high a picture's pixels are for their width, if it tells that as a scan does; else 1."""
    try:
        across, down = map(float, image.info["dpi"])
    except (KeyError, TypeError, ValueError):  # a program may have put anything there
        return 1.0
    more, less = max(across, down), min(across, down)
    known = SCAN_DPI[0] <= more <= SCAN_DPI[1] and more <= MOST_UNLIKE * less
    return across / down if known else 1.0


def scan_dpi(image: Image.Image) -> float | None:
    """Dots per inch that a picture tells, if they are those of a scan."""
    try:
        dpi = float(image.info["dpi"][0])
    except (KeyError, IndexError, TypeError, ValueError):  # a program may have put anything there
        return None
    return dpi if SCAN_DPI[0] <= dpi <= SCAN_DPI[1] else None


def open_image(
    source: str | PathLike[str] | IO[bytes],
    name: str | None = None,
    page: int = 1,
    dpi: int | None = None,
) -> Photo:
    """Find out whether something is a picture, and how large.

    Only the header is read; damage further on shows when the picture is decoded.

    Parameters
    ----------
    source : str, path-like or binary stream
        A file, ``"-"`` for stdin, or a stream, which is read to its end. Of an animation the first
        frame counts.
    name : str, optional
        How messages call it; by default its path, or "stdin".
    page : int
        Page of a TIFF or PDF file, from 1.
    dpi : int, optional
        Dots per inch that a PDF page is taken to have: its `height` and `width` follow from it. By
        default those of the picture on it, where one covers a good part of it, else 300.

    Returns
    -------
    Photo

    Raises
    ------
    ImageError
        It is missing, empty, a folder, not a picture, damaged or unreasonably large, has no such
        page, or needs a package that is not installed.
    """
    if isinstance(source, (str, PathLike)):
        name = name or ("stdin" if str(source) == "-" else str(source))
        content = read_source(source, name)
    else:
        name = name or str(getattr(source, "name", "stream"))
        content = read_stream(source, name)

    state = _state(content)
    if is_pdf(content, name):
        return replace(_pdf_page(content, name, page, dpi), state=state)
    with opened(content, name, page) as image:
        width, height = image.size
        if width * height > MAX_PIXELS:
            raise ImageError(too_large(name, width, height, MAX_PIXELS))
        if image.format not in (*DRAFTED, "JPEG2000"):  # those may be decoded smaller
            check_bytes(image, name, width, height)
        if orientation_of(image) >= SIDEWAYS:
            if image.format == "TIFF":  # Pillow turns it, some versions not before decoding
                image.load()
                width, height = image.size
            else:
                width, height = height, width
        more = holds_more(image)
    return Photo(name, height, width, content, page, state, more)


def _pdf_page(content: Path | bytes, name: str, page: int, dpi: int | None) -> Photo:
    measures = page_measures(content, name, page, own=dpi is None)
    if not measures.width or not measures.height:
        raise ImageError(no_such_page(name, page, measures.pages))
    if dpi is None:
        own = measures.dpi or DPI
        # A whole page of a plan at the resolution of letters is more than can be read.
        most = POINT * math.sqrt(MAX_DRAWN / (measures.width * measures.height))
        scale = min(max(own, OWN_DPI[0]), OWN_DPI[1], most) / POINT
    else:
        scale = dpi / POINT
    width, height = max(1, round(measures.width * scale)), max(1, round(measures.height * scale))
    if width * height > MAX_DECODED_PIXELS:
        raise ImageError(
            f"{name}: {width} x {height} pixels at {dpi} dots per inch are too many. "
            "Set a lower --dpi."
        )
    return Photo(name, height, width, content, page)


def count_pages(content: Path | bytes, name: str) -> int:
    """How many pages a TIFF or PDF file has; 1 of any other picture.

    Raises
    ------
    ImageError
        It is not a picture, or damaged.
    """
    if is_pdf(content, name):
        pages = page_count(content, name)
        if pages == 0:
            raise ImageError(without_page(name))
        return pages
    return count_frames(content, name)


def too_large(name: str, width: int, height: int, limit: int) -> str:
    return (
        f"{name}: {width} x {height} pixels are more than can be read safely "
        f"({limit // 1_000_000} megapixels). Make it smaller and retry."
    )

"""Decode picture files with Pillow: every format, its frames, the way up, what it may cost."""

from __future__ import annotations

import errno
import io
import logging
import os
import struct
import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext, suppress
from pathlib import Path
from typing import IO

import numpy as np
from PIL import (
    Image,
    ImageChops,
    ImagePalette,
    PngImagePlugin,
    TiffImagePlugin,
    UnidentifiedImageError,
)

from ocr.config import install_hint
from ocr.errors import ImageError
from ocr.input.bounds import Pieces, check_pieces, honest_exif, part_bytes
from ocr.input.sources import check_single, first_bytes, reason_of
from ocr.input.tiff import (
    BITS,
    ORIENTATION,
    PHOTOMETRIC,
    damaged_or_odd,
    misread,
    page_offsets,
    read_samples,
)
from ocr.memory import is_short, no_memory

# Raster formats whose decoders read one file and start no other program (EPS would): all that the
# program opens anywhere, training data included.
FORMATS = ("JPEG", "PNG", "GIF", "BMP", "PPM", "TIFF", "WEBP", "JPEG2000", "AVIF")

ANIMATED = ("GIF", "PNG", "WEBP", "AVIF", "HEIF")  # of them, those that may hold several pictures

HEIF_BRANDS = (b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx")
ANY_BRANDS = (b"mif1", b"msf1")  # of a container whatever it holds; others behind it tell
AVIF_BRANDS = (b"avif", b"avis")
TIFF_MAGIC = (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")
# TIFF tags.
STRIP_ROWS, TILE_WIDTH, TILE_HEIGHT = 278, 322, 323
YCBCR = 6  # photometric interpretation
SETTING = threading.Lock()  # of what is set for all of Pillow
EXIF_TEXT = "Raw profile type exif"  # name of a PNG's text that older programs put EXIF into
MAX_EXIF_TEXT = 1 << 18  # characters of it
PNG_TAIL = 1 << 16  # bytes at a PNG's end searched for EXIF, which is at most that long

MAX_DECODED_BYTES = 400 << 20  # that decoding a picture may need; the rest of the program takes 150
# Bytes a pixel that decoders need at their height, measured on 16 megapixels with Pillow 12: WebP
# and AVIF decode in color whatever is in them. Of JPEG 2000 it is for each channel.
COSTS = {"WEBP": 17, "AVIF": 10, "HEIF": 8}
JPEG2000_COST = 7
MAX_TEXT = 16 << 20  # bytes of a PNG's text, such as XMP: programs write some megabytes
LOST = 0.002  # of a JPEG's pixels that may be missing at its end

_pillow_settings = threading.Lock()
# Of what is broken Pillow also logs, which Python prints where nobody has set up logging.
logging.getLogger("PIL").addHandler(logging.NullHandler())


def decoding_bytes(image: Image.Image, width: int, height: int) -> int:
    """Bytes that decoding an opened picture needs at most, at the size it is drafted to.

    `width` and `height` are the picture's whole size.
    """
    stream = getattr(image, "fp", None)
    return _pixel_bytes(image, width, height) + (part_bytes(image, stream) if stream else 0)


def _pixel_bytes(image: Image.Image, width: int, height: int) -> int:
    pixels = image.width * image.height
    kind = image.format or ""
    if kind == "JPEG2000":
        reduced = 4**image._reduce  # type: ignore[attr-defined]
        return JPEG2000_COST * len(image.getbands()) * pixels // reduced
    if kind in COSTS:
        return COSTS[kind] * pixels
    # Bytes a pixel of Pillow's own, of which other modes have four.
    stored = pixels * (1 if image.mode in ("1", "L", "P") else 2 if ";16" in image.mode else 4)
    if "progressive" in image.info or "progression" in image.info:  # its coefficients are held
        return stored + 2 * len(image.getbands()) * width * height
    if kind == "TIFF":
        return stored + _strip_bytes(image)
    return stored


def holds_more(image: Image.Image) -> bool:
    """Whether an opened picture is one of several in its file, such as the first of an animation.

    Pages of a TIFF do not count, which are read one by one, nor what phones keep behind a JPEG. It
    may not be decoded afterwards.
    """
    if image.format not in ANIMATED:
        return False
    with suppress(OSError, SyntaxError, ValueError, TypeError, IndexError, struct.error):
        return bool(getattr(image, "is_animated", False))
    return False  # the next one is broken


def draft_jpeg2000(image: Image.Image, size: tuple[int, int]) -> None:
    """Let a JPEG 2000 that is too large be decoded at a half, a quarter, ... no smaller than
    `size`; a file need not hold those, so one that is not too large is decoded whole."""
    for levels in range(1, min(image.width // size[0], image.height // size[1]).bit_length()):
        if decoding_bytes(image, image.width, image.height) <= MAX_DECODED_BYTES:
            return
        image.reduce = levels  # type: ignore[assignment,method-assign]


def _strip_bytes(image: Image.Image) -> int:
    """Bytes of the strip or tile by which libtiff decodes a TIFF."""
    if not image.use_load_libtiff:  # type: ignore[attr-defined]
        return 0
    tags = image.tag_v2  # type: ignore[attr-defined]
    rows = min(int(tags.get(STRIP_ROWS, image.height)), image.height)
    width, height = int(tags.get(TILE_WIDTH, image.width)), int(tags.get(TILE_HEIGHT, rows))
    bits = sum(map(int, tags.get(BITS, (1,))))
    return width * height * max(bits, 8) // 8


def check_bytes(image: Image.Image, name: str, width: int, height: int) -> None:
    """Refuse a picture that needs too much memory to be decoded.

    Raises
    ------
    ImageError
    """
    if decoding_bytes(image, width, height) > MAX_DECODED_BYTES:
        raise ImageError(
            f"{name}: {width} x {height} pixels of this kind ({image.format}, {image.mode}) take "
            f"more than {MAX_DECODED_BYTES >> 20} MiB to decode. Make it smaller, or save it as a "
            "JPEG."
        )


def _is_heif(head: bytes) -> bool:
    """Whether a file that begins so is HEIC or HEIF, and not AVIF in the same container."""
    if head[4:8] != b"ftyp":
        return False
    size = int.from_bytes(head[:4], "big")
    others = {head[k : k + 4] for k in range(16, min(size, len(head)), 4)}
    return head[8:12] in HEIF_BRANDS or (
        head[8:12] in ANY_BRANDS and others.isdisjoint(AVIF_BRANDS)
    )


def _open_heif(name: str) -> tuple[str, ...]:
    """Let Pillow read HEIC and HEIF; the formats it then knows."""
    try:
        import pillow_heif
    except ImportError:
        raise ImageError(
            f"{name}: a HEIC picture, which needs one more package: {install_hint('heic')}"
        ) from None
    pillow_heif.register_heif_opener()
    return ("HEIF",)


def count_frames(source: Path | bytes, name: str) -> int:
    """How many pages a picture has: of a TIFF all but previews of others, else one.

    Raises
    ------
    ImageError
    """
    with opened(source, name):
        tiff = first_bytes(source, name).startswith(TIFF_MAGIC)
        return len(page_offsets(source)) if tiff else 1


def _open(
    stream: IO[bytes], formats: tuple[str, ...], source: Path | bytes, name: str, page: int
) -> Image.Image:
    """A page, not decoded yet, but for a TIFF of a kind that Pillow cannot read rightly."""
    tiff = first_bytes(source, name).startswith(TIFF_MAGIC)
    offsets = page_offsets(source) if tiff else (0,)
    if tiff and not 1 <= page <= len(offsets):
        raise ImageError(no_such_page(name, page, len(offsets)))
    try:
        image = Image.open(stream, formats=formats)
    except UnidentifiedImageError:
        if not tiff:
            raise
        return read_samples(source, name, page, MAX_DECODED_BYTES)
    if page > len(offsets) or page < 1:
        raise ImageError(no_such_page(name, page, len(offsets)))
    if image.format == "TIFF":
        # Straight to it: Pillow would read all directories on the way.
        positions = image._frame_pos  # type: ignore[attr-defined]
        if positions[0] != offsets[page - 1]:
            positions[1:] = [offsets[page - 1]]
            image.seek(1)
        if misread(image.tag_v2):  # type: ignore[attr-defined]
            return read_samples(source, name, page, MAX_DECODED_BYTES)
        raw = not image.use_load_libtiff  # type: ignore[attr-defined]
        if raw and image.tag_v2.get(PHOTOMETRIC) == YCBCR:  # type: ignore[attr-defined]
            _leave_to_libtiff(image)
        if image.palette is not None:
            _mend_palette(image)
    return image


def _leave_to_libtiff(image: Image.Image) -> None:
    """Let libtiff decode an opened TIFF also where it is not compressed: of YCbCr, whose colors may
    be of fewer pixels than its brightness, Pillow's own decoder makes noise."""
    with SETTING:
        TiffImagePlugin.READ_LIBTIFF = True
        try:
            image._setup()  # type: ignore[attr-defined]
        finally:
            TiffImagePlugin.READ_LIBTIFF = False


def _mend_palette(image: Image.Image) -> None:
    """The palette of a TIFF with values of 8 bits where 16 belong, as old programs write it."""
    values = image.tag_v2[TiffImagePlugin.COLORMAP]  # type: ignore[attr-defined]
    if max(values) < 256:
        image.palette = ImagePalette.raw("RGB;L", bytes(values))


@contextmanager
def opened(source: Path | bytes, name: str, page: int = 1) -> Iterator[Image.Image]:
    """A Pillow image, with every failure inside the block turned into ImageError."""
    head = first_bytes(source, name)
    formats = _open_heif(name) if _is_heif(head) else FORMATS
    try:
        # A stream, not a path: Pillow 12.0 maps raw TIFF files into memory and turns those wrongly.
        with (
            _quiet_pillow(),
            Pieces(source, name) as stream,
            _open(stream, formats, source, name, page) as image,
        ):
            stream.after_header()
            check_pieces(image, stream, name)
            if image.format == "PPM":
                check_single(stream, name)
            yield image
    except ImageError:
        raise
    except UnidentifiedImageError:
        if head[8:12] in AVIF_BRANDS:  # whose header names what lies behind it
            raise ImageError(_damaged(name)) from None
        raise ImageError(
            f"{name}: not an image that can be read. Use JPEG, PNG, TIFF, WebP, GIF, BMP, PNM, "
            "JPEG 2000, AVIF, HEIC or PDF."
        ) from None
    except FileNotFoundError:
        raise ImageError(f"{name}: no such file. Check the path.") from None
    except MemoryError:
        raise ImageError(no_memory(name, "decode")) from None
    except OSError as error:
        if error.errno == errno.ENOMEM or "memory" in str(error).lower():
            raise ImageError(no_memory(name, "decode")) from None
        if error.errno is not None:
            raise ImageError(f"{name}: cannot be opened ({reason_of(error)}).") from None
        raise ImageError(_damaged(name, head)) from None
    # What Pillow's decoders raise on broken content, besides OSError: AssertionError and
    # AttributeError of a palette that is not there.
    except (
        *(SyntaxError, ValueError, TypeError, KeyError, IndexError, EOFError, struct.error),
        *(AssertionError, AttributeError, OverflowError, ZeroDivisionError, RuntimeError),
    ) as error:
        if "MAX_TEXT" in str(error):  # Pillow names its limit
            raise ImageError(
                f"{name}: its texts or its color profile unpack to more than pictures need. Save "
                "it without them."
            ) from None
        raise ImageError(_damaged(name, head)) from None


@contextmanager
def _quiet_pillow() -> Iterator[None]:
    """Pillow without its own limits (ours differ) and warnings (about odd metadata)."""
    with _pillow_settings, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        limit, text = Image.MAX_IMAGE_PIXELS, PngImagePlugin.MAX_TEXT_CHUNK
        Image.MAX_IMAGE_PIXELS, PngImagePlugin.MAX_TEXT_CHUNK = None, MAX_TEXT
        try:
            yield
        finally:
            Image.MAX_IMAGE_PIXELS, PngImagePlugin.MAX_TEXT_CHUNK = limit, text


@contextmanager
def _without_stderr() -> Iterator[None]:
    """Let what libtiff prints about broken files go nowhere: an error tells of it."""
    try:
        kept = os.dup(2)
    except OSError:  # it is closed
        yield
        return
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 2)
    try:
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
        os.close(nowhere)


def orientation_of(image: Image.Image) -> int:
    """EXIF orientation, 1 to 8; 1 where there is none or the metadata is broken."""
    if image.format == "PNG" and not _png_has_exif(image):
        return 1  # asking Pillow would decode the whole picture
    try:
        if image.format == "PNG" and "exif" not in image.info:
            image.load()  # it stands behind the pixels, or in a text
        if len(image.info.get(EXIF_TEXT, "")) > MAX_EXIF_TEXT:
            return 1
        if not honest_exif(image.info.get("exif") or b""):  # None in a HEIF without
            return 1
        value = image.getexif().get(ORIENTATION, 1)
    except (OSError, SyntaxError, ValueError, TypeError, KeyError, IndexError, struct.error):
        return 1
    return value if isinstance(value, int) and 1 <= value <= 8 else 1


def _png_has_exif(image: Image.Image) -> bool:
    """Whether a PNG may carry EXIF, ahead of its pixels (already parsed) or behind them."""
    if "exif" in image.info or EXIF_TEXT in image.info:
        return True
    stream = getattr(image, "fp", None)
    if stream is None:
        return False
    position = stream.tell()
    stream.seek(0, io.SEEK_END)
    stream.seek(max(0, stream.tell() - PNG_TAIL))
    found = b"eXIf" in stream.read()
    stream.seek(position)
    return found


def loaded(
    image: Image.Image, source: Path | bytes, draft: tuple[str, tuple[int, int]]
) -> Image.Image:
    """An opened picture, decoded; a JPEG that lacks its last bytes too, as far as it goes.

    Parameters
    ----------
    source : Path or bytes
        Its file.
    draft : (str, (int, int))
        Mode and size that it is drafted to.
    """
    try:
        with _without_stderr() if image.format == "TIFF" else nullcontext():
            image.load()
    except OSError:
        if image.format not in ("JPEG", "MPO"):
            raise
        content = (source if isinstance(source, bytes) else source.read_bytes()).rstrip(b"\xff")
        # The decoder makes up what is missing before the end: of what follows the file, if it does
        # not hold all, and of nothing, if only its end is missing.
        first, second = (_ended(content + made_up, draft) for made_up in (b"", b"\xaa" * 4096))
        other = np.count_nonzero(np.asarray(ImageChops.difference(first, second).convert("L")))
        if other > LOST * first.width * first.height:
            raise
        return first
    return image


def _ended(content: bytes, draft: tuple[str, tuple[int, int]]) -> Image.Image:
    with Image.open(io.BytesIO(content + b"\xff\xd9"), formats=("JPEG",)) as image:
        image.draft(*draft)
        image.load()
        return image.copy()


def no_such_page(name: str, page: int, pages: int) -> str:
    return f"{name}: there is no page {page}; it has {pages}."


def _damaged(name: str, head: bytes = b"") -> str:
    if is_short():  # decoders do not always tell that from damage
        return no_memory(name, "decode")
    if head.startswith(TIFF_MAGIC):  # nor a compression that they do not know
        return damaged_or_odd(name)
    return f"{name}: the image is truncated or damaged. Copy or download it again."

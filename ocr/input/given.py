"""From what a Python program holds to `Photo`s: paths, bytes, files, Pillow pictures, arrays."""

from __future__ import annotations

import io
import operator
from collections.abc import Iterable, Iterator
from os import PathLike
from pathlib import Path
from typing import IO, TypeAlias

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps

from ocr.config import DPI_RANGE
from ocr.errors import ImageError
from ocr.input.photo import MAX_PIXELS, Photo, count_pages, open_image, scan_dpi, too_large
from ocr.input.sources import read_source, read_stream

Given: TypeAlias = (
    "str | PathLike[str] | bytes | bytearray | memoryview"
    " | IO[bytes] | Image.Image | NDArray[np.generic]"
)

# of a Pillow picture, that TIFF holds as they are
STORED = ("1", "L", "LA", "P", "RGB", "RGBA", "CMYK", "I;16", "F")


def photo_of(given: Given | Photo, page: int | None = None, dpi: int | None = None) -> Photo:
    """What is given, as a photo.

    Parameters
    ----------
    given : str, path, bytes, binary file, PIL.Image.Image or array
        A path, "-" for stdin, the content of an image file or PDF, a file to read it from, or the
        picture itself. Arrays are (H, W), (H, W, 3) RGB or (H, W, 4) RGBA: uint8, bool (True is
        white), or float in [0, 1]. Of a Pillow picture the frame it stands at counts, turned
        upright by its EXIF data.
    page : int, optional
        Page of a PDF or TIFF file, from 1.
    dpi : int, optional
        Dots per inch at which a PDF page becomes a picture; by default as many as the picture on
        the page has, else 300.

    Raises
    ------
    ImageError
        It cannot be opened, or has several pages and `page` is not given.
    TypeError, ValueError
        It is nothing of the above.
    """
    if isinstance(given, Photo):
        return given
    page, dpi = None if page is None else whole(page, "page"), _resolution(dpi)
    content, name = _content(given)
    if page is None:
        pages = count_pages(content, name)
        if pages > 1:
            raise ImageError(
                f"{name}: has {pages} pages. Name one (page=1), or read all with ocr.read_pages."
            )
    source = io.BytesIO(content) if isinstance(content, bytes) else content
    return open_image(source, name, 1 if page is None else page, dpi)


def whole(value: object, what: str) -> int:
    """A whole number.

    Raises
    ------
    TypeError
        It is something else.
    """
    try:
        return operator.index(value)  # type: ignore[arg-type]
    except TypeError:
        raise TypeError(f"{what} must be a whole number, got {value!r}") from None


def _resolution(dpi: object) -> int | None:
    """Dots per inch, or None; TypeError or ValueError for anything else."""
    if dpi is None:
        return None
    found = whole(dpi, "dpi")
    if not DPI_RANGE[0] <= found <= DPI_RANGE[1]:
        raise ValueError(f"dpi must be from {DPI_RANGE[0]} to {DPI_RANGE[1]}, got {found}")
    return found


def photos_of(
    given: Given, pages: Iterable[int] | None = None, dpi: int | None = None
) -> Iterator[Photo]:
    """All pages of what is given, or those numbered `pages`; see `photo_of`."""
    dpi = _resolution(dpi)
    content, name = _content(given)
    count = count_pages(content, name)
    for number in range(1, count + 1) if pages is None else pages:
        number = whole(number, "a page")
        source = io.BytesIO(content) if isinstance(content, bytes) else content
        title = name if count == 1 else f"{name}, page {number}"
        yield open_image(source, title, number, dpi)


def _content(given: Given) -> tuple[Path | bytes, str]:
    """A file, or the content of one, and how messages call it."""
    if isinstance(given, (str, PathLike)):
        if not str(given):
            raise ImageError("an empty name of a file. Give its path.")
        name = "stdin" if str(given) == "-" else str(given)
        return read_source(given, name), name
    if isinstance(given, (bytes, bytearray, memoryview)):
        if not given:
            raise ImageError("bytes: empty. Give the content of an image file.")
        return bytes(given), "bytes"
    if isinstance(given, Image.Image):
        return _stored(given), str(getattr(given, "filename", "") or "picture")
    if isinstance(given, np.ndarray):
        return _stored(Image.fromarray(_bytes_of(given))), "array"
    if hasattr(given, "read"):
        name = str(getattr(given, "name", "file"))
        return read_stream(given, name), name
    raise TypeError(
        f"give a path, bytes, a binary file, a PIL picture or an array, not {type(given).__name__}"
    )


def _bytes_of(array: NDArray[np.generic]) -> NDArray[np.uint8]:
    """An array's pixels as uint8."""
    if array.ndim == 3 and array.shape[2] == 1:
        array = array[..., 0]
    if array.size == 0 or not (array.ndim == 2 or (array.ndim == 3 and array.shape[2] in (3, 4))):
        raise ValueError(
            f"an array must be (H, W), (H, W, 3) or (H, W, 4) and hold pixels, got {array.shape}"
        )
    if array.shape[0] * array.shape[1] > MAX_PIXELS:
        raise ImageError(too_large("array", array.shape[1], array.shape[0], MAX_PIXELS))
    if array.dtype == np.uint8:
        return np.ascontiguousarray(array, dtype=np.uint8)
    if array.dtype == np.bool_:
        return np.where(array, np.uint8(255), np.uint8(0))
    if array.dtype.kind != "f":
        raise ValueError(f"an array must be uint8, bool or float, got {array.dtype}")
    values = array.astype(np.float32)
    if not np.isfinite(values).all() or values.min() < 0 or values.max() > 1:
        raise ValueError("an array of floats must lie in [0, 1]. Divide by its highest value.")
    return (values * 255).round().astype(np.uint8)


def _stored(picture: Image.Image) -> bytes:
    """A picture as the content of a file, without loss."""
    if 0 in picture.size:
        raise ValueError("the picture has no pixels")
    try:
        picture.load()
        picture = ImageOps.exif_transpose(picture)
    except (OSError, SyntaxError) as error:  # it was opened and is decoded now
        raise ImageError(f"picture: cannot be decoded ({error}).") from None
    except (ValueError, AttributeError):  # the latter of Pillow 12 after a `with` block
        raise ImageError(
            "picture: it is damaged, or its file was closed too early. Call its load() before that."
        ) from None
    dpi = scan_dpi(picture)  # before what follows loses it
    if picture.mode == "La":
        picture = picture.convert("LA")
    if picture.mode == "I":  # of which RGB would cut off all above 255, as below
        picture = picture.convert("F")
    if picture.mode.startswith("I;16"):  # in any order of bytes
        picture = Image.fromarray(np.asarray(picture).astype(np.uint16))
    if picture.mode not in STORED:
        picture = picture.convert("RGBA" if picture.mode in ("PA", "RGBa") else "RGB")
    stream = io.BytesIO()
    picture.save(stream, "TIFF", **({"dpi": (dpi, dpi)} if dpi else {}))
    return stream.getvalue()

"""Decode picture files with Pillow: every format, its frames, the way up, deep samples."""

from __future__ import annotations

import io
import struct
import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, UnidentifiedImageError

from ocr.config import install_hint
from ocr.errors import ImageError
from ocr.input.sources import first_bytes, reason_of

# Raster formats whose decoders read one file and start no other program (EPS would).
FORMATS = ("JPEG", "PNG", "GIF", "BMP", "PPM", "TIFF", "WEBP")

HEIF_BRANDS = (b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1")
REDUCED = 1  # bit of a TIFF's NewSubfileType: a preview of another page
SUBFILE_TYPE, PHOTOMETRIC = 254, 262  # TIFF tags
SAMPLE_FORMAT = 339
WHITE_IS_ZERO, UNSIGNED = 0, 1  # photometric interpretation; sample format
TIFF_MAGIC = (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")
ORIENTATION = 0x0112  # EXIF tag
PNG_TAIL = 1 << 16  # bytes at a PNG's end searched for EXIF, which is at most that long
DEEP_WHITE = 65535.0  # white of 16-bit samples

_pillow_settings = threading.Lock()


def frames(image: Image.Image) -> Iterator[int]:
    """Frames of a file that are pages: of a TIFF all but previews of others, else the first."""
    if image.format != "TIFF":
        yield 0
        return
    found = False
    for frame in count():
        try:
            image.seek(frame)
        except EOFError:
            break
        if not int(image.tag_v2.get(SUBFILE_TYPE, 0)) & REDUCED:  # type: ignore[attr-defined]
            found = True
            yield frame
    if not found:
        yield 0


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


@contextmanager
def opened(source: Path | bytes, name: str, page: int = 1) -> Iterator[Image.Image]:
    """A Pillow image, with every failure inside the block turned into ImageError."""
    head = first_bytes(source, name)
    heif = head[4:8] == b"ftyp" and head[8:12] in HEIF_BRANDS
    formats = _open_heif(name) if heif else FORMATS
    try:
        # A stream, not a path: Pillow 12.0 maps raw TIFF files into memory and turns those wrongly.
        with (
            _quiet_pillow(),
            io.BytesIO(source) if isinstance(source, bytes) else source.open("rb") as stream,
            Image.open(stream, formats=formats) as image,
        ):
            pages = 0
            for pages, frame in enumerate(frames(image), 1):
                if pages == page:
                    if frame != image.tell():
                        image.seek(frame)
                    break
            else:
                raise ImageError(no_such_page(name, page, pages))
            yield image
    except ImageError:
        raise
    except UnidentifiedImageError:
        if head.startswith(TIFF_MAGIC):
            raise ImageError(
                f"{name}: damaged, or a kind of TIFF that cannot be read. Save it with 8 or 16 "
                "bits a sample, in grey or RGB."
            ) from None
        raise ImageError(
            f"{name}: not an image that can be read. Use JPEG, PNG, TIFF, WebP, GIF, BMP, PNM, "
            "HEIC or PDF."
        ) from None
    except FileNotFoundError:
        raise ImageError(f"{name}: no such file. Check the path.") from None
    except MemoryError:
        raise ImageError(f"{name}: too large for the memory. Make it smaller and retry.") from None
    except OSError as error:
        if error.errno is not None:
            raise ImageError(f"{name}: cannot be opened ({reason_of(error)}).") from None
        raise ImageError(_damaged(name)) from None
    # What Pillow's decoders raise on broken content, besides OSError.
    except (SyntaxError, ValueError, TypeError, KeyError, IndexError, EOFError, struct.error):
        raise ImageError(_damaged(name)) from None


@contextmanager
def _quiet_pillow() -> Iterator[None]:
    """Pillow without its own size limit (ours differs) and warnings (about odd metadata)."""
    with _pillow_settings, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        limit = Image.MAX_IMAGE_PIXELS
        Image.MAX_IMAGE_PIXELS = None
        try:
            yield
        finally:
            Image.MAX_IMAGE_PIXELS = limit


def orientation_of(image: Image.Image) -> int:
    """EXIF orientation, 1 to 8; 1 where there is none or the metadata is broken."""
    if image.format == "PNG" and not _png_has_exif(image):
        return 1  # asking Pillow would decode the whole picture
    try:
        value = image.getexif().get(ORIENTATION, 1)
    except (OSError, SyntaxError, ValueError, TypeError, KeyError, IndexError, struct.error):
        return 1
    return value if isinstance(value, int) and 1 <= value <= 8 else 1


def _png_has_exif(image: Image.Image) -> bool:
    """Whether a PNG may carry EXIF, ahead of its pixels (already parsed) or behind them."""
    if "exif" in image.info or "Raw profile type exif" in image.info:
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


def flattened(
    image: Image.Image,
    mode: str,
    size: tuple[int, int],
    box: tuple[float, float, float, float] | None = None,
) -> Image.Image:
    """Reduce to `size` and convert to `mode` on white, or to F in [0, 1] for deep samples."""
    if image.mode[0] in "IF":  # I, I;16 and its byte orders, F
        deep = _samples(image)
        image = Image.fromarray(np.nan_to_num(deep, nan=0.0, neginf=0.0) / _white_of(deep, image))
        return reduced(image, size, box)
    if image.mode == "LAB":
        image = _from_lab(image)
    if image.has_transparency_data:
        clear = image if image.mode == "RGBA" else image.convert("RGBA")
        small = reduced(clear, size, box)
        paper = Image.new("RGBA", small.size, "white")
        return Image.alpha_composite(paper, small).convert(mode)
    return reduced(image if image.mode == mode else image.convert(mode), size, box)


def _samples(image: Image.Image) -> NDArray[np.float32]:
    """Deep samples, the more the whiter, whatever a TIFF file says that they mean."""
    samples = np.asarray(image)
    tags = getattr(image, "tag_v2", {})
    if samples.dtype == np.int32 and tags and tags.get(SAMPLE_FORMAT, (1,))[0] == UNSIGNED:
        samples = samples.view(np.uint32)  # Pillow has signed ones only
    if tags.get(PHOTOMETRIC) == WHITE_IS_ZERO and image.mode.startswith("I;16"):
        samples = ~samples  # which Pillow does to shallow ones only
    return samples.astype(np.float32)


def _from_lab(image: Image.Image) -> Image.Image:
    """CIELab, as some scanners store it, in sRGB."""
    from PIL import ImageCms

    lab, srgb = ImageCms.createProfile("LAB"), ImageCms.createProfile("sRGB")
    found = ImageCms.profileToProfile(image, lab, srgb, outputMode="RGB")
    assert found is not None  # None is for work in place
    return found


def _white_of(deep: NDArray[np.float32], image: Image.Image) -> float:
    """The sample value that means white, for samples of more than eight bits."""
    if image.mode.startswith("I;16"):
        return DEEP_WHITE
    largest = float(np.max(deep, initial=0.0, where=np.isfinite(deep)))
    if image.mode == "F":
        ranges: tuple[float, ...] = (1.0, 255.0, DEEP_WHITE)
    else:
        ranges = (DEEP_WHITE,)
    return next((white for white in ranges if largest <= white), largest)


def reduced(
    image: Image.Image, size: tuple[int, int], box: tuple[float, float, float, float] | None
) -> Image.Image:
    """Average over areas. Hamming's window weighs parts of pixels, which a plain box does not."""
    if image.size == size:
        return image
    return image.resize(size, Image.Resampling.HAMMING, box=box, reducing_gap=2.0)


def no_such_page(name: str, page: int, pages: int) -> str:
    return f"{name}: there is no page {page}; it has {pages}."


def _damaged(name: str) -> str:
    return f"{name}: the image is truncated or damaged. Copy or download it again."

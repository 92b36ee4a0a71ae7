"""What Pillow does not see of a TIFF file: where its pages are, and samples it takes for others."""

from __future__ import annotations

import io
import logging
import lzma
import struct
import zlib
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ocr.errors import ImageError
from ocr.input.bounds import Pieces

if TYPE_CHECKING:
    from PIL import Image

SUBFILE_TYPE, BITS, PHOTOMETRIC, ORIENTATION, SAMPLES = 254, 258, 262, 274, 277
PLANAR, EXTRA_SAMPLES, SAMPLE_FORMAT = 284, 338, 339
WHITE_IS_ZERO, BLACK_IS_ZERO, RGB, CMYK = 0, 1, 2, 5  # photometric interpretations
BYTE = 8  # bits
REDUCED = 1  # bit of NewSubfileType: a preview of another page
SEPARATE, ALPHA, SIGNED = 2, 2, 2  # planar configuration; extra sample; sample format
FIRST_TAGS = 32  # of a directory, among which NewSubfileType is: they are sorted
MAX_PAGES = 100_000  # of a file, previews among them
# A file begins with its byte order and a number; 43 is BigTIFF's, whose numbers are wider. How the
# entries of a directory are counted, where the next one lies, and bytes an entry and its value.
HEAD, BIG = 16, 43
CLASSIC, WIDE = ("H", "I", 12, 4), ("Q", "Q", 20, 8)


def page_offsets(source: Path | bytes) -> tuple[int, ...]:
    """Where the directories of the pages are in a TIFF file: all but previews of others.

    At least one; the chain of directories ends where it is broken or runs in a circle. Kept for the
    file that was asked for last: a long one is opened page by page.
    """
    if isinstance(source, bytes):
        return _offsets(source, 0, 0)
    state = source.stat()
    return _offsets(source, state.st_size, state.st_mtime_ns)


@lru_cache(maxsize=1)
def _offsets(source: Path | bytes, _size: int, _changed: int) -> tuple[int, ...]:
    with io.BytesIO(source) if isinstance(source, bytes) else source.open("rb") as stream:
        try:
            return _directories(stream)
        except struct.error:  # the file ends in the first one
            return (0,)


def _directories(stream: IO[bytes]) -> tuple[int, ...]:
    head = stream.read(HEAD)
    order = "<" if head[:2] == b"II" else ">"
    big = struct.unpack(f"{order}H", head[2:4])[0] == BIG
    count_as, next_as, entry, value = WIDE if big else CLASSIC
    (at,) = struct.unpack(f"{order}{next_as}", head[8:16] if big else head[4:8])
    first = at
    seen: set[int] = set()
    pages: list[int] = []
    while at and at not in seen and len(seen) < MAX_PAGES:
        seen.add(at)
        try:
            stream.seek(at)
            (count,) = _unpacked(f"{order}{count_as}", stream)
            behind = stream.tell() + min(count, 1 << 16) * entry
            rows = stream.read(min(count, FIRST_TAGS) * entry)
            stream.seek(behind)
            (following,) = _unpacked(f"{order}{next_as}", stream)
        except (struct.error, OverflowError, ValueError):  # the file ends here
            break
        if not _subfile_type(rows, entry, value, order) & REDUCED:
            pages.append(at)
        at = following
    return tuple(pages) or (first,)


def _unpacked(form: str, stream: IO[bytes]) -> tuple[int, ...]:
    return struct.unpack(form, stream.read(struct.calcsize(form)))


def _subfile_type(rows: bytes, entry: int, width: int, order: str) -> int:
    for k in range(0, len(rows) - entry + 1, entry):
        (tag,) = struct.unpack_from(f"{order}H", rows, k)
        if tag >= SUBFILE_TYPE:  # they are sorted
            (value,) = struct.unpack_from(f"{order}I", rows, k + entry - width)
            return int(value) if tag == SUBFILE_TYPE else 0
    return 0


# What white may be in samples of a kind of numbers.
WHITES = {"f": (1.0, 255.0, 65535.0), "i": (255.0, 32767.0), "u": (255.0, 65535.0)}
DEFLATED = (8, 32946)  # compressions of which a little may hold much


def signed(tags: Mapping[int, Any]) -> bool:
    """Whether the samples of a TIFF are signed integers."""
    formats = tags.get(SAMPLE_FORMAT, (1,))
    return bool(formats) and formats[0] == SIGNED


def misread(tags: Mapping[int, Any]) -> bool:
    """Whether Pillow takes the samples of a TIFF for others: several a pixel, plane by plane, and
    of more than eight bits or with more than RGB and its opacity; or signed ones."""
    several, deep = int(tags.get(SAMPLES, 1)) > 1, max(tags.get(BITS, (1,))) > BYTE
    extra = tags.get(EXTRA_SAMPLES, ())
    odd = bool(extra) and (extra != (ALPHA,) or tags.get(PHOTOMETRIC) != RGB)
    planes = tags.get(PLANAR) == SEPARATE
    return several and ((planes and (deep or odd)) or (deep and signed(tags)))


def read_samples(source: Path | bytes, name: str, page: int, most: int) -> Image.Image:
    """A page of a TIFF that Pillow misreads, in RGB of eight bits a sample.

    Raises
    ------
    ImageError
        It is damaged, compressed in a way that cannot be read, or needs more than `most` bytes.
    """
    import tifffile
    from PIL import Image

    logging.getLogger("tifffile").disabled = True  # what is wrong is told by one error
    offset = page_offsets(source)[page - 1]
    try:
        with (
            Pieces(source, name) as stream,
            tifffile.TiffFile(stream) as file,
        ):
            one = next(one for one in file.pages if one.offset == offset)
            if one.nbytes * 2 > most:
                raise ImageError(f"{name}: too large for this kind of TIFF. Save it with 8 bits.")
            if int(one.compression) in DEFLATED:
                for start, count in zip(one.dataoffsets, one.databytecounts, strict=True):
                    stream.seek(start)
                    unpacked = zlib.decompressobj()
                    unpacked.decompress(stream.read(count), one.nbytes + 1)
                    if unpacked.unconsumed_tail:
                        raise ValueError("it unpacks to more than the picture")
            stream.after_header()
            samples = one.asarray()
            if samples.ndim == 2:  # one sample a pixel
                samples = samples[..., np.newaxis]
            elif int(one.planarconfig) == SEPARATE:
                samples = np.moveaxis(samples, 0, -1)
            photometric = int(one.photometric)
            if photometric not in (WHITE_IS_ZERO, BLACK_IS_ZERO, RGB, CMYK):
                raise ValueError("samples of another meaning")
            turned = one.tags.valueof(ORIENTATION, 1)
    except ImageError:
        raise
    # What tifffile raises on broken content and on compressions it has no package for.
    except (ValueError, TypeError, KeyError, IndexError, OSError, StopIteration, RuntimeError,
            struct.error, zlib.error, lzma.LZMAError, ImportError, AttributeError):  # fmt: skip
        raise ImageError(damaged_or_odd(name)) from None
    if photometric == CMYK:
        inks = Image.fromarray(_shallow(samples[..., :4])).split()
        image = Image.merge("CMYK", inks).convert("RGB")
    else:
        shallow = _shallow(samples[..., :3])
        image = Image.fromarray(255 - shallow if photometric == WHITE_IS_ZERO else shallow)
    image.getexif()[ORIENTATION] = turned
    return image


def damaged_or_odd(name: str) -> str:
    return (
        f"{name}: damaged, or a kind of TIFF that cannot be read. Copy it again, or save it with 8 "
        "or 16 bits a sample, in grey or RGB, without compression."
    )


def _shallow(samples: NDArray[Any]) -> NDArray[np.uint8]:
    """Samples of any numbers, (H, W, 1 to 3), as bytes of red, green and blue."""
    if samples.shape[-1] < 3:
        samples = np.repeat(samples[..., :1], 3, axis=-1)
    kind, size = samples.dtype.kind, samples.dtype.itemsize
    if kind == "u" and size <= 2:
        return (samples >> (BYTE * (size - 1))).astype(np.uint8)
    numbers = np.nan_to_num(samples.astype(np.float32), nan=0.0, posinf=0.0, neginf=0.0)
    lowest = min(0.0, float(numbers.min())) if kind == "i" else 0.0
    black, white = black_and_white(lowest, float(numbers.max()), WHITES.get(kind, (1.0,)))
    return (np.clip((numbers - black) / max(white - black, 1e-9), 0, 1) * 255).astype(np.uint8)


def black_and_white(
    lowest: float, largest: float, whites: tuple[float, ...]
) -> tuple[float, float]:
    """The samples that mean black and white: 0, if none is negative, and the first of `whites`
    that none is above, else the ends of what there is.
    """
    if lowest < 0:
        return lowest, largest
    return 0.0, next((white for white in whites if largest <= white), largest)

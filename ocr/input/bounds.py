"""What a picture file may ask of its decoder, besides the memory for its pixels.

A file of a few bytes can tell of millions of pieces: comments, scans, tiles, tags that all name the
same bytes. Decoders follow each of them. What is made by people's programs stays far below the
limits here, which keep any file to some seconds.
"""

from __future__ import annotations

import io
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import IO, TYPE_CHECKING

from ocr.errors import ImageError

if TYPE_CHECKING:
    from PIL import Image

# Calls of Pillow's parsers for more of the file, which are written in Python: the header's, some
# of which take time by the square of them, and those of all the rest.
HEADER_READS, READS = 50_000, 2_000_000
METADATA = 64 << 20  # bytes that may be read of a header over all that the file has
MAX_SCANS = 64  # passes over a progressive JPEG; encoders make about ten
PLAIN_NUMBERS = 8_000_000  # of a PNM in plain text, which Pillow takes apart one by one
PLAIN_COMMENTS = 1000  # in it, each of which has Pillow copy what follows
RUNS = 256  # rows that a mark of a run-length encoded BMP may skip
ENTRY, WIDEST_VALUE = 12, 8  # bytes of an entry of EXIF, and of a value that it tells
# Bytes that OpenJPEG takes for each part that a picture is cut into, measured.
TILE, PRECINCT, CODE_BLOCK = 6_000, 1_800, 400

# JPEG 2000: marks of its codestream, and the widest precincts, which are those not told.
START, SIZE, STYLE, STYLE_OF_ONE, TILE_PART, DATA = 0xFF4F, 0xFF51, 0xFF52, 0xFF53, 0xFF90, 0xFF93
WIDEST = 15
HAS_PRECINCTS = 1  # bit of the coding style


class Pieces(io.BufferedReader):
    """A picture's file, of which only so many pieces are read.

    Parameters
    ----------
    source : Path or bytes
    name : str
        How messages call it.

    Raises
    ------
    ImageError
        On reading more than a picture has.
    """

    def __init__(self, source: Path | bytes, name: str) -> None:
        raw = io.BytesIO(source) if isinstance(source, bytes) else source.open("rb", buffering=0)
        super().__init__(raw)
        self._name = name
        self._reads = HEADER_READS
        self._bytes: float = raw.seek(0, io.SEEK_END) + METADATA
        raw.seek(0)

    def after_header(self) -> None:
        """Let the rest be read, which is more."""
        self._reads, self._bytes = READS, float("inf")

    def read(self, size: int | None = -1, /) -> bytes:
        data = super().read(size)
        self._reads -= 1
        self._bytes -= len(data)
        if self._reads < 0 or self._bytes < 0:
            raise too_many_pieces(self._name)
        return data


def too_many_pieces(name: str) -> ImageError:
    return ImageError(
        f"{name}: made of more pieces than a picture has. Save it anew, as a JPEG or PNG."
    )


def check_pieces(image: Image.Image, stream: IO[bytes], name: str) -> None:
    """Refuse an opened picture whose decoding would take for ever.

    Raises
    ------
    ImageError
    """
    kind = image.format
    if kind in ("JPEG", "MPO") and "progressive" in image.info:
        if _scans(stream) > MAX_SCANS:
            raise too_many_pieces(name)
    elif kind == "PPM" and _decoder(image) == "ppm_plain":
        position = stream.tell()
        comments = sum(block.count(b"#") for block in _blocks(stream, 0))
        stream.seek(position)
        numbers = image.width * image.height * len(image.getbands())
        if comments > PLAIN_COMMENTS or (image.mode != "1" and numbers > PLAIN_NUMBERS):
            raise ImageError(
                f"{name}: too large for a picture that is written as text. Save it as a PNG."
            )


def part_bytes(image: Image.Image, stream: IO[bytes]) -> int:
    """Bytes that decoding an opened picture needs for the parts that it is cut into."""
    if image.format == "BMP" and _decoder(image) == "bmp_rle":
        return RUNS * image.width
    if image.format == "JPEG2000":
        position = stream.tell()
        stream.seek(0)
        found = max(_jpeg2000_parts(stream.read()), default=0)
        stream.seek(position)
        return found
    return 0


def _decoder(image: Image.Image) -> str:
    """What Pillow calls the decoder of a picture."""
    tiles = getattr(image, "tile", None)
    return str(tiles[0][0]) if tiles else ""


def _blocks(stream: IO[bytes], start: int) -> Iterator[bytes]:
    stream.seek(start)
    while block := stream.read(1 << 20):
        yield block


def _scans(stream: IO[bytes]) -> int:
    """Scans of a JPEG from where it stands, which is behind the head of the first, to its end."""
    position = stream.tell()
    found, before = 1, b""
    for block in _blocks(stream, position):
        data = before + block
        # Nothing but a mark can look so among what is encoded.
        end = data.find(b"\xff\xd9")
        found += data.count(b"\xff\xda", 0, len(data) if end < 0 else end)
        if end >= 0 or found > MAX_SCANS:
            break
        before = data[-1:]
    stream.seek(position)
    return found


def _jpeg2000_parts(data: bytes) -> Iterator[int]:
    """Bytes for the parts of a JPEG 2000, by each coding style that it tells."""
    at = data.find(struct.pack(">HH", START, SIZE))
    try:
        _, width, height, x, y, tile_width, tile_height, x0, y0, bands = struct.unpack_from(
            ">HIIIIIIIIH", data, at + 6
        )
        tiles = -(-(width - x0) // tile_width) * -(-(height - y0) // tile_height)
        width, height = width - x, height - y
        at += 2
        while at >= 0:
            mark, length = struct.unpack_from(">HH", data, at)
            if mark == TILE_PART:
                (whole,) = struct.unpack_from(">I", data, at + 6)
                beyond = at + whole if whole else len(data)
                at += 2 + length
                while (mark := struct.unpack_from(">H", data, at)[0]) != DATA:
                    (length,) = struct.unpack_from(">H", data, at + 2)
                    yield _style_bytes(data, at, mark, width, height, bands, tiles)
                    at += 2 + length
                at = max(beyond, at + 2)
            else:
                yield _style_bytes(data, at, mark, width, height, bands, tiles)
                at += 2 + length
    except (struct.error, ZeroDivisionError, IndexError):  # the end, or damage: OpenJPEG says which
        return


def _style_bytes(
    data: bytes, at: int, mark: int, width: int, height: int, bands: int, tiles: int
) -> int:
    """Bytes for the parts that a coding style at `at` cuts a picture into; 0 for another mark."""
    if mark == STYLE:
        style, at = data[at + 4], at + 9
    elif mark == STYLE_OF_ONE:
        at += 4 + (1 if bands < 257 else 2)
        style, at = data[at], at + 1
    else:
        return 0
    levels = data[at]
    block = 4 + (data[at + 1] & 15) + (data[at + 2] & 15)  # logarithm of its area
    total = TILE * tiles * bands
    for level in range(levels + 1):
        told = data[at + 5 + level] if style & HAS_PRECINCTS else (WIDEST << 4) | WIDEST
        across, down = told & 15, told >> 4
        shift = levels - level
        w, h = -(-width >> shift) or 1, -(-height >> shift) or 1
        inside = max(0, across - 1) + max(0, down - 1)
        precincts = max(tiles, ((w >> across) + 1) * ((h >> down) + 1))
        blocks = max(precincts, (w * h) >> min(block, inside))
        total += bands * (PRECINCT * precincts + CODE_BLOCK * blocks)
    return total


def honest_exif(data: bytes) -> bool:
    """Whether EXIF data tells of no more than it holds.

    Entries of its directory may all name the same bytes, each of which Pillow copies.
    """
    data = data.removeprefix(b"Exif\0\0")
    order = "<" if data[:2] == b"II" else ">"
    told = 0
    try:
        (at,) = struct.unpack_from(f"{order}I", data, 4)
        (count,) = struct.unpack_from(f"{order}H", data, at)
        for k in range(count):
            (values,) = struct.unpack_from(f"{order}I", data, at + 2 + ENTRY * k + 4)
            told += min(WIDEST_VALUE * values, len(data))
    except struct.error:  # it is broken, or ends there
        pass
    return told <= METADATA

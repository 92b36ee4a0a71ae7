"""Small files that ask much of their decoders: each is refused within a bound, or read."""

import io
import struct
import time
import zlib

import numpy as np
import pytest
from PIL import Image, PngImagePlugin

from ocr.errors import ImageError
from ocr.input import bounds
from ocr.input.photo import count_pages, open_image

SECONDS = 10  # of computing


def picture(width: int = 120, height: int = 80) -> Image.Image:
    image = Image.new("L", (width, height), 255)
    image.paste(0, (10, 20, width // 2, 40))
    return image


def saved(kind: str, image: Image.Image | None = None, **options: object) -> bytes:
    stream = io.BytesIO()
    (image or picture()).save(stream, kind, **options)
    return stream.getvalue()


def chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png(*chunks: bytes, behind: bool = False) -> bytes:
    """A PNG with more chunks before its pixels, or behind them."""
    data = saved("PNG")
    at = len(data) - 12 if behind else 33
    return data[:at] + b"".join(chunks) + data[at:]


def gif_of_comments(comment: bytes, count: int) -> bytes:
    data = saved("GIF", picture().convert("P"))
    at = 13 + 3 * (2 << (data[10] & 7))  # behind the palette
    return data[:at] + (b"!\xfe" + comment + b"\0") * count + data[at:]


def jpeg_of_scans(count: int) -> bytes:
    data = saved("JPEG", picture().convert("RGB"), progressive=True)
    at = data.rfind(b"\xff\xda")
    return data[:-2] + data[at:-2] * count + b"\xff\xd9"


def jpeg_filled(count: int) -> bytes:
    data = saved("JPEG")
    return data[:2] + b"\xff" * count + data[2:]


def tiff(*more: tuple[int, int, int, int], data: bytes = b"") -> bytes:
    """A TIFF of 100 x 100 pixels with more tags: number, type, count, value."""
    tags = [(256, 4, 1, 100), (257, 4, 1, 100), (258, 3, 1, 8), (259, 3, 1, 1), (262, 3, 1, 1)]
    tags += [(277, 3, 1, 1), (278, 4, 1, 100), (279, 4, 1, 10_000), *more]
    at = 8 + 2 + 12 * (len(tags) + 1) + 4
    rows = b"".join(struct.pack("<HHII", *tag) for tag in sorted([*tags, (273, 4, 1, at)]))
    head = b"II*\0" + struct.pack("<IH", 8, len(tags) + 1)
    return head + rows + bytes(4) + b"\xff" * 10_000 + data


def tiff_of_one_text_many_times() -> bytes:
    return tiff(*((40_000 + k, 1, 2_000_000, 8) for k in range(2000)), data=bytes(2_000_000))


def exif_of_one_text_many_times() -> bytes:
    entries = b"".join(struct.pack(">HHII", 40_000 + k, 1, 1 << 20, 8) for k in range(2000))
    return b"MM\0*" + struct.pack(">IH", 8, 2000) + entries + bytes(1 << 20)


def jpeg2000(
    side: int,
    precincts: int | None = None,
    tile: int = 0,
    block: int = 4,
    late: bool = False,
    of_one: bool = False,
) -> bytes:
    """A grey JPEG 2000 that tells how it is cut; `late` in the head of its first tile, or in the
    style of its only band."""

    def segment(mark: int, data: bytes) -> bytes:
        return struct.pack(">HH", mark, len(data) + 2) + data

    tile = tile or side
    size = struct.pack(">HIIIIIIIIH", 0, side, side, 0, 0, tile, tile, 0, 0, 1) + b"\7\1\1"
    told = b"" if precincts is None else bytes([precincts] * 6)
    style = bytes([precincts is not None, 0, 0, 1, 0, 5, block, block, 0, 1]) + told
    plain = bytes([0, 0, 0, 1, 0, 5, 4, 4, 0, 1])
    steps = segment(0xFF5C, b"\x40" + b"\x40" * 16)
    usual = segment(0xFF52, plain if late or of_one else style)
    if of_one:
        usual += segment(0xFF53, b"\0" + style[:1] + style[5:])
    head = b"\xff\x4f" + segment(0xFF51, size) + usual + steps
    part = segment(0xFF52, style) if late else b""
    return head + segment(0xFF90, struct.pack(">HIBB", 0, 0, 0, 1)) + part + b"\xff\x93" + bytes(99)


def run_length_bmp(width: int, height: int, runs: bytes) -> bytes:
    palette = b"".join(bytes([k, k, k, 0]) for k in range(256))
    offset = 54 + len(palette)
    head = struct.pack("<IiiHHIIiiII", 40, width, height, 1, 8, 1, len(runs), 0, 0, 256, 0)
    return b"BM" + struct.pack("<IHHI", offset + len(runs), 0, 0, offset) + head + palette + runs


def plain_pbm(side: int, samples: bytes) -> bytes:
    return b"P1\n%d %d\n" % (side, side) + samples


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (lambda: png(*[chunk(b"tEXt", b"a\0b")] * 30_000), "pieces"),
        (lambda: png(*[chunk(b"abCd", b"")] * 30_000), "pieces"),
        (lambda: png(chunk(b"zTXt", b"a\0\0" + zlib.compress(bytes(1 << 28)))), "unpack to more"),
        (lambda: gif_of_comments(b"\1a", 100_000), "pieces"),
        (lambda: gif_of_comments(b"\xff" + b"a" * 255, 30_000), "pieces"),
        (lambda: jpeg_filled(100_000), "pieces"),
        (lambda: jpeg_of_scans(100), "pieces"),
        (tiff_of_one_text_many_times, "pieces"),
        (lambda: jpeg2000(6000, 0x11), "MiB to decode"),
        (lambda: jpeg2000(6000, 0x11, late=True), "MiB to decode"),
        (lambda: jpeg2000(6000, 0x11, of_one=True), "MiB to decode"),
        (lambda: jpeg2000(6000, block=0), "MiB to decode"),
        (lambda: jpeg2000(6000, tile=20), "MiB to decode"),
        (lambda: run_length_bmp(20_000_000, 10, b"\0\2\xff\xc8" * 4), "MiB to decode"),
        (lambda: run_length_bmp(3000, 3000, b"\1\xff" * 2_000_000), "pieces"),
        (lambda: b"P5\n" + b" " * 200_000 + b"9 9\n255\n" + bytes(81), "pieces"),
        (lambda: b"P2\n" + b"#\n" * 200_000 + b"9 9\n255\n" + b"255 " * 81, "pieces"),
        (lambda: b"P2\n4000 3000\n255\n" + b"255 " * 1000, "as text"),
        (lambda: plain_pbm(4000, b"#\n0" * 500_000), "as text"),
    ],
)
def test_a_small_file_that_asks_much_is_refused(data, reason):
    content = data()
    start = time.process_time()
    with pytest.raises(ImageError, match=reason) as caught:
        open_image(io.BytesIO(content), "a").grey(100)
    assert time.process_time() - start < SECONDS
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "data",
    [
        lambda: png(chunk(b"zTXt", b"XML:com.adobe.xmp\0\0" + zlib.compress(bytes(1 << 22)))),
        lambda: png(*[chunk(b"tEXt", b"a\0b")] * 1000),
        lambda: png(chunk(b"eXIf", exif_of_one_text_many_times())),
        lambda: png(chunk(b"eXIf", exif_of_one_text_many_times()), behind=True),
        lambda: gif_of_comments(b"\xff" + b"a" * 255, 1000),
        lambda: jpeg_of_scans(20),
        lambda: saved("JPEG2000", picture(300, 200)),
        lambda: tiff((40_000, 1, 100_000, 8), data=bytes(100_000)),
        lambda: plain_pbm(200, b"0 1 " * 20_000),
    ],
)
def test_what_programs_write_is_read(data):
    content = data()
    start = time.process_time()
    assert open_image(io.BytesIO(content), "a").grey(100).size
    assert time.process_time() - start < SECONDS


def test_of_exif_no_more_is_taken_than_it_holds(monkeypatch):
    assert bounds.honest_exif(b"Exif\0\0" + saved("TIFF"))
    assert not bounds.honest_exif(exif_of_one_text_many_times())
    turned = Image.Exif()
    turned[0x0112] = 6
    photo = open_image(io.BytesIO(saved("JPEG", exif=turned)), "a")
    assert (photo.height, photo.width) == (120, 80)


def test_a_directory_of_many_tags_costs_no_time(tmp_path):
    head, tags = b"II*\0" + struct.pack("<I", 8), struct.pack("<H", 65_535)
    path = tmp_path / "a.tif"
    path.write_bytes(head + (tags + bytes(12 * 65_535) + struct.pack("<I", 0)))
    start = time.process_time()
    with pytest.raises(ImageError):
        count_pages(path, "a")
    assert time.process_time() - start < 1


@pytest.mark.parametrize("compression", [5, 7, 8, 34925, 50000])
def test_what_a_decoder_prints_stays_off_the_terminal(compression, capfd):
    content = tiff().replace(
        struct.pack("<HHII", 259, 3, 1, 1), struct.pack("<HHII", 259, 3, 1, compression)
    )
    with pytest.raises(ImageError):
        open_image(io.BytesIO(content), "a").grey(50)
    assert capfd.readouterr().err == ""


def test_pixels_come_as_before(tmp_path):
    for kind, suffix in (("PNG", "png"), ("TIFF", "tif"), ("BMP", "bmp"), ("GIF", "gif")):
        path = tmp_path / f"a.{suffix}"
        path.write_bytes(saved(kind))
        for source in (path, io.BytesIO(path.read_bytes())):
            assert np.array_equal(open_image(source, "a").rgb(200)[..., 0], np.asarray(picture()))


def test_limits_leave_room_for_what_there_is():
    assert PngImagePlugin.MAX_TEXT_CHUNK < 16 << 20  # ours is set while a picture is opened alone

"""ocr.input.decoding, pixels and tiff: what a decoder may cost, and kinds of files."""

import io
import struct
import subprocess
import sys
import time
import zlib
from pathlib import Path

import numpy as np
import pytest
import tifffile
from PIL import Image, features

from ocr.errors import ImageError
from ocr.input import decoding, photo, pixels
from ocr.input.documents import Document
from ocr.input.photo import open_image

MEGA = 1 << 20


def strokes(height: int = 300, width: int = 400) -> np.ndarray:
    """Dark strokes on light paper: (height, width) uint8."""
    grey = np.full((height, width), 220, np.uint8)
    grey[height // 3 : height // 2, width // 8 : -width // 8 : 9] = 30
    return grey


def in_memory(image: Image.Image, kind: str, **options: object) -> io.BytesIO:
    stream = io.BytesIO()
    image.save(stream, kind, **options)
    return io.BytesIO(stream.getvalue())


# Memory


def bomb(kind: str, folder: Path) -> Path:
    """A small file of some hundred megapixels."""
    path = folder / f"bomb.{kind}"
    if kind == "webp":
        Image.new("L", (10000, 9000), 255).save(path, lossless=True)
    elif kind == "la.png":  # by hand: Pillow would need the memory to write it
        rows = zlib.compressobj(9)
        data = b"".join(rows.compress(b"\0" * (1 + 2 * 12000)) for _ in range(12000)) + rows.flush()
        head = struct.pack(">IIBBBBB", 12000, 12000, 8, 4, 0, 0, 0)
        chunks = ((b"IHDR", head), (b"IDAT", data), (b"IEND", b""))
        path.write_bytes(b"\x89PNG\r\n\x1a\n" + b"".join(
            struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))
            for name, body in chunks
        ))  # fmt: skip
    elif kind == "f32.tif":
        tifffile.imwrite(path, np.zeros((9000, 9000), np.float32), compression="zlib")
    elif kind == "progressive.jpg":
        Image.new("RGB", (12000, 12000)).save(path, progressive=True, subsampling=0, quality=5)
    elif kind == "g16.png":
        Image.fromarray(np.zeros((9000, 9000), np.uint16)).save(path)
    elif kind == "cmyk.tif":
        Image.new("CMYK", (9000, 9000)).save(path, compression="tiff_lzw")
    return path


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="Linux tells the memory")
@pytest.mark.parametrize(
    "kind", ["webp", "la.png", "f32.tif", "progressive.jpg", "g16.png", "cmyk.tif"]
)
def test_a_picture_takes_at_most_600_mb_or_is_refused(tmp_path, kind):
    code = (
        "import sys; from ocr.errors import ImageError\n"
        "from ocr.input.photo import open_image\n"
        "try: print(open_image(sys.argv[1]).grey(1600).shape)\n"
        "except ImageError as error: print(error)\n"
        "status = open('/proc/self/status').read()\n"
        "print(status.partition('VmHWM:')[2].split()[0])"
    )
    path = bomb(kind, tmp_path)
    done = subprocess.run(
        [sys.executable, "-c", code, path], capture_output=True, text=True, check=True
    )
    *_, told, memory = done.stdout.splitlines()
    assert told.startswith("(") or "take more than 400 MiB to decode" in told
    assert int(memory) << 10 < 500 * MEGA  # the networks take less than 100 more


def test_a_large_picture_is_reduced_band_by_band(monkeypatch):
    noise = np.random.default_rng(0).integers(0, 255, (503, 401), dtype=np.uint8)
    alpha = np.dstack([noise, noise, noise, 255 - noise])
    deep = noise.astype(np.uint16) * 257
    for image in (Image.fromarray(alpha), Image.fromarray(deep), Image.fromarray(noise / 255.0)):
        image = Image.fromarray(np.asarray(image, np.float32)) if image.mode == "F" else image
        whole = np.asarray(pixels.flattened(image, "L", (90, 100)), np.float32)
        monkeypatch.setattr(pixels, "BAND", 401 * 50)
        banded = np.asarray(pixels.flattened(image, "L", (90, 100)), np.float32)
        monkeypatch.undo()
        scale = 1 if image.mode == "RGBA" else 255
        assert np.abs(whole - banded).mean() * scale < 3


def test_memory_that_runs_out_is_not_taken_for_damage(monkeypatch):
    for error in (MemoryError(), OSError("out of memory"), OSError(12, "Cannot allocate memory")):

        def fail(*_: object, error: Exception = error) -> None:
            raise error

        monkeypatch.setattr(photo, "loaded", fail)
        with pytest.raises(ImageError, match="not enough memory"):
            open_image(in_memory(Image.fromarray(strokes()), "PNG"), "a.png").grey(99)


# Kinds of files


@pytest.mark.parametrize(
    ("kind", "feature", "options"),
    [("JPEG2000", "jpg_2000", {"irreversible": True}), ("AVIF", "avif", {"quality": 80})],
)
def test_newer_kinds(kind, feature, options):
    if not features.check(feature):
        pytest.skip(f"this Pillow reads no {kind}")
    found = open_image(in_memory(Image.fromarray(strokes()), kind, **options)).grey(400)
    np.testing.assert_allclose(found, strokes() / 255, atol=0.15)


def test_a_large_jpeg_2000_is_decoded_smaller(monkeypatch):
    if not features.check("jpg_2000"):
        pytest.skip("this Pillow reads no JPEG 2000")
    monkeypatch.setattr(decoding, "MAX_DECODED_BYTES", 7 * 200 * 150)
    monkeypatch.setattr(photo, "WHOLE", 0)
    monkeypatch.setattr(photo, "KEPT", 50)
    found = open_image(in_memory(Image.fromarray(strokes()), "JPEG2000"))
    assert found.grey(100).shape == (75, 100)
    with pytest.raises(ImageError, match="take more than"):
        found.grey(400)


@pytest.mark.parametrize("lost", [1, 2, 6])
def test_a_jpeg_without_its_last_bytes(lost):
    noise = np.random.default_rng(0).integers(0, 255, (300, 400), dtype=np.uint8)
    content = in_memory(Image.fromarray(noise), "JPEG").getvalue()
    found = open_image(io.BytesIO(content[:-lost])).grey(400)
    whole = open_image(io.BytesIO(content)).grey(400)
    assert (np.abs(found - whole) > 0.01).mean() < 0.002


def test_a_tiff_palette_of_8_bits(tmp_path):
    path = tmp_path / "a.tif"
    Image.fromarray(strokes()).convert("P").save(path)
    with tifffile.TiffFile(path, mode="r+b") as file:
        colors = file.pages[0].tags["ColorMap"]
        colors.overwrite((colors.value.ravel() >> 8).tolist())
    np.testing.assert_allclose(open_image(path).grey(400), strokes() / 255, atol=0.01)


def test_a_palette_without_its_table():
    image = Image.new("P", (40, 30))
    image.putpalette([0, 0, 0, 255, 255, 255])
    content = in_memory(image, "PNG").getvalue()
    start = content.index(b"PLTE") - 4
    (size,) = struct.unpack(">I", content[start : start + 4])
    with pytest.raises(ImageError, match="truncated or damaged"):
        open_image(io.BytesIO(content[:start] + content[start + 12 + size :])).grey(40)


@pytest.mark.parametrize("dtype", [np.uint16, np.int16])
@pytest.mark.parametrize("planar", ["contig", "separate"])
def test_deep_color_tiffs(tmp_path, dtype, planar):
    grey = strokes().astype(np.float64) / 255
    samples = np.round(grey * np.iinfo(dtype).max).astype(dtype)
    stack = np.stack([samples] * 3, axis=0 if planar == "separate" else -1)
    path = tmp_path / "a.tif"
    tifffile.imwrite(path, stack, photometric="rgb", planarconfig=planar)
    np.testing.assert_allclose(open_image(path).grey(400), grey, atol=0.01)


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
@pytest.mark.parametrize("planar", ["contig", "separate"])
@pytest.mark.parametrize("extra", [(), ("unspecified",), ("assocalpha",), ("unassalpha",)])
@pytest.mark.parametrize("colors", ["minisblack", "rgb", "separated"])
def test_tiffs_with_samples_beside_those_of_color(tmp_path, colors, extra, planar, dtype):
    white = np.iinfo(dtype).max
    grey = strokes().astype(dtype) * dtype(white // 255)
    opaque = [np.full_like(grey, white)] * len(extra)
    inks = [np.zeros_like(grey)] * 3 + [white - grey]
    samples = {"minisblack": [grey], "rgb": [grey] * 3, "separated": inks}[colors] + opaque
    path = tmp_path / "a.tif"
    how = {} if len(samples) == 1 else {"planarconfig": planar, "extrasamples": extra}
    stack = np.stack(samples, axis=0 if planar == "separate" else -1).squeeze()
    tifffile.imwrite(path, stack, photometric=colors, **how)
    np.testing.assert_allclose(open_image(path).grey(400), strokes() / 255, atol=0.01)


def test_a_tiff_of_samples_with_another_meaning_is_refused(tmp_path):
    path = tmp_path / "a.tif"
    tifffile.imwrite(path, np.zeros((9, 9, 3), np.uint16), photometric="cielab")
    with pytest.raises(ImageError, match="a kind of TIFF that cannot be read"):
        open_image(path)


@pytest.mark.parametrize("bits", [10, 12, 14, 16])
def test_sixteen_bits_of_which_a_camera_fills_some(bits):
    grey = strokes().astype(np.float64) / 255
    deep = Image.fromarray(np.round(grey * (2**bits - 1)).astype(np.uint16))
    np.testing.assert_allclose(open_image(in_memory(deep, "PNG")).grey(400), grey, atol=0.01)


def test_signed_grey_tiffs(tmp_path):
    grey = strokes().astype(np.float64) / 255
    path = tmp_path / "a.tif"
    tifffile.imwrite(path, np.round(grey * 32767).astype(np.int16), photometric="minisblack")
    np.testing.assert_allclose(open_image(path).grey(400), grey, atol=0.01)


@pytest.mark.parametrize("white_is_zero", [False, True])
@pytest.mark.parametrize(
    ("dtype", "white"),
    [
        (np.float16, 1.0),
        (np.float64, 1.0),
        (np.float64, 255.0),
        (np.float64, 65535.0),
        (np.int64, 32767.0),
        (np.uint64, 255.0),
    ],
)
def test_grey_tiffs_of_wide_numbers(tmp_path, dtype, white, white_is_zero):
    grey = strokes().astype(np.float64) / 255
    samples = ((1 - grey if white_is_zero else grey) * white).astype(dtype)
    path = tmp_path / "a.tif"
    tifffile.imwrite(path, samples, photometric="miniswhite" if white_is_zero else "minisblack")
    np.testing.assert_allclose(open_image(path).grey(400), grey, atol=0.02)


@pytest.mark.parametrize(("dtype", "white"), [(np.float32, 1), (np.float32, 255), (np.uint32, 255)])
def test_color_tiffs_of_wide_numbers(tmp_path, dtype, white):
    grey = strokes().astype(np.float64) / 255
    path = tmp_path / "a.tif"
    samples = np.stack([(grey * white).astype(dtype)] * 3)
    tifffile.imwrite(path, samples, photometric="rgb", planarconfig="separate")
    np.testing.assert_allclose(open_image(path).grey(400), grey, atol=0.02)


@pytest.mark.parametrize(("across", "down"), [(2, 1), (2, 2), (4, 4)])
def test_a_tiff_whose_colors_are_of_fewer_pixels_than_its_brightness(tmp_path, across, down):
    grey = strokes()
    path = tmp_path / "a.tif"
    Image.fromarray(grey).convert("YCbCr").save(path, tiffinfo={278: 300})  # one strip
    inside = np.asarray(Image.fromarray(grey).convert("RGB").convert("YCbCr"))
    blocks = inside.reshape(300 // down, down, 400 // across, across, 3).swapaxes(1, 2)
    brightness = blocks[..., 0].reshape(*blocks.shape[:2], -1)
    with tifffile.TiffFile(path, mode="r+b") as file:
        tags = file.pages[0].tags
        file.filehandle.seek(file.pages[0].dataoffsets[0])
        content = np.concatenate([brightness, blocks[:, :, 0, 0, 1:]], axis=2).tobytes()
        file.filehandle.write(content)
        tags["StripByteCounts"].overwrite(len(content))
        tags["YCbCrSubSampling"].overwrite((across, down))
    np.testing.assert_allclose(open_image(path).grey(400), grey / 255, atol=0.01)


def test_a_tiff_of_wide_numbers_is_turned_as_it_says(tmp_path):
    grey = strokes().astype(np.float64) / 255
    path = tmp_path / "a.tif"
    upside_down = [(274, "H", 1, 3, True)]
    tifffile.imwrite(path, grey, photometric="minisblack", extratags=upside_down)
    np.testing.assert_allclose(open_image(path).grey(400), grey[::-1, ::-1], atol=0.02)


def test_an_avif_that_names_its_container_first():
    content = bytearray(in_memory(Image.fromarray(strokes()), "AVIF", quality=95).getvalue())
    assert content[8:12] == b"avif"
    content[8:12] = b"mif1"
    assert open_image(io.BytesIO(content)).grey(400).shape == (300, 400)


def test_a_bmp_whose_opacity_was_never_set():
    grey = strokes()
    pixels = np.dstack([grey, grey, grey, np.zeros_like(grey)]).tobytes()
    about = struct.pack("<IiiHHIIiiII", 108, 400, -300, 1, 32, 3, len(pixels), 0, 0, 0, 0)
    masks = struct.pack("<IIII", 0xFF0000, 0xFF00, 0xFF, 0xFF000000)
    head = struct.pack("<2sIII", b"BM", 122 + len(pixels), 0, 122)
    content = head + about + masks + bytes(108 - len(about + masks)) + pixels
    with Image.open(io.BytesIO(content)) as image:
        assert image.mode == "RGBA"
    found = open_image(io.BytesIO(content)).grey(400)
    np.testing.assert_allclose(found, strokes() / 255, atol=0.01)


def test_light_ink_on_nothing_is_shown_dark():
    ink = np.zeros((300, 400, 4), np.uint8)
    ink[100:150, 50:350:9] = (250, 250, 240, 255)
    found = open_image(in_memory(Image.fromarray(ink), "PNG")).grey(400)
    assert found[0, 0] == 1
    assert found[120, 50] < 0.1
    ink[100:150, 50:350:9] = (20, 20, 60, 255)  # dark ink stays as it is
    assert open_image(in_memory(Image.fromarray(ink), "PNG")).grey(400)[120, 50] < 0.2
    sheet = np.zeros((300, 400, 4), np.uint8)  # a sheet that was cut out stays light
    sheet[50:150, 50:250] = (230, 230, 230, 255)
    sheet[90:110, 60:240:3] = (20, 20, 20, 255)
    assert open_image(in_memory(Image.fromarray(sheet), "PNG")).grey(400)[60, 60] > 0.8


# Pages


def test_a_tiff_of_many_pages_takes_time_by_their_number(tmp_path):
    def seconds(count: int) -> float:
        path = tmp_path / f"{count}.tif"
        with tifffile.TiffWriter(path) as out:
            for number in range(count):
                out.write(np.full((8, 8), number % 256, np.uint8), contiguous=False)
        start = time.process_time()
        sources = Document(str(path), "a").sources()
        levels = [round(255 * float(one.open().grey(8)[0, 0])) for one in sources]
        assert levels == [number % 256 for number in range(count)]
        return time.process_time() - start

    seconds(5)
    assert seconds(800) < 8 * seconds(200)  # 4 times, if linear; 16 by the square


def test_a_tiff_whose_directories_run_in_a_circle(tmp_path):
    first = Image.new("L", (8, 8), 9)
    first.save(tmp_path / "a.tif", save_all=True, append_images=[Image.new("L", (8, 8), 200)])
    content = bytearray((tmp_path / "a.tif").read_bytes())
    (at,) = struct.unpack("<I", content[4:8])
    (count,) = struct.unpack("<H", content[at : at + 2])
    content[at + 2 + 12 * count : at + 6 + 12 * count] = struct.pack("<I", at)
    assert len(Document("-", "a").sources(bytes(content))) == 1


@pytest.mark.parametrize("broken", [True, False])
def test_planes_that_do_not_unpack_or_unpack_to_too_much_are_refused(tmp_path, broken):
    path = tmp_path / "a.tif"
    planes = np.zeros((3, 1000, 400), np.uint16)
    how = {"photometric": "rgb", "planarconfig": "separate", "rowsperstrip": 1000}
    tifffile.imwrite(path, planes, compression="zlib", **how)
    assert open_image(path).grey(100).shape == (100, 40)
    with tifffile.TiffFile(path, mode="r+b") as file:
        start = file.pages[0].dataoffsets[0]
        if not broken:  # a small picture that unpacks to a large one
            file.pages[0].tags["ImageLength"].overwrite(20)
    if broken:
        data = bytearray(path.read_bytes())
        data[start : start + 8] = b"\xff" * 8
        path.write_bytes(data)
    with pytest.raises(ImageError, match="damaged, or a kind of TIFF"):
        open_image(path).grey(20)


def chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


@pytest.mark.parametrize(
    ("kind", "head"), [(b"zTXt", b"k\0\0"), (b"iCCP", b"k\0\0"), (b"iTXt", b"k\0\1\0\0\0")]
)
def test_texts_that_unpack_without_end_are_named_as_the_reason(tmp_path, kind, head):
    stream = io.BytesIO()
    Image.new("L", (9, 9), 255).save(stream, "PNG")
    plain = stream.getvalue()
    bomb = chunk(kind, head + zlib.compress(bytes(100_000_000)))
    path = tmp_path / "bomb.png"
    path.write_bytes(plain[:33] + bomb + plain[33:])  # behind IHDR
    with pytest.raises(ImageError, match="texts or its color profile unpack to more"):
        open_image(path)

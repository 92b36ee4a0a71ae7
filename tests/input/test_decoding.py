"""ocr.input.decoding: what a decoder may cost, and kinds of files."""

import io
import struct
import subprocess
import sys
import zlib
from pathlib import Path

import numpy as np
import pytest
import tifffile
from input_fakes import in_memory, strokes
from PIL import Image, features

from ocr.errors import ImageError
from ocr.input import decoding, photo, pixels
from ocr.input.photo import open_image

MEGA = 1 << 20


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


def test_an_avif_that_names_its_container_first():
    content = bytearray(in_memory(Image.fromarray(strokes()), "AVIF", quality=95).getvalue())
    assert content[8:12] == b"avif"
    content[8:12] = b"mif1"
    assert open_image(io.BytesIO(content)).grey(400).shape == (300, 400)


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


@pytest.mark.parametrize("share", [0.1, 0.5, 0.9])
def test_a_part_of_an_avif_file_is_damaged_and_not_of_another_kind(share):
    content = in_memory(Image.fromarray(strokes()), "AVIF").getvalue()
    with pytest.raises(ImageError, match="truncated or damaged"):
        open_image(io.BytesIO(content[: round(share * len(content))])).grey(40)

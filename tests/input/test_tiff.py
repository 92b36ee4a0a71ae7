"""ocr.input.tiff: samples of all kinds, and pages."""

import struct
import time

import numpy as np
import pytest
import tifffile
from input_fakes import strokes
from PIL import Image

from ocr.errors import ImageError
from ocr.input.documents import Document
from ocr.input.photo import open_image


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

"""ocr.input.photo: what opens, upright and at the wanted size, and what gets a one-line error."""

import io
import os
import struct
import subprocess
import sys
import time
import warnings
import zlib
from pathlib import Path

import numpy as np
import pikepdf
import pytest
from input_fakes import LETTERS, cells, encoded, one_line, picture
from PIL import Image, ImageCms, ImageDraw, PngImagePlugin

from ocr.config import DPI
from ocr.errors import ImageError
from ocr.input.decoding import ORIENTATION
from ocr.input.photo import KEPT, NEARLY, open_image
from ocr.input.pixels import PHOTOMETRIC, WHITE_IS_ZERO


def page(width: int, height: int) -> Image.Image:
    """A photo-like page: shaded paper with strokes."""
    shade = np.linspace(200, 240, width)[np.newaxis] + np.linspace(-20, 10, height)[:, np.newaxis]
    image = Image.fromarray(shade.astype(np.uint8))
    draw = ImageDraw.Draw(image)
    step = width // 12
    for k in range(1, 11):
        draw.line((k * step, height // 4, k * step + step // 2, height // 2), 40, width // 150)
        draw.ellipse(
            (k * step, height * 5 // 8, k * step + step // 2, height * 3 // 4),
            None,
            30,
            width // 90,
        )
    return image


def saved(image: Image.Image, path: Path, **options: object) -> Path:
    image.save(path, **options)
    return path


def test_size_and_values(tmp_path):
    photo = open_image(saved(picture(), tmp_path / "a.png"))
    assert (photo.height, photo.width) == (24, 32)
    assert photo.name == str(tmp_path / "a.png")
    assert photo.grey(4).dtype == np.float32
    assert photo.grey(4).shape == (3, 4)
    np.testing.assert_allclose(photo.grey(4), LETTERS, atol=0.12)  # neighbors weigh a little
    np.testing.assert_array_equal(cells(photo), LETTERS)


def test_a_picture_in_black_and_white_alone_is_smoothed(tmp_path):
    rng = np.random.default_rng(0)
    dots = rng.random((300, 400)) < np.linspace(0, 1, 400)  # a ramp of grey, dithered
    black_white = Image.fromarray(dots)
    shades = Image.fromarray(np.uint8(100 + 100 * dots))
    drawn = np.full((300, 400), 255, np.uint8)
    drawn[140:160] = 0
    drawn[139], drawn[160] = 128, 128  # one of its edges is smooth all along
    for name, image in (("bits.tif", black_white), ("bits.png", black_white.convert("RGB"))):
        grey = open_image(saved(image, tmp_path / name)).grey(400)
        ramp = np.linspace(0, 1, 400)[20:-20]
        assert np.abs(grey[:, 20:-20] - ramp).std() < 0.6 * np.abs(dots[:, 20:-20] - ramp).std()
        np.testing.assert_allclose(grey.mean(axis=0)[20:-20], ramp, atol=0.12)
        assert set(np.unique(open_image(tmp_path / name).rgb(400))) == {0, 255}
    small = Image.fromarray(dots[:30, 185:215])  # as large as a picture of a letter
    for image in (shades, Image.fromarray(drawn), small):
        grey = open_image(saved(image, tmp_path / "c.png")).grey(400)
        np.testing.assert_allclose(grey, np.asarray(image.convert("L")) / 255, atol=0.01)


def test_never_enlarged(tmp_path):
    photo = open_image(saved(picture(), tmp_path / "a.png"))
    assert photo.grey(10_000).shape == (24, 32)
    with pytest.raises(ValueError, match="long_side"):
        photo.grey(0)


def test_rgb(tmp_path):
    red = Image.new("RGB", (40, 20), (250, 10, 20))
    color = open_image(saved(red, tmp_path / "a.png")).rgb(20)
    assert color.shape == (10, 20, 3)
    assert color.dtype == np.uint8
    np.testing.assert_array_equal(color[5, 5], (250, 10, 20))
    assert color.flags.writeable


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("kind", ["jpg", "png", "tif", "lzw.tif", "webp"])
def test_exif_orientation(tmp_path, orientation, kind):
    undo = {  # how the camera held the picture, by EXIF 2.3, table 4.6.4
        1: lambda a: a,
        2: np.fliplr,
        3: lambda a: np.rot90(a, 2),
        4: np.flipud,
        5: np.transpose,
        6: lambda a: np.rot90(a, 1),  # row 0 is the right-hand side
        7: lambda a: np.rot90(a, 2).T,
        8: lambda a: np.rot90(a, -1),  # row 0 is the left-hand side
    }
    stored = Image.fromarray(np.ascontiguousarray(undo[orientation](np.asarray(picture()))))
    exif = Image.Exif()
    exif[0x0112] = orientation
    options = {"compression": "tiff_lzw"} if kind == "lzw.tif" else {}
    photo = open_image(saved(stored, tmp_path / f"a.{kind}", exif=exif, **options))
    assert (photo.height, photo.width) == (24, 32)
    np.testing.assert_allclose(cells(photo), LETTERS, atol=0.1)
    assert photo.rgb(4).shape == (3, 4, 3)


def test_exif_behind_the_pixels_of_a_png(tmp_path):
    exif = Image.Exif()
    exif[0x0112] = 6
    plain = encoded(picture(), "PNG")
    chunk = io.BytesIO()
    PngImagePlugin.putchunk(chunk, b"eXIf", exif.tobytes()[6:])
    photo = open_image(io.BytesIO(plain[:-12] + chunk.getvalue() + plain[-12:]))
    assert (photo.height, photo.width) == (32, 24)
    np.testing.assert_array_equal(cells(photo), np.rot90(LETTERS, -1))


@pytest.mark.parametrize("value", [0, 9, 99])
def test_senseless_orientation_is_ignored(tmp_path, value):
    exif = Image.Exif()
    exif[0x0112] = value
    photo = open_image(saved(picture(), tmp_path / "a.jpg", exif=exif))
    assert (photo.height, photo.width) == (24, 32)


def test_broken_exif_is_ignored(tmp_path):
    photo = open_image(saved(picture(), tmp_path / "a.jpg", exif=b"Exif\0\0MM\0*\0\0\0\xff\xff"))
    np.testing.assert_allclose(cells(photo), LETTERS, atol=0.1)


@pytest.mark.parametrize("mode", ["1", "L", "RGB", "CMYK", "P", "LA", "RGBA", "I;16", "I", "F"])
def test_modes(tmp_path, mode):
    image = picture()
    if mode in ("I;16", "I"):
        deep = np.asarray(image).astype(np.uint16) * 257
        image = Image.fromarray(deep.astype(np.int32) if mode == "I" else deep)
    elif mode == "F":
        image = Image.fromarray(np.asarray(image, dtype=np.float32) / 255)
    else:
        image = image.convert(mode)
    assert image.mode == mode
    kind = "tif" if mode in ("CMYK", "F", "I") else "png"
    photo = open_image(saved(image, tmp_path / f"a.{kind}"))
    np.testing.assert_allclose(cells(photo), LETTERS, atol=0.02)
    rgb = photo.rgb(32)
    assert rgb.shape == (24, 32, 3)
    np.testing.assert_allclose(rgb[4::8, 4::8, 1] / 255, LETTERS, atol=0.02)


@pytest.mark.parametrize("dtype", [np.int32, np.float32])
def test_bytes_in_deep_samples_are_seen_as_bytes(tmp_path, dtype):
    image = Image.fromarray(np.asarray(picture()).astype(dtype))
    photo = open_image(saved(image, tmp_path / "a.tif"))
    np.testing.assert_allclose(cells(photo), LETTERS, atol=0.02)


def test_sixteen_bit_keeps_its_range(tmp_path):
    ramp = np.linspace(0, 65535, 64).astype(np.uint16)[np.newaxis].repeat(4, axis=0)
    grey = open_image(saved(Image.fromarray(ramp), tmp_path / "a.png")).grey(64)
    np.testing.assert_allclose(grey, ramp / 65535, atol=1e-6)


def test_lab_tiff(tmp_path):
    color = np.tile(np.array([200, 60, 20], dtype=np.uint8), (8, 8, 1))
    profiles = [ImageCms.createProfile(name) for name in ("sRGB", "LAB")]
    lab = ImageCms.profileToProfile(Image.fromarray(color), *profiles, outputMode="LAB")
    photo = open_image(saved(lab, tmp_path / "a.tif"))
    np.testing.assert_allclose(photo.rgb(8), color, atol=4)
    expected = np.array(Image.fromarray(color).convert("L")) / 255
    np.testing.assert_allclose(photo.grey(8), expected, atol=0.02)


def test_sixteen_bit_tiff_in_which_white_is_zero(tmp_path):
    deep = np.asarray(picture()).astype(np.uint16) * 257
    tags = {PHOTOMETRIC: WHITE_IS_ZERO}
    photo = open_image(saved(Image.fromarray(~deep), tmp_path / "a.tif", tiffinfo=tags))
    np.testing.assert_allclose(cells(photo), LETTERS, atol=0.02)


@pytest.mark.parametrize(
    ("mode", "options"),
    [
        ("1", {"compression": "group4"}),
        ("P", {}),
        ("RGB", {"big_tiff": True}),
        ("RGB", {"compression": "jpeg"}),
        ("YCbCr", {}),
        ("CMYK", {"compression": "tiff_lzw"}),
    ],
)
def test_kinds_of_tiff(tmp_path, mode, options):
    photo = open_image(saved(picture().convert(mode), tmp_path / "a.tif", **options))
    np.testing.assert_allclose(cells(photo), LETTERS, atol=0.05)


def test_a_kind_of_tiff_that_cannot_be_read_is_told(tmp_path):
    data = bytearray(encoded(picture(), "TIFF"))
    at = data.index(struct.pack("<HHII", 258, 3, 1, 8))  # bits a sample
    data[at : at + 12] = struct.pack("<HHII", 258, 3, 1, 64)
    with pytest.raises(ImageError) as error:
        open_image(io.BytesIO(bytes(data)), name="a.tif")
    assert "8 or 16 bits" in one_line(error, "a.tif")


def test_a_tiff_of_unknown_compression_is_not_called_damaged_alone(tmp_path):
    data = bytearray(encoded(picture(), "TIFF", compression="tiff_lzw"))
    at = data.index(struct.pack("<HHI", 259, 3, 1)) + 8  # what it is compressed by
    data[at : at + 2] = struct.pack("<H", 34887)  # LERC
    with pytest.raises(ImageError) as error:
        open_image(io.BytesIO(bytes(data)), name="a.tif").grey(9)
    assert "without compression" in one_line(error, "a.tif")


def test_cmyk_jpeg(tmp_path):
    photo = open_image(saved(picture().convert("CMYK"), tmp_path / "a.jpg"))
    np.testing.assert_allclose(cells(photo), LETTERS, atol=0.1)


def test_transparent_is_white(tmp_path):
    clear = Image.new("RGBA", (40, 40), (0, 0, 0, 0))
    clear.paste((0, 0, 0, 255), (0, 0, 20, 40))
    grey = open_image(saved(clear, tmp_path / "a.png")).grey(4)
    np.testing.assert_allclose(grey, [[0, 0, 1, 1]] * 4, atol=0.12)
    half = Image.new("LA", (8, 8), (0, 128))
    np.testing.assert_allclose(open_image(saved(half, tmp_path / "b.png")).grey(4), 0.5, atol=0.01)


def test_transparent_palette_is_white(tmp_path):
    image = picture().convert("P")
    image.putpixel((0, 0), 0)
    photo = open_image(saved(image, tmp_path / "a.png", transparency=image.getpixel((9, 9))))
    np.testing.assert_array_equal(cells(photo), np.ones((3, 4)))  # its ink was the clear color


def test_gif_shows_its_first_frame(tmp_path):
    second = Image.new("L", (32, 24), 0)
    path = saved(picture(), tmp_path / "a.gif", save_all=True, append_images=[second])
    np.testing.assert_array_equal(cells(open_image(path)), LETTERS)


def test_tiny_and_thin(tmp_path):
    assert open_image(saved(Image.new("L", (1, 1), 77), tmp_path / "a.png")).grey(1000).shape == (
        1,
        1,
    )
    thin = open_image(saved(Image.new("L", (20000, 10), 255), tmp_path / "b.jpg"))
    assert (thin.height, thin.width) == (10, 20000)
    assert thin.grey(1000).shape == (1, 1000)
    assert thin.grey(20000).shape == (10, 20000)
    tall = open_image(saved(Image.new("L", (10, 20000), 255), tmp_path / "c.png"))
    assert tall.rgb(500).shape == (500, 1, 3)


@pytest.mark.parametrize("kind", ["png", "jpg"])
@pytest.mark.parametrize("long_side", [1000, 1333])
def test_half_the_size_gives_the_same_picture(tmp_path, kind, long_side):
    full = page(4000, 3000)
    options = {"quality": 92} if kind == "jpg" else {}
    one = open_image(saved(full, tmp_path / f"a.{kind}", **options))
    two = open_image(saved(full.reduce(2), tmp_path / f"b.{kind}", **options))
    difference = np.abs(one.grey(long_side) - two.grey(long_side))
    assert one.grey(long_side).shape == (round(long_side * 0.75), long_side)
    assert difference.mean() < 0.005
    assert np.quantile(difference, 0.999) < 0.1


def test_reduction_averages_areas(tmp_path):
    rng = np.random.default_rng(0)
    noise = rng.integers(0, 256, (240, 320), dtype=np.uint8)
    grey = open_image(saved(Image.fromarray(noise), tmp_path / "a.png")).grey(40)
    areas = noise.reshape(30, 8, 40, 8).mean(axis=(1, 3)) / 255
    assert np.abs(grey - areas).mean() < 0.02
    assert abs(grey.mean() - areas.mean()) < 0.005


def test_streams_and_bytes():
    data = encoded(picture(), "PNG")
    photo = open_image(io.BytesIO(data), name="upload")
    assert photo.name == "upload"
    np.testing.assert_array_equal(cells(photo), LETTERS)
    np.testing.assert_array_equal(cells(photo), LETTERS)  # again: the stream is not needed


def test_stdin(tmp_path):
    code = "from ocr.input.photo import open_image; p = open_image('-'); print(p.name, p.width)"
    done = subprocess.run(
        [sys.executable, "-c", code],
        input=encoded(picture(), "JPEG"),
        capture_output=True,
        check=True,
    )
    assert done.stdout.split() == [b"stdin", b"32"]


def test_kinds_that_start_another_program_are_not_opened(tmp_path):
    picture().convert("L").save(tmp_path / "a.eps", "EPS")  # which Pillow reads by Ghostscript
    with pytest.raises(ImageError, match="not an image that can be read"):
        open_image(tmp_path / "a.eps").grey(99)


def test_missing_empty_folder_text(tmp_path):
    with pytest.raises(ImageError) as error:
        open_image(tmp_path / "none.jpg")
    assert "no such file" in one_line(error, "none.jpg")

    (tmp_path / "empty.jpg").touch()
    with pytest.raises(ImageError) as error:
        open_image(tmp_path / "empty.jpg")
    assert "empty" in one_line(error, "empty.jpg")

    with pytest.raises(ImageError) as error:
        open_image(tmp_path)
    assert "folder" in one_line(error, str(tmp_path))

    (tmp_path / "text.jpg").write_text("no picture\n" * 50)
    with pytest.raises(ImageError) as error:
        open_image(tmp_path / "text.jpg")
    assert "not an image" in one_line(error, "text.jpg")

    with pytest.raises(ImageError) as error:
        open_image(io.BytesIO(b""), name="stdin")
    one_line(error, "stdin")

    with pytest.raises(ImageError) as error:
        open_image("a\0b.jpg")
    one_line(error, "b.jpg")


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may read all")
def test_unreadable(tmp_path):
    path = saved(picture(), tmp_path / "a.png")
    path.chmod(0)
    with pytest.raises(ImageError) as error:
        open_image(path)
    one_line(error, "a.png")


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "GIF", "TIFF", "BMP", "WEBP", "PPM"])
@pytest.mark.parametrize("share", [0.02, 0.3, 0.6, 0.95])
def test_truncated_is_never_half_a_picture(kind, share):
    rng = np.random.default_rng(1)
    data = encoded(Image.fromarray(rng.integers(0, 256, (300, 400), dtype=np.uint8)), kind)
    with pytest.raises(ImageError) as error:
        open_image(io.BytesIO(data[: int(len(data) * share)]), name="half").grey(100)
    one_line(error, "half")


def test_truncated_progressive_jpeg():
    data = encoded(page(800, 600), "JPEG", progressive=True)
    with pytest.raises(ImageError):
        open_image(io.BytesIO(data[: len(data) // 2]), name="half").grey(100)


def test_garbage_never_ends_in_another_exception():
    rng = np.random.default_rng(2)
    for kind in ("JPEG", "PNG", "GIF", "TIFF", "BMP", "WEBP", "PPM"):
        data = np.frombuffer(encoded(page(120, 90), kind), dtype=np.uint8)
        for _ in range(60):
            broken = data.copy()
            spots = rng.integers(0, len(data), 5)
            broken[spots] = rng.integers(0, 256, 5)
            try:
                grey = open_image(io.BytesIO(broken.tobytes()), name="broken").grey(50)
            except ImageError as error:
                assert "\n" not in str(error)
            else:
                assert np.isfinite(grey).all()


def test_decompression_bomb(tmp_path):
    bomb = bytearray(encoded(Image.new("1", (8, 8)), "PNG"))
    bomb[16:24] = struct.pack(">II", 30000, 20000)  # the header's width and height
    bomb[29:33] = struct.pack(">I", zlib.crc32(bomb[12:29]))
    with pytest.raises(ImageError) as error:
        open_image(io.BytesIO(bomb), name="bomb.png")
    assert "30000 x 20000" in one_line(error, "bomb.png")


def test_large_png_is_refused_before_decoding(monkeypatch):
    monkeypatch.setattr("ocr.input.decoding.MAX_DECODED_BYTES", 3000)
    with pytest.raises(ImageError, match="large: 400 x 300 pixels of this kind"):
        open_image(io.BytesIO(encoded(page(400, 300), "PNG")), name="large")
    monkeypatch.setattr("ocr.input.photo.KEPT", 40)
    drafted = open_image(io.BytesIO(encoded(page(400, 300), "JPEG")), name="drafted")
    assert drafted.grey(12).shape == (9, 12)  # decoded at an eighth


def test_small_copies_take_one_decoding(tmp_path):
    path = saved(page(KEPT * 4, 400), tmp_path / "a.jpg")
    photo = open_image(path)
    assert photo.grey(KEPT).shape == (100, KEPT)
    path.unlink()
    assert photo.rgb(80).shape == (6, 80, 3)
    with pytest.raises(ImageError, match="no such file"):
        photo.grey(round(NEARLY * KEPT) + 1)
    assert photo.grey(KEPT + 20).shape == (100, KEPT)  # rather than decode again
    path = saved(page(KEPT * 3, 400), tmp_path / "a.png")
    photo = open_image(path)
    assert photo.rgb(80).shape == (8, 80, 3)
    path.unlink()
    assert photo.grey(KEPT * 2).shape == (267, KEPT * 2)


def test_large_jpeg_is_fine(tmp_path):
    path = saved(Image.new("L", (12000, 8000), 200), tmp_path / "a.jpg")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        np.testing.assert_allclose(open_image(path).grey(1000), 200 / 255, atol=0.01)


def test_pillow_is_left_as_it_was():
    limit = Image.MAX_IMAGE_PIXELS
    with pytest.raises(ImageError):
        open_image(io.BytesIO(b"nothing"), name="x")
    assert limit == Image.MAX_IMAGE_PIXELS


def test_twelve_megapixels_cost_little(tmp_path):
    path = saved(page(4032, 3024).convert("RGB"), tmp_path / "a.jpg", quality=90)

    def seconds() -> float:
        start = time.process_time()
        open_image(path).grey(1500)
        return time.process_time() - start

    assert min(seconds() for _ in range(4)) < 0.3  # twice the budget, for slow machines


def test_light_to_import():
    code = (
        "import sys, ocr.input.photo; "
        "heavy = {'scipy', 'skimage', 'sklearn', 'torch', 'matplotlib', 'onnxruntime'}; "
        "print(sorted(heavy & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


# HEIC and PDF, which need a package each


@pytest.fixture
def heic(tmp_path) -> Path:
    """`picture` twice as large; its EXIF does not count, for the format tells turns itself."""
    pillow_heif = pytest.importorskip("pillow_heif")
    exif = Image.Exif()
    exif[ORIENTATION] = 6
    pillow_heif.register_heif_opener()
    picture(16).convert("RGB").save(tmp_path / "a.heic", quality=95, exif=exif)
    return tmp_path / "a.heic"


def test_heic(heic):
    for source in (heic, io.BytesIO(heic.read_bytes())):
        photo = open_image(source)
        assert (photo.height, photo.width) == (48, 64)
        np.testing.assert_allclose(photo.grey(64)[8::16, 8::16], LETTERS, atol=0.1)
    heic.write_bytes(heic.read_bytes()[:-200])
    with pytest.raises(ImageError):
        open_image(heic).grey(64)
    picture(16).convert("RGB").save(heic, quality=95)  # without EXIF
    assert open_image(heic).grey(64).shape == (48, 64)


def pdf_of(image: Image.Image, path: Path, **options: object) -> Path:
    image.save(path, "PDF", **options)
    return path


def test_pdf(tmp_path):
    path = pdf_of(picture(16), tmp_path / "scan", resolution=72)  # told by its content
    photo = open_image(path, dpi=72)
    assert (photo.height, photo.width) == (48, 64)
    np.testing.assert_allclose(photo.grey(64)[8::16, 8::16], LETTERS, atol=0.1)
    assert photo.rgb(32).shape == (24, 32, 3)
    assert open_image(path).width == 64  # as its picture has
    assert open_image(path, dpi=DPI).width == round(64 * DPI / 72)
    assert open_image(io.BytesIO(path.read_bytes()), dpi=144).width == 128
    with pytest.raises(ImageError, match="no page 2"):
        open_image(path, page=2)
    with pytest.raises(ImageError, match="--dpi"):
        open_image(pdf_of(picture(16), path, resolution=0.3), dpi=2400)


def test_pdf_is_turned_upright(tmp_path):
    path = pdf_of(picture(16).transpose(Image.Transpose.ROTATE_90), tmp_path / "a.pdf")
    with pikepdf.open(path, allow_overwriting_input=True) as document:
        document.pages[0].rotate(90, relative=True)
        document.save(path)
    photo = open_image(path, dpi=72)
    assert (photo.height, photo.width) == (48, 64)
    np.testing.assert_allclose(photo.grey(64)[8::16, 8::16], LETTERS, atol=0.1)


def test_pdf_that_cannot_be_read(tmp_path):
    path = pdf_of(picture(16), tmp_path / "a.pdf")
    with pikepdf.open(path) as document:
        document.save(tmp_path / "b.pdf", encryption=pikepdf.Encryption(user="x", owner="y"))
    with pytest.raises(ImageError) as error:
        open_image(tmp_path / "b.pdf")
    assert "password" in one_line(error, "b.pdf")
    path.write_bytes(path.read_bytes()[:300])
    with pytest.raises(ImageError) as error:
        open_image(path)
    assert "truncated or damaged" in one_line(error, "a.pdf")
    pikepdf.new().save(tmp_path / "c.pdf")
    for name, reason in (("b.pdf", "password"), ("c.pdf", "without a page")):  # each its own
        with pytest.raises(ImageError) as error:
            open_image(tmp_path / name)
        assert reason in one_line(error, name)


def test_the_first_picture_of_a_jpeg_of_several(tmp_path):
    """As phones store a preview or a second view beside a photo."""
    path = tmp_path / "a.jpg"
    picture().save(path, "MPO", save_all=True, append_images=[picture().resize((40, 30))])
    stored = open_image(path).as_stored()
    assert stored is not None
    content, orientation = stored
    assert orientation == 1
    assert len(content) < path.stat().st_size
    with Image.open(io.BytesIO(content), formats=("JPEG",)) as first, Image.open(path) as whole:
        assert np.array_equal(np.asarray(first), np.asarray(whole))
    with Image.open(path) as whole:
        size = whole.mpinfo[0xB002][0]["Size"]
    told = path.read_bytes()
    wrong = told.replace(size.to_bytes(4, "little"), (size - 9).to_bytes(4, "little"))
    assert wrong != told
    path.write_bytes(wrong)  # it ends within the picture: better none of it
    assert open_image(path).as_stored() is None


@pytest.mark.parametrize(("package", "extra"), [("pillow_heif", "heic"), ("pypdfium2", "pdf")])
def test_a_missing_package_is_named(heic, tmp_path, monkeypatch, package, extra):
    path = heic if extra == "heic" else pdf_of(picture(), tmp_path / "a.pdf")
    monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(ImageError) as error:
        open_image(path)
    assert str(error.value).endswith(f'pip install "ocr[{extra}]"')
    assert str(path) in str(error.value)


def test_files_as_they_are(tmp_path):
    path = saved(picture(), tmp_path / "a.jpg", dpi=(200, 200))
    assert open_image(path).as_stored() == (path.read_bytes(), 1)
    assert open_image(path).dpi == 200
    assert open_image(io.BytesIO(path.read_bytes())).as_stored() == (path.read_bytes(), 1)
    assert open_image(saved(picture(), tmp_path / "b.jpg", dpi=(72, 72))).dpi is None
    png = saved(picture(), tmp_path / "a.png")
    assert open_image(png).as_stored() == (png.read_bytes(), 1)
    assert open_image(saved(picture().convert("RGBA"), tmp_path / "b.png")).as_stored() is None
    assert open_image(saved(picture().convert("CMYK"), tmp_path / "c.jpg")).as_stored() is None


@pytest.mark.parametrize(
    ("dpi", "high"),
    [((204, 98), 204 / 98), ((300, 300), 1), ((72, 36), 1), ((2000, 100), 1), (None, 1)],
)
def test_pixels_of_a_fax_are_higher_than_wide(tmp_path, dpi, high):
    path = saved(picture(), tmp_path / "a.tif", **({"dpi": dpi} if dpi else {}))
    assert open_image(path).pixel_height == pytest.approx(high, abs=0.01)


def test_pixels_of_a_turned_picture_are_turned_with_it(tmp_path):
    exif = Image.Exif()
    exif[ORIENTATION] = 6
    path = saved(picture(), tmp_path / "a.jpg", dpi=(200, 100), exif=exif)
    assert open_image(path).pixel_height == pytest.approx(0.5)

"""ocr.input.given: all that a Python program may hold gives the same picture."""

import io
import os

import numpy as np
import pytest
from PIL import Image

from ocr.errors import ImageError
from ocr.input.given import photo_of, photos_of

PIXELS = np.random.default_rng(0).integers(0, 256, (30, 40, 3), dtype=np.uint8)


def rgb(given) -> np.ndarray:
    return photo_of(given).rgb(100)


@pytest.fixture
def path(tmp_path):
    Image.fromarray(PIXELS).save(tmp_path / "a.png")
    return tmp_path / "a.png"


def test_paths_bytes_and_files(path):
    assert photo_of(path).name == photo_of(str(path)).name == str(path)
    with path.open("rb") as file:
        for given in (path, str(path), path.read_bytes(), io.BytesIO(path.read_bytes()), file):
            assert np.array_equal(rgb(given), PIXELS)


def test_arrays():
    assert np.array_equal(rgb(PIXELS), PIXELS)
    assert np.array_equal(rgb(PIXELS[::-1, ::-1]), PIXELS[::-1, ::-1])
    assert np.array_equal(rgb(PIXELS.astype(np.float64) / 255), PIXELS)
    grey = PIXELS[..., 0]
    for given in (grey, grey[..., np.newaxis], grey / np.float32(255)):
        assert np.array_equal(rgb(given), np.repeat(grey[..., np.newaxis], 3, axis=2))
    bits = grey > 127
    assert np.array_equal(rgb(bits)[..., 0] == 255, bits)
    clear = np.dstack([PIXELS, np.zeros((30, 40), np.uint8)])
    assert (rgb(clear) == 255).all()  # transparent parts are white


@pytest.mark.parametrize(
    "array",
    [
        np.zeros((0, 5), np.uint8),
        np.zeros(5, np.uint8),
        np.zeros((3, 5, 2), np.uint8),
        np.zeros((3, 5), np.int64),
        np.full((3, 5), 200.0),
        np.full((3, 5), np.nan),
    ],
)
def test_what_is_no_picture(array):
    with pytest.raises(ValueError, match="array"):
        photo_of(array)
    with pytest.raises(TypeError, match="give a path"):
        photo_of(5)


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA", "CMYK", "I;16", "YCbCr"])
def test_pillow_pictures(mode, tmp_path):
    base = Image.fromarray(PIXELS)
    picture = base.convert("I").convert("I;16") if mode == "I;16" else base.convert(mode)
    photo = photo_of(picture)
    assert (photo.height, photo.width) == (30, 40)
    assert photo.rgb(100).shape == (30, 40, 3)


@pytest.mark.parametrize(
    ("mode", "kind"), [("I", "<i4"), ("I;16", "<u2"), ("I;16L", "<u2"), ("I;16B", ">u2")]
)
def test_deep_pillow_pictures_keep_their_greys(mode, kind):
    grey = PIXELS[..., 0]
    samples = (grey.astype(np.uint16) * 257).astype(kind)
    picture = Image.frombytes(mode, (40, 30), samples.tobytes())
    assert np.array_equal(rgb(picture)[..., 0], grey)
    assert np.array_equal(np.asarray(picture), samples)  # and stays as it is


@pytest.mark.parametrize("mode", ["RGB", "I;16"])
@pytest.mark.parametrize(("dpi", "told"), [(300, 300), (72, None)])
def test_a_pillow_picture_tells_the_resolution_of_its_scan(mode, dpi, told, tmp_path):
    Image.new(mode, (40, 30)).save(tmp_path / "a.tif", dpi=(dpi, dpi))
    with Image.open(tmp_path / "a.tif") as picture:
        assert photo_of(picture).dpi == photo_of(tmp_path / "a.tif").dpi == told


@pytest.mark.parametrize("dpi", [None, 300, "300", (), ("fine", "fine"), (float("nan"),) * 2])
def test_a_resolution_that_is_none_is_not_taken(dpi):
    picture = Image.fromarray(PIXELS)
    picture.info["dpi"] = dpi
    assert photo_of(picture).dpi is None


def test_a_pillow_picture_is_turned_upright(tmp_path):
    exif = Image.Exif()
    exif[0x0112] = 6
    Image.fromarray(PIXELS).save(tmp_path / "a.png", exif=exif)
    with Image.open(tmp_path / "a.png") as picture:
        assert np.array_equal(rgb(picture), rgb(tmp_path / "a.png"))
        assert photo_of(picture).name == str(tmp_path / "a.png")


def test_a_pillow_picture_whose_file_is_closed(path):
    with Image.open(path) as left:
        pass
    closed = Image.open(path)
    closed.close()
    for picture in (left, closed):
        with pytest.raises(ImageError, match=r"load\(\)"):
            photo_of(picture)


def test_a_file_that_was_replaced_is_not_taken_for_the_one_that_was_read(path):
    photo, held = photo_of(path), photo_of(path.read_bytes())
    Image.fromarray(PIXELS[::-1]).save(path)
    os.utime(path, (0, 0))  # as where the clock is coarse
    for look in (lambda: photo.rgb(100), lambda: photo.grey(100), photo.as_stored):
        with pytest.raises(ImageError, match="changed since"):
            look()
    assert np.array_equal(held.rgb(100), PIXELS)
    assert np.array_equal(rgb(path), PIXELS[::-1])


def test_several_pages(tmp_path):
    picture = Image.fromarray(PIXELS)
    picture.save(tmp_path / "a.tif", save_all=True, append_images=[picture.rotate(180)])
    with pytest.raises(ImageError, match=r"2 pages.*ocr\.read_pages"):
        photo_of(tmp_path / "a.tif")
    second = photo_of((tmp_path / "a.tif").read_bytes(), page=2)
    assert np.array_equal(second.rgb(100), PIXELS[::-1, ::-1])
    pages = [photo.rgb(100) for photo in photos_of(tmp_path / "a.tif")]
    assert np.array_equal(pages[0], PIXELS)
    assert np.array_equal(pages[1], PIXELS[::-1, ::-1])
    (only,) = photos_of(tmp_path / "a.tif", pages=[2])
    assert only.name.endswith("a.tif, page 2")
    with pytest.raises(ImageError, match="page"):
        list(photos_of(tmp_path / "a.tif", pages=[3]))


def test_a_pdf_page_has_the_resolution_of_its_picture(tmp_path):
    pytest.importorskip("pypdfium2")
    Image.new("L", (400, 300), 200).save(tmp_path / "a.pdf", resolution=72)
    for opened in (photo_of(tmp_path / "a.pdf"), *photos_of(tmp_path / "a.pdf")):
        assert (opened.width, opened.height) == (400, 300)
    finer = photo_of(tmp_path / "a.pdf", dpi=144)
    assert (finer.width, finer.height) == (800, 600)


class Text:
    """A file that gives text, though bytes are wanted."""

    def read(self, _size: int = -1) -> str:
        return "text"


def broken_picture() -> Image.Image:
    stream = io.BytesIO()
    Image.fromarray(PIXELS).save(stream, "PNG")
    return Image.open(io.BytesIO(stream.getvalue()[:300]))


@pytest.mark.parametrize(
    ("given", "kind"),
    [
        (None, TypeError),
        ([[1, 2]], TypeError),
        (io.StringIO("text"), TypeError),
        (Text(), TypeError),
        ("", ImageError),
        (b"", ImageError),
        (np.full((5, 5), 1 + 2j), ValueError),
        (np.zeros((1, 2, 3, 3), np.uint8), ValueError),
        (np.full((5, 5), np.nan), ValueError),
        (np.broadcast_to(np.float64(1), (100_000, 100_000)), ImageError),
        (broken_picture, ImageError),
    ],
)
def test_what_cannot_be_a_picture_is_refused_by_its_kind(given, kind):
    with pytest.raises(kind):
        photo_of(given() if given is broken_picture else given)


@pytest.mark.parametrize(
    ("options", "kind"),
    [
        ({"page": "1"}, TypeError),
        ({"page": 1.5}, TypeError),
        ({"page": 0}, ImageError),
        ({"dpi": "a"}, TypeError),
        ({"dpi": 0}, ValueError),
        ({"dpi": float("nan")}, TypeError),
    ],
)
def test_wrong_pages_and_resolutions(path, options, kind):
    with pytest.raises(kind):
        photo_of(path, **options)
    with pytest.raises(kind):
        list(photos_of(path, [options.get("page", 1)], options.get("dpi")))


def test_premultiplied_grey():
    picture = Image.new("LA", (20, 10), (80, 255)).convert("La")
    assert photo_of(picture).grey(20).shape == (10, 20)

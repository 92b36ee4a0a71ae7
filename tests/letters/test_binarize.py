"""From grey to ink, on pictures small enough to check by hand."""

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFont
from scipy import ndimage

from ocr.layout.light import even_light, light_on_dark, surroundings, without_show_through
from ocr.layout.pixels import (
    components,
    denoise,
    dilated,
    eroded,
    median_of_nine,
    noise_sigma,
    opened,
    reduced,
    resize,
    to_grey,
)
from ocr.letters.binarize import ink_components, keep_only


def page(text="A LIST", shape=(300, 400), paper=225, ink=40):
    picture = Image.new("L", (shape[1], shape[0]), paper)
    ImageDraw.Draw(picture).text((50, 100), text, fill=ink, font=ImageFont.load_default(60))
    return np.asarray(picture, dtype=np.float32) / 255


def small(grey, width=240):
    """The reduced color copy that a photo is looked at in first."""
    picture = Image.fromarray((255 * grey).astype(np.uint8)).convert("RGB")
    return np.asarray(picture.resize((width, round(width * grey.shape[0] / grey.shape[1]))))


def placed(grey, around, margin=80):
    return np.pad(grey, margin, constant_values=around)


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.float32, np.float64])
def test_to_grey_takes_any_depth(dtype):
    top = 1 if np.issubdtype(dtype, np.floating) else np.iinfo(dtype).max
    grey = to_grey(np.array([[0, top]], dtype=dtype))
    assert grey.dtype == np.float32
    assert grey.tolist() == [[0.0, 1.0]]


def test_to_grey_weighs_colors_and_refuses_other_shapes():
    assert to_grey(np.array([[[255, 0, 0]]], dtype=np.uint8))[0, 0] == pytest.approx(0.299)
    with pytest.raises(ValueError, match="shape"):
        to_grey(np.zeros((2, 2, 7)))


def test_noise_sigma_measures_gaussian_noise():
    noisy = 0.5 + 0.03 * np.random.default_rng(1).standard_normal((200, 200))
    assert noise_sigma(noisy.astype(np.float32)) == pytest.approx(0.03, rel=0.1)
    assert noise_sigma(np.ones((50, 50), dtype=np.float32)) == 0


def test_denoise_leaves_a_clean_page_alone():
    clean = page()
    assert denoise(clean) is clean


def test_denoise_smooths_noise():
    noisy = (0.7 + 0.05 * np.random.default_rng(0).standard_normal((99, 99))).astype(np.float32)
    assert denoise(noisy).std() < 0.5 * noisy.std()


def test_even_light_divides_the_paper_out():
    shaded = np.tile(np.linspace(0.4, 1, 300, dtype=np.float32), (200, 1))
    assert even_light(shaded).min() > 0.9


@pytest.mark.parametrize("shape", [(1, 1), (1, 5), (4, 3), (20, 30)])
def test_median_of_nine(shape):
    image = np.random.default_rng(0).random(shape, dtype=np.float32)
    np.testing.assert_array_equal(median_of_nine(image), ndimage.median_filter(image, 3))


def test_components_kept_are_numbered_again():
    labels = components(np.array([[1, 0, 1, 0, 1], [0, 0, 0, 0, 0], [1, 0, 0, 0, 0]], dtype=bool))
    keep_only(labels, np.array([True, False, True, True]))
    assert labels.tolist() == [[1, 0, 0, 0, 2], [0, 0, 0, 0, 0], [3, 0, 0, 0, 0]]


def ink_mask(even):
    return ink_components(even) > 0


def test_ink_mask_of_a_stroke():
    stroke = np.ones((20, 20), dtype=np.float32)
    stroke[5:15, 9:12] = 0.2
    assert ink_mask(stroke).sum() == 30


def test_a_shadow_across_a_narrow_strip_is_evened_out():
    rows, cols = np.mgrid[0:120, 0:600]
    shade = 1 - 0.5 / (1 + np.exp(-(rows / 120 + cols / 600 - 1) * 12))
    assert even_light(shade.astype(np.float32)).min() > 0.75


def test_texture_is_not_ink():
    grain = np.random.default_rng(0).standard_normal((300, 400))
    assert not ink_mask((0.8 + 0.1 * grain).astype(np.float32).clip(0, 1)).any()


def test_surroundings_are_thick_dark_and_at_the_border():
    dark = np.zeros((100, 150), dtype=bool)
    dark[:, :12] = True  # a desk
    dark[40:42, 12:80] = True  # touches it
    dark[60:80, 100:103] = True  # a stroke
    dark[10:20, 60:90] = True  # a blot, but not at the border
    found = surroundings(dark)
    assert found[:, :12].all()
    assert not found[:, 20:].any()


def test_reduced_never_enlarges():
    picture = page()
    assert reduced(picture, 2.0) is picture
    assert reduced(picture, 0.5).shape == (150, 200)
    assert resize(picture, (600, 800)).shape == (600, 800)


@pytest.mark.parametrize("steps", [1, 2, 3])
@pytest.mark.parametrize("shape", [(1, 1), (2, 9), (40, 31)])
def test_dilated_and_eroded_are_those_of_scipy(shape, steps):
    mask = np.random.default_rng(steps).random(shape) < 0.3
    grown = ndimage.binary_dilation(mask, iterations=steps)
    np.testing.assert_array_equal(dilated(mask, steps), grown)
    shrunk = ndimage.binary_erosion(~mask, iterations=steps, border_value=1)
    np.testing.assert_array_equal(eroded(~mask, steps), shrunk)


@pytest.mark.parametrize("around", [None, 0.0, 0.25, 1.0])
@pytest.mark.parametrize("paper", [225, 140])
def test_dark_writing_is_told_from_light(around, paper):
    plain = page("NOTES", paper=paper)
    negative = 1 - plain
    if around is not None:
        plain, negative = placed(plain, around), placed(negative, around)
    assert not light_on_dark(small(plain))
    assert light_on_dark(small(negative))


def test_a_blank_picture_is_neither():
    assert not light_on_dark(np.full((100, 240, 3), 30, dtype=np.uint8))
    assert not light_on_dark(np.full((1, 1, 3), 200, dtype=np.uint8))


def through(depth=0.25, blur=4.0):
    """Paper through which the other side's writing shines: mirrored, blurred, faint."""
    back = page("BEHIND", paper=255, ink=0)[:, ::-1]
    return (1 - depth * (1 - ndimage.gaussian_filter(back, blur))).astype(np.float32)


def test_what_shows_through_is_divided_out_and_pencil_stays():
    even = through() * page("PENCIL", (300, 400), 255, 190)[::-1]
    written = (page("PENCIL", (300, 400), 255, 190) < 0.9)[::-1]
    assert ink_mask(even)[through() < 0.88].mean() > 0.4  # it would be read
    clear = without_show_through(even)
    assert ink_mask(clear)[written].mean() > 0.95
    assert ink_mask(clear)[~ndimage.binary_dilation(written, iterations=2)].mean() < 0.001
    assert not ink_mask(without_show_through(through())).any()


def test_a_page_through_which_nothing_shows_is_left_alone():
    sharp = page("PENCIL", paper=255, ink=200)
    assert without_show_through(sharp) is sharp


def test_pencil_beside_a_marker_is_ink():
    marker = ndimage.grey_erosion(page("SALE", (200, 400), 255, 20), 5)
    pencil = page("PENCIL", (200, 400), 255, 185)
    mask = ink_mask(np.concatenate([marker, pencil, marker]))
    assert mask[200:400][pencil < 0.8].mean() > 0.95
    assert not mask[200:400][pencil > 0.99].any()


def test_a_smudge_beside_a_marker_is_no_ink():
    marker = ndimage.grey_erosion(page("SALE", (200, 400), 255, 20), 5)
    smudge = through(0.2, 6.0)[:200]
    assert not ink_mask(np.concatenate([marker, smudge]))[200:].any()


@pytest.mark.filterwarnings("error")
def test_nothing_but_surroundings_is_no_ink():
    picture = np.ones((60, 60), dtype=np.float32)
    picture[:, :20] = 0.3
    picture[30:34, 20:24] = 0.8
    assert not ink_mask(picture)[:, :20].any()


@pytest.mark.parametrize("size", [2, 3, 6])
def test_opened_is_what_squares_cover(size):
    mask = np.random.default_rng(size).random((40, 50)) < 0.9
    expected = ndimage.binary_opening(mask, np.ones((size, size)))
    np.testing.assert_array_equal(opened(mask, size), expected)
    assert opened(np.ones((9, 9), dtype=bool), size).all()

"""Light writing on a dark ground is told from dark on light; a canvas is left out."""

from types import SimpleNamespace

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFont

from ocr.layout.orientation import Turned
from ocr.layout.picture import Negative, dark_on_light, light_and_dark, uncovered


def scene(paper=225, ink=40, size=(640, 480)):
    """Two lines of text that fill a picture."""
    page = Image.new("L", size, paper)
    for y in (90, 260):
        ImageDraw.Draw(page).text((60, y), "A SHEET", fill=ink, font=ImageFont.load_default(110))
    return page


class Photo:
    """A picture in memory."""

    name = "scene"

    def __init__(self, page):
        self.page = page
        self.width, self.height = page.size

    def rgb(self, long_side):
        small = self.page.convert("RGB")
        small.thumbnail((long_side, long_side), Image.Resampling.BOX)
        return np.asarray(small)

    def grey(self, long_side):
        small = self.page.copy()
        small.thumbnail((long_side, long_side), Image.Resampling.BOX)
        return np.asarray(small, dtype=np.float32) / np.float32(255)


def partly_negative(width):
    """Writing that is lighter than its ground in the first columns, and darker in the others."""
    page = np.asarray(scene(128, 40)).astype(int)
    page[:, :width] = 256 - page[:, :width]
    return Photo(Image.fromarray(page.astype(np.uint8)))


def covering(photo, negative):
    """A finder whose lines cover so much of a photo's ink, and so much of its negative's."""

    def find(picture):
        shown = picture.photo if isinstance(picture, Turned) else picture
        return SimpleNamespace(covered=negative if isinstance(shown, Negative) else photo)

    return find


def small(page):
    return Photo(page).rgb(240)


@pytest.mark.parametrize(("paper", "ink"), [(225, 40), (250, 180), (120, 30)])
def test_dark_writing_is_left_and_light_writing_turned(paper, ink):
    photo, negative = Photo(scene(paper, ink)), Photo(scene(255 - paper, 255 - ink))
    assert dark_on_light(photo, covering(0.0, 0.0)) is photo
    turned = dark_on_light(negative, covering(0.6, 0.7))
    assert isinstance(turned, Negative)
    assert (turned.height, turned.width, turned.name) == (480, 640, "scene")
    np.testing.assert_allclose(turned.grey(300), photo.grey(300), atol=0.01)


@pytest.mark.parametrize(
    ("photo", "negative", "stays"),
    [(0.7, 0.1, True), (0.7, 0.5, False), (0.2, 0.01, False), (0.0, 0.0, False)],
)
def test_lines_found_on_the_photo_itself_say_that_it_is_no_negative(photo, negative, stays):
    page = partly_negative(420)
    light, dark = light_and_dark(page.rgb(240))
    assert 2 * dark < light < 8 * dark
    assert (dark_on_light(page, covering(photo, negative)) is page) == stays


@pytest.mark.parametrize(
    ("photo", "negative", "stays"),
    [(0.6, 0.9, True), (0.1, 0.7, False), (0.4, 0.55, True), (0.0, 0.2, True)],
)
def test_what_shows_as_much_light_as_dark_is_told_by_its_lines(photo, negative, stays):
    page = partly_negative(320)
    light, dark = light_and_dark(page.rgb(240))
    assert 0.5 * dark < light < 2 * dark
    assert (dark_on_light(page, covering(photo, negative)) is page) == stays


def test_a_negative_on_its_side_is_one_still():
    def find(picture):
        if isinstance(picture, Turned):
            return SimpleNamespace(covered=0.9 if isinstance(picture.photo, Negative) else 0.5)
        return SimpleNamespace(covered=0.1 if isinstance(picture, Negative) else 0.6)

    assert isinstance(dark_on_light(partly_negative(420), find), Negative)


def test_a_clear_negative_is_one_whatever_its_lines_say():
    page = Photo(scene(30, 215))
    assert isinstance(dark_on_light(page, covering(0.9, 0.1)), Negative)


def test_a_blank_picture_is_neither():
    assert light_and_dark(np.full((100, 240, 3), 30, dtype=np.uint8)) == (0, 0)
    assert light_and_dark(np.full((1, 1, 3), 200, dtype=np.uint8)) == (0, 0)


@pytest.mark.parametrize("color", [0, 128, 255])
def test_a_canvas_around_a_picture_is_left_out(color):
    rgb = small(scene(paper=200))
    canvas = np.pad(rgb, ((20, 20), (30, 30), (0, 0)), constant_values=color)
    assert uncovered(canvas).shape == (178, 238, 3)  # but for its edge


def test_bars_on_one_side_are_left_out():
    rgb = small(scene(paper=200))
    assert uncovered(np.pad(rgb, ((0, 30), (0, 0), (0, 0)))).shape == (179, 240, 3)


def test_the_margins_of_a_scan_are_no_canvas():
    scan = np.full((180, 240, 3), 255, dtype=np.uint8)
    scan[60:70, 40:200:12] = 0
    assert uncovered(scan).shape == scan.shape

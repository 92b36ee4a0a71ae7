"""Light writing on a dark ground is told from dark on light; a canvas is left out."""

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFont

from ocr.layout.picture import Negative
from ocr.layout.polarity import dark_on_light, grounds, light_and_dark, uncovered


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


def small(page):
    return Photo(page).rgb(240)


@pytest.mark.parametrize(("paper", "ink"), [(225, 40), (250, 180), (120, 30)])
def test_dark_writing_is_left_and_light_writing_turned(paper, ink):
    photo, negative = Photo(scene(paper, ink)), Photo(scene(255 - paper, 255 - ink))
    assert dark_on_light(photo) is photo
    turned = dark_on_light(negative)
    assert isinstance(turned, Negative)
    assert (turned.height, turned.width) == (480, 640)
    np.testing.assert_allclose(turned.grey(300), photo.grey(300), atol=0.01)


@pytest.mark.parametrize(
    ("width", "seems", "doubt"),
    [(0, "photo", False), (320, "photo", True), (420, "negative", True), (640, "negative", True)],
)
def test_what_shows_both_light_and_dark_writing_is_in_doubt(width, seems, doubt):
    page = partly_negative(width)
    likelier, other = grounds(page)
    assert isinstance(likelier, Negative) == (seems == "negative")
    assert (other is not None) == doubt
    assert other is None or isinstance(other, Negative) != isinstance(likelier, Negative)


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

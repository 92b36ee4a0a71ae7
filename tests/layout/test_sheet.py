"""The sheet in a photo is found, and what is read on it comes back to the photo's pixels."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageDraw, ImageFont

from ocr.layout.sheet import Negative, Rectified, find_corners, homography, shrunk, uncovered
from ocr.letters.find_letters import find_letters
from ocr.page import Box, Letter, Line, Page, Word, map_page

UNIT = np.array([[0, 0], [0, 1], [1, 1], [1, 0]], dtype=float)


def scene(corners, paper=(225, 222, 215), desk=(70, 60, 50), size=(480, 640)):
    """A sheet with two lines of text, its corners at these parts of the picture."""
    sheet = Image.new("RGB", (600, 400), paper)
    for y in (110, 240):
        ImageDraw.Draw(sheet).text(
            (90, y), "A SHEET", fill=(40, 40, 60), font=ImageFont.load_default(70)
        )
    matrix = homography(np.asarray(corners) * size, UNIT * (400, 600))
    swap = np.array([[0, 1, 0], [1, 0, 0], [0, 0, 1]])
    values = (swap @ matrix @ swap).ravel()[:8]
    how = (size[::-1], Image.Transform.PERSPECTIVE, tuple(values), Image.Resampling.BICUBIC)
    mask = Image.new("L", sheet.size, 255).transform(*how)
    picture = Image.composite(sheet.transform(*how), Image.new("RGB", size[::-1], desk), mask)
    return np.asarray(picture)


class Photo:
    """A picture in memory."""

    name = "scene"

    def __init__(self, rgb):
        self.values = rgb.mean(axis=2).astype(np.float32) / 255
        self.height, self.width = self.values.shape

    def grey(self, long_side):
        scale = min(1, long_side / max(self.values.shape))
        size = (round(self.width * scale), round(self.height * scale))
        return np.asarray(Image.fromarray(self.values).resize(size, Image.Resampling.BOX))


def small(rgb):
    picture = Image.fromarray(rgb)
    picture.thumbnail((240, 240), Image.Resampling.BOX)
    return np.asarray(picture)


offset = st.floats(0.06, 0.16)


@settings(max_examples=15, deadline=None)
@given(st.lists(offset, min_size=8, max_size=8))
def test_corners_are_found_to_half_a_percent(offsets):
    inwards = np.array([[1, 1], [1, -1], [-1, -1], [-1, 1]])
    corners = UNIT + inwards * np.array(offsets).reshape(4, 2)
    found = find_corners(small(scene(corners)))
    assert found is not None
    assert np.abs(found - corners).max() < 0.008


@pytest.mark.parametrize("desk", [(235, 170, 160), (150, 110, 70), (20, 20, 20)])
def test_desks_of_any_darker_color(desk):
    corners = np.array([[0.1, 0.1], [0.12, 0.9], [0.9, 0.92], [0.88, 0.08]])
    found = find_corners(small(scene(corners, desk=desk)))
    assert found == pytest.approx(corners, abs=0.01)


def test_a_sheet_that_leaves_the_picture_keeps_its_angle():
    corners = np.array([[-0.3, 0.1], [-0.2, 1.3], [0.85, 1.2], [0.9, 0.12]])
    found = find_corners(small(scene(corners)))
    assert found is not None
    assert found[:, 0].min() < 0.05
    assert found[:, 1].max() > 0.95
    left, bottom = found[3] - found[0], found[2] - found[3]
    assert left[1] / left[0] == pytest.approx(0.02 / 1.2, abs=0.02)
    assert bottom[0] / bottom[1] == pytest.approx(-0.05 / 1.08, abs=0.02)


@pytest.mark.parametrize("color", [0, 128, 255])
def test_a_canvas_around_a_picture_is_left_out(color):
    rgb = small(scene(UNIT * 1.6 - 0.3))
    canvas = np.pad(rgb, ((20, 20), (30, 30), (0, 0)), constant_values=color)
    assert uncovered(canvas).shape == (178, 238, 3)  # but for its edge
    corners = find_corners(canvas) * canvas.shape[:2]
    np.testing.assert_allclose(corners, UNIT * (180, 240) + (20, 30), atol=1.5)


def test_the_sheet_in_a_picture_on_a_canvas_is_found():
    corners = np.array([[0.1, 0.12], [0.08, 0.9], [0.93, 0.88], [0.9, 0.1]])
    canvas = np.pad(small(scene(corners)), ((30, 30), (40, 40), (0, 0)), constant_values=255)
    found = find_corners(canvas) * canvas.shape[:2]
    np.testing.assert_allclose(found, corners * (180, 240) + (30, 40), atol=2)


def test_the_margins_of_a_scan_are_no_canvas():
    scan = np.full((180, 240, 3), 255, dtype=np.uint8)
    scan[60:70, 40:200:12] = 0
    assert uncovered(scan) is scan or uncovered(scan).shape == scan.shape


def test_a_negative_is_read_as_the_photo():
    photo = Photo(scene(UNIT))
    negative = Negative(Negative(photo))
    assert (negative.height, negative.width, negative.name) == (480, 640, "scene")
    np.testing.assert_allclose(negative.grey(300), photo.grey(300), atol=1e-6)


def test_no_sheet_where_the_picture_is_paper():
    assert find_corners(small(scene(UNIT * 1.6 - 0.3))) is None
    shade = np.linspace(0.3, 1, 640)[None, :, None]
    assert find_corners(small((scene(UNIT * 1.6 - 0.3) * shade).astype(np.uint8))) is None
    assert find_corners(np.full((10, 200, 3), 200, dtype=np.uint8)) is None


def test_the_rectified_sheet_is_upright_and_evenly_scaled():
    corners = np.array([[0.1, 0.2], [0.2, 0.85], [0.95, 0.95], [0.85, 0.05]])
    sheet = Rectified(Photo(scene(corners)), corners)
    grey = sheet.grey(400)
    assert max(grey.shape) == 400
    assert grey[[0, 0, -1, -1], [2, -2, 2, -2]].min() > 0.5
    straight = Rectified(Photo(scene(UNIT * 0.8 + 0.1)), UNIT * 0.8 + 0.1).grey(400)
    flat = np.asarray(Image.fromarray(straight).resize(grey.shape[::-1]))
    assert np.abs(flat - grey).mean() < 0.06


def test_letters_found_on_a_slanting_sheet_are_boxed_in_the_photo():
    corners = np.array([[0.1, 0.2], [0.14, 0.85], [0.95, 0.95], [0.9, 0.05]])
    rgb = scene(corners)
    boxes, bw = find_letters(rgb)
    assert len(boxes) == 12
    assert bw.shape == rgb.shape[:2]
    for y1, x1, y2, x2 in boxes:
        assert (rgb[y1:y2, x1:x2].min() < 90) and (bw[y1:y2, x1:x2] == 0).any()
        assert (bw[y1:y2, x1:x2] == 0).mean() > 0.1


def test_shrinking_leaves_out_the_edge():
    assert shrunk(UNIT) == pytest.approx(UNIT * 0.988 + 0.006)


def test_map_page_there_and_back():
    letter = Letter(Box(10, 20, 30, 40), "A", 0.9)
    line = Line((Word((letter,)),), ((30.0, 20.0), (30.0, 40.0)), ((10.0, 20.0), (30.0, 40.0)))
    page = Page(100, 200, (line,))
    matrix = [[2.0, 0.0, 5.0], [0.0, 2.0, 7.0], [0.0, 0.0, 1.0]]
    there = map_page(page, matrix, 300, 500)
    assert there.letters[0].box == Box(25, 47, 65, 87)
    assert there.lines[0].baseline == ((65.0, 47.0), (65.0, 87.0))
    assert np.array(there.transform) == pytest.approx(np.linalg.inv(matrix))
    back = map_page(there, there.transform, 100, 200)
    assert back == page

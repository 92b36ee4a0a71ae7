"""The page's own orientation, and coordinates carried back to the photo."""

import io
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from ocr.evaluation.error_rates import character_errors
from ocr.input.photo import open_image
from ocr.layout.orientation import map_page, turn_back
from ocr.page import IDENTITY, Box, Letter, Line, Page, Word

IMAGES = Path(__file__).resolve().parents[2] / "images"


@pytest.fixture(scope="module")
def reader(reader_of):
    return reader_of("letters")


@pytest.fixture(scope="module")
def upright(reader):
    """A sample photo as read the way it is; once, whatever is compared with it."""
    return cache(lambda name: reader.read(IMAGES / name))


def turned(name, turns):
    """A sample photo turned to the left by `turns`, as a stream."""
    picture = np.rot90(np.asarray(Image.open(IMAGES / name)), turns)
    stream = io.BytesIO()
    Image.fromarray(np.ascontiguousarray(picture)).save(stream, "PNG")
    stream.seek(0)
    return stream


@pytest.mark.parametrize("turns", [1, 2, 3])
@pytest.mark.parametrize("name", ["phone_note.jpg", "bench_plan.jpg"])
def test_a_turned_photo_reads_the_same(reader, upright, name, turns):
    upright = upright(name)
    photo = open_image(turned(name, turns))
    page = reader.read(photo)
    assert character_errors(upright.text, page.text).rate <= 0.03  # I for 1, a comma for a stop
    assert (page.height, page.width) == (photo.height, photo.width)
    # the boxes lie where the letters are in the turned photo
    back = turn_back(page, turns, upright.height, upright.width)
    lost = [a for a in upright.letters if not any(a.box.iou(b.box) > 0.5 for b in back.letters)]
    assert len(lost) <= 0.05 * len(upright.letters) + 1  # borders in joined letters may differ
    assert abs(len(back.letters) - len(upright.letters)) <= 2


def test_joined_writing_is_not_turned(reader):
    assert reader.read(IMAGES / "postcard.jpg").transform == IDENTITY


@pytest.mark.parametrize("turns", [0, 1, 2, 3])
def test_turn_back_agrees_with_rot90(turns):
    photo = np.zeros((7, 11))
    photo[2:4, 5:9] = 1
    there = np.argwhere(np.rot90(photo, turns))
    (y1, x1), (y2, x2) = there.min(axis=0), there.max(axis=0) + 1
    letter = Letter(Box(int(y1), int(x1), int(y2), int(x2)), "x", 1.0)
    line = Line((Word((letter,)),), baseline=((float(y2), float(x1)),))
    height, width = np.rot90(photo, turns).shape
    page = turn_back(Page(height, width, (line,)), turns, 7, 11)
    assert page.letters[0].box == Box(2, 5, 4, 9)
    assert (page.height, page.width) == (7, 11)
    row, col = page.lines[0].baseline[0]
    forth = np.array(page.transform) @ (row, col, 1)
    assert forth.tolist() == [float(y2), float(x1), 1.0]


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

"""Ticks and rings by a pen: what is left out of a strip, and what is a letter."""

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFont

from ocr.layout.pen_marks import is_tick, ring_around, without_pen_marks
from ocr.layout.strips import BASELINE_ROW, STRIP_HEIGHT, Strip

FACE = ImageFont.load_default(24)
BASE = BASELINE_ROW
TICK = [(6, BASE - 6), (10, BASE), (22, BASE - 18)]
WIDTH = 220


def strip(*drawn, text="WORDS", left=60):
    """A strip with a text at a column, and what is drawn: (kind, points)."""
    picture = Image.new("L", (WIDTH, STRIP_HEIGHT), 255)
    pen = ImageDraw.Draw(picture)
    pen.text((left, BASE), text, fill=0, font=FACE, anchor="ls")
    for kind, points in drawn:
        if kind == "line":
            pen.line(points, fill=0, width=2, joint="curve")
        elif kind == "ring":
            pen.ellipse(points, outline=0, width=2)
        else:
            pen.text(points, kind, fill=0, font=FACE, anchor="ls")
    image = np.asarray(picture, np.float32) / np.float32(255)
    cols = np.arange(WIDTH, dtype=float)
    return Strip(image, np.full(WIDTH, 100.0), cols, np.tile([1.0, 0.0], (WIDTH, 1)), 1.0)


def moved(points, by):
    return [(x + by, y) for x, y in points]


def ink(**drawn):
    return strip(**drawn).image < 0.5


def test_a_tick_before_the_words_is_left_out():
    found = without_pen_marks(strip(("line", TICK)))
    assert 22 < found.cols[0] < 60 and found.cols[-1] == WIDTH - 1
    np.testing.assert_array_equal(found.image, strip().image[:, int(found.cols[0]) :])


def test_a_tick_behind_the_words_is_left_out():
    found = without_pen_marks(strip(("line", moved(TICK, 190))))
    assert found.cols[0] == 0 and 150 < found.cols[-1] < 196


@pytest.mark.parametrize("ruled", [0, 2])
def test_marks_on_a_rule_are_seen(ruled):
    page = strip(
        ("line", TICK), *[("line", [(0, BASE + k), (WIDTH, BASE + k)]) for k in range(ruled)]
    )
    assert without_pen_marks(page).cols[0] > 22


@pytest.mark.parametrize(
    "points",
    [
        [(6, BASE - 18), (12, BASE), (18, BASE - 18)],  # V
        [(6, BASE), (20, BASE - 20)],  # a slash
        [(6, BASE - 20), (6, BASE), (18, BASE)],  # L
        [(4, BASE - 4), (8, BASE), (14, BASE), (14, BASE - 20)],  # J
        [(6, BASE - 3), (8, BASE), (10, BASE - 4)],  # far too small
        [(6, BASE - 14), (10, BASE - 20), (10, BASE)],  # 1
    ],
    ids=["v", "slash", "l", "j", "small", "one"],
)
def test_strokes_that_are_no_tick_stay(points):
    page = strip(("line", points))
    assert without_pen_marks(page) is page


@pytest.mark.parametrize("text", ["words", "Valley", "√4"])
def test_what_stands_close_to_the_words_stays(text):
    page = strip(("line", moved(TICK, 38)), text=text, left=62)
    assert without_pen_marks(page).image.shape == page.image.shape


def test_the_ring_around_a_number_goes_and_the_number_stays():
    ring = ("ring", (4, BASE - 26, 40, BASE + 10))
    found = without_pen_marks(strip(ring, ("7", (16, BASE))))
    assert found.image.shape[1] == WIDTH
    np.testing.assert_allclose(found.image, strip(("7", (16, BASE))).image, atol=0.01)


@pytest.mark.parametrize("inner", [(), (("line", [(20, BASE - 9), (23, BASE - 9)]),)])
def test_a_letter_like_a_ring_stays(inner):
    page = strip(("ring", (4, BASE - 26, 36, BASE + 6)), *inner)
    assert without_pen_marks(page) is page


@pytest.mark.parametrize("sign", list("ABDOQRVWXYJLrvuy@&e80469"))
def test_no_sign_of_print_is_a_mark(sign):
    drawn = ink(text=sign)
    assert not is_tick(drawn) and ring_around(drawn) is None


def test_a_strip_without_ink_or_with_a_mark_alone_stays():
    for page in (strip(text=""), strip(("line", TICK), text="")):
        assert without_pen_marks(page) is page

"""Rows of boxes for one letter each: found by their walls, and read without them."""

from itertools import pairwise

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFont

from ocr.layout.combs import find_comb, without_comb
from ocr.layout.strips import BASELINE_ROW, X_HEIGHT, Strip, TextLine, cut_strip

FONT = ImageFont.load_default(28)  # capitals 20 pixels high
BASE = 80  # row of the page
INK = 0.9


def form(text: str, boxes: int, wide: int = 30, apart: int = 0, label: str = "") -> np.ndarray:
    """The darkness of a page with a label and a row of boxes, in the first ones the text."""
    page = Image.new("L", (120 + boxes * (wide + apart) + 20, 140))
    pen = ImageDraw.Draw(page)
    pen.text((10, BASE), label, 255, FONT, anchor="ls")
    for k in range(boxes):
        x = 110 + k * (wide + apart)
        pen.rectangle((x, BASE - 29, x + wide, BASE + 8), outline=150, width=2)
        pen.text((x + 8, BASE), text[k : k + 1], 255, FONT, anchor="ls")
    return np.asarray(page, dtype=np.float32) * np.float32(INK / 255)


def strip_of(darkness: np.ndarray) -> Strip:
    ends = np.array([[BASE, 10.0], [BASE, darkness.shape[1] - 10.0]])
    return cut_strip(darkness, TextLine(ends, X_HEIGHT))


def letters(strip: Strip) -> list[tuple[int, int]]:
    """First and last column of each run of ink between the upper and the lower lines."""
    ink = (1 - strip.image[BASELINE_ROW - 14 : BASELINE_ROW - 5] > 0.5).any(axis=0)
    edges = np.flatnonzero(np.diff(ink, prepend=False, append=False))
    return [(int(a), int(b)) for a, b in edges.reshape(-1, 2)]


@pytest.mark.parametrize("apart", [0, 8])
def test_letters_of_boxes_stand_side_by_side_without_walls(apart):
    darkness = form("BAKE", 8, apart=apart, label="Tom")
    strip = strip_of(darkness)
    comb = find_comb(strip)
    assert comb is not None
    assert len(comb.words) == 1
    opened = without_comb(darkness, strip, comb)
    label, own = np.split(letters(opened), [3])
    assert len(own) == 4
    assert (own[1:, 0] - own[:-1, 1]).max() < 0.7 * X_HEIGHT
    assert opened.image.shape[1] < strip.image.shape[1] - 3 * 30
    inside = comb.in_words(opened)
    assert not inside[: label[-1, 1]].any()
    assert inside[own[0, 1] : own[-1, 0]].all()


def test_letters_are_cut_as_high_as_capitals():
    darkness = form("HHHHH", 6)
    strip = cut_strip(darkness, TextLine(np.array([[BASE, 10.0], [BASE, 300.0]]), 20.0))
    comb = find_comb(strip)
    assert comb is not None
    again = without_comb(darkness, strip, comb)
    left, right = letters(again)[0]
    rows = np.flatnonzero((1 - again.image[6:40, left:right] > 0.5).any(axis=1))
    assert np.ptp(rows) + 1 == pytest.approx(1.5 * X_HEIGHT, abs=3)


def test_an_empty_box_between_letters_is_a_space():
    darkness = form("AB CD", 7)
    strip = strip_of(darkness)
    comb = find_comb(strip)
    assert comb is not None
    (a, b), (c, d) = comb.words
    assert a < b < c < d
    own = letters(without_comb(darkness, strip, comb))
    gaps = [other[0] - one[1] for one, other in pairwise(own)]
    assert np.argmax(gaps) == 1
    assert gaps[1] > X_HEIGHT / 2


def test_empty_boxes_leave_nothing():
    darkness = form("", 6, label="Tom")
    strip = strip_of(darkness)
    comb = find_comb(strip)
    assert comb is not None
    assert comb.words == ()
    assert len(letters(without_comb(darkness, strip, comb))) == 3


def test_boxes_of_which_a_wall_is_missing_are_filled_in():
    darkness = form("BAKER", 8)
    darkness[BASE - 20 : BASE + 2, 110 + 90 - 2 : 110 + 90 + 4] = 0  # of the third and fourth
    strip = strip_of(darkness)
    comb = find_comb(strip)
    assert comb is not None
    assert len(letters(without_comb(darkness, strip, comb))) == 5


def test_words_in_cells_of_a_table_stay():
    page = Image.new("L", (460, 140))
    pen = ImageDraw.Draw(page)
    for k, text in enumerate(("12", "407", "33", "51")):
        pen.rectangle((20 + 58 * k, BASE - 29, 78 + 58 * k, BASE + 8), outline=150, width=2)
        pen.text((26 + 58 * k, BASE), text, 255, FONT, anchor="ls")
    assert find_comb(strip_of(np.asarray(page, dtype=np.float32) / 255)) is None


@pytest.mark.parametrize("answers", ["ABCD", ("yes", "no", "both", "none")])
def test_boxes_to_tick_beside_answers_stay(answers):
    page = Image.new("L", (560, 140))
    pen = ImageDraw.Draw(page)
    for k, text in enumerate(answers):
        pen.rectangle((20 + 130 * k, BASE - 26, 48 + 130 * k, BASE + 2), outline=150, width=2)
        pen.text((56 + 130 * k, BASE), text, 255, FONT, anchor="ls")
    assert find_comb(strip_of(np.asarray(page, dtype=np.float32) / 255)) is None


def test_a_dash_in_a_box_is_cut_no_larger_than_it_can_be():
    darkness = form("- -", 5)
    strip = strip_of(darkness)
    comb = find_comb(strip)
    assert comb is not None
    assert without_comb(darkness, strip, comb).image.shape[1] < 2 * strip.image.shape[1]


@pytest.mark.parametrize("text", ["TILL HELLO FEED", "I II III IV", "|||||", "H N M W U"])
def test_letters_with_straight_strokes_are_no_boxes(text):
    page = Image.new("L", (460, 140))
    ImageDraw.Draw(page).text((20, BASE), text, 255, FONT, anchor="ls")
    assert find_comb(strip_of(np.asarray(page, dtype=np.float32) / 255)) is None


def test_squared_paper_has_no_boxes():
    darkness = np.zeros((140, 460), np.float32)
    darkness[:, 10::26] = darkness[2::26] = 0.5
    darkness[BASE - 13 : BASE, 60:400:23] = 1
    assert find_comb(strip_of(darkness)) is None
    assert find_comb(strip_of(np.zeros((140, 460), np.float32))) is None

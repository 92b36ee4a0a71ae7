"""All the ink of a picture as one line, of drawn letters and shapes."""

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFont

from ocr.layout.by_itself import by_itself


def inked(text, size=120, at=(60, 40)):
    page = Image.new("1", (260, 200))
    ImageDraw.Draw(page).text(at, text, 1, ImageFont.load_default(size))
    return np.asarray(page)


@pytest.mark.parametrize("text", ["A", "k", "7", "i", "42"])
def test_a_letter_or_number_is_a_line(text):
    ink = inked(text)
    rows, cols = np.nonzero(ink)
    line = by_itself(ink)
    assert line is not None
    bottom, height = rows.max() + 1, np.ptp(rows) + 1
    assert line.x_height == pytest.approx(height / 1.6)
    assert line.baseline[:, 0] == pytest.approx(bottom - 0.02 * height)
    beyond = 0.3 * line.x_height
    assert line.baseline[:, 1] == pytest.approx([cols.min() - beyond, cols.max() + 1 + beyond])


def test_specks_do_not_count():
    ink = inked("A").copy()
    ink[5:7, 5:7] = True
    line = by_itself(ink)
    assert line is not None and line.baseline[0, 1] > 30


@pytest.mark.parametrize(
    "ink",
    [
        np.zeros((200, 260), bool),
        inked("words", 50),  # of more than four pieces
        inked("A", at=(-20, 40)),  # cut off
        inked("-", 30),  # low
        np.pad(np.ones((80, 80), bool), 50),  # a blot
    ],
    ids=["nothing", "a word", "cut off", "low", "a blot"],
)
def test_anything_else_is_none(ink):
    assert by_itself(ink) is None


def test_a_ring_is_none_but_an_oval_is_a_line():
    def ring(width):
        page = Image.new("1", (260, 200))
        ImageDraw.Draw(page).ellipse((60, 40, 60 + width, 160), outline=1, width=8)
        return by_itself(np.asarray(page))

    assert ring(120) is None
    assert ring(100) is not None

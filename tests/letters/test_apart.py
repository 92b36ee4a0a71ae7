"""Whether the letters of a page stand apart, by the gaps between them."""

import numpy as np

from ocr.layout.read_line import ReadLine
from ocr.letters.apart import CONFIG, stand_apart
from ocr.page import Box, Letter, Line, Word


def line(count, gap, height=20, width=15):
    """A line of one word, `gap` letters' heights between its letters."""
    step = width + round(gap * height)
    letters = tuple(
        Letter(Box(0, k * step, height, k * step + width), "a", 1.0) for k in range(count)
    )
    return ReadLine(Line((Word(letters),)), np.ones((48, 10), np.float32))


def test_an_alphabet_stands_apart_and_a_text_does_not():
    assert stand_apart([line(8, 1.5), line(8, 1.5)])
    assert not stand_apart([line(8, 0.2), line(8, 0.2)])


def test_most_gaps_must_be_wide():
    assert stand_apart([line(9, 1.5), line(2, 0.2)])
    assert not stand_apart([line(5, 1.5), line(5, 0.2)])


def test_a_few_letters_tell_nothing():
    assert not stand_apart([line(CONFIG.fewest - 1, 1.5)])
    assert not stand_apart([])
    assert not stand_apart([line(1, 0.0) for _ in range(CONFIG.fewest)])

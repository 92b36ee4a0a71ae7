"""Small outputs of networks, lines and n-grams, written by hand."""

import itertools

import numpy as np

from ocr.layout.page_network import Layout
from ocr.layout.read_line import ReadLine
from ocr.layout.strips import TextLine
from ocr.lines.folding import SYMBOL_BITS
from ocr.page import Box, Letter, Line, Word

SYMBOLS = np.array([0, 0, 1, 2])  # classes: nothing, a, b, space
NO_BONUS = (0.0, 0.0, 0.0, 0.0)


def logs_of(*rows):
    """Logarithms of rows of probabilities."""
    with np.errstate(divide="ignore"):
        return np.maximum(np.log(np.array(rows, dtype=np.float32)), -50).astype(np.float32)


def sharp(path, classes=4):
    """A sure output: class path[t] at frame t."""
    rows = np.full((len(path), classes), 0.01)
    rows[np.arange(len(path)), path] = 1 - 0.01 * (classes - 1)
    return logs_of(*rows)


def spelled(path):
    kept = [k for k, _ in itertools.groupby(path)]
    return tuple(k for k in kept if k)


def key(symbols):
    """An n-gram as `ocr.lines.ngrams` packs it."""
    packed = 0
    for symbol in symbols:
        packed = (packed << SYMBOL_BITS) | symbol
    return packed


def layout(*boxes, lines=()):
    """The maps of a page whose body map is 1 in boxes of the page."""
    maps = np.zeros((4, 50, 75), np.float32)
    for y1, x1, y2, x2 in boxes:
        maps[2, y1 // 4 : y2 // 4, x1 // 4 : x2 // 4] = 1
    return Layout(tuple(lines), maps, 4.0)


def text_line(row, left, right, x_height=12.0):
    """A level line of the page."""
    return TextLine(np.array([[row, left], [row, right]], float), x_height)


def read(y1, x1, y2, x2):
    """A line of one letter, read."""
    word = Word((Letter(Box(y1, x1, y2, x2), "a", 0.9),))
    return ReadLine(Line((word,)), lambda: None, confidence=0.9)

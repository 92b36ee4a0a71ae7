"""Text lines whose places are written down, for the tests of rows, columns and reading order."""

import numpy as np

from ocr.layout.reading_order import reading_order
from ocr.layout.strips import TextLine


def line(row, left, right, x_height=10.0, slope=0.0):
    return TextLine(np.array([[row, left], [row + slope * (right - left), right]], float), x_height)


def column(left, widths, top=100, step=50):
    return [line(top + step * k, left, left + width) for k, width in enumerate(widths)]


def pairs(count, first=0):
    return [[first + k, first + count + k] for k in range(count)]


QUESTIONS = [line(row, 10, 150, 10) for row in (100, 140, 180, 220, 260)]


ANSWERS = [line(row, 200, 320, 10) for row in (100, 141, 180, 220, 260)]


FORM = [*QUESTIONS, *ANSWERS]


def order(lines, parted=None):
    """Numbers of the lines as they are read, whichever rows and blocks they are in."""
    return [k for block in reading_order(lines, parted=parted) for row in block for k in row]

"""Pages in the coordinates of another picture: of a photo that was turned, or of another size."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from ocr.page import Box, Page, Word

Matrix = Sequence[Sequence[float]]  # 3 x 3


def turn_back(page: Page, turns: int, height: int, width: int) -> Page:
    """A page read from a photo turned by `turns`, in coordinates of the photo itself.

    Parameters
    ----------
    page : Page
        In coordinates of the turned photo.
    turns : int
        Quarter turns to the left that the photo was given.
    height, width : int
        Pixels of the photo before.

    Returns
    -------
    Page
        Its `transform` leads from the photo to the page as read.
    """
    # (row, col, 1) of the turned photo to those of the photo, edges of pixels and not centers
    back = {
        0: ((1, 0, 0), (0, 1, 0), (0, 0, 1)),
        1: ((0, 1, 0), (-1, 0, width), (0, 0, 1)),
        2: ((-1, 0, height), (0, -1, width), (0, 0, 1)),
        3: ((0, -1, height), (1, 0, 0), (0, 0, 1)),
    }[turns % 4]
    return map_page(page, back, height, width)


def map_page(page: Page, matrix: Matrix, height: int, width: int) -> Page:
    """The same page in the coordinates of another picture.

    Parameters
    ----------
    page : Page
    matrix : (3, 3)
        Homography from the page's `(row, col, 1)` to those of the other picture, edges of pixels
        and not centers.
    height, width : int
        Pixels of the other picture; boxes are cut off at its border.

    Returns
    -------
    Page
        Its `transform` leads from the other picture to the page as read.
    """

    def point(row: float, col: float) -> tuple[float, float]:
        y, x, w = (a * row + b * col + c for a, b, c in matrix)
        return y / w, x / w

    def box(one: Box) -> Box:
        corners = [point(y, x) for y in (one.y1, one.y2) for x in (one.x1, one.x2)]
        ys, xs = zip(*corners, strict=True)
        return Box.within(min(ys), min(xs), max(ys), max(xs), height, width)

    def points(ones: tuple[tuple[float, float], ...]) -> tuple[tuple[float, float], ...]:
        return tuple((round(y, 1), round(x, 1)) for y, x in (point(*one) for one in ones))

    lines = tuple(
        replace(
            line,
            words=tuple(
                Word(tuple(replace(letter, box=box(letter.box)) for letter in word.letters))
                for word in line.words
            ),
            baseline=points(line.baseline),
            polygon=points(line.polygon),
        )
        for line in page.lines
    )
    onto = np.array(page.transform) @ np.linalg.inv(np.array(matrix, dtype=float))
    onto = onto / onto[2, 2] + 0.0  # a homography holds up to a factor; no negative zeros
    transform = tuple(tuple(row) for row in onto.tolist())
    return replace(page, height=height, width=width, lines=lines, transform=transform)

"""A photo turned by quarter turns, and what was read of it turned back."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from ocr.page import Page, map_page

if TYPE_CHECKING:
    from ocr.layout.picture import Picture


class Turned:
    """A photo turned to the left by some quarter turns; the same interface as `Photo`."""

    def __init__(self, photo: Picture, turns: int) -> None:
        self.photo, self.turns = photo, turns
        self.name = photo.name
        sides = (photo.height, photo.width)
        self.height, self.width = sides if turns % 2 == 0 else sides[::-1]

    def grey(self, long_side: int) -> NDArray[np.float32]:
        return np.ascontiguousarray(np.rot90(self.photo.grey(long_side), self.turns))


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

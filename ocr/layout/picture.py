"""A page as a picture at any size: as it was taken, as its negative, or turned."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray

SMALL = 240  # px, longer side of the copy that tells where writing is darker than its ground
Pixel = TypeVar("Pixel", bound=np.generic)
LUMA = np.array([0.299, 0.587, 0.114], dtype=np.float32)  # ITU-R BT.601


class Picture(Protocol):
    """A page in grey or in color at any size: `ocr.input.photo.Photo` is one."""

    @property
    def height(self) -> int: ...
    @property
    def width(self) -> int: ...
    def grey(self, long_side: int) -> NDArray[np.float32]: ...
    def rgb(self, long_side: int) -> NDArray[np.uint8]: ...


@dataclass(frozen=True)
class Redrawn:
    """A photo whose pixels are drawn otherwise, each where it was."""

    photo: Picture

    @property
    def height(self) -> int:
        return self.photo.height

    @property
    def width(self) -> int:
        return self.photo.width


class Negative(Redrawn):
    """The negative of a photo; the same interface as `Photo`."""

    def grey(self, long_side: int) -> NDArray[np.float32]:
        return np.float32(1) - self.photo.grey(long_side)

    def rgb(self, long_side: int) -> NDArray[np.uint8]:
        return ~self.photo.rgb(long_side)


class Turned:
    """A photo turned to the left by some quarter turns; the same interface as `Photo`."""

    def __init__(self, photo: Picture, turns: int) -> None:
        self.photo, self.turns = photo, turns
        sides = (photo.height, photo.width)
        self.height, self.width = sides if turns % 2 == 0 else sides[::-1]

    def grey(self, long_side: int) -> NDArray[np.float32]:
        return np.ascontiguousarray(np.rot90(self.photo.grey(long_side), self.turns))

    def rgb(self, long_side: int) -> NDArray[np.uint8]:
        return np.ascontiguousarray(np.rot90(self.photo.rgb(long_side), self.turns))


class Part:
    """What a box of a photo shows; the same interface as `Photo`.

    Parameters
    ----------
    photo : Picture
    box : (int, int, int, int)
        ``y1, x1, y2, x2`` in its pixels, inside it.
    most : int
        Longer side of the whole photo up to which it is looked at: a large one takes much memory.
    """

    def __init__(self, photo: Picture, box: tuple[int, int, int, int], most: int) -> None:
        self.photo, self.box = photo, box
        self.most = min(most, max(photo.height, photo.width))
        self.height, self.width = box[2] - box[0], box[3] - box[1]

    def grey(self, long_side: int) -> NDArray[np.float32]:
        return self._part(self.photo.grey(self._whole(long_side)))

    def rgb(self, long_side: int) -> NDArray[np.uint8]:
        return self._part(self.photo.rgb(self._whole(long_side)))

    def _whole(self, long_side: int) -> int:
        """The longer side of the photo at which that of this part is as long."""
        longer = max(self.photo.height, self.photo.width)
        return min(self.most, round(long_side * longer / max(self.height, self.width)))

    def _part(self, whole: NDArray[Pixel]) -> NDArray[Pixel]:
        sides = np.array([self.photo.height, self.photo.width] * 2)
        y1, x1, y2, x2 = np.round(self.box * np.array(whole.shape[:2] * 2) / sides).astype(int)
        return np.ascontiguousarray(whole[y1 : max(y2, y1 + 1), x1 : max(x2, x1 + 1)])


def squares(grey: NDArray[np.float32], side: int) -> NDArray[np.float32]:
    """A picture cut into squares of some pixels a side: (rows, cols, side * side).

    What is left at its right and lower edge is in none.
    """
    rows, cols = (length // side for length in grey.shape)
    cut = grey[: rows * side, : cols * side].reshape(rows, side, cols, side)
    return cut.swapaxes(1, 2).reshape(rows, cols, side * side)


def brightness(rgb: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Brightness of a picture in color, (H, W) in [0, 1]."""
    return np.clip((rgb.astype(np.float32) / np.float32(255)) @ LUMA, 0.0, 1.0)

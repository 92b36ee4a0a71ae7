"""The characters of a page as they were found: parts of its ink, and which make one character."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from scipy import ndimage


@dataclass(frozen=True)
class Segmentation:
    """What `ocr.letters.find_letters.segment` found.

    The ink is divided into parts: connected components, or slices of one where letters may touch.
    Each character owns one or more parts. Where the shape alone cannot tell, `doubts` keeps the
    question for whoever can read.

    Attributes
    ----------
    labels : (H, W) int32 array
        k where the ink of part k - 1 is, 0 elsewhere.
    owner : (P,) int array
        Character that each part belongs to, 0 to N - 1.
    sizes : (P,) float array
        Height in pixels of a letter of the text line that each part stands in.
    grey : (H, W) float32 array
        The page with its light evened out: paper 1, black 0.
    doubts : tuple of tuples of int
        Parts side by side, left to right, that may be one character or several.
    slope : float
        Rows a column that the lines fall; glyphs are turned level by it.
    """

    labels: NDArray[np.int32]
    owner: NDArray[np.intp]
    sizes: NDArray[np.float64]
    grey: NDArray[np.float32]
    doubts: tuple[tuple[int, ...], ...] = ()
    slope: float = 0.0

    @cached_property
    def part_boxes(self) -> NDArray[np.intp]:
        """(P, 4) boxes ``[y1, x1, y2, x2]`` of the parts, half open."""
        return label_boxes(self.labels)

    @cached_property
    def _part_rows(self) -> list[list[int]]:
        """`part_boxes` as plain numbers, which are quicker one by one."""
        rows: list[list[int]] = self.part_boxes.tolist()
        return rows

    @cached_property
    def boxes(self) -> NDArray[np.intp]:
        """(N, 4) boxes of the characters."""
        return group_boxes(self.part_boxes, self.owner)

    @cached_property
    def level_boxes(self) -> NDArray[np.intp]:
        """(N, 4) boxes of the characters on the page turned level by `slope`."""
        if not self.slope:
            return self.boxes
        rows, cols = np.nonzero(self.labels)
        level = np.stack([rows - self.slope * cols, cols + self.slope * rows], axis=1)
        corners = np.round(level / np.hypot(1, self.slope)).astype(np.intp)
        return group_boxes(
            np.hstack([corners, corners + 1]), self.owner[self.labels[rows, cols] - 1]
        )

    @cached_property
    def darkness(self) -> NDArray[np.float32]:
        """(H, W) float32: ink 1, paper 0."""
        return 1 - self.grey

    @property
    def bw(self) -> NDArray[np.float32]:
        """(H, W) float32, 0.0 characters on 1.0 paper."""
        return np.where(self.labels > 0, np.float32(0), np.float32(1))

    def glyph(self, index: int) -> NDArray[np.float32]:
        """Grey crop of one character, the ink of its neighbors painted white."""
        y1, x1, y2, x2 = self.boxes[index]
        labels = self.labels[y1:y2, x1:x2]
        own = (labels > 0) & (self.owner[labels - 1] == index)
        return leveled(np.where(own, self.grey[y1:y2, x1:x2], np.float32(1)), self.slope)

    def glyph_of_parts(self, parts: Sequence[int]) -> NDArray[np.float32]:
        """Grey crop of the character that these parts would make together."""
        tops, lefts, bottoms, rights = zip(*(self._part_rows[part] for part in parts), strict=True)
        y1, x1, y2, x2 = min(tops), min(lefts), max(bottoms), max(rights)
        labels = self.labels[y1:y2, x1:x2]
        own = labels == parts[0] + 1
        for part in parts[1:]:
            own |= labels == part + 1
        return leveled(np.where(own, self.grey[y1:y2, x1:x2], np.float32(1)), self.slope)

    def regrouped(self, owner: NDArray[np.intp]) -> Segmentation:
        """The same parts with other owners, without doubts; numbers may have holes."""
        return replace(self, owner=np.unique(owner, return_inverse=True)[1], doubts=())


def leveled(glyph: NDArray[np.float32], slope: float) -> NDArray[np.float32]:
    """A glyph of a line that falls by `slope` rows a column, turned level; itself for 0."""
    if not slope:
        return glyph
    angle = float(np.degrees(np.arctan(slope)))
    how = Image.Resampling.BILINEAR
    return np.array(Image.fromarray(glyph).rotate(angle, how, expand=True, fillcolor=1.0))


def nothing(grey: NDArray[np.float32]) -> Segmentation:
    """A page without characters."""
    none = np.empty(0, dtype=np.intp)
    return Segmentation(np.zeros(grey.shape, np.int32), none, none.astype(float), grey)


def label_boxes(labels: NDArray[np.int32]) -> NDArray[np.intp]:
    """(P, 4) boxes of the labels 1 to P, all of which occur."""
    rows = [(s[0].start, s[1].start, s[0].stop, s[1].stop) for s in ndimage.find_objects(labels)]
    return np.array(rows, dtype=np.intp).reshape(-1, 4)


def group_boxes(boxes: NDArray[np.intp], group: NDArray[np.intp]) -> NDArray[np.intp]:
    """(N, 4) boxes around the members of each group 0 to N - 1."""
    if not len(group):
        return np.empty((0, 4), dtype=np.intp)
    order = np.argsort(group, kind="stable")
    starts = np.searchsorted(group[order], np.arange(int(group.max()) + 1))
    low = np.minimum.reduceat(boxes[order, :2], starts)
    return np.hstack([low, np.maximum.reduceat(boxes[order, 2:], starts)])


def scale_boxes(
    boxes: NDArray[np.intp], shape: tuple[int, ...], target: tuple[int, ...]
) -> NDArray[np.intp]:
    """`(N, 4)` boxes of an image of `shape` as boxes of the same image of size `target`."""
    ratio = np.array([target[0] / shape[0], target[1] / shape[1]])
    limit = np.array(target[:2], dtype=np.intp)
    low = np.clip(np.round(boxes[:, :2] * ratio).astype(np.intp), 0, limit - 1)
    high = np.round(boxes[:, 2:] * ratio).astype(np.intp)
    return np.hstack([low, np.clip(high, low + 1, limit)])

"""Cut a text line out of the page, straight, and carry what was read back to the page."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from ocr.binarize import FloatImage
from ocr.find_letters import Segmentation
from ocr.group_lines import Points, outline

HALO = 0.05  # letter heights around the ink that are taken along: the soft edge of the strokes
INK = 0.6  # grey below which a pixel of the evened page counts as ink


@dataclass(frozen=True)
class LineImage:
    """A straightened text line.

    Attributes
    ----------
    image : (H, W) float32 array
        Grey in [0, 1], 0 ink, 1 paper; only this line's ink.
    top, left : int
        Where its first row and column lie in the page, before the shift.
    shift : (W,) int array
        Rows that each column was moved up.
    """

    image: FloatImage
    top: int
    left: int
    shift: NDArray[np.intp]

    def box(self, start: float, stop: float) -> tuple[int, int, int, int]:
        """Box in page pixels of the ink between two columns of the image.

        Where there is none, the whole height of the line.
        """
        first = int(np.clip(np.floor(start), 0, self.image.shape[1] - 1))
        last = int(np.clip(np.ceil(stop), first + 1, self.image.shape[1]))
        ink = self.image[:, first:last] < INK
        rows = np.flatnonzero(ink.any(axis=1))
        y1, y2 = (rows[0], rows[-1] + 1) if len(rows) else (0, len(ink))
        down = self.top + round(float(self.shift[first:last].mean()))
        return int(down + y1), self.left + first, int(down + y2), self.left + last


def cut_line(found: Segmentation, members: NDArray[np.intp], base: Points) -> LineImage:
    """Cut one line from a segmented page, sheared so that its baseline lies level.

    Parameters
    ----------
    found : Segmentation
    members : (n,) int array
        The characters of the line.
    base : two (row, col) points
        Its baseline, in pixels of the segmentation.
    """
    height, width = found.labels.shape
    corners = outline(found.boxes[members], base)
    (left_y, left_x), (right_y, right_x) = base
    slope = (right_y - left_y) / max(right_x - left_x, 1.0)
    halo = max(1, round(HALO * found.letter_height))
    left, right = max(0, int(left_x) - halo), min(width, int(np.ceil(right_x)) + halo)
    columns = np.arange(left, right)
    shift = np.round(slope * (columns - left_x)).astype(np.intp)
    top = int(np.floor(corners[0][0])) - halo
    rows = np.arange(top, int(np.ceil(corners[3][0])) + halo)[:, None] + shift
    inside = (rows >= 0) & (rows < height)
    at = (np.clip(rows, 0, height - 1), columns)
    mine = np.zeros(len(found.boxes), dtype=bool)
    mine[members] = True
    ours = np.concatenate([[False], mine[found.owner]])[found.labels[at]] & inside
    others = (found.labels[at] > 0) & ~ours
    near = ndimage.binary_dilation(ours, iterations=halo) & ~others & inside
    image = np.where(near, found.grey[at], np.float32(1))
    return LineImage(image, top, left, shift)

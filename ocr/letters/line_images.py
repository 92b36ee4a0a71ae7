"""Cut a text line out of the page, straight, and carry what was read back to the page."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from ocr.layout.pixels import FloatImage, dilated
from ocr.letters.baselines import Points, outline
from ocr.letters.find_letters import Segmentation

HALO = 0.05  # letter heights around the ink that are taken along: the soft edge of the strokes


@dataclass(frozen=True)
class LineImage:
    """A straightened text line: its columns follow the baseline, its rows stand square to it.

    Attributes
    ----------
    image : (H, W) float32 array
        Grey in [0, 1], 0 ink, 1 paper; only this line's ink.
    parts : (H, W) int32 array
        k where the ink of part k - 1 of the segmentation is, 0 elsewhere.
    above : int
        Rows of the image above the baseline.
    left : int
        Column of the page where the first column meets the baseline.
    base : (W,) float array
        Row of the page where each column meets the baseline.
    lean : (W,) float array
        Columns of the page to the left for each row down.
    """

    image: FloatImage
    parts: NDArray[np.int32]
    above: int
    left: int
    base: NDArray[np.float64]
    lean: NDArray[np.float64]

    def places(
        self, rows: NDArray[np.intp], cols: NDArray[np.intp]
    ) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
        """Rows and columns of the page where pixels of the image come from."""
        found = _places(rows - self.above, cols, self.left, self.base, self.lean)
        y, x = (np.round(values).astype(np.intp) for values in found)
        return y, x

    def box(self, start: float, stop: float) -> tuple[int, int, int, int]:
        """Box in page pixels of the ink between two columns of the image.

        Where there is none, the whole height of the line.
        """
        first = int(np.clip(np.floor(start), 0, self.image.shape[1] - 1))
        last = int(np.clip(np.ceil(stop), first + 1, self.image.shape[1]))
        rows, cols = np.nonzero(self.parts[:, first:last])
        if not len(rows):
            rows, cols = np.nonzero(np.ones((len(self.image), last - first), dtype=bool))
        y, x = self.places(rows, cols + first)
        return int(y.min()), int(x.min()), int(y.max()) + 1, int(x.max()) + 1


def _places(
    down: NDArray[np.intp],
    cols: NDArray[np.intp],
    left: int,
    base: NDArray[np.float64],
    lean: NDArray[np.float64],
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Rows and columns of the page at `down` rows below the baseline in columns of the image."""
    return base[cols] + down, left + cols - lean[cols] * down


def cut_line(found: Segmentation, members: NDArray[np.intp], base: Points) -> LineImage:
    """Cut one line from a segmented page, its baseline drawn straight and level.

    Parameters
    ----------
    found : Segmentation
    members : (n,) int array
        The characters of the line.
    base : tuple of (row, col) points
        Its baseline, in pixels of the segmentation.
    """
    height, width = found.labels.shape
    corners = np.array(outline(found.boxes[members], base))
    points = np.array(base)
    halo = max(1, round(HALO * found.letter_height))
    over = int(np.floor(corners[0, 0] - points[0, 0])) - halo
    under = int(np.ceil(corners[-1, 0] - points[0, 0])) + halo
    slopes = np.diff(points[:, 0]) / np.maximum(np.diff(points[:, 1]), 1.0)
    # what stands square to a sloping baseline reaches beyond its ends
    spare = halo + int(np.ceil(np.abs(slopes).max() * max(-over, under)))
    left, right = int(points[0, 1]) - spare, int(np.ceil(points[-1, 1])) + spare
    columns = np.arange(left, right)
    lean = np.interp(columns, (points[1:, 1] + points[:-1, 1]) / 2, slopes)
    rows = np.interp(columns, points[:, 1], points[:, 0])
    rows += slopes[0] * np.minimum(columns - points[0, 1], 0)
    rows += slopes[-1] * np.maximum(columns - points[-1, 1], 0)
    y, x = _places(np.arange(over, under)[:, None], np.arange(len(columns)), left, rows, lean)
    row, col = (np.round(values).astype(np.intp) for values in (y, x))
    inside = (row >= 0) & (row < height) & (col >= 0) & (col < width)
    at = (np.clip(row, 0, height - 1), np.clip(col, 0, width - 1))
    mine = np.zeros(len(found.boxes), dtype=bool)
    mine[members] = True
    labels = found.labels[at]
    ours = np.concatenate([[False], mine[found.owner]])[labels] & inside
    others = (labels > 0) & ~ours
    near = dilated(ours, halo) & ~others & inside
    image = np.ones(near.shape, dtype=np.float32)
    image[near] = ndimage.map_coordinates(found.grey, (y[near], x[near]), order=1, mode="nearest")
    return LineImage(image, np.where(ours, labels, 0), -over, left, rows, lean)

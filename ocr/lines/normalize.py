"""From the picture of a text line to what the recogniser is shown."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PIL import Image

LINE_HEIGHT = 40  # pixels, height of a normalised line
LINE_MARGIN = 0.06  # of the ink's height, paper kept above and below it
SIDE_MARGIN = 8  # pixels of a normalised line, paper kept at its left and right
FLATTEST = (
    100.0  # widest ink, in multiples of its height; flatter ink (a dash) is not blown up more
)
INK_EDGE = 0.35  # share of the darkest ink from which a pixel counts for the bounding box
INK_FULL = 92  # percentile of the ink's darkness that becomes full black

NORMALISATION = "line-ink-box-40"  # recorded in weight files; change it when the method changes


def ink_box(image: NDArray[np.float32]) -> tuple[int, int, int, int]:
    """Bounding box `(y1, x1, y2, x2)` of a line's ink; the whole image if it holds none.

    Rows and columns count from two pixels of ink on, so that single specks do not.
    """
    ink = 1.0 - image
    mask = ink >= INK_EDGE * max(float(ink.max()), 0.05)
    rows = np.flatnonzero(mask.sum(axis=1) > 1)
    cols = np.flatnonzero(mask.any(axis=0))
    if not rows.size or not cols.size:
        return 0, 0, image.shape[0], image.shape[1]
    return int(rows[0]), int(cols[0]), int(rows[-1]) + 1, int(cols[-1]) + 1


def fit_line(
    image: NDArray[np.float32],
    box: tuple[float, float, float, float],
    stretch: float = 1.0,
) -> NDArray[np.float32]:
    """Scale a part of a line image to the height of `LINE_HEIGHT` and stretch its contrast.

    Parameters
    ----------
    image : (H, W) float32 array
        Grey in [0, 1], 0 ink, 1 paper.
    box : y1, x1, y2, x2
        The part, in pixels; it may reach over the edges, where there is paper.
    stretch : float
        Factor on the width, beside the common scale.

    Returns
    -------
    (LINE_HEIGHT, W') float32 array
        Grey in [0, 1], 0 ink, 1 paper, with `SIDE_MARGIN` pixels of paper left and right.
    """
    y1, x1, y2, x2 = box
    scale = LINE_HEIGHT / (y2 - y1)
    width = max(1, round((x2 - x1) * scale * stretch))
    top, left = max(0, int(np.ceil(-y1))), max(0, int(np.ceil(-x1)))
    bottom = max(0, int(np.ceil(y2)) - image.shape[0])
    right = max(0, int(np.ceil(x2)) - image.shape[1])
    ink = 1.0 - image
    if top or bottom or left or right:
        ink = np.pad(ink, ((top, bottom), (left, right)))
    picture = Image.fromarray(np.ascontiguousarray(ink, dtype=np.float32))
    small = np.asarray(
        picture.resize(
            (width, LINE_HEIGHT),
            Image.Resampling.BICUBIC if scale > 1 else Image.Resampling.HAMMING,
            box=(x1 + left, y1 + top, x2 + left, y2 + top),
        ),
        dtype=np.float32,
    )
    small = small - float(np.percentile(small, 40))  # the paper: most of a line is paper
    darkest = float(small.max())
    out = np.ones((LINE_HEIGHT, width + 2 * SIDE_MARGIN), dtype=np.float32)
    if darkest < 0.02:  # nothing but paper
        return out
    full = float(np.percentile(small[small > INK_EDGE * darkest], INK_FULL))
    out[:, SIDE_MARGIN:-SIDE_MARGIN] = 1.0 - np.clip(small / full, 0.0, 1.0)
    return out


def margin_box(box: tuple[int, int, int, int]) -> tuple[float, float, float, float]:
    """The part of a line image to read: its ink with a margin above and below."""
    y1, x1, y2, x2 = box
    height = max(y2 - y1, (x2 - x1) / FLATTEST, 3.0)
    middle, half = (y1 + y2) / 2, height * (0.5 + LINE_MARGIN)
    return middle - half, float(x1), middle + half, float(x2)


def normalize_line(image: NDArray[np.float32]) -> NDArray[np.float32]:
    """Crop a line to its ink, scale it to a common height and stretch its contrast.

    Parameters
    ----------
    image : (H, W) float32 array
        Grey in [0, 1], 0 ink, 1 paper, light already evened out. Any size of at least one pixel.

    Returns
    -------
    (LINE_HEIGHT, W') float32 array
        Grey in [0, 1], 0 ink, 1 paper; W' keeps the aspect. All white if the input holds no ink.

    Raises
    ------
    ValueError
        If the input is not a non-empty two-dimensional array.
    """
    if image.ndim != 2 or image.size == 0:
        raise ValueError(f"a line is a non-empty (H, W) array, got shape {image.shape}")
    return fit_line(image, margin_box(ink_box(image)))

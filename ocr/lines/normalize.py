"""From the picture of a text line to the strip that the recognizer is shown."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ocr.layout.bullets import line_strip
from ocr.layout.line_pictures import find_line
from ocr.layout.page_network import installed_finder
from ocr.layout.strips import STRIP_HEIGHT

LINE_HEIGHT = STRIP_HEIGHT
NORMALIZATION = "strip-48-13"  # recorded in weight files; change it when the method changes


def normalize_line(image: NDArray[np.float32]) -> NDArray[np.float32]:
    """The strip of a picture that holds one line and nothing else.

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
    darkness = np.asarray(1 - image, dtype=np.float32)
    return line_strip(darkness, find_line(darkness, installed_finder())).image

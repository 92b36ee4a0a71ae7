"""From a grey page to its ink: denoise, even the light, Otsu's threshold, closing.

The first steps of the course's `find_letters`. They need to know where the text lines run and how
high the letters are: a threshold is best found among letters, and a pen's width goes by their
height.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from ocr.layout.darkness import ink_darkness
from ocr.layout.stages import OnStage


@dataclass(frozen=True)
class InkConfig:
    """How the ink is told from the paper. Lengths are in x-heights.

    Set by hand; held to `tests/benchmarks/course_photos.py` and the row "clean" of
    `tests/benchmarks/pages.py`.

    Attributes
    ----------
    smoothing : float
        Standard deviation of the Gaussian that takes the noise away.
    contrast : float
        Ink is darker than its paper by this, in shares of white, whatever the threshold.
    closing : float
        Breaks in a stroke up to twice as wide are closed; none where letters are tiny.
    """

    smoothing: float = 0.02
    contrast: float = 0.1
    closing: float = 0.03


CONFIG = InkConfig()


def find_ink(
    grey: NDArray[np.float32],
    text: NDArray[np.bool_],
    x_height: float,
    on_stage: OnStage,
) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
    """The page with its light evened out, and where its ink is.

    Parameters
    ----------
    grey : (H, W) float32 array
        0 black, 1 white, dark writing on lighter paper.
    text : (H, W) bool array
        Where letters are; the threshold is found there, so that no desk or shadow has a say.
    x_height : float
        Height of the small letters in pixels.
    on_stage : callable
        Told the name and the picture of each step.

    Returns
    -------
    even : (H, W) float32 array
        Paper 1, black 0.
    ink : (H, W) bool array
    """
    from skimage.filters import threshold_otsu  # late: only this way of reading needs it

    smooth = ndimage.gaussian_filter(grey, CONFIG.smoothing * x_height, mode="nearest")
    on_stage("denoised", smooth)
    even = 1 - ink_darkness(smooth)
    on_stage("even-light", even)
    values = even[text]
    if not len(values) or np.ptp(values) == 0:
        return even, np.zeros(even.shape, dtype=bool)
    threshold = min(float(threshold_otsu(values)), 1 - CONFIG.contrast)
    ink = even <= threshold
    on_stage("otsu", _drawn(ink))
    ink = closed(ink, round(CONFIG.closing * x_height))
    on_stage("closed", _drawn(ink))
    return even, ink


def closed(mask: NDArray[np.bool_], radius: int) -> NDArray[np.bool_]:
    """Morphological closing by a diamond of `radius` pixels, which may be 0."""
    if not radius:
        return mask
    around = np.pad(mask, radius)
    cross = ndimage.generate_binary_structure(2, 1)
    filled = ndimage.binary_closing(around, cross, iterations=radius)
    return np.asarray(filled[radius:-radius, radius:-radius], dtype=bool)


def _drawn(mask: NDArray[np.bool_]) -> NDArray[np.float32]:
    return np.where(mask, np.float32(0), np.float32(1))

"""From a grey photo to its ink: noise, light, what shows through, threshold.

The first half of the course's `find_letters` chain (denoise, Otsu threshold), with what a photo
adds to a scan: uneven light, dark surroundings, the ink of the other side, pens of different
darkness on one page, chalk, and pictures without any writing.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage
from skimage.filters.thresholding import threshold_otsu

from ocr.layout.light import STEEP, surroundings
from ocr.layout.pixels import FloatImage, Mask, components, dilated, edge_steps, noise_sigma

MIN_CONTRAST = 0.10  # of white: ink must be this much darker than the paper around it
NOISE_CONTRAST = 4.0  # times the noise: likewise
TEXTURE_CONTRAST = 7.0  # times the usual deviation from the paper's brightness: likewise
FAINTER = 0.01  # of the ink's area: less that is dark beside it is no writing by another pen
FEWEST_FAINTER = 3  # letters: likewise


def ink_components(even: FloatImage) -> NDArray[np.int32]:
    """The connected ink, by Otsu's threshold (1979, doi:10.1109/TSMC.1979.4310076).

    Ink is rare, and Otsu's two classes want to be of like size; so the threshold is found among
    the pixels near something dark only. Fainter pixels that touch ink are ink too (hysteresis).
    Where much is left that looks like fainter writing, such as pencil beside a marker, each stroke
    of it has a threshold of its own (`fainter_ink`). A page without contrast has none.

    Parameters
    ----------
    even : (H, W) float32 array
        Grey with even light.

    Returns
    -------
    (H, W) int32 array
        1 to N on the components, which touch by corners too; 0 elsewhere.
    """
    sigma = noise_sigma(even)
    sample = even[::5, ::5]
    paper = float(np.median(sample))
    spread = 1.4826 * float(np.median(np.abs(sample - paper)))
    contrast = max(MIN_CONTRAST, NOISE_CONTRAST * sigma, 3.0 * min(spread, 0.1))
    dark = even < paper - contrast
    around = surroundings(dark)
    dark &= ~around
    if not dark.any():
        return np.zeros(even.shape, dtype=np.int32)
    near = dilated(dark, 2)
    values = even[near]
    if np.ptp(values) == 0:
        return components(dark)
    threshold = min(float(threshold_otsu(values)), paper - contrast)
    faint = (even < threshold + 0.6 * (paper - threshold - contrast / 2)) & ~around
    strong = (even < threshold) & ~around
    if not strong.any() or paper - float(even[strong].mean()) < TEXTURE_CONTRAST * spread:
        return np.zeros(even.shape, dtype=np.int32)  # texture: wood, cloth, noise
    ink = components(faint)
    keep_only(ink, np.bincount(ink[strong], minlength=int(ink.max()) + 1)[1:] > 0)
    fainter = fainter_ink(even, dark & ~dilated(ink > 0, 3), ink, paper)
    return components((ink > 0) | fainter) if fainter.any() else ink


def keep_only(labels: NDArray[np.int32], keep: Mask) -> None:
    """Keep the components 1 to N for which `keep` (N,) is true, in place, numbered from 1 again."""
    renumber(labels, np.where(keep, np.cumsum(keep), 0))


def renumber(labels: NDArray[np.int32], number: NDArray[np.intp]) -> None:
    """Number the components 1 to N as `number` (N,) says, in place; 0 drops one.

    Paper, which most of a page is, costs nothing.
    """
    flat = labels.reshape(-1)
    pixels = np.flatnonzero(flat)
    flat[pixels] = number[flat[pixels] - 1]


def fainter_ink(even: FloatImage, rest: Mask, ink: NDArray[np.int32], paper: float) -> Mask:
    """Strokes of a fainter pen than the one that a page's threshold is made for.

    They are darker than paper, apart from the ink found so far, have steep edges, and are as high
    as its letters; or there are none. Each component has its own threshold, halfway between paper
    and its darkest pixel (after Bernsen 1986, with components for windows: they hold one pen).

    Parameters
    ----------
    even : (H, W) float32 array
        Grey with even light.
    rest : (H, W) bool array
        What is darker than paper but not near any ink.
    ink : (H, W) int32 array
        The ink, as `ink_components` gives it.
    paper : float
        Brightness of the paper.

    Returns
    -------
    (H, W) bool array
    """
    if np.count_nonzero(rest) < FAINTER * np.count_nonzero(ink):
        return np.zeros_like(rest)
    labels = components(rest)
    count = int(labels.max())
    steep = labels[::2, ::2][edge_steps(np.ascontiguousarray(even[::2, ::2])) > STEEP]
    keep = np.bincount(steep, minlength=count + 1) > 0
    keep[0] = False
    places = ndimage.find_objects(labels)
    heights = np.array([0, *(rows.stop - rows.start for rows, _ in places)])
    widths = np.array([0, *(cols.stop - cols.start for _, cols in places)])
    high = np.sort([rows.stop - rows.start for rows, _ in ndimage.find_objects(ink)])
    usual = float(high[np.searchsorted(np.cumsum(high), high.sum() / 2)])
    letters = keep & (heights > 0.5 * usual) & (heights < 2 * usual)
    letters &= (widths > 0.25 * usual) & (widths < 4 * heights)  # what is left of rules is thin
    if letters.sum() < FEWEST_FAINTER:
        return np.zeros_like(rest)
    darkest = np.concatenate([[paper], ndimage.minimum(even, labels, np.arange(1, count + 1))])
    threshold = np.where(keep, (paper + darkest) / 2, -1.0).astype(np.float32)
    return rest & (even < threshold[labels])

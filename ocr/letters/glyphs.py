"""The one way to cut and normalize a glyph, shared by reading and training.

A recognizer is only as good as the match between what it was trained on and what it is given, so
every glyph, whether from a photo, a data set, a font or pen strokes, passes through
`normalize_glyph`.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PIL import Image

GLYPH_SIZE = 32  # pixels, side of a normalized glyph
GLYPH_BODY = 26  # pixels, the longer side of the ink inside it; the rest is margin
INK_EDGE = 0.35  # share of the darkest ink from which a pixel counts for the bounding box
INK_FULL = 97  # percentile of the ink's darkness that becomes full black

NORMALISATION = "ink-box-26-in-32"  # recorded in weight files; change it when the method changes


def normalize_glyph(glyph: NDArray[np.float32]) -> NDArray[np.float32]:
    """Crop a glyph to its ink, scale it to a common size and stretch its contrast.

    The ink's bounding box is scaled, keeping its aspect, so that its longer side is `GLYPH_BODY`
    pixels, and centered on white; scaling averages areas, so thin strokes of a large glyph turn
    grey and are then stretched back to black. Size on the line is lost on purpose: the reader
    uses it separately.

    Parameters
    ----------
    glyph : (H, W) float32 array
        Grey in [0, 1], 0 black ink, 1 white paper. Any size of at least one pixel.

    Returns
    -------
    (32, 32) float32 array
        Grey in [0, 1], 0 ink, 1 paper. All white if the input holds no ink.

    Raises
    ------
    ValueError
        If the input is not a non-empty two-dimensional array.
    """
    if glyph.ndim != 2 or glyph.size == 0:
        raise ValueError(f"a glyph is a non-empty (H, W) array, got shape {glyph.shape}")
    ink = 1.0 - np.asarray(glyph, dtype=np.float32)
    darkest = float(ink.max())
    out = np.ones((GLYPH_SIZE, GLYPH_SIZE), dtype=np.float32)
    if darkest < 0.02:  # nothing but paper
        return out
    mask = ink >= INK_EDGE * darkest
    rows = np.flatnonzero(mask.any(axis=1))
    cols = np.flatnonzero(mask.any(axis=0))
    ink = ink[rows[0] : rows[-1] + 1, cols[0] : cols[-1] + 1]
    scale = GLYPH_BODY / max(ink.shape)
    height = max(1, round(ink.shape[0] * scale))
    width = max(1, round(ink.shape[1] * scale))
    small = np.asarray(
        Image.fromarray(np.ascontiguousarray(ink)).resize(
            (width, height), Image.Resampling.BICUBIC if scale > 1 else Image.Resampling.HAMMING
        ),
        dtype=np.float32,
    )
    inked = small[small > 0.1 * small.max()]
    small = np.clip(small / max(float(np.percentile(inked, INK_FULL)), 1e-6), 0.0, 1.0)
    top = (GLYPH_SIZE - height) // 2
    left = (GLYPH_SIZE - width) // 2
    out[top : top + height, left : left + width] = 1.0 - small
    return out


def glyph_stack(glyphs: list[NDArray[np.float32]]) -> NDArray[np.float32]:
    """Normalize several glyphs: `(N, 32, 32)` float32, empty `(0, 32, 32)` for none."""
    if not glyphs:
        return np.empty((0, GLYPH_SIZE, GLYPH_SIZE), dtype=np.float32)
    return np.stack([normalize_glyph(glyph) for glyph in glyphs])

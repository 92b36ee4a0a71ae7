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
NO_INK = 0.02  # of white: a picture whose darkest pixel is no darker is paper alone
WHITE = 0.97  # brightness on the border from which the paper is white
LEAST_CONTRAST = 0.15  # of white: ink is at least so much darker than paper that is not
RING_SPREAD = 0.2  # of the contrast: border pixels farther from a plane are not paper
RING_PAPER = 0.75  # share of the border that is paper, or it may be ink
RING_PIXELS = 16  # border pixels from which their brightness is taken for the paper's
GRAIN = 2.0  # standard deviations of the paper's grain that count as paper
LEAST_STROKE = 2.2  # pixels: thinner strokes are drawn as wide

NORMALIZATION = "paper-ink-box-26-in-32-stroke-2.2"  # recorded in weight files


def normalize_glyph(glyph: NDArray[np.float32]) -> NDArray[np.float32]:
    """Crop a glyph to its ink, scale it to a common size and stretch its contrast.

    The ink is what is darker than the paper, which may be grey and unevenly lit. Its bounding box
    is scaled, keeping its aspect, so that its longer side is `GLYPH_BODY` pixels, and centered on
    white; scaling averages areas, so thin strokes of a large glyph turn grey and are then stretched
    back to black. Strokes thinner than `LEAST_STROKE` are thickened: data sets are written with
    pencils and felt pens, photos show ball pens. Size on the line is lost on purpose: the reader
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
    ink = _ink(np.asarray(glyph, dtype=np.float32))
    darkest = float(ink.max())
    out = np.zeros((GLYPH_SIZE, GLYPH_SIZE), dtype=np.float32)
    if darkest < NO_INK:
        return 1.0 - out
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
    out[top : top + height, left : left + width] = small
    return 1.0 - _thickened(out)


def _ink(grey: NDArray[np.float32]) -> NDArray[np.float32]:
    """Darkness against the paper.

    Paper that is nowhere white is a plane through the picture's border, if that is about as bright
    as a plane and brighter than the ink; else the border holds ink, as a letter's own box does, and
    the paper is white.
    """
    border = np.ones(grey.shape, dtype=bool)
    border[1:-1, 1:-1] = False
    ring = grey[border]
    contrast = float(np.median(ring) - grey.min())
    if ring.max() > WHITE or len(ring) < RING_PIXELS or contrast < LEAST_CONTRAST:
        return 1.0 - grey
    rows, cols = np.indices(grey.shape, dtype=np.float32)
    places = np.stack([rows[border], cols[border], np.ones_like(ring)], axis=1)
    off = ring - places @ np.linalg.lstsq(places, ring, rcond=None)[0]
    paper = np.abs(off - np.median(off)) <= RING_SPREAD * contrast
    if paper.mean() < RING_PAPER:
        return 1.0 - grey
    plane = np.linalg.lstsq(places[paper], ring[paper], rcond=None)[0]
    grain = GRAIN * float(np.std(ring[paper] - places[paper] @ plane))
    ink = plane[0] * rows + plane[1] * cols + plane[2] - grain - grey
    return np.maximum(ink, 0.0).astype(np.float32)


def _thickened(ink: NDArray[np.float32]) -> NDArray[np.float32]:
    """Ink whose strokes are at least `LEAST_STROKE` pixels wide."""
    thin = LEAST_STROKE - stroke_width(ink)
    if thin <= 0:
        return ink
    # Two pixels to each side make a stroke two wider; a share of them makes it a share wider.
    around = np.pad(ink, 1)
    sides = np.maximum.reduce(
        [around[1:-1, :-2], around[1:-1, 2:], around[:-2, 1:-1], around[2:, 1:-1]]
    )
    return np.maximum(ink, min(1.0, thin / 2) * sides)


def stroke_width(ink: NDArray[np.float32]) -> float:
    """Mean width of the strokes, in pixels: twice their area over their outline's length.

    Parameters
    ----------
    ink : (H, W) float32 array
        Darkness in [0, 1], 1 full ink, 0 around it.
    """
    down = np.diff(ink, axis=0, append=np.float32(0))
    right = np.diff(ink, axis=1, append=np.float32(0))
    outline = float(np.hypot(down, right).sum())
    return 2 * float(ink.sum()) / max(outline, 1e-6)


def glyph_stack(glyphs: list[NDArray[np.float32]]) -> NDArray[np.float32]:
    """Normalize several glyphs: `(N, 32, 32)` float32, empty `(0, 32, 32)` for none."""
    if not glyphs:
        return np.empty((0, GLYPH_SIZE, GLYPH_SIZE), dtype=np.float32)
    return np.stack([normalize_glyph(glyph) for glyph in glyphs])

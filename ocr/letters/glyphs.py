"""The one way to cut and normalize a glyph, shared by reading and training.

A recognizer is only as good as the match between what it was trained on and what it is given, so
every glyph, whether from a photo, a data set, a font or pen strokes, passes through
`normalize_glyph`.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from PIL import Image

GLYPH_SIZE = 32  # pixels, side of a normalized glyph
GLYPH_BODY = 26  # pixels, the longer side of the ink inside it; the rest is margin
INK_EDGE = 0.35  # share of the darkest ink from which a pixel counts for the bounding box
INK_LEAST = 0.1  # share of the darkest ink from which a pixel counts for `INK_FULL`
INK_FULL = 97  # percentile of the ink's darkness that becomes full black
NO_INK = 0.02  # of white: a picture whose darkest pixel is no darker is paper alone
WHITE = 0.97  # brightness on the border from which the paper is white
LEAST_CONTRAST = 0.15  # of white: ink is at least so much darker than paper that is not
RING_SPREAD = 0.2  # of the contrast: border pixels farther from a plane are not paper
RING_PAPER = 0.75  # share of the border that is paper, or it may be ink
RING_PIXELS = 16  # border pixels from which their brightness is taken for the paper's
GRAIN = 2.0  # standard deviations of the paper's grain that count as paper
LEAST_STROKE = 2.2  # pixels: thinner strokes are drawn as wide

AT_ONCE = 256  # glyphs stretched and thickened together, which keeps them in the cache

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
    return glyph_stack([glyph])[0]


def glyph_stack(glyphs: Sequence[NDArray[np.float32]]) -> NDArray[np.float32]:
    """Normalize several glyphs as `normalize_glyph` does: (N, 32, 32) float32, N may be 0."""
    out = np.empty((len(glyphs), GLYPH_SIZE, GLYPH_SIZE), dtype=np.float32)
    for start in range(0, len(glyphs), AT_ONCE):
        ink = np.stack([_centered(glyph) for glyph in glyphs[start : start + AT_ONCE]])
        out[start : start + AT_ONCE] = 1.0 - _thickened(_stretched(ink))
    return out


def _centered(glyph: NDArray[np.float32]) -> NDArray[np.float32]:
    """(32, 32): the ink of a glyph at its common size, in the middle, as dark as it was."""
    if glyph.ndim != 2 or glyph.size == 0:
        raise ValueError(f"a glyph is a non-empty (H, W) array, got shape {glyph.shape}")
    out = np.zeros((GLYPH_SIZE, GLYPH_SIZE), dtype=np.float32)
    ink = _ink(np.asarray(glyph, dtype=np.float32))
    darkest = float(ink.max())
    if darkest < NO_INK:
        return out
    mask = ink >= INK_EDGE * darkest
    rows, cols = (np.asarray(mask.any(axis=axis)) for axis in (1, 0))
    top, left = int(rows.argmax()), int(cols.argmax())
    bottom, right = len(rows) - int(rows[::-1].argmax()), len(cols) - int(cols[::-1].argmax())
    ink = ink[top:bottom, left:right]
    scale = GLYPH_BODY / max(ink.shape)
    height = max(1, round(ink.shape[0] * scale))
    width = max(1, round(ink.shape[1] * scale))
    how = Image.Resampling.BICUBIC if scale > 1 else Image.Resampling.HAMMING
    small = _resizing(ink.shape[0], height, how) @ ink @ _resizing(ink.shape[1], width, how).T
    top, left = (GLYPH_SIZE - height) // 2, (GLYPH_SIZE - width) // 2
    out[top : top + height, left : left + width] = small
    return out


@lru_cache(maxsize=512)
def _resizing(before: int, after: int, how: Image.Resampling) -> NDArray[np.float32]:
    """(after, before): what `PIL.Image.Image.resize` makes of one side of a picture.

    A product with it costs a glyph a tenth of the call itself.
    """
    each = Image.fromarray(np.eye(before, dtype=np.float32))
    return np.asarray(each.resize((before, after), how))


def _stretched(ink: NDArray[np.float32]) -> NDArray[np.float32]:
    """(N, H, W) ink from 0 to 1: the percentile `INK_FULL` of each glyph's ink becomes 1."""
    flat = ink.reshape(len(ink), -1)
    inked = flat > INK_LEAST * flat.max(axis=1, keepdims=True)
    count = inked.sum(axis=1)
    ranked = np.sort(np.where(inked, flat, np.float32(-1)), axis=1)  # the ink comes last
    place = flat.shape[1] - count + (count - 1) * INK_FULL / 100
    below = np.minimum(np.floor(place).astype(np.intp), flat.shape[1] - 1)
    above = np.minimum(below + 1, flat.shape[1] - 1)
    each = np.arange(len(flat))
    low, high = ranked[each, below], ranked[each, above]
    full = np.maximum(low + (high - low) * (place - below), 1e-6).astype(np.float32)
    return np.asarray(np.clip(ink / full[:, None, None], 0, 1), dtype=np.float32)


def _ink(grey: NDArray[np.float32]) -> NDArray[np.float32]:
    """Darkness against the paper.

    Paper that is nowhere white is a plane through the picture's border, if that is about as bright
    as a plane and brighter than the ink; else the border holds ink, as a letter's own box does, and
    the paper is white.
    """
    if any(side.max() > WHITE for side in (grey[0], grey[-1], grey[:, 0], grey[:, -1])):
        return 1.0 - grey
    border = np.ones(grey.shape, dtype=bool)
    border[1:-1, 1:-1] = False
    ring = grey[border]
    contrast = float(np.median(ring) - grey.min())
    if len(ring) < RING_PIXELS or contrast < LEAST_CONTRAST:
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
    """(N, H, W) ink whose strokes are at least `LEAST_STROKE` pixels wide."""
    thin = np.clip((LEAST_STROKE - stroke_width(ink)) / 2, 0, 1).astype(np.float32)
    # Two pixels to each side make a stroke two wider; a share of them makes it a share wider.
    around = np.pad(ink, ((0, 0), (1, 1), (1, 1)))
    across = np.maximum(around[:, 1:-1, :-2], around[:, 1:-1, 2:])
    upright = np.maximum(around[:, :-2, 1:-1], around[:, 2:, 1:-1])
    return np.maximum(ink, thin[:, None, None] * np.maximum(across, upright))


def stroke_width(ink: NDArray[np.float32]) -> NDArray[np.float64]:
    """Mean width of the strokes, in pixels: twice their area over their outline's length.

    Parameters
    ----------
    ink : (..., H, W) float32 array
        Darkness in [0, 1], 1 full ink, 0 around it.

    Returns
    -------
    (...) float array
    """
    down = np.diff(ink, axis=-2, append=np.float32(0))
    right = np.diff(ink, axis=-1, append=np.float32(0))
    outline = np.hypot(down, right).sum(axis=(-2, -1), dtype=np.float64)
    area = ink.sum(axis=(-2, -1), dtype=np.float64)
    return np.asarray(2 * area / np.maximum(outline, 1e-6))

"""Single letters as they look photographed one by one: small, on grey paper, with any pen.

EMNIST's pictures are black on white, bold, and 28 pixels high. A person who photographs letters one
by one has thinner strokes, grey paper under uneven light, grain, blur, and often few pixels.
"""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageFilter
from scipy import ndimage

from training.data.datasets import load_npz
from training.data.glyphs import GlyphSet, cached_glyphs, label_indices, normalize_pictures

SEED = 14  # of the draws: the set is always the same
COUNTS = {"train": 45_000, "valid": 3000, "test": 3000}  # letters of the sets
ENLARGED = 4  # times, so that strokes can be made thinner in small steps
THINNER = (0.0, 0.4)  # of the stroke's width, taken away
SIDES = (14, 48)  # pixels, longer side of the letter's picture
MARGIN = (0.15, 0.6)  # of that, the paper around it
PAPER = (0.45, 0.9)  # brightness of the paper
INK = (0.25, 0.75)  # brightness of the ink, as a share of the paper's
SLOPE = 0.2  # of the paper's brightness: how much it changes from side to side
GRAIN = (0.004, 0.03)  # standard deviation of the sensor's noise
MOTTLED = 0.02  # standard deviation of the paper's own clouds
BLUR = (0.3, 1.1)  # pixels
QUALITY = (40, 95)  # of JPEG


def photographed(rng: np.random.Generator, picture: NDArray[np.uint8]) -> NDArray[np.float32]:
    """A letter on white, uint8 with ink 0, as a small photo on grey paper, float32 in [0, 1]."""
    large = Image.fromarray(picture).resize(
        (picture.shape[1] * ENLARGED, picture.shape[0] * ENLARGED), Image.Resampling.BICUBIC
    )
    ink = 1 - np.asarray(large, dtype=np.float32) / 255
    inside = ndimage.distance_transform_edt(ink > 0.5)
    half = float(np.percentile(inside[inside > 0], 90)) if inside.any() else 0.0
    ink = (inside > rng.uniform(*THINNER) * half).astype(np.float32)
    side = round(np.exp(rng.uniform(*np.log(SIDES))))
    rows, cols = ink.shape
    margins = (rng.uniform(*MARGIN, 4) * max(rows, cols)).astype(int)
    ink = np.pad(ink, (tuple(margins[:2]), tuple(margins[2:])))
    scale = side / max(rows, cols)
    size = (max(4, round(ink.shape[1] * scale)), max(4, round(ink.shape[0] * scale)))
    blurred = Image.fromarray(np.round(ink * 255).astype(np.uint8)).resize(
        size, Image.Resampling.BOX
    )
    blurred = blurred.filter(ImageFilter.GaussianBlur(rng.uniform(*BLUR) * side / SIDES[1]))
    cover = np.asarray(blurred, dtype=np.float32) / 255
    y, x = np.indices(cover.shape) / np.array(cover.shape)[:, None, None] - 0.5
    slope = rng.uniform(-SLOPE, SLOPE, 2)
    clouds = ndimage.gaussian_filter(rng.normal(0, 1, cover.shape), 3)
    clouds *= MOTTLED / max(float(clouds.std()), 1e-6)
    paper = rng.uniform(*PAPER) * (1 + slope[0] * y + slope[1] * x + clouds)
    grey = paper * (1 - cover * (1 - rng.uniform(*INK)))
    grey += rng.normal(0, rng.uniform(*GRAIN), grey.shape)
    stream = io.BytesIO()
    Image.fromarray(np.round(np.clip(grey, 0, 1) * 255).astype(np.uint8)).save(
        stream, "JPEG", quality=int(rng.integers(*QUALITY))
    )
    return np.asarray(Image.open(stream), dtype=np.float32) / np.float32(255)


def photographed_glyphs(data: Path, split: str) -> GlyphSet:
    """Letters of a split of EMNIST, photographed and normalized."""
    path = data / "chars" / "emnist.npz"

    def make() -> GlyphSet:
        pictures = load_npz(path, split)
        rng = np.random.default_rng(SEED)
        rows = rng.permutation(len(pictures.images))[: COUNTS[split]]
        glyphs = [normalize_pictures(photographed(rng, pictures.images[k])[None]) for k in rows]
        labels = label_indices(pictures.labels[rows])
        return GlyphSet(np.concatenate(glyphs), labels, pictures.cased[rows])

    return cached_glyphs("photographed", [path, Path(__file__)], split, make)

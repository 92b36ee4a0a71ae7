"""Paper to write on: real pages with their writing filled away, and paper that is made up."""

from __future__ import annotations

from functools import cache, lru_cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from scipy import ndimage

from ocr.layout.darkness import ink_darkness
from training.data.page_sets import read_pages

# Set by hand, papers looked at as pictures; so were the ranges that made-up paper is drawn from.
WRITTEN = 0.16  # darkness from which a pixel of a real page is filled
LONGEST_MARK = 0.22  # of the page's longer side: longer pieces are rules, folds and edges
THICKEST_RULE = 0.02  # of the page's longer side: where a longer piece is thicker, letters touch it
RULE = 25  # pixels of a straight stretch that is a rule's and not a letter's
PAPERS = 200  # real pages whose paper is used
REAL_SHARE = 0.45  # of the papers are real ones
RADII = (3, 8, 24, 80)  # pixels around a filled one that tell its brightness, the nearest that do
ENOUGH = 0.05  # share of them that must be paper
GAMMA = 2.2  # about sRGB's


@cache
def _pages(data: Path, split: str) -> tuple[NDArray[np.uint8], ...]:
    return tuple(page.grey for page in read_pages(data, split))


@lru_cache(maxsize=400)
def real_paper(data: Path, number: int, split: str = "train") -> NDArray[np.uint8]:
    """A real page's paper: rules, folds, stains and edges without the writing on them."""
    pages = _pages(data, split)
    return cleared(pages[number % len(pages)])


def real_sheet(paper: NDArray[np.uint8], size: tuple[int, int]) -> NDArray[np.float32]:
    """The middle of a page's paper as a sheet: (H, W, 3) float32, linear reflectance."""
    height, width = paper.shape
    y, x = height // 10, width // 10  # bindings and desks are dark
    grey = Image.fromarray(paper[y : height - y, x : width - x]).resize(
        size[::-1], Image.Resampling.BILINEAR
    )
    linear = (np.asarray(grey, dtype=np.float32) / np.float32(255)) ** np.float32(GAMMA)
    return np.repeat(linear[..., None], 3, axis=2)


def cleared(grey: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """A page without its writing: small dark pieces are filled from the paper around them."""
    dark = ink_darkness(grey.astype(np.float32) / np.float32(255)) > WRITTEN
    labels, _ = ndimage.label(dark, np.ones((3, 3)))
    longest = LONGEST_MARK * max(grey.shape)
    small = np.zeros_like(dark)
    for number, place in enumerate(ndimage.find_objects(labels), start=1):
        high, wide = (part.stop - part.start for part in place)
        if max(high, wide) < longest:
            small[place] |= labels[place] == number
        elif min(high, wide) > THICKEST_RULE * longest / LONGEST_MARK:  # letters joined to a rule
            part = labels[place] == number
            rule = ndimage.binary_opening(part, np.ones((1, RULE)))
            rule |= ndimage.binary_opening(part, np.ones((RULE, 1)))
            small[place] |= part & ~ndimage.binary_dilation(rule)
    small = ndimage.binary_dilation(small, iterations=3)
    return filled(grey, small)


def filled(grey: NDArray[np.uint8], where: NDArray[np.bool_]) -> NDArray[np.uint8]:
    """Pixels replaced by the mean of those around that stay, with the paper's grain."""
    keep = (~where).astype(np.float32)
    values = grey.astype(np.float32)
    out = np.full_like(values, float(np.median(values)))
    missing = where.copy()
    for radius in RADII:
        shrink = max(1, radius // 4)
        weight = _blurred(keep, radius, shrink)
        mean = _blurred(values * keep, radius, shrink)
        found = missing & (weight > ENOUGH)
        out[found] = mean[found] / weight[found]
        missing &= ~found
        if not missing.any():
            break
    grain = values - ndimage.gaussian_filter(values, 1.5)
    still = grain[~where][:: max(1, int((~where).sum()) // 4096)]
    spread = float(np.percentile(np.abs(still), 68)) if still.size else 1.0
    rng = np.random.default_rng(0)
    out += rng.standard_normal(out.shape, dtype=np.float32) * np.float32(spread)
    return np.where(where, np.clip(out, 0, 255), values).astype(np.uint8)


def _blurred(values: NDArray[np.float32], sigma: float, shrink: int) -> NDArray[np.float32]:
    """Smoothed on a copy of a fraction of the size."""
    height, width = values.shape
    picture = Image.fromarray(values).resize(
        (max(1, width // shrink), max(1, height // shrink)), Image.Resampling.BOX
    )
    small = ndimage.gaussian_filter(np.asarray(picture), sigma / shrink, truncate=2.5)
    return np.asarray(Image.fromarray(small).resize((width, height), Image.Resampling.BILINEAR))


def make_paper(rng: np.random.Generator, size: tuple[int, int], data: Path) -> NDArray[np.float32]:
    """Paper of a size, (H, W) float32 in [0, 1]."""
    if rng.random() < REAL_SHARE:
        return _piece(rng, size, data)
    height, width = size
    paper = np.full(size, rng.uniform(0.62, 1.0), np.float32)
    for grain in (1.0, 3.0, 40.0):
        coarse = rng.standard_normal(
            (int(height / grain) + 2, int(width / grain) + 2), dtype=np.float32
        )
        amount = rng.uniform(0, 0.02 if grain < 10 else 0.03)
        picture = Image.fromarray(coarse).resize((width, height), Image.Resampling.BICUBIC)
        paper += np.asarray(picture) * np.float32(amount)
    if rng.random() < 0.2:
        _fold(rng, paper)
    return np.clip(paper, 0, 1)


def _piece(rng: np.random.Generator, size: tuple[int, int], data: Path) -> NDArray[np.float32]:
    """A piece of a real paper, at its own scale or enlarged, mirrored at times."""
    grey = real_paper(data, int(rng.integers(1 << 20)) % PAPERS)
    height, width = size
    scale = max(height / grey.shape[0], width / grey.shape[1], float(rng.uniform(0.6, 1.6)))
    high, wide = min(grey.shape[0], round(height / scale)), min(grey.shape[1], round(width / scale))
    top = int(rng.integers(grey.shape[0] - high + 1))
    left = int(rng.integers(grey.shape[1] - wide + 1))
    part = grey[top : top + high, left : left + wide]
    if rng.random() < 0.5:
        part = part[:, ::-1]
    picture = Image.fromarray(np.ascontiguousarray(part))
    picture = picture.resize((width, height), Image.Resampling.BILINEAR)
    return np.asarray(picture, dtype=np.float32) / np.float32(255)


def _fold(rng: np.random.Generator, paper: NDArray[np.float32]) -> None:
    """A crease: a dark and a light stripe side by side, across the paper."""
    height, width = paper.shape
    vertical = rng.random() < 0.5
    length, across = (height, width) if vertical else (width, height)
    at = rng.uniform(0.1, 0.9) * across + np.linspace(0, rng.normal(0, 0.03) * across, length)
    far = np.arange(across)[None] - at[:, None]
    soft = rng.uniform(1.0, 4.0)
    mark = -rng.uniform(0.02, 0.15) * np.exp(-((far / soft) ** 2))
    mark += rng.uniform(0, 0.08) * np.exp(-(((far - 2 * soft) / soft) ** 2))
    paper += (mark if vertical else mark.T).astype(np.float32)

"""Make the picture of a text line look like a crop of a photo behind the front end."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageFilter
from scipy import ndimage as ndi

from ocr.lines.normalize import fit_line, ink_box, margin_box
from training.data.scans import Grey


def warp(rng: np.random.Generator, image: Grey, amount: float = 1.0) -> Grey:
    """Slant, tilt, wandering baseline and uneven widths, in one pass over strips of the line."""
    height, width = image.shape
    pad = height // 2
    padded = np.pad(image, pad, constant_values=1.0)
    slant = rng.normal(0, 0.17) * amount
    tilt = rng.normal(0, 0.008) * amount
    count = max(2, width // height)
    edges = np.linspace(0, width + 2 * pad, count + 1).astype(int)
    drift = height * rng.normal(0, 0.02, count + 1) * amount + tilt * (edges - width / 2)
    across = edges + height * rng.normal(0, 0.06, count + 1) * amount
    grow = 1 + rng.normal(0, 0.03, count + 1) * amount
    middle = height / 2 + pad
    bottom = height + 2 * pad

    def corner(i: int, y: int) -> tuple[float, float]:
        return (
            float(across[i] + slant * (y - middle)),
            float(middle + (y - middle) * grow[i] + drift[i]),
        )

    mesh = [
        (
            (int(edges[i]), 0, int(edges[i + 1]), bottom),
            (*corner(i, 0), *corner(i, bottom), *corner(i + 1, bottom), *corner(i + 1, 0)),
        )
        for i in range(count)
    ]
    picture = Image.fromarray(np.uint8(255 - padded * 255))  # ink bright: outside is 0, paper
    moved = picture.transform(
        picture.size, Image.Transform.MESH, mesh, resample=Image.Resampling.BILINEAR
    )
    return 1 - np.asarray(moved, dtype=np.float32) / 255


def photograph(
    rng: np.random.Generator,
    image: Grey,
    neighbour: Grey | None = None,
    synthetic: bool = True,
) -> NDArray[np.uint8]:
    """What the front end would hand over if the line stood on a photographed page.

    Parameters
    ----------
    image : (H, W) float32 array
        Grey in [0, 1], 0 ink, 1 paper.
    neighbour : (H', W') float32 array, optional
        Another line, whose ends may reach in from above or below.
    synthetic : bool
        Whether the line was drawn: then it also gets ruled lines and changes of the pen.

    Returns
    -------
    (LINE_HEIGHT, W') uint8 array
        As `ocr.lines.normalize.normalize_line` makes them, times 255.
    """
    if synthetic:
        image = _pen(rng, image)
        if rng.random() < 0.12:
            image = _rule(rng, image)
    elif rng.random() < 0.25:
        image = _pen(rng, image)
    if neighbour is not None and rng.random() < 0.15:
        image = _reach_in(rng, image, neighbour)
    y1, x1, y2, x2 = margin_box(ink_box(image))
    height = y2 - y1
    if rng.random() < 0.5:  # a box cut a little too tight or too wide
        y1 -= height * rng.uniform(-0.05, 0.2)
        y2 += height * rng.uniform(-0.05, 0.2)
    if rng.random() < 0.3:
        x1 -= height * rng.uniform(0, 0.5)
        x2 += height * rng.uniform(0, 0.5)
    line = fit_line(image, (y1, x1, y2, x2), float(np.exp(rng.normal(0, 0.1))))
    return np.uint8(255 * _degrade(rng, line) + 0.5)


def _pen(rng: np.random.Generator, image: Grey) -> Grey:
    """A thicker or thinner stroke."""
    choice = rng.random()
    if choice > 0.3:
        return image
    picture = Image.fromarray(np.uint8(image * 255))
    thick = choice < 0.17
    changed = picture.filter(ImageFilter.MinFilter(3) if thick else ImageFilter.MaxFilter(3))
    share = rng.uniform(0.3, 1.0) if thick else rng.uniform(0.2, 0.6)
    return image + (np.asarray(changed, dtype=np.float32) / 255 - image) * np.float32(share)


def _rule(rng: np.random.Generator, image: Grey) -> Grey:
    """The remains of ruled paper: a line under or through the writing, whole or in parts."""
    y1, _, y2, _ = ink_box(image)
    height = y2 - y1
    image = image.copy()
    thick = max(1, round(height * rng.uniform(0.01, 0.04)))
    dark = rng.uniform(0.15, 0.8)
    for y in y1 + height * rng.uniform(0.0, 1.0, rng.choice((1, 1, 2))):
        start, stop = 0, image.shape[1]
        if rng.random() < 0.4:
            start, stop = np.sort(rng.integers(0, image.shape[1], 2))
        part = image[int(y) : int(y) + thick, start:stop]
        np.minimum(part, 1 - dark, out=part)
    if rng.random() < 0.3:  # squared paper
        step = max(4, int(height * rng.uniform(0.3, 0.8)))
        part = image[y1:y2, int(rng.integers(step)) :: step]
        np.minimum(part, 1 - dark * 0.6, out=part)
    return image


def _reach_in(rng: np.random.Generator, image: Grey, neighbour: Grey) -> Grey:
    """Ends of letters of the lines above and below, left by the front end's mask."""
    y1, x1, y2, x2 = ink_box(neighbour)
    other = neighbour[y1:y2, x1:x2]
    top, _, bottom, _ = ink_box(image)
    depth = max(1, int(rng.uniform(0.03, 0.14) * (bottom - top)))
    if other.shape[0] < 3 * depth:
        return image
    image = image.copy()
    above = rng.random() < 0.5
    part = other[-depth:] if above else other[:depth]
    if rng.random() < 0.5:
        part = part[:, : int(part.shape[1] * rng.uniform(0.1, 0.8)) + 1]
    room = image.shape[1] - part.shape[1]
    left = int(rng.integers(room)) if room > 0 else 0
    part = part[:, : image.shape[1]]
    rows = slice(top, top + depth) if above else slice(bottom - depth, bottom)
    target = image[rows, left : left + part.shape[1]]
    np.minimum(target, part[: target.shape[0]], out=target)
    return image


def _degrade(rng: np.random.Generator, line: Grey) -> Grey:
    """Blur, low resolution, thresholding, fading, noise and specks on a normalised line."""
    height, width = line.shape
    ink = 1 - line
    if rng.random() < 0.3:
        ink = ndi.gaussian_filter(ink, rng.uniform(0.3, 0.9))
    if rng.random() < 0.15:
        less = rng.uniform(1.3, 2.3)
        picture = Image.fromarray(ink)
        picture = picture.resize(
            (max(4, int(width / less)), int(height / less)), Image.Resampling.BOX
        )
        ink = np.array(picture.resize((width, height), Image.Resampling.BILINEAR))
    threshold = rng.random() < 0.12
    if not threshold and rng.random() < 0.25:
        knots = rng.uniform(0.35, 1.0, max(2, width // 60))
        ink = ink * np.interp(np.arange(width), np.linspace(0, width, len(knots)), knots)
    if rng.random() < 0.4:
        ink = ink + rng.standard_normal(ink.shape, dtype=np.float32) * rng.uniform(0, 0.08)
    if threshold:
        ink = np.clip((ink - rng.uniform(0.25, 0.5)) * rng.uniform(3, 20) + 0.5, 0, 1)
    if rng.random() < 0.6:
        ink = ink * rng.uniform(0.55, 1.15)
    if rng.random() < 0.06:
        for _ in range(rng.integers(1, 5)):
            y, x = rng.integers(height - 2), rng.integers(max(width - 3, 1))
            ink[y : y + rng.integers(1, 3), x : x + rng.integers(1, 4)] = rng.uniform(0.4, 1)
    return (1 - np.clip(ink, 0, 1)).astype(np.float32)

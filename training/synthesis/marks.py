"""What stands on pages and is not writing: rules, grids, frames, drawings, codes, textures."""

from __future__ import annotations

import io
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFilter
from scipy import ndimage

Grey = NDArray[np.float32]
Rng = np.random.Generator


def lay(page: Grey, mark: Image.Image, strength: float) -> None:
    """Darken a page where a mark is drawn, in place."""
    page *= 1 - np.float32(strength) * np.asarray(mark, dtype=np.float32) / 255


def _curve(rng: Rng, count: int, amount: float) -> NDArray[np.float64]:
    """A smooth wandering of `count` values about 0."""
    knots = rng.normal(0, 1, 5)
    at = np.linspace(0, 4, count)
    return ndimage.gaussian_filter1d(np.interp(at, np.arange(5), knots), count / 8 + 1) * amount


def ruled(
    rng: Rng, page: Grey, pitch: float, first: float, slope: float = 0.0, vertical: bool = False
) -> None:
    """Parallel rules from edge to edge, a little bent, broken at times; in place.

    Parameters
    ----------
    pitch, first : float
        Pixels from rule to rule, and of the first one from the top (or left) edge.
    slope : float
        Rows a column.
    vertical : bool
        Whether they run from top to bottom.
    """
    height, width = page.shape
    length, across = (height, width) if vertical else (width, height)
    mark = Image.new("L", (width, height))
    draw = ImageDraw.Draw(mark)
    thick = max(1, round(float(rng.choice((1, 1, 1, 2, 2, 3))) * max(1.0, pitch / 45)))
    bend = _curve(rng, 12, rng.choice((0.0, 0.1, 0.3)) * pitch)
    along = np.linspace(0, length, 12)
    start, stop = 0.0, float(length)
    if rng.random() < 0.3:
        start, stop = rng.uniform(0, 0.15) * length, rng.uniform(0.85, 1.0) * length
    keep = (along >= start) & (along <= stop)
    for at in np.arange(first, across + abs(slope) * length, pitch):
        points = at + bend + slope * (along - length / 2)
        pairs = zip(along[keep], points[keep], strict=True)
        flat = [(p, a) if vertical else (a, p) for a, p in pairs]
        if len(flat) > 1:
            draw.line(flat, fill=255, width=thick)
    broken = rng.random()
    if broken < 0.15:  # worn
        holes = rng.random((height // 4 + 1, width // 4 + 1)) < rng.uniform(0.3, 0.8)
        mask = Image.fromarray(np.uint8(holes * 255)).resize(
            (width, height), Image.Resampling.NEAREST
        )
        mark = Image.fromarray(np.minimum(np.asarray(mark), np.asarray(mask)))
    elif broken < 0.3:  # dots or dashes
        step = max(4, round(float(rng.uniform(0.08, 0.3)) * pitch))
        inked = max(2, round(float(rng.uniform(0.25, 0.65)) * step))
        shown = (np.arange(length) % step < inked).astype(np.uint8)
        mark = Image.fromarray(np.asarray(mark) * (shown[:, None] if vertical else shown))
    lay(
        page,
        mark,
        float(rng.choice((rng.uniform(0.08, 0.3), rng.uniform(0.3, 0.85)), p=(0.6, 0.4))),
    )


def grid(rng: Rng, page: Grey, pitch: float) -> None:
    """Squared paper; in place."""
    state = rng.bit_generator.state
    slope = rng.normal(0, 0.01)
    ruled(rng, page, pitch, rng.uniform(0, pitch), slope)
    rng.bit_generator.state = state  # the same bend and darkness the other way
    ruled(rng, page, pitch, rng.uniform(0, pitch), -slope, vertical=True)


def frame(rng: Rng, page: Grey) -> None:
    """A box, whole or in part; in place."""
    height, width = page.shape
    mark = Image.new("L", (width, height))
    draw = ImageDraw.Draw(mark)
    x = np.sort(rng.uniform(0, 1, 2)) * width
    y = np.sort(rng.uniform(0, 1, 2)) * height
    if rng.random() < 0.5:  # around the page
        x = np.array([rng.uniform(0, 0.06), rng.uniform(0.94, 1)]) * width
        y = np.array([rng.uniform(0, 0.06), rng.uniform(0.94, 1)]) * height
    corners = [(x[0], y[0]), (x[1], y[0]), (x[1], y[1]), (x[0], y[1]), (x[0], y[0])]
    corners = [(a + rng.normal(0, 3), b + rng.normal(0, 3)) for a, b in corners]
    draw.line(corners[: int(rng.integers(2, 6))], fill=255, width=int(rng.integers(1, 7)))
    lay(page, mark, rng.uniform(0.3, 1.0))


def scribble(rng: Rng, page: Grey) -> None:
    """A drawing by hand: curves, rings, arrows, hatching; in place."""
    height, width = page.shape
    mark = Image.new("L", (width, height))
    draw = ImageDraw.Draw(mark)
    size = rng.uniform(0.05, 0.4) * min(height, width)
    at = rng.uniform(0.1, 0.9, 2) * (width, height)
    thick = int(rng.integers(1, 7))
    style = rng.integers(5)
    if style == 0:  # a wandering curve
        steps = np.cumsum(rng.normal(0, 1, (60, 2)), axis=0)
        path = ndimage.gaussian_filter1d(steps, 3, axis=0)
        path = at + path / max(1.0, float(np.abs(path).max())) * size
        draw.line([tuple(p) for p in path.tolist()], fill=255, width=thick, joint="curve")
    elif style == 1:  # rings
        for _ in range(rng.integers(1, 5)):
            a, b = size * rng.uniform(0.2, 1, 2)
            draw.ellipse((at[0] - a, at[1] - b, at[0] + a, at[1] + b), outline=255, width=thick)
            at = at + rng.normal(0, size / 2, 2)
    elif style == 2:  # arrows and straight strokes
        for _ in range(rng.integers(1, 7)):
            end = at + rng.normal(0, size, 2)
            draw.line((*at, *end), fill=255, width=thick)
            back = (at - end) * 0.15
            for turn in (0.6, -0.6):
                c, s = np.cos(turn), np.sin(turn)
                tip = end + np.array([back[0] * c - back[1] * s, back[0] * s + back[1] * c])
                draw.line((*end, *tip), fill=255, width=thick)
            at = end
    elif style == 3:  # hatching
        for k in range(int(rng.integers(5, 30))):
            x = at[0] + k * size / 15
            draw.line((x, at[1], x + size / 3, at[1] - size / 2), fill=255, width=thick)
    else:  # filled shapes
        for _ in range(rng.integers(1, 6)):
            corners = at + rng.normal(0, size / 2, (int(rng.integers(3, 8)), 2))
            draw.polygon([tuple(p) for p in corners.tolist()], fill=int(rng.integers(80, 256)))
    lay(page, mark, rng.uniform(0.3, 1.0))


def code(rng: Rng, page: Grey) -> None:
    """A bar code or a square one; in place."""
    height, width = page.shape
    side = max(24, int(rng.uniform(0.08, 0.45) * min(height, width)))
    if rng.random() < 0.5:
        cells = rng.random((int(rng.integers(15, 45)),) * 2) < 0.5
        for y, x in ((0, 0), (0, -7), (-7, 0)):  # finder patterns
            finder = np.ones((7, 7), bool)
            finder[1:6, 1:6] = False
            finder[2:5, 2:5] = True
            cells[y : y + 7 or None, x : x + 7 or None] = finder
        mark = np.kron(cells, np.ones((max(1, side // len(cells)),) * 2))
    else:
        bars = np.repeat(rng.random(int(rng.integers(30, 90))) < 0.5, int(rng.integers(1, 5)))
        mark = np.broadcast_to(bars, (int(len(bars) * rng.uniform(0.2, 0.7)), len(bars)))
    mark = mark[:height, :width]
    top = int(rng.integers(height - mark.shape[0] + 1))
    left = int(rng.integers(width - mark.shape[1] + 1))
    part = page[top : top + mark.shape[0], left : left + mark.shape[1]]
    part *= 1 - np.float32(rng.uniform(0.6, 1.0)) * mark.astype(np.float32)


def texture(rng: Rng, page: Grey) -> None:
    """Clouds, cloth, halftone, wood or specks over a part of the page, in place."""
    height, width = page.shape
    high, wide = (max(16, int(rng.uniform(0.15, 1.0) * side)) for side in (height, width))
    top, left = int(rng.integers(height - high + 1)), int(rng.integers(width - wide + 1))
    y, x = np.mgrid[:high, :wide].astype(np.float32)
    style = rng.integers(7)
    if style == 0:  # clouds
        tone = _clouds(rng, high, wide, rng.uniform(8, 120))
    elif style == 1:  # halftone
        step, angle = rng.uniform(3, 10), rng.uniform(0, 1.5)
        u, v = x * np.cos(angle) + y * np.sin(angle), y * np.cos(angle) - x * np.sin(angle)
        dots = np.cos(u * 6.28 / step) * np.cos(v * 6.28 / step)
        tone = (dots > np.clip(_clouds(rng, high, wide, 80) * 2 - 1, -0.9, 0.9)).astype(np.float32)
    elif style == 2:  # cloth
        step = rng.uniform(3, 24)
        tone = (
            0.5 + 0.25 * np.sign(np.sin(x * 6.28 / step)) + 0.25 * np.sign(np.sin(y * 6.28 / step))
        )
    elif style == 3:  # wood: grain along one side
        stretched = _clouds(rng, high, wide, 6, (1, 30) if rng.random() < 0.5 else (30, 1))
        tone = stretched
    elif style == 4:  # specks
        tone = (rng.random((high, wide)) < rng.uniform(0.001, 0.03)).astype(np.float32)
        tone = ndimage.maximum_filter(tone, int(rng.integers(1, 5)))
    elif style == 5:  # noise of single pixels or small squares
        tone = rng.random((high, wide), dtype=np.float32)
        if rng.random() < 0.5:
            tone = np.round(tone)
        side = int(rng.choice((1, 1, 2, 4)))
        tone = np.kron(tone[::side, ::side], np.ones((side, side), np.float32))[:high, :wide]
    else:  # blobs
        tone = (_clouds(rng, high, wide, rng.uniform(4, 40)) > rng.uniform(0.55, 0.8)).astype(
            np.float32
        )
    part = page[top : top + high, left : left + wide]
    part *= 1 - np.float32(rng.uniform(0.15, 0.95)) * tone.astype(np.float32)


def _clouds(
    rng: Rng, height: int, width: int, size: float, stretch: tuple[int, int] = (1, 1)
) -> Grey:
    shape = (
        max(2, int(height / size / stretch[0]) + 2),
        max(2, int(width / size / stretch[1]) + 2),
    )
    coarse = Image.fromarray(rng.random(shape, dtype=np.float32))
    return np.clip(np.asarray(coarse.resize((width, height), Image.Resampling.BICUBIC)), 0, 1)


def field(rng: Rng, page: Grey) -> None:
    """Many short strokes of one size, as grass, hair, gravel and knitting have; in place."""
    height, width = page.shape
    mark = Image.new("L", (width, height))
    draw = ImageDraw.Draw(mark)
    reach, thick = rng.uniform(5, 60), int(rng.integers(1, 6))
    usual, spread = rng.uniform(0, 3.14), rng.choice((0.15, 0.5, 3.0))
    middle = rng.uniform(0, 1, 2) * (width, height)
    wide = rng.uniform(0.1, 1.0) * max(height, width)
    rows = rng.random() < 0.3  # in rows, as knitting and fences are
    for _ in range(int(rng.integers(30, 500))):
        at = middle + rng.normal(0, wide / 2, 2)
        if rows:
            at[1] = np.round(at[1] / (2.5 * reach)) * 2.5 * reach
        turn = usual + rng.normal(0, spread)
        way = np.array([np.cos(turn), np.sin(turn)]) * reach * rng.uniform(0.5, 1.5)
        if rng.random() < 0.3:
            box = (*(at - np.abs(way) / 2), *(at + np.abs(way) / 2 + 1))
            draw.arc(box, rng.uniform(0, 360), rng.uniform(0, 360), fill=255, width=thick)
        else:
            draw.line((*at, *(at + way)), fill=int(rng.integers(80, 256)), width=thick)
    lay(page, mark, rng.uniform(0.3, 1.0))


def cells(rng: Rng, page: Grey) -> None:
    """Borders of cells, as cracks, tiles and leaves have, or level lines of hills; in place."""
    height, width = page.shape
    shape = (height // 2 + 1, width // 2 + 1)
    if rng.random() < 0.5:
        seeds = np.ones(shape, bool)
        count = int(rng.integers(10, 400))
        seeds[rng.integers(0, shape[0], count), rng.integers(0, shape[1], count)] = False
        at = ndimage.distance_transform_edt(seeds, return_distances=False, return_indices=True)
        number = at[0] * shape[1] + at[1]
    else:
        hills = _clouds(rng, *shape, rng.uniform(10, 90))
        number = (hills * rng.integers(3, 25)).astype(int)
    border = ndimage.maximum_filter(number, 3) != ndimage.minimum_filter(number, 3)
    mark = Image.fromarray(np.uint8(255 * border)).resize(
        (width, height), Image.Resampling.BILINEAR
    )
    lay(page, mark, rng.uniform(0.2, 1.0))


def scene(rng: Rng, page: Grey) -> None:
    """Things one before the other, shaded, as a photo of a room or a street has; in place."""
    height, width = page.shape
    for _ in range(int(rng.integers(3, 25))):
        mark = Image.new("L", (width, height))
        draw = ImageDraw.Draw(mark)
        at, size = rng.uniform(0, 1, 2) * (width, height), rng.uniform(0.03, 0.4, 2) * width
        if rng.random() < 0.5:
            draw.ellipse((*(at - size / 2), *(at + size / 2)), fill=255)
        else:
            corners = at + rng.normal(0, 1, (int(rng.integers(3, 7)), 2)) * size / 2
            draw.polygon([tuple(p) for p in corners.tolist()], fill=255)
        mask = np.asarray(mark, dtype=np.float32) / 255
        if rng.random() < 0.4:
            mask = ndimage.gaussian_filter(mask, rng.uniform(1, 12))
        tone = rng.uniform(0, 1) + rng.uniform(0, 0.4) * _clouds(
            rng, height, width, rng.uniform(5, 200)
        )
        page += (np.clip(tone, 0, 1).astype(np.float32) - page) * mask


def blocks(rng: Rng, page: Grey) -> None:
    """What is left of a picture that was saved as a very small JPEG; in place."""
    stream = io.BytesIO()
    Image.fromarray(np.uint8(np.clip(page, 0, 1) * 255)).save(
        stream, "JPEG", quality=int(rng.integers(2, 22))
    )
    page[:] = np.asarray(Image.open(stream).convert("L"), dtype=np.float32) / 255


def stain(rng: Rng, page: Grey) -> None:
    """Spots and rings of something spilt; in place."""
    height, width = page.shape
    y, x = np.mgrid[:height, :width].astype(np.float32)
    for _ in range(rng.integers(1, 4)):
        cy, cx = rng.uniform(0, height), rng.uniform(0, width)
        radius = rng.uniform(0.03, 0.25) * min(height, width)
        far = np.hypot(y - cy, (x - cx) * rng.uniform(0.7, 1.4)) / radius
        shape = 1 / (1 + np.exp(np.minimum((far - 1) * rng.uniform(8, 40), 40)))
        if rng.random() < 0.5:
            shape = np.exp(-(((far - 1) * rng.uniform(8, 25)) ** 2))
        page *= 1 - np.float32(rng.uniform(0.05, 0.5)) * shape


def rings(rng: Rng, page: Grey) -> None:
    """Ovals of one pen, closed or nearly, of any size, as around an answer; in place."""
    height, width = page.shape
    mark = Image.new("L", (width, height))
    draw = ImageDraw.Draw(mark)
    size = float(np.exp(rng.uniform(np.log(0.01), np.log(0.25)))) * min(height, width)
    thick = max(1, round(size * rng.uniform(0.03, 0.3)))
    for _ in range(rng.integers(1, 7)):
        wide, high = size * np.exp(rng.normal(0, 0.3, 2))
        around = np.linspace(0, rng.uniform(5.2, 7.5), 40) + rng.uniform(0, 6.28)
        reach = 1 + _curve(rng, 40, rng.choice((0.0, 0.05, 0.15)))
        middle = rng.uniform(0, 1, 2) * (width, height)
        x = middle[0] + wide * reach * np.cos(around)
        y = middle[1] + high * reach * np.sin(around)
        draw.line(list(zip(x.tolist(), y.tolist(), strict=True)), fill=255, width=thick)
    soft = ImageFilter.GaussianBlur(float(rng.choice((0, 0, 1, 3))))
    lay(page, mark.filter(soft), rng.uniform(0.2, 1.0))


def border(rng: Rng, page: Grey) -> None:
    """What lies beside the sheet: a dark or light wedge along one or more edges; in place."""
    height, width = page.shape
    mark = Image.new("L", (width, height))
    draw = ImageDraw.Draw(mark)
    for side in rng.permutation(4)[: rng.integers(1, 5)]:
        a, b = rng.uniform(0, 0.09, 2)
        if side == 0:
            corners = [(0, 0), (width, 0), (width, a * height), (0, b * height)]
        elif side == 1:
            corners = [
                (0, height),
                (width, height),
                (width, (1 - a) * height),
                (0, (1 - b) * height),
            ]
        elif side == 2:
            corners = [(0, 0), (0, height), (a * width, height), (b * width, 0)]
        else:
            corners = [(width, 0), (width, height), ((1 - a) * width, height), ((1 - b) * width, 0)]
        draw.polygon(corners, fill=255)
    mask = np.asarray(mark, dtype=np.float32) / 255
    tone: np.float32 | Grey = np.float32(
        rng.choice((rng.uniform(0, 0.5), 1.0, rng.uniform(0.5, 0.8)))
    )
    if rng.random() < 0.4:
        tone = tone * (
            np.float32(0.6) + np.float32(0.4) * _clouds(rng, height, width, rng.uniform(4, 60))
        )
    page += (tone - page) * mask


def spiral(rng: Rng, page: Grey) -> None:
    """The holes and wires of a binding along an edge; in place."""
    height, width = page.shape
    vertical = rng.random() < 0.6
    length = height if vertical else width
    step, size = rng.uniform(0.02, 0.05) * length, rng.uniform(0.005, 0.014) * length
    far = rng.uniform(0.01, 0.05) * (width if vertical else height)
    if rng.random() < 0.4:
        far = (width if vertical else height) - far
    mark = Image.new("L", (width, height))
    draw = ImageDraw.Draw(mark)
    wire = rng.random() < 0.6
    for at in np.arange(step / 2, length, step).tolist():
        x, y = (far, at) if vertical else (at, far)
        draw.ellipse((x - size, y - size, x + size, y + size), fill=int(rng.integers(120, 256)))
        if wire:
            reach = 3 * size
            ends = (x - reach, y - size, x, y) if vertical else (x, y - reach, x + size, y)
            draw.line(ends, fill=220, width=max(1, int(size / 2)))
    lay(page, mark, rng.uniform(0.4, 1.0))


def finger(rng: Rng, page: Grey) -> None:
    """A finger or a pen that lies over an edge; in place."""
    height, width = page.shape
    mark = Image.new("L", (width, height))
    draw = ImageDraw.Draw(mark)
    start = np.array([rng.choice((0.0, 1.0)), rng.uniform(0, 1)]) * (width, height)
    if rng.random() < 0.5:
        start = np.array([rng.uniform(0, 1), rng.choice((0.0, 1.0))]) * (width, height)
    end = start + (np.array([width, height]) / 2 - start) * rng.uniform(0.1, 0.5)
    thick = int(rng.uniform(0.015, 0.14) * min(height, width))
    draw.line((*start, *end), fill=255, width=max(3, thick))
    draw.ellipse((*(end - thick / 2), *(end + thick / 2)), fill=255)
    mask = ndimage.gaussian_filter(np.asarray(mark, dtype=np.float32) / 255, 2)
    tone = rng.uniform(0.2, 0.8) * (0.8 + 0.2 * _clouds(rng, height, width, 20))
    page += (tone.astype(np.float32) - page) * mask


MARKS: dict[str, tuple[Callable[[Rng, Grey], None], float]] = {
    "frame": (frame, 0.1), "scribble": (scribble, 0.12), "code": (code, 0.05),
    "texture": (texture, 0.03), "stain": (stain, 0.08), "border": (border, 0.25),
    "spiral": (spiral, 0.06), "finger": (finger, 0.08), "field": (field, 0.02),
    "cells": (cells, 0.01), "scene": (scene, 0.005),
}  # fmt: skip
"""Marks and the share of pages with writing that have each."""

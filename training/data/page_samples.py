"""Crops of pages with the maps that the page network is to give for them."""

from __future__ import annotations

import io
import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFilter
from scipy import ndimage

from ocr.layout.darkness import ink_darkness
from ocr.layout.strips import TextLine
from ocr.layout.tracing import MAP_STRIDE, X_HEIGHT_UNIT
from training.data.page_sets import RealPage

SIDE = 512  # pixels of a crop
SMALLEST, LARGEST = 4.0, 36.0  # x-heights in pixels of a crop
FINER = 4  # maps are drawn so much finer and averaged
BASELINE_WIDTH = 0.34  # x-heights, thickness of the drawn baseline
LEAST_WIDTH = 5.0  # pixels of the crop, the same
END_RADIUS = 0.55  # x-heights
LEAST_RADIUS = 5.0  # pixels of the crop


@dataclass(frozen=True)
class TrainingPage:
    """A page to take crops of.

    Attributes
    ----------
    grey : (H, W) uint8 array
    lines : tuple of TextLine
    unknown : (H, W) bool array or None
        Where nobody said whether it is writing.
    """

    grey: NDArray[np.uint8]
    lines: tuple[TextLine, ...]
    unknown: NDArray[np.bool_] | None = None


def training_page(page: RealPage) -> TrainingPage:
    """A real page; dark marks outside of its transcribed lines are unknown."""
    height, width = page.grey.shape
    outlines = Image.new("1", (width, height))
    draw = ImageDraw.Draw(outlines)
    for line in page.lines:
        draw.polygon([(x, y) for y, x in line.polygon.tolist()], fill=1)
        spine = [(x, y - line.line.x_height / 2) for y, x in line.line.baseline.tolist()]
        draw.line(spine, fill=1, width=max(3, round(1.6 * line.line.x_height)))
    inside = np.asarray(outlines)
    usual = float(np.median([line.line.x_height for line in page.lines]))
    dark = ink_darkness(page.grey.astype(np.float32) / np.float32(255)) > 0.22
    labels, _ = ndimage.label(dark & ~inside, np.ones((3, 3)))
    unknown = np.zeros_like(dark)
    for number, place in enumerate(ndimage.find_objects(labels), start=1):
        high, wide = (part.stop - part.start for part in place)
        # Rules, frames and edges are longer than any letter; specks are smaller.
        rule_like = high < 0.35 * usual and wide > 2 * usual
        if 0.4 * usual < max(high, wide) < 8 * usual and not rule_like:
            unknown[place] |= labels[place] == number
    reach = max(3, round(0.8 * usual))
    return TrainingPage(
        page.grey,
        tuple(line.line for line in page.lines),
        ndimage.maximum_filter(unknown, (reach, 2 * reach)) & ~inside,
    )


def write_pages(path: Path, pages: Sequence[TrainingPage]) -> None:
    """Store pages in one `.npz` with their lines; written beside and renamed."""
    arrays: dict[str, Any] = {}
    for k, page in enumerate(pages):
        arrays[f"grey{k}"] = page.grey
        arrays[f"heights{k}"] = np.array([line.x_height for line in page.lines])
        arrays[f"counts{k}"] = np.array([len(line.baseline) for line in page.lines], dtype=int)
        points = [line.baseline for line in page.lines]
        arrays[f"points{k}"] = np.concatenate(points) if points else np.zeros((0, 2))
        if page.unknown is not None:
            arrays[f"unknown{k}"] = np.packbits(page.unknown, axis=1)
    beside = path.with_suffix(".part")
    with beside.open("wb") as stream:
        np.savez_compressed(stream, **arrays)
    beside.rename(path)


def load_pages(path: Path) -> list[TrainingPage]:
    """The pages of a file that `write_pages` made."""
    pages = []
    with np.load(path, allow_pickle=False) as data:
        for k in range(sum(name.startswith("grey") for name in data.files)):
            grey = data[f"grey{k}"]
            points = np.split(data[f"points{k}"], np.cumsum(data[f"counts{k}"])[:-1])
            heights = data[f"heights{k}"].tolist()
            lines = tuple(
                TextLine(base, height) for base, height in zip(points, heights, strict=False)
            )
            unknown = None
            if f"unknown{k}" in data.files:
                unknown = np.unpackbits(data[f"unknown{k}"], axis=1, count=grey.shape[1]) > 0
            pages.append(TrainingPage(grey, lines if heights else (), unknown))
    return pages


def crop(
    rng: np.random.Generator, page: TrainingPage
) -> tuple[NDArray[np.float32], NDArray[np.float32], NDArray[np.float32]]:
    """A piece of a page at a random scale, a little turned, with its maps.

    Returns
    -------
    (SIDE, SIDE) float32 array
        Darkness.
    (4, SIDE / 4, SIDE / 4) float32 array
        Maps as `training.networks.page.MAPS`.
    (1, SIDE / 4, SIDE / 4) float32 array
        Weight: 0 where the truth is unknown.
    """
    height, width = page.grey.shape
    if page.lines:
        usual = float(np.median([line.x_height for line in page.lines]))
        wanted = math.exp(rng.uniform(math.log(SMALLEST), math.log(LARGEST)))
        if rng.random() < 0.6:  # most pages are looked at so that their letters are this high
            wanted = float(np.clip(math.exp(rng.normal(math.log(8.5), 0.3)), SMALLEST, LARGEST))
        scale = min(wanted / usual, 2.5)
    else:
        scale = math.exp(rng.uniform(math.log(0.3), math.log(1.5)))
    scale = max(scale, 0.5 * SIDE / max(height, width))
    stretch = math.exp(rng.normal(0, 0.06))
    angle = math.radians(rng.normal(0, 2.0) if rng.random() < 0.85 else rng.uniform(-12, 12))
    cos, sin = math.cos(angle) / scale, math.sin(angle) / scale
    # (x, y) of the page at (u, v) of the crop, both from their middles
    forward = np.array([[cos * stretch, -sin], [sin * stretch, cos]])
    if page.lines and rng.random() < 0.85:
        line = page.lines[rng.integers(len(page.lines))].baseline
        y, x = line[rng.integers(len(line))]
        at = np.array([x, y]) + rng.normal(0, 0.25 * SIDE / scale, 2)
    else:
        at = rng.uniform(0, 1, 2) * (width, height)
    room = 0.5 * SIDE / scale
    at = np.array(
        [
            np.clip(value, min(room, size / 2), max(size - room, size / 2))
            for value, size in zip(at, (width, height), strict=True)
        ]
    )
    shift = at - forward @ np.array([SIDE / 2, SIDE / 2])
    picture = Image.fromarray(page.grey)
    shrink = min(1.0, scale * 1.0)
    if shrink < 0.75:
        picture = picture.resize(
            (max(1, round(width * shrink)), max(1, round(height * shrink))), Image.Resampling.BOX
        )
    by = picture.width / width, picture.height / height
    fill = (
        int(np.percentile(page.grey[::16, ::16], 85))
        if rng.random() < 0.6
        else int(rng.integers(256))
    )
    matrix = (
        forward[0, 0] * by[0], forward[0, 1] * by[0], shift[0] * by[0],
        forward[1, 0] * by[1], forward[1, 1] * by[1], shift[1] * by[1],
    )  # fmt: skip
    picture = picture.transform(
        (SIDE, SIDE), Image.Transform.AFFINE, matrix, Image.Resampling.BILINEAR, fillcolor=fill
    )
    picture = photograph(rng, picture)
    darkness = ink_darkness(np.asarray(picture, dtype=np.float32) / np.float32(255))
    if rng.random() < 0.3:
        darkness = np.clip(darkness * rng.uniform(0.5, 1.3), 0, 1)
    back = np.linalg.inv(forward)
    lines = [
        TextLine(((line.baseline[:, ::-1] - shift) @ back.T)[:, ::-1], line.x_height * scale)
        for line in page.lines
    ]
    maps = draw_maps(lines, (SIDE, SIDE))
    weight = np.ones((1, SIDE // MAP_STRIDE, SIDE // MAP_STRIDE), np.float32)
    if page.unknown is not None:
        step = np.array([MAP_STRIDE, MAP_STRIDE])
        unknown = Image.fromarray(page.unknown).transform(
            (SIDE // MAP_STRIDE, SIDE // MAP_STRIDE),
            Image.Transform.AFFINE,
            (
                forward[0, 0] * step[0], forward[0, 1] * step[0], shift[0],
                forward[1, 0] * step[1], forward[1, 1] * step[1], shift[1],
            ),
        )  # fmt: skip
        weight[0][np.asarray(unknown) & (maps[2] == 0)] = 0
    return darkness, maps, weight


def draw_maps(lines: Sequence[TextLine], size: tuple[int, int]) -> NDArray[np.float32]:
    """The maps of text lines in a picture of a size: (4, H / 4, W / 4)."""
    height, width = size[0] // MAP_STRIDE, size[1] // MAP_STRIDE
    zoom = FINER / MAP_STRIDE
    maps = np.zeros((4, height, width), np.float32)
    layers = [Image.new("L", (width * FINER, height * FINER)) for _ in range(3)]
    draws = [ImageDraw.Draw(layer) for layer in layers]
    heights = Image.new("F", (width, height))
    draw_heights = ImageDraw.Draw(heights)
    for line in lines:
        points = line.baseline[:, ::-1] * zoom
        flat = [tuple(point) for point in points.tolist()]
        body = [(x, y - line.x_height * zoom) for x, y in flat]
        draws[2].polygon(flat + body[::-1], fill=255)
        middle = [(x / FINER, (y - line.x_height * zoom / 2) / FINER) for x, y in flat]
        thick = max(1, math.ceil(line.x_height / MAP_STRIDE) + 2)
        draw_heights.line(middle, fill=math.log2(line.x_height / X_HEIGHT_UNIT), width=thick)
    for line in lines:
        points = line.baseline[:, ::-1] * zoom
        flat = [tuple(point) for point in points.tolist()]
        wide = max(LEAST_WIDTH, BASELINE_WIDTH * line.x_height) * zoom
        draws[0].line(flat, fill=255, width=max(1, round(wide)), joint="curve")
        radius = max(LEAST_RADIUS, END_RADIUS * line.x_height) * zoom
        for x, y in (flat[0], flat[-1]):
            draws[1].ellipse((x - radius, y - radius, x + radius, y + radius), fill=255)
    for k, layer in enumerate(layers):
        maps[k] = np.asarray(layer.reduce(FINER), dtype=np.float32) / 255
    maps[3] = np.asarray(heights)
    return maps


def photograph(rng: np.random.Generator, picture: Image.Image) -> Image.Image:
    """Blur, low contrast, shade, noise and JPEG."""
    if rng.random() < 0.35:
        picture = picture.filter(ImageFilter.GaussianBlur(rng.uniform(0.3, 1.6)))
    values = np.asarray(picture, dtype=np.float32)
    if rng.random() < 0.5:
        low = rng.uniform(0.25, 1.0, (3, 3)).astype(np.float32)
        low = 1 - rng.uniform(0.1, 0.6) * low
        shade = Image.fromarray(low).resize(picture.size, Image.Resampling.BICUBIC)
        values = values * np.asarray(shade)
    if rng.random() < 0.4:
        floor = rng.uniform(0, 90)
        values = np.float32(floor) + values * np.float32(255 - floor) / np.float32(255)
    if rng.random() < 0.5:
        noise = rng.standard_normal(values.shape, dtype=np.float32)
        values = values + noise * np.float32(rng.uniform(1, 12))
    picture = Image.fromarray(np.uint8(np.clip(values, 0, 255)))
    if rng.random() < 0.35:
        stream = io.BytesIO()
        picture.save(stream, "JPEG", quality=int(rng.integers(25, 85)))
        picture = Image.open(stream).convert("L")
    return picture

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

from ocr.formats.output import replacing
from ocr.layout.darkness import ink_darkness
from ocr.layout.page_network import line_bands
from ocr.layout.strips import TextLine
from ocr.layout.tracing import MAP_STRIDE, X_HEIGHT_UNIT
from training.data.page_sets import RealPage

SIDE = 512  # pixels of a crop
SMALLEST, LARGEST = 4.0, 36.0  # x-heights in pixels of a crop
FINER = 4  # maps are drawn so much finer and averaged


@dataclass(frozen=True)
class MapConfig:
    """How the lines of a page become maps. Set by hand; what each brings was not measured alone.

    Attributes
    ----------
    baseline, least_baseline : float
        Thickness of the drawn baseline in x-heights, and pixels of the crop at least.
    end, least_end : float
        Radius of the drawn ends, the same.
    shortest : float
        Shorter lines, single signs, are drawn this long, in x-heights.
    """

    baseline: float = 0.34
    least_baseline: float = 5.0
    end: float = 0.55
    least_end: float = 5.0
    shortest: float = 1.5


@dataclass(frozen=True)
class UnknownConfig:
    """Which dark marks of a real page may be writing that nobody transcribed. Lengths in x-heights.

    Set by hand, pages looked at as pictures.

    Attributes
    ----------
    spine : float
        Thickness of the stripe along the middle of a transcribed line's letters that is known.
    dark : float
        Darkness from which a pixel is a mark's.
    least, most : float
        Longer side of a mark: specks are smaller, rules, frames and edges longer than any letter.
    rule_height, rule_width : float
        A lower and wider mark is a ruling line.
    around : float
        Above and below a mark that is unknown as well; beside it twice as much.
    """

    spine: float = 1.6
    dark: float = 0.22
    least: float = 0.4
    most: float = 8.0
    rule_height: float = 0.35
    rule_width: float = 2.0
    around: float = 0.8


@dataclass(frozen=True)
class CropConfig:
    """At what size and where crops are taken. Set by hand.

    Attributes
    ----------
    usual_share : float
        Of the crops have letters about as high as pages are looked at for; the rest any height.
    usual, spread : float
        That x-height in pixels of the crop, and the standard deviation of its log.
    enlarged : float
        Most that a page is enlarged.
    blank : (float, float)
        Scales of pages without lines.
    least_side : float
        Of the crop that the page's longer side fills.
    stretch : float
        Standard deviation of the log of the aspect's change.
    level_share, level, tilted : float
        Share of the crops turned by a standard deviation of `level` degrees, and most that the
        others are turned, either way.
    at_line_share, off : float
        Share of the crops about a point of a line, and standard deviation of how far off it, in
        sides of a crop.
    averaged : float
        Scale below which the page is averaged first.
    paper_share, paper : float
        Share of the crops with what lies beyond the page as bright as its paper, this percentile.
    contrast_share : float
        Of the crops are drawn fainter or darker by a factor of `contrast`.
    contrast : (float, float)
    """

    usual_share: float = 0.6
    usual: float = 8.5
    spread: float = 0.3
    enlarged: float = 2.5
    blank: tuple[float, float] = (0.3, 1.5)
    least_side: float = 0.5
    stretch: float = 0.06
    level_share: float = 0.85
    level: float = 2.0
    tilted: float = 12.0
    at_line_share: float = 0.85
    off: float = 0.25
    averaged: float = 0.75
    paper_share: float = 0.6
    paper: float = 85
    contrast_share: float = 0.3
    contrast: tuple[float, float] = (0.5, 1.3)


@dataclass(frozen=True)
class LoneConfig:
    """Crops of a page of which no more is left than a line or a few. Lengths in x-heights.

    Without them the network takes small letters for larger, and large ones for smaller, than they
    are where no other lines stand around. Set by hand.

    Attributes
    ----------
    share : float
        Of the crops are such.
    above, below : (float, float)
        Least and most that is left above the baseline of a line and below it.
    beside : (float, float)
        Least and most that is left beyond its ends.
    whole : float
        Share that keeps the line whole; of the others a piece of it is left, `shortest` long at
        least.
    shortest : float
    feet : float
        As much below a baseline belongs to it, and half of an x-height above the small letters.
    smallest, largest : float
        x-heights in pixels of the crop.
    """

    share: float = 0.25
    above: tuple[float, float] = (1.6, 9.0)
    below: tuple[float, float] = (0.5, 8.0)
    beside: tuple[float, float] = (0.3, 5.0)
    whole: float = 0.7
    shortest: float = 2.0
    feet: float = 0.3
    smallest: float = 5.0
    largest: float = 26.0


MAP, UNKNOWN, CROP, LONE = MapConfig(), UnknownConfig(), CropConfig(), LoneConfig()


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
        draw.line(spine, fill=1, width=max(3, round(UNKNOWN.spine * line.line.x_height)))
    inside = np.asarray(outlines)
    usual = float(np.median([line.line.x_height for line in page.lines]))
    dark = ink_darkness(page.grey.astype(np.float32) / np.float32(255)) > UNKNOWN.dark
    labels, _ = ndimage.label(dark & ~inside, np.ones((3, 3)))
    unknown = np.zeros_like(dark)
    for number, place in enumerate(ndimage.find_objects(labels), start=1):
        high, wide = (part.stop - part.start for part in place)
        rule_like = high < UNKNOWN.rule_height * usual and wide > UNKNOWN.rule_width * usual
        letter_like = UNKNOWN.least * usual < max(high, wide) < UNKNOWN.most * usual
        if letter_like and not rule_like:
            unknown[place] |= labels[place] == number
    reach = max(3, round(UNKNOWN.around * usual))
    return TrainingPage(
        page.grey,
        tuple(line.line for line in page.lines),
        ndimage.maximum_filter(unknown, (reach, 2 * reach)) & ~inside,
    )


def write_pages(path: Path, pages: Sequence[TrainingPage]) -> None:
    """Store pages in one `.npz` with their lines."""
    arrays: dict[str, Any] = {}
    for k, page in enumerate(pages):
        arrays[f"grey{k}"] = page.grey
        arrays[f"heights{k}"] = np.array([line.x_height for line in page.lines])
        arrays[f"counts{k}"] = np.array([len(line.baseline) for line in page.lines], dtype=int)
        points = [line.baseline for line in page.lines]
        arrays[f"points{k}"] = np.concatenate(points) if points else np.zeros((0, 2))
        if page.unknown is not None:
            arrays[f"unknown{k}"] = np.packbits(page.unknown, axis=1)
    with replacing(path) as stream:
        np.savez_compressed(stream, **arrays)


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
    lone = bool(page.lines) and rng.random() < LONE.share
    if lone:
        page = few_lines(rng, page)
    scale = _scale(rng, page, lone)
    forward, shift = _view(rng, page, scale)
    picture = photograph(rng, _seen(rng, page.grey, forward, shift, scale))
    darkness = ink_darkness(np.asarray(picture, dtype=np.float32) / np.float32(255))
    if rng.random() < CROP.contrast_share:
        darkness = np.clip(darkness * rng.uniform(*CROP.contrast), 0, 1)
    back = np.linalg.inv(forward)
    lines = [
        TextLine(((line.baseline[:, ::-1] - shift) @ back.T)[:, ::-1], line.x_height * scale)
        for line in page.lines
    ]
    maps = draw_maps(lines, (SIDE, SIDE))
    weight = np.ones((1, SIDE // MAP_STRIDE, SIDE // MAP_STRIDE), np.float32)
    if page.unknown is not None:
        unknown = Image.fromarray(page.unknown).transform(
            (SIDE // MAP_STRIDE, SIDE // MAP_STRIDE),
            Image.Transform.AFFINE,
            _affine(forward * MAP_STRIDE, shift),
        )
        weight[0][np.asarray(unknown) & (maps[2] == 0)] = 0
    return darkness, maps, weight


def _scale(rng: np.random.Generator, page: TrainingPage, lone: bool) -> float:
    """Pixels of a crop for one of its page."""
    if page.lines:
        usual = float(np.median([line.x_height for line in page.lines]))
        smallest, largest = (LONE.smallest, LONE.largest) if lone else (SMALLEST, LARGEST)
        wanted = math.exp(rng.uniform(math.log(smallest), math.log(largest)))
        if not lone and rng.random() < CROP.usual_share:
            wanted = math.exp(rng.normal(math.log(CROP.usual), CROP.spread))
            wanted = float(np.clip(wanted, SMALLEST, LARGEST))
        scale = min(wanted / usual, CROP.enlarged)
    else:
        scale = math.exp(rng.uniform(math.log(CROP.blank[0]), math.log(CROP.blank[1])))
    return scale if lone else max(scale, CROP.least_side * SIDE / max(page.grey.shape))


def _view(
    rng: np.random.Generator, page: TrainingPage, scale: float
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Where a crop lies: at (u, v) of it is (x, y) of the page, ``forward @ (u, v) + shift``.

    Returns
    -------
    forward : (2, 2) float array
    shift : (2,) float array
    """
    stretch = math.exp(rng.normal(0, CROP.stretch))
    level = rng.random() < CROP.level_share
    degrees = rng.normal(0, CROP.level) if level else rng.uniform(-CROP.tilted, CROP.tilted)
    angle = math.radians(degrees)
    cos, sin = math.cos(angle) / scale, math.sin(angle) / scale
    forward = np.array([[cos * stretch, -sin], [sin * stretch, cos]])
    height, width = page.grey.shape
    if page.lines and rng.random() < CROP.at_line_share:
        line = page.lines[rng.integers(len(page.lines))].baseline
        y, x = line[rng.integers(len(line))]
        at = np.array([x, y]) + rng.normal(0, CROP.off * SIDE / scale, 2)
    else:
        at = rng.uniform(0, 1, 2) * (width, height)
    room = 0.5 * SIDE / scale
    at = np.array(
        [
            np.clip(value, min(room, size / 2), max(size - room, size / 2))
            for value, size in zip(at, (width, height), strict=True)
        ]
    )
    return forward, at - forward @ np.array([SIDE / 2, SIDE / 2])


def _seen(
    rng: np.random.Generator,
    grey: NDArray[np.uint8],
    forward: NDArray[np.float64],
    shift: NDArray[np.float64],
    scale: float,
) -> Image.Image:
    """What a crop shows of a page; see `_view`."""
    height, width = grey.shape
    picture = Image.fromarray(grey)
    if scale < CROP.averaged:
        picture = picture.resize(
            (max(1, round(width * scale)), max(1, round(height * scale))), Image.Resampling.BOX
        )
    by = np.array([picture.width / width, picture.height / height])
    fill = (
        int(np.percentile(grey[::16, ::16], CROP.paper))
        if rng.random() < CROP.paper_share
        else int(rng.integers(256))
    )
    return picture.transform(
        (SIDE, SIDE),
        Image.Transform.AFFINE,
        _affine(forward * by[:, None], shift * by),
        Image.Resampling.BILINEAR,
        fillcolor=fill,
    )


def _affine(forward: NDArray[np.float64], shift: NDArray[np.float64]) -> tuple[float, ...]:
    """A map of points as `PIL.Image.Image.transform` takes it."""
    return (*forward[0], shift[0], *forward[1], shift[1])


def few_lines(rng: np.random.Generator, page: TrainingPage) -> TrainingPage:
    """A line of a page with what is near it, cut out; lines that the cut goes through are unknown.

    A page whose cut would hold no line is given back as it is.
    """
    line = page.lines[rng.integers(len(page.lines))]
    unit = line.x_height
    above, below = (math.exp(rng.uniform(*np.log(part))) for part in (LONE.above, LONE.below))
    left, right = line.baseline[:, 1].min(), line.baseline[:, 1].max()
    if rng.random() > LONE.whole and right - left > LONE.shortest * unit:
        long = rng.uniform(LONE.shortest * unit, right - left)
        left = rng.uniform(left, right - long)
        right = left + long
    left -= rng.uniform(*LONE.beside) * unit
    right += rng.uniform(*LONE.beside) * unit
    near = line.baseline[(line.baseline[:, 1] >= left) & (line.baseline[:, 1] <= right), 0]
    near = near if len(near) else line.baseline[:, 0]
    height, width = page.grey.shape
    y1, y2 = max(0, int(near.min() - above * unit)), min(height, int(near.max() + below * unit))
    x1, x2 = max(0, int(left)), min(width, int(right))
    kept: list[TextLine] = []
    cut: list[TextLine] = []
    for one in page.lines:
        points = _dense(one) - (y1, x1)
        points = points[(points[:, 1] >= 0) & (points[:, 1] < x2 - x1)]
        inside = (points[:, 0] <= y2 - y1) & (points[:, 0] - one.x_height >= 0)
        if len(points) > 2 and inside.all():
            kept.append(TextLine(points, one.x_height))
        elif len(points) > 1:
            cut.append(TextLine(points, one.x_height))
    if not kept:
        return page
    unknown = line_bands((y2 - y1, x2 - x1), cut, under=LONE.feet)
    if page.unknown is not None:
        unknown = unknown | page.unknown[y1:y2, x1:x2]
    return TrainingPage(page.grey[y1:y2, x1:x2], tuple(kept), unknown)


def _dense(line: TextLine) -> NDArray[np.float64]:
    """Points of a baseline, half an x-height apart: (N, 2) rows and columns."""
    steps = np.hypot(*np.diff(line.baseline, axis=0).T)
    along = np.append(0.0, np.cumsum(steps))
    at = np.linspace(0, along[-1], max(3, round(2 * along[-1] / line.x_height)))
    return np.stack([np.interp(at, along, column) for column in line.baseline.T], axis=1)


def draw_maps(lines: Sequence[TextLine], size: tuple[int, int]) -> NDArray[np.float32]:
    """The maps of text lines in a picture of a size: (4, H / 4, W / 4)."""
    lines = [_long_enough(line) for line in lines]
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
        wide = max(MAP.least_baseline, MAP.baseline * line.x_height) * zoom
        draws[0].line(flat, fill=255, width=max(1, round(wide)), joint="curve")
        radius = max(MAP.least_end, MAP.end * line.x_height) * zoom
        for x, y in (flat[0], flat[-1]):
            draws[1].ellipse((x - radius, y - radius, x + radius, y + radius), fill=255)
    for k, layer in enumerate(layers):
        maps[k] = np.asarray(layer.reduce(FINER), dtype=np.float32) / 255
    maps[3] = np.asarray(heights)
    return maps


def _long_enough(line: TextLine) -> TextLine:
    """The line, led on at both ends if it is too short to be seen in a map."""
    first, last = line.baseline[0], line.baseline[-1]
    long = float(np.hypot(*(last - first)))
    lacking = MAP.shortest * line.x_height - long
    if lacking <= 0:
        return line
    along = (last - first) / long if long else np.array([0.0, 1.0])
    points = np.stack([first - along * lacking / 2, last + along * lacking / 2])
    return TextLine(points, line.x_height)


def photograph(rng: np.random.Generator, picture: Image.Image) -> Image.Image:
    """Blur, low contrast, shade, noise and JPEG, each at times and in ranges set by hand."""
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

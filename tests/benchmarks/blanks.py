"""How often pictures without any writing give text: blanks.py [--each 20] [--out FOLDER].

Pictures of twelve kinds, drawn here from a seed: papers with folds, stains and JPEG blocks, grids,
line art, shapes, bar codes, textures, cells, leaves and stars. Prints, for each kind, how many
pictures gave text, then over all; with --out those that did are kept, with what was read. With
--pages it prints instead how surely the valid pages of `$OCR_DATA/pages` read by the ink
alone, the least sure first: what `ocr.lines.engine.LegibleConfig` must not cut into.
"""

from __future__ import annotations

import argparse
import io
import tempfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFilter
from scipy import ndimage

from ocr.input.photo import open_image
from ocr.reader import Reader

Grey = NDArray[np.float32]
Rng = np.random.Generator


def clouds(rng: Rng, size: tuple[int, int], grain: float) -> Grey:
    """Smooth noise in [0, 1]."""
    shape = (max(2, int(size[0] / grain) + 2), max(2, int(size[1] / grain) + 2))
    coarse = Image.fromarray(rng.random(shape, dtype=np.float32))
    return np.clip(np.asarray(coarse.resize(size[::-1], Image.Resampling.BICUBIC)), 0, 1)


def paper(rng: Rng, size: tuple[int, int]) -> Grey:
    """Blank paper: light that falls off, grain, a fold or two."""
    page = np.full(size, rng.uniform(0.6, 1.0), np.float32)
    page *= 1 - rng.uniform(0, 0.5) * clouds(rng, size, max(size) / 2)
    page += rng.normal(0, rng.uniform(0.002, 0.03), size).astype(np.float32)
    for _ in range(rng.integers(0, 3)):
        at, wide = rng.uniform(0, size[1]), rng.uniform(1, 8)
        page -= (0.12 * np.exp(-(((np.arange(size[1]) - at) / wide) ** 2))).astype(np.float32)
    return page


def blocks(rng: Rng, size: tuple[int, int]) -> Grey:
    """Blank paper saved as a JPEG of low quality."""
    stream = io.BytesIO()
    picture = Image.fromarray(np.uint8(np.clip(paper(rng, size), 0, 1) * 255))
    picture.save(stream, "JPEG", quality=int(rng.integers(3, 25)))
    return np.asarray(Image.open(stream).convert("L"), np.float32) / 255


def stains(rng: Rng, size: tuple[int, int]) -> Grey:
    page = paper(rng, size)
    y, x = np.mgrid[: size[0], : size[1]]
    for _ in range(rng.integers(1, 6)):
        far = np.hypot(y - rng.uniform(0, size[0]), x - rng.uniform(0, size[1]))
        radius = rng.uniform(20, 200)
        ring = np.exp(-(((far - radius) / rng.uniform(3, 25)) ** 2))
        page -= (rng.uniform(0.1, 0.5) * np.maximum(ring, 0.3 * (far < radius))).astype(np.float32)
    return page


def drawn(
    rng: Rng, size: tuple[int, int], draw: Callable[[ImageDraw.ImageDraw, int], None]
) -> Grey:
    """Black strokes on white paper, softened."""
    picture = Image.new("L", size[::-1], 255)
    draw(ImageDraw.Draw(picture), int(rng.integers(1, 8)))
    if rng.random() < 0.5:
        picture = picture.filter(ImageFilter.GaussianBlur(rng.uniform(0.5, 2)))
    return paper(rng, size) * (np.asarray(picture, np.float32) / 255)


def grid(rng: Rng, size: tuple[int, int]) -> Grey:
    step, slope = rng.uniform(10, 90), rng.normal(0, 0.02)

    def draw(on: ImageDraw.ImageDraw, thick: int) -> None:
        for y in np.arange(-100, size[0] + 100, step):
            on.line((0, y, size[1], y + slope * size[1]), fill=90, width=thick)
        if rng.random() < 0.6:
            for x in np.arange(-100, size[1] + 100, step):
                on.line((x, 0, x - slope * size[0], size[0]), fill=90, width=thick)

    return drawn(rng, size, draw)


def curves(rng: Rng, size: tuple[int, int]) -> Grey:
    def draw(on: ImageDraw.ImageDraw, thick: int) -> None:
        for _ in range(rng.integers(2, 14)):
            steps = ndimage.gaussian_filter1d(rng.normal(0, 1, (200, 2)), 25, axis=0).cumsum(axis=0)
            path = rng.uniform(0, 1, 2) * size[::-1] + steps * rng.uniform(20, 120)
            on.line([tuple(p) for p in path.tolist()], fill=0, width=thick)

    return drawn(rng, size, draw)


def shapes(rng: Rng, size: tuple[int, int]) -> Grey:
    def draw(on: ImageDraw.ImageDraw, thick: int) -> None:
        for _ in range(rng.integers(1, 12)):
            middle, reach = rng.uniform(0, 1, 2) * size[::-1], rng.uniform(15, 260)
            corners = middle + rng.normal(0, reach, (int(rng.integers(3, 8)), 2))
            if rng.random() < 0.4:
                on.ellipse((*(middle - reach), *(middle + reach)), outline=0, width=thick)
            else:
                fill = None if rng.random() < 0.5 else int(rng.integers(0, 160))
                on.polygon([tuple(p) for p in corners.tolist()], fill=fill, outline=0, width=thick)

    return drawn(rng, size, draw)


def codes(rng: Rng, size: tuple[int, int]) -> Grey:
    page = paper(rng, size)
    high, wide = int(rng.uniform(60, 400)), int(rng.uniform(150, 600))
    top, left = int(rng.integers(size[0] - high)), int(rng.integers(size[1] - wide))
    if rng.random() < 0.5:
        bars = np.repeat(rng.random(wide) < 0.5, rng.integers(1, 7))[:wide]
        mark = np.broadcast_to(bars, (high, wide))
    else:
        cell = int(rng.integers(3, 14))
        mark = np.kron(
            rng.random((high // cell + 1, high // cell + 1)) < 0.5, np.ones((cell, cell))
        )
        mark = mark[:high, :wide]
    page[top : top + mark.shape[0], left : left + mark.shape[1]] *= 1 - 0.9 * mark
    return page


def texture(rng: Rng, size: tuple[int, int]) -> Grey:
    grain = rng.uniform(2, 60)
    tone = clouds(rng, size, grain) * 0.6 + clouds(rng, size, grain / 2) * 0.4
    return np.clip((tone - 0.5) * rng.uniform(1, 4) + 0.5, 0, 1)


def halftone(rng: Rng, size: tuple[int, int]) -> Grey:
    y, x = np.mgrid[: size[0], : size[1]]
    step, turn = rng.uniform(3, 12), rng.uniform(0, 1.5)
    u, v = x * np.cos(turn) + y * np.sin(turn), y * np.cos(turn) - x * np.sin(turn)
    dots = np.cos(u * 6.28 / step) * np.cos(v * 6.28 / step)
    return (dots < 2 * clouds(rng, size, 150) - 1).astype(np.float32)


def cells(rng: Rng, size: tuple[int, int]) -> Grey:
    """Borders of cells about random points."""
    small = (size[0] // 2, size[1] // 2)
    seeds = np.ones(small, bool)
    count = int(rng.integers(15, 300))
    seeds[rng.integers(0, small[0], count), rng.integers(0, small[1], count)] = False
    nearest = ndimage.distance_transform_edt(seeds, return_distances=False, return_indices=True)
    number = nearest[0] * small[1] + nearest[1]
    border = ndimage.maximum_filter(number, 3) != ndimage.minimum_filter(number, 3)
    picture = Image.fromarray(np.uint8(255 - 200 * border)).resize(size[::-1])
    return np.asarray(picture, np.float32) / 255


def leaves(rng: Rng, size: tuple[int, int]) -> Grey:
    """Many blades of one size, as grass and gravel have."""

    def draw(on: ImageDraw.ImageDraw, thick: int) -> None:
        reach = rng.uniform(10, 60)
        for _ in range(int(rng.integers(50, 500))):
            at, way = rng.uniform(0, 1, 2) * size[::-1], rng.uniform(0, 6.28)
            end = at + reach * rng.uniform(0.5, 1.5) * np.array([np.cos(way), np.sin(way)])
            on.line((*at, *end), fill=int(rng.integers(0, 180)), width=thick)

    return drawn(rng, size, draw)


def stars(rng: Rng, size: tuple[int, int]) -> Grey:
    page = paper(rng, size)
    for _ in range(int(rng.integers(5, 400))):
        y, x, r = rng.integers(size[0]), rng.integers(size[1]), int(rng.integers(1, 9))
        page[y : y + r, x : x + r] *= rng.uniform(0.1, 0.8)
    return page


KINDS = {
    "paper": paper, "JPEG blocks": blocks, "stains": stains, "grids": grid, "curves": curves,
    "shapes": shapes, "codes": codes, "textures": texture, "halftones": halftone, "cells": cells,
    "leaves": leaves, "stars": stars,
}  # fmt: skip


def print_confidences() -> None:
    """How surely real pages read, the least sure first."""
    from training.data.datasets import data_dir
    from training.data.page_sets import read_pages

    reader, found = Reader(), []
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "page.png"
        for page in read_pages(data_dir(), "valid"):
            Image.fromarray(page.grey).save(path, compress_level=1)
            engine, picture = reader.lines_engine, open_image(path)
            reading = engine.read(picture, engine.find(picture))
            found.append((reading.confidence, page.name))
    for confidence, name in sorted(found):
        print(f"{confidence:.2f} {name}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--each", type=int, default=20, help="pictures of each kind")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--out", type=Path, help="folder for the pictures that gave text")
    parser.add_argument("--pages", action="store_true", help="confidences of real pages instead")
    given = parser.parse_args()
    if given.pages:
        print_confidences()
        return
    reader, total = Reader(), 0
    with tempfile.TemporaryDirectory() as folder:
        for kind, make in KINDS.items():
            spoken = 0
            for number in range(given.each):
                rng = np.random.default_rng((given.seed, number))
                size = (int(rng.integers(420, 1600)), int(rng.integers(620, 1600)))
                picture = Image.fromarray(np.uint8(np.clip(make(rng, size), 0, 1) * 255))
                path = Path(folder) / f"{kind.replace(' ', '_')}_{number}.png"
                picture.save(path, compress_level=1)
                text = reader.read(path).text
                if text:
                    spoken += 1
                    if given.out:
                        given.out.mkdir(parents=True, exist_ok=True)
                        picture.save(given.out / path.name)
                        (given.out / f"{path.stem}.txt").write_text(text, encoding="utf-8")
            total += spoken
            print(f"{kind:12} {spoken:4} of {given.each} gave text", flush=True)
    every = given.each * len(KINDS)
    print(f"{'all':12} {total:4} of {every} gave text ({100 * total / every:.1f} %)")


if __name__ == "__main__":
    main()

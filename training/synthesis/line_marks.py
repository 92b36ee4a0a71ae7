"""Marks that belong to the lines of a page: under, before, around and through what they say."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageDraw
from scipy import ndimage

from ocr.layout.strips import TextLine
from training.synthesis.marks import Grey, Rng, lay

# What the functions draw from was set by hand, pages looked at as pictures.
SHORT = 25  # x-heights up to which a line is ringed as a whole


def underline(rng: Rng, page: Grey, lines: Sequence[TextLine]) -> None:
    """Underline part of some lines, once or twice; in place. They go on saying what they say."""
    for k in rng.integers(len(lines), size=rng.integers(1, 5)).tolist():
        line = lines[k]
        start = rng.uniform(0, 0.8) if rng.random() < 0.6 else 0.0
        stop = min(1.0, start + rng.uniform(0.05, 0.5)) if rng.random() < 0.6 else 1.0
        first, last = line.baseline[0], line.baseline[-1]
        mark, draw = _blank(page)
        down = rng.uniform(0.15, 0.6) * line.x_height
        width = max(1, round(line.x_height * rng.uniform(0.04, 0.16)))
        for _ in range(rng.choice((1, 2), p=(0.75, 0.25))):
            a, b = first + (last - first) * start, first + (last - first) * stop
            tilt = rng.normal(0, 0.08, 2) * line.x_height
            draw.line(
                (a[1], a[0] + down + tilt[0], b[1], b[0] + down + tilt[1]), fill=255, width=width
            )
            down += rng.uniform(0.15, 0.35) * line.x_height
        lay(page, mark, rng.uniform(0.4, 1.0))


def bullet(rng: Rng, page: Grey, lines: Sequence[TextLine], strength: float) -> None:
    """Set a bullet or a box to tick before lines, in place: it is no part of what they say."""
    kind = rng.choice(("dot", "ring", "box"), p=(0.5, 0.2, 0.3))
    share, ticked = rng.uniform(0.4, 1.0), rng.uniform(0, 0.7)
    size = rng.uniform(0.45, 0.75) if kind == "box" else rng.uniform(0.1, 0.3)  # half a side
    gap = rng.uniform(0.3, 2.0)
    mark, draw = _blank(page)
    for line in lines:
        if rng.random() > share:
            continue
        x_height = line.x_height
        half = max(1.0, size * x_height * rng.uniform(0.8, 1.2))
        y, x = line.baseline[0]
        x -= half + (gap + rng.normal(0, 0.15)) * x_height
        y -= rng.uniform(0.4, 0.6) * x_height
        corners = x - half, y - half * rng.uniform(0.8, 1.1), x + half, y + half
        width = max(1, round(rng.uniform(0.08, 0.2) * x_height))
        if kind == "dot":
            draw.ellipse(corners, fill=255)
        elif kind == "ring":
            draw.ellipse(corners, outline=255, width=width)
        else:
            draw.rectangle(corners, outline=255, width=width)
            if rng.random() < ticked:
                tick = [(x - half, y), (x - half / 4, y + half), (x + 1.5 * half, y - 1.5 * half)]
                draw.line(tick, fill=255, width=width)
    lay(page, mark, strength)


def ring(rng: Rng, page: Grey, lines: Sequence[TextLine], strength: float) -> None:
    """Draw a ring, a cloud or a frame by hand around short lines or the ends of others, in place.

    It is no part of what they say.
    """
    share = rng.uniform(0.2, 1.0)
    square = rng.random() < 0.3
    room, thick = rng.uniform(0.2, 1.0), rng.uniform(0.06, 0.2)
    mark, draw = _blank(page)
    for line in lines:
        if rng.random() > share:
            continue
        unit = line.x_height
        first, last = line.baseline[[0, -1]]
        long = float(np.hypot(*(last - first)))
        if long > SHORT * unit or rng.random() < 0.25:
            first = last - (last - first) * rng.uniform(0.1, 0.6)
        middle, half = (first + last) / 2, np.hypot(*(last - first)) / 2
        across = half + (room + rng.uniform(0.1, 0.6)) * unit
        up = (1.2 + 0.5 * room + rng.uniform(0, 0.3)) * unit
        angle = np.linspace(0, 6.28 + rng.uniform(-0.3, 0.5), 80) + rng.uniform(0, 6.28)
        x, y = np.cos(angle), np.sin(angle)
        if square:  # a superellipse is a frame with round corners
            x, y = (np.sign(v) * np.abs(v) ** 0.3 for v in (x, y))
        wobble = ndimage.gaussian_filter1d(rng.normal(0, 0.25, len(angle)), 6)
        x, y = (1 + wobble) * x * across, (1 + wobble) * y * up
        turn = (last - first) / max(1e-6, float(np.hypot(*(last - first))))
        rows = middle[0] - 0.6 * unit + x * turn[0] + y * turn[1]
        cols = middle[1] + x * turn[1] - y * turn[0]
        path = list(zip(cols.tolist(), rows.tolist(), strict=True))
        draw.line(path, fill=255, width=max(1, round(thick * unit)), joint="curve")
    lay(page, mark, strength * rng.uniform(0.7, 1.0))


@dataclass(frozen=True)
class Comb:
    """How the cells of a form look; all of a page look alike.

    Attributes
    ----------
    down, high : float
        x-heights from the baseline to the lower edge of a cell, and from there to the upper one.
    ticks : float
        Share of the borders between cells that is drawn, from below; 1 is all, and an upper edge.
    width : float
        Of a border, x-heights; a pixel at least.
    strength : float
        Darkness, of 1.
    """

    down: float
    high: float
    ticks: float
    width: float
    strength: float


def random_comb(rng: Rng) -> Comb:
    """Cells of a form, closed ones most often."""
    ticks = rng.uniform(0.2, 0.6) if rng.random() < 0.25 else 1.0
    strength = rng.uniform(0.25, 0.9)
    return Comb(rng.uniform(0.2, 0.6), rng.uniform(1.8, 3.0), ticks, 0.1 * rng.random(), strength)


def comb(page: Grey, line: TextLine, cells: int, empty: int, style: Comb) -> None:
    """Draw the cells that a line is written into, and empty ones behind them, in place."""
    first, last = line.baseline[[0, -1]]
    step = (last - first) / cells
    up = np.array([-step[1], step[0]]) / max(1e-6, float(np.hypot(*step))) * line.x_height
    mark, draw = _blank(page)
    width = max(1, round(style.width * line.x_height))

    def place(along: float, height: float) -> tuple[float, float]:
        y, x = first + step * along + up * (height - style.down)
        return float(x), float(y)

    for k in range(cells + empty + 1):
        draw.line((*place(k, 0), *place(k, style.ticks * style.high)), fill=255, width=width)
    for height in (0.0, style.high) if style.ticks == 1 else (0.0,):
        draw.line((*place(0, height), *place(cells + empty, height)), fill=255, width=width)
    lay(page, mark, style.strength)


def strike(rng: Rng, page: Grey, line: TextLine) -> None:
    """Cross out part of a line, in place."""
    start, stop = np.sort(rng.uniform(0, 1, 2))
    stop = max(stop, start + 0.1)
    first, last = line.baseline[0], line.baseline[-1]
    mark, draw = _blank(page)
    for _ in range(rng.integers(1, 4)):
        a, b = first + (last - first) * start, first + (last - first) * stop
        up = rng.uniform(0.2, 0.8, 2) * line.x_height
        draw.line((a[1], a[0] - up[0], b[1], b[0] - up[1]), fill=255, width=int(rng.integers(1, 4)))
    lay(page, mark, rng.uniform(0.5, 1.0))


def _blank(page: Grey) -> tuple[Image.Image, ImageDraw.ImageDraw]:
    """A picture of a page's size to draw a mark in, and its pen."""
    mark = Image.new("L", (page.shape[1], page.shape[0]))
    return mark, ImageDraw.Draw(mark)

"""Signs drawn among the words of a line: arrows are read, ticks and rings are not."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw
from scipy import ndimage

from ocr.layout.strokes import stroke_width
from training.synthesis.line_ink import INKED, LONGEST_NUMBER, LineInk, spaces_of, trimmed

Path = NDArray[np.float64]
"""Points (x, y) of a stroke: x-heights along the line, and up from its baseline."""

# Shares and, below, the ranges that are drawn from were set by hand, lines looked at as pictures.
KINDS = {"tick": 0.35, "arrow": 0.35, "ring": 0.3}
BEHIND = 0.3  # of the ticks, behind the words
AMID = 0.5  # of the arrows of a line with spaces, at one of them
BACKWARD = 0.15  # of the arrows
FINE = 4  # times the size at which signs are drawn, then made smaller
THICKEST = 0.3  # x-heights, of the pen of a sign
ROOM = 1.5  # x-heights over and under a line, for signs that are higher than its words


def with_sign(rng: np.random.Generator, line: LineInk) -> LineInk:
    """A line with a sign before, behind, between or around its words, drawn as by the same pen.

    The line is left as it is where a word is to be ringed and white does not tell where it ends.
    """
    line = trimmed(line)
    if not line.text or not (line.darkness > INKED).any():
        return line
    room = int(np.ceil(ROOM * line.x_height))
    roomy = np.pad(line.darkness, ((room, room), (0, 0)))
    line = replace(line, darkness=roomy, baseline=line.baseline + room)
    kind = rng.choice(list(KINDS), p=list(KINDS.values()))
    if kind == "ring":
        return _ringed(rng, line)
    if kind == "arrow":
        return _pointed(rng, line)
    return _put(
        rng,
        line,
        _drawn(rng, line, _tick(rng)),
        line.darkness.shape[1] if rng.random() < BEHIND else 0,
    )


def _pointed(rng: np.random.Generator, line: LineInk) -> LineInk:
    """A line with an arrow before its words, or at one of its spaces; `->` and `<-` say it."""
    length = rng.uniform(1.0, 3.5)
    head = rng.uniform(0.35, 0.7)
    bend, y = rng.normal(0, 0.06) * length, rng.uniform(0.3, 0.7)
    along = np.linspace(0, 1, 9)
    shaft = np.stack([along * length, y + 4 * bend * along * (1 - along)], axis=1)
    angles = rng.uniform(0.35, 0.75, 2) * (1, -1)
    barbs = shaft[-1] - head * np.stack([np.cos(angles), np.sin(angles)], axis=1)
    strokes = [shaft, np.stack([barbs[0], shaft[-1], barbs[1]])]
    said = "->"
    if rng.random() < BACKWARD:
        strokes = [np.array([length, 0.0]) + stroke * (-1, 1) for stroke in strokes]
        said = "<-"
    sign = _drawn(rng, line, strokes)
    spaces = spaces_of(line)
    if spaces and rng.random() < AMID:
        k = int(rng.integers(len(spaces)))
        words = line.text.split(" ")
        text = " ".join([*words[: k + 1], said, *words[k + 1 :]])
        return replace(_put(rng, line, sign, spaces[k]), text=text)
    return replace(_put(rng, line, sign, 0), text=f"{said} {line.text}")


def _ringed(rng: np.random.Generator, line: LineInk) -> LineInk:
    """A line with a ring around a word: its number, or else any short one."""
    words, spaces = line.text.split(" "), spaces_of(line)
    if len(spaces) != len(words) - 1:
        return line
    short = [k for k, word in enumerate(words) if len(word) <= LONGEST_NUMBER]
    if not short:
        return line
    k = short[0] if rng.random() < 0.7 else short[rng.integers(len(short))]
    edges = [0, *spaces, line.darkness.shape[1]]
    before, word, behind = np.split(line.darkness, edges[k : k + 2], axis=1)
    cols = np.flatnonzero((word > INKED).any(axis=0))
    rows = np.flatnonzero((word > INKED).any(axis=1))
    if not len(cols):
        return line
    half = np.array([cols[-1] + 1 - cols[0], rows[-1] + 1 - rows[0]]) / 2 / line.x_height
    middle = (line.baseline - (rows[-1] + 1 + rows[0]) / 2) / line.x_height
    half = half * rng.uniform(1.0, 1.25) + rng.uniform(0.15, 0.5)
    half = np.maximum(half, half.max() * rng.uniform(0.7, 1.0))
    half[1] = min(half[1], 1.5)
    start = rng.uniform(0, 6.28)
    angle = start + np.linspace(0, 6.28 + rng.uniform(-0.4, 0.6), 50)
    wobble = 1 + ndimage.gaussian_filter1d(rng.normal(0, 0.15, len(angle)), 5)
    ring = np.stack([half[0] * np.cos(angle), half[1] * np.sin(angle)], axis=1) * wobble[:, None]
    sign = _drawn(rng, line, [np.array([0, middle]) + ring])
    lack = max(0, sign.shape[1] - word.shape[1])
    shift = round(sign.shape[1] / 2 - (cols[0] + cols[-1] + 1) / 2)
    left = int(np.clip(shift, 0, lack))
    word = np.pad(word, ((0, 0), (left, lack - left)))
    over = round((cols[0] + cols[-1] + 1) / 2 + left - sign.shape[1] / 2)
    over = int(np.clip(over, 0, word.shape[1] - sign.shape[1]))
    target = word[:, over : over + sign.shape[1]]
    np.maximum(target, sign, out=target)
    return replace(line, darkness=np.concatenate([before, word, behind], axis=1))


def _tick(rng: np.random.Generator) -> list[Path]:
    """A check mark: a short stroke down and a long one up."""
    size = rng.uniform(0.8, 1.9)
    low = rng.normal(0, 0.15)
    corner = np.array([rng.uniform(0.15, 0.4) * size, low])
    start = np.array([0.0, low + rng.uniform(0.2, 0.5) * size])
    end = corner + size * np.array([rng.uniform(0.4, 1.0), rng.uniform(0.7, 1.1)])
    middle = (corner + end) / 2 + rng.normal(0, 0.06, 2) * size
    return [np.stack([start, corner, middle, end])]


def _drawn(rng: np.random.Generator, line: LineInk, strokes: list[Path]) -> NDArray[np.float32]:
    """Strokes as ink of a line's height and its pen's width, from left to right end."""
    pen = stroke_width(line.darkness > INKED) * rng.uniform(0.8, 1.3)
    pen = min(pen, THICKEST * line.x_height)
    darkest = float(np.quantile(line.darkness[line.darkness > INKED], 0.8))
    ends = np.concatenate(strokes)
    left, right = ends[:, 0].min(), ends[:, 0].max()
    width = int(np.ceil((right - left) * line.x_height + pen)) + 2
    picture = Image.new("L", (FINE * width, FINE * len(line.darkness)))
    draw = ImageDraw.Draw(picture)
    for stroke in strokes:
        x = (stroke[:, 0] - left) * line.x_height + pen / 2 + 1
        y = line.baseline - stroke[:, 1] * line.x_height
        path = list(zip((FINE * x).tolist(), (FINE * y).tolist(), strict=True))
        draw.line(path, fill=255, width=max(1, round(FINE * pen)), joint="curve")
    small = picture.resize((width, len(line.darkness)), Image.Resampling.BOX)
    return (np.asarray(small, np.float32) * np.float32(darkest / 255)).astype(np.float32)


def _put(
    rng: np.random.Generator, line: LineInk, sign: NDArray[np.float32], column: int
) -> LineInk:
    """A line with a sign at a column of it, and room beside it."""
    rooms = np.round(rng.uniform(0.2, 1.6, 2) * line.x_height).astype(int)
    sign = np.pad(sign, ((0, 0), tuple(rooms.tolist())))
    before, behind = np.split(line.darkness, [column], axis=1)
    return replace(line, darkness=np.concatenate([before, sign, behind], axis=1))

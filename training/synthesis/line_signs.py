"""Signs drawn among the words of a line: arrows are read, ticks, rings and scribbles are not."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from ocr.layout.strokes import stroke_width
from training.synthesis.line_ink import INKED, LONGEST_NUMBER, LineInk, spaces_of, trimmed
from training.synthesis.line_strokes import draw_strokes

Stroke = NDArray[np.float64]
"""Points (x, y): x-heights along the line, and up from its baseline."""

# Shares and, below, the ranges that are drawn from were set by hand, lines looked at as pictures.
KINDS = {"tick": 0.25, "arrow": 0.25, "ring": 0.25, "scribble": 0.25}
TICK_PLACES = (0.5, 0.3, 0.2)  # before the words, behind them, at a space
AMID = 0.5  # of the arrows of a line with spaces, at one of them
BACKWARD = 0.15  # of the arrows
THICKEST = 0.3  # x-heights, of the pen of a sign
ROOM = 1.5  # x-heights over and under a line, for signs that are higher than its words


def with_sign(rng: np.random.Generator, line: LineInk) -> LineInk:
    """A line with a sign before, behind, between, around or over words, drawn as by the same pen.

    What is scribbled over is not read. The line is left as it is where a word is to be ringed or
    scribbled over and white does not tell where it ends.
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
    if kind == "scribble":
        return _scribbled(rng, line)
    if kind == "arrow":
        return _pointed(rng, line)
    places = [0, line.darkness.shape[1], *rng.permutation(spaces_of(line))[:1]]
    shares = np.array(TICK_PLACES[: len(places)])
    place = int(places[rng.choice(len(places), p=shares / shares.sum())])
    return _put(rng, line, _drawn(rng, line, _tick(rng)), place)


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
    words, inks = _words(line)
    short = [k for k, word in enumerate(words) if len(word) <= LONGEST_NUMBER]
    if not short:
        return line
    k = short[0] if rng.random() < 0.7 else int(rng.choice(short))
    middle, half = _extent(line, inks[k])
    half = half * rng.uniform(1.0, 1.25) + rng.uniform(0.15, 0.5)
    half = np.maximum(half, half.max() * rng.uniform(0.7, 1.0))
    half[1] = min(half[1], 1.5)
    start = rng.uniform(0, 6.28)
    angle = start + np.linspace(0, 6.28 + rng.uniform(-0.4, 0.6), 50)
    wobble = 1 + ndimage.gaussian_filter1d(rng.normal(0, 0.15, len(angle)), 5)
    ring = np.stack([half[0] * np.cos(angle), half[1] * np.sin(angle)], axis=1) * wobble[:, None]
    inks[k] = _over(inks[k], _drawn(rng, line, [np.array([0, middle]) + ring]))
    return replace(line, darkness=np.concatenate(inks, axis=1))


def _scribbled(rng: np.random.Generator, line: LineInk) -> LineInk:
    """A line with one of its words scribbled over: with strokes to and fro, or up and down."""
    words, inks = _words(line)
    if len(words) < 2:
        return line
    k = int(rng.integers(len(words)))
    middle, half = _extent(line, inks[k])
    half = half * (rng.uniform(1.0, 1.15), rng.uniform(0.7, 1.1))
    strokes = []
    if rng.random() < 0.3:
        rows = np.linspace(1, -1, rng.integers(5, 10)) * half[1]
        ends = np.where(np.arange(2 * len(rows)) % 4 % 3 == 0, -1, 1) * half[0]
        strokes.append(np.stack([ends, np.repeat(rows, 2)], axis=1))
    else:
        for _ in range(rng.integers(1, 4)):
            count = max(4, round(2 * half[0] / rng.uniform(0.12, 0.3)))
            x = np.linspace(-1, 1, count) * half[0]
            strokes.append(np.stack([x, np.where(np.arange(count) % 2, -1, 1) * half[1]], axis=1))
    strokes = [stroke + rng.normal(0, 0.08, stroke.shape) for stroke in strokes]
    sign = _drawn(rng, line, [np.array([0, middle]) + stroke for stroke in strokes])
    inks[k] = _over(inks[k], sign)
    text = " ".join(words[:k] + words[k + 1 :])
    return replace(line, darkness=np.concatenate(inks, axis=1), text=text)


def _words(line: LineInk) -> tuple[list[str], list[NDArray[np.float32]]]:
    """The words of a line and the part of its ink with each; none where white does not tell."""
    words, spaces = line.text.split(" "), spaces_of(line)
    if len(spaces) != len(words) - 1:
        return [], []
    inks = np.split(line.darkness, spaces, axis=1)
    return (words, inks) if all((ink > INKED).any() for ink in inks) else ([], [])


def _extent(line: LineInk, ink: NDArray[np.float32]) -> tuple[float, NDArray[np.float64]]:
    """How far up the middle of a word is, and half its width and height, in x-heights."""
    (y1, x1), (y2, x2) = (ends(np.argwhere(ink > INKED), axis=0) for ends in (np.min, np.max))
    half = np.array([x2 + 1 - x1, y2 + 1 - y1]) / 2 / line.x_height
    return float(line.baseline - (y1 + y2 + 1) / 2) / line.x_height, half


def _over(ink: NDArray[np.float32], sign: NDArray[np.float32]) -> NDArray[np.float32]:
    """A word with a sign over the middle of it, with more room where the sign is wider."""
    cols = np.flatnonzero((ink > INKED).any(axis=0))
    left = (cols[0] + cols[-1] + 1) // 2 - sign.shape[1] // 2
    before, behind = max(0, -left), max(0, left + sign.shape[1] - ink.shape[1])
    ink = np.pad(ink, ((0, 0), (before, behind)))
    part = ink[:, left + before : left + before + sign.shape[1]]
    np.maximum(part, sign, out=part)
    return ink


def _tick(rng: np.random.Generator) -> list[Stroke]:
    """A check mark: a short stroke down and a long one up."""
    size = rng.uniform(0.8, 1.9)
    low = rng.normal(0, 0.15)
    corner = np.array([rng.uniform(0.15, 0.4) * size, low])
    start = np.array([0.0, low + rng.uniform(0.2, 0.5) * size])
    end = corner + size * np.array([rng.uniform(0.4, 1.0), rng.uniform(0.7, 1.1)])
    middle = (corner + end) / 2 + rng.normal(0, 0.06, 2) * size
    return [np.stack([start, corner, middle, end])]


def _drawn(rng: np.random.Generator, line: LineInk, strokes: list[Stroke]) -> NDArray[np.float32]:
    """Strokes as ink of a line's height, drawn by its pen or nearly, with white on either side."""
    pen = stroke_width(line.darkness > INKED) * rng.uniform(0.8, 1.3)
    pen = float(min(pen, THICKEST * line.x_height))
    darkest = np.float32(np.quantile(line.darkness[line.darkness > INKED], 0.8))
    down = [(stroke * (1, -1) * line.x_height).astype(np.float32) for stroke in strokes]
    ink = darkest * (1 - draw_strokes(down, pen))
    rows = np.concatenate(down)[:, 1]  # the drawing's middle is that of what it shows
    top = round(line.baseline + float(rows.min() + rows.max()) / 2 - len(ink) / 2)
    sign = np.zeros((len(line.darkness), ink.shape[1]), np.float32)
    first, last = max(top, 0), min(top + len(ink), len(sign))
    sign[first:last] = ink[first - top : last - top]
    return sign


def _put(
    rng: np.random.Generator, line: LineInk, sign: NDArray[np.float32], column: int
) -> LineInk:
    """A line with a sign at a column of it, and room beside it."""
    rooms = np.round(rng.uniform(0.2, 1.6, 2) * line.x_height).astype(int)
    sign = np.pad(sign, ((0, 0), tuple(rooms.tolist())))
    before, behind = np.split(line.darkness, [column], axis=1)
    return replace(line, darkness=np.concatenate([before, sign, behind], axis=1))

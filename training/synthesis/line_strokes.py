"""Text lines from pen strokes: written as they are, or composed of words and characters.

Words and single characters of UNIPEN are set on a common baseline by the ascenders and descenders
of their letters. Strokes are moved as points, which is exact and cheap, and drawn last.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from training.data.text import fold_text, writable

Strokes = list[NDArray[np.float32]]  # each (P, 2): x right, y down

EM = 44.0  # pixels from a capital's top to its foot: about twice that of a normalized line
SUPERSAMPLE = 2  # strokes are drawn this much larger and averaged down

X_HEIGHT, DESCENT = 0.6, 0.38  # of the height of a capital
ASCENDING = frozenset("bdfhklt0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ!?/\\()[]{}|#$%&@")
DESCENDING = frozenset("gjpqyQ,;()[]{}|@$")
FLOATING = {  # top and foot of signs that neither stand on the baseline nor rise to a capital
    "-": (0.35, 0.45), "_": (-0.05, 0.03), "~": (0.3, 0.5), "=": (0.25, 0.5), "+": (0.15, 0.6),
    ".": (0.0, 0.08), ",": (-0.16, 0.1), "'": (0.75, 1.0), '"': (0.75, 1.0), "`": (0.8, 1.0),
    "^": (0.6, 1.0), "*": (0.45, 0.95), ":": (0.05, 0.5), ";": (-0.15, 0.5),
    "<": (0.1, 0.65), ">": (0.1, 0.65), "i": (0.0, 0.9), "j": (-0.38, 0.9),
}  # fmt: skip
SINGLE_STROKES = "ibm"  # a UNIPEN source that labels single strokes as whole characters
NARROWEST, WIDEST = 0.11, 2.2  # width of a line a character, of its height; else it is wrapped


@dataclass(frozen=True)
class StrokeSet:
    """Items of pen strokes with labels, writers and splits, as the UNIPEN files hold them."""

    points: NDArray[np.int16]
    stroke_off: NDArray[np.int64]
    item_off: NDArray[np.int64]
    label: NDArray[np.str_]
    writer: NDArray[np.str_]
    split: NDArray[np.str_]

    def strokes(self, item: int) -> Strokes:
        """The strokes of an item, float32, its left edge at x = 0, its top at y = 0."""
        found = [
            self.points[self.stroke_off[k] : self.stroke_off[k + 1]].astype(np.float32)
            for k in range(self.item_off[item], self.item_off[item + 1])
        ]
        found = [stroke for stroke in found if len(stroke)]
        if found:
            origin = np.min([stroke.min(axis=0) for stroke in found], axis=0)
            found = [stroke - origin for stroke in found]
        return found

    def rows(self, split: str) -> NDArray[np.int64]:
        """Items of a split whose label can be written and whose source can be trusted."""
        good = np.array([writable(fold_text(str(text))) for text in self.label])
        return np.flatnonzero(good & (self.split == split) & ~self._single_strokes)

    def by_writer(self, split: str, fewest: int) -> dict[str, NDArray[np.int64]]:
        """The items of each writer who has at least `fewest` of them."""
        rows = self.rows(split)
        order = rows[np.argsort(self.writer[rows], kind="stable")]
        names, starts = np.unique(self.writer[order], return_index=True)
        parts = np.split(order, starts)[1:]
        return {
            str(name): part for name, part in zip(names, parts, strict=True) if len(part) >= fewest
        }

    @cached_property
    def _single_strokes(self) -> NDArray[np.bool_]:
        if max(map(len, self.label), default=0) > 1:
            return np.zeros(len(self.label), dtype=bool)
        return np.char.startswith(self.writer, SINGLE_STROKES + ":")


def read_strokes(path: Path) -> StrokeSet:
    """A stroke set from an `.npz` file of the layout that the data's README describes."""
    with np.load(path, allow_pickle=False) as data:
        return StrokeSet(
            points=data["points"],
            stroke_off=data["stroke_off"],
            item_off=data["item_off"],
            label=data["label"],
            writer=data["writer_names"][data["writer"]],
            split=data["split"],
        )


def one_line(strokes: Strokes, text: str) -> bool:
    """Whether strokes look like one line of that text, neither wrapped nor wrongly labeled.

    The rule: the ink is between `NARROWEST` and `WIDEST` of its height wide for each character
    (texts of less than four characters excepted), and nowhere does the pen go back more than half
    of the width for strokes that lie, on average, a third of the height lower than those before.
    """
    if not strokes:
        return False
    size = np.max([stroke.max(axis=0) for stroke in strokes], axis=0)
    if size[1] < 1:
        return False
    starts = np.array([stroke[0, 0] for stroke in strokes[1:]])
    ends = np.array([stroke[-1, 0] for stroke in strokes[:-1]])
    middles = np.array([stroke[:, 1].mean() for stroke in strokes])
    for k in np.flatnonzero(ends - starts > 0.5 * size[0]) + 1:
        if middles[k:].mean() - middles[:k].mean() > size[1] / 3:
            return False
    return len(text) < 4 or bool(NARROWEST < size[0] / size[1] / len(text) < WIDEST)


def label_text(label: str) -> str:
    """A label as it was written: UNIPEN has spaces before punctuation ("Mr . Gaitskell")."""
    text = fold_text(label)
    for sign in ".,;:!?)":
        text = text.replace(f" {sign}", sign)
    return text.replace("( ", "(")


def word_extent(word: str) -> tuple[float, float]:
    """How far a word reaches over and under the baseline, in heights of a capital."""
    top = foot = None
    for letter in word:
        low, high = FLOATING.get(
            letter,
            (
                -DESCENT if letter in DESCENDING else 0.0,
                1.0 if letter in ASCENDING else X_HEIGHT,
            ),
        )
        top = high if top is None else max(top, high)
        foot = low if foot is None else min(foot, low)
    if top is None or foot is None:
        raise ValueError("an empty word has no extent")
    return top, foot


def place_word(strokes: Strokes, word: str, scale: float | None = None) -> Strokes:
    """A word set on the baseline y = 0, scaled so that a capital is `EM` high (or by `scale`)."""
    top, foot = word_extent(word)
    height = max(float(np.max([stroke[:, 1].max() for stroke in strokes])), 1.0)
    own = word_scale(strokes, word)
    if scale is not None:  # the writer's scale, within what this word allows
        own = float(np.clip(scale, 0.8 * own, 1.25 * own))
    # The middle of the ink comes to the middle of where it should be.
    shift = -(top + foot) / 2 * EM - height * own / 2
    return [stroke * np.float32(own) + np.array((0.0, shift), np.float32) for stroke in strokes]


def word_scale(strokes: Strokes, word: str) -> float:
    """The factor that makes a capital of this word `EM` high."""
    top, foot = word_extent(word)
    size = np.max([stroke.max(axis=0) for stroke in strokes], axis=0)
    if top - foot < 0.3:  # a dash or dot: by its width, which is less uncertain
        return 0.3 * EM / max(float(size.max()), 6.0)
    return (top - foot) * EM / max(float(size[1]), 1.0)


def compose(rng: np.random.Generator, words: list[Strokes], spaces: NDArray[np.float64]) -> Strokes:
    """Words, already on the baseline, one after the other, `spaces` (in capitals) between them."""
    placed: Strokes = []
    x = 0.0
    for word, space in zip(words, spaces, strict=True):
        left = float(np.min([stroke[:, 0].min() for stroke in word]))
        right = float(np.max([stroke[:, 0].max() for stroke in word]))
        lift = rng.normal(0, 0.04) * EM
        placed.extend(stroke + np.array((x - left, lift), np.float32) for stroke in word)
        x += right - left + float(space) * EM
    return placed


def move_strokes(
    rng: np.random.Generator, strokes: Strokes, amount: float = 1.0, level: bool = False
) -> Strokes:
    """Slant, stretch, wander of the baseline (unless `level`) and tremble, on the points."""
    slant = rng.normal(0, 0.18) * amount
    stretch = np.exp(rng.normal(0, 0.13) * amount)
    tilt = rng.normal(0, 0.012) * amount
    wave, period, phase = rng.normal(0, 0.05) * amount, rng.uniform(4, 20), rng.uniform(0, 6.3)
    grow = rng.normal(0, 0.006) * amount  # a hand that gets larger or smaller along the line
    if level:
        tilt = wave = grow = 0.0
    tremble = abs(rng.normal(0, 0.012)) * amount
    moved = []
    for stroke in strokes:
        x, y = stroke[:, 0], stroke[:, 1]
        if tremble and len(stroke) > 3:
            noise = rng.normal(0, tremble * EM, (len(stroke) // 4 + 2, 2))
            at = np.linspace(0, len(noise) - 1, len(stroke))
            x = x + np.interp(at, np.arange(len(noise)), noise[:, 0])
            y = y + np.interp(at, np.arange(len(noise)), noise[:, 1])
        y = y * np.exp(grow * x / EM * 0.2)
        drift = tilt * x + wave * EM * np.sin(x / (period * EM) * 6.28 + phase)
        moved.append(np.stack([x * stretch - slant * y, y + drift], axis=1).astype(np.float32))
    return moved


def draw_strokes(strokes: Strokes, pen: float, height: float | None = None) -> NDArray[np.float32]:
    """Draw strokes with a round pen.

    Parameters
    ----------
    strokes : list of (P, 2) arrays
        In pixels; their bounding box, and a margin of the pen's width, becomes the image.
    pen : float
        Width of the pen in pixels.
    height : float, optional
        Height in pixels that the strokes are scaled to first.

    Returns
    -------
    (H, W) float32 array
        Grey in [0, 1], 0 ink, 1 paper.
    """
    low = np.min([stroke.min(axis=0) for stroke in strokes], axis=0)
    high = np.max([stroke.max(axis=0) for stroke in strokes], axis=0)
    scale = 1.0 if height is None else height / max(float(high[1] - low[1]), 1.0)
    margin = pen + 2
    size = np.ceil((high - low) * scale + 2 * margin).astype(int)
    picture = Image.new("L", (int(size[0]) * SUPERSAMPLE, int(size[1]) * SUPERSAMPLE), 255)
    draw = ImageDraw.Draw(picture)
    width = pen * SUPERSAMPLE
    for stroke in strokes:
        path = ((stroke - low) * scale + margin) * SUPERSAMPLE
        if len(path) > 1:
            draw.line(path.ravel().tolist(), fill=0, width=max(1, round(width)))
        for x, y in path[_bends(path, width)]:  # round caps and joints, where a line has gaps
            draw.ellipse((x - width / 2, y - width / 2, x + width / 2, y + width / 2), fill=0)
    return np.asarray(picture.reduce(SUPERSAMPLE), dtype=np.float32) / np.float32(255)


def _bends(path: NDArray[np.float32], width: float) -> NDArray[np.int64]:
    """Indices of the ends of a path and of its sharp turns."""
    if len(path) < 3 or width < 3:
        return np.array([0, len(path) - 1] if width >= 2 else [0])
    step = np.diff(path, axis=0)
    norm = np.maximum(np.hypot(step[:, 0], step[:, 1]), 1e-3)
    cosine = (step[1:] * step[:-1]).sum(axis=1) / (norm[1:] * norm[:-1])
    return np.concatenate([[0], np.flatnonzero(cosine < 0.7) + 1, [len(path) - 1]])

"""Text lines with their texts, for training and measuring the line recogniser.

Where they come from: scans of real paper, UNIPEN text as it was written, UNIPEN words and
characters composed into lines, EMNIST characters set side by side, and handwriting fonts. All are
made to look like crops of photos behind the front end (`photograph`) and stored in shards, since
drawing costs more than reading from disk. `panel` gives lines without any of that, for measuring.

Run as ``python -m training.recipes.line_shards --out DIR`` to fill a folder with shards.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from training.data.scans import Grey, Sample, open_scans
from training.data.text import fold_text, read_corpus, writable
from training.synthesis.line_fonts import draw_font_line, find_fonts
from training.synthesis.line_photo import photograph, warp
from training.synthesis.line_strokes import (
    EM,
    Strokes,
    StrokeSet,
    compose,
    draw_strokes,
    label_text,
    move_strokes,
    one_line,
    place_word,
    read_strokes,
    word_scale,
)
from training.synthesis.line_text import sample_text

FRAME = 4  # pixels of a line's width that become one step of the recogniser
LONGEST = 100  # characters of a training line
WIDEST = 1400  # pixels of a training line
SCANS = ("copiste", "poilus", "peraire", "stanford-1905")
SCAN_SHARES = (0.6, 0.15, 0.17, 0.08)
MIX = {"scans": 0.42, "words": 0.23, "text": 0.12, "fonts": 0.16, "chars": 0.05, "emnist": 0.02}
"""Shares of the kinds of lines among the shards."""


def frames_needed(text: str) -> int:
    """Steps that CTC needs for a text: one a character, one more between equal neighbours."""
    return len(text) + sum(a == b for a, b in pairwise(text))


def fits(image: NDArray[np.generic], text: str) -> bool:
    """Whether a line is wide enough for its text, with a tenth to spare."""
    return image.shape[1] // FRAME >= 1.1 * frames_needed(text) and image.shape[1] <= WIDEST


def scan_lines(rng: np.random.Generator, data: Path) -> Iterator[Sample]:
    """Real paper, a little warped."""
    sets = [open_scans(data / "lines" / f"{name}.zip", "train") for name in SCANS]
    while True:
        scans = sets[rng.choice(len(sets), p=SCAN_SHARES)]
        row = int(rng.integers(len(scans.rows)))
        text = scans.rows[row][1]
        if len(text) <= LONGEST:
            yield warp(rng, scans.image(row), 0.9), text


def text_lines(rng: np.random.Generator, data: Path) -> Iterator[Sample]:
    """UNIPEN text as it was written, every writer as likely as his share to the power 0.6."""
    strokes = read_strokes(data / "lines" / "unipen_text.npz")
    rows = strokes.rows("train")
    _, which, counts = np.unique(strokes.writer[rows], return_inverse=True, return_counts=True)
    weights = counts[which] ** -0.4
    weights /= weights.sum()
    while True:
        item = int(rng.choice(rows, p=weights))
        text = label_text(str(strokes.label[item]))
        path = strokes.strokes(item)
        if not one_line(path, text):
            continue
        height = float(np.max([stroke[:, 1].max() for stroke in path]))
        path = [stroke * np.float32(1.4 * EM / height) for stroke in path]
        yield draw_strokes(move_strokes(rng, path), _pen_width(rng)), text


def word_lines(rng: np.random.Generator, data: Path) -> Iterator[Sample]:
    """UNIPEN words of one writer on a common baseline, with some signs and numbers."""
    words = read_strokes(data / "lines" / "unipen_words.npz")
    glyphs = _Glyphs(data)
    writers = words.by_writer("train", 20)
    names = sorted(writers)
    scales = {
        name: float(np.median([word_scale(words.strokes(i), _word(words, i)) for i in rows[:60]]))
        for name, rows in writers.items()
    }
    while True:
        name = names[rng.integers(len(names))]
        parts: list[Strokes] = []
        text = ""
        spaces: list[float] = []
        space = rng.uniform(0.35, 1.0)
        for _ in range(1 + int(rng.gamma(2.0, 1.6))):
            if rng.random() < 0.08:  # a number between the words
                word = str(rng.integers(0, 10 ** int(rng.integers(1, 5))))
                placed, inside = glyphs.write(rng, word, glyphs.writer(rng, name))
                parts += placed
                spaces += inside
                pitch = 0.6
            else:
                item = int(writers[name][rng.integers(len(writers[name]))])
                word = _word(words, item)
                path = words.strokes(item)
                if not path or not writable(word) or not one_line(path, word):
                    continue
                parts.append(place_word(path, word, scales[name]))
                spaces.append(0.0)
                right = max(float(stroke[:, 0].max()) for stroke in parts[-1])
                pitch = right / EM / max(len(word), 2)
            if rng.random() < 0.15:
                sign = ".,.,.,;:!?'-)\""[rng.integers(14)]
                found = glyphs.any(rng, sign)
                if found:
                    spaces[-1] = rng.uniform(0.02, 0.2)
                    parts.append(place_word(found, sign))
                    spaces.append(0.0)
                    word += sign
            text = f"{text} {word}" if text else word
            spaces[-1] = max(space, pitch) * rng.uniform(0.7, 1.5)
        if not parts or len(text) > 80:
            continue
        yield _written(rng, parts, spaces), label_text(text)


def char_lines(rng: np.random.Generator, data: Path) -> Iterator[Sample]:
    """UNIPEN characters of one writer set into hand-printed lines."""
    glyphs = _Glyphs(data)
    corpus = read_corpus(data / "text" / "english.txt")
    while True:
        text = sample_text(rng, corpus, 40)
        writer = glyphs.writer(rng)
        placed, spaces = glyphs.write(rng, text, writer)
        if placed:
            yield _written(rng, placed, spaces), text


def emnist_lines(rng: np.random.Generator, data: Path) -> Iterator[Sample]:
    """EMNIST characters side by side: capitals and digits, whose size on the line is known."""
    with np.load(data / "chars" / "emnist.npz", allow_pickle=False) as file:
        keep = (file["split"] == "train") & file["cased"]
        images, labels = file["images"][keep], file["label"][keep]
    rows = {letter: np.flatnonzero(labels == letter) for letter in np.unique(labels)}
    corpus = read_corpus(data / "text" / "english.txt")
    while True:
        text = sample_text(rng, corpus, 30).upper()
        text = fold_text("".join(c for c in text if c in rows or c == " "))
        if not text:
            continue
        gap, space = rng.uniform(0.0, 0.5), rng.uniform(0.4, 1.2)
        canvas = np.ones((2 * int(EM), int(EM * (1.8 * len(text) + 2))), dtype=np.float32)
        x, size = EM / 2, rng.uniform(0.8, 1.0)
        for letter in text:
            if letter == " ":
                x += EM * space * rng.uniform(0.7, 1.4)
                continue
            glyph = images[rng.choice(rows[letter])]
            filled = glyph > 60
            cols, lines = np.flatnonzero(filled.any(0)), np.flatnonzero(filled.any(1))
            glyph = glyph[lines[0] : lines[-1] + 1, cols[0] : cols[-1] + 1]
            high = EM * size * rng.uniform(0.92, 1.08)
            wide = max(2.0, high * glyph.shape[1] / glyph.shape[0])
            part = np.asarray(
                Image.fromarray(255 - glyph).resize((round(wide), round(high))), np.float32
            )
            top = int(EM * 1.5 - high + rng.normal(0, 0.03) * EM)
            target = canvas[top : top + part.shape[0], int(x) : int(x) + part.shape[1]]
            np.minimum(target, part[:, : target.shape[1]] / 255, out=target)
            x += wide + EM * gap * rng.uniform(0.5, 1.5)
        yield warp(rng, canvas[:, : int(x + EM / 2)]), text


def font_lines(rng: np.random.Generator, data: Path) -> Iterator[Sample]:
    """Lines set in handwriting fonts, every family as likely."""
    fonts = find_fonts(data / "fonts")
    foreign = [text for name in SCANS for _, text in open_scans(
        data / "lines" / f"{name}.zip", "train").rows]  # fmt: skip
    corpus = read_corpus(data / "text" / "english.txt", foreign)
    while True:
        text = sample_text(rng, corpus, 60)
        image = draw_font_line(rng, fonts[rng.integers(len(fonts))], text)
        if image is not None:
            yield warp(rng, image), text


class _Glyphs:
    """UNIPEN characters by writer and label."""

    FEWEST = 45  # labels that a writer must have to write lines alone

    def __init__(self, data: Path) -> None:
        self._set = read_strokes(data / "chars" / "unipen_chars.npz")
        self._by: dict[str, dict[str, list[int]]] = {}
        self._all: dict[str, list[int]] = {}
        for item in self._set.rows("train"):
            label = str(self._set.label[item])
            own = self._by.setdefault(str(self._set.writer[item]), {})
            own.setdefault(label, []).append(int(item))
            self._all.setdefault(label, []).append(int(item))
        self._able = sorted(name for name, own in self._by.items() if len(own) >= self.FEWEST)

    def writer(self, rng: np.random.Generator, wished: str | None = None) -> str:
        """That writer if known, else one with enough labels."""
        if wished in self._by:
            return wished
        return self._able[rng.integers(len(self._able))]

    def any(self, rng: np.random.Generator, label: str) -> Strokes:
        items = self._all.get(label)
        return self._set.strokes(items[rng.integers(len(items))]) if items else []

    def write(
        self, rng: np.random.Generator, text: str, writer: str
    ) -> tuple[list[Strokes], list[float]]:
        """Placed glyphs of a text and the space after each; nothing if one is not to be had."""
        own = self._by[writer]
        placed: list[Strokes] = []
        spaces: list[float] = []
        gap = abs(rng.normal(0, 0.12)) + 0.05 if rng.random() < 0.65 else rng.uniform(0.2, 1.2)
        space = rng.uniform(0.35, 0.9) + 1.8 * gap
        uneven = 0.6 if gap < 0.3 else 0.35
        for letter in text:
            if letter == " ":
                if spaces:
                    spaces[-1] = space * rng.uniform(0.7, 1.4)
                continue
            items = own.get(letter)
            path = (
                self._set.strokes(items[rng.integers(len(items))])
                if items
                else self.any(rng, letter)
            )
            if not path:
                return [], []
            placed.append(place_word(path, letter))
            spaces.append(gap * rng.uniform(1 - uneven, 1 + uneven))
        return placed, spaces


def _word(words: StrokeSet, item: int) -> str:
    return fold_text(str(words.label[item]))


def _pen_width(rng: np.random.Generator) -> float:
    """Pen of a drawn line, in pixels where a capital is `EM` high: fine liner to marker."""
    return float(np.clip(EM * 0.065 * np.exp(rng.normal(0, 0.45)), 1.2, 9))


def _written(rng: np.random.Generator, parts: list[Strokes], spaces: list[float]) -> Grey:
    path = compose(rng, parts, np.asarray(spaces))
    return draw_strokes(move_strokes(rng, path), _pen_width(rng))


SOURCES: dict[str, Callable[[np.random.Generator, Path], Iterator[Sample]]] = {
    "scans": scan_lines,
    "text": text_lines,
    "words": word_lines,
    "chars": char_lines,
    "emnist": emnist_lines,
    "fonts": font_lines,
}


def training_lines(
    rng: np.random.Generator, kind: str, data: Path
) -> Iterator[tuple[NDArray[np.uint8], str]]:
    """Photographed lines of one kind, without end, all wide enough for their text."""
    neighbour: Grey | None = None
    for image, text in SOURCES[kind](rng, data):
        if image.shape[1] > 40 * image.shape[0]:
            continue
        line = photograph(rng, image, neighbour, synthetic=kind != "scans")
        neighbour = image
        if fits(line, text):
            yield line, text

"""Hands whose pen strokes are known: UNIPEN's writers, with their words, characters and lines."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import numpy as np

from training.data.text import fold_text, writable
from training.synthesis.line_accents import bare_letter, mark_strokes
from training.synthesis.line_ink import LEVELED, Hand, LineInk, level_line, overruns
from training.synthesis.line_strokes import (
    EM,
    X_HEIGHT,
    Strokes,
    compose,
    draw_strokes,
    label_text,
    move_strokes,
    one_line,
    place_word,
    read_strokes,
    word_scale,
)
from training.synthesis.line_text import (
    NUMBERED,
    cell_text,
    corpus,
    fitting_length,
    fitting_text,
)
from training.synthesis.small_signs import small_style, write_small
from training.synthesis.written_glyphs import WrittenGlyphs

SIGNS_BETWEEN = (
    *("&",) * 8, *("-", "+", "=", "/") * 2, "@", "*", "->", "w/", "1/2", "1/4", "3/4", "~", "|",
)  # fmt: skip
"""What stands between words now and then; set by hand."""

NARROW = 6  # x-heights of room up to which most lines are the number of a cell
WIDEST_BODY = 0.9  # ems, above the usual height of small letters in a line 1.4 ems high


def _drawn(strokes: Strokes, pen: float, text: str, x_height: float | None) -> LineInk:
    """Strokes whose baseline is y = 0 (or, without an x-height, unknown) as ink."""
    low = float(np.min([stroke[:, 1].min() for stroke in strokes]))
    darkness = 1 - draw_strokes(strokes, pen)
    if x_height is None:
        return LineInk(*level_line(darkness), text)
    return LineInk(darkness.astype(np.float32), -low + pen + 2, x_height, text)


def _pen(rng: np.random.Generator) -> float:
    """Pen in pixels where a capital is `EM` high: fine liner to marker."""
    return float(np.clip(EM * 0.065 * np.exp(rng.normal(0, 0.45)), 1.2, 9))


class Written:
    """The pen strokes of UNIPEN, by writer."""

    def __init__(self, data: Path) -> None:
        self.words = read_strokes(data / "lines" / "unipen_words.npz")
        self.texts = read_strokes(data / "lines" / "unipen_text.npz")
        self.glyphs = WrittenGlyphs(data)
        self.word_writers = self.words.by_writer("train", 20)
        self.word_names = sorted(self.word_writers)
        rows = self.texts.rows("train")
        self.text_writers = {
            str(name): rows[self.texts.writer[rows] == name]
            for name in np.unique(self.texts.writer[rows])
        }
        self.text_names = sorted(self.text_writers)
        share = np.array([len(self.text_writers[name]) for name in self.text_names]) ** 0.6
        self.text_shares = share / share.sum()


@cache
def written_strokes(data: Path) -> Written:
    return Written(data)


def _moved(rng: np.random.Generator, strokes: Strokes, style: tuple[float, float]) -> Strokes:
    """Strokes with a hand's slant and width and a little tremble; the baseline stays level."""
    slant, widen = style
    trembling = move_strokes(rng, strokes, 0.35, level=True)
    turn = np.array([[widen, 0.0], [-slant, 1.0]], np.float32)
    return [stroke @ turn for stroke in trembling]


def _style(rng: np.random.Generator) -> tuple[float, float]:
    return float(rng.normal(0, 0.16)), float(np.exp(rng.normal(0, 0.14)))


def word_hand(rng: np.random.Generator, data: Path) -> Hand:
    """A UNIPEN writer's words in a row, with some numbers and signs between them."""
    written = written_strokes(data)
    words, glyphs = written.words, written.glyphs
    name = written.word_names[rng.integers(len(written.word_names))]
    rows = written.word_writers[name]
    scale = float(
        np.median([word_scale(words.strokes(i), fold_text(str(words.label[i]))) for i in rows[:60]])
    )
    space, pen, style = rng.uniform(0.35, 1.0), _pen(rng), _style(rng)
    capitals, small = rng.random() < 0.06, small_style(rng)

    def write(rng: np.random.Generator, room: float) -> LineInk | None:
        parts: list[Strokes] = []
        spaces: list[float] = []
        text = ""
        while sum(float(np.ptp(np.concatenate(part)[:, 0])) for part in parts) + EM * sum(
            spaces
        ) < room * X_HEIGHT * EM * rng.uniform(0.5, 0.95):
            dice = rng.random()
            narrow = room < NARROW and rng.random() < NUMBERED
            if dice < 0.2 or capitals or narrow:
                word = str(rng.integers(0, 10 ** int(rng.integers(1, 5))))
                if narrow:
                    word = cell_text(rng)
                elif dice < 0.08:
                    word = SIGNS_BETWEEN[rng.integers(len(SIGNS_BETWEEN))]
                elif rng.random() < 0.35:
                    word = _amount(rng)
                placed, inside = glyphs.write(rng, word, glyphs.writer(rng, name))
                if not placed:
                    continue
                write_small(rng, small, word, placed, inside)
                parts += placed
                spaces += inside
                pitch = 0.6
            else:
                item = int(rows[rng.integers(len(rows))])
                word, path = fold_text(str(words.label[item])), words.strokes(item)
                if not path or not writable(word) or not one_line(path, word):
                    continue
                parts.append(place_word(path, word, scale))
                spaces.append(0.0)
                right = max(float(stroke[:, 0].max()) for stroke in parts[-1])
                pitch = right / EM / max(len(word), 2)
            if rng.random() < 0.2:
                sign = ".,.,.,;:!?'-)\""[rng.integers(14)]
                found = glyphs.any(rng, sign)
                if found:
                    spaces[-1] = rng.uniform(0.02, 0.2)
                    parts.append(place_word(found, sign))
                    spaces.append(0.0)
                    word += sign
            text = f"{text} {word}" if text else word
            spaces[-1] = max(space, pitch) * rng.uniform(0.7, 1.5)
        text = label_text(text)
        if not parts or len(text) > 90:
            return None
        path = _moved(rng, compose(rng, parts, np.asarray(spaces)), style)
        return _drawn(path, pen, text, X_HEIGHT * EM)

    return write


def _amount(rng: np.random.Generator) -> str:
    """Prices, times and dates: numbers whose points matter."""
    a, b, c = rng.integers(0, 100, 3)
    forms = (
        f"{a}.{b:02d}", f"{a}.{b % 10}", f"{a},{b:02d}", f"${a}.{b:02d}", f"{a % 24}:{b % 60:02d}",
        f"{a % 31 + 1}.{b % 12 + 1}.{c:02d}", f"{a % 31 + 1}/{b % 12 + 1}/{c:02d}", f"{a}-{b}",
        f"{a % 9 + 1},{b * 10 % 1000:03d}", f"{a}.{b}%", f"'{c:02d}", f"{a}%", f"#{a}", f"({a})",
        f"{a % 9 + 1}/{b % 9 + 2}", f"{a % 4 + 1}/{b % 4 + 2}", f"{a}+{b}={a + b}",
    )  # fmt: skip
    return forms[rng.integers(len(forms))]


def character_hand(rng: np.random.Generator, data: Path) -> Hand:
    """A UNIPEN writer's characters set into hand print."""
    written = written_strokes(data)
    glyphs, texts = written.glyphs, corpus(data)
    writer = glyphs.writer(rng)
    pen, style, small = _pen(rng), _style(rng), small_style(rng)

    def write(rng: np.random.Generator, room: float) -> LineInk | None:
        text = fitting_text(rng, texts, fitting_length(rng, room, 1.6))
        placed, spaces = glyphs.write(rng, "".join(map(bare_letter, text)), writer)
        if not placed:
            return None
        letters = [letter for letter in text if letter != " "]
        for letter, strokes in zip(letters, placed, strict=True):
            strokes += mark_strokes(rng, letter, strokes)
        write_small(rng, small, text, placed, spaces)
        path = _moved(rng, compose(rng, placed, np.asarray(spaces)), style)
        return _drawn(path, pen, text, X_HEIGHT * EM)

    return write


def text_hand(rng: np.random.Generator, data: Path) -> Hand:
    """A UNIPEN writer's lines as they were written."""
    written = written_strokes(data)
    name = written.text_names[rng.choice(len(written.text_names), p=written.text_shares)]
    rows, pen, style = written.text_writers[name], _pen(rng), _style(rng)

    def write(rng: np.random.Generator, room: float) -> LineInk | None:
        item = int(rows[rng.integers(len(rows))])
        text, path = label_text(str(written.texts.label[item])), written.texts.strokes(item)
        if len(text) < LEVELED or not one_line(path, text):
            return None
        height = float(np.max([stroke[:, 1].max() for stroke in path]))
        path = [stroke * np.float32(1.4 * EM / height) for stroke in path]
        if overruns(float(np.ptp(np.concatenate(path)[:, 0])) / (WIDEST_BODY * EM), room):
            return None
        return _drawn(_moved(rng, path, style), pen, text, None)

    return write

"""Recorded pen strokes as hands for pages: UNIPEN characters set in print, words as written.

Characters are set one by one, so every letter's box is known. A word's strokes do not tell where
one letter ends and the next begins, so of words only the word's box is known.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from string import ascii_lowercase, ascii_uppercase

import numpy as np
from numpy.typing import NDArray

from training.data.text import fold_text
from training.synthesis.line_strokes import (
    EM,
    Strokes,
    label_text,
    one_line,
    place_word,
    read_strokes,
    word_scale,
)

PieceWords = list[list[tuple[str, Strokes]]]  # words of pieces, as `Sheet.write_strokes` takes

FEWEST_LETTERS = 22  # of either case that a writer must have to print a page
CASES = (set(ascii_lowercase), set(ascii_uppercase))
FEWEST_WORDS = 60  # words that a writer must have to fill a page
SCALED_BY = 60  # words that tell a writer's size


class PenHands:
    """The writers of one split of UNIPEN.

    Parameters
    ----------
    folder : Path
        `$OCR_DATA`.
    split : {"train", "valid", "test"}
    """

    def __init__(self, folder: Path, split: str) -> None:
        self._chars = read_strokes(folder / "chars" / "unipen_chars.npz")
        self._words = read_strokes(folder / "lines" / "unipen_words.npz")
        self._signs: dict[str, dict[str, list[int]]] = {}
        for item in self._chars.rows(split):
            own = self._signs.setdefault(str(self._chars.writer[item]), {})
            own.setdefault(str(self._chars.label[item]), []).append(int(item))
        self._copies = self._words.by_writer(split, FEWEST_WORDS)

    @property
    def printers(self) -> list[str]:
        """Writers with letters enough, of both cases, to print a text, in order of name."""
        return sorted(
            name
            for name, own in self._signs.items()
            if min(len(own.keys() & case) for case in CASES) >= FEWEST_LETTERS
        )

    @property
    def copyists(self) -> list[str]:
        """Writers with words enough for a page, in order of name."""
        return sorted(self._copies)

    def spell(self, rng: np.random.Generator, writer: str, text: str) -> PieceWords:
        """A text in characters of one writer.

        Words with a letter or digit that he never wrote are left out, as are unknown signs.
        """
        own = self._signs[writer]
        words = []
        for word in text.split():
            if any(sign.isalnum() and sign not in own for sign in word):
                continue
            pieces = []
            for sign in word:
                if sign in own:
                    strokes = self._chars.strokes(own[sign][rng.integers(len(own[sign]))])
                    if strokes:
                        pieces.append((sign, place_word(strokes, sign)))
            if pieces:
                words.append(pieces)
        return words

    def copy(self, rng: np.random.Generator, writer: str, count: int) -> PieceWords:
        """So many words as somebody wrote them one after the other, from a random one on."""
        rows = self._copies[writer]
        size = self._size(rows)
        start = int(rng.integers(len(rows)))
        words: PieceWords = []
        for item in np.roll(rows, -start):
            text, strokes = label_text(str(self._words.label[item])), self._words.strokes(int(item))
            usable = text.isascii() and " " not in text and any(map(str.isalnum, text))
            if usable and one_line(strokes, text):
                words.append([(text, place_word(strokes, text, size))])
            if len(words) == count:
                break
        return words

    def _size(self, rows: NDArray[np.int64]) -> float:
        sizes = [
            word_scale(self._words.strokes(int(item)), fold_text(str(self._words.label[item])))
            for item in rows[:SCALED_BY]
        ]
        return float(np.median(sizes))


def pieces_width(word: Sequence[tuple[str, Strokes]], tracking: float) -> float:
    """Width of a word, in heights of a capital, with `tracking` of these after each piece."""
    return sum(
        max(float(stroke[:, 0].max()) for stroke in strokes) / EM + tracking for _, strokes in word
    )

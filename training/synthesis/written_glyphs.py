"""UNIPEN characters by writer and label, set one after the other."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from training.synthesis.line_strokes import Strokes, place_word, read_strokes


class WrittenGlyphs:
    """UNIPEN characters by writer and label."""

    FEWEST = 45  # labels that a writer must have to write lines alone

    def __init__(self, data: Path, split: str = "train") -> None:
        self._set = read_strokes(data / "chars" / "unipen_chars.npz")
        self._by: dict[str, dict[str, list[int]]] = {}
        self._all: dict[str, list[int]] = {}
        for item in self._set.rows(split):
            label = str(self._set.label[item])
            own = self._by.setdefault(str(self._set.writer[item]), {})
            own.setdefault(label, []).append(int(item))
            self._all.setdefault(label, []).append(int(item))
        self._able = sorted(name for name, own in self._by.items() if len(own) >= self.FEWEST)

    def writer(self, rng: np.random.Generator, wanted: str | None = None) -> str:
        """That writer if known, else one with enough labels."""
        if wanted in self._by:
            return wanted
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

"""The marks of letters such as é, ç or ø, as pen strokes over and under the bare letter."""

from __future__ import annotations

import unicodedata

import numpy as np

from training.synthesis.line_strokes import EM, Strokes

CROSSED = {"ø": "o", "Ø": "O", "ł": "l", "Ł": "L", "đ": "d", "Đ": "D"}
MARKS: dict[str, tuple[tuple[tuple[float, float], ...], ...]] = {
    "\u0308": (((-0.16, 0.0), (-0.16, 0.05)), ((0.16, 0.0), (0.16, 0.05))),
    "\u0301": (((-0.08, 0.16), (0.14, -0.1)),),
    "\u0300": (((-0.14, -0.1), (0.08, 0.16)),),
    "\u0302": (((-0.18, 0.14), (0.0, -0.08), (0.18, 0.14)),),
    "\u030c": (((-0.18, -0.1), (0.0, 0.12), (0.18, -0.1)),),
    "\u0303": (((-0.2, 0.08), (-0.08, -0.05), (0.08, 0.08), (0.2, -0.05)),),
    "\u0306": (((-0.18, -0.1), (0.0, 0.1), (0.18, -0.1)),),
    "\u030a": (((0.0, -0.14), (0.12, 0.0), (0.0, 0.12), (-0.12, 0.0), (0.0, -0.14)),),
    "\u030b": (((-0.16, 0.16), (-0.04, -0.1)), ((0.06, 0.16), (0.2, -0.1))),
    "\u0307": (((0.0, 0.0), (0.0, 0.05)),),
}  # fmt: skip
"""Strokes of the marks above letters: points (x, y) in heights of a capital, about their middle."""
MARKS_BELOW: dict[str, tuple[tuple[float, float], ...]] = {
    "\u0327": ((0.0, 0.0), (0.02, 0.1), (0.12, 0.18), (0.0, 0.28), (-0.1, 0.24)),
    "\u0328": ((0.1, 0.0), (0.0, 0.12), (0.04, 0.24), (0.16, 0.22)),
    "\u0326": ((0.04, 0.1), (-0.04, 0.28)),
}
LIFT = 0.14  # heights of a capital between a letter and the middle of the mark above it


def bare_letter(letter: str) -> str:
    """A letter without its marks, one that pen strokes are known of."""
    if letter in CROSSED:
        return CROSSED[letter]
    return unicodedata.normalize("NFD", letter)[0]


def mark_strokes(rng: np.random.Generator, letter: str, strokes: Strokes) -> Strokes:
    """The strokes of a letter's marks, drawn as unevenly as by hand.

    Parameters
    ----------
    letter : str
    strokes : list of (P, 2) arrays
        Of the letter without its marks.
    """
    low = np.min([stroke.min(axis=0) for stroke in strokes], axis=0)
    high = np.max([stroke.max(axis=0) for stroke in strokes], axis=0)
    middle = (low[0] + high[0]) / 2
    size = EM * float(rng.uniform(0.7, 1.3))
    found: Strokes = []
    if letter in CROSSED:
        wide = max(float(high[0] - low[0]), 0.3 * EM) / 2
        ends = np.array([(-0.6 * wide, 0.12 * size), (0.6 * wide, -0.12 * size)])
        if letter in "øØ":
            ends = (
                np.array([(-wide, (high[1] - low[1]) / 2), (wide, -(high[1] - low[1]) / 2)]) * 1.15
            )
        at = (middle, (low[1] + high[1]) / 2 - (0.2 * EM if letter in "đ" else 0.0))
        found.append((ends + at).astype(np.float32))
    for sign in unicodedata.normalize("NFD", letter)[1:]:
        shift = np.array([middle + rng.normal(0, 0.04) * EM, 0.0])
        if sign in MARKS:
            shift[1] = low[1] - (LIFT + abs(rng.normal(0, 0.06))) * EM
            parts = MARKS[sign]
        elif sign in MARKS_BELOW:
            shift[1] = high[1]
            parts = (MARKS_BELOW[sign],)
        else:
            continue
        for part in parts:
            points = np.array(part) * size + rng.normal(0, 0.02 * EM, (len(part), 2)) + shift
            found.append(points.astype(np.float32))
    return found

"""What hands write small: the numbers of fractions, and the raised ends of `3rd` and `Mr`."""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np

from training.synthesis.line_strokes import EM, Strokes

FRACTION = re.compile(r"(?<![\d/.,])(\d{1,2})/(\d{1,2})(?![\d/.,])")
ENDING = re.compile(
    r"(?<=\d)(?:st|nd|rd|th|er|e|\N{LATIN SMALL LETTER E WITH GRAVE}me)\b"
    r"|(?<=\bM)(?:rs?|me|lle)\b|(?<=\b[DS])(?:r|t|te)\b|(?<=\bN)o\b"
)

# Ranges that are drawn from, set by hand, lines looked at as pictures.
SHARE = 0.7  # of the hands write fractions small
STACKED = 0.25  # of these, above each other with a bar between
ENDING_SHARE = 0.45  # of the hands raise endings
ENDING_RAISE = 0.8  # of how far they raise upper numbers


@dataclass(frozen=True)
class SmallStyle:
    """How a hand writes fractions and endings. Lengths are in heights of a capital.

    Attributes
    ----------
    size : float
        Of the small numbers and letters.
    raised, lowered : float
        Baselines of the upper number, and of the lower one, over and under the line's.
    fractions, stacked : bool
        Whether the numbers of fractions are small, and above each other, not beside a slash.
    endings : bool
        Whether endings are small and raised, as far as upper numbers.
    """

    size: float
    raised: float
    lowered: float
    fractions: bool = True
    stacked: bool = False
    endings: bool = True


def small_style(rng: np.random.Generator) -> SmallStyle:
    """How one hand writes fractions and endings."""
    fractions, endings = bool(rng.random() < SHARE), bool(rng.random() < ENDING_SHARE)
    stacked = bool(rng.random() < STACKED)
    size = float(rng.uniform(0.45, 0.7))
    raised = rng.uniform(0.65, 0.8) if stacked else rng.uniform(0.4, 0.7)
    lowered = float(rng.uniform(0.0, 0.3))
    return SmallStyle(size, float(raised), lowered, fractions, stacked, endings)


def pieces_by_size(word: str, style: SmallStyle | None) -> list[tuple[str, float, float]]:
    """The parts of a word, their size, and how far up they stand in heights of a capital.

    Numbers of fractions stand beside a slash.
    """
    found = FRACTION.fullmatch(word)
    if style is not None and style.fractions and found:
        upper, lower = (found[1], style.size, style.raised), (found[2], style.size, -style.lowered)
        return [upper, ("/", 1.0, 0.0), lower]
    found = ENDING.search(word)
    if style is not None and style.endings and found:
        start, stop = found.span()
        ending = (found[0], style.size, ENDING_RAISE * style.raised)
        parts = [(word[:start], 1.0, 0.0), ending, (word[stop:], 1.0, 0.0)]
        return [part for part in parts if part[0]]
    return [(word, 1.0, 0.0)]


def write_small(
    rng: np.random.Generator,
    style: SmallStyle,
    text: str,
    placed: list[Strokes],
    spaces: list[float],
) -> None:
    """Make the fractions and endings of a text small, in place.

    Parameters
    ----------
    style : SmallStyle
    text : str
    placed : list of strokes
        Those of each character that is no space, on the baseline y = 0, down positive.
    spaces : list of float
        Behind each.
    """
    for found in ENDING.finditer(text) if style.endings else ():
        _shrink(style, placed, spaces, _signs(text, *found.span()), -ENDING_RAISE * style.raised)
    for found in FRACTION.finditer(text) if style.fractions else ():
        upper, lower = _signs(text, *found.span(1)), _signs(text, *found.span(2))
        slash = upper.stop
        _shrink(style, placed, spaces, upper, -style.raised)
        _shrink(style, placed, spaces, lower, style.lowered)
        wide, beneath = (_width(placed, spaces, part) for part in (upper, lower))
        if style.stacked:
            bar = max(wide, beneath) * float(rng.uniform(1.0, 1.4))
            row = -float(rng.uniform(0.4, 0.5)) * EM
            end = row + rng.normal(0, 0.04) * EM
            placed[slash] = [np.array([[0, row], [bar * EM, end]], np.float32)]
            spaces[upper[-1]] = -(wide + bar) / 2
            spaces[slash] = -(bar + beneath) / 2
            spaces[lower[-1]] = max(spaces[lower[-1]], 0.1) + max(0.0, (bar - beneath) / 2)
        else:
            spaces[upper[-1]] = float(rng.uniform(-0.25, 0.05))
            spaces[slash] = float(rng.uniform(-0.3, 0.0))


def _signs(text: str, start: int, stop: int) -> range:
    """The numbers of the characters from one to another, spaces not counted."""
    return range(*(end - text[:end].count(" ") for end in (start, stop)))


def _shrink(
    style: SmallStyle, placed: list[Strokes], spaces: list[float], part: range, shift: float
) -> None:
    """Make some characters small and move them down by heights of a capital, in place."""
    for k in part:
        placed[k] = [
            stroke * np.float32(style.size) + np.array((0, shift * EM), np.float32)
            for stroke in placed[k]
        ]
        spaces[k] *= style.size if k + 1 < part.stop else 1.0


def _width(placed: list[Strokes], spaces: list[float], part: range) -> float:
    """Of the characters of a part with the spaces between them, in heights of a capital."""
    ink = sum(float(np.ptp(np.concatenate(placed[k])[:, 0])) / EM for k in part)
    return ink + sum(spaces[k] for k in part[:-1])

"""Fractions as hands write them: a small number above a slash or a bar, a small one below."""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np

from training.synthesis.line_strokes import EM, Strokes

FRACTION = re.compile(r"(?<![\d/.,])(\d{1,2})/(\d{1,2})(?![\d/.,])")

# Ranges that are drawn from, set by hand, lines looked at as pictures.
SHARE = 0.7  # of the hands write fractions small
STACKED = 0.25  # of these, above each other with a bar between


@dataclass(frozen=True)
class FractionStyle:
    """How a hand writes fractions. Lengths are in heights of a capital.

    Attributes
    ----------
    size : float
        Of the small numbers.
    raised, lowered : float
        Baselines of the upper number, and of the lower one, over and under the line's.
    stacked : bool
        Whether they stand above each other, and not beside a slash.
    """

    size: float
    raised: float
    lowered: float
    stacked: bool


def fraction_style(rng: np.random.Generator) -> FractionStyle | None:
    """How one hand writes fractions; None if as other numbers."""
    if rng.random() > SHARE:
        return None
    stacked = bool(rng.random() < STACKED)
    size = float(rng.uniform(0.45, 0.7))
    raised = rng.uniform(0.65, 0.8) if stacked else rng.uniform(0.4, 0.7)
    return FractionStyle(size, float(raised), float(rng.uniform(0.0, 0.3)), stacked)


def write_small(
    rng: np.random.Generator,
    style: FractionStyle,
    text: str,
    placed: list[Strokes],
    spaces: list[float],
) -> None:
    """Make the fractions of a text small, in place.

    Parameters
    ----------
    style : FractionStyle
    text : str
    placed : list of strokes
        Those of each character that is no space, on the baseline y = 0, down positive.
    spaces : list of float
        Behind each.
    """
    for found in FRACTION.finditer(text):
        before = found.start() - text[: found.start()].count(" ")
        upper = range(before, before + len(found[1]))
        slash = upper.stop
        lower = range(slash + 1, slash + 1 + len(found[2]))
        for part, shift in ((upper, -style.raised), (lower, style.lowered)):
            for k in part:
                placed[k] = [stroke * np.float32(style.size) for stroke in placed[k]]
                placed[k] = [stroke + np.array((0, shift * EM), np.float32) for stroke in placed[k]]
                spaces[k] *= style.size if k + 1 < part.stop else 1.0
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


def _width(placed: list[Strokes], spaces: list[float], part: range) -> float:
    """Of the characters of a part with the spaces between them, in heights of a capital."""
    ink = sum(float(np.ptp(np.concatenate(placed[k])[:, 0])) / EM for k in part)
    return ink + sum(spaces[k] for k in part[:-1])

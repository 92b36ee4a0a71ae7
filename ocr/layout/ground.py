"""What the lines of a page run along: level on a flat sheet, bent on a curled one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

PARTS = 16
"""Across the page, in each of which lines may slope another way. Set by hand."""
STRAIGHT = 1.0
"""Weight of the page's slope in that of a part, in lines through it. Set by hand."""


@dataclass(frozen=True)
class Ground:
    """Rows of a line from the left edge to the right: (K,) arrays, in pixels.

    Attributes
    ----------
    cols, rows : float array
        Points of it, from left to right.
    """

    cols: Floats
    rows: Floats

    def at(self, cols: Floats) -> Floats:
        """Its rows at some columns."""
        return np.interp(cols, self.cols, self.rows)


def straight(slope: float, right: float) -> Ground:
    """That of a flat sheet, which falls by `slope` rows a column, up to a column."""
    return Ground(np.array([0.0, right]), np.array([0.0, slope * right]))


def ground_along(lines: Sequence[tuple[Floats, Floats]], slope: float) -> Ground:
    """That of a page of a slope, which in each part runs as the median of the lines through it.

    Parameters
    ----------
    lines : sequence of (float array, float array)
        One or more: the columns of each, from left to right, and its rows.
    slope : float
        Of the page, in rows a column.
    """
    first = np.array([cols[0] for cols, _ in lines])
    last = np.array([cols[-1] for cols, _ in lines])
    edges = np.linspace(min(0.0, first.min()), max(last.max(), 1.0), PARTS + 1)
    step = edges[1] - edges[0]
    parts = np.full(PARTS, slope)
    whole = (edges[:-1] >= first[:, None]) & (edges[1:] <= last[:, None])
    through = np.flatnonzero(whole.any(axis=1))
    rows = np.array([np.interp(edges, *lines[k]) for k in through]).reshape(-1, PARTS + 1)
    slopes = np.where(whole[through], np.diff(rows, axis=1) / step, np.nan)
    for k in np.flatnonzero(whole.any(axis=0)):
        count = whole[:, k].sum()
        parts[k] += (np.nanmedian(slopes[:, k]) - slope) * count / (count + STRAIGHT)
    return Ground(edges, np.append(0.0, np.cumsum(parts * step)))

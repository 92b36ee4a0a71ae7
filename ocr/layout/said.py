"""What the lines of a page say of the order in which they are read.

Columns and tables often look alike. Labels, and how well lines go on in each other, tell them
apart.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from itertools import chain, pairwise

import numpy as np
from numpy.typing import NDArray

from ocr.layout.rows import Places

FEWEST = 4
"""Lines of each column, at least, of which must be known how they go on."""


@dataclass(frozen=True)
class Said:
    """What is known of the lines of a page since they were read.

    Attributes
    ----------
    labels : collection of int
        Numbers of lines that end as labels do of what stands to the right of them. They are labels
        where most lines that begin below each other are, and then these are as well.
    follows : (N, N) float array, optional
        How well the line of a column goes on where that of a row ends, as the logarithm of a
        probability; NaN where that is not known.
    """

    labels: Collection[int] = ()
    follows: NDArray[np.floating] | None = None

    def sense(self, left: NDArray[np.intp], right: NDArray[np.intp], places: Places) -> float:
        """By how many standard errors lines go on better down two columns than along their rows.

        It is told by how much better the pairs of either order go on than others of the same
        columns do: of prices all begin like any other. Below 0 the rows go on better; where too
        little is known of them it is 0.
        """
        if self.follows is None:
            return 0.0
        known = ~np.isnan(np.diag(self.follows))
        if min(known[left].sum(), known[right].sum()) < FEWEST:
            return 0.0
        members = np.concatenate([left, right])
        at_left = np.arange(len(members)) < len(left)
        own = np.eye(len(members), dtype=bool)
        surplus = np.where(own, np.nan, self.follows[np.ix_(members, members)])
        for one in (at_left, ~at_left):
            for other in (at_left, ~at_left):
                surplus[np.ix_(one, other)] = _surplus(surplus[np.ix_(one, other)])
        place = {number: k for k, number in enumerate(members.tolist())}
        steps = [
            {
                (place[one], place[next_])
                for part in parts
                for one, next_ in pairwise(chain.from_iterable(places.rows(part)))
            }
            for parts in ((left, right), (members,))
        ]
        down, across = steps[0] - steps[1], steps[1] - steps[0]
        gains = [np.array([surplus[pair] for pair in pairs]) for pairs in (down, across)]
        count = np.isfinite(np.concatenate(gains)).sum()
        error = np.sqrt(count * np.nanmean(surplus**2))
        return float((np.nansum(gains[0]) - np.nansum(gains[1])) / max(1.0, error))


def _surplus(values: NDArray[np.floating]) -> NDArray[np.float64]:
    """What values exceed those by that the means of their rows and columns make likely."""
    known = np.isfinite(values)
    filled = np.where(known, values, 0.0)
    rows = filled.sum(axis=1, keepdims=True) / np.maximum(1, known.sum(axis=1, keepdims=True))
    columns = filled.sum(axis=0) / np.maximum(1, known.sum(axis=0))
    return values - (rows + columns - filled.sum() / max(1, known.sum()))

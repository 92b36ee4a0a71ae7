"""By how much a text that a beam search found beats all that have something else in a place."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ocr.lines.ctc import BLANK

# A text's last character: the node of the text before it, -1 where that is empty, its class, and
# the natural logarithm of its probability by language. Its place in a list is the text's node.
Spelled = tuple[int, int, float]


class Beaten(NamedTuple):
    """Texts that were dropped for better ones that end alike; n rows each.

    Attributes
    ----------
    by : (n,) intp array
        Node of the better text.
    node : (n,) intp array
    last : (n,) int64 array
        The dropped text is the one at this node followed by this class, or without it if that is
        `BLANK`.
    behind : (n,) float64 array
        Nats by which the dropped text scored less.
    """

    by: NDArray[np.intp]
    node: NDArray[np.intp]
    last: NDArray[np.int64]
    behind: NDArray[np.float64]


def text_margins(
    paths: Sequence[Sequence[int]],
    spelled: Sequence[Spelled],
    beaten: Sequence[Beaten],
    most: float,
) -> list[NDArray[np.float64]]:
    """Margin of each character of some texts; see `ocr.lines.beam_search.Found`.

    Parameters
    ----------
    paths : sequence of sequences of int
        Nodes of the characters of each text.
    spelled : sequence of Spelled
    beaten : sequence of Beaten
    most : float
        Margin, in nats, where no other text is nearer.

    Returns
    -------
    list of (n,) float64 arrays
        In nats, one for each character.
    """
    texts = [[spelled[node][1] for node in path] for path in paths]
    place: NDArray[np.intp] = np.full(len(spelled) + 1, -1)  # the last is of the node -1
    owner = place.copy()
    for k, path in enumerate(paths):
        place[path], owner[path] = np.arange(len(path)), k
    # (text, start, stop, other classes there) to the nats by which it then scores less.
    others: dict[tuple[int, int, int, tuple[int, ...]], float] = {}
    for (by, node, last), behind in _beaten_by(beaten, place >= 0).items():
        other = [last] if last != BLANK else []
        while place[node] < 0 <= node:
            node, last, _ = spelled[node]
            other.append(last)
        part = int(owner[by]), int(place[node]) + 1, int(place[by]) + 1, tuple(other[::-1])
        others[part] = min(others.get(part, np.inf), behind)
    margins: list[NDArray[np.float64]] = [np.full(len(text), most) for text in texts]
    for (k, start, stop, classes), behind in others.items():
        margin = margins[k][start:stop][_differing(texts[k][start:stop], classes)]
        margin[:] = -np.logaddexp(-margin, -behind)
    return margins


def _beaten_by(
    beaten: Sequence[Beaten], wanted: NDArray[np.bool_]
) -> dict[tuple[int, int, int], float]:
    """Texts dropped for those at the wanted nodes: (`by`, `node`, `last`) to least `behind`."""
    found: dict[tuple[int, int, int], float] = {}
    for some in beaten:
        hit = wanted[some.by]
        for *key, behind in zip(*(part[hit].tolist() for part in some), strict=True):
            found[tuple(key)] = min(found.get(tuple(key), np.inf), behind)
    return found


def _differing(one: Sequence[int], other: Sequence[int]) -> slice:
    """The part of `one` that differs from `other`, at least one place."""
    first = last = 0
    while first < min(len(one), len(other)) and one[first] == other[first]:
        first += 1
    while last < min(len(one), len(other)) - first and one[~last] == other[~last]:
        last += 1
    return slice(first, max(len(one) - last, first + 1))

"""Classify the characters, and let that decide where shape alone cannot tell one from two.

`ocr.letters.find_letters` leaves such places open: an upright stroke close to a letter may be its
missing side or an I, and a wide shape may be an M or two letters that touch. Each way of dividing
the parts is classified, and the one whose characters are recognized most surely wins
(over-segmentation with recognition, as in LeCun et al. 1998, doi:10.1109/5.726791, section VI).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ocr.letters.classifiers.base import Classifier
from ocr.letters.context import shapes
from ocr.letters.glyphs import glyph_stack
from ocr.letters.segmentation import Segmentation

Run = tuple[int, ...]  # parts that may be one character


@dataclass(frozen=True)
class DoubtConfig:
    """How ways of dividing are weighed. Lengths are in letter heights.

    Chosen by `tests/benchmarks/course_photos.py` and the row "strokes" of
    `tests/benchmarks/pages.py --choose`.

    Attributes
    ----------
    widest : float
        No character is wider.
    least_weight : float
        A stroke counts as much as a part this wide.
    shape_bonus : float
        Nats times letter heights in favor of what the shape suggests, for each boundary.
    """

    widest: float = 1.8
    least_weight: float = 0.3
    shape_bonus: float = 0.4


DEFAULT = DoubtConfig()


class Settled(NamedTuple):
    """The N characters of a page, with the glyph and the K class probabilities of each."""

    found: Segmentation
    glyphs: NDArray[np.float32]  # (N, 32, 32)
    proba: NDArray[np.float32]  # (N, K)


def settle(found: Segmentation, classifier: Classifier) -> Settled:
    """Classify the characters of a segmentation and decide its doubts.

    Every row of doubtful parts is divided into characters so that the sum over its characters of
    width times log confidence is highest; confidence is that of the likeliest shape, look-alikes
    and cases counted together.

    Parameters
    ----------
    found : Segmentation
    classifier : Classifier

    Returns
    -------
    Settled
        The same parts, without doubts.
    """
    order = np.argsort(found.owner, kind="stable")
    starts = np.flatnonzero(np.diff(found.owner[order], prepend=-1))
    whole = [tuple(parts.tolist()) for parts in np.split(order, starts[1:])] if len(order) else []
    doubted = {part for row in found.doubts for part in row}
    runs = [parts for parts in whole if doubted.isdisjoint(parts)]
    sure = len(runs)
    for row in found.doubts:
        spans = [row[i:j] for i in range(len(row)) for j in range(i + 1, len(row) + 1)]
        runs += [run for run in spans if len(run) == 1 or _width(found, run) <= DEFAULT.widest]
    glyphs = glyph_stack([found.glyph_of_parts(run) for run in runs])
    proba = classifier.predict_proba(glyphs)
    likeliest = (proba @ shapes(classifier.charset)).max(axis=1, initial=1e-4)
    place = {run: k for k, run in enumerate(runs)}
    worth = {run: float(np.log(likeliest[k])) for run, k in place.items()}
    chosen = runs[:sure]
    for row in found.doubts:
        chosen += _divided(found, row, worth)
    owner = np.empty(len(found.owner), dtype=np.intp)
    for number, run in enumerate(chosen):
        owner[list(run)] = number
    kept = [place[run] for run in chosen]
    return Settled(found.regrouped(owner), glyphs[kept], proba[kept])


def _divided(found: Segmentation, row: Run, worth: Mapping[Run, float]) -> list[Run]:
    """The best division of a row of parts into characters, by dynamic programming."""
    weight = [max(_width(found, (part,)), DEFAULT.least_weight) for part in row]
    joined = [found.owner[a] == found.owner[b] for a, b in pairwise(row)]
    best: list[tuple[float, list[Run]]] = [(0.0, [])]
    for j in range(1, len(row) + 1):
        options = []
        for i in range(j):
            if row[i:j] not in worth:
                continue
            score = best[i][0] + sum(weight[i:j]) * worth[row[i:j]]
            score += DEFAULT.shape_bonus * sum(joined[i : j - 1])
            score += DEFAULT.shape_bonus * (i > 0 and not joined[i - 1])
            options.append((score, [*best[i][1], row[i:j]]))
        best.append(max(options, key=lambda option: option[0]))
    return best[-1][1]


def _width(found: Segmentation, parts: Run) -> float:
    """Width of some parts together, in letter heights."""
    boxes = found.part_boxes[list(parts)]
    size = float(found.sizes[list(parts)].max())
    return float(boxes[:, 3].max() - boxes[:, 1].min()) / size

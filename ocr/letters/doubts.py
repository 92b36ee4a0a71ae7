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
Glyphs = NDArray[np.float32]


@dataclass(frozen=True)
class DoubtConfig:
    """How ways of dividing are weighed. Lengths are in letter heights.

    Those of an older version, whose choice was not kept, but for `sure`, which was set by hand.
    Held to `tests/benchmarks/course_photos.py` and the row "clean" of `tests/benchmarks/pages.py`.

    Attributes
    ----------
    sure : float
        Confidence from which a character is believed as the shape suggests it.
    widest : float
        No character is wider.
    least_weight : float
        A stroke counts as much as a part this wide.
    shape_bonus : float
        Nats times letter heights in favor of what the shape suggests, for each boundary.
    """

    sure: float = 0.9
    widest: float = 1.8
    least_weight: float = 0.3
    shape_bonus: float = 0.4


CONFIG = DoubtConfig()


class Settled(NamedTuple):
    """The N characters of a page, with the glyph and the K class probabilities of each."""

    found: Segmentation
    glyphs: Glyphs  # (N, 32, 32)
    proba: NDArray[np.float32]  # (N, K)


def settle(found: Segmentation, classifier: Classifier) -> Settled:
    """Classify the characters of a segmentation and decide its doubts.

    Where all characters are surely recognized as the shape suggests them, nothing is in doubt.
    Every other row of doubtful parts is divided into characters so that the sum over its characters
    of width times log confidence is highest; confidence is that of the likeliest shape, look-alikes
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
    like = shapes(classifier.charset)

    def classified(runs: list[Run]) -> tuple[Glyphs, NDArray[np.float32], NDArray[np.float32]]:
        glyphs = glyph_stack([found.glyph_of_parts(run) for run in runs])
        proba = classifier.predict_proba(glyphs)
        return glyphs, proba, (proba @ like).max(axis=1, initial=1e-4)  # a logarithm is taken

    chosen = _characters(found.owner)
    glyphs, proba, sure = classified(chosen)
    unsure = {part for run, p in zip(chosen, sure, strict=True) if p < CONFIG.sure for part in run}
    doubts = [row for row in found.doubts if not unsure.isdisjoint(row)]
    if doubts:
        asked = list(dict.fromkeys(run for row in doubts for run in _spans(found, row)))
        more, more_proba, worth = classified(asked)
        glyphs, proba = np.concatenate([glyphs, more]), np.concatenate([proba, more_proba])
        place = {run: len(chosen) + k for k, run in enumerate(asked)}
        logs = dict(zip(asked, np.log(worth).tolist(), strict=True))
        open_parts = {part for row in doubts for part in row}
        settled = [k for k, run in enumerate(chosen) if open_parts.isdisjoint(run)]
        divided = [run for row in doubts for run in _divided(found, row, logs)]
        chosen = [chosen[k] for k in settled] + divided
        kept = settled + [place[run] for run in divided]
        glyphs, proba = glyphs[kept], proba[kept]
    owner = np.empty(len(found.owner), dtype=np.intp)
    for number, run in enumerate(chosen):
        owner[list(run)] = number
    return Settled(found.regrouped(owner), glyphs, proba)


def _characters(owner: NDArray[np.intp]) -> list[Run]:
    """The parts of each character, in the order of their numbers."""
    order = np.argsort(owner, kind="stable")
    starts = np.flatnonzero(np.diff(owner[order], prepend=-1))
    return [tuple(parts.tolist()) for parts in np.split(order, starts)[1:]]


def _spans(found: Segmentation, row: Run) -> list[Run]:
    """The runs of neighbors in a row of parts that are not wider than a character."""
    spans = [row[i:j] for i in range(len(row)) for j in range(i + 1, len(row) + 1)]
    return [run for run in spans if len(run) == 1 or _width(found, run) <= CONFIG.widest]


def _divided(found: Segmentation, row: Run, worth: Mapping[Run, float]) -> list[Run]:
    """The best division of a row of parts into characters, by dynamic programming."""
    weight = [max(_width(found, (part,)), CONFIG.least_weight) for part in row]
    joined = [found.owner[a] == found.owner[b] for a, b in pairwise(row)]
    best: list[tuple[float, list[Run]]] = [(0.0, [])]
    for j in range(1, len(row) + 1):
        options = []
        for i in range(j):
            if row[i:j] not in worth:
                continue
            score = best[i][0] + sum(weight[i:j]) * worth[row[i:j]]
            score += CONFIG.shape_bonus * sum(joined[i : j - 1])
            score += CONFIG.shape_bonus * (i > 0 and not joined[i - 1])
            options.append((score, [*best[i][1], row[i:j]]))
        best.append(max(options, key=lambda option: option[0]))
    return best[-1][1]


def _width(found: Segmentation, parts: Run) -> float:
    """Width of some parts together, in letter heights."""
    boxes = found.part_boxes[list(parts)]
    size = float(found.sizes[list(parts)].max())
    return float(boxes[:, 3].max() - boxes[:, 1].min()) / size

"""Parts of a line that are written smaller than the rest, such as the printed labels of a form.

A strip has one size of letters, and a line of a form two: what is printed before the writing is too
small to be read then. Such a part is cut again at a size of its own.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import groupby, pairwise

import numpy as np
from numpy.typing import NDArray

from ocr.layout.strips import (
    BASELINE_ROW,
    X_HEIGHT,
    Strip,
    cut_again,
    joined_strip,
    rise,
    without_rules,
)


@dataclass(frozen=True)
class SmallPartConfig:
    """What counts as a smaller part. Lengths are in x-heights.

    Set by hand on composed pages of forms, checks and invoices.

    Attributes
    ----------
    inked : float
        Darkness, beyond what a row has all along, from which a pixel is ink.
    gap : float
        White between the words that are looked at.
    lowest, highest : float
        How high the ink of a smaller word rises over the baseline.
    flattest : float
        Height of its ink at least: a dash is none.
    shortest : float
        Width of a part at least.
    usual : float
        How high the ink of a word most often rises.
    least, most : float
        Share of the size to which a part is cut again.
    """

    inked: float = 0.3
    gap: float = 0.7
    lowest: float = 0.4
    highest: float = 1.0
    flattest: float = 0.4
    shortest: float = 1.3
    usual: float = 1.55
    least: float = 0.35
    most: float = 0.8


CONFIG = SmallPartConfig()


def with_small_parts_enlarged(darkness: NDArray[np.float32], strip: Strip) -> Strip | None:
    """A strip whose smaller parts are cut again, as large as the rest; None if it has none.

    Parameters
    ----------
    darkness : (H, W) float32 array
        The page that the strip was cut from.
    strip : Strip
    """
    parts = _parts(strip)
    if len(parts) < 2 or not any(small for _, _, small in parts):
        return None
    cuts = [(one[1] + other[0]) // 2 for one, other in pairwise(parts)]
    pieces = [strip.columns(slice(*edges)) for edges in pairwise([0, *cuts, strip.image.shape[1]])]
    pieces = [
        _enlarged(darkness, piece) if small else piece
        for piece, (_, _, small) in zip(pieces, parts, strict=True)
    ]
    return joined_strip(pieces, strip.contrast)


def _parts(strip: Strip) -> list[tuple[int, int, bool]]:
    """Runs of words that are all smaller or all not: first column, the one behind, whether to cut.

    Those that are smaller and too short to be cut again are kept as they are.
    """
    inked = without_rules(1 - strip.image[: BASELINE_ROW + 2]) > CONFIG.inked

    def is_small(word: tuple[int, int]) -> bool:
        high, part = _is_high(inked[:, slice(*word)]), strip.columns(slice(*word))
        return high and _is_whole(part) and CONFIG.lowest <= rise(part) < CONFIG.highest

    parts = []
    for small, group in groupby(_words(inked), key=is_small):
        words = list(group)
        first, last = words[0][0], words[-1][1]
        parts.append((first, last, small and last - first >= CONFIG.shortest * X_HEIGHT))
    return parts


def _words(inked: NDArray[np.bool_]) -> list[tuple[int, int]]:
    """First column of each word of a strip's ink, and the one behind its last."""
    where = np.flatnonzero(inked.any(axis=0))
    breaks = np.flatnonzero(np.diff(where) > CONFIG.gap * X_HEIGHT)
    return [(int(run[0]), int(run[-1]) + 1) for run in np.split(where, breaks + 1) if len(run)]


def _is_high(inked: NDArray[np.bool_]) -> bool:
    """Whether a word is no dash."""
    rows = np.flatnonzero(inked.any(axis=1))
    return bool(np.ptp(rows) + 1 >= CONFIG.flattest * X_HEIGHT)


def _is_whole(word: Strip) -> bool:
    """Whether no columns were cut out of a word, which would come back."""
    steps = np.hypot(np.diff(word.rows), np.diff(word.cols))
    return not len(steps) or bool(steps.max() < 2 * np.median(steps))


def _enlarged(darkness: NDArray[np.float32], piece: Strip) -> Strip:
    """A piece of a strip, cut again so that its letters are as high as those of others."""
    share = float(np.clip(rise(piece) / CONFIG.usual, CONFIG.least, CONFIG.most))
    return cut_again(darkness, piece, share)

"""Where words begin, from the distribution of the gaps between letters."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ocr.letters.group_lines import letter_height


@dataclass(frozen=True)
class GapConfig:
    """What parts words. Gaps are in letter heights of their line.

    Those of an older version, whose choice was not kept; held to the column "gap F1" of
    `tests/benchmarks/pages.py` and to `tests/benchmarks/course_photos.py`.

    Attributes
    ----------
    widest : float
        Wider gaps count as this: a far column must not hide the words.
    alone : float
        Where letters usually stand this far apart, each stands for itself.
    few_words : float
        Share of the gaps, columns' aside, that part words at most; more must be letters' gaps.
    least : float
        Words stand at least this far apart, on average, on a page with columns.
    spread : float
        How far, in log units, a line's own threshold may leave the page's.
    one_kind : (float, float)
        Two classes of gaps are of one kind where the wider is at most the first times the narrower
        and the second more.
    one_word : (float, float)
        Where all gaps are of one kind, a word ends from the first on, or from the second times the
        usual gap.
    """

    widest: float = 4.0
    alone: float = 0.75
    few_words: float = 0.35
    least: float = 0.5
    spread: float = 0.2
    one_kind: tuple[float, float] = (2.0, 0.2)
    one_word: tuple[float, float] = (0.6, 2.2)


CONFIG = GapConfig()


def word_starts(boxes: NDArray[np.intp], lines: list[NDArray[np.intp]]) -> list[NDArray[np.bool_]]:
    """Where words begin, from the distribution of the gaps between letters.

    The page's gaps are split into two classes by least variance (Otsu's criterion); then each line
    looks for the widest jump between its own sorted gaps, near the page's threshold.

    Parameters
    ----------
    boxes : (N, 4) int array
        The characters of a page.
    lines : list of int arrays
        As `ocr.letters.group_lines.group_lines` returns them.

    Returns
    -------
    list of bool arrays
        For each line, True at the letters that begin a word (always at the first).
    """
    gaps = [_gaps(boxes[line]) for line in lines]
    pooled = np.sort(np.concatenate([np.empty(0), *gaps]))
    page = _page_threshold(pooled)
    return [np.concatenate([[True], row > _line_threshold(row, page)]) for row in gaps]


def _gaps(boxes: NDArray[np.intp]) -> NDArray[np.float64]:
    """Gaps before the second and later letters of a line, in letter heights."""
    size = letter_height(boxes)
    before = np.maximum.accumulate(boxes[:-1, 3]) if len(boxes) > 1 else boxes[:0, 3]
    return np.clip((boxes[1:, 1] - before) / size, -0.5, CONFIG.widest)


def _page_threshold(pooled: NDArray[np.float64]) -> float:
    """Gap from which on a word ends, in letter heights, for a page with sorted gaps `pooled`."""
    if len(pooled) == 0:
        return 1.0
    wide = _two_classes(pooled)
    if wide is None:
        usual = float(np.median(pooled))
        least, times = CONFIG.one_word
        return -1.0 if usual > CONFIG.alone else max(least, times * usual)
    # columns stand further apart than words: look once more among the narrower gaps
    within = pooled[pooled < wide]
    narrow = _two_classes(within)
    if narrow is None:
        return wide
    words = within[within > narrow]
    few = len(words) < CONFIG.few_words * len(within)  # or else they are letters, loosely set
    return narrow if few and float(words.mean()) > CONFIG.least else wide


def _two_classes(gaps: NDArray[np.float64]) -> float | None:
    """Threshold between two classes of sorted gaps, or None if they are all of one kind."""
    if len(gaps) < 3:
        return None
    count = np.arange(1, len(gaps))
    low = np.cumsum(gaps)[:-1] / count
    high = (gaps.sum() - np.cumsum(gaps)[:-1]) / (len(gaps) - count)
    k = int(np.argmax(count * (len(gaps) - count) * (high - low) ** 2))
    if high[k] <= CONFIG.one_kind[0] * max(low[k], 0.0) + CONFIG.one_kind[1]:
        return None
    return float((gaps[k] + gaps[k + 1]) / 2)


def _line_threshold(gaps: NDArray[np.float64], page: float) -> float:
    """The page's threshold, moved to the widest jump between this line's gaps."""
    if page <= 0 or not len(gaps):
        return page
    steps = np.sort(np.concatenate([np.clip(gaps, 0.0, None), [0.0, 2.0 * page]]))
    middle = (steps[1:] + steps[:-1]) / 2
    off = np.log(np.maximum(middle, 1e-6) / page)
    return float(middle[np.argmax(np.diff(steps) * np.exp(-0.5 * (off / CONFIG.spread) ** 2))])

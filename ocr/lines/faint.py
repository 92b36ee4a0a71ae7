"""Leave out what shows through from the other side of the sheet: ink far fainter than a line's."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from ocr.layout.strips import BASELINE_ROW, X_HEIGHT, Strip
from ocr.layout.strips import CONFIG as STRIPS
from ocr.lines.recognizer import LineText


@dataclass(frozen=True)
class FaintConfig:
    """How faint ink of the other side is.

    Set by hand, from figures that no command prints: of 1,078 words at ends on the valid pages of
    copiste, mss19 and mss20 one is below 0.33 of its line's ink; of 1,248 lines on the valid pages
    of all five sets none is below 0.25 of its page's darkness, and of those below `faint` and
    `both` none was read in the main; of 3,339 lines of half of the train pages one was. Of 136
    lines that show through on 15 composed pages 126 are below them; 76 were by `Strip.contrast` and
    a share of how surely the others read. What is gained:
    ``python tests/benchmarks/pages.py --only through``.

    Attributes
    ----------
    letters : float
        Percentile of how dark a line's columns of ink are that is its letters' darkness. With 50,
        lines of light strokes are left out.
    page : float
        Percentile of the darkness of a page's lines that is its darkness: half of them may show
        through.
    line : float
        Share of it below which a line is left out.
    faint, both : float
        Share of it below which a line is left out if it reads unsurely as well: if its share, times
        how surely it reads by the ink alone, in shares of the darker lines, is less than `both`.
    word : float
        Share of the darkness of its line's ink below which a word at an end is left out; a sign,
        such as a dash, by that of its columns.
    percentile : float
        Of the darkness where a word stands that is its ink's.
    rows : float
        x-heights over the baseline within which darkness is measured.
    """

    letters: float = 75.0
    page: float = 90.0
    line: float = 0.25
    faint: float = 0.45
    both: float = 0.32
    word: float = 0.33
    percentile: float = 97.0
    rows: float = 1.2


CONFIG = FaintConfig()


def faint_lines(
    strengths: NDArray[np.floating],
    counts: NDArray[np.integer],
    confidences: NDArray[np.floating],
) -> NDArray[np.bool_]:
    """Which lines of a page are far fainter than the others; none of fewer than three.

    Parameters
    ----------
    strengths : (N,) float array
        As `line_strength` gives them.
    counts, confidences : (N,) arrays
        Characters of each line, and their mean probability by the ink alone.
    """
    if len(strengths) < 3:
        return np.zeros(len(strengths), dtype=bool)
    usual = np.percentile(strengths, CONFIG.page)
    faint = strengths < CONFIG.faint * usual
    total = max(1, int(counts[~faint].sum()))
    surely = float((counts * confidences)[~faint].sum()) / total
    unsure = strengths * confidences < CONFIG.both * usual * surely
    return (strengths < CONFIG.line * usual) | (faint & unsure)


def line_strength(strip: Strip) -> float:
    """Darkness of a line's letters on the page; 0 without ink.

    `Strip.contrast` is that of the darkest ink, which may be of a neighbor: between the lines of
    the other side hang letters of this one.
    """
    return strip.contrast * column_strength(strip.image, (0, strip.image.shape[1]))


def column_strength(image: NDArray[np.float32], span: tuple[float, float]) -> float:
    """Darkness of the columns of ink in a part of a strip; see `ink_strength`.

    A thin dash is as dark so as a letter, though it fills less.
    """
    ink = _ink(image, span)
    darkest = ink.max(axis=0)
    darkest = darkest[darkest > STRIPS.inked]
    return float(np.percentile(darkest, CONFIG.letters)) if darkest.size else 0.0


def ink_strength(image: NDArray[np.float32], span: tuple[float, float]) -> float:
    """Darkness of the ink in some columns of a strip, 1 where it is that of the line.

    Parameters
    ----------
    image : (STRIP_HEIGHT, W) float32 array
        1 paper, 0 full ink.
    span : (float, float)
        Columns.
    """
    ink = _ink(image, span)
    return float(np.percentile(ink, CONFIG.percentile)) if ink.size else 0.0


def _ink(image: NDArray[np.float32], span: tuple[float, float]) -> NDArray[np.float32]:
    """Darkness of a strip over its baseline in some columns."""
    first, last = max(0, int(span[0])), int(np.ceil(span[1]))
    return 1 - image[BASELINE_ROW - int(CONFIG.rows * X_HEIGHT) : BASELINE_ROW, first:last]


def without_faint_ends(image: NDArray[np.float32], text: LineText) -> LineText:
    """A line without the words at its ends whose ink is far fainter than the rest's.

    Between words of the line nothing is left out, nor where all are faint.
    """
    words = list(_words(text))

    def is_strong(word: tuple[int, int]) -> bool:
        span = text.spans[word[0]][0], text.spans[word[1] - 1][1]
        letters = any(map(str.isalnum, text.text[slice(*word)]))
        strength = ink_strength if letters else column_strength
        return strength(image, span) >= CONFIG.word

    strong = next(filter(is_strong, words), None)
    if strong is None:
        return text
    first, last = strong[0], next(filter(is_strong, reversed(words)))[1]
    if (first, last) == (words[0][0], words[-1][1]):
        return text
    kept = slice(first, last)
    return replace(
        text,
        text=text.text[kept],
        confidences=text.confidences[kept],
        alternatives=text.alternatives[kept],
        spans=text.spans[kept],
    )


def _words(text: LineText) -> Iterator[tuple[int, int]]:
    """First character of each word, and the one behind its last."""
    start = 0
    for word in text.text.split(" "):
        if word:
            yield start, start + len(word)
        start += len(word) + 1

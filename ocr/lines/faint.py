"""Leave out what shows through from the other side of the sheet: ink far fainter than a line's."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from ocr.layout.strips import BASELINE_ROW, X_HEIGHT
from ocr.lines.recognizer import LineText


@dataclass(frozen=True)
class FaintConfig:
    """How faint ink of the other side is.

    Set by hand, from figures that no command prints: of 1,078 words at ends on the valid pages of
    copiste, mss19 and mss20 one is below 0.33 of its line's ink; of 1,247 lines on the valid pages
    of all five sets none is below 0.25 of its page's contrast, and four are below 0.45 of it and
    read less surely than 0.9 of the rest. Lines that show through on generated and composed pages
    lay between 0.13 and 0.5 of it, and read less surely than 0.92 of the rest. What is gained:
    ``python tests/benchmarks/pages.py --only through``.

    Attributes
    ----------
    page : float
        Percentile of the contrast of a page's lines that is its contrast: half of them may show
        through.
    line : float
        Share of it below which a line is left out.
    faint, unsure : float
        Share of it below which a line is left out if it reads less surely, by the ink alone, than
        this share of how surely the darker lines read.
    word : float
        Share of the darkness of its line's ink below which a word at an end is left out.
    percentile : float
        Of the darkness where a word stands that is its ink's.
    rows : float
        x-heights over the baseline within which that darkness is measured.
    """

    page: float = 90.0
    line: float = 0.25
    faint: float = 0.45
    unsure: float = 0.9
    word: float = 0.33
    percentile: float = 97.0
    rows: float = 1.2


CONFIG = FaintConfig()


def faint_lines(
    contrasts: NDArray[np.floating],
    counts: NDArray[np.integer],
    confidences: NDArray[np.floating],
) -> NDArray[np.bool_]:
    """Which lines of a page are far fainter than the others; none of fewer than three.

    Parameters
    ----------
    contrasts : (N,) float array
        Darkness of the ink of each line.
    counts, confidences : (N,) arrays
        Characters of each line, and their mean probability by the ink alone.
    """
    if len(contrasts) < 3:
        return np.zeros(len(contrasts), dtype=bool)
    usual = np.percentile(contrasts, CONFIG.page)
    faint = contrasts < CONFIG.faint * usual
    total = max(1, int(counts[~faint].sum()))
    surely = float((counts * confidences)[~faint].sum()) / total
    unsure = confidences < CONFIG.unsure * surely
    return (contrasts < CONFIG.line * usual) | (faint & unsure)


def ink_strength(image: NDArray[np.float32], span: tuple[float, float]) -> float:
    """Darkness of the ink in some columns of a strip, 1 where it is that of the line.

    Parameters
    ----------
    image : (STRIP_HEIGHT, W) float32 array
        1 paper, 0 full ink.
    span : (float, float)
        Columns.
    """
    first, last = max(0, int(span[0])), int(np.ceil(span[1]))
    part = image[BASELINE_ROW - int(CONFIG.rows * X_HEIGHT) : BASELINE_ROW, first:last]
    return float(1 - np.percentile(part, 100 - CONFIG.percentile)) if part.size else 0.0


def without_faint_ends(image: NDArray[np.float32], text: LineText) -> LineText:
    """A line without the words at its ends whose ink is far fainter than the rest's.

    Between words of the line nothing is left out, nor where all are faint.
    """
    words = list(_words(text))
    strong = [
        ink_strength(image, (text.spans[a][0], text.spans[b - 1][1])) >= CONFIG.word
        for a, b in words
    ]
    if all(strong) or not any(strong):
        return text
    first = words[strong.index(True)][0]
    last = words[len(strong) - 1 - strong[::-1].index(True)][1]
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

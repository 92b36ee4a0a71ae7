"""Put a corrected text into the page that it was read from, keeping the boxes."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from ocr.errors import DataError
from ocr.evaluation.error_rates import edit_distance
from ocr.formats.placing import GivenLine, line_of, turn_of, with_text
from ocr.page import Box, Line, Page, Word

MOST = 2_000  # lines of a text or page: more are no page's, and aligning them takes long


@dataclass(frozen=True)
class AlignConfig:
    """How the lines that were read are aligned with those of a text.

    Set by hand; held to `tests/evaluation/test_corrections.py`.

    Attributes
    ----------
    beyond : int
        Lines by which an alignment may leave the diagonal, beyond the difference in line counts.
    least_alike : float
        Share of two aligned lines that must be the same, where the line counts differ.
    odd : float
        Edits that joining or splitting a line costs, so that it is done only where it helps.
    """

    beyond: int = 60
    least_alike: float = 0.35
    odd: float = 1.0


CONFIG = AlignConfig()


@dataclass(frozen=True)
class Corrected:
    """A page with its corrected text.

    Attributes
    ----------
    page : Page
        With the lines of the text, all confirmed.
    left_out : tuple of str
        Lines that were read but are not in the text.
    placed : tuple of str
        Lines of the text that were not read; they are put between their neighbors.
    """

    page: Page
    left_out: tuple[str, ...] = ()
    placed: tuple[str, ...] = ()


def correct(page: Page, text: str) -> Corrected:
    """The page with a corrected text in place of the one that was read.

    The lines are aligned with the fewest edits; where the line counts differ, only lines that are
    alike. Two lines on one side may be one on the other. Letters within a line are aligned by
    `ocr.formats.placing.with_text`.

    Parameters
    ----------
    page : Page
    text : str
        A line a row; empty rows do not count.

    Raises
    ------
    DataError
        The text is too long for a page, or the page has no line to put it on.
    """
    rows = [" ".join(unicodedata.normalize("NFC", row).split()) for row in text.splitlines()]
    rows = [row for row in rows if row]
    if rows and not page.lines:
        raise DataError("nothing was read here, so there is no place for a corrected text.")
    if max(len(rows), len(page.lines)) > MOST:
        raise DataError(f"more than {MOST:,} lines are no page.")
    lines: list[Line] = []
    waiting: list[tuple[int, str]] = []  # lines of the text without a place: where they belong
    left_out = []
    try:
        for read, written in align_lines([line.text for line in page.lines], rows):
            if not written:
                left_out += [page.lines[i].text for i in read]
            elif not read:
                waiting += [(len(lines), rows[j]) for j in written]
            else:
                line = joined([page.lines[i] for i in read])
                lines += parted(line, [rows[j] for j in written])
        for k, (at, row) in enumerate(waiting):
            lines.insert(at + k, _between(lines, at + k, row, page))
    except ValueError as error:
        raise DataError(f"{error}.") from None
    return Corrected(
        replace(page, lines=tuple(lines)), tuple(left_out), tuple(row for _, row in waiting)
    )


def align_lines(
    read: Sequence[str], written: Sequence[str]
) -> list[tuple[tuple[int, ...], tuple[int, ...]]]:
    """Align the lines that were read with those of a text, in order, with the fewest edits.

    Returns
    -------
    list of (indices into `read`, indices into `written`)
        One and one, two and one, one and two, or none on one side.

    Examples
    --------
    >>> align_lines(["To do", "milk and", "eggs"], ["To do", "milk and eggs", "bread"])
    [((0,), (0,)), ((1, 2), (1,)), ((), (2,))]
    """
    rows, columns = len(read), len(written)
    off = abs(rows - columns) + CONFIG.beyond
    unlike = 1.0 - CONFIG.least_alike if rows != columns else 1.0 + CONFIG.odd
    infinite = float("inf")
    cost = [[infinite] * (columns + 1) for _ in range(rows + 1)]
    step: list[list[tuple[int, int]]] = [[(0, 0)] * (columns + 1) for _ in range(rows + 1)]
    cost[0][0] = 0.0
    for i in range(rows + 1):
        for j in range(max(0, i - off), min(columns, i + off) + 1):
            for di, dj in ((1, 1), (1, 0), (0, 1), (2, 1), (1, 2)):
                if di > i or dj > j or cost[i - di][j - dj] == infinite:
                    continue
                left, right = " ".join(read[i - di : i]), " ".join(written[j - dj : j])
                edits = edit_distance(right, left) + (CONFIG.odd if di + dj > 2 else 0.0)
                if di and dj and edits > unlike * max(len(left), len(right)):
                    continue
                total = cost[i - di][j - dj] + edits
                if total < cost[i][j]:
                    cost[i][j], step[i][j] = total, (di, dj)
    found = []
    i, j = rows, columns
    while i or j:
        di, dj = step[i][j]
        found.append((tuple(range(i - di, i)), tuple(range(j - dj, j))))
        i, j = i - di, j - dj
    return found[::-1]


def joined(lines: Sequence[Line]) -> Line:
    """Several lines as one, with all their baselines if these make one row, else the first."""
    first, *others = lines
    if not others:
        return first
    words = tuple(word for line in lines for word in line.words)
    bases = [line.baseline for line in lines]
    in_a_row = all(bases) and all(
        turn_of(base) == 0 and base[0][1] >= before[-1][1] - 1 for before, base in pairwise(bases)
    )
    baseline = tuple(point for base in bases for point in base) if in_a_row else first.baseline
    return replace(first, words=words, baseline=baseline, polygon=())


def parted(line: Line, texts: Sequence[str]) -> list[Line]:
    """Split a line that holds several texts, one after the other, into a line for each."""
    whole = with_text(line, " ".join(texts))
    if len(texts) == 1:
        return [whole]
    parts = []
    words = list(whole.words)
    for text in texts:
        count = len(text.split())
        mine, words = words[:count], words[count:]
        parts.append(replace(whole, words=tuple(mine), baseline=_cut(line, mine), polygon=()))
    return parts


def _cut(line: Line, words: Sequence[Word]) -> tuple[tuple[float, float], ...]:
    """The part of a level line's baseline under some of its words."""
    base = line.baseline
    if len(base) < 2 or turn_of(base):
        return base
    box = Box.around(word.box for word in words)

    def at(x: float) -> tuple[float, float]:
        for (y1, x1), (y2, x2) in pairwise(base):
            if x <= x2 and x2 > x1:
                return y1 + (y2 - y1) * (max(x, x1) - x1) / (x2 - x1), x
        return base[-1][0], x

    inner = [point for point in base if box.x1 < point[1] < box.x2]
    return (at(float(box.x1)), *inner, at(float(box.x2)))


def _between(lines: Sequence[Line], at: int, text: str, page: Page) -> Line:
    """A line that was not found on the page, placed between its neighbors."""
    near = [lines[k].box for k in (at - 1, at) if 0 <= k < len(lines)]
    if not near:  # of a text that has nothing of what was read
        near = [page.lines[0].box]
    above, below = near[0], near[-1]
    high = above.height
    if len(near) == 2 and below.y1 > above.y2:
        top, bottom = above.y2, below.y1
    elif len(near) == 2 and below.y2 < above.y1:  # a page on its head
        top, bottom = below.y2, above.y1
    elif at < len(lines) and len(near) == 1:
        top, bottom = above.y1 - high, above.y1
    else:
        top, bottom = above.y2, above.y2 + high
    top = min(max(top, 0), page.height - 1)
    box = Box(top, above.x1, min(max(bottom, top + 1), page.height), above.x2)
    block = lines[max(at - 1, 0)].block if lines else 1
    line = line_of(GivenLine(text, box=box, block=block, confirmed=True), page.height, page.width)
    assert line is not None
    return line

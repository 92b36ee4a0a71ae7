"""How far a reading is from the truth: edit distance, alignment, CER, WER, confusions."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

BOOTSTRAP_RESAMPLES = 2000  # enough for the second digit of a 95 % interval's ends


def edit_distance(reference: Sequence[str], read: Sequence[str]) -> int:
    """Levenshtein distance: fewest insertions, deletions and substitutions, each costing 1.

    Parameters
    ----------
    reference, read : sequence of str
        Strings (compared by character) or lists (by item, such as words).

    >>> edit_distance("kitten", "sitting")
    3
    """
    return int(_distances(*_codes(reference, read))[-1, -1])


def align(reference: Sequence[str], read: Sequence[str]) -> list[tuple[str | None, str | None]]:
    """Pair up what was written and what was read, at the edit distance.

    Returns
    -------
    list of (reference item or None, read item or None)
        In order; None on the left is an insertion, on the right a deletion.

    >>> align("cot", "coat")
    [('c', 'c'), ('o', 'o'), (None, 'a'), ('t', 't')]
    """
    a, b = _codes(reference, read)
    table = _distances(a, b)
    i, j = len(a), len(b)
    pairs: list[tuple[str | None, str | None]] = []
    while i or j:
        if i and j and table[i, j] == table[i - 1, j - 1] + (a[i - 1] != b[j - 1]):
            i, j = i - 1, j - 1
            pairs.append((reference[i], read[j]))
        elif i and table[i, j] == table[i - 1, j] + 1:
            i -= 1
            pairs.append((reference[i], None))
        else:
            j -= 1
            pairs.append((None, read[j]))
    pairs.reverse()
    return pairs


def confusions(pairs: Iterable[tuple[str | None, str | None]]) -> Counter[tuple[str, str]]:
    """Count the differing pairs of an alignment; "" stands for nothing."""
    return Counter((left or "", right or "") for left, right in pairs if left != right)


@dataclass(frozen=True)
class Errors:
    """Edits and what they are counted against; sums pool."""

    edits: int = 0
    total: int = 0

    def __add__(self, other: Errors) -> Errors:
        return Errors(self.edits + other.edits, self.total + other.total)

    @property
    def rate(self) -> float | None:
        """Edits per item of the reference (may pass 1); None if nothing was to be read."""
        return self.edits / self.total if self.total else None

    @property
    def accuracy(self) -> float:
        """Share read right, ``max(0, 1 - rate)``; for an empty reference 1 if nothing was read."""
        if not self.total:
            return 0.0 if self.edits else 1.0
        return max(0.0, 1.0 - self.edits / self.total)


def character_errors(reference: str, read: str) -> Errors:
    """Edits over reference characters; pooled they are the CER. Normalise both before."""
    return Errors(edit_distance(reference, read), len(reference))


def word_errors(reference: str, read: str) -> Errors:
    """Edits over reference words, split at whitespace; pooled they are the WER."""
    words = reference.split()
    return Errors(edit_distance(words, read.split()), len(words))


def letter_errors(reference: str, read: str) -> Errors:
    """Edits over reference characters with all whitespace dropped."""
    return character_errors("".join(reference.split()), "".join(read.split()))


def bootstrap_interval(
    parts: Sequence[Errors], level: float = 0.95, seed: int = 0
) -> tuple[float, float] | None:
    """Percentile bootstrap interval of the pooled error rate (Efron 1979).

    The parts (lines or files) are drawn again with replacement, as many as there are.

    Returns
    -------
    (low, high)
        Error rates; None for fewer than two parts or if nothing was to be read.
    """
    if len(parts) < 2 or not sum(part.total for part in parts):
        return None
    rng = np.random.default_rng(seed)
    edits = np.array([part.edits for part in parts])
    totals = np.array([part.total for part in parts])
    rates = []
    for _ in range(BOOTSTRAP_RESAMPLES):
        drawn = rng.integers(0, len(parts), len(parts))
        if total := totals[drawn].sum():
            rates.append(edits[drawn].sum() / total)
    tail = (1 - level) / 2
    low, high = np.quantile(rates, (tail, 1 - tail))
    return float(low), float(high)


def _codes(
    reference: Sequence[str], read: Sequence[str]
) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Both sequences as integers, equal items alike."""
    code: dict[str, int] = {}
    both = [code.setdefault(item, len(code)) for item in (*reference, *read)]
    numbers = np.array(both, dtype=np.intp)
    return numbers[: len(reference)], numbers[len(reference) :]


def _distances(a: NDArray[np.intp], b: NDArray[np.intp]) -> NDArray[np.int32]:
    """`(len(a) + 1, len(b) + 1)` table of distances between all beginnings (Wagner-Fischer).

    A row at a time: insertions run along the row, ``d[j] = min(c[j], d[j - 1] + 1)``, which is
    the running minimum of ``c[j] - j``, plus j.
    """
    columns = np.arange(len(b) + 1, dtype=np.int32)
    table = np.empty((len(a) + 1, len(b) + 1), dtype=np.int32)
    table[0] = columns
    for i, item in enumerate(a, start=1):
        above = table[i - 1]
        row = above + 1
        np.minimum(row[1:], above[:-1] + (b != item), out=row[1:])
        np.minimum.accumulate(row - columns, out=table[i])
        table[i] += columns
    return table

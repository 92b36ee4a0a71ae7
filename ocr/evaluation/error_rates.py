"""How far a reading is from the truth: edit distance, alignment, CER, WER, confusions."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from rapidfuzz.distance import Levenshtein

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
    return Levenshtein.distance(reference, read)


def align(reference: Sequence[str], read: Sequence[str]) -> list[tuple[str | None, str | None]]:
    """Pair up what was written and what was read, at the edit distance.

    Returns
    -------
    list of (reference item or None, read item or None)
        In order; None on the left is an insertion, on the right a deletion.

    >>> align("cot", "coat")
    [('c', 'c'), ('o', 'o'), (None, 'a'), ('t', 't')]
    """
    pairs: list[tuple[str | None, str | None]] = []
    for part in Levenshtein.opcodes(reference, read):
        left = reference[part.src_start : part.src_end]
        right = read[part.dest_start : part.dest_end]
        if part.tag == "insert":
            pairs += [(None, item) for item in right]
        elif part.tag == "delete":
            pairs += [(item, None) for item in left]
        else:
            pairs += zip(left, right, strict=True)
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
    """Edits over reference characters; pooled they are the CER. Normalize both before."""
    return Errors(edit_distance(reference, read), len(reference))


def word_errors(reference: str, read: str) -> Errors:
    """Edits over reference words, split at whitespace; pooled they are the WER."""
    words = reference.split()
    return Errors(edit_distance(words, read.split()), len(words))


def letter_errors(reference: str, read: str) -> Errors:
    """Edits over reference characters with all whitespace dropped."""
    return character_errors("".join(reference.split()), "".join(read.split()))


def bootstrap_interval(parts: Sequence[Errors], seed: int = 0) -> tuple[float, float] | None:
    """95 % percentile bootstrap interval of the pooled error rate (Efron 1979).

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
    low, high = np.quantile(rates, (0.025, 0.975))
    return float(low), float(high)

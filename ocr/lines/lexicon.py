"""Words to be expected: the common ones of a language, and those that a user names."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from itertools import repeat

import numpy as np
from numpy.typing import NDArray

from ocr.lines.folding import LAST_SYMBOL, SIGN, SIGNS, SPACE, SYMBOL_BITS, fold

STEPS_PER_NAT = 16.0  # quantization of logarithms in the file


class Lexicon:
    """Words to be expected, as a tree of folded symbols (a trie).

    Nodes are numbered level by level, so that the k-th edge leads to node ``k + FIRST``.

    Parameters
    ----------
    words : iterable of str
        White space parts words; case and accents do not count.
    weights : iterable of float, optional
        How likely each of `words` is beside the others; equally by default.

    Raises
    ------
    ValueError
        If there is not one word.
    """

    ENDED, NOWHERE, ROOT, FIRST = 0, 1, 2, 3  # nodes: among the signs after a word; no word; the
    # beginning of a word; the first that an edge leads to

    _SPACE_AFTER = 0.8  # share of the words that a space follows, and not a full stop, say

    def __init__(self, words: Iterable[str], weights: Iterable[float] | None = None) -> None:
        masses: dict[tuple[int, ...], float] = {}
        for line, weight in zip(words, repeat(1.0) if weights is None else weights, strict=False):
            for word in unicodedata.normalize("NFC", line).split():
                symbols = tuple(fold(c)[0] for c in word)
                masses[symbols] = weight if weights is None else masses.get(symbols, 0.0) + weight
        if not masses:
            raise ValueError("a lexicon needs at least one word")
        below: dict[tuple[int, ...], float] = {}  # of every beginning of a word
        for spelled, mass in masses.items():
            for length in range(len(spelled) + 1):
                below[spelled[:length]] = below.get(spelled[:length], 0.0) + mass
        nodes = sorted(below, key=lambda beginning: (len(beginning), beginning))
        number = {beginning: k + self.ROOT for k, beginning in enumerate(nodes)}
        self._set(
            np.array([number[n[:-1]] << SYMBOL_BITS | n[-1] for n in nodes[1:]], dtype=np.int64),
            np.array([below[n] / below[n[:-1]] for n in nodes[1:]]),
            np.array([masses.get(n, 0.0) / below[n] for n in nodes]),
        )

    def _set(
        self,
        keys: NDArray[np.int64],
        shares: NDArray[np.floating],
        endings: NDArray[np.floating],
    ) -> None:
        """Take edges (node and symbol, packed, ascending), their shares, and those of word ends."""
        self._keys = np.append(keys, np.iinfo(np.int64).max)  # a search never ends outside
        self._shares = np.append(shares, 0.0)
        self._endings = np.concatenate([[1.0, 0.0], endings])

    def advance(
        self, nodes: NDArray[np.int64], symbols: NDArray[np.int64], kinds: NDArray[np.int64]
    ) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
        """Probability of the next symbol of a word and where in the tree it leads.

        Parameters
        ----------
        nodes : (B,) int64 array
        symbols, kinds : (B, A) int64 arrays
            Symbol ids, `SPACE` among them, and the kinds of their characters.

        Returns
        -------
        (B, A) float64 array
            The signs that may follow a word share their probability.
        (B, A) int64 array
        """
        keys = nodes[:, None] << SYMBOL_BITS | symbols
        at = np.searchsorted(self._keys, keys)
        found = self._keys[at] == keys
        share = np.where(found, self._shares[at], 0.0)
        after = np.where(found, at + self.FIRST, self.NOWHERE)
        ending = self._endings[nodes][:, None]
        space = symbols == SPACE
        sign = (kinds == SIGN) & ~space
        share += ending * np.where(
            space, self._SPACE_AFTER, np.where(sign, (1 - self._SPACE_AFTER) / SIGNS, 0.0)
        )
        after = np.where(sign & ~found & (ending > 0), self.ENDED, after)
        return share, np.where(space, self.ROOT, after)

    def pack(self) -> dict[str, NDArray[np.uint8]]:
        """The arrays of a weight file: symbols, edges of each node, logarithms in eight bits."""
        keys = self._keys[:-1]
        edges = np.bincount(keys >> SYMBOL_BITS, minlength=len(self._endings))[self.ROOT :]
        logs = [
            np.clip(np.rint(-np.log(np.maximum(values, 1e-9)) * STEPS_PER_NAT), 0, 255)
            for values in (self._shares[:-1], self._endings[self.ROOT :])
        ]
        return {
            "word_symbols": (keys & LAST_SYMBOL).astype(np.uint8),
            "word_edges": edges.astype(np.uint8),
            "word_shares": logs[0].astype(np.uint8),
            "word_ends": logs[1].astype(np.uint8),
        }

    @classmethod
    def unpack(
        cls,
        word_symbols: NDArray[np.uint8],
        word_edges: NDArray[np.uint8],
        word_shares: NDArray[np.uint8],
        word_ends: NDArray[np.uint8],
    ) -> Lexicon:
        """Inverse of `pack`, but for the rounding; a node where 255 stands ends no word."""
        table = np.exp(-np.arange(256) / STEPS_PER_NAT)
        table[255] = 0.0
        if not (
            word_edges.sum() == len(word_symbols) == len(word_shares)
            and word_edges.shape == word_ends.shape
        ):
            raise ValueError("its words are damaged")
        nodes = np.repeat(np.arange(len(word_edges)) + cls.ROOT, word_edges)
        lexicon = cls.__new__(cls)
        lexicon._set(nodes << SYMBOL_BITS | word_symbols, table[word_shares], table[word_ends])
        return lexicon

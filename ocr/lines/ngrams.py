"""Character n-grams: how likely each symbol is after those before it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

from ocr.lines.folding import LAST_SYMBOL, START, SYMBOL_BITS, symbols_of
from ocr.lines.lexicon import Lexicon
from ocr.lines.spelling import Spellings

MAX_ORDER = 10  # symbols of an n-gram: as many as fit
_PACKED = (1 << SYMBOL_BITS * MAX_ORDER) - 1  # mask of so many symbols
PIECE = 1 << 15  # nodes whose branches are gathered at once: it bounds what loading takes
BEGINNING = 6  # symbols of a text that are scored after another one; later ones depend on it little
PAIRS = 1 << 12  # texts after texts that are scored at once: it bounds what memory that takes
STEPS_PER_NAT = 16.0  # quantization of logarithms in the file
BACKOFF_OFFSET = 128  # back-offs may be above 0; this value stands for 0


def _count_bits(numbers: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """How many bits of each number are set, for numpy before 2.0.

    Sums of two, of four, then of eight bits stand side by side in each number; the product adds up
    the last in its top byte.
    """
    pairs, fours = np.uint64(0x5555555555555555), np.uint64(0x3333333333333333)
    one, two, four, top = (np.uint64(k) for k in (1, 2, 4, 56))
    n = numbers - ((numbers >> one) & pairs)
    n = (n & fours) + ((n >> two) & fours)
    n = (n + (n >> four)) & np.uint64(0x0F0F0F0F0F0F0F0F)
    return (n * np.uint64(0x0101010101010101)) >> top


_ONE = np.uint64(1)
_BITS = _ONE << np.arange(1 << SYMBOL_BITS, dtype=np.uint64)
count_bits = getattr(np, "bitwise_count", _count_bits)


Coded = tuple[NDArray[np.float32], NDArray[np.integer]]
"""A table of values, and where in it each value stands."""


def coded(values: NDArray[np.floating]) -> Coded:
    """Values as a table of those that occur, and codes into it."""
    table, codes = np.unique(np.asarray(values, dtype=np.float32), return_inverse=True)
    return table, codes


def _padded(values: Coded, before: int, count: int) -> Coded:
    """The first `count` values with `before` zeros in front of them."""
    table, codes = values
    zero = np.flatnonzero(table == 0)
    if not len(zero):
        table, zero = np.append(table, np.float32(0)), np.array([len(table)])
    kind = np.min_scalar_type(len(table) - 1)
    padded = np.full(before + count, zero[0], dtype=kind)
    padded[before:] = codes[:count]
    return table, padded


class NgramModel:
    """Back-off n-gram over symbols, as a tree (a trie).

    A node is an n-gram, below it those that are one symbol longer, so that the nodes of a text's
    last symbols lead to those of its next ones without a search. Nodes are numbered by length and
    then by symbols; `NOTHING` stands for an n-gram that was never seen, `ROOT` for the empty one.

    Parameters
    ----------
    keys : (M,) int64 array, ascending
        n-grams of every length up to `order`, `SYMBOL_BITS` a symbol, the last symbol lowest, with
        each also those without its last or its first symbol.
    log_probs, backoffs : (M,) float32 arrays
        Natural logarithms: of an n-gram's probability, and of its weight as a context.
    order : int
        Length of the longest n-gram.

    Attributes
    ----------
    name : str
        Of the language; empty if it has none.
    spellings : Spellings or None
        How its words are written.
    words : Lexicon or None
        Its common words.
    """

    name = ""
    spellings: Spellings | None = None
    words: Lexicon | None = None

    NOTHING, ROOT, FIRST = 0, 1, 2  # nodes; the k-th n-gram is k + FIRST

    def __init__(
        self,
        keys: NDArray[np.int64],
        log_probs: NDArray[np.float32],
        backoffs: NDArray[np.float32],
        order: int,
    ) -> None:
        heads = keys >> SYMBOL_BITS
        parents = np.where(heads > 0, np.searchsorted(keys, heads) + self.FIRST, self.ROOT)
        inner = int(np.searchsorted(keys, np.int64(1) << SYMBOL_BITS * (order - 1)))
        below = np.bincount(parents, minlength=inner + self.FIRST)[self.ROOT :]
        self._set(keys & LAST_SYMBOL, below, coded(log_probs), coded(backoffs), order)

    @classmethod
    def of_tree(
        cls,
        symbols: NDArray[np.uint8],
        below: NDArray[np.uint8],
        log_probs: Coded,
        backoffs: Coded,
        order: int,
    ) -> NgramModel:
        """A model from each n-gram's last symbol, and how many nodes stand below each node.

        Parameters
        ----------
        symbols : (M,) array
        below : (1 + I,) array
            For the root, then for every n-gram but those of the full length.
        log_probs, backoffs : tables of values, (V,) float32, and codes into them, (M,)
            As of the class; back-offs of the longest n-grams may be left out.
        order : int
        """
        model = cls.__new__(cls)
        model._set(symbols, below, log_probs, backoffs, order)
        return model

    def _set(
        self,
        symbols: NDArray[np.integer],
        below: NDArray[np.integer],
        log_probs: Coded,
        backoffs: Coded,
        order: int,
    ) -> None:
        self.order = order
        inner = len(below) - 1  # n-grams shorter than the longest
        # Values are kept as codes of a byte: they are most of a model's memory.
        self._log_probs = _padded(log_probs, self.FIRST, len(symbols))
        self._backoffs = _padded(backoffs, self.FIRST, inner)
        # The first node below each, and which symbols lead on from it, a bit each: their nodes
        # stand side by side. A sum of bits that differ has them all; that it overflows on the way
        # does not matter to the difference of two.
        starts = np.zeros(len(below) + 1, dtype=np.int32)
        np.cumsum(below, out=starts[1:])
        self._first = np.zeros(self.FIRST + inner, dtype=np.int32)
        np.add(starts[:-1], self.FIRST, out=self._first[self.ROOT :])
        self._leads = np.zeros(self.FIRST + inner, dtype=np.uint64)
        for k in range(0, len(below), PIECE):
            part = starts[k : k + PIECE + 1]
            sums = np.zeros(part[-1] - part[0] + 1, dtype=np.uint64)
            bits = _ONE << symbols[part[0] : part[-1]].astype(np.uint64)
            np.cumsum(bits, out=sums[1:])
            sums = sums[part - part[0]]
            leads = self._leads[self.ROOT + k : self.ROOT + k + PIECE]
            np.subtract(sums[1:], sums[:-1], out=leads)

    @property
    def below(self) -> NDArray[np.uint8]:
        """How many nodes stand below the root and every n-gram but those of the full length."""
        return count_bits(self._leads[self.ROOT :]).astype(np.uint8)

    @property
    def symbols(self) -> NDArray[np.uint8]:
        """The last symbol of each n-gram."""
        leads = self._leads[self.ROOT :, None]
        parts = (leads[k : k + PIECE] & _BITS for k in range(0, len(leads), PIECE))
        return np.concatenate([np.nonzero(part)[1].astype(np.uint8) for part in parts])

    @property
    def logs(self) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Logarithms of each n-gram's probability, `(M,)`, and back-off weight, as a context."""
        (logs, log_codes), (backoffs, backoff_codes) = self._log_probs, self._backoffs
        return logs[log_codes[self.FIRST :]], backoffs[backoff_codes[self.FIRST :]]

    def start(self, count: int) -> NDArray[np.int64]:
        """`(count, order)` nodes of the last 0, 1, ... symbols where nothing is known yet."""
        nodes = np.full((count, self.order), self.NOTHING)
        nodes[:, 0] = self.ROOT
        return nodes

    def advance(
        self, nodes: NDArray[np.int64], symbols: NDArray[np.int64]
    ) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
        """Score the next symbols of some texts and move on.

        Parameters
        ----------
        nodes : (B, order) int64 array
            Of the last 0 to order-1 symbols of each text.
        symbols : (B, A) int64 array
            Candidates for the next symbol of each.

        Returns
        -------
        (B, A) float32 array
            Natural logarithm of each candidate's probability.
        (B, A, order) int64 array
            The nodes after it.
        """
        bits = _BITS[symbols][..., None]
        leads = self._leads[nodes][:, None]
        found = (leads & bits) != 0  # (B, A, order): whether an n-gram of each length is known
        after = self._first[nodes][:, None] + count_bits(leads & (bits - _ONE)).astype(np.int64)
        after *= found  # else NOTHING
        longest = self.order - 1 - np.argmax(found[..., ::-1], axis=-1)  # (B, A)
        # What is paid for the longer contexts, none of which leads on; a context never seen is free
        failed = np.zeros((len(nodes), self.order), dtype=np.float32)
        (logs, log_codes), (backoffs, backoff_codes) = self._log_probs, self._backoffs
        paid = backoffs[backoff_codes[nodes[:, :0:-1]]]
        failed[:, :-1] = np.cumsum(paid, axis=1)[:, ::-1]
        row, column = np.arange(len(nodes))[:, None], np.arange(symbols.shape[1])
        scores: NDArray[np.float32] = logs[log_codes[after[row, column, longest]]]
        scores += failed[row, longest]
        after[..., 1:] = after[..., :-1]
        after[..., 0] = self.ROOT
        return scores, after

    def nodes(self, contexts: NDArray[np.int64]) -> NDArray[np.int64]:
        """The `(B, order)` nodes of packed symbols, `(B,)`; 0 where nothing is known."""
        nodes = self.start(len(contexts))
        for place in range(self.order - 2, -1, -1):
            symbols = (contexts >> (SYMBOL_BITS * place)) & LAST_SYMBOL
            nodes = self.advance(nodes, symbols[:, None])[1][:, 0]
        return nodes

    def log_probs(
        self, contexts: NDArray[np.int64], symbols: NDArray[np.int64]
    ) -> NDArray[np.float32]:
        """Natural logarithm of the probability of `symbols` after `contexts`.

        Parameters
        ----------
        contexts : (B,) int64 array
            The symbols before, packed; 0 for none.
        symbols : (B, A) int64 array
            Symbol ids to be scored after each context.

        Returns
        -------
        (B, A) float32 array
        """
        return self.advance(self.nodes(contexts), symbols)[0]

    def bits(self, texts: Iterable[str]) -> float:
        """Bits that some lines of text cost together."""
        contexts, symbols = [], []
        for text in texts:
            own = symbols_of(text).tolist()
            contexts += _contexts(own)[:-1]
            symbols += own
        pairs = np.array([contexts, symbols], dtype=np.int64)
        return -float(self.log_probs(pairs[0], pairs[1][:, None]).sum()) / float(np.log(2))

    def continuations(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """How well each text goes on in each other one, with a space between the two.

        Returns
        -------
        (N, N) float32 array
            Natural logarithm of the probability that after the text of a row that of a column
            begins as it does.
        """
        count = len(texts)
        rows = [symbols_of(text + " ").tolist() for text in texts]
        ends = self.nodes(np.array([_contexts(row)[-1] for row in rows], dtype=np.int64))
        begin = np.array([(row + [0] * BEGINNING)[:BEGINNING] for row in rows], dtype=np.int64)
        begin = begin.reshape(count, BEGINNING)
        out = np.zeros((count, count), dtype=np.float32)
        for part in np.array_split(np.arange(count), 1 + count * count // PAIRS):
            nodes = np.repeat(ends[part], count, axis=0)
            for symbols in np.tile(begin.T[:, None], (1, len(part), 1)).reshape(BEGINNING, -1):
                scores, after = self.advance(nodes, symbols[:, None])
                out[part] += np.where(symbols > 0, scores[:, 0], 0).reshape(len(part), count)
                nodes = after[:, 0]
        return out


def _contexts(symbols: Sequence[int]) -> list[int]:
    """The packed symbols before each one of a line, and after the last."""
    found = [START]
    for symbol in symbols:
        found.append((found[-1] << SYMBOL_BITS | symbol) & _PACKED)
    return found


def pack(model: NgramModel) -> dict[str, NDArray[np.uint8]]:
    """The arrays of a weight file: the tree of n-grams, logarithms in eight bits."""
    logs, backoffs = model.logs
    return {
        "symbols": model.symbols,
        "below": model.below,
        "log_probs": np.clip(np.rint(-logs * STEPS_PER_NAT), 0, 255).astype(np.uint8),
        "backoffs": np.clip(
            np.rint(backoffs * STEPS_PER_NAT) + BACKOFF_OFFSET, 0, 255
        ).astype(np.uint8),
    }  # fmt: skip


def unpack(
    symbols: NDArray[np.uint8],
    below: NDArray[np.uint8],
    log_probs: NDArray[np.uint8],
    backoffs: NDArray[np.uint8],
    order: int,
) -> NgramModel:
    """Inverse of `pack`, but for the rounding."""
    steps = np.arange(256, dtype=np.float32)
    return NgramModel.of_tree(
        symbols,
        below,
        (-steps / np.float32(STEPS_PER_NAT), log_probs),
        ((steps - BACKOFF_OFFSET) / np.float32(STEPS_PER_NAT), backoffs),
        order,
    )

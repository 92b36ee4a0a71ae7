"""What text looks like: a character n-gram over folded text, other strings, and letter case.

Small models are mixed, so that language helps where there is language and stays silent elsewhere:

- an interpolated Kneser-Ney n-gram (Chen & Goodman 1999) over folded text: lower case, no accents,
  every digit one symbol, rare signs one symbol;
- lexicons: the language's common words, and those that a user expects;
- models of other strings (codes, numbers, names) and of single characters in a row, which know
  only that letters follow letters and digits digits. Every word is of one kind, and its characters
  so far tell which, so that a word that began unlike language is not bent into it;
- patterns of case: a word in capitals, lower case, with an initial capital, or mixed.

`TextModel.advance` is all that a beam search needs, over glyphs as over CTC outputs.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import repeat
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ocr.arrays import read_npz
from ocr.errors import ModelError
from ocr.lines.folding import SIGN, SYMBOLS, fold
from ocr.lines.spelling import Spellings
from ocr.weights import damaged, find_weights, read_metadata, verify

SYMBOL_BITS = 6  # bits of a symbol in a packed n-gram; 0 is "nothing known"
SPACE, OTHER_SIGN, START = 1, len(SYMBOLS) - 1, len(SYMBOLS)  # SYMBOLS[k] has the id k + 1
_LAST = (1 << SYMBOL_BITS) - 1  # mask of a packed n-gram's last symbol
_PACKED = (1 << 60) - 1  # mask of as many symbols as fit
PIECE = 1 << 17  # nodes whose branches are gathered at once: it bounds what loading takes
MAX_ORDER = 10  # symbols of an n-gram: as many as fit
STEPS_PER_NAT = 16.0  # quantisation of log-probabilities and back-offs in the file
BACKOFF_OFFSET = 128  # back-offs may be above 0; this value stands for 0

FOLDED_LETTERS, DIGITS, SIGNS = 26, 10, 32  # how many characters a kind has
DOUBT = 12.0  # bits that a language other than the first must save on a page to be taken


def _count_bits(numbers: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """How many bits of each number are set, for numpy before 2.0."""
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
    words : Lexicon, optional
        The language's common words.

    Attributes
    ----------
    name : str
        Of the language; empty if it has none.
    spellings : Spellings or None
        How its words are written.
    """

    name = ""
    spellings: Spellings | None = None

    NOTHING, ROOT, FIRST = 0, 1, 2  # nodes; the k-th n-gram is k + FIRST

    def __init__(
        self,
        keys: NDArray[np.int64],
        log_probs: NDArray[np.float32],
        backoffs: NDArray[np.float32],
        order: int,
        words: Lexicon | None = None,
    ) -> None:
        heads = keys >> SYMBOL_BITS
        parents = np.where(heads > 0, np.searchsorted(keys, heads) + self.FIRST, self.ROOT)
        inner = int(np.searchsorted(keys, np.int64(1) << SYMBOL_BITS * (order - 1)))
        below = np.bincount(parents, minlength=inner + self.FIRST)[self.ROOT :]
        self.words = words
        self._set(keys & _LAST, below, coded(log_probs), coded(backoffs), order)

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
        model.words = None
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
        self.symbols, self.below = symbols.astype(np.uint8), below.astype(np.uint8)
        # Values are kept as codes of a byte: they are most of a model's memory.
        self._log_probs = _padded(log_probs, self.FIRST, len(symbols))
        self._backoffs = _padded(backoffs, self.FIRST, inner)
        # The first node below each, and which symbols lead on from it, a bit each: their nodes
        # stand side by side.
        self._first = np.zeros(self.FIRST + inner, dtype=np.int32)
        np.cumsum(self.below[:-1], out=self._first[self.FIRST :])
        self._first[self.ROOT :] += self.FIRST
        self._leads = np.zeros(self.FIRST + inner, dtype=np.uint64)
        some = np.flatnonzero(self.below)
        if len(some):
            starts = self._first[some + self.ROOT] - self.FIRST
            ends = np.append(starts[1:], len(self.symbols))
            for k in range(0, len(some), PIECE):
                last = min(k + PIECE, len(some))
                bits = _BITS[self.symbols[starts[k] : ends[last - 1]]]
                found = np.bitwise_or.reduceat(bits, starts[k:last] - starts[k])
                self._leads[some[k:last] + self.ROOT] = found

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
            symbols = (contexts >> (SYMBOL_BITS * place)) & _LAST
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
            context = START
            for symbol in (SPACE if c == " " else fold(c)[0] for c in text):
                contexts.append(context)
                symbols.append(symbol)
                context = (context << SYMBOL_BITS | symbol) & _PACKED
        pairs = np.array([contexts, symbols], dtype=np.int64)
        return -float(self.log_probs(pairs[0], pairs[1][:, None]).sum()) / float(np.log(2))


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
            for word in line.split():
                symbols = tuple(fold(c)[0] for c in word)
                masses[symbols] = weight if weights is None else masses.get(symbols, 0.0) + weight
        if not masses:
            raise ValueError("a lexicon needs at least one word")
        below: dict[tuple[int, ...], float] = {}  # of every beginning of a word
        for spelt, mass in masses.items():
            for length in range(len(spelt) + 1):
                below[spelt[:length]] = below.get(spelt[:length], 0.0) + mass
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
            "word_symbols": (keys & ((1 << SYMBOL_BITS) - 1)).astype(np.uint8),
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


def load_language(name: str | Path = "english") -> NgramModel:
    """Load an n-gram model from a path or the name of an installed weight file.

    Raises
    ------
    ModelError
        The file is missing, damaged, foreign, newer than this version, or no language model.
    """
    path = find_weights(str(name))
    metadata = read_metadata(path)
    if metadata.kind != "language" or "".join(metadata.charset) != SYMBOLS:
        raise ModelError(f"{path}: not a language model that this version understands.")
    verify(path)
    try:
        data = read_npz(path)
        tree = {name: data[name] for name in ("symbols", "below", "log_probs", "backoffs")}
        words, spellings = (
            {name: data[name] for name in data if name.startswith(kind)}
            for kind in ("word_", "spelling_")
        )
        order = metadata.architecture["order"]
        if not isinstance(order, int) or not 1 < order <= MAX_ORDER:
            raise ValueError("its description tells no usable order")
        if not all(one.ndim == 1 and one.dtype == np.uint8 for one in tree.values()):
            raise ValueError("its arrays are of another kind")
        nodes, inner = len(tree["symbols"]), len(tree["below"]) - 1
        counts = (tree["below"].sum(dtype=np.int64), len(tree["log_probs"]))
        if counts != (nodes, nodes) or not 0 < len(tree["backoffs"]) == inner <= nodes:
            raise ValueError("its arrays do not go together")
        model = unpack(**tree, order=order)
        model.name = metadata.name
        if spellings:
            model.spellings = Spellings.unpack(**spellings)
        if words:
            model.words = Lexicon.unpack(**words)
    # TypeError and IndexError: arrays that do not go together.
    except (OSError, KeyError, ValueError, TypeError, IndexError) as error:
        raise damaged(path, error) from None
    return model


def flat() -> NgramModel:
    """A model that knows no language: every symbol is as likely, whatever was before."""
    count = len(SYMBOLS)
    logs = np.full(count, -np.log(count), dtype=np.float32)
    return NgramModel(np.arange(1, count + 1), logs, np.zeros(count, dtype=np.float32), order=2)


def likeliest(models: Sequence[NgramModel], texts: Iterable[str]) -> int:
    """Index of the model that explains some lines of text best; the first is taken in doubt."""
    if len(models) < 2:
        return 0
    rows = list(texts)
    bits = [model.bits(rows) for model in models]
    bits[0] -= DOUBT
    return int(np.argmin(bits))


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

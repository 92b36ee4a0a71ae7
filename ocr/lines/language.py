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

import unicodedata
from collections.abc import Iterable, Sequence
from functools import lru_cache
from itertools import repeat
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ocr.arrays import read_npz
from ocr.errors import ModelError
from ocr.weights import damaged, find_weights, read_metadata, verify

# '0' any digit, '#' any other sign, and the line feed a line's beginning
SYMBOLS = " abcdefghijklmnopqrstuvwxyz0.,'\"-;:!?()&/#\n"
SYMBOL_BITS = 6  # bits of a symbol in a packed n-gram; 0 is "nothing known"
SPACE, OTHER_SIGN, START = 1, len(SYMBOLS) - 1, len(SYMBOLS)  # SYMBOLS[k] has the id k + 1
MAX_ORDER = 10  # symbols of an n-gram: as many as a key of 64 bits holds
KEY_BYTES = 6  # bytes of a packed n-gram in the file
STEPS_PER_NAT = 16.0  # quantisation of log-probabilities and back-offs in the file
BACKOFF_OFFSET = 128  # back-offs may be above 0; this value stands for 0

_VARIANTS = {"’": "'", "‘": "'", "“": '"', "”": '"', "«": '"', "»": '"', "–": "-", "—": "-"}

LETTER, DIGIT, SIGN, NOTHING = range(4)  # kinds of characters; NOTHING at the start of a line
FOLDED_LETTERS, DIGITS, SIGNS = 26, 10, 32  # how many characters a kind has
DOUBT = 12.0  # bits that a language other than the first must save on a page to be taken


@lru_cache(maxsize=4096)
def fold(character: str) -> tuple[int, int, int]:
    """Symbol id, kind, and case (0 lower, 1 upper, 2 without) of one character."""
    character = _VARIANTS.get(character, character)
    base = unicodedata.normalize("NFD", character)[0]
    if base.isdigit():
        return SYMBOLS.index("0") + 1, DIGIT, 2
    lower = base.lower()
    if len(lower) == 1 and "a" <= lower <= "z":
        return SYMBOLS.index(lower) + 1, LETTER, int(base != lower)
    known = base if base in SYMBOLS else "#"
    return SYMBOLS.index(known) + 1, SIGN, 2


class NgramModel:
    """Back-off n-gram over symbols, as sorted packed keys.

    Parameters
    ----------
    keys : (M,) int64 array, ascending
        n-grams of every length up to `order`, `SYMBOL_BITS` a symbol, the last symbol lowest.
        Every single symbol is among them.
    log_probs, backoffs : (M,) float32 arrays
        Natural logarithms: of an n-gram's probability, and of its weight as a context.
    order : int
        Length of the longest n-gram.
    words : Lexicon, optional
        The language's common words.
    """

    def __init__(
        self,
        keys: NDArray[np.int64],
        log_probs: NDArray[np.float32],
        backoffs: NDArray[np.float32],
        order: int,
        words: Lexicon | None = None,
    ) -> None:
        self.order = order
        self.words = words
        self._keys = np.append(keys, np.iinfo(np.int64).max)  # so that a search never ends outside
        self._log_probs = np.append(log_probs, np.float32(0))
        self._backoffs = np.append(backoffs, np.float32(0))
        self._masks = (np.int64(1) << (SYMBOL_BITS * np.arange(1, order + 1))) - 1
        self._shortest = np.int64(1) << (SYMBOL_BITS * np.arange(order - 1))  # real at each length

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
        # Weights of the contexts of length 1 to order-1, 0 where one was never seen; then, for an
        # n-gram found at length n, the sum over the longer contexts that failed.
        heads = contexts[:, None] & self._masks[:-1]  # (B, order-1)
        at = np.searchsorted(self._keys, heads)
        seen = (self._keys[at] == heads) & (heads >= self._shortest)
        weights = np.where(seen, self._backoffs[at], np.float32(0))
        failed = np.zeros((len(contexts), self.order), dtype=np.float32)
        failed[:, :-1] = np.cumsum(weights[:, ::-1], axis=1)[:, ::-1]
        grams = ((contexts[:, None] << SYMBOL_BITS) | symbols)[..., None] & self._masks
        at = np.searchsorted(self._keys, grams)  # (B, A, order)
        found = self._keys[at] == grams
        longest = self.order - 1 - np.argmax(found[..., ::-1], axis=-1)  # (B, A)
        row, column = np.arange(len(contexts))[:, None], np.arange(symbols.shape[1])
        scores: NDArray[np.float32] = self._log_probs[at[row, column, longest]]
        return scores + failed[row, longest]

    def bits(self, texts: Iterable[str]) -> float:
        """Bits that some lines of text cost together."""
        mask = int(self._masks[-2])
        contexts, symbols = [], []
        for text in texts:
            context = START
            for symbol in (SPACE if c == " " else fold(c)[0] for c in text):
                contexts.append(context & mask)
                symbols.append(symbol)
                context = context << SYMBOL_BITS | symbol
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
        planes, log_probs, backoffs = data["deltas"], data["log_probs"], data["backoffs"]
        words = {name: data[name] for name in data if name.startswith("word_")}
        order = metadata.architecture["order"]
        if not (
            isinstance(order, int)
            and 1 < order <= MAX_ORDER
            and planes.ndim == 2
            and log_probs.shape == backoffs.shape == planes.shape[1:]
            and all(one.dtype == np.uint8 for one in (planes, log_probs, backoffs))
        ):
            raise ValueError("its arrays do not go together")
        model = unpack(planes, log_probs, backoffs, order)
        if words:
            model.words = Lexicon.unpack(**words)
    # TypeError and IndexError: arrays of words that do not go together.
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


def pack(
    keys: NDArray[np.int64], log_probs: NDArray[np.float64], backoffs: NDArray[np.float64]
) -> dict[str, NDArray[np.uint8]]:
    """The arrays of a weight file: key differences by byte planes, logarithms in eight bits."""
    bytes_ = np.diff(keys, prepend=0).astype("<i8").view(np.uint8).reshape(-1, 8)
    return {
        "deltas": np.ascontiguousarray(bytes_.T[:KEY_BYTES]),
        "log_probs": np.clip(np.rint(-log_probs * STEPS_PER_NAT), 0, 255).astype(np.uint8),
        "backoffs": np.clip(
            np.rint(backoffs * STEPS_PER_NAT) + BACKOFF_OFFSET, 0, 255
        ).astype(np.uint8),
    }  # fmt: skip


def unpack(
    deltas: NDArray[np.uint8],
    log_probs: NDArray[np.uint8],
    backoffs: NDArray[np.uint8],
    order: int,
) -> NgramModel:
    """Inverse of `pack`, but for the rounding."""
    keys = np.zeros(deltas.shape[1], dtype=np.int64)
    for plane in deltas[::-1]:
        keys <<= 8
        keys |= plane
    np.cumsum(keys, out=keys)
    steps = np.arange(256, dtype=np.float32)
    return NgramModel(
        keys,
        (-steps / np.float32(STEPS_PER_NAT))[log_probs],
        ((steps - BACKOFF_OFFSET) / np.float32(STEPS_PER_NAT))[backoffs],
        order,
    )

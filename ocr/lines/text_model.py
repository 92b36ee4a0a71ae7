"""How likely text is, character by character: a language, other strings, letter case.

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
from collections.abc import Sequence
from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray

from ocr.lines.folding import (
    DIGIT,
    DIGITS,
    FOLDED_LETTERS,
    LAST_SYMBOL,
    NOTHING,
    OTHER_SIGN,
    SIGN,
    SIGNS,
    SPACE,
    START,
    SYMBOL_BITS,
    SYMBOLS,
    fold,
)
from ocr.lines.lexicon import Lexicon
from ocr.lines.ngrams import NgramModel

_STOPS = np.array([sign in ".!?" for sign in "\0" + SYMBOLS])  # by symbol id

# Case patterns of a word: capitals, lower case, initial capital, mixed.
PATTERNS = ("upper", "lower", "title", "mixed")
_LOWER, _TITLE = 1, 2
_LINE_START = len(PATTERNS)  # row of `TextConfig.next_pattern`

Table = tuple[tuple[float, ...], ...]


@dataclass(frozen=True)
class TextConfig:
    """What is known of text before any language.

    Words are of three kinds: language; other strings (codes, numbers, names), which know only that
    letters follow letters and digits digits; and single characters in a row, as in `A B C`.
    Set by hand between prose, lists, notes and headings, but for two: `digit_shares` were counted,
    in what is not known any more, and `lexicon_share` was compared with others on the lines of
    `models/english.md`.

    Attributes
    ----------
    digit_shares : ten floats
        Of the digits, how many are 0 to 9.
    string_inside, single_inside : (3, 4) floats
        Probabilities of a letter, a digit, a sign or the word's end after a letter, digit or sign
        inside a word of the latter two kinds: runs of one kind are long, strings of four or five
        characters usual.
    string_begin, single_begin : (4, 3) floats
        Of a letter, digit or sign at its beginning, after those or at a line's start.
    first_word : three floats
        The kind of the first word of a line.
    next_word : (3, 3) floats
        The kind of a word after one of each kind (rows).
    lexicon_share : float
        Of language's words, how many are of a lexicon, of the rest how many of the next.
    next_pattern : (5, 4) floats
        The case pattern of a word; the rows are that of the word before and the start of a line.
        The page's own prior multiplies them.
    stop_raises : float
        Of the lower-case words, how many begin with a capital after a full stop.
    upper_first, upper_later : four floats
        Share of capitals among a word's first letters, and among the later ones, by pattern.
    """

    digit_shares: tuple[float, ...] = (0.19, 0.20, 0.13, 0.08, 0.06, 0.07, 0.06, 0.06, 0.07, 0.08)
    string_inside: Table = (
        (0.62, 0.08, 0.06, 0.24),
        (0.08, 0.60, 0.10, 0.22),
        (0.35, 0.35, 0.10, 0.20),
    )
    string_begin: Table = (
        (0.80, 0.13, 0.07),
        (0.20, 0.72, 0.08),
        (0.45, 0.45, 0.10),
        (0.60, 0.32, 0.08),
    )
    single_inside: Table = ((0.01, 0.01, 0.01, 0.97),) * 3
    single_begin: Table = (
        (0.93, 0.04, 0.03),
        (0.04, 0.93, 0.03),
        (0.45, 0.45, 0.10),
        (0.60, 0.32, 0.08),
    )
    first_word: tuple[float, ...] = (0.75, 0.17, 0.08)
    next_word: Table = ((0.92, 0.06, 0.02), (0.35, 0.60, 0.05), (0.25, 0.10, 0.65))
    lexicon_share: float = 0.5
    next_pattern: Table = (
        (0.88, 0.05, 0.05, 0.02),
        (0.03, 0.83, 0.13, 0.01),
        (0.05, 0.56, 0.38, 0.01),
        (0.20, 0.35, 0.25, 0.20),
        (0.30, 0.35, 0.32, 0.03),
    )
    stop_raises: float = 0.85
    upper_first: tuple[float, ...] = (0.995, 0.005, 0.995, 0.5)
    upper_later: tuple[float, ...] = (0.990, 0.003, 0.003, 0.5)


CONFIG = TextConfig()


@dataclass(frozen=True)
class State:
    """Where B hypotheses stand in the text; every field has B rows.

    `context` packs the last two symbols, `grams` are the nodes of the last ones in the n-gram,
    `node` are the places in the lexicons, `word` is the
    probability of each kind of word, `case` that of each case pattern, `fresh` says that the word
    has no letter yet, and `kind` is the kind of the last character that is not a space.
    """

    context: NDArray[np.int64]
    grams: NDArray[np.int64]
    node: NDArray[np.int64]
    word: NDArray[np.float64]
    case: NDArray[np.float64]
    fresh: NDArray[np.bool_]
    kind: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.context)

    def take(self, rows: NDArray[np.int64]) -> State:
        """The hypotheses `rows`, in that order."""
        return State(*(getattr(self, name).take(rows, axis=0) for name in _FIELDS))

    def joined(self, others: State) -> State:
        """These hypotheses and then the others."""
        pairs = ((getattr(self, name), getattr(others, name)) for name in _FIELDS)
        return State(*(np.concatenate(pair) for pair in pairs))

    def put(self, rows: NDArray[np.int64], others: State) -> None:
        """Replace the hypotheses `rows` by `others`, in place."""
        for name in _FIELDS:
            getattr(self, name)[rows] = getattr(others, name)


_FIELDS = tuple(field.name for field in fields(State))  # asked for at every step of a search


class TextModel:
    """Probability of the next character of a line, over a given set of characters.

    Parameters
    ----------
    ngrams : NgramModel
    charset : sequence of str
        The characters to be told apart; index k of `advance` is ``charset[k]``, and
        ``len(charset)`` is the space.
    case_prior : (4,) array, optional
        Weights of the `PATTERNS` on this page, multiplied into the model's own.
    lexicon : Lexicon, optional
        Words to be expected.

    Attributes
    ----------
    symbols : (len(charset) + 1,) int64 array
        The symbol that each character, and then the space, is folded to.
    kinds : (len(charset) + 1,) int64 array
        0 for letters, 1 for digits, 2 for signs and 3 for the space.
    """

    def __init__(
        self,
        ngrams: NgramModel,
        charset: tuple[str, ...],
        case_prior: NDArray[np.float64] | None = None,
        lexicon: Lexicon | None = None,
    ) -> None:
        self.ngrams, self.lexicon = ngrams, lexicon
        # Further kinds of words: the language's common ones, and those to be expected.
        self._lexicons = [found for found in (ngrams.words, lexicon) if found is not None]
        self._first_word, self._next_word = np.array(CONFIG.first_word), np.array(CONFIG.next_word)
        for _ in self._lexicons:  # each takes its share of language's, and is followed as language
            self._first_word, following = (
                np.append(kinds, kinds[..., :1] * CONFIG.lexicon_share, axis=-1)
                * np.append([1 - CONFIG.lexicon_share], np.ones(kinds.shape[-1]))
                for kinds in (self._first_word, self._next_word)
            )
            self._next_word = np.vstack([following, following[:1]])
        self.space = len(charset)
        folded = np.array([fold(c) for c in charset] + [(SPACE, SIGN, 2)], dtype=np.int64)
        self.symbols, self._kind, self._case = folded.T
        # A digit is its share of its symbol, and a rare sign its share of the rest.
        rare = SIGNS - sum(fold(c)[1] == SIGN for c in SYMBOLS[1:-2])
        self._share = np.ones(len(folded))
        for k in np.flatnonzero(self._kind == DIGIT):
            self._share[k] = CONFIG.digit_shares[unicodedata.digit(charset[k])]
        self._share[self.symbols == OTHER_SIGN] = 1 / rare
        size = np.array([FOLDED_LETTERS, DIGITS, SIGNS, 1.0])
        ends = len(size) - 1  # column of a word's end
        self.kinds = np.where(np.arange(len(folded)) == self.space, ends, self._kind)
        others = []
        for inside, begin in (
            (CONFIG.string_inside, CONFIG.string_begin),
            (CONFIG.single_inside, CONFIG.single_begin),
        ):
            # No word is empty; and what is before a word's later characters is never nothing.
            first = np.hstack([begin, np.full((4, 1), 1e-6)])
            later = np.vstack([inside, np.full((1, 4), 1 / 4)])
            others.append((np.stack([later, first]) / size)[..., self.kinds])
        self._others = np.stack(others, axis=-1)  # (begins, kind before, character, 2)
        upper = np.array([CONFIG.upper_later, CONFIG.upper_first])
        self._case_table = np.stack([1 - upper, upper, np.ones((2, 4))])  # (case, fresh, pattern)
        prior = np.ones(4) if case_prior is None else np.asarray(case_prior, dtype=np.float64)
        self._next_case = np.array(CONFIG.next_pattern) * prior
        self._next_case /= self._next_case.sum(axis=1, keepdims=True)
        self._start = ngrams.nodes(np.array([START]))

    def start(self, count: int) -> State:
        """`count` hypotheses at the beginning of a line."""
        return State(
            np.full(count, START, dtype=np.int64),
            self._start.repeat(count, axis=0),
            np.full((count, len(self._lexicons)), Lexicon.ROOT, dtype=np.int64),
            np.tile(self._first_word, (count, 1)),
            np.tile(self._next_case[_LINE_START], (count, 1)),
            np.ones(count, dtype=bool),
            np.full(count, NOTHING),
        )

    def advance(
        self, state: State, characters: NDArray[np.int64]
    ) -> tuple[NDArray[np.float64], State]:
        """Score the next character and move on.

        Parameters
        ----------
        state : State of B hypotheses
        characters : (B, A) int64 array
            Candidates for the next character of each, as indices into the charset.

        Returns
        -------
        (B, A) float64 array
            Natural logarithm of each candidate's probability.
        State of B * A hypotheses
            Row ``b * A + a`` is hypothesis b after its candidate a; see `State.take`.
        """
        symbols = self.symbols[characters]
        case = self._case[characters]
        before = state.context & LAST_SYMBOL
        begins = (before == SPACE) | (before == START)
        # (B, A, kinds): the kinds of word weighted by how well they explain this character
        words = np.empty((*characters.shape, len(self._first_word)))
        scores, grams = self.ngrams.advance(state.grams, symbols)
        words[..., 0] = np.exp(scores)
        words[..., 0] *= self._share[characters]
        words[..., 1:3] = self._others[
            begins.astype(np.int64)[:, None], state.kind[:, None], characters
        ]
        node = np.empty((*characters.shape, len(self._lexicons)), dtype=np.int64)
        kinds = self._kind[characters]
        spelled = np.where(kinds == SIGN, 1.0, self._share[characters])  # one digit among ten
        for k, lexicon in enumerate(self._lexicons):
            expected, node[..., k] = lexicon.advance(state.node[:, k], symbols, kinds)
            words[..., 3 + k] = expected * spelled
        words *= state.word[:, None]
        text = words.sum(axis=-1)
        # (B, A, 4): the patterns weighted by how well they explain this character's case
        patterns = state.case[:, None] * self._case_table[case, state.fresh[:, None].astype(int)]
        cased = patterns.sum(axis=-1)
        after = State(
            ((before[:, None] << SYMBOL_BITS) | symbols).ravel(),
            grams.reshape(text.size, self.ngrams.order),
            node.reshape(text.size, len(self._lexicons)),
            (words / text[..., None]).reshape(text.size, words.shape[-1]),
            (patterns / cased[..., None]).reshape(-1, 4),
            (state.fresh[:, None] & (case == 2)).ravel(),
            np.where(characters == self.space, state.kind[:, None], self._kind[characters]).ravel(),
        )
        self._begin_words(after, np.flatnonzero(characters.ravel() == self.space))
        return np.log(text) + np.log(cased), after

    def _begin_words(self, state: State, rows: NDArray[np.int64]) -> None:
        """Let the words of `rows`, which a space has ended, pass on what the next may be."""
        if not len(rows):
            return
        state.word[rows] = state.word[rows] @ self._next_word
        before = state.context[rows] >> SYMBOL_BITS
        # A number says nothing of case: what was expected before it is expected after it.
        lettered = ~state.fresh[rows, None]
        following = np.where(lettered, state.case[rows] @ self._next_case[:4], state.case[rows])
        raised = np.where(_STOPS[before], CONFIG.stop_raises, 0.0) * following[:, _LOWER]
        following[:, _LOWER] -= raised
        following[:, _TITLE] += raised
        state.case[rows] = following
        state.fresh[rows] = True

    def character_logs(self, texts: Sequence[NDArray[np.int64]]) -> list[NDArray[np.float64]]:
        """Natural logarithm of the probability of each character of some lines.

        Parameters
        ----------
        texts : sequence of (n,) int64 arrays
            Indices into the charset, as for `advance`.

        Returns
        -------
        list of (n,) float64 arrays
        """
        order = sorted(range(len(texts)), key=lambda k: -len(texts[k]))
        logs: list[NDArray[np.float64]] = [np.empty(len(text)) for text in texts]
        state = self.start(len(order))
        for place in range(len(texts[order[0]]) if order else 0):
            while len(texts[order[-1]]) == place:
                order.pop()
            if len(order) < len(state):
                state = state.take(np.arange(len(order)))
            scores, state = self.advance(state, np.array([[texts[k][place]] for k in order]))
            for k, score in zip(order, scores[:, 0], strict=True):
                logs[k][place] = score
        return logs

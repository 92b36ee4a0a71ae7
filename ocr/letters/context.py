"""Settle single letters by their line: size, position, neighbors, words and case.

A glyph cut out of its line cannot tell 0 from O from o, a comma from an apostrophe, or a poor H
from an A. The line can: a beam search over each glyph's likely characters weighs the classifier,
how the box sits between baseline and cap height, and `ocr.lines.language`. Language decides between
characters that the shape leaves open and never against clear ink.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ocr.letters.sizes import Floats, size_scores
from ocr.lines.language import Lexicon, NgramModel
from ocr.lines.text_model import PATTERNS, State, TextModel

# Characters of one shape. A share of what the classifier gives to one of them is shared out among
# all, since normalized glyphs have lost the size; the line takes over from there.
SAME_SHAPE = ("0Oo", "1Il|", "Cc", "Ss", "Uu", "Vv", "Ww", "Xx", "Zz", ".,'`", "-_~")
SIMILAR_SHAPE = ("5Ss", "2Zz", "Pp", "Kk", "Mm", "Yy", "Jj", "Ff", "Tt", "Nn", "9gq", "6b", "1l/!")

NEUTRAL_CASE = np.array([0.30, 0.35, 0.32, 0.03])  # shares of the case patterns over all pages


@dataclass(frozen=True)
class ContextConfig:
    """How shape, size and language are weighed, and how far the search goes.

    Chosen one at a time by `python -m training.recipes.context --search` over an early classifier's
    rows of EMNIST and UNIPEN valid glyphs; how `candidates`, `lag`, `floor`, `case_trust`
    and `single` were chosen is not known any more.

    Attributes
    ----------
    same_share, similar_share : float
        Of a character's probability, what is shared out among those of its shape, and of a similar
        one.
    size_weight, language_weight : float
        Of the logarithms of size and of language beside those of shape.
    clear : float
        A character less likely than this share of the best is not considered. It could go lower
        still for a little more; it stays where clear ink (above 0.99) cannot be changed.
    candidates : int
        Characters considered for a glyph.
    width : int
        Hypotheses kept for a line.
    lag : int
        Letters after which the probabilities of one are settled.
    local_share : float
        Of a confidence, what comes from the glyph alone.
    floor : float
        Least probability of an allowed character.
    case_trust : float
        Words of neutral prior against which a page's own words are counted.
    single : float
        Words that a single letter counts for: one capital may be of either pattern.
    """

    same_share: float = 0.6
    similar_share: float = 0.06
    size_weight: float = 1.0
    language_weight: float = 0.6
    clear: float = 0.01
    candidates: int = 7
    width: int = 16
    lag: int = 6
    local_share: float = 0.05
    floor: float = 1e-6
    case_trust: float = 3.0
    single: float = 0.3


CONFIG = ContextConfig()


@dataclass(frozen=True)
class LineGlyphs:
    """What is known of the n letters of a line, left to right.

    `proba` is (n, K) float32, calibrated probabilities over the classifier's charset; `boxes` is
    (n, 4) int, ``[y1, x1, y2, x2]`` in pixels of any scale, tilted as the page is; `starts` is (n,)
    bool, True where a word begins.
    """

    proba: NDArray[np.float32]
    boxes: NDArray[np.intp]
    starts: NDArray[np.bool_]


class LetterReading(NamedTuple):
    """A letter as read: its text, the probability that it is right, and the next best."""

    text: str
    confidence: float
    alternatives: tuple[tuple[str, float], ...]


class _Searched(NamedTuple):
    """The outcome of the search for the n letters of a line.

    Attributes
    ----------
    candidates : (n, C) int64 array
        Classes that each letter may be.
    scores : (n, C) float array
        Logarithms of their probabilities by shape and size; -inf where there are fewer.
    posterior : (n, C) float array
        Share of the hypotheses' probability that chose each.
    path : (n,) int64 array
        Columns of the candidates that the best hypothesis chose.
    """

    candidates: NDArray[np.int64]
    scores: Floats
    posterior: Floats
    path: NDArray[np.int64]


def decode_page(
    lines: Sequence[LineGlyphs],
    charset: Sequence[str],
    ngrams: NgramModel,
    allowed: Collection[str] | None = None,
    lexicon: Lexicon | None = None,
) -> list[list[LetterReading]]:
    """Read the letters of a page.

    The lines are decoded side by side, twice: the second time with the page's own habit of case,
    as a page in capitals stays in capitals.

    Parameters
    ----------
    lines : sequence of LineGlyphs
    charset : sequence of str
        The K characters of the classifier.
    ngrams : NgramModel
    allowed : collection of str, optional
        The only characters that may be read; at least one must be in `charset`.
    lexicon : Lexicon, optional
        Words to be expected.

    Returns
    -------
    list of lists of LetterReading
        As `lines`.

    Raises
    ------
    ValueError
        If no character of `charset` is allowed.
    """
    charset = tuple(charset)
    order = sorted(
        (k for k in range(len(lines)) if len(lines[k].proba)), key=lambda k: -len(lines[k].proba)
    )
    if not order:
        return [[] for _ in lines]
    spread = _spread(charset, allowed)
    used = [lines[k] for k in order]
    probas = [
        np.maximum(line.proba @ spread, CONFIG.floor) * (spread.sum(axis=0) > 0) for line in used
    ]
    probas = [p / p.sum(axis=1, keepdims=True) for p in probas]
    sizes = size_scores(probas, [line.boxes for line in used], charset)
    local = []
    for proba, size in zip(probas, sizes, strict=True):
        with np.errstate(divide="ignore"):
            local.append(np.log(proba) + CONFIG.size_weight * size)
    starts = [line.starts for line in used]
    found = _search(local, starts, TextModel(ngrams, charset, None, lexicon))
    texts = [
        [charset[row[k]] for row, k in zip(line.candidates.tolist(), line.path, strict=True)]
        for line in found
    ]
    prior = case_prior(texts, starts)
    found = _search(local, starts, TextModel(ngrams, charset, prior, lexicon))
    read: list[list[LetterReading]] = [[] for _ in lines]
    for k, line in zip(order, found, strict=True):
        read[k] = [
            LetterReading(charset[r[0][0]], r[0][1], tuple((charset[c], p) for c, p in r[1:4]))
            for r in _ranked(line)
        ]
    return read


def shapes(charset: tuple[str, ...]) -> NDArray[np.float32]:
    """Which characters look alike once their size is lost: cases of a letter, O and 0, ...

    Returns
    -------
    (K, S) float32 array
        ``probabilities @ shapes`` adds up those of one shape.
    """
    name = {character: group[0].lower() for group in SAME_SHAPE for character in group}
    names = [name.get(character, character.lower()) for character in charset]
    columns = sorted(set(names))
    out = np.zeros((len(charset), len(columns)), dtype=np.float32)
    for row, shape in enumerate(names):
        out[row, columns.index(shape)] = 1
    return out


def _spread(charset: tuple[str, ...], allowed: Collection[str] | None) -> Floats:
    """(K, K): how the probability of each character is shared among those it may be."""
    index = {c: k for k, c in enumerate(charset)}
    spread = np.eye(len(charset))
    for groups, share in ((SIMILAR_SHAPE, CONFIG.similar_share), (SAME_SHAPE, CONFIG.same_share)):
        for group in groups:
            members = [index[c] for c in group if c in index]
            for k in members:
                spread[k] *= 1 - share
                spread[k, members] += share / len(members)
    if allowed is not None:
        kept = np.array([c in allowed for c in charset])
        if not kept.any():
            raise ValueError(f"none of the characters {''.join(sorted(allowed))!r} can be read")
        for k in np.flatnonzero(~kept):  # an "a" where only capitals may be is an "A"
            other = index.get(charset[k].swapcase(), k)
            spread[:, other] += spread[:, k]
            spread[:, k] = 0
        spread[:, ~kept] = 0
    return spread


def case_prior(texts: Sequence[Sequence[str]], starts: Sequence[NDArray[np.bool_]]) -> Floats:
    """Weights of the case `PATTERNS` on a page, from a first reading of it; 1 is neutral."""
    counts = dict.fromkeys(PATTERNS, 0.0)
    for text, start in zip(texts, starts, strict=True):
        begins = [0, *(k for k in range(1, len(text)) if start[k]), len(text)]
        for a, b in pairwise(begins):
            word = "".join(c for c in text[a:b] if c.isalpha())
            if len(word) == 1:
                counts["lower" if word.islower() else "upper"] += CONFIG.single
            elif word:
                names = ("upper", "lower", "title")
                tests = (word.isupper(), word.islower(), word.istitle())
                counts[next((n for n, t in zip(names, tests, strict=True) if t), "mixed")] += 1
    seen = np.array(list(counts.values()))
    shares = (seen + CONFIG.case_trust * NEUTRAL_CASE) / (seen.sum() + CONFIG.case_trust)
    return np.sqrt(shares / NEUTRAL_CASE)  # the words themselves speak again in the decoding


def _search(
    local: Sequence[Floats], starts: Sequence[NDArray[np.bool_]], text: TextModel
) -> list[_Searched]:
    """Beam search over lines of falling length, all at once."""
    lengths = [len(scores) for scores in local]
    count, longest = len(local), lengths[0]
    candidates = np.zeros((count, longest, CONFIG.candidates), dtype=np.int64)
    scores = np.full((count, longest, CONFIG.candidates), -np.inf)
    begins = np.zeros((count, longest), dtype=bool)
    for k, line in enumerate(local):
        some = min(CONFIG.candidates, line.shape[1])
        best = np.argsort(-line, axis=1, kind="stable")[:, :some]
        value = np.take_along_axis(line, best, axis=1)
        value[value < value[:, :1] + np.log(CONFIG.clear)] = -np.inf
        candidates[k, : lengths[k], :some], scores[k, : lengths[k], :some] = best, value
        begins[k, : lengths[k]] = starts[k]
    posterior = np.zeros_like(scores)
    path = np.zeros((count, longest), dtype=np.int64)
    total: Floats = np.zeros((count, 1))
    chosen: NDArray[np.int8] = np.zeros((count, 1, longest), dtype=np.int8)
    state = text.start(count)
    for step in range(longest):
        width = total.shape[1]
        if step:
            _space(state, total, np.flatnonzero(begins[: len(total), step]), text)
        wide: Floats = total[:, :, None] + scores[: len(total), step, None]
        # Only what may be is asked about: most letters have one or two candidates.
        at, hypothesis, candidate = np.nonzero(np.isfinite(wide))
        asked = candidates[at, step, candidate][:, None]
        gains, after = text.advance(state.take(at * width + hypothesis), asked)
        wide[at, hypothesis, candidate] += CONFIG.language_weight * gains[:, 0]
        # The row of `after`; whatever it is where nothing may be.
        row: NDArray[np.int64] = np.zeros(wide.shape, dtype=np.int64)
        row[at, hypothesis, candidate] = np.arange(len(at))
        flat: Floats = wide.reshape(len(total), -1)
        keep: NDArray[np.int64] = np.argsort(-flat, axis=1, kind="stable")[:, : CONFIG.width]
        total = np.take_along_axis(flat, keep, axis=1)
        chosen = chosen[np.arange(len(keep))[:, None], keep // CONFIG.candidates]
        chosen[:, :, step] = keep % CONFIG.candidates
        state = after.take(np.take_along_axis(row.reshape(flat.shape), keep, axis=1).ravel())
        if step >= CONFIG.lag:
            _settle(posterior, chosen, total, [step - CONFIG.lag])
        ended = [k for k in range(len(total)) if lengths[k] == step + 1]
        if ended:
            _space(state, total, np.array(ended), text)
            for k in ended:
                path[k] = chosen[k, total[k].argmax()]
            last = range(max(0, step + 1 - CONFIG.lag), step + 1)
            _settle(posterior[ended[0] :], chosen[ended], total[ended], last)
            rows = np.arange(ended[0] * total.shape[1])
            total, chosen, state = total[: ended[0]], chosen[: ended[0]], state.take(rows)
    return [
        _Searched(candidates[k, :n], scores[k, :n], posterior[k, :n], path[k, :n])
        for k, n in enumerate(lengths)
    ]


def _ranked(line: _Searched) -> list[list[tuple[int, float]]]:
    """Candidates of a line's letters with their probabilities, that of the best path first."""
    alone = np.exp(line.scores - line.scores[:, :1])
    alone /= alone.sum(axis=1, keepdims=True)
    mixed = np.clip(
        (1 - CONFIG.local_share) * line.posterior + CONFIG.local_share * alone, 0.0, 1.0
    ).round(4)
    ranks = mixed.copy()
    np.put_along_axis(ranks, line.path[:, None], 2.0, axis=1)
    ranking = np.argsort(-ranks, axis=1, kind="stable")
    pairs = zip(
        np.take_along_axis(line.candidates, ranking, axis=1).tolist(),
        np.take_along_axis(mixed, ranking, axis=1).tolist(),
        strict=True,
    )
    return [[(k, p) for k, p in zip(*row, strict=True) if p > 0] for row in pairs]


def _space(state: State, total: Floats, lines: NDArray[np.intp], text: TextModel) -> None:
    """Let the hypotheses of `lines` pass a word gap."""
    if not len(lines):
        return
    width = total.shape[1]
    rows = (lines[:, None] * width + np.arange(width)).ravel()
    gains, after = text.advance(state.take(rows), np.full((len(rows), 1), text.space))
    total[lines] += CONFIG.language_weight * gains.reshape(len(lines), width)
    state.put(rows, after)


def _settle(
    posterior: Floats, chosen: NDArray[np.int8], total: Floats, steps: Sequence[int]
) -> None:
    """Add up, for the letters `steps`, the hypotheses that chose each candidate."""
    weight = np.exp(total - total.max(axis=1, keepdims=True))
    weight /= weight.sum(axis=1, keepdims=True)
    rows = np.arange(len(total))[:, None]
    for step in steps:
        np.add.at(posterior[:, step], (rows, chosen[:, :, step]), weight)

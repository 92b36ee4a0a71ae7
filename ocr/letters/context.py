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

from ocr.lines.language import Lexicon, NgramModel
from ocr.lines.text_model import PATTERNS, State, TextModel

Floats = NDArray[np.float64]

# Where characters reach in a line: top and bottom in cap heights above the baseline. Medians over
# the handwriting fonts of the training set; whoever is not named stands like a capital.
CAPITAL = (1.0, 0.0)
REACH = {
    "acemnorsuvwxz": (0.65, 0.0),
    "i": (0.85, 0.0),
    "gpqy": (0.65, -0.36),
    "j": (0.85, -0.36),
    ".": (0.15, 0.0),
    ",": (0.16, -0.15),
    ":": (0.58, 0.0),
    ";": (0.58, -0.14),
    "'\"`": (1.0, 0.68),
    "^*": (1.0, 0.55),
    "-~": (0.48, 0.36),
    "_": (0.0, -0.1),
    "=": (0.56, 0.22),
    "+<>": (0.70, 0.08),
    "()[]{}|/\\$Q": (1.03, -0.08),
}
# Hands are less even than fonts: standard deviations in cap heights, and heavy tails.
HEIGHT_SD = 0.15
POSITION_SD = 0.14  # of the middle of a letter about where it belongs
TAIL = 6.0  # degrees of freedom of Student's t
JUMP = 0.02  # share of letters that stand anywhere, relative to the peak: no jump decides alone
SLOPE_SUPPORT = 10  # pairs of letters for which a line's own slope counts half

# Characters of one shape. A share of what the classifier gives to one of them is shared out among
# all, since normalized glyphs have lost the size; the line takes over from there.
SAME_SHAPE = ("0Oo", "1Il|", "Cc", "Ss", "Uu", "Vv", "Ww", "Xx", "Zz", ".,'`", "-_~")
SIMILAR_SHAPE = ("5Ss", "2Zz", "Pp", "Kk", "Mm", "Yy", "Jj", "Ff", "Tt", "Nn", "9gq", "6b", "1l/!")
SAME_SHARE, SIMILAR_SHARE = 0.6, 0.06

# Weights of the mixture, and the search. Chosen one at a time by `python -m
# training.recipes.context --search` over an early classifier's rows of EMNIST and UNIPEN validation
# glyphs. CLEAR could go lower still for a little more; it stays where clear ink (above 0.99) cannot
# be changed.
SIZE_WEIGHT = 1.0
LANGUAGE_WEIGHT = 0.6
CLEAR = 0.01  # a character less likely than this share of the best is not considered
CANDIDATES = 7  # characters considered for a glyph
WIDTH = 16  # hypotheses kept for a line
LAG = 6  # letters after which the probabilities of one are settled
LOCAL_SHARE = 0.05  # of a confidence, what comes from the glyph alone
FLOOR = 1e-6  # least probability of an allowed character

NEUTRAL_CASE = np.array([0.30, 0.35, 0.32, 0.03])  # shares of the case patterns over all pages
CASE_TRUST = 3.0  # words of neutral prior against which a page's own words are counted


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


class Reading(NamedTuple):
    """A letter as read: its text, the probability that it is right, and the next best."""

    text: str
    confidence: float
    alternatives: tuple[tuple[str, float], ...]


class _Searched(NamedTuple):
    """Of each letter of a line what it may be, what shape and size and the hypotheses say of that,
    (n, `CANDIDATES`) all, and which the best hypothesis took, (n,)."""

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
) -> list[list[Reading]]:
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
    list of lists of Reading
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
    probas = [np.maximum(line.proba @ spread, FLOOR) * (spread.sum(axis=0) > 0) for line in used]
    probas = [p / p.sum(axis=1, keepdims=True) for p in probas]
    sizes = size_scores(probas, [line.boxes for line in used], charset)
    local = []
    for proba, size in zip(probas, sizes, strict=True):
        with np.errstate(divide="ignore"):
            local.append(np.log(proba) + SIZE_WEIGHT * size)
    starts = [line.starts for line in used]
    found = _search(local, starts, TextModel(ngrams, charset, None, lexicon))
    texts = [
        [charset[row[k]] for row, k in zip(line.candidates.tolist(), line.path, strict=True)]
        for line in found
    ]
    prior = case_prior(texts, starts)
    found = _search(local, starts, TextModel(ngrams, charset, prior, lexicon))
    read: list[list[Reading]] = [[] for _ in lines]
    for k, line in zip(order, found, strict=True):
        read[k] = [
            Reading(charset[r[0][0]], r[0][1], tuple((charset[c], p) for c, p in r[1:4]))
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
    for groups, share in ((SIMILAR_SHAPE, SIMILAR_SHARE), (SAME_SHAPE, SAME_SHARE)):
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


def size_scores(
    probas: Sequence[Floats], boxes: Sequence[NDArray[np.intp]], charset: Sequence[str]
) -> list[Floats]:
    """How well each letter's height and position suit each character.

    For every line the cap height and the baseline are found under which its letters, weighted by
    what the classifier takes them for, are likeliest; a page's lines share their cap height more
    or less. That decides between capitals and lower-case letters of the same pixel height.

    Parameters
    ----------
    probas : sequence of (n, K) arrays
    boxes : sequence of (n, 4) int arrays
    charset : sequence of K str

    Returns
    -------
    list of (n, K) float64 arrays
        Log-likelihoods, 0 for a perfect fit, never below ``2 * log(JUMP)``.
    """
    reach = np.array([_reach(c) for c in charset])
    kinds, kind = np.unique(reach, axis=0, return_inverse=True)
    kind = kind.reshape(-1)
    tall = kinds[:, 0] - kinds[:, 1]  # (G,) height in cap heights
    level = kinds.mean(axis=1)  # (G,) middle above the baseline
    heights = [(b[:, 2] - b[:, 0]).astype(float) for b in boxes]
    typical = _typical(np.concatenate(heights))
    middles = [
        (b[:, 0] + b[:, 2]) / 2 - slope * (b[:, 1] + b[:, 3]) / 2
        for b, slope in zip(boxes, _slopes(boxes, typical), strict=True)
    ]
    caps = typical * np.geomspace(0.6, 2.4, 25)  # the cap heights to choose from, pixels
    fits = np.zeros((len(boxes), len(caps)))
    bases = np.zeros_like(fits)
    for row, (proba, height, middle) in enumerate(zip(probas, heights, middles, strict=True)):
        weight = np.zeros((len(height), len(kinds)))
        np.add.at(weight.T, kind, proba.T)  # (n, G)
        # (caps, n, G); a first guess of what each letter is, by height alone, gives the baseline
        high = weight * _odds(height[:, None] / caps[:, None, None] - tall, HEIGHT_SD)
        base = middle + caps[:, None] * level[high.argmax(axis=2)]
        bases[row] = np.median(base, axis=1)
        shift = (bases[row][:, None] - middle) / caps[:, None]
        both = high * _odds(shift[..., None] - level, POSITION_SD)
        fits[row] = np.log(both.sum(axis=2)).sum(axis=1) - 2 * len(height) * np.log(caps)
    page = caps[fits.sum(axis=0).argmax()]
    fits -= 0.5 * (np.log(caps / page) / 0.15) ** 2
    scores = []
    for row, (height, middle) in enumerate(zip(heights, middles, strict=True)):
        cap, base_ = caps[fits[row].argmax()], bases[row, fits[row].argmax()]
        tallness = _odds(height[:, None] / cap - tall, HEIGHT_SD)
        standing = _odds((base_ - middle[:, None]) / cap - level, POSITION_SD)
        scores.append(np.log(tallness * standing)[:, kind])
    return scores


def _reach(character: str) -> tuple[float, float]:
    return next((reach for group, reach in REACH.items() if character in group), CAPITAL)


def _odds(error: Floats, deviation: float) -> Floats:
    """Student's t over its peak, with a floor for what stands anywhere."""
    spread = 1 + (error / deviation) ** 2 / TAIL
    odds: Floats = (1 - JUMP) * spread ** (-(TAIL + 1) / 2) + JUMP
    return odds


def _typical(heights: Floats) -> float:
    """Median height of what is not a small sign, in pixels."""
    return float(np.median(heights[heights >= 0.5 * np.median(heights)]))


def _slopes(boxes: Sequence[NDArray[np.intp]], typical: float) -> list[float]:
    """Rows a column that each line falls: the median over pairs of letters some way apart.

    Lines with few letters lean on those of the whole page.
    """
    slopes = []
    for box in boxes:
        box = box[box[:, 2] - box[:, 0] >= 0.5 * typical]  # signs stand where they like
        x, foot = (box[:, 1] + box[:, 3]) / 2, box[:, 2]
        across = x - x[:, None]
        far = across > 3 * typical
        slopes.append((foot - foot[:, None])[far] / across[far])
    pooled = np.concatenate(slopes)
    page = float(np.median(pooled)) if len(pooled) >= 3 else 0.0
    support = np.full(SLOPE_SUPPORT, page)
    return [float(np.median(np.append(slope, support))) for slope in slopes]


def case_prior(texts: Sequence[Sequence[str]], starts: Sequence[NDArray[np.bool_]]) -> Floats:
    """Weights of the case `PATTERNS` on a page, from a first reading of it; 1 is neutral."""
    counts = dict.fromkeys(PATTERNS, 0.0)
    for text, start in zip(texts, starts, strict=True):
        begins = [0, *(k for k in range(1, len(text)) if start[k]), len(text)]
        for a, b in pairwise(begins):
            word = "".join(c for c in text[a:b] if c.isalpha())
            if len(word) == 1:  # one capital may be either
                counts["lower" if word.islower() else "upper"] += 0.3
            elif word:
                names = ("upper", "lower", "title")
                tests = (word.isupper(), word.islower(), word.istitle())
                counts[next((n for n, t in zip(names, tests, strict=True) if t), "mixed")] += 1
    seen = np.array(list(counts.values()))
    shares = (seen + CASE_TRUST * NEUTRAL_CASE) / (seen.sum() + CASE_TRUST)
    return np.sqrt(shares / NEUTRAL_CASE)  # the words themselves speak again in the decoding


def _search(
    local: Sequence[Floats], starts: Sequence[NDArray[np.bool_]], text: TextModel
) -> list[_Searched]:
    """Beam search over lines of falling length, all at once."""
    lengths = [len(scores) for scores in local]
    count, longest = len(local), lengths[0]
    candidates = np.zeros((count, longest, CANDIDATES), dtype=np.int64)
    scores = np.full((count, longest, CANDIDATES), -np.inf)
    begins = np.zeros((count, longest), dtype=bool)
    for k, line in enumerate(local):
        some = min(CANDIDATES, line.shape[1])
        best = np.argsort(-line, axis=1, kind="stable")[:, :some]
        value = np.take_along_axis(line, best, axis=1)
        value[value < value[:, :1] + np.log(CLEAR)] = -np.inf
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
        wide[at, hypothesis, candidate] += LANGUAGE_WEIGHT * gains[:, 0]
        # The row of `after`; whatever it is where nothing may be.
        row: NDArray[np.int64] = np.zeros(wide.shape, dtype=np.int64)
        row[at, hypothesis, candidate] = np.arange(len(at))
        flat: Floats = wide.reshape(len(total), -1)
        keep: NDArray[np.int64] = np.argsort(-flat, axis=1, kind="stable")[:, :WIDTH]
        total = np.take_along_axis(flat, keep, axis=1)
        chosen = chosen[np.arange(len(keep))[:, None], keep // CANDIDATES]
        chosen[:, :, step] = keep % CANDIDATES
        state = after.take(np.take_along_axis(row.reshape(flat.shape), keep, axis=1).ravel())
        if step >= LAG:
            _settle(posterior, chosen, total, [step - LAG])
        ended = [k for k in range(len(total)) if lengths[k] == step + 1]
        if ended:
            _space(state, total, np.array(ended), text)
            for k in ended:
                path[k] = chosen[k, total[k].argmax()]
            last = range(max(0, step + 1 - LAG), step + 1)
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
    mixed = np.clip((1 - LOCAL_SHARE) * line.posterior + LOCAL_SHARE * alone, 0.0, 1.0).round(4)
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
    total[lines] += LANGUAGE_WEIGHT * gains.reshape(len(lines), width)
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

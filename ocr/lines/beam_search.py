"""The likeliest text of CTC output under ink and language: a beam search over prefixes.

Frames and classes are those of `ocr.lines.ctc`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ocr.lines.ctc import BLANK, NEVER
from ocr.lines.folding import SYMBOL_BITS
from ocr.lines.margins import Beaten, Spelled, text_margins
from ocr.lines.text_model import State, TextModel

Fits = Callable[[tuple[int, ...]], tuple[bool, bool]]


@dataclass(frozen=True)
class BeamConfig:
    """How the beam search weighs and keeps hypotheses.

    `weight` and `bonus` are chosen by `python -m training.recipes.line_decoding` on the valid
    splits of UNIPEN and Copiste and on strings without sense; the others are as wide as makes no
    difference there.

    Attributes
    ----------
    weight : float
        Share of the language's logarithms in a hypothesis's score.
    bonus : four floats
        Logarithms for each letter, digit, sign and space: language and CTC alike favor short
        texts, and small signs are easily lost, spaces easily found.
    width : int
        Hypotheses kept for a line from frame to frame at most.
    behind : float
        Hypotheses that score so many nats less than the best one are dropped. With a pattern or a
        lexicon none is: a text may fall far behind where it leaves a long word that is expected.
    margin : float
        Texts that score so many nats less than the best one do not count in its margins.
    candidates : int
        Characters considered in a frame at most.
    clear : float
        Probability in a frame below which a character is not considered.
    faint : float
        The same where the text must fit a pattern, of which the ink may show little.
    """

    weight: float = 0.6
    bonus: tuple[float, float, float, float] = (2.0, 2.0, 3.0, 1.0)
    width: int = 24
    behind: float = 8.0
    margin: float = 5.0
    candidates: int = 6
    clear: float = 0.003
    faint: float = 1e-5


CONFIG = BeamConfig()
ALIKE = 6  # folded characters: of texts that end alike in so many, and in the last, one is kept
CLASS_BITS = 16  # bits of a class in a packed key
_ENDING = (1 << SYMBOL_BITS * ALIKE) - 1  # mask of as many packed symbols
# Hashes of texts: the empty one, that of none, what precedes the empty one; and their base.
EMPTY, NO_TEXT, NO_PARENT, BASE = (np.uint64(k) for k in (1, 0, 2**64 - 1, 6364136223846793005))


class Found(NamedTuple):
    """A text as it was found.

    Attributes
    ----------
    classes : list of n int
    likely : (n,) float64 array
        Natural logarithm of each character's probability by language.
    margins : (n,) float64 array
        Nats by which it scores more than all the texts together that have something else there;
        `BeamConfig.margin` where none is nearer.
    """

    classes: list[int]
    likely: NDArray[np.float64]
    margins: NDArray[np.float64]


NOTHING = Found([], np.empty(0), np.empty(0))


def beam_search(
    lines: Sequence[NDArray[np.float32]],
    language: TextModel,
    symbols: NDArray[np.int64],
    config: BeamConfig = CONFIG,
    pattern: Fits | None = None,
) -> list[Found | None]:
    """The likeliest text of each line under ink and language (Hannun et al. 2014).

    Frames in which no character is likely are passed over as blanks.

    Parameters
    ----------
    lines : sequence of (T, K + 1) float32 arrays
        They do not depend on each other: they are read side by side because that costs less.
    language : TextModel
    symbols : (K + 1,) int64 array
        The language model's index of each class; that of class 0 is not used.
    config : BeamConfig
        A hypothesis scores ``log p(text | ink) + weight * log p(text)`` and the bonus of each
        letter, digit, sign and space. Without a pattern, of those that end in the same `ALIKE`
        folded characters only the best is kept.
    pattern : callable, optional
        Given classes, tells whether a text that begins so can still fit, and whether it fits as
        it is. Only a text that fits is returned.

    Returns
    -------
    list of (Found or None)
        None where the ink leaves no text that fits the pattern.
    """
    if not lines:
        return []
    least = config.clear if pattern is None else config.faint
    ink = [_Ink.of(logs.astype(np.float64), least, config.candidates) for logs in lines]
    order = sorted(range(len(ink)), key=lambda k: -len(ink[k].frames))
    beams = _Beams(len(ink), language, symbols, config, pattern)
    best: list[int | None] = [None] * len(ink)
    active = len(order)
    for step in range(len(ink[order[0]].frames) + 1):
        while active and len(ink[order[active - 1]].frames) == step:  # the shortest lines end
            active -= 1
            best[order[active]] = beams.best(active)
        if active:
            now = [ink[k] for k in order[:active]]
            beams.pass_over(np.array([one.passed[step] for one in now]))
            beams.step(
                np.array([one.frames[step] for one in now]),
                np.array([one.classes[step] for one in now]),
            )
    return beams.found(best)


def likely_by(
    language: TextModel,
    texts: Sequence[list[int]],
    found: Sequence[Found | None],
    symbols: NDArray[np.int64],
) -> list[NDArray[np.float64]]:
    """Natural logarithm of the probability of each character of some texts by language.

    Taken from `found` for texts that `beam_search` found, and computed for others.
    """
    known = {tuple(one.classes): one.likely for one in found if one is not None}
    others = [text for text in texts if tuple(text) not in known]
    logs = language.character_logs([symbols[text] for text in others])
    known |= zip(map(tuple, others), logs, strict=True)
    return [known[tuple(text)] for text in texts]


def likely_texts(
    logs: NDArray[np.float32],
    language: TextModel,
    symbols: NDArray[np.int64],
    count: int,
    config: BeamConfig,
) -> list[list[int]]:
    """Classes of the likeliest texts of a few frames, best first, such as those of one word.

    The parameters are as for `beam_search`. Of texts that end in the same `ALIKE` characters only
    the best is returned, so the texts should be short.
    """
    ink = _Ink.of(logs.astype(np.float64), config.clear, config.candidates)
    beams = _Beams(1, language, symbols, config, None)
    for step in range(len(ink.frames)):
        beams.pass_over(ink.passed[step : step + 1])
        beams.step(ink.frames[step : step + 1], ink.classes[step : step + 1])
    value = np.logaddexp(beams.blank[0], beams.letter[0]) + beams.prior[0]
    ranked = [int(k) for k in np.argsort(-value, kind="stable")[:count]]
    nodes = [int(beams.node[0, k]) for k in ranked if value[k] > NEVER / 2]
    return [beams.text(node) for node in nodes]


class _Ink(NamedTuple):
    """The frames of a line that matter to the search: those in which a character is likely.

    Attributes
    ----------
    frames : (S, K + 1) float64 array
        Natural logarithms of the probabilities.
    classes : (S, C) int64 array
        The likeliest characters of each, `BLANK` where there are fewer than C.
    passed : (S,) float64 array
        Logarithm of the probability that the frames passed over before each of them are blanks; NaN
        where there are none.
    """

    frames: NDArray[np.float64]
    classes: NDArray[np.int64]
    passed: NDArray[np.float64]

    @classmethod
    def of(cls, logs: NDArray[np.float64], least: float, most: int) -> _Ink:
        likely = logs > np.log(least)
        likely[:, BLANK] = False
        matter = np.flatnonzero(likely.any(axis=1))
        frames = logs[matter]
        ranked = np.argsort(-np.where(likely[matter], frames, -np.inf), axis=1, kind="stable")
        classes = ranked[:, :most]
        classes[~np.take_along_axis(likely[matter], classes, axis=1)] = BLANK
        before = np.append(0, matter + 1)[:-1]
        sums = np.append(0.0, np.cumsum(logs[:, BLANK]))
        return cls(frames, classes, np.where(matter > before, sums[matter] - sums[before], np.nan))


class _Extended(NamedTuple):
    """Hypotheses with one more letter; n of them, line by line.

    Attributes
    ----------
    line, row : (n,) intp arrays
        Where the hypothesis without that letter stands.
    letter : (n,) int64 array
        Its class.
    paths : (n,) float64 array
        Logarithm of the probability of the paths, all of which end in the letter.
    likely : (n,) float64 array
        Logarithm of the letter's probability by language.
    gain : (n,) float64 array
        What language and bonus add to the score for the letter.
    states : State
        Where language stands behind it; n rows.
    """

    line: NDArray[np.intp]
    row: NDArray[np.intp]
    letter: NDArray[np.int64]
    paths: NDArray[np.float64]
    likely: NDArray[np.float64]
    gain: NDArray[np.float64]
    states: State


class _Beams:
    """The hypotheses of some lines, those with the most frames first.

    All arrays are (L, B): each line's hypotheses, best first, and `NEVER` to the end of the row.
    `blank` and `letter` are the logarithms of the paths that end in a blank and of those that end
    in the last letter, `prior` is what language and bonus add to both. `last` is the class of the
    last letter, `ending` packs the last folded letters, `name` and `parent` are hashes of the text
    and of the text without its last letter, and `node` is where `spelled` holds the text.
    """

    def __init__(
        self,
        count: int,
        language: TextModel,
        symbols: NDArray[np.int64],
        config: BeamConfig,
        pattern: Fits | None,
    ) -> None:
        self.language, self.symbols, self.pattern = language, symbols, pattern
        self.weight, self.width, self.margin = config.weight, config.width, config.margin
        self.bonus = np.append(config.bonus, 0.0)[language.kinds[symbols]]  # of each class
        self.folded = language.symbols[symbols]
        self.behind = config.behind if pattern is None and language.lexicon is None else np.inf
        self.blank, self.prior = np.zeros((2, count, 1))
        self.letter: NDArray[np.float64] = np.full((count, 1), NEVER)
        self.last: NDArray[np.int64] = np.full((count, 1), BLANK)
        self.name: NDArray[np.uint64] = np.full((count, 1), EMPTY)
        self.parent: NDArray[np.uint64] = np.full((count, 1), NO_PARENT)
        self.ending: NDArray[np.int64] = np.zeros((count, 1), dtype=np.int64)
        self.node: NDArray[np.intp] = np.full((count, 1), -1)
        self.spelled: list[Spelled] = []
        self.beaten: list[Beaten] = []
        self.states = language.start(count)

    def pass_over(self, passed: NDArray[np.float64]) -> None:
        """Add the blanks that were passed over, (L,); forget the lines that have ended."""
        count = len(passed)
        if count < len(self.blank):
            self.states = self.states.take(np.arange(count * self.blank.shape[1]))
            for name in ("blank", "letter", "prior", "last", "name", "parent", "ending", "node"):
                setattr(self, name, getattr(self, name)[:count])
        some = ~np.isnan(passed)
        total = np.logaddexp(self.blank[some], self.letter[some])
        self.blank[some], self.letter[some] = total + passed[some, None], NEVER

    def step(self, frames: NDArray[np.float64], classes: NDArray[np.int64]) -> None:
        """Take the next frame of each line: `(L, K + 1)`, and what it may be: `(L, C)`."""
        blank, letter, more = self._paths(frames, classes)
        stay = np.logaddexp(blank, letter) + self.prior
        longer = self._extended(stay, more, classes)
        value, which = self._candidates(stay, longer)
        beaten = self._recombine(value, which, longer) if self.pattern is None else None
        ranked = np.argsort(-value, axis=1, kind="stable")[:, : self.width]
        value = np.take_along_axis(value, ranked, axis=1)
        which = np.take_along_axis(which, ranked, axis=1)
        good = value > np.maximum(value[:, :1] - self.behind, NEVER / 2)
        most = max(1, int(good.sum(axis=1).max()))
        which, good = which[:, :most], good[:, :most]
        self._keep(which, good, blank, letter, longer)
        if beaten is not None:
            node = np.full(stay.size + len(longer.line), -1)
            node[which[good]] = self.node[good]
            self.beaten.append(beaten._replace(by=node[beaten.by]))

    def _paths(
        self, frames: NDArray[np.float64], classes: NDArray[np.int64]
    ) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
        """Logarithms of the paths through the next frame.

        Returns
        -------
        blank, letter : (L, B) float64 arrays
            Those that spell the same text as before.
        more : (L, B, C) float64 array
            Those that spell it and one more letter. Where another hypothesis is that text, they
            are added to its own.
        """
        lines = np.arange(len(frames))[:, None]
        total = np.logaddexp(self.blank, self.letter)
        blank = total + frames[:, BLANK, None]
        letter = self.letter + frames[lines, self.last]
        repeated = self.last[:, :, None] == classes[:, None]
        ink = np.where(classes == BLANK, NEVER, frames[lines, classes])
        more = np.where(repeated, self.blank[:, :, None], total[:, :, None]) + ink[:, None]
        line, row, shorter = np.nonzero(self.parent[:, :, None] == self.name[:, None])
        which, col = np.nonzero(classes[line] == self.last[line, row, None])
        line, row, shorter = line[which], row[which], shorter[which]
        letter[line, row] = np.logaddexp(letter[line, row], more[line, shorter, col])
        more[line, shorter, col] = NEVER
        return blank, letter, more

    def _extended(
        self, stay: NDArray[np.float64], more: NDArray[np.float64], classes: NDArray[np.int64]
    ) -> _Extended:
        """The hypotheses with one more letter, without those that would score too little.

        `stay` (L, B) are the scores of the hypotheses as they are, `more` is that of `_paths`.
        """
        # Language can only take from it.
        hope = more + self.prior[:, :, None] + self.bonus[classes][:, None]
        limit = np.maximum(stay.max(axis=1) - self.behind, NEVER / 2)
        line, row, col = np.nonzero(hope > limit[:, None, None])
        if self.pattern is not None:
            texts = zip(self.node[line, row].tolist(), classes[line, col].tolist(), strict=True)
            fits = [self.pattern((*self.text(node), k))[0] for node, k in texts]
            line, row, col = (index[np.array(fits, dtype=bool)] for index in (line, row, col))
        letter = classes[line, col]
        states = self.states.take(line * stay.shape[1] + row)
        scores, after = self.language.advance(states, self.symbols[letter][:, None])
        gain = self.weight * scores[:, 0] + self.bonus[letter]
        return _Extended(line, row, letter, more[line, row, col], scores[:, 0], gain, after)

    def _candidates(
        self, stay: NDArray[np.float64], longer: _Extended
    ) -> tuple[NDArray[np.float64], NDArray[np.intp]]:
        """The best of the hypotheses as they are and of those with one more letter, best first.

        Returns
        -------
        value : (L, W) float64 array
            Their scores, and `NEVER` to the end of the row.
        which : (L, W) intp array
            Their numbers: all hypotheses line by line, and behind them the longer ones.
        """
        count, wide = stay.shape
        prior = self.prior[longer.line, longer.row]
        scores = np.concatenate([stay.ravel(), longer.paths + prior + longer.gain, [NEVER]])
        # Beside the hypotheses of each line its longer ones, as many columns as any line has.
        each = np.bincount(longer.line, minlength=count)
        number = np.arange(len(longer.line))
        which = np.full((count, wide + int(each.max())), -1)
        which[:, :wide] = np.arange(stay.size).reshape(stay.shape)
        column = wide + number - (np.cumsum(each) - each)[longer.line]
        which[longer.line, column] = stay.size + number
        value = scores[which]
        kept = np.argsort(-value, axis=1, kind="stable")[:, : 2 * self.width]
        return np.take_along_axis(value, kept, axis=1), np.take_along_axis(which, kept, axis=1)

    def _recombine(
        self, value: NDArray[np.float64], which: NDArray[np.intp], longer: _Extended
    ) -> Beaten:
        """Of the candidates that end alike only the best stays: `value` of the others is `NEVER`.

        Returned are those that were close; `by` is the number of a candidate.
        """
        added = self._end(self._longer_ending(longer), longer.letter)
        ends = np.append(self._end(self.ending, self.last), added)[which]
        ranked = np.argsort(ends, axis=1, kind="stable")
        ends = np.take_along_axis(ends, ranked, axis=1)
        alike = np.hstack([np.zeros((len(ends), 1), bool), ends[:, 1:] == ends[:, :-1]])
        line, place = np.nonzero(alike)  # after one that ends alike
        first = np.maximum.accumulate(np.where(alike, 0, np.arange(alike.shape[1])), axis=1)
        by, place = ranked[line, first[line, place]], ranked[line, place]
        behind = value[line, by] - value[line, place]
        close = (behind < self.margin) & (value[line, place] > NEVER / 2)
        value[line, place] = NEVER
        by, place = which[line, by][close], which[line, place][close]
        node = np.append(self.node, self.node[longer.line, longer.row])[place]
        last = np.append(np.full(self.last.size, BLANK), longer.letter)[place]
        return Beaten(by, node, last, behind[close])

    def _keep(
        self,
        which: NDArray[np.intp],
        good: NDArray[np.bool_],
        blank: NDArray[np.float64],
        letter: NDArray[np.float64],
        longer: _Extended,
    ) -> None:
        """Go on with the candidates `which`, (L, B), where they are `good`."""
        size = self.node.size

        def chosen(stays: NDArray[Any], starts: NDArray[Any], never: Any) -> NDArray[Any]:
            return np.where(good, np.append(stays, starts)[which], never)

        new = good & (which >= size)
        number = which[new] - size
        before, name, prior = (
            part[longer.line, longer.row] for part in (self.node, self.name, self.prior)
        )
        node = np.full(len(before), -1)
        node[number] = np.arange(len(number)) + len(self.spelled)
        spelled = (part[number].tolist() for part in (before, longer.letter, longer.likely))
        self.spelled += zip(*spelled, strict=True)
        self.blank = chosen(blank, np.full(len(node), NEVER), NEVER)
        self.letter = chosen(letter, longer.paths, NEVER)
        self.prior = chosen(self.prior, prior + longer.gain, 0.0)
        self.ending = chosen(self.ending, self._longer_ending(longer), 0)
        self.last = chosen(self.last, longer.letter, BLANK)
        self.parent = chosen(self.parent, name, NO_PARENT)
        self.name = chosen(self.name, name * BASE + longer.letter.astype(np.uint64), NO_TEXT)
        self.node = chosen(self.node, node, -1)
        self.states = self.states.joined(longer.states).take(which.ravel())

    def _longer_ending(self, longer: _Extended) -> NDArray[np.int64]:
        """The last folded letters of the hypotheses with one more letter."""
        before = self.ending[longer.line, longer.row]
        return (before << SYMBOL_BITS | self.folded[longer.letter]) & _ENDING

    @staticmethod
    def _end(ending: NDArray[np.int64], last: NDArray[np.int64]) -> NDArray[np.int64]:
        """A key shared by texts that language will continue alike.

        Of these only the best is kept, as the others cannot overtake it (recombination; Ney &
        Ortmanns 1999, "Dynamic programming search for continuous speech recognition").
        """
        return ending << CLASS_BITS | last

    def best(self, row: int) -> int | None:
        """The node of the best hypothesis of a line that fits."""
        value = np.logaddexp(self.blank[row], self.letter[row]) + self.prior[row]
        nodes = self.node[row].tolist()
        if self.pattern is not None:
            fit = [self.pattern(tuple(self.text(node)))[1] for node in nodes]
            value[~np.array(fit)] = NEVER
        best = int(np.argmax(value))
        if value[best] <= NEVER / 2:
            return None
        behind = value[best] - value
        others = np.flatnonzero(behind < self.margin)
        others = others[others != best]
        node, whole = self.node[row], np.full(len(others), BLANK)
        self.beaten.append(
            Beaten(node[best].repeat(len(others)), node[others], whole, behind[others])
        )
        return nodes[best]

    def text(self, node: int) -> list[int]:
        """Classes of the text at a node."""
        return [self.spelled[node][1] for node in self._path(node)]

    def _path(self, node: int) -> list[int]:
        """The nodes of a text, one for each character."""
        path = []
        while node >= 0:
            path.append(node)
            node = self.spelled[node][0]
        return path[::-1]

    def found(self, best: Sequence[int | None]) -> list[Found | None]:
        """The texts at some nodes, each of another line."""
        paths = [self._path(-1 if node is None else node) for node in best]
        margins = text_margins(paths, self.spelled, self.beaten, self.margin)
        return [
            None
            if node is None
            else Found(
                [self.spelled[node][1] for node in path],
                np.array([self.spelled[node][2] for node in path]),
                margin,
            )
            for node, path, margin in zip(best, paths, margins, strict=True)
        ]

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
from ocr.lines.text_model import TextModel

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
        Nats behind the best one, none of which is kept. With a pattern all are, and with a
        lexicon: a text may fall far behind where it leaves a long word that is expected.
    margin : float
        Nats behind the best one, from which a text does not count in its margins.
    candidates : int
        Characters considered in a frame at most.
    clear : float
        A character less likely than this in a frame is not considered.
    faint : float
        The same where the text must fit a pattern, which the ink may be slow to agree with.
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

    Frames in which no character is likely are passed as "nothing".

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
    """Logarithms of the probabilities of texts' characters by a language.

    They are known of texts that stayed as `beam_search` found them.
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

    As `beam_search`, which see for the parameters; of texts that end alike in `ALIKE` characters
    only the best is known, so they should be short.
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
    classes : (S, C) int64 array
        What each may be, `BLANK` where there are fewer.
    passed : (S,) float64 array
        Logarithm of the probability that the frames passed before each of them are "nothing"; not
        a number where there are none.
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


class _Beaten(NamedTuple):
    """Texts that gave way to others, to which language would add the same; n rows each.

    Attributes
    ----------
    by : (n,) intp array
        Node of the text that each gave way to.
    node : (n,) intp array
    last : (n,) int64 array
        The text is that at the node and this class, or only that at the node if it is `BLANK`.
    behind : (n,) float64 array
        Nats by which it scored less.
    """

    by: NDArray[np.intp]
    node: NDArray[np.intp]
    last: NDArray[np.int64]
    behind: NDArray[np.float64]


def _differing(one: Sequence[int], other: Sequence[int]) -> slice:
    """Where a text is another than some other text; one place at least."""
    first = last = 0
    while first < min(len(one), len(other)) and one[first] == other[first]:
        first += 1
    while last < min(len(one), len(other)) - first and one[~last] == other[~last]:
        last += 1
    return slice(first, max(len(one) - last, first + 1))


class _Beams:
    """The hypotheses of some lines, those with the most frames first.

    All arrays are (L, B): each line's hypotheses, best first, and `NEVER` to the end of the row.
    `blank`, `letter` and `prior` are logarithms: of the paths that end in nothing, of those that
    end in the last letter, and what language and bonus add. `last` is the class of that letter,
    `ending` packs the last folded letters, `name` and `parent` are hashes of the text and of the
    text without it, and `node` is where `spelled` holds it.
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
        # Node of the text before it, class, and logarithm of its probability by language.
        self.spelled: list[tuple[int, int, float]] = []
        # Of texts that gave way to others: see `_Beaten`.
        self.beaten: list[_Beaten] = []
        self.states = language.start(count)

    def pass_over(self, passed: NDArray[np.float64]) -> None:
        """Pass the frames that are nothing; forget the lines that have ended."""
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
        count, wide = self.blank.shape
        lines = np.arange(count)[:, None]
        total = np.logaddexp(self.blank, self.letter)
        stay_blank = total + frames[:, BLANK, None]
        stay_letter = self.letter + frames[lines, self.last]
        repeated = self.last[:, :, None] == classes[:, None]
        ink = np.where(classes == BLANK, NEVER, frames[lines, classes])
        more = np.where(repeated, self.blank[:, :, None], total[:, :, None]) + ink[:, None]
        # Hypotheses that are another one and one more letter: their paths are added up.
        line, row, shorter = np.nonzero(self.parent[:, :, None] == self.name[:, None])
        which, col = np.nonzero(classes[line] == self.last[line, row, None])
        line, row, shorter = line[which], row[which], shorter[which]
        joined = more[line, shorter, col]
        stay_letter[line, row] = np.logaddexp(stay_letter[line, row], joined)
        more[line, shorter, col] = NEVER

        stay = np.logaddexp(stay_blank, stay_letter) + self.prior
        # Language can only take from it.
        hope = more + self.prior[:, :, None] + self.bonus[classes][:, None]
        limit = np.maximum(stay.max(axis=1) - self.behind, NEVER / 2)
        line, row, col = np.nonzero(hope > limit[:, None, None])
        if self.pattern is not None:
            texts = zip(self.node[line, row].tolist(), classes[line, col].tolist(), strict=True)
            fits = [self.pattern((*self.text(node), k))[0] for node, k in texts]
            line, row, col = (index[np.array(fits, dtype=bool)] for index in (line, row, col))
        states = self.states.take(line * wide + row)
        scores, after = self.language.advance(states, self.symbols[classes[line, col]][:, None])
        gain = self.weight * scores[:, 0] + self.bonus[classes[line, col]]

        # Beside those that stay, the new ones of each line, as many columns as any line has.
        each = np.bincount(line, minlength=count)
        place = np.arange(len(line)) - (np.cumsum(each) - each)[line]
        value: NDArray[np.float64] = np.full((count, wide + int(each.max())), NEVER)
        value[:, :wide] = stay
        value[line, wide + place] = more[line, row, col] + self.prior[line, row] + gain
        number = np.zeros(value.shape, dtype=np.intp)
        number[line, wide + place] = np.arange(len(line))
        kept = np.argsort(-value, axis=1, kind="stable")[:, : 2 * self.width]
        value = value[lines, kept]
        if self.pattern is None:
            ends: NDArray[np.int64] = np.zeros(number.shape, dtype=np.int64)
            ends[:, :wide] = self._end(self.ending, self.last)
            added = classes[line, col]
            ends[line, wide + place] = self._end(self._ending(line, row, added), added)
            ends = ends[lines, kept]
            ranked = np.argsort(ends, axis=1, kind="stable")
            ends = ends[lines, ranked]
            alike = np.hstack([np.zeros((count, 1), bool), ends[:, 1:] == ends[:, :-1]])
            worse, place = np.nonzero(alike)  # after one that ends alike
            better = np.maximum.accumulate(np.where(alike, 0, np.arange(alike.shape[1])), axis=1)
            by, place = ranked[worse, better[worse, place]], ranked[worse, place]
            behind = value[worse, by] - value[worse, place]
            close = (behind < self.margin) & (value[worse, place] > NEVER / 2)
            value[worse, place] = NEVER
            worse, by, place, behind = (part[close] for part in (worse, by, place, behind))
            lost = kept[worse, place]
            m = number[worse, lost]
            fresh = lost >= wide
            shorter = self.node[np.where(fresh, line[m], worse), np.where(fresh, row[m], lost)]
            added = np.where(fresh, classes[line[m], col[m]], BLANK)
        again = np.argsort(-value, axis=1, kind="stable")[:, : self.width]
        kept, value = kept[lines, again], value[lines, again]
        good = value > np.maximum(value[:, :1] - self.behind, NEVER / 2)
        most = max(1, int(good.sum(axis=1).max()))
        kept, good = kept[:, :most], good[:, :most]

        new = (kept >= wide) & good
        old = np.where(kept < wide, kept, 0)
        m = number[lines, kept][new]
        line, row, col = line[m], row[m], col[m]
        letter, name = classes[line, col], self.name[line, row]
        node = self.node[line, row].tolist()

        def chosen(stays: NDArray[Any], starts: Any, never: Any) -> NDArray[Any]:
            out = np.where(good, stays[lines, old], never)
            out[new] = starts
            return out

        prior = self.prior[line, row] + gain[m]
        self.blank = chosen(stay_blank, NEVER, NEVER)
        self.letter = chosen(stay_letter, more[line, row, col], NEVER)
        self.prior = chosen(self.prior, prior, 0.0)
        self.last = chosen(self.last, letter, BLANK)
        self.ending = chosen(self.ending, self._ending(line, row, letter), 0)
        self.parent = chosen(self.parent, name, NO_PARENT)
        self.name = chosen(self.name, name * BASE + letter.astype(np.uint64), NO_TEXT)
        self.node = chosen(self.node, np.arange(len(m)) + len(self.spelled), -1)
        self.spelled += zip(node, letter.tolist(), scores[m, 0].tolist(), strict=True)
        rows = np.where(kept < wide, lines * wide + old, 0)
        rows[new] = len(self.states) + m
        self.states = self.states.joined(after).take(rows.ravel())
        if self.pattern is None:
            column = np.full(ends.shape, -1)
            np.put_along_axis(column, again[:, :most], np.arange(most)[None], axis=1)
            by = np.where(column[worse, by] < 0, -1, self.node[worse, column[worse, by]])
            self.beaten.append(_Beaten(by, shorter, added, behind))

    def _ending(
        self, line: NDArray[np.intp], row: NDArray[np.intp], letter: NDArray[np.int64]
    ) -> NDArray[np.int64]:
        """The last folded letters of some texts to which a letter is added."""
        return (self.ending[line, row] << SYMBOL_BITS | self.folded[letter]) & _ENDING

    @staticmethod
    def _end(ending: NDArray[np.int64], last: NDArray[np.int64]) -> NDArray[np.int64]:
        """A key that texts share to which language will add the same.

        Of these the best is kept, as the others cannot overtake it (recombination; Ney & Ortmanns
        1999, "Dynamic programming search for continuous speech recognition").
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
            _Beaten(node[best].repeat(len(others)), node[others], whole, behind[others])
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
        texts = [[self.spelled[node][1] for node in path] for path in paths]
        place: NDArray[np.intp] = np.full(len(self.spelled) + 1, -1)  # the last is of the node -1
        owner = place.copy()
        for k, path in enumerate(paths):
            place[path], owner[path] = np.arange(len(path)), k
        # What else a part of a text may be, each once: nats by which the text scores less with it.
        others: dict[tuple[int, int, int, tuple[int, ...]], float] = {}
        for (by, node, last), behind in self._beaten_by(place >= 0).items():
            other = [last] if last != BLANK else []
            while place[node] < 0 <= node:
                node, last, _ = self.spelled[node]
                other.append(last)
            part = int(owner[by]), int(place[node]) + 1, int(place[by]) + 1, tuple(other[::-1])
            others[part] = min(others.get(part, np.inf), behind)
        margins = [np.full(len(text), self.margin) for text in texts]
        for (k, start, stop, classes), behind in others.items():
            margin = margins[k][start:stop][_differing(texts[k][start:stop], classes)]
            margin[:] = -np.logaddexp(-margin, -behind)
        return [
            None
            if node is None
            else Found(text, np.array([self.spelled[node][2] for node in path]), margin)
            for node, path, text, margin in zip(best, paths, texts, margins, strict=True)
        ]

    def _beaten_by(self, wanted: NDArray[np.bool_]) -> dict[tuple[int, int, int], float]:
        """The texts that gave way to those at some nodes: `_Beaten` without its last."""
        found: dict[tuple[int, int, int], float] = {}
        for beaten in self.beaten:
            hit = wanted[beaten.by]
            for *key, behind in zip(*(part[hit].tolist() for part in beaten), strict=True):
                found[tuple(key)] = min(found.get(tuple(key), np.inf), behind)
        return found

"""Texts from the output of a CTC network: best path, prefix beam search with language, alignment.

Connectionist temporal classification (Graves et al. 2006) gives each frame of a line a
probability for every character and for "nothing". A text is spelt by every path that becomes it
once repeats and then nothings are removed. All functions take natural logarithms of the
probabilities, `(T, K + 1)`, class 0 "nothing" and class k + 1 character k.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import fields

import numpy as np
from numpy.typing import NDArray

from ocr.language import State, TextModel

Fits = Callable[[tuple[int, ...]], tuple[bool, bool]]

BLANK = 0
NEVER = -1e30  # logarithm of a probability of nothing, safe to add to

WIDTH = 12  # hypotheses kept for a line
CANDIDATES = 5  # characters considered in a frame
CLEAR = 0.002  # a character less likely than this in a frame is not considered
FAINT = 1e-5  # the same where the text must fit a pattern, which the ink may be slow to agree with
LANGUAGE_WEIGHT = 0.6  # share of the language's logarithms in a hypothesis's score
LENGTH_BONUS = 1.75  # logarithm, for each character: language and CTC alike favour short texts


def best_path(logs: NDArray[np.float32]) -> list[int]:
    """Classes of the likeliest path, repeats and nothings removed."""
    path = logs.argmax(axis=1)
    changed = np.append(True, path[1:] != path[:-1])
    return [int(k) for k in path[changed & (path != BLANK)]]


def beam_search(
    lines: Sequence[NDArray[np.float32]],
    language: TextModel,
    symbols: NDArray[np.int64],
    weight: float = LANGUAGE_WEIGHT,
    bonus: float = LENGTH_BONUS,
    width: int = WIDTH,
    pattern: Fits | None = None,
) -> list[list[int] | None]:
    """Classes of the likeliest text of each line under ink and language (Hannun et al. 2014).

    Parameters
    ----------
    lines : sequence of (T, K + 1) float32 arrays
        They do not depend on each other: they are read side by side because that costs less.
    language : TextModel
    symbols : (K + 1,) int64 array
        The language model's index of each class; that of class 0 is not used.
    weight, bonus : float
        A hypothesis scores ``log p(text | ink) + weight * log p(text) + bonus * len(text)``.
    width : int
        Hypotheses kept from frame to frame.
    pattern : callable, optional
        Given classes, tells whether a text that begins so can still fit, and whether it fits as
        it is. Only a text that fits is returned.

    Returns
    -------
    list of (list of int or None)
        None where the ink leaves no text that fits the pattern.
    """
    least = CLEAR if pattern is None else FAINT
    beams = [_Beam(logs.astype(np.float64)) for logs in lines]
    state = language.start(len(beams))
    active = beams
    while active:
        owner = np.repeat(np.arange(len(active)), [len(beam.texts) for beam in active])
        going = np.array([beam.go_on(least) for beam in active])
        if not going.all():
            state = state.take(np.flatnonzero(going[owner]))
            active = [beam for beam, more in zip(active, going, strict=True) if more]
            continue
        most = max(len(beam.classes) for beam in active)
        padded = np.array([np.resize(beam.classes, most) for beam in active])
        scores, after = language.advance(state, symbols[padded][owner])
        prior = weight * scores + bonus
        kept, row = [], 0
        for beam in active:
            own = slice(row, row + len(beam.texts))
            parent, child = beam.step(prior[own, : len(beam.classes)], width, pattern)
            new = len(owner) + (row + parent) * most + child
            kept.append(np.where(child < 0, row + parent, new))
            row = own.stop
        chosen = np.concatenate(kept)
        state = State(
            *(
                np.concatenate([getattr(state, field.name), getattr(after, field.name)])[chosen]
                for field in fields(State)
            )
        )
    return [beam.best(pattern) for beam in beams]


class _Beam:
    """The hypotheses of one line, best first, and how far in it they are.

    `blank`, `letter` and `prior` are logarithms: of the paths that end in nothing, of those that
    end in the last letter, and what language and bonus add. `classes` are what the frame that
    comes next may be.
    """

    def __init__(self, frames: NDArray[np.float64]) -> None:
        self.frames = frames
        self.at = 0
        self.classes: NDArray[np.int64] = np.empty(0, dtype=np.int64)
        self.texts: list[tuple[int, ...]] = [()]
        self.blank, self.letter, self.prior = np.array([[0.0], [NEVER], [0.0]])

    def go_on(self, least: float) -> bool:
        """Pass the frames that hold no character; whether one comes that may."""
        while self.at < len(self.frames):
            frame = self.frames[self.at]
            self.classes = _candidates(frame, least)
            if len(self.classes):
                return True
            self.blank, self.letter = self._stay(frame)
            self.at += 1
        return False

    def step(
        self, more_prior: NDArray[np.float64], width: int, pattern: Fits | None
    ) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Take the next frame.

        Parameters
        ----------
        more_prior : (B, A) float64 array
            What language and bonus add for each of `classes` after each hypothesis.

        Returns
        -------
        parent, child : (B',) int64 arrays
            From which hypothesis each new one comes, and by which of `classes`; -1 for none.
        """
        frame, classes, texts = self.frames[self.at], self.classes, self.texts
        count = len(texts)
        last = np.array([text[-1] if text else BLANK for text in texts], dtype=np.int64)
        stay_blank, stay_letter = self._stay(frame)
        step = np.where(
            last[:, None] == classes,
            self.blank[:, None],
            np.logaddexp(self.blank, self.letter)[:, None],
        )
        more_letter = (step + frame[classes]).ravel()
        place = {text: row for row, text in enumerate(texts)}
        known = classes.tolist()
        for row, text in enumerate(texts):  # longer hypotheses that are already kept
            parent = place.get(text[:-1]) if text else None
            if parent is not None and text[-1] in known:
                child = parent * len(classes) + known.index(text[-1])
                stay_letter[row] = np.logaddexp(stay_letter[row], more_letter[child])
                more_letter[child] = NEVER
        if pattern is not None:
            open_ = [pattern((*text, k))[0] for text in texts for k in classes.tolist()]
            more_letter[~np.array(open_)] = NEVER
        all_blank = np.append(stay_blank, np.full(len(more_letter), NEVER))
        all_letter = np.append(stay_letter, more_letter)
        all_prior = np.append(self.prior, (self.prior[:, None] + more_prior).ravel())
        value = np.logaddexp(all_blank, all_letter) + all_prior
        kept = np.argsort(-value, kind="stable")[:width]
        kept = kept[value[kept] > NEVER / 2]
        self.blank, self.letter, self.prior = all_blank[kept], all_letter[kept], all_prior[kept]
        parent_of = np.where(kept < count, kept, (kept - count) // len(classes))
        child_of = np.where(kept < count, -1, (kept - count) % len(classes))
        self.texts = [
            texts[row] if k < 0 else (*texts[row], int(classes[k]))
            for row, k in zip(parent_of.tolist(), child_of.tolist(), strict=True)
        ]
        self.at += 1
        return parent_of, child_of

    def best(self, pattern: Fits | None) -> list[int] | None:
        """Classes of the best hypothesis that fits."""
        value = np.logaddexp(self.blank, self.letter) + self.prior
        if pattern is not None:
            value[[not pattern(text)[1] for text in self.texts]] = NEVER
        best = int(np.argmax(value))
        return list(self.texts[best]) if value[best] > NEVER / 2 else None

    def _stay(self, frame: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """`blank` and `letter` after a frame that adds no character."""
        last = np.array([text[-1] if text else BLANK for text in self.texts], dtype=np.int64)
        total = np.logaddexp(self.blank, self.letter)
        return total + frame[BLANK], np.where(last == BLANK, NEVER, self.letter + frame[last])


def _candidates(frame: NDArray[np.float64], least: float) -> NDArray[np.int64]:
    """Classes other than nothing that a frame may be."""
    likely = np.argsort(-frame, kind="stable")[: CANDIDATES + 1]
    return np.sort(likely[(likely != BLANK) & (frame[likely] > np.log(least))])


def align(logs: NDArray[np.float32], classes: list[int]) -> NDArray[np.int64]:
    """Where each character of a text stands: frames of the likeliest path that spells it.

    Parameters
    ----------
    logs : (T, K + 1) float32 array
    classes : list of int
        The text; it needs a frame a character and one more between equal neighbours.

    Returns
    -------
    (len(classes), 2) int64 array
        First frame, and the one after the last, of each character.

    Raises
    ------
    ValueError
        If the text does not fit into the frames.
    """
    count = len(classes)
    if not count:
        return np.empty((0, 2), dtype=np.int64)
    states = np.full(2 * count + 1, BLANK)
    states[1::2] = classes
    skip = np.zeros(len(states), dtype=bool)  # from a character to the next, if they differ
    skip[3::2] = states[3::2] != states[1:-2:2]
    score = np.full(len(states), NEVER)
    score[:2] = logs[0, states[:2]]
    back = np.zeros((len(logs), len(states)), dtype=np.int8)
    for t in range(1, len(logs)):
        one = np.append(NEVER, score[:-1])
        two = np.where(skip, np.append([NEVER, NEVER], score[:-2]), NEVER)
        options = np.stack([score, one, two])
        back[t] = options.argmax(axis=0)
        score = options.max(axis=0) + logs[t, states]
    at = len(states) - 1 if score[-1] > score[-2] else len(states) - 2
    if score[at] < NEVER / 2:
        raise ValueError(f"a text of {count} characters does not fit into {len(logs)} frames")
    path = np.empty(len(logs), dtype=np.int64)
    for t in range(len(logs) - 1, -1, -1):
        path[t] = at
        at -= int(back[t, at])
    frames = np.arange(len(logs))
    spans = [frames[path == 2 * k + 1] for k in range(count)]
    return np.array([(span[0], span[-1] + 1) for span in spans])


def path_log(logs: NDArray[np.float32], classes: list[int]) -> float:
    """Natural logarithm of the probability of the likeliest path that spells a text; as `align`."""
    path = np.full(len(logs), BLANK)
    for k, (first, last) in zip(classes, align(logs, classes), strict=True):
        path[first:last] = k
    return float(logs[np.arange(len(logs)), path].sum())

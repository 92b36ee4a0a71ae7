"""Texts from the output of a CTC network: best path, prefix beam search with language, alignment.

Connectionist temporal classification (Graves et al. 2006) gives each frame of a line a
probability for every character and for "nothing". A text is spelt by every path that becomes it
once repeats and then nothings are removed. All functions take natural logarithms of the
probabilities, `(T, K + 1)`, class 0 "nothing" and class k + 1 character k.
"""

from __future__ import annotations

from collections.abc import Callable
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
    logs: NDArray[np.float32],
    language: TextModel,
    symbols: NDArray[np.int64],
    weight: float = LANGUAGE_WEIGHT,
    bonus: float = LENGTH_BONUS,
    width: int = WIDTH,
    pattern: Fits | None = None,
) -> list[int] | None:
    """Classes of the likeliest text under ink and language (Hannun et al. 2014).

    Parameters
    ----------
    logs : (T, K + 1) float32 array
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
    list of int or None
        None if the ink leaves no text that fits the pattern.
    """
    texts: list[tuple[int, ...]] = [()]
    state = language.start(1)
    # Logarithms: of the paths that end in nothing, of those that end in the last letter, and what
    # language and bonus add.
    blank, letter, prior = np.array([[0.0], [NEVER], [0.0]])
    for frame in logs.astype(np.float64):
        classes = _candidates(frame, CLEAR if pattern is None else FAINT)
        last = np.array([text[-1] if text else BLANK for text in texts], dtype=np.int64)
        total = np.logaddexp(blank, letter)
        stay_blank = total + frame[BLANK]
        stay_letter = np.where(last == BLANK, NEVER, letter + frame[last])
        if not len(classes):
            blank, letter = stay_blank, stay_letter
            continue
        count = len(texts)
        scores, after = language.advance(state, np.tile(symbols[classes], (count, 1)))
        step = np.where(last[:, None] == classes, blank[:, None], total[:, None])
        more_letter = (step + frame[classes]).ravel()
        more_prior = (prior[:, None] + weight * scores + bonus).ravel()
        place = {text: row for row, text in enumerate(texts)}
        for row, text in enumerate(texts):  # longer hypotheses that are already kept
            parent = place.get(text[:-1]) if text else None
            at = np.flatnonzero(classes == (text[-1] if text else BLANK))
            if parent is not None and len(at):
                child = parent * len(classes) + int(at[0])
                stay_letter[row] = np.logaddexp(stay_letter[row], more_letter[child])
                more_letter[child] = NEVER
        if pattern is not None:
            open_ = [pattern((*text, k))[0] for text in texts for k in classes.tolist()]
            more_letter[~np.array(open_)] = NEVER
        all_blank = np.append(stay_blank, np.full(len(more_letter), NEVER))
        all_letter = np.append(stay_letter, more_letter)
        all_prior = np.append(prior, more_prior)
        value = np.logaddexp(all_blank, all_letter) + all_prior
        kept = np.argsort(-value, kind="stable")[:width]
        kept = kept[value[kept] > NEVER / 2]
        texts = [
            texts[k]
            if k < count
            else (
                *texts[(k - count) // len(classes)],
                int(classes[(k - count) % len(classes)]),
            )
            for k in kept.tolist()
        ]
        state = State(
            *(
                np.concatenate([getattr(state, field.name), getattr(after, field.name)])[kept]
                for field in fields(State)
            )
        )
        blank, letter, prior = all_blank[kept], all_letter[kept], all_prior[kept]
    value = np.logaddexp(blank, letter) + prior
    if pattern is not None:
        value[[not pattern(text)[1] for text in texts]] = NEVER
    best = int(np.argmax(value))
    return list(texts[best]) if value[best] > NEVER / 2 else None


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

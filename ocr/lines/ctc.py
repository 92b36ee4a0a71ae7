"""Texts from the output of a CTC network: the best path, and where its characters stand.

Connectionist temporal classification (Graves et al. 2006) gives each frame of a line a
probability for every character and for the blank, which stands for no character. A text is spelled
by every path that becomes it once repeats and then blanks are removed. All functions take natural
logarithms of the probabilities, `(T, K + 1)`, class 0 the blank and class k + 1 character k.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

BLANK = 0
NEVER = -1e30  # logarithm of the probability 0, safe to add to


def best_path(logs: NDArray[np.float32]) -> list[int]:
    """Classes of the likeliest path, repeats and blanks removed."""
    path = logs.argmax(axis=1)
    changed = np.append(True, path[1:] != path[:-1])
    return [int(k) for k in path[changed & (path != BLANK)]]


def align(
    lines: Sequence[NDArray[np.float32]], texts: Sequence[Sequence[int]]
) -> list[NDArray[np.int64]]:
    """Where each character of some lines stands: frames of the likeliest path that spells them.

    Parameters
    ----------
    lines : sequence of (T, K + 1) float32 arrays
        They do not depend on each other, as in `beam_search`.
    texts : sequence of sequences of int
        Classes of each line's characters; a text needs a frame a character and one more between
        equal neighbors.

    Returns
    -------
    list of (len(text), 2) int64 arrays
        First frame, and the one after the last, of each character.

    Raises
    ------
    ValueError
        If a text does not fit into its frames.
    """
    frames = np.array([len(logs) for logs in lines], dtype=np.intp)
    counts = np.array([len(text) for text in texts], dtype=np.intp)
    if not counts.any():
        return [np.empty((0, 2), dtype=np.int64) for _ in texts]
    every = np.arange(len(lines))
    states = np.full((len(lines), 2 * int(counts.max()) + 1), BLANK)
    ink = np.full((int(frames.max()), *states.shape), NEVER, np.float32)  # of each state and frame
    for k, (logs, text) in enumerate(zip(lines, texts, strict=True)):
        states[k, 1 : 2 * len(text) : 2] = text
        ink[: len(logs), k, : 2 * len(text) + 1] = logs[:, states[k, : 2 * len(text) + 1]]
    skip = np.zeros(states.shape, dtype=bool)  # from a character to the next, if they differ
    skip[:, 3::2] = states[:, 3::2] != states[:, 1:-2:2]
    skipped = np.where(skip, 0.0, NEVER)[:, 2:]
    score = np.full(states.shape, NEVER)
    score[:, :2] = ink[0, :, :2]
    back = np.zeros(ink.shape, dtype=np.int8)  # by how many states a path came on
    final = score.copy()
    for t in range(1, len(ink)):
        best = score.copy()  # to stay, to come from the state before, or from the one before that
        np.maximum(best[:, 1:], score[:, :-1], out=best[:, 1:])
        back[t, :, 1:] = best[:, 1:] > score[:, 1:]
        before = score[:, :-2] + skipped
        np.copyto(back[t, :, 2:], 2, where=before > best[:, 2:])
        np.maximum(best[:, 2:], before, out=best[:, 2:])
        score = best + ink[t]
        ended = frames == t + 1
        final[ended] = score[ended]
    last = 2 * counts
    before = np.maximum(last - 1, 0)
    at = np.where(final[every, last] > final[every, before], last, before)
    lost = np.flatnonzero(final[every, at] < NEVER / 2)
    if len(lost):
        raise ValueError(
            f"a text of {counts[lost[0]]} characters does not fit into {frames[lost[0]]} frames"
        )
    path = np.empty((len(ink), len(lines)), dtype=np.intp)
    for t in range(len(ink) - 1, -1, -1):
        path[t] = at
        at = np.where(frames > t, at - back[t, every, at], at)
    found = []
    for k, count in enumerate(counts):
        own, characters = path[: frames[k], k], 2 * np.arange(count) + 1
        ends = [np.searchsorted(own, characters, side) for side in ("left", "right")]
        found.append(np.stack(ends, axis=1).astype(np.int64))
    return found


def path_log(logs: NDArray[np.float32], classes: list[int]) -> float:
    """Natural logarithm of the probability of the path that `align` finds for a text."""
    path = np.full(len(logs), BLANK)
    for k, (first, last) in zip(classes, align([logs], [classes])[0], strict=True):
        path[first:last] = k
    return float(logs[np.arange(len(logs)), path].sum())

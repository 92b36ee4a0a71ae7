"""What a glyph classifier gets right, restricted and folded as published figures are.

All functions take probabilities `(N, K)`, the charset of the K columns and the true characters
`(N,)`, so that they serve every kind of classifier.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import numpy as np
from numpy.typing import NDArray

DIGITS = "0123456789"
UPPER = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
EMNIST_62 = tuple(DIGITS + UPPER + UPPER.lower())  # EMNIST ByClass
MERGED = "CIJKLMOPSUVWXYZ"  # letters whose cases EMNIST Balanced holds as one class
EMNIST_47: Mapping[str, str] = {
    sign: sign.upper() if sign.upper() in MERGED else sign for sign in EMNIST_62
}
NIST_36: Mapping[str, str] = {sign: sign.upper() for sign in EMNIST_62}
CALIBRATION_BINS = 15  # as Guo et al. 2017, arXiv:1706.04599


def fold(
    probabilities: NDArray[np.float32], charset: Iterable[str], classes: Mapping[str, str]
) -> tuple[NDArray[np.float32], tuple[str, ...]]:
    """Keep the characters named in `classes` and add up those of one class.

    Returns
    -------
    (N, C) float32 array, tuple of C str
        Sums of probabilities, not normalized again, and the classes of the columns.
    """
    columns = list(charset)
    names = tuple(dict.fromkeys(classes.values()))
    matrix = np.zeros((len(columns), len(names)), dtype=np.float32)
    for column, sign in enumerate(columns):
        if sign in classes:
            matrix[column, names.index(classes[sign])] = 1
    return probabilities @ matrix, names


def accuracy(
    probabilities: NDArray[np.float32],
    charset: Iterable[str],
    truth: NDArray[np.str_],
    classes: Mapping[str, str] | None = None,
) -> tuple[float, float]:
    """Share of samples read right, and the mean of that share over the classes.

    Parameters
    ----------
    classes : mapping of str to str, optional
        Restricts the decoding to its keys and folds them to its values, in prediction and truth.
        Each character its own class where it is not given.
    """
    charset = tuple(charset)
    classes = classes or {sign: sign for sign in charset}
    folded, names = fold(probabilities, charset, classes)
    predicted = np.array(names)[folded.argmax(axis=1)]
    wanted = np.array([classes[str(sign)] for sign in truth])
    right = predicted == wanted
    means = [right[wanted == name].mean() for name in np.unique(wanted)]
    return float(right.mean()), float(np.mean(means))


def expected_calibration_error(
    probabilities: NDArray[np.float32], charset: Iterable[str], truth: NDArray[np.str_]
) -> float:
    """Mean distance between confidence and accuracy over bins of confidence, weighted by size.

    Guo et al. 2017, "On calibration of modern neural networks", arXiv:1706.04599.
    """
    confidence = probabilities.max(axis=1)
    right = np.array(tuple(charset))[probabilities.argmax(axis=1)] == truth
    bins = np.minimum((confidence * CALIBRATION_BINS).astype(int), CALIBRATION_BINS - 1)
    error = 0.0
    for k in np.unique(bins):
        chosen = bins == k
        error += float(chosen.mean()) * abs(float(right[chosen].mean() - confidence[chosen].mean()))
    return error

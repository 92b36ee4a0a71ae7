"""How likely each character of a line is to be right: by the ink, and with language."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ocr.lines.ctc import BLANK


@dataclass(frozen=True)
class ConfidenceConfig:
    """How language changes the log-odds that a character is right (logistic regression).

    They become an offset plus the sum of `weights` times `evidence`: language mends what the ink
    leaves in doubt, more so where the text is likely and no other comes near it, less in a line
    that is hard to read. Fitted by `python -m training.recipes.line_decoding --confidence`.
    Confidences for hard French hands of a century ago stay too high (expected calibration error
    0.018 on Poilus valid).

    Attributes
    ----------
    weights : four floats
        Of the evidence, in its order.
    offsets : tuple of (str, float)
        Of each language.
    other_offset : float
        Of languages that are not among them: the mean of those.
    around : int
        Characters before and behind one whose likelihood by language counts for it.
    unlikeliest : float
        Logarithms of a character's probability by language below this count as this.
    """

    weights: tuple[float, float, float, float] = (0.35, 0.41, 0.43, 0.42)
    offsets: tuple[tuple[str, float], ...] = (("english", 0.86), ("french", 0.42))
    other_offset: float = 0.64
    around: int = 3
    unlikeliest: float = -12.0


CONFIG = ConfidenceConfig()
LEAST = 1e-5  # probability, and of its complement, that odds are taken of


def ink_odds(
    logs: NDArray[np.float32], classes: list[int], frames: NDArray[np.int64]
) -> NDArray[np.float64]:
    """Log-odds of each character of a line by the ink alone."""
    ink = [np.exp(logs[a:b, k].max()) for k, (a, b) in zip(classes, frames, strict=True)]
    return log_odds(np.array(ink))


def language_odds(
    logs: NDArray[np.float32],
    ink: NDArray[np.float64],
    likely: NDArray[np.float64],
    margins: NDArray[np.float64],
    name: str,
) -> NDArray[np.float64]:
    """Log-odds of each character of a line that was read with language.

    `name` is that of the language; the other parameters are as for `evidence`.
    """
    offset = dict(CONFIG.offsets).get(name, CONFIG.other_offset)
    return evidence(logs, ink, likely, margins) @ np.array(CONFIG.weights) + offset


def evidence(
    logs: NDArray[np.float32],
    ink: NDArray[np.float64],
    likely: NDArray[np.float64],
    margins: NDArray[np.float64],
) -> NDArray[np.float64]:
    """The features by which the log-odds of each character of a line are estimated.

    Parameters
    ----------
    logs : (T, K + 1) float32 array
        Of the line's frames.
    ink : (n,) float64 array
        Log-odds of each character by the ink alone.
    likely : (n,) float64 array
        Logarithm of each character's probability by language.
    margins : (n,) float64 array
        How much better the text is than those with something else there: see
        `ocr.lines.beam_search.Found`.

    Returns
    -------
    (n, 4) float64 array
        The log-odds by the ink; those of the line's mean probability; the mean logarithm by
        language of a character and those around it; and the margins.
    """
    sums = np.append(0.0, np.cumsum(np.maximum(likely, CONFIG.unlikeliest)))
    at = np.arange(len(ink))
    first, last = np.maximum(at - CONFIG.around, 0), np.minimum(at + CONFIG.around + 1, len(ink))
    around = (sums[last] - sums[first]) / np.maximum(last - first, 1)
    line = np.full(len(ink), log_odds(np.array(mean_confidence([logs]))))
    return np.stack([ink, line, around, margins], axis=1)


def log_odds(probabilities: NDArray[np.floating]) -> NDArray[np.float64]:
    """Logarithms of p / (1 - p), kept finite."""
    p = np.clip(probabilities, LEAST, 1 - LEAST).astype(np.float64)
    return np.log(p / (1 - p))


def mean_confidence(lines: Sequence[NDArray[np.float32]]) -> float:
    """Mean probability of the likeliest class over the frames that are not blank; 0 without any."""
    best = [logs.max(axis=1)[logs.argmax(axis=1) != BLANK] for logs in lines]
    sure = np.exp(np.concatenate(best)) if best else np.empty(0)
    return float(sure.mean()) if len(sure) else 0.0

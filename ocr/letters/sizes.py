"""How the size and place of letters on their line suit each character.

A line has one cap height and one baseline: a letter that reaches as high as its neighbors' capitals
is none of the small ones.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

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


@dataclass(frozen=True)
class SizeConfig:
    """How unevenly hands write, and which cap heights are tried.

    `height_sd` and `position_sd` were chosen by `python -m training.recipes.context --search` over
    an early classifier's rows of EMNIST and UNIPEN valid glyphs; how the others were chosen is
    not known any more.

    Attributes
    ----------
    height_sd, position_sd : float
        Cap heights: standard deviation of a letter's height, and of its middle about where it
        belongs. Hands are less even than fonts.
    tail : float
        Degrees of freedom of Student's t.
    jump : float
        Share of letters that stand anywhere, relative to the peak: no jump decides alone.
    slope_support : int
        Pairs of letters for which a line's own slope counts half.
    lowest, highest : float
        Of the typical height of a letter, the cap heights that are tried.
    steps : int
        How many of them.
    cap_sd : float
        Standard deviation of the logarithm of the lines' cap heights on a page.
    sign : float
        Of the median height, below which something is a small sign.
    apart : float
        Typical heights that two letters must be apart to tell a slope.
    pairs : int
        Pairs of letters at least that a page's slope is taken from.
    """

    height_sd: float = 0.15
    position_sd: float = 0.14
    tail: float = 6.0
    jump: float = 0.02
    slope_support: int = 10
    lowest: float = 0.6
    highest: float = 2.4
    steps: int = 25
    cap_sd: float = 0.15
    sign: float = 0.5
    apart: float = 3.0
    pairs: int = 3


CONFIG = SizeConfig()


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
        Log-likelihoods, 0 for a perfect fit, never below ``2 * log(jump)``.
    """
    reach = np.array([reach_of(c) for c in charset])
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
    caps = typical * np.geomspace(CONFIG.lowest, CONFIG.highest, CONFIG.steps)  # pixels
    fits = np.zeros((len(boxes), len(caps)))
    bases = np.zeros_like(fits)
    for row, (proba, height, middle) in enumerate(zip(probas, heights, middles, strict=True)):
        weight = np.zeros((len(height), len(kinds)))
        np.add.at(weight.T, kind, proba.T)  # (n, G)
        # (caps, n, G); a first guess of what each letter is, by height alone, gives the baseline
        high = weight * _odds(height[:, None] / caps[:, None, None] - tall, CONFIG.height_sd)
        base = middle + caps[:, None] * level[high.argmax(axis=2)]
        bases[row] = np.median(base, axis=1)
        shift = (bases[row][:, None] - middle) / caps[:, None]
        both = high * _odds(shift[..., None] - level, CONFIG.position_sd)
        fits[row] = np.log(both.sum(axis=2)).sum(axis=1) - 2 * len(height) * np.log(caps)
    page = caps[fits.sum(axis=0).argmax()]
    fits -= 0.5 * (np.log(caps / page) / CONFIG.cap_sd) ** 2
    scores = []
    for row, (height, middle) in enumerate(zip(heights, middles, strict=True)):
        cap, base_ = caps[fits[row].argmax()], bases[row, fits[row].argmax()]
        tallness = _odds(height[:, None] / cap - tall, CONFIG.height_sd)
        standing = _odds((base_ - middle[:, None]) / cap - level, CONFIG.position_sd)
        scores.append(np.log(tallness * standing)[:, kind])
    return scores


def reach_of(character: str) -> tuple[float, float]:
    """Where a character reaches: top and bottom in cap heights above the baseline."""
    return next((reach for group, reach in REACH.items() if character in group), CAPITAL)


def _odds(error: Floats, deviation: float) -> Floats:
    """Student's t over its peak, with a floor for what stands anywhere."""
    spread = 1 + (error / deviation) ** 2 / CONFIG.tail
    odds: Floats = (1 - CONFIG.jump) * spread ** (-(CONFIG.tail + 1) / 2) + CONFIG.jump
    return odds


def _typical(heights: Floats) -> float:
    """Median height of what is not a small sign, in pixels."""
    return float(np.median(heights[heights >= CONFIG.sign * np.median(heights)]))


def _slopes(boxes: Sequence[NDArray[np.intp]], typical: float) -> list[float]:
    """Rows a column that each line falls: the median over pairs of letters some way apart.

    Lines with few letters lean on those of the whole page.
    """
    slopes = []
    for box in boxes:
        box = box[box[:, 2] - box[:, 0] >= CONFIG.sign * typical]  # signs stand where they like
        x, foot = (box[:, 1] + box[:, 3]) / 2, box[:, 2]
        across = x - x[:, None]
        far = across > CONFIG.apart * typical
        slopes.append((foot - foot[:, None])[far] / across[far])
    pooled = np.concatenate(slopes)
    page = float(np.median(pooled)) if len(pooled) >= CONFIG.pairs else 0.0
    support = np.full(CONFIG.slope_support, page)
    return [float(np.median(np.append(slope, support))) for slope in slopes]

"""Where language has nothing to say: lines that make no sense in it are read by the ink alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ocr.lines.text_model import TextModel


@dataclass(frozen=True)
class SenseConfig:
    """When a line makes no sense.

    Chosen by ``python -m training.recipes.line_decoding --sense``, which shows what each value
    costs: strings without sense in training fonts lose 2.1 points of CER by language without it and
    0.5 with it, held-out prose 0.04; UNIPEN valid gains 0.2. With -2.6 strings lose 0.3, but short
    lines of a list, such as "MILK 2 L", are taken for such strings.

    Attributes
    ----------
    least : float
        Mean natural logarithm of a character's probability by the language, below which the text
        that language helped to find makes no sense.
    """

    least: float = -3.0


CONFIG = SenseConfig()


def spare_senseless(
    found: Sequence[list[int]],
    free: Sequence[list[int]],
    language: TextModel,
    symbols: NDArray[np.int64],
    least: float = CONFIG.least,
) -> list[list[int]]:
    """Texts found with language, or without where even they make no sense in it.

    Codes, serial numbers and names in a foreign language are pulled to words that they are not.

    Parameters
    ----------
    found, free : sequences of lists of int
        Classes of each line's text with language, and by the ink alone.
    language : TextModel
        What found them. One without a name knows no language, and spares nothing.
    symbols : (K + 1,) int64 array
        The language's index of each class.
    """
    if not language.ngrams.name:
        return list(found)
    logs = language.character_logs([symbols[classes] for classes in found])
    return [
        alone if len(log) and log.mean() < least else classes
        for classes, alone, log in zip(found, free, logs, strict=True)
    ]

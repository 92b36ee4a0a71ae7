"""Read lines that make no sense in a language by the ink alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ocr.lines.beam_search import Found
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
    found: Sequence[Found],
    free: Sequence[list[int]],
    language: TextModel,
    least: float = CONFIG.least,
) -> list[list[int]]:
    """The texts found with language, or those by the ink alone where the former make no sense.

    Codes, serial numbers and names in a foreign language are pulled to words that they are not.

    Parameters
    ----------
    found : sequence of Found
        Each line's text with language.
    free : sequence of lists of int
        Classes of each line's text by the ink alone.
    language : TextModel
        What found them. One without a name knows no language, and spares nothing.
    """
    named = bool(language.ngrams.name)
    return [
        alone if named and len(likely) and likely.mean() < least else classes
        for (classes, likely, _), alone in zip(found, free, strict=True)
    ]

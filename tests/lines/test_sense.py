"""Lines that make no sense in a language are read by the ink alone."""

import numpy as np
import pytest

from ocr.lines.language import NgramModel
from ocr.lines.sense import spare_senseless
from ocr.lines.text_model import TextModel

LETTERS = tuple("abc")
SYMBOLS = np.array([0, 0, 1, 2, 3], dtype=np.int64)  # of blank, a, b, c and the space


def language(name: str, log: float) -> TextModel:
    """A language in which every character is as likely."""
    count = 63
    keys = np.arange(1, count + 1)
    ngrams = NgramModel(keys, np.full(count, log, np.float32), np.zeros(count, np.float32), 1)
    ngrams.name = name
    return TextModel(ngrams, LETTERS)


@pytest.mark.parametrize(("log", "sensible"), [(-1.0, True), (-2.0, True), (-3.5, False)])
def test_a_text_is_kept_where_its_characters_are_likely_enough(log: float, sensible: bool) -> None:
    found = spare_senseless([[1, 2]], [[3]], language("english", log), SYMBOLS)
    assert found == [[1, 2] if sensible else [3]]


def test_a_language_without_a_name_spares_nothing() -> None:
    assert spare_senseless([[1, 2]], [[3]], language("", -9.0), SYMBOLS) == [[1, 2]]


def test_an_empty_text_stays_empty() -> None:
    model = language("english", -9.0)
    assert spare_senseless([[], [1]], [[2], [3]], model, SYMBOLS) == [[], [3]]

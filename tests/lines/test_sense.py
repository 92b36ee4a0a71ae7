"""Lines that make no sense in a language are read by the ink alone."""

import numpy as np
import pytest

from ocr.lines.beam_search import Found
from ocr.lines.language import flat
from ocr.lines.sense import spare_senseless
from ocr.lines.text_model import TextModel


def language(name: str) -> TextModel:
    ngrams = flat()
    ngrams.name = name
    return TextModel(ngrams, tuple("abc"))


def likely(*classes: int, log: float) -> Found:
    """A text whose characters are all as likely by language."""
    return Found(list(classes), np.full(len(classes), log), np.zeros(len(classes)))


@pytest.mark.parametrize(("log", "sensible"), [(-1.0, True), (-2.0, True), (-3.5, False)])
def test_a_text_is_kept_where_its_characters_are_likely_enough(log: float, sensible: bool) -> None:
    found = spare_senseless([likely(1, 2, log=log)], [[3]], language("english"))
    assert found == [[1, 2] if sensible else [3]]


def test_a_language_without_a_name_spares_nothing() -> None:
    assert spare_senseless([likely(1, 2, log=-9.0)], [[3]], language("")) == [[1, 2]]


def test_an_empty_text_stays_empty() -> None:
    texts = [likely(log=-9.0), likely(1, log=-9.0)]
    assert spare_senseless(texts, [[2], [3]], language("english")) == [[], [3]]

"""Fractions that are written small: where their numbers and the line between them go."""

from __future__ import annotations

import numpy as np
import pytest

from training.synthesis import small_fractions
from training.synthesis.line_strokes import EM, compose
from training.synthesis.small_fractions import (
    FRACTION,
    FractionStyle,
    fraction_style,
    write_small,
)

BESIDE = FractionStyle(0.5, 0.5, 0.2, stacked=False)
ABOVE = FractionStyle(0.5, 0.7, 0.2, stacked=True)


def square() -> list[np.ndarray]:
    """A character as high and half as wide as a capital, on the baseline, down positive."""
    return [np.array([[0, -EM], [EM / 2, -EM], [EM / 2, 0], [0, 0]], np.float32)]


def written(text: str, style: FractionStyle) -> list[np.ndarray]:
    """Each character's stroke, set one after the other: small where it is a fraction's."""
    letters = text.replace(" ", "")
    placed, spaces = [square() for _ in letters], [0.1] * len(letters)
    write_small(np.random.default_rng(0), style, text, placed, spaces)
    return compose(np.random.default_rng(0), placed, np.array(spaces))


def height(stroke: np.ndarray) -> float:
    return float(np.ptp(stroke[:, 1])) / EM


@pytest.mark.parametrize("text", ["1/2", "3/4 CUP", "1 1/2", "12/16"])
def test_numbers_of_a_fraction_are_small_and_one_above_the_other(text):
    found = FRACTION.search(text)
    first = len(text[: found.start()].replace(" ", ""))
    strokes = written(text, BESIDE)
    upper = strokes[first : first + len(found[1])]
    lower = strokes[first + len(found[1]) + 1 :][: len(found[2])]
    for stroke in upper + lower:
        assert height(stroke) == pytest.approx(0.5, abs=0.01)
    assert max(s[:, 1].max() for s in upper) < min(s[:, 1].max() for s in lower)
    others = strokes[:first] + strokes[first + len(found[1]) + 1 + len(found[2]) :]
    assert all(height(stroke) == pytest.approx(1, abs=0.01) for stroke in others)


def test_a_bar_lies_between_numbers_that_stand_above_each_other():
    upper, bar, lower, letter = written("1/2 C", ABOVE)
    assert height(bar) < 0.2
    assert upper[:, 1].max() < bar[:, 1].min() and bar[:, 1].max() < lower[:, 1].min()
    middles = [(stroke[:, 0].min() + stroke[:, 0].max()) / 2 for stroke in (upper, bar, lower)]
    assert np.ptp(middles) < 0.15 * EM
    assert letter[:, 0].min() > max(bar[:, 0].max(), lower[:, 0].max())


@pytest.mark.parametrize("text", ["AND/OR", "1.5/2", "4/5/21", "100/20", "12", "A/2"])
def test_what_is_no_fraction_stays_as_it_is(text):
    for stroke in written(text, BESIDE):
        assert height(stroke) == pytest.approx(1, abs=0.01)


def test_hands_differ_in_how_they_write_fractions(monkeypatch):
    rng = np.random.default_rng(0)
    styles = [fraction_style(rng) for _ in range(60)]
    small = [style for style in styles if style is not None]
    assert 0 < len(small) < 60 and {style.stacked for style in small} == {True, False}
    monkeypatch.setattr(small_fractions, "SHARE", 0.0)
    assert fraction_style(rng) is None

"""Fractions and endings that are written small: how large they are and where they go."""

from __future__ import annotations

import numpy as np
import pytest

from training.synthesis.line_strokes import EM, compose
from training.synthesis.small_signs import (
    FRACTION,
    SmallStyle,
    pieces_by_size,
    small_style,
    write_small,
)

BESIDE = SmallStyle(0.5, 0.5, 0.2)
ABOVE = SmallStyle(0.5, 0.7, 0.2, stacked=True)


def square() -> list[np.ndarray]:
    """A character as high and half as wide as a capital, on the baseline, down positive."""
    return [np.array([[0, -EM], [EM / 2, -EM], [EM / 2, 0], [0, 0]], np.float32)]


def written(text: str, style: SmallStyle) -> list[np.ndarray]:
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


@pytest.mark.parametrize("text", ["AND/OR", "1.5/2", "4/5/21", "100/20", "12", "A/2", "best", "Md"])
def test_what_is_no_fraction_stays_as_it_is(text):
    for stroke in written(text, BESIDE):
        assert height(stroke) == pytest.approx(1, abs=0.01)


@pytest.mark.parametrize(
    "text, small",
    [("3RD 3rd", "rd"), ("a Mr b", "r"), ("21st", "st"), ("Mme E", "me"), ("1er", "er")],
)
def test_endings_are_small_and_raised(text, small):
    first = text.replace(" ", "").index(small)
    for k, stroke in enumerate(written(text, BESIDE)):
        raised = first <= k < first + len(small)
        assert height(stroke) == pytest.approx(0.5 if raised else 1, abs=0.01)
        assert bool(stroke[:, 1].max() < -0.2 * EM) is raised


@pytest.mark.parametrize(
    "word, parts",
    [
        ("1/2", [("1", 0.5, 0.5), ("/", 1.0, 0.0), ("2", 0.5, -0.2)]),
        ("3rd,", [("3", 1.0, 0.0), ("rd", 0.5, 0.4), (",", 1.0, 0.0)]),
        ("Mr", [("M", 1.0, 0.0), ("r", 0.5, 0.4)]),
        ("word", [("word", 1.0, 0.0)]),
    ],
)
def test_a_word_falls_into_parts_of_one_size(word, parts):
    assert pieces_by_size(word, BESIDE) == parts
    plain = SmallStyle(0.5, 0.5, 0.2, fractions=False, endings=False)
    assert pieces_by_size(word, plain) == pieces_by_size(word, None) == [(word, 1.0, 0.0)]


def test_hands_differ_in_what_they_write_small():
    rng = np.random.default_rng(0)
    styles = [small_style(rng) for _ in range(60)]
    for name in ("fractions", "stacked", "endings"):
        assert {getattr(style, name) for style in styles} == {True, False}

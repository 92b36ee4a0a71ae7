"""ocr.evaluation.error_rates: distances, rates, intervals."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ocr.evaluation.error_rates import (
    Errors,
    align,
    bootstrap_interval,
    character_errors,
    confusions,
    edit_distance,
    letter_errors,
    word_errors,
)

texts = st.text("ab c", max_size=12)


@pytest.mark.parametrize(
    ("reference", "read", "distance"),
    [
        ("", "", 0),
        ("abc", "abc", 0),
        ("abc", "", 3),
        ("", "ab", 2),
        ("kitten", "sitting", 3),
        ("flaw", "lawn", 2),
        ("intention", "execution", 5),
        ("ab", "ba", 2),
    ],
)
def test_edit_distance(reference, read, distance):
    assert edit_distance(reference, read) == distance


def test_edit_distance_of_words():
    assert edit_distance(["to", "do"], ["to", "be", "do"]) == 1


@given(texts, texts, texts)
def test_distance_is_a_metric(a, b, c):
    assert edit_distance(a, b) == edit_distance(b, a)
    assert (edit_distance(a, b) == 0) == (a == b)
    assert edit_distance(a, c) <= edit_distance(a, b) + edit_distance(b, c)
    assert abs(len(a) - len(b)) <= edit_distance(a, b) <= max(len(a), len(b))


@given(texts, texts)
def test_alignment_spells_both_at_the_distance(a, b):
    pairs = align(a, b)
    assert "".join(left or "" for left, _ in pairs) == a
    assert "".join(right or "" for _, right in pairs) == b
    assert (None, None) not in pairs
    assert sum(left != right for left, right in pairs) == edit_distance(a, b)
    assert sum(confusions(pairs).values()) == edit_distance(a, b)


def test_confusions():
    assert confusions(align("0 to", "O tol")) == {("0", "O"): 1, ("", "l"): 1}


def test_rates():
    assert character_errors("abcd", "abxd") == Errors(1, 4)
    assert word_errors("to do list", "to d o list") == Errors(2, 3)
    assert letter_errors("to do", "tod o") == Errors(0, 4)
    assert Errors(1, 4).rate == 0.25
    assert Errors(1, 4) + Errors(2, 6) == Errors(3, 10)
    assert Errors(1, 4).accuracy == 0.75
    assert Errors(9, 4).accuracy == 0
    assert Errors(0, 0).rate is None
    assert Errors(0, 0).accuracy == 1
    assert Errors(3, 0).accuracy == 0


def test_bootstrap():
    parts = [Errors(k % 3, 20) for k in range(60)]
    low, high = bootstrap_interval(parts)
    assert low < 0.05 < high
    assert high - low < 0.03
    assert (low, high) == bootstrap_interval(parts)  # by seed
    assert (low, high) != bootstrap_interval(parts, seed=1)
    assert bootstrap_interval([Errors(0, 5)] * 3) == (0, 0)
    assert bootstrap_interval([Errors(1, 5)]) is None
    assert bootstrap_interval([Errors(1, 0)] * 3) is None

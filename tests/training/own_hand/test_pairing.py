"""Pairs in order, from small arrays."""

from itertools import combinations, product

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from training.own_hand.pairing import pairs_in_order


def test_nothing():
    assert pairs_in_order(np.zeros((0, 3))) == pairs_in_order(np.zeros((2, 0))) == []


def test_pairs_never_cross():
    assert pairs_in_order(np.array([[0.1, 0.9], [0.8, 0.1]])) == [(0, 1)]


def test_what_is_worth_less_than_nothing_stays_alone():
    assert pairs_in_order(np.array([[-1.0]])) == []


@given(st.lists(st.lists(st.integers(-3, 9), min_size=3, max_size=3), min_size=1, max_size=3))
def test_no_other_pairs_are_worth_more(rows):
    worth = np.array(rows, dtype=float)
    every = list(product(range(len(worth)), range(3)))
    allowed = [
        pairs
        for count in range(4)
        for pairs in combinations(every, count)
        if all(a < c and b < d for (a, b), (c, d) in combinations(pairs, 2))
    ]
    best = max(sum(worth[pair] for pair in pairs) for pairs in allowed)
    found = pairs_in_order(worth)
    assert tuple(found) in allowed
    assert sum(worth[pair] for pair in found) == best

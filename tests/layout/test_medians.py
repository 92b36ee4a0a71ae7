"""ocr.layout.medians."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ocr.layout.medians import weighted_median


@pytest.mark.parametrize(
    ("values", "weights", "median"),
    [([4], [2], 4), ([5, 1, 3], [1, 1, 1], 3), ([1, 2], [1, 1], 1), ([1, 2, 9], [1, 1, 3], 9)],
)
def test_half_of_the_weight_is_not_above(values, weights, median):
    assert weighted_median(np.array(values, float), np.array(weights, float)) == median


@given(st.lists(st.tuples(st.integers(0, 9), st.integers(1, 5)), min_size=1))
def test_a_weight_is_as_many_values(pairs):
    values, weights = np.array(pairs, dtype=float).T
    single = np.sort(np.repeat(values, weights.astype(int)))
    assert weighted_median(values, weights) == single[(len(single) - 1) // 2]

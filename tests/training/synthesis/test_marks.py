"""What is on pages and is no writing, drawn on white paper."""

import numpy as np
import pytest

from training.synthesis import marks

DRAWN = {name: mark for name, (mark, _) in marks.MARKS.items()} | {"rings": marks.rings}


def drawn(name, seed):
    page = np.ones((120, 160), np.float32)
    DRAWN[name](np.random.default_rng(seed), page)
    return page


@pytest.mark.parametrize("name", DRAWN)
def test_a_mark_is_drawn_on_the_page_and_again_alike(name):
    for seed in range(5):
        page = drawn(name, seed)
        assert page.dtype == np.float32 and page.shape == (120, 160)
        assert page.min() >= 0 and page.max() <= 1 + 1e-6
        np.testing.assert_array_equal(page, drawn(name, seed))
    assert min(drawn(name, seed).min() for seed in range(5)) < 0.95


def test_rings_are_hollow():
    inked = np.mean([drawn("rings", seed) < 0.9 for seed in range(20)])
    assert 0 < inked < 0.2

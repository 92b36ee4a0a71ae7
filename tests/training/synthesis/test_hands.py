"""training.synthesis.hands: every kind writes lines."""

import numpy as np
import pytest

from training.data.text import writable
from training.synthesis.hands import HAND_SHARES, lines_of, random_hand


@pytest.mark.data
@pytest.mark.parametrize("kind", sorted(HAND_SHARES))
def test_every_kind_of_hand_writes_lines(data, kind):
    rng = np.random.default_rng(1)
    _, hand = random_hand(rng, data, kind)
    lines = lines_of(rng, hand, 40)
    for _ in range(3):
        line = next(lines)
        height = line.darkness.shape[0]
        assert 0 < line.baseline <= height + 2
        assert 4 <= line.x_height <= height
        assert 0.5 < line.darkness.max() <= 1
        assert writable(line.text)

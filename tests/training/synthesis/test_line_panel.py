"""training.synthesis.line_panel: the same lines each time."""

import numpy as np
import pytest

from training.synthesis.line_panel import panel


@pytest.mark.data
def test_panels_are_always_the_same(data):
    one, two = (panel("unipen", "valid", data, 5) for _ in range(2))
    assert len(one) > 2
    assert all(np.array_equal(a, b) and t == u for (a, t), (b, u) in zip(one, two, strict=True))

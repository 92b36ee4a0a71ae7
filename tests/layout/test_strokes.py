"""ocr.layout.strokes: the width of strokes."""

import numpy as np
import pytest

from ocr.layout.strokes import stroke_width


def test_stroke_width_of_a_bar():
    mask = np.zeros((40, 200), dtype=bool)
    mask[15:21, 10:190] = True
    assert stroke_width(mask) == pytest.approx(6, rel=0.1)

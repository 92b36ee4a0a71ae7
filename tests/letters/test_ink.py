"""ocr.letters.ink: the width of strokes, and gaps that are closed."""

import numpy as np
import pytest

from ocr.letters.ink import closed, stroke_width


def test_stroke_width_of_a_bar():
    mask = np.zeros((40, 200), dtype=bool)
    mask[15:21, 10:190] = True
    assert stroke_width(mask) == pytest.approx(6, rel=0.1)


def test_closing_mends_a_broken_stroke_up_to_the_border():
    mask = np.zeros((9, 20), dtype=bool)
    mask[3:6] = True
    mask[:, 10:12] = False
    mended = closed(mask, 1)
    assert mended[4].all()
    assert (mended & ~mask).sum() == 2
    assert (closed(mask, 0) == mask).all()

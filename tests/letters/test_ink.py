"""ocr.letters.ink: gaps that are closed."""

import numpy as np

from ocr.letters.ink import closed


def test_closing_mends_a_broken_stroke_up_to_the_border():
    mask = np.zeros((9, 20), dtype=bool)
    mask[3:6] = True
    mask[:, 10:12] = False
    mended = closed(mask, 1)
    assert mended[4].all()
    assert (mended & ~mask).sum() == 2
    assert (closed(mask, 0) == mask).all()

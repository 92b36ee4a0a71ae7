"""Maps of text lines, on lines drawn by hand."""

import numpy as np
import pytest

from ocr.layout.strips import TextLine
from training.data.page_samples import draw_maps


@pytest.mark.parametrize("long", [1.0, 12.0, 24.0])
def test_a_single_sign_is_drawn_as_long_as_shows(long):
    base = np.array([[100.0, 200 - long / 2], [100.0, 200 + long / 2]])
    maps = draw_maps([TextLine(base, 16.0)], (200, 400))
    cols = np.flatnonzero((maps[2] > 0.5).any(axis=0)) * 4
    assert cols.min() == pytest.approx(188, abs=4) and cols.max() == pytest.approx(208, abs=4)


def test_a_line_stays_as_long_as_it_is():
    base = np.array([[100.0, 40.0], [100.0, 360.0]])
    maps = draw_maps([TextLine(base, 16.0)], (200, 400))
    cols = np.flatnonzero((maps[2] > 0.5).any(axis=0)) * 4
    assert cols.min() == pytest.approx(40, abs=4) and cols.max() == pytest.approx(356, abs=4)

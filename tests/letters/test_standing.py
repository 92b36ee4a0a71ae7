"""ocr.letters.standing, on small literal pages."""

import numpy as np
import pytest

from ocr.layout.strips import TextLine
from ocr.letters.group_lines import straightened
from ocr.letters.standing import letter_heights, standing


def test_a_letter_stands_in_the_line_that_runs_by_it():
    lines = [
        TextLine(np.array([[50.0, 0.0], [60.0, 100.0]]), 20.0),
        TextLine(np.array([[100.0, 0.0], [110.0, 100.0]]), 20.0),
    ]
    boxes = np.array([[35, 45, 55, 55], [90, 80, 120, 90], [45, 110, 50, 115]])
    stand = standing(boxes, lines)
    assert stand.line.tolist() == [0, 1, 0]  # a mark behind a line's end belongs to it too
    assert stand.below[0] == pytest.approx(0, abs=0.06)
    assert stand.below[1] > 0.2
    level, block = straightened(stand, lines)
    assert level[1] - level[0] == pytest.approx(50 + 20 * (stand.below[1] - stand.below[0]), abs=1)
    assert block.tolist() == [0, 0, 0]
    assert letter_heights(boxes, stand.line, lines).tolist() == [20, 30, 20]

"""A line as it was read, and what it was read from."""

import numpy as np

from ocr.layout.read_line import ReadLine
from ocr.layout.strips import Strip
from ocr.page import Line


def test_a_strip_is_cut_once_and_only_when_its_image_is_asked_for():
    cut = []

    def strip() -> Strip:
        cut.append(1)
        return Strip(np.ones((48, 9), np.float32), *(np.zeros(9),) * 2, np.zeros((9, 2)))

    line = ReadLine(Line(()), strip)
    assert not cut
    assert line.image.shape == line.image.shape == (48, 9)
    assert cut == [1]

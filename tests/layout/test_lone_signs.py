"""Signs by themselves, on small maps drawn by hand."""

import numpy as np
import pytest

from ocr.layout.lone_signs import lone_signs
from ocr.layout.strips import TextLine

SHAPE = (40, 120)
LINE = TextLine(np.array([[20.0, 10.0], [20.0, 60.0]]), 4.0)  # in pixels of the maps


def maps(*signs, base=0.4):
    """Maps of a line and of signs [y1, x1, y2, x2]: baselines, bodies, x-heights."""
    bases, bodies = np.zeros((2, *SHAPE), np.float32)
    bases[20, 10:61], bodies[16:21, 10:61] = 0.9, 0.95
    for y1, x1, y2, x2 in signs:
        bases[y2 - 1, x1:x2], bodies[y1:y2, x1:x2] = base, 0.8
    return bases, bodies, np.full(SHAPE, 4.0, np.float32)


def test_a_sign_in_the_row_of_a_line_is_found():
    (sign,) = lone_signs(*maps((16, 90, 21, 92)), [LINE])
    np.testing.assert_allclose(sign.baseline, [[20.5, 89], [20.5, 93]])  # an x-height wide
    assert sign.x_height == 4
    assert sign.score == pytest.approx(np.sqrt(0.8 * 0.4))


@pytest.mark.parametrize(
    ("why", "sign"),
    [
        ("under no line's level", (26, 90, 31, 92)),
        ("part of the line, above it", (11, 30, 14, 34)),
        ("part of the line, under it", (22, 30, 25, 34)),
        ("part of the line, at its end", (16, 62, 21, 64)),
        ("too low for a sign", (19, 90, 21, 92)),
        ("too high", (6, 90, 21, 93)),
        ("too wide", (16, 80, 21, 95)),
    ],
)
def test_what_is_none_is_left(why, sign):
    assert lone_signs(*maps(sign), [LINE]) == [], why


def test_without_a_baseline_there_is_no_sign():
    assert lone_signs(*maps((16, 90, 21, 92), base=0.2), [LINE]) == []


def test_signs_of_a_row_tell_each_other():
    row = (32, 90, 37, 92), (32, 105, 37, 107)
    assert len(lone_signs(*maps(*row), [LINE])) == 2
    assert lone_signs(*maps(row[0]), [LINE]) == []


def test_empty_maps():
    empty = np.zeros(SHAPE, np.float32)
    assert lone_signs(empty, empty, empty + 4, []) == []

"""Baselines: straight, sloping and curved lines, and words with long tails."""

import numpy as np
import pytest

from ocr.letters.baselines import baselines, fit_course, ink_points, outline, strips
from ocr.letters.find_letters import Segmentation

SIZE = 20


def drawn(shapes, height=400, width=900):
    """A page of filled rectangles `(y1, x1, y2, x2)`, one a character."""
    labels = np.zeros((height, width), dtype=np.int32)
    for number, (y1, x1, y2, x2) in enumerate(shapes, start=1):
        labels[y1:y2, x1:x2] = number
    grey = np.where(labels > 0, np.float32(0), np.float32(1))
    return Segmentation(labels, np.arange(len(shapes)), np.array(shapes), grey, float(SIZE))


def letters(course, first, last, tail=0, step=25):
    """Letters on a course; every third of them reaches `tail` lower."""
    out = []
    for number, x in enumerate(range(first, last, step)):
        foot = round(float(course(x + 8)))
        out.append((foot - SIZE, x, foot + (tail if number % 3 == 1 else 0), x + 16))
    return out


@pytest.mark.parametrize("slope", [-0.2, 0.0, 0.1])
def test_a_straight_baseline_has_two_points_and_does_not_mind_tails(slope):
    found = drawn(letters(lambda x: 200 + slope * x, 40, 860, tail=12))
    (base,) = baselines(found, [np.arange(len(found.boxes))])
    assert len(base) == 2
    (y, x), (below, right) = base[0], base[-1]
    assert (below - y) / (right - x) == pytest.approx(slope, abs=0.01)
    assert y == pytest.approx(200 + slope * x, abs=2)


def test_a_long_curved_line_is_followed():
    def course(x):
        return 200 + 25 * np.sin(x / 300)

    found = drawn(letters(course, 40, 860))
    (base,) = baselines(found, [np.arange(len(found.boxes))])
    assert len(base) > 4
    assert max(abs(y - course(x)) for y, x in base[1:-1]) < 3


def test_neighboring_characters_keep_their_own_strips():
    found = drawn([(50 + 3 * k, 30 * k, 70 + 3 * k, 30 * k + 25) for k in range(8)])
    parts = strips(found.boxes, ink_points(found), SIZE)
    assert parts.owner.tolist() == list(range(8))
    assert parts.row == pytest.approx([60 + 3 * k for k in range(8)], abs=1)


def test_a_short_line_runs_as_the_long_ones_do():
    def course(x):
        return 100 + 0.1 * x

    long = letters(course, 40, 860)
    short = [(320, 100, 340, 116), (325, 125, 345, 141), (327, 150, 360, 166)]
    found = drawn([*long, *short])
    rows = [np.arange(len(long)), np.arange(len(long), len(long) + 3)]
    (y, x), (below, right) = baselines(found, rows)[1]
    assert (below - y) / (right - x) == pytest.approx(0.1, abs=0.01)


def test_the_outline_holds_every_box():
    boxes = np.array(letters(lambda x: 200 + 0.05 * x, 40, 400, tail=10))
    polygon = outline(boxes, ((202.0, 40.0), (220.0, 400.0)))
    assert len(polygon) == 4
    (top, _), (_, _), (_, _), (bottom, _) = polygon
    assert top <= (boxes[:, 0] - 0.05 * boxes[:, 1]).min() + 2.1
    assert bottom >= (boxes[:, 2] - 0.05 * boxes[:, 3]).max() + 1.9


def test_strips_cut_words_and_tell_median_and_foot():
    found = drawn([(50, 100, 70, 180), (40, 200, 70, 210), (50, 200, 52, 201)])
    parts = strips(found.boxes[:2], ink_points(found)[ink_points(found)[:, 2] < 2], SIZE)
    assert parts.owner.tolist() == [0, 0, 0, 0, 1]
    assert np.allclose(np.diff(parts.col[:4]), 20, atol=2)
    assert parts.row[0] == pytest.approx(60, abs=1)
    assert parts.foot[-1] == pytest.approx(70, abs=2)


def test_every_character_has_ink_however_small():
    found = drawn([(50, 101, 51, 102), (40, 200, 70, 210)])
    assert set(ink_points(found)[:, 2].tolist()) == {0, 1}


def test_a_course_goes_straight_on_beyond_its_ends():
    cols = np.linspace(0, 800, 40)
    course = fit_course(cols, 0.0005 * (cols - 400) ** 2, SIZE)
    ahead = course.at(np.array([800.0, 820.0, 840.0]))
    assert np.diff(ahead) == pytest.approx([8, 8], abs=0.5)

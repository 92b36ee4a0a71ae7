"""training.synthesis.strips: which lines a strip shows, what fits into it, and its look."""

import numpy as np
import pytest

from ocr.layout.strips import STRIP_HEIGHT, TextLine
from training.data.text import writable
from training.synthesis.strips import fits, frames_needed, is_of, lone_strip, written_strips


def page_line(width=300):
    """Paper with three bars of ink."""
    image = np.ones((60, width), dtype=np.float32)
    for x in (40, 120, 220):
        image[15:45, x : x + 6] = 0.0
    return image


def test_lone_lines_become_strips(rng):
    for _ in range(20):
        strip = lone_strip(rng, page_line())
        assert strip.shape[0] == STRIP_HEIGHT
        assert strip.dtype == np.uint8
        assert strip.min() < 160


def test_the_same_seed_gives_the_same_strip():
    one, two = (lone_strip(np.random.default_rng(5), page_line()) for _ in range(2))
    assert np.array_equal(one, two)


class TestFound:
    line = TextLine(np.array([[50.0, 20.0], [50.0, 220.0]]), 10.0)

    def moved(self, down: float = 0, start: float = 0, end: float = 0) -> TextLine:
        return TextLine(self.line.baseline + np.array([[down, start], [down, end]]), 11.0)

    def test_the_line_itself_and_one_a_little_off(self):
        assert is_of(self.line, self.line)
        assert is_of(self.moved(down=4, start=-8, end=5), self.line)

    def test_the_line_above_is_another(self):
        assert not is_of(self.moved(down=-25), self.line)

    def test_a_part_of_it_would_not_hold_its_text(self):
        assert not is_of(self.moved(start=20), self.line)
        assert not is_of(self.moved(end=-20), self.line)

    def test_more_than_it_would_say_more(self):
        assert not is_of(self.moved(end=40), self.line)

    def test_a_line_beside_it_is_another(self):
        assert not is_of(self.moved(start=300, end=300), self.line)


class TestFrames:
    def test_equal_neighbors_need_one_more(self):
        assert frames_needed("abc") == 3
        assert frames_needed("aabb") == 6

    def test_narrow_lines_do_not_fit(self):
        assert fits(np.zeros((40, 44)), "a" * 5)
        assert not fits(np.zeros((40, 36)), "a" * 5)


@pytest.mark.data
def test_strips_of_written_pages(data):
    strips = written_strips(np.random.default_rng(2), data)
    for _ in range(8):
        strip, text = next(strips)
        assert strip.shape[0] == STRIP_HEIGHT and strip.dtype == np.uint8
        assert writable(text) and fits(strip, text)

"""Synthetic lines: their texts, their strokes, their look and their storage."""

import os
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ocr.layout.strips import STRIP_HEIGHT, TextLine
from training.data.datasets import HELD_OUT_FONTS
from training.data.scans import even_light
from training.data.shards import read_shard, write_shard
from training.data.text import CHARSET, Corpus, fold_text, writable
from training.synthesis.hands import HAND_SHARES, lines_of, random_hand
from training.synthesis.line_fonts import draw_font_line, find_fonts
from training.synthesis.line_panel import panel
from training.synthesis.line_strokes import (
    EM,
    StrokeSet,
    draw_strokes,
    label_text,
    move_strokes,
    one_line,
    place_word,
    word_extent,
)
from training.synthesis.line_text import sample_text
from training.synthesis.strips import fits, frames_needed, is_of, lone_strip, written_strips

CORPUS = Corpus(("The quick brown fox jumps over the lazy dog.",), ("Où est-il allé, cet été ?",))


@pytest.fixture
def data():
    if not os.environ.get("OCR_DATA"):
        pytest.skip("OCR_DATA is not set")
    return Path(os.environ["OCR_DATA"])


@pytest.fixture
def rng():
    return np.random.default_rng(0)


def page_line(width=300):
    """Paper with three bars of ink."""
    image = np.ones((60, width), dtype=np.float32)
    for x in (40, 120, 220):
        image[15:45, x : x + 6] = 0.0
    return image


class TestText:
    def test_folds_what_hands_do_not_tell_apart(self):
        assert fold_text(" “l’été”  – fin… ") == '"l\'été" - fin...'

    def test_folds_to_composed_letters(self):
        assert fold_text("e\u0301") == "é"

    @settings(max_examples=60)
    @given(st.integers(0, 10**6), st.integers(5, 90))
    def test_samples_fit_and_can_be_written(self, seed, longest):
        text = sample_text(np.random.default_rng(seed), CORPUS, longest)
        assert 0 < len(text) <= longest
        assert writable(text)
        assert text == fold_text(text)

    def test_has_no_character_twice(self):
        assert len(set(CHARSET)) == len(CHARSET)

    def test_corpus_needs_sentences(self):
        with pytest.raises(ValueError, match="sentence"):
            Corpus(())


class TestStrokes:
    def test_words_reach_as_their_letters_do(self):
        assert word_extent("ace") == (0.6, 0.0)
        assert word_extent("Ape") == (1.0, -0.38)
        assert word_extent(".")[0] < 0.1
        with pytest.raises(ValueError, match="empty"):
            word_extent("")

    def test_words_stand_on_the_baseline(self):
        tall = [np.array([[0, 0], [10, 90]], dtype=np.float32)]
        placed = place_word(tall, "H")
        assert placed[0][:, 1] == pytest.approx([-EM, 0])
        hanging = place_word(tall, "p")  # from the x-height to under the line
        assert hanging[0][:, 1] == pytest.approx([-0.6 * EM, 0.38 * EM])

    def test_labels_lose_the_spaces_before_signs(self):
        assert label_text("Mr . Gaitskell ( who ?)") == "Mr. Gaitskell (who?)"

    def test_wrapped_lines_are_found(self):
        row = np.stack([np.arange(0, 100, 5), np.zeros(20)], axis=1).astype(np.float32)
        low = row + np.float32((0, 20))
        tall = [row, np.float32([(95, 0), (95, 20)])]
        dot = np.float32([(10, 8), (12, 8)])  # set when the line was done
        assert one_line([*tall, dot], "hello there you")
        assert not one_line([row, low], "hello there you")
        assert not one_line([row], "flat")
        assert not one_line([], "x")

    def test_drawing_covers_the_strokes(self):
        image = draw_strokes([np.array([[0, 0], [40, 30]], dtype=np.float32)], pen=3)
        rows, cols = np.nonzero(image < 0.5)
        y1, x1, y2, x2 = rows.min(), cols.min(), rows.max() + 1, cols.max() + 1
        assert (y2 - y1, x2 - x1) == (pytest.approx(33, abs=2), pytest.approx(43, abs=2))
        assert image.dtype == np.float32
        assert image.min() == 0
        assert image.max() == 1

    def test_a_dot_is_drawn(self):
        assert draw_strokes([np.zeros((1, 2), dtype=np.float32)], pen=4).min() < 0.5

    def test_moving_is_repeatable_and_keeps_the_points(self):
        stroke = [np.linspace(0, 50, 40, dtype=np.float32).reshape(20, 2)]
        one = move_strokes(np.random.default_rng(3), stroke)
        two = move_strokes(np.random.default_rng(3), stroke)
        assert one[0].shape == (20, 2)
        assert np.array_equal(one[0], two[0])

    def test_sets_give_strokes_from_the_origin(self):
        strokes = StrokeSet(
            points=np.array([[5, 7], [9, 9], [6, 8]], dtype=np.int16),
            stroke_off=np.array([0, 2, 3]),
            item_off=np.array([0, 2, 2]),
            label=np.array(["a", "b"]),
            writer=np.array(["ibm:x", "kai:y"]),
            split=np.array(["train", "train"]),
        )
        assert [s.tolist() for s in strokes.strokes(0)] == [[[0, 0], [4, 2]], [[1, 1]]]
        assert strokes.strokes(1) == []
        assert strokes.rows("train").tolist() == [1]  # ibm labels single strokes


class TestLook:
    def test_lone_lines_become_strips(self, rng):
        for _ in range(20):
            strip = lone_strip(rng, page_line())
            assert strip.shape[0] == STRIP_HEIGHT
            assert strip.dtype == np.uint8
            assert strip.min() < 160

    def test_the_same_seed_gives_the_same_strip(self):
        one, two = (lone_strip(np.random.default_rng(5), page_line()) for _ in range(2))
        assert np.array_equal(one, two)

    def test_light_is_evened_out(self):
        fall = np.linspace(0.4, 0.9, 400, dtype=np.float32)[None].repeat(64, axis=0)
        page = fall.copy()
        page[20:40, 100:104] *= 0.2
        even = even_light(page)
        assert np.median(even[:, 200:]) > 0.93
        assert even[30, 101] < 0.35


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


def test_shards_come_back_as_they_were(tmp_path):
    rng = np.random.default_rng(0)
    written = [
        (rng.integers(0, 255, (40, w)).astype(np.uint8), t) for w, t in ((9, "é!"), (30, "b c"))
    ]
    write_shard(tmp_path / "a.npz", written)
    read = read_shard(tmp_path / "a.npz")
    assert [text for _, text in read] == ["é!", "b c"]
    assert all(np.array_equal(a, b) for (a, _), (b, _) in zip(read, written, strict=True))
    assert [path.name for path in tmp_path.iterdir()] == ["a.npz"]


@pytest.mark.data
def test_held_out_fonts_stay_out(data):
    names = [font.path.name for font in find_fonts(data / "fonts")]
    assert len(names) > 90
    assert not any(name.startswith(HELD_OUT_FONTS) for name in names)
    assert len(find_fonts(data / "fonts", held_out=True)) >= 10


@pytest.mark.data
def test_fonts_draw_what_they_have(data, rng):
    font = find_fonts(data / "fonts")[0]
    image = draw_font_line(rng, font, "To do")
    assert image is not None
    assert image.min() < 0.2
    lacking = set(CHARSET) - font.charset
    if lacking:
        assert draw_font_line(rng, font, lacking.pop()) is None


@pytest.mark.data
@pytest.mark.parametrize("kind", sorted(HAND_SHARES))
def test_every_kind_of_hand_writes_lines(data, kind):
    rng = np.random.default_rng(1)
    _, hand = random_hand(rng, data, kind)
    lines = lines_of(rng, hand, 40)
    for _ in range(3):
        line = next(lines)
        height = line.darkness.shape[0]
        assert 0 < line.baseline <= height + 2
        assert 4 <= line.x_height <= height
        assert 0.5 < line.darkness.max() <= 1
        assert writable(line.text)


@pytest.mark.data
def test_strips_of_written_pages(data):
    strips = written_strips(np.random.default_rng(2), data)
    for _ in range(8):
        strip, text = next(strips)
        assert strip.shape[0] == STRIP_HEIGHT and strip.dtype == np.uint8
        assert writable(text) and fits(strip, text)


@pytest.mark.data
def test_panels_are_always_the_same(data):
    one, two = (panel("unipen", "valid", data, 5) for _ in range(2))
    assert len(one) > 2
    assert all(np.array_equal(a, b) and t == u for (a, t), (b, u) in zip(one, two, strict=True))

"""training.synthesis.line_strokes: where strokes stand, what they say and how they are drawn."""

import numpy as np
import pytest

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


def test_words_reach_as_their_letters_do():
    assert word_extent("ace") == (0.6, 0.0)
    assert word_extent("Ape") == (1.0, -0.38)
    assert word_extent(".")[0] < 0.1
    with pytest.raises(ValueError, match="empty"):
        word_extent("")


def test_words_stand_on_the_baseline():
    tall = [np.array([[0, 0], [10, 90]], dtype=np.float32)]
    placed = place_word(tall, "H")
    assert placed[0][:, 1] == pytest.approx([-EM, 0])
    hanging = place_word(tall, "p")  # from the x-height to under the line
    assert hanging[0][:, 1] == pytest.approx([-0.6 * EM, 0.38 * EM])


def test_labels_lose_the_spaces_before_signs():
    assert label_text("Mr . Gaitskell ( who ?)") == "Mr. Gaitskell (who?)"


def test_wrapped_lines_are_found():
    row = np.stack([np.arange(0, 100, 5), np.zeros(20)], axis=1).astype(np.float32)
    low = row + np.float32((0, 20))
    tall = [row, np.float32([(95, 0), (95, 20)])]
    dot = np.float32([(10, 8), (12, 8)])  # set when the line was done
    assert one_line([*tall, dot], "hello there you")
    assert not one_line([row, low], "hello there you")
    assert not one_line([row], "flat")
    assert not one_line([], "x")


def test_drawing_covers_the_strokes():
    image = draw_strokes([np.array([[0, 0], [40, 30]], dtype=np.float32)], pen=3)
    rows, cols = np.nonzero(image < 0.5)
    y1, x1, y2, x2 = rows.min(), cols.min(), rows.max() + 1, cols.max() + 1
    assert (y2 - y1, x2 - x1) == (pytest.approx(33, abs=2), pytest.approx(43, abs=2))
    assert image.dtype == np.float32
    assert image.min() == 0
    assert image.max() == 1


def test_a_dot_is_drawn():
    assert draw_strokes([np.zeros((1, 2), dtype=np.float32)], pen=4).min() < 0.5


def test_moving_is_repeatable_and_keeps_the_points():
    stroke = [np.linspace(0, 50, 40, dtype=np.float32).reshape(20, 2)]
    one = move_strokes(np.random.default_rng(3), stroke)
    two = move_strokes(np.random.default_rng(3), stroke)
    assert one[0].shape == (20, 2)
    assert np.array_equal(one[0], two[0])


def test_sets_give_strokes_from_the_origin():
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

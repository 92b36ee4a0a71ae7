from pathlib import Path

import matplotlib
import numpy as np
import pytest

import training.data.glyphs
from ocr.errors import OutputError
from training.data.datasets import PenCharacters
from training.data.glyphs import (
    CHARSET,
    FONT_VARIANTS,
    STROKE_CANVAS,
    GlyphSet,
    draw_strokes,
    join,
    label_indices,
    letter_heights,
    normalize_pictures,
    render_font,
    render_pen_chunk,
)

PRINT = Path(matplotlib.get_data_path()) / "fonts" / "ttf" / "DejaVuSans.ttf"


def pen_of(characters, labels, writers=None):
    strokes = [np.array(stroke, np.int16) for strokes in characters for stroke in strokes]
    return PenCharacters(
        np.concatenate(strokes),
        np.cumsum([0, *map(len, strokes)]).astype(np.int32),
        np.cumsum([0, *map(len, characters)]).astype(np.int32),
        np.array(labels),
        np.array(writers or ["w"] * len(labels)),
        np.array(["train"] * len(labels)),
    )


def test_charset_is_what_a_keyboard_has():
    assert len(CHARSET) == 94
    assert label_indices(np.array(["!", "A", "~"])).tolist() == [0, 32, 93]


@pytest.mark.parametrize("dtype, paper", [(np.uint8, 255), (np.float32, 1.0)])
def test_normalize_pictures_takes_bytes_and_floats(dtype, paper):
    picture = np.full((28, 28), paper, dtype)
    picture[4:24, 10:14] = 0
    out = normalize_pictures(picture[None])
    assert out.shape == (1, 32, 32)
    assert out.dtype == np.uint8
    assert (out[0, 3:29, 14:18] < 30).all()
    assert out[0, :3].min() == 255


def test_draw_strokes_draws_at_the_pen_s_width():
    down = np.array([[0, 0], [0, 100]])
    drawn = draw_strokes([down], 10.0)
    height, width = drawn.shape
    assert height == STROKE_CANVAS
    assert width == int(np.ceil(10 * STROKE_CANVAS / 110))
    assert (drawn[height // 2] < 0.5).mean() > 0.8


def test_a_tap_of_the_pen_is_a_dot():
    drawn = draw_strokes([np.array([[5, 5]])], 4.0)
    assert drawn.shape == (STROKE_CANVAS, STROKE_CANVAS)
    assert (drawn < 0.5).mean() == pytest.approx(np.pi / 4, abs=0.05)


def test_letter_heights_ignore_a_writer_s_small_signs():
    tall, dot = [[[0, 0], [10, 80]]], [[[0, 0], [1, 1]]]
    pen = pen_of([tall, dot, dot, dot, dot], ["l", ".", ".", ".", ","], list("wwwvv"))
    assert letter_heights(pen).tolist() == [80, 80, 80, 1, 1]


def test_pens_depend_on_the_seed_alone():
    pen = pen_of([[[[0, 0], [30, 60]]], [[[0, 0], [50, 9], [20, 90]]]], ["/", "Z"])
    task = (pen, letter_heights(pen), 0)
    once, again, other = (render_pen_chunk(task, seed) for seed in (1, 1, 2))
    assert once.shape == (2, 32, 32)
    np.testing.assert_array_equal(once, again)
    assert (once != other).any()


def test_render_font_draws_every_sign_it_has():
    glyphs = render_font(PRINT, 0)
    assert sorted(set(glyphs.labels.tolist())) == list(range(94))
    assert len(glyphs) == 94 * FONT_VARIANTS
    assert glyphs.cased.all()
    assert (glyphs.images.min(axis=(1, 2)) < 60).all()
    np.testing.assert_array_equal(glyphs.images, render_font(PRINT, 0).images)


def test_a_font_of_capitals_only_does_not_tell_the_case(monkeypatch):
    draw = training.data.glyphs._draw_sign
    monkeypatch.setattr(
        training.data.glyphs, "_draw_sign", lambda font, sign: draw(font, sign.upper())
    )
    glyphs = render_font(PRINT, 0)
    letters = np.char.isalpha(np.array(CHARSET)[glyphs.labels])
    assert not glyphs.cased[letters].any()
    assert glyphs.cased[~letters].all()


def test_join_keeps_the_order():
    one = GlyphSet(np.zeros((1, 32, 32), np.uint8), np.array([3]), np.array([True]))
    two = GlyphSet(np.ones((2, 32, 32), np.uint8), np.array([4, 5]), np.array([False, True]))
    both = join([one, two])
    assert both.labels.tolist() == [3, 4, 5]
    assert both.cased.tolist() == [True, False, True]


def test_a_set_is_made_once_and_again_when_its_source_changes(tmp_path, monkeypatch):
    monkeypatch.setenv("OCR_CACHE", str(tmp_path / "cache"))
    source = tmp_path / "source"
    source.write_text("1")
    made = []

    def make():
        made.append(1)
        return GlyphSet(np.zeros((2, 32, 32), np.uint8), np.array([1, 2]), np.ones(2, bool))

    for _ in range(2):
        cached = training.data.glyphs.cached_glyphs("x", [source], "train", make)
        assert cached.labels.tolist() == [1, 2]
    assert len(made) == 1
    source.write_text("longer")
    training.data.glyphs.cached_glyphs("x", [source], "train", make)
    assert len(made) == 2
    assert not list((tmp_path / "cache").glob("*.tmp"))


def test_a_cache_folder_that_takes_nothing_is_told_and_keeps_no_half_file(tmp_path, monkeypatch):
    def full(path):
        path.write_bytes(b"half")
        raise OSError(28, "No space left on device")

    monkeypatch.setenv("OCR_CACHE", str(tmp_path / "cache"))
    with pytest.raises(OutputError, match=r"cache: base data cannot be kept.*No space left"):
        training.data.glyphs.cached("x", full)
    assert not list((tmp_path / "cache").iterdir())
    (tmp_path / "file").touch()
    monkeypatch.setenv("OCR_CACHE", str(tmp_path / "file"))
    with pytest.raises(OutputError, match="OCR_CACHE"):
        training.data.glyphs.cached("x", full)

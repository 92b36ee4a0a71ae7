import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

from ocr.letters.glyphs import (
    GLYPH_BODY,
    GLYPH_SIZE,
    LEAST_STROKE,
    glyph_stack,
    normalize_glyph,
    stroke_width,
)


def ring(size, stroke):
    """A circle of ink, `size` pixels across."""
    y, x = np.mgrid[:size, :size] - (size - 1) / 2
    radius = np.hypot(y, x)
    inside = (radius < size / 2) & (radius > size / 2 - stroke)
    return np.where(inside, 0.0, 1.0).astype(np.float32)


def ink_box(glyph):
    rows, cols = np.nonzero(glyph < 0.5)
    return rows.min(), cols.min(), rows.max() + 1, cols.max() + 1


@given(
    arrays(
        np.float32,
        array_shapes(min_dims=2, max_dims=2, max_side=40),
        elements=st.floats(0, 1, width=32),
    )
)
def test_any_picture_gives_a_glyph(picture):
    glyph = normalize_glyph(picture)
    assert glyph.shape == (GLYPH_SIZE, GLYPH_SIZE)
    assert glyph.dtype == np.float32
    assert glyph.min() >= 0
    assert glyph.max() <= 1


def test_the_longer_side_fills_the_body_and_is_centered():
    tall = np.ones((60, 60), np.float32)
    tall[5:55, 20:30] = 0
    assert ink_box(normalize_glyph(tall)) == (3, 13, 3 + GLYPH_BODY, 18)
    assert ink_box(normalize_glyph(tall.T)) == (13, 3, 18, 3 + GLYPH_BODY)


def test_position_and_paper_around_do_not_matter():
    glyph = ring(40, 5)
    moved = np.pad(glyph, ((3, 17), (30, 1)), constant_values=1)
    np.testing.assert_array_equal(normalize_glyph(glyph), normalize_glyph(moved))


@pytest.mark.parametrize("size", [52, 104, 260])
def test_size_does_not_matter(size):
    difference = np.abs(normalize_glyph(ring(size, size / 8)) - normalize_glyph(ring(500, 62.5)))
    assert difference.mean() < 0.02


def test_faint_ink_becomes_black():
    faint = 1 - 0.3 * (1 - ring(40, 5))
    np.testing.assert_allclose(normalize_glyph(faint), normalize_glyph(ring(40, 5)), atol=0.02)


def test_thin_strokes_of_a_large_glyph_stay_visible():
    assert normalize_glyph(ring(600, 6)).min() < 0.1


def on_grey(glyph, seed=0):
    """As a photo shows it: grey paper that darkens to one side, with grain."""
    rng = np.random.default_rng(seed)
    cover = 1 - np.pad(glyph, 12, constant_values=1)
    paper = np.linspace(0.75, 0.55, cover.shape[1])
    return (paper * (1 - 0.6 * cover) + rng.normal(0, 0.01, cover.shape)).astype(np.float32)


@pytest.mark.parametrize("size", [24, 60])
def test_grey_paper_under_uneven_light_is_paper(size):
    glyph = ring(size, size / 6)
    difference = np.abs(normalize_glyph(on_grey(glyph)) - normalize_glyph(glyph))
    assert difference.mean() < 0.05
    assert normalize_glyph(on_grey(glyph))[0].min() > 0.9


def test_a_box_full_of_ink_is_no_paper():
    assert ink_box(normalize_glyph(np.zeros((8, 8), np.float32))) == (3, 3, 29, 29)
    assert ink_box(normalize_glyph(np.full((30, 8), 0.4, np.float32))) == (3, 12, 29, 19)


@pytest.mark.parametrize("stroke", [2, 4, 8])
def test_thin_strokes_are_drawn_as_wide_as_others(stroke):
    glyph = normalize_glyph(ring(100, stroke))
    assert LEAST_STROKE - 0.5 < stroke_width(1 - glyph) < LEAST_STROKE + 0.5


def test_bold_strokes_stay_as_they_are():
    assert stroke_width(1 - normalize_glyph(ring(100, 18))) == pytest.approx(0.18 * 26, rel=0.15)


@pytest.mark.parametrize("shape", [(1, 1), (20, 1), (5, 9)])
def test_paper_alone_stays_white(shape):
    assert (normalize_glyph(np.ones(shape, np.float32)) == 1).all()


def test_one_black_pixel_is_a_square():
    assert ink_box(normalize_glyph(np.zeros((1, 1), np.float32))) == (3, 3, 29, 29)


@pytest.mark.parametrize("shape", [(0, 5), (5, 0), (3,), (2, 3, 3)])
def test_other_shapes_are_refused(shape):
    with pytest.raises(ValueError, match="non-empty"):
        normalize_glyph(np.ones(shape, np.float32))


def test_glyph_stack_of_none_and_some():
    assert glyph_stack([]).shape == (0, 32, 32)
    stack = glyph_stack([ring(20, 3), ring(50, 5)])
    assert stack.shape == (2, 32, 32)
    np.testing.assert_array_equal(stack[1], normalize_glyph(ring(50, 5)))

"""Strips: straight, level, one size of letters, and back to the page."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import ndimage

from ocr.layout.strips import (
    BASELINE_ROW,
    CONFIG,
    STRIP_HEIGHT,
    X_HEIGHT,
    Strip,
    TextLine,
    _between,
    cut_strip,
    cuts_letter,
    fitted_strip,
    full_ink,
    smooth_baseline,
    stretch_contrast,
    with_short_gaps,
)


def ruled_page(slope=0.0, x_height=26.0, size=(300, 700)):
    """A page of one line: a bar from the baseline up to the x-height, and where it lies."""
    rows, cols = np.mgrid[: size[0], : size[1]]
    base = 150 + slope * (cols - 350)
    page = ((rows < base) & (rows >= base - x_height)).astype(np.float32)
    page[:, :100] = page[:, 600:] = 0
    ends = np.array([100.0, 600.0])
    return page, TextLine(np.stack([150 + slope * (ends - 350), ends], axis=1), x_height)


@pytest.mark.parametrize("slope", [0.0, 0.1, -0.2])
@pytest.mark.parametrize("x_height", [9.0, 13.0, 40.0])
def test_the_letters_stand_on_the_baseline_row_and_are_of_one_height(slope, x_height):
    page, line = ruled_page(slope, x_height)
    image = cut_strip(page, line).image
    assert image.shape[0] == STRIP_HEIGHT
    middle = image[:, image.shape[1] // 2]
    inked = np.flatnonzero(middle < 0.5)
    assert abs(inked[-1] + 1 - BASELINE_ROW) <= 1
    assert abs(len(inked) - X_HEIGHT) <= 1.5


def test_the_width_is_the_length_and_a_margin_at_each_end():
    page, line = ruled_page()
    scale = X_HEIGHT / line.x_height
    assert cut_strip(page, line).image.shape[1] == round((500 + 2 * CONFIG.end_margin * 26) * scale)


@pytest.mark.parametrize("slope", [0.0, 0.15])
def test_places_lead_back_to_the_page(slope):
    page, line = ruled_page(slope)
    strip = cut_strip(page, line)
    cols = np.linspace(20, strip.image.shape[1] - 20, 9)
    y, x = strip.places(np.full(9, float(BASELINE_ROW)), cols)
    np.testing.assert_allclose(y, 150 + slope * (x - 350), atol=0.6)
    y_over, x_over = strip.places(np.full(9, BASELINE_ROW - X_HEIGHT), cols)
    step = 26 / np.hypot(1, slope)
    np.testing.assert_allclose(y - y_over, step, rtol=0.05)
    np.testing.assert_allclose(x - x_over, -slope * step, atol=0.05 * 26)


def test_beyond_the_page_there_is_paper():
    line = TextLine(np.array([[5.0, -40.0], [5.0, 60.0]]), 13.0)
    strip = cut_strip(np.full((20, 40), 0.5, np.float32), line)
    assert np.isfinite(strip.image).all()
    away = TextLine(np.array([[500.0, 0.0], [500.0, 60.0]]), 13.0)
    assert cut_strip(np.ones((20, 40), np.float32), away).image.min() == 1


def test_a_scaled_line_gives_the_same_strip_of_a_scaled_page():
    page, line = ruled_page()
    twice = np.repeat(np.repeat(page, 2, axis=0), 2, axis=1)
    one, two = cut_strip(page, line).image, cut_strip(twice, line.scaled(2)).image
    assert one.shape == two.shape
    assert np.abs(one - two).mean() < 0.02


@given(
    st.lists(st.floats(-3, 3), min_size=2, max_size=12),
    st.floats(4, 40),
)
def test_a_smoothed_baseline_keeps_its_ends(rows, x_height):
    points = np.stack([np.array(rows), np.arange(len(rows)) * 50.0], axis=1)
    y, x = smooth_baseline(points, x_height)
    assert abs(x[0] - points[0, 1]) < x_height and abs(x[-1] - points[-1, 1]) < x_height
    assert np.abs(y).max() < np.abs(points[:, 0]).max() + x_height


def test_a_straight_baseline_stays_as_it_is():
    y, x = smooth_baseline(np.array([[10.0, 0.0], [30.0, 200.0]]), 10.0)
    np.testing.assert_allclose(y, np.linspace(10, 30, len(y)), atol=0.01)
    np.testing.assert_allclose(x, np.linspace(0, 200, len(x)), atol=0.01)


def test_contrast_is_stretched_to_full_ink_and_paper_alone_stays_paper():
    faint = np.zeros((STRIP_HEIGHT, 80), np.float32)
    faint[25:30, 10:30] = 0.2
    assert full_ink(faint) == pytest.approx(0.2)
    assert stretch_contrast(faint, 0.2).max() == 1
    assert full_ink(np.zeros_like(faint)) == 0
    assert stretch_contrast(np.full_like(faint, 0.3), 0.0).max() == 0


def test_a_strip_tells_how_dark_its_ink_was():
    page, line = page_with_bar(180)
    assert cut_strip(page, line).contrast == pytest.approx(1, abs=0.05)
    assert cut_strip(0.3 * page + 0.1, line).contrast == pytest.approx(0.3, abs=0.02)


def page_with_bar(at: int, rule: bool = False) -> tuple[np.ndarray, TextLine]:
    """A line of letters 13 pixels high, as bars, the last from a column on and 12 wide."""
    page = np.zeros((80, 400), np.float32)
    for left in range(40, 200, 20):
        page[30:50, left : left + 4] = 1
    page[26:50, at : at + 12] = 1
    if rule:
        page[49:51] = 0.9
    return page, TextLine(np.array([[50.0, 40.0], [50.0, 200.0]]), 13.0)


@pytest.mark.parametrize("rule", [False, True])
def test_a_letter_that_the_end_of_a_strip_would_cut_is_taken_in(rule):
    page, line = page_with_bar(195, rule)  # over the baseline's end, and past a margin of 13 pixels
    page[26:50, 195:225] = 1
    assert cuts_letter(cut_strip(page, line).image)
    strip = fitted_strip(page, line)
    assert not cuts_letter(strip.image)
    assert strip.cols[-1] > 225 and strip.cols[0] == pytest.approx(27.5, abs=1)
    mirrored = TextLine(np.array([[50.0, 200.0], [50.0, 360.0]]), 13.0)
    assert fitted_strip(page[:, ::-1], mirrored).cols[0] < 175


def test_a_neighbor_behind_the_end_is_left_out():
    page, line = page_with_bar(208)
    assert not cuts_letter(cut_strip(page, line).image)
    assert fitted_strip(page, line).cols[-1] < 214


def test_a_strip_is_not_led_on_for_ever():
    page, line = page_with_bar(195)
    page[26:50, 195:] = 1
    assert fitted_strip(page, line).cols[-1] < 213 + 13 * (CONFIG.led_on + 1)


def test_pixels_between_pixels_are_those_of_scipy():
    rng = np.random.default_rng(5)
    image = rng.random((9, 14), dtype=np.float32)
    rows, cols = rng.uniform(-2, 10, (40, 50)), rng.uniform(-2, 15, (40, 50))
    rows[0, :3], cols[0, :3] = (0.0, 8.0, 8.0), (0.0, 13.0, 13.1)  # corners, and just beside one
    expected = ndimage.map_coordinates(image, (rows, cols), order=1, mode="constant")
    np.testing.assert_allclose(_between(image, rows, cols), expected, atol=1e-7)
    assert not _between(image[:1, :1], rows[1:], cols[1:]).any()  # a single pixel has no between


def test_wide_gaps_are_shortened_and_everything_else_stays():
    image = np.ones((STRIP_HEIGHT, 400), np.float32)
    for left in (10, 60, 300):  # gaps of 40 and of 230 columns, and 80 behind the last
        image[20:BASELINE_ROW, left : left + 10] = 0
    image[40] = 0.5  # a rule is no ink
    cols = np.arange(400.0)
    strip = Strip(image, np.zeros(400), cols, np.tile([1.0, 0.0], (400, 1)), contrast=0.7)
    found = with_short_gaps(strip)
    most = round(CONFIG.widest * X_HEIGHT)
    assert found.image.shape == (STRIP_HEIGHT, 400 - 230 + most)
    assert found.contrast == 0.7
    assert found.cols[:70].tolist() == cols[:70].tolist()
    assert found.cols[-100:].tolist() == cols[-100:].tolist()
    assert (found.image == image[:, found.cols.astype(int)]).all()
    assert with_short_gaps(found) is found


def test_faint_ink_in_a_gap_keeps_it():
    image = np.ones((STRIP_HEIGHT, 300), np.float32)
    image[20:BASELINE_ROW, [10, 290]] = 0
    image[25:BASELINE_ROW, 100:280:40] = 0.7
    strip = Strip(image, np.zeros(300), np.arange(300.0), np.tile([1.0, 0.0], (300, 1)))
    found = with_short_gaps(strip)
    assert set(range(100, 280, 40)) <= set(found.cols.astype(int))


def test_columns_left_out_of_a_strip():
    image, cols = np.zeros((STRIP_HEIGHT, 4), np.float32), np.arange(4.0)
    strip = Strip(image, np.full(4, 9.0), cols, np.tile([1.0, 0.0], (4, 1)))
    none = np.zeros(4, dtype=bool)
    assert strip.without(none) is strip
    assert strip.without(np.array([0, 1, 1, 0], dtype=bool)).cols.tolist() == [0, 3]
    blank = strip.without(~none)
    assert (blank.image == 1).all() and blank.cols.tolist() == [0, 1, 2, 3]

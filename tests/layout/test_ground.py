"""What the lines of a page run along."""

import numpy as np
import pytest

from ocr.layout.ground import PARTS, STRAIGHT, ground_along, straight


def slope(ground, col):
    """Rows a column that it falls at a place."""
    return np.diff(ground.at(np.array([col, col + 1.0])))[0]


def test_a_flat_sheet_falls_by_its_slope():
    ground = straight(0.1, 200.0)
    np.testing.assert_allclose(ground.at(np.array([0.0, 50, 200])), [0, 5, 20])
    assert slope(ground, 150) == pytest.approx(0.1)


def test_a_curled_sheet_bends_as_most_of_its_lines_do():
    cols = np.linspace(0, 320, 65)
    bend = 10 * np.sin(cols / 50)
    lines = [(cols, 100 * k + bend) for k in range(19)] + [(cols, 400 - cols)]
    ground = ground_along(lines, 0.0)
    shrunk = 20 / (20 + STRAIGHT)
    np.testing.assert_allclose(ground.at(cols), shrunk * bend, atol=0.8)
    assert slope(ground, 0) == pytest.approx(shrunk * bend[4] / 20)


def test_words_shorter_than_a_part_tell_nothing():
    words = [(np.array([20.0 * k + 3, 20.0 * k + 12]), np.array([0.0, 9])) for k in range(PARTS)]
    words += [(np.array([0.0, 320.0]), np.array([0.0, 0.0]))]
    ground = ground_along(words, 0.0)
    np.testing.assert_allclose(ground.at(np.array([0.0, 100, 320])), 0)


def test_where_no_line_runs_the_page_goes_on_by_its_slope():
    ground = ground_along([(np.array([100.0, 300.0]), np.array([7.0, 7.0]))], 0.5)
    assert slope(ground, 20) == pytest.approx(0.5)
    assert slope(ground, 200) == pytest.approx(0.5 * STRAIGHT / (1 + STRAIGHT))


def test_one_short_word_is_enough():
    ground = ground_along([(np.array([0.0, 0.0]), np.array([5.0, 5.0]))], 0.0)
    np.testing.assert_allclose(ground.at(np.array([0.0, 9.0])), 0)

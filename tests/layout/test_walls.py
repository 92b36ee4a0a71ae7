"""Lines that run through a wall, and what is none."""

import numpy as np
import pytest

from ocr.layout.strips import TextLine
from ocr.layout.walls import cut_at_walls

BASE, X_HEIGHT = 100, 10.0


def page(*letters, height=200, width=300):
    """Darkness with letters, from a column to another, on a baseline."""
    darkness = np.zeros((height, width), np.float32)
    for first, last in letters:
        for col in range(first, last, 6):
            darkness[BASE - 10 : BASE, col : min(col + 3, last)] = 0.8
    return darkness


def spans(darkness, x_height=X_HEIGHT):
    points = np.array([[BASE, 10.0], [BASE, 150.0], [BASE, 290.0]])
    found = cut_at_walls(darkness, [TextLine(points, x_height, 0.9)])
    assert all((one.x_height, one.score) == (x_height, 0.9) for one in found)
    return [tuple(one.baseline[[0, -1], 1].tolist()) for one in found]


def test_a_line_is_cut_between_the_ink_at_both_sides_of_a_wall():
    darkness = page((20, 143), (166, 280))
    darkness[40:180, 150:152] = 0.6
    assert spans(darkness) == [(10.0, 142.0), (166.0, 290.0)]


def test_one_side_may_come_up_to_the_wall_which_may_lean():
    darkness = page((20, 150), (166, 280))
    for row in range(40, 180):
        darkness[row, 151 + (row - 40) // 70] = 0.6
    (_, end), (start, _) = spans(darkness)
    assert 140 < end < 151 and start == 166


def test_the_top_of_a_table_may_be_near():
    darkness = page((20, 143), (166, 280))
    darkness[80:190, 150:152] = 0.6
    assert len(spans(darkness)) == 2


def test_two_walls_make_three():
    darkness = page((20, 90), (116, 190), (220, 280))
    darkness[20:180, 100:102] = darkness[20:180, 204:206] = 0.6
    assert spans(darkness) == [(10.0, 88.0), (116.0, 189.0), (220.0, 290.0)]


def test_what_crosses_out_lines_between_some_words_and_through_others_is_no_wall():
    darkness = np.zeros((400, 300), np.float32)
    lines = []
    for number, gap in enumerate(((143, 166), (150, 151), (143, 166), (150, 151))):
        row = 100 + 60 * number
        for first, last in ((20, gap[0]), (gap[1], 280)):
            for col in range(first, last, 6):
                darkness[row - 10 : row, col : col + 3] = 0.8
        lines.append(TextLine(np.array([[row, 10.0], [row, 290.0]]), X_HEIGHT, 0.9))
    darkness[40:380, 150:152] = 0.6
    assert cut_at_walls(darkness, lines) == lines
    assert len(cut_at_walls(darkness, lines[::2])) == 4  # if only those are there it is one


@pytest.mark.parametrize(
    "rows, cols",
    [
        (slice(85, 110), slice(150, 152)),  # a letter
        (slice(20, 95), slice(150, 152)),  # ends above the baseline
        (slice(98, 190), slice(150, 152)),  # begins at the baseline
        (slice(20, 180, 3), slice(150, 152)),  # dotted
        (slice(20, 180), slice(146, 164)),  # a bar
        (slice(20, 180), slice(14, 16)),  # before the first letter
    ],
    ids=["letter", "above", "below", "dotted", "bar", "before"],
)
def test_what_is_no_wall(rows, cols):
    darkness = page((20, 143), (168, 280))
    darkness[rows, cols] = 0.6
    assert len(spans(darkness)) == 1


def test_squared_paper_parts_no_word():
    darkness = page((20, 280))
    darkness[:, ::12] = 0.4
    assert len(spans(darkness)) == 1


def test_short_lines_and_lines_beyond_the_page_stay():
    darkness = np.ones((20, 20), np.float32)
    short = TextLine(np.array([[10.0, 5.0], [10.0, 8.0]]), 8.0, 0.9)
    beyond = TextLine(np.array([[-5.0, -10.0], [30.0, 90.0]]), 3.0, 0.9)
    for line in (short, beyond):
        (same,) = cut_at_walls(darkness, [line])
        np.testing.assert_allclose(same.baseline, line.baseline)

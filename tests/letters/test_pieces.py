"""Pieces of one character are joined, and those of two are not; all by literal boxes."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from ocr.letters.pieces import join_pieces, near, side_by_side, united


def joined(boxes, size, hanging=False):
    sizes = np.full(len(boxes), float(size))
    return join_pieces(np.array(boxes), sizes, np.full(len(boxes), hanging)).tolist()


def test_join_pieces_numbers_the_characters():
    assert joined([[40, 10, 100, 14], [10, 9, 16, 15], [10, 60, 100, 110]], 90) == [0, 0, 1]


def test_a_dot_joins_one_stem_and_never_links_two():
    stems = [[20, 0, 60, 6], [20, 16, 60, 22]]
    assert joined([*stems, [6, 1, 12, 7]], 60) == [0, 1, 0]
    assert len(set(joined([*stems, [6, 8, 12, 14]], 60))) == 2


def test_a_dot_belongs_to_the_mark_above_but_not_to_a_joined_word():
    mark, word, dot = [0, 20, 36, 44], [0, 0, 56, 74], [44, 30, 49, 35]
    assert joined([mark, dot], 43) == [0, 0]
    assert joined([word, [64, 30, 69, 35]], 43) == [0, 1]


def test_the_j_of_a_line_of_small_letters_keeps_its_dot():
    assert joined([[26, 0, 76, 16], [0, 9, 7, 15]], 40) == [0, 0]


def test_dots_over_a_wide_letter_may_stand_some_way_off():
    letter, dots = [54, 0, 114, 55], [[24, 10, 33, 19], [24, 32, 33, 41]]
    assert joined([letter, *dots], 60) == [0, 0, 0]


def test_ticks_are_a_quotation_mark_only_where_they_hang():
    for height in (20, 40):
        ticks = [[0, 0, height, 6], [0, 12, height, 18]]
        assert joined(ticks, 60, hanging=True) == [0, 0]
        assert joined(ticks, 60) == [0, 1]
    assert joined([[0, 0, 58, 6], [0, 12, 58, 18]], 60, hanging=True) == [0, 1]


def test_the_size_of_the_line_counts_not_that_of_the_page():
    small = np.array([[10, 0, 30, 4], [3, 0, 6, 4]])
    boxes = np.concatenate([small, [[200, 0, 320, 60], [200, 80, 320, 140]]])
    sizes, hanging = np.array([25.0, 25, 120, 120]), np.zeros(4, dtype=bool)
    assert join_pieces(boxes, sizes, hanging).tolist() == [0, 0, 1, 2]


def test_strokes_that_hardly_part_look_like_one_character():
    stem, side, letter = [0, 0, 60, 8], [0, 11, 60, 45], [0, 75, 60, 110]
    pairs, sure = side_by_side(np.array([stem, side, letter]), np.full(3, 60.0), 0.4)
    assert pairs.tolist() == [[0, 1]]
    assert sure.tolist() == [True]
    pairs, sure = side_by_side(np.array([stem, side, letter]), np.full(3, 60.0), 0.15)
    assert sure.tolist() == [False]  # letters as near as that are usual here


def test_a_bar_beside_a_letter_may_be_its_arm():
    stem, bar, dot = [0, 0, 60, 8], [25, 11, 33, 36], [50, 12, 58, 20]
    sizes = np.full(2, 60.0)
    assert side_by_side(np.array([stem, bar]), sizes, 0.4)[0].tolist() == [[0, 1]]
    assert side_by_side(np.array([stem, dot]), sizes, 0.4)[0].tolist() == []


@settings(max_examples=30)
@given(seed=st.integers(0, 1000), count=st.integers(0, 40))
def test_near_finds_every_pair_within_reach(seed, count):
    rng = np.random.default_rng(seed)
    corners = rng.integers(0, 200, (count, 2))
    boxes = np.hstack([corners, corners + rng.integers(1, 30, (count, 2))])
    sizes = rng.uniform(10, 40, count)
    middles = (boxes[:, :2] + boxes[:, 2:]) / 2
    expected = {
        (i, j)
        for i in range(count)
        for j in range(i + 1, count)
        if np.hypot(*(middles[i] - middles[j])) <= 1.3 * max(sizes[i], sizes[j])
    }
    assert {tuple(sorted(pair)) for pair in near(boxes, sizes, 1.3).tolist()} == expected


def test_united_numbers_groups():
    groups = united(5, np.array([[0, 3], [3, 4]]))
    assert groups.tolist() == [0, 1, 2, 0, 0]
    assert united(2, np.empty((0, 2), dtype=int)).tolist() == [0, 1]


def test_twice_the_pieces_are_twice_the_pairs():
    def page(rows):
        y, x = np.mgrid[0:rows, 0:80].reshape(2, -1)
        return np.stack([40 * y, 16 * x, 40 * y + 20, 16 * x + 12], axis=1)

    counts = [len(near(page(rows), np.full(80 * rows, 20.0), 1.3)) for rows in (25, 50, 100)]
    assert counts[2] < 2.1 * counts[1] < 4.5 * counts[0]
    assert counts[2] < 3 * 8000

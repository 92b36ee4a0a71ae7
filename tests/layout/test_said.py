"""What lines say of their order."""

from itertools import pairwise

import numpy as np
from places_fakes import column, line, pairs

from ocr.layout.reading_order import reading_order
from ocr.layout.said import Said


def follows_as(steps, count, seed=0):
    """How well some lines go on in each other: by chance, and in steps given well."""
    follows = np.random.default_rng(seed).normal(-10, 1, (count, count))
    for one, next_ in pairwise(steps):
        follows[one, next_] += 4
    return follows


WORDS = [*column(10, [60, 70, 80] * 3), *column(130, [70, 80, 60] * 3)]


WORDS_BY_COLUMNS = [[[k] for k in range(9)], [[k] for k in range(9, 18)]]


WORDS_BY_ROWS = [pairs(9)]


def test_what_lines_say_tells_columns_of_words_from_a_table():
    assert reading_order(WORDS) == WORDS_BY_ROWS
    down, across = range(18), [k for pair in pairs(9) for k in pair]
    assert reading_order(WORDS, said=Said(follows=follows_as(down, 18))) == WORDS_BY_COLUMNS
    assert reading_order(WORDS, said=Said(follows=follows_as(across, 18))) == WORDS_BY_ROWS
    for seed in range(20):  # entries of a list do not go on in each other
        assert reading_order(WORDS, said=Said(follows=follows_as([], 18, seed))) == WORDS_BY_ROWS


def test_what_lines_say_tells_halves_of_lines_from_columns():
    halves = [*column(10, [300, 310, 290, 305, 300, 310]), *column(360, [300] * 6)]
    by_columns = [[[k] for k in range(6)], [[k] for k in range(6, 12)]]
    assert reading_order(halves) == by_columns
    across = [k for pair in pairs(6) for k in pair]
    assert reading_order(halves, said=Said(follows=follows_as(across, 12))) == [pairs(6)]
    assert reading_order(halves, said=Said(follows=follows_as(range(12), 12))) == by_columns


def test_few_lines_that_are_known_tell_nothing():
    follows = follows_as(range(18), 18)
    follows[3:9] = follows[:, 3:9] = np.nan
    assert reading_order(WORDS, said=Said(follows=follows)) == WORDS_BY_ROWS
    assert reading_order(WORDS, said=Said(follows=np.full((18, 18), np.nan))) == WORDS_BY_ROWS


def test_a_text_beside_numbers_of_some_of_its_lines_is_no_column():
    """Most of its lines follow each other whichever way it is read."""
    numbers = [line(100 + 150 * k, 10, 25) for k in range(4)]
    text = column(40, [400] * 10)
    lines = [*numbers, *text]
    rows = reading_order(lines)
    assert rows[0][0] == [0, 4] and rows[0][3] == [1, 7]
    assert reading_order(lines, said=Said(follows=follows_as(range(4, 14), 14))) == rows

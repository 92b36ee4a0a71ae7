"""The cells of forms, of lines whose places are written down."""

import numpy as np
from places_fakes import line

from ocr.layout.cells import cells
from ocr.layout.dividers import Dividers
from ocr.layout.reading_order import reading_order
from ocr.layout.rows import places_of
from ocr.layout.said import Said


def form(rows, lefts=(10, 300), step=50, wide=None):
    """Lines in rows, two for each row of cells: those of a label and of what is below it."""
    wide = step if wide is None else wide
    tops = [100 + k * (step + wide) + step * below for k in range(rows) for below in (0, 1)]
    return [line(top, left, left + 90) for top in tops for left in lefts]


def parted(lines, below=(), beside=(), through=()):
    every = np.arange(len(lines))
    return Dividers(*(np.isin(every, some) for some in (below, beside, through, ())))


def found(lines, below=(), beside=(), through=(), texts=()):
    places = places_of(lines)
    rows = places.rows(np.arange(len(lines)))
    parts = cells(rows, places, parted(lines, below, beside, through), Said(texts=texts))
    return [part.tolist() for part in parts]


CELLWISE = [[0, 2], [1, 3], [4, 6], [5, 7]]


def test_ruling_lines_and_walls_tell_cells():
    assert found(form(2), below=[2, 3, 6, 7], beside=[0, 2, 4, 6]) == CELLWISE


def test_ruling_lines_without_walls_are_those_of_a_table():
    assert found(form(2), below=[2, 3, 6, 7]) == []


def test_ruling_lines_below_each_row_are_those_of_a_table():
    assert found(form(2), below=range(8), beside=[0, 2, 4, 6]) == []


def test_wide_steps_tell_cells_where_each_has_a_line_of_its_own():
    assert found(form(2, wide=100), below=[2, 3, 6, 7], beside=[2, 6]) == CELLWISE


def days(rows=2):
    """Rows of four days each, with an entry below the second and third, close to a wall."""
    lefts = (10, 110, 210, 310)
    return [
        line(100 + 200 * row + 50 * below, left, left + (90 if below else 20))
        for row in range(rows)
        for below, some in enumerate((lefts, lefts[1:3]))
        for left in some
    ]


def test_a_rule_may_be_below_entries_that_some_of_the_days_have():
    below = [0, 3, 4, 5, 6, 9, 10, 11]  # numbers without an entry, and entries
    beside = [k for k in range(12) if k not in (3, 9)]
    week = [[0], [1, 4], [2, 5], [3]]
    assert found(days(), below, beside) == [*week, *([k + 6 for k in day] for day in week)]


def test_digits_tell_no_cells_where_a_rule_parts_them():
    texts = ["Anna", "Thomas", "27 Mill Lane", "8 Dock Street"] * 3
    assert found(form(3, wide=100), below=range(12), texts=texts) == []


def test_what_stands_below_a_line_may_be_its_label():
    assert found(form(2, wide=100), below=[0, 1, 4, 5], beside=[0, 4]) == CELLWISE


def test_wide_steps_part_no_cells_where_the_rules_of_a_table_run_on():
    lines = form(2, wide=100)
    assert found(lines, below=range(8), beside=[0, 2, 4, 6], through=[0, 2, 4, 6]) == []


def test_wide_steps_alone_part_the_groups_of_a_table():
    assert found(form(3, wide=100), texts=["word"] * 12) == []


def test_digits_below_words_tell_cells():
    texts = ["Anna", "Thomas", "27 Mill Lane", "8 Dock Street"] * 3
    parts = [[4 * k + side, 4 * k + side + 2] for k in range(3) for side in (0, 1)]
    assert found(form(3, wide=100), texts=texts) == parts


def test_digits_beside_words_tell_rows():
    assert found(form(3, wide=100), texts=["soup", "6.50"] * 6) == []


def test_the_numbers_of_entries_that_count_down_columns_tell_no_cells():
    steps = ["1. Cut it", "4. Open it", "along", "again", "2. Fold it", "5. Glue it"]
    texts = [*steps, "twice", "here", "3. Turn it", "6. Dry it", "over", "well"]
    assert found(form(3, wide=100), texts=texts) == []


def test_two_groups_say_too_little():
    assert found(form(2, wide=100), texts=["Anna", "Thomas", "27 Mill Lane", "8 Dock St"] * 2) == []


def test_one_row_of_cells_tells_nothing():
    assert found(form(1), below=[2, 3], beside=[0, 2]) == []


def test_a_title_over_the_cells_is_a_part_of_its_own():
    lines = [line(60, 10, 350), *form(2)]
    parts = found(lines, below=[3, 4, 7, 8], beside=[1, 3, 5, 7])
    assert parts == [[0], [1, 3], [2, 4], [5, 7], [6, 8]]


def test_rows_of_cells_may_have_more_or_fewer_of_them():
    lines = [*form(1), line(200, 10, 100), line(250, 10, 300), *form(1, (10, 150, 300))]
    for k, one in enumerate(lines[6:], 6):
        lines[k] = line(one.baseline[0, 0] + 200, one.baseline[0, 1], one.baseline[0, 1] + 90)
    parts = found(lines, below=[2, 3, 5, 9, 10, 11], beside=[0, 2, 6, 7, 9, 10])
    assert parts == [[0, 2], [1, 3], [4, 5], [6, 9], [7, 10], [8, 11]]


def test_an_empty_cell_has_its_label_alone():
    lines = [one for k, one in enumerate(form(3)) if k != 3]
    parts = found(lines, below=[1, 2, 5, 6, 9, 10], beside=[0, 2, 3, 5, 7, 9])
    assert parts == [[0, 2], [1], [3, 5], [4, 6], [7, 9], [8, 10]]


def test_lines_below_each_other_are_no_cells():
    lines = [line(100 + 50 * k, 10, 200) for k in range(8)]
    assert found(lines, below=[1, 3, 5, 7]) == []


def test_the_reading_order_goes_cell_by_cell():
    lines = form(2)
    order = reading_order(lines, parted=parted(lines, [2, 3, 6, 7], [0, 2, 4, 6]))
    assert order == [[[0], [2]], [[1], [3]], [[4], [6]], [[5], [7]]]
    assert reading_order(lines) == [[[0, 1], [2, 3], [4, 5], [6, 7]]]

"""Reading order of lines whose places are written down."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from places_fakes import column, line, order

from ocr.layout.reading_order import reading_order
from ocr.layout.rows import in_rows


def test_nothing():
    assert reading_order([]) == []


def test_one_block_from_top_to_bottom():
    lines = [line(90, 10, 300), line(30, 10, 300), line(60, 12, 180)]
    assert reading_order(lines) == [[[1], [2], [0]]]


def test_two_columns_of_prose_one_after_the_other():
    left = [line(40 + 30 * k, 10, 300) for k in range(6)]
    right = [line(40 + 30 * k, 340, 640) for k in range(6)]
    assert reading_order(left + right) == [
        [[k] for k in range(6)],
        [[k + 6] for k in range(6)],
    ]


def test_a_heading_over_two_columns_comes_first():
    left = [line(100 + 30 * k, 10, 300) for k in range(5)]
    right = [line(100 + 30 * k, 340, 640) for k in range(5)]
    assert order([*right, *left, line(40, 100, 500, 24)]) == [10, 5, 6, 7, 8, 9, 0, 1, 2, 3, 4]


def test_a_note_beside_a_list_is_read_after_it():
    heading, last = line(20, 0, 500), line(300, 0, 500)
    items = [line(60 + 30 * k, 0, 120) for k in range(6)]
    note = [line(73, 300, 480), line(103, 300, 480)]
    read = order([heading, *items, *note, last])
    assert read == [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]


def test_a_note_is_read_with_the_paragraph_that_it_is_beside():
    first, last = line(20, 0, 500), line(400, 0, 500)
    items = [line(row, 0, 120) for row in (60, 90, 120, 150, 240, 270, 300)]
    note = [line(73, 300, 480), line(103, 300, 480)]
    assert order([first, *items[:4], *note, *items[4:], last]) == list(range(11))


def test_a_paragraph_above_the_one_with_a_note_is_a_block_of_its_own():
    heading, note = line(20, 0, 500), [line(213, 300, 480), line(243, 300, 480)]
    items = [line(row, 0, 120) for row in (60, 90, 120, 210, 240, 270)]
    assert reading_order([heading, *items, *note]) == [
        [[0], [1], [2], [3]], [[4], [5], [6]], [[7], [8]],
    ]  # fmt: skip


def test_a_date_beside_the_first_line_comes_before_the_second():
    letter = column(10, [280, 290, 285, 280, 290, 270], top=100, step=40)
    date, page = line(101, 420, 500), line(600, 430, 490)
    assert order([*letter, date, page]) == [0, 6, 1, 2, 3, 4, 5, 7]


def test_a_first_row_of_several_parts_comes_whole_before_the_second():
    letter = column(10, [280, 290, 285, 280, 290, 270], top=140, step=40)
    name, place, date, page = (
        line(100, 10, 90),
        line(98, 150, 250),
        line(101, 420, 500),
        line(600, 430, 490),
    )
    assert reading_order([*letter, name, place, date, page])[0] == [[6, 7, 8]]


def test_the_heads_of_two_columns_are_no_date():
    left = [line(100, 10, 110), *column(10, [150] * 4, top=220)]
    right = [line(100, 300, 400), *column(300, [160] * 4, top=240)]
    assert order(left + right) == list(range(10))


def test_a_date_above_a_letter_at_the_right_comes_first():
    letter, end = column(10, [150, 300, 310, 290], top=140), line(400, 10, 360)
    date = [line(20, 340, 450), line(60, 340, 430)]
    assert order([*letter, end, *date]) == [5, 6, 0, 1, 2, 3, 4]


def test_a_title_over_the_right_column_comes_first_where_a_wide_step_follows():
    left, right = column(10, [280] * 4), column(350, [280] * 4)
    assert order([*left, *right, line(10, 352, 500)]) == [8, *range(8)]


def test_a_title_that_begins_between_the_columns_comes_first():
    left, right = column(10, [280] * 4), column(350, [280] * 4)
    assert order([*left, *right, line(50, 310, 450)]) == [8, *range(8)]


def test_a_right_column_that_begins_higher_is_read_second():
    left, right = column(10, [280] * 4), column(350, [280] * 5, top=50)
    assert order(left + right) == list(range(9))


@given(
    st.lists(
        st.tuples(st.floats(0, 900), st.floats(0, 800), st.floats(5, 300), st.floats(5, 40)),
        max_size=25,
    )
)
def test_every_line_is_read_once(places):
    lines = [line(y, x, x + w, h) for y, x, w, h in places]
    assert sorted(order(lines)) == list(range(len(lines)))


@given(st.permutations(range(8)))
def test_the_order_does_not_depend_on_the_order_given(permutation):
    lines = [line(40 + 30 * (k % 4), 10 + 330 * (k // 4), 300 + 330 * (k // 4)) for k in range(8)]
    shuffled = [lines[k] for k in permutation]
    assert [permutation[k] for k in order(shuffled)] == order(lines)


def test_each_sheet_is_read_for_itself_row_by_row():
    lines = [line(row, left, left + 90) for row in (100, 140, 300, 340) for left in (0, 150)]
    sheets = np.array([0, 1, 0, 1, 2, 3, 2, 3])
    blocks = reading_order(lines, sheets)
    assert blocks == [[[0], [2]], [[1], [3]], [[4], [6]], [[5], [7]]]
    assert [number for _, number in in_rows(lines, blocks)] == [1, 1, 2, 2, 3, 3, 4, 4]


def test_a_tall_sheet_is_read_before_those_beside_it():
    lines = [line(90, 0, 90), *(line(row, 150, 240) for row in (100, 300)), line(320, 0, 90)]
    assert order_with(lines, [0, 1, 2, 0]) == [0, 3, 1, 2]


def test_lines_of_a_board_are_read_where_they_stand_among_its_notes():
    heading = line(50, 0, 90), line(50, 150, 240)
    notes = [line(row, left, left + 90) for row in (150, 200) for left in (0, 150)]
    below = line(250, 140, 250)
    assert order_with([*heading, *notes, below], [0, 0, 1, 2, 3, 4, 0]) == [0, 1, 2, 3, 4, 5, 6]


def order_with(lines, sheets):
    return [k for block in reading_order(lines, np.array(sheets)) for row in block for k in row]


def test_the_dates_of_a_diary_are_read_with_the_entries_beside_them():
    dates = [line(85 + 128 * k + 18 * i, 10, 38) for k in range(4) for i in (0, 1)]
    texts = [
        line(100 + 128 * k + 29 * i, 60, 60 + width)
        for k in range(4)
        for i, width in enumerate((275, 60, 280))
    ]
    entries = [[2 * k, 2 * k + 1, 8 + 3 * k, 9 + 3 * k, 10 + 3 * k] for k in range(4)]
    assert order([*dates, *texts]) == [k for entry in entries for k in entry]

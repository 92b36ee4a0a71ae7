"""Reading order of lines whose places are written down."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ocr.layout.reading_order import in_rows, joined, page_slope, reading_order
from ocr.layout.strips import TextLine


def line(row, left, right, x_height=10.0, slope=0.0):
    return TextLine(np.array([[row, left], [row + slope * (right - left), right]], float), x_height)


def order(lines):
    return [k for block in reading_order(lines) for row in block for k in row]


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


@pytest.mark.parametrize("lower", [1, 8])
def test_things_and_prices_are_rows(lower):
    things = [line(40 + 30 * k, 10, 100 + 10 * k) for k in range(4)]
    prices = [line(40 + lower + 30 * k, 250, 290) for k in range(4)]
    assert reading_order(things + prices) == [[[0, 4], [1, 5], [2, 6], [3, 7]]]


def column(left, widths, top=100, step=50):
    return [line(top + step * k, left, left + width) for k, width in enumerate(widths)]


def pairs(count, first=0):
    return [[first + k, first + count + k] for k in range(count)]


def test_names_and_numbers_far_apart_are_rows():
    names = column(10, [130, 80, 150, 95, 120])
    numbers = column(330, [150, 150, 140, 150, 130], top=103)
    assert reading_order(names + numbers) == [pairs(5)]


def test_prices_far_behind_things_are_rows_though_some_are_missing():
    names = column(10, [90, 85, 80, 90, 85, 90, 80, 95, 85, 90])
    prices = [
        line(100 + 50 * k, 392 - width, 392) for k, width in enumerate([62, 20, 62, 62, 40, 62, 62])
    ]
    assert reading_order(names + prices) == [[*pairs(10)[:7], [7], [8], [9]]]


def test_two_lists_side_by_side_far_apart_are_no_rows():
    one = column(10, [60, 62, 58, 70, 61, 66, 59, 64, 60])
    two = column(330, [90, 70, 110, 85, 95, 100, 80])
    assert order(one + two) == list(range(16))


def test_a_sum_below_the_last_column_leaves_the_rows_of_a_table():
    things, counts = column(10, [120] * 6), column(300, [30] * 6)
    prices = [line(100 + 50 * k, 560, 640) for k in range(7)]
    rows = [[k, 6 + k, 12 + k] for k in range(6)]
    assert reading_order(things + counts + prices) == [[*rows, [18]]]


def test_what_is_said_at_the_left_and_right_by_turns_is_one_text():
    left = [line(100 + 80 * k, 10, 160) for k in range(4)]
    right = [line(140 + 80 * k, 300, 450) for k in range(4)]
    assert order(left + right) == [0, 4, 1, 5, 2, 6, 3, 7]


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


def test_rows_of_which_some_are_longer_are_not_torn_apart():
    names = column(10, [80, 70, 85, 80, 130, 120, 125, 110])
    numbers = column(330, [150, 150, 140, 150, 150, 140, 150, 130])
    assert reading_order(names + numbers) == [pairs(8)]


def test_rows_of_three_cells_are_rows():
    one, two, three = (column(left, [110, 130, 100, 140]) for left in (10, 310, 610))
    assert reading_order(one + two + three) == [[[k, k + 4, k + 8] for k in range(4)]]


def test_a_heading_over_the_first_column_leaves_rows():
    names, numbers = column(10, [130, 80, 150, 95]), column(330, [150, 150, 140, 150])
    heading = line(40, 10, 140)
    assert reading_order([*names, *numbers, heading]) == [[[8], *pairs(4)]]


def test_a_heading_above_the_answers_of_a_form_leaves_rows():
    labels, answers = (
        column(10, [85, 80, 55, 45, 60, 55, 85]),
        column(160, [100, 180, 300, 110] * 2),
    )
    heading = line(20, 130, 330)
    assert reading_order([*labels, *answers[:7], heading]) == [[[14], *pairs(7)]]


def test_cells_of_rows_far_apart_are_level_though_they_are_somewhat_off():
    offs = (-3, 12, 4, 12, 13)
    one = [line(100 + 80 * k, 10, 50) for k in range(5)]
    two = [line(100 + 80 * k + off, 200, 240) for k, off in enumerate(offs)]
    assert order(one + two) == [k for pair in pairs(5) for k in pair]


def test_prose_columns_between_a_title_and_a_footer_are_no_rows():
    left, right = (
        column(10, [180, 220, 185, 225, 195, 160]),
        column(430, [195, 200, 195, 190, 205, 160]),
    )
    title, footer = line(20, 250, 520), line(480, 10, 460)
    assert order([*left, *right, title, footer]) == [12, *range(12), 13]


def test_narrow_columns_close_together_are_no_rows():
    left, right = column(10, [130, 120, 135, 110]), column(200, [120, 130, 110, 125])
    assert order(left + right) == list(range(8))


def test_lists_of_which_one_is_longer_are_no_rows():
    left, right = column(10, [130, 120, 150, 110]), column(330, [120, 150, 110, 130, 140, 125])
    assert order(left + right) == list(range(10))


def test_prose_columns_far_apart_are_no_rows():
    left, right = column(10, [280, 290, 285, 120]), column(450, [280, 290, 285, 290])
    assert order(left + right) == list(range(8))


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


def test_names_beside_what_each_says_are_rows():
    names = [line(row, 10, 70) for row in (100, 200, 250, 400)]
    texts = column(150, [360, 310, 280, 300, 320, 340, 200])
    rows = [[0, 4], [5], [1, 6], [2, 7], [8], [9], [3, 10]]
    assert reading_order(names + texts) == [rows]


def test_a_list_beside_prose_on_the_same_ruling_is_no_row_of_labels():
    items, text = column(10, [60, 75, 55, 80]), column(150, [360, 310, 280, 300, 320, 340])
    assert order(items + text) == list(range(10))


def test_rows_that_stand_far_apart_need_not_be_as_level():
    names = [line(40 + 80 * k, 10, 60) for k in range(4)]
    amounts = [line(26 + 80 * k, 200, 230) for k in range(4)]
    assert reading_order(names + amounts) == [[[k, k + 4] for k in range(4)]]


def test_what_stands_close_below_one_of_a_row_is_not_in_it():
    days = [line(40, x, x + 60) for x in range(100, 700, 100)]
    numbers = [line(58, x, x + 18) for x in range(80, 680, 100)]
    entries = [line(row, x, x + 60) for row in (140, 260) for x in range(80, 680, 100)]
    rows = reading_order(days + numbers + entries)[0]
    assert rows == [list(range(6 * r, 6 * r + 6)) for r in range(4)]


def test_rows_that_run_through_are_not_cut_where_a_few_of_them_are_wider():
    ends, widths = (130, 170, 210, 200, 150, 110, 130), (70, 90, 165, 165, 170, 100, 90)
    phrases = [line(60 * k, 0, end) for k, end in enumerate(ends)]
    others = [line(60 * k, 450, 450 + wide) for k, wide in enumerate(widths)]
    assert reading_order(phrases + others) == [[[k, k + 7] for k in range(7)]]


def test_a_sloping_page_is_read_like_a_level_one():
    left = [line(40 + 30 * k, 10, 100, slope=0.1) for k in range(4)]
    right = [line(40 + 30 * k + 24, 250, 290, slope=0.1) for k in range(4)]
    assert abs(page_slope(left) - 0.1) < 1e-9
    assert reading_order(left + right) == [[[0, 4], [1, 5], [2, 6], [3, 7]]]


def test_the_rows_of_a_table_tell_how_the_page_slopes_though_its_words_look_level():
    cells = [line(40 + 60 * r + 0.07 * x, x, x + 40) for r in range(4) for x in (0, 150, 300, 450)]
    assert reading_order(cells) == [[list(range(4 * r, 4 * r + 4)) for r in range(4)]]


def test_short_lines_hardly_tilt_a_page():
    level = [line(40 + 30 * k, 10, 210) for k in range(2)]
    steep = [line(100 + 30 * k, 10, 30, slope=0.5) for k in range(4)]
    assert page_slope(level + steep) == pytest.approx(0.5 * 4 * 20**2 / (2 * 200**2 + 4 * 20**2))


def test_cells_are_level_where_they_face_each_other():
    numbers = [line(40 + 30 * k, 10, 30) for k in range(4)]
    # Written downhill: ten rows lower in their middle, level with the number where they begin.
    texts = [line(41 + 30 * k, 60, 360, slope=0.06) for k in range(4)]
    level = [line(200 + 30 * k, 60, 600, slope=-0.02) for k in range(4)]
    assert reading_order(numbers + texts + level)[0][:4] == [[0, 4], [1, 5], [2, 6], [3, 7]]


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


QUESTIONS = [line(row, 10, 150, 10) for row in (100, 140, 180, 220, 260)]
ANSWERS = [line(row, 200, 320, 10) for row in (100, 141, 180, 220, 260)]
FORM = [*QUESTIONS, *ANSWERS]


@pytest.mark.parametrize("labels", [[0, 1, 2, 3, 4], [0, 1, 3]])
def test_labels_are_read_with_the_answers_beside_them(labels):
    title = line(40, 60, 180, 14)
    assert reading_order(FORM) == [[[0], [1], [2], [3], [4]], [[5], [6], [7], [8], [9]]]
    rows = [[k, k + 5] for k in range(5)]
    assert reading_order(FORM, labels=labels) == [rows]
    below = [row for block in reading_order([*FORM, title], labels=labels) for row in block]
    assert below == [[10], *rows]


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
    assert reading_order(WORDS, follows=follows_as(down, 18)) == WORDS_BY_COLUMNS
    assert reading_order(WORDS, follows=follows_as(across, 18)) == WORDS_BY_ROWS
    for seed in range(20):  # entries of a list do not go on in each other
        assert reading_order(WORDS, follows=follows_as([], 18, seed)) == WORDS_BY_ROWS


def test_what_lines_say_tells_halves_of_lines_from_columns():
    halves = [*column(10, [300, 310, 290, 305, 300, 310]), *column(360, [300] * 6)]
    by_columns = [[[k] for k in range(6)], [[k] for k in range(6, 12)]]
    assert reading_order(halves) == by_columns
    across = [k for pair in pairs(6) for k in pair]
    assert reading_order(halves, follows=follows_as(across, 12)) == [pairs(6)]
    assert reading_order(halves, follows=follows_as(range(12), 12)) == by_columns


def test_few_lines_that_are_known_tell_nothing():
    follows = follows_as(range(18), 18)
    follows[3:9] = follows[:, 3:9] = np.nan
    assert reading_order(WORDS, follows=follows) == WORDS_BY_ROWS
    assert reading_order(WORDS, follows=np.full((18, 18), np.nan)) == WORDS_BY_ROWS


def test_a_text_beside_numbers_of_some_of_its_lines_is_no_column():
    """Most of its lines follow each other whichever way it is read."""
    numbers = [line(100 + 150 * k, 10, 25) for k in range(4)]
    text = column(40, [400] * 10)
    lines = [*numbers, *text]
    rows = reading_order(lines)
    assert rows[0][0] == [0, 4] and rows[0][3] == [1, 7]
    assert reading_order(lines, follows=follows_as(range(4, 14), 14)) == rows


def test_a_line_that_ends_in_a_colon_makes_no_labels_of_those_flush_with_it():
    assert reading_order(FORM, labels=[1]) == reading_order(FORM)


@pytest.mark.parametrize("empty", [1, 2, 3])
def test_beside_a_column_with_gaps_lines_are_rows(empty):
    form = [*QUESTIONS, *ANSWERS[:empty], *ANSWERS[empty + 1 :]]
    rows = [row for block in reading_order(form) for row in block]
    assert [row[0] for row in rows] == [0, 1, 2, 3, 4]
    assert [len(row) for row in rows] == [1 if k == empty else 2 for k in range(5)]


@pytest.mark.parametrize(("x_height", "rows"), [(13, 5), (11, 10)])
def test_beside_answers_in_a_larger_hand_lines_are_rows(x_height, rows):
    answers = [line(row, 200, 340, x_height) for row in (100, 141, 180, 220, 260)]
    read = [row for block in reading_order([*QUESTIONS, *answers]) for row in block]
    assert len(read) == rows


def test_a_column_that_is_shorter_has_no_gap():
    form = [*QUESTIONS, *ANSWERS[1:4]]
    assert reading_order(form) == [[[0], [1], [2], [3], [4]], [[5], [6], [7]]]


def test_a_joined_row_runs_over_all_of_it():
    row = joined([line(40, 10, 100, 10), line(42, 250, 290, 12)])
    assert row.baseline[0].tolist() == [40, 10] and row.baseline[-1].tolist() == [42, 290]
    assert 10 < row.x_height < 12


def test_lines_of_a_row_are_one_and_blocks_are_numbered():
    parts = [TextLine(np.array([[50.0, x], [50.0, x + 100]]), 10.0) for x in (130, 20)]
    below = TextLine(np.array([[80.0, 20.0], [80.0, 230.0]]), 10.0)
    lines = [*parts, below]
    rows = in_rows(lines, reading_order(lines))
    assert [line.baseline[0].tolist() for line, _ in rows] == [[50, 20], [80, 20]]
    assert rows[0][0].baseline[-1].tolist() == [50, 230]
    assert [block for _, block in rows] == [1, 1]


def test_each_sheet_is_read_for_itself_row_by_row():
    lines = [line(row, left, left + 90) for row in (100, 140, 300, 340) for left in (0, 150)]
    sheets = np.array([0, 1, 0, 1, 2, 3, 2, 3])
    blocks = reading_order(lines, sheets)
    assert blocks == [[[0], [2]], [[1], [3]], [[4], [6]], [[5], [7]]]
    assert [number for _, number in in_rows(lines, blocks)] == [1, 1, 2, 2, 3, 3, 4, 4]


def test_a_tall_sheet_is_read_before_those_beside_it():
    lines = [line(90, 0, 90), *(line(row, 150, 240) for row in (100, 300)), line(320, 0, 90)]
    assert order_with(lines, [0, 1, 2, 0]) == [0, 3, 1, 2]


def order_with(lines, sheets):
    return [k for block in reading_order(lines, np.array(sheets)) for row in block for k in row]

"""Columns and the cells of rows."""

import pytest
from places_fakes import ANSWERS, FORM, QUESTIONS, column, line, order, pairs

from ocr.layout.dividers import Dividers
from ocr.layout.reading_order import reading_order
from ocr.layout.said import Said


@pytest.mark.parametrize("lower", [1, 8])
def test_things_and_prices_are_rows(lower):
    things = [line(40 + 30 * k, 10, 100 + 10 * k) for k in range(4)]
    prices = [line(40 + lower + 30 * k, 250, 290) for k in range(4)]
    assert reading_order(things + prices) == [[[0, 4], [1, 5], [2, 6], [3, 7]]]


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


def test_who_signs_below_what_is_said_at_the_left_is_read_behind_it():
    left = [line(100 + 300 * k, 10, 260) for k in range(4)]
    right = [line(217 + 300 * k, 400, 560) for k in range(4)]
    assert order(left + right) == [0, 4, 1, 5, 2, 6, 3, 7]


def test_a_text_that_goes_on_beside_an_address_is_a_column():
    left = [line(100 + 80 * k, 10, 160) for k in range(6)]
    right = [line(300 + 80 * k, 300, 450) for k in range(3)]
    assert order(left + right) == list(range(9))


def test_what_something_leads_to_is_in_the_same_row():
    left = [line(100 + 50 * k, 10, 260) for k in range(4)]
    right = [line(100 + 50 * k, 400, 640) for k in range(4)]
    assert len(reading_order(left + right)) == 2
    led = Dividers.none(8)
    led.leads[[0, 1, 3]] = True
    assert reading_order(left + right, parted=led) == [pairs(4)]
    led.leads[[1, 3]] = False
    assert len(reading_order(left + right, parted=led)) == 2


def test_the_cells_of_a_ruled_table_are_rows():
    cells = [*column(10, [150] * 6), *column(260, [150] * 6)]
    ruled = Dividers.none(12)
    ruled.beside[:6] = ruled.through[:6] = True
    assert len(reading_order(cells)) == 2
    assert reading_order(cells, parted=ruled) == [pairs(6)]


def test_a_letter_beside_a_wall_on_ruled_paper_is_a_column():
    left, right = column(10, [250] * 6), column(300, [150] * 3, top=200)
    ruled = Dividers.none(9)
    ruled.beside[:6] = ruled.through[:6] = True
    assert order(left + right, ruled) == list(range(9))


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


def test_names_beside_what_each_says_are_rows():
    names = [line(row, 10, 70) for row in (100, 200, 250, 400)]
    texts = column(150, [360, 310, 280, 300, 320, 340, 200])
    rows = [[0, 4], [5], [1, 6], [2, 7], [8], [9], [3, 10]]
    assert reading_order(names + texts) == [rows]


def test_a_list_beside_prose_on_the_same_ruling_is_no_row_of_labels():
    items, text = column(10, [60, 75, 55, 80]), column(150, [360, 310, 280, 300, 320, 340])
    assert order(items + text) == list(range(10))


def test_rows_that_run_through_are_not_cut_where_a_few_of_them_are_wider():
    ends, widths = (130, 170, 210, 200, 150, 110, 130), (70, 90, 165, 165, 170, 100, 90)
    phrases = [line(60 * k, 0, end) for k, end in enumerate(ends)]
    others = [line(60 * k, 450, 450 + wide) for k, wide in enumerate(widths)]
    assert reading_order(phrases + others) == [[[k, k + 7] for k in range(7)]]


@pytest.mark.parametrize("labels", [[0, 1, 2, 3, 4], [0, 1, 3]])
def test_labels_are_read_with_the_answers_beside_them(labels):
    title = line(40, 60, 180, 14)
    assert reading_order(FORM) == [[[0], [1], [2], [3], [4]], [[5], [6], [7], [8], [9]]]
    rows = [[k, k + 5] for k in range(5)]
    assert reading_order(FORM, said=Said(labels)) == [rows]
    below = [row for block in reading_order([*FORM, title], said=Said(labels)) for row in block]
    assert below == [[10], *rows]


def test_a_line_that_ends_in_a_colon_makes_no_labels_of_those_flush_with_it():
    assert reading_order(FORM, said=Said([1])) == reading_order(FORM)


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

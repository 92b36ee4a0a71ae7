"""Ruling lines that part text lines, on pages drawn by hand."""

import numpy as np
from places_fakes import line

from ocr.layout.dividers import Dividers, dividers

LEFT, RIGHT, BELOW = line(60, 40, 120), line(60, 200, 280), line(120, 40, 120)


def page(*rules):
    """Darkness of a page with letters on the lines, and rules: (top, left, bottom, right)."""
    darkness = np.zeros((200, 400), np.float32)
    for one in (LEFT, RIGHT, BELOW):
        (row, left), (_, right) = one.baseline.astype(int).tolist()
        for col in range(left, right, 8):
            darkness[row - 10 : row, col : col + 3] = 0.9
    for top, left, bottom, right in rules:
        darkness[top:bottom, left:right] = 0.6
    return darkness


def found(*rules, lines=(LEFT, RIGHT, BELOW)):
    parted = dividers(page(*rules), lines)
    return parted.below.tolist(), parted.beside.tolist(), parted.through.tolist()


def leads(*rules):
    return dividers(page(*rules), (LEFT, RIGHT, BELOW)).leads.tolist()


NONE, FIRST = [False] * 3, [True, False, False]


def test_nothing_on_paper():
    assert found() == (NONE, NONE, NONE)


def test_a_rule_through_both_columns():
    assert found((75, 20, 77, 380)) == ([True, True, False], NONE, FIRST)


def test_rules_that_end_before_the_next_column():
    rules = (75, 40, 77, 160), (75, 200, 77, 320)
    assert found(*rules) == ([True, True, False], FIRST, NONE)


def test_a_wall_between_columns():
    assert found((20, 160, 180, 162)) == (NONE, FIRST, NONE)


def test_a_line_to_write_on_leads_to_the_next_label():
    assert leads((64, 100, 66, 190)) == FIRST


def test_a_row_of_dots_leads_to_a_number():
    assert leads(*((60, col, 62, col + 2) for col in range(124, 194, 6))) == FIRST


def test_a_ruling_line_of_the_paper_leads_nowhere():
    assert leads((64, 0, 66, 400)) == NONE


def test_nothing_leads_through_a_wall():
    assert leads((64, 100, 66, 190), (20, 160, 100, 162)) == NONE


def test_letters_may_stand_on_a_rule():
    assert found((60, 20, 61, 380))[0] == [True, True, False]


def test_an_underline_is_no_ruling_line():
    assert found((64, 40, 66, 120))[0] == NONE


def test_a_rule_below_the_next_line_is_that_one_s():
    assert found((140, 20, 142, 380))[0] == [False, True, True]  # none is below the second


def test_a_rule_may_slope_with_the_page():
    darkness = page()
    cols = np.arange(20, 380)
    darkness[75 + (cols - 20) // 30, cols] = 0.6
    assert dividers(darkness, [LEFT, RIGHT, BELOW]).below.tolist() == [True, True, False]


def test_no_rule_is_looked_for_where_no_lines_stand_side_by_side():
    assert found((75, 20, 77, 380), lines=(LEFT, BELOW)) == ([False] * 2,) * 3


def test_no_lines():
    parted = dividers(page(), [])
    assert isinstance(parted, Dividers)
    assert parted.below.shape == parted.beside.shape == (0,)


def test_a_line_at_the_edge_of_the_page():
    edge = line(198, 300, 399)
    assert dividers(page(), [LEFT, RIGHT, edge]).below.tolist() == [False] * 3

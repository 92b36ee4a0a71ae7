"""ocr.letters.group_lines: small literal pages, and properties of any page."""

import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from letter_fakes import TEXT, page_of

from ocr.layout.strips import TextLine
from ocr.letters.group_lines import group_lines, letter_height, mean_shift
from ocr.letters.word_gaps import word_starts


def text_lines(boxes, owners, x_height=14.0):
    """The lines of a page as the page network would give them: a point under every letter."""
    lines = []
    for number in np.unique(owners):
        own = boxes[owners == number]
        middles = (own[:, 1] + own[:, 3]) / 2
        order = np.argsort(middles)
        lines.append(TextLine(np.stack([own[order, 2], middles[order]], axis=1), x_height))
    return lines


@pytest.mark.parametrize("degrees", [-12, -5, 0, 3, 12])
def test_lines_of_a_tilted_page(degrees):
    boxes, owners = page_of(TEXT.replace(".", ""), slope=np.tan(np.radians(degrees)))
    lines = group_lines(boxes, text_lines(boxes, owners))
    assert [owners[line].tolist() for line in lines] == [
        [k] * (owners == k).sum() for k in range(3)
    ]


def test_lines_of_a_curled_sheet():
    boxes, owners = page_of("\n".join(["ABCDEFGHIJKLMNOPQRSTUVW"] * 4))
    bent = np.round(30 * np.sin(boxes[:, 1] / 130)).astype(int)  # more than a line's distance
    boxes = boxes + bent[:, None] * [1, 0, 1, 0]
    lines = group_lines(boxes, text_lines(boxes, owners))
    assert [owners[line].tolist() for line in lines] == [
        [k] * (owners == k).sum() for k in range(4)
    ]


def test_columns_are_read_one_after_the_other():
    left, owners = page_of("AN ORDINARY TEXT\nOF THREE WHOLE\nLINES OF WRITING")
    right = left + np.array([13, 600, 13, 600])
    boxes = np.concatenate([left, right])
    columns = np.concatenate([owners, 3 + owners])
    lines = group_lines(boxes, text_lines(boxes, columns))
    assert [np.unique(columns[line]).tolist() for line in lines] == [[k] for k in range(6)]


def test_a_heading_three_times_as_large_is_one_line():
    small, owners = page_of("SMALL LETTERS\nBELOW A HEADING", leading=40)
    large = np.array([[10, x, 70, x + 40] for x in range(10, 300, 60)])
    large[1, 0] += 20  # a small letter among capitals
    large[2, 2] += 20  # a descender
    boxes = np.concatenate([large, small])
    owner = np.concatenate([np.zeros(len(large), int), 1 + owners])
    lines = text_lines(boxes, owner)
    lines[0] = TextLine(np.array([[70.0, 20.0], [70.0, 290.0]]), 42.0)
    assert [owner[row].tolist() for row in group_lines(boxes, lines)] == [
        [k] * (owner == k).sum() for k in range(3)
    ]


def test_marks_that_hang_make_no_line():
    letters, owners = page_of("LIST\nLIST", leading=60)
    quotes = np.array([[148, x, 160, x + 8] for x in (12, 40, 60)])  # over the second line
    boxes = np.concatenate([letters, quotes])
    first, second = group_lines(boxes, text_lines(letters, owners))
    assert len(first) == 4
    assert set(second) == {*range(4, 11)}


def test_signs_join_the_line_they_belong_to():
    letters, _ = page_of("LIST\nLIST", leading=40)
    comma = [[118, 100, 126, 104]]  # under the first line, above the second
    quote = [[139, 105, 145, 107]]
    boxes = np.concatenate([letters, comma, quote])
    first, second = group_lines(boxes)
    assert 8 in first
    assert 9 in second


def test_a_letter_with_a_long_tail_stays_on_its_line():
    boxes, _ = page_of("UNIVERSIT\nOF LISTS", leading=70)
    tail = [[102, 222, 150, 236]]
    first, _ = group_lines(np.concatenate([boxes, tail]))
    assert len(boxes) in first


def test_a_page_of_signs_and_a_single_box():
    assert [line.tolist() for line in group_lines(np.array([[0, 0, 9, 9]]))] == [[0]]
    assert group_lines(np.empty((0, 4), dtype=int)) == []
    assert word_starts(np.empty((0, 4), dtype=int), []) == []


def test_letter_height_ignores_signs():
    assert letter_height(np.array([[0, 0, 20, 5], [0, 9, 22, 14], [18, 20, 21, 22]])) == 21


@settings(max_examples=30)
@given(
    seed=st.integers(0, 1000),
    shift=st.tuples(st.integers(0, 500), st.integers(0, 500)),
    factor=st.integers(1, 6),
)
def test_grouping_does_not_depend_on_order_place_or_size(seed, shift, factor):
    boxes, _ = page_of(TEXT)
    order = np.random.default_rng(seed).permutation(len(boxes))
    moved = boxes[order] * factor + np.array([*shift, *shift])
    lines = group_lines(moved)
    assert [order[line].tolist() for line in lines] == [x.tolist() for x in group_lines(boxes)]
    for a, b in zip(word_starts(moved, lines), word_starts(boxes, group_lines(boxes)), strict=True):
        assert a.tolist() == b.tolist()


@settings(max_examples=30)
@given(
    st.lists(
        st.tuples(st.integers(0, 300), st.integers(0, 300), st.integers(1, 40), st.integers(1, 40)),
        min_size=1,
        max_size=25,
    )
)
def test_every_box_is_in_exactly_one_line(rows):
    boxes = np.array([[y, x, y + h, x + w] for y, x, h, w in rows])
    lines = group_lines(boxes)
    assert sorted(np.concatenate(lines).tolist()) == list(range(len(boxes)))
    starts = word_starts(boxes, lines)
    assert [len(s) for s in starts] == [len(line) for line in lines]
    assert all(s[0] for s in starts)


@settings(max_examples=40)
@given(
    seed=st.integers(0, 10_000),
    lines=st.integers(1, 9),
    letters=st.integers(1, 25),
    spread=st.floats(0.1, 8.0),
)
def test_mean_shift_finds_the_levels_that_letters_stand_at(seed, lines, letters, spread):
    rng = np.random.default_rng(seed)
    owner = np.repeat(rng.permutation(2 * lines)[:lines], letters)
    levels = 50.0 * owner + rng.uniform(-spread, spread, len(owner))
    found = mean_shift(levels, np.ones(len(levels), dtype=bool), 20.0)
    np.testing.assert_array_equal(found[:, None] == found, owner[:, None] == owner)


def test_mean_shift_of_one_point_of_like_points_and_of_a_sign():
    assert len(set(mean_shift(np.array([7.0]), np.array([True]), 3.0))) == 1
    assert len(set(mean_shift(np.full(4, -2.0), np.ones(4, dtype=bool), 3.0))) == 1
    joins = mean_shift(np.array([0.0, 50.0, 18.0]), np.array([True, True, False]), 10.0)
    assert joins[2] == joins[0] != joins[1]


def test_scikit_learn_is_imported_on_this_way_alone():
    program = (
        "import sys, numpy, ocr.letters.engine, ocr.letters.group_lines as g, ocr.reader\n"
        "assert 'sklearn' not in sys.modules\n"
        "g.group_lines(numpy.array([[0, 0, 9, 9]]))\n"
        "assert 'sklearn' in sys.modules\n"
    )
    subprocess.run([sys.executable, "-c", program], check=True)

"""group_lines and word_starts: small literal pages, and properties of any page."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.cluster import MeanShift

from ocr.letters.find_letters import Segmentation
from ocr.letters.group_lines import (
    _line_threshold,
    find_lines,
    group_lines,
    letter_height,
    mean_shift,
    page_tilt,
    word_starts,
)


def page_of(text, letter=20, gap=8, space=26, leading=50, slope=0.0):
    """Boxes of monospaced capitals, `letter` pixels high, and the line of each."""
    boxes, owners = [], []
    for number, row in enumerate(text.splitlines()):
        x = 10.0
        for character in row:
            if character == " ":
                x += space - gap
                continue
            y = 100 + number * leading + slope * x
            top, bottom = (0.9, 1.0) if character == "." else (0.0, 1.0)
            width = 0.15 if character == "." else 0.7
            boxes.append([y + top * letter, x, y + bottom * letter, x + width * letter])
            owners.append(number)
            x += width * letter + gap
    return np.round(np.array(boxes)).astype(int), np.array(owners)


TEXT = "MAKE A LIST.\nOF ALL THINGS\nTO DO."


def as_text(boxes, text):
    """The text again, its spaces set where `word_starts` says."""
    lines = group_lines(boxes)
    rows = []
    for line, start, row in zip(lines, word_starts(boxes, lines), text.splitlines(), strict=True):
        characters = row.replace(" ", "")
        assert len(line) == len(characters)
        spaced = [(" " if new else "") + c for new, c in zip(start, characters, strict=True)]
        rows.append("".join(spaced).strip())
    return "\n".join(rows)


@pytest.mark.parametrize("degrees", [-12, -5, 0, 3, 12])
def test_lines_of_a_tilted_page(degrees):
    boxes, owners = page_of(TEXT, slope=np.tan(np.radians(degrees)))
    lines = group_lines(boxes)
    assert [owners[line].tolist() for line in lines] == [
        [k] * (owners == k).sum() for k in range(3)
    ]
    assert page_tilt(boxes) == pytest.approx(degrees, abs=0.7)


def test_lines_of_a_curled_sheet():
    boxes, owners = page_of("\n".join(["ABCDEFGHIJKLMNOPQRSTUVW"] * 4))
    bent = np.round(30 * np.sin(boxes[:, 1] / 130)).astype(int)  # more than a line's distance
    lines = group_lines(boxes + bent[:, None] * [1, 0, 1, 0])
    assert [owners[line].tolist() for line in lines] == [
        [k] * (owners == k).sum() for k in range(4)
    ]


def test_a_capital_that_stands_high_begins_its_own_line():
    letters, _ = page_of("OOOOO\nOOOO", leading=60)
    letters[5:, 0] += 6  # small letters, after the capital that follows
    capital = [[152, -10, 176, 4]]
    first, second = group_lines(np.concatenate([letters, capital]))
    assert len(letters) in second
    assert len(first) == 5


def test_joined_words_are_grouped_by_their_ink():
    """Words as high as the space between lines: their boxes overlap, their small letters do not."""
    boxes, ink = [], []
    for row in range(4):
        for place, (over, under) in enumerate([(14, 0), (0, 14), (14, 14), (0, 0), (14, 0)]):
            number, y, x = len(boxes), 100 + 34 * row, 10 + 90 * place
            boxes.append([y - over, x, y + 12 + under, x + 70])
            body = np.mgrid[y : y + 12 : 2, x : x + 70 : 2].reshape(2, -1)
            long = np.mgrid[y - over : y + 12 + under : 2, x + 30 : x + 34 : 2].reshape(2, -1)
            both = np.concatenate([body, long], axis=1)
            ink.append(np.stack([*both, np.full(both.shape[1], number)], axis=1))
    lines = group_lines(np.array(boxes), np.concatenate(ink))
    assert [line.tolist() for line in lines] == np.arange(20).reshape(4, 5).tolist()


def test_marks_at_the_border_are_no_line():
    labels = np.zeros((200, 400), dtype=np.int32)
    for number, x in enumerate(range(40, 300, 30), start=1):
        labels[60:80, x : x + 16] = number
    labels[0:25, 330:340] = 10  # the edge of the desk
    labels[170:190, 40:56] = 11  # a letter on its own
    boxes = np.array([[60, x, 80, x + 16] for x in range(40, 300, 30)])
    boxes = np.concatenate([boxes, [[0, 330, 25, 340], [170, 40, 190, 56]]])
    grey = np.where(labels > 0, np.float32(0), np.float32(1))
    found = Segmentation(labels, np.arange(11), boxes, grey, 20.0)
    _, rows = find_lines(found)
    assert [row.tolist() for row in rows] == [list(range(9)), [10]]


def test_the_blocks_of_the_lines_are_told():
    labels = np.zeros((200, 700), dtype=np.int32)
    boxes = [
        [y, x, y + 20, x + 16]
        for left, top in ((20, 20), (400, 35))
        for y in range(top, 160, 40)
        for x in range(left, left + 240, 24)
    ]
    for number, (y1, x1, y2, x2) in enumerate(boxes, start=1):
        labels[y1:y2, x1:x2] = number
    grey = np.where(labels > 0, np.float32(0), np.float32(1))
    found = Segmentation(labels, np.arange(len(boxes)), np.array(boxes), grey, 20.0)
    told, rows = find_lines(found)
    assert [told.blocks[row].tolist() for row in rows] == [[0] * 10] * 4 + [[1] * 10] * 4
    left = replace(found, labels=np.where(labels > 40, 0, labels), owner=np.arange(40))
    assert find_lines(replace(left, boxes=found.boxes[:40]))[0].blocks is None


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


@pytest.mark.parametrize(("gap", "space"), [(1, 9), (2, 10), (8, 26), (14, 34), (17, 40)], ids=str)
def test_words_of_tight_and_of_widely_spaced_capitals(gap, space):
    boxes, _ = page_of(TEXT, gap=gap, space=space)
    assert as_text(boxes, TEXT) == TEXT


def test_a_line_of_one_word_has_no_gap():
    boxes, _ = page_of("A NAP\nREFRIGERATOR\nTO DO")
    assert as_text(boxes, "A NAP\nREFRIGERATOR\nTO DO") == "A NAP\nREFRIGERATOR\nTO DO"


def test_letters_far_apart_stand_alone():
    boxes, _ = page_of("ABCDE\nFGHIJ", gap=30)
    lines = group_lines(boxes)
    assert all(start.all() for start in word_starts(boxes, lines))


def test_unevenly_set_letters_are_no_words_beside_wide_gaps():
    boxes, _ = page_of("LETTERS ARE\nUNEVENLY SET\nHERE", gap=2, space=30)
    boxes[1::2, [1, 3]] += 4  # every other gap is nothing, the next is three times as wide
    assert as_text(boxes, "LETTERS ARE\nUNEVENLY SET\nHERE") == "LETTERS ARE\nUNEVENLY SET\nHERE"


def test_words_are_told_beside_a_far_column():
    text = "TEA FOR TWO\nAND MORE TEA"
    left, _ = page_of(text, gap=2, space=14)
    right = left + np.array([0, 400, 0, 400])
    boxes = np.concatenate([left, right])
    starts = word_starts(boxes, group_lines(boxes))
    assert [int(s.sum()) for s in starts] == [6, 6]


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


@settings(max_examples=40, deadline=None)
@given(
    seed=st.integers(0, 10_000),
    lines=st.integers(1, 9),
    letters=st.integers(1, 25),
    spread=st.floats(0.1, 8.0),
)
def test_mean_shift_finds_what_scikit_learn_finds(seed, lines, letters, spread):
    rng = np.random.default_rng(seed)
    centers = 50.0 * rng.permutation(2 * lines)[:lines]
    points = np.repeat(centers, letters)
    points = rng.permutation(points + rng.uniform(-spread, spread, len(points)))
    expected = MeanShift(bandwidth=20.0).fit_predict(points[:, None])
    found = mean_shift(points, 20.0)
    same = expected[:, None] == expected
    np.testing.assert_array_equal(found[:, None] == found, same)
    assert sorted(set(found.tolist())) == list(range(lines))


def test_mean_shift_of_one_point_and_of_like_points():
    assert mean_shift(np.array([7.0]), 3.0).tolist() == [0]
    assert mean_shift(np.full(4, -2.0), 3.0).tolist() == [0, 0, 0, 0]


def test_a_page_whose_words_touch_has_one_threshold_for_all_lines():
    with np.errstate(divide="raise"):
        assert _line_threshold(np.array([0.5, 2.0]), 0.0) == 0.0

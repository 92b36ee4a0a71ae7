"""ocr.letters.word_gaps: small literal pages."""

import numpy as np
import pytest
from letter_fakes import TEXT, page_of

from ocr.letters.group_lines import group_lines
from ocr.letters.word_gaps import _line_threshold, word_starts


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


def test_a_page_whose_words_touch_has_one_threshold_for_all_lines():
    with np.errstate(divide="raise"):
        assert _line_threshold(np.array([0.5, 2.0]), 0.0) == 0.0

"""Lines as ink: what is done to them before they are set on a page."""

from __future__ import annotations

import numpy as np
import pytest

from training.data.text import Corpus
from training.synthesis.line_ink import LineInk, in_cells, set_apart, spread, trimmed
from training.synthesis.line_text import LISTED, LONGEST, fitting_text


def line(text: str, widths: list[int], gaps: list[int]) -> LineInk:
    """Letters as blocks of ink with gaps of white between them."""
    parts = [np.ones((9, widths[0]), np.float32)]
    for width, gap in zip(widths[1:], gaps, strict=True):
        parts += [np.zeros((9, gap), np.float32), np.ones((9, width), np.float32)]
    return LineInk(np.concatenate(parts, axis=1), 8.0, 5.0, text)


def white(ink: LineInk) -> list[int]:
    """Widths of the gaps between the letters."""
    blank = "".join(" x"[int(dark)] for dark in ink.darkness.max(axis=0))
    return [len(gap) for gap in blank.replace("x", "x|").split("x|") if gap]


def test_every_space_is_spread():
    wide = spread(np.random.default_rng(0), line("ab cd e", [3, 3, 3, 3, 3], [1, 6, 1, 7]))
    first, second, third, fourth = white(wide)
    assert (first, third) == (1, 1) and second > 6 and fourth > 7


@pytest.mark.parametrize("text, gaps", [("7. ab c", [1, 6, 1, 7]), ("- abc d", [6, 1, 1, 7])])
def test_only_the_number_of_an_entry_is_set_apart(text, gaps):
    wide = white(set_apart(np.random.default_rng(0), line(text, [3] * 5, gaps)))
    changed = [k for k in range(4) if wide[k] != gaps[k]]
    assert changed == [gaps.index(6)] and wide[gaps.index(6)] > 6


@pytest.mark.parametrize(
    "text, gaps", [("long ab", [1, 1, 1, 6, 1]), ("word", [1, 1, 1]), ("a bc", [3, 3, 3])]
)
def test_a_long_first_word_or_a_doubtful_space_is_left_alone(text, gaps):
    before = line(text, [3] * (len(gaps) + 1), gaps)
    after = set_apart(np.random.default_rng(0), before)
    np.testing.assert_array_equal(after.darkness, before.darkness)


def test_each_letter_stands_amid_a_cell_and_a_space_is_an_empty_one():
    comb = in_cells(np.random.default_rng(0), line("ab c", [3, 5, 3], [1, 4]))
    assert comb.cells == 4
    pitch = comb.darkness.shape[1] / 4
    cells = np.arange(comb.darkness.shape[1]) // pitch
    inked = comb.darkness.max(axis=0) > 0
    assert [int(inked[cells == k].sum()) for k in range(4)] == [3, 5, 0, 3]
    middle = float(np.flatnonzero(inked & (cells == 3)).mean())
    assert middle == pytest.approx(3.5 * pitch, abs=0.25 * pitch)


def test_joined_letters_stay_out_of_cells():
    before = line("abc", [6, 3], [2])
    after = in_cells(np.random.default_rng(0), before)
    assert after.cells == 0 and after.darkness is before.darkness


def test_a_line_is_trimmed_to_its_ink():
    darkness = np.zeros((20, 30), np.float32)
    darkness[8:12, 10:15] = 1
    cut = trimmed(LineInk(darkness, 12.0, 4.0, "x"))
    assert cut.darkness.shape == (2 + 4 + 2, 2 + 5 + 2)
    assert cut.baseline == 12.0 - 6


def test_some_lines_are_entries_of_a_list():
    corpus = Corpus(("Nothing here begins with a number.",), ("Rien ici non plus.",))
    rng = np.random.default_rng(1)
    texts = [fitting_text(rng, corpus, 40) for _ in range(600)]
    assert all(len(text) <= LONGEST for text in texts)
    share = np.mean([text.startswith(("- ", "* ")) for text in texts])
    assert LISTED / 8 < share < LISTED

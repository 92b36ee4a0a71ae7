"""ocr.evaluation.corrections: a corrected text goes back into its page."""

import time

import pytest

from ocr.errors import DataError
from ocr.evaluation.corrections import align_lines, correct
from ocr.page import Box, Letter, Line, Page, Word


def line(text: str, y: int, x: int = 10, block: int = 1) -> Line:
    words, at = [], x
    for word in text.split():
        letters = [
            Letter(Box(y, at + 10 * k, y + 20, at + 10 * k + 9), sign, 0.5)
            for k, sign in enumerate(word)
        ]
        words.append(Word(tuple(letters)))
        at += 10 * len(word) + 10
    return Line(tuple(words), ((y + 18.0, float(x)), (y + 18.0, float(at))), block=block)


PAGE = Page(400, 600, (line("T0 do", 10), line("mi1k", 50), line("egg5 for", 90), line("tea", 130)))


def test_a_corrected_text_takes_the_place_of_the_read_one():
    done = correct(PAGE, "To do\n\nmilk\neggs for\n tea \n")
    assert done.page.text == "To do\nmilk\neggs for\ntea"
    assert [x.box for x in done.page.letters] == [x.box for x in PAGE.letters]
    assert all(one.confirmed for one in done.page.lines)
    assert done.page.confidence == 1
    assert not done.left_out
    assert not done.placed


def test_lines_that_one_text_lacks_are_said():
    done = correct(PAGE, "To do\nmilk\na line that nobody read\neggs for tea")
    assert done.page.text == "To do\nmilk\na line that nobody read\neggs for tea"
    assert done.placed == ("a line that nobody read",)
    new = done.page.lines[2].box
    assert (new.y1, new.y2) == (70, 90)  # between its neighbors
    done = correct(PAGE, "To do\neggs for\ntea")
    assert done.left_out == ("mi1k",)
    assert [one.box.y1 for one in done.page.lines] == [10, 90, 130]


def test_lines_are_joined_and_parted():
    page = Page(400, 600, (line("left part", 10), line("right", 12, 200), line("one two", 50)))
    done = correct(page, "left part right\none\ntwo")
    assert done.page.text == "left part right\none\ntwo"
    joined, one, two = done.page.lines
    assert joined.box == Box(10, 10, 32, 249)
    assert joined.baseline[0] == (28, 10)
    assert joined.baseline[-1] == (30, 260)
    assert one.box == page.lines[2].words[0].box
    assert two.box == page.lines[2].words[1].box
    assert two.baseline == ((68, 50), (68, 79))


def test_an_empty_text_empties_the_page():
    assert correct(PAGE, "\n").page.lines == ()
    assert len(correct(PAGE, "\n").left_out) == 4


def test_a_text_of_another_page_is_taken_line_by_line():
    done = correct(PAGE, "Quire\nmoth\nworks so\ntee")
    assert done.page.text == "Quire\nmoth\nworks so\ntee"
    assert [one.box.y1 for one in done.page.lines] == [10, 50, 90, 130]


def test_what_is_no_pages_text_is_refused():
    with pytest.raises(DataError, match="nothing was read"):
        correct(Page(9, 9), "a")
    with pytest.raises(DataError, match="no page"):
        correct(PAGE, "a\n" * 3000)
    with pytest.raises(DataError, match="no line"):
        correct(PAGE, "a" * 5000)


def test_many_lines_are_aligned_in_time():
    rows = [f"line number {k} of the page" for k in range(300)]
    start = time.process_time()
    assert align_lines(rows, rows[:100] + rows[101:])[100] == ((100,), ())
    assert time.process_time() - start < 20

"""ocr.review.respell: which letters a text keeps, and where new ones stand."""

import pytest
from review_fakes import line

from ocr.page import Box, Line
from ocr.review.respell import clean, respelled


def test_text_keeps_letters_that_stay_and_makes_others_sure():
    before = line("cat sat", 0, doubts=(0, 4))
    after = respelled(before, "bat sat")
    assert after.text == "bat sat"
    assert after.letters[0].confidence == 1.0 and after.letters[0].box == before.letters[0].box
    assert after.letters[1:] == before.letters[1:]


@pytest.mark.parametrize("text", ["a", "cat", "cats sat on a mat", "c at", "xyz", "é̂n"])
def test_any_text_has_boxes_in_order(text):
    text = clean(text)
    after = respelled(line("cat sat", 0), text)
    assert after.text == text
    lefts = [letter.box.x1 for letter in after.letters]
    assert lefts == sorted(lefts)


def test_text_is_cleaned():
    assert clean(" a\t b\n\x00\x1b[31mc ") == "a b [31mc"
    assert len(clean("x" * 10_000)) == 2000


def test_the_first_text_of_a_line_stands_along_it():
    level = Line((), polygon=((10.0, 20.0), (10.0, 120.0), (40.0, 120.0), (40.0, 20.0)))
    (word,) = respelled(level, "abcde").words
    assert [letter.box for letter in word.letters] == [
        Box(10, x, 40, x + 20) for x in range(20, 120, 20)
    ]
    assert all(letter.confidence == 1.0 for letter in word.letters)
    down = Line((), ((20.0, 30.0), (80.0, 30.0)), ((20.0, 10.0), (80.0, 10.0), (80.0, 30.0)))
    assert [letter.box for letter in respelled(down, "a b").letters] == [
        Box(20, 10, 40, 30), Box(60, 10, 80, 30),
    ]  # fmt: skip
    up, back = (Line((), line) for line in (down.baseline[::-1], ((30.0, 80.0), (30.0, 20.0))))
    for given, axis in ((up, "y1"), (back, "x1")):  # it reads upwards, or upside down
        starts = [getattr(letter.box, axis) for letter in respelled(given, "abc").letters]
        assert starts == [60, 40, 20]
    assert respelled(Line(()), "a").letters[0].box == Box(0, 0, 1, 1)  # nothing tells where

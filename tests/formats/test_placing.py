"""ocr.formats.placing: letters where a file does not tell where they stand."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ocr.formats.placing import GivenLine, GivenWord, line_of, places_along, slots, with_text
from ocr.page import Box, Letter, Line, Word


def line(*words: str) -> Line:
    """Letters 18 wide and 2 apart, words 15 more."""
    x, made = 10, []
    for text in words:
        letters = []
        for sign in text:
            letters.append(Letter(Box(10, x, 40, x + 18), sign, 0.5))
            x += 20
        made.append(Word(tuple(letters)))
        x += 15
    return Line(tuple(made), ((38.0, 10.0), (38.0, float(x))))


def sides(one: Line) -> list[tuple[str, int, int]]:
    return [(letter.text, letter.box.x1, letter.box.x2) for letter in one.letters]


some_words = st.lists(st.text("abcd", min_size=1, max_size=5), min_size=1, max_size=4)


@given(some_words, some_words)
def test_any_text_finds_its_place_in_a_line(read, written):
    before = line(*read)
    after = with_text(before, "  ".join(written))
    assert [word.text for word in after.words] == written
    assert after.confirmed
    assert after.confidence == 1
    assert before.box.x1 <= after.box.x1
    assert after.box.x2 <= before.box.x2
    lefts = [letter.box.x1 for letter in after.letters]
    assert lefts == sorted(lefts)


def test_the_same_text_keeps_every_box():
    before = line("rn", "ab")
    assert [x.box for x in with_text(before, "rn ab").letters] == [x.box for x in before.letters]


@pytest.mark.parametrize(
    ("text", "changed"),
    [
        ("m ab", [("m", 10, 48)]),  # one letter for two: on the place of both
        ("rxn ab", [("r", 10, 19), ("x", 19, 28), ("n", 30, 48)]),  # no gap: it shares one
        ("rn- ab", [("r", 10, 28), ("n", 30, 48), ("-", 48, 65)]),  # a gap
        ("rx ab", [("r", 10, 28), ("x", 30, 48)]),  # another one
        ("ab", []),  # what was not written goes
    ],
)
def test_changed_letters_stand_where_those_stood_that_they_replace(text, changed):
    assert sides(with_text(line("rn", "ab"), text)) == [*changed, ("a", 65, 83), ("b", 85, 103)]


def test_a_line_needs_a_text_of_a_lines_length():
    with pytest.raises(ValueError, match="a text"):
        with_text(line("a"), "  ")
    with pytest.raises(ValueError, match="no line"):
        with_text(line("a"), "a" * 3000)


def test_slots_run_as_the_text_does():
    box = Box(0, 0, 30, 30)
    assert [one.x1 for one in slots(box, 3, 0)] == [0, 10, 20]
    assert [one.y1 for one in slots(box, 3, 1)] == [0, 10, 20]
    assert [one.x1 for one in slots(box, 3, 2)] == [20, 10, 0]
    assert [one.y1 for one in slots(box, 3, 3)] == [20, 10, 0]
    assert all(one.area for one in slots(Box(0, 0, 1, 2), 50))


def test_letters_follow_a_slanted_outline():
    given_line = GivenLine(
        "abcd", baseline=((40, 0), (80, 400)), polygon=((10, 0), (50, 400), (90, 400), (50, 0))
    )
    boxes = places_along(given_line, 4, 200, 500)
    assert [(box.x1, box.x2) for box in boxes] == [(0, 100), (100, 200), (200, 300), (300, 400)]
    assert [box.y1 for box in boxes] == [10, 20, 30, 40]
    assert [box.y2 for box in boxes] == [60, 70, 80, 90]


def test_a_baseline_alone_gives_letters_over_it_whatever_way_it_runs():
    right = line_of(GivenLine("ab", baseline=((100, 50), (100, 90))), 300, 300)
    down = line_of(GivenLine("ab", baseline=((50, 100), (90, 100))), 300, 300)
    back = line_of(GivenLine("ab", baseline=((100, 90), (100, 50))), 300, 300)
    assert [x.box.as_list() for x in right.letters] == [[60, 50, 114, 70], [60, 70, 114, 90]]
    assert [x.box.as_list() for x in down.letters] == [[50, 86, 70, 140], [70, 86, 90, 140]]
    assert [x.box.as_list() for x in back.letters] == [[86, 70, 140, 90], [86, 50, 140, 70]]


def test_letters_of_a_word_follow_the_baseline_of_its_line():
    word = GivenWord("ab", Box(40, 80, 80, 120))
    down = line_of(GivenLine(words=(word,), baseline=((40, 100), (80, 100))), 300, 300)
    assert [x.box.as_list() for x in down.letters] == [[40, 80, 60, 120], [60, 80, 80, 120]]


@pytest.mark.parametrize("turn", [0, 1, 2, 3])
def test_a_line_that_says_another_text_than_its_words_is_turned_as_they_are(turn):
    word = GivenWord("ab", Box(40, 80, 80, 120))
    found = line_of(GivenLine("abcd", words=(word,), turn=turn), 300, 300)
    alone = line_of(GivenLine("abcd", box=Box(40, 80, 80, 120), turn=turn), 300, 300)
    assert found.baseline == alone.baseline
    assert [x.box for x in found.letters][:1] == slots(Box(40, 80, 80, 120), 2, turn)[:1]
    assert found.text == "abcd"


def test_words_without_a_place_come_between_those_that_have_one():
    words = (
        GivenWord("one", Box(0, 0, 10, 30)), GivenWord("two"), GivenWord("six", Box(0, 80, 10, 110))
    )  # fmt: skip
    found = line_of(GivenLine(words=words), 50, 200)
    assert found.text == "one two six"
    assert 30 <= found.words[1].box.x1 < found.words[1].box.x2 <= 80


def test_what_says_nothing_or_stands_nowhere_is_no_line():
    assert line_of(GivenLine(" ", box=Box(0, 0, 9, 9)), 10, 10) is None
    assert line_of(GivenLine("a"), 10, 10) is None

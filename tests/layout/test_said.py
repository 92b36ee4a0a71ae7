"""What lines say of their order."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from places_fakes import column, line, pairs

from ocr.layout.reading_order import reading_order
from ocr.layout.said import Said


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
    assert reading_order(WORDS, said=Said(follows=follows_as(down, 18))) == WORDS_BY_COLUMNS
    assert reading_order(WORDS, said=Said(follows=follows_as(across, 18))) == WORDS_BY_ROWS
    for seed in range(20):  # entries of a list do not go on in each other
        assert reading_order(WORDS, said=Said(follows=follows_as([], 18, seed))) == WORDS_BY_ROWS


def test_what_lines_say_tells_halves_of_lines_from_columns():
    halves = [*column(10, [300, 310, 290, 305, 300, 310]), *column(360, [300] * 6)]
    by_columns = [[[k] for k in range(6)], [[k] for k in range(6, 12)]]
    assert reading_order(halves) == by_columns
    across = [k for pair in pairs(6) for k in pair]
    assert reading_order(halves, said=Said(follows=follows_as(across, 12))) == [pairs(6)]
    assert reading_order(halves, said=Said(follows=follows_as(range(12), 12))) == by_columns


def test_few_lines_that_are_known_tell_nothing():
    follows = follows_as(range(18), 18)
    follows[3:9] = follows[:, 3:9] = np.nan
    assert reading_order(WORDS, said=Said(follows=follows)) == WORDS_BY_ROWS
    assert reading_order(WORDS, said=Said(follows=np.full((18, 18), np.nan))) == WORDS_BY_ROWS


def test_a_text_beside_numbers_of_some_of_its_lines_is_no_column():
    """Most of its lines follow each other whichever way it is read."""
    numbers = [line(100 + 150 * k, 10, 25) for k in range(4)]
    text = column(40, [400] * 10)
    lines = [*numbers, *text]
    rows = reading_order(lines)
    assert rows[0][0] == [0, 4] and rows[0][3] == [1, 7]
    assert reading_order(lines, said=Said(follows=follows_as(range(4, 14), 14))) == rows


def numbered(first, last, sign="."):
    return [f"{k}{sign} word" for k in range(first, last + 1)]


SIX = [*column(10, [60] * 6), *column(130, [60] * 6)]
SIX_BY_COLUMNS = [[[k] for k in range(6)], [[k] for k in range(6, 12)]]


@pytest.mark.parametrize(
    "texts",
    [
        [*numbered(1, 6), *numbered(7, 12)],
        [*numbered(1, 6), *numbered(1, 6)],
        [*numbered(1, 6, " -"), *numbered(7, 12, " -")],
        [*numbered(1, 6, ""), *numbered(7, 12, "")],
        [f"{k}.{k} x 2 = {2 * k}" for k in range(1, 13)],
        [f"{letter}) word" for letter in "abcdefghijkl"],
        ["1. word", "Z. word", "3. word", "4. word", "5. word", "6. word", *numbered(7, 12)],
    ],
)
def test_entries_that_count_up_down_columns_are_read_so(texts):
    assert reading_order(SIX) == [pairs(6)]
    assert reading_order(SIX, said=Said(texts=texts)) == SIX_BY_COLUMNS


@pytest.mark.parametrize(
    "texts",
    [
        [*numbered(1, 6), *["word"] * 6],  # a table whose rows are numbered
        [*numbered(1, 6), *["3. word"] * 6],
        [*numbered(1, 6, ""), *numbered(1, 6, "")],
        [f"{k}.50" for k in range(1, 13)],
        ["A. Hill", "B. Hill", "C. Hill", "D. Hill", "E. Hill", "F. Hill", *["030 44"] * 6],
        ["a) word", "2. word", "a) word", "3. word", "a) word", "4. word", *["b) word"] * 6],
    ],
)
def test_numbers_that_do_not_count_up_down_columns_leave_rows(texts):
    assert reading_order(SIX, said=Said(texts=texts)) == [pairs(6)]


def test_entries_that_count_up_along_rows_are_rows():
    long = [*column(10, [300] * 4), *column(360, [300] * 4)]
    texts = [f"{k}. word" for k in (1, 3, 5, 7, 2, 4, 6, 8)]
    assert reading_order(long) == [[[0], [1], [2], [3]], [[4], [5], [6], [7]]]
    assert reading_order(long, said=Said(texts=texts)) == [pairs(4)]


@pytest.mark.parametrize(("second", "headed"), [(7, True), (1, False)])
def test_what_is_above_entries_that_go_on_from_column_to_column_is_read_first(second, headed):
    title = [line(50, 10, 80), line(50, 130, 200)]
    texts = [*numbered(1, 6), *numbered(second, second + 5), "Name", "Date"]
    blocks = reading_order([*SIX, *title], said=Said(texts=texts))
    assert blocks[0] == ([[12, 13]] if headed else [[12], *SIX_BY_COLUMNS[0]])
    assert blocks[-1] == ([] if headed else [[13]]) + SIX_BY_COLUMNS[1]


def test_two_lists_with_prices_are_read_one_after_the_other():
    lists = [*column(10, [60] * 5), *column(90, [30] * 5), *column(150, [60] * 5)]
    lists += column(230, [30] * 5)
    things, others = ["soup", "salad", "bread", "oil", "tea"], ["pie", "fish", "rice", "ham", "egg"]
    prices = ["4.50", "6.00", "2.s0", "3,20", "£1.00"]
    rows = [[[k, k + 5] for k in range(5)], [[k, k + 5] for k in range(10, 15)]]
    said = Said(texts=[*things, *prices, *others, *prices])
    assert reading_order(lists, said=said) == rows
    said = Said(texts=[*things, "3", "1", "2", "4", "1", *others, *prices])
    assert reading_order(lists, said=said) == [[[k, k + 5, k + 10, k + 15] for k in range(5)]]


@pytest.mark.parametrize("choices", [["yes / no"] * 4, ["yes / no", "Yes / no"] * 2])
def test_beside_a_column_that_says_the_same_lines_are_rows(choices):
    form = [*column(10, [300] * 4), *column(360, [300] * 4)]
    by_columns = [[[0], [1], [2], [3]], [[4], [5], [6], [7]]]
    asked = ["Smoker", "Parking", "Insured", "Allergies"]
    assert reading_order(form) == by_columns
    assert reading_order(form, said=Said(texts=[*asked, *choices])) == [pairs(4)]
    assert reading_order(form, said=Said(texts=[*asked, *choices[:2], "so", "or"])) == by_columns
    assert reading_order(form, said=Said(texts=[*asked, *[""] * 4])) == by_columns


def test_two_forms_with_the_same_labels_are_read_one_after_the_other():
    labels = ["Name", "Born", "Town", "Work", "Pets", "Chip"]
    one, two = ([f"{label} word" for label in labels] for _ in range(2))
    assert reading_order(SIX, said=Said(texts=one + two)) == SIX_BY_COLUMNS
    two[2:] = ["Name 3", "Town 4", "Born 5", "word"]
    assert reading_order(SIX, said=Said(texts=one + two)) == [pairs(6)]
    assert reading_order(SIX, said=Said(texts=["yes sir"] * 12)) == [pairs(6)]
    assert reading_order(SIX, said=Said(texts=labels * 2)) == [pairs(6)]


def test_a_letter_beside_an_address_is_read_first():
    card = [*column(10, [150] * 6), *column(360, [110] * 3, top=250)]
    letter = ["Dear Mum,", "we are having a lovely", "time here. The weather", "is fine and so is"]
    letter += ["our room. See you on", "Sunday at noon"]
    address = ["Anna Baker", "7 High Street", "Leeds"]
    by_columns = [[[k] for k in range(6)], [[k] for k in range(6, 9)]]
    rows = [[*([k] for k in range(3)), *([k, k + 3] for k in range(3, 6))]]
    assert reading_order(card) == rows
    assert reading_order(card, said=Said(texts=[*letter, *address])) == by_columns
    capitals = [text.title() for text in letter]
    assert reading_order(card, said=Said(texts=[*capitals, *address])) == rows


def test_ingredients_beside_what_to_do_are_read_first():
    amounts = ["200 g flour", "3 eggs", "4 apples", "100 g sugar", "1 tsp salt", "butter"]
    steps = ["Mix flour and sugar.", "Beat the eggs well.", "Cut the apples up.", "Stir it in."]
    steps += ["Bake for an hour.", "Let it cool."]
    recipe = Said(texts=[*amounts, *steps])
    assert reading_order(SIX) == [pairs(6)]
    assert reading_order(SIX, said=recipe) == SIX_BY_COLUMNS
    few = ["1 kg potatoes", "2 onions", "stock", "cream", "parsley", "salt"]
    running = [
        "Chop everything,",
        "fry the onions.",
        "Boil 25",
        "minutes. Then",
        "blend it all.",
        "Eat hot.",
    ]
    assert reading_order(SIX, said=Said(texts=[*few, *running])) == SIX_BY_COLUMNS
    notes = [
        "finely sifted",
        "at room warmth",
        "cut in half",
        "the best one",
        "a pinch",
        "and cold",
    ]
    assert reading_order(SIX, said=Said(texts=[*few, *notes])) == [pairs(6)]
    dates = ["2 May", "3 May", "4 May", "5 May", "6 May", "7 May"]
    assert reading_order(SIX, said=Said(texts=[*dates, *steps])) == [pairs(6)]


class TestNotesInTheMargin:
    """Six rows of a letter, and a note or two beside them."""

    prose = (
        "We came to the house late",
        "in the night. Nobody was",
        "there to open it. So we",
        "went around and found",
        "a window that stood open.",
        "Inside it was warm.",
    )

    def order(self, notes, rows, *, right=False, labels=(), prose=prose):
        beside = [line(40 + 40 * k, *((400, 470) if right else (10, 70))) for k in rows]
        text = [line(40 + 40 * k, 100, 360) for k in range(6)]
        said = Said(texts=[*prose, *notes], labels=labels)
        return [k for block in reading_order([*text, *beside], said=said) for k in block]

    @pytest.mark.parametrize("rows", [(1, 3), (3,)])
    def test_they_are_read_apart(self, rows):
        notes = ["see page 4", "why?"][-len(rows) :]
        numbers = list(range(6, 6 + len(rows)))
        text = list(range(6))
        assert self.order(notes, rows) == [[k] for k in [*numbers, *text]]
        assert self.order(notes, rows, right=True) == [[k] for k in [*text, *numbers]]

    def test_they_are_read_apart_below_a_heading_across(self):
        heading, note = line(0, 10, 360), line(160, 10, 70)
        text = [line(40 + 40 * k, 100, 360) for k in range(6)]
        said = Said(texts=["A letter from the country", *self.prose, "why?"])
        assert reading_order([heading, *text, note], said=said)[-1] == [[k] for k in range(1, 7)]

    @given(
        st.lists(st.tuples(st.floats(-1, 8), st.booleans()), min_size=1, max_size=4),
        st.integers(1, 6),
        st.floats(0, 2),
        st.integers(0, 2),
    )
    def test_wherever_notes_stand_each_line_is_read_once(self, notes, cut, gap, indent):
        """With a paragraph that ends at a row, a step further from the next, and is indented."""
        tops = [40 * (k + gap * (k >= cut)) for k in range(6)]
        text = [line(80 + top, 100 + 12 * indent * (k == cut), 360) for k, top in enumerate(tops)]
        beside = [line(80 + 40 * row, *((400, 470) if right else (10, 70))) for row, right in notes]
        said = Said(texts=[*self.prose, *["see below"] * len(notes)])
        read = [
            k for block in reading_order([*text, *beside], said=said) for row in block for k in row
        ]
        assert sorted(read) == list(range(6 + len(notes)))

    def test_what_stands_before_a_sentence_or_is_a_label_belongs_to_its_row(self):
        assert [6, 0] in self.order(["Mon"], (0,))
        assert [6, 5] in self.order(["Tuesday"], (5,))
        assert [6, 1] in self.order(["PS:"], (1,), labels=(6,))
        assert [6, 0] in self.order(["a)"], (0,))
        assert [6] in self.order(["who?"], (0,))

    def test_numbers_of_lines_and_entries_of_a_list_stay_in_their_rows(self):
        assert [6, 1] in self.order(["5"], (1,))
        entries = tuple(f"{word} and more" for word in ("Eggs", "Milk", "Oil", "Tea", "Jam", "Ham"))
        assert [6, 1] in self.order(["buy"], (1,), prose=entries)

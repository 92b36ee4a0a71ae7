"""ocr.lines.spelling: usual spellings of words, and what ink and habit say together."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ocr.lines.spelling import CONFIG, Spellings, count_shares

LETTERS = "abdeéhiILlnorstT ,."
CLASSES = {c: k for k, c in enumerate(LETTERS, start=1)}
HABITS = Spellings(
    ["été", "ete", "London", "I", "the", "thé"], np.array([0.9, 0.1, 1, 1, 0.7, 0.3])
)


def ink(text, *others):
    """A frame a character, sure of the text but for `others`: place, character, probability."""
    p = np.full((len(text), len(LETTERS) + 1), 1e-6)
    for place, character in enumerate(text):
        p[place, CLASSES[character]] = 0.99
    for place, character, share in others:
        p[place, CLASSES[text[place]]] = 1 - share
        p[place, CLASSES[character]] = share
    return np.log(p)


def respell(text, *others, classes=CLASSES):
    frames = np.stack([np.arange(len(text)), np.arange(len(text)) + 1], axis=1)
    return "".join(HABITS.respell(text, ink(text, *others), frames, classes))


def test_habit_decides_what_ink_leaves_open():
    assert respell("a ete", (2, "é", 0.4), (4, "é", 0.4)) == "a été"
    assert respell("a the.", (4, "é", 0.4)) == "a the."
    assert respell("a london", (2, "L", 0.4)) == "a London"
    assert respell("a i a", (2, "I", 0.3)) == "a I a"


def test_clear_ink_and_unknown_words_stand():
    assert respell("a ete") == "a ete"
    assert respell("a london") == "a london"
    assert respell("a tea", (4, "é", 0.4)) == "a tea"
    assert respell("") == ""


def test_a_spelling_with_a_character_that_cannot_be_read_is_none():
    plain = {character: k for character, k in CLASSES.items() if character != "é"}
    assert respell("a ete a london", (8, "L", 0.4), classes=plain) == "a ete a London"


def test_a_capital_at_the_beginning_of_a_sentence_says_nothing():
    assert respell("The", (0, "t", 0.3)) == respell("a. The", (3, "t", 0.3))[3:] == "The"
    assert respell("a The", (2, "t", 0.3)) == "a the"
    assert HABITS.of("The", begins=True)["The"] == pytest.approx(np.log(0.7))
    assert HABITS.of("The", begins=False)["The"] == pytest.approx(np.log(CONFIG.rare))
    assert HABITS.of("THE", begins=False) == {} == HABITS.of("tool", begins=False)


def test_shares_of_what_was_seen():
    counts = {"été": 6, "ete": 2, "Été": 1, "rare": 3}
    assert count_shares(counts, fewest=8, least=0.1) == {"ete": 2 / 9, "été": 6 / 9}
    assert count_shares({}, 1, 0.0) == {}


@given(st.dictionaries(st.text("abcéI", min_size=1, max_size=5), st.floats(0.005, 1)))
def test_packed_spellings_are_the_same_but_for_rounding(table):
    first = Spellings(tuple(table), np.array(list(table.values())))
    again = Spellings.unpack(**first.pack())
    assert again.forms == first.forms
    np.testing.assert_allclose(again.shares, first.shares, rtol=0.02)


@given(st.text("abeéhiILlnotT ,.", max_size=20))
def test_only_case_and_accents_change(text):
    rng = np.random.default_rng(len(text))
    logs = np.log(rng.dirichlet(np.ones(len(LETTERS) + 1), max(len(text), 1)))
    frames = np.stack([np.arange(len(text)), np.arange(len(text)) + 1], axis=1)
    found = "".join(HABITS.respell(text, logs, frames, CLASSES))

    def plain(word):
        return word.lower().replace("é", "e")

    assert plain(found) == plain(text)

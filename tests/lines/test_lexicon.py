"""ocr.lines.lexicon: words, what may follow them, and the packed form."""

import unicodedata

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ocr.lines.folding import SIGN, SYMBOLS, fold
from ocr.lines.language import Lexicon


def test_a_lexicon_knows_its_words_and_what_may_follow_them():
    lexicon = Lexicon(["Milch", "milk", "Mango", "42"])

    def prob(word):
        node, total = np.array([Lexicon.ROOT]), 1.0
        for character in word:
            symbol, kind, _ = fold(character) if character != " " else (1, SIGN, 2)
            share, after = lexicon.advance(node, np.array([[symbol]]), np.array([[kind]]))
            node, total = after[0], total * share[0, 0]
        return total

    assert prob("MILK") == pytest.approx(0.25) and prob("m") == pytest.approx(0.75)
    assert prob("milk ") == pytest.approx(0.2)
    assert prob("milk, ") == pytest.approx(0.25 * 0.2 / 32 * 0.8)
    assert prob("milk mango") == pytest.approx(0.2 * 0.25)
    assert prob("67 ") == prob("42 ")  # a digit is a digit
    assert prob("mil ") == prob("milks") == prob(" ") == prob("zz") == 0


@given(st.lists(st.text("abc'1 ", min_size=1, max_size=5), min_size=1, max_size=8))
def test_what_may_follow_in_a_lexicon_sums_to_one(words):
    words = [word for word in words if word.split()]
    if not words:
        return
    lexicon = Lexicon(words)
    letters = [fold(c)[:2] for c in SYMBOLS[1:-2]]
    signs = [(symbol, kind) for symbol, kind in letters if kind == SIGN]
    # the rare signs share a symbol; together with the others they are `SIGNS`
    every = letters + [(len(SYMBOLS) - 1, SIGN)] * (32 - len(signs)) + [(1, SIGN)]
    symbols, kinds = (np.array([column]) for column in zip(*every, strict=True))
    nodes = {Lexicon.ROOT}
    for _ in range(6):
        for node in sorted(nodes):
            share, after = lexicon.advance(np.array([node]), symbols, kinds)
            assert share.sum() == pytest.approx(1)
            nodes |= set(after[share > 0].tolist())


@given(st.dictionaries(st.text("abcé'1", min_size=1, max_size=6), st.floats(0.1, 50), min_size=1))
def test_a_packed_lexicon_is_the_same_but_for_rounding(table):
    lexicon = Lexicon(table, table.values())
    again = Lexicon.unpack(**lexicon.pack())
    nodes = np.arange(2 + len(lexicon.pack()["word_edges"]))
    symbols = np.tile(np.arange(1, len(SYMBOLS) + 1), (len(nodes), 1))
    kinds = np.array([[fold(c)[1] if c != " " else SIGN for c in SYMBOLS]]).repeat(len(nodes), 0)
    (one, after), (two, after_too) = (x.advance(nodes, symbols, kinds) for x in (lexicon, again))
    np.testing.assert_array_equal(after, after_too)
    np.testing.assert_allclose(one, two, rtol=0.04, atol=1e-6)


def test_letters_may_be_written_with_their_accents_apart():
    composed, apart = (Lexicon([unicodedata.normalize(form, "Zoé")]) for form in ("NFC", "NFD"))
    np.testing.assert_array_equal(composed._keys, apart._keys)

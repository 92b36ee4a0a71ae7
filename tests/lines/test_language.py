"""The language model: folding, back-off, other strings, case, and damaged files."""

import copy
import itertools
import math
import string
import time

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ocr.errors import ModelError
from ocr.lines.folding import SIGN, SPACE, START, SYMBOL_BITS, SYMBOLS, fold
from ocr.lines.language import Lexicon, NgramModel, load_language
from ocr.lines.ngrams import _count_bits, pack, unpack
from ocr.lines.text_model import TextModel

KEYBOARD = tuple(string.ascii_letters + string.digits + string.punctuation)


@pytest.fixture(scope="module")
def ngrams():
    return load_language()


@pytest.fixture(scope="module")
def text(ngrams):
    return TextModel(ngrams, KEYBOARD)


def log_prob(model, line):
    index = {c: k for k, c in enumerate((*KEYBOARD, " "))}
    return model.character_logs([np.array([index[c] for c in line])])[0].sum()


def key(symbols):
    packed = 0
    for symbol in symbols:
        packed = (packed << SYMBOL_BITS) | symbol
    return packed


@pytest.mark.parametrize(
    ("character", "expected"),
    [
        ("a", ("a", 0, 0)),
        ("A", ("a", 0, 1)),
        ("é", ("e", 0, 0)),
        ("Ö", ("o", 0, 1)),
        ("7", ("0", 1, 2)),
        (",", (",", 2, 2)),
        ("’", ("'", 2, 2)),
        ("€", ("#", 2, 2)),
        ("ß", ("#", 2, 2)),
    ],
)
def test_fold(character, expected):
    symbol, kind, case = fold(character)
    assert (SYMBOLS[symbol - 1], kind, case) == expected


def test_back_off_by_hand():
    # Symbols 1 and 2; after 1 1 comes 2 with 0.9; the context (1, 1) weighs 0.3, (1) weighs 0.5.
    keys = np.array([key([1]), key([2]), key([1, 1]), key([1, 1, 2])])
    logs = np.log([0.75, 0.25, 0.6, 0.9]).astype(np.float32)
    backoffs = np.log([0.5, 0.8, 0.3, 1.0]).astype(np.float32)
    model = NgramModel(keys, logs, backoffs, order=3)
    contexts = np.array([key([1, 1]), key([1]), 0, key([2, 2])])
    found = np.exp(model.log_probs(contexts, np.array([[1, 2]] * 4)))
    expected = [
        [0.3 * 0.6, 0.9],  # (1,1,1) unseen, (1,1) seen; (1,1,2) seen
        [0.6, 0.5 * 0.25],
        [0.75, 0.25],
        [0.8 * 0.75, 0.8 * 0.25],  # (2, 2) was never seen: nothing is paid for it
    ]
    np.testing.assert_allclose(found, expected, rtol=1e-5)


def test_packing_keeps_the_model(ngrams):
    keys = np.array([1, 2, 3, key([1, 2]), key([1, 2, 2])])
    logs = np.array([-0.5, -1.0, -2.0, -3.0, -15.0])
    backoffs = np.array([-1.0, 0.0, 0.5, 0.0, 0.0])
    model = unpack(**pack(NgramModel(keys, logs, backoffs, order=3)), order=3)
    got = model.log_probs(np.array([0, SPACE]), np.array([[1, 2, 3], [2, 2, 2]]))
    np.testing.assert_allclose(got, [[-0.5, -1.0, -2.0], [-3.0, -3.0, -3.0]], atol=1 / 32)
    got = model.log_probs(np.array([key([1, 2]), key([1, 3])]), np.array([[2], [1]]))
    np.testing.assert_allclose(got, [[-15.0], [0.5 - 0.5]], atol=1 / 32)


@given(st.lists(st.lists(st.integers(1, 5), min_size=1, max_size=4), min_size=1, max_size=20))
def test_the_tree_finds_the_longest_ngram_of_each_context(grams):
    """As looking each n-gram up in a table, and backing off symbol by symbol."""
    known = {(k,) for k in range(1, 6)}
    known |= {tuple(gram[a:b]) for gram in grams for b in range(5) for a in range(b)} - {()}
    keys = np.array(sorted(key(gram) for gram in known))
    rng = np.random.default_rng(len(keys))
    logs, backoffs = -rng.random((2, len(keys))).astype(np.float32)
    model = NgramModel(keys, logs, backoffs, order=4)
    at = {int(k): i for i, k in enumerate(keys)}

    def expected(context, symbol):
        if (whole := at.get(key([*context, symbol]))) is not None:
            return logs[whole]
        paid = at.get(key(context))
        return (0 if paid is None else backoffs[paid]) + expected(context[1:], symbol)

    contexts = [list(c) for n in range(4) for c in itertools.product(range(1, 6), repeat=n)]
    packed = np.array([key(c) for c in contexts], dtype=np.int64)
    got = model.log_probs(packed, np.tile(np.arange(1, 6), (len(packed), 1)))
    wanted = [[expected(c, s) for s in range(1, 6)] for c in contexts]
    np.testing.assert_allclose(got, wanted, rtol=1e-5)


@given(st.lists(st.integers(0, 2**64 - 1), min_size=1))
def test_bits_are_counted(numbers):
    counted = _count_bits(np.array(numbers, dtype=np.uint64))
    assert counted.tolist() == [number.bit_count() for number in numbers]


def test_probabilities_sum_to_one(text, ngrams):
    everything = np.arange(len(SYMBOLS))[None] + 1
    contexts = np.array([0, SPACE, key([SPACE, 21, 9]), key([9, 15, 21, 19])])
    sums = np.exp(ngrams.log_probs(contexts, everything.repeat(4, 0))).sum(axis=1)
    np.testing.assert_allclose(sums, 1, atol=0.03)  # but for the rounding of the file
    state = text.start(1)
    for character in ("T", "h", "q", "7"):
        scores, _ = text.advance(state, np.arange(len(KEYBOARD) + 1)[None])
        assert np.exp(scores).sum() == pytest.approx(1, abs=0.05)
        _, state = text.advance(state, np.array([[KEYBOARD.index(character)]]))


@pytest.mark.parametrize(
    ("likely", "unlikely"),
    [
        ("THE CAT", "7HE CAT"),
        ("the cat", "tne cat"),
        ("1990", "199O"),
        ("I SEE NO LIGHT", "I SEE N0 L1GHT"),
        ("John came", "JoHn came"),
        ("1 2 3 0", "1 2 3 O"),
        ("A B C O", "A B C 0"),
        ("don't", "don,t"),
        ("1. Milk", "l. Milk"),
        ("12. Call", "I2. Call"),
    ],
)
def test_what_is_likelier(text, likely, unlikely):
    assert log_prob(text, likely) > log_prob(text, unlikely) + 0.5


@pytest.mark.parametrize("string_", ["XKQZVJQXKZ", "x7Qk9ZpL2W", "zzxqjkvw", "83920175"])
def test_random_strings_cost_little_more_than_knowing_nothing(text, string_):
    per_character = -log_prob(text, string_) / len(string_)
    assert per_character < math.log(94) + 1.3


def test_page_in_capitals(ngrams):
    capitals = TextModel(ngrams, KEYBOARD, case_prior=np.array([3.0, 0.2, 0.2, 0.5]))
    neutral = TextModel(ngrams, KEYBOARD)

    def gain(model):
        return log_prob(model, "VOWS") - log_prob(model, "vows")

    assert gain(capitals) > gain(neutral) + 1


def test_rows_are_independent(text):
    state = text.start(3)
    characters = np.array([[KEYBOARD.index(c) for c in word] for word in ("tX", "9e", ".Q")])
    scores, after = text.advance(state, characters)
    again, later = text.advance(after, np.full((6, 1), text.space))
    for row, column in itertools.product(range(3), range(2)):
        alone, one = text.advance(text.start(1), characters[row : row + 1, column : column + 1])
        assert alone[0, 0] == pytest.approx(scores[row, column])
        single, end = text.advance(one, np.array([[text.space]]))
        assert single[0, 0] == pytest.approx(again[2 * row + column, 0])
        np.testing.assert_allclose(end.case[0], later.case[2 * row + column])


def test_put_replaces_rows(text):
    state = text.start(3)
    _, other = text.advance(text.start(1), np.array([[KEYBOARD.index("q")]]))
    state.put(np.array([1]), other)
    assert state.context.tolist() == [START, other.context[0], START]
    assert len(state.take(np.array([1, 1]))) == 2


def test_loads_quickly():
    def seconds() -> float:
        begun = time.process_time()
        load_language()
        return time.process_time() - begun

    assert min(seconds() for _ in range(4)) < 0.3  # about 0.04 s; a slow machine may take longer


def test_other_files_are_refused(tmp_path):
    foreign = tmp_path / "foreign.npz"
    np.savez(foreign, keys=np.zeros(3))
    with pytest.raises(ModelError, match="foreign"):
        load_language(foreign)
    with pytest.raises(ModelError, match="no such"):
        load_language(tmp_path / "missing.npz")
    truncated = tmp_path / "truncated.npz"
    from ocr.weights import find_weights

    truncated.write_bytes(find_weights("english").read_bytes()[:200_000])
    with pytest.raises(ModelError, match="truncated"):
        load_language(truncated)


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


def test_a_lexicon_helps_its_words_and_leaves_others(ngrams):
    with_names = TextModel(ngrams, KEYBOARD, lexicon=Lexicon(["Quxzob", "Wrifol"]))
    without = TextModel(ngrams, KEYBOARD)

    def gain(text):
        return log_prob(with_names, text) - log_prob(without, text)

    assert gain("Quxzob comes ") > 8
    assert -3 * math.log(2) < gain("the cat sat ") < 0.1
    with pytest.raises(ValueError, match="at least one word"):
        Lexicon([" "])


def test_bits_of_a_text(ngrams):
    assert ngrams.bits([]) == ngrams.bits([""]) == 0
    line = "the weather is fine"
    assert ngrams.bits([line]) < 3.2 * len(line)
    assert ngrams.bits(["zqxj vkwp zzt"]) > 4 * 13
    assert ngrams.bits([line, "", line]) == pytest.approx(2 * ngrams.bits([line]), rel=1e-5)


def test_how_well_a_text_goes_on_in_another(ngrams):
    texts = ["said", "Mr. Wilson", "a", "grave", "they"]
    follows = ngrams.continuations(texts)
    assert follows.shape == (5, 5) and follows.dtype == np.float32
    alone = ngrams.bits(["a "])
    expected = [math.log(2) * (alone - ngrams.bits([f"a {text} "])) for text in ("grave", "they")]
    assert follows[2, 3:].tolist() == pytest.approx(expected, abs=1e-3)
    assert follows[0, 1] == pytest.approx(
        math.log(2) * (ngrams.bits(["said "]) - ngrams.bits(["said Mr. Wi"])), abs=1e-3
    )
    assert ngrams.continuations([]).shape == (0, 0)


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


def test_the_common_words_of_a_language_are_known(ngrams):
    assert ngrams.words is not None
    without = copy.copy(ngrams)
    without.words = None
    with_words, plain = TextModel(ngrams, KEYBOARD), TextModel(without, KEYBOARD)
    for text in ("wheelchair ", "Wednesday ", "yoghurt "):
        assert log_prob(with_words, text) > log_prob(plain, text)


def test_logs_of_characters_are_those_of_each_line_alone(text):
    lines = ["the cat", "", "Qx 7", "a"]
    indices = [
        np.array([text.space if c == " " else KEYBOARD.index(c) for c in line], dtype=np.int64)
        for line in lines
    ]
    logs = text.character_logs(indices)
    assert [len(one) for one in logs] == [7, 0, 4, 1]
    for line, found in zip(lines, logs, strict=True):
        assert found.sum() == pytest.approx(log_prob(text, line))
    assert text.character_logs([]) == [] and text.character_logs([indices[1]])[0].shape == (0,)

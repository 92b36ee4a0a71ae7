"""ocr.lines.text_model: what is likelier, other strings, case, words, and many lines at once."""

import copy
import itertools
import math
import string

import numpy as np
import pytest
from line_fakes import key

from ocr.lines.folding import SPACE, START, SYMBOLS
from ocr.lines.language import Lexicon
from ocr.lines.text_model import TextModel

KEYBOARD = tuple(string.ascii_letters + string.digits + string.punctuation)


@pytest.fixture(scope="module")
def text(ngrams):
    return TextModel(ngrams, KEYBOARD)


def log_prob(model, line):
    index = {c: k for k, c in enumerate((*KEYBOARD, " "))}
    return model.character_logs([np.array([index[c] for c in line])])[0].sum()


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


def test_a_lexicon_helps_its_words_and_leaves_others(ngrams):
    with_names = TextModel(ngrams, KEYBOARD, lexicon=Lexicon(["Quxzob", "Wrifol"]))
    without = TextModel(ngrams, KEYBOARD)

    def gain(text):
        return log_prob(with_names, text) - log_prob(without, text)

    assert gain("Quxzob comes ") > 8
    assert -3 * math.log(2) < gain("the cat sat ") < 0.1
    with pytest.raises(ValueError, match="at least one word"):
        Lexicon([" "])


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

"""ocr.lines.ngrams: back-off by hand and by a table, packing, bits of texts."""

import itertools
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from line_fakes import key

from ocr.lines.folding import SPACE
from ocr.lines.language import NgramModel
from ocr.lines.ngrams import _count_bits, pack, unpack


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

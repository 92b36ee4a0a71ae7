"""Estimating the n-gram: counts, Kneser-Ney, pruning, and the command."""

import sys

import numpy as np
import pytest

from ocr.lines.language import SPACE, SYMBOLS, NgramModel, load_language
from training.recipes import language
from training.recipes.language import (
    bits_per_symbol,
    clean,
    count_ngrams,
    estimate,
    pack_ngrams,
    prune,
    to_symbols,
)

TEXT = "the cat sat on the mat and the rat sat on the cat, 12 times in all; that is that. " * 3


def model_of(text, order=4, keep=(1, 1, 1, 1)):
    symbols = np.append(np.arange(1, len(SYMBOLS) + 1), to_symbols(text))
    counts = count_ngrams(symbols, order)
    keys, logs, backoffs = prune(counts, estimate(counts), keep)
    return NgramModel(keys, logs.astype(np.float32), backoffs.astype(np.float32), order)


def test_clean_joins_what_tokenising_parted():
    assert clean("We 've seen Stevens 's dog , and it did n't bark .") == (
        "We've seen Stevens's dog, and it didn't bark."
    )


def test_symbols_and_ngrams():
    symbols = to_symbols("Ab 7")
    assert [SYMBOLS[k - 1] for k in symbols] == ["\n", "a", "b", " ", "0"]
    assert pack_ngrams(np.array([1, 2, 3]), 2).tolist() == [1 * 64 + 2, 2 * 64 + 3]
    keys, often = count_ngrams(np.array([1, 2, 1, 2]), 2)[1]
    assert keys.tolist() == [66, 129] and often.tolist() == [2, 1]


@pytest.mark.parametrize("keep", [(1, 1, 1, 1), (1, 1, 2, 3)])
def test_every_context_sums_to_one(keep):
    model = model_of(TEXT, keep=keep)
    everything = np.arange(1, len(SYMBOLS) + 1)[None]
    contexts = np.array([0, SPACE, *pack_ngrams(to_symbols("the cat"), 3), 5 * 64 + 40])
    sums = np.exp(model.log_probs(contexts, everything.repeat(len(contexts), 0))).sum(axis=1)
    np.testing.assert_allclose(sums, 1, atol=2e-3)


def test_seen_text_is_likelier():
    model = model_of(TEXT)
    assert bits_per_symbol(model, to_symbols("the cat sat on the mat")) < 2
    assert bits_per_symbol(model, to_symbols("zqj xkv wwp qqz jjk vvx")) > 5


def test_a_symbol_after_many_others_is_likelier_than_one_as_frequent():
    # Kneser-Ney: after an unseen context "e" (after many letters) beats "u" (only after "q").
    text = "qu " * 8 + "ae be ce de fe ge he ie "
    model = model_of(text, order=2, keep=(1, 1))
    symbols = {c: SYMBOLS.index(c) + 1 for c in "eux"}
    e, u = model.log_probs(np.array([symbols["x"]]), np.array([[symbols["e"], symbols["u"]]]))[0]
    assert e > u + 1


def test_command_writes_a_model(tmp_path, monkeypatch, capsys):
    (tmp_path / "text").mkdir()
    rows = [f"Row {k} says that the cat sat on the mat, and so it did." for k in range(200)]
    (tmp_path / "text" / "english.txt").write_text("\n".join(rows), encoding="utf-8")
    monkeypatch.setattr(language, "LINES", 40)
    out = tmp_path / "small.npz"
    monkeypatch.setattr(
        sys,
        "argv",
        ["language", "english", "--out", str(out), "--data", str(tmp_path), "--words", "0"],
    )
    language.main()
    assert "perplexity, held-out text" in capsys.readouterr().out
    assert sorted(p.name for p in tmp_path.iterdir()) == ["SHA256SUMS", "small.npz", "text"]
    model = load_language(out)
    assert bits_per_symbol(model, to_symbols("the cat sat on the mat")) < 2

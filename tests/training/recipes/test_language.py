"""Estimating the n-gram: counts, Kneser-Ney, pruning, and the command."""

import sys
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ocr.lines.folding import SPACE, SYMBOLS
from ocr.lines.language import NgramModel, load_language
from training.recipes import language
from training.recipes.language import (
    LONGEST,
    SHORTEST,
    bits_per_symbol,
    clean,
    count_ngrams,
    cut,
    estimate,
    pack_ngrams,
    prune,
    quoted_otherwise,
    spellings,
    to_symbols,
)

TEXT = "the cat sat on the mat and the rat sat on the cat, 12 times in all; that is that. " * 3


def model_of(text, order=4, least=0.0):
    symbols = np.append(np.arange(1, len(SYMBOLS) + 1), to_symbols(text))
    counts = count_ngrams(symbols, order)
    keys, logs, backoffs = prune(counts, *estimate(counts), least)
    return NgramModel(keys, logs.astype(np.float32), backoffs.astype(np.float32), order)


def test_clean_joins_what_tokenising_parted():
    assert clean("We 've seen Stevens 's dog , and it did n't bark .") == (
        "We've seen Stevens's dog, and it didn't bark."
    )


def test_one_row_in_four_has_its_commas_outside_quotes():
    rows = ['"Well," said he, "no."'] * 5
    assert list(quoted_otherwise(rows)) == [
        '"Well", said he, "no".',
        *rows[:3],
        '"Well", said he, "no".',
    ]


def test_symbols_and_ngrams():
    symbols = to_symbols("Ab 7")
    assert [SYMBOLS[k - 1] for k in symbols] == ["\n", "a", "b", " ", "0"]
    assert pack_ngrams(np.array([1, 2, 3]), 2).tolist() == [1 * 64 + 2, 2 * 64 + 3]
    keys, often = count_ngrams(np.array([1, 2, 1, 2]), 2)[1]
    assert keys.tolist() == [66, 129] and often.tolist() == [2, 1]


@pytest.mark.parametrize("least", [0.0, 1.0, 5.0])
def test_every_context_sums_to_one(least):
    model = model_of(TEXT, least=least)
    everything = np.arange(1, len(SYMBOLS) + 1)[None]
    contexts = np.array([0, SPACE, *pack_ngrams(to_symbols("the cat"), 3), 5 * 64 + 40])
    sums = np.exp(model.log_probs(contexts, everything.repeat(len(contexts), 0))).sum(axis=1)
    np.testing.assert_allclose(sums, 1, atol=2e-3)


def test_what_saves_little_is_dropped():
    symbols = np.append(np.arange(1, len(SYMBOLS) + 1), to_symbols(TEXT))
    counts = count_ngrams(symbols, 4)
    sizes = [len(prune(counts, *estimate(counts), least)[0]) for least in (0.0, 1.0, 5.0, 1e9)]
    assert sizes[0] == sum(len(keys) for keys, _ in counts)
    assert sizes == sorted(sizes, reverse=True) and sizes[-1] == len(SYMBOLS)


@given(st.lists(st.text("ab c", max_size=300), max_size=4))
def test_cut_rows_are_whole_and_not_too_long(rows):
    rows = [" ".join(row.split()) for row in rows]
    lines = list(cut(np.random.default_rng(0), rows))
    assert " ".join(lines).split() == " ".join(rows).split()
    assert len(lines) >= len(rows)
    for line in lines:
        assert len(line) <= LONGEST or " " not in line[: SHORTEST + 1]


@given(st.lists(st.text("abcde ", max_size=300), max_size=4))
def test_some_lines_end_within_a_word(rows):
    rows = [" ".join(row.split()) for row in rows]
    lines = list(cut(np.random.default_rng(0), rows, hyphenated=1.0))
    assert "".join(lines).replace(" ", "").replace("-", "") == "".join(rows).replace(" ", "")
    for line, after in pairwise([*lines, ""]):
        if line.endswith("-"):
            assert line[-3:-1].isalpha() and after[:2].isalpha() and len(after.split()[0]) >= 2


def test_seen_text_is_likelier():
    model = model_of(TEXT)
    assert bits_per_symbol(model, to_symbols("the cat sat on the mat")) < 2
    assert bits_per_symbol(model, to_symbols("zqj xkv wwp qqz jjk vvx")) > 5


def test_a_symbol_after_many_others_is_likelier_than_one_as_frequent():
    # Kneser-Ney: after an unseen context "e" (after many letters) beats "u" (only after "q").
    text = "qu " * 8 + "ae be ce de fe ge he ie "
    model = model_of(text, order=2)
    symbols = {c: SYMBOLS.index(c) + 1 for c in "eux"}
    e, u = model.log_probs(np.array([symbols["x"]]), np.array([[symbols["e"], symbols["u"]]]))[0]
    assert e > u + 1


def test_command_writes_a_model(tmp_path, monkeypatch, capsys):
    (tmp_path / "text").mkdir()
    rows = [f"Row {k} says that the cat sat on the mat, and so it did." for k in range(200)]
    (tmp_path / "text" / "english.txt").write_text("\n".join(rows), encoding="utf-8")
    out = tmp_path / "small.npz"
    monkeypatch.setattr(
        sys,
        "argv",
        ["language", "english", "--out", str(out), "--data", str(tmp_path), "--words", "0"],
    )
    language.main()
    assert "held-out novels" in capsys.readouterr().out
    assert sorted(p.name for p in tmp_path.iterdir()) == ["SHA256SUMS", "small.npz", "text"]
    model = load_language(out)
    assert bits_per_symbol(model, to_symbols("the cat sat on the mat")) < 2


def test_spellings_are_counted_inside_sentences():
    rows = [
        "Then the train to London left, a café was open.",
        "London, the city of NASA, sleeps.",
    ] * 10
    found = spellings(["The day."] * 9 + rows)
    shares = dict(zip(found.forms, found.shares.tolist(), strict=True))
    assert shares["the"] == 1.0 and shares["a"] == 1.0  # `The` begins sentences
    assert shares["London"] == shares["café"] == 1.0 and "NASA" not in shares
    assert spellings(["to London now"] * 7).forms == ()  # too seldom

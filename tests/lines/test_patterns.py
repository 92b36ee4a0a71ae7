"""ocr.lines.patterns: what the named patterns take and leave."""

import time
import unicodedata

import pytest

from ocr.errors import OcrError
from ocr.lines.patterns import PATTERNS, compile_pattern

TAKEN = {
    "integer": ("0", "-12", "2024"),
    "amount": ("12", "$ 1,250.00", "12,50 €", "1.250,00", "-3.99", "£20", "5,-"),
    "date": ("1.2.24", "31/12/1999", "2026-11-05", "05-06-2020", "3 4 2021"),
    "time": ("9:30", "23.59", "11:05 pm", "8:00 a.m."),
    "email": ("a.b+c@mail.example.org", "x@y.de"),
}
LEFT = {
    "integer": ("1.5", "12a", ""),
    "amount": ("twelve", "12.5.5", "€"),
    "date": ("32.1.2020", "1.13.2020", "1.2-2020", "2026-13-01"),
    "time": ("24:00", "9:60", "930"),
    "email": ("a@b", "@b.de", "a b@c.de"),
}


@pytest.mark.parametrize("name", PATTERNS)
def test_named_patterns(name):
    pattern = compile_pattern(name)
    assert all(pattern.fullmatch(text) for text in TAKEN[name])
    assert not any(pattern.fullmatch(text) for text in LEFT[name])
    assert all(pattern.fullmatch(text[:k], partial=True) for text in TAKEN[name] for k in (0, 1))


def test_an_expression_of_ones_own_and_a_wrong_one():
    assert compile_pattern(r"[A-Z]{2}\d{4}").fullmatch("AB1234")
    with pytest.raises(ValueError, match="no regular expression"):
        compile_pattern("(")
    with pytest.raises(ValueError, match="empty"):
        compile_pattern("")


def test_a_pattern_that_takes_for_ever_is_an_error():
    pattern = compile_pattern("(?:[A-Za-z ]|[A-Za-z ])*!")
    start = time.process_time()
    with pytest.raises(OcrError, match="takes too long to match"):
        pattern.fullmatch("the quick brown fox jumps over the lazy dog?", partial=True)
    assert time.process_time() - start < 5


def test_slow_matches_have_a_bound_together(monkeypatch):
    pattern = compile_pattern("(?:[a-z]|[a-z])*!")
    monkeypatch.setattr("ocr.lines.patterns.SLOW", 0.0)
    monkeypatch.setattr("ocr.lines.patterns.ALL_SLOW", 0.05)
    with pytest.raises(OcrError, match="takes too long"):
        for _ in range(10**6):
            pattern.fullmatch("abcdefghij?", partial=True)


@pytest.mark.parametrize("pattern", ["(" * 5000, "(?:" * 300 + "a" + ")*" * 300, "a{99999999999}"])
def test_patterns_nested_without_reason(pattern):
    start = time.process_time()
    try:
        compile_pattern(pattern)
    except ValueError as error:
        assert "no regular expression" in str(error)
    assert time.process_time() - start < 5


def test_a_pattern_of_a_hundred_thousand_characters():
    with pytest.raises(ValueError, match="longer than"):
        compile_pattern("a" * 100_000)


def test_letters_may_be_written_with_their_accents_apart():
    pattern = compile_pattern(unicodedata.normalize("NFD", "café"))
    assert pattern.fullmatch("café") is not None

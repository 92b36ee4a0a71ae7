"""training.data.text: texts folded to the characters that hands write."""

import pytest

from training.data.text import CHARSET, Corpus, fold_text


def test_folds_what_hands_do_not_tell_apart():
    assert fold_text(" “l’été”  – fin… ") == '"l\'été" - fin...'


def test_folds_to_composed_letters():
    assert fold_text("e\u0301") == "é"


def test_has_no_character_twice():
    assert len(set(CHARSET)) == len(CHARSET)


def test_corpus_needs_sentences():
    with pytest.raises(ValueError, match="sentence"):
        Corpus(())

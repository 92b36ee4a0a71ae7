"""training.synthesis.line_text: texts that fit and can be written."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from training.data.text import Corpus, fold_text, writable
from training.synthesis.line_text import sample_text

CORPUS = Corpus(("The quick brown fox jumps over the lazy dog.",), ("Où est-il allé, cet été ?",))


@settings(max_examples=60)
@given(st.integers(0, 10**6), st.integers(5, 90))
def test_samples_fit_and_can_be_written(seed, longest):
    text = sample_text(np.random.default_rng(seed), CORPUS, longest)
    assert 0 < len(text) <= longest
    assert writable(text)
    assert text == fold_text(text)

"""What the tests of reading a line share."""

import numpy as np
import pytest

from ocr.lines.language import NgramModel, load_language
from ocr.lines.text_model import TextModel


@pytest.fixture
def language():
    """A language model of equal letters: every symbol one in 64."""
    keys = np.arange(1, 64, dtype=np.int64)
    return TextModel(
        NgramModel(keys, np.full(63, -4.2, np.float32), np.zeros(63, np.float32), 1), ("a", "b")
    )


@pytest.fixture(scope="module")
def ngrams():
    """The language model of English."""
    return load_language()

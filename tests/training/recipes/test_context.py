"""The pages on which the weights of context are chosen."""

import numpy as np
import pytest

from ocr.lines.language import load_language
from training.data.glyphs import CHARSET
from training.data.text import Corpus
from training.recipes.context import KINDS, measure, pages, simulated_bank, write_page

CORPUS = Corpus(
    (
        "The old man walked slowly to the end of the garden, where the roses were.",
        "It was not until the 3rd of May 1911 that she answered his letter!",
        "Nobody knew what had become of the Colonel and his horse.",
    )
)


@pytest.fixture(scope="module")
def bank():
    return simulated_bank(np.random.default_rng(0), rows=60)


def test_simulated_probabilities(bank):
    assert tuple(bank) == CHARSET
    for k, rows in enumerate(bank.values()):
        assert rows.shape == (60, len(CHARSET))
        np.testing.assert_allclose(rows.sum(axis=1), 1, rtol=1e-4)
        assert rows[:, k].mean() > 0.2


@pytest.mark.parametrize("kind", KINDS)
def test_pages_are_whole_and_repeatable(bank, kind):
    page = write_page(np.random.default_rng(5), kind, CORPUS, bank)
    again = write_page(np.random.default_rng(5), kind, CORPUS, bank)
    for (text, line), (same, twin) in zip(page, again, strict=True):
        assert text == same and (line.boxes == twin.boxes).all()
        assert len(text) == len(line.proba) == len(line.boxes) == len(line.starts)
        assert line.starts[0] and " " not in text
        assert (line.boxes[:, 2:] > line.boxes[:, :2]).all()


def test_context_helps_every_kind_of_text(bank):
    figures = measure(list(pages(bank, CORPUS, 2, seed=1)), load_language())
    for kind in KINDS:
        before, after, _, _, lost = figures[kind]
        assert after > before + 3
        assert lost < 4

"""training.recipes.temperature: it is found from what was drawn by it."""

import numpy as np
import pytest

from training.recipes.temperature import fit_temperature


def test_fit_temperature_finds_the_one_that_was_used():
    rng = np.random.default_rng(0)
    logits = rng.normal(0, 2, (20_000, 4)).astype(np.float32)
    noise = rng.gumbel(size=logits.shape)
    labels = (logits / 1.7 + noise).argmax(axis=1)  # Gumbel-max: drawn from softmax(logits / 1.7)
    assert fit_temperature(logits, labels) == pytest.approx(1.7, rel=0.05)

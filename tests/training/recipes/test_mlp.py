import os

import numpy as np
import pytest

from ocr.letters.classifiers import load_classifier
from training.networks.numpy_mlp import cross_entropy_and_accuracy, forward
from training.recipes.mlp import Recipe, main, train


def test_training_learns_and_repeats():
    rng = np.random.default_rng(0)
    onehot = np.eye(3)[np.arange(90) % 3]
    x = onehot @ rng.normal(size=(3, 6)) + rng.normal(0, 0.1, (90, 6))
    recipe = Recipe(hidden=5, epochs=30, rate=0.05, seed=4)
    losses = []
    network = train(x, onehot, recipe, lambda net, epoch, loss, accuracy: losses.append(loss))
    assert len(losses) == 30
    assert losses[-1] < 0.2 * losses[0]
    assert cross_entropy_and_accuracy(forward(network, x)[-1], onehot)[1] == 1.0
    again = train(x, onehot, recipe)
    np.testing.assert_array_equal(network[0].weight, again[0].weight)
    other = train(x, onehot, Recipe(hidden=5, epochs=30, rate=0.05, seed=5))
    assert (network[0].weight != other[0].weight).any()


@pytest.mark.data
@pytest.mark.skipif("OCR_DATA" not in os.environ, reason="needs the data sets: set OCR_DATA")
def test_the_command_writes_a_classifier(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("OCR_CACHE", str(tmp_path / "cache"))
    main(["--quick", "--out", str(tmp_path / "out")])
    classifier = load_classifier(tmp_path / "out" / "nist36-mlp.npz")
    assert len(classifier.charset) == 36
    assert classifier.metadata.epochs == 2
    assert "NIST36, test" in capsys.readouterr().out

import os

import numpy as np
import pytest

from ocr.letters.classifiers import load_classifier
from ocr.letters.classifiers.base import softmax
from ocr.weights import Metadata
from training.networks.numpy_mlp import cross_entropy_and_accuracy, forward
from training.recipes.mlp import (
    MlpDescent,
    MlpLearner,
    PhotoRecipe,
    Recipe,
    main,
    mlp_logits,
    new_network,
    save,
    train,
)
from training.recipes.trainer import Plan, Run, run_through


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


def strokes(count, seed=0):
    """Glyphs of an upright stroke, a level one, or a cross of both."""
    labels = np.random.default_rng(seed).integers(3, size=count)
    images = np.full((count, 32, 32), 255, np.uint8)
    for image, label in zip(images, labels, strict=True):
        if label != 1:
            image[3:29, 14:18] = 0
        if label != 0:
            image[14:18, 3:29] = 0
    return images, labels


def test_it_learns_glyphs_that_are_changed_and_keeps_them_in_16_bits(tmp_path):
    recipe = PhotoRecipe(hidden=12, batch=8, rate=0.05, epochs=6)
    network = new_network(1024, recipe.hidden, 3, np.random.default_rng(0))
    learner = MlpLearner(network, strokes(160), strokes(60, 1), recipe)
    run = run_through(learner, Plan(recipe.epochs, recipe.epochs, 0), Run(), {}).run
    assert run.history[-1]["loss"] < 0.7 * run.history[0]["loss"]
    assert run.history[-1]["valid %"] > 80
    about = Metadata("small", "mlp", {}, ("a", "b", "c"), "test", ())
    save(tmp_path / "small.npz", network, about)
    images, _ = strokes(60, 1)
    read = load_classifier(tmp_path / "small.npz").predict_proba(images.astype(np.float32) / 255)
    np.testing.assert_allclose(read, softmax(mlp_logits(network, images)), atol=0.01)


def test_a_state_comes_back_as_it_was():
    images, labels = strokes(8)
    one, two = (MlpDescent(new_network(1024, 4, 3, np.random.default_rng(k)), 0.1) for k in (0, 1))
    one.step(images, labels, labels, lambda glyphs: glyphs, 1.0)
    two.restore(one.state())
    for descent in (one, two):
        descent.step(images, labels, labels, lambda glyphs: glyphs, 1.0)
    for name, value in one.weights().items():
        np.testing.assert_array_equal(two.weights()[name], value)


@pytest.mark.data
@pytest.mark.skipif("OCR_DATA" not in os.environ, reason="needs the data sets: set OCR_DATA")
def test_the_command_writes_a_classifier(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("OCR_CACHE", str(tmp_path / "cache"))
    main(["--quick", "--out", str(tmp_path / "out")])
    classifier = load_classifier(tmp_path / "out" / "nist36-mlp.npz")
    assert len(classifier.charset) == 36
    assert classifier.metadata.epochs == 2
    assert "NIST36, test" in capsys.readouterr().out

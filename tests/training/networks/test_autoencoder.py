import numpy as np
import pytest

from training.networks.autoencoder import (
    Recipe,
    mean_psnr,
    parameters,
    reconstruct,
    squared_error_delta,
    train,
)
from training.networks.numpy_mlp import backward, forward, gradient_error, numerical_gradients


def test_gradients_of_the_squared_error_pass_the_checker():
    rng = np.random.default_rng(0)
    x = rng.random((6, 9))
    network = train(x, Recipe(hidden=4, epochs=0, seed=1))
    values = forward(network, x)
    ours = backward(network, values, squared_error_delta(network, values[-1], x))
    checked = numerical_gradients(
        network, lambda: float(((reconstruct(network, x) - x) ** 2).sum())
    )
    assert gradient_error(ours, checked) < 1e-4
    ours[1][0][0, 0] += 1
    assert gradient_error(ours, checked) > 1e-4


def test_squared_error_refuses_softmax():
    network = train(np.ones((2, 3)), Recipe(hidden=2, epochs=0))
    network[-1].activation = "softmax"
    with pytest.raises(ValueError, match="softmax"):
        squared_error_delta(network, np.ones((2, 3)), np.ones((2, 3)))


def test_layers_are_the_courses():
    network = train(np.zeros((1, 1024)), Recipe(epochs=0))
    assert [layer.weight.shape for layer in network] == [(1024, 32), (32, 32), (32, 32), (32, 1024)]
    assert [layer.activation for layer in network] == ["relu", "relu", "relu", "sigmoid"]
    assert parameters(network) == 1024 * 32 + 32 + 2 * (32 * 32 + 32) + 32 * 1024 + 1024


def test_training_draws_a_few_pictures_again():
    patterns = np.random.default_rng(0).integers(0, 2, (3, 16)).astype(float)
    x = patterns[np.arange(60) % 3]
    losses = []
    recipe = Recipe(hidden=8, batch=6, rate=0.005, epochs=150)
    network = train(x, recipe, lambda net, epoch, loss: losses.append(loss))
    assert len(losses) == 150
    assert losses[-1] < 0.1 * losses[0]
    assert np.abs(reconstruct(network, x) - x).max() < 0.5


def test_psnr_of_known_errors():
    x = np.zeros((2, 4))
    assert mean_psnr(x, x + 0.1) == pytest.approx(20)
    assert mean_psnr(x, np.stack([x[0] + 0.1, x[1] + 1.0])) == pytest.approx(10)

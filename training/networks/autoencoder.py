"""An autoencoder of glyphs with the network from scratch: 1024-32-32-32-1024.

Three layers of 32 relu units squeeze a 32x32 picture, a sigmoid layer draws it again. The loss is
the squared error summed over pixels and batch, learned with momentum (the course's settings).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from training.networks.numpy_mlp import (
    ACTIVATIONS,
    Array,
    Layer,
    backward,
    forward,
    random_batches,
    update,
    xavier_layer,
)

RATE_FALL = 0.9  # every `RATE_EPOCHS` epochs the rate is multiplied by this
RATE_EPOCHS = 20  # see `RATE_FALL`


@dataclass(frozen=True)
class Recipe:
    """Settings of the training; the defaults are the course's."""

    hidden: int = 32
    batch: int = 36
    rate: float = 3e-5  # on the sum over a batch
    momentum: float = 0.9
    epochs: int = 100
    seed: int = 0


def train(
    x: Array,
    recipe: Recipe,
    after_epoch: Callable[[list[Layer], int, float], None] | None = None,
) -> list[Layer]:
    """Train the autoencoder on rows `x` (N, D) in [0, 1].

    `after_epoch(network, epoch, loss)` sees the mean squared error, summed over the pixels of a
    picture, of the epoch's batches. Everything random comes from ``recipe.seed``.
    """
    rng = np.random.default_rng(recipe.seed)
    sizes = [x.shape[1], *[recipe.hidden] * 3, x.shape[1]]
    network = [xavier_layer(a, b, rng, "relu") for a, b in pairwise(sizes)]
    network[-1].activation = "sigmoid"
    velocity = None
    rate = recipe.rate
    for epoch in range(1, recipe.epochs + 1):
        total = 0.0
        for rows, _ in random_batches(x, x, recipe.batch, rng):
            values = forward(network, rows)
            total += float(((values[-1] - rows) ** 2).sum())
            gradients = backward(network, values, squared_error_delta(network, values[-1], rows))
            velocity = update(network, gradients, rate, recipe.momentum, velocity)
        if epoch % RATE_EPOCHS == 0:
            rate *= RATE_FALL
        if after_epoch is not None:
            after_epoch(network, epoch, total / len(x))
    return network


def squared_error_delta(network: list[Layer], drawn: Array, rows: Array) -> Array:
    """Derivative of the summed squared error by what enters the last activation."""
    _, slope = ACTIVATIONS[network[-1].activation]
    if slope is None:
        raise ValueError("softmax does not go with a squared error")
    return 2 * (drawn - rows) * slope(drawn)


def reconstruct(network: list[Layer], x: Array) -> Array:
    """Rows (N, D) drawn again."""
    return forward(network, x)[-1]


def mean_psnr(x: Array, drawn: Array) -> float:
    """Peak signal-to-noise ratio in dB of rows in [0, 1], the mean over the pictures."""
    error = np.maximum(((x - drawn) ** 2).mean(axis=1), np.finfo(np.float64).tiny)
    return float((-10 * np.log10(error)).mean())


def parameters(network: list[Layer]) -> int:
    """Number of weights and biases."""
    return sum(layer.weight.size + layer.bias.size for layer in network)

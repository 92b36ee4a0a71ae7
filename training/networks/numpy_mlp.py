"""A fully connected network from scratch in numpy: layers, loss, gradients, batches.

A network is a list of layers; everything else is a function on arrays. Rows are samples. Losses
and gradients are sums over the batch, not means, as in the course this follows, so a learning
rate is one for a batch size.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

EPSILON = 1e-6  # step of the central differences: between truncation and rounding error


@dataclass
class Layer:
    """``activation(x @ weight + bias)``; `weight` is (inputs, outputs), `bias` (outputs,)."""

    weight: Array
    bias: Array
    activation: str = "sigmoid"


def xavier_layer(
    inputs: int, outputs: int, rng: np.random.Generator, activation: str = "sigmoid"
) -> Layer:
    """A layer with uniform weights of variance ``2 / (inputs + outputs)`` and no bias.

    Glorot and Bengio 2010, "Understanding the difficulty of training deep feedforward neural
    networks", equation 16.
    """
    limit = np.sqrt(6.0 / (inputs + outputs))
    return Layer(rng.uniform(-limit, limit, (inputs, outputs)), np.zeros(outputs), activation)


def sigmoid(x: Array) -> Array:
    """``1 / (1 + exp(-x))`` without overflow for any x."""
    small = np.exp(-np.abs(x))  # never above 1
    return np.where(x >= 0, 1.0, small) / (1.0 + small)


def sigmoid_slope(y: Array) -> Array:
    """Derivative of the sigmoid, from its output."""
    return y * (1.0 - y)


def tanh(x: Array) -> Array:
    """Hyperbolic tangent."""
    return np.tanh(x)


def tanh_slope(y: Array) -> Array:
    """Derivative of the hyperbolic tangent, from its output."""
    return 1.0 - y * y


def relu(x: Array) -> Array:
    """``max(x, 0)``."""
    return np.maximum(x, 0.0)


def relu_slope(y: Array) -> Array:
    """Derivative of relu, from its output; 0 at 0."""
    return (y > 0).astype(np.float64)


def softmax(x: Array) -> Array:
    """Softmax of each row; subtracting the row's maximum first keeps it from overflowing."""
    exp = np.exp(x - x.max(axis=1, keepdims=True))
    return exp / exp.sum(axis=1, keepdims=True)


def linear(x: Array) -> Array:
    """`x` itself, for an output that is a value."""
    return x


def linear_slope(y: Array) -> Array:
    """Derivative of `linear`: 1."""
    return np.ones_like(y)


ACTIVATIONS: dict[str, tuple[Callable[[Array], Array], Callable[[Array], Array] | None]] = {
    "sigmoid": (sigmoid, sigmoid_slope),
    "tanh": (tanh, tanh_slope),
    "relu": (relu, relu_slope),
    "linear": (linear, linear_slope),
    "softmax": (softmax, None),  # its derivative is only used together with the cross-entropy
}


def forward(network: Sequence[Layer], x: Array) -> list[Array]:
    """The input and the output of every layer: ``len(network) + 1`` arrays of N rows."""
    values = [x]
    for layer in network:
        activation, _ = ACTIVATIONS[layer.activation]
        values.append(activation(values[-1] @ layer.weight + layer.bias))
    return values


def cross_entropy_and_accuracy(probabilities: Array, onehot: Array) -> tuple[float, float]:
    """Cross-entropy summed over the samples, in nats, and the share of rows read right.

    Parameters
    ----------
    probabilities, onehot : (N, K) arrays
        What the network says and the truth, a single 1 a row.
    """
    right = (probabilities * onehot).sum(axis=1)
    loss = -float(np.log(np.maximum(right, np.finfo(np.float64).tiny)).sum())
    hits = probabilities.argmax(axis=1) == onehot.argmax(axis=1)
    return loss, float(hits.mean())


def cross_entropy_delta(probabilities: Array, onehot: Array) -> Array:
    """Derivative of the summed cross-entropy of a softmax, by the softmax's input."""
    return probabilities - onehot


def backward(
    network: Sequence[Layer], values: Sequence[Array], delta: Array
) -> list[tuple[Array, Array]]:
    """Gradients of a loss by back-propagation (Rumelhart, Hinton and Williams 1986).

    Parameters
    ----------
    network : sequence of Layer
    values : list of arrays
        What `forward` returned.
    delta : (N, K) array
        Derivative of the loss by what enters the last layer's activation, such as
        `cross_entropy_delta` gives for a softmax.

    Returns
    -------
    list of (weight gradient, bias gradient)
        One pair a layer, of the shapes of its weight and bias.
    """
    gradients: list[tuple[Array, Array]] = []
    for k in range(len(network) - 1, -1, -1):
        gradients.append((values[k].T @ delta, delta.sum(axis=0)))
        if k:
            _, slope = ACTIVATIONS[network[k - 1].activation]
            if slope is None:
                raise ValueError(f"layer {k - 1}: softmax can only be the last activation")
            delta = (delta @ network[k].weight.T) * slope(values[k])
    return gradients[::-1]


def random_batches(
    x: Array, y: Array, size: int, rng: np.random.Generator
) -> Iterator[tuple[Array, Array]]:
    """Every sample once, in random order, `size` at a time; the last batch may be smaller."""
    order = rng.permutation(len(x))
    for start in range(0, len(x), size):
        chosen = order[start : start + size]
        yield x[chosen], y[chosen]


def update(
    network: Sequence[Layer],
    gradients: Sequence[tuple[Array, Array]],
    rate: float,
    momentum: float = 0.0,
    velocity: list[tuple[Array, Array]] | None = None,
) -> list[tuple[Array, Array]]:
    """One step of gradient descent, in place, with classical momentum (Polyak 1964).

    Returns the velocity, to be given back on the next step.
    """
    if velocity is None:
        velocity = [(np.zeros_like(w), np.zeros_like(b)) for w, b in gradients]
    for layer, (dw, db), (vw, vb) in zip(network, gradients, velocity, strict=True):
        vw *= momentum
        vw -= rate * dw
        vb *= momentum
        vb -= rate * db
        layer.weight += vw
        layer.bias += vb
    return velocity


def numerical_gradients(
    network: Sequence[Layer], loss: Callable[[], float]
) -> list[tuple[Array, Array]]:
    """Gradients of `loss()` by central differences, over every weight and bias."""
    gradients = []
    for layer in network:
        pair = []
        for values in (layer.weight, layer.bias):
            gradient = np.zeros_like(values)
            for place in np.ndindex(values.shape):
                kept = values[place]
                values[place] = kept + EPSILON
                above = loss()
                values[place] = kept - EPSILON
                below = loss()
                values[place] = kept
                gradient[place] = (above - below) / (2 * EPSILON)
            pair.append(gradient)
        gradients.append((pair[0], pair[1]))
    return gradients


def gradient_error(
    ours: Sequence[tuple[Array, Array]], checked: Sequence[tuple[Array, Array]]
) -> float:
    """Total relative difference: ``sum |a - b| / sum max(|a|, |b|)`` over all parameters."""
    difference = size = 0.0
    for mine, theirs in zip(ours, checked, strict=True):
        for a, b in zip(mine, theirs, strict=True):
            difference += float(np.abs(a - b).sum())
            size += float(np.maximum(np.abs(a), np.abs(b)).sum())
    return difference / max(size, float(np.finfo(np.float64).tiny))

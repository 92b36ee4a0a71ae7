"""The network from scratch, its gradients, the toy problem and the activations."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from training.course import plots
from training.course.report import Bench, Figure, Row
from training.networks.numpy_mlp import (
    ACTIVATIONS,
    Array,
    Layer,
    backward,
    cross_entropy_and_accuracy,
    cross_entropy_delta,
    forward,
    gradient_error,
    numerical_gradients,
    random_batches,
    update,
    xavier_layer,
)

HIDDEN = ("sigmoid", "tanh", "relu")
GRADIENT_LIMIT = 1e-4  # of the total relative error, the course's
TOY_CLASSES = (  # center and standard deviation of each class, across and up
    ((3.6, 40.0), (0.2, 3.2)),
    ((3.9, 10.0), (0.1, 2.2)),
    ((3.4, 30.0), (0.5, 2.2)),
    ((2.0, 10.0), (0.7, 3.2)),
)
TOY_ROWS = 10  # a class
TOY_HIDDEN, TOY_BATCH, TOY_RATE = 25, 5, 2e-3  # units, rows a batch, and the step
TOY_DRAWS = 5  # of points and weights: of so few points one draw says little
DEPTH = 20  # layers through which a gradient is sent back
WIDTH = 100  # units of each


def network_row(bench: Bench) -> Row:
    """Forward, loss and gradients of our network against torch's automatic ones."""
    import torch

    rng = np.random.default_rng(bench.seed)
    worst: dict[str, float] = {}
    for hidden in HIDDEN:
        network = [
            xavier_layer(30, 20, rng, hidden),
            xavier_layer(20, 15, rng, hidden),
            xavier_layer(15, 10, rng, "softmax"),
        ]
        x, onehot = rng.normal(size=(40, 30)), np.eye(10)[rng.integers(10, size=40)]
        values = forward(network, x)
        ours = backward(network, values, cross_entropy_delta(values[-1], onehot))
        tensors = [
            tuple(torch.tensor(part).requires_grad_() for part in (layer.weight, layer.bias))
            for layer in network
        ]
        rows = torch.tensor(x)
        for weight, bias in tensors[:-1]:
            rows = getattr(torch, hidden)(rows @ weight + bias)
        logits = rows @ tensors[-1][0] + tensors[-1][1]
        truth = torch.tensor(onehot.argmax(axis=1))
        loss = torch.nn.functional.cross_entropy(logits, truth, reduction="sum")
        loss.backward()
        mine = cross_entropy_and_accuracy(values[-1], onehot)[0]
        worst[f"{hidden}: loss"] = abs(mine - loss.item())
        worst[f"{hidden}: gradients"] = max(
            float(np.abs(part - tensor.grad.numpy()).max())
            for pair, both in zip(ours, tensors, strict=True)
            for part, tensor in zip(pair, both, strict=True)
        )
    plots.save(
        plots.bars(
            {name: max(value, 1e-17) for name, value in worst.items()},
            "largest difference from torch",
            log=True,
        ),
        bench.path("network.png"),
    )
    return Row(
        (
            Figure(
                "largest difference of loss or gradient from torch's autograd, "
                "two hidden layers of sigmoid, tanh or relu",
                f"{max(worst.values()):.1e} (asked: under 1e-6)",
            ),
        ),
        (("network.png", "Largest difference from torch in double precision."),),
    )


def gradient_row(bench: Bench) -> Row:
    """Central differences over every weight and bias, ours right and with a mistake planted."""
    rng = np.random.default_rng(bench.seed)
    figures, right, planted = [], {}, {}
    for hidden in HIDDEN:
        network = toy_network(rng, hidden)
        x, onehot = toy_data(rng)
        x = (x - x.mean(axis=0)) / x.std(axis=0)  # or every unit is saturated
        checked = numerical_gradients(network, lambda: _loss(network, x, onehot))  # noqa: B023
        values = forward(network, x)
        delta = cross_entropy_delta(values[-1], onehot)
        ours = backward(network, values, delta)
        right[f"{hidden}, as it is"] = gradient_error(ours, checked)
        figures.append(
            Figure(
                f"total relative error, {hidden} units, {_parameters(network)} weights and biases",
                f"{right[f'{hidden}, as it is']:.1e}",
                f"under {GRADIENT_LIMIT:.0e}",
            )
        )
        if hidden == "sigmoid":
            planted = {
                name: gradient_error(wrong, checked)
                for name, wrong in planted_mistakes(network, values, delta).items()
            }
    figures += [
        Figure(
            f"mistake planted: {name}",
            f"{error:.1e}, " + ("found" if error > GRADIENT_LIMIT else "NOT found"),
        )
        for name, error in planted.items()
    ]
    plots.save(
        plots.bars(
            right | planted,
            f"total relative error; dashed: the limit, {GRADIENT_LIMIT:.0e}",
            log=True,
            limit=GRADIENT_LIMIT,
        ),
        bench.path("gradient-check.png"),
    )
    return Row(
        tuple(figures),
        (("gradient-check.png", "Three right gradients, and three with a mistake planted."),),
    )


def planted_mistakes(
    network: list[Layer], values: list[Array], delta: Array
) -> dict[str, list[tuple[Array, Array]]]:
    """Gradients that are wrong in the ways people get them wrong, by what is wrong."""
    ours = backward(network, values, delta)
    unbent = [Layer(layer.weight, layer.bias, "linear") for layer in network[:-1]]
    bias_mean = [(dw, db / len(delta)) for dw, db in ours]
    one = [(dw.copy(), db) for dw, db in ours]
    weights = one[0][0].ravel()
    middle = np.argsort(np.abs(weights))[len(weights) // 2]
    weights[middle] *= -1
    return {
        "slope of the sigmoid left out": backward([*unbent, network[-1]], values, delta),
        "mean for the sum over the batch, biases": bias_mean,
        "sign of one weight of median gradient": one,
    }


def toy_row(bench: Bench) -> Row:
    """A few Gaussian classes of ten points each, 500 iterations, several draws."""
    losses, accuracies = [], []
    iterations = bench.size(500, 20)
    for draw in range(TOY_DRAWS):
        rng = np.random.default_rng((bench.seed, draw))
        x, onehot = toy_data(rng)
        network = toy_network(rng, "sigmoid")
        history = []
        for _ in range(iterations):
            total = right = 0.0
            for rows, truth in random_batches(x, onehot, TOY_BATCH, rng):
                values = forward(network, rows)
                loss, accuracy = cross_entropy_and_accuracy(values[-1], truth)
                total, right = total + loss, right + accuracy * len(rows)
                delta = cross_entropy_delta(values[-1], truth)
                update(network, backward(network, values, delta), TOY_RATE)
            history.append(total)
        losses.append(history[-1])
        accuracies.append(right / len(x))
        bench.tell((draw + 1) / TOY_DRAWS, f"draw {draw + 1} loss {history[-1]:.1f}")
        if draw == 0:
            _draw_toy(bench, network, x, onehot, history)
    return Row(
        (
            Figure(
                f"loss after {iterations} iterations, summed over {len(x)} points, largest of "
                f"{TOY_DRAWS} draws",
                f"{max(losses):.1f}",
                "under 35",
            ),
            Figure(
                f"points right, fewest of {TOY_DRAWS} draws",
                f"{100 * min(accuracies):.1f} %",
                "over 75 %",
            ),
        ),
        (
            (
                "toy.png",
                "The first draw: its points, the class the network sees at each place, and the "
                "loss; dashed 35.",
            ),
        ),
    )


def activations_row(bench: Bench) -> Row:
    """Sigmoid, tanh, relu, their derivatives, and the gradient left after many layers."""
    rng = np.random.default_rng(bench.seed)
    left = {
        name: np.mean([gradient_left(name, DEPTH, rng) for _ in range(bench.size(10, 2))], axis=0)
        for name in HIDDEN
    }
    x = np.linspace(-5, 5, 201, dtype=np.float64)
    made = plots.figure(1, 3, width=3.4, height=2.9)
    for name, color in zip(HIDDEN, plots.SERIES, strict=False):
        activation, slope = ACTIVATIONS[name]
        y = activation(x)
        assert slope is not None
        made.axes[0].plot(x, y, color=color, label=name)
        made.axes[1].plot(x, slope(y), color=color)
        made.axes[2].plot(np.arange(DEPTH + 1), left[name], color=color)
    for axes, title in zip(
        made.axes, ("activation", "derivative", "gradient left after n layers"), strict=True
    ):
        axes.set_title(title, fontsize=10)
        axes.grid(alpha=0.25)
    made.axes[0].set_ylim(-1.2, 3)
    made.axes[0].legend(fontsize=8, frameon=False)
    made.axes[2].set_yscale("log")
    made.axes[2].set_xlabel("layers", fontsize=9)
    plots.save(made, bench.path("activations.png"))
    return Row(
        tuple(
            Figure(
                f"share of the gradient left after {DEPTH} layers, {name}", f"{left[name][-1]:.1e}"
            )
            for name in HIDDEN
        ),
        (
            (
                "activations.png",
                f"Root mean square of the gradient sent back through {DEPTH} layers of {WIDTH} "
                "units with Xavier's weights.",
            ),
        ),
        (
            "The sigmoid's derivative is a quarter at most, so each layer takes three quarters of "
            "the gradient or more, and the first layers of a deep network hardly learn; tanh "
            "keeps most of it; relu loses half of the units, and Xavier's variance does not make "
            "up for that (He's, twice as large, does).",
        ),
    )


def gradient_left(hidden: str, depth: int, rng: np.random.Generator) -> Array:
    """Root mean square of a gradient after 0 to `depth` layers backwards, beside the first."""
    network = [xavier_layer(WIDTH, WIDTH, rng, hidden) for _ in range(depth + 1)]
    values = forward(network, rng.normal(size=(50, WIDTH)))
    delta = rng.normal(size=(50, WIDTH))
    sizes = []
    for layer, value in zip(network[::-1], values[-2::-1], strict=True):
        sizes.append(float(np.sqrt((delta**2).mean())))
        _, slope = ACTIVATIONS[hidden]
        assert slope is not None
        delta = (delta @ layer.weight.T) * slope(value)
    return np.array(sizes) / sizes[0]


def toy_data(rng: np.random.Generator) -> tuple[Array, Array]:
    """Points (N, 2) of a few Gaussian classes and their one-hot truth."""
    parts = [rng.normal(center, spread, (TOY_ROWS, 2)) for center, spread in TOY_CLASSES]
    return np.concatenate(parts), np.repeat(np.eye(len(TOY_CLASSES)), TOY_ROWS, axis=0)


def toy_network(rng: np.random.Generator, hidden: str) -> list[Layer]:
    """Two inputs, one hidden layer, a class each."""
    return [
        xavier_layer(2, TOY_HIDDEN, rng, hidden),
        xavier_layer(TOY_HIDDEN, len(TOY_CLASSES), rng, "softmax"),
    ]


def _draw_toy(
    bench: Bench, network: list[Layer], x: Array, onehot: Array, losses: Sequence[float]
) -> None:
    made = plots.figure(1, 2)
    left, right = made.axes
    margin = np.array([0.5, 4.0])
    low, high = x.min(axis=0) - margin, x.max(axis=0) + margin
    across, up = np.meshgrid(np.linspace(low[0], high[0], 160), np.linspace(low[1], high[1], 160))
    seen = forward(network, np.column_stack([across.ravel(), up.ravel()]))[-1].argmax(axis=1)
    colors = plots.SERIES[: len(TOY_CLASSES)]
    levels = np.arange(len(TOY_CLASSES) + 1) - 0.5
    left.contourf(across, up, seen.reshape(across.shape), levels, colors=colors, alpha=0.2)
    for number, color in enumerate(colors):
        mine = x[onehot[:, number] == 1]
        left.scatter(mine[:, 0], mine[:, 1], s=14, color=color)
    right.plot(np.arange(1, len(losses) + 1), losses, color=plots.BLUE)
    right.axhline(35, color=plots.GREY, linestyle="--", linewidth=1)
    right.set_xlabel("iteration", fontsize=9)
    right.set_ylabel("loss, summed", fontsize=9)
    right.set_ylim(bottom=0)
    plots.save(made, bench.path("toy.png"))


def _loss(network: list[Layer], x: Array, onehot: Array) -> float:
    return cross_entropy_and_accuracy(forward(network, x)[-1], onehot)[0]


def _parameters(network: list[Layer]) -> int:
    return sum(layer.weight.size + layer.bias.size for layer in network)

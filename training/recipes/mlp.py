"""Train the course's classifier: `python -m training.recipes.mlp`.

One hidden layer of sigmoid units on the NIST36 files, with the network from scratch
(`training.networks.numpy_mlp`).

The weight file is for reading, so it learns glyphs as `ocr.letters.glyphs.normalize_glyph` makes
them, and as photos of any pen show them (`training.synthesis.augment`). `--raw` trains as the
course does, with the settings of a published write-up (64 units, batches of 8, rate 0.01, 50
epochs) on the files' own 32x32 pictures, and prints the figure to set beside the published ones,
without writing a file.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from ocr.letters.classifiers import load_classifier
from ocr.letters.glyphs import NORMALIZATION
from ocr.weights import Metadata, read_metadata
from training.commands import run
from training.data.datasets import NIST36_CHARSET, data_dir, load_nist36
from training.data.glyphs import CHARSET, nist36_glyphs
from training.networks.numpy_mlp import (
    Array,
    Layer,
    backward,
    cross_entropy_and_accuracy,
    cross_entropy_delta,
    forward,
    random_batches,
    update,
    xavier_layer,
)
from training.recipes import weight_files
from training.recipes.descent import State
from training.recipes.progress import Bar
from training.recipes.temperature import fit_temperature
from training.recipes.trainer import DescentLearner, Plan, Run, run_through
from training.synthesis.augment import Augment

QUICK_ROWS = 500  # of the training file, with --quick
HIDDEN = 256  # units of the hidden layer of a network that reads photos


@dataclass(frozen=True)
class Recipe:
    """Settings of the course's training; the defaults are the published ones."""

    hidden: int = 64
    batch: int = 8
    rate: float = 0.01  # on the sum over a batch
    epochs: int = 50
    seed: int = 0


@dataclass(frozen=True)
class PhotoRecipe:
    """Settings of the training for reading, chosen on NIST36 valid."""

    hidden: int = HIDDEN
    batch: int = 32
    rate: float = 0.01  # on the sum over a batch, the highest
    epochs: int = 50
    gentlest: float = -0.5  # see `training.synthesis.augment.Augment`
    seed: int = 0


def new_network(inputs: int, hidden: int, classes: int, rng: np.random.Generator) -> list[Layer]:
    """An untrained network of one hidden layer."""
    return [
        xavier_layer(inputs, hidden, rng, "sigmoid"),
        xavier_layer(hidden, classes, rng, "softmax"),
    ]


def train(
    x: Array,
    onehot: Array,
    recipe: Recipe,
    after_epoch: Callable[[list[Layer], int, float, float], None] = lambda *_: None,
) -> list[Layer]:
    """Train as the course does on rows `x` (N, D) with truth `onehot` (N, K): a constant rate.

    `after_epoch(network, epoch, loss, accuracy)` sees the mean loss a sample and the accuracy over
    the epoch's batches. Everything random comes from ``recipe.seed``.
    """
    rng = np.random.default_rng(recipe.seed)
    network = new_network(x.shape[1], recipe.hidden, onehot.shape[1], rng)
    for epoch in range(1, recipe.epochs + 1):
        total = right = 0.0
        for rows, truth in random_batches(x, onehot, recipe.batch, rng):
            values = forward(network, rows)
            loss, accuracy = cross_entropy_and_accuracy(values[-1], truth)
            total += loss
            right += accuracy * len(rows)
            delta = cross_entropy_delta(values[-1], truth)
            update(network, backward(network, values, delta), recipe.rate)
        after_epoch(network, epoch, total / len(x), right / len(x))
    return network


class MlpDescent:
    """The numpy network as `training.recipes.descent.Descent` has those of torch.

    Where a label does not tell the case, the truth is shared by the two cases as the network itself
    divides them, which is the gradient of "one of both".
    """

    def __init__(self, network: list[Layer], rate: float) -> None:
        self.network, self.rate = network, rate

    def step(
        self, glyphs: NDArray[np.uint8], labels: NDArray[np.int64], others: NDArray[np.int64],
        augment: Callable[[torch.Tensor], torch.Tensor], rate: float,
    ) -> float:  # fmt: skip
        """Learn from (N, 32, 32) glyphs at a share `rate` of the rate; the mean loss, or NaN."""
        changed = augment(torch.from_numpy(glyphs)[:, None].float() / 255)
        outputs = forward(self.network, changed.numpy().reshape(len(glyphs), -1).astype(np.float64))
        probabilities = outputs[-1]
        if not np.isfinite(probabilities).all():
            return float("nan")
        truth = shared_truth(probabilities, labels, others)
        right = np.where(truth > 0, probabilities, 0).sum(axis=1)
        gradients = backward(self.network, outputs, probabilities - truth)
        update(self.network, gradients, self.rate * rate)
        return float(-np.log(np.maximum(right, 1e-300)).mean())

    def state(self) -> State:
        """Copies of everything that steps change."""
        return self.weights()

    def restore(self, state: State) -> None:
        """Restore what `state` returned."""
        for number, layer in enumerate(self.network, start=1):
            layer.weight, layer.bias = state[f"W{number}"].copy(), state[f"b{number}"].copy()

    def weights(self) -> State:
        """Copies of the weights."""
        return {name: value.copy() for name, value in arrays_of(self.network).items()}


def arrays_of(network: Sequence[Layer]) -> State:
    """The network's arrays by the names that they have in a weight file."""
    arrays: State = {}
    for number, layer in enumerate(network, start=1):
        arrays[f"W{number}"], arrays[f"b{number}"] = layer.weight, layer.bias
    return arrays


def save(path: Path, network: Sequence[Layer], metadata: Metadata) -> None:
    """Write the network as `.npz`, in 16 bits."""
    arrays = {name: value.astype(np.float16) for name, value in arrays_of(network).items()}
    weight_files.save_npz(path, arrays, metadata)


def load(path: Path) -> list[Layer]:
    """The network of a weight file, to train on.

    Raises
    ------
    ModelError
        It is missing, damaged, or no classifier.
    """
    load_classifier(path)  # checks the file
    with np.load(path, allow_pickle=False) as data:
        count = sum(name.startswith("W") for name in data.files)
        return [
            Layer(
                data[f"W{k}"].astype(np.float64),
                data[f"b{k}"].astype(np.float64),
                "softmax" if k == count else "sigmoid",
            )
            for k in range(1, count + 1)
        ]


def as_rows(images: NDArray[np.uint8]) -> Array:
    """Glyphs (N, 32, 32) uint8 as rows (N, 1024), paper 1 and ink 0."""
    return images.reshape(len(images), -1).astype(np.float64) / 255


def shared_truth(
    probabilities: Array, labels: NDArray[np.int64], others: NDArray[np.int64]
) -> Array:
    """One-hot rows; where a sample may be two classes, its row is divided as they are likely."""
    truth = np.zeros_like(probabilities)
    rows = np.arange(len(labels))
    one, two = probabilities[rows, labels], probabilities[rows, others]
    share = np.where(labels == others, 1.0, one / np.maximum(one + two, 1e-300))
    truth[rows, others] = 1 - share
    truth[rows, labels] = share
    return truth


def mlp_logits(network: list[Layer], images: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Logits (N, K) of glyphs (N, 32, 32)."""
    hidden, last = forward(network[:-1], as_rows(images))[-1], network[-1]
    return (hidden @ last.weight + last.bias).astype(np.float32)


Glyphs = tuple[NDArray[np.uint8], NDArray[np.int64]]


class MlpLearner(DescentLearner):
    """Trains on NIST36; see `training.recipes.trainer.Learner`."""

    def __init__(self, network: list[Layer], train: Glyphs, valid: Glyphs, recipe: PhotoRecipe):
        self.descent: MlpDescent = MlpDescent(network, recipe.rate)
        self.train, self.valid, self.recipe = train, valid, recipe
        self.epochs = 0

    def batches(self, rng: np.random.Generator) -> list[NDArray[np.int64]]:
        order = rng.permutation(len(self.train[1]))
        starts = range(0, len(order), self.recipe.batch)
        return [order[start : start + self.recipe.batch] for start in starts]

    def step(self, batch: NDArray[np.int64], rng: np.random.Generator, rate: float) -> float:
        images, labels = self.train[0][batch], self.train[1][batch]
        augment = Augment(int(rng.integers(2**62)), self.recipe.gentlest)
        return self.descent.step(images, labels, labels, augment, rate)

    def measure(self) -> dict[str, float]:
        self.epochs += 1
        valid = accuracy_of(self.descent.network, self.valid)
        return {"valid %": 100 * valid, "score": float(self.epochs)}  # the last is kept


def accuracy_of(network: list[Layer], glyphs: Glyphs) -> float:
    """Share of glyphs read right."""
    return float((mlp_logits(network, glyphs[0]).argmax(axis=1) == glyphs[1]).mean())


def glyphs_of(data: Path, split: str) -> Glyphs:
    """NIST36 as normalized glyphs and their places in its charset."""
    glyphs = nist36_glyphs(data, split)
    signs = np.array(CHARSET)[glyphs.labels]
    return glyphs.images, np.array([NIST36_CHARSET.index(sign) for sign in signs])


def raw_rows(data: Path, split: str) -> tuple[Array, Array]:
    """The files' own pictures as (N, 1024) rows, paper 1 and ink 0, and (N, 36) one-hot truth."""
    characters = load_nist36(data / "chars" / f"nist36_{split}.mat")
    numbers = [NIST36_CHARSET.index(sign) for sign in characters.labels]
    rows = characters.images.reshape(len(characters.images), -1).astype(np.float64)
    return rows, np.eye(len(NIST36_CHARSET))[numbers]


def train_raw(data: Path, recipe: Recipe) -> dict[str, float]:
    """The course's figure: accuracy in percent on the files' own pictures."""
    sets = {name: raw_rows(data, name) for name in ("train", "valid", "test")}
    network = train(*sets["train"], recipe)
    return {
        f"NIST36, {name}, accuracy %": round(
            100 * cross_entropy_and_accuracy(forward(network, x)[-1], onehot)[1], 2
        )
        for name, (x, onehot) in sets.items()
    }


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="python -m training.recipes.mlp", description=__doc__)
    parser.add_argument("--data", type=Path, help="folder of the data sets, else $OCR_DATA")
    parser.add_argument("--out", type=Path, default=Path("models"), help="folder of the weights")
    parser.add_argument("--hidden", type=int, default=PhotoRecipe.hidden)
    parser.add_argument("--batch", type=int, default=PhotoRecipe.batch)
    parser.add_argument("--rate", type=float, default=PhotoRecipe.rate)
    parser.add_argument("--epochs", type=int, default=PhotoRecipe.epochs)
    parser.add_argument(
        "--gentlest",
        type=float,
        default=PhotoRecipe.gentlest,
        help="see training.synthesis.augment",
    )
    parser.add_argument("--seed", type=int, default=PhotoRecipe.seed)
    parser.add_argument(
        "--from", dest="start", type=Path, metavar="FILE", help=".npz to go on from"
    )
    parser.add_argument("--raw", action="store_true", help="the course's figure; writes nothing")
    parser.add_argument("--quick", action="store_true", help="two small epochs, to try the command")
    options = parser.parse_args(arguments)
    data = data_dir(options.data)
    torch.set_num_threads(1)
    if options.raw:
        print(train_raw(data, Recipe(seed=options.seed)), flush=True)
        return
    recipe = PhotoRecipe(
        options.hidden, options.batch, options.rate, options.epochs, options.gentlest, options.seed
    )
    sets = {name: glyphs_of(data, name) for name in ("train", "valid", "test")}
    if options.quick:
        recipe = replace(recipe, epochs=2)
        images, labels = sets["train"]
        sets["train"] = images[::20][:QUICK_ROWS], labels[::20][:QUICK_ROWS]
    rng = np.random.default_rng(recipe.seed)
    network = new_network(sets["train"][0][0].size, recipe.hidden, len(NIST36_CHARSET), rng)
    before = 0.0
    if options.start is not None:
        network, before = load(options.start), read_metadata(options.start).epochs
    learner = MlpLearner(network, sets["train"], sets["valid"], recipe)
    run_through(learner, Plan(recipe.epochs, recipe.epochs, recipe.seed), Run(), {}, progress=Bar())
    figures = {
        f"NIST36, {name}, accuracy %": round(100 * accuracy_of(network, part), 2)
        for name, part in sets.items()
    }
    print(figures, flush=True)
    metadata = Metadata(
        name="nist36-mlp",
        kind="mlp",
        architecture={
            "name": "mlp",
            "arguments": {
                "inputs": 1024,
                "hidden": [len(layer.bias) for layer in network[:-1]],
                "activation": "sigmoid",
            },
        },
        charset=NIST36_CHARSET,
        normalization=NORMALIZATION,
        data=(weight_files.NIST36,),
        temperature=fit_temperature(mlp_logits(network, sets["valid"][0]), sets["valid"][1]),
        seed=recipe.seed,
        epochs=before + recipe.epochs,
        figures=figures,
        command=f"python -m training.recipes.mlp --hidden {recipe.hidden} --batch {recipe.batch} "
        f"--rate {recipe.rate} --epochs {recipe.epochs} --gentlest {recipe.gentlest} "
        f"--seed {recipe.seed}{f' --from {options.start.name}' if options.start else ''}",
    )
    save(options.out / "nist36-mlp.npz", network, weight_files.dated(metadata))
    weight_files.update_checksums(options.out, "nist36-mlp.npz")


if __name__ == "__main__":
    run(main)

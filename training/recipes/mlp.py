"""Train the course's classifier: `python -m training.recipes.mlp`.

One hidden layer of 64 sigmoid units on the NIST36 files, with the network from scratch
(`training.networks.numpy_mlp`) and the settings of a published write-up: batches of 8, rate 0.01,
50 epochs.

The weight file is for reading, so it is trained on glyphs as `ocr.letters.glyphs.normalize_glyph`
makes them. `--raw` trains on the files' own 32x32 pictures, as the course does, and prints the
figure to set beside the published ones, without writing a file.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ocr.letters.glyphs import NORMALISATION
from ocr.weights import Metadata
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

QUICK_ROWS = 500  # of the training file, with --quick


@dataclass(frozen=True)
class Recipe:
    """Settings of the training; the defaults are the published ones."""

    hidden: int = 64
    batch: int = 8
    rate: float = 0.01  # on the sum over a batch
    epochs: int = 50
    seed: int = 0


def train(
    x: Array,
    onehot: Array,
    recipe: Recipe,
    after_epoch: Callable[[list[Layer], int, float, float], None] | None = None,
) -> list[Layer]:
    """Train the network on rows `x` (N, D) with truth `onehot` (N, K).

    `after_epoch(network, epoch, loss, accuracy)` sees the mean loss a sample and the accuracy over
    the epoch's batches. Everything random comes from ``recipe.seed``.
    """
    rng = np.random.default_rng(recipe.seed)
    network = [
        xavier_layer(x.shape[1], recipe.hidden, rng, "sigmoid"),
        xavier_layer(recipe.hidden, onehot.shape[1], rng, "softmax"),
    ]
    for epoch in range(1, recipe.epochs + 1):
        total = right = 0.0
        for rows, truth in random_batches(x, onehot, recipe.batch, rng):
            values = forward(network, rows)
            loss, accuracy = cross_entropy_and_accuracy(values[-1], truth)
            total += loss
            right += accuracy * len(rows)
            delta = cross_entropy_delta(values[-1], truth)
            update(network, backward(network, values, delta), recipe.rate)
        if after_epoch is not None:
            after_epoch(network, epoch, total / len(x), right / len(x))
    return network


def rows_of(data: Path, split: str, *, raw: bool) -> tuple[Array, Array]:
    """NIST36 as (N, 1024) rows, paper 1 and ink 0, row by row, and (N, 36) one-hot truth."""
    path = data / "chars" / f"nist36_{split}.mat"
    if raw:
        characters = load_nist36(path)
        images: NDArray[np.generic] = characters.images
        signs = characters.labels
    else:
        glyphs = nist36_glyphs(data, split)
        images = glyphs.images.astype(np.float64) / 255
        signs = np.array(CHARSET)[glyphs.labels]
    numbers = [NIST36_CHARSET.index(sign) for sign in signs]
    return images.reshape(len(images), -1).astype(np.float64), np.eye(36)[numbers]


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="python -m training.recipes.mlp", description=__doc__)
    parser.add_argument("--data", type=Path, help="folder of the data sets, else $OCR_DATA")
    parser.add_argument("--out", type=Path, default=Path("models"), help="folder of the weights")
    parser.add_argument("--hidden", type=int, default=Recipe.hidden)
    parser.add_argument("--batch", type=int, default=Recipe.batch)
    parser.add_argument("--rate", type=float, default=Recipe.rate)
    parser.add_argument("--epochs", type=int, default=Recipe.epochs)
    parser.add_argument("--seed", type=int, default=Recipe.seed)
    parser.add_argument("--raw", action="store_true", help="the course's figure; writes nothing")
    parser.add_argument("--quick", action="store_true", help="two small epochs, to try the command")
    options = parser.parse_args(arguments)
    data = data_dir(options.data)
    epochs = 2 if options.quick else options.epochs
    recipe = Recipe(options.hidden, options.batch, options.rate, epochs, options.seed)
    sets = {name: rows_of(data, name, raw=options.raw) for name in ("train", "valid", "test")}
    if options.quick:
        sets["train"] = (sets["train"][0][::20][:QUICK_ROWS], sets["train"][1][::20][:QUICK_ROWS])

    def score(network: list[Layer], name: str) -> float:
        x, onehot = sets[name]
        return cross_entropy_and_accuracy(forward(network, x)[-1], onehot)[1]

    def after_epoch(network: list[Layer], epoch: int, loss: float, accuracy: float) -> None:
        print(
            f"epoch {epoch}/{recipe.epochs} loss {loss:.4f} train {100 * accuracy:.2f} % "
            f"valid {100 * score(network, 'valid'):.2f} %",
            flush=True,
        )

    network = train(*sets["train"], recipe, after_epoch)
    figures = {
        f"NIST36, {name}, accuracy %": round(100 * score(network, name), 2)
        for name in ("train", "valid", "test")
    }
    print(figures, flush=True)
    if options.raw:
        return
    metadata = Metadata(
        name="nist36-mlp",
        kind="mlp",
        architecture={
            "name": "mlp",
            "arguments": {"inputs": 1024, "hidden": [recipe.hidden], "activation": "sigmoid"},
        },
        charset=NIST36_CHARSET,
        normalisation=NORMALISATION,
        data=(weight_files.NIST36,),
        temperature=fitted_temperature(network, *sets["valid"]),
        seed=recipe.seed,
        epochs=recipe.epochs,
        figures=figures,
        command=f"python -m training.recipes.mlp --hidden {recipe.hidden} --batch {recipe.batch} "
        f"--rate {recipe.rate} --epochs {recipe.epochs} --seed {recipe.seed}",
    )
    arrays = {}
    for number, layer in enumerate(network, start=1):
        arrays[f"W{number}"] = layer.weight.astype(np.float32)
        arrays[f"b{number}"] = layer.bias.astype(np.float32)
    weight_files.save_npz(options.out / "nist36-mlp.npz", arrays, weight_files.dated(metadata))
    weight_files.update_checksums(options.out, "nist36-mlp.npz")


def fitted_temperature(network: list[Layer], x: Array, onehot: Array) -> float:
    """Temperature that makes the confidences on these rows fit."""
    from training.recipes.glyph_accuracy import fit_temperature

    hidden, last = forward(network[:-1], x)[-1], network[-1]
    logits = (hidden @ last.weight + last.bias).astype(np.float32)
    return fit_temperature(logits, onehot.argmax(axis=1))


if __name__ == "__main__":
    main()

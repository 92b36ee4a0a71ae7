"""Train the default glyph classifier: `python -m training.cnn`.

A small residual network (`ocr.classifiers.cnn.GlyphCnn`) learns 94 signs from hand-printed forms
(EMNIST, NIST36), pen strokes (UNIPEN) and handwriting fonts, under augmentation that imitates
crops of photos. A label that does not tell upper from lower case asks only that the two cases
together be likely: its loss is the negative log of the sum of both probabilities.
"""

from __future__ import annotations

import argparse
import math
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn
from torch.optim.swa_utils import AveragedModel

from ocr.classifiers import softmax
from ocr.classifiers.cnn import GlyphCnn
from ocr.glyphs import NORMALISATION
from ocr.weights import Metadata
from training import weight_files
from training.augment import Augment
from training.datasets import data_dir
from training.glyph_accuracy import (
    EMNIST_47,
    EMNIST_62,
    NIST_36,
    accuracy,
    expected_calibration_error,
    fit_temperature,
)
from training.glyphs import (
    CHARSET,
    GlyphSet,
    emnist_glyphs,
    font_glyphs,
    nist36_glyphs,
    unipen_glyphs,
)

SHARES = {"emnist": 0.56, "nist36": 0.04, "unipen": 0.28, "fonts": 0.12}  # of the drawn samples
CLASS_POWER = 0.5  # a class with n glyphs is drawn as often as n ** CLASS_POWER tells
SMOOTHING = 0.05  # of the labels: a few percent of them are wrong
AVERAGE = 0.998  # decay a step of the running mean of the weights, which is what is kept
WARM_UP = 0.05  # share of the steps over which the rate rises
CLIP = 1.0  # largest norm of a gradient


@dataclass(frozen=True)
class Recipe:
    """Everything that decides how the network comes out, besides the data."""

    widths: tuple[int, ...] = (32, 64, 128)
    dropout: float = 0.3
    epochs: int = 10
    samples: int = 200_000  # glyphs an epoch, drawn anew each time
    batch: int = 256
    rate: float = 3e-3
    decay: float = 0.02
    seed: int = 0


class Sampler:
    """Draws glyphs from several sets, each with its share, its rarer classes more often."""

    def __init__(self, sets: dict[str, GlyphSet], seed: int) -> None:
        self.images = np.concatenate([part.images for part in sets.values()])
        self.labels = np.concatenate([part.labels for part in sets.values()])
        self.cased = np.concatenate([part.cased for part in sets.values()])
        total = sum(SHARES[name] for name in sets)
        weights = []
        for name, part in sets.items():
            counts = np.bincount(part.labels, minlength=len(CHARSET))
            weight = counts[part.labels].astype(np.float64) ** (CLASS_POWER - 1)
            weights.append(weight / weight.sum() * SHARES[name] / total)
        self.weights = np.concatenate(weights)
        self.rng = np.random.default_rng(seed)

    def draw(self, count: int) -> NDArray[np.int64]:
        """Positions of `count` glyphs, with repetition."""
        return self.rng.choice(len(self.weights), size=count, p=self.weights)


def other_case(labels: NDArray[np.int64], cased: NDArray[np.bool_]) -> NDArray[np.int64]:
    """For each label the one of the other case, where the label does not tell; else itself."""
    swapped = np.array([CHARSET.index(sign.swapcase()) for sign in CHARSET])
    return np.where(cased, labels, swapped[labels])


def case_loss(logits: torch.Tensor, labels: torch.Tensor, others: torch.Tensor) -> torch.Tensor:
    """Smoothed cross-entropy against "this label or that one".

    Parameters
    ----------
    logits : (N, K) float tensor
    labels, others : (N,) int64 tensors
        The two characters that a sample may be; equal where it is known.
    """
    logs = nn.functional.log_softmax(logits.float(), dim=1)
    one = logs.gather(1, labels[:, None])[:, 0]
    two = logs.gather(1, others[:, None])[:, 0]
    known = labels == others
    right = torch.where(known, one, torch.logaddexp(one, two))
    return -((1 - SMOOTHING) * right + SMOOTHING * logs.mean(dim=1)).mean()


def rate_at(step: int, steps: int) -> float:
    """Share of the full rate: a linear rise, then half a cosine down to nothing."""
    rise = max(1, round(WARM_UP * steps))
    if step < rise:
        return (step + 1) / rise
    return 0.5 * (1 + math.cos(math.pi * (step - rise) / max(1, steps - rise)))


def running_mean(
    averaged: list[torch.Tensor], current: list[torch.Tensor], count: torch.Tensor | int
) -> None:
    """One step of the running mean of the weights, in place; it forgets faster at the start."""
    decay = min(AVERAGE, (1 + int(count)) / (10 + int(count)))
    for mean, value in zip(averaged, current, strict=True):
        if mean.is_floating_point():
            mean.lerp_(value, 1 - decay)
        else:
            mean.copy_(value)


def train(
    sets: dict[str, GlyphSet],
    recipe: Recipe,
    after_epoch: Callable[[GlyphCnn, int], None] | None = None,
) -> GlyphCnn:
    """Train the network; `after_epoch(network, epoch)` sees the averaged one after each epoch.

    Everything random comes from ``recipe.seed``.
    """
    torch.manual_seed(recipe.seed)
    network = GlyphCnn(len(CHARSET), recipe.widths, recipe.dropout)
    network.to(memory_format=torch.channels_last)
    average = AveragedModel(network, multi_avg_fn=running_mean, use_buffers=True)
    decayed = [p for p in network.parameters() if p.ndim > 1]
    plain = [p for p in network.parameters() if p.ndim <= 1]
    optimizer = torch.optim.AdamW(
        [{"params": decayed, "weight_decay": recipe.decay}, {"params": plain, "weight_decay": 0.0}],
        lr=recipe.rate,
    )
    steps = math.ceil(recipe.samples / recipe.batch)
    schedule = torch.optim.lr_scheduler.LambdaLR(
        optimizer, lambda step: rate_at(step, steps * recipe.epochs)
    )
    sampler = Sampler(sets, recipe.seed)
    others = other_case(sampler.labels, sampler.cased)
    augment = Augment(recipe.seed)
    began = time.monotonic()
    for epoch in range(1, recipe.epochs + 1):
        network.train()
        total = 0.0
        drawn = sampler.draw(steps * recipe.batch).reshape(steps, recipe.batch)
        for step, chosen in enumerate(drawn, start=1):
            glyphs = torch.from_numpy(sampler.images[chosen])[:, None].float() / 255
            glyphs = augment(glyphs).to(memory_format=torch.channels_last)
            with torch.autocast("cpu", torch.bfloat16):
                logits = network(glyphs)
            loss = case_loss(
                logits, torch.from_numpy(sampler.labels[chosen]), torch.from_numpy(others[chosen])
            )
            optimizer.zero_grad()
            loss.backward()
            nn.utils.clip_grad_norm_(network.parameters(), CLIP)
            optimizer.step()
            schedule.step()
            average.update_parameters(network)
            total += float(loss.detach())
            if step % 100 == 0 or step == steps:
                done = (epoch - 1) * steps + step
                rate = done * recipe.batch / (time.monotonic() - began)
                left = (steps * recipe.epochs - done) * recipe.batch / rate / 60
                print(
                    f"epoch {epoch}/{recipe.epochs} step {step}/{steps} loss {total / step:.4f} "
                    f"{rate:.0f} glyphs/s {left:.1f} min left",
                    flush=True,
                )
        if after_epoch is not None:
            after_epoch(average.module.eval(), epoch)
    return average.module.eval()


def network_logits(network: GlyphCnn, images: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Logits (N, K) of (N, 32, 32) uint8 glyphs."""
    rows = []
    with torch.inference_mode():
        for i in range(0, len(images), 512):
            glyphs = torch.from_numpy(images[i : i + 512])[:, None].float() / 255
            rows.append(network(glyphs).float().numpy())
    return np.concatenate(rows)


def measure(network: GlyphCnn, data: Path, split: str, temperature: float) -> dict[str, float]:
    """Accuracies and calibration on one split of EMNIST, NIST36 and UNIPEN, in percent."""
    emnist, nist, unipen = (
        make(data, split) for make in (emnist_glyphs, nist36_glyphs, unipen_glyphs)
    )
    signs = np.array(CHARSET)
    probabilities = {
        name: softmax(network_logits(network, part.images), temperature)
        for name, part in (("emnist", emnist), ("nist36", nist), ("unipen", unipen))
    }
    both = np.concatenate([probabilities["emnist"], probabilities["unipen"]])
    truth = signs[np.concatenate([emnist.labels, unipen.labels])]
    classes = {
        "EMNIST 62 classes": (probabilities["emnist"], emnist, {c: c for c in EMNIST_62}),
        "EMNIST 47 classes": (probabilities["emnist"], emnist, EMNIST_47),
        "NIST36": (probabilities["nist36"], nist, NIST_36),
        "UNIPEN 94 signs": (probabilities["unipen"], unipen, None),
    }
    figures = {}
    for name, (values, part, folding) in classes.items():
        over_samples, over_classes = accuracy(values, CHARSET, signs[part.labels], folding)
        figures[f"{name}, {split}, accuracy %"] = round(100 * over_samples, 2)
        figures[f"{name}, {split}, mean over classes %"] = round(100 * over_classes, 2)
    error = expected_calibration_error(both, CHARSET, truth)
    figures[f"EMNIST and UNIPEN, {split}, expected calibration error %"] = round(100 * error, 2)
    return figures


def calibrated(network: GlyphCnn, data: Path) -> float:
    """Temperature that fits EMNIST valid and UNIPEN valid together."""
    parts = [emnist_glyphs(data, "valid"), unipen_glyphs(data, "valid")]
    logits = np.concatenate([network_logits(network, part.images) for part in parts])
    return fit_temperature(logits, np.concatenate([part.labels for part in parts]))


def save(network: GlyphCnn, metadata: Metadata, out: Path) -> None:
    """Write both weight files and their checksums to a folder."""
    weight_files.save_safetensors(out / "glyphs.safetensors", network, metadata)
    weight_files.save_onnx(out / "glyphs.onnx", network, metadata)
    weight_files.update_checksums(out, "glyphs.safetensors", "glyphs.onnx")


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="python -m training.cnn", description=__doc__)
    parser.add_argument("--data", type=Path, help="folder of the data sets, else $OCR_DATA")
    parser.add_argument("--out", type=Path, default=Path("models"), help="folder of the weights")
    parser.add_argument("--epochs", type=int, default=Recipe.epochs)
    parser.add_argument("--samples", type=int, default=Recipe.samples, help="glyphs an epoch")
    parser.add_argument("--widths", type=int, nargs="+", default=list(Recipe.widths))
    parser.add_argument("--seed", type=int, default=Recipe.seed)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--quick", action="store_true", help="one tiny epoch, to try the command")
    options = parser.parse_args(arguments)
    data = data_dir(options.data)
    torch.set_num_threads(options.threads)
    recipe = Recipe(
        epochs=options.epochs,
        samples=options.samples,
        widths=tuple(options.widths),
        seed=options.seed,
    )
    if options.quick:
        recipe = replace(recipe, epochs=1, samples=2_000, widths=(8, 16, 16))
    sets = {
        "emnist": emnist_glyphs(data, "train"),
        "nist36": nist36_glyphs(data, "train"),
        "unipen": unipen_glyphs(data, "train", recipe.seed, renderings=2),
        "fonts": font_glyphs(data, recipe.seed),
    }
    print({name: len(part) for name, part in sets.items()}, flush=True)
    metadata = Metadata(
        name="glyphs",
        kind="cnn",
        architecture={
            "name": "GlyphCnn",
            "arguments": {
                "classes": len(CHARSET),
                "widths": list(recipe.widths),
                "dropout": recipe.dropout,
            },
        },
        charset=CHARSET,
        normalisation=NORMALISATION,
        data=(
            weight_files.EMNIST,
            weight_files.NIST36,
            weight_files.UNIPEN,
            weight_files.FONTS,
        ),
        seed=recipe.seed,
        command=f"python -m training.cnn --epochs {recipe.epochs} --samples {recipe.samples} "
        f"--widths {' '.join(map(str, recipe.widths))} --seed {recipe.seed}",
    )

    def after_epoch(network: GlyphCnn, epoch: int) -> None:
        temperature = calibrated(network, data)
        figures = measure(network, data, "valid", temperature)
        if epoch == recipe.epochs:
            figures |= measure(network, data, "test", temperature)
        print(f"epoch {epoch} temperature {temperature} {figures}", flush=True)
        described = replace(metadata, temperature=temperature, epochs=epoch, figures=figures)
        save(network, weight_files.dated(described), options.out)

    train(sets, recipe, after_epoch)


if __name__ == "__main__":
    main()

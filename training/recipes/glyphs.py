"""Train the default glyph classifier: `python -m training.recipes.glyphs`.

A small residual network (`ocr.letters.classifiers.cnn.GlyphCnn`) learns 94 signs from hand-printed
forms (EMNIST, NIST36), pen strokes (UNIPEN) and handwriting fonts, under augmentation that imitates
crops of photos. A label that does not tell upper from lower case asks only that the two cases
together be likely: its loss is the negative log of the sum of both probabilities.
"""

from __future__ import annotations

import argparse
import copy
import math
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn
from torch.optim.swa_utils import AveragedModel

from ocr.letters.classifiers import load_classifier
from ocr.letters.classifiers.base import softmax
from ocr.letters.classifiers.cnn import GlyphCnn, TorchClassifier
from ocr.letters.glyphs import NORMALISATION
from ocr.weights import Metadata
from training.data.datasets import data_dir
from training.data.glyphs import (
    CHARSET,
    GlyphSet,
    emnist_glyphs,
    font_glyphs,
    nist36_glyphs,
    unipen_glyphs,
)
from training.networks.precision import mixed_precision
from training.recipes import weight_files
from training.recipes.glyph_accuracy import (
    EMNIST_47,
    EMNIST_62,
    NIST_36,
    accuracy,
    expected_calibration_error,
    fit_temperature,
)
from training.synthesis.augment import Augment

SHARES = {"emnist": 0.56, "nist36": 0.04, "unipen": 0.28, "fonts": 0.12}  # of the drawn samples
SMOOTHING = 0.05  # of the labels: a few percent of them are wrong
AVERAGE = 0.998  # decay a step of the running mean of the weights, which is what is kept
WARM_UP = 0.05  # share of the steps over which the rate rises
CLIP = 1.0  # largest norm of a gradient


@dataclass(frozen=True)
class Phase:
    """A stretch of the training with a schedule of its own."""

    epochs: int
    rate: float  # the highest
    class_power: float  # a class with n glyphs is drawn as often as n ** class_power tells
    gentlest: float  # see `training.synthesis.augment.Augment`


LEARN = Phase(epochs=10, rate=3e-3, class_power=0.5, gentlest=1.0)
# Hard augmentation hides cues that real glyphs have: how thick a stroke is against its letter
# tells a small letter blown up from a capital, and how narrow it is tells 0 from O. So the
# training ends on glyphs that are changed less, a third of them not at all.
SETTLE = Phase(epochs=4, rate=1.5e-3, class_power=0.65, gentlest=-0.5)


@dataclass(frozen=True)
class Recipe:
    """Everything that decides how the network comes out, besides the data."""

    widths: tuple[int, ...] = (32, 64, 128)
    dropout: float = 0.3
    phases: tuple[Phase, ...] = (LEARN, SETTLE)
    samples: int = 200_000  # glyphs an epoch, drawn anew each time
    batch: int = 256
    decay: float = 0.02
    seed: int = 0


class Sampler:
    """Draws glyphs from several sets, each with its share, its rarer classes more often."""

    def __init__(self, sets: dict[str, GlyphSet], class_power: float, seed: int) -> None:
        self.images = np.concatenate([part.images for part in sets.values()])
        self.labels = np.concatenate([part.labels for part in sets.values()])
        self.cased = np.concatenate([part.cased for part in sets.values()])
        total = sum(SHARES[name] for name in sets)
        weights = []
        for name, part in sets.items():
            counts = np.bincount(part.labels, minlength=len(CHARSET))
            weight = counts[part.labels].astype(np.float64) ** (class_power - 1)
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
    start: GlyphCnn | None = None,
) -> GlyphCnn:
    """Train the network; `after_epoch(network, epoch)` sees the averaged one after each epoch.

    Every phase starts from the averaged weights of the one before, the first from `start` if it is
    given. Everything random comes from ``recipe.seed``.
    """
    torch.manual_seed(recipe.seed)
    network = start or GlyphCnn(len(CHARSET), recipe.widths, recipe.dropout)
    epoch = 0
    for number, phase in enumerate(recipe.phases):
        seed = recipe.seed + 1000 * number  # whatever ran before it
        for averaged in phase_epochs(network, sets, recipe, phase, seed):
            epoch += 1
            network = averaged
            if after_epoch is not None:
                after_epoch(averaged, epoch)
        network = copy.deepcopy(network)
    return network


def weight_groups(network: nn.Module, decay: float) -> list[dict[str, Any]]:
    """What is trained, for an optimizer: matrices and filters decay, biases and norms do not."""
    trained = [p for p in network.parameters() if p.requires_grad]
    return [
        {"params": [p for p in trained if p.ndim > 1], "weight_decay": decay},
        {"params": [p for p in trained if p.ndim <= 1], "weight_decay": 0.0},
    ]


def phase_epochs(
    network: GlyphCnn, sets: dict[str, GlyphSet], recipe: Recipe, phase: Phase, seed: int
) -> Iterator[GlyphCnn]:
    """Train through one phase; the averaged network, ready to read, after each epoch."""
    torch.manual_seed(seed)
    network.to(memory_format=torch.channels_last)
    average = AveragedModel(network, multi_avg_fn=running_mean, use_buffers=True)
    optimizer = torch.optim.AdamW(weight_groups(network, recipe.decay), lr=phase.rate)
    steps = math.ceil(recipe.samples / recipe.batch)
    schedule = torch.optim.lr_scheduler.LambdaLR(
        optimizer, lambda step: rate_at(step, steps * phase.epochs)
    )
    sampler = Sampler(sets, phase.class_power, seed)
    others = other_case(sampler.labels, sampler.cased)
    augment = Augment(seed, phase.gentlest)
    began = time.monotonic()
    for epoch in range(1, phase.epochs + 1):
        network.train()
        total = 0.0
        drawn = sampler.draw(steps * recipe.batch).reshape(steps, recipe.batch)
        for step, chosen in enumerate(drawn, start=1):
            glyphs = torch.from_numpy(sampler.images[chosen])[:, None].float() / 255
            glyphs = augment(glyphs).to(memory_format=torch.channels_last)
            with mixed_precision():
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
                left = (steps * phase.epochs - done) * recipe.batch / rate / 60
                print(
                    f"epoch {epoch}/{phase.epochs} step {step}/{steps} loss {total / step:.4f} "
                    f"{rate:.0f} glyphs/s {left:.1f} min left",
                    flush=True,
                )
        yield average.module.eval()


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
    parser = argparse.ArgumentParser(prog="python -m training.recipes.glyphs", description=__doc__)
    parser.add_argument("--data", type=Path, help="folder of the data sets, else $OCR_DATA")
    parser.add_argument("--out", type=Path, default=Path("models"), help="folder of the weights")
    parser.add_argument("--epochs", type=int, default=LEARN.epochs, help="of the main phase")
    parser.add_argument(
        "--settle", type=int, default=SETTLE.epochs, help="epochs of the last phase"
    )
    parser.add_argument(
        "--from", dest="start", metavar="FILE", help=".safetensors to start the last phase from"
    )
    parser.add_argument("--samples", type=int, default=Recipe.samples, help="glyphs an epoch")
    parser.add_argument("--widths", type=int, nargs="+", default=list(Recipe.widths))
    parser.add_argument("--seed", type=int, default=Recipe.seed)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--quick", action="store_true", help="one tiny epoch, to try the command")
    options = parser.parse_args(arguments)
    data = data_dir(options.data)
    torch.set_num_threads(options.threads)
    learn = replace(LEARN, epochs=0 if options.start else options.epochs)
    settle = replace(SETTLE, epochs=options.settle)
    start = load_classifier(options.start) if options.start else None
    if start is not None and not isinstance(start, TorchClassifier):
        raise SystemExit(f"{options.start}: --from takes a .safetensors file")
    recipe = Recipe(
        phases=(learn, settle),
        samples=options.samples,
        widths=tuple(options.widths),
        seed=options.seed,
    )
    if options.quick:
        quick = tuple(replace(phase, epochs=1) for phase in (LEARN, SETTLE))
        recipe = replace(recipe, phases=quick, samples=2_000, widths=(8, 16, 16))
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
        command="python -m training.recipes.glyphs "
        f"--epochs {options.epochs} --settle {options.settle} "
        f"--samples {recipe.samples} --widths {' '.join(map(str, recipe.widths))} "
        f"--seed {recipe.seed}",
    )

    before = 0 if start is None else int(start.metadata.epochs)
    last = sum(phase.epochs for phase in recipe.phases)

    def after_epoch(network: GlyphCnn, epoch: int) -> None:
        temperature = calibrated(network, data)
        figures = measure(network, data, "valid", temperature)
        if epoch == last:
            figures |= measure(network, data, "test", temperature)
        print(f"epoch {epoch} temperature {temperature} {figures}", flush=True)
        described = replace(
            metadata, temperature=temperature, epochs=before + epoch, figures=figures
        )
        save(network, weight_files.dated(described), options.out)

    train(sets, recipe, after_epoch, None if start is None else start.network)


if __name__ == "__main__":
    main()

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
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from ocr.letters.classifiers import load_classifier
from ocr.letters.classifiers.base import softmax
from ocr.letters.classifiers.cnn import GlyphCnn, TorchClassifier
from ocr.letters.glyphs import NORMALIZATION
from ocr.weights import Metadata
from training.commands import run
from training.data.datasets import data_dir
from training.data.glyphs import (
    CHARSET,
    GlyphSet,
    emnist_glyphs,
    font_glyphs,
    nist36_glyphs,
    unipen_glyphs,
)
from training.data.photographed import photographed_glyphs
from training.networks.onnx_graph import glyph_graph, quantized
from training.networks.precision import mixed_precision
from training.recipes import weight_files
from training.recipes.descent import Descent, Optimization
from training.recipes.glyph_accuracy import (
    EMNIST_47,
    EMNIST_62,
    NIST_36,
    accuracy,
    expected_calibration_error,
)
from training.recipes.progress import Bar
from training.recipes.temperature import fit_temperature
from training.recipes.trainer import DescentLearner, Plan, Progress, Run, run_through
from training.synthesis.augment import Augment

SHARES = {"emnist": 0.46, "nist36": 0.08, "photographed": 0.14, "unipen": 0.22, "fonts": 0.10}
"""Of the drawn samples."""
SMOOTHING = 0.05  # of the labels: a few percent of them are wrong
CALIBRATION = 256  # glyphs of each valid split that tell the ranges of the 8 bits
BETWEEN = ("MaxPool", "Add")  # what computes in 8 bits beside the convolutions


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
SETTLE = Phase(epochs=4, rate=1.2e-3, class_power=0.65, gentlest=-0.5)


@dataclass(frozen=True)
class Recipe:
    """Everything that decides how the network comes out, besides the data.

    How the numbers were chosen was not kept; `models/glyphs.md` has what comes of them.
    """

    widths: tuple[int, ...] = (32, 64, 128)
    dropout: float = 0.3
    phases: tuple[Phase, ...] = (LEARN, SETTLE)
    samples: int = 200_000  # glyphs an epoch, drawn anew each time
    batch: int = 256
    decay: float = 0.02
    clip: float = 1.0  # largest norm of a gradient
    average: float = 0.998  # see `training.recipes.descent.Optimization`
    seed: int = 0
    device: str = "cpu"


MEASURED = {
    "EMNIST": emnist_glyphs,
    "NIST36": nist36_glyphs,
    "UNIPEN": unipen_glyphs,
    "photographed": photographed_glyphs,
}


class Sampler:
    """Draws glyphs from several sets, each with its share, its rarer classes more often."""

    def __init__(self, sets: dict[str, GlyphSet], class_power: float) -> None:
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

    def draw(self, rng: np.random.Generator, count: int) -> NDArray[np.int64]:
        """Positions of `count` glyphs, with repetition."""
        return rng.choice(len(self.weights), size=count, p=self.weights)


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


def glyph_step(
    descent: Descent,
    images: NDArray[np.uint8],
    augment: Callable[[torch.Tensor], torch.Tensor],
    loss: Callable[[torch.Tensor], torch.Tensor],
    rate: float,
) -> float:
    """One step on (N, 32, 32) glyphs, each changed; `loss` takes the logits (N, K)."""
    device = next(descent.network.parameters()).device
    glyphs = augment(torch.from_numpy(images).to(device)[:, None].float() / 255)
    with mixed_precision(device):
        logits = descent.network(glyphs.to(memory_format=torch.channels_last))
    return descent.step(loss(logits.float()), rate)


class GlyphLearner(DescentLearner):
    """Trains a `GlyphCnn` through one phase; see `training.recipes.trainer.Learner`.

    Parameters
    ----------
    measured : callable, optional
        Gives figures of the averaged network, after each epoch.
    """

    def __init__(
        self,
        network: GlyphCnn,
        sets: dict[str, GlyphSet],
        recipe: Recipe,
        phase: Phase,
        measured: Callable[[GlyphCnn], dict[str, float]] = lambda network: {},
    ) -> None:
        self.recipe, self.phase, self.measured = recipe, phase, measured
        how = Optimization(phase.rate, recipe.decay, recipe.clip, average=recipe.average)
        self.device = torch.device(recipe.device)
        self.descent: Descent = Descent(network.to(self.device), how)
        self.sampler = Sampler(sets, phase.class_power)
        self.others = other_case(self.sampler.labels, self.sampler.cased)
        self.epochs = 0

    def batches(self, rng: np.random.Generator) -> NDArray[np.int64]:
        steps = math.ceil(self.recipe.samples / self.recipe.batch)
        drawn = self.sampler.draw(rng, steps * self.recipe.batch)
        return drawn.reshape(steps, self.recipe.batch)

    def step(self, batch: NDArray[np.int64], rng: np.random.Generator, rate: float) -> float:
        self.descent.begin(rng)
        labels = torch.from_numpy(self.sampler.labels[batch]).to(self.device)
        others = torch.from_numpy(self.others[batch]).to(self.device)
        return glyph_step(
            self.descent,
            self.sampler.images[batch],
            Augment(int(rng.integers(2**62)), self.phase.gentlest, self.device),
            lambda logits: case_loss(logits, labels, others),
            rate,
        )

    def measure(self) -> dict[str, float]:
        self.epochs += 1
        average = copy.deepcopy(self.descent.average).to("cpu")
        return {**self.measured(average), "score": float(self.epochs)}  # the last


def train(
    sets: dict[str, GlyphSet],
    recipe: Recipe,
    start: GlyphCnn,
    measured: Callable[[GlyphCnn], dict[str, float]] = lambda network: {},
    progress: Callable[[Progress], None] = lambda _: None,
) -> GlyphCnn:
    """Train the network; `measured` gives figures of the averaged one after each epoch.

    Every phase starts from the averaged weights of the one before, the first from `start`.
    Everything random comes from ``recipe.seed``.
    """
    network = copy.deepcopy(start)
    for number, phase in enumerate(recipe.phases):
        learner = GlyphLearner(network, sets, recipe, phase, measured)
        plan = Plan(phase.epochs, phase.epochs, recipe.seed + 1000 * number)  # whatever ran before
        run_through(learner, plan, Run(), {}, progress=progress)
        network = learner.descent.average
    return network.to("cpu").eval()


def untrained(recipe: Recipe) -> GlyphCnn:
    """The network that training from scratch starts with."""
    torch.manual_seed(recipe.seed)
    return GlyphCnn(len(CHARSET), recipe.widths, recipe.dropout)


def network_logits(network: GlyphCnn, images: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Logits (N, K) of (N, 32, 32) uint8 glyphs."""
    rows = []
    with torch.inference_mode():
        for i in range(0, len(images), 512):
            glyphs = torch.from_numpy(images[i : i + 512])[:, None].float() / 255
            rows.append(network(glyphs).float().numpy())
    return np.concatenate(rows)


def measure(
    network: GlyphCnn, data: Path, split: str, temperature: float = 0.0
) -> tuple[float, dict[str, float]]:
    """Temperature, and accuracies and calibration on one split, in percent.

    Without a temperature the one is taken that fits EMNIST and UNIPEN together.
    """
    parts = {name: make(data, split) for name, make in MEASURED.items()}
    logits = {name: network_logits(network, part.images) for name, part in parts.items()}
    both = np.concatenate([logits["EMNIST"], logits["UNIPEN"]])
    labels = np.concatenate([parts["EMNIST"].labels, parts["UNIPEN"].labels])
    temperature = temperature or fit_temperature(both, labels)
    signs = np.array(CHARSET)
    classes = {
        "EMNIST 62 classes": {c: c for c in EMNIST_62},
        "EMNIST 47 classes": EMNIST_47,
        "NIST36": NIST_36,
        "UNIPEN 94 signs": {c: c for c in CHARSET},
        "photographed 47 classes": EMNIST_47,
    }
    figures = {}
    for name, folding in classes.items():
        of = name.split()[0]
        values, truth = softmax(logits[of], temperature), signs[parts[of].labels]
        over_samples, over_classes = accuracy(values, CHARSET, truth, folding)
        figures[f"{name}, {split}, accuracy %"] = round(100 * over_samples, 2)
        figures[f"{name}, {split}, mean over classes %"] = round(100 * over_classes, 2)
    error = expected_calibration_error(softmax(both, temperature), CHARSET, signs[labels])
    figures[f"EMNIST and UNIPEN, {split}, expected calibration error %"] = round(100 * error, 2)
    return temperature, figures


def calibration(data: Path) -> list[NDArray[np.float32]]:
    """(N, 1, 32, 32) glyphs of each set's valid split, for `quantized`."""
    rng = np.random.default_rng(0)
    drawn = []
    for make in MEASURED.values():
        images = make(data, "valid").images
        chosen = rng.choice(len(images), min(CALIBRATION, len(images)), replace=False)
        drawn.append(images[chosen][:, None].astype(np.float32) / np.float32(255))
    return drawn


def save(
    network: GlyphCnn, metadata: Metadata, samples: list[NDArray[np.float32]], out: Path
) -> None:
    """Write both weight files, that for reading in 8 bits, and their checksums to a folder."""
    graph = quantized(glyph_graph(network), samples, BETWEEN)
    files = weight_files.save_both(out / "glyphs", network, graph, metadata)
    weight_files.update_checksums(out, *(file.name for file in files))


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="python -m training.recipes.glyphs", description=__doc__)
    parser.add_argument("--data", type=Path, help="folder of the data sets, else $OCR_DATA")
    parser.add_argument("--out", type=Path, default=Path("models"), help="folder of the weights")
    parser.add_argument("--epochs", type=int, default=LEARN.epochs, help="of the main phase")
    parser.add_argument(
        "--settle",
        type=int,
        default=SETTLE.epochs,
        help="epochs of the last phase; with --from, 0 writes the files of those weights again",
    )
    parser.add_argument(
        "--from", dest="start", metavar="FILE", help=".safetensors to start the last phase from"
    )
    parser.add_argument("--rate", type=float, default=SETTLE.rate, help="of the last phase")
    parser.add_argument("--samples", type=int, default=Recipe.samples, help="glyphs an epoch")
    parser.add_argument("--widths", type=int, nargs="+", default=list(Recipe.widths))
    parser.add_argument("--seed", type=int, default=Recipe.seed)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--device", default=Recipe.device, help="cpu or cuda")
    parser.add_argument("--quick", action="store_true", help="one tiny epoch, to try the command")
    options = parser.parse_args(arguments)
    data = data_dir(options.data)
    torch.set_num_threads(options.threads)
    learn = replace(LEARN, epochs=0 if options.start else options.epochs)
    settle = replace(SETTLE, epochs=options.settle, rate=options.rate)
    recipe = Recipe(
        phases=(learn, settle),
        samples=options.samples,
        widths=tuple(options.widths),
        seed=options.seed,
        device=options.device,
    )
    if options.quick:
        quick = tuple(replace(phase, epochs=1) for phase in (LEARN, SETTLE))
        recipe = replace(recipe, phases=quick, samples=2_000, widths=(8, 16, 16))
    start, before, samples = untrained(recipe), 0, calibration(data)
    if options.start:
        found = load_classifier(options.start)
        if not isinstance(found, TorchClassifier):
            raise SystemExit(f"{options.start}: --from takes a .safetensors file")
        start, before = found.network, int(found.metadata.epochs)
        if not settle.epochs:  # its files again
            save(start, found.metadata, samples, options.out)
            return
    sets = {
        "emnist": emnist_glyphs(data, "train"),
        "nist36": nist36_glyphs(data, "train"),
        "photographed": photographed_glyphs(data, "train"),
        "unipen": unipen_glyphs(data, "train", recipe.seed),
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
        normalization=NORMALIZATION,
        data=(
            weight_files.EMNIST,
            weight_files.NIST36,
            weight_files.UNIPEN,
            weight_files.FONTS,
        ),
        seed=recipe.seed,
        command="python -m training.recipes.glyphs "
        f"--epochs {learn.epochs} --settle {settle.epochs} --rate {settle.rate} "
        f"--samples {recipe.samples} --widths {' '.join(map(str, recipe.widths))} "
        f"--seed {recipe.seed}",
    )

    epochs = sum(phase.epochs for phase in recipe.phases)
    done = 0

    def measured(network: GlyphCnn) -> dict[str, float]:
        nonlocal done
        done += 1
        temperature, figures = measure(network, data, "valid")
        if done == epochs:
            figures |= measure(network, data, "test", temperature)[1]
        described = replace(
            metadata, temperature=temperature, epochs=before + done, figures=figures
        )
        save(network, weight_files.dated(described), samples, options.out)
        return figures

    train(sets, recipe, start, measured, Bar())


if __name__ == "__main__":
    run(main)

"""What `ocr train` does with single characters: the numpy network and the CNN as learners.

Each learns from own glyphs, with base glyphs mixed in if it goes on from a model.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from ocr.letters.classifiers.base import softmax
from ocr.letters.classifiers.cnn import GlyphCnn
from training.networks.numpy_mlp import Layer
from training.own_hand.samples import Samples
from training.own_hand.task import Task, optimization, score
from training.recipes.descent import Descent
from training.recipes.glyphs import case_loss, glyph_step, network_logits
from training.recipes.mlp import MlpDescent, mlp_logits
from training.recipes.trainer import DescentLearner
from training.synthesis.augment import Augment

GENTLEST = {"gentle": -0.5, "strong": 1.0}  # see `training.synthesis.augment.Augment`
FEWEST_DRAWN = 2000  # own glyphs an epoch: fewer are shown several times, each time changed


@dataclass(frozen=True)
class Glyphs:
    """Samples as arrays: `images` (N, 32, 32) uint8, `labels` and `others` (N,) classes.

    `others` is the class of the other case where the label does not tell it.
    """

    images: NDArray[np.uint8]
    labels: NDArray[np.int64]
    others: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.labels)

    def right(self, logits: NDArray[np.float32]) -> NDArray[np.bool_]:
        """Which of the samples are read right."""
        read = logits.argmax(axis=1)
        return (read == self.labels) | (read == self.others)

    def accuracy(self, logits: NDArray[np.float32]) -> float:
        """Share read right."""
        return float(self.right(logits).mean())

    def loss(self, logits: NDArray[np.float32]) -> float:
        """Mean negative logarithm of the probability of the truth, in nats."""
        proba = softmax(logits)
        rows = np.arange(len(self))
        share = proba[rows, self.labels]
        share = share + np.where(self.labels == self.others, 0, proba[rows, self.others])
        return float(-np.log(np.maximum(share, 1e-12)).mean())


def as_glyphs(samples: Samples, charset: str) -> Glyphs:
    """Samples whose labels are all in the charset, as arrays."""
    place = {sign: k for k, sign in enumerate(charset)}
    labels = np.array([place[sign] for sign in samples.labels], dtype=np.int64)
    others = [
        label if cased else place.get(sign.swapcase(), label)
        for sign, label, cased in zip(samples.labels, labels, samples.cased, strict=True)
    ]
    images = np.stack(samples.images) if len(samples) else np.empty((0, 32, 32), np.uint8)
    return Glyphs(images, labels, np.array(others, dtype=np.int64))


def join_glyphs(one: Glyphs, two: Glyphs) -> Glyphs:
    """Both as one."""
    return Glyphs(
        np.concatenate([one.images, two.images]),
        np.concatenate([one.labels, two.labels]),
        np.concatenate([one.others, two.others]),
    )


def epoch_rows(
    rng: np.random.Generator, own: int, base: int, replay: float, batch: int
) -> list[NDArray[np.int64]]:
    """Rows of an epoch in batches: all own samples, few of them repeatedly, and base samples.

    Parameters
    ----------
    own, base : int
        Samples of each; rows from `own` on stand for base samples.
    replay : float
        Base samples for each own one.
    """
    repeats = max(1, -(-FEWEST_DRAWN // own)) if base else 1
    rows = np.tile(np.arange(own), repeats)
    if base:
        count = round(replay * len(rows))
        rows = np.concatenate([rows, own + rng.choice(base, count, replace=count > base)])
    rows = rng.permutation(rows)
    return [rows[start : start + batch] for start in range(0, len(rows), batch)]


class GlyphData:
    """A task's samples as arrays: what both learners of glyphs draw from and measure on.

    `all` holds the own samples, then those of the base; `start` what the model read before.
    """

    def __init__(self, task: Task, charset: str) -> None:
        base = task.base
        self.recipe = task.recipe
        self.own = as_glyphs(task.own, charset)
        self.valid = as_glyphs(task.valid, charset)
        self.base = as_glyphs(base.train, charset) if base else as_glyphs(task.own.take(()), "")
        self.base_valid = as_glyphs(base.valid, charset) if base else self.base
        self.all = join_glyphs(self.own, self.base)
        self.start: dict[str, float] = {}

    def batches(self, rng: np.random.Generator) -> list[NDArray[np.int64]]:
        base = len(self.base) if self.recipe.replay else 0
        return epoch_rows(rng, len(self.own), base, self.recipe.replay, self.recipe.batch)

    def augment(self, rng: np.random.Generator) -> Callable[[torch.Tensor], torch.Tensor]:
        """The changes of a step."""
        if self.recipe.augmentation == "none":
            return lambda glyphs: glyphs
        return Augment(int(rng.integers(2**62)), GENTLEST[self.recipe.augmentation])

    def figures(
        self, logits_of: Callable[[NDArray[np.uint8]], NDArray[np.float32]]
    ) -> dict[str, float]:
        """Accuracy and loss on own samples held back, accuracy on those of the base, the score."""
        logits = logits_of(self.valid.images)
        figures = {"valid": self.valid.accuracy(logits), "valid loss": self.valid.loss(logits)}
        if len(self.base_valid):
            figures["base"] = self.base_valid.accuracy(logits_of(self.base_valid.images))
        if self.recipe.going_on and not self.start:
            self.start = figures
        return {**figures, "score": score(figures, self.start, 1.0)}


class CnnLearner(DescentLearner):
    """Trains a `GlyphCnn`; see `training.recipes.trainer.Learner`."""

    def __init__(self, network: GlyphCnn, charset: str, task: Task) -> None:
        self.data = GlyphData(task, charset)
        self.descent: Descent = Descent(network, optimization(task))
        self.teacher = torch.empty(0)  # what the start makes of base glyphs of type
        if task.base is not None and not task.base.real:
            logits = network_logits(self.descent.average, self.data.base.images)
            self.teacher = torch.from_numpy(softmax(logits))
        self.measure()

    def batches(self, rng: np.random.Generator) -> list[NDArray[np.int64]]:
        return self.data.batches(rng)

    def step(self, batch: Sequence[int], rng: np.random.Generator, rate: float) -> float:
        rows = np.asarray(batch)
        self.descent.begin(rng)
        images, augment = self.data.all.images[rows], self.data.augment(rng)
        return glyph_step(
            self.descent, images, augment, lambda logits: self._loss(logits, rows), rate
        )

    def _loss(self, logits: torch.Tensor, rows: NDArray[np.int64]) -> torch.Tensor:
        labels = torch.from_numpy(self.data.all.labels[rows])
        others = torch.from_numpy(self.data.all.others[rows])
        if not len(self.teacher):
            return case_loss(logits, labels, others)
        own = len(self.data.own)
        taught = torch.from_numpy(rows >= own)
        loss = logits.sum() * 0.0
        if (~taught).any():
            new = case_loss(logits[~taught], labels[~taught], others[~taught])
            loss = loss + new * (~taught).sum() / len(rows)
        if taught.any():
            expected = self.teacher[torch.from_numpy(rows[rows >= own] - own)]
            kept = nn.functional.cross_entropy(logits[taught], expected)
            loss = loss + kept * taught.sum() / len(rows)
        return loss

    def measure(self) -> dict[str, float]:
        return self.data.figures(lambda images: network_logits(self.descent.average, images))


class MlpLearner(DescentLearner):
    """Trains the numpy network of `training.networks.numpy_mlp`; see
    `training.recipes.trainer.Learner`.
    """

    def __init__(self, network: list[Layer], charset: str, task: Task) -> None:
        self.data = GlyphData(task, charset)
        self.descent: MlpDescent = MlpDescent(network, task.recipe.rate)
        self.measure()

    def batches(self, rng: np.random.Generator) -> list[NDArray[np.int64]]:
        return self.data.batches(rng)

    def step(self, batch: Sequence[int], rng: np.random.Generator, rate: float) -> float:
        rows, all_ = np.asarray(batch), self.data.all
        return self.descent.step(
            all_.images[rows], all_.labels[rows], all_.others[rows], self.data.augment(rng), rate
        )

    def measure(self) -> dict[str, float]:
        return self.data.figures(lambda images: mlp_logits(self.descent.network, images))

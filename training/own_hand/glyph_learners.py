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
from training.networks.numpy_mlp import Array, Layer, backward, forward, update
from training.networks.precision import mixed_precision
from training.own_hand.replay import Base
from training.own_hand.samples import Samples
from training.recipes.descent import Descent
from training.recipes.glyphs import CLIP, case_loss, network_logits
from training.recipes.trainer import State
from training.synthesis.augment import Augment

GENTLEST = {"gentle": -0.5, "strong": 1.0}  # see `training.synthesis.augment.Augment`
FEWEST_DRAWN = 2000  # own glyphs an epoch: fewer are shown several times, each time changed
TOLERATED = 0.005  # of base accuracy or CER that a gain on the own data may cost
FORGETTING = 8.0  # nats in the score for what is lost beyond that
WORSE = 8.0  # nats in the score for what is lost on the own data
MOMENTUM = 0.0  # of the numpy network, as the course's figures


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


def score(loss: float, own_lost: float = 0.0, base_lost: float = 0.0) -> float:
    """What an epoch is chosen by, the higher the better.

    Parameters
    ----------
    loss : float
        On the own samples held back; of a few samples it tells more than a count of errors.
    own_lost, base_lost : float
        Accuracy lost, or error rate gained, since the start.
    """
    return -loss - WORSE * max(0.0, own_lost) - FORGETTING * max(0.0, base_lost - TOLERATED)


def _figures(
    logits_of: Callable[[NDArray[np.uint8]], NDArray[np.float32]],
    valid: Glyphs,
    base: Glyphs | None,
) -> dict[str, float]:
    logits = logits_of(valid.images)
    figures = {"valid": valid.accuracy(logits), "valid loss": valid.loss(logits)}
    if base is not None and len(base):
        figures["base"] = base.accuracy(logits_of(base.images))
    return figures


def _scored(now: dict[str, float], start: dict[str, float], going_on: bool) -> dict[str, float]:
    if not going_on:
        return {**now, "score": score(now["valid loss"])}
    lost = {key: start[key] - now[key] for key in ("valid", "base") if key in now}
    return {**now, "score": score(now["valid loss"], lost["valid"], lost.get("base", 0.0))}


class CnnLearner:
    """Trains a `GlyphCnn`; see `training.recipes.trainer.Learner`."""

    def __init__(
        self,
        network: GlyphCnn,
        charset: str,
        own: Samples,
        valid: Samples,
        base: Base | None,
        rate: float,
        batch: int,
        augmentation: str,
        replay: float,
    ) -> None:
        self.own = as_glyphs(own, charset)
        self.valid = as_glyphs(valid, charset)
        self.base = as_glyphs(base.train, charset) if base else None
        self.base_valid = as_glyphs(base.valid, charset) if base else None
        self.all = join_glyphs(self.own, self.base) if self.base else self.own
        self.replay, self.batch, self.augmentation = replay, batch, augmentation
        self.descent = Descent(
            network.to(memory_format=torch.channels_last), rate, CLIP, going_on=base is not None
        )
        self.teacher: torch.Tensor | None = None  # what the start makes of base glyphs of type
        if base is not None and not base.real and self.base is not None:
            logits = network_logits(self.descent.average, self.base.images)
            self.teacher = torch.from_numpy(softmax(logits))
        self.start = self._figures()

    def _figures(self) -> dict[str, float]:
        return _figures(
            lambda images: network_logits(self.descent.average, images), self.valid, self.base_valid
        )

    def batches(self, rng: np.random.Generator) -> list[NDArray[np.int64]]:
        base = len(self.base) if self.base is not None and self.replay else 0
        return epoch_rows(rng, len(self.own), base, self.replay, self.batch)

    def step(self, batch: Sequence[int], rng: np.random.Generator, rate: float) -> float:
        rows = np.asarray(batch)
        self.descent.begin(rng)
        glyphs = torch.from_numpy(self.all.images[rows])[:, None].float() / 255
        if self.augmentation != "none":
            glyphs = Augment(int(rng.integers(2**62)), GENTLEST[self.augmentation])(glyphs)
        with mixed_precision():
            logits = self.descent.network(glyphs.to(memory_format=torch.channels_last))
        return self.descent.step(self._loss(logits.float(), rows), rate)

    def _loss(self, logits: torch.Tensor, rows: NDArray[np.int64]) -> torch.Tensor:
        labels = torch.from_numpy(self.all.labels[rows])
        others = torch.from_numpy(self.all.others[rows])
        if self.teacher is None:
            return case_loss(logits, labels, others)
        taught = torch.from_numpy(rows >= len(self.own))
        loss = logits.sum() * 0.0
        if (~taught).any():
            own = case_loss(logits[~taught], labels[~taught], others[~taught])
            loss = loss + own * (~taught).sum() / len(rows)
        if taught.any():
            wanted = self.teacher[torch.from_numpy(rows[rows >= len(self.own)] - len(self.own))]
            kept = nn.functional.cross_entropy(logits[taught], wanted)
            loss = loss + kept * taught.sum() / len(rows)
        return loss

    def measure(self) -> dict[str, float]:
        return _scored(self._figures(), self.start, self.descent.going_on)

    def state(self) -> State:
        return self.descent.state()

    def restore(self, state: State) -> None:
        self.descent.restore(state)

    def weights(self) -> State:
        return self.descent.weights()


class MlpLearner:
    """Trains the numpy network of `training.networks.numpy_mlp`; see
    `training.recipes.trainer.Learner`.

    Where a label does not tell the case, the truth is shared by the two cases as the network
    itself divides them, which is the gradient of "one of both".
    """

    def __init__(
        self,
        network: list[Layer],
        charset: str,
        own: Samples,
        valid: Samples,
        base: Base | None,
        rate: float,
        batch: int,
        augmentation: str,
        replay: float,
    ) -> None:
        self.network = network
        self.own = as_glyphs(own, charset)
        self.valid = as_glyphs(valid, charset)
        self.base = as_glyphs(base.train, charset) if base else None
        self.base_valid = as_glyphs(base.valid, charset) if base else None
        self.all = join_glyphs(self.own, self.base) if self.base else self.own
        self.rate, self.batch, self.augmentation, self.replay = rate, batch, augmentation, replay
        self.velocity: list[tuple[Array, Array]] | None = None
        self.going_on = base is not None
        self.start = self._figures()

    def _figures(self) -> dict[str, float]:
        return _figures(
            lambda images: mlp_logits(self.network, images), self.valid, self.base_valid
        )

    def batches(self, rng: np.random.Generator) -> list[NDArray[np.int64]]:
        base = len(self.base) if self.base is not None and self.replay else 0
        return epoch_rows(rng, len(self.own), base, self.replay, self.batch)

    def step(self, batch: Sequence[int], rng: np.random.Generator, rate: float) -> float:
        rows = np.asarray(batch)
        images = self.all.images[rows]
        values = as_rows(images)
        if self.augmentation != "none":
            glyphs = torch.from_numpy(images)[:, None].float() / 255
            glyphs = Augment(int(rng.integers(2**62)), GENTLEST[self.augmentation])(glyphs)
            values = glyphs.numpy().reshape(len(rows), -1).astype(np.float64)
        outputs = forward(self.network, values)
        probabilities = outputs[-1]
        truth = shared_truth(probabilities, self.all.labels[rows], self.all.others[rows])
        right = np.where(truth > 0, probabilities, 0).sum(axis=1)
        loss = float(-np.log(np.maximum(right, 1e-300)).mean())
        if not np.isfinite(probabilities).all():
            return float("nan")
        gradients = backward(self.network, outputs, probabilities - truth)
        self.velocity = update(self.network, gradients, self.rate * rate, MOMENTUM, self.velocity)
        return loss

    def measure(self) -> dict[str, float]:
        return _scored(self._figures(), self.start, self.going_on)

    def state(self) -> State:
        state = self.weights()
        for number, (weight, bias) in enumerate(self.velocity or [], start=1):
            state[f"vW{number}"], state[f"vb{number}"] = weight.copy(), bias.copy()
        return state

    def restore(self, state: State) -> None:
        for number, layer in enumerate(self.network, start=1):
            layer.weight, layer.bias = state[f"W{number}"].copy(), state[f"b{number}"].copy()
        if "vW1" in state:
            self.velocity = [
                (state[f"vW{number}"].copy(), state[f"vb{number}"].copy())
                for number in range(1, len(self.network) + 1)
            ]

    def weights(self) -> State:
        state: State = {}
        for number, layer in enumerate(self.network, start=1):
            state[f"W{number}"], state[f"b{number}"] = layer.weight.copy(), layer.bias.copy()
        return state


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

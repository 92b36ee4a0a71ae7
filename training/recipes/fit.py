"""Train a torch network on labeled pictures of one set.

`training.recipes.glyphs` mixes several sets with shares of their own; this is for one set at a
time.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from training.networks.precision import mixed_precision
from training.recipes.curves import Curves
from training.recipes.descent import Descent, Optimization
from training.recipes.trainer import DescentLearner, Plan, Progress, Run, run_through

KEPT = 0.998  # decay a step of the running mean of the weights
CHUNK = 512  # pictures read at once when measuring


@dataclass(frozen=True)
class Fit:
    """Settings of a training.

    `rate` is the highest of a schedule that rises, then falls along half a cosine; `smoothing` of
    the labels; with `average` the running mean of the weights is measured and kept. The defaults
    were set by hand.
    """

    epochs: int
    batch: int = 64
    rate: float = 3e-3
    decay: float = 0.02
    smoothing: float = 0.0
    average: bool = False
    seed: int = 0


def unchanged(pictures: torch.Tensor) -> torch.Tensor:
    """Pictures as they are."""
    return pictures


Pictures = tuple[NDArray[np.uint8], NDArray[np.int64]]


class PictureLearner(DescentLearner):
    """Trains a network on the cross-entropy; see `fit` and `training.recipes.trainer.Learner`."""

    def __init__(
        self,
        network: nn.Module,
        train: Pictures,
        valid: Pictures,
        settings: Fit,
        augment: Callable[[torch.Tensor], torch.Tensor],
    ) -> None:
        self.train, self.valid, self.settings, self.augment = train, valid, settings, augment
        average = KEPT if settings.average else 0.0
        self.descent: Descent = Descent(
            network, Optimization(settings.rate, settings.decay, average=average)
        )
        self.curves = Curves()
        self.loss = self.right = 0.0

    def batches(self, rng: np.random.Generator) -> list[NDArray[np.int64]]:
        self.loss = self.right = 0.0
        order = rng.permutation(len(self.train[0]))
        starts = range(0, len(order), self.settings.batch)
        return [order[start : start + self.settings.batch] for start in starts]

    def step(self, batch: NDArray[np.int64], rng: np.random.Generator, rate: float) -> float:
        self.descent.begin(rng)
        pictures = self.augment(as_tensor(self.train[0][batch]))
        truth = torch.from_numpy(self.train[1][batch])
        with mixed_precision():
            logits = self.descent.network(pictures.to(memory_format=torch.channels_last))
        loss = self.descent.step(
            nn.functional.cross_entropy(
                logits.float(), truth, label_smoothing=self.settings.smoothing
            ),
            rate,
        )
        self.loss += loss * len(batch)
        self.right += float((logits.argmax(dim=1) == truth).sum())
        return loss

    def measure(self) -> dict[str, float]:
        count = len(self.train[0])
        valid = loss_and_accuracy(logits_of(self.descent.average, self.valid[0]), self.valid[1])
        self.curves.add((self.loss / count, self.right / count), valid)
        return {"score": float(len(self.curves.train_loss))}  # the last is kept


def fit(
    network: nn.Module,
    train: Pictures,
    valid: Pictures,
    settings: Fit,
    augment: Callable[[torch.Tensor], torch.Tensor] = unchanged,
    after_epoch: Callable[[int, Curves], None] = lambda epoch, curves: None,
) -> Curves:
    """Train `network` in place with AdamW on the cross-entropy.

    Parameters
    ----------
    network : module
        (N, C, H, W) float pictures in [0, 1] to (N, K) logits. Only parameters that require a
        gradient are trained.
    train, valid : pairs of arrays
        (N, H, W) or (N, H, W, C) uint8 pictures and (N,) labels 0 to K - 1.
    augment : callable
        Changes a batch of (N, C, H, W) float pictures.
    after_epoch : callable
        Called with the epoch's number, from 1, and the curves so far.

    Returns
    -------
    Curves
        Of training: as measured on the epoch's batches, augmentation and dropout in place.
    """
    torch.manual_seed(settings.seed)  # random changes of the pictures
    learner = PictureLearner(network, train, valid, settings, augment)

    def progress(at: Progress) -> None:
        if at.figures:
            after_epoch(at.epoch, learner.curves)

    plan = Plan(settings.epochs, settings.epochs, settings.seed)
    run_through(learner, plan, Run(), {}, progress=progress)
    network.load_state_dict(learner.descent.average.state_dict())
    network.eval()
    return learner.curves


def as_tensor(images: NDArray[np.uint8]) -> torch.Tensor:
    """(N, H, W) or (N, H, W, C) bytes as (N, C, H, W) float in [0, 1]."""
    tensor = torch.from_numpy(images)
    tensor = tensor[:, None] if tensor.ndim == 3 else tensor.permute(0, 3, 1, 2)
    return tensor.float() / 255


def logits_of(network: nn.Module, images: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Logits (N, K) of uint8 pictures, (N, H, W) or (N, H, W, C)."""
    network.eval()
    rows = []
    with torch.inference_mode():
        for start in range(0, len(images), CHUNK):
            batch = as_tensor(images[start : start + CHUNK])
            rows.append(network(batch).float().numpy())
    return np.concatenate(rows)


def loss_and_accuracy(
    logits: NDArray[np.float32], labels: NDArray[np.int64]
) -> tuple[float, float]:
    """Mean cross-entropy in nats and the share read right."""
    loss = nn.functional.cross_entropy(torch.from_numpy(logits), torch.from_numpy(labels))
    return float(loss), float((logits.argmax(axis=1) == labels).mean())

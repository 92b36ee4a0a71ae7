"""Train a torch network on labelled pictures of one set: the plain loop.

`training.recipes.glyphs` mixes several sets with shares of their own; this is for one set at a
time.
"""

from __future__ import annotations

import copy
import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from training.networks.precision import mixed_precision
from training.recipes.curves import Curves
from training.recipes.glyphs import CLIP, rate_at, running_mean, weight_groups

CHUNK = 512  # pictures read at once when measuring


@dataclass(frozen=True)
class Fit:
    """Settings of a training.

    `rate` is the highest of a schedule that rises, then falls along half a cosine; `smoothing` of
    the labels; with `average` the running mean of the weights is measured and kept.
    """

    epochs: int
    batch: int = 64
    rate: float = 3e-3
    decay: float = 0.02
    smoothing: float = 0.0
    average: bool = False
    seed: int = 0


def fit(
    network: nn.Module,
    train: tuple[NDArray[np.uint8], NDArray[np.int64]],
    valid: tuple[NDArray[np.uint8], NDArray[np.int64]],
    settings: Fit,
    augment: Callable[[torch.Tensor], torch.Tensor] | None = None,
    after_epoch: Callable[[int, Curves], None] | None = None,
) -> Curves:
    """Train `network` in place with AdamW on the cross-entropy.

    Parameters
    ----------
    network : module
        (N, C, H, W) float pictures in [0, 1] to (N, K) logits. Only parameters that require a
        gradient are trained.
    train, valid : pairs of arrays
        (N, H, W) or (N, H, W, C) uint8 pictures and (N,) labels 0 to K - 1.
    augment : callable, optional
        Changes a batch of (N, C, H, W) float pictures.
    after_epoch : callable, optional
        Called with the epoch's number, from 1, and the curves so far.

    Returns
    -------
    Curves
        Of training: as measured on the epoch's batches, augmentation and dropout in place.
    """
    images, labels = train
    generator = torch.Generator().manual_seed(settings.seed)
    torch.manual_seed(settings.seed)  # dropout
    optimizer = torch.optim.AdamW(weight_groups(network, settings.decay), lr=settings.rate)
    steps = math.ceil(len(images) / settings.batch)
    schedule = torch.optim.lr_scheduler.LambdaLR(
        optimizer, lambda step: rate_at(step, steps * settings.epochs)
    )
    measured = copy.deepcopy(network) if settings.average else network
    network.to(memory_format=torch.channels_last)
    curves, done = Curves(), 0
    for epoch in range(1, settings.epochs + 1):
        network.train()
        total = right = 0.0
        order = torch.randperm(len(images), generator=generator).numpy()
        for start in range(0, len(order), settings.batch):
            chosen = order[start : start + settings.batch]
            batch = as_tensor(images[chosen])
            batch = batch if augment is None else augment(batch)
            truth = torch.from_numpy(labels[chosen])
            with mixed_precision():
                logits = network(batch.to(memory_format=torch.channels_last))
            loss = nn.functional.cross_entropy(
                logits.float(), truth, label_smoothing=settings.smoothing
            )
            optimizer.zero_grad()
            loss.backward()
            nn.utils.clip_grad_norm_(network.parameters(), CLIP)
            optimizer.step()
            schedule.step()
            if settings.average:
                state, mean = network.state_dict(), measured.state_dict()
                running_mean(list(mean.values()), list(state.values()), done)
            done += 1
            total += float(loss.detach()) * len(chosen)
            right += float((logits.argmax(dim=1) == truth).sum())
        curves.add(
            (total / len(order), right / len(order)),
            loss_and_accuracy(logits_of(measured, valid[0]), valid[1]),
        )
        if after_epoch is not None:
            after_epoch(epoch, curves)
    network.load_state_dict(measured.state_dict())
    network.eval()
    return curves


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

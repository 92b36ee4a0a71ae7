"""What `ocr train --kind lines` does: the line recognizer as a learner."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from dataclasses import fields
from typing import Any

import numpy as np
import torch
from torch import nn

from ocr.evaluation.error_rates import Errors, character_errors
from training.networks.line import LineArchitecture, LineNetwork
from training.networks.precision import CPU, mixed_precision
from training.own_hand.samples import Samples
from training.own_hand.task import Task, optimization, score
from training.recipes.descent import Descent, State, arrays, blend
from training.recipes.lines import (
    BETAS,
    CLIP,
    Line,
    as_strips,
    batches,
    changed,
    ctc_loss,
    read_lines,
    stack,
    widths_of,
)
from training.recipes.trainer import DescentLearner

SHOWN_AGAIN = 8  # times an epoch that an own line is shown, each time changed
FEWEST_DRAWN, MOST_DRAWN = 96, 320  # own lines an epoch: so many make it more or fewer times
FEWEST_TO_CHOOSE = 20  # lines held back from which their loss chooses an epoch
LATER = 1e-4  # nats a step that a later epoch is better by where they are fewer
MANY = 32  # own lines to train on, of which the convolutions along the line learn too
SHARE = 0.3  # of the weights before in those that are kept, where the base lines are of type
TOLERATED = 0.01  # of the base lines' CER without language; `ocr train` refuses to lose more


def network_of(architecture: dict[str, Any]) -> LineNetwork:
    """An untrained network of the sizes that a weight file tells; the usual ones if it does not."""
    sizes: dict[str, Any] = {
        one.name: tuple(value) if isinstance(value, list) else value
        for one in fields(LineArchitecture)
        if (value := architecture.get(one.name)) is not None
    }
    return LineNetwork(LineArchitecture(**sizes))


def as_lines(samples: Samples) -> list[Line]:
    """Samples as the pairs that `training.recipes.lines` takes."""
    return list(zip(samples.images, samples.labels, strict=True))


def read_samples(network: LineNetwork, samples: Samples) -> list[str]:
    """What the network makes of lines by the likeliest path."""
    return read_lines(network, [image.astype(np.float32) / 255 for image in samples.images])


def pooled_errors(samples: Samples, read: Sequence[str]) -> Errors:
    """Edits over characters of all lines."""
    pairs = zip(samples.labels, read, strict=True)
    return sum((character_errors(truth, text) for truth, text in pairs), Errors())


class LineLearner(DescentLearner):
    """Trains a `LineNetwork`; see `training.recipes.trainer.Learner`.

    A network that knows many hands keeps its convolutions: to learn another from a few lines, the
    recurrent layers and the head do better alone, at half the cost, and forget less. From many
    lines, beside the real base, all learns but what sees strokes. Where few
    lines are held back their loss is noise, and the last epoch is kept, unless more of them or of
    the base lines are read wrong than before. Where the base lines are no handwriting, what is kept
    lies between the weights before and after: the mean of both forgets less.
    """

    def __init__(self, network: LineNetwork, task: Task) -> None:
        self.task, self.network = task, network
        real = task.base is not None and task.base.real
        if task.recipe.going_on:
            network.encoder.requires_grad_(False)
            if not real or len(task.own) < MANY:
                network.blocks.requires_grad_(False)
                network.context.requires_grad_(False)
        self.before = copy.deepcopy(network) if task.recipe.going_on and not real else None
        self.own = as_lines(task.own)
        self.base = as_lines(task.base.train) if task.base else []
        self.descent: Descent = Descent(network, optimization(task, CLIP, BETAS))
        self.start = self._figures() if task.recipe.going_on else {}

    def _kept(self) -> nn.Module:
        """The running mean of the weights, moved back a share of the way that they have come."""
        if self.before is None:
            return self.descent.average
        network = copy.deepcopy(self.descent.average)
        blend(network, self.before, SHARE)
        return network

    def weights(self) -> State:
        return arrays(self._kept())

    def _figures(self) -> dict[str, float]:
        """CER of own and base lines held back, and the mean loss a character of the own."""
        network = self._kept()
        own = pooled_errors(self.task.valid, read_samples(network, self.task.valid)).rate or 0.0
        total = characters = 0.0
        lines = as_lines(self.task.valid)
        with torch.inference_mode():
            for line in lines:
                logits = network(as_strips(stack([line])))
                loss = float(ctc_loss(logits, widths_of([line]), [line]))
                total += loss * len(line[1])
                characters += len(line[1])
        figures = {"valid": own, "valid loss": total / max(characters, 1)}
        if self.task.base is not None:
            valid = self.task.base.valid
            read = read_samples(network, valid)
            figures["base"] = pooled_errors(valid, read).rate or 0.0
        return figures

    def batches(self, rng: np.random.Generator) -> list[list[Line]]:
        recipe = self.task.recipe
        drawn = min(max(SHOWN_AGAIN * len(self.own), FEWEST_DRAWN), MOST_DRAWN)
        repeats = max(1, round(drawn / len(self.own))) if recipe.going_on else 1
        lines = self.own * repeats
        if self.base and recipe.replay:
            count = round(recipe.replay * len(lines))
            rows = rng.choice(len(self.base), count, replace=count > len(self.base))
            lines = lines + [self.base[row] for row in rows]
        return list(batches(lines, rng, recipe.batch))

    def step(self, batch: Sequence[Line], rng: np.random.Generator, rate: float) -> float:
        self.descent.begin(rng)
        lines = list(batch)
        strength = 0.0 if self.task.recipe.augmentation == "none" else 1.0
        strips, widths = changed(lines, rng, CPU, strength)
        with mixed_precision():
            features = self.network.features(strips)
        loss = ctc_loss(self.network.logits(features.float()), widths, lines)
        return self.descent.step(loss, rate)

    def measure(self) -> dict[str, float]:
        now = self._figures()
        chosen_by = now
        if self.task.recipe.going_on and len(self.task.valid) < FEWEST_TO_CHOOSE:
            chosen_by = {**now, "valid loss": -LATER * self.descent.count}
        return {**now, "score": score(chosen_by, self.start, -1.0, TOLERATED)}

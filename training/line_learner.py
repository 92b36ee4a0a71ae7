"""What `ocr train --kind lines` does: the line recogniser as a learner."""

from __future__ import annotations

import copy
import math
from collections.abc import Sequence
from dataclasses import fields
from typing import Any

import numpy as np
import torch
from torch import nn

from ocr.metrics import Errors, character_errors
from training.cnn import running_mean
from training.glyph_learners import (
    PULL,
    freeze_statistics,
    restore_torch,
    score,
    torch_state,
)
from training.line_model import (
    CLIP,
    DECAY,
    Architecture,
    Line,
    LineNetwork,
    batches,
    ctc_loss,
    read_lines,
    stack,
    vary,
)
from training.own_data import Samples
from training.replay import Base
from training.trainer import State

FEWEST_DRAWN = 160  # own lines an epoch: fewer are shown several times, each time changed


def network_of(architecture: dict[str, Any]) -> LineNetwork:
    """An untrained network of the sizes that a weight file tells; the usual ones if it does not."""
    sizes = {
        one.name: tuple(value) if isinstance(value, list) else value
        for one in fields(Architecture)
        if (value := architecture.get(one.name)) is not None
    }
    return LineNetwork(Architecture(**sizes))


def as_lines(samples: Samples) -> list[Line]:
    """Samples as the pairs that `training.line_model` takes."""
    return list(zip(samples.images, samples.labels, strict=True))


def read_samples(network: LineNetwork, samples: Samples) -> list[str]:
    """What the network makes of lines by the likeliest path."""
    return read_lines(network, [image.astype(np.float32) / 255 for image in samples.images])


def pooled_errors(samples: Samples, read: Sequence[str]) -> Errors:
    """Edits over characters of all lines."""
    pairs = zip(samples.labels, read, strict=True)
    return sum((character_errors(truth, text) for truth, text in pairs), Errors())


class LineLearner:
    """Trains a `LineNetwork`; see `training.trainer.Learner`.

    A network that goes on keeps the statistics of its normalisations.
    """

    def __init__(
        self,
        network: LineNetwork,
        own: Samples,
        valid: Samples,
        base: Base | None,
        rate: float,
        batch: int,
        augmentation: str,
        replay: float,
    ) -> None:
        self.network, self.valid, self.base_valid = network, valid, base.valid if base else None
        self.own = as_lines(own)
        self.base = as_lines(base.train) if base else []
        self.rate, self.batch, self.augmentation, self.replay = rate, batch, augmentation, replay
        self.going_on = base is not None
        self.average = copy.deepcopy(network).eval()
        self.count = 0
        self.anchor: list[torch.Tensor] = []
        if base is not None:
            self.anchor = [p.detach().clone() for p in network.parameters()]
        decayed = [p for p in network.parameters() if p.ndim > 1]
        plain = [p for p in network.parameters() if p.ndim <= 1]
        decay = 0.0 if self.going_on else DECAY
        self.optimizer = torch.optim.AdamW(
            [{"params": decayed, "weight_decay": decay}, {"params": plain, "weight_decay": 0.0}],
            lr=rate,
            betas=(0.9, 0.98),
        )
        self.start = self._figures()

    def _figures(self) -> dict[str, float]:
        """CER of own and base lines held back, and the mean loss a character of the own."""
        own = pooled_errors(self.valid, read_samples(self.average, self.valid)).rate or 0.0
        total = characters = 0.0
        lines = as_lines(self.valid)
        with torch.inference_mode():
            for line in lines:
                loss = float(ctc_loss(self.average(stack([line])), [line]))
                total += loss * len(line[1])
                characters += len(line[1])
        figures = {"valid": own, "valid loss": total / max(characters, 1)}
        if self.base_valid is not None:
            read = read_samples(self.average, self.base_valid)
            figures["base"] = pooled_errors(self.base_valid, read).rate or 0.0
        return figures

    def batches(self, rng: np.random.Generator) -> list[list[Line]]:
        repeats = max(1, -(-FEWEST_DRAWN // len(self.own))) if self.going_on else 1
        lines = self.own * repeats
        if self.base and self.replay:
            count = round(self.replay * len(lines))
            rows = rng.choice(len(self.base), count, replace=count > len(self.base))
            lines = lines + [self.base[row] for row in rows]
        return list(batches(lines, rng, self.batch))

    def step(self, batch: Sequence[Line], rng: np.random.Generator, rate: float) -> float:
        torch.manual_seed(int(rng.integers(2**62)))  # dropout
        lines = list(batch)
        if self.augmentation != "none":
            lines = [(vary(rng, image), text) for image, text in lines]
        self.network.train()
        if self.going_on:
            freeze_statistics(self.network)
        with torch.autocast("cpu", torch.bfloat16):
            features = self.network.features(stack(lines))
        loss = ctc_loss(self.network.logits(features.float()), lines)
        self.optimizer.zero_grad()
        loss.backward()
        norm = nn.utils.clip_grad_norm_(self.network.parameters(), CLIP)
        if not (torch.isfinite(loss) and torch.isfinite(norm)):
            return math.nan
        for group in self.optimizer.param_groups:
            group["lr"] = self.rate * rate
        self.optimizer.step()
        with torch.no_grad():
            for value, start in zip(self.network.parameters(), self.anchor, strict=False):
                value.lerp_(start, PULL * rate)
            running_mean(
                list(self.average.state_dict().values()),
                list(self.network.state_dict().values()),
                self.count,
            )
        self.count += 1
        return float(loss.detach())

    def measure(self) -> dict[str, float]:
        now = self._figures()
        if not self.going_on:
            return {**now, "score": score(now["valid loss"])}
        gained = {key: now[key] - self.start[key] for key in ("valid", "base") if key in now}
        return {**now, "score": score(now["valid loss"], gained["valid"], gained.get("base", 0.0))}

    def state(self) -> State:
        return torch_state(self.network, self.average, self.optimizer, self.count)

    def restore(self, state: State) -> None:
        self.count = restore_torch(state, self.network, self.average, self.optimizer)

    def weights(self) -> State:
        return {name: value.numpy().copy() for name, value in self.average.state_dict().items()}

"""Steps of gradient descent that the learners of `ocr train` share, for networks of torch."""

from __future__ import annotations

import copy
import math

import numpy as np
import torch
from torch import nn

from training.recipes.glyphs import running_mean, weight_groups
from training.recipes.trainer import State

DECAY = 0.01  # of weights, from scratch
PULL = 0.003  # share of the way back to the start that the weights go each step (Li et al. 2018)


class Descent:
    """A network, the running mean of its weights, and what takes them from step to step.

    A network that goes on from a trained one is drawn back to where it started instead of to
    nothing, and keeps the statistics of its normalizations: a few samples of one hand are no
    measure of them.

    Parameters
    ----------
    network : nn.Module
    rate : float
        Learning rate.
    clip : float
        Largest norm of a gradient.
    going_on : bool
        Whether the network is trained already.
    betas : (float, float)
        Of AdamW.
    """

    def __init__(
        self,
        network: nn.Module,
        rate: float,
        clip: float,
        going_on: bool,
        betas: tuple[float, float] = (0.9, 0.999),
    ) -> None:
        self.network = network
        self.average = copy.deepcopy(network).eval()
        self.rate, self.clip, self.going_on = rate, clip, going_on
        self.count = 0
        self.anchor = [p.detach().clone() for p in network.parameters()] if going_on else []
        decay = 0.0 if going_on else DECAY
        self.optimizer = torch.optim.AdamW(weight_groups(network, decay), lr=rate, betas=betas)

    def begin(self, rng: np.random.Generator) -> None:
        """Seed the dropout of a step, and set the network to train."""
        torch.manual_seed(int(rng.integers(2**62)))
        self.network.train()
        if self.going_on:
            for module in self.network.modules():
                if isinstance(module, nn.BatchNorm2d):
                    module.eval()

    def step(self, loss: torch.Tensor, rate: float) -> float:
        """Go down a loss at a share `rate` of the learning rate; NaN if it cannot be done."""
        self.optimizer.zero_grad()
        loss.backward()
        norm = nn.utils.clip_grad_norm_(self.network.parameters(), self.clip)
        if not (torch.isfinite(loss) and torch.isfinite(norm)):
            return math.nan
        for group in self.optimizer.param_groups:
            group["lr"] = self.rate * rate
        self.optimizer.step()
        with torch.no_grad():
            for value, start in zip(self.network.parameters(), self.anchor, strict=False):
                value.lerp_(start, PULL * rate)
            running_mean(_values(self.average), _values(self.network), self.count)
        self.count += 1
        return float(loss.detach())

    def state(self) -> State:
        """Copies of everything that steps change, as arrays."""
        state: State = {"count": np.array(self.count)}
        for kind, module in (("network", self.network), ("average", self.average)):
            for name, value in module.state_dict().items():
                state[f"{kind}.{name}"] = value.numpy().copy()
        for number, values in self.optimizer.state_dict()["state"].items():
            for name, value in values.items():
                state[f"optimizer.{number}.{name}"] = value.numpy().copy()
        return state

    def restore(self, state: State) -> None:
        """Take up what `state` gave."""
        for kind, module in (("network", self.network), ("average", self.average)):
            start = f"{kind}."
            module.load_state_dict(
                {k[len(start) :]: torch.tensor(v) for k, v in state.items() if k.startswith(start)}
            )
        whole = self.optimizer.state_dict()
        whole["state"] = {}
        for name, value in state.items():
            if name.startswith("optimizer."):
                _, number, key = name.split(".", 2)
                whole["state"].setdefault(int(number), {})[key] = torch.tensor(value)
        self.optimizer.load_state_dict(whole)
        self.count = int(state["count"])

    def weights(self) -> State:
        """The running mean of the weights."""
        return {name: value.numpy().copy() for name, value in self.average.state_dict().items()}


def _values(network: nn.Module) -> list[torch.Tensor]:
    return [value.detach() for value in network.state_dict().values()]

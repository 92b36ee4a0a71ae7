"""One step down a loss, for every torch network that is trained here.

One schedule of the rate, one optimizer, one limit for gradients, one running mean of the weights.
"""

from __future__ import annotations

import copy
import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

State = dict[str, NDArray[Any]]

WARM_UP = 0.03  # share of a run over which the rate rises
FIRST = 0.05  # share of the rate that it rises from


@dataclass(frozen=True)
class Optimization:
    """How a network goes down its loss.

    Attributes
    ----------
    rate : float
        Highest learning rate of AdamW (Loshchilov and Hutter 2019).
    decay : float
        Of weights; biases and norms do not decay.
    clip : float
        Largest norm of a gradient.
    betas : (float, float)
    average : float
        Decay a step of the running mean of the weights, which is what is measured and kept; with 0
        that is the network itself.
    pull : float
        Share of the way back to where they started that the weights go each step, for a trained
        network that learns a hand (Li et al. 2018, "Explicit inductive bias for transfer
        learning").
    keep_statistics : bool
        Whether normalizations keep their statistics: a few samples of one hand are no measure.
    """

    rate: float
    decay: float = 0.01
    clip: float = 1.0
    betas: tuple[float, float] = (0.9, 0.999)
    average: float = 0.998
    pull: float = 0.0
    keep_statistics: bool = False


def rate_at(done: float) -> float:
    """Share of the full rate after a share `done` of a run: a rise, then half a cosine."""
    return min(1.0, FIRST + done / WARM_UP) * 0.5 * (1 + math.cos(math.pi * min(done, 1.0)))


def weight_groups(network: nn.Module, decay: float) -> list[dict[str, Any]]:
    """What is trained, for an optimizer: matrices and filters decay, biases and norms do not."""
    trained = [p for p in network.parameters() if p.requires_grad]
    return [
        {"params": [p for p in trained if p.ndim > 1], "weight_decay": decay},
        {"params": [p for p in trained if p.ndim <= 1], "weight_decay": 0.0},
    ]


@torch.no_grad()
def update_average(average: nn.Module, network: nn.Module, decay: float, count: int) -> None:
    """Move a running mean of weights and statistics a little; it forgets faster at the start.

    Parameters
    ----------
    decay : float
        What it keeps of itself.
    count : int
        Steps before this one.
    """
    share = 1 - min(decay, (1 + count) / (10 + count))
    kept, new = list(average.state_dict().values()), list(network.state_dict().values())
    floats = [k for k, value in enumerate(kept) if value.is_floating_point()]
    torch._foreach_lerp_([kept[k] for k in floats], [new[k] for k in floats], share)
    for mean, value in zip(kept, new, strict=True):
        if not mean.is_floating_point():
            mean.copy_(value)


@torch.no_grad()
def blend(network: nn.Module, before: nn.Module, share: float) -> None:
    """Move a network's weights a share of the way back to those that its training began with.

    The mean of weights of one descent reads unlike lines better than either end of it (Wortsman et
    al. 2022, "Robust fine-tuning of zero-shot models").
    """
    old = before.state_dict()
    for name, value in network.state_dict().items():
        if value.is_floating_point():
            value.lerp_(old[name], share)


def arrays(module: nn.Module) -> State:
    """Copies of a module's weights and statistics."""
    return {name: value.cpu().numpy().copy() for name, value in module.state_dict().items()}


def alone(loss: torch.Tensor) -> float:
    """The value of a loss, where one process trains by itself."""
    return float(loss.detach())


class Descent:
    """A network, the running mean of its weights, and what takes them from step to step.

    Parameters
    ----------
    network : nn.Module
    how : Optimization
    groups : list of dict, optional
        Of parameters, where they are not those of `weight_groups`.
    meet : callable, optional
        Called after each backward pass with the loss: where several processes train together it
        averages their gradients and gives the mean loss.
    """

    def __init__(
        self,
        network: nn.Module,
        how: Optimization,
        groups: Iterable[dict[str, Any]] = (),
        meet: Callable[[torch.Tensor], float] = alone,
    ) -> None:
        self.network = network.to(memory_format=torch.channels_last)
        self.average = copy.deepcopy(network).eval()
        self.how, self.meet = how, meet
        self.count = 0
        self.start = [p.detach().clone() for p in network.parameters()] if how.pull else []
        self.optimizer = torch.optim.AdamW(
            list(groups) or weight_groups(network, how.decay), lr=how.rate, betas=how.betas
        )

    def begin(self, rng: np.random.Generator) -> None:
        """Seed the dropout of a step, and set the network to train."""
        torch.manual_seed(int(rng.integers(2**62)))
        self.network.train()
        if self.how.keep_statistics:
            for module in self.network.modules():
                if isinstance(module, nn.BatchNorm2d):
                    module.eval()

    def step(self, loss: torch.Tensor, rate: float) -> float:
        """Go down a loss at a share `rate` of the learning rate; NaN if it cannot be done."""
        self.optimizer.zero_grad()
        loss.backward()
        value = self.meet(loss)
        norm = nn.utils.clip_grad_norm_(self.network.parameters(), self.how.clip)
        if not (math.isfinite(value) and torch.isfinite(norm)):
            return math.nan
        for group in self.optimizer.param_groups:
            group["lr"] = self.how.rate * rate
        self.optimizer.step()
        with torch.no_grad():
            for now, start in zip(self.network.parameters(), self.start, strict=False):
                now.lerp_(start, self.how.pull * rate)
        update_average(self.average, self.network, self.how.average, self.count)
        self.count += 1
        return value

    def state(self) -> State:
        """Copies of everything that steps change, as arrays."""
        state: State = {"count": np.array(self.count)}
        for kind, module in (("network", self.network), ("average", self.average)):
            state |= {f"{kind}.{name}": value for name, value in arrays(module).items()}
        for number, values in self.optimizer.state_dict()["state"].items():
            for name, value in values.items():
                state[f"optimizer.{number}.{name}"] = value.cpu().numpy().copy()
        return state

    def restore(self, state: State) -> None:
        """Restore what `state` returned."""
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
        return arrays(self.average)

"""Train the page network: `python -m training.recipes.page --out page.ckpt`.

Crops of the real train pages of `$OCR_DATA/pages` and, with `--pages`, of pages that
`training.synthesis.written_pages` wrote. The rate falls to nothing as the time given runs out;
what is kept is a running mean of the weights.
"""

from __future__ import annotations

import argparse
import math
import os
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import torch
from torch import nn

from training.data.datasets import data_dir
from training.data.page_samples import TrainingPage, crop, load_pages, training_page
from training.data.page_sets import read_pages
from training.networks.page import PageNetwork, page_loss
from training.networks.precision import mixed_precision


@dataclass(frozen=True)
class PageRecipe:
    """Everything that decides how the network comes out, besides the data."""

    minutes: float = 60.0
    rate: float = 2e-3
    batch: int = 8
    seed: int = 0
    decay: float = 0.01
    average: float = 0.998
    clip: float = 2.0
    written: float = 0.55  # share of the crops that are of written pages, where there are any
    check_minutes: float = 5.0


class Crops:
    """Random crops of real and of written pages."""

    def __init__(self, real: list[TrainingPage], written: Path | None, recipe: PageRecipe) -> None:
        self._real = real
        self._folder = written
        self._share = recipe.written
        self._rng = np.random.default_rng((recipe.seed, int(time.time())))
        self._pool: list[TrainingPage] = []
        self._taken = 0

    def _written(self) -> TrainingPage | None:
        """A written page; every hundred crops another file of them is taken in."""
        if self._folder is None:
            return None
        if self._taken % 100 == 0:
            paths = sorted(self._folder.glob("*.npz"))
            if paths:
                self._pool += load_pages(paths[self._rng.integers(len(paths))])
                self._pool = self._pool[-240:]
        self._taken += 1
        return self._pool[self._rng.integers(len(self._pool))] if self._pool else None

    def batch(self, size: int) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        """Darkness, maps and weights of some crops."""
        crops = []
        for _ in range(size):
            page = self._written() if self._rng.random() < self._share else None
            if page is None:
                page = self._real[self._rng.integers(len(self._real))]
            crops.append(crop(self._rng, page))
        darkness, maps, weight = (
            torch.from_numpy(np.stack(part)) for part in zip(*crops, strict=True)
        )
        return darkness[:, None].to(memory_format=torch.channels_last), maps, weight


@torch.no_grad()
def evaluate(network: nn.Module, crops: list[tuple[torch.Tensor, ...]]) -> dict[str, float]:
    """Loss, and F1 of the baseline's pixels, over fixed crops."""
    network.eval()
    losses, hits, said, true, off = [], 0.0, 0.0, 0.0, []
    for darkness, maps, weight in crops:
        output = network(darkness)
        losses.append(float(page_loss(output, maps, weight)))
        found = (output[:, :1] > 0).float() * weight
        truth = (maps[:, :1] > 0.5).float() * weight
        hits += float((found * truth).sum())
        said += float(found.sum())
        true += float(truth.sum())
        inside = (maps[:, 2:3] > 0.5) & (weight > 0)
        if inside.any():
            off.append(float((output[:, 3:] - maps[:, 3:])[inside].abs().mean()))
    return {
        "loss": float(np.mean(losses)),
        "baseline F1": 2 * hits / max(said + true, 1.0),
        "height off (octaves)": float(np.mean(off)),
    }


def train(out: Path, resume: Path | None, written: Path | None, recipe: PageRecipe) -> None:
    """Train until the time is over; the checkpoint is written at every check."""
    torch.set_num_threads(1)
    torch.manual_seed(recipe.seed)
    network, average = PageNetwork(), PageNetwork()
    optimizer = torch.optim.AdamW(network.parameters(), lr=recipe.rate, weight_decay=recipe.decay)
    steps = 0
    if resume is not None and resume.suffix == ".safetensors":
        from safetensors.torch import load_file

        weights = {name: value.float() for name, value in load_file(resume).items()}
        network.load_state_dict(weights)
        average.load_state_dict(weights)
    elif resume is not None:
        state = torch.load(resume, weights_only=True)
        network.load_state_dict(state["network"])
        optimizer.load_state_dict(state["optimizer"])
        steps = int(state["steps"])
        average.load_state_dict(state["average"])
    else:
        average.load_state_dict(network.state_dict())
    data = data_dir()
    crops = Crops([training_page(page) for page in read_pages(data, "train")], written, recipe)
    fixed = fixed_crops([training_page(page) for page in read_pages(data, "valid")])
    began, next_check, running, step = time.monotonic(), recipe.check_minutes, math.nan, 0
    for done in _clock(began, recipe.minutes):
        darkness, maps, weight = crops.batch(recipe.batch)
        network.train()
        with mixed_precision():
            output = network(darkness)
        loss = page_loss(output, maps, weight)
        optimizer.zero_grad()
        loss.backward()
        norm = float(nn.utils.clip_grad_norm_(network.parameters(), recipe.clip))
        if not math.isfinite(norm):
            continue
        warm = min(1.0, (step + 1) / 200)
        for group in optimizer.param_groups:
            group["lr"] = recipe.rate * warm * (0.5 * (1 + math.cos(math.pi * done)) + 0.004)
        optimizer.step()
        step += 1
        steps += 1
        share = 1 - min(recipe.average, (1 + steps) / (10 + steps))
        with torch.no_grad():
            for kept, new in zip(
                average.state_dict().values(), network.state_dict().values(), strict=True
            ):
                if kept.is_floating_point():
                    kept.lerp_(new, share)
        value = float(loss.detach())
        running = value if math.isnan(running) else 0.98 * running + 0.02 * value
        elapsed = (time.monotonic() - began) / 60
        if step % 100 == 0:
            print(
                f"{elapsed:6.1f} min  step {steps}  loss {running:.3f}  norm {norm:.2f}", flush=True
            )
        if elapsed >= next_check or done >= 1:
            next_check += recipe.check_minutes
            figures = evaluate(average, fixed)
            text = "  ".join(f"{name} {value:.4f}" for name, value in figures.items())
            print(f"CHECK {elapsed:.1f} min  crops {steps * recipe.batch}  {text}", flush=True)
            state = {
                "network": network.state_dict(),
                "average": average.state_dict(),
                "optimizer": optimizer.state_dict(),
                "steps": steps,
            }
            beside = out.with_name(f".{out.name}.part")
            torch.save(state, beside)
            beside.replace(out)


def _clock(began: float, minutes: float) -> Iterator[float]:
    """Shares of the time that have passed, the last one 1."""
    while True:
        done = min(1.0, (time.monotonic() - began) / 60 / minutes)
        yield done
        if done >= 1:
            return


def fixed_crops(pages: list[TrainingPage]) -> list[tuple[torch.Tensor, ...]]:
    """A crop of each page, always the same, as batches of one."""
    rng = np.random.default_rng(7)
    crops = [crop(rng, page) for page in pages]
    return [
        tuple(torch.from_numpy(part)[None] for part in (darkness[None], maps, weight))
        for darkness, maps, weight in crops
    ]


def main() -> None:
    parser = argparse.ArgumentParser(description="Train the page network.")
    parser.add_argument("--out", type=Path, required=True, help="checkpoint to write")
    parser.add_argument("--resume", type=Path, help="checkpoint, or .safetensors, to go on from")
    parser.add_argument("--pages", type=Path, help="folder of training.synthesis.written_pages")
    parser.add_argument("--minutes", type=float, default=PageRecipe.minutes)
    parser.add_argument("--rate", type=float, default=PageRecipe.rate)
    parser.add_argument("--seed", type=int, default=PageRecipe.seed)
    parser.add_argument("--check-minutes", type=float, default=PageRecipe.check_minutes)
    given = parser.parse_args()
    recipe = PageRecipe(
        minutes=given.minutes, rate=given.rate, seed=given.seed, check_minutes=given.check_minutes
    )
    print(asdict(recipe), flush=True)
    os.environ["OMP_NUM_THREADS"] = "1"
    train(given.out, given.resume, given.pages, recipe)


if __name__ == "__main__":
    main()

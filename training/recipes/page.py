"""Train the page network: `python -m training.recipes.page --out page.ckpt`.

Crops of the real train pages of `$OCR_DATA/pages` and, with `--pages`, of pages that
`training.synthesis.written_pages` wrote. The rate falls to nothing as the time given runs out;
what is kept is a running mean of the weights.
"""

from __future__ import annotations

import argparse
import os
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn
from torch.utils.data import DataLoader, IterableDataset, get_worker_info

from ocr.errors import DataError
from training.commands import above_zero, run
from training.data.datasets import data_dir
from training.data.page_samples import TrainingPage, crop, load_pages, training_page
from training.data.page_sets import read_pages
from training.networks.page import PageNetwork, page_loss
from training.networks.precision import mixed_precision
from training.recipes.checkpoints import load_checkpoint, save_checkpoint
from training.recipes.descent import Descent, Optimization, State
from training.recipes.progress import Bar
from training.recipes.trainer import DescentLearner, Run, TimedPlan, run_through, stopwatch

Crop = tuple[NDArray[np.float32], NDArray[np.float32], NDArray[np.float32]]
"""Darkness, maps and weight, as `training.data.page_samples.crop` gives them."""

A_FILE = 100  # written pages drawn until another file of them is taken in
KEPT_PAGES = 240  # written pages that are drawn from at a time


@dataclass(frozen=True)
class PageRecipe:
    """Everything that decides how the network comes out, besides the data.

    How the numbers were chosen was not kept; `models/page.md` has those that the network was
    trained with.
    """

    minutes: float = 60.0
    rate: float = 2e-3
    batch: int = 8
    seed: int = 0
    written: float = 0.55  # share of the crops that are of written pages, where there are any
    check_minutes: float = 5.0
    device: str = "cpu"
    croppers: int = 0  # processes that take crops beside the one that trains

    @property
    def optimization(self) -> Optimization:
        """How the network goes down its loss."""
        return Optimization(self.rate, clip=2.0, average=0.998)


@dataclass(frozen=True)
class PageBatch:
    """Crops: `darkness` (N, 1, H, W), and `maps` and `weight` at a quarter of the sides."""

    darkness: torch.Tensor
    maps: torch.Tensor
    weight: torch.Tensor

    def __len__(self) -> int:
        return len(self.darkness)

    def to(self, device: torch.device) -> PageBatch:
        """The same on a device."""
        darkness = self.darkness.to(device, memory_format=torch.channels_last)
        return PageBatch(darkness, self.maps.to(device), self.weight.to(device))


class Crops(IterableDataset[Crop]):
    """Random crops of real and of written pages, without end.

    Raises
    ------
    DataError
        The folder of written pages holds none.
    """

    def __init__(self, real: list[TrainingPage], written: Path | None, recipe: PageRecipe) -> None:
        if written is not None and not any(written.glob("*.npz")):
            raise DataError(f"{written}: no pages. Fill it by training.synthesis.strips --pages.")
        self._real = real
        self._folder = written
        self._share = recipe.written
        self._seed = (recipe.seed, int(time.time()))

    def __iter__(self) -> Iterator[Crop]:
        worker = get_worker_info()
        rng = np.random.default_rng((*self._seed, worker.id if worker else 0))
        written = self._written(rng)
        while True:
            page = next(written) if rng.random() < self._share else None
            if page is None:
                page = self._real[rng.integers(len(self._real))]
            yield crop(rng, page)

    def _written(self, rng: np.random.Generator) -> Iterator[TrainingPage | None]:
        """Written pages, if there are any; every hundred another file of them is taken in."""
        pool: list[TrainingPage] = []
        while True:
            paths = sorted(self._folder.glob("*.npz")) if self._folder is not None else []
            if paths:
                pool = (pool + load_pages(paths[rng.integers(len(paths))]))[-KEPT_PAGES:]
            for _ in range(A_FILE):
                yield pool[rng.integers(len(pool))] if pool else None


def batch_of(crops: list[Crop]) -> PageBatch:
    """Some crops as one batch."""
    darkness, maps, weight = (torch.from_numpy(np.stack(part)) for part in zip(*crops, strict=True))
    return PageBatch(darkness[:, None], maps, weight)


@torch.no_grad()
def evaluate(network: nn.Module, crops: list[PageBatch]) -> dict[str, float]:
    """Loss, and F1 of the baseline's pixels, over fixed crops."""
    network.eval()
    losses, hits, said, true, off = [], 0.0, 0.0, 0.0, []
    device = next(network.parameters()).device
    for one in (given.to(device) for given in crops):
        output, maps, weight = network(one.darkness), one.maps, one.weight
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


class PageLearner(DescentLearner):
    """Trains the network on crops; see `training.recipes.trainer.Learner`."""

    def __init__(
        self, network: PageNetwork, crops: Crops, fixed: list[PageBatch], recipe: PageRecipe
    ) -> None:
        self.crops, self.fixed, self.recipe = crops, fixed, recipe
        self.device = torch.device(recipe.device)
        how = recipe.optimization
        # One group, as in the checkpoints that there are.
        network = network.to(self.device)
        groups = [{"params": list(network.parameters()), "weight_decay": how.decay}]
        self.descent: Descent = Descent(network, how, groups)

    def batches(self, rng: np.random.Generator) -> Iterator[PageBatch]:
        yield from DataLoader(
            self.crops,
            self.recipe.batch,
            num_workers=self.recipe.croppers,
            collate_fn=batch_of,
        )

    def step(self, batch: PageBatch, rng: np.random.Generator, rate: float) -> float:
        self.descent.begin(rng)
        batch = batch.to(self.device)
        with mixed_precision(self.device):
            output = self.descent.network(batch.darkness)
        return self.descent.step(page_loss(output, batch.maps, batch.weight), rate)

    def measure(self) -> dict[str, float]:
        figures = evaluate(self.descent.average, self.fixed)
        return {"steps": float(self.descent.count), **figures, "score": -figures["loss"]}


def train(out: Path, resume: Path | None, written: Path | None, recipe: PageRecipe) -> None:
    """Train until the time is over; the checkpoint is written at every check."""
    torch.set_num_threads(1)
    torch.manual_seed(recipe.seed)
    data = data_dir()
    crops = Crops([training_page(page) for page in read_pages(data, "train")], written, recipe)
    fixed = fixed_crops([training_page(page) for page in read_pages(data, "valid")])
    learner = PageLearner(PageNetwork(), crops, fixed, recipe)
    descent = learner.descent
    if resume is not None:
        descent.count = load_checkpoint(resume, descent.network, descent.average, descent.optimizer)

    def save(run: Run, best: State) -> None:
        save_checkpoint(
            out, descent.network, descent.average, descent.optimizer, steps=descent.count
        )

    plan = TimedPlan(recipe.minutes, recipe.check_minutes, recipe.seed, stopwatch())
    run_through(learner, plan, Run(), {}, save, Bar())


def fixed_crops(pages: list[TrainingPage]) -> list[PageBatch]:
    """A crop of each page, always the same, as batches of one."""
    rng = np.random.default_rng(7)
    crops = [crop(rng, page) for page in pages]
    return [
        PageBatch(*(torch.from_numpy(part)[None] for part in (darkness[None], maps, weight)))
        for darkness, maps, weight in crops
    ]


def main() -> None:
    parser = argparse.ArgumentParser(description="Train the page network.")
    parser.add_argument("--out", type=Path, required=True, help="checkpoint to write")
    parser.add_argument("--resume", type=Path, help="checkpoint, or .safetensors, to go on from")
    parser.add_argument("--pages", type=Path, help="of training.synthesis.strips")
    parser.add_argument("--minutes", type=above_zero, default=PageRecipe.minutes)
    parser.add_argument("--rate", type=float, default=PageRecipe.rate)
    parser.add_argument("--seed", type=int, default=PageRecipe.seed)
    parser.add_argument("--batch", type=int, default=PageRecipe.batch, help="crops a step")
    parser.add_argument("--check-minutes", type=above_zero, default=PageRecipe.check_minutes)
    parser.add_argument("--device", default=PageRecipe.device, help="cpu or cuda")
    parser.add_argument(
        "--croppers", type=int, default=PageRecipe.croppers, help="processes that take crops"
    )
    given = parser.parse_args()
    recipe = PageRecipe(
        minutes=given.minutes,
        rate=given.rate,
        batch=given.batch,
        seed=given.seed,
        check_minutes=given.check_minutes,
        device=given.device,
        croppers=given.croppers,
    )
    print(asdict(recipe), flush=True)
    os.environ["OMP_NUM_THREADS"] = "1"
    train(given.out, given.resume, given.pages, recipe)


if __name__ == "__main__":
    run(main)

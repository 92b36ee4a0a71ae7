"""Train the line network: `python -m training.recipes.lines --shards DIR --out line.ckpt`.

CTC (Graves et al. 2006) aligns what the network reads with the text, so that no one has to say
where a character stands. The work may be spread over processes of one thread each, which meet once
a step; the rate falls to nothing as the time given runs out, and what is kept is a running mean of
the weights.
"""

from __future__ import annotations

import argparse
import os
import tempfile
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
import torch
import torch.distributed as dist
from numpy.typing import NDArray
from torch import nn

from ocr.errors import DataError
from ocr.evaluation.error_rates import edit_distance
from ocr.layout.strips import STRIP_HEIGHT
from ocr.lines.ctc import BLANK, best_path
from ocr.lines.recognizer import FRAME, MULTIPLE, TAIL
from training.commands import above_zero, run
from training.data.datasets import data_dir
from training.data.scans import Sample
from training.data.shards import read_shard
from training.data.text import CHARSET
from training.networks.line import LineNetwork
from training.networks.precision import mixed_precision
from training.recipes.checkpoints import load_checkpoint, save_checkpoint, steps_made
from training.recipes.descent import Descent, Optimization, State
from training.recipes.progress import Bar
from training.recipes.trainer import DescentLearner, Run, TimedPlan, run_through, stopwatch
from training.synthesis.line_panel import panel
from training.synthesis.strip_changes import CONFIG as CHANGES
from training.synthesis.strip_changes import StripChanges
from training.synthesis.strips import fits

BATCH_WIDTH = 10_000  # pixels of strips a worker takes at once, padding included
FEWEST, MOST = 6, 64  # strips a worker takes at once
POOL = 8  # shards that are mixed and sorted by width together
GENTLEST = 0.25  # strength of the changes of strips at the end of a training; 1 is full
CLIP = 5.0  # largest norm of a gradient
BETAS = (0.9, 0.98)  # of AdamW
FEW_STEP = 128  # pixels of which the width of a batch is a multiple on an accelerator
PANEL = {"copiste": 90, "poilus": 60, "unipen": 100}
"""Lines of the valid splits that the weights are chosen by."""

Line = tuple[NDArray[np.uint8], str]


@dataclass(frozen=True)
class LineRecipe:
    """Everything that decides how the network comes out, besides the data."""

    minutes: float = 90.0
    rate: float = 1.0e-3
    workers: int = 1
    seed: int = 0
    check_minutes: float = 10.0
    device: str = "cpu"
    batch_width: int = BATCH_WIDTH
    most: int = MOST
    pool: int = POOL
    kept: int = 0

    @property
    def optimization(self) -> Optimization:
        """How the network goes down its loss."""
        return Optimization(self.rate, clip=CLIP, betas=BETAS, average=0.999)


# --- strips ---------------------------------------------------------------------------------


def pools(
    folder: Path, rng: np.random.Generator, count: int = POOL, kept: int = 0
) -> Iterator[list[Line]]:
    """Strips of `count` shards at a time, newest shards taken in with each pass, without end.

    The strips of `kept` shards stay in memory.
    """

    @lru_cache(kept)
    def strips(path: Path) -> list[Line]:
        return [line for line in read_shard(path) if fits(*line)]

    while True:
        paths = sorted(folder.glob("*.npz"))
        if not paths:
            raise DataError(f"{folder}: no shards. Fill it by training.synthesis.strips.")
        order = rng.permutation(len(paths))[: 4 * count]
        for start in range(0, len(order), count):
            yield [line for i in order[start : start + count] for line in strips(paths[i])]


def batches(
    lines: list[Line],
    rng: np.random.Generator,
    most: int = MOST,
    batch_width: int = BATCH_WIDTH,
) -> Iterator[list[Line]]:
    """Strips in batches of like widths, at most `most` in each, in random order."""
    order = sorted(range(len(lines)), key=lambda i: lines[i][0].shape[1] + rng.uniform(0, 24))
    groups: list[list[Line]] = []
    group: list[Line] = []
    for i in order:
        width = lines[i][0].shape[1]
        full = len(group) == most or (len(group) + 1) * width > batch_width
        if group and full and len(group) >= min(FEWEST, most):
            groups.append(group)
            group = []
        group.append(lines[i])
    if group:
        groups.append(group)
    for i in rng.permutation(len(groups)):
        yield groups[i]


def stack(lines: list[Line]) -> torch.Tensor:
    """Strips side by side, padded with paper: `(N, 1, STRIP_HEIGHT, W)` uint8."""
    width = -(-(max(image.shape[1] for image, _ in lines) + TAIL) // MULTIPLE) * MULTIPLE
    out = np.full((len(lines), 1, STRIP_HEIGHT, width), 255, dtype=np.uint8)
    for row, (image, _) in enumerate(lines):
        out[row, 0, :, : image.shape[1]] = image
    return torch.from_numpy(out)


def as_strips(stacked: torch.Tensor) -> torch.Tensor:
    """Bytes as the network takes them: float32 in [0, 1]."""
    return (stacked.float() / 255).to(memory_format=torch.channels_last)


def widths_of(lines: list[Line]) -> torch.Tensor:
    """Columns of each strip."""
    return torch.tensor([image.shape[1] for image, _ in lines])


def changed(
    lines: list[Line],
    rng: np.random.Generator,
    device: torch.device,
    strength: float,
    multiple: int = MULTIPLE,
) -> tuple[torch.Tensor, torch.Tensor]:
    """Strips of a batch, each changed, and their new widths."""
    changes = StripChanges(int(rng.integers(2**62)), device, strength)
    stacked, widths = stack(lines).to(device), widths_of(lines).to(device)
    strips, widths = changes(stacked.float() / 255, widths, multiple)
    return strips.to(memory_format=torch.channels_last), widths


# --- loss and measuring ---------------------------------------------------------------------

CLASS = {sign: number + 1 for number, sign in enumerate(CHARSET)}


def ctc_loss(logits: torch.Tensor, widths: torch.Tensor, lines: list[Line]) -> torch.Tensor:
    """CTC loss over a batch of strips of these widths, per character."""
    targets = torch.tensor([CLASS[sign] for _, text in lines for sign in text])
    lengths = torch.tensor([len(text) for _, text in lines])
    frames = (widths // FRAME + 1).clamp(max=logits.shape[1])
    logs = logits.float().log_softmax(-1).transpose(0, 1)
    total = nn.functional.ctc_loss(
        logs,
        targets.to(logs.device),
        frames,
        lengths.to(logs.device),
        blank=BLANK,
        reduction="sum",
        zero_infinity=True,
    )
    return total / len(targets)


def greedy(logits: torch.Tensor) -> list[str]:
    """The likeliest class of each step, repeats and blanks removed."""
    return ["".join(CHARSET[k - 1] for k in best_path(row)) for row in logits.cpu().numpy()]


@torch.no_grad()
def read_lines(network: LineNetwork, images: list[NDArray[np.float32]]) -> list[str]:
    """Greedy readings of strips, (STRIP_HEIGHT, W) in [0, 1], in batches of like widths."""
    network.eval()
    device = next(network.parameters()).device
    texts = [""] * len(images)
    order = np.argsort([image.shape[1] for image in images])
    for start in range(0, len(order), 16):
        rows = order[start : start + 16]
        lines = [((images[i] * 255 + 0.5).astype(np.uint8), "") for i in rows]
        with mixed_precision(device):
            features = network.features(as_strips(stack(lines).to(device)))
        for i, text in zip(rows, greedy(network.logits(features.float())), strict=True):
            texts[i] = " ".join(text.split())
    return texts


def measure(
    network: LineNetwork, panels: dict[str, list[Sample]], rank: int = 0, workers: int = 1
) -> dict[str, float]:
    """CER of each panel, greedy, and their mean."""
    counts = torch.zeros(len(panels), 2)
    for row, lines in enumerate(panels.values()):
        mine = lines[rank::workers]
        read = read_lines(network, [image for image, _ in mine])
        for (_, truth), text in zip(mine, read, strict=True):
            counts[row, 0] += edit_distance(truth, text)
            counts[row, 1] += len(truth)
    if workers > 1:
        dist.all_reduce(counts)
    rates = {
        name: edits / total for name, (edits, total) in zip(panels, counts.tolist(), strict=True)
    }
    return rates | {"mean": float(np.mean(list(rates.values())))}


# --- training -------------------------------------------------------------------------------


class LineLearner(DescentLearner):
    """Trains the network on the shards of a folder; see `training.recipes.trainer.Learner`.

    Several processes may train the same network on different strips: after each backward pass they
    average their gradients, and what all must agree on.

    Parameters
    ----------
    rank : int
        Number of this process, from 0.
    """

    def __init__(
        self,
        network: LineNetwork,
        shards: Path,
        panels: dict[str, list[Sample]],
        recipe: LineRecipe,
        rank: int = 0,
    ) -> None:
        self.network, self.shards, self.panels = network, shards, panels
        self.recipe, self.rank, self.seen = recipe, rank, 0
        self.device = torch.device(recipe.device)
        self.descent: Descent = Descent(
            network.to(self.device), recipe.optimization, meet=self._meet
        )
        self._own_clock = stopwatch()
        self._minutes, self._lines = 0.0, 0

    def minutes(self) -> float:
        """Minutes since the start, on which all processes agree."""
        return self._minutes

    def go_on(self, path: Path) -> None:
        """Take up a checkpoint, or the bare weights of a `.safetensors` file."""
        descent = self.descent
        self.seen = load_checkpoint(path, descent.network, descent.average, descent.optimizer)
        descent.count = steps_made(descent.optimizer)  # or the mean would begin anew

    def _meet(self, loss: torch.Tensor) -> float:
        """Average gradients, loss, strips and time over the processes; the loss."""
        shared = [float(loss.detach()), float(self._lines), self._own_clock()]
        if self.recipe.workers > 1:
            gradients = [p.grad for p in self.network.parameters() if p.grad is not None]
            flat = torch.cat([*(one.reshape(-1) for one in gradients), torch.tensor(shared)])
            dist.all_reduce(flat)
            flat /= self.recipe.workers
            shared = flat[-3:].tolist()
            parts = flat[:-3].split([one.numel() for one in gradients])
            for gradient, mean in zip(gradients, parts, strict=True):
                gradient.copy_(mean.view_as(gradient))
        self.seen += round(shared[1] * self.recipe.workers)
        self._minutes = shared[2]
        return shared[0]

    def batches(self, rng: np.random.Generator) -> Iterator[list[Line]]:
        rng = np.random.default_rng((self.recipe.seed, self.rank, self.seen))
        recipe = self.recipe
        for lines in pools(self.shards, rng, recipe.pool, recipe.kept):
            yield from batches(lines, rng, recipe.most, recipe.batch_width)

    def step(self, batch: list[Line], rng: np.random.Generator, rate: float) -> float:
        rng = np.random.default_rng((self.rank, int(rng.integers(2**62))))
        self.descent.begin(rng)
        strength = GENTLEST + (1 - GENTLEST) * rate
        multiple = MULTIPLE
        if self.device.type != "cpu":
            batch, multiple = self._of_few_shapes(batch), FEW_STEP
        self._lines = len(batch)
        strips, widths = changed(batch, rng, self.device, strength, multiple)
        with mixed_precision(self.device):
            features = self.network.features(strips)
        loss = ctc_loss(self.network.logits(features.float()), widths, batch)
        return self.descent.step(loss, rate)

    def _of_few_shapes(self, batch: list[Line]) -> list[Line]:
        """A batch cut or filled up so that its size depends on its width alone.

        An accelerator plans each convolution anew for every shape that it has not met.
        """
        longest = max(image.shape[1] for image, _ in batch)
        longest = -(-longest // FEW_STEP) * FEW_STEP
        count = max(1, round(self.recipe.batch_width / ((1 + CHANGES.wider) * longest)))
        return (batch * -(-count // len(batch)))[:count]

    def measure(self) -> dict[str, float]:
        rates = measure(self.descent.average, self.panels, self.rank, self.recipe.workers)
        percent = {f"{name} %": 100 * rate for name, rate in rates.items()}
        return {"lines": float(self.seen), **percent, "score": -rates["mean"]}


def train_worker(
    rank: int, meeting: str, shards: Path, out: Path, resume: Path | None, recipe: LineRecipe
) -> None:
    """One of `recipe.workers` processes that train the same network on different strips."""
    torch.set_num_threads(1)
    if recipe.workers > 1:
        dist.init_process_group(
            "gloo", init_method=f"file://{meeting}", rank=rank, world_size=recipe.workers
        )
    torch.manual_seed(recipe.seed)
    panels = {name: panel(name, "valid", data_dir(), most) for name, most in PANEL.items()}
    learner = LineLearner(LineNetwork(), shards, panels, recipe, rank)
    descent = learner.descent
    if resume is not None:
        learner.go_on(resume)

    def save(run: Run, best: State) -> None:
        save_checkpoint(out, descent.network, descent.average, descent.optimizer, seen=learner.seen)

    plan = TimedPlan(recipe.minutes, recipe.check_minutes, recipe.seed, learner.minutes)
    if rank == 0:
        run_through(learner, plan, Run(), {}, save, Bar())
    else:
        run_through(learner, plan, Run(), {})
    if recipe.workers > 1:
        dist.destroy_process_group()


def show(rates: dict[str, float]) -> str:
    """Rates in percent, in a row."""
    return "  ".join(f"{name} {100 * rate:.2f} %" for name, rate in rates.items())


def main() -> None:
    parser = argparse.ArgumentParser(description="Train the line network.")
    parser.add_argument("--shards", type=Path, required=True, help="of training.synthesis.strips")
    parser.add_argument("--out", type=Path, required=True, help="checkpoint to write")
    parser.add_argument("--resume", type=Path, help="checkpoint, or .safetensors, to go on from")
    parser.add_argument("--minutes", type=above_zero, default=LineRecipe.minutes)
    parser.add_argument("--rate", type=float, default=LineRecipe.rate)
    parser.add_argument("--workers", type=int, default=LineRecipe.workers)
    parser.add_argument("--seed", type=int, default=LineRecipe.seed)
    parser.add_argument("--check-minutes", type=above_zero, default=LineRecipe.check_minutes)
    parser.add_argument("--device", default=LineRecipe.device, help="cpu, or cuda with one worker")
    parser.add_argument("--batch-width", type=int, default=BATCH_WIDTH, help="pixels a step")
    parser.add_argument("--most", type=int, default=MOST, help="strips a step")
    parser.add_argument("--pool", type=int, default=POOL, help="shards that are mixed at a time")
    parser.add_argument("--kept", type=int, default=0, help="shards that stay in memory")
    given = parser.parse_args()
    recipe = LineRecipe(
        given.minutes,
        given.rate,
        given.workers,
        given.seed,
        given.check_minutes,
        given.device,
        given.batch_width,
        given.most,
        given.pool,
        given.kept,
    )
    print(asdict(recipe), flush=True)
    os.environ["OMP_NUM_THREADS"] = "1"
    with tempfile.TemporaryDirectory() as folder:
        arguments = (f"{folder}/meeting", given.shards, given.out, given.resume, recipe)
        if recipe.workers == 1:
            train_worker(0, *arguments)
        else:
            torch.multiprocessing.spawn(train_worker, arguments, nprocs=recipe.workers)


if __name__ == "__main__":
    run(main)

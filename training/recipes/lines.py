"""Train the line recogniser: `python -m training.recipes.lines --shards DIR --out FOLDER`.

A small convolutional network looks at the line, a bidirectional LSTM reads along it, and CTC
(Graves et al. 2006) aligns what it reads with the text, so that no one has to say where a
character stands. The recipe is made for few CPU cores: the work is spread over processes of one
thread each, which meet once a step, and the rate falls to nothing as the time that was given
runs out.
"""

from __future__ import annotations

import argparse
import math
import os
import tempfile
import time
import unicodedata
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import torch
import torch.distributed as dist
from numpy.typing import NDArray
from PIL import Image
from torch import nn

from ocr.evaluation.error_rates import edit_distance
from ocr.lines.normalize import LINE_HEIGHT
from training.data.datasets import data_dir
from training.data.shards import read_shard
from training.data.text import CHARSET
from training.networks.line_network import Architecture, LineNetwork
from training.recipes.glyphs import weight_groups
from training.synthesis.line_panel import panel
from training.synthesis.lines import FRAME, fits

BATCH_WIDTH = 12_000  # pixels of line width a worker takes at once, padding included
FEWEST, MOST = 6, 64  # lines a worker takes at once
POOL = 12  # shards that are mixed and sorted by width together
BLANK = 0  # class of CTC's "nothing"; character k of the charset is class k + 1
DECAY = 0.01  # weight decay
CLIP = 5.0  # largest norm of a gradient
WARM_UP = 300  # steps over which the rate rises
AVERAGE = 0.999  # decay a step of the running mean of the weights, which is what is kept
SHORT_FIRST = 12_000  # lines for which only short ones are shown: they align sooner
SHORT = 300  # pixels
PANEL = {"copiste": 90, "poilus": 60, "unipen": 100}
"""Lines of the valid splits that the weights are chosen by."""


@dataclass(frozen=True)
class Recipe:
    """Everything that decides how the network comes out, besides the data."""

    minutes: float = 90.0
    rate: float = 1.5e-3
    workers: int = 2
    seed: int = 0
    check_minutes: float = 8.0


Line = tuple[NDArray[np.uint8], str]


def batches(lines: list[Line], rng: np.random.Generator, most: int = MOST) -> Iterator[list[Line]]:
    """Lines in batches of like widths, at most `most` in each, in random order."""
    order = sorted(range(len(lines)), key=lambda i: lines[i][0].shape[1] + rng.uniform(0, 24))
    groups: list[list[Line]] = []
    group: list[Line] = []
    for i in order:
        width = lines[i][0].shape[1]
        if group and (len(group) == most or (len(group) + 1) * width > BATCH_WIDTH) and (
            len(group) >= min(FEWEST, most)
        ):  # fmt: skip
            groups.append(group)
            group = []
        group.append(lines[i])
    if group:
        groups.append(group)
    for i in rng.permutation(len(groups)):
        yield groups[i]


def pools(folder: Path, rng: np.random.Generator) -> Iterator[list[Line]]:
    """Lines of a few shards at a time, pass after pass, new shards taken in with each pass."""
    while True:
        paths = sorted(folder.glob("*.npz"))
        if not paths:
            raise FileNotFoundError(
                f"{folder}: no shards; fill it with `python -m training.recipes.line_shards`"
            )
        order = rng.permutation(len(paths))
        for start in range(0, len(order), POOL):
            yield [line for i in order[start : start + POOL] for line in read_shard(paths[i])]


def vary(rng: np.random.Generator, image: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """A line a little wider, taller, slanted, shifted and fainter, so that a line seen again is
    not the same line. Never narrower: it must go on holding its text.
    """
    height, width = image.shape
    wide = 1 + 0.15 * rng.random() ** 2
    tall, slant, shift = rng.uniform(0.92, 1.1), rng.normal(0, 0.08), rng.uniform(-1.5, 1.5)
    middle = height / 2
    # Where in the line each point comes from: x / wide + slant * (y - middle), y about the middle.
    inverse = (1 / wide, slant, -slant * middle, 0, 1 / tall, middle - middle / tall + shift)
    moved = Image.fromarray(image).transform(
        (round(width * wide), height),
        Image.Transform.AFFINE,
        inverse,
        resample=Image.Resampling.BILINEAR,
        fillcolor=255,
    )
    ink = 255 - np.asarray(moved, dtype=np.float32)
    return np.uint8(255 - np.minimum(ink * rng.uniform(0.75, 1.15), 255))


def stack(lines: list[Line]) -> torch.Tensor:
    """Lines side by side, padded with paper: `(N, 1, LINE_HEIGHT, W)` float32 in [0, 1]."""
    width = -(-max(image.shape[1] for image, _ in lines) // FRAME) * FRAME
    out = np.full((len(lines), 1, LINE_HEIGHT, width), 255, dtype=np.uint8)
    for row, (image, _) in enumerate(lines):
        out[row, 0, :, : image.shape[1]] = image
    return (torch.from_numpy(out).float() / 255).to(memory_format=torch.channels_last)


CLASS = {sign: number + 1 for number, sign in enumerate(CHARSET)}


def ctc_loss(logits: torch.Tensor, lines: list[Line]) -> torch.Tensor:
    """CTC loss over a batch, per character."""
    targets = torch.tensor([CLASS[sign] for _, text in lines for sign in text])
    lengths = torch.tensor([len(text) for _, text in lines])
    frames = torch.tensor([min(logits.shape[1], image.shape[1] // FRAME + 1) for image, _ in lines])
    logs = logits.float().log_softmax(-1).transpose(0, 1)
    total = nn.functional.ctc_loss(
        logs, targets, frames, lengths, blank=BLANK, reduction="sum", zero_infinity=True
    )
    return total / len(targets)


def greedy(logits: torch.Tensor) -> list[str]:
    """The likeliest class of each frame, repeats and blanks removed."""
    texts = []
    for row in logits.argmax(-1).tolist():
        kept = [now for now, before in zip(row, [BLANK, *row[:-1]], strict=True) if now != before]
        texts.append("".join(CHARSET[k - 1] for k in kept if k != BLANK))
    return texts


def rate_at(step: int, done: float) -> float:
    """Share of the full rate after `step` steps and a share `done` of the time."""
    return min(1.0, (step + 1) / WARM_UP) * (0.5 * (1 + math.cos(math.pi * min(done, 1.0))) + 0.004)


def train_worker(
    rank: int, meeting: str, shards: Path, out: Path, resume: Path | None, recipe: Recipe
) -> None:
    """One of `recipe.workers` processes that train the same network on different lines."""
    torch.set_num_threads(1)
    dist.init_process_group(
        "gloo", init_method=f"file://{meeting}", rank=rank, world_size=recipe.workers
    )
    torch.manual_seed(recipe.seed)
    network = LineNetwork()
    average = LineNetwork()
    average.load_state_dict(network.state_dict())
    optimizer = torch.optim.AdamW(weight_groups(network, DECAY), lr=recipe.rate, betas=(0.9, 0.98))
    seen = 0
    if resume is not None:
        seen = load_checkpoint(resume, network, average, optimizer)
    panels = {name: panel(name, "valid", data_dir(), most) for name, most in PANEL.items()}
    warm = 200 if seen else 0  # steps of warm-up that an optimiser with a memory can leave out
    rng = np.random.default_rng((recipe.seed, rank, seen))
    torch.manual_seed(recipe.seed + 1000 * rank + 1)  # dropout
    parameters = list(network.parameters())
    sizes = [p.numel() for p in parameters]
    began = time.monotonic()
    step = skipped = 0
    done, running, last, next_check = 0.0, math.nan, 0.0, recipe.check_minutes
    for lines in pools(shards, rng):
        for batch in batches([line for line in lines if fits(*line)], rng):
            if seen < SHORT_FIRST and resume is None and batch[-1][0].shape[1] > SHORT:
                continue
            batch = [(vary(rng, image), text) for image, text in batch]
            network.train()
            with torch.autocast("cpu", torch.bfloat16):
                features = network.features(stack(batch))
            loss = ctc_loss(network.logits(features.float()), batch)
            optimizer.zero_grad()
            loss.backward()
            elapsed = (time.monotonic() - began) / 60
            # One meeting a step: gradients, and what all must agree on.
            flat = torch.cat(
                [p.grad.reshape(-1) for p in parameters if p.grad is not None]
                + [torch.tensor([loss.item(), float(len(batch)), elapsed])]
            )
            dist.all_reduce(flat)
            flat /= recipe.workers
            mean_loss, lines_each, elapsed = flat[-3:].tolist()
            seen += round(lines_each * recipe.workers)
            done = elapsed / recipe.minutes
            norm = float(flat[:-3].norm())
            step += 1
            if not math.isfinite(norm):
                skipped += 1
                continue
            flat *= min(1.0, CLIP / (norm + 1e-6))
            for p, gradient in zip(parameters, flat[:-3].split(sizes), strict=True):
                p.grad = gradient.view_as(p)
            for group in optimizer.param_groups:
                group["lr"] = recipe.rate * rate_at(step + warm, done)
            optimizer.step()
            update_average(average, network, min(AVERAGE, (1 + step) / (10 + step)))
            running = mean_loss if math.isnan(running) else 0.98 * running + 0.02 * mean_loss
            if rank == 0 and step % 100 == 0:
                print(
                    f"{elapsed:6.1f} min  step {step}  lines {seen}  loss {running:.3f}  "
                    f"norm {norm:.2f}  skipped {skipped}  "
                    f"{lines_each * recipe.workers * 100 / max(1e-9, (elapsed - last) * 60):.0f}"
                    " lines/s (about)",
                    flush=True,
                )
                last = elapsed
            if elapsed >= next_check or done >= 1:
                next_check += recipe.check_minutes
                rates = measure(average, panels, rank, recipe.workers)
                if rank == 0:
                    print(f"CHECK {elapsed:.1f} min  lines {seen}  {show(rates)}", flush=True)
                    save_checkpoint(out, network, average, optimizer, seen)
            if done >= 1:
                break
        if done >= 1:
            break
    dist.destroy_process_group()


@torch.no_grad()
def update_average(average: nn.Module, network: nn.Module, decay: float) -> None:
    """Move the running mean of the weights, and of the normalisations' statistics, a little."""
    kept, new = list(average.state_dict().values()), list(network.state_dict().values())
    floats = [i for i, value in enumerate(kept) if value.is_floating_point()]
    torch._foreach_lerp_([kept[i] for i in floats], [new[i] for i in floats], 1 - decay)


def without_accents(text: str) -> str:
    """Accents folded away, for figures that compare with readers of plain letters."""
    parts = unicodedata.normalize("NFD", text.replace("œ", "oe").replace("æ", "ae"))
    parts = parts.replace("«", '"').replace("»", '"')
    return "".join(sign for sign in parts if not unicodedata.combining(sign))


@torch.no_grad()
def read_lines(network: LineNetwork, images: list[NDArray[np.float32]]) -> list[str]:
    """Greedy readings of normalised lines, in batches of like widths."""
    network.eval()
    texts = [""] * len(images)
    order = np.argsort([image.shape[1] for image in images])
    for start in range(0, len(order), 16):
        rows = order[start : start + 16]
        lines = [(np.uint8(images[i] * 255 + 0.5), "") for i in rows]
        with torch.autocast("cpu", torch.bfloat16):
            features = network.features(stack(lines))
        for i, text in zip(rows, greedy(network.logits(features.float())), strict=True):
            texts[i] = " ".join(text.split())
    return texts


def measure(
    network: LineNetwork,
    panels: dict[str, list[tuple[NDArray[np.float32], str]]],
    rank: int = 0,
    workers: int = 1,
) -> dict[str, float]:
    """CER of each panel, with and without accents, and the mean of the former as "mean"."""
    counts = torch.zeros(len(panels), 3)
    for row, lines in enumerate(panels.values()):
        mine = lines[rank::workers]
        for (_, truth), read in zip(
            mine, read_lines(network, [image for image, _ in mine]), strict=True
        ):
            plain = without_accents(truth)
            counts[row, 0] += edit_distance(truth, read)
            counts[row, 1] += edit_distance(plain, without_accents(read))
            counts[row, 2] += len(truth)
    if workers > 1:
        dist.all_reduce(counts)
    rates: dict[str, float] = {}
    for name, (edits, plain_edits, total) in zip(panels, counts.tolist(), strict=True):
        rates[name] = edits / total
        rates[f"{name} without accents"] = plain_edits / total
    rates["mean"] = float(np.mean([rates[name] for name in panels]))
    return rates


def show(rates: dict[str, float]) -> str:
    return "  ".join(f"{name} {100 * rate:.2f} %" for name, rate in rates.items())


def save_checkpoint(
    path: Path, network: nn.Module, average: nn.Module, optimizer: torch.optim.Optimizer, seen: int
) -> None:
    """Everything that training needs to go on, as safetensors, written beside and renamed."""
    from safetensors.torch import save_file

    tensors = {"seen": torch.tensor([seen])}
    for kind, module in (("network", network), ("average", average)):
        tensors |= {f"{kind}.{name}": value for name, value in module.state_dict().items()}
    for i, state in enumerate(optimizer.state_dict()["state"].values()):
        tensors |= {f"optimizer.{i}.{key}": value for key, value in state.items()}
    tensors = {name: value.contiguous().clone() for name, value in tensors.items()}
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_name(f".{path.name}.part")
    save_file(tensors, beside)
    beside.replace(path)


def load_checkpoint(
    path: Path,
    network: nn.Module,
    average: nn.Module,
    optimizer: torch.optim.Optimizer | None = None,
) -> int:
    """Take up a checkpoint, or the bare weights of a `.safetensors` file; returns lines seen."""
    from safetensors.torch import load_file

    tensors = load_file(path)
    if "seen" not in tensors:
        for module in (network, average):  # what the file lacks stays as it begins
            missing = module.load_state_dict(tensors, strict=False)
            if missing.unexpected_keys or any("reread" not in k for k in missing.missing_keys):
                raise ValueError(f"{path}: weights of another network: {missing}")
        return 0
    for kind, module in (("network", network), ("average", average)):
        start = f"{kind}."
        module.load_state_dict(
            {name[len(start) :]: v for name, v in tensors.items() if name.startswith(start)}
        )
    if optimizer is not None:
        count = sum(len(group["params"]) for group in optimizer.param_groups)
        state = optimizer.state_dict()
        state["state"] = {
            i: {key: tensors[f"optimizer.{i}.{key}"] for key in ("step", "exp_avg", "exp_avg_sq")}
            for i in range(count)
        }
        optimizer.load_state_dict(state)
    return int(tensors["seen"])


def main() -> None:
    parser = argparse.ArgumentParser(description="Train the line recogniser.")
    parser.add_argument(
        "--shards", type=Path, required=True, help="made by training.recipes.line_shards"
    )
    parser.add_argument("--out", type=Path, required=True, help="checkpoint to write")
    parser.add_argument("--resume", type=Path, help="checkpoint, or .safetensors, to go on from")
    parser.add_argument("--minutes", type=float, default=Recipe.minutes)
    parser.add_argument("--rate", type=float, default=Recipe.rate)
    parser.add_argument("--workers", type=int, default=Recipe.workers)
    parser.add_argument("--seed", type=int, default=Recipe.seed)
    parser.add_argument("--check-minutes", type=float, default=Recipe.check_minutes)
    arguments = parser.parse_args()
    recipe = Recipe(
        arguments.minutes,
        arguments.rate,
        arguments.workers,
        arguments.seed,
        arguments.check_minutes,
    )
    print(asdict(Architecture()), asdict(recipe), flush=True)
    os.environ["OMP_NUM_THREADS"] = "1"
    with tempfile.TemporaryDirectory() as folder:
        torch.multiprocessing.spawn(
            train_worker,
            (f"{folder}/meeting", arguments.shards, arguments.out, arguments.resume, recipe),
            nprocs=recipe.workers,
        )


if __name__ == "__main__":
    main()

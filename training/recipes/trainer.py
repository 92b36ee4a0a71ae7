"""The loop behind `ocr train`: epochs, validation, early stopping, checkpoints, going on.

What is trained stands behind a `Learner`. Everything random in an epoch or a step comes from
``(seed, epoch, step)`` alone, so a run that goes on from a checkpoint sees the same data in the
same order with the same changes as if it had never stopped: there is no random state to lose.
"""

from __future__ import annotations

import json
import math
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from ocr.errors import DataError
from ocr.formats.output import replacing

State = dict[str, NDArray[Any]]

SAVE_SECONDS = 60.0  # between checkpoints within an epoch: what a killed run loses at most
MANY_SKIPPED = 10  # steps without a usable loss that are too many, if they are
SHARE_SKIPPED = 0.1  # of all steps as well
CHECKPOINT_KEY = "training"  # of the checkpoint's header
CHECKPOINT_FORMAT = 1


class Learner(Protocol):
    """What can be trained: batches, steps, a measure, and a state that holds all of it."""

    def batches(self, rng: np.random.Generator) -> Sequence[Any]:
        """The batches of an epoch, in order."""
        ...

    def step(self, batch: Any, rng: np.random.Generator, rate: float) -> float:
        """Learn from a batch at a share `rate` of the full rate; the mean loss.

        Where the loss or its gradient is not finite nothing is learned, and NaN comes back.
        """
        ...

    def measure(self) -> dict[str, float]:
        """Figures on the validation samples; "score", the higher the better, decides."""
        ...

    def state(self) -> State:
        """Copies of everything that steps change."""
        ...

    def restore(self, state: State) -> None:
        """Take up a state."""
        ...

    def weights(self) -> State:
        """Copies of the weights that would be kept if this were the end."""
        ...


@dataclass(frozen=True)
class Plan:
    """How long to train. `patience` is the number of epochs without a better score to stop at."""

    epochs: int
    patience: int
    seed: int


@dataclass(frozen=True)
class Progress:
    """Where a run stands. `figures` are there at the end of an epoch only."""

    epoch: int
    epochs: int
    samples: int  # seen in this epoch
    of: int  # samples of this epoch
    loss: float
    seconds_left: float
    skipped: int
    figures: Mapping[str, float] = field(default_factory=dict)


@dataclass
class Run:
    """What a run has come to; all but the arrays goes into the checkpoint as JSON."""

    epoch: int = 1  # the one that is under way
    step: int = 0  # steps done in it
    seen: int = 0  # samples seen in it
    total: float = 0.0  # sum of its losses, a sample
    steps: int = 0  # of all epochs
    skipped: int = 0  # of them, without a usable loss
    best_epoch: int = 0
    best_score: float = -math.inf
    history: list[dict[str, float]] = field(default_factory=list)
    finished: bool = False


@dataclass(frozen=True)
class Trained:
    """The end of a run: what it came to, the best weights, and whether it was interrupted."""

    run: Run
    best: State
    stopped: bool


def fit(
    learner: Learner,
    plan: Plan,
    checkpoint: Path,
    about: Mapping[str, Any],
    go_on: bool = False,
    progress: Callable[[Progress], None] = lambda _: None,
    stop: Callable[[], bool] = lambda: False,
) -> Trained:
    """Train until the plan is through, the score no longer rises, or `stop()` is true.

    Parameters
    ----------
    checkpoint : Path
        Where the run is kept while it lasts.
    about : mapping
        What must not change between the parts of a run; kept in the checkpoint.
    go_on : bool
        Take up the checkpoint.

    Raises
    ------
    DataError
        The loss is not a number too often, or the checkpoint cannot be taken up.
    OutputError
        The checkpoint cannot be written.
    """
    run, best = Run(), learner.weights()
    if go_on:
        run, now, best, _ = read_checkpoint(checkpoint)
        learner.restore(now)
    began = saved = time.monotonic()
    before = math.nan  # share of the run that was done when this part of it began

    def save() -> None:
        write_checkpoint(checkpoint, run, learner.state(), best, about)

    while not run.finished and run.epoch <= plan.epochs:
        batches = learner.batches(np.random.default_rng((plan.seed, run.epoch)))
        of = sum(map(len, batches))
        if math.isnan(before):
            before = _share(run, plan, len(batches))
        for number, batch in enumerate(batches, start=1):
            if number <= run.step:
                continue
            if stop():
                save()
                return Trained(run, best, stopped=True)
            rng = np.random.default_rng((plan.seed, run.epoch, number))
            share = (run.epoch - 1 + (number - 1) / len(batches)) / plan.epochs
            loss = learner.step(batch, rng, rate_at(share))
            run.step, run.seen, run.steps = number, run.seen + len(batch), run.steps + 1
            if math.isfinite(loss):
                run.total += loss * len(batch)
            else:
                run.skipped += 1
                _check_skipped(run)
            done = _share(run, plan, len(batches))
            spent = time.monotonic() - began
            progress(
                Progress(
                    run.epoch,
                    plan.epochs,
                    run.seen,
                    of,
                    run.total / run.seen,
                    spent / max(done - before, 1e-9) * (1 - done),
                    run.skipped,
                )
            )
            if time.monotonic() - saved > SAVE_SECONDS:
                save()
                saved = time.monotonic()
        loss = run.total / max(run.seen, 1)
        figures = learner.measure()
        run.history.append({"epoch": run.epoch, "loss": loss, **figures})
        if figures["score"] > run.best_score:
            run.best_epoch, run.best_score, best = run.epoch, figures["score"], learner.weights()
        run.finished = run.epoch == plan.epochs or run.epoch - run.best_epoch >= plan.patience
        done = run.epoch / plan.epochs
        spent = time.monotonic() - began
        left = 0.0 if run.finished else spent / max(done - before, 1e-9) * (1 - done)
        progress(Progress(run.epoch, plan.epochs, run.seen, of, loss, left, run.skipped, figures))
        run.epoch, run.step, run.seen, run.total = run.epoch + 1, 0, 0, 0.0
        save()
        saved = time.monotonic()
    return Trained(run, best, stopped=False)


WARM_UP = 0.03  # share of a run over which the rate rises


def rate_at(done: float) -> float:
    """Share of the full rate after a share `done` of the run: a rise, then half a cosine."""
    return min(1.0, 0.05 + done / WARM_UP) * 0.5 * (1 + math.cos(math.pi * min(done, 1.0)))


def _share(run: Run, plan: Plan, batches: int) -> float:
    return min(1.0, (run.epoch - 1 + run.step / batches) / plan.epochs)


def _check_skipped(run: Run) -> None:
    if run.skipped > MANY_SKIPPED and run.skipped > SHARE_SKIPPED * run.steps:
        raise DataError(
            f"the loss was not a number in {run.skipped} of {run.steps} steps. Lower --rate, and "
            "look for broken pictures or wrong texts in the data."
        )


def write_checkpoint(
    path: Path, run: Run, now: State, best: State, about: Mapping[str, Any]
) -> None:
    """Keep a run: its state and best weights as tensors, the rest as JSON in the header.

    The file that stood there stays whole until the new one is.

    Raises
    ------
    OutputError
        It cannot be written.
    """
    from safetensors.numpy import save

    tensors = {f"now.{name}": value for name, value in now.items()}
    tensors |= {f"best.{name}": value for name, value in best.items()}
    header = {"format": CHECKPOINT_FORMAT, "run": asdict(run), "about": dict(about)}
    contiguous = {name: np.asarray(value, order="C") for name, value in tensors.items()}
    with replacing(path) as stream:
        stream.write(save(contiguous, {CHECKPOINT_KEY: json.dumps(header)}))


def read_checkpoint(path: Path) -> tuple[Run, State, State, dict[str, Any]]:
    """A kept run: what it came to, its state, its best weights, and what it is about.

    Raises
    ------
    DataError
        There is none, or it is damaged or of another version.
    """
    from safetensors import SafetensorError, safe_open

    if not path.is_file():
        raise DataError(f"{path}: nothing to resume there. Start without --resume.")
    try:
        with safe_open(str(path), framework="numpy") as file:
            header = json.loads((file.metadata() or {})[CHECKPOINT_KEY])
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
        if header["format"] != CHECKPOINT_FORMAT:
            raise ValueError("made by another version")
        run = Run(**header["run"])
    except (SafetensorError, OSError, KeyError, ValueError, TypeError) as error:
        raise DataError(
            f"{path}: cannot be resumed ({error}). Remove it and start without --resume."
        ) from None
    now = {name[4:]: value for name, value in tensors.items() if name.startswith("now.")}
    best = {name[5:]: value for name, value in tensors.items() if name.startswith("best.")}
    return run, now, best, header["about"]

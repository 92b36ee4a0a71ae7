"""The loop behind every training: rounds of steps, measuring, stopping, keeping, going on.

What is trained stands behind a `Learner`. A round is an epoch, or where time alone ends a training
(`TimedPlan`) the steps from one check to the next. Everything random in an epoch or a step comes
from ``(seed, epoch, step)`` alone, so a run that goes on from a checkpoint sees the same data in
the same order with the same changes as if it had never stopped: there is no random state to lose.
"""

from __future__ import annotations

import json
import math
import time
from collections.abc import Callable, Iterable, Mapping, Sized
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from ocr.errors import DataError
from ocr.formats.output import replacing
from training.recipes.descent import State, rate_at

SAVE_SECONDS = 60.0  # between checkpoints within an epoch: what a killed run loses at most
MANY_SKIPPED = 10  # steps without a usable loss that are too many, if they are
SHARE_SKIPPED = 0.1  # of all steps as well
CHECKPOINT_KEY = "training"  # of the checkpoint's header
CHECKPOINT_FORMAT = 1


class Learner(Protocol):
    """What can be trained: batches, steps, a measure, and a state that holds all of it."""

    def batches(self, rng: np.random.Generator) -> Iterable[Any]:
        """The batches of a round, in order: a sequence, or without end where time ends it."""
        ...

    def step(self, batch: Any, rng: np.random.Generator, rate: float) -> float:
        """Learn from a batch at a share `rate` of the full learning rate; return the mean loss.

        Where the loss or its gradient is not finite, nothing is learned and NaN is returned.
        """
        ...

    def measure(self) -> dict[str, float]:
        """Figures on the valid samples; "score", the higher the better, decides."""
        ...

    def state(self) -> State:
        """Copies of everything that steps change."""
        ...

    def restore(self, state: State) -> None:
        """Restore what `state` returned."""
        ...

    def weights(self) -> State:
        """Copies of the weights that would be kept if this were the end."""
        ...


class Keeps(Protocol):
    """What holds the state of a training, such as a `training.recipes.descent.Descent`."""

    def state(self) -> State: ...

    def restore(self, state: State) -> None: ...

    def weights(self) -> State: ...


class DescentLearner:
    """What learners have in common whose `descent` holds all that steps change."""

    descent: Keeps

    def state(self) -> State:
        """Copies of everything that steps change."""
        return self.descent.state()

    def restore(self, state: State) -> None:
        """Restore what `state` returned."""
        self.descent.restore(state)

    def weights(self) -> State:
        """Copies of the weights that would be kept if this were the end."""
        return self.descent.weights()


@dataclass(frozen=True)
class Plan:
    """How long to train. `patience` is the number of epochs without a better score to stop at."""

    epochs: int
    patience: int
    seed: int


@dataclass(frozen=True)
class TimedPlan:
    """Train for some minutes and measure every `check_minutes`.

    `clock` tells the minutes since the start; where several processes train one network, minutes
    that all of them agree on.
    """

    minutes: float
    check_minutes: float
    seed: int
    clock: Callable[[], float]

    @property
    def epochs(self) -> int:
        """Rounds from check to check."""
        return max(1, math.ceil(self.minutes / self.check_minutes))


def stopwatch() -> Callable[[], float]:
    """A clock for `TimedPlan`: minutes from now."""
    began = time.monotonic()
    return lambda: (time.monotonic() - began) / 60


@dataclass(frozen=True)
class Progress:
    """Where a run stands. `figures` are there at the end of a round only."""

    epoch: int
    epochs: int
    samples: int  # seen in this round
    of: int  # samples of this round; 0 where time ends it
    loss: float
    seconds_left: float
    skipped: int
    figures: Mapping[str, float] = field(default_factory=dict)


@dataclass
class Run:
    """What a run has come to; all but the arrays goes into the checkpoint as JSON."""

    epoch: int = 1  # the round that is under way
    step: int = 0  # steps done in it
    seen: int = 0  # samples seen in it
    total: float = 0.0  # sum of its losses, a sample
    steps: int = 0  # of all rounds
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


def run_through(
    learner: Learner,
    plan: Plan | TimedPlan,
    run: Run,
    best: State,
    save: Callable[[Run, State], None] = lambda run, best: None,
    progress: Callable[[Progress], None] = lambda _: None,
    stop: Callable[[], bool] = lambda: False,
) -> Trained:
    """Train until the plan is through, the score no longer rises, or `stop()` is true.

    Parameters
    ----------
    run : Run
        Where it stands; a new one, or that of a checkpoint.
    best : dict of str to array
        The best weights so far.
    save : callable
        Called with the run and the best weights after each round and every `SAVE_SECONDS`.

    Raises
    ------
    DataError
        The loss is not a number too often.
    """
    began = saved = time.monotonic()
    before = math.nan  # share of the run that was done when this part of it began
    while not run.finished and run.epoch <= plan.epochs:
        batches = learner.batches(np.random.default_rng((plan.seed, run.epoch)))
        steps, of = 0, 0
        if isinstance(plan, Plan) and isinstance(batches, Sized):
            steps, of = len(batches), sum(map(len, batches))
        share = _share(run, plan, steps)
        before = share if math.isnan(before) else before
        for number, batch in enumerate(batches, start=1):
            if number <= run.step:
                continue
            if stop():
                save(run, best)
                return Trained(run, best, stopped=True)
            rng = np.random.default_rng((plan.seed, run.epoch, number))
            loss = learner.step(batch, rng, rate_at(share))
            run.step, run.seen, run.steps = number, run.seen + len(batch), run.steps + 1
            if math.isfinite(loss):
                run.total += loss * len(batch)
            else:
                run.skipped += 1
                _check_skipped(run)
            share = _share(run, plan, steps)
            progress(
                Progress(
                    run.epoch,
                    plan.epochs,
                    run.seen,
                    of,
                    run.total / run.seen,
                    _seconds_left(began, before, share),
                    run.skipped,
                )
            )
            if time.monotonic() - saved > SAVE_SECONDS:
                save(run, best)
                saved = time.monotonic()
            if isinstance(plan, TimedPlan) and share >= min(1.0, run.epoch / plan.epochs):
                break
        loss = run.total / max(run.seen, 1)
        figures = learner.measure()
        run.history.append({"epoch": run.epoch, "loss": loss, **figures})
        if figures["score"] > run.best_score:
            run.best_epoch, run.best_score, best = run.epoch, figures["score"], learner.weights()
        over = run.epoch - run.best_epoch >= plan.patience if isinstance(plan, Plan) else share >= 1
        run.finished = over or run.epoch == plan.epochs
        left = 0.0 if run.finished else _seconds_left(began, before, run.epoch / plan.epochs)
        progress(Progress(run.epoch, plan.epochs, run.seen, of, loss, left, run.skipped, figures))
        run.epoch, run.step, run.seen, run.total = run.epoch + 1, 0, 0, 0.0
        save(run, best)
        saved = time.monotonic()
    return Trained(run, best, stopped=False)


def fit(
    learner: Learner,
    plan: Plan,
    checkpoint: Path,
    about: Mapping[str, Any],
    go_on: bool = False,
    progress: Callable[[Progress], None] = lambda _: None,
    stop: Callable[[], bool] = lambda: False,
) -> Trained:
    """`run_through` with a checkpoint that tells what it is about.

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

    def save(run: Run, best: State) -> None:
        write_checkpoint(checkpoint, run, learner.state(), best, about)

    return run_through(learner, plan, run, best, save, progress, stop)


def _share(run: Run, plan: Plan | TimedPlan, steps: int) -> float:
    """Share of a run that is done; `steps` are those of an epoch."""
    if isinstance(plan, TimedPlan):
        return min(1.0, plan.clock() / plan.minutes)
    return min(1.0, (run.epoch - 1 + run.step / max(steps, 1)) / plan.epochs)


def _seconds_left(began: float, before: float, done: float) -> float:
    return (time.monotonic() - began) / max(done - before, 1e-9) * (1 - done)


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

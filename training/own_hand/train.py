"""`ocr train`: from people's own data to a model with its card and report.

`train` orders the steps: what is settled before (`training.own_hand.setup`), training, whether the
result is better, and the files. It prints nothing; the command line shows what it reports.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Iterator
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import torch

from ocr.batch.place import PART
from ocr.errors import DataError, ModelError
from ocr.formats.output import new_folder, replacing
from ocr.weights import SUFFIXES, Metadata, read_metadata
from training.own_hand.outcome import Outcome
from training.own_hand.report import card, report
from training.own_hand.samples import Account
from training.own_hand.settings import OPTIONS, Settings, command_of
from training.own_hand.setup import Say, Setup, set_up
from training.own_hand.systems import SYSTEMS, Measured, System
from training.own_hand.task import Task
from training.recipes.trainer import Plan, Progress, Run, fit, read_checkpoint

WORSE_BASE = 0.01  # of base accuracy or CER that a model may lose and still be written
LISTED = 2000  # rows held back that are listed one by one
CHECKPOINT = "training.ckpt"
REPORT = "report.html"


def train(
    given: Settings,
    resume: bool = False,
    force: bool = False,
    say: Say = lambda _: None,
    progress: Callable[[Progress], None] = lambda _: None,
    stop: Callable[[], bool] = lambda: False,
) -> Outcome:
    """Train a model on own data and write it, if it is better.

    Parameters
    ----------
    given : Settings
        With `resume`, what is None is as it was.
    resume : bool
        Go on with the unfinished run in the folder `given.out`.
    force : bool
        Write over a model that is there, and write one that has become worse.
    say, progress : callable
        Hear of what is found and done, in sentences, and of every step.
    stop : callable
        Asked after every step; once true, the run ends with the best weights so far.

    Raises
    ------
    DataError
        The data, a setting or the checkpoint cannot be used.
    ModelError
        The model to start from cannot be used.
    OutputError
        A file cannot be written.
    """
    out = Path(given.out)
    if not out.resolve().name:
        raise DataError(f"{out}: a model is called after its folder, and this has no name.")
    about: dict[str, Any] = {}
    with new_folder(out), _locked(out):
        if resume:
            about = read_checkpoint(out / CHECKPOINT)[3]
            given = _as_before(given, about["settings"], out / CHECKPOINT)
        elif not force:
            _check_free(out)
        for left in out.glob(".*.part"):
            if PART.fullmatch(left.name):  # of a process that was killed while it wrote
                left.unlink(missing_ok=True)
        return _train(given, out, about, resume, force, say, progress, stop)


def _train(
    given: Settings,
    out: Path,
    about: dict[str, Any],
    resume: bool,
    force: bool,
    say: Say,
    progress: Callable[[Progress], None],
    stop: Callable[[], bool],
) -> Outcome:
    """See `train`; `about` is what the checkpoint tells of the run that goes on."""
    torch.set_num_threads(given.threads or 1)
    # oneDNN keeps prepared convolutions for each width of a batch, a gigabyte after some minutes.
    os.environ.setdefault("ONEDNN_PRIMITIVE_CACHE_CAPACITY", "16")
    account = Account()
    setup = set_up(given, account, about if resume else None, out / CHECKPOINT, say)
    recipe = setup.recipe
    system = SYSTEMS[recipe.kind](recipe, setup.charset, setup.start)
    before = system.measured(setup.held, setup.base) if recipe.going_on else None
    say(_division_said(setup))
    plan = Plan(recipe.epochs, recipe.patience, recipe.seed)
    learner = system.learner(Task(setup.own, setup.valid, setup.base, recipe))
    trained = fit(learner, plan, out / CHECKPOINT, setup.about, resume, progress, stop)
    best = trained.best if trained.run.best_epoch else learner.weights()
    system.take(best)
    after = system.measured(setup.held, setup.base)
    outcome = Outcome(
        recipe,
        _metadata(setup, system, trained.run, _figures(setup, before, after)),
        account,
        setup.held,
        trained.run,
        setup.base,
        before,
        after,
        "" if force else worse(before, after, recipe.kind == "lines"),
        trained.stopped,
    )
    if not outcome.refused:
        outcome = _written(outcome, system, out)
        if not trained.stopped:
            (out / CHECKPOINT).unlink(missing_ok=True)
    return outcome


# --- before the training --------------------------------------------------------------------


@contextlib.contextmanager
def _locked(out: Path) -> Iterator[None]:
    """Lock a folder so that only one training writes into it, where the system has such locks.

    The lock of a process that is killed goes with it.
    """
    try:
        import fcntl
    except ModuleNotFoundError:  # Windows
        yield
        return
    handle = os.open(out, os.O_RDONLY)
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise DataError(
                f"{out}: another training is writing there. Wait for its end, or name another "
                "folder."
            ) from None
        except OSError:
            pass  # a file system without locks
        yield
    finally:
        os.close(handle)


def _check_free(out: Path) -> None:
    if (out / CHECKPOINT).is_file():
        raise DataError(
            f"{out}: holds an unfinished training. Go on with --resume, or begin again with "
            "--force."
        )
    if not out.is_dir():
        return
    files = sorted(out.iterdir())
    for path in files:
        if path.suffix in SUFFIXES:
            with contextlib.suppress(ModelError):  # such as data that lies there too
                read_metadata(path)
                raise DataError(
                    f"{path.resolve()}: a model is there already. Name another folder, or replace "
                    "it with --force."
                )
    own = {REPORT, *(out.resolve().name + suffix for suffix in (".md", *SUFFIXES))}
    for path in files:
        if path.name in own:
            raise DataError(
                f"{path.resolve()}: is there already, and would be replaced. Name another folder, "
                "or replace it with --force."
            )


def _as_before(given: Settings, stored: dict[str, Any], checkpoint: Path) -> Settings:
    """The settings of the run to resume; DataError if others are given now."""
    stored = {**stored, "data": tuple(stored["data"])}
    said = {key: value for key, value in asdict(given).items() if value not in (None, ())}
    said.pop("out")
    other = {key: value for key, value in said.items() if stored[key] != value}
    if other:
        changes = "; ".join(
            f"{OPTIONS.get(key, '--' + key)} was {_shown(stored[key])}, now {_shown(value)}"
            for key, value in other.items()
        )
        raise DataError(
            f"{checkpoint}: made with other settings ({changes}). Leave them as they were."
        )
    return Settings(**{**stored, "out": given.out})


def _shown(value: object) -> str:
    return ", ".join(map(str, value)) if isinstance(value, tuple) else str(value)


def _division_said(setup: Setup) -> str:
    division, recipe = setup.division, setup.recipe
    held = "" if division.shared else f", {len(division.test)} to report on"
    said = (
        f"{recipe.kind} from {recipe.start}: {len(division.train)} to train on, "
        f"{len(division.valid)} to choose by{held}; split by {division.by}"
    )
    if setup.base is not None:
        said += f"; base data: {len(setup.base.train)} of {setup.base.name}"
    return said


# --- after the training ---------------------------------------------------------------------


def worse(before: Measured | None, after: Measured, errors: bool) -> str:
    """A sentence on what a model does worse than before; "" if nothing.

    Parameters
    ----------
    errors : bool
        Whether the figures are error rates.
    """
    if before is None:
        return ""
    sign = -1.0 if errors else 1.0
    name = "characters wrong" if errors else "characters right"

    def change(data: str, old: float, new: float) -> str:
        return f"{name} {data} went from {100 * old:.1f} % to {100 * new:.1f} %"

    found = []
    if sign * (after.own - before.own) < 0:
        found.append(change("of the own data held back", before.own, after.own))
    if before.base is None or after.base is None:
        return " and ".join(found)
    if sign * (after.base - before.base) < -WORSE_BASE:
        found.append(change("of the base test", before.base, after.base))
    return " and ".join(found)


def _figures(setup: Setup, before: Measured | None, after: Measured) -> dict[str, float]:
    what = "CER %" if setup.recipe.kind == "lines" else "accuracy %"
    base = setup.base
    own = f"own data held back ({len(setup.held)}), {what}"
    figures = {}
    for when, measured in (("before", before), ("after", after)):
        if measured is not None:
            figures[f"{own}, {when}"] = round(100 * measured.own, 2)
    for when, measured in (("before", before), ("after", after)):
        if measured is not None and measured.base is not None and base is not None:
            figures[f"base test ({len(base.test)}), {base.name}, {what}, {when}"] = round(
                100 * measured.base, 2
            )
    return figures


def _metadata(setup: Setup, system: System, run: Run, figures: dict[str, float]) -> Metadata:
    recipe, base, about, division = setup.recipe, setup.base, setup.about, setup.division
    old = None if setup.start is None else read_metadata(setup.start)
    own = tuple(
        {"name": f"own data: {source['name']}", "licence": "its owner's", "source": "own"}
        for source in about["sources"]
    )
    sources = (*(old.data if old else ()), *(base.sources if base else ()), *own)
    unique = {source["name"]: source for source in sources}
    return Metadata(
        name=Path(recipe.out).resolve().name,
        kind=recipe.kind,
        architecture=system.architecture,
        charset=setup.charset,
        normalization=system.normalization,
        data=tuple(unique.values()),
        temperature=system.temperature(setup.valid, base, old.temperature if old else 1.0),
        figures=figures,
        seed=recipe.seed,
        epochs=(old.epochs if old else 0) + run.best_epoch,
        date=about["date"],
        commit=about["commit"],
        command=command_of(recipe),
        training={
            "settings": {
                **about["settings"],
                "data": [Path(name).name for name in recipe.data],
                "out": Path(recipe.out).resolve().name,
            },
            "sources": about["sources"],
            "left out": about["left_out"],
            "start": {"model": recipe.start, "sha256": about["start"]},
            "base": about["base"][0],
            "split": {
                "by": division.by,
                "train": len(division.train),
                "valid": len(division.valid),
                "test": len(division.test),
                "choose and report by the same": division.shared,
                "held back": list(division.held),
                "test rows": division.test.tolist() if len(division.test) <= LISTED else [],
            },
            "epochs run": len(run.history),
            "best epoch": run.best_epoch,
            "steps": run.steps,
            "steps skipped": run.skipped,
            "history": run.history,
            "versions": about["versions"],
        },
    )


def _written(outcome: Outcome, system: System, out: Path) -> Outcome:
    """Write the model, its card and its report; return the outcome with these files."""
    name = outcome.metadata.name
    weights = system.save(out, outcome.metadata, outcome.held)
    for old in (out / f"{name}{suffix}" for suffix in SUFFIXES):
        if old not in weights:  # of a model of another kind that was replaced: it would be read
            old.unlink(missing_ok=True)
    outcome = replace(outcome, files=(*weights, out / f"{name}.md", out / REPORT))
    for path, text in zip(outcome.files[-2:], (card(outcome), report(outcome)), strict=True):
        with replacing(path) as stream:
            stream.write(text.encode())
    return outcome

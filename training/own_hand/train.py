"""`ocr train`: from people's own data to a model with its card and report.

`train` orders the steps: what the data is, where to start, what to hold back, training, whether the
result is better, and the files. It prints nothing; the command line shows what it reports.
"""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch

from ocr import __version__
from ocr.batch.place import PART
from ocr.config import AUGMENTATIONS, KINDS
from ocr.errors import DataError, ModelError, OcrError
from ocr.formats.output import new_folder, replacing
from ocr.weights import SUFFIXES, Metadata, find_weights, read_metadata, sha256
from training.data.text import CHARSET as LINE_CHARSET
from training.own_hand.outcome import Outcome
from training.own_hand.own_data import gather, kind_of
from training.own_hand.photo_truth import Aligner
from training.own_hand.replay import Base, base_glyphs, base_lines
from training.own_hand.report import card, report
from training.own_hand.samples import Account, Samples, Split, enough, known, split
from training.own_hand.settings import OPTIONS, SCRATCH, Recipe, Settings, command_of, resolved
from training.own_hand.systems import SYSTEMS, Measured, System
from training.own_hand.task import Task
from training.recipes import weight_files
from training.recipes.trainer import Plan, Progress, Run, fit, read_checkpoint

INSTALLED = {"mlp": "nist36-mlp.npz", "cnn": "glyphs.safetensors", "lines": "lines.safetensors"}
TRAINED_ON = {"mlp": ".npz", "cnn": ".safetensors", "lines": ".safetensors"}
MANY = 20_000  # samples from which training starts from scratch, if nothing else is said
UNKNOWN = 0.1  # share of labels that a model does not know from which it is no start
WORSE_BASE = 0.01  # of base accuracy or CER that a model may lose and still be written
LOOKED_AT = 3  # photos that are read to see whether they are read by letters or lines
NAMED = 8  # files that are named one by one on the way
LISTED = 2000  # rows held back that are listed one by one
CHECKPOINT = "training.ckpt"
REPORT = "report.html"

Say = Callable[[str], None]


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
    setup = _set_up(given, account, about if resume else None, out / CHECKPOINT, say)
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
    name = out.resolve().name
    if not name:
        raise DataError(f"{out}: a model is called after its folder, and this has no name.")
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
    own = {REPORT, *(name + suffix for suffix in (".md", *SUFFIXES))}
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


def _check_same(now: dict[str, Any], before: dict[str, Any], checkpoint: Path) -> None:
    """Refuse to go on where data, start or base data are not what they were."""
    reasons = []
    if now["digest"] != before["digest"]:
        old = {one["name"]: one for one in before["sources"]}
        changed = [
            f"{one['name']}: {one['samples']} samples, were {old[one['name']]['samples']}"
            for one in now["sources"]
            if one["name"] in old and one["digest"] != old[one["name"]]["digest"]
        ]
        reasons.append(f"other data ({'; '.join(changed) or 'other files'})")
    if now["start"] != before["start"]:
        reasons.append("another model to start from")
    if now["base"] != before["base"]:
        reasons.append(
            f"other base data ({now['base'][0]}, was {before['base'][0]}; see $OCR_DATA)"
        )
    if reasons:
        raise DataError(
            f"{checkpoint}: cannot be resumed with {', '.join(reasons)}. Give what it was begun "
            "with, or begin again with --force."
        )


@dataclass(frozen=True)
class Setup:
    """What is settled before a training begins.

    Attributes
    ----------
    recipe : Recipe
    start : Path or None
        The weight file to go on from, if one is.
    base : Base or None
        Base data, if a model goes on.
    charset : tuple of str
        Characters of the model.
    division : Split
        Which samples are trained on, chosen by and reported on: `own`, `valid` and `held`.
    about : dict
        See `_about`.
    """

    recipe: Recipe
    start: Path | None
    base: Base | None
    charset: tuple[str, ...]
    division: Split
    own: Samples
    valid: Samples
    held: Samples
    about: dict[str, Any]


def _set_up(
    given: Settings,
    account: Account,
    before: dict[str, Any] | None,
    checkpoint: Path,
    say: Say,
) -> Setup:
    """Samples, start and base data; `before` is what the run that goes on was begun with."""
    recipe, samples = _prepare(given, account, say)
    start = _start_path(recipe.kind, recipe.start) if recipe.going_on else None
    division = split(samples, _what(recipe.kind), recipe.seed)
    base = None if start is None else _base(recipe, start, samples)
    about = _about(recipe, samples, account, start, base)
    if before is not None:
        _check_same(about, before, checkpoint)
        about = before
    own, valid, held = (
        samples.take(rows) for rows in (division.train, division.valid, division.test)
    )
    if len(set(own.labels)) == 1 and recipe.kind != "lines":
        if not recipe.going_on:
            raise DataError(
                f"all samples are {own.labels[0]!r}: there is nothing to tell apart. Add other "
                "characters, or go on from a model with --from."
            )
        say(f"all samples are {own.labels[0]!r}; the rest comes from the base data")
    charset = _charset(recipe, start, samples)
    return Setup(recipe, start, base, charset, division, own, valid, held, about)


def _prepare(given: Settings, account: Account, say: Say) -> tuple[Recipe, Samples]:
    """The samples, and the settings with all that was left open filled in."""
    if not given.data:
        raise DataError("no data to learn from. Name files or folders, see `ocr train --help`.")
    if given.augmentation not in (None, *AUGMENTATIONS):
        raise DataError(f"augmentation must be one of {', '.join(AUGMENTATIONS)}.")
    paths = [Path(name) for name in given.data]
    kind = given.kind or _kind(paths, given.start)
    samples = gather(paths, _what(kind), Aligner(), account)
    for source in account.sources:
        say(f"{source['name']}: {source['samples']} {_what(kind)}")
    start = given.start
    if start is None:
        start = SCRATCH if len(samples) >= MANY else INSTALLED[kind]
        if start != SCRATCH and kind != "lines":
            charset = read_metadata(find_weights(start)).charset
            unknown = np.mean([label not in charset for label in samples.labels])
            if unknown > UNKNOWN:
                say(f"{start} does not know {100 * unknown:.0f} % of the labels: from scratch")
                start = SCRATCH
    if start != SCRATCH and kind != "lines":
        charset = read_metadata(_start_path(kind, start)).charset
        samples = enough(known(samples, "".join(charset), account), account)
    for name in account.named[:NAMED]:
        say(name)
    if len(account.named) > NAMED:
        say(f"... and {len(account.named) - NAMED} more, named in the report")
    for reason, count in account.left_out.most_common():
        say(f"left out: {count} {reason}")
    return resolved(given, kind, start), samples


def _what(kind: str) -> str:
    return "lines" if kind == "lines" else "glyphs"


def _kind(paths: list[Path], start: str | None) -> str:
    """The kind of the model to start from, else of the data; photos are read to tell."""
    if start not in (None, SCRATCH):
        kind = read_metadata(find_weights(str(start))).kind
        if kind in KINDS:
            return kind
    what = kind_of(paths)
    if what is not None:
        return "cnn" if what == "glyphs" else "lines"
    from ocr.evaluation.ground_truth import known_in
    from ocr.input.documents import PageSource
    from ocr.reader import Reader

    reader = Reader()
    known = [one for path in paths for one in known_in(path)][:LOOKED_AT]
    photos = [PageSource(str(one.picture), max(1, one.number)) for one in known]
    with contextlib.suppress(OcrError):  # what is wrong with a photo is said when it is loaded
        by_letters = sum(reader.read(photo.open()).engine == "letters" for photo in photos)
        return "cnn" if 2 * by_letters > len(photos) else "lines"
    return "cnn"


def _start_path(kind: str, name: str) -> Path:
    """The weight file to go on from, of the kind that can be trained.

    Raises
    ------
    ModelError
        There is none, or it is of another kind.
    """
    path = find_weights(name).with_suffix(TRAINED_ON[kind])
    if not path.is_file():
        raise ModelError(
            f"{name}: no {path.name} there to go on training from; {TRAINED_ON[kind]} is what "
            f"--kind {kind} needs. Use --from scratch or --from {INSTALLED[kind]}."
        )
    found = read_metadata(path).kind
    if found != kind:
        raise ModelError(f"{path}: a {found} model; --kind {kind} cannot go on from it.")
    return path


def _base(recipe: Recipe, start: Path, samples: Samples) -> Base:
    if recipe.kind == "lines":
        return base_lines(samples.labels)
    return base_glyphs("".join(read_metadata(start).charset))


def _charset(recipe: Recipe, start: Path | None, samples: Samples) -> tuple[str, ...]:
    if recipe.kind == "lines":
        return LINE_CHARSET
    if start is not None:
        return read_metadata(start).charset
    return tuple(sorted(set(samples.labels)))


def _about(
    recipe: Recipe, samples: Samples, account: Account, start: Path | None, base: Base | None
) -> dict[str, Any]:
    """What must be the same when a run is resumed, and how the model was made, for its file."""
    dated = weight_files.dated(Metadata("", "", {}, (), "", ()))
    return {
        "settings": {**asdict(recipe), "data": list(recipe.data)},
        "digest": samples.digest(),
        "sources": account.sources,
        "left_out": dict(account.left_out),
        "start": "" if start is None else sha256(start),
        "base": ["none", ""] if base is None else [base.name, base.train.digest()[:16]],
        "date": dated.date,
        "commit": dated.commit,
        "versions": {
            "ocr": __version__,
            "python": sys.version.split()[0],
            "numpy": np.__version__,
            "torch": torch.__version__,
        },
    }


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

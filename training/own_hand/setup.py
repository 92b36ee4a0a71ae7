"""What is settled before `ocr train` begins: the data, where to start, and what to hold back."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch

from ocr import __version__
from ocr.config import AUGMENTATIONS, KINDS
from ocr.errors import DataError, ModelError, OcrError
from ocr.evaluation.ground_truth import without_texts
from ocr.weights import Metadata, find_weights, read_metadata, sha256
from training.data.text import CHARSET as LINE_CHARSET
from training.own_hand.own_data import gather, kind_of
from training.own_hand.photo_truth import Aligner
from training.own_hand.replay import Base, base_glyphs, base_lines
from training.own_hand.samples import Account, Samples, Split, enough, known, split
from training.own_hand.settings import SCRATCH, Recipe, Settings, resolved
from training.recipes import weight_files

INSTALLED = {"mlp": "nist36-mlp.npz", "cnn": "glyphs.safetensors", "lines": "lines.safetensors"}
TRAINED_ON = {"mlp": ".npz", "cnn": ".safetensors", "lines": ".safetensors"}
MANY = 20_000  # samples from which training starts from scratch, if nothing else is said
UNKNOWN = 0.1  # share of labels that a model does not know from which it is no start
LOOKED_AT = 3  # photos that are read to see whether they are read by letters or lines
NAMED = 8  # files that are named one by one on the way

Say = Callable[[str], None]


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


def set_up(
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


def _prepare(given: Settings, account: Account, say: Say) -> tuple[Recipe, Samples]:
    """The samples, and the settings with all that was left open filled in."""
    if not given.data:
        raise DataError("no data to learn from. Name files or folders, see `ocr train --help`.")
    if given.augmentation not in (None, *AUGMENTATIONS):
        raise DataError(f"augmentation must be one of {', '.join(AUGMENTATIONS)}.")
    paths = without_texts([Path(name) for name in given.data])
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
        say(f"left out: {reason} ({count})")
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

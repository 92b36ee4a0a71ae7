"""The settings of `ocr train` and their defaults."""

from __future__ import annotations

import shlex
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

SCRATCH = "scratch"


@dataclass(frozen=True)
class Settings:
    """All settings; None takes the default for the kind and amount of the data.

    Attributes
    ----------
    data : tuple of str
        Files and folders to learn from.
    out : str
        The folder for model, card and report.
    kind : {"mlp", "cnn", "lines"}, optional
    start : str, optional
        A model to go on from, or "scratch".
    epochs, batch, patience : int, optional
        Passes over the data at most; samples a step; epochs without a better score to stop at.
    rate : float, optional
        Highest learning rate.
    augmentation : {"none", "gentle", "strong"}, optional
        How much the samples are changed whenever they are shown.
    replay : float, optional
        Base samples mixed in for each own one when going on from a model.
    seed, threads : int, optional
        One thread, the default, gives the same bytes on any number of cores.
    """

    data: tuple[str, ...]
    out: str
    kind: str | None = None
    start: str | None = None
    epochs: int | None = None
    rate: float | None = None
    batch: int | None = None
    augmentation: str | None = None
    replay: float | None = None
    patience: int | None = None
    seed: int | None = None
    threads: int | None = None


@dataclass(frozen=True)
class Recipe:
    """`Settings` with the defaults filled in."""

    data: tuple[str, ...]
    out: str
    kind: str
    start: str
    epochs: int
    rate: float
    batch: int
    augmentation: str
    replay: float
    patience: int
    seed: int
    threads: int

    @property
    def going_on(self) -> bool:
        """Whether training starts from a trained model."""
        return self.start != SCRATCH


DEFAULTS: dict[tuple[str, bool], dict[str, Any]] = {
    # kind, whether it goes on from a model
    ("mlp", True): {
        "epochs": 20, "rate": 0.003, "batch": 8, "augmentation": "gentle", "patience": 6,
    },
    ("mlp", False): {
        "epochs": 50, "rate": 0.01, "batch": 32, "augmentation": "gentle", "patience": 12,
    },
    ("cnn", True): {
        "epochs": 8, "rate": 3e-4, "batch": 64, "augmentation": "gentle", "patience": 3,
        "replay": 2.0,
    },
    ("cnn", False): {
        "epochs": 30, "rate": 3e-3, "batch": 128, "augmentation": "gentle", "patience": 6,
    },
    ("lines", True): {
        "epochs": 6, "rate": 1e-3, "batch": 16, "augmentation": "gentle", "patience": 6,
    },
    ("lines", False): {
        "epochs": 40, "rate": 1.5e-3, "batch": 32, "augmentation": "gentle", "patience": 8,
    },
}  # fmt: skip


def resolved(settings: Settings, kind: str, start: str) -> Recipe:
    """The settings with the defaults filled in."""
    given = {key: value for key, value in asdict(settings).items() if value is not None}
    defaults = {"replay": 1.0, "seed": 0, "threads": 1, **DEFAULTS[kind, start != SCRATCH]}
    return Recipe(**{**defaults, **given, "kind": kind, "start": start})


OPTIONS = {"data": "DATA", "start": "--from"}


def command_of(recipe: Recipe) -> str:
    parts = ["ocr train", *(shlex.quote(Path(name).name) for name in recipe.data)]
    for one in fields(recipe):
        if one.name not in ("data", "out"):
            option = OPTIONS.get(one.name, f"--{one.name}")
            parts.append(f"{option} {shlex.quote(str(getattr(recipe, one.name)))}")
    return " ".join([*parts, "--out", shlex.quote(Path(recipe.out).resolve().name)])

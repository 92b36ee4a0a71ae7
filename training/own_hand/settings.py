"""What `ocr train` can be set to, and what it does where nothing is said."""

from __future__ import annotations

from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

SCRATCH = "scratch"


@dataclass(frozen=True)
class Settings:
    """All that can be set; None leaves it to the kind and amount of the data.

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


DEFAULTS: dict[tuple[str, bool], dict[str, Any]] = {
    # kind, whether it goes on from a model
    ("mlp", True): {"epochs": 20, "rate": 0.003, "batch": 8, "augmentation": "none", "patience": 6},
    ("mlp", False): {"epochs": 50, "rate": 0.01, "batch": 8, "augmentation": "none", "patience": 8},
    ("cnn", True): {
        "epochs": 8, "rate": 3e-4, "batch": 64, "augmentation": "gentle", "patience": 3,
        "replay": 2.0,
    },
    ("cnn", False): {
        "epochs": 30, "rate": 3e-3, "batch": 128, "augmentation": "gentle", "patience": 6,
    },
    ("lines", True): {
        "epochs": 14, "rate": 3e-4, "batch": 16, "augmentation": "gentle", "patience": 6,
    },
    ("lines", False): {
        "epochs": 40, "rate": 1.5e-3, "batch": 32, "augmentation": "gentle", "patience": 8,
    },
}  # fmt: skip


OPTIONS = {"data": "DATA", "start": "--from"}


def command_of(settings: Settings) -> str:
    parts = ["ocr train", *(Path(name).name for name in settings.data)]
    for one in fields(settings):
        value = getattr(settings, one.name)
        if one.name not in ("data", "out") and value is not None:
            parts.append(f"{OPTIONS.get(one.name, '--' + one.name)} {value}")
    return " ".join([*parts, "--out", Path(settings.out).resolve().name])

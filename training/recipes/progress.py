"""Show how a training goes: a bar that moves, and a line of figures after each round."""

from __future__ import annotations

import sys
from typing import Any

from tqdm import tqdm

from training.recipes.trainer import Progress

TERMINAL_SECONDS, FILE_SECONDS = 0.5, 60.0
"""Between two looks of the bar: where a person watches it, and in a file."""


class Bar:
    """Called with every `Progress` of a training."""

    def __init__(self) -> None:
        self._bar: Any = None

    def __call__(self, at: Progress) -> None:
        if self._bar is None:
            self._bar = tqdm(
                total=at.of or None,
                desc=f"{at.epoch}/{at.epochs}",
                unit=" samples",
                leave=False,
                mininterval=TERMINAL_SECONDS if sys.stderr.isatty() else FILE_SECONDS,
            )
        skipped = f", {at.skipped} skipped" if at.skipped else ""
        left = f", {at.seconds_left / 60:.0f} min left"
        self._bar.set_postfix_str(f"loss {at.loss:.3f}{skipped}{left}", refresh=False)
        self._bar.update(at.samples - self._bar.n)
        if at.figures:
            self._bar.close()
            self._bar = None
            figures = "  ".join(f"{name} {value:.4g}" for name, value in at.figures.items())
            print(f"CHECK {at.epoch}/{at.epochs}  loss {at.loss:.3f}  {figures}", flush=True)

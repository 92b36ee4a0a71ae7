"""What a training came to, for the command line, the card and the report."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from ocr.weights import Metadata
from training.own_hand.replay import Base
from training.own_hand.samples import Account, Samples
from training.own_hand.settings import Recipe
from training.own_hand.systems import Measured
from training.recipes.trainer import Run


@dataclass(frozen=True)
class Outcome:
    """What a training came to, for the command line, the card and the report."""

    settings: Recipe
    metadata: Metadata
    account: Account
    held: Samples
    run: Run
    base: Base | None
    before: Measured | None
    after: Measured
    refused: str  # why the model was not written; "" if it was
    stopped: bool
    files: tuple[Path, ...] = ()

    @property
    def lines(self) -> bool:
        """Whether figures are error rates of lines."""
        return self.settings.kind == "lines"

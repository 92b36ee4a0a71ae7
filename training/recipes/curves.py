"""What a training leaves behind for its pictures."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass
class Curves:
    """Mean loss a sample and share read right, one value an epoch."""

    train_loss: list[float] = field(default_factory=list)
    train_accuracy: list[float] = field(default_factory=list)
    valid_loss: list[float] = field(default_factory=list)
    valid_accuracy: list[float] = field(default_factory=list)

    def add(self, train: tuple[float, float], valid: tuple[float, float]) -> None:
        """Append an epoch: (loss, accuracy) of both."""
        for values, value in zip(
            (self.train_loss, self.train_accuracy, self.valid_loss, self.valid_accuracy),
            (*train, *valid),
            strict=True,
        ):
            values.append(value)

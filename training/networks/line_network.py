"""The network of the line recogniser."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import nn

from ocr.lines.normalize import LINE_HEIGHT
from training.data.text import CHARSET


@dataclass(frozen=True)
class Architecture:
    """Sizes of the network."""

    widths: tuple[int, ...] = (16, 48, 64, 112, 112)
    features: int = 256
    blocks: int = 2
    lstm: int = 160
    layers: int = 2
    classes: int = len(CHARSET) + 1


class Along(nn.Module):
    """A residual block along the line: a convolution of five frames, then one of one."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.wide = nn.Conv2d(width, width, (1, 5), padding=(0, 2), bias=False)
        self.norm = nn.BatchNorm2d(width)
        self.point = nn.Conv2d(width, width, 1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x + self.point(nn.functional.relu(self.norm(self.wide(x))))


class Again(nn.Module):
    """A residual bidirectional LSTM whose share grows from nothing (Bachlechner et al. 2020), so
    that it can be put on top of a trained network without disturbing it.
    """

    def __init__(self, width: int) -> None:
        super().__init__()
        self.read = nn.LSTM(width, width // 2, bidirectional=True, batch_first=True)
        self.share = nn.Parameter(torch.zeros(width))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x + self.share * self.read(x)[0]


class LineNetwork(nn.Module):
    """Lines `(N, 1, LINE_HEIGHT, W)`, 0 ink, 1 paper, to logits `(N, W // FRAME, classes)`."""

    def __init__(self, architecture: Architecture | None = None) -> None:
        super().__init__()
        self.architecture = sizes = architecture or Architecture()
        steps = ((2, 2), (2, 2), (1, 1), (2, 1), (1, 1))
        layers: list[nn.Module] = []
        previous = 1
        for position, (width, stride) in enumerate(zip(sizes.widths, steps, strict=True)):
            side = 5 if position == 0 else 3
            layers += self._convolution(previous, width, (side, side), stride)
            previous = width
        layers += self._convolution(previous, sizes.features, (LINE_HEIGHT // 8, 1), (1, 1))
        self.look = nn.Sequential(*layers)
        self.along = nn.Sequential(*(Along(sizes.features) for _ in range(sizes.blocks)))
        self.drop = nn.Dropout(0.1)
        self.read = nn.LSTM(sizes.features, sizes.lstm, bidirectional=True, batch_first=True)
        self.reread = nn.ModuleList(Again(2 * sizes.lstm) for _ in range(sizes.layers - 1))
        self.name = nn.Linear(2 * sizes.lstm, sizes.classes)
        self.to(memory_format=torch.channels_last)

    @staticmethod
    def _convolution(
        inputs: int, outputs: int, size: tuple[int, int], stride: tuple[int, int]
    ) -> list[nn.Module]:
        pad = (0, 0) if size[1] == 1 else (size[0] // 2, size[1] // 2)
        return [
            nn.Conv2d(inputs, outputs, size, stride, pad, bias=False),
            nn.BatchNorm2d(outputs),
            nn.ReLU(),
        ]

    def features(self, lines: torch.Tensor) -> torch.Tensor:
        """What the convolutions see: `(N, W // FRAME, features)`."""
        return self.along(self.look(1 - lines)).squeeze(2).transpose(1, 2)

    def logits(self, features: torch.Tensor) -> torch.Tensor:
        """Logits from features, to be computed in float32."""
        read, _ = self.read(self.drop(features))
        for again in self.reread:
            read = again(self.drop(read))
        return self.name(self.drop(read))

    def forward(self, lines: torch.Tensor) -> torch.Tensor:
        return self.logits(self.features(lines).float())

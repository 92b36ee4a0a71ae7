"""The line network: from a strip to a probability for every character at each step along it."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import nn
from torch.nn import functional as F

from ocr.layout.strips import STRIP_HEIGHT
from training.data.text import CHARSET
from training.networks.blocks import SeparableBlock

DROPOUT = 0.1  # before the recurrent layers; set by hand


@dataclass(frozen=True)
class LineArchitecture:
    """Sizes of the network."""

    widths: tuple[int, ...] = (16, 48, 64, 112, 112)  # of the two-dimensional convolutions
    features: int = 256
    blocks: int = 2  # convolutions along the line at every step
    context: int = 320  # channels at every second step
    context_blocks: int = 5
    attention: tuple[int, ...] = (1, 3)  # context blocks that attention follows
    heads: int = 5
    lstm: int = 160
    classes: int = len(CHARSET) + 1


class ResidualConv(nn.Module):
    """A residual convolution of five steps, then one of one."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.wide = nn.Conv2d(width, width, (1, 5), padding=(0, 2), bias=False)
        self.norm = nn.BatchNorm2d(width)
        self.point = nn.Conv2d(width, width, 1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x + self.point(F.relu(self.norm(self.wide(x))))


class ResidualAttention(nn.Module):
    """Residual self-attention over the whole line (Vaswani et al. 2017).

    Where a step stands is known from the depthwise convolutions before it.
    """

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.norm = nn.BatchNorm2d(width)
        self.query_key_value = nn.Conv2d(width, 3 * width, 1)
        self.project = nn.Conv2d(width, width, 1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        n, width, _, steps = x.shape
        parts = self.query_key_value(self.norm(x)).reshape(n, 3, self.heads, -1, steps)
        query, key, value = parts[:, 0], parts[:, 1], parts[:, 2]  # (N, heads, width a head, steps)
        scores = query.transpose(2, 3) @ key * (width // self.heads) ** -0.5
        mixed = value @ scores.softmax(dim=-1).transpose(2, 3)
        return x + self.project(mixed.reshape(n, width, 1, steps))


class Context(nn.Module):
    """What stands further along the line, at every second step, added to each step.

    A U-shaped detour (as in Kim et al. 2022, "Squeezeformer"); its share grows from nothing
    (Bachlechner et al. 2020), so that it can be put into a trained network.
    """

    def __init__(self, sizes: LineArchitecture) -> None:
        super().__init__()
        width = sizes.context
        self.down = nn.Conv2d(sizes.features, width, (1, 3), stride=(1, 2), padding=(0, 1))
        layers: list[nn.Module] = []
        for k in range(sizes.context_blocks):
            layers.append(SeparableBlock(width, size=(1, 9)))
            if k in sizes.attention:
                layers.append(ResidualAttention(width, sizes.heads))
        self.layers = nn.Sequential(*layers)
        self.norm = nn.BatchNorm2d(width)
        self.up = nn.Conv2d(width, sizes.features, 1)
        self.share = nn.Parameter(torch.zeros(sizes.features, 1, 1))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        wide = self.up(F.relu(self.norm(self.layers(self.down(x)))))
        wide = F.interpolate(wide, scale_factor=(1.0, 2.0), mode="nearest")
        return x + self.share * wide[..., : x.shape[-1]]


class ResidualLSTM(nn.Module):
    """A residual bidirectional LSTM whose share grows from nothing."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.lstm = nn.LSTM(width, width // 2, bidirectional=True, batch_first=True)
        self.share = nn.Parameter(torch.zeros(width))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x + self.share * self.lstm(x)[0]


class LineNetwork(nn.Module):
    """Strips `(N, 1, STRIP_HEIGHT, W)`, 0 ink, 1 paper, to logits `(N, W // FRAME, classes)`.

    W is a multiple of `MULTIPLE`, which stands in `ocr.lines.recognizer` as `FRAME` does. Class 0
    is CTC's blank.
    """

    def __init__(self, architecture: LineArchitecture | None = None) -> None:
        super().__init__()
        self.architecture = sizes = architecture or LineArchitecture()
        strides = ((2, 2), (2, 2), (1, 1), (2, 1), (1, 1))
        layers: list[nn.Module] = []
        previous = 1
        for position, (width, stride) in enumerate(zip(sizes.widths, strides, strict=True)):
            side = 5 if position == 0 else 3
            layers += self._convolution(previous, width, (side, side), stride)
            previous = width
        layers += self._convolution(previous, sizes.features, (STRIP_HEIGHT // 8, 1), (1, 1))
        self.encoder = nn.Sequential(*layers)
        self.blocks = nn.Sequential(*(ResidualConv(sizes.features) for _ in range(sizes.blocks)))
        self.context = Context(sizes)
        self.dropout = nn.Dropout(DROPOUT)
        self.lstm = nn.LSTM(sizes.features, sizes.lstm, bidirectional=True, batch_first=True)
        self.second = ResidualLSTM(2 * sizes.lstm)
        self.head = nn.Linear(2 * sizes.lstm, sizes.classes)
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

    def features(self, strips: torch.Tensor) -> torch.Tensor:
        """What the convolutions see: `(N, W // FRAME, features)`."""
        return self.context(self.blocks(self.encoder(1 - strips))).squeeze(2).transpose(1, 2)

    def logits(self, features: torch.Tensor) -> torch.Tensor:
        """Logits from features, to be computed in float32."""
        read, _ = self.lstm(self.dropout(features))
        read = self.second(self.dropout(read))
        return self.head(self.dropout(read))

    def forward(self, strips: torch.Tensor) -> torch.Tensor:
        return self.logits(self.features(strips).float())

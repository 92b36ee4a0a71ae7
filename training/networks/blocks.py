"""The block that the page network and the line network are built of."""

from __future__ import annotations

import torch
from torch import nn
from torch.nn import functional as F


class SeparableBlock(nn.Module):
    """Residual depthwise convolution, then two pointwise ones (Sandler et al. 2018).

    Parameters
    ----------
    channels : int
    dilation : int
    size : (int, int)
        Height and width of the depthwise convolution; odd.
    """

    def __init__(self, channels: int, dilation: int = 1, size: tuple[int, int] = (3, 3)) -> None:
        super().__init__()
        padding = (dilation * (size[0] // 2), dilation * (size[1] // 2))
        self.depthwise = nn.Conv2d(
            channels, channels, size, 1, padding, dilation, groups=channels, bias=False
        )
        self.norm = nn.BatchNorm2d(channels)
        self.expand = nn.Conv2d(channels, 2 * channels, 1)
        self.project = nn.Conv2d(2 * channels, channels, 1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x + self.project(F.relu(self.expand(self.norm(self.depthwise(x)))))

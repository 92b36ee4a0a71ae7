"""The page network: from a page's darkness to maps of where its text lines run."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import nn
from torch.nn import functional as F

from training.networks.blocks import SeparableBlock

MAPS = ("baseline", "ends", "body", "height")
CHANNELS = (16, 32, 56, 80, 112)  # at strides 2, 4, 8, 16 and 32; set by hand


@dataclass(frozen=True)
class LossConfig:
    """What the errors of the maps count. Set by hand; how they were compared was not kept.

    Attributes
    ----------
    maps : three floats
        Weights of baseline, ends and body.
    entropy, dice, height : float
        Weights of the cross-entropy and of Dice, for each of these, and of the height's error.
    beta : float
        Error of the height's logarithm up to which it counts by its square.
    """

    maps: tuple[float, float, float] = (1.0, 1.0, 0.6)
    entropy: float = 4.0
    dice: float = 0.5
    height: float = 0.5
    beta: float = 0.25


LOSS = LossConfig()


def _down(inputs: int, outputs: int) -> nn.Sequential:
    """Halve both sides."""
    return nn.Sequential(
        nn.Conv2d(inputs, outputs, 3, stride=2, padding=1, bias=False),
        nn.BatchNorm2d(outputs),
        nn.ReLU(),
    )


class PageNetwork(nn.Module):
    """Darkness `(N, 1, H, W)`, sides multiples of 32, to `(N, 4, H / 4, W / 4)`.

    A U-shaped network (Ronneberger et al. 2015) of separable residual blocks. The first three
    maps (`MAPS`) are logits: the baseline, the ends of lines, and the body of the small letters;
    the fourth is log2 of the x-height in units of `ocr.layout.tracing.X_HEIGHT_UNIT` pixels.
    """

    def __init__(self) -> None:
        super().__init__()
        c2, c4, c8, c16, c32 = CHANNELS
        self.stem = _down(1, c2)
        self.encoder4 = nn.Sequential(_down(c2, c4), SeparableBlock(c4), SeparableBlock(c4))
        self.encoder8 = nn.Sequential(
            _down(c4, c8), SeparableBlock(c8), SeparableBlock(c8), SeparableBlock(c8)
        )
        self.encoder16 = nn.Sequential(
            _down(c8, c16), SeparableBlock(c16), SeparableBlock(c16), SeparableBlock(c16, 2)
        )
        self.encoder32 = nn.Sequential(
            _down(c16, c32),
            *(SeparableBlock(c32, dilation) for dilation in (1, 2, 4, 1)),
        )
        self.up16 = nn.Conv2d(c32, c16, 1)
        self.up8 = nn.Conv2d(c16, c8, 1)
        self.up4 = nn.Conv2d(c8, c4, 1)
        self.decoder16 = nn.Sequential(SeparableBlock(c16), SeparableBlock(c16))
        self.decoder8 = nn.Sequential(SeparableBlock(c8), SeparableBlock(c8))
        self.decoder4 = nn.Sequential(SeparableBlock(c4), SeparableBlock(c4))
        self.head = nn.Conv2d(c4, len(MAPS), 1)
        self.to(memory_format=torch.channels_last)

    def forward(self, darkness: torch.Tensor) -> torch.Tensor:
        x4 = self.encoder4(self.stem(darkness))
        x8 = self.encoder8(x4)
        x16 = self.encoder16(x8)
        x32 = self.encoder32(x16)
        x16 = self.decoder16(x16 + _double(self.up16(x32)))
        x8 = self.decoder8(x8 + _double(self.up8(x16)))
        x4 = self.decoder4(x4 + _double(self.up4(x8)))
        return self.head(x4)


def _double(x: torch.Tensor) -> torch.Tensor:
    return F.interpolate(x, scale_factor=2.0, mode="bilinear", align_corners=False)


def page_loss(output: torch.Tensor, target: torch.Tensor, weight: torch.Tensor) -> torch.Tensor:
    """Cross-entropy and Dice (Milletari et al. 2016) of three maps, and the height's error.

    Parameters
    ----------
    output : (N, 4, h, w) tensor
    target : (N, 4, h, w) tensor
        The first three in [0, 1]; the fourth is only looked at where the body is.
    weight : (N, 1, h, w) tensor
        0 where the truth is not known.
    """
    logits, truth = output[:, :3].float(), target[:, :3]
    entropy = F.binary_cross_entropy_with_logits(logits, truth, reduction="none") * weight
    entropy = entropy.mean(dim=(0, 2, 3)) / weight.mean().clamp_min(1e-3)
    probability = logits.sigmoid() * weight
    overlap = (probability * truth).sum(dim=(0, 2, 3))
    total = probability.sum(dim=(0, 2, 3)) + (truth * weight).sum(dim=(0, 2, 3))
    dice = 1 - (2 * overlap + 1) / (total + 1)
    inside = truth[:, 2:3] * weight
    height = F.smooth_l1_loss(
        output[:, 3:].float(), target[:, 3:], reduction="none", beta=LOSS.beta
    )
    height = (height * inside).sum() / inside.sum().clamp_min(1.0)
    share = entropy.new_tensor(LOSS.maps)
    return (share * (LOSS.entropy * entropy + LOSS.dice * dice)).sum() + LOSS.height * height

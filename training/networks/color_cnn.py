"""A small residual network for color pictures, and how a trained one gets a new classifier."""

from __future__ import annotations

import copy
from collections.abc import Sequence

import torch
from torch import nn

from ocr.letters.classifiers.cnn import stages


class ColorCnn(nn.Module):
    """Residual stages, each at half the size, then the mean over all places and a linear layer.

    Parameters
    ----------
    classes : int
    widths : sequence of int
        Channels of the stages.
    """

    def __init__(self, classes: int, widths: Sequence[int] = (16, 32, 64)) -> None:
        super().__init__()
        self.features = stages(3, widths)
        self.head = nn.Sequential(
            nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(widths[-1], classes)
        )

    def forward(self, pictures: torch.Tensor) -> torch.Tensor:
        """`(N, 3, H, W)` pictures in [0, 1] to `(N, classes)` logits."""
        return self.head(self.features(2 * pictures - 1))


class Frozen(nn.Module):
    """A trained network whose classifier alone is trained; its features stay as they are."""

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network = network
        for parameter in network.features.parameters():
            parameter.requires_grad_(False)

    def train(self, mode: bool = True) -> Frozen:
        """As torch's, but the features keep their statistics."""
        super().train(mode)
        self.network.features.eval()
        return self

    def forward(self, pictures: torch.Tensor) -> torch.Tensor:
        return self.network(pictures)


def with_new_classifier(network: nn.Module, classes: int, seed: int) -> nn.Module:
    """A copy of a `ColorCnn` or `GlyphCnn` whose last layer is new, for so many classes."""
    torch.manual_seed(seed)
    made = copy.deepcopy(network)
    made.head[-1] = nn.Linear(made.head[-1].in_features, classes)
    return made


def flip(pictures: torch.Tensor) -> torch.Tensor:
    """Half of a batch mirrored left to right, the usual change of color pictures."""
    mirrored = torch.rand(len(pictures)) < 0.5
    return torch.where(mirrored[:, None, None, None], pictures.flip(3), pictures)

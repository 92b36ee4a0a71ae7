"""The convolutional network in torch: its definition, and reading `.safetensors` weights.

The definition stands here and not under `training`, so that the network that is trained and the
one that is read from a file cannot differ. Only this module of `ocr` imports torch, and nothing
imports it unless a `.safetensors` file is asked for.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from ocr.arrays import safetensors_header
from ocr.letters.classifiers.base import check_glyphs, softmax
from ocr.weights import Metadata, damaged

MAX_WIDTH = 4096  # channels of a stage


class Residual(nn.Module):
    """Two 3x3 convolutions with a short cut (He et al. 2016, arXiv:1512.03385)."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.body = nn.Sequential(
            nn.Conv2d(channels, channels, 3, padding=1, bias=False),
            nn.BatchNorm2d(channels),
            nn.ReLU(inplace=True),
            nn.Conv2d(channels, channels, 3, padding=1, bias=False),
            nn.BatchNorm2d(channels),
        )

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return torch.relu(x + self.body(x))  # (N, C, H, W)


def stages(channels: int, widths: Sequence[int]) -> nn.Sequential:
    """Residual stages, each at half the size of the one before, from so many channels."""
    layers: list[nn.Module] = []
    for before, width in pairwise((channels, *widths)):
        layers += [
            nn.Conv2d(before, width, 3, padding=1, bias=False),
            nn.BatchNorm2d(width),
            nn.ReLU(inplace=True),
            nn.MaxPool2d(2),
            Residual(width),
        ]
    return nn.Sequential(*layers)


class GlyphCnn(nn.Module):
    """Small residual network over 32x32 glyphs: three stages, each at half the size.

    Parameters
    ----------
    classes : int
        Number of characters.
    widths : sequence of int
        Channels of the three stages.
    dropout : float
        Share of features dropped before the classifier while training.
    """

    def __init__(
        self, classes: int, widths: tuple[int, ...] = (32, 64, 128), dropout: float = 0.3
    ) -> None:
        super().__init__()
        self.features = stages(1, widths)  # (N, 1, 32, 32) -> (N, widths[-1], 4, 4)
        self.head = nn.Sequential(
            nn.Flatten(), nn.Dropout(dropout), nn.Linear(widths[-1] * 16, classes)
        )

    def forward(self, glyphs: torch.Tensor) -> torch.Tensor:
        """`(N, 1, 32, 32)` glyphs, paper 1 and ink 0, to `(N, classes)` logits."""
        return self.head(self.features(1.0 - glyphs))


def _are_right(arguments: object) -> bool:
    """Whether these are arguments of `GlyphCnn`, and no giant's."""
    if not isinstance(arguments, dict) or not {"classes", "widths"} <= arguments.keys():
        return False
    widths, dropout = arguments["widths"], arguments.get("dropout", 0.0)
    return (
        arguments.keys() <= {"classes", "widths", "dropout"}
        and isinstance(widths, list)
        and len(widths) == 3
        and all(isinstance(one, int) and 0 < one <= MAX_WIDTH for one in widths)
        and isinstance(dropout, (int, float))
        and 0 <= dropout < 1
    )


class TorchClassifier:
    """See `ocr.letters.classifiers.base.Classifier`."""

    def __init__(self, path: Path, metadata: Metadata) -> None:
        from safetensors import SafetensorError
        from safetensors.torch import load_file

        self.metadata = metadata
        self.charset = metadata.charset
        arguments: Any = metadata.architecture.get("arguments")
        if not _are_right(arguments) or arguments["classes"] != len(self.charset):
            raise damaged(path, "its description tells no usable architecture")
        try:
            safetensors_header(path)
            with torch.device("meta"):  # takes no memory before the file is known to fit
                self.network = GlyphCnn(**arguments)
            self.network.load_state_dict(load_file(str(path)), assign=True)
            self.network.float()
        except (SafetensorError, RuntimeError, TypeError, ValueError, OSError) as error:
            raise damaged(path, f"does not fit this network: {error}") from None
        if not all(bool(torch.isfinite(one).all()) for one in self.network.state_dict().values()):
            raise damaged(path, "its weights are no numbers")
        self.network.eval()

    def predict_proba(self, glyphs: NDArray[np.float32]) -> NDArray[np.float32]:
        glyphs = check_glyphs(glyphs)
        if not len(glyphs):
            return np.empty((0, len(self.charset)), dtype=np.float32)
        with torch.inference_mode():
            logits = self.network(torch.from_numpy(glyphs)[:, None]).float().numpy()
        return softmax(logits, self.metadata.temperature)

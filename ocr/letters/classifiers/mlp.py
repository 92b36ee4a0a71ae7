"""The course's network: fully connected, sigmoid hidden units, softmax, in plain numpy."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ocr.arrays import read_npz
from ocr.errors import ModelError
from ocr.letters.classifiers.base import check_glyphs, softmax
from ocr.letters.glyphs import GLYPH_SIZE
from ocr.weights import Metadata, damaged


class MlpClassifier:
    """A `Classifier`. Arrays `W1, b1, W2, b2, ...` of 16 or 32 bits, `x @ W + b` a layer.

    Hidden layers apply the sigmoid, the last one the softmax. The input is the flattened glyph,
    row by row, paper 1 and ink 0.
    """

    def __init__(self, path: Path, metadata: Metadata) -> None:
        self.metadata = metadata
        self.charset = metadata.charset
        try:
            data = read_npz(path, lambda name: name[:1] in ("W", "b"))
            count = sum(name.startswith("W") for name in data)
            self._layers = [(data[f"W{k}"], data[f"b{k}"]) for k in range(1, count + 1)]
        except (OSError, KeyError, ValueError) as error:
            raise damaged(path, error) from None
        arrays = [array for layer in self._layers for array in layer]
        if not all(array.dtype.kind == "f" for array in arrays):
            raise damaged(path, "its weights are no numbers")
        with np.errstate(over="ignore"):  # of what is no number of 32 bits, refused next
            arrays = [array.astype(np.float32) for array in arrays]
        if not all(np.isfinite(array).all() for array in arrays):
            raise damaged(path, "its weights are no numbers")
        self._layers = list(zip(arrays[::2], arrays[1::2], strict=True))
        shapes = [np.shape(array) for array in arrays]
        if not _chained(shapes, len(self.charset)):
            raise ModelError(f"{path}: layers {shapes} do not fit {len(self.charset)} characters.")

    def predict_proba(self, glyphs: NDArray[np.float32]) -> NDArray[np.float32]:
        glyphs = check_glyphs(glyphs)
        values = glyphs.reshape(len(glyphs), glyphs.shape[1] * glyphs.shape[2])
        for weight, bias in self._layers[:-1]:
            values = 1.0 / (1.0 + np.exp(-(values @ weight + bias)))
        weight, bias = self._layers[-1]
        return softmax(values @ weight + bias, self.metadata.temperature)


def _chained(shapes: list[tuple[int, ...]], classes: int) -> bool:
    """Whether shapes of weight, bias, weight, bias, ... lead from a glyph to `classes`."""
    side = GLYPH_SIZE**2
    for weight, bias in zip(shapes[::2], shapes[1::2], strict=True):
        if len(weight) != 2 or weight[0] != side or bias != weight[1:]:
            return False
        side = weight[1]
    return bool(shapes) and side == classes

"""A convolutional network run by ONNX Runtime: the default for reading, without torch."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ocr.letters.classifiers.base import check_glyphs, softmax
from ocr.session import Session
from ocr.weights import Metadata

BATCH = 16  # glyphs a run: what lies between two layers stays in the cache, whatever the page


class OnnxClassifier:
    """A `Classifier`. The graph maps `(N, 1, 32, 32)` glyphs to logits."""

    def __init__(self, path: Path, metadata: Metadata) -> None:
        self.metadata = metadata
        self.charset = metadata.charset
        self._session = Session(path, metadata)
        self._input = self._session.get_inputs()[0].name

    def predict_proba(self, glyphs: NDArray[np.float32]) -> NDArray[np.float32]:
        glyphs = check_glyphs(glyphs)
        rows = [
            softmax(
                self._session.run(None, {self._input: glyphs[i : i + BATCH, None]})[0],
                self.metadata.temperature,
            )
            for i in range(0, len(glyphs), BATCH)
        ]
        if not rows:
            return np.empty((0, len(self.charset)), dtype=np.float32)
        return np.concatenate(rows)

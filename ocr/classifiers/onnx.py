"""A convolutional network run by ONNX Runtime: the default for reading, without torch."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ocr.classifiers import check_glyphs, softmax
from ocr.errors import ModelError
from ocr.weights import Metadata

BATCH = 64  # glyphs a run: keeps the memory flat whatever the page


class OnnxClassifier:
    """See `ocr.classifiers.Classifier`. The graph maps `(N, 1, 32, 32)` glyphs to logits."""

    def __init__(self, path: Path, metadata: Metadata) -> None:
        self.metadata = metadata
        self.charset = metadata.charset
        self._session = open_session(path)
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


def open_session(path: Path):  # type: ignore[no-untyped-def]
    """An `onnxruntime.InferenceSession` on one thread, without arenas that hold memory.

    One thread because a page is small work: a second thread spins more than it helps, and many
    pages are better spread over processes.

    Raises
    ------
    ModelError
        The graph cannot be loaded.
    """
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    options.enable_cpu_mem_arena = False
    options.log_severity_level = 3
    try:
        return onnxruntime.InferenceSession(
            str(path), sess_options=options, providers=["CPUExecutionProvider"]
        )
    except Exception as error:  # onnxruntime raises classes of its own, without a common base
        raise ModelError(
            f"{path}: damaged or truncated weight file ({type(error).__name__}). Reinstall it or "
            "train it again."
        ) from None

"""Glyph classifiers: one interface, three kinds, chosen by the weight file's suffix."""

from __future__ import annotations

from pathlib import Path

from ocr.errors import ModelError
from ocr.letters.classifiers.base import Classifier
from ocr.weights import find_weights, read_metadata, verify


def load_classifier(name: str | Path) -> Classifier:
    """Load a classifier from a path or the name of an installed weight file.

    Raises
    ------
    ModelError
        The file is missing, damaged, foreign, newer than this version, or not a classifier.
    """
    path = find_weights(str(name))
    metadata = read_metadata(path)
    verify(path)
    if metadata.kind not in ("mlp", "cnn"):
        raise ModelError(f"{path}: a {metadata.kind} model, not a glyph classifier.")
    if path.suffix == ".npz":
        from ocr.letters.classifiers.mlp import MlpClassifier

        return MlpClassifier(path, metadata)
    if path.suffix == ".onnx":
        from ocr.letters.classifiers.onnx import OnnxClassifier

        return OnnxClassifier(path, metadata)
    from ocr.letters.classifiers.cnn import TorchClassifier

    return TorchClassifier(path, metadata)

"""What all glyph classifiers have in common."""

from __future__ import annotations

from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from ocr.weights import Metadata


class Classifier(Protocol):
    """Tells which character a normalized glyph shows.

    Attributes
    ----------
    charset : tuple of str
        The characters it knows; column k of `predict_proba` belongs to ``charset[k]``.
    metadata : Metadata
        What the weight file says of itself.
    """

    @property
    def charset(self) -> tuple[str, ...]: ...

    @property
    def metadata(self) -> Metadata: ...

    def predict_proba(self, glyphs: NDArray[np.float32]) -> NDArray[np.float32]:
        """Probabilities of each character.

        Parameters
        ----------
        glyphs : (N, 32, 32) float32 array
            As `ocr.letters.glyphs.normalize_glyph` returns them; N may be 0.

        Returns
        -------
        (N, len(charset)) float32 array
            Calibrated probabilities; each row sums to 1.

        Raises
        ------
        ValueError
            If the array has another shape.
        """
        ...


def check_glyphs(glyphs: NDArray[np.float32]) -> NDArray[np.float32]:
    """`glyphs` as contiguous float32, or ValueError if it is not `(N, 32, 32)`."""
    from ocr.letters.glyphs import GLYPH_SIZE

    glyphs = np.ascontiguousarray(glyphs, dtype=np.float32)
    if glyphs.ndim != 3 or glyphs.shape[1:] != (GLYPH_SIZE, GLYPH_SIZE):
        raise ValueError(f"glyphs must be (N, {GLYPH_SIZE}, {GLYPH_SIZE}), got {glyphs.shape}")
    return glyphs


def softmax(logits: NDArray[np.float32], temperature: float = 1.0) -> NDArray[np.float32]:
    """Row-wise softmax of `(N, K)` logits, stable for large values."""
    scaled = np.asarray(logits, dtype=np.float32) / np.float32(temperature)
    scaled = scaled - scaled.max(axis=1, keepdims=True)
    exp = np.exp(scaled)
    return exp / exp.sum(axis=1, keepdims=True)

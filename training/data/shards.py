"""Text lines stored side by side, since drawing costs more than reading from disk."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ocr.formats.output import replacing


def write_shard(path: Path, lines: list[tuple[NDArray[np.uint8], str]]) -> None:
    """Store lines side by side in one `.npz`: `pixels` (LINE_HEIGHT, sum W), `widths`, `texts`."""
    with replacing(path) as stream:
        np.savez(
            stream,
            pixels=np.concatenate([image for image, _ in lines], axis=1),
            widths=np.array([image.shape[1] for image, _ in lines], dtype=np.int32),
            texts=np.array([text for _, text in lines]),
        )


def read_shard(path: Path) -> list[tuple[NDArray[np.uint8], str]]:
    """The lines of a shard."""
    with np.load(path, allow_pickle=False) as data:
        cuts = np.cumsum(data["widths"])[:-1]
        images = np.split(data["pixels"], cuts, axis=1)
        return [(image, str(text)) for image, text in zip(images, data["texts"], strict=True)]

"""Long lines cut into tiles, and tiles into batches, so that reading them takes little memory."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from ocr.lines.ctc import BLANK

TILE = 2400  # pixels of a strip read at once: some 150 characters
OVERLAP = 320  # pixels that neighboring tiles share, so that each letter is seen whole once
BATCH = 8_000  # pixels of strips, padding included, read at once: keeps the memory flat
ALIKE = 1.15  # times the narrowest line of a batch: padding costs more than another batch


def tile_starts(width: int) -> list[int]:
    """Left edges of the tiles of a strip of a width in pixels."""
    return [0, *range(TILE - OVERLAP, width - OVERLAP, TILE - OVERLAP)] if width > TILE else [0]


def batches(widths: list[int]) -> Iterator[list[int]]:
    """Indices of strips of like widths, narrow ones first, at most `BATCH` pixels together."""
    batch: list[int] = []
    for i in sorted(range(len(widths)), key=lambda i: widths[i]):
        wider = batch and widths[i] > ALIKE * widths[batch[0]]
        if batch and (wider or (len(batch) + 1) * widths[i] > BATCH):
            yield batch
            batch = []
        batch.append(i)
    if batch:
        yield batch


def join_tiles(
    left: NDArray[np.float32], right: NDArray[np.float32], start: int
) -> NDArray[np.float32]:
    """Frames of two tiles, the second beginning at frame `start`, as those of one line.

    The seam is where both are surest, in the inner half of what they share, that nothing stands:
    between two letters, none of which can then be lost or read twice.
    """
    shared = len(left) - start
    inner = np.arange(shared // 4, max(shared - shared // 4, shared // 4 + 1))
    both = np.minimum(left[start + inner, BLANK], right[inner, BLANK])
    seam = int(inner[np.argmax(both)])
    return np.concatenate([left[: start + seam], right[seam:]])

"""Long lines cut into tiles, and tiles into batches, so that reading them takes little memory."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ocr.lines.ctc import BLANK


@dataclass(frozen=True)
class TilesConfig:
    """How much is read at once. Lengths are pixels of a strip.

    Set by hand, for the memory and the time that reading takes; nothing shows in the text.

    Attributes
    ----------
    tile : int
        Width read at once: some 150 characters.
    overlap : int
        What neighboring tiles share, so that each letter is seen whole once.
    batch : int
        Widths of the strips of a batch together, padding included, at most.
    alike : float
        Widest line of a batch, in widths of its narrowest: more padding costs more than another
        batch.
    """

    tile: int = 2400
    overlap: int = 320
    batch: int = 8000
    alike: float = 1.15


CONFIG = TilesConfig()


def tiles_of(width: int) -> list[slice]:
    """Columns of the tiles of a strip `width` pixels wide; the last tile may reach beyond it."""
    step = CONFIG.tile - CONFIG.overlap
    later = range(step, width - CONFIG.overlap, step) if width > CONFIG.tile else ()
    return [slice(start, start + CONFIG.tile) for start in (0, *later)]


def batches(widths: list[int]) -> Iterator[list[int]]:
    """Indices of strips of like widths, narrow ones first, for one batch after the other."""
    batch: list[int] = []
    for i in sorted(range(len(widths)), key=lambda i: widths[i]):
        wider = batch and widths[i] > CONFIG.alike * widths[batch[0]]
        if batch and (wider or (len(batch) + 1) * widths[i] > CONFIG.batch):
            yield batch
            batch = []
        batch.append(i)
    if batch:
        yield batch


def join_tiles(
    left: NDArray[np.float32], right: NDArray[np.float32], start: int
) -> NDArray[np.float32]:
    """Frames of two tiles, the second beginning at frame `start`, as those of one line.

    The seam is where both are surest of a blank, within the inner half of their overlap: it lies
    between two letters, so that none is lost or read twice.
    """
    shared = len(left) - start
    rim = shared // 4
    inner = np.arange(rim, max(shared - rim, rim + 1))
    both = np.minimum(left[start + inner, BLANK], right[inner, BLANK])
    seam = int(inner[np.argmax(both)])
    return np.concatenate([left[: start + seam], right[seam:]])

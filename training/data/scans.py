"""Scanned text lines with their texts, from zips with a `lines.tsv`."""

from __future__ import annotations

import io
import zipfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from scipy import ndimage as ndi

from ocr.input.decoding import FORMATS
from training.data.text import fold_text, writable

# The paper of a line, looked for in one pixel of so many along each side: the percentile of the
# brightness of those around, rows and columns. Set by hand.
COARSER, PAPER, AROUND = 6, 80, (11, 16)

Grey = NDArray[np.float32]
Sample = tuple[Grey, str]


@dataclass(frozen=True)
class Scans:
    """A zip of line images, and the rows of one split: file name and text."""

    archive: zipfile.ZipFile
    rows: tuple[tuple[str, str], ...]

    def image(self, row: int) -> Grey:
        """A line as grey float32, 0 ink, 1 paper, its light evened out."""
        picture_file = io.BytesIO(self.archive.read(self.rows[row][0]))
        with Image.open(picture_file, formats=FORMATS) as picture:
            return even_light(np.asarray(picture.convert("L"), dtype=np.float32) / np.float32(255))


def open_scans(path: Path, split: str) -> Scans:
    """The lines of a split whose text can be written, from a zip with a `lines.tsv`."""
    archive = zipfile.ZipFile(path)
    rows = [row.split("\t") for row in archive.read("lines.tsv").decode().splitlines()[1:]]
    return Scans(
        archive,
        tuple(
            (file, fold_text(text))
            for file, part, _, text in rows
            if part == split and writable(fold_text(text))
        ),
    )


def even_light(grey: Grey) -> Grey:
    """Divide a line by its paper: a percentile of the surroundings, at a part of the size."""
    paper = ndi.percentile_filter(grey[::COARSER, ::COARSER], PAPER, size=AROUND)
    rows = np.linspace(0, paper.shape[0] - 1, grey.shape[0])
    cols = np.linspace(0, paper.shape[1] - 1, grey.shape[1])
    paper = ndi.map_coordinates(paper, np.meshgrid(rows, cols, indexing="ij"), order=1)
    return np.clip(grey / np.maximum(paper, 1e-3), 0, 1).astype(np.float32)

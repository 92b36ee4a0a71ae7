"""Text lines for measuring: always the same, without any of the look of photos."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ocr.lines.normalize import normalize_line
from training.data.scans import Sample, open_scans
from training.synthesis.line_strokes import (
    draw_strokes,
    label_text,
    one_line,
    read_strokes,
)

TEST_PEN = 3.0  # pixels, pen of rendered lines in panels, at `TEST_HEIGHT` from top to bottom
TEST_HEIGHT = 64.0


def panel(name: str, split: str, data: Path, most: int | None = None) -> list[Sample]:
    """Normalized lines of a split for measuring, always the same, evenly spread if cut short.

    `name` is a zip of scans, or "unipen", whose text is drawn with a fixed pen and filtered by
    `one_line`.
    """
    found: list[Sample] = []
    if name == "unipen":
        strokes = read_strokes(data / "lines" / "unipen_text.npz")
        for item in _spread(strokes.rows(split), most):
            text, path = label_text(str(strokes.label[item])), strokes.strokes(int(item))
            if one_line(path, text):
                image = draw_strokes(path, TEST_PEN, TEST_HEIGHT)
                found.append((normalize_line(image), text))
        return found
    scans = open_scans(data / "lines" / f"{name}.zip", split)
    for row in _spread(np.arange(len(scans.rows)), most):
        found.append((normalize_line(scans.image(int(row))), scans.rows[row][1]))
    return found


def _spread(rows: NDArray[np.int64], most: int | None) -> NDArray[np.int64]:
    if most is None or len(rows) <= most:
        return rows
    return rows[np.linspace(0, len(rows) - 1, most).astype(int)]

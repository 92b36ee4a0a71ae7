"""Share of the text lines of real pages that are found: line_finding.py [--split valid].

Whole pages of `$OCR_DATA/pages` with the baselines that their transcribers drew. A true line is
found when exactly one line that was read follows it: over at least 70 % of its length, and there
within 0.35 of the page's distance between lines. A line that was read and follows none is false,
unless it lies outside the box around the true lines, grown by half that distance: print and later
notes are not transcribed. Prints recall, precision and their F1 for each set and over all, and CPU-
seconds a page.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections import defaultdict
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from ocr.reader import Reader
from training.data.datasets import data_dir
from training.data.page_sets import line_pitch, read_pages

NEAR = 0.35  # of the distance between lines
LENGTH = 0.7  # of a true line
FEWEST = 3  # lines of a page that counts

Points = NDArray[np.float64]


def score(true: list[Points], read: list[Points], height: int) -> NDArray[np.int64]:
    """True lines found, true lines, read lines that follow one, read lines.

    Lines are (K, 2) arrays of (row, col) from left to right.
    """
    pitch = line_pitch(true, height)
    everything = np.concatenate(true)
    low, high = everything.min(axis=0) - pitch / 2, everything.max(axis=0) + pitch / 2
    read = [line for line in read if ((low <= line.mean(0)) & (line.mean(0) <= high)).all()]
    followers: dict[int, list[float]] = defaultdict(list)
    right = 0
    for line in read:
        near = [(*_distance(one, line), k) for k, one in enumerate(true)]
        off, shared, k = min(near)
        if off <= NEAR * pitch:
            right += 1
            followers[k].append(shared)
    found = sum(len(shares) == 1 and shares[0] >= LENGTH for shares in followers.values())
    return np.array([found, len(true), right, len(read)])


def _distance(true: Points, read: Points) -> tuple[float, float]:
    """Median distance in rows where two lines run side by side, and the share of the true one."""
    left, right = max(true[0, 1], read[0, 1]), min(true[-1, 1], read[-1, 1])
    if right - left < 0.3 * np.ptp(read[:, 1]) or right <= left:
        return np.inf, 0.0
    at = np.linspace(left, right, 20)
    rows = [np.interp(at, line[:, 1], line[:, 0]) for line in (true, read)]
    return float(np.median(np.abs(rows[0] - rows[1]))), (right - left) / np.ptp(true[:, 1])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--split", default="valid", choices=("train", "valid", "test"))
    given = parser.parse_args()
    reader = Reader()
    totals: dict[str, NDArray[np.int64]] = defaultdict(lambda: np.zeros(4, np.int64))
    pages = [page for page in read_pages(data_dir(), given.split) if len(page.lines) >= FEWEST]
    spent = 0.0
    with tempfile.TemporaryDirectory() as folder:
        for page in pages:
            path = Path(folder) / "page.png"
            Image.fromarray(page.grey).save(path, compress_level=1)
            began = time.process_time()
            lines = reader.read(path).lines
            spent += time.process_time() - began
            read = [np.array(line.baseline, dtype=float) for line in lines]
            row = score([line.line.baseline for line in page.lines], read, len(page.grey))
            totals[page.source] += row
            totals["all"] += row
    for name, (found, true, right, every) in totals.items():
        recall, precision = found / true, right / max(1, every)
        f1 = 2 * recall * precision / max(1e-9, recall + precision)
        print(
            f"{name:8} recall {100 * recall:5.1f}  precision {100 * precision:5.1f}  "
            f"F1 {100 * f1:5.1f}  ({true} lines)"
        )
    print(f"CPU-seconds a page: {spent / len(pages):.2f}")


if __name__ == "__main__":
    main()

"""Which text lines of the real photos are found, and in which order.

    OCR_DATA=... python tests/benchmarks/photo_lines.py [--engine lines]

Found lines are matched with the rows of the `.gt.txt` files by their texts: a line belongs to a row
if one of them, but for `LIKE` of its characters, occurs within the other. A line that holds two
rows is merged; a row in the pieces of two lines is split; a row without a line is missed; a line
without a row is extra. Badly read lines match nothing, so look at the pictures as well
(`ocr boxes`).
"""

import argparse
import os
from dataclasses import astuple, dataclass, fields
from itertools import pairwise
from pathlib import Path

import numpy as np

from ocr.config import ENGINES
from ocr.evaluation.normalization import Normalization
from ocr.reader import Reader

LIKE = 0.5  # of the characters of the shorter text may differ
HOW = Normalization(form="plain", ignore_case=True, ignore_spaces=True)


@dataclass(frozen=True)
class Count:
    """Lines of one photo, which add up over photos."""

    rows: int = 0  # written
    lines: int = 0  # found
    right: int = 0  # one row, one line
    merged: int = 0
    split: int = 0
    missed: int = 0
    extra: int = 0
    misplaced: int = 0  # lines that come before the line of an earlier row

    def __add__(self, other: "Count") -> "Count":
        return Count(*(a + b for a, b in zip(astuple(self), astuple(other), strict=True)))

    @property
    def perfect(self) -> bool:
        return self.right == self.rows == self.lines and not self.misplaced


def edits_within(short: str, long: str) -> int:
    """Edits from `short` to the likest piece of `long` (Sellers 1980).

    >>> edits_within("cat", "a coat and a hat")
    1
    """
    row = np.zeros(len(long) + 1, dtype=int)
    steps = np.arange(len(long) + 1)
    signs = np.array(list(long), dtype="U1")
    for number, sign in enumerate(short, start=1):
        after = np.full(len(long) + 1, number)
        after[1:] = np.minimum(row[1:] + 1, row[:-1] + (signs != sign))
        row = np.minimum.accumulate(after - steps) + steps
    return int(row.min())


def count_lines(rows: list[str], lines: list[str]) -> Count:
    """Compare what was written with what was read, both in reading order and normalized."""
    cost = np.ones((len(rows), len(lines)))  # of the shorter text's characters
    for i, row in enumerate(rows):
        for j, line in enumerate(lines):
            short, long = sorted((row, line), key=len)
            if short:
                cost[i, j] = edits_within(short, long) / len(short)
    contained = np.array([[len(row) <= len(line) for line in lines] for row in rows], dtype=bool)
    contained = contained.reshape(cost.shape)
    like = cost <= LIKE
    # a line like a row belongs to it alone; only what it could hold beside counts as merged
    lengths = np.array([[len(row)] for row in rows]) - np.array([len(line) for line in lines])
    whole = like & (np.abs(lengths) <= LIKE * np.array([[len(row)] for row in rows]))
    partner = np.full(len(rows), -1)
    for i, j in sorted(np.argwhere(whole).tolist(), key=lambda at: cost[at[0], at[1]]):
        if partner[i] < 0 and j not in partner:
            partner[i] = j
    free_rows = partner < 0
    free_lines = ~np.isin(np.arange(len(lines)), partner)
    holds = like & contained & free_rows[:, None]
    pieces = like & ~contained & free_lines
    merged = holds.sum(axis=0) + np.isin(np.arange(len(lines)), partner) > 1
    split = pieces.sum(axis=1) + ~free_rows > 1
    order = partner[partner >= 0]
    return Count(
        rows=len(rows),
        lines=len(lines),
        right=int((partner >= 0).sum() - (split & ~free_rows).sum()),
        merged=int(merged.sum()),
        split=int(split.sum()),
        missed=int((free_rows & ~like.any(axis=1)).sum()),
        extra=int((free_lines & ~like.any(axis=0)).sum()),
        misplaced=sum(b < a for a, b in pairwise(order)),
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--engine", choices=ENGINES, default="auto")
    parser.add_argument("photos", nargs="*", type=Path, help="all, if left out")
    options = parser.parse_args()
    reader = Reader(engine=options.engine)
    folder = Path(os.environ["OCR_DATA"]) / "photos"
    photos = options.photos or sorted(p for p in folder.iterdir() if p.suffix != ".txt")
    heads = [field.name for field in fields(Count)]
    print(f"| photo | {' | '.join(heads)} |")
    print("|---" * (len(heads) + 1) + "|")
    counts = []
    for photo in photos:
        truth = photo.with_suffix(".gt.txt").read_text(encoding="utf-8").splitlines()
        page = reader.read(photo)
        count = count_lines(
            [HOW.apply(row) for row in truth if row.strip()],
            [HOW.apply(line.text) for line in page.lines],
        )
        counts.append(count)
        print(f"| {photo.name} | {' | '.join(map(str, astuple(count)))} |", flush=True)
    print(f"| all | {' | '.join(map(str, astuple(sum(counts, Count()))))} |")
    perfect = sum(count.perfect for count in counts)
    print(f"all lines, each once, in order: {perfect} of {len(counts)} photos")


if __name__ == "__main__":
    main()

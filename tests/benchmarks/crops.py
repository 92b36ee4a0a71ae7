"""How single lines that were cropped out of whole real pages are read: crops.py [--split valid].

Lines of `$OCR_DATA/pages` with a quarter of their outline's height around them, as one crops them
by hand: pieces of the lines above and below are in the picture, cut by its edges. Prints for each
set the CER of the crops against the line alone, case counting, and in how many of them more than
one line was read. What is wholly in the picture is rightly read, and counts as wrong here: the
outlines of the other sets are so wide that whole lines are.
"""

from __future__ import annotations

import argparse
from collections import defaultdict

import numpy as np

from ocr.evaluation.error_rates import edit_distance
from ocr.reader import Reader
from training.data.datasets import data_dir
from training.data.page_sets import read_pages

SETS = ("copiste", "peraire", "poilus")
AROUND = 0.25  # of the height of the line's outline
FEWEST = 13  # characters of a line


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--split", choices=("train", "valid", "test"), default="valid")
    parser.add_argument("--lines", type=int, default=40, help="of each set")
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    lines = defaultdict(list)
    for page in read_pages(data_dir(), options.split):
        lines[page.source] += [(page.grey, one) for one in page.lines if len(one.text) >= FEWEST]
    reader, rng = Reader(), np.random.default_rng(options.seed)
    print("| set | crops | CER % | more than one line |\n|---|---|---|---|")
    for name in SETS:
        drawn = rng.permutation(len(lines[name]))[: options.lines].tolist()
        edits = total = several = 0
        for grey, one in (lines[name][k] for k in drawn):
            (top, left), (bottom, right) = one.polygon.min(axis=0), one.polygon.max(axis=0)
            around = AROUND * (bottom - top)
            y1, x1 = np.maximum(0, np.array([top, left]) - around).astype(int)
            y2, x2 = np.array([bottom, right]) + around
            page = reader.read(grey[y1 : int(y2), x1 : int(x2)])
            edits += edit_distance(one.text, " ".join(page.text.split()))
            total += len(one.text)
            several += len(page.lines) > 1
        print(f"| {name} | {len(drawn)} | {100 * edits / total:.1f} | {several} |", flush=True)


if __name__ == "__main__":
    main()

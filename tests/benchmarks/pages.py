"""How well generated photos of pages are read, stage by stage, one row a kind of difficulty.

    OCR_DATA=... python tests/benchmarks/pages.py [--pages 40] [--engine letters] [--only desk]

Every page has its own seed and a font that is kept out of all training. Letters are compared by
boxes at an IoU of 0.5; lines, order and word gaps are counted over the letters that were found.
"""

import argparse
import io
from dataclasses import dataclass, fields
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from scipy.optimize import linear_sum_assignment

from ocr.images import open_image
from ocr.metrics import Errors, character_errors
from ocr.page import Page
from ocr.reader import ENGINES, Reader
from training.pages import DIFFICULTIES, Truth, measure_tilt, page_corpus, page_fonts, render_page

IOU = 0.5
ENOUGH = 20  # letters: with fewer nobody need tell which way up a page is


@dataclass
class Score:
    """Counts, which add up over pages."""

    pages: int = 0
    letters: int = 0  # written
    found: int = 0  # boxes found
    matched: int = 0
    lined: int = 0  # matched letters in the right line
    steps: int = 0  # neighbouring lines that were both found
    in_order: int = 0
    gaps: int = 0  # written
    gaps_found: int = 0
    gaps_right: int = 0
    turnable: int = 0  # pages with letters enough
    upright: int = 0  # of these, read the right way up
    tilt_error: float = 0.0  # degrees, sum over pages the right way up
    tilted: int = 0
    edits: int = 0
    characters: int = 0

    def __add__(self, other: "Score") -> "Score":
        return Score(*(getattr(self, f.name) + getattr(other, f.name) for f in fields(self)))

    def row(self) -> list[str]:
        f1 = 2 * self.gaps_right / max(self.gaps + self.gaps_found, 1)
        return [
            str(self.pages),
            _percent(self.matched, self.letters),
            _percent(self.matched, self.found),
            _percent(self.lined, self.matched),
            _percent(self.in_order, self.steps),
            f"{f1:.3f}",
            _percent(self.upright, self.turnable),
            f"{self.tilt_error / self.tilted:.2f}" if self.tilted else "",
            _percent(self.edits, self.characters),
        ]


HEADS = (
    "pages",
    "letter recall %",
    "precision %",
    "line %",
    "order %",
    "gap F1",
    "upright %",
    "tilt error deg",
    "CER %",
)


def _percent(part: int, whole: int) -> str:
    return f"{100 * part / whole:.1f}" if whole else ""


def overlaps(a: NDArray[np.int64], b: NDArray[np.int64]) -> NDArray[np.float64]:
    """IoU of every box of `a` with every one of `b`: (N, 4), (M, 4) -> (N, M)."""
    low = np.maximum(a[:, None, :2], b[None, :, :2])
    high = np.minimum(a[:, None, 2:], b[None, :, 2:])
    shared = np.prod(np.clip(high - low, 0, None), axis=2)
    areas = [np.prod(boxes[:, 2:] - boxes[:, :2], axis=1) for boxes in (a, b)]
    return shared / (areas[0][:, None] + areas[1][None, :] - shared)


def match(truth: Page, found: Page) -> list[int]:
    """For each written letter the index of the found one, or -1: one to one, best in sum."""
    pairs = [-1] * len(truth.letters)
    if not found.letters:
        return pairs
    a, b = (np.array([x.box.as_list() for x in page.letters]) for page in (truth, found))
    iou = overlaps(a, b)
    rows, cols = linear_sum_assignment(np.where(iou >= IOU, iou, 0), maximize=True)
    for i, j in zip(rows, cols, strict=True):
        if iou[i, j] >= IOU:
            pairs[i] = int(j)
    return pairs


def places(page: Page) -> list[tuple[int, int]]:
    """Line and word number of each letter."""
    return [
        (row, number)
        for row, line in enumerate(page.lines)
        for number, word in enumerate(line.words)
        for _ in word.letters
    ]


def score(truth: Truth, found: Page) -> Score:
    """Compare one page with what was read."""
    pairs = match(truth.page, found)
    there, here = places(truth.page), places(found)
    result = Score(pages=1, letters=len(pairs), found=len(here))
    result.matched = sum(j >= 0 for j in pairs)

    # Lines: pair them so that most letters agree.
    table = np.zeros((len(truth.page.lines), max(len(found.lines), 1)), dtype=int)
    for i, j in enumerate(pairs):
        if j >= 0:
            table[there[i][0], here[j][0]] += 1
    rows, cols = linear_sum_assignment(table, maximize=True)
    partner = {int(r): int(c) for r, c in zip(rows, cols, strict=True) if table[r, c]}
    result.lined = int(sum(table[r, c] for r, c in partner.items()))
    steps = [(partner[a], partner[b]) for a, b in pairwise(sorted(partner))]
    result.steps, result.in_order = len(steps), sum(a < b for a, b in steps)

    # Gaps between neighbours that were both found in the partner of their line.
    for (i, place), (k, after) in pairwise(enumerate(there)):
        a, b = pairs[i], pairs[k]
        row = partner.get(place[0])
        if after[0] != place[0] or min(a, b) < 0 or not here[a][0] == here[b][0] == row:
            continue
        gap, seen = after[1] != place[1], here[a][1] != here[b][1]
        result.gaps += gap
        result.gaps_found += seen
        result.gaps_right += gap and seen

    if len(pairs) >= ENOUGH and found.lines:
        turn = measure_tilt(found)  # the baselines run in the direction of reading
        off = (turn - truth.orientation - truth.tilt + 180) % 360 - 180
        result.turnable, result.upright = 1, int(abs(off) < 45)
        if result.upright:
            result.tilted, result.tilt_error = 1, abs(off)
    errors: Errors = character_errors(
        " ".join(truth.page.text.split()), " ".join(found.text.split())
    )
    result.edits, result.characters = errors.edits, errors.total
    return result


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--pages", type=int, default=40)
    parser.add_argument("--engine", choices=ENGINES, default="letters")
    parser.add_argument("--only", choices=list(DIFFICULTIES), action="append")
    parser.add_argument("--worst", type=int, default=0, help="name this many worst pages")
    options = parser.parse_args()
    names = options.only or list(DIFFICULTIES)
    reader, corpus = Reader(engine=options.engine), page_corpus()
    fonts = {kind: page_fonts(joined=kind, held_out=True) for kind in (False, True)}
    scores = {name: Score() for name in names}
    pages = []
    for seed in range(options.pages):
        name = names[seed % len(names)]
        hands = fonts[DIFFICULTIES[name].joined]
        picture, truth = render_page(seed, name, corpus=corpus, fonts=hands)
        file = io.BytesIO()
        Image.fromarray(picture).save(file, "PNG", compress_level=1)
        file.seek(0)
        one = score(truth, reader.read(open_image(file, f"{name} {seed}")))
        scores[name] += one
        pages.append((one.edits / max(one.characters, 1), name, seed, truth.font, truth.pen))
    scores["all"] = sum(scores.values(), Score())
    print("| " + " | ".join(("difficulty", *HEADS)) + " |")
    print("|---" * (len(HEADS) + 1) + "|")
    for name, total in scores.items():
        print("| " + " | ".join([name, *total.row()]) + " |")
    for cer, name, seed, font, pen in sorted(pages, reverse=True)[: options.worst]:
        print(f"worst: {name} seed {seed}, {font}, {pen}: CER {100 * cer:.1f} %")


if __name__ == "__main__":
    main()

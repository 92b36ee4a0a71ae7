"""How well generated photos of pages are read, stage by stage, one row a kind of difficulty.

    OCR_DATA=... python tests/benchmarks/pages.py [--pages 200] [--only desk] [--choose]
    OCR_DATA=... python tests/benchmarks/pages.py --choose --constant tilt --values 0.05 0.1 0.2

Every page has its own seed and a font, or a UNIPEN writer, that is kept out of all training; with
`--choose`, other seeds and what may be chosen on. Letters are compared by boxes at an IoU of 0.5;
lines, order and word gaps are counted over the letters that were found. Where only words have
boxes, a found letter belongs to the word that its middle lies in.

The stages are those of the letters way, which finds each letter before it reads; the last columns
are the default engine's. With `--constant`, one row a value of a constant of
`ocr.letters.find_letters.FindConfig`, over all the pages, by the letters way alone.
"""

import argparse
import io
from collections.abc import Iterator
from dataclasses import dataclass, fields
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from scipy.optimize import linear_sum_assignment

from ocr.evaluation.error_rates import character_errors
from ocr.input.photo import open_image
from ocr.letters import find_letters
from ocr.letters.find_letters import FindConfig
from ocr.page import Page
from ocr.reader import Reader
from training.synthesis.difficulties import DIFFICULTIES
from training.synthesis.pages import (
    Truth,
    measure_tilt,
    page_corpus,
    page_fonts,
    page_writers,
    render_page,
)

STAGED, DEFAULT = ENGINES = ("letters", "auto")
FIRST_TO_CHOOSE = 1000  # seed
IOU = 0.5
ENOUGH = 20  # letters: with fewer nobody need tell which way up a page is


@dataclass
class Score:
    """Counts, which add up over pages."""

    pages: int = 0
    letters: int = 0  # written
    found: int = 0  # boxes found
    matched: int = 0
    placed: int = 0  # found letters that are part of what is written
    lined: int = 0  # of these, in the right line
    steps: int = 0  # neighboring lines that were both found
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
    blank: int = 0  # pages without writing
    seen: int = 0  # of these, something was found on

    def __add__(self, other: "Score") -> "Score":
        return Score(*(getattr(self, f.name) + getattr(other, f.name) for f in fields(self)))

    def stages(self) -> list[str]:
        f1 = 2 * self.gaps_right / max(self.gaps + self.gaps_found, 1)
        return [
            _percent(self.matched, self.letters),
            _percent(self.matched, self.found) if self.letters else "",
            _percent(self.lined, self.placed),
            _percent(self.in_order, self.steps),
            f"{f1:.3f}" if self.gaps else "",
            _percent(self.upright, self.turnable),
            f"{self.tilt_error / self.tilted:.2f}" if self.tilted else "",
        ]

    def cer(self) -> str:
        if self.blank and not self.characters:
            return f"{self.seen} not blank"
        return _percent(self.edits, self.characters)


HEADS = (
    "difficulty",
    "pages",
    "letter recall %",
    "precision %",
    "line %",
    "order %",
    "gap F1",
    "upright %",
    "tilt error deg",
    "CER %",
    "default: letter recall %",
    "default: CER %",
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


def inside(truth: Page, found: Page) -> list[int]:
    """For each found letter the index of the written mark that its middle lies in, or -1."""
    marks = np.array([mark.box.as_list() for mark in truth.letters]).reshape(-1, 4)
    owners = []
    for letter in found.letters:
        box = letter.box
        y, x = (box.y1 + box.y2) / 2, (box.x1 + box.x2) / 2
        within = (marks[:, 0] <= y) & (y < marks[:, 2]) & (marks[:, 1] <= x) & (x < marks[:, 3])
        owners.append(int(within.argmax()) if within.any() else -1)
    return owners


def score(truth: Truth, found: Page) -> Score:
    """Compare one page with what was read."""
    if not truth.page.lines:
        return Score(pages=1, blank=1, seen=int(bool(found.lines)))
    there, here = places(truth.page), places(found)
    result = Score(pages=1)
    # Where each letter was written and where it was found, in reading order; None if only one.
    links: list[tuple[tuple[int, int], tuple[int, int]] | None]
    if all(len(letter.text) == 1 for letter in truth.page.letters):
        pairs = match(truth.page, found)
        links = [(there[i], here[j]) if j >= 0 else None for i, j in enumerate(pairs)]
        result.letters, result.found = len(there), len(here)
        result.matched = len(pairs) - pairs.count(-1)
    else:
        owners = inside(truth.page, found)
        links = [(there[i], here[j]) if i >= 0 else None for j, i in enumerate(owners)]

    # Lines: pair them so that most letters agree.
    table = np.zeros((len(truth.page.lines), max(len(found.lines), 1)), dtype=int)
    for link in links:
        if link is not None:
            table[link[0][0], link[1][0]] += 1
    rows, cols = linear_sum_assignment(table, maximize=True)
    partner = {int(r): int(c) for r, c in zip(rows, cols, strict=True) if table[r, c]}
    result.placed = int(table.sum())
    result.lined = int(sum(table[r, c] for r, c in partner.items()))
    steps = [(partner[a], partner[b]) for a, b in pairwise(sorted(partner))]
    result.steps, result.in_order = len(steps), sum(a < b for a, b in steps)

    # Gaps between neighbors that were both found in the partner of their line.
    for one, other in pairwise(links):
        if one is None or other is None or one[0][0] != other[0][0]:
            continue
        if not one[1][0] == other[1][0] == partner.get(one[0][0]):
            continue
        gap, seen = one[0][1] != other[0][1], one[1][1] != other[1][1]
        result.gaps += gap
        result.gaps_found += seen
        result.gaps_right += gap and seen

    if len(truth.page.text) >= ENOUGH and found.lines:
        turn = measure_tilt(found)  # the baselines run in the direction of reading
        off = (turn - truth.orientation - truth.tilt + 180) % 360 - 180
        result.turnable, result.upright = 1, int(abs(off) < 45)
        if result.upright:
            result.tilted, result.tilt_error = 1, abs(off)
    errors = character_errors(" ".join(truth.page.text.split()), " ".join(found.text.split()))
    result.edits, result.characters = errors.edits, errors.total
    return result


def generated(
    names: list[str], count: int, held_out: bool
) -> Iterator[tuple[str, int, io.BytesIO, Truth]]:
    """Pages of some difficulties in turn: difficulty, seed, PNG file and truth of each."""
    corpus = page_corpus()
    fonts = {kind: page_fonts(joined=kind, held_out=held_out) for kind in (False, True)}
    writers = page_writers("test" if held_out else "valid")
    for number in range(count):
        name, seed = names[number % len(names)], number + (0 if held_out else FIRST_TO_CHOOSE)
        hands = fonts[DIFFICULTIES[name].joined]
        picture, truth = render_page(seed, name, corpus=corpus, fonts=hands, writers=writers)
        file = io.BytesIO()
        Image.fromarray(picture).save(file, "PNG", compress_level=1)
        yield name, seed, file, truth


def compare(
    name: str, values: list[float], pages: Iterator[tuple[str, int, io.BytesIO, Truth]]
) -> None:
    """Print how the letters way reads pages with one constant changed: a row a value."""
    reader = Reader(engine=STAGED)
    scores = dict.fromkeys(values, Score())
    for difficulty, seed, file, truth in pages:
        for value in values:
            find_letters.CONFIG = FindConfig(**{name: value})
            file.seek(0)
            page = reader.read(open_image(file, f"{difficulty} {seed}"))
            scores[value] += score(truth, page)
    print("| " + " | ".join((name, *HEADS[1:-2])) + " |")
    print("|---" * (len(HEADS) - 2) + "|")
    for value, total in scores.items():
        row = [str(value), str(total.pages), *total.stages(), total.cer()]
        print("| " + " | ".join(row) + " |")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--pages", type=int, default=200)
    parser.add_argument("--only", choices=list(DIFFICULTIES), action="append")
    parser.add_argument("--choose", action="store_true", help="seeds and hands to choose by")
    parser.add_argument("--worst", type=int, default=0, help="name this many worst pages")
    constants = [field.name for field in fields(FindConfig)]
    parser.add_argument("--constant", choices=constants, help="try values of this one")
    parser.add_argument("--values", type=float, nargs="+", default=[])
    options = parser.parse_args()
    names = options.only or list(DIFFICULTIES)
    generate = generated(names, options.pages, not options.choose)
    if options.constant:
        compare(options.constant, options.values, generate)
        return
    readers = {engine: Reader(engine=engine) for engine in ENGINES}
    scores = {(name, engine): Score() for name in names for engine in ENGINES}
    pages: dict[str, list[tuple[float, str]]] = {engine: [] for engine in ENGINES}
    for name, seed, file, truth in generate:
        for engine, reader in readers.items():
            file.seek(0)
            one = score(truth, reader.read(open_image(file, f"{name} {seed}")))
            scores[name, engine] += one
            lost = one.letters - one.matched if engine == STAGED else one.edits
            share = one.seen + lost / max(one.letters if engine == STAGED else one.characters, 1)
            pages[engine].append((share, f"{name} seed {seed}, {truth.hand}, {truth.pen}"))
    for engine in ENGINES:
        scores["all", engine] = sum((scores[name, engine] for name in names), Score())
    print("| " + " | ".join(HEADS) + " |")
    print("|---" * len(HEADS) + "|")
    for name in (*names, "all"):
        staged, default = scores[name, STAGED], scores[name, DEFAULT]
        row = [name, str(staged.pages), *staged.stages(), staged.cer()]
        print("| " + " | ".join([*row, default.stages()[0], default.cer()]) + " |")
    for engine in ENGINES:
        for share, page in sorted(pages[engine], reverse=True)[: options.worst]:
            print(f"worst by {engine}: {page}: {100 * share:.1f} %")


if __name__ == "__main__":
    main()

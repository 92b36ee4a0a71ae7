"""How well the four course photos are read: characters, boxes, lines and word gaps.

    OCR_DATA=... python tests/benchmarks/course_photos.py [--engine letters] [--model nist36-mlp]

Character accuracy ignores case and spaces, as the course's write-ups count it (81.7, 80.6, 92.6
and 80.5 % are their best); "known" counts only the characters of the ground truth that the model
can read, which is fair to one without punctuation. Boxes are compared with `course_boxes.json` at
an IoU of 0.5.
"""

import argparse
import json
import os
from collections.abc import Iterable
from pathlib import Path

from ocr.config import ENGINES
from ocr.evaluation.error_rates import Errors, align, character_errors
from ocr.evaluation.normalization import Normalization
from ocr.input.photo import open_image
from ocr.page import Box, Page
from ocr.reader import Reader
from ocr.weights import find_weights, read_metadata

BOXES = Path(__file__).with_name("course_boxes.json")
PUBLISHED = {"cmu_01_list": 81.7, "cmu_02_letters": 80.6, "cmu_03_haiku": 92.6, "cmu_04_deep": 80.5}
IOU = 0.5


def matched(truth: list[Box], found: Iterable[Box]) -> int:
    """How many of `truth` have a box of their own among `found`: greedy, best overlap first."""
    pairs = sorted(
        ((a.iou(b), i, j) for i, a in enumerate(truth) for j, b in enumerate(found)), reverse=True
    )
    used_truth: set[int] = set()
    used_found: set[int] = set()
    for iou, i, j in pairs:
        if iou < IOU:
            break
        if i not in used_truth and j not in used_found:
            used_truth.add(i)
            used_found.add(j)
    return len(used_truth)


def gaps(text: str) -> set[int]:
    """Positions of the spaces of a line, counted in characters before them."""
    found, count = set(), 0
    for character in text:
        if character == " ":
            found.add(count)
        else:
            count += 1
    return found


def gap_counts(truth: str, page: Page) -> tuple[int, int, int]:
    """Gaps found rightly, found at all and there, over the lines that pair up."""
    right = found = there = 0
    for line, expected in zip(page.text.splitlines(), truth.splitlines(), strict=False):
        position = {}
        i = j = 0
        for a, b in align(expected.replace(" ", ""), line.replace(" ", "")):
            if a is not None and b is not None:
                position[j] = i
            i += a is not None
            j += b is not None
        seen = {position.get(k, -1) for k in gaps(line)}
        right += len(seen & gaps(expected))
        found += len(gaps(line))
        there += len(gaps(expected))
    missing = truth.splitlines()[len(page.lines) :]
    return right, found, there + sum(len(gaps(row)) for row in missing)


def known_right(truth: str, read: str, known: set[str]) -> float:
    """Share read right of the characters that are known; of all where `known` is empty."""
    pairs = [(a, b) for a, b in align(truth, read) if a is not None and (a in known or not known)]
    return sum(a == b for a, b in pairs) / max(len(pairs), 1)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--engine", choices=ENGINES, default="letters")
    parser.add_argument("--model", help="a model of the engine, by name or path")
    options = parser.parse_args()
    reader = Reader(engine=options.engine, model=options.model)
    folder = Path(os.environ["OCR_DATA"]) / "photos"
    boxes = json.loads(BOXES.read_text(encoding="utf-8"))
    how = Normalization(ignore_case=True, ignore_spaces=True)
    charset = read_metadata(find_weights(options.model)).charset if options.model else ()
    known = set(how.apply("".join(charset)))
    print(
        "| photo | published % | characters right % | known right % | boxes found | boxes extra "
        "| lines | gap F1 |"
    )
    print("|---|---|---|---|---|---|---|---|")
    total = Errors(0, 0)
    counts = [0, 0, 0]
    for name, published in PUBLISHED.items():
        truth = (folder / f"{name}.gt.txt").read_text(encoding="utf-8").strip()
        page = reader.read(open_image(folder / f"{name}.jpg"))
        errors = character_errors(how.apply(truth), how.apply(page.text))
        share = known_right(how.apply(truth), how.apply(page.text), known)
        total += errors
        found = [letter.box for letter in page.letters]
        hits = sum(matched([Box(*row[1:]) for row in line], found) for line in boxes[name])
        there = sum(len(line) for line in boxes[name])
        gap = gap_counts(truth, page)
        if name != "cmu_02_letters":  # single letters: the course does not count its spaces
            counts = [a + b for a, b in zip(counts, gap, strict=True)]
        f1 = 2 * gap[0] / max(gap[1] + gap[2], 1)
        print(
            f"| {name} | {published} | {100 * errors.accuracy:.1f} | {100 * share:.1f} "
            f"| {hits}/{there} "
            f"| {len(found) - hits} | {len(page.lines)}/{len(boxes[name])} | {f1:.3f} |"
        )
    f1 = 2 * counts[0] / max(counts[1] + counts[2], 1)
    print(f"| all (gaps: 01, 03, 04) | | {100 * total.accuracy:.1f} | | | | | {f1:.3f} |")


if __name__ == "__main__":
    main()

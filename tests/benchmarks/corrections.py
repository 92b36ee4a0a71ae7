"""What it takes to correct the photos in `ocr review`: ``python tests/benchmarks/corrections.py``.

Every photo of `$OCR_DATA/photos` is read and corrected to its text by rule, as a person does who
looks at the page: at each wrong place the cheapest way that the page offers. Counted are keys and
clicks beyond typing the text that takes the place of what is wrong, over the characters that were
wrong or marked as doubtful:

- a wrong run of letters: one drag over it, or one click where letters are missing (a doubtful run
  is as near by Tab), and Delete where nothing is to be typed;
- a word that one of its choices puts right: a click on it and one on the choice;
- a word typed anew: a double click, and each letter that was right before;
- a line that was missed: "New line" and a drag, all of its text typed; one that is none: a click
  and the keys of Delete;
- the page confirmed and the next one opened: Ctrl+Enter, as the page's first hints tell: read down
  the lines, put right what is wrong, confirm all with one key. With `--way doubtful` every line
  with a mark is gone to by Enter and confirmed by itself, the rest by Ctrl+Enter; with `--way
  line` there is an Enter for each line, and one for the next page.

A page, or with `--way doubtful` a line, opens with its first doubtful place selected; where that is
a wrong one, it needs no way there.

`--doubt` shows what the mark of doubt was chosen by: lines of the pages that choose weights
(`$OCR_DATA/pages`, valid), cut out along their true baselines and read.

    python tests/benchmarks/corrections.py --keep read/   # reads into a folder once
    python tests/benchmarks/corrections.py --doubt        # what marking at other confidences gives
"""

from __future__ import annotations

import argparse
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from rapidfuzz.distance import Levenshtein

from ocr.evaluation.corrections import align_lines
from ocr.evaluation.ground_truth import pairs_in, read_truth
from ocr.formats.placing import signs_of
from ocr.input.photo import open_image
from ocr.lines.language import load_language
from ocr.lines.recognizer import LineReader
from ocr.page import Line
from ocr.reader import Reader
from ocr.review.document import DOUBTFUL, Entry, Reviewed
from ocr.review.reading import Recognizer, choices_of
from ocr.review.respell import clean
from training.data.datasets import data_dir

ASKED = 0.35
WAYS = ("page", "doubtful", "line")  # in which a page is confirmed
LIMITS = (0.5, 0.6, 0.7, 0.8, 0.85, 0.9, 0.93, 0.95, 0.97, 0.98, 0.99)  # of doubt
LINES_A_PAGE = 8  # lines of a page that limits are tried on
PAGE_KEYS = 1
NEW_LINE, NO_LINE = 2, 2


@dataclass
class Cost:
    """What correcting took: keys and clicks beyond the text typed, and what they are held to."""

    extra: int = 0
    typed: int = 0
    wrong: int = 0
    doubted: int = 0  # that are right
    words: int = 0  # wrong ones
    chosen: int = 0  # of these, put right by a choice
    seen: int = 0  # wrong characters that were marked
    lines: int = 0
    ways: dict[str, int] = field(default_factory=dict)

    def add(self, other: Cost) -> None:
        for name in ("extra", "typed", "wrong", "doubted", "words", "chosen", "seen", "lines"):
            setattr(self, name, getattr(self, name) + getattr(other, name))
        for way, count in other.ways.items():
            self.ways[way] = self.ways.get(way, 0) + count

    @property
    def share(self) -> float:
        return self.extra / max(1, self.wrong + self.doubted)


def doubted(line: Line, limit: float) -> list[bool]:
    """For each character of a line, whether it is marked."""
    return [one is not None and one.confidence < limit for one in signs_of(line)]


def line_cost(entry: Entry, truth: str, limit: float) -> Cost:
    """What it takes to put a line right."""
    read = entry.line.text
    marks = doubted(entry.line, limit)
    cost = Cost(lines=1)
    steps = [step for step in Levenshtein.opcodes(read, truth) if step.tag != "equal"]
    wrong = set()
    for step in steps:
        wrong.update(range(step.src_start, step.src_end))
        cost.wrong += max(step.src_end - step.src_start, step.dest_end - step.dest_start)
    cost.doubted = sum(mark and k not in wrong for k, mark in enumerate(marks))
    cost.seen = sum(marks[k] for k in wrong if k < len(marks))
    words, others = read.split(" "), truth.split(" ")
    if len(words) != len(others):
        return _by_places(cost, steps)
    for k, (word, other) in enumerate(zip(words, others, strict=True)):
        if word == other:
            continue
        cost.words += 1
        parts = [one for one in Levenshtein.opcodes(word, other) if one.tag != "equal"]
        ways = {"places": sum(1 + (one.tag == "delete") for one in parts)}
        changed = sum(one.dest_end - one.dest_start for one in parts)
        ways["anew"] = 2 + len(other) - changed
        if k < len(entry.line.words) and other in choices_of(entry, entry.line.words[k]):
            ways["choice"] = 2
            cost.chosen += 1
        way = min(ways, key=lambda name: ways[name])
        cost.extra += ways[way]
        cost.typed += 0 if way == "choice" else changed
        cost.ways[way] = cost.ways.get(way, 0) + 1
    return cost


def _by_places(cost: Cost, steps: list) -> Cost:
    """Place by place, where words were joined or parted."""
    cost.extra += sum(1 + (step.tag == "delete") for step in steps)
    cost.typed += sum(step.dest_end - step.dest_start for step in steps)
    cost.words += len(steps)
    cost.ways["places"] = cost.ways.get("places", 0) + len(steps)
    return cost


def page_cost(doc: Reviewed, rows: list[str], limit: float, way: str) -> Cost:
    """What it takes to put a page right."""
    cost = Cost()
    entries = doc.kept
    read = [entry.line.text for entry in entries]
    pairs = [(a[0], b[0]) for a, b in align_lines(read, rows) if a and b]
    for k, row in pairs:
        cost.add(line_cost(entries[k], rows[row], limit))
    used = {k for k, _ in pairs}
    for k, entry in enumerate(entries):
        if k not in used:
            cost.extra += NO_LINE
            cost.wrong += len(entry.line.text)
    written = {row for _, row in pairs}
    for k, row in enumerate(rows):
        if k not in written:
            cost.extra += NEW_LINE
            cost.typed += len(row)
            cost.wrong += len(row)
    marked = [k for k, entry in enumerate(entries) if any(doubted(entry.line, limit))]
    # One Enter goes on from each line gone to, or Ctrl+Enter from the last.
    keys = {"page": PAGE_KEYS, "doubtful": max(len(marked), PAGE_KEYS), "line": len(rows) + 1}
    cost.extra += keys[way]
    there = marked if way == "doubtful" else marked[:1]
    cost.extra -= sum(_first_is_wrong(entries[k], rows, dict(pairs).get(k), limit) for k in there)
    return cost


def _first_is_wrong(entry: Entry, rows: list[str], row: int | None, limit: float) -> bool:
    """Whether the first doubtful run of a line, which is selected, is what has to be typed anew."""
    if row is None:
        return False
    marks = doubted(entry.line, limit)
    first = marks.index(True)
    end = next((j for j in range(first, len(marks)) if not marks[j]), len(marks))
    return any(
        (step.src_start, step.src_end) == (first, end)
        for step in Levenshtein.opcodes(entry.line.text, rows[row])
        if step.tag == "replace"
    )


def read_pages(folder: Path, keep: Path | None) -> list[tuple[str, Reviewed, list[str]]]:
    """Photos of a folder as read, with their texts."""
    recognizer = Recognizer(Reader())
    found = []
    for photo, truth in pairs_in(folder):
        kept = keep / f"{photo.name}.json" if keep else None
        if kept and kept.is_file():
            doc = Reviewed.from_json(kept.read_text(encoding="utf-8"))
        else:
            doc = recognizer.page(open_image(photo))
            if kept:
                kept.parent.mkdir(parents=True, exist_ok=True)
                kept.write_text(doc.to_json(), encoding="utf-8")
        rows = [clean(row) for row in read_truth(truth).splitlines() if row.strip()]
        found.append((photo.name, doc, rows))
    return found


def try_limits() -> None:
    """Print what marking at several confidences finds among lines that nothing is reported on."""
    from training.data.page_sets import read_pages as real_pages
    from training.synthesis.strips import readable_lines, strips_of

    rng = np.random.default_rng(0)
    strips = []
    for page in real_pages(data_dir(), "valid"):
        lines = readable_lines(page)
        strips += list(strips_of(rng, page.grey, lines[:: max(1, len(lines) // LINES_A_PAGE)]))
    languages = [load_language(f"{name}.npz") for name in ("english", "french")]
    read = LineReader("lines.onnx", languages).read(
        [image.astype(np.float32) / np.float32(255) for image, _ in strips]
    )
    sure, wrong = [], []
    for one, (_, truth) in zip(read, strips, strict=True):
        steps = Levenshtein.opcodes(one.text, truth)
        bad = {k for s in steps if s.tag != "equal" for k in range(s.src_start, s.src_end)}
        sure += [p for p, c in zip(one.confidences, one.text, strict=True) if c != " "]
        wrong += [k in bad for k, c in enumerate(one.text) if c != " "]
    p, bad = np.array(sure), np.array(wrong)
    print(f"{len(strips)} lines of valid pages, {len(p)} letters read, {bad.sum()} of them wrong")
    for limit in LIMITS:
        marked = p < limit
        found, right = bad[marked].sum() / bad.sum(), bad[marked].mean()
        print(
            f"doubtful under {limit}: {100 * found:.0f} % of what is wrong marked, "
            f"{100 * marked.mean():.0f} % of all; of the marked {100 * right:.0f} % wrong, of the "
            f"others {100 * bad[~marked].mean():.1f} %; F2 {_f2(found, right):.3f}"
        )


def _f2(found: float, right: float) -> float:
    """The F-measure in which finding what is wrong counts four times as much as sparing a look."""
    return 5 * found * right / max(4 * right + found, 1e-9)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path, nargs="?", default=data_dir() / "photos")
    parser.add_argument("--keep", type=Path, help="folder for what was read")
    parser.add_argument("--way", choices=WAYS, help="of confirming; by default all three")
    parser.add_argument("--doubt", action="store_true", help="try other limits of doubt")
    options = parser.parse_args()
    if options.doubt:
        try_limits()
        return
    pages = read_pages(options.folder, options.keep)
    for way in [options.way] if options.way else WAYS:
        total = Cost()
        for name, doc, rows in pages:
            one = page_cost(doc, rows, DOUBTFUL, way)
            total.add(one)
            if options.way:
                print(
                    f"{name:32} {one.wrong:4} wrong {one.doubted:4} doubted {one.extra:4} keys and "
                    f"clicks {one.typed:4} typed: {one.share:.2f}"
                )
        print(
            f"by {way}: {total.wrong} characters wrong, {total.seen} of them marked, "
            f"{total.doubted} marked and right; {total.extra} keys and clicks beyond {total.typed} "
            f"typed: {total.share:.3f} (asked {ASKED}); a choice puts {total.chosen} of "
            f"{total.words} wrong words right; {total.ways}"
        )


if __name__ == "__main__":
    main()

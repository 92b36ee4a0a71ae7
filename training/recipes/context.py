"""How the weights of `ocr.letters.context` were chosen: `python -m training.recipes.context`.

Lines of text are set in single glyphs: boxes as an uneven hand would place them, probabilities
from a classifier on valid glyphs (`--model`), or simulated ones with plausible confusions.
Printed are, for each kind of text, the characters right before and after context, and how well
confidences are calibrated; `--search` tries other values of the constants one at a time.
"""

from __future__ import annotations

import argparse
import string
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ocr.letters import context, sizes
from ocr.letters.context import SAME_SHAPE, LineGlyphs, decode_page
from ocr.letters.sizes import reach_of
from ocr.lines.language import NgramModel, load_language
from training.commands import run
from training.data.datasets import data_dir
from training.data.glyphs import CHARSET, emnist_glyphs, join, unipen_glyphs
from training.data.text import Corpus
from training.recipes.language import HELD_OUT, clean
from training.synthesis.line_text import sample_text

LINES = 5  # lines a page
CAPITAL = 60  # pixels, cap height of the simulated hand
SMALL = 0.65  # of a capital, height of the small letters in `ocr.letters.sizes`
KINDS = ("prose", "lower case", "capitals", "lists", "codes", "single characters", "anything")
CONFUSED = (
    "0OoDQ", "1Il|7Ji/!", "5SsB", "2Zz7", "8B3", "6Gb", "9gqy", "UuVv", "VvYyrX", "AHR", "DOP",
    "MNHW", "T7J1", "Ll1C", "EFCG", "aouq", "ceo", "nhru", "mnw", "gyj", "kKhR", "ft", ".,'`-",
    "-_~=", ":;i", "Xx%*", "Pp", "()C1", "Ww", "Zz2", "4A9", "&8", "ktf+", "rv",
)  # fmt: skip

Page = list[tuple[str, LineGlyphs]]  # the text without its spaces, and what is seen of it
Bank = dict[str, NDArray[np.float32]]  # for each character, classifier rows of its glyphs


def simulated_bank(rng: np.random.Generator, rows: int = 400) -> Bank:
    """Probabilities as a classifier of 85 to 90 % might give them, without size on the line.

    The likenesses below were set by hand so that it is as often right.
    """
    index = {c: k for k, c in enumerate(CHARSET)}
    likeness = np.full((len(CHARSET), len(CHARSET)), 1e-4)
    for group in CONFUSED:
        members = [index[c] for c in group]
        likeness[np.ix_(members, members)] += 0.02
    for group in SAME_SHAPE:
        members = [index[c] for c in group]
        likeness[np.ix_(members, members)] = 0.5
    np.fill_diagonal(likeness, 0.8)
    bank = {}
    for k, character in enumerate(CHARSET):
        # What a glyph looks like is drawn by the likeness; the probabilities spread around that.
        looks = rng.choice(len(CHARSET), size=rows, p=likeness[k] / likeness[k].sum())
        logits = np.log(likeness[looks]) + 0.9 * np.log(likeness[k])
        logits = logits * 0.8 + rng.gumbel(size=(rows, len(CHARSET))) * 0.8
        proba = np.exp(logits - logits.max(axis=1, keepdims=True))
        bank[character] = (proba / proba.sum(axis=1, keepdims=True)).astype(np.float32)
    return bank


def measured_bank(model: str, data: Path) -> Bank:
    """What a classifier gives to the valid glyphs of EMNIST and UNIPEN."""
    from ocr.letters.classifiers import load_classifier

    classifier = load_classifier(model)
    if classifier.charset != CHARSET:
        raise SystemExit(f"{model}: this needs a classifier over the keyboard's {len(CHARSET)}")
    glyphs = join([emnist_glyphs(data, "valid"), unipen_glyphs(data, "valid")])
    proba = classifier.predict_proba(glyphs.images.astype(np.float32) / np.float32(255))
    return {
        character: proba[(glyphs.labels == k) & glyphs.cased]
        for k, character in enumerate(CHARSET)
        if ((glyphs.labels == k) & glyphs.cased).any()
    }


def write_page(rng: np.random.Generator, kind: str, corpus: Corpus, bank: Bank) -> Page:
    """A page of one kind of text in one hand; characters the bank lacks are left out.

    How uneven a hand is was set by hand: lengths in heights of a capital, slopes in rows a column.
    """
    x_height = rng.uniform(0.5, 0.75)
    lean, uneven = rng.normal(0, 0.01), rng.uniform(0.04, 0.14)
    page: Page = []
    while len(page) < LINES:
        words = [[c for c in word if c in bank] for word in _text(rng, kind, corpus).split(" ")]
        text = [c for word in words for c in word]
        if not text:
            continue
        starts = [k == 0 for word in words for k in range(len(word))]
        proba = np.stack([bank[c][rng.integers(len(bank[c]))] for c in text])
        boxes, x = [], 0.0
        drift = 0.0
        for character, start in zip(text, starts, strict=True):
            top, bottom = reach_of(character)
            if top == SMALL:  # its own small letters, where those of fonts are so high
                top = top * x_height / SMALL
            size = CAPITAL * np.exp(rng.normal(0, uneven))
            drift = 0.8 * drift + rng.normal(0, uneven)
            jump = rng.normal(0, 0.3) if rng.random() < 0.04 else rng.normal(0, 0.5 * uneven)
            foot = 1000 * len(page) + lean * x - CAPITAL * (drift + jump)
            x += CAPITAL * (1.4 if start else 0.8)
            high = max(size * (top - bottom), 4.0)
            low = foot - size * bottom
            boxes.append([low - high, x, low, x + 0.6 * CAPITAL])
        whole = np.rint(np.array(boxes)).astype(np.intp)
        page.append(("".join(text), LineGlyphs(proba, whole, np.array(starts))))
    return page


def _text(rng: np.random.Generator, kind: str, corpus: Corpus) -> str:
    if kind == "anything":
        return sample_text(rng, corpus, 40)
    if kind == "codes":
        capitals, digits = string.ascii_uppercase, string.digits
        pools = (capitals, digits, capitals + digits, string.ascii_letters + digits)
        pool = pools[rng.integers(len(pools))]
        text = "".join(pool[i] for i in rng.integers(0, len(pool), 20))
        step = int(rng.integers(3, 9))
        return " ".join(text[i : i + step] for i in range(0, len(text), step))
    if kind == "single characters":
        sets = (string.ascii_uppercase, string.digits, string.ascii_lowercase)
        row = list(sets[rng.choice(3, p=(0.5, 0.3, 0.2))])
        first = int(rng.integers(0, len(row) - 5))
        row = row[first : first + 10]
        if rng.random() < 0.4:
            rng.shuffle(row)
        return " ".join(row)
    words = corpus.sentences[rng.integers(len(corpus.sentences))].split(" ")
    first = int(rng.integers(len(words))) if rng.random() < 0.6 else 0
    text = " ".join(words[first : first + 6])[:40]
    if kind == "lower case":
        return text.lower()
    if kind == "prose":
        return text
    text = text.upper()
    if kind == "lists":
        number = int(rng.integers(1, 20))
        style = rng.random()
        text = text if style < 0.5 else text.lower().capitalize()
        text = f"{number}{'.)'[int(rng.random() < 0.2)]} {text}"
        if rng.random() < 0.4:
            text += f" {rng.integers(0, 2000)}"
    return text


def pages(bank: Bank, corpus: Corpus, count: int, seed: int) -> Iterator[tuple[str, Page]]:
    """`count` pages of each kind."""
    for kind in KINDS:
        rng = np.random.default_rng([seed, KINDS.index(kind)])
        for _ in range(count):
            yield kind, write_page(rng, kind, corpus, bank)


def measure(sample: list[tuple[str, Page]], ngrams: NgramModel) -> dict[str, list[float]]:
    """For each kind: right before, after, both again ignoring case, and lost to context, in %."""
    table: dict[str, list[tuple[float, ...]]] = {kind: [] for kind in KINDS}
    sure: list[tuple[float, bool]] = []
    for kind, page in sample:
        found = decode_page([line for _, line in page], CHARSET, ngrams)
        for (text, line), read in zip(page, found, strict=True):
            for truth, row, letter in zip(text, line.proba, read, strict=True):
                before, after = CHARSET[int(row.argmax())], letter.text
                sure.append((letter.confidence, after == truth))
                table[kind].append(
                    (
                        before == truth,
                        after == truth,
                        before.lower() == truth.lower(),
                        after.lower() == truth.lower(),
                        before.lower() == truth.lower() != after.lower(),
                    )
                )
    figures = {kind: (100 * np.mean(rows, axis=0)).tolist() for kind, rows in table.items() if rows}
    confidence, right = np.array(sure).T
    bins = np.minimum((confidence * 15).astype(int), 14)
    gap = [abs((confidence - right)[bins == b].sum()) for b in range(15)]
    figures["calibration error"] = [100 * float(np.sum(gap) / len(right))]
    return figures


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--model", help="classifier for real probabilities (default: simulated)")
    parser.add_argument("--data", type=Path, help="folder of the data sets (default: $OCR_DATA)")
    parser.add_argument("--pages", type=int, default=30, help="pages of each kind")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--search", action="store_true", help="try other values of the constants")
    args = parser.parse_args()
    data = data_dir(args.data)
    bank = (
        measured_bank(args.model, data)
        if args.model
        else simulated_bank(np.random.default_rng(args.seed))
    )
    rows = [r for r in (data / "text" / "english.txt").read_text("utf-8").splitlines() if r]
    corpus = Corpus(tuple(clean(row) for row in rows[-int(HELD_OUT * 0.9 * len(rows)) :]))
    sample = list(pages(bank, corpus, args.pages, args.seed))
    ngrams = load_language()
    begun = time.process_time()
    figures = measure(sample, ngrams)
    spent = (time.process_time() - begun) / len(sample)
    print("% right           before   after | ignoring case: before   after  lost to context")
    for kind, row in figures.items():
        print(f"{kind:18}" + "".join(f"{value:8.2f}" for value in row))
    letters = sum(len(text) for _, page in sample for text, _ in page) / len(sample)
    print(f"{1000 * spent:.1f} ms CPU a page of {letters:.0f} letters")
    if args.search:
        search(sample, ngrams)


def search(sample: list[tuple[str, Page]], ngrams: NgramModel) -> None:
    """Vary one constant at a time and print the mean over the kinds."""
    varied: tuple[tuple[Any, str, tuple[float, ...]], ...] = (
        (context, "language_weight", (0.3, 0.45, 0.6, 0.8)),
        (context, "size_weight", (0.4, 0.6, 0.8, 1.0)),
        (context, "same_share", (0.3, 0.6, 0.9)),
        (context, "similar_share", (0.02, 0.06, 0.15)),
        (context, "clear", (0.005, 0.02, 0.05)),
        (sizes, "height_sd", (0.1, 0.15, 0.2)),
        (sizes, "position_sd", (0.12, 0.17, 0.24)),
        (context, "width", (12, 24, 48)),
        (context, "local_share", (0.05, 0.1, 0.2)),
    )
    for module, name, values in varied:
        kept = module.CONFIG
        for value in values:
            module.CONFIG = replace(kept, **{name: value})
            figures = measure(sample, ngrams)
            means = np.mean([figures[kind] for kind in KINDS], axis=0)
            error = figures["calibration error"][0]
            print(
                f"{name} {value}: {means[1]:.2f} %, ignoring case {means[3]:.2f} %, "
                f"lost {means[4]:.2f} %, calibration error {error:.2f}",
                flush=True,
            )
        module.CONFIG = kept


if __name__ == "__main__":
    run(main)

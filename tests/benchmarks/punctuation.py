"""How well small signs are read: ``python tests/benchmarks/punctuation.py``.

Lines of prices, dates, times and abbreviations, drawn in the held-out fonts and set from the
characters of UNIPEN's test writers. Prints recall and precision of each of . , ' " - : and of all,
and the CER, without and with language; the `valid` split (writers, training fonts) serves choosing.
With `--notes` the lines are of notes and recipes, and the signs are & / + = # % ° ( ) - .
"""

from __future__ import annotations

import argparse
from collections import Counter
from collections.abc import Callable

import numpy as np

from ocr.evaluation.error_rates import align
from ocr.lines.language import load_language
from ocr.lines.normalize import normalize_line
from ocr.lines.recognizer import LineReader
from ocr.reader import LANGUAGES
from training.data.datasets import data_dir
from training.data.scans import Sample
from training.synthesis.line_fonts import draw_font_line, find_fonts
from training.synthesis.line_strokes import compose, draw_strokes
from training.synthesis.written_glyphs import WrittenGlyphs

SIGNS = ".,'\"-:"
NOTE_SIGNS = "&/+=#%°()-"
GOODS = ("TEA", "Milk", "bread", "2 apples", "COFFEE", "Soap", "eggs", "Total", "rent", "bus fare")
MONTHS = ("Jan", "Feb", "March", "April", "May", "June", "July", "Aug", "Sept", "Oct", "Nov", "Dec")
ABBREVIATIONS = ("Mr.", "Mrs.", "Dr.", "St.", "No.", "e.g.", "i.e.", "etc.", "a.m.", "p.m.", "vs.")
WORDS = (
    *("bread", "butter", "salt", "pepper", "milk", "cheese", "onion", "sugar", "school", "meeting"),
    *("house", "garden", "paper", "light", "water", "music", "letter"),
)
NAMES = ("Smith", "Brown", "Miller", "Clark", "Lewis", "Walker")


def sign_text(rng: np.random.Generator) -> str:
    """A line in which points, commas, quotes, dashes and colons matter."""

    def pick(words: tuple[str, ...]) -> str:
        return words[rng.integers(len(words))]

    def number(low: int, high: int, width: int = 0) -> str:
        return f"{rng.integers(low, high):0{width}d}"

    forms = (
        lambda: f"{pick(GOODS)} {number(0, 200)}.{number(0, 100, 2)}",
        lambda: f"${number(1, 10)},{number(0, 1000, 3)}.{number(0, 100, 2)}",
        lambda: f"{number(0, 100)},{number(0, 100, 2)} {pick(('kg', 'm', 'EUR', 'l'))}",
        lambda: f"{number(1, 32)}.{number(1, 13)}.{number(1950, 2030)}",
        lambda: f"{number(1950, 2030)}-{number(1, 13, 2)}-{number(1, 32, 2)}",
        lambda: f"{pick(MONTHS)} {number(1, 32)}, {number(1950, 2030)}",
        lambda: f"{number(1, 13)}:{number(0, 60, 2)} {pick(('a.m.', 'p.m.', 'am', 'pm'))}",
        lambda: f"{pick(ABBREVIATIONS)} {pick(NAMES)}, {number(1, 100)}",
        lambda: f'"{pick(NAMES)}\'s", {pick(ABBREVIATIONS)}',
        lambda: f"{pick(NAMES)}-{pick(NAMES)}: it's {number(0, 10)}.{number(0, 10)} %",
    )
    return forms[rng.integers(len(forms))]()


def note_text(rng: np.random.Generator) -> str:
    """A line of a note or a recipe, with signs in place of words."""

    def word() -> str:
        return WORDS[rng.integers(len(WORDS))]

    def number(low: int, high: int) -> str:
        return str(rng.integers(low, high))

    forms = (
        lambda: f"{word()} & {word()}",
        lambda: f"{word()} {word()} & {word()} {word()}",
        lambda: f"{number(1, 4)}/{number(2, 9)} c. {word()}",
        lambda: f"1/2 tsp {word()} & {word()}",
        lambda: f"{number(1, 99)} + {number(1, 99)} = {number(1, 200)}",
        lambda: f"#{number(1, 99)} {word()}",
        lambda: f"{word()} {number(1, 100)}%",
        lambda: f"{word()} w/ {word()}",
        lambda: f"- {word()} - {number(1, 9)}",
        lambda: f"{word()}/{word()}",
        lambda: f"{word()} = {word()} {word()}",
        lambda: f"{word()} {number(100, 400)}° oven",
        lambda: f"{word()} ({word()} {word()})",
    )
    return forms[rng.integers(len(forms))]()


def sign_lines(
    count: int,
    held_out: bool,
    seed: int = 0,
    say: Callable[[np.random.Generator], str] = sign_text,
) -> list[Sample]:
    """Lines of texts, half in fonts, half from UNIPEN characters (test, else valid)."""
    data = data_dir()
    rng = np.random.default_rng(seed)
    fonts = find_fonts(data / "fonts", held_out)
    glyphs = WrittenGlyphs(data, "test" if held_out else "valid")
    found: list[Sample] = []
    while len(found) < count:
        text = say(rng)
        if len(found) % 2:
            image = draw_font_line(rng, fonts[rng.integers(len(fonts))], text)
        else:
            placed, spaces = glyphs.write(rng, text, glyphs.writer(rng))
            image = draw_strokes(compose(rng, placed, np.array(spaces)), 3.0) if placed else None
        if image is not None:
            found.append((normalize_line(image), text))
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--model", default="lines.onnx")
    parser.add_argument("--count", type=int, default=400)
    parser.add_argument("--split", choices=("valid", "test"), default="test")
    parser.add_argument("--notes", action="store_true", help="lines of notes, and their signs")
    arguments = parser.parse_args()
    signs, say = (NOTE_SIGNS, note_text) if arguments.notes else (SIGNS, sign_text)
    lines = sign_lines(arguments.count, arguments.split == "test", say=say)
    readers = {
        "greedy": LineReader(arguments.model),
        "language": LineReader(arguments.model, [load_language(name) for name in LANGUAGES]),
    }
    for way, reader in readers.items():
        there: Counter[str] = Counter()
        read: Counter[str] = Counter()
        both: Counter[str] = Counter()
        edits = 0
        for found, (_, truth) in zip(reader.read([i for i, _ in lines]), lines, strict=True):
            pairs = align(truth, found.text)
            edits += sum(a != b for a, b in pairs)
            there += Counter(a for a, _ in pairs if a and a in signs)
            read += Counter(b for _, b in pairs if b and b in signs)
            both += Counter(a for a, b in pairs if a and a == b and a in signs)
        print(f"{way}: CER {100 * edits / sum(len(text) for _, text in lines):.2f} %")
        for sign in (*signs, signs):
            good, all_, seen = (sum(c[s] for s in sign) for c in (both, there, read))
            name = "all" if len(sign) > 1 else sign
            print(
                f"  {name:4} recall {100 * good / max(all_, 1):5.1f} %  "
                f"precision {100 * good / max(seen, 1):5.1f} %  of {all_}"
            )


if __name__ == "__main__":
    main()

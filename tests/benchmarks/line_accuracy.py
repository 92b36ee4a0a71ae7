"""How well and how fast the line recognizer reads: ``python tests/benchmarks/line_accuracy.py``.

Lines cut by hand from real pages and lines drawn from pen strokes, so that the front end plays no
part. CER is pooled edits over pooled reference characters, after NFC, white space folded to one
space, quotes and dashes as `training.data.text.FOLDED` folds them; case and punctuation count;
"plain" is the same without accents.
Sets of the `test` splits, and IAM, which nothing is trained on, report; the other `valid` sets
serve choosing.
"""

from __future__ import annotations

import argparse
import time
import unicodedata
from collections import Counter

import numpy as np

from ocr.evaluation.error_rates import align, confusions, edit_distance
from ocr.lines.language import load_language
from ocr.lines.recognizer import LineReader
from ocr.reader import LANGUAGES
from training.data.datasets import data_dir
from training.recipes.line_decoding import random_strings
from training.synthesis.line_panel import panel

SETS = {
    "copiste test": ("copiste", "test"),
    "UNIPEN text test": ("unipen", "test"),
    "IAM-part valid": ("iam-part", "valid"),
    "copiste valid": ("copiste", "valid"),
    "poilus valid": ("poilus", "valid"),
    "peraire valid": ("peraire", "valid"),
    "UNIPEN text valid": ("unipen", "valid"),
}
BINS = 10  # of confidence, for the calibration error


def without_accents(text: str) -> str:
    """Accents folded away, for figures that compare with readers of plain letters."""
    parts = unicodedata.normalize("NFD", text.replace("œ", "oe").replace("æ", "ae"))
    parts = parts.replace("«", '"').replace("»", '"')
    return "".join(sign for sign in parts if not unicodedata.combining(sign))


def calibration_error(confidences: list[float], right: list[bool]) -> float:
    """Expected calibration error over bins of equal width (Guo et al. 2017)."""
    sure, good = np.array(confidences), np.array(right, dtype=float)
    bins = np.minimum((sure * BINS).astype(int), BINS - 1)
    gaps = [
        abs(sure[bins == k].mean() - good[bins == k].mean()) * (bins == k).mean()
        for k in np.unique(bins)
    ]
    return float(sum(gaps))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--model", default="lines.onnx")
    parser.add_argument("--most", type=int, help="lines a set, evenly spread")
    parser.add_argument("--sets", nargs="*", help="only these, such as 'copiste test'")
    parser.add_argument("--no-lm", action="store_true", help="only without the language model")
    parser.add_argument("--errors", action="store_true", help="the commonest confusions")
    arguments = parser.parse_args()
    data = data_dir()
    readers = {"greedy": LineReader(arguments.model)}
    if not arguments.no_lm:
        readers["language"] = LineReader(
            arguments.model, [load_language(name) for name in LANGUAGES]
        )
    sets = {
        name: panel(*source, data, arguments.most)
        for name, source in SETS.items()
        if not arguments.sets or name in arguments.sets
    }
    if not arguments.sets or "random strings" in arguments.sets:
        sets["random strings"] = random_strings(arguments.most or 200, held_out=True)
    print(
        f"{'set':20} {'lines':>5} {'decoding':9} {'CER':>7} {'plain':>7} {'ECE':>6} {'lines/s':>8}"
    )
    for name, lines in sets.items():
        images = [image for image, _ in lines]
        for way, reader in readers.items():
            began = time.process_time()
            read = reader.read(images)
            speed = len(images) / (time.process_time() - began)
            total = sum(len(text) for _, text in lines)
            edits = plain = 0
            sure: list[float] = []
            right: list[bool] = []
            wrong: Counter[tuple[str, str]] = Counter()
            for found, (_, truth) in zip(read, lines, strict=True):
                edits += edit_distance(truth, found.text)
                plain += edit_distance(without_accents(truth), without_accents(found.text))
                pairs = align(truth, found.text)
                wrong += confusions(pairs)
                right += [a == b for a, b in pairs if b is not None]
                sure += found.confidences
            print(
                f"{name:20} {len(lines):5} {way:9} {100 * edits / total:6.2f}% "
                f"{100 * plain / total:6.2f}% {calibration_error(sure, right):6.3f} {speed:8.1f}",
                flush=True,
            )
            if arguments.errors:
                common = ", ".join(f"{a!r}>{b!r} {n}" for (a, b), n in wrong.most_common(10))
                print(f"    {common}")


if __name__ == "__main__":
    main()

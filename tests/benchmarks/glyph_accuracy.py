"""How well the glyph classifiers read single characters: a Markdown table.

    OCR_DATA=... python tests/benchmarks/glyph_accuracy.py [--split test] [MODEL...]

The sets are those of the data README; EMNIST's split is this project's, not an official one.
"Restricted" means that the decoding chooses among those characters only; "folded" that the
probabilities of the characters of one class are added up. Choose on `--split valid`.
"""

import argparse
from pathlib import Path

import numpy as np

from ocr.letters.classifiers import load_classifier
from ocr.letters.classifiers.base import Classifier
from training.data.datasets import data_dir
from training.data.glyphs import (
    CHARSET,
    GlyphSet,
    emnist_glyphs,
    font_glyphs,
    nist36_glyphs,
    unipen_glyphs,
)
from training.data.photographed import photographed_glyphs
from training.recipes.glyph_accuracy import (
    EMNIST_47,
    EMNIST_62,
    NIST_36,
    accuracy,
    expected_calibration_error,
)

ROWS = (
    ("EMNIST, restricted to 62 classes", "EMNIST", {sign: sign for sign in EMNIST_62}),
    ("EMNIST, folded to the 47 of Balanced", "EMNIST", EMNIST_47),
    ("EMNIST photographed on grey paper, folded to 47", "photographed", EMNIST_47),
    ("the same, restricted to 36, cases folded", "photographed", NIST_36),
    ("NIST36, restricted to 36, cases folded", "NIST36", NIST_36),
    ("UNIPEN, 94 signs", "UNIPEN", None),
    ("UNIPEN, restricted to 62 classes", "UNIPEN", {sign: sign for sign in EMNIST_62}),
    ("UNIPEN, restricted to 36, cases folded", "UNIPEN", NIST_36),
    ("ten held-out fonts, 94 signs", "fonts", None),
    ("ten held-out fonts, 36, cases folded", "fonts", NIST_36),
)


def glyph_sets(data: Path, split: str) -> dict[str, GlyphSet]:
    """What is read, by name."""
    return {
        "EMNIST": emnist_glyphs(data, split),
        "photographed": photographed_glyphs(data, split),
        "NIST36": nist36_glyphs(data, split),
        "UNIPEN": unipen_glyphs(data, split),
        "fonts": font_glyphs(data, held_out=True),
    }


def rows_of(classifier: Classifier, sets: dict[str, GlyphSet]) -> list[str]:
    """The table's rows for one model."""
    probabilities = {
        name: classifier.predict_proba(part.images.astype(np.float32) / 255)
        for name, part in sets.items()
    }
    truth = {name: np.array(CHARSET)[part.labels] for name, part in sets.items()}
    name = classifier.metadata.name
    charset = set(classifier.charset)
    rows = []
    for title, source, classes in ROWS:
        classes = classes or {sign: sign for sign in CHARSET}
        if not set(classes.values()) <= charset:
            continue
        kept = np.isin(truth[source], list(classes))
        samples, mean = accuracy(
            probabilities[source][kept], classifier.charset, truth[source][kept], classes
        )
        rows.append(
            f"| {name} | {title} | {kept.sum()} | {100 * samples:.2f} % | {100 * mean:.2f} % |"
        )
    if charset >= set(CHARSET):
        both = [np.concatenate([part["EMNIST"], part["UNIPEN"]]) for part in (probabilities, truth)]
        error = expected_calibration_error(both[0], classifier.charset, both[1])
    else:
        error = expected_calibration_error(
            probabilities["NIST36"], classifier.charset, truth["NIST36"]
        )
    rows.append(f"| {name} | expected calibration error | | {100 * error:.2f} % | |")
    return rows


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("models", nargs="*", default=["glyphs.onnx", "nist36-mlp.npz"])
    parser.add_argument("--split", choices=("valid", "test"), default="test")
    options = parser.parse_args()
    sets = glyph_sets(data_dir(), options.split)
    print(f"Split: {options.split}\n")
    print("| model | data | glyphs | right, over samples | mean over classes |")
    print("| --- | --- | ---: | ---: | ---: |")
    for model in options.models:
        print("\n".join(rows_of(load_classifier(model), sets)), flush=True)


if __name__ == "__main__":
    main()

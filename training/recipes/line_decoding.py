"""Choose how much language counts when lines are read: `python -m training.recipes.line_decoding`.

Prints the CER of the valid panels, English (UNIPEN) and French (Copiste), and of strings without
sense in the training fonts, for each weight of the language and bonus a character. The choice is
written into `ocr.lines.ctc`: the lowest CER of the English lines at which strings without sense
lose at most a point and French lines nothing. What `--confidence` prints goes into
`ocr.lines.recognizer`.
"""

from __future__ import annotations

import argparse
from itertools import product

import numpy as np
from sklearn.linear_model import LogisticRegression

from ocr.evaluation.error_rates import align, edit_distance
from ocr.lines.ctc import beam_search, best_path
from ocr.lines.language import load_language
from ocr.lines.normalize import normalize_line
from ocr.lines.recognizer import LANGUAGE_OFFSET, LANGUAGE_SLOPE, LineReader, log_odds
from ocr.reader import LANGUAGES
from training.data.datasets import data_dir
from training.data.scans import Sample
from training.data.text import read_corpus
from training.synthesis.line_fonts import draw_font_line, find_fonts
from training.synthesis.line_panel import panel
from training.synthesis.line_text import random_text

WEIGHTS = (0.2, 0.4, 0.6)
BONUSES = (0.0, 0.5, 1.0)


def random_strings(count: int, held_out: bool, seed: int = 0) -> list[Sample]:
    """Lines of strings without sense, in fonts seen in training or in the held-out ones."""
    data = data_dir()
    rng = np.random.default_rng(seed)
    fonts = find_fonts(data / "fonts", held_out)
    corpus = read_corpus(data / "text" / "english.txt")
    found: list[Sample] = []
    while len(found) < count:
        text = " ".join(random_text(rng, corpus, int(rng.integers(4, 20))).split())
        image = draw_font_line(rng, fonts[rng.integers(len(fonts))], text)
        if image is not None and text.isascii():
            found.append((normalize_line(image), text))
    return found


def fit_confidence(reader: LineReader, lines: dict[str, list[Sample]]) -> tuple[float, float]:
    """Slope and offset of the log-odds of characters read with language, over those by the ink.

    Language mends what the ink alone had thought unlikely, so that characters are right more
    often than the ink's probability says; logistic regression undoes that (Platt 1999). Every
    panel is a page of its own, whose language is chosen for it.
    """
    sure: list[float] = []
    right: list[bool] = []
    for page in lines.values():
        found = reader.read([image for image, _ in page])
        for text, (_, truth) in zip(found, page, strict=True):
            sure += text.confidences
            right += [a == b for a, b in align(truth, text.text) if b is not None]
    ink = (log_odds(np.array(sure)) - LANGUAGE_OFFSET) / LANGUAGE_SLOPE
    fitted = LogisticRegression(C=100).fit(ink[:, None], right)
    return round(float(fitted.coef_[0, 0]), 2), round(float(fitted.intercept_[0]), 2)


def main() -> None:
    parser = argparse.ArgumentParser(description="Choose how much language counts.")
    parser.add_argument("--model", default="lines.onnx")
    parser.add_argument("--most", type=int, default=80, help="lines a panel")
    parser.add_argument("--weights", type=float, nargs="+", default=WEIGHTS)
    parser.add_argument("--bonuses", type=float, nargs="+", default=BONUSES)
    parser.add_argument("--confidence", action="store_true", help="fit the confidences instead")
    arguments = parser.parse_args()
    reader = LineReader(arguments.model, [load_language(name) for name in LANGUAGES])
    panels = {
        "unipen": panel("unipen", "valid", data_dir(), arguments.most),
        "copiste": panel("copiste", "valid", data_dir(), arguments.most),
        "random": random_strings(arguments.most, held_out=False),
    }
    logs = {name: reader.log_probs([image for image, _ in lines]) for name, lines in panels.items()}
    if arguments.confidence:
        panels["peraire"] = panel("peraire", "valid", data_dir(), arguments.most)
        slope, offset = fit_confidence(reader, panels)
        print(f"slope {slope} offset {offset}")
        return
    ways: list[tuple[float, float] | None] = [None]
    ways += product(arguments.weights, arguments.bonuses)
    languages = {name: reader.choose_language(frames) for name, frames in logs.items()}
    for way in ways:
        rates = []
        for name, lines in panels.items():
            language = languages[name]
            edits = total = 0
            if way is None or language is None:
                texts = [best_path(frames) for frames in logs[name]]
            else:
                found = beam_search(logs[name], language, reader.symbols, *way)
                texts = [classes or [] for classes in found]
            for classes, (_, truth) in zip(texts, lines, strict=True):
                read = " ".join("".join(reader.charset[k - 1] for k in classes).split())
                edits += edit_distance(truth, read)
                total += len(truth)
            rates.append(f"{name} {100 * edits / total:6.2f} %")
        label = "greedy" if way is None else f"weight {way[0]:.2f} bonus {way[1]:.2f}"
        print(f"{label:24} {'  '.join(rates)}", flush=True)


if __name__ == "__main__":
    main()

"""Choose how much language counts when lines are read: `python -m training.line_decoding`.

Prints the CER of the valid panels, English (UNIPEN) and French (Copiste), and of strings without
sense in the training fonts, for each weight of the language and bonus a character. The choice is
written into `ocr.ctc`: the lowest CER of the English lines at which strings without sense lose at
most a point and French lines nothing. What `--power` prints goes into `ocr.line_reader`.
"""

from __future__ import annotations

import argparse
from itertools import product

import numpy as np
from scipy.optimize import minimize_scalar

from ocr.ctc import beam_search, best_path
from ocr.language import load_language
from ocr.line_reader import LANGUAGE_POWER, LineReader, normalize_line
from ocr.metrics import align, edit_distance
from ocr.reader import LANGUAGES
from training.datasets import data_dir
from training.line_fonts import draw_font_line, find_fonts
from training.line_text import random_text, read_corpus
from training.lines import Sample, panel

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


def fit_power(reader: LineReader, lines: list[Sample]) -> float:
    """The power of the ink's probabilities that makes confidences read with language true.

    Language mends what the ink alone had thought unlikely, so that characters are right more
    often than the ink's probability says; the likeliest power undoes that.
    """
    sure: list[float] = []
    right: list[bool] = []
    for found, (_, truth) in zip(reader.read([image for image, _ in lines]), lines, strict=True):
        sure += found.confidences
        right += [a == b for a, b in align(truth, found.text) if b is not None]
    logs, good = np.log(np.maximum(sure, 1e-6)) / LANGUAGE_POWER, np.array(right)

    def cost(power: float) -> float:
        p = np.clip(np.exp(power * logs), 1e-6, 1 - 1e-6)
        return -float(np.where(good, np.log(p), np.log(1 - p)).mean())

    return round(float(minimize_scalar(cost, bounds=(0.1, 2), method="bounded").x), 3)


def main() -> None:
    parser = argparse.ArgumentParser(description="Choose how much language counts.")
    parser.add_argument("--model", default="lines.onnx")
    parser.add_argument("--most", type=int, default=80, help="lines a panel")
    parser.add_argument("--weights", type=float, nargs="+", default=WEIGHTS)
    parser.add_argument("--bonuses", type=float, nargs="+", default=BONUSES)
    parser.add_argument("--power", action="store_true", help="fit the confidence's power instead")
    arguments = parser.parse_args()
    reader = LineReader(arguments.model, [load_language(name) for name in LANGUAGES])
    panels = {
        "unipen": panel("unipen", "valid", data_dir(), arguments.most),
        "copiste": panel("copiste", "valid", data_dir(), arguments.most),
        "random": random_strings(arguments.most, held_out=False),
    }
    logs = {name: reader.log_probs([image for image, _ in lines]) for name, lines in panels.items()}
    if arguments.power:
        print(f"power {fit_power(reader, [line for lines in panels.values() for line in lines])}")
        return
    ways: list[tuple[float, float] | None] = [None]
    ways += product(arguments.weights, arguments.bonuses)
    languages = {name: reader.choose_language(frames) for name, frames in logs.items()}
    for way in ways:
        rates = []
        for name, lines in panels.items():
            language = languages[name]
            edits = total = 0
            for frames, (_, truth) in zip(logs[name], lines, strict=True):
                if way is None or language is None:
                    classes = best_path(frames)
                else:
                    classes = beam_search(frames, language, reader.symbols, *way) or []
                read = " ".join("".join(reader.charset[k - 1] for k in classes).split())
                edits += edit_distance(truth, read)
                total += len(truth)
            rates.append(f"{name} {100 * edits / total:6.2f} %")
        label = "greedy" if way is None else f"weight {way[0]:.2f} bonus {way[1]:.2f}"
        print(f"{label:24} {'  '.join(rates)}", flush=True)


if __name__ == "__main__":
    main()

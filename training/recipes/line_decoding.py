"""Choose how much language counts when lines are read: `python -m training.recipes.line_decoding`.

Prints the CER of the valid panels for each weight of the language and bonus a character: English
(UNIPEN, and held-out sentences set from UNIPEN's valid characters and in fonts), French (Copiste)
and strings without sense in the training fonts. The last line names the choice: the lowest sum of
the three panels of language, each relative to the first row with language, among those rows where
strings without sense lose at most `MOST_LOST` points beside no language at all. It is written into
`ocr.lines.beam_search` by hand; run the command again after another line network or language model.
The network's output is kept in `--cache`, so that only the search runs again.

`--sense` shows instead what it costs and saves to read lines by the ink alone whose text makes no
sense, for several bounds of `ocr.lines.sense`.

`--confidence` fits the confidences instead, on the same panels and on lines of French hands of two
centuries that no part of the network has seen (the valid pages of MSS-19 and MSS-20); what it
prints goes into `ocr.lines.confidence`.
"""

from __future__ import annotations

import argparse
import io
import json
import zipfile
from collections.abc import Iterator, Sequence
from itertools import product
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw
from sklearn.linear_model import LogisticRegression

from ocr.evaluation.error_rates import align, edit_distance
from ocr.lines.beam_search import NOTHING, BeamConfig, beam_search
from ocr.lines.confidence import evidence, ink_odds
from ocr.lines.ctc import align as align_frames
from ocr.lines.ctc import best_path
from ocr.lines.language import load_language
from ocr.lines.normalize import normalize_line
from ocr.lines.recognizer import LineReader
from ocr.lines.sense import spare_senseless
from ocr.lines.text_model import TextModel
from ocr.reader import LANGUAGES
from training.commands import run
from training.data.datasets import data_dir
from training.data.scans import Sample, even_light
from training.data.text import fold_text, writable
from training.recipes.language import HELD_OUT, read_rows
from training.synthesis.line_fonts import draw_font_line, find_fonts
from training.synthesis.line_panel import panel
from training.synthesis.line_strokes import compose, draw_strokes, move_strokes
from training.synthesis.line_text import random_text
from training.synthesis.strips import lone_strip
from training.synthesis.written_glyphs import WrittenGlyphs

# Values that are tried of what stands in `ocr.lines.beam_search.BeamConfig`.
WEIGHTS = (0.6, 0.65, 0.7)
LETTERS = (2.0, 2.25, 2.5)
SIGNS = (1.0,)  # beside a letter's bonus, as are those of spaces
SPACES = (-1.0,)
MOST_LOST = 0.5  # points of CER
LEAST_SENSE = (-float("inf"), -4.0, -3.5, -3.2, -3.0, -2.8, -2.6, -2.4)  # see `ocr.lines.sense`
PROSE = 400  # lines of held-out sentences
PAGES = ("mss19", "mss20")

Logs = list[NDArray[np.float32]]


def random_strings(count: int, held_out: bool) -> list[Sample]:
    """Lines of strings without sense, in fonts seen in training or in the held-out ones."""
    rng = np.random.default_rng(0)
    fonts = find_fonts(data_dir() / "fonts", held_out)
    found: list[Sample] = []
    while len(found) < count:
        text = " ".join(random_text(rng, int(rng.integers(4, 20))).split())
        image = draw_font_line(rng, fonts[rng.integers(len(fonts))], text)
        if image is not None and text.isascii():
            found.append((normalize_line(image), text))
    return found


def prose_lines(count: int) -> list[Sample]:
    """Parts of held-out English sentences, in hasty valid hands and in much distorted fonts."""
    data = data_dir()
    rng = np.random.default_rng(5)
    files = ("english-modern.txt.xz", "english-books.txt.xz")
    rows = [row for file in files for row in read_rows(data / "text" / file)[::HELD_OUT]]
    fonts = find_fonts(data / "fonts")
    glyphs = WrittenGlyphs(data, "valid")
    found: list[Sample] = []
    while len(found) < count:
        words = rows[rng.integers(len(rows))].split()
        words = words[int(rng.integers(len(words))) :]
        ends = np.cumsum([len(word) + 1 for word in words])
        text = " ".join(words[: max(1, int((ends < rng.integers(25, 65)).sum()))])
        if not (text.isascii() and 12 <= len(text) <= 80):
            continue
        if rng.random() < 0.4:
            image = draw_font_line(rng, fonts[rng.integers(len(fonts))], text)
            if image is None:
                continue
        else:
            placed, spaces = glyphs.write(rng, text, glyphs.writer(rng))
            if not placed:
                continue
            gap = rng.uniform(-0.02, 0.1)  # close, so that letters touch
            wide = np.array(spaces) > 1.5 * np.median(spaces)
            each = np.where(wide, rng.uniform(0.3, 0.8), gap)
            path = compose(rng, placed, each * rng.uniform(0.5, 1.5, len(each)))
            image = draw_strokes(move_strokes(rng, path, 1.6), float(rng.uniform(1.5, 4)))
        found.append((lone_strip(rng, image).astype(np.float32) / np.float32(255), text))
    return found


def page_lines(path: Path, split: str) -> list[Sample]:
    """The lines of whole pages, cut along their polygons."""
    found: list[Sample] = []
    with zipfile.ZipFile(path) as archive:
        pages = [json.loads(row) for row in archive.read("pages.jsonl").decode().splitlines()]
        for page in (page for page in pages if page["split"] == split):
            with Image.open(io.BytesIO(archive.read(page["file"]))) as picture:
                grey = np.asarray(picture.convert("L"), dtype=np.float32) / np.float32(255)
            for line in page["lines"]:
                text, polygon = fold_text(line["text"]), np.array(line["polygon"])
                if not writable(text) or len(text) < 4 or len(polygon) < 3:
                    continue
                x1, y1 = np.maximum(polygon.min(axis=0).astype(int), 0)
                x2, y2 = polygon.max(axis=0).astype(int) + 1
                part = grey[y1:y2, x1:x2]
                if min(part.shape) < 8:
                    continue
                mask = Image.new("L", (part.shape[1], part.shape[0]), 0)
                ImageDraw.Draw(mask).polygon(
                    [(float(x - x1), float(y - y1)) for x, y in polygon], fill=1
                )
                strip = np.where(np.asarray(mask), even_light(part), np.float32(1))
                found.append((normalize_line(strip), text))
    return found


def panels(most: int) -> dict[str, list[Sample]]:
    """The lines that weights are chosen on."""
    data = data_dir()
    return {
        "unipen": panel("unipen", "valid", data, most),
        "prose": prose_lines(min(most, PROSE)),
        "copiste": panel("copiste", "valid", data, most),
        "random": random_strings(min(most, 200), held_out=False),
    }


def cached_logs(
    reader: LineReader, lines: dict[str, list[Sample]], cache: Path | None
) -> dict[str, Logs]:
    """The network's output for each panel, from the file `cache` where it has it."""
    kept: dict[str, NDArray[np.generic]] = {}
    if cache is not None and cache.is_file():
        with np.load(cache, allow_pickle=False) as stored:
            kept = dict(stored)
    found: dict[str, Logs] = {}
    for name, samples in lines.items():
        if f"{name} ends" not in kept or len(kept[f"{name} ends"]) != len(samples):
            logs = reader.log_probs([image for image, _ in samples])
            kept[name] = np.concatenate(logs)
            kept[f"{name} ends"] = np.cumsum([len(part) for part in logs])
        found[name] = np.split(kept[name], kept[f"{name} ends"][:-1].astype(int))
    if cache is not None:
        np.savez(cache, **kept)  # type: ignore[arg-type]
    return found


def error_rate(reader: LineReader, lines: list[Sample], texts: Sequence[Sequence[int]]) -> float:
    """CER of some lines read as classes, in percent."""
    read = [" ".join("".join(reader.charset[k - 1] for k in text).split()) for text in texts]
    edits = sum(edit_distance(truth, text) for (_, truth), text in zip(lines, read, strict=True))
    return 100 * edits / sum(len(truth) for _, truth in lines)


def choose(greedy: dict[str, float], rows: Sequence[dict[str, float]]) -> int:
    """Index of the row of error rates that reads language best and leaves nonsense in peace.

    Parameters
    ----------
    greedy : dict of str to float
        Error rates, in percent, without language.
    rows : sequence of dicts of str to float
        Those for each weight and bonus.

    Returns
    -------
    int
        Of the row of the lowest sum of errors, each relative to the first row's, but for
        "random", among the rows whose "random" is at most `MOST_LOST` above that of `greedy`; of
        all rows if there are none.
    """
    costs = [
        sum(rate / max(rows[0][name], 1e-9) for name, rate in row.items() if name != "random")
        for row in rows
    ]
    fair = [k for k, row in enumerate(rows) if row["random"] <= greedy["random"] + MOST_LOST]
    return min(fair or range(len(rows)), key=lambda k: costs[k])


def sense_rates(
    reader: LineReader,
    lines: dict[str, list[Sample]],
    logs: dict[str, Logs],
    languages: dict[str, TextModel | None],
) -> Iterator[tuple[float, dict[str, float]]]:
    """CER of each panel, in percent, for several bounds below which a line makes no sense."""
    helped = {
        name: [text or NOTHING for text in beam_search(logs[name], language, reader.symbols)]
        for name, language in languages.items()
        if language is not None
    }
    free = {name: [best_path(line) for line in logs[name]] for name in helped}
    for least in LEAST_SENSE:
        rates = {}
        for name, language in languages.items():
            if language is not None:
                texts = spare_senseless(helped[name], free[name], language, least)
                rates[name] = error_rate(reader, lines[name], texts)
        yield least, rates


def fit_confidence(
    reader: LineReader, lines: dict[str, list[Sample]], logs: dict[str, Logs]
) -> tuple[list[float], dict[str, float]]:
    """Weights of `ocr.lines.confidence.evidence` and the offset of each language.

    Logistic regression (Platt 1999) over the characters of all panels that were read with language,
    each panel counting the same and being a page of its own, whose language is chosen for it.
    """
    seen: list[NDArray[np.float64]] = []
    right: list[bool] = []
    shares: list[float] = []
    names = [Path(name).stem for name in LANGUAGES]
    for name, samples in lines.items():
        language = reader.choose_language(logs[name])
        if language is None:
            raise ValueError("confidences with language need a language")
        found = [one or NOTHING for one in beam_search(logs[name], language, reader.symbols)]
        free = [best_path(line) for line in logs[name]]
        texts = spare_senseless(found, free, language)
        mine = np.eye(len(names))[names.index(language.ngrams.name)]
        good: list[bool] = []
        for (_, truth), frames, one, text in zip(samples, logs[name], found, texts, strict=True):
            if text is not one.classes:
                continue
            kept = reader.kept(text)
            classes = [text[k] for k in kept]
            ink = ink_odds(frames, classes, align_frames([frames], [classes])[0])
            known = evidence(frames, ink, one.likely[kept], one.margins[kept])
            seen.append(np.hstack([known, np.tile(mine, (len(known), 1))]))
            good += [a == b for a, b in align(truth, reader.spell(classes)) if b is not None]
        right += good
        shares += [1 / len(good)] * len(good)
    fitted = LogisticRegression(C=100, fit_intercept=False, max_iter=1000).fit(
        np.concatenate(seen), right, np.array(shares) * len(shares) / len(lines)
    )
    weights, offsets = np.split(fitted.coef_[0].round(2), [-len(names)])
    return weights.tolist(), dict(zip(names, offsets.tolist(), strict=True))


def main() -> None:
    parser = argparse.ArgumentParser(description="Choose how much language counts.")
    parser.add_argument("--model", default="lines.onnx")
    parser.add_argument("--most", type=int, default=400, help="lines a panel")
    parser.add_argument("--cache", type=Path, help=".npz that keeps the network's output")
    parser.add_argument("--weights", type=float, nargs="+", default=WEIGHTS)
    parser.add_argument("--letters", type=float, nargs="+", default=LETTERS, help="bonus of each")
    parser.add_argument("--signs", type=float, nargs="+", default=SIGNS, help="more than a letter")
    parser.add_argument("--spaces", type=float, nargs="+", default=SPACES, help="the same")
    parser.add_argument("--sense", action="store_true", help="show bounds of sense instead")
    parser.add_argument("--confidence", action="store_true", help="fit the confidences instead")
    arguments = parser.parse_args()
    reader = LineReader(arguments.model, [load_language(name) for name in LANGUAGES])
    lines = panels(arguments.most)
    if arguments.confidence:
        pages = [data_dir() / "pages" / f"{name}.zip" for name in PAGES]
        lines["mss"] = [sample for path in pages for sample in page_lines(path, "valid")]
    logs = cached_logs(reader, lines, arguments.cache)
    if arguments.confidence:
        weights, offsets = fit_confidence(reader, lines, logs)
        print(f"ConfidenceConfig(weights={tuple(weights)}, offsets={tuple(offsets.items())})")
        return

    def show(label: str, rates: dict[str, float]) -> None:
        print(f"{label:52}", "  ".join(f"{k} {v:6.2f} %" for k, v in rates.items()), flush=True)

    free = {name: [best_path(line) for line in logs[name]] for name in lines}
    greedy = {name: error_rate(reader, lines[name], free[name]) for name in lines}
    show("no language", greedy)
    languages = {name: reader.choose_language(frames) for name, frames in logs.items()}
    if arguments.sense:
        for least, rates in sense_rates(reader, lines, logs, languages):
            show(f"least {least:.1f}", rates)
        return
    ways = [
        BeamConfig(weight, (letter, letter, letter + sign, letter + space))
        for weight, letter, sign, space in product(
            arguments.weights, arguments.letters, arguments.signs, arguments.spaces
        )
    ]
    if BeamConfig() not in ways:
        ways.insert(0, BeamConfig())
    rows: list[dict[str, float]] = []
    for way in ways:
        rows.append({})
        for name, language in languages.items():
            if language is not None:
                found = beam_search(logs[name], language, reader.symbols, way)
                helped = [text or NOTHING for text in found]
                texts = spare_senseless(helped, free[name], language)
                rows[-1][name] = error_rate(reader, lines[name], texts)
        show(f"weight {way.weight:.2f} bonus {way.bonus}", rows[-1])
    chosen = ways[choose(greedy, rows)]
    print(f"BeamConfig(weight={chosen.weight}, bonus={chosen.bonus})")


if __name__ == "__main__":
    run(main)

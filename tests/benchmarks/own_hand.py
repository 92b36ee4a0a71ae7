"""What `ocr train` brings and costs on one hand: ``python tests/benchmarks/own_hand.py``.

Some glyphs, or some lines, of a writer whom the installed models never saw are given to `ocr
train`, as a person would; the rest of the writer's measures the model before and after, and so
does a test of the base data. Cost is that of the whole command: wall time, CPU-seconds, memory.

    python tests/benchmarks/own_hand.py glyphs            # 500 glyphs of a UNIPEN test writer
    python tests/benchmarks/own_hand.py lines             # 50 lines of a UNIPEN test writer
    python tests/benchmarks/own_hand.py lines --without-data # $OCR_DATA hidden from `ocr train`

UNIPEN's strokes are drawn with one pen, so that the hand alone is new. `--threads 2` is passed on.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
import zipfile
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from ocr.evaluation.error_rates import edit_distance
from ocr.letters.classifiers import load_classifier
from ocr.lines.language import load_language
from ocr.lines.recognizer import LineReader
from ocr.weights import read_metadata
from training.data.datasets import data_dir, load_unipen_characters, select_characters
from training.data.glyphs import CHARSET, letter_heights, normalize_pictures, sample_glyphs
from training.data.glyphs import draw_strokes as draw_glyph
from training.synthesis.line_panel import TEST_HEIGHT, TEST_PEN, panel
from training.synthesis.line_strokes import draw_strokes, label_text, one_line, read_strokes

GLYPH_WRITER = "apb:apb/Graig_Murphy"  # of UNIPEN's test split: 606 characters
LINE_WRITER = "hpp:hpp/hpb2-js"  # of UNIPEN's test split: 169 lines
PEN = 0.08  # of the letter height, pen of drawn glyphs
MOST = 150  # lines that measure

Grey = NDArray[np.float32]


def unipen_glyphs(writer: str) -> tuple[list[Grey], list[str]]:
    """Pictures of a writer's characters, with their labels."""
    pen = load_unipen_characters(data_dir() / "chars" / "unipen_chars.npz")
    pen = select_characters(pen, np.flatnonzero((pen.writers == writer) & (pen.split == "test")))
    pen = select_characters(pen, np.flatnonzero(np.isin(pen.labels, CHARSET)))
    heights = letter_heights(pen)
    images = [draw_glyph(pen.strokes(k), float(PEN * heights[k])) for k in range(len(heights))]
    return images, [str(label) for label in pen.labels]


def unipen_lines(writer: str) -> list[tuple[Grey, str]]:
    """Pictures of a writer's lines, with their texts."""
    strokes = read_strokes(data_dir() / "lines" / "unipen_text.npz")
    rows = strokes.by_writer("test", 1).get(writer, strokes.by_writer("valid", 1).get(writer))
    if rows is None:
        raise SystemExit(f"{writer}: no such writer in UNIPEN's text, valid or test")
    found = ((strokes.strokes(int(k)), label_text(str(strokes.label[k]))) for k in rows)
    return [
        (draw_strokes(path, TEST_PEN, TEST_HEIGHT), text)
        for path, text in found
        if one_line(path, text)
    ]


def save(image: Grey, path: Path) -> None:
    """Write a grey picture."""
    Image.fromarray(np.uint8(image * 255 + 0.5)).save(path)


def learn(data: Path, out: Path, options: argparse.Namespace, kind: str) -> None:
    """Run `ocr train` and print what it cost."""
    command = [sys.executable, "-m", "ocr", "train", str(data), "--out", str(out)]
    command += ["--kind", kind, "--force", "--seed", str(options.seed)]
    command += ["--threads", str(options.threads)]
    surroundings = {**os.environ, "OMP_NUM_THREADS": str(options.threads)}
    if options.without_data:
        del surroundings["OCR_DATA"]
    start = time.perf_counter()
    process = subprocess.Popen(command, env=surroundings, stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    wall = time.perf_counter() - start
    if status:
        raise SystemExit(f"ocr train failed with status {os.waitstatus_to_exitcode(status)}")
    cpu = usage.ru_utime + usage.ru_stime
    about = read_metadata(out / f"{out.name}.onnx")
    print(
        f"ocr train --threads {options.threads}: {wall:.0f} s, {cpu:.0f} CPU-s, "
        f"{usage.ru_maxrss / 1024:.0f} MiB; best epoch {about.training['best epoch']} of "
        f"{about.training['epochs run']}"
    )
    for name, value in about.figures.items():
        print(f"    {name}: {value:g}")


def shown(what: str, before: float, after: float) -> None:
    """Print a figure of both models."""
    print(f"{what}: {100 * before:.1f} % -> {100 * after:.1f} %", flush=True)


def glyphs(options: argparse.Namespace, place: Path) -> None:
    """Single characters."""
    images, labels = unipen_glyphs(options.writer or GLYPH_WRITER)
    order = np.random.default_rng(options.seed).permutation(len(images))
    given, rest = order[: options.count], order[options.count :]
    for k in given:
        folder = place / "letters" / f"U+{ord(labels[k]):04X}"
        folder.mkdir(parents=True, exist_ok=True)
        save(images[k], folder / f"{k}.png")
    print(f"{options.writer or GLYPH_WRITER}: {len(given)} glyphs given, {len(rest)} measure")
    learn(place / "letters", place / "mine", options, "cnn")
    models = [load_classifier("glyphs.onnx"), load_classifier(place / "mine")]
    own = np.stack([normalize_pictures(images[k][None])[0] for k in rest])
    base = sample_glyphs(data_dir(), "test", 6000, 5)
    for name, stack, truth in (
        ("the writer's other glyphs, right", own, [labels[k] for k in rest]),
        ("EMNIST and UNIPEN test, right", base.images, [CHARSET[k] for k in base.labels]),
    ):
        right = []
        for model in models:
            proba = model.predict_proba(stack.astype(np.float32) / 255)
            read = np.array(model.charset)[proba.argmax(axis=1)]
            right.append(float(np.mean(read == np.array(truth))))
        shown(name, *right)


def lines(options: argparse.Namespace, place: Path) -> None:
    """Text lines."""
    writer = options.writer or LINE_WRITER
    found = unipen_lines(writer)
    order = np.random.default_rng(options.seed).permutation(len(found))
    given = [found[k] for k in order[: options.count]]
    texts = {text for _, text in given}  # a text that was learnt measures nothing
    rest = [found[k] for k in order[options.count :] if found[k][1] not in texts][:MOST]
    print(f"{writer}: {len(given)} lines given, {len(rest)} measure")
    with zipfile.ZipFile(place / "lines.zip", "w") as archive:
        rows = ["file\ttext"]
        for number, (image, text) in enumerate(given):
            save(image, place / "line.png")
            archive.write(place / "line.png", f"{number}.png")
            rows.append(f"{number}.png\t{text}")
        archive.writestr("lines.tsv", "\n".join(rows))
    learn(place / "lines.zip", place / "mine", options, "lines")
    language = load_language("english.npz")
    sets = {
        "the writer's other lines": rest,
        "Copiste and UNIPEN test": [
            line for name in ("copiste", "unipen") for line in panel(name, "test", data_dir(), 60)
        ],
    }
    for name, part in sets.items():
        for way, helper in (("greedy", ()), ("language", (language,))):
            rates = []
            for model in ("lines.onnx", str(place / "mine")):
                read = LineReader(model, helper).read([image for image, _ in part])
                edits = sum(
                    edit_distance(truth, one.text)
                    for one, (_, truth) in zip(read, part, strict=True)
                )
                rates.append(edits / sum(len(truth) for _, truth in part))
            shown(f"{name}, CER {way}", *rates)


COUNTS = {"glyphs": 500, "lines": 50}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("what", choices=COUNTS)
    parser.add_argument("--writer")
    parser.add_argument("--count", type=int, help="samples given to `ocr train`")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--without-data", action="store_true", help="hide $OCR_DATA from it")
    options = parser.parse_args()
    options.count = options.count or COUNTS[options.what]
    with tempfile.TemporaryDirectory() as folder:
        (glyphs if options.what == "glyphs" else lines)(options, Path(folder))


if __name__ == "__main__":
    main()

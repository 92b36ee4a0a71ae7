"""What `ocr train` brings and costs on one hand: ``python tests/benchmarks/own_hand.py``.

Some glyphs, or some lines, of a writer whom the installed models never saw are given to `ocr
train`, as a person would; the rest of the writer's measures the model before and after, and so
does a test of the base data. Cost is that of the whole command: wall time, CPU-seconds, memory.

    python tests/benchmarks/own_hand.py glyphs            # 500 glyphs of a UNIPEN test writer
    python tests/benchmarks/own_hand.py lines             # 50 lines of a UNIPEN test writer
    python tests/benchmarks/own_hand.py lines --without-data # $OCR_DATA hidden from `ocr train`
    python tests/benchmarks/own_hand.py lines --five --count 25     # the mean of five writers
    PYTHONPATH=tests/review python tests/benchmarks/own_hand.py lines --button  # by `ocr review`

UNIPEN's strokes are drawn with one pen, so that the hand alone is new. Of writers who left words
and no lines, four words are set side by side; words of lines that measure are in none that is
given. `--threads 2` is passed on. `--button` writes all lines onto pages, ten on each, corrects
some of them by the requests that the page of `ocr review` sends, learns as its button does, and
reads the rest again.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
import urllib.request
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from ocr.evaluation.error_rates import edit_distance
from ocr.letters.classifiers import load_classifier
from ocr.lines.language import load_language
from ocr.lines.normalize import normalize_line
from ocr.lines.recognizer import LineReader
from ocr.weights import read_metadata
from training.data.datasets import data_dir, load_unipen_characters, select_characters
from training.data.glyphs import CHARSET, letter_heights, normalize_pictures, sample_glyphs
from training.data.glyphs import draw_strokes as draw_glyph
from training.data.scans import even_light
from training.synthesis.line_panel import TEST_HEIGHT, TEST_PEN, panel
from training.synthesis.line_strokes import (
    Strokes,
    compose,
    draw_strokes,
    label_text,
    one_line,
    place_word,
    read_strokes,
    word_scale,
)

GLYPH_WRITER = "apb:apb/Graig_Murphy"  # of UNIPEN's test split: 606 characters
LINE_WRITER = "hpp:hpp/hpb2-js"  # of UNIPEN's test split: 169 lines
FIVE = (LINE_WRITER, "nic:nic/ANTON", "nic:nic/HANNIE", "nic:nic/JOHAN", "not:not/par")
"""All of UNIPEN's test split who left lines enough for 50 to learn from and as many to measure."""
WORDS = 4  # a line
SPACE = 0.5  # between them, in heights of a capital
PEN = 0.08  # of the letter height, pen of drawn glyphs
MOST = 150  # lines that measure
A_PAGE, ROW, GAP, MARGIN = 10, 90, 30, 60  # lines of a page of `--button`, and its pixels

Grey = NDArray[np.float32]
Sample = tuple[Grey, str]
Written = tuple[Strokes, str]


def unipen_glyphs(writer: str) -> tuple[list[Grey], list[str]]:
    """Pictures of a writer's characters, with their labels."""
    pen = load_unipen_characters(data_dir() / "chars" / "unipen_chars.npz")
    pen = select_characters(pen, np.flatnonzero((pen.writers == writer) & (pen.split == "test")))
    pen = select_characters(pen, np.flatnonzero(np.isin(pen.labels, CHARSET)))
    heights = letter_heights(pen)
    images = [draw_glyph(pen.strokes(k), float(PEN * heights[k])) for k in range(len(heights))]
    return images, [str(label) for label in pen.labels]


def unipen_lines(writer: str, seed: int, count: int) -> tuple[list[Sample], list[Sample]]:
    """Pictures of a writer's lines, with their texts: `count` to learn from, and some to measure.

    A text, or word, of the former is not in the latter: one that was learned measures nothing.
    """
    rng = np.random.default_rng(seed)
    for name in ("unipen_text", "unipen_words"):
        strokes = read_strokes(data_dir() / "lines" / f"{name}.npz")
        rows = strokes.by_writer("test", 1).get(writer, strokes.by_writer("valid", 1).get(writer))
        if rows is None or len(rows) < count:
            continue
        pieces = [(strokes.strokes(int(k)), label_text(str(strokes.label[k]))) for k in rows]
        pieces = [piece for piece in pieces if one_line(*piece)]
        pieces = [pieces[k] for k in rng.permutation(len(pieces))]
        if name == "unipen_text":
            texts = {text for _, text in pieces[:count]}
            rest = [piece for piece in pieces[count:] if piece[1] not in texts]
            return _drawn(pieces[:count]), _drawn(rest[:MOST])
        words = sorted({text for _, text in pieces if " " not in text})
        measuring = set(rng.permutation(words)[: len(words) // 3].tolist())
        given = _set_side_by_side(rng, [one for one in pieces if one[1] not in measuring])
        rest = _set_side_by_side(rng, [one for one in pieces if one[1] in measuring])
        return _drawn(given[:count]), _drawn(rest[:MOST])
    raise SystemExit(f"{writer}: no writer in UNIPEN's text or words, valid or test, with enough")


def _set_side_by_side(rng: np.random.Generator, words: list[Written]) -> list[Written]:
    """Words as lines of `WORDS` each, of one size and on one baseline."""
    found = []
    for start in range(0, len(words) - WORDS + 1, WORDS):
        part = words[start : start + WORDS]
        scale = float(np.median([word_scale(*word) for word in part]))
        placed = [place_word(*word, scale) for word in part]
        path = compose(rng, placed, np.full(WORDS, SPACE))
        found.append((path, " ".join(text for _, text in part)))
    return found


def _drawn(lines: list[Written]) -> list[Sample]:
    return [(draw_strokes(path, TEST_PEN, TEST_HEIGHT), text) for path, text in lines]


def save(image: Grey, path: Path) -> None:
    """Write a grey picture."""
    Image.fromarray(np.uint8(image * 255 + 0.5)).save(path)


def learn(data: Path, out: Path, options: argparse.Namespace, kind: str) -> float:
    """Run `ocr train`, print what it cost, and give its CPU-seconds."""
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
    return cpu


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
    """Text lines of a writer, or of five with their means."""
    writers = FIVE if options.five else (options.writer or LINE_WRITER,)
    found = []
    for number, writer in enumerate(writers):
        folder = place / str(number)
        folder.mkdir()
        found.append(one_writer(options, folder, writer))
    if options.five:
        for name in found[0]:
            shown(f"mean of {len(found)}: {name}", *np.mean([one[name] for one in found], axis=0))


def one_writer(
    options: argparse.Namespace, place: Path, writer: str
) -> dict[str, tuple[float, float]]:
    """Learn a writer's lines; error rates before and after."""
    given, rest = unipen_lines(writer, options.seed, options.count)
    print(f"{writer}: {len(given)} lines given, {len(rest)} measure")
    if options.button:
        return press_learn(given, rest, place)
    with zipfile.ZipFile(place / "lines.zip", "w") as archive:
        rows = ["file\ttext"]
        for number, (image, text) in enumerate(given):
            save(image, place / "line.png")
            archive.write(place / "line.png", f"{number}.png")
            rows.append(f"{number}.png\t{text}")
        archive.writestr("lines.tsv", "\n".join(rows))
    learn(place / "lines.zip", place / "mine", options, "lines")
    return compared(str(place / "mine"), rest)


def compared(mine: str, rest: list[Sample]) -> dict[str, tuple[float, float]]:
    """Error rates of the installed model and another one on a writer's lines and the base test."""
    languages = [load_language(f"{name}.npz") for name in ("english", "french")]
    sets = {
        "the writer's other lines": [
            (normalize_line(even_light(image)), text) for image, text in rest
        ],
        "Copiste and UNIPEN test": [
            line for name in ("copiste", "unipen") for line in panel(name, "test", data_dir(), 60)
        ],
    }
    found = {}
    for name, part in sets.items():
        for way, helpers in (("greedy", []), ("language", languages)):
            rates = []
            for model in ("lines.onnx", mine):
                read = LineReader(model, helpers).read([image for image, _ in part])
                edits = sum(
                    edit_distance(truth, one.text)
                    for one, (_, truth) in zip(read, part, strict=True)
                )
                rates.append(edits / sum(len(truth) for _, truth in part))
            found[f"{name}, CER {way}"] = (rates[0], rates[1])
            shown(f"{name}, CER {way}", *rates)
    return found


# --- by the button --------------------------------------------------------------------------


def press_learn(
    given: list[Sample], rest: list[Sample], place: Path
) -> dict[str, tuple[float, float]]:
    """Correct pages in `ocr review`, press Learn, and read the rest again; before and after."""
    from review_fakes import Server

    folder = place / "pages"
    folder.mkdir()
    parts = [part[k : k + A_PAGE] for part in (given, rest) for k in range(0, len(part), A_PAGE)]
    pages = [_page(part, folder / f"{number:03d}.png") for number, part in enumerate(parts, 1)]
    learned = -(-len(given) // A_PAGE)
    began = time.perf_counter()
    with Server(folder) as server:
        taken = sum(_corrected(server.url, *page) for page in enumerate(pages[:learned], 1))
        open_ = list(enumerate(pages[learned:], learned + 1))
        before = error_rate(server.url, open_)
        print(f"{taken} lines corrected, pages read: {time.perf_counter() - began:.0f} s")
        began = time.perf_counter()
        state = _done(server.url, "start")
        print(f"learned and measured in {time.perf_counter() - began:.0f} s")
        _done(server.url, "reread")
        after = error_rate(server.url, open_)
    shown(f"ocr review: {state['held']} lines held back", state["before"], state["after"])
    shown("the rest, read again", before, after)
    return {"the rest, read again": (before, after)} | compared(str(state["model"]), rest)


def _done(address: str, what: str) -> dict[str, Any]:
    """Let `ocr review` do something to its end."""
    state = _ask(address, "api/learn", {"do": what})
    while state["doing"] not in ("done", "failed"):
        time.sleep(1)
        state = _ask(address, "api/learn")
    if state["error"]:
        raise SystemExit(state["error"])
    return dict(state)


def error_rate(address: str, pages: list[tuple[int, list[tuple[float, str]]]]) -> float:
    """CER of lines as the pages show them; what was not found counts as nothing read."""
    edits = total = 0
    for number, truths in pages:
        page = _ask(address, f"api/pages/{number}")
        for row, truth in truths:
            line = _line_at(page, row)
            edits += edit_distance(truth, line["text"] if line else "")
            total += len(truth)
    return edits / total


def _page(lines: list[Sample], path: Path) -> list[tuple[float, str]]:
    """Write a page of some lines; the row that each stands around, and its text."""
    width = max(image.shape[1] for image, _ in lines) + 2 * MARGIN
    page = np.ones((MARGIN + (ROW + GAP) * len(lines), width), np.float32)
    placed = []
    for number, (image, text) in enumerate(lines):
        row = MARGIN + (ROW + GAP) * number
        page[row : row + image.shape[0], MARGIN : MARGIN + image.shape[1]] = image
        placed.append((row + image.shape[0] / 2, text))
    save(page, path)
    return placed


def _line_at(page: dict[str, Any], row: float) -> dict[str, Any] | None:
    """The line of a page that stands around a row."""

    def off(line: dict[str, Any]) -> float:
        return abs(float(np.mean([y for y, _ in line["outline"]])) - row)

    nearest: dict[str, Any] | None = min(page["lines"], key=off, default=None)
    return nearest if nearest is not None and off(nearest) < ROW / 2 else None


def _corrected(address: str, number: int, truths: list[tuple[float, str]]) -> int:
    """Type the text of each line of a page that was found, and confirm it; how many there are."""
    count = 0
    for row, text in truths:
        page = _ask(address, f"api/pages/{number}")
        line = _line_at(page, row)
        if line is not None:
            edit = {"op": "text", "line": line["id"], "text": text, "confirmed": True}
            _ask(address, f"api/pages/{number}", {**edit, "revision": page["revision"]})
            count += 1
    return count


def _ask(address: str, path: str, data: dict[str, Any] | None = None) -> Any:
    """What the server of `ocr review` answers."""
    body = None if data is None else json.dumps(data).encode()
    request = urllib.request.Request(address + path, body, {"content-type": "application/json"})
    with urllib.request.urlopen(request) as answer:
        return json.load(answer)


COUNTS = {"glyphs": 500, "lines": 50}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("what", choices=COUNTS)
    parser.add_argument("--writer")
    parser.add_argument("--five", action="store_true", help="lines: the mean of five writers")
    parser.add_argument("--button", action="store_true", help="lines: by `ocr review`")
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

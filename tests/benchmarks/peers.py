"""How `ocr read` stands beside other readers: the same photos, the same run, the same score.

    python tests/benchmarks/peers.py [FOLDER] [--rapidocr PYTHON] [--repeat 1]

FOLDER holds photos with their text beside them (photo.jpg and photo.gt.txt); without it they are
`$OCR_DATA/photos`. RapidOCR (`pip install rapidocr onnxruntime`, in an environment of its own whose
interpreter is PYTHON) reads without its angle classifier, which turns lines upside down; its boxes
are grouped into lines. Tesseract takes part if it is installed, with its defaults. CER is pooled
edits over pooled reference characters, NFC, white space folded, case ignored; a photo of single
letters (`*letters*`) without spaces. CPU-seconds and memory, cold, are those of a whole process for
each photo; warm, CPU-seconds are those of one photo after the other in one process that has read
one before (with --repeat, in rounds, so that no photo follows itself). Medians over the repeats,
then the mean (the largest, of memory) over the photos. Who uses threads does so as by default;
RapidOCR is measured warm on one thread as well, for the time that its threads spend waiting counts
too.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterable
from pathlib import Path

from ocr.evaluation.error_rates import character_errors
from ocr.evaluation.ground_truth import pairs_in, read_truth
from ocr.evaluation.normalization import Normalization

Quad = list[list[float]]


def lines_of(found: Iterable[tuple[Quad, str]]) -> str:
    """Boxes in reading order: those whose middle lies within a line's height belong to it."""
    lines: list[list[tuple[float, float, float, str]]] = []
    boxes = []
    for quad, text in found:
        ys, xs = [y for _, y in quad], [x for x, _ in quad]
        boxes.append((min(ys), max(ys), min(xs), text))
    for box in sorted(boxes, key=lambda b: b[0] + b[1]):
        middle = (box[0] + box[1]) / 2
        for line in lines:
            top = statistics.mean(b[0] for b in line)
            bottom = statistics.mean(b[1] for b in line)
            if top <= middle <= bottom:
                line.append(box)
                break
        else:
            lines.append([box])
    return "\n".join(" ".join(b[3] for b in sorted(line, key=lambda b: b[2])) for line in lines)


def read_with_rapidocr(photo: str) -> None:
    import logging

    logging.disable(logging.CRITICAL)
    from rapidocr import RapidOCR

    found = RapidOCR()(photo, use_cls=False)
    pairs = [] if found.txts is None else zip(found.boxes.tolist(), found.txts, strict=True)
    print(lines_of(pairs))


def time_ocr(photos: list[str], repeat: int) -> None:
    from ocr.batch.threads import one_thread

    one_thread()  # as the command line does
    from ocr.reader import Reader

    reader = Reader()
    print_times(reader.read, photos, repeat)


def time_rapidocr(photos: list[str], repeat: int, **parameters: int) -> None:
    import logging

    logging.disable(logging.CRITICAL)
    from rapidocr import RapidOCR

    reader = RapidOCR(params=parameters)
    print_times(lambda photo: reader(photo, use_cls=False), photos, repeat)


def print_times(read: Callable[[str], object], photos: list[str], repeat: int) -> None:
    """CPU-seconds of reading each photo: medians of `repeat` rounds, the first one read before."""
    import json
    import time

    def timed(photo: str) -> float:
        start = time.process_time()
        read(photo)
        return time.process_time() - start

    timed(photos[0])
    rounds = [[timed(photo) for photo in photos] for _ in range(repeat)]
    print(json.dumps([statistics.median(times) for times in zip(*rounds, strict=True)]))


def warm(interpreter: str, call: str, photos: list[str], repeat: int) -> float:
    """Mean CPU-seconds of a photo in a process that calls one of the functions above."""
    source = f"import sys\nphotos = sys.argv[2:]\nrepeat = int(sys.argv[1])\n{call}"
    printed, _, _ = measure([interpreter, "-c", f"{_alone()}\n{source}", str(repeat), *photos])
    return statistics.mean(json.loads(printed.splitlines()[-1]))


def measure(command: list[str]) -> tuple[str, float, float]:
    """What a process prints, its CPU-seconds and its peak MiB."""
    with tempfile.TemporaryFile() as out:
        environment = {**os.environ, "PYTHONPATH": os.pathsep.join(p for p in sys.path if p)}
        if command[0] != sys.executable:
            environment.pop("PYTHONPATH")
        environment.pop("PYTHONDONTWRITEBYTECODE", None)  # pip compiles what it installs
        process = subprocess.Popen(command, stdout=out, stderr=subprocess.DEVNULL, env=environment)
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode:
            raise SystemExit(f"{' '.join(command)} failed")
        out.seek(0)
        text = out.read().decode("utf-8", "replace")
    return text, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path, nargs="?")
    parser.add_argument("--rapidocr", metavar="PYTHON", help="interpreter that has rapidocr")
    parser.add_argument("--repeat", type=int, default=1)
    arguments = parser.parse_args()
    readers = {"ocr": [sys.executable, "-m", "ocr", "read"]}
    if arguments.rapidocr:
        last = "read_with_rapidocr(sys.argv[1])"
        readers["RapidOCR 3"] = [arguments.rapidocr, "-c", f"{_alone()}\n{last}"]
    if tesseract := shutil.which("tesseract"):
        readers["Tesseract"] = [tesseract]
    folder = arguments.folder or Path(os.environ["OCR_DATA"]) / "photos"
    print(f"| photo | {' | '.join(f'{name} CER %' for name in readers)} |")
    print(f"|---|{'---|' * len(readers)}")
    edits = dict.fromkeys(readers, 0)
    total, no_worse = 0, dict.fromkeys(readers, 0)
    costs: dict[str, list[tuple[float, float]]] = {name: [] for name in readers}
    pairs = pairs_in(folder)
    for name, command in readers.items():  # once before: it compiles, and fills the disk cache
        measure([*command, str(pairs[0][0]), *(["-"] if name == "Tesseract" else [])])
    for photo, beside in pairs:
        how = Normalization(ignore_case=True, ignore_spaces="letters" in photo.name)
        truth = how.apply(read_truth(beside))
        total += len(truth)
        rates = {}
        for name, command in readers.items():
            tail = ["-"] if name == "Tesseract" else []
            runs = [measure([*command, str(photo), *tail]) for _ in range(arguments.repeat)]
            errors = character_errors(truth, how.apply(runs[0][0]))
            edits[name] += errors.edits
            rates[name] = errors.rate
            costs[name].append(
                (statistics.median(r[1] for r in runs), statistics.median(r[2] for r in runs))
            )
        for name in readers:
            no_worse[name] += rates["ocr"] <= rates[name]
        print(
            f"| {photo.stem} | {' | '.join(f'{100 * rates[n]:.1f}' for n in readers)} |", flush=True
        )
    rows = {
        "all": [f"{100 * edits[name] / total:.1f}" for name in readers],
        "photos on which ocr is no worse": [
            "" if name == "ocr" else f"{no_worse[name]} of {len(pairs)}" for name in readers
        ],
        "CPU-seconds a photo, cold": [
            f"{statistics.mean(cpu for cpu, _ in costs[name]):.2f}" for name in readers
        ],
        "peak MiB": [f"{max(mib for _, mib in costs[name]):.0f}" for name in readers],
    }
    photos = [str(photo) for photo, _ in pairs]
    own = warm(sys.executable, "time_ocr(photos, repeat)", photos, arguments.repeat)
    rows["CPU-seconds a photo, warm"] = [f"{own:.2f}"] + [""] * (len(readers) - 1)
    if arguments.rapidocr:
        threads = "**{'EngineConfig.onnxruntime.intra_op_num_threads': 1}"
        for title, call in {
            "CPU-seconds a photo, warm": "time_rapidocr(photos, repeat)",
            "the same, RapidOCR on one thread": f"time_rapidocr(photos, repeat, {threads})",
        }.items():
            seconds = warm(arguments.rapidocr, call, photos, arguments.repeat)
            cells = {
                "ocr": f"{own:.2f}",
                "RapidOCR 3": f"{seconds:.2f} ({own / seconds:.2f} of it)",
            }
            rows[title] = [cells.get(name, "") for name in readers]
    for title, cells in rows.items():
        print(f"| {title} | {' | '.join(cells)} |")


def _alone() -> str:
    """The source of the functions that run in other interpreters, without this file."""
    import inspect

    parts = ["from __future__ import annotations", "import json, statistics, sys"]
    parts += ["from collections.abc import Callable, Iterable", "Quad = list"]
    functions = (lines_of, read_with_rapidocr, time_ocr, time_rapidocr, print_times)
    return "\n".join([*parts, *map(inspect.getsource, functions)])


if __name__ == "__main__":
    main()

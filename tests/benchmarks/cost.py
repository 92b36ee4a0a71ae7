"""What one `ocr read` costs: CPU-seconds and memory, cold and warm, and where the time goes.

    python tests/benchmarks/cost.py [PHOTO] [--runs 5]

Cold is a whole process, from start to exit; warm a second page in the same process. CPU-seconds
are user and system time, which hold still on a shared machine better than wall time; medians over
the runs. Without PHOTO it is a picture of `images/`.
"""

import argparse
import os
import statistics
import subprocess
import sys
import time
from pathlib import Path

SAMPLE = Path(__file__).resolve().parents[2] / "images" / "shopping_list.jpg"

STAGES = """
import sys, time
clock = time.process_time
marks = [("interpreter", clock())]
from ocr.images import open_image
import ocr.find_letters, ocr.group_lines
marks.append(("imports: arrays and images", clock()))
import sklearn.cluster
marks.append(("import: scikit-learn", clock()))
import onnxruntime
marks.append(("import: onnxruntime", clock()))
from ocr.reader import Reader
reader = Reader(engine="letters")
reader.classifier, reader.languages
marks.append(("load models", clock()))
photo = open_image(sys.argv[1])
photo.grey(1000)
marks.append(("decode", clock()))
page = reader.read(photo)
marks.append(("find, group, classify, decode text", clock()))
page = reader.read(open_image(sys.argv[1]))
marks.append(("a second page, warm", clock()))
before = 0.0
for name, at in marks:
    print(f"{name}\\t{at - before:.3f}")
    before = at
"""


def cold(photo: str) -> tuple[float, float, float]:
    """CPU-seconds, wall seconds and peak MiB of one `ocr read` in a process of its own."""
    start = time.perf_counter()
    process = subprocess.Popen(
        [sys.executable, "-m", "ocr", "read", photo], stdout=subprocess.DEVNULL
    )
    _, status, usage = os.wait4(process.pid, 0)
    wall = time.perf_counter() - start
    if status:
        raise SystemExit(f"ocr read {photo} failed")
    return usage.ru_utime + usage.ru_stime, wall, usage.ru_maxrss / 1024


def stages(photo: str) -> dict[str, float]:
    """CPU-seconds of each stage of a cold read, by name."""
    answer = subprocess.run(
        [sys.executable, "-c", STAGES, photo], capture_output=True, text=True, check=True
    )
    rows = (row.split("\t") for row in answer.stdout.splitlines() if "\t" in row)
    return {name: float(seconds) for name, seconds in rows}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("photo", nargs="?", default=str(SAMPLE))
    parser.add_argument("--runs", type=int, default=5)
    options = parser.parse_args()
    cold(options.photo)  # fills the disk cache
    runs = [cold(options.photo) for _ in range(options.runs)]
    cpu, wall, memory = (statistics.median(column) for column in zip(*runs, strict=True))
    print(f"| {Path(options.photo).name}, median of {options.runs} | |\n|---|---|")
    print(f"| cold `ocr read` | {cpu:.2f} CPU-s, {wall:.2f} s, {memory:.0f} MiB |")
    each = [stages(options.photo) for _ in range(options.runs)]
    for name in each[0]:
        print(f"| {name} | {statistics.median(run[name] for run in each):.2f} CPU-s |")


if __name__ == "__main__":
    main()

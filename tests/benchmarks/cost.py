"""What one `ocr read` costs: CPU-seconds and memory, cold and warm, and where the time goes.

    python tests/benchmarks/cost.py [PHOTO] [--runs 5]
    python tests/benchmarks/cost.py --letters 1000 2000 4000 8000
    python tests/benchmarks/cost.py --letters 5000 --engine lines
    python tests/benchmarks/cost.py --areas 1 2 4 8

Cold is a whole process, from start to exit; warm a second page in the same process. CPU-seconds
are user and system time, which hold still on a shared machine better than wall time; medians over
the runs. Without PHOTO it is a picture of `images/`. The rows below are a cold read in its parts,
and the front end alone, from the file to the images of the text lines, of the same photo at twelve
megapixels, in a process of its own whose memory counts as a whole.

With `--letters` it is A4 pages of 300 dpi with so many printed letters, read by `--engine letters`
or `lines`: the page alone, in a process that has read another one before, and the whole command.
With `--areas` it is PHOTO so many times on one sheet, read by the default way likewise. How busy
the machine is tells a loop of ten million additions, half a second on a quiet one.

Modules are compiled before, as pip does when it installs them, whatever the environment says.
"""

import argparse
import os
import random
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont, ImageOps

SAMPLE = Path(__file__).resolve().parents[2] / "images" / "shopping_list.jpg"
TWELVE_MEGAPIXELS = 4032 * 3024

STAGES = """
import sys, time
from collections import defaultdict
from pathlib import Path
clock = time.process_time
spent = defaultdict(float, {"interpreter": clock()})
from ocr.batch.threads import one_thread
one_thread()  # as the command line does
stages, since = ["imports: arrays and images"], clock()

def turn_to(*now):
    global since
    spent[stages[-1]] += clock() - since
    stages[:], since = now, clock()

def count(name, owner, function):
    call = getattr(owner, function)
    def counted(*arguments, **options):
        turn_to(*stages, name)
        try:
            return call(*arguments, **options)
        finally:
            turn_to(*stages[:-1])
    setattr(owner, function, counted)

import ocr.input.photo, ocr.formats
turn_to("import: onnxruntime")
import onnxruntime
turn_to("other imports")
import ocr.layout.page_network, ocr.lines.engine, ocr.lines.way_up
from ocr.input.documents import PageSource
from ocr.formats.output import replacing
from ocr.reader import Reader
turn_to("load models")
reader = Reader()
reader.finder, reader.line_reader
count("decode the photo", ocr.input.photo.Photo, "grey")
count("find the text lines", ocr.layout.page_network.PageFinder, "find")
source = PageSource(sys.argv[1])
turn_to("read the lines")
page = reader.read(source.open())
turn_to("write")
with replacing(Path(sys.argv[2])) as stream:
    for _, content in ocr.formats.render("text", "a", [(source, page)]):
        stream.writelines(content)
turn_to("")
for name, seconds in spent.items():
    print(f"{name}\\t{seconds:.4f}")
start = clock()
reader.read(source.open())
print(f"a second page, warm\\t{clock() - start:.4f}")
"""

FRONT_END = """
import resource, sys, time
from ocr.batch.threads import one_thread
one_thread()
from ocr.input.photo import open_image
from ocr.layout.page_network import PageFinder
from ocr.lines.engine import LinesEngine

engine = LinesEngine(None, PageFinder())
start = time.process_time()
photo = open_image(sys.argv[1])
layout = engine.find(photo)
engine.strips(photo, layout, list(layout.lines))
print(time.process_time() - start, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)
"""

WARM = """
import sys, time
from ocr.batch.threads import one_thread
one_thread()
from ocr.reader import Reader

reader = Reader(engine=sys.argv[3])
reader.read(sys.argv[1])
start = time.process_time()
page = reader.read(sys.argv[2])
print(time.process_time() - start, len(page.letters))
"""

A4 = (2480, 3508)  # pixels at 300 dpi
PRINT, MARGIN = 32, 120  # pixels: letters of 7.7 points, of which 8,000 stand on a page
TEXT = (
    "the quick brown fox jumps over lazy dogs while seven wizards make toxic brew for evil Queen "
    "and Jack Many people walk along River Street before noon They read books about the history "
    "of small towns in Northern Europe 1984 room 27 paid 350 euro"
)


def printed_page(letters: int, path: Path) -> None:
    """Write a picture of a page with so many printed letters, in words and lines."""
    rng, font, words = random.Random(letters), ImageFont.load_default(PRINT), TEXT.split()
    page = Image.new("L", A4, 250)
    draw = ImageDraw.Draw(page)
    x, y, space = float(MARGIN), MARGIN, 1.3 * draw.textlength(" ", font)
    while letters:
        word = rng.choice(words)[:letters]
        if x + draw.textlength(word, font) > A4[0] - MARGIN:
            x, y = float(MARGIN), y + round(1.3 * PRINT)
        draw.text((x, y), word, fill=30, font=font)
        x += draw.textlength(word, font) + space
        letters -= len(word)
    if y > A4[1] - MARGIN:
        raise SystemExit("so many letters do not stand on a page")
    page.save(path, dpi=(300, 300))


def additions() -> float:
    """CPU-seconds of ten million additions."""
    start, total = time.process_time(), 0
    for number in range(10_000_000):
        total += number
    return time.process_time() - start


def compiled(folder: str) -> None:
    """Let processes that this one starts keep compiled modules in a folder."""
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    os.environ["PYTHONPYCACHEPREFIX"] = folder


def warm_page(path: Path, engine: str) -> tuple[float, float]:
    """CPU-seconds of a page in a process that has read another one, and letters read."""
    command = [sys.executable, "-c", WARM, str(SAMPLE), str(path), engine]
    answer = subprocess.run(command, capture_output=True, text=True, check=True)
    seconds, letters = answer.stdout.split()
    return float(seconds), float(letters)


def by_area(photo: str, counts: list[int], runs: int) -> None:
    """Print what sheets cost on which a photo stands so many times."""
    print("| times | megapixels | letters read | page, CPU-s | for each, CPU-s |")
    print("|---|---|---|---|---|")
    before = additions()
    with Image.open(photo) as opened, tempfile.TemporaryDirectory() as folder:
        one, path = ImageOps.exif_transpose(opened).convert("L"), Path(folder) / "sheet.png"
        for count in counts:
            across = next(n for n in range(int(count**0.5), 0, -1) if count % n == 0)
            sheet = Image.new("L", (one.width * across, one.height * (count // across)))
            for k in range(count):
                sheet.paste(one, (one.width * (k % across), one.height * (k // across)))
            sheet.save(path)
            warm = [warm_page(path, "lines") for _ in range(runs)]
            seconds, letters = (statistics.median(column) for column in zip(*warm, strict=True))
            pixels = sheet.width * sheet.height / 1e6
            row = f"{count} | {pixels:.1f} | {letters:.0f} | {seconds:.2f} | {seconds / count:.2f}"
            print(f"| {row} |", flush=True)
    print(f"\nTen million additions: {before:.2f} CPU-s before, {additions():.2f} after.")


def by_letters(counts: list[int], runs: int, engine: str) -> None:
    """Print what pages of so many letters cost by `--engine letters` or `lines`."""
    print("| letters | found | page, CPU-s | a letter, ms | whole command, CPU-s | peak, MiB |")
    print("|---|---|---|---|---|---|")
    before = additions()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "page.png"
        for count in counts:
            printed_page(count, path)
            warm = [warm_page(path, engine) for _ in range(runs)]
            whole = [cold("read", str(path), "--engine", engine) for _ in range(runs)]
            seconds, found = (statistics.median(column) for column in zip(*warm, strict=True))
            cpu, _, memory = (statistics.median(column) for column in zip(*whole, strict=True))
            row = f"{count} | {found:.0f} | {seconds:.1f} | {1000 * seconds / count:.2f}"
            print(f"| {row} | {cpu:.1f} | {memory:.0f} |", flush=True)
    print(f"\nTen million additions: {before:.2f} CPU-s before, {additions():.2f} after.")


def front_end(photo: str) -> tuple[float, float]:
    """CPU-seconds of the front end, imports apart, and peak MiB of its whole process."""
    command = [sys.executable, "-c", FRONT_END, photo]
    answer = subprocess.run(command, capture_output=True, text=True, check=True)
    seconds, memory = answer.stdout.split()
    return float(seconds), float(memory)


def at_twelve_megapixels(photo: str, folder: str) -> str:
    """The photo itself, or a JPEG of it enlarged to that size."""
    with Image.open(photo) as picture:
        scale = (TWELVE_MEGAPIXELS / (picture.width * picture.height)) ** 0.5
        if scale <= 1:
            return photo
        size = (round(picture.width * scale), round(picture.height * scale))
        upright = ImageOps.exif_transpose(picture).convert("RGB")
        size = size if upright.size == picture.size else size[::-1]
        upright.resize(size, Image.Resampling.BICUBIC).save(f"{folder}/large.jpg", quality=92)
    return f"{folder}/large.jpg"


def cold(*arguments: str) -> tuple[float, float, float]:
    """CPU-seconds, wall seconds and peak MiB of one `ocr` in a process of its own."""
    start = time.perf_counter()
    process = subprocess.Popen([sys.executable, "-m", "ocr", *arguments], stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    wall = time.perf_counter() - start
    if status:
        raise SystemExit(f"ocr {' '.join(arguments)} failed")
    return usage.ru_utime + usage.ru_stime, wall, usage.ru_maxrss / 1024


def stages(photo: str) -> dict[str, float]:
    """CPU-seconds of each stage of a cold read, by name."""
    with tempfile.TemporaryDirectory() as place:
        command = [sys.executable, "-c", STAGES, photo, f"{place}/photo.txt"]
        answer = subprocess.run(command, capture_output=True, text=True, check=True)
    rows = (row.split("\t") for row in answer.stdout.splitlines() if "\t" in row)
    return {name: float(seconds) for name, seconds in rows}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("photo", nargs="?", default=str(SAMPLE))
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--letters", type=int, nargs="+", metavar="N", help="letters on a page")
    parser.add_argument("--engine", choices=("letters", "lines"), default="letters")
    parser.add_argument("--areas", type=int, nargs="+", metavar="N", help="photos on a sheet")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        compiled(folder)
        measure(options)


def measure(options: argparse.Namespace) -> None:
    """Print what is asked for."""
    if options.letters:
        by_letters(options.letters, options.runs, options.engine)
        return
    if options.areas:
        by_area(options.photo, options.areas, options.runs)
        return
    cold("read", options.photo)  # fills the disk cache, and compiles
    runs = [cold("read", options.photo) for _ in range(options.runs)]
    helped = [cold("--help")[0] for _ in range(options.runs)]
    cpu, wall, memory = (statistics.median(column) for column in zip(*runs, strict=True))
    print(f"| {Path(options.photo).name}, median of {options.runs} | |\n|---|---|")
    print(f"| cold `ocr read` | {cpu:.2f} CPU-s, {wall:.2f} s, {memory:.0f} MiB |")
    print(f"| `ocr --help` | {statistics.median(helped):.3f} CPU-s |")
    each = [stages(options.photo) for _ in range(options.runs)]
    for name in each[0]:
        print(f"| {name} | {statistics.median(run[name] for run in each):.3f} CPU-s |")
    with tempfile.TemporaryDirectory() as folder:
        large = at_twelve_megapixels(options.photo, folder)
        fronts = [front_end(large) for _ in range(options.runs)]
    cpu, memory = (statistics.median(column) for column in zip(*fronts, strict=True))
    print(f"| front end, 12 megapixels | {cpu:.2f} CPU-s, {memory:.0f} MiB |")


if __name__ == "__main__":
    main()

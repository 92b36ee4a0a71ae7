"""Mutate pictures, weight files and training archives, and see that each is read or refused.

    python tests/fuzz/fuzz.py                      # 2,000 cases, some minutes
    python tests/fuzz/fuzz.py --cases 1000000 --minutes 480 --seed 7

A case is a fault if it ends with another error than the program's own, computes for longer than ten
seconds, waits for longer than five minutes, or takes the process over a gibibyte of memory. Each is
named with its seed; `--only SEED` does that one again, and `--keep DIR` writes the file. A crash of
the process is a fault too: the last seed named by `--verbose` is the one. The exit status is 1 if
there are faults.
"""

from __future__ import annotations

import argparse
import io
import random
import signal
import sys
import tempfile
import time
import warnings
import zipfile
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw

from ocr.errors import DataError, ImageError, ModelError, OcrError
from ocr.input.photo import count_pages, open_image
from ocr.letters.classifiers import load_classifier
from ocr.lines.language import load_language
from ocr.session import Session
from ocr.weights import installed, read_metadata

SECONDS = 10  # of computing
WAIT = 300  # seconds by the clock: other programs may be at work beside
MEMORY = 1 << 30  # bytes
KINDS = {
    **{"PNG": ".png", "JPEG": ".jpg", "GIF": ".gif", "BMP": ".bmp", "TIFF": ".tif", "PPM": ".ppm"},
    **{"WEBP": ".webp", "JPEG2000": ".jp2", "AVIF": ".avif", "PDF": ".pdf"},
}
MODES = ("L", "RGB", "RGBA", "P", "1", "LA", "CMYK", "I;16", "F")


class Hang(BaseException):
    """A case took too long."""


def picture(rng: random.Random) -> tuple[str, bytes]:
    """A small picture of some kind."""
    image = Image.new("RGB", (rng.randint(1, 200), rng.randint(1, 200)), "white")
    ImageDraw.Draw(image).text((2, 2), "a few words", fill="black")
    while True:
        kind, mode = rng.choice(list(KINDS)), rng.choice(MODES)
        options = {"compression": rng.choice(["tiff_lzw", "tiff_deflate", None])}
        stream = io.BytesIO()
        try:
            converted = image.convert("I").convert(mode) if mode == "I;16" else image.convert(mode)
            converted.save(stream, kind, **(options if kind == "TIFF" else {}))
        except (OSError, ValueError, KeyError):  # this Pillow, or the kind, knows no such pictures
            continue
        return KINDS[kind], stream.getvalue()


def weights(rng: random.Random) -> tuple[str, bytes]:
    path = rng.choice(installed())
    return path.suffix, path.read_bytes()


def archive(rng: random.Random) -> tuple[str, bytes]:
    """A training archive of a few lines."""
    stream = io.BytesIO()
    with zipfile.ZipFile(
        stream, "w", rng.choice([zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
    ) as out:
        rows = ["file\tsplit\twriter\ttext"]
        for k in range(6):
            name = f"{k}.png"
            rows.append(f"{name}\ttrain\tw\tone two")
            image = Image.new("L", (200, 40), 255)
            ImageDraw.Draw(image).text((10 + k, 8), "one two", fill=0)
            picture = io.BytesIO()
            image.save(picture, "PNG")
            out.writestr(name, picture.getvalue())
        out.writestr("lines.tsv", "\n".join(rows))
    return ".zip", stream.getvalue()


def mutated(content: bytes, rng: random.Random) -> bytes:
    """Bits flipped, bytes overwritten, removed, doubled or cut; most often in the head."""
    data = bytearray(content)
    for _ in range(rng.choice([1, 1, 2, 4, 16])):
        if not data:
            break
        end = min(len(data), rng.choice([64, 512, 1 << 30]))
        at = rng.randrange(end)
        what = rng.randrange(6)
        if what == 0:
            data[at] ^= 1 << rng.randrange(8)
        elif what == 1:
            data[at] = rng.choice([0, 1, 0x7F, 0x80, 0xFF])
        elif what == 2:
            data[at : at + 4] = rng.choice([b"\xff" * 4, b"\0" * 4, b"\x7f\xff\xff\xff"])
        elif what == 3:
            del data[at : at + rng.randrange(1, 64)]
        elif what == 4:
            data[at:at] = data[at : at + rng.randrange(1, 64)]
        else:
            del data[at:]
    return bytes(data)


def open_picture(path: Path) -> None:
    count_pages(path, "case")
    open_image(path).grey(400)


def open_weights(path: Path) -> None:
    metadata = read_metadata(path)
    kind = metadata.kind
    if kind == "language":
        model = load_language(path)
        model.bits(["a few words"])
    elif kind in ("cnn", "mlp"):
        load_classifier(path).predict_proba(np.ones((2, 32, 32), np.float32))
    elif path.suffix == ".onnx":
        Session(path, metadata)


def open_archive(path: Path) -> None:
    from training.own_hand.own_data import gather
    from training.own_hand.photo_truth import Aligner
    from training.own_hand.samples import Account

    gather([path], "lines", Aligner(), Account())


Make = Callable[[random.Random], "tuple[str, bytes]"]
TARGETS: dict[str, tuple[Make, Callable[[Path], None], type[OcrError]]] = {
    "picture": (picture, open_picture, ImageError),
    "weights": (weights, open_weights, ModelError),
    "archive": (archive, open_archive, DataError),
}


@contextmanager
def within(seconds: int) -> Iterator[None]:
    def end(*_: object) -> None:
        raise Hang

    before = {number: signal.signal(number, end) for number in (signal.SIGPROF, signal.SIGALRM)}
    signal.setitimer(signal.ITIMER_PROF, seconds)
    signal.alarm(WAIT)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.setitimer(signal.ITIMER_PROF, 0)
        for number, handler in before.items():
            signal.signal(number, handler)


def memory() -> int:
    """Bytes that the process has taken at most; 0 where the system does not tell."""
    try:
        status = Path("/proc/self/status").read_text()
    except OSError:
        return 0
    return int(status.partition("VmHWM:")[2].split()[0]) << 10


def run(seed: int, folder: Path, target: str = "") -> tuple[str, str]:
    """What was tried and how it ended: "read", "refused", or what is wrong."""
    rng = random.Random(seed)
    name = target or rng.choices(list(TARGETS), [8, 3, 1])[0]
    make, use, expected = TARGETS[name]
    suffix, content = make(rng)
    path = folder / f"case{suffix}"
    path.write_bytes(mutated(content, rng))
    before = memory()
    try:
        with within(SECONDS), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            use(path)
        end = "read"
    except expected as error:
        end = "refused" if "\n" not in str(error) else f"FAULT: several lines: {error!r}"
    except Hang:
        end = f"FAULT: more than {SECONDS} s"
    except Exception as error:  # whatever it is, it is what is looked for
        end = f"FAULT: {type(error).__name__}: {error}"
    if before < MEMORY <= memory():
        end = f"FAULT: {memory() >> 20} MiB"
    return f"{name}{suffix}", end


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", 1)[0])
    parser.add_argument("--cases", type=int, default=2000)
    parser.add_argument("--minutes", type=float, default=60.0, help="stop then at the latest")
    parser.add_argument("--seed", type=int, default=0, help="of the first case")
    parser.add_argument("--only", type=int, metavar="SEED", help="one case, without a net")
    parser.add_argument("--target", choices=TARGETS, default="")
    parser.add_argument("--keep", type=Path, metavar="DIR", help="write the files of faults there")
    parser.add_argument("--verbose", action="store_true", help="name each case before it is tried")
    options = parser.parse_args()
    ends: Counter[str] = Counter()
    start = time.monotonic()
    seeds = range(options.seed, options.seed + options.cases)
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        for seed in seeds if options.only is None else [options.only]:
            if options.verbose:
                print(seed, flush=True)
            what, end = run(seed, folder, options.target)
            ends[f"{what} {end.split(':')[0]}"] += 1
            if end.startswith("FAULT"):
                print(f"{seed}: {what}: {end}", flush=True)
                if options.keep:
                    options.keep.mkdir(exist_ok=True, parents=True)
                    path = folder / f"case.{what.rpartition('.')[2]}"
                    (options.keep / f"{seed}{path.suffix}").write_bytes(path.read_bytes())
            if time.monotonic() - start > 60 * options.minutes:
                break
    for end, count in sorted(ends.items()):
        print(f"{count:8} {end}")
    took = f"{time.monotonic() - start:.0f} s, {time.process_time():.0f} of them computing"
    print(f"{ends.total()} cases, {took}, {memory() >> 20} MiB at most")
    return int(any("FAULT" in end for end in ends))


if __name__ == "__main__":
    sys.exit(main())

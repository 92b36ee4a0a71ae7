"""Runs over many files, disturbed and undisturbed: is everything accounted for, and what it costs.

    python tests/benchmarks/many_files.py [--files 1000] [--pages 200] [PART ...]

The parts, all by default:

kill    --files small pages, three in a hundred of them broken in 15 ways, are read undisturbed;
        then again, while two workers are killed at random, the run is interrupted and resumed.
        Results must be the same bytes, each broken file a named error, nothing else in the folder.
dask    The same on a Dask cluster of three worker processes, one killed in the middle.
jobs    --pages mixed pages by --jobs 1 and --jobs 2: CPU-seconds a page, pages an hour. Pages an
        hour mean something on an idle machine only. Of the worker of --jobs 1 the peak memory
        (VmHWM) up to page 50 and in the whole run, and the resident memory (VmRSS) at page 50 and
        at the end. The pages come in rounds of 50 that ask for the same memory, each
        page in all rounds cut at the same place but for a few pixels: what grows after the first
        round is kept memory, and not a larger page that came late.

The pages are cut from the photos in `images/`. Linux only: it looks for workers in /proc.
"""

import argparse
import json
import os
import random
import shutil
import signal
import statistics
import struct
import subprocess
import sys
import tempfile
import time
import zlib
from pathlib import Path

from PIL import Image

IMAGES = Path(__file__).resolve().parents[2] / "images"
SMALL = ((420, 150),)  # pixels of a page where only the account matters
MIXED = ((420, 150), (900, 500), (420, 150), (1580, 1180))
ROUND = 50  # pages
PARTS = ("kill", "dask", "jobs")


def pages(folder: Path, count: int, sizes: tuple[tuple[int, int], ...]) -> list[Path]:
    """Pages cut at random from the sample photos, every one different; see ROUND."""
    folder.mkdir()
    draw = random.Random(7)
    photos = []
    for path in sorted(IMAGES.glob("*.jpg")):
        with Image.open(path) as photo:
            photos.append(photo.convert("L").resize((1600, 1200)))
    made = []
    last = -(-count // ROUND)
    corners = [(draw.random(), draw.random()) for _ in range(ROUND)]
    for k in range(count):
        number, place = divmod(k, ROUND)
        width, height = sizes[place % len(sizes)]
        x = round(corners[place][0] * (1600 - width - last)) + number
        y = round(corners[place][1] * (1200 - height - last)) + number
        path = folder / f"page{k:05d}.{('jpg', 'png')[place % 2]}"
        photos[place % len(photos)].crop((x, y, x + width, y + height)).save(path)
        made.append(path)
    return made


def chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def broken(folder: Path, count: int) -> list[Path]:
    """Files that cannot be read, of each kind in turn."""
    folder.mkdir()
    picture = Image.effect_noise((300, 200), 80)
    good = {}
    for kind in ("jpg", "png", "tif", "webp", "gif", "bmp"):
        path = folder / f"good.{kind}"
        picture.save(path)
        good[kind] = path.read_bytes()
        path.unlink()
    png, middle = good["png"], len(good["png"]) // 2
    contents = [
        ("empty.jpg", b""),
        ("truncated.jpg", good["jpg"][: len(good["jpg"]) // 2]),
        ("truncated.png", png[:middle]),
        ("truncated.tif", good["tif"][: len(good["tif"]) // 3]),
        ("truncated.webp", good["webp"][: len(good["webp"]) // 2]),
        ("text.jpg", b"this is a shopping list, not a picture\n" * 20),
        ("page.jpg", b"<html><body>404 not found</body></html>"),
        ("magic.jpg", b"\0\0\0\0" + good["jpg"][4:]),
        ("noise.webp", random.Random(1).randbytes(5000)),
        ("chunk.png", png[:middle] + bytes(64) + png[middle + 64 :]),
        (
            "huge.png",
            png[:8]
            + chunk(b"IHDR", struct.pack(">IIBBBBB", 90_000, 90_000, 8, 0, 0, 0, 0))
            + chunk(b"IDAT", zlib.compress(b"\0"))
            + chunk(b"IEND", b""),
        ),
        ("header.gif", b"GIF89a"),
        ("nonsense.pdf", b"%PDF-1.7\nnothing of the kind\n"),
    ]
    made = []
    for k in range(count):
        kind = k % (len(contents) + 2)
        if kind < len(contents):
            path = folder / f"{k:03d}-{contents[kind][0]}"
            path.write_bytes(contents[kind][1])
        elif kind == len(contents):
            path = folder / f"{k:03d}-folder.png"
            path.mkdir()
        else:  # no permission to read it; root has, so of root's the link leads nowhere
            path = folder / f"{k:03d}-closed.png"
            if os.geteuid():
                path.write_bytes(png)
                path.chmod(0)
            else:
                path.symlink_to(folder / "nowhere.png")
        made.append(path)
    return made


class Run:
    """One `ocr read` of the listed files into a folder."""

    def __init__(self, listed: Path, out: Path, *options: object) -> None:
        self.out = out
        command = [
            sys.executable,
            "-m",
            "ocr",
            "read",
            "--files-from",
            listed,
            "--output",
            f"{out}/",
        ]
        self.process = subprocess.Popen(
            [*command, *map(str, options)],
            stderr=subprocess.PIPE,
            text=True,
        )

    def workers(self) -> list[int]:
        children = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children")
        pids = map(int, children.read_text().split())
        return [pid for pid in pids if b"spawn_main" in Path(f"/proc/{pid}/cmdline").read_bytes()]

    def done(self) -> int:
        return sum(path.suffix == ".txt" for path in self.out.iterdir()) if self.out.exists() else 0

    def wait_for(self, count: int) -> None:
        """Until so many files are done."""
        while self.done() < count and self.process.poll() is None:
            time.sleep(0.02)

    def end(self) -> tuple[int, float]:
        """Exit status, and CPU-seconds with those of its workers."""
        err = self.process.stderr.read()
        _, status, usage = os.wait4(self.process.pid, 0)
        self.process.returncode = os.waitstatus_to_exitcode(status)
        print(f"    {err.strip().splitlines()[-1]}")
        return self.process.returncode, usage.ru_utime + usage.ru_stime


def results(out: Path) -> dict[str, bytes]:
    """All that is in a folder but the journal."""
    return {
        str(path.relative_to(out)): path.read_bytes()
        for path in out.rglob("*")
        if path.is_file() and path.name != ".ocr-journal.ndjson"
    }


def check(title: str, holds: bool) -> None:
    print(f"| {title} | {'yes' if holds else 'NO'} |", flush=True)
    check.failed |= not holds


check.failed = False


def check_account(first: dict[str, bytes], out: Path, good: int, bad: list[Path]) -> None:
    """Whether a run gave what the undisturbed one gave, and names all that is broken."""
    held = results(out)
    rows = [json.loads(row) for row in held["errors.ndjson"].decode().splitlines()]
    check(f"{good} results and the errors, nothing else", len(held) == good + 1)
    check("the same bytes as undisturbed", held == first)
    check(
        f"{len(bad)} errors, each broken file once",
        sorted(row["file"] for row in rows) == sorted(map(str, bad)),
    )


def undisturbed(place: Path, count: int) -> tuple[Path, list[Path], dict[str, bytes]]:
    """The list of files, the broken ones, and what an undisturbed run makes of them."""
    bad = broken(place / "broken", round(count * 0.03))
    files = pages(place / "pages", count - len(bad), SMALL) + bad
    random.Random(5).shuffle(files)
    listed = place / "files.txt"
    listed.write_text("".join(f"{path}\n" for path in files))
    print(f"\n| {count} files, {len(bad)} of them broken | |\n|---|---|")
    status, _ = Run(listed, place / "first", "--jobs", 2).end()
    check("undisturbed run: exit 1", status == 1)
    check_account(results(place / "first"), place / "first", count - len(bad), bad)
    return listed, bad, results(place / "first")


def kill(place: Path, count: int, listed: Path, bad: list[Path], first: dict[str, bytes]) -> None:
    draw = random.Random()
    run = Run(listed, place / "killed", "--jobs", 2)
    for share in (0.2, 0.4):
        run.wait_for(round(count * share))
        time.sleep(draw.random())
        os.kill(draw.choice(run.workers()), signal.SIGKILL)
    run.wait_for(round(count * 0.6))
    before = run.done()
    run.process.send_signal(signal.SIGINT)
    status, _ = run.end()
    check(f"two workers killed, interrupted after {before}: exit 130", status == 130)
    status, _ = Run(listed, place / "killed", "--jobs", 2, "--resume").end()
    check("resumed: exit 1", status == 1)
    check_account(first, place / "killed", count - len(bad), bad)


def dask(place: Path, count: int, listed: Path, bad: list[Path], first: dict[str, bytes]) -> None:
    from distributed import LocalCluster

    with LocalCluster(
        n_workers=3, threads_per_worker=1, dashboard_address=None, silence_logs=50
    ) as cluster:
        run = Run(listed, place / "dask", "--scheduler", cluster.scheduler_address)
        run.wait_for(count // 2)
        os.kill(random.choice(list(cluster.workers.values())).pid, signal.SIGKILL)
        status, _ = run.end()
    check("on a cluster of three, one killed: exit 1", status == 1)
    check_account(first, place / "dask", count - len(bad), bad)


def memory(pid: int) -> tuple[float, float]:
    """Peak memory of a process and what it holds now, in MiB; zeros once it has ended."""
    try:
        status = Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return 0.0, 0.0
    told = dict(row.split(":") for row in status.splitlines())
    if "VmHWM" not in told:
        return 0.0, 0.0
    peak, now = (int(told[name].split()[0]) / 1024 for name in ("VmHWM", "VmRSS"))
    return peak, now


def jobs(place: Path, count: int, runs: int) -> None:
    made = pages(place / "mixed", count, MIXED)
    listed = place / "mixed.txt"
    listed.write_text("".join(f"{path}\n" for path in made))
    cpu: dict[int, list[float]] = {1: [], 2: []}
    wall: dict[int, list[float]] = {1: [], 2: []}
    growth = []
    print(f"\n| {count} mixed pages, median of {runs} | --jobs 1 | --jobs 2 |\n|---|---|---|")
    for k in range(runs):
        for number in (1, 2):
            start = time.perf_counter()
            run = Run(listed, place / f"jobs{number}-{k}", "--jobs", number)
            if number == 1:
                run.wait_for(ROUND)
                (worker,) = run.workers()
                early = late = memory(worker)
                while (now := memory(worker))[0] and run.process.poll() is None:
                    late = now
                    time.sleep(0.05)
                growth.append((*early, *late))
            _, seconds = run.end()
            cpu[number].append(seconds / count)
            wall[number].append(3600 * count / (time.perf_counter() - start))
    a, b = (statistics.median(cpu[number]) for number in (1, 2))
    print(f"| CPU-seconds a page | {a:.3f} | {b:.3f} ({b / a:.2f} times) |")
    a, b = (statistics.median(wall[number]) for number in (1, 2))
    print(f"| pages an hour | {a:,.0f} | {b:,.0f} ({b / a:.2f} times) |")
    early, held, late, left = max(growth, key=lambda figures: figures[2] / figures[0])
    share = 100 * (late / early - 1)
    print(f"| peak of a worker up to page {ROUND}, in all | {early:.0f}, {late:.0f} MiB | |")
    print(f"| resident at page {ROUND}, at the end | {held:.0f}, {left:.0f} MiB | |")
    check(f"peak memory flat from page {ROUND} on, within 5 % ({share:+.1f} %)", share <= 5)
    a, b = (statistics.median(cpu[number]) for number in (1, 2))
    check(f"--jobs 2: at most 1.1 times the CPU a page ({b / a:.2f})", b <= 1.1 * a)
    a, b = (statistics.median(wall[number]) for number in (1, 2))
    check(f"--jobs 2: at least 1.7 times the pages an hour ({b / a:.2f})", b >= 1.7 * a)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("parts", nargs="*", metavar="PART", help=", ".join(PARTS))
    parser.add_argument("--files", type=int, default=1000)
    parser.add_argument("--pages", type=int, default=200)
    parser.add_argument("--runs", type=int, default=5, help="of each in the part jobs")
    options = parser.parse_args()
    if unknown := set(options.parts) - set(PARTS):
        parser.error(f"no such part: {', '.join(sorted(unknown))}")
    parts = options.parts or PARTS
    place = Path(tempfile.mkdtemp(prefix="many-files-"))
    try:
        if {"kill", "dask"} & set(parts):
            listed, bad, first = undisturbed(place, options.files)
            if "kill" in parts:
                kill(place, options.files, listed, bad, first)
            if "dask" in parts:
                dask(place, options.files, listed, bad, first)
        if "jobs" in parts:
            jobs(place, options.pages, options.runs)
    finally:
        shutil.rmtree(place)
    sys.exit(check.failed)


if __name__ == "__main__":
    main()

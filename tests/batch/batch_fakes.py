"""A recipe for the tests of runs over many files, and what such a run has left.

In a module that worker processes can import.
"""

from __future__ import annotations

import hashlib
import json
import os
import signal
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from ocr.batch.run import ERRORS
from ocr.batch.tasks import Execute, PartResult, Summary
from ocr.batch.workers import execute
from ocr.errors import ImageError, ModelError

Data = Callable[[], Iterator[bytes]]


@dataclass(frozen=True)
class Note:
    """A text file; its content says what happens to whoever reads it."""

    path: str

    @property
    def name(self) -> str:
        return self.path

    @property
    def stem(self) -> str:
        return Path(self.path).stem


@dataclass(frozen=True)
class Upper:
    """Writes the text in capitals; | parts what is read apart."""

    version: str = "1"

    def settings(self) -> str:
        return hashlib.sha256(self.version.encode()).hexdigest()

    def content(self, note: Note) -> Path:
        if not Path(note.path).exists():
            raise ImageError(f"{note.name}: no such file.")
        return Path(note.path)

    def about(self, note: Note) -> str:
        return ""

    def outputs(self, note: Note) -> list[str]:
        return [f"{note.stem}.up"]

    def parts(self, note: Note, path: Path) -> list[str]:
        return path.read_text().split("|")

    def files(self, note: Note, path: Path, data: Data) -> Iterator[tuple[str, Iterator[bytes]]]:
        if path.read_text().endswith("|slow to write"):
            path.with_suffix(".writing").touch()
            time.sleep(1.5)
        yield f"{note.stem}.up", data()

    def read(self, note: Note, path: Path, text: str) -> PartResult:
        with path.with_suffix(".seen").open("a") as seen:
            seen.write(f"{os.getpid()}\n")
        verb, _, rest = text.partition(" ")
        if verb == "bad":
            raise ImageError(f"{note.name}: not an image.")
        if verb == "crash":
            raise ZeroDivisionError("far away")
        if verb == "model":
            raise ModelError("lines.onnx: no such model.")
        if verb == "die" or (verb == "die-once" and len(seen_by(path)) == 1):
            os.kill(os.getpid(), getattr(signal, "SIGKILL", signal.SIGTERM))
        if verb == "sleep":
            time.sleep(float(rest))
        if verb == "meet":  # waits until another process has read a part
            end = time.monotonic() + 300
            while len(set(seen_by(path))) == 1 and time.monotonic() < end:
                time.sleep(0.01)
        warnings = ("nothing to read",) if verb == "blank" else ()
        return PartResult(text.upper().encode(), warnings, (f"{note.stem}: read",))


def seen_by(path: Path) -> list[int]:
    """Processes that have read a note, one after the other."""
    trace = path.with_suffix(".seen")
    return [int(row) for row in trace.read_text().split()] if trace.exists() else []


def notes(folder: Path, **texts: str) -> list[Note]:
    """Notes by their stem."""
    folder.mkdir(exist_ok=True)
    for stem, text in texts.items():
        (folder / f"{stem}.txt").write_text(text)
    return [Note(str(folder / f"{stem}.txt")) for stem in texts]


def local(jobs: int = 1, limit: float | None = None) -> Execute:
    """Worker processes on this machine."""
    return partial(execute, jobs=jobs, limit=limit)


def results(tmp_path: Path) -> dict[str, str]:
    """What a person sees in the folder of results."""
    return {
        path.name: path.read_text()
        for path in sorted((tmp_path / "out").iterdir())
        if not path.name.startswith(".")
    }


def errors(tmp_path: Path) -> dict[str, str]:
    """What is said of files that were not read, by their names."""
    rows = (tmp_path / "out" / ERRORS).read_text().splitlines()
    return {Path(row["file"]).name: row["error"] for row in map(json.loads, rows)}


def counts(summary: Summary) -> tuple[int, int, int, int]:
    """How many were read, found done, failed and left."""
    return summary.read, summary.found, summary.failed, summary.left

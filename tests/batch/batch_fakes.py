"""A recipe for the tests of runs over many files, in a module that worker processes can import."""

from __future__ import annotations

import hashlib
import os
import signal
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from ocr.batch.tasks import PartResult
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

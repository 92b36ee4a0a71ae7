"""Learn a hand from the confirmed lines, in a process of its own: what `ocr train` does.

The confirmed lines are cut out of their pages as they are read, written into a folder as `ocr
train` takes it, every fifth marked as held back. The new model is written beside the photos and
read with once it is there; the old and the new one read the lines held back, and a person sees
both.
"""

from __future__ import annotations

import importlib.util
import itertools
import os
import re
import secrets
import shutil
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from ocr.config import install_hint
from ocr.errors import OcrError
from ocr.evaluation.error_rates import edit_distance
from ocr.reader import Reader
from ocr.review import edits
from ocr.review.document import Reviewed
from ocr.review.edits import EditError
from ocr.review.reading import Recognizer
from ocr.review.shelf import Edit, Shelf, StaleError

FEWEST = 10  # confirmed lines to learn from
HELD_BACK = 5  # one line in so many is held back
NEEDED = ("torch", "safetensors", "onnx", "matplotlib", "tqdm")
NAME = "my-hand"  # folder of the model, beside the photos
EXAMPLES = 6  # lines that are shown before and after
ENDED = ("nothing", "done", "failed")
TRIES = 3  # to put what was read again into a page that is changed meanwhile
WAIT = 5.0  # seconds that a training gets to end
EPOCH = re.compile(r"epoch (\d+)/(\d+)\s+(\d+)/(\d+)")
LEFT = re.compile(r"(\d+):(\d\d) left at most")
REFUSED = re.compile(r"not written: (.+)\. Add data, ")  # the rest is advice for the command line

Command = Callable[[Path, Path], list[str]]


def train_command(lines: Path, out: Path) -> list[str]:
    """How the training is run: with the lines' folder, into a new folder for the model.

    Without ``--force``, which would also write a model that became worse.
    """
    return [
        *(sys.executable, "-m", "ocr", "train", str(lines), "--out", str(out)),
        *("--kind", "lines"),
    ]


class _Confirmed(NamedTuple):
    """A confirmed line: (48, W) float32 strip, what it says, and the name of its page."""

    strip: NDArray[np.float32]
    text: str
    page: str


@dataclass
class State:
    """How learning stands.

    `doing` is "nothing", "gathering", "training", "measuring", "reading", "done" or "failed".
    """

    doing: str = "nothing"
    lines: int = 0
    share: float = 0.0  # of what is being done
    seconds_left: int | None = None
    error: str = ""
    model: str = ""
    before: float | None = None  # CER of the lines held back
    after: float | None = None
    held: int = 0
    examples: list[list[str]] = field(default_factory=list)  # truth, before, after
    pages: int = 0  # that were read again
    can_read_again: bool = False


class Learning:
    """Runs one training at a time.

    Parameters
    ----------
    shelf : Shelf
    command : callable
        Gives the command that trains.
    """

    def __init__(self, shelf: Shelf, command: Command = train_command) -> None:
        self.shelf, self._command = shelf, command
        self._state = State()
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None
        self._process: subprocess.Popen[str] | None = None
        self._cancelled = threading.Event()
        self._model: Path | None = None

    @property
    def out(self) -> Path:
        """The folder of the model, beside the photos: that of the one learned before, or a new one.

        What stands there from before is somebody's, such as a model that `ocr train` made.
        """
        if self._model is not None:
            return self._model
        beside = next(iter(self.shelf.pages.values())).stem.parent
        names = (NAME if k == 1 else f"{NAME}-{k}" for k in itertools.count(1))
        return next(beside / name for name in names if not os.path.lexists(beside / name))

    def state(self) -> dict[str, Any]:
        """The state as plain values, for JSON."""
        with self._lock:
            state = dict(vars(self._state))
        summaries = self.shelf.summaries()
        state["confirmed"] = sum(one.confirmed for one in summaries.values())
        state["fewest"] = FEWEST
        state["missing"] = _missing()
        state["install"] = install_hint("train")
        return state

    def start(self) -> None:
        """Start learning; EditError if that is not possible."""
        missing = _missing()
        if missing:
            raise EditError(f"Learning needs {missing}. Install it with: {install_hint('train')}")
        self._begin(self._learn, "gathering")

    def reread(self) -> None:
        """Read all lines that nobody has confirmed again with the new model."""
        if self._model is None:
            raise EditError("There is no new model yet.")
        self._begin(self._reread, "reading")

    def cancel(self) -> None:
        """Stop what is being done and keep nothing of it."""
        self._cancelled.set()
        process = self._process
        if process is not None and process.poll() is None:
            process.terminate()
            try:
                process.wait(WAIT)
            except subprocess.TimeoutExpired:
                process.kill()
        if self._thread is not None and self._thread is not threading.current_thread():
            self._thread.join(WAIT)

    def _begin(self, work: Callable[[], None], doing: str) -> None:
        before = self._thread
        if before is not None and self._state.doing in ENDED:
            before.join(WAIT)
        with self._lock:
            if before is not None and before.is_alive():
                raise EditError("It is learning already.")
            self._cancelled.clear()
            # Told at once: who asks next must not take it for not begun.
            self._state = replace(self._state, doing=doing, share=0.0, error="")
            self._thread = threading.Thread(target=self._run, args=(work,), daemon=True)
            self._thread.start()

    def _run(self, work: Callable[[], None]) -> None:
        try:
            work()
        except OcrError as error:
            self._tell(doing="failed", error=str(error))
        except OSError as error:
            self._tell(doing="failed", error=f"This failed: {error.strerror or error}.")
        except Exception as error:
            # Else the page would say for ever that it goes on.
            self._tell(doing="failed", error=f"internal error ({type(error).__name__}: {error})")
            raise
        if self._cancelled.is_set():
            self._tell(doing="nothing", error="", share=0.0, seconds_left=None)

    def _tell(self, **values: Any) -> None:
        with self._lock:
            self._state = replace(self._state, **values)

    # --- to learn ---------------------------------------------------------------------------

    def _learn(self) -> None:
        with self._lock:
            self._state = State("gathering")
        with tempfile.TemporaryDirectory(prefix="ocr-review-") as name:
            place = Path(name)
            lines = self._gathered()
            if self._cancelled.is_set():
                return
            if len(lines) < FEWEST:
                raise EditError(
                    f"{len(lines)} confirmed lines are too few to learn from; confirm {FEWEST}."
                )
            held = lines[HELD_BACK - 1 :: HELD_BACK]
            _write(place / "lines", lines)
            self._tell(doing="training", lines=len(lines), held=len(held), share=0.0)
            self._train(place / "lines", place / NAME)
            if self._cancelled.is_set():
                return
            self._tell(doing="measuring", share=0.0, seconds_left=None)
            old = self.shelf.recognizer
            self._measure(held, old, place / NAME)
            if self._cancelled.is_set():
                return
            self._model = self._install(place / NAME)
        reader = old.reader
        new = Reader("lines", self._model, reader.charset, reader.language)
        self.shelf.use(Recognizer(new))
        self._tell(doing="done", model=str(self._model), can_read_again=True)

    def _gathered(self) -> list[_Confirmed]:
        """The confirmed lines, page by page."""
        found: list[_Confirmed] = []
        summaries = self.shelf.summaries()
        wanted = [number for number, one in summaries.items() if one.confirmed]
        for count, number in enumerate(wanted):
            if self._cancelled.is_set():
                break
            page = self.shelf.pages[number]
            doc = self.shelf.open(number).doc
            entries = [e for e in doc.kept if e.line.confirmed and e.line.words]
            with self.shelf.reading():
                strips = self.shelf.recognizer.strips(page.source.open(), doc, entries)
            found += [
                _Confirmed(strip, entry.line.text, page.name)
                for strip, entry in zip(strips, entries, strict=True)
            ]
            self._tell(share=(count + 1) / len(wanted), lines=len(found))
        return found

    def _train(self, lines: Path, out: Path) -> None:
        """Run the training and keep the state up to date."""
        process = subprocess.Popen(
            self._command(lines, out),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
            encoding="utf-8",
            errors="replace",
        )
        self._process = process
        last = ""
        with process:
            assert process.stderr is not None
            for row in process.stderr:
                if self._cancelled.is_set():
                    process.kill()
                last = row.strip().removeprefix("ocr:").strip() or last
                self._follow(last)
        self._process = None
        if process.returncode and not self._cancelled.is_set():
            if refused := REFUSED.search(last):
                raise EditError(
                    f"the new model is worse, and not kept: {refused[1]}. Confirm more lines."
                )
            raise EditError(last or f"the training ended with status {process.returncode}")

    def _follow(self, row: str) -> None:
        """Update the state from a line that the training printed."""
        at = EPOCH.search(row)
        if at is None:
            return
        epoch, epochs, samples, of = map(int, at.groups())
        left = LEFT.search(row)
        self._tell(
            share=min(1.0, (epoch - 1 + samples / max(1, of)) / max(1, epochs)),
            seconds_left=60 * int(left[1]) + int(left[2]) if left else None,
        )

    def _measure(self, held: list[_Confirmed], old: Recognizer, model: Path) -> None:
        """Let the old and the new model read the lines held back."""
        strips = [one.strip for one in held]
        truths = [one.text for one in held]
        readings = []
        old_reader = old.lines_reader
        for reader in (
            old_reader,
            Reader("lines", model, old_reader.charset, old_reader.language),
        ):
            read = reader.line_reader.read(strips)
            readings.append([one.text for one in read])
        wrong = [
            sum(edit_distance(t, r) for t, r in zip(truths, read, strict=True)) for read in readings
        ]
        total = max(1, sum(map(len, truths)))
        changed = [[t, a, b] for t, a, b in zip(truths, *readings, strict=True) if a != b] or [
            [t, a, b] for t, a, b in zip(truths, *readings, strict=True)
        ]
        self._tell(before=wrong[0] / total, after=wrong[1] / total, examples=changed[:EXAMPLES])

    def _install(self, made: Path) -> Path:
        """Put the new model beside the photos, in place of the one that was learned before."""
        out = self.out
        beside = out.with_name(f".{out.name}.{secrets.token_hex(4)}.part")
        try:
            shutil.copytree(made, beside)
            if out == self._model:
                shutil.rmtree(out, ignore_errors=True)
            beside.rename(out)
        except OSError as error:
            shutil.rmtree(beside, ignore_errors=True)
            raise EditError(f"{out}: cannot be written ({error.strerror}).") from None
        return out

    # --- to read again ----------------------------------------------------------------------

    def _reread(self) -> None:
        summaries = self.shelf.summaries()
        numbers = [k for k, one in summaries.items() if one.state == "read" and not one.done]
        self._tell(doing="reading", share=0.0, pages=0, error="")
        for count, number in enumerate(numbers):
            if self._cancelled.is_set():
                return
            self._reread_page(number)
            self._tell(share=(count + 1) / len(numbers), pages=count + 1)
        self._tell(doing="done", can_read_again=False)

    def _reread_page(self, number: int) -> None:
        """Read a page's open lines again; whoever changes it meanwhile is not disturbed."""
        photo = self.shelf.pages[number].source.open()
        for _ in range(TRIES):
            held = self.shelf.open(number)

            def read(doc: Reviewed, recognizer: Recognizer) -> Edit:
                open_ = [entry for entry in doc.entries if not entry.line.confirmed]
                found = {entry.id: entry for entry in recognizer.reread(photo, doc, open_)}
                return lambda now: edits.reread(
                    now, lambda some: [found[e.id] for e in some if e.id in found]
                )

            try:
                self.shelf.work_on(number, held.doc.revision, read)
            except StaleError:
                continue
            return


def _missing() -> str:
    """A package that training needs and that is not installed; "" if all are there."""
    return next((name for name in NEEDED if importlib.util.find_spec(name) is None), "")


def _write(folder: Path, lines: list[_Confirmed]) -> None:
    """The lines as `ocr train` takes them: pictures and a table."""
    folder.mkdir()
    rows = ["file\ttext\twriter\tsplit\tform"]
    for number, one in enumerate(lines):
        name = f"{number:06d}.png"
        Image.fromarray(np.uint8(np.round(one.strip * 255))).save(folder / name)
        part = "test" if number % HELD_BACK == HELD_BACK - 1 else "train"
        writer = " ".join(one.page.split())
        rows.append(f"{name}\t{one.text}\t{writer}\t{part}\tstrip")
    (folder / "lines.tsv").write_text("\n".join(rows) + "\n", encoding="utf-8")

"""Many files in one run: each read once, its results written, all accounted for.

    documents -> tasks -> workers (processes here, or a cluster) -> outcomes -> journal, errors

A worker reads a document, writes its results by itself and hands back a few hundred bytes, so the
memory of the run does not grow with the pages. What has been done stands in a journal in the
folder of the results (`ocr.journal`), what could not be read in `errors.ndjson`.
"""

from __future__ import annotations

import hashlib
import io
import json
import signal
import traceback
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from ocr import journal
from ocr.errors import ModelError, OcrError, OutputError
from ocr.journal import Journal, Record
from ocr.storage import Place

ERRORS = "errors.ndjson"
LISTED = 20  # errors and warnings that the summary names; all errors are in the file


class Item(Protocol):
    """What is read at one go, such as `ocr.inputs.Document`; picklable.

    `path` is where it is and tells it from all others; `name` is the same for people.
    """

    @property
    def path(self) -> str: ...
    @property
    def name(self) -> str: ...


class Recipe(Protocol):
    """How an item becomes results; picklable. All but `settings` and `outputs` run on workers."""

    def settings(self) -> str:
        """SHA-256 of all that the results depend on besides the item."""

    def outputs(self, item: Any) -> list[str]:
        """Names that the files of `results` may have, told without opening the item."""

    def content(self, item: Any) -> Path | bytes:
        """The item's file, or what is in it."""

    def about(self, item: Any) -> str:
        """What of the item the results depend on besides its content."""

    def results(self, item: Any, content: Path | bytes) -> Results:
        """Read the item."""


@dataclass(frozen=True)
class Results:
    """What one item gave: the content of each file to write, and sentences for people.

    `warnings` are of what may be wrong, `pages` tell what was read, one for each page.
    """

    files: dict[str, bytes]
    warnings: tuple[str, ...] = ()
    pages: tuple[str, ...] = ()


@dataclass(frozen=True)
class Task:
    """An item to read, unless `done` proves that it has been."""

    item: Item
    done: Record | None = None


@dataclass(frozen=True)
class Outcome:
    """What became of a task: a record of what was written, or else an error.

    Attributes
    ----------
    file : str
        Name of the item, for people.
    record : Record or None
    error : str
        The reason, empty if it was read.
    kind : str
        The reason's class.
    trace : str
        Where it happened, if that was a surprise.
    warnings, pages : tuple of str
        As in `Results`.
    fresh : bool
        Whether it was read now, and not found done.
    """

    file: str
    record: Record | None = None
    error: str = ""
    kind: str = ""
    trace: str = ""
    warnings: tuple[str, ...] = ()
    pages: tuple[str, ...] = ()
    fresh: bool = True


@dataclass
class Stop:
    """Whether the run is to end, and by which signal; asked by whoever hands out tasks."""

    signal: int = 0
    times: int = 0


Step = Callable[[Task], Outcome]
# Does a step for each task somewhere, in any order; holds few tasks at a time.
Execute = Callable[[Iterator[Task], Step, Stop], Iterator[Outcome]]


@dataclass
class Summary:
    """The account of a run."""

    total: int
    read: int = 0
    found: int = 0  # done by an earlier run
    failed: int = 0
    warned: int = 0
    stopped: int = 0  # signal that ended it
    # The first `LISTED` of each.
    errors: list[Outcome] = field(default_factory=list, repr=False)
    warnings: list[str] = field(default_factory=list, repr=False)

    @property
    def left(self) -> int:
        return self.total - self.read - self.found - self.failed


@dataclass(frozen=True)
class Work:
    """What a worker does with a task; made here, sent to all workers."""

    recipe: Recipe
    place: Place
    settings: str

    def __call__(self, task: Task) -> Outcome:
        """Read one item and write its results, or say why not.

        Raises
        ------
        ModelError
            Nothing can be read, or not as the run's other workers do it.
        """
        item = task.item
        if self.recipe.settings() != self.settings:
            raise ModelError(
                "a worker has another version of ocr or other models than this machine. "
                "Install the same ones."
            )
        try:
            content = self.recipe.content(item)
            digest = _digest(content, self.recipe.about(item))
            if _is_done(task.done, digest, self.settings) and self.place.holds(task.done.outputs):  # type: ignore[union-attr]
                return Outcome(item.name, task.done, fresh=False)
            results = self.recipe.results(item, content)
            for name, data in results.files.items():
                self.place.write(name, data)
        except ModelError:
            raise
        except OcrError as error:
            return Outcome(item.name, error=str(error), kind=type(error).__name__)
        # The edge of a worker: what one file brings about must not end the run.
        except Exception as error:
            kind = type(error).__name__
            reason = f"{item.name}: internal error ({kind}: {error}); see --debug"
            return Outcome(item.name, error=reason, kind=kind, trace=traceback.format_exc())
        written = {
            name: (len(data), hashlib.sha256(data).hexdigest())
            for name, data in results.files.items()
        }
        record = Record(item.path, digest, self.settings, written)
        return Outcome(item.name, record, warnings=results.warnings, pages=results.pages)


def run(
    items: Sequence[Item],
    recipe: Recipe,
    place: Place,
    execute: Execute,
    *,
    resume: bool = False,
    force: bool = False,
    lost: Sequence[tuple[str, OcrError]] = (),
    stop: Stop | None = None,
    on_outcome: Callable[[Outcome, Summary], None] = lambda *_: None,
) -> Summary:
    """Read all items into a place.

    Parameters
    ----------
    items : sequence of Item
    recipe : Recipe
    place : Place
        Where results, errors and the journal go; made if it is not there.
    execute : callable
        Where the work is done: `ocr.workers.execute` or `ocr.cluster.execute`.
    resume : bool
        Leave out what an earlier run in this place has done: same content, same settings,
        results whole.
    force : bool
        Write over results that are there.
    lost : sequence of (str, OcrError)
        Inputs that gave no items, and why: they count as errors.
    stop : Stop, optional
        Set from outside, it ends the run early; what is at work is finished first.
    on_outcome : callable
        Called with each outcome and the account so far.

    Returns
    -------
    Summary
        Every item is in exactly one of its counts.

    Raises
    ------
    OutputError
        The place cannot be used, or has results that are neither to be resumed nor replaced.
    ModelError
        Nothing can be read.
    """
    stop = stop or Stop()
    place.make()
    _refuse_to_replace(items, recipe, place, force or (resume and journal.stands(place)))
    book = Journal(place, resume)
    try:
        place.sweep()
        place.remove(ERRORS)
        summary = Summary(total=len(items) + len(lost))
        work = Work(recipe, place, recipe.settings())
        tasks = (Task(item, book.done(item.path)) for item in items)
        with _error_rows(place) as note:

            def count(outcome: Outcome) -> None:
                if outcome.record is None:
                    summary.failed += 1
                    note(outcome)
                    if len(summary.errors) < LISTED:
                        summary.errors.append(outcome)
                elif outcome.fresh:
                    summary.read += 1
                    book.add(outcome.record)
                else:
                    summary.found += 1
                summary.warned += bool(outcome.warnings)
                room = max(0, LISTED - len(summary.warnings))
                summary.warnings += outcome.warnings[:room]
                on_outcome(outcome, summary)

            for name, error in lost:
                count(Outcome(name, error=str(error), kind=type(error).__name__))
            try:
                for outcome in execute(tasks, work, stop):
                    count(outcome)
            finally:
                place.sweep()
    finally:
        book.close()
    summary.stopped = stop.signal
    return summary


@contextmanager
def stopping() -> Iterator[Stop]:
    """A `Stop` that Ctrl-C (SIGINT) and SIGTERM set while the block runs."""
    stop = Stop()

    def remember(number: int, _: object) -> None:
        stop.signal = stop.signal or number
        stop.times += 1

    before = {number: signal.signal(number, remember) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield stop
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _digest(content: Path | bytes, about: str) -> str:
    digest = hashlib.sha256(about.encode())
    with io.BytesIO(content) if isinstance(content, bytes) else content.open("rb") as stream:
        while block := stream.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()


def _is_done(record: Record | None, digest: str, settings: str) -> bool:
    return record is not None and (record.input, record.settings) == (digest, settings)


def _refuse_to_replace(items: Sequence[Item], recipe: Recipe, place: Place, allowed: bool) -> None:
    """Nothing, if no file would be replaced by results, or that is allowed; never the inputs."""
    standing: dict[str, set[str]] = {}  # folder in the place -> names in it
    met = []
    for item in items:
        for name in recipe.outputs(item):
            folder, _, last = name.rpartition("/")
            if folder not in standing:
                standing[folder] = set(place.names(folder))
            if last not in standing[folder]:
                continue
            met.append(name)
            source = Path(item.path)
            if place.local and source.exists() and source.samefile(place.local / name):
                raise OutputError(
                    f"{place.root}/{name}: would replace the file that is read. "
                    "Name another folder."
                )
    if met and not allowed:
        more = f" and {len(met) - 1} more" if len(met) > 1 else ""
        raise OutputError(
            f"{place.root}/{met[0]}{more}: already there. Use --resume to go on with an earlier "
            "run, --force to replace, or another folder."
        )


@contextmanager
def _error_rows(place: Place) -> Iterator[Callable[[Outcome], None]]:
    """A function that notes errors; in the end they stand in order of their files.

    The file is there from the first error on, and follows each in a local folder.
    """
    rows: list[str] = []

    def note(outcome: Outcome) -> None:
        reason = outcome.error.removeprefix(f"{outcome.file}: ")
        about = {"file": outcome.file, "error": reason, "kind": outcome.kind}
        rows.append(json.dumps(about, ensure_ascii=False) + "\n")
        if place.local is not None:
            with (place.local / ERRORS).open("a", encoding="utf-8") as stream:
                stream.write(rows[-1])

    try:
        yield note
    finally:
        if rows:
            place.write(ERRORS, "".join(sorted(rows)).encode())

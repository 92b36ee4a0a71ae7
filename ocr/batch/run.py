"""Many files in one run: each read once, its results written, all accounted for.

    documents -> tasks -> workers (processes here, or a cluster) -> outcomes -> journal, errors

A worker reads a document, writes its results by itself and hands back a few hundred bytes, so the
memory of the run does not grow with the pages. A long document is divided: its parts are read
apart, by whoever is free, into a hidden folder beside the results, from which a last task writes
the results piece by piece. What has been done stands in a journal in the folder of the results
(`ocr.batch.journal`), what could not be read in `errors.ndjson`.
"""

from __future__ import annotations

import json
import re
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path

from ocr.batch import journal
from ocr.batch.journal import Account, Journal, Record
from ocr.batch.place import Place
from ocr.batch.tasks import (
    LISTED,
    Execute,
    Item,
    Outcome,
    Recipe,
    Stop,
    Summary,
    Task,
)
from ocr.batch.work import PARTS, Work
from ocr.errors import OcrError, OutputError
from ocr.formats.output import refuse_special
from ocr.input.addresses import is_url

ERRORS = "errors.ndjson"
NUMBER = re.compile(r"\.page\d{4,}")  # of a page in a file's name

Others = dict[str, tuple[tuple[str, Account], ...]]  # path of an item -> files; see `Task.ours`


def run(
    items: Sequence[Item],
    recipe: Recipe,
    place: Place,
    execute: Execute,
    *,
    resume: bool = False,
    force: bool = False,
    partial: bool = False,
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
        Where the work is done: `ocr.batch.workers.execute` or `ocr.batch.cluster.execute`.
    resume : bool
        Leave out what an earlier run in this place has done: same content, same settings,
        results whole.
    force : bool
        Write over results that are there. Otherwise only those are replaced that an earlier run
        has written and nobody has changed since, and only by `resume`; what somebody has changed
        is left while its item is as it was then, and anything else in the way is that item's error.
    partial : bool
        The items are some of those that earlier runs had: what is noted of others' errors stays.
        A file that is in the way of one is its error, even if no run has been here before.
    lost : sequence of (str, OcrError)
        Inputs that gave no items, and why: they count as errors.
    stop : Stop, optional
        Set from outside, it ends the run early; what is at work is finished first.
    on_outcome : callable
        Called with each outcome, those of parts too, and the account so far.

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
    if not force and _noted_errors(place) is None:  # of another program
        raise _already_there(place, ERRORS)
    goes_on = resume and (partial or journal.stands(place))
    _refuse_to_replace(items, recipe, place, force or goes_on)
    book = Journal(place, resume)
    try:
        others = {} if force or not resume else _written_of_others(items, recipe, place, book)
        ours = _names_by_folder(items, recipe)
        place.sweep(ours)
        noted = (_noted_errors(place) or {}) if partial else {}
        if not noted:
            place.remove(ERRORS)
        if not resume:
            place.clear(PARTS)
        summary = Summary(total=len(items) + len(lost))
        work = Work(recipe, place, recipe.settings(), force)
        tasks = _Tasks(items, book, others)
        with _error_rows(place, noted) as note:

            def count(outcome: Outcome) -> None:
                noted.pop(outcome.file, None)
                if outcome.record is None:
                    note(outcome)
                elif outcome.fresh:
                    book.add(outcome.record)
                summary.count(outcome)
                on_outcome(outcome, summary)

            for name, error in lost:
                count(Outcome(name, error=str(error), kind=type(error).__name__))
            try:
                for outcome in execute(tasks, work, stop):
                    summary.pages += len(outcome.pages)
                    whole = tasks.take(outcome)
                    if whole is None:
                        on_outcome(outcome, summary)
                    else:
                        count(whole)
            finally:
                place.sweep(ours)
            if not stop.signal:
                place.clear(PARTS)
    finally:
        book.close()
    summary.stopped = stop.signal
    return summary


class _Tasks(Iterator[Task]):
    """The tasks of a run: one for each item, and the parts of divided items, which go first.

    It may yield more after it was exhausted: an item is divided only when a worker opens it.
    """

    def __init__(self, items: Iterable[Item], book: Journal, others: Others) -> None:
        self._items = iter(items)
        self._book = book
        self._others = others
        self._ready: deque[Task] = deque()
        self._divided: dict[str, tuple[Task, set[int], list[str]]] = {}  # parts left; warnings

    def __next__(self) -> Task:
        if self._ready:
            return self._ready.popleft()
        item = next(self._items)
        return Task(item, _done(self._book, item.path), self._others.get(item.path, ()))

    def take(self, outcome: Outcome) -> Outcome | None:
        """The outcome of a whole item, if this outcome completes it; else None."""
        path = outcome.path
        if outcome.divided is not None:
            whole = outcome.divided
            numbers = range(len(whole.parts))
            self._divided[path] = whole, set(numbers), []
            self._ready.extend(replace(whole, part=number) for number in numbers)
            return None
        if outcome.part is None:
            _, _, warnings = self._divided.pop(path, (None, None, []))
            return replace(outcome, warnings=(*warnings, *outcome.warnings))
        if path not in self._divided:  # it has failed already
            return None
        whole, left, warnings = self._divided[path]
        if outcome.error:  # an error of one part is that of all
            del self._divided[path]
            self._ready = deque(task for task in self._ready if task.item.path != path)
            return replace(outcome, part=None, warnings=tuple(warnings))
        left.discard(outcome.part)
        warnings += outcome.warnings[: max(0, LISTED - len(warnings))]
        if not left:
            self._ready.appendleft(whole)
        return None


def _standing(items: Iterable[Item], recipe: Recipe, place: Place) -> Iterator[tuple[Item, str]]:
    """Items, each with the name of a file that is already where a result of it will go."""
    standing: dict[str, set[str]] = {}  # folder in the place -> names in it
    for item in items:
        for name in recipe.outputs(item):
            folder, _, last = name.rpartition("/")
            if folder not in standing:
                standing[folder] = set(place.names(folder))
            if last in standing[folder]:
                yield item, name


def _written_of_others(
    items: Iterable[Item], recipe: Recipe, place: Place, book: Journal
) -> Others:
    """Path of an item -> files that are where its results will go and that earlier runs wrote from
    other inputs, which are gone by now or were renamed."""
    wanted: dict[str, Item] = {}
    for item, name in _standing(items, recipe, place):
        done = _done(book, item.path)
        if done is None or name not in done.outputs:
            wanted[name] = item
    found: dict[str, tuple[tuple[str, Account], ...]] = {}
    for name, record in book.wrote(wanted) if wanted else ():
        path = wanted[name].path
        if record.file != path and _replaces(path, record):
            found[path] = (*found.get(path, ()), (name, record.outputs[name]))
    return found


def _done(book: Journal, path: str) -> Record | None:
    """What earlier runs recorded of a file; None of another one that was called so elsewhere."""
    record = book.done(path)
    return record if record is None or is_url(path) or _replaces(path, record) else None


def _replaces(path: str, other: Record) -> bool:
    """Whether a file may be another one renamed: that one is gone, or it is the same file."""
    place = other.found()
    try:
        return not is_url(other.file) and (place is None or place.samefile(path))
    except (OSError, ValueError):
        return False


class _Names(set[str]):
    """Names of files in a folder; the name of any page of a document stands for all its pages."""

    def __contains__(self, name: object) -> bool:
        return super().__contains__(NUMBER.sub(".page0001", str(name)))


def _names_by_folder(items: Iterable[Item], recipe: Recipe) -> dict[str, _Names]:
    """Folders in the place -> names of the files that the run may write there."""
    found: dict[str, _Names] = {"": _Names([ERRORS])}
    for item in items:
        for name in recipe.outputs(item):
            folder, _, last = name.rpartition("/")
            found.setdefault(folder, _Names()).add(last)
    return found


def _refuse_to_replace(items: Sequence[Item], recipe: Recipe, place: Place, allowed: bool) -> None:
    """Check that results replace no file unless that is `allowed`, and never an input."""
    met = []
    for item, name in _standing(items, recipe, place):
        met.append(name)
        source = Path(item.path)
        if place.local and source.exists() and source.samefile(place.local / name):
            raise OutputError(
                f"{place.root}/{name}: would replace the file that is read. Name another folder."
            )
    if met and not allowed:
        more = f" and {len(met) - 1} more" if len(met) > 1 else ""
        raise _already_there(place, f"{met[0]}{more}")


def _already_there(place: Place, names: str) -> OutputError:
    return OutputError(
        f"{place.root}/{names}: already there. Use --resume to go on with an earlier run, --force "
        "to replace, or another folder."
    )


def _noted_errors(place: Place) -> dict[str, str] | None:
    """Name of a file -> its row in ERRORS; None if another program wrote that file."""
    if not place.exists(ERRORS):
        return {}
    noted = {}
    data = place.read(ERRORS)
    for row in (data or b"").decode("utf-8", "replace").split("\n"):
        with suppress(ValueError, KeyError, TypeError, RecursionError):  # cut short
            about = json.loads(row)
            if {*about} == {"file", "error", "kind"}:
                noted[str(about["file"])] = f"{row}\n"
    return noted if noted or data == b"" else None


@contextmanager
def _error_rows(place: Place, noted: dict[str, str]) -> Iterator[Callable[[Outcome], None]]:
    """A function that writes an error into ERRORS; in the end the rows are sorted by file.

    In a local folder each error is written at once. Rows still in `noted` at the end are kept.
    """
    rows: list[str] = []

    def note(outcome: Outcome) -> None:
        reason = outcome.error.removeprefix(f"{outcome.file}: ")
        reason = reason.encode("utf-8", "replace").decode()  # names of files need not be UTF-8
        about = {"file": outcome.file, "error": reason, "kind": outcome.kind}
        rows.append(json.dumps(about, ensure_ascii=False) + "\n")
        if place.local is not None:
            try:
                refuse_special(place.local / ERRORS)
                with (place.local / ERRORS).open("a", encoding="utf-8") as stream:
                    stream.write(rows[-1])
            except OSError as error:
                raise OutputError(
                    f"{place.root}/{ERRORS}: cannot be written ({error.strerror}). Make room, and "
                    "go on with --resume."
                ) from None

    try:
        yield note
    finally:
        if rows or noted:
            place.write(ERRORS, "".join(sorted([*rows, *noted.values()])).encode())
        else:
            place.remove(ERRORS)

"""What a run over many files is made of: items, the recipe, tasks, outcomes, the account."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from ocr.batch.journal import Account, Record

GRACE = 10.0  # seconds that a stopped run gives the files at work
LISTED = 20  # errors and warnings that the summary names; all errors are in the file


class Item(Protocol):
    """A file to read, such as `ocr.input.documents.Document`; picklable.

    `path` is unique among the items of a run; `name` is how messages call it.
    """

    @property
    def path(self) -> str: ...
    @property
    def name(self) -> str: ...


class Recipe(Protocol):
    """How an item becomes results; picklable. All but `settings` and `outputs` run on workers.

    A part is a piece of an item that can be read by itself; it may be any picklable object.
    """

    def settings(self) -> str:
        """SHA-256 of all that the results depend on besides the item."""

    def outputs(self, item: Any) -> list[str]:
        """Names that the item's `files` may have, found without opening it."""

    def content(self, item: Any) -> Path | bytes:
        """The item's file, or what is in it."""

    def about(self, item: Any) -> str:
        """What of the item the results depend on besides its content."""

    def parts(self, item: Any, content: Path | bytes) -> Sequence[Any]:
        """Its parts in order, at least one."""

    def read(self, item: Any, content: Path | bytes, part: Any) -> PartResult:
        """Read one part."""

    def files(
        self, item: Any, content: Path | bytes, data: Callable[[], Iterator[bytes]]
    ) -> Iterator[tuple[str, Iterable[bytes]]]:
        """The files to write, by name, in pieces; `data` gives each part's `PartResult.data`."""


@dataclass(frozen=True)
class PartResult:
    """The result of one part, and sentences for people.

    `warnings` say what may be wrong; `pages` say what was read, one sentence for each page.
    """

    data: bytes
    warnings: tuple[str, ...] = ()
    pages: tuple[str, ...] = ()


@dataclass(frozen=True)
class Task:
    """An item to read, unless `done` proves that it has been read.

    `ours` are files that are where its results will go and that earlier runs recorded for other
    items. A divided item has a `digest` and `parts`: `part` is the number of the part to read, and
    None once all are read, so that its files can be written.
    """

    item: Item
    done: Record | None = None
    ours: tuple[tuple[str, Account], ...] = ()
    digest: str = ""
    parts: tuple[Any, ...] = ()
    part: int | None = None

    @property
    def only_writes(self) -> bool:
        """Whether all parts are read and only the files are to be written."""
        return bool(self.parts) and self.part is None


@dataclass(frozen=True)
class Outcome:
    """The outcome of a task: a record of what was written, or an error.

    Attributes
    ----------
    file : str
        Name of the item, for people.
    record : Record or None
    error : str
        The reason, empty if it was read.
    kind : str
        Name of the error's class.
    trace : str
        Traceback of an unexpected error.
    warnings, pages : tuple of str
        As in `PartResult`.
    fresh : bool
        Whether this run read it; False if an earlier run had.
    kept : tuple of str
        Results that were left as they are because somebody has changed them.
    path : str
        Of the item.
    part : int or None
        Number of the part that this is about; None for the whole item.
    divided : Task or None
        The same task with its parts, which are to be read one by one instead.
    """

    file: str
    record: Record | None = None
    error: str = ""
    kind: str = ""
    trace: str = ""
    warnings: tuple[str, ...] = ()
    pages: tuple[str, ...] = ()
    fresh: bool = True
    kept: tuple[str, ...] = ()
    path: str = ""
    part: int | None = None
    divided: Task | None = None


def failure(task: Task, error: str, kind: str, trace: str = "") -> Outcome:
    """The outcome of a task at which something went wrong."""
    item = task.item
    return Outcome(item.name, error=error, kind=kind, trace=trace, path=item.path, part=task.part)


@dataclass
class Stop:
    """Whether the run is to end, and by which signal; checked before tasks are handed out."""

    signal: int = 0
    times: int = 0


Step = Callable[[Task], Outcome]
# Does a step for each task, in any order and any process; takes few tasks ahead of time.
Execute = Callable[[Iterator[Task], Step, Stop], Iterator[Outcome]]


@dataclass
class Summary:
    """The account of a run."""

    total: int
    read: int = 0
    pages: int = 0  # read now
    found: int = 0  # done by an earlier run
    failed: int = 0
    warned: int = 0
    kept: int = 0  # results that somebody has changed, left as they are
    stopped: int = 0  # signal that ended it
    # The first `LISTED` of each.
    errors: list[Outcome] = field(default_factory=list, repr=False)
    warnings: list[str] = field(default_factory=list, repr=False)
    first_kept: str = ""

    @property
    def left(self) -> int:
        return self.total - self.read - self.found - self.failed

    def count(self, outcome: Outcome) -> None:
        """Take an item's outcome into the account."""
        if outcome.record is None:
            self.failed += 1
            if len(self.errors) < LISTED:
                self.errors.append(outcome)
        elif outcome.fresh:
            self.read += 1
        else:
            self.found += 1
        if outcome.kept:
            self.first_kept = self.first_kept or outcome.kept[0]
            self.kept += len(outcome.kept)
        self.warned += bool(outcome.warnings)
        self.warnings += outcome.warnings[: max(0, LISTED - len(self.warnings))]

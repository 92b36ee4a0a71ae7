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
    """What is read at one go, such as `ocr.input.documents.Document`; picklable.

    `path` is where it is and tells it from all others; `name` is the same for people.
    """

    @property
    def path(self) -> str: ...
    @property
    def name(self) -> str: ...


class Recipe(Protocol):
    """How an item becomes results; picklable. All but `settings` and `outputs` run on workers.

    A part is what can be read apart from the rest of an item: anything picklable.
    """

    def settings(self) -> str:
        """SHA-256 of all that the results depend on besides the item."""

    def outputs(self, item: Any) -> list[str]:
        """Names that the item's `files` may have, told without opening it."""

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
    """What one part gave, and sentences for people.

    `warnings` are of what may be wrong, `pages` tell what was read, one for each page.
    """

    data: bytes
    warnings: tuple[str, ...] = ()
    pages: tuple[str, ...] = ()


@dataclass(frozen=True)
class Task:
    """An item to read, unless `done` proves that it has been.

    `ours` are files that stand where its results go and that earlier runs recorded of other items.
    Of an item that is divided, the `digest` is told, and `part` is the number of the part to read;
    none is left to read where it is None, so that its files can be written.
    """

    item: Item
    done: Record | None = None
    ours: tuple[tuple[str, Account], ...] = ()
    digest: str = ""
    parts: tuple[Any, ...] = ()
    part: int | None = None

    @property
    def only_writes(self) -> bool:
        """Whether all is read."""
        return bool(self.parts) and self.part is None


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
        As in `PartResult`.
    fresh : bool
        Whether it was read now, and not found done.
    kept : tuple of str
        Results that somebody has changed since they were written, and that were left so.
    path : str
        Of the item.
    part : int or None
        The part of it that this is about, if it is not all.
    divided : Task or None
        What is to be read part by part instead.
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

"""The journal of a run: what is done, so that a run that was ended goes on where it was."""

from __future__ import annotations

import contextlib
import json
import os
import time
from collections.abc import Container, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import IO

from ocr.batch.place import Place
from ocr.errors import OutputError
from ocr.formats.output import refuse_special

# Dot names: a folder of results shows results. It stays after the run, for `--resume` takes in
# what has come to the inputs since.
NAME = ".ocr-journal.ndjson"
PARTS = ".ocr-journal"  # where nothing can be appended to a file, a folder of parts

Account = tuple[int, str]  # size and SHA-256 of a file

PART_ROWS = 1000  # records, and
PART_SECONDS = 30.0  # the time after which a part is written: so much is read again at worst


@dataclass(frozen=True)
class Record:
    """One input that is done.

    Attributes
    ----------
    file : str
        The input's name.
    input : str
        SHA-256 of its content.
    settings : str
        SHA-256 of all that the results depend on besides.
    outputs : dict of str to (int, str)
        Size and SHA-256 of each file written.
    where : str or None
        Where the input can be found from any folder; empty if it is no file of this machine, None
        if the version that recorded it did not tell.
    """

    file: str
    input: str
    settings: str
    outputs: dict[str, Account]
    where: str | None = None

    def to_json(self) -> str:
        return json.dumps(asdict(self), ensure_ascii=False)

    @staticmethod
    def from_json(text: str) -> Record:
        """Inverse of `to_json`; ValueError on anything else."""
        try:
            data = json.loads(text)
            file, input_, settings = data["file"], data["input"], data["settings"]
            outputs = {name: (size, digest) for name, (size, digest) in data["outputs"].items()}
        except (KeyError, TypeError, AttributeError, RecursionError):
            raise ValueError("no row of a journal") from None
        where = data.get("where")
        names = (file, input_, settings, where or "", *(digest for _, digest in outputs.values()))
        if not all(isinstance(one, str) for one in names) or not all(
            isinstance(size, int) for size, _ in outputs.values()
        ):
            raise ValueError("no row of a journal")
        return Record(file, input_, settings, outputs, where)

    def found(self) -> Path | None:
        """Where the input is; None if it is not there any more, or was no file."""
        for place in (self.where, None if self.where == "" else self.file):
            if place and os.path.isfile(place):  # noqa: PTH113 - a name may hold a null byte
                return Path(place)
        return None


class Journal:
    """Records one after the other, in a file in the folder of the results.

    A run may end at any moment, so a row may be cut short: it is passed over. The rows of earlier
    runs stay, for they are only believed where content, settings and results bear them out.

    Parameters
    ----------
    place : Place
    resume : bool
        Recall what earlier runs have recorded, for `done`.

    Raises
    ------
    OutputError
        It cannot be written, or another run is writing it.
    """

    def __init__(self, place: Place, resume: bool) -> None:
        self._place = place
        self._rows: dict[str, str] = {}  # name -> JSON: a tenth of what the objects would take
        self._stream: IO[str] | None = None
        self._part: list[str] = []
        self._since = time.monotonic()
        self._next = 0
        if place.local is not None:
            self._stream = _open(place.local / NAME)
        if resume:
            self._load()
        if self._stream is None:
            names = place.names(PARTS)
            self._next = 1 + max((int(name.split(".")[0]) for name in names), default=0)
        elif self._stream.tell():
            try:
                self._stream.write("\n")  # after a row that may be cut short
            except OSError as error:
                raise self._cannot_be_written(error) from None

    def done(self, file: str) -> Record | None:
        """The last record that earlier runs made of an input."""
        row = self._rows.get(file)
        return None if row is None else Record.from_json(row)

    def wrote(self, names: Container[str]) -> Iterator[tuple[str, Record]]:
        """Of these files in the place, each with what earlier runs recorded of its input last."""
        for row in self._rows.values():
            record = Record.from_json(row)
            for name in record.outputs:
                if name in names:
                    yield name, record

    def add(self, record: Record) -> None:
        """Record an input; readable after a crash of this process at once, or within a part."""
        if self._stream is not None:
            try:
                self._stream.write(record.to_json() + "\n")
                self._stream.flush()
            except OSError as error:
                raise self._cannot_be_written(error) from None
            return
        self._part.append(record.to_json())
        if len(self._part) >= PART_ROWS or time.monotonic() - self._since > PART_SECONDS:
            self._write_part()

    def close(self) -> None:
        if self._stream is not None:
            with contextlib.suppress(OSError):  # what a full disk has no room for was told before
                self._stream.close()
        else:
            self._write_part()

    def _cannot_be_written(self, error: OSError) -> OutputError:
        return OutputError(
            f"{self._place.root}/{NAME}: cannot be written ({error.strerror}). Make room, and go "
            "on with --resume."
        )

    def _load(self) -> None:
        for row in _rows(self._place):
            try:
                record = Record.from_json(row)
            except ValueError:
                continue
            self._rows[record.file] = row

    def _write_part(self) -> None:
        if self._part:
            data = "".join(f"{row}\n" for row in self._part)
            self._place.write(
                f"{PARTS}/{self._next:06d}.ndjson", data.encode("utf-8", "surrogateescape")
            )
            self._next += 1
            self._part.clear()
        self._since = time.monotonic()


def stands(place: Place) -> bool:
    """Whether a run has written into this place."""
    return place.exists(NAME) if place.local is not None else bool(place.names(PARTS))


class Written:
    """Files that runs into a folder of this machine have written, as they still are.

    Parameters
    ----------
    place : Place
    """

    def __init__(self, place: Place) -> None:
        self._place = place
        self._root = place.local.resolve() if place.local is not None else None
        self._accounts: dict[str, set[Account]] = {}
        for row in _rows(place) if self._root is not None and self._root.is_dir() else ():
            try:
                outputs = Record.from_json(row).outputs
            except ValueError:
                continue
            for name, account in outputs.items():
                self._accounts.setdefault(name, set()).add(account)

    def __bool__(self) -> bool:
        return bool(self._accounts)

    def __contains__(self, path: object) -> bool:
        """Whether a run wrote the file of a resolved path: another may have come in its place."""
        if self._root is None or not isinstance(path, Path) or not path.is_relative_to(self._root):
            return False
        name = path.relative_to(self._root).as_posix()
        accounts = self._accounts.get(name, ())
        with contextlib.suppress(OSError):
            if path.stat().st_size in (size for size, _ in accounts):
                return self._place.account(name) in accounts
        return False


def written_into(folder: str) -> Written:
    """What runs into a folder have written there."""
    return Written(Place(folder))


def _open(path: Path) -> IO[str]:
    """The journal's file, for this process alone where the system can see to that."""
    refuse_special(path)
    try:
        # surrogateescape: names of files need not be UTF-8.
        stream = path.open("a", encoding="utf-8", errors="surrogateescape")
    except OSError as error:
        raise OutputError(f"{path}: cannot be written ({error.strerror}).") from None
    with contextlib.suppress(ImportError):  # Windows
        import fcntl

        try:
            fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            stream.close()
            raise OutputError(
                f"{path.parent}: another run is writing here. Wait for it, or name another folder."
            ) from None
        except OSError:  # a file system without locks
            pass
    return stream


def _rows(place: Place) -> Iterator[str]:
    """Rows of the journal, oldest first."""
    if place.local is not None:
        path = place.local / NAME
        if path.is_file() and not path.is_symlink():
            with path.open(encoding="utf-8", errors="surrogateescape") as stream:
                yield from stream
        return
    for name in place.names(PARTS):
        data = place.read(f"{PARTS}/{name}")
        if data is not None:
            yield from data.decode("utf-8", "surrogateescape").split("\n")

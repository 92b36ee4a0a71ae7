"""What a worker does with a task of a run: read an item or a part of it, and write its results."""

from __future__ import annotations

import hashlib
import io
import os
import traceback
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypeGuard

from ocr.batch.journal import Account, Record
from ocr.batch.place import Place
from ocr.batch.tasks import Item, Outcome, PartResult, Recipe, Task, failure
from ocr.errors import ImageError, ModelError, OcrError, OutputError
from ocr.input.sources import reason_of
from ocr.memory import no_memory

PARTS = ".ocr-parts"  # folder of what is read of documents that are not finished


@dataclass(frozen=True)
class Work:
    """What a worker does with a task; made here, sent to all workers."""

    recipe: Recipe
    place: Place
    settings: str
    force: bool = False  # write over what is no result of an earlier run, or was changed since

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
            if task.part is not None:
                return self._read_part(task, content)
            return self._read_all(task, content)
        except ModelError:
            raise
        except OcrError as error:
            return failure(task, str(error), type(error).__name__)
        except MemoryError as error:
            return failure(task, no_memory(item.name), type(error).__name__)
        # The edge of a worker: what one file brings about must not end the run.
        except Exception as error:
            kind = type(error).__name__
            reason = f"{item.name}: internal error ({kind}: {error}); see --debug"
            return failure(task, reason, kind, traceback.format_exc())

    def _read_all(self, task: Task, content: Path | bytes) -> Outcome:
        """Read an item of one part, divide another, or write what its parts gave."""
        item = task.item
        digest = _digest(content, self.recipe.about(item), item.name)
        # What an earlier run wrote of it as it is now, and what of that somebody has changed since;
        # an empty file has lost what was in it.
        before = task.done.outputs if task.done and task.done.input == digest else {}
        standing = {name: self.place.account(name) for name in before}
        edited = [name for name, now in standing.items() if now and now[0] and now != before[name]]
        if self.force:
            edited = []
        if _is_done(task.done, digest, self.settings) and all(
            standing[name] == before[name] or name in edited for name in before
        ):
            return Outcome(item.name, task.done, fresh=False, kept=tuple(edited), path=item.path)
        reading = PartResult(b"")
        if task.only_writes:
            if digest != task.digest:
                raise OcrError(f"{item.name}: was changed while it was read. Read it again.")
            names = self.part_names(task)

            def data() -> Iterator[bytes]:
                for name in names:
                    yield self._kept(name, item.name)

        else:
            parts = tuple(self.recipe.parts(item, content))
            if len(parts) > 1:
                divided = replace(task, digest=digest, parts=parts)
                return Outcome(item.name, path=item.path, divided=divided)
            reading = self.recipe.read(item, content, parts[0])

            def data() -> Iterator[bytes]:
                yield reading.data

        written: dict[str, Account] = {}
        kept = []
        for name, pieces in self.recipe.files(item, content, data):
            if name not in edited:
                written[name] = self._write(task, name, pieces)
            elif (account := _account(pieces)) == standing[name]:  # of a run that was killed
                written[name] = account
            else:
                written[name] = before[name]
                kept.append(name)
        record = Record(item.path, digest, self.settings, written, _where(item, content))
        return Outcome(
            item.name,
            record,
            warnings=reading.warnings,
            pages=reading.pages,
            kept=tuple(kept),
            path=item.path,
        )

    def _write(self, task: Task, name: str, pieces: Iterable[bytes]) -> Account:
        """Write a result, unless that would replace a file that no earlier run has written.

        What a run wrote but did not record, because it was killed, is recognized by its content.
        """
        if self.force or not self.place.exists(name):
            return self.place.write(name, pieces)
        ours = {*task.ours, *(task.done.outputs.items() if task.done else ())}
        standing = self.place.account(name)
        if standing is not None and (
            (name, standing) in ours or (not standing[0] and name in dict(ours))
        ):
            return self.place.write(name, pieces)
        account = _account(pieces)
        if account == standing:
            return account
        raise OutputError(
            f"{task.item.name}: {self.place.root}/{name} is already there, and not as an earlier "
            "run has written it. Move it away, or use --force to replace it."
        )

    def _read_part(self, task: Task, content: Path | bytes) -> Outcome:
        """Read a part into the hidden folder, unless an earlier run has."""
        assert task.part is not None
        name = self.part_names(task)[task.part]
        reading = PartResult(b"")
        if _unsealed(self.place.read(name) or b"") is None:
            reading = self.recipe.read(task.item, content, task.parts[task.part])
            self.place.write(name, _sealed(reading.data))
        return Outcome(
            task.item.name,
            warnings=reading.warnings,
            pages=reading.pages,
            path=task.item.path,
            part=task.part,
        )

    def part_names(self, task: Task) -> list[str]:
        """Names of the hidden files that hold an item's parts, by its content and settings."""
        key = hashlib.sha256(f"{task.digest} {self.settings}".encode()).hexdigest()[:32]
        return [f"{PARTS}/{key}-{part:06d}" for part in range(len(task.parts))]

    def _kept(self, name: str, item: str) -> bytes:
        """The result of a part, from the hidden folder."""
        data = _unsealed(self.place.read(name) or b"")
        if data is None:
            self.place.remove(name)
            raise OutputError(f"{item}: {self.place.root}/{name} is lost or damaged. Use --resume.")
        return data


def _where(item: Item, content: Path | bytes) -> str:
    """Absolute path of an item's file; empty if it is in no file of this machine."""
    # Links are kept, and what a pipe held is in no file.
    return "" if isinstance(content, bytes) else os.path.abspath(item.path)  # noqa: PTH100


def _account(pieces: Iterable[bytes]) -> Account:
    """Size and SHA-256 of the pieces put together."""
    size, digest = 0, hashlib.sha256()
    for piece in pieces:
        size += len(piece)
        digest.update(piece)
    return size, digest.hexdigest()


def _digest(content: Path | bytes, about: str, name: str) -> str:
    digest = hashlib.sha256(about.encode())
    try:
        with io.BytesIO(content) if isinstance(content, bytes) else content.open("rb") as stream:
            while block := stream.read(1 << 20):
                digest.update(block)
    except OSError as error:
        raise ImageError(f"{name}: cannot be opened ({reason_of(error)}).") from None
    return digest.hexdigest()


def _sealed(data: bytes) -> bytes:
    """Data with its checksum."""
    return hashlib.sha256(data).digest() + data


def _unsealed(sealed: bytes) -> bytes | None:
    """The data of `_sealed`; None if it is damaged."""
    size = hashlib.sha256().digest_size
    digest, data = sealed[:size], sealed[size:]
    return data if hashlib.sha256(data).digest() == digest else None


def _is_done(record: Record | None, digest: str, settings: str) -> TypeGuard[Record]:
    return record is not None and (record.input, record.settings) == (digest, settings)

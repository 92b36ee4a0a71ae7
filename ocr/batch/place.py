"""Places for results: a folder of this machine, or one behind an address."""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import tempfile
from collections.abc import Container, Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path, PurePosixPath
from typing import IO, Any

from ocr.errors import OutputError
from ocr.formats.output import make_folder, refuse_special, replacing
from ocr.input.addresses import CLIENT_ERRORS, file_system, is_url, protocols_of

# Stores whose only folders are buckets, which a misspelled address must not make.
BUCKETS = {"s3", "s3a", "gs", "gcs", "abfs", "abfss", "az", "oss", "oci"}

# What `ocr.formats.output.replacing` leaves when its process is killed while it writes.
PART = re.compile(r"\.(.+)\.[0-9a-f]{8}\.part")

PROBE = ".ocr-probe"  # a file that is written and removed


@dataclass(frozen=True)
class Place:
    """A folder for results. Picklable: workers write into it by themselves.

    Attributes
    ----------
    root : str
        A path, or an address for fsspec.
    """

    root: str

    @cached_property
    def _remote(self) -> tuple[Any, str] | None:
        """File system and path of an address; None of a local folder, however it is named."""
        if not is_url(self.root):
            return None
        system, path = file_system(self.root)
        return None if "file" in protocols_of(system) else (system, path.rstrip("/"))

    @cached_property
    def local(self) -> Path | None:
        """The folder on this machine, or None of another place."""
        if self._remote is not None:
            return None
        return Path(file_system(self.root)[1] if is_url(self.root) else self.root)

    def __getstate__(self) -> dict[str, str]:
        return {"root": self.root}  # the open file system stays here

    def make(self) -> None:
        """Make the folder if it is not there.

        Raises
        ------
        OutputError
            It cannot be made or written to.
        """
        if self.local is not None:
            make_folder(self.local)
        else:  # found out now, and not when a thousand pages have been read
            self.write(PROBE, b"")
            self.remove(PROBE)

    def write(self, name: str, data: bytes | Iterable[bytes]) -> tuple[int, str]:
        """Write one file whole or not at all: beside and renamed, or as one object.

        Parameters
        ----------
        name : str
        data : bytes or iterable of bytes
            The content, or pieces of it, which need not be in memory together.

        Returns
        -------
        int, str
            Its size and SHA-256.

        Raises
        ------
        OutputError
            It cannot be written.
        """
        size, digest = 0, hashlib.sha256()

        def write_to(stream: IO[bytes]) -> None:
            nonlocal size
            for piece in (data,) if isinstance(data, bytes) else data:
                size += len(piece)
                digest.update(piece)
                stream.write(piece)

        if self.local is not None:
            path = self._path(name)
            if path.parent != self.local:
                make_folder(path.parent)
            with replacing(path) as stream:
                write_to(stream)
            return size, digest.hexdigest()
        system, path_ = self._at(name)
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder) / "content"
            with file.open("wb") as stream:
                write_to(stream)
            try:
                if not BUCKETS & set(protocols_of(system)):
                    system.makedirs(path_.rpartition("/")[0], exist_ok=True)
                system.put_file(str(file), path_)
            except CLIENT_ERRORS as error:
                reason = f"{self.root}/{name}: cannot be written ({error})."
                raise OutputError(reason) from None
        return size, digest.hexdigest()

    def read(self, name: str) -> bytes | None:
        """The content of a file, or None if it is not there or cannot be read."""
        try:
            if self.local is not None:
                return self._path(name).read_bytes()
            system, path = self._at(name)
            return bytes(system.cat_file(path))
        except (OSError, OutputError):
            return None

    def exists(self, name: str) -> bool:
        if self.local is not None:
            return os.path.lexists(self.local / name)
        system, path = self._at(name)
        return bool(system.exists(path))

    def remove(self, name: str) -> None:
        """Remove a file; fine if it is not there."""
        if self.local is not None:
            try:
                (self.local / _inside(name)).unlink(missing_ok=True)
            except OSError as error:
                reason = f"{self.root}/{name}: cannot be removed ({error.strerror})."
                raise OutputError(reason) from None
        elif self.exists(name):
            system, path = self._at(name)
            system.rm_file(path)

    def clear(self, folder: str) -> None:
        """Remove a folder in this place with all that is in it; fine if it is not there."""
        if self.local is not None:
            shutil.rmtree(self.local / folder, ignore_errors=True)
            return
        system, path = self._at(folder)
        if system.exists(path):
            system.rm(path, recursive=True)

    def names(self, folder: str) -> list[str]:
        """Names of the files directly in a folder in this place, sorted; none if it is missing."""
        if self.local is not None:
            inside = self.local / folder
            return sorted(path.name for path in inside.iterdir()) if inside.is_dir() else []
        system, path = self._at(folder)
        try:
            return sorted(str(name).rpartition("/")[2] for name in system.ls(path, detail=False))
        except FileNotFoundError:
            return []

    def account(self, name: str) -> tuple[int, str] | None:
        """Size and SHA-256 of a file; None if it cannot be read."""
        size, digest = 0, hashlib.sha256()
        try:
            if self.local is not None:
                stream = self._path(name).open("rb")
            else:
                system, path = self._at(name)
                stream = system.open(path, "rb")
            with stream:
                while block := stream.read(1 << 20):
                    size += len(block)
                    digest.update(block)
        except (OSError, OutputError):
            return None
        return size, digest.hexdigest()

    def sweep(self, ours: Mapping[str, Container[str]]) -> None:
        """Remove what killed processes have left half-written. Nobody may be writing.

        Parameters
        ----------
        ours : mapping of str to container of str
            Folders in this place, and in each the names of files that are written there. What is
            half-written of others' files is theirs.
        """
        if self.local is None:
            return
        for folder, names in ours.items():
            for name in self.names(folder):
                match = PART.fullmatch(name)
                if match and match[1] in names:
                    (self.local / folder / name).unlink(missing_ok=True)

    def _path(self, name: str) -> Path:
        """Where a file of this folder is: a regular one, or none yet, in folders that are no links.

        Raises
        ------
        OutputError
            The name leads out of the folder, or a link on the way or another thing is there.
        """
        assert self.local is not None
        path = self.local
        for part in PurePosixPath(_inside(name)).parts[:-1]:
            path /= part
            if path.is_symlink():
                raise OutputError(f"{path}: a link, which may lead elsewhere. Remove it.")
        path = self.local / name
        refuse_special(path)
        return path

    def _at(self, name: str) -> tuple[Any, str]:
        assert self._remote is not None
        system, path = self._remote
        return system, f"{path}/{_inside(name)}"


def _inside(name: str) -> str:
    """The name, if it stays inside its folder."""
    parts = PurePosixPath(name).parts
    if ".." in parts or PurePosixPath(name).is_absolute():
        raise OutputError(f"{name}: leads out of the folder of the results.")
    return name

"""Write results so that interrupted work leaves nothing half-written behind."""

from __future__ import annotations

import contextlib
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from ocr.errors import OutputError


@contextmanager
def replacing(path: Path) -> Iterator[IO[bytes]]:
    """A binary stream that becomes the file `path` once the block ends without an exception.

    It is written beside the target and then renamed, so that an older file stays whole until the
    new one is. What is no regular file, such as ``/dev/null``, is written to directly.

    Raises
    ------
    OutputError
        The file cannot be written. Raised on entry where that can be known, before any work.
    """
    try:
        path = path.resolve()
        if path.is_dir():
            raise OutputError(f"{path}: a folder. Name a file inside it.")
        if path.exists() and not path.is_file():
            with path.open("wb") as stream:
                yield stream
            return
        beside = path.with_name(f".{path.name}.{secrets.token_hex(4)}.part")
        try:
            with beside.open("xb") as stream:
                yield stream
            if path.exists():
                beside.chmod(path.stat().st_mode)
            beside.replace(path)
        except BaseException:
            with contextlib.suppress(OSError):
                beside.unlink()
            raise
    except BrokenPipeError:
        raise  # of stdout, not of this file
    except OSError as error:
        reason = error.strerror or str(error)
        raise OutputError(
            f"{path}: cannot be written ({reason[:1].lower()}{reason[1:]}). "
            "Name another file, or make room and check the permissions."
        ) from None


def make_folder(path: Path) -> None:
    """Make a folder for results, and those above it; fine if it stands.

    Raises
    ------
    OutputError
        It cannot be made or written to.
    """
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OutputError(f"{path}: cannot be made ({error.strerror}). Name another.") from None
    if not os.access(path, os.W_OK):
        raise OutputError(f"{path}: cannot be written to. Name another folder.")

"""Write results so that interrupted work leaves nothing half-written behind."""

from __future__ import annotations

import codecs
import contextlib
import os
import re
import secrets
import stat
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, TYPE_CHECKING

from ocr.errors import OutputError
from ocr.input.sources import SUFFIXES

if TYPE_CHECKING:
    from ocr.input.documents import Document

STREAMS = {"stdout": 1, "stderr": 2}
OPEN_FILE = re.compile(r"/dev/(stdout|stderr)|/(?:dev|proc/self)/fd/(\d{1,9})")
HEAD = 1 << 12  # bytes that tell a report from what is no text


@contextmanager
def replacing(path: Path, force: bool = True) -> Iterator[IO[bytes]]:
    """A binary stream that becomes the file `path` once the block ends without an exception.

    It is written beside the target and then renamed, so that an older file stays whole until the
    new one is. What is no regular file, such as ``/dev/null`` or ``/dev/stdout``, is written to
    directly, and so is what the shell has opened, wherever it leads. Without `force` no older file
    is replaced, such as one of another program that came into being meanwhile.

    Raises
    ------
    OutputError
        The file cannot be written, or is there without `force`. Raised on entry where that can be
        known, before any work.
    """
    try:
        number = _descriptor(path)
        if number is not None or (path.exists() and not path.is_file() and not path.is_dir()):
            # Not resolved: what /dev/stdout leads to may have no name that can be opened.
            try:
                opened = path if number is None else os.dup(number)
                with open(opened, "wb") as stream:  # noqa: PTH123 - a number, or a path
                    yield stream
            except BrokenPipeError:
                raise OutputError(f"{path}: closed before all was written.") from None
            return
        path = path.resolve()
        if path.is_dir():
            raise OutputError(f"{path}: a folder. Name a file inside it.")
        beside = path.with_name(f".{path.name}.{secrets.token_hex(4)}.part")
        try:
            with beside.open("xb") as stream:
                yield stream
            if path.exists():
                if not force:
                    raise _there(str(path))
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


def _descriptor(path: Path) -> int | None:
    """The number of the open file that a path such as ``/dev/stdout`` or ``/dev/fd/63`` names.

    It is written on where it stands; to open its path anew would empty a file that stdout leads to.
    """
    match = OPEN_FILE.fullmatch(os.path.abspath(path))  # noqa: PTH100 - links are not followed
    if match is None or not os.path.exists(path):  # noqa: PTH110
        return None
    return STREAMS[match[1]] if match[1] else int(match[2])


def refuse_existing(planned: Iterable[tuple[Document, Path]], force: bool = False) -> None:
    """Check, before anything is read, that results would replace no file.

    Parameters
    ----------
    planned : iterable of (Document, Path)
        Documents and the files that they will become.
    force : bool
        Other files may be replaced, but never the documents themselves.

    Raises
    ------
    OutputError
        Files are there.
    """
    there: dict[Path, None] = {}
    for document, path in planned:
        if not os.path.isfile(path):  # noqa: PTH113 - quiet where one may not look
            continue
        if _descriptor(path) is not None:
            continue
        if Path(document.path).exists() and path.samefile(document.path):
            raise OutputError(f"{path}: would replace the file that is read. Name another output.")
        there[path] = None
    if there and not force:
        first, *others = there
        more = f" and {len(others)} more" if others else ""
        raise _there(f"{first}{more}")


def _there(names: str) -> OutputError:
    return OutputError(f"{names}: already there. Use --force to replace, or another name.")


def refuse_to_lose(
    path: Path, inputs: Iterable[str | os.PathLike[str]], is_ours: Callable[[Path], bool]
) -> None:
    """Check that a file may be replaced, by a command that is run again and again.

    Parameters
    ----------
    path : Path
        Where it writes.
    inputs : iterable of path
        What it reads, which is never replaced.
    is_ours : callable
        Whether a file is of the kind that the command writes.

    Raises
    ------
    OutputError
        Another file is there.
    """
    if not os.path.isfile(path) or not path.stat().st_size:  # noqa: PTH113 - as above
        return
    if _descriptor(path) is not None:
        return
    if any(os.path.exists(one) and path.samefile(one) for one in inputs):  # noqa: PTH110
        raise OutputError(f"{path}: would replace the file that is read. Name another output.")
    if not is_ours(path):
        raise OutputError(
            f"{path}: already there, and nothing that this command has written. Move it away, or "
            "name another output."
        )


def is_report(path: Path) -> bool:
    """Whether a file may be a report in text or JSON: no picture, nothing binary, no text that a
    person wrote down for a photo."""
    if path.suffix.lower() in SUFFIXES or ".gt." in path.name:
        return False
    try:
        with path.open("rb") as stream:
            text = codecs.getincrementaldecoder("utf-8")().decode(stream.read(HEAD))
    except (OSError, UnicodeDecodeError):
        return False
    return "\0" not in text


@contextmanager
def new_folder(path: Path) -> Iterator[None]:
    """A folder for results as `make_folder` makes it; it goes again if nothing came into it.

    Only where the block ends by an exception, and only folders that were not there before.
    """
    made = [one for one in (path, *path.parents) if not one.exists()]
    make_folder(path)
    try:
        yield
    except BaseException:
        with contextlib.suppress(OSError):  # not empty
            for one in made:
                one.rmdir()
        raise


def refuse_special(path: Path) -> None:
    """Check that a path is a regular file or free: a link leads elsewhere, a pipe may block.

    For files in folders that may be other people's. A path that a person names is taken as it is.

    Raises
    ------
    OutputError
        Something else stands there.
    """
    try:
        mode = path.lstat().st_mode
    except OSError:
        return
    if not stat.S_ISREG(mode):
        raise OutputError(
            f"{path}: a link, a folder or a device and no regular file. Remove it, or name another "
            "folder."
        )


def make_folder(path: Path) -> None:
    """Make a folder for results, and those above it; fine if it stands.

    Raises
    ------
    OutputError
        It cannot be made, listed or written to.
    """
    missing = []
    for one in (path, *path.parents):  # not by recursion, as mkdir does: folders may be nested deep
        if os.path.lexists(one):
            break
        missing.append(one)
    try:
        for one in reversed(missing):
            one.mkdir(exist_ok=True)
        path.mkdir(exist_ok=True)
    except OSError as error:
        raise OutputError(f"{path}: cannot be made ({error.strerror}). Name another.") from None
    if not os.access(path, os.R_OK | os.W_OK | os.X_OK):
        raise OutputError(f"{path}: may not be listed and written to. Name another folder.")

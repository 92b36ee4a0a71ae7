"""`ocr read --watch`: read what comes into folders, again and again, until it is stopped."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Container, Sequence
from typing import TYPE_CHECKING

from ocr.cli.console import tell
from ocr.cli.read_folder import read_into_folder
from ocr.cli.signals import INTERRUPTED, stopping
from ocr.config import install_hint
from ocr.errors import ExitCode, ImageError, OcrError, OutputError

if TYPE_CHECKING:
    from ocr.batch.recipe import ReadDocument
    from ocr.batch.tasks import Execute
    from ocr.input.documents import Document

QUIET = 1600  # milliseconds without a change after which files are read: they are being copied
LOOK = 200  # milliseconds between looks at whether it was stopped


def require() -> None:
    """Check that folders can be watched.

    Raises
    ------
    OutputError
        The package that watches is not installed.
    """
    try:
        import watchfiles  # noqa: F401
    except ImportError:
        raise OutputError(f"--watch needs one more package: {install_hint('watch')}") from None


def keep_reading(
    folders: Sequence[str],
    recursive: bool,
    find: Callable[[], list[Document]],
    recipe: ReadDocument,
    output: str,
    execute: Callable[[Sequence[Document]], Execute | None],
    force: bool,
    lost: list[tuple[str, OcrError]],
) -> int:
    """Read what is in the folders, then whatever changes; return the exit status.

    Each round goes on with the run before it, whose journal tells what is done: a file that has not
    changed is neither read again nor tried again if it could not be read.
    """
    import watchfiles

    from ocr.input.documents import shown_name

    ended = threading.Event()

    tried: dict[str, tuple[int, ...]] = {}  # files as they were when they were read

    def is_new(path: str) -> bool:
        before, tried[path] = tried.get(path), _state(path)
        return before != tried[path]

    def read_some(wanted: Container[str] | None, first: bool = False) -> int:
        documents = [
            one
            for one in find()
            if (wanted is None or os.path.realpath(one.path) in wanted) and is_new(one.path)
        ]
        lost.clear()  # an empty folder is none here
        if not documents:
            return int(ExitCode.OK)
        status = read_into_folder(
            documents, recipe, output, execute(documents), True, force, [], not first, stop
        )
        if wanted is not None and status == ExitCode.OK:
            tell(f"read {', '.join(one.name for one in documents)}")
        return status

    first = True
    with stopping() as stop:  # of all rounds: a signal at the last file of one ends it as well
        status = read_some(None, first=True)
        if status >= INTERRUPTED:
            return status
        tell(f"watching {', '.join(folders)}; Ctrl-C ends it")
        for changes in watchfiles.watch(
            *folders,
            stop_event=ended,
            debounce=QUIET,
            rust_timeout=LOOK,
            yield_on_timeout=True,
            recursive=recursive,
        ):
            gone = next((one for one in folders if not os.path.isdir(one)), None)  # noqa: PTH112
            if stop.signal:
                ended.set()
            elif gone is not None:
                raise ImageError(
                    f"{shown_name(gone)}: the folder is gone. Watch it again once it is back."
                )
            elif first:  # what came while the first round was at work
                first, status = False, read_some(None)
            elif changes:
                status = read_some({os.path.realpath(path) for _, path in changes})
            if status >= INTERRUPTED:
                return status
    tell("stopped watching")
    return int(ExitCode.OK)


def _state(path: str) -> tuple[int, ...]:
    """What changes when a file is written or replaced, or when its permissions change."""
    try:
        now = os.stat(path)  # noqa: PTH116
    except OSError:
        return ()
    return now.st_ino, now.st_size, now.st_mtime_ns, now.st_ctime_ns

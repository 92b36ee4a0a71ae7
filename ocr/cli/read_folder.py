"""`ocr read` into a folder: many files, each into files of its own."""

from __future__ import annotations

import signal
import time
from collections.abc import Sequence
from contextlib import nullcontext
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import click

from ocr.cli.console import note, say, wanted
from ocr.cli.progress import tally
from ocr.cli.signals import INTERRUPTED, stopping
from ocr.errors import ExitCode, OcrError

if TYPE_CHECKING:
    from ocr.batch.recipe import ReadDocument
    from ocr.batch.tasks import Execute, Stop
    from ocr.input.documents import Document

PAGED = (".pdf", ".tif", ".tiff")  # files whose pages may be many


def absolute(document: Document) -> Document:
    from ocr.input.addresses import is_url

    if document.path == "-" or is_url(document.path):
        return document
    return replace(document, path=str(Path(document.path).absolute()))


def executor(
    documents: Sequence[Document],
    recipe: ReadDocument,
    jobs: int | None,
    limit: float | None,
    scheduler: str | None,
) -> Execute | None:
    """Where the documents are read: in worker processes or on a cluster; None is right here."""
    stdin = any(document.path == "-" for document in documents)
    if scheduler is not None:
        if stdin:
            raise click.UsageError("A cluster cannot read this machine's stdin. Name files.")
        from ocr.batch import cluster

        return partial(cluster.execute, address=scheduler, weights=recipe.own_weights())
    one = len(documents) == 1 and Path(documents[0].path).suffix.lower() not in PAGED
    if stdin or (one and jobs is None and limit is None):
        return None
    from ocr.batch import workers

    return partial(workers.execute, jobs=jobs or workers.usable_cores(), limit=limit)


def read_into_folder(
    documents: Sequence[Document],
    recipe: ReadDocument,
    folder: str,
    execute: Execute | None,
    resume: bool,
    force: bool,
    lost: Sequence[tuple[str, OcrError]],
    partial: bool = False,
    stop: Stop | None = None,
) -> int:
    """Read each into files of its own; the exit status. See `ocr.batch.run.run`."""
    from ocr.batch.place import Place
    from ocr.batch.run import ERRORS, run

    # Right here Ctrl-C ends it as any other command.
    stoppable = stopping() if execute and stop is None else nullcontext(stop)

    documents = list(dict.fromkeys(documents))  # named twice, read once
    folder = folder.rstrip("/") or "/"
    start = time.monotonic()
    with stoppable as stop, tally(len(documents) + len(lost)) as on_outcome:
        summary = run(
            documents,
            recipe,
            Place(folder),
            execute or (lambda tasks, step, _: map(step, tasks)),
            resume=resume,
            force=force,
            partial=partial,
            lost=lost,
            stop=stop,
            on_outcome=on_outcome,
        )
    for warning in summary.warnings:
        note(f"warning: {warning}")
    if summary.kept:
        more = f" and {summary.kept - 1} more" if summary.kept > 1 else ""
        note(
            f"changed since they were written, so left as they are: {folder}/{summary.first_kept}"
            f"{more}. Use --force to replace, or delete them to have them written anew."
        )
    for outcome in summary.errors:
        if outcome.trace and wanted("debug"):
            click.echo(outcome.trace, nl=False, err=True)
        if not wanted("verbose") or wanted("quiet"):  # or it has been said
            say(outcome.error)
    if summary.stopped and summary.left:
        say(
            f"stopped with {summary.left} of {summary.total} files left; the same command with "
            "--resume goes on"
        )
        return INTERRUPTED - signal.SIGINT + summary.stopped
    if summary.total > 1:
        seconds = time.monotonic() - start
        counts = [f"{summary.read} file{'' if summary.read == 1 else 's'} read"]
        if summary.pages > summary.read:
            counts.append(f"{summary.pages:,} pages")
        if summary.found:
            counts.append(f"{summary.found} done before")
        if summary.failed:
            counts.append(f"{summary.failed} failed (all in {folder}/{ERRORS})")
        if summary.warned:
            counts.append(f"{summary.warned} with warnings")
        rate = f", {3600 * summary.read / seconds:,.0f} files an hour" if summary.read else ""
        note(f"{', '.join(counts)}; {seconds:.0f} s{rate}", "green")
    return ExitCode.SOME_FAILED if summary.failed else ExitCode.OK

"""`ocr read`."""

from __future__ import annotations

import os
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ocr.cli.console import note
from ocr.cli.options import (
    FILE,
    Told,
    common,
    here,
    how_to_read,
    how_to_read_many,
    how_to_write,
    told,
    which_pages,
)
from ocr.cli.progress import progress
from ocr.cli.read_folder import absolute, executor, read_into_folder
from ocr.cli.reading import Failures, Keep, make_reader, read_document
from ocr.cli.writing import destination, write_as_one
from ocr.errors import ExitCode, OcrError
from ocr.formats import FORMATS

if TYPE_CHECKING:
    from ocr.batch.recipe import ReadDocument
    from ocr.input.documents import Document, PageRange, PageSource
    from ocr.layout.read_line import ReadLine
    from ocr.page import Page


@click.command()
@click.argument("files", metavar="FILE...", nargs=-1, type=FILE)
@which_pages
@how_to_read
@how_to_write
@how_to_read_many
@click.option(
    "--gt",
    "drafts",
    is_flag=True,
    help="Also write each text to photo.gt.txt beside its photo, as a draft for `ocr train`: "
    "correct it and delete its first line. One that is already there stays.",
)
@click.option(
    "--line-images",
    metavar="DIR",
    type=FILE,
    callback=here,
    help="Cut out the lines as well: pictures with a .gt.txt each.",
)
@click.option("--clipboard", is_flag=True, help="Read the picture that was copied.")
@click.option(
    "--watch",
    is_flag=True,
    help="Go on reading what comes into the folders FILE until Ctrl-C; needs --output.",
)
@common
def read(**options: Any) -> int:
    """Read the text of photos or scans.

    FILE is an image, a PDF, a folder (the images in it, by name), a pattern such as "*.jpg" or -
    for stdin. To stdout or into one file all is written as one document: of a single input the
    text alone, or one JSON object; of several each text under a header ==> FILE <==, or a JSON
    array. Into a folder each input is written to files of its own: photo.jpg to photo.txt and,
    for further formats, photo.json and so on. What cannot be read is reported and left out.

    A run into a folder reads several files, and the pages of long ones, at the same time. What
    failed is listed in errors.ndjson there. If the run was ended early, --resume goes on with it.

    \b
    ocr read photo.jpg
    ocr read scans/ --recursive -f text -f alto -o texts/ --jobs 8
    ocr read --charset digits+. receipts/ -o receipts.json
    ocr read --watch scans/ -o texts/
    """
    from ocr.batch.journal import written_into
    from ocr.batch.recipe import ReadDocument
    from ocr.cli.watch import keep_reading
    from ocr.input.addresses import is_url
    from ocr.input.documents import Document, find_documents, names_one

    given = Options(**options)
    if "-" in given.files and given.files_from == "-":
        raise click.UsageError("Only one of FILE and --files-from can be stdin.")
    formats, folder = destination(given.formats, given.out)
    _check(given, formats, folder)
    arguments, copied = _inputs(given)
    failures = Failures()
    lost: list[tuple[str, OcrError]] = []

    def find() -> list[Document]:
        return find_documents(
            arguments,
            recursive=given.recursive,
            ranges=given.ranges,
            dpi=given.dpi,
            leave_out=[Path(one) for one in (folder, given.line_images) if one and not is_url(one)],
            written=written_into(folder) if folder else (),
            on_error=lambda name, error: lost.append((name, error)),
        )

    recipe = ReadDocument(
        _hashable(given.reading), formats, given.join, given.drafts, given.line_images
    )
    if given.watch and folder:
        execute = partial(
            executor, recipe=recipe, jobs=given.jobs, limit=given.timeout, scheduler=None
        )
        return keep_reading(
            given.files, given.recursive, find, recipe, folder, execute, given.force, lost
        )
    documents = find()
    if copied is not None:
        documents.append(Document("clipboard", "clipboard", dpi=given.dpi, content=copied))
    if folder is None or not documents:
        for name, error in lost:
            failures.add(name, error)
    if not documents:
        return ExitCode.SOME_FAILED
    if folder is not None:
        return _read_into(given, recipe, folder, documents, lost)
    single = names_one([*arguments, *([] if copied is None else ["clipboard"])], documents)
    return _read_as_one(given, formats[0], documents, single, failures)


@dataclass(frozen=True)
class Options:
    """The values of the options of `ocr read`, by the names that they have there."""

    files: tuple[str, ...]
    recursive: bool
    files_from: str | None
    ranges: tuple[PageRange, ...]
    dpi: int | None
    reading: dict[str, Any]
    formats: tuple[str, ...]
    join: bool
    out: str | None
    force: bool
    jobs: int | None
    resume: bool
    timeout: float | None
    scheduler: str | None
    drafts: bool
    line_images: str | None
    clipboard: bool
    watch: bool


def _check(given: Options, formats: tuple[str, ...], folder: str | None) -> None:
    """Check that the options go together."""
    for name in formats:
        FORMATS[name].require()
    if not given.files and given.files_from is None and not given.clipboard:
        raise click.UsageError("Missing argument 'FILE...'.")
    if folder is None and any(told(name) is Told.HERE for name in ("jobs", "resume", "scheduler")):
        raise click.UsageError(
            "--jobs, --resume and --scheduler need --output with the name of a folder."
        )
    if given.scheduler and any(told(name) is told("scheduler") for name in ("jobs", "timeout")):
        raise click.UsageError("On a cluster --jobs and --timeout are the cluster's own affair.")
    if given.watch:
        _check_watched(given, folder)


def _check_watched(given: Options, folder: str | None) -> None:
    """Check that the options go with --watch."""
    from ocr.cli.watch import require

    if folder is None or not given.files or not all(map(os.path.isdir, given.files)):
        raise click.UsageError(
            "--watch needs folders to watch and --output with the name of a folder."
        )
    if given.files_from or given.clipboard or given.scheduler or given.drafts or given.line_images:
        raise click.UsageError(
            "--watch goes without --files-from, --clipboard, --scheduler, --gt and --line-images."
        )
    require()


def _inputs(given: Options) -> tuple[list[str], bytes | None]:
    """What to read: paths and addresses, and the picture that was copied, if it is in no file."""
    from ocr.cli.clipboard import copied_picture
    from ocr.input.addresses import is_url
    from ocr.input.documents import read_list

    arguments = [*given.files, *(read_list(given.files_from) if given.files_from else ())]
    if given.drafts and "-" in arguments:
        raise click.UsageError("--gt writes beside a photo; stdin has no place. Name the file.")
    if (given.drafts or given.line_images) and (given.scheduler or any(map(is_url, arguments))):
        raise click.UsageError("--gt and --line-images are for photos and folders on this machine.")
    copied = copied_picture() if given.clipboard else None
    if isinstance(copied, list):
        arguments += copied
        copied = None
    if given.drafts and copied is not None:
        raise click.UsageError(
            "--gt writes beside a photo; what was copied has no place. Save it and name the file."
        )
    return arguments, copied


def _read_into(
    given: Options,
    recipe: ReadDocument,
    folder: str,
    documents: list[Document],
    lost: list[tuple[str, OcrError]],
) -> int:
    """Read each document into files of its own."""
    from ocr.input.addresses import is_url

    if given.scheduler:  # workers may be in another folder
        documents = [absolute(document) for document in documents]
        folder = folder if is_url(folder) else str(Path(folder).absolute())
    execute = executor(documents, recipe, given.jobs, given.timeout, given.scheduler)
    return read_into_folder(documents, recipe, folder, execute, given.resume, given.force, lost)


def _read_as_one(
    given: Options, format_: str, documents: list[Document], single: bool, failures: Failures
) -> int:
    """Read all documents into one, to stdout or into a file."""
    keep = None
    if given.drafts or given.line_images:
        keep = _draft_writer(given.drafts, given.line_images)
    reader = make_reader(given.reading)
    with progress(documents, "Reading", given.out is None) as shown:
        pages = (
            pair
            for document in shown
            for pair in read_document(reader, document, failures.add, keep, limit=given.timeout)
        )
        write_as_one(pages, documents, format_, given.join, single, given.out, given.force)
    return failures.status


def _hashable(reading: dict[str, Any]) -> tuple[tuple[str, Any], ...]:
    return tuple((k, tuple(v) if isinstance(v, list) else v) for k, v in reading.items())


def _draft_writer(drafts: bool, folder: str | None) -> Keep:
    """A function that writes what was read of a photo as drafts of its ground truth."""
    from ocr.evaluation.drafts import write_drafts

    def write(document: Document, source: PageSource, page: Page, lines: list[ReadLine]) -> None:
        for sentence in write_drafts(source, page, lines, document.stem, drafts, folder):
            note(sentence)

    return write

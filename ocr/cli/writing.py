"""Where results go: by `--output` and `--format`, to stdout or into files."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from ocr.cli.console import print_out
from ocr.cli.options import Told, told
from ocr.errors import ExitCode
from ocr.formats import FORMATS, by_suffix, format_of, writer

if TYPE_CHECKING:
    from ocr.input.documents import Document, PageSource
    from ocr.page import Page


def destination(formats: tuple[str, ...], output: str | None) -> tuple[tuple[str, ...], str | None]:
    """The formats to write, each once, and the folder that ``--output`` names, if it names one."""
    formats = _fitting(tuple(dict.fromkeys(formats)), output)
    folder = output if output and is_folder(output, formats) else None
    if len(formats) > 1 and folder is None:
        raise click.UsageError("Several formats need --output with the name of a folder.")
    return formats, folder


def _fitting(formats: tuple[str, ...], output: str | None) -> tuple[str, ...]:
    """The formats to write: those typed, else what the name of ``--output`` tells."""
    from ocr.input.addresses import is_url

    if output is None or os.path.isdir(output) or is_url(output):  # noqa: PTH112
        if output is None and "pdf" in formats and sys.stdout is not None and sys.stdout.isatty():
            raise click.UsageError(
                "A PDF is nothing for a terminal. Name a file with --output, or redirect stdout."
            )
        if output is not None and is_url(output) and by_suffix(output):
            raise click.UsageError(
                f"--output {output}: an address names a folder. Leave the suffix out, or end it in "
                "/."
            )
        return formats
    fitting = by_suffix(output)
    source = told("formats")
    if not fitting and source is Told.NOWHERE and not output.endswith(("/", os.sep)):
        suffix = Path(output).suffix
        if suffix and not os.path.exists(output):  # noqa: PTH110 - what is there may be a device
            ends = dict.fromkeys(end for one in FORMATS.values() for end in one.suffixes)
            known = ", ".join(ends)
            raise click.UsageError(
                f"--output {output}: no format ends in {suffix}. Known are {known}. End it in one "
                "of these, or choose by --format."
            )
    if not fitting or (len(fitting) > 1 and set(formats) <= set(fitting)):
        return formats
    if source is Told.HERE:
        if set(formats) <= set(fitting):
            return formats
        raise click.UsageError(
            f"--output {output} is the name of a file in the format {' or '.join(fitting)}, not "
            f"{', '.join(formats)}. Leave --format out, or name another file or a folder."
        )
    found = format_of(output)
    if found is None:
        raise click.UsageError(f"{output}: {' or '.join(fitting)}? Tell by --format.")
    return (found,)


def is_folder(output: str, formats: Sequence[str] = ()) -> bool:
    """Whether ``--output`` names a folder for the results and not one file."""
    from ocr.input.addresses import is_url

    if os.path.exists(output):  # noqa: PTH110 - quiet about folders that one may not look into
        return os.path.isdir(output)  # noqa: PTH112
    if is_url(output):
        return True
    return output.endswith(("/", os.sep)) or not Path(output).suffix or len(formats) > 1


def write_as_one(
    pages: Iterable[tuple[PageSource, Page]],
    documents: Sequence[Document],
    format_: str,
    join: bool,
    single: bool,
    output: str | None,
    force: bool,
) -> None:
    """Write the pages of documents into one document, to stdout or into a file."""
    from ocr.formats.output import refuse_existing, replacing

    written = 0
    many = FORMATS[format_].many
    too_many = click.UsageError(
        f"A file of the format {format_} holds one page. Give --output with the name of a folder."
    )
    if len(documents) > 1 and not many:
        raise too_many
    if output is not None:
        refuse_existing([(document, Path(output)) for document in documents], force)

    def counted() -> Iterator[tuple[PageSource, Page]]:
        nonlocal written
        for pair in pages:
            written += 1
            if written == 2 and not many:
                raise too_many
            yield pair

    pieces = writer(format_, join)(counted(), single)
    if output is None:
        for piece in pieces:
            print_out(piece)
        return
    with replacing(Path(output), force) as stream:
        for piece in pieces:
            stream.write(piece.encode() if isinstance(piece, str) else piece)
        if not written:  # leave what stands there as it is
            raise click.exceptions.Exit(ExitCode.SOME_FAILED)

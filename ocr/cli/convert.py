"""`ocr convert`."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING

import click

from ocr.cli.console import note, warn
from ocr.cli.options import FILE, common, how_to_write
from ocr.cli.progress import progress
from ocr.cli.reading import Failures, OnError
from ocr.cli.writing import destination, write_as_one
from ocr.errors import DataError, ExitCode
from ocr.formats import FORMATS, file_name, render

if TYPE_CHECKING:
    from ocr.formats.parsing import FoundPage
    from ocr.input.documents import PageSource
    from ocr.page import Page

SHOWN = 3  # lines of a text that a note quotes
Pages = Iterator[tuple["PageSource", "Page"]]


@dataclass(frozen=True)
class _Given:
    """A file with pages, the folder of its pictures, the name of its outputs without suffix."""

    path: Path
    images: Path | None
    stem: str = field(default="", compare=False)

    @property
    def name(self) -> str:
        from ocr.input.documents import shown_name

        return shown_name(str(self.path))


@click.command()
@click.argument("files", metavar="FILE...", nargs=-1, required=True, type=FILE)
@how_to_write
@click.option(
    "--gt",
    "truth",
    metavar="FILE",
    type=FILE,
    help="The corrected text of one page, a line a row; without it NAME.gt.txt beside each FILE "
    "counts, if it is there and no draft.",
)
@click.option(
    "--images",
    metavar="DIR",
    type=FILE,
    help="Where the pictures are; by default beside each FILE, by the name that it gives.",
)
@common
def convert(
    files: tuple[str, ...],
    formats: tuple[str, ...],
    join: bool,
    out: str | None,
    force: bool,
    truth: str | None,
    images: str | None,
) -> int:
    """Write pages of JSON, PAGE, ALTO and hOCR in other formats.

    FILE is JSON or NDJSON of `ocr read`, PAGE XML, ALTO or hOCR of any program, or a folder of
    such. A corrected text, photo.gt.txt beside photo.json or as --gt, takes the place of what was
    read: its lines are set against those of the page, and words and letters get boxes by it. HTML
    and PDF show the picture.

    \b
    ocr convert photo.json -f pdf -o photo.pdf    # with the text of photo.gt.txt
    ocr convert export/ -f json -o pages/         # of eScriptorium or Transkribus
    ocr convert photo.page.xml --gt right.txt -f alto
    """
    from ocr.input.documents import Document

    if "-" in files:
        raise click.UsageError("Pages lie beside their pictures; stdin has no place. Name a file.")
    formats, folder = destination(formats, out)
    if images is not None and not os.path.isdir(images):  # noqa: PTH112 - a name may hold a null byte
        raise click.BadParameter(f"{images}: no such folder.", param_hint="--images")
    for name in formats:
        FORMATS[name].require()
    failures = Failures()
    given = _found(files, None if images is None else Path(images), failures.add)
    if truth is not None and len(given) > 1:
        raise click.UsageError(
            "--gt is the text of one page. Give one FILE, or put NAME.gt.txt beside each."
        )
    if not given:
        return ExitCode.SOME_FAILED
    text = None if truth is None else Path(truth)
    shows = any(FORMATS[name].photo for name in formats)
    with progress(given, "Converting", out is None) as shown:
        if folder is None:
            pages = _readable(shown, text, shows, failures.add)
            single = len(given) == 1 and str(given[0].path) == files[0]
            if single and not shows:  # what shows pictures has no names
                single, pages = _of_one_document(pages)
            documents = [Document(str(one.path), one.stem) for one in given]
            write_as_one(pages, documents, formats[0], join, single, out, force)
        else:
            for one in shown:
                try:
                    _write_files(one, _pages(one, text, shows), formats, join, folder, force)
                except Exception as error:
                    failures.add(one.name, error)
    return failures.status


def _found(files: Iterable[str], images: Path | None, on_error: OnError) -> list[_Given]:
    """The files that are named and those of folders, each with a name of its own for outputs."""
    from ocr.formats.reading import files_in, stem_of
    from ocr.input.documents import folded_name

    given: list[_Given] = []
    for name in files:
        try:
            path = Path(name)
            if not os.path.isdir(name):  # noqa: PTH112
                given.append(_Given(path, images))
                continue
            inside = files_in(path)
            if not inside:
                raise DataError(
                    f"{name}: no pages in this folder. Give JSON of `ocr read`, PAGE XML, ALTO or "
                    "hOCR."
                )
            given += [_Given(one, images or beside) for one, beside in inside]
        except (OSError, ValueError) as error:  # a null byte
            on_error(name, DataError(f"{name}: cannot be read ({error})."))
        except DataError as error:
            on_error(name, error)
    given = list(dict.fromkeys(given))
    stems = [stem_of(one.path.name) for one in given]
    bare = [folded_name(stem) for stem in stems]
    taken: set[str] = set()
    named = []
    for one, stem, folded in zip(given, stems, bare, strict=True):
        stem = _free(stem if bare.count(folded) == 1 else one.path.name, taken)
        named.append(replace(one, stem=stem))
    return named


def _free(stem: str, taken: set[str]) -> str:
    """A name that is not taken, and now is."""
    from ocr.input.documents import folded_name

    number, free = 1, stem
    while folded_name(free) in taken:
        number += 1
        free = f"{stem}~{number}"
    taken.add(folded_name(free))
    return free


def _readable(given: Iterable[_Given], truth: Path | None, shows: bool, on_error: OnError) -> Pages:
    """The pages of files; `on_error` is told of those that cannot be read."""
    for one in given:
        try:
            yield from _pages(one, truth, shows)
        except DataError as error:
            on_error(one.name, error)


def _of_one_document(pages: Pages) -> tuple[bool, Pages]:
    """Whether all pages are of one document, and all of them; they are read until another comes."""
    held = []
    for source, page in pages:
        held.append((source, page))
        if source.path != held[0][0].path:
            return False, chain(held, pages)
    return True, iter(held)


def _pages(given: _Given, truth: Path | None, shows: bool) -> Pages:
    """The pages of a file, corrected; those whose picture is wanted and not there are errors."""
    from ocr.formats.reading import read_pages

    rest = read_pages(given.path, given.images)
    first = next(rest, None)
    if first is None:
        raise DataError(f"{given.name}: holds no pages. Give another file.")
    second = next(rest, None)
    if second is None:
        first = _corrected(given, first, truth)
    elif truth is not None:
        raise DataError(f"{truth}: the text of one page, and {given.name} holds several.")
    elif first[0].path == second[0].path and first[0].pages == 1:  # of a picture that is not there
        first = replace(first[0], pages=second[0].number), first[1]
    for source, found in (first, *([second] if second else []), *rest):
        if shows and found.page.photo is None:
            raise DataError(
                f"{given.name}: its picture {found.picture or '(of which it tells no name)'} is "
                "not beside it, and HTML and PDF show it. Say where it is: --images DIR"
            )
        warn(found.page, given.name)
        yield source, found.page


def _corrected(
    given: _Given, pair: tuple[PageSource, FoundPage], truth: Path | None
) -> tuple[PageSource, FoundPage]:
    """A page with the text that a person wrote down for it, if there is one."""
    from ocr.evaluation.corrections import correct
    from ocr.evaluation.ground_truth import is_draft, page_suffix, read_truth, truth_path
    from ocr.formats.reading import stem_of
    from ocr.input.sources import GROUND_TRUTH

    source, found = pair
    path = truth
    if path is None:
        places = [given.path.parent, *([given.images] if given.images else [])]
        stem, names = stem_of(given.path.name), []
        # A picture that is called the same may have the text of that name.
        if stem != Path(found.picture).stem + page_suffix(source.number, source.pages):
            names = [place / f"{stem}{GROUND_TRUTH}" for place in places]
        if found.picture:
            pictures = [place / found.picture for place in places]
            names += [truth_path(one, source.number, source.pages) for one in pictures]
        path = next((name for name in names if os.path.isfile(name)), None)  # noqa: PTH113 - of any length
    if path is None:
        return pair
    if is_draft(path):
        draft = f"{path}: a draft that nobody has confirmed. Correct it and delete its first line."
        if truth is not None:
            raise DataError(draft)
        note(f"left out: {draft}")
        return pair
    try:
        done = correct(found.page, read_truth(path))
    except DataError as error:
        if str(error).startswith(str(path)):
            raise
        raise DataError(f"{given.name}: {error}") from None
    for lines, what in (
        (done.left_out, f"{given.name}: read, and not in {path.name}, so left out"),
        (done.placed, f"{path}: not read in {given.name}, so put between their neighbors"),
    ):
        if lines:
            quoted = ", ".join(repr(line) for line in lines[:SHOWN])
            more = f" and {len(lines) - SHOWN} more" if len(lines) > SHOWN else ""
            note(f"warning: {what}: {quoted}{more}")
    return source, replace(found, page=done.page)


def _write_files(
    given: _Given, pages: Pages, formats: Sequence[str], join: bool, folder: str, force: bool
) -> None:
    """Write the pages of a file into files of their own in a folder."""
    from ocr.formats.output import make_folder, refuse_existing, refuse_special, replacing
    from ocr.input.documents import Document

    make_folder(Path(folder))
    many = all(FORMATS[name].many for name in formats)
    kept = None if many and len(formats) == 1 else list(pages)
    for name in formats:
        for file, pieces in _files(name, given.stem, pages if kept is None else kept, join):
            target = Path(folder) / file
            refuse_special(target)
            refuse_existing([(Document(str(given.path), given.stem), target)], force)
            with replacing(target, force) as stream:
                for piece in pieces:
                    stream.write(piece)


def _files(
    name: str, stem: str, pages: Iterable[tuple[PageSource, Page]], join: bool
) -> Iterator[tuple[str, Iterator[bytes]]]:
    """Names and contents of the files that the pages of one file become."""
    if FORMATS[name].many:
        yield from render(name, stem, pages, join)
        return
    pages = list(pages)
    one_picture = len({source.path for source, _ in pages}) == 1
    count = max(source.pages for source, _ in pages)  # of a picture that is not there, at least
    suffix = FORMATS[name].suffix
    taken: set[str] = set()
    for source, page in pages:
        base = stem if one_picture else Path(source.file_name).stem
        counted = replace(source, pages=count) if one_picture else source
        base = _free(file_name(name, base, counted).removesuffix(suffix), taken)
        for _, pieces in render(name, base, [(replace(source, pages=1), page)], join):
            yield f"{base}{suffix}", pieces

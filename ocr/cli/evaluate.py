"""`ocr eval`."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ocr.cli.console import check_out, in_json, write_out
from ocr.cli.options import FILE, common, format_option, how_to_read, in_json_wanted, output
from ocr.cli.progress import progress
from ocr.cli.reading import Failures, make_reader, read_document
from ocr.errors import DataError, OcrError
from ocr.evaluation.normalization import FORMS, Normalization

if TYPE_CHECKING:
    from ocr.evaluation.ground_truth import Known
    from ocr.input.documents import Document


@click.command("eval")
@click.argument("paths", metavar="DIR...", nargs=-1, required=True, type=FILE)
@how_to_read
@click.option(
    "--normalize",
    "--normalise",
    "form",
    type=click.Choice(tuple(FORMS)),
    default="nfc",
    show_default=True,
    help="Make equal what Unicode calls canonical (nfc) or compatible (nfkc); plain drops "
    "accents and straightens quotes and dashes as well.",
)
@click.option("--ignore-case", is_flag=True, help="Let capitals and small letters count as equal.")
@click.option("--ignore-spaces", is_flag=True, help="Drop all whitespace before comparing.")
@click.option("--json", "as_json", is_flag=True, help="The same as --format json.")
@format_option
@output("Write the report there instead of to stdout.")
@common
def evaluate(
    paths: tuple[str, ...],
    reading: dict[str, Any],
    form: str,
    ignore_case: bool,
    ignore_spaces: bool,
    as_json: bool,
    format_: str | None,
    out: str | None,
) -> int:
    """Measure how well photos are read whose text is known.

    DIR is a folder; every image in it counts that has its text beside it (photo.jpg and
    photo.gt.txt, or PAGE XML or ALTO that names photo.jpg). Single images and such files can be
    named too. Reports the character accuracy, character and
    word error rates with an interval, the commonest confusions and the worst lines.
    """
    from ocr.evaluation.report import Report, score

    normalization = Normalization(form, ignore_case, ignore_spaces)
    reader = make_reader(reading)
    truths, used, failures = _truths(paths)
    check_out(out, [*(one.path for one in truths), *used])
    unique = len({_title(one, short=True) for one in truths}) == len(truths)
    scores = []

    with progress(list(truths), "Reading", False) as shown:
        for document in shown:
            pages = [page.text for _, page in read_document(reader, document, failures.add)]
            if pages:
                text = "\n".join(pages)
                title = _title(document, unique)
                scores.append(score(title, truths[document], text, normalization))
    if scores:
        report = Report(normalization, tuple(scores))
        as_json = in_json_wanted(as_json, format_, out)
        write_out(in_json(report.to_dict()) if as_json else report.to_text(), out)
    return failures.status


def _text_name(one: Known) -> str:
    """What the text of a picture, or of a page of it, must be called."""
    from ocr.evaluation.ground_truth import truth_path

    return truth_path(one.picture, one.number, 2 if one.number else 1).name


def _title(document: Document, short: bool) -> str:
    """How what is read is called: a file, or a page of it."""
    name = Path(document.name).name if short else document.name
    return f"{name}, page {document.ranges[0][0]}" if document.ranges else name


def _truths(paths: Iterable[str]) -> tuple[dict[Document, str], list[Path], Failures]:
    """What is to be read, with its text; the files that tell it; what has no usable one."""
    from ocr.evaluation.ground_truth import (
        is_draft,
        is_page_file,
        known_in,
        read_truth,
        without_texts,
    )
    from ocr.input.documents import Document

    truths: dict[Document, str] = {}
    used: list[Path] = []
    failures = Failures()
    for path in without_texts([Path(path) for path in paths]):
        try:
            found = known_in(path, partial(failures.add, str(path)))
        except OcrError as error:
            failures.add(str(path), error)
            continue
        for one in found:
            truth = one.truth
            used.append(truth)
            try:
                if is_draft(truth):
                    raise DataError(
                        f"{truth}: holds lines that nobody has confirmed. Correct and confirm "
                        f"them, or write {_text_name(one)}."
                        if is_page_file(truth)
                        else f"{truth}: a draft that nobody has confirmed. Correct it and delete "
                        "its first line."
                    )
                ranges = ((one.number, one.number),) if one.number else ()
                picture = str(one.picture)
                truths[Document(picture, picture, ranges)] = read_truth(truth)
            except OcrError as error:
                failures.add(str(one.picture), error)
    return truths, used, failures

"""NDJSON: a page a row, each as the JSON format has it; a million of them are read row by row."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator

from ocr.formats.json import page_dict, page_from, parsed
from ocr.formats.parsing import FoundPage, MalformedError
from ocr.input.documents import PageSource
from ocr.page import Page

# Line ends to some programs, though not to JSON.
LINE_ENDS = str.maketrans({"\u0085": "\\u0085", "\u2028": "\\u2028", "\u2029": "\\u2029"})


def write(pages: Iterable[tuple[PageSource, Page]], single: bool) -> Iterator[str]:
    """One row a page, blank pages too."""
    for source, page in pages:
        row = json.dumps(page_dict(source, page), ensure_ascii=False, separators=(",", ":"))
        yield row.translate(LINE_ENDS) + "\n"


def read(rows: Iterable[str]) -> Iterator[FoundPage]:
    """The pages of a file's rows, one after the other; empty rows do not count.

    Raises
    ------
    ocr.formats.parsing.MalformedError
        See `ocr.formats.json.read`; it names the row.
    """
    for number, row in enumerate(rows, 1):
        if row.strip():
            try:
                yield page_from(parsed(row))
            except MalformedError as error:
                raise MalformedError(f"row {number}: {error}") from None

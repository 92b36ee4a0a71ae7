"""NDJSON: a page a row, each as the JSON format has it; a million of them are read row by row."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator

from ocr.formats.json import page_dict
from ocr.input.documents import PageSource
from ocr.page import Page

# Line ends to some programs, though not to JSON.
LINE_ENDS = str.maketrans({"\u0085": "\\u0085", "\u2028": "\\u2028", "\u2029": "\\u2029"})


def write(pages: Iterable[tuple[PageSource, Page]], single: bool) -> Iterator[str]:
    """One row a page, blank pages too."""
    for source, page in pages:
        row = json.dumps(page_dict(source, page), ensure_ascii=False, separators=(",", ":"))
        yield row.translate(LINE_ENDS) + "\n"

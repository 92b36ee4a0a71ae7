"""CSV for spreadsheets: a row for each word or each line (RFC 4180)."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Sequence

from ocr.input.documents import PageSource
from ocr.page import Line, Page, Word

WHERE = ("file", "page", "block", "line")
WHAT = ("text", "confidence", "y1", "x1", "y2", "x2")


def write(
    pages: Iterable[tuple[PageSource, Page]], single: bool, level: str = "word"
) -> Iterator[str]:
    """A head, then a row for each word, or line by `level`: where, the text, how sure, its box."""
    yield _rows([(*WHERE, *(("word",) if level == "word" else ()), *WHAT)])
    for source, page in pages:
        rows: list[tuple[object, ...]] = []
        for k, line in enumerate(page.lines, 1):
            where = (source.name, source.number, line.block, k)
            parts: Sequence[Line | Word] = line.words if level == "word" else (line,)
            for j, part in enumerate(parts, 1):
                number = (j,) if level == "word" else ()
                what = (part.text, f"{part.confidence:.4f}", *part.box.as_list())
                rows.append((*where, *number, *what))
        yield _rows(rows)


def write_lines(pages: Iterable[tuple[PageSource, Page]], single: bool) -> Iterator[str]:
    """The same with a row for each line."""
    return write(pages, single, "line")


def _rows(rows: Iterable[tuple[object, ...]]) -> str:
    stream = io.StringIO()
    csv.writer(stream, lineterminator="\r\n").writerows(rows)
    return stream.getvalue()

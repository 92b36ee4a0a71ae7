"""Markdown (CommonMark): paragraphs and lists as they were written."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from ocr.formats.text import join_lines, paragraphs
from ocr.input.documents import PageSource
from ocr.page import Line, Page

RULE = "\n---\n\n"  # between the pages of a document
BREAK = "\\\n"  # a line's end that stays one

SPECIAL = re.compile(r"([\\`*_\[\]<>&~|])")
ITEM = re.compile(r"(?:([-+*•])|(\d{1,9}[.)]))\s+")  # a list's item: its sign or number
BLOCK = re.compile(r"(#{1,6}(?=\s|$)|[-+=](?=\s*$)|[-=]{2,}\s*$|[+-](?=\s)|\d{1,9}(?=[.)]\s*$))")


def write(
    pages: Iterable[tuple[PageSource, Page]], single: bool, join: bool = False
) -> Iterator[str]:
    """A paragraph for each of the page, its lines kept, or joined with `join`.

    The pages of one input are parted by rules; of several inputs each page gets its name as a
    heading. Rows that begin with a dash, a dot or a number are items of a list.
    """
    between = ""
    for source, page in pages:
        head = "" if single else f"## {SPECIAL.sub(_escaped, source.title)}\n\n"
        body = "\n\n".join(
            _paragraph(lines, join) for block in page.blocks for lines in paragraphs(block)
        )
        yield f"{between}{head}{body}\n" if body else f"{between}{head}"
        between = RULE if single else "\n"


def _paragraph(lines: tuple[Line, ...], join: bool) -> str:
    if join and not any(ITEM.match(line.text) for line in lines):
        return _row(join_lines(lines))
    text = ""
    for line in lines:
        if text:
            text += "\n" if ITEM.match(line.text) else BREAK
        text += _row(line.text)
    return text


def _row(text: str) -> str:
    """A row of text with what Markdown would take for its own marked, but for a list's item."""
    item = ITEM.match(text)
    if item:
        sign = "-" if item[1] else item[2]
        return f"{sign} {SPECIAL.sub(_escaped, text[item.end() :])}"
    return BLOCK.sub(_escaped, SPECIAL.sub(_escaped, text), count=1) if text else text


def _escaped(match: re.Match[str]) -> str:
    found = match[0]
    return f"{found}\\" if found.isdigit() else f"\\{found}"

"""Markdown (CommonMark): paragraphs and lists as they were written.

Rendered, the rows say what was written. A list's numbers are counted by the renderer, and its signs
all become dots: so what is no list for sure is escaped, and stays a row of text.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

from ocr.formats.text import join_lines, paragraphs
from ocr.input.documents import PageSource
from ocr.page import Line, Page

RULE = "\n---\n\n"  # between the pages of a document
BREAK = "\\\n"  # a line's end that stays one

SPECIAL = re.compile(r"([\\`*_\[\]<>&~|])")
SIGN = re.compile(r"([-+*•])\s+(?=\S)")
NUMBER = re.compile(r"(0|[1-9]\d{0,8})([.)])\s+(?=\S)")  # renderers leave out leading zeros
# What begins a heading, a rule or a list, or makes a heading of the row above.
BLOCK = re.compile(
    r"#{1,6}(?=\s|$)|[-+=](?=\s*$)|[-=]{2,}\s*$|-(?=[\s-]*$)|[+-](?=\s)|\d{1,9}(?=[.)](?:\s|$))"
)


def write(
    pages: Iterable[tuple[PageSource, Page]], single: bool, join: bool = False
) -> Iterator[str]:
    """A paragraph for each of the page, its lines kept, or joined with `join`.

    The pages of one input are parted by rules; of several inputs each page gets its name as a
    heading. Rows that begin with a dash or a dot are items of a list; so are those that begin with
    the same other sign, and those whose numbers count up by one.
    """
    between = ""
    for source, page in pages:
        head = "" if single else f"## {SPECIAL.sub(_escaped, source.title)}\n\n"
        parts = [lines for block in page.blocks for lines in paragraphs(block)]
        marks = _marks([[line.text for line in lines] for lines in parts])
        body = "\n\n".join(
            _paragraph(lines, own, join) for lines, own in zip(parts, marks, strict=True)
        )
        yield f"{between}{head}{body}\n" if body else f"{between}{head}"
        between = RULE if single else "\n"


def _paragraph(lines: Sequence[Line], marks: Sequence[str], join: bool) -> str:
    if join and not any(marks):
        return _row(join_lines(lines))
    text = ""
    for k, (line, mark) in enumerate(zip(lines, marks, strict=True)):
        if k and mark:  # within a paragraph no list of numbers begins, but for one from 1
            text += "\n\n" if mark[0].isdigit() and not any(marks[:k]) else "\n"
        elif k:
            text += BREAK
        text += _row(line.text, mark)
    return text


def _row(text: str, mark: str = "") -> str:
    """A row of text with what Markdown would take for its own escaped, but for a list's mark."""
    if mark:
        text = text.split(maxsplit=1)[1]
    text = SPECIAL.sub(_escaped, text)
    block = BLOCK.match(text)
    if block:
        text = _escaped(block) + text[block.end() :]
    return f"{mark} {text}" if mark else text


def _escaped(match: re.Match[str]) -> str:
    found = match[0]
    return f"{found}\\" if found.isdigit() else f"\\{found}"


def _marks(parts: Sequence[Sequence[str]]) -> list[list[str]]:
    """For each row of each paragraph of a page its mark as an item of a list; "" if it is none."""
    signs = Counter(sign[1] for rows in parts for row in rows if (sign := SIGN.match(row)))
    marks = []
    before: tuple[int, str] | None = None  # the number that a list has come to
    open_list = ""  # what is behind the numbers of the list that another number would go on with
    for p, rows in enumerate(parts):
        own: list[str] = []
        sums = any(row.startswith("+ ") for row in rows) and any(
            row.startswith("- ") for row in rows
        )
        for k, row in enumerate(rows):
            sign, number = SIGN.match(row), NUMBER.match(row)
            mark = ""
            if sign and not sums and _lists(sign, signs[sign[1]]):
                mark = "-" if sign[1] == "•" else sign[1]
                open_list = ""
            elif number:
                count, after = int(number[1]), number[2]
                follows = before == (count - 1, after)
                if follows or (
                    open_list != after
                    and _begins(count, after, rows[k + 1 :], parts[p + 1 : p + 2], k == 0)
                ):
                    mark, before, open_list = f"{count}{after}", (count, after), after
            if not k and not mark:  # this paragraph ends the list
                before, open_list = None, ""
            own.append(mark)
        marks.append(own)
    return marks


def _lists(sign: re.Match[str], count: int) -> bool:
    """Whether what begins with a sign, as `count` rows of the page do, is an item of a list."""
    if sign[1] in "-•":
        return True
    first = sign.string[sign.end()]
    return count > 1 and not (sign[1] == "+" and first.isdigit())


def _begins(
    count: int, after: str, rows: Sequence[str], later: Sequence[Sequence[str]], first: bool
) -> bool:
    """Whether a list begins with a number: the next one, of the rows below it or of the beginning
    of the next paragraph, counts up by one. Where there is none, 1 may stand alone."""
    numbers = [found for row in rows if (found := NUMBER.match(row))]
    if not numbers:
        numbers = [found for part in later if (found := NUMBER.match(part[0]))]
    if not numbers:
        return first and count == 1
    return (int(numbers[0][1]), numbers[0][2]) == (count + 1, after)

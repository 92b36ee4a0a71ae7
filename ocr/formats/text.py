"""Plain text: the lines as they were written, or running text made of them."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise
from statistics import median

from ocr.errors import printable
from ocr.input.documents import PageSource
from ocr.page import Line, Page

PAGE_BREAK = "\f"  # between the pages of a document, as pdftotext and Tesseract do

HYPHENS = "\u00ad\u2010¬-"
# A word broken at the end of a line: at least two letters before the hyphen, which no other
# hyphen, point or digit makes a compound, a range or a code.
BROKEN = re.compile(rf"(?<![\w./@{HYPHENS}])([^\W\d_]{{2,}})[{HYPHENS}]$")
HALF = re.compile(rf"\w[{HYPHENS}]$")
SUSPENDED = ("and", "or", "to", "nor", "und", "oder", "bis", "et", "ou", "y", "o", "e")
PARAGRAPH = 1.5  # usual distances between lines above which a gap parts paragraphs; set by hand


def write(
    pages: Iterable[tuple[PageSource, Page]], single: bool, join: bool = False
) -> Iterator[str]:
    """A page's lines in reading order, one a row; of a blank page nothing.

    The pages of one input are parted by form feeds. Of several inputs each page gets a header
    ``==> name <==``, as `head` and `tail` give them, and an empty row in between. With `join` a
    paragraph is one row, see `join_lines`.
    """
    between = ""
    for source, page in pages:
        text = join_lines(page.lines) if join else page.text
        rows = f"{text}\n" if page.lines else ""
        if single:
            yield between + rows
            between = PAGE_BREAK
        else:
            yield f"{between}==> {printable(source.title)} <==\n{rows}"
            between = "\n"


def join_lines(lines: Sequence[Line]) -> str:
    """Running text: a paragraph a row, an empty row between paragraphs.

    A word broken at the end of a line is put together: its hyphen goes if the next line goes on
    with a small letter, unless the same page has the word with its hyphen within a line, or a
    word such as "and" follows ("two- and threefold"). Between digits and before a capital the
    hyphen stays, without a space after it. A gap between lines of more than `PARAGRAPH` times the
    usual one parts paragraphs.
    """
    if not lines:
        return ""
    compounds = {word.text.casefold().strip(".,;:!?\"'()") for line in lines for word in line.words}
    joined = []
    for rows in paragraphs(lines):
        text = rows[0].text
        for line in rows[1:]:
            text = _joined(text, line.text, compounds)
        joined.append(text)
    return "\n\n".join(joined)


def paragraphs(lines: Sequence[Line]) -> list[tuple[Line, ...]]:
    """Lines that stand together: a gap of more than 1.5 times the usual one parts paragraphs."""
    feet = [line.box.y2 for line in lines]
    steps = [below - above for above, below in pairwise(feet)]
    usual = median(step for step in steps if step > 0) if any(s > 0 for s in steps) else 0
    parts: list[list[Line]] = []
    for step, line in zip([math.inf if usual else 1, *steps], lines, strict=True):
        if not parts or 0 < usual * PARAGRAPH < step:
            parts.append([])
        parts[-1].append(line)
    return [tuple(part) for part in parts]


def _joined(text: str, row: str, compounds: set[str]) -> str:
    """`text` continued by the line `row`."""
    first = re.match(r"\w*", row)
    start = first[0] if first else ""
    if not start or not HALF.search(text) or start in SUSPENDED:
        return f"{text} {row}"
    broken = BROKEN.search(text)
    if broken is None or not start[0].islower():
        # 1914-/1918, Anglo-/Saxon, mother-in-/law: the hyphen belongs to the word.
        return f"{text}{row}"
    if f"{broken[1]}-{start}".casefold() in compounds:
        return f"{text[:-1]}-{row}"
    return f"{text[:-1]}{row}"

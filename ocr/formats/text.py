"""Plain text: the lines as they were written."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from ocr.page import Page


def write(pages: Iterable[tuple[str, Page]], single: bool) -> Iterator[str]:
    """A page's lines in reading order, one a row; of a blank page nothing.

    Several pages each get a header ``==> name <==``, as `head` and `tail` give them, and an empty
    row in between.
    """
    between = ""
    for name, page in pages:
        rows = f"{page.text}\n" if page.lines else ""
        yield rows if single else f"{between}==> {name} <==\n{rows}"
        between = "\n"

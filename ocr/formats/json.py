"""JSON: everything a `Page` holds, with the name of its file and its number in it."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from itertools import chain, islice
from typing import Any

from ocr.input.documents import PageSource
from ocr.page import Page


def write(pages: Iterable[tuple[PageSource, Page]], single: bool) -> Iterator[str]:
    """One page of one input as an object, everything else as an array of them.

    An object is `Page.to_dict` with ``file`` and ``page`` added, so `Page.from_dict` reads it
    back.
    """
    rest = iter(pages)
    if single:
        first = list(islice(rest, 2))  # the second tells an array from an object
        if len(first) == 1:
            yield json.dumps(page_dict(*first[0]), ensure_ascii=False, indent=2) + "\n"
        if len(first) < 2:
            return
        rest = chain(first, rest)
    before = "[\n  "
    for source, page in rest:
        text = json.dumps(page_dict(source, page), ensure_ascii=False, indent=2)
        yield before + text.replace("\n", "\n  ")
        before = ",\n  "
    yield "[]\n" if before.startswith("[") else "\n]\n"


def page_dict(source: PageSource, page: Page) -> dict[str, Any]:
    """A page as plain lists and dicts, as the schema beside this file describes it."""
    return {"file": source.name, "page": source.number, **page.to_dict()}

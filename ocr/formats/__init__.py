"""What a `Page` is written as: one module a format.

A format turns pages into pieces of text, one after the other as they are read, so that a thousand
pages need no more memory than one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from ocr.formats import json, text
from ocr.page import Page

# (pages with their names, whether it is a single page that was asked for) -> pieces of text
Writer = Callable[[Iterable[tuple[str, Page]], bool], Iterator[str]]

FORMATS: dict[str, Writer] = {"text": text.write, "json": json.write}

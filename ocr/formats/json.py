"""JSON: everything a `Page` holds, with the name of its file and its number in it."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterable, Iterator
from itertools import chain, islice, pairwise
from typing import Any

from ocr.formats.parsing import (
    MAX_LINES,
    MAX_POINTS,
    MAX_SIDE,
    TOO_MANY,
    FoundPage,
    MalformedError,
    picture_of,
)
from ocr.formats.placing import Points
from ocr.input.documents import PageSource
from ocr.page import SCHEMA_VERSION, Line, Page, line_from_dict

LONGEST = 4 * MAX_SIDE  # pixels of a baseline or an outline
SURROGATE = re.compile(r"\\u[dD][89a-fA-F]")  # escape of half a character


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


def read(text: str) -> list[FoundPage]:
    """The pages of a file, an object or an array of them.

    Raises
    ------
    ocr.formats.parsing.MalformedError
        It is no JSON, or none of this program's pages.
    """
    data = parsed(text)
    return [page_from(one) for one in (data if isinstance(data, list) else [data])]


def parsed(text: str) -> Any:
    """What a JSON text holds; `MalformedError` if it is none."""
    try:
        data = json.loads(text)
        if SURROGATE.search(text):  # halves of a character, which no text can be written with
            json.dumps(data, ensure_ascii=False).encode()
        return data
    except RecursionError:
        raise MalformedError("JSON that is nested deeper than pages are.") from None
    except ValueError as error:
        raise MalformedError(
            f"no JSON that can be read ({error}). Copy or write it again."
        ) from None


def page_from(data: Any) -> FoundPage:
    """A page of what `page_dict` gives; `MalformedError` if it is something else."""
    if not isinstance(data, dict) or not {"version", "height", "width", "lines"} <= data.keys():
        raise MalformedError("JSON, but no page as `ocr read --format json` writes it.")
    if isinstance(data["lines"], list) and len(data["lines"]) > MAX_LINES:
        raise MalformedError(TOO_MANY)
    if data["version"] != SCHEMA_VERSION:
        raise MalformedError(
            f"page JSON has version {data['version']!r}; this program reads version "
            f"{SCHEMA_VERSION}."
        )
    try:
        page = Page(
            height=data["height"],
            width=data["width"],
            lines=tuple(line_from_dict(line) for line in data["lines"]),
            engine=data.get("engine", ""),
            transform=tuple(tuple(row) for row in data["transform"]),
            warnings=tuple(data.get("warnings", ())),
        )
    except (KeyError, TypeError, AttributeError, IndexError, ValueError) as error:
        what = f"without {error}" if isinstance(error, KeyError) else str(error)
        raise MalformedError(f"JSON of a page that is damaged ({what}).") from None
    fault = _fault(page)
    if fault:
        raise MalformedError(f"JSON of a page that is damaged ({fault}).")
    picture, number = data.get("file", ""), data.get("page")
    if not isinstance(picture, str) or not (number is None or _whole(number, 1)):
        raise MalformedError("JSON of a page that is damaged (file or page).")
    return FoundPage(page, picture_of(picture)[0], number or 0, drafts=True)


def _fault(page: Page) -> str:
    """What of a page is of another type than it must be, or out of bounds; "" if nothing is."""
    if not (_whole(page.height, 1) and _whole(page.width, 1)):
        return "height or width"
    if not isinstance(page.engine, str) or not all(isinstance(x, str) for x in page.warnings):
        return "engine or warnings"
    if [len(row) for row in page.transform] != [3, 3, 3] or not _numbers(*page.transform):
        return "transform"
    for k, line in enumerate(page.lines, 1):
        fault = "a word without letters or none" if not line.words else fault_of_line(line)
        if fault:
            return f"{fault} in line {k}"
    return ""


def fault_of_line(line: Line) -> str:
    """What of a line that came from JSON is of another type than it must be, or out of bounds.

    Returns
    -------
    str
        "" if nothing is. A line without words has no fault by that alone.
    """
    if not all(word.letters for word in line.words):
        return "a word without letters or none"
    if not _on_a_page(line.baseline) or not _on_a_page(line.polygon):
        return "baseline or polygon"
    if not _whole(line.block, 1) or not isinstance(line.confirmed, bool):
        return "block or confirmed"
    for letter in line.letters:
        candidates = [(letter.text, letter.confidence), *letter.alternatives]
        if not all(isinstance(t, str) and t and not t.isspace() for t, _ in candidates):
            return "a letter with no text"
        if not _numbers([p for _, p in candidates]) or not all(0 <= p <= 1 for _, p in candidates):
            return "a confidence"
        if not all(_whole(value, 0) for value in letter.box.as_list()):
            return "a box"
    return ""


def _whole(value: object, least: int) -> bool:
    return type(value) is int and least <= value <= MAX_SIDE


def _on_a_page(points: Points) -> bool:
    """Whether a row of points may stand on some page, and is not drawn to and fro without end."""
    if len(points) > MAX_POINTS or not _numbers(*points):
        return False
    way = sum(math.dist(a, b) for a, b in pairwise(points))
    return way <= LONGEST and all(abs(value) <= MAX_SIDE for point in points for value in point)


def _numbers(*rows: Iterable[object]) -> bool:
    """Whether all values are finite numbers of a page's size."""
    return all(
        type(value) in (int, float) and math.isfinite(value) and abs(value) < 1e9  # type: ignore[arg-type]
        for row in rows
        for value in row
    )

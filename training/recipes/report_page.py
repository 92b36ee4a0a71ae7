"""The page that reports are shown on, one for `ocr train` and for the course: parts and a template.

A report says what it shows, as parts in sections; how it looks stands in the template.
"""

from __future__ import annotations

import base64
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from importlib import resources
from itertools import groupby
from typing import Any

from ocr.evaluation.error_rates import align

TEMPLATE = "report_page.html.jinja"
Part = dict[str, Any]


@dataclass(frozen=True)
class Section:
    """A part of a page under a heading; `id` is what links lead to."""

    title: str
    parts: Sequence[Part]
    id: str = ""


def text(words: str, style: str = "") -> Part:
    return {"kind": "text", "text": words, "style": style}


def command(words: str, after: str = "") -> Part:
    return {"kind": "command", "text": words, "after": after}


def table(head: Sequence[str], rows: Iterable[Sequence[object]]) -> Part:
    """Numbers stand to the right, those with decimals with one."""
    return {"kind": "table", "head": head, "rows": [tuple(row) for row in rows]}


def picture(src: str, caption: str, height: int | None = None, shown: bool = True) -> Part:
    """A file of the report's folder or an `inside` address; without `shown` for the blind only."""
    return {"kind": "picture", "src": src, "caption": caption, "height": height, "shown": shown}


def line(src: str, written: str, readings: Iterable[tuple[str, str]]) -> Part:
    """The picture of a line, what it says, and what was read of it, each with a title."""
    compared = [(title, differences(written, read)) for title, read in readings]
    return {"kind": "line", "src": src, "written": written, "readings": compared}


def inside(png: bytes) -> str:
    """The address of a picture that is inside the page."""
    return f"data:image/png;base64,{base64.b64encode(png).decode()}"


def differences(written: str, read: str) -> list[tuple[str, str]]:
    """What was read in pieces: "right", "wrong", or "missing", which was not read.

    Examples
    --------
    >>> differences("coats", "cotsy")
    [('right', 'co'), ('missing', 'a'), ('right', 'ts'), ('wrong', 'y')]
    """
    pairs = [
        ("missing", left or "") if right is None else ("right" if left == right else "wrong", right)
        for left, right in align(written, read)
    ]
    return [
        (kind, "".join(sign for _, sign in run))
        for kind, run in groupby(pairs, lambda pair: pair[0])
    ]


def render(title: str, lede: str, sections: Sequence[Section], **more: object) -> str:
    """The page; `more` are `banner`, `headline` (figure, what, kind), `command` and `nav`."""
    from jinja2 import Environment, StrictUndefined

    environment = Environment(
        autoescape=True, trim_blocks=True, lstrip_blocks=True, undefined=StrictUndefined
    )
    source = (resources.files("training.recipes") / TEMPLATE).read_text("utf-8")
    known = {"banner": "", "headline": None, "command": "", "nav": False, **more}
    page = environment.from_string(source).render(
        title=title, lede=lede, sections=sections, **known
    )
    return page.lstrip() + "\n"

"""What the XML formats share: elements, points, and who made them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from xml.etree import ElementTree

from ocr import __version__
from ocr.input.documents import PageSource
from ocr.page import Box, Line, Page

SOFTWARE = "ocr"
VERSION = __version__
FORBIDDEN = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")  # in XML 1.0


def element(
    parent: ElementTree.Element, tag: str, text: str | None = None, /, **attributes: object
) -> ElementTree.Element:
    """Append a child; what XML cannot hold becomes U+FFFD."""
    values = {name: legal(str(value)) for name, value in attributes.items() if value is not None}
    child = ElementTree.SubElement(parent, tag, values)
    if text is not None:
        child.text = legal(text)
    return child


def legal(text: str) -> str:
    """`text` with U+FFFD for what XML cannot hold."""
    return FORBIDDEN.sub("\ufffd", text)


def picture_name(source: PageSource) -> str:
    """How a page's picture is called: its file's name without folders, as other programs look for
    it beside the result; of a PDF or a file of several pages with the page, ``scan.pdf#page=3``."""
    name = source.file_name
    several = source.pages > 1 or source.number > 1 or name.lower().endswith(".pdf")
    return f"{name}#page={source.number}" if several else name


def document(root: ElementTree.Element) -> str:
    """A whole file with its declaration, indented."""
    ElementTree.indent(root)
    text = ElementTree.tostring(root, encoding="unicode")
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{text}\n'


def outline(line: Line, page: Page) -> list[tuple[int, int]]:
    """Corners (x, y) of a line's polygon in whole pixels inside the page; of its box for want."""
    points = list(_inside(line.polygon, page))
    return points if len(set(points)) > 2 else corners(line.box)


def base(line: Line, page: Page) -> list[tuple[int, int]]:
    """Points (x, y) of a line's baseline in whole pixels inside the page; none if it has none."""
    points = list(_inside(line.baseline, page))
    return points if len(points) > 1 else []


def corners(box: Box) -> list[tuple[int, int]]:
    """Corners (x, y) of a box, clockwise from the top left."""
    return [(box.x1, box.y1), (box.x2, box.y1), (box.x2, box.y2), (box.x1, box.y2)]


def _inside(points: Iterable[tuple[float, float]], page: Page) -> Iterator[tuple[int, int]]:
    for y, x in points:
        yield min(max(round(x), 0), page.width), min(max(round(y), 0), page.height)


def pairs(points: Iterable[tuple[int, int]]) -> str:
    """Points as PAGE XML and ALTO write them: ``"x,y x,y"``."""
    return " ".join(f"{x},{y}" for x, y in points)

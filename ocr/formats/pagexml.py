"""PAGE XML 2019-07-15 (https://github.com/PRImA-Research-Lab/PAGE-XML): regions down to glyphs."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import datetime, timezone
from xml.etree import ElementTree

from ocr.formats.xml import (
    SOFTWARE,
    VERSION,
    base,
    corners,
    document,
    element,
    outline,
    pairs,
    picture_name,
)
from ocr.input.documents import PageSource
from ocr.page import Box, Letter, Line, Page

NAMESPACE = "http://schema.primaresearch.org/PAGE/gts/pagecontent/2019-07-15"


def write(pages: Iterable[tuple[PageSource, Page]], single: bool) -> Iterator[str]:
    """A file a page; a block of text is a region.

    The text of a glyph comes with the other candidates, by index. Coordinates are borders of
    pixels: the right and lower ones are exclusive.
    """
    for source, page in pages:
        yield _file(source, page)


def _file(source: PageSource, page: Page) -> str:
    root = ElementTree.Element("PcGts", {"xmlns": NAMESPACE})
    about = element(root, "Metadata")
    element(about, "Creator", f"{SOFTWARE} {VERSION}")
    element(about, "Created", _timestamp())
    element(about, "LastChange", _timestamp())
    sheet = element(
        root,
        "Page",
        imageFilename=picture_name(source),
        imageWidth=page.width,
        imageHeight=page.height,
        conf=f"{page.confidence:.4f}",
    )
    if page.lines:
        order = element(element(sheet, "ReadingOrder"), "OrderedGroup", id="order")
        for b in range(len(page.blocks)):
            element(order, "RegionRefIndexed", index=b, regionRef=f"region_{b + 1}")
    k = 0
    for b, lines in enumerate(page.blocks, 1):
        region = element(sheet, "TextRegion", id=f"region_{b}", type="paragraph")
        _write_coords(region, Box.around(line.box for line in lines))
        for line in lines:
            k += 1
            _write_line(region, line, page, k)
        block = replace(page, lines=lines)
        _write_text(region, block.text, block.confidence)
    return document(root)


def _write_line(region: ElementTree.Element, line: Line, page: Page, k: int) -> None:
    row = element(region, "TextLine", id=f"line_{k}")
    element(row, "Coords", points=pairs(outline(line, page)))
    baseline = base(line, page)
    if baseline:
        element(row, "Baseline", points=pairs(baseline))
    for j, word in enumerate(line.words, 1):
        written = element(row, "Word", id=f"word_{k}_{j}")
        _write_coords(written, word.box)
        for i, letter in enumerate(word.letters, 1):
            _write_glyph(written, letter, f"glyph_{k}_{j}_{i}")
        _write_text(written, word.text, word.confidence)
    _write_text(row, line.text, line.confidence)


def _write_glyph(word: ElementTree.Element, letter: Letter, name: str) -> None:
    glyph = element(word, "Glyph", id=name)
    _write_coords(glyph, letter.box)
    candidates = [(letter.text, letter.confidence), *letter.alternatives]
    for index, (text, confidence) in enumerate(candidates):
        _write_text(glyph, text, confidence, index if len(candidates) > 1 else None)


def _write_coords(parent: ElementTree.Element, box: Box) -> None:
    element(parent, "Coords", points=pairs(corners(box)))


def _write_text(
    parent: ElementTree.Element, text: str, confidence: float, index: int | None = None
) -> None:
    equivalent = element(parent, "TextEquiv", index=index, conf=f"{confidence:.4f}")
    element(equivalent, "Unicode", text)


def _timestamp() -> str:
    """When a file says it was made, UTC: $SOURCE_DATE_EPOCH, else the beginning of 1970.

    Not now, so that the same photo gives the same bytes; see
    https://reproducible-builds.org/specs/source-date-epoch/.
    """
    seconds = os.environ.get("SOURCE_DATE_EPOCH", "")
    moment = datetime.fromtimestamp(int(seconds) if seconds.isdecimal() else 0, timezone.utc)
    return moment.strftime("%Y-%m-%dT%H:%M:%S")

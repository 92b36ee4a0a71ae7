"""PAGE XML (https://github.com/PRImA-Research-Lab/PAGE-XML): regions down to glyphs.

Written is 2019-07-15. What is read is what eScriptorium, Transkribus, kraken and OCR-D make of it,
in any of its versions, so names count without their namespaces.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timezone
from xml.etree import ElementTree

from ocr.formats.parsing import (
    FoundPage,
    MalformedError,
    in_order,
    inside,
    number,
    page_of,
    picture_of,
    points,
    share,
    side,
)
from ocr.formats.placing import GivenLine, GivenWord, Points, box_around, slots
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
CONFIRMED = "confirmed {by:person;}"  # of a line, in the attribute for what a program adds
# Position in reading order as Transkribus has it.
CUSTOM_ORDER = re.compile(r"readingOrder\s*\{[^}]*index:\s*(\d{1,9})", re.ASCII)


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
    row = element(region, "TextLine", id=f"line_{k}", custom=CONFIRMED if line.confirmed else None)
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
    moment = datetime.fromtimestamp(0, timezone.utc)
    with suppress(ValueError, OverflowError, OSError):  # no number, or of no year
        moment = datetime.fromtimestamp(int(seconds), timezone.utc)
    return moment.strftime("%Y-%m-%dT%H:%M:%S")


def read(root: ElementTree.Element) -> list[FoundPage]:
    """The page of a file.

    Parameters
    ----------
    root : Element
        As `ocr.formats.parsing.parse_xml` gives it.

    Raises
    ------
    ocr.formats.parsing.MalformedError
        It has no page, or sizes and points that no page has.
    """
    sheet = root.find("Page")
    if sheet is None:
        raise MalformedError("PAGE XML without a Page.")
    height = side(sheet.get("imageHeight"), "imageHeight")
    width = side(sheet.get("imageWidth"), "imageWidth")
    rows = _rows(sheet)
    order = _order(sheet.find("ReadingOrder"))
    found = [(ids, region) for ids, region, _ in rows]
    given = []
    for k, block in in_order(found, order):
        row = rows[k][2]
        lines = (
            [_line(row, height, width)]
            if row.tag == "TextLine"
            else _rows_of_text(row, height, width)
        )
        given += [replace(line, block=block) for line in lines]
    picture, page = picture_of(sheet.get("imageFilename"))
    creator = (root.findtext("Metadata/Creator") or "").strip()
    own = re.fullmatch(rf"{SOFTWARE} \d[\w.+-]*", creator) is not None
    return [FoundPage(page_of(height, width, given), picture, page, own)]


def _rows(
    sheet: ElementTree.Element,
) -> list[tuple[tuple[str, ...], int, ElementTree.Element]]:
    """Ids, inmost first, the number of the region, and the element of each line.

    A region with a text and without a line stands for its lines.
    """
    found = []
    waiting: list[tuple[ElementTree.Element, tuple[str, ...]]] = [(sheet, ())]
    regions = 0
    while waiting:  # not by recursion: regions stand inside each other
        parent, ids = waiting.pop()
        regions += 1
        children = list(parent)
        lines = [child for child in children if child.tag == "TextLine"]
        places = [_position(line) for line in lines]
        if all(place is not None for place in places):
            lines = [lines[k] for k in sorted(range(len(lines)), key=lambda k: places[k] or 0)]
        found += [((line.get("id", ""), *ids), regions, line) for line in lines]
        inner = [child for child in children if child.tag.endswith(("Region", "Cell"))]
        if parent.tag in ("TextRegion", "TableCell") and not lines and not inner:
            found.append((ids, regions, parent))
        waiting += [(child, (child.get("id", ""), *ids)) for child in reversed(inner)]
    return found


def _position(line: ElementTree.Element) -> int | None:
    """Where a line stands in its region, if the file tells."""
    match = CUSTOM_ORDER.search(line.get("custom", ""))
    index = match[1] if match else line.get("index", "")
    return int(index) if index.isdecimal() and index.isascii() else None


def _order(element: ElementTree.Element | None) -> list[str]:
    """Ids of regions in reading order."""
    names: list[str] = []
    waiting = [] if element is None else list(reversed(element))
    while waiting:
        one = waiting.pop()
        names += [one.attrib["regionRef"]] if "regionRef" in one.attrib else []
        inner = list(one)
        if one.tag.startswith("Ordered"):
            inner.sort(key=lambda child: number(child.get("index", "0"), "index"))
        waiting += reversed(inner)
    return names


def _line(row: ElementTree.Element, height: int, width: int) -> GivenLine:
    outline = _coords(row, "Coords", height, width)
    text, confidence = _text(row)
    words = []
    for word in row.iterfind("Word"):
        spelled, sure = _text(word)
        letters = tuple(_letters(word, height, width))
        box = box_around(_coords(word, "Coords", height, width), height, width)
        spelled = "".join(letter.text for letter in letters) if spelled is None else spelled
        words.append(GivenWord(spelled, box, sure, letters))
    return GivenLine(
        text,
        tuple(words),
        box_around(outline, height, width),
        _coords(row, "Baseline", height, width),
        outline,
        confidence,
        confirmed=CONFIRMED in row.get("custom", ""),
    )


def _rows_of_text(region: ElementTree.Element, height: int, width: int) -> list[GivenLine]:
    """The rows of a region's text, one below the other in its box."""
    text, confidence = _text(region)
    box = box_around(_coords(region, "Coords", height, width), height, width)
    rows = [row for row in (text or "").splitlines() if row.split()]
    if box is None or not rows:
        return []
    places = slots(box, len(rows), 1)
    return [
        GivenLine(row, box=place, confidence=confidence)
        for row, place in zip(rows, places, strict=True)
    ]


def _letters(word: ElementTree.Element, height: int, width: int) -> Iterator[Letter]:
    for glyph in word.iterfind("Glyph"):
        box = box_around(_coords(glyph, "Coords", height, width), height, width)
        candidates = [
            (text, 1.0 if sure is None else sure)
            for text, sure in _texts(glyph)
            if text and not text.isspace()
        ]
        if box is not None and candidates:
            (text, sure), *others = candidates
            yield Letter(box, text, sure, tuple(others))


def _text(parent: ElementTree.Element) -> tuple[str | None, float | None]:
    """The first of an element's texts, and how sure it is; None where the file tells nothing."""
    return next(((text, sure) for text, sure in _texts(parent) if text.strip()), (None, None))


def _texts(parent: ElementTree.Element) -> list[tuple[str, float | None]]:
    """An element's texts, best first."""
    found = []
    for k, one in enumerate(parent.iterfind("TextEquiv")):
        text = one.findtext("Unicode") or one.findtext("PlainText") or ""
        index = number(one.get("index") or str(k), "index")
        found.append((index, k, text, share(one.get("conf"), "conf")))
    return [(text, sure) for _, _, text, sure in sorted(found, key=lambda row: row[:2])]


def _coords(parent: ElementTree.Element, tag: str, height: int, width: int) -> Points:
    """Points of an outline or baseline; those of versions before 2013 are elements."""
    place = parent.find(tag)
    if place is None:
        return ()
    listed = place.get("points")
    if listed is None:
        listed = " ".join(f"{one.get('x')},{one.get('y')}" for one in place.iterfind("Point"))
    return inside(points(listed, f"{tag} of {parent.tag} {parent.get('id', '')}"), height, width)

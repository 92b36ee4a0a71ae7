"""ALTO (https://www.loc.gov/standards/alto/): lines, words and glyphs with their places.

Written is version 4.3; versions 2 to 4 are read.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from xml.etree import ElementTree

from ocr.config import DPI
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
from ocr.formats.placing import GivenLine, GivenWord, Points
from ocr.formats.xml import SOFTWARE, VERSION, base, document, element, outline, pairs, picture_name
from ocr.input.documents import PageSource
from ocr.page import Box, Letter, Line, Page, Word

NAMESPACE = "http://www.loc.gov/standards/alto/ns-v4#"
SCHEMA_VERSION = "4.3"
UNITS = {"pixel": 1.0, "mm10": DPI / 254, "inch1200": DPI / 1200}  # in pixels, where DPI hold
HYPHEN = "-"  # written for a hyphen that the file gives as a soft one or not at all
HYPHENS = "-\u00ad\u2010\u2e17¬="
LIES = ("PrintSpace", "TopMargin", "LeftMargin", "RightMargin", "BottomMargin")  # parts of a page


def write(pages: Iterable[tuple[PageSource, Page]], single: bool) -> Iterator[str]:
    """A file a page.

    Strings carry their confidence (``WC``) and their glyphs theirs (``GC``), with the other
    candidates as variants.
    """
    for source, page in pages:
        yield _file(source, page)


def _file(source: PageSource, page: Page) -> str:
    root = ElementTree.Element("alto", {"xmlns": NAMESPACE, "SCHEMAVERSION": SCHEMA_VERSION})
    about = element(root, "Description")
    element(about, "MeasurementUnit", "pixel")
    element(element(about, "sourceImageInformation"), "fileName", picture_name(source))
    step = element(about, "Processing", ID="reading")
    element(step, "processingCategory", "contentGeneration")
    software = element(step, "processingSoftware")
    element(software, "softwareName", SOFTWARE)
    element(software, "softwareVersion", VERSION)
    sheet = element(
        element(root, "Layout"),
        "Page",
        ID=f"page_{source.number}",
        PHYSICAL_IMG_NR=source.number,
        HEIGHT=page.height,
        WIDTH=page.width,
        PC=f"{page.confidence:.4f}",
    )
    space = element(sheet, "PrintSpace", **_place(Box(0, 0, page.height, page.width)))
    k = 0
    for b, lines in enumerate(page.blocks, 1):
        around = Box.around(line.box for line in lines)
        block = element(space, "TextBlock", ID=f"block_{b}", **_place(around))
        for line in lines:
            k += 1
            _write_line(block, line, page, k)
    return document(root)


def _write_line(block: ElementTree.Element, line: Line, page: Page, k: int) -> None:
    row = element(
        block,
        "TextLine",
        ID=f"line_{k}",
        **_place(line.box),
        BASELINE=pairs(base(line, page)) or None,
        CS="true" if line.confirmed else None,
    )
    element(element(row, "Shape"), "Polygon", POINTS=pairs(outline(line, page)))
    for j, word in enumerate(line.words, 1):
        if j > 1:
            before = line.words[j - 2].box
            gap = max(0, word.box.x1 - before.x2)
            element(row, "SP", HPOS=before.x2, VPOS=word.box.y1, WIDTH=gap)
        _write_word(row, word, f"{k}_{j}")


def _write_word(row: ElementTree.Element, word: Word, number: str) -> None:
    string = element(
        row,
        "String",
        ID=f"word_{number}",
        **_place(word.box),
        CONTENT=word.text,
        WC=f"{word.confidence:.4f}",
    )
    for i, letter in enumerate(word.letters, 1):
        glyph = element(
            string,
            "Glyph",
            ID=f"glyph_{number}_{i}",
            **_place(letter.box),
            CONTENT=letter.text,
            GC=f"{letter.confidence:.4f}",
        )
        for text, chance in letter.alternatives:
            element(glyph, "Variant", CONTENT=text, VC=f"{chance:.4f}")


def _place(box: Box) -> dict[str, int]:
    return {"HPOS": box.x1, "VPOS": box.y1, "WIDTH": box.width, "HEIGHT": box.height}


def read(root: ElementTree.Element) -> list[FoundPage]:
    """The pages of a file.

    Parameters
    ----------
    root : Element
        As `ocr.formats.parsing.parse_xml` gives it.

    Raises
    ------
    ocr.formats.parsing.MalformedError
        It has no page, an unknown unit, or sizes and points that no page has.
    """
    sheets = root.findall("Layout/Page")
    if not sheets:
        raise MalformedError("ALTO without a Page.")
    unit = (root.findtext("Description/MeasurementUnit") or "pixel").strip()
    if unit not in UNITS:
        raise MalformedError(f"MeasurementUnit is {unit[:40]!r}; known are {', '.join(UNITS)}.")
    picture, page = picture_of(root.findtext("Description/sourceImageInformation/fileName"))
    names = [one.text or "" for one in root.iterfind("Description//softwareName")]
    own = bool(names) and names[-1].strip() == SOFTWARE
    order = _order(root)
    found = []
    for k, sheet in enumerate(sheets):
        read_page = _read_page(sheet, UNITS[unit], order)
        number = (page or int(len(sheets) > 1)) + k
        found.append(FoundPage(read_page, picture, number, own, unit == "pixel"))
    return found


def _read_page(sheet: ElementTree.Element, scale: float, order: Sequence[str]) -> Page:
    sizes = [one for one in (sheet, sheet.find("PrintSpace")) if one is not None]
    sized = next((one for one in sizes if one.get("HEIGHT") and one.get("WIDTH")), sheet)
    height, width = (side(sized.get(name), name, scale) for name in ("HEIGHT", "WIDTH"))
    found = []
    rows = []
    stack: list[tuple[ElementTree.Element, tuple[str, ...]]] = [
        (part, ()) for part in reversed(sheet) if part.tag in LIES
    ]
    blocks = 0
    while stack:  # not by recursion: blocks stand inside each other
        parent, ids = stack.pop()
        blocks += 1
        for line in parent.iterfind("TextLine"):
            found.append(((line.get("ID", ""), *ids), blocks))
            rows.append(_read_line(line, scale, height, width))
        inner = [child for child in parent if child.tag.endswith("Block")]
        stack += [(child, (child.get("ID", ""), *ids)) for child in reversed(inner)]
    return page_of(
        height,
        width,
        (replace(rows[k], block=block) for k, block in in_order(found, order)),
    )


def _order(root: ElementTree.Element) -> list[str]:
    """Ids of blocks and lines in reading order, of version 4.3 on."""
    references = root.iterfind("ReadingOrder//ElementRef")
    return [name for one in references for name in one.get("REF", "").split()]


def _read_line(row: ElementTree.Element, scale: float, height: int, width: int) -> GivenLine:
    words: list[GivenWord] = []
    for part in row:
        if part.tag == "String":
            words.append(_read_word(part, scale, height, width))
        elif part.tag == "HYP" and words and not words[-1].text.endswith(tuple(HYPHENS)):
            words[-1] = _hyphenated(words[-1], part, scale, height, width)
    what = f"of TextLine {row.get('ID', '')}"
    box = _box(row, scale, height, width)
    points_text = row.get("BASELINE", "").strip()
    baseline: Points = ()
    # Before version 4 it is its height alone.
    if points_text and len(points_text.split()) == 1 and "," not in points_text:
        if box is not None:
            y = scale * number(points_text, f"BASELINE {what}")
            baseline = ((y, float(box.x1)), (y, float(box.x2)))
    elif points_text:
        baseline = points(points_text, f"BASELINE {what}", scale)
    shape = row.find("Shape/Polygon")
    polygon = () if shape is None else points(shape.get("POINTS", ""), f"POINTS {what}", scale)
    return GivenLine(
        None,
        tuple(words),
        box,
        inside(baseline, height, width),
        inside(polygon, height, width),
        confirmed=row.get("CS") == "true",
    )


def _read_word(string: ElementTree.Element, scale: float, height: int, width: int) -> GivenWord:
    letters = []
    for glyph in string.iterfind("Glyph"):
        box = _box(glyph, scale, height, width)
        sure = share(glyph.get("GC"), "GC")
        others = tuple(
            (one.get("CONTENT", ""), share(one.get("VC"), "VC") or 0.0)
            for one in glyph.iterfind("Variant")
            if one.get("CONTENT")
        )
        text = glyph.get("CONTENT", "")
        if box is not None and text and not text.isspace():
            letters.append(Letter(box, text, 1.0 if sure is None else sure, others))
    return GivenWord(
        string.get("CONTENT", ""),
        _box(string, scale, height, width),
        share(string.get("WC"), "WC"),
        tuple(letters),
    )


def _hyphenated(
    word: GivenWord, part: ElementTree.Element, scale: float, height: int, width: int
) -> GivenWord:
    """A word with the hyphen at the end of its line, as it is written."""
    content = (part.get("CONTENT") or HYPHEN).replace("\u00ad", HYPHEN)
    box = _box(part, scale, height, width)
    letters = word.letters
    if letters and box is not None:
        letters = (*letters, Letter(box, content, letters[-1].confidence))
    around = word.box.union(box) if word.box and box else word.box
    return GivenWord(word.text + content, around, word.confidence, letters)


def _box(part: ElementTree.Element, scale: float, height: int, width: int) -> Box | None:
    """The place of an element; None if it tells none."""
    values = [part.get(name) for name in ("HPOS", "VPOS", "WIDTH", "HEIGHT")]
    x, y, wide, high = (
        scale * number(value, f"a place of {part.tag}") if value else None for value in values
    )
    if x is None or y is None or wide is None or high is None:
        return None
    return Box.within(y, x, y + high, x + wide, height, width)

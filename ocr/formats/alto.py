"""ALTO 4.3 (https://www.loc.gov/standards/alto/): lines, words and glyphs with their places."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from xml.etree import ElementTree

from ocr.formats.xml import SOFTWARE, VERSION, base, document, element, outline, pairs, picture_name
from ocr.input.documents import PageSource
from ocr.page import Box, Line, Page, Word

NAMESPACE = "http://www.loc.gov/standards/alto/ns-v4#"
SCHEMA_VERSION = "4.3"


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
        for text, share in letter.alternatives:
            element(glyph, "Variant", CONTENT=text, VC=f"{share:.4f}")


def _place(box: Box) -> dict[str, int]:
    return {"HPOS": box.x1, "VPOS": box.y1, "WIDTH": box.width, "HEIGHT": box.height}

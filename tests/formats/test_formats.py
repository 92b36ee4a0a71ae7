"""ocr.formats: names, suffixes, documents of several pages, and what all formats keep."""

import csv
import io
import json
import unicodedata

import pytest
from format_fakes import (
    ALTO,
    BLANK,
    PAGE,
    RICH,
    TWO_BLOCKS,
    TWO_LINES,
    alto_box,
    box_of,
    page_box,
    page_text,
    properties,
    rendered,
    word,
)
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

from ocr.formats import FORMATS, by_suffix, file_name, format_of, render, writer
from ocr.input.documents import PageSource
from ocr.page import Box, Line, Page


def scan(*pages: Page) -> list[tuple[PageSource, Page]]:
    count = len(pages)
    return [(PageSource("scan.pdf", k, count), page) for k, page in enumerate(pages, 1)]


def test_pages_of_one_document():
    pages = scan(TWO_LINES, BLANK, TWO_LINES)
    ((name, pieces),) = render("text", "out/scan", pages)
    assert name == "out/scan.txt"
    assert b"".join(pieces).decode() == "ab c\né\u2028x\n\f\fab c\né\u2028x\n"
    ((name, pieces),) = render("json", "scan", pages)
    data = json.loads(b"".join(pieces))
    assert name == "scan.json"
    assert [Page.from_dict(entry) for entry in data] == [TWO_LINES, BLANK, TWO_LINES]
    assert [(entry["file"], entry["page"]) for entry in data] == [
        ("scan.pdf", 1),
        ("scan.pdf", 2),
        ("scan.pdf", 3),
    ]
    assert "".join(writer("text")(iter(pages[:1]), False)).startswith("==> scan.pdf, page 1 <==")


def test_file_name():
    (third, _) = scan(BLANK, BLANK, BLANK)[2]
    assert file_name("text", "a", PageSource("a.jpg")) == "a.txt"
    assert file_name("json", "b/a", third) == "b/a.json"
    assert file_name("alto", "a", third) == "a.page0003.alto.xml"
    assert file_name("page", "scan", PageSource("scan.jpg")) == "scan.page.xml"


@pytest.mark.parametrize("kind", FORMATS)
def test_the_suffix_tells_the_format(kind):
    for suffix in (FORMATS[kind].suffix, *FORMATS[kind].also):
        assert kind in by_suffix(f"a.b{suffix.upper()}")
    assert format_of(f"a{FORMATS[kind].suffix}") == kind
    assert format_of("a.htm") == "hocr"
    assert by_suffix("a.xml") == ("alto", "page")
    assert format_of("a.xml") is None
    assert by_suffix("a.log") == by_suffix("a") == ()


def test_pages_are_written_as_they_come():
    asked = []

    def pages():
        for name in ("a", "b"):
            asked.append(name)
            yield PageSource(name), TWO_LINES

    for kind in ("text", "json"):
        asked.clear()
        pieces = FORMATS[kind].write(pages(), False)
        assert "a" in next(pieces)
        assert asked == ["a"]


signs = st.characters(exclude_categories=["Cs", "Cc", "Zs", "Zl", "Zp", "Cn", "Co", "Mn"])


@given(st.lists(st.lists(signs, min_size=1, max_size=5), min_size=1, max_size=4))
@settings(max_examples=30)
def test_any_text_comes_back(texts):
    words = tuple(word("".join(text), 150 * k, 10) for k, text in enumerate(texts))
    page = Page(100, 1000, (Line(words),))
    expected = [unicodedata.normalize("NFC", "".join(text)) for text in texts]
    alto = etree.fromstring(rendered("alto", page)).iterfind(".//a:String", ALTO)
    assert [node.get("CONTENT") for node in alto] == expected
    xml = etree.fromstring(rendered("page", page)).iterfind(".//p:Word", PAGE)
    assert [page_text(node)[0] for node in xml] == expected
    hocr = etree.fromstring(rendered("hocr", page)).iterfind(".//{*}span[@class='ocrx_word']")
    assert [node.text for node in hocr] == expected
    rows = rendered("tsv", page).decode().split("\n")
    assert [row.split("\t")[-1] for row in rows if row.startswith("5\t")] == expected


def blocks_of(kind: str, content: bytes) -> list[list[tuple[list[str], Box]]]:
    """Of each block its lines, the words of a line, and the box of the block."""
    if kind == "tsv":
        rows = list(csv.DictReader(io.StringIO(content.decode()), delimiter="\t"))
        blocks = [row for row in rows if row["level"] == "2"]
        found = []
        for block in blocks:
            mine = [row for row in rows if row["block_num"] == block["block_num"]]
            y, x = int(block["top"]), int(block["left"])
            lines = [row["line_num"] for row in mine if row["level"] == "4"]
            assert lines == [str(k) for k in range(1, len(lines) + 1)]
            words = [
                [r["text"] for r in mine if (r["level"], r["line_num"]) == ("5", line)]
                for line in lines
            ]
            found.append((words, Box(y, x, y + int(block["height"]), x + int(block["width"]))))
        return found
    if kind == "json":
        page = Page.from_dict(json.loads(content))
        return [
            ([[w.text for w in line.words] for line in lines], Box.around(x.box for x in lines))
            for lines in page.blocks
        ]
    root = etree.fromstring(content)
    if kind == "hocr":
        return [
            (
                [
                    [word.text for word in line.iterfind(".//{*}span")]
                    for line in area.iterfind("{*}p/{*}span")
                ],
                box_of(*properties(area)["bbox"]),
            )
            for area in root.iterfind(".//{*}div[@class='ocr_carea']")
        ]
    if kind == "alto":
        return [
            (
                [
                    [s.get("CONTENT") for s in line.iterfind("a:String", ALTO)]
                    for line in block.iterfind("a:TextLine", ALTO)
                ],
                alto_box(block),
            )
            for block in root.iterfind(".//a:TextBlock", ALTO)
        ]
    order = [node.get("regionRef") for node in root.iterfind(".//p:RegionRefIndexed", PAGE)]
    regions = list(root.iterfind(".//p:TextRegion", PAGE))
    assert order == [region.get("id") for region in regions]
    for region in regions:
        lines = region.iterfind("p:TextLine", PAGE)
        assert page_text(region)[0] == "\n".join(page_text(line)[0] for line in lines)
    return [
        (
            [
                [page_text(word)[0] for word in line.iterfind("p:Word", PAGE)]
                for line in region.iterfind("p:TextLine", PAGE)
            ],
            page_box(region),
        )
        for region in regions
    ]


@pytest.mark.parametrize("kind", ["json", "tsv", "hocr", "alto", "page"])
def test_blocks_come_back(kind):
    first, second = TWO_BLOCKS.lines[:2], TWO_BLOCKS.lines[2:]
    assert blocks_of(kind, rendered(kind, TWO_BLOCKS)) == [
        ([["one"], ["two"]], Box.around(line.box for line in first)),
        ([["three", "four"]], second[0].box),
    ]


def test_formats_of_one_page_get_numbered_files():
    sources = [PageSource("scan.tif", k, 3) for k in (1, 3)]
    names = ["a/scan.page0001.alto.xml", "a/scan.page0003.alto.xml"]
    made = render("alto", "a/scan", [(source, RICH) for source in sources])
    for number, expected, (name, pieces) in zip(("1", "3"), names, made, strict=True):
        assert name == expected
        sheet = etree.fromstring(b"".join(pieces)).find(".//a:Page", ALTO)
        assert sheet.get("PHYSICAL_IMG_NR") == number


@pytest.mark.parametrize("kind", ["json", "ndjson", "tsv", "hocr", "alto", "page"])
def test_same_bytes(kind):
    assert rendered(kind, RICH) == rendered(kind, RICH)

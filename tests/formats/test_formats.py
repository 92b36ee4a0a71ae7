"""ocr.formats: names, suffixes, documents of several pages, and what all formats keep."""

import json

import pytest
from format_fakes import BLANK, TWO_LINES

from ocr.formats import FORMATS, by_suffix, file_name, format_of, render, writer
from ocr.input.documents import PageSource
from ocr.page import Page


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

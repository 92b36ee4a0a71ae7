"""ocr.formats: pages as text and JSON."""

import json

import pytest

from ocr.formats import FORMATS, by_suffix, file_name, render, writer
from ocr.input.documents import PageSource
from ocr.page import Box, Letter, Line, Page, Word


def word(text: str, x: int) -> Word:
    return Word(
        tuple(Letter(Box(0, x + k, 9, x + k + 1), sign, 0.5) for k, sign in enumerate(text))
    )


TWO_LINES = Page(
    20,
    40,
    (
        Line((word("ab", 0), word("c", 5))),
        Line((word("é\u2028", 0),), baseline=((9.0, 0.0), (9.5, 2.0))),
    ),
    engine="letters",
)
BLANK = Page(20, 40, warnings=("nothing that looks like writing was found",))


def written(kind: str, pages: list[tuple[str, Page]], single: bool, **options: bool) -> str:
    sources = ((PageSource(name), page) for name, page in pages)
    return "".join(writer(kind, **options)(sources, single))


def test_text_of_one_page():
    assert written("text", [("a.jpg", TWO_LINES)], True) == "ab c\né\u2028\n"


def test_text_of_a_blank_page_is_empty():
    assert written("text", [("a.jpg", BLANK)], True) == ""


def test_text_of_several_pages():
    pages = [("a.jpg", TWO_LINES), ("b.jpg", BLANK), ("c.jpg", BLANK)]
    assert written("text", pages, False) == (
        "==> a.jpg <==\nab c\né\u2028\n\n==> b.jpg <==\n\n==> c.jpg <==\n"
    )


@pytest.mark.parametrize("page", [TWO_LINES, BLANK])
def test_json_of_one_page_reads_back(page):
    data = json.loads(written("json", [("a.jpg", page)], True))
    assert data["file"] == "a.jpg"
    assert Page.from_dict(data) == page


def test_json_of_several_pages():
    data = json.loads(written("json", [("a.jpg", TWO_LINES), ("b.jpg", BLANK)], False))
    assert [Page.from_dict(entry) for entry in data] == [TWO_LINES, BLANK]
    assert [entry["file"] for entry in data] == ["a.jpg", "b.jpg"]
    assert json.loads(written("json", [("a.jpg", BLANK)], False))[0]["file"] == "a.jpg"


def test_json_of_no_page():
    assert json.loads(written("json", [], False)) == []
    assert written("json", [], True) == ""


def scan(*pages: Page) -> list[tuple[PageSource, Page]]:
    count = len(pages)
    return [(PageSource("scan.pdf", k, count), page) for k, page in enumerate(pages, 1)]


def test_pages_of_one_document():
    pages = scan(TWO_LINES, BLANK, TWO_LINES)
    ((name, pieces),) = render("text", "out/scan", pages)
    assert name == "out/scan.txt"
    assert b"".join(pieces).decode() == "ab c\né\u2028\n\f\fab c\né\u2028\n"
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
        assert by_suffix(f"a.b{suffix.upper()}") == (kind,)
    assert by_suffix("a.xml") == ("alto", "page")
    assert by_suffix("a.log") == by_suffix("a") == ()


def lines_at(*rows: tuple[int, str]) -> Page:
    """Lines of text, each with its foot in a pixel row."""
    lines = []
    for foot, text in rows:
        words = []
        for k, token in enumerate(text.split()):
            box = Box(foot - 10, 10 * k, foot, 10 * k + 9)
            words.append(Word(tuple(Letter(box, sign, 0.5) for sign in token)))
        lines.append(Line(tuple(words)))
    return Page(1000, 1000, tuple(lines))


@pytest.mark.parametrize(
    ("rows", "text"),
    [
        (["one two", "three"], "one two three"),
        (["the compu-", "ter is on"], "the computer is on"),
        (["ein wunder\u00ad", "bares Haus"], "ein wunderbares Haus"),
        (["the Anglo-", "Saxon"], "the Anglo-Saxon"),
        (["1914-", "1918"], "1914-1918"),
        (["mother-in-", "law"], "mother-in-law"),
        (["well-known is", "a well-", "known word"], "well-known is a well-known word"),
        (["two-", "and threefold"], "two- and threefold"),
        (["come -", "now"], "come - now"),
        (["X-", "ray"], "X-ray"),
        (["a dash –", "now"], "a dash – now"),
        (["- milk", "- eggs"], "- milk - eggs"),
    ],
)
def test_join(rows, text):
    page = lines_at(*((100 + 20 * k, row) for k, row in enumerate(rows)))
    assert written("text", [("a", page)], True, join=True) == f"{text}\n"


def test_join_parts_paragraphs():
    page = lines_at((20, "one"), (40, "two"), (61, "three"), (111, "four-"), (131, "teen"))
    assert written("text", [("a", page)], True, join=True) == "one two three\n\nfourteen\n"
    assert written("text", [("a", BLANK)], True, join=True) == ""
    assert written("text", [("a", lines_at((20, "one")))], True, join=True) == "one\n"


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

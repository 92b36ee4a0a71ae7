"""ocr.formats.text: rows, pages, and lines joined."""

import pytest
from format_fakes import BLANK, TWO_LINES, lines_at, written


def test_text_of_one_page():
    assert written("text", [("a.jpg", TWO_LINES)], True) == "ab c\né\u2028x\n"


def test_text_of_a_blank_page_is_empty():
    assert written("text", [("a.jpg", BLANK)], True) == ""


def test_text_of_several_pages():
    pages = [("a.jpg", TWO_LINES), ("b.jpg", BLANK), ("c.jpg", BLANK)]
    assert written("text", pages, False) == (
        "==> a.jpg <==\nab c\né\u2028x\n\n==> b.jpg <==\n\n==> c.jpg <==\n"
    )


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

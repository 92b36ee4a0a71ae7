"""ocr.formats: pages as text and JSON."""

import json

import pytest

from ocr import cli
from ocr.formats import FORMATS
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


def written(kind: str, pages: list[tuple[str, Page]], single: bool) -> str:
    return "".join(FORMATS[kind](iter(pages), single))


def test_command_line_offers_all():
    assert tuple(FORMATS) == cli.FORMATS


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


def test_pages_are_written_as_they_come():
    asked = []

    def pages():
        for name in ("a", "b"):
            asked.append(name)
            yield name, TWO_LINES

    for kind in FORMATS:
        asked.clear()
        pieces = FORMATS[kind](pages(), False)
        assert "a" in next(pieces)
        assert asked == ["a"]

"""ocr.formats: pages as text and JSON."""

import csv
import io
import json
import re
from collections.abc import Iterable
from dataclasses import replace
from itertools import accumulate

import lxml.html
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from PIL import Image

from ocr.errors import OutputError
from ocr.formats import FORMATS, by_suffix, file_name, format_of, render, writer
from ocr.input.documents import PageSource
from ocr.page import Box, Letter, Line, Page, Word


def word(text: Iterable[str], x: int) -> Word:
    return Word(
        tuple(Letter(Box(0, x + k, 9, x + k + 1), sign, 0.5) for k, sign in enumerate(text))
    )


TWO_LINES = Page(
    20,
    40,
    (
        Line((word("ab", 0), word("c", 5))),
        Line((word(("é", "\u2028x"), 0),), baseline=((9.0, 0.0), (9.5, 2.0))),
    ),
    engine="letters",
)
BLANK = Page(20, 40, warnings=("nothing that looks like writing was found",))


def written(kind: str, pages: list[tuple[str, Page]], single: bool, **options: bool) -> str:
    sources = ((PageSource(name), page) for name, page in pages)
    return "".join(writer(kind, **options)(sources, single))


def test_text_of_one_page():
    assert written("text", [("a.jpg", TWO_LINES)], True) == "ab c\né\u2028x\n"


def test_text_of_a_blank_page_is_empty():
    assert written("text", [("a.jpg", BLANK)], True) == ""


def test_text_of_several_pages():
    pages = [("a.jpg", TWO_LINES), ("b.jpg", BLANK), ("c.jpg", BLANK)]
    assert written("text", pages, False) == (
        "==> a.jpg <==\nab c\né\u2028x\n\n==> b.jpg <==\n\n==> c.jpg <==\n"
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


def test_markdown():
    page = lines_at((20, "# 1 *of* <2>"), (40, "a_b"), (90, "- milk"), (110, "• eggs"), (130, "3"))
    assert written("markdown", [("a", page)], True) == (
        "\\# 1 \\*of\\* \\<2\\>\\\na\\_b\n\n- milk\n- eggs\\\n3\n"
    )
    joined = written("markdown", [("a", lines_at((20, "well-"), (40, "known")))], True, join=True)
    assert joined == "wellknown\n"
    both = written("markdown", [("a_b", TWO_LINES), ("c", BLANK)], False)
    assert both.startswith("## a\\_b\n\nab c")
    assert both.endswith("\n## c\n\n")


@pytest.mark.parametrize(
    ("rows", "text"),
    [
        (["Prices", "2. Milk", "3. Bread"], "Prices\n\n2. Milk\n3. Bread"),
        (["1) Milk", "of a cow", "2) Bread"], "1) Milk\\\nof a cow\n2) Bread"),
        (["1. Milk", "- fresh", "2. Bread"], "1. Milk\n- fresh\n2. Bread"),
        (["12. May", "15. June", "20. July"], "12\\. May\\\n15\\. June\\\n20\\. July"),
        (["12. May", "", "15. June"], "12\\. May\n\n15\\. June"),
        (["1. a", "", "2. b", "", "4. d"], "1. a\n\n2. b\n\n4\\. d"),
        (["1. a", "2. b", "1. c", "2. d"], "1. a\n2. b\\\n1\\. c\\\n2\\. d"),
        (["01. a", "02. b"], "01\\. a\\\n02\\. b"),
        (["in", "1918. Then"], "in\\\n1918\\. Then"),
        (["1918. Then", "came"], "1918\\. Then\\\ncame"),
        (["1. Milk"], "1. Milk"),
        (["Total", "- 5 apples", "+ 3"], "Total\\\n\\- 5 apples\\\n\\+ 3"),
        (["12", "+ 3", "+ 4"], "12\\\n\\+ 3\\\n\\+ 4"),
        (["Wanted:", "+ milk", "+ eggs"], "Wanted:\n+ milk\n+ eggs"),
        (["* milk", "* eggs"], "* milk\n* eggs"),
        (["Sale", "* today"], "Sale\\\n\\* today"),
        (["- - -", "-- -", "- # a"], "- \\- -\\\n\\-- -\n- \\# a"),
    ],
)
def test_markdown_of_lists_and_of_what_only_looks_so(rows, text):
    lines = [
        replace(line, block=rows[:k].count("") + 1)
        for k, row in enumerate(rows)
        for line in lines_at((100 + 20 * k, row)).lines
        if row
    ]
    page = Page(1000, 1000, tuple(lines))
    assert written("markdown", [("a", page)], True) == f"{text}\n"


def rendered_rows(text: str) -> list[str]:
    """What Markdown shows once it is rendered, row by row; a dot before the items of a list."""
    rows: list[str] = []
    items: list[int | None] = []
    mark = ""
    for token in MarkdownIt().parse(text):
        if token.type.endswith("list_open"):
            ordered = token.type.startswith("ordered")
            items.append(int(token.attrs.get("start", 1)) - 1 if ordered else None)
        elif token.type.endswith("list_close"):
            items.pop()
        elif token.type == "list_item_open":
            assert not mark
            if items[-1] is None:
                mark = "• "
            else:
                items[-1] += 1
                mark = f"{items[-1]}{token.markup} "
        elif token.type == "inline":
            for part in token.children:
                assert part.type in ("text", "text_special", "hardbreak"), part
            shown = "".join(part.content or "\n" for part in token.children)
            rows += (mark + shown).split("\n")
            mark = ""
        else:
            assert token.type in ("paragraph_open", "paragraph_close", "list_item_close"), token
    return rows


@given(
    st.lists(
        st.tuples(
            st.sampled_from([20, 20, 20, 90]),
            st.sampled_from(
                [
                    "",
                    *"-+*•#>=",
                    "--",
                    "---",
                    *(f"{k}." for k in (0, 1, 1, 2, 2, 3, 4, 10)),
                    "2)",
                    "1)",
                ]
            ),
            st.sampled_from(
                ["a", "b c", "-", "- d", "+ 3", "3", "# e", "1.", "2. f", "*g* _h_", "<i>"]
            ),
        ),
        min_size=1,
        max_size=9,
    )
)
@settings(max_examples=300)
def test_markdown_shows_what_was_written(drawn):
    feet = list(accumulate(step for step, _, _ in drawn))
    rows = [f"{mark} {text}".strip() for _, mark, text in drawn]
    text = written("markdown", [("a", lines_at(*zip(feet, rows, strict=True)))], True)
    for seen, row in zip(rendered_rows(text), rows, strict=True):
        assert seen in (row, re.sub("^[-+*] ", "• ", row)), text


def test_csv():
    page = lines_at((20, 'say "so", he'), (40, "7"))
    rows = list(csv.DictReader(io.StringIO(written("csv", [("a.jpg", page)], True), newline="")))
    assert [row["text"] for row in rows] == ["say", '"so",', "he", "7"]
    assert [(row["file"], row["page"], row["line"], row["word"]) for row in rows[2:]] == [
        ("a.jpg", "1", "1", "3"),
        ("a.jpg", "1", "2", "1"),
    ]
    assert [rows[3][side] for side in ("y1", "x1", "y2", "x2")] == ["30", "0", "40", "9"]
    lines = written("csv-lines", [("a.jpg", page), ("b.jpg", BLANK)], False)
    assert [row["text"] for row in csv.DictReader(io.StringIO(lines))] == ['say "so", he', "7"]


def test_html(tmp_path):
    """One file, that loads nothing, with all text in its order; nothing read is taken for HTML."""
    photo = tmp_path / "<a>.png"
    Image.new("L", (1000, 1000), 200).save(photo)
    page = lines_at((20, "<script> & so"), (40, "on"))
    content = written("html", [(str(photo), page)], True)
    root = lxml.html.fromstring(content)
    assert [" ".join(row.text_content().split()) for row in root.iter("text")] == [
        "<script> & so",
        "on",
    ]
    assert not list(root.iter("script", "link", "iframe"))
    (image,) = root.iter("image")
    assert image.get("href").startswith("data:image/jpeg;base64,")
    assert root.find(".//h2").text == str(photo)
    first = next(root.iter("tspan"))
    assert (float(first.get("x")), float(first.get("textlength"))) == (0, 9)


def test_docx():
    docx = pytest.importorskip("docx")
    pages = [(PageSource("a.tif", k, 2), page) for k, page in enumerate((TWO_LINES, BLANK), 1)]
    first, second = (b"".join(writer("docx")(iter(pages), True)) for _ in range(2))
    assert first == second
    text = [one.text for one in docx.Document(io.BytesIO(first)).paragraphs]
    assert text[0].startswith("ab c")
    odd = Page(20, 40, (Line((word("a\uffff\x1b", 0),)),))
    several = [(PageSource("\x1b[31m\udcff.png"), odd), (PageSource("b.png"), odd)]
    read = docx.Document(io.BytesIO(b"".join(writer("docx")(iter(several), False))))
    assert [one.text for one in read.paragraphs][:2] == ["\ufffd[31m\ufffd.png", "a\ufffd\ufffd"]


def test_docx_without_the_package(monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "docx", None)
    with pytest.raises(OutputError, match=r"ocr\[docx\]"):
        FORMATS["docx"].require()

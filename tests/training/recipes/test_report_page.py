"""training.recipes.report_page: what reports show, and that nothing in them becomes HTML."""

import lxml.html

from training.recipes.report_page import Section, differences, line, picture, render, table, text


def test_differences_spell_both():
    written, read = "a coat, 12", "o cots 1"
    pieces = differences(written, read)
    assert "".join(words for kind, words in pieces if kind != "missing") == read
    assert next(words for kind, words in pieces if kind == "right") == " co"
    assert differences("", "") == []


def test_a_page():
    parts = [
        text("<b>", "small"),
        table(("name", "%"), [("a & b", 6.04), ("n", 3)]),
        picture("a.png", "five < six", 64),
        line("b.png", "to do", [("before", "tu d<"), ("after", "to do")]),
    ]
    headline = {"figure": "8.1 → 6.0 %", "what": "Characters wrong.", "kind": "better"}
    page = render("<i>", "so", [Section("One", parts, "one")], headline=headline, nav=True)
    root = lxml.html.fromstring(page)
    assert root.find(".//h1").text == "<i>"
    assert not list(root.iter("b", "i", "script", "link"))
    order = [node.get("class") or node.tag for node in root.find("body")]
    assert order[:3] == ["h1", "headline better", "p"]
    assert [cell.text for cell in root.iter("td")][:4] == ["a & b", "6.0", "n", "3"]
    assert [node.text for node in root.iter("ins")] == ["u", "<"]
    assert root.find(".//figcaption").text == "five < six"
    assert "prefers-color-scheme: dark" in page


def test_banner():
    assert "banner" not in render("a", "b", []).partition("<body>")[2]
    assert 'class="banner">small' in render("a", "b", [], banner="small")

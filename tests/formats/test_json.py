"""ocr.formats.json: pages come back, one and several, and follow their schema."""

import json

import pytest
from format_fakes import BLANK, PAGES, RICH, TWO_LINES, rendered, written

from ocr.page import Page


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


def test_json_is_valid(schema):
    for content in (rendered("json", RICH), rendered("json", *PAGES), rendered("json", BLANK)):
        schema.validate(json.loads(content))


@pytest.mark.parametrize(
    "damage",
    [
        {"version": 2},
        {"height": 0},
        {"text": None},
        {"confidence": 1.5},
        {"lines": [{}]},
        {"page": 0},
    ],
)
def test_the_schema_refuses_other_json(schema, damage):
    data = json.loads(rendered("json", RICH))
    assert schema.is_valid(data)
    assert not schema.is_valid(data | damage)
    del data["lines"][0]["words"][0]["letters"]
    assert not schema.is_valid(data)

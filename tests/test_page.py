"""ocr.page: boxes and pages, JSON both ways."""

import dataclasses
import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ocr.errors import DataError
from ocr.formats import read_page
from ocr.page import SCHEMA_VERSION, Box, Letter, Line, Page, Word

coordinates = st.integers(0, 10_000)
sizes = st.integers(1, 500)
boxes = st.builds(
    lambda y, x, h, w: Box(y, x, y + h, x + w), coordinates, coordinates, sizes, sizes
)
shares = st.floats(0, 1)
signs = st.characters(exclude_categories=["Cs"]).filter(lambda sign: not sign.isspace())
letters = st.builds(
    Letter, boxes, signs, shares, st.lists(st.tuples(signs, shares), max_size=3).map(tuple)
)
words = st.lists(letters, min_size=1, max_size=4).map(lambda found: Word(tuple(found)))
points = st.lists(st.tuples(st.floats(0, 1e4), st.floats(0, 1e4)), max_size=3).map(tuple)
lines = st.builds(
    Line, st.lists(words, min_size=1, max_size=3).map(tuple), points, points, st.integers(1, 3)
)
pages = st.builds(
    Page,
    height=sizes,
    width=sizes,
    lines=st.lists(lines, max_size=3).map(tuple),
    engine=st.sampled_from(["", "letters"]),
    warnings=st.lists(st.text(max_size=9), max_size=2).map(tuple),
)


@pytest.mark.parametrize("corners", [(0, 0, 0, 5), (0, 0, 5, 0), (5, 0, 2, 5), (0, 5, 5, 2)])
def test_empty_boxes_are_refused(corners):
    with pytest.raises(ValueError, match="empty box"):
        Box(*corners)


def test_box_sizes():
    box = Box(10, 20, 13, 25)
    assert (box.height, box.width, box.area) == (3, 5, 15)
    assert box.as_list() == [10, 20, 13, 25]


def test_iou():
    box = Box(0, 0, 10, 10)
    assert box.iou(box) == 1
    assert box.iou(Box(0, 5, 10, 15)) == pytest.approx(1 / 3)
    assert box.iou(Box(10, 0, 20, 10)) == 0  # y2 and x2 are exclusive: they only touch
    assert box.iou(Box(50, 50, 60, 60)) == 0


@given(boxes, boxes)
def test_box_laws(one, two):
    assert one.iou(two) == two.iou(one)
    assert 0 <= one.iou(two) <= 1
    both = one.union(two)
    assert both == two.union(one) == Box.around([one, two])
    assert both.area >= max(one.area, two.area)


def test_text_and_confidence():
    def word(text, x, confidence):
        return Word(
            tuple(Letter(Box(0, x + k, 5, x + k + 1), c, confidence) for k, c in enumerate(text))
        )

    page = Page(
        20, 20, (Line((word("to", 0, 1.0), word("do", 5, 0.5))), Line((word("x", 0, 0.0),)))
    )
    assert page.text == "to do\nx"
    assert page.lines[0].confidence == 0.75
    assert page.confidence == pytest.approx(3 / 5)
    assert page.lines[0].box == Box(0, 0, 5, 7)
    assert "".join(letter.text for letter in page.letters) == "todox"


def test_text_is_nfc():
    parts = tuple(Letter(Box(0, k, 5, k + 1), sign, 1.0) for k, sign in enumerate("e\u0301"))
    assert Word(parts).text == "é"


def test_blank_page():
    page = Page(5, 5)
    assert page.text == ""
    assert page.confidence == 1
    assert page.letters == ()


def test_frozen():
    with pytest.raises(dataclasses.FrozenInstanceError):
        Page(5, 5).height = 6


@settings(max_examples=25)  # pages are slow to make up
@given(pages)
def test_json_both_ways(page):
    assert Page.from_json(page.to_json()) == page
    assert Page.from_json(page.to_json(indent=None)) == page


def test_json_is_plain():
    page = Page(5, 5, (Line((Word((Letter(Box(0, 0, 2, 2), "é", 0.25, (("e", 0.5),)),)),)),))
    assert "é" in page.to_json()
    data = json.loads(page.to_json())
    assert data["version"] == SCHEMA_VERSION
    assert data["lines"][0]["words"][0]["letters"][0] == {
        "text": "é",
        "confidence": 0.25,
        "box": [0, 0, 2, 2],
        "alternatives": [["e", 0.5]],
    }


def test_other_schema_versions_are_refused():
    data = Page(5, 5).to_dict() | {"version": SCHEMA_VERSION + 1}
    with pytest.raises(ValueError, match="version"):
        Page.from_dict(data)


@pytest.mark.parametrize(
    "damage",
    [
        {"height": -5},
        {"height": 9.5},
        {"warnings": [5]},
        {"engine": None},
        {"transform": [[1]]},
        {"lines": [{"words": [], "baseline": [], "polygon": []}]},
        {"page": 0},
    ],
)
def test_what_convert_refuses_is_no_page(tmp_path, damage):
    data = Page(5, 5).to_dict() | damage
    with pytest.raises(ValueError, match="damaged"):
        Page.from_dict(data)
    (tmp_path / "a.json").write_text(json.dumps(data))
    with pytest.raises(DataError):
        read_page(tmp_path / "a.json")


def test_what_convert_reads_is_a_page(tmp_path):
    data = Page(5, 5).to_dict()
    del data["engine"], data["warnings"]
    (tmp_path / "a.json").write_text(json.dumps(data))
    assert Page.from_dict(data) == read_page(tmp_path / "a.json") == Page(5, 5)


def test_lines_of_a_block_stand_together():
    words = (Word((Letter(Box(0, 0, 2, 2), "a", 1.0),)),)
    one, two, three = (Line(words, block=block) for block in (1, 1, 2))
    assert Page(9, 9, (one, two, three)).blocks == ((one, two), (three,))
    assert Page(9, 9).blocks == ()


def test_json_without_blocks_is_read():
    data = Page(9, 9, (Line((Word((Letter(Box(0, 0, 2, 2), "a", 1.0),)),)),)).to_dict()
    del data["lines"][0]["block"]
    assert Page.from_dict(data).lines[0].block == 1

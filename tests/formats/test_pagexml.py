"""ocr.formats.pagexml: read back, and files of other programs."""

import pytest
from format_fakes import (
    BLANK,
    GIVEN,
    PAGE,
    RICH,
    letters_of,
    page_box,
    page_text,
    rendered,
    words_of,
)
from lxml import etree

from ocr.formats import read_page
from ocr.formats.reading import read_pages
from ocr.page import Box


@pytest.mark.parametrize("page", [RICH, BLANK])
def test_page_xml_reads_back(page):
    root = etree.fromstring(rendered("page", page))
    sheet = root.find("p:Page", PAGE)
    assert sheet.get("imageFilename") == 'scan "1" & <2>.tif'
    assert (int(sheet.get("imageHeight")), int(sheet.get("imageWidth"))) == (20, 40) or page is RICH
    for tag, expected in (("Word", words_of(page)), ("Glyph", letters_of(page))):
        nodes = root.iterfind(f".//p:{tag}", PAGE)
        found = [(text, page_box(n), sure) for n in nodes for text, sure in [page_text(n)]]
        assert found == expected
    lines = root.iterfind(".//p:TextLine", PAGE)
    assert [page_text(line)[0] for line in lines] == page.text.splitlines()
    if page.lines:
        assert page_text(root.find(".//p:TextRegion", PAGE))[0] == page.text


def test_page_xml_tells_shapes_and_candidates(monkeypatch):
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1700000000")
    root = etree.fromstring(rendered("page", RICH))
    first = root.find(".//p:TextLine", PAGE)
    assert first.find("p:Baseline", PAGE).get("points") == "50,72 480,85"
    assert first.find("p:Coords", PAGE).get("points") == "48,38 490,44 488,86 0,75"
    texts = root.findall(".//p:Glyph", PAGE)[1].findall("p:TextEquiv", PAGE)
    assert [(t.get("index"), t.findtext("p:Unicode", namespaces=PAGE)) for t in texts] == [
        ("0", "O"),
        ("1", "0"),
        ("2", "Q"),
    ]
    assert root.findtext(".//p:Created", namespaces=PAGE) == "2023-11-14T22:13:20"


def test_transkribus():
    ((source, found),) = read_pages(GIVEN / "transkribus.xml")
    page = found.page
    assert source.path == "letter.png"  # of an address the name alone
    assert page.text.splitlines() == [
        "Titel", "erste Zeile", "zweite Zeile", "3 Mark", "am Rand", "notiert",
    ]  # fmt: skip
    assert [line.block for line in page.lines] == [1, 2, 2, 3, 4, 4]
    title, first = page.lines[:2]
    assert title.confidence == pytest.approx(0.9)
    assert title.box == Box(20, 40, 80, 400)
    # The line's own text counts, on the places of its words.
    assert [word.box for word in first.words] == [Box(110, 40, 160, 140), Box(110, 160, 160, 260)]
    assert page.lines[4].box == Box(20, 410, 50, 590)
    assert not any(line.confirmed for line in page.lines)


def test_a_cell_that_has_a_text_and_no_line(tmp_path):
    path = tmp_path / "a.xml"
    path.write_text(
        '<PcGts xmlns="http://schema.primaresearch.org/PAGE/gts/pagecontent/2013-07-15">'
        '<Page imageFilename="" imageWidth="100" imageHeight="50"><TableRegion id="t">'
        '<TableCell row="0" col="0" id="c"><Coords points="0,0 50,0 50,50 0,50"/><TextEquiv>'
        "<Unicode>two words</Unicode></TextEquiv></TableCell></TableRegion></Page></PcGts>"
    )
    assert read_page(path).text == "two words"


def test_places_of_points_of_old_versions(tmp_path):
    path = tmp_path / "old.xml"
    path.write_text(
        '<p:PcGts xmlns:p="http://schema.primaresearch.org/PAGE/gts/pagecontent/2010-03-19">'
        '<p:Page imageFilename="" imageWidth="100" imageHeight="50"><p:TextRegion><p:TextLine'
        ' id="b"><p:Coords><p:Point x="-5" y="10"/><p:Point x="60" y="10"/><p:Point x="60" y="30"/>'
        "</p:Coords><p:TextEquiv><p:Unicode>x y</p:Unicode></p:TextEquiv></p:TextLine>"
        "</p:TextRegion></p:Page></p:PcGts>",
        encoding="utf-16",
    )
    page = read_page(path)
    assert page.text == "x y"
    assert page.lines[0].box == Box(10, 0, 30, 60)


@pytest.mark.parametrize("moment", ["", "soon", "99999999999999", "9" * 400])
def test_a_moment_that_is_none_is_the_beginning_of_1970(monkeypatch, moment):
    monkeypatch.setenv("SOURCE_DATE_EPOCH", moment)
    root = etree.fromstring(rendered("page", RICH))
    assert root.findtext(".//p:Created", namespaces=PAGE) == "1970-01-01T00:00:00"

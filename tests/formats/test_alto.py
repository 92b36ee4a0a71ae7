"""ocr.formats.alto: read back, and files of other programs."""

import pytest
from format_fakes import ALTO, BLANK, GIVEN, RICH, alto, alto_box, letters_of, rendered, words_of
from lxml import etree
from PIL import Image

from ocr.formats import read_page
from ocr.page import Box


@pytest.mark.parametrize("page", [RICH, BLANK])
def test_alto_reads_back(page):
    root = etree.fromstring(rendered("alto", page))
    assert root.findtext(".//a:fileName", namespaces=ALTO) == 'scan "1" & <2>.tif'
    sheet = root.find(".//a:Page", ALTO)
    assert (int(sheet.get("HEIGHT")), int(sheet.get("WIDTH"))) == (page.height, page.width)
    strings = root.iterfind(".//a:String", ALTO)
    assert [(s.get("CONTENT"), alto_box(s), float(s.get("WC"))) for s in strings] == words_of(page)
    glyphs = root.iterfind(".//a:Glyph", ALTO)
    assert [(g.get("CONTENT"), alto_box(g), float(g.get("GC"))) for g in glyphs] == letters_of(page)
    lines = list(root.iterfind(".//a:TextLine", ALTO))
    assert [alto_box(line) for line in lines] == [line.box for line in page.lines]
    texts = [" ".join(s.get("CONTENT") for s in line.iterfind("a:String", ALTO)) for line in lines]
    assert texts == page.text.splitlines()


def test_alto_tells_shapes_and_candidates():
    root = etree.fromstring(rendered("alto", RICH))
    first, second = root.iterfind(".//a:TextLine", ALTO)
    assert first.get("BASELINE") == "50,72 480,85"
    assert first.find(".//a:Polygon", ALTO).get("POINTS") == "48,38 490,44 488,86 0,75"
    assert second.get("BASELINE") is None
    assert second.find(".//a:Polygon", ALTO).get("POINTS").startswith("60,150 ")
    variants = root.iterfind(".//a:Variant", ALTO)
    assert [(v.get("CONTENT"), v.get("VC")) for v in variants] == [("0", "0.2000"), ("Q", "0.0500")]
    spaces = [(int(s.get("HPOS")), int(s.get("WIDTH"))) for s in root.iterfind(".//a:SP", ALTO)]
    assert spaces[0] == (92, 108)


def test_tesseract_alto():
    page = read_page(GIVEN / "tesseract.xml")
    assert page.text == "Das Schul-\nhaus"  # as it is written, with its hyphen
    assert page.lines[0].words[1].box == Box(92, 109, 116, 221)
    assert [round(word.confidence, 2) for word in page.words] == [0.96, 0.5, 0.9]
    assert page.lines[1].baseline == ((160, 36), (160, 156))


def test_alto_in_tenths_of_millimeters(tmp_path):
    body = (
        '<TextLine><String CONTENT="ab" HPOS="254" VPOS="127" WIDTH="508" HEIGHT="254"/></TextLine>'
    )
    path = tmp_path / "p.xml"
    path.write_text(alto("mm10", body))
    page = read_page(path)
    assert (page.height, page.width) == (1500, 3000)  # at 300 dots per inch
    assert page.lines[0].box == Box(150, 300, 450, 900)
    assert "not in pixels" in page.warnings[0]
    Image.new("L", (1000, 500), 255).save(tmp_path / "p.png")
    page = read_page(path)  # its picture tells
    assert (page.height, page.width) == (500, 1000)
    assert page.lines[0].box == Box(50, 100, 150, 300)
    assert not page.warnings
    assert page.photo is not None
    (tmp_path / "p.png").unlink()
    path.write_text(alto("inch1200", body.replace("254", "400").replace("127", "800")))
    assert read_page(path).lines[0].box == Box(200, 100, 300, 227)


def test_alto_tells_its_reading_order_before_the_layout(tmp_path):
    lines = [
        f'<TextLine ID="{name}"><String CONTENT="{name}" HPOS="10" VPOS="{y}" WIDTH="20" '
        'HEIGHT="9"/></TextLine>'
        for y, name in enumerate("abcd", 10)
    ]
    order = (
        '<ReadingOrder><OrderedGroup ID="o"><ElementRef ID="r1" REF="c"/><OrderedGroup ID="p">'
        '<ElementRef ID="r2" REF="d a"/></OrderedGroup></OrderedGroup></ReadingOrder>'
    )
    path = tmp_path / "p.xml"
    path.write_text(alto("pixel", "".join(lines)).replace("<Layout>", f"{order}<Layout>"))
    assert read_page(path).text == "c\nd\na\nb"

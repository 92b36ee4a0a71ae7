"""ocr.formats.hocr: read back, checked by the package `hocr-spec`, and files of other programs."""

import io
import re
import time
import warnings

import pytest
from format_fakes import (
    GIVEN,
    PAGES,
    RICH,
    box_of,
    letters_of,
    properties,
    rendered,
    turned_line,
    words_of,
    write,
)
from lxml import html

from ocr.errors import DataError
from ocr.formats import read_page, render
from ocr.formats.reading import read_pages
from ocr.input.documents import PageSource
from ocr.page import Box, Letter, Line, Page, Word


def test_hocr_reads_back():
    root = html.document_fromstring(rendered("hocr", *PAGES))
    sheets = root.xpath("//div[@class='ocr_page']")
    assert len(sheets) == len(PAGES)
    for sheet, page in zip(sheets, PAGES, strict=True):
        assert sheet.get("title").startswith('image "scan \\"1\\" & <2>.tif"; ')
        assert properties(sheet)["bbox"] == ["0", "0", str(page.width), str(page.height)]
        found, letters = [], []
        for node in sheet.xpath(".//span[@class='ocrx_word']"):
            told = properties(node)
            found.append((node.text, box_of(*told["bbox"]), float(told["x_wconf"][0]) / 100))
            sides = iter(told["x_bboxes"])
            boxes = [box_of(*four) for four in zip(sides, sides, sides, sides, strict=True)]
            sure = [float(value) / 100 for value in told["x_confs"]]
            letters += zip(node.text, boxes, sure, strict=True)
        assert found == words_of(page)
        assert letters == letters_of(page)
        lines = sheet.xpath(".//span[@class='ocr_line']")
        assert [" ".join(node.text_content().split()) for node in lines] == page.text.splitlines()
        assert [box_of(*properties(node)["bbox"]) for node in lines] == [x.box for x in page.lines]
    line = properties(root.xpath("//span[@class='ocr_line']")[0])
    slope, offset = map(float, line["baseline"])
    x1, _, _, y2 = map(int, line["bbox"])
    assert y2 + offset == pytest.approx(72, abs=0.5)  # at the left end, in whole pixels
    assert y2 + offset + slope * (480 - x1) == pytest.approx(85, abs=0.5)
    assert line["poly"][:4] == ["48", "38", "490", "44"]
    assert line["poly"][-2:] == ["0", "75"]  # drawn into the page


def test_hocr_follows_its_specification():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of a package for Python 2 and 3
        from hocr_spec.validate import HocrValidator

        def report(content: bytes):
            return HocrValidator("standard").validate(io.BytesIO(content), parse_strict=True)

        found = report(rendered("hocr", *PAGES))
        assert found.is_valid(), found.format("text")
        assert not report(rendered("hocr", RICH).replace(b"ocrp_poly", b"")).is_valid()


@pytest.mark.parametrize(
    ("baseline", "angle"),
    [
        (((90.0, 50.0), (10.0, 50.0)), "textangle 90"),
        (((10.0, 50.0), (90.0, 50.0)), "textangle 270"),
        (((50.0, 90.0), (50.0, 10.0)), "textangle 180"),
        (((50.0, 10.0), (52.0, 90.0)), "baseline 0.0250"),
    ],
)
def test_hocr_tells_how_a_line_is_turned(baseline, angle):
    letter = Letter(Box(10, 10, 90, 90), "a", 0.9)
    page = Page(100, 100, (Line((Word((letter,)),), baseline),))
    ((_, pieces),) = render("hocr", "a", [(PageSource("a.png"), page)])
    found = b"".join(pieces).decode()
    assert angle in found
    assert ("textangle" in found) == ("textangle" in angle)


@pytest.mark.parametrize("turn", range(4))
def test_hocr_with_no_more_than_an_angle(tmp_path, turn):
    """As Tesseract writes it: a baseline at the feet of the letters."""
    path = write(tmp_path, "hocr", Page(400, 400, (turned_line(turn),)))
    path.write_text(re.sub(r"; baseline [-.0-9]+ [-.0-9]+", "", path.read_text()))
    (back,) = read_page(path).lines
    at_feet = (
        (),
        ((100, 110), (300, 110)),
        ((110, 300), (110, 100)),
        ((300, 170), (100, 170)),
    )
    assert back.baseline == at_feet[turn]


def test_tesseract_hocr():
    page = read_page(GIVEN / "tesseract.hocr")
    assert page.text == "Fish & ok\nside"
    first, side = page.lines
    assert first.words[0].box == Box(92, 36, 116, 96)
    assert [round(x.confidence, 3) for x in first.words] == [
        0.96,
        0.5,
        pytest.approx(0.8925, abs=1e-3),
    ]
    assert [x.box for x in first.words[2].letters] == [
        Box(92, 200, 116, 240), Box(92, 240, 116, 280),
    ]  # fmt: skip
    assert first.baseline == ((111, 36), (pytest.approx(116.44), 580))
    # Turned against the clock: it runs upwards, and its letters' feet are to the right.
    assert side.baseline == ((380, 44), (200, 44))
    tops = [letter.box.y1 for letter in side.letters]
    assert tops == sorted(tops, reverse=True)
    assert [line.block for line in page.lines] == [1, 2]
    ((source, _),) = read_pages(GIVEN / "tesseract.hocr")
    assert source.path == "letter.png"


def test_kraken_hocr(tmp_path):
    path = tmp_path / "kraken.html"
    path.write_text(
        '<!DOCTYPE html><html><head><meta name="ocr-system" content="kraken"/></head><body>'
        '<div class="ocr_page" title="bbox 0 0 300 200; image /tmp/a.png" '
        'style="writing-mode: horizontal-tb;"><span class="ocr_line" id="line_0" title="bbox 50 25 '
        '101 55; x_bboxes 50 25 55 55 76 25 76 55 96 25 101 55"> <span class="ocrx_word" title='
        '"bbox 50 25 101 55; x_confs 0.99 0.5 1.0">186</span> </span><br/></div></body></html>'
    )
    page = read_page(path)
    assert page.text == "186"
    assert page.confidence == pytest.approx(0.83)  # shares, where others write percent


def test_html_that_is_no_xml_and_a_line_without_words(tmp_path):
    path = tmp_path / "old.html"
    path.write_text(
        "<html><head><meta charset=utf-8><title>x</title></head><body><div class=ocr_page "
        "title='bbox 0 0 300 200'><span class=ocr_line title='bbox 10 20 110 50'>caf&eacute;"
        "&nbsp;au lait</span><br><span class='ocr_line' title='bbox 10 60 110 90'>2</span></div>\n"
    )
    page = read_page(path)
    assert page.text == "café au lait\n2"
    assert page.lines[0].box == Box(20, 10, 50, 110)


HOCR = '<html><body><div class="ocr_page" title="bbox 0 0 300 200">{}</div></body></html>'


@pytest.mark.parametrize(
    ("body", "text", "warned"),
    [
        (
            '<style>p {}</style><span class="ocr_line" title="bbox 9 9 90 30">in a line</span> ',
            "in a line",
            False,
        ),
        ('<p class="ocr_par"><span class="ocrx_word">lost</span></p>', "", True),
        ("by itself", "", True),
        (
            '<div class="ocr_header" title="bbox 9 9 90 90">'
            '<span class="ocr_line" title="bbox 9 9 90 30">one</span>'
            '<span class="ocr_line" title="bbox 9 30 90 60">'
            '<span class="ocrx_word" title="bbox 9 30 90 60">two</span></span></div>',
            "one\ntwo",  # and not once more as the header
            False,
        ),
    ],
)
def test_hocr_with_text_outside_of_lines(tmp_path, body, text, warned):
    path = tmp_path / "a.hocr"
    path.write_text(HOCR.format(body))
    page = read_page(path)
    assert page.text == text
    assert page.warnings == (("text outside of lines was left out",) if warned else ())


@pytest.mark.parametrize(
    "content",
    [
        "<html>" + "<a " * 300_000,
        "<html>" + "<!--" * 300_000,
        "<html><script>" + "</" * 300_000,
        "<html><p title='" + '"' * 500_001 + "'>",
        "<html>" + "<![CDATA[" * 200_000,
        "<html>" + "&#" * 300_000 + "\n",
    ],
)
def test_html_made_to_take_long_does_not(tmp_path, content):
    path = tmp_path / "a.hocr"
    path.write_text(content)
    start = time.process_time()
    with pytest.raises(DataError):
        read_page(path)
    assert time.process_time() - start < 20

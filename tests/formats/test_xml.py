"""ocr.formats, what other programs read: each format is read back and gives the same page.

hOCR is checked by the package `hocr-spec`, JSON by its own schema; the schemas of ALTO 4.3 and
PAGE XML 2019-07-15 come from the source package of kraken, which carries them, and are not looked
at where pip cannot fetch that.
"""

import csv
import io
import json
import subprocess
import sys
import tarfile
import unicodedata
import warnings
from importlib.resources import files
from pathlib import Path

import jsonschema
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree, html

from ocr.formats import read_page, render
from ocr.formats.xml import picture_name
from ocr.input.documents import PageSource
from ocr.page import Box, Letter, Line, Page, Word

SCHEMAS = "kraken==5.2.9"
GIVEN = sorted((Path(__file__).parent / "given").iterdir())  # pages of other programs
ALTO = {"a": "http://www.loc.gov/standards/alto/ns-v4#"}
PAGE = {"p": "http://schema.primaresearch.org/PAGE/gts/pagecontent/2019-07-15"}


def word(text: str, x: int, y: int, confidence: float = 0.75) -> Word:
    """Letters 20 wide and 30 to 33 high, one a step lower than the one before."""
    letters = [
        Letter(
            Box(y + k, x + 22 * k, y + 30 + 2 * k, x + 22 * k + 20),
            sign,
            confidence,
            (("0", 0.2), ("Q", 0.05)) if sign == "O" else (),
        )
        for k, sign in enumerate(text)
    ]
    return Word(tuple(letters))


RICH = Page(
    400,
    900,
    (
        Line(
            (word("TO", 50, 40), word("Café", 200, 45, 0.5), word('<&">', 400, 50, 0.25)),
            baseline=((72.4, 50.0), (84.6, 480.0)),
            polygon=((38.0, 48.0), (44.0, 490.0), (86.0, 488.0), (75.0, -3.0)),
        ),
        Line((word("€", 60, 150), word("Straße", 120, 152, 1.0), word("Œuvre½", 300, 150, 0.0))),
    ),
    engine="lines",
)
TWO_BLOCKS = Page(
    300,
    900,
    (
        Line((word("one", 50, 40),)),
        Line((word("two", 60, 80),)),
        Line((word("three", 400, 40), word("four", 500, 40)), block=2),
    ),
)
BLANK = Page(20, 40, warnings=("nothing that looks like writing was found",))
PAGES = [RICH, BLANK, RICH]


def rendered(kind: str, *pages: Page) -> bytes:
    """The only file that a document of these pages becomes."""
    sources = [PageSource('scan "1" & <2>.tif', k, len(pages)) for k in range(1, len(pages) + 1)]
    ((_, pieces),) = render(kind, "scan", zip(sources, pages, strict=True))
    return b"".join(pieces)


def words_of(page: Page) -> list[tuple[str, Box, float]]:
    return [
        (word.text, word.box, pytest.approx(word.confidence, abs=6e-4))
        for line in page.lines
        for word in line.words
    ]


def letters_of(page: Page) -> list[tuple[str, Box, float]]:
    return [(x.text, x.box, pytest.approx(x.confidence, abs=6e-4)) for x in page.letters]


def box_of(x1: str, y1: str, x2: str, y2: str) -> Box:
    return Box(int(y1), int(x1), int(y2), int(x2))


# JSON and NDJSON


@pytest.fixture(scope="module")
def schema():
    text = files("ocr.formats").joinpath("page.schema.json").read_text(encoding="utf-8")
    jsonschema.Draft202012Validator.check_schema(json.loads(text))
    return jsonschema.Draft202012Validator(json.loads(text))


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


def test_ndjson_has_a_row_a_page(schema):
    odd = Page(9, 9, (Line((Word((Letter(Box(0, 0, 1, 1), "\u2028x", 0.5),)),)),))
    rows = rendered("ndjson", *PAGES, odd).decode().splitlines()
    for row in rows:
        schema.validate(json.loads(row))
    assert [Page.from_json(row) for row in rows] == [*PAGES, odd]
    assert [json.loads(row)["page"] for row in rows] == [1, 2, 3, 4]


# TSV


def test_tsv_reads_back():
    text = rendered("tsv", *PAGES).decode()
    rows = list(csv.DictReader(io.StringIO(text), delimiter="\t", quoting=csv.QUOTE_NONE))
    head = "level page_num block_num par_num line_num word_num left top width height conf text"
    assert list(rows[0]) == head.split()
    for number, page in enumerate(PAGES, 1):
        found = [
            (
                row["text"],
                Box(
                    int(row["top"]),
                    int(row["left"]),
                    int(row["top"]) + int(row["height"]),
                    int(row["left"]) + int(row["width"]),
                ),
                float(row["conf"]) / 100,
            )
            for row in rows
            if (row["level"], row["page_num"]) == ("5", str(number))
        ]
        assert found == words_of(page)
    assert [row["level"] for row in rows if row["page_num"] == "1"] == list("12345554555")
    assert [row["level"] for row in rows if row["page_num"] == "2"] == ["1"]
    assert {row["conf"] for row in rows if row["level"] != "5"} == {"-1"}


# hOCR


def properties(node) -> dict[str, list[str]]:
    """The title attribute of an hOCR element."""
    parts = [part.split() for part in node.get("title").split("; ")]
    return {part[0]: part[1:] for part in parts}


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


# ALTO and PAGE XML


@pytest.fixture(scope="session")
def schemas(request, tmp_path_factory) -> Path:
    """A folder with alto-4-3.xsd and pagecontent.xsd; fetched once and kept in pytest's cache."""
    name = f"schemas-{SCHEMAS}"
    try:
        place = request.config.cache.mkdir(name)
    except (AttributeError, OSError):  # -p no:cacheprovider, or no place for a cache
        place = tmp_path_factory.mktemp(name)
    if (place / "alto-4-3.xsd").exists():
        return place
    fetched = tmp_path_factory.mktemp("fetched")
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps"]
    command += ["--ignore-requires-python", "--no-binary", ":all:"]
    command += ["--dest", str(fetched), SCHEMAS]
    try:
        done = subprocess.run(command, capture_output=True, timeout=180, check=False)
    except subprocess.TimeoutExpired:
        pytest.skip(f"pip takes too long to fetch the schemas in {SCHEMAS}")
    if done.returncode:
        pytest.skip(f"pip cannot fetch the schemas in {SCHEMAS}")
    (archive,) = fetched.glob("*.tar.gz")
    with tarfile.open(archive) as packed:
        found = [member for member in packed.getmembers() if member.name.endswith(".xsd")]
        for member in sorted(found, key=lambda member: "alto" in member.name):  # that comes last
            (place / Path(member.name).name).write_bytes(packed.extractfile(member).read())
    return place


def test_alto_and_page_follow_their_schemas(schemas):
    odd = Page(9, 9, (Line((Word((Letter(Box(0, 0, 1, 1), "\x01", 0.5),)),)),))
    for kind, name in (("alto", "alto-4-3.xsd"), ("page", "pagecontent.xsd")):
        schema = etree.XMLSchema(etree.parse(schemas / name))
        for page in (RICH, BLANK, TWO_BLOCKS, odd, *map(read_page, GIVEN)):
            schema.assertValid(etree.fromstring(rendered(kind, page)))
        broken = rendered(kind, RICH).replace(b"<Glyph", b"<Gliph").replace(b"</Glyph", b"</Gliph")
        assert not schema.validate(etree.fromstring(broken))


def alto_box(node) -> Box:
    x, y, width, height = (int(node.get(k)) for k in ("HPOS", "VPOS", "WIDTH", "HEIGHT"))
    return Box(y, x, y + height, x + width)


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


def page_box(node) -> Box:
    points = [
        tuple(map(int, p.split(","))) for p in node.find("p:Coords", PAGE).get("points").split()
    ]
    xs, ys = zip(*points, strict=True)
    return Box(min(ys), min(xs), max(ys), max(xs))


def page_text(node) -> tuple[str, float]:
    equivalent = node.find("p:TextEquiv", PAGE)
    return equivalent.findtext("p:Unicode", namespaces=PAGE), float(equivalent.get("conf"))


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


signs = st.characters(exclude_categories=["Cs", "Cc", "Zs", "Zl", "Zp", "Cn", "Co", "Mn"])


@given(st.lists(st.lists(signs, min_size=1, max_size=5), min_size=1, max_size=4))
@settings(max_examples=30)
def test_any_text_comes_back(texts):
    words = tuple(word("".join(text), 150 * k, 10) for k, text in enumerate(texts))
    page = Page(100, 1000, (Line(words),))
    expected = [unicodedata.normalize("NFC", "".join(text)) for text in texts]
    alto = etree.fromstring(rendered("alto", page)).iterfind(".//a:String", ALTO)
    assert [node.get("CONTENT") for node in alto] == expected
    xml = etree.fromstring(rendered("page", page)).iterfind(".//p:Word", PAGE)
    assert [page_text(node)[0] for node in xml] == expected
    hocr = etree.fromstring(rendered("hocr", page)).iterfind(".//{*}span[@class='ocrx_word']")
    assert [node.text for node in hocr] == expected
    rows = rendered("tsv", page).decode().split("\n")
    assert [row.split("\t")[-1] for row in rows if row.startswith("5\t")] == expected


# Blocks of text


def blocks_of(kind: str, content: bytes) -> list[list[tuple[list[str], Box]]]:
    """Of each block its lines, the words of a line, and the box of the block."""
    if kind == "tsv":
        rows = list(csv.DictReader(io.StringIO(content.decode()), delimiter="\t"))
        blocks = [row for row in rows if row["level"] == "2"]
        found = []
        for block in blocks:
            mine = [row for row in rows if row["block_num"] == block["block_num"]]
            y, x = int(block["top"]), int(block["left"])
            lines = [row["line_num"] for row in mine if row["level"] == "4"]
            assert lines == [str(k) for k in range(1, len(lines) + 1)]
            words = [
                [r["text"] for r in mine if (r["level"], r["line_num"]) == ("5", line)]
                for line in lines
            ]
            found.append((words, Box(y, x, y + int(block["height"]), x + int(block["width"]))))
        return found
    if kind == "json":
        page = Page.from_dict(json.loads(content))
        return [
            ([[w.text for w in line.words] for line in lines], Box.around(x.box for x in lines))
            for lines in page.blocks
        ]
    root = etree.fromstring(content)
    if kind == "hocr":
        return [
            (
                [
                    [word.text for word in line.iterfind(".//{*}span")]
                    for line in area.iterfind("{*}p/{*}span")
                ],
                box_of(*properties(area)["bbox"]),
            )
            for area in root.iterfind(".//{*}div[@class='ocr_carea']")
        ]
    if kind == "alto":
        return [
            (
                [
                    [s.get("CONTENT") for s in line.iterfind("a:String", ALTO)]
                    for line in block.iterfind("a:TextLine", ALTO)
                ],
                alto_box(block),
            )
            for block in root.iterfind(".//a:TextBlock", ALTO)
        ]
    order = [node.get("regionRef") for node in root.iterfind(".//p:RegionRefIndexed", PAGE)]
    regions = list(root.iterfind(".//p:TextRegion", PAGE))
    assert order == [region.get("id") for region in regions]
    for region in regions:
        lines = region.iterfind("p:TextLine", PAGE)
        assert page_text(region)[0] == "\n".join(page_text(line)[0] for line in lines)
    return [
        (
            [
                [page_text(word)[0] for word in line.iterfind("p:Word", PAGE)]
                for line in region.iterfind("p:TextLine", PAGE)
            ],
            page_box(region),
        )
        for region in regions
    ]


@pytest.mark.parametrize("kind", ["json", "tsv", "hocr", "alto", "page"])
def test_blocks_come_back(kind):
    first, second = TWO_BLOCKS.lines[:2], TWO_BLOCKS.lines[2:]
    assert blocks_of(kind, rendered(kind, TWO_BLOCKS)) == [
        ([["one"], ["two"]], Box.around(line.box for line in first)),
        ([["three", "four"]], second[0].box),
    ]


# Several pages, and the same bytes


def test_formats_of_one_page_get_numbered_files():
    sources = [PageSource("scan.tif", k, 3) for k in (1, 3)]
    names = ["a/scan.page0001.alto.xml", "a/scan.page0003.alto.xml"]
    made = render("alto", "a/scan", [(source, RICH) for source in sources])
    for number, expected, (name, pieces) in zip(("1", "3"), names, made, strict=True):
        assert name == expected
        sheet = etree.fromstring(b"".join(pieces)).find(".//a:Page", ALTO)
        assert sheet.get("PHYSICAL_IMG_NR") == number


@pytest.mark.parametrize("kind", ["json", "ndjson", "tsv", "hocr", "alto", "page"])
def test_same_bytes(kind):
    assert rendered(kind, RICH) == rendered(kind, RICH)


def test_the_picture_is_called_by_its_name_alone():
    assert picture_name(PageSource("scans/1914/a.tif", 2, 3)) == "a.tif"
    assert picture_name(PageSource("scans/a.PDF", 2, 3)) == "a.PDF#page=2"
    assert picture_name(PageSource("-")) == "stdin"


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

"""ocr.formats.reading: pages out of files of ours and of other programs, hostile ones refused.

The files in `given` are written by hand as eScriptorium, Transkribus and Tesseract export them.
"""

import codecs
import json
import unicodedata

import pytest
from format_fakes import GIVEN, alto, turned_line, write
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from ocr.errors import DataError
from ocr.formats import FORMATS, read_page, render
from ocr.formats.parsing import MAX_DEPTH, MAX_LINES
from ocr.formats.placing import turn_of
from ocr.formats.reading import files_in, find_picture, read_pages
from ocr.input.documents import PageSource
from ocr.page import Box, Letter, Line, Page, Word

READ = [name for name, one in FORMATS.items() if one.reads]

# Round trips

signs = st.characters(
    exclude_categories=["Cs", "Cc", "Cf", "Zs", "Zl", "Zp", "Cn", "Co", "Mn", "Mc"]
)
texts = st.text(signs, min_size=1, max_size=5).filter(
    lambda text: unicodedata.normalize("NFC", text) == text and len(text) == len(list(text))
)
shares = st.integers(0, 10_000).map(lambda value: value / 10_000)


@st.composite
def pages(draw):
    """A page of words that stand side by side, in one block or two, some lines with a baseline."""
    lines = []
    for k in range(draw(st.integers(1, 4))):
        words = []
        x = draw(st.integers(0, 50))
        for _ in range(draw(st.integers(1, 3))):
            letters = []
            for sign in draw(st.text(st.sampled_from("abcXYZ0é€<&>\"'-"), min_size=1, max_size=5)):
                y = 100 * k + draw(st.integers(0, 30))
                wide, high = draw(st.integers(1, 30)), draw(st.integers(1, 60))
                letters.append(Letter(Box(y, x, y + high, x + wide), sign, draw(shares)))
                x += wide + draw(st.integers(0, 3))
            words.append(Word(tuple(letters)))
            x += draw(st.integers(5, 40))
        baseline = ((100.0 * k + 70, 0.0), (100.0 * k + 75, 800.0)) if draw(st.booleans()) else ()
        confirmed = draw(st.booleans())
        lines.append(Line(tuple(words), baseline, (), 1 + (k > 1), confirmed))
    return Page(600, 2000, tuple(lines), "lines")


@given(pages(), st.sampled_from(READ))
@settings(max_examples=150)
def test_round_trips_keep_text_places_and_confidences(tmp_path_factory, page, kind):
    folder = tmp_path_factory.mktemp("trip")
    back = read_page(write(folder, kind, page))
    assert back.text == page.text
    assert (back.height, back.width) == (page.height, page.width)
    assert [x.box for x in back.letters] == [x.box for x in page.letters]
    assert [x.text for x in back.letters] == [x.text for x in page.letters]
    near = [pytest.approx(x.confidence, abs=6e-4) for x in page.letters]
    assert [x.confidence for x in back.letters] == near
    assert [len(line.words) for line in back.lines] == [len(line.words) for line in page.lines]
    assert [line.block for line in back.lines] == [line.block for line in page.lines]
    assert [line.polygon for line in back.lines] == [() for _ in page.lines]
    for ours, other in zip(page.lines, back.lines, strict=True):
        assert bool(ours.baseline) == bool(other.baseline)
        for y, x in other.baseline:  # hOCR has the part of it under the line's box
            assert y == pytest.approx(ours.baseline[0][0] + x * 5 / 800, abs=1)
    if kind != "hocr":
        assert [line.confirmed for line in back.lines] == [line.confirmed for line in page.lines]
    # What was read once is kept to the letter from then on.
    again = read_page(write(folder, kind, back))
    assert [x.box for x in again.letters] == [x.box for x in back.letters]
    assert again.text == back.text


@given(st.lists(texts, min_size=1, max_size=4))
@settings(max_examples=60)
def test_any_text_comes_back(tmp_path_factory, found):
    words = [
        Word(tuple(Letter(Box(5, 200 * k + 9 * i, 30, 200 * k + 9 * i + 8), sign, 0.5)
                   for i, sign in enumerate(text)))
        for k, text in enumerate(found)
    ]  # fmt: skip
    page = Page(100, 1000, (Line(tuple(words)),))
    folder = tmp_path_factory.mktemp("text")
    for kind in READ:
        assert read_page(write(folder, kind, page)).text == page.text


@pytest.mark.parametrize("kind", READ)
@pytest.mark.parametrize("turn", range(4))
def test_a_turned_line_stays_turned(tmp_path, kind, turn):
    line = turned_line(turn)
    (back,) = read_page(write(tmp_path, kind, Page(400, 400, (line,)))).lines
    assert back.text == "turned ink"
    assert [letter.box for letter in back.letters] == [letter.box for letter in line.letters]
    assert turn_of(back.baseline) == turn
    for point, expected in zip(back.baseline, line.baseline, strict=True):
        assert point == pytest.approx(expected, abs=1)


def test_several_pages(tmp_path):
    one, two = (
        Page(9, 9, (Line((Word((Letter(Box(0, 0, 5, 5), sign, 1.0),)),)),)) for sign in "ab"
    )
    for kind in ("json", "ndjson", "hocr"):
        path = write(tmp_path, kind, one, two)
        found = list(read_pages(path))
        assert [(source.number, x.page.text) for source, x in found] == [(1, "a"), (2, "b")]
        with pytest.raises(DataError, match="holds 2 pages"):
            read_page(path)


def test_what_people_confirmed_is_told_from_drafts(tmp_path):
    line = Line((Word((Letter(Box(0, 0, 5, 5), "a", 1.0),)),))
    for kind in READ:
        ((_, found),) = read_pages(write(tmp_path, kind, Page(9, 9, (line,))))
        assert found.drafts
    for name in ("escriptorium.xml", "escriptorium.page.xml", "transkribus.xml"):
        ((_, found),) = read_pages(GIVEN / name)
        assert not found.drafts


# Files of other programs


@pytest.mark.parametrize("name", ["escriptorium.xml", "escriptorium.page.xml"])
def test_escriptorium(name):
    ((source, found),) = read_pages(GIVEN / name)
    page = found.page
    assert source.path == "letter.png"
    assert (page.height, page.width) == (400, 600)
    assert page.text == "Chère Anne,\nle vent du nord"
    assert [line.block for line in page.lines] == [1, 2]
    assert page.lines[0].baseline == ((70, 50), (72, 300))
    assert page.lines[0].polygon == ((36, 48), (30, 302), (84, 304), (86, 50))
    assert page.confidence == 1
    assert page.warnings == ("1 line without a text or a place was left out",)
    box = page.lines[0].box
    assert (box.x1, box.y1, box.y2) == (pytest.approx(49, abs=1), 30, 86)
    # Of the last line nothing is known but the baseline: letters as high as letters are.
    last = page.lines[1].box
    assert (last.x1, last.x2) == (50, 380)
    assert 190 <= last.y1 < 240 < 250 < last.y2 <= 270
    lefts = [letter.box.x1 for letter in page.lines[1].letters]
    assert lefts == sorted(lefts)


# Pictures


def test_a_picture_is_taken_by_its_name_alone(tmp_path):
    inside = tmp_path / "in"
    inside.mkdir()
    Image.new("L", (60, 40), 255).save(tmp_path / "secret.png")
    assert find_picture("../secret.png", inside, "x") is None
    assert find_picture("..", inside, "x") is None
    assert find_picture("a\0.png", inside, "x") is None
    assert find_picture(str(tmp_path / "secret.png"), inside, "x") is None
    (inside / "secret.png").symlink_to(tmp_path / "secret.png")
    assert find_picture("secret.png", inside, "x") is None  # a link that leads out
    assert find_picture("secret.png", inside, "x", named=True) == inside / "secret.png"
    (inside / "secret.png").unlink()
    Image.new("L", (60, 40), 255).save(inside / "secret.png")
    assert find_picture("../secret.png", inside, "x") == inside / "secret.png"
    assert find_picture("", inside, "secret") == inside / "secret.png"  # it tells no name
    Image.new("L", (60, 40), 255).save(inside / "secret.bmp")
    assert find_picture("", inside, "secret.bmp") == inside / "secret.bmp"


def test_another_pages_picture_is_refused(tmp_path):
    line = Line((Word((Letter(Box(0, 0, 5, 5), "a", 1.0),)),))
    path = write(tmp_path, "page", Page(400, 600, (line,)))
    Image.new("L", (400, 600), 255).save(tmp_path / "photo.tif")
    with pytest.raises(DataError, match=r"600 x 400 and its picture .* 400 x 600"):
        read_page(path)
    Image.new("L", (300, 200), 255).save(tmp_path / "photo.tif")
    assert read_page(path).letters[0].box == Box(0, 0, 3, 3)
    (tmp_path / "photo.tif").write_text("no picture")
    with pytest.raises(DataError, match="its picture"):
        read_page(path)


def test_a_page_of_a_file_is_found_by_the_name_that_tells_its_number(tmp_path):
    pictures = [Image.new("L", (60, 40), 100 + number) for number in (1, 2, 3)]
    for name in ("s.tif", "t.tif"):
        pictures[0].save(tmp_path / name, save_all=True, append_images=pictures[1:])
    text = Page(40, 60).to_json()  # without "file" and "page", as old corrections are kept
    for stem in ("s.page0002", "s.tif.page0002"):
        (tmp_path / f"{stem}.gt.json").write_text(text)
        ((source, found),) = read_pages(tmp_path / f"{stem}.gt.json")
        assert (source.path, source.number, source.pages) == (str(tmp_path / "s.tif"), 2, 3)
        assert round(255 * float(found.page.photo.grey(9)[0, 0])) == 102
    moved = text.replace("{", '{"file": "old.tif", "page": 3,', 1)
    (tmp_path / "t.page0003.gt.json").write_text(moved)
    assert next(read_pages(tmp_path / "t.page0003.gt.json"))[0].title.endswith("t.tif, page 3")
    (tmp_path / "s.page0009.gt.json").write_text(text)
    with pytest.raises(DataError, match="there is no page 9; it has 3"):
        read_page(tmp_path / "s.page0009.gt.json")


def two_pages(folder):
    """A TIFF of two pages, 100 and 200 bright, with the second page as its source and layout."""
    pictures = [Image.new("L", (60, 40), level) for level in (100, 200)]
    pictures[0].save(folder / "s.tif", save_all=True, append_images=pictures[1:])
    line = Line((Word((Letter(Box(5, 5, 25, 15), "a", 1.0),)),))
    return PageSource(str(folder / "s.tif"), 2, 2), Page(40, 60, (line,))


@pytest.mark.parametrize("kind", READ)
def test_the_second_page_of_a_file_comes_back_as_that(tmp_path, kind):
    source, page = two_pages(tmp_path)
    ((name, pieces),) = render(kind, "s", [(source, page)])
    (tmp_path / name).write_bytes(b"".join(pieces))
    ((back, found),) = read_pages(tmp_path / name)
    assert (back.path, back.number, back.pages, found.number) == (source.path, 2, 2, 2)
    assert round(255 * float(found.page.photo.grey(9)[0, 0])) == 200
    found.page.save(tmp_path / f"again{FORMATS[kind].suffix}")
    assert read_page(tmp_path / f"again{FORMATS[kind].suffix}").photo.page == 2


@pytest.mark.parametrize("kind", ["alto", "page"])
def test_a_file_that_tells_the_picture_alone_is_of_the_page_in_its_name(tmp_path, kind):
    source, page = two_pages(tmp_path)
    ((name, pieces),) = render(kind, "s", [(source, page)])
    (tmp_path / name).write_bytes(b"".join(pieces).replace(b"s.tif#page=2", b"s.tif"))
    assert next(read_pages(tmp_path / name))[0].number == 2
    (tmp_path / name).rename(tmp_path / name.replace("s.", "other.", 1))
    assert next(read_pages(tmp_path / name.replace("s.", "other.", 1)))[0].number == 1


def test_files_of_a_folder(tmp_path):
    for name in ("b.xml", "mets.xml", "report.json", "notes.html", "a.json", ".hidden.json"):
        (tmp_path / name).write_text("<mets/>" if name == "mets.xml" else "<html>{}</html>")
    (tmp_path / "b.xml").write_text("<!-- x --><alto/>")
    (tmp_path / "report.json").write_text('{"files": []}')
    (tmp_path / "a.json").write_text('{"version": 1, "height": 2}')
    (tmp_path / "page").mkdir()
    (tmp_path / "page" / "c.xml").write_text('<?xml version="1.0"?><PcGts/>')
    found = files_in(tmp_path)
    assert [path.name for path, _ in found] == ["a.json", "b.xml", "c.xml"]
    assert {folder for _, folder in found} == {tmp_path}


# Hostile and damaged files

LAUGHS = (
    '<?xml version="1.0"?><!DOCTYPE PcGts [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;">]>'
    "<PcGts><Page>&b;</Page></PcGts>"
)
OUTSIDE = '<!DOCTYPE alto [<!ENTITY x SYSTEM "file:///etc/passwd">]><alto>&x;</alto>'
PAGE_XML = (
    '<PcGts><Page imageWidth="{w}" imageHeight="9"><TextRegion><TextLine><Coords points="{p}"/>'
    '<TextEquiv conf="{c}"><Unicode>a</Unicode></TextEquiv></TextLine></TextRegion></Page></PcGts>'
)
GOOD = {"w": "9", "p": "1,1 5,1 5,5", "c": "0.5"}
JSON = json.loads(
    json.dumps(Page(9, 9, (Line((Word((Letter(Box(0, 0, 5, 5), "a", 1.0),)),)),)).to_dict())
)


def damaged(*path_and_value):
    data = json.loads(json.dumps(JSON))
    *path, last, value = path_and_value
    place = data
    for key in path:
        place = place[key]
    place[last] = value
    return json.dumps(data)


LETTER = ("lines", 0, "words", 0, "letters", 0)


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("a.xml", LAUGHS, "document type declaration"),
        ("a.xml", LAUGHS.encode("utf-16"), "document type declaration"),
        ("a.xml", OUTSIDE, "document type declaration"),
        ("a.xml", "<PcGts><Page>", "no XML that can be read"),
        ("a.xml", "<PcGts/>", "without a Page"),
        ("a.xml", "<alto/>", "without a Page"),
        ("a.xml", '<?xml version="1.0" encoding="nonsense"?><alto/>', "no XML that can be read"),
        ("a.xml", "<alto>" + "<b>" * (MAX_DEPTH + 9) + "</alto>", "deep"),
        ("a.xml", "<mets/>", "nothing that pages can be read from"),
        ("a.xml", "", "nothing that pages can be read from"),
        ("a.xml", b"\x89PNG\r\n", "nothing that pages can be read from"),
        ("a.xml", PAGE_XML.format(**GOOD | {"w": "0"}), "imageWidth"),
        ("a.xml", PAGE_XML.format(**GOOD | {"w": "1e99"}), "imageWidth"),
        ("a.xml", PAGE_XML.format(**GOOD | {"w": "nan"}), "imageWidth"),
        ("a.xml", PAGE_XML.format(**GOOD | {"p": "1,1 2"}), "no pairs"),
        ("a.xml", PAGE_XML.format(**GOOD | {"p": "1,x"}), "not numbers"),
        ("a.xml", PAGE_XML.format(**GOOD | {"p": "1,1 " * 6000}), "more than 5,000 points"),
        ("a.xml", PAGE_XML.format(**GOOD | {"c": "sure"}), "conf"),
        ("a.xml", alto("furlong", ""), "MeasurementUnit is 'furlong'"),
        ("a.xml", alto("pixel", "", ""), "tells no HEIGHT"),
        (
            "a.xml",
            alto("pixel", '<TextLine><String CONTENT="a" HPOS="x"/></TextLine>'),
            "HPOS|place",
        ),
        (
            "a.xml",
            alto("pixel", '<TextLine><String CONTENT="a"/></TextLine>' * (MAX_LINES + 1)),
            "more than 20,000 lines",
        ),
        ("a.hocr", "<html><body>hello</body></html>\n", "no hOCR"),
        ("a.hocr", "<html><div class='ocr_page' title='bbox 0 0 9 9'>\n<span cla", "cut off"),
        ("a.hocr", "<html><div class='ocr_page' title='image x'></div></html>\n", "bbox"),
        ("a.hocr", "<html><div class='ocr_page' title='bbox 0 0 a 9'></div></html>\n", "bbox"),
        ("a.hocr", "<html>" + "<div>" * 300 + "\n", "deep"),
        ("a.hocr", b"<html>\xff\xfe</html>", "not text"),
        ("a.json", "{", "no JSON"),
        ("a.json", "[1, 2]", "no page"),
        ("a.json", damaged("engine", "\ud800"), "surrogates"),
        ("a.json", damaged("lines", 0, "words", 0, "letters", 0, "text", "\udfff"), "surrogates"),
        ("a.json", "[" * 100_000, "nested|no JSON"),
        ("a.json", '{"version": 1}', "no page"),
        ("a.json", damaged("lines", [{}] * (MAX_LINES + 1)), "more than 20,000 lines"),
        ("a.json", damaged("version", 2), "version"),
        ("a.json", damaged("height", "9"), "height"),
        ("a.json", damaged("lines", 0, "words", []), "without letters"),
        ("a.json", damaged("lines", 0, "block", 0), "block"),
        ("a.json", damaged("lines", 0, "baseline", [[1, float("nan")]]), "baseline"),
        ("a.json", damaged("lines", 0, "baseline", [[1, 1], [1, 9e8]]), "baseline"),
        ("a.json", damaged("lines", 0, "baseline", [[0, 0], [0, 9e4]] * 99), "baseline"),
        ("a.json", damaged("lines", 7), "damaged"),
        ("a.json", damaged(*LETTER, "text", ""), "no text"),
        ("a.json", damaged(*LETTER, "text", 5), "damaged"),
        ("a.json", damaged(*LETTER, "confidence", 2), "confidence"),
        ("a.json", damaged(*LETTER, "box", [5, 5, 1, 1]), "empty box"),
        ("a.json", damaged(*LETTER, "box", [0, 0, 1]), "damaged"),
        ("a.json", damaged(*LETTER, "box", [0, 0, 1, 1.5]), "a box"),
        ("a.json", b'{"version": "\xff"}', "UTF-8"),
        ("a.ndjson", json.dumps(JSON) + "\n{}\n", "row 2"),
    ],
)
def test_hostile_and_damaged_files_are_refused_in_one_line(tmp_path, name, content, message):
    path = tmp_path / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(DataError, match=message) as caught:
        list(read_pages(path))
    assert str(caught.value).startswith(f"{path}: ")
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 500


def test_what_is_no_file_is_refused(tmp_path):
    with pytest.raises(DataError, match="no such file"):
        read_page(tmp_path / "none.json")
    with pytest.raises(DataError, match="not a file"):
        read_page(tmp_path)


def test_a_byte_order_mark_and_unknown_keys_do_no_harm(tmp_path):
    path = tmp_path / "a.json"
    path.write_bytes(codecs.BOM_UTF8 + json.dumps(JSON | {"later": [1]}).encode())
    assert read_page(path).text == "a"

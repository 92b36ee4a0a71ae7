"""ocr.formats.pdf: what another PDF library finds in it, and where."""

import ctypes
import io
import logging
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pikepdf
import pypdfium2
import pypdfium2.raw as raw
import pytest
from lxml import etree
from PIL import Image

from ocr import errors, weights
from ocr.formats import pdf, render
from ocr.input.documents import PageSource
from ocr.input.photo import UPRIGHT
from ocr.layout.orientation import turn_back
from ocr.page import Box, Letter, Line, Page, Word
from ocr.weights import read_metadata

SAMPLE = Path(__file__).parents[2] / "images" / "todo_list.jpg"
NEAR = 0.02  # of the page: how far a word's box may be off


def word(text: str, y: int, x: int, width: int, height: int = 30) -> Word:
    """Letters that fill a box of about this width."""
    step = width / len(text)
    letters = [
        Letter(Box(y, round(x + k * step), y + height, round(x + (k + 1) * step)), sign, 0.9)
        for k, sign in enumerate(text)
    ]
    return Word(tuple(letters))


@pytest.fixture
def picture() -> Image.Image:
    """400 x 300, every corner of another color, so that turns show."""
    pixels = np.full((300, 400, 3), 230, dtype=np.uint8)
    pixels[:100, :100] = (200, 30, 30)
    pixels[:100, 300:] = (30, 200, 30)
    pixels[200:, :100] = (30, 30, 200)
    return Image.fromarray(pixels)


def made(path: Path, *pages: Page) -> bytes:
    sources = [PageSource(str(path), k, len(pages)) for k in range(1, len(pages) + 1)]
    ((name, pieces),) = render("pdf", "a", zip(sources, pages, strict=True))
    assert name == "a.pdf"
    return b"".join(pieces)


def words_in(content: bytes, number: int = 0) -> list[tuple[str, tuple[float, ...]]]:
    """Words of a page with the box (top, left, bottom, right) as shares of the page as shown."""
    fine = 100_000

    def seen(page: pypdfium2.PdfPage, x: float, y: float) -> tuple[float, float]:
        col, row = ctypes.c_int(), ctypes.c_int()
        raw.FPDF_PageToDevice(page, 0, 0, fine, fine, 0, x, y, col, row)
        return row.value / fine, col.value / fine

    with pypdfium2.PdfDocument(content) as document:
        page = document[number]
        text = page.get_textpage()
        found: list[tuple[str, list]] = [("", [])]
        for k in range(text.count_chars()):
            sign = text.get_text_range(k, 1)
            if sign.isspace():
                found.append(("", []))
            else:
                left, bottom, right, top = text.get_charbox(k, loose=True)
                corners = [seen(page, left, top), seen(page, right, bottom)]
                found[-1] = (found[-1][0] + sign, found[-1][1] + corners)
    boxes = [(text, np.array(corners)) for text, corners in found if text]
    return [(text, (*corners.min(axis=0), *corners.max(axis=0))) for text, corners in boxes]


def assert_in_place(content: bytes, page: Page, number: int = 0) -> None:
    words = [word for line in page.lines for word in line.words]
    found = words_in(content, number)
    assert [text for text, _ in found] == [word.text for word in words]
    size = np.array([page.height, page.width] * 2)
    for (_, box), word in zip(found, words, strict=True):
        assert box == pytest.approx(np.array(word.box.as_list()) / size, abs=NEAR)


def text_of(content: bytes, number: int = 0) -> str:
    with pypdfium2.PdfDocument(content) as document:
        return document[number].get_textpage().get_text_range().replace("\r\n", "\n")


def found_by_poppler(content: bytes, tmp_path: Path, *options: str) -> list[str]:
    """The lines that pdftotext gives, with one space between words."""
    (tmp_path / "a.pdf").write_bytes(content)
    command = ["pdftotext", *options, str(tmp_path / "a.pdf"), "-"]
    found = subprocess.run(command, capture_output=True, check=True, text=True).stdout
    return [" ".join(row.split()) for row in found.splitlines() if row.strip()]


def shown(content: bytes, size: tuple[int, int], number: int = 0) -> np.ndarray:
    """The page as a picture of `size`."""
    with pypdfium2.PdfDocument(content) as document:
        page = document[number]
        image = page.render(scale=size[0] / page.get_width()).to_pil().convert("RGB")
    return np.asarray(image.resize(size), dtype=np.int16)


TEXT = Page(
    300,
    400,
    (
        Line((word("Café", 40, 20, 100), word("5€", 42, 150, 60))),
        Line((word("Straße", 100, 20, 150), word("Œuvre½", 100, 200, 160, 40))),
    ),
)


def test_text_is_found_in_place(picture, tmp_path):
    picture.save(tmp_path / "a.jpg")
    content = made(tmp_path / "a.jpg", TEXT)
    assert text_of(content) == "Café 5€\nStraße Œuvre½"
    assert_in_place(content, TEXT)


def test_pictures_that_wait_in_files_are_shown(picture, tmp_path, monkeypatch):
    """Of a long document: each on its page, JPEG and bits, whatever is held in memory."""
    others = [picture, picture.rotate(180), picture.convert("1")]
    others[0].save(tmp_path / "a.tif", save_all=True, append_images=others[1:])
    pages = [Page(300, 400), TEXT, TEXT]
    expected = made(tmp_path / "a.tif", *pages)
    monkeypatch.setattr(pdf, "HELD", 10_000)
    content = made(tmp_path / "a.tif", *pages)
    assert content == made(tmp_path / "a.tif", *pages)
    for k, page in enumerate(pages):
        assert np.array_equal(shown(content, (400, 300), k), shown(expected, (400, 300), k))
        assert text_of(content, k) == text_of(expected, k)
        assert_in_place(content, page, k)


def test_text_is_invisible(picture, tmp_path):
    picture.save(tmp_path / "a.png")
    blank, written = made(tmp_path / "a.png", Page(300, 400)), made(tmp_path / "a.png", TEXT)
    assert text_of(blank) == ""
    assert np.array_equal(shown(blank, (400, 300)), shown(written, (400, 300)))


def test_the_whole_charset_comes_back(picture, tmp_path):
    """More characters than one font holds, those of all models among them."""
    picture.save(tmp_path / "a.png")
    signs = {sign for path in weights.installed() for sign in read_metadata(path).charset}
    signs |= {chr(code) for code in range(0x391, 0x3A2)} | {chr(c) for c in range(0x400, 0x500)}
    text = [sign for sign in sorted(signs) if not sign.isspace()]
    rows = [text[k : k + 20] for k in range(0, len(text), 20)]
    height = 20 * len(rows)
    lines = [Line((word("".join(row), 20 * k, 10, 380, 15),)) for k, row in enumerate(rows)]
    content = made(tmp_path / "a.png", Page(height, 400, tuple(lines)))
    assert text_of(content).split("\n") == ["".join(row) for row in rows]
    assert len(text) > 255


@pytest.mark.parametrize(
    ("baseline", "boxes"),
    [
        (((70, 50), (72, 250)), [(40, 50, 70, 150), (40, 200, 70, 250)]),
        (((20, 50), (220, 52)), [(20, 50, 120, 80), (160, 50, 220, 80)]),
        (((40, 350), (41, 50)), [(40, 200, 70, 350), (40, 50, 70, 150)]),
        (((220, 80), (20, 80)), [(160, 50, 220, 80), (20, 50, 120, 80)]),
    ],
)
def test_turned_writing(picture, tmp_path, baseline, boxes):
    """A page whose writing stands sideways or upside down is shown upright and read so."""
    picture.save(tmp_path / "a.png")
    words = tuple(Word((Letter(Box(*box), "AB"[k], 0.9),)) for k, box in enumerate(boxes))
    page = Page(300, 400, (Line(words, baseline),))
    content = made(tmp_path / "a.png", page)
    assert text_of(content).split() == ["A", "B"]
    turns = -pdf.turns_of(page) % 4
    size = (300, 400) if turns % 2 == 0 else (400, 300)
    assert_in_place(content, turn_back(page, turns, *size))
    expected = np.rot90(np.asarray(picture, dtype=np.int16), -turns)
    assert np.abs(shown(content, size[::-1]) - expected).mean() < 1


@pytest.mark.parametrize(
    ("baseline", "turned"), [(((70, 50), (72, 250)), False), (((20, 50), (220, 52)), True)]
)
def test_a_fax_is_as_high_as_its_paper(picture, tmp_path, baseline, turned):
    """It has half as many dots down as across; sideways too, where it is turned upright."""
    picture.save(tmp_path / "a.tif", dpi=(200, 100))
    page = Page(300, 400, (Line((word("Café", 40, 20, 100),), baseline),))
    content = made(tmp_path / "a.tif", page)
    with pypdfium2.PdfDocument(content) as document:
        across, down = document[0].get_size()[:: -1 if turned else 1]
    assert (across, down) == pytest.approx((400 / 200 * 72, 300 / 100 * 72), abs=0.01)
    assert_in_place(content, turn_back(page, 3, 400, 300) if turned else page)


@pytest.mark.parametrize("kind", ["JPEG", "MPO"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_jpeg_is_taken_over_as_it_is(picture, tmp_path, orientation, kind):
    """Of one with several pictures, as phones make them, the first."""
    back = {6: Image.Transpose.ROTATE_90, 8: Image.Transpose.ROTATE_270} | {
        key: turn for key, turn in UPRIGHT.items() if key not in (6, 8)
    }
    stored = picture.transpose(back[orientation]) if orientation > 1 else picture
    exif = Image.Exif()
    exif[0x0112] = orientation
    others = {"save_all": True, "append_images": [stored.resize((40, 40))]} if kind == "MPO" else {}
    stored.save(tmp_path / "a.jpg", kind, exif=exif, quality=95, **others)
    content = made(tmp_path / "a.jpg", TEXT)
    taken = (tmp_path / "a.jpg").read_bytes()
    if kind == "MPO":
        with Image.open(tmp_path / "a.jpg") as image:
            taken = taken[: image.mpinfo[0xB002][0]["Size"]]
    assert taken in content
    seen = shown(content, (400, 300))
    assert np.abs(seen - np.asarray(picture, dtype=np.int16)).mean() < 4
    assert_in_place(content, TEXT)


@pytest.mark.parametrize(
    ("name", "mode"), [("a.png", "L"), ("a.tif", "1"), ("a.jpg", "CMYK"), ("a.webp", "RGB")]
)
def test_other_pictures(picture, tmp_path, name, mode):
    changed = picture.convert(mode)
    changed.save(tmp_path / name, **({"lossless": True} if name == "a.webp" else {}))
    seen = shown(made(tmp_path / name, TEXT), (400, 300))
    with Image.open(tmp_path / name) as image:
        expected = np.asarray(image.convert("RGB"), dtype=np.int16)
    assert np.abs(seen - expected).mean() < 6


@pytest.mark.parametrize("mode", ["RGB", "L", "1", "P", "RGBA"])
def test_a_png_is_kept_without_loss(tmp_path, mode):
    noise = np.random.default_rng(0).integers(0, 256, (60, 80, 3), dtype=np.uint8)
    Image.fromarray(noise).convert(mode).save(tmp_path / "a.png")
    with pikepdf.open(io.BytesIO(made(tmp_path / "a.png", Page(60, 80)))) as document:
        (stored,) = document.pages[0].Resources.XObject.values()
        kept = np.asarray(pikepdf.PdfImage(stored).as_pil_image().convert("RGB"))
    with Image.open(tmp_path / "a.png") as image:
        assert np.array_equal(kept, np.asarray(image.convert("RGB")))


def test_pages_and_their_sizes(picture, tmp_path):
    path = tmp_path / "a.tif"
    picture.save(path, save_all=True, append_images=[picture.rotate(180)], dpi=(200, 200))
    content = made(path, TEXT, Page(300, 400))
    with pypdfium2.PdfDocument(content) as document:
        assert len(document) == 2
        assert document[0].get_size() == pytest.approx((400 / 200 * 72, 300 / 200 * 72), abs=0.01)
    assert text_of(content, 1) == ""
    assert shown(content, (400, 300), 1)[250, 350] == pytest.approx([200, 30, 30], abs=30)
    picture.save(tmp_path / "a.jpg")  # tells no size: as large as A4
    with pypdfium2.PdfDocument(made(tmp_path / "a.jpg", TEXT)) as document:
        assert max(document[0].get_size()) == pytest.approx(842)


@pytest.mark.parametrize("turn", [0, 90, 180, 270])
def test_a_pdf_keeps_its_pages(picture, tmp_path, turn):
    """Also where they are turned and cropped, and where their content leaves a transform behind."""
    path = tmp_path / "a.pdf"
    stored = picture.transpose(UPRIGHT[8]) if turn == 90 else picture
    stored = picture.transpose(UPRIGHT[3]) if turn == 180 else stored
    stored = picture.transpose(UPRIGHT[6]) if turn == 270 else stored
    stored.save(path, resolution=72, save_all=True, append_images=[stored])
    with pikepdf.open(path, allow_overwriting_input=True) as document:
        sheet = document.pages[1]
        sheet.Rotate = turn
        sheet.contents_add(b"1 0 0 1 40 -30 cm", prepend=True)
        width, height = stored.size
        sheet.MediaBox = [0, -60, 200 + width, height]
        sheet.CropBox = [40, -30, 40 + width, height - 30]
        document.save(path)
    source = PageSource(str(path), 2, 2, dpi=144)
    photo = source.open()
    assert (photo.height, photo.width) == (600, 800)
    page = Page(600, 800, (Line((word("Grüße", 80, 40, 200, 60), word("5€", 84, 300, 120, 60))),))
    ((_, pieces),) = render("pdf", "a", [(source, page)])
    content = b"".join(pieces)
    assert_in_place(content, page)
    seen = shown(content, (400, 300))
    assert np.abs(seen - np.asarray(picture, dtype=np.int16)).mean() < 4


def kept(path: Path, picture: Image.Image) -> None:
    """Check that a PDF with a part of the picture gets text where it is shown, and looks the same.

    At 144 dots per inch, so that a pixel of the picture, a point of the page, has two.
    """
    source = PageSource(str(path), 1, 1, dpi=144)
    photo = source.open()
    assert (photo.height, photo.width) == (2 * picture.height, 2 * picture.width)
    words = (word("Grüße", 40, 30, 160, 60), word("5€", 44, 240, 100, 60))
    page = Page(photo.height, photo.width, (Line(words),))
    ((_, pieces),) = render("pdf", "a", [(source, page)])
    content = b"".join(pieces)
    with pikepdf.open(io.BytesIO(content)) as document:
        assert "/Photo" not in document.pages[0].Resources.XObject  # it is the page, not a picture
    assert_in_place(content, page)
    seen = shown(content, picture.size)
    assert np.abs(seen - np.asarray(picture, dtype=np.int16)).mean() < 4


@pytest.mark.parametrize(
    ("media", "crop", "part"),
    [
        ([0, 0, 400, 300], [-20, -20, 420, 320], (0, 0, 400, 300)),
        ([0, 0, 400, 300], [-1000, -1000, 3000, 3000], (0, 0, 400, 300)),
        ([0, 0, 400, 300], [100, -50, 900, 200], (100, 100, 400, 300)),
        ([0, 0, 400, 300], [300, 200, 0, 0], (0, 100, 300, 300)),
        ([0, 0, 400, 300], [7, 7, 7, 7], (0, 0, 400, 300)),
        ([7, 7, 7, 300], [0, 0, 400, 300], (0, 0, 400, 300)),
        ([400, 300, 0, 0], None, (0, 0, 400, 300)),
        ([400, 0, 0, 300], [100, 300, 400, 100], (100, 0, 400, 200)),
    ],
)
def test_a_pdf_with_boxes_that_are_unusual(picture, tmp_path, media, crop, part):
    """As viewers take them: any two corners, and of the crop box what is within the media box."""
    path = tmp_path / "a.pdf"
    picture.save(path, resolution=72)
    with pikepdf.open(path, allow_overwriting_input=True) as document:
        document.pages[0].MediaBox = media
        if crop:
            document.pages[0].CropBox = crop
        document.save(path)
    kept(path, picture.crop(part))


@pytest.mark.parametrize(
    "rest", [b"q .5 0 0 .5 10 10 cm q", b"Q Q .5 0 0 .5 10 10 cm", b"0 Tr 9 Ts"]
)
def test_a_pdf_whose_content_leaves_something_behind(picture, tmp_path, rest):
    path = tmp_path / "a.pdf"
    picture.save(path, resolution=72)
    with pikepdf.open(path, allow_overwriting_input=True) as document:
        document.pages[0].contents_add(rest)
        document.save(path)
    kept(path, picture)


def test_an_earlier_text_goes(picture, tmp_path):
    """Of this program or another; text that can be seen stays."""
    picture.save(tmp_path / "a.jpg")
    path = tmp_path / "a.pdf"
    path.write_bytes(made(tmp_path / "a.jpg", TEXT))
    again = Page(300, 400, (Line((word("Other", 40, 20, 100),)),))
    assert text_of(made(path, again)) == "Other"
    with pikepdf.open(path, allow_overwriting_input=True) as document:
        sheet = document.pages[0]
        font = pikepdf.Dictionary(
            Type=pikepdf.Name.Font, Subtype=pikepdf.Name.Type1, BaseFont=pikepdf.Name.Helvetica
        )
        sheet.add_resource(font, pikepdf.Name.Font, pikepdf.Name("/Seen"))
        sheet.contents_add(b"BT 0 Tr 100 Tz /Seen 40 Tf 1 0 0 1 50 50 Tm (Seen) Tj ET")
        document.save(path)
    assert text_of(path.read_bytes()).split() == ["Café", "5€", "Straße", "Œuvre½", "Seen"]
    assert sorted(text_of(made(path, again)).split()) == ["Other", "Seen"]


@pytest.mark.parametrize("depth", [1, 2])
@pytest.mark.parametrize("whole", [True, False])
def test_an_earlier_text_in_a_form_goes(picture, tmp_path, whole, depth):
    """OCRmyPDF keeps its text in one, programs that put pages together all of a page.

    Two pages share the form.
    """
    picture.save(tmp_path / "a.jpg")
    path = tmp_path / "a.pdf"
    path.write_bytes(made(tmp_path / "a.jpg", TEXT))
    with pikepdf.open(path, allow_overwriting_input=True) as document:
        sheet = document.pages[0]
        photo = dict(sheet.Resources.XObject.items())
        seen, text = sheet.Contents.read_bytes().split(b"BT", 1)
        if not whole:
            sheet.Contents = document.make_stream(b"BT" + text)
        for _ in range(depth):
            form = document.make_indirect(sheet.as_form_xobject())
            form.write(sheet.Contents.read_bytes())
            sheet.Resources = pikepdf.Dictionary(XObject={**photo, "/Fm0": form})
            sheet.Contents = document.make_stream(b"q /Fm0 Do Q")
        if not whole:
            sheet.contents_add(seen, prepend=True)
        document.pages.append(sheet)
        document.save(path)
    old = path.read_bytes()
    assert [text_of(old, k) for k in range(2)] == ["Café 5€\nStraße Œuvre½"] * 2
    new = made(path, *[Page(300, 400, (Line((word(name, 40, 20, 100),)),)) for name in "AB"])
    for k, name in enumerate("AB"):
        assert text_of(new, k) == name
        assert np.array_equal(shown(new, (400, 300), k), shown(old, (400, 300), k))
    if not whole:  # nor are the fonts kept of a form that shows nothing any more
        with pikepdf.open(io.BytesIO(new)) as document:
            held = [one for one in document.objects if isinstance(one, pikepdf.Dictionary)]
            assert [one.get("/Type") for one in held].count("/Font") == 1


def page_with_form(picture: Image.Image, path: Path, content: bytes) -> None:
    """A PDF of a page that shows a picture and a form."""
    picture.save(path, resolution=72)
    with pikepdf.open(path, allow_overwriting_input=True) as document:
        sheet = document.pages[0]
        font = pikepdf.Dictionary(
            Type=pikepdf.Name.Font, Subtype=pikepdf.Name.Type1, BaseFont=pikepdf.Name.Helvetica
        )
        form = document.make_stream(
            content,
            Type=pikepdf.Name.XObject,
            Subtype=pikepdf.Name.Form,
            BBox=[0, 0, 400, 300],
            Resources=pikepdf.Dictionary(Font=pikepdf.Dictionary(F=font)),
        )
        form = document.make_indirect(form)
        form.Resources.XObject = pikepdf.Dictionary(Fm0=form)  # it may show itself: to no effect
        sheet.add_resource(form, pikepdf.Name.XObject, pikepdf.Name.Fm0)
        sheet.contents_add(b"q /Fm0 Do Q Do")
        document.save(path)


def test_text_of_a_form_that_can_be_seen_stays(picture, tmp_path):
    path = tmp_path / "a.pdf"
    text = b"BT /F 40 Tf 50 50 Td 3 Tr (Hidden ) Tj 0 Tr (Seen) Tj ET /Fm0 Do"
    page_with_form(picture, path, text)
    assert text_of(path.read_bytes()) == "Hidden Seen"
    again = made(path, Page(300, 400, (Line((word("Other", 40, 20, 100),)),)))
    assert sorted(text_of(again).split()) == ["Other", "Seen"]


@pytest.mark.parametrize("turn", [0, 90])
def test_a_word_that_the_page_shows_as_text_is_not_set_again(picture, tmp_path, turn):
    """Where both say the same at one place; invisible text of an earlier reading does not count."""
    path = tmp_path / "a.pdf"
    text = b"BT /F 20 Tf 20 250 Td (Name: ) Tj 200 0 Td (Date:) Tj -200 -150 Td 3 Tr (Clara) Tj ET"
    page_with_form(picture, path, text)
    with pikepdf.open(path, allow_overwriting_input=True) as document:
        document.pages[0].Rotate = turn
        document.save(path)
    lines = (
        Line((word("Name", 34, 20, 60, 20), word("Anna", 34, 100, 60, 20),
              word("Data:", 34, 222, 46, 20))),
        Line((word("Clara", 184, 20, 50, 20), word("Name", 184, 200, 60, 20))),
    )  # fmt: skip
    page = turn_back(Page(300, 400, lines), 1, 400, 300) if turn else Page(300, 400, lines)
    found = text_of(made(path, page)).split()
    assert sorted(found) == ["Anna", "Clara", "Data:", "Date:", "Name", "Name:"]


def test_typed_text_of_a_script_that_is_not_read_stays_alone(picture, tmp_path):
    path = tmp_path / "a.pdf"
    page_with_form(picture, path, b"BT /F 20 Tf 20 250 Td (AB) Tj 0 -100 Td (Clara) Tj ET")
    with pikepdf.open(path, allow_overwriting_input=True) as document:
        font = document.pages[0].Resources.XObject.Fm0.Resources.Font.F
        rows = b"2 beginbfchar <41> <05d0> <42> <05d1> endbfchar"
        space = b"1 begincodespacerange <00> <ff> endcodespacerange"
        font.ToUnicode = document.make_stream(b"begincmap %b %b endcmap" % (space, rows))
        document.save(path)
    words = (word("NJ", 34, 20, 26, 20),), (word("Clara", 134, 20, 50, 20),)
    found = text_of(made(path, Page(300, 400, tuple(map(Line, words))))).split()
    assert [sorted(one) for one in found] == [["א", "ב"], sorted("Clara")]


@pytest.mark.parametrize("broken", [b"<< /a Tj >> ) > ]", b"Tr", b"(a) Tr", b"/Fm0 9 Do Do"])
def test_a_form_that_is_broken_does_no_harm(picture, tmp_path, broken):
    """The page is taken over, not its picture."""
    path = tmp_path / "a.pdf"
    page_with_form(picture, path, b"0 1 0 rg 9 9 99 99 re f BT 3 Tr /F 9 Tf (x) Tj ET " + broken)
    content = made(path, Page(300, 400, (Line((word("Other", 40, 20, 100),)),)))
    assert "Other" in text_of(content)
    assert np.array_equal(shown(content, (400, 300)), shown(path.read_bytes(), (400, 300)))
    with pikepdf.open(io.BytesIO(content)) as document:
        assert "/Photo" not in document.pages[0].Resources.XObject


def test_same_bytes(picture, tmp_path):
    picture.save(tmp_path / "a.jpg")
    assert made(tmp_path / "a.jpg", TEXT) == made(tmp_path / "a.jpg", TEXT)


def test_without_the_package(picture, tmp_path, monkeypatch):
    picture.save(tmp_path / "a.jpg")
    monkeypatch.setitem(__import__("sys").modules, "pikepdf", None)
    with pytest.raises(errors.OutputError, match=r'pip install "ocr\[pdf\]"'):
        made(tmp_path / "a.jpg", TEXT)


@pytest.mark.skipif(not SAMPLE.exists() or not weights.installed(), reason="no sample or weights")
def test_a_real_page(tmp_path, reader_of):
    page = reader_of().read(SAMPLE)
    content = made(SAMPLE, page)
    assert SAMPLE.read_bytes() in content
    assert text_of(content).split() == page.text.split()  # PDFium parts the lines of a tilted page
    words = [word for line in page.lines for word in line.words]
    for (_, box), word in zip(words_in(content), words, strict=True):
        top, left, bottom, right = box
        assert (left, right) == pytest.approx(
            (word.box.x1 / page.width, word.box.x2 / page.width), abs=NEAR
        )
        assert top * page.height < word.box.y2 and word.box.y1 < bottom * page.height


@pytest.mark.skipif(shutil.which("pdftotext") is None, reason="no pdftotext here")
def test_pdftotext(picture, tmp_path):
    picture.save(tmp_path / "a.jpg")
    (tmp_path / "a.pdf").write_bytes(made(tmp_path / "a.jpg", TEXT))
    command = ["pdftotext", "-bbox", str(tmp_path / "a.pdf"), "-"]
    found = subprocess.run(command, capture_output=True, check=True).stdout
    root = etree.fromstring(found)
    sheet = root.find(".//{*}page")
    size = np.array([float(sheet.get(side)) for side in ("height", "width")] * 2)
    words = [word for line in TEXT.lines for word in line.words]
    nodes = root.findall(".//{*}word")
    assert [node.text for node in nodes] == [word.text for word in words]
    for node, word in zip(nodes, words, strict=True):
        box = np.array([float(node.get(side)) for side in ("yMin", "xMin", "yMax", "xMax")])
        expected = np.array(word.box.as_list()) / np.array([300, 400, 300, 400])
        assert box / size == pytest.approx(expected, abs=NEAR)


@pytest.mark.skipif(shutil.which("pdftotext") is None, reason="no pdftotext here")
@pytest.mark.parametrize("options", [(), ("-layout",)])
@pytest.mark.parametrize("slope", [-0.05, 0, 0.05])
def test_lines_stay_together(picture, tmp_path, options, slope):
    """Words of all heights, wide gaps and a tilt: a reader gives each line in one piece."""
    picture.save(tmp_path / "a.jpg")
    lines = []
    for row in range(3):
        words = []
        for k, text in enumerate(("so", "Jolly", "as", "gypsum", "I", "go")):
            x = 10 + 62 * k
            tall = 10 if text in ("so", "as") else 22
            words.append(word(text, round(60 + 70 * row + slope * x - tall / 2), x, 40, tall))
        ends = tuple((70 + 70 * row + slope * x, x) for x in (10, 380))
        lines.append(Line(tuple(words), ends))
    rows = found_by_poppler(
        made(tmp_path / "a.jpg", Page(300, 400, tuple(lines))), tmp_path, *options
    )
    assert rows == ["so Jolly as gypsum I go"] * 3


@pytest.mark.skipif(shutil.which("pdftotext") is None, reason="no pdftotext here")
@pytest.mark.parametrize("options", [(), ("-layout",)])
@pytest.mark.parametrize("gaps", [(40, 40, 40, 40), (5, 30, 14, 60), (-6, 4, 2, 8)])
def test_letters_that_stand_alone_are_not_joined(picture, tmp_path, options, gaps):
    """Those of an alphabet, far apart, at all distances, and with boxes that touch."""
    picture.save(tmp_path / "a.jpg")
    starts = 20 + np.cumsum([0, *(gap + 30 for gap in gaps)])
    line = Line(tuple(word("ABCDE"[k], 100, int(x), 30, 40) for k, x in enumerate(starts)))
    content = made(tmp_path / "a.jpg", Page(300, 400, (line,)))
    assert found_by_poppler(content, tmp_path, *options) == ["A B C D E"]
    for (_, box), one in zip(words_in(content), line.words, strict=True):
        sides = (one.box.x1 / 400, one.box.x2 / 400)
        assert (box[1], box[3]) == pytest.approx(sides, abs=20 / 400)  # half a height


def close_lines(fall: float) -> Page:
    """Lines nearer than they are high, as where all words have ascenders and descenders."""
    lines = []
    for row, words in enumerate(("one big gypsy", "he had guppies", "they jog by")):
        parts = []
        for k, text in enumerate(words.split()):
            x = 20 + 120 * k
            parts.append(word(text, round(50 + 30 * row + fall * x / 360), x, 100, 36))
        ends = tuple((80 + 30 * row + fall * x / 360, x) for x in (20, 360))
        lines.append(Line(tuple(parts), ends))
    return Page(300, 400, tuple(lines))


@pytest.mark.skipif(shutil.which("pdftotext") is None, reason="no pdftotext here")
@pytest.mark.parametrize("options", [(), ("-layout",)])
@pytest.mark.parametrize("fall", [0, 50])
def test_close_lines_are_not_mixed(picture, tmp_path, options, fall):
    """Level, and falling by twice their height."""
    picture.save(tmp_path / "a.jpg")
    page = close_lines(fall)
    content = made(tmp_path / "a.jpg", page)
    assert found_by_poppler(content, tmp_path, *options) == [line.text for line in page.lines]


@pytest.mark.parametrize("turns", range(4))
def test_close_lines_of_a_turned_photo(picture, tmp_path, turns):
    """PDFium tells lines apart that lie on their side as it does upright ones."""
    picture.save(tmp_path / "a.jpg")
    page = close_lines(0)
    size = (300, 400) if turns % 2 == 0 else (400, 300)
    content = made(tmp_path / "a.jpg", turn_back(page, turns, *size))
    assert text_of(content) == page.text
    assert_in_place(content, page)


def test_boxes_of_high_and_low_words_of_a_line(picture, tmp_path):
    """A line is set in one size, and yet each word is marked as high as it is."""
    picture.save(tmp_path / "a.jpg")
    words = (
        word("Jolly", 60, 10, 60, 40),
        word("so", 80, 100, 40, 20),
        word("gyp", 80, 170, 50, 36),
    )
    line = Line(words, ((100, 10), (100, 220)))
    found = dict(words_in(made(tmp_path / "a.jpg", Page(300, 400, (line,)))))
    for one in words:
        top, _, bottom, _ = found[one.text]
        assert abs(top * 300 - one.box.y1) < 2
        assert abs(bottom * 300 - one.box.y2) < 2


def test_stdin(picture):
    stream = io.BytesIO()
    picture.save(stream, "JPEG")
    source = PageSource("-", content=stream.getvalue())
    ((_, pieces),) = render("pdf", "stdin", [(source, TEXT)])
    content = b"".join(pieces)
    assert_in_place(content, TEXT)


def test_a_picture_that_no_page_is_narrow_enough_for(tmp_path):
    Image.new("L", (20000, 20), 255).save(tmp_path / "a.png")
    content = made(tmp_path / "a.png", Page(20, 20000))
    with pypdfium2.PdfDocument(content) as document:
        width, height = document[0].get_size()
    assert height >= 3
    assert width <= 14400


def test_a_tiny_picture_brings_no_messages_of_a_library(tmp_path, caplog):
    Image.new("L", (1, 1), 9).save(tmp_path / "a.png")
    made(tmp_path / "a.png", Page(1, 1))
    assert not caplog.records
    assert not logging.getLogger("img2pdf").disabled  # those who use it themselves hear it


def test_an_original_too_broken_to_be_taken_over_is_kept_as_a_picture(tmp_path, monkeypatch):
    path = tmp_path / "a.pdf"
    Image.new("L", (300, 200), 99).save(path, resolution=72)

    open_any = pikepdf.open

    def refuse(source: object, *others: object, **options: object) -> object:
        if not isinstance(source, io.BytesIO):  # the original, not the picture made of it
            raise pikepdf.PdfError("unable to find /Root dictionary")
        return open_any(source, *others, **options)

    monkeypatch.setattr(pikepdf, "open", refuse)
    content = made(path, Page(200, 300))
    with pypdfium2.PdfDocument(content) as document:
        assert len(document) == 1
        assert document[0].render().to_pil().convert("L").getpixel((9, 9)) == pytest.approx(99, 9)


def test_a_word_whose_box_holds_the_ink_of_others_stays_in_its_place(tmp_path):
    line = Line(
        (
            word("the", 40, 40, 60),
            word("distinction", 40, 150, 120),
            word("between", 40, 100, 560),
            word("my", 40, 420, 50),
            word("goals", 40, 560, 90),
        )
    )
    Image.new("L", (700, 500), 200).save(tmp_path / "photo.png")
    content = made(tmp_path / "photo.png", Page(500, 700, (line,), "lines"))
    with pypdfium2.PdfDocument(content) as document:
        text = document[0].get_textpage().get_text_range()
    assert text.split() == ["the", "distinction", "between", "my", "goals"]

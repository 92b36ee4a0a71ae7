"""`ocr convert`, the whole way."""

import json
from pathlib import Path

import pytest
from PIL import Image

from ocr.evaluation.ground_truth import DRAFT
from ocr.formats import FORMATS, render
from ocr.formats.reading import read_page, read_pages
from ocr.input.documents import PageSource
from ocr.page import Box, Letter, Line, Page, Word

GIVEN = Path(__file__).parents[1] / "formats" / "given"


def page(*texts: str) -> Page:
    lines = []
    for k, text in enumerate(texts):
        letters = [
            Letter(Box(40 * k + 5, 10 + 12 * i, 40 * k + 30, 20 + 12 * i), sign, 0.5)
            for i, sign in enumerate(text)
        ]
        lines.append(Line((Word(tuple(letters)),)))
    return Page(200, 300, tuple(lines), "lines")


def put(folder: Path, kind: str, stem: str = "photo", one: Page | None = None) -> Path:
    one = page("mi1k", "eggs") if one is None else one
    pages = [(PageSource(str(folder / f"{stem}.png")), one)]
    ((name, pieces),) = render(kind, stem, pages)
    (folder / name).write_bytes(b"".join(pieces))
    return folder / name


@pytest.fixture
def run(run):
    """Run `ocr convert`; stderr is checked to hold no traceback."""

    def convert(*arguments):
        status, out, err = run("convert", *arguments)
        assert "Traceback" not in err
        assert "internal error" not in err
        return status, out, err

    return convert


@pytest.fixture
def photo(tmp_path):
    Image.new("L", (300, 200), 200).save(tmp_path / "photo.png")
    return tmp_path / "photo.png"


@pytest.mark.parametrize("kind", [name for name, one in FORMATS.items() if one.reads])
@pytest.mark.parametrize("wanted", tuple(FORMATS))
def test_from_every_format_into_every_format(run, tmp_path, photo, kind, wanted):
    if wanted == "docx":
        pytest.importorskip("docx")
    path = put(tmp_path, kind)
    status, out, err = run(path, "-f", wanted, "-o", tmp_path / "out")
    assert (status, out, err) == (0, "", "")
    made = tmp_path / "out" / f"photo{FORMATS[wanted].suffix}"
    assert made.stat().st_size
    if FORMATS[wanted].reads:
        assert read_page(made).text == "mi1k\neggs"


def test_to_stdout_and_into_one_file(run, tmp_path):
    path = put(tmp_path, "page")
    assert run(path) == (0, "mi1k\neggs\n", "")
    status, out, _ = run(path, "-f", "json")
    assert status == 0
    assert json.loads(out)["lines"][0]["text"] == "mi1k"
    assert run(path, "-o", tmp_path / "new.alto.xml")[0] == 0
    assert read_page(tmp_path / "new.alto.xml").text == "mi1k\neggs"
    status, _, err = run(path, "-o", tmp_path / "new.alto.xml")
    assert status == 1
    assert "already there" in err
    assert run(path, "-o", tmp_path / "new.alto.xml", "--force")[0] == 0
    status, _, err = run(path, "-o", path, "--force")
    assert status == 1
    assert "would replace the file that is read" in err
    other = put(tmp_path, "json", "other")
    status, out, _ = run(path, other)
    assert (status, out.count("==>")) == (0, 2)
    assert run(path, other, "-f", "alto")[0] == 2


@pytest.mark.parametrize("kind", ["json", "ndjson"])
def test_pages_of_several_pictures_are_told_apart(run, tmp_path, kind):
    pages = [(PageSource(f"{name}.png"), page(name)) for name in ("mi1k", "eggs")]
    ((name, pieces),) = render(kind, "all", pages)
    (tmp_path / name).write_bytes(b"".join(pieces))
    text = "==> mi1k.png <==\nmi1k\n\n==> eggs.png <==\neggs\n"
    assert run(tmp_path / name) == (0, text, "")
    assert run(tmp_path / name, "-f", "markdown")[1].startswith("## mi1k.png\n")
    one = [(PageSource("a.pdf", number, 2), page("mi1k")) for number in (1, 2)]
    ((name, pieces),) = render(kind, "one", one)
    (tmp_path / name).write_bytes(b"".join(pieces))
    assert run(tmp_path / name) == (0, "mi1k\n\fmi1k\n", "")


def test_a_corrected_text_beside_the_file_counts(run, tmp_path):
    for kind in ("json", "page", "alto", "hocr"):
        path = put(tmp_path, kind)
        (tmp_path / "photo.gt.txt").write_text("milk\neggs\n")
        status, out, err = run(path, "-f", "json")
        assert (status, err) == (0, "")
        found = json.loads(out)
        assert found["text"] == "milk\neggs"
        assert all(line["confirmed"] for line in found["lines"])
        assert found["lines"][0]["box"] == page("mi1k").lines[0].box.as_list()
        (tmp_path / "photo.gt.txt").write_text(f"{DRAFT}\nmilk\neggs\n")
        status, out, err = run(path)
        assert (status, out) == (0, "mi1k\neggs\n")
        assert "a draft that nobody has confirmed" in err


def test_a_page_of_a_file_takes_its_own_text_and_picture(run, tmp_path):
    pypdfium2 = pytest.importorskip("pypdfium2")
    pictures = [Image.new("L", (300, 200), grey) for grey in (40, 200)]
    pictures[0].save(tmp_path / "s.tif", save_all=True, append_images=pictures[1:])
    ((_, pieces),) = render("json", "s", [(PageSource("s.tif", 2, 2), page("mi1k", "eggs"))])
    path = tmp_path / "s.page0002.gt.json"
    path.write_bytes(b"".join(pieces))
    (tmp_path / "s.gt.txt").write_text("the text\nof all pages\n")
    assert run(path)[:2] == (0, "mi1k\neggs\n")
    (tmp_path / "s.page0002.gt.txt").write_text("milk\neggs\n")
    assert run(path) == (0, "milk\neggs\n", "")
    path = path.rename(tmp_path / "other.json")
    assert run(path) == (0, "milk\neggs\n", "")
    assert run(path, "-f", "pdf", "-o", tmp_path / "s.pdf")[0] == 0
    drawn = pypdfium2.PdfDocument(tmp_path / "s.pdf")[0].render().to_pil().convert("L")
    assert drawn.getpixel((drawn.width // 2, drawn.height // 2)) == 200


def test_the_text_of_a_picture_that_is_called_the_same_is_not_taken(run, tmp_path, photo):
    path = put(tmp_path, "json")
    (tmp_path / "photo.gt.txt").write_text("of another\npicture\n")
    (tmp_path / "photo.png.gt.txt").write_text("milk\neggs\n")
    assert run(path) == (0, "milk\neggs\n", "")
    (tmp_path / "photo.png.gt.txt").write_text(f"{DRAFT}\nmilk\neggs\n")
    assert run(path)[1] == "mi1k\neggs\n"


def test_a_corrected_text_that_is_named_counts(run, tmp_path):
    path = put(tmp_path, "json")
    text = tmp_path / "right.txt"
    text.write_text("milk\nbread\neggs\n")
    status, out, err = run(path, "--gt", text)
    assert (status, out) == (0, "milk\nbread\neggs\n")
    assert "warning" in err
    assert "'bread'" in err
    text.write_text("milk\n")
    status, out, err = run(path, "--gt", text)
    assert (status, out) == (0, "milk\n")
    assert "'eggs'" in err
    text.write_text(f"{DRAFT}\nmilk\n")
    assert run(path, "--gt", text)[0] == 1
    assert run(path, "--gt", tmp_path / "none.txt")[0] == 1
    assert run(path, put(tmp_path, "page"), "--gt", text)[0] == 2


def test_the_picture_is_beside_the_file_or_where_one_says(run, tmp_path):
    inside = tmp_path / "in"
    inside.mkdir()
    path = put(inside, "page")
    Image.new("L", (300, 200), 200).save(tmp_path / "photo.png")
    for wanted in ("html", "pdf"):
        status, out, err = run(path, "-f", wanted, "-o", tmp_path / f"a.{wanted}")
        assert (status, out) == (1, "")
        assert "its picture photo.png is not beside it" in err
        assert not (tmp_path / f"a.{wanted}").exists()
        assert run(path, "-f", wanted, "-o", tmp_path / f"a.{wanted}", "--images", tmp_path)[0] == 0
        assert (tmp_path / f"a.{wanted}").stat().st_size > 500
    status, _, err = run(path, "--images", tmp_path / "none")
    assert status == 2
    assert "no such folder" in err


def test_a_folder(run, tmp_path, photo):
    put(tmp_path, "page")
    put(tmp_path, "json", "other")
    (tmp_path / "broken.xml").write_text("<PcGts><Page>")
    (tmp_path / "mets.xml").write_text("<mets/>")
    status, _, err = run(tmp_path, "-f", "text", "-f", "alto", "-o", tmp_path / "out")
    assert status == 1  # of the broken one
    assert err.count("ocr: ") == 1
    assert "broken.xml" in err
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == [
        "other.alto.xml", "other.txt", "photo.alto.xml", "photo.txt",
    ]  # fmt: skip
    (tmp_path / "empty").mkdir()
    status, _, err = run(tmp_path / "empty")
    assert status == 1
    assert "no pages in this folder" in err
    assert run(tmp_path / "none.json")[0] == 1
    assert run()[0] == 2


def test_files_of_one_name_do_not_meet(run, tmp_path):
    put(tmp_path, "page")
    put(tmp_path, "json")
    assert run(tmp_path, "-o", tmp_path / "out")[0] == 0
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == [
        "photo.json.txt", "photo.page.xml.txt",
    ]  # fmt: skip


def test_pages_of_several_pictures_in_one_file_become_files_of_their_own(run, tmp_path):
    pages = [(PageSource(f"{name}.png"), page(name)) for name in ("one", "two")]
    ((name, pieces),) = render("json", "all", pages)
    (tmp_path / name).write_bytes(b"".join(pieces))
    assert run(tmp_path / name, "-f", "page", "-o", tmp_path / "out")[0] == 0
    found = sorted((tmp_path / "out").iterdir())
    assert [path.name for path in found] == ["one.page.xml", "two.page.xml"]
    assert [read_page(path).text for path in found] == ["one", "two"]
    pages = [(PageSource("scan.tif", k, 2), page(f"p{k}")) for k in (1, 2)]
    ((name, pieces),) = render("json", "scan", pages)
    (tmp_path / name).write_bytes(b"".join(pieces))
    assert run(tmp_path / name, "-f", "alto", "-o", tmp_path / "out2")[0] == 0
    assert [path.name for path in sorted((tmp_path / "out2").iterdir())] == [
        "scan.page0001.alto.xml", "scan.page0002.alto.xml",
    ]  # fmt: skip
    (tmp_path / "t.txt").write_text("x")
    status, _, err = run(tmp_path / name, "--gt", tmp_path / "t.txt")
    assert status == 1
    assert "holds several" in err


@pytest.mark.parametrize(
    ("form", "out"),
    [
        ("alto", None), ("text", None), ("csv", None),
        ("alto", "out/"), ("docx", "out/"), ("text", "out/"),
        ("alto", "out.file"), ("docx", "out.file"), ("csv", "out.file"),
    ],
)  # fmt: skip
def test_a_file_without_pages_is_one_error(run, tmp_path, form, out):
    if form == "docx":
        pytest.importorskip("docx")
    (tmp_path / "empty.json").write_text("[]")
    there = [] if out is None else ["-o", f"{tmp_path}/{out}"]
    status, _, err = run(tmp_path / "empty.json", "-f", form, *there)
    assert status == 1
    assert err == f"ocr: {tmp_path}/empty.json: holds no pages. Give another file.\n"
    assert not [path for path in tmp_path.rglob("*") if path.is_file() and path.suffix != ".json"]


def test_lines_without_a_text_are_said(run):
    status, out, err = run(GIVEN / "escriptorium.xml")
    assert (status, out) == (0, "Chère Anne,\nle vent du nord\n")
    assert "1 line without a text or a place was left out" in err


def test_names_are_shown_safely(run, tmp_path):
    path = tmp_path / "a\x1b[31m.xml"
    path.write_text("<alto/>")
    status, _, err = run(path)
    assert status == 1
    assert "\x1b" not in err


def test_every_page_of_a_row_file(run, tmp_path):
    rows = [(PageSource(f"{k}.png"), page(f"p{k}")) for k in range(3)]
    ((name, pieces),) = render("ndjson", "all", rows)
    (tmp_path / name).write_bytes(b"".join(pieces))
    assert run(tmp_path / name, "-f", "ndjson", "-o", tmp_path / "b.ndjson")[0] == 0
    assert [found.page.text for _, found in read_pages(tmp_path / "b.ndjson")] == ["p0", "p1", "p2"]


def test_pages_of_a_picture_that_is_not_there_are_named_as_those_of_one_that_is(run, tmp_path):
    rows = [(PageSource("a.tif", number, 2), page(f"p{number}")) for number in (1, 2)]
    ((name, pieces),) = render("ndjson", "a", rows)
    (tmp_path / name).write_bytes(b"".join(pieces))
    assert run(tmp_path / name, "-f", "alto", "-o", f"{tmp_path / 'out'}/")[0] == 0
    names = sorted(path.name for path in (tmp_path / "out").iterdir())
    assert names == ["a.page0001.alto.xml", "a.page0002.alto.xml"]


def test_stdin_is_refused(run):
    status, out, err = run("-")
    assert (status, out) == (2, "")
    assert "stdin has no place" in err

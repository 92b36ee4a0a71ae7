"""Which text belongs to which picture, and to which page of a file with several."""

import pytest
from PIL import Image

from ocr import cli
from ocr.errors import DataError, ImageError
from ocr.evaluation.ground_truth import (
    DRAFT,
    Known,
    known_in,
    pairs_in,
    read_truth,
    stem_beside,
    truth_path,
    without_texts,
)
from ocr.formats import render
from ocr.input.documents import PageSource
from ocr.page import Box, Letter, Line, Page, Word
from ocr.review.document import begun


def page(text: str, confirmed: bool = True) -> Page:
    letters = tuple(Letter(Box(5, 5 + 10 * k, 30, 14 + 10 * k), c, 0.9) for k, c in enumerate(text))
    return Page(60, 200, (Line((Word(letters),), confirmed=confirmed),), "lines")


@pytest.fixture
def scan(tmp_path):
    pictures = [Image.new("L", (200, 60), grey) for grey in (250, 240, 230)]
    pictures[0].save(tmp_path / "s.tif", save_all=True, append_images=pictures[1:])
    return tmp_path / "s.tif"


def corrected(scan, number: int, one: Page) -> None:
    """The page JSON of a page, as `ocr review` names it."""
    source = PageSource(str(scan), number, 3)
    ((_, pieces),) = render("json", "s", [(source, one)])
    (scan.parent / f"s.page{number:04d}.gt.json").write_bytes(b"".join(pieces))


def found(path):
    return [(one.picture.name, one.number, one.truth.name) for one in known_in(path)]


def test_pages_of_a_file_have_texts_of_their_own(scan):
    folder = scan.parent
    assert truth_path(scan, 2, 3) == folder / "s.page0002.gt.txt"
    (folder / "s.page0002.gt.txt").write_text("two\n")
    (folder / "s.page0004.gt.txt").write_text("of no page\n")
    (folder / "s.page0000.gt.txt").write_text("of no page\n")
    expected = [("s.tif", 2, "s.page0002.gt.txt")]
    assert found(folder) == found(scan) == expected
    assert pairs_in(folder) == []
    corrected(scan, 2, page("zwei"))
    corrected(scan, 3, page("three"))
    assert found(folder) == [*expected, ("s.tif", 3, "s.page0003.gt.json")]
    (folder / "s.page0002.gt.txt").write_text(f"{DRAFT}\ntwo\n")
    assert found(folder)[0] == ("s.tif", 2, "s.page0002.gt.json")
    assert found(folder / "s.page0003.gt.json") == [("s.tif", 3, "s.page0003.gt.json")]


def test_a_text_of_the_whole_file_counts_before_those_of_its_pages(scan):
    folder = scan.parent
    (folder / "s.page0002.gt.txt").write_text("two\n")
    (folder / "s.gt.txt").write_text("one\ntwo\nthree\n")
    corrected(scan, 3, page("three"))
    assert found(folder) == [("s.tif", 0, "s.gt.txt")]
    (folder / "s.gt.txt").write_text(f"{DRAFT}\none\n")
    assert [number for _, number, _ in found(folder)] == [2, 3]


def test_a_picture_of_one_page_is_known_as_a_whole(tmp_path):
    Image.new("L", (200, 60), 250).save(tmp_path / "a.png")
    (tmp_path / "a.page0001.gt.txt").write_text("not its text\n")
    with pytest.raises(DataError, match=r"a\.gt\.txt"):
        known_in(tmp_path / "a.png")
    (tmp_path / "a.gt.txt").write_text("text\n")
    assert known_in(tmp_path) == [Known(tmp_path / "a.png", 0, tmp_path / "a.gt.txt")]


def kept(folder, stem: str, file: str) -> None:
    """The correction of a page, as `ocr review` writes it."""
    text = begun(page("text")).to_json(PageSource(file))
    (folder / f"{stem}.gt.json").write_text(text)


def test_pictures_that_are_called_the_same_have_texts_of_their_own(tmp_path):
    jpg, png = tmp_path / "a.jpg", tmp_path / "a.png"
    for path in (jpg, png):
        path.touch()
    (tmp_path / "a.gt.txt").write_text("of the first\n")
    assert truth_path(jpg) == truth_path(png) == tmp_path / "a.gt.txt"
    (tmp_path / "a.png.gt.json").touch()
    assert truth_path(png) == tmp_path / "a.png.gt.txt"
    assert found(tmp_path) == [("a.jpg", 0, "a.gt.txt")]
    (tmp_path / "a.png.gt.txt").write_text("of the second\n")
    (tmp_path / "a.png.gt.json").unlink()
    assert found(tmp_path) == [("a.jpg", 0, "a.gt.txt"), ("a.png", 0, "a.png.gt.txt")]
    assert stem_beside(png, 2, 3).name == "a.page0002"
    (tmp_path / "a.png.page0002.gt.txt").touch()
    assert stem_beside(png, 2, 3).name == "a.png.page0002"


def test_a_correction_tells_whose_the_text_beside_it_is(tmp_path):
    jpg, png = tmp_path / "a.jpg", tmp_path / "a.png"
    for path in (jpg, png):
        path.touch()
    (tmp_path / "a.gt.txt").write_text("text\n")
    kept(tmp_path, "a", "a.jpg")
    assert [one[0] for one in found(tmp_path)] == ["a.jpg"]
    assert truth_path(png) == tmp_path / "a.png.gt.txt"
    kept(tmp_path, "a", "/elsewhere/a.png")
    assert [one[0] for one in found(tmp_path)] == ["a.png"]
    (tmp_path / "a.gt.json").write_text(begun(page("text")).to_json())  # it does not tell
    assert [one[0] for one in found(tmp_path)] == ["a.jpg", "a.png"]
    jpg.unlink()  # its picture was given another ending
    kept(tmp_path, "a", "a.jpg")
    assert [one[0] for one in found(tmp_path)] == ["a.png"]


def test_a_picture_that_was_given_another_name_keeps_its_files(tmp_path):
    (tmp_path / "b.jpg").touch()
    (tmp_path / "a.jpg").touch()
    kept(tmp_path, "b", "a.jpg")  # copied with its picture
    assert stem_beside(tmp_path / "b.jpg") == tmp_path / "b"


def test_eval_reads_the_page_that_a_text_is_of(scan, monkeypatch, capsys):
    from ocr import reader

    class Reads:
        def __init__(self, **_):
            pass

        def read(self, photo, **_):
            return page({250: "one", 240: "two", 230: "three"}[round(255 * photo.grey(9)[0, 0])])

    monkeypatch.setattr(reader, "Reader", Reads)
    (scan.parent / "s.page0001.gt.txt").write_text("one\n")
    (scan.parent / "s.page0002.gt.txt").write_text("twx\n")
    assert cli.main(["eval", str(scan.parent)]) == 0
    said = capsys.readouterr().out
    assert "s.tif, page 1  100.00%" in said and "s.tif, page 2   66.67%" in said
    corrected(scan, 3, page("three"))
    assert cli.main(["eval", str(scan.parent / "s.page0003.gt.json")]) == 0
    assert "100.00%" in capsys.readouterr().out
    (scan.parent / "s.page0002.gt.txt").write_text(f"{DRAFT}\ntwo\n")
    two = page("two")
    corrected(scan, 2, Page(60, 200, (*two.lines, *page("too", confirmed=False).lines), "lines"))
    assert cli.main(["eval", str(scan.parent)]) == 1
    assert "confirm them, or write s.page0002.gt.txt" in capsys.readouterr().err


def test_drafts_alone_are_called_so(scan):
    corrected(scan, 1, page("one", confirmed=False))
    with pytest.raises(DataError, match=r"JSON with lines that a person has confirmed\. Write"):
        known_in(scan.parent)
    alone = (scan.parent / "s.page0001.gt.json").rename(scan.parent / "alone.json")
    scan.unlink()
    with pytest.raises(DataError, match=r"alone\.json: holds lines that nobody has confirmed\. "):
        known_in(alone)


def test_a_text_in_place_of_its_photo_is_told(tmp_path):
    (tmp_path / "a.gt.txt").write_text("one\n")
    with pytest.raises(DataError, match="Name the photo"):
        known_in(tmp_path / "a.gt.txt")


def test_texts_that_are_named_beside_their_pictures_are_passed_over(scan, capsys):
    folder = scan.parent
    for name in ("a.png", "b.png"):
        Image.new("L", (200, 60), 250).save(folder / name)
    for name in ("a.gt.txt", "b.png.gt.txt", "s.page0002.gt.txt", "other.gt.txt"):
        (folder / name).write_text("\n")
    kept = without_texts(sorted(folder.iterdir()))
    assert [path.name for path in kept] == ["a.png", "b.png", "other.gt.txt", "s.tif"]
    (folder / "other.gt.txt").unlink()
    assert cli.main(["eval", *map(str, sorted(folder.iterdir()))]) == 0
    assert "Name the photo" not in capsys.readouterr().err


def test_pairs(tmp_path):
    for name in ("b.jpg", "a.png", "c.jpg", "a.gt.txt", "b.gt.txt"):
        (tmp_path / name).touch()
    assert [(photo.name, truth.name) for photo, truth in pairs_in(tmp_path)] == [
        ("a.png", "a.gt.txt"),
        ("b.jpg", "b.gt.txt"),
    ]
    assert pairs_in(tmp_path / "b.jpg") == [(tmp_path / "b.jpg", tmp_path / "b.gt.txt")]
    with pytest.raises(DataError, match=r"c\.gt\.txt"):
        pairs_in(tmp_path / "c.jpg")
    with pytest.raises(ImageError, match="no such file"):
        pairs_in(tmp_path / "d.jpg")
    (tmp_path / "sub").mkdir()
    with pytest.raises(ImageError, match="no pictures"):
        pairs_in(tmp_path / "sub")
    (tmp_path / "sub" / "x.jpg").touch()
    with pytest.raises(DataError, match="beside"):
        pairs_in(tmp_path / "sub")


def test_truth_files(tmp_path):
    path = tmp_path / "a.gt.txt"
    path.write_bytes("\ufeffété\n".encode())
    assert read_truth(path) == "été\n"
    path.write_bytes(b"\xe9t\xe9")
    with pytest.raises(DataError, match="UTF-8"):
        read_truth(path)
    with pytest.raises(DataError):
        read_truth(tmp_path)

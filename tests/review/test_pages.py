"""ocr.review.pages: which pages there are, and the files of each."""

import json
import os
from dataclasses import replace

import pytest
from PIL import Image
from review_fakes import (
    HEIGHT,
    TEXTS,
    WIDTH,
    Fake,
    change,
    document,
    draw,
    folder,
    line,
    pages_of,
    shelf_of,
    unread,
)

from ocr.errors import DataError, OutputError
from ocr.formats.reading import read_pages
from ocr.input.documents import PageSource
from ocr.page import Page
from ocr.review.pages import ReviewPage, find_pages, writable
from ocr.review.shelf import Shelf


def test_photos_of_one_name_have_files_of_their_own(tmp_path):
    draw(tmp_path / "a.png")
    draw(tmp_path / "a.bmp")
    names = [page.json_path.name for page in pages_of(tmp_path)[0]]
    assert len(set(names)) == 2


def test_photos_of_one_name_keep_their_files_whatever_comes_first(tmp_path):
    jpg, png = tmp_path / "a.jpg", tmp_path / "a.png"
    for path in (jpg, png):
        draw(path)
    shelf = Shelf(pages_of(jpg, png)[0], Fake())
    change(shelf, "of the jpg", number=1)

    def stems(*photos):
        return [page.stem.name for page in pages_of(*photos)[0]]

    assert stems(png, jpg) == ["a.png", "a"]  # though it was not opened yet
    assert stems(png) == ["a.png"]
    change(shelf, "of the png", number=2)
    (tmp_path / "a.gt.json").unlink()
    assert stems(png, jpg) == ["a.png", "a"]
    assert stems(jpg, png) == ["a", "a.png"]


def test_pages_of_a_document_have_files_of_their_own(tmp_path):
    pypdfium2 = pytest.importorskip("pypdfium2")
    pdf = pypdfium2.PdfDocument.new()
    for _ in range(3):
        pdf.new_page(200, 300)
    pdf.save(tmp_path / "scan.pdf")
    pages, _ = pages_of(tmp_path / "scan.pdf")
    assert [page.text_path.name for page in pages] == [f"scan.page000{k}.gt.txt" for k in (1, 2, 3)]
    assert pages[1].name == "scan.pdf, page 2"


def test_the_files_of_a_page_tell_which_it_is(tmp_path):
    from PIL import Image

    pictures = [Image.new("L", (WIDTH, HEIGHT), grey) for grey in (240, 250)]
    pictures[0].save(tmp_path / "s.tif", save_all=True, append_images=pictures[1:])
    shelf = shelf_of(tmp_path / "s.tif")
    change(shelf, "changed", number=2)
    data = json.loads((tmp_path / "s.page0002.gt.json").read_text())
    assert (data["file"], data["page"]) == ("s.tif", 2)
    ((source, found),) = read_pages(tmp_path / "s.page0002.gt.json")
    assert (source.path, source.number, source.pages) == (str(tmp_path / "s.tif"), 2, 2)
    assert round(255 * float(found.page.photo.grey(9)[0, 0])) == 250
    assert shelf_of(tmp_path / "s.tif").open(2).doc == shelf.open(2).doc
    assert shelf.pages[2].counted() == (len(TEXTS), 0, False)


def test_a_page_of_results_is_taken_by_its_number(tmp_path):
    (tmp_path / "s.tif").touch()
    source = PageSource(str(tmp_path / "s.tif"), 3, 3)
    two, three = (json.loads(document((text,)).to_json()) for text in ("of two", "of three"))
    read = tmp_path / "s.json"
    read.write_text(json.dumps([{"page": 2, **two}, {"page": 3, **three}]))
    assert ReviewPage(1, source, tmp_path / "s.page0003", read).load_read().text == "of three"
    read.write_text(json.dumps({"page": 2, **two}))
    assert ReviewPage(1, source, tmp_path / "s.page0003", read).load_read() is None
    read.write_text(json.dumps([two, two, three]))  # of an old version
    assert ReviewPage(1, source, tmp_path / "s.page0003", read).load_read().text == "of three"


def test_a_folder_of_results_stands_for_what_was_read(tmp_path):
    from ocr.batch.journal import NAME, Record

    photos, results = unread(tmp_path / "photos", 2), tmp_path / "texts"
    results.mkdir()
    rows = []
    for number in (1, 2):
        data = json.loads(document((f"from the run {number}",)).to_json())
        del data["review"]
        (results / f"page{number}.json").write_text(json.dumps(data))
        outputs = {f"page{number}.json": (1, "x")}
        rows.append(Record(str(photos / f"page{number}.png"), "", "", outputs).to_json())
    (results / NAME).write_text("\n".join([*rows, '{"cut sh']) + "\n")
    fake = Fake()
    shelf = shelf_of(results, fake)
    assert [shelf.open(k).doc.text for k in (1, 2)] == ["from the run 1", "from the run 2"]
    assert not fake.read and (photos / "page1.gt.json").is_file()


def test_a_folder_of_results_can_be_reviewed_from_anywhere(tmp_path, monkeypatch, capsys):
    from ocr.batch import journal, recipe
    from ocr.cli import main

    class Reader:
        def __init__(self, **_):
            pass

        def read(self, photo):
            return Page(HEIGHT, WIDTH, (line("read before", 0),), "lines")

    recipe.forget()
    monkeypatch.setattr("ocr.reader.Reader", Reader)
    monkeypatch.setattr("ocr.batch.workers.execute", lambda tasks, step, _, **__: map(step, tasks))
    unread(tmp_path / "photos", 3)
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path)
    assert main(["read", "-q", "photos", "-f", "json", "-o", "texts"]) == 0
    recipe.forget()
    assert pages_of("texts")[0][0].source.path == "photos/page1.png"
    monkeypatch.chdir(tmp_path / "elsewhere")
    for argument in ("../texts", tmp_path / "texts"):
        pages, lost = pages_of(argument)
        assert [page.source.path for page in pages] == [
            str(tmp_path / "photos" / f"page{k}.png") for k in (1, 2, 3)
        ]
        assert not lost
        assert pages[2].load_read().text == "read before"
    # What a journal names and is gone is said; also if nothing else is left.
    (tmp_path / "photos" / "page2.png").unlink()
    pages, [(_, told)] = pages_of("../texts")
    assert [page.name for page in pages] == ["page1.png", "page3.png"]
    assert told.startswith("warning: ../texts: of what was read into it, not found")
    assert f"{tmp_path}/photos/page2.png. If" in told
    (tmp_path / "photos").rename(tmp_path / "moved")
    pages, [(_, told)] = pages_of("../texts")
    assert not pages and "and 2 more" in told
    (tmp_path / "moved").rename(tmp_path / "photos")
    # A journal of an older version knows but the names; those of its results that were thrown away
    # are not missed.
    path = tmp_path / "texts" / journal.NAME
    rows = [json.loads(row) for row in path.read_text().splitlines()]
    for row in rows:
        assert row.pop("where") == str(tmp_path / row["file"])
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    (tmp_path / "texts" / "page2.json").unlink()
    monkeypatch.chdir(tmp_path)
    pages, lost = pages_of("texts")
    assert [page.name for page in pages] == ["page1.png", "page3.png"]
    assert not lost


def test_what_is_missing_is_named(tmp_path):
    pages, lost = pages_of(tmp_path / "none.png", folder(tmp_path / "notes"))
    assert len(pages) == 2
    name = str(tmp_path / "none.png")
    assert lost == [(name, f"{name}: no such file. Check the path.")]


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_that_cannot_be_written_to_is_told(tmp_path):
    place = unread(tmp_path / "notes", 1)
    place.chmod(0o500)
    with pytest.raises(OutputError, match="may not be written"):
        writable(pages_of(place)[0])


def test_pages_are_counted_without_being_read(tmp_path, monkeypatch):
    place = folder(tmp_path / "notes", 1)
    (page,) = find_pages([str(place)], False, (), None, lambda *_: None)
    monkeypatch.setattr(type(page), "load", None)
    assert page.counted() == (len(TEXTS), 0, False)
    monkeypatch.undo()
    old = page.json_path.read_text().replace('{"counted":[5,0,0],', "{")
    page.json_path.write_text(old)  # as an older version or another program wrote it
    assert page.counted() == (len(TEXTS), 0, False)
    page.json_path.unlink()
    assert page.counted() is None


def test_a_page_is_fitted_to_its_photo_at_another_resolution(tmp_path):
    from ocr.page import Box
    from ocr.review import edits

    page = pages_of(folder(tmp_path / "notes", 1))[0][0]
    page.save_lines(edits.leave_out(page.load(), Box(290, 0, 340, 700)))
    before = page.load()
    Image.open(page.source.path).resize((2 * WIDTH, 2 * HEIGHT)).save(page.source.path)
    after = page.load()
    assert (after.page.height, after.page.width) == (2 * HEIGHT, 2 * WIDTH)
    assert after.regions == (Box(580, 0, 680, 1400),)
    assert [one.out for one in after.entries] == [one.out for one in before.entries]
    for old, new in zip(before.entries, after.entries, strict=True):
        assert new.bounds == tuple(2 * value for value in old.bounds)


def test_a_photo_that_was_cut_since_is_told_and_read_anew(tmp_path):
    place = folder(tmp_path / "notes", 1)
    (page,) = pages_of(place)[0]
    Image.open(page.source.path).crop((0, 0, WIDTH, HEIGHT // 2)).save(page.source.path)
    with pytest.raises(DataError, match="cut, turned, or another page's"):
        page.load()
    page = replace(page, read=(place / "page1.gt.json").rename(place / "read.json"))
    assert page.load_read() is None and page.load() is None


def test_what_came_into_a_folder_of_results_since_is_a_page_too(tmp_path):
    from ocr.batch.journal import NAME, Record
    from ocr.batch.place import Place

    place = unread(tmp_path / "notes", 3)
    (place / "page1.pdf").write_bytes(b"a result")
    outputs = {"page1.pdf": Place(str(place)).account("page1.pdf")}
    record = Record(str(place / "page1.png"), "", "", outputs)
    (place / NAME).write_text(record.to_json() + "\n")
    names = [page.name for page in pages_of(place)[0]]
    assert names == ["page1.png", "page2.png", "page3.png"]
    results = tmp_path / "texts"
    results.mkdir()
    (place / NAME).rename(results / NAME)
    draw(results / "overlay.png")  # of what was read
    assert [page.name for page in pages_of(results)[0]] == ["page1.png"]

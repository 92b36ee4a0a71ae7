"""Pages are read when asked for, and kept as they change."""

import json
import os
import time
from pathlib import Path

import pytest
from review_fakes import HEIGHT, PATIENCE, TEXTS, WIDTH, document, draw, folder, line

from ocr.errors import DataError, ImageError, OutputError
from ocr.evaluation.ground_truth import DRAFT, is_draft, read_truth
from ocr.formats.reading import read_pages
from ocr.input.documents import PageSource
from ocr.page import Page
from ocr.review import edits
from ocr.review.document import Reviewed
from ocr.review.pages import ReviewPage, find_pages, writable
from ocr.review.shelf import Shelf, StaleError


class Fake:
    """Reads every page as `document`, and counts."""

    def __init__(self):
        self.read = []

    def page(self, photo, turns=None):
        self.read.append(Path(photo.source).name)
        if "bad" in photo.name:
            raise ImageError("bad.png: damaged.")
        return document()


def pages_of(*arguments, **more):
    lost = []
    found = find_pages(
        [str(a) for a in arguments], more.get("recursive", False), (), None,
        lambda name, error: lost.append((name, str(error))),
    )  # fmt: skip
    return found, lost


def unread(place: Path, count: int) -> Path:
    place.mkdir()
    for number in range(1, count + 1):
        draw(place / f"page{number}.png")
    return place


def shelf_of(place: Path, recognizer=None, ahead: int = 0) -> Shelf:
    return Shelf(pages_of(place)[0], recognizer or Fake(), ahead)


def change(shelf: Shelf, text: str, number: int = 1, line: int = 1, **more) -> Reviewed:
    revision = shelf.open(number).doc.revision
    return shelf.change(number, revision, lambda doc: edits.set_text(doc, line, text, **more))


def test_a_page_is_read_once_and_kept(tmp_path):
    place = unread(tmp_path / "notes", 2)
    fake = Fake()
    shelf = shelf_of(place, fake)
    assert shelf.open(1).doc.text == "\n".join(TEXTS)
    shelf.open(1)
    assert fake.read == ["page1.png"]
    assert (place / "page1.gt.json").is_file() and not (place / "page1.gt.txt").exists()
    assert shelf_of(place, fake).open(1).doc == shelf.open(1).doc
    assert fake.read == ["page1.png"]


def test_changes_are_in_the_files_at_once(tmp_path):
    place = folder(tmp_path / "notes")
    shelf = shelf_of(place)
    change(shelf, "corrected")
    truth = place / "page1.gt.txt"
    assert read_truth(truth).splitlines()[0] == "corrected" and is_draft(truth)
    assert Reviewed.from_json((place / "page1.gt.json").read_text()).revision == 1
    shelf.change(1, 1, edits.confirm_all)
    assert not is_draft(truth)
    assert shelf.summaries()[1].done and shelf.done == 1
    assert sorted(path.name for path in place.iterdir() if path.name.startswith(".")) == []


def test_a_stale_change_is_refused(tmp_path):
    shelf = shelf_of(folder(tmp_path / "notes"))
    change(shelf, "first")
    with pytest.raises(StaleError) as caught:
        shelf.change(1, 0, lambda doc: edits.set_text(doc, 1, "late"))
    assert caught.value.doc.find(1).line.text == "first"
    assert shelf.open(1).doc.find(1).line.text == "first"


def test_another_program_is_not_overwritten(tmp_path):
    place = folder(tmp_path / "notes")
    one, other = shelf_of(place), shelf_of(place)
    one.open(1)
    change(other, "from the other")
    with pytest.raises(StaleError):
        change(one, "mine")
    assert "from the other" in (place / "page1.gt.txt").read_text()
    assert change(one, "mine now").find(1).line.text == "mine now"


def test_undo_and_redo(tmp_path):
    shelf = shelf_of(folder(tmp_path / "notes"))
    change(shelf, "one")
    change(shelf, "two")
    revision = shelf.open(1).doc.revision
    assert shelf.undo(1, revision).find(1).line.text == "one"
    assert shelf.undo(1, revision + 1).find(1).line.text == TEXTS[0]
    assert shelf.undo(1, revision + 2).revision == revision + 2  # nothing left to undo
    assert shelf.undo(1, revision + 2, forward=True).find(1).line.text == "one"
    change(shelf, "other")
    assert shelf.undo(1, revision + 4, forward=True).find(1).line.text == "other"


def test_ids_are_not_used_twice_after_undo(tmp_path):
    shelf = shelf_of(folder(tmp_path / "notes"))
    doc = shelf.change(1, 0, lambda doc: edits.split(doc, 1, 6))
    new = doc.entries[1].id
    shelf.undo(1, doc.revision)
    again = shelf.change(1, doc.revision + 1, lambda doc: edits.split(doc, 1, 6))
    assert again.entries[1].id != new


def test_a_change_that_changes_nothing_is_none(tmp_path):
    shelf = shelf_of(folder(tmp_path / "notes"))
    assert change(shelf, TEXTS[0]).revision == 0


def test_what_cannot_be_kept_stays_undone(tmp_path):
    place = folder(tmp_path / "notes")
    shelf = shelf_of(place)
    shelf.open(1)
    (place / "page1.gt.txt").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(OutputError, match="link"):
        change(shelf, "x")
    assert shelf.open(1).doc.revision == 0 and not (tmp_path / "elsewhere").exists()


def test_a_page_that_cannot_be_read_says_so(tmp_path):
    place = tmp_path / "notes"
    place.mkdir()
    draw(place / "bad.png")
    shelf = shelf_of(place)
    with pytest.raises(ImageError, match="damaged"):
        shelf.open(1)
    assert shelf.summaries()[1].state == "failed"


def test_a_damaged_correction_is_not_written_over(tmp_path):
    place = folder(tmp_path / "notes")
    (place / "page1.gt.json").write_text("{")
    with pytest.raises(DataError, match="damaged"):
        shelf_of(place).open(1)
    assert (place / "page1.gt.json").read_text() == "{"


def test_the_next_pages_are_read_ahead(tmp_path):
    fake = Fake()
    shelf = shelf_of(unread(tmp_path / "notes", 5), fake, ahead=2)
    shelf.start()
    try:
        shelf.open(1)
        end = time.monotonic() + PATIENCE
        while len(fake.read) < 3 and time.monotonic() < end:
            time.sleep(0.01)
        time.sleep(0.1)
        assert fake.read == ["page1.png", "page2.png", "page3.png"]
    finally:
        shelf.close()


def test_many_pages_open_at_once(tmp_path):
    place = tmp_path / "notes"
    place.mkdir()
    for number in range(5000):
        os.close(os.open(f"{place}/{number:04d}.jpg", os.O_CREAT))
    start = time.process_time()
    pages, lost = pages_of(place)
    shelf = Shelf(pages, Fake())
    assert len(shelf.summaries()) == 5000 and not lost
    assert time.process_time() - start < 5  # a second where nothing else runs


# --- what lies beside the photos -------------------------------------------------------------


def test_a_confirmed_text_beside_is_taken_over(tmp_path):
    place = unread(tmp_path / "notes", 1)
    truth = place / "page1.gt.txt"
    truth.write_text("first line of all\nsecond one here!\nnothing like it at all, 0123456789\n")
    held = shelf_of(place).open(1)
    assert [entry.line.confirmed for entry in held.doc.entries] == [True, True, False, False, False]
    assert held.doc.find(2).line.text == "second one here!"
    assert held.notes and (place / "page1.before.txt").read_text() == truth.read_text()


def by_hand(place: Path, *rows: str) -> Path:
    """The text of page 1, as a person writes it."""
    truth = place / "page1.gt.txt"
    truth.write_text("\n".join(rows) + "\n")
    return truth


@pytest.mark.parametrize("touched", [False, True])
@pytest.mark.parametrize("old", [False, True])
def test_a_text_written_after_a_page_was_kept_is_taken_over_when_it_is_opened(
    tmp_path, touched, old
):
    place = unread(tmp_path / "notes", 1)
    shelf = shelf_of(place)
    shelf.open(1)
    if touched:
        change(shelf, "first, corrected", confirmed=True)
    kept = place / "page1.gt.json"
    if old:  # an older version tells nothing of the text
        data = json.loads(kept.read_text())
        data["review"].pop("text", None)
        kept.write_text(json.dumps(data))
    written = ("first by hand", *TEXTS[1:3], "fourth by hand", TEXTS[4], "0123456789 of no line")
    truth = by_hand(place, *written)
    shelf = shelf_of(place)
    held = shelf.open(1)
    assert held.doc.text.splitlines() == list(written[:5]) and held.doc.done
    assert shelf.summaries()[1].done
    assert held.notes == ("1\tpage1.before.txt\t0123456789 of no line",)
    assert truth.read_text() == (place / "page1.before.txt").read_text()  # opening writes no text
    again = shelf_of(place).open(1)
    assert again.doc == held.doc and not again.notes  # taken over once
    change(shelf, "first, typed", confirmed=True)
    assert truth.read_text().splitlines() == ["first, typed", *written[1:5]]
    assert (place / "page1.before.txt").read_text().splitlines() == list(written)
    assert shelf.undo(1, held.doc.revision).text.splitlines() == list(written[:5])
    revision = held.doc.revision
    assert shelf.undo(1, revision).find(4).line.text == TEXTS[3]  # as before the text by hand


def test_a_text_written_while_a_page_is_open_is_taken_over_before_it_is_replaced(tmp_path):
    place = unread(tmp_path / "notes", 1)
    shelf = shelf_of(place)
    change(shelf, "first, typed", confirmed=True)
    truth = by_hand(place, DRAFT, "first, typed", "second by hand", *TEXTS[2:], "9876543210")
    with pytest.raises(StaleError) as caught:
        change(shelf, "third, typed", line=3)
    assert caught.value.doc.find(2).line.text == "second by hand"
    assert [entry.line.confirmed for entry in caught.value.doc.entries] == [True] + 4 * [False]
    assert caught.value.held.notes == ("1\tpage1.before.txt\t9876543210",)
    assert "9876543210" in truth.read_text()
    change(shelf, "third, typed", line=3)
    rows = ["first, typed", "second by hand", "third, typed", *TEXTS[3:]]
    assert read_truth(truth).splitlines() == rows
    revision = shelf.open(1).doc.revision
    for expected in (TEXTS[2], TEXTS[2], TEXTS[2]):  # the typing, the text by hand, the first line
        doc = shelf.undo(1, revision)
        assert doc.find(3).line.text == expected
        revision = doc.revision
    assert doc.text.splitlines() == list(TEXTS)


def test_an_undo_does_not_replace_a_text_written_by_hand(tmp_path):
    place = unread(tmp_path / "notes", 1)
    shelf = shelf_of(place)
    change(shelf, "first, typed")
    by_hand(place, "first, typed", *TEXTS[1:4], "last by hand")
    with pytest.raises(StaleError):
        shelf.undo(1, 1)
    assert shelf.open(1).doc.find(5).line.text == "last by hand" and shelf.open(1).doc.done


def test_texts_kept_aside_do_not_replace_each_other(tmp_path):
    place = unread(tmp_path / "notes", 1)
    first, second = (f"of no line {digit * 20}" for digit in "12")
    by_hand(place, *TEXTS, first)
    shelf = shelf_of(place)
    shelf.open(1)
    for row in (second, first):
        by_hand(place, *TEXTS, row)
        with pytest.raises(StaleError):
            change(shelf, "x")
    assert [one.split("\t")[1] for one in shelf.open(1).notes] == [
        "page1.before.txt", "page1.before2.txt", "page1.before.txt",
    ]  # fmt: skip
    assert (place / "page1.before.txt").read_text().splitlines() == [*TEXTS, first]
    assert (place / "page1.before2.txt").read_text().splitlines() == [*TEXTS, second]


def test_a_text_that_says_the_same_in_another_form_disturbs_nobody(tmp_path):
    place = unread(tmp_path / "notes", 1)
    shelf = shelf_of(place)
    shelf.change(1, shelf.open(1).doc.revision, edits.confirm_all)
    truth = place / "page1.gt.txt"
    truth.write_bytes(truth.read_bytes().replace(b"\n", b"\r\n") + b"\r\n")
    assert shelf_of(place).open(1).doc == shelf.open(1).doc
    assert change(shelf, "typed").find(1).line.text == "typed"
    assert not list(place.glob("*before*"))


def test_a_text_that_cannot_be_read_is_not_replaced(tmp_path):
    place = unread(tmp_path / "notes", 1)
    shelf = shelf_of(place)
    change(shelf, "typed")
    truth = place / "page1.gt.txt"
    truth.write_bytes("geändert\n".encode("latin-1"))
    for one in (shelf, shelf_of(place)):
        with pytest.raises(DataError, match="not UTF-8"):
            change(one, "typed again")
    assert truth.read_bytes() == "geändert\n".encode("latin-1")


def test_a_correction_cut_off_between_its_files_has_the_newer_text(tmp_path, monkeypatch):
    place = unread(tmp_path / "notes", 1)
    shelf = shelf_of(place)
    change(shelf, "typed first")
    monkeypatch.setattr(ReviewPage, "save_lines", lambda *_: None)  # as if the power had failed
    change(shelf, "typed last")
    monkeypatch.undo()
    assert shelf_of(place).open(1).doc.find(1).line.text == "typed last"


def test_a_draft_beside_is_taken_over_as_a_draft(tmp_path):
    place = unread(tmp_path / "notes", 1)
    (place / "page1.gt.txt").write_text(
        "# draft by ocr: delete this line once the text below is right\n" + "\n".join(TEXTS)
    )
    doc = shelf_of(place).open(1).doc
    assert doc.confirmed == 0 and doc.text == "\n".join(TEXTS)


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


def test_search_finds_lines_of_all_pages(tmp_path):
    shelf = shelf_of(folder(tmp_path / "notes", 3))
    for number in (1, 2, 3):
        shelf.open(number)
    change(shelf, "a needle here", number=2, line=4)
    assert shelf.search("NEEDLE", 10) == [(2, 4, "a needle here")]
    assert len(shelf.search("fifth", 10)) == 3 and len(shelf.search("fifth", 2)) == 2


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

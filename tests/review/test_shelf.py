"""ocr.review.shelf: pages are read when asked for, and kept as they change."""

import json
import os
import time
from dataclasses import replace
from pathlib import Path

import pytest
from review_fakes import (
    PATIENCE,
    TEXTS,
    Fake,
    change,
    document,
    draw,
    folder,
    pages_of,
    shelf_of,
    unread,
)

from ocr.errors import DataError, ImageError, OutputError
from ocr.evaluation.ground_truth import DRAFT, is_draft, read_truth
from ocr.review import edits
from ocr.review.document import Reviewed
from ocr.review.exporting import export
from ocr.review.pages import ReviewPage
from ocr.review.shelf import Shelf, StaleError


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


def test_search_finds_lines_of_all_pages(tmp_path):
    shelf = shelf_of(folder(tmp_path / "notes", 3))
    for number in (1, 2, 3):
        shelf.open(number)
    change(shelf, "a needle here", number=2, line=4)
    assert shelf.search("NEEDLE", 10) == [(2, 4, "a needle here")]
    assert len(shelf.search("fifth", 10)) == 3 and len(shelf.search("fifth", 2)) == 2


def test_a_page_that_another_program_read_and_corrected_meanwhile_is_taken(tmp_path):
    place = unread(tmp_path / "notes", 1)
    other = shelf_of(place)

    class Late(Fake):
        def page(self, *arguments):
            change(other, "corrected meanwhile")
            return super().page(*arguments)

    late = shelf_of(place, Late())
    assert late.open(1).doc.find(1).line.text == "corrected meanwhile"
    assert late.pages[1].load().find(1).line.text == "corrected meanwhile"
    change(late, "and once more")


def test_what_an_earlier_run_read_is_counted_searched_and_exported(tmp_path):
    place = unread(tmp_path / "notes", 2)
    read = [tmp_path / f"{number}.json" for number in (1, 2)]
    for path in read:
        path.write_text(document().to_json())
    pages = [replace(page, read=path) for page, path in zip(pages_of(place)[0], read, strict=True)]
    shelf = Shelf(pages, Fake(), ahead=0)
    shelf.start()
    end = time.monotonic() + PATIENCE
    while [one.state for one in shelf.summaries().values()] != ["read", "read"]:
        assert time.monotonic() < end
        time.sleep(0.02)
    assert shelf.summaries()[2].lines == len(TEXTS)
    assert shelf.search("THIRD", 9) == [(1, 3, TEXTS[2]), (2, 3, TEXTS[2])]
    assert b"".join(export(shelf, "text", None, False).pieces).decode().count(TEXTS[2]) == 2
    shelf.close()

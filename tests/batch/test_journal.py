"""ocr.batch.journal: cut short, on a full disk, and of another run."""

import contextlib
import json
from pathlib import Path

import pytest
from batch_fakes import counts, notes

from ocr.batch import journal
from ocr.batch.journal import Journal, Record, written_into
from ocr.batch.place import Place
from ocr.errors import OutputError


def test_a_journal_cut_short_is_no_hindrance(read, tmp_path):
    items = notes(tmp_path / "in", a="one", b="two")
    read(items)
    path = tmp_path / "out" / journal.NAME
    path.write_bytes(path.read_bytes()[:-20])
    assert counts(read(items, resume=True)) == (1, 1, 0, 0)
    assert counts(read(items, resume=True)) == (0, 2, 0, 0)
    row = json.loads(path.read_text().split("\n")[0])
    wrong = [
        *({**row, key: value} for key in row for value in (3, ["x"], {"a": 3}, {"a": [1, 2]})),
        {**row, "outputs": {"a": [float("inf"), "x"]}},
        {**row, "outputs": {"../../a": [1, "x"]}},
    ]
    broken = "[" * 100_000
    path.write_text("\n".join(["[]", "{}", "null", "nonsense", broken, *map(json.dumps, wrong)]))
    assert counts(read(items, resume=True)) == (2, 0, 0, 0)


def test_a_full_disk_while_the_journal_grows_is_told(tmp_path):
    place = Place(str(tmp_path))
    book = journal.Journal(place, resume=False)
    with contextlib.ExitStack() as stack, contextlib.closing(book):
        book._stream.close()
        book._stream = stack.enter_context(Path("/dev/full").open("w", encoding="utf-8"))
        with pytest.raises(OutputError, match=r"cannot be written .No space.*--resume"):
            book.add(journal.Record("a", "b", "c", {}))


def test_two_runs_in_one_folder_are_refused(read, tmp_path):
    pytest.importorskip("fcntl")
    place = Place(str(tmp_path / "out"))
    place.make()
    book = journal.Journal(place, resume=False)
    with pytest.raises(OutputError, match="another run"):
        read(notes(tmp_path / "in", a="one"))
    book.close()
    read(notes(tmp_path / "in", a="one"))


def test_what_a_run_wrote_is_told_from_what_came_in_its_place(tmp_path):
    place = Place(str(tmp_path))
    (tmp_path / "a.pdf").write_bytes(b"a result")
    account = place.account("a.pdf")
    assert account is not None
    book = Journal(place, resume=False)
    book.add(Record("a.jpg", "", "", {"a.pdf": account, "b.pdf": account}))
    book.close()
    written = written_into(str(tmp_path))
    a, b = (tmp_path.resolve() / name for name in ("a.pdf", "b.pdf"))
    assert a in written and b not in written and tmp_path.parent / "a.pdf" not in written
    for other in (b"a result of somebody else", b"A RESULT"):  # of another size, and of the same
        a.write_bytes(other)
        assert a not in written_into(str(tmp_path))
    assert not written_into(str(tmp_path / "none"))

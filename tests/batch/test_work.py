"""ocr.batch.work: what cannot be read, and long documents that are read part by part."""

import signal
from pathlib import Path

import pytest
from batch_fakes import Upper, counts, errors, notes, results, seen_by

from ocr.batch import journal
from ocr.batch.place import Place
from ocr.batch.run import ERRORS
from ocr.batch.tasks import Stop, Task
from ocr.batch.work import PARTS, Work
from ocr.errors import ModelError


def test_a_file_that_may_not_be_opened_is_an_error_in_one_line(tmp_path, monkeypatch):
    item, *_ = notes(tmp_path, a="one")
    opened = Path.open

    def refuse(path, *arguments, **options):
        if path == Path(item.path):
            raise PermissionError(13, "Permission denied", str(path))
        return opened(path, *arguments, **options)

    monkeypatch.setattr(Path, "open", refuse)
    outcome = Work(Upper(), Place(str(tmp_path / "out")), Upper().settings())(Task(item))
    assert outcome.error == f"{item.name}: cannot be opened (permission denied)."
    assert not outcome.trace


def test_workers_with_other_models_are_refused(tmp_path):
    work = Work(Upper("other"), Place(str(tmp_path)), Upper().settings())
    (note,) = notes(tmp_path / "in", a="x")
    with pytest.raises(ModelError, match="another version"):
        work(Task(note))


def test_a_long_one_is_read_by_all_and_written_in_order(read, tmp_path):
    texts = "meet|" + "|".join(f"sleep 0.{k % 3 + 1}" for k in range(8))
    items = notes(tmp_path / "in", long=texts, short="one")
    summary = read(items, jobs=3)
    assert counts(summary) == (2, 0, 0, 0)
    assert summary.pages == 10
    expected = texts.upper().replace("|", "")
    assert results(tmp_path) == {"long.up": expected, "short.up": "ONE"}
    assert {p.name for p in (tmp_path / "out").iterdir()} == {"long.up", "short.up", journal.NAME}
    assert len(set(seen_by(tmp_path / "in" / "long.txt"))) > 1
    assert counts(read(items, resume=True)) == (0, 2, 0, 0)


def test_a_bad_part_makes_all_of_it_an_error(read, tmp_path):
    items = notes(tmp_path / "in", a="one|bad|" + "|".join("x" * 20), b="two|blank|three")
    summary = read(items)
    assert counts(summary) == (1, 0, 1, 0)
    assert summary.warned == 1
    assert errors(tmp_path) == {"a.txt": "not an image."}
    assert results(tmp_path).keys() == {"b.up", ERRORS}
    assert len(seen_by(tmp_path / "in" / "a.txt")) == 2  # the rest is not read for nothing
    assert not (tmp_path / "out" / PARTS).exists()


def test_a_stopped_run_goes_on_within_a_long_one(read, tmp_path):
    items = notes(tmp_path / "in", a="one|two|three|four|five")
    stop = Stop()

    def end(outcome, summary):
        if outcome.part == 2:
            stop.signal, stop.times = signal.SIGTERM, 1

    assert counts(read(items, stop=stop, on_outcome=end)) == (0, 0, 0, 1)
    before = len(seen_by(tmp_path / "in" / "a.txt"))
    assert before < 5
    parts = sorted((tmp_path / "out" / PARTS).iterdir())
    parts[1].write_bytes(parts[1].read_bytes()[:-1])  # cut short: not to be believed
    assert counts(read(items, resume=True)) == (1, 0, 0, 0)
    assert len(seen_by(tmp_path / "in" / "a.txt")) == 6
    assert results(tmp_path) == {"a.up": "ONETWOTHREEFOURFIVE"}


def test_parts_of_other_settings_or_content_are_not_taken(read, tmp_path):
    stop = Stop()

    def end(outcome, summary):
        if outcome.part == 1:
            stop.signal, stop.times = signal.SIGTERM, 1

    read(notes(tmp_path / "in", a="one|two|three"), stop=stop, on_outcome=end)
    items = notes(tmp_path / "in", a="one|two|four")
    assert counts(read(items, resume=True, recipe=Upper("2"))) == (1, 0, 0, 0)
    assert results(tmp_path) == {"a.up": "ONETWOFOUR"}


def test_one_that_changes_while_it_is_read_is_an_error(read, tmp_path):
    items = notes(tmp_path / "in", a="one|two")

    def change(outcome, summary):
        if outcome.part == 1:
            notes(tmp_path / "in", a="six|two")

    assert counts(read(items, on_outcome=change)) == (0, 0, 1, 0)
    assert "was changed while it was read" in errors(tmp_path)["a.txt"]

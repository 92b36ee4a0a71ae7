"""ocr.batch.workers: processes that die, take too long or are to stop."""

import os
import signal
import threading
import time
from pathlib import Path
from types import SimpleNamespace

import pytest
from batch_fakes import Upper, counts, errors, notes, results, seen_by

from ocr.batch import workers
from ocr.batch.place import Place
from ocr.batch.run import ERRORS
from ocr.batch.tasks import Stop, Task
from ocr.batch.work import Work
from ocr.batch.workers import execute


def test_a_worker_that_dies_costs_a_retry(read, tmp_path):
    items = notes(tmp_path / "in", a="die-once", b="die", c="three", d="four")
    summary = read(items, jobs=2)
    assert counts(summary) == (3, 0, 1, 0)
    assert results(tmp_path).keys() == {"a.up", "c.up", "d.up", ERRORS}
    assert len(set(seen_by(tmp_path / "in" / "a.txt"))) == 2
    assert len(set(seen_by(tmp_path / "in" / "b.txt"))) == 2
    assert len(seen_by(tmp_path / "in" / "c.txt")) == 1
    assert "died 2 times (signal 9)" in errors(tmp_path)["b.txt"]


def test_one_process_serves_many_files(read, tmp_path):
    items = notes(tmp_path / "in", **{f"n{k}": "x" for k in range(8)})
    read(items)
    assert len({pid for item in items for pid in seen_by(tmp_path / "in" / item.path)}) == 1


def passes(monkeypatch, *marks: Path) -> None:
    """Let a thousand seconds pass where one of these files comes, and no time by itself."""
    clock = SimpleNamespace(monotonic=lambda: 1000.0 * sum(path.exists() for path in marks))
    monkeypatch.setattr(workers, "time", clock)


def test_time_limit(read, tmp_path, monkeypatch):
    items = notes(tmp_path / "in", a="sleep 600", b="two")
    passes(monkeypatch, tmp_path / "in" / "a.seen")
    assert counts(read(items, limit=500.0)) == (1, 0, 1, 0)
    assert "longer than 500 seconds" in errors(tmp_path)["a.txt"]


def test_the_time_limit_is_on_what_is_read(read, tmp_path, monkeypatch):
    items = notes(tmp_path / "in", a="one|two|slow to write", b="sleep 600|one")
    passes(monkeypatch, tmp_path / "in" / "a.writing", tmp_path / "in" / "b.seen")
    assert counts(read(items, limit=500.0)) == (1, 0, 1, 0)
    assert "longer than 500 seconds" in errors(tmp_path)["b.txt"]


def test_a_stopped_run_finishes_what_is_at_work_and_goes_on(read, tmp_path):
    items = notes(tmp_path / "in", **{f"n{k}": "sleep 0.3" for k in range(6)})
    stop = Stop()

    def end(outcome, summary):
        stop.signal, stop.times = signal.SIGTERM, 1

    summary = read(items, stop=stop, on_outcome=end)
    assert summary.stopped == signal.SIGTERM
    assert summary.left > 0
    assert summary.read + summary.left == 6
    assert counts(read(items, resume=True)) == (summary.left, summary.read, 0, 0)


def test_stopping_twice_does_not_wait(read, tmp_path):
    items = notes(tmp_path / "in", a="one", b="sleep 600")
    stop = Stop()

    def end(outcome, summary):
        time.sleep(0.5)
        stop.signal, stop.times = signal.SIGINT, 2

    start = time.monotonic()
    summary = read(items, jobs=2, stop=stop, on_outcome=end)
    assert time.monotonic() - start < 300
    assert counts(summary) == (1, 0, 0, 1)


def test_a_worker_that_dies_at_a_part(read, tmp_path):
    summary = read(notes(tmp_path / "in", a="die-once|two", b="one|die"), jobs=2)
    assert counts(summary) == (1, 0, 1, 0)
    assert results(tmp_path)["a.up"] == "DIE-ONCETWO"
    assert "died 2 times" in errors(tmp_path)["b.txt"]


def test_few_tasks_are_taken_ahead(tmp_path):
    items = notes(tmp_path / "in", **{f"n{k}": "x" for k in range(20)})
    place = Place(str(tmp_path / "out"))
    place.make()
    taken = 0

    def tasks():
        nonlocal taken
        for item in items:
            taken += 1
            yield Task(item)

    work = Work(Upper(), place, Upper().settings())
    for done, _ in enumerate(execute(tasks(), work, Stop(), jobs=2), 1):
        assert taken <= done + 2 * 2
    assert taken == 20


def test_workers_end_with_the_run(tmp_path):
    items = notes(tmp_path / "in", a="one", b="sleep 60")
    place = Place(str(tmp_path / "out"))
    place.make()
    before = set(threading.enumerate())
    outcomes = execute(iter(map(Task, items)), Work(Upper(), place, Upper().settings()), Stop(), 2)
    next(outcomes)
    pids = [pid for item in items for pid in seen_by(tmp_path / "in" / item.path)]
    outcomes.close()
    assert pids
    for pid in pids:
        with pytest.raises(ProcessLookupError):
            os.kill(pid, 0)
    assert set(threading.enumerate()) <= before

"""ocr.batch: runs over many files, with a recipe that takes no time."""

import contextlib
import json
import os
import signal
import threading
import time
from functools import partial
from pathlib import Path
from types import SimpleNamespace

import pytest
from batch_fakes import Note, Upper, notes, seen_by

from ocr.batch import journal, workers
from ocr.batch.place import Place
from ocr.batch.run import ERRORS, run
from ocr.batch.tasks import Stop, Task
from ocr.batch.work import PARTS, Work
from ocr.batch.workers import execute
from ocr.cli.signals import stopping
from ocr.errors import ImageError, ModelError, OutputError


def local(jobs=1, limit=None):
    return partial(execute, jobs=jobs, limit=limit)


@pytest.fixture
def read(tmp_path):
    """Run over notes into a folder beside them."""

    def read(items, jobs=1, limit=None, recipe=None, **options):
        place = Place(str(tmp_path / "out"))
        return run(items, recipe or Upper(), place, local(jobs, limit), **options)

    return read


def results(tmp_path) -> dict[str, str]:
    """What a person sees in the folder of results."""
    return {
        path.name: path.read_text()
        for path in sorted((tmp_path / "out").iterdir())
        if not path.name.startswith(".")
    }


def errors(tmp_path) -> dict[str, str]:
    rows = (tmp_path / "out" / ERRORS).read_text().splitlines()
    return {Path(row["file"]).name: row["error"] for row in map(json.loads, rows)}


def counts(summary):
    return summary.read, summary.found, summary.failed, summary.left


def test_all_are_read_and_nothing_else_is_left(read, tmp_path):
    items = notes(tmp_path / "in", a="one", b="two", c="blank")
    summary = read(items, jobs=2)
    assert counts(summary) == (3, 0, 0, 0)
    assert summary.warned == 1
    assert results(tmp_path) == {"a.up": "ONE", "b.up": "TWO", "c.up": "BLANK"}
    assert {p.name for p in (tmp_path / "out").iterdir()} == {"a.up", "b.up", "c.up", journal.NAME}


def test_nothing_to_read(read):
    assert counts(read([])) == (0, 0, 0, 0)


def test_bad_files_are_named_and_do_not_stop_the_rest(read, tmp_path):
    items = notes(tmp_path / "in", a="bad", b="two", c="crash")
    lost = [("empty/", ImageError("empty/: no pictures in this folder."))]
    summary = read([*items, Note(str(tmp_path / "none.txt"))], lost=lost)
    assert counts(summary) == (1, 0, 4, 0)
    assert results(tmp_path).keys() == {"b.up", ERRORS}
    assert errors(tmp_path) == {
        "empty": "no pictures in this folder.",
        "a.txt": "not an image.",
        "c.txt": "internal error (ZeroDivisionError: far away); see --debug",
        "none.txt": "no such file.",
    }


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


def test_an_unusable_model_ends_it(read, tmp_path):
    with pytest.raises(ModelError, match="no such model"):
        read(notes(tmp_path / "in", a="model", b="two"))


def test_workers_with_other_models_are_refused(tmp_path):
    work = Work(Upper("other"), Place(str(tmp_path)), Upper().settings())
    (note,) = notes(tmp_path / "in", a="x")
    with pytest.raises(ModelError, match="another version"):
        work(Task(note))


def test_results_are_not_replaced_unasked(read, tmp_path):
    items = notes(tmp_path / "in", a="one", b="two")
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "b.up").write_text("mine")
    for options in ({}, {"resume": True}):  # no run has been here: there is nothing to resume
        with pytest.raises(OutputError, match=r"b\.up: already there"):
            read(items, **options)
    assert results(tmp_path) == {"b.up": "mine"}
    read(items, force=True)
    assert results(tmp_path) == {"a.up": "ONE", "b.up": "TWO"}
    with pytest.raises(OutputError, match="and 1 more"):
        read(items)


def test_resume_reads_what_is_new_changed_or_lost(read, tmp_path):
    items = notes(tmp_path / "in", a="one", b="two", c="three", d="four", e="bad")
    assert counts(read(items)) == (4, 0, 1, 0)
    assert counts(read(items, resume=True)) == (0, 4, 1, 0)
    out = tmp_path / "out"
    (out / "b.up").unlink()
    (out / "c.up").write_bytes(b"")  # a disk that was full
    items = notes(tmp_path / "in", a="changed", b="two", c="three", d="four", e="good", f="new")
    assert counts(read(items, resume=True)) == (5, 1, 0, 0)
    assert counts(read(items, resume=True)) == (0, 6, 0, 0)
    assert results(tmp_path) == {
        **{"a.up": "CHANGED", "b.up": "TWO", "c.up": "THREE"},
        **{"d.up": "FOUR", "e.up": "GOOD", "f.up": "NEW"},
    }


def test_resume_leaves_what_somebody_has_changed(read, tmp_path):
    items = notes(tmp_path / "in", a="one", b="two")
    read(items)
    out = tmp_path / "out"
    (out / "a.up").write_text("MY CORRECTION")
    for recipe in (Upper(), Upper("2"), Upper("2")):  # with other settings too
        summary = read(items, resume=True, recipe=recipe)
        assert (summary.kept, summary.first_kept, summary.failed) == (1, "a.up", 0)
        assert results(tmp_path) == {"a.up": "MY CORRECTION", "b.up": "TWO"}
    assert counts(summary) == (0, 2, 0, 0)
    # Of another photo now: what was corrected is of no use, and not ours to throw away.
    items = notes(tmp_path / "in", a="three", b="two")
    assert counts(read(items, resume=True, recipe=Upper("2"))) == (0, 1, 1, 0)
    assert (
        "a.up is already there, and not as an earlier run has written it"
        in (errors(tmp_path)["a.txt"])
    )
    assert results(tmp_path)["a.up"] == "MY CORRECTION"
    assert counts(read(items, resume=True, recipe=Upper("2"), force=True)) == (1, 1, 0, 0)
    assert results(tmp_path) == {"a.up": "THREE", "b.up": "TWO"}


def test_force_replaces_what_somebody_has_changed(read, tmp_path):
    items = notes(tmp_path / "in", a="one")
    read(items)
    (tmp_path / "out" / "a.up").write_text("MINE")
    assert counts(read(items, resume=True, force=True)) == (1, 0, 0, 0)
    assert results(tmp_path) == {"a.up": "ONE"}


def test_resume_does_not_replace_what_no_run_has_written(read, tmp_path):
    items = notes(tmp_path / "in", a="one")
    read(items)
    (tmp_path / "out" / "b.up").write_text("PRECIOUS")
    (tmp_path / "out" / "c.up").touch()  # empty, and no result either
    items = notes(tmp_path / "in", a="one", b="two", c="three|four", d="five")
    for left in (1, 0):
        assert counts(read(items, resume=True)) == (left, 2 - left, 2, 0)
        assert errors(tmp_path).keys() == {"b.txt", "c.txt"}
    shown = {"a.up": "ONE", "b.up": "PRECIOUS", "c.up": "", "d.up": "FIVE"}
    assert {name: text for name, text in results(tmp_path).items() if name != ERRORS} == shown


def test_what_a_killed_run_could_not_record_is_taken_for_its_own(read, tmp_path):
    items = notes(tmp_path / "in", a="one", b="two|three", c="four")
    read(items)
    path = tmp_path / "out" / journal.NAME
    path.write_text("".join(path.read_text().splitlines(keepends=True)[2:]))
    assert counts(read(items, resume=True)) == (2, 1, 0, 0)
    assert counts(read(items, resume=True)) == (0, 3, 0, 0)
    # And so if it was reading again, for other settings.
    notes(tmp_path / "in", a="six")
    rows = path.read_text()
    read(items, resume=True, recipe=Upper("2"))
    path.write_text(rows)
    summary = read(items, resume=True, recipe=Upper("2"))
    assert (counts(summary), summary.kept) == ((3, 0, 0, 0), 0)


def test_resume_replaces_the_result_of_a_photo_that_was_renamed_and_no_others(read, tmp_path):
    read(notes(tmp_path / "in", a="one", b="two"))
    (tmp_path / "other").mkdir()
    (tmp_path / "in" / "a.txt").rename(tmp_path / "other" / "a.txt")
    items = notes(tmp_path / "other", a="one more", b="another")
    assert counts(read(items, resume=True)) == (1, 0, 1, 0)
    assert errors(tmp_path).keys() == {"b.txt"}
    assert results(tmp_path)["a.up"] == "ONE MORE"
    assert results(tmp_path)["b.up"] == "TWO"


def test_an_error_may_name_a_file_that_is_not_utf_8(read, tmp_path):
    lost = [("a", OutputError("out/\udcff.up: cannot be written."))]
    assert counts(read([], lost=lost)) == (0, 0, 1, 0)
    assert errors(tmp_path) == {"a": "out/?.up: cannot be written."}


def test_errors_of_another_program_are_not_removed(read, tmp_path):
    items = notes(tmp_path / "in", a="bad")
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / ERRORS).write_text('{"event": "x"}\n')
    for options in ({}, {"resume": True}):
        with pytest.raises(OutputError, match=r"errors\.ndjson: already there"):
            read(items, **options)
    assert results(tmp_path) == {ERRORS: '{"event": "x"}\n'}
    read(items, force=True)
    with (tmp_path / "out" / ERRORS).open("a") as stream:
        stream.write('{"file": "cut sh')
    assert counts(read(items)) == (0, 0, 1, 0)  # those of a run are
    assert errors(tmp_path) == {"a.txt": "not an image."}


def test_a_round_of_some_keeps_what_is_noted_of_others(read, tmp_path):
    items = notes(tmp_path / "in", a="bad", b="bad", c="three")
    read(items)
    (item,) = notes(tmp_path / "in", a="good")
    assert counts(read([item], resume=True, partial=True)) == (1, 0, 0, 0)
    assert errors(tmp_path) == {"b.txt": "not an image."}
    assert counts(read(notes(tmp_path / "in", d="crash"), resume=True, partial=True))[2] == 1
    assert errors(tmp_path).keys() == {"b.txt", "d.txt"}
    read(notes(tmp_path / "in", b="good", d="good"), resume=True, partial=True)
    assert results(tmp_path).keys() == {"a.up", "b.up", "c.up", "d.up"}


def test_in_a_round_of_some_a_file_in_the_way_does_not_end_the_others(read, tmp_path):
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "a.up").write_text("mine")
    items = notes(tmp_path / "in", a="one", b="two")
    assert counts(read(items, resume=True, partial=True)) == (1, 0, 1, 0)
    assert errors(tmp_path).keys() == {"a.txt"}
    assert (tmp_path / "out" / "a.up").read_text() == "mine"


def test_resume_reads_again_what_other_settings_gave(read, tmp_path):
    items = notes(tmp_path / "in", a="one", b="two")
    read(items)
    assert counts(read(items, resume=True, recipe=Upper("2"))) == (2, 0, 0, 0)
    assert counts(read(items, resume=True, recipe=Upper("2"))) == (0, 2, 0, 0)


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


def test_what_a_killed_worker_left_is_swept(read, tmp_path):
    out = tmp_path / "out"
    (out / "theirs").mkdir(parents=True)
    kept = (".mine.part", ".other.up.0123abcd.part", "theirs/.a.up.0123abcd.part")
    for name in (".a.up.0123abcd.part", *kept):
        (out / name).touch()
    read(notes(tmp_path / "in", a="one"))
    held = {path.relative_to(out).as_posix() for path in out.rglob("*") if path.is_file()}
    assert held == {"a.up", *kept, journal.NAME}


def test_a_full_disk_while_the_journal_grows_is_told(tmp_path):
    place = Place(str(tmp_path))
    book = journal.Journal(place, resume=False)
    with contextlib.ExitStack() as stack, contextlib.closing(book):
        book._stream.close()
        book._stream = stack.enter_context(Path("/dev/full").open("w", encoding="utf-8"))
        with pytest.raises(OutputError, match=r"cannot be written .No space.*--resume"):
            book.add(journal.Record("a", "b", "c", {}))


@pytest.mark.parametrize("name", [journal.NAME, "a.up", "errors.ndjson"])
@pytest.mark.parametrize("kind", ["link", "pipe"])
def test_links_and_pipes_in_the_folder_of_results_are_not_followed(read, tmp_path, name, kind):
    out, target = tmp_path / "out", tmp_path / "target"
    out.mkdir()
    target.write_text("as it was")
    if kind == "link":
        (out / name).symlink_to(target)
    else:
        os.mkfifo(out / name)
    items = notes(tmp_path / "in", a="one")
    try:
        summary = read(items, force=True)
    except OutputError as error:
        assert name in str(error)
        assert name == journal.NAME
    else:
        assert counts(summary)[2] == (name == "a.up")
    assert target.read_text() == "as it was"


def test_a_folder_of_results_that_is_a_link_inside_is_not_followed(tmp_path):
    (tmp_path / "out").mkdir()
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "out" / "sub").symlink_to(tmp_path / "elsewhere")
    place = Place(str(tmp_path / "out"))
    for name in ("sub/a.txt", "../a.txt", "/a.txt", "b/../../a.txt"):
        with pytest.raises(OutputError):
            place.write(name, b"x")
        assert place.read(name) is None
        assert place.account(name) is None
    assert not list((tmp_path / "elsewhere").iterdir())
    assert not (tmp_path / "a.txt").exists()


def test_two_runs_in_one_folder_are_refused(read, tmp_path):
    pytest.importorskip("fcntl")
    place = Place(str(tmp_path / "out"))
    place.make()
    book = journal.Journal(place, resume=False)
    with pytest.raises(OutputError, match="another run"):
        read(notes(tmp_path / "in", a="one"))
    book.close()
    read(notes(tmp_path / "in", a="one"))


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


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_signals_set_stop(number):
    before = signal.getsignal(number)
    with stopping() as stop:
        os.kill(os.getpid(), number)
        os.kill(os.getpid(), number)
        assert (stop.signal, stop.times) == (number, 2)
    assert signal.getsignal(number) is before


def test_same_bytes_whatever_the_number_of_processes(tmp_path):
    items = notes(tmp_path / "in", **{f"n{k}": f"text {k}" for k in range(9)}, bad="bad", no="bad")
    held = []
    for jobs in (1, 3):
        place = Place(str(tmp_path / f"out{jobs}"))
        run(items, Upper(), place, local(jobs))
        held.append(
            {p.name: p.read_bytes() for p in place.local.iterdir() if p.name != journal.NAME}
        )
    assert held[0] == held[1]
    assert len(held[0]) == 10


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


def test_a_worker_that_dies_at_a_part(read, tmp_path):
    summary = read(notes(tmp_path / "in", a="die-once|two", b="one|die"), jobs=2)
    assert counts(summary) == (1, 0, 1, 0)
    assert results(tmp_path)["a.up"] == "DIE-ONCETWO"
    assert "died 2 times" in errors(tmp_path)["b.txt"]


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

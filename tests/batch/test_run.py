"""ocr.batch.run: what is read, resumed, replaced and told, with a recipe that takes no time."""

import os
from dataclasses import replace

import pytest
from batch_fakes import Note, Upper, counts, errors, local, notes, results

from ocr.batch import journal
from ocr.batch.place import Place
from ocr.batch.run import ERRORS, run
from ocr.errors import ImageError, ModelError, OutputError


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


def test_an_unusable_model_ends_it(read, tmp_path):
    with pytest.raises(ModelError, match="no such model"):
        read(notes(tmp_path / "in", a="model", b="two"))


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


def test_resume_does_not_take_a_file_of_the_same_name_elsewhere_for_its_own(
    read, tmp_path, monkeypatch
):
    for name, text in (("first", "one"), ("second", "two")):
        notes(tmp_path / name, a=text)
    item = notes(tmp_path / "first", a="one")[0]
    item = replace(item, path="a.txt")
    monkeypatch.chdir(tmp_path / "first")
    assert counts(read([item])) == (1, 0, 0, 0)
    assert counts(read([item], resume=True)) == (0, 1, 0, 0)
    monkeypatch.chdir(tmp_path / "second")
    assert counts(read([item], resume=True)) == (0, 0, 1, 0)
    assert results(tmp_path)["a.up"] == "ONE"
    (tmp_path / "first").rename(tmp_path / "moved")  # the folder itself may move
    monkeypatch.chdir(tmp_path / "moved")
    assert counts(read([item], resume=True)) == (0, 1, 0, 0)


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


def test_what_a_killed_worker_left_is_swept(read, tmp_path):
    out = tmp_path / "out"
    (out / "theirs").mkdir(parents=True)
    kept = (".mine.part", ".other.up.0123abcd.part", "theirs/.a.up.0123abcd.part")
    for name in (".a.up.0123abcd.part", *kept):
        (out / name).touch()
    read(notes(tmp_path / "in", a="one"))
    held = {path.relative_to(out).as_posix() for path in out.rglob("*") if path.is_file()}
    assert held == {"a.up", *kept, journal.NAME}


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

"""Learning from the confirmed lines, with a training that is played."""

from __future__ import annotations

import queue
import shutil
import sys
import threading
import time
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from review_fakes import PATIENCE, TEXTS, folder, pages_of

from ocr.review import edits
from ocr.review.edits import EditError
from ocr.review.learning import FEWEST, NAME, Learning, train_command
from ocr.review.reading import Recognizer
from ocr.review.shelf import Shelf
from ocr.weights import find_weights

TRAINER = """
import pathlib, shutil, sys, time
lines, out, model, seconds = sys.argv[1:5]
rows = pathlib.Path(lines, "lines.tsv").read_text().splitlines()
for epoch in range(1, 4):
    print(f"ocr: epoch {epoch}/3  {len(rows) - 1}/{len(rows) - 1}  loss 0.5  0:10 left at most",
          file=sys.stderr, flush=True)
    time.sleep(float(seconds))
if seconds == "0.01":
    print("ocr: not written: 9 % went to 8 %. Add data, or write it all the same with: ocr train "
          f"--resume --force --out {out}", file=sys.stderr)
    sys.exit(1)
out = pathlib.Path(out)
out.mkdir()
shutil.copy(model, out / "my-hand.onnx")
pathlib.Path(lines).rename(pathlib.Path(lines).parent / "seen")
shutil.copytree(pathlib.Path(lines).parent / "seen", sys.argv[5])
"""


@pytest.fixture
def learned(tmp_path, reader_of):
    """A folder, its shelf, and what learns in it; two pages of five lines are confirmed."""
    place = folder(tmp_path / "notes", 3)
    shelf = Shelf(pages_of(place)[0], Recognizer(reader_of("lines", language="none")), ahead=0)
    seen = tmp_path / "seen"

    def make(seconds: str = "0") -> Learning:
        def command(lines: Path, out: Path) -> list[str]:
            model = str(find_weights("lines.onnx"))
            return [sys.executable, "-c", TRAINER, str(lines), str(out), model, seconds, str(seen)]

        return Learning(shelf, command)

    for number in (1, 2, 3):
        held = shelf.open(number)
        if number < 3:
            shelf.change(number, held.doc.revision, edits.confirm_all)
    return make, shelf, place, seen


def wait(learning: Learning, *states: str) -> dict:
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        state = learning.state()
        if state["doing"] in states:
            return state
        time.sleep(0.02)
    raise AssertionError(learning.state())


def test_it_learns_from_confirmed_lines_alone_and_reads_the_rest_again(learned):
    make, shelf, place, seen = learned
    held = shelf.open(3)
    shelf.change(3, 0, lambda doc: edits.set_text(doc, 1, "mine and nobody else's", True))
    shelf.change(3, 1, lambda doc: edits.set_text(doc, 2, "a draft"))
    learning = make()
    learning.start()
    state = wait(learning, "done", "failed")
    assert state["error"] == "" and state["lines"] == 11 and state["held"] == 2
    rows = [row.split("\t") for row in (seen / "lines.tsv").read_text().splitlines()]
    assert rows[0] == ["file", "text", "writer", "split", "form"]
    assert [row[1] for row in rows[1:]] == [*TEXTS, *TEXTS, "mine and nobody else's"]
    assert [row[3] for row in rows[1:]].count("test") == 2
    strip = np.asarray(Image.open(seen / rows[1][0]))
    assert strip.shape[0] == 48 and (strip < 100).any()
    # The played training copies the model, so before and after are the same.
    assert state["before"] == state["after"] and state["examples"]
    assert (place / NAME / "my-hand.onnx").is_file() and state["can_read_again"]
    before = held.doc
    learning.reread()
    state = wait(learning, "done", "failed")
    assert state["pages"] == 1
    after = shelf.open(3).doc
    assert after.entries[0] == before.find(1) or after.find(1).line.text.startswith("mine")
    assert after.find(2).line.text != "a draft" and after.find(2).line.text
    assert [entry.line.confirmed for entry in after.entries] == [True] + [False] * 4


def test_too_few_lines_are_told(learned):
    make, shelf, place, _ = learned
    for number in (1, 2):
        doc = shelf.open(number).doc
        shelf.change(number, doc.revision, lambda doc: edits.confirm_all(doc, False))
    learning = make()
    learning.start()
    assert f"confirm {FEWEST}" in wait(learning, "failed")["error"]
    assert not (place / NAME).exists()
    with pytest.raises(EditError, match="no new model"):
        learning.reread()


def test_it_can_be_cancelled(learned):
    make, _, place, _ = learned
    learning = make("30")
    learning.start()
    wait(learning, "training")
    with pytest.raises(EditError, match="already"):
        learning.start()
    learning.cancel()
    assert wait(learning, "nothing")["error"] == ""
    assert not (place / NAME).exists()


def test_it_can_be_cancelled_while_it_measures(learned, monkeypatch):
    make, shelf, place, _ = learned
    learning, before = make(), shelf.recognizer
    monkeypatch.setattr(learning, "_measure", lambda *_: learning._cancelled.set())
    learning.start()
    assert wait(learning, "nothing")["error"] == ""
    assert not (place / NAME).exists() and shelf.recognizer is before


def test_a_model_that_became_worse_is_not_kept(learned):
    make, _, place, _ = learned
    learning = make("0.01")
    learning.start()
    error = wait(learning, "failed")["error"]
    assert error == "the new model is worse, and not kept: 9 % went to 8 %. Confirm more lines."
    assert not (place / NAME).exists()
    assert "--force" not in train_command(place, place / NAME)  # which keeps it all the same


def test_what_stands_in_the_models_place_stays(learned, tmp_path):
    make, _, place, _ = learned
    (tmp_path / "elsewhere").mkdir()
    (place / f"{NAME}-2").symlink_to(tmp_path / "elsewhere")
    (place / NAME).mkdir()
    (place / NAME / "diary.txt").write_text("mine")
    learning = make()
    for _ in range(2):  # the one learned before is replaced
        learning.start()
        assert wait(learning, "done", "failed")["model"] == str(place / f"{NAME}-3")
        shutil.rmtree(tmp_path / "seen")
    assert (place / NAME / "diary.txt").read_text() == "mine"
    assert not list((tmp_path / "elsewhere").iterdir())
    assert sorted(one.name for one in place.iterdir() if NAME in one.name) == [
        NAME, f"{NAME}-2", f"{NAME}-3"
    ]  # fmt: skip


def test_a_training_that_cannot_begin_is_told(learned, tmp_path):
    _, shelf, _, _ = learned
    learning = Learning(shelf, lambda lines, out: [str(tmp_path / "nothing-here")])
    learning.start()
    assert wait(learning, "failed")["error"] == "This failed: No such file or directory."


def test_a_fault_of_the_program_ends_it(learned, monkeypatch):
    _, shelf, _, _ = learned

    def command(lines: Path, out: Path) -> list[str]:
        raise ZeroDivisionError("by nothing")

    told: queue.SimpleQueue[type] = queue.SimpleQueue()
    monkeypatch.setattr(threading, "excepthook", lambda args: told.put(args.exc_type))
    learning = Learning(shelf, command)
    learning.start()
    assert "ZeroDivisionError: by nothing" in wait(learning, "failed")["error"]
    assert told.get(timeout=PATIENCE) is ZeroDivisionError  # the terminal shows where it happened


def test_without_torch_it_says_what_to_install(learned, monkeypatch):
    make, *_ = learned
    monkeypatch.setattr("ocr.review.learning._missing", lambda: "torch")
    learning = make()
    assert learning.state()["missing"] == "torch" and "ocr[train]" in learning.state()["install"]
    with pytest.raises(EditError, match="needs torch"):
        learning.start()


def test_strips_are_cut_as_they_are_read(learned):
    _, shelf, _, _ = learned
    page, doc = shelf.pages[1], shelf.open(1).doc
    photo = page.source.open()
    recognizer = shelf.recognizer
    strips = recognizer.strips(photo, doc, doc.entries)
    read = recognizer.lines_reader.line_reader.read(strips)
    found = recognizer.reread(photo, doc, doc.entries)
    assert [one.text for one in read] == [entry.line.text for entry in found]
    assert found[0].line.text.lower() == TEXTS[0] and found[0].id == 1


def test_ocr_train_takes_the_confirmed_lines_of_the_folder(learned):
    pytest.importorskip("torch")
    from training.own_hand.own_data import gather
    from training.own_hand.photo_truth import Aligner
    from training.own_hand.samples import Account

    _, shelf, place, _ = learned
    for number in (1, 2):  # of each page one line is a draft
        revision = shelf.open(number).doc.revision
        shelf.change(
            number, revision, lambda doc: edits.set_text(doc, 2, "never seen", confirmed=False)
        )
    samples = gather([place], "lines", Aligner(), Account())
    assert sorted(samples.labels) == sorted(2 * [TEXTS[0], *TEXTS[2:]])
    assert set(samples.groups) == {"page1", "page2"}

"""ocr.cli.watch: folders whose pictures are read as they come."""

import json
import os
import signal
import subprocess
import sys
import time
from importlib.util import find_spec
from pathlib import Path

import pytest
from cli_fakes import FIRST, LIST, ON_SAMPLES, SAMPLES
from PIL import Image

from ocr.page import Page

pytestmark = ON_SAMPLES


def test_watch_wants_folders(run, tmp_path):
    for arguments in ([LIST, "-o", tmp_path / "out"], [SAMPLES], ["--clipboard"]):
        assert run("read", "--watch", *arguments)[0] == 2


def wait_for(path: Path, text: str = "", seconds: float = 600) -> None:
    """Wait until a file is there, and the text in it."""
    end = time.monotonic() + seconds
    while not path.exists() or text not in path.read_text(encoding="utf-8"):
        assert time.monotonic() < end, f"{path} did not come"
        time.sleep(0.1)


@pytest.mark.skipif(find_spec("watchfiles") is None, reason="no watchfiles here")
def test_a_watched_folder_that_goes_ends_it(run, tmp_path, monkeypatch):
    folder = tmp_path / "in"
    folder.mkdir()

    def watch(*_, **__):
        yield set()
        folder.rmdir()
        yield {(3, str(folder))}

    monkeypatch.setattr("watchfiles.watch", watch)
    status, _, err = run("read", "--watch", folder, "-o", tmp_path / "out")
    assert status == 1 and err.splitlines()[-1].startswith(f"ocr: {folder}: the folder is gone.")
    assert not (tmp_path / "out" / "errors.ndjson").exists()


@pytest.mark.skipif(find_spec("watchfiles") is None, reason="no watchfiles here")
@pytest.mark.skipif(os.name == "nt", reason="signals")
@pytest.mark.parametrize("rounds", [1, 2])
def test_ctrl_c_at_the_last_file_of_a_round_ends_watching(run, tmp_path, monkeypatch, rounds):
    folder = tmp_path / "in"
    folder.mkdir()
    left = rounds

    def come() -> None:
        for name in "ab":
            Image.new("L", (40, 30), 200).save(folder / f"{name}{left}.png")

    def execute(tasks, step, *_, **__):
        nonlocal left
        yield from map(step, tasks)
        left -= 1
        if left == 0:
            os.kill(os.getpid(), signal.SIGINT)

    def watch(*_, stop_event, **__):
        yield set()
        while left:
            come()
            yield {(1, str(path)) for path in folder.iterdir()}
        yield set()
        assert stop_event.is_set()

    come()
    monkeypatch.setattr("ocr.reader.Reader.read", lambda _, photo: Page(30, 40))
    monkeypatch.setattr("ocr.batch.workers.execute", execute)
    monkeypatch.setattr("watchfiles.watch", watch)
    status, _, err = run("read", "--watch", folder, "-o", tmp_path / "out")
    assert status == 0
    assert err.endswith("stopped watching\n")
    assert len(list((tmp_path / "out").glob("*.txt"))) == 2 * rounds


@pytest.mark.skipif(find_spec("watchfiles") is None, reason="no watchfiles here")
@pytest.mark.skipif(os.name == "nt", reason="signals")
def test_watch(tmp_path):
    """What is there, what comes, what changes; ended by Ctrl-C without a trace of trouble."""
    folder, results = tmp_path / "in", tmp_path / "out"
    folder.mkdir()
    (folder / "first.jpg").write_bytes(LIST.read_bytes())
    (folder / "worse.jpg").write_bytes(b"no picture either")
    command = [sys.executable, "-m", "ocr", "read", "--watch", "in", "-o", "out"]
    process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True, cwd=tmp_path)
    try:
        wait_for(results / "first.txt")
        (folder / "second.jpg").write_bytes((SAMPLES / "form.jpg").read_bytes())
        (folder / "bad.jpg").write_bytes(b"no picture")
        wait_for(results / "second.txt")
        wait_for(results / "errors.ndjson", "in/bad.jpg")
        written = (results / "second.txt").stat().st_mtime_ns
        (folder / "bad.jpg").write_bytes(LIST.read_bytes())
        wait_for(results / "bad.txt")
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=600)
    finally:
        process.kill()
    assert process.returncode == 0
    assert "watching in; Ctrl-C ends it" in err
    assert err.count("bad.jpg: not an image") == 1  # told when it was bad, and once
    assert err.count("worse.jpg: not an image") == 1
    rows = (results / "errors.ndjson").read_text().splitlines()
    assert [json.loads(row)["file"] for row in rows] == ["in/worse.jpg"]
    assert err.rstrip().endswith("stopped watching")
    assert "Traceback" not in err
    assert (results / "second.txt").stat().st_mtime_ns == written
    assert (results / ".ocr-journal.ndjson").exists()
    assert (results / "first.txt").read_text(encoding="utf-8").startswith(FIRST)

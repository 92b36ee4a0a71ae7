"""ocr.cli.read_folder: runs into a folder, resumed and stopped."""

import os
import signal
import subprocess
import sys
import time

import pytest
from cli_fakes import PATIENCE, files_in, one_line, picture, shell, written_page
from PIL import Image

from ocr.page import Page

MANY = 80  # files that are not all read before a signal comes


def test_read_into_a_folder(run, fake, tmp_path):
    scans, out = tmp_path / "scans", tmp_path / "out"
    (scans / "deep").mkdir(parents=True)
    for name in ("a.png", "b.png", "b.bmp", "deep/a.png"):
        picture(scans / name)
    formats = ("--format", "text", "--format", "json")
    status, printed, err = run("read", scans, *formats, "--output", out)
    assert (status, printed) == (0, "")
    assert "3 files read;" in one_line(err)
    stems = ("a", "b.bmp", "b.png")
    assert files_in(out) == [f"{stem}.{suffix}" for stem in stems for suffix in ("json", "txt")]
    assert (out / "a.txt").read_text() == "d\n"
    assert Page.from_json((out / "a.json").read_text()).text == "d"
    status, _, err = run("read", scans, "--recursive", *formats, "--output", out)
    assert status == 1
    assert "and 5 more: already there" in one_line(err)
    assert "deep/a.txt" not in files_in(out)
    assert run("read", scans, "--recursive", "--force", *formats, "--output", out)[0] == 0
    assert "deep/a.txt" in files_in(out)


def test_nothing_is_read_where_results_are_there(run, fake, tmp_path):
    a, crash = picture(tmp_path / "a.png"), picture(tmp_path / "crash.png")
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "a.txt").write_text("old")
    status, _, err = run("read", crash, a, "--output", tmp_path / "out")
    assert status == 1
    assert "a.txt: already there" in one_line(err)
    assert files_in(tmp_path / "out") == ["a.txt"]


def test_bad_files_and_folders_of_results(run, fake, tmp_path):
    a, crash = picture(tmp_path / "a.png"), picture(tmp_path / "crash.png")
    out = tmp_path / "out.d/"
    status, _, err = run("read", a, crash, a, tmp_path / "none.png", "--output", f"{out}/")
    assert status == 1
    internal, missing, summary = err.splitlines()
    assert "crash.png: internal error (ZeroDivisionError" in internal
    assert "none.png: no such file" in missing
    assert "1 file read, 2 failed (all in" in summary
    assert files_in(out) == ["a.txt", "errors.ndjson"]
    status, _, err = run("--debug", "read", crash, "--force", "--output", f"{out}/")
    assert "Traceback" in err


def test_a_folder_of_its_own_inputs_is_refused(run, fake, tmp_path):
    a = picture(tmp_path / "a.png")
    (tmp_path / "a.txt").symlink_to(a)
    status, _, err = run("read", a, "--force", "--output", tmp_path)
    assert status == 1
    assert "would replace the file that is read" in one_line(err)


def test_resume(run, fake, tmp_path):
    a, b, out = picture(tmp_path / "a.png"), picture(tmp_path / "b.png"), tmp_path / "out"
    assert run("read", a, "--output", out) == (0, "", "")
    status, _, err = run("read", a, b, "--output", out, "--resume")
    assert status == 0
    assert "1 file read, 1 done before;" in one_line(err)
    status, _, err = run("read", a, b, "--output", out, "--resume", "--format", "json")
    assert "2 files read;" in one_line(err)
    status, _, err = run("read", a, b, "--output", out, "--resume", "--engine", "letters")
    assert "2 files read;" in one_line(err)


def test_resume_leaves_what_is_not_its_own(run, fake, tmp_path):
    a, out = picture(tmp_path / "a.png"), tmp_path / "out"
    run("read", a, "--output", out)
    (out / "a.txt").write_text("MY CORRECTION")
    status, _, err = run("read", a, "--output", out, "--resume")
    assert status == 0
    assert f"left as they are: {out}/a.txt. Use --force" in one_line(err)
    (out / "b.txt").write_text("PRECIOUS")
    status, _, err = run("read", a, picture(tmp_path / "b.png"), "--output", out, "--resume", "-q")
    assert status == 1
    assert "b.txt is already there" in one_line(err)
    assert [(out / name).read_text() for name in ("a.txt", "b.txt")] == [
        "MY CORRECTION",
        "PRECIOUS",
    ]


@pytest.mark.parametrize(
    "arguments",
    [
        ["--jobs", "2"],
        ["--resume", "--output", "a.txt"],
        ["--timeout", "0", "--output", "out"],
        ["--timeout", "nan", "--output", "out"],
        ["--timeout", "inf", "--output", "out"],
        ["--reject", "nan"],
        ["--pattern", ""],
        ["--charset", "9-0"],
        ["--jobs", "0", "--output", "out"],
        ["--scheduler", "tcp://127.0.0.1:9"],
        ["--scheduler", "tcp://127.0.0.1:9", "--jobs", "2", "--output", "out"],
    ],
)
def test_options_of_runs_into_a_folder(run, fake, tmp_path, arguments):
    assert run("read", picture(tmp_path / "a.png"), *arguments)[0] == 2


def test_a_long_document_is_read_in_parts(run, fake, tmp_path):
    first, *rest = (Image.new("L", (40, 30), level) for level in (40, 70, 100, 255, 130, 160, 190))
    scan, out = tmp_path / "scan.tif", tmp_path / "out"
    first.save(scan, save_all=True, append_images=rest)
    formats = ("--format", "text", "--format", "json", "--format", "page")
    status, _, err = run("read", "-v", scan, *formats, "--pages", "1-3,5-", "--output", out)
    assert status == 0
    assert [row.split(",")[1] for row in err.splitlines()] == [
        f" page {k}: 1 line" for k in (1, 2, 3, 5, 6, 7)
    ]
    pages = [f"scan.page{k:04d}.page.xml" for k in (1, 2, 3, 5, 6, 7)]
    assert files_in(out) == ["scan.json", *pages, "scan.txt"]
    for kind, name in (("text", "scan.txt"), ("json", "scan.json")):
        asked = ("read", "-q", scan, "--pages", "1-3,5-", "--format", kind)
        assert run(*asked)[1] == (out / name).read_text()
    piped = tmp_path / "piped"
    assert run("read", "-q", "-", "--output", piped, stdin=scan.read_bytes())[0] == 0
    assert (piped / "stdin.txt").read_text() == run("read", "-q", scan)[1]
    assert len(list(piped.iterdir())) == 2  # the text and the journal


def test_processes_read_as_one_does(tmp_path):
    """The real thing once: three files, two processes, an error, and then nothing left to do."""
    scans = tmp_path / "scans"
    scans.mkdir()
    written_page(scans / "note.png")
    picture(scans / "blank.png", 255)
    (scans / "bad.jpg").write_text("no picture")
    formats = ("--format", "text", "--format", "json")
    out = tmp_path / "out"
    done = shell("read", scans, *formats, "--output", out, "--jobs", 2, cwd=tmp_path)
    assert done.returncode == 1
    assert "bad.jpg: not an image" in done.stderr
    assert "blank.png: nothing that looks like writing" in done.stderr
    names = ["blank.json", "blank.txt", "errors.ndjson", "note.json", "note.txt"]
    assert files_in(out) == names
    alone = shell("read", scans / "note.png")
    assert alone.stdout and (out / "note.txt").read_text() == alone.stdout
    done = shell("read", scans, *formats, "--output", out, "--resume", cwd=tmp_path)
    assert "0 files read, 2 done before, 1 failed" in done.stderr


@pytest.mark.parametrize(("number", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_stopped_run_says_how_to_go_on(tmp_path, number, status):
    names = [tmp_path / f"{k}.png" for k in range(MANY)]
    for name in names:
        picture(name, 255)
    out = tmp_path / "out"
    command = [sys.executable, "-m", "ocr", "read", *names, "--jobs", "1", "--output", out]
    process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True, start_new_session=True)
    deadline = time.monotonic() + PATIENCE
    while not list(out.glob("*.txt")) and time.monotonic() < deadline:
        time.sleep(0.01)
    os.killpg(process.pid, number)  # as a terminal does: the workers get it too
    _, err = process.communicate(timeout=PATIENCE)
    assert process.returncode == status
    assert "--resume goes on" in one_line(err.splitlines(keepends=True)[-1])
    assert "Traceback" not in err
    done = len(list(out.glob("*.txt")))
    assert 0 < done < MANY
    again = shell("read", *names, "--output", out, "--resume")
    assert f"{MANY - done} files read, {done} done before" in again.stderr

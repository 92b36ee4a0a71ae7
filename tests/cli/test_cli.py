"""ocr.cli: the command line, with a reader of our own where reading itself is not the matter."""

import json
import os
import pty
import re
import signal
import stat
import subprocess
import sys
import time
from pathlib import Path
from typing import ClassVar

import click
import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFont

from ocr import __version__, cli, errors, weights
from ocr import reader as reader_module
from ocr.batch import journal, recipe, workers
from ocr.cli.boxes import OVERLAY_KINDS
from ocr.input.photo import open_image
from ocr.page import Box, Letter, Line, Page, Word

SAMPLES = Path(__file__).parents[2] / "images"
HEAVY = {"torch", "sklearn", "matplotlib", "tqdm", "training", "pytest"}
NOT_ASKED = dict.fromkeys(
    ("engine", "model", "charset", "language", "lexicon", "pattern", "reject")
)
MANY = 80  # files that are not all read before a signal comes
PATIENCE = 600  # seconds: a busy machine is not a defect
NUMERIC = {"numpy", "scipy", "skimage", "onnxruntime", "PIL"}


class FakeReader:
    """Reads the grey level of the middle as a letter: white is blank, black raises."""

    asked: ClassVar[list[dict]] = []

    def __init__(self, **options):
        FakeReader.asked.append(options)

    def read(self, source, on_stage=None):
        photo = open_image(source) if isinstance(source, str) else source
        if "crash" in photo.name:
            raise ZeroDivisionError("far away\nin a library")
        if "interrupt" in photo.name:
            raise KeyboardInterrupt
        if "model" in photo.name:
            raise errors.ModelError("glyphs.onnx: no such model. Reinstall ocr.")
        grey = photo.grey(100)
        if on_stage is not None:
            on_stage("grey", grey)
            on_stage("Ink & more", grey < 0.5)
        level = float(grey[grey.shape[0] // 2, grey.shape[1] // 2])
        if level > 0.9:
            return Page(photo.height, photo.width, warnings=("nothing to read",))
        letter = Letter(Box(1, 1, 5, 4), chr(ord("a") + int(level * 10)), 0.75)
        return Page(photo.height, photo.width, (Line((Word((letter,)),)),), engine="letters")


@pytest.fixture
def fake(monkeypatch):
    """A `FakeReader` for all, and no processes, which would not know of it."""
    FakeReader.asked = []
    recipe._reader.cache_clear()
    monkeypatch.setattr(reader_module, "Reader", FakeReader)
    monkeypatch.setattr(workers, "execute", lambda tasks, step, _, **__: map(step, tasks))
    yield FakeReader
    recipe._reader.cache_clear()


def shell(*arguments, **options) -> subprocess.CompletedProcess:
    """Run the command line in a process of its own."""
    return subprocess.run(
        [sys.executable, "-m", "ocr", *map(str, arguments)],
        capture_output=True,
        text=options.pop("text", True),
        timeout=PATIENCE,
        check=False,
        **options,
    )


def picture(path: Path, level: int = 100) -> Path:
    Image.new("L", (40, 30), level).save(path)
    return path


def one_line(text: str) -> str:
    assert text.startswith("ocr: ")
    assert text.count("\n") == 1
    assert "Traceback" not in text
    return text


def commands() -> list[str]:
    return sorted(cli.cli.commands)


# Help and versions


def test_all_commands_are_there():
    assert commands() == ["boxes", "convert", "eval", "models", "read", "review", "train"]


@pytest.mark.parametrize("name", [None, *commands()])
@pytest.mark.parametrize("flag", ["-h", "--help"])
def test_help(run, name, flag):
    status, out, err = run(*([name] if name else []), flag)
    assert (status, err) == (0, "")
    assert out.startswith("Usage: ocr")


@pytest.mark.parametrize("name", commands())
def test_every_command_and_option_is_explained(name):
    command = cli.cli.commands[name]
    assert command.get_short_help_str(limit=70).endswith(
        ("scans.", "box.", "known.", "files.", "formats.", "sets.", "browser.")
    )
    for parameter in command.params:
        if isinstance(parameter, click.Option):
            assert parameter.help, f"{name} {parameter.opts}"
            assert parameter.help.endswith("."), f"{name} {parameter.opts}"


def test_version(run):
    assert run("--version") == (0, f"ocr {__version__}\n", "")


@pytest.mark.parametrize(
    "arguments",
    [
        ["read"],
        ["read", "--format", "doc", "a.jpg"],
        ["read", "--pages", "3-1", "a.jpg"],
        ["read", "--pages", "0", "a.jpg"],
        ["read", "--pages", "x", "a.jpg"],
        ["read", "--dpi", "0", "a.jpg"],
        ["read", "--engine", "none", "a.jpg"],
        ["read", "--charset", "", "a.jpg"],
        ["read", "--no-such-option", "a.jpg"],
        ["boxes", "a.jpg"],
        ["boxes", "a.jpg", "--out", "a.doc"],
        ["eval"],
        ["eval", "--normalize", "nfd", "."],
        ["eval", "--normalise", "nfd", "."],
        ["no-such-command"],
    ],
)
def test_wrong_usage(run, arguments):
    status, out, err = run(*arguments)
    assert status == 2
    assert out == ""
    assert "Error" in err


# read


def test_read_prints_the_text(run, fake, tmp_path):
    assert run("read", picture(tmp_path / "a.png")) == (0, "d\n", "")
    assert fake.asked == [{**NOT_ASKED, "engine": "auto", "language": "auto"}]


def test_read_stdin(run, fake, tmp_path):
    data = picture(tmp_path / "a.png").read_bytes()
    assert run("read", "-", stdin=data) == (0, "d\n", "")
    status, out, err = run("read", "-")
    assert (status, out) == (1, "")
    assert "stdin" in one_line(err)


def test_read_several(run, fake, tmp_path):
    a, b = picture(tmp_path / "a.png"), picture(tmp_path / "b.png", 210)
    assert run("read", a, b) == (0, f"==> {a} <==\nd\n\n==> {b} <==\ni\n", "")


def test_read_a_folder(run, fake, tmp_path):
    b, a = picture(tmp_path / "b.png"), picture(tmp_path / "a.png", 210)
    (tmp_path / "notes.txt").touch()
    status, out, _ = run("read", tmp_path)
    assert (status, out) == (0, f"==> {a} <==\ni\n\n==> {b} <==\nd\n")


def test_read_an_empty_folder(run, fake, tmp_path):
    status, out, err = run("read", tmp_path)
    assert (status, out) == (1, "")
    assert "no pictures" in one_line(err)


def test_a_bad_file_does_not_stop_the_rest(run, fake, tmp_path):
    a = picture(tmp_path / "a.png")
    crash = picture(tmp_path / "crash.png")
    status, out, err = run("read", tmp_path / "none.png", a, crash)
    assert (status, out) == (1, f"==> {a} <==\nd\n")
    missing, internal = err.splitlines()
    assert "none.png: no such file" in missing
    assert "crash.png: internal error (ZeroDivisionError: far away in a library)" in internal


def test_a_blank_page_is_no_error(run, fake, tmp_path):
    path = picture(tmp_path / "white.png", 255)
    status, out, err = run("read", path)
    assert (status, out) == (0, "")
    assert err == f"ocr: warning: {path}: nothing to read\n"


def test_read_json(run, fake, tmp_path):
    a = picture(tmp_path / "a.png")
    status, out, _ = run("read", "--format", "json", a)
    page = Page.from_json(out)
    assert (status, page.text, json.loads(out)["file"]) == (0, "d", str(a))
    _, out, _ = run("read", "--format", "json", a, a)
    assert [entry["text"] for entry in json.loads(out)] == ["d", "d"]
    status, out, _ = run("read", "--format", "json", a, tmp_path / "none.png")
    assert (status, len(json.loads(out))) == (1, 1)


def test_read_into_a_file(run, fake, tmp_path):
    a, target = picture(tmp_path / "a.png"), tmp_path / "out.txt"
    assert run("read", a, "--output", target) == (0, "", "")
    assert target.read_text() == "d\n"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.png", "out.txt"]


def files_in(folder: Path) -> list[str]:
    """All files in a folder but the journal of the run."""
    files = {p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file()}
    return sorted(files - {journal.NAME})


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


def test_several_formats_need_a_folder(run, fake, tmp_path):
    a = picture(tmp_path / "a.png")
    formats = ("--format", "text", "--format", "json")
    assert run("read", a, *formats)[0] == 2
    assert run("read", a, *formats, "--output", picture(tmp_path / "b.png"))[0] == 2
    assert run("read", a, *formats, "--output", tmp_path / "made.now")[0] == 0
    assert files_in(tmp_path / "made.now") == ["a.json", "a.txt"]


def test_formats_of_one_page_need_a_folder_for_more(run, fake, tmp_path):
    a, b = picture(tmp_path / "a.png"), picture(tmp_path / "b.png")
    status, out, err = run("read", "--format", "alto", a, b)
    assert (status, out) == (2, "")
    assert "holds one page" in err
    assert run("read", "--format", "alto", a)[1].startswith("<?xml")


def test_pdf_without_its_package(run, fake, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "pikepdf", None)
    a = picture(tmp_path / "a.png")
    status, out, err = run("read", "--format", "pdf", a, "--output", tmp_path / "out")
    assert (status, out) == (1, "")
    assert 'pip install "ocr[pdf]"' in one_line(err)
    assert fake.asked == []
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("name", "formats", "begin"),
    [
        ("a.json", (), "{"),
        ("a.JSONL", (), '{"file":'),
        ("a.alto.xml", (), "<?xml"),
        ("a.log", ("tsv",), "level\t"),
        ("a.xml", ("page",), "<?xml"),
        ("a.html", ("hocr",), "<?xml"),
    ],
)
def test_the_name_of_the_output_tells_the_format(run, fake, tmp_path, name, formats, begin):
    options = [part for name in formats for part in ("--format", name)]
    out = tmp_path / name
    assert run("read", picture(tmp_path / "b.png"), *options, "--output", out) == (0, "", "")
    assert out.read_text().startswith(begin)


@pytest.mark.parametrize(
    ("name", "formats"),
    [("a.txt", ("pdf",)), ("a.json", ("text",)), ("a.json", ("json", "text")), ("a.xml", ())],
)
def test_a_format_that_the_name_belies(run, fake, tmp_path, name, formats):
    options = [part for name in formats for part in ("--format", name)]
    status, _, err = run("read", picture(tmp_path / "b.png"), *options, "--output", tmp_path / name)
    assert (status, fake.asked) == (2, [])
    assert "--format" in err
    assert not (tmp_path / name).exists()


def test_what_is_typed_counts_more_than_the_format_of_the_environment(
    run, fake, tmp_path, monkeypatch
):
    monkeypatch.setenv("OCR_READ_FORMAT", "alto")
    a = picture(tmp_path / "a.png")
    assert run("read", a)[1].startswith("<?xml")
    assert run("read", a, "--output", tmp_path / "a.txt")[0] == 0
    assert (tmp_path / "a.txt").read_text() == "d\n"


def test_no_pdf_for_a_terminal(run, fake, tmp_path, monkeypatch):
    a = picture(tmp_path / "a.png")
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True, raising=False)
    status, out, err = run("read", a, "--format", "pdf")
    assert (status, out) == (2, "")
    assert "--output" in err


def test_verbose_tells_of_each_page_of_many_files(run, fake, tmp_path):
    a, blank = picture(tmp_path / "a.png"), picture(tmp_path / "blank.png", 255)
    status, _, err = run("read", "-v", a, blank, tmp_path / "none.png", "--output", tmp_path / "o")
    assert status == 1
    first, second, missing, warning, summary = err.splitlines()
    assert "none.png: no such file" in missing
    assert re.search(r"a\.png: 1 line, 1 character, 75% sure, by letters, \d\.\d\d s$", first)
    assert re.search(r"blank\.png: blank, \d\.\d\d s$", second)
    assert "nothing to read" in warning
    assert "2 files read, 1 failed" in summary
    _, _, err = run("read", "-v", a, blank, "--resume", "--output", tmp_path / "o")
    assert "a.png: done before" in err


def test_the_same_format_twice_counts_once(run, fake, tmp_path):
    assert run("read", picture(tmp_path / "a.png"), *("--format", "text") * 2) == (0, "d\n", "")


def test_files_from(run, fake, tmp_path):
    a, b = picture(tmp_path / "a.png"), picture(tmp_path / "b ö.png", 210)
    listed = tmp_path / "list.txt"
    listed.write_text(f"{a}\n\n{b}\r\n", encoding="utf-8", newline="")
    expected = f"==> {a} <==\nd\n\n==> {b} <==\ni\n"
    assert run("read", "--files-from", listed) == (0, expected, "")
    assert run("read", "--files-from", "-", stdin=f"{a}\n{b}\n".encode()) == (0, expected, "")
    status, _, err = run("read", "--files-from", tmp_path / "none.txt")
    assert status == 1
    assert "none.txt: no such file" in one_line(err)
    assert run("read", "-", "--files-from", "-")[0] == 2


def test_pages_of_a_tiff(run, fake, tmp_path):
    pages = [Image.new("L", (40, 30), level) for level in (100, 210, 0)]
    pages[0].save(tmp_path / "scan.tif", save_all=True, append_images=pages[1:])
    assert run("read", tmp_path / "scan.tif") == (0, "d\n\fi\n\fa\n", "")
    status, out, _ = run("read", tmp_path / "scan.tif", "--pages", "2-", "--format", "json")
    assert [(page["page"], page["text"]) for page in json.loads(out)] == [(2, "i"), (3, "a")]
    data = (tmp_path / "scan.tif").read_bytes()
    assert run("read", "-", "--pages", "3", stdin=data) == (0, "a\n", "")
    status, _, err = run("read", tmp_path / "scan.tif", "--pages", "4")
    assert status == 1
    assert "scan.tif: none of the pages asked for; it has 3" in one_line(err)


def test_output_stays_if_nothing_was_read(run, fake, tmp_path):
    target = tmp_path / "out.txt"
    target.write_text("old")
    status, _, err = run("read", tmp_path / "none.png", "--force", "--output", target)
    assert status == 1
    one_line(err)
    assert target.read_text() == "old"
    assert list(tmp_path.iterdir()) == [target]


@pytest.mark.parametrize("target", ["folder/none/out.txt", "a.png"])
def test_unwritable_output(run, fake, tmp_path, target):
    a = picture(tmp_path / "a.png")
    (tmp_path / "folder").mkdir()
    status, out, err = run("read", a, "--output", tmp_path / target)
    assert (status, out) == (1, "")
    assert target in one_line(err)
    assert list((tmp_path / "folder").iterdir()) == []
    assert run("read", a, "--force", "--output", tmp_path / target)[0] == 1
    assert open_image(a).width == 40


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full here")
def test_output_to_a_device(run, fake, tmp_path):
    a = picture(tmp_path / "a.png")
    assert run("read", a, "--output", os.devnull)[0] == 0
    assert stat.S_ISCHR(Path(os.devnull).stat().st_mode)  # still what it was
    status, _, err = run("read", a, "--output", "/dev/full")
    assert status == 1
    assert "no space" in one_line(err)


def test_a_closed_stdout(run, fake, tmp_path, monkeypatch):
    a = picture(tmp_path / "a.png")
    with monkeypatch.context() as patch:
        patch.setattr(sys, "stdout", None)
        status, _, err = run("read", a)
        assert run("read", a, "--output", tmp_path / "a.txt")[0] == 0
    assert status == 1
    assert "stdout: closed" in one_line(err)


@pytest.mark.skipif(os.name != "posix" or os.geteuid() == 0, reason="root may read everything")
def test_what_may_not_be_read(run, fake, tmp_path):
    a, b, locked = picture(tmp_path / "a.png"), picture(tmp_path / "b.png"), tmp_path / "locked"
    a.chmod(0)
    locked.mkdir(0)
    try:
        status, out, err = run("read", a, b)
        assert (status, out) == (1, f"==> {b} <==\nd\n")
        assert "a.png: cannot be opened (permission denied)" in one_line(err)
        for target in (locked, locked / "a.txt"):
            status, _, err = run("read", b, "--output", target)
            assert status == 1
            one_line(err)
    finally:
        locked.chmod(0o700)


def test_output_keeps_permissions_and_links(run, fake, tmp_path):
    a, target, link = picture(tmp_path / "a.png"), tmp_path / "out.txt", tmp_path / "link.txt"
    target.touch(mode=0o600)
    link.symlink_to(target)
    assert run("read", a, "--output", link)[0] == 1
    assert run("read", a, "--force", "--output", link)[0] == 0
    assert link.is_symlink()
    assert target.read_text() == "d\n"
    assert stat.S_IMODE(target.stat().st_mode) == 0o600


def test_model_errors_end_everything(run, fake, tmp_path):
    status, out, err = run("read", picture(tmp_path / "model.png"), picture(tmp_path / "a.png"))
    assert (status, out) == (3, "")
    assert one_line(err) == "ocr: glyphs.onnx: no such model. Reinstall ocr.\n"


def test_interrupt(run, fake, tmp_path):
    status, _, err = run("read", picture(tmp_path / "interrupt.png"))
    assert status == 130
    assert "interrupted" in err
    assert "Traceback" not in err


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no named pipes here")
@pytest.mark.parametrize(("name", "status"), [("SIGTERM", 143), ("SIGHUP", 129)])
def test_what_ends_the_program_leaves_nothing_half_written(tmp_path, name, status):
    photo, target = tmp_path / "pipe", tmp_path / "a.txt"
    os.mkfifo(photo)
    command = [sys.executable, "-m", "ocr", "read", photo, "--output", target]
    number = getattr(signal, name)
    before = signal.signal(number, signal.SIG_DFL)  # under nohup, one would be left alone
    process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
    signal.signal(number, before)
    with photo.open("wb"):  # it reads now, and waits for more
        deadline = time.monotonic() + PATIENCE
        while not list(tmp_path.glob(".*.part")) and time.monotonic() < deadline:
            time.sleep(0.01)
        process.send_signal(number)
        _, err = process.communicate(timeout=PATIENCE)
    assert process.returncode == status
    assert one_line(err) == "ocr: terminated\n"
    assert list(tmp_path.iterdir()) == [photo]


def test_debug_shows_where(run, fake, tmp_path):
    for arguments in (["--debug", "read"], ["read", "--debug"]):
        status, _, err = run(*arguments, picture(tmp_path / "crash.png"))
        assert status == 1
        assert "Traceback" in err
        assert "in read" in err


@pytest.mark.parametrize(
    ("value", "characters"),
    [
        ("abc", "abc"),
        ("aab", "ab"),
        ("digits", "0123456789"),
        ("digits+.", "0123456789."),
        ("digits++", "0123456789+"),
        ("+digits", "+0123456789"),
        ("1+2", "1+2"),
        ("+", "+"),
        ("upper+digits", "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"),
        ("Digits", "Digts"),
        ("0-9", "0123456789"),
        ("a-cX-Z", "abcXYZ"),
        ("0-3.,-", "0123.,-"),
        ("+-*/", "+-*/"),
        ("Z-a", "Z-a"),
        ("digits+a-c", "0123456789abc"),
    ],
)
def test_charset(run, fake, tmp_path, value, characters):
    assert run("read", "--charset", value, picture(tmp_path / "a.png"))[0] == 0
    assert fake.asked[-1]["charset"] == characters


def test_options_reach_the_reader(run, fake, tmp_path):
    a = picture(tmp_path / "a.png")
    options = ("--engine", "letters", "--model", "own.onnx", "--charset", "ab")
    expected = {"engine": "letters", "model": "own.onnx", "charset": "ab"}
    expected = {**NOT_ASKED, "language": "auto", **expected}
    assert run("read", *options, a)[0] == 0
    assert run("boxes", *options, a, "--json")[0] == 0
    assert fake.asked == [expected, expected]


# boxes


def test_boxes_draws(run, fake, tmp_path):
    a, target = picture(tmp_path / "a.png"), tmp_path / "overlay.png"
    assert run("boxes", a, "--out", target) == (0, "", "")
    with Image.open(target) as overlay:
        assert overlay.format == "PNG"
        assert overlay.mode == "RGB"


def test_boxes_of_a_page(run, fake, tmp_path):
    pages = [Image.new("L", (40, 30), level) for level in (100, 210)]
    pages[0].save(tmp_path / "a.tif", save_all=True, append_images=pages[1:])
    status, out, _ = run("boxes", tmp_path / "a.tif", "--pages", "2", "--json")
    assert (status, json.loads(out)["page"], json.loads(out)["text"]) == (0, 2, "i")
    status, out, err = run("boxes", tmp_path / "a.tif", "--pages", "3", "--json")
    assert (status, out) == (1, "")
    assert "none of the pages asked for; it has 2" in one_line(err)


def test_boxes_kind_follows_the_suffix(run, fake, tmp_path):
    a = picture(tmp_path / "a.png")
    for suffix, kind in OVERLAY_KINDS.items():
        assert run("boxes", a, "--out", tmp_path / f"b{suffix}")[0] == 0
        with Image.open(tmp_path / f"b{suffix}") as overlay:
            assert overlay.format == kind


def test_boxes_json(run, fake, tmp_path):
    _, out, _ = run("boxes", picture(tmp_path / "a.png"), "--json")
    assert Page.from_json(out).letters[0].box == Box(1, 1, 5, 4)


def test_boxes_stages(run, fake, tmp_path):
    a, folder = picture(tmp_path / "a.png"), tmp_path / "new" / "stages"
    assert run("boxes", a, "--stages", folder) == (0, "", "")
    assert sorted(path.name for path in folder.iterdir()) == ["01-grey.png", "02-ink-more.png"]
    with Image.open(folder / "01-grey.png") as grey:
        assert set(np.unique(grey)) == {100}
    with Image.open(folder / "02-ink-more.png") as ink:
        assert set(np.unique(ink)) == {255}


def test_boxes_of_a_blank_page(run, fake, tmp_path):
    status, _, err = run("boxes", picture(tmp_path / "a.png", 255), "--out", tmp_path / "b.png")
    assert status == 0
    assert "warning" in one_line(err)
    assert (tmp_path / "b.png").exists()


def test_boxes_unwritable(run, fake, tmp_path):
    a = picture(tmp_path / "a.png")
    for arguments in (["--out", tmp_path / "none" / "b.png"], ["--stages", a / "below"]):
        status, out, err = run("boxes", a, *arguments)
        assert (status, out) == (1, "")
        one_line(err)
    assert list(tmp_path.iterdir()) == [a]


def test_boxes_never_replaces_the_photo(run, fake, tmp_path):
    a = picture(tmp_path / "a.png")
    before = a.read_bytes()
    status, _, err = run("boxes", a, "--out", a)
    assert status == 1
    assert "would replace the file that is read" in one_line(err)
    assert a.read_bytes() == before


def test_boxes_of_a_bad_image_leaves_nothing(run, fake, tmp_path):
    status, _, err = run("boxes", tmp_path / "none.png", "--out", tmp_path / "b.png")
    assert status == 1
    one_line(err)
    assert list(tmp_path.iterdir()) == []


# eval


def truth(photo: Path, text: str) -> None:
    photo.with_suffix(".gt.txt").write_text(text, encoding="utf-8")


def test_eval(run, fake, tmp_path):
    truth(picture(tmp_path / "a.png"), "D\n")
    truth(picture(tmp_path / "b.png", 210), "i\n")
    picture(tmp_path / "without-truth.png")
    status, out, err = run("eval", tmp_path)
    assert (status, err) == (0, "")
    assert "case counts" in out
    assert "50.00%" in out
    for option in ("--normalize", "--normalise"):
        status, out, _ = run("eval", tmp_path, option, "plain")
        assert status == 0 and "without accents" in out
    status, out, _ = run("eval", tmp_path, "--ignore-case", "--json")
    report = json.loads(out)
    assert report["cer"] == 0
    assert "ignored" in report["normalization"]
    assert [file["file"] for file in report["files"]] == ["a.png", "b.png"]


def test_eval_single_files(run, fake, tmp_path):
    a = picture(tmp_path / "a.png")
    truth(a, "d")
    status, out, _ = run("eval", a)
    assert status == 0
    assert "100.00%" in out


def test_eval_goes_on_after_bad_files(run, fake, tmp_path):
    truth(picture(tmp_path / "a.png"), "d")
    truth(tmp_path / "b.png", "x")
    (tmp_path / "b.png").write_text("no picture")
    truth(picture(tmp_path / "c.png"), "")
    (tmp_path / "c.gt.txt").write_bytes(b"\xff\xfe\xfd")
    status, out, err = run("eval", tmp_path)
    assert status == 1
    assert "100.00%" in out
    assert len(err.splitlines()) == 2


def test_eval_without_truth(run, fake, tmp_path):
    picture(tmp_path / "a.png")
    status, out, err = run("eval", tmp_path)
    assert (status, out) == (1, "")
    assert ".gt.txt" in one_line(err)
    assert run("eval", tmp_path / "none")[0] == 1


# models


def weight_file(path: Path, **changes) -> Path:
    about = weights.Metadata(
        name="toy",
        kind="mlp",
        architecture={},
        charset=("a", "b"),
        normalization="none",
        data=({"name": "toy data", "licence": "CC0", "source": "here"},),
        figures={"test accuracy %": 77.4},
    )
    text = json.dumps(json.loads(about.to_json()) | changes)
    np.savez(path, metadata=np.array(text))
    return path


@pytest.fixture
def folder(monkeypatch, tmp_path):
    monkeypatch.setattr(weights, "models_dir", lambda: tmp_path)
    return tmp_path


def test_models(run, folder):
    path = weight_file(folder / "toy.npz")
    (folder / weights.CHECKSUMS).write_text(f"{weights.sha256(path)}  toy.npz\n")
    status, out, err = run("models")
    assert (status, err) == (0, "")
    for part in ("toy.npz", "mlp", "2 characters", "CC0", "test accuracy %: 77.4", "ok"):
        assert part in out
    status, out, _ = run("models", "--json")
    (model,) = json.loads(out)
    assert model["charset"] == "ab"
    assert model["figures"] == {"test accuracy %": 77.4}
    assert model["checksum"] == "ok"


def test_models_names_what_is_wrong(run, folder):
    weight_file(folder / "good.npz")
    weight_file(folder / "newer.npz", format_version=99)
    (folder / "torn.onnx").write_bytes(b"\x0a\xff")
    status, out, err = run("models")
    assert status == 3
    assert "good.npz" in out
    assert [line.split(": ")[1].split("/")[-1] for line in err.splitlines()] == [
        "newer.npz",
        "torn.onnx",
    ]
    path = weight_file(folder / "good.npz")
    (folder / weights.CHECKSUMS).write_text(f"{'0' * 64}  {path.name}\n")
    assert "SHA-256" in run("models")[2]


def test_no_models(run, folder):
    status, out, err = run("models")
    assert (status, out) == (3, "")
    one_line(err)


# In a process of its own


def imported(*arguments) -> set[str]:
    """Top-level modules that a run of the command line imports."""
    code = (
        "import sys; from ocr.cli import main; main(sys.argv[1:]); "
        "print(*{name.partition('.')[0] for name in sys.modules}, file=sys.stderr)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, *map(str, arguments)],
        capture_output=True,
        text=True,
        check=True,
        timeout=PATIENCE,
    )
    return set(done.stderr.split())


def test_help_imports_nothing_heavy():
    for arguments in (["--help"], ["read", "--help"], ["--version"]):
        assert imported(*arguments) & (HEAVY | NUMERIC) == set()


def test_read_imports_only_what_it_needs(tmp_path):
    if not weights.installed():
        pytest.skip("no weights yet")
    page = imported("read", written_page(tmp_path / "a.png"))
    assert "onnxruntime" in page  # it did read
    assert page & HEAVY == set()
    lines = imported("read", SAMPLES / "shopping_list.jpg")
    assert lines & (HEAVY | {"scipy", "skimage"}) == set()  # of letters alone
    assert "onnxruntime" in imported("boxes", tmp_path / "a.png", "--out", tmp_path / "b.png")


def test_nothing_is_searched_for_unused_objects_at_the_end():
    code = (
        "import atexit, gc; atexit.register(lambda: print(gc.get_freeze_count() > 0)); "
        "from ocr.cli import main; main(['--version'])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split()[-1] == "True"


def test_help_is_fast(tmp_path):
    """It costs little more than Click, once modules are compiled, as from the second call on."""
    resource = pytest.importorskip("resource")
    environment = {**os.environ, "PYTHONPYCACHEPREFIX": str(tmp_path)}
    environment.pop("PYTHONDONTWRITEBYTECODE", None)

    def cost(*arguments: str) -> float:
        """CPU-seconds."""
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        command = [sys.executable, *arguments]
        subprocess.run(command, env=environment, capture_output=True, check=True, timeout=PATIENCE)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime

    cost("-m", "ocr", "--help")
    pairs = [(cost("-m", "ocr", "--help"), cost("-c", "import click")) for _ in range(4)]
    ours, clicks = map(min, zip(*pairs, strict=True))
    assert ours < 1.8 * clicks or ours < 0.12  # the machine's speed does not matter


def written_page(path: Path) -> Path:
    """A page with two words in type."""
    page = Image.new("L", (500, 300), 235)
    ImageDraw.Draw(page).text((60, 90), "PLAIN WORDS", 30, ImageFont.load_default(56))
    page.save(path)
    return path


def test_end_to_end(tmp_path):
    if not weights.installed():
        pytest.skip("no weights yet")
    photo = written_page(tmp_path / "a.png")
    done = shell("read", photo, cwd=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    assert len(done.stdout.strip()) >= 5
    piped = shell("read", "-", input=photo.read_bytes(), text=False)
    assert piped.stdout.decode() == done.stdout
    overlay = shell("boxes", photo, "--out", tmp_path / "b.png", "--json")
    assert overlay.returncode == 0
    assert Page.from_json(overlay.stdout).text + "\n" == done.stdout
    assert (tmp_path / "b.png").stat().st_size > 0


def test_closed_pipe_is_quiet(tmp_path):
    paths = [picture(tmp_path / f"{k}.png", 255) for k in range(5)]
    command = [sys.executable, "-m", "ocr", "read", "--format", "json", *map(str, paths)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        process.stdout.close()  # as `head` does when it has seen enough
        stderr = process.stderr.read().decode()
        status = process.wait(timeout=PATIENCE)
    assert "Traceback" not in stderr
    assert "Broken" not in stderr
    assert "Exception ignored" not in stderr
    assert status == 1


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full here")
def test_full_disk_behind_stdout(tmp_path):
    with Path("/dev/full").open("wb") as full:
        done = subprocess.run(
            [sys.executable, "-m", "ocr", "models"],
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            timeout=PATIENCE,
            check=False,
        )
    if not weights.installed():
        pytest.skip("no weights yet")
    assert done.returncode == 1
    assert "stdout" in one_line(done.stderr)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no named pipes here")
def test_ctrl_c(tmp_path):
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    command = [sys.executable, "-m", "ocr", "read", str(pipe)]
    with (
        subprocess.Popen(
            command,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
        ) as process,  # Ctrl-C counts even if the tests run where it is ignored
        pipe.open("wb"),  # waits until it reads
    ):
        process.send_signal(signal.SIGINT)
        _, stderr = process.communicate(timeout=PATIENCE)
    assert process.returncode == 130
    assert b"Traceback" not in stderr
    assert b"interrupted" in stderr


def test_any_locale(tmp_path):
    environment = {**os.environ, "LC_ALL": "C", "PYTHONIOENCODING": "ascii", "PYTHONUTF8": "0"}
    code = (
        "import sys; from ocr.cli import main, read; read.make_reader = lambda *_: None; "
        "from ocr.page import *; "
        "page = Page(9, 9, (Line((Word((Letter(Box(0, 0, 1, 1), chr(233), 1.0),)),)),)); "
        "from ocr.input.documents import PageSource; "
        "read.read_document = lambda *_, **__: iter([(PageSource('a'), page)]); "
        "sys.exit(main(['read', 'a']))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        env=environment,
        check=True,
        timeout=PATIENCE,
    )
    assert done.stdout.decode() == "é\n"


@pytest.mark.skipif(sys.platform != "linux", reason="file names are text here")
def test_file_names_that_are_not_utf8(run, fake, tmp_path):
    path = os.fsdecode(os.fsencode(tmp_path) + b"/\xe9.png")
    Image.new("L", (40, 30), 100).save(path)
    status, out, _ = run("read", "--format", "json", path)
    assert (status, json.loads(out)["file"][-5:]) == (0, "\ufffd.png")
    assert run("read", tmp_path)[0] == 0
    assert run("boxes", path, "--json")[0] == 0


def test_progress_only_on_a_terminal(tmp_path):
    paths = [str(picture(tmp_path / f"{k}.png", 255)) for k in range(2)]
    command = [sys.executable, "-m", "ocr", "read", *paths]
    assert b"Reading" not in subprocess.run(command, capture_output=True, check=True).stderr
    ours, theirs = pty.openpty()
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=theirs) as process:
        os.close(theirs)
        seen = b""
        while True:
            try:
                block = os.read(ours, 4096)
            except OSError:  # the terminal is gone
                break
            if not block:
                break
            seen += block
        stdout = process.stdout.read()
    os.close(ours)
    assert b"Reading" in seen
    assert b"2/2" in seen
    assert b"Reading" not in stdout


class TestHowToRead:
    def test_the_options_reach_the_reader(self, run, fake, tmp_path):
        words = tmp_path / "words.txt"
        words.write_text("MILK\nBREAD\n", encoding="utf-8")
        photo = picture(tmp_path / "a.png")
        options = ("--lexicon", words, "--pattern", "date", "--reject", "0.5")
        assert run("read", *options, "--language", "french", photo)[0] == 0
        assert run("read", "--no-lm", photo)[0] == 0
        first, second = fake.asked
        assert first["lexicon"] == ["MILK", "BREAD"] and first["pattern"] == "date"
        assert (first["reject"], first["language"]) == (0.5, "french")
        assert (second["language"], second["lexicon"]) == ("none", None)

    @pytest.mark.parametrize(
        ("options", "reason"),
        [
            (("--lexicon", "no-such-file.txt"), "cannot be read"),
            (("--lexicon", os.devnull), "holds no words"),
            (("--pattern", "("), "no regular expression"),
            (("--pattern", "date", "--engine", "letters"), "--pattern needs lines"),
            (("--reject", "2"), "--reject"),
            (("--timeout", "1e300"), "--timeout"),
            (("--pages", "9" * 5000), "no page range"),
            (("--pattern", "a" * 100_000), "longer than"),
        ],
    )
    def test_wrong_values(self, run, options, reason):
        status, out, err = run("read", *options, "a.png")
        assert (status, out) == (2, "") and reason in err

    @pytest.mark.parametrize(
        "content",
        ["x" * 5000, "one two\n" * 600_000, "".join(f"{k:0200}\n" for k in range(20_000))],
    )
    def test_what_is_no_list_of_words(self, run, tmp_path, content):
        words = tmp_path / "words.txt"
        words.write_text(content, encoding="utf-8")
        status, out, err = run("read", "--lexicon", words, "a.png")
        assert (status, out) == (2, "") and "no list of words" in err

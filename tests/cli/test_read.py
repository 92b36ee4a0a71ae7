"""ocr.cli.read: what is printed or written of given files, and in which format."""

import json
import os
import re
import stat
import sys
from pathlib import Path

import pytest
from cli_fakes import NOT_ASKED, files_in, one_line, picture
from PIL import Image

from ocr.input.photo import open_image
from ocr.page import Page


def test_read_prints_the_text(run, fake, tmp_path):
    assert run("read", picture(tmp_path / "a.png")) == (0, "d\n", "")
    assert fake.asked == [{**NOT_ASKED, "engine": "auto", "language": "auto"}]


def test_read_stdin(run, fake, tmp_path):
    data = picture(tmp_path / "a.png").read_bytes()
    assert run("read", "-", stdin=data) == (0, "d\n", "")
    status, out, err = run("read", "-")
    assert (status, out) == (1, "")
    assert "stdin" in one_line(err)


def test_a_file_is_read_alone_by_its_address_too(run, fake, tmp_path):
    a = picture(tmp_path / "a.png")
    assert run("read", f"file://{a}") == (0, "d\n", "")


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

"""The command line as people type it: short options, no command, copied and watched pictures."""

import csv
import json
import os
import signal
import subprocess
import sys
import time
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from ocr import weights
from ocr.batch import recipe
from ocr.cli.boxes import OVERLAY_KINDS
from ocr.overlay import side_for
from ocr.page import Box, Letter, Line, Page, Word

SAMPLES = Path(__file__).parents[2] / "images"
LIST = SAMPLES / "shopping_list.jpg"
FIRST = "SHOPPING LIST"

pytestmark = pytest.mark.skipif(
    not LIST.exists() or not weights.installed(), reason="no samples or weights"
)


@pytest.fixture
def run(run):
    recipe.forget()  # the reader of other tests
    return run


def test_a_file_alone_is_read(run, tmp_path, monkeypatch):
    text = run("read", LIST)
    assert text[0] == 0
    assert run(LIST) == text
    assert run("-q", LIST) == text
    assert run("-f", "text", "-l", "en", LIST)[:2] == text[:2]
    monkeypatch.chdir(SAMPLES)
    assert run(LIST.name) == text
    status, out, err = run("none.jpg")
    assert (status, out) == (1, "")
    assert err.startswith("ocr: none.jpg: no such file")


def test_options_before_a_file(run, tmp_path, monkeypatch):
    text = run("read", LIST, "-l", "fr")
    assert run("-q", "--language", "french", LIST) == text
    monkeypatch.chdir(tmp_path)
    assert run("--language", "french", LIST, "-o", "review") == (0, "", "")  # called as a command
    assert (tmp_path / "review" / "shopping_list.txt").read_text(encoding="utf-8") == text[1]
    Path("own.toml").write_text("[read]\nformat = 'json'\n")
    assert json.loads(run("--config", "own.toml", "-qv", "-l", "fr", LIST)[1])["lines"]
    for arguments in (["-f", "json", "models"], ["-q", "-f", "json", "read", LIST]):
        status, _, err = run(*arguments)
        assert status == 2
        assert "No such option: -f" in err
    assert run("-q", "models", "-f", "json")[0] == 0


def test_a_misspelled_command_is_still_one(run):
    for arguments in (["raed"], ["raed", LIST], ["--no-such-option"], ["-x"]):
        status, _, err = run(*arguments)
        assert status == 2
        assert "No such" in err


def test_short_options(run, tmp_path):
    assert run("read", LIST, "-f", "json", "-l", "english", "-o", tmp_path / "a.json")[0] == 0
    page = Page.from_json((tmp_path / "a.json").read_text(encoding="utf-8"))
    assert page.text.startswith(FIRST)
    assert run("read", LIST, "--out", tmp_path / "a.txt")[0] == 0  # as other commands had it
    assert run("boxes", LIST, "-l", "none", "-o", tmp_path / "a.png")[0] == 0
    (tmp_path / "p").mkdir()
    photo = tmp_path / "p" / "a.jpg"
    photo.write_bytes(LIST.read_bytes())
    photo.with_suffix(".gt.txt").write_text(page.text, encoding="utf-8")
    assert run("eval", tmp_path / "p", "-f", "json", "-o", tmp_path / "e.json") == (0, "", "")
    assert json.loads((tmp_path / "e.json").read_text())
    status, out, _ = run("models", "-f", "json")
    assert (status, out) == run("models", "--json")[:2]


def test_old_variables_go_on_working(run, monkeypatch, tmp_path):
    for name in ("OUT", "OUTPUT"):
        monkeypatch.setenv(f"OCR_BOXES_{name}", str(tmp_path / f"{name}.png"))
        assert run("boxes", LIST)[0] == 0
        monkeypatch.delenv(f"OCR_BOXES_{name}")
        assert (tmp_path / f"{name}.png").exists()


def test_an_unknown_language(run):
    status, out, err = run("read", "-l", "german", LIST)
    assert (status, out) == (3, "")
    assert err.startswith("ocr: german: no such language. Known are english, french;")
    assert "onnx" not in err


@pytest.mark.parametrize(
    ("name", "start"),
    [
        ("a.md", "SHOPPING LIST"),
        ("a.csv", "file,page,block,line,word,text"),
        ("a.lines.csv", "file,page,block,line,text"),
        ("a.html", "<!DOCTYPE html>\n<html>\n<head>\n<meta"),
        ("a.htm", "<?xml"),
    ],
)
def test_the_suffix_tells_the_format(run, tmp_path, name, start):
    assert run(LIST, "-o", tmp_path / name) == (0, "", "")
    content = (tmp_path / name).read_text(encoding="utf-8")
    assert content.startswith(start)
    assert "SHOPPING" in content


def test_csv_opens_as_a_table(run):
    _, out, _ = run(LIST, "-f", "csv")
    rows = list(csv.DictReader(out.splitlines()))
    assert " ".join(row["text"] for row in rows[:2]) == FIRST


# boxes


def test_boxes_of_many(run, tmp_path):
    (tmp_path / "in").mkdir()
    for name in ("a", "b"):
        (tmp_path / "in" / f"{name}.jpg").write_bytes(LIST.read_bytes())
    with Image.open(LIST) as image:
        blank = Image.new("RGB", image.size, "white")
        image.save(tmp_path / "c.tif", save_all=True, append_images=[blank, image])
    arguments = (tmp_path / "in", tmp_path / "c.tif", "--pages", "1,3", "-o", tmp_path / "out")
    status, _, err = run("boxes", *arguments)
    assert (status, err) == (0, "")
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == [
        "a.boxes.png",
        "b.boxes.png",
        "c.page0001.boxes.png",
        "c.page0003.boxes.png",
    ]
    status, out, _ = run("boxes", tmp_path / "in", "--json")
    assert status == 0
    assert [Page.from_dict(page).text[: len(FIRST)] for page in json.loads(out)] == [FIRST] * 2


def test_boxes_of_many_need_a_folder(run, tmp_path):
    for option in ("-o", "--stages"):
        status, _, err = run("boxes", LIST, SAMPLES / "form.jpg", option, tmp_path / "a.png")
        assert status == 2
        assert "folder" in err
    assert not list(tmp_path.iterdir())


def test_boxes_of_one_page_of_many(run, tmp_path):
    with Image.open(LIST) as image:
        image.save(tmp_path / "c.tif", save_all=True, append_images=[image])
    status, _, err = run("boxes", tmp_path / "c.tif", "-o", tmp_path / "a.png")
    assert status == 0
    assert "page 1 of 2; choose by --pages" in err
    assert run("boxes", tmp_path / "c.tif", "--pages", "2", "-o", tmp_path / "a.png")[2] == ""


@pytest.mark.parametrize("level", ["letter", "word", "line"])
def test_levels_differ(run, tmp_path, level):
    assert run("boxes", LIST, "--level", level, "-o", tmp_path / f"{level}.png")[0] == 0
    assert run("boxes", LIST, "-o", tmp_path / "auto.png")[0] == 0
    with (
        Image.open(tmp_path / f"{level}.png") as drawn,
        Image.open(tmp_path / "auto.png") as auto,
    ):
        same = drawn.size == auto.size and np.array_equal(np.asarray(drawn), np.asarray(auto))
    assert same == (level == "letter")


def test_small_writing_is_enlarged():
    def page(height: int, side: int) -> Page:
        letter = Letter(Box(0, 0, height, height), "a", 0.9)
        return Page(side, side // 2, (Line((Word((letter,)),)),))

    assert side_for(page(100, 3000)) == 2400
    assert side_for(page(100, 1000)) == 1000
    assert side_for(page(12, 1000)) == 2000
    assert side_for(page(12, 1000), "line") == 1000
    assert side_for(page(1, 1000)) == 4800


# What stands where a result goes


@pytest.mark.parametrize("suffix", list(OVERLAY_KINDS))
def test_an_overlay_replaces_an_earlier_one_and_nothing_else(run, tmp_path, suffix):
    out = tmp_path / f"a{suffix}"
    with Image.open(LIST) as image:
        image.save(out)
    before = out.read_bytes()
    status, _, err = run("boxes", LIST, "-o", out)
    assert status == 1
    assert "already there, and nothing that this command has written" in err
    assert run("boxes", LIST, out, "-o", f"{tmp_path}/out/")[0] == 0
    assert out.read_bytes() == before
    out.unlink()
    for level in ("word", "line"):
        assert run("boxes", LIST, "--level", level, "-o", out) == (0, "", "")
    status, _, err = run("boxes", out, "-o", out)  # an overlay, and what is read
    assert status == 1
    assert "would replace the file that is read" in err


def test_overlays_in_a_folder_replace_nothing_else(run, tmp_path):
    (tmp_path / "out").mkdir()
    own = tmp_path / "out" / "shopping_list.boxes.png"
    own.write_text("mine")
    status, _, err = run("boxes", LIST, SAMPLES / "form.jpg", "-o", tmp_path / "out")
    assert status == 1
    assert "shopping_list.boxes.png: already there" in err
    assert own.read_text() == "mine"
    assert (tmp_path / "out" / "form.boxes.png").exists()


def test_a_report_replaces_no_photo_and_no_truth(run, tmp_path):
    photo, truth = tmp_path / "a.jpg", tmp_path / "a.gt.txt"
    photo.write_bytes(LIST.read_bytes())
    truth.write_text("SHOPPING LIST")
    (tmp_path / "other.jpg").write_bytes(LIST.read_bytes())
    (tmp_path / "other.gt.txt").write_text("mine")
    (tmp_path / "a.docx").write_bytes(b"PK\3\4\0\0")
    held = {path: path.read_bytes() for path in tmp_path.iterdir()}
    for path in held:
        commands = [["eval", photo]] if path in (photo, truth) else [["eval", photo], ["models"]]
        for command in commands:
            status, out, err = run(*command, "-o", path)
            assert (status, out) == (1, "")
            assert err.count("\n") == 1
            assert ("file that is read" if path in (photo, truth) else "already there") in err
    assert {path: path.read_bytes() for path in tmp_path.iterdir()} == held
    for command in (["eval", photo], ["models"]):
        for form in ("text", "json", "json"):
            assert run(*command, "-f", form, "-o", tmp_path / "report")[0] == 0


# --clipboard


def test_clipboard(run, monkeypatch, tmp_path):
    import PIL.ImageGrab

    text = run(LIST)[1]
    with Image.open(LIST) as image:
        monkeypatch.setattr(PIL.ImageGrab, "grabclipboard", lambda: image)
        assert run("read", "--clipboard") == (0, text, "")
        assert json.loads(run("--clipboard", "-f", "json")[1])["file"] == "clipboard"
        assert run("read", "--clipboard", "-o", tmp_path / "out/")[0] == 0
    assert (tmp_path / "out" / "clipboard.txt").read_text(encoding="utf-8") == text
    monkeypatch.setattr(PIL.ImageGrab, "grabclipboard", lambda: [str(LIST)])
    assert run("read", "--clipboard") == (0, text, "")


def test_clipboard_without_a_picture(run, monkeypatch):
    import PIL.ImageGrab

    def fails():
        raise NotImplementedError("wl-paste or xclip is required")

    for copied, told in ((lambda: None, "holds no picture"), (fails, "xclip")):
        monkeypatch.setattr(PIL.ImageGrab, "grabclipboard", copied)
        status, out, err = run("read", "--clipboard")
        assert (status, out) == (1, "")
        assert told in err


# --watch


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

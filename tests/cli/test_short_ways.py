"""The command line as people type it: short options, and no command."""

import csv
import json
from pathlib import Path

import pytest
from cli_fakes import FIRST, LIST, ON_SAMPLES, SAMPLES

from ocr.page import Page

pytestmark = ON_SAMPLES


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
    wrong = (["--no-such=1", LIST], ["--json", LIST], ["-x", "a.jpg"])
    for arguments in (["raed"], ["raed", LIST], ["--no-such-option"], ["-x"], *wrong):
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

"""ocr.cli.evaluate: `ocr eval`, and where its report goes."""

import json
from pathlib import Path

from cli_fakes import LIST, on_samples, one_line, picture


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


def test_a_report_is_what_the_suffix_of_its_file_tells(run, fake, tmp_path):
    truth(picture(tmp_path / "a.png"), "d\n")
    for command in (["eval", tmp_path], ["models"]):
        for name in ("report.json", "report.txt", "report"):
            assert run(*command, "-o", tmp_path / name)[0] == 0
            is_json = (tmp_path / name).read_text().startswith(("{", "["))
            assert is_json == name.endswith(".json")
        assert run(*command, "-f", "text", "-o", tmp_path / "report.json")[0] == 0
        assert not (tmp_path / "report.json").read_text().startswith(("{", "["))


@on_samples
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

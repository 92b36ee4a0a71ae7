"""Drafts of ground truth: `ocr read --gt` and `--line-images`."""

import shutil
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from ocr.batch import recipe
from ocr.cli import main
from ocr.evaluation.drafts import is_strip, write_draft
from ocr.evaluation.ground_truth import DRAFT, is_draft, read_truth, truth_path
from ocr.lines.normalize import normalize_line

SAMPLE = Path(__file__).parents[2] / "images" / "phone_note.jpg"


@pytest.fixture
def photo(tmp_path):
    return Path(shutil.copy(SAMPLE, tmp_path / "note.jpg"))


def test_gt_writes_a_draft_beside_the_photo(photo, capsys):
    assert main(["read", str(photo), "--gt"]) == 0
    truth = photo.with_name("note.gt.txt")
    draft = truth.read_text(encoding="utf-8")
    assert draft == f"{DRAFT}\n{capsys.readouterr().out}"
    assert len(draft.splitlines()) > 2
    assert is_draft(truth)
    assert read_truth(truth) == draft.split("\n", 1)[1]
    truth.write_bytes(b"\xef\xbb\xbf" + draft.replace("\n", "\r\n").encode())  # as an editor may
    assert is_draft(truth)
    assert read_truth(truth) == draft.split("\n", 1)[1]
    truth.write_text(draft.split("\n", 1)[1])
    assert not is_draft(truth)


def test_a_draft_is_no_ground_truth(photo, capsys):
    assert main(["read", str(photo), "--gt", "-q"]) == 0
    capsys.readouterr()
    assert main(["eval", str(photo.parent)]) == 1
    captured = capsys.readouterr()
    assert "note.gt.txt: a draft that nobody has confirmed" in captured.err
    assert captured.out == ""


def test_a_draft_is_not_written_through_a_link(photo, tmp_path):
    (tmp_path / "note.gt.txt").symlink_to(tmp_path / "elsewhere")
    assert not write_draft(photo, "text")
    assert not (tmp_path / "elsewhere").exists()


def test_gt_never_writes_over_a_corrected_text(photo, capsys):
    truth = photo.with_name("note.gt.txt")
    truth.write_text("corrected by hand")
    assert main(["read", str(photo), "--gt"]) == 0
    assert truth.read_text() == "corrected by hand"
    assert "left as it is" in capsys.readouterr().err
    assert not write_draft(photo, "again")


def test_photos_of_one_name_get_drafts_of_their_own(tmp_path):
    one, other = tmp_path / "a.jpg", tmp_path / "a.png"
    one.touch(), other.touch()
    assert write_draft(one, "one") and write_draft(other, "other")
    assert not write_draft(one, "one") and not write_draft(other, "other")
    texts = {path.name: read_truth(truth_path(path)) for path in (one, other)}
    assert texts == {"a.jpg": "one\n", "a.png": "other\n"}


def test_gt_writes_nothing_for_a_blank_photo(tmp_path):
    Image.new("L", (300, 200), 255).save(tmp_path / "blank.png")
    assert main(["read", str(tmp_path / "blank.png"), "--gt"]) == 0
    assert [path.name for path in tmp_path.iterdir()] == ["blank.png"]


def test_gt_without_a_place_is_a_usage_error(tmp_path, capsys, monkeypatch):
    import PIL.ImageGrab

    monkeypatch.chdir(tmp_path)
    assert main(["read", "-", "--gt"]) == 2
    assert "stdin" in capsys.readouterr().err
    Path("list").write_text("-\n")
    assert main(["read", "--files-from", "list", "--gt"]) == 2
    assert "stdin" in capsys.readouterr().err
    Path("list").write_text("s3://bucket/photo.jpg\n")
    assert main(["read", "--files-from", "list", "--gt"]) == 2
    assert "on this machine" in capsys.readouterr().err
    with Image.open(SAMPLE) as image:
        monkeypatch.setattr(PIL.ImageGrab, "grabclipboard", lambda: image)
        assert main(["read", "--clipboard", "--gt"]) == 2
    assert "what was copied has no place" in capsys.readouterr().err
    assert [path.name for path in tmp_path.iterdir()] == ["list"]
    photo = shutil.copy(SAMPLE, tmp_path / "note.jpg")
    monkeypatch.setattr(PIL.ImageGrab, "grabclipboard", lambda: [str(photo)])
    assert main(["read", "--clipboard", "--gt", "-q"]) == 0
    assert is_draft(tmp_path / "note.gt.txt")


def test_eval_of_a_folder_without_photos_advises_what_there_is(tmp_path, capsys):
    (tmp_path / "deep").mkdir()
    for command in ("eval", "read"):
        assert main([command, str(tmp_path)]) == 1
        err = capsys.readouterr().err
        assert "no pictures in this folder" in err
        assert ("--recursive" in err) == (command == "read")


@pytest.mark.parametrize("engine", ["letters", "lines"])
def test_line_images_hold_the_lines_with_their_text(engine, photo, tmp_path, capsys):
    folder = tmp_path / "lines"
    command = ["read", str(photo), "--engine", engine, "--line-images", str(folder)]
    assert main(command) == 0
    lines = capsys.readouterr().out.splitlines()
    pictures = sorted(folder.glob("*.png"))
    assert [path.name for path in pictures[:2]] == ["note-01.png", "note-02.png"]
    texts = [read_truth(path.with_suffix(".gt.txt")).rstrip() for path in pictures]
    assert texts == lines
    for path in pictures:
        assert is_strip(path)
        grey = np.asarray(Image.open(path), dtype=np.float32) / 255
        assert normalize_line(grey).min() < 0.5

    texts[0] = "corrected"
    pictures[0].with_suffix(".gt.txt").write_text("corrected\n")
    assert main(command) == 0
    assert f"{len(lines)} of its lines" in capsys.readouterr().err
    assert pictures[0].with_suffix(".gt.txt").read_text() == "corrected\n"


def test_line_images_of_an_earlier_run_are_no_input(photo, tmp_path):
    lines, out = tmp_path / "lines", tmp_path / "out"
    recipe.forget()
    for more in ([], ["--resume"]):
        arguments = ["--recursive", "--line-images", str(lines), "-o", str(out), *more]
        assert main(["read", str(tmp_path), *arguments]) == 0
    assert list(lines.glob("note-01.png"))
    assert [path.name for path in out.rglob("*.txt")] == ["note.txt"]


@pytest.mark.parametrize("into_folder", [False, True])
def test_photos_of_one_name_keep_their_lines_apart(into_folder, tmp_path, capsys):
    photos = []
    for name in ("g", "h"):
        (tmp_path / name).mkdir()
        photos.append(Path(shutil.copy(SAMPLE, tmp_path / name / "p.jpg")))
    with Image.open(SAMPLE) as image:  # another photo
        image.rotate(1, fillcolor=(255, 255, 255)).save(photos[1], quality=95)
    folder = tmp_path / "lines"
    arguments = ["--line-images", str(folder)]
    arguments += ["-o", f"{tmp_path / 'out'}/"] if into_folder else []
    assert main(["read", *map(str, photos), *arguments]) == 0
    assert "left as they are" not in capsys.readouterr().err
    counts = Counter(path.stem.rpartition("-")[0] for path in folder.glob("*.png"))
    assert counts.keys() == {"g--p", "h--p"}
    assert min(counts.values()) > 2


def test_a_photo_of_the_same_name_in_another_run_keeps_its_lines_too(photo, tmp_path, capsys):
    folder = tmp_path / "lines"
    assert main(["read", str(photo), "--line-images", str(folder)]) == 0
    first = {path.name: path.read_bytes() for path in folder.iterdir()}
    with Image.open(SAMPLE) as image:
        image.rotate(1, fillcolor=(255, 255, 255)).save(photo, quality=95)
    for _ in range(2):  # and then it is known
        assert main(["read", str(photo), "--line-images", str(folder)]) == 0
        captured = capsys.readouterr()
        held = {path.name: path.read_bytes() for path in folder.iterdir()}
        assert {name: held[name] for name in first} == first
        assert {name.rpartition("-")[0] for name in held} == {"note", "note~2"}
    assert "of its lines are in" in captured.err


def test_what_is_no_picture_of_the_kind_is_no_strip(photo, tmp_path):
    (tmp_path / "line.pdf").write_bytes(b"%PDF-1.4")
    assert not is_strip(tmp_path / "line.pdf")
    assert not is_strip(tmp_path / "none.png")
    assert not is_strip(photo)


def test_on_line_sees_what_was_read(photo, reader_of):
    seen = []
    page = reader_of("letters").read(photo, on_line=seen.append)
    assert tuple(one.line for one in seen) == page.lines
    for one in seen:
        letters = [letter for word in one.line.words for letter in word.letters]
        assert one.glyphs.shape == (len(letters), 32, 32)
        assert one.image.min() < 0.5

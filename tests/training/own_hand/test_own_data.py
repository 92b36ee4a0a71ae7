"""training.own_hand.own_data: what data is told to be, and what is left out and said."""

import io
import shutil
import zipfile
from pathlib import Path

import numpy as np
import pytest
from own_fakes import line_png, load, make
from PIL import Image, ImageDraw, ImageFont

from ocr.errors import DataError
from ocr.evaluation.ground_truth import DRAFT
from training.own_hand.own_data import gather, kind_of, recognize
from training.own_hand.photo_truth import Aligner
from training.own_hand.samples import Account, enough, known


def letter(sign, size=40):
    """A picture of a sign."""
    image = Image.new("L", (size, size), 255)
    ImageDraw.Draw(image).text((8, 2), sign, fill=0, font=ImageFont.load_default(30))
    return image


@pytest.fixture
def glyph_folder(tmp_path):
    folder = tmp_path / "letters"
    for sign in "AB":
        (folder / sign).mkdir(parents=True)
        for number in range(4):
            letter(sign, 38 + number).save(folder / sign / f"{number}.png")
    return folder


def test_data_is_recognized(glyph_folder, line_folder, tmp_path):
    assert recognize(glyph_folder) == "glyph-folder"
    assert recognize(line_folder) == "photos"
    for name, what in (
        ("train-images-idx3-ubyte", "idx"),
        ("emnist-balanced-test-images-idx3-ubyte.gz", "idx"),
        ("own.npz", "npz"),
        ("lines.zip", "line-zip"),
    ):
        (tmp_path / name).touch()
        assert recognize(tmp_path / name) == what
    shutil.copy(tmp_path / "own.npz", (tmp_path / "sets").mkdir() or tmp_path / "sets" / "own.npz")
    assert recognize(tmp_path / "sets") == "folder-of-files"
    assert kind_of([glyph_folder, tmp_path / "sets"]) == "glyphs"
    assert kind_of([tmp_path / "lines.zip"]) == "lines"
    assert kind_of([line_folder]) is None
    with pytest.raises(DataError, match="--kind"):
        kind_of([glyph_folder, tmp_path / "lines.zip"])


def test_copies_in_a_folder_of_letters_are_left_out(glyph_folder):
    for copy in ("A/copy.png", "A/1 copy.png", "B/as another letter.png"):
        shutil.copy(glyph_folder / "A" / "1.png", glyph_folder / copy)
    samples, account = load([glyph_folder])
    assert samples.labels == ("A",) * 4 + ("B",) * 5
    assert account.left_out == {"copies of pictures": 2}
    first = glyph_folder / "A" / "1 copy.png"
    assert account.named[0] == f"{glyph_folder / 'A' / '1.png'}: the same picture as {first}."


def test_mat_files_are_told_apart(tmp_path):
    from scipy.io import savemat

    savemat(tmp_path / "a.mat", {"dataset": {"train": {}}})
    savemat(tmp_path / "b.mat", {"train_data": np.zeros((2, 1024)), "train_labels": np.eye(36)[:2]})
    assert recognize(tmp_path / "a.mat") == "emnist-mat"
    assert recognize(tmp_path / "b.mat") == "nist36"


def test_what_is_no_data_is_refused_with_advice(tmp_path):
    (tmp_path / "empty").mkdir()
    (tmp_path / "notes.docx").touch()
    (tmp_path / "pictures").mkdir()
    letter("A").save(tmp_path / "pictures" / "a.png")
    letter("A").save(tmp_path / "alone.png")
    for name, message in (
        ("missing", "no such file"),
        ("empty", "empty folder"),
        ("notes.docx", "not known as training data"),
        ("pictures", "ocr read --gt"),
        ("alone.png", "ocr read --gt"),
    ):
        with pytest.raises(DataError, match=message):
            recognize(tmp_path / name)


def test_sources_mix_and_are_accounted_for(glyph_folder, tmp_path):
    images = np.zeros((3, 28, 28), np.uint8)
    images[:, 5:20, 10:14] = 255
    np.savez(tmp_path / "own.npz", images=images, label=np.array(list("III")))
    samples, account = load([glyph_folder, tmp_path / "own.npz"])
    assert sorted(samples.labels) == list("AAAABBBBIII")
    assert [one["samples"] for one in account.sources] == [8, 3]
    assert all(image.shape == (32, 32) for image in samples.images)
    assert not account.left_out


def test_unreadable_pictures_are_named_and_counted(glyph_folder):
    whole = (glyph_folder / "A" / "0.png").read_bytes()
    (glyph_folder / "A" / "half.png").write_bytes(whole[: len(whole) // 2])
    (glyph_folder / "B" / "text.png").write_text("no picture")
    Image.new("L", (30, 30), 255).save(glyph_folder / "B" / "white.png")
    samples, account = load([glyph_folder])
    assert len(samples) == 8  # nothing stands in for them
    assert account.left_out == {"unreadable pictures": 2, "pictures without any ink": 1}
    assert any("half.png" in one for one in account.named)
    assert any("text.png" in one for one in account.named)


@pytest.mark.parametrize("kind", ["glyphs", "lines"])
def test_data_that_is_given_twice_counts_once(glyph_folder, line_folder, kind):
    """Else much of what is held back would be what was learned."""
    once = glyph_folder if kind == "glyphs" else line_folder
    rows = [f"{one.name}\t{one.with_suffix('.gt.txt').read_text()}" for one in once.glob("*.png")]
    if rows:
        (once / "lines.tsv").write_text("file\ttext\n" + "".join(rows))
    again = once.with_name("again")
    shutil.copytree(once, again)
    samples, account = load([once, again, once], kind)
    assert len(samples) == len(load([once], kind)[0])
    assert account.left_out == {"samples that were given twice": 2 * len(samples)}
    assert account.named[0] == f"{again}: holds the same as {once}."


def test_what_a_folder_holds_beside_the_data_it_is_taken_for_is_named(
    glyph_folder, line_folder, tmp_path
):
    np.savez(
        tmp_path / "own.npz", images=np.zeros((8, 9, 9), np.uint8), label=np.array(list("I" * 8))
    )
    for name in ("A", "B"):
        shutil.copytree(glyph_folder / name, line_folder / name)
    shutil.copy(tmp_path / "own.npz", line_folder)
    shutil.copy(glyph_folder / "A" / "0.png", glyph_folder)
    (line_folder / "model").mkdir()
    for folder, kind, others in (
        (line_folder, "lines", ("A", "B", "own.npz")),
        (glyph_folder, "glyphs", ("0.png",)),
    ):
        samples, account = load([folder], kind)
        assert len(samples) >= 6
        assert account.left_out == {"data of another kind in a folder": len(others)}
        told = [f"{folder / one}: not looked at" for one in others]
        assert [one.partition(",")[0] for one in account.named] == told


def test_a_folder_that_may_not_be_listed_is_told(tmp_path, monkeypatch):
    def refuse(self):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "iterdir", refuse)
    with pytest.raises(DataError, match=r"cannot be listed \(Permission denied\)"):
        recognize(tmp_path)


def test_wrong_shapes_are_refused(tmp_path):
    np.savez(tmp_path / "own.npz", images=np.zeros((3, 28), np.uint8), label=np.array(list("abc")))
    with pytest.raises(DataError, match=r"own\.npz.*\(N, H, W\)"):
        load([tmp_path / "own.npz"])


def test_labels_outside_the_charset_are_counted_and_shown(glyph_folder):
    samples, account = load([glyph_folder])
    assert len(known(samples, "AC", account)) == 4
    ((reason, count),) = account.left_out.items()
    assert count == 4
    assert "(B;" in reason


def test_too_few_samples_are_refused_with_the_reasons(glyph_folder):
    shutil.rmtree(glyph_folder / "B")
    (glyph_folder / "A" / "text.png").write_text("no picture")
    with pytest.raises(DataError, match=r"4 samples.*unreadable pictures \(1\).*text\.png"):
        load([glyph_folder])
    assert enough(make([f"{k}" for k in range(5)]), Account())


def test_lines_with_text_beside_them(line_folder):
    samples, account = load([line_folder], "lines")
    assert samples.labels == tuple(f"line number {number}" for number in range(6))
    assert samples.groups == tuple(f"page{number // 2}" for number in range(6))
    assert {image.shape[0] for image in samples.images} == {48}
    assert not account.left_out


@pytest.mark.parametrize("kind", ["glyphs", "lines"])
def test_a_text_that_says_nothing_is_named(line_folder, kind):
    (line_folder / "page0-00.gt.txt").write_text("\n")
    account = Account()
    try:
        gather([line_folder], kind, Aligner(), account)
    except DataError:
        assert kind == "glyphs"
    assert account.left_out["texts that say nothing"] == 1
    assert "page0-00.gt.txt: says nothing." in "".join(account.named)


def test_lines_that_cannot_be_learned_are_counted(line_folder):
    (line_folder / "page0-00.gt.txt").write_text("\N{SNOWMAN} number 0\n")
    (line_folder / "page0-01.gt.txt").write_text("far too long a text for so narrow a line " * 9)
    (line_folder / "page1-02.gt.txt").write_bytes(b"\xff\xfe\xff")
    (line_folder / "page2-04.gt.txt").unlink()
    with pytest.raises(DataError, match=r"2 samples"):
        load([line_folder], "lines")
    account = Account()
    with pytest.raises(DataError):
        gather([line_folder], "lines", Aligner(), account)
    assert account.left_out == {
        "lines with characters that the model does not know (\N{SNOWMAN})": 1,
        "lines too narrow for their text, or too long": 1,
        "unreadable pictures or texts": 1,
        "pictures without a .gt.txt": 1,
    }
    assert any("not UTF-8" in one for one in account.named)


def test_an_array_larger_than_its_file_is_refused(tmp_path):
    path = tmp_path / "a.npz"
    stream = io.BytesIO()
    header = {"descr": "|u1", "fortran_order": False, "shape": (1 << 30, 1 << 10, 9)}
    np.lib.format.write_array_header_1_0(stream, header)
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("images.npy", stream.getvalue())
        archive.writestr("label.npy", stream.getvalue())
    with pytest.raises(DataError, match="not as large as it says"):
        gather([path], "glyphs", Aligner(), Account())


def photos(folder, *texts):
    folder.mkdir()
    for k, text in enumerate(texts):
        (folder / f"p{k}.png").write_bytes(line_png(k))
        (folder / f"p{k}.gt.txt").write_text(text)
    return folder


def test_drafts_that_nobody_confirmed_are_left_out_and_named(tmp_path):
    folder = photos(tmp_path / "p", *["one two\n"] * 6, f"{DRAFT}\none two\n")
    account = Account()
    assert len(gather([folder], "lines", Aligner(), account)) == 6
    assert account.left_out == {"drafts that nobody has confirmed": 1}
    assert "p6.gt.txt: a draft. Correct it" in account.named[0]
    with pytest.raises(DataError, match=r"drafts that nobody has confirmed \(2\).*p0\.gt\.txt"):
        drafts = photos(tmp_path / "d", *[f"{DRAFT}\none two\n"] * 2)
        gather([drafts], "lines", Aligner(), Account())


def test_copies_of_a_picture_are_left_out_whatever_they_are_called(tmp_path):
    folder = photos(tmp_path / "p", *["one two\n"] * 6)
    with Image.open(folder / "p0.png") as picture:
        picture.save(folder / "z.bmp")
    (folder / "z.gt.txt").write_text("one two\n")
    account = Account()
    assert len(gather([folder, folder / "p1.png"], "lines", Aligner(), account)) == 6
    assert account.left_out == {"copies of pictures": 2}
    assert f"{folder / 'z.bmp'}: the same picture as {folder / 'p0.png'}." in account.named

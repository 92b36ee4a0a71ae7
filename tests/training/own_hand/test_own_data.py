"""Own data: what it is told to be, what is left out and said, how it is split."""

import io
import os
import shutil
import time
import zipfile
from copy import copy
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFont

from ocr.errors import DataError
from ocr.evaluation.drafts import write_line_images
from ocr.evaluation.ground_truth import DRAFT
from ocr.layout.read_line import ReadLine
from ocr.layout.strips import Strip
from ocr.page import Line
from training.own_hand.own_data import gather, kind_of, recognize
from training.own_hand.photo_truth import Aligner
from training.own_hand.samples import Account, Samples, enough, join, known, split


def letter(sign, size=40):
    """A picture of a sign."""
    image = Image.new("L", (size, size), 255)
    ImageDraw.Draw(image).text((8, 2), sign, fill=0, font=ImageFont.load_default(30))
    return image


def line_picture(text):
    """A picture of a line."""
    font = ImageFont.load_default(30)
    image = Image.new("L", (int(font.getlength(text)) + 20, 50), 255)
    ImageDraw.Draw(image).text((10, 5), text, fill=0, font=font)
    return image


@pytest.fixture
def glyph_folder(tmp_path):
    folder = tmp_path / "letters"
    for sign in "AB":
        (folder / sign).mkdir(parents=True)
        for number in range(4):
            letter(sign, 38 + number).save(folder / sign / f"{number}.png")
    return folder


@pytest.fixture
def line_folder(tmp_path):
    folder = tmp_path / "lines"
    folder.mkdir()
    for number in range(6):
        line_picture(f"line number {number}").save(folder / f"page{number // 2}-{number:02}.png")
        (folder / f"page{number // 2}-{number:02}.gt.txt").write_text(f"line number {number}\n")
    return folder


def load(paths, what="glyphs"):
    account = Account()
    return gather(paths, what, Aligner(), account), account


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
    with pytest.raises(DataError, match=r"4 samples.*1 unreadable pictures.*text\.png"):
        load([glyph_folder])
    assert enough(make([f"{k}" for k in range(5)]), Account())


def test_lines_with_text_beside_them(line_folder):
    samples, account = load([line_folder], "lines")
    assert samples.labels == tuple(f"line number {number}" for number in range(6))
    assert samples.groups == tuple(f"page{number // 2}" for number in range(6))
    assert {image.shape[0] for image in samples.images} == {48}
    assert not account.left_out


@pytest.mark.parametrize("by_table", [False, True])
def test_lines_of_light_ink_on_dark_are_learned_as_they_are_read(line_folder, by_table):
    def learned():
        samples, _ = load([line_folder], "lines")
        return np.concatenate([image.ravel() for image in samples.images])

    rows = [f"{one.name}\t{one.with_suffix('.gt.txt').read_text()}"
            for one in sorted(line_folder.glob("*.png"))]  # fmt: skip
    if by_table:
        (line_folder / "lines.tsv").write_text("file\ttext\n" + "".join(rows))
    before = learned()
    for path in line_folder.glob("*.png"):
        Image.fromarray(255 - np.asarray(Image.open(path).convert("L"))).save(path)
    np.testing.assert_allclose(learned().astype(int), before.astype(int), atol=1)


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


def test_strips_that_were_cut_are_learned_as_they_are(tmp_path):
    rng = np.random.default_rng(0)
    images = [rng.random((48, width)).astype(np.float32) for width in range(260, 380, 20)]
    nowhere = np.zeros(0)
    strips = [Strip(image, nowhere, nowhere, nowhere) for image in images]
    read = [ReadLine(Line(()), partial(copy, strip)) for strip in strips]
    write_line_images(tmp_path, "page", read)
    for truth in tmp_path.glob("*.gt.txt"):
        truth.write_text("three words here\n")
    samples, _ = load([tmp_path], "lines")
    assert len(samples) == 6
    for image, learned in zip(images, samples.images, strict=True):
        np.testing.assert_allclose(learned, image * 255, atol=1)


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


def test_line_zips_keep_writers_and_splits(line_folder, tmp_path):
    rows = ["file\tsplit\twriter\ttext"]
    with zipfile.ZipFile(tmp_path / "own.zip", "w") as archive:
        for number, path in enumerate(sorted(line_folder.glob("*.png"))):
            archive.write(path, path.name)
            part = "valid" if number == 5 else "train"
            rows.append(f"{path.name}\t{part}\tw{number % 2}\tline number {number}")
        rows.append("missing.png\ttrain\tw0\tnothing")
        rows.append("broken row")
        archive.writestr("lines.tsv", "\n".join(rows))
    samples, account = load([tmp_path / "own.zip"], "lines")
    assert samples.splits == ("train",) * 5 + ("valid",)
    assert set(samples.groups) == {"w0", "w1"}
    assert account.left_out == {"unreadable pictures": 1, "broken rows of a table": 1}
    assert any("missing.png" in one for one in account.named)
    found = split(samples, "lines", 0)
    assert (found.by, found.valid.tolist()) == ("the data", [5])

    (tmp_path / "no.zip").write_text("no zip")
    with pytest.raises(DataError, match=r"not a \.zip"):
        load([tmp_path / "no.zip"], "lines")


def make(labels, groups=None, splits=None):
    count = len(labels)
    return Samples(
        tuple(np.full((32, 32), k % 256, np.uint8) for k in range(count)),
        tuple(labels),
        np.ones(count, bool),
        tuple(groups or [""] * count),
        tuple(splits or [""] * count),
    )


def test_the_split_is_by_writer_where_the_data_tells():
    samples = make(["a"] * 100, [f"w{k % 10}" for k in range(100)])
    found = split(samples, "glyphs", 0)
    assert found.by == "writer or page"
    groups = np.array(samples.groups)
    assert not set(groups[found.train]) & set(groups[found.test])
    assert 0.1 <= len(found.test) / 100 <= 0.3
    assert set(found.held) == set(groups[found.test])


def test_the_split_is_the_datas_where_it_has_all_three_parts():
    found = split(make("abcdefgh", splits=["train", "", "valid", "test"] * 2), "glyphs", 0)
    parts = [found.train.tolist(), found.valid.tolist(), found.test.tolist()]
    assert parts == [[0, 1, 4, 5], [2, 6], [3, 7]]
    assert found.by == "the data" and not found.shared


def test_the_split_is_fixed_by_its_seed_and_complete():
    samples = make(["a", "b"] * 50)
    one, same, other = (split(samples, "glyphs", seed) for seed in (1, 1, 2))
    np.testing.assert_array_equal(one.test, same.test)
    assert not np.array_equal(one.test, other.test)
    assert sorted([*one.train, *one.test]) == list(range(100))
    assert one.shared
    assert one.by == "sample"


def test_much_data_is_split_in_three():
    found = split(make(["a"] * 4000), "glyphs", 0)
    assert not found.shared
    assert (len(found.train), len(found.valid), len(found.test)) == (3200, 400, 400)
    assert not set(found.valid) & set(found.test)


def test_the_hash_tells_other_data():
    one, two = make(["a", "b"]), make(["a", "c"])
    assert one.digest() == make(["a", "b"]).digest() != two.digest()
    assert join([one, two]).digest() != one.digest()


def table(*names: str) -> str:
    return "\n".join(["file\tsplit\twriter\ttext", *(f"{n}\ttrain\tw\tone two" for n in names)])


def line_png(seed: int = 0) -> bytes:
    picture = Image.new("L", (400, 48), 255)
    ImageDraw.Draw(picture).text((10 + seed, 8), "one two", fill=0, font_size=28)
    stream = io.BytesIO()
    picture.save(stream, "PNG")
    return stream.getvalue()


def test_bad_parts_of_an_archive_are_left_out_and_named(tmp_path):
    path = tmp_path / "a.zip"
    names = [f"{k}.png" for k in range(9)]
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("lines.tsv", table(*names, "none.png", "../../etc/passwd", "a.eps"))
        for k, name in enumerate(names):
            archive.writestr(name, line_png(k))
        archive.writestr("a.eps", b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n")
    content = bytearray(path.read_bytes())
    for name, at, value in (("6.png", 8, 1), ("7.png", 10, 99)):  # encrypted; another compression
        entry = content.rindex(name.encode()) - 46
        content[entry + at] = value
    whole = content.index(line_png(8))
    content[whole + 30] ^= 255
    path.write_bytes(content)
    account = Account()
    found = gather([path], "lines", Aligner(), account)
    assert len(found) == 6
    assert account.left_out == {"unreadable pictures": 6}
    for name in ("6.png", "7.png", "8.png", "none.png", "../../etc/passwd", "a.eps"):
        assert any(f"a.zip: {name} cannot be read" in told for told in account.named)


def test_an_archive_whose_table_is_encrypted_is_refused(tmp_path):
    path = tmp_path / "a.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("lines.tsv", table("0.png"))
    content = bytearray(path.read_bytes())
    content[content.rindex(b"lines.tsv") - 46 + 8] = 1
    path.write_bytes(content)
    with pytest.raises(DataError, match="it is encrypted") as caught:
        gather([path], "lines", Aligner(), Account())
    assert "ZipInfo" not in str(caught.value)


def test_a_picture_that_a_table_names_many_times_is_read_once(tmp_path):
    path = tmp_path / "a.zip"
    names = [f"{k}.png" for k in range(6)]
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("lines.tsv", table(*names, *["bomb.png"] * 300))
        for k, name in enumerate(names):
            archive.writestr(name, line_png(k))
        archive.writestr("bomb.png", bytes(100 << 20))
    account = Account()
    start = time.process_time()
    assert len(gather([path], "lines", Aligner(), account)) == 6
    assert time.process_time() - start < 10
    assert account.left_out == {"unreadable pictures": 1, "copies of pictures": 299}


@pytest.mark.parametrize("more", ["\t" * 4_000_000, "x\n" * 100_000])
def test_a_table_of_much_nonsense_takes_little(tmp_path, more):
    path = tmp_path / "a.zip"
    names = [f"{k}.png" for k in range(6)]
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("lines.tsv", table(*names) + "\n" + more)
        for k, name in enumerate(names):
            archive.writestr(name, line_png(k))
    account = Account()
    assert len(gather([path], "lines", Aligner(), account)) == 6
    assert account.left_out["broken rows of a table"] >= 1
    assert len(account.named) <= 10_000


def test_a_table_too_large_is_refused(tmp_path):
    with zipfile.ZipFile(tmp_path / "a.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("lines.tsv", "file\ttext\n" + "\t" * (20 << 20))
    with pytest.raises(DataError, match="Divide it"):
        load([tmp_path / "a.zip"], "lines")


def test_a_table_reads_nothing_outside_its_folder(tmp_path):
    folder = tmp_path / "data"
    folder.mkdir()
    names = [f"{k}.png" for k in range(5)]
    for k, name in enumerate(names):
        (folder / name).write_bytes(line_png(k))
    (tmp_path / "out.png").write_bytes(line_png())
    (folder / "link.png").symlink_to(tmp_path / "out.png")
    os.mkfifo(folder / "pipe.png")
    bad = ("../out.png", str(tmp_path / "out.png"), "link.png", "pipe.png", "/dev/zero")
    (folder / "lines.tsv").write_text(table(*names, *bad))
    account = Account()
    assert len(gather([folder], "lines", Aligner(), account)) == 5
    assert account.left_out == {"unreadable pictures": len(bad)}


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
    with pytest.raises(DataError, match=r"2 drafts that nobody has confirmed.*p0\.gt\.txt"):
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

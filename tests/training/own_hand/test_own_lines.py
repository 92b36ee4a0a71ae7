"""training.own_hand.own_lines: tables and archives of lines, and what the recognizer is shown."""

import os
import time
import zipfile
from copy import copy
from functools import partial

import numpy as np
import pytest
from own_fakes import line_png, load
from PIL import Image

from ocr.errors import DataError
from ocr.evaluation.drafts import write_line_images
from ocr.layout.read_line import ReadLine
from ocr.layout.strips import Strip
from ocr.page import Line
from training.own_hand.own_data import gather
from training.own_hand.photo_truth import Aligner
from training.own_hand.samples import Account, split


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


def test_a_row_of_a_table_ends_where_its_line_does(line_folder):
    names = sorted(path.name for path in line_folder.glob("*.png"))
    rows = [f"{name}\ta\u2028b" for name in names]
    (line_folder / "lines.tsv").write_text("file\ttext\r\n" + "\r\n".join(rows), newline="")
    samples, _ = load([line_folder], "lines")
    assert set(samples.labels) == {"a b"}


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


def table(*names: str) -> str:
    return "\n".join(["file\tsplit\twriter\ttext", *(f"{n}\ttrain\tw\tone two" for n in names)])


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

import gzip

import numpy as np
import pytest
from PIL import Image
from scipy.io import savemat

from ocr.errors import DataError
from training.data.datasets import (
    HELD_OUT_FONTS,
    data_dir,
    load_emnist_mat,
    load_folder,
    load_idx,
    load_nist36,
    load_npz,
    load_unipen_characters,
    read_idx,
    training_fonts,
    write_idx,
)


def test_data_dir_needs_an_existing_folder(tmp_path, monkeypatch):
    monkeypatch.delenv("OCR_DATA", raising=False)
    with pytest.raises(DataError, match="OCR_DATA"):
        data_dir()
    assert data_dir(tmp_path) == tmp_path
    monkeypatch.setenv("OCR_DATA", str(tmp_path))
    assert data_dir() == tmp_path
    with pytest.raises(DataError, match="no such folder"):
        data_dir(tmp_path / "missing")


def test_load_npz_turns_ink_black_and_keeps_one_split(tmp_path):
    images = np.zeros((3, 28, 28), np.uint8)
    images[1, 4, 5] = 255
    np.savez(
        tmp_path / "emnist.npz",
        images=images,
        label=np.array(["a", "B", "3"]),
        split=np.array(["train", "valid", "train"]),
        cased=np.array([True, False, True]),
    )
    valid = load_npz(tmp_path / "emnist.npz", "valid")
    assert valid.labels.tolist() == ["B"]
    assert valid.cased.tolist() == [False]
    assert valid.images[0, 4, 5] == 0
    assert valid.images[0, 0, 0] == 255
    assert len(load_npz(tmp_path / "emnist.npz", "train").labels) == 2
    assert len(load_npz(tmp_path / "emnist.npz").labels) == 3
    with pytest.raises(DataError, match=r"emnist\.npz: holds no split 'tset'"):
        load_npz(tmp_path / "emnist.npz", "tset")
    np.savez(tmp_path / "n.npz", images=images, label=np.array(list("aB3")), split=[0, 1, 0])
    assert load_npz(tmp_path / "n.npz", "0").labels.tolist() == ["a", "3"]


@pytest.mark.parametrize("paper", [0, 255])
def test_pictures_are_dark_on_light_whichever_way_they_are_stored(tmp_path, paper):
    """As pictures that were opened one by one are, or as MNIST is."""
    images = np.full((3, 28, 28), paper, np.uint8)
    images[:, 8:20, 12:16] = 255 - paper
    np.savez(tmp_path / "own.npz", images=images, label=np.array(["1", "l", "I"]))
    write_idx(tmp_path / "own-images-idx3-ubyte", images)
    write_idx(tmp_path / "own-labels-idx1-ubyte", np.array([1, 1, 1], np.uint8))
    emnist_mat(tmp_path / "emnist.mat", images, [1, 1, 2], [40, 40, 41])
    rows = np.full((3, 32, 32), paper / 255)
    rows[:, 8:20, 12:16] = 1 - paper / 255
    numbers = {"own_data": rows.transpose(0, 2, 1).reshape(3, -1), "own_labels": np.eye(36)[:3]}
    savemat(tmp_path / "nist36.mat", numbers)
    for found in (
        load_npz(tmp_path / "own.npz"),
        load_idx(tmp_path / "own-images-idx3-ubyte"),
        load_emnist_mat(tmp_path / "emnist.mat", "train"),
        load_nist36(tmp_path / "nist36.mat"),
    ):
        white = 255 if found.images.dtype == np.uint8 else 1
        assert (found.images[:, 0] == white).all() and (found.images[:, 10, 13] == 0).all()


@pytest.mark.parametrize("label", ["\ud800", " ", "\x07", "\u200b", "\u0958"])
def test_a_label_is_a_character_that_can_be_seen_and_written(tmp_path, label):
    """The last one is two characters in NFC, in which all text is."""
    images = np.zeros((2, 5, 4), np.uint8)
    np.savez(tmp_path / "a.npz", images=images, label=np.array(["x", label]))
    with pytest.raises(
        DataError, match=r"a\.npz: each `label` must be one visible character, not '"
    ):
        load_npz(tmp_path / "a.npz")
    (tmp_path / "glyphs" / f"U+{ord(label):04X}").mkdir(parents=True)
    with pytest.raises(DataError, match="called after its character"):
        load_folder(tmp_path / "glyphs")
    emnist_mat(tmp_path / "e.mat", [corner(2, 7)], [1], [40], [[1, ord(label)]])
    with pytest.raises(DataError, match=r"e\.mat: its mapping gives label 1 no character"):
        load_emnist_mat(tmp_path / "e.mat", "train")


def test_pictures_without_a_pixel_are_told(tmp_path):
    images = np.zeros((2, 0, 4), np.uint8)
    np.savez(tmp_path / "a.npz", images=images, label=np.array(["x", "y"]))
    with pytest.raises(DataError, match=r"a\.npz: `images` must be"):
        load_npz(tmp_path / "a.npz")
    write_idx(tmp_path / "a-images-idx3-ubyte", images)
    write_idx(tmp_path / "a-labels-idx1-ubyte", np.array([1, 2], np.uint8))
    with pytest.raises(DataError, match="a-images-idx3-ubyte: must hold"):
        load_idx(tmp_path / "a-images-idx3-ubyte")


def test_an_array_that_an_npz_lacks_is_named(tmp_path):
    np.savez(tmp_path / "a.npz", images=np.zeros((2, 5, 4), np.uint8), labels=np.array(["x", "y"]))
    with pytest.raises(DataError, match=r"a\.npz: holds no `label`"):
        load_npz(tmp_path / "a.npz")


def test_load_npz_keeps_writers_and_needs_no_more_than_pictures_and_labels(tmp_path):
    images = np.zeros((2, 5, 4), np.uint8)
    np.savez(tmp_path / "a.npz", images=images, label=np.array(["x", "é"]), writer=[7, 8])
    found = load_npz(tmp_path / "a.npz")
    assert found.writers is not None
    assert found.writers.tolist() == ["7", "8"]
    assert found.cased.all()
    np.savez(tmp_path / "b.npz", images=images, label=np.array(["x", "yz"]))
    with pytest.raises(DataError, match=r"b\.npz: each `label`"):
        load_npz(tmp_path / "b.npz")
    np.savez(tmp_path / "c.npz", images=images[:, :, 0], label=np.array(["x", "y"]))
    with pytest.raises(DataError, match=r"c\.npz: `images` must be"):
        load_npz(tmp_path / "c.npz")
    np.savez(tmp_path / "d.npz", images=images, label=np.array(["x", "y"]), cased=[True])
    with pytest.raises(DataError, match=r"d\.npz: `cased`"):
        load_npz(tmp_path / "d.npz")


def test_load_nist36_reads_rows_unrolled_column_by_column(tmp_path):
    picture = np.ones((32, 32))
    picture[2, 7] = 0  # row 2, column 7
    rows = np.stack([picture.T.ravel(), np.ones(1024)])
    onehot = np.eye(36)[[3, 28]]
    savemat(tmp_path / "t.mat", {"train_data": rows, "train_labels": onehot})
    characters = load_nist36(tmp_path / "t.mat")
    assert np.argwhere(characters.images[0] == 0).tolist() == [[2, 7]]
    assert characters.labels.tolist() == ["D", "2"]
    assert characters.cased.tolist() == [False, True]
    savemat(tmp_path / "two.mat", {"train_data": rows, "train_labels": onehot + np.eye(36)[[5, 5]]})
    with pytest.raises(DataError, match=r"two\.mat: a row of labels is not one-hot"):
        load_nist36(tmp_path / "two.mat")
    savemat(tmp_path / "bytes.mat", {"train_data": 255 * rows, "train_labels": onehot})
    with pytest.raises(DataError, match=r"bytes\.mat: values must lie in \[0, 1\]"):
        load_nist36(tmp_path / "bytes.mat")
    whole = (tmp_path / "t.mat").read_bytes()
    for size in (0, 60, 128, 140, len(whole) // 2, len(whole) - 40):
        (tmp_path / "cut.mat").write_bytes(whole[:size])
        with pytest.raises(DataError, match=r"cut\.mat"):
            load_nist36(tmp_path / "cut.mat")


def corner(row, column, side=28):
    """Ink 255 on 0 in one pixel, as MNIST and EMNIST have it."""
    picture = np.zeros((side, side), np.uint8)
    picture[row, column] = 255
    return picture


@pytest.mark.parametrize("suffix", ["", ".gz"])
def test_load_idx_reads_mnist_upright(tmp_path, suffix):
    images = tmp_path / f"train-images-idx3-ubyte{suffix}"
    # the head as MNIST's page gives it: magic 2051, count, rows, columns
    content = bytes([0, 0, 8, 3, 0, 0, 0, 2, 0, 0, 0, 28, 0, 0, 0, 28])
    content += corner(2, 7).tobytes() + corner(0, 0).tobytes()
    images.write_bytes(gzip.compress(content) if suffix else content)
    write_idx(tmp_path / f"train-labels-idx1-ubyte{suffix}", np.array([4, 9], np.uint8))
    found = load_idx(images)
    assert np.argwhere(found.images[0] == 0).tolist() == [[2, 7]]
    assert found.labels.tolist() == ["4", "9"]
    assert found.cased.all()


def test_load_idx_turns_emnist_and_knows_its_classes(tmp_path):
    pictures = np.stack([corner(2, 7).T] * 4)  # EMNIST's files hold rows as columns
    write_idx(tmp_path / "emnist-balanced-test-images-idx3-ubyte.gz", pictures)
    labels = tmp_path / "emnist-balanced-test-labels-idx1-ubyte.gz"
    write_idx(labels, np.array([3, 10, 12, 46], np.uint8))
    found = load_idx(tmp_path / "emnist-balanced-test-images-idx3-ubyte.gz")
    assert np.argwhere(found.images[0] == 0).tolist() == [[2, 7]]
    assert found.labels.tolist() == ["3", "A", "C", "t"]
    assert found.cased.tolist() == [True, True, False, True]  # c is in the class of C
    write_idx(labels, np.array([3, 10, 12, 47], np.uint8))
    with pytest.raises(DataError, match=r"balanced-test-labels.*label 47 stands for no character"):
        load_idx(tmp_path / "emnist-balanced-test-images-idx3-ubyte.gz")
    write_idx(labels, np.array([3, 10], np.uint8))
    with pytest.raises(DataError, match=r"\(2,\) labels for 4 pictures"):
        load_idx(tmp_path / "emnist-balanced-test-images-idx3-ubyte.gz")


def test_load_idx_counts_letters_from_one_and_follows_a_mapping(tmp_path):
    images = tmp_path / "emnist-letters-train-images-idx3-ubyte"
    write_idx(images, np.stack([corner(1, 1)] * 2))
    write_idx(tmp_path / "emnist-letters-train-labels-idx1-ubyte", np.array([1, 26], np.uint8))
    found = load_idx(images)
    assert found.labels.tolist() == ["A", "Z"]
    assert not found.cased.any()
    mapping = tmp_path / "emnist-letters-mapping.txt"
    mapping.write_text("1 66 98\n26 33\n", encoding="utf-8-sig")
    found = load_idx(images)
    assert found.labels.tolist() == ["B", "!"]
    assert found.cased.tolist() == [False, True]
    mapping.write_text("1 B\n")
    with pytest.raises(DataError, match=r"letters-mapping\.txt"):
        load_idx(images)


def test_read_idx_tells_truncated_and_foreign_files(tmp_path):
    path = tmp_path / "a-idx2-ubyte"
    write_idx(path, np.arange(6, dtype=np.uint8).reshape(2, 3))
    assert read_idx(path).tolist() == [[0, 1, 2], [3, 4, 5]]
    whole = path.read_bytes()
    for size in (5, 11, len(whole) - 1):
        path.write_bytes(whole[:size])
        with pytest.raises(DataError, match="a-idx2-ubyte: truncated"):
            read_idx(path)
    for content, reason in (
        (b"", "not an idx"),
        (b"GIF89a  ", "not an idx"),
        (whole + b"x", "19 bytes where its head tells 18"),
    ):
        path.write_bytes(content)
        with pytest.raises(DataError, match=reason):
            read_idx(path)
    packed = tmp_path / "b.gz"
    write_idx(packed, np.zeros((4, 4), np.uint8))
    packed.write_bytes(packed.read_bytes()[:-9])
    with pytest.raises(DataError, match=r"b\.gz: cannot be read"):
        read_idx(packed)
    path.write_bytes(bytes([0, 0, 13, 1, 0, 0, 0, 1]) + np.array([1.5], ">f4").tobytes())
    assert read_idx(path).tolist() == [1.5]
    with pytest.raises(DataError, match="labels"):
        load_idx(tmp_path / "train-images-idx3-ubyte")


def emnist_mat(path, pictures, labels, writers, mapping=((0, 48), (1, 65), (2, 67), (3, 97))):
    """A file in the layout of `emnist-balanced.mat`: structs in structs, columns of numbers."""
    rows = np.stack([picture.ravel(order="F") for picture in pictures])
    part = {"images": rows, "labels": np.array([labels]).T, "writers": np.array([writers]).T}
    dataset = {"train": part, "test": part, "mapping": np.array(mapping, np.uint16)}
    savemat(path, {"dataset": dataset})


@pytest.mark.parametrize("count", [1, 3])
def test_load_emnist_mat_reads_columns_and_writers(tmp_path, count):
    path = tmp_path / "emnist-balanced.mat"
    emnist_mat(path, [corner(2, 7)] * count, [1, 2, 3][:count], [40, 41, 41][:count])
    found = load_emnist_mat(path, "train")
    assert np.argwhere(found.images[-1] == 0).tolist() == [[2, 7]]
    assert found.labels.tolist() == ["A", "C", "a"][:count]
    assert found.cased.tolist() == [True, False, True][:count]
    assert found.writers is not None
    assert found.writers.tolist() == ["40", "41", "41"][:count]


def test_load_emnist_mat_tells_what_is_wrong(tmp_path):
    path = tmp_path / "e.mat"
    emnist_mat(path, [corner(2, 7)], [4], [40])
    with pytest.raises(DataError, match=r"e\.mat: label 4 stands for no character"):
        load_emnist_mat(path, "test")
    emnist_mat(path, [corner(2, 7)] * 2, [1], [40])
    with pytest.raises(DataError, match=r"e\.mat: pictures must be \(N, 784\)"):
        load_emnist_mat(path, "test")
    emnist_mat(path, [corner(2, 7)], [1], [40])
    with pytest.raises(DataError, match=r"e\.mat: not an EMNIST"):
        load_emnist_mat(path, "valid")
    for label in (np.nan, 1.5, np.inf):
        emnist_mat(path, [corner(2, 7)] * 2, [1, label], [40, 40])
        with pytest.raises(DataError, match=r"e\.mat: label .* stands for no character"):
            load_emnist_mat(path, "train")
    emnist_mat(path, [corner(2, 7)] * 2, np.array(["A", "C"], object), [40, 40])
    with pytest.raises(DataError, match=r"e\.mat: label .* stands for no character"):
        load_emnist_mat(path, "train")
    emnist_mat(path, [corner(2, 7)], [1], [40])
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(DataError, match=r"e\.mat"):
        load_emnist_mat(path, "train")


def test_load_folder_reads_a_sub_folder_a_character(tmp_path):
    for name in ("A", "U+002F", "U+0061", "_", ".cache", "__MACOSX"):
        (tmp_path / name).mkdir()
    tall = np.full((200, 100), 230, np.uint8)
    tall[50:150, 40:60] = 10
    Image.fromarray(tall).save(tmp_path / "A" / "1.png")
    Image.fromarray(tall).convert("RGB").save(tmp_path / "U+002F" / "x.JPG", format="JPEG")
    Image.fromarray(tall).save(tmp_path / "U+0061" / "x.png")
    Image.fromarray(tall[::10, ::10]).save(tmp_path / "_" / "small.png")
    (tmp_path / "A" / "half.png").write_bytes((tmp_path / "A" / "1.png").read_bytes()[:60])
    (tmp_path / "A" / "notes.txt").write_text("no picture")
    found = load_folder(tmp_path)
    assert found.labels.tolist() == ["A", "/", "a", "_"]
    assert found.images.shape == (4, 64, 64)
    assert found.images[0, 32, 32] < 20
    assert found.images[0, 32, 2] == 230  # the paper goes on beside a narrow picture
    assert len(found.skipped) == 1
    assert "half.png" in found.skipped[0]


def test_load_folder_turns_light_ink_dark(tmp_path):
    (tmp_path / "A").mkdir()
    for number in range(3):
        Image.fromarray(corner(14, 14)).save(tmp_path / "A" / f"{number}.png")
    assert np.argwhere(load_folder(tmp_path).images[0] < 128).tolist() == [[32, 32]]


def test_load_folder_tells_what_is_wrong(tmp_path):
    with pytest.raises(DataError, match="no such folder"):
        load_folder(tmp_path / "none")
    with pytest.raises(DataError, match="no sub-folders"):
        load_folder(tmp_path)
    (tmp_path / "A").mkdir()
    with pytest.raises(DataError, match="no picture in it can be read"):
        load_folder(tmp_path)
    (tmp_path / "A" / "bad.png").write_bytes(b"nothing")
    with pytest.raises(DataError, match=r"no picture.*bad\.png"):
        load_folder(tmp_path)
    for name in ("cats", "U+XYZ", "U+110000000"):
        (tmp_path / name).mkdir()
        with pytest.raises(DataError, match="called after its character"):
            load_folder(tmp_path)
        (tmp_path / name).rmdir()


def test_damaged_files_are_data_errors(tmp_path):
    (tmp_path / "bad.npz").write_bytes(b"PK\x03\x04 nothing")
    (tmp_path / "bad.mat").write_bytes(b"nothing at all" * 20)
    savemat(tmp_path / "foreign.mat", {"x": np.ones((2, 5))})
    with pytest.raises(DataError, match=r"foreign\.mat: not a data set that is known: NIST36 has"):
        load_nist36(tmp_path / "foreign.mat")
    savemat(tmp_path / "shape.mat", {"x_data": np.ones((2, 5)), "x_labels": np.ones((2, 36))})
    with pytest.raises(DataError, match=r"bad\.npz"):
        load_npz(tmp_path / "bad.npz", "train")
    with pytest.raises(DataError, match=r"none\.npz"):
        load_unipen_characters(tmp_path / "none.npz")
    with pytest.raises(DataError, match=r"bad\.mat"):
        load_nist36(tmp_path / "bad.mat")
    with pytest.raises(DataError, match=r"shape\.mat"):
        load_nist36(tmp_path / "shape.mat")


def test_load_unipen_leaves_out_the_source_of_single_strokes(tmp_path):
    points = np.arange(14, dtype=np.int16).reshape(7, 2)
    np.savez(
        tmp_path / "u.npz",
        points=points,
        stroke_off=np.array([0, 2, 3, 5, 7], np.int32),
        item_off=np.array([0, 1, 2, 4], np.int32),
        label=np.array(["a", "b", "i"]),
        writer=np.array([1, 0, 1], np.int16),
        writer_names=np.array(["ibm:ibm/r03", "apa:apa/x"]),
        split=np.array(["train", "train", "valid"]),
    )
    pen = load_unipen_characters(tmp_path / "u.npz")
    assert pen.labels.tolist() == ["a", "i"]
    assert [stroke.tolist() for stroke in pen.strokes(0)] == [points[:2].tolist()]
    assert [stroke.tolist() for stroke in pen.strokes(1)] == [
        points[3:5].tolist(),
        points[5:].tolist(),
    ]
    assert pen.split.tolist() == ["train", "valid"]


def test_held_out_fonts_are_never_trained_on(tmp_path):
    for name in ("caveat-400", "caveat-700", "caveat-brush-400", "kalam-700", "gaegu-400"):
        (tmp_path / f"{name}.ttf").touch()
    names = [path.stem for path in training_fonts(tmp_path)]
    assert names == ["caveat-brush-400", "gaegu-400"]
    held_out = [path.stem for path in training_fonts(tmp_path, held_out=True)]
    assert held_out == ["caveat-400", "caveat-700", "kalam-700"]
    assert len(HELD_OUT_FONTS) == 10

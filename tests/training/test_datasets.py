import numpy as np
import pytest
from scipy.io import savemat

from ocr.errors import DataError
from training.datasets import (
    HELD_OUT_FONTS,
    data_dir,
    load_emnist,
    load_nist36,
    load_unipen_characters,
    training_fonts,
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


def test_load_emnist_turns_ink_black_and_keeps_one_split(tmp_path):
    images = np.zeros((3, 28, 28), np.uint8)
    images[1, 4, 5] = 255
    np.savez(
        tmp_path / "emnist.npz",
        images=images,
        label=np.array(["a", "B", "3"]),
        split=np.array(["train", "valid", "train"]),
        cased=np.array([True, False, True]),
    )
    valid = load_emnist(tmp_path / "emnist.npz", "valid")
    assert valid.labels.tolist() == ["B"]
    assert valid.cased.tolist() == [False]
    assert valid.images[0, 4, 5] == 0
    assert valid.images[0, 0, 0] == 255
    assert len(load_emnist(tmp_path / "emnist.npz", "train").labels) == 2


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


def test_damaged_files_are_data_errors(tmp_path):
    (tmp_path / "bad.npz").write_bytes(b"PK\x03\x04 nothing")
    (tmp_path / "bad.mat").write_bytes(b"nothing at all" * 20)
    savemat(tmp_path / "shape.mat", {"x_data": np.ones((2, 5)), "x_labels": np.ones((2, 36))})
    with pytest.raises(DataError, match=r"bad\.npz"):
        load_emnist(tmp_path / "bad.npz", "train")
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

import pickle

import numpy as np
import pytest
from PIL import Image

from ocr.errors import DataError
from training.data.pictures import (
    ColorPictures,
    load_cifar10,
    load_class_folder,
    load_class_folders,
    write_cifar10,
)


def batch(path, rows, labels):
    """A batch as CIFAR-10's page describes it: planes of red, green and blue, row by row."""
    path.write_bytes(pickle.dumps({b"data": rows, b"labels": labels}, protocol=2))


@pytest.fixture
def cifar(tmp_path):
    rows = np.zeros((2, 3072), np.uint8)
    rows[0, 1024 + 2 * 32 + 7] = 200  # green of row 2, column 7
    batch(tmp_path / "data_batch_1", rows, [0, 1])
    batch(tmp_path / "data_batch_2", rows[:1], [1])
    batch(tmp_path / "test_batch", rows, [1, 1])
    names = {b"label_names": [b"cat", b"ship"]}
    (tmp_path / "batches.meta").write_bytes(pickle.dumps(names, protocol=2))
    return tmp_path


def test_load_cifar10_reads_planes_and_joins_the_batches(cifar):
    train = load_cifar10(cifar, "train")
    assert train.images.shape == (3, 32, 32, 3)
    assert np.argwhere(train.images[0]).tolist() == [[2, 7, 1]]
    assert train.labels.tolist() == [0, 1, 1]
    assert train.classes == ("cat", "ship")
    assert load_cifar10(cifar, "test").labels.tolist() == [1, 1]


def test_load_cifar10_runs_no_code_of_a_file(cifar):
    (cifar / "test_batch").write_bytes(b"cos\nsystem\n(S'touch " + bytes(cifar) + b"/ran'\ntR.")
    with pytest.raises(DataError, match=r"test_batch.*os\.system"):
        load_cifar10(cifar, "test")
    assert not (cifar / "ran").exists()


def test_load_cifar10_tells_what_is_wrong(cifar, tmp_path):
    with pytest.raises(DataError, match="holds no data_batch"):
        load_cifar10(tmp_path / "none", "train")
    whole = (cifar / "test_batch").read_bytes()
    (cifar / "test_batch").write_bytes(whole[:2000])
    with pytest.raises(DataError, match="test_batch"):
        load_cifar10(cifar, "test")
    batch(cifar / "test_batch", np.zeros((2, 3000), np.uint8), [0, 1])
    with pytest.raises(DataError, match=r"test_batch.*\(2, 3000\)"):
        load_cifar10(cifar, "test")
    batch(cifar / "test_batch", np.zeros((2, 3072), np.uint8), [0, 2])
    with pytest.raises(DataError, match="label 2 is not among the 2 classes"):
        load_cifar10(cifar, "test")
    batch(cifar / "test_batch", np.zeros((2, 3072), np.uint8), [-1, 0])
    with pytest.raises(DataError, match="label -1 is not among the 2 classes"):
        load_cifar10(cifar, "test")
    for damaged in (whole.replace(b"latin1", b"latxn1"), b"\x80\x02]K\x01b."):
        (cifar / "test_batch").write_bytes(damaged)
        with pytest.raises(DataError, match=r"test_batch: cannot be read"):
            load_cifar10(cifar, "test")
    (cifar / "test_batch").write_bytes(pickle.dumps([1, 2]))
    with pytest.raises(DataError, match="dictionary"):
        load_cifar10(cifar, "test")


def test_write_cifar10_is_read_back(tmp_path):
    rng = np.random.default_rng(0)
    images = rng.integers(0, 256, (4, 32, 32, 3)).astype(np.uint8)
    train = ColorPictures(images, np.array([0, 2, 1, 1]), ("a", "b", "c"))
    test = ColorPictures(images[::-1], np.array([2, 2, 0, 1]), ("a", "b", "c"))
    write_cifar10(tmp_path / "made", train, test)
    for split, part in (("train", train), ("test", test)):
        found = load_cifar10(tmp_path / "made", split)
        np.testing.assert_array_equal(found.images, part.images)
        np.testing.assert_array_equal(found.labels, part.labels)
        assert found.classes == part.classes


def test_load_class_folder_cuts_the_middle_and_names_what_it_cannot_read(tmp_path):
    for name in ("beach", "attic"):
        (tmp_path / name).mkdir()
    wide = np.zeros((40, 120, 3), np.uint8)
    wide[:, 40:80] = (250, 128, 0)
    Image.fromarray(wide).save(tmp_path / "beach" / "1.png")
    Image.fromarray(wide[:, :, 0]).save(tmp_path / "attic" / "grey.png")
    (tmp_path / "attic" / "half.jpg").write_bytes(b"\xff\xd8\xff\xe0 half")
    found = load_class_folder(tmp_path, 20)
    assert found.classes == ("attic", "beach")
    assert found.images.shape == (2, 20, 20, 3)
    assert found.labels.tolist() == [0, 1]
    assert np.abs(found.images[1, 10, 10].astype(int) - (250, 128, 0)).max() < 3
    assert np.abs(found.images[0, 10, 10].astype(int) - 250).max() < 3
    assert len(found.skipped) == 1
    assert "half.jpg" in found.skipped[0]
    with pytest.raises(DataError, match="no sub-folders"):
        load_class_folder(tmp_path / "beach", 20)


def test_train_and_test_folders_have_the_same_classes(tmp_path):
    for name in ("train/a", "train/b", "test/a", "test/b"):
        (tmp_path / name).mkdir(parents=True)
        Image.new("RGB", (20, 20), "red").save(tmp_path / name / "one.png")
    train, test = load_class_folders(tmp_path, 16)
    assert train.classes == test.classes == ("a", "b")
    (tmp_path / "test" / "a").rename(tmp_path / "test" / "c")
    with pytest.raises(DataError, match="not in both of train and test: a, c"):
        load_class_folders(tmp_path, 16)

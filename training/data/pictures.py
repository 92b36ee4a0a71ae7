"""Read color pictures with their classes, one loader a format."""

from __future__ import annotations

import pickle
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from ocr.errors import DataError, ImageError, reason_of
from ocr.input.photo import open_image
from training.data.datasets import class_pictures, sub_folders

CIFAR_SHAPE = (3, 32, 32)  # planes of red, green and blue


@dataclass(frozen=True)
class ColorPictures:
    """Color pictures of one size: `images` (N, H, W, 3) uint8, `labels` (N,) index `classes`."""

    images: NDArray[np.uint8]
    labels: NDArray[np.int64]
    classes: tuple[str, ...]
    skipped: tuple[str, ...] = ()  # files left out, each with its reason


def load_class_folder(folder: Path, side: int) -> ColorPictures:
    """A folder with a sub-folder of color pictures a class, such as the SUN scenes or flowers.

    Parameters
    ----------
    side : int
        Pixels: the shorter side of each picture is scaled to it, the middle of the longer one kept.

    Raises
    ------
    DataError
        The folder is missing or no picture in it can be read. Single unreadable pictures are named
        in `skipped` instead.
    """
    images, labels = [], []
    skipped: list[str] = []
    subs = list(sub_folders(folder))
    for number, sub in enumerate(subs):
        for path in class_pictures(sub, skipped):
            try:
                photo = open_image(path)
                longer = max(photo.height, photo.width)
                rgb = photo.rgb(max(side, round(side * longer / min(photo.height, photo.width))))
            except ImageError as error:
                skipped.append(str(error))
                continue
            square = min(rgb.shape[:2])
            y, x = (rgb.shape[0] - square) // 2, (rgb.shape[1] - square) // 2
            middle = Image.fromarray(rgb[y : y + square, x : x + square])
            images.append(np.asarray(middle.resize((side, side), Image.Resampling.BICUBIC)))
            labels.append(number)
    if not images:
        raise DataError(f"{folder}: no picture in it can be read. {' '.join(skipped[:3])}".rstrip())
    return ColorPictures(
        np.stack(images), np.array(labels), tuple(sub.name for sub in subs), tuple(skipped)
    )


def load_class_folders(folder: Path, side: int) -> tuple[ColorPictures, ColorPictures]:
    """The pictures to train on and those to test on, as `load_class_folder` reads them.

    Parameters
    ----------
    folder : Path
        With ``train`` and ``test`` in it.

    Raises
    ------
    DataError
        As for `load_class_folder`, or a class is in one of them alone.
    """
    train, test = (load_class_folder(folder / name, side) for name in ("train", "test"))
    differ = sorted(set(train.classes) ^ set(test.classes))
    if differ:  # their labels would mean other classes
        raise DataError(f"{folder}: not in both of train and test: {', '.join(differ)}.")
    return train, test


def load_cifar10(folder: Path, split: str) -> ColorPictures:
    """CIFAR-10's python version (Krizhevsky 2009): ``data_batch_*`` or ``test_batch``.

    The batches are pickles; only arrays and plain values are let through, so that a foreign file
    cannot run code.

    Parameters
    ----------
    folder : Path
        ``cifar-10-batches-py`` with ``batches.meta`` in it.
    split : {"train", "test"}

    Raises
    ------
    DataError
        A file is missing, damaged or of another layout, or a label is not among the classes.
    """
    pattern = "data_batch_*" if split == "train" else "test_batch*"
    paths = sorted(path for path in folder.glob(pattern) if path.is_file())
    if not paths:
        raise DataError(f"{folder}: holds no {pattern} of CIFAR-10.")
    meta = folder / "batches.meta"
    try:
        names = _cifar_file(meta)["label_names"]
        classes = tuple(name.decode() if isinstance(name, bytes) else name for name in names)
        batches = [_cifar_batch(path, len(classes)) for path in paths]
    except (KeyError, TypeError) as error:
        raise DataError(f"{folder}: not CIFAR-10's python version ({error}).") from None
    images = np.concatenate([images for images, _ in batches])
    return ColorPictures(images, np.concatenate([labels for _, labels in batches]), classes)


def write_cifar10(folder: Path, train: ColorPictures, test: ColorPictures) -> None:
    """Write 32x32 pictures in the layout of CIFAR-10's python version, one batch a split."""
    folder.mkdir(parents=True, exist_ok=True)
    names = [name.encode() for name in train.classes]
    parts: dict[str, dict[bytes, object]] = {"batches.meta": {b"label_names": names}}
    for file, part in (("data_batch_1", train), ("test_batch", test)):
        rows = np.ascontiguousarray(part.images.transpose(0, 3, 1, 2)).reshape(len(part.images), -1)
        parts[file] = {b"data": rows, b"labels": part.labels.tolist()}
    for file, content in parts.items():
        (folder / file).write_bytes(pickle.dumps(content, protocol=2))


class _PlainUnpickler(pickle.Unpickler):
    """Reads pickles of arrays and plain values alone."""

    ALLOWED = (
        *(("numpy.core.multiarray", "_reconstruct"), ("numpy._core.multiarray", "_reconstruct")),
        *(("numpy", "ndarray"), ("numpy", "dtype"), ("_codecs", "encode")),
    )

    def __init__(self, stream: IO[bytes]) -> None:
        super().__init__(stream, encoding="bytes")  # Python 2 wrote the original files

    def find_class(self, module: str, name: str) -> Any:
        if (module, name) not in self.ALLOWED:
            raise pickle.UnpicklingError(f"it asks for {module}.{name}")
        return super().find_class(module, name)


def _cifar_file(path: Path) -> dict[str, Any]:
    try:
        with path.open("rb") as stream:
            content = _PlainUnpickler(stream).load()
    # What damaged pickles raise: by their documentation some, by trying it all of these.
    except (
        *(OSError, EOFError, pickle.UnpicklingError, ValueError, TypeError, AttributeError),
        *(LookupError, ImportError, OverflowError, RuntimeError, SystemError, MemoryError),
    ) as error:
        reason = reason_of(error)
        raise DataError(f"{path}: cannot be read as a CIFAR-10 batch ({reason}).") from None
    if not isinstance(content, dict):
        raise DataError(f"{path}: a CIFAR-10 batch is a dictionary.")
    return {key.decode() if isinstance(key, bytes) else key: content[key] for key in content}


def _cifar_batch(path: Path, classes: int) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    content = _cifar_file(path)
    rows, labels = np.asarray(content["data"]), np.asarray(content["labels"])
    size = int(np.prod(CIFAR_SHAPE))
    if rows.dtype != np.uint8 or rows.ndim != 2 or rows.shape != (len(labels), size):
        raise DataError(
            f"{path}: must hold (N, {size}) bytes with N labels, got {rows.dtype} {rows.shape} and "
            f"{labels.shape}."
        )
    strange = labels[(labels < 0) | (labels >= classes)]
    if len(strange):
        raise DataError(f"{path}: label {strange[0]} is not among the {classes} classes.")
    images = rows.reshape(-1, *CIFAR_SHAPE).transpose(0, 2, 3, 1)
    return np.ascontiguousarray(images), labels.astype(np.int64)

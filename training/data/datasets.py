"""Read the data sets of characters, one loader a format.

Nothing is changed on the way but what the formats differ in: characters come out upright, dark ink
on white paper. The project's own data is found through the environment variable `OCR_DATA` alone.
"""

from __future__ import annotations

import gzip
import math
import os
import unicodedata
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from hashlib import sha256
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ocr.arrays import read_npz
from ocr.errors import DataError, ImageError, reason_of
from ocr.input.photo import open_image
from ocr.input.sources import pictures_in

NIST36_CHARSET = tuple("ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789")  # order of the one-hot columns
DIGITS = "0123456789"
_UPPER = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
IDX_CLASSES = {  # what the numbers stand for, by the name of the file (Cohen et al. 2017, table II)
    "balanced": DIGITS + _UPPER + "abdefghnqrt",
    "bymerge": DIGITS + _UPPER + "abdefghnqrt",
    "byclass": DIGITS + _UPPER + _UPPER.lower(),
    "letters": "\0" + _UPPER,  # counts from 1
    "digits": DIGITS,
    "mnist": DIGITS,
}
LARGEST = 1 << 32  # bytes of a data set in memory
IDX_TYPES = {8: "u1", 9: "i1", 11: ">i2", 12: ">i4", 13: ">f4", 14: ">f8"}
FOLDER_SIDE = 64  # pixels of a glyph picture read from a folder: more than twice a glyph's body
LOOKED_AT = 4096  # pictures of a set by which light ink on dark is told from dark on light
HELD_OUT_FONTS = (  # families kept out of all training, for measuring
    "caveat",
    "kalam",
    "architects-daughter",
    "homemade-apple",
    "cedarville-cursive",
    "gochi-hand",
    "nothing-you-could-do",
    "la-belle-aurore",
    "permanent-marker",
    "indie-flower",
)


def data_dir(given: str | Path | None = None) -> Path:
    """The folder of the data sets: `given`, or what `$OCR_DATA` names.

    Raises
    ------
    DataError
        Neither is set, or it is not a folder.
    """
    name = given or os.environ.get("OCR_DATA")
    if not name:
        raise DataError("OCR_DATA is not set. Set it to the folder of the data sets.")
    if not Path(name).is_dir():
        raise DataError(f"{name}: no such folder of data sets. Set OCR_DATA to it.")
    return Path(name)


@dataclass(frozen=True)
class Characters:
    """Pictures of single characters.

    `images` is (N, H, W) float32 or uint8, paper 1 (255) and ink 0; `labels` (N,) of one-character
    strings; where `cased` (N,) is False, the label does not tell upper from lower case. `writers`
    (N,) names who wrote each, None where the data does not tell. `skipped` says which files were
    left out, each with its reason; `copies` which show what another does.
    """

    images: NDArray[np.generic]
    labels: NDArray[np.str_]
    cased: NDArray[np.bool_]
    writers: NDArray[np.str_] | None = None
    skipped: tuple[str, ...] = ()
    copies: tuple[str, ...] = ()


@dataclass(frozen=True)
class PenCharacters:
    """Pen strokes of single characters.

    Stroke k is ``points[stroke_off[k]:stroke_off[k + 1]]``, (P, 2) of x to the right and y down in
    units of the tablet; character i owns strokes ``item_off[i]`` to ``item_off[i + 1]``.
    `writers` names the writer of each as ``source:person``.
    """

    points: NDArray[np.int16]
    stroke_off: NDArray[np.int32]
    item_off: NDArray[np.int32]
    labels: NDArray[np.str_]
    writers: NDArray[np.str_]
    split: NDArray[np.str_]

    def strokes(self, item: int) -> list[NDArray[np.int16]]:
        """The strokes of one character, each (P, 2)."""
        first, last = self.item_off[item], self.item_off[item + 1]
        ends = self.stroke_off[first : last + 1]
        return [self.points[a:b] for a, b in pairwise(ends)]


def load_npz(path: Path, split: str | None = None) -> Characters:
    """Our own `.npz` of characters, such as `emnist.npz`.

    Arrays ``images`` (N, H, W) uint8, upright, and ``label`` (N,) of one-character strings; ink is
    light on dark, as in MNIST, but where most pictures are light at the edge; ``split``, ``cased``
    and ``writer``, (N,) each, may be missing.

    Parameters
    ----------
    split : str, optional
        The part to keep, such as "train". All without it.

    Raises
    ------
    DataError
        The file is missing, damaged or of another layout, or has no such split.
    """
    data = _arrays(path, "images", "label", optional=("split", "cased", "writer"))
    images, labels = data["images"], data["label"]
    if not _are_pictures(images) or labels.shape != (len(images),):
        raise DataError(
            f"{path}: `images` must be (N, H, W) uint8 with N `label`s, got {images.dtype} "
            f"{images.shape} and {labels.shape}."
        )
    if labels.dtype.kind != "U":
        raise DataError(f"{path}: each `label` must be a string of one character.")
    for label in map(str, np.unique(labels)):
        if not _is_sign(label):
            raise DataError(f"{path}: each `label` must be one visible character, not {label!a}.")
    for name in ("split", "cased", "writer"):
        if name in data and data[name].shape != labels.shape:
            raise DataError(f"{path}: `{name}` must have one value for each of `images`.")
    chosen = np.ones(len(labels), dtype=bool)
    if split is not None:
        chosen = data["split"].astype(np.str_) == split if "split" in data else ~chosen
        if not chosen.any():
            raise DataError(f"{path}: holds no split {split!r}.")
    cased = data["cased"][chosen] if "cased" in data else np.ones(chosen.sum(), dtype=bool)
    writers = data["writer"][chosen].astype(np.str_) if "writer" in data else None
    images = _dark_on_light(images)[chosen]
    return Characters(images, labels[chosen], cased, writers)


def load_idx(images: Path) -> Characters:
    """MNIST's or EMNIST's pair of idx files, gzipped or not.

    EMNIST's pictures lie transposed in its files, MNIST's do not: a file whose name begins with
    ``emnist`` is transposed back. What the labels stand for tells a ``...-mapping.txt`` beside the
    files (a label and its character codes a line, as EMNIST has them), else the name (`balanced`,
    `byclass`, `letters`, ...); without either, labels are digits.

    Parameters
    ----------
    images : Path
        ``...-images-idx3-ubyte`` or ``...-images-idx3-ubyte.gz``; the labels lie beside it.

    Raises
    ------
    DataError
        A file is missing, truncated or of another layout, the two do not belong together, or a
        label has no character.
    """
    stem = images.name.partition("-images")[0]
    labels = _idx_labels_path(images)
    pictures, numbers = read_idx(images), read_idx(labels)
    if not _are_pictures(pictures):
        raise DataError(f"{images}: must hold (N, H, W) bytes, got {pictures.shape}.")
    if numbers.shape != pictures.shape[:1]:
        raise DataError(f"{labels}: {numbers.shape} labels for {len(pictures)} pictures.")
    emnist = stem.startswith("emnist")
    classes = _idx_classes(images.parent, stem)
    return _numbered(
        pictures.transpose(0, 2, 1) if emnist else pictures, numbers, classes, labels, None
    )


def read_idx(path: Path) -> NDArray[Any]:
    """The array of an idx file, gzipped if its name ends in ``.gz``.

    The format is described at the foot of MNIST's page (LeCun, Cortes and Burges): two zero bytes,
    a type, the number of dimensions, each dimension as a big-endian int32, then the values.

    Raises
    ------
    DataError
        The file is missing, truncated, longer than it says, or no idx file.
    """
    try:
        with (gzip.open if path.suffix == ".gz" else open)(path, "rb") as stream:
            content = stream.read(LARGEST + 1)
        if len(content) > LARGEST:
            raise OSError(f"more than {LARGEST >> 30} GiB")
    except (OSError, EOFError, zlib.error) as error:
        raise DataError(f"{path}: cannot be read ({error}). Fetch it again.") from None
    if len(content) < 4 or content[:2] != b"\0\0" or content[2] not in IDX_TYPES:
        raise DataError(f"{path}: not an idx file.")
    start = 4 + 4 * content[3]
    shape = [int.from_bytes(content[k : k + 4], "big") for k in range(4, start, 4)]
    dtype = np.dtype(IDX_TYPES[content[2]])
    wanted = start + math.prod(shape) * dtype.itemsize
    if len(content) < wanted:
        raise DataError(f"{path}: truncated, {len(content)} bytes of {wanted}. Fetch it again.")
    if len(content) > wanted:
        raise DataError(f"{path}: {len(content)} bytes where its head tells {wanted}.")
    return np.frombuffer(content, dtype, offset=start).reshape(shape)


def write_idx(path: Path, values: NDArray[np.uint8]) -> None:
    """Write bytes as an idx file, gzipped if its name ends in ``.gz``."""
    head = bytes([0, 0, 8, values.ndim]) + np.array(values.shape, dtype=">i4").tobytes()
    content = head + values.astype(np.uint8).tobytes()
    path.write_bytes(gzip.compress(content, mtime=0) if path.suffix == ".gz" else content)


def load_emnist_mat(path: Path, split: str) -> Characters:
    """EMNIST's Matlab format, ``emnist-balanced.mat`` and its sisters, with the writers.

    ``dataset.train`` and ``dataset.test`` hold (N, 784) bytes, 28x28 unrolled column by column;
    ``dataset.mapping`` the character codes of each label.

    Parameters
    ----------
    split : {"train", "test"}

    Raises
    ------
    DataError
        The file is missing, damaged or of another layout, or a label has no character.
    """
    content = _matlab(path)
    try:
        dataset = content["dataset"]
        part, mapping = dataset[split], np.atleast_2d(dataset["mapping"]).astype(int)
        rows, numbers = np.atleast_2d(part["images"]), np.atleast_1d(part["labels"])
        writers = np.atleast_1d(part["writers"]).astype(np.str_) if "writers" in part else None
    except (KeyError, TypeError, IndexError, ValueError) as error:
        raise DataError(f"{path}: not an EMNIST .mat file ({error}).") from None
    side = round(rows.shape[-1] ** 0.5)
    if rows.dtype != np.uint8 or not side or rows.shape != (len(numbers), side * side):
        raise DataError(
            f"{path}: pictures must be (N, 784) bytes with N labels, got {rows.dtype} "
            f"{rows.shape} and {numbers.shape}."
        )
    if writers is not None and writers.shape != numbers.shape:
        raise DataError(f"{path}: {writers.shape} writers for {len(numbers)} pictures.")
    images = rows.reshape(-1, side, side).transpose(0, 2, 1)
    classes = _mapped(((row[0], row[1:]) for row in mapping), path)
    return _numbered(images, numbers, classes, path, writers)


def load_nist36(path: Path) -> Characters:
    """One `nist36_*.mat` file: (N, 1024) rows of 32x32 unrolled column by column, in [0, 1].

    The labels are capitals and digits; a letter's case is not given.

    Raises
    ------
    DataError
        The file is missing, damaged or of another layout.
    """
    content = _matlab(path)
    try:
        (data,), (onehot,) = (
            [value for name, value in content.items() if name.endswith(end)]
            for end in ("_data", "_labels")
        )
    except ValueError:
        raise DataError(
            f"{path}: not a data set that is known: NIST36 has one array ..._data and one "
            "..._labels, EMNIST a struct `dataset`."
        ) from None
    try:
        data, onehot = np.atleast_2d(data).astype(np.float32), np.atleast_2d(onehot)
    except (ValueError, TypeError) as error:
        raise DataError(f"{path}: not a NIST36 .mat file ({error}).") from None
    if data.shape[1:] != (1024,) or onehot.shape != (len(data), 36):
        raise DataError(
            f"{path}: NIST36 rows must be (N, 1024) with (N, 36) one-hot labels, got {data.shape} "
            f"and {onehot.shape}."
        )
    if ((onehot != 0) & (onehot != 1)).any() or (onehot.sum(axis=1) != 1).any():
        raise DataError(f"{path}: a row of labels is not one-hot.")
    if not ((data >= 0) & (data <= 1)).all():
        raise DataError(f"{path}: values must lie in [0, 1].")
    images = data.reshape(-1, 32, 32).transpose(0, 2, 1)
    labels = np.array(NIST36_CHARSET)[onehot.argmax(axis=1)]
    return Characters(_dark_on_light(images), labels, np.char.isdigit(labels))


def load_folder(folder: Path) -> Characters:
    """A folder with a sub-folder of glyph pictures for each character.

    A sub-folder is called after its character, or ``U+002F`` with its code where the file system
    does not take it (or does not tell ``a`` from ``A``). Each picture is reduced to fit into
    64x64 pixels and set on the white of its own paper; where most pictures of the folder are light
    ink on dark, all are inverted. Of several of a character that show the same, the first counts.

    Raises
    ------
    DataError
        The folder is missing, a sub-folder is not called after a character, or no picture can be
        read. Single unreadable pictures are named in `skipped` instead.
    """
    images, labels = [], []
    skipped: list[str] = []
    copies: list[str] = []
    names: dict[bytes, Path] = {}  # by what the picture shows, and as which character
    for sub in sub_folders(folder):
        sign = _folder_sign(sub)
        for path in class_pictures(sub, skipped):
            try:
                grey = open_image(path).grey(FOLDER_SIDE)
            except ImageError as error:
                skipped.append(str(error))
                continue
            shown = sha256(repr((sign, grey.shape)).encode() + grey.tobytes()).digest()
            first = names.setdefault(shown, path)
            if first != path:
                copies.append(f"{path}: the same picture as {first}.")
                continue
            images.append(_fitted(grey))
            labels.append(sign)
    if not images:
        raise DataError(f"{folder}: no picture in it can be read. {' '.join(skipped[:3])}".rstrip())
    stack = np.stack(images)
    return Characters(
        _dark_on_light(stack),
        np.array(labels),
        np.ones(len(labels), dtype=bool),
        skipped=tuple(skipped),
        copies=tuple(copies),
    )


def _dark_on_light(images: NDArray[Any]) -> NDArray[Any]:
    """(N, H, W) pictures, all inverted where most are light ink on dark: dark at the edge."""
    white = 255 if images.dtype == np.uint8 else 1
    some = images[:: max(1, len(images) // LOOKED_AT)]
    edges = np.concatenate([some[:, 0], some[:, -1], some[:, :, 0], some[:, :, -1]], axis=1)
    on_dark = len(some) and np.median(np.median(edges, axis=1)) < white / 2
    return np.ascontiguousarray(white - images if on_dark else images)


def _are_pictures(images: NDArray[Any]) -> bool:
    return images.ndim == 3 and images.dtype == np.uint8 and 0 not in images.shape[1:]


def _is_sign(label: str) -> bool:
    """Whether a label is one character that can be seen, in NFC as well."""
    sign = unicodedata.normalize("NFC", label)
    if len(sign) != 1 or sign.isspace():
        return False
    return unicodedata.category(sign) not in ("Cc", "Cf", "Cs")


def load_unipen_characters(path: Path) -> PenCharacters:
    """`unipen_chars.npz`: characters of UNIPEN train_r01_v07 (Guyon et al. 1994).

    Writers of the source `ibm` are left out: it holds single strokes labeled as characters.

    Raises
    ------
    DataError
        The file is missing, damaged or of another layout.
    """
    names = ("points", "stroke_off", "item_off", "label", "writer", "writer_names", "split")
    data = _arrays(path, *names)
    writers = data["writer_names"][data["writer"]]
    kept = ~np.char.startswith(writers, "ibm")
    everything = PenCharacters(
        data["points"], data["stroke_off"], data["item_off"], data["label"], writers, data["split"]
    )
    return select_characters(everything, np.flatnonzero(kept))


def select_characters(pen: PenCharacters, items: NDArray[np.integer]) -> PenCharacters:
    """The given characters of a set, with their strokes."""
    strokes = [stroke for item in items for stroke in pen.strokes(int(item))]
    counts = np.diff(pen.item_off)[items]
    return PenCharacters(
        np.concatenate(strokes) if strokes else pen.points[:0],
        np.concatenate([[0], np.cumsum([len(stroke) for stroke in strokes])]).astype(np.int32),
        np.concatenate([[0], np.cumsum(counts)]).astype(np.int32),
        pen.labels[items],
        pen.writers[items],
        pen.split[items],
    )


def training_fonts(folder: Path, *, held_out: bool = False) -> Iterator[Path]:
    """The handwriting fonts of a folder that may be trained on, or those held out, by name.

    A file is called ``family-weight.ttf``.
    """
    for path in sorted(folder.glob("*.ttf")):
        if (path.stem.rpartition("-")[0] in HELD_OUT_FONTS) == held_out:
            yield path


def _arrays(path: Path, *names: str, optional: Sequence[str] = ()) -> dict[str, NDArray[Any]]:
    try:
        data = read_npz(path, lambda name: name in (*names, *optional), LARGEST)
        return {name: data[name] for name in (*names, *(one for one in optional if one in data))}
    except KeyError as error:
        raise DataError(f"{path}: holds no `{error.args[0]}`. Name its arrays so.") from None
    except (OSError, ValueError) as error:
        raise DataError(f"{path}: cannot be used as a data set ({error}).") from None


def _matlab(path: Path) -> dict[str, Any]:
    from scipy.io import loadmat
    from scipy.io.matlab import MatReadError

    try:
        content: dict[str, Any] = loadmat(str(path), simplify_cells=True)
    except (
        *(OSError, ValueError, TypeError, KeyError, IndexError, EOFError, OverflowError),
        *(NotImplementedError, MatReadError, zlib.error, MemoryError),
    ) as error:
        raise DataError(f"{path}: cannot be read as a .mat file ({reason_of(error)}).") from None
    return {name: value for name, value in content.items() if not name.startswith("__")}


def _numbered(
    pictures: NDArray[np.uint8],
    numbers: NDArray[Any],
    classes: dict[int, str],
    path: Path,
    writers: NDArray[np.str_] | None,
) -> Characters:
    """Characters from pictures and numbers that stand for classes.

    A letter tells its case if the other case is a class of its own.
    """
    known = np.isin(numbers, list(classes))  # no number and no whole one are neither
    if not known.all():
        raise DataError(
            f"{path}: label {numbers[~known][0]} stands for no character. For idx files, put a "
            "...-mapping.txt beside them with a label and its character code a line."
        )
    signs = set(classes.values())
    cased = {sign: not sign.isalpha() or sign.swapcase() in signs for sign in signs}
    labels = np.array([classes[int(number)] for number in numbers], dtype="U1")
    tells = np.array([cased[str(sign)] for sign in labels], dtype=bool)
    return Characters(_dark_on_light(pictures), labels, tells, writers)


def _idx_labels_path(images: Path) -> Path:
    name = images.name.replace("-images", "-labels").replace("idx3", "idx1")
    for path in (
        images.with_name(name),
        images.with_name(name.removesuffix(".gz")),
        images.with_name(name + ".gz"),
    ):
        if path != images and path.is_file():
            return path
    raise DataError(f"{images}: the labels, {name}, are not beside it.")


def _idx_classes(folder: Path, stem: str) -> dict[int, str]:
    """The character of each label; `stem` is a file's name up to ``-images``."""
    known = stem.removesuffix("-train").removesuffix("-test")
    mapping = folder / f"{known}-mapping.txt"
    if mapping.is_file():
        try:
            text = mapping.read_text(encoding="utf-8-sig")
            rows = [[int(code) for code in row.split()] for row in text.splitlines()]
        except (OSError, ValueError) as error:
            raise DataError(f"{mapping}: must hold a label and codes a line ({error}).") from None
        return _mapped(((row[0], row[1:]) for row in rows if row), mapping)
    signs = next((IDX_CLASSES[name] for name in IDX_CLASSES if known.endswith(name)), DIGITS)
    return {number: sign for number, sign in enumerate(signs) if sign != "\0"}


def _mapped(rows: Any, path: Path) -> dict[int, str]:
    classes = {}
    for number, codes in rows:
        if not len(codes) or not 0 < codes[0] < 0x110000 or not _is_sign(chr(codes[0])):
            raise DataError(f"{path}: its mapping gives label {number} no character.")
        classes[int(number)] = chr(codes[0])
    return classes


def sub_folders(folder: Path) -> Iterator[Path]:
    """The sub-folders of a folder by name, without hidden ones; DataError if there are none."""
    if not folder.is_dir():
        raise DataError(f"{folder}: no such folder.")
    hidden = (".", "__")  # such as .git and __MACOSX
    subs = [s for s in sorted(folder.iterdir()) if s.is_dir() and not s.name.startswith(hidden)]
    if not subs:
        raise DataError(
            f"{folder}: no sub-folders. It needs one for each class, with its pictures."
        )
    yield from subs


def class_pictures(folder: Path, skipped: list[str]) -> list[Path]:
    """The pictures of a class; a folder without any is named in `skipped`."""
    try:
        return pictures_in(folder)
    except ImageError as error:
        skipped.append(str(error))
        return []


def _folder_sign(sub: Path) -> str:
    name = unicodedata.normalize("NFC", sub.name)
    if name[:2].upper() == "U+":
        try:
            name = chr(int(name[2:], 16))
        except (ValueError, OverflowError):
            name = sub.name
    if not _is_sign(name):
        raise DataError(
            f"{sub}: a sub-folder is called after its character, as A or U+0041; this is neither."
        )
    return name


def _fitted(grey: NDArray[np.float32]) -> NDArray[np.uint8]:
    """A picture of at most `FOLDER_SIDE` pixels a side, on a square of its own paper."""
    h, w = grey.shape
    edge = np.concatenate([grey[0], grey[-1], grey[:, 0], grey[:, -1]])
    out = np.full((FOLDER_SIDE, FOLDER_SIDE), np.median(edge), dtype=np.float32)
    y, x = (FOLDER_SIDE - h) // 2, (FOLDER_SIDE - w) // 2
    out[y : y + h, x : x + w] = grey
    return np.round(out * 255).astype(np.uint8)

"""Read the data sets of single characters, one loader a format; nothing is changed on the way.

Data is found through the environment variable `OCR_DATA` alone.
"""

from __future__ import annotations

import os
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ocr.errors import DataError

NIST36_CHARSET = tuple("ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789")  # order of the one-hot columns
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
    strings; where `cased` (N,) is False, the label does not tell upper from lower case.
    """

    images: NDArray[np.generic]
    labels: NDArray[np.str_]
    cased: NDArray[np.bool_]


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


def load_emnist(path: Path, split: str) -> Characters:
    """One split of `emnist.npz`, NIST SD19 hand print (Cohen et al. 2017, arXiv:1702.05373).

    Raises
    ------
    DataError
        The file is missing, damaged or of another layout.
    """
    data = _arrays(path, "images", "label", "split", "cased")
    chosen = data["split"] == split
    images = 255 - data["images"][chosen]
    return Characters(images, data["label"][chosen], data["cased"][chosen])


def load_nist36(path: Path) -> Characters:
    """One `nist36_*.mat` file: (N, 1024) rows of 32x32 unrolled column by column, paper 1.

    The labels are capitals and digits; a letter's case is not told.

    Raises
    ------
    DataError
        The file is missing, damaged or of another layout.
    """
    from scipy.io import loadmat

    try:
        content = loadmat(str(path))
        (data,) = (value for name, value in content.items() if name.endswith("_data"))
        (onehot,) = (value for name, value in content.items() if name.endswith("_labels"))
    except (OSError, ValueError, TypeError, NotImplementedError) as error:
        raise DataError(f"{path}: not a NIST36 .mat file ({error}).") from None
    if data.ndim != 2 or data.shape[1] != 1024 or onehot.shape != (len(data), 36):
        raise DataError(f"{path}: NIST36 rows must be (N, 1024) with (N, 36) one-hot labels.")
    images = data.reshape(-1, 32, 32).transpose(0, 2, 1).astype(np.float32)
    labels = np.array(NIST36_CHARSET)[onehot.argmax(axis=1)]
    return Characters(np.ascontiguousarray(images), labels, np.char.isdigit(labels))


def load_unipen_characters(path: Path) -> PenCharacters:
    """`unipen_chars.npz`: characters of UNIPEN train_r01_v07 (Guyon et al. 1994).

    Writers of the source `ibm` are left out: it holds single strokes labelled as characters.

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


def _arrays(path: Path, *names: str) -> dict[str, NDArray[np.generic]]:
    try:
        with path.open("rb") as stream, np.load(stream, allow_pickle=False) as data:
            return {name: data[name] for name in names}
    except (OSError, KeyError, ValueError, EOFError, zipfile.BadZipFile) as error:
        raise DataError(f"{path}: cannot be used as a data set ({error}).") from None

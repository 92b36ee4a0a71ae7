"""People's own data for `ocr train`: told what it is by looking, loaded, split, and accounted for.

What cannot be used is left out, counted by its reason and named; it is never replaced by something
else.
"""

from __future__ import annotations

import hashlib
import io
import re
import unicodedata
import zipfile
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from ocr.errors import DataError, OcrError
from ocr.evaluate import read_truth, truth_path
from ocr.images import SUFFIXES, open_image
from ocr.line_reader import normalize_line
from training.datasets import (
    Characters,
    load_emnist_mat,
    load_folder,
    load_idx,
    load_nist36,
    load_npz,
)
from training.glyphs import normalize_pictures
from training.line_text import fold_text, writable
from training.lines import even_light, fits

if TYPE_CHECKING:
    from training.photo_truth import Aligner

HELD_BACK = 0.2  # share of the own samples that is never trained on
LARGE = {"glyphs": 400, "lines": 100}
"""Samples held back from which choosing and reporting get a half each; with fewer both use all."""
FEWEST = 5  # samples that can be split at all
FEWEST_GROUPS = 5  # writers or pages from which the split is made by them
SHOWN = 5  # files or characters that a message names
LINE_SHAPE = 3.0  # width over height from which a picture with one line of text is that line
READ_AT_ONCE = 4096  # pictures normalised at once: bounds the memory
LINE_SIDE = 4000  # pixels, longest side at which the picture of a line is opened
TRUTHS = ("train", "valid", "test")


@dataclass
class Account:
    """What was found in the data and what was left out, by reason; files that are named."""

    sources: list[dict[str, object]] = field(default_factory=list)
    left_out: Counter[str] = field(default_factory=Counter)
    named: list[str] = field(default_factory=list)

    def leave_out(self, reason: str, count: int = 1, name: str = "") -> None:
        """Count something that is not used; `name` is a whole message about one file."""
        if count:
            self.left_out[reason] += count
        if name:
            self.named.append(name)


@dataclass(frozen=True)
class Samples:
    """Samples with their labels: glyphs `(32, 32)` or lines `(LINE_HEIGHT, W)`, uint8, paper 255.

    `labels` are single characters or texts; where `cased` is False the label stands for both cases
    of its letter; `groups` name the writer or page, "" if the data does not tell; `splits` name
    the part that the data itself assigns, "" if it does not.
    """

    images: tuple[NDArray[np.uint8], ...]
    labels: tuple[str, ...]
    cased: NDArray[np.bool_]
    groups: tuple[str, ...]
    splits: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.labels)

    def take(self, rows: Iterable[int]) -> Samples:
        """The samples of some rows."""
        rows = [int(row) for row in rows]
        return Samples(
            tuple(self.images[row] for row in rows),
            tuple(self.labels[row] for row in rows),
            self.cased[rows],
            tuple(self.groups[row] for row in rows),
            tuple(self.splits[row] for row in rows),
        )

    def digest(self) -> str:
        """A hash of all of it: other data has another one."""
        found = hashlib.sha256()
        for image in self.images:
            found.update(repr(image.shape).encode() + image.tobytes())
        rest = (self.labels, self.cased.tolist(), self.groups, self.splits)
        found.update(repr(rest).encode())
        return found.hexdigest()


def join(parts: Sequence[Samples]) -> Samples:
    """Several as one."""
    return Samples(
        tuple(image for part in parts for image in part.images),
        tuple(label for part in parts for label in part.labels),
        np.concatenate([part.cased for part in parts] or [np.zeros(0, bool)]),
        tuple(group for part in parts for group in part.groups),
        tuple(split for part in parts for split in part.splits),
    )


# --- what something is ----------------------------------------------------------------------


def recognise(path: Path) -> str:
    """What a file or folder holds, as named in `GLYPH_LOADERS` and `LINE_LOADERS`.

    Raises
    ------
    DataError
        It is missing, empty, or nothing that can be trained on; the message says what can.
    """
    if path.is_dir():
        return _recognise_folder(path)
    if not path.exists():
        raise DataError(f"{path}: no such file or folder. Check the path.")
    name, suffix = path.name, path.suffix.lower()
    if suffix in SUFFIXES:
        if not truth_path(path).is_file():
            raise DataError(
                f"{path}: no {truth_path(path).name} beside it says what it reads. Write a draft "
                f"with `ocr read --gt {path}` and correct it."
            )
        return "photos"
    if suffix == ".mat":
        return "emnist-mat" if _has_dataset(path) else "nist36"
    if suffix == ".npz":
        return "npz"
    if suffix == ".zip":
        return "line-zip"
    if "-images" in name and "idx3" in name:
        return "idx"
    raise DataError(f"{path}: not known as training data. {USABLE}")


USABLE = (
    "Give photos or line images with a .gt.txt beside each, a folder with a sub-folder of pictures "
    "for each character, a .mat file (NIST36, EMNIST), idx files (MNIST, EMNIST; -images-idx3-), "
    "an .npz with images and label, or a .zip with a lines.tsv."
)


def _recognise_folder(path: Path) -> str:
    inside = sorted(one for one in path.iterdir() if not one.name.startswith("."))
    if not inside:
        raise DataError(f"{path}: an empty folder. {USABLE}")
    if (path / "lines.tsv").is_file():
        return "line-folder"
    pictures = [one for one in inside if one.suffix.lower() in SUFFIXES and one.is_file()]
    if any(truth_path(one).is_file() for one in pictures):
        return "photos"
    if any(_is_data_file(one) for one in inside):
        return "folder-of-files"
    if any(one.is_dir() for one in inside):
        return "glyph-folder"
    if pictures:
        raise DataError(
            f"{path}: no picture here has a .gt.txt that says what it reads. Write drafts with "
            f"`ocr read --gt {path}` and correct them."
        )
    raise DataError(f"{path}: nothing to train on here. {USABLE}")


def _is_data_file(path: Path) -> bool:
    return path.is_file() and (
        path.suffix.lower() in (".mat", ".npz", ".zip")
        or ("-images" in path.name and "idx3" in path.name)
    )


def _has_dataset(path: Path) -> bool:
    from scipy.io import whosmat
    from scipy.io.matlab import MatReadError

    try:
        return any(name == "dataset" for name, *_ in whosmat(str(path)))
    except (OSError, ValueError, TypeError, NotImplementedError, MatReadError):
        return False  # the loader says what is wrong with it


def kind_of(paths: Sequence[Path]) -> str | None:
    """ "glyphs" or "lines" where the data tells, None where photos alone leave it open.

    Raises
    ------
    DataError
        As `recognise`; or some hold single characters only and others lines only.
    """
    kinds = [
        "glyphs" if what in GLYPH_LOADERS else "lines"
        for what in map(recognise, _opened(paths))
        if what != "photos"
    ]
    if not kinds:
        return None
    if len(set(kinds)) > 1:
        raise DataError("some of the data holds single characters and some lines. Choose --kind.")
    return kinds[0]


def _opened(paths: Iterable[Path]) -> Iterator[Path]:
    """The paths, folders of data files replaced by these files."""
    for path in paths:
        if recognise(path) == "folder-of-files":
            yield from (one for one in sorted(path.iterdir()) if _is_data_file(one))
        else:
            yield path


# --- loading --------------------------------------------------------------------------------


def gather(paths: Sequence[Path], what: str, aligner: Aligner, account: Account) -> Samples:
    """All samples of several sources, what cannot be used left out and booked on `account`.

    Parameters
    ----------
    what : {"glyphs", "lines"}
        Lines have the characters of `training.line_text.CHARSET`, glyphs any.
    aligner : Aligner
        Cuts photos into letters or lines and sets them against the text.

    Raises
    ------
    DataError
        A source is nothing that can be trained on, or nothing is left of all of them.
    """
    parts = []
    for path in _opened(paths):
        kind = recognise(path)
        loaders = GLYPH_LOADERS if what == "glyphs" else LINE_LOADERS
        if kind not in loaders:
            raise DataError(
                f"{path}: holds {'lines' if what == 'glyphs' else 'single characters'}, which "
                f"--kind {'lines' if what == 'lines' else 'cnn'} cannot learn from."
            )
        before = account.left_out.total()
        part = loaders[kind](path, aligner, account)
        parts.append(part)
        account.sources.append(
            {
                "name": path.name,
                "what": kind,
                "samples": len(part),
                "left out": account.left_out.total() - before,
                "digest": part.digest()[:16],
            }
        )
    return enough(join(parts), account)


def enough(samples: Samples, account: Account) -> Samples:
    """The samples, if they are enough to train on.

    Raises
    ------
    DataError
        They are not; the message says what was left out.
    """
    if len(samples) >= FEWEST:
        return samples
    reasons = "; ".join(f"{n} {reason}" for reason, n in account.left_out.most_common(SHOWN))
    named = " ".join(account.named[:1])
    raise DataError(
        f"{len(samples)} samples to train on, at least {FEWEST} are needed. "
        f"{f'Left out: {reasons}. ' if reasons else ''}{named}".strip()
    )


def known(part: Samples, charset: str, account: Account) -> Samples:
    """The samples whose label is in the charset."""
    strange = Counter(label for label in part.labels if label not in charset)
    if not strange:
        return part
    shown = " ".join(sign for sign, _ in strange.most_common(SHOWN))
    account.leave_out(
        "labelled with a character that the model does not know "
        f"({shown}{' ...' if len(strange) > SHOWN else ''}; --from scratch learns any)",
        strange.total(),
    )
    return part.take(row for row, label in enumerate(part.labels) if label in charset)


def _glyphs(found: Characters, split: str, account: Account) -> Samples:
    """Normalised samples of a data set; pictures without any ink are left out."""
    for message in found.skipped:
        account.leave_out("unreadable pictures", name=message)
    images = found.images
    stacks = [
        normalize_pictures(images[start : start + READ_AT_ONCE])
        for start in range(0, len(images), READ_AT_ONCE)
    ]
    glyphs = np.concatenate(stacks) if stacks else np.empty((0, 32, 32), np.uint8)
    inked = (glyphs < 255).any(axis=(1, 2))
    account.leave_out("pictures without any ink", int((~inked).sum()))
    writers = found.writers if found.writers is not None else np.full(len(glyphs), "")
    rows = np.flatnonzero(inked)
    return Samples(
        tuple(glyphs[rows]),
        tuple(unicodedata.normalize("NFC", str(found.labels[row])) for row in rows),
        found.cased[rows],
        tuple(str(writers[row]) for row in rows),
        (split,) * len(rows),
    )


def _load_npz(path: Path, _: Aligner, account: Account) -> Samples:
    splits: list[str | None] = [None]
    try:
        with np.load(path, allow_pickle=False) as data:
            if "split" in data:
                splits = [str(name) for name in np.unique(data["split"])]
    except (OSError, ValueError, EOFError, zipfile.BadZipFile):
        pass  # the loader says what is wrong with it
    return join([_glyphs(load_npz(path, one), _split(one), account) for one in splits])


def _load_idx(path: Path, _: Aligner, account: Account) -> Samples:
    return _glyphs(load_idx(path), "test" if path.name.startswith("t10k") else _split(path.name),
                   account)  # fmt: skip


def _load_emnist_mat(path: Path, _: Aligner, account: Account) -> Samples:
    parts = (_glyphs(load_emnist_mat(path, one), one, account) for one in ("train", "test"))
    return join(list(parts))


def _load_nist36(path: Path, _: Aligner, account: Account) -> Samples:
    return _glyphs(load_nist36(path), _split(path.stem), account)


def _load_glyph_folder(path: Path, _: Aligner, account: Account) -> Samples:
    return _glyphs(load_folder(path), "", account)


def _split(name: str | None) -> str:
    """The part that a name tells: train, valid or test as a word of it, else ""."""
    words = re.split(r"[^a-z]+", (name or "").lower())
    return next((one for one in TRUTHS if one in words), "")


def _load_photo_letters(path: Path, aligner: Aligner, account: Account) -> Samples:
    parts = []
    for photo in _photos(path, account):
        images, labels = aligner.letters(photo, account)
        groups, cased = (photo.name,) * len(labels), np.ones(len(labels), bool)
        splits = ("",) * len(labels)
        parts.append(Samples(tuple(images), tuple(labels), cased, groups, splits))
    return join(parts)


def _photos(path: Path, account: Account) -> Iterator[Path]:
    """The pictures of a folder that have a text, or the one that was named."""
    if not path.is_dir():
        yield path
        return
    without = 0
    for picture in sorted(path.iterdir()):
        if picture.suffix.lower() in SUFFIXES and not picture.name.startswith("."):
            if truth_path(picture).is_file():
                yield picture
            else:
                without += 1
    account.leave_out("pictures without a .gt.txt", without)


def _line_samples(
    found: Iterable[tuple[NDArray[np.float32], str, str, str]], account: Account
) -> Samples:
    """Samples of evened lines with text, group and split; what does not fit is left out."""
    images, labels, groups, splits = [], [], [], []
    for grey, text, group, split in found:
        text = fold_text(text)
        if not writable(text):
            strange = "".join(sorted({c for c in text if not writable(c) and c != " "}))[:SHOWN]
            reason = (
                f"with characters that the model does not know ({strange})"
                if text
                else ("without any text")
            )
            account.leave_out(f"lines {reason}")
            continue
        line = np.uint8(normalize_line(grey) * 255 + 0.5)
        if (line == 255).all():
            account.leave_out("pictures without any ink")
        elif not fits(line, text):
            account.leave_out("lines too narrow for their text, or too long")
        else:
            images.append(line)
            labels.append(text)
            groups.append(group)
            splits.append(split)
    return Samples(
        tuple(images), tuple(labels), np.ones(len(labels), bool), tuple(groups), tuple(splits)
    )


def _load_photo_lines(path: Path, aligner: Aligner, account: Account) -> Samples:
    def lines() -> Iterator[tuple[NDArray[np.float32], str, str, str]]:
        for photo in _photos(path, account):
            try:
                picture = open_image(photo)
                rows = [row for row in read_truth(truth_path(photo)).splitlines() if row.strip()]
                if len(rows) == 1 and picture.width >= LINE_SHAPE * picture.height:
                    grey = picture.grey(LINE_SIDE)
                    yield even_light(grey), rows[0], _page_of(photo.stem), ""
                    continue
            except OcrError as error:
                account.leave_out("unreadable pictures or texts", name=str(error))
                continue
            for image, text in aligner.lines(photo, account):
                yield image, text, photo.stem, ""

    return _line_samples(lines(), account)


def _page_of(stem: str) -> str:
    """The page that a line's file name tells: all but the number at its end."""
    return re.sub(r"[-_. ]?\d+$", "", stem)


def _load_line_zip(path: Path, _: Aligner, account: Account) -> Samples:
    try:
        with zipfile.ZipFile(path) as archive:
            return _table_lines(path, archive.read, account)
    except (OSError, KeyError, zipfile.BadZipFile) as error:
        raise DataError(f"{path}: not a .zip with a lines.tsv ({error}).") from None


def _load_line_folder(path: Path, _: Aligner, account: Account) -> Samples:
    return _table_lines(path, lambda name: (path / name).read_bytes(), account)


def _table_lines(path: Path, read: Callable[[str], bytes], account: Account) -> Samples:
    """Lines by a table of tab-separated file, split, writer and text, with a head."""
    try:
        rows = [row.split("\t") for row in read("lines.tsv").decode("utf-8-sig").splitlines()]
    except UnicodeDecodeError:
        raise DataError(f"{path}: its lines.tsv is not UTF-8. Save it as UTF-8.") from None
    if not rows or not {"file", "text"} <= set(rows[0]):
        raise DataError(f"{path}: lines.tsv needs a head with at least file and text.")
    place = {name: column for column, name in enumerate(rows[0])}

    def cell(row: list[str], name: str) -> str:
        return row[place[name]] if name in place else ""

    def lines() -> Iterator[tuple[NDArray[np.float32], str, str, str]]:
        for number, row in enumerate(rows[1:], start=2):
            if len(row) != len(rows[0]):
                account.leave_out(
                    "broken rows of a table", name=f"{path}: line {number} of lines.tsv is broken."
                )
                continue
            name = cell(row, "file")
            try:
                with Image.open(io.BytesIO(read(name))) as picture:
                    grey = np.asarray(picture.convert("L"), dtype=np.float32) / 255
            except (OSError, KeyError, ValueError, Image.DecompressionBombError) as error:
                reason = f"{path}: {name} cannot be read ({str(error).splitlines()[0]})."
                account.leave_out("unreadable pictures", name=reason)
                continue
            yield (
                even_light(grey),
                cell(row, "text"),
                cell(row, "writer"),
                _split(cell(row, "split")),
            )

    return _line_samples(lines(), account)


Loader = Callable[[Path, "Aligner", Account], Samples]
GLYPH_LOADERS: dict[str, Loader] = {
    "photos": _load_photo_letters,
    "glyph-folder": _load_glyph_folder,
    "nist36": _load_nist36,
    "emnist-mat": _load_emnist_mat,
    "idx": _load_idx,
    "npz": _load_npz,
}
LINE_LOADERS: dict[str, Loader] = {
    "photos": _load_photo_lines,
    "line-zip": _load_line_zip,
    "line-folder": _load_line_folder,
}


# --- splitting ------------------------------------------------------------------------------


@dataclass(frozen=True)
class Split:
    """Rows to train on, to choose by and to report on; the last two may be the same.

    `by` is "the data", "writer or page" or "sample"; `held` names the groups held back.
    """

    train: NDArray[np.int64]
    valid: NDArray[np.int64]
    test: NDArray[np.int64]
    by: str
    held: tuple[str, ...] = ()

    @property
    def shared(self) -> bool:
        """Whether the same samples choose and report."""
        return np.array_equal(self.valid, self.test)


def split(samples: Samples, what: str, seed: int) -> Split:
    """Hold back a fifth: as the data says, else by writer or page, else at random."""
    rng = np.random.default_rng((seed, 5))
    parts = np.array(samples.splits)
    groups = np.array(samples.groups)
    if (parts == "train").any() and ((parts == "valid") | (parts == "test")).any():
        train = np.flatnonzero((parts == "train") | (parts == ""))
        valid, test = np.flatnonzero(parts == "valid"), np.flatnonzero(parts == "test")
        if not len(valid) or not len(test):
            return _halved(train, np.concatenate([valid, test]), what, rng, "the data")
        return Split(train, valid, test, "the data")
    names, which, counts = np.unique(groups, return_inverse=True, return_counts=True)
    if len(names) >= FEWEST_GROUPS and (groups != "").all() and counts.max() <= len(groups) / 2:
        held_rows = 0
        held = []
        for name in rng.permutation(len(names)):
            if held_rows + counts[name] / 2 > HELD_BACK * len(groups):
                continue
            held.append(int(name))
            held_rows += int(counts[name])
        back = np.isin(which, held)
        if back.any():
            told = tuple(sorted(str(names[name]) for name in held))
            return _halved(
                np.flatnonzero(~back), np.flatnonzero(back), what, rng, "writer or page", told
            )
    order = rng.permutation(len(samples))
    count = max(1, round(HELD_BACK * len(samples)))
    return _halved(np.sort(order[count:]), np.sort(order[:count]), what, rng, "sample")


def _halved(
    train: NDArray[np.int64],
    held: NDArray[np.int64],
    what: str,
    rng: np.random.Generator,
    by: str,
    names: tuple[str, ...] = (),
) -> Split:
    if len(held) < LARGE[what]:
        return Split(train, held, held, by, names)
    order = rng.permutation(held)
    half = len(held) // 2
    return Split(train, np.sort(order[:half]), np.sort(order[half:]), by, names)

"""People's own data for `ocr train`: recognized by its content, loaded, split, and accounted for.

What cannot be used is left out, counted by its reason and named; it is never replaced by something
else.
"""

from __future__ import annotations

import hashlib
import re
import shlex
import unicodedata
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from ocr.arrays import read_npz
from ocr.errors import DataError, OcrError
from ocr.evaluation.drafts import is_strip
from ocr.evaluation.ground_truth import (
    ALONE,
    is_draft,
    is_page_file,
    page_suffix,
    page_truths,
    read_truth,
    texts_of_pages,
    truth_path,
)
from ocr.formats.reading import INSIDE
from ocr.input.documents import PageSource
from ocr.input.sources import GROUND_TRUTH, SUFFIXES
from ocr.lines.normalize import LINE_HEIGHT
from training.data.datasets import (
    Characters,
    load_emnist_mat,
    load_folder,
    load_idx,
    load_nist36,
    load_npz,
)
from training.data.glyphs import normalize_pictures
from training.own_hand.corrected import confirmed_lines, correction
from training.own_hand.own_lines import (
    line_samples,
    load_line_folder,
    load_line_zip,
    shown_line,
)
from training.own_hand.page_truth import page_lines, transcribed_pages
from training.own_hand.samples import Account, Samples, enough, join, split_named

if TYPE_CHECKING:
    from training.own_hand.photo_truth import Aligner

LINE_SHAPE = 3.0  # width over height from which a picture with one line of text is that line
READ_AT_ONCE = 4096  # pictures normalized at once: bounds the memory
COPY_SIDE = 1024  # pixels, longest side at which pictures are compared


def recognize(path: Path) -> str:
    """What a file or folder holds, as named in `GLYPH_LOADERS` and `LINE_LOADERS`.

    Raises
    ------
    DataError
        It is missing, empty, or nothing that can be trained on; the message says what can.
    """
    if path.is_dir():
        return _recognize_folder(path)
    if not path.exists():
        raise DataError(f"{path}: no such file or folder. Check the path.")
    name, suffix = path.name, path.suffix.lower()
    if suffix in SUFFIXES:
        if not truth_path(path).is_file() and not texts_of_pages([path]):
            raise DataError(
                f"{path}: no {truth_path(path).name} beside it says what it reads. Write a draft "
                f"with `ocr read --gt {shlex.quote(str(path))}` and correct it."
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
    if is_page_file(path):
        return "pages"
    if name.endswith(GROUND_TRUTH):
        raise DataError(f"{path}: {ALONE}")
    raise DataError(f"{path}: not known as training data. {USABLE}")


USABLE = (
    "Give photos or line images with a .gt.txt beside each, PAGE XML or ALTO with its pictures, a "
    "folder with a sub-folder of pictures for each character, a .mat file (NIST36, EMNIST), idx "
    "files (MNIST, EMNIST; -images-idx3-), an .npz with images and label, or a .zip with a "
    "lines.tsv."
)


def _recognize_folder(path: Path) -> str:
    inside = _inside(path)
    if not inside:
        raise DataError(f"{path}: an empty folder. {USABLE}")
    if (path / "lines.tsv").is_file():
        return "line-folder"
    pictures = [one for one in inside if one.suffix.lower() in SUFFIXES and one.is_file()]
    if any(truth_path(one).is_file() for one in pictures) or texts_of_pages(pictures):
        return "photos"
    errors: list[OcrError] = []
    truths = page_truths(path, errors.append)
    if any(one.confirmed for one in truths):
        return "pages"
    if any(_is_data_file(one) for one in inside):
        return "folder-of-files"
    if any(one.is_dir() and one.name not in INSIDE for one in inside):
        return "glyph-folder"
    if truths or errors:
        return "pages"  # the loader says what is wrong with them
    if pictures:
        raise DataError(
            f"{path}: no picture here has a .gt.txt that says what it reads. Write drafts with "
            f"`ocr read --gt {shlex.quote(str(path))}` and correct them."
        )
    raise DataError(f"{path}: nothing to train on here. {USABLE}")


def _inside(folder: Path) -> list[Path]:
    """What is in a folder and not hidden, by name."""
    try:
        return sorted(one for one in folder.iterdir() if not one.name.startswith("."))
    except OSError as error:
        raise DataError(f"{folder}: cannot be listed ({error.strerror}).") from None


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
        As `recognize`; or some hold single characters only and others lines only.
    """
    kinds = [
        "glyphs" if what in GLYPH_LOADERS else "lines"
        for what in map(recognize, _opened(paths))
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
        if recognize(path) == "folder-of-files":
            yield from (one for one in _inside(path) if _is_data_file(one))
        else:
            yield path


def gather(paths: Sequence[Path], what: str, aligner: Aligner, account: Account) -> Samples:
    """All samples of several sources, what cannot be used left out and booked on `account`.

    Parameters
    ----------
    what : {"glyphs", "lines"}
        Lines have the characters of `training.data.text.CHARSET`, glyphs any.
    aligner : Aligner
        Cuts photos into letters or lines and sets them against the text.

    Raises
    ------
    DataError
        A source is nothing that can be trained on, or nothing is left of all of them.
    """
    for path in paths:
        if path.is_dir():
            _name_others(path, recognize(path), account)
    parts: list[Samples] = []
    names: dict[str, Path] = {}  # of what was taken, by its digest
    for path in _opened(paths):
        kind = recognize(path)
        loaders = GLYPH_LOADERS if what == "glyphs" else LINE_LOADERS
        if kind not in loaders:
            raise DataError(
                f"{path}: holds {'lines' if what == 'glyphs' else 'single characters'}, which "
                f"--kind {'lines' if what == 'lines' else 'cnn'} cannot learn from."
            )
        before = account.left_out.total()
        part = loaders[kind](path, aligner, account)
        digest = part.digest()
        if len(part) and digest in names:  # half of it would be held back from the other half
            same = f"{path}: holds the same as {names[digest]}."
            account.leave_out("samples that were given twice", len(part), name=same)
            part = part.take(())
        names[digest] = path
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


def _name_others(folder: Path, kind: str, account: Account) -> None:
    """Name what is data too in a folder, but of another kind than it is taken for."""
    sets, glyphs = kind == "folder-of-files", kind == "glyph-folder"
    for one in _inside(folder) if kind != "line-folder" else ():
        if one.is_dir():
            try:
                other = (
                    not glyphs and one.name not in INSIDE and any(map(_is_picture, _inside(one)))
                )
            except DataError:
                other = True
        else:
            other = (_is_data_file(one) and not sets) or (_is_picture(one) and (sets or glyphs))
        if other:
            reason = f"{one}: not looked at, as its folder holds other data. Name it by itself."
            account.leave_out("data of another kind in a folder", name=reason)


def _is_picture(path: Path) -> bool:
    return path.suffix.lower() in SUFFIXES and path.is_file()


def _glyphs(found: Characters, split: str, account: Account) -> Samples:
    """Normalized samples of a data set; pictures without any ink are left out."""
    for message in found.skipped:
        account.leave_out("unreadable pictures", name=message)
    for message in found.copies:
        account.leave_out("copies of pictures", name=message)
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
        data = read_npz(path, lambda name: name == "split")
        if "split" in data:
            splits = [str(name) for name in np.unique(data["split"])]
    except (OSError, ValueError):
        pass  # the loader says what is wrong with it
    return join([_glyphs(load_npz(path, one), split_named(one), account) for one in splits])


def _load_idx(path: Path, _: Aligner, account: Account) -> Samples:
    part = "test" if path.name.startswith("t10k") else split_named(path.name)
    return _glyphs(load_idx(path), part, account)


def _load_emnist_mat(path: Path, _: Aligner, account: Account) -> Samples:
    parts = (_glyphs(load_emnist_mat(path, one), one, account) for one in ("train", "test"))
    return join(list(parts))


def _load_nist36(path: Path, _: Aligner, account: Account) -> Samples:
    return _glyphs(load_nist36(path), split_named(path.stem), account)


def _load_glyph_folder(path: Path, _: Aligner, account: Account) -> Samples:
    return _glyphs(load_folder(path), "", account)


def _load_photo_letters(path: Path, aligner: Aligner, account: Account) -> Samples:
    parts = []
    for photo in _photos(path, account):
        images, labels = aligner.letters(photo, account)
        groups, cased = (Path(photo.title).name,) * len(labels), np.ones(len(labels), bool)
        splits = ("",) * len(labels)
        parts.append(Samples(tuple(images), tuple(labels), cased, groups, splits))
    return join(parts)


def _photos(
    path: Path,
    account: Account,
    transcribed: Collection[PageSource] = (),
    by_line: bool = False,
) -> Iterator[PageSource]:
    """The pictures of a folder, or pages of them, that have a text, or the one that was named.

    Drafts that nobody has confirmed and copies of pictures that came before are left out; with
    `by_line` a draft of which some lines are confirmed is not. The text of pictures `transcribed`
    stands in files of pages.
    """
    if is_page_file(path):
        known = list(transcribed)
    elif not path.is_dir():
        known = list(_known([path], ()))
    else:
        pictures = [
            one
            for one in sorted(path.iterdir())
            if one.suffix.lower() in SUFFIXES and not one.name.startswith(".")
        ]
        known = list(_known(pictures, transcribed))
        with_text = {one.path for one in known}
        without = sum(str(one) not in with_text for one in pictures)
        account.leave_out("pictures without a .gt.txt", without)
    for picture in known:
        truth = truth_path(Path(picture.path), picture.number, picture.pages)
        try:
            draft = picture not in transcribed and is_draft(truth)
            if draft and not (by_line and correction(picture)):
                reason = f"{truth}: a draft. Correct it and delete its first line."
                account.leave_out("drafts that nobody has confirmed", name=reason)
                continue
            digest = _digest(picture)
        except OcrError as error:
            account.leave_out("unreadable pictures or texts", name=str(error))
            continue
        if digest in account.seen:
            reason = f"{picture.title}: the same picture as {account.seen[digest]}."
            account.leave_out("copies of pictures", name=reason)
            continue
        account.seen[digest] = picture.title
        yield picture


def _known(pictures: Sequence[Path], transcribed: Collection[PageSource]) -> Iterator[PageSource]:
    """Of pictures those that have a text, and of files with several pages the pages that do."""
    pages: dict[str, list[PageSource]] = {}
    for one in sorted({*transcribed, *texts_of_pages(pictures)}, key=lambda one: one.number):
        pages.setdefault(one.path, []).append(one)
    for picture in pictures:
        whole, own = PageSource(str(picture)), pages.get(str(picture), [])
        if whole not in own and truth_path(picture).is_file():
            yield whole
        yield from own


def _digest(picture: PageSource) -> str:
    """A hash of what a picture shows, whatever it is called and however it is stored."""
    grey = picture.open().grey(COPY_SIDE)
    return hashlib.sha256(repr(grey.shape).encode() + grey.tobytes()).hexdigest()


def _load_photo_lines(path: Path, aligner: Aligner, account: Account) -> Samples:
    transcribed = transcribed_pages(path, account)

    def lines() -> Iterator[tuple[NDArray[np.float32], str, str, str]]:
        for photo in _photos(path, account, transcribed, by_line=True):
            file = Path(photo.path)
            group = file.stem + page_suffix(photo.number, photo.pages)
            try:
                corrected = correction(photo)
                if corrected is not None:
                    for image, text in confirmed_lines(photo, corrected, aligner.line_reader):
                        yield image, text, group, ""
                    continue
                if photo in transcribed:
                    truth = transcribed[photo].file
                    page = transcribed[photo].page()
                    account.named += [f"{truth}: {warning}." for warning in page.warnings]
                    for image, text in page_lines(page):
                        yield image, text, group, ""
                    continue
                picture = photo.open()
                truth = truth_path(file, photo.number, photo.pages)
                rows = [row for row in read_truth(truth).splitlines() if row.strip()]
                if len(rows) == 1 and picture.width >= LINE_SHAPE * picture.height:
                    cut = picture.height == LINE_HEIGHT and is_strip(file)
                    yield shown_line(picture, cut), rows[0], _page_of(group), ""
                    continue
            except OcrError as error:
                account.leave_out("unreadable pictures or texts", name=str(error))
                continue
            for image, text in aligner.lines(photo, account):
                yield image, text, group, ""

    return line_samples(lines(), account)


def _page_of(stem: str) -> str:
    """The page that a line's file name tells: all but the number at its end."""
    return re.sub(r"[-_. ]?\d+$", "", stem)


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
    "pages": _load_photo_lines,
    "line-zip": load_line_zip,
    "line-folder": load_line_folder,
}

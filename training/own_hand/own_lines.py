"""Pictures of single lines as samples, and tables that name such pictures with their texts."""

from __future__ import annotations

import io
import lzma
import struct
import zipfile
import zlib
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ocr.errors import DataError, OcrError, reason_of
from ocr.input.photo import Photo, open_image
from ocr.layout.polarity import dark_on_light
from ocr.lines.normalize import LINE_HEIGHT, normalize_line
from training.data.scans import even_light
from training.data.text import fold_text, writable
from training.own_hand.samples import SHOWN, Account, Samples, split_named
from training.synthesis.strips import fits

LINE_SIDE = 4000  # pixels, longest side at which the picture of a line is opened
MAX_FILE = 1 << 28  # bytes of a picture
MAX_TABLE, MAX_COLUMNS = 1 << 23, 32  # characters of a table: some 100,000 lines; and columns
ENCRYPTED = 1  # flag of a file in a .zip

# What zipfile raises: RuntimeError of encrypted files, NotImplementedError of other compressions.
UNREADABLE = (
    *(OSError, KeyError, ValueError, EOFError, RuntimeError, NotImplementedError, struct.error),
    *(zipfile.BadZipFile, zlib.error, lzma.LZMAError),
)


def line_samples(
    found: Iterable[tuple[NDArray[np.float32], str, str, str]], account: Account
) -> Samples:
    """Samples of lines, each with text, group and split; what cannot be learned is left out.

    Parameters
    ----------
    found : iterable of ((LINE_HEIGHT, W) float32 array, str, str, str)
        Grey: 0 ink, 1 paper.
    """
    images, labels, groups, splits = [], [], [], []
    for grey, text, group, split in found:
        text = fold_text(text)
        if not writable(text):
            strange = "".join(sorted({c for c in text if not writable(c) and c != " "}))[:SHOWN]
            unknown = f"lines with characters that the model does not know ({strange})"
            account.leave_out(unknown if text else "lines without any text")
            continue
        line = (grey * 255 + 0.5).astype(np.uint8)
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


def shown_line(picture: Photo, cut: bool) -> NDArray[np.float32]:
    """What the recognizer is shown of a picture of a line; of one that was `cut` so, all of it.

    Returns
    -------
    (LINE_HEIGHT, W) float32 array
        Grey: 0 ink, 1 paper.
    """
    grey = picture.grey(LINE_SIDE)
    if cut and len(grey) == LINE_HEIGHT:
        return grey
    return normalize_line(even_light(dark_on_light(picture).grey(LINE_SIDE)))


def load_line_zip(path: Path, _: object, account: Account) -> Samples:
    """The lines of a .zip with a ``lines.tsv``.

    Raises
    ------
    DataError
        The table is missing, or cannot be used.
    """
    try:
        with zipfile.ZipFile(path) as archive:

            def read(name: str) -> bytes:
                entry = archive.getinfo(name)
                if entry.file_size > MAX_FILE:
                    raise ValueError(f"more than {MAX_FILE >> 20} MiB")
                if entry.flag_bits & ENCRYPTED:
                    raise ValueError("it is encrypted")
                return archive.read(entry)

            return _table_lines(path, read, account)
    except UNREADABLE as error:
        raise DataError(f"{path}: not a .zip with a lines.tsv ({reason_of(error)}).") from None


def load_line_folder(path: Path, _: object, account: Account) -> Samples:
    """The lines of a folder with a ``lines.tsv``; of nothing that lies outside.

    Raises
    ------
    DataError
        As `load_line_zip`.
    """
    inside = path.resolve()

    def read(name: str) -> bytes:
        place = (path / name).resolve()
        if not place.is_relative_to(inside) or not place.is_file():
            raise ValueError("no file in this folder")
        if place.stat().st_size > MAX_FILE:
            raise ValueError(f"more than {MAX_FILE >> 20} MiB")
        return place.read_bytes()

    try:
        return _table_lines(path, read, account)
    except UNREADABLE as error:
        raise DataError(f"{path}: its lines.tsv cannot be read ({reason_of(error)}).") from None


def _table_lines(path: Path, read: Callable[[str], bytes], account: Account) -> Samples:
    """Lines by a table of tab-separated file, split, writer and text, with a head.

    A column "form" may say "strip": the picture is what the recognizer is shown, as it is.
    """
    try:
        text = read("lines.tsv").decode("utf-8-sig")
    except UnicodeDecodeError:
        raise DataError(f"{path}: its lines.tsv is not UTF-8. Save it as UTF-8.") from None
    if len(text) > MAX_TABLE:
        raise DataError(f"{path}: its lines.tsv has more than {MAX_TABLE >> 20} MiB. Divide it.")
    rows = [row.rstrip("\n").split("\t", MAX_COLUMNS) for row in io.StringIO(text, newline=None)]
    if not rows or not {"file", "text"} <= set(rows[0]):
        raise DataError(f"{path}: lines.tsv needs a head with at least file and text.")
    place = {name: column for column, name in enumerate(rows[0])}

    def cell(row: list[str], name: str) -> str:
        return row[place[name]] if name in place else ""

    named: set[str] = set()

    def lines() -> Iterator[tuple[NDArray[np.float32], str, str, str]]:
        for number, row in enumerate(rows[1:], start=2):
            if len(row) != len(rows[0]):
                account.leave_out(
                    "broken rows of a table", name=f"{path}: line {number} of lines.tsv is broken."
                )
                continue
            name = cell(row, "file")
            if name in named:  # each costs its reading, and learning it twice teaches nothing
                account.leave_out("copies of pictures", name=f"{path}: {name} is named again.")
                continue
            named.add(name)
            try:
                line = shown_line(
                    open_image(io.BytesIO(read(name)), name), cell(row, "form") == "strip"
                )
            except (OcrError, *UNREADABLE) as error:
                reason = f"{path}: {name} cannot be read ({reason_of(error)})."
                account.leave_out("unreadable pictures", name=reason)
                continue
            yield (
                line,
                cell(row, "text"),
                cell(row, "writer"),
                split_named(cell(row, "split")),
            )

    return line_samples(lines(), account)

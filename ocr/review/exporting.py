"""Write corrected pages in every format of `ocr read`."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

from ocr.formats import FORMATS, file_name, writer
from ocr.input.documents import PageSource, output_stems
from ocr.page import Page
from ocr.review.edits import EditError
from ocr.review.shelf import Shelf

KIND = "application/octet-stream"  # never shown by a browser, always kept as a file


@dataclass(frozen=True)
class Export:
    """A file to be kept: its name, kind, and content in pieces."""

    name: str
    kind: str
    pieces: Iterator[bytes]

    @property
    def quoted(self) -> str:
        """Its name as a header holds it."""
        return quote(self.name, safe="")


def export(shelf: Shelf, name: str, number: int | None, join: bool) -> Export:
    """One page, or all that have been read, as one file.

    Parameters
    ----------
    shelf : Shelf
    name : str
        A key of `ocr.formats.FORMATS`.
    number : int or None
        A page; None is all.
    join : bool
        Running text instead of lines, where it is text.

    Raises
    ------
    EditError
        There is no such format, or no page has been read.
    OutputError
        A package that writes it is not installed.
    OcrError
        The page cannot be exported, such as into a PDF if its photo is gone. Where one of several
        pages cannot, the pieces end with this error.
    """
    if name not in FORMATS:
        raise EditError("There is no such format.")
    form = FORMATS[name]
    form.require()
    numbers = [number] if number is not None else _read(shelf)
    if not numbers:
        raise EditError("No page has been read yet.")
    first = shelf.pages[numbers[0]]
    folders = {shelf.pages[one].stem.parent for one in numbers}
    stem = first.stem.name if len(numbers) == 1 else (first.stem.parent.name or "pages")
    if len(folders) > 1:
        stem = "pages"
    write = writer(name, join)

    def pages() -> Iterator[tuple[PageSource, Page]]:
        for page, doc in shelf.documents(numbers):
            yield page.source, doc.corrected()

    if len(numbers) == 1 or form.many:
        written = write(pages(), len(numbers) == 1)
        pieces: Iterator[bytes] = (p.encode() if isinstance(p, str) else p for p in written)
        if len(numbers) == 1:  # whole, so that what fails is told instead
            pieces = iter([b"".join(pieces)])
        return Export(f"{stem}{form.suffix}", KIND, pieces)
    return Export(f"{stem}{form.suffix}.zip", KIND, _zipped(shelf, numbers, name))


def _read(shelf: Shelf) -> list[int]:
    return [number for number, one in shelf.summaries().items() if one.state == "read"]


class _Pieces(io.RawIOBase):
    """A stream that is written to once, from its beginning to its end, and handed on in pieces."""

    def __init__(self) -> None:
        self._waiting: list[bytes] = []

    def writable(self) -> bool:
        return True

    def write(self, content: Any) -> int:
        self._waiting.append(bytes(content))
        return len(content)

    def taken(self) -> bytes:
        """What was written since it was asked for last."""
        content = b"".join(self._waiting)
        self._waiting.clear()
        return content


def _zipped(shelf: Shelf, numbers: list[int], name: str) -> Iterator[bytes]:
    """A zip with a file for each page, in pieces."""
    stream = _Pieces()
    paths = dict.fromkeys(shelf.pages[number].source.path for number in numbers)
    stems = output_stems([(path, Path(path).name) for path in paths])
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for page, doc in shelf.documents(numbers):
            pieces = writer(name)([(page.source, doc.corrected())], True)
            content = b"".join(p.encode() if isinstance(p, str) else p for p in pieces)
            archive.writestr(file_name(name, stems[page.source.path], page.source), content)
            yield stream.taken()
    yield stream.taken()

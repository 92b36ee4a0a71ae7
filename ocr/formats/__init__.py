"""What pages are written as: one module a format.

A format turns pages into pieces of one document, one after the other as they are read where the
format allows it, so that a thousand pages need no more memory than one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from functools import partial
from importlib import import_module
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from ocr.input.documents import PageSource
    from ocr.page import Page

    # (pages with where they come from, whether they are one input's) -> pieces of one document
    Writer = Callable[[Iterable[tuple[PageSource, Page]], bool], Iterator[str | bytes]]


class Format(NamedTuple):
    """How pages are written: the suffix of its files, its module, how much a file holds."""

    suffix: str
    module: str  # imported when something is written: the names of the formats cost nothing
    many: bool = True  # a file holds several pages
    also: tuple[str, ...] = ()  # other suffixes that its files are known by

    @property
    def suffixes(self) -> tuple[str, ...]:
        """All that its files may end in."""
        return (self.suffix, *self.also)

    @property
    def write(self) -> Callable[..., Iterator[str | bytes]]:
        """The function that makes its documents."""
        module = import_module(f"{__name__}.{self.module}")
        write: Callable[..., Iterator[str | bytes]] = module.write
        return write


FORMATS: dict[str, Format] = {
    "text": Format(".txt", "text"),
    "json": Format(".json", "json"),
    "ndjson": Format(".ndjson", "ndjson", also=(".jsonl",)),
    "tsv": Format(".tsv", "tsv"),
    "hocr": Format(".hocr", "hocr", also=(".html", ".htm")),
    "alto": Format(".alto.xml", "alto", many=False),
    "page": Format(".page.xml", "pagexml", many=False),
    "pdf": Format(".pdf", "pdf"),
}


def writer(name: str, join: bool = False) -> Writer:
    """The function of a format; `join` makes running text of lines where it is text."""
    write = FORMATS[name].write
    return partial(write, join=join) if name == "text" else write


def by_suffix(name: str) -> tuple[str, ...]:
    """The formats that a file of this name may have; none if its suffix tells nothing.

    Examples
    --------
    >>> by_suffix("a.json"), by_suffix("a.alto.xml"), by_suffix("a.xml"), by_suffix("a.log")
    (('json',), ('alto',), ('alto', 'page'), ())
    """
    name = name.lower()
    fitting = tuple(key for key, one in FORMATS.items() if name.endswith((one.suffix, *one.also)))
    return fitting or (("alto", "page") if name.endswith(".xml") else ())


def file_name(name: str, stem: str, source: PageSource) -> str:
    """The file that a page of a document is written to in a format.

    The same for all its pages, unless the format holds a single page and the document has several:
    then ``stem.page0001.suffix``, with the number of the page.
    """
    suffix = FORMATS[name].suffix
    if FORMATS[name].many or source.pages == 1:
        return f"{stem}{suffix}"
    return f"{stem}.page{source.number:04d}{suffix}"


def render(
    name: str, stem: str, pages: Iterable[tuple[PageSource, Page]], join: bool = False
) -> Iterator[tuple[str, Iterator[bytes]]]:
    """The files of one document in a format: the name of each, and its content in pieces.

    A file's pieces are to be used before the next file is asked for.

    Parameters
    ----------
    name : str
        A key of `FORMATS`.
    stem : str
        Name of the files without suffix.
    pages : iterable of (PageSource, Page)
        All pages of the document; no more than one is held at a time.
    join : bool
        Running text instead of lines, where it is text.
    """
    write = writer(name, join)
    if FORMATS[name].many:
        yield f"{stem}{FORMATS[name].suffix}", _encoded(write(pages, True))
        return
    for source, page in pages:
        yield file_name(name, stem, source), _encoded(write([(source, page)], True))


def _encoded(pieces: Iterable[str | bytes]) -> Iterator[bytes]:
    return (piece.encode() if isinstance(piece, str) else piece for piece in pieces)

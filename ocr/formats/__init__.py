"""What pages are written as, and read from: one module a format.

A format turns pages into pieces of one document, one after the other as they are read where the
format allows it, so that a thousand pages need no more memory than one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from functools import partial
from importlib import import_module
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from ocr.errors import OutputError

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
    photo: bool = False  # it shows the photo
    joins: bool = False  # it can be running text
    function: str = "write"  # of its module
    reads: bool = False  # `read_pages` reads it

    @property
    def suffixes(self) -> tuple[str, ...]:
        """All that its files may end in."""
        return (self.suffix, *self.also)

    @property
    def write(self) -> Callable[..., Iterator[str | bytes]]:
        """The function that makes its documents."""
        module = import_module(f"{__name__}.{self.module}")
        write: Callable[..., Iterator[str | bytes]] = getattr(module, self.function)
        return write

    def require(self) -> None:
        """Check, before anything is read, that the packages that write it are installed.

        Raises
        ------
        OutputError
            One is not.
        """
        module = import_module(f"{__name__}.{self.module}")
        if hasattr(module, "require"):
            module.require()


FORMATS: dict[str, Format] = {
    "text": Format(".txt", "text", joins=True),
    "markdown": Format(".md", "markdown", also=(".markdown",), joins=True),
    "html": Format(".html", "html", photo=True),
    "json": Format(".json", "json", reads=True),
    "ndjson": Format(".ndjson", "ndjson", also=(".jsonl",), reads=True),
    "csv": Format(".csv", "csv"),
    "csv-lines": Format(".lines.csv", "csv", function="write_lines"),
    "tsv": Format(".tsv", "tsv"),
    "hocr": Format(".hocr", "hocr", also=(".html", ".htm"), reads=True),
    "alto": Format(".alto.xml", "alto", many=False, reads=True),
    "page": Format(".page.xml", "pagexml", many=False, reads=True),
    "pdf": Format(".pdf", "pdf", photo=True),
    "docx": Format(".docx", "docx", joins=True),
}


def writer(name: str, join: bool = False) -> Writer:
    """The function of a format; `join` makes running text of lines where it is text."""
    write = FORMATS[name].write
    return partial(write, join=join) if FORMATS[name].joins else write


def by_suffix(name: str) -> tuple[str, ...]:
    """The formats that a file of this name may have, the likeliest first; none if it tells nothing.

    Examples
    --------
    >>> by_suffix("a.json"), by_suffix("a.alto.xml"), by_suffix("a.xml"), by_suffix("a.log")
    (('json',), ('alto',), ('alto', 'page'), ())
    >>> by_suffix("a.html"), by_suffix("a.lines.csv")
    (('html', 'hocr'), ('csv-lines', 'csv'))
    """
    name = name.lower()
    own = [key for key, one in FORMATS.items() if name.endswith(one.suffix)]
    own.sort(key=lambda key: -len(FORMATS[key].suffix))
    other = [key for key, one in FORMATS.items() if one.also and name.endswith(one.also)]
    return (*own, *other) or (("alto", "page") if name.endswith(".xml") else ())


def format_of(name: str) -> str | None:
    """The format of a file of this name; None if its suffix does not tell.

    Examples
    --------
    >>> format_of("a.html"), format_of("a.htm"), format_of("a.xml"), format_of("a.log")
    ('html', 'hocr', None, None)
    """
    fitting = by_suffix(name)
    return (
        None if len(fitting) != 1 and name.lower().endswith(".xml") else next(iter(fitting), None)
    )


def save(page: Page, path: str | PathLike[str], format: str | None = None) -> None:
    """Write one page into a file; see `ocr.page.Page.save`."""
    from ocr.formats.output import replacing
    from ocr.input.documents import PageSource
    from ocr.input.photo import Photo

    target = Path(path)
    name = format_of(target.name) if format is None else format
    if name not in FORMATS:
        unknown = format or target.suffix or target.name
        raise ValueError(f"{unknown}: which format? Known are {', '.join(FORMATS)}.")
    photo = page.photo
    if isinstance(photo, Photo):
        content = photo.source if isinstance(photo.source, bytes) else None
        path = photo.name if content is not None else str(photo.source)
        source = PageSource(path, photo.page, content=content)
    elif FORMATS[name].photo:
        raise OutputError(
            f"{target}: {name} shows the photo, which this page does not know. Put it beside the "
            "file that the page was read from, or choose another format."
        )
    else:
        source = PageSource(target.stem)
    with replacing(target) as stream:
        for piece in _encoded(writer(name)([(source, page)], True)):
            stream.write(piece)


def read_page(path: str | PathLike[str], images: str | PathLike[str] | None = None) -> Page:
    """The page that a file describes; see `ocr.formats.reading.read_page`."""
    page: Page = import_module(f"{__name__}.reading").read_page(path, images)
    return page


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

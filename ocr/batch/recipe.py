"""How a document becomes files: what each worker of a run over many files does with it."""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ocr import __version__
from ocr.batch.tasks import PartResult

# Nothing heavy here: worker processes import this before they have set their threads.
if TYPE_CHECKING:
    from ocr.input.documents import Document, PageSource
    from ocr.layout.read_line import ReadLine
    from ocr.page import Page
    from ocr.reader import Reader

PART_PAGES = 4  # of a document that are read at one go: few, so that all processes have work
Part = tuple[list[int], int]  # numbers of its pages, and how many the document has


@dataclass(frozen=True)
class ReadDocument:
    """See `ocr.batch.tasks.Recipe`.

    Attributes
    ----------
    options : tuple of (str, Any)
        What `ocr.reader.Reader` is made with, hashable.
    formats : tuple of str
        Keys of `ocr.formats.FORMATS`.
    join : bool
        Running text instead of lines, where it is text.
    drafts : bool
        Write a draft of its ground truth beside each photo too.
    line_images : str or None
        Folder for pictures of the lines.
    """

    options: tuple[tuple[str, Any], ...]
    formats: tuple[str, ...]
    join: bool = False
    drafts: bool = False
    line_images: str | None = None

    def settings(self) -> str:
        return _settings(self)

    def own_weights(self) -> dict[str, Path]:
        """Weight files asked for that are not installed, by the names they are asked for."""
        from ocr.weights import find_weights, installed

        wanted = [dict(self.options).get(role) for role in ("model", "language")]
        names = [str(name) for name in wanted if name not in (None, "auto", "none")]
        found = {name: find_weights(name) for name in names}
        return {name: path for name, path in found.items() if path not in installed()}

    def content(self, document: Document) -> Path | bytes:
        from ocr.input.sources import read_source

        if document.content is not None:
            return document.content
        return read_source(document.path, document.name)

    def about(self, document: Document) -> str:
        return f"{document.ranges} {document.dpi}"

    def outputs(self, document: Document) -> list[str]:
        """Names of the files; for a format of one page a file, with and without the page number."""
        from ocr.formats import FORMATS

        names = []
        for format_ in self.formats:
            suffix = FORMATS[format_].suffix
            names.append(f"{document.stem}{suffix}")
            if not FORMATS[format_].many:
                names.append(f"{document.stem}.page0001{suffix}")
        return names

    def parts(self, document: Document, content: Path | bytes) -> list[Part]:
        """The pages in groups, so that several processes can read a long document."""
        sources = document.sources(content)
        pages = sources[0].pages
        # Stdin cannot be read twice.
        most = len(sources) if document.path == "-" else PART_PAGES
        numbers = [source.number for source in sources]
        return [(numbers[k : k + most], pages) for k in range(0, len(numbers), most)]

    def read(self, document: Document, content: Path | bytes, part: Part) -> PartResult:
        """Read some pages of the document, into rows of JSON; if one fails, all fail."""
        from ocr.evaluation.drafts import write_drafts

        reader = _reader(self.options)
        rows: list[str] = []
        warnings: list[str] = []
        accounts: list[str] = []
        for source in _sources(document, content, part):
            lines: list[ReadLine] = []
            start = time.perf_counter()
            if self.drafts or self.line_images is not None:
                page = reader.read(source.open(), on_line=lines.append)
                warnings += write_drafts(
                    source, page, lines, document.stem, self.drafts, self.line_images
                )
            else:
                page = reader.read(source.open())
            warnings += [f"{source.title}: {warning}" for warning in page.warnings]
            accounts.append(describe(source, page, time.perf_counter() - start))
            row = (source.number, source.pages, page.to_dict())
            rows.append(json.dumps(row, ensure_ascii=False) + "\n")
        return PartResult("".join(rows).encode(), tuple(warnings), tuple(accounts))

    def files(
        self, document: Document, content: Path | bytes, data: Callable[[], Iterator[bytes]]
    ) -> Iterator[tuple[str, Iterator[bytes]]]:
        """The document in each format."""
        from ocr.formats import render
        from ocr.page import Page

        def pages() -> Iterator[tuple[PageSource, Page]]:
            for part in data():
                for row in part.decode().split("\n")[:-1]:
                    number, count, page = json.loads(row)
                    (source,) = _sources(document, content, ([number], count))
                    yield source, Page.from_dict(page)

        for format_ in self.formats:
            yield from render(format_, document.stem, pages(), self.join)


def _sources(document: Document, content: Path | bytes, part: Part) -> list[PageSource]:
    from ocr.input.documents import PageSource

    numbers, pages = part
    kept = content if isinstance(content, bytes) else None
    return [PageSource(document.path, n, pages, document.dpi, kept) for n in numbers]


def describe(source: PageSource, page: Page, seconds: float) -> str:
    """A sentence for people: what was read of a page, how surely, how, and in what time."""
    if not page.lines:
        return f"{source.title}: blank, {seconds:.2f} s"
    counts = (len(page.lines), "line"), (len(page.letters), "character")
    lines, characters = (f"{n:,} {what}{'' if n == 1 else 's'}" for n, what in counts)
    return (
        f"{source.title}: {lines}, {characters}, {page.confidence:.0%} sure, by {page.engine}, "
        f"{seconds:.2f} s"
    )


def forget() -> None:
    """Drop what this process has loaded: a weight file may have changed."""
    _reader.cache_clear()
    _settings.cache_clear()


@lru_cache(maxsize=1)
def _reader(options: tuple[tuple[str, Any], ...]) -> Reader:
    """One reader for all that a process reads: its models are loaded once."""
    from ocr.reader import Reader

    return Reader(**dict(options))


@lru_cache(maxsize=1)
def _settings(recipe: ReadDocument) -> str:
    from ocr.weights import installed, sha256

    weights = [*installed(), *recipe.own_weights().values()]
    about = {
        "version": __version__,
        "recipe": asdict(recipe),
        "weights": sorted((path.name, sha256(path)) for path in weights),
    }
    return hashlib.sha256(json.dumps(about, sort_keys=True).encode()).hexdigest()

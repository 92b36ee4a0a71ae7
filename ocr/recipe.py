"""How a document becomes files: what each worker of a run over many files does with it."""

from __future__ import annotations

import hashlib
import json
import time
from dataclasses import asdict, dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ocr import __version__
from ocr.batch import Results

# Nothing heavy here: worker processes import this before they have set their threads.
if TYPE_CHECKING:
    from ocr.inputs import Document, PageSource
    from ocr.page import Page
    from ocr.reader import Reader, ReadLine


@dataclass(frozen=True)
class ReadDocument:
    """See `ocr.batch.Recipe`.

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

    def content(self, document: Document) -> Path | bytes:
        from ocr.images import read_source

        return read_source(document.path, document.name)

    def about(self, document: Document) -> str:
        return f"{document.ranges} {document.dpi}"

    def outputs(self, document: Document) -> list[str]:
        """Of a format with a page a file, the name of both a single and the first of many."""
        from ocr.formats import FORMATS

        names = []
        for format_ in self.formats:
            suffix = FORMATS[format_].suffix
            names.append(f"{document.stem}{suffix}")
            if not FORMATS[format_].many:
                names.append(f"{document.stem}.page0001{suffix}")
        return names

    def results(self, document: Document, content: Path | bytes) -> Results:
        """All pages of the document, in each format; an error of one is that of all."""
        from ocr.drafts import write_drafts
        from ocr.formats import render

        reader = _reader(self.options)
        pages: list[tuple[PageSource, Page]] = []
        warnings: list[str] = []
        told: list[str] = []
        for source in document.sources(content):
            lines: list[ReadLine] = []
            start = time.perf_counter()
            if self.drafts or self.line_images is not None:
                page = reader.read(source.open(), on_line=lines.append)
                warnings += write_drafts(source, page, lines, self.drafts, self.line_images)
            else:
                page = reader.read(source.open())
            warnings += [f"{source.title}: {warning}" for warning in page.warnings]
            told.append(describe(source, page, time.perf_counter() - start))
            pages.append((source, page))
        files = {
            name: data
            for format_ in self.formats
            for name, data in render(format_, document.stem, pages, self.join)
        }
        return Results(files, tuple(warnings), tuple(told))


def describe(source: PageSource, page: Page, seconds: float) -> str:
    """What was read of a page, how surely, in what way and how long it took, for people."""
    if not page.lines:
        return f"{source.title}: blank, {seconds:.2f} s"
    counts = (len(page.lines), "line"), (len(page.letters), "character")
    lines, characters = (f"{n:,} {what}{'' if n == 1 else 's'}" for n, what in counts)
    return (
        f"{source.title}: {lines}, {characters}, {page.confidence:.0%} sure, by {page.engine}, "
        f"{seconds:.2f} s"
    )


@lru_cache(maxsize=1)
def _reader(options: tuple[tuple[str, Any], ...]) -> Reader:
    """One reader for all that a process reads: its models are loaded once."""
    from ocr.reader import Reader

    return Reader(**dict(options))


@lru_cache(maxsize=1)
def _settings(recipe: ReadDocument) -> str:
    from ocr.weights import find_weights, installed, sha256

    weights = installed()
    for role in ("model", "language"):
        name = dict(recipe.options).get(role)
        if name not in (None, "auto", "none"):
            weights.append(find_weights(str(name)))
    about = {
        "version": __version__,
        "recipe": asdict(recipe),
        "weights": sorted((path.name, sha256(path)) for path in weights),
    }
    return hashlib.sha256(json.dumps(about, sort_keys=True).encode()).hexdigest()

"""Word documents: the lines of each page, parted into paragraphs."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterable, Iterator

from ocr.config import install_hint
from ocr.errors import OutputError
from ocr.formats.text import join_lines, paragraphs
from ocr.formats.xml import legal
from ocr.input.documents import PageSource
from ocr.page import Page

DATE = (1980, 1, 1, 0, 0, 0)  # of the files inside: the same input gives the same bytes


def require() -> None:
    """Check, before anything is read, that Word documents can be written.

    Raises
    ------
    OutputError
        The package that writes them is not installed.
    """
    try:
        import docx  # noqa: F401
    except ImportError:
        raise OutputError(f"Writing Word needs one more package: {install_hint('docx')}") from None


def write(
    pages: Iterable[tuple[PageSource, Page]], single: bool, join: bool = False
) -> Iterator[bytes]:
    """One document; a page of the input begins a page, of several inputs under its name.

    Raises
    ------
    OutputError
        See `require`.
    """
    require()
    from docx import Document

    document = Document()
    for k, (source, page) in enumerate(pages):
        if k:
            document.add_page_break()
        if not single:
            document.add_heading(legal(source.title), 2)
        for block in page.blocks:
            for lines in paragraphs(block):
                rows = [join_lines(lines)] if join else [line.text for line in lines]
                document.add_paragraph(legal("\n".join(rows)))
    written, result = io.BytesIO(), io.BytesIO()
    document.save(written)
    with zipfile.ZipFile(written) as old, zipfile.ZipFile(result, "w") as new:
        for name in sorted(old.namelist(), key=lambda name: (name != "[Content_Types].xml", name)):
            about = zipfile.ZipInfo(name, DATE)
            new.writestr(about, old.read(name), zipfile.ZIP_DEFLATED)
    yield result.getvalue()

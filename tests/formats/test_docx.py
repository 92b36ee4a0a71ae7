"""ocr.formats.docx, as python-docx reads it."""

import io

import pytest
from format_fakes import BLANK, TWO_LINES, small_word

from ocr.errors import OutputError
from ocr.formats import FORMATS, writer
from ocr.input.documents import PageSource
from ocr.page import Line, Page


def test_docx():
    docx = pytest.importorskip("docx")
    pages = [(PageSource("a.tif", k, 2), page) for k, page in enumerate((TWO_LINES, BLANK), 1)]
    first, second = (b"".join(writer("docx")(iter(pages), True)) for _ in range(2))
    assert first == second
    text = [one.text for one in docx.Document(io.BytesIO(first)).paragraphs]
    assert text[0].startswith("ab c")
    odd = Page(20, 40, (Line((small_word("a\uffff\x1b", 0),)),))
    several = [(PageSource("\x1b[31m\udcff.png"), odd), (PageSource("b.png"), odd)]
    read = docx.Document(io.BytesIO(b"".join(writer("docx")(iter(several), False))))
    assert [one.text for one in read.paragraphs][:2] == ["\ufffd[31m\ufffd.png", "a\ufffd\ufffd"]


def test_docx_without_the_package(monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "docx", None)
    with pytest.raises(OutputError, match=r"ocr\[docx\]"):
        FORMATS["docx"].require()

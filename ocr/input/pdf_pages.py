"""Pages of PDF files as pictures."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from PIL import Image

from ocr.config import install_hint
from ocr.errors import ImageError
from ocr.input.sources import first_bytes

if TYPE_CHECKING:
    from pypdfium2 import PdfDocument

PDF_MAGIC = b"%PDF-"
PDF_MAY_BEGIN = b"\xef\xbb\xbf \t\r\n\0"  # byte order mark and blanks ahead of it
POINT = 72  # PDF units an inch

_pdfium = threading.Lock()  # which one thread may use at a time


def is_pdf(source: Path | bytes, name: str) -> bool:
    return first_bytes(source, name).lstrip(PDF_MAY_BEGIN).startswith(PDF_MAGIC)


def _is_encrypted(source: Path | bytes) -> bool:
    """Whether a PDF's trailer names how it is encrypted."""
    return b"/Encrypt" in (source if isinstance(source, bytes) else source.read_bytes())


@contextmanager
def opened_pdf(source: Path | bytes, name: str) -> Iterator[PdfDocument]:
    """A PDF file, with every failure inside the block turned into ImageError."""
    try:
        import pypdfium2
    except ImportError:
        raise ImageError(
            f"{name}: a PDF file, which needs one more package: {install_hint('pdf')}"
        ) from None
    with _pdfium:
        try:
            document = pypdfium2.PdfDocument(source)
        except pypdfium2.PdfiumError as error:
            # The code may be that of an earlier file: PDFium sets none where there is no page.
            code = getattr(error, "err_code", None)
            if code == pypdfium2.raw.FPDF_ERR_PASSWORD and _is_encrypted(source):
                reason = "needs a password. Save it without one and retry"
            else:
                reason = "the PDF is truncated or damaged, or empty. Copy or download it again"
            raise ImageError(f"{name}: {reason}.") from None
        try:
            yield document
        except pypdfium2.PdfiumError:
            raise ImageError(
                f"{name}: the PDF is truncated or damaged. Copy or download it again."
            ) from None
        finally:
            document.close()


def rendered(source: Path | bytes, name: str, page: int, size: tuple[int, int]) -> Image.Image:
    """A page of a PDF at about `size` (width, height): a side may be a pixel longer."""
    with opened_pdf(source, name) as document:
        opened = document[page - 1]
        width, height = opened.get_size()
        scale = max(size[0] / width, size[1] / height)
        picture = opened.render(scale=scale, rev_byteorder=True).to_pil().convert("RGB")
    return picture.crop((0, 0, max(size[0], 1), max(size[1], 1)))

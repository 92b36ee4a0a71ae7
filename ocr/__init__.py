"""Read handwriting from photos and scans, offline, on a plain CPU.

>>> import ocr
>>> page = ocr.read("photo.jpg")  # doctest: +SKIP
>>> print(page.text)  # doctest: +SKIP
"""

from __future__ import annotations

from os import PathLike
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ocr.page import Page

__version__ = "0.1.0"
__all__ = ["__version__", "read"]


def read(path: str | PathLike[str], **options: Any) -> Page:
    """Read one image file; the short form of ``Reader(**options).read(path)``.

    Parameters
    ----------
    path : str or path-like
        An image file.
    **options
        Passed to `ocr.reader.Reader`: `engine`, `model`, `charset`.

    Returns
    -------
    Page

    Raises
    ------
    ocr.errors.ImageError
        The file is missing or is not an image.
    ocr.errors.ModelError
        A weight file is missing or unusable.
    """
    from ocr.reader import Reader

    return Reader(**options).read(path)

"""Lines that were confirmed in `ocr review`: `photo.gt.json` beside the photo says which."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ocr.errors import OcrError
from ocr.input.documents import PageSource
from ocr.reader import Reader
from ocr.review.document import Reviewed
from ocr.review.pages import ReviewPage
from ocr.review.reading import Recognizer


def correction(photo: Path) -> Reviewed | None:
    """A photo's correction, if there is one that a person has begun."""
    page = ReviewPage(1, PageSource(str(photo)), photo.with_name(photo.stem))
    try:
        doc = page.load()
    except OcrError:
        return None  # the text beside the photo is what counts then
    return doc if doc is not None and doc.touched and doc.confirmed else None


def confirmed_lines(
    photo: Path, doc: Reviewed, reader: Reader
) -> list[tuple[NDArray[np.float32], str]]:
    """The strips of the confirmed lines of a photo, as they are read, with their texts.

    Raises
    ------
    ImageError
        The photo cannot be opened.
    """
    entries = [one for one in doc.kept if one.line.confirmed and one.line.words]
    strips = Recognizer(reader).strips(PageSource(str(photo)).open(), doc, entries)
    return [(strip, one.line.text) for strip, one in zip(strips, entries, strict=True)]

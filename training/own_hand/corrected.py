"""Lines that were confirmed in `ocr review`: `photo.gt.json` beside the photo says which."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ocr.errors import OcrError
from ocr.evaluation.ground_truth import stem_beside
from ocr.input.documents import PageSource
from ocr.reader import Reader
from ocr.review.document import Reviewed
from ocr.review.pages import ReviewPage
from ocr.review.reading import Recognizer


def correction(photo: PageSource) -> Reviewed | None:
    """A page's correction, if a person has confirmed lines of it; with what a person has written
    into the text beside the photo since, and in the pixels of the photo as it is now."""
    page = ReviewPage(1, photo, stem_beside(Path(photo.path), photo.number, photo.pages))
    try:
        doc = page.load()
        if doc is None or not doc.confirmed:
            return None
        doc, _ = page.with_text(doc)
    except OcrError:
        return None  # damaged, or of a photo cut since: the text beside it is what counts then
    return doc if doc.confirmed else None


def confirmed_lines(
    photo: PageSource, doc: Reviewed, reader: Reader
) -> list[tuple[NDArray[np.float32], str]]:
    """The strips of the confirmed lines of a page, as they are read, with their texts.

    Raises
    ------
    ImageError
        The photo cannot be opened.
    """
    entries = [one for one in doc.kept if one.line.confirmed and one.line.words]
    strips = Recognizer(reader).strips(photo.open(), doc, entries)
    return [(strip, one.line.text) for strip, one in zip(strips, entries, strict=True)]

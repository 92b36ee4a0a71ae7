"""The one place that orders the stages: photo -> letters -> lines -> words -> `Page`."""

from __future__ import annotations

from functools import cached_property
from itertools import pairwise
from os import PathLike
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from ocr.errors import ModelError
from ocr.page import Box, Letter, Line, Page, Word

if TYPE_CHECKING:
    from ocr.classifiers import Classifier
    from ocr.context import Reading
    from ocr.find_letters import OnStage, Segmentation
    from ocr.images import Photo
    from ocr.language import NgramModel

ENGINES = ("auto", "letters")
DEFAULT_CLASSIFIER = "glyphs.onnx"
LANGUAGE = "english.npz"

NOTHING_FOUND = "nothing that looks like writing was found"


class Reader:
    """Reads photos; loads its models once, when first needed.

    Parameters
    ----------
    engine : {"auto", "letters"}
        The way of reading: "letters" finds single characters and classifies each; "auto" chooses.
    model : str or path, optional
        Weight file of the classifier, a path or the name of an installed one.
    charset : str, optional
        The only characters that may be read. None is all that the model knows.

    Raises
    ------
    ValueError
        If there is no such engine.
    ModelError
        On first use: a weight file is missing or unusable, or knows no character of `charset`.
    """

    def __init__(
        self,
        engine: str = "auto",
        model: str | PathLike[str] | None = None,
        charset: str | None = None,
    ) -> None:
        if engine not in ENGINES:
            raise ValueError(f"engine must be one of {', '.join(ENGINES)}, got {engine!r}")
        self.engine = engine
        self.model = str(model) if model is not None else DEFAULT_CLASSIFIER
        self.charset = charset

    @cached_property
    def classifier(self) -> Classifier:
        from ocr.classifiers import load_classifier

        classifier = load_classifier(self.model)
        if self.charset is not None and not set(self.charset) & set(classifier.charset):
            raise ModelError(
                f"{self.model}: knows none of the characters {self.charset!r}. It knows "
                f"{''.join(classifier.charset)}"
            )
        return classifier

    @cached_property
    def language(self) -> NgramModel:
        from ocr.language import load_language

        return load_language(LANGUAGE)

    def read(self, source: str | PathLike[str] | Photo, on_stage: OnStage | None = None) -> Page:
        """Read one image.

        Parameters
        ----------
        source : path, "-" for stdin, or Photo
        on_stage : callable, optional
            Called with the name and the grey picture of each stage on the way.

        Returns
        -------
        Page
            Boxes in pixels of the upright original. Without lines, and with a warning, if nothing
            looks like writing.

        Raises
        ------
        ocr.errors.ImageError
            If the image cannot be read.
        """
        from ocr.images import Photo, open_image

        photo = source if isinstance(source, Photo) else open_image(source)
        found = self._segment(photo, on_stage)
        lines = self._read_letters(found, photo) if found is not None else ()
        return Page(
            height=photo.height,
            width=photo.width,
            lines=lines,
            engine="letters",
            warnings=() if lines else (NOTHING_FOUND,),
        )

    def _segment(self, photo: Photo, on_stage: OnStage | None) -> Segmentation | None:
        from ocr.find_letters import COARSE_SIDE, segment, working_side

        side = working_side(photo.grey(COARSE_SIDE))
        if side == 0:
            return None
        found = segment(photo.grey(round(side)), on_stage)
        return found if len(found.boxes) else None

    def _read_letters(self, found: Segmentation, photo: Photo) -> tuple[Line, ...]:
        from ocr.context import LineGlyphs, decode_page
        from ocr.doubts import settle
        from ocr.find_letters import scale_boxes
        from ocr.glyphs import glyph_stack
        from ocr.group_lines import group_lines, word_starts

        found = settle(found, self.classifier)
        glyphs = glyph_stack([found.glyph(k) for k in range(len(found.boxes))])
        proba = self.classifier.predict_proba(glyphs)
        rows = group_lines(found.boxes)
        starts = word_starts(found.boxes, rows)
        lines = [
            LineGlyphs(proba[row], found.boxes[row], start)
            for row, start in zip(rows, starts, strict=True)
        ]
        allowed = None if self.charset is None else set(self.charset)
        texts = decode_page(lines, self.classifier.charset, self.language, allowed)
        boxes = scale_boxes(found.boxes, found.labels.shape, (photo.height, photo.width))
        return tuple(
            _line(boxes[row], text, start)
            for row, text, start in zip(rows, texts, starts, strict=True)
        )


def _line(boxes: NDArray[np.intp], text: list[Reading], starts: NDArray[np.bool_]) -> Line:
    from ocr.group_lines import baseline, outline

    letters = [
        Letter(Box(*(int(side) for side in box)), *reading)
        for box, reading in zip(boxes, text, strict=True)
    ]
    begins = [*np.flatnonzero(starts).tolist(), len(letters)]
    base = baseline(boxes)
    return Line(
        words=tuple(Word(tuple(letters[a:b])) for a, b in pairwise(begins)),
        baseline=base,
        polygon=outline(boxes, base),
    )

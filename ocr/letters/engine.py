"""Read a page letter by letter, the course's way: find characters, classify each, group them.

`find_letters` finds them, `group_lines` makes lines of them and `word_gaps` words, a classifier
reads each, and `context` settles what one alone cannot tell. It is asked the same questions as
`ocr.lines.engine.LinesEngine`, so that one function turns pages upright for both.
"""

from __future__ import annotations

from functools import partial
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from ocr.layout.page_network import Layout, PageFinder
from ocr.layout.picture import Picture
from ocr.layout.read_line import ReadLine
from ocr.layout.reading_order import reading_order
from ocr.layout.rows import joined
from ocr.layout.stages import OnStage
from ocr.layout.strips import Strip, TextLine, fitted_strip
from ocr.letters.classifiers.base import Classifier
from ocr.letters.context import LetterReading, LineGlyphs, decode_page, shapes
from ocr.letters.doubts import settle
from ocr.letters.find_letters import segment
from ocr.letters.glyphs import glyph_stack
from ocr.letters.group_lines import group_lines
from ocr.letters.segmentation import Segmentation, scale_boxes
from ocr.letters.standing import standing
from ocr.letters.word_gaps import word_starts
from ocr.lines.engine import PageReading, legible, outlined, renumbered
from ocr.lines.language import Lexicon, NgramModel, flat, likeliest
from ocr.page import Box, Letter, Line, Word

SAMPLE = 64  # letters that tell how well a page reads: some, to save time


class LettersEngine:
    """Reads pages letter by letter.

    Parameters
    ----------
    classifier : Classifier
    finder : PageFinder
    languages : tuple of NgramModel
        To choose from; none if only the ink counts.
    charset : str, optional
        The only characters that may be read.
    lexicon : Lexicon, optional
        Words to be expected.
    """

    def __init__(
        self,
        classifier: Classifier,
        finder: PageFinder,
        languages: tuple[NgramModel, ...] = (),
        charset: str | None = None,
        lexicon: Lexicon | None = None,
    ) -> None:
        self.classifier, self.finder, self.languages = classifier, finder, languages
        self.charset, self.lexicon = charset, lexicon

    def find(self, picture: Picture, side: int | None = None) -> Layout:
        """Where the text lines of a page run; see `PageFinder.find`."""
        return self.finder.find(picture, side)

    def confidence(self, picture: Picture, layout: Layout) -> float:
        """How surely a sample of a page's letters reads, each by itself; 0 if there is none."""
        found, _, _ = segment(picture, layout)
        count = len(found.boxes)
        chosen = np.linspace(0, count - 1, min(count, SAMPLE)).astype(int)
        proba = self.classifier.predict_proba(glyph_stack([found.glyph(k) for k in chosen]))
        return float(self._sure(proba).mean()) if count else 0.0

    def show(self, picture: Picture, layout: Layout, on_stage: OnStage) -> None:
        """Call `on_stage` with the name and the picture of each step of finding letters."""
        segment(picture, layout, on_stage)

    def read(self, picture: Picture, layout: Layout) -> PageReading:
        """Read a page; boxes are in pixels of `picture`."""
        found, lines, scale = segment(picture, layout)
        if not len(found.boxes):
            return PageReading([])
        found, glyphs, proba = settle(found, self.classifier)
        rows = group_lines(found.boxes, lines)
        sure = self._sure(proba)
        text_lines, blocks = _text_lines(found.boxes, rows, lines)
        keep = legible(
            np.array([len(row) for row in rows]),
            np.array([sure[row].mean() for row in rows]),
            np.array([line.score for line in text_lines]),
        )
        starts = word_starts(found.level_boxes, rows)
        texts = self._decoded(proba, found.level_boxes, rows, starts)
        size = (picture.height, picture.width)
        boxes = scale_boxes(found.boxes, found.labels.shape, size)
        read = []
        for k in np.flatnonzero(keep):
            row, line = rows[k], text_lines[k].scaled(scale)
            base = tuple((round(float(y), 1), round(float(x), 1)) for y, x in line.baseline)
            outline = outlined(line.baseline, boxes[row], line.x_height)
            words = _words(boxes[row], texts[k], starts[k])
            cut = partial(_cut, found, text_lines[k])
            read.append(ReadLine(Line(words, base, outline, blocks[k]), cut, glyphs[row]))
        lost = (
            Box.around(Box(*box) for box in boxes[rows[k]].tolist()) for k in np.flatnonzero(~keep)
        )
        return PageReading(renumbered(read), float(sure.mean()), tuple(lost))

    def _sure(self, proba: NDArray[np.float32]) -> NDArray[np.float32]:
        """(N,) probability of each letter's likeliest shape, look-alikes counted together."""
        return np.asarray((proba @ shapes(self.classifier.charset)).max(axis=1, initial=0))

    def _decoded(
        self,
        proba: NDArray[np.float32],
        boxes: NDArray[np.intp],
        rows: list[NDArray[np.intp]],
        starts: list[NDArray[np.bool_]],
    ) -> list[list[LetterReading]]:
        """What the letters of each line say, in the likeliest language."""
        charset = self.classifier.charset
        glyph_lines = [
            LineGlyphs(proba[row], boxes[row], start)
            for row, start in zip(rows, starts, strict=True)
        ]
        seen = ("".join(charset[k] for k in proba[row].argmax(axis=1)) for row in rows)
        languages = self.languages or (flat(),)
        language = languages[likeliest(languages, seen)]
        allowed = None if self.charset is None else set(self.charset)
        return decode_page(glyph_lines, charset, language, allowed, self.lexicon)


def _cut(found: Segmentation, line: TextLine) -> Strip:
    return fitted_strip(found.darkness, line)


def _text_lines(
    boxes: NDArray[np.intp], rows: list[NDArray[np.intp]], lines: list[TextLine]
) -> tuple[list[TextLine], list[int]]:
    """For each row of characters the text line that most of them stand in, and its block."""
    places: dict[int, tuple[TextLine, int]] = {}
    for block, numbers in enumerate(reading_order(lines), start=1):
        for row in numbers:
            whole = joined([lines[k] for k in row])
            places.update(dict.fromkeys(row, (whole, block)))
    stand = standing(boxes, lines).line
    chosen = [places[int(np.bincount(stand[row]).argmax())] for row in rows]
    return [line for line, _ in chosen], [block for _, block in chosen]


def _words(
    boxes: NDArray[np.intp], text: list[LetterReading], starts: NDArray[np.bool_]
) -> tuple[Word, ...]:
    letters = [
        Letter(Box(*(int(side) for side in box)), *reading)
        for box, reading in zip(boxes, text, strict=True)
    ]
    begins = [*np.flatnonzero(starts).tolist(), len(letters)]
    return tuple(Word(tuple(letters[a:b])) for a, b in pairwise(begins))

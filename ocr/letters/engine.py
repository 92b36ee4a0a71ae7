"""Read a page letter by letter, the course's way: find characters, classify each, group them.

`ocr.letters.find_letters` finds them, `ocr.letters.group_lines` makes lines and words of them, a
classifier reads each, and `ocr.letters.context` settles what one alone cannot tell.
"""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from ocr.layout.orientation import Turned
from ocr.layout.read_line import ReadLine
from ocr.layout.sheet import Picture
from ocr.letters.baselines import Points, baselines, outline
from ocr.letters.classifiers.base import Classifier
from ocr.letters.context import LineGlyphs, Reading, decode_page
from ocr.letters.doubts import settle
from ocr.letters.find_letters import COARSE_SIDE, OnStage, Segmentation, scale_boxes, survey
from ocr.letters.glyphs import glyph_stack
from ocr.letters.group_lines import find_lines, word_starts
from ocr.letters.line_images import cut_line
from ocr.letters.way_up import quarter_turns
from ocr.lines.language import Lexicon, NgramModel, flat, likeliest
from ocr.page import Box, Letter, Line, Word


class LettersEngine:
    """Reads pages letter by letter.

    Parameters
    ----------
    classifier : Classifier
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
        languages: tuple[NgramModel, ...] = (),
        charset: str | None = None,
        lexicon: Lexicon | None = None,
    ) -> None:
        self.classifier, self.languages = classifier, languages
        self.charset, self.lexicon = charset, lexicon

    def read_upright(
        self, picture: Picture, on_stage: OnStage | None = None
    ) -> tuple[int, list[ReadLine]]:
        """Read a page, turned upright by its letters: the quarter turns to the left, the lines."""
        found = segmented(picture, on_stage)
        if found is None:
            return 0, []
        turns = quarter_turns(found, self.classifier)
        if turns:
            picture = Turned(picture, turns)
            found = segmented(picture, on_stage)
        return turns, [] if found is None else self.read(found, picture)

    def read(self, found: Segmentation, picture: Picture) -> list[ReadLine]:
        """Read the characters of a segmented page; boxes are in pixels of `picture`."""
        found, rows = find_lines(settle(found, self.classifier))
        glyphs = glyph_stack([found.glyph(k) for k in range(len(found.boxes))])
        proba = self.classifier.predict_proba(glyphs)
        starts = word_starts(found.boxes, rows)
        glyph_lines = [
            LineGlyphs(proba[row], found.boxes[row], start)
            for row, start in zip(rows, starts, strict=True)
        ]
        allowed = None if self.charset is None else set(self.charset)
        charset = self.classifier.charset
        seen = ("".join(charset[k] for k in proba[row].argmax(axis=1)) for row in rows)
        languages = self.languages or (flat(),)
        language = languages[likeliest(languages, seen)]
        texts = decode_page(glyph_lines, charset, language, allowed, self.lexicon)
        size = (picture.height, picture.width)
        boxes = scale_boxes(found.boxes, found.labels.shape, size)
        lines = []
        bases = baselines(found, rows)
        for row, base, text, start in zip(rows, bases, texts, starts, strict=True):
            line = Line(_words(boxes[row], text, start), *_course(found, row, base, size))
            image = cut_line(found, row, base).image
            lines.append(ReadLine(line, image, glyphs[row]))
        return lines


def segmented(picture: Picture, on_stage: OnStage | None = None) -> Segmentation | None:
    """The characters of a page; None if there are none."""
    first = survey(picture.grey(COARSE_SIDE))
    if first.side == 0:
        return None
    found = first.segment(picture, on_stage)
    return found if len(found.boxes) else None


def _course(
    found: Segmentation, row: NDArray[np.intp], base: Points, size: tuple[int, int]
) -> tuple[Points, Points, int]:
    """Baseline and polygon of a line, in pixels of a photo of `size`; its block of text."""
    height, width = (side / own for side, own in zip(size, found.labels.shape, strict=True))
    curves = (base, outline(found.boxes[row], base))
    scaled = [tuple((round(y * height, 1), round(x * width, 1)) for y, x in c) for c in curves]
    block = 0 if found.blocks is None else int(found.blocks[row[0]])
    return scaled[0], scaled[1], 1 + block


def _words(
    boxes: NDArray[np.intp], text: list[Reading], starts: NDArray[np.bool_]
) -> tuple[Word, ...]:
    letters = [
        Letter(Box(*(int(side) for side in box)), *reading)
        for box, reading in zip(boxes, text, strict=True)
    ]
    begins = [*np.flatnonzero(starts).tolist(), len(letters)]
    return tuple(Word(tuple(letters[a:b])) for a, b in pairwise(begins))

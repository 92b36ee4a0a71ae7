"""TSV with the columns of Tesseract's: a row for each page, block, paragraph, line and word."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from ocr.input.documents import PageSource
from ocr.page import Box, Page

COLUMNS = (
    *("level", "page_num", "block_num", "par_num", "line_num", "word_num"),
    *("left", "top", "width", "height", "conf", "text"),
)
PAGE, BLOCK, PARAGRAPH, LINE, WORD = range(1, 6)  # levels of a row
NO_CONFIDENCE = -1  # what Tesseract writes for all but words


def write(pages: Iterable[tuple[PageSource, Page]], single: bool) -> Iterator[str]:
    """A head, then the rows of each page; confidences in percent.

    A block is one paragraph. Pages carry their number in the file; those of several inputs are
    counted through.
    """
    yield "\t".join(COLUMNS) + "\n"
    for count, (source, page) in enumerate(pages, 1):
        number = source.number if single else count
        rows = [_row(PAGE, (number, 0, 0, 0, 0), Box(0, 0, page.height, page.width))]
        for b, lines in enumerate(page.blocks, 1):
            around = Box.around(line.box for line in lines)
            rows.append(_row(BLOCK, (number, b, 0, 0, 0), around))
            rows.append(_row(PARAGRAPH, (number, b, 1, 0, 0), around))
            for k, line in enumerate(lines, 1):
                rows.append(_row(LINE, (number, b, 1, k, 0), line.box))
                for j, word in enumerate(line.words, 1):
                    confidence = f"{100 * word.confidence:.2f}"
                    rows.append(_row(WORD, (number, b, 1, k, j), word.box, confidence, word.text))
        yield "".join(rows)


def _row(
    level: int,
    numbers: tuple[int, ...],
    box: Box,
    confidence: str = str(NO_CONFIDENCE),
    text: str = "",
) -> str:
    sides = (box.x1, box.y1, box.width, box.height)
    return "\t".join([*map(str, (level, *numbers, *sides)), confidence, text]) + "\n"

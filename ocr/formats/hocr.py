"""hOCR 1.2: HTML with the layout in its title attributes (http://kba.github.io/hocr-spec/1.2/)."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from xml.etree import ElementTree

from ocr.formats.xml import SOFTWARE, VERSION, base, document, element, outline
from ocr.input.documents import PageSource
from ocr.page import Box, Line, Page, Word

CAPABILITIES = "ocr_page ocr_carea ocr_par ocr_line ocrx_word ocrp_poly"
DOCTYPE = "<!DOCTYPE html>\n"
BETWEEN = "pages"  # what the pages take the place of


def write(pages: Iterable[tuple[PageSource, Page]], single: bool) -> Iterator[str]:
    """One HTML document; a block of text is one area with one paragraph.

    Words carry their confidence in percent (``x_wconf``) and the boxes and confidences of their
    characters (``x_bboxes``, ``x_confs``), lines their polygon and baseline.
    """
    root = ElementTree.Element("html", {"xmlns": "http://www.w3.org/1999/xhtml"})
    head = element(root, "head")
    element(head, "title", "Text of handwriting")
    element(head, "meta", charset="UTF-8")
    element(head, "meta", name="ocr-system", content=f"{SOFTWARE} {VERSION}")
    element(head, "meta", name="ocr-capabilities", content=CAPABILITIES)
    element(root, "body", BETWEEN)
    before, after = document(root).replace("<html", f"{DOCTYPE}<html", 1).split(BETWEEN)
    yield before
    for count, (source, page) in enumerate(pages, 1):
        body = ElementTree.Element("body")
        _write_page(body, source, page, count)
        ElementTree.indent(body, level=1)
        written = ElementTree.tostring(body[0], encoding="unicode")
        yield f"\n    {written.rstrip()}"
    yield f"\n  {after}"


def _write_page(body: ElementTree.Element, source: PageSource, page: Page, count: int) -> None:
    image = source.name.replace("\\", "\\\\").replace('"', '\\"')
    title = f'image "{image}"; {_bbox(Box(0, 0, page.height, page.width))}; ppageno {count - 1}'
    sheet = element(body, "div", **{"class": "ocr_page", "id": f"page_{count}", "title": title})
    number = 0
    for b, lines in enumerate(page.blocks, 1):
        name, title = f"{count}_{b}", _bbox(Box.around(line.box for line in lines))
        area = element(sheet, "div", **{"class": "ocr_carea", "id": f"area_{name}", "title": title})
        paragraph = element(area, "p", **{"class": "ocr_par", "id": f"par_{name}", "title": title})
        for line in lines:
            number += 1
            _write_line(paragraph, line, page, f"{count}_{number}")


def _write_line(paragraph: ElementTree.Element, line: Line, page: Page, name: str) -> None:
    title = _line_title(line, page)
    row = element(paragraph, "span", **{"class": "ocr_line", "id": f"line_{name}", "title": title})
    for j, word in enumerate(line.words, 1):
        title = _word_title(word)
        about = {"class": "ocrx_word", "id": f"word_{name}_{j}", "title": title}
        span = element(row, "span", word.text, **about)
        if j < len(line.words):
            span.tail = " "


def _line_title(line: Line, page: Page) -> str:
    parts = [_bbox(line.box)]
    points = base(line, page)
    turn = _turn(points)
    if turn:  # in degrees against the clock
        parts.append(f"textangle {turn}")
    elif points and points[-1][0] != points[0][0]:
        # A slope, and its offset at the left lower corner of the box.
        (x1, y1), (x2, y2) = points[0], points[-1]
        slope = (y2 - y1) / (x2 - x1)
        parts.append(f"baseline {slope:.4f} {y1 + slope * (line.box.x1 - x1) - line.box.y2:.1f}")
    parts.append("poly " + " ".join(f"{x} {y}" for x, y in outline(line, page)))
    return "; ".join(parts)


def _turn(points: Sequence[tuple[int, int]]) -> int:
    """Degrees against the clock by which a line is turned: 0, 90, 180 or 270."""
    if len(points) < 2:
        return 0
    (x1, y1), (x2, y2) = points[0], points[-1]
    return round(-math.atan2(y2 - y1, x2 - x1) / (math.pi / 2)) % 4 * 90


def _word_title(word: Word) -> str:
    boxes = " ".join(_sides(letter.box) for letter in word.letters)
    sure = " ".join(f"{100 * letter.confidence:.1f}" for letter in word.letters)
    return (
        f"{_bbox(word.box)}; x_wconf {100 * word.confidence:.1f}; x_bboxes {boxes}; x_confs {sure}"
    )


def _bbox(box: Box) -> str:
    return f"bbox {_sides(box)}"


def _sides(box: Box) -> str:
    return f"{box.x1} {box.y1} {box.x2} {box.y2}"

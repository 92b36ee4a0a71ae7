"""hOCR 1.2: HTML with the layout in its title attributes (http://kba.github.io/hocr-spec/1.2/).

Read is what Tesseract, OCRmyPDF and kraken write as well.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from html.parser import HTMLParser
from xml.etree import ElementTree

from ocr.formats.parsing import (
    MAX_DEPTH,
    FoundPage,
    MalformedError,
    inside,
    number,
    numbers,
    page_of,
    picture_of,
    points,
    side,
)
from ocr.formats.placing import GivenLine, GivenWord, Point, Points, graphemes, turn_of
from ocr.formats.xml import SOFTWARE, VERSION, base, document, element, outline
from ocr.input.documents import PageSource
from ocr.page import Box, Letter, Line, Page, Word

CAPABILITIES = "ocr_page ocr_carea ocr_par ocr_line ocrx_word ocrp_poly"
DOCTYPE = "<!DOCTYPE html>\n"
BETWEEN = "pages"  # what the pages take the place of
LINES = ("ocr_line", "ocrx_line", "ocr_header", "ocr_textfloat", "ocr_caption", "ocr_footer")
BLOCKS = ("ocr_carea", "ocr_column", "ocrx_block", "ocr_par")  # the outmost counts
WORDS = ("ocrx_word", "ocr_word")
LETTERS = ("ocrx_cinfo", "ocr_cinfo")
KINDS = (*LINES, *WORDS, *LETTERS)
VOID = {  # elements without an end
    *(
        "area",
        "base",
        "br",
        "col",
        "embed",
        "hr",
        "img",
        "input",
        "link",
        "meta",
        "source",
        "track",
    ),
    "wbr",
}
UNSEEN = ("script", "style")  # elements whose text nobody sees
OUTSIDE = "text outside of lines was left out"
# Of a title: strings, which may hold semicolons, and what is between them.
PIECES = re.compile(r"""("(?:[^"\\]|\\.)*"|'[^']*'|[^;"']+|["'])|;""", re.DOTALL)


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
    whole = _bbox(Box(0, 0, page.height, page.width))
    title = f'image "{image}"; {whole}; ppageno {source.number - 1}'
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
    turn = turn_of(line.baseline)
    if turn:  # in degrees against the clock
        parts.append(f"textangle {90 * (-turn % 4)}")
    if points:
        # A slope, and its offset at the lower left corner of the box, turned so that it runs right.
        (x1, y1), (x2, y2) = (_from_corner(line.box, turn, *one) for one in (points[0], points[-1]))
        if x1 != x2:
            slope = (y2 - y1) / (x2 - x1)
            parts.append(f"baseline {slope:.4f} {y1 - slope * x1:.1f}")
    parts.append("poly " + " ".join(f"{x} {y}" for x, y in outline(line, page)))
    return "; ".join(parts)


def _from_corner(box: Box, turn: int, x: int, y: int) -> tuple[int, int]:
    """A point (along, down) from the lower left corner of a box, turned as its line runs; what
    `_on_page` takes back."""
    return (
        (x - box.x1, y - box.y2),
        (y - box.y1, box.x1 - x),
        (box.x2 - x, box.y1 - y),
        (box.y2 - y, x - box.x2),
    )[turn]


def _on_page(box: Box, turn: int, along: float, down: float) -> Point:
    """The point (row, col) that lies so far from the lower left corner of a turned box."""
    return (
        (box.y2 + down, box.x1 + along),
        (box.y1 + along, box.x1 - down),
        (box.y1 - down, box.x2 - along),
        (box.y2 - along, box.x2 + down),
    )[turn]


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


@dataclass
class _Node:
    """An element with a class of hOCR: its title's properties, all text in it, and its parts."""

    kind: str
    properties: dict[str, str]
    text: list[str] = field(default_factory=list)
    parts: list[_Node] = field(default_factory=list)
    block: int = 0
    outside: bool = False  # a line with text outside its words, a page with text outside its lines

    def words(self) -> str:
        return " ".join("".join(self.text).split())


class _Parser(HTMLParser):
    """Collects pages with their lines, these with their words, these with their characters."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.pages: list[_Node] = []
        self.open: list[tuple[str, _Node | None]] = []  # elements: tag, what of hOCR they are
        self.block = self.depth = 0  # the number of the last block; its element's place
        self.system = ""  # what wrote the file

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        about = {name: value or "" for name, value in attrs}
        if tag in VOID:
            if about.get("name") == "ocr-system":
                self.system = about.get("content", "")
            return
        if len(self.open) > MAX_DEPTH:
            raise MalformedError(f"elements stand inside each other more than {MAX_DEPTH} deep.")
        classes = about.get("class", "").split()
        node = None
        if "ocr_page" in classes:
            node = _Node("page", _properties(about.get("title", "")))
            self.pages.append(node)
        elif self.pages and any(name in BLOCKS for name in classes):
            if not any(one is not None and one.kind == "block" for _, one in self.open):
                self.block += 1
                node = _Node("block", {})
        else:
            node = self._part(classes, about.get("title", ""))
        self.open.append((tag, node))

    def _part(self, classes: list[str], title: str) -> _Node | None:
        """A line of a page, a word of a line, or a character of a word."""
        kind = next((name for name in KINDS if name in classes), None)
        if kind is None:
            return None
        level, above = (
            ("line", "page") if kind in LINES
            else ("word", "line") if kind in WORDS
            else ("letter", "word")
        )  # fmt: skip
        parent = next(
            (one for _, one in reversed(self.open) if one is not None and one.kind == above), None
        )
        if parent is None:
            return None
        around = next((x for _, x in self.open if x is not None and x.kind == "line"), None)
        if level == "line" and around is not None and not around.words():  # a header holds lines
            around.kind = "block"
            parent.parts.pop()
        node = _Node(level, _properties(title), block=self.block)
        parent.parts.append(node)
        return node

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if tag not in VOID:
            self.handle_endtag(tag)

    def handle_endtag(self, tag: str) -> None:
        places = [k for k, (name, _) in enumerate(self.open) if name == tag]
        if places:
            del self.open[places[-1] :]  # what was not ended inside it ends with it

    def handle_data(self, data: str) -> None:
        nodes = [node for _, node in self.open if node is not None]
        for node in nodes:
            if node.kind in ("line", "word", "letter"):
                node.text.append(data)
        if not data.strip() or (self.open and self.open[-1][0] in UNSEEN):
            return
        if nodes and nodes[-1].kind == "line":
            nodes[-1].outside = True
        elif all(node.kind in ("page", "block") for node in nodes):
            for node in nodes:
                node.outside = True


def _properties(title: str) -> dict[str, str]:
    """The properties of a title attribute by their names, as they stand there."""
    rows = [""]
    for piece in PIECES.finditer(title):
        if piece[1] is None:
            rows.append("")
        else:
            rows[-1] += piece[1]
    pairs = (row.split(None, 1) for row in rows)
    return {row[0]: row[1].strip() for row in pairs if len(row) == 2}


def read(text: str) -> list[FoundPage]:
    """The pages of a file.

    Raises
    ------
    ocr.formats.parsing.MalformedError
        It holds no page of hOCR, ends within an element, or has places that no page has.
    """
    parser = _Parser()
    parser.feed(text)
    # Not closed: what is left was begun and not ended, which takes long to be made sense of.
    if "<" in parser.rawdata or (not parser.pages and not text.strip()):
        raise MalformedError("HTML that is cut off or damaged. Copy or write it again.")
    if not parser.pages:
        raise MalformedError("HTML without an ocr_page, so no hOCR.")
    whole = 1.0 if parser.system.startswith("kraken") else 100.0  # which writes no percent
    return [_found(node, whole) for node in parser.pages]


def _found(node: _Node, whole: float) -> FoundPage:
    properties = node.properties
    sides = numbers(properties.get("bbox", ""), "bbox of a page")
    if len(sides) != 4:
        raise MalformedError("an ocr_page tells no bbox.")
    height = side(str(sides[3]), "the height of an ocr_page")
    width = side(str(sides[2]), "the width of an ocr_page")
    blocks = {block: k for k, block in enumerate(dict.fromkeys(x.block for x in node.parts), 1)}
    lines = [
        replace(_line(one, height, width, whole), block=blocks[one.block]) for one in node.parts
    ]
    name = properties.get("image", "").strip("\"'").replace('\\"', '"').replace("\\\\", "\\")
    picture, page = picture_of(name)
    page = page or 1 + int(number(properties.get("ppageno") or "-1", "ppageno"))
    found = page_of(height, width, lines)
    if node.outside:
        found = replace(found, warnings=(*found.warnings, OUTSIDE))
    return FoundPage(found, picture, max(page, 0), drafts=True)


def _line(node: _Node, height: int, width: int, whole: float) -> GivenLine:
    box = _box_of(node, height, width)
    turn = round(-number(node.properties.get("textangle") or "0", "textangle") / 90) % 4
    words = [_word(one, height, width, whole) for one in node.parts]
    values = numbers(node.properties.get("poly", ""), "poly")
    outline = inside(points(" ".join(map(str, values)), "poly"), height, width)
    return GivenLine(
        node.words() if node.outside or not words else None,
        tuple(words),
        box,
        inside(_baseline(node, box, turn), height, width),
        outline,
        _confidence(node.properties, whole),
        turn,
    )


def _baseline(node: _Node, box: Box | None, turn: int) -> Points:
    """The two ends of a baseline, which is given from the lower left corner of the turned box."""
    values = numbers(node.properties.get("baseline", ""), "baseline")
    if box is None or len(values) < 2:
        return ()
    slope, offset = values[-2:]  # of a polynomial the last two
    length = box.width if turn % 2 == 0 else box.height
    ends = (0.0, float(length))
    return tuple(_on_page(box, turn, along, offset + slope * along) for along in ends)


def _word(node: _Node, height: int, width: int, whole: float) -> GivenWord:
    text = node.words()
    properties = node.properties
    sure = _confidence(properties, whole)
    boxes = numbers(properties.get("x_bboxes", ""), "x_bboxes")
    places = [
        Box.within(y1, x1, y2, x2, height, width)
        for x1, y1, x2, y2 in zip(*(iter(boxes),) * 4, strict=False)
    ]
    each = [value / whole for value in numbers(properties.get("x_confs", ""), "x_confs")]
    signs = graphemes(text)
    if node.parts:  # Tesseract's characters
        cells = [
            (x.words(), _box_of(x, height, width), _confidence(x.properties, whole))
            for x in node.parts
        ]
        letters = tuple(
            Letter(box, text, 1.0 if conf is None else conf)
            for text, box, conf in cells
            if text and box is not None
        )
    else:
        signs = signs if len(signs) == len(places) else list(text)
        fits = len(signs) == len(places)
        each = each if len(each) == len(signs) else [1.0 if sure is None else sure] * len(signs)
        letters = tuple(
            Letter(box, sign, min(max(conf, 0.0), 1.0))
            for box, sign, conf in zip(places, signs, each, strict=fits)
        ) if fits else ()  # fmt: skip
    return GivenWord(text, _box_of(node, height, width), sure, letters)


def _confidence(about: dict[str, str], whole: float) -> float | None:
    """How sure something is, as a share; None if it tells nothing."""
    value = next((about[key] for key in ("x_wconf", "x_conf", "x_confs") if about.get(key)), "")
    found = numbers(value, "a confidence")
    if not found:
        return None
    return min(max(sum(found) / len(found) / whole, 0.0), 1.0)


def _box_of(node: _Node, height: int, width: int) -> Box | None:
    sides_text = node.properties.get("bbox") or node.properties.get("x_bboxes") or ""
    sides = numbers(sides_text, "bbox")
    if not sides:
        return None
    if len(sides) % 4:
        raise MalformedError(f"a bbox is {sides_text[:40]!r}, which is no box.")
    xs, ys = [*sides[::4], *sides[2::4]], [*sides[1::4], *sides[3::4]]
    return Box.within(min(ys), min(xs), max(ys), max(xs), height, width)

"""Parse files that other people and programs wrote: XML without declarations, numbers, points.

Readers of formats raise `MalformedError` with what is wrong; `ocr.formats.reading` adds the name.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath
from xml.etree import ElementTree

from ocr.formats.placing import GivenLine, Points, line_of
from ocr.page import Page

MAX_BYTES = 1 << 27  # of a file: a newspaper page down to its glyphs has a tenth of it
MAX_ELEMENTS = 3_000_000  # of an XML file: of small ones the memory holds no more than a gigabyte
MAX_DEPTH = 200  # of elements inside each other; PAGE and ALTO need about twenty
MAX_SIDE = 200_000  # pixels of a page
MAX_POINTS = 5_000  # of an outline or baseline
MAX_LINES = 20_000  # of a page: some hundred times those of a full one
PIECE = 1 << 20  # bytes of XML that are parsed at a time

NUMBER = re.compile(r"[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?", re.ASCII)
SEPARATORS = re.compile(r"[\s,;]*")
NAME_OF_PAGE = re.compile(r"(.+)#page=(\d{1,6})", re.ASCII)  # as `xml.picture_name` writes
TOO_MANY = f"There are more than {MAX_LINES:,} lines on a page."
LEFT_OUT = "{} without a text or a place {} left out"


class MalformedError(ValueError):
    """A file is not what it should be; the message is a sentence without the file's name."""


@dataclass(frozen=True)
class FoundPage:
    """A page in a file.

    Attributes
    ----------
    page : Page
    picture : str
        What the file calls its picture, without folders; "" if it tells none.
    number : int
        Which page of the picture's file it is, from 1; 0 if the file does not tell.
    drafts : bool
        Whether lines that are not confirmed are drafts: in files that this program wrote, and in
        hOCR, in which programs tell what they read. Of what else is read, people wrote the text.
    pixels : bool
        Whether the places are in pixels; if not, they are as if the page had 300 dots per inch.
    """

    page: Page
    picture: str = ""
    number: int = 0
    drafts: bool = False
    pixels: bool = True


class _Builder(ElementTree.TreeBuilder):
    """Builds a tree of bounded size, from XML that declares nothing."""

    def __init__(self) -> None:
        super().__init__()
        self.count = self.depth = 0

    def start(self, tag: str, attrs: dict[str, str]) -> ElementTree.Element:
        self.count += 1
        self.depth += 1
        if self.count > MAX_ELEMENTS:
            raise MalformedError(f"more than {MAX_ELEMENTS:,} elements are no pages.")
        if self.depth > MAX_DEPTH:
            raise MalformedError(f"elements stand inside each other more than {MAX_DEPTH} deep.")
        return super().start(tag, attrs)

    def end(self, tag: str) -> ElementTree.Element:
        self.depth -= 1
        return super().end(tag)


def parse_xml(content: bytes) -> ElementTree.Element:
    """The root of an XML file, all names without their namespaces.

    A document type declaration is refused, whatever the encoding: PAGE and ALTO have none, and only
    one can declare entities, which may be made to grow without end or to name other files.

    Raises
    ------
    MalformedError
        It is no XML, has a document type declaration, or is larger or deeper than pages are.
    """
    if b"<!DOCTYPE" in content.replace(b"\0", b""):
        raise MalformedError("a document type declaration, which PAGE and ALTO files do not have.")
    parser = ElementTree.XMLParser(target=_Builder())
    try:
        for start in range(0, len(content), PIECE):
            parser.feed(content[start : start + PIECE])
        root: ElementTree.Element = parser.close()
    except ElementTree.ParseError as error:
        raise MalformedError(
            f"no XML that can be read ({error}). Copy or export it again."
        ) from None
    except (LookupError, ValueError) as error:
        if isinstance(error, MalformedError):
            raise
        raise MalformedError(f"no XML that can be read ({error}). Save it as UTF-8.") from None
    for one in root.iter():
        one.tag = one.tag.rpartition("}")[2]
        for key in [key for key in one.attrib if key.startswith("{")]:
            one.attrib.setdefault(key.rpartition("}")[2], one.attrib[key])
    return root


def number(text: str, what: str) -> float:
    """A finite number of no more than `MAX_SIDE` either way.

    Raises
    ------
    MalformedError
    """
    if NUMBER.fullmatch(text.strip()) and abs(value := float(text)) <= MAX_SIDE:
        return value
    raise MalformedError(f"{what} is {text[:40]!r}, which is no number that a page can have.")


def numbers(text: str, what: str) -> list[float]:
    """The numbers of a list parted by white space, commas or semicolons."""
    if not SEPARATORS.fullmatch(NUMBER.sub("", text)):
        raise MalformedError(f"{what} is {text[:40]!r}, which are not numbers.")
    found = NUMBER.findall(text)
    if len(found) > 2 * MAX_POINTS:
        raise MalformedError(f"{what} has more than {MAX_POINTS:,} points.")
    return [number(one, what) for one in found]


def points(text: str, what: str, scale: float = 1.0) -> Points:
    """Points (row, col) of ``"x,y x,y"`` or ``"x y x y"``."""
    values = [scale * value for value in numbers(text, what)]
    if len(values) % 2:
        raise MalformedError(f"{what} has {len(values)} numbers, which are no pairs.")
    return tuple(zip(values[1::2], values[::2], strict=True))


def share(text: str | None, what: str) -> float | None:
    """A confidence, as a share; percentages are recognized by being more than 1 in any case."""
    if text is None or not text.strip():
        return None
    value = number(text, what)
    return min(max(value / 100 if value > 1 else value, 0.0), 1.0)


def side(text: str | None, what: str, scale: float = 1.0) -> int:
    """Height or width of a page in pixels."""
    if text is None:
        raise MalformedError(f"tells no {what}.")
    value = round(scale * number(text, what))
    if not 1 <= value <= MAX_SIDE:
        raise MalformedError(f"{what} is {text[:40]!r}, which no page has.")
    return value


def inside(given: Points, height: int, width: int) -> Points:
    """Points moved into a page: some programs draw a little beyond its edges."""
    return tuple(
        (min(max(y, 0.0), float(height)), min(max(x, 0.0), float(width))) for y, x in given
    )


def picture_of(name_given: str | None) -> tuple[str, int]:
    r"""Name and page of a picture as a file tells them, whatever folders or address are before it.

    The page is 0 where the file tells none.

    Examples
    --------
    >>> picture_of(r"C:\scans\a.tif"), picture_of("../x/scan.pdf#page=3"), picture_of("..")
    (('a.tif', 0), ('scan.pdf', 3), ('', 0))
    """
    name = PurePosixPath((name_given or "").strip().replace("\\", "/")).name
    match = NAME_OF_PAGE.fullmatch(name)
    name, page = (match[1], int(match[2])) if match else (name, 0)
    if "\0" in name or name in (".", ".."):
        name = ""
    return name, page


def page_of(height: int, width: int, given: Iterable[GivenLine]) -> Page:
    """A page of lines as a file gives them; what says nothing or stands nowhere is counted."""
    lines = []
    lost = 0
    for number, one in enumerate(given):
        if number == MAX_LINES:
            raise MalformedError(TOO_MANY)
        try:
            line = line_of(one, height, width)
        except ValueError as error:
            raise MalformedError(f"{error}.") from None
        if line is None:
            lost += 1
        else:
            lines.append(line)
    counted = f"{lost} line{'' if lost == 1 else 's'}"
    warnings = (LEFT_OUT.format(counted, "was" if lost == 1 else "were"),) if lost else ()
    return Page(height, width, tuple(lines), warnings=warnings)


def in_order(
    found: Sequence[tuple[Sequence[str], object]], order: Sequence[str]
) -> Iterator[tuple[int, int]]:
    """Lines in reading order: the index of each in `found`, and the number of its block.

    Parameters
    ----------
    found : sequence of (ids, block)
        Of each line the ids of itself and of what it stands in, inmost first; and what it is one
        block with: lines that follow each other with the same have the same number.
    order : sequence of str
        Ids in reading order; what they do not name comes last, as it stands in the file.
    """
    rank = {name: k for k, name in reversed(list(enumerate(order)))}

    def place(k: int) -> int:
        return next((rank[name] for name in found[k][0] if name in rank), len(order))

    block, before = 0, None
    for k in sorted(range(len(found)), key=place):  # sorted keeps the order of equals
        if not block or found[k][1] != before:
            block, before = block + 1, found[k][1]
        yield k, block

"""Pages to write, and what is found in what was written."""

from collections.abc import Iterable
from pathlib import Path

import pytest

from ocr.formats import render, writer
from ocr.formats.placing import slots
from ocr.input.documents import PageSource
from ocr.page import Box, Letter, Line, Page, Word

GIVEN = Path(__file__).parent / "given"  # pages of other programs
ALTO = {"a": "http://www.loc.gov/standards/alto/ns-v4#"}
PAGE = {"p": "http://schema.primaresearch.org/PAGE/gts/pagecontent/2019-07-15"}


def small_word(text: Iterable[str], x: int) -> Word:
    """Letters one pixel wide and nine high."""
    return Word(
        tuple(Letter(Box(0, x + k, 9, x + k + 1), sign, 0.5) for k, sign in enumerate(text))
    )


TWO_LINES = Page(
    20,
    40,
    (
        Line((small_word("ab", 0), small_word("c", 5))),
        Line((small_word(("é", "\u2028x"), 0),), baseline=((9.0, 0.0), (9.5, 2.0))),
    ),
    engine="letters",
)
BLANK = Page(20, 40, warnings=("nothing that looks like writing was found",))


def written(kind: str, pages: list[tuple[str, Page]], single: bool, **options: bool) -> str:
    """What one file of these pages says."""
    sources = ((PageSource(name), page) for name, page in pages)
    return "".join(writer(kind, **options)(sources, single))


def lines_at(*rows: tuple[int, str]) -> Page:
    """Lines of text, each with its foot in a pixel row."""
    lines = []
    for foot, text in rows:
        words = []
        for k, token in enumerate(text.split()):
            box = Box(foot - 10, 10 * k, foot, 10 * k + 9)
            words.append(Word(tuple(Letter(box, sign, 0.5) for sign in token)))
        lines.append(Line(tuple(words)))
    return Page(1000, 1000, tuple(lines))


def word(text: str, x: int, y: int, confidence: float = 0.75) -> Word:
    """Letters 20 wide and 30 to 33 high, one a step lower than the one before."""
    letters = [
        Letter(
            Box(y + k, x + 22 * k, y + 30 + 2 * k, x + 22 * k + 20),
            sign,
            confidence,
            (("0", 0.2), ("Q", 0.05)) if sign == "O" else (),
        )
        for k, sign in enumerate(text)
    ]
    return Word(tuple(letters))


RICH = Page(
    400,
    900,
    (
        Line(
            (word("TO", 50, 40), word("Café", 200, 45, 0.5), word('<&">', 400, 50, 0.25)),
            baseline=((72.4, 50.0), (84.6, 480.0)),
            polygon=((38.0, 48.0), (44.0, 490.0), (86.0, 488.0), (75.0, -3.0)),
        ),
        Line((word("€", 60, 150), word("Straße", 120, 152, 1.0), word("Œuvre½", 300, 150, 0.0))),
    ),
    engine="lines",
)
TWO_BLOCKS = Page(
    300,
    900,
    (
        Line((word("one", 50, 40),)),
        Line((word("two", 60, 80),)),
        Line((word("three", 400, 40), word("four", 500, 40)), block=2),
    ),
)
PAGES = [RICH, BLANK, RICH]


def rendered(kind: str, *pages: Page) -> bytes:
    """The only file that a document of these pages becomes."""
    sources = [PageSource('scan "1" & <2>.tif', k, len(pages)) for k in range(1, len(pages) + 1)]
    ((_, pieces),) = render(kind, "scan", zip(sources, pages, strict=True))
    return b"".join(pieces)


def words_of(page: Page) -> list[tuple[str, Box, float]]:
    return [
        (word.text, word.box, pytest.approx(word.confidence, abs=6e-4))
        for line in page.lines
        for word in line.words
    ]


def letters_of(page: Page) -> list[tuple[str, Box, float]]:
    return [(x.text, x.box, pytest.approx(x.confidence, abs=6e-4)) for x in page.letters]


def box_of(x1: str, y1: str, x2: str, y2: str) -> Box:
    return Box(int(y1), int(x1), int(y2), int(x2))


def properties(node) -> dict[str, list[str]]:
    """The title attribute of an hOCR element."""
    parts = [part.split() for part in node.get("title").split("; ")]
    return {part[0]: part[1:] for part in parts}


def alto_box(node) -> Box:
    x, y, width, height = (int(node.get(k)) for k in ("HPOS", "VPOS", "WIDTH", "HEIGHT"))
    return Box(y, x, y + height, x + width)


def page_box(node) -> Box:
    points = [
        tuple(map(int, p.split(","))) for p in node.find("p:Coords", PAGE).get("points").split()
    ]
    xs, ys = zip(*points, strict=True)
    return Box(min(ys), min(xs), max(ys), max(xs))


def page_text(node) -> tuple[str, float]:
    equivalent = node.find("p:TextEquiv", PAGE)
    return equivalent.findtext("p:Unicode", namespaces=PAGE), float(equivalent.get("conf"))


def write(folder: Path, kind: str, *pages: Page) -> Path:
    """A file of these pages in a folder."""
    sources = [PageSource("photo.tif", k, len(pages)) for k in range(1, len(pages) + 1)]
    ((name, pieces),) = render(kind, "photo", zip(sources, pages, strict=True))
    (folder / name).write_bytes(b"".join(pieces))
    return folder / name


BASELINES = (  # of the line below, which runs to the right, down, to the left and up
    ((160.0, 100.0), (164.0, 300.0)),
    ((100.0, 140.0), (300.0, 136.0)),
    ((140.0, 300.0), (136.0, 100.0)),
    ((300.0, 160.0), (100.0, 164.0)),
)


def turned_line(turn: int) -> Line:
    """Two words of letters that are 20 wide and 60 high before the line is turned."""
    places = slots(Box(110, 100, 170, 300) if turn % 2 == 0 else Box(100, 110, 300, 170), 10, turn)
    letters = [Letter(box, sign, 0.9) for box, sign in zip(places, "turned ink", strict=True)]
    return Line((Word(tuple(letters[:6])), Word(tuple(letters[7:]))), BASELINES[turn])


def alto(unit: str, body: str, size: str = 'WIDTH="2540" HEIGHT="1270"') -> str:
    """An ALTO file of one block; lengths in a unit."""
    return (
        f'<alto xmlns="http://www.loc.gov/standards/alto/ns-v2#"><Description><MeasurementUnit>'
        f"{unit}</MeasurementUnit><sourceImageInformation><fileName>C:\\scans\\p.png</fileName>"
        f"</sourceImageInformation></Description><Layout><Page {size}><PrintSpace>"
        f"<TextBlock>{body}</TextBlock></PrintSpace></Page></Layout></alto>"
    )

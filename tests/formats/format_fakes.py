"""Pages to write, and what is found in what was written."""

from collections.abc import Iterable

from ocr.formats import writer
from ocr.input.documents import PageSource
from ocr.page import Box, Letter, Line, Page, Word


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

"""Put a person's text into a line that was read: which letters stay, and where new ones stand."""

from __future__ import annotations

import unicodedata
from dataclasses import replace

from ocr.formats.placing import graphemes, slots, turn_of, with_text, words_of
from ocr.page import Box, Letter, Line

MAX_TEXT = 2000  # characters of a line
CONTROLS = ("Cc", "Cf", "Cs", "Co", "Zl", "Zp")  # categories that are no writing
JOINERS = "\u200c\u200d"  # of category Cf, and part of writing


def clean(text: str) -> str:
    """A person's text of a line: NFC, one space between words, no controls.

    Examples
    --------
    >>> clean("  two   words\\n")
    'two words'
    """
    text = "".join(
        c
        for c in unicodedata.normalize("NFC", text[: 2 * MAX_TEXT])
        if c.isspace() or c in JOINERS or unicodedata.category(c) not in CONTROLS
    )
    return " ".join(text.split())[:MAX_TEXT].rstrip()


def respelled(line: Line, text: str) -> Line:
    """A line with another text.

    Letters that the text keeps stay as sure as they were; others come from a person. Where they
    stand `ocr.formats.placing.with_text` says.

    Parameters
    ----------
    line : Line
    text : str
        As `clean` makes it. Without a character the line has no words.

    Raises
    ------
    ValueError
        The line, such as one joined of many, is too long to be compared with the text.
    """
    if not text:
        return replace(line, words=())
    if line.words:
        return with_text(line, text, keep=True)
    signs = graphemes(text)
    places = slots(_room(line), len(signs), turn_of(line.baseline))
    letters = (
        Letter(box, sign, 1.0) if sign.strip() else None
        for box, sign in zip(places, signs, strict=True)
    )
    return replace(line, words=words_of(letters))


def _room(line: Line) -> Box:
    """Where a line without letters stands."""
    points = [*line.polygon, *line.baseline]
    if not points:
        return Box(0, 0, 1, 1)
    rows, cols = zip(*points, strict=True)
    y1, x1 = max(0, int(min(rows))), max(0, int(min(cols)))
    return Box(y1, x1, max(y1 + 1, int(max(rows))), max(x1 + 1, int(max(cols))))

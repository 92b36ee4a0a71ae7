"""Put a person's text into a line that was read: which letters stay, and where new ones stand."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import replace

import regex
from rapidfuzz.distance import Levenshtein

from ocr.formats.placing import signs_of, slots, words_of
from ocr.page import Box, Letter, Line

MAX_TEXT = 2000  # characters of a line
CONTROLS = ("Cc", "Cf", "Cs", "Co", "Zl", "Zp")  # categories that are no writing
JOINERS = "\u200c\u200d"  # of category Cf, and part of writing

Sign = Letter | None  # None is a space


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

    Letters that the text keeps stay as they are; others come from a person and are sure. What
    replaces letters stands in their place; what is put between letters shares the room there.

    Parameters
    ----------
    line : Line
    text : str
        As `clean` makes it. Without a character the line has no words.
    """
    old = signs_of(line)
    new = regex.findall(r"\X", text)
    if not old or not new:
        return replace(line, words=words_of(_spread(new, _room(line), is_level(line))))
    before = [" " if one is None else one.text for one in old]
    signs: list[Sign] = []
    for step in Levenshtein.opcodes(before, new):
        i, j, a, b = step.src_start, step.src_end, step.dest_start, step.dest_end
        if step.tag == "equal":
            signs += old[i:j]
        elif step.tag != "delete":
            boxes = [one.box for one in old[i:j] if one is not None]
            place = Box.around(boxes) if boxes else _between(old, i, j, is_level(line))
            signs += _spread(new[a:b], place, is_level(line))
    return replace(line, words=words_of(signs))


def is_level(line: Line) -> bool:
    """Whether a line runs across the page rather than down it."""
    if len(line.baseline) < 2:
        return True
    (y1, x1), (y2, x2) = line.baseline[0], line.baseline[-1]
    return abs(x2 - x1) >= abs(y2 - y1)


def _room(line: Line) -> Box:
    """Where a line without letters, or all of one, stands."""
    points = [*line.polygon, *line.baseline]
    if line.words:
        return line.box
    if not points:
        return Box(0, 0, 1, 1)
    rows, cols = zip(*points, strict=True)
    y1, x1 = max(0, int(min(rows))), max(0, int(min(cols)))
    return Box(y1, x1, max(y1 + 1, int(max(rows))), max(x1 + 1, int(max(cols))))


def _between(old: Sequence[Sign], i: int, j: int, level: bool) -> Box:
    """The room from the middle of the letter before a place to the one behind it; at the ends,
    that of the letter there."""
    left = next((one.box for one in reversed(old[:i]) if one is not None), None)
    right = next((one.box for one in old[j:] if one is not None), None)
    if left is None or right is None:
        found = left or right
        assert found is not None, "a line with letters"
        return found
    y1, y2 = min(left.y1, right.y1), max(left.y2, right.y2)
    x1, x2 = min(left.x1, right.x1), max(left.x2, right.x2)
    if level:
        x1 = (left.x1 + left.x2) // 2
        x2 = max(right.x1, x1 + 1)
    else:
        y1 = (left.y1 + left.y2) // 2
        y2 = max(right.y1, y1 + 1)
    return Box(y1, x1, y2, x2)


def _spread(text: Sequence[str], place: Box, level: bool) -> list[Sign]:
    """Characters side by side in a box."""
    return [
        Letter(box, sign, 1.0) if sign.strip() else None
        for box, sign in zip(slots(place, len(text), 0 if level else 1), text, strict=True)
    ]

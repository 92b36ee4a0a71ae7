"""Put a person's text into a line that was read: which letters stay, and where new ones stand."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import replace

import regex
from rapidfuzz.distance import Levenshtein

from ocr.page import Box, Letter, Line, Word

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
        return replace(line, words=words_of(_spread(new, _room(line), _level(line))))
    before = [" " if one is None else one.text for one in old]
    signs: list[Sign] = []
    for step in Levenshtein.opcodes(before, new):
        i, j, a, b = step.src_start, step.src_end, step.dest_start, step.dest_end
        if step.tag == "equal":
            signs += old[i:j]
        elif step.tag != "delete":
            boxes = [one.box for one in old[i:j] if one is not None]
            place = Box.around(boxes) if boxes else _between(old, i, j, _level(line))
            signs += _spread(new[a:b], place, _level(line))
    return replace(line, words=words_of(signs))


def signs_of(line: Line) -> list[Sign]:
    """The letters of a line, with None for each space."""
    signs: list[Sign] = []
    for word in line.words:
        signs += [None, *word.letters] if signs else word.letters
    return signs


def words_of(signs: Sequence[Sign]) -> tuple[Word, ...]:
    """The words that letters and spaces make."""
    words: list[list[Letter]] = [[]]
    for one in signs:
        if one is None:
            words.append([])
        else:
            words[-1].append(one)
    return tuple(Word(tuple(word)) for word in words if word)


def _level(line: Line) -> bool:
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
    signs: list[Sign] = []
    count = max(1, len(text))
    y1, x1, y2, x2 = place.as_list()
    for k, sign in enumerate(text):
        if not sign.strip():
            signs.append(None)
            continue
        if level:
            at = x1 + (x2 - x1) * k // count
            box = Box(y1, at, y2, max(at + 1, x1 + (x2 - x1) * (k + 1) // count))
        else:
            at = y1 + (y2 - y1) * k // count
            box = Box(at, x1, max(at + 1, y1 + (y2 - y1) * (k + 1) // count), x2)
        signs.append(Letter(box, sign, 1.0))
    return signs

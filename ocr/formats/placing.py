"""Place lines, words and letters where a file tells less than a `Page` holds.

A file may give a line by its outline, by its baseline alone or by its words, and its text may
differ from that of its words. What is missing is estimated: letters of equal width along the line,
and a changed text in the places of the text before the change.
"""

from __future__ import annotations

import math
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import groupby, pairwise, zip_longest

import regex
from rapidfuzz.distance import Levenshtein

from ocr.page import Box, Letter, Line, Word

Point = tuple[float, float]  # (row, col)
Points = tuple[Point, ...]

# Of a line of which only the baseline is known, in widths of a letter: those of a hand are about as
# wide as its small letters are high, and its tall ones twice as high. Set by hand.
RISE, FALL = 2.0, 0.7
LONGEST = 2_000  # characters of a line: more is none, and takes long to be aligned
GRAPHEME = regex.compile(r"\X")
WIDE_GAP = 0.5  # of a letter's usual width: a gap between letters into which another one fits


@dataclass(frozen=True)
class GivenWord:
    """A word as a file gives it; its `letters` are used only if they spell `text`."""

    text: str
    box: Box | None = None
    confidence: float | None = None
    letters: tuple[Letter, ...] = ()


@dataclass(frozen=True)
class GivenLine:
    """A line as a file gives it.

    `text` is that of the line itself, None where only its words have text. `turn` is the number of
    quarter turns clockwise, used where there is no baseline.
    """

    text: str | None = None
    words: tuple[GivenWord, ...] = ()
    box: Box | None = None
    baseline: Points = ()
    polygon: Points = ()
    confidence: float | None = None
    turn: int = 0
    block: int = 1
    confirmed: bool = False


def graphemes(text: str) -> list[str]:
    """The characters of a text as a person counts them (grapheme clusters), in NFC.

    Examples
    --------
    >>> graphemes("e\\u0301a\\u0302\\u0323")
    ['é', 'ậ']
    """
    return GRAPHEME.findall(unicodedata.normalize("NFC", text))


def turn_of(baseline: Points) -> int:
    """Quarter turns clockwise of a line, by its baseline: 0 to 3."""
    if len(baseline) < 2:
        return 0
    (y1, x1), (y2, x2) = baseline[0], baseline[-1]
    return round(math.atan2(y2 - y1, x2 - x1) / (math.pi / 2)) % 4


def box_around(points: Iterable[Point], height: int, width: int) -> Box | None:
    """The bounding box of points, cut to the page and at least a pixel; None without points."""
    rows = list(points)
    if not rows:
        return None
    ys, xs = zip(*rows, strict=True)
    return Box.within(min(ys), min(xs), max(ys), max(xs), height, width)


def slots(box: Box, count: int, turn: int = 0) -> list[Box]:
    """A box divided into `count` boxes of equal length, in reading direction.

    `turn` is the number of quarter turns clockwise of its text.

    Examples
    --------
    >>> [one.as_list() for one in slots(Box(0, 10, 5, 40), 3)]
    [[0, 10, 5, 20], [0, 20, 5, 30], [0, 30, 5, 40]]
    """
    level = turn % 2 == 0
    start, stop = (box.x1, box.x2) if level else (box.y1, box.y2)
    parts = []
    for k in range(count):
        first = min(start + (stop - start) * k // count, stop - 1)
        last = max(start + (stop - start) * (k + 1) // count, first + 1)
        if turn in (2, 3):  # from right to left, from below to above
            first, last = start + stop - last, start + stop - first
        parts.append(
            Box(box.y1, first, box.y2, last) if level else Box(first, box.x1, last, box.x2)
        )
    return parts


def places_along(given: GivenLine, count: int, height: int, width: int) -> list[Box]:
    """Boxes of `count` characters of equal width along a line whose words are not known."""
    polygon, baseline = given.polygon, given.baseline
    around = box_around(polygon, height, width) if len(set(polygon)) > 2 else given.box
    if len(baseline) < 2:
        if around is None:
            return []
        return slots(around, count, given.turn)
    turn = turn_of(baseline)
    # In a frame in which the line runs along the first axis: (along, across).
    flip = turn % 2 == 0
    base = sorted((x, y) if flip else (y, x) for y, x in baseline)
    outline = [(x, y) if flip else (y, x) for y, x in polygon]
    start, stop = base[0][0], base[-1][0]
    advance = max(stop - start, 1) / count
    rise, fall = (-RISE * advance, FALL * advance)
    if turn in (1, 2):  # their letters rise to the right, or downwards
        rise, fall = -fall, -rise
    places = []
    for k in range(count):
        a, b = start + advance * k, start + advance * (k + 1)
        spread = _across(outline, a, b) if len(set(outline)) > 2 else None
        if spread is None:
            middle = _height_at(base, (a + b) / 2)
            spread = (middle + rise, middle + fall)
            if around is not None:
                low, high = (around.y1, around.y2) if flip else (around.x1, around.x2)
                spread = (max(spread[0], low), min(spread[1], high))
        (y1, x1), (y2, x2) = ((spread[0], a), (spread[1], b)) if flip else (
            (a, spread[0]), (b, spread[1])
        )  # fmt: skip
        places.append(Box.within(y1, x1, y2, x2, height, width))
    return places[::-1] if turn in (2, 3) else places


def _height_at(base: Sequence[Point], at: float) -> float:
    """Interpolate a polyline: its second coordinate where the first is `at`."""
    for (a, left), (b, right) in pairwise(base):
        if at <= b:
            return left if b == a else left + (right - left) * min(max((at - a) / (b - a), 0), 1)
    return base[-1][1]


def _across(outline: Sequence[Point], a: float, b: float) -> tuple[float, float] | None:
    """Least and greatest second coordinate of a polygon where the first is from `a` to `b`."""
    found = []
    for (u1, v1), (u2, v2) in zip(outline, [*outline[1:], outline[0]], strict=True):
        found += [v for u, v in ((u1, v1), (u2, v2)) if a <= u <= b]
        found += [
            v1 + (v2 - v1) * (at - u1) / (u2 - u1)
            for at in (a, b)
            if min(u1, u2) < at < max(u1, u2)
        ]
    return (min(found), max(found)) if found and max(found) > min(found) else None


def line_of(given: GivenLine, height: int, width: int) -> Line | None:
    """A line with boxes for all its letters; None if it has no text or no place.

    Where the line's own text differs from that of its words, it is set in the places of the words.

    Parameters
    ----------
    given : GivenLine
    height, width : int
        Of the page, in pixels.

    Raises
    ------
    ValueError
        The text is too long for a line.
    """
    placed = [(word, word.box) for word in given.words if word.text.split() and word.box]
    joined = " ".join(" ".join(word.text.split()) for word in given.words if word.text.split())
    text = " ".join(unicodedata.normalize("NFC", given.text or joined).split())
    if not text:
        return None
    if len(text) > LONGEST:
        raise ValueError(f"more than {LONGEST:,} characters are no line")
    turn = turn_of(given.baseline) if len(given.baseline) > 1 else given.turn
    if placed:
        usual = given.confidence
        words = tuple(part for one in placed for part in _given_words(*one, usual, turn))
    else:
        words = _spread(text, places_along(given, len(graphemes(text)), height, width), given)
    if not words:
        return None
    outline = given.polygon if len(set(given.polygon)) > 2 else ()
    around = Box.around(word.box for word in words)
    if _is_box(outline, around):
        outline = ()  # it says nothing that the words do not
    baseline = given.baseline if len(given.baseline) > 1 else ()
    if turn and not baseline:  # or nobody could tell any more that it is turned
        baseline = _foot(around, turn)
    line = Line(words, baseline, outline, given.block, given.confirmed)
    if line.text != text:
        sure = 1.0 if given.confidence is None else given.confidence
        return replace(with_text(line, text, sure), confirmed=given.confirmed)
    return line


def _foot(box: Box, turn: int) -> Points:
    """A baseline along the side of a box on which a line turned by `turn` stands."""
    y1, x1, y2, x2 = map(float, box.as_list())
    return (
        ((y2, x1), (y2, x2)),
        ((y1, x1), (y2, x1)),
        ((y1, x2), (y1, x1)),
        ((y2, x2), (y1, x2)),
    )[turn]


def _is_box(outline: Points, box: Box) -> bool:
    return len(outline) == 4 and set(outline) == {
        (y, x) for y in (box.y1, box.y2) for x in (box.x1, box.x2)
    }


def _spread(text: str, places: Sequence[Box], given: GivenLine) -> tuple[Word, ...]:
    """The words of a text, given a box for each of its characters, spaces included."""
    sure = 1.0 if given.confidence is None else given.confidence
    letters = [
        None if sign.isspace() else Letter(place, sign, sure)
        for sign, place in zip(graphemes(text), places, strict=False)
    ]
    return words_of(letters)


def signs_of(line: Line) -> list[Letter | None]:
    """The letters of a line, with None for each space."""
    signs: list[Letter | None] = []
    for word in line.words:
        signs += [*([None] if signs else []), *word.letters]
    return signs


def words_of(letters: Iterable[Letter | None]) -> tuple[Word, ...]:
    """The words that letters make, with None for each space."""
    runs = groupby(letters, lambda letter: letter is not None)
    return tuple(Word(tuple(x for x in run if x is not None)) for inked, run in runs if inked)


def _given_words(word: GivenWord, box: Box, usual: float | None, turn: int) -> tuple[Word, ...]:
    """The words of what a file gives as one word: some files give a whole line so."""
    text = " ".join(unicodedata.normalize("NFC", word.text).split())
    if word.letters and Word(word.letters).text == text:
        return (Word(word.letters),)
    choices = (word.confidence, usual, 1.0)
    sure = next(one for one in choices if one is not None)
    signs = graphemes(text)
    return words_of(
        None if sign.isspace() else Letter(place, sign, sure)
        for sign, place in zip(signs, slots(box, len(signs), turn), strict=True)
    )


def with_text(
    line: Line,
    text: str,
    confidence: float = 1.0,
    keep: bool = False,
) -> Line:
    """The line with another text, its words and letters placed anew, and confirmed.

    The text is aligned with what was read. Letters that agree keep their boxes; the others share
    the boxes of the letters that they replace.

    Parameters
    ----------
    line : Line
    text : str
        With at least one character that is not whitespace.
    confidence : float
        Of the letters of the new text.
    keep : bool
        Whether letters that agree keep their confidence, and the line its `confirmed`.

    Raises
    ------
    ValueError
        The text is empty, or too long for a line.
    """
    turn = turn_of(line.baseline)
    new = graphemes(" ".join(text.split()))
    if not new:
        raise ValueError("a line needs a text")
    old = signs_of(line)
    if max(len(new), len(old)) > LONGEST:
        raise ValueError(f"more than {LONGEST:,} characters are no line")
    read = [" " if letter is None else letter.text for letter in old]
    placed: list[Letter | None] = []
    for part, room in _parts(old, read, new):
        before = [old[i] for i, _ in part if i is not None]
        signs = [(new[j], None if i is None else old[i]) for i, j in part if j is not None]
        boxes = [letter.box for letter in before if letter is not None]
        room = Box.around(boxes) if boxes else room
        places: Sequence[Box | None]
        if [letter is None for letter in before] == [sign.isspace() for sign, _ in signs]:
            places = [None if letter is None else letter.box for letter in before]
        else:
            places = slots(room, len(signs), turn) if room else [None] * len(signs)
        for (sign, read_as), place in zip(signs, places, strict=True):
            ink = None if sign.isspace() or place is None else Letter(place, sign, confidence)
            if keep and ink and read_as and read_as.text == sign:
                ink = replace(read_as, box=ink.box)
            placed.append(ink)
    return replace(line, words=words_of(placed), confirmed=line.confirmed if keep else True)


# Columns of an alignment: a character read and one of the text, None for none.
Columns = list[tuple["int | None", "int | None"]]


def _parts(
    old: Sequence[Letter | None], read: Sequence[str], new: Sequence[str]
) -> Iterator[tuple[Columns, Box | None]]:
    """Divide an alignment into equal pairs and runs that differ.

    Each part comes with the gap between the letters around it, if a letter fits in there, else
    None. A run with letters of the text but neither letters read nor a gap takes in the letter
    before it, or the one behind if that is of the same word.
    """
    columns: Columns = []
    for op in Levenshtein.opcodes(read, new):
        left, right = range(op.src_start, op.src_end), range(op.dest_start, op.dest_end)
        columns += zip_longest(left, right)
    equal = [i is not None and j is not None and read[i] == new[j] for i, j in columns]
    letters = [None if i is None else old[i] for i, _ in columns]
    widths = sorted(letter.box.width for letter in letters if letter is not None)
    least = max(1.0, WIDE_GAP * widths[len(widths) // 2])

    def room(start: int, stop: int) -> Box | None:
        before = next((x for x in reversed(letters[:start]) if x is not None), None)
        after = next((x for x in letters[stop:] if x is not None), None)
        if before is None or after is None or after.box.x1 - before.box.x2 < least:
            return None
        y1, y2 = min(before.box.y1, after.box.y1), max(before.box.y2, after.box.y2)
        return Box(y1, before.box.x2, y2, after.box.x1)

    for (_, stop), (start, _) in pairwise(list(_runs(equal))):
        if not any(letters[stop:start]):  # a space between two insertions: they share one gap
            equal[stop:start] = [False] * (start - stop)
    for start, stop in list(_runs(equal)):
        wanted = any(j is not None and not new[j].isspace() for _, j in columns[start:stop])
        if not wanted or any(letters[start:stop]) or room(start, stop):
            continue
        near = next((k for k in range(start - 1, -1, -1) if letters[k]), None)
        if near is None or (near < start - 1 and stop < len(columns) and letters[stop]):
            near = next(k for k in range(stop, len(columns)) if letters[k])
        for k in (*range(near, start), *range(stop, near + 1)):
            equal[k] = False
    done = 0
    for start, stop in [*_runs(equal), (len(columns), len(columns))]:
        yield from (([column], None) for column in columns[done:start])
        if start < stop:
            yield columns[start:stop], room(start, stop)
        done = stop


def _runs(equal: Sequence[bool]) -> Iterator[tuple[int, int]]:
    """Start and end of each run of False."""
    at = 0
    for same, run in groupby(equal):
        length = sum(1 for _ in run)
        if not same:
            yield at, at + length
        at += length

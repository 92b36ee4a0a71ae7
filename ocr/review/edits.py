"""What a person does to a page: each takes a page under correction and gives another.

A line or place that is not there raises `EditError`, with a sentence for the person.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from itertools import accumulate

import numpy as np

from ocr.errors import OcrError
from ocr.evaluation.corrections import align_lines
from ocr.formats.placing import signs_of, turn_of, words_of
from ocr.page import Box, Line
from ocr.review.document import Entry, Reviewed
from ocr.review.respell import MAX_TEXT, clean, respelled

MOST_LINES = 5000  # of a page
ASIDE = 3.0  # pixels aside count so much more than up or down, where a neighbor is looked for
END = 0.01  # share of a stretch of baseline that stays on either side of a cut
Point = tuple[float, float]


class EditError(OcrError):
    """What was asked for cannot be done to this page."""


def set_text(doc: Reviewed, number: int, text: str, confirmed: bool | None = None) -> Reviewed:
    """Give a line another text; `confirmed` also says whether it is right, None leaves that."""
    entry = _find(doc, number)
    line = entry.line
    wanted = clean(text)
    if wanted != line.text:
        try:
            line = respelled(line, wanted)
        except ValueError as error:
            raise EditError(f"This cannot be done: {error}.") from None
    if confirmed is not None:
        line = replace(line, confirmed=confirmed)
    return _with(doc, replace(entry, line=line))


def confirm_all(doc: Reviewed, wanted: bool = True) -> Reviewed:
    """Confirm every line that is not left out, or take that back."""
    entries = tuple(
        entry if entry.out else replace(entry, line=replace(entry.line, confirmed=wanted))
        for entry in doc.entries
    )
    return replace(doc, entries=entries)


def merge(doc: Reviewed, number: int, with_: int | None = None) -> Reviewed:
    """Join a line with another, or with the one that follows it; the further left comes first."""
    at = _at(doc, number)
    if doc.entries[at].out:  # what it is joined with would be left out as well
        raise EditError("This line is left out. Take it in first, by a click on its region.")
    below = (k for k in range(at + 1, len(doc.entries)) if not doc.entries[k].out)
    after = next(below, None) if with_ is None else _at(doc, with_)
    if after is None:
        raise EditError("There is no line below this one to join it with.")
    one, other = doc.entries[at], doc.entries[after]
    first, second = (one.line, other.line)
    if _position_along(second, first) < _position_along(first, first):
        first, second = second, first
    line = Line(
        first.words + second.words,
        first.baseline + second.baseline,
        _joined_outline(first, second),
        one.line.block,
        confirmed=False,
    )
    choices = tuple(dict([*other.choices, *one.choices]).items())
    entries = [entry for k, entry in enumerate(doc.entries) if k != after]
    entries[at] = replace(one, line=line, choices=choices)
    return _ordered(doc, entries)


def split(doc: Reviewed, number: int, position: int) -> Reviewed:
    """Make two lines of one, the second from a character of its text on."""
    at = _at(doc, number)
    entry = doc.entries[at]
    signs = signs_of(entry.line)
    ends = accumulate(len(sign.text) if sign else 1 for sign in signs)
    first_signs = sum(end <= position for end in ends)  # a letter may be of several characters
    left = words_of(signs[:first_signs])
    right = words_of(signs[first_signs:])
    if not left or not right:
        raise EditError("Put the cursor between two letters to split the line there.")
    a, b = left[-1].box, right[0].box
    turn = turn_of(entry.line.baseline)
    if turn > 1:  # it runs to the left, or up
        a, b = b, a
    cut = ((a.y1 + a.y2 + b.y1 + b.y2) / 4, (a.x2 + b.x1) / 2)
    if turn % 2:
        cut = ((a.y2 + b.y1) / 2, (a.x1 + a.x2 + b.x1 + b.x2) / 4)
    base, other_base, outline, other_outline = _cut(entry.line, cut)
    first = replace(entry.line, words=left, baseline=base, polygon=outline, confirmed=False)
    second = replace(
        entry.line, words=right, baseline=other_base, polygon=other_outline, confirmed=False
    )
    entries = list(doc.entries)
    entries[at : at + 1] = [
        replace(entry, line=first),
        Entry(doc.next_id, second, entry.out, entry.choices),
    ]
    return _ordered(replace(doc, next_id=doc.next_id + 1), entries)


def delete(doc: Reviewed, number: int) -> Reviewed:
    """Take a line away."""
    at = _at(doc, number)
    return _ordered(doc, [entry for k, entry in enumerate(doc.entries) if k != at])


def move(doc: Reviewed, number: int, by: int) -> Reviewed:
    """Move a line up or down by some places; it joins the block that it comes to."""
    at = _at(doc, number)
    entries = list(doc.entries)
    entry = entries.pop(at)
    to = min(max(at + by, 0), len(entries))
    neighbor = entries[to - 1] if to else (entries[0] if entries else entry)
    line = replace(entry.line, block=neighbor.line.block)
    entries.insert(to, replace(entry, line=line))
    return _ordered(doc, entries)


def add(doc: Reviewed, line: Line, choices: tuple[tuple[str, tuple[str, ...]], ...]) -> Reviewed:
    """Put a new line where it belongs: behind the last one that begins above it."""
    if len(doc.entries) >= MOST_LINES:
        raise EditError(f"A page can hold {MOST_LINES:,} lines.")
    new = Entry(doc.next_id, line, _left_out(doc.regions, Entry(0, line)), choices)
    at = place_of(doc, new)
    neighbor = doc.entries[at - 1] if at else (doc.entries[0] if doc.entries else new)
    new = replace(new, line=replace(line, block=neighbor.line.block))
    entries = [*doc.entries[:at], new, *doc.entries[at:]]
    return _ordered(replace(doc, next_id=doc.next_id + 1), entries)


def place_of(doc: Reviewed, new: Entry) -> int:
    """Where among the lines a new one comes in reading order.

    Behind the one that is nearest above it in its column, else before the one nearest below it.
    """
    y, x1, x2 = _upright(new, doc)
    best: tuple[float, int] | None = None
    first: tuple[float, int] | None = None
    for k, entry in enumerate(doc.entries):
        other_y, left, right = _upright(entry, doc)
        apart = max(left - x2, x1 - right, 0.0)  # lines of other columns are far
        far = abs(other_y - y) + ASIDE * apart
        if other_y <= y and (best is None or far < best[0]):
            best = (far, k + 1)
        if other_y > y and (first is None or far < first[0]):
            first = (far, k)
    found = best or first
    return found[1] if found else 0


def leave_out(doc: Reviewed, box: Box) -> Reviewed:
    """Leave a region out: the lines whose middle lies in it are kept, but do not count."""
    return _by_regions(replace(doc, regions=(*doc.regions, box)))


def take_in(doc: Reviewed, number: int) -> Reviewed:
    """Take the region of a number, from 0, back in."""
    if not 0 <= number < len(doc.regions):
        raise EditError("There is no such region.")
    regions = tuple(box for k, box in enumerate(doc.regions) if k != number)
    return _by_regions(replace(doc, regions=regions))


def turn(doc: Reviewed, by: int) -> Reviewed:
    """Turn the photo by quarter turns to the left."""
    return replace(doc, turns=(doc.turns + by) % 4)


def reread(doc: Reviewed, read: Callable[[Sequence[Entry]], Sequence[Entry]]) -> Reviewed:
    """Read the lines again that nobody has confirmed; the others stay untouched."""
    open_ = [entry for entry in doc.entries if not entry.line.confirmed]
    found = {entry.id: entry for entry in read(open_)}
    return replace(doc, entries=tuple(found.get(entry.id, entry) for entry in doc.entries))


def found_again(doc: Reviewed, found: Reviewed) -> Reviewed:
    """Put newly found lines in place of those that nobody has confirmed.

    A new line that lies on a confirmed one is dropped; the confirmed ones stay untouched.
    """
    kept = tuple(entry for entry in doc.entries if entry.line.confirmed)
    result = replace(doc, entries=kept)
    if not kept:
        entries = [
            replace(entry, id=doc.next_id + k, out=_left_out(doc.regions, entry))
            for k, entry in enumerate(found.entries)
        ]
        page = replace(found.page, height=doc.page.height, width=doc.page.width)
        result = replace(result, page=page, next_id=doc.next_id + len(entries))
        return _ordered(result, entries)
    for entry in found.entries:
        if not any(_overlap(entry, one) > 0.5 for one in kept):
            result = add(result, entry.line, entry.choices)
    return result


def with_truth(doc: Reviewed, rows: Sequence[str], confirmed: bool) -> tuple[Reviewed, list[str]]:
    """Give the lines the texts that a person wrote down; the rows that belong to none.

    Rows and lines are set against each other as `ocr convert` does it. Lines that are one in the
    text are joined, one that is two is split. One that the text does not have is not confirmed any
    more; those of a draft that it has stay as they are. A row that is cut off, since no line is so
    long, is told as one that belongs to none.
    """
    cut = [clean(row) for row in rows if len(" ".join(row.split())) > MAX_TEXT]
    rows = [row for row in map(clean, rows) if row]
    kept = [entry for entry in doc.kept if entry.line.words]
    right = True if confirmed else None
    lost: list[str] = cut
    for read, written in align_lines([entry.line.text for entry in kept], rows):
        texts = [rows[k] for k in written]
        if not texts:
            for k in read:
                doc = set_text(doc, kept[k].id, kept[k].line.text, confirmed=False)
            continue
        if not read:
            lost += texts
            continue
        try:
            doc = _with_rows(doc, [kept[k].id for k in read], texts, right)
        except EditError:
            lost += texts
    return doc, lost


def _with_rows(
    doc: Reviewed, numbers: Sequence[int], texts: Sequence[str], confirmed: bool | None
) -> Reviewed:
    """Give a line, or the one that two are joined to, one row or two."""
    number = numbers[0]
    if len(numbers) > 1:
        doc = merge(doc, *numbers)
    doc = set_text(doc, number, " ".join(texts), confirmed)
    if len(texts) > 1:
        doc = split(doc, number, len(texts[0]) + 1)
        for one in (number, doc.next_id - 1):
            doc = set_text(doc, one, _find(doc, one).line.text, confirmed)
    return doc


# --- what the edits share -------------------------------------------------------------------


def _find(doc: Reviewed, number: int) -> Entry:
    return doc.entries[_at(doc, number)]


def _at(doc: Reviewed, number: int) -> int:
    for k, entry in enumerate(doc.entries):
        if entry.id == number:
            return k
    raise EditError("This line is no longer there.")


def _with(doc: Reviewed, changed: Entry) -> Reviewed:
    return replace(doc, entries=tuple(changed if e.id == changed.id else e for e in doc.entries))


def _ordered(doc: Reviewed, entries: Iterable[Entry]) -> Reviewed:
    """The page with these lines, their blocks numbered from 1 in the order in which they come."""
    result: list[Entry] = []
    block, last = 0, None
    for entry in entries:
        if entry.line.block != last:
            block, last = block + 1, entry.line.block
        line = entry.line if entry.line.block == block else replace(entry.line, block=block)
        result.append(replace(entry, line=line))
    return replace(doc, entries=tuple(result))


def _by_regions(doc: Reviewed) -> Reviewed:
    entries = (replace(one, out=_left_out(doc.regions, one)) for one in doc.entries)
    return replace(doc, entries=tuple(entries))


def _left_out(regions: Sequence[Box], entry: Entry) -> bool:
    y1, x1, y2, x2 = entry.bounds
    y, x = (y1 + y2) / 2, (x1 + x2) / 2
    return any(box.y1 <= y < box.y2 and box.x1 <= x < box.x2 for box in regions)


def _overlap(one: Entry, other: Entry) -> float:
    """Share of the smaller of two lines' bounds that lies in the other."""
    a, b = one.bounds, other.bounds
    rows = min(a[2], b[2]) - max(a[0], b[0])
    cols = min(a[3], b[3]) - max(a[1], b[1])
    least = min((a[2] - a[0]) * (a[3] - a[1]), (b[2] - b[0]) * (b[3] - b[1]))
    return max(rows, 0.0) * max(cols, 0.0) / max(least, 1.0)


def _upright(entry: Entry, doc: Reviewed) -> tuple[float, float, float]:
    """Middle row, left and right end of a line on the page as it is turned upright."""
    y1, x1, y2, x2 = entry.bounds
    height, width = doc.page.height, doc.page.width
    if doc.turns == 1:
        y1, x1, y2, x2 = width - x2, y1, width - x1, y2
    elif doc.turns == 2:
        y1, x1, y2, x2 = height - y2, width - x2, height - y1, width - x1
    elif doc.turns == 3:
        y1, x1, y2, x2 = x1, height - y2, x2, height - y1
    return (y1 + y2) / 2, x1, x2


def _position_along(line: Line, of: Line) -> float:
    """Where a line begins in the direction of another."""
    if not line.baseline or len(of.baseline) < 2:
        return 0.0
    (y1, x1), (y2, x2) = of.baseline[0], of.baseline[-1]
    return (line.baseline[0][0] * (y2 - y1) + line.baseline[0][1] * (x2 - x1)) / max(
        1e-6, float(np.hypot(y2 - y1, x2 - x1))
    )


def _sides(line: Line) -> tuple[tuple[Point, ...], tuple[Point, ...]]:
    """The outline above and below a line, both from left to right, a point each for its
    baseline's; none if the outline is of another make."""
    count = len(line.baseline)
    if not count or len(line.polygon) != 2 * count:
        return (), ()
    return line.polygon[:count], line.polygon[: count - 1 : -1]


def _joined_outline(first: Line, second: Line) -> tuple[Point, ...]:
    (over, under), (more_over, more_under) = _sides(first), _sides(second)
    if over and more_over:
        return over + more_over + more_under[::-1] + under[::-1]
    points = np.array([*first.polygon, *second.polygon])
    if not len(points):
        return ()
    (y1, x1), (y2, x2) = points.min(axis=0).tolist(), points.max(axis=0).tolist()
    return ((y1, x1), (y1, x2), (y2, x2), (y2, x1))


def _cut(line: Line, at: Point) -> tuple[tuple[Point, ...], ...]:
    """Baseline and outline of a line before and behind a point."""
    base = np.array(line.baseline)
    if len(base) < 2:
        return line.baseline, line.baseline, line.polygon, line.polygon
    steps = np.diff(base, axis=0)
    lengths = np.maximum((steps**2).sum(axis=1), 1e-9)
    shares = np.clip(((np.array(at) - base[:-1]) * steps).sum(axis=1) / lengths, 0, 1)
    near = base[:-1] + shares[:, None] * steps
    k = int(((near - np.array(at)) ** 2).sum(axis=1).argmin())
    share = float(np.clip(shares[k], END, 1 - END))

    def halves(points: tuple[Point, ...]) -> tuple[tuple[Point, ...], tuple[Point, ...]]:
        (y1, x1), (y2, x2) = points[k], points[k + 1]
        middle = (round(y1 + share * (y2 - y1), 1), round(x1 + share * (x2 - x1), 1))
        return (*points[: k + 1], middle), (middle, *points[k + 1 :])

    left, right = halves(line.baseline)
    over, under = _sides(line)
    if not over:
        return left, right, line.polygon, line.polygon
    over_left, over_right = halves(over)
    under_left, under_right = halves(under)
    return left, right, over_left + under_left[::-1], over_right + under_right[::-1]

"""A page as the browser is told of it: plain lists and dicts, in pixels of the upright photo."""

from __future__ import annotations

import hashlib
from typing import Any

from ocr.page import Word
from ocr.review.document import DOUBTFUL, Entry, Reviewed
from ocr.review.reading import choices_of
from ocr.review.shelf import Held, Shelf, Summary


def page_view(number: int, held: Held) -> dict[str, Any]:
    """All of a page."""
    return {**doc_view(number, held.doc), "notes": [_note(one) for one in held.notes]}


def doc_view(number: int, doc: Reviewed) -> dict[str, Any]:
    """A page without what is said about it once."""
    return {
        "id": number,
        "revision": doc.revision,
        "height": doc.page.height,
        "width": doc.page.width,
        "turns": doc.turns,
        "warnings": list(doc.page.warnings),
        "regions": [box.as_list() for box in doc.regions],
        "lines": [line_view(entry) for entry in doc.entries],
    }


def line_view(entry: Entry) -> dict[str, Any]:
    """A line: its text, what is doubtful in it, and where it stands."""
    line = entry.line
    place: object = (line.baseline, line.polygon)
    outline = line.polygon
    if len(line.baseline) < 2 or not outline:
        y1, x1, y2, x2 = bounds = entry.bounds
        place = place if len(line.baseline) > 1 else bounds
        outline = outline or ((y1, x1), (y1, x2), (y2, x2), (y2, x1))
    return {
        "id": entry.id,
        "text": line.text,
        "confirmed": line.confirmed,
        "out": entry.out,
        "block": line.block,
        "outline": [[round(y), round(x)] for y, x in outline],
        "picture": hashlib.sha256(repr(place).encode()).hexdigest()[:12],
        "words": _words(entry),
    }


def _words(entry: Entry) -> list[dict[str, Any]]:
    """The words: where they stand in text and photo, and what is doubtful in them."""
    found = []
    at = 0
    for word in entry.line.words:
        end = at + len(word.text)
        view: dict[str, Any] = {"from": at, "to": end, "box": word.box.as_list()}
        if not entry.line.confirmed:
            doubts = _doubts(word, at)
            if doubts:
                view["doubts"] = doubts
                view["choices"] = list(choices_of(entry, word))
        found.append(view)
        at = end + 1
    return found


def _doubts(word: Word, start: int) -> list[list[float]]:
    """Runs of doubtful characters: first, end, lowest confidence."""
    runs: list[list[float]] = []
    at = start
    for letter in word.letters:
        end = at + len(letter.text)
        if letter.confidence < DOUBTFUL:
            if runs and runs[-1][1] == at:
                runs[-1][1:] = [end, min(runs[-1][2], round(letter.confidence, 2))]
            else:
                runs.append([at, end, round(letter.confidence, 2)])
        at = end
    return runs


def _note(note: str) -> dict[str, Any]:
    count, file, first = note.split("\t", 2)
    return {"rows": int(count), "file": file, "first": first}


def pages_view(shelf: Shelf, since: int) -> dict[str, Any]:
    """The pages that have changed since a version, in order, and how far the whole is."""
    version = shelf.version
    return {
        "version": version,
        "count": len(shelf.pages),
        "done": shelf.done,
        "pages": [
            [number, shelf.pages[number].name, *_short(one)]
            for number, one in shelf.summaries(since).items()
        ],
    }


def _short(one: Summary) -> list[Any]:
    return [one.state, one.lines, one.confirmed, one.done, one.error]

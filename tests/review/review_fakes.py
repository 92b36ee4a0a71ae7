"""Pages that are drawn and already read, and a server that serves them."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

from ocr.page import Box, Letter, Line, Page, Word
from ocr.review.document import Entry, Reviewed, begun

PATIENCE = 240  # seconds: a busy machine is not a defect
HEIGHT, WIDTH, ROW, LEFT, WIDE = 900, 700, 80, 60, 18
TEXTS = (
    "first line of all",
    "second one here",
    "third is longer than most",
    "fourth stands low",
    "fifth and last",
)


def line(text: str, row: int, doubts: Sequence[int] = (), confirmed: bool = False) -> Line:
    """A line of letters of one width on a row of the page; those at `doubts` are doubtful."""
    y = ROW * (row + 1)
    letters: list[list[Letter]] = [[]]
    for k, sign in enumerate(text):
        if sign == " ":
            letters.append([])
            continue
        x = LEFT + WIDE * k
        sure = 0.4 if k in doubts else 0.99
        others = (("x", 0.3),) if k in doubts else ()
        letters[-1].append(Letter(Box(y - 30, x, y + 8, x + WIDE), sign, sure, others))
    words = tuple(Word(tuple(word)) for word in letters if word)
    x2 = LEFT + WIDE * len(text)
    base = ((float(y), float(LEFT)), (float(y), float(x2)))
    polygon = ((y - 32.0, LEFT), (y - 32.0, x2), (y + 10.0, x2), (y + 10.0, LEFT))
    return Line(words, base, polygon, confirmed=confirmed)


def document(texts: Sequence[str] = TEXTS, doubts: Sequence[int] = (0,)) -> Reviewed:
    """A page with a line for each text, whose first letters are doubtful."""
    page = Page(HEIGHT, WIDTH, tuple(line(t, k, doubts) for k, t in enumerate(texts)), "lines")
    doc = begun(page)
    entries = tuple(with_choices(entry) for entry in doc.entries)
    return replace(doc, entries=entries)


def with_choices(entry: Entry) -> Entry:
    """The entry, with what else its first word may be."""
    if not entry.line.words:
        return entry
    word = entry.line.words[0].text
    return replace(entry, choices=((word, (word[::-1], word.upper())),))


def draw(path: Path, texts: Sequence[str] = TEXTS, dots: int = 0) -> None:
    """The picture of such a page, with dots in a corner that tell it from others."""
    picture = Image.new("L", (WIDTH, HEIGHT), 245)
    pen = ImageDraw.Draw(picture)
    font = ImageFont.load_default(30)
    for row, text in enumerate(texts):
        pen.text((LEFT, ROW * (row + 1)), text, 20, font, anchor="ls")
    for dot in range(dots):
        pen.point((2 + 3 * dot, 2), 20)
    picture.save(path)


def folder(place: Path, pages: int = 2, texts: Sequence[str] = TEXTS) -> Path:
    """A folder of pages that are read."""
    place.mkdir(parents=True, exist_ok=True)
    for number in range(1, pages + 1):
        draw(place / f"page{number}.png", texts, dots=number)
        (place / f"page{number}.gt.json").write_text(document(texts).to_json(), encoding="utf-8")
    return place


class Server:
    """`ocr review` as a process of its own."""

    def __init__(self, *arguments: str | Path) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "ocr", "review", *map(str, arguments), "--no-browser"],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env={**os.environ, "NO_COLOR": "1"},
        )
        assert self.process.stdout is not None
        self.url = self.process.stdout.readline().strip()

    def kill(self) -> None:
        """As a power cut does."""
        self.process.kill()
        self._close()

    def stop(self) -> tuple[int, str]:
        """As Ctrl-C does: exit status and what was said."""
        self.process.send_signal(signal.SIGINT)
        _, said = self.process.communicate(timeout=PATIENCE)
        return self.process.returncode, said

    def _close(self) -> None:
        self.process.communicate(timeout=PATIENCE)

    def __enter__(self) -> Server:
        return self

    def __exit__(self, *_: object) -> None:
        if self.process.poll() is None:
            self.process.terminate()
            try:
                self._close()
            except subprocess.TimeoutExpired:
                self.kill()

"""Pages that are drawn and already read, a shelf of them, and a server that serves them."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

from ocr.errors import ImageError
from ocr.page import Box, Letter, Line, Page, Word
from ocr.review import edits
from ocr.review.document import Entry, Reviewed, begun
from ocr.review.pages import find_pages
from ocr.review.shelf import Shelf

PATIENCE = 240  # seconds: a busy machine is not a defect
HOST = "127.0.0.1:8000"
TOKEN = "secret"
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


class Fake:
    """Reads every page as `document`, and counts."""

    def __init__(self):
        self.read = []

    def page(self, photo, turns=None):
        self.read.append(Path(photo.source).name)
        if "bad" in photo.name:
            raise ImageError("bad.png: damaged.")
        return document()


def pages_of(*arguments, **more):
    """The pages that these name, and what is said of those that are missing."""
    lost = []
    found = find_pages(
        [str(a) for a in arguments], more.get("recursive", False), (), None,
        lambda name, error: lost.append((name, str(error))),
    )  # fmt: skip
    return found, lost


def unread(place: Path, count: int) -> Path:
    """A folder of pages that are not read yet."""
    place.mkdir()
    for number in range(1, count + 1):
        draw(place / f"page{number}.png")
    return place


def shelf_of(place: Path, recognizer=None, ahead: int = 0) -> Shelf:
    """A shelf of what is in a folder."""
    return Shelf(pages_of(place)[0], recognizer or Fake(), ahead)


def change(shelf: Shelf, text: str, number: int = 1, line: int = 1, **more) -> Reviewed:
    """Give a line another text."""
    revision = shelf.open(number).doc.revision
    return shelf.change(number, revision, lambda doc: edits.set_text(doc, line, text, **more))


class Answer:
    """What was answered."""

    def __init__(self, status: int, headers: dict[str, str], body: bytes) -> None:
        self.status, self.headers, self.body = status, headers, body

    @property
    def json(self):
        return json.loads(self.body)


class Client:
    """Asks an application without a network."""

    def __init__(self, app) -> None:
        self.app = app

    def ask(self, path, data=None, token=TOKEN, method=None, **headers) -> Answer:
        given = {"host": HOST, **{k.replace("_", "-"): v for k, v in headers.items()}}
        body = b""
        if data is not None:
            body = data if isinstance(data, bytes) else json.dumps(data).encode()
            given.setdefault("content-type", "application/json")
            given.setdefault("content-length", str(len(body)))
        path, _, query = path.partition("?")
        scope = {
            "type": "http", "method": method or ("GET" if data is None else "POST"),
            "path": f"/{token}{path}", "raw_path": b"", "query_string": query.encode(),
            "headers": [(k.encode(), v.encode()) for k, v in given.items() if v],
            "http_version": "1.1", "scheme": "http", "root_path": "", "server": ("127.0.0.1", 8000),
        }  # fmt: skip
        sent = []

        async def run() -> None:
            waiting = [{"type": "http.request", "body": body, "more_body": False}]

            async def receive():
                if waiting:
                    return waiting.pop()
                await asyncio.sleep(60)

            async def send(message):
                sent.append(message)

            await self.app(scope, receive, send)

        asyncio.run(run())
        found = {k.decode(): v.decode() for k, v in sent[0]["headers"]}
        return Answer(sent[0]["status"], found, b"".join(m.get("body", b"") for m in sent[1:]))

    def change(self, revision, op, page=1, **more) -> Answer:
        return self.ask(f"/api/pages/{page}", {"revision": revision, "op": op, **more})

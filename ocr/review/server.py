"""What the page in the browser asks for: an application of Starlette behind `Guard`.

The browser names pages and lines by their ids alone; no path that it sends is ever opened.
"""

from __future__ import annotations

import json
import math
import threading
from asyncio import CancelledError
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import wraps
from itertools import pairwise
from pathlib import Path
from typing import Any

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route
from starlette.types import ASGIApp

from ocr.errors import OcrError
from ocr.input.photo import Photo
from ocr.page import Box
from ocr.review import edits, exporting
from ocr.review.document import Reviewed
from ocr.review.edits import EditError
from ocr.review.guard import Guard, whole
from ocr.review.learning import Learning
from ocr.review.pictures import SIDES, Pictures
from ocr.review.reading import Recognizer
from ocr.review.shelf import Edit, Shelf, StaleError
from ocr.review.view import doc_view, line_view, page_view, pages_view

STATIC = Path(__file__).parent / "static"
KINDS = {
    ".html": "text/html; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
}
FOUND = 100  # lines that a search shows
SEARCHED = 200  # characters of what is searched for
FARTHEST = 1_000_000  # pixels that a place may be off
MOST_TABS = 1000  # whose last changes are remembered, a page each
MAX_NAME = 40  # characters of a tab's name
MOST_POINTS = 200  # of a line that is drawn
LONGEST = 2  # of a line that is drawn, in heights and widths of the page together
FOREVER = "private, max-age=31536000, immutable"  # of pictures whose address tells their content

Handler = Callable[[Request], Awaitable[Response]]


class Application:
    """The requests, by what they ask for.

    Parameters
    ----------
    shelf : Shelf
    learning : Learning
    """

    def __init__(self, shelf: Shelf, learning: Learning) -> None:
        self.shelf, self.learning = shelf, learning
        self.pictures = Pictures()
        self._tabs: OrderedDict[tuple[int, str], _Tab] = OrderedDict()
        self._tabs_lock = threading.Lock()
        self.static = {path.name: path for path in STATIC.iterdir() if path.suffix in KINDS}

    def routes(self) -> list[Route]:
        return [
            Route("/", self.index),
            Route("/static/{name}", self.file),
            Route("/api/pages", _in_json(self.pages)),
            Route("/api/pages/{page:int}", _in_json(self.page)),
            Route("/api/pages/{page:int}", _in_json(self.change), methods=["POST"]),
            Route("/api/search", _in_json(self.search)),
            Route("/api/learn", _in_json(self.learn)),
            Route("/api/learn", _in_json(self.command), methods=["POST"]),
            Route("/photo/{page:int}/{side:int}/{turns:int}", _in_json(self.photo)),
            Route("/strip/{page:int}/{line:int}", _in_json(self.strip)),
            Route("/export/{format}", _in_json(self.export)),
        ]

    # --- files of the application itself ----------------------------------------------------

    async def index(self, _: Request) -> Response:
        return _file(self.static["index.html"])

    async def file(self, request: Request) -> Response:
        path = self.static.get(request.path_params["name"])
        return Response("not here", 404) if path is None else _file(path)

    # --- pages ------------------------------------------------------------------------------

    async def pages(self, request: Request) -> Response:
        since = whole(request.query_params.get("since", ""))
        number = -1 if since is None else since
        return JSONResponse(await run_in_threadpool(pages_view, self.shelf, number))

    async def page(self, request: Request) -> Response:
        number = self._page(request)
        held = await run_in_threadpool(self.shelf.open, number)
        return JSONResponse(page_view(number, held))

    async def change(self, request: Request) -> Response:
        """Do one of `EDITS`; the answer is the line that changed, or the whole page."""
        number = self._page(request)
        wanted = _Wanted(await _json(request))
        before = await run_in_threadpool(self.shelf.open, number)
        known = {entry.id: entry for entry in before.doc.entries}
        after = await run_in_threadpool(self._asked, number, wanted)
        if wanted.text("op") in ("text", "confirm"):
            lines = [line_view(entry) for entry in after.entries if known.get(entry.id) != entry]
            return JSONResponse({"revision": after.revision, "changed": lines})
        return JSONResponse({"revision": after.revision, "page": doc_view(number, after)})

    def _asked(self, number: int, wanted: _Wanted) -> Reviewed:
        """Do what a tab asks for, `several` changes of it one after the other, and each once.

        A tab that is closed sends all again that it had no answer to. It cannot know the revision
        by then: what it has changed itself since makes none of its changes stale.
        """
        if "tab" not in wanted.data:
            return self._changed(number, wanted, wanted.number("revision"))
        tab = self._tab(number, wanted.text("tab"))
        several = wanted.text("op") == "several"
        changes = [_Wanted(one) for one in wanted.items("changes")] if several else [wanted]
        failed: OcrError | None = None
        with tab.lock:
            for one in changes:
                if one.number("number") <= tab.number:
                    continue
                revision = max(tab.revision, wanted.number("revision"))
                try:
                    tab.revision = self._changed(number, one, revision).revision
                except StaleError:
                    raise
                except OcrError as error:
                    failed = failed or error
                    continue
                tab.number = one.number("number")
        if failed is not None:
            raise failed
        return self.shelf.open(number).doc

    def _tab(self, number: int, name: str) -> _Tab:
        key = number, name[:MAX_NAME]
        with self._tabs_lock:
            tab = self._tabs.setdefault(key, _Tab())
            self._tabs.move_to_end(key)
            while len(self._tabs) > MOST_TABS:
                self._tabs.popitem(last=False)
        return tab

    def _changed(self, number: int, wanted: _Wanted, revision: int) -> Reviewed:
        op = wanted.text("op")
        if op in ("undo", "redo"):
            return self.shelf.undo(number, revision, forward=op == "redo")
        if op in READING:
            photo = self.pictures.opened(self.shelf.pages[number])

            def read(doc: Reviewed, recognizer: Recognizer) -> Edit:
                return READING[op](doc, recognizer, photo, wanted)

            return self.shelf.work_on(number, revision, read)
        if op not in EDITS:
            raise EditError("This cannot be done.")
        return self.shelf.change(number, revision, lambda doc: EDITS[op](doc, wanted))

    async def search(self, request: Request) -> Response:
        text = request.query_params.get("text", "").strip()[:SEARCHED]
        found = await run_in_threadpool(self.shelf.search, text, FOUND) if text else []
        return JSONResponse({"found": found, "more": len(found) == FOUND})

    # --- pictures ---------------------------------------------------------------------------

    async def photo(self, request: Request) -> Response:
        page = self.shelf.pages[self._page(request)]
        side, turns = request.path_params["side"], request.path_params["turns"]
        if side not in SIDES or turns > 3:
            return Response("not here", 404)
        content = await run_in_threadpool(self.pictures.photo, page, side, turns)
        return _picture(content)

    async def strip(self, request: Request) -> Response:
        number = self._page(request)

        def made() -> bytes:
            entry = self.shelf.open(number).doc.find(request.path_params["line"])
            return self.pictures.strip(self.shelf.pages[number], entry.line)

        return _picture(await run_in_threadpool(made))

    # --- what comes of it -------------------------------------------------------------------

    async def export(self, request: Request) -> Response:
        name = request.path_params["format"]
        only = request.query_params.get("page", "")
        number = whole(only) if only else None
        if only and number not in self.shelf.pages:
            raise KeyError(only)
        join = request.query_params.get("join") == "1"
        file = await run_in_threadpool(exporting.export, self.shelf, name, number, join)
        headers = {"content-disposition": f"attachment; filename*=UTF-8''{file.quoted}"}
        return StreamingResponse(file.pieces, media_type=file.kind, headers=headers)

    async def learn(self, _: Request) -> Response:
        return JSONResponse(await run_in_threadpool(self.learning.state))

    async def command(self, request: Request) -> Response:
        """Begin to learn, cancel that, or read the rest again."""
        wanted = _Wanted(await _json(request)).text("do")
        commands = {
            "start": self.learning.start,
            "cancel": self.learning.cancel,
            "reread": self.learning.reread,
        }
        if wanted not in commands:
            raise EditError("This cannot be done.")
        await run_in_threadpool(commands[wanted])
        return JSONResponse(await run_in_threadpool(self.learning.state))

    def _page(self, request: Request) -> int:
        number: int = request.path_params["page"]
        if number not in self.shelf.pages:
            raise KeyError(number)
        return number


@dataclass
class _Tab:
    """What a tab has changed of a page: the number of its last change, what revision that gave."""

    number: int = 0
    revision: int = -1
    lock: threading.Lock = field(default_factory=threading.Lock)


class _Wanted:
    """What a request says, checked where it is used."""

    def __init__(self, data: Any) -> None:
        self.data = data if isinstance(data, dict) else {}

    def number(self, name: str) -> int:
        value = self.data.get(name)
        if type(value) is not int or abs(value) > FARTHEST:
            raise EditError("This cannot be done.")
        return value

    def text(self, name: str) -> str:
        value = self.data.get(name)
        if not isinstance(value, str):
            raise EditError("This cannot be done.")
        return value

    def items(self, name: str) -> list[Any]:
        value = self.data.get(name)
        if not isinstance(value, list):
            raise EditError("This cannot be done.")
        return value

    def flag(self, name: str) -> bool | None:
        value = self.data.get(name)
        return value if isinstance(value, bool) else None

    def box(self, doc: Reviewed) -> Box:
        """A box on the page."""
        values = self.data.get("box")
        if not isinstance(values, list) or len(values) != 4:
            raise EditError("This cannot be done.")
        y1, x1, y2, x2 = (_real(value) for value in values)
        height, width = doc.page.height, doc.page.width
        top, bottom = (min(max(int(v), 0), height) for v in (min(y1, y2), max(y1, y2)))
        left, right = (min(max(int(v), 0), width) for v in (min(x1, x2), max(x1, x2)))
        if bottom - top < 2 or right - left < 2:
            raise EditError("Draw a larger box.")
        return Box(top, left, bottom, right)

    def points(self, doc: Reviewed) -> tuple[tuple[float, float], ...]:
        """A line on the page."""
        values = self.data.get("points")
        if not isinstance(values, list) or not 2 <= len(values) <= MOST_POINTS:
            raise EditError("This cannot be done.")
        if not all(isinstance(point, list) and len(point) == 2 for point in values):
            raise EditError("This cannot be done.")
        page = doc.page
        points = tuple(
            (min(max(_real(y), 0.0), page.height), min(max(_real(x), 0.0), page.width))
            for y, x in values
        )
        if sum(math.dist(a, b) for a, b in pairwise(points)) > LONGEST * (page.height + page.width):
            raise EditError("This cannot be done.")
        return points


def _real(value: Any) -> float:
    if type(value) not in (int, float) or not abs(value) < FARTHEST:
        raise EditError("This cannot be done.")
    return float(value)


EDITS: dict[str, Callable[[Reviewed, _Wanted], Reviewed]] = {
    "text": lambda doc, w: edits.set_text(
        doc, w.number("line"), w.text("text"), w.flag("confirmed")
    ),
    "confirm": lambda doc, w: edits.confirm_all(doc, w.flag("confirmed") is not False),
    "merge": lambda doc, w: edits.merge(doc, w.number("line")),
    "split": lambda doc, w: edits.split(doc, w.number("line"), w.number("at")),
    "delete": lambda doc, w: edits.delete(doc, w.number("line")),
    "move": lambda doc, w: edits.move(doc, w.number("line"), w.number("by")),
    "leave_out": lambda doc, w: edits.leave_out(doc, w.box(doc)),
    "take_in": lambda doc, w: edits.take_in(doc, w.number("region")),
}


def _new_line(doc: Reviewed, recognizer: Recognizer, photo: Photo, wanted: _Wanted) -> Edit:
    shape = wanted.points(doc) if "points" in wanted.data else wanted.box(doc)
    line, choices = recognizer.new_line(photo, doc, shape)
    return lambda now: edits.add(now, line, choices)


def _turn(doc: Reviewed, recognizer: Recognizer, photo: Photo, wanted: _Wanted) -> Edit:
    turned = edits.turn(doc, wanted.number("by"))
    found = recognizer.page(photo, turned.turns)
    return lambda now: edits.found_again(edits.turn(now, wanted.number("by")), found)


def _find_again(doc: Reviewed, recognizer: Recognizer, photo: Photo, _: _Wanted) -> Edit:
    found = recognizer.page(photo, doc.turns)
    return lambda now: edits.found_again(now, found)


READING = {"new_line": _new_line, "turn": _turn, "find_again": _find_again}


def _in_json(handler: Handler) -> Handler:
    """A handler whose errors are answered in JSON."""

    @wraps(handler)
    async def safe(request: Request) -> Response:
        try:
            return await handler(request)
        except KeyError:
            return JSONResponse({"error": "not here"}, 404)
        except StaleError as error:
            number = request.path_params["page"]
            data = {"error": str(error), "stale": True, "page": page_view(number, error.held)}
            return JSONResponse(data, 409)
        except OcrError as error:
            return JSONResponse({"error": str(error)}, 422)

    return safe


async def _json(request: Request) -> Any:
    try:
        return json.loads(await request.body())
    except (ValueError, RecursionError):
        raise EditError("This cannot be done.") from None
    except ClientDisconnect:
        raise HTTPException(400, "cut short") from None


def _file(path: Path) -> Response:
    return Response(path.read_bytes(), media_type=KINDS[path.suffix])


def _picture(content: bytes) -> Response:
    return Response(content, media_type="image/jpeg", headers={"cache-control": FOREVER})


def application(shelf: Shelf, learning: Learning, token: str, hosts: Sequence[str]) -> ASGIApp:
    """The application behind its guard; the shelf works as long as it runs."""

    @asynccontextmanager
    async def working(_: Starlette) -> Any:
        shelf.start()
        try:
            yield
        except CancelledError:
            pass  # Ctrl-C was pressed twice
        finally:
            learning.cancel()
            shelf.close()

    app = Starlette(routes=Application(shelf, learning).routes(), lifespan=working)
    app.router.redirect_slashes = False  # it would lead to an address without the token
    return Guard(app, token, hosts)

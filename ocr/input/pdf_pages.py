"""Pages of PDF files as pictures, drawn by a process that can be ended: `pdf_drawing`."""

from __future__ import annotations

import atexit
import json
import math
import os
import re
import struct
import subprocess
import sys
import threading
from contextlib import suppress
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from PIL import Image

from ocr.config import install_hint
from ocr.errors import ImageError
from ocr.input.sources import PDF_MAGIC, first_bytes
from ocr.memory import is_short, no_memory

MOST_AHEAD = 1024  # bytes of anything else before that: as viewers take it
PICTURE = re.compile(  # what begins like one may have that in its metadata
    rb"\xff\xd8\xff|\xff\x4f\xff\x51|\x89PNG|GIF8|BM|II[*+]\0|MM\0[*+]|RIFF|P[1-7Ff]\s|.{4}(?:ftyp|jP)",
    re.DOTALL,
)
POINT = 72  # PDF units an inch

SECONDS = 5.0  # of computing that opening and drawing a page may take
# Times that, by the clock: a busy machine. Windows limits no computing, so the clock alone ends it.
PATIENCE = 3 if os.name == "nt" else 12
MAX_DRAWN = 40_000_000  # pixels that a page is drawn with: 120 MB
DRAWING = Path(__file__).with_name("pdf_drawing.py")
LENGTHS = struct.Struct("<II")


def is_pdf(source: Path | bytes, name: str) -> bool:
    head = first_bytes(source, name, MOST_AHEAD + len(PDF_MAGIC))
    return PDF_MAGIC in head and not PICTURE.match(head)


def page_count(source: Path | bytes, name: str) -> int:
    """How many pages a PDF has.

    Raises
    ------
    ImageError
        It cannot be opened, or needs a package that is not installed.
    """
    return int(_ask(source, name, {"do": "count"})[0]["pages"])


@dataclass(frozen=True)
class PageMeasures:
    """Width and height of a page in points, how many pages its file has, and the dots per inch of
    the picture that covers it, if one does and that was asked for."""

    width: float
    height: float
    pages: int
    dpi: float | None


def page_measures(source: Path | bytes, name: str, page: int, own: bool) -> PageMeasures:
    """How large a page is; of no size if there is no such page.

    Parameters
    ----------
    own : bool
        Whether to look for its picture, for which the page has to be opened.

    Raises
    ------
    ImageError
        As `page_count`; or the page takes too long or too much memory.
    """
    answer, _ = _ask(source, name, {"do": "measure", "page": page, "own": own})
    if answer.get("error") == "page":
        return PageMeasures(0, 0, answer["pages"], None)
    width, height = answer["size"]
    return PageMeasures(width, height, answer["pages"], answer["dpi"])


def rendered(source: Path | bytes, name: str, page: int, size: tuple[int, int]) -> Image.Image:
    """A page of a PDF at about `size` (width, height), or smaller if that is very large."""
    width, height = max(size[0], 1), max(size[1], 1)
    scale = min(1.0, math.sqrt(MAX_DRAWN / (width * height)))
    width, height = max(1, round(width * scale)), max(1, round(height * scale))
    answer, data = _ask(source, name, {"do": "draw", "page": page, "size": [width, height]})
    picture = Image.frombytes("RGB", tuple(answer["size"]), data)
    return picture.crop((0, 0, width, height))  # a side may be a pixel longer


def typed_words(
    source: Path | bytes, name: str, page: int, size: tuple[int, int]
) -> list[tuple[str, list[int]]]:
    """The words that a page shows as text, with left, top, right and bottom in its picture of a
    `size` (width, height); ImageError as `page_measures`."""
    answer, _ = _ask(source, name, {"do": "typed", "page": page, "size": size})
    return list(answer.get("words", ()))


def _ask(
    source: Path | bytes, name: str, request: dict[str, Any]
) -> tuple[dict[str, Any], bytes | bytearray]:
    """The answer of the drawing process, with every failure turned into ImageError."""
    try:
        missing = find_spec("pypdfium2") is None
    except ValueError:
        missing = True
    if missing:
        raise ImageError(f"{name}: a PDF file, which needs one more package: {install_hint('pdf')}")
    try:
        if isinstance(source, bytes):
            content, path = source, ""
        else:
            content, path = b"", str(source.absolute())
            if not _is_utf8(path):
                content = source.read_bytes()
    except OSError as error:
        raise ImageError(f"{name}: cannot be read ({error.strerror}).") from None
    with _one_at_a_time:
        try:
            drawing = _drawing()
        except OSError as error:
            raise ImageError(
                f"{name}: no process to draw it in ({error.strerror}). Free some memory."
            ) from None
        answer = drawing.ask({"path": path, "seconds": SECONDS, **request}, content)
    if answer is None:
        raise ImageError(
            f"{name}: takes too long to draw ({SECONDS:g} seconds), or too much memory. Print it "
            "into a new PDF, or save the page as a picture."
        )
    refused = answer[0].get("error")
    if refused == "password" and _is_encrypted(source):
        raise ImageError(f"{name}: needs a password. Save it without one and retry.")
    if refused == "empty":
        raise ImageError(without_page(name))
    if refused in ("password", "damaged"):
        if is_short():
            raise ImageError(no_memory(name, "draw"))
        raise ImageError(f"{name}: the PDF is truncated or damaged. Copy or download it again.")
    return answer


def without_page(name: str) -> str:
    return f"{name}: a PDF without a page."


def _is_utf8(path: str) -> bool:
    try:
        path.encode()
    except UnicodeEncodeError:
        return False
    return True


def _is_encrypted(source: Path | bytes) -> bool:
    """Whether a PDF's trailer names how it is encrypted."""
    return b"/Encrypt" in (source if isinstance(source, bytes) else source.read_bytes())


class _Drawing:
    """The process, and the pipes to and from it."""

    def __init__(self) -> None:
        self.owner = os.getpid()  # a process that was forked off does not share it
        self._process = subprocess.Popen(
            [sys.executable, str(DRAWING)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )

    @property
    def usable(self) -> bool:
        return self.owner == os.getpid() and self._process.poll() is None

    def ask(
        self, request: dict[str, Any], content: bytes
    ) -> tuple[dict[str, Any], bytearray] | None:
        """The answer to a request; None if the process ended, or had to be."""
        timer = threading.Timer(PATIENCE * request["seconds"], self._process.kill)
        timer.daemon = True
        timer.start()
        try:
            text = json.dumps(request).encode()
            assert self._process.stdin is not None
            self._process.stdin.write(LENGTHS.pack(len(text), len(content)) + text)
            self._process.stdin.write(content)
            self._process.stdin.flush()
            about, size = LENGTHS.unpack(self._read(LENGTHS.size))
            return json.loads(self._read(about)), self._read(size)
        except (OSError, EOFError):
            self.end()
            return None
        except BaseException:  # Ctrl-C: what it is at is of no use any more
            self.end()
            raise
        finally:
            timer.cancel()

    def _read(self, size: int) -> bytearray:
        assert self._process.stdout is not None
        data = bytearray(size)
        view, at = memoryview(data), 0
        while at < size:
            count = self._process.stdout.readinto(view[at:])  # type: ignore[attr-defined]
            if not count:
                raise EOFError
            at += count
        return data

    def end(self) -> None:
        if self.owner != os.getpid():
            return
        self._process.kill()
        self._process.wait()
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                with suppress(OSError):  # what was not written yet has nobody to read it
                    pipe.close()


_one_at_a_time = threading.Lock()
_running: list[_Drawing] = []  # at most one, kept for the next page


def _drawing() -> _Drawing:
    if not _running or not _running[0].usable:
        _end()
        _running.append(_Drawing())
    return _running[0]


def _end() -> None:
    while _running:
        _running.pop().end()


atexit.register(_end)

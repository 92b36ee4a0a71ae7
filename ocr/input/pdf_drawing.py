"""Draw pages of PDF files: a program of its own, which `ocr.input.pdf_pages` starts and may kill.

PDFium is C++ that hears no signal and has no limit: a page of a few hundred bytes can keep it busy
for ever, or fill the memory. Here it may: this process has a limit of time for each request and one
of memory, and does nothing else. It is started by its path, so it imports nothing of `ocr`.

A message is eight bytes with two lengths, that much JSON, and that many bytes after it.
"""

from __future__ import annotations

import json
import math
import os
import signal
import struct
import sys
import time
from contextlib import suppress
from typing import IO, Any

MEMORY = 640 << 20  # bytes this process may map, where the system can limit that
POINT = 72  # PDF units an inch
SHARE = 0.25  # of a page that a picture must cover to tell the page's resolution
MANY_MISSING = 50  # pages in a row at the end that are not there: the document tells of too many
INVISIBLE = 3  # text rendering mode
DEEP = 3  # forms inside forms in which such a picture is looked for
LENGTHS = struct.Struct("<II")


def receive(stream: IO[bytes]) -> tuple[dict[str, Any], bytes]:
    head = stream.read(LENGTHS.size)
    if len(head) < LENGTHS.size:
        raise EOFError
    about, size = LENGTHS.unpack(head)
    return json.loads(stream.read(about)), stream.read(size)


def send(stream: IO[bytes], about: dict[str, Any], data: bytes = b"") -> None:
    text = json.dumps(about).encode()
    stream.write(LENGTHS.pack(len(text), len(data)) + text)
    stream.write(data)
    stream.flush()


def counted(document: Any, told: int) -> int:
    """How many pages a document has that tells of so many: it may tell of more than it holds.

    Of those behind its last page one is counted, so that its absence is told of.
    """

    import pypdfium2

    def there(number: int) -> bool:
        try:
            document.get_page_size(number - 1)
        except pypdfium2.PdfiumError:
            return False
        return True

    if told <= MANY_MISSING or any(there(told - k) for k in range(MANY_MISSING)):
        return told
    low, high = 0, told - MANY_MISSING + 1  # the last that may be there, the first that is not
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if there(middle) else (low, middle)
    return high


def answer(request: dict[str, Any], content: bytes) -> tuple[dict[str, Any], bytes]:
    """What a request asks for: a dict, and the pixels of a page as rows of RGB."""
    import pypdfium2

    try:
        document = pypdfium2.PdfDocument(content or request["path"])
    except pypdfium2.PdfiumError as error:
        # The code may be that of an earlier file: PDFium sets none where there is no page.
        if has_no_page(content, request["path"]):
            return {"error": "empty"}, b""
        asked = getattr(error, "err_code", None) == pypdfium2.raw.FPDF_ERR_PASSWORD
        return {"error": "password" if asked else "damaged"}, b""
    try:
        pages = len(document)
        if request["do"] == "count":
            return {"pages": counted(document, pages)}, b""
        number = request["page"]
        if not 1 <= number <= pages:
            return {"pages": pages, "error": "page"}, b""
        if request["do"] == "measure":
            width, height = document.get_page_size(number - 1)
            own = resolution(document[number - 1], width * height) if request["own"] else None
            return {"pages": pages, "size": [width, height], "dpi": own}, b""
        if request["do"] == "typed":
            return {"words": typed(document[number - 1], request["size"])}, b""
        with suppress(pypdfium2.PdfiumError):  # broken forms are left out
            document.init_forms()  # or what was filled in is not drawn
        page = document[number - 1]
        width, height = page.get_size()
        scale = max(request["size"][0] / width, request["size"][1] / height)
        bitmap = page.render(scale=scale, rev_byteorder=True, prefer_bgrx=True)
        picture = bitmap.to_pil().convert("RGB")
        return {"size": picture.size}, picture.tobytes()
    except pypdfium2.PdfiumError:
        return {"error": "damaged"}, b""
    finally:
        document.close()


def has_no_page(content: bytes, path: str) -> bool:
    """Whether what pypdfium2 does not open is a whole document, of no page."""
    import pypdfium2.raw as raw

    if content:
        document = raw.FPDF_LoadMemDocument64(content, len(content), None)
    else:
        document = raw.FPDF_LoadDocument(path.encode(), None)
    if not document:
        return False
    empty = not raw.FPDF_GetPageCount(document)
    raw.FPDF_CloseDocument(document)
    return empty


def resolution(page: Any, area: float) -> float | None:
    """Dots per inch of the finest picture that covers a good part of a page; None without one.

    `area` is the page's, in square points.
    """
    import pypdfium2.raw as raw

    found = []
    for one in page.get_objects(filter=[raw.FPDF_PAGEOBJ_IMAGE], max_depth=DEEP):
        a, b, c, d = one.get_matrix().get()[:4]
        covered = abs(a * d - b * c)
        width, height = one.get_px_size()
        if covered >= SHARE * area and width and height:
            found.append(POINT * math.sqrt(width * height / covered))
    return max(found, default=None)


def typed(page: Any, size: list[int]) -> list[tuple[str, list[int]]]:
    """The words that a page shows as text, with left, top, right and bottom in its picture."""
    import ctypes

    import pypdfium2.raw as raw

    if not hasattr(raw, "FPDFText_GetTextObject"):  # an older package
        return []
    text, x, y = page.get_textpage(), ctypes.c_int(), ctypes.c_int()
    words: list[tuple[str, list[int]]] = [("", [])]
    for k in range(text.count_chars()):
        sign, one = chr(raw.FPDFText_GetUnicode(text, k)), raw.FPDFText_GetTextObject(text, k)
        if sign.isspace() or not one or raw.FPDFTextObj_GetTextRenderMode(one) == INVISIBLE:
            words.append(("", []))
            continue
        words[-1] = words[-1][0] + sign, words[-1][1]
        left, bottom, right, top = text.get_charbox(k, loose=True)
        for corner in ((left, top), (right, bottom)):
            raw.FPDF_PageToDevice(page, 0, 0, *size, 0, *corner, x, y)
            words[-1][1].extend((x.value, y.value))
    sides = ((word, at[::2], at[1::2]) for word, at in words if word)
    return [(word, [min(xs), min(ys), max(xs), max(ys)]) for word, xs, ys in sides]


def limit_memory() -> None:
    try:
        import resource

        resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    except (ImportError, OSError, ValueError):  # Windows; some systems set no limit
        pass


def limit_time(seconds: float) -> None:
    """Let the system end this process if it computes so much longer, even with nobody left."""
    try:
        import resource

        until = math.ceil(time.process_time() + seconds)
        _, hard = resource.getrlimit(resource.RLIMIT_CPU)
        resource.setrlimit(resource.RLIMIT_CPU, (until, hard))
    except (ImportError, OSError, ValueError):
        pass


def main() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # of the terminal: for the one who asks
    requests, answers = sys.stdin.buffer, os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # whatever a library prints
    limit_memory()
    while True:
        try:
            request, content = receive(requests)
        except EOFError:
            return
        limit_time(request["seconds"])
        send(answers, *answer(request, content))


if __name__ == "__main__":
    del sys.path[0]  # this folder, where modules of other names lie
    main()

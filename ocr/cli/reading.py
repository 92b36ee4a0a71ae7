"""Read documents page by page, right here."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

from ocr.cli.console import complain, say, wanted, warn
from ocr.cli.signals import time_limit
from ocr.errors import ExitCode, ModelError

if TYPE_CHECKING:
    from ocr.input.documents import Document, PageSource
    from ocr.layout.read_line import ReadLine
    from ocr.layout.stages import OnStage
    from ocr.page import Page
    from ocr.reader import Reader

OnError = Callable[[str, Exception], None]  # told what failed, and why
Keep = Callable[["Document", "PageSource", "Page", "list[ReadLine]"], None]


class Failures(list[str]):
    """The names of what failed, each of which is told of at once."""

    def add(self, name: str, error: Exception) -> None:
        complain(error, name)
        self.append(name)

    @property
    def status(self) -> ExitCode:
        return ExitCode.SOME_FAILED if self else ExitCode.OK


def make_reader(reading: dict[str, Any]) -> Reader:
    from ocr.reader import Reader

    return Reader(**reading)


def read_document(
    reader: Reader,
    document: Document,
    on_error: OnError,
    keep: Keep | None = None,
    on_stage: OnStage | None = None,
    limit: float | None = None,
) -> Iterator[tuple[PageSource, Page]]:
    """Read the pages of a document one after the other; `on_error` is told of those that fail.

    `keep` sees each page with its lines, `on_stage` the pictures on the way; `limit` is the time a
    page may take, in seconds. A model that cannot be used fails them all, so that error passes.
    """
    from ocr.batch.recipe import describe

    try:
        with time_limit(limit, document.name):
            sources = document.sources()
    except Exception as error:
        on_error(document.name, error)
        return
    for source in sources:
        lines: list[ReadLine] = []
        start = time.perf_counter()
        try:
            with time_limit(limit, source.title):
                photo = source.open()
                if keep is None and on_stage is None:
                    page = reader.read(photo)
                elif keep is None:
                    page = reader.read(photo, on_stage=on_stage)
                else:
                    page = reader.read(photo, on_line=lines.append)
            if keep is not None:
                keep(document, source, page, lines)
        except ModelError:
            raise
        except Exception as error:
            on_error(source.title, error)
        else:
            warn(page, source.title)
            if wanted("verbose"):
                say(describe(source, page, time.perf_counter() - start), "green")
            yield source, page

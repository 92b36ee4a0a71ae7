"""How far work is: a bar or a line that changes on a terminal, else a line now and then."""

from __future__ import annotations

import math
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import TYPE_CHECKING, TypeVar

import click

from ocr.cli.console import say, tell, wanted

if TYPE_CHECKING:
    from ocr.batch.tasks import Outcome, Summary


Item = TypeVar("Item")
PLAIN_PROGRESS = 60.0  # seconds between lines about a long run, where there is no terminal


@contextmanager
def tally(total: int) -> Iterator[Callable[[Outcome, Summary], None]]:
    """Shows how far a run is: a bar on a terminal, else a line now and then."""
    if wanted("quiet"):
        yield lambda *_: None
        return
    if wanted("verbose"):

        def describe(outcome: Outcome, _: Summary) -> None:
            if outcome.error:
                say(outcome.error)
            for sentence in outcome.pages:
                tell(sentence)
            if not outcome.fresh:
                tell(f"{outcome.file}: done before")

        yield describe
        return
    start = shown = time.monotonic()
    if not sys.stderr.isatty() or total < 2:

        def tell_now(_: Outcome, summary: Summary) -> None:
            nonlocal shown
            now = time.monotonic()
            if now - shown > PLAIN_PROGRESS:
                shown = now
                done = summary.total - summary.left
                left = (now - start) / done * summary.left / 60 if done else math.nan
                tell(
                    f"{done} of {summary.total} files, {summary.failed} failed, "
                    f"{summary.pages / (now - start):.1f} pages per second, "
                    + (f"{left:.0f} min left" if done else f"{summary.pages} pages so far")
                )

        yield tell_now
        return

    def rate(summary: Summary | None) -> str:
        if summary is None:
            return ""
        failed = f", {summary.failed} failed" if summary.failed else ""
        return f"{summary.pages / (time.monotonic() - start):.1f} pages/s{failed}"

    with click.progressbar(
        length=total, label="Reading", show_pos=True, item_show_func=rate, file=sys.stderr
    ) as bar:
        yield lambda outcome, summary: bar.update(0 if outcome.part is not None else 1, summary)


def progress(
    items: Sequence[Item], label: str, prints: bool
) -> AbstractContextManager[Iterable[Item]]:
    """`items` behind a progress bar, where a person sees it and no output runs through it."""
    if (
        wanted("quiet")
        or len(items) < 2
        or not sys.stderr.isatty()
        or (prints and sys.stdout.isatty())
    ):
        return nullcontext(items)
    return click.progressbar(items, label=label, show_pos=True, file=sys.stderr)

"""What Ctrl-C, SIGTERM and a terminal that is closed do."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import TYPE_CHECKING, Any

from ocr.cli.console import tell
from ocr.errors import OcrError

if TYPE_CHECKING:
    from ocr.batch.tasks import Stop

INTERRUPTED = 130  # exit status of a program ended by Ctrl-C: 128 + SIGINT
ENDING = ("SIGTERM", "SIGHUP")  # the latter comes where a terminal is closed, but not on Windows


class Terminated(BaseException):
    """One of the signals `ENDING` came; its argument is the number."""


class _TimeUp(BaseException):
    """A time limit has passed. No Exception, so that no handler on the way catches it."""


@contextmanager
def handling(
    numbers: Iterable[int], handler: Callable[[int, FrameType | None], None]
) -> Iterator[None]:
    """Let signals call a function while the block runs, wherever that is."""
    before = {number: signal.signal(number, handler) for number in numbers}
    try:
        yield
    finally:
        for number, earlier in before.items():
            signal.signal(number, earlier)


@contextmanager
def terminable() -> Iterator[None]:
    """Let SIGTERM and SIGHUP end the block as Ctrl-C does, so that nothing half-written stays
    behind. A signal that is handled or ignored already, as under nohup, is left alone."""
    numbers = [getattr(signal, name) for name in ENDING if hasattr(signal, name)]
    if threading.current_thread() is not threading.main_thread():
        numbers = []
    ours = [number for number in numbers if signal.getsignal(number) is signal.SIG_DFL]

    def end(number: int, _: object) -> None:
        raise Terminated(number)

    with handling(ours, end):
        yield


@contextmanager
def time_limit(seconds: float | None, name: str) -> Iterator[None]:
    """Give the block up after so many seconds, where the system has alarms.

    Raises
    ------
    OcrError
        It took longer; `name` is what was read.
    """
    if seconds is None or not hasattr(signal, "setitimer"):
        yield
        return

    def end(*_: object) -> None:
        raise _TimeUp

    before = signal.signal(signal.SIGALRM, end)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    except _TimeUp:
        raise OcrError(f"{name}: took longer than {seconds:g} seconds. Raise --timeout.") from None
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


@contextmanager
def interruptible() -> Iterator[Callable[[], bool]]:
    """Whether Ctrl-C or SIGTERM came; a second one ends the program as ever."""
    came = False
    before: dict[int, Any] = {}
    numbers = (int(signal.SIGINT), int(signal.SIGTERM))

    def remember(number: int, _: Any) -> None:
        nonlocal came
        came = True
        signal.signal(number, before[number])
        tell("stopping after this step; once more to stop at once")

    for number in numbers:
        before[number] = signal.signal(number, remember)
    try:
        yield lambda: came
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@contextmanager
def stopping() -> Iterator[Stop]:
    """A `Stop` that Ctrl-C (SIGINT) and SIGTERM set while the block runs."""
    from ocr.batch.tasks import Stop

    stop = Stop()

    def remember(number: int, _: object) -> None:
        stop.signal = stop.signal or number
        stop.times += 1

    with handling((signal.SIGINT, signal.SIGTERM), remember):
        yield stop

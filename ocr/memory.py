"""Memory that runs out: found before it does harm, and called by its name in messages."""

from __future__ import annotations

import mmap
from collections.abc import Callable
from functools import lru_cache

from ocr.errors import OcrError

START = 256 << 20  # bytes without which libraries of numbers fail, or spin, while they are loaded
WORK = 160 << 20  # bytes for what is loaded and worked with after that
ROOM = 64 << 20  # bytes; a process that cannot have so many more has run out of memory
ADVICE = "Free some, use fewer --jobs, or make the picture smaller."
SIDE = 128  # of a product of matrices for which OpenBLAS wants its work space: small ones need none


def is_short(room: int = ROOM) -> bool:
    """Whether the system refuses this process `room` more bytes of memory.

    Libraries in C often report nothing but that they failed, which reads as if a file was damaged.
    """
    try:
        mmap.mmap(-1, room).close()
    except (OSError, ValueError, MemoryError):
        return True
    return False


def ran_out(error: Exception | str) -> bool:
    """Whether an error says that memory ran out, or came when it had."""
    text = str(error).lower()
    known = isinstance(error, MemoryError) or "bad_alloc" in text or "allocate" in text
    return known or is_short()


def no_memory(name: str, work: str = "read") -> str:
    """The message about something for which there was not enough memory."""
    return f"{name}: there is not enough memory to {work} it. {ADVICE}"


@lru_cache(maxsize=1)
def _trim() -> Callable[[int], int]:
    """glibc's `malloc_trim`; what does nothing under another C library."""
    import ctypes

    try:
        trim: Callable[[int], int] = ctypes.CDLL(None).malloc_trim
    except (OSError, TypeError, AttributeError):  # TypeError: Windows has no None
        return int
    return trim


def give_back() -> None:
    """Give the system the memory back that the C library holds free.

    Free blocks between those in use are too small for the next large array, and stay with the
    process otherwise: after some runs of a network they are 30 MiB.
    """
    _trim()(0)


def check_start() -> None:
    """Check that there is memory to load the libraries that reading needs.

    Raises
    ------
    OcrError
        There is not.
    """
    if is_short(START):
        raise OcrError(f"there is not enough memory to start. {ADVICE}")


@lru_cache(maxsize=1)
def claim_work_space() -> None:
    """Let NumPy take the memory that products of matrices work in, while there is some.

    OpenBLAS asks for 32 MiB at the first product. Where the system refuses, it asks again without
    end, burning a core; no signal handler of Python's runs meanwhile.

    Raises
    ------
    OcrError
        There is not enough memory.
    """
    if is_short(WORK):
        raise OcrError(f"there is not enough memory to read. {ADVICE}")
    import numpy as np

    square = np.ones((SIDE, SIDE), np.float32)
    square @ square

"""The errors a person can meet, and the exit code each one ends with.

Library code raises these; only the command line turns them into a line on stderr and a status.
Every message names the file concerned and says what to try.
"""

import unicodedata
from enum import IntEnum

# Marks that turn the direction of text around, by which a name shows as another.
BIDIRECTIONAL = frozenset(
    "\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
)
CONTROLS = ("Cc", "Cs", "Zl", "Zp")  # categories: controls, surrogates, line and paragraph ends


def printable(text: str) -> str:
    r"""`text` with escapes for all that a terminal obeys instead of showing it.

    A file's name may hold anything: line feeds, and sequences that recolor a terminal, rename its
    window or take back what stands there.

    Examples
    --------
    >>> printable("a\x1b[31m.png")
    'a\\x1b[31m.png'
    """
    if text.isascii() and text.isprintable():
        return text
    return "".join(
        repr(c)[1:-1] if unicodedata.category(c) in CONTROLS or c in BIDIRECTIONAL else c
        for c in text
    )


def reason_of(error: Exception | str) -> str:
    """The first line of what an error says, or what it is called if it says nothing."""
    return str(error).splitlines()[0] if str(error) else type(error).__name__


class ExitCode(IntEnum):
    """Exit status of the command line. Part of the stable interface."""

    OK = 0
    SOME_FAILED = 1  # at least one input could not be read; the others were
    USAGE = 2  # click's own code for a wrong option
    MODEL = 3  # a weight file is missing, damaged, foreign or too new


class OcrError(Exception):
    """Base of every expected failure; `exit_code` is what the command line ends with."""

    exit_code = ExitCode.SOME_FAILED


class ImageError(OcrError):
    """An input cannot be opened or decoded as an image."""


class OutputError(OcrError):
    """A result cannot be written where it was asked for."""


class ModelError(OcrError):
    """A weight file is missing, damaged, foreign or newer than this version."""

    exit_code = ExitCode.MODEL


class DataError(OcrError):
    """Training or evaluation data cannot be used."""


class ConfigError(OcrError):
    """The file with options cannot be used."""

    exit_code = ExitCode.USAGE

"""Patterns that the text of a line must fit: regular expressions, and names for the usual ones."""

from __future__ import annotations

import time
import unicodedata
from typing import TYPE_CHECKING

from ocr.errors import OcrError

if TYPE_CHECKING:
    import regex

# Patterns such as (a|a)*b take time by the power of the text. A match is a matter of microseconds;
# one that takes longer than SLOW counts, and all that count may take ALL_SLOW seconds, or half of
# the time that this thread works, whichever is more. Set by hand.
MATCH = 0.5  # seconds
LONGEST = 5000  # characters of a pattern: thousands of matches take time by its length
SHOWN = 30  # of one that is longer
SLOW, ALL_SLOW = 0.005, 2.0

PATTERNS = {
    "integer": r"[+-]?\d+",
    "amount": r"([$£€] ?)?[+-]?(\d+|\d{1,3}([., ']\d{3})+)([.,]\d\d)?(,-)?( ?[$£€])?",
    "date": r"(0?[1-9]|[12]\d|3[01])(?P<sep>[-./ ])(0?[1-9]|1[0-2])(?P=sep)(\d{4}|\d\d)"
    r"|\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])",
    "time": r"([01]?\d|2[0-3])[:.][0-5]\d( ?[AaPp]\.?[Mm]\.?)?",
    "email": r"[\w.+-]+@[\w-]+(\.[\w-]+)+",
}


class Pattern:
    """A regular expression that is matched within a bound.

    Parameters
    ----------
    name : str
        As it was given, for messages.
    compiled : regex.Pattern
    """

    def __init__(self, name: str, compiled: regex.Pattern[str]) -> None:
        self.name = name
        self._compiled = compiled
        self._slow = 0.0
        self._since = time.thread_time()

    def fullmatch(self, text: str, partial: bool = False) -> regex.Match[str] | None:
        """As of `regex.Pattern`.

        Raises
        ------
        OcrError
            It takes too long.
        """
        before = time.thread_time()
        try:
            found = self._compiled.fullmatch(text, partial=partial, timeout=MATCH)
        except TimeoutError:
            raise self._too_slow() from None
        now = time.thread_time()
        if now - before > SLOW:
            self._slow += now - before
            if self._slow > max(ALL_SLOW, (now - self._since) / 2):
                raise self._too_slow()
        return found

    def _too_slow(self) -> OcrError:
        return OcrError(
            f"--pattern {self.name!r}: takes too long to match. Write it without a repetition "
            "inside another, and without alternatives that mean the same."
        )


def compile_pattern(pattern: str) -> Pattern:
    """A name of `PATTERNS` or a regular expression, which may be matched in part.

    Raises
    ------
    ValueError
        If it is no regular expression, or empty.
    """
    import regex

    if not pattern:
        raise ValueError("an empty pattern: only lines without text would fit")
    if len(pattern) > LONGEST:
        raise ValueError(
            f"'{pattern[:SHOWN]}...' is no regular expression: longer than {LONGEST:,} characters"
        )
    try:
        composed = unicodedata.normalize("NFC", PATTERNS.get(pattern, pattern))  # as text is read
        return Pattern(pattern, regex.compile(composed))
    # Of a pattern nested or repeated without reason, the compiler raises what Python does.
    except (regex.error, RecursionError, MemoryError, OverflowError) as error:
        reason = str(error) or type(error).__name__
        raise ValueError(f"{pattern!r} is no regular expression: {reason}") from None

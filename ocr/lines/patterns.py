"""Patterns that the text of a line must fit: regular expressions, and names for the usual ones."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import regex

PATTERNS = {
    "integer": r"[+-]?\d+",
    "amount": r"([$£€] ?)?[+-]?(\d+|\d{1,3}([., ']\d{3})+)([.,]\d\d)?(,-)?( ?[$£€])?",
    "date": r"(0?[1-9]|[12]\d|3[01])(?P<sep>[-./ ])(0?[1-9]|1[0-2])(?P=sep)(\d{4}|\d\d)"
    r"|\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])",
    "time": r"([01]?\d|2[0-3])[:.][0-5]\d( ?[AaPp]\.?[Mm]\.?)?",
    "email": r"[\w.+-]+@[\w-]+(\.[\w-]+)+",
}


def compile_pattern(pattern: str) -> regex.Pattern[str]:
    """A name of `PATTERNS` or a regular expression, which may be matched in part.

    Raises
    ------
    ValueError
        If it is no regular expression, or empty.
    """
    import regex

    if not pattern:
        raise ValueError("an empty pattern: only lines without text would fit")
    try:
        return regex.compile(PATTERNS.get(pattern, pattern))
    except regex.error as error:
        raise ValueError(f"{pattern!r} is no regular expression: {error}") from None

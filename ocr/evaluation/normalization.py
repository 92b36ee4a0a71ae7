"""What is made equal in truth and reading before they are compared."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable
from dataclasses import dataclass

_QUOTES_AND_DASHES = str.maketrans(
    {
        **dict.fromkeys("‘’‚‛′", "'"),
        **dict.fromkeys("“”„‟″", '"'),
        **dict.fromkeys("‐‑‒–—―−", "-"),
        "…": "...",
    }
)


def _nfc(text: str) -> str:
    return unicodedata.normalize("NFC", text)


def _nfkc(text: str) -> str:
    return unicodedata.normalize("NFKC", text)


def _plain(text: str) -> str:
    parts = unicodedata.normalize("NFKD", text.translate(_QUOTES_AND_DASHES))
    return _nfc("".join(sign for sign in parts if not unicodedata.combining(sign)))


FORMS: dict[str, tuple[Callable[[str], str], str]] = {
    "nfc": (_nfc, "Unicode NFC"),
    "nfkc": (_nfkc, "Unicode NFKC"),
    "plain": (_plain, "Unicode NFKC without accents, straight quotes and dashes"),
}


@dataclass(frozen=True)
class Normalization:
    """What is made equal in truth and reading before they are compared.

    Whitespace, line ends included, always counts as one space, and none at either end.

    Attributes
    ----------
    form : {"nfc", "nfkc", "plain"}
        Canonical Unicode; compatible forms (ligatures, full width) made equal as well; accents
        dropped and quotes and dashes straightened as well.
    ignore_case, ignore_spaces : bool
        Fold case; drop whitespace.
    """

    form: str = "nfc"
    ignore_case: bool = False
    ignore_spaces: bool = False

    def __post_init__(self) -> None:
        if self.form not in FORMS:
            raise ValueError(f"form must be one of {', '.join(FORMS)}, got {self.form!r}")

    def apply(self, text: str) -> str:
        """The normalized text.

        >>> Normalization(ignore_case=True).apply(" To  do\\nLIST ")
        'to do list'
        """
        text = FORMS[self.form][0](text)
        if self.ignore_case:
            text = _nfc(text.casefold())
        return ("" if self.ignore_spaces else " ").join(text.split())

    def describe(self) -> str:
        """The same in words, for reports."""
        return ", ".join(
            (
                FORMS[self.form][1],
                "whitespace dropped" if self.ignore_spaces else "whitespace folded to one space",
                "case ignored" if self.ignore_case else "case counts",
            )
        )

"""The characters that lines are written in, and the texts that synthetic ones are taken from."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from pathlib import Path

ASCII = "".join(chr(code) for code in range(32, 127))
ACCENTED = "àâäáãåçèéêëìíîïñòóôöõùúûüÿæœßÀÂÄÁÇÈÉÊËÍÎÏÑÓÔÖÙÚÛÜÆŒ"
SIGNS = "€£°§«»¿¡"
EUROPEAN = "øØÅčČšŠžŽćĆđĐłŁąĄęĘńŃśŚźŹżŻőŐűŰěĚřŘůŮýÝďťňğĞışİŞăĂșȘțȚÌÒÕÃ"
CHARSET = tuple(ASCII + ACCENTED + SIGNS + EUROPEAN)

# Hands do not tell these apart, so one of each stands for all.
FOLDED = {
    "’": "'", "‘": "'", "ʼ": "'", "´": "'", "“": '"', "”": '"', "„": '"',
    "–": "-", "—": "-", "‑": "-", "−": "-", "…": "...", "\u00a0": " ", "\t": " ",
}  # fmt: skip
_FOLD = str.maketrans(FOLDED)
_KNOWN = frozenset(CHARSET)


def fold_text(text: str) -> str:
    """`text` in NFC, with the signs of `FOLDED` replaced and white space folded to one space."""
    return " ".join(unicodedata.normalize("NFC", text).translate(_FOLD).split())


def writable(text: str) -> bool:
    """Whether every character of a folded text is in `CHARSET`."""
    return bool(text) and _KNOWN.issuperset(text)


@dataclass(frozen=True)
class Corpus:
    """Texts to draw lines from: `sentences` of prose and `foreign` ones that hold accents."""

    sentences: tuple[str, ...]
    foreign: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if not self.sentences:
            raise ValueError("a corpus needs at least one sentence")


def read_corpus(path: Path) -> Corpus:
    """A corpus from a UTF-8 file of one paragraph a line."""
    rows = (fold_text(row) for row in path.read_text(encoding="utf-8").splitlines())
    return Corpus(tuple(row for row in rows if len(row) > 2))

"""Text folded to a small set of symbols: without letter case, accents and rare signs."""

from __future__ import annotations

import unicodedata
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

# '0' any digit, '#' any other sign, and the line feed a line's beginning
SYMBOLS = " abcdefghijklmnopqrstuvwxyz0.,'\"-;:!?()&/#\n"
SPACE, OTHER_SIGN, START = 1, len(SYMBOLS) - 1, len(SYMBOLS)  # SYMBOLS[k] has the id k + 1
SYMBOL_BITS = 6  # bits of a symbol among packed ones; 0 is "nothing known"
LAST_SYMBOL = (1 << SYMBOL_BITS) - 1  # mask of the last of packed symbols

_VARIANTS = {"’": "'", "‘": "'", "“": '"', "”": '"', "«": '"', "»": '"', "–": "-", "—": "-"}

LETTER, DIGIT, SIGN, NOTHING = range(4)  # kinds of characters; NOTHING at the start of a line
FOLDED_LETTERS, DIGITS, SIGNS = 26, 10, 32  # how many characters a kind has


@lru_cache(maxsize=4096)
def fold(character: str) -> tuple[int, int, int]:
    """Symbol id, kind, and case (0 lower, 1 upper, 2 without) of one character."""
    character = _VARIANTS.get(character, character)
    base = unicodedata.normalize("NFD", character)[0]
    if base.isdigit():
        return SYMBOLS.index("0") + 1, DIGIT, 2
    lower = base.lower()
    if len(lower) == 1 and "a" <= lower <= "z":
        return SYMBOLS.index(lower) + 1, LETTER, int(base != lower)
    known = base if base in SYMBOLS else "#"
    return SYMBOLS.index(known) + 1, SIGN, 2


def symbols_of(text: str) -> NDArray[np.uint8]:
    """Symbol ids of a text's characters."""
    codes = np.frombuffer(text.encode("utf-32-le"), dtype=np.uint32)
    table = np.zeros(int(codes.max(initial=0)) + 1, dtype=np.uint8)
    for character in set(text):
        table[ord(character)] = fold(character)[0]
    return table[codes]

"""How words are written: the accents and capitals that a folded n-gram cannot tell.

A search over folded text leaves accents and letter case to the ink, which often shows neither
clearly. Once the words of a line are known, each is compared with the ways it is usually written
(`été`, `London`, `I`), and the ink and the habit decide together.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import groupby

import numpy as np
from numpy.typing import NDArray

from ocr.lines.folding import START, symbols_of

STEPS_PER_NAT = 32.0  # quantization of shares in the file


@dataclass(frozen=True)
class SpellingConfig:
    """How the usual spellings are weighed against the ink.

    How the two were chosen is not known any more; what spellings gain on valid lines stands
    in `models/english.md`.

    Attributes
    ----------
    weight : float
        Of the logarithm of a spelling's share beside that of the ink.
    rare : float
        Least share of a spelling, such as one that was never seen.
    """

    weight: float = 0.4
    rare: float = 0.01


CONFIG = SpellingConfig()


class Spellings:
    """The usual spellings of words, by their folded symbols.

    Parameters
    ----------
    forms : sequence of str
        Words of letters, with their accents, and capitals where they stand inside a sentence.
    shares : (len(forms),) array
        How many of the words that fold to the same symbols are written so; more than 0.
    """

    def __init__(self, forms: Sequence[str], shares: NDArray[np.floating]) -> None:
        self.forms = tuple(forms)
        self.shares = np.asarray(shares, dtype=np.float64)

    @cached_property
    def _alike(self) -> dict[str, list[int]]:
        """The numbers of the forms that fold to the same symbols."""
        found: dict[str, list[int]] = {}
        # Folded as one text: one word after the other takes ten times as long.
        rows = folded("\n".join(self.forms)).split(chr(START))
        for number, word in zip(range(len(self.forms)), rows, strict=False):
            found.setdefault(word, []).append(number)
        return found

    def of(self, word: str, begins: bool) -> dict[str, float]:
        """Natural logarithm of the share of each spelling of a word; empty for an unknown word.

        Parameters
        ----------
        word : str
            As read; it is among the answers, and at least `CONFIG.rare`.
        begins : bool
            Whether the word may begin a sentence, so that a capital at its beginning says nothing.
        """
        if len(word) > 1 and word.isupper():
            return {}
        shares: dict[str, float] = {}
        for number in self._alike.get(folded(word), ()):
            form, share = self.forms[number], float(self.shares[number])
            ways = {form[:1].upper() + form[1:], form[:1].lower() + form[1:]} if begins else {form}
            for way in ways:
                if len(way) == len(word):
                    shares[way] = shares.get(way, 0.0) + share
        if shares:
            shares.setdefault(word, 0.0)
        return {way: float(np.log(max(share, CONFIG.rare))) for way, share in shares.items()}

    def respell(
        self,
        text: Sequence[str],
        logs: NDArray[np.floating],
        frames: NDArray[np.int64],
        classes: Mapping[str, int],
    ) -> list[str]:
        """A line's characters, each word in its likeliest spelling by ink and habit.

        Parameters
        ----------
        text : sequence of n str
            The characters of the line.
        logs : (T, K + 1) float array
            Logarithm of each class's probability in each frame.
        frames : (n, 2) int64 array
            First frame, and the one after the last, of each character.
        classes : mapping of str to int
            The class of each character that can be read.

        Returns
        -------
        list of n str
        """
        found = list(text)
        for lettered, run in groupby(range(len(text)), key=lambda place: text[place].isalpha()):
            places = list(run)
            if not lettered:
                continue
            before = "".join(found[max(places[0] - 2, 0) : places[0]]).rstrip()[-1:]
            begins = not (before.isalpha() or before == ",")
            word = "".join(text[place] for place in places)
            ways = self.of(word, begins)
            able = [way for way in ways if all(character in classes for character in way)]
            if len(able) < 2:
                continue
            scores = [
                CONFIG.weight * ways[way]
                + sum(
                    float(logs[slice(*frames[place]), classes[character]].max())
                    for place, character in zip(places, way, strict=True)
                )
                for way in able
            ]
            found[places[0] : places[-1] + 1] = able[int(np.argmax(scores))]
        return found

    def pack(self) -> dict[str, NDArray[np.uint8]]:
        """The arrays of a weight file: forms in UTF-8, a line feed between them, and shares."""
        logs = -np.log(self.shares) * STEPS_PER_NAT
        return {
            "spelling_forms": np.frombuffer("\n".join(self.forms).encode(), dtype=np.uint8),
            "spelling_shares": np.clip(np.rint(logs), 0, 255).astype(np.uint8),
        }

    @classmethod
    def unpack(
        cls, spelling_forms: NDArray[np.uint8], spelling_shares: NDArray[np.uint8]
    ) -> Spellings:
        """Inverse of `pack`, but for the rounding."""
        forms = spelling_forms.tobytes().decode().split("\n") if len(spelling_shares) else []
        return cls(forms, np.exp(-spelling_shares.astype(np.float64) / STEPS_PER_NAT))


def count_shares(counts: Mapping[str, int], fewest: int, least: float) -> dict[str, float]:
    """The share of each spelling of a word, from how often it was seen.

    Parameters
    ----------
    counts : mapping of str to int
    fewest : int
        Words seen less often, whatever their spelling, are left out.
    least : float
        Spellings of a smaller share, or seen once, are left out.
    """
    totals: dict[str, int] = {}
    for form, count in counts.items():
        totals[folded(form)] = totals.get(folded(form), 0) + count
    shares = {form: count / totals[folded(form)] for form, count in counts.items()}
    return {
        form: shares[form]
        for form in sorted(counts)
        if totals[folded(form)] >= fewest and counts[form] > 1 and shares[form] > least
    }


def folded(text: str) -> str:
    """A text as the symbol ids of its characters, each as one code point."""
    return symbols_of(text).tobytes().decode("latin-1")

"""What the lines of a page say of the order in which they are read.

Columns and tables often look alike. Numbers that count up, labels and answers that come again,
prices that end entries, and how well lines go on in each other tell them apart.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from itertools import chain, pairwise, product

import numpy as np
from numpy.typing import NDArray

from ocr.layout.rows import Lines, Places

FEWEST = 4
"""Lines of each column, at least, of which must be known how they go on."""
SENSE = 3.0
"""Standard errors by which lines must go on better down the columns than along the rows, or along
the rows than down the columns. Of lists, whose entries may stand in any order, both are as likely:
one in 700 is beyond this, on either side."""
COUNTED = 3
"""Entries whose number is by one higher than that of the one before, at least, that tell order."""
REPEATED = 3
"""Different labels that come again in the next column, at least, that tell two forms; also the rows
of a column that say the same, such as "yes no", which are cells of a table."""
LETTERED = 2
"""Signs of an entry's letter, such as "a)", at most."""
WORDS = 3
"""Words of a line at least that may be part of a sentence."""
REPEATED_SHARE = 0.6
"""The same as a share of the rows of the column of more rows."""

# The number or letter that an entry begins with, or a number without a sign behind it.
_ENTRY = re.compile(r"\(?(\d{1,3}|[A-Za-z])(?:[.,:)]| ?-)(?!\d(?!.*=))|(\d{1,3})(?: |$)")
_PRICED = re.compile(r"[^\W\d_].*\b\d+[.,]\d\d\W*$")  # letters first, and an amount last
_AMOUNT = re.compile(r"(?:\d+(?:[.,/]\d+)?|[½¼¾]) ?[^\W\d_]")  # begins a line of ingredients
_MEASURED = re.compile(r"[\d½¼¾] ?(?:k?g|[mcd]?l|cups?|tsp|tbsp|oz|lb|EL|TL|cs|cc)\b")
_SENTENCE_ENDS = re.compile(r"[^\W\d_]{2}[.!?] [^\W\d_]")  # within a line
_LABEL = re.compile(r"([^\W\d_]{3,})\W+\w")  # a word, and something behind it


@dataclass(frozen=True)
class Said:
    """What is known of the lines of a page since they were read.

    Attributes
    ----------
    labels : collection of int
        Numbers of lines that end as labels do of what stands to the right of them. They are labels
        where most lines that begin below each other are, and then these are as well.
    follows : (N, N) float array, optional
        How well the line of a column goes on where that of a row ends, as the logarithm of a
        probability; NaN where that is not known.
    texts : sequence of N str, optional
        What was read of each line.
    """

    labels: Collection[int] = ()
    follows: NDArray[np.floating] | None = None
    texts: Sequence[str] = ()

    def are_columns(self, left: Lines, right: Lines, places: Places) -> bool | None:
        """Whether lines side by side are read down two columns or along rows; None if unknown."""
        if not self.texts and self.follows is None:
            return None
        parts, along = _orders(left, right, places)
        texts = [self._texts(rows) for rows in parts]
        if _are_forms(*texts) or all(map(_are_priced, texts)):
            return True
        if any(map(_say_the_same, texts)):
            return False
        if _is_prose(texts[0]) or _are_recipe(*texts):
            return True
        counted = self._counted(self._entries(*parts), along)
        if counted is not None:
            return counted
        sense = self._sense([list(chain(*rows)) for rows in parts], along)
        return sense > 0 if abs(sense) > SENSE else None

    def are_notes(self, left: Lines, right: Lines, places: Places) -> bool:
        """Whether lines of one side are notes in the margin of running text on the other.

        Those at the left begin in lower case or stand beside rows that begin amid a sentence, as
        labels seldom do.
        """
        if not self.texts:
            return False
        parts = places.rows(left), places.rows(right)
        at_left = len(parts[0]) < len(parts[1])
        notes, rows = parts if at_left else parts[::-1]
        words = [text for text in self._texts(notes) if any(map(str.isalpha, text))]
        if 2 * len(notes) > len(rows) or 2 * len(words) <= len(notes):
            return False
        texts = self._texts(rows)
        prose = _is_prose(texts, across=True)
        if not prose or not at_left:
            return prose
        every = np.array(list(chain(*notes)))
        amid = [
            text[:1].islower() and not before.endswith((".", "!", "?"))
            for before, row, text in zip(["", *texts], rows, texts, strict=False)
            if places.level(every, np.array(row)).any()
        ]
        small = all(text[:1].islower() and len(text) > LETTERED for text in words)
        apart = small or 2 * sum(amid) >= max(1, len(amid))
        return apart and not set(every.tolist()) & set(self.labels)

    def heading(self, left: Lines, right: Lines, places: Places) -> Lines:
        """The lines of two columns that stand above both, as entries go on from one to the other.

        Those of the one are level with those of the other. There may be none.
        """
        if not self.texts:
            return left[:0]
        parts, along = _orders(left, right, places)
        entries = self._entries(*parts)
        if not self._counted(entries, along) or _restart(*entries):
            return left[:0]
        above = []
        for rows, numbers in zip(parts, entries, strict=True):
            first = [row[0] for row in rows].index(next(iter(numbers)))
            above.append(np.array(list(chain(*rows[:first])), dtype=np.intp))
        near = places.level(*above)
        return np.concatenate([above[0][near.any(axis=1)], above[1][near.any(axis=0)]])

    def _texts(self, rows: Sequence[Sequence[int]]) -> list[str]:
        """What rows of lines say; nothing where that is not known."""
        return [" ".join(self.texts[k] for k in row) if self.texts else "" for row in rows]

    def _entries(self, left: list[list[int]], right: list[list[int]]) -> list[dict[int, int]]:
        """The numbers of the entries that rows of two columns begin with, by line, downward.

        Letters are given by their code. Of numbers, letters and numbers without a sign behind them
        those count that are most; the last only where they go on from the left to the right.
        """
        heads = [[row[0] for row in rows] for rows in (left, right)]
        found = {k: _entry(self.texts[k]) for k in chain(*heads)} if self.texts else {}
        entries = {k: entry for k, entry in found.items() if entry}
        kinds = Counter(kind for kind, _ in entries.values())
        kind = max(kinds, key=kinds.__getitem__, default="")
        parts = [
            {k: entries[k][1] for k in part if k in entries and entries[k][0] == kind}
            for part in heads
        ]
        bare = kind == "bare" and (not all(parts) or _restart(*parts))
        return [{}, {}] if bare else parts

    def _counted(self, entries: list[dict[int, int]], along: list[int]) -> bool | None:
        """Whether the numbers of entries count up down two columns or, if False, along rows.

        `entries` are as `_entries` gives them, `along` the lines in the order of the rows.
        """
        if min(map(len, entries)) < 2:
            return None
        both = entries[0] | entries[1]
        down = min(_ascend(part.values()) for part in entries) and _count(both.values())
        across = _count(both[k] for k in along if k in both)
        return down > across if down != across and max(down, across) >= COUNTED else None

    def _sense(self, columns: list[list[int]], along: list[int]) -> float:
        """By how many standard errors lines go on better down two columns than along their rows.

        It is told by how much better the pairs of either order go on than others of the same
        columns do: of prices all begin like any other. Below 0 the rows go on better; where too
        little is known of them it is 0.
        """
        if self.follows is None:
            return 0.0
        known = ~np.isnan(np.diag(self.follows))
        if min(known[column].sum() for column in columns) < FEWEST:
            return 0.0
        members = columns[0] + columns[1]
        surplus = self.follows[np.ix_(members, members)].astype(np.float64)
        np.fill_diagonal(surplus, np.nan)
        parts = slice(len(columns[0])), slice(len(columns[0]), None)
        for part in product(parts, parts):
            surplus[part] = _surplus(surplus[part])
        place = {number: k for k, number in enumerate(members)}
        orders = [
            {(place[one], place[next_]) for part in order for one, next_ in pairwise(part)}
            for order in (columns, [along])
        ]
        down, across = orders[0] - orders[1], orders[1] - orders[0]
        gains = [np.array([surplus[pair] for pair in pairs]) for pairs in (down, across)]
        count = np.isfinite(np.concatenate(gains)).sum()
        error = np.sqrt(count * np.nanmean(surplus**2))
        return float((np.nansum(gains[0]) - np.nansum(gains[1])) / max(1.0, error))


def _orders(
    left: Lines, right: Lines, places: Places
) -> tuple[tuple[list[list[int]], list[list[int]]], list[int]]:
    """The rows of either column, and the lines of both as they are read along rows."""
    along = chain(*places.rows(np.concatenate([left, right])))
    return (places.rows(left), places.rows(right)), list(along)


def _are_forms(left: Sequence[str], right: Sequence[str]) -> bool:
    """Whether rows at the right begin with the labels of those at the left, in their order."""
    found = [map(_LABEL.match, rows) for rows in (left, right)]
    labels = [[match[1].casefold() if match else "" for match in part] for part in found]
    again = [one for one, other in zip(*labels, strict=False) if one and one == other]
    share = len(again) / max(len(left), len(right))
    return len(set(again)) >= REPEATED and share >= REPEATED_SHARE


def _are_priced(rows: Sequence[str]) -> bool:
    """Whether most rows of a column are entries with a price, behind which none goes on."""
    return _are_most(sum(_PRICED.match(row) is not None for row in rows), rows)


def _is_prose(rows: Sequence[str], across: bool = False) -> bool:
    """Whether sentences run on from row to row, as in a letter; the rows beside it are others'.

    One must end within a row, or `across` the rows, at the end of one.
    """
    begun = sum(row[:1].islower() for row in rows[1:])
    long = sum(len(row.split()) >= WORDS for row in rows)
    ends = any(map(_SENTENCE_ENDS.search, [" ".join(rows)] if across else rows))
    return ends and _are_most(begun, rows[1:]) and _are_most(long, rows)


def _are_recipe(left: Sequence[str], right: Sequence[str]) -> bool:
    """Whether rows are amounts of ingredients, some of them measured, beside whole sentences.

    Where sentences go on from row to row, two amounts will do.
    """
    amounts = sum(_AMOUNT.match(row) is not None for row in left)
    if not any(map(_MEASURED.search, left)):
        return False
    sentences = sum(len(row.split()) >= WORDS and row[-1] in ".!?" for row in right)
    whole = _are_most(amounts, left) and _are_most(sentences, right)
    return whole or (amounts >= 2 and _run_on(right))


def _run_on(rows: Sequence[str]) -> bool:
    """Whether each row, of two words or more, ends in a stop or goes on in the next one."""
    stops = [row.endswith((".", ",", ";", "!", "?")) for row in rows]
    goes_on = [stop or row[:1].islower() for stop, row in zip(stops[:-1], rows[1:], strict=True)]
    several = sum(len(row.split()) >= 2 for row in rows)
    return len(rows) > 2 and stops[-1] and all(goes_on) and _are_most(several, rows)


def _say_the_same(rows: Sequence[str]) -> bool:
    """Whether most rows of a column say the same, as the choices of a form do."""
    counts = Counter(row.casefold() for row in rows if row)
    return _are_most(max(counts.values(), default=0), rows)


def _are_most(count: int, rows: Sequence[str]) -> bool:
    return count >= REPEATED and count > len(rows) / 2


def _entry(text: str) -> tuple[str, int] | None:
    """The kind of the number that a text begins with as an entry, and the number."""
    match = _ENTRY.match(text)
    if not match:
        return None
    if match[2]:
        return "bare", int(match[2])
    return ("number", int(match[1])) if match[1].isdigit() else ("letter", ord(match[1].lower()))


def _restart(first: dict[int, int], second: dict[int, int]) -> bool:
    """Whether the entries of the second column do not go on from those of the first."""
    return max(first.values()) >= min(second.values())


def _count(numbers: Iterable[int]) -> int:
    """How many numbers are by one higher than the one before."""
    return sum(next_ == one + 1 for one, next_ in pairwise(numbers))


def _ascend(numbers: Iterable[int]) -> bool:
    """Whether most of two or more numbers are higher than the one before."""
    higher = [next_ > one for one, next_ in pairwise(numbers)]
    return 2 * sum(higher) > len(higher)


def _surplus(values: NDArray[np.floating]) -> NDArray[np.float64]:
    """What values exceed those by that the means of their rows and columns make likely."""
    known = np.isfinite(values)
    filled = np.where(known, values, 0.0)
    rows = filled.sum(axis=1, keepdims=True) / np.maximum(1, known.sum(axis=1, keepdims=True))
    columns = filled.sum(axis=0) / np.maximum(1, known.sum(axis=0))
    return values - (rows + columns - filled.sum() / max(1, known.sum()))

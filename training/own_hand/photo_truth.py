"""Align photos with their text, line by line and letter by letter.

The reader finds lines and letters and reads them as well as it can; what it read is aligned with
the text that a person wrote down. Where the two do not agree it is not known what a letter is, so
it is left out and counted.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from ocr.errors import OcrError
from ocr.evaluation.error_rates import edit_distance
from ocr.evaluation.ground_truth import read_truth, truth_path
from ocr.input.documents import PageSource
from ocr.layout.read_line import ReadLine
from ocr.reader import Reader
from training.own_hand.pairing import pairs_in_order

if TYPE_CHECKING:
    from training.own_hand.samples import Account

UNLIKE = 0.6  # CER from which a line found and a line of the text are not taken for the same
UNLIKE_ALL_FOUND = 0.8  # the same where as many lines were found as the text has
# Share of a text that must be read for a photo to be its: of unrelated texts of 8 lines 95 % have
# less than 0.35 in common, a hand of which 60 % of the characters are read wrongly has 0.43.
LIKE = 0.38
AGREEING = 0.5  # share of a line's letters read as they are written, below which it is doubtful
AGREEING_ALL_FOUND = 0.25  # the same where as many letters were found as the text has
GAP = 3.0  # cost of a letter without its like, in nats
WORST = 6.0  # highest cost of a letter set against another, in nats
SURE = 0.5  # probability of the text's letter from which a pair beside a gap is kept


def match_lines(read: Sequence[str], written: Sequence[str]) -> list[tuple[int, int]]:
    """Pairs (index into `read`, index into `written`) of lines that say the same, in order.

    They are the monotone alignment with the largest sum of ``1 - CER``, whitespace and case
    ignored; lines that are too unlike are not paired.
    """
    found = ["".join(text.split()).casefold() for text in read]
    truth = ["".join(text.split()).casefold() for text in written]
    limit = UNLIKE_ALL_FOUND if len(found) == len(truth) else UNLIKE
    worth = np.array(
        [[1 - edit_distance(b, a) / max(len(b), len(a), 1) for b in truth] for a in found]
    ).reshape(len(found), len(truth))
    worth[worth <= 1 - limit] = -1.0  # never worth it
    return pairs_in_order(worth)


def likeness(read: Sequence[str], written: Sequence[str], pairs: list[tuple[int, int]]) -> float:
    """Share of the shorter of two texts that their paired lines have in common, in [0, 1]."""
    found = ["".join(text.split()).casefold() for text in read]
    truth = ["".join(text.split()).casefold() for text in written]
    shared = sum(
        max(len(found[i]), len(truth[j])) - edit_distance(truth[j], found[i]) for i, j in pairs
    )
    return shared / max(1, min(sum(map(len, found)), sum(map(len, truth))))


def match_letters(likely: NDArray[np.float32], alike: NDArray[np.bool_]) -> list[tuple[int, int]]:
    """Pairs of glyphs and letters of the text that surely belong together.

    Parameters
    ----------
    likely : (n, m) float32 array
        Probability that glyph i is letter j of the text, in either case.
    alike : (n, m) bool array
        Whether letter j is the likeliest reading of glyph i, in either case.

    Returns
    -------
    list of (glyph, letter)
        Of the cheapest alignment (Needleman and Wunsch 1970) all pairs, but those beside a glyph
        or letter without its like that are not sure by themselves; none if the line as a whole is
        doubtful.
    """
    count, written = likely.shape
    if not count or not written:
        return []
    cost = np.minimum(-np.log(np.maximum(likely, 1e-9)), WORST)
    table = np.add.outer(np.arange(count + 1) * GAP, np.arange(written + 1) * GAP)
    for i in range(count):
        for j in range(written):
            table[i + 1, j + 1] = min(
                table[i, j] + cost[i, j], table[i, j + 1] + GAP, table[i + 1, j] + GAP
            )
    pairs: list[tuple[int, int]] = []
    i, j = count, written
    while i and j:
        if table[i, j] == table[i - 1, j - 1] + cost[i - 1, j - 1]:
            i, j = i - 1, j - 1
            pairs.append((i, j))
        elif table[i, j] == table[i - 1, j] + GAP:
            i -= 1
        else:
            j -= 1
    pairs.reverse()
    agreeing = sum(bool(alike[pair]) for pair in pairs) / max(count, written)
    if agreeing < (AGREEING_ALL_FOUND if count == written == len(pairs) else AGREEING):
        return []
    ends = [(-1, -1), *pairs, (count, written)]
    return [
        (i, j)
        for before, (i, j), after in zip(ends, pairs, ends[2:], strict=False)
        if likely[i, j] >= SURE or (before == (i - 1, j - 1) and after == (i + 1, j + 1))
    ]


class Aligner:
    """Cuts photos into letters or lines with their text; reads with the installed models."""

    @cached_property
    def letter_reader(self) -> Reader:
        """Reads letter by letter."""
        return Reader(engine="letters")

    @cached_property
    def line_reader(self) -> Reader:
        """Reads line by line."""
        return Reader(engine="lines")

    def letters(
        self, photo: PageSource, account: Account
    ) -> tuple[list[NDArray[np.uint8]], list[str]]:
        """Normalized glyphs of a photo, (32, 32) uint8, with the characters they show."""
        images: list[NDArray[np.uint8]] = []
        labels: list[str] = []
        for line, text in self._matched(photo, self.letter_reader, account):
            signs = "".join(text.split())
            glyphs = line.glyphs
            proba = self.letter_reader.classifier.predict_proba(glyphs)
            charset = self.letter_reader.classifier.charset
            pairs = match_letters(*_likely(proba, charset, signs))
            if pairs:
                account.leave_out("letters doubtful where they stand", len(glyphs) - len(pairs))
            else:
                account.leave_out("letters of lines too unlike their text", len(glyphs))
            for i, j in pairs:
                images.append((glyphs[i] * 255 + 0.5).astype(np.uint8))
                labels.append(signs[j])
        return images, labels

    def lines(self, photo: PageSource, account: Account) -> list[tuple[NDArray[np.float32], str]]:
        """Straightened lines of a photo, grey, with their text."""
        matched = self._matched(photo, self.line_reader, account)
        return [(line.image, text) for line, text in matched]

    def _matched(
        self, photo: PageSource, reader: Reader, account: Account
    ) -> list[tuple[ReadLine, str]]:
        lines: list[ReadLine] = []
        truth = truth_path(Path(photo.path), photo.number, photo.pages)
        try:
            written = [row for row in read_truth(truth).splitlines() if row.strip()]
            if not written:
                account.leave_out("texts that say nothing", name=f"{truth}: says nothing.")
                return []
            reader.read(photo.open(), on_line=lines.append)
        except OcrError as error:
            account.leave_out("unreadable pictures or texts", name=str(error))
            return []
        read = [line.line.text for line in lines]
        pairs = match_lines(read, written)
        if likeness(read, written, pairs) < LIKE:
            reason = f"{photo.title}: reads nothing like its .gt.txt, which may be another photo's."
            account.leave_out("photos unlike their text as a whole", name=reason)
            return []
        if len(lines) != len(written):
            account.named.append(
                f"{photo.title}: {len(lines)} lines found, {len(written)} in its .gt.txt; "
                f"{len(pairs)} of them match and are used. See `ocr boxes {photo.name}`.",
            )
        account.leave_out("lines of photos too unlike their text", len(lines) - len(pairs))
        return [(lines[i], written[j]) for i, j in pairs]


def _likely(
    proba: NDArray[np.float32], charset: Sequence[str], signs: str
) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
    """What `match_letters` takes, from probabilities (n, K) of n glyphs and m letters `signs`."""
    folded = [sign.casefold() for sign in charset]
    classes = {sign: k for k, sign in enumerate(dict.fromkeys(folded))}
    summed = np.zeros((len(proba), len(classes) + 1), dtype=np.float32)
    for column, sign in enumerate(folded):
        summed[:, classes[sign]] += proba[:, column]
    columns = [classes.get(sign.casefold(), len(classes)) for sign in signs]
    alike = summed.argmax(axis=1)[:, None] == np.array(columns)
    return summed[:, columns], alike

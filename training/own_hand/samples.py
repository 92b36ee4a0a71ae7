"""Samples to learn from, how they are divided, and the account of what was left out."""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from ocr.errors import DataError

HELD_BACK = 0.2  # share of the own samples that is never trained on
LARGE = {"glyphs": 400, "lines": 100}
"""Samples held back from which choosing and reporting get a half each; with fewer both use all."""
FEWEST = 5  # samples that can be split at all
FEWEST_GROUPS = 5  # writers or pages from which the split is made by them
SHOWN = 5  # files or characters that a message names
SPLITS = ("train", "valid", "test")
MOST_NAMED = 10_000  # files that are named one by one; all are counted


@dataclass
class Account:
    """What was found in the data and what was left out, by reason; files that are named."""

    sources: list[dict[str, object]] = field(default_factory=list)
    left_out: Counter[str] = field(default_factory=Counter)
    named: list[str] = field(default_factory=list)
    seen: dict[str, str] = field(default_factory=dict, repr=False)  # digest of a picture -> file

    def leave_out(self, reason: str, count: int = 1, name: str = "") -> None:
        """Count something that is not used; `name` is a whole message about one file."""
        if count:
            self.left_out[reason] += count
        if name and len(self.named) < MOST_NAMED:
            self.named.append(name)


@dataclass(frozen=True)
class Samples:
    """Samples with their labels: glyphs `(32, 32)` or lines `(LINE_HEIGHT, W)`, uint8, paper 255.

    `labels` are single characters or texts; where `cased` is False the label stands for both cases
    of its letter; `groups` name the writer or page, "" if the data does not tell; `splits` name
    the part that the data itself assigns, "" if it does not.
    """

    images: tuple[NDArray[np.uint8], ...]
    labels: tuple[str, ...]
    cased: NDArray[np.bool_]
    groups: tuple[str, ...]
    splits: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.labels)

    def take(self, rows: Iterable[int]) -> Samples:
        """The samples of some rows."""
        rows = [int(row) for row in rows]
        return Samples(
            tuple(self.images[row] for row in rows),
            tuple(self.labels[row] for row in rows),
            self.cased[rows],
            tuple(self.groups[row] for row in rows),
            tuple(self.splits[row] for row in rows),
        )

    def digest(self) -> str:
        """SHA-256 of images, labels, groups and splits."""
        found = hashlib.sha256()
        for image in self.images:
            found.update(repr(image.shape).encode() + image.tobytes())
        rest = (self.labels, self.cased.tolist(), self.groups, self.splits)
        found.update(repr(rest).encode())
        return found.hexdigest()


def join(parts: Sequence[Samples]) -> Samples:
    """Several as one."""
    return Samples(
        tuple(image for part in parts for image in part.images),
        tuple(label for part in parts for label in part.labels),
        np.concatenate([part.cased for part in parts] or [np.zeros(0, bool)]),
        tuple(group for part in parts for group in part.groups),
        tuple(split for part in parts for split in part.splits),
    )


def enough(samples: Samples, account: Account) -> Samples:
    """The samples, if they are enough to train on.

    Raises
    ------
    DataError
        They are not; the message says what was left out.
    """
    if len(samples) >= FEWEST:
        return samples
    reasons = "; ".join(f"{reason} ({n})" for reason, n in account.left_out.most_common(SHOWN))
    named = " ".join(account.named[:1])
    raise DataError(
        f"{len(samples)} samples to train on, at least {FEWEST} are needed. "
        f"{f'Left out: {reasons}. ' if reasons else ''}{named}".strip()
    )


def known(part: Samples, charset: str, account: Account) -> Samples:
    """The samples whose label is in the charset."""
    strange = Counter(label for label in part.labels if label not in charset)
    if not strange:
        return part
    shown = " ".join(sign for sign, _ in strange.most_common(SHOWN))
    account.leave_out(
        "labeled with a character that the model does not know "
        f"({shown}{' ...' if len(strange) > SHOWN else ''}; --from scratch learns any)",
        strange.total(),
    )
    return part.take(row for row, label in enumerate(part.labels) if label in charset)


@dataclass(frozen=True)
class Split:
    """Rows to train on, to choose by and to report on; the last two may be the same.

    `by` is "the data", "writer or page" or "sample"; `held` names the groups held back.
    """

    train: NDArray[np.int64]
    valid: NDArray[np.int64]
    test: NDArray[np.int64]
    by: str
    held: tuple[str, ...] = ()

    @property
    def shared(self) -> bool:
        """Whether the same samples choose and report."""
        return np.array_equal(self.valid, self.test)


def split_named(name: str | None) -> str:
    """The split in a name: train, valid or test as one of its words, else ""."""
    words = re.split(r"[^a-z]+", (name or "").lower())
    return next((one for one in SPLITS if one in words), "")


def split(samples: Samples, what: str, seed: int) -> Split:
    """Hold back a fifth: as the data says, else by writer or page, else at random."""
    rng = np.random.default_rng((seed, 5))
    parts = np.array(samples.splits)
    groups = np.array(samples.groups)
    if (parts == "train").any() and ((parts == "valid") | (parts == "test")).any():
        train = np.flatnonzero((parts == "train") | (parts == ""))
        valid, test = np.flatnonzero(parts == "valid"), np.flatnonzero(parts == "test")
        if not len(valid) or not len(test):
            return _halved(train, np.concatenate([valid, test]), what, rng, "the data")
        return Split(train, valid, test, "the data")
    names, which, counts = np.unique(groups, return_inverse=True, return_counts=True)
    if len(names) >= FEWEST_GROUPS and (groups != "").all() and counts.max() <= len(groups) / 2:
        held_rows = 0
        held = []
        for name in rng.permutation(len(names)):
            if held_rows + counts[name] / 2 > HELD_BACK * len(groups):
                continue
            held.append(int(name))
            held_rows += int(counts[name])
        back = np.isin(which, held)
        if back.any():
            held_names = tuple(sorted(str(names[name]) for name in held))
            return _halved(
                np.flatnonzero(~back), np.flatnonzero(back), what, rng, "writer or page", held_names
            )
    order = rng.permutation(len(samples))
    count = max(1, round(HELD_BACK * len(samples)))
    return _halved(np.sort(order[count:]), np.sort(order[:count]), what, rng, "sample")


def _halved(
    train: NDArray[np.int64],
    held: NDArray[np.int64],
    what: str,
    rng: np.random.Generator,
    by: str,
    names: tuple[str, ...] = (),
) -> Split:
    if len(held) < LARGE[what]:
        return Split(train, held, held, by, names)
    order = rng.permutation(held)
    half = len(held) // 2
    return Split(train, np.sort(order[:half]), np.sort(order[half:]), by, names)

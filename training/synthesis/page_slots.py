"""Where the lines of a written page go: blocks, columns, lists, tables, notes here and there."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class SlotConfig:
    """How often pages have what. Shares of the pages, set by hand like the ranges below.

    Attributes
    ----------
    styles : seven floats
        Blocks, columns, lists, tables, notes here and there, bills, and rows of numbers.
    heading, noted, inserted, numbered : float
        With a heading, notes in the margin, words between the lines, a page's number.
    """

    styles: tuple[float, ...] = (0.41, 0.09, 0.13, 0.08, 0.12, 0.12, 0.05)
    heading: float = 0.25
    noted: float = 0.12
    inserted: float = 0.15
    numbered: float = 0.2


CONFIG = SlotConfig()
Box = tuple[float, float, float, float]
"""Top, left, bottom and right, in pixels."""

STYLES = ("block", "columns", "list", "table", "notes", "bill", "numbers")


@dataclass(frozen=True)
class Slot:
    """Room for one line.

    Attributes
    ----------
    left, row, width : float
        Its left end, the baseline's row there, and how far it goes; pixels.
    scale : float
        Of its letters, in the page's x-heights.
    flush : float
        Where a line that does not fill it stands: 0 at the left, 1 at the right.
    """

    left: float
    row: float
    width: float
    scale: float = 1.0
    flush: float = 0.0


def slots_of(
    rng: np.random.Generator, size: tuple[int, int], x_height: float, pitch: float
) -> list[Slot]:
    """Where lines go: one of `STYLES` below a heading, and what stands beside it."""
    height, width = size
    style = rng.choice(STYLES, p=CONFIG.styles)
    left, right = rng.uniform(0.01, 0.16) * width, rng.uniform(0.84, 0.99) * width
    noted = style in ("block", "list") and rng.random() < CONFIG.noted
    if noted:  # a margin wide enough for notes
        left = rng.uniform(0.12, 0.25) * width
    top, bottom = rng.uniform(0.01, 0.15) * height + 2 * x_height, rng.uniform(0.6, 0.99) * height
    slots = []
    if rng.random() < CONFIG.heading:
        scale = float(rng.uniform(1.2, 3.2))
        row = top + scale * 1.5 * x_height
        slots.append(Slot(left + rng.uniform(0, 0.3) * width, row, right - left, scale))
        top = row + pitch * rng.uniform(1.0, 2.0) + 0.5 * scale * x_height
    box = (top, left, bottom, right)
    if style in ("block", "list"):
        slots += _text(rng, box, x_height, pitch, style == "list")
        if noted:
            slots += _notes(rng, slots, left, x_height)
        if rng.random() < CONFIG.inserted:
            slots += _insertions(rng, slots, x_height, pitch)
    elif style in ("columns", "table"):
        slots += _columns(rng, box, x_height, pitch, style == "table")
    elif style == "bill":
        slots += _bill(rng, box, x_height, pitch)
    elif style == "numbers":
        slots += _numbers(rng, box, x_height, pitch)
    else:
        slots += _scattered(rng, size, pitch)
    if rng.random() < CONFIG.numbered:
        slots.append(_page_number(rng, size, x_height))
    return [slot for slot in slots if slot.row < height - 2]


def _text(
    rng: np.random.Generator, box: Box, x_height: float, pitch: float, short: bool
) -> list[Slot]:
    """Lines one below the other; of a list they are short."""
    top, left, bottom, right = box
    slots = []
    row = top
    while row < bottom:
        indent = abs(rng.normal(0, 0.6)) * x_height + (3 * x_height if rng.random() < 0.08 else 0)
        wide = (right - left) * (rng.uniform(0.15, 0.6) if short else 1.0)
        if not short and rng.random() < 0.12:
            wide *= rng.uniform(0.1, 0.8)
        slots.append(Slot(left + indent, row, wide - indent, float(np.exp(rng.normal(0, 0.06)))))
        row += pitch * float(np.exp(rng.normal(0, 0.07))) * (2 if rng.random() < 0.06 else 1)
    return slots


def _columns(
    rng: np.random.Generator, box: Box, x_height: float, pitch: float, table: bool
) -> list[Slot]:
    """Columns of text, or of the cells of a table, which stand in rows."""
    top, left, bottom, right = box
    count = int(rng.integers(2, 6 if table else 4))
    edges = np.linspace(left, right, count + 1) + rng.normal(0, 0.02 * (right - left), count + 1)
    gap = rng.uniform(2.0, 5.0) * x_height
    slots = []
    for k in range(count):
        row = top + (0 if table else rng.uniform(-0.5, 0.5) * pitch)
        while row < bottom:
            wide = edges[k + 1] - edges[k] - gap
            if table:
                wide *= rng.uniform(0.3, 1.0)
            if wide > 2 * x_height and rng.random() < 0.93:
                slots.append(Slot(edges[k], row, wide))
            row += pitch * (1.0 if table else float(np.exp(rng.normal(0, 0.05))))
    return slots


def _scattered(rng: np.random.Generator, size: tuple[int, int], pitch: float) -> list[Slot]:
    """Notes of a few lines here and there, where there is room for them."""
    height, width = size
    slots = []
    taken: list[Box] = []
    for _ in range(int(rng.integers(1, 16))):
        scale = float(np.exp(rng.normal(0, 0.3)))
        row, at = rng.uniform(0.05, 0.95) * height, rng.uniform(0, 0.8) * width
        count, wide = int(rng.integers(1, 5)), rng.uniform(0.1, 0.7) * width
        box = (row - pitch * scale, at, row + pitch * scale * count, at + wide)
        if any(
            box[0] < y2 and y1 < box[2] and box[1] < x2 and x1 < box[3] for y1, x1, y2, x2 in taken
        ):
            continue
        taken.append(box)
        for _ in range(count):
            slots.append(Slot(at, row, wide * rng.uniform(0.5, 1.0), scale))
            row += pitch * scale
    return slots


def _bill(rng: np.random.Generator, box: Box, x_height: float, pitch: float) -> list[Slot]:
    """Entries with a number or two far behind them, and at times one before."""
    top, left, bottom, right = box
    flush = float(rng.choice((0.0, 0.5, 1.0), p=(0.45, 0.1, 0.45)))
    narrow = rng.uniform(1.0, 6.0, 3) * x_height
    kept = rng.choice((1.0, 0.9, 0.6), p=(0.5, 0.3, 0.2))
    before = rng.random() < 0.25
    start = left + (narrow[2] + rng.uniform(1.5, 6.0) * x_height if before else 0)
    entry = rng.uniform(0.25, 0.7) * (right - start)
    behind = [start + entry + rng.uniform(2.0, 25.0) * x_height]
    if rng.random() < 0.3:
        behind.append(behind[0] + narrow[0] + rng.uniform(2.0, 12.0) * x_height)
    slots = []
    row = top
    while row < bottom:
        if before:
            slots.append(Slot(left, row, narrow[2], flush=flush))
        slots.append(Slot(start, row, entry * rng.uniform(0.3, 1.0)))
        for place, wide in zip(behind, narrow, strict=False):
            if place + wide < right and rng.random() < kept:
                uneven = rng.normal(0, 0.2, 2) * x_height
                slots.append(Slot(place + uneven[0], row + 0.3 * uneven[1], wide, flush=flush))
        row += pitch
    return slots


def _numbers(rng: np.random.Generator, box: Box, x_height: float, pitch: float) -> list[Slot]:
    """Rows and columns of numbers and signs, each standing by itself."""
    top, left, bottom, right = box
    wide = rng.uniform(1.0, 5.0) * x_height
    step = wide + rng.uniform(2.0, 12.0) * x_height
    flush = float(rng.choice((0.0, 0.5, 1.0)))
    count = int(np.clip(rng.integers(1, 8), 1, max(1, (right - left) // step)))
    kept = rng.uniform(0.6, 1.0)
    slots = []
    for row in np.arange(top, min(bottom, top + 24 * pitch), pitch):
        for k in range(count):
            if rng.random() < kept:
                slots.append(Slot(left + step * k, float(row), wide, flush=flush))
    return slots


def _notes(rng: np.random.Generator, slots: list[Slot], left: float, x_height: float) -> list[Slot]:
    """Notes in the margin, beside a line or a few."""
    notes = []
    start, count = int(rng.integers(len(slots))), int(rng.integers(1, 5))
    for slot in slots[start : start + count] if rng.random() < 0.5 else _some(rng, slots, count):
        gap, scale = rng.uniform(1.0, 3.0) * x_height, float(rng.uniform(0.65, 1.05))
        at = rng.uniform(0.05, 0.5) * left
        if left - gap - at > 2 * x_height:
            row = slot.row + rng.normal(0, 0.15) * x_height
            notes.append(Slot(at, row, left - gap - at, scale))
    return notes


def _insertions(
    rng: np.random.Generator, slots: list[Slot], x_height: float, pitch: float
) -> list[Slot]:
    """Words put in between two lines, small and near the upper edge of the lower one."""
    words = []
    for slot in _some(rng, slots, int(rng.integers(1, 4))):
        wide = rng.uniform(2.5, 9.0) * x_height
        if slot.width > 2 * wide:
            at = slot.left + rng.uniform(0, slot.width - wide)
            row = slot.row - rng.uniform(0.42, 0.6) * pitch
            words.append(Slot(at, row, wide, float(rng.uniform(0.5, 0.85))))
    return words


def _page_number(rng: np.random.Generator, size: tuple[int, int], x_height: float) -> Slot:
    """A page's number, in a corner or in the middle, above or below."""
    height, width = size
    wide = rng.uniform(2.0, 4.5) * x_height
    across = rng.choice((rng.uniform(0.01, 0.1), 0.5, rng.uniform(0.85, 0.97)), p=(0.2, 0.2, 0.6))
    row = (
        rng.uniform(0.03, 0.1) * height if rng.random() < 0.8 else rng.uniform(0.93, 0.99) * height
    )
    return Slot(min(across * width, width - wide), row, wide, float(rng.uniform(0.8, 1.6)))


def _some(rng: np.random.Generator, slots: list[Slot], count: int) -> list[Slot]:
    return [slots[k] for k in rng.permutation(len(slots))[:count]]

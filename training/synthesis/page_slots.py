"""Where the lines of a written page go: blocks, columns, lists, tables, notes here and there."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class SlotConfig:
    """How often pages have what. Shares of the pages, set by hand like the ranges below.

    Attributes
    ----------
    styles : five floats
        Blocks, columns, lists, tables, and notes here and there.
    heading, noted, inserted, numbered : float
        With a heading, notes in the margin, words between the lines, a page's number.
    """

    styles: tuple[float, ...] = (0.5, 0.1, 0.16, 0.1, 0.14)
    heading: float = 0.25
    noted: float = 0.12
    inserted: float = 0.15
    numbered: float = 0.2


CONFIG = SlotConfig()


@dataclass(frozen=True)
class Slot:
    """Room for one line: its left end, baseline row there, width, and scale of its letters."""

    left: float
    row: float
    width: float
    scale: float = 1.0


def slots_of(
    rng: np.random.Generator, size: tuple[int, int], x_height: float, pitch: float
) -> list[Slot]:
    """Where lines go: one block, columns, a list, a table, or notes here and there."""
    height, width = size
    style = rng.choice(("block", "columns", "list", "table", "notes"), p=CONFIG.styles)
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
    if style in ("block", "list"):
        row = top
        while row < bottom:
            indent = abs(rng.normal(0, 0.6)) * x_height + (
                3 * x_height if rng.random() < 0.08 else 0
            )
            wide = (right - left) * (rng.uniform(0.15, 0.6) if style == "list" else 1.0)
            if style == "block" and rng.random() < 0.12:
                wide *= rng.uniform(0.1, 0.8)
            slots.append(
                Slot(left + indent, row, wide - indent, float(np.exp(rng.normal(0, 0.06))))
            )
            row += pitch * float(np.exp(rng.normal(0, 0.07))) * (2 if rng.random() < 0.06 else 1)
        if noted:
            slots += _notes(rng, slots, left, x_height)
        if rng.random() < CONFIG.inserted:
            slots += _insertions(rng, slots, x_height, pitch)
    elif style in ("columns", "table"):
        count = int(rng.integers(2, 4 if style == "columns" else 6))
        edges = np.linspace(left, right, count + 1) + rng.normal(0, 0.02 * width, count + 1)
        gap = rng.uniform(2.0, 5.0) * x_height
        for k in range(count):
            row = top + (rng.uniform(-0.5, 0.5) * pitch if style == "columns" else 0)
            while row < bottom:
                wide = edges[k + 1] - edges[k] - gap
                if style == "table":
                    wide *= rng.uniform(0.3, 1.0)
                if wide > 2 * x_height and rng.random() < 0.93:
                    slots.append(Slot(edges[k], row, wide))
                row += pitch * (1.0 if style == "table" else float(np.exp(rng.normal(0, 0.05))))
    else:
        taken: list[tuple[float, float, float, float]] = []
        for _ in range(int(rng.integers(1, 16))):
            scale = float(np.exp(rng.normal(0, 0.3)))
            row, at = rng.uniform(0.05, 0.95) * height, rng.uniform(0, 0.8) * width
            count, wide = int(rng.integers(1, 5)), rng.uniform(0.1, 0.7) * width
            box = (row - pitch * scale, at, row + pitch * scale * count, at + wide)
            if any(
                box[0] < y2 and y1 < box[2] and box[1] < x2 and x1 < box[3]
                for y1, x1, y2, x2 in taken
            ):
                continue
            taken.append(box)
            for _ in range(count):
                slots.append(Slot(at, row, wide * rng.uniform(0.5, 1.0), scale))
                row += pitch * scale
    if rng.random() < CONFIG.numbered:
        slots.append(_page_number(rng, size, x_height))
    return [slot for slot in slots if slot.row < height - 2]


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

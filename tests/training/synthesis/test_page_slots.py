"""Where the lines of written pages go."""

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest

from training.synthesis import page_slots
from training.synthesis.page_slots import STYLES, slots_of


def slots(monkeypatch: pytest.MonkeyPatch, style: str, seed: int) -> list[page_slots.Slot]:
    shares = tuple(float(style == name) for name in STYLES)
    only = replace(page_slots.CONFIG, styles=shares, heading=0.0, numbered=0.0)
    monkeypatch.setattr(page_slots, "CONFIG", only)
    return slots_of(np.random.default_rng(seed), (1000, 1400), 12.0, 40.0)


def test_the_shares_of_the_styles_make_one() -> None:
    assert len(page_slots.CONFIG.styles) == len(STYLES)
    assert sum(page_slots.CONFIG.styles) == pytest.approx(1)


@pytest.mark.parametrize("style", STYLES)
@pytest.mark.parametrize("seed", range(6))
def test_slots_begin_on_the_page_and_have_room(monkeypatch, style, seed):
    for slot in slots(monkeypatch, style, seed):
        assert 0 <= slot.left < 1400 and 0 < slot.row < 998 and slot.width >= 12


@pytest.mark.parametrize("seed", range(6))
def test_the_amounts_of_a_bill_stand_apart_behind_their_entries(monkeypatch, seed):
    every = slots(monkeypatch, "bill", seed)
    narrow = [slot for slot in every if slot.width <= 72]
    entries = [slot for slot in every if slot.width > 72]
    assert entries
    for amount in narrow:
        beside = min(entries, key=lambda entry: abs(entry.row - amount.row))
        assert abs(beside.row - amount.row) < 12
        assert amount.left > beside.left + beside.width or amount.left < beside.left


def test_numbers_stand_in_columns(monkeypatch):
    every = slots(monkeypatch, "numbers", 1)
    lefts = sorted({slot.left for slot in every})
    assert len(every) > len(lefts)
    assert all(b - a >= every[0].width + 24 - 1e-6 for a, b in pairwise(lefts))

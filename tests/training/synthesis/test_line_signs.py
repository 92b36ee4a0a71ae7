"""Signs among the words of a line: what is drawn, and what the line says then."""

from __future__ import annotations

import numpy as np
import pytest

from training.synthesis import line_signs
from training.synthesis.line_ink import LineInk
from training.synthesis.line_signs import with_sign

X_HEIGHT = 20.0
SEEDS = range(8)


def words(*lengths: int) -> LineInk:
    """Words of so many letters, each a block of ink 10 pixels wide, 30 between the words."""
    parts = []
    for length in lengths:
        parts += [np.ones((30, 10), np.float32), np.zeros((30, 4), np.float32)] * length
        parts[-1] = np.zeros((30, 30), np.float32)
    darkness = np.concatenate(parts[:-1], axis=1)
    text = " ".join("abcdefgh"[:length] for length in lengths)
    return LineInk(darkness, 25.0, X_HEIGHT, text)


@pytest.fixture
def only(monkeypatch):
    """Draw one kind of sign alone."""

    def choose(kind: str, **shares: float) -> None:
        monkeypatch.setattr(line_signs, "KINDS", {kind: 1.0})
        for name, value in shares.items():
            monkeypatch.setattr(line_signs, name, value)

    return choose


def inked_columns(line: LineInk) -> np.ndarray:
    return np.flatnonzero(line.darkness.max(axis=0) > 0.5)


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("place, shares", enumerate([(1, 0, 0), (0, 1, 0), (0, 0, 1)]))
def test_a_tick_stands_beside_words_that_say_the_same(only, seed, place, shares):
    only("tick", TICK_PLACES=shares)
    line = words(3, 2)
    signed = with_sign(np.random.default_rng(seed), line)
    assert signed.text == line.text
    more = signed.darkness.shape[1] - line.darkness.shape[1]
    assert more > 0.4 * X_HEIGHT
    at, whole = signed.darkness, line.darkness
    first, last = whole[:, :30].sum(), whole[:, -30:].sum()
    ends = at[:, :30].sum() == first, at[:, -30:].sum() == last
    assert ends == [(False, True), (True, False), (True, True)][place]


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize(
    "amid, backward, texts",
    [
        (0.0, 0.0, {"-> abc ab a"}),
        (0.0, 1.0, {"<- abc ab a"}),
        (1.0, 0.0, {"abc -> ab a", "abc ab -> a"}),
    ],
)
def test_an_arrow_is_read_where_it_stands(only, seed, amid, backward, texts):
    only("arrow", AMID=amid, BACKWARD=backward)
    line = words(3, 2, 1)
    signed = with_sign(np.random.default_rng(seed), line)
    assert signed.text in texts
    assert signed.darkness.shape[1] >= line.darkness.shape[1] + X_HEIGHT


@pytest.mark.parametrize("seed", SEEDS)
def test_a_head_points_to_where_the_arrow_goes(only, seed):
    for backward in (0.0, 1.0):
        only("arrow", AMID=0.0, BACKWARD=backward)
        signed = with_sign(np.random.default_rng(seed), words(8))
        columns = inked_columns(signed)
        sign = columns[: int(np.flatnonzero(np.diff(columns) > 3)[0]) + 1]
        high = (signed.darkness[:, sign] > 0.3).sum(axis=0)
        half = len(sign) // 2
        assert bool(high[:half].sum() < high[half:].sum()) == (backward == 0.0)


@pytest.mark.parametrize("seed", SEEDS)
def test_a_ring_goes_around_a_short_word_alone(only, seed):
    only("ring")
    line = words(1, 7)
    signed = with_sign(np.random.default_rng(seed), line)
    assert signed.text == line.text
    first = signed.darkness[:, : signed.darkness.shape[1] - 90]
    above = np.flatnonzero((first > 0.5).any(axis=1))
    assert above.min() < signed.baseline - 27 and above.max() > signed.baseline + 5
    np.testing.assert_array_equal(signed.darkness[:, -90:].sum(), line.darkness[:, -90:].sum())


@pytest.mark.parametrize("seed", SEEDS)
def test_what_is_scribbled_over_is_not_read(only, seed):
    only("scribble")
    line = words(3, 2, 1)
    signed = with_sign(np.random.default_rng(seed), line)
    assert signed.text in ("ab a", "abc a", "abc ab")
    assert signed.darkness.sum() > line.darkness.sum()


def test_a_word_alone_is_not_scribbled_over(only):
    only("scribble")
    assert with_sign(np.random.default_rng(0), words(4)).text == "abcd"


@pytest.mark.parametrize("line", [words(7), words(5, 4)])
def test_no_ring_goes_around_long_words(only, line):
    only("ring")
    signed = with_sign(np.random.default_rng(0), line)
    assert signed.darkness.sum() == pytest.approx(line.darkness.sum())


@pytest.mark.parametrize("kind", line_signs.KINDS)
@pytest.mark.parametrize("text", ["", "a"])
def test_a_line_without_ink_is_left_alone(only, kind, text):
    only(kind)
    blank = LineInk(np.zeros((30, 40), np.float32), 25.0, X_HEIGHT, text)
    assert with_sign(np.random.default_rng(0), blank) == blank

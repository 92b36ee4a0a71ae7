"""ocr.lines.way_up: which way up a page is read, and whether as a negative."""

import numpy as np
import pytest
from line_fakes import layout, read, text_line

from ocr.input.given import photo_of
from ocr.layout.fine_shadows import EvenlyLit
from ocr.layout.page_network import Layout
from ocr.layout.picture import Negative
from ocr.layout.read_line import ReadLine
from ocr.lines import way_up
from ocr.lines.engine import LinesEngine, PageReading
from ocr.lines.way_up import Upright, read_page, read_upright
from ocr.page import Box, Letter, Line, Word


class Blank:
    """A picture without anything."""

    name, height, width = "blank", 60, 90

    def grey(self, long_side):
        return np.ones((60, 90), np.float32)


class NothingThere:
    """A finder that sees no line, and counts how often it looked."""

    def __init__(self):
        self.looks = 0

    def find(self, picture, side=None):
        self.looks += 1
        return layout()


def test_where_nothing_is_there_only_one_other_way_is_looked_at():
    finder = NothingThere()
    found = read_upright(LinesEngine(None, finder), Blank())  # nothing is there to recognize
    assert (found.turns, found.read.lines, finder.looks) == (0, [], 2)


class Ways:
    """An engine that sees each way up of a page as it is told.

    Letters, confidence, and the share of the ink that its line covers and of the width it takes.
    """

    def __init__(self, *ways):
        self.ways, self.looks, self.sides = ways, [], []

    def find(self, picture, side=None):
        turns = getattr(picture, "turns", 0)
        self.looks.append(turns)
        self.sides.append(side)
        maps, share = np.zeros((4, 50, 75), np.float32), self.ways[turns][2]
        return Layout((text_line(turns + 20, 0, 90 * share),), maps, 4.0, share)

    def way(self, found):
        return self.ways[int(found.lines[0].baseline[0, 0]) - 20]

    def confidence(self, picture, found):
        return self.way(found)[1]

    def read(self, picture, found):
        letters, confidence, _ = self.way(found)
        return PageReading([read(10, 10, 20, 20) for _ in range(letters)], confidence)


def test_a_page_on_its_head_is_turned_though_a_mark_reads_more_surely_sideways():
    engine = Ways((90, 0.82, 0.9), (1, 0.98, 0.1), (90, 0.96, 0.9), (1, 0.6, 0.1))
    assert read_upright(engine, Blank()).turns == 2


def test_a_page_that_reads_unsurely_stays_where_other_ways_show_next_to_nothing():
    engine = Ways((90, 0.6, 0.9), (9, 0.98, 0.1), (90, 0.6, 0.9), (9, 0.98, 0.1))
    assert read_upright(engine, Blank()).turns == 0


def test_of_two_ways_with_the_same_lines_none_is_looked_at_where_one_shows_next_to_nothing():
    engine = Ways((90, 0.6, 0.9), (9, 0.98, 0.1), (90, 0.6, 0.9), (9, 0.98, 0.1))
    read_upright(engine, Blank())
    assert engine.looks == [0, 1, 2]
    engine = Ways((9, 0.5, 0.1), (90, 0.6, 0.9), (9, 0.5, 0.1), (90, 0.9, 0.9))
    assert read_upright(engine, Blank()).turns == 3
    assert engine.looks == [0, 1, 3]


def test_a_page_is_looked_at_in_the_size_of_another_way_up_where_lines_cover_it():
    size = Layout((), np.zeros((4, 50, 75)), 4.0).side
    engine = Ways(*((90, 0.6, 0.9),) * 4)
    read_upright(engine, Blank())
    assert engine.sides == [None, size, size, size]
    engine = Ways(*((90, 0.6, 0.1),) * 4)
    read_upright(engine, Blank())
    assert engine.sides == [None] * 4


def test_a_mark_that_reads_surely_does_not_keep_a_page_of_text_on_its_side():
    sideways = Ways((2, 0.94, 0.02), (90, 0.97, 0.99), (2, 0.94, 0.02), (90, 0.8, 0.99))
    assert read_upright(sideways, Blank()).turns == 1
    upright = Ways((90, 0.85, 0.9), (90, 0.9, 0.99), (90, 0.6, 0.9), (90, 0.6, 0.99))
    assert read_upright(upright, Blank()).turns == 0


@pytest.mark.parametrize(
    ("head", "turns"),
    [((6, 0.97, 0.9), 2), ((2, 0.97, 0.9), 0), ((6, 0.8, 0.9), 0), ((90, 0.8, 0.9), 2)],
)
def test_a_page_that_says_nothing_is_turned_for_many_letters_or_a_few_that_read_surely(head, turns):
    none = (0, 0.0, 0.0)
    assert read_upright(Ways((0, 0.6, 0.9), none, head, none), Blank()).turns == turns


@pytest.mark.parametrize(("as_is", "turns"), [(0.85, 2), (0.87, 0)])
def test_a_few_letters_turn_a_page_that_reads_less_surely_as_it_is(as_is, turns):
    none = (0, 0.0, 0.0)
    ways = Ways((7, as_is, 0.9), none, (6, 0.96, 0.9), none)
    assert read_upright(ways, Blank()).turns == turns


class Grounds(Ways):
    """An engine that reads a photo and its negative as it is told: letters and confidence."""

    def __init__(self, photo, negative):
        super().__init__((*photo, 0.9), (0, 0.0, 0.0), (*photo, 0.9), (0, 0.0, 0.0))
        self.photo, self.negative = photo, negative

    def way(self, found):
        return *(self.negative if self.shown else self.photo), 0.9

    def find(self, picture, side=None):
        inner = getattr(picture, "photo", picture)
        self.shown = isinstance(picture, Negative) or isinstance(inner, Negative)
        return super().find(picture, side)


class Striped(Blank):
    """Light writing on the left and dark on the right: in doubt, and taken as it is."""

    def rgb(self, long_side):
        grey = np.full((120, 240), 128, np.uint8)
        grey[2::6, 4:116:7], grey[2::6, 124:236:7] = 230, 26
        return np.repeat(grey[..., None], 3, axis=2)


@pytest.mark.parametrize(
    ("photo", "negative", "expected"),
    [
        ((90, 0.95), (90, 0.99), False),  # sure: the negative is not looked at
        ((90, 0.5), (90, 0.9), True),
        ((90, 0.8), (90, 0.82), False),
        ((0, 0.0), (90, 0.9), True),
        ((0, 0.0), (3, 0.9), True),
        ((0, 0.0), (0, 0.0), False),
        ((3, 0.6), (3, 0.9), False),
    ],
)
def test_a_page_in_doubt_is_read_as_a_negative_if_that_reads_clearly_better(
    photo, negative, expected
):
    found = read_page(Grounds(photo, negative), Striped())
    assert isinstance(found.picture, Negative) == expected


class Shadowed(Ways):
    """An engine that reads a page, and the page in even light, as it is told."""

    def __init__(self, as_is, lit):
        none = (0, 0.0, 0.0)
        super().__init__((*as_is, 0.9), none, (*as_is, 0.9), none)
        self.as_is, self.lit = as_is, lit

    def way(self, found):
        return *(self.lit if self.shown else self.as_is), 0.9

    def find(self, picture, side=None):
        inner = getattr(picture, "photo", picture)
        self.shown = isinstance(picture, EvenlyLit) or isinstance(inner, EvenlyLit)
        return super().find(picture, side)


@pytest.mark.parametrize(
    ("as_is", "lit", "shadow", "expected"),
    [
        ((90, 0.5), (90, 0.9), True, True),
        ((90, 0.5), (90, 0.9), False, False),
        ((90, 0.95), (90, 0.99), True, False),  # sure: it is not looked at
        ((90, 0.8), (90, 0.82), True, False),
        ((0, 0.0), (9, 0.9), True, True),
        ((9, 0.5), (2, 0.9), True, False),
    ],
)
def test_a_page_is_read_in_even_light_if_that_reads_clearly_better(
    monkeypatch, as_is, lit, shadow, expected
):
    monkeypatch.setattr(way_up, "in_fine_shadow", lambda picture, lines: shadow)
    found = read_page(Shadowed(as_is, lit), photo_of(np.full((60, 90), 255, np.uint8)))
    assert isinstance(found.picture, EvenlyLit) is expected


def says(text, row, sure=0.95):
    """A line that was read, its letters as sure as that."""
    letters = (Letter(Box(row, 9 * k, row + 9, 9 * k + 8), c, sure) for k, c in enumerate(text))
    return ReadLine(Line((Word(tuple(letters)),)), lambda: None, confidence=sure)


@pytest.mark.parametrize(
    ("other", "texts"),
    [
        ([says("Julia", 40)], ["HELLO", "Julia", "below"]),
        ([says("Julia", 0)], ["Julia", "HELLO", "below"]),
        ([says("Julia", 90)], ["HELLO", "below", "Julia"]),
        ([says("Julia", 40, 0.8)], ["HELLO", "below"]),  # unsure
        ([says("Jul", 40)], ["HELLO", "below"]),  # short
        ([says("HELL0", 22)], ["HELLO", "below"]),  # says the same
    ],
)
def test_what_the_negative_alone_says_surely_is_read_in_its_place(monkeypatch, other, texts):
    page = Upright(0, Blank(), layout(), PageReading([says("HELLO", 20), says("below", 70)], 0.9))
    negative = Upright(0, Blank(), layout(), PageReading(other, 0.7))
    monkeypatch.setattr(way_up, "grounds", lambda photo: (photo, Negative(photo)))
    monkeypatch.setattr(way_up, "in_fine_shadow", lambda *_: False)
    ways = iter((page, negative))
    monkeypatch.setattr(way_up, "read_upright", lambda *_: next(ways))
    found = read_page(None, Blank())
    assert [one.line.text for one in found.read.lines] == texts

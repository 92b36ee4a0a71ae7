"""How pages whose lines stand otherwise than below each other are read: arrangements.py.

Lists of two columns or with dashes, names beside what was said, headings over columns, boxes to
tick or with a letter each, labels in white on dark, tilted pages, single words, forms and exercises
in two columns, labels in the cells of forms and above their lines, addresses, dotted lines, ticks,
arrows, ringed numbers, fractions, raised endings, numbers of pages, notes in the margin and diaries
of several lines in a cell, each
written in the handwriting fonts that nothing was trained on (`$OCR_DATA/fonts`, ten families), a
pen's width and the gaps drawn from a seed. Prints the pooled CER of each arrangement, in which
words in another order count as wrong; case counts. With --out the pages are kept with their texts.
"""

from __future__ import annotations

import argparse
import re
from collections.abc import Callable
from itertools import chain
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from ocr.evaluation.error_rates import edit_distance
from ocr.reader import Reader
from training.data.datasets import data_dir, training_fonts

Rng = np.random.Generator
Row = tuple[float, float, str]  # x and y in heights of the font, and a text
Made = tuple[list[Row], str]  # what is written, and what should be read

CONTACTS = (
    ("Mum", "01632 960 144"),
    ("Dr Moss", "020 7946 0318"),
    ("School office", "01632 960 733"),
    ("Plumber", "0113 496 0825"),
    ("Aunt Rose", "01632 960 906"),
    ("Ferry", "0131 496 0562"),
)
WORDS = (
    ("the kettle", "la bouilloire"),
    ("a wooden spoon", "une cuillère en bois"),
    ("flour", "la farine"),
    ("some sugar", "du sucre"),
    ("butter", "le beurre"),
    ("an oven", "un four"),
)
PRICES = (("coffee", "3"), ("soup of the day", "6"), ("apple cake", "4"), ("tea", "2"))
SAID = (
    ("Anna:", "We should repair the boat", "before the end of May."),
    ("Ben:", "The sails are still at the", "workshop in the harbor."),
    ("Cleo:", "Then let us ask for them", "on Monday morning."),
)
FOR = ("more time at home", "a garden", "short way to work", "good train", "old friends near")
AGAINST = ("an old roof", "noise at night", "a high rent")
LETTER = (
    "Dear neighbors, the garden gate",
    "was left open again last night",
    "and the hens went for a walk.",
    "Please close it when you leave,",
    "for the fox lives nearby.",
    "With many thanks, yours, Ann",
)
NOTES = ("who?", "not true", "ask Tom", "see below")
PACKED = ("passport", "sun cream", "two books", "phone charger", "swimming trunks", "first aid kit")
ASKED = (
    ("Name of the child:", "Oscar Lindgren"),
    ("Date of birth:", "14 March 2015"),
    ("Street and number:", "27 Mill Lane"),
    ("Town:", "Whitby"),
    ("Emergency contact:", "grandmother"),
    ("Allergies:", "nuts and wasps"),
    ("Can swim:", "a little"),
)
LETTERED = (("Name", "ANNA BAKER"), ("Town", "OXFORD"), ("Born", "17 04 1986"), ("Code", "204917"))
PETS = (
    (("Owner", "Mia"), ("Breed", "poodle"), ("Born", "2019"), ("Color", "white")),
    (("Owner", "Thomas"), ("Breed", "beagle"), ("Born", "2021"), ("Color", "brown")),
)
MENU = (
    (("soup", "6.50"), ("salad", "7.80"), ("bread", "3.20"), ("olives", "4.50")),
    (("pasta", "12.80"), ("curry", "14.50"), ("fish pie", "15.20"), ("burger", "11.90")),
)
FIELDS = (
    (("Name", "Anna Baker"), ("Date", "14 May")),
    (("Street", "27 Mill Lane"), ("Town", "Whitby")),
    (("Phone", "01632 960 144"), ("Job", "teacher")),
    (("Doctor", "Dr Moss"), ("Allergies", "nuts")),
)
LIVE_AT = (
    ("Anna Baker", "27 Mill Lane", "Whitby YO21"),
    ("Thomas Moss", "8 Dock Street", "Leeds LS9"),
    ("Rose Carter", "31 Oak Road", "Derby DE3"),
    ("Oscar Green", "5 Church Way", "Truro TR1"),
    ("Mia Dixon", "16 Park View", "York YO1"),
    ("Ben Foster", "44 Hill Rise", "Bath BA2"),
)
ROUTES = (
    "home -> bus stop -> school",
    "flour -> dough -> oven",
    "river -> lake",
    "Anna -> Ben -> Cleo",
    "old gate -> hen house",
    "seed -> tree -> apples",
)
MEASURES = (
    "1/2 cup of brown sugar",
    "3/4 lb butter",
    "1/4 tsp salt",
    "2/3 cup oats",
    "1/3 pint of milk",
    "5/8 inch of ginger",
)
APPOINTMENTS = (
    "May 3^rd M^r Hall",
    "June 21^st D^r Moss",
    "4^th July M^rs Carter",
    "2^nd of August",
    "the 30^th birthday",
    "N^o 12 on 5^th street",
)
DIARY = (
    ("Monday", ("It rained all day", "but we had fun"), ("Call the dentist", "before noon")),
    ("Tuesday", ("The garden needs", "water every week"), ("My sister found", "the old keys")),
    (
        "Friday",
        ("Dinner is in the", "oven, help yourself"),
        ("The train leaves", "from platform four"),
    ),
)
EMPTY = 0.2  # of the answers
EXERCISES = 10
STEP = 1.9  # heights of the font from line to line
BOX = "\N{BALLOT BOX}"
CELL = "\N{WHITE SQUARE}"  # and how wide it is
TICKED = "\N{BALLOT BOX WITH CHECK}"
FRAME = "\N{WHITE VERTICAL RECTANGLE}"  # and how wide and high it is, by an x; 0 high, it is a line
DOTS = "\N{HORIZONTAL ELLIPSIS}"  # and how wide a row of dots is
BAND = "\N{BLACK SQUARE}"  # and how wide it is
TICK = "\N{CHECK MARK}"
ARROW = "\N{RIGHTWARDS ARROW}"  # and how long arrows are, and a text with them
RING = "\N{LARGE CIRCLE}"  # and what stands in it
SMALL = "\N{SUPERSCRIPT ONE}"  # and how far a number is raised, and a text that a fraction begins
RAISED = "\N{MODIFIER LETTER SMALL R}"  # and a text with ^ before what is raised
WHITE = "\N{WHITE CIRCLE}"  # before what is written in white


def table(rng: Rng, rows: tuple[tuple[str, str], ...]) -> Made:
    """Two columns with some white between them."""
    x = float(rng.uniform(11, 16))
    written = [(x * k, STEP * y, cell) for y, row in enumerate(rows) for k, cell in enumerate(row)]
    return written, "\n".join(" ".join(row) for row in rows)


def labels(rng: Rng) -> Made:
    """A name and, beside it, the lines that belong to it."""
    x = float(rng.uniform(5, 8))
    written: list[Row] = []
    for k, (name, *lines) in enumerate(SAID):
        y = STEP * (2 * k)
        written += [(0, y, name), (x, y, lines[0]), (x, y + STEP, lines[1])]
    return written, "\n".join(" ".join(one) for one in SAID)


def heading(rng: Rng) -> Made:
    """A heading in the middle above two columns."""
    x = float(rng.uniform(14, 18))
    written: list[Row] = [(0.6 * x, 0, "New job?")]
    for k, column in enumerate((FOR, AGAINST)):
        written += [(k * x, STEP * (y + 1.6), text) for y, text in enumerate(column)]
    return written, "\n".join(("New job?", *FOR, *AGAINST))


def boxes(rng: Rng) -> Made:
    """Boxes before the entries of a list, some of them ticked."""
    written: list[Row] = []
    for k, text in enumerate(PACKED):
        mark = TICKED if rng.random() < 0.4 else BOX
        written += [(0, STEP * k, mark), (1.8, STEP * k, text)]
    return written, "\n".join(PACKED)


def dashes(rng: Rng) -> Made:
    """A dash before each entry of a list, at some distance."""
    x = float(rng.uniform(0.8, 1.6))
    written = [
        (x * k, STEP * y, part)
        for y, text in enumerate(PACKED)
        for k, part in enumerate(("-", text))
    ]
    return written, "\n".join(f"- {text}" for text in PACKED)


def combs(rng: Rng) -> Made:
    """A form with a box for each letter, more than are filled; the boxes share walls or do not."""
    wide, apart = float(rng.uniform(1.3, 1.7)), float(rng.choice([0.0, 0.3]))
    written: list[Row] = []
    for y, (label, answer) in enumerate(LETTERED):
        written.append((0, 1.3 * STEP * y, label))
        for k in range(len(answer) + int(rng.integers(0, 5))):
            x = 8 + (wide + apart) * k
            written.append((x, 1.3 * STEP * y, f"{CELL}{wide}"))
            written.append((x + wide / 4, 1.3 * STEP * y, answer[k : k + 1]))
    return [row for row in written if row[2].strip()], "\n".join(map(" ".join, LETTERED))


def bands(rng: Rng) -> Made:
    """A form whose title and labels are white on dark bands, a line between the one and the other.

    The bands of the labels are as wide as each other, the title's goes over all of them.
    """
    x = float(rng.uniform(11, 13))
    written: list[Row] = [(0, -1.4 * STEP, f"{BAND}{2 * x}"), (3, -1.4 * STEP, f"{WHITE}Camp")]
    for y, (label, answer) in enumerate(ASKED):
        written += [(0, STEP * y, f"{BAND}{x - 1}"), (0.5, STEP * y, f"{WHITE}{label}")]
        written.append((x, STEP * y, answer))
    return written, "\n".join(("Camp", *map(" ".join, ASKED)))


def form(rng: Rng) -> Made:
    """What is asked and, flush beside it, the answers; some are left empty."""
    x = float(rng.uniform(11, 14))
    rows = [(label, "" if rng.random() < EMPTY else answer) for label, answer in ASKED]
    cells = [(x * k, STEP * y, cell) for y, row in enumerate(rows) for k, cell in enumerate(row)]
    title: list[Row] = [(3, -1.5 * STEP, "Summer camp")]
    text = "\n".join(("Summer camp", *(" ".join(row).strip() for row in rows)))
    return title + [cell for cell in cells if cell[2]], text


def sums(rng: Rng) -> Made:
    """A name and a date above sums that are numbered down two columns."""
    x = float(rng.uniform(13, 16))
    tasks = _sums(rng)
    half = len(tasks) // 2
    written: list[Row] = [(0, -1.4 * STEP, "Name: Lena"), (x, -1.4 * STEP, "Date: 4 May")]
    written += [(x * (k // half), STEP * (k % half), task) for k, task in enumerate(tasks)]
    return written, "\n".join(("Name: Lena Date: 4 May", *tasks))


def sums_along(rng: Rng) -> Made:
    """Sums that are numbered along rows of two."""
    x, tasks = float(rng.uniform(13, 16)), _sums(rng)
    return [(x * (k % 2), STEP * (k // 2), task) for k, task in enumerate(tasks)], "\n".join(tasks)


def _sums(rng: Rng) -> list[str]:
    pairs = rng.integers(3, 40, (EXERCISES, 2)).tolist()
    return [f"{k}) {one} + {other} = {one + other}" for k, (one, other) in enumerate(pairs, 1)]


def cards(rng: Rng) -> Made:
    """Two forms with the same labels side by side."""
    x = float(rng.uniform(14, 18))
    written = [
        (x * k + 5 * answer, STEP * y, cell)
        for k, card in enumerate(PETS)
        for y, row in enumerate(card)
        for answer, cell in enumerate(row)
    ]
    return written, "\n".join(" ".join(row) for card in PETS for row in card)


def menu(rng: Rng) -> Made:
    """Two lists with prices side by side, a heading above each."""
    x = float(rng.uniform(16, 20))
    written: list[Row] = []
    for k, (title, entries) in enumerate(zip(("Starters", "Mains"), MENU, strict=True)):
        written.append((x * k, -1.4 * STEP, title))
        written += [
            (x * k + 9 * price, STEP * y, cell)
            for y, row in enumerate(entries)
            for price, cell in enumerate(row)
        ]
    lists = ["\n".join(map(" ".join, entries)) for entries in MENU]
    return written, f"Starters\n{lists[0]}\nMains\n{lists[1]}"


def cells(rng: Rng) -> Made:
    """A form of ruled cells, a label at the top of each and the answer below it."""
    wide, high = float(rng.uniform(12, 15)), float(rng.uniform(3.2, 4))
    written: list[Row] = []
    for y, row in enumerate(FIELDS):
        for k, (label, answer) in enumerate(row):
            written.append((wide * k, high * (y + 1), f"{FRAME}{wide}x{high}"))
            written.append((wide * k + 0.3, high * y + 1.1, label))
            written.append((wide * k + 1, high * (y + 1) - 0.5, answer))
    return written, "\n".join(cell for row in FIELDS for field in row for cell in field)


def diary(rng: Rng) -> Made:
    """A table of days with two lines in each cell, which come near to its walls."""
    wide = [0.5 + max(len(text) for text in (day, *first, *second)) * float(rng.uniform(0.5, 0.54))
            for day, *(first, second) in DIARY]  # fmt: skip
    starts = [sum(wide[:k]) for k in range(len(wide))]
    high = float(rng.uniform(3.6, 4.4))
    written: list[Row] = []
    for x, room, (day, *cells) in zip(starts, wide, DIARY, strict=True):
        written += [(x, 1.6, f"{FRAME}{room}x1.6"), (x + 0.3, 1.1, day)]
        for row, cell in enumerate(cells):
            top = 1.6 + high * row
            written.append((x, top + high, f"{FRAME}{room}x{high}"))
            written += [(x + 0.12, top + 1.3 + 1.3 * k, text) for k, text in enumerate(cell)]
    days, *rows = zip(*DIARY, strict=True)
    return written, "\n".join([" ".join(days), *(" ".join(cell) for row in rows for cell in row)])


def lines(rng: Rng) -> Made:
    """A form with a label above each line that is written on."""
    wide, high = float(rng.uniform(12, 15)), float(rng.uniform(4.5, 5.5))
    written: list[Row] = []
    for y, row in enumerate(FIELDS):
        for k, (label, answer) in enumerate(row):
            written += [(wide * k, high * y, label), (wide * k + 0.3, high * y + 1.9, answer)]
            written.append((wide * k, high * y + 2.2, f"{FRAME}{wide - 2}x0"))
    return written, "\n".join(cell for row in FIELDS for field in row for cell in field)


def addresses(rng: Rng) -> Made:
    """Addresses in rows of two, more white between the rows."""
    wide, high = float(rng.uniform(13, 17)), float(rng.uniform(7, 9))
    written = [
        (wide * (k % 2), high * (k // 2) + 1.5 * y, text)
        for k, address in enumerate(LIVE_AT)
        for y, text in enumerate(address)
    ]
    return written, "\n".join(text for address in LIVE_AT for text in address)


def leaders(rng: Rng) -> Made:
    """A list with prices, dots between the one and the other."""
    x = float(rng.uniform(14, 20))
    written: list[Row] = []
    for y, (entry, price) in enumerate(chain(*MENU)):
        written += [(0, STEP * y, entry), (6, STEP * y, f"{DOTS}{x - 6.5}"), (x, STEP * y, price)]
    return written, "\n".join(map(" ".join, chain(*MENU)))


def dotted(rng: Rng) -> Made:
    """A form with two answers in a row, each on a dotted line behind its label."""
    x = float(rng.uniform(16, 19))
    written: list[Row] = []
    for y, row in enumerate(FIELDS):
        for k, (label, answer) in enumerate(row):
            written += [(x * k, STEP * y, label), (x * k + 5.5, STEP * y, answer)]
            written.append((x * k + 5, STEP * y + 0.15, f"{DOTS}{x - 6}"))
    return written, "\n".join(" ".join(map(" ".join, row)) for row in FIELDS)


def letter(_: Rng) -> Made:
    return [(0, STEP * k, line) for k, line in enumerate(LETTER)], "\n".join(LETTER)


def word(rng: Rng) -> Made:
    text = str(rng.choice(["Sale", "Closed", "Open", "Thanks", "Exit"]))
    return [(0, 0, text)], text


def ticks(rng: Rng) -> Made:
    """Ticks before some entries of a list, or behind them."""
    behind = bool(rng.random() < 0.4)
    written: list[Row] = []
    for k, text in enumerate(PACKED):
        written.append((1.3, STEP * k, text))
        if rng.random() < 0.7:
            written.append((10.5 if behind else 0, STEP * k, TICK))
    return written, "\n".join(PACKED)


def arrows(rng: Rng) -> Made:
    """Arrows from one thing to the next."""
    long = float(rng.uniform(0.8, 2.0))
    written = [(0.0, STEP * k, f"{ARROW}{long} {text}") for k, text in enumerate(ROUTES)]
    return [*written], "\n".join(ROUTES)


def ringed(rng: Rng) -> Made:
    """A number in a ring before each entry of a list."""
    x = float(rng.uniform(1.5, 2.2))
    written: list[Row] = []
    for k, text in enumerate(PACKED):
        written += [(0, STEP * k, f"{RING}{k + 1}"), (x, STEP * k, text)]
    return written, "\n".join(f"{k + 1} {text}" for k, text in enumerate(PACKED))


def fractions(rng: Rng) -> Made:
    """Measures whose fractions are half as high as other numbers."""
    raised = float(rng.uniform(0.3, 0.45))
    written = [(0.0, STEP * k, f"{SMALL}{raised} {text}") for k, text in enumerate(MEASURES)]
    return [*written], "\n".join(MEASURES)


def endings(_: Rng) -> Made:
    """Dates and names whose endings are raised and small."""
    written = [(0.0, STEP * k, f"{RAISED}{text}") for k, text in enumerate(APPOINTMENTS)]
    return [*written], "\n".join(APPOINTMENTS).replace("^", "")


def numbered_page(rng: Rng) -> Made:
    """The lines of a letter, and the number of its page above or below them."""
    x, number = float(rng.uniform(3, 9)), str(rng.integers(2, 10))
    written: list[Row] = [(0, STEP * y, line) for y, line in enumerate(LETTER)]
    if rng.random() < EMPTY:
        return [(x, -1.6 * STEP, number), *written], "\n".join((number, *LETTER))
    return [*written, (x, STEP * (len(LETTER) + 0.6), number)], "\n".join((*LETTER, number))


def noted(rng: Rng) -> Made:
    """A letter with notes in its margin, at the left or at the right."""
    right = bool(rng.random() < EMPTY)
    rows = sorted(
        rng.choice(range(1, len(LETTER)), int(rng.integers(1, 3)), replace=False).tolist()
    )
    notes = [str(note) for note in rng.permutation(NOTES)[: len(rows)]]
    written: list[Row] = [(0.0 if right else 7.0, STEP * k, line) for k, line in enumerate(LETTER)]
    written += [
        (19.0 if right else 0.0, STEP * k, note) for k, note in zip(rows, notes, strict=True)
    ]
    return written, "\n".join((*LETTER, *notes) if right else (*notes, *LETTER))


ARRANGEMENTS: dict[str, tuple[Callable[[Rng], Made], tuple[float, float]]] = {
    # and the degrees by which the page is tilted either way
    "contacts": (lambda rng: table(rng, CONTACTS), (0, 2)),
    "words": (lambda rng: table(rng, WORDS), (0, 2)),
    "single digits": (lambda rng: table(rng, PRICES), (0, 2)),
    "names beside text": (labels, (0, 2)),
    "heading": (heading, (0, 2)),
    "boxes": (boxes, (0, 2)),
    "tilted": (letter, (15, 45)),
    "one word": (word, (0, 3)),
    "form": (form, (0, 2)),
    "sums down": (sums, (0, 2)),
    "sums along": (sums_along, (0, 2)),
    "two forms": (cards, (0, 2)),
    "menu": (menu, (0, 2)),
    "box a letter": (combs, (0, 2)),
    "white on dark": (bands, (0, 2)),
    "dashes": (dashes, (0, 2)),
    "cells": (cells, (0, 2)),
    "labels above": (lines, (0, 2)),
    "addresses": (addresses, (0, 2)),
    "leaders": (leaders, (0, 2)),
    "dotted lines": (dotted, (0, 2)),
    "ticks": (ticks, (0, 2)),
    "arrows": (arrows, (0, 2)),
    "ringed numbers": (ringed, (0, 2)),
    "fractions": (fractions, (0, 2)),
    "raised endings": (endings, (0, 2)),
    "page numbers": (numbered_page, (0, 2)),
    "margin notes": (noted, (0, 2)),
    "diary": (diary, (0, 2)),
}


def _length(text: str, face: ImageFont.FreeTypeFont) -> float:
    """How far a text, a frame or dots reach to the right; boxes and bands have room enough."""
    if text.startswith((FRAME, DOTS)):
        return face.size * float(text[1:].split("x")[0])
    if text.startswith(ARROW):
        long, said = text[1:].split(" ", 1)
        return face.getlength(said) + said.count("->") * face.size * (float(long) + 1)
    return 0 if text[0] in CELL + BAND else face.getlength(text)


def write(
    pen: ImageDraw.ImageDraw,
    x: float,
    parts: list[tuple[str, ImageFont.FreeTypeFont, float]],
    ink: int,
    stroke: int,
) -> float:
    """Write texts one behind the other, each in a face and on a row; gives where they end."""
    for text, face, row in parts:
        pen.text((x, row), text, ink, face, anchor="ls", stroke_width=stroke)
        x += face.getlength(text)
    return x


def draw(rng: Rng, font: Path, made: list[Row], tilt: float, margin: float) -> Image.Image:
    """A page with texts at places, dark grey on light paper with a little grain."""
    size = int(rng.integers(38, 60))
    face = ImageFont.truetype(font, size)
    wide = max(x * size + _length(text, face) for x, _, text in made)
    high = max(y for _, y, _ in made) * size + 2 * size
    off = margin * size
    above = min(0, *(y for _, y, _ in made)) * size
    page = Image.new("L", (int(wide + 2 * off), int(high - above + 2 * off)), 235)
    pen = ImageDraw.Draw(page)
    ink, stroke = int(rng.integers(20, 90)), int(rng.integers(0, 2))
    for x, y, text in made:
        at = (off + x * size, off - above + y * size + size)
        if text in (BOX, TICKED):
            x1, y1 = at[0], at[1] - 0.8 * size
            pen.rectangle((x1, y1, x1 + 0.8 * size, at[1]), outline=ink, width=3)
            if text == TICKED:
                ends = ((0.15, 0.5), (0.35, 0.85), (0.95, -0.2))
                tick = [(x1 + 0.8 * size * u, y1 + 0.8 * size * v) for u, v in ends]
                pen.line(tick, fill=ink, width=3)
        elif text.startswith(CELL):
            x2 = at[0] + float(text[1:]) * size
            pen.rectangle((at[0], at[1] - size, x2, at[1] + 0.3 * size), outline=ink, width=2)
        elif text.startswith(FRAME):
            across, up = (float(part) * size for part in text[1:].split("x"))
            pen.rectangle((at[0], at[1] - up, at[0] + across, at[1]), outline=ink, width=2)
        elif text.startswith(DOTS):
            reach = 0.04 * size
            for col in np.arange(at[0], at[0] + float(text[1:]) * size, 0.25 * size).tolist():
                pen.ellipse((col - reach, at[1] - reach, col + reach, at[1] + reach), fill=ink)
        elif text.startswith(BAND):
            x2 = at[0] + float(text[1:]) * size
            pen.rectangle((at[0], at[1] - 1.1 * size, x2, at[1] + 0.5 * size), fill=ink)
        elif text == TICK:
            tick = [
                (at[0] + u * size, at[1] - v * size) for u, v in ((0, 0.35), (0.2, 0), (0.7, 0.9))
            ]
            pen.line(tick, fill=ink, width=stroke + 3)
        elif text.startswith(RING):
            x1, y1, x2, y2 = pen.textbbox(at, text[1:], face, anchor="ls")
            middle, half = ((x1 + x2) / 2, (y1 + y2) / 2), 0.2 * size + max(x2 - x1, y2 - y1) / 2
            ends = (middle[0] - half, middle[1] - half, middle[0] + half, middle[1] + half)
            pen.ellipse(ends, outline=ink, width=stroke + 3)
            pen.text(at, text[1:], ink, face, anchor="ls", stroke_width=stroke)
        elif text.startswith(ARROW):
            (x, y), (long, said) = at, text[1:].split(" ", 1)
            for number, part in enumerate(said.split(" -> ")):
                if number:
                    x2, row = x + float(long) * size, y - 0.3 * size
                    head = [(x2 - 0.3 * size, row + v * size) for v in (-0.2, 0.2)]
                    pen.line((x, row, x2, row), fill=ink, width=stroke + 3)
                    pen.line((head[0], (x2, row), head[1]), fill=ink, width=stroke + 3)
                    x = x2 + 0.4 * size
                pen.text((x, y), part, ink, face, anchor="ls", stroke_width=stroke)
                x += face.getlength(part) + 0.4 * size
        elif text.startswith(SMALL):
            (x, y), (raised, said) = at, text[1:].split(" ", 1)
            (upper, lower), rest = said.split(" ")[0].split("/"), said.split(" ", 1)[1]
            small = ImageFont.truetype(font, round(0.55 * size))
            parts = [(upper, small, y - float(raised) * size), ("/", face, y), (lower, small, y)]
            x = write(pen, x, parts, ink, stroke)
            write(pen, x + 0.3 * size, [(rest, face, y)], ink, stroke)
        elif text.startswith(RAISED):
            small = ImageFont.truetype(font, round(0.6 * size))
            faces = (face, at[1]), (small, at[1] - 0.3 * size)  # by turns
            split = enumerate(re.split(r"\^(\w+)", text[1:]))
            write(pen, at[0], [(part, *faces[k % 2]) for k, part in split], ink, stroke)
        elif text.startswith(WHITE):
            pen.text(at, text[1:], 235, face, anchor="ls", stroke_width=stroke)
        else:
            pen.text(at, text, ink, face, anchor="ls", stroke_width=stroke)
    page = page.rotate(tilt, Image.Resampling.BICUBIC, expand=True, fillcolor=235)
    grain = rng.normal(0, 3, (page.height, page.width))
    return Image.fromarray(np.clip(np.asarray(page) + grain, 0, 255).astype(np.uint8))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--out", type=Path, help="keep the pages in this folder")
    options = parser.parse_args()
    fonts = list(training_fonts(data_dir() / "fonts", held_out=True))
    reader = Reader()
    print("| arrangement | pages | CER % |\n|---|---|---|")
    for number, (name, (make, tilts)) in enumerate(ARRANGEMENTS.items()):
        edits = total = 0
        for k, font in enumerate(fonts):
            rng = np.random.default_rng((options.seed, number, k))
            made, truth = make(rng)
            tilt = float(rng.uniform(*tilts) * rng.choice([-1, 1]))
            page = draw(rng, font, made, tilt, 0.5 if name == "one word" else 2)
            read = reader.read(page).text
            edits += edit_distance(" ".join(truth.split()), " ".join(read.split()))
            total += len(" ".join(truth.split()))
            if options.out:
                options.out.mkdir(parents=True, exist_ok=True)
                page.save(options.out / f"{name}-{k}.png")
                path = options.out / f"{name}-{k}.gt.txt"
                path.write_text(truth + "\n", encoding="utf-8")
        print(f"| {name} | {len(fonts)} | {100 * edits / total:.1f} |", flush=True)


if __name__ == "__main__":
    main()

"""Boxes and rings beside the entries of a list or answers of a form, drawn into small strips."""

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFont

import ocr
from ocr.layout.checkboxes import checkboxes, without_columns
from ocr.layout.strips import BASELINE_ROW, STRIP_HEIGHT, Strip

WIDTH = 120
SQUARE, RING = (6, 14, 24, 32), (4, 12, 25, 33)  # x1, y1, x2, y2


def strip(draw, row=0.0, margin=0.0):
    """A strip of a page with three letters behind what `draw` puts before them."""
    image = Image.new("L", (WIDTH, STRIP_HEIGHT), 255)
    pen = ImageDraw.Draw(image)
    draw(pen)
    for x in (45, 60, 75):
        pen.rectangle((x, 20, x + 3, BASELINE_ROW), fill=0)
        pen.line((x, 20, x + 9, BASELINE_ROW), fill=0, width=2)
    cols = margin + np.arange(WIDTH, dtype=float)
    down = np.tile([1.0, 0.0], (WIDTH, 1))
    grey = np.asarray(image, dtype=np.float32) / np.float32(255)
    return Strip(grey, np.full(WIDTH, row), cols, down)


def square(pen):
    pen.rectangle(SQUARE, outline=0, width=2)


def open_square(pen):
    pen.line([(24, 14), (7, 15), (6, 32), (24, 31), (25, 17)], fill=0, width=2)


def ticked(pen):
    square(pen)
    pen.line([(9, 22), (15, 29), (29, 8)], fill=0, width=2)


def ring(pen):
    pen.ellipse(RING, outline=0, width=2)


def small_ring(pen):
    pen.ellipse((8, 18, 20, 30), outline=0, width=2)


def ticked_ring(pen):
    ring(pen)
    pen.line([(9, 22), (14, 28), (28, 9)], fill=0, width=2)


def zero(pen):
    pen.ellipse((8, 13, 19, 32), outline=0, width=2)


def letter_a(pen):
    pen.ellipse((8, 18, 20, 32), outline=0, width=2)
    pen.line([(20, 18), (20, 32)], fill=0, width=2)


def letter_d(pen):
    pen.line([(8, 13), (8, 32)], fill=0, width=2)
    pen.arc((-2, 13, 22, 32), 270, 90, fill=0, width=2)


def without_checkboxes(strips):
    return [without_columns(*pair) for pair in zip(strips, checkboxes(strips), strict=True)]


def cut(strips):
    """Which strips begin later than they did."""
    return [len(one.rows) < WIDTH for one in without_checkboxes(strips)]


@pytest.mark.parametrize("draw", [square, open_square])
def test_a_box_is_left_out_with_its_place(draw):
    (found,) = without_checkboxes([strip(draw, margin=200.0)])
    assert 24 < WIDTH - len(found.rows) < 45
    assert found.image.shape[1] == len(found.rows) == len(found.cols) == len(found.down)
    assert found.cols[0] == 200 + WIDTH - len(found.rows)
    assert (found.image == strip(draw).image[:, -len(found.rows) :]).all()


@pytest.mark.parametrize("draw", [ring, ticked, ticked_ring, zero, letter_d, lambda _: None])
def test_what_may_be_a_letter_stays_where_it_stands_alone(draw):
    assert cut([strip(draw)]) == [False]


@pytest.mark.parametrize("draw", [ring, small_ring])
def test_rings_below_each_other_are_left_out_and_two_are_not(draw):
    rows = [strip(draw, 50.0 * k) for k in range(3)]
    assert cut(rows) == [True] * 3
    assert cut(rows[:2]) == [False] * 2


@pytest.mark.parametrize("draw", [zero, letter_a, letter_d])
def test_letters_below_each_other_stay(draw):
    assert cut([strip(draw, 50.0 * k) for k in range(3)]) == [False] * 3


def test_what_stands_among_boxes_is_a_ticked_one():
    rows = [strip(square, 0), strip(ticked, 50), strip(square, 100), strip(zero, 150, margin=40)]
    assert cut(rows) == [True, True, True, False]  # the last stands further to the right
    rows = [strip(draw, 50.0 * k) for k, draw in enumerate((ring, ring, ticked_ring, ring))]
    assert cut(rows) == [True] * 4


def test_a_margin_may_lean():
    rows = [strip(square, 300.0 * k, margin=20.0 * k) for k in range(3)]
    assert cut([*rows, strip(ticked, 900.0, margin=60.0)]) == [True] * 4


def turned(one):
    """A strip whose columns run the other way: what it began with is at its end."""
    return one.columns(slice(None, None, -1))


@pytest.mark.parametrize("draw", [square, open_square])
def test_a_box_behind_the_text_is_left_out(draw):
    whole = turned(strip(draw))
    (found,) = without_checkboxes([whole])
    assert 24 < WIDTH - len(found.rows) < 45
    assert (found.image == whole.image[:, : len(found.rows)]).all()
    assert found.cols[0] == whole.cols[0]


def test_what_stands_among_boxes_behind_the_text_is_a_ticked_one():
    rows = [turned(strip(draw, 50.0 * k)) for k, draw in enumerate((square, ticked, square))]
    assert cut(rows) == [True] * 3


@pytest.mark.parametrize("draw", [ring, zero, letter_d, lambda _: None])
def test_rings_and_letters_behind_the_text_stay(draw):
    assert cut([turned(strip(draw, 50.0 * k)) for k in range(3)]) == [False] * 3


def amid(draw, row=0.0):
    """A strip with letters before and behind what `draw` draws."""
    return strip(draw, row).columns(np.r_[40:WIDTH, :WIDTH])


def test_boxes_amid_lines_are_left_out_where_there_are_several():
    one, other = amid(square), amid(square, 50.0)
    assert checkboxes([one]) == [[]]  # it may be a letter
    (place,), _ = checkboxes([one, other])
    whole = strip(square).image[:, 40:]
    assert (without_columns(one, [place]).image[:, : place.start] == whole[:, : place.start]).all()
    assert (one.image[:, place] < 1).sum() == (strip(square).image[:, :40] < 1).sum()


@pytest.mark.parametrize("draw", [ring, ticked, zero, letter_a, letter_d])
def test_letters_and_rings_amid_lines_stay(draw):
    assert checkboxes([amid(draw, 50.0 * k) for k in range(3)]) == [[]] * 3


def test_answers_of_a_form_are_read_without_the_boxes_before_them():
    page = Image.new("L", (900, 460), 255)
    pen = ImageDraw.Draw(page)
    asked = ("First aid", "Insured", "Parking", "First visit")
    for k, entry in enumerate(asked):
        y = 40 + 100 * k
        pen.text((40, y - 4), entry, fill=0, font=ImageFont.load_default(44))
        for x, answer in ((360, "yes"), (600, "no")):
            pen.rectangle((x, y, x + 42, y + 42), outline=0, width=4)
            pen.text((x + 70, y - 4), answer, fill=0, font=ImageFont.load_default(44))
    pen.line([(366, 150), (380, 172), (420, 122)], fill=0, width=4)  # the second yes is ticked
    found = ocr.read(page)
    assert found.text.lower().splitlines() == [f"{entry} yes no".lower() for entry in asked]
    assert found.warnings == ()


@pytest.mark.parametrize("behind", [False, True])
def test_a_list_of_boxes_is_read_without_them_and_without_a_warning(behind):
    page = Image.new("L", (700, 460), 255)
    pen = ImageDraw.Draw(page)
    entries = ("passport", "sun cream", "phone charger", "first aid kit")
    for k, entry in enumerate(entries):
        y = 40 + 100 * k
        x = 500 if behind else 40
        pen.rectangle((x, y, x + 42, y + 42), outline=0, width=4)
        pen.text((120, y - 4), entry, fill=0, font=ImageFont.load_default(44))
    pen.line([(x + 6, 150), (x + 20, 172), (x + 60, 122)], fill=0, width=4)  # the second is ticked
    found = ocr.read(page)
    assert found.text.splitlines() == list(entries)
    assert found.warnings == ()


def test_a_line_of_boxes_alone_is_blank():
    one = strip(square).columns(np.r_[:40, 90:WIDTH, :40])
    (cuts,) = checkboxes([one])
    assert len(cuts) == 2
    assert (without_columns(one, cuts).image == 1).all()


def test_no_strips():
    assert checkboxes([]) == []

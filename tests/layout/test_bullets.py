"""Bullets before the entries of a list: left out, and nothing else with them."""

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFont

import ocr
from ocr.layout.bullets import bullet_end, without_bullet
from ocr.layout.strips import BASELINE_ROW, STRIP_HEIGHT, Strip

LETTERS = ((20, 30, 33, 38), (13, 40, 33, 44), (20, 46, 33, 56))  # [y1, x1, y2, x2], x-height 13


def strip(*boxes: tuple[int, int, int, int]) -> np.ndarray:
    """A strip with full ink in boxes."""
    image = np.ones((STRIP_HEIGHT, 80), np.float32)
    for y1, x1, y2, x2 in boxes:
        image[y1:y2, x1:x2] = 0
    return image


@pytest.mark.parametrize(
    "box", [(25, 10, 29, 14), (22, 9, 30, 17), (26, 12, 33, 18), (20, 8, 31, 19)]
)
def test_a_bullet_ends_amid_the_white_behind_it(box):
    assert bullet_end(strip(box, *LETTERS)) == (box[3] + 30) // 2


@pytest.mark.parametrize(
    ("what", "box"),
    [
        ("nothing", (0, 0, 0, 0)),
        ("a point", (31, 14, 33, 16)),
        ("a dash", (26, 10, 28, 18)),
        ("an asterisk", (15, 10, 22, 17)),
        ("an apostrophe", (12, 14, 17, 17)),
        ("a letter", (20, 10, 33, 20)),
        ("dust", (27, 10, 28, 11)),
        ("cut by the edge", (25, 0, 29, 4)),
        ("part of a word", (25, 25, 29, 29)),
        ("a descender of the line above", (0, 10, 5, 14)),
    ],
)
def test_what_is_no_bullet_stays(what, box):
    assert bullet_end(strip(box, *LETTERS)) == 0


def test_the_points_of_a_colon_are_no_bullet():
    assert bullet_end(strip((22, 14, 25, 17), (30, 14, 33, 17), *LETTERS)) == 0


def test_a_small_round_letter_is_no_bullet():
    image = strip((21, 9, 33, 20), *LETTERS)
    image[24:30, 12:17] = 1  # an o
    assert bullet_end(image) == 0
    image = strip((25, 10, 33, 19), *LETTERS)
    image[27:31, 12:17] = 1  # what is seen of a faint 6
    assert bullet_end(image) == 0


def test_a_rule_does_not_hide_a_bullet():
    image = strip((25, 10, 29, 14), *LETTERS)
    image[33:35] = 0
    assert bullet_end(image) == 22


def test_a_bullet_alone_stays():
    assert bullet_end(strip((25, 10, 29, 14))) == 0
    assert bullet_end(strip()) == 0


def test_what_follows_keeps_its_place_on_the_page():
    image = strip((25, 10, 29, 14), *LETTERS)
    cols = np.arange(80.0) + 200
    down = np.tile([1.0, 0.0], (80, 1))
    cut = without_bullet(Strip(image, np.full(80, 90.0), cols, down))
    assert cut.image.shape == (STRIP_HEIGHT, 58)
    rows, cols = cut.places(np.array([BASELINE_ROW]), np.array([8]))
    assert (rows, cols) == (90, 230)


def test_a_list_is_read_without_its_bullets():
    page = Image.new("L", (700, 320), 235)
    draw, font = ImageDraw.Draw(page), ImageFont.load_default(34)
    entries = ["Milk and bread", "Two red apples", "Green tea", "Rice and beans"]
    for k, entry in enumerate(entries):
        draw.text((110, 40 + 65 * k), entry, fill=40, font=font)
        draw.ellipse((70, 58 + 65 * k, 80, 68 + 65 * k), fill=40)
    assert ocr.read(np.asarray(page)).text.splitlines() == entries

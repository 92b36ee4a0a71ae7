"""ocr.overlay: what is drawn, where, and in which color."""

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from PIL import ImageDraw, ImageFont

from ocr.overlay import COLORS, LINE_COLOR, READABLE, color_of, draw_page, side_for
from ocr.page import Box, Letter, Line, Page, Word
from training.data.text import CHARSET


def page_of(*boxes: Box, height: int = 200, width: int = 300, confidence: float = 0.99) -> Page:
    lines = tuple(
        Line(
            (Word((Letter(box, "e", confidence),)),),
            baseline=((box.y2, box.x1), (box.y2, box.x2 + 40)),
        )
        for box in boxes
    )
    return Page(height, width, lines)


def paper(height: int, width: int) -> np.ndarray:
    return np.full((height, width, 3), 230, dtype=np.uint8)


def has_color(picture: np.ndarray, color: tuple[int, int, int]) -> bool:
    return bool((picture == color).all(axis=2).any())


@pytest.mark.parametrize(
    ("confidence", "rank"), [(1.0, 0), (0.95, 0), (0.94, 1), (0.5, 2), (0.49, 3), (0.0, 3)]
)
def test_color_of(confidence, rank):
    assert color_of(confidence) == COLORS[rank][1]


def test_colors_differ_without_color_vision():
    # Relative luminance (WCAG): neighbors on the scale differ for anybody.
    def luminance(color):
        linear = [
            (part / 255 / 12.92 if part < 11 else ((part / 255 + 0.055) / 1.055) ** 2.4)
            for part in color
        ]
        return np.dot(linear, (0.2126, 0.7152, 0.0722))

    shades = [luminance(color) for _, color in COLORS]
    assert all(abs(a - b) > 0.05 for a, b in pairwise(shades))


def test_boxes_lie_around_their_letters():
    picture = np.asarray(draw_page(paper(200, 300), page_of(Box(50, 100, 90, 130))))
    blue = (picture == COLORS[0][1]).all(axis=2)[:200]
    rows, cols = np.nonzero(blue)
    assert 45 <= rows.min() <= 50
    assert 89 <= rows.max() <= 95
    assert 95 <= cols.min() <= 100
    assert 129 <= cols.max() <= 135
    assert not blue[55:85, 105:125].any()  # the writing stays free
    assert has_color(picture[88:94, 140:165], LINE_COLOR)  # baseline
    assert has_color(picture[50:90, :95], LINE_COLOR)  # number


@pytest.mark.parametrize(("read", "drawn"), [("é", "e"), ("Œ", "OE"), ("ß", "ss"), ("€", "EUR")])
def test_letters_that_the_font_lacks_are_drawn_by_others(read, drawn):
    def drawing(text):
        (line,) = page_of(Box(60, 40, 90, 60)).lines
        word = Word((replace(line.letters[0], text=text),))
        return draw_page(paper(200, 300), Page(200, 300, (replace(line, words=(word,)),)))

    assert drawing(read) == drawing(drawn) != drawing("\ufffd")


def test_all_that_can_be_read_can_be_drawn(monkeypatch):
    font = ImageFont.load_default(READABLE)
    (line,) = page_of(Box(60, 40, 90, 60)).lines
    empty = bytes(font.getmask("\ufffd"))
    drawn = []
    monkeypatch.setattr(ImageDraw.ImageDraw, "text", lambda *args, **_: drawn.append(args[2]))
    for sign in CHARSET:
        word = Word((replace(line.letters[0], text=sign),))
        draw_page(paper(200, 300), Page(200, 300, (replace(line, words=(word,)),)))
    assert len(drawn) > len(CHARSET)
    assert not [sign for sign in "".join(drawn) if bytes(font.getmask(sign)) == empty]


def test_scale_is_that_of_the_picture():
    page = page_of(Box(500, 1000, 900, 1300), height=2000, width=3000)
    picture = np.asarray(draw_page(paper(200, 300), page))
    blue = (picture == COLORS[0][1]).all(axis=2)[:200]
    assert 45 <= np.nonzero(blue)[0].min() <= 50
    assert 129 <= np.nonzero(blue)[1].max() <= 135


def test_numbers_get_a_margin_where_lines_start_at_the_edge():
    tight = draw_page(paper(200, 300), page_of(Box(50, 0, 90, 30)))
    loose = draw_page(paper(200, 300), page_of(Box(50, 150, 90, 180)))
    assert loose.width == 300
    assert 300 < tight.width < 400


def test_blank_page_shows_the_warning():
    blank = draw_page(paper(200, 300), Page(200, 300, warnings=("nothing found",)))
    silent = draw_page(paper(200, 300), Page(200, 300))
    assert blank.width == silent.width == 300
    assert np.asarray(blank).tobytes() != np.asarray(silent).tobytes()
    assert not has_color(np.asarray(blank), LINE_COLOR)


@pytest.mark.parametrize(("height", "width"), [(1, 1), (10, 2000), (2000, 10), (7, 9)])
def test_any_size(height, width):
    page = page_of(Box(0, 0, height, width), height=height, width=width, confidence=0.3)
    drawn = draw_page(paper(height, width), page)
    assert drawn.mode == "RGB"
    assert drawn.height > height


def test_input_is_left_alone_and_output_repeats():
    rgb = paper(100, 100)
    page = page_of(Box(10, 10, 40, 30), height=100, width=100)
    first = draw_page(rgb, page)
    assert (rgb == 230).all()
    assert first.tobytes() == draw_page(rgb, page).tobytes()


def test_small_writing_is_enlarged():
    def page(height: int, side: int) -> Page:
        letter = Letter(Box(0, 0, height, height), "a", 0.9)
        return Page(side, side // 2, (Line((Word((letter,)),)),))

    assert side_for(page(100, 3000)) == 2400
    assert side_for(page(100, 1000)) == 1000
    assert side_for(page(12, 1000)) == 2000
    assert side_for(page(12, 1000), "line") == 1000
    assert side_for(page(1, 1000)) == 4800

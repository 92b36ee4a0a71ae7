"""Signs that stand by themselves, among drawn lines of a page."""

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFont

from ocr.layout.connected import connected
from ocr.layout.loose_signs import loose_signs
from ocr.layout.page_network import line_bands
from ocr.layout.strips import TextLine

SIZE = 30
FONT = ImageFont.load_default(SIZE)
X_HEIGHT = SIZE * 0.55


def found(*texts, size=SIZE, dark=1.0, lines=True, frame=None):
    """What is found on a page with a line and some texts, each given with its place (x, y)."""
    page = Image.new("F", (400, 300))
    draw = ImageDraw.Draw(page)
    draw.text((20, 40), "some words stand here", 1.0, FONT, anchor="ls")
    for text, place in texts:
        draw.text(place, text, dark, ImageFont.load_default(size), anchor="ls")
    if frame is not None:
        draw.rectangle(frame, outline=1.0, width=3)
    darkness = np.asarray(page)
    ink = darkness > 0.3
    line = TextLine(np.array([[40.0, 20.0], [40.0, 320.0]]), X_HEIGHT)
    bands = line_bands(ink.shape, [line], 1.7, 1.0, 1.0)
    return loose_signs(darkness, ink, connected(ink)[1], bands, [line] if lines else [])


@pytest.mark.parametrize("sign", ["A", "7", "?", "12"])
def test_a_sign_far_from_the_line(sign):
    (line,) = found((sign, (200, 200)))
    assert line.baseline[:, 0] == pytest.approx(200, abs=1.5)
    assert line.baseline[0, 1] <= 206 and line.baseline[1, 1] >= 205
    assert line.x_height == pytest.approx(X_HEIGHT)


def test_a_sign_on_a_sheet_whose_edge_goes_around_it():
    assert len(found(("A", (200, 200)), frame=(5, 5, 395, 295))) == 1


def test_what_is_no_sign():
    assert found() == []
    assert found(("A", (200, 200)), lines=False) == []
    assert found(("A", (200, 60))) == []  # in the line's band
    assert found(("A", (200, 200)), size=8) == []
    assert found(("A", (200, 200)), size=90) == []
    assert found(("word", (200, 200))) == []  # too wide
    assert found(("A", (200, 200)), dark=0.5) == []  # fainter than the line
    assert found(("A", (-5, 200))) == []  # cut by the edge


def test_many_are_a_texture():
    places = [("A", (x, 200)) for x in range(30, 330, 60)]
    assert len(found(*places[:4])) == 4
    assert found(*places) == []

"""Fine shadows on a drawn page: seen under its lines, and taken out, but not its writing."""

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFont

from ocr.input.given import photo_of
from ocr.layout.fine_shadows import evenly_lit, in_fine_shadow
from ocr.layout.strips import TextLine

FONT = ImageFont.load_default(30)
LINES = [TextLine(np.array([[y, 60.0], [y, 420.0]]), 16.0) for y in (100.0, 200.0, 300.0)]


def page(shadow=None):
    """Three lines, in a shadow that takes some of the light: (H, W) shares."""
    drawn = Image.new("L", (480, 400), 230)
    for line in LINES:
        place = (60, line.baseline[0, 0])
        ImageDraw.Draw(drawn).text(place, "words in a row of light", 40, FONT, anchor="ls")
    light = np.ones((400, 480)) if shadow is None else 1 - shadow
    return photo_of(np.uint8(np.asarray(drawn) * light))


STRIPES = 0.4 * ((np.arange(400) % 30 < 15)[:, None] & np.ones(480, bool))
BESIDE = STRIPES * (np.arange(480) >= 430)
WIDE = 0.4 * (np.ones((400, 480)) * (np.arange(480) < 240))


@pytest.mark.parametrize(
    ("shadow", "seen"),
    [(None, False), (STRIPES, True), (0.1 * STRIPES, False), (BESIDE, False), (WIDE, False)],
    ids=["none", "stripes", "faint", "beside", "wide"],
)
def test_shadows_that_fall_on_the_lines_are_seen(shadow, seen):
    assert in_fine_shadow(page(shadow), LINES) is seen


def test_a_page_without_lines_lies_in_none():
    assert not in_fine_shadow(page(STRIPES), [])


@pytest.mark.parametrize("side", [480, 240])
def test_the_paper_is_white_and_the_writing_stays(side):
    lit, plain = evenly_lit(page(STRIPES)).grey(side), evenly_lit(page()).grey(side)
    paper = plain > 0.95
    assert lit.shape == plain.shape and lit[paper].min() > 0.7
    assert np.median(lit[paper]) == 1
    assert abs(float(lit[plain < 0.3].mean() - plain[plain < 0.3].mean())) < 0.05


def test_the_picture_in_color_and_in_grey_are_one():
    lit = evenly_lit(page(STRIPES))
    assert (lit.height, lit.width) == (400, 480)
    np.testing.assert_allclose(lit.rgb(480)[..., 0] / 255, lit.grey(480), atol=0.01)

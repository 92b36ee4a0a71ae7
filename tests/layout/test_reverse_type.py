"""Light writing on dark bands is made dark on light; nothing else is touched."""

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFont

from ocr.input.given import photo_of
from ocr.layout.picture import Negative, brightness
from ocr.layout.polarity import grounds
from ocr.layout.reverse_type import Band, WithoutBands, without_bands

PAPER, DARK = 230, 40
FACE = ImageFont.load_default(40)


def form(*bands, tilt=0.0, size=(900, 600), paper=PAPER):
    """Writing on paper, and bands given by their box, ground and what is written on them."""
    page = Image.new("L", size, paper)
    pen = ImageDraw.Draw(page)
    pen.text((60, 480), "WRITTEN BY HAND", fill=DARK, font=FACE)
    for box, ground, text in bands:
        pen.rectangle(box, fill=ground)
        pen.text((box[0] + 20, (box[1] + box[3]) / 2 - 24), text, fill=250, font=FACE)
    return photo_of(page.rotate(tilt, Image.Resampling.BICUBIC, fillcolor=paper))


WIDE, LOWER = (50, 60, 850, 140), (50, 150, 850, 230)


@pytest.mark.parametrize("tilt", [0, 3, -3])
@pytest.mark.parametrize("ground", [0, 60, 110])
def test_a_band_becomes_dark_on_the_brightness_of_paper(ground, tilt):
    plain = without_bands(form((WIDE, ground, "TITLE"), tilt=tilt))
    assert isinstance(plain, WithoutBands)
    grey = plain.grey(900)
    band = grey[85:125, 400:800]  # beside the title
    assert abs(float(np.median(band)) - PAPER / 255) < 0.02
    assert grey[60:140, 60:250].min() < 0.1  # the title
    written = form((WIDE, ground, "TITLE"), tilt=tilt).grey(900)
    np.testing.assert_array_equal(grey[400:], written[400:])


def test_bands_close_to_each_other_are_each_told():
    plain = without_bands(form((WIDE, 50, "TITLE"), (LOWER, 90, "LABEL")))
    assert [round(band.ground, 1) for band in plain.bands] == [0.2, 0.4]
    assert plain.grey(900)[150:230, 400:800].min() > 0.85


def test_the_picture_in_color_and_in_grey_are_one():
    plain = without_bands(form((WIDE, 50, "TITLE")))
    assert (plain.height, plain.width) == (600, 900)
    np.testing.assert_allclose(brightness(plain.rgb(450)), plain.grey(450), atol=0.01)


def word(thick):
    """A word by a pen so thick that its letters run into each other."""
    page = Image.new("L", (900, 600), PAPER)
    for k in range(4):
        x = 100 + 150 * k
        ImageDraw.Draw(page).ellipse((x, 200, x + 150 + thick, 380), outline=DARK, width=thick)
    return photo_of(page)


def shadow():
    """Writing that goes on in the shadow of a thing, through which the sun falls at places."""
    page = Image.new("L", (900, 600), PAPER)
    pen = ImageDraw.Draw(page)
    pen.rectangle((200, 60, 700, 400), fill=100)
    for k in range(3):
        pen.ellipse((250 + 150 * k, 350, 280 + 150 * k, 370), fill=PAPER)
    for y in (80, 180, 280):
        pen.text((60, y), "WRITTEN BY HAND AND SHADED", fill=20, font=FACE)
    return photo_of(page)


@pytest.mark.parametrize(
    "photo",
    [
        form(),
        form((WIDE, 50, "")),
        form(((50, 60, 250, 200), 50, "I")),
        form((WIDE, 190, "TITLE")),  # shaded
        form((WIDE, 50, "TITLE"), paper=60),  # the page is dark
        form(((0, 0, 900, 420), 50, "BOARD")),
        photo_of(Image.new("L", (900, 600), 0)),
        photo_of(Image.new("L", (3, 900), 0)),
        word(70),
        shadow(),
    ],
    ids=[
        "blank",
        "none",
        "one-letter",
        "light",
        "dark-page",
        "most",
        "black",
        "narrow",
        "word",
        "shadow",
    ],
)
def test_what_is_no_band_is_left(photo):
    assert without_bands(photo) is photo


def on_desk(band, tilt, desk=(92, 70, 52)):
    """A sheet on a desk, with a band in color that ends at the edges of the sheet."""
    sheet = Image.new("RGB", (700, 420), (PAPER, PAPER, PAPER))
    pen = ImageDraw.Draw(sheet)
    pen.text((60, 260), "WRITTEN BY HAND", fill=(DARK, DARK, DARK), font=FACE)
    pen.rectangle((0, 0, 700, 120), fill=band)
    pen.text((200, 40), "MY NAME IS", fill=(250, 250, 250), font=FACE)
    page = Image.new("RGB", (900, 640), desk)
    mask = Image.new("L", sheet.size, 255).rotate(tilt, expand=True)
    page.paste(sheet.rotate(tilt, Image.Resampling.BICUBIC, expand=True), (80, 90), mask)
    return photo_of(page)


@pytest.mark.parametrize("tilt", [0, 3, -5])
@pytest.mark.parametrize("band", [(200, 30, 40), (30, 60, 160)])
def test_a_band_up_to_the_edge_of_a_sheet_is_told_from_the_desk(band, tilt):
    plain = without_bands(on_desk(band, tilt))
    assert isinstance(plain, WithoutBands)
    assert len(plain.bands) == 1
    assert np.median(plain.grey(900)[150:190, 150:250]) > 0.7  # beside what stands on it


def test_a_desk_along_a_sheet_is_no_band():
    assert not isinstance(without_bands(on_desk((PAPER, PAPER, PAPER), 0)), WithoutBands)


def test_a_page_with_much_on_bands_is_no_negative():
    rows = [(50, y, 850, y + 80) for y in (10, 100, 190, 280)]
    picture, other = grounds(form(*((row, 40, "MANY A WHITE LABEL") for row in rows)))
    assert isinstance(picture, WithoutBands)
    assert not isinstance(picture, Negative)
    assert other is None


def test_a_band_is_turned_at_any_size():
    band = Band(0.25, 0.0, 0.75, 1.0, np.ones((3, 5), bool), 0.2, 0.9)
    for size in ((8, 10), (1, 1), (40, 31)):
        grey = np.full(size, 0.2, dtype=np.float32)
        band.turn(grey)
        assert grey[0, 0] == np.float32(0.2) or size == (1, 1)
        inside = grey[round(0.25 * size[0]) : round(0.75 * size[0])]
        np.testing.assert_allclose(inside, 0.9, rtol=1e-6)


def test_paper_that_a_band_frames_stays_as_it_is():
    page = Image.new("L", (900, 600), PAPER)
    pen = ImageDraw.Draw(page)
    pen.rectangle((150, 100, 750, 500), fill=60)
    pen.text((180, 120), "MY NAME IS", fill=250, font=FACE)
    pen.rectangle((170, 200, 730, 480), fill=PAPER)
    pen.text((300, 300), "PAUL", fill=DARK, font=FACE)
    photo = photo_of(page)
    plain = without_bands(photo)
    assert isinstance(plain, WithoutBands)
    grey = plain.grey(900)
    np.testing.assert_array_equal(grey[205:475, 175:725], photo.grey(900)[205:475, 175:725])
    assert float(np.median(grey[110:190, 500:740])) == pytest.approx(PAPER / 255, abs=0.02)
    assert grey[110:190, 180:450].min() < 0.1  # what is written on the band


def test_a_letter_by_a_thick_pen_frames_no_paper():
    page = Image.new("L", (900, 600), PAPER)
    pen = ImageDraw.Draw(page)
    pen.ellipse((300, 200, 420, 340), outline=DARK, width=24)  # an o and three specks in its stroke
    for x, y in ((308, 270), (356, 208), (408, 270)):
        pen.ellipse((x, y, x + 5, y + 5), fill=PAPER)
    photo = photo_of(page)
    assert without_bands(photo) is photo

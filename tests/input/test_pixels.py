"""ocr.input.pixels: depth of 16 bits, and what is opaque."""

import io
import struct

import numpy as np
import pytest
from input_fakes import in_memory, strokes
from PIL import Image

from ocr.input.photo import open_image


@pytest.mark.parametrize("bits", [10, 12, 14, 16])
def test_sixteen_bits_of_which_a_camera_fills_some(bits):
    grey = strokes().astype(np.float64) / 255
    deep = Image.fromarray(np.round(grey * (2**bits - 1)).astype(np.uint16))
    np.testing.assert_allclose(open_image(in_memory(deep, "PNG")).grey(400), grey, atol=0.01)


def test_a_bmp_whose_opacity_was_never_set():
    grey = strokes()
    pixels = np.dstack([grey, grey, grey, np.zeros_like(grey)]).tobytes()
    about = struct.pack("<IiiHHIIiiII", 108, 400, -300, 1, 32, 3, len(pixels), 0, 0, 0, 0)
    masks = struct.pack("<IIII", 0xFF0000, 0xFF00, 0xFF, 0xFF000000)
    head = struct.pack("<2sIII", b"BM", 122 + len(pixels), 0, 122)
    content = head + about + masks + bytes(108 - len(about + masks)) + pixels
    with Image.open(io.BytesIO(content)) as image:
        assert image.mode == "RGBA"
    found = open_image(io.BytesIO(content)).grey(400)
    np.testing.assert_allclose(found, strokes() / 255, atol=0.01)


def test_light_ink_on_nothing_is_shown_dark():
    ink = np.zeros((300, 400, 4), np.uint8)
    strokes = np.s_[100:150, np.flatnonzero(np.arange(350) % 9 < 3)[18:]]
    ink[strokes] = (250, 250, 240, 255)
    found = open_image(in_memory(Image.fromarray(ink), "PNG")).grey(400)
    assert found[0, 0] == 1
    assert found[120, 55] < 0.2
    ink[strokes] = (20, 20, 60, 255)  # dark ink stays as it is
    assert open_image(in_memory(Image.fromarray(ink), "PNG")).grey(400)[120, 55] < 0.2
    sheet = np.zeros((300, 400, 4), np.uint8)  # a sheet that was cut out stays light
    sheet[50:150, 50:250] = (230, 230, 230, 255)
    sheet[90:110, 60:240:3] = (20, 20, 20, 255)
    assert open_image(in_memory(Image.fromarray(sheet), "PNG")).grey(400)[60, 60] > 0.8

"""training.synthesis.line_fonts: fonts of the data sets."""

import pytest

from training.data.datasets import HELD_OUT_FONTS
from training.data.text import CHARSET
from training.synthesis.line_fonts import draw_font_line, find_fonts


@pytest.mark.data
def test_held_out_fonts_stay_out(data):
    names = [font.path.name for font in find_fonts(data / "fonts")]
    assert len(names) > 90
    assert not any(name.startswith(HELD_OUT_FONTS) for name in names)
    assert len(find_fonts(data / "fonts", held_out=True)) >= 10


@pytest.mark.data
def test_fonts_draw_what_they_have(data, rng):
    font = find_fonts(data / "fonts")[0]
    image = draw_font_line(rng, font, "To do")
    assert image is not None
    assert image.min() < 0.2
    lacking = set(CHARSET) - font.charset
    if lacking:
        assert draw_font_line(rng, font, lacking.pop()) is None

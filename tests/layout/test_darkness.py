"""Evening of the light: paper becomes 0 whatever its brightness, ink stays ink."""

import numpy as np
import pytest

from ocr.layout.darkness import ink_darkness


def page(light):
    """Strokes that take three quarters of the light, on paper under a given light."""
    grey = np.broadcast_to(np.asarray(light, np.float32), (128, 160)).copy()
    grey[40:44, 20:140] *= 0.25
    grey[60:100, 80:83] *= 0.25
    return grey.astype(np.float32)


@pytest.mark.parametrize("light", [1.0, 0.6, np.linspace(0.9, 0.5, 160)[None]])
def test_paper_is_0_and_ink_is_what_it_takes_of_the_light(light):
    darkness = ink_darkness(page(light))
    assert darkness.dtype == np.float32
    assert darkness[10:30].max() < 0.08
    np.testing.assert_allclose(darkness[42, 30:130], 0.75, atol=0.06)


@pytest.mark.parametrize("value", [0.0, 0.02, 0.5, 1.0])
def test_an_even_page_holds_no_ink(value):
    darkness = ink_darkness(np.full((40, 60), value, np.float32))
    assert darkness.max() == pytest.approx(max(0.0, 1 - value * 255 / 20), abs=0.03)


@pytest.mark.parametrize("shape", [(1, 1), (1, 50), (50, 1), (7, 300)])
def test_any_shape(shape):
    assert ink_darkness(np.ones(shape, np.float32)).shape == shape

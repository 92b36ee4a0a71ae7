"""training.data.scans: light is evened out."""

import numpy as np

from training.data.scans import even_light


def test_light_is_evened_out():
    fall = np.linspace(0.4, 0.9, 400, dtype=np.float32)[None].repeat(64, axis=0)
    page = fall.copy()
    page[20:40, 100:104] *= 0.2
    even = even_light(page)
    assert np.median(even[:, 200:]) > 0.93
    assert even[30, 101] < 0.35

"""Maps of text lines, on lines drawn by hand."""

import numpy as np
import pytest

from ocr.layout.strips import TextLine
from training.data.page_samples import TrainingPage, crop, draw_maps, few_lines


@pytest.mark.parametrize("long", [1.0, 12.0, 24.0])
def test_a_single_sign_is_drawn_as_long_as_shows(long):
    base = np.array([[100.0, 200 - long / 2], [100.0, 200 + long / 2]])
    maps = draw_maps([TextLine(base, 16.0)], (200, 400))
    cols = np.flatnonzero((maps[2] > 0.5).any(axis=0)) * 4
    assert cols.min() == pytest.approx(188, abs=4) and cols.max() == pytest.approx(208, abs=4)


def test_a_line_stays_as_long_as_it_is():
    base = np.array([[100.0, 40.0], [100.0, 360.0]])
    maps = draw_maps([TextLine(base, 16.0)], (200, 400))
    cols = np.flatnonzero((maps[2] > 0.5).any(axis=0)) * 4
    assert cols.min() == pytest.approx(40, abs=4) and cols.max() == pytest.approx(356, abs=4)


def ruled_page(unknown=None):
    """Six lines, each a bar of ink as high as small letters, in a picture of their number."""
    grey = np.full((400, 600), 255, np.uint8)
    lines = []
    for k in range(6):
        row = 60 + 60 * k
        grey[row - 20 : row, 50:550] = 10 * k
        lines.append(TextLine(np.array([[row, 50.0], [row, 550.0]]), 20.0))
    return TrainingPage(grey, tuple(lines), unknown)


@pytest.mark.parametrize("seed", range(30))
def test_of_a_page_a_line_or_a_few_are_left_where_they_were(seed):
    page = ruled_page()
    cut = few_lines(np.random.default_rng(seed), page)
    assert 1 <= len(cut.lines) <= 6
    seen = []
    for line in cut.lines:
        y, x = line.baseline.mean(axis=0)
        part = cut.grey[int(y) - 10, max(0, int(x) - 5) : int(x) + 5]
        assert len(set(part.tolist())) == 1
        seen.append(int(part[0]))
        assert line.baseline[:, 1].min() >= 0 and line.baseline[:, 1].max() <= cut.grey.shape[1]
    assert seen == sorted(set(seen)) and 255 not in seen
    assert cut.unknown is not None
    for k in range(6):  # a line of which a part is left is known or unknown
        where = cut.grey == 10 * k
        if where.any() and 10 * k not in seen:
            assert cut.unknown[where].mean() > 0.9


def test_what_is_unknown_stays_so():
    unknown = np.ones((400, 600), bool)
    cut = few_lines(np.random.default_rng(1), ruled_page(unknown))
    assert cut.unknown is not None and cut.unknown.all()


def test_a_crop_has_the_maps_of_its_lines():
    rng = np.random.default_rng(3)
    for _ in range(8):
        darkness, maps, weight = crop(rng, ruled_page())
        assert darkness.shape == (512, 512) and maps.shape == (4, 128, 128)
        assert weight.shape == (1, 128, 128) and set(np.unique(weight)) <= {0.0, 1.0}
        inside = np.kron(maps[2] > 0.9, np.ones((4, 4))) > 0
        if inside.any():
            assert darkness[inside].mean() > darkness[~inside].mean()

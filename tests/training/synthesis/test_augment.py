import numpy as np
import pytest
import torch

from ocr.letters.glyphs import GLYPH_BODY, normalize_glyph
from training.synthesis.augment import CONFIG, Augment


@pytest.fixture
def glyphs():
    picture = np.ones((40, 30), np.float32)
    picture[2:38, 4:8] = 0
    picture[2:6, 4:26] = 0
    return torch.from_numpy(normalize_glyph(picture)).repeat(64, 1, 1, 1)


def test_shape_range_and_seed(glyphs):
    once, again, other = (Augment(seed)(glyphs) for seed in (1, 1, 2))
    assert once.shape == glyphs.shape
    assert once.min() >= 0
    assert once.max() <= 1
    assert torch.equal(once, again)
    assert not torch.equal(once, other)


def test_every_glyph_keeps_some_ink_and_some_paper(glyphs):
    changed = Augment(0)(glyphs)
    assert (changed.amin((1, 2, 3)) < 0.7).all()
    assert (changed.amax((1, 2, 3)) > 0.7).all()


def test_warp_fits_the_ink_into_its_box_again(glyphs):
    ink = Augment(0).warp(1 - glyphs)[:, 0] > 0.35
    for mask in ink:
        rows, cols = mask.nonzero(as_tuple=True)
        longest = max(int(rows.max() - rows.min()), int(cols.max() - cols.min())) + 1
        assert GLYPH_BODY * CONFIG.loose[0] - 2 <= longest <= GLYPH_BODY * CONFIG.loose[1] + 2
        middle = float(rows.max() + rows.min()) / 2
        assert abs(middle - 15.5) <= CONFIG.shift + 1


def test_a_blank_glyph_stays_finite():
    changed = Augment(0)(torch.ones(16, 1, 32, 32))
    assert torch.isfinite(changed).all()


def test_strength_zero_leaves_a_glyph_as_it_is(glyphs):
    changed = Augment(3, gentlest=-1.0)(glyphs)  # half of the strengths are 0
    same = (changed == glyphs).flatten(1).all(dim=1).float().mean()
    assert 0.3 < same < 0.7
    assert (Augment(3)(glyphs) != glyphs).flatten(1).any(dim=1).all()

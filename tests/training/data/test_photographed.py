import numpy as np

from ocr.letters.glyphs import normalize_glyph
from training.data.photographed import SIDES, photographed


def letter():
    """An L in black on white, as EMNIST has it."""
    picture = np.full((28, 28), 255, np.uint8)
    picture[4:24, 8:12] = picture[20:24, 8:20] = 0
    return picture


def test_a_letter_lies_small_on_grey_paper():
    for seed in range(20):
        photo = photographed(np.random.default_rng(seed), letter())
        assert photo.dtype == np.float32
        assert min(photo.shape) >= SIDES[0] - 1
        edge = np.concatenate([photo[0], photo[-1], photo[:, 0], photo[:, -1]])
        assert 0.25 < np.median(edge) < 1.0
        assert photo.min() < 0.9 * np.median(edge)


def test_normalized_it_is_the_letter_that_it_was():
    expected = normalize_glyph(letter().astype(np.float32) / 255)
    alike = [
        np.corrcoef(
            normalize_glyph(photographed(np.random.default_rng(seed), letter())).ravel(),
            expected.ravel(),
        )[0, 1]
        for seed in range(20)
    ]
    assert np.median(alike) > 0.8


def test_the_same_draws_give_the_same_photo():
    one, two = (photographed(np.random.default_rng(3), letter()) for _ in range(2))
    np.testing.assert_array_equal(one, two)

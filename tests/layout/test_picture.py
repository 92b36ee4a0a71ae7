"""Pictures of a part of another."""

import numpy as np
import pytest

from ocr.input.given import photo_of
from ocr.layout.picture import Part, Turned


@pytest.fixture
def photo():
    """Brightness tells the place: 200 rows, 400 columns."""
    rows, cols = np.mgrid[:200, :400]
    return photo_of(np.stack([rows, cols // 2, 0 * rows], axis=2).astype(np.uint8))


def test_a_part_shows_what_is_in_its_box(photo):
    part = Part(photo, (40, 100, 120, 140), 400)
    assert (part.height, part.width) == (80, 40)
    rgb = part.rgb(80)
    assert rgb.shape == (80, 40, 3)
    assert rgb[0, 0].tolist() == [40, 50, 0] and rgb[-1, -1].tolist() == [119, 69, 0]
    np.testing.assert_array_equal(part.grey(80), photo.grey(400)[40:120, 100:140])


def test_a_part_is_no_larger_than_it_is_asked_for_or_in_the_photo(photo):
    part = Part(photo, (40, 100, 120, 140), 400)
    assert part.grey(40).shape == (40, 20)
    assert part.grey(1000).shape == (80, 40)
    assert Turned(part, 1).grey(40).shape == (20, 40)


def test_a_part_is_looked_at_in_no_larger_a_photo_than_told(photo):
    part = Part(photo, (40, 100, 120, 140), 200)
    assert part.grey(80).shape == (40, 20)
    assert (part.height, part.width) == (80, 40)

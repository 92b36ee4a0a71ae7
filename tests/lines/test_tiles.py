"""ocr.lines.tiles: what is read at once, and where two tiles are joined."""

import itertools

import numpy as np
import pytest

from ocr.lines.tiles import CONFIG, batches, join_tiles, tiles_of


@pytest.mark.parametrize("wide", [1, CONFIG.tile, CONFIG.tile + 1, 2 * CONFIG.tile, 9999])
def test_tiles_cover_a_strip_and_share_what_they_should(wide):
    tiles = tiles_of(wide)
    assert tiles[0].start == 0 and tiles[-1].stop >= wide
    assert all(tile.stop - tile.start == CONFIG.tile for tile in tiles)
    assert all(a.stop - b.start == CONFIG.overlap for a, b in itertools.pairwise(tiles))
    assert (len(tiles) == 1) == (wide <= CONFIG.tile)
    if len(tiles) > 1:
        assert tiles[-2].stop < wide  # none shows only what its neighbor has shown


def test_batches_hold_each_strip_once_narrow_ones_first_and_like_widths_together():
    whole = CONFIG.batch // 4
    widths = [whole, 100, 110, whole, whole, 500, whole, whole]
    found = list(batches(widths))
    assert found == [[1, 2], [5], [0, 3, 4, 6], [7]]
    assert list(batches([])) == []
    assert list(batches([2 * CONFIG.batch, 2 * CONFIG.batch])) == [[0], [1]]  # each by itself


def test_tiles_are_joined_where_both_see_a_blank():
    # Two tiles of 12 frames share 8. Within the inner 4 of those only the third is blank in both;
    # at the rims, where a letter may be cut, both are as blank.
    left, right = np.full((2, 12, 2), -9.0, np.float32)
    left[:, 1], right[:, 1] = np.arange(12), 100 + np.arange(12)  # tells frames apart
    left[[4, 5, 8, 11], 0] = right[[0, 1, 4, 7], 0] = -0.1
    left[6, 0] = right[3, 0] = -0.01  # a blank to one of them alone
    joined = join_tiles(left, right, 4)
    assert joined[:, 1].tolist() == [*range(8), *range(104, 112)]

"""Lines out of maps that are drawn by hand."""

import numpy as np
import pytest

from ocr.layout.strips import TextLine
from ocr.layout.tracing import trace
from training.data.page_samples import draw_maps


def straight(row, left, right, x_height=16.0, slope=0.0):
    cols = np.linspace(left, right, 5)
    return TextLine(np.stack([row + slope * (cols - left), cols], axis=1), x_height)


def found(*lines, size=(320, 512)):
    return sorted(trace(draw_maps(lines, size)), key=lambda line: line.baseline[0].tolist())


def test_nothing_gives_nothing():
    assert found() == []


@pytest.mark.parametrize("slope", [0.0, 0.08, -0.15])
@pytest.mark.parametrize("x_height", [8.0, 16.0, 32.0])
def test_a_line_is_found_where_it_is(slope, x_height):
    true = straight(150, 60, 440, x_height, slope)
    (line,) = found(true)
    assert abs(line.baseline[0, 1] - 60) < 8 and abs(line.baseline[-1, 1] - 440) < 8
    rows = np.interp(line.baseline[:, 1], true.baseline[:, 1], true.baseline[:, 0])
    assert np.abs(line.baseline[:, 0] - rows).max() < 4
    assert line.x_height == pytest.approx(x_height, rel=0.1)


def test_lines_close_together_stay_apart():
    lines = found(*(straight(60 + 28 * k, 40, 470, 13) for k in range(7)))
    assert [round(float(line.baseline[:, 0].mean()), -1) for line in lines] == [
        60, 90, 120, 140, 170, 200, 230,
    ]  # fmt: skip


def test_neighbors_in_a_row_stay_apart_where_they_end():
    left, right = found(straight(100, 30, 240), straight(100, 262, 480))
    assert left.baseline[-1, 1] < 252 < right.baseline[0, 1]


def test_a_gap_without_ends_is_bridged():
    maps = draw_maps([straight(100, 30, 480)], (320, 512))
    maps[:3, :, 60:68] = 0  # two x-heights
    (line,) = trace(maps)
    assert 0.8 < line.score <= 1


def test_a_piece_too_short_for_a_line_belongs_to_the_one_before_it():
    """Such as a dash, or the last sign of a row: alone it would be left out."""
    maps = draw_maps([straight(100, 30, 480)], (320, 512))
    maps[:3, :, 60:68] = 0
    maps[:3, :, 71:] = 0
    (line,) = trace(maps)
    assert line.baseline[-1, 1] > 68 * 4


def test_letters_of_another_size_go_on_in_no_line():
    left, right = straight(100, 30, 240, 12), straight(100, 248, 480, 30)
    maps = np.maximum(*(draw_maps([one], (320, 512)) for one in (left, right)))
    maps[1] = 0  # no ends keep them apart
    maps[3] = np.where(np.arange(128) < 61, draw_maps([left], (320, 512))[3], maps[3])
    assert len(trace(maps)) == 2


def test_a_wide_gap_is_not_bridged():
    maps = draw_maps([straight(100, 30, 480)], (320, 512))
    maps[:3, :, 50:80] = 0
    assert len(trace(maps)) == 2


@pytest.mark.parametrize(("below", "sure", "count"), [(20, 0.6, 1), (20, 1.0, 2), (32, 0.6, 2)])
def test_a_doubtful_line_under_the_feet_of_a_longer_one_is_none(below, sure, count):
    maps = draw_maps([straight(100, 30, 480)], (320, 512))
    feet = draw_maps([straight(100 + below, 200, 300)], (320, 512))
    feet[:3] *= sure
    assert len(trace(np.maximum(maps, feet))) == count


def test_a_doubtful_line_under_a_shorter_one_stays():
    maps = draw_maps([straight(100, 100, 420)], (320, 512))
    longer = draw_maps([straight(120, 30, 480)], (320, 512))
    longer[:3] *= 0.6
    assert len(trace(np.maximum(maps, longer))) == 2


def test_lines_that_touch_are_two_all_the_same():
    maps = draw_maps([straight(100, 30, 480), straight(140, 30, 480)], (320, 512))
    maps[0, 24:36, 80:83] = 1  # from one baseline to the other
    lines = trace(maps)
    assert sorted(round(float(np.median(line.baseline[:, 0])), -1) for line in lines) == [100, 140]
    assert all(np.ptp(line.baseline[:, 1]) > 400 for line in lines)


def test_a_baseline_without_writing_above_it_is_no_line():
    maps = draw_maps([straight(100, 30, 480)], (320, 512))
    maps[2] = 0
    assert trace(maps) == []

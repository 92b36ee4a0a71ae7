"""Lines that the edge of a picture cuts through."""

import pytest
from places_fakes import line

from ocr.layout.edges import cut_by_edges

HEIGHT = 100


@pytest.mark.parametrize(
    ("row", "cut"),
    [(7, (True, True)), (9, (False, True)), (11, (False, False)), (97, (False, False)),
     (99, (False, True)), (101, (False, True))],
)  # fmt: skip
def test_lines_near_the_edges_are_cut_or_may_be(row, cut):
    gone, may = cut_by_edges([line(50, 10, 200), line(row, 10, 200)], HEIGHT)
    assert gone.tolist() == [False, cut[0]] and may.tolist() == [False, cut[1]]


def test_a_sloping_line_is_cut_where_most_of_it_is():
    for left, cut in ((-4, True), (8, False)):
        slope = (16 - left) / 180
        gone, _ = cut_by_edges([line(50, 10, 200), line(left, 10, 190, slope=slope)], HEIGHT)
        assert gone.tolist() == [False, cut]


def test_a_picture_that_is_cropped_to_its_letters_is_not_cut():
    lines = [line(7, 10, 200), line(99, 10, 200)]
    assert not any(flags.any() for flags in cut_by_edges(lines, HEIGHT))
    assert all(flags.tolist() == [] for flags in cut_by_edges([], HEIGHT))

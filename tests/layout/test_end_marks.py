"""Marks beside the ends of lines, on pages drawn as rectangles; the x-height is ten pixels."""

import numpy as np
import pytest

from ocr.layout.end_marks import with_end_marks
from ocr.layout.strips import TextLine

LINE = TextLine(np.array([[60.0, 100.0], [60.0, 200.0]]), 10.0)
DASH = (54, 72, 56, 80)


def page(*boxes: tuple[int, int, int, int], ink: float = 0.8) -> np.ndarray:
    """A page with letters along `LINE`, and further ink in boxes y1, x1, y2, x2."""
    darkness = np.zeros((120, 300), np.float32)
    for x in range(100, 200, 12):
        darkness[50:60, x : x + 4] = 0.8
    for y1, x1, y2, x2 in boxes:
        darkness[y1:y2, x1:x2] = ink
    return darkness


def ends(darkness: np.ndarray, *others: TextLine) -> tuple[float, float]:
    """First and last column of `LINE` when it was led on."""
    line = with_end_marks(darkness, [LINE, *others])[0]
    return float(line.baseline[0, 1]), float(line.baseline[-1, 1])


def test_a_line_without_marks_stays():
    assert with_end_marks(page(), [LINE])[0] is LINE


def test_the_dash_of_a_list_is_taken_in():
    assert ends(page(DASH)) == (72, 200)


def test_a_dash_at_half_the_height_of_large_capitals():
    assert ends(page((44, 72, 46, 80))) == (72, 200)


def test_a_colon_with_a_dash_behind_it():
    marks = (52, 212, 54, 214), (58, 212, 60, 214), (55, 220, 57, 227)
    assert ends(page(*marks)) == (100, 227)


def test_the_baseline_is_led_on_along_its_slope():
    slanted = TextLine(np.array([[60.0, 100.0], [70.0, 200.0]]), 10.0)
    line = with_end_marks(page(DASH), [slanted])[0]
    assert line.baseline[0] == pytest.approx([57.2, 72])


@pytest.mark.parametrize(
    ("what", "box"),
    [
        ("too far away", (54, 40, 56, 48)),
        ("a letter", (50, 72, 60, 76)),
        ("a rule", (54, 20, 56, 95)),
        ("a piece of the rule that the line stands on", (59, 72, 60, 80)),
        ("a long stroke", (54, 66, 56, 90)),
        ("a bullet", (52, 76, 56, 80)),
        ("a speck", (54, 76, 55, 77)),
        ("below the line", (66, 72, 68, 80)),
        ("far above it", (25, 72, 27, 80)),
    ],
)
def test_what_is_no_mark_stays_outside(what, box):
    assert ends(page(box)) == (100, 200)


def test_pieces_of_a_rule_stay_outside():
    pieces = [(54, x, 56, x + 8) for x in range(30, 96, 11)]
    assert ends(page(*pieces)) == (100, 200)


def test_faint_ink_is_no_mark_of_dark_writing():
    assert ends(page() + 0.3 * (page(DASH) > page())) == (100, 200)


def test_a_mark_nearer_to_the_line_above_is_not_this_ones():
    mark = (41, 72, 43, 80)
    assert ends(page(mark)) == (72, 200)
    above = TextLine(np.array([[40.0, 100.0], [40.0, 200.0]]), 10.0)
    darkness = page(mark)
    darkness[30:40, 100:200:12] = 0.8
    assert ends(darkness, above) == (100, 200)


def test_a_page_without_ink():
    assert ends(np.zeros((120, 300), np.float32)) == (100, 200)


def test_a_line_at_the_edge_of_the_page():
    line = TextLine(np.array([[60.0, 0.0], [60.0, 299.0]]), 10.0)
    assert with_end_marks(page(), [line])[0].baseline.tolist() == line.baseline.tolist()

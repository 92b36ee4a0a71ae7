"""Which lines stand on one sheet, on sheets drawn by hand."""

import numpy as np
import pytest

from ocr.input.given import photo_of
from ocr.layout.picture import Negative, Turned
from ocr.layout.sheets import _distances, parted_by_sheets, sheets_of
from ocr.layout.strips import TextLine

WALL, YELLOW, GREEN = (200, 200, 200), (240, 220, 110), (150, 230, 150)


class Sheets:
    """A wall with sheets: (top, left, bottom, right, color)."""

    height, width = 300, 400

    def __init__(self, *sheets):
        self.picture = np.full((self.height, self.width, 3), WALL, np.uint8)
        for top, left, bottom, right, color in sheets:
            self.picture[top:bottom, left:right] = color

    def written(self, line):
        """With strokes of ink where a line stands."""
        (row, left), (_, right) = line.baseline.round().astype(int).tolist()
        for col in range(left, right, 4):
            self.picture[row - 10 : row, col : col + 2] = 30
        return self

    def grey(self, long_side):
        return self.rgb(long_side).mean(axis=2, dtype=np.float32) / np.float32(255)

    def rgb(self, long_side):
        return self.picture


def line(row, left, right):
    return TextLine(np.array([[row, left], [row, right]], float), 10.0)


def numbers(photo, *lines):
    for one in lines:
        photo.written(one)
    return sheets_of(photo, lines).tolist()


NOTES = (20, 20, 140, 180, YELLOW), (20, 220, 140, 380, GREEN), (160, 20, 290, 180, GREEN)
ON_NOTES = line(60, 30, 120), line(90, 30, 160), line(60, 230, 330), line(220, 40, 150)


def test_notes_on_a_wall_are_sheets():
    assert numbers(Sheets(*NOTES), *ON_NOTES) == [0, 0, 1, 2]


def test_the_columns_of_a_page_stand_on_one_sheet_however_far_apart():
    page = Sheets((0, 0, 300, 400, YELLOW))
    left = [line(row, 10, 60) for row in range(40, 280, 24)]
    right = [line(row, 330, 380) for row in range(40, 280, 24)]
    assert set(numbers(page, *left, *right)) == {0}


def test_lines_around_something_stand_on_one_sheet():
    page = Sheets((0, 0, 300, 400, YELLOW), (100, 140, 200, 400, (40, 60, 40)))
    assert numbers(page, line(80, 120, 380), line(150, 10, 80), line(240, 120, 380)) == [0, 0, 0]


def test_the_soft_edge_of_a_shadow_parts_no_sheet():
    page = Sheets((0, 0, 300, 400, YELLOW))
    shade = np.interp(np.arange(400), [160, 240], [1.0, 0.55])
    page.picture = np.uint8(page.picture * shade[:, None])
    assert numbers(page, line(80, 20, 150), line(80, 250, 380)) == [0, 0]


def test_light_between_two_shadows_parts_no_sheet():
    page = Sheets((0, 0, 300, 400, YELLOW))
    page.picture[:100] //= 2
    page.picture[125:] //= 2
    assert numbers(page, line(80, 40, 300), line(160, 40, 300)) == [0, 0]


@pytest.mark.parametrize(("left", "sheets"), [(120, [0, 0]), (0, [0, 1])])
def test_a_shadow_beside_which_the_paper_goes_on_parts_no_sheet(left, sheets):
    page = Sheets((0, 0, 300, 400, YELLOW))
    page.picture[100:125, left : 400 - left] //= 2
    assert numbers(page, line(80, 40, 300), line(160, 40, 300)) == sheets


def test_notes_of_two_colors_that_touch_are_sheets_and_highlighted_lines_are_not():
    touching = (40, 20, 200, 200, YELLOW), (40, 200, 200, 380, GREEN)
    left, right = line(100, 30, 160), line(100, 240, 360)
    assert numbers(Sheets(*touching), left, right) == [0, 1]
    marked = (40, 20, 200, 380, WALL), (86, 225, 106, 375, YELLOW)
    assert numbers(Sheets(*marked), left, right) == [0, 0]


@pytest.mark.parametrize("colors", [(YELLOW, GREEN), ((230, 150, 170), (150, 210, 230))])
def test_notes_of_two_colors_are_two_sheets_also_on_a_wall_between_them(colors):
    between = tuple(int(v) for v in np.mean(colors, axis=0))
    notes = Sheets((0, 0, 300, 160, colors[0]), (0, 240, 300, 400, colors[1]))
    notes.picture[:, 160:240] = between
    assert numbers(notes, line(80, 20, 150), line(80, 250, 380)) == [0, 1]


def test_a_rule_between_columns_parts_no_sheet():
    page = Sheets((0, 0, 300, 400, YELLOW), (0, 199, 300, 202, (20, 20, 20)))
    assert numbers(page, line(80, 20, 150), line(80, 240, 380)) == [0, 0]


def test_boxes_are_as_far_apart_as_their_nearest_points():
    boxes = np.array([[0.0, 0, 10, 10], [0, 30, 10, 40], [40, 70, 50, 90], [5, 5, 60, 15]])
    expected = [[0, 20, 67, 0], [20, 0, 42.4, 15], [67, 42.4, 0, 55], [0, 15, 55, 0]]
    np.testing.assert_allclose(_distances(boxes), expected, atol=0.1)


@pytest.mark.parametrize("lines", [(), (line(80, 20, 150),)])
def test_nothing_and_a_single_line(lines):
    assert numbers(Sheets(), *lines) == [0] * len(lines)


def test_a_negative_shows_the_same_sheets():
    photo = Sheets(*NOTES)
    for one in ON_NOTES:
        photo.written(one)
    photo.picture = ~photo.picture
    assert sheets_of(Negative(photo), ON_NOTES).tolist() == [0, 0, 1, 2]


def test_a_turned_photo_is_turned_in_color_too():
    photo = Sheets(*NOTES)
    turned = Turned(photo, 1)
    assert turned.rgb(400).shape == (400, 300, 3)
    np.testing.assert_array_equal(turned.rgb(400)[350, 60], photo.picture[60, 49])


def test_a_page_of_small_writing_is_one_sheet():
    page = np.full((3200, 2400), 235, np.uint8)
    rows = range(200, 3000, 60)
    for row in rows:
        page[row - 16 : row, 200:2100:2] = 40
    lines = [TextLine(np.array([[row, 200], [row, 2100]], float), 12.0) for row in rows]
    assert set(sheets_of(photo_of(page), lines).tolist()) == {0}


class TestPartedBySheets:
    """One line seen across two sheets, 20-180 and 220-380, with words on each of them."""

    across = line(100, 30, 360)
    sheets = ((40, 20, 200, 180, YELLOW), (40, 220, 200, 380, GREEN))

    def parts(self, *sheets, words=((30, 160), (240, 360)), of=None):
        photo = Sheets(*sheets)
        for word in words:
            photo.written(line(100, *word))
        return [
            part.baseline[:, 1].round().tolist()
            for part in parted_by_sheets(photo, [of or self.across])[0]
        ]

    def test_a_line_across_a_gap_is_parted(self):
        first, second = self.parts(*self.sheets)
        assert first[0] == 30 and 155 <= first[-1] <= 180
        assert 220 <= second[0] <= 240 and second[-1] == 360

    def test_what_lies_between_its_parts_is_told(self):
        photo = Sheets(*self.sheets).written(line(100, 30, 160)).written(line(100, 240, 360))
        (first, second), (wall,) = parted_by_sheets(photo, [self.across])
        assert wall.baseline[0].tolist() == first.baseline[-1].tolist()
        assert wall.baseline[-1].tolist() == second.baseline[0].tolist()

    def test_words_far_apart_on_one_sheet_stay_one_line(self):
        assert self.parts((40, 20, 200, 380, YELLOW)) == [[30, 360]]

    def test_sheets_of_two_colors_that_touch_part_a_line(self):
        touching = (40, 20, 200, 200, YELLOW), (40, 200, 200, 380, GREEN)
        first, second = self.parts(*touching)
        assert first[-1] <= 200 <= second[0]

    @pytest.mark.parametrize("color", [YELLOW, (150, 142, 72)])
    def test_sheets_of_one_color_in_light_and_shadow_that_touch_do_not(self, color):
        touching = (40, 20, 200, 200, YELLOW), (40, 200, 200, 380, color)
        assert self.parts(*touching) == [[30, 360]]

    def test_a_highlighter_does_not_part_a_line(self):
        marked = (40, 20, 200, 380, WALL), (86, 225, 106, 375, YELLOW)
        assert self.parts(*marked) == [[30, 360]]

    def test_ink_across_the_gap_keeps_the_line_together(self):
        assert self.parts(*self.sheets, words=((30, 360),)) == [[30, 360]]

    def test_letters_far_larger_than_the_others_are_not_parted(self):
        title = TextLine(self.across.baseline, 40.0)
        small = [line(row, 30, 160) for row in (140, 160, 180)]
        found, between = parted_by_sheets(Sheets(*self.sheets), [title, *small])
        assert len(found) == 4 and between == []

    def test_the_points_of_a_bent_line_stay_with_their_part(self):
        rows = np.array([[100, 30], [104, 100], [102, 300], [100, 360]], float)
        first, second = self.parts(*self.sheets, of=TextLine(rows, 10.0))
        assert first[1] == 100 and second[1] == 300

    def test_no_lines(self):
        assert parted_by_sheets(Sheets(), []) == ([], [])

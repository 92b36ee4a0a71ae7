"""find_letters: pictures of a few strokes, and whole pages that the page network looks at."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageDraw, ImageFilter, ImageFont
from skimage.measure import label

from ocr.layout.strips import TextLine
from ocr.letters.find_letters import characters, find_letters, usual_gap
from ocr.letters.segmentation import Segmentation
from ocr.page import Box

H = 60  # letter height of the drawn pages, pixels
PEN = 7
TOP = 150  # of the drawn line
LINE = TextLine(np.array([[TOP + H, 20.0], [TOP + H, 580.0]]), 0.68 * H)


def draw(strokes, size=(400, 600), pen=PEN):
    """A page with polylines given as [(y, x), ...]; paper 1, ink 0."""
    page = Image.new("L", (size[1], size[0]), 255)
    pencil = ImageDraw.Draw(page)
    for stroke in strokes:
        pencil.line([(x, y) for y, x in stroke], fill=0, width=pen, joint="curve")
    return np.asarray(page, dtype=np.float32) / 255


def at(strokes, y, x):
    return [[(y + r * H, x + c * H) for r, c in stroke] for stroke in strokes]


# unit strokes in a box one letter high
PLAIN = {
    "L": [[(0, 0), (1, 0), (1, 0.6)]],
    "V": [[(0, 0), (1, 0.35), (0, 0.7)]],
    "U": [[(0, 0), (0.95, 0.1), (0.95, 0.5), (0, 0.6)]],
    "Z": [[(0, 0), (0, 0.6), (1, 0), (1, 0.6)]],
}
IN_PIECES = {
    "i": [[(0.4, 0.3), (1, 0.3)], [(0.05, 0.3), (0.12, 0.3)]],
    "j": [[(0.4, 0.5), (1.2, 0.5), (1.3, 0.2)], [(0.05, 0.5), (0.12, 0.5)]],
    "=": [[(0.4, 0), (0.4, 0.6)], [(0.7, 0), (0.7, 0.6)]],
    ":": [[(0.4, 0.2), (0.47, 0.2)], [(0.9, 0.2), (0.97, 0.2)]],
    "!": [[(0, 0.2), (0.65, 0.2)], [(0.93, 0.2), (1, 0.2)]],
    "?": [[(0.1, 0), (0, 0.3), (0.2, 0.5), (0.4, 0.3), (0.65, 0.3)], [(0.93, 0.3), (1, 0.3)]],
    '"': [[(0, 0), (0.25, 0)], [(0, 0.2), (0.25, 0.2)]],
    "%": [
        [(1, 0), (0, 0.6)],
        [(0, 0), (0, 0.15), (0.2, 0.15), (0.2, 0), (0, 0)],
        [(0.8, 0.5), (0.8, 0.65), (1, 0.65), (1, 0.5), (0.8, 0.5)],
    ],
    "E": [[(0, 0.5), (0, 0), (1, 0), (1, 0.5)], [(0.5, 0.18), (0.5, 0.45)]],
    "F": [[(0, 0.5), (0, 0), (1, 0)], [(0.5, 0.2), (0.5, 0.45)]],
    "T": [[(0, 0), (0, 0.7)], [(0.2, 0.35), (1, 0.35)]],
    "A": [[(1, 0), (0, 0.35), (1, 0.7)], [(0.65, 0.28), (0.65, 0.42)]],
    "H": [[(0, 0), (1, 0)], [(0.5, 0.17), (0.5, 0.6), (0, 0.6), (1, 0.6)]],
    "K": [[(0, 0), (1, 0)], [(0, 0.6), (0.5, 0.2), (1, 0.6)]],
}


def row_of(strokes, others=("L", "V", "U", "Z")):
    """A line of plain letters with one more character in its middle."""
    x = 60.0
    drawn = []
    for name in others[:2]:
        drawn += at(PLAIN[name], TOP, x)
        x += 1.1 * H
    drawn += at(strokes, TOP, x)
    x += 1.3 * H
    for name in others[2:]:
        drawn += at(PLAIN[name], TOP, x)
        x += 1.1 * H
    return draw(drawn)


def on_line(page, on_stage=None):
    """The characters of a page with one known text line."""
    return characters(page, [LINE], LINE.x_height, on_stage)


def printed(text="MAKE A LIST\nOF 36 BOXES", size=70):
    """A page in the font that comes with Pillow."""
    page = Image.new("L", (1200, 500), 225)
    font = ImageFont.load_default(size)
    ImageDraw.Draw(page).multiline_text((80, 90), text, fill=40, font=font, spacing=40)
    return page.filter(ImageFilter.GaussianBlur(1))


@pytest.mark.parametrize("name", IN_PIECES)
def test_a_character_in_pieces_gets_one_box(name):
    assert len(on_line(row_of(IN_PIECES[name])).boxes) == 5


@pytest.mark.parametrize("sign", [[[(0.95, 0), (1, 0)]], [[(0.9, 0.1), (1.15, 0)]]])
def test_full_stop_and_comma_are_kept(sign):
    assert len(on_line(row_of(sign)).boxes) == 5


def test_touching_letters_are_parts_that_may_be_divided():
    two = [
        [(0, 0), (1, 0), (1, 0.6), (0, 0.6), (0, 0)],
        [(0.5, 0.6), (0.5, 1.1)],
        [(0, 1.1), (1, 1.1), (1, 1.7), (0, 1.7), (0, 1.1)],
    ]
    found = on_line(draw(at(PLAIN["L"], TOP, 60) + at(two, TOP, 200) + at(PLAIN["V"], TOP, 400)))
    assert len(found.boxes) == 4
    assert [len(row) for row in found.doubts] == [2]


def test_specks_rules_and_what_lies_off_the_lines_are_dropped():
    page = draw([*at(PLAIN["L"], TOP, 100), *at(PLAIN["V"], TOP, 200), *at(PLAIN["U"], TOP, 300)])
    page = page.copy()
    page[TOP + 10, 420:422] = 0  # a speck
    page[TOP + H + 12 : TOP + H + 15, 20:580] = 0.2  # a rule under the line
    page[330:380, 300:340] = 0  # a blot where nothing is written
    page[:, :4] = 0  # the edge of the sheet
    assert len(on_line(page).boxes) == 3


@pytest.mark.parametrize("slope", [-0.05, 0.05])
def test_a_rule_that_slopes_with_its_line_is_dropped(slope):
    foot = {x: TOP + H + slope * (x - 300) for x in (20, 100, 200, 300, 580)}
    strokes = [[(foot[20] + 14, 20), (foot[580] + 14, 580)]]
    for x, letter in ((100, "L"), (200, "V"), (300, "U")):
        strokes += at(PLAIN[letter], foot[x] - H, x)
    line = TextLine(np.array([[foot[20], 20.0], [foot[580], 580.0]]), 0.68 * H)
    found = characters(draw(strokes, pen=4), [line], line.x_height)
    assert len(found.boxes) == 3


def test_a_box_drawn_around_text_is_dropped():
    letters = [*at(PLAIN["L"], TOP, 150), *at(PLAIN["V"], TOP, 250), *at(PLAIN["U"], TOP, 350)]
    frame = [[(60, 60), (60, 540), (340, 540), (340, 60), (60, 60)]]
    assert len(on_line(draw(letters + frame)).boxes) == 3


def test_the_parts_of_a_segmentation():
    page = draw(at(PLAIN["L"], TOP, 100) + at(PLAIN["V"], TOP, 200) + at(PLAIN["U"], TOP, 300))
    found = on_line(page)
    assert found.owner.tolist() == [0, 1, 2]
    assert found.labels.max() == len(found.owner) == len(found.part_boxes) == len(found.sizes)
    glyph = found.glyph(0)
    assert glyph.shape == tuple(found.boxes[0][2:] - found.boxes[0][:2])
    assert glyph.min() < 0.1
    assert glyph.max() == 1
    joined = found.regrouped(np.array([5, 5, 9]))
    assert joined.owner.tolist() == [0, 0, 1]
    assert joined.boxes[0].tolist() == Box.around(Box(*b) for b in found.boxes[:2]).as_list()
    assert joined.glyph(0).shape == found.glyph_of_parts([0, 1]).shape


def test_letters_of_a_sloping_page_are_turned_level():
    slope = np.tan(np.radians(12))
    page = Image.fromarray((255 * row_of(PLAIN["L"])).astype(np.uint8))
    page = page.rotate(-12, Image.Resampling.BICUBIC, fillcolor=255)  # it falls to the right
    grey = np.asarray(page, dtype=np.float32) / 255
    cols = np.array([20.0, 580.0])
    line = TextLine(np.stack([TOP + H + slope * (cols - 300), cols], axis=1), LINE.x_height)
    found = characters(grey, [line], line.x_height)
    assert found.slope == pytest.approx(slope)
    tilted, level = replace(found, slope=0.0).glyph(0), found.glyph(0)  # L, with a straight stem

    fullest = [(1 - glyph).sum(axis=0).max() for glyph in (level, tilted)]  # column: the stem
    assert fullest[0] > 1.1 * fullest[1]


def test_boxes_of_a_sloping_page_are_as_far_apart_as_on_a_level_one():
    page = draw([[(100, 100), (100, 140)], [(140, 180), (140, 220)]], pen=1) == 0
    labels = label(page).astype(np.int32)
    found = Segmentation(labels, np.arange(2), np.full(2, 40.0), np.ones(page.shape), slope=1.0)
    (_, _, _, end), (_, start, _, _) = found.level_boxes
    assert start - end == pytest.approx(80 / np.sqrt(2), abs=2)
    np.testing.assert_array_equal(replace(found, slope=0.0).level_boxes, found.boxes)


def test_the_steps_are_shown_in_their_order():
    stages = {}
    on_line(row_of(PLAIN["L"]), stages.setdefault)
    assert list(stages) == ["denoised", "even-light", "otsu", "closed", "letters"]
    assert all(picture.shape == (400, 600) for picture in stages.values())


def test_a_line_without_ink_has_no_characters():
    blank = np.full((400, 600), 0.9, dtype=np.float32)
    assert on_line(blank).boxes.shape == (0, 4)
    assert (on_line(blank).bw == 1).all()
    ruled = blank.copy()
    ruled[TOP + H : TOP + H + 4, 20:580] = 0.1
    assert on_line(ruled).boxes.shape == (0, 4)


def test_usual_gap_is_that_between_neighbors_on_a_line():
    boxes = np.array([[0, 0, 20, 10], [0, 14, 20, 24], [0, 28, 20, 38], [50, 3, 70, 13]])
    assert usual_gap(boxes, np.full(4, 20.0), np.array([0, 0, 0, 1])) == pytest.approx(0.2)
    assert usual_gap(boxes[:1], np.full(1, 20.0), np.zeros(1, dtype=int)) == 0.4


# From here on the page network looks for the lines.


def test_boxes_are_tight_and_bw_is_black_on_white():
    page = np.asarray(printed())
    boxes, bw = find_letters(page)
    assert boxes.shape == (18, 4)
    assert bw.shape == page.shape
    assert bw.dtype == np.float32
    assert set(np.unique(bw)) == {0.0, 1.0}
    dark = page < 130
    for y1, x1, y2, x2 in boxes:
        rows, cols = np.nonzero(dark[y1:y2, x1:x2])
        assert max(rows.min(), cols.min(), y2 - y1 - 1 - rows.max(), x2 - x1 - 1 - cols.max()) <= 3
        assert (bw[y1:y2, x1:x2] == 0).any()


@pytest.mark.parametrize(
    "page",
    [
        np.ones((300, 400)),
        np.zeros((300, 400)),
        np.ones((1, 1)),
        np.zeros((1, 1)),
        np.ones((10, 2000)),
        np.tile(np.linspace(0.2, 1, 400), (300, 1)),
        np.random.default_rng(0).random((300, 400)),
        0.7 + 0.05 * np.random.default_rng(0).standard_normal((300, 400)).clip(-4, 4),
    ],
    ids=["white", "black", "pixel", "ink pixel", "ribbon", "gradient", "noise", "paper"],
)
def test_nothing_is_found_where_nothing_is_written(page):
    boxes, bw = find_letters(page)
    assert boxes.shape == (0, 4)
    assert bw.shape == page.shape
    assert (bw == 1).all()


def test_the_light_does_not_matter():
    page = np.asarray(printed(), dtype=np.float32) / 255
    light = np.linspace(0.35, 1.0, page.shape[1], dtype=np.float32)
    assert len(find_letters(page * light)[0]) == 18


@pytest.mark.parametrize("around", [None, 0, 255])
def test_letters_of_a_negative_are_those_of_the_photo(around):
    negative = 255 - np.asarray(printed())
    if around is not None:
        negative = np.pad(negative, 100, constant_values=around)
    assert len(find_letters(negative)[0]) == 18


def test_a_photo_at_half_size_gives_the_same_boxes():
    big = printed().resize((4800, 2000), Image.Resampling.BICUBIC)
    boxes, half = (find_letters(np.asarray(page))[0] for page in (big, big.reduce(2)))
    assert len(boxes) == len(half) == 18
    for one in boxes:
        assert max(Box(*one).iou(Box(*(2 * other))) for other in half) >= 0.75


@settings(max_examples=4)
@given(top=st.integers(0, 60), left=st.integers(0, 60))
def test_boxes_move_with_the_crop(top, left):
    page = np.asarray(printed())
    whole = find_letters(page)[0]
    cropped = find_letters(page[top:, left:])[0] + [top, left, top, left]
    assert len(cropped) == len(whole)
    assert np.abs(np.sort(cropped, axis=0) - np.sort(whole, axis=0)).max() <= 4


@settings(max_examples=10)
@given(seed=st.integers(0, 10_000), rows=st.integers(1, 90), cols=st.integers(1, 90))
def test_boxes_lie_inside_any_picture(seed, rows, cols):
    rng = np.random.default_rng(seed)
    page = np.where(rng.random((rows, cols)) < 0.1, 0.0, 1.0)
    boxes, bw = find_letters(page)
    assert bw.shape == page.shape
    assert (boxes[:, :2] >= 0).all()
    assert (boxes[:, 2:] <= page.shape).all()
    assert (boxes[:, :2] < boxes[:, 2:]).all()


def test_a_desk_around_the_sheet_hides_no_letters():
    """The sheet need not be cut out: what lies in no text line is not looked at."""
    photo = Image.new("L", (1400, 900), 60)
    draw = ImageDraw.Draw(photo)
    draw.polygon([(130, 90), (80, 830), (1330, 860), (1240, 110)], fill=215)
    font = ImageFont.load_default(80)
    draw.multiline_text((260, 260), "MAKE A LIST\nOF 36 BOXES", fill=40, font=font, spacing=50)
    page = np.asarray(photo.filter(ImageFilter.GaussianBlur(1)))
    boxes, _ = find_letters(page)
    assert len(boxes) == 18
    assert all(page[y1:y2, x1:x2].min() < 80 for y1, x1, y2, x2 in boxes)

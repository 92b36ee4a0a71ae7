"""find_letters: literal pictures of a few strokes, and properties that hold for any page."""

import io
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageDraw, ImageFilter, ImageFont

from ocr.layout.pixels import to_grey
from ocr.letters.find_letters import (
    LETTER_HEIGHT,
    along_border,
    beside,
    cut_columns,
    find_letters,
    floating_dots,
    join_pieces,
    median_letter_height,
    scale_boxes,
    segment,
    stroke_width,
    survey,
)
from ocr.page import Box

H = 60  # letter height of the drawn pages, pixels
PEN = 7


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
    """A line of plain letters with one more character in its middle, and where that stands."""
    x = 60.0
    drawn = []
    for name in others[:2]:
        drawn += at(PLAIN[name], 150, x)
        x += 1.1 * H
    drawn += at(strokes, 150, x)
    x += 1.3 * H
    for name in others[2:]:
        drawn += at(PLAIN[name], 150, x)
        x += 1.1 * H
    return draw(drawn)


@pytest.mark.parametrize("name", IN_PIECES)
def test_a_character_in_pieces_gets_one_box(name):
    boxes, _ = find_letters(row_of(IN_PIECES[name]))
    assert len(boxes) == 5


@pytest.mark.parametrize("sign", [[[(0.95, 0), (1, 0)]], [[(0.9, 0.1), (1.15, 0)]]])
def test_full_stop_and_comma_are_kept(sign):
    boxes, _ = find_letters(row_of(sign))
    assert len(boxes) == 5


def test_boxes_are_tight_and_bw_is_black_on_white():
    page = draw(at(PLAIN["L"], 100, 100) + at(PLAIN["V"], 100, 200) + at(PLAIN["U"], 100, 300))
    boxes, bw = find_letters(page)
    assert boxes.shape == (3, 4)
    assert bw.shape == page.shape
    assert bw.dtype == np.float32
    assert set(np.unique(bw)) == {0.0, 1.0}
    for (y1, x1, y2, x2), x in zip(
        sorted(boxes.tolist(), key=lambda b: b[1]), (100, 200, 300), strict=True
    ):
        assert abs(y1 - 100) <= 5
        assert abs(y2 - 161) <= 5
        assert abs(x1 - x) <= 5
        assert (bw[y1:y2, x1:x2] == 0).any()


def test_touching_letters_are_split():
    two = [
        [(0, 0), (1, 0), (1, 0.6), (0, 0.6), (0, 0)],
        [(0.5, 0.6), (0.5, 1.0)],
        [(0, 1.0), (1, 1.0), (1, 1.6), (0, 1.6), (0, 1.0)],
    ]
    boxes, _ = find_letters(
        draw(at(PLAIN["L"], 100, 60) + at(two, 100, 200) + at(PLAIN["V"], 100, 400))
    )
    assert len(boxes) == 4


def test_cut_columns_only_where_one_thin_stroke_links_two_bodies():
    block = np.zeros((20, 50), dtype=bool)
    block[:, :18] = block[:, 32:] = True
    block[10:12, 18:32] = True
    assert cut_columns(block, letter_height=20, thickest=3) == [25]
    assert cut_columns(np.ones((20, 50), dtype=bool), letter_height=20, thickest=3) == []


def test_a_long_low_word_is_no_rule():
    """Joined letters without ascenders, such as "mmm", are as flat as an underline."""
    waves = [(0.6 if k % 2 else 0.0, 0.3 * k) for k in range(14)]  # in letter heights
    rule = [(2.4, 0.0), (2.2, 3.9)]
    capital = PLAIN["L"]
    page = draw([*at([waves, rule], 100, 60), *at(capital, 100, 420), *at(capital, 100, 500)])
    boxes, bw = find_letters(page)
    assert boxes[:, 2].max() < 100 + 1.2 * H
    assert bw[100 : 100 + H, 60:290].min() == 0
    assert boxes[:, 1].min() < 70


def test_long_ticks_are_a_quotation_mark_only_where_they_hang():
    ticks = [[(0, 0), (0.55, 0)], [(0, 0.25), (0.55, 0.25)]]
    letters = [*at(PLAIN["L"], 100, 200), *at(PLAIN["U"], 100, 270), *at(PLAIN["V"], 100, 340)]
    assert len(find_letters(draw([*at(ticks, 95, 150), *letters]))[0]) == 4
    assert len(find_letters(draw([*at(ticks, 100 + 0.45 * H, 150), *letters]))[0]) == 5


def test_specks_rules_and_frames_are_dropped():
    page = draw([*at(PLAIN["L"], 100, 100), *at(PLAIN["V"], 100, 200), *at(PLAIN["U"], 100, 300)])
    page[300, 500] = 0  # a speck
    page[250:252, 20:580] = 0.3  # a rule
    page[:, :4] = 0  # the edge of the sheet
    assert len(find_letters(page)[0]) == 3


def test_a_box_drawn_around_text_is_dropped():
    letters = [*at(PLAIN["L"], 100, 150), *at(PLAIN["V"], 100, 250), *at(PLAIN["U"], 100, 350)]
    frame = [[(60, 100), (60, 470), (220, 470), (220, 100), (60, 100)]]
    assert len(find_letters(draw(letters + frame))[0]) == 3


def test_a_desk_inside_a_white_margin_hides_no_letters():
    """As where a photo is put on a page: the desk has no border of the picture to be told by."""
    thin = [[(0.4, 0.3), (1, 0.3)]]
    strokes = [*at(PLAIN["U"], 300, 400), *at(thin, 300, 500), *at(PLAIN["Z"], 300, 600)]
    page = draw(strokes, size=(700, 1000), pen=3)
    alone = len(find_letters(page)[0])
    for rows in (slice(120, 190), slice(510, 580)):
        page[rows, 120:880] = 0.4
    for cols in (slice(120, 190), slice(810, 880)):
        page[120:580, cols] = 0.4
    assert len(find_letters(page)[0]) == alone == 3


def test_writing_at_the_border_is_kept():
    page = draw(at(PLAIN["L"], 100, 1) + at(PLAIN["V"], 100, 200) + at(PLAIN["Z"], 100, 300))
    assert len(find_letters(page)[0]) == 3


@pytest.mark.parametrize(
    "page",
    [
        np.ones((300, 400)),
        np.zeros((300, 400)),
        np.full((300, 400), 0.5),
        np.ones((1, 1)),
        np.zeros((1, 1)),
        np.ones((10, 20000)),
        np.tile(np.linspace(0.2, 1, 400), (300, 1)),
        np.random.default_rng(0).random((300, 400)),
        0.7 + 0.05 * np.random.default_rng(0).standard_normal((300, 400)),
    ],
    ids=["white", "black", "grey", "pixel", "ink pixel", "ribbon", "gradient", "noise", "paper"],
)
def test_nothing_is_found_where_nothing_is_written(page):
    boxes, bw = find_letters(page)
    assert boxes.shape == (0, 4)
    assert (bw == 1).all()


def printed(text="MAKE A LIST\nOF 36 BOXES", size=70):
    """A page in the font that comes with Pillow."""
    page = Image.new("L", (1200, 500), 225)
    font = ImageFont.load_default(size)
    ImageDraw.Draw(page).multiline_text((80, 90), text, fill=40, font=font, spacing=40)
    return page.filter(ImageFilter.GaussianBlur(1))


def test_the_light_does_not_matter():
    page = to_grey(np.asarray(printed()))
    light = np.linspace(0.35, 1.0, page.shape[1], dtype=np.float32)
    assert len(find_letters(page)[0]) == len(find_letters(page * light)[0]) == 18


def test_a_photo_at_half_size_gives_the_same_boxes():
    big = printed().resize((4800, 2000), Image.Resampling.BICUBIC)
    boxes = {}
    for name, page in {"big": big, "half": big.reduce(2)}.items():
        found, _ = find_letters(np.asarray(page))
        boxes[name] = found * (1 if name == "big" else 2)
    assert len(boxes["big"]) == len(boxes["half"]) == 18
    for one in boxes["big"]:
        assert max(Box(*one).iou(Box(*other)) for other in boxes["half"]) >= 0.8


@settings(max_examples=15)
@given(top=st.integers(0, 60), left=st.integers(0, 70))
def test_boxes_move_with_the_crop(top, left):
    page = np.asarray(printed())
    whole = find_letters(page)[0]
    cropped = find_letters(page[top:, left:])[0] + [top, left, top, left]
    assert len(cropped) == len(whole)
    assert np.abs(np.sort(cropped, axis=0) - np.sort(whole, axis=0)).max() <= 4


@settings(max_examples=25)
@given(seed=st.integers(0, 10_000), rows=st.integers(1, 90), cols=st.integers(1, 90))
def test_boxes_lie_inside_any_picture(seed, rows, cols):
    rng = np.random.default_rng(seed)
    page = np.where(rng.random((rows, cols)) < 0.1, 0.0, 1.0)
    boxes, bw = find_letters(page)
    assert bw.shape == page.shape
    assert (boxes[:, :2] >= 0).all()
    assert (boxes[:, 2:] <= page.shape).all()
    assert (boxes[:, :2] < boxes[:, 2:]).all()


def test_stroke_width_of_a_bar():
    mask = np.zeros((40, 200), dtype=bool)
    mask[15:21, 10:190] = True
    assert stroke_width(mask) == pytest.approx(6, rel=0.1)


def test_median_letter_height_ignores_dots_rules_and_frames():
    heights = np.array([40.0, 42, 41, 3, 2, 4, 390, 6])
    widths = np.array([20.0, 25, 30, 3, 2, 4, 590, 500])
    assert median_letter_height(heights, widths, (400, 600)) == 41


def test_join_pieces_numbers_the_characters():
    boxes = np.array([[40, 10, 100, 14], [10, 9, 16, 15], [10, 60, 100, 110]])
    assert join_pieces(boxes, 90).tolist() == [0, 0, 1]


def test_a_dot_that_hangs_is_dirt_but_not_a_stop_or_an_apostrophe():
    letter, stop, speck = [0, 0, 60, 40], [53, 46, 60, 53], [5, 46, 12, 53]
    apostrophe = [0, 46, 16, 52]
    boxes = np.array([letter, stop, speck, apostrophe])
    assert floating_dots(boxes, 60).tolist() == [False, False, True, False]


def test_beside_links_strokes_that_hardly_part():
    stem, side, letter = [0, 0, 60, 8], [0, 11, 60, 45], [0, 75, 60, 110]
    assert beside(np.array([stem, side, letter]), 60) == [(0, 1, True)]
    upper, lower = [0, 0, 30, 40], [32, 2, 62, 42]
    assert beside(np.array([lower, upper]), 60) == [(1, 0, True)]
    far = [32, 400, 62, 440]
    assert beside(np.array([far, upper]), 60) == []


def test_regrouping_moves_parts_between_characters():
    page = draw(at(PLAIN["L"], 100, 100) + at(PLAIN["V"], 100, 200) + at(PLAIN["U"], 100, 300))
    found = segment(page)
    assert found.owner.tolist() == [0, 1, 2]
    joined = found.regrouped(np.array([5, 5, 9]))
    assert joined.owner.tolist() == [0, 0, 1]
    assert joined.boxes[0].tolist() == Box.around(Box(*b) for b in found.boxes[:2]).as_list()
    assert joined.glyph(0).shape == found.glyph_of_parts([0, 1]).shape


def test_a_segmentation_is_turned_as_its_picture_is():
    found = segment(draw(at(PLAIN["L"], 100, 100) + at(PLAIN["U"], 100, 300)))
    turned = found.turned()
    np.testing.assert_array_equal(turned.grey, np.rot90(found.grey))
    for k in range(len(found.boxes)):
        np.testing.assert_array_equal(turned.glyph(k), np.rot90(found.glyph(k)))


def test_scale_boxes_stays_inside():
    boxes = np.array([[0, 0, 10, 20], [9, 19, 10, 20]])
    scaled = scale_boxes(boxes, (10, 20), (103, 207))
    assert scaled.tolist() == [[0, 0, 103, 207], [93, 197, 103, 207]]


def test_segment_works_at_its_own_scale_and_shows_its_stages():
    page = to_grey(np.asarray(printed()))
    side = survey(page).side
    assert side == pytest.approx(1200 * LETTER_HEIGHT / 50, rel=0.15)
    stages = {}
    found = segment(page, on_stage=stages.setdefault)
    assert list(stages) == ["grey", "denoised", "even-light", "ink", "closed", "letters"]
    assert len(found.boxes) == 18
    assert found.labels.max() == len(found.owner) == len(found.part_boxes)
    glyph = found.glyph(0)
    assert glyph.shape == tuple(found.boxes[0][2:] - found.boxes[0][:2])
    assert glyph.min() < 0.4
    assert glyph.max() == 1


def test_a_survey_of_all_pixels_is_not_made_again():
    page = to_grey(np.asarray(printed()))
    asked = []

    class Picture:
        name, height, width = "page", *page.shape

        def grey(self, long_side):
            asked.append(long_side)
            return page

    first = replace(survey(page), side=max(page.shape))
    found, other = first.segment(Picture()), segment(page)
    assert not asked
    assert found.boxes.tolist() == other.boxes.tolist()
    assert (found.labels == other.labels).all()
    stages = []
    first.segment(Picture(), lambda name, picture: stages.append(name))
    assert stages[0] == "grey"  # who looks on sees them all


def test_grain_smaller_than_any_letter_is_not_writing():
    """The rim of a shadow, grainy: specks of some pixels, a few of them letter-like."""
    rng = np.random.default_rng(2)
    page = np.ones((900, 700), dtype=np.float32)
    for y, x in rng.integers(20, 650, size=(160, 2)):
        height, width = (
            rng.choice([2, 3, 4, 5, 7], p=[0.1, 0.25, 0.3, 0.25, 0.1]),
            rng.integers(2, 5),
        )
        page[y : y + height, x : x + width] = 0.2
    assert len(find_letters(page)[0]) == 0


def test_jpeg_of_noise_is_not_writing():
    stream = io.BytesIO()
    noise = (np.random.default_rng(0).random((300, 400, 3)) * 255).astype(np.uint8)
    Image.fromarray(noise).save(stream, "JPEG", quality=30)
    assert len(find_letters(np.asarray(Image.open(stream)))[0]) == 0


def test_what_lies_along_the_border_is_no_letter():
    labels = np.zeros((40, 60), dtype=np.int32)
    labels[5:30, :4] = 1  # a wedge of the desk
    labels[:20, 20:30] = 2  # a letter that the border cuts
    labels[38:, 35:55] = 3
    labels[20:22, 40:58] = 4  # a bar inside
    boxes = np.array([[5, 0, 30, 4], [0, 20, 20, 30], [38, 35, 40, 55], [20, 40, 22, 58]])
    assert along_border(labels, boxes).tolist() == [True, False, True, False]


def wood(rng):
    grain = np.sin(np.cumsum(rng.normal(0.5, 0.4, 300)))[:, None] * np.ones(400)
    return 0.5 + 0.08 * grain + 0.02 * rng.standard_normal((300, 400))


def ruled(rng):
    empty = 0.9 + 0.01 * rng.standard_normal((300, 400))
    empty[20::24] -= 0.25
    empty[:, 60] -= 0.3
    return empty


def squared(rng):
    empty = ruled(rng)
    empty[:, 10::24] -= 0.25
    return empty


@pytest.mark.parametrize("surface", [wood, ruled, squared])
@pytest.mark.parametrize("scale", [1, 4])
def test_empty_surfaces_have_no_letters(surface, scale):
    empty = surface(np.random.default_rng(3)).clip(0, 1).repeat(scale, 0).repeat(scale, 1)
    assert len(find_letters((255 * empty).astype(np.uint8))[0]) == 0


@pytest.mark.parametrize("dots", [False, True])
def test_grain_and_dotted_paper_have_no_letters(dots):
    rng = np.random.default_rng(4)
    empty = np.full((800, 800), 230, dtype=np.uint8)
    if dots:
        for row, col in np.argwhere(np.ones((20, 20))) * 40 + 10:
            empty[row : row + 3, col : col + 3] = 150
    else:
        empty[tuple(rng.integers(0, 800, (2, 3000)))] = 120
    assert len(find_letters(empty)[0]) == 0


@pytest.mark.parametrize("around", [None, 0, 255])
def test_letters_of_a_negative_are_those_of_the_photo(around):
    plain = np.asarray(printed().convert("L"))
    negative = 255 - plain
    if around is not None:
        negative = np.pad(negative, 100, constant_values=around)
    boxes = find_letters(negative)[0]
    assert len(boxes) == len(find_letters(plain)[0])


def test_a_dot_belongs_to_the_mark_above_but_not_to_a_joined_word():
    mark, word, dot = [0, 20, 36, 44], [0, 0, 56, 74], [44, 30, 49, 35]
    assert join_pieces(np.array([mark, dot]), 43.0).tolist() == [0, 0]
    assert join_pieces(np.array([word, [64, 30, 69, 35]]), 43.0).tolist() == [0, 1]


def test_the_outline_of_a_sheet_is_no_letter_and_a_ring_is():
    ring, outline = Image.new("L", (400, 300), 235), Image.new("L", (400, 300), 235)
    ImageDraw.Draw(ring).ellipse([60, 20, 340, 280], outline=40, width=9)
    ImageDraw.Draw(outline).polygon(
        [(30, 18), (375, 30), (368, 280), (24, 272)], outline=40, width=9
    )
    assert len(find_letters(np.asarray(ring))[0]) == 1
    assert len(find_letters(np.asarray(outline))[0]) == 0

"""training.synthesis.sheet: what is written stands where the truth says."""

import numpy as np
import pytest
from synthesis_fakes import needs_fonts

from training.synthesis.geometry import Curl, aim
from training.synthesis.line_strokes import EM
from training.synthesis.paper import RULINGS, Paper
from training.synthesis.pens import PENS, Hand, Pen, line_width
from training.synthesis.sheet import Sheet

THIN = Pen((2.9, 2.9, 2.9), 0.04, pressure=0, flow=0)


def sheet(ruling: str = "plain", seed: int = 0, size: tuple[int, int] = (300, 700)) -> Sheet:
    return Sheet(size, Paper(ruling=ruling, pitch=60, texture=0), np.random.default_rng(seed))


@pytest.mark.parametrize("ruling", RULINGS)
def test_an_empty_sheet_is_pale_and_has_no_writing(ruling: str) -> None:
    empty = sheet(ruling)
    look = empty.reflectance()
    assert look.dtype == np.float32
    assert look.shape == (300, 700, 3)
    assert 0.7 < np.median(look) < 0.95
    assert empty.truth(aim((300, 700), (300, 700))).text == ""
    with pytest.raises(ValueError, match="nothing is written"):
        empty.extent()


def test_unknown_ruling_is_refused() -> None:
    with pytest.raises(ValueError, match="unknown ruling"):
        sheet("staves").reflectance()


def test_a_stroke_is_ink_without_text() -> None:
    paper = sheet()
    paper.stroke([(100, 50), (100, 600), (200, 600)], 6, PENS["black gel"])
    look = paper.reflectance()[..., 0]
    assert look[100, 300] < 0.4
    assert look[150, 600] < 0.4
    assert look[200, 300] > 0.8
    assert paper.lines == []


def test_strokes_are_boxed_where_their_ink_is() -> None:
    paper = sheet()
    # An "L" and a bar at half its height, where a capital is `EM` high; the foot stands on y = 0.
    ell = [np.array([[0, -EM], [0, 0], [EM / 2, 0]], np.float32)]
    bar = [np.array([[0, -EM / 2], [EM / 2, -EM / 2]], np.float32)]
    hand = Hand("someone", tracking=0.5, spacing=0, baseline=0, drift=0, wander=0, tremor=0)
    end = paper.write_strokes([[("L", ell), ("-", bar)], [("Lo", ell)]], 200, 100, 100, hand, THIN)
    truth = paper.truth(aim((300, 700), (300, 700)))
    assert truth.text == "L- Lo"
    first, dash, whole = (letter.box for letter in truth.letters)
    np.testing.assert_allclose(first.as_list(), [100, 100, 200, 150], atol=4)
    np.testing.assert_allclose(dash.as_list(), [150, 200, 150, 250], atol=4)
    assert 300 < whole.x1 < whole.x2 <= end
    ink = np.argwhere(paper.reflectance()[..., 0] < 0.5)
    np.testing.assert_allclose(ink.min(axis=0), [100, 100], atol=4)
    np.testing.assert_allclose(ink.max(axis=0) + 1, [whole.y2, whole.x2], atol=3)


def test_chalk_is_lighter_than_the_board() -> None:
    board = Sheet((100, 300), Paper((0.04, 0.05, 0.04), dust=0.1), np.random.default_rng(0))
    board.stroke([(50, 50), (50, 250)], 9, PENS["chalk"])
    look = board.reflectance().mean(axis=2)
    assert look[48:53, 100:200].mean() > 3 * np.median(look)
    assert look.max() < 0.8
    assert np.median(look) < 0.12


def test_the_back_shows_through_faint_and_mirrored() -> None:
    front, back = sheet(), sheet()
    back.stroke([(100, 50), (100, 200)], 9, PENS["black gel"])
    front.back, front.thinness = back, 0.15
    look = front.reflectance()[..., 0]
    dark = np.argwhere(look < 0.95 * np.median(look))
    assert 480 < dark[:, 1].min() < 505
    assert 640 < dark[:, 1].max() < 665
    assert look.min() > 0.5
    assert front.truth(aim((300, 700), (300, 700))).text == ""


@needs_fonts
@pytest.mark.data
@pytest.mark.parametrize("font", ["dekko-400", "schoolbell-400", "bad-script-400"])
def test_boxes_hold_all_ink_and_nothing_but_ink_of_their_letter(font: str) -> None:
    paper = sheet()
    paper.write("ARK 7 jig", 180, 60, 60, Hand(font, tracking=0.5), PENS["black gel"])
    straight = aim((300, 700), (300, 700))
    truth = paper.truth(straight)
    assert truth.text == "ARK 7 jig"
    ink = paper.reflectance()[..., 0] < 0.33
    covered = np.zeros_like(ink)
    for letter in truth.letters:
        box = letter.box
        crop = ink[box.y1 : box.y2, box.x1 : box.x2]
        covered[box.y1 : box.y2, box.x1 : box.x2] = True
        rows, cols = np.flatnonzero(crop.any(axis=1)), np.flatnonzero(crop.any(axis=0))
        # Tight: the pale rim of a stroke at most.
        assert rows[0] <= 3
        assert cols[0] <= 3
        assert rows[-1] >= crop.shape[0] - 4
        assert cols[-1] >= crop.shape[1] - 4
    assert ink.sum() > 500
    assert not (ink & ~covered).any()


@needs_fonts
@pytest.mark.data
def test_words_lines_and_baselines_follow_the_writing() -> None:
    paper = sheet(size=(400, 900))
    hand = Hand("dekko-400", drift=0.0, wander=0.0, baseline=0.0)
    end = paper.write("NAME:", 120, 50, 50, hand, PENS["felt"])
    paper.write("R. LEE", 120, end + 80, 50, hand, PENS["felt"], continues=True)
    paper.write("  second   line ", 260, 50, 50, hand, PENS["felt"])
    truth = paper.truth(aim((400, 900), (400, 900)))
    assert truth.text == "NAME: R. LEE\nsecond line"
    assert [len(line.words) for line in truth.lines] == [3, 2]
    for line, row in zip(truth.lines, (120, 260), strict=True):
        lefts = [letter.box.x1 for letter in line.letters]
        assert lefts == sorted(lefts)
        assert all(abs(y - row) < 1 for y, _ in line.baseline)
        polygon = np.array(line.polygon)
        assert polygon[:, 0].min() <= line.box.y1 + 1
        assert polygon[:, 0].max() >= line.box.y2 - 1
    assert abs(line_width("second line", 50, hand) / truth.lines[1].box.width - 1) < 0.15


@needs_fonts
@pytest.mark.data
@pytest.mark.parametrize("orientation", [0, 90, 180, 270])
def test_boxes_are_where_the_ink_lands_in_the_photo(orientation: int) -> None:
    paper = sheet(size=(500, 700))
    paper.write("L", 260, 300, 120, Hand("dekko-400"), PENS["marker"])
    geometry = aim(
        (500, 700),
        (600, 840),
        tilt=8,
        pitch=15,
        yaw=-10,
        orientation=orientation,
        curl=Curl(15, 0.7, 1.0),
    )
    box = paper.truth(geometry).letters[0].box
    rows, cols = geometry.grid()
    rows = rows - geometry.curl.shift(cols, 700)
    inside = (rows >= 0) & (rows < 500) & (cols >= 0) & (cols < 700)
    look = paper.reflectance()[..., 0]
    at = (np.clip(rows, 0, 499).astype(int), np.clip(cols, 0, 699).astype(int))
    ink = np.argwhere(inside & (look[at] < 0.5))
    found = [*ink.min(axis=0), *(ink.max(axis=0) + 1)]
    np.testing.assert_allclose(box.as_list(), found, atol=4)


@needs_fonts
@pytest.mark.data
def test_letters_of_one_kind_differ() -> None:
    paper = sheet(size=(200, 900))
    paper.write("OOOO", 130, 60, 60, Hand("dekko-400", tracking=0.4), PENS["felt"])
    crops = {
        paper.reflectance()[b.y1 : b.y2, b.x1 : b.x2, 0].tobytes()
        for b in (letter.box for letter in paper.truth(aim((200, 900), (200, 900))).letters)
    }
    assert len(crops) == 4

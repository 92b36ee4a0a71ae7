"""training.synthesis.pages: whole pages, their tilt and their truth."""

import os

import numpy as np
import pytest
from synthesis_fakes import needs_fonts

from ocr.errors import DataError
from ocr.page import Box, Letter, Line, Page, Word
from training.data.text import Corpus
from training.synthesis.camera import DESKS
from training.synthesis.difficulties import DIFFICULTIES
from training.synthesis.pages import measure_tilt, page_fonts, render_page
from training.synthesis.paper import RULINGS

CORPUS = Corpus(
    (
        "The ferry leaves at seven, so pack tonight.",
        "Four boxes of nails and a new hammer are in the shed behind the house.",
        "Is the bread still warm? Then cut it now!",
    )
)


def page(*baselines: tuple[tuple[float, float], ...]) -> Page:
    words = (Word((Letter(Box(0, 0, 1, 1), "a", 1.0),)),)
    return Page(100, 100, tuple(Line(words, base) for base in baselines))


def test_measure_tilt_is_clockwise_and_weighs_long_lines_more() -> None:
    slope = np.tan(np.deg2rad(5))
    long, flat = ((10.0, 0.0), (10 + 900 * slope, 900.0)), ((50.0, 0.0), (50.0, 100.0))
    assert measure_tilt(page(long)) == pytest.approx(5)
    assert 4 < measure_tilt(page(long, flat)) < 5
    assert measure_tilt(page()) == 0


@pytest.mark.parametrize(
    ("orientation", "end"), [(0, (0, 9)), (90, (9, 0)), (180, (0, -9)), (270, (-9, 0))]
)
def test_measure_tilt_undoes_the_turn(orientation: int, end: tuple[float, float]) -> None:
    assert measure_tilt(page(((0.0, 0.0), end)), orientation) == pytest.approx(0)


def test_missing_fonts_are_named(monkeypatch: pytest.MonkeyPatch, tmp_path: os.PathLike) -> None:
    monkeypatch.setenv("OCR_DATA", str(tmp_path))
    with pytest.raises(DataError, match="no fonts"):
        page_fonts()


@needs_fonts
@pytest.mark.data
@pytest.mark.parametrize("difficulty", DIFFICULTIES)
def test_pages_are_whole_and_follow_their_seed(difficulty: str) -> None:
    level = DIFFICULTIES[difficulty]
    fonts = page_fonts(joined=level.joined)[:5]
    photo, truth = render_page(5, difficulty, corpus=CORPUS, fonts=fonts, long_side=800)
    assert photo.dtype == np.uint8
    assert photo.shape == (truth.page.height, truth.page.width, 3)
    assert max(photo.shape) == 800
    if not level.strokes and not level.blank:
        assert truth.hand in fonts
    assert bool(truth.page.lines) != level.blank
    assert (np.median(photo) < 128) == (level.board or level.negative)
    for line in truth.page.lines:
        assert line.text.isascii()
        for letter in line.letters:
            box = letter.box
            assert 0 <= box.y1 < box.y2 <= truth.page.height
            assert 0 <= box.x1 < box.x2 <= truth.page.width
    assert (truth.orientation != 0) == DIFFICULTIES[difficulty].turned
    assert abs(truth.tilt) <= DIFFICULTIES[difficulty].tilt + 6
    again, same = render_page(5, difficulty, corpus=CORPUS, fonts=fonts, long_side=800)
    np.testing.assert_array_equal(photo, again)
    assert truth == same


@needs_fonts
@pytest.mark.data
@pytest.mark.parametrize("seed", range(8))
def test_blank_pages_have_no_truth(seed: int) -> None:
    photo, truth = render_page(seed, "blank", corpus=CORPUS, long_side=400)
    assert truth.page.lines == ()
    assert photo.shape == (truth.page.height, truth.page.width, 3)
    assert truth.ruling in (*RULINGS, *DESKS)


@needs_fonts
@pytest.mark.data
def test_lines_of_one_page_have_pens_of_their_own() -> None:
    fonts = page_fonts()[:5]
    photo, truth = render_page(6, "mixed", corpus=CORPUS, fonts=fonts, long_side=800)
    ink = [
        np.percentile(photo[b.y1 : b.y2, b.x1 : b.x2], 10)
        for b in (x.box for x in truth.page.lines)
    ]
    assert max(ink) > min(ink) + 60


@needs_fonts
@pytest.mark.data
@pytest.mark.parametrize("seed", range(4))
def test_fonts_without_small_letters_write_capitals(seed: int) -> None:
    fonts = ["permanent-marker-400"]
    _, truth = render_page(seed, "columns", corpus=CORPUS, fonts=fonts, long_side=400)
    assert truth.page.text == truth.page.text.upper()


@needs_fonts
@pytest.mark.data
def test_columns_are_read_one_after_the_other() -> None:
    fonts = page_fonts()[:5]
    _, truth = render_page(3, "columns", corpus=CORPUS, fonts=fonts, long_side=800)
    middle = [(line.box.x1 + line.box.x2) / 2 for line in truth.page.lines[1:]]
    right = np.array(middle) > truth.page.width / 2
    assert right.any()
    assert not right.all()
    assert (np.diff(right.astype(int)) >= 0).all()

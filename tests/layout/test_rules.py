"""Rules, grids and frames are found and painted over; the letters on them stay."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageDraw, ImageFont

from ocr.layout.rules import find_rules, not_letters, paint_over
from ocr.letters.find_letters import find_letters

TEXT = "TEN LETTERS"


def page(*, grid=False, every=45, tone=150, pen=2, tilt=0.0, text=TEXT):
    """An 800 x 1000 page of two lines of text, ruled; without rules if `every` is 0."""
    picture = Image.new("L", (1400, 1400), 235)
    draw = ImageDraw.Draw(picture)
    for at in range(every, 1400, every) if every else ():
        draw.line([(0, at), (1400, at)], fill=tone, width=pen)
        if grid:
            draw.line([(at, 0), (at, 1400)], fill=tone, width=pen)
    for y in (500, 700):
        draw.text((400, y), text, fill=60, font=ImageFont.load_default(70))
    turned = picture.rotate(tilt, Image.Resampling.BICUBIC)
    return np.asarray(turned, dtype=np.float32)[300:1100, 200:1200] / 235


def test_rules_are_found_where_they_are():
    rules = not_letters(find_rules(page(every=50)))
    assert not any(rule.vertical for rule in rules)
    rows = sorted(float(np.median(rule.course)) for rule in rules)
    assert rows[-15:] == pytest.approx([r + 50.5 - 50 for r in range(50, 800, 50)], abs=1.5)
    assert all(1 <= rule.thickness <= 4 for rule in rules)


@settings(max_examples=8)
@given(tilt=st.floats(-12, 12))
def test_tilted_grids_are_found_both_ways(tilt):
    rules = not_letters(find_rules(page(grid=True, tilt=tilt)))
    vertical = sum(rule.vertical for rule in rules)
    assert len(rules) - vertical >= 14
    assert vertical >= 18
    slopes = [np.polyfit(rule.at, rule.course, 1)[0] for rule in rules if not rule.vertical]
    assert np.median(slopes) == pytest.approx(-np.tan(np.radians(tilt)), abs=0.01)


def test_a_page_without_rules_is_left_alone():
    plain = page(every=0)
    assert not_letters(find_rules(plain), 60) == ()
    assert paint_over(plain, ()) is plain


@pytest.mark.parametrize(("tone", "lost"), [(190, 0.02), (150, 0.02), (60, 0.15)])
def test_rules_are_painted_over_and_letters_stay(tone, lost):
    plain, ruled = page(every=0), page(grid=tone > 60, tone=tone)
    clean = paint_over(ruled, not_letters(find_rules(ruled), 60))
    ink, left = plain < 0.6, clean < 0.6
    assert (left & ~ink).sum() < 0.03 * ink.sum()
    assert (ink & ~left).sum() < lost * ink.sum()


def test_a_stroke_as_dark_as_the_rule_it_crosses_stays_whole():
    ruled = np.ones((400, 600), dtype=np.float32)
    ruled[200:203] = 0.3
    ruled[150:250, 300:306] = 0.3
    clean = paint_over(ruled, not_letters(find_rules(ruled), 60))
    assert (clean[150:250, 300:306] < 0.5).all()
    assert (clean[200:203, 320:] > 0.9).all()


def test_strokes_of_large_letters_are_no_rules():
    picture = Image.new("L", (900, 600), 235)
    ImageDraw.Draw(picture).text((60, 60), "THE", fill=40, font=ImageFont.load_default(400))
    large = np.asarray(picture, dtype=np.float32) / 235
    assert not_letters(find_rules(large), 290) == ()


def test_a_rule_found_on_a_small_copy_is_painted_over_on_the_page():
    ruled = page()
    small = np.asarray(
        Image.fromarray(ruled).resize((500, 400), Image.Resampling.BOX), dtype=np.float32
    )
    clean = paint_over(ruled, not_letters(find_rules(small), 30))
    assert clean[:, :150].min() > 0.85


@pytest.mark.parametrize("grid", [False, True])
def test_the_same_letters_are_found_with_rules_as_without(grid):
    boxes, _ = find_letters(page(grid=grid))
    plain, _ = find_letters(page(every=0))
    assert len(boxes) == len(plain) == 2 * len(TEXT.replace(" ", ""))
    order = [np.lexsort((found[:, 1], found[:, 0] // 100)) for found in (boxes, plain)]
    assert np.abs(boxes[order[0]] - plain[order[1]]).max() <= 12

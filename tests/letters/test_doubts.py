"""Doubts are settled by whoever reads better: here a classifier made for the test."""

import numpy as np
import pytest
from PIL import Image, ImageDraw

from ocr.layout.strips import TextLine
from ocr.letters.doubts import settle
from ocr.letters.find_letters import characters
from ocr.letters.glyphs import normalize_glyph
from ocr.letters.segmentation import Segmentation


class Widths:
    """Takes narrow glyphs for I, wide ones for M; `liked` says which of them it is sure of."""

    charset = ("I", "M", "?")
    metadata = None

    def __init__(self, liked):
        self.liked = liked

    def predict_proba(self, glyphs):
        inked = (1 - glyphs).max(axis=1) > 0.5  # columns
        wide = inked.shape[1] - inked.argmax(axis=1) - inked[:, ::-1].argmax(axis=1) > 6
        sure = wide if self.liked == "M" else ~wide
        proba = np.full((len(glyphs), 3), 1 / 3, dtype=np.float32)
        proba[sure] = [0.05, 0.05, 0.05]
        proba[sure, np.where(wide[sure], 1, 0)] = 0.9
        return proba


def two_strokes():
    """Two letters, then two uprights that hardly part."""
    page = Image.new("L", (400, 160), 255)
    pencil = ImageDraw.Draw(page)
    for x in (40, 120):
        pencil.line([(x, 40), (x, 100), (x + 35, 100)], fill=0, width=6)
    pencil.line([(220, 40), (220, 100)], fill=0, width=6)
    pencil.line([(235, 40), (235, 100)], fill=0, width=6)
    line = TextLine(np.array([[100.0, 20.0], [100.0, 260.0]]), 41.0)
    return characters(np.asarray(page, dtype=np.float32) / 255, [line], line.x_height)


def test_the_strokes_are_a_doubt():
    found = two_strokes()
    assert [len(row) for row in found.doubts] == [2]


@pytest.mark.parametrize(("liked", "letters"), [("I", 4), ("M", 3)])
def test_the_classifier_decides(liked, letters):
    settled, glyphs, proba = settle(two_strokes(), Widths(liked))
    assert len(settled.boxes) == letters
    assert settled.doubts == ()
    assert glyphs.shape == (letters, 32, 32)
    np.testing.assert_array_equal(proba, Widths(liked).predict_proba(glyphs))
    alone = [normalize_glyph(settled.glyph(k)) for k in range(letters)]
    np.testing.assert_array_equal(glyphs, np.stack(alone))


class Sure(Widths):
    """Sure of all glyphs; counts how often it is asked."""

    calls = 0

    def predict_proba(self, glyphs):
        self.calls += 1
        return np.tile(np.float32([0.02, 0.02, 0.96]), (len(glyphs), 1))


def test_of_what_is_read_surely_nothing_is_asked():
    found, classifier = two_strokes(), Sure("?")
    settled = settle(found, classifier).found
    assert classifier.calls == 1
    assert settled.boxes.tolist() == found.boxes.tolist() and settled.doubts == ()


def test_a_part_that_is_wider_than_a_character_stays_one():
    labels = np.zeros((60, 160), np.int32)
    labels[10:50, 10:110], labels[10:50, 115:121] = 1, 2
    grey = np.where(labels, np.float32(0), np.float32(1))
    found = Segmentation(labels, np.arange(2), np.full(2, 40.0), grey, doubts=((0, 1),))
    settled = settle(found, Widths("M")).found
    assert settled.boxes.tolist() == [[10, 10, 50, 110], [10, 115, 50, 121]]


def test_without_doubts_nothing_is_asked():
    found = two_strokes()
    settled = settle(found.regrouped(found.owner), Widths("I")).found
    assert settled.boxes.tolist() == found.boxes.tolist()

"""Shapes are cut only where one thin stroke links two bodies."""

import numpy as np

from ocr.letters.touching import cut_columns, cut_touching


def dumbbell():
    block = np.zeros((20, 50), dtype=bool)
    block[:, :18] = block[:, 32:] = True
    block[10:12, 18:32] = True
    return block


def test_cut_columns_only_where_one_thin_stroke_links_two_bodies():
    assert cut_columns(dumbbell(), letter_height=20, thickest=3) == [25]
    assert cut_columns(np.ones((20, 50), dtype=bool), letter_height=20, thickest=3) == []


def test_nothing_narrower_than_a_letter_is_cut_off():
    stem = np.zeros((20, 40), dtype=bool)
    stem[:, :4] = stem[:, 6:] = True
    stem[10:12, 4:6] = True
    assert cut_columns(stem, letter_height=20, thickest=3) == []


def test_the_parts_know_what_they_were_cut_from():
    labels = np.zeros((40, 100), dtype=np.int32)
    labels[10:30, 20:70][dumbbell()] = 1
    labels[10:30, 80:90] = 2
    boxes, sizes = np.array([[10, 20, 30, 70], [10, 80, 30, 90]]), np.full(2, 20.0)
    origin, links, joined = cut_touching(labels, boxes, sizes, stroke=2.0)
    assert origin.tolist() == [0, 1, 0]
    assert links.tolist() == [[0, 2]]
    assert joined.tolist() == [False]  # 2.5 letter heights wide
    assert np.unique(labels[:, 45:70]).tolist() == [0, 3]

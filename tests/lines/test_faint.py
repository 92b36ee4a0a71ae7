"""What shows through from the other side of the sheet is left out."""

import numpy as np
import pytest

from ocr.layout.strips import BASELINE_ROW, STRIP_HEIGHT, Strip
from ocr.lines.faint import CONFIG, faint_lines, ink_strength, line_strength, without_faint_ends
from ocr.lines.recognizer import LineText

LETTER = 10  # columns


def line(text: str, strengths: dict[int, float]) -> tuple[np.ndarray, LineText]:
    """A strip with a bar for each character but spaces; those of some places are fainter."""
    image = np.ones((STRIP_HEIGHT, LETTER * len(text)), np.float32)
    for place, character in enumerate(text):
        if character != " ":
            columns = slice(LETTER * place + 2, LETTER * place + 7)
            image[BASELINE_ROW - 12 : BASELINE_ROW, columns] = 1 - strengths.get(place, 1.0)
    spans = tuple((float(LETTER * k), float(LETTER * (k + 1))) for k in range(len(text)))
    count = len(text)
    return image, LineText(text, (0.9,) * count, ((),) * count, spans, 0.9)


@pytest.mark.parametrize(
    ("text", "faint", "kept"),
    [
        ("ab cd ef", (0, 1), "cd ef"),
        ("ab cd ef", (6, 7), "ab cd"),
        ("ab cd ef", (0, 1, 3, 4), "ef"),
        ("ab cd ef", (3, 4), "ab cd ef"),  # between words of the line
        ("ab cd ef", (0, 1, 3, 4, 6, 7), "ab cd ef"),  # all are faint
        ("ab", (), "ab"),
    ],
)
def test_faint_words_are_left_out_at_the_ends_of_a_line_alone(text, faint, kept):
    image, read = line(text, dict.fromkeys(faint, 0.2))
    found = without_faint_ends(image, read)
    assert found.text == kept
    assert len(found.confidences) == len(found.spans) == len(found.alternatives) == len(kept)
    assert found.spans[0][0] == LETTER * text.index(kept)


def faint(contrasts, confidences=0.9):
    count = len(contrasts)
    found = faint_lines(np.array(contrasts), np.full(count, 20), np.full(count, confidences))
    return found.tolist()


def test_half_of_the_lines_may_show_through():
    assert faint([0.6, 0.1, 0.62, 0.11, 0.6, 0.1]) == [False, True] * 3


def test_a_faint_line_is_left_out_if_it_reads_less_surely_than_the_others():
    contrasts, counts = np.array([0.6, 0.24, 0.62]), np.array([20, 20, 20])
    for confidence, expected in ((0.85, False), (0.7, True)):
        found = faint_lines(contrasts, counts, np.array([0.9, confidence, 0.9]))
        assert found.tolist() == [False, expected, False]


def test_the_fainter_a_line_the_surer_it_must_read_to_stay():
    confidences = np.array([0.9, 0.75, 0.9])
    for strength, expected in ((0.26, False), (0.22, True)):
        found = faint_lines(np.array([0.6, strength, 0.62]), np.full(3, 20), confidences)
        assert found.tolist() == [False, expected, False]


def test_the_strokes_of_neighbors_do_not_make_a_line_dark():
    image, _ = line("abcdefgh", dict.fromkeys(range(7), 0.4))  # the last is a neighbor's
    at = np.arange(image.shape[1], dtype=float)
    strip = Strip(image, at, at, np.tile([1.0, 0.0], (len(at), 1)), contrast=0.7)
    assert line_strength(strip) == pytest.approx(0.4 * 0.7)
    blank = Strip(np.ones_like(image), at, at, strip.down, contrast=0.0)
    assert line_strength(blank) == 0


def test_a_light_stroke_is_no_reason():
    image, read = line("ab cd", dict.fromkeys((3, 4), CONFIG.word + 0.1))
    assert without_faint_ends(image, read) is read


def test_an_empty_line_stays_empty():
    nothing = LineText("")
    assert without_faint_ends(np.ones((STRIP_HEIGHT, 30), np.float32), nothing) is nothing


def test_ink_strength_is_that_of_the_columns_named():
    image, _ = line("ab", {0: 0.4})
    assert ink_strength(image, (0.0, 10.0)) == pytest.approx(0.4)
    assert ink_strength(image, (10.0, 20.0)) == pytest.approx(1.0)
    assert ink_strength(image, (20.0, 20.0)) == 0


def test_a_thin_dash_is_as_strong_as_the_letters_behind_it():
    image, text = line("- ab", {0: 0.0})
    image[BASELINE_ROW - 5, 2:7] = 0.2
    assert without_faint_ends(image, text) is text
    image[BASELINE_ROW - 5, 2:7] = 0.8  # it shows through
    assert without_faint_ends(image, text).text == "ab"


def test_a_line_is_faint_beside_the_others_of_its_page():
    assert faint([0.6, 0.1, 0.7, 0.65]) == [False, True, False, False]
    assert not any(faint([0.6, 0.1]))  # too few to tell what is usual
    assert not any(faint([0.1, 0.12, 0.11]))
    assert faint([]) == []

"""ocr.lines.margins, by what a beam search tells of small outputs written by hand."""

import numpy as np
import pytest
from line_fakes import NO_BONUS, SYMBOLS, logs_of

from ocr.lines.beam_search import BeamConfig, beam_search


def test_margins_tell_how_near_another_text_comes(language):
    # Nine letters, of which the second and the last may be another one; the second and the first
    # belong to a text that gave way to this one, long before the end of the line.
    rows = np.tile([0.997, 0.001, 0.001, 0.001], (17, 1))
    rows[::2] = [0.001, 0.997, 0.001, 0.001]
    rows[2], rows[-1] = [0.0, 0.6, 0.4, 0.0], [0.0, 0.2, 0.8, 0.0]
    (text,) = beam_search([logs_of(*rows)], language, SYMBOLS, BeamConfig(0.0, NO_BONUS))
    assert text.classes == [1] * 8 + [2]
    assert text.margins[1] == pytest.approx(np.log(0.6 / 0.4), abs=0.02)
    assert text.margins[-1] == pytest.approx(np.log(0.8 / 0.2), abs=0.05)
    assert (np.delete(text.margins, [1, 8]) > 3).all()
    assert text.margins.max() <= BeamConfig().margin


def test_margins_count_a_letter_more_and_a_letter_less(language):
    rows = [[0.0, 0.99, 0.01, 0.0], [0.3, 0.0, 0.7, 0.0], [0.0, 0.99, 0.0, 0.01]]
    (text,) = beam_search([logs_of(*rows)], language, SYMBOLS, BeamConfig(0.0, NO_BONUS))
    assert text.classes == [1, 2, 1]
    assert text.margins[1] == pytest.approx(np.log(0.7 / 0.3), abs=0.02)  # for "a a"


def test_margins_of_lines_side_by_side_are_those_of_each_alone(language):
    rng = np.random.default_rng(0)
    lines = [logs_of(*rng.dirichlet(np.full(4, 0.4), frames)) for frames in (17, 0, 22, 1, 9)]
    lines = [line.reshape(-1, 4) for line in lines]
    together = beam_search(lines, language, SYMBOLS)
    for line, text in zip(lines, together, strict=True):
        (alone,) = beam_search([line], language, SYMBOLS)
        np.testing.assert_allclose(text.margins, alone.margins)

"""What tells whether a character is read right, from small arrays."""

import numpy as np
import pytest
from numpy.typing import NDArray

from ocr.lines.confidence import CONFIG, evidence, language_odds, log_odds, mean_confidence


def test_evidence_of_each_character():
    logs = np.log(np.array([[0.1, 0.8, 0.1], [0.9, 0.05, 0.05], [0.2, 0.2, 0.6]]))
    margins = np.array([5.0, 0.5])
    found = evidence(logs, np.array([2.0, -1.0]), np.array([-1.0, -30.0]), margins)
    assert found.shape == (2, 4)
    np.testing.assert_allclose(found[:, 0], [2.0, -1.0])
    np.testing.assert_allclose(found[:, 1], np.log(0.7 / 0.3))  # of what is not blank: 0.8, 0.6
    np.testing.assert_allclose(found[:, 2], (-1 - 12) / 2)  # the unlikeliest counts as -12
    np.testing.assert_allclose(found[:, 3], margins)
    assert evidence(logs, *np.empty((3, 0))).shape == (0, 4)


def test_evidence_looks_at_the_characters_around():
    likely = np.arange(-8.0, 0.0)
    found = evidence(np.zeros((1, 2)), np.zeros(8), likely, np.zeros(8))
    np.testing.assert_allclose(found[:, 2], [-6.5, -6, -5.5, -5, -4, -3.5, -3, -2.5])


def test_odds_with_language_grow_with_what_speaks_for_a_character():
    logs = np.log(np.array([[0.1, 0.8, 0.1], [0.2, 0.2, 0.6]]))

    def odds(ink: float, likely: float, margin: float, name: str = "english") -> NDArray:
        return language_odds(logs, *(np.full(2, value) for value in (ink, likely, margin)), name)

    low = odds(0, -2, 1)
    assert (odds(1, -2, 1) > low).all()
    assert (odds(0, -1, 1) > low).all()
    assert (odds(0, -2, 2) > low).all()
    more = dict(CONFIG.offsets)["english"] - CONFIG.other_offset
    np.testing.assert_allclose(low - odds(0, -2, 1, "none"), more)


def test_lines_of_which_nothing_was_read_are_unsure():
    blank = np.log(np.array([[0.9, 0.1], [0.8, 0.2]]))
    assert mean_confidence([]) == mean_confidence([blank]) == 0
    assert mean_confidence([blank, np.log(np.array([[0.4, 0.6]]))]) == pytest.approx(0.6)


def test_log_odds_are_finite():
    np.testing.assert_allclose(log_odds(np.array([0.5, 0.75])), [0.0, np.log(3)])
    assert np.isfinite(log_odds(np.array([0.0, 1.0]))).all()

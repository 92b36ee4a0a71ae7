"""What tells whether a character is read right, from small arrays."""

import numpy as np

from ocr.lines.confidence import CONFIG, evidence, language_odds, log_odds


def test_evidence_of_each_character():
    logs = np.log(np.array([[0.1, 0.8, 0.1], [0.9, 0.05, 0.05], [0.2, 0.2, 0.6]]))
    found = evidence(logs, np.array([2.0, -1.0]), np.array([-1.0, -30.0]))
    assert found.shape == (2, 3)
    np.testing.assert_allclose(found[:, 0], [2.0, -1.0])
    np.testing.assert_allclose(found[:, 1], np.log(0.7 / 0.3))  # what is no "nothing": 0.8, 0.6
    np.testing.assert_allclose(found[:, 2], (-1 - 12) / 2)  # the unlikeliest counts as -12
    assert evidence(logs, np.empty(0), np.empty(0)).shape == (0, 3)


def test_evidence_looks_at_the_characters_around():
    likely = np.arange(-8.0, 0.0)
    found = evidence(np.zeros((1, 2)), np.zeros(8), likely)
    np.testing.assert_allclose(found[:, 2], [-6.5, -6, -5.5, -5, -4, -3.5, -3, -2.5])


def test_odds_with_language_grow_with_what_ink_and_language_say():
    logs = np.log(np.array([[0.1, 0.8, 0.1], [0.2, 0.2, 0.6]]))
    likely = np.array([-2.0, -2.0])
    low = language_odds(logs, np.array([0.0, 0.0]), likely, "english")
    assert (language_odds(logs, np.array([1.0, 1.0]), likely, "english") > low).all()
    assert (language_odds(logs, np.array([0.0, 0.0]), likely + 1, "english") > low).all()
    more = dict(CONFIG.offsets)["english"] - CONFIG.other_offset
    np.testing.assert_allclose(low - language_odds(logs, np.zeros(2), likely, "none"), more)


def test_log_odds_are_finite():
    np.testing.assert_allclose(log_odds(np.array([0.5, 0.75])), [0.0, np.log(3)])
    assert np.isfinite(log_odds(np.array([0.0, 1.0]))).all()

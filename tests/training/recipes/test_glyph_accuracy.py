import numpy as np
import pytest

from training.recipes.glyph_accuracy import (
    EMNIST_47,
    EMNIST_62,
    NIST_36,
    accuracy,
    expected_calibration_error,
    fold,
)


def test_the_published_foldings():
    assert len(EMNIST_62) == 62
    assert len(set(EMNIST_47.values())) == 47
    assert len(set(NIST_36.values())) == 36


def test_fold_adds_up_and_restricts():
    probabilities = np.array([[0.3, 0.25, 0.05, 0.4]], np.float32)
    folded, names = fold(probabilities, "Aa1.", {"A": "A", "a": "A", "1": "1"})
    assert names == ("A", "1")
    np.testing.assert_allclose(folded, [[0.55, 0.05]])


def test_accuracy_over_samples_and_over_classes():
    probabilities = np.eye(3, dtype=np.float32)[[0, 0, 0, 2]]
    over_samples, over_classes = accuracy(probabilities, "abc", np.array(list("aaab")))
    assert over_samples == pytest.approx(0.75)
    assert over_classes == pytest.approx(0.5)


def test_calibration_error_of_known_confidences():
    probabilities = np.array([[0.9, 0.1]] * 10, np.float32)
    truth = np.array(["a"] * 5 + ["b"] * 5)
    assert expected_calibration_error(probabilities, "ab", truth) == pytest.approx(0.4)

import numpy as np
import pytest
from sklearn.decomposition import PCA

from training.networks.pca import principal_components, reconstruct


def test_components_agree_with_scikit_learn():
    x = np.random.default_rng(0).random((40, 12)) @ np.random.default_rng(1).random((12, 12))
    ours = principal_components(x, 5)
    theirs = PCA(5).fit(x)
    assert ours.projection.shape == (12, 5)
    assert np.linalg.matrix_rank(ours.projection) == 5
    np.testing.assert_allclose(ours.projection.T @ ours.projection, np.eye(5), atol=1e-12)
    likeness = np.abs((ours.projection * theirs.components_.T).sum(axis=0))
    np.testing.assert_allclose(likeness, 1.0, atol=1e-8)


def test_rows_in_the_span_come_back_and_others_are_cut_to_pictures():
    rng = np.random.default_rng(0)
    x = 0.5 + 0.1 * rng.normal(size=(30, 2)) @ rng.normal(size=(2, 9)) / 4
    np.testing.assert_allclose(reconstruct(principal_components(x, 2), x), x, atol=1e-12)
    back = reconstruct(principal_components(x, 1), 10 * x)
    assert back.min() >= 0
    assert back.max() <= 1


def test_more_components_than_rows_are_refused():
    with pytest.raises(ValueError, match="between 1 and 3"):
        principal_components(np.ones((3, 9)), 4)

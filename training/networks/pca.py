"""Principal components of glyphs, to set beside the autoencoder."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from training.networks.numpy_mlp import Array


@dataclass(frozen=True)
class Components:
    """`mean` (D,) of the rows and the orthonormal directions `projection` (D, K)."""

    mean: Array
    projection: Array


def principal_components(x: Array, count: int) -> Components:
    """The `count` directions of most variance of rows `x` (N, D), by singular values.

    Pearson 1901, "On lines and planes of closest fit to systems of points in space".

    Raises
    ------
    ValueError
        More components than rows or columns.
    """
    if not 1 <= count <= min(x.shape):
        raise ValueError(f"between 1 and {min(x.shape)} components, got {count}")
    mean = x.mean(axis=0)
    _, _, directions = np.linalg.svd(x - mean, full_matrices=False)
    return Components(mean, directions[:count].T)


def reconstruct(components: Components, x: Array) -> Array:
    """Rows (N, D) projected on the components and back, cut to [0, 1] as pictures are."""
    centered = x - components.mean
    back = (centered @ components.projection) @ components.projection.T + components.mean
    return np.clip(back, 0.0, 1.0)

"""Fit the temperature that makes confidences true (Guo et al. 2017, arXiv:1706.04599)."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize_scalar

from ocr.letters.classifiers.base import softmax

BOUNDS = (0.2, 7.0)  # temperatures that are looked through
TOLERANCE = 0.001  # of the logarithm


def likeliest_temperature(cost: Callable[[float], float]) -> float:
    """The temperature of the least cost, such as the negative logarithm of a likelihood."""
    low, high = (math.log(bound) for bound in BOUNDS)
    found = minimize_scalar(
        lambda log: cost(math.exp(log)),
        bounds=(low, high),
        method="bounded",
        options={"xatol": TOLERANCE},
    )
    return round(math.exp(float(found.x)), 4)


def fit_temperature(logits: NDArray[np.float32], labels: NDArray[np.int64]) -> float:
    """The divisor of the logits (N, K) that makes the true labels (N,) most likely."""

    def cost(temperature: float) -> float:
        probabilities = softmax(logits, temperature)
        right = probabilities[np.arange(len(labels)), labels]
        return -float(np.log(np.maximum(right, 1e-12)).mean())

    return likeliest_temperature(cost)

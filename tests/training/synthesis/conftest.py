"""What the tests of synthesis share."""

import os
from pathlib import Path

import numpy as np
import pytest


@pytest.fixture
def data():
    """The folder of the data sets."""
    if not os.environ.get("OCR_DATA"):
        pytest.skip("OCR_DATA is not set")
    return Path(os.environ["OCR_DATA"])


@pytest.fixture
def rng():
    return np.random.default_rng(0)

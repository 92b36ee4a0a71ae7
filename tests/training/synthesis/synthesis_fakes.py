"""What tests of synthesis need."""

import os

import pytest

needs_fonts = pytest.mark.skipif(
    not os.environ.get("OCR_DATA"), reason="OCR_DATA is not set: no handwriting fonts"
)

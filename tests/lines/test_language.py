"""ocr.lines.language: loading, and files that are none."""

import time

import numpy as np
import pytest

from ocr.errors import ModelError
from ocr.lines.language import likeliest, load_language


def test_loads_quickly():
    def seconds() -> float:
        begun = time.process_time()
        load_language()
        return time.process_time() - begun

    assert min(seconds() for _ in range(4)) < 0.3  # about 0.04 s; a slow machine may take longer


def test_other_files_are_refused(tmp_path):
    foreign = tmp_path / "foreign.npz"
    np.savez(foreign, keys=np.zeros(3))
    with pytest.raises(ModelError, match="foreign"):
        load_language(foreign)
    with pytest.raises(ModelError, match="no such"):
        load_language(tmp_path / "missing.npz")
    truncated = tmp_path / "truncated.npz"
    from ocr.weights import find_weights

    truncated.write_bytes(find_weights("english").read_bytes()[:200_000])
    with pytest.raises(ModelError, match="truncated"):
        load_language(truncated)


def test_the_likeliest_of_several_is_told_and_in_doubt_the_first():
    english, french = load_language(), load_language("french")
    assert likeliest([english, french], ["the children were playing in the garden"]) == 0
    assert likeliest([english, french], ["les enfants jouaient dans le jardin ce matin"]) == 1
    assert likeliest([english, french], ["les"]) == likeliest([french, english], ["yes"]) == 0
    assert likeliest([], ["a"]) == 0

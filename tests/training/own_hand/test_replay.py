"""Base data to mix in, with and without the data sets."""

import os

import numpy as np
import pytest

from ocr.errors import DataError
from training.data.glyphs import CHARSET
from training.own_hand import replay
from training.synthesis.strips import fits


@pytest.fixture
def no_data(monkeypatch):
    monkeypatch.delenv("OCR_DATA", raising=False)


def test_without_the_data_sets_glyphs_are_set_in_type(no_data, monkeypatch):
    every = replay._type()
    assert len(every) >= 12
    monkeypatch.setattr(replay, "_type", lambda: every[:3])
    base = replay.base_glyphs("".join(CHARSET))
    assert not base.real
    assert "type" in base.name
    assert base.sources == ()
    for part in (base.train, base.valid, base.test):
        assert set(part.labels) == set(CHARSET)
        assert all(image.shape == (32, 32) for image in part.images[:5])
    assert base.train.digest() != base.test.digest()


def test_only_characters_that_the_model_knows(no_data, monkeypatch):
    every = replay._type()
    monkeypatch.setattr(replay, "_type", lambda: every[:3])
    base = replay.base_glyphs("AB1")
    assert set(base.train.labels) == set("AB1")
    cased = dict(zip(base.train.labels, base.train.cased.tolist(), strict=True))
    assert cased["1"]


def test_without_the_data_sets_lines_say_the_own_words(no_data, monkeypatch):
    monkeypatch.setattr(replay, "TYPE_LINES", {"train": 12, "valid": 2, "test": 2})
    base = replay.base_lines(("dear Jonas", "see you on Saturday"))
    assert (len(base.train), len(base.valid), len(base.test)) == (12, 2, 2)
    assert any("jonas" in text.lower() for text in base.train.labels)
    assert all(fits(image, text) for image, text in zip(base.train.images, base.train.labels,
                                                        strict=True))  # fmt: skip
    again = replay.base_lines(("dear Jonas", "see you on Saturday"))
    assert again.train.digest() == base.train.digest()


def test_a_wrong_data_folder_is_told(monkeypatch, tmp_path):
    monkeypatch.setenv("OCR_DATA", str(tmp_path / "missing"))
    with pytest.raises(DataError, match="no such folder"):
        replay.base_glyphs("AB")
    monkeypatch.setenv("OCR_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("OCR_DATA", str(tmp_path))  # a folder, but of other things
    with pytest.raises(DataError, match=r"emnist\.npz"):
        replay.base_glyphs("AB")
    with pytest.raises(DataError, match=r"\.zip: not there. Set OCR_DATA"):
        replay.base_lines(("one two",))


@pytest.mark.data
@pytest.mark.skipif(not os.environ.get("OCR_DATA"), reason="OCR_DATA is not set: no data sets")
def test_with_the_data_sets_glyphs_are_real(monkeypatch, tmp_path):
    monkeypatch.setattr(replay, "GLYPHS", {"train": 60, "valid": 20, "test": 20})
    monkeypatch.setenv("OCR_CACHE", str(tmp_path))
    base = replay.base_glyphs("".join(CHARSET))
    assert base.real
    assert len(base.train) == 60
    assert [source["name"][:6] for source in base.sources] == ["EMNIST", "UNIPEN"]
    again = replay.base_glyphs("".join(CHARSET))
    assert again.train.digest() == base.train.digest()
    assert np.stack(base.train.images).min() == 0

import io
import os
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner
from PIL import Image

from training.data.datasets import HELD_OUT_FONTS
from training.synthesis import sample_photos
from training.synthesis.sample_photos import SAMPLES, main

IMAGES = Path(__file__).resolve().parents[3] / "images"


@pytest.mark.parametrize("name", SAMPLES)
def test_every_sample_lies_in_images_with_its_text(name: str) -> None:
    with Image.open(IMAGES / f"{name}.jpg") as photo:
        assert photo.mode == "RGB"
        assert 1200 <= max(photo.size) <= 2400
        assert np.asarray(photo.convert("L")).std() > 10
    text = (IMAGES / f"{name}.gt.txt").read_text(encoding="ascii")
    assert text.endswith("\n")
    assert all(line == line.strip() and line for line in text.splitlines())


def test_no_picture_is_without_a_sample_and_all_are_small() -> None:
    pictures = list(IMAGES.glob("*.jpg"))
    assert {path.stem for path in pictures} == set(SAMPLES)
    assert sum(path.stat().st_size for path in pictures) < 2_200_000


def test_no_sample_uses_a_font_kept_for_measuring() -> None:
    source = Path(sample_photos.__file__).read_text(encoding="utf-8")
    assert not [family for family in HELD_OUT_FONTS if f'"{family}-' in source]


@pytest.mark.data
@pytest.mark.skipif(not os.environ.get("OCR_DATA"), reason="OCR_DATA is not set: no fonts")
def test_the_command_makes_the_stored_picture_again(tmp_path: Path) -> None:
    result = CliRunner().invoke(main, ["--out", str(tmp_path), "phone_note"])
    assert result.exit_code == 0, result.output
    made, kept = ((folder / "phone_note.jpg").read_bytes() for folder in (tmp_path, IMAGES))
    # Decoded and with a tolerance: another release of a library may round otherwise.
    new, old = (np.asarray(Image.open(io.BytesIO(data)), dtype=float) for data in (made, kept))
    assert np.abs(new - old).mean() < 1
    assert (tmp_path / "phone_note.gt.txt").read_text() == (
        IMAGES / "phone_note.gt.txt"
    ).read_text()

"""Pictures of known pixels, in files and in memory."""

import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from ocr.errors import ImageError
from ocr.input.photo import Photo

LETTERS = np.array(
    [[1, 1, 1, 1], [1, 0, 1, 1], [1, 0, 0, 1]], dtype=np.float32
)  # an L: no two of its eight orientations look alike


def picture(scale: int = 8) -> Image.Image:
    """LETTERS enlarged, so that JPEG blocks are even: mode L."""
    return Image.fromarray(np.kron(LETTERS, np.ones((scale, scale))).astype(np.uint8) * 255)


def cells(photo: Photo) -> np.ndarray:
    """The middle of every square of `picture`."""
    return photo.grey(32)[4::8, 4::8]


def encoded(image: Image.Image, kind: str, **options: object) -> bytes:
    """The file of a picture."""
    stream = io.BytesIO()
    image.save(stream, kind, **options)
    return stream.getvalue()


def one_line(error: pytest.ExceptionInfo[ImageError], name: str) -> str:
    """What an error says, checked to be one line that names the file."""
    text = str(error.value)
    assert "\n" not in text
    assert name in text
    assert text.endswith(".")
    return text


def strokes(height: int = 300, width: int = 400) -> np.ndarray:
    """Dark strokes on light paper: (height, width) uint8."""
    grey = np.full((height, width), 220, np.uint8)
    grey[height // 3 : height // 2, width // 8 : -width // 8 : 9] = 30
    return grey


def in_memory(image: Image.Image, kind: str, **options: object) -> io.BytesIO:
    """The file of a picture, open."""
    return io.BytesIO(encoded(image, kind, **options))


def touched(folder: Path, *names: str) -> Path:
    """A folder with empty files of these names."""
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    return folder

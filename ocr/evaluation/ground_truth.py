"""Photos whose text is known: `photo.gt.txt` beside `photo.jpg`."""

from __future__ import annotations

from pathlib import Path

from ocr.errors import DataError, ImageError
from ocr.input.sources import pictures_in

GROUND_TRUTH = ".gt.txt"


def pairs_in(path: Path) -> list[tuple[Path, Path]]:
    """Images with their ground truth: `photo.jpg` with `photo.gt.txt` beside it.

    Parameters
    ----------
    path : Path
        A folder, of which the pictures that have a ground truth count, or a single image.

    Raises
    ------
    ImageError
        The path is missing, or the folder holds no picture.
    DataError
        There is no ground truth.
    """
    if path.is_dir():
        pairs = [(picture, truth_path(picture)) for picture in pictures_in(path)]
        pairs = [(picture, truth) for picture, truth in pairs if truth.is_file()]
        if not pairs:
            raise DataError(
                f"{path}: no picture here has a {GROUND_TRUTH} file beside it. Write what "
                f"photo.jpg says into photo{GROUND_TRUTH}."
            )
        return pairs
    if not path.exists():
        raise ImageError(f"{path}: no such file or folder. Check the path.")
    truth = truth_path(path)
    if not truth.is_file():
        raise DataError(f"{path}: no ground truth. Write its text into {truth}.")
    return [(path, truth)]


def read_truth(path: Path) -> str:
    """Text of a ground truth file, UTF-8 with or without a byte order mark.

    Raises
    ------
    DataError
        It cannot be read or is not UTF-8.
    """
    try:
        return path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError:
        raise DataError(f"{path}: not UTF-8 text. Save it as UTF-8.") from None
    except OSError as error:
        raise DataError(f"{path}: cannot be read ({error.strerror}).") from None


def truth_path(picture: Path) -> Path:
    """Where the ground truth of a picture stands: `photo.gt.txt` beside `photo.jpg`."""
    return picture.with_name(picture.stem + GROUND_TRUTH)

"""Photos whose text is known: `photo.gt.txt` beside `photo.jpg`.

A text that was read and that nobody has looked at is a draft: its file begins with the line
`DRAFT`, which a person deletes once the text is right. A file without that line is confirmed.
"""

from __future__ import annotations

from pathlib import Path

from ocr.errors import DataError, ImageError
from ocr.input.sources import pictures_in

GROUND_TRUTH = ".gt.txt"
MAX_BYTES = 1 << 24  # of a text
DRAFT = "# draft by ocr: delete this line once the text below is right"


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
    """Text of a ground truth file, UTF-8 with or without a byte order mark; a draft's without its
    first line.

    Raises
    ------
    DataError
        It cannot be read or is not UTF-8.
    """
    text = _content(path)
    return text.partition("\n")[2] if _begins_as_draft(text) else text


def is_draft(path: Path) -> bool:
    """Whether a ground truth file is what was read and nobody has confirmed.

    Raises
    ------
    DataError
        As `read_truth`.
    """
    return _begins_as_draft(_content(path))


def _content(path: Path) -> str:
    try:
        if path.exists() and not path.is_file():
            raise DataError(f"{path}: a pipe, a device or a folder and no text. Remove it.")
        with path.open("rb") as stream:
            content = stream.read(MAX_BYTES + 1)
        if len(content) > MAX_BYTES:
            raise DataError(f"{path}: more than {MAX_BYTES >> 20} MiB are no text of a photo.")
        # Line ends of all systems, as text files are read.
        return content.decode("utf-8-sig").replace("\r\n", "\n").replace("\r", "\n")
    except UnicodeDecodeError:
        raise DataError(f"{path}: not UTF-8 text. Save it as UTF-8.") from None
    except OSError as error:
        raise DataError(f"{path}: cannot be read ({error.strerror}).") from None


def _begins_as_draft(text: str) -> bool:
    return text.split("\n", 1)[0].strip() == DRAFT


def truth_path(picture: Path) -> Path:
    """Where the ground truth of a picture stands: `photo.gt.txt` beside `photo.jpg`."""
    return picture.with_name(picture.stem + GROUND_TRUTH)

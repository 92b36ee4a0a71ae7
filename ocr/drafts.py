"""Write what was read as drafts of ground truth, for a person to correct and `ocr train` to learn.

What a person may have corrected already is never written over.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from PIL import Image

from ocr.evaluate import truth_path
from ocr.output import make_folder, replacing
from ocr.reader import ReadLine


def write_draft(photo: Path, text: str) -> bool:
    """Write a photo's text into the `.gt.txt` beside it; False, and nothing, if that stands.

    Raises
    ------
    OutputError
        It cannot be written.
    """
    path = truth_path(photo)
    if path.exists():
        return False
    with replacing(path) as stream:
        stream.write(f"{text.rstrip()}\n".encode())
    return True


def write_line_images(folder: Path, stem: str, lines: Sequence[ReadLine]) -> int:
    """Write each line as `folder/stem-01.png`, its text beside it; how many stood and were left.

    The picture is what the line recogniser is given, before it is scaled: straight, in grey, only
    this line's ink.

    Raises
    ------
    OutputError
        The folder or a file cannot be written.
    """
    make_folder(folder)
    left = 0
    digits = max(2, len(str(len(lines))))
    for number, line in enumerate(lines, start=1):
        path = folder / f"{stem}-{number:0{digits}d}.png"
        if truth_path(path).exists():
            left += 1
            continue
        with replacing(path) as stream:
            Image.fromarray(np.round(line.image * 255).astype(np.uint8)).save(stream, "PNG")
        write_draft(path, line.line.text)
    return left

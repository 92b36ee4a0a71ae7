"""Write what was read as drafts of ground truth, for a person to correct and `ocr train` to learn.

What a person may have corrected already is never written over.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from ocr.evaluation.ground_truth import DRAFT, draft_path, truth_path
from ocr.formats.output import make_folder, refuse_special, replacing
from ocr.input.documents import PageSource
from ocr.layout.read_line import ReadLine
from ocr.lines.normalize import LINE_HEIGHT, NORMALIZATION
from ocr.page import Page
from ocr.weights import sha256

STRIP = "ocr-strip"  # key of a text in a picture's file: it is a strip, cut by this method
SOURCE = "ocr-source"  # another: SHA-256 of what it was cut from


def write_drafts(
    source: PageSource,
    page: Page,
    lines: Sequence[ReadLine],
    stem: str,
    beside: bool,
    folder: str | None,
) -> list[str]:
    """Write what was read of a page as drafts; return sentences about what was left as it is.

    Parameters
    ----------
    source, page, lines
        The page, what was read, and its lines with their pictures.
    stem : str
        Name of the document's outputs, unique in the run.
    beside : bool
        Write the text beside the photo.
    folder : str or None
        Write the lines with their texts there.
    """
    left = []
    if beside and source.pages > 1:
        left.append(f"{source.title}: --gt is for photos of one page; this one gets no .gt.txt")
    elif beside and page.lines and not write_draft(Path(source.path), page.text):
        left.append(f"{source.name}: has a .gt.txt, which is left as it is")
    if folder is not None and lines:
        number = f"-p{source.number}" if source.pages > 1 else ""
        name = stem.replace("/", "--") + number  # not in folders: none looks for lines there
        stood = write_line_images(Path(folder), name, lines, _digest(source))
        if stood:
            left.append(f"{source.title}: {stood} of its lines are in {folder}, left as they are")
    return left


def write_draft(photo: Path, text: str) -> bool:
    """Write a photo's text as a draft into the `.gt.txt` beside it; False if one exists already.

    Raises
    ------
    OutputError
        It cannot be written.
    """
    path = draft_path(photo)
    if os.path.lexists(path):  # a link that leads nowhere too
        return False
    with replacing(path) as stream:
        stream.write(f"{DRAFT}\n{text.rstrip()}\n".encode())
    return True


def write_line_images(folder: Path, stem: str, lines: Sequence[ReadLine], source: str = "") -> int:
    """Write each line as `folder/stem-01.png` with its text beside it; skip those that exist.

    The picture is the strip that the line recognizer is given, and is marked as one: see
    `is_strip`. `source` identifies the file that the lines are cut from; if `stem` is taken by
    lines from another file, `stem~2` and so on are used.

    Returns
    -------
    int
        How many lines existed already.

    Raises
    ------
    OutputError
        The folder or a file cannot be written.
    """
    make_folder(folder)
    left = 0
    mark = PngInfo()
    mark.add_text(STRIP, NORMALIZATION)
    mark.add_text(SOURCE, source)
    for path, line in zip(_free(folder, stem, len(lines), source), lines, strict=True):
        if os.path.lexists(truth_path(path)):
            left += 1
            continue
        refuse_special(path)
        with replacing(path) as stream:
            image = Image.fromarray(np.round(line.image * 255).astype(np.uint8))
            image.save(stream, "PNG", pnginfo=mark)
        write_draft(path, line.line.text)
    return left


def _free(folder: Path, stem: str, count: int, source: str) -> list[Path]:
    """Paths for `count` lines, none of which holds a line that was cut from another file."""
    digits = max(2, len(str(count)))
    number, name = 1, stem
    while True:
        paths = [folder / f"{name}-{k:0{digits}d}.png" for k in range(1, count + 1)]
        if all(_source_of(path) in (None, source) for path in paths):
            return paths
        number += 1
        name = f"{stem}~{number}"


def _source_of(path: Path) -> str | None:
    """The `source` that is recorded in a strip; None without one."""
    try:
        with Image.open(path) as image:
            found = image.info.get(SOURCE)
            return found if isinstance(found, str) else None
    except (OSError, SyntaxError, ValueError):
        return None


def _digest(source: PageSource) -> str:
    """SHA-256 of the file that a page is in."""
    if source.content is not None:
        return hashlib.sha256(source.content).hexdigest()
    return sha256(Path(source.path))


def is_strip(path: Path) -> bool:
    """Whether a file is a strip as `write_line_images` wrote it; False for any other kind."""
    try:
        with Image.open(path) as image:
            return image.info.get(STRIP) == NORMALIZATION and image.height == LINE_HEIGHT
    except OSError:
        return False

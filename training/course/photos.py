"""The characters of photos, as `find_letters` boxes them, one stack of glyphs a line."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ocr.errors import DataError
from ocr.input.photo import open_image
from ocr.input.sources import pictures_in
from ocr.layout.page_network import installed_finder
from ocr.letters.classifiers.base import Classifier
from ocr.letters.doubts import settle
from ocr.letters.find_letters import segment
from ocr.letters.group_lines import group_lines

COURSE_PHOTOS = {  # characters right, the best of the course's write-ups
    "cmu_01_list": "81.7 %",
    "cmu_02_letters": "80.6 %",
    "cmu_03_haiku": "92.6 %",
    "cmu_04_deep": "80.5 %",
}


@dataclass(frozen=True)
class Crops:
    """Crops of characters with their truth, and how many were left out for want of one.

    `images` (N, 32, 32) uint8, `labels` (N,) of one-character strings.
    """

    images: NDArray[np.uint8]
    labels: NDArray[np.str_]
    lines: int
    lines_left_out: int


def line_glyphs(path: Path, classifier: Classifier) -> list[NDArray[np.float32]]:
    """Normalized glyphs (N, 32, 32) of each line of a photo, in reading order.

    `classifier` settles where the shape alone cannot tell one character from two.
    """
    photo = open_image(path)
    found, lines, _ = segment(photo, installed_finder().find(photo))
    found, glyphs, _ = settle(found, classifier)
    return [glyphs[row] for row in group_lines(found.boxes, lines)]


def truth_lines(path: Path) -> list[str]:
    """The lines of the ``.gt.txt`` beside a photo, without spaces."""
    truth = path.with_suffix(".gt.txt")
    if not truth.is_file():
        raise DataError(f"{truth}: missing; it must hold the text of the photo.")
    rows = truth.read_text(encoding="utf-8").splitlines()
    return [row.replace(" ", "") for row in rows if row.strip()]


def labeled_crops(folder: Path, classifier: Classifier) -> Crops:
    """Crops of all photos of a folder whose truth is sure.

    A line counts if the photo has as many lines as its truth, and the line as many boxes as its
    truth has characters; the k-th box is then the k-th character. Where most lines of a photo have
    other numbers, as in joined writing, those that agree do so by chance, and none counts.
    """
    images, labels, lines, left_out = [], [], 0, 0
    for path in pictures_in(folder):
        truth, found = truth_lines(path), line_glyphs(path, classifier)
        lines += len(truth)
        pairs = [pair for pair in zip(truth, found, strict=False) if len(pair[0]) == len(pair[1])]
        if len(truth) != len(found) or 2 * len(pairs) < len(truth):
            pairs = []
        left_out += len(truth) - len(pairs)
        for text, glyphs in pairs:
            images.append(np.round(255 * glyphs).astype(np.uint8))
            labels += list(text)
    if not images:
        raise DataError(f"{folder}: no line of these photos has as many boxes as characters.")
    return Crops(np.concatenate(images), np.array(labels), lines, left_out)

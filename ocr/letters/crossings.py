"""Ink that belongs to two text lines: a tail that touches an ascender below is cut in two."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from ocr.letters.baselines import BAND, TALL, Course, fit_course, ink_points, strips
from ocr.letters.find_letters import Segmentation, group_boxes, label_boxes

FILLED = 0.8  # of a band's rows that ink must cover to be writing of that line, not a mere tail
WIDE = 0.35  # letter heights that it must be wide in the band: a tail is a single stroke
REACH = 3.0  # letter heights beyond the ends of a line in which ink may still be of it


def split_crossings(found: Segmentation, rows: list[NDArray[np.intp]]) -> Segmentation:
    """Divide characters that reach over the small letters of more than one line.

    Each pixel goes to the line whose small letters it is nearest to along the ink: a watershed
    from the ink within each line's band.

    Parameters
    ----------
    found : Segmentation
    rows : list of int arrays
        Its characters in lines, as `ocr.letters.group_lines.group_lines` gives them.

    Returns
    -------
    Segmentation
        With more parts and characters; `found` itself where nothing crosses.
    """
    heights = found.boxes[:, 2] - found.boxes[:, 0]
    usual = heights < TALL * found.letter_height
    if usual.all() or not usual.any():
        return found
    ink = ink_points(found)
    courses, off = [], []
    for row in rows:
        members = row[usual[row]]
        if len(members):
            course, residual = _course(found, members, ink)
            courses.append(course)
            off.append(residual)
    band = np.percentile(np.concatenate(off), BAND)
    labels, owner = found.labels.copy(), found.owner.tolist()
    characters = len(found.boxes)
    for character in np.flatnonzero(~usual):
        y1, x1, y2, x2 = found.boxes[character]
        here = labels[y1:y2, x1:x2]
        before = found.labels[y1:y2, x1:x2]  # without the new parts of others in the same box
        own = (before > 0) & (found.owner[before - 1] == character)
        lines = _lines_of(own, y1, x1, courses, band, found.letter_height)
        numbers = np.unique(lines[own])
        for part in np.unique(here[own]):
            pixels = here == part
            area = np.bincount(lines[pixels], minlength=numbers.max() + 1)
            stays = int(area.argmax())
            for line in np.flatnonzero(area):
                whose = character if line == numbers[0] else characters + int(line) - 1
                if line == stays:
                    owner[part - 1] = whose
                else:
                    owner.append(whose)
                    here[pixels & (lines == line)] = len(owner)
        characters += len(numbers) - 1
    if characters == len(found.boxes):
        return found
    number = np.array(owner, dtype=np.intp)
    return replace(
        found, labels=labels, owner=number, boxes=group_boxes(label_boxes(labels), number)
    )


def _course(
    found: Segmentation, members: NDArray[np.intp], ink: NDArray[np.intp]
) -> tuple[Course, NDArray[np.float64]]:
    """The course of some characters of a line, and how far their ink lies below it."""
    mine = np.zeros(len(found.boxes), dtype=bool)
    mine[members] = True
    own = ink[mine[ink[:, 2]]]
    parts = strips(found.boxes, own, found.letter_height)
    course = fit_course(parts.col, parts.row, found.letter_height)
    return course, own[:, 0] - course.at(own[:, 1])


def _lines_of(
    own: NDArray[np.bool_],
    top: int,
    left: int,
    courses: list[Course],
    band: NDArray[np.floating],
    size: float,
) -> NDArray[np.intp]:
    """For each pixel of a character, counted 0, 1, ..., which of its lines it belongs to."""
    from skimage.segmentation import watershed  # late: few pages need it

    cols = left + np.arange(own.shape[1])
    rows = top + np.arange(own.shape[0])[:, None]
    markers = np.zeros(own.shape, dtype=np.intp)
    count = 0
    for course in courses:
        near = (cols > course.first - REACH * size) & (cols < course.last + REACH * size)
        off = rows - course.at(cols)
        within = own & near & (off >= band[0]) & (off <= band[1])
        if not within.any():
            continue
        filled = len(np.unique(np.round(off[within]))) / (band[1] - band[0])
        if filled > FILLED and np.ptp(np.flatnonzero(within.any(axis=0))) > WIDE * size:
            count += 1
            markers[within] = count
    if count < 2:
        return np.zeros(own.shape, dtype=np.intp)
    lines: NDArray[np.intp] = watershed(np.zeros(own.shape), markers, np.ones((3, 3)), mask=own)
    nearest = ndimage.distance_transform_edt(
        markers == 0, return_distances=False, return_indices=True
    )
    return np.where(lines > 0, lines, markers[tuple(nearest)]) - 1  # loose pieces: the nearest

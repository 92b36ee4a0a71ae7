"""Lines of pages whose transcribers drew where they lie: cut along what they drew, not found again.

A line may have a baseline, an outline, or boxes of words alone. How high its small letters are is
told by the ink.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from ocr.errors import DataError, OcrError
from ocr.evaluation.ground_truth import PageTruth, is_page_file, page_truths, truth_path
from ocr.input.documents import PageSource
from ocr.input.photo import Photo
from ocr.layout.darkness import ink_darkness
from ocr.layout.line_pictures import find_line
from ocr.layout.page_network import installed_finder
from ocr.layout.polarity import dark_on_light
from ocr.layout.strips import TextLine, fitted_strip
from ocr.page import Line, Page
from training.data.page_sets import x_heights
from training.own_hand.samples import Account

SIDE = 4000  # pixels, longest side at which a page is opened: letters of a strip are 13 high


def transcribed_pages(path: Path, account: Account) -> dict[PageSource, PageTruth]:
    """The pages in PAGE XML, ALTO and page JSON that have a line to learn from, by their picture.

    Of a page that several files tell, the first one counts. Drafts are left out and named.
    """

    def on_error(error: OcrError) -> None:
        account.leave_out("files of pages that cannot be used", name=str(error))

    found: dict[PageSource, PageTruth] = {}
    unused: list[PageTruth] = []
    if not path.is_dir() and not is_page_file(path):
        return found
    for one in page_truths(path, on_error):
        if one.confirmed and one.source not in found:
            account.leave_out("lines that nobody has confirmed", one.lines - one.confirmed)
            found[one.source] = one
        elif one.source not in found:
            unused.append(one)
    for one in unused:
        truth = truth_path(one.picture, one.number, one.pages)
        if one.source in found or truth.is_file():
            continue
        if one.lines:
            reason = f"{one.file}: a draft. Correct its lines and confirm them."
            account.leave_out("drafts that nobody has confirmed", name=reason)
        else:
            reason = f"{one.file}: no line has a text and a place."
            account.leave_out("files of pages that cannot be used", name=reason)
    return found


def page_lines(page: Page) -> Iterator[tuple[NDArray[np.float32], str]]:
    """The strips of a page's lines, each with its text.

    Parameters
    ----------
    page : Page
        With its picture as `photo`.

    Yields
    ------
    (STRIP_HEIGHT, W) float32 array, str
        Grey: 0 ink, 1 paper.

    Raises
    ------
    DataError
        The page has no picture.
    ImageError
        The picture is damaged.
    """
    if not isinstance(page.photo, Photo):
        raise DataError("a page without its picture.")
    if not page.lines:
        return
    grey = dark_on_light(page.photo).grey(SIDE)
    darkness = ink_darkness(grey)
    scale = np.array([grey.shape[0] / page.height, grey.shape[1] / page.width])
    polygons = [_outline(line) * scale for line in page.lines]
    baselines = [
        _baseline(line, polygon, darkness, scale)
        for line, polygon in zip(page.lines, polygons, strict=True)
    ]
    heights = x_heights(darkness, [_level(base) for base in baselines], polygons)
    for line, base, height in zip(page.lines, baselines, heights, strict=True):
        yield fitted_strip(darkness, TextLine(base, float(height))).image, line.text


def _outline(line: Line) -> NDArray[np.float64]:
    """(K, 2) points (row, col) around a line; for want of an outline, its box."""
    if len(line.polygon) > 2:
        return np.array(line.polygon, dtype=np.float64)
    box = line.box
    corners = [(box.y1, box.x1), (box.y1, box.x2), (box.y2, box.x2), (box.y2, box.x1)]
    return np.array(corners, dtype=np.float64)


def _baseline(
    line: Line,
    polygon: NDArray[np.float64],
    darkness: NDArray[np.float32],
    scale: NDArray[np.float64],
) -> NDArray[np.float64]:
    """(K, 2) points on which a line's letters stand, as it runs; by the ink if none were drawn."""
    if len(line.baseline) > 1:
        base = np.array(line.baseline, dtype=np.float64) * scale
        backwards = np.ptp(base[:, 1]) > np.ptp(base[:, 0]) and base[-1, 1] < base[0, 1]
        # Drawn from right to left, unless it stands on its head: then it lies over its letters.
        if backwards and polygon[:, 0].mean() < np.interp(
            polygon[:, 1].mean(), base[::-1, 1], base[::-1, 0]
        ):
            base = base[::-1]
        return base
    top, left = np.maximum(np.floor(polygon.min(axis=0)).astype(int), 0)
    bottom, right = np.ceil(polygon.max(axis=0)).astype(int) + 1
    part = darkness[top:bottom, left:right]
    mask = Image.new("1", (part.shape[1], part.shape[0]))
    ImageDraw.Draw(mask).polygon([(x - left, y - top) for y, x in polygon.tolist()], fill=1)
    ink = np.where(np.asarray(mask), part, np.float32(0)).astype(np.float32)
    return find_line(ink, installed_finder()).baseline + np.array([top, left])


def _level(base: NDArray[np.float64]) -> NDArray[np.float64]:
    """A baseline with its points from left to right, as measures of height take it."""
    return base[np.argsort(base[:, 1], kind="stable")]

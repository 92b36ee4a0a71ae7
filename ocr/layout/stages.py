"""The steps of finding text lines as pictures, for `ocr boxes --stages`."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from ocr.layout.darkness import ink_darkness
from ocr.layout.end_marks import with_end_marks
from ocr.layout.page_network import Layout
from ocr.layout.picture import Picture
from ocr.layout.reading_order import reading_order
from ocr.layout.rows import in_rows
from ocr.layout.sheets import sheets_of
from ocr.layout.strips import TextLine

OnStage = Callable[[str, NDArray[np.float32]], None]  # told the name and the picture of each step

SHOWN_SIDE = 1400  # pixels, longer side of the pictures
FAINT = 0.35  # share of the page that shows behind a map
BASELINE_WIDTH = 1 / 8  # x-heights, of the line that is drawn for a baseline
X_HEIGHT_GREY = 130  # of 255, of the line that is drawn over the small letters


def show_layout(
    picture: Picture,
    layout: Layout,
    on_stage: OnStage,
    order: Sequence[Sequence[Sequence[int]]] | None = None,
) -> None:
    """Call `on_stage` with the name and the grey picture of each step, in order.

    The page, its light evened out, what the network takes for small letters, baselines and ends of
    lines, and the lines that were traced, numbered in `order`, which is as
    `ocr.layout.reading_order.reading_order` gives it and by default what it makes of their places.
    """
    grey = picture.grey(SHOWN_SIDE)
    on_stage("photo", grey)
    darkness = ink_darkness(grey)
    on_stage("light", 1 - darkness)
    size = (grey.shape[1], grey.shape[0])
    for name, number in (("writing", 2), ("baselines", 0), ("ends", 1)):
        seen = Image.fromarray(layout.maps[number]).resize(size, Image.Resampling.BILINEAR)
        over = np.maximum(np.asarray(seen), FAINT * darkness)
        on_stage(name, np.clip(1 - over, 0, 1))
    scale = max(grey.shape) / max(picture.height, picture.width)
    if order is None:
        order = reading_order(layout.lines, sheets_of(picture, layout.lines))
    lines = [line.scaled(scale) for line, _ in in_rows(layout.lines, order)]
    on_stage("lines", _with_lines(grey, with_end_marks(darkness, lines)))


def _with_lines(grey: NDArray[np.float32], lines: list[TextLine]) -> NDArray[np.float32]:
    """The page, faded, with its lines, their x-heights and their numbers."""
    faded = np.uint8(255 - FAINT * 255 * (1 - grey))
    drawn = Image.fromarray(faded)
    draw = ImageDraw.Draw(drawn)
    for number, line in enumerate(lines, start=1):
        points = [(x, y) for y, x in line.baseline.tolist()]
        over = [(x, y - line.x_height) for x, y in points]
        thick = max(1, round(BASELINE_WIDTH * line.x_height))
        draw.line(points, fill=0, width=thick)
        draw.line(over, fill=X_HEIGHT_GREY, width=max(1, thick // 2))
        draw.text((points[0][0], points[0][1] + thick), str(number), fill=0)
    return np.asarray(drawn, dtype=np.float32) / np.float32(255)

"""Whole real pages with their text lines, from the zips in `$OCR_DATA/pages`."""

from __future__ import annotations

import io
import json
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from scipy import ndimage

from ocr.layout.darkness import ink_darkness
from ocr.layout.strips import TextLine
from training.data.scans import open_scans
from training.data.text import fold_text

PAGE_SETS = ("copiste", "peraire", "poilus", "mss19", "mss20")
SHARED_WITH_LINES = ("peraire", "poilus")  # line sets whose valid lines may stand on train pages


@dataclass(frozen=True)
class SizeConfig:
    """How the height of a line's small letters is told from its outline and its ink.

    Set by hand; how they were compared was not kept.

    Attributes
    ----------
    ascenders : float
        Percentile of the outline's height above the baseline that ascenders reach.
    over, guess : float
        Pixels above the baseline from which the outline counts, and the height where nothing does.
    most_pitch : float
        Distances between lines that ascenders reach at most.
    overlap : float
        Share of the narrower of two lines that must lie over the other to tell that distance.
    least_pitch : float
        Pixels between two lines; nearer ones are one line transcribed twice.
    lines : float
        Of a page whose lines do not lie over each other: so many fit on it.
    inked : float
        Darkness from which a pixel is ink.
    step, reach : float
        Pixels between the heights at which the ink is looked at, and how far up, in ascenders.
    least, most : float
        Heights that are tried, in those of the ascenders; `steps` of them.
    steps : int
    usual : float
        The same, where no height shows.
    compared : float
        Heights above the baseline up to which the ink above the small letters counts.
    outlying : float
        A line's height is held within this factor of its page's median.
    """

    ascenders: float = 85
    over: float = 2
    guess: float = 20.0
    most_pitch: float = 1.2
    overlap: float = 0.3
    least_pitch: float = 6
    lines: float = 25
    inked: float = 0.25
    step: float = 0.5
    reach: float = 1.3
    least: float = 0.25
    most: float = 0.62
    steps: int = 60
    usual: float = 0.45
    compared: float = 1.9
    outlying: float = 1.22


CONFIG = SizeConfig()


@dataclass(frozen=True)
class PageLine:
    """A transcribed line of a page: where it lies, what it says, and its outline.

    `polygon` is (K, 2) of (row, col); `readable` is False where the text also stands in a split
    that serves choosing or measuring readers.
    """

    line: TextLine
    text: str
    polygon: NDArray[np.float64]
    readable: bool = True


@dataclass(frozen=True)
class RealPage:
    """A page picture, (H, W) uint8, and its transcribed lines in the order of the file."""

    name: str
    grey: NDArray[np.uint8]
    lines: tuple[PageLine, ...]

    @property
    def source(self) -> str:
        """The set that the page is from."""
        return self.name.partition("/")[0]


def read_pages(data: Path, split: str) -> list[RealPage]:
    """The pages of a split that hold a line.

    Parameters
    ----------
    data : Path
        `$OCR_DATA`.
    split : {"train", "valid", "test"}
    """
    measured = {
        _plain(text)
        for name in SHARED_WITH_LINES
        for _, text in open_scans(data / "lines" / f"{name}.zip", "valid").rows
    }
    pages = []
    for name in PAGE_SETS:
        with zipfile.ZipFile(data / "pages" / f"{name}.zip") as archive:
            rows = map(json.loads, archive.read("pages.jsonl").decode().splitlines())
            for row in rows:
                if row["split"] == split:
                    with Image.open(io.BytesIO(archive.read(row["file"]))) as picture:
                        grey = np.asarray(picture.convert("L"))
                    lines = _lines(grey, row["lines"], measured)
                    if lines:
                        pages.append(RealPage(f"{name}/{row['file']}", grey, lines))
    return pages


def _plain(text: str) -> str:
    return "".join(sign for sign in fold_text(text).lower() if sign.isalnum())


def _lines(
    grey: NDArray[np.uint8], rows: list[dict[str, Any]], measured: set[str]
) -> tuple[PageLine, ...]:
    rows = [row for row in rows if row["text"].strip() and len(row["baseline"]) > 1]
    if not rows:
        return ()
    darkness = ink_darkness(grey.astype(np.float32) / np.float32(255))
    baselines = [_left_to_right(np.array(row["baseline"], dtype=np.float64)) for row in rows]
    polygons = [np.array(row["polygon"], dtype=np.float64)[:, ::-1] for row in rows]
    heights = x_heights(darkness, baselines, polygons)
    return tuple(
        PageLine(
            TextLine(base, float(height)),
            fold_text(row["text"]),
            polygon,
            _plain(row["text"]) not in measured,
        )
        for base, height, polygon, row in zip(baselines, heights, polygons, rows, strict=True)
    )


def x_heights(
    darkness: NDArray[np.float32],
    baselines: list[NDArray[np.float64]],
    polygons: list[NDArray[np.float64]],
) -> NDArray[np.float64]:
    """Height in pixels of the small letters of each line of a page.

    Parameters
    ----------
    darkness : (H, W) float32 array
        0 paper, 1 black.
    baselines, polygons : list of (K, 2) float arrays
        Points (row, col), those of a baseline from left to right; at least one line.

    Returns
    -------
    (N,) float array
        Each within `SizeConfig.outlying` of the median of the page.
    """
    pitch = line_pitch(baselines, darkness.shape[0])
    heights = np.array(
        [
            body_height(
                darkness, base, min(ascender_height(base, polygon), CONFIG.most_pitch * pitch)
            )
            for base, polygon in zip(baselines, polygons, strict=True)
        ]
    )
    lengths = np.array([np.ptp(base[:, 1]) for base in baselines])
    usual = float(np.median(np.repeat(heights, np.maximum(1, (lengths / pitch).astype(int)))))
    off = CONFIG.outlying
    clipped: NDArray[np.float64] = np.clip(heights, usual / off, usual * off)
    return clipped


def _left_to_right(points: NDArray[np.float64]) -> NDArray[np.float64]:
    """Points (x, y) as (row, col), beginning with the left end."""
    points = points[:, ::-1]
    return points[::-1] if points[0, 1] > points[-1, 1] else points


def line_pitch(baselines: list[NDArray[np.float64]], height: int) -> float:
    """Median distance in pixels from a baseline to the nearest one below that it overlaps."""
    gaps = []
    for one in baselines:
        left, right = one[:, 1].min(), one[:, 1].max()
        below = []
        for other in baselines:
            shared = min(right, other[:, 1].max()) - max(left, other[:, 1].min())
            least = CONFIG.overlap * min(right - left, np.ptp(other[:, 1]))
            if other is not one and shared > least:
                middle = (max(left, other[:, 1].min()) + min(right, other[:, 1].max())) / 2
                gap = np.interp(middle, other[:, 1], other[:, 0]) - np.interp(
                    middle, one[:, 1], one[:, 0]
                )
                if gap > CONFIG.least_pitch:
                    below.append(gap)
        if below:
            gaps.append(min(below))
    return float(np.median(gaps)) if gaps else height / CONFIG.lines


def ascender_height(base: NDArray[np.float64], polygon: NDArray[np.float64]) -> float:
    """How far an outline reaches over its baseline where letters rise, in pixels."""
    over = np.interp(polygon[:, 1], base[:, 1], base[:, 0]) - polygon[:, 0]
    over = over[over > CONFIG.over]
    return float(np.percentile(over, CONFIG.ascenders)) if len(over) else CONFIG.guess


def body_height(darkness: NDArray[np.float32], base: NDArray[np.float64], rise: float) -> float:
    """Height of a line's small letters in pixels, from the ink at each height over its baseline.

    Small letters fill the rows from the baseline up to their own height far more than ascenders
    fill the rows above; the height is where the difference of the two means is largest.

    Parameters
    ----------
    rise : float
        Height of the line's ascenders.
    """
    cols = np.arange(base[0, 1], max(base[-1, 1], base[0, 1] + 2))
    rows = np.interp(cols, base[:, 1], base[:, 0])
    over = np.arange(0, CONFIG.reach * rise, CONFIG.step)
    at = (rows[None] - over[:, None], np.broadcast_to(cols, (len(over), len(cols))))
    profile = (ndimage.map_coordinates(darkness, at, order=1) > CONFIG.inked).mean(axis=1)
    total = np.concatenate([[0.0], np.cumsum(profile)])
    best, chosen = -1.0, CONFIG.usual * rise
    for height in np.linspace(CONFIG.least * rise, CONFIG.most * rise, CONFIG.steps):
        n = max(2, int(height / CONFIG.step))
        top = min(len(over), int(n * CONFIG.compared))
        contrast = total[n] / n - (total[top] - total[n]) / max(1, top - n)
        if contrast > best:
            best, chosen = contrast, height
    return float(chosen)

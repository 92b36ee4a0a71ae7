"""Strips for the line recognizer, cut from written and from real pages as reading cuts them.

Run as ``python -m training.synthesis.strips --out DIR`` to fill a folder with shards. With
``--pages`` the pages that the strips come from are kept for the page network.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from ocr.layout.bullets import line_strip
from ocr.layout.darkness import ink_darkness
from ocr.layout.end_marks import with_end_marks
from ocr.layout.line_pictures import find_line
from ocr.layout.page_network import GreyArray, installed_finder
from ocr.layout.reading_order import reading_order
from ocr.layout.rows import in_rows
from ocr.layout.strips import TextLine
from ocr.lines.recognizer import FRAME
from training.commands import run
from training.data.datasets import data_dir
from training.data.page_samples import TrainingPage, photograph, write_pages
from training.data.page_sets import RealPage, read_pages
from training.data.shards import write_shard
from training.data.text import writable
from training.synthesis.written_pages import PAGES_A_FILE, write_page

Sample = tuple[NDArray[np.uint8], str]

LONGEST, WIDEST = 100, 1600  # characters and pixels of a training strip
SHARD = 1000  # strips a file


@dataclass(frozen=True)
class FoundConfig:
    """Which found lines are taken for a true one, and how much further off they are set.

    Lengths are in x-heights. Set by hand, beside how far off lines were found on 60 written pages
    (1,052 lines, by a script that was not kept): their size by a standard deviation of 0.17 (of its
    log, a tenth too small in the mean), their baseline by 0.12, its tilt by 0.27.

    Attributes
    ----------
    aside : float
        Most that a found baseline lies over or under the true one, in the median.
    short, beyond : float
        Most that it ends too early, and that it reaches beyond an end.
    size : float
        Standard deviation of the log of what its size is multiplied by.
    shift, tilt : float
        Standard deviation of how far it is moved, and one end more than the other.
    end : float
        Standard deviation of how far its ends are moved.
    """

    aside: float = 0.6
    short: float = 0.9
    beyond: float = 1.6
    size: float = 0.09
    shift: float = 0.05
    tilt: float = 0.08
    end: float = 0.2


CONFIG = FoundConfig()
REAL_SHARE = 0.18  # of the strips are of real pages; set by hand
AT_ONCE = 12  # lines of a real page that are taken before another page
ROOM = 1.1  # times the steps that a text needs, that a strip must have


def frames_needed(text: str) -> int:
    """Steps that CTC needs for a text: one a character, one more between equal neighbors."""
    return len(text) + sum(a == b for a, b in pairwise(text))


def fits(image: NDArray[np.generic], text: str) -> bool:
    """Whether a strip is wide enough for its text, with a tenth to spare."""
    return image.shape[1] // FRAME >= ROOM * frames_needed(text) and image.shape[1] <= WIDEST


def nearly(rng: np.random.Generator, line: TextLine) -> TextLine:
    """A line a little off in size, place, tilt and ends."""
    x_height = line.x_height * float(np.exp(rng.normal(0, CONFIG.size)))
    base = line.baseline.copy()
    share = np.linspace(-0.5, 0.5, len(base))
    base[:, 0] += x_height * (rng.normal(0, CONFIG.shift) + rng.normal(0, CONFIG.tilt) * share)
    for end, neighbor in ((0, 1), (-1, -2)):
        way = base[end] - base[neighbor]
        way = way / max(1e-6, float(np.hypot(*way)))
        base[end] = base[end] + way * rng.normal(0, CONFIG.end) * x_height
    return TextLine(base, x_height)


def is_of(found: TextLine, line: TextLine) -> bool:
    """Whether a found line is a true one, and holds all of its text and no more."""
    (start, end), (first, last) = found.baseline[[0, -1], 1], line.baseline[[0, -1], 1]
    if end <= first or start >= last:
        return False
    cols = np.linspace(max(start, first), min(end, last), 20)
    off = _rows(found, cols) - _rows(line, cols)
    if abs(float(np.median(off))) > CONFIG.aside * line.x_height:
        return False
    beyond = np.array([first - start, end - last]) / line.x_height
    return bool((beyond > -CONFIG.short).all() and (beyond < CONFIG.beyond).all())


def _rows(line: TextLine, cols: NDArray[np.float64]) -> NDArray[np.float64]:
    """Rows of a baseline at columns."""
    return np.interp(cols, line.baseline[:, 1], line.baseline[:, 0])


def strips_of(
    rng: np.random.Generator, grey: NDArray[np.uint8], lines: list[tuple[TextLine, str]]
) -> Iterator[Sample]:
    """The strips of a page's lines as reading finds and cuts them on a photo of it.

    Lines that are not found, or not whole, are left out.

    Yields
    ------
    (STRIP_HEIGHT, W) uint8 array, str
        0 ink, 255 paper; and the text.
    """
    taken = photograph(rng, Image.fromarray(grey))
    picture = GreyArray(np.asarray(taken, dtype=np.float32) / np.float32(255))
    finder = installed_finder()
    layout = finder.find(picture)
    if not layout.lines:
        return
    small = picture.grey(finder.reading_side(picture, layout))
    scale = max(small.shape) / max(grey.shape)
    darkness = ink_darkness(small)
    rows = in_rows(layout.lines, reading_order(layout.lines))
    found = with_end_marks(darkness, [line.scaled(scale) for line, _ in rows])
    for line, text in lines:
        if len(text) > LONGEST or not writable(text):
            continue
        same = next((one for one in found if is_of(one, line.scaled(scale))), None)
        if same is None:
            continue
        strip = line_strip(darkness, nearly(rng, same)).image
        if strip.min() < 1 and fits(strip, text):
            yield (255 * strip + 0.5).astype(np.uint8), text


def lone_strip(rng: np.random.Generator, image: NDArray[np.float32]) -> NDArray[np.uint8]:
    """The strip of a line that stands alone on its picture, as it might be photographed.

    `image` is (H, W) float32, 0 ink, 1 paper.
    """
    picture = photograph(rng, Image.fromarray(np.uint8(image * 255 + 0.5)))
    darkness = ink_darkness(np.asarray(picture, dtype=np.float32) / np.float32(255))
    line = find_line(1 - image, installed_finder())
    strip = line_strip(darkness, nearly(rng, line)).image
    return (255 * strip + 0.5).astype(np.uint8)


def readable_lines(page: RealPage) -> list[tuple[TextLine, str]]:
    """Lines of a real page that a recognizer may learn from."""
    return [(line.line, line.text) for line in page.lines if line.readable]


def written_strips(
    rng: np.random.Generator, data: Path, kept: list[TrainingPage] | None = None
) -> Iterator[Sample]:
    """Strips of written pages, without end; the pages are added to `kept`."""
    while True:
        page = write_page(rng, data)
        grey = (page.grey * 255 + 0.5).astype(np.uint8)
        if kept is not None:
            kept.append(TrainingPage(grey, tuple(one.line for one in page.lines)))
        yield from strips_of(
            rng, grey, [(one.line, one.text) for one in page.lines if one.text is not None]
        )


def real_strips(rng: np.random.Generator, pages: list[RealPage]) -> Iterator[Sample]:
    """Strips of real pages, without end."""
    able = [page for page in pages if readable_lines(page)]
    while True:
        page = able[rng.integers(len(able))]
        lines = readable_lines(page)
        some = rng.permutation(len(lines))[:AT_ONCE]
        yield from strips_of(rng, page.grey, [lines[k] for k in some])


def main() -> None:
    parser = argparse.ArgumentParser(description="Fill a folder with shards of training strips.")
    parser.add_argument("--out", type=Path, required=True, help="folder of shards to fill")
    parser.add_argument("--pages", type=Path, help="folder for the pages that were written")
    parser.add_argument("--shards", type=int, default=200, help="files of strips")
    parser.add_argument("--strips", type=int, default=SHARD, help="of a file")
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    given.out.mkdir(parents=True, exist_ok=True)
    kept: list[TrainingPage] | None = None
    if given.pages is not None:
        given.pages.mkdir(parents=True, exist_ok=True)
        kept = []
    rng = np.random.default_rng(given.seed)
    written = written_strips(rng, data_dir(), kept)
    real = real_strips(rng, read_pages(data_dir(), "train"))
    files = 0
    for number in range(given.shards):
        strips = [next(real if rng.random() < REAL_SHARE else written) for _ in range(given.strips)]
        path = given.out / f"strips-{given.seed}-{number:04d}.npz"
        write_shard(path, strips)
        print(path.name, flush=True)
        last = number == given.shards - 1
        while kept and (last or len(kept) >= PAGES_A_FILE):
            write_pages(given.pages / f"pages-{given.seed}-{files:04d}.npz", kept[:PAGES_A_FILE])
            del kept[:PAGES_A_FILE]
            files += 1


if __name__ == "__main__":
    run(main)

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

from ocr.layout.darkness import ink_darkness
from ocr.layout.line_pictures import profile_line
from ocr.layout.strips import TextLine, cut_strip
from training.data.datasets import data_dir
from training.data.page_samples import TrainingPage, photograph, write_pages
from training.data.page_sets import RealPage, read_pages
from training.data.shards import write_shard
from training.data.text import writable
from training.synthesis.written_pages import PAGES_A_FILE, write_page

Sample = tuple[NDArray[np.uint8], str]

FRAME = 4  # pixels of a strip's width that become one step of the recognizer
LONGEST, WIDEST = 100, 1600  # characters and pixels of a training strip
SHARD = 1000  # strips a file


@dataclass(frozen=True)
class FoundConfig:
    """How a line might be found: a little off. Lengths are in x-heights.

    Set by hand; `size` was made larger since of lines of capitals the whole letter is taken for its
    x-height at times. What each brings was not measured alone.

    Attributes
    ----------
    size : float
        Standard deviation of the log of how wrongly a line's size is taken.
    shift : float
        Standard deviation of how far a baseline is off.
    tilt : float
        Standard deviation of how much further off one end is.
    beyond, end : float
        Mean and standard deviation of how far a baseline reaches beyond its ends.
    short : float
        By which it ends too early at most.
    """

    size: float = 0.17
    shift: float = 0.09
    tilt: float = 0.15
    beyond: float = 0.1
    end: float = 0.35
    short: float = 0.25


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
    """A line as it might be found: a little off in size, place, tilt and ends."""
    x_height = line.x_height * float(np.exp(rng.normal(0, CONFIG.size)))
    base = line.baseline.copy()
    share = np.linspace(-0.5, 0.5, len(base))
    base[:, 0] += x_height * (rng.normal(0, CONFIG.shift) + rng.normal(0, CONFIG.tilt) * share)
    for end, neighbor in ((0, 1), (-1, -2)):
        way = base[end] - base[neighbor]
        way = way / max(1e-6, float(np.hypot(*way)))
        off = max(-CONFIG.short, rng.normal(CONFIG.beyond, CONFIG.end)) * x_height
        base[end] = base[end] + way * off
    return TextLine(base, x_height)


def strips_of(
    rng: np.random.Generator, grey: NDArray[np.uint8], lines: list[tuple[TextLine, str]]
) -> Iterator[Sample]:
    """The strips of a page's lines as the recognizer would get them from a photo of it.

    Yields
    ------
    (STRIP_HEIGHT, W) uint8 array, str
        0 ink, 255 paper; and the text.
    """
    picture = photograph(rng, Image.fromarray(grey))
    darkness = ink_darkness(np.asarray(picture, dtype=np.float32) / np.float32(255))
    for line, text in lines:
        if len(text) > LONGEST or not writable(text):
            continue
        strip = cut_strip(darkness, nearly(rng, line)).image
        if strip.min() < 1 and fits(strip, text):
            yield (255 * strip + 0.5).astype(np.uint8), text


def lone_strip(rng: np.random.Generator, image: NDArray[np.float32]) -> NDArray[np.uint8]:
    """The strip of a line that stands alone on its picture, as it might be photographed.

    `image` is (H, W) float32, 0 ink, 1 paper.
    """
    picture = photograph(rng, Image.fromarray(np.uint8(image * 255 + 0.5)))
    darkness = ink_darkness(np.asarray(picture, dtype=np.float32) / np.float32(255))
    strip = cut_strip(darkness, nearly(rng, profile_line(1 - image))).image
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
    parser.add_argument("--out", type=Path, required=True)
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
        while kept and len(kept) >= PAGES_A_FILE:
            write_pages(given.pages / f"pages-{given.seed}-{files:04d}.npz", kept[:PAGES_A_FILE])
            del kept[:PAGES_A_FILE]
            files += 1


if __name__ == "__main__":
    main()

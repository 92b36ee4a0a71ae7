"""Pages that we write ourselves, with all that is on real ones, and their text lines.

One generator serves both networks: the page network learns from whole pages where lines run, the
line recognizer from the strips that are cut along them (`training.synthesis.strips`).

Run as ``python -m training.synthesis.written_pages --out DIR`` to fill a folder with pages.
"""

from __future__ import annotations

import argparse
import itertools
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from ocr.layout.strips import TextLine
from training.commands import run
from training.data.datasets import data_dir
from training.data.page_samples import TrainingPage, write_pages
from training.synthesis import line_marks, marks
from training.synthesis.hands import lines_of, random_hand
from training.synthesis.line_ink import NARROWEST, Hand, LineInk, in_cells, overruns, smear
from training.synthesis.page_slots import Slot, slots_of
from training.synthesis.papers import make_paper

Grey = NDArray[np.float32]


@dataclass(frozen=True)
class PageConfig:
    """What a written page holds, and how often.

    Set by hand, pages looked at as pictures; what each brings was not measured alone. So were the
    ranges that the functions below draw from, each once, where its line says of what.

    Attributes
    ----------
    blank, blank_ringed : float
        Share of the pages without writing, and of these with rings like those around lines.
    sides : (int, int)
        Shortest and longest side, pixels.
    x_heights : three floats
        Smallest, commonest and largest, pixels.
    loose, close : (float, float)
        From baseline to baseline, x-heights; of a share `loosely` of the pages, and of the others.
    loosely : float
    level, tilted : float
        Standard deviation of a page's slope, rows a column; of a share `mostly` of the pages, and
        of the others.
    mostly : float
    two_hands, bent, struck : float
        Shares of the pages that a second hand goes on with, whose lines bend strongly, and with
        words struck out.
    underlined, bulleted, ringed, combed : float
        Shares of the pages with underlined words, with bullets or boxes before lines, with rings
        around lines, and with lines written letter by letter into cells.
    comb_room : float
        Of its slot's width, that such a line would fill were its letters not set apart.
    tries : int
        Lines of a hand that are tried in a slot.
    """

    blank: float = 0.1
    blank_ringed: float = 0.3
    sides: tuple[int, int] = (700, 1600)
    x_heights: tuple[float, float, float] = (7.0, 11.0, 30.0)
    loose: tuple[float, float] = (2.3, 4.0)
    close: tuple[float, float] = (1.9, 2.4)
    loosely: float = 0.75
    level: float = 0.012
    tilted: float = 0.06
    mostly: float = 0.8
    two_hands: float = 0.2
    bent: float = 0.1
    struck: float = 0.1
    underlined: float = 0.15
    bulleted: float = 0.12
    ringed: float = 0.08
    combed: float = 0.06
    comb_room: float = 0.4
    tries: int = 5


CONFIG = PageConfig()
PAGES_A_FILE = 20


@dataclass(frozen=True)
class WrittenLine:
    """A text line on a written page; `text` is None where it is not known what it says."""

    line: TextLine
    text: str | None
    kind: str


@dataclass(frozen=True)
class WrittenPage:
    """A page, (H, W) float32 in [0, 1], its lines in no order, and where the truth is open."""

    grey: Grey
    lines: tuple[WrittenLine, ...]
    unknown: NDArray[np.bool_] | None = None


def write_page(
    rng: np.random.Generator, data: Path, kind: str | None = None, blank: bool | None = None
) -> WrittenPage:
    """Write one page.

    Parameters
    ----------
    kind : str, optional
        Kind of hand, one of `training.synthesis.hands.HAND_SHARES`; drawn if left out.
    blank : bool, optional
        Whether nothing is written on it, but all that is no writing may be; drawn if left out.
    """
    height, width = (int(side) for side in rng.integers(*CONFIG.sides, 2))
    page = make_paper(rng, (height, width), data).copy()
    if blank is None:
        blank = kind is None and rng.random() < CONFIG.blank
    x_height = float(np.exp(rng.triangular(*np.log(CONFIG.x_heights))))
    x_height = min(x_height, height / 5)
    pitch = x_height * float(
        rng.choice(
            (rng.uniform(*CONFIG.loose), rng.uniform(*CONFIG.close)),
            p=(CONFIG.loosely, 1 - CONFIG.loosely),
        )
    )
    slope = float(rng.normal(0, CONFIG.level if rng.random() < CONFIG.mostly else CONFIG.tilted))
    slots = [] if blank else slots_of(rng, (height, width), x_height, pitch)
    _under(rng, page, slots, pitch, slope, blank)
    lines: list[WrittenLine] = []
    first = random_hand(rng, data, kind)
    second = random_hand(rng, data) if rng.random() < CONFIG.two_hands else first
    strength = float(np.clip(rng.normal(0.8, 0.18), 0.3, 1.0))
    curl = _curl(rng, width, x_height)
    heading = slots[0].scale > 1.3 if slots else False
    switch = rng.integers(max(1, len(slots)), size=1)[0]
    style = line_marks.random_comb(rng) if rng.random() < CONFIG.combed else None
    for number, slot in enumerate(slots):
        other = bool(number > switch) if not heading else number == 0
        name, hand = second if other else first
        ink = _fitting(rng, hand, slot, x_height, style is not None)
        if ink is None:
            continue
        placed = set_line(rng, page, ink, slot, x_height, slope, curl, strength)
        if placed is not None:
            line, whole = placed
            lines.append(WrittenLine(line, ink.text if whole else None, name))
            if ink.cells and style is not None:
                start, stop = line.baseline[[0, -1], 1]
                free = max(0.0, (slot.left + slot.width - stop) / (stop - start))
                empty = int(rng.random() * free * ink.cells)
                line_marks.comb(page, line, ink.cells, empty, style)
    if lines:
        lines = _marked(rng, page, lines, strength)
    page, lines = _bend(rng, np.clip(page, 0, 1), lines)
    return WrittenPage(page, tuple(lines))


def _marked(
    rng: np.random.Generator, page: Grey, lines: list[WrittenLine], strength: float
) -> list[WrittenLine]:
    """The lines of a page with marks of the writer on some of them, in place."""
    runs = [one.line for one in lines]
    if rng.random() < CONFIG.underlined:
        line_marks.underline(rng, page, runs)
    if rng.random() < CONFIG.bulleted:
        line_marks.bullet(rng, page, runs, strength)
    if rng.random() < CONFIG.ringed:
        line_marks.ring(rng, page, runs, strength)
    if rng.random() < CONFIG.struck:
        for k in rng.integers(len(lines), size=rng.integers(1, 3)).tolist():
            line_marks.strike(rng, page, runs[k])
            lines[k] = replace(lines[k], text=None)  # it says nothing that could be checked
    return lines


def _fitting(
    rng: np.random.Generator, hand: Hand, slot: Slot, x_height: float, combed: bool
) -> LineInk | None:
    """The first of some lines of a hand that a slot has room for; letter by letter if `combed`."""
    room = slot.width / (slot.scale * x_height)
    wanted = CONFIG.comb_room * room if combed else room
    for ink in itertools.islice(lines_of(rng, hand, wanted), CONFIG.tries):
        if combed:
            ink = in_cells(rng, ink)
        if not overruns(ink.darkness.shape[1] / ink.x_height, room):
            return ink
    return None


def _under(
    rng: np.random.Generator,
    page: Grey,
    slots: list[Slot],
    pitch: float,
    slope: float,
    blank: bool,
) -> None:
    """Rules and marks that are there before anything is written; in place."""
    chance = rng.random()
    if chance < 0.3 and slots:  # rules that the writing stands on, or nearly
        first = slots[0].row + rng.uniform(-0.1, 0.25) * pitch * rng.choice((0.3, 1.0))
        marks.ruled(rng, page, pitch, first % pitch, slope * rng.uniform(0.7, 1.1))
    elif chance < 0.42:  # rules of their own
        marks.ruled(rng, page, rng.uniform(14, 90), rng.uniform(0, 40), rng.normal(0, 0.01))
    elif chance < 0.54:
        marks.grid(rng, page, float(rng.uniform(8, 60)))
    if rng.random() < 0.12:  # a margin, or the columns of a form
        step = rng.uniform(0.1, 1.5) * page.shape[1]
        marks.ruled(rng, page, step, rng.uniform(0.02, 0.3) * page.shape[1], 0.0, vertical=True)
    if blank:
        for name in rng.choice(list(marks.MARKS), rng.integers(0, 5)):
            marks.MARKS[name][0](rng, page)
        if rng.random() < CONFIG.blank_ringed:
            for _ in range(rng.integers(1, 4)):
                marks.rings(rng, page)
        if rng.random() < 0.25:
            marks.blocks(rng, page)
        return
    for mark, share in marks.MARKS.values():
        if rng.random() < share:
            mark(rng, page)


def _curl(rng: np.random.Generator, width: int, x_height: float) -> tuple[float, float, float]:
    """Height, length and phase of the wave that all lines of a page follow."""
    high = abs(float(rng.normal(0, 0.25))) * x_height if rng.random() < 0.7 else 0.0
    if rng.random() < CONFIG.bent:
        high = float(rng.uniform(0.5, 2.0)) * x_height
    return high, float(rng.uniform(0.5, 2.5)) * width, float(rng.uniform(0, 6.3))


def set_line(
    rng: np.random.Generator,
    page: Grey,
    ink: LineInk,
    slot: Slot,
    x_height: float,
    slope: float,
    curl: tuple[float, float, float],
    strength: float,
) -> tuple[TextLine, bool] | None:
    """Write a line into a slot of a page, in place.

    Returns
    -------
    (TextLine, bool) or None
        Where it lies, and whether all of it is on the page and within its slot; None if nothing is.
    """
    size = x_height * slot.scale
    scale = size / ink.x_height
    high, wide = ink.darkness.shape
    new = max(2, round(wide * scale)), max(2, round(high * scale))
    new = max(2, round(min(new[0], max(slot.width, NARROWEST * new[0])))), new[1]
    left = round(slot.left + slot.flush * max(0.0, slot.width - new[0]))
    resample = Image.Resampling.BOX if scale < 0.5 else Image.Resampling.BILINEAR
    darkness = ink.darkness if rng.random() > 0.25 else smear(rng, ink.darkness)
    picture = Image.fromarray(np.ascontiguousarray(darkness)).resize(new, resample)
    columns = np.linspace(0, new[0], max(3, new[0] // 24 + 1))
    tilt = slope + rng.normal(0, 0.004)
    amount, length, phase = curl
    x = left + columns
    wander = amount * np.sin(6.28 * x / length + phase)
    noise = rng.normal(0, 0.05 * size, len(columns))
    own = np.convolve(np.pad(noise, 2, mode="edge"), np.ones(5) / 5, "valid")
    base = slot.row + tilt * columns + wander - wander[0] + own
    low, top = float(base.min()), ink.baseline * scale
    place = int(np.floor(low - top)) - 1  # row of the page where the picture begins
    room = new[1] + int(np.ceil(base.max() - low)) + 3
    mesh = []
    for k in range(len(columns) - 1):
        a, b = float(columns[k]), float(columns[k + 1])
        up = [float(base[i] - top - place) for i in (k, k + 1)]
        mesh.append(
            (
                (round(a), 0, round(b), room),
                (a, -up[0], a, room - up[0], b, room - up[1], b, -up[1]),
            )
        )
    bent = np.asarray(
        picture.transform((new[0], room), Image.Transform.MESH, mesh, Image.Resampling.BILINEAR)
    )
    y1, y2 = max(0, place), min(page.shape[0], place + room)
    x1, x2 = max(0, left), min(page.shape[1], left + new[0])
    if y2 <= y1 or x2 - x1 < min(size, new[0]):
        return None
    part = bent[y1 - place : y2 - place, x1 - left : x2 - left]
    page[y1:y2, x1:x2] *= 1 - np.float32(strength) * np.clip(part, 0, 1)
    kept = (left + columns >= x1 - 1) & (left + columns <= x2 + 1)
    if kept.sum() < 2:
        return None
    points = np.stack([base[kept], left + columns[kept]], axis=1)
    inside = part.size / max(1, bent.size) > 0.97
    return TextLine(points, size), bool(inside and x2 - x1 >= new[0])


def _bend(
    rng: np.random.Generator, page: Grey, lines: list[WrittenLine]
) -> tuple[Grey, list[WrittenLine]]:
    """See half of the pages from a little aside: a perspective, with the lines moved along."""
    if rng.random() < 0.5:
        return page, lines
    height, width = page.shape
    source = np.array([(0, 0), (width, 0), (width, height), (0, height)], dtype=np.float64)
    target = source + rng.normal(0, 0.025, (4, 2)) * (width, height)
    back = _homography(target, source)
    forth = np.linalg.inv(back)
    picture = Image.fromarray(np.uint8(page * 255)).transform(
        (width, height),
        Image.Transform.PERSPECTIVE,
        tuple((back / back[2, 2]).ravel()[:8].tolist()),
        Image.Resampling.BILINEAR,
        fillcolor=int(rng.integers(256)),
    )
    moved = []
    for one in lines:
        points, over = (
            one.line.baseline[:, ::-1],
            one.line.baseline[:, ::-1] - (0, one.line.x_height),
        )
        base, top = (_map(forth, part) for part in (points, over))
        x_height = float(np.median(np.hypot(*(base - top).T)))
        inside = (base > 0).all() and (base < (width, height)).all()
        text = one.text if inside else None
        within = (base[:, 0] > 0) & (base[:, 0] < width) & (base[:, 1] > 0) & (base[:, 1] < height)
        if within.sum() > 1:
            moved.append(WrittenLine(TextLine(base[within][:, ::-1], x_height), text, one.kind))
    return np.asarray(picture, dtype=np.float32) / np.float32(255), moved


def _homography(source: NDArray[np.float64], target: NDArray[np.float64]) -> NDArray[np.float64]:
    """The 3 x 3 matrix that takes four points (x, y) to four others."""
    rows = []
    for (x, y), (u, v) in zip(source, target, strict=True):
        rows.append([x, y, 1, 0, 0, 0, -u * x, -u * y])
        rows.append([0, 0, 0, x, y, 1, -v * x, -v * y])
    solved = np.linalg.solve(np.array(rows), target.ravel())
    return np.append(solved, 1.0).reshape(3, 3)


def _map(matrix: NDArray[np.floating], points: NDArray[np.floating]) -> NDArray[np.float64]:
    full = np.column_stack([points, np.ones(len(points))]) @ matrix.T
    return full[:, :2] / full[:, 2:]


def main() -> None:
    parser = argparse.ArgumentParser(description="Fill a folder with written pages.")
    parser.add_argument("--out", type=Path, required=True, help="folder to fill")
    parser.add_argument("--files", type=int, default=100, help=f"of {PAGES_A_FILE} pages")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--blank", action="store_true", help="only pages without writing")
    given = parser.parse_args()
    given.out.mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng(given.seed)
    blank = True if given.blank else None
    for number in range(given.files):
        written = [write_page(rng, data_dir(), blank=blank) for _ in range(PAGES_A_FILE)]
        pages = [
            TrainingPage(
                (page.grey * 255 + 0.5).astype(np.uint8), tuple(one.line for one in page.lines)
            )
            for page in written
        ]
        path = given.out / f"pages-{given.seed}-{number:04d}.npz"
        write_pages(path, pages)
        print(path.name, flush=True)


if __name__ == "__main__":
    run(main)

"""Lines that are not writing: rules, grids, margins, the sides of frames; found and painted over.

A rule is thin, dark against what lies above and below it, and straight over a length that no pen
stroke of a letter has. It is found on a small copy of the page (`find_rules`), followed exactly on
the page itself, and painted over with paper; where a stroke crosses it the ink stays
(`paint_over`). Vertical rules are the same on the transposed picture.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from ocr.layout.pixels import FloatImage, Mask, components, noise_sigma

# Of the longer side of the picture.
REACH = 1 / 200  # a rule is thinner than this
RUN = 1 / 16  # it is straight over at least this length
SURELY = 0.22  # from this length on it is a rule whatever the letters' height

STEEPEST = 0.28  # slope of a rule against the side of the picture: 15 degrees
SLOPE_STEP = 0.04  # between the slopes that are tried
BLOCK = 4  # px along a line that are counted together: even the steepest rises by one only
KINDRED = 0.2  # share of the commonest slope's pixels that the slope of a rule has, or more
COVERED = 0.8  # share of a run that must be dark
RIDGE = 0.03  # of white: a rule is at least this much darker than both its sides
BESIDE = 0.2  # of white: both its sides are paper, no darker than this
NOISE = 2.0  # times the noise: likewise
BEND = 0.0015  # of the longer side: a straight piece leaves its chord by no more
SHORTEST = 12  # px of a piece on the small copy
BRIDGED = 0.2  # of the longer side: letters may hide this much of a rule
FAMILY = 4  # long rules that run one way make ruled paper; shorter pieces are then rules too if
PARALLEL = 0.03  # their slope differs by less from the usual one, and
PIECE = 2.0  # letter heights long at least, and
ALIKE = 1.3  # they are no darker than this many times the others
TURN = 0.08  # between the slopes of two pieces of one rule
IN_LINE = 0.004  # of the longer side: how far the next piece of a rule may lie off its course
SLIMNESS = 40  # a rule is this many times longer than thick, or more
LETTERS = 3.5  # letter heights: a shorter line may be part of a letter
SAMPLED = 12  # columns of a block, or a few more, that tell what all of them share
THERE = 0.3  # of a rule's usual darkness: where it is fainter it has ended
PEN = 0.4  # of the ink's usual darkness: a stroke that crosses a rule has at least as much
FAINT = 0.35  # of the ink's usual darkness: ink is told from such a rule by its darkness
AS_INK = 0.75  # of the ink's usual darkness: by place alone
THICKER = 1.5  # times the rule, and 2 pixels: what is thicker than this is a stroke
DARKER = 1.5  # times the rule's darkness: what is darker than this on a rule is ink
INK = 0.08  # of white: and darker than the rule by this much


@dataclass(frozen=True, eq=False)
class Rule:
    """A line that is not writing.

    Attributes
    ----------
    vertical : bool
        It runs from top to bottom; `at` are then rows and `course` columns.
    at : (K,) float array
        Columns, rising, in pixels of the picture that it was found on.
    course : (K,) float array
        The row of its middle at each of these.
    length, thickness : float
        Pixels; the length without what is hidden by letters.
    darkness : float
        Of white, against both its sides.
    shape : (int, int)
        Of that picture.
    """

    vertical: bool
    at: NDArray[np.float64]
    course: NDArray[np.float64]
    length: float
    thickness: float
    darkness: float
    shape: tuple[int, int]

    @property
    def slope(self) -> float:
        return float((self.course[-1] - self.course[0]) / max(self.at[-1] - self.at[0], 1.0))


def find_rules(even: FloatImage) -> tuple[Rule, ...]:
    """Thin straight lines of a page, longer than `RUN`.

    Parameters
    ----------
    even : (H, W) float32 array
        A small copy of the page (about 800 pixels) with even light: paper near 1.

    Returns
    -------
    tuple of Rule
        Which of them are no strokes of letters `not_letters` tells.
    """
    return (*_level_rules(even, False), *_level_rules(np.ascontiguousarray(even.T), True))


def not_letters(rules: tuple[Rule, ...], letter_height: float = 0.0) -> tuple[Rule, ...]:
    """The rules that cannot be strokes of letters: long ones, and what is parallel to many.

    Parameters
    ----------
    rules : tuple of Rule
    letter_height : float
        In pixels of the picture that they were found on; 0 where it is not known.
    """
    long = [
        rule.length >= SLIMNESS * rule.thickness
        and (
            rule.length >= SURELY * max(rule.shape)
            or (letter_height > 0 and rule.length >= LETTERS * letter_height)
        )
        for rule in rules
    ]
    for vertical in (False, True):
        family = [r for r, sure in zip(rules, long, strict=True) if sure and r.vertical == vertical]
        if len(family) < FAMILY:
            continue
        slope = float(np.median([rule.slope for rule in family]))
        darkness = float(np.median([rule.darkness for rule in family]))
        for k, rule in enumerate(rules):
            if rule.vertical == vertical and abs(rule.slope - slope) < PARALLEL:
                enough = rule.length >= PIECE * letter_height > 0
                long[k] |= enough and rule.darkness < ALIKE * darkness
    return tuple(rule for rule, sure in zip(rules, long, strict=True) if sure)


def _level_rules(even: FloatImage, vertical: bool) -> list[Rule]:
    """Rules that run from left to right."""
    side = max(even.shape)
    reach = max(2, round(REACH * side))
    run = 1 << round(np.log2(max(RUN * side, 8)))
    if even.shape[1] < run or even.shape[0] < 2 * reach + 1:
        return []
    paper = np.float32(np.median(even[::4, ::4]))
    padded = np.pad(even, ((reach, reach), (0, 0)), constant_values=paper)
    sides = np.minimum(padded[: -2 * reach], padded[2 * reach :])
    depth = sides - even
    least = max(RIDGE, NOISE * noise_sigma(even))
    ridge = (depth > least) & (sides > paper - BESIDE)
    pieces = _pieces(_straight(ridge, run) & _widened(ridge), ridge, depth)
    shape = even.shape[::-1] if vertical else even.shape
    rules = []
    for row in _chains(pieces, side):
        lengths = np.array([len(piece.at) for piece in row])
        thickness = np.array([piece.thickness for piece in row]) @ lengths / lengths.sum()
        rules.append(
            Rule(
                vertical,
                np.concatenate([piece.at for piece in row]),
                np.concatenate([piece.course for piece in row]),
                float(lengths.sum()),
                float(thickness),
                _median(np.array([piece.darkness for piece in row])),
                (shape[0], shape[1]),
            )
        )
    return rules


def _widened(mask: Mask) -> Mask:
    """One pixel up and down."""
    wide = mask.copy()
    wide[1:] |= mask[:-1]
    wide[:-1] |= mask[1:]
    return wide


def _straight(ridge: Mask, run: int) -> Mask:
    """Where straight lines of `run` pixels (a power of two) lie that are dark for the most part.

    For each slope the dark pixels along the line are counted by adding ever longer halves, and the
    lines that have enough of them drawn again the same way. Rules are parallel but for perspective
    and curl: slopes that are rare on the page are those of letters.
    """
    height, width = ridge.shape
    rise = int(np.ceil(STEEPEST * run))
    dark = np.pad(_widened(ridge), ((rise, rise), (0, -width % BLOCK))).view(np.uint8)
    dark = np.add.reduce([dark[:, first::BLOCK] for first in range(BLOCK)], dtype=np.uint8)
    found = []
    steps = [1 << k for k in range(int(np.log2(run // BLOCK)))]  # blocks
    for slope in BLOCK * np.arange(-STEEPEST, STEEPEST + 1e-9, SLOPE_STEP):
        count = dark.copy()
        for step in steps:
            _overlap(count, round(slope * step), step, add=True)
        line = (count >= COVERED * run).view(np.uint8)
        if not line.any():
            continue
        for step in steps:
            _overlap(line, -round(slope * step), -step, add=False)
        found.append(line.view(bool))
    most = max((int(line.sum()) for line in found), default=0)
    out = np.zeros(dark.shape, dtype=bool)
    for line in found:
        if line.sum() >= KINDRED * most:
            out |= line
    return np.repeat(out[rise : rise + height], BLOCK, axis=1)[:, :width]


def _overlap(image: NDArray[np.uint8], down: int, right: int, *, add: bool) -> None:
    """In place: each pixel plus (or or) the one that lies `down` and `right` of it."""
    height, width = image.shape
    rows = slice(max(0, -down), height - max(0, down))
    cols = slice(max(0, -right), width - max(0, right))
    from_rows = slice(max(0, down), height - max(0, -down))
    from_cols = slice(max(0, right), width - max(0, -right))
    other = image[from_rows, from_cols].copy()
    if add:
        image[rows, cols] += other
        if right > 0:  # what would lie outside is not dark
            return
    else:
        image[rows, cols] |= other


@dataclass(frozen=True, eq=False)
class _Piece:
    at: NDArray[np.float64]
    course: NDArray[np.float64]
    thickness: float
    darkness: float
    slope: float


def _pieces(line: Mask, ridge: Mask, depth: FloatImage) -> list[_Piece]:
    """The straight pieces of the lines: the middle row of each of their columns.

    What is connected bends where a stroke of a letter runs into a rule; it is split there (Douglas
    and Peucker 1973, doi:10.3138/FM57-6770-U75U-7727).
    """
    labels = components(line)
    bend = max(1.5, BEND * max(line.shape))
    width = line.shape[1]
    rows, cols = np.divmod(np.flatnonzero(line), width)
    columns, column_of = np.unique(labels[rows, cols] * width + cols, return_inverse=True)
    count = np.bincount(column_of)
    middles = np.bincount(column_of, weights=rows) / count
    thicks = np.bincount(column_of, weights=ridge[rows, cols])
    ends = np.searchsorted(columns, np.arange(1, int(labels.max()) + 2) * width).tolist()
    found = [
        (columns[a:b] % width, thicks[a:b], middles[a:b])
        for a, b in pairwise(ends)
        if b - a >= SHORTEST
    ]
    smooth = _filtered([middle for _, _, middle in found], ndimage.median_filter)
    smooth = _filtered(smooth, ndimage.uniform_filter1d)
    pieces = []
    for (there, thick, _), course in zip(found, smooth, strict=True):
        at = there.astype(float)
        dark = depth[np.round(course).astype(int), there]
        stack = [(0, len(at))]
        while stack:
            first, last = stack.pop()
            if last - first < SHORTEST:
                continue
            span, length = slice(first, last), at[last - 1] - at[first]
            slope = (course[last - 1] - course[first]) / length
            off = np.abs(course[span] - course[first] - slope * (at[span] - at[first]))
            worst = int(off.argmax())
            if off[worst] > bend and 0 < worst < last - first - 1:
                stack += [(first, first + worst), (first + worst, last)]
                continue
            ridged = thick[span][thick[span] > 0]
            if len(ridged):
                sizes = _median(ridged), _median(dark[span])
                pieces.append(_Piece(at[span], course[span], *sizes, float(slope)))
    return pieces


def _filtered(
    rows: list[NDArray[np.float64]], smooth: Callable[..., NDArray[np.float64]]
) -> list[NDArray[np.float64]]:
    """Each row smoothed over nine values, its ends repeated; all in one call, which costs less."""
    if not rows:
        return []
    padded = [np.concatenate([np.full(4, row[0]), row, np.full(4, row[-1])]) for row in rows]
    cuts = np.cumsum([len(row) for row in padded])
    smoothed = np.split(smooth(np.concatenate(padded), 9), cuts[:-1])
    return [row[4:-4] for row in smoothed]


def _median(values: NDArray[np.generic]) -> float:
    """The median of a few values; NumPy's takes longer to start than to find it."""
    ordered, half = values.copy(), len(values) // 2
    ordered.sort()
    return float(ordered[half] if len(values) % 2 else (ordered[half - 1] + ordered[half]) / 2)


def _chains(pieces: list[_Piece], side: int) -> list[list[_Piece]]:
    """Pieces of one rule, left to right: the next one begins near where this one points to."""
    if not pieces:
        return []
    pieces = sorted(pieces, key=lambda piece: float(piece.at[0]))
    end_at, end_row, slopes, lengths = np.array(
        [(piece.at[-1], piece.course[-1], piece.slope, len(piece.at)) for piece in pieces]
    ).T
    chains: list[list[int]] = []
    chain_of = np.empty(len(pieces), dtype=np.intp)
    last_ones = np.zeros(len(pieces), dtype=bool)  # the last three of each chain, which may go on
    for index, piece in enumerate(pieces):
        last = np.flatnonzero(last_ones[:index])
        gap = piece.at[0] - end_at[last]
        slope = np.where(lengths[last] > lengths[index], slopes[last], piece.slope)
        off = np.abs(end_row[last] + slope * gap - piece.course[0])
        off /= max(2.0, IN_LINE * side) + 0.02 * np.abs(gap)
        fits = (gap > 0) & (gap < BRIDGED * side) & (np.abs(piece.slope - slopes[last]) <= TURN)
        off = np.where(fits, off, np.inf)
        if len(off) and off.min() < 1:
            number = chain_of[last[off.argmin()]]
            chains[number].append(index)
            last_ones[chains[number][:-3]] = False
        else:
            number = len(chains)
            chains.append([index])
        chain_of[index], last_ones[index] = number, True
    return [[pieces[k] for k in row] for row in chains]


def paint_over(
    even: FloatImage, rules: tuple[Rule, ...], followed: Followed | None = None
) -> FloatImage:
    """The page without these rules.

    Every rule is followed on the page: its course is corrected block by block, and what the
    columns of a block have in common is its darkness there. Pixels on it that are no darker than
    itself become paper, except in columns where the ink is thicker than it: a stroke crosses there
    or runs along it.

    Parameters
    ----------
    even : (H, W) float32 array
        Grey with even light, of any size.
    rules : tuple of Rule
        As found on a copy of the page of any other size.
    followed : Followed, optional
        Where earlier calls have followed rules on this page; what this one follows is added.

    Returns
    -------
    (H, W) float32 array
        `even` itself where there are no rules.
    """
    if not rules:
        return even
    paper = np.float32(np.median(even[::4, ::4]))
    covered = {vertical: np.zeros(even.shape, dtype=bool) for vertical in (False, True)}
    bands = []
    followed = {} if followed is None else followed
    for rule in rules:
        if rule not in followed:
            followed[rule] = _follow(even.T if rule.vertical else even, rule, float(paper))
        band = followed[rule]
        if band is not None:
            bands.append((rule.vertical, band))
            mark = covered[rule.vertical]
            (mark.T if rule.vertical else mark)[band.rows, band.cols] = True
    pen = (even < paper - INK) & ~covered[False] & ~covered[True]
    usual = float(np.percentile((paper - even)[pen], 80)) if pen.any() else 0.0
    dark = even < paper - max(INK, PEN * usual)
    ink = {vertical: dark & ~covered[not vertical] for vertical in (False, True)}
    out = even.copy()
    for vertical, band in bands:
        depth = band.depth / max(usual, INK)
        if vertical:
            _paint(even.T, out.T, ink[True].T, band, paper, depth)
        else:
            _paint(even, out, ink[False], band, paper, depth)
    return out


@dataclass(frozen=True, eq=False)
class _Band:
    """A rule on the page: its pixels and a margin of paper above and below.

    `rows` is (K, W), `cols` (W,); `darkness` (K, W) is the rule's own on each pixel, `depth` the
    usual one at its middle; `there` (W,) are the columns in which it is seen; `thickness` is in
    pixels.
    """

    rows: NDArray[np.intp]
    cols: NDArray[np.intp]
    darkness: FloatImage
    there: Mask
    depth: float
    thickness: int


Followed = dict[Rule, _Band | None]  # None where a rule was not seen again


def _follow(even: FloatImage, rule: Rule, paper: float) -> _Band | None:
    """The exact course and darkness of one rule on the page itself."""
    height, width = even.shape
    shape = rule.shape[::-1] if rule.vertical else rule.shape
    ratio = np.array([height / shape[0], width / shape[1]])
    block = max(8, round(RUN / 4 * max(even.shape)))
    at = (rule.at + 0.5) * ratio[1]
    start, stop = max(0, round(at[0]) - block), min(width, round(at[-1]) + block)
    blocks = max(1, -((start - stop) // block))
    cols = np.minimum(np.arange(start, start + blocks * block), width - 1)
    centers = cols.reshape(blocks, block).mean(axis=1)
    course = np.interp(cols, at, (rule.course + 0.5) * ratio[0] - 0.5)
    half = int(np.ceil((0.75 * rule.thickness + 1.5) * ratio[0])) + 2
    offsets = np.arange(-half, half + 1)

    some = np.arange(len(cols)).reshape(blocks, block)[:, :: max(1, block // SAMPLED)]

    def common(course: NDArray[np.float64]) -> FloatImage:
        """What most columns of each block share: (2 half + 1, blocks)."""
        middle = np.round(course[some]).astype(np.intp)
        rows = np.clip(middle + offsets[:, None, None], 0, height - 1)
        dark = paper - even[rows, cols[some]]
        dark.partition(some.shape[1] // 2)
        return np.maximum(dark[..., some.shape[1] // 2], 0)

    near = common(course) * np.exp(-0.5 * (offsets / (0.5 * half)) ** 2)[:, None]
    off = ndimage.median_filter(offsets[np.argmax(near, axis=0)].astype(float), 5, mode="nearest")
    course = course + np.interp(cols, centers, off)
    shared = common(course)
    profile = np.median(shared, axis=1)
    middle = half - 1 + int(np.argmax(profile[half - 1 : half + 2]))
    depth = float(profile[middle])
    if depth < RIDGE / 2:
        return None
    # The rule without ink that runs along it: contiguous around its middle.
    dark = profile > 0.25 * depth
    first = middle - int(np.argmin(np.append(dark[middle::-1], False))) + 1
    last = middle + int(np.argmin(np.append(dark[middle:], False)))
    thickness = last - first
    local = np.minimum(shared[first:last].max(axis=0) / depth, 1.2)
    strength = np.interp(cols, centers, ndimage.median_filter(local, 3, mode="nearest"))
    # A course may be off by a pixel, so the rule counts as that much thicker.
    margin = 1 + (thickness + 1) // 2
    darkness = np.zeros(thickness + 2 * margin)
    darkness[margin:-margin] = profile[first:last]
    darkness[1:-1] = np.maximum(np.maximum(darkness[:-2], darkness[1:-1]), darkness[2:])
    from_middle = np.arange(first - margin, last + margin) - half
    rows = np.clip(np.round(course).astype(np.intp) + from_middle[:, None], 0, height - 1)
    values = (darkness[:, None] * strength).astype(np.float32)
    return _Band(rows, cols, values, strength > THERE, depth, thickness)


def _paint(
    even: FloatImage, page: FloatImage, ink: Mask, band: _Band, paper: np.float32, depth: float
) -> None:
    """Paint one rule over, in place on `page`; `depth` is its darkness in parts of the ink's."""
    darkness = paper - even[band.rows, band.cols]
    faint = darkness < DARKER * band.darkness + np.float32(INK)
    filled = ink[band.rows, band.cols].sum(axis=0) >= THICKER * band.thickness + 2
    erase = band.there & (darkness > 0)
    if depth < FAINT:
        erase &= faint
    elif depth < AS_INK:
        erase &= faint & ~filled
    else:
        erase &= ~filled
    rows, cols = np.nonzero(erase)
    beside = np.maximum(even[band.rows[0], band.cols], even[band.rows[-1], band.cols])
    page[band.rows[rows, cols], band.cols[cols]] = np.maximum(beside, paper - INK)[cols]

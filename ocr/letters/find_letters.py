"""From an image to the boxes of its characters.

The chain is the course's: denoise, Otsu threshold, closing, label, regionprops. Around it stands
what real photos need: the light is evened out first, everything happens at a scale at which a
letter is `LETTER_HEIGHT` pixels high, pieces of one character are joined, touching characters are
cut apart, and specks, smudges and the edge of the sheet are dropped.

All thresholds are fractions of the median letter height, so the size of a photo does not matter.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage
from skimage.measure import label, regionprops

from ocr.layout.light import even_light, without_show_through
from ocr.layout.pixels import FloatImage, denoise, dilated, eroded, reduced, resize, to_grey
from ocr.layout.rules import Followed, Rule, find_rules, not_letters, paint_over
from ocr.layout.sheet import SIDE, Picture, Rectified, find_page
from ocr.letters.binarize import ink_components, keep_only, renumber
from ocr.page import Box, Letter, Line, Page, Word

OnStage = Callable[[str, FloatImage], None]
Show = Callable[[str, NDArray[Any]], None]  # the same, also of masks

LETTER_HEIGHT = 46.0  # px of a median letter at the working scale: strokes stay 2 px or wider
COARSE_SIDE = 800  # px, longer side of the reduced copy on which the letter height is found
GRAIN = 0.3  # of the area of all else: marks lower than letters cover less on a written page
MAX_SIDE = 2600  # px, longer side of the largest working image: bounds memory


@dataclass(frozen=True)
class Segmentation:
    """What `segment` found, at the working scale.

    The ink is divided into parts: connected components, or slices of one where letters may touch.
    Each character owns one or more parts. Where the shape alone cannot tell, `doubts` keeps the
    question for whoever can read.

    Attributes
    ----------
    labels : (H, W) int32 array
        k where the ink of part k - 1 is, 0 elsewhere.
    owner : (P,) int array
        Character each part belongs to, 0 to N - 1.
    boxes : (N, 4) int array
        ``[y1, x1, y2, x2]`` a character, half open, in working pixels.
    grey : (H, W) float32 array
        The image with its light evened out: paper 1, darkest ink near 0.
    letter_height : float
        Median letter height in working pixels; 0 if there are no letters.
    doubts : tuple of tuples of int
        Parts side by side, left to right, that may be one character or several.
    blocks : (N,) int array or None
        Block of text that each character is in, from 0 in reading order; None where all are in one
        or lines have not been looked for.
    """

    labels: NDArray[np.int32]
    owner: NDArray[np.intp]
    boxes: NDArray[np.intp]
    grey: FloatImage
    letter_height: float
    doubts: tuple[tuple[int, ...], ...] = ()
    blocks: NDArray[np.intp] | None = None

    @property
    def bw(self) -> FloatImage:
        """(H, W) float32, 0.0 characters on 1.0 paper."""
        return np.where(self.labels > 0, np.float32(0), np.float32(1))

    def glyph(self, index: int) -> FloatImage:
        """Grey crop of one character, the ink of its neighbors painted white."""
        return self._cut(self.boxes[index], self.owner == index)

    def glyph_of_parts(self, parts: Sequence[int]) -> FloatImage:
        """Grey crop of the character that these parts would make together."""
        mine = np.zeros(len(self.owner), dtype=bool)
        mine[list(parts)] = True
        rows = self.part_boxes[list(parts)]
        return self._cut(np.concatenate([rows[:, :2].min(axis=0), rows[:, 2:].max(axis=0)]), mine)

    def regrouped(self, owner: NDArray[np.intp]) -> Segmentation:
        """The same parts with other owners; numbers may have holes, the order is kept."""
        owner = np.unique(owner, return_inverse=True)[1]
        boxes = group_boxes(self.part_boxes, owner)
        return replace(self, owner=owner, boxes=boxes, doubts=(), blocks=None)

    def turned(self) -> Segmentation:
        """The same a quarter turn to the left, as `numpy.rot90` turns."""
        y1, x1, y2, x2 = self.boxes.T
        width = self.labels.shape[1]
        return Segmentation(
            np.ascontiguousarray(np.rot90(self.labels)),
            self.owner,
            np.stack([width - x2, y1, width - x1, y2], axis=1),
            np.ascontiguousarray(np.rot90(self.grey)),
            self.letter_height,
        )

    @cached_property
    def part_boxes(self) -> NDArray[np.intp]:
        """(P, 4) boxes of the parts."""
        return label_boxes(self.labels)

    def _cut(self, box: NDArray[np.intp], mine: NDArray[np.bool_]) -> FloatImage:
        y1, x1, y2, x2 = box
        own = np.concatenate([[False], mine])[self.labels[y1:y2, x1:x2]]
        return np.where(own, self.grey[y1:y2, x1:x2], np.float32(1))


def find_letters(image: NDArray[np.generic]) -> tuple[NDArray[np.intp], FloatImage]:
    """Find the characters of a hand-printed page.

    Parameters
    ----------
    image : (H, W) or (H, W, 3) array
        Grey or RGB, uint8 or float in [0, 1].

    Returns
    -------
    boxes : (N, 4) int array
        ``[y1, x1, y2, x2]`` of each character in pixels of `image`, half open.
    bw : (H, W) float32 array
        0.0 characters on 1.0 paper, of the size of `image`.

    Raises
    ------
    ValueError
        If `image` is neither grey nor RGB.

    Examples
    --------
    >>> page = np.ones((60, 100)); page[20:40, 30:34] = 0
    >>> find_letters(page)[0].tolist()
    [[20, 30, 40, 34]]
    """
    whole = _Array(to_grey(image))
    height, width = whole.values.shape
    small = np.asarray(whole.grey(SIDE) * 255).astype(np.uint8)
    sheet = find_page(whole, np.repeat(small[:, :, np.newaxis], 3, axis=2))
    first = survey(sheet.grey(COARSE_SIDE))
    if first.side == 0:
        return np.empty((0, 4), dtype=np.intp), np.ones_like(whole.values)
    found = first.segment(sheet)
    boxes = scale_boxes(found.boxes, found.labels.shape, (sheet.height, sheet.width))
    bw = found.bw
    if isinstance(sheet, Rectified):
        page = Page(sheet.height, sheet.width, tuple(_line_of(box) for box in boxes))
        page = sheet.page_of_photo(page)
        boxes = np.array([line.box.as_list() for line in page.lines], np.intp).reshape(-1, 4)
        bw = sheet.laid_back(bw)
    return boxes, np.where(resize(bw, (height, width)) < 0.5, np.float32(0), np.float32(1))


def _line_of(box: NDArray[np.intp]) -> Line:
    return Line((Word((Letter(Box(*(int(side) for side in box)), "", 1.0),)),))


@dataclass(frozen=True)
class _Array:
    """An image in memory; the same interface as `ocr.input.photo.Photo`."""

    values: FloatImage
    name: str = "image"

    @property
    def height(self) -> int:
        return self.values.shape[0]

    @property
    def width(self) -> int:
        return self.values.shape[1]

    def grey(self, long_side: int) -> FloatImage:
        return reduced(self.values, long_side / max(self.values.shape))


def scale_boxes(
    boxes: NDArray[np.intp], shape: tuple[int, ...], target: tuple[int, ...]
) -> NDArray[np.intp]:
    """`(N, 4)` boxes of an image of `shape` as boxes of the same image of size `target`."""
    ratio = np.array([target[0] / shape[0], target[1] / shape[1]])
    limit = np.array(target[:2], dtype=np.intp)
    low = np.clip(np.round(boxes[:, :2] * ratio).astype(np.intp), 0, limit - 1)
    high = np.round(boxes[:, 2:] * ratio).astype(np.intp)
    return np.hstack([low, np.clip(high, low + 1, limit)])


@dataclass(frozen=True)
class Survey:
    """What a small copy of a page tells before it is read.

    Attributes
    ----------
    side : float
        Longer side, in pixels, at which the letters have their working height; at most `MAX_SIDE`,
        0 if there is nothing like a letter.
    rules : tuple of Rule
        Lines that are not writing.
    clear : (H, W) float32 array
        The copy with even light, without these and without what shows through.
    ink : (H, W) int32 array
        Its ink, as `ocr.letters.binarize.ink_components` gives it.
    """

    side: float
    clear: FloatImage
    ink: NDArray[np.int32]
    rules: tuple[Rule, ...] = ()

    def segment(self, picture: Picture, on_stage: OnStage | None = None) -> Segmentation:
        """Find the characters of the picture that the copy is of, at their working height."""
        if on_stage is None and self.side >= max(picture.height, picture.width) == max(
            self.clear.shape
        ):
            return _segmented(self.clear, self.ink)
        return segment(picture.grey(round(self.side)), self.rules, on_stage)


def survey(coarse: FloatImage) -> Survey:
    """Find the size of the letters, and the rules that would hide it.

    Parameters
    ----------
    coarse : (H, W) float32 array
        The page, its longer side at most `COARSE_SIDE`.
    """
    even = even_light(denoise(coarse))
    ink = ink_components(even)
    if not ink.any():  # nothing, or a texture: its streaks are no rules
        return Survey(0.0, even, ink)
    lines = find_rules(even)
    rules = not_letters(lines)
    followed: Followed = {}
    clear = without_show_through(paint_over(even, rules, followed))
    ink = ink if clear is even else ink_components(clear)
    height = _letter_height_of(ink)
    more = not_letters(lines, height)
    if len(more) > len(rules):
        rules = more
        clear = without_show_through(paint_over(even, rules, followed))
        ink = ink_components(clear)
        height = _letter_height_of(ink)
    side = min(LETTER_HEIGHT / height * max(coarse.shape), MAX_SIDE) if height else 0.0
    return Survey(side, clear, ink, rules)


def segment(
    work: FloatImage, rules: tuple[Rule, ...] = (), on_stage: OnStage | None = None
) -> Segmentation:
    """Find the characters of a page at its working scale (see `survey`).

    Parameters
    ----------
    work : (H, W) float32 array
        Grey in [0, 1], 0 black.
    rules : tuple of Rule, optional
        Lines to paint over.
    on_stage : callable, optional
        Called with the name and the picture of each stage.

    Returns
    -------
    Segmentation
    """

    def show(name: str, picture: NDArray[Any]) -> None:  # a mask: black on white
        if on_stage is not None:
            on_stage(name, picture if picture.dtype == np.float32 else np.float32(1) - picture)

    show("grey", work)
    work = denoise(work)
    show("denoised", work)
    even = even_light(work)
    show("even-light", even)
    if rules:
        even = paint_over(even, rules)
        show("without-rules", even)
    clear = without_show_through(even)
    if clear is not even:
        even = clear
        show("without-show-through", even)
    return _segmented(even, ink_components(even), show)


def _segmented(
    clear: FloatImage, ink: NDArray[np.int32], show: Show = lambda name, picture: None
) -> Segmentation:
    """The characters of a page that holds nothing but ink, given its components."""
    mask = ink > 0
    show("ink", mask)
    height = _letter_height_of(ink)
    if height == 0:
        return _empty(clear)
    mask = close_gaps(mask, height)
    show("closed", mask)
    found = characters(mask, clear, height)
    if found.letter_height < least_height(clear.shape):
        found = _empty(clear)
    show("letters", found.labels > 0)
    return found


def _empty(even: FloatImage) -> Segmentation:
    none = np.empty(0, dtype=np.intp)
    return Segmentation(np.zeros(even.shape, dtype=np.int32), none, none.reshape(0, 4), even, 0.0)


def close_gaps(mask: NDArray[np.bool_], letter_height: float) -> NDArray[np.bool_]:
    """Morphological closing over 4 % of the letter height: mends strokes broken by the pen."""
    radius = max(1, round(0.02 * letter_height))
    closed = eroded(dilated(np.pad(mask, radius), radius), radius)
    return closed[radius:-radius, radius:-radius]


def _letter_height_of(ink: NDArray[np.int32]) -> float:
    """Median letter height in pixels; 0 if nothing could be a letter, or most is grain."""
    slices = ndimage.find_objects(ink)
    heights = np.array([rows.stop - rows.start for rows, _ in slices], dtype=float)
    widths = np.array([cols.stop - cols.start for _, cols in slices], dtype=float)
    grain = np.maximum(heights, widths) < least_height(ink.shape)
    area = heights * widths
    if area[grain].sum() > GRAIN * area[~grain].sum():
        return 0.0
    return median_letter_height(heights, widths, ink.shape)


def least_height(shape: tuple[int, ...]) -> float:
    """Pixels of the lowest letters there may be; in a crop of one small word they are tiny."""
    return min(6.0, 0.2 * shape[0])


def median_letter_height(
    heights: NDArray[np.float64], widths: NDArray[np.float64], shape: tuple[int, ...]
) -> float:
    """Median height of the components that could be letters, each counting by its size.

    Weighting by height keeps dots and specks from pulling the median down. Components that span
    most of the picture are frames or shadows, and lines much flatter than high are rules.
    """
    least = least_height(shape)
    usual = (
        (heights >= least)
        & (heights < 0.7 * max(shape[0], 8))
        & (widths < 0.7 * max(shape[1], 8))
        & (widths < 12 * heights)
    )
    if not usual.any():  # perhaps the picture is a crop of one letter
        usual = (heights >= least) & (widths < 12 * heights) & (heights < 40 * widths)
        usual &= (max(shape) < 20 * heights) & (heights < shape[0]) & (widths < shape[1])
        if not usual.any():
            return 0.0
    chosen = np.sort(heights[usual])
    share = np.cumsum(chosen) / chosen.sum()
    return float(chosen[np.searchsorted(share, 0.5)])


# Shares of the letter height (H, the larger of the page's median and the pieces' own height).
SPECK = 0.05  # anything smaller in both directions is dirt
SMALL = 0.42  # a dot, comma, bar end: not a letter by itself
FAINT = 0.68  # of the darkness of letters: a smaller mark that is as faint is a smudge
RULE = 0.2  # of its own width: what is flatter and longer than letters may be a rule or underline
STRAIGHT = 1.15  # of the pen's width: a rule has no more ink a column
FILLED = 0.8  # share of its box that a thick bar fills
OUTLINE = 0.7  # of the picture's sides: as large as this may be the outline of a sheet
RIM = 0.1  # of its own sides: an outline lies all but within so much of them
FRAMED = 3  # letters inside a larger component make it a frame
SLIVER = 0.15  # what shows less than this at the border of the picture is no letter
STUB = 6.0  # times its width long: such a line that runs into the border is no letter
TOUCHING = 0.6  # of its length: what touches the border so far lies along it, if it is
FLAT_ON_BORDER = 0.5  # of its length deep or less
DOT = 0.2  # a full stop is no larger; an apostrophe is
TICK = 0.5  # a quotation mark is no higher; the stem of an i is
HANGING_TICK = 0.75  # unless it hangs above the feet of its neighbors
WIDEST_ABOVE = 0.9  # is what has a dot below
DOT_GAP = 0.6  # a dot stands at most this far above or below its stem
HIGHEST = 5  # what is connected and higher than this is no writing
TALLEST = 1.6  # a joined character is no higher than this
BAR_GAP = 0.14  # a loose bar stands at most this far from its stem
FLAT = 0.33  # a bar is no higher than this
UPRIGHT = 0.26  # a piece narrower than this is a single upright stroke
SURE_GAP = 0.1  # strokes this near each other are of one character unless it reads worse
DOUBTFUL_GAP = 0.2  # strokes this near each other may be of one character
MOST_DOUBTED = 8  # parts in a row that are asked about; more are joined-up writing
WIDEST = 1.25  # a character joined side by side is no wider than this


def characters(mask: NDArray[np.bool_], even: FloatImage, letter_height: float) -> Segmentation:
    """Divide the ink into parts and the parts among characters.

    Parameters
    ----------
    mask : (H, W) bool array
        Ink.
    even : (H, W) float32 array
        Grey with even light, for telling smudges from ink.
    letter_height : float
        First estimate, pixels.
    """
    labels = label(mask, connectivity=2)
    found = [region.bbox for region in regionprops(labels)]
    components = without_high(labels, np.array(found, np.intp).reshape(-1, 4), letter_height)
    stroke = stroke_width(labels > 0)
    components = writing(labels, components, even, letter_height, stroke)
    if not len(components):
        return _empty(even)
    group = join_pieces(components, letter_height)
    boxes = group_boxes(components, group)
    kept = ~floating_dots(boxes, letter_height)
    renumber(labels, np.where(kept, np.cumsum(kept), 0)[group])
    boxes, cuts = cut_touching(labels, boxes[kept], letter_height, stroke)
    links = [*cuts, *beside(boxes, letter_height)]
    owner = _united(len(boxes), [(a, b) for a, b, joined in links if joined])
    cluster = _united(len(boxes), [(a, b) for a, b, _ in links])
    order = np.lexsort((boxes[:, 1] + boxes[:, 3], cluster))
    doubted = np.unique(cluster[[a for a, _, _ in links]])
    first, last = np.searchsorted(cluster[order], [doubted, doubted + 1])
    few = last - first <= MOST_DOUBTED
    spans = zip(first[few].tolist(), last[few].tolist(), strict=True)
    doubts = tuple(tuple(order[a:b].tolist()) for a, b in spans)
    joined = group_boxes(boxes, owner)
    heights = joined[:, 2] - joined[:, 0]
    letters = heights[heights > SMALL * letter_height]
    height = float(np.median(letters)) if len(letters) else letter_height
    return Segmentation(labels, owner, joined, even, height, doubts)


def label_boxes(labels: NDArray[np.int32]) -> NDArray[np.intp]:
    """(P, 4) boxes of the labels 1 to P, all of which occur."""
    rows = [(s[0].start, s[1].start, s[0].stop, s[1].stop) for s in ndimage.find_objects(labels)]
    return np.array(rows, dtype=np.intp).reshape(-1, 4)


def group_boxes(boxes: NDArray[np.intp], group: NDArray[np.intp]) -> NDArray[np.intp]:
    """(N, 4) boxes around the members of each group 0 to N - 1."""
    if not len(group):
        return np.empty((0, 4), dtype=np.intp)
    order = np.argsort(group, kind="stable")
    starts = np.searchsorted(group[order], np.arange(int(group.max()) + 1))
    low = np.minimum.reduceat(boxes[order, :2], starts)
    return np.hstack([low, np.maximum.reduceat(boxes[order, 2:], starts)])


def _united(count: int, pairs: list[tuple[int, int]]) -> NDArray[np.intp]:
    """Group numbers, 0 to N - 1, of `count` items of which `pairs` belong together."""
    group, members = list(range(count)), [[k] for k in range(count)]
    for a, b in pairs:
        into, other = group[a], group[b]
        if into != other:
            for k in members[other]:
                group[k] = into
            members[into] += members[other]
    return np.unique(group, return_inverse=True)[1]


def stroke_width(mask: NDArray[np.bool_]) -> float:
    """Mean width of the strokes in pixels: twice the area over the length of the outline."""
    edge = mask & ~eroded(mask)
    return 2.0 * float(mask.sum()) / max(float(edge.sum()), 1.0)


def without_high(
    labels: NDArray[np.int32], boxes: NDArray[np.intp], letter_height: float
) -> NDArray[np.intp]:
    """Drop components much higher than letters, such as a desk around the sheet, in place.

    They are no writing, and their area would make the pen seem thick and thin letters dirt.
    Parameters and result are those of `writing`.
    """
    low = boxes[:, 2] - boxes[:, 0] < HIGHEST * letter_height
    if not low.all():
        keep_only(labels, low)
    return boxes[low]


def writing(
    labels: NDArray[np.int32],
    boxes: NDArray[np.intp],
    even: FloatImage,
    letter_height: float,
    stroke: float,
) -> NDArray[np.intp]:
    """Keep the components that are writing, in place.

    Dropped are specks and smudges (small and faint, or small and far from any letter), what
    touches the border without being a letter there, blots much thicker than a pen, and rules.

    Parameters
    ----------
    labels : (H, W) int32 array
        Connected components, 1 to M; afterwards those kept, 1 to N.
    boxes : (M, 4) int array
        Of the components.
    even : (H, W) float32 array
    letter_height, stroke : float
        Pixels.

    Returns
    -------
    (N, 4) int array
        Boxes of those kept.
    """
    pixels = np.flatnonzero(labels)  # a page is paper for the most part
    own = labels.reshape(-1)[pixels]
    area = np.bincount(own, minlength=len(boxes) + 1)[1:]
    ink = np.bincount(own, weights=1.0 - even.reshape(-1)[pixels], minlength=len(boxes) + 1)[1:]
    large = area >= max(0.3 * stroke**2, 1)
    keep_only(labels, large)
    boxes, area, darkness = boxes[large], area[large], ink[large] / area[large]
    if not len(boxes):
        return boxes
    heights, widths = boxes[:, 2] - boxes[:, 0], boxes[:, 3] - boxes[:, 1]
    longest = np.maximum(heights, widths)
    shape = labels.shape
    at_side = (boxes[:, 1] <= 0) | (boxes[:, 3] >= shape[1])
    at_border = at_side | (boxes[:, 0] <= 0) | (boxes[:, 2] >= shape[0])
    sliver = at_border & (np.where(at_side, widths, heights) < SLIVER * letter_height)
    letter = (heights > SMALL * letter_height) & (heights < 2.5 * letter_height)
    usual = float(np.median(darkness[letter])) if letter.any() else float(np.median(darkness))
    small = longest < SMALL * letter_height
    keep = longest > SPECK * letter_height
    keep &= ~(small & (darkness < FAINT * usual))
    keep &= ~(at_border & (small | (heights > 2.5 * letter_height) | (widths > 4 * letter_height)))
    stub = (longest > STUB * np.minimum(heights, widths)) & (longest > letter_height)
    keep &= ~(stub & at_border & (at_side == (widths > heights)))  # the end of a rule
    keep &= ~sliver & ~along_border(labels, boxes)
    keep &= ~_flat_rules(heights, widths, area, letter_height, stroke)
    keep &= ~frames(boxes, letter_height)
    keep &= ~outlines(labels, boxes)
    blot = area > 6 * stroke * (heights + widths)
    keep &= ~(blot & ~small)
    if letter.any() and (small & keep).any():
        keep &= ~(small & (_distance(boxes, boxes[letter & keep]) > 1.6 * letter_height))
    keep_only(labels, keep)
    return boxes[keep]


def _flat_rules(
    heights: NDArray[np.intp],
    widths: NDArray[np.intp],
    area: NDArray[np.intp],
    letter_height: float,
    stroke: float,
) -> NDArray[np.bool_]:
    """Which components are rules or underlines, not words of low joined letters.

    Both are long and flat. A word is higher than the pen is wide, its stroke goes up and down
    under way and so has more ink a column than a slanting rule, and does not fill its box.
    """
    flat = (heights < RULE * widths) & (widths > 2.5 * letter_height)
    low = heights < SMALL * letter_height
    straight = area < STRAIGHT * stroke * widths
    return flat & (low | straight | (area > FILLED * heights * widths))


def along_border(labels: NDArray[np.int32], boxes: NDArray[np.intp]) -> NDArray[np.bool_]:
    """What lies along the border of the picture: the edge of a bent sheet, its shadow, the desk.

    Parameters
    ----------
    labels : (H, W) int32 array
        One label a component, 1 to N.
    boxes : (N, 4) int array

    Returns
    -------
    (N,) bool array
        True for components that touch the border over most of their length and are flat on it.
    """
    heights, widths = boxes[:, 2] - boxes[:, 0], boxes[:, 3] - boxes[:, 1]
    out = np.zeros(len(boxes), dtype=bool)
    strips = (labels[:3], labels[-3:], labels[:, :3].T, labels[:, -3:].T)
    sizes = ((widths, heights), (widths, heights), (heights, widths), (heights, widths))
    for strip, (length, depth) in zip(strips, sizes, strict=True):
        contact = np.bincount(strip.max(axis=0), minlength=len(boxes) + 1)[1:]
        out |= (contact > TOUCHING * length) & (depth < FLAT_ON_BORDER * length)
    return out


def outlines(labels: NDArray[np.int32], boxes: NDArray[np.intp]) -> NDArray[np.bool_]:
    """The outline of a sheet that was not found: as large as the picture, and empty inside.

    Parameters and result are those of `along_border`.
    """
    out = np.zeros(len(boxes), dtype=bool)
    large = (boxes[:, 2:] - boxes[:, :2]) > OUTLINE * np.array(labels.shape)
    for k in np.flatnonzero(large.all(axis=1)):
        y1, x1, y2, x2 = boxes[k]
        rim = round(RIM * (y2 - y1)), round(RIM * (x2 - x1))
        inside = labels[y1 + rim[0] : y2 - rim[0], x1 + rim[1] : x2 - rim[1]] == k + 1
        own = labels[y1:y2, x1:x2] == k + 1
        out[k] = inside.sum() < RIM * own.sum()
    return out


def frames(boxes: NDArray[np.intp], letter_height: float) -> NDArray[np.bool_]:
    """Boxes drawn around text: much larger than letters, with several letters inside.

    Parameters
    ----------
    boxes : (N, 4) int array
        One a connected component.
    letter_height : float
        Pixels.

    Returns
    -------
    (N,) bool array
    """
    sides = boxes[:, 2:] - boxes[:, :2]
    letter = (sides[:, 0] > SMALL * letter_height) & (sides[:, 0] < 2.5 * letter_height)
    inner = boxes[letter]
    out = np.zeros(len(boxes), dtype=bool)
    for k in np.flatnonzero(sides.min(axis=1) > 1.5 * letter_height):
        y1, x1, y2, x2 = boxes[k]
        inside = (inner[:, 0] > y1) & (inner[:, 1] > x1) & (inner[:, 2] < y2) & (inner[:, 3] < x2)
        out[k] = inside.sum() >= FRAMED
    return out


def _distance(boxes: NDArray[np.intp], others: NDArray[np.intp]) -> NDArray[np.float64]:
    """Distance of each box to the nearest of `others` (not itself), in pixels; inf for none."""
    if not len(others):
        return np.full(len(boxes), np.inf)
    rows = np.maximum(boxes[:, None, 0] - others[:, 2], others[:, 0] - boxes[:, None, 2])
    cols = np.maximum(boxes[:, None, 1] - others[:, 3], others[:, 1] - boxes[:, None, 3])
    return np.hypot(np.maximum(rows, 0), np.maximum(cols, 0)).min(axis=1)


def join_pieces(boxes: NDArray[np.intp], letter_height: float) -> NDArray[np.intp]:
    """Which pieces form one character.

    Parameters
    ----------
    boxes : (N, 4) int array
        One box a connected component.
    letter_height : float
        Pixels.

    Returns
    -------
    (N,) int array
        Number of the character each piece belongs to, 0 to M - 1.
    """
    group = np.arange(len(boxes))
    merged = boxes.astype(float)
    hanging = _hanging(merged, letter_height)
    y1, x1, y2, x2 = merged.T
    rows = np.maximum(y1[:, None], y1) - np.minimum(y2[:, None], y2)
    cols = np.maximum(x1[:, None], x1) - np.minimum(x2[:, None], x2)
    near = (rows < DOT_GAP * 2 * letter_height) & (cols < 0.3 * letter_height)
    first, second = np.nonzero(np.triu(near, 1))
    gap = np.hypot(np.maximum(rows, 0), np.maximum(cols, 0))[first, second]
    for k in np.argsort(gap, kind="stable"):
        a, b = group[first[k]], group[second[k]]
        tick = HANGING_TICK if hanging[first[k]] and hanging[second[k]] else TICK
        if a != b and _same_character(merged[a], merged[b], letter_height, tick):
            merged[a] = [
                *np.minimum(merged[a], merged[b])[:2],
                *np.maximum(merged[a], merged[b])[2:],
            ]
            group[group == b] = a
    return np.unique(group, return_inverse=True)[1]


def _usual_gap(boxes: NDArray[np.intp], letter_height: float) -> float:
    """Median gap from a letter to the next one on its right, pixels."""
    letters = boxes[(boxes[:, 2] - boxes[:, 0]) > SMALL * letter_height].astype(float)
    if len(letters) < 4:
        return 0.4 * letter_height
    y1, x1, y2, x2 = letters.T
    beside = np.minimum(y2[:, None], y2) - np.maximum(y1[:, None], y1) > 0.4 * letter_height
    gap = x1 - x2[:, None]
    right = beside & (x1 > x1[:, None]) & (gap > -0.2 * letter_height)
    gaps = np.where(right, gap, np.inf).min(axis=1)
    gaps = gaps[gaps < 2 * letter_height]
    return float(np.clip(np.median(gaps), 0, letter_height)) if len(gaps) else 0.4 * letter_height


def _hanging(boxes: NDArray[np.float64], letter_height: float) -> NDArray[np.bool_]:
    """Which pieces end well above the feet of the letters beside them, of which there are some."""
    y1, x1, y2, x2 = boxes.T
    letter = (y2 - y1) > HANGING_TICK * letter_height
    away = np.maximum(x1[:, None] - x2, x1 - x2[:, None])
    near = letter & (away < letter_height) & (y1 < y2[:, None]) & (y1[:, None] < y2)
    feet = np.where(near, y2, np.inf).min(axis=1)
    return near.any(axis=1) & (y2 < feet - 0.25 * letter_height)


def _same_character(
    a: NDArray[np.float64], b: NDArray[np.float64], letter_height: float, tick_height: float
) -> bool:
    """Whether two pieces, given by their boxes, belong to one character.

    `tick_height` is the largest of the halves of a quotation mark, in letter heights.
    """
    if (a[2] - a[0]) * (a[3] - a[1]) < (b[2] - b[0]) * (b[3] - b[1]):
        a, b = b, a  # a is the larger
    (height_a, width_a), (height_b, width_b) = a[2:] - a[:2], b[2:] - b[:2]
    high = max(letter_height, min(max(height_a, height_b), 2 * letter_height))
    union_height = max(a[2], b[2]) - min(a[0], b[0])
    union_width = max(a[3], b[3]) - min(a[1], b[1])
    if union_height > TALLEST * high:
        return False
    rows = min(a[2], b[2]) - max(a[0], b[0])  # overlap; negative is a gap
    cols = min(a[3], b[3]) - max(a[1], b[1])
    center = (b[1] + b[3]) / 2

    # nested: a bar inside E, the eye of an opened A
    if rows > 0 and cols > 0 and rows * cols > 0.5 * height_b * width_b:
        return bool(union_width <= 1.6 * high)

    # a bar across or above an upright stroke: T, F, J, 5, 7 with the bar not met
    bar, stem = (a, b) if width_a > width_b else (b, a)
    bar_height, bar_width = bar[2:] - bar[:2]
    stem_height, stem_width = stem[2:] - stem[:2]
    lying = bar_height < 0.5 * high and bar_width > 1.6 * bar_height
    if lying and stem_width < 0.45 * high < stem_height:
        inside = bar[1] - 0.1 * high <= (stem[1] + stem[3]) / 2 <= bar[3] + 0.1 * high
        if inside and bar[0] < stem[0] + 0.3 * high and -rows <= BAR_GAP * 2 * high:
            return bool(bar_width < 1.2 * high)

    # two ticks side by side: "
    tick = max(width_a, width_b) < 0.25 * high and 1.3 * width_a < height_a < tick_height * high
    if tick and 0.6 * height_a < height_b < tick_height * high and rows > 0.6 * height_b:
        return bool(-cols < 0.25 * high)

    # one above the other: i, j, !, ?, :, ;, =
    small = height_b < SMALL * high and width_b < 0.7 * high
    flat = height_a < FLAT * high and height_b < FLAT * high
    if (small or flat) and -rows <= DOT_GAP * high and rows < 0.5 * height_b:
        single = width_a < 0.5 * high  # a stem may have its dot to the side
        beside = max(a[1] - center, center - a[3], 0.0)
        over = cols > 0.5 * width_b or (single and beside < 0.15 * high)
        under = b[0] > (a[0] + a[2]) / 2  # of ! and ?, not of joined writing
        if (
            over
            and not (under and width_a > WIDEST_ABOVE * high)
            and (-rows <= 0.25 * high or single or flat)
        ):
            return bool(width_b <= 1.3 * max(width_a, 0.7 * high))

    return False


def floating_dots(boxes: NDArray[np.intp], letter_height: float) -> NDArray[np.bool_]:
    """Dots that hang in the upper half of a line without a stem: no sign of writing does.

    Parameters
    ----------
    boxes : (N, 4) int array
        Characters, their pieces joined.
    letter_height : float
        Pixels.

    Returns
    -------
    (N,) bool array
    """
    y1, x1, y2, x2 = boxes.T.astype(float)
    heights, widths = y2 - y1, x2 - x1
    dot = (np.maximum(heights, widths) < DOT * letter_height) & (heights < 1.8 * widths)
    letter = heights > SMALL * letter_height
    middle = ((y1 + y2) / 2)[:, None]
    away = np.maximum(x1[:, None] - x2, x1 - x2[:, None])
    same_line = letter & (y1 < middle) & (middle < y2) & (away < letter_height)
    high_up = middle < y2 - 0.4 * heights
    return dot & same_line.any(axis=1) & ~(same_line & ~high_up).any(axis=1)


def beside(boxes: NDArray[np.intp], letter_height: float) -> list[tuple[int, int, bool]]:
    """Neighbors that may be strokes of one character: H, K, N, E, F whose strokes do not meet.

    Parameters
    ----------
    boxes : (P, 4) int array
    letter_height : float
        Pixels.

    Returns
    -------
    list of (left, right, joined)
        Indices of two boxes, and whether they look like one character: much nearer to each other
        than letters of this page usually are.
    """
    y1, x1, y2, x2 = boxes.T.astype(float)
    heights, widths = y2 - y1, x2 - x1
    rows = np.minimum(y2[:, None], y2) - np.maximum(y1[:, None], y1)
    gap = x1 - x2[:, None]  # from the first to the second
    high = np.clip(np.maximum(heights[:, None], heights), letter_height, 2 * letter_height)
    lower = np.minimum(heights[:, None], heights)
    near = (gap <= DOUBTFUL_GAP * high) & (gap > -0.3 * high) & (x1 > x1[:, None])
    near &= (rows > 0.5 * lower) & (x2 - x1[:, None] <= WIDEST * high)
    stroke = (np.minimum(widths[:, None], widths) < 0.4 * high) & (lower > 0.45 * high)
    lying = (widths > 1.5 * heights) & (widths > 0.2 * high)  # a dot is not a bar
    loose = lying & (heights < FLAT * high) & (widths < 0.8 * high)
    loose &= heights[:, None] > 0.6 * high
    limit = min(SURE_GAP * letter_height, 0.3 * _usual_gap(boxes, letter_height))
    upright = np.minimum(widths[:, None], widths) < UPRIGHT * high
    sure = (gap <= limit) & (loose | (stroke & upright))
    pairs = near & (stroke | loose)
    # a letter whose ink failed half-way down: two flat halves, one right above the other
    half = (heights > 0.25 * letter_height) & (heights < 0.75 * letter_height)
    over = half & half[:, None] & (y1 > y1[:, None]) & (np.abs(rows) < 0.15 * letter_height)
    shared = np.minimum(x2[:, None], x2) - np.maximum(x1[:, None], x1)
    over &= shared > 0.6 * np.maximum(widths[:, None], widths)
    over &= y2 - y1[:, None] < 1.3 * letter_height
    links = np.argwhere(pairs | over)
    return [(int(a), int(b), bool((sure & pairs | over)[a, b])) for a, b in links]


def cut_touching(
    labels: NDArray[np.int32], boxes: NDArray[np.intp], letter_height: float, stroke: float
) -> tuple[NDArray[np.intp], list[tuple[int, int, bool]]]:
    """Cut characters where they may touch, in place.

    Parameters
    ----------
    labels : (H, W) int32 array
        One label a character so far, 1 to M; afterwards one a part, 1 to P.
    boxes : (M, 4) int array
        Of the characters.
    letter_height, stroke : float
        Pixels.

    Returns
    -------
    boxes : (P, 4) int array
        Of the parts.
    links : list of (left, right, joined)
        Indices (label - 1) of neighboring parts, and whether they look like one character: not
        much wider than a letter, or linked by more than one thin stroke.
    """
    links = []
    cut_boxes = boxes.copy()
    more: list[tuple[int, ...]] = []
    heights, widths = (boxes[:, 2:] - boxes[:, :2]).T
    large = (widths >= 0.75 * letter_height) & (heights >= 0.5 * letter_height)
    for index in np.flatnonzero(large).tolist():
        y1, x1, y2, x2 = boxes[index].tolist()
        here = labels[y1:y2, x1:x2]
        own = here == index + 1
        width = x2 - x1
        cuts = cut_columns(own, letter_height, 1.9 * stroke + 1)
        wide = width >= 1.45 * letter_height
        sure = cut_columns(own, letter_height, 1.35 * stroke + 1) if cuts and wide else []
        left = index
        for start, stop in pairwise([0, *cuts, width] if cuts else []):
            part = own[:, start:stop]
            rows, cols = (np.flatnonzero(part.any(axis=axis)) for axis in (1, 0))
            box = y1 + rows[0], x1 + start + cols[0], y1 + rows[-1] + 1, x1 + start + cols[-1] + 1
            if start == 0:
                cut_boxes[index] = box
                continue
            following = len(boxes) + len(more)
            more.append(box)
            here[:, start:stop][part] = following + 1
            cut = any(abs(start - column) <= stroke for column in sure)
            links.append((left, following, not cut))
            left = following
    return np.vstack([cut_boxes, np.array(more, dtype=np.intp).reshape(-1, 4)]), links


def cut_columns(own: NDArray[np.bool_], letter_height: float, thickest: float) -> list[int]:
    """Columns at which one component may be cut, in order.

    There the ink is a single run no thicker than `thickest` pixels, with a letter's worth of ink
    on both sides.
    """
    height = len(own)
    runs = own[0] + (own[1:] & ~own[:-1]).sum(axis=0)
    top, below = own.argmax(axis=0), own[::-1].argmax(axis=0)
    extent = height - top - below
    top[runs == 0] = below[runs == 0] = height  # no ink
    thin = (runs == 1) & (extent <= thickest)
    edges = np.flatnonzero(np.diff(thin, prepend=False, append=False)).tolist()
    # Few columns each: lists take less time than arrays. To the right of each column:
    tops, belows, extents = top.tolist(), below.tolist(), extent.tolist()
    highest, lowest = (np.minimum.accumulate(x[::-1])[::-1].tolist() for x in (top, below))
    narrowest = 0.3 * letter_height
    cuts: list[int] = []
    for first, last in zip(edges[::2], edges[1::2], strict=True):
        start = cuts[-1] if cuts else 0
        if last - 1 - start < narrowest or len(extents) - first < narrowest:
            continue
        least = min(extents[first:last])
        thinnest = [k for k in range(first, last) if extents[k] <= least + 1]
        middle = thinnest[len(thinnest) // 2]
        if min(middle - start, len(extents) - middle) < narrowest:
            continue
        left = height - min(belows[start:middle]) - 1 - min(tops[start:middle])
        right = height - lowest[middle] - 1 - highest[middle]
        if min(left, right) > 0.5 * letter_height:
            cuts.append(middle)
    return cuts

"""From an image to the boxes of its characters: the course's chain.

Denoise, even the light, Otsu's threshold, closing (`ocr.letters.ink`); label the components and box
them; drop what is not writing; join the pieces of one character, cut those that touch (`pieces`,
`touching`).
Where the writing is and how large, the page network says: rules, frames, desks, textures are left
out because they lie in no text line.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from ocr.layout.page_network import Layout, installed_finder, line_bands
from ocr.layout.picture import Picture
from ocr.layout.rows import page_slope
from ocr.layout.stages import OnStage
from ocr.layout.strips import TextLine
from ocr.layout.strokes import stroke_width
from ocr.letters.ink import find_ink
from ocr.letters.pieces import join_pieces, side_by_side, united
from ocr.letters.segmentation import Segmentation, group_boxes, label_boxes, nothing, scale_boxes
from ocr.letters.standing import letter_heights, standing
from ocr.letters.touching import cut_touching

if TYPE_CHECKING:
    from ocr.input.given import Given

MOST_DOUBTED = 8  # parts in a row that are asked about; more are joined-up writing


@dataclass(frozen=True)
class FindConfig:
    """At what size letters are looked for, and what is a letter.

    Set by hand; held to `tests/benchmarks/course_photos.py` and the row "clean" of
    `tests/benchmarks/pages.py`. `tilt` and `beyond` were compared with others on generated pages:
    `pages.py --choose --only tilted --only desk --pages 12 --constant tilt --values 0.05 0.1 0.2`
    gives a CER of 2.1, 2.1 and 2.2 %; `--only clean --only desk --only tilted --pages 12
    --constant beyond --values 1 2 3` one of 2.7, 2.5 and 2.2 %, and `--only clean --only columns
    --only ruled --only dense --pages 16 --values 2 3 4` the same for all. Neither change is more
    than a few letters, so both stayed.

    Attributes
    ----------
    x_height : float
        Pixels of the small letters at the working scale: strokes are then two pixels wide or more.
    largest : int
        Longest side of the working picture in pixels, which bounds the memory.
    over, under, beyond : float
        How far letters reach above and below the baseline and beyond its ends, in x-heights.
    inside : float
        Share of a mark's ink that lies so, or it is not writing.
    dot : float
        Squares of the pen's width: what covers less is dirt.
    highest : float
        Letter heights: what is higher is no letter.
    tilt : float
        Rows a column: on a page that slopes by more, letters are turned level to be read.
    hanging : float
        x-heights: what ends higher than this below the middle of its line hangs, as quotation
        marks do.
    long, flat : float
        Letter heights: what is at least so long and at most so high is a rule.
    gaps : (float, float)
        Letter heights: only gaps between these count for the usual one between letters.
    no_gap : float
        Letter heights: the usual gap of a page without any.
    """

    x_height: float = 32.0
    largest: int = 2600
    over: float = 2.0
    under: float = 0.8
    beyond: float = 2.0
    inside: float = 0.5
    dot: float = 0.5
    highest: float = 3.0
    tilt: float = 0.1
    hanging: float = 0.2
    long: float = 2.5
    flat: float = 0.4
    gaps: tuple[float, float] = (-0.2, 2.0)
    no_gap: float = 0.4


CONFIG = FindConfig()


def find_letters(image: Given) -> tuple[NDArray[np.intp], NDArray[np.float32]]:
    """Find the characters of a hand-printed page.

    Parameters
    ----------
    image : (H, W), (H, W, 3) array, path, picture
        As `ocr.input.given.photo_of` takes it.

    Returns
    -------
    boxes : (N, 4) int array
        ``[y1, x1, y2, x2]`` of each character in pixels of `image`, half open.
    bw : (H, W) float32 array
        0.0 characters on 1.0 paper, of the size of `image`.

    Raises
    ------
    ValueError
        If an array is no image.
    ModelError
        The page network is missing or unusable.

    Examples
    --------
    >>> from PIL import Image, ImageDraw, ImageFont
    >>> page = Image.new("L", (1200, 400), 225)
    >>> draw = ImageDraw.Draw(page)
    >>> draw.text((80, 90), "MAKE A LIST\\nOF 36 BOXES", fill=40, font=ImageFont.load_default(70))
    >>> boxes, bw = find_letters(page)
    >>> boxes.shape, bw.shape
    ((18, 4), (400, 1200))
    """
    from ocr.input.given import photo_of
    from ocr.layout.polarity import dark_on_light

    picture = dark_on_light(photo_of(image))
    size = (picture.height, picture.width)
    found, _, _ = segment(picture, installed_finder().find(picture))
    boxes = scale_boxes(found.boxes, found.labels.shape, size)
    rows = np.arange(size[0]) * found.labels.shape[0] // size[0]
    cols = np.arange(size[1]) * found.labels.shape[1] // size[1]
    return boxes, found.bw[np.ix_(rows, cols)]


def segment(
    picture: Picture,
    layout: Layout,
    on_stage: OnStage | None = None,
) -> tuple[Segmentation, list[TextLine], float]:
    """Find the characters of a page whose text lines are known.

    Parameters
    ----------
    picture : Picture
        Dark on light.
    layout : Layout
        What the page network saw of it.
    on_stage : callable, optional
        Told the name and the picture of each step.

    Returns
    -------
    found : Segmentation
        At the working scale.
    lines : list of TextLine
        Those of the layout, in its pixels.
    scale : float
        Pixels of `picture` for one of it.
    """
    longer = max(picture.height, picture.width)
    if not layout.lines:
        return nothing(picture.grey(min(longer, 64))), [], 1.0
    side = min(longer * CONFIG.x_height / layout.x_height, CONFIG.largest, longer)
    grey = picture.grey(max(1, round(side)))
    scale = longer / max(grey.shape)
    lines = [line.scaled(1 / scale) for line in layout.lines]
    found = characters(grey, lines, layout.x_height / scale, on_stage)
    return found, lines, scale


def characters(
    grey: NDArray[np.float32],
    lines: Sequence[TextLine],
    x_height: float,
    on_stage: OnStage | None = None,
) -> Segmentation:
    """Divide the ink of a page into parts and the parts among characters.

    Parameters
    ----------
    grey : (H, W) float32 array
        0 black, 1 white.
    lines : sequence of TextLine
        At least one, in pixels of `grey`.
    x_height : float
        The usual height of the small letters, in pixels.
    """
    from skimage.measure import label  # late: only this way of reading needs it

    show = on_stage or (lambda name, picture: None)
    text = line_bands(grey.shape, lines, CONFIG.over, CONFIG.under)
    bands = line_bands(grey.shape, lines, CONFIG.over, CONFIG.under, CONFIG.beyond)
    even, ink = find_ink(grey, text, x_height, show)
    labels = label(ink, connectivity=2).astype(np.int32, copy=False)
    boxes = label_boxes(labels)  # what regionprops calls bbox, for a tenth of the time
    stroke = stroke_width(ink & text)
    area, within, inside = (
        np.bincount(labels[part], minlength=len(boxes) + 1)[1:]
        for part in (ink, ink & text, ink & bands)
    )
    at_border = (boxes[:, :2] == 0).any(axis=1) | (boxes[:, 2:] == grey.shape).any(axis=1)
    inside = np.where(at_border, within, inside)  # what the picture cuts is of its surroundings
    writing = np.flatnonzero((inside >= CONFIG.inside * area) & (area >= CONFIG.dot * stroke**2))
    if not len(writing):
        return nothing(even)
    stand = standing(boxes[writing], lines)
    sizes = letter_heights(boxes[writing], stand.line, lines)
    slope = page_slope(lines)
    like = letter_like(boxes[writing], sizes, slope)
    if not like.any():
        return nothing(even)
    writing, sizes, foot = writing[like], sizes[like], stand.foot[like]
    group = join_pieces(boxes[writing], sizes, foot < CONFIG.hanging)
    labels = renumbered(labels, len(boxes), writing, group)
    boxes = group_boxes(boxes[writing], group)
    sizes = np.bincount(group, sizes) / np.bincount(group)
    found = divided(labels, boxes, sizes, even, stroke, lines)
    show("letters", found.bw)
    return replace(found, slope=slope) if abs(slope) > CONFIG.tilt else found


def letter_like(
    boxes: NDArray[np.intp], sizes: NDArray[np.float64], slope: float
) -> NDArray[np.bool_]:
    """Which components may be letters or signs by their size: no rules or frames.

    What a rule rises with a page that slopes slightly does not count for its height; on one that
    slopes much, joined letters would be as flat.
    """
    heights, widths = (boxes[:, 2:] - boxes[:, :2]).T / sizes
    rise = min(abs(slope), CONFIG.tilt) * widths
    rule = (widths > CONFIG.long) & (heights - rise < CONFIG.flat)
    return ~rule & (heights < CONFIG.highest)


def renumbered(
    labels: NDArray[np.int32], count: int, kept: NDArray[np.intp], group: NDArray[np.intp]
) -> NDArray[np.int32]:
    """Labels 1 to `count` with new numbers: of those `kept`, 1 and more by their group; else 0."""
    number = np.zeros(count + 1, dtype=np.int32)
    number[kept + 1] = group + 1
    return number[labels]


def divided(
    labels: NDArray[np.int32],
    boxes: NDArray[np.intp],
    sizes: NDArray[np.float64],
    even: NDArray[np.float32],
    stroke: float,
    lines: Sequence[TextLine],
) -> Segmentation:
    """Cut characters that may touch, link strokes that may be one; what is unsure are doubts."""
    origin, cuts, cut_joined = cut_touching(labels, boxes, sizes, stroke)
    boxes, sizes = label_boxes(labels), sizes[origin]
    gap = usual_gap(boxes, sizes, standing(boxes, lines).line)
    near, near_joined = side_by_side(boxes, sizes, gap)
    links, joined = np.concatenate([cuts, near]), np.concatenate([cut_joined, near_joined])
    owner = united(len(boxes), links[joined])
    cluster = united(len(boxes), links)
    order = np.lexsort((boxes[:, 1] + boxes[:, 3], cluster))
    sides = np.searchsorted(cluster[order], np.arange(cluster.max() + 2))
    spans = zip(sides[:-1].tolist(), sides[1:].tolist(), strict=True)
    doubts = tuple(tuple(order[a:b].tolist()) for a, b in spans if 1 < b - a <= MOST_DOUBTED)
    return Segmentation(labels, owner, sizes, even, doubts)


def usual_gap(boxes: NDArray[np.intp], sizes: NDArray[np.float64], line: NDArray[np.intp]) -> float:
    """Median gap from a letter to the next one of its line, in letter heights."""
    least, most = CONFIG.gaps
    order = np.lexsort((boxes[:, 1], line))
    gaps = (boxes[order[1:], 1] - boxes[order[:-1], 3]) / sizes[order[1:]]
    gaps = gaps[(line[order[1:]] == line[order[:-1]]) & (gaps > least) & (gaps < most)]
    return float(np.clip(np.median(gaps), 0, 1)) if len(gaps) else CONFIG.no_gap

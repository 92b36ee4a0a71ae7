"""Find the text lines of a page with the page network."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from ocr.errors import ModelError
from ocr.layout.by_itself import by_itself
from ocr.layout.connected import connected
from ocr.layout.darkness import ink_darkness
from ocr.layout.loose_signs import loose_signs
from ocr.layout.medians import weighted_median
from ocr.layout.overlooked import CONFIG as OVERLOOKED
from ocr.layout.overlooked import overlooked_boxes
from ocr.layout.picture import Part, Picture
from ocr.layout.reading_order import reading_order
from ocr.layout.rows import page_slope
from ocr.layout.sideways import sideways_boxes
from ocr.layout.strips import TextLine
from ocr.layout.tracing import MAP_STRIDE, trace
from ocr.layout.walls import cut_at_walls
from ocr.memory import give_back
from ocr.session import Session
from ocr.weights import find_weights, read_metadata, verify

DEFAULT_PAGE = "page.onnx"
NORMALIZATION = "darkness-64"  # recorded in weight files; change it when the method changes
MULTIPLE = 32  # the network wants sides that are multiples of this
LARGE = 600_000  # pixels of a look that takes 15 MiB: before smaller ones nothing is given back


@dataclass(frozen=True)
class ScaleConfig:
    """At what size a page is looked at and read.

    Chosen on the valid split of `$OCR_DATA/pages` by `tests/benchmarks/line_finding.py`.

    Attributes
    ----------
    first : int
        Longer side in pixels of the first look.
    others : tuple of int
        Longer sides that are tried as well where the first look takes up little of the ink. The
        look of most worth counts, see `Layout.worth`.
    slopes : tuple of float
        Slopes of the lines, in rows a column, by which the page is leveled and looked at as well
        where no look takes up much of the ink by lines of which the network is sure: it finds lines
        up to some 20 degrees, and what is steeper than 45 is less so once the page is turned by a
        quarter. Set by hand on pages tilted by 8 to 60 degrees.
    leveled : int
        Longer side of these looks where none before found lines; else they are of the size that
        found some, `first` at most.
    sure : float
        How sure the network must be of its lines for that, see `Layout.score`, and of those of the
        page leveled for them to count. Of broken steep lines it is by 0.6, of lines at the wrong
        slope by 0.7, of right ones by 0.8 or more.
    small : int
        Longer side that is tried where all other looks find nothing, or the smallest of them is
        not sure of what it finds: the writing may fill the picture.
    fills, word : float
        What that must be worth, see `Layout.worth`, and the x-heights that one of its lines must be
        long, to count. Bars and shapes in small pictures look like one or two letters. Set by hand
        on words that fill a picture and on the pictures of `tests/benchmarks/blanks.py`.
    sign : float
        x-heights up to which all the ink of a picture is a letter or two, and not a word that other
        looks may show better. Set by hand.
    covered : float
        Share of a page's ink that its lines hold from which the first look is trusted. What hangs
        together with the edge of the picture, as a desk around the page, does not count.
    ink : float
        Darkness from which a pixel counts for that.
    whole : float
        The same share from which no larger lines are looked for, see `larger`.
    larger : float
        How many times as large as the letters of a page those of a line must be that the smallest
        of `others` shows alone, such as a title by a thick pen, to count. It must be as sure as
        `sure` and as long as `word`. Set by hand: on the valid pages and on composed pages with
        drawings, music and borders there is none.
    x_height : float
        Height of the small letters in pixels at which the page is looked at again.
    near : float
        Log of the ratio up to which the first look will do.
    few : int
        Rows of lines, up to which they are looked at closer: of lines that stand by themselves the
        network takes small letters for larger, and large ones for smaller, than they are. Set by
        hand; 1 does as well but for digits in the cells of small tables.
    few_x_height, few_near : float
        The height and the log for those. Chosen by the greedy error of the valid lines of `copiste`
        and `unipen`, cut by `ocr.layout.line_pictures`: 6.8 and 12.4 % without, 6.5 and 10.5 with a
        height of 12, 6.5 and 10.8 with 14, 6.5 and 10.1 with 16, 6.7 and 10.4 with 20.
    least, most : int
        Shortest and longest side of the second look.
    enlarged : float
        Most that a picture is enlarged for any look.
    clear : tuple of float
        x-heights above, below and beyond the ends of lines within which no sign stands by itself.
    tilt : float
        Slope of the lines, in rows a column, from which the page is looked at again, leveled.
    reading : float
        Height of the small letters in pixels at which strips are cut.
    smallest, largest : int
        Shortest and longest of the longer sides at which strips are cut.
    tall, wide : float
        Height for the width, and width for the height, up to which a picture is taken for a page or
        a line. The sides for a longer one, such as a screen that was scrolled, are as much longer.
    longest : float
        Most that they are: then the picture at its largest is of as many pixels as a square one.
    """

    first: int = 768
    others: tuple[int, ...] = (320, 1600)
    slopes: tuple[float, ...] = (-0.6, 0.6)
    leveled: int = 320
    sure: float = 0.75
    small: int = 96
    fills: float = 0.62
    word: float = 4.5
    sign: float = 3.2
    covered: float = 0.25
    ink: float = 0.3
    whole: float = 0.6
    larger: float = 2.0
    x_height: float = 8.5
    near: float = 0.25
    few: int = 4
    few_x_height: float = 14.0
    few_near: float = 0.1
    least: int = 256
    most: int = 2000
    enlarged: float = 4.0
    clear: tuple[float, float, float] = (1.7, 1.0, 1.0)
    tilt: float = 0.07
    reading: float = 18.0
    smallest: int = 64
    largest: int = 3200
    tall: float = 8.0
    wide: float = 24.0
    longest: float = 8.0

    def for_shape(self, height: int, width: int) -> ScaleConfig:
        """The same with sides for a picture of that shape."""
        longer = min(max(height / width / self.tall, width / height / self.wide), self.longest)
        if longer <= 1:
            return self
        names = ("first", "leveled", "small", "least", "most", "largest")
        sides = {name: round(longer * getattr(self, name)) for name in names}
        return replace(self, others=tuple(round(longer * one) for one in self.others), **sides)


CONFIG = ScaleConfig()


@dataclass(frozen=True)
class Layout:
    """The text lines that were found on a page.

    Attributes
    ----------
    lines : tuple of TextLine
        In pixels of the page as it was given, in no order.
    maps : (4, H, W) float32 array
        What the network saw: probabilities of baseline, ends and body, log2 of the x-height.
    map_scale : float
        Pixels of the page for one of the maps.
    covered : float
        Share of the page's ink, but for what touches its edge, that lies in the lines.
    by_itself : bool
        Whether all the ink was taken for one line, see `ocr.layout.by_itself`.
    between : tuple of TextLine
        What looked like writing between the parts of a line, see `ocr.layout.sheets`.
    shape : (int, int)
        Rows and columns of the page as it was looked at.
    boxes : (N, 4) int array
        ``[y1, x1, y2, x2]`` around each connected piece of ink, in pixels of that.
    """

    lines: tuple[TextLine, ...]
    maps: NDArray[np.float32]
    map_scale: float
    covered: float = 0.0
    by_itself: bool = False
    between: tuple[TextLine, ...] = ()
    shape: tuple[int, int] = (0, 0)
    boxes: NDArray[np.intp] = field(default_factory=lambda: np.empty((0, 4), dtype=np.intp))

    @property
    def side(self) -> int:
        """Longer side in pixels at which the page was looked at, or a few more."""
        return MAP_STRIDE * max(self.maps.shape[1:])

    @property
    def score(self) -> float:
        """How sure the network is of the lines, by their length; 0 if there are none."""
        widths = np.array([np.ptp(line.baseline[:, 1]) for line in self.lines])
        scores = np.array([line.score for line in self.lines])
        return float((widths * scores).sum() / widths.sum()) if widths.sum() > 0 else 0.0

    @property
    def sure(self) -> bool:
        """Whether the network is sure of the lines."""
        return self.score >= CONFIG.sure

    @property
    def worth(self) -> float:
        """Share of the ink in the lines times how sure the network is of them.

        The grain of a desk is ink as well, but makes lines of which the network is unsure.
        """
        return self.covered * self.score

    @property
    def extent(self) -> float:
        """Length of all lines, each in its x-heights: about as many as there are characters."""
        return float(sum(np.ptp(line.baseline[:, 1]) / line.x_height for line in self.lines))

    @property
    def longest(self) -> float:
        """Length of its longest line, in x-heights of that line; 0 if there are none."""
        lengths = (np.ptp(line.baseline[:, 1]) / line.x_height for line in self.lines)
        return float(max(lengths, default=0.0))

    @property
    def x_height(self) -> float:
        """The x-height that half of the writing, by its length, does not exceed."""
        heights = np.array([line.x_height for line in self.lines])
        widths = np.array([np.ptp(line.baseline[:, 1]) for line in self.lines])
        return weighted_median(heights, widths)


class PageFinder:
    """Finds text lines by a network in ONNX Runtime.

    Parameters
    ----------
    name : str or path
        Weight file, or the name of an installed one.

    Raises
    ------
    ModelError
        The file is missing, damaged, foreign, newer than this version, or no page network.
    """

    def __init__(self, name: str | Path = DEFAULT_PAGE) -> None:
        path = find_weights(str(name))
        self.metadata = read_metadata(path)
        if self.metadata.kind != "page" or self.metadata.normalization != NORMALIZATION:
            raise ModelError(f"{path}: not a page network that this version understands.")
        verify(path)
        self._session = Session(path, self.metadata)

    def maps(self, darkness: NDArray[np.float32]) -> NDArray[np.float32]:
        """The maps of a page: (4, ceil(H / 4), ceil(W / 4)) float32.

        Parameters
        ----------
        darkness : (H, W) float32 array
            As `ocr.layout.darkness.ink_darkness` gives it.
        """
        if darkness.size > LARGE:
            give_back()
        height, width = darkness.shape
        padded = np.pad(darkness, ((0, -height % MULTIPLE), (0, -width % MULTIPLE)))
        maps = self._session.run(None, {"darkness": padded[None, None]})[0][0]
        return maps[:, : -(-height // MAP_STRIDE), : -(-width // MAP_STRIDE)]

    def find(self, picture: Picture, side: int | None = None) -> Layout:
        """The text lines of a page: dark writing on lighter paper, of any size.

        Parameters
        ----------
        picture : Picture
        side : int, optional
            Longer side in pixels at which the page was looked at another way up. It is looked at
            like that or a little larger, else only closer and for larger lines.
        """
        sides = CONFIG.for_shape(picture.height, picture.width)
        largest = round(CONFIG.enlarged * max(picture.height, picture.width))
        found = self._found_at(picture, min(max(sides.first, side or 0), largest))
        if side is None and (found.covered < CONFIG.covered or not found.sure):
            alone = self._by_itself(picture, found, min(sides.least, largest))
            if alone and alone.longest <= CONFIG.sign and found.longest < CONFIG.word:
                return alone
            found = self._most_worth(picture, found, sides, largest)
        huge = found.side < min(sides.others) + MULTIPLE and not found.sure
        if huge or not found.lines:
            small = self._found_at(picture, min(sides.small, largest))
            if _fills(small) and small.worth > found.worth:
                return small
        if not found.lines:
            return self._by_itself(picture, found, min(sides.least, largest)) or found
        x_height, near = CONFIG.x_height, CONFIG.near
        if sum(map(len, reading_order(found.lines))) <= CONFIG.few:
            x_height, near = CONFIG.few_x_height, CONFIG.few_near
        shown = found.side
        wanted = shown * x_height * found.map_scale / MAP_STRIDE / found.x_height
        wanted = min(float(np.clip(wanted, sides.least, sides.most)), largest)
        slope = page_slope(found.lines)
        tilt = slope if abs(slope) > CONFIG.tilt else 0.0
        if tilt or abs(np.log(wanted / shown)) > near:
            closer = self._found_at(picture, round(wanted), tilt)
            if closer.lines:
                found = closer
        if found.covered < CONFIG.whole and min(sides.others) <= largest:
            larger = self._found_at(picture, min(sides.others), tilt)
            found = replace(found, lines=(*found.lines, *_larger_lines(found, larger)))
        darkness, scale = self._looked_at(picture, found)
        whole = [line.scaled(1 / scale) for line in found.lines]
        cut = [line.scaled(scale) for line in cut_at_walls(darkness, whole)]
        return replace(found, lines=tuple(cut))

    def overlooked(self, picture: Picture, found: Layout) -> list[TextLine]:
        """What may be lines, by looks at what those of a page leave; see `overlooked_boxes`."""
        lines = []
        scale = _scale_of(picture, found)
        bands = _bands_of(found, scale)
        for box in overlooked_boxes(found.boxes, bands, found.x_height / scale):
            high = box[2] - box[0]
            more = round(OVERLOOKED.beside * high)
            y1, x1 = max(box[0] - more, 0), max(box[1] - more, 0)
            y2, x2 = min(box[2] + more, bands.shape[0]), min(box[3] + more, bands.shape[1])
            corners = (scale * np.array([y1, x1, y2, x2])).astype(int).tolist()
            part = Part(picture, corners, max(picture.height, picture.width))
            side = max(y2 - y1, x2 - x1) * OVERLOOKED.looked / (OVERLOOKED.letter * high)
            largest = CONFIG.enlarged * max(part.height, part.width)
            seen = self._found_at(part, round(min(side, largest)))
            for line in seen.lines:
                moved = replace(line, baseline=line.baseline + corners[:2])
                y, x = moved.baseline.mean(axis=0) / scale
                middle = y - line.x_height / scale / 2
                if (
                    line.score >= CONFIG.sure
                    and line.x_height <= found.x_height
                    and np.ptp(line.baseline[:, 1]) >= OVERLOOKED.word * line.x_height
                    and box[0] <= middle < box[2]
                    and box[1] <= x < box[3]
                ):
                    lines.append(moved)
        return lines

    def _most_worth(
        self, picture: Picture, first: Layout, sides: ScaleConfig, largest: int
    ) -> Layout:
        """The first look at a page, or one at another size or slope that shows more.

        `largest` is the longest of the longer sides that are tried.
        """
        found = first
        if found.covered < CONFIG.covered:
            others = [self._found_at(picture, side) for side in sides.others if side <= largest]
            found = max([found, *others], key=lambda layout: layout.worth)
        if found.covered < CONFIG.covered or not found.sure:
            side = min(found.side, sides.first) if found.lines else min(sides.leveled, largest)
            leveled = [self._found_at(picture, side, slope) for slope in CONFIG.slopes]
            sure = [layout for layout in leveled if layout.sure]
            found = max([found, *sure], key=lambda layout: layout.worth)
        return found

    def _by_itself(self, picture: Picture, found: Layout, side: int) -> Layout | None:
        """A look with one line instead if a letter or number is all that a picture shows."""
        darkness = ink_darkness(resized(picture.grey(side), side))
        line = by_itself(darkness > CONFIG.ink)
        if line is None:
            return None
        scale = max(picture.height, picture.width) / max(darkness.shape)
        return replace(found, lines=(line.scaled(scale),), covered=1.0, by_itself=True)

    def _found_at(self, picture: Picture, side: int, tilt: float = 0.0) -> Layout:
        """The lines of a page whose longer side is brought to a number of pixels.

        `tilt` is the slope of its lines, in rows a column, that is taken out before.
        """
        darkness = ink_darkness(resized(picture.grey(side), side))
        if tilt:
            leveled = Leveled(darkness.shape, tilt)
            maps = self.maps(leveled.turned(darkness))
            lines = [leveled.back(line) for line in trace(maps)]
            maps = leveled.maps_back(maps)
        else:
            maps = self.maps(darkness)
            lines = trace(maps)
        scale = max(picture.height, picture.width) / max(darkness.shape)
        ink = darkness > CONFIG.ink
        labels, boxes = connected(ink)
        covered = covered_ink(clear_of_edge(labels, boxes), lines)
        lines = [line.scaled(scale) for line in lines]
        looked = darkness.shape[0], darkness.shape[1]
        return Layout(tuple(lines), maps, MAP_STRIDE * scale, covered, shape=looked, boxes=boxes)

    def signs(self, picture: Picture, layout: Layout) -> list[TextLine]:
        """What may be signs by themselves, away from the lines of a page; see `loose_signs`."""
        darkness, scale = self._looked_at(picture, layout)
        lines = [line.scaled(1 / scale) for line in layout.lines]
        bands = _bands_of(layout, scale)
        loose = loose_signs(darkness, darkness > CONFIG.ink, layout.boxes, bands, lines)
        return [sign.scaled(scale) for sign in loose]

    def sideways(self, picture: Picture, layout: Layout) -> list[NDArray[np.float64]]:
        """Boxes around what may be lines that run up or down a page; see `sideways_boxes`."""
        scale = _scale_of(picture, layout)
        boxes = sideways_boxes(layout.boxes, _bands_of(layout, scale), layout.x_height / scale)
        return [scale * np.array(one) for one in boxes]

    def _looked_at(self, picture: Picture, layout: Layout) -> tuple[NDArray[np.float32], float]:
        """Darkness of a page as it was looked at, and the scale of that."""
        side = max(layout.shape)
        return ink_darkness(resized(picture.grey(side), side)), _scale_of(picture, layout)

    def reading_side(self, picture: Picture, layout: Layout) -> int:
        """Longer side in pixels at which a page's strips are best cut."""
        longer = max(picture.height, picture.width)
        sides = CONFIG.for_shape(picture.height, picture.width)
        wanted = longer * CONFIG.reading / layout.x_height
        return int(np.clip(wanted, sides.smallest, min(longer, sides.largest)))


@lru_cache(maxsize=1)
def installed_finder() -> PageFinder:
    """The installed page network, loaded once."""
    return PageFinder()


def _scale_of(picture: Picture, layout: Layout) -> float:
    """How many pixels of a page one is of the page as it was looked at."""
    return max(picture.height, picture.width) / max(layout.shape)


def _bands_of(layout: Layout, scale: float) -> NDArray[np.bool_]:
    """Where on a page as it was looked at the letters of its lines are or may be."""
    lines = [line.scaled(1 / scale) for line in layout.lines]
    return line_bands(layout.shape, lines, *CONFIG.clear)


def _fills(layout: Layout) -> bool:
    """Whether a small look at a picture shows a word that fills it."""
    return layout.worth >= CONFIG.fills and layout.longest >= CONFIG.word


def _larger_lines(found: Layout, small: Layout) -> list[TextLine]:
    """The lines that a small look at a page shows where another found none, too large for it."""

    def beside(line: TextLine, other: TextLine) -> bool:
        (y1, x1, y2, x2), (v1, u1, v2, u2) = line.box, other.box
        return v2 < y1 or v1 > y2 + line.x_height / 2 or u2 < x1 or u1 > x2

    return [
        line
        for line in small.lines
        if line.x_height >= CONFIG.larger * found.x_height
        and line.score >= CONFIG.sure
        and np.ptp(line.baseline[:, 1]) >= CONFIG.word * line.x_height
        and all(beside(line, other) for other in found.lines)
    ]


class Leveled:
    """A page turned so that its lines are level, and the way back.

    Parameters
    ----------
    shape : (height, width) of the page
    slope : float
        Of its lines, in rows a column.
    """

    def __init__(self, shape: tuple[int, ...], slope: float) -> None:
        self.shape = shape
        self.angle = float(np.arctan(slope))
        height, width = shape
        c, s = abs(np.cos(self.angle)), abs(np.sin(self.angle))
        self.size = int(np.ceil(width * c + height * s)), int(np.ceil(width * s + height * c))

    def turned(self, page: NDArray[np.float32]) -> NDArray[np.float32]:
        """The page, leveled, with paper where it does not reach."""
        matrix = self._matrix(1.0, (self.size[1] / 2, self.size[0] / 2), self._middle())
        picture = Image.fromarray(np.ascontiguousarray(page))
        turned = picture.transform(
            self.size, Image.Transform.AFFINE, matrix, Image.Resampling.BILINEAR
        )
        return np.asarray(turned, dtype=np.float32)

    def back(self, line: TextLine) -> TextLine:
        """A line of the leveled page, on the page as it was."""
        c, s = np.cos(self.angle), np.sin(self.angle)
        y, x = (line.baseline - (self.size[1] / 2, self.size[0] / 2)).T
        points = np.stack([x * s + y * c, x * c - y * s], axis=1) + self._middle()
        return replace(line, baseline=points)

    def maps_back(self, maps: NDArray[np.float32]) -> NDArray[np.float32]:
        """Maps of the leveled page, on the page as it was."""
        height, width = (-(-side // MAP_STRIDE) for side in self.shape)
        middle = (self._middle()[0] / MAP_STRIDE, self._middle()[1] / MAP_STRIDE)
        there = (self.size[1] / 2 / MAP_STRIDE, self.size[0] / 2 / MAP_STRIDE)
        matrix = self._matrix(-1.0, middle, there)
        turned = [
            Image.fromarray(np.ascontiguousarray(one)).transform(
                (width, height), Image.Transform.AFFINE, matrix, Image.Resampling.BILINEAR
            )
            for one in maps
        ]
        return np.stack([np.asarray(one, dtype=np.float32) for one in turned])

    def _middle(self) -> tuple[float, float]:
        return self.shape[0] / 2, self.shape[1] / 2

    def _matrix(
        self, way: float, here: tuple[float, float], there: tuple[float, float]
    ) -> tuple[float, ...]:
        """Where in the source (x, y) each point of the result comes from; middles as (y, x)."""
        c, s = float(np.cos(self.angle)), way * float(np.sin(self.angle))
        return (
            c, -s, there[1] - c * here[1] + s * here[0],
            s, c, there[0] - s * here[1] - c * here[0],
        )  # fmt: skip


def clear_of_edge(labels: NDArray[np.int32], boxes: NDArray[np.intp]) -> NDArray[np.bool_]:
    """A page's ink, (H, W), without what hangs together with the edge of the picture.

    `labels` and `boxes` are its pieces, as `ocr.layout.connected.connected` gives them.
    """
    y1, x1, y2, x2 = boxes.T
    inner = (y1 > 0) & (x1 > 0) & (y2 < labels.shape[0]) & (x2 < labels.shape[1])
    return np.append(False, inner)[labels]


def covered_ink(ink: NDArray[np.bool_], lines: Sequence[TextLine]) -> float:
    """Share of a page's ink that lies within the letters' rows of its lines; 0 without ink.

    `ink` is (H, W); the lines are in its pixels.
    """
    total = int(ink.sum())
    if not total or not lines:
        return 0.0
    return int((ink & line_bands(ink.shape, lines)).sum()) / total


def line_bands(
    shape: tuple[int, ...],
    lines: Sequence[TextLine],
    over: float = 1.5,
    under: float = 0.5,
    beyond: float = 0.0,
) -> NDArray[np.bool_]:
    """Where the letters of some lines may be: (H, W) bool, True in bands along the baselines.

    Parameters
    ----------
    shape : (H, W)
    lines : sequence of TextLine
        In pixels of that page.
    over, under, beyond : float
        x-heights that a band reaches above and below a baseline, and beyond its ends.
    """
    rows = Image.new("1", (shape[1], shape[0]))
    draw = ImageDraw.Draw(rows)
    for line in lines:
        points = line.baseline
        if beyond:
            step = np.array([0.0, beyond * line.x_height])
            points = np.concatenate([points[:1] - step, points, points[-1:] + step])
        lower = [(x, y + under * line.x_height) for y, x in points.tolist()]
        upper = [(x, y - (over + under) * line.x_height) for x, y in lower]
        draw.polygon(lower + upper[::-1], fill=1)
    return np.asarray(rows)


class GreyArray:
    """A page that is an array; the same interface as `ocr.input.photo.Photo`.

    Parameters
    ----------
    grey : (H, W) float32 array
        In [0, 1], 0 black, 1 white.
    """

    def __init__(self, grey: NDArray[np.float32]) -> None:
        self._grey = grey
        self.height, self.width = grey.shape

    def grey(self, long_side: int) -> NDArray[np.float32]:
        return self._grey if long_side >= max(self._grey.shape) else resized(self._grey, long_side)

    def rgb(self, long_side: int) -> NDArray[np.uint8]:
        grey = (self.grey(long_side) * 255 + 0.5).astype(np.uint8)
        return np.repeat(grey[:, :, np.newaxis], 3, axis=2)


def resized(grey: NDArray[np.float32], side: int) -> NDArray[np.float32]:
    """A page whose longer side is brought to a number of pixels."""
    height, width = grey.shape
    scale = side / max(height, width)
    size = (max(MULTIPLE, round(width * scale)), max(MULTIPLE, round(height * scale)))
    if size == (width, height):
        return grey
    picture = Image.fromarray(np.ascontiguousarray(grey, dtype=np.float32))
    resample = Image.Resampling.BOX if scale < 1 else Image.Resampling.BICUBIC
    return np.clip(np.asarray(picture.resize(size, resample), dtype=np.float32), 0, 1)

"""Handwriting on paper: fonts made to look like pens, and where each letter's ink lies.

`Sheet` is a piece of paper that can be written on; it remembers which ink belongs to which letter
and can say where all of it lands in a photo (`training.synthesis.camera`).

Letters come from handwriting fonts as signed distance fields (Green, "Improved alpha-tested
magnification for vector textures and special effects", SIGGRAPH 2007 course): moving the level at
which the field is cut widens or thins the stroke, so a smooth random level is a hand's pressure,
and a smooth random displacement of the page (Simard, Steinkraus and Platt, ICDAR 2003) makes no
two letters alike.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw
from scipy import ndimage

from ocr.page import Box, Letter, Line, Page, Word
from training.synthesis.camera import smooth_noise
from training.synthesis.geometry import Geometry
from training.synthesis.line_strokes import EM, Strokes
from training.synthesis.paper import Paper, blank_paper
from training.synthesis.pens import GLYPH_CAP, GLYPH_MARGIN, Hand, Pen, font_files, load_typeface

Array = NDArray[np.float32]
INK_LEVEL = 0.35  # coverage from which a pixel belongs to the letter's box


@dataclass
class Mark:
    """One written character: the pixels on the rim of its ink, and where it stands.

    Of words in joined pen strokes nobody knows the letters apart: there the whole word is one mark.
    """

    text: str
    rim: NDArray[np.float64]  # (N, 2) corners of pixels, row and col on the sheet
    foot: tuple[float, float]  # start of its baseline
    end: tuple[float, float]
    body: float  # px, height of the middle zone: about that of an x


@dataclass
class Sheet:
    """A piece of paper, written on with `write`; the order of writing is the reading order.

    Parameters
    ----------
    size : (int, int)
        Height and width in pixels.
    paper : Paper
    rng : numpy.random.Generator
    back : Sheet, optional
        Its other side, of the same size, whose ink shows through mirrored.
    thinness : float
        Share of the density of that ink that comes through.
    stock : (H, W, 3) float32 array, optional
        Linear reflectance of a real sheet, instead of `paper`.
    """

    size: tuple[int, int]
    paper: Paper
    rng: np.random.Generator
    back: Sheet | None = None
    thinness: float = 0.0
    stock: Array | None = None
    lines: list[list[list[Mark]]] = field(default_factory=list)  # lines > words > marks
    _ink: dict[Pen, Array] = field(default_factory=dict)
    _fields: dict[int, tuple[Array, Array, Array, Array]] = field(default_factory=dict)
    _tooth: Array | None = None

    def write(
        self,
        text: str,
        row: float,
        col: float,
        cap: float,
        hand: Hand,
        pen: Pen,
        *,
        continues: bool = False,
    ) -> float:
        """Write one line.

        Parameters
        ----------
        text : str
            Characters that the font lacks are left out.
        row, col : float
            Start of the baseline, in pixels.
        cap : float
            Height of capitals in pixels.
        hand, pen : Hand, Pen
        continues : bool
            This belongs to the line that was written last, such as the answer after a label.

        Returns
        -------
        float
            The column where the line ends.
        """
        face = load_typeface(font_files()[hand.font])
        rng = self.rng
        scale = cap / GLYPH_CAP
        slope = np.tan(np.deg2rad(rng.normal(0, hand.drift)))
        wave = rng.uniform(0, 2 * np.pi)
        start = col
        words: list[list[Mark]] = []
        for word in text.split():
            marks: list[Mark] = []
            word_row = row + rng.normal(0, hand.baseline) * cap * (1.0 if hand.joined else 0.4)
            word_turn = rng.normal(0, hand.rotation) * (0.35 if hand.joined else 0.3)
            word_size = 1 + rng.normal(0, hand.size) * 0.6
            before = ""
            for char in word:
                if not face.has(char):
                    continue
                if hand.joined and before.isalpha() and char.isalpha():
                    pair = face.font.getlength(before + char)
                    col += scale * (pair - face.font.getlength(before) - face.font.getlength(char))
                along = col - start
                ground = word_row - slope * along
                ground += hand.wander * cap * np.sin(wave + along / (5.5 * cap))
                ground = float(ground)
                size, narrow, turn = word_size, 1.0, word_turn
                if not hand.joined:
                    ground += rng.normal(0, hand.baseline) * cap
                    size *= 1 + rng.normal(0, hand.size)
                    narrow = 1 + rng.normal(0, hand.size)
                    turn += rng.normal(0, hand.rotation)
                advance = face.font.getlength(char) * scale * size * narrow
                shape = _affine(scale * size, narrow, turn, hand.slant)
                glyph = face.field(char)
                rim = self._draw(glyph, face.stroke, (ground, col), shape, cap, hand, pen)
                if len(rim):
                    end = (ground, col + advance)
                    marks.append(Mark(char, rim, (ground, col), end, 0.6 * cap))
                col += advance
                if not hand.joined:
                    col += (hand.tracking + rng.normal(0, hand.spacing)) * cap
                before = char
            if marks:
                words.append(marks)
            col += hand.word_gap * cap * float(np.exp(rng.normal(0, 0.12)))
        if continues:
            self.lines[-1].extend(words)
        elif words:
            self.lines.append(words)
        return col

    def write_strokes(
        self,
        words: Sequence[Sequence[tuple[str, Strokes]]],
        row: float,
        col: float,
        cap: float,
        hand: Hand,
        pen: Pen,
    ) -> float:
        """Write one line of recorded pen strokes.

        Parameters
        ----------
        words : sequence of words
            Each of pieces, a text and its strokes: characters, or a whole word where letters join.
            The strokes stand on y = 0 and a capital is `training.synthesis.line_strokes.EM` high.
        row, col, cap, hand, pen
            As of `write`; of the hand only space, drift, wander and tremor count, since every
            recorded letter differs anyway.

        Returns
        -------
        float
            The column where the line ends.
        """
        rng = self.rng
        scale = cap / EM
        slope = np.tan(np.deg2rad(rng.normal(0, hand.drift)))
        wave = rng.uniform(0, 2 * np.pi)
        start = col
        shape = _affine(cap / GLYPH_CAP, 1.0, 0.0, hand.slant)
        line: list[list[Mark]] = []
        for word in words:
            marks: list[Mark] = []
            for text, strokes in word:
                along = col - start
                ground = (
                    row - slope * along + hand.wander * cap * np.sin(wave + along / (5.5 * cap))
                )
                ground = float(ground + rng.normal(0, hand.baseline) * cap)
                rim = self._draw(_path_field(strokes), 0.0, (ground, col), shape, cap, hand, pen)
                wide = scale * max(float(stroke[:, 0].max()) for stroke in strokes)
                if len(rim):
                    marks.append(Mark(text, rim, (ground, col), (ground, col + wide), 0.6 * cap))
                col += wide + (hand.tracking + rng.normal(0, hand.spacing)) * cap
            if marks:
                line.append(marks)
            col += hand.word_gap * cap * float(np.exp(rng.normal(0, 0.12)))
        if line:
            self.lines.append(line)
        return col

    def stroke(self, points: Sequence[tuple[float, float]], width: float, pen: Pen) -> None:
        """Draw a straight-sided stroke through `points`, such as a box or an underline.

        It is ink without text: nothing in the ground truth. `width` in pixels.
        """
        path = np.asarray(points, dtype=np.float64)
        pad = 3 * width + 3
        top, left = (np.floor(np.maximum(path.min(axis=0) - pad, 0))).astype(int)
        high, wide = np.ceil(path.max(axis=0) + pad).astype(int)
        bottom, right = min(high, self.size[0]), min(wide, self.size[1])
        rows, cols = np.mgrid[top:bottom, left:right].astype(np.float32) + 0.5
        move_y, move_x, level, flow = self._hand_fields(30 * width)
        window = np.s_[top:bottom, left:right]
        rows += 0.6 * width * move_y[window]
        cols += 0.6 * width * move_x[window]
        near = np.full(rows.shape, np.inf, dtype=np.float32)
        for (y1, x1), (y2, x2) in itertools.pairwise(path):
            length = max((y2 - y1) ** 2 + (x2 - x1) ** 2, 1e-6)
            t = np.clip(((rows - y1) * (y2 - y1) + (cols - x1) * (x2 - x1)) / length, 0, 1)
            far = np.hypot(rows - y1 - t * (y2 - y1), cols - x1 - t * (x2 - x1))
            near = np.minimum(near, far)
        inside = width / 2 * (1 + pen.pressure * level[window]) - near
        cover = np.clip(0.5 + inside / max(1.0, pen.softness * width), 0, 1)
        self._lay(cover * (1 + pen.flow * flow[window]), window, pen)

    def reflectance(self) -> Array:
        """The sheet as it looks: (H, W, 3) float32, linear reflectance."""
        if self.stock is not None:
            sheet = self.stock.copy()
        else:
            sheet = blank_paper(self.size, self.paper, self._paper_tooth(), self.rng)
        if self.back is not None:
            sheet *= self._shine_through(self.back)
        for pen, cover in self._ink.items():
            if pen.grain:
                # The tooth keeps the ink off the valleys where the pressure is low.
                valley = np.clip(0.5 + 0.55 * self._paper_tooth(), 0, 1)
                grain = pen.grain * valley * np.clip(1.6 - cover, 0, 1)
                cover = np.asarray(cover * (1 - grain), dtype=np.float32)
            clear = np.exp(-cover[..., None] * np.array(pen.density, dtype=np.float32))
            sheet *= clear
            if pen.body is not None:
                sheet += (1 - clear) * np.array(pen.body, dtype=np.float32)
        return sheet

    def _shine_through(self, back: Sheet) -> Array:
        """What the ink of the other side lets through: mirrored, and blurred by the paper."""
        through = np.ones((*self.size, 3), dtype=np.float32)
        cloudy = 1 + 0.25 * smooth_noise(self.rng, self.size, 60)  # paper is not even
        for pen, cover in back._ink.items():
            blur = 0.0022 * min(self.size)
            spread = ndimage.gaussian_filter(cover[:, ::-1], blur) * np.maximum(cloudy, 0)
            density = np.float32(self.thinness) * np.array(pen.density, dtype=np.float32)
            through *= np.exp(-spread[..., None] * density)
        return through

    def truth(self, geometry: Geometry) -> Page:
        """The ground truth in pixels of the photo: boxes, baselines, polygons and text.

        Letters whose ink lies wholly outside of the photo are left out.
        """
        height, width = geometry.photo
        lines = []
        for written in self.lines:
            words, feet, tops, bottoms = [], [], [], []
            for marks in written:
                letters = []
                for mark in marks:
                    points = geometry.to_photo(mark.rim)
                    low = np.floor(points.min(axis=0) + 0.25).astype(int)
                    high = np.ceil(points.max(axis=0) - 0.25).astype(int)
                    low = np.maximum(low, 0)
                    high = np.minimum(np.maximum(high, low + 1), [height, width])
                    if (high <= low).any():
                        continue
                    box = Box(int(low[0]), int(low[1]), int(high[0]), int(high[1]))
                    letters.append(Letter(box, mark.text, 1.0))
                    feet += [mark.foot, mark.end]
                    (y1, x1), (y2, x2) = mark.rim.min(axis=0), mark.rim.max(axis=0)
                    # Small signs do not dent the outline.
                    y1, y2 = min(y1, mark.foot[0] - mark.body), max(y2, mark.foot[0])
                    tops += [(y1, x1), (y1, x2)]
                    bottoms += [(y2, x1), (y2, x2)]
                if letters:
                    words.append(Word(tuple(letters)))
            if words:
                outline = geometry.to_photo(tops + bottoms[::-1])
                lines.append(Line(tuple(words), _points(geometry.to_photo(feet)), _points(outline)))
        inverse = np.linalg.inv(geometry.matrix)
        inverse /= inverse[2, 2]
        transform = tuple(tuple(float(v) for v in row) for row in inverse)
        return Page(height, width, tuple(lines), "truth", transform)

    def extent(self) -> tuple[float, float, float, float]:
        """[y1, x1, y2, x2] around all writing, in pixels of the sheet.

        Raises
        ------
        ValueError
            If nothing is written.
        """
        rims = [mark.rim for line in self.lines for word in line for mark in word]
        if not rims:
            raise ValueError("nothing is written on this sheet")
        points = np.concatenate(rims)
        (y1, x1), (y2, x2) = points.min(axis=0), points.max(axis=0)
        return float(y1), float(x1), float(y2), float(x2)

    def _paper_tooth(self) -> Array:
        if self._tooth is None:
            fine = smooth_noise(self.rng, self.size, 1.6)
            self._tooth = 0.8 * fine + 0.6 * smooth_noise(self.rng, self.size, 3.5)
        return self._tooth

    def _hand_fields(self, cap: float) -> tuple[Array, Array, Array, Array]:
        """Smooth fields over the sheet at a writing size: displacement, pressure, darkness."""
        key = round(cap)
        if key not in self._fields:
            rng, size = self.rng, self.size
            coarse, fine = 0.45 * cap, 0.16 * cap
            self._fields[key] = (
                0.85 * smooth_noise(rng, size, coarse) + 0.25 * smooth_noise(rng, size, fine),
                0.85 * smooth_noise(rng, size, coarse) + 0.25 * smooth_noise(rng, size, fine),
                np.clip(
                    0.7 * smooth_noise(rng, size, 0.5 * cap)
                    + 0.4 * smooth_noise(rng, size, 3 * cap),
                    -1.6,
                    1.6,
                ),
                0.8 * smooth_noise(rng, size, 0.3 * cap) + 0.4 * smooth_noise(rng, size, 4 * cap),
            )
        return self._fields[key]

    def _draw(
        self,
        glyph: tuple[Array, float, float],
        thickness: float,
        origin: tuple[float, float],
        shape: NDArray[np.float64],
        cap: float,
        hand: Hand,
        pen: Pen,
    ) -> NDArray[np.float64]:
        """Put one glyph on the sheet; returns the rim of its ink (pixel corners).

        `glyph` is a signed distance field with the row and column of its origin, `thickness` the
        width of its strokes, both where a capital is `GLYPH_CAP` high.
        """
        distance, foot, left = glyph
        height, width = distance.shape
        corners = np.array([[0, 0], [0, width], [height, 0], [height, width]]) - [foot, left]
        placed = corners @ shape.T + origin
        slack = 3 * hand.tremor * cap + 1
        top, start = np.maximum(np.floor(placed.min(axis=0) - slack), 0).astype(int)
        bottom, stop = np.ceil(placed.max(axis=0) + slack).astype(int)
        bottom, stop = min(bottom, self.size[0]), min(stop, self.size[1])
        if bottom <= top or stop <= start:
            return np.empty((0, 2))
        window = np.s_[top:bottom, start:stop]
        move_y, move_x, level, flow = self._hand_fields(cap)
        tremor = np.float32(hand.tremor * cap)
        rows = np.arange(top, bottom, dtype=np.float32)[:, None] + np.float32(0.5 - origin[0])
        cols = np.arange(start, stop, dtype=np.float32)[None, :] + np.float32(0.5 - origin[1])
        rows = rows + tremor * move_y[window]
        cols = cols + tremor * move_x[window]
        inv = np.linalg.inv(shape).astype(np.float32)
        at = np.stack(
            [
                inv[0, 0] * rows + inv[0, 1] * cols + np.float32(foot - 0.5),
                inv[1, 0] * rows + inv[1, 1] * cols + np.float32(left - 0.5),
            ]
        )
        seen = ndimage.map_coordinates(distance, at, order=1, cval=-GLYPH_MARGIN)
        px = cap / GLYPH_CAP
        stroke = thickness * px
        # A font's strokes can be thinned by half at most: beyond that thin parts break.
        target = max(pen.width * cap, 0.5 * stroke)
        target *= 1 + self.rng.normal(0, 0.04)
        cut = (stroke - target * (1 + pen.pressure * level[window])) / 2
        cover = np.clip(0.5 + (seen * px - cut) / max(1.0, pen.softness * target), 0, 1)
        ink = cover * (1 + pen.flow * flow[window])
        self._lay(ink * (1 + self.rng.normal(0, 0.4 * pen.flow)), window, pen)
        return _rim(cover >= INK_LEVEL, top, start)

    def _lay(self, cover: Array, window: tuple[slice, slice], pen: Pen) -> None:
        """Add ink where there is less of it."""
        if pen not in self._ink:
            self._ink[pen] = np.zeros(self.size, dtype=np.float32)
        place = self._ink[pen][window]
        # Where strokes cross, the second adds a little to the first.
        crossing = np.minimum(place, cover)
        np.maximum(place, cover, out=place)
        place += np.float32(0.25) * crossing


def _path_field(strokes: Strokes) -> tuple[Array, float, float]:
    """Minus the distance to pen strokes where a capital is `GLYPH_CAP` high, and their origin."""
    scale = GLYPH_CAP / EM
    low = np.min([stroke.min(axis=0) for stroke in strokes], axis=0) * scale
    high = np.max([stroke.max(axis=0) for stroke in strokes], axis=0) * scale
    width, height = np.ceil(high - low).astype(int) + 1
    picture = Image.new("1", (int(width) + 2 * GLYPH_MARGIN, int(height) + 2 * GLYPH_MARGIN), 1)
    draw = ImageDraw.Draw(picture)
    for stroke in strokes:
        path = stroke * scale - low + GLYPH_MARGIN
        draw.line(path.ravel().tolist(), fill=0)
        draw.point(path[0].tolist(), fill=0)  # a dot is a line of one point
    away = ndimage.distance_transform_edt(np.asarray(picture)).astype(np.float32)
    return ndimage.gaussian_filter(-away, 1.2), float(GLYPH_MARGIN - low[1]), GLYPH_MARGIN - low[0]


def _affine(scale: float, narrow: float, turn: float, slant: float) -> NDArray[np.float64]:
    """2x2 matrix from glyph to sheet in (row, col): scale, turn (degrees), lean right."""
    a = np.deg2rad(turn)
    spin = np.array([[np.cos(a), np.sin(a)], [-np.sin(a), np.cos(a)]])
    lean = np.array([[1.0, 0.0], [-np.tan(np.deg2rad(slant)), 1.0]])
    return spin @ lean @ np.diag([scale, scale * narrow])


def _rim(ink: NDArray[np.bool_], top: int, left: int) -> NDArray[np.float64]:
    """Corners of the first and last ink pixel of each row: (N, 2) row, col.

    They contain the corners of the convex hull, and so the bounding box after any homography.
    """
    found = []
    rows = np.flatnonzero(ink.any(axis=1))
    if not len(rows):
        return np.empty((0, 2))
    first = ink[rows].argmax(axis=1)
    last = ink.shape[1] - ink[rows, ::-1].argmax(axis=1)
    for edge in (rows, rows + 1):
        found += [np.stack([edge, first], axis=1), np.stack([edge, last], axis=1)]
    return np.concatenate(found) + np.array([top, left], dtype=np.float64)


def _points(points: NDArray[np.floating]) -> tuple[tuple[float, float], ...]:
    return tuple((round(float(y), 1), round(float(x), 1)) for y, x in points)

"""Hands and pens: fonts made to look handwritten."""

from __future__ import annotations

import functools
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import ImageFont
from scipy import ndimage

from ocr.errors import DataError
from training.data.datasets import data_dir

Array = NDArray[np.float32]

GLYPH_CAP = 112  # px: height of a capital H in the stored distance fields
GLYPH_MARGIN = 28  # px around a stored glyph, room for widening strokes


@dataclass(frozen=True)
class Pen:
    """What the ink looks like.

    Attributes
    ----------
    density : (float, float, float)
        Optical density (natural logarithm) of a full stroke in red, green and blue.
    width : float
        Stroke width as a fraction of the height of capitals.
    pressure : float
        How much the width varies along the strokes (standard deviation, fraction of the width).
    flow : float
        How much the darkness varies (standard deviation).
    grain : float
        Share of the ink that the tooth of the paper keeps off, 0 to 1: pencil and chalk.
    softness : float
        Width of a stroke's edge as a fraction of its width: ink that bleeds.
    body : (float, float, float), optional
        Linear reflectance of what covers the ground instead of staining it, such as chalk.
    """

    density: tuple[float, float, float]
    width: float = 0.07
    pressure: float = 0.12
    flow: float = 0.15
    grain: float = 0.0
    softness: float = 0.25
    body: tuple[float, float, float] | None = None


PENS = {
    "blue ballpoint": Pen((2.2, 1.6, 0.62), 0.055, 0.10, 0.14, 0.25, 0.35),
    "black ballpoint": Pen((1.85, 1.82, 1.7), 0.055, 0.10, 0.14, 0.25, 0.35),
    "blue gel": Pen((2.6, 2.1, 0.9), 0.075, 0.09, 0.07, 0.05, 0.25),
    "black gel": Pen((2.6, 2.6, 2.5), 0.075, 0.09, 0.07, 0.05, 0.25),
    "red pen": Pen((0.35, 1.7, 1.6), 0.07, 0.1, 0.12, 0.12, 0.3),
    "green pen": Pen((1.9, 0.8, 1.5), 0.075, 0.1, 0.12, 0.12, 0.3),
    "pencil": Pen((1.15, 1.13, 1.08), 0.075, 0.16, 0.22, 0.55, 0.5),
    "felt": Pen((2.4, 2.4, 2.3), 0.115, 0.08, 0.06, 0.06, 0.22),
    "marker": Pen((2.9, 2.9, 2.8), 0.16, 0.07, 0.05, 0.03, 0.15),
    "fineliner": Pen((2.3, 2.25, 2.1), 0.04, 0.07, 0.1, 0.1, 0.3),
    "chalk": Pen((1.9, 1.9, 2.0), 0.1, 0.16, 0.2, 0.6, 0.4, (0.72, 0.72, 0.68)),
    "yellow chalk": Pen((1.9, 1.9, 2.1), 0.1, 0.16, 0.2, 0.6, 0.4, (0.72, 0.62, 0.24)),
}


@dataclass(frozen=True)
class Hand:
    """How somebody writes. Lengths are fractions of the height of capitals.

    Attributes
    ----------
    font : str
        File stem of a font, such as ``"dekko-400"``, or the name of the writer whose strokes are
        laid down by `Sheet.write_strokes`.
    joined : bool
        Letters are kept where the font joins them; only words jitter.
    tracking : float
        Extra space after each letter.
    word_gap : float
        Space between words, instead of the font's.
    size, rotation, baseline, spacing : float
        Standard deviations from letter to letter: relative size, degrees, height, space.
    slant : float
        Degrees by which the whole hand leans right.
    drift : float
        Degrees by which lines climb or fall (standard deviation from line to line).
    wander : float
        How far the baseline waves.
    tremor : float
        Elastic distortion of the strokes.
    """

    font: str
    joined: bool = False
    tracking: float = 0.04
    word_gap: float = 0.75
    size: float = 0.045
    rotation: float = 2.0
    baseline: float = 0.025
    spacing: float = 0.04
    slant: float = 0.0
    drift: float = 0.3
    wander: float = 0.06
    tremor: float = 0.026


@functools.lru_cache(maxsize=1)
def _listed(folder: Path) -> dict[str, Path]:
    return {path.stem: path for path in sorted(folder.glob("*.ttf"))}


def font_files() -> dict[str, Path]:
    """The handwriting fonts of `$OCR_DATA` by file stem.

    Raises
    ------
    DataError
        If `$OCR_DATA` is not set or has no fonts.
    """
    folder = data_dir() / "fonts"
    files = _listed(folder)
    if not files:
        raise DataError(f"{folder}: no fonts (*.ttf). Set OCR_DATA to a folder that has them.")
    return files


@dataclass(frozen=True)
class Typeface:
    """A font at the scale where a capital H is `GLYPH_CAP` pixels high."""

    font: ImageFont.FreeTypeFont
    stroke: float  # px, its usual stroke width

    @functools.lru_cache(maxsize=2048)  # noqa: B019  few typefaces, each kept by load_typeface
    def field(self, char: str) -> tuple[Array, float, float]:
        """Signed distance to the outline, inside positive, and the origin's row and column."""
        mask, (left, top) = self.font.getmask2(char, mode="L", anchor="ls")
        width, height = mask.size
        if not width or not height:
            raise ValueError(f"the font has nothing to draw for {char!r}")
        cover = np.asarray(mask, dtype=np.uint8).reshape(height, width)
        inside = np.pad(cover >= 128, GLYPH_MARGIN)
        out = ndimage.distance_transform_edt(~inside) - 0.5
        distance = np.where(inside, ndimage.distance_transform_edt(inside) - 0.5, -out)
        distance = ndimage.gaussian_filter(distance.astype(np.float32), 1.2)
        return distance, GLYPH_MARGIN - top, GLYPH_MARGIN - left

    @functools.lru_cache(maxsize=2048)  # noqa: B019
    def has(self, char: str) -> bool:
        """Whether the font really draws this character."""
        glyph = bytes(self.font.getmask(char))
        return len(glyph) > 0 and glyph != bytes(self.font.getmask("\uffff"))


@functools.lru_cache(maxsize=128)
def load_typeface(path: Path) -> Typeface:
    layout = ImageFont.Layout.BASIC  # one glyph a character, the same alone and in a word
    probe = ImageFont.truetype(str(path), 200, layout_engine=layout)
    _, top, _, bottom = probe.getbbox("H", anchor="ls")
    font = ImageFont.truetype(str(path), 200 * GLYPH_CAP / (bottom - top), layout_engine=layout)
    face = Typeface(font, 0.0)
    widths = []
    for char in "HTLENOC":
        distance = face.field(char)[0]
        ridge = (distance > 1) & (distance == ndimage.maximum_filter(distance, 5))
        widths.append(2 * float(np.median(distance[ridge])))
    return Typeface(font, float(np.median(widths)))


def line_width(text: str, cap: float, hand: Hand) -> float:
    """Expected width of a line in pixels, for capitals of `cap` pixels."""
    face = load_typeface(font_files()[hand.font])
    chars = "".join(text.split())
    letters = sum(face.font.getlength(char) for char in chars) * cap / GLYPH_CAP
    gaps = hand.word_gap * text.strip().count(" ")
    return letters + cap * (gaps + (0 if hand.joined else hand.tracking * len(chars)))

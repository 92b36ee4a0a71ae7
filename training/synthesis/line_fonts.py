"""Text lines set in handwriting fonts."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from training.data.datasets import HELD_OUT_FONTS
from training.data.text import CHARSET

CAPITALS = ("amatic-sc", "patrick-hand-sc", "rock-salt", "walter-turncoat")
"""Families whose small letters are capitals too: what they write is read as capitals."""

EM = 44  # pixels, size at which lines are set: about twice that of a normalized line


@dataclass(frozen=True)
class LineFont:
    """A font file and the characters of `CHARSET` that it draws."""

    path: Path
    charset: frozenset[str]


def find_fonts(folder: Path, held_out: bool = False) -> tuple[LineFont, ...]:
    """The fonts of a folder, without the held-out families or, if asked, only those.

    Their kin, such as caveat-brush, is held out too.
    """
    return tuple(
        LineFont(path, drawn_by(path))
        for path in sorted(folder.glob("*.ttf"))
        if path.name.startswith(HELD_OUT_FONTS) is held_out
    )


def draw_font_line(
    rng: np.random.Generator, font: LineFont, text: str, spread: float | None = None
) -> NDArray[np.float32] | None:
    """Set a line word by word, with uneven gaps and a baseline that is not quite straight.

    Parameters
    ----------
    spread : float, optional
        Extra space between letters, in ems; drawn at random if not given: none for most lines.

    Returns
    -------
    (H, W) float32 array or None
        Grey in [0, 1], 0 ink, 1 paper; None if the font lacks a character of the text.
    """
    if not font.charset.issuperset(text):
        return None
    face = font_face(str(font.path), EM)
    if spread is None:
        style = rng.random()
        capitals = text.upper() == text
        if style < (0.4 if capitals else 0.75):
            spread = 0.0
        else:
            spread = float(rng.uniform(0.02, 0.15) if style < 0.75 else rng.uniform(0.1, 1.1))
    gap = EM * rng.uniform(0.22, 0.6) + 2.2 * spread * EM
    lift = EM * rng.choice((0.0, 0.02, 0.05))
    pieces, x = place_pieces(rng, face, text, spread * EM, gap, lift)
    picture = Image.new("L", (int(x + EM), 3 * EM), 255)
    draw = ImageDraw.Draw(picture)
    for piece, left, y in pieces:
        draw.text((left, EM * 0.75 + y), piece, fill=0, font=face)
    return np.asarray(picture, dtype=np.float32) / np.float32(255)


def place_pieces(
    rng: np.random.Generator,
    face: ImageFont.FreeTypeFont,
    text: str,
    spread: float,
    gap: float,
    lift: float,
    even: bool = False,
) -> tuple[list[tuple[str, float, float]], float]:
    """Where the words of a line go, or its letters if they are spread; all in pixels.

    Parameters
    ----------
    spread : float
        Between letters; 0 keeps words whole.
    gap : float
        Between words, always the same if `even`.
    lift : float
        Standard deviation of how far a piece is off the baseline.

    Returns
    -------
    list of (text, x, y), and the x behind the last
    """
    pieces: list[tuple[str, float, float]] = []
    x = float(face.size)
    for word in text.split(" "):
        y = rng.normal(0, lift)
        if spread == 0:
            pieces.append((word, x, y))
            x += face.getlength(word)
        else:
            for letter in word:
                pieces.append((letter, x, y + rng.normal(0, lift)))
                x += face.getlength(letter) + spread * rng.uniform(0.6, 1.4)
        x += gap * (1.0 if even else rng.uniform(0.7, 1.4))
    return pieces, x


@lru_cache(maxsize=512)
def font_face(path: str, size: int) -> ImageFont.FreeTypeFont:
    """A font at a size in pixels, kept open."""
    return ImageFont.truetype(path, size)


def drawn_by(path: Path) -> frozenset[str]:
    """Characters that a font has: those not drawn as its sign for a missing character."""
    face = font_face(str(path), EM)
    missing = {bytes(face.getmask(sign)) for sign in ("\uffff", "\ue123")}
    found = {" "}
    for letter in CHARSET[1:]:
        mask = bytes(face.getmask(letter))
        if any(mask) and mask not in missing:
            found.add(letter)
    return frozenset(found)

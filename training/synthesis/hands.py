"""Hands that write lines, each in its own way: fonts, pen strokes, characters and scans."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFilter, ImageFont

from training.data.scans import Scans, open_scans
from training.data.text import Corpus, fold_text, writable
from training.synthesis.line_fonts import (
    CAPITALS,
    LineFont,
    drawn_by,
    find_fonts,
    font_face,
    place_pieces,
)
from training.synthesis.line_ink import (
    LEVELED,
    Hand,
    LineInk,
    level_line,
    overruns,
    set_apart,
    shear,
    spread,
    trimmed,
)
from training.synthesis.line_signs import with_sign
from training.synthesis.line_strokes import EM, X_HEIGHT
from training.synthesis.line_text import SCANS, corpus, fitting_length, fitting_text
from training.synthesis.small_signs import pieces_by_size, small_style
from training.synthesis.stroke_hands import character_hand, text_hand, word_hand

# Set by hand, lines looked at as pictures, as were the ranges that the hands below are drawn from.
FONT_EM = 44  # pixels, size at which fonts are drawn
CAPITAL = 0.7  # height of a capital, in ems; what fractions are moved by
SCAN_SHARES = (0.6, 0.15, 0.17, 0.08)  # of the lines of real paper, in the order of `SCANS`
HIGHEST_BODY = 0.72  # of a capital: in fonts of capitals the small letters are as high
SPREAD_SHARE = 0.12  # of the lines have wider room between their words
APART_SHARE = 0.5  # of the lines that begin with a short word, behind it
SIGN_SHARE = 0.08  # of the lines have an arrow, a tick, or a ring or a scribble over a word
LONGEST = 100  # characters of a scanned line
DENSEST = 0.7  # x-heights a character of a scanned line takes at least
PAPER, LIGHTER = 0.08, 1.1  # darkness of a scan's paper that is taken off, and factor on the rest
INKED = 60  # of 255, from which a pixel of EMNIST is ink
MISSES = 8  # lines in a row that a hand cannot write, after which it is given up
LEAST_X_HEIGHT = 4  # pixels of a line, or it shows nothing


def _body(face: ImageFont.FreeTypeFont) -> float:
    """Height of a font's small letters in pixels."""
    small = -face.getbbox("x", anchor="ls")[1]
    capital = -face.getbbox("H", anchor="ls")[1]
    return float(max(4.0, min(small, HIGHEST_BODY * capital)))


def font_hand(rng: np.random.Generator, font: LineFont, texts: Corpus, printed: bool) -> Hand:
    """Someone who writes as a font does: always with the same slant, width and gaps."""
    face = font_face(str(font.path), FONT_EM)
    body = _body(face)
    slant = rng.normal(0, 0.12) if not printed else 0.0
    widen = float(np.exp(rng.normal(0, 0.12)))
    word_gap = FONT_EM * (rng.uniform(0.22, 0.6) if not printed else rng.uniform(0.25, 0.32))
    spread = 0.0
    if not printed and rng.random() < 0.3:
        spread = float(rng.uniform(0.02, 0.2) if rng.random() < 0.7 else rng.uniform(0.2, 1.0))
    word_gap += 2.2 * spread * FONT_EM
    lift = 0.0 if printed else FONT_EM * float(rng.choice((0.0, 0.02, 0.05)))
    weight = rng.random()
    small = None if printed else small_style(rng)
    pace = (face.getlength("written by hand") / 15 * widen + spread * FONT_EM) / body

    def write(rng: np.random.Generator, room: float) -> LineInk | None:
        text = fitting_text(rng, texts, fitting_length(rng, room, pace))
        if not font.charset.issuperset(text):
            return None
        said = text.upper() if font.path.name.startswith(CAPITALS) else text
        if not writable(said):
            return None
        pieces, x = place_pieces(rng, face, text, spread * FONT_EM, word_gap, lift, even=printed)
        base = 1.7 * FONT_EM
        picture = Image.new("L", (int(x + FONT_EM), int(3.1 * FONT_EM)), 0)
        draw = ImageDraw.Draw(picture)
        for piece, left, y in pieces:
            for part, size, up in pieces_by_size(piece, small):
                used = face if size == 1 else font_face(str(font.path), round(size * FONT_EM))
                row = base + y - up * CAPITAL * FONT_EM
                draw.text((left, row), part, fill=255, font=used, anchor="ls")
                left += used.getlength(part)
        if weight < 0.25:
            picture = picture.filter(ImageFilter.MaxFilter(3))
        picture = shear(picture, slant, base, widen)
        return LineInk(np.asarray(picture, np.float32) / np.float32(255), base, body, said)

    return write


def emnist_hand(rng: np.random.Generator, data: Path) -> Hand:
    """EMNIST capitals and digits side by side, whose size on the line is known."""
    images, rows = _emnist(data)
    texts = corpus(data)
    gap, space = rng.uniform(0.0, 0.5), rng.uniform(0.4, 1.2)

    def write(rng: np.random.Generator, room: float) -> LineInk | None:
        text = fitting_text(rng, texts, fitting_length(rng, room, 1.8)).upper()
        text = fold_text("".join(c for c in text if c in rows or c == " "))
        if not text:
            return None
        canvas = np.zeros((int(2 * EM), int(EM * (2.2 * len(text) + 2))), dtype=np.float32)
        x, size = EM / 2, rng.uniform(0.8, 1.0)
        for letter in text:
            if letter == " ":
                x += EM * space * rng.uniform(0.7, 1.4)
                continue
            glyph = images[rng.choice(rows[letter])]
            filled = glyph > INKED
            cols, lines = np.flatnonzero(filled.any(0)), np.flatnonzero(filled.any(1))
            glyph = glyph[lines[0] : lines[-1] + 1, cols[0] : cols[-1] + 1]
            high = EM * size * rng.uniform(0.92, 1.08)
            wide = max(2.0, high * glyph.shape[1] / glyph.shape[0])
            part = np.asarray(Image.fromarray(glyph).resize((round(wide), round(high))), np.float32)
            top = int(EM * 1.5 - high + rng.normal(0, 0.03) * EM)
            target = canvas[top : top + part.shape[0], int(x) : int(x) + part.shape[1]]
            np.maximum(target, part[:, : target.shape[1]] / 255, out=target)
            x += wide + EM * gap * rng.uniform(0.5, 1.5)
        return LineInk(canvas[:, : int(x + EM / 2)], 1.5 * EM, X_HEIGHT * EM * size, text)

    return write


@cache
def _emnist(data: Path) -> tuple[NDArray[np.uint8], dict[str, NDArray[np.int64]]]:
    with np.load(data / "chars" / "emnist.npz", allow_pickle=False) as file:
        keep = (file["split"] == "train") & file["cased"]
        images, labels = file["images"][keep], file["label"][keep]
    return images, {str(c): np.flatnonzero(labels == c) for c in np.unique(labels)}


@cache
def _scans(data: Path, name: str) -> Scans:
    return open_scans(data / "lines" / f"{name}.zip", "train")


def scan_hand(rng: np.random.Generator, data: Path) -> Hand:
    """Lines of real paper; neighbors in the file mostly are of one hand."""
    name = SCANS[rng.choice(len(SCANS), p=SCAN_SHARES)]
    scans = _scans(data, name)
    row = int(rng.integers(len(scans.rows)))
    style = float(rng.normal(0, 0.1)), float(np.exp(rng.normal(0, 0.1)))

    def write(rng: np.random.Generator, room: float) -> LineInk | None:
        nonlocal row
        row = (row + 1) % len(scans.rows)
        text = scans.rows[row][1]
        if not LEVELED <= len(text) <= LONGEST or overruns(DENSEST * len(text), room):
            return None
        darkness = 1 - scans.image(row)
        darkness = np.clip((darkness - PAPER) * LIGHTER, 0, 1).astype(np.float32)
        darkness, base, body = level_line(np.pad(darkness, ((8, 8), (8, 8))))
        picture = shear(Image.fromarray(np.ascontiguousarray(darkness)), style[0], base, style[1])
        return LineInk(np.asarray(picture, np.float32), base, body, text)

    return write


@cache
def _fonts(data: Path) -> tuple[LineFont, ...]:
    return find_fonts(data / "fonts")


@cache
def _print_fonts() -> tuple[LineFont, ...]:
    """The type that matplotlib brings: DejaVu, STIX and Computer Modern, upright and italic."""
    import matplotlib

    folder = Path(matplotlib.get_data_path()) / "fonts" / "ttf"
    names = (
        "DejaVuSans", "DejaVuSans-Bold", "DejaVuSans-Oblique", "DejaVuSerif", "DejaVuSerif-Bold",
        "DejaVuSerif-Italic", "DejaVuSansMono", "STIXGeneral", "STIXGeneralBol",
        "STIXGeneralItalic", "cmss10", "cmtt10",
    )  # fmt: skip
    paths = [folder / f"{name}.ttf" for name in names]
    return tuple(LineFont(path, drawn_by(path)) for path in paths if path.is_file())


HAND_SHARES = {
    "fonts": 0.25, "scans": 0.18, "words": 0.24, "text": 0.17, "characters": 0.08, "emnist": 0.02,
    "print": 0.06,
}  # fmt: skip
"""How often each kind of hand writes a page."""


def random_hand(rng: np.random.Generator, data: Path, kind: str | None = None) -> tuple[str, Hand]:
    """A kind of hand and a hand of it."""
    if kind is None:
        kinds = list(HAND_SHARES)
        shares = np.array(list(HAND_SHARES.values()))
        kind = kinds[rng.choice(len(kinds), p=shares / shares.sum())]
    if kind in ("fonts", "print"):
        fonts = _fonts(data) if kind == "fonts" else _print_fonts()
        font = fonts[rng.integers(len(fonts))]
        return kind, font_hand(rng, font, corpus(data), kind == "print")
    makers = {
        "scans": scan_hand, "words": word_hand, "text": text_hand, "characters": character_hand,
        "emnist": emnist_hand,
    }  # fmt: skip
    return kind, makers[kind](rng, data)


def lines_of(rng: np.random.Generator, hand: Hand, room: float) -> Iterator[LineInk]:
    """Lines of a hand for a room of so many x-heights, until it fails too often."""
    misses = 0
    while misses < MISSES:
        line = hand(rng, room)
        if line is None or line.x_height < LEAST_X_HEIGHT:
            misses += 1
            continue
        misses = 0
        chance = rng.random()
        if chance < SPREAD_SHARE:
            line = spread(rng, line)
        elif chance < SPREAD_SHARE + APART_SHARE:
            line = set_apart(rng, line)
        if rng.random() < SIGN_SHARE:
            line = with_sign(rng, line)
        yield trimmed(line)

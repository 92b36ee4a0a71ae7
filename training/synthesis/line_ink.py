"""Lines of writing as ink: from fonts, pen strokes, characters and scans, one hand after another.

A hand writes lines; each comes with the row on which its letters stand and the height of its small
letters, so that it can be set on a page at any size.
"""

from __future__ import annotations

import lzma
import unicodedata
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFilter, ImageFont
from scipy import ndimage

from ocr.layout.line_pictures import find_line
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
from training.synthesis.line_strokes import (
    EM,
    X_HEIGHT,
    Strokes,
    compose,
    draw_strokes,
    label_text,
    move_strokes,
    one_line,
    place_word,
    read_strokes,
    word_scale,
)
from training.synthesis.line_text import sample_text
from training.synthesis.written_glyphs import WrittenGlyphs

FONT_EM = 44  # pixels, size at which fonts are drawn
SCANS = ("copiste", "poilus", "peraire", "stanford-1905")
SCAN_SHARES = (0.6, 0.15, 0.17, 0.08)
HIGHEST_BODY = 0.72  # of a capital: in fonts of capitals the small letters are as high
SHORTEST, LONGEST = 2, 90  # characters of a line
CHUNK = 400  # characters of running text at least that lines are cut from
SPREAD_SHARE = 0.12  # of the lines have wider room between their words
WIDEST_SPREAD = 4.0  # x-heights that it is wider, at most
HELD_BACK = 40  # every so many-th row of the corpora is left for measuring


@dataclass(frozen=True)
class LineInk:
    """A line of writing before it is set on a page.

    Attributes
    ----------
    darkness : (H, W) float32 array
        0 paper, 1 ink.
    baseline : float
        Row on which the letters stand.
    x_height : float
        Height of the small letters in pixels.
    text : str
    """

    darkness: NDArray[np.float32]
    baseline: float
    x_height: float
    text: str


Hand = Callable[[np.random.Generator, float], LineInk | None]
"""Writes a line for a room of so many x-heights, which it may not fill or may overrun; None if it
cannot write what it was about to."""


# --- text -----------------------------------------------------------------------------------


@cache
def corpus(data: Path) -> Corpus:
    """Sentences of today's and of older English, and French ones, that lines are written from."""
    english = _rows(data / "text" / "english-modern.txt.xz", 90_000)
    english += _rows(data / "text" / "english-books.txt.xz", 30_000)
    scans = [text for name in SCANS for _, text in open_scans(
        data / "lines" / f"{name}.zip", "train").rows]  # fmt: skip
    return Corpus(tuple(english), tuple(_rows(data / "text" / "french.txt.xz", 40_000) + scans))


def _rows(path: Path, most: int) -> list[str]:
    with lzma.open(path, "rt", encoding="utf-8") as stream:
        rows = [row for number, row in enumerate(stream) if number % HELD_BACK]
    step = max(1, len(rows) // most)
    chunks, chunk = [], ""
    for number, row in enumerate(rows):  # rows that follow one another, so that lines are filled
        chunk = f"{chunk} {fold_text(row)}".strip()
        if len(chunk) > CHUNK:
            if number % step == 0:
                chunks.append(chunk[: 3 * CHUNK])
            chunk = ""
    return chunks


# --- finding the baseline of a picture of one line --------------------------------------------


def level_line(darkness: NDArray[np.float32]) -> tuple[NDArray[np.float32], float, float]:
    """A picture of one line made level, its baseline's row, and its x-height."""
    line = find_line(darkness)
    (y1, x1), (y2, x2) = line.baseline
    slope = (y2 - y1) / max(1.0, x2 - x1)
    if abs(slope) > 1e-3:
        picture = Image.fromarray(np.ascontiguousarray(darkness))
        matrix = (1, 0, 0, slope, 1, -slope * (x1 + x2) / 2)
        moved = picture.transform(
            picture.size, Image.Transform.AFFINE, matrix, Image.Resampling.BILINEAR
        )
        darkness = np.asarray(moved)
    return darkness, float(y1 + y2) / 2, line.x_height


# --- hands ----------------------------------------------------------------------------------


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
    pace = (face.getlength("written by hand") / 15 * widen + spread * FONT_EM) / body

    def write(rng: np.random.Generator, room: float) -> LineInk | None:
        text = _text(rng, texts, _characters(rng, room, pace))
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
            draw.text((left, base + y), piece, fill=255, font=face, anchor="ls")
        if weight < 0.25:
            picture = picture.filter(ImageFilter.MaxFilter(3))
        picture = _shear(picture, slant, base, widen)
        return LineInk(np.asarray(picture, np.float32) / np.float32(255), base, body, said)

    return write


def _characters(rng: np.random.Generator, room: float, pace: float) -> int:
    """How many characters of a width in x-heights fill a room, more or less."""
    return int(np.clip(room / pace * rng.uniform(0.85, 1.1), 4, LONGEST))


def _text(rng: np.random.Generator, texts: Corpus, longest: int) -> str:
    """A line of text; most are about as long as there is room."""
    return sample_text(rng, texts, longest, int(0.55 * longest) if rng.random() < 0.6 else SHORTEST)


def _shear(picture: Image.Image, slant: float, base: float, widen: float) -> Image.Image:
    """Slanted about the baseline and stretched along it."""
    if abs(slant) < 1e-3 and abs(widen - 1) < 1e-3:
        return picture
    room = abs(slant) * picture.height
    size = (int(picture.width * widen + 2 * room), picture.height)
    matrix = (1 / widen, slant / widen, -slant * base / widen - room / widen, 0, 1, 0)
    return picture.transform(size, Image.Transform.AFFINE, matrix, Image.Resampling.BILINEAR)


def _drawn(
    rng: np.random.Generator, strokes: Strokes, pen: float, text: str, x_height: float | None
) -> LineInk:
    """Strokes whose baseline is y = 0 (or, without an x-height, unknown) as ink."""
    low = float(np.min([stroke[:, 1].min() for stroke in strokes]))
    darkness = 1 - draw_strokes(strokes, pen)
    if x_height is None:
        return LineInk(*level_line(darkness), text)
    return LineInk(darkness.astype(np.float32), -low + pen + 2, x_height, text)


def _pen(rng: np.random.Generator) -> float:
    """Pen in pixels where a capital is `EM` high: fine liner to marker."""
    return float(np.clip(EM * 0.065 * np.exp(rng.normal(0, 0.45)), 1.2, 9))


class _Written:
    """The pen strokes of UNIPEN, by writer."""

    def __init__(self, data: Path) -> None:
        self.words = read_strokes(data / "lines" / "unipen_words.npz")
        self.texts = read_strokes(data / "lines" / "unipen_text.npz")
        self.glyphs = WrittenGlyphs(data)
        self.word_writers = self.words.by_writer("train", 20)
        self.word_names = sorted(self.word_writers)
        rows = self.texts.rows("train")
        self.text_writers = {
            str(name): rows[self.texts.writer[rows] == name]
            for name in np.unique(self.texts.writer[rows])
        }
        self.text_names = sorted(self.text_writers)
        share = np.array([len(self.text_writers[name]) for name in self.text_names]) ** 0.6
        self.text_shares = share / share.sum()


@cache
def _written(data: Path) -> _Written:
    return _Written(data)


def _moved(rng: np.random.Generator, strokes: Strokes, style: tuple[float, float]) -> Strokes:
    """Strokes with a hand's slant and width and a little tremble; the baseline stays level."""
    slant, widen = style
    trembling = move_strokes(rng, strokes, 0.35, level=True)
    turn = np.array([[widen, 0.0], [-slant, 1.0]], np.float32)
    return [stroke @ turn for stroke in trembling]


def _style(rng: np.random.Generator) -> tuple[float, float]:
    return float(rng.normal(0, 0.16)), float(np.exp(rng.normal(0, 0.14)))


def word_hand(rng: np.random.Generator, data: Path) -> Hand:
    """A UNIPEN writer's words in a row, with some numbers and signs between them."""
    written = _written(data)
    words, glyphs = written.words, written.glyphs
    name = written.word_names[rng.integers(len(written.word_names))]
    rows = written.word_writers[name]
    scale = float(
        np.median([word_scale(words.strokes(i), fold_text(str(words.label[i]))) for i in rows[:60]])
    )
    space, pen, style = rng.uniform(0.35, 1.0), _pen(rng), _style(rng)
    capitals = rng.random() < 0.06

    def write(rng: np.random.Generator, room: float) -> LineInk | None:
        parts: list[Strokes] = []
        spaces: list[float] = []
        text = ""
        while sum(float(np.ptp(np.concatenate(part)[:, 0])) for part in parts) + EM * sum(
            spaces
        ) < room * X_HEIGHT * EM * rng.uniform(0.5, 0.95):
            if rng.random() < 0.12 or capitals:
                word = str(rng.integers(0, 10 ** int(rng.integers(1, 5))))
                if rng.random() < 0.35:
                    word = _amount(rng)
                placed, inside = glyphs.write(rng, word, glyphs.writer(rng, name))
                if not placed:
                    continue
                parts += placed
                spaces += inside
                pitch = 0.6
            else:
                item = int(rows[rng.integers(len(rows))])
                word, path = fold_text(str(words.label[item])), words.strokes(item)
                if not path or not writable(word) or not one_line(path, word):
                    continue
                parts.append(place_word(path, word, scale))
                spaces.append(0.0)
                right = max(float(stroke[:, 0].max()) for stroke in parts[-1])
                pitch = right / EM / max(len(word), 2)
            if rng.random() < 0.2:
                sign = ".,.,.,;:!?'-)\""[rng.integers(14)]
                found = glyphs.any(rng, sign)
                if found:
                    spaces[-1] = rng.uniform(0.02, 0.2)
                    parts.append(place_word(found, sign))
                    spaces.append(0.0)
                    word += sign
            text = f"{text} {word}" if text else word
            spaces[-1] = max(space, pitch) * rng.uniform(0.7, 1.5)
        text = label_text(text)
        if not parts or len(text) > 90:
            return None
        path = _moved(rng, compose(rng, parts, np.asarray(spaces)), style)
        return _drawn(rng, path, pen, text, X_HEIGHT * EM)

    return write


def _amount(rng: np.random.Generator) -> str:
    """Prices, times and dates: numbers whose points matter."""
    a, b, c = rng.integers(0, 100, 3)
    forms = (
        f"{a}.{b:02d}", f"{a}.{b % 10}", f"{a},{b:02d}", f"${a}.{b:02d}", f"{a % 24}:{b % 60:02d}",
        f"{a % 31 + 1}.{b % 12 + 1}.{c:02d}", f"{a % 31 + 1}/{b % 12 + 1}/{c:02d}", f"{a}-{b}",
        f"{a % 9 + 1},{b * 10 % 1000:03d}", f"{a}.{b}%", f"'{c:02d}",
    )  # fmt: skip
    return forms[rng.integers(len(forms))]


def character_hand(rng: np.random.Generator, data: Path) -> Hand:
    """A UNIPEN writer's characters set into hand print."""
    written = _written(data)
    glyphs, texts = written.glyphs, corpus(data)
    writer = glyphs.writer(rng)
    pen, style = _pen(rng), _style(rng)

    def write(rng: np.random.Generator, room: float) -> LineInk | None:
        text = _text(rng, texts, _characters(rng, room, 1.6))
        placed, spaces = glyphs.write(rng, "".join(map(bare_letter, text)), writer)
        if not placed:
            return None
        letters = [letter for letter in text if letter != " "]
        for letter, strokes in zip(letters, placed, strict=True):
            strokes += mark_strokes(rng, letter, strokes)
        path = _moved(rng, compose(rng, placed, np.asarray(spaces)), style)
        return _drawn(rng, path, pen, text, X_HEIGHT * EM)

    return write


CROSSED = {"ø": "o", "Ø": "O", "ł": "l", "Ł": "L", "đ": "d", "Đ": "D"}
MARKS: dict[str, tuple[tuple[tuple[float, float], ...], ...]] = {
    "\u0308": (((-0.16, 0.0), (-0.16, 0.05)), ((0.16, 0.0), (0.16, 0.05))),
    "\u0301": (((-0.08, 0.16), (0.14, -0.1)),),
    "\u0300": (((-0.14, -0.1), (0.08, 0.16)),),
    "\u0302": (((-0.18, 0.14), (0.0, -0.08), (0.18, 0.14)),),
    "\u030c": (((-0.18, -0.1), (0.0, 0.12), (0.18, -0.1)),),
    "\u0303": (((-0.2, 0.08), (-0.08, -0.05), (0.08, 0.08), (0.2, -0.05)),),
    "\u0306": (((-0.18, -0.1), (0.0, 0.1), (0.18, -0.1)),),
    "\u030a": (((0.0, -0.14), (0.12, 0.0), (0.0, 0.12), (-0.12, 0.0), (0.0, -0.14)),),
    "\u030b": (((-0.16, 0.16), (-0.04, -0.1)), ((0.06, 0.16), (0.2, -0.1))),
    "\u0307": (((0.0, 0.0), (0.0, 0.05)),),
}  # fmt: skip
"""Strokes of the marks above letters: points (x, y) in heights of a capital, about their middle."""
MARKS_BELOW: dict[str, tuple[tuple[float, float], ...]] = {
    "\u0327": ((0.0, 0.0), (0.02, 0.1), (0.12, 0.18), (0.0, 0.28), (-0.1, 0.24)),
    "\u0328": ((0.1, 0.0), (0.0, 0.12), (0.04, 0.24), (0.16, 0.22)),
    "\u0326": ((0.04, 0.1), (-0.04, 0.28)),
}
LIFT = 0.14  # heights of a capital between a letter and the middle of the mark above it


def bare_letter(letter: str) -> str:
    """A letter without its marks, one that pen strokes are known of."""
    if letter in CROSSED:
        return CROSSED[letter]
    return unicodedata.normalize("NFD", letter)[0]


def mark_strokes(rng: np.random.Generator, letter: str, strokes: Strokes) -> Strokes:
    """The strokes of a letter's marks, drawn as unevenly as by hand.

    Parameters
    ----------
    letter : str
    strokes : list of (P, 2) arrays
        Of the letter without its marks.
    """
    low = np.min([stroke.min(axis=0) for stroke in strokes], axis=0)
    high = np.max([stroke.max(axis=0) for stroke in strokes], axis=0)
    middle = (low[0] + high[0]) / 2
    size = EM * float(rng.uniform(0.7, 1.3))
    found: Strokes = []
    if letter in CROSSED:
        wide = max(float(high[0] - low[0]), 0.3 * EM) / 2
        ends = np.array([(-0.6 * wide, 0.12 * size), (0.6 * wide, -0.12 * size)])
        if letter in "øØ":
            ends = (
                np.array([(-wide, (high[1] - low[1]) / 2), (wide, -(high[1] - low[1]) / 2)]) * 1.15
            )
        at = (middle, (low[1] + high[1]) / 2 - (0.2 * EM if letter in "đ" else 0.0))
        found.append((ends + at).astype(np.float32))
    for sign in unicodedata.normalize("NFD", letter)[1:]:
        shift = np.array([middle + rng.normal(0, 0.04) * EM, 0.0])
        if sign in MARKS:
            shift[1] = low[1] - (LIFT + abs(rng.normal(0, 0.06))) * EM
            parts = MARKS[sign]
        elif sign in MARKS_BELOW:
            shift[1] = high[1]
            parts = (MARKS_BELOW[sign],)
        else:
            continue
        for part in parts:
            points = np.array(part) * size + rng.normal(0, 0.02 * EM, (len(part), 2)) + shift
            found.append(points.astype(np.float32))
    return found


def text_hand(rng: np.random.Generator, data: Path) -> Hand:
    """A UNIPEN writer's lines as they were written."""
    written = _written(data)
    name = written.text_names[rng.choice(len(written.text_names), p=written.text_shares)]
    rows, pen, style = written.text_writers[name], _pen(rng), _style(rng)

    def write(rng: np.random.Generator, room: float) -> LineInk | None:
        item = int(rows[rng.integers(len(rows))])
        text, path = label_text(str(written.texts.label[item])), written.texts.strokes(item)
        if not one_line(path, text):
            return None
        height = float(np.max([stroke[:, 1].max() for stroke in path]))
        path = [stroke * np.float32(1.4 * EM / height) for stroke in path]
        return _drawn(rng, _moved(rng, path, style), pen, text, None)

    return write


def emnist_hand(rng: np.random.Generator, data: Path) -> Hand:
    """EMNIST capitals and digits side by side, whose size on the line is known."""
    images, rows = _emnist(data)
    texts = corpus(data)
    gap, space = rng.uniform(0.0, 0.5), rng.uniform(0.4, 1.2)

    def write(rng: np.random.Generator, room: float) -> LineInk | None:
        text = _text(rng, texts, _characters(rng, room, 1.8)).upper()
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
            filled = glyph > 60
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
        if len(text) > 100:
            return None
        darkness = 1 - scans.image(row)
        darkness = np.clip((darkness - 0.08) * 1.1, 0, 1).astype(np.float32)
        darkness, base, body = level_line(np.pad(darkness, ((8, 8), (8, 8))))
        picture = _shear(Image.fromarray(np.ascontiguousarray(darkness)), style[0], base, style[1])
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
    "fonts": 0.25, "scans": 0.22, "words": 0.24, "text": 0.13, "characters": 0.08, "emnist": 0.02,
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
    while misses < 8:
        line = hand(rng, room)
        if line is None or line.x_height < 4:
            misses += 1
            continue
        misses = 0
        yield trimmed(spread(rng, line) if rng.random() < SPREAD_SHARE else line)


def spread(rng: np.random.Generator, line: LineInk) -> LineInk:
    """A line with wider room between its words, as in a row of letters or of a table.

    The line is left as it is where its white does not tell which gaps are the spaces.
    """
    spaces = line.text.count(" ")
    white = np.logical_not((line.darkness > 0.25).any(axis=0))
    edges = np.flatnonzero(np.diff(np.concatenate([[False], white, [False]]).astype(np.int8)))
    starts, stops = edges[::2], edges[1::2]
    inner = (starts > 0) & (stops < line.darkness.shape[1])
    starts, stops = starts[inner], stops[inner]
    if not 0 < spaces <= len(starts):
        return line
    widest = np.argsort(starts - stops, kind="stable")
    sizes = (stops - starts)[widest]
    if spaces < len(sizes) and sizes[spaces - 1] < 1.3 * sizes[spaces]:
        return line
    most = rng.uniform(0.5, WIDEST_SPREAD) * line.x_height
    parts, before = [], 0
    for k in np.sort(widest[:spaces]):
        middle = int(starts[k] + stops[k]) // 2
        room = np.zeros((len(line.darkness), round(most * rng.uniform(0.5, 1.0))), np.float32)
        parts += [line.darkness[:, before:middle], room]
        before = middle
    darkness = np.concatenate([*parts, line.darkness[:, before:]], axis=1)
    return LineInk(darkness, line.baseline, line.x_height, line.text)


def trimmed(line: LineInk) -> LineInk:
    """A line without the empty columns and rows around its ink."""
    dark = line.darkness > 0.25
    cols, rows = np.flatnonzero(dark.any(axis=0)), np.flatnonzero(dark.any(axis=1))
    if not len(cols):
        return line
    top, bottom = max(0, rows[0] - 2), rows[-1] + 3
    left, right = max(0, cols[0] - 2), cols[-1] + 3
    return LineInk(
        line.darkness[top:bottom, left:right], line.baseline - top, line.x_height, line.text
    )


def smear(rng: np.random.Generator, darkness: NDArray[np.float32]) -> NDArray[np.float32]:
    """Ink that does not flow evenly: fainter and darker stretches along the line."""
    knots = rng.uniform(0.55, 1.0, max(2, darkness.shape[1] // 50))
    along = np.interp(
        np.arange(darkness.shape[1]), np.linspace(0, darkness.shape[1], len(knots)), knots
    )
    return (darkness * ndimage.gaussian_filter1d(along, 6)).astype(np.float32)

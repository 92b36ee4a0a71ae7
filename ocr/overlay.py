"""Draw a `Page` on its photo: boxes colored by confidence, line order, the text as read."""

from __future__ import annotations

import base64
import html
import io
import math
import unicodedata
from collections.abc import Sequence
from statistics import median
from typing import NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from ocr.config import LEVELS
from ocr.page import Box, Letter, Line, Page, Word

Font: TypeAlias = ImageFont.FreeTypeFont | ImageFont.ImageFont

# Confidence from which a color holds. Vermillion to blue from the palette of Okabe and Ito
# (2008), which people with any color vision tell apart; green is kept clear of red.
COLORS: tuple[tuple[float, tuple[int, int, int]], ...] = (
    (0.95, (0, 114, 178)),  # blue
    (0.80, (0, 158, 115)),  # bluish green
    (0.50, (230, 159, 0)),  # orange
    (0.0, (213, 94, 0)),  # vermillion
)
LINE_COLOR = (170, 51, 119)  # purple: line numbers and baselines
LEGEND_COLOR = (40, 40, 40)  # nearly black
PAPER = (255, 255, 255)
DARKER = 0.75  # factor on a color for letters, whose strokes are thinner than a box's
FADED = 0.35  # share of white laid over the photo, so that the drawing stands out

SIDE = 2400  # pixels, longer side of a drawing: small enough for a screen and for mail
MOST_SIDE = 4800  # up to which it is enlarged
NOTEBOOK_SIDE = 1200  # of a drawing in a notebook
READABLE = 24  # pixels, median letter height at which letters as read can be told in a drawing
LETTERS_FROM = 20  # pixels, median letter height from which each gets a box of its own by "auto"

# Sizes as shares of the median letter height, and limits in pixels that keep them legible.
LETTER_FONT, LETTER_FONT_PIXELS = 0.55, (9, 40)
NUMBER_FONT, NUMBER_FONT_PIXELS = 0.6, (11, 44)
STROKE, STROKE_PIXELS = 0.05, (1, 6)
LEGEND_FONT, LEGEND_FONT_PIXELS = 1 / 60, (9, 32)  # of the picture's longer side
BADGE = 1.8  # height of the badge around a line's number, in heights of a digit
BADGE_GAP = 1.3  # left end of a line's number to the line's start, in widths of the number's badge
BLANK_LETTER = 1 / 30  # of the picture's longer side: letter height of a page without letters


# What Pillow's own font lacks besides letters with accents, by what it has.
SPELLED = str.maketrans(
    {
        **{"Æ": "AE", "æ": "ae", "Œ": "OE", "œ": "oe", "ß": "ss", "Ø": "O", "ø": "o"},
        **{"Đ": "D", "đ": "d", "Ł": "L", "ł": "l", "ı": "i", "¿": "?", "¡": "!"},
        **{"€": "EUR", "£": "GBP", "§": "sec.", "‘": "'", "’": "'", "“": '"', "”": '"'},
        **{"–": "-", "—": "-", "…": "...", "•": "·", "×": "x"},
    }
)


def color_of(confidence: float) -> tuple[int, int, int]:
    """RGB color of a confidence in [0, 1]."""
    return next((color for start, color in COLORS if confidence >= start), COLORS[-1][1])


def side_for(page: Page, level: str = "auto") -> int:
    """Pixels of the photo's longer side at which what was read can be told in a drawing.

    No more than the photo has, unless the letters need it.
    """
    longer = max(page.height, page.width)
    side = min(longer, SIDE)
    height = _letter_height(page)
    if height and level != "line":
        side = max(side, math.ceil(longer * READABLE / height))
    return min(side, MOST_SIDE)


def enlarged(rgb: NDArray[np.uint8], side: int) -> NDArray[np.uint8]:
    """A photo whose longer side is `side` at least."""
    height, width = rgb.shape[:2]
    scale = side / max(height, width)
    if scale <= 1:
        return rgb
    size = (round(width * scale), round(height * scale))
    return np.asarray(Image.fromarray(rgb).resize(size, Image.Resampling.BICUBIC))


def drawing_of(page: Page, level: str, side: int | None) -> Image.Image:
    """`draw_page` on the photo that a page knows, or else on white paper; see `Page.draw`."""
    side = side_for(page, level) if side is None else side
    if page.photo is not None:
        return draw_page(enlarged(page.photo.rgb(side), side), page, level)
    scale = side / max(page.height, page.width)
    size = (max(1, round(page.height * scale)), max(1, round(page.width * scale)), 3)
    return draw_page(np.full(size, 255, dtype=np.uint8), page, level)


def png_of(page: Page) -> bytes:
    """A drawing as large as notebooks show it, as a PNG file."""
    stream = io.BytesIO()
    side = min(max(page.height, page.width), NOTEBOOK_SIDE)
    drawing_of(page, "auto", side).save(stream, "PNG")
    return stream.getvalue()


def html_of(page: Page) -> str:
    """The drawing and the text."""
    picture = base64.b64encode(png_of(page)).decode()
    return (
        f'<img src="data:image/png;base64,{picture}" alt="what was read, in boxes" '
        f'style="max-width: 100%"><pre>{html.escape(page.text)}</pre>'
    )


def draw_page(rgb: NDArray[np.uint8], page: Page, level: str = "auto") -> Image.Image:
    """Show what was read, and how surely, on the photo itself.

    Parameters
    ----------
    rgb : (H, W, 3) uint8 array
        The whole upright photo at any size; see `ocr.input.photo.Photo.rgb`.
    page : Page
        What was read from it, in pixels of the original.
    level : {"auto", "letter", "word", "line"}
        What gets a box and its text; "auto" takes letters where they are large enough, else words.

    Returns
    -------
    PIL.Image.Image
        RGB: the photo, faded, with a box and the text at each letter, word or line, the baseline
        and the number of each line; below it a legend, and at its left a margin if numbers need
        one.

    Raises
    ------
    ValueError
        If there is no such level.
    """
    if level not in LEVELS:
        raise ValueError(f"level must be one of {', '.join(LEVELS)}, got {level!r}")
    height, width = rgb.shape[:2]
    scale_y, scale_x = height / page.height, width / page.width
    letter_height = _letter_height(page) * scale_y or max(width, height) * BLANK_LETTER
    if level == "auto":
        level = "letter" if letter_height >= LETTERS_FROM else "word"
    stroke = _within(STROKE * letter_height, STROKE_PIXELS)
    small = _font(LETTER_FONT * letter_height, LETTER_FONT_PIXELS)
    large = _font(NUMBER_FONT * letter_height, NUMBER_FONT_PIXELS)

    badge = _badge_size(len(page.lines), large)
    starts = [line.box.x1 * scale_x for line in page.lines]
    margin = max(0, round(badge[0] * BADGE_GAP - min(starts))) if starts else 0
    view = _View(scale_y, scale_x, margin)
    picture = Image.new("RGB", (margin + width, height), PAPER)
    picture.paste(
        Image.blend(Image.fromarray(rgb), Image.new("RGB", (width, height), PAPER), FADED),
        (margin, 0),
    )
    draw = ImageDraw.Draw(picture)
    for number, line in enumerate(page.lines, start=1):
        if len(line.baseline) > 1:
            points = [view.point(y, x) for y, x in line.baseline]
            draw.line(points, LINE_COLOR, stroke, joint="curve")
        parts: dict[str, Sequence[Letter | Word | Line]]
        parts = {"letter": line.letters, "word": line.words, "line": [line]}
        for part in parts[level]:
            _draw_part(draw, part, view, stroke, small)
        _draw_number(draw, number, view.corners(line.box), badge, large)
    return _with_legend(picture, page)


def _letter_height(page: Page) -> float:
    """The usual height of a letter, in pixels of the original; 0 of a page without letters."""
    letters = page.letters
    return float(median(letter.box.height for letter in letters)) if letters else 0.0


class _View(NamedTuple):
    """From pixels of the original to pixels of the drawing."""

    scale_y: float
    scale_x: float
    margin: int

    def point(self, y: float, x: float) -> tuple[float, float]:
        return self.margin + x * self.scale_x, y * self.scale_y

    def corners(self, box: Box) -> tuple[int, int, int, int]:
        """x1, y1, x2, y2, inclusive."""
        x1, y1 = (int(value) for value in self.point(box.y1, box.x1))
        x2, y2 = (round(value) - 1 for value in self.point(box.y2, box.x2))
        return x1, y1, max(x1, x2), max(y1, y2)


def _draw_part(
    draw: ImageDraw.ImageDraw, part: Letter | Word | Line, view: _View, stroke: int, font: Font
) -> None:
    x1, y1, x2, y2 = view.corners(part.box)
    color = color_of(part.confidence)
    draw.rectangle((x1 - stroke, y1 - stroke, x2 + stroke, y2 + stroke), None, color, stroke)
    # Above the box at its left edge; where that is off the picture, inside at the top.
    text = _drawable(part.text)
    _, top, right, _ = draw.textbbox((0, 0), text, font, anchor="lb")
    x, y = float(x1 - stroke), float(y1 - 2 * stroke)
    if y + top < 0:
        y = y1 - top
    x = max(0.0, min(x, draw.im.size[0] - right - stroke))
    ink = tuple(round(DARKER * part) for part in color)
    draw.text((x, y), text, ink, font, "lb", stroke_width=max(1, stroke), stroke_fill=PAPER)


def _drawable(text: str) -> str:
    """A text of letters that Pillow's own font has: of others it draws an empty box."""
    return "".join(sign for sign in unicodedata.normalize("NFD", text.translate(SPELLED))
                   if not unicodedata.combining(sign))  # fmt: skip


def _badge_size(lines: int, font: Font) -> tuple[float, float]:
    """Width and height of the badge that holds any number up to `lines`."""
    left, top, right, bottom = font.getbbox("0" * len(str(lines)))
    height = BADGE * (bottom - top)
    return max(height, right - left + height / 2), height


def _draw_number(
    draw: ImageDraw.ImageDraw,
    number: int,
    corners: tuple[int, int, int, int],
    badge: tuple[float, float],
    font: Font,
) -> None:
    """A filled badge left of the line."""
    x1, y1, _, y2 = corners
    width, height = badge
    x, y = x1 - (BADGE_GAP - 0.5) * width, (y1 + y2) / 2
    draw.rounded_rectangle(
        (x - width / 2, y - height / 2, x + width / 2, y + height / 2), height / 4, LINE_COLOR
    )
    draw.text((x, y), str(number), PAPER, font, "mm")


def _with_legend(photo: Image.Image, page: Page) -> Image.Image:
    """The picture with a row below it: what the colors mean, and what there is to know."""
    font = _font(max(photo.size) * LEGEND_FONT, LEGEND_FONT_PIXELS)
    entries: list[tuple[str, tuple[int, int, int] | None]] = [
        (f"{100 * start:.0f} % sure or more" if start else "less", color) for start, color in COLORS
    ]
    entries += [("line", LINE_COLOR)] if page.lines else []
    entries += [(warning, None) for warning in page.warnings]
    measure = ImageDraw.Draw(photo)
    unit = round(measure.textbbox((0, 0), "Mg", font)[3])  # height of a row
    step = unit * 3 // 2  # from row to row, and from a square of color to its text
    placed = []
    x, y = unit, unit // 2
    for text, color in entries:
        length = (step if color else 0) + int(measure.textlength(text, font))
        if x + length > photo.width and x > unit:
            x, y = unit, y + step
        placed.append((x, y, text, color))
        x += length + 2 * unit
    picture = Image.new("RGB", (photo.width, photo.height + y + step), PAPER)
    picture.paste(photo)
    draw = ImageDraw.Draw(picture)
    for x, y, text, color in placed:
        y += photo.height
        if color:
            draw.rectangle((x, y + unit // 8, x + unit, y + unit), color)
            x += step
        draw.text((x, y), text, LEGEND_COLOR, font)
    return picture


def _within(size: float, limits: tuple[int, int]) -> int:
    return min(max(round(size), limits[0]), limits[1])


def _font(size: float, limits: tuple[int, int]) -> Font:
    """Pillow's own font, which needs no font of the system."""
    return ImageFont.load_default(_within(size, limits))

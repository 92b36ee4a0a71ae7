"""Photos of handwritten pages with full ground truth, each from one seed.

`render_page` fills a `training.synthesis.sheet.Sheet` with text in a random hand, a font or the
recorded strokes of a writer (`training.synthesis.page_strokes`), photographs it with
`training.synthesis.camera` and returns the picture with boxes of letters, words and lines, their
text and order, and how the page lies. `DIFFICULTIES` name what makes a page hard, one thing each,
so that a measurement shows which stage of reading is the weakest. Nothing is trained on these
pages; those that are learned from come from `training.synthesis.written_pages`.
"""

from __future__ import annotations

import functools
import io
import zlib
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from ocr.page import Page
from training.data.datasets import HELD_OUT_FONTS, data_dir
from training.data.text import Corpus, read_corpus
from training.synthesis.camera import jpeg, photograph
from training.synthesis.difficulties import (
    BOARDS,
    CAPITAL_FAMILIES,
    DIFFICULTIES,
    JOINED_FAMILIES,
    PRINT_FAMILIES,
    TINTS,
    WHITES,
    Difficulty,
)
from training.synthesis.geometry import Geometry, aim
from training.synthesis.line_text import sample_text
from training.synthesis.page_strokes import PenHands, PieceWords, pieces_width
from training.synthesis.page_views import camera_of, view
from training.synthesis.paper import Paper
from training.synthesis.papers import real_paper, real_sheet
from training.synthesis.pens import PENS, Hand, font_files, line_width
from training.synthesis.sheet import Sheet


@dataclass(frozen=True)
class Truth:
    """What a generated photo shows.

    Attributes
    ----------
    page : Page
        Lines in reading order with words, letters, baselines and polygons, in pixels of the
        photo; its `transform` leads back to the sheet (without the curl).
    orientation : int
        Clockwise turn of the photo against upright: 0, 90, 180 or 270 degrees.
    tilt : float
        Clockwise slope of the text lines in degrees, in the photo turned upright.
    hand, pen, ruling : str
        How it was written, to sort results by; hand and pen are empty on a blank page.
    """

    page: Page
    orientation: int
    tilt: float
    hand: str
    pen: str
    ruling: str


def page_fonts(*, joined: bool = False, held_out: bool = False) -> list[str]:
    """File stems of the fonts to write print or cursive with, in order of name.

    Raises
    ------
    DataError
        If `$OCR_DATA` has no fonts.
    """
    wanted = JOINED_FAMILIES if joined else PRINT_FAMILIES
    families = {name for name in wanted if (name in HELD_OUT_FONTS) == held_out}
    return [stem for stem in font_files() if stem.rpartition("-")[0] in families]


def page_corpus() -> Corpus:
    """English sentences of `$OCR_DATA` in ASCII.

    Raises
    ------
    DataError
        If `$OCR_DATA` is not set.
    """
    corpus = read_corpus(data_dir() / "text" / "english.txt")
    # Rows of dashes stand for rules of the printed books; nobody writes them.
    return Corpus(tuple(row for row in corpus.sentences if row.isascii() and "- -" not in row))


@functools.lru_cache(maxsize=2)
def page_writers(split: str = "train") -> PenHands:
    """The writers of a split of UNIPEN in `$OCR_DATA`.

    Raises
    ------
    DataError
        If `$OCR_DATA` is not set.
    """
    return PenHands(data_dir(), split)


def render_page(
    seed: int,
    difficulty: str = "photo",
    *,
    corpus: Corpus,
    fonts: Sequence[str] | None = None,
    writers: PenHands | None = None,
    long_side: int = 1600,
) -> tuple[NDArray[np.uint8], Truth]:
    """Write a page and photograph it.

    Parameters
    ----------
    seed : int
        The same seed, difficulty, corpus, fonts and writers give the same page.
    difficulty : str
        One of `DIFFICULTIES`.
    corpus : Corpus
        What the text is drawn from.
    fonts : sequence of str, optional
        File stems to choose the hand from. All that may be trained on, print or joined as the
        difficulty says, if left out.
    writers : PenHands, optional
        Whose pen strokes to write with; those that may be trained on if left out.
    long_side : int
        Of the photo, in pixels.

    Returns
    -------
    (H, W, 3) uint8
        sRGB, as decoded from a JPEG.
    Truth

    Raises
    ------
    KeyError
        If there is no such difficulty.
    DataError
        If `$OCR_DATA` has no fonts.
    """
    level = DIFFICULTIES[difficulty]
    rng = np.random.default_rng([seed, zlib.crc32(difficulty.encode())])
    if level.blank:
        return _render_blank(level, long_side, rng)
    if level.strokes:
        writers = page_writers() if writers is None else writers
        names = writers.printers if level.strokes == "characters" else writers.copyists
        hand = _pen_hand(str(rng.choice(names)), rng)
    else:
        writers = None
        choices = fonts if fonts is not None else page_fonts(joined=level.joined)
        hand = _hand(str(rng.choice(choices)), level.joined, rng)
    pen = str(rng.choice(level.pens))
    aspect = float(rng.choice([0.72, 1.0, 1.38]))  # width over height
    size = (round(long_side / max(1, aspect)), round(long_side * min(1, aspect)))
    cap = min(size) * rng.uniform(0.036, 0.062)
    paper = _board(rng) if level.board else _paper(level, cap, rng)
    sheet = Sheet(size, paper, rng)
    if level.real:
        number = int(rng.integers(1000))
        sheet.stock = real_sheet(real_paper(data_dir(), number, "valid"), size)
    if level.headings:
        _fill_parts(sheet, hand, pen, cap, corpus)
    else:
        _fill(sheet, hand, pen, cap, corpus, level, writers)
    if level.through:
        sheet.back = Sheet(size, paper, rng)
        sheet.thinness = float(rng.uniform(0.06, 0.18))
        _fill(sheet.back, hand, pen, cap, corpus, level, writers)
    orientation = int(rng.choice([90, 180, 270])) if level.turned else 0
    geometry = view(sheet, level, cap, long_side, orientation, rng)
    rgb = _take(sheet, geometry, level, rng)
    page = sheet.truth(geometry)
    tilt = measure_tilt(page, orientation)
    return rgb, Truth(page, orientation, tilt, hand.font, pen, paper.ruling)


def _take(
    sheet: Sheet, geometry: Geometry, level: Difficulty, rng: np.random.Generator
) -> NDArray[np.uint8]:
    camera = camera_of(level, rng)
    photo = photograph(sheet.reflectance(), geometry, camera, rng)
    if level.negative:
        photo = 255 - photo
    return np.asarray(Image.open(io.BytesIO(jpeg(photo, camera.quality))))


def _render_blank(
    level: Difficulty, long_side: int, rng: np.random.Generator
) -> tuple[NDArray[np.uint8], Truth]:
    """A photo without writing: an empty sheet, filling the picture or on a desk, or the desk."""
    aspect = float(rng.choice([0.72, 1.0, 1.38]))
    size = (round(long_side / max(1, aspect)), round(long_side * min(1, aspect)))
    cap = min(size) * rng.uniform(0.036, 0.062)
    paper = _paper(replace(level, tinted=bool(rng.random() < 0.4)), cap, rng)
    desk = str(rng.choice(level.desks))
    height, width = size
    inner = rng.uniform(0.02, 0.08)
    frame = (inner * height, inner * width, (1 - inner) * height, (1 - inner) * width)
    margin, shown = 0.0, paper.ruling
    if desk != "none":
        frame, margin = (0.0, 0.0, float(height), float(width)), 0.06
        if rng.random() < 0.35:  # nothing but the table
            frame, margin, shown = (2.0 * height, 0.0, 3.0 * height, float(width)), 0.0, desk
    tilt, pitch, yaw = (
        float(limit * rng.uniform(-1, 1)) for limit in (level.tilt, level.pitch, level.yaw)
    )
    geometry = aim(size, size, tilt=tilt, pitch=abs(pitch), yaw=yaw, frame=frame, margin=margin)
    rgb = _take(Sheet(size, paper, rng), geometry, replace(level, desks=(desk,)), rng)
    return rgb, Truth(Page(height, width, (), "truth"), 0, 0.0, "", "", shown)


def measure_tilt(page: Page, orientation: int = 0) -> float:
    """Mean clockwise slope of the baselines in degrees, after undoing `orientation`."""
    ends = [
        np.subtract(line.baseline[-1], line.baseline[0])
        for line in page.lines
        if len(line.baseline) > 1
    ]
    if not ends:
        return 0.0
    down, right = np.sum(ends, axis=0)
    slope = np.rad2deg(np.arctan2(down, right)) - orientation
    return float((slope + 180) % 360 - 180)


def _hand(font: str, joined: bool, rng: np.random.Generator) -> Hand:
    neat = rng.uniform(0.5, 1.3)  # one person's letters all vary more, or all less
    return Hand(
        font,
        joined=joined,
        tracking=float(rng.uniform(0.08, 0.26)),
        word_gap=float(rng.uniform(0.45, 0.6) if joined else rng.uniform(0.7, 1.1)),
        size=0.045 * neat,
        rotation=2.0 * neat,
        baseline=0.025 * neat,
        spacing=0.03 * neat,
        slant=float(rng.normal(0, 3)),
        drift=0.4 * neat,
        wander=0.05 * neat,
        tremor=0.024 * neat,
    )


def _pen_hand(writer: str, rng: np.random.Generator) -> Hand:
    """What recorded strokes leave open: how letters and words are spaced and lines run."""
    return Hand(
        writer,
        tracking=float(rng.uniform(0.08, 0.3)),
        word_gap=float(rng.uniform(0.5, 1.0)),
        baseline=0.02,
        spacing=0.04,
        slant=float(rng.normal(0, 3)),
        drift=0.4,
        wander=0.05,
        tremor=0.012,
    )


def _board(rng: np.random.Generator) -> Paper:
    color = BOARDS[rng.integers(len(BOARDS))]
    return Paper(color, texture=float(rng.uniform(1.5, 3)), dust=float(rng.uniform(0.02, 0.1)))


def _paper(level: Difficulty, cap: float, rng: np.random.Generator) -> Paper:
    ruling = str(rng.choice(level.rulings))
    color = (TINTS if level.tinted else WHITES)[rng.integers(4 if level.tinted else 3)]
    pitch = cap * (rng.uniform(1.6, 2.2) if ruling.startswith("ruled") else rng.uniform(0.7, 1.1))
    hues = ((0.45, 0.28, 0.12), (0.35, 0.35, 0.33), (0.22, 0.14, 0.08))
    folds = int(rng.random() < 0.25)
    return Paper(color, ruling, float(pitch), hues[rng.integers(3)], rng.uniform(0.7, 1.4), folds)


def _fill(
    sheet: Sheet,
    hand: Hand,
    pen: str,
    cap: float,
    corpus: Corpus,
    level: Difficulty,
    writers: PenHands | None,
) -> None:
    """Write a heading at times and one block of text, or two side by side."""
    rng = sheet.rng
    height, width = sheet.size
    pitch = cap * rng.uniform(*level.leading)
    rows: NDArray[np.floating] = np.arange(2.6 * cap, height - 1.6 * cap, pitch)
    if sheet.paper.ruling != "plain":
        printed = sheet.paper.baselines(height) - 0.06 * cap
        every = int(np.ceil(1.55 * cap / sheet.paper.pitch))
        rows = printed[(printed > 2.2 * cap) & (printed < height - 1.4 * cap)][::every]
    left = width * (0.15 if sheet.paper.ruling == "ruled margin" else rng.uniform(0.06, 0.1))
    right = width * 0.95
    if level.columns or (writers is None and rng.random() < 0.3):
        title = _note(rng, corpus, 18)
        title = title.upper() if _capitals_only(hand) else title
        title = _fitting(title, hand, 1.25 * cap, right - left)
        start = left + rng.uniform(0, 0.4) * (right - left - line_width(title, 1.25 * cap, hand))
        sheet.write(title, float(rows[0]), start, 1.25 * cap, hand, PENS[pen])
        rows = rows[1:]
    if level.columns:
        middle = (left + right) / 2
        # Two capitals apart: nearer blocks nobody could tell from one wide line.
        blocks = [(left, middle - 1.3 * cap), (middle + 1.3 * cap, right)]
    else:
        blocks = [(left, right)]
    for start, end in blocks:
        count = int(rng.integers(min(4, len(rows)), len(rows) + 1))
        if writers is not None:
            lines = _stroke_lines(rng, corpus, writers, hand, cap, end - start, count, level)
            for words, row in zip(lines, rows, strict=False):
                indent = abs(rng.normal(0, 0.15 * cap))
                sheet.write_strokes(words, float(row), start + indent, cap, hand, PENS[pen])
            continue
        texts = _texts(rng, corpus, hand, cap, end - start, count)
        for text, row in zip(texts, rows, strict=False):
            indent = abs(rng.normal(0, 0.15 * cap))
            if level.mixed:
                pen = str(rng.choice(level.pens))
            sheet.write(text, float(row), start + indent, cap, hand, PENS[pen])


def _fill_parts(sheet: Sheet, hand: Hand, pen: str, cap: float, corpus: Corpus) -> None:
    """Write a few parts, each a large heading and some small lines under it."""
    rng = sheet.rng
    height, width = sheet.size
    left, right = width * rng.uniform(0.05, 0.09), width * 0.95
    cap = 0.7 * cap
    row, last = cap, height - 1.6 * cap
    while True:
        large = float(rng.uniform(2.0, 3.0)) * cap
        row += 1.5 * large
        if row + 2.2 * cap > last:
            return
        title = _note(rng, corpus, 16)
        title = title.upper() if _capitals_only(hand) or rng.random() < 0.5 else title
        sheet.write(_fitting(title, hand, large, right - left), row, left, large, hand, PENS[pen])
        row += 0.5 * large
        for text in _texts(rng, corpus, hand, cap, right - left, int(rng.integers(2, 6))):
            row += 1.9 * cap
            if row > last:
                return
            sheet.write(text, row, left + abs(rng.normal(0, 0.15 * cap)), cap, hand, PENS[pen])
        row += 0.6 * cap


def _stroke_lines(
    rng: np.random.Generator,
    corpus: Corpus,
    writers: PenHands,
    hand: Hand,
    cap: float,
    room: float,
    count: int,
    level: Difficulty,
) -> list[PieceWords]:
    """Lines of recorded strokes, as full as `room` pixels allow."""
    spare: PieceWords = []
    lines: list[PieceWords] = []
    while len(lines) < count:
        if len(spare) < 20:
            if level.strokes == "words":
                more = writers.copy(rng, hand.font, 20 * count)
            else:
                text = " ".join(
                    corpus.sentences[k] for k in rng.integers(len(corpus.sentences), size=5)
                )
                more = writers.spell(rng, hand.font, text.upper() if rng.random() < 0.4 else text)
            spare = spare + more
        line: PieceWords = []
        left = 0.9 * room / cap
        for word in spare:
            left -= pieces_width(word, hand.tracking)
            if left < 0 and line:
                break
            line.append(word)
            left -= hand.word_gap
        lines.append(line)
        spare = spare[len(line) :]
    return lines


def _texts(
    rng: np.random.Generator, corpus: Corpus, hand: Hand, cap: float, room: float, count: int
) -> list[str]:
    """Lines of running text or of separate notes, none wider than `room` pixels."""
    capitals = _capitals_only(hand) or (not hand.joined and rng.random() < 0.4)
    if rng.random() < 0.5:
        notes = [_note(rng, corpus, 34) for _ in range(count)]
        return [_fitting(note.upper() if capitals else note, hand, cap, room) for note in notes]
    words: list[str] = []
    while len(words) < 14 * count:
        sentence = corpus.sentences[rng.integers(len(corpus.sentences))]
        words += (sentence.upper() if capitals else sentence).split()
    texts: list[str] = []
    while len(texts) < count:
        line = _fitting(" ".join(words[:14]), hand, cap, room)
        texts.append(line)
        words = words[len(line.split()) :]
    return texts


def _capitals_only(hand: Hand) -> bool:
    return hand.font.rpartition("-")[0] in CAPITAL_FAMILIES


def _note(rng: np.random.Generator, corpus: Corpus, longest: int) -> str:
    """A line of its own, such as an entry of a list, in ASCII: not all fonts have more."""
    while True:
        text = sample_text(rng, corpus, longest, 3)
        if text.isascii():
            return text


def _fitting(text: str, hand: Hand, cap: float, room: float) -> str:
    """As many words of `text` as fit, or as many letters of its first."""
    room = 0.9 * room  # hands vary by some percent around the expected width
    words = text.split()
    while len(words) > 1 and line_width(" ".join(words), cap, hand) > room:
        words.pop()
    line = " ".join(words)
    while len(line) > 1 and line_width(line, cap, hand) > room:
        line = line[:-1]
    return line

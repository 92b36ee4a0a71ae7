"""Text lines with their texts, for training and measuring the line recogniser.

Where they come from: scans of real paper, UNIPEN text as it was written, UNIPEN words and
characters composed into lines, EMNIST characters set side by side, and handwriting fonts. All are
made to look like crops of photos behind the front end (`photograph`) and stored in shards, since
drawing costs more than reading from disk. `panel` gives lines without any of that, for measuring.

Run as ``python -m training.lines --out DIR`` to fill a folder with shards.
"""

from __future__ import annotations

import argparse
import io
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageFilter
from scipy import ndimage as ndi

from ocr.line_reader import fit_line, ink_box, margin_box, normalize_line
from training.datasets import data_dir
from training.line_fonts import draw_font_line, find_fonts
from training.line_strokes import (
    EM,
    Strokes,
    StrokeSet,
    compose,
    draw_strokes,
    label_text,
    move_strokes,
    one_line,
    place_word,
    read_strokes,
    word_scale,
)
from training.line_text import fold_text, read_corpus, sample_text, writable

Grey = NDArray[np.float32]
Sample = tuple[Grey, str]

FRAME = 4  # pixels of a line's width that become one step of the recogniser
LONGEST = 100  # characters of a training line
WIDEST = 1400  # pixels of a training line
SHARD = 1000  # lines a file
SCANS = ("copiste", "poilus", "peraire", "stanford-1905")
SCAN_SHARES = (0.6, 0.15, 0.17, 0.08)
MIX = {"scans": 0.42, "words": 0.23, "text": 0.12, "fonts": 0.16, "chars": 0.05, "emnist": 0.02}
"""Shares of the kinds of lines among the shards."""

RESEARCH_MIX = {
    "iam": 0.45, "ondb": 0.25, "scans": 0.1, "words": 0.08, "text": 0.04, "fonts": 0.06,
    "chars": 0.02,
}  # fmt: skip
"""The same with sets for non-commercial research only, and some of the others as a reminder."""
IAM_CHOICE = "iam held out"  # panel of the writers of IAM-part train that are not trained on
IAM_HELD_OUT = 10  # every so manieth writer of IAM-part train serves choosing, not training

TEST_PEN = 3.0  # pixels, pen of rendered lines in panels, at `TEST_HEIGHT` from top to bottom
TEST_HEIGHT = 64.0


def frames_needed(text: str) -> int:
    """Steps that CTC needs for a text: one a character, one more between equal neighbours."""
    return len(text) + sum(a == b for a, b in pairwise(text))


def fits(image: NDArray[np.generic], text: str) -> bool:
    """Whether a line is wide enough for its text, with a tenth to spare."""
    return image.shape[1] // FRAME >= 1.1 * frames_needed(text) and image.shape[1] <= WIDEST


# --- real paper -----------------------------------------------------------------------------


@dataclass(frozen=True)
class Scans:
    """A zip of line images, and the rows of one split: file name and text."""

    archive: zipfile.ZipFile
    rows: tuple[tuple[str, str], ...]

    def image(self, row: int) -> Grey:
        """A line as grey float32, 0 ink, 1 paper, its light evened out."""
        with Image.open(io.BytesIO(self.archive.read(self.rows[row][0]))) as picture:
            return even_light(np.asarray(picture.convert("L"), dtype=np.float32) / 255)


def open_iam(data: Path, held_out: bool) -> Scans:
    """IAM-part's train lines (research only) without every tenth writer, or only of those."""
    archive = zipfile.ZipFile(data / "lines" / "iam-part.zip")
    rows = [row.split("\t") for row in archive.read("lines.tsv").decode().splitlines()[1:]]
    rows = [row for row in rows if row[1] == "train" and writable(fold_text(row[3]))]
    kept = set(sorted({row[2] for row in rows})[::IAM_HELD_OUT])
    return Scans(
        archive,
        tuple((file, fold_text(text)) for file, _, by, text in rows if (by in kept) is held_out),
    )


def open_scans(path: Path, split: str) -> Scans:
    """The lines of a split whose text can be written, from a zip with a `lines.tsv`."""
    archive = zipfile.ZipFile(path)
    rows = [row.split("\t") for row in archive.read("lines.tsv").decode().splitlines()[1:]]
    return Scans(
        archive,
        tuple(
            (file, fold_text(text))
            for file, part, _, text in rows
            if part == split and writable(fold_text(text))
        ),
    )


def even_light(grey: Grey) -> Grey:
    """Divide a line by its paper: the 80th percentile of the surroundings, a sixth as fine."""
    paper = ndi.percentile_filter(grey[::6, ::6], 80, size=(11, 16))
    rows = np.linspace(0, paper.shape[0] - 1, grey.shape[0])
    cols = np.linspace(0, paper.shape[1] - 1, grey.shape[1])
    paper = ndi.map_coordinates(paper, np.meshgrid(rows, cols, indexing="ij"), order=1)
    return np.clip(grey / np.maximum(paper, 1e-3), 0, 1).astype(np.float32)


# --- the look of a photo --------------------------------------------------------------------


def warp(rng: np.random.Generator, image: Grey, amount: float = 1.0) -> Grey:
    """Slant, tilt, wandering baseline and uneven widths, in one pass over strips of the line."""
    height, width = image.shape
    pad = height // 2
    padded = np.pad(image, pad, constant_values=1.0)
    slant = rng.normal(0, 0.17) * amount
    tilt = rng.normal(0, 0.008) * amount
    count = max(2, width // height)
    edges = np.linspace(0, width + 2 * pad, count + 1).astype(int)
    drift = height * rng.normal(0, 0.02, count + 1) * amount + tilt * (edges - width / 2)
    across = edges + height * rng.normal(0, 0.06, count + 1) * amount
    grow = 1 + rng.normal(0, 0.03, count + 1) * amount
    middle = height / 2 + pad
    bottom = height + 2 * pad

    def corner(i: int, y: int) -> tuple[float, float]:
        return (
            float(across[i] + slant * (y - middle)),
            float(middle + (y - middle) * grow[i] + drift[i]),
        )

    mesh = [
        (
            (int(edges[i]), 0, int(edges[i + 1]), bottom),
            (*corner(i, 0), *corner(i, bottom), *corner(i + 1, bottom), *corner(i + 1, 0)),
        )
        for i in range(count)
    ]
    picture = Image.fromarray(np.uint8(255 - padded * 255))  # ink bright: outside is 0, paper
    moved = picture.transform(
        picture.size, Image.Transform.MESH, mesh, resample=Image.Resampling.BILINEAR
    )
    return 1 - np.asarray(moved, dtype=np.float32) / 255


def photograph(
    rng: np.random.Generator,
    image: Grey,
    neighbour: Grey | None = None,
    synthetic: bool = True,
) -> NDArray[np.uint8]:
    """What the front end would hand over if the line stood on a photographed page.

    Parameters
    ----------
    image : (H, W) float32 array
        Grey in [0, 1], 0 ink, 1 paper.
    neighbour : (H', W') float32 array, optional
        Another line, whose ends may reach in from above or below.
    synthetic : bool
        Whether the line was drawn: then it also gets ruled lines and changes of the pen.

    Returns
    -------
    (LINE_HEIGHT, W') uint8 array
        As `ocr.line_reader.normalize_line` makes them, times 255.
    """
    if synthetic:
        image = _pen(rng, image)
        if rng.random() < 0.12:
            image = _rule(rng, image)
    elif rng.random() < 0.25:
        image = _pen(rng, image)
    if neighbour is not None and rng.random() < 0.15:
        image = _reach_in(rng, image, neighbour)
    y1, x1, y2, x2 = margin_box(ink_box(image))
    height = y2 - y1
    if rng.random() < 0.5:  # a box cut a little too tight or too wide
        y1 -= height * rng.uniform(-0.05, 0.2)
        y2 += height * rng.uniform(-0.05, 0.2)
    if rng.random() < 0.3:
        x1 -= height * rng.uniform(0, 0.5)
        x2 += height * rng.uniform(0, 0.5)
    line = fit_line(image, (y1, x1, y2, x2), float(np.exp(rng.normal(0, 0.1))))
    return np.uint8(255 * _degrade(rng, line) + 0.5)


def _pen(rng: np.random.Generator, image: Grey) -> Grey:
    """A thicker or thinner stroke."""
    choice = rng.random()
    if choice > 0.3:
        return image
    picture = Image.fromarray(np.uint8(image * 255))
    thick = choice < 0.17
    changed = picture.filter(ImageFilter.MinFilter(3) if thick else ImageFilter.MaxFilter(3))
    share = rng.uniform(0.3, 1.0) if thick else rng.uniform(0.2, 0.6)
    return image + (np.asarray(changed, dtype=np.float32) / 255 - image) * np.float32(share)


def _rule(rng: np.random.Generator, image: Grey) -> Grey:
    """The remains of ruled paper: a line under or through the writing, whole or in parts."""
    y1, _, y2, _ = ink_box(image)
    height = y2 - y1
    image = image.copy()
    thick = max(1, round(height * rng.uniform(0.01, 0.04)))
    dark = rng.uniform(0.15, 0.8)
    for y in y1 + height * rng.uniform(0.0, 1.0, rng.choice((1, 1, 2))):
        start, stop = 0, image.shape[1]
        if rng.random() < 0.4:
            start, stop = np.sort(rng.integers(0, image.shape[1], 2))
        part = image[int(y) : int(y) + thick, start:stop]
        np.minimum(part, 1 - dark, out=part)
    if rng.random() < 0.3:  # squared paper
        step = max(4, int(height * rng.uniform(0.3, 0.8)))
        part = image[y1:y2, int(rng.integers(step)) :: step]
        np.minimum(part, 1 - dark * 0.6, out=part)
    return image


def _reach_in(rng: np.random.Generator, image: Grey, neighbour: Grey) -> Grey:
    """Ends of letters of the lines above and below, left by the front end's mask."""
    y1, x1, y2, x2 = ink_box(neighbour)
    other = neighbour[y1:y2, x1:x2]
    top, _, bottom, _ = ink_box(image)
    depth = max(1, int(rng.uniform(0.03, 0.14) * (bottom - top)))
    if other.shape[0] < 3 * depth:
        return image
    image = image.copy()
    above = rng.random() < 0.5
    part = other[-depth:] if above else other[:depth]
    if rng.random() < 0.5:
        part = part[:, : int(part.shape[1] * rng.uniform(0.1, 0.8)) + 1]
    room = image.shape[1] - part.shape[1]
    left = int(rng.integers(room)) if room > 0 else 0
    part = part[:, : image.shape[1]]
    rows = slice(top, top + depth) if above else slice(bottom - depth, bottom)
    target = image[rows, left : left + part.shape[1]]
    np.minimum(target, part[: target.shape[0]], out=target)
    return image


def _degrade(rng: np.random.Generator, line: Grey) -> Grey:
    """Blur, low resolution, thresholding, fading, noise and specks on a normalised line."""
    height, width = line.shape
    ink = 1 - line
    if rng.random() < 0.3:
        ink = ndi.gaussian_filter(ink, rng.uniform(0.3, 0.9))
    if rng.random() < 0.15:
        less = rng.uniform(1.3, 2.3)
        picture = Image.fromarray(ink)
        picture = picture.resize(
            (max(4, int(width / less)), int(height / less)), Image.Resampling.BOX
        )
        ink = np.array(picture.resize((width, height), Image.Resampling.BILINEAR))
    threshold = rng.random() < 0.12
    if not threshold and rng.random() < 0.25:
        knots = rng.uniform(0.35, 1.0, max(2, width // 60))
        ink = ink * np.interp(np.arange(width), np.linspace(0, width, len(knots)), knots)
    if rng.random() < 0.4:
        ink = ink + rng.standard_normal(ink.shape, dtype=np.float32) * rng.uniform(0, 0.08)
    if threshold:
        ink = np.clip((ink - rng.uniform(0.25, 0.5)) * rng.uniform(3, 20) + 0.5, 0, 1)
    if rng.random() < 0.6:
        ink = ink * rng.uniform(0.55, 1.15)
    if rng.random() < 0.06:
        for _ in range(rng.integers(1, 5)):
            y, x = rng.integers(height - 2), rng.integers(max(width - 3, 1))
            ink[y : y + rng.integers(1, 3), x : x + rng.integers(1, 4)] = rng.uniform(0.4, 1)
    return (1 - np.clip(ink, 0, 1)).astype(np.float32)


# --- sources of lines: grey images and texts, without end -----------------------------------


def scan_lines(rng: np.random.Generator, data: Path) -> Iterator[Sample]:
    """Real paper, a little warped."""
    sets = [open_scans(data / "lines" / f"{name}.zip", "train") for name in SCANS]
    while True:
        scans = sets[rng.choice(len(sets), p=SCAN_SHARES)]
        row = int(rng.integers(len(scans.rows)))
        text = scans.rows[row][1]
        if len(text) <= LONGEST:
            yield warp(rng, scans.image(row), 0.9), text


def iam_lines(rng: np.random.Generator, data: Path) -> Iterator[Sample]:
    """Scans of IAM-part (research only), a little warped."""
    scans = open_iam(data, held_out=False)
    while True:
        row = int(rng.integers(len(scans.rows)))
        if len(scans.rows[row][1]) <= LONGEST:
            yield warp(rng, scans.image(row), 0.9), scans.rows[row][1]


def ondb_lines(rng: np.random.Generator, data: Path) -> Iterator[Sample]:
    """Pen strokes of IAM-OnDB (research only) as they were written."""
    with np.load(data / "lines" / "iam-ondb-strokes.npz", allow_pickle=False) as file:
        points, offsets, texts = file["points"], file["offsets"], file["text"]
    while True:
        item = int(rng.integers(len(texts)))
        text = label_text(str(texts[item]))
        line = points[offsets[item] : offsets[item + 1]]
        ends = np.flatnonzero(line[:, 2]) + 1
        path = [part.astype(np.float32) for part in np.split(line[:, :2], ends) if len(part)]
        low = np.min([part.min(axis=0) for part in path], axis=0)
        path = [part - low for part in path]
        if not writable(text) or not one_line(path, text):
            continue
        height = float(np.max([part[:, 1].max() for part in path]))
        path = [part * np.float32(1.4 * EM / height) for part in path]
        yield draw_strokes(move_strokes(rng, path), _pen_width(rng)), text


def text_lines(rng: np.random.Generator, data: Path) -> Iterator[Sample]:
    """UNIPEN text as it was written, every writer as likely as his share to the power 0.6."""
    strokes = read_strokes(data / "lines" / "unipen_text.npz")
    rows = strokes.rows("train")
    _, which, counts = np.unique(strokes.writer[rows], return_inverse=True, return_counts=True)
    weights = counts[which] ** -0.4
    weights /= weights.sum()
    while True:
        item = int(rng.choice(rows, p=weights))
        text = label_text(str(strokes.label[item]))
        path = strokes.strokes(item)
        if not one_line(path, text):
            continue
        height = float(np.max([stroke[:, 1].max() for stroke in path]))
        path = [stroke * np.float32(1.4 * EM / height) for stroke in path]
        yield draw_strokes(move_strokes(rng, path), _pen_width(rng)), text


def word_lines(rng: np.random.Generator, data: Path) -> Iterator[Sample]:
    """UNIPEN words of one writer on a common baseline, with some signs and numbers."""
    words = read_strokes(data / "lines" / "unipen_words.npz")
    glyphs = Glyphs(data)
    writers = words.by_writer("train", 20)
    names = sorted(writers)
    scales = {
        name: float(np.median([word_scale(words.strokes(i), _word(words, i)) for i in rows[:60]]))
        for name, rows in writers.items()
    }
    while True:
        name = names[rng.integers(len(names))]
        parts: list[Strokes] = []
        text = ""
        spaces: list[float] = []
        space = rng.uniform(0.35, 1.0)
        for _ in range(1 + int(rng.gamma(2.0, 1.6))):
            if rng.random() < 0.08:  # a number between the words
                word = str(rng.integers(0, 10 ** int(rng.integers(1, 5))))
                placed, inside = glyphs.write(rng, word, glyphs.writer(rng, name))
                parts += placed
                spaces += inside
                pitch = 0.6
            else:
                item = int(writers[name][rng.integers(len(writers[name]))])
                word = _word(words, item)
                path = words.strokes(item)
                if not path or not writable(word) or not one_line(path, word):
                    continue
                parts.append(place_word(path, word, scales[name]))
                spaces.append(0.0)
                right = max(float(stroke[:, 0].max()) for stroke in parts[-1])
                pitch = right / EM / max(len(word), 2)
            if rng.random() < 0.15:
                sign = ".,.,.,;:!?'-)\""[rng.integers(14)]
                found = glyphs.any(rng, sign)
                if found:
                    spaces[-1] = rng.uniform(0.02, 0.2)
                    parts.append(place_word(found, sign))
                    spaces.append(0.0)
                    word += sign
            text = f"{text} {word}" if text else word
            spaces[-1] = max(space, pitch) * rng.uniform(0.7, 1.5)
        if not parts or len(text) > 80:
            continue
        yield _written(rng, parts, spaces), label_text(text)


def char_lines(rng: np.random.Generator, data: Path) -> Iterator[Sample]:
    """UNIPEN characters of one writer set into hand-printed lines."""
    glyphs = Glyphs(data)
    corpus = read_corpus(data / "text" / "english.txt")
    while True:
        text = sample_text(rng, corpus, 40)
        writer = glyphs.writer(rng)
        placed, spaces = glyphs.write(rng, text, writer)
        if placed:
            yield _written(rng, placed, spaces), text


def emnist_lines(rng: np.random.Generator, data: Path) -> Iterator[Sample]:
    """EMNIST characters side by side: capitals and digits, whose size on the line is known."""
    with np.load(data / "chars" / "emnist.npz", allow_pickle=False) as file:
        keep = (file["split"] == "train") & file["cased"]
        images, labels = file["images"][keep], file["label"][keep]
    rows = {letter: np.flatnonzero(labels == letter) for letter in np.unique(labels)}
    corpus = read_corpus(data / "text" / "english.txt")
    while True:
        text = sample_text(rng, corpus, 30).upper()
        text = fold_text("".join(c for c in text if c in rows or c == " "))
        if not text:
            continue
        gap, space = rng.uniform(0.0, 0.5), rng.uniform(0.4, 1.2)
        canvas = np.ones((2 * int(EM), int(EM * (1.8 * len(text) + 2))), dtype=np.float32)
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
            part = np.asarray(
                Image.fromarray(255 - glyph).resize((round(wide), round(high))), np.float32
            )
            top = int(EM * 1.5 - high + rng.normal(0, 0.03) * EM)
            target = canvas[top : top + part.shape[0], int(x) : int(x) + part.shape[1]]
            np.minimum(target, part[:, : target.shape[1]] / 255, out=target)
            x += wide + EM * gap * rng.uniform(0.5, 1.5)
        yield warp(rng, canvas[:, : int(x + EM / 2)]), text


def font_lines(rng: np.random.Generator, data: Path) -> Iterator[Sample]:
    """Lines set in handwriting fonts, every family as likely."""
    fonts = find_fonts(data / "fonts")
    foreign = [text for name in SCANS for _, text in open_scans(
        data / "lines" / f"{name}.zip", "train").rows]  # fmt: skip
    corpus = read_corpus(data / "text" / "english.txt", foreign)
    while True:
        text = sample_text(rng, corpus, 60)
        image = draw_font_line(rng, fonts[rng.integers(len(fonts))], text)
        if image is not None:
            yield warp(rng, image), text


class Glyphs:
    """UNIPEN characters by writer and label."""

    FEWEST = 45  # labels that a writer must have to write lines alone

    def __init__(self, data: Path, split: str = "train") -> None:
        self._set = read_strokes(data / "chars" / "unipen_chars.npz")
        self._by: dict[str, dict[str, list[int]]] = {}
        self._all: dict[str, list[int]] = {}
        for item in self._set.rows(split):
            label = str(self._set.label[item])
            own = self._by.setdefault(str(self._set.writer[item]), {})
            own.setdefault(label, []).append(int(item))
            self._all.setdefault(label, []).append(int(item))
        self._able = sorted(name for name, own in self._by.items() if len(own) >= self.FEWEST)

    def writer(self, rng: np.random.Generator, wished: str | None = None) -> str:
        """That writer if known, else one with enough labels."""
        if wished in self._by:
            return wished
        return self._able[rng.integers(len(self._able))]

    def any(self, rng: np.random.Generator, label: str) -> Strokes:
        items = self._all.get(label)
        return self._set.strokes(items[rng.integers(len(items))]) if items else []

    def write(
        self, rng: np.random.Generator, text: str, writer: str
    ) -> tuple[list[Strokes], list[float]]:
        """Placed glyphs of a text and the space after each; nothing if one is not to be had."""
        own = self._by[writer]
        placed: list[Strokes] = []
        spaces: list[float] = []
        gap = abs(rng.normal(0, 0.12)) + 0.05 if rng.random() < 0.65 else rng.uniform(0.2, 1.2)
        space = rng.uniform(0.35, 0.9) + 1.8 * gap
        uneven = 0.6 if gap < 0.3 else 0.35
        for letter in text:
            if letter == " ":
                if spaces:
                    spaces[-1] = space * rng.uniform(0.7, 1.4)
                continue
            items = own.get(letter)
            path = (
                self._set.strokes(items[rng.integers(len(items))])
                if items
                else self.any(rng, letter)
            )
            if not path:
                return [], []
            placed.append(place_word(path, letter))
            spaces.append(gap * rng.uniform(1 - uneven, 1 + uneven))
        return placed, spaces


def _word(words: StrokeSet, item: int) -> str:
    return fold_text(str(words.label[item]))


def _pen_width(rng: np.random.Generator) -> float:
    """Pen of a drawn line, in pixels where a capital is `EM` high: fine liner to marker."""
    return float(np.clip(EM * 0.065 * np.exp(rng.normal(0, 0.45)), 1.2, 9))


def _written(rng: np.random.Generator, parts: list[Strokes], spaces: list[float]) -> Grey:
    path = compose(rng, parts, np.asarray(spaces))
    return draw_strokes(move_strokes(rng, path), _pen_width(rng))


SOURCES: dict[str, Callable[[np.random.Generator, Path], Iterator[Sample]]] = {
    "scans": scan_lines,
    "iam": iam_lines,
    "ondb": ondb_lines,
    "text": text_lines,
    "words": word_lines,
    "chars": char_lines,
    "emnist": emnist_lines,
    "fonts": font_lines,
}


def training_lines(
    rng: np.random.Generator, kind: str, data: Path
) -> Iterator[tuple[NDArray[np.uint8], str]]:
    """Photographed lines of one kind, without end, all wide enough for their text."""
    neighbour: Grey | None = None
    for image, text in SOURCES[kind](rng, data):
        if image.shape[1] > 40 * image.shape[0]:
            continue
        line = photograph(rng, image, neighbour, synthetic=kind not in ("scans", "iam"))
        neighbour = image
        if fits(line, text):
            yield line, text


# --- shards ---------------------------------------------------------------------------------


def write_shard(path: Path, lines: list[tuple[NDArray[np.uint8], str]]) -> None:
    """Store lines side by side in one `.npz`: `pixels` (LINE_HEIGHT, sum W), `widths`, `texts`."""
    beside = path.with_suffix(".part")
    with beside.open("wb") as stream:
        np.savez(
            stream,
            pixels=np.concatenate([image for image, _ in lines], axis=1),
            widths=np.array([image.shape[1] for image, _ in lines], dtype=np.int32),
            texts=np.array([text for _, text in lines]),
        )
    beside.rename(path)


def read_shard(path: Path) -> list[tuple[NDArray[np.uint8], str]]:
    """The lines of a shard."""
    with np.load(path, allow_pickle=False) as data:
        cuts = np.cumsum(data["widths"])[:-1]
        images = np.split(data["pixels"], cuts, axis=1)
        return [(image, str(text)) for image, text in zip(images, data["texts"], strict=True)]


def panel(name: str, split: str, data: Path, most: int | None = None) -> list[Sample]:
    """Normalised lines of a split for measuring, always the same, evenly spread if cut short.

    `name` is a zip of scans, `IAM_CHOICE`, or "unipen", whose text is drawn with a fixed pen and
    filtered by `one_line`.
    """
    found: list[Sample] = []
    if name == "unipen":
        strokes = read_strokes(data / "lines" / "unipen_text.npz")
        for item in _spread(strokes.rows(split), most):
            text, path = label_text(str(strokes.label[item])), strokes.strokes(int(item))
            if one_line(path, text):
                image = draw_strokes(path, TEST_PEN, TEST_HEIGHT)
                found.append((normalize_line(image), text))
        return found
    if name == IAM_CHOICE:
        scans = open_iam(data, held_out=True)
    else:
        scans = open_scans(data / "lines" / f"{name}.zip", split)
    for row in _spread(np.arange(len(scans.rows)), most):
        found.append((normalize_line(scans.image(int(row))), scans.rows[row][1]))
    return found


def _spread(rows: NDArray[np.int64], most: int | None) -> NDArray[np.int64]:
    if most is None or len(rows) <= most:
        return rows
    return rows[np.linspace(0, len(rows) - 1, most).astype(int)]


def main() -> None:
    parser = argparse.ArgumentParser(description="Fill a folder with shards of training lines.")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--shards", type=int, default=100, help="files of 1000 lines")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--research", action="store_true", help="with the sets for research only")
    parser.add_argument("--kinds", nargs="+", choices=SOURCES, help="only these, in their shares")
    arguments = parser.parse_args()
    mix = RESEARCH_MIX if arguments.research else MIX
    mix = {kind: mix[kind] for kind in arguments.kinds or mix}
    arguments.out.mkdir(parents=True, exist_ok=True)
    data = data_dir()
    rng = np.random.default_rng(arguments.seed)
    sources: dict[str, Iterator[tuple[NDArray[np.uint8], str]]] = {}
    made = dict.fromkeys(mix, 0)
    for number in range(arguments.shards):
        kind = min(mix, key=lambda name: (made[name] + 0.5) / mix[name])
        made[kind] += 1
        if kind not in sources:
            sources[kind] = training_lines(rng, kind, data)
        lines = [next(sources[kind]) for _ in range(SHARD)]
        path = arguments.out / f"{kind}-{arguments.seed}-{number:04d}.npz"
        write_shard(path, lines)
        print(path.name, flush=True)


if __name__ == "__main__":
    main()

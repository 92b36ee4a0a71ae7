"""Base data to mix into fine-tuning, so that nothing is forgotten, and to measure that by.

With `$OCR_DATA` it is a sample of what the installed models were trained on. Without it the signs
and lines are set in the type that matplotlib brings along. That is not handwriting: it keeps the
model from forgetting whole characters, and the figure on it shows only that.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ocr.errors import DataError
from ocr.letters.glyphs import GLYPH_SIZE
from training.data.datasets import data_dir
from training.data.glyphs import CHARSET, GlyphSet, cached, join, render_font, sample_glyphs
from training.own_hand.samples import Samples
from training.recipes import weight_files

GLYPHS = {"train": 8000, "valid": 2000, "test": 2000}  # glyphs of each part, half of each set
LINES = {"train": 1440, "valid": 30, "test": 60}
"""Lines; of valid and test so many of each panel."""
PANELS = ("unipen", "copiste")  # sets that have all three splits
TYPE_PARTS = {"train": 0, "valid": 1, "test": 2}
TYPE_LINES = {"train": 240, "valid": 60, "test": 60}
SEED = 71  # of the draws from the base data, the same whatever the seed of the run
VERSION = 2  # of what is drawn; change it when it changes


@dataclass(frozen=True)
class Base:
    """Base data in three parts, its name, its sources, and whether it is the real base data."""

    name: str
    train: Samples
    valid: Samples
    test: Samples
    real: bool
    sources: tuple[dict[str, str], ...] = ()


def real_data() -> Path | None:
    """The folder of the data sets, if `$OCR_DATA` names one."""
    return data_dir() if os.environ.get("OCR_DATA") else None


def base_glyphs(charset: str) -> Base:
    """Glyphs of EMNIST and UNIPEN, or of type without `$OCR_DATA`, of the given characters.

    Raises
    ------
    DataError
        `$OCR_DATA` is set, but not to a folder of data sets.
    """
    data = real_data()
    sources: tuple[dict[str, str], ...] = ()
    if data is not None:
        parts = {part: sample_glyphs(data, part, count, SEED) for part, count in GLYPHS.items()}
        name = "EMNIST and UNIPEN"
        sources = (weight_files.EMNIST, weight_files.UNIPEN)
    else:
        parts = {
            part: join([render_font(path, SEED) for path in _type()[number::3]])
            for part, number in TYPE_PARTS.items()
        }
        name = "type (no $OCR_DATA)"
    train, valid, test = (_of_charset(parts[part], charset) for part in ("train", "valid", "test"))
    return Base(name, train, valid, test, data is not None, sources)


def _of_charset(glyphs: GlyphSet, charset: str) -> Samples:
    """Glyphs as samples; small letters count as capitals where the charset has only these."""
    labels, cased, rows = [], [], []
    for row, number in enumerate(glyphs.labels):
        sign = CHARSET[number]
        known = sign if sign in charset else sign.swapcase()
        if known in charset:
            labels.append(known)
            cased.append(bool(glyphs.cased[row]) and sign == known)
            rows.append(row)
    count = len(rows)
    return Samples(
        tuple(glyphs.images[rows].reshape(-1, GLYPH_SIZE, GLYPH_SIZE)),
        tuple(labels),
        np.array(cased, dtype=bool),
        ("",) * count,
        ("",) * count,
    )


def _type() -> list[Path]:
    """Fonts that matplotlib brings and that have every letter: DejaVu and STIX."""
    import matplotlib

    folder = Path(matplotlib.get_data_path()) / "fonts" / "ttf"
    found = [*folder.glob("DejaVuS*.ttf"), *folder.glob("STIXGeneral*.ttf")]
    return sorted(path for path in found if "Display" not in path.name)


def base_lines(own_texts: tuple[str, ...]) -> Base:
    """Strips as `training.synthesis.strips` makes them, or of type without `$OCR_DATA`.

    Parameters
    ----------
    own_texts : tuple of str
        What the own lines say: their words serve the lines of type.

    Raises
    ------
    DataError
        `$OCR_DATA` is set, but not to a folder of data sets.
    """
    data = real_data()
    if data is None:
        parts = {part: _type_lines(part, own_texts) for part in TYPE_PARTS}
        return Base("type (no $OCR_DATA)", **parts, real=False, sources=())
    from training.recipes.line_weights import DATA
    from training.synthesis.line_panel import panel

    try:
        parts = {"train": _mixed_lines(data)}
        for part in ("valid", "test"):
            lines = [line for name in PANELS for line in panel(name, part, data, LINES[part])]
            parts[part] = _as_samples(
                [((image * 255 + 0.5).astype(np.uint8), text) for image, text in lines]
            )
    except FileNotFoundError as error:
        raise DataError(
            f"{error.filename}: not there. Set OCR_DATA to the data sets, or unset it."
        ) from None
    return Base(" and ".join(PANELS), **parts, real=True, sources=DATA)


def _as_samples(lines: list[tuple[NDArray[np.uint8], str]]) -> Samples:
    nothing = ("",) * len(lines)
    return Samples(
        tuple(image for image, _ in lines),
        tuple(text for _, text in lines),
        np.ones(len(lines), bool),
        nothing,
        nothing,
    )


def _mixed_lines(data: Path) -> Samples:
    """A sample of the base training's mix, kept in the cache folder: drawing takes two minutes."""
    from training.data.page_sets import read_pages
    from training.data.shards import read_shard, write_shard
    from training.synthesis.strips import REAL_SHARE, real_strips, written_strips

    def make(path: Path) -> None:
        rng = np.random.default_rng(SEED)
        real = real_strips(rng, read_pages(data, "train"))
        written = written_strips(rng, data)
        counts = {True: round(REAL_SHARE * LINES["train"])}
        counts[False] = LINES["train"] - counts[True]
        strips = [next(real) for _ in range(counts[True])]
        strips += [next(written) for _ in range(counts[False])]
        write_shard(path, strips)

    return _as_samples(read_shard(cached(f"replay-lines-{LINES['train']}-{SEED}-{VERSION}", make)))


def _type_lines(part: str, own_texts: tuple[str, ...]) -> Samples:
    """Lines of type that say the own words mixed, numbers, and strings without sense."""
    from training.data.text import fold_text, writable
    from training.synthesis.line_fonts import LineFont, draw_font_line, drawn_by
    from training.synthesis.line_text import random_text
    from training.synthesis.strips import fits, lone_strip

    rng = np.random.default_rng((SEED, TYPE_PARTS[part]))
    words = sorted({word for text in own_texts for word in text.split()}) or ["ocr"]
    fonts = [LineFont(path, drawn_by(path)) for path in _type()[TYPE_PARTS[part] :: 3]]
    lines: list[tuple[NDArray[np.uint8], str]] = []
    while len(lines) < TYPE_LINES[part]:
        if rng.random() < 0.7:
            text = " ".join(words[k] for k in rng.integers(0, len(words), rng.integers(2, 8)))
            style = rng.random()
            text = text.upper() if style < 0.2 else text.lower() if style < 0.4 else text
        else:
            text = random_text(rng, int(rng.integers(6, 24)))
        text = fold_text(text)
        if not writable(text):
            continue
        image = draw_font_line(rng, fonts[rng.integers(len(fonts))], text)
        if image is None or image.shape[1] > 40 * image.shape[0]:
            continue
        line = lone_strip(rng, image)
        if fits(line, text):
            lines.append((line, text))
    return _as_samples(lines)

"""Draw lines that are hard to read, and how they are read: `python tests/benchmarks/hard_cases.py`.

Each line is set in a held-out handwriting font and spoilt in one way; the picture (`--out`) shows
it with its reading below, wrong characters in red. It names limits, it is no figure.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path

import numpy as np
from matplotlib import font_manager
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont
from scipy import ndimage

from ocr.evaluation.error_rates import align
from ocr.lines.language import load_language
from ocr.lines.normalize import normalize_line
from ocr.lines.recognizer import LineReader
from ocr.reader import LANGUAGES
from training.data.datasets import data_dir
from training.synthesis.line_fonts import draw_font_line, find_fonts

Grey = NDArray[np.float32]

WIDTH, ROW, PAD = 740, 132, 18  # pixels of the picture
WRONG, RIGHT, QUIET = (190, 30, 45), (25, 25, 25), (110, 110, 110)


def struck(image: Grey) -> Grey:
    """The middle of the line crossed out."""
    image = image.copy()
    rows, cols = np.nonzero(image < 0.5)
    middle = int(np.median(rows))
    image[
        middle - 1 : middle + 3, np.quantile(cols, 0.35).astype(int) : int(np.quantile(cols, 0.6))
    ] = 0
    return image


def coarse(image: Grey) -> Grey:
    """Letters some seven pixels high."""
    small = ndimage.zoom(image, 0.16, order=1)
    return np.clip(ndimage.zoom(small, 1 / 0.16, order=1), 0, 1).astype(np.float32)


def faded(image: Grey) -> Grey:
    """Ink hardly darker than the grain of the paper."""
    rng = np.random.default_rng(0)
    ink = (1 - image) * np.linspace(0.5, 0.12, image.shape[1], dtype=np.float32)
    grain = ndimage.gaussian_filter(rng.normal(0, 0.16, image.shape), 1.2)
    return np.clip(1 - ink - grain, 0, 1).astype(np.float32)


def overlaid(image: Grey) -> Grey:
    """The tails of another line through this one."""
    other = np.roll(image[::-1, ::-1], image.shape[0] // 5, axis=0)
    return np.minimum(image, np.roll(other, 60, axis=1)).astype(np.float32)


CASES: tuple[tuple[str, str, str, float, Callable[[Grey], Grey] | None], ...] = (
    ("copperplate", "la-belle-aurore", "We shall arrive at Ashbury by the evening train", 0, None),
    ("hasty and joined", "homemade-apple", "Please ring Mrs Quill about the piano", 0, None),
    ("letters far apart", "architects-daughter", "TODO LIST", 0.9, None),
    ("one letter, no context", "gochi-hand", "i", 0, None),
    ("look-alikes without sense", "caveat-400", "5S0OI1l Z2B8 rn m cl d", 0, None),
    ("a word crossed out", "kalam-400", "bring the yellow bucket tomorrow", 0, struck),
    ("seven pixels high", "indie-flower", "the letters of this line are small", 0, coarse),
    ("pencil that fades", "cedarville", "written with a very soft pencil", 0, faded),
    ("another line's strokes across", "nothing-you", "two lines that share one place", 0, overlaid),
)  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, default=Path("docs/hard_cases.png"))
    parser.add_argument("--model", default="lines.onnx")
    arguments = parser.parse_args()
    fonts = find_fonts(data_dir() / "fonts", held_out=True)
    reader = LineReader(arguments.model, [load_language(name) for name in LANGUAGES])
    face = ImageFont.truetype(font_manager.findfont("DejaVu Sans"), 21)
    small = ImageFont.truetype(font_manager.findfont("DejaVu Sans"), 15)
    picture = Image.new("RGB", (WIDTH, ROW * len(CASES) + PAD), "white")
    draw = ImageDraw.Draw(picture)
    rng = np.random.default_rng(7)
    for row, (name, family, text, spread, spoil) in enumerate(CASES):
        font = next(font for font in fonts if font.path.name.startswith(family))
        image = draw_font_line(rng, font, text, spread)
        if image is None:
            raise SystemExit(f"{font.path.name} lacks a character of {text!r}")
        image = image if spoil is None else spoil(image)
        read = reader.read([normalize_line(image)])[0].text
        top = PAD + row * ROW
        line = Image.fromarray(np.uint8(255 * image))
        line = line.crop((0, line.height // 8, line.width, line.height - line.height // 8))
        line.thumbnail((WIDTH - 2 * PAD, 74))
        draw.text((PAD, top), name, fill=QUIET, font=small)
        picture.paste(line.convert("RGB"), (PAD, top + 20))
        x = float(PAD + 34)
        draw.text((PAD, top + 94), "→", fill=QUIET, font=face)
        for truth, seen in align(text, read):
            sign = seen if seen is not None else "▁"  # a character that was lost
            draw.text((x, top + 94), sign, fill=RIGHT if truth == seen else WRONG, font=face)
            x += face.getlength(sign)
        print(f"{name:32} {text!r} -> {read!r}")
    picture.quantize(64, Image.Quantize.FASTOCTREE).save(arguments.out, optimize=True)


if __name__ == "__main__":
    main()

"""The course photos once more, as a person with less patience would have taken them.

    OCR_DATA=... python tests/benchmarks/probes.py [--engine auto]

Every probe changes one thing: the way up, the tilt, the light, the paper, the size, the focus, the
file. Printed is the CER (case ignored; `cmu_02_letters` without spaces) and what it costs against
the plain photo. A probe should stay within 2 points or one character of the plain photo, whichever
is more; the small and the blurred one within 4 points or two characters.
"""

import argparse
import io
import os
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFilter, ImageOps
from scipy import ndimage

from ocr.config import ENGINES
from ocr.evaluation.error_rates import character_errors
from ocr.evaluation.normalization import Normalization
from ocr.input.photo import open_image
from ocr.reader import Reader

PHOTOS = ("cmu_01_list", "cmu_02_letters", "cmu_03_haiku", "cmu_04_deep")
LONG_SIDE = 2400  # pixels of the plain photo here


def tilted(degrees: float, photo: Image.Image) -> Image.Image:
    """Turned about its middle; the corners show the paper's own color."""
    color = tuple(int(v) for v in np.median(np.asarray(photo), axis=(0, 1)))
    return photo.rotate(degrees, Image.Resampling.BICUBIC, expand=True, fillcolor=color)


def shadowed(photo: Image.Image) -> Image.Image:
    """A soft shadow over the lower right half."""
    width, height = photo.size
    rows, cols = np.mgrid[0:height, 0:width]
    edge = (rows / height + cols / width - 1.0) * 12
    shade = 1.0 - 0.55 / (1.0 + np.exp(-edge))
    return Image.fromarray((np.asarray(photo) * shade[..., None]).astype(np.uint8))


def ruled(grid: bool, photo: Image.Image) -> Image.Image:
    """Blue-grey rules, and uprights if `grid`, a thirtieth of the longer side apart."""
    out = photo.copy()
    pencil = ImageDraw.Draw(out)
    step = max(photo.size) // 30
    pen = max(1, max(photo.size) // 800)
    for y in range(step, photo.height, step):
        pencil.line([(0, y), (photo.width, y)], fill=(120, 135, 165), width=pen)
    for x in range(step, photo.width if grid else 0, step):
        pencil.line([(x, 0), (x, photo.height)], fill=(120, 135, 165), width=pen)
    return Image.blend(photo, out, 0.5)


def on_desk(photo: Image.Image) -> Image.Image:
    """On a dark desk, from an angle."""
    width, height = photo.size
    margin = round(0.12 * width)
    size = (width + 2 * margin, height + 2 * margin)
    grain = ndimage.gaussian_filter(np.random.default_rng(0).standard_normal(size[::-1]), (2, 40))
    desk = np.clip(55 + 8 * grain / grain.std(), 0, 255).astype(np.uint8)
    corners = [
        (margin + 0.06 * width, margin),
        (margin, margin + height),
        (margin + width, margin + 0.97 * height),
        (margin + 0.92 * width, margin + 0.05 * height),
    ]
    source = [(0, 0), (0, height), (width, height), (width, 0)]
    rows = []
    for (x, y), (u, v) in zip(corners, source, strict=True):
        rows.append([x, y, 1, 0, 0, 0, -u * x, -u * y])
        rows.append([0, 0, 0, x, y, 1, -v * x, -v * y])
    matrix = np.linalg.solve(np.array(rows), np.array(source, dtype=float).ravel())
    sheet = photo.transform(size, Image.Transform.PERSPECTIVE, matrix, Image.Resampling.BICUBIC)
    mask = Image.new("L", photo.size, 255).transform(size, Image.Transform.PERSPECTIVE, matrix)
    return Image.composite(sheet, Image.fromarray(np.stack([desk] * 3, axis=2)), mask)


def resized(long_side: int, photo: Image.Image) -> Image.Image:
    scale = long_side / max(photo.size)
    size = (round(photo.width * scale), round(photo.height * scale))
    return photo.resize(size, Image.Resampling.LANCZOS)


PROBES: dict[str, Callable[[Image.Image], Image.Image]] = {
    "plain": lambda photo: photo,
    "turned 90": lambda photo: photo.transpose(Image.Transpose.ROTATE_90),
    "turned 180": lambda photo: photo.transpose(Image.Transpose.ROTATE_180),
    "turned 270": lambda photo: photo.transpose(Image.Transpose.ROTATE_270),
    "tilted 3": partial(tilted, 3),
    "tilted 7": partial(tilted, -7),
    "tilted 12": partial(tilted, 12),
    "shadow": shadowed,
    "ruled": partial(ruled, False),
    "grid": partial(ruled, True),
    "inverted": ImageOps.invert,
    "500 pixels": partial(resized, 500),
    "12 megapixels": partial(resized, 4032),
    "blurred": lambda photo: photo.filter(ImageFilter.GaussianBlur(max(photo.size) / 600)),
    "JPEG quality 10": lambda photo: photo,
    "dark desk": on_desk,
}
QUALITY = {"JPEG quality 10": 10}
LOOSE = ("500 pixels", "blurred")


def encoded(photo: Image.Image, quality: int = 92, orientation: int = 1) -> io.BytesIO:
    stream = io.BytesIO()
    exif = Image.Exif()
    exif[0x0112] = orientation
    photo.save(stream, "JPEG", quality=quality, exif=exif)
    stream.seek(0)
    return stream


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--engine", choices=ENGINES, default="auto")
    reader = Reader(engine=parser.parse_args().engine)
    folder = Path(os.environ["OCR_DATA"]) / "photos"
    rates: dict[str, list[tuple[float, int]]] = {}
    for name in PHOTOS:
        how = Normalization(ignore_case=True, ignore_spaces=name == "cmu_02_letters")
        truth = how.apply((folder / f"{name}.gt.txt").read_text(encoding="utf-8"))
        original = ImageOps.exif_transpose(Image.open(folder / f"{name}.jpg")).convert("RGB")
        photo = resized(LONG_SIDE, original)
        streams = {
            title: encoded(change(photo), QUALITY.get(title, 92))
            for title, change in PROBES.items()
        }
        for way in range(2, 9):
            back = {5: 5, 6: 8, 7: 7, 8: 6}.get(way, way)  # its own inverse but for 6 and 8
            laid = ImageOps.exif_transpose(Image.open(encoded(photo, orientation=back)))
            streams[f"EXIF {way}"] = encoded(laid, orientation=way)
        for title, stream in streams.items():
            page = reader.read(open_image(stream))
            edits = character_errors(truth, how.apply(page.text)).rate or 0.0
            rates.setdefault(title, []).append((edits, len(truth)))
    print(f"| probe | {' | '.join(PHOTOS)} | within bounds |")
    print("|---" * (len(PHOTOS) + 2) + "|")
    for title, row in rates.items():
        points, letters = (0.04, 2) if title in LOOSE else (0.02, 1)
        held = [
            rate - plain <= max(points, letters / length) + 1e-9
            for (rate, length), (plain, _) in zip(row, rates["plain"], strict=True)
        ]
        cells = " | ".join(f"{100 * rate:.1f} %" for rate, _ in row)
        print(f"| {title} | {cells} | {sum(held)} of {len(held)} |")


if __name__ == "__main__":
    main()

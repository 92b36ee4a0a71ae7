"""Photos once more, as a person with less patience would have taken them.

    OCR_DATA=... python tests/benchmarks/probes.py [FOLDER] [--engine auto] [--only PROBE ...]

Every probe changes one thing: the way up, the tilt, the light, the paper, the size, the focus, the
file. Printed is the CER (case ignored; photos of single letters, `*letters*`, without spaces). Of
the four course photos, without a FOLDER, also whether each probe stays within 2 points or one
character of the plain photo, whichever is more; the small and the blurred one within 4 points or
two characters. Of the photos of a FOLDER, with their texts beside them: the CER over all, and the
photos that lose a tenth of their characters or more by the probe.
"""

import argparse
import io
import os
from collections.abc import Callable, Collection, Iterator
from functools import partial
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageEnhance, ImageFilter, ImageOps
from scipy import ndimage

from ocr.config import ENGINES
from ocr.evaluation.error_rates import Errors, character_errors
from ocr.evaluation.ground_truth import pairs_in, read_truth
from ocr.evaluation.normalization import Normalization
from ocr.input.photo import open_image
from ocr.reader import Reader

PHOTOS = ("cmu_01_list", "cmu_02_letters", "cmu_03_haiku", "cmu_04_deep")
LONG_SIDE = 2400  # pixels of the plain photo here, of other photos at most
LOST = 0.1  # share of a photo's characters


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


def under_blinds(photo: Image.Image) -> Image.Image:
    """Slanting stripes of shadow, eleven down the photo."""
    width, height = photo.size
    rows, cols = np.mgrid[0:height, 0:width]
    stripes = np.sin(2 * np.pi * 11 * (rows + 0.25 * cols) / height)
    shade = 1.0 - 0.45 / (1.0 + np.exp(-6 * stripes))
    return Image.fromarray((np.asarray(photo) * shade[..., None]).astype(np.uint8))


def under_a_phone(photo: Image.Image) -> Image.Image:
    """The shadow of a phone, and below it of a hand, that comes from the lower edge."""
    width, height = photo.size
    mask = Image.new("L", photo.size)
    pencil = ImageDraw.Draw(mask)
    pencil.rounded_rectangle((0.35 * width, 0.4 * height, 0.75 * width, 1.1 * height), 40, fill=255)
    pencil.ellipse((0.6 * width, 0.65 * height, 1.1 * width, 1.2 * height), fill=255)
    soft = mask.rotate(8).filter(ImageFilter.GaussianBlur(max(photo.size) / 100))
    shade = 1.0 - 0.55 * np.asarray(soft) / 255
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


def surface(
    size: tuple[int, int], color: tuple[int, int, int], contrast: int, fine: int
) -> Image.Image:
    """A table of some color, `size` (width, height) in pixels, with a grain along it.

    `contrast` is the grain's standard deviation in levels, `fine` that of its blur in height.
    """
    noise = np.random.default_rng(0).standard_normal(size[::-1])
    grain = ndimage.gaussian_filter(noise, (fine, 40))
    tones = np.array(color) + contrast * (grain / grain.std())[..., None]
    return Image.fromarray(np.clip(tones, 0, 255).astype(np.uint8))


def on_desk(photo: Image.Image) -> Image.Image:
    """On a dark desk, from an angle."""
    width, height = photo.size
    margin = round(0.12 * width)
    size = (width + 2 * margin, height + 2 * margin)
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
    return Image.composite(sheet, surface(size, (55, 55, 55), 8, 2), mask)


def on_table(photo: Image.Image) -> Image.Image:
    """Half as large as the picture, on a bright table with a grain."""
    table = surface((2 * photo.width, 2 * photo.height), (96, 66, 42), 14, 1)
    table.paste(photo, (photo.width // 2, photo.height // 2))
    return resized(LONG_SIDE, table)


def shaken(photo: Image.Image) -> Image.Image:
    """The camera moved along the diagonal while it took the picture."""
    way = np.eye(max(2, max(photo.size) // 350))
    pixels = np.asarray(photo, dtype=np.float32)
    moved = [ndimage.convolve(pixels[..., k], way / way.sum()) for k in range(3)]
    return Image.fromarray(np.clip(np.stack(moved, axis=-1), 0, 255).astype(np.uint8))


def noisy(photo: Image.Image) -> Image.Image:
    """Taken in the dark."""
    noise = np.random.default_rng(0).normal(0, 25, (photo.height, photo.width, 3))
    return Image.fromarray(np.clip(np.asarray(photo) + noise, 0, 255).astype(np.uint8))


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
    "shadow of blinds": under_blinds,
    "shadow of a phone": under_a_phone,
    "ruled": partial(ruled, False),
    "grid": partial(ruled, True),
    "inverted": ImageOps.invert,
    "500 pixels": partial(resized, 500),
    "12 megapixels": partial(resized, 4032),
    "blurred": lambda photo: photo.filter(ImageFilter.GaussianBlur(max(photo.size) / 600)),
    "JPEG quality 10": lambda photo: photo,
    "dark desk": on_desk,
    "small on a shiny table": on_table,
    "inverted, turned 90": lambda photo: ImageOps.invert(photo).transpose(
        Image.Transpose.ROTATE_90
    ),
    "a third narrower": lambda photo: photo.resize((round(photo.width / 1.33), photo.height)),
    "little contrast": lambda photo: ImageEnhance.Contrast(photo).enhance(0.35),
    "shaken": shaken,
    "noise": noisy,
    "black and white, dithered": lambda photo: photo.convert("1").convert("RGB"),
}
QUALITY = {"JPEG quality 10": 10, "black and white, dithered": 100}
LOOSE = ("500 pixels", "blurred")


def encoded(photo: Image.Image, quality: int = 92, orientation: int = 1) -> io.BytesIO:
    stream = io.BytesIO()
    exif = Image.Exif()
    exif[0x0112] = orientation
    photo.save(stream, "JPEG", quality=quality, exif=exif)
    stream.seek(0)
    return stream


def probes_of(photo: Image.Image, only: Collection[str]) -> Iterator[tuple[str, io.BytesIO]]:
    """The names of the probes and the photo as a file in each of them."""
    for title, change in PROBES.items():
        if not only or title in only:
            yield title, encoded(change(photo), QUALITY.get(title, 92))
    for way in range(2, 9):
        if not only or f"EXIF {way}" in only:
            back = {5: 5, 6: 8, 7: 7, 8: 6}.get(way, way)  # its own inverse but for 6 and 8
            laid = ImageOps.exif_transpose(Image.open(encoded(photo, orientation=back)))
            yield f"EXIF {way}", encoded(laid, orientation=way)


def measured(
    reader: Reader, path: Path, truth_path: Path, only: Collection[str]
) -> dict[str, Errors]:
    """The errors of a photo in each probe."""
    how = Normalization(ignore_case=True, ignore_spaces="letters" in path.name)
    truth = how.apply(read_truth(truth_path))
    photo = ImageOps.exif_transpose(Image.open(path)).convert("RGB")
    if max(photo.size) > LONG_SIDE or path.stem in PHOTOS:
        photo = resized(LONG_SIDE, photo)
    return {
        title: character_errors(truth, how.apply(reader.read(open_image(stream)).text))
        for title, stream in probes_of(photo, only)
    }


def show_bounds(rates: dict[str, dict[str, Errors]]) -> None:
    """A column for each photo, and how many stay within their bounds."""
    print(f"| probe | {' | '.join(rates)} | within bounds |")
    print("|---" * (len(rates) + 2) + "|")
    for title in next(iter(rates.values())):
        points, letters = (0.04, 2) if title in LOOSE else (0.02, 1)
        held = [
            (row[title].edits - row["plain"].edits)
            <= max(points * row[title].total, letters) + 1e-9
            for row in rates.values()
        ]
        cells = " | ".join(f"{100 * (row[title].rate or 0):.1f} %" for row in rates.values())
        print(f"| {title} | {cells} | {sum(held)} of {len(held)} |")


def show_all(rates: dict[str, dict[str, Errors]]) -> None:
    """The CER over all photos of each probe, and those that lose much by it."""
    print("| probe | CER | lost by it |\n|---|---|---|")
    for title in next(iter(rates.values())):
        whole = sum((row[title] for row in rates.values()), Errors())
        lost = {
            name: (row[title].edits - row["plain"].edits) / row[title].total
            for name, row in rates.items()
        }
        worst = sorted((name for name in lost if lost[name] >= LOST), key=lambda name: -lost[name])
        cells = ", ".join(f"{name} {100 * lost[name]:+.0f}" for name in worst)
        print(f"| {title} | {100 * (whole.rate or 0):.1f} % | {cells} |")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", nargs="?", type=Path, help="photos; else those of the course")
    parser.add_argument("--engine", choices=ENGINES, default="auto")
    parser.add_argument("--only", nargs="*", default=(), help="probes, such as 'turned 90'")
    arguments = parser.parse_args()
    reader = Reader(engine=arguments.engine)
    pairs = pairs_in(arguments.folder or Path(os.environ["OCR_DATA"]) / "photos")
    if arguments.folder is None:
        pairs = [(path, truth) for path, truth in pairs if path.stem in PHOTOS]
    only = {"plain", *arguments.only} if arguments.only else ()
    rates = {path.stem: measured(reader, path, truth, only) for path, truth in pairs}
    (show_bounds if arguments.folder is None else show_all)(rates)


if __name__ == "__main__":
    main()

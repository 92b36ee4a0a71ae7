"""From data sets to stacks of normalized glyphs, all through `ocr.letters.glyphs.normalize_glyph`.

Normalizing takes minutes and depends on nothing that training changes, so the stacks are kept in
a cache folder (`$OCR_CACHE`, or `~/.cache/ocr`) and made again when source or method change.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import partial
from multiprocessing import get_context
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFilter, ImageFont

from ocr.errors import OutputError
from ocr.letters.glyphs import NORMALIZATION, glyph_stack
from training.data.datasets import (
    Characters,
    PenCharacters,
    load_nist36,
    load_npz,
    load_unipen_characters,
    select_characters,
    training_fonts,
)

CHARSET = tuple(chr(code) for code in range(33, 127))  # the 94 signs of a keyboard, ASCII
CHUNK = 4096  # glyphs a task: large enough that sending them costs nothing
VERSION = 1  # of the renderings below; change it when they change

STROKE_CANVAS = 88  # pixels, longer side of a rendered pen character with its pen
PEN_WIDTHS = (0.035, 0.16)  # of the writer's letter height: fine ball pen to marker
FONT_SIZE = 72  # pixels an em
FONT_VARIANTS = 5  # renderings of each sign of each font
THINNED = 0.5  # share of the ink that thinning may take; more, and thin fonts fall apart
CAPITALS_ALIKE = 0.85  # correlation of lower and upper case above which a font is capitals only
CASES_UNLIKE = "abdefghijlmnqrt"  # letters whose two cases differ in shape


@dataclass(frozen=True)
class GlyphSet:
    """Normalized glyphs: `images` (N, 32, 32) uint8, paper 255; `labels` (N,) index into CHARSET.

    Where `cased` (N,) is False the label stands for both cases of its letter.
    """

    images: NDArray[np.uint8]
    labels: NDArray[np.int64]
    cased: NDArray[np.bool_]

    def __len__(self) -> int:
        return len(self.labels)


def join(sets: Iterable[GlyphSet]) -> GlyphSet:
    """Several sets as one."""
    parts = list(sets)
    return GlyphSet(
        np.concatenate([part.images for part in parts]),
        np.concatenate([part.labels for part in parts]),
        np.concatenate([part.cased for part in parts]),
    )


def emnist_glyphs(data: Path, split: str) -> GlyphSet:
    """One split of EMNIST."""
    path = data / "chars" / "emnist.npz"
    return cached_glyphs("emnist", [path], split, lambda: _pictures(load_npz(path, split)))


def nist36_glyphs(data: Path, split: str) -> GlyphSet:
    """One of the three NIST36 files."""
    path = data / "chars" / f"nist36_{split}.mat"
    return cached_glyphs("nist36", [path], split, lambda: _pictures(load_nist36(path)))


def unipen_glyphs(data: Path, split: str, seed: int = 0) -> GlyphSet:
    """One split of UNIPEN's characters, each drawn with a pen of random width."""
    path = data / "chars" / "unipen_chars.npz"
    return cached_glyphs("unipen", [path], f"{split}-{seed}", lambda: _pen(path, split, seed))


def font_glyphs(data: Path, seed: int = 0, *, held_out: bool = False) -> GlyphSet:
    """Every sign of every handwriting font that may be trained on (or of those held out)."""
    paths = list(training_fonts(data / "fonts", held_out=held_out))
    key = f"{'held-out' if held_out else 'train'}-{seed}"
    return cached_glyphs("fonts", paths, key, lambda: join(_parallel(render_font, paths, seed)))


def sample_glyphs(data: Path, split: str, count: int, seed: int) -> GlyphSet:
    """`count` glyphs of a split, half EMNIST and half UNIPEN, rarer characters more often.

    A class with n glyphs is drawn as often as the square root of n tells. Made in this process and
    in seconds, for mixing into other data.
    """
    paths = [data / "chars" / "emnist.npz", data / "chars" / "unipen_chars.npz"]

    def make() -> GlyphSet:
        rng = np.random.default_rng((seed, count))
        pictures = load_npz(paths[0], split)
        rows = _drawn_rows(rng, pictures.labels, count // 2)
        hand = GlyphSet(
            normalize_pictures(pictures.images[rows]),
            label_indices(pictures.labels[rows]),
            pictures.cased[rows],
        )
        pen = load_unipen_characters(paths[1])
        items = np.flatnonzero((pen.split == split) & np.isin(pen.labels, CHARSET))
        pen = select_characters(pen, items)
        heights = letter_heights(pen)
        rows = _drawn_rows(rng, pen.labels, count - count // 2)
        images = render_pen_chunk((select_characters(pen, rows), heights[rows], 0), seed)
        cased = np.ones(len(rows), dtype=bool)
        return join([hand, GlyphSet(images, label_indices(pen.labels[rows]), cased)])

    return cached_glyphs("sample", paths, f"{split}-{count}-{seed}", make)


def _drawn_rows(
    rng: np.random.Generator, labels: NDArray[np.str_], count: int
) -> NDArray[np.int64]:
    _, which, counts = np.unique(labels, return_inverse=True, return_counts=True)
    weights = counts[which] ** -0.5
    count = min(count, len(labels))
    return np.sort(rng.choice(len(labels), count, replace=False, p=weights / weights.sum()))


def _pictures(characters: Characters) -> GlyphSet:
    images = characters.images
    chunks = [images[i : i + CHUNK] for i in range(0, len(images), CHUNK)]
    return GlyphSet(
        np.concatenate(list(_parallel(normalize_pictures, chunks))),
        label_indices(characters.labels),
        characters.cased,
    )


def _pen(path: Path, split: str, seed: int) -> GlyphSet:
    everything = load_unipen_characters(path)
    heights = letter_heights(everything)
    items = np.flatnonzero((everything.split == split) & np.isin(everything.labels, CHARSET))
    tasks = [
        (select_characters(everything, items[i : i + CHUNK]), heights[items[i : i + CHUNK]], i)
        for i in range(0, len(items), CHUNK)
    ]
    labels = label_indices(everything.labels[items])
    images = np.concatenate(list(_parallel(render_pen_chunk, tasks, seed)))
    return GlyphSet(images, labels, np.ones(len(labels), dtype=bool))


def label_indices(labels: NDArray[np.str_]) -> NDArray[np.int64]:
    """Positions in CHARSET of one-character labels."""
    return np.array([ord(label) - ord(CHARSET[0]) for label in labels], dtype=np.int64)


def normalize_pictures(images: NDArray[np.generic]) -> NDArray[np.uint8]:
    """Normalize (N, H, W) pictures, uint8 or float: (N, 32, 32) uint8, paper 255."""
    scale = np.float32(255 if images.dtype == np.uint8 else 1)
    return to_bytes(glyph_stack([image.astype(np.float32) / scale for image in images]))


def to_bytes(glyphs: NDArray[np.float32]) -> NDArray[np.uint8]:
    """Grey float in [0, 1] as bytes."""
    return np.round(glyphs * 255).astype(np.uint8)


def letter_heights(pen: PenCharacters) -> NDArray[np.float32]:
    """For each character the usual size of its writer's letters and digits, in tablet units.

    The median of the longer sides of the writer's alphanumeric characters (of all, if there are
    none): what a pen's width is measured against, so that a full stop is not drawn as a wiggle.
    """
    first = pen.stroke_off[pen.item_off[:-1]]
    extent = np.maximum.reduceat(pen.points, first) - np.minimum.reduceat(pen.points, first)
    size = extent.astype(np.float32).max(axis=1)
    alphanumeric = np.char.isalnum(pen.labels)
    heights = np.empty(len(size), dtype=np.float32)
    for writer in np.unique(pen.writers):
        own = pen.writers == writer
        chosen = own & alphanumeric if (own & alphanumeric).any() else own
        heights[own] = max(float(np.median(size[chosen])), 1.0)
    return heights


def render_pen_chunk(
    task: tuple[PenCharacters, NDArray[np.float32], int], seed: int
) -> NDArray[np.uint8]:
    """Draw and normalize a run of pen characters; the pens depend on seed and position alone."""
    pen, heights, start = task
    rng = np.random.default_rng((seed, 0, start))  # 0: the pens that the models were trained on
    low, high = np.log(PEN_WIDTHS)
    widths = np.exp(rng.uniform(low, high, len(heights))) * heights
    drawn = [draw_strokes(pen.strokes(item), float(width)) for item, width in enumerate(widths)]
    return to_bytes(glyph_stack(drawn))


def draw_strokes(strokes: list[NDArray[np.int16]], width: float) -> NDArray[np.float32]:
    """Draw pen strokes with a round pen.

    Parameters
    ----------
    strokes : list of (P, 2) arrays
        x to the right, y down, any unit.
    width : float
        Diameter of the pen in the same unit.

    Returns
    -------
    (H, W) float32 array
        Grey in [0, 1], 0 ink; the longer side is `STROKE_CANVAS` pixels.
    """
    points = np.concatenate(strokes).astype(np.float64)
    corner = points.min(axis=0) - width / 2
    extent = points.max(axis=0) - points.min(axis=0) + width
    scale = STROKE_CANVAS / max(float(extent.max()), 1e-6)
    columns, rows = (max(1, int(np.ceil(side * scale))) for side in extent)
    image = Image.new("L", (columns, rows), 255)
    draw = ImageDraw.Draw(image)
    radius = width * scale / 2
    for stroke in strokes:
        path = [(float(x), float(y)) for x, y in (stroke - corner) * scale]
        if len(path) > 1:
            draw.line(path, fill=0, width=max(1, round(2 * radius)), joint="curve")
        for x, y in (path[0], path[-1]):
            draw.ellipse((x - radius, y - radius, x + radius, y + radius), fill=0)
    return np.asarray(image, dtype=np.float32) / np.float32(255)


def render_font(path: Path, seed: int) -> GlyphSet:
    """Every sign of `CHARSET` that a font has, `FONT_VARIANTS` times, normalized.

    The first is plain; the others have other stroke widths and their corners pulled a little.
    A font whose small letters are shaped like its capitals gives uncased labels.
    """
    rng = np.random.default_rng((seed, *hashlib.sha256(path.name.encode()).digest()[:4]))
    font = ImageFont.truetype(str(path), FONT_SIZE)
    missing = _draw_sign(font, "\U0010fffd")
    glyphs: list[NDArray[np.float32]] = []
    labels: list[int] = []
    for label, sign in enumerate(CHARSET):
        plain = _draw_sign(font, sign)
        if plain is None or (missing is not None and plain.tobytes() == missing.tobytes()):
            continue
        for variant in range(FONT_VARIANTS):
            glyphs.append(_as_grey(plain if variant == 0 else _vary(plain, rng)))
            labels.append(label)
    images = to_bytes(glyph_stack(glyphs))
    numbers = np.array(labels, dtype=np.int64)
    letters = np.char.isalpha(np.array(CHARSET))[numbers] if labels else np.zeros(0, bool)
    cased = ~letters | (not _capitals_only(images, numbers))
    return GlyphSet(images, numbers, cased)


def _draw_sign(font: ImageFont.FreeTypeFont, sign: str) -> Image.Image | None:
    left, top, right, bottom = font.getbbox(sign)
    if right <= left or bottom <= top:
        return None
    margin = FONT_SIZE // 6
    size = (int(right - left) + 2 * margin, int(bottom - top) + 2 * margin)
    image = Image.new("L", size, 255)
    ImageDraw.Draw(image).text((margin - left, margin - top), sign, fill=0, font=font)
    return image if np.asarray(image).min() < 128 else None


def _vary(image: Image.Image, rng: np.random.Generator) -> Image.Image:
    step = int(rng.integers(-1, 3))  # thinner, as it is, or thicker by 1 or 2 pixels each side
    if step < 0:
        thin = image.filter(ImageFilter.MaxFilter(3))
        lost = 1 - _ink(thin) / max(_ink(image), 1e-6)
        image = thin if lost < THINNED else image
    elif step > 0:
        image = image.filter(ImageFilter.MinFilter(2 * step + 1))
    w, h = image.size
    pull = rng.uniform(-0.12, 0.12, 8) * np.tile([w, h], 4)
    corners = np.array([0, 0, 0, h, w, h, w, 0]) + pull
    return image.transform(
        image.size, Image.Transform.QUAD, tuple(corners), Image.Resampling.BILINEAR, fillcolor=255
    )


def _ink(image: Image.Image) -> float:
    return float(1 - _as_grey(image).mean())


def _as_grey(image: Image.Image) -> NDArray[np.float32]:
    return np.asarray(image, dtype=np.float32) / np.float32(255)


def _capitals_only(images: NDArray[np.uint8], labels: NDArray[np.int64]) -> bool:
    plain = {CHARSET[label]: image for image, label in zip(images[::-1], labels[::-1], strict=True)}
    alike = [
        float(np.corrcoef(plain[small].ravel(), plain[small.upper()].ravel())[0, 1])
        for small in CASES_UNLIKE
        if small in plain and small.upper() in plain
    ]
    return bool(alike) and float(np.median(alike)) > CAPITALS_ALIKE


def _parallel(function: Callable[..., object], tasks: Iterable[object], *rest: object) -> list:  # type: ignore[type-arg]
    """`function(task, *rest)` for each task, in order, over the machine's cores."""
    context = get_context("spawn")  # a fork after torch has started threads may hang
    with ProcessPoolExecutor(os.cpu_count(), context) as pool:
        return list(pool.map(partial(_apply, function, rest), tasks))


def _apply(function: Callable[..., object], rest: tuple[object, ...], task: object) -> object:
    return function(task, *rest)


def cache_dir() -> Path:
    """Where prepared stacks are kept: `$OCR_CACHE`, or `~/.cache/ocr`."""
    return Path(os.environ.get("OCR_CACHE") or Path.home() / ".cache" / "ocr")


def cached_glyphs(
    name: str, sources: list[Path], key: str, make: Callable[[], GlyphSet]
) -> GlyphSet:
    """The set from the cache, or made and put there. Its name tells sources and method."""
    method = Path(normalize_source()).read_bytes()
    state = [(path.name, path.stat().st_size) for path in sources if path.exists()]
    digest = hashlib.sha256(repr((state, key, NORMALIZATION, VERSION)).encode() + method)

    def write(path: Path) -> None:
        made = make()
        with path.open("wb") as stream:
            np.savez(stream, images=made.images, labels=made.labels, cased=made.cased)

    with np.load(
        cached(f"glyphs-{name}-{key}-{digest.hexdigest()[:12]}", write), allow_pickle=False
    ) as data:
        return GlyphSet(data["images"], data["labels"], data["cased"])


def cached(name: str, make: Callable[[Path], None]) -> Path:
    """A file `name.npz` of the cache folder, made by `make(path)` if it is not there yet.

    Raises
    ------
    OutputError
        It cannot be written.
    """
    path = cache_dir() / f"{name}.npz"
    if path.exists():
        return path
    beside = path.with_name(f"{name}.{os.getpid()}.npz")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            make(beside)
            beside.replace(path)
        except BaseException:
            beside.unlink(missing_ok=True)
            raise
    except FileNotFoundError:  # of what it is made from
        raise
    except OSError as error:
        raise OutputError(
            f"{path.parent}: base data cannot be kept there ({error}). Make room, or let OCR_CACHE "
            "name another folder."
        ) from None
    return path


def normalize_source() -> str:
    """Path of the module that normalizes: its content is part of the cache's key."""
    import ocr.letters.glyphs

    return str(ocr.letters.glyphs.__file__)

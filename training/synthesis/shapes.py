"""Small color pictures of made-up classes, drawn here: shapes, flowers and scenes.

They stand in for CIFAR-10, the flowers and the SUN scenes where those are not at hand, so that
loaders and training of color pictures can be run for real. Each picture has its own ground,
light, colors, place, size and turn.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from training.data.pictures import ColorPictures

FINE = 3  # drawn so many times larger, then reduced: smooth edges
Rng = np.random.Generator
Point = tuple[float, float]
Draw = Callable[[ImageDraw.ImageDraw, float, Rng], None]


def draw_set(
    classes: Sequence[str], each: int, side: int, seed: int, *, subject: str
) -> ColorPictures:
    """`each` pictures of every class, `side` pixels square, in random order.

    Parameters
    ----------
    subject : str
        A key of `SUBJECTS`: what `classes` belong to.
    """
    rng = np.random.default_rng(seed)
    labels = rng.permutation(np.repeat(np.arange(len(classes)), each))
    draw = SUBJECTS[subject]
    images = [_picture(draw[classes[label]], side, rng) for label in labels]
    return ColorPictures(np.stack(images), labels, tuple(classes))


def write_folder(folder: Path, pictures: ColorPictures) -> None:
    """Write JPEG files, a sub-folder for each class."""
    for number, (image, label) in enumerate(zip(pictures.images, pictures.labels, strict=True)):
        place = folder / pictures.classes[label]
        place.mkdir(parents=True, exist_ok=True)
        Image.fromarray(image).save(place / f"{number:05d}.jpg", quality=90)


def _picture(draw: Draw, side: int, rng: Rng) -> NDArray[np.uint8]:
    large = side * FINE
    image = Image.fromarray(_ground(large, rng))
    draw(ImageDraw.Draw(image), float(large), rng)
    small = np.asarray(image.resize((side, side), Image.Resampling.BOX), dtype=np.float32)
    first, last = rng.uniform(0.75, 1.15, 2).tolist()
    light = np.linspace(first, last, side)[:, None, None]
    grain = rng.normal(0, rng.uniform(2, 9), small.shape)
    return np.clip(small * light + grain, 0, 255).astype(np.uint8)


def _ground(side: int, rng: Rng) -> NDArray[np.uint8]:
    """Two colors mixed by smooth noise, coarse and fine."""
    mixed = np.zeros((side, side), dtype=np.float32)
    for cells in (4, 16):
        noise = Image.fromarray(rng.random((cells, cells), dtype=np.float32))
        mixed += np.asarray(noise.resize((side, side), Image.Resampling.BICUBIC)) / 2
    one, two = rng.uniform(30, 225, (2, 1, 1, 3))
    return np.clip(one + (two - one) * mixed[:, :, None], 0, 255).astype(np.uint8)


def _color(rng: Rng) -> tuple[int, int, int]:
    """A bright color."""
    values = rng.permutation([rng.uniform(180, 255), rng.uniform(0, 255), rng.uniform(0, 90)])
    return int(values[0]), int(values[1]), int(values[2])


def _place(side: float, rng: Rng) -> tuple[float, float, float, float]:
    """Center x and y, radius, and turn in radians."""
    x, y = side * rng.uniform(0.38, 0.62, 2)
    return x, y, side * rng.uniform(0.2, 0.36), rng.uniform(0, 2 * np.pi)


def _ring(x: float, y: float, radii: Sequence[float], turn: float) -> list[Point]:
    """Points around a center, one for each radius, evenly spaced."""
    angles = turn + np.arange(len(radii)) * 2 * np.pi / len(radii)
    return [(x + r * np.cos(a), y + r * np.sin(a)) for r, a in zip(radii, angles, strict=True)]


def _polygon(corners: int, inner: float = 1.0) -> Draw:
    """A regular polygon, or a star where every other corner is `inner` as far from the center."""

    def draw(canvas: ImageDraw.ImageDraw, side: float, rng: Rng) -> None:
        x, y, radius, turn = _place(side, rng)
        radii = [radius, radius * inner] * corners if inner < 1 else [radius] * corners
        canvas.polygon(_ring(x, y, radii, turn), fill=_color(rng))

    return draw


def _disc(canvas: ImageDraw.ImageDraw, side: float, rng: Rng) -> None:
    x, y, r, _ = _place(side, rng)
    canvas.ellipse((x - r, y - r, x + r, y + r), fill=_color(rng))


def _hoop(canvas: ImageDraw.ImageDraw, side: float, rng: Rng) -> None:
    x, y, r, _ = _place(side, rng)
    canvas.ellipse((x - r, y - r, x + r, y + r), outline=_color(rng), width=round(r / 3))


def _bars(count: int) -> Draw:
    """A bar, or a cross of two, or a star of three."""

    def draw(canvas: ImageDraw.ImageDraw, side: float, rng: Rng) -> None:
        x, y, r, turn = _place(side, rng)
        color = _color(rng)
        for number in range(count):
            (end,) = _ring(x, y, [1.2 * r], turn + number * np.pi / count)
            canvas.line((*end, 2 * x - end[0], 2 * y - end[1]), fill=color, width=round(r / 2.2))

    return draw


def _crescent(canvas: ImageDraw.ImageDraw, side: float, rng: Rng) -> None:
    x, y, r, turn = _place(side, rng)
    angles = np.linspace(-2, 2, 30)
    outer = [(x + r * np.cos(turn + a), y + r * np.sin(turn + a)) for a in angles]
    inner = [
        (x + r * (0.75 * np.cos(turn + a) - 0.1), y + 0.75 * r * np.sin(turn + a)) for a in angles
    ]
    canvas.polygon(outer + inner[::-1], fill=_color(rng))


def _petals(count: int) -> Draw:
    """A flower of so many round petals about a center of another color."""

    def draw(canvas: ImageDraw.ImageDraw, side: float, rng: Rng) -> None:
        x, y, r, turn = _place(side, rng)
        color, size = _color(rng), 1.6 * r / count**0.7
        for px, py in _ring(x, y, [r] * count, turn):
            mx, my = (x + 2 * px) / 3, (y + 2 * py) / 3
            canvas.ellipse((mx - size / 2, my - size / 2, mx + size / 2, my + size / 2), fill=color)
            canvas.line((x, y, mx, my), fill=color, width=max(1, round(size / 2.5)))
        r *= 0.25
        canvas.ellipse((x - r, y - r, x + r, y + r), fill=_color(rng))

    return draw


def _coast(canvas: ImageDraw.ImageDraw, side: float, rng: Rng) -> None:
    horizon, beach = side * rng.uniform(0.25, 0.5), side * rng.uniform(0.6, 0.85)
    blue = int(rng.uniform(120, 230))
    canvas.rectangle((0, horizon, side, beach), fill=(20, blue // 2, blue))
    for _ in range(6):
        y, x = rng.uniform(horizon, beach), rng.uniform(0, side)
        canvas.line((x, y, x + side / 6, y), fill=(210, 225, 235), width=FINE)
    canvas.rectangle((0, beach, side, side), fill=(220, 200, int(rng.uniform(110, 170))))


def _forest(canvas: ImageDraw.ImageDraw, side: float, rng: Rng) -> None:
    for _ in range(int(rng.integers(7, 13))):
        x, width = rng.uniform(0, side), side * rng.uniform(0.02, 0.06)
        shade = int(rng.uniform(20, 90))
        canvas.rectangle((x, 0, x + width, side), fill=(shade + 25, shade + 10, shade // 2))
    for _ in range(60):
        x, y, r = rng.uniform(0, side), rng.uniform(0, 0.6 * side), side * rng.uniform(0.02, 0.06)
        canvas.ellipse((x, y, x + r, y + r), fill=(10, int(rng.uniform(60, 170)), 30))


def _city(canvas: ImageDraw.ImageDraw, side: float, rng: Rng) -> None:
    x = -side * rng.uniform(0, 0.1)
    while x < side:
        width, top = side * rng.uniform(0.1, 0.22), side * rng.uniform(0.15, 0.7)
        shade = int(rng.uniform(40, 150))
        canvas.rectangle((x, top, x + width, side), fill=(shade, shade, shade + 15))
        for wy in np.arange(top + side / 30, side, side / 14).tolist():
            for wx in np.arange(x + side / 60, x + width - side / 30, side / 22).tolist():
                if rng.random() < 0.6:
                    canvas.rectangle((wx, wy, wx + side / 50, wy + side / 40), fill=(250, 220, 120))
        x += width * 1.05


def _mountain(canvas: ImageDraw.ImageDraw, side: float, rng: Rng) -> None:
    for _ in range(int(rng.integers(2, 5))):
        x, top, half = (
            rng.uniform(0, side),
            side * rng.uniform(0.1, 0.5),
            side * rng.uniform(0.3, 0.6),
        )
        shade = int(rng.uniform(60, 140))
        canvas.polygon(
            [(x, top), (x - half, side), (x + half, side)], fill=(shade, shade, shade + 20)
        )
        snow = half * 0.25
        canvas.polygon(
            [
                (x, top),
                (x - snow, top + 0.25 * (side - top)),
                (x + snow, top + 0.25 * (side - top)),
            ],
            fill=(240, 240, 245),
        )


SHAPES: dict[str, Draw] = {
    "disc": _disc,
    "hoop": _hoop,
    "triangle": _polygon(3),
    "square": _polygon(4),
    "hexagon": _polygon(6),
    "star": _polygon(5, 0.42),
    "bar": _bars(1),
    "cross": _bars(2),
    "asterisk": _bars(3),
    "crescent": _crescent,
}
FLOWERS = {f"{count} petals": _petals(count) for count in (3, 4, 5, 6, 8)}
SCENES: dict[str, Draw] = {"city": _city, "coast": _coast, "forest": _forest, "mountain": _mountain}
SUBJECTS: dict[str, dict[str, Draw]] = {"shapes": SHAPES, "flowers": FLOWERS, "scenes": SCENES}

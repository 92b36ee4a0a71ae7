"""Reduce a decoded picture and convert it: deep samples, CIELab, transparency; band by band."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from ocr.input.tiff import (
    PHOTOMETRIC,
    SAMPLE_FORMAT,
    WHITE_IS_ZERO,
    WHITES,
    black_and_white,
    signed,
)

UNSIGNED = 1  # sample format
DEEP_WHITE = 65535.0  # white of 16-bit samples
DEPTHS = (1023.0, 4095.0, 16383.0)  # and of those of 10, 12 and 14 bits that are stored so
BAND = 4_000_000  # pixels that are converted at a time
FAINT = 26  # opacity, of 255, of what does not show
LIGHT = 128  # brightness, of 255, above which ink is light
ALIKE = 38.0  # standard deviation of the brightness of ink of one color, of 255


def flattened(
    image: Image.Image,
    mode: str,
    size: tuple[int, int],
    box: tuple[float, float, float, float] | None = None,
) -> Image.Image:
    """Reduce to `size` and convert to `mode` on white, or to F in [0, 1] for deep samples.

    A large picture is converted and reduced band by band: whole, it would be in memory several
    times.
    """
    deep = image.mode[0] in "IF"  # I, I;16 and its byte orders, F
    clear = not deep and image.mode != "LAB" and image.has_transparency_data and not _unset(image)
    between = "F" if deep else "RGBA" if clear else mode
    convert = _deep_converter(image) if deep else _converter(between)
    if image.width * image.height <= BAND or (image.mode == between and not deep):
        small = reduced(convert(image), size, box)
    else:
        small = _banded(image, between, convert, size, box)
    return _on_paper(small).convert(mode) if clear else small


def _unset(image: Image.Image) -> bool:
    """Whether nothing of a BMP shows: programs leave its opacity 0, others do not look."""
    return image.format == "BMP" and not image.getchannel("A").getbbox()


Convert = Callable[[Image.Image], Image.Image]


def _converter(mode: str) -> Convert:
    def convert(image: Image.Image) -> Image.Image:
        if image.mode == "LAB":
            image = _from_lab(image)
        return image if image.mode == mode else image.convert(mode)

    return convert


def _deep_converter(image: Image.Image) -> Convert:
    """To mode F in [0, 1], by what black and white are in the whole picture."""
    tags = getattr(image, "tag_v2", {})
    black, white = _black_and_white(image, tags)

    def convert(band: Image.Image) -> Image.Image:
        samples = np.nan_to_num(_samples(band, tags), nan=0.0, neginf=0.0)
        samples -= np.float32(black)
        samples /= np.float32(white - black)
        return Image.fromarray(samples)

    return convert


def _samples(image: Image.Image, tags: Mapping[int, Any]) -> NDArray[np.float32]:
    """Deep samples, the more the whiter, whatever a TIFF file says that they mean."""
    samples = np.asarray(image)
    if samples.dtype == np.int32 and tags and tags.get(SAMPLE_FORMAT, (1,))[0] == UNSIGNED:
        samples = samples.view(np.uint32)  # Pillow has signed ones only
    if tags.get(PHOTOMETRIC) == WHITE_IS_ZERO and image.mode.startswith("I;16"):
        samples = ~samples  # which Pillow does to shallow ones only
    return samples.astype(np.float32)


def _black_and_white(image: Image.Image, tags: Mapping[int, Any]) -> tuple[float, float]:
    """The sample values that mean black and white, for samples of more than eight bits."""
    if image.mode.startswith("I;16") and tags.get(PHOTOMETRIC) == WHITE_IS_ZERO:
        return 0.0, DEEP_WHITE
    lowest = largest = 0.0
    rows = max(1, BAND // image.width)
    for top in range(0, image.height, rows):
        band = image.crop((0, top, image.width, min(top + rows, image.height)))
        samples = _samples(band, tags)
        finite = samples[np.isfinite(samples)]
        lowest = min(lowest, float(finite.min(initial=0.0)))
        largest = max(largest, float(finite.max(initial=0.0)))
    kind = "f" if image.mode == "F" else "i" if signed(tags) else "u"
    whites = (*DEPTHS, DEEP_WHITE) if image.mode.startswith("I;16") else WHITES[kind]
    return black_and_white(lowest if kind == "i" else 0.0, largest, whites)


def _banded(
    image: Image.Image,
    mode: str,
    convert: Convert,
    size: tuple[int, int],
    box: tuple[float, float, float, float] | None,
) -> Image.Image:
    """As `reduced`, of the picture converted to `mode`, some rows at a time."""
    left, upper, right, lower = box or (0, 0, image.width, image.height)
    scale = (lower - upper) / size[1]
    found = Image.new(mode, size)
    rows = max(1, int(BAND / (image.width * scale)))
    beyond = math.ceil(2 * scale) + 2  # rows that the window of the reduction reaches
    for top in range(0, size[1], rows):
        bottom = min(top + rows, size[1])
        y1, y2 = upper + top * scale, upper + bottom * scale
        first, last = max(0, int(y1) - beyond), min(image.height, math.ceil(y2) + beyond)
        band = convert(image.crop((0, first, image.width, last)))
        part = (left, y1 - first, right, min(y2 - first, band.height))
        found.paste(reduced(band, (size[0], bottom - top), part), (0, top))
    return found


def _on_paper(image: Image.Image) -> Image.Image:
    """An RGBA picture on white paper; light ink on nothing is shown dark."""
    paper = Image.new("RGBA", image.size, "white")
    if _is_light_ink(image):
        colors = image.convert("RGB").point(lambda value: 255 - value)
        colors.putalpha(image.getchannel("A"))
        image = colors
    return Image.alpha_composite(paper, image)


def _is_light_ink(image: Image.Image) -> bool:
    """Whether all that shows is of one light color, and covers less than half of nothing."""
    alpha = np.asarray(image.getchannel("A"))
    shown = alpha > FAINT
    if not shown.any() or shown.mean() > 0.5:
        return False
    bright = np.asarray(image.convert("L"))[shown].astype(np.float32)
    return bool(bright.mean() > LIGHT and bright.std() < ALIKE)


def _from_lab(image: Image.Image) -> Image.Image:
    """CIELab, as some scanners store it, in sRGB."""
    from PIL import ImageCms

    lab, srgb = ImageCms.createProfile("LAB"), ImageCms.createProfile("sRGB")
    found = ImageCms.profileToProfile(image, lab, srgb, outputMode="RGB")
    assert found is not None  # None is for work in place
    return found


def reduced(
    image: Image.Image, size: tuple[int, int], box: tuple[float, float, float, float] | None
) -> Image.Image:
    """Average over areas. Hamming's window weighs parts of pixels, which a plain box does not."""
    if image.size == size and box in (None, (0, 0, *size)):
        return image
    return image.resize(size, Image.Resampling.HAMMING, box=box, reducing_gap=2.0)

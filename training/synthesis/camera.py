"""A phone camera over a sheet of paper: what its sensor records.

`photograph` looks through a `Geometry` and adds desk, light, shadow, optics, sensor and the phone's
own processing. Sheets are linear reflectance, not sRGB.

The chain follows the usual order of an imaging pipeline (Ramanath, Snyder, Yoo and Drew, "Color
image processing pipeline", IEEE Signal Processing Magazine 22(1), 2005).
"""

from __future__ import annotations

import io
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from scipy import ndimage

from training.synthesis.geometry import Geometry

Array = NDArray[np.float32]
LIGHT_GRID = 8  # px of the photo per cell of the light field: light varies slowly
EDGE_SOFTNESS = 1.2  # px of the sheet: how far its cut edge fades into the desk


def smooth_noise(rng: np.random.Generator, shape: tuple[int, ...], scale: float) -> Array:
    """Noise of mean 0, about unit variance, that varies over `scale` pixels.

    White noise on a coarse grid, laid at a random offset and enlarged bicubically: fast for any
    scale. Returns ``shape`` float32.
    """
    scale = max(float(scale), 1.0)
    if scale == 1.0:
        return rng.standard_normal(shape, dtype=np.float32)
    rows, cols = (int(np.ceil(n / scale)) + 4 for n in shape)
    coarse = rng.standard_normal((rows, cols), dtype=np.float32)
    top, left = 1 + rng.random(2)
    box = (left, top, left + shape[1] / scale, top + shape[0] / scale)
    image = Image.fromarray(coarse).resize((shape[1], shape[0]), Image.Resampling.BICUBIC, box)
    return np.asarray(image, dtype=np.float32) * np.float32(1.35)  # the bicubic mean lowers it


@dataclass(frozen=True)
class Shadow:
    """The shadow of the person or the phone.

    Attributes
    ----------
    kind : str
        ``"phone"`` (rounded rectangle) or ``"hand"`` (a blob with an arm).
    center : (float, float)
        Row and column as fractions of the photo.
    size : float
        Fraction of the photo's longer side.
    angle : float
        Degrees.
    depth : float
        Share of the light that it takes away, in [0, 1].
    penumbra : float
        Width of its soft edge as a fraction of the photo's longer side.
    """

    kind: str = "phone"
    center: tuple[float, float] = (0.9, 0.5)
    size: float = 0.4
    angle: float = 10.0
    depth: float = 0.35
    penumbra: float = 0.08


@dataclass(frozen=True)
class Camera:
    """Light, optics, sensor and processing of one photo.

    Attributes
    ----------
    desk : str
        What lies around the sheet: ``"wood"``, ``"dark"``, ``"plain"``, or ``"none"`` if the
        photo shows nothing but paper (the sheet goes on as its own mirror image).
    exposure : float
        What a white paper in full light becomes, linear, 1 the sensor's limit.
    white : (float, float, float)
        Gains of red, green and blue that the white balance left.
    gradient : (float, float)
        Fall-off of light over the photo's height and width: 0.3 is 30 % from edge to edge.
    pool : (float, float, float)
        Row and column (fractions) and strength of a lamp's pool of light.
    vignette : float
        Light lost in the corners, in [0, 1].
    shadows : tuple of Shadow
    defocus : float
        Standard deviation of the blur in pixels; `defocus_far` at the far (upper) edge.
    motion : (float, float)
        Length in pixels and angle in degrees of a shake.
    noise : float
        Standard deviation of the sensor noise at white, relative to white.
    sharpen : float
        Strength of the phone's unsharp mask.
    contrast : float
        Strength of the tone curve's S shape, 0 none.
    quality : int
        JPEG quality.
    """

    desk: str = "wood"
    exposure: float = 0.62
    white: tuple[float, float, float] = (1.0, 1.0, 1.0)
    gradient: tuple[float, float] = (0.0, 0.0)
    pool: tuple[float, float, float] = (0.5, 0.5, 0.0)
    vignette: float = 0.1
    shadows: tuple[Shadow, ...] = ()
    defocus: float = 0.6
    defocus_far: float = 0.6
    motion: tuple[float, float] = (0.0, 0.0)
    noise: float = 0.012
    sharpen: float = 0.5
    contrast: float = 0.15
    quality: int = 80


def photograph(
    sheet: Array, geometry: Geometry, camera: Camera, rng: np.random.Generator
) -> NDArray[np.uint8]:
    """Take a photo of a sheet.

    Parameters
    ----------
    sheet : (H, W, 3) float32
        Linear reflectance in [0, 1].
    geometry : Geometry
        For a sheet of that size.
    camera : Camera
    rng : numpy.random.Generator

    Returns
    -------
    (h, w, 3) uint8
        sRGB, before JPEG (`jpeg` is the next step), of the size ``geometry.photo``.

    Raises
    ------
    ValueError
        If `geometry` is for a sheet of another size.
    """
    if sheet.shape[:2] != geometry.sheet:
        raise ValueError(f"geometry is for a sheet of {geometry.sheet}, not {sheet.shape[:2]}")
    scene = _seen(sheet, geometry, camera.desk, rng)
    light = _light(geometry.photo, camera, rng)
    scene *= light[..., None] ** _shadow_tint(camera)
    scene = _optics(scene, camera)
    scene *= np.array(camera.white, dtype=np.float32) * np.float32(camera.exposure)
    _sensor(scene, camera.noise, rng)
    return _develop(scene, camera)


def jpeg(image: NDArray[np.uint8], quality: int) -> bytes:
    """Encode as a phone does: 4:2:0 chroma, baseline JPEG."""
    out = io.BytesIO()
    Image.fromarray(image).save(out, "JPEG", quality=quality, subsampling=2, optimize=True)
    return out.getvalue()


def _seen(sheet: Array, geometry: Geometry, desk: str, rng: np.random.Generator) -> Array:
    """What each pixel sees, evenly lit: (h, w, 3) linear reflectance."""
    height, width = geometry.sheet
    plane_rows, cols = geometry.grid()
    rows = plane_rows - geometry.curl.shift(cols, width)
    at = np.stack([rows - np.float32(0.5), cols - np.float32(0.5)])
    scene = np.empty((*geometry.photo, 3), dtype=np.float32)
    for channel in range(3):
        layer = np.ascontiguousarray(sheet[..., channel])
        ndimage.map_coordinates(layer, at, scene[..., channel], order=1, mode="mirror")
    if geometry.curl.amplitude:
        bend = np.float32(4 * geometry.curl.amplitude * geometry.curl.waves / width)
        scene *= (1 + bend * geometry.curl.slope(cols, width))[..., None]
    outside = np.maximum(
        np.maximum(-rows, rows - height), np.maximum(-cols, cols - width)
    )  # px of the sheet beyond its nearest edge; negative inside
    if desk != "none" and outside.max() > -EDGE_SOFTNESS:
        cover = np.clip(0.5 - outside / EDGE_SOFTNESS, 0, 1)[..., None]
        around = _desk(desk, geometry.sheet, plane_rows, cols, rng)
        reach = np.float32(0.012 * max(height, width))
        lee = np.maximum(
            np.maximum(-rows + reach / 2, rows - height - reach / 2),
            np.maximum(-cols, cols - width - reach),
        )
        around *= (1 - 0.55 * np.exp(-np.maximum(lee, 0) / reach))[..., None]
        scene = scene * cover + around * (1 - cover)
    return scene


DESKS = ("wood", "dark", "plain", "none")


def _desk(
    kind: str, sheet: tuple[int, int], rows: Array, cols: Array, rng: np.random.Generator
) -> Array:
    """Linear reflectance of the table top at points of the sheet's plane."""
    if kind not in DESKS:
        raise ValueError(f"unknown desk {kind!r}; known are {', '.join(DESKS)}")
    side = max(sheet)
    size = (side, side)  # the texture is mirrored outside
    if kind == "wood":
        tone = _wood_grain(rng, size)
        dark, pale = np.array([0.10, 0.045, 0.02]), np.array([0.33, 0.19, 0.10])
        dark, pale = dark * rng.uniform(0.7, 1.3), pale * rng.uniform(0.8, 1.2)
    elif kind == "dark":
        fleck = smooth_noise(rng, size, 2) + 0.6 * smooth_noise(rng, size, 5)
        tone = 0.35 + 0.12 * fleck + 0.1 * smooth_noise(rng, size, side / 4)
        dark, pale = np.array([0.012, 0.013, 0.016]), np.array([0.07, 0.072, 0.08])
    else:
        fleck = smooth_noise(rng, size, 1.5)
        tone = 0.5 + 0.1 * fleck + 0.1 * smooth_noise(rng, size, side / 3)
        dark, pale = np.array([0.20, 0.19, 0.18]), np.array([0.42, 0.40, 0.37])
    angle = rng.uniform(-0.2, 0.2) + (np.pi / 2 if rng.random() < 0.3 else 0)
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]], np.float32)
    start = rng.uniform(0, side, size=2).astype(np.float32)
    at = np.stack(
        [
            turn[0, 0] * rows + turn[0, 1] * cols + start[0],
            turn[1, 0] * rows + turn[1, 1] * cols + start[1],
        ]
    )
    seen = ndimage.map_coordinates(np.clip(tone, 0, 1), at, order=1, mode="mirror")[..., None]
    return (dark + seen * (pale - dark)).astype(np.float32)


def _wood_grain(rng: np.random.Generator, size: tuple[int, int]) -> Array:
    """Planks with annual rings and pores, in about [0, 1]; the grain runs along the columns."""
    height, width = size

    def streaks(across: float, along: float) -> Array:
        flat = smooth_noise(rng, (height, max(8, int(width * across / along))), across)
        stretched = Image.fromarray(flat).resize((width, height), Image.Resampling.BICUBIC)
        return np.asarray(stretched, dtype=np.float32)

    plank = height // 4
    y = np.arange(height, dtype=np.float32)[:, None]
    bend = 0.25 * plank * streaks(height / 7, width / 1.5)
    rings = np.sin((y + bend) * np.float32(2 * np.pi / (plank / 6)) + 1.5 * streaks(30, 500))
    grain = 0.5 + 0.11 * rings + 0.13 * streaks(4, 300) + 0.07 * streaks(1.6, 60)
    number = (y // plank).astype(int)
    grain += rng.normal(0, 0.12, size=number.max() + 1).astype(np.float32)[number]
    joint = np.minimum(y % plank, plank - y % plank)
    return grain * (1 - 0.7 * np.exp(-joint / 2.0))


def _light(photo: tuple[int, int], camera: Camera, rng: np.random.Generator) -> Array:
    """Light over the photo, about 1 at its brightest: slow, so computed coarsely."""
    height, width = photo
    rows, cols = height // LIGHT_GRID + 1, width // LIGHT_GRID + 1
    y = np.linspace(0, 1, rows, dtype=np.float32)[:, None]
    x = np.linspace(0, 1, cols, dtype=np.float32)[None, :]
    aspect = np.array([height, width]) / max(height, width)
    down, right = camera.gradient
    light = 1 - abs(down) * (y if down > 0 else 1 - y) - abs(right) * (x if right > 0 else 1 - x)
    pool_y, pool_x, strength = camera.pool
    if strength:
        far = ((y - pool_y) * aspect[0]) ** 2 + ((x - pool_x) * aspect[1]) ** 2
        light = light * (1 - strength + strength * np.exp(-far / (2 * 0.38**2)))
    radius = ((y - 0.5) * aspect[0]) ** 2 + ((x - 0.5) * aspect[1]) ** 2
    light = light * (1 - camera.vignette * radius / (aspect**2).sum() * 4)
    light = light * (1 + 0.015 * smooth_noise(rng, (rows, cols), max(rows, cols) / 3))
    for shadow in camera.shadows:
        light = light * (1 - shadow.depth * _shade(shadow, y, x, aspect, rng))
    coarse = Image.fromarray(np.asarray(light, dtype=np.float32))
    full = coarse.resize((width, height), Image.Resampling.BICUBIC)
    return np.maximum(np.asarray(full, dtype=np.float32), np.float32(0.03))


def _shade(
    shadow: Shadow, y: Array, x: Array, aspect: NDArray[np.floating], rng: np.random.Generator
) -> NDArray[np.floating]:
    """How much of the light a shadow takes at each point, 0 to 1."""
    dy = (y - shadow.center[0]) * aspect[0]
    dx = (x - shadow.center[1]) * aspect[1]
    a = np.deg2rad(shadow.angle)
    u, v = dy * np.cos(a) + dx * np.sin(a), dx * np.cos(a) - dy * np.sin(a)
    shape = np.broadcast_shapes(u.shape, v.shape)
    if shadow.kind == "phone":
        corner = 0.12 * shadow.size
        over = np.stack([np.abs(u) - shadow.size * 0.5, np.abs(v) - shadow.size * 0.26]) + corner
        gap = np.hypot(*np.maximum(over, 0)) + np.minimum(over.max(axis=0), 0) - corner
    elif shadow.kind == "hand":
        fist = np.hypot(u, v * 1.3) - shadow.size * 0.28
        arm = np.where(u > 0, np.abs(v + 0.15 * u) - shadow.size * (0.17 + 0.08 * u), 9.0)
        gap = np.minimum(fist, arm) + 0.012 * smooth_noise(rng, shape, max(shape) / 12)
    else:
        raise ValueError(f"unknown shadow {shadow.kind!r}; known are phone and hand")
    t = np.clip(0.5 - gap / (2 * shadow.penumbra), 0, 1)
    return t * t * (3 - 2 * t)


def _shadow_tint(camera: Camera) -> Array:
    """Exponents of the light for each color: what the lamp does not reach is bluer."""
    strength = 0.06 if camera.shadows else 0.03
    return np.array([1 + strength, 1.0, 1 - strength], dtype=np.float32)


def _optics(scene: Array, camera: Camera) -> Array:
    """Defocus, stronger toward the far edge if so set, and shake."""
    near = ndimage.gaussian_filter(scene, (camera.defocus, camera.defocus, 0), truncate=3)
    if camera.defocus_far > camera.defocus + 0.1:
        extra = np.sqrt(camera.defocus_far**2 - camera.defocus**2)
        far = ndimage.gaussian_filter(near, (extra, extra, 0), truncate=3)
        mix = np.linspace(1, 0, scene.shape[0], dtype=np.float32)[:, None, None]
        near += mix * (far - near)
    length, angle = camera.motion
    if length >= 1:
        steps = int(np.ceil(length)) * 2 + 1
        half = int(np.ceil(length / 2)) + 1
        kernel = np.zeros((2 * half + 1, 2 * half + 1))
        for t in np.linspace(-length / 2, length / 2, steps):
            y, x = half + t * np.sin(np.deg2rad(angle)), half + t * np.cos(np.deg2rad(angle))
            kernel[round(y), round(x)] += 1 / steps
        for channel in range(3):
            near[..., channel] = ndimage.convolve(near[..., channel], kernel, mode="nearest")
    return near


def _sensor(scene: Array, noise: float, rng: np.random.Generator) -> None:
    """Shot and read noise, in place: grey noise of one pixel, colored noise a little coarser."""
    shape = scene.shape[:2]
    if noise <= 0:
        return
    level = np.sqrt(np.maximum(scene.mean(axis=2), 0) + 0.02, dtype=np.float32) * np.float32(noise)
    grey = smooth_noise(rng, shape, 1.3)
    scene += (level * grey)[..., None]
    scene[..., 0] += level * smooth_noise(rng, shape, 2.6) * np.float32(0.35)
    scene[..., 2] += level * smooth_noise(rng, shape, 2.6) * np.float32(0.5)


def _develop(scene: Array, camera: Camera) -> NDArray[np.uint8]:
    """Tone curve, sRGB encoding and sharpening, to bytes."""
    scene = np.clip(scene, 0, 1)
    table = np.linspace(0, 1, 4096, dtype=np.float32)
    srgb = np.where(table <= 0.0031308, 12.92 * table, 1.055 * table ** (1 / 2.4) - 0.055)
    srgb += camera.contrast * (srgb * srgb * (3 - 2 * srgb) - srgb)
    # A square root before the table spends its steps where the curve is steep.
    picture = np.interp(np.arange(4096) / 4095, np.sqrt(table), srgb).astype(np.float32)
    image = picture[(np.sqrt(scene) * 4095).astype(np.int32)]
    if camera.sharpen > 0:
        soft = ndimage.gaussian_filter(image, (1.2, 1.2, 0), truncate=2.5)
        image += np.float32(camera.sharpen) * (image - soft)
    return np.round(np.clip(image, 0, 1) * 255).astype(np.uint8)

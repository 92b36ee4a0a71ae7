"""How the camera stands to a generated page, and what it is like, as a difficulty asks for."""

from __future__ import annotations

import numpy as np

from training.synthesis.camera import Camera, Shadow
from training.synthesis.difficulties import Difficulty
from training.synthesis.geometry import Curl, Geometry, aim
from training.synthesis.sheet import Sheet

SPARE = 1.3  # heights of a capital around the writing, where the sheet fills the picture
NARROWEST = 0.6  # shorter side of the part of the sheet that is photographed, of its longer one
STEEP = 10  # degrees of pitch from which the far edge is less sharp than the near one


def view(
    sheet: Sheet,
    level: Difficulty,
    cap: float,
    long_side: int,
    orientation: int,
    rng: np.random.Generator,
) -> Geometry:
    """How a sheet lies before the camera; `cap` is the height of its capitals in pixels."""
    height, width = sheet.size
    tilt, pitch, yaw = (
        float(limit * rng.uniform(-1, 1)) for limit in (level.tilt, level.pitch, level.yaw)
    )
    curl = Curl()
    if level.curl:
        reach = float(rng.uniform(0.3, 1) * level.curl * cap)
        curl = Curl(reach, float(rng.uniform(0.4, 0.8)), float(rng.uniform(0, 2 * np.pi)))
    if level.surround >= 0:
        frame, margin = (0.0, 0.0, float(height), float(width)), level.surround
    else:
        frame, margin = _around(sheet.extent(), sheet.size, SPARE * cap), 0.0
    aspect = (frame[2] - frame[0]) / (frame[3] - frame[1])
    photo = (round(long_side * min(1, aspect)), round(long_side / max(1, aspect)))
    shift = (float(rng.uniform(-0.8, 0.8)), float(rng.uniform(-0.8, 0.8)))
    return aim(
        sheet.size,
        photo,
        tilt=tilt,
        pitch=abs(pitch),
        yaw=yaw,
        frame=frame,
        margin=margin,
        shift=shift,
        orientation=orientation,
        curl=curl,
    )


def _around(
    extent: tuple[float, float, float, float], sheet: tuple[int, int], spare: float
) -> tuple[float, float, float, float]:
    """The part of the sheet to photograph: the writing, `spare` pixels and no narrower than 3:5.

    It stays on the sheet, so that next to nothing is seen of what lies beyond.
    """
    y1, x1 = max(extent[0] - spare, 0.0), max(extent[1] - spare, 0.0)
    y2, x2 = min(extent[2] + spare, sheet[0]), min(extent[3] + spare, sheet[1])
    missing = NARROWEST * (x2 - x1) - (y2 - y1)
    if missing > 0:
        y2 = min(y2 + missing, sheet[0])
        y1 = max(y2 - NARROWEST * (x2 - x1), 0.0)
    missing = NARROWEST * (y2 - y1) - (x2 - x1)
    if missing > 0:
        x2 = min(x2 + missing, sheet[1])
        x1 = max(x2 - NARROWEST * (y2 - y1), 0.0)
    return y1, x1, y2, x2


def camera_of(level: Difficulty, rng: np.random.Generator) -> Camera:
    """A camera and its light."""
    warmth = float(rng.normal(0, 0.05))
    shadows: tuple[Shadow, ...] = ()
    if level.shadow:
        kind = str(rng.choice(["phone", "hand"]))
        center = (float(rng.uniform(0.6, 1.05)), float(rng.uniform(0.1, 0.9)))
        shadows = (
            Shadow(
                kind,
                center,
                float(rng.uniform(0.4, 0.8)),
                float(rng.uniform(-35, 35)),
                float(rng.uniform(0.25, 0.5)),
                float(rng.uniform(0.03, 0.1)),
            ),
        )
    near = float(rng.uniform(0.5, level.blur))
    loss = level.light
    return Camera(
        desk=str(rng.choice(level.desks)),
        exposure=float(rng.uniform(0.72, 0.95) * level.dim),
        white=(1 + warmth, 1.0, 1 - 1.5 * warmth),
        gradient=(float(rng.uniform(-loss, loss)) * 0.6, float(rng.uniform(-loss, loss)) * 0.6),
        vignette=float(rng.uniform(0, 0.5 * loss)),
        shadows=shadows,
        defocus=near,
        defocus_far=near * (1.5 if level.pitch > STEEP else 1.0),
        noise=level.noise,
        sharpen=float(rng.uniform(0.2, 0.7)),
        contrast=float(rng.uniform(0, 0.3)),
        quality=int(rng.integers(70, 92)),
    )

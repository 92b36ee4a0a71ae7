"""Where each point of a sheet lands in the photo: camera, curl, perspective."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

Array = NDArray[np.float32]

FOCAL = 1.25  # focal length over the sheet's diagonal: a phone's main lens held over a page


@dataclass(frozen=True)
class Curl:
    """Paper that does not lie flat: rows move by a smooth function of the column.

    Seen from an angle, a sheet bent about a vertical axis shifts its text lines up and down; the
    map is exact both ways because it leaves columns alone.

    Attributes
    ----------
    amplitude : float
        Pixels of the sheet.
    waves : float
        Periods over the width of the sheet; 0.5 is a single bow.
    phase : float
        Radians.
    """

    amplitude: float = 0.0
    waves: float = 0.5
    phase: float = 0.0

    def shift(self, cols: NDArray[np.floating], width: float) -> NDArray[np.floating]:
        """Rows to add at each column (pixels)."""
        angle = cols * np.float32(2 * np.pi * self.waves / width) + np.float32(self.phase)
        return np.float32(self.amplitude) * np.sin(angle)

    def slope(self, cols: NDArray[np.floating], width: float) -> NDArray[np.floating]:
        """Derivative of `shift` over its own largest value, in [-1, 1]; 0 on a flat sheet."""
        if self.amplitude == 0:
            return np.zeros_like(cols)
        return np.cos(cols * np.float32(2 * np.pi * self.waves / width) + np.float32(self.phase))


@dataclass(frozen=True)
class Geometry:
    """Where each point of a sheet lands in the photo.

    Attributes
    ----------
    sheet : (int, int)
        Height and width of the sheet in pixels.
    photo : (int, int)
        Height and width of the photo in pixels, after the quarter turns.
    matrix : (3, 3) float64
        Homography from the (curled) sheet to the photo, in ``(row, col, 1)`` coordinates.
    curl : Curl
        Applied on the sheet, before the homography.
    """

    sheet: tuple[int, int]
    photo: tuple[int, int]
    matrix: NDArray[np.float64]
    curl: Curl = Curl()

    def to_photo(self, points: ArrayLike) -> NDArray[np.float64]:
        """Carry (N, 2) ``(row, col)`` points of the sheet to the photo."""
        p = np.asarray(points, dtype=np.float64).reshape(-1, 2)
        rows = p[:, 0] + self.curl.shift(p[:, 1], self.sheet[1])
        return project(self.matrix, np.stack([rows, p[:, 1]], axis=1))

    def grid(self) -> tuple[Array, Array]:
        """Inverse of `to_photo`: what each pixel center sees, as rows and columns, curl still in.

        Two arrays of the photo's shape; subtract ``curl.shift(cols)`` from the rows for the
        sheet itself.
        """
        height, width = self.photo
        m = np.linalg.inv(self.matrix)
        m = m / m[2, 2]
        y = np.arange(height)[:, None] + 0.5
        x = np.arange(width)[None, :] + 0.5
        w = 1 / (m[2, 0] * y + m[2, 1] * x + 1)
        rows = (m[0, 0] * y + m[0, 1] * x + m[0, 2]) * w
        cols = (m[1, 0] * y + m[1, 1] * x + m[1, 2]) * w
        return rows.astype(np.float32), cols.astype(np.float32)


def project(matrix: NDArray[np.floating], points: ArrayLike) -> NDArray[np.float64]:
    """Apply a 3x3 homography to (N, 2) ``(row, col)`` points."""
    p = np.asarray(points, dtype=np.float64).reshape(-1, 2)
    q = p @ matrix[:, :2].T + matrix[:, 2]
    return q[:, :2] / q[:, 2:]


def aim(
    sheet: tuple[int, int],
    photo: tuple[int, int],
    *,
    tilt: float = 0.0,
    pitch: float = 0.0,
    yaw: float = 0.0,
    frame: Sequence[float] | None = None,
    margin: float = 0.0,
    shift: tuple[float, float] = (0.0, 0.0),
    orientation: int = 0,
    curl: Curl | None = None,
) -> Geometry:
    """Point a pinhole camera at a sheet so that `frame` fills the photo.

    Parameters
    ----------
    sheet, photo : (int, int)
        Heights and widths in pixels; `photo` before the quarter turns.
    tilt, pitch, yaw : float
        Degrees: rotation of the sheet in its own plane (clockwise is positive), camera leaning
        over the near edge, camera standing to one side.
    frame : [y1, x1, y2, x2], optional
        Part of the sheet that must be inside the photo; the whole sheet if left out.
    margin : float
        Free space around the frame, as a fraction of the photo's side; negative cuts the
        frame's edges off.
    shift : (float, float)
        Where the frame's center lands off the photo's center, as fractions of the free space
        (-1 to 1).
    orientation : int
        How the photo was turned afterwards, clockwise: 0, 90, 180 or 270 degrees.
    curl : Curl, optional

    Raises
    ------
    ValueError
        If `orientation` is not a quarter turn.
    """
    if orientation % 90:
        raise ValueError(f"orientation must be a multiple of 90 degrees, not {orientation}")
    curl = curl or Curl()
    height, width = sheet
    y1, x1, y2, x2 = frame if frame is not None else (0, 0, height, width)
    a, b, c = np.deg2rad([tilt, pitch, yaw])
    spin = np.array([[np.cos(a), np.sin(a), 0], [-np.sin(a), np.cos(a), 0], [0, 0, 1]])
    lean = np.array([[np.cos(b), 0, np.sin(b)], [0, 1, 0], [-np.sin(b), 0, np.cos(b)]])
    side = np.array([[1, 0, 0], [0, np.cos(c), -np.sin(c)], [0, np.sin(c), np.cos(c)]])
    turned = side @ lean @ spin
    focal = FOCAL * np.hypot(height, width)
    center = np.array([[1, 0, -(y1 + y2) / 2], [0, 1, -(x1 + x2) / 2], [0, 0, 1]])
    plane = np.column_stack([turned[:, 0], turned[:, 1], [0, 0, focal]])
    matrix = np.diag([focal, focal, 1]) @ plane @ center

    # Sample the border, not the corners alone: a curled edge bulges between them.
    t = np.linspace(0, 1, 33)
    border = np.concatenate(
        [
            np.stack([np.full_like(t, y1), x1 + t * (x2 - x1)], axis=1),
            np.stack([np.full_like(t, y2), x1 + t * (x2 - x1)], axis=1),
            np.stack([y1 + t * (y2 - y1), np.full_like(t, x1)], axis=1),
            np.stack([y1 + t * (y2 - y1), np.full_like(t, x2)], axis=1),
        ]
    )
    border[:, 0] += curl.shift(border[:, 1], width)
    seen = project(matrix, border)
    low, high = seen.min(axis=0), seen.max(axis=0)
    room = np.array(photo) * (1 - 2 * margin)
    scale = float(np.min(room / (high - low)))
    free = (np.array(photo) - scale * (high - low)) / 2
    move = np.array(photo) / 2 - scale * (low + high) / 2 + np.array(shift) * np.maximum(free, 0)
    fit = np.array([[scale, 0, move[0]], [0, scale, move[1]], [0, 0, 1]])
    matrix = _quarter_turns(photo, orientation) @ fit @ matrix
    if orientation % 180:
        photo = (photo[1], photo[0])
    return Geometry(sheet, photo, matrix / matrix[2, 2], curl)


def _quarter_turns(photo: tuple[int, int], orientation: int) -> NDArray[np.float64]:
    """Matrix of a clockwise turn of a (height, width) photo, on pixel edges."""
    height, width = photo
    return {
        0: np.eye(3),
        90: np.array([[0.0, 1, 0], [-1, 0, height], [0, 0, 1]]),
        180: np.array([[-1.0, 0, height], [0, -1, width], [0, 0, 1]]),
        270: np.array([[0.0, -1, width], [1, 0, 0], [0, 0, 1]]),
    }[orientation % 360]

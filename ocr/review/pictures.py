"""Pictures for the page in the browser: photos at the size needed, and strips of single lines."""

from __future__ import annotations

import io
import threading
from collections import OrderedDict
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from scipy import ndimage

from ocr.input.photo import Photo
from ocr.layout.strips import smooth_baseline
from ocr.page import Line
from ocr.review.pages import ReviewPage

SIDES = (320, 1600, 3200)  # pixels of a photo's longer side that are served
STRIP_SIDE = 3200  # pixels of the longer side of the photo that strips are cut from
STRIP_HEIGHT = 88  # pixels at most: twice those on the screen
STRIP_WIDTH = 3000  # pixels at most
MARGIN = 0.25  # of a line's height that is shown above and below it
AVERAGED = 1.5  # pixels of the photo a pixel of the strip, above which they are averaged
RISE, FALL = 24.0, 8.0  # pixels that a line without an outline is taken to reach up and down
LEAST_RISE, LEAST_FALL = 6.0, 2.0  # and that any line reaches
MISSING = np.full((8, 8, 3), 255, np.uint8)  # shown of a line that lies off the photo: white
QUALITY = 82  # of JPEG
KEPT = 48 << 20  # bytes of encoded pictures that are held
DECODED = 3  # photos that are held decoded


class Pictures:
    """Encoded pictures, the latest held."""

    def __init__(self) -> None:
        self._kept: OrderedDict[tuple[object, ...], bytes] = OrderedDict()
        self._size = 0
        self._decoded: OrderedDict[tuple[int, int], NDArray[np.uint8]] = OrderedDict()
        self._photos: OrderedDict[int, Photo] = OrderedDict()
        self._lock = threading.Lock()
        self._decoding = threading.Lock()

    def photo(self, page: ReviewPage, side: int, turns: int) -> bytes:
        """A page's photo as JPEG, turned to the left by quarter turns.

        Raises
        ------
        ImageError
            It cannot be opened.
        """

        def made() -> bytes:
            return _jpeg(np.rot90(self._rgb(page, side), turns))

        return self._held((page.id, side, turns), made)

    def strip(self, page: ReviewPage, line: Line) -> bytes:
        """A line cut out of its photo along its baseline, as JPEG."""

        def made() -> bytes:
            rgb = self._rgb(page, STRIP_SIDE)
            photo = self.opened(page)
            return _jpeg(cut(rgb, line, max(rgb.shape[:2]) / max(photo.height, photo.width)))

        return self._held((page.id, line.baseline, line.polygon), made)

    def opened(self, page: ReviewPage) -> Photo:
        """A page's photo, opened once; see `PageSource.open`."""
        with self._lock:
            photo = self._photos.get(page.id)
        if photo is None:
            photo = page.source.open()
            with self._lock:
                self._photos[page.id] = photo
                while len(self._photos) > DECODED:
                    self._photos.popitem(last=False)
        return photo

    def _rgb(self, page: ReviewPage, side: int) -> NDArray[np.uint8]:
        with self._decoding:
            key = (page.id, side)
            if key not in self._decoded:
                larger = [k for k in self._decoded if k[0] == page.id and k[1] > side]
                if larger:
                    found = _shrunk(self._decoded[larger[0]], side)
                else:
                    found = self.opened(page).rgb(side)
                self._decoded[key] = found
                while len(self._decoded) > DECODED:
                    self._decoded.popitem(last=False)
            self._decoded.move_to_end(key)
            return self._decoded[key]

    def _held(self, key: tuple[object, ...], made: Callable[[], bytes]) -> bytes:
        with self._lock:
            if key in self._kept:
                self._kept.move_to_end(key)
                return self._kept[key]
        content = made()
        with self._lock:
            if key not in self._kept:
                self._kept[key] = content
                self._size += len(content)
            while self._size > KEPT and len(self._kept) > 1:
                self._size -= len(self._kept.popitem(last=False)[1])
        return content


def cut(rgb: NDArray[np.uint8], line: Line, scale: float) -> NDArray[np.uint8]:
    """A line straightened, with a little of what is above and below it.

    Parameters
    ----------
    rgb : (H, W, 3) uint8 array
        The photo.
    line : Line
        In pixels of the original.
    scale : float
        Pixels of `rgb` for one of the original.

    Returns
    -------
    (h, w, 3) uint8 array
        From left to right as the line runs; `h` is `STRIP_HEIGHT` at most.
    """
    base = np.array(line.baseline, dtype=np.float64) * scale
    if len(base) < 2:
        return _boxed(rgb, line, scale)
    up, down = _rises(line, base, scale)
    high = (up + down) * (1 + 2 * MARGIN)
    shrink = max(1.0, high / STRIP_HEIGHT)
    rows, cols = smooth_baseline(base, max(2.0, high / 4))  # the letters are about so high
    lengths = np.concatenate([[0.0], np.cumsum(np.hypot(np.diff(rows), np.diff(cols)))])
    margin = 0.5 * high
    shrink = max(shrink, (lengths[-1] + 2 * margin) / STRIP_WIDTH)
    along = np.arange(-margin, lengths[-1] + margin, shrink)
    inside = np.clip(along, 0, lengths[-1])
    y, x = np.interp(inside, lengths, rows), np.interp(inside, lengths, cols)
    dy, dx = np.gradient(y), np.gradient(x)
    # Beyond the ends straight on, in the direction of the ends: there the steps are none, or short.
    sure = np.hypot(dy, dx) > 0.2 * shrink
    at = np.arange(len(along))
    dy, dx = (np.interp(at, at[sure], v[sure]) if sure.any() else v for v in (dy, dx))
    norm = np.maximum(np.hypot(dy, dx), 1e-6)
    dy, dx = dy / norm, dx / norm
    y, x = y + (along - inside) * dy, x + (along - inside) * dx
    under = np.arange(-up - MARGIN * (up + down), down + MARGIN * (up + down), shrink)[:, None]
    at_y, at_x = y + under * dx, x - under * dy
    top, left = max(0, int(at_y.min()) - 2), max(0, int(at_x.min()) - 2)
    part = rgb[top : int(at_y.max()) + 3, left : int(at_x.max()) + 3]
    if not part.size:
        return MISSING
    if shrink > AVERAGED:  # averaging instead of picking single pixels
        size = (max(1, round(part.shape[1] / shrink)), max(1, round(part.shape[0] / shrink)))
        part = np.asarray(Image.fromarray(part).resize(size, Image.Resampling.BOX))
        at_y, at_x = (at_y - top) / shrink - 0.5, (at_x - left) / shrink - 0.5
    else:
        at_y, at_x = at_y - top, at_x - left
    planes = [
        ndimage.map_coordinates(part[..., k], (at_y, at_x), order=1, mode="nearest")
        for k in range(3)
    ]
    return np.stack(planes, axis=-1)


def _rises(line: Line, base: NDArray[np.float64], scale: float) -> tuple[float, float]:
    """How far a line reaches above and below its baseline, in pixels."""
    outline = np.array(line.polygon, dtype=np.float64) * scale
    if not len(outline):
        return RISE, FALL
    direction = base[-1] - base[0]
    direction /= max(float(np.hypot(*direction)), 1e-6)
    normal = np.array([direction[1], -direction[0]])
    height = (outline @ normal)[:, None] - (base @ normal)[None]
    near = np.abs((outline @ direction)[:, None] - (base @ direction)[None]).argmin(axis=1)
    reach = height[np.arange(len(outline)), near]
    return max(float(-reach.min()), LEAST_RISE), max(float(reach.max()), LEAST_FALL)


def _boxed(rgb: NDArray[np.uint8], line: Line, scale: float) -> NDArray[np.uint8]:
    """The box of a line without a baseline."""
    if not line.words:
        return MISSING
    box = line.box
    rim = MARGIN * box.height
    y1, x1 = (max(0, int((v - rim) * scale)) for v in (box.y1, box.x1))
    part = rgb[y1 : int((box.y2 + rim) * scale) + 1, x1 : int((box.x2 + rim) * scale) + 1]
    shrink = max(1.0, part.shape[0] / STRIP_HEIGHT, part.shape[1] / STRIP_WIDTH)
    size = (max(1, round(part.shape[1] / shrink)), max(1, round(part.shape[0] / shrink)))
    return np.asarray(Image.fromarray(part).resize(size, Image.Resampling.BOX))


def _shrunk(rgb: NDArray[np.uint8], side: int) -> NDArray[np.uint8]:
    scale = side / max(rgb.shape[:2])
    if scale >= 1:
        return rgb
    size = (max(1, round(rgb.shape[1] * scale)), max(1, round(rgb.shape[0] * scale)))
    return np.asarray(Image.fromarray(rgb).resize(size, Image.Resampling.BOX))


def _jpeg(rgb: NDArray[np.uint8]) -> bytes:
    stream = io.BytesIO()
    Image.fromarray(np.ascontiguousarray(rgb)).save(stream, "JPEG", quality=QUALITY)
    return stream.getvalue()

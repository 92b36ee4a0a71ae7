"""From an image to the boxes of its characters.

The chain is the course's: denoise, Otsu threshold, closing, label, regionprops. Around it stands
what real photos need: the light is evened out first, everything happens at a scale at which a
letter is `LETTER_HEIGHT` pixels high, pieces of one character are joined, touching characters are
cut apart, and specks, smudges and the edge of the sheet are dropped.

All thresholds are fractions of the median letter height, so the size of a photo does not matter.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage
from skimage.filters.thresholding import threshold_otsu
from skimage.measure import label, regionprops

FloatImage = NDArray[np.float32]
OnStage = Callable[[str, FloatImage], None]

LETTER_HEIGHT = 56.0  # px of a median letter at the working scale: strokes stay 2 px or wider
COARSE_SIDE = 1000  # px, longer side of the reduced copy on which the letter height is found
MAX_SIDE = 2600  # px, longer side of the largest working image: bounds memory
MIN_CONTRAST = 0.10  # of white: ink must be this much darker than the paper around it
NOISE_CONTRAST = 4.0  # times the noise: likewise
SURROUNDINGS = 1 / 50  # of the longer side: dark areas thicker than this are not writing
TEXTURE_CONTRAST = 7.0  # times the usual deviation from the paper's brightness: likewise


@dataclass(frozen=True)
class Segmentation:
    """What `segment` found, at the working scale.

    Attributes
    ----------
    boxes : (N, 4) int array
        ``[y1, x1, y2, x2]`` a character, half open, in working pixels.
    labels : (H, W) int32 array
        k where the ink of ``boxes[k - 1]`` is, 0 elsewhere.
    grey : (H, W) float32 array
        The image with its light evened out: paper 1, darkest ink near 0.
    letter_height : float
        Median letter height in working pixels; 0 if there are no letters.
    """

    boxes: NDArray[np.intp]
    labels: NDArray[np.int32]
    grey: FloatImage
    letter_height: float

    @property
    def bw(self) -> FloatImage:
        """(H, W) float32, 0.0 characters on 1.0 paper."""
        return np.where(self.labels > 0, np.float32(0), np.float32(1))

    def glyph(self, index: int) -> FloatImage:
        """Grey crop of one character, the ink of its neighbours painted white."""
        y1, x1, y2, x2 = self.boxes[index]
        own = self.labels[y1:y2, x1:x2]
        crop = self.grey[y1:y2, x1:x2]
        return np.where(own == index + 1, crop, np.float32(1))


def find_letters(image: NDArray[np.generic]) -> tuple[NDArray[np.intp], FloatImage]:
    """Find the characters of a hand-printed page.

    Parameters
    ----------
    image : (H, W) or (H, W, 3) array
        Grey or RGB, uint8 or float in [0, 1].

    Returns
    -------
    boxes : (N, 4) int array
        ``[y1, x1, y2, x2]`` of each character in pixels of `image`, half open.
    bw : (H, W) float32 array
        0.0 characters on 1.0 paper, of the size of `image`.

    Raises
    ------
    ValueError
        If `image` is neither grey nor RGB.

    Examples
    --------
    >>> page = np.ones((60, 100)); page[20:40, 30:34] = 0
    >>> find_letters(page)[0].tolist()
    [[20, 30, 40, 34]]
    """
    grey = to_grey(image)
    side = working_side(_reduced(grey, COARSE_SIDE / max(grey.shape)))
    if side == 0:
        return np.empty((0, 4), dtype=np.intp), np.ones_like(grey)
    found = segment(_reduced(grey, side / max(grey.shape)))
    boxes = scale_boxes(found.boxes, found.labels.shape, grey.shape)
    return boxes, np.where(resize(found.bw, grey.shape) < 0.5, np.float32(0), np.float32(1))


def to_grey(image: NDArray[np.generic]) -> FloatImage:
    """`(H, W)` float32 grey in [0, 1] of a grey or RGB image; ITU-R BT.601 luma."""
    values = np.asarray(image)
    scaled = values.astype(np.float32)
    if values.dtype == np.bool_:
        pass
    elif np.issubdtype(values.dtype, np.integer):
        scaled = scaled / np.float32(np.iinfo(values.dtype).max)
    if scaled.ndim == 3 and scaled.shape[2] in (3, 4):
        scaled = scaled[..., :3] @ np.array([0.299, 0.587, 0.114], dtype=np.float32)
    if scaled.ndim != 2 or scaled.size == 0:
        raise ValueError(f"an image is (H, W) or (H, W, 3), got shape {values.shape}")
    return np.clip(scaled, 0.0, 1.0)


def resize(image: FloatImage, shape: tuple[int, ...]) -> FloatImage:
    """Resample to `shape`, averaging areas when smaller."""
    from PIL import Image

    if image.shape == shape:
        return image
    method = Image.Resampling.BOX if shape[0] < image.shape[0] else Image.Resampling.BILINEAR
    picture = Image.fromarray(np.ascontiguousarray(image, dtype=np.float32))
    return np.asarray(picture.resize((shape[1], shape[0]), method), dtype=np.float32)


def scale_boxes(
    boxes: NDArray[np.intp], shape: tuple[int, ...], target: tuple[int, ...]
) -> NDArray[np.intp]:
    """`(N, 4)` boxes of an image of `shape` as boxes of the same image of size `target`."""
    ratio = np.array([target[0] / shape[0], target[1] / shape[1]])
    limit = np.array(target[:2], dtype=np.intp)
    low = np.clip(np.round(boxes[:, :2] * ratio).astype(np.intp), 0, limit - 1)
    high = np.round(boxes[:, 2:] * ratio).astype(np.intp)
    return np.hstack([low, np.clip(high, low + 1, limit)])


def working_side(coarse: FloatImage) -> float:
    """Longer side, in pixels, at which the letters of a page have their working height.

    Parameters
    ----------
    coarse : (H, W) float32 array
        The page, its longer side at most `COARSE_SIDE`.

    Returns
    -------
    float
        At most `MAX_SIDE`; 0 if there is nothing like a letter.
    """
    height = _letter_height_of(ink_mask(even_light(denoise(coarse))))
    if height == 0:
        return 0.0
    return min(LETTER_HEIGHT / height * max(coarse.shape), MAX_SIDE)


def segment(work: FloatImage, on_stage: OnStage | None = None) -> Segmentation:
    """Find the characters of a page at its working scale (see `working_side`).

    Parameters
    ----------
    work : (H, W) float32 array
        Grey in [0, 1], 0 black.
    on_stage : callable, optional
        Called with the name and the picture of each stage.

    Returns
    -------
    Segmentation
    """
    show = on_stage or (lambda name, picture: None)
    show("grey", work)
    work = denoise(work)
    show("denoised", work)
    even = even_light(work)
    show("even-light", even)
    mask = ink_mask(even)
    show("ink", np.where(mask, np.float32(0), np.float32(1)))
    height = _letter_height_of(mask)
    if height == 0:
        nothing = np.zeros(work.shape, dtype=np.int32)
        return Segmentation(np.empty((0, 4), dtype=np.intp), nothing, even, 0.0)
    mask = close_gaps(mask, height)
    show("closed", np.where(mask, np.float32(0), np.float32(1)))
    boxes, labels, height = characters(mask, even, height)
    found = Segmentation(boxes, labels, even, height)
    show("letters", found.bw)
    return found


def _reduced(grey: FloatImage, scale: float) -> FloatImage:
    if scale >= 1:
        return grey
    shape = tuple(max(1, round(side * scale)) for side in grey.shape)
    return resize(grey, shape)


def noise_sigma(grey: FloatImage) -> float:
    """Standard deviation of the noise (Immerkaer 1996, doi:10.1006/cviu.1996.0060).

    A Laplacian difference that edges hardly answer to; the median in place of the paper's mean
    keeps dense writing from counting as noise.
    """
    if min(grey.shape) < 3:
        return 0.0
    mask = np.array([[1, -2, 1], [-2, 4, -2], [1, -2, 1]], dtype=np.float32)
    answer = np.abs(ndimage.convolve(grey, mask, mode="nearest"))
    return float(np.median(answer[::2, ::2])) / 0.6745 / 6.0


def denoise(grey: FloatImage) -> FloatImage:
    """Smooth by as much as the noise asks for: nothing below 0.4 % of white, then a Gaussian."""
    sigma = noise_sigma(grey)
    if sigma < 0.004:
        return grey
    return ndimage.gaussian_filter(grey, min(0.4 + 25.0 * sigma, 1.2), mode="nearest")


def even_light(grey: FloatImage) -> FloatImage:
    """Divide by the paper's own brightness, estimated around each pixel.

    The paper is what remains when everything dark and narrower than a twelfth of the picture is
    closed (a grey closing of a reduced copy), smoothed. Result in [0, 1], paper 1.
    """
    side = 160
    small = _reduced(grey, side / max(grey.shape))
    window = max(3, round(max(small.shape) / 12))
    paper = ndimage.grey_closing(ndimage.median_filter(small, 3), size=(window, window))
    paper = ndimage.gaussian_filter(paper, window / 3, mode="nearest")
    paper = resize(paper, grey.shape)
    return np.clip(grey / np.maximum(paper, 0.02), 0.0, 1.0)


def ink_mask(even: FloatImage) -> NDArray[np.bool_]:
    """Where the ink is, by Otsu's threshold (1979, doi:10.1109/TSMC.1979.4310076).

    Ink is rare, and Otsu's two classes want to be of like size; so the threshold is found among
    the pixels near something dark only. Fainter pixels that touch ink are ink too (hysteresis).
    A page without contrast gives an empty mask.
    """
    sigma = noise_sigma(even)
    sample = even[::3, ::3]
    paper = float(np.median(sample))
    spread = 1.4826 * float(np.median(np.abs(sample - paper)))
    contrast = max(MIN_CONTRAST, NOISE_CONTRAST * sigma, 3.0 * min(spread, 0.1))
    dark = even < paper - contrast
    around = surroundings(dark)
    dark &= ~around
    if not dark.any():
        return dark
    near = ndimage.binary_dilation(dark, iterations=2)
    values = even[near]
    if np.ptp(values) == 0:
        return dark
    threshold = min(float(threshold_otsu(values)), paper - contrast)
    faint = (even < threshold + 0.4 * (paper - threshold - contrast / 2)) & ~around
    strong = (even < threshold) & ~around
    if paper - float(even[strong].mean()) < TEXTURE_CONTRAST * spread:
        return np.zeros_like(dark)  # texture: wood, cloth, noise
    marked, count = ndimage.label(faint, structure=np.ones((3, 3)))
    if count == 0:
        return strong
    keep = np.zeros(count + 1, dtype=bool)
    keep[marked[strong]] = True
    keep[0] = False
    return keep[marked]


def surroundings(dark: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """What is dark because it is not the page: the desk, a frame, a shadowed margin.

    Connected dark areas that reach the border of the picture and are thicker somewhere than
    `SURROUNDINGS` of its longer side, which no pen is.
    """
    thick = max(3, round(SURROUNDINGS * max(dark.shape)))
    step = max(1, thick // 6)
    coarse = dark[::step, ::step]
    size = max(2, thick // step)
    core = ndimage.binary_opening(coarse, np.ones((size, size)))
    if not core.any():
        return np.zeros_like(dark)
    marks, count = ndimage.label(dark, structure=np.ones((3, 3)))
    chosen = np.zeros(count + 1, dtype=bool)
    chosen[marks[::step, ::step][core & coarse]] = True
    border = np.zeros(count + 1, dtype=bool)
    for side in (marks[0], marks[-1], marks[:, 0], marks[:, -1]):
        border[side] = True
    chosen &= border
    chosen[0] = False
    return chosen[marks]


def close_gaps(mask: NDArray[np.bool_], letter_height: float) -> NDArray[np.bool_]:
    """Morphological closing over 4 % of the letter height: mends strokes broken by the pen."""
    radius = max(1, round(0.02 * letter_height))
    across = np.arange(-radius, radius + 1)
    disk = across[:, None] ** 2 + across**2 <= radius**2 + 0.5
    padded = np.pad(mask, radius)
    closed = ndimage.binary_closing(padded, disk)
    return closed[radius:-radius, radius:-radius]


def _letter_height_of(mask: NDArray[np.bool_]) -> float:
    """Median letter height in pixels; 0 if nothing in the mask could be a letter."""
    marks, _ = ndimage.label(mask, structure=np.ones((3, 3)))
    slices = ndimage.find_objects(marks)
    heights = np.array([rows.stop - rows.start for rows, _ in slices], dtype=float)
    widths = np.array([cols.stop - cols.start for _, cols in slices], dtype=float)
    return median_letter_height(heights, widths, mask.shape)


def median_letter_height(
    heights: NDArray[np.float64], widths: NDArray[np.float64], shape: tuple[int, ...]
) -> float:
    """Median height of the components that could be letters, each counting by its size.

    Weighting by height keeps dots and specks from pulling the median down. Components that span
    most of the picture are frames or shadows, and lines much flatter than high are rules.
    """
    least = min(6, 0.2 * shape[0])  # px; in a crop of one small word letters may be tiny
    usual = (
        (heights >= least)
        & (heights < 0.7 * max(shape[0], 8))
        & (widths < 0.7 * max(shape[1], 8))
        & (widths < 12 * heights)
    )
    if not usual.any():  # perhaps the picture is a crop of one letter
        usual = (heights >= least) & (widths < 12 * heights) & (heights < 40 * widths)
        usual &= max(shape) < 20 * heights
        if not usual.any():
            return 0.0
    chosen = np.sort(heights[usual])
    share = np.cumsum(chosen) / chosen.sum()
    return float(chosen[np.searchsorted(share, 0.5)])


# Shares of the letter height (H, the larger of the page's median and the pieces' own height).
SPECK = 0.05  # anything smaller in both directions is dirt
SMALL = 0.42  # a dot, comma, bar end: not a letter by itself
DOT_GAP = 0.6  # a dot stands at most this far above or below its stem
TALLEST = 1.6  # a joined character is no higher than this
BAR_GAP = 0.14  # a loose bar stands at most this far from its stem
FLAT = 0.33  # a bar is no higher than this
UPRIGHT = 0.26  # a piece narrower than this is a single upright stroke
WIDEST = 1.25  # a character joined side by side is no wider than this


def characters(
    mask: NDArray[np.bool_], even: FloatImage, letter_height: float
) -> tuple[NDArray[np.intp], NDArray[np.int32], float]:
    """Connected components of ink, made into one component a character.

    Parameters
    ----------
    mask : (H, W) bool array
        Ink.
    even : (H, W) float32 array
        Grey with even light, for telling smudges from ink.
    letter_height : float
        First estimate, pixels.

    Returns
    -------
    boxes : (N, 4) int array
    labels : (H, W) int32 array
        k on the ink of ``boxes[k - 1]``.
    letter_height : float
        Median height of the characters that are not signs, pixels; 0 for none.
    """
    pieces, labels = writing(mask, even, letter_height)
    if not len(pieces):
        return np.empty((0, 4), dtype=np.intp), np.zeros(mask.shape, dtype=np.int32), 0.0
    group = join_pieces(pieces, letter_height)
    labels = np.concatenate([[0], group + 1]).astype(np.int32)[labels]
    labels = split_touching(labels, letter_height, stroke_width(mask))
    boxes = _boxes_of(labels)
    heights = boxes[:, 2] - boxes[:, 0]
    letters = heights[heights > SMALL * letter_height]
    return boxes, labels, float(np.median(letters)) if len(letters) else letter_height


def _boxes_of(labels: NDArray[np.int32]) -> NDArray[np.intp]:
    rows = [(s[0].start, s[1].start, s[0].stop, s[1].stop) for s in ndimage.find_objects(labels)]
    return np.array(rows, dtype=np.intp).reshape(-1, 4)


def stroke_width(mask: NDArray[np.bool_]) -> float:
    """Mean width of the strokes in pixels: twice the area over the length of the outline."""
    edge = mask & ~ndimage.binary_erosion(mask, border_value=1)
    return 2.0 * float(mask.sum()) / max(float(edge.sum()), 1.0)


def writing(
    mask: NDArray[np.bool_], even: FloatImage, letter_height: float
) -> tuple[NDArray[np.intp], NDArray[np.int32]]:
    """The components that are writing: `(N, 4)` boxes and their labels, 1 to N.

    Dropped are specks and smudges (small and faint, or small and far from any letter), what
    touches the border without being a letter there, blots much thicker than a pen, and rules.
    """
    labels, count = label(mask, connectivity=2, return_num=True)
    if count == 0:
        return np.empty((0, 4), dtype=np.intp), labels.astype(np.int32)
    stroke = stroke_width(mask)
    area = np.bincount(labels.ravel(), minlength=count + 1)
    coarse_dirt = area < 0.3 * stroke**2
    coarse_dirt[0] = True
    labels = (np.cumsum(~coarse_dirt) * ~coarse_dirt).astype(np.int32)[labels]
    regions = regionprops(labels, intensity_image=1.0 - even)
    if not regions:
        return np.empty((0, 4), dtype=np.intp), labels
    boxes = np.array([region.bbox for region in regions], dtype=np.intp)
    darkness = np.array([region.intensity_mean for region in regions])
    area = np.array([region.area for region in regions])
    heights, widths = boxes[:, 2] - boxes[:, 0], boxes[:, 3] - boxes[:, 1]
    longest = np.maximum(heights, widths)
    shape = np.array(mask.shape)
    at_border = (
        (boxes[:, :2] <= 0).any(axis=1)
        | (boxes[:, 2] >= shape[0]).astype(bool)
        | (boxes[:, 3] >= shape[1])
    )
    letter = (heights > SMALL * letter_height) & (heights < 2.5 * letter_height)
    usual = float(np.median(darkness[letter])) if letter.any() else float(np.median(darkness))
    small = longest < SMALL * letter_height
    keep = longest > SPECK * letter_height
    keep &= ~(small & (darkness < 0.6 * usual))
    keep &= ~(at_border & (small | (heights > 2.5 * letter_height) | (widths > 4 * letter_height)))
    keep &= ~((heights < 0.3 * letter_height) & (widths > 3 * letter_height))
    keep &= heights < 5 * letter_height
    blot = area > 6 * stroke * (heights + widths)
    keep &= ~(blot & ~small)
    if letter.any() and (small & keep).any():
        keep &= ~(small & (_distance(boxes, boxes[letter & keep]) > 1.6 * letter_height))
    renumber = np.concatenate([[0], np.cumsum(keep) * keep]).astype(np.int32)
    return boxes[keep], renumber[labels]


def _distance(boxes: NDArray[np.intp], others: NDArray[np.intp]) -> NDArray[np.float64]:
    """Distance of each box to the nearest of `others` (not itself), in pixels; inf for none."""
    if not len(others):
        return np.full(len(boxes), np.inf)
    rows = np.maximum(boxes[:, None, 0] - others[:, 2], others[:, 0] - boxes[:, None, 2])
    cols = np.maximum(boxes[:, None, 1] - others[:, 3], others[:, 1] - boxes[:, None, 3])
    return np.hypot(np.maximum(rows, 0), np.maximum(cols, 0)).min(axis=1)


def join_pieces(boxes: NDArray[np.intp], letter_height: float) -> NDArray[np.intp]:
    """Which pieces form one character.

    Parameters
    ----------
    boxes : (N, 4) int array
        One box a connected component.
    letter_height : float
        Pixels.

    Returns
    -------
    (N,) int array
        Number of the character each piece belongs to, 0 to M - 1.
    """
    group = np.arange(len(boxes))
    merged = boxes.astype(float)
    y1, x1, y2, x2 = merged.T
    rows = np.maximum(y1[:, None], y1) - np.minimum(y2[:, None], y2)
    cols = np.maximum(x1[:, None], x1) - np.minimum(x2[:, None], x2)
    near = (rows < DOT_GAP * 2 * letter_height) & (cols < 0.3 * letter_height)
    first, second = np.nonzero(np.triu(near, 1))
    gap = np.hypot(np.maximum(rows, 0), np.maximum(cols, 0))[first, second]
    usual_gap = _usual_gap(boxes, letter_height)
    for k in np.argsort(gap, kind="stable"):
        a, b = group[first[k]], group[second[k]]
        if a != b and _same_character(merged[a], merged[b], letter_height, usual_gap):
            merged[a] = [
                *np.minimum(merged[a], merged[b])[:2],
                *np.maximum(merged[a], merged[b])[2:],
            ]
            group[group == b] = a
    return np.unique(group, return_inverse=True)[1]


def _usual_gap(boxes: NDArray[np.intp], letter_height: float) -> float:
    """Median gap from a letter to the next one on its right, pixels."""
    letters = boxes[(boxes[:, 2] - boxes[:, 0]) > SMALL * letter_height].astype(float)
    if len(letters) < 4:
        return 0.4 * letter_height
    y1, x1, y2, x2 = letters.T
    beside = np.minimum(y2[:, None], y2) - np.maximum(y1[:, None], y1) > 0.4 * letter_height
    gap = x1 - x2[:, None]
    right = beside & (x1 > x1[:, None]) & (gap > -0.2 * letter_height)
    gaps = np.where(right, gap, np.inf).min(axis=1)
    gaps = gaps[gaps < 2 * letter_height]
    return float(np.clip(np.median(gaps), 0, letter_height)) if len(gaps) else 0.4 * letter_height


def _same_character(
    a: NDArray[np.float64], b: NDArray[np.float64], letter_height: float, usual_gap: float
) -> bool:
    """Whether two pieces, given by their boxes, belong to one character."""
    if (a[2] - a[0]) * (a[3] - a[1]) < (b[2] - b[0]) * (b[3] - b[1]):
        a, b = b, a  # a is the larger
    (height_a, width_a), (height_b, width_b) = a[2:] - a[:2], b[2:] - b[:2]
    high = max(letter_height, min(max(height_a, height_b), 2 * letter_height))
    union_height = max(a[2], b[2]) - min(a[0], b[0])
    union_width = max(a[3], b[3]) - min(a[1], b[1])
    if union_height > TALLEST * high:
        return False
    rows = min(a[2], b[2]) - max(a[0], b[0])  # overlap; negative is a gap
    cols = min(a[3], b[3]) - max(a[1], b[1])
    centre = (b[1] + b[3]) / 2

    # nested: a bar inside E, the eye of an opened A
    if rows > 0 and cols > 0 and rows * cols > 0.5 * height_b * width_b:
        return bool(union_width <= 1.6 * high)

    # a bar across or above an upright stroke: T, F, J, 5, 7 with the bar not met
    bar, stem = (a, b) if width_a > width_b else (b, a)
    bar_height, bar_width = bar[2:] - bar[:2]
    stem_height, stem_width = stem[2:] - stem[:2]
    lying = bar_height < 0.5 * high and bar_width > 1.6 * bar_height
    if lying and stem_width < 0.45 * high < stem_height:
        inside = bar[1] - 0.1 * high <= (stem[1] + stem[3]) / 2 <= bar[3] + 0.1 * high
        if inside and bar[0] < stem[0] + 0.3 * high and -rows <= BAR_GAP * 2 * high:
            return bool(bar_width < 1.2 * high)

    # one above the other: i, j, !, ?, :, ;, =
    small = height_b < SMALL * high and width_b < 0.7 * high
    flat = height_a < FLAT * high and height_b < FLAT * high
    if (small or flat) and -rows <= DOT_GAP * high and rows < 0.5 * height_b:
        single = width_a < 0.5 * high  # a stem may have its dot to the side
        beside = max(a[1] - centre, centre - a[3], 0.0)
        over = cols > 0.5 * width_b or (single and beside < 0.15 * high)
        if over and (-rows <= 0.25 * high or single or flat):
            return bool(width_b <= 1.3 * max(width_a, 0.7 * high))

    # side by side: a loose bar of E or F, strokes of H, K, N that do not meet
    gap_limit = min(BAR_GAP * high, 0.45 * usual_gap)
    if -cols <= gap_limit and rows > 0.5 * height_b and union_width <= WIDEST * high:
        loose = height_b < FLAT * high and width_b < 0.8 * high
        stroke = min(width_a, width_b) < UPRIGHT * high and min(height_a, height_b) > 0.5 * high
        return bool(loose or stroke)
    return False


def split_touching(
    labels: NDArray[np.int32], letter_height: float, stroke: float
) -> NDArray[np.int32]:
    """Cut characters that touch, where the shape says so.

    A component much wider than a letter is cut at columns where it is a single thin run of ink,
    no thicker than a stroke, with a letter's worth of ink on both sides.

    Parameters
    ----------
    labels : (H, W) int32 array
        One label a component.
    letter_height, stroke : float
        Pixels.

    Returns
    -------
    (H, W) int32 array
        Labels 1 to M.
    """
    out = labels.copy()
    following = int(labels.max()) + 1
    for index, place in enumerate(ndimage.find_objects(labels), start=1):
        if place is None:
            continue
        own = labels[place] == index
        height, width = own.shape
        if width < 1.45 * letter_height or height < 0.5 * letter_height:
            continue
        cuts = cut_columns(own, letter_height, stroke)
        view = out[place]
        for start, stop in zip(cuts, [*cuts, width][1:], strict=True):
            part = own[:, start:stop]
            view[:, start:stop][part] = following
            following += 1
    used = np.bincount(out.ravel(), minlength=following) > 0
    used[0] = False
    return (np.cumsum(used) * used).astype(np.int32)[out]


def cut_columns(own: NDArray[np.bool_], letter_height: float, stroke: float) -> list[int]:
    """Columns at which to cut one component, in order; empty if it is one character."""
    height = len(own)
    padded = np.pad(own, ((1, 1), (0, 0)))
    runs = (padded[1:] & ~padded[:-1]).sum(axis=0)
    thickness = own.sum(axis=0)
    extent = height - own.argmax(axis=0) - own[::-1].argmax(axis=0)
    thin = (runs == 1) & (thickness <= 1.35 * stroke + 1) & (extent <= 1.35 * stroke + 1)
    marks, count = ndimage.label(thin)
    narrowest = 0.35 * letter_height
    cuts: list[int] = []
    for k in range(1, count + 1):
        columns = np.flatnonzero(marks == k)
        middle = int(columns[len(columns) // 2])
        left = own[:, (cuts[-1] if cuts else 0) : columns[0]]
        right = own[:, columns[-1] + 1 :]
        if min(left.shape[1], right.shape[1]) < narrowest:
            continue
        tall = [np.ptp(np.flatnonzero(side.any(axis=1))) for side in (left, right)]
        if min(tall) > 0.5 * letter_height:
            cuts.append(middle)
    return cuts

"""From a grey photo to its ink: noise, light, what shows through, threshold.

The first half of the course's `find_letters` chain (denoise, Otsu threshold), with what a photo
adds to a scan: uneven light, dark surroundings, the ink of the other side, pens of different
darkness on one page, chalk, and pictures without any writing.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from scipy import ndimage
from skimage.filters.thresholding import threshold_otsu

FloatImage = NDArray[np.float32]
Mask = NDArray[np.bool_]

MIN_CONTRAST = 0.10  # of white: ink must be this much darker than the paper around it
NOISE_CONTRAST = 4.0  # times the noise: likewise
TEXTURE_CONTRAST = 7.0  # times the usual deviation from the paper's brightness: likewise
SHEET_SIDE = 160  # px, longer side of the copy on which paper and light are estimated
TILE = 12  # px of a small copy on which it is told whether writing is dark or light
STEP = 0.1  # of white: the ground of neighbouring tiles differs by less, or there is an edge
LEAST_MARK = 0.03  # of white: less than this off its ground nothing is writing there
CLEARLY = 2.0  # times as much light on dark as dark on light, or nothing is turned
SHADE = 0.06  # of white: what is darker than paper by this much may show through
DEEP = 0.3  # of white: nothing that shows through is darker than paper by more
STEEP = 0.155  # of white over four pixels: edges of ink are as steep
BLURRED = 0.0025  # of the page: less that is dark and blurred is left alone
FAINTER = 0.01  # of the ink's area: less that is dark beside it is no writing by another pen
FEWEST_FAINTER = 3  # letters: likewise
IN_FOCUS = 0.63  # of the ink's darkness: its edges are as steep, or the photo is blurred
SURROUNDINGS = 1 / 50  # of the longer side: dark areas thicker than this are not writing


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
    if image.shape == shape:
        return image
    method = Image.Resampling.BOX if shape[0] < image.shape[0] else Image.Resampling.BILINEAR
    picture = Image.fromarray(np.ascontiguousarray(image, dtype=np.float32))
    return np.asarray(picture.resize((shape[1], shape[0]), method), dtype=np.float32)


def reduced(grey: FloatImage, scale: float) -> FloatImage:
    """`grey` at `scale` of its size; itself where that would enlarge it."""
    if scale >= 1:
        return grey
    shape = tuple(max(1, round(side * scale)) for side in grey.shape)
    return resize(grey, shape)


def noise_sigma(grey: FloatImage) -> float:
    """Standard deviation of the noise (Immerkaer 1996, doi:10.1006/cviu.1996.0060).

    A Laplacian difference that edges hardly answer to, at a sample of the pixels; the median in
    place of the paper's mean keeps dense writing from counting as noise.
    """
    if min(grey.shape) < 3:
        return 0.0
    step = 2 + min(grey.shape) // 120
    down = grey[:-2:step] - 2 * grey[1:-1:step] + grey[2::step]
    answer = np.abs(down[:, :-2:step] - 2 * down[:, 1:-1:step] + down[:, 2::step])
    return float(np.median(answer)) / 0.6745 / 6.0


def denoise(grey: FloatImage) -> FloatImage:
    """Smooth by as much as the noise asks for: nothing below 0.4 % of white, then a Gaussian."""
    sigma = noise_sigma(grey)
    if sigma < 0.004:
        return grey
    return ndimage.gaussian_filter(grey, min(0.4 + 25.0 * sigma, 1.2), mode="nearest")


def light_on_dark(rgb: NDArray[np.uint8]) -> bool:
    """Whether a picture's writing is lighter than its ground: chalk, a negative.

    The picture is cut into tiles, and in each the deviations from its median are added up by
    sign: most of a tile is ground, and writing deviates to one side. Tiles that differ much from
    their neighbours hold the edge of something and do not count.

    Parameters
    ----------
    rgb : (H, W, 3) uint8 array
        The picture, reduced to some hundred pixels.
    """
    grey = to_grey(rgb)
    tile = min(TILE, *grey.shape)
    rows, cols = (side // tile for side in grey.shape)
    cut = grey[: rows * tile, : cols * tile].reshape(rows, tile, cols, tile)
    tiles = cut.swapaxes(1, 2).reshape(rows, cols, -1)
    ground = np.median(tiles, axis=2)
    step = ndimage.maximum_filter(ground, 3) - ndimage.minimum_filter(ground, 3)
    off = tiles - ground[..., np.newaxis]
    off = off[step < STEP] if (step < STEP).any() else off
    above = float(np.maximum(off - LEAST_MARK, 0).sum())
    below = float(np.maximum(-off - LEAST_MARK, 0).sum())
    return above > CLEARLY * below and above > 0


def median_of_nine(image: FloatImage) -> FloatImage:
    """Median of each pixel and its eight neighbours, the border repeated.

    SciPy's `median_filter` of 3 at a tenth of the cost: of columns of three, sorted, it is the
    median of the largest low one, the median of the middle ones and the smallest high one.
    """
    padded = np.pad(image, 1, mode="edge")
    low, middle, high = _sorted_three(padded[:-2], padded[1:-1], padded[2:])
    lows = np.maximum(np.maximum(low[:, :-2], low[:, 1:-1]), low[:, 2:])
    highs = np.minimum(np.minimum(high[:, :-2], high[:, 1:-1]), high[:, 2:])
    middles = _sorted_three(middle[:, :-2], middle[:, 1:-1], middle[:, 2:])[1]
    return _sorted_three(lows, middles, highs)[1]


def _sorted_three(
    a: FloatImage, b: FloatImage, c: FloatImage
) -> tuple[FloatImage, FloatImage, FloatImage]:
    a, b = np.minimum(a, b), np.maximum(a, b)
    b, c = np.minimum(b, c), np.maximum(b, c)
    return np.minimum(a, b), np.maximum(a, b), c


def even_light(grey: FloatImage) -> FloatImage:
    """Divide by the paper's own brightness, estimated around each pixel.

    The paper is what remains when everything dark and narrower than a twelfth of the picture (a
    fourth of a narrow strip's height) is closed: a grey closing of a reduced copy, smoothed.
    Result in [0, 1], paper 1.
    """
    small = reduced(grey, SHEET_SIDE / max(grey.shape))
    window = max(3, round(min(max(small.shape) / 12, min(small.shape) / 4)))
    paper = ndimage.grey_closing(median_of_nine(small), size=(window, window))
    paper = ndimage.gaussian_filter(paper, window / 3, mode="nearest")
    even = grey / resize(np.maximum(paper, np.float32(0.02)), grey.shape)
    return np.minimum(even, np.float32(1), out=even)


def edge_steps(small: FloatImage) -> FloatImage:
    """How much each pixel's neighbours above and below, or left and right, differ."""
    step = np.zeros_like(small)
    step[1:-1] = np.abs(small[2:] - small[:-2])
    step[:, 1:-1] = np.maximum(step[:, 1:-1], np.abs(small[:, 2:] - small[:, :-2]))
    return step


def without_show_through(even: FloatImage) -> FloatImage:
    """The page without what is dark, faint and blurred: the other side's ink, smudges, shadows.

    Paper scatters what shines through it, so that its edges are soft where those of ink are sharp
    or at least steep. Where more than `BLURRED` of a page is darker than paper and away from
    steep edges, that is taken for the paper's own brightness, filled in below the ink from around
    it, and divided out; but not where the darkest ink is out of focus as well. Measured at half
    the size.

    Parameters
    ----------
    even : (H, W) float32 array
        Grey with even light, letters about `ocr.find_letters.LETTER_HEIGHT` high or less.

    Returns
    -------
    (H, W) float32 array
        `even` itself where there is no such thing.
    """
    small = np.ascontiguousarray(even[::2, ::2])
    paper = np.float32(np.median(small[::4, ::4]))
    steps = edge_steps(small)
    deep = small < paper - DEEP
    ground = ~around_any(np.pad((steps > STEEP) | deep, 2), 5)
    if np.mean(ground & (small < paper - SHADE)) < BLURRED:
        return even
    if deep.mean() > BLURRED / 10:
        full = paper - float(np.percentile(small[deep], 10))
        if np.percentile(steps[dilated(deep, 3)], 90) < IN_FOCUS * full:
            return even
    near, weight = _mean_over(small, ground, 1.5)
    far, _ = _mean_over(small[::4, ::4], ground[::4, ::4], 1.5)
    shade = np.where(weight > 0.02, near, resize(far, small.shape))
    shade = resize(np.clip(shade, paper - DEEP, paper), even.shape)
    return np.clip(even * (paper / shade), 0.0, 1.0)


def _mean_over(values: FloatImage, where: Mask, sigma: float) -> tuple[FloatImage, FloatImage]:
    """Gaussian mean of the values around each pixel that count, and the weight of these."""
    weight = ndimage.gaussian_filter(where.astype(np.float32), sigma, truncate=3)
    total = ndimage.gaussian_filter(np.where(where, values, np.float32(0)), sigma, truncate=3)
    return np.where(weight > 0, total / np.maximum(weight, 1e-6), 1).astype(np.float32), weight


def ink_components(even: FloatImage) -> NDArray[np.int32]:
    """The connected ink, by Otsu's threshold (1979, doi:10.1109/TSMC.1979.4310076).

    Ink is rare, and Otsu's two classes want to be of like size; so the threshold is found among
    the pixels near something dark only. Fainter pixels that touch ink are ink too (hysteresis).
    Where much is left that looks like fainter writing, such as pencil beside a marker, each stroke
    of it has a threshold of its own (`fainter_ink`). A page without contrast has none.

    Parameters
    ----------
    even : (H, W) float32 array
        Grey with even light.

    Returns
    -------
    (H, W) int32 array
        1 to N on the components, which touch by corners too; 0 elsewhere.
    """
    sigma = noise_sigma(even)
    sample = even[::5, ::5]
    paper = float(np.median(sample))
    spread = 1.4826 * float(np.median(np.abs(sample - paper)))
    contrast = max(MIN_CONTRAST, NOISE_CONTRAST * sigma, 3.0 * min(spread, 0.1))
    dark = even < paper - contrast
    around = surroundings(dark)
    dark &= ~around
    if not dark.any():
        return np.zeros(even.shape, dtype=np.int32)
    near = dilated(dark, 2)
    values = even[near]
    if np.ptp(values) == 0:
        return components(dark)
    threshold = min(float(threshold_otsu(values)), paper - contrast)
    faint = (even < threshold + 0.6 * (paper - threshold - contrast / 2)) & ~around
    strong = (even < threshold) & ~around
    if not strong.any() or paper - float(even[strong].mean()) < TEXTURE_CONTRAST * spread:
        return np.zeros(even.shape, dtype=np.int32)  # texture: wood, cloth, noise
    ink = components(faint)
    keep_only(ink, np.bincount(ink[strong], minlength=int(ink.max()) + 1)[1:] > 0)
    fainter = fainter_ink(even, dark & ~dilated(ink > 0, 3), ink, paper)
    return components((ink > 0) | fainter) if fainter.any() else ink


def keep_only(labels: NDArray[np.int32], keep: Mask) -> None:
    """Keep the components 1 to N for which `keep` (N,) is true, in place, numbered from 1 again."""
    renumber(labels, np.where(keep, np.cumsum(keep), 0))


def renumber(labels: NDArray[np.int32], number: NDArray[np.intp]) -> None:
    """Number the components 1 to N as `number` (N,) says, in place; 0 drops one.

    Paper, which most of a page is, costs nothing.
    """
    flat = labels.reshape(-1)
    pixels = np.flatnonzero(flat)
    flat[pixels] = number[flat[pixels] - 1]


def components(mask: Mask) -> NDArray[np.int32]:
    """`(H, W)`: 1 to N on what is connected, by corners too; 0 elsewhere."""
    labels: NDArray[np.int32] = ndimage.label(mask, structure=np.ones((3, 3)))[0]
    return labels


def fainter_ink(even: FloatImage, rest: Mask, ink: NDArray[np.int32], paper: float) -> Mask:
    """Strokes of a fainter pen than the one that a page's threshold is made for.

    They are darker than paper, apart from the ink found so far, have steep edges, and are as high
    as its letters; or there are none. Each component has its own threshold, halfway between paper
    and its darkest pixel (after Bernsen 1986, with components for windows: they hold one pen).

    Parameters
    ----------
    even : (H, W) float32 array
        Grey with even light.
    rest : (H, W) bool array
        What is darker than paper but not near any ink.
    ink : (H, W) int32 array
        The ink, as `ink_components` gives it.
    paper : float
        Brightness of the paper.

    Returns
    -------
    (H, W) bool array
    """
    if np.count_nonzero(rest) < FAINTER * np.count_nonzero(ink):
        return np.zeros_like(rest)
    labels = components(rest)
    count = int(labels.max())
    steep = labels[::2, ::2][edge_steps(np.ascontiguousarray(even[::2, ::2])) > STEEP]
    keep = np.bincount(steep, minlength=count + 1) > 0
    keep[0] = False
    places = ndimage.find_objects(labels)
    heights = np.array([0, *(rows.stop - rows.start for rows, _ in places)])
    widths = np.array([0, *(cols.stop - cols.start for _, cols in places)])
    high = np.sort([rows.stop - rows.start for rows, _ in ndimage.find_objects(ink)])
    usual = float(high[np.searchsorted(np.cumsum(high), high.sum() / 2)])
    letters = keep & (heights > 0.5 * usual) & (heights < 2 * usual)
    letters &= (widths > 0.25 * usual) & (widths < 4 * heights)  # what is left of rules is thin
    if letters.sum() < FEWEST_FAINTER:
        return np.zeros_like(rest)
    darkest = np.concatenate([[paper], ndimage.minimum(even, labels, np.arange(1, count + 1))])
    threshold = np.where(keep, (paper + darkest) / 2, -1.0).astype(np.float32)
    return rest & (even < threshold[labels])


def dilated(mask: Mask, steps: int = 1) -> Mask:
    """What lies at most `steps` pixels away, counted along rows and columns.

    What SciPy's `binary_dilation` gives with its own structure, at a tenth of the cost.
    """
    for _ in range(steps):
        grown = mask.copy()
        grown[1:] |= mask[:-1]
        grown[:-1] |= mask[1:]
        grown[:, 1:] |= mask[:, :-1]
        grown[:, :-1] |= mask[:, 1:]
        mask = grown
    return mask


def eroded(mask: Mask, steps: int = 1) -> Mask:
    """What lies more than `steps` pixels inside; the border of the picture is no edge."""
    return ~dilated(~mask, steps)


def around_any(mask: Mask, size: int) -> Mask:
    """`(H - size + 1, W - size + 1)`: whether each square of `size` pixels holds any of the mask.

    Along rows, then columns; windows double in length, so that few passes are needed.
    """
    for _ in range(2):
        length = 1
        while length < size:
            step = min(length, size - length)
            mask = mask[:-step] | mask[step:]
            length += step
        mask = mask.T
    return mask


def opened(mask: Mask, size: int) -> Mask:
    """What squares of `size` pixels cover that lie all within the mask.

    SciPy's `binary_opening`, at a fraction of the cost.
    """
    if min(mask.shape) < size:
        return np.zeros_like(mask)
    return around_any(np.pad(~around_any(~mask, size), size - 1), size)


def surroundings(dark: Mask) -> Mask:
    """What is dark because it is not the page: the desk, a frame, a shadowed margin.

    Dark areas that are connected with the border of the picture, as far as they are thicker than
    `SURROUNDINGS` of its longer side, which no pen is.
    """
    thick = max(3, round(SURROUNDINGS * max(dark.shape)))
    step = max(1, thick // 6)
    coarse = dark[::step, ::step]
    size = max(2, thick // step)
    if not any(side.any() for side in (coarse[0], coarse[-1], coarse[:, 0], coarse[:, -1])):
        return np.zeros_like(dark)
    core = opened(coarse, size)
    if not core.any():
        return np.zeros_like(dark)
    marks = components(coarse)
    outer = np.zeros(int(marks.max()) + 1, dtype=bool)
    for side in (marks[0], marks[-1], marks[:, 0], marks[:, -1]):
        outer[side] = True
    outer[0] = False
    core &= outer[marks]
    grown = dilated(core, size + 1)  # what touches it from afar is writing
    height, width = dark.shape
    return np.repeat(np.repeat(grown, step, axis=0), step, axis=1)[:height, :width] & dark

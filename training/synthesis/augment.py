"""Make normalized glyphs look like those cut out of photographs, a whole batch at a time.

A crop of a photo differs from a data set's picture by the pen (fine to marker), the hand's slant,
few pixels, blur, gaps where the threshold lost a thin stroke, specks, and bits of a neighbor or
of a ruled line that came along in the box. Each is imitated here on `(N, 1, 32, 32)` torch
batches, paper 1 and ink 0, in the order in which they happen.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch.nn import functional

from ocr.letters.glyphs import GLYPH_BODY, GLYPH_SIZE


@dataclass(frozen=True)
class AugmentConfig:
    """How far glyphs are changed, and what share of a batch. Lengths are pixels of a glyph.

    Set by hand; what each change brings was not measured alone.

    Attributes
    ----------
    rotation : float
        Degrees, either way.
    shear : float
        Columns a row, either way: the slant of a hand.
    stretch : float
        Log of the aspect's change, either way.
    shift : float
        That a box may be off.
    loose : (float, float)
        Size of the ink in its box: a box with a speck in it is too large.
    inked : float
        Share of ink from which a pixel counts for the box, about as in `normalize_glyph`.
    thicker, thinner : float
        Shares with another pen, of which `bold` of the thicker ones twice as much.
    bold : float
    lerp : (float, float)
        How far a stroke is changed to the thicker or thinner one.
    gaps : float
        Share with gaps, at the places where a field of `gap_cells` by as many random values is
        above `gap_level`, with `gap_ink` of the ink left.
    gap_cells : int
    gap_level, gap_ink : float
    neighbor : float
        Share with a bit of the next letter.
    away, aside : (float, float)
        How far that letter and this one are moved apart from the middle.
    ruled : float
        Share with a piece of a ruled line.
    rule_half, rule_ink : (float, float)
        Half its thickness, and its darkness.
    low_resolution : float
        Share that was smaller once, with sides of `fewest_pixels`.
    fewest_pixels : (int, int)
    blurred, faded, noisy : float
        Shares with blur, faint ink, the sensor's noise.
    faint : (float, float)
        Ink that is left.
    noise : (float, float)
        Standard deviation.
    binarized : float
        Share that was cut at a level.
    level, rough : (float, float)
        The level, and the standard deviation of the noise before it.
    hard : float
        Share of black and white in what becomes of that: scaling to 32 pixels softens the edges.
    fewest_inked : int
        Pixels that must be left.
    """

    rotation: float = 12.0
    shear: float = 0.35
    stretch: float = 0.25
    shift: float = 1.5
    loose: tuple[float, float] = (0.86, 1.06)
    inked: float = 0.3
    thicker: float = 0.22
    thinner: float = 0.22
    bold: float = 0.3
    lerp: tuple[float, float] = (0.4, 1.0)
    gaps: float = 0.10
    gap_cells: int = 9
    gap_level: float = 0.83
    gap_ink: float = 0.15
    neighbor: float = 0.08
    away: tuple[float, float] = (23, 27)
    aside: tuple[float, float] = (0, 3)
    ruled: float = 0.04
    rule_half: tuple[float, float] = (0.4, 1.0)
    rule_ink: tuple[float, float] = (0.4, 1.0)
    low_resolution: float = 0.25
    fewest_pixels: tuple[int, int] = (9, 24)
    blurred: float = 0.25
    faded: float = 0.15
    faint: tuple[float, float] = (0.45, 1.0)
    noisy: float = 0.10
    noise: tuple[float, float] = (0.02, 0.12)
    binarized: float = 0.40
    level: tuple[float, float] = (0.25, 0.65)
    rough: tuple[float, float] = (0.0, 0.12)
    hard: float = 0.7
    fewest_inked: int = 7


CONFIG = AugmentConfig()


class Augment:
    """Callable on batches; all randomness comes from `seed`.

    Each glyph has a strength of its own, uniform between `gentlest` and 1 and at least 0: it
    scales how far the glyph is turned and stretched and how often every other change happens. A
    glyph of strength 0 stays as it is.
    """

    def __init__(
        self, seed: int, gentlest: float = 1.0, device: torch.device | str = "cpu"
    ) -> None:
        self.generator = torch.Generator(device).manual_seed(seed)
        self.gentlest, self.device = gentlest, device
        self.strength = torch.ones(())

    def __call__(self, glyphs: torch.Tensor) -> torch.Tensor:
        """`(N, 1, 32, 32)` float, paper 1 and ink 0, to the same, changed."""
        self.strength = self._between(len(glyphs), self.gentlest, 1.0).clamp(min=0.0)
        ink = self.warp(1.0 - glyphs)
        ink = self.pen(ink)
        ink = self.surroundings(ink)
        ink = self.camera(ink)
        ink = self.threshold(ink)
        return torch.where(_column(self.strength == 0), glyphs, 1.0 - ink.clamp(0.0, 1.0))

    def warp(self, ink: torch.Tensor) -> torch.Tensor:
        """Turn, slant and stretch, then fit the ink to its box again as normalizing would."""
        n = len(ink)
        strength = self.strength.expand(n)
        angle = self._between(n, -CONFIG.rotation, CONFIG.rotation) * strength * (math.pi / 180)
        shear = self._between(n, -CONFIG.shear, CONFIG.shear) * strength
        aspect = (self._between(n, -CONFIG.stretch, CONFIG.stretch) * strength).exp()
        cos, sin = angle.cos(), angle.sin()
        turn = torch.stack([cos, -sin, sin, cos], 1).view(n, 2, 2)
        slant = torch.eye(2, device=self.device).repeat(n, 1, 1)
        slant[:, 0, 1] = shear
        stretch = torch.zeros(n, 2, 2, device=self.device)
        stretch[:, 0, 0], stretch[:, 1, 1] = aspect.sqrt(), aspect.rsqrt()
        matrix = turn @ slant @ stretch  # source (x, y) to target
        center, size = _ink_box(ink, matrix)
        body = GLYPH_BODY / GLYPH_SIZE * 2  # in the units of grid_sample, where the side is 2
        loose = 1 + (self._between(n, *CONFIG.loose) - 1) * strength
        scale = body / size.amax(1).clamp(min=0.1) * loose
        shift = (
            self._between(2 * n, -CONFIG.shift, CONFIG.shift).view(n, 2)
            * strength[:, None]
            * (2 / GLYPH_SIZE)
        )
        # target = scale * (matrix @ source - center) + shift, and grid_sample wants the inverse
        inverse = torch.linalg.inv(matrix) / scale[:, None, None]
        offset = torch.linalg.inv(matrix) @ center[:, :, None] - inverse @ shift[:, :, None]
        return _sample(ink, torch.cat([inverse, offset], 2))

    def pen(self, ink: torch.Tensor) -> torch.Tensor:
        """Thicker or thinner strokes; gaps where the pen or the threshold failed."""
        n = len(ink)
        dice = self._dice(n)
        wide = functional.max_pool2d(ink, 3, 1, 1)
        amount = self._between(n, *CONFIG.lerp).view(n, 1, 1, 1)
        thick = torch.where(
            _column(dice < CONFIG.bold * CONFIG.thicker * self.strength),
            functional.max_pool2d(wide, 3, 1, 1),
            wide,
        )
        ink = torch.where(
            _column(dice < CONFIG.thicker * self.strength), torch.lerp(ink, thick, amount), ink
        )
        thin = -functional.max_pool2d(-functional.pad(ink, (1, 1, 1, 1)), 2, 1)[..., :-1, :-1]
        kept = thin.amax((2, 3), keepdim=True) > 0.5  # a hair line would vanish
        ink = torch.where(
            _column(dice > 1 - CONFIG.thinner * self.strength) & kept,
            torch.lerp(ink, thin, amount),
            ink,
        )
        cells = torch.rand(
            n, 1, CONFIG.gap_cells, CONFIG.gap_cells, generator=self.generator, device=self.device
        )
        field = functional.interpolate(cells, GLYPH_SIZE, mode="bilinear", align_corners=False)
        holes = field > CONFIG.gap_level
        return torch.where(self._some(n, CONFIG.gaps) & holes, CONFIG.gap_ink * ink, ink)

    def surroundings(self, ink: torch.Tensor) -> torch.Tensor:
        """A bit of the next letter at the side, a piece of a ruled line, each in a few glyphs."""
        n = len(ink)
        some = (self._dice(n) < CONFIG.neighbor * self.strength).nonzero()[:, 0]
        if len(some):
            other = ink[self._integers(n, len(some))]
            side = self._integers(2, len(some)) * 2.0 - 1
            away = side * self._between(len(some), *CONFIG.away) * (2 / GLYPH_SIZE)
            theta = torch.eye(2, 3, device=self.device).repeat(len(some), 1, 1)
            theta[:, 0, 2] = -away
            aside = _sample(other, theta)
            back = torch.eye(2, 3, device=self.device).repeat(len(some), 1, 1)
            back[:, 0, 2] = side * self._between(len(some), *CONFIG.aside) * (2 / GLYPH_SIZE)
            ink = ink.clone()
            ink[some] = torch.maximum(_sample(ink[some], back), aside)
        rows = torch.arange(GLYPH_SIZE, device=self.device).view(1, 1, -1, 1)
        at = self._between(n, 1, GLYPH_SIZE - 1).view(n, 1, 1, 1)
        half = self._between(n, *CONFIG.rule_half).view(n, 1, 1, 1)
        line = ((rows - at).abs() < half) * self._between(n, *CONFIG.rule_ink).view(n, 1, 1, 1)
        ruled = self._some(n, CONFIG.ruled)
        return torch.where(ruled, torch.maximum(ink, line.expand_as(ink)), ink)

    def camera(self, ink: torch.Tensor) -> torch.Tensor:
        """Few pixels, blur, faint ink, sensor noise."""
        n = len(ink)
        low, high = CONFIG.fewest_pixels
        side = low + int(self._integers(high - low, 1))
        small = functional.interpolate(ink, side, mode="area")
        coarse = functional.interpolate(small, GLYPH_SIZE, mode="bilinear", align_corners=False)
        ink = torch.where(self._some(n, CONFIG.low_resolution), coarse, ink)
        blurred = functional.avg_pool2d(functional.pad(ink, (1, 1, 1, 1), mode="replicate"), 3, 1)
        ink = torch.where(self._some(n, CONFIG.blurred), blurred, ink)
        faint = self._between(n, *CONFIG.faint).view(n, 1, 1, 1)
        ink = torch.where(self._some(n, CONFIG.faded), ink * faint, ink)
        grain = self._normal(ink.shape)
        grain *= self._between(n, *CONFIG.noise).view(n, 1, 1, 1)
        return torch.where(self._some(n, CONFIG.noisy), ink + grain, ink)

    def threshold(self, ink: torch.Tensor) -> torch.Tensor:
        """Black and white at some level, with the rough edge that a threshold leaves."""
        n = len(ink)
        level = self._between(n, *CONFIG.level).view(n, 1, 1, 1)
        rough = self._normal(ink.shape)
        rough *= self._between(n, *CONFIG.rough).view(n, 1, 1, 1)
        black = (
            functional.avg_pool2d(functional.pad(ink, (0, 1, 0, 1)), 2, 1) * 0.5 + ink * 0.5 + rough
        ) > level
        soft = black.float() * CONFIG.hard + ink.clamp(0, 1) * (1 - CONFIG.hard)
        kept = (
            black.float().sum((1, 2, 3), keepdim=True) >= CONFIG.fewest_inked
        )  # or nothing is left to see
        chosen = self._some(n, CONFIG.binarized) & kept
        return torch.where(chosen, soft, ink)

    def _some(self, n: int, share: float) -> torch.Tensor:
        """(n, 1, 1, 1) bool: a share of the glyphs, fewer of gentle ones."""
        return _column(self._dice(n) < share * self.strength)

    def _dice(self, n: int) -> torch.Tensor:
        return torch.rand(n, generator=self.generator, device=self.device)

    def _integers(self, high: int, n: int) -> torch.Tensor:
        return torch.randint(high, (n,), generator=self.generator, device=self.device)

    def _normal(self, shape: torch.Size) -> torch.Tensor:
        return torch.randn(shape, generator=self.generator, device=self.device)

    def _between(self, n: int, low: float, high: float) -> torch.Tensor:
        return low + (high - low) * self._dice(n)


def _column(values: torch.Tensor) -> torch.Tensor:
    return values.view(-1, 1, 1, 1)


def _ink_box(ink: torch.Tensor, matrix: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Center and size, (N, 2) each in grid_sample units, of the ink after a linear map."""
    step = (torch.arange(GLYPH_SIZE, device=ink.device) * 2 + 1) / GLYPH_SIZE - 1
    y, x = torch.meshgrid(step, step, indexing="ij")
    places = matrix @ torch.stack([x.flatten(), y.flatten()])  # (N, 2, 1024)
    paper = (ink.flatten(1) < CONFIG.inked)[:, None]
    low = places.masked_fill(paper, 9.0).amin(2)
    high = places.masked_fill(paper, -9.0).amax(2)
    empty = (high < low)[:, :1]
    low, high = torch.where(empty, -1.0, low), torch.where(empty, 1.0, high)
    return (low + high) / 2, high - low + 2 / GLYPH_SIZE


def _sample(ink: torch.Tensor, theta: torch.Tensor) -> torch.Tensor:
    grid = functional.affine_grid(theta, list(ink.shape), align_corners=False)
    return functional.grid_sample(ink, grid, align_corners=False)

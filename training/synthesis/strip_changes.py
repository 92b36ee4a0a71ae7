"""Changes of strips, a whole batch at a time, so that a strip seen again is not the same strip.

A strip is stretched, slanted, moved and bent, its pen made thicker or finer, a spot of it hidden,
its picture made coarser, fainter and noisier. All of it are tensor operations, on the processor or
on an accelerator.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch.nn import functional


@dataclass(frozen=True)
class StripChangeConfig:
    """How far strips are changed, and what share of them.

    Nothing here was chosen by measuring: the numbers were set by hand, and changed strips looked at
    as pictures.
    """

    wider: float = 0.15  # share of its width that a strip is stretched by at most
    taller: tuple[float, float] = (0.92, 1.1)  # of its height
    slant: float = 0.1  # columns a row, standard deviation
    shift: float = 1.5  # rows, either way
    cell: int = 24  # pixels between the knots of a bend
    bend: tuple[float, float] = (1.4, 0.9)  # pixels across and down, standard deviation
    pace_cell: int = 120  # pixels between the knots of a change of pace
    pace: float = 3.0  # pixels, standard deviation
    thicker: float = 0.12  # share of the strips with broader strokes
    thinner: float = 0.12  # share with finer strokes
    coarse: float = 0.06  # share with larger pixels
    blurred: float = 0.1  # share with blur
    noisy: float = 0.2  # share with noise
    noise: float = 0.06  # largest standard deviation, of ink in [0, 1]
    fainter: float = 0.3  # share of the ink that is lost at most
    darker: float = 0.15  # share of the ink that is added at most
    hidden: float = 0.3  # share with a spot of paper or of grey over it (DeVries and Taylor 2017)
    spot: tuple[int, int] = (12, 30)  # most columns and rows of a spot
    paper: float = 0.7  # share of the spots that are paper
    grey: float = 0.35  # darkest of the others, of ink in [0, 1]


CONFIG = StripChangeConfig()


class StripChanges:
    """Callable on batches of strips; all randomness comes from `seed`.

    Parameters
    ----------
    seed : int
    device : torch.device
        Where the strips are.
    strength : float
        0 leaves strips as they are, 1 changes them fully.
    """

    def __init__(self, seed: int, device: torch.device, strength: float = 1.0) -> None:
        self.generator = torch.Generator(device).manual_seed(seed)
        self.device, self.strength = device, strength

    def __call__(
        self, strips: torch.Tensor, widths: torch.Tensor, multiple: int
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Change strips, none of which gets narrower: each must go on holding its text.

        Parameters
        ----------
        strips : (N, 1, H, W) float tensor
            0 ink, 1 paper.
        widths : (N,) int64 tensor
            Columns of each that are its own; paper follows.
        multiple : int
            Of which the new W is one.

        Returns
        -------
        (N, 1, H, W') float tensor, (N,) int64 tensor
            The same of the changed strips.
        """
        wide = 1 + CONFIG.wider * self.strength * self._uniform(len(strips)) ** 2
        new = (widths * wide).round().long()
        tail = strips.shape[-1] - int(widths.max())
        width = -(-int((1 + CONFIG.wider) * int(widths.max()) + tail) // multiple) * multiple
        ink = self._moved(1 - strips, wide, width)
        ink = self._pen(ink)
        ink = self._picture(self._hidden(ink, new))
        return 1 - ink.clamp(0, 1), new

    def _moved(self, ink: torch.Tensor, wide: torch.Tensor, width: int) -> torch.Tensor:
        """Stretch, slant, shift and bend ink into a picture of a width."""
        n, _, height, old = ink.shape
        middle = 0.6 * height  # between the baseline and the tops of small letters
        x = torch.arange(width, device=self.device) + 0.5
        y = torch.arange(height, device=self.device) + 0.5
        tall = 1 + self.strength * (self._between(n, *CONFIG.taller) - 1)
        slant = self._normal(n) * CONFIG.slant * self.strength
        shift = self._between(n, -1, 1) * CONFIG.shift * self.strength
        across = x / wide[:, None, None] + _rows(slant) * (y[:, None] - middle)
        down = ((y - middle) / tall[:, None] + middle + shift[:, None])[:, :, None].expand_as(
            across
        )
        bend = self._waves(n, 2, (height, width), CONFIG.cell)
        pace = self._waves(n, 1, (height, width), CONFIG.pace_cell)[:, 0]
        across = across + CONFIG.bend[0] * bend[:, 0] + CONFIG.pace * pace
        down = down + CONFIG.bend[1] * bend[:, 1]
        grid = torch.stack([2 * across / old - 1, 2 * down / height - 1], dim=-1)
        return functional.grid_sample(ink, grid, align_corners=False)

    def _waves(self, n: int, count: int, size: tuple[int, int], cell: int) -> torch.Tensor:
        """Smooth random fields (N, count, H, W), each strip's of a strength of its own."""
        knots = torch.randn(
            (n, count, 3, size[1] // cell + 2), generator=self.generator, device=self.device
        )
        field = functional.interpolate(knots, size, mode="bilinear", align_corners=True)
        return field * (self.strength * self._uniform(n))[:, None, None, None]

    def _pen(self, ink: torch.Tensor) -> torch.Tensor:
        dice, amount = self._uniform(len(ink)), self._between(len(ink), 0.3, 1.0)
        thicker = _column(amount * (dice < CONFIG.thicker * self.strength))
        thinner = _column(amount * (dice > 1 - CONFIG.thinner * self.strength)) * 0.6
        wide = functional.max_pool2d(ink, 3, 1, 1)
        fine = -functional.max_pool2d(-ink, (2, 2), 1, 1)[..., :-1, :-1]
        return ink + thicker * (wide - ink) + thinner * (fine - ink)

    def _hidden(self, ink: torch.Tensor, widths: torch.Tensor) -> torch.Tensor:
        """Ink with a spot hidden, as by a fold, a blot or something that lies on the page."""
        n, _, height, width = ink.shape
        x = torch.arange(width, device=self.device)[None, :] - (self._uniform(n) * widths)[:, None]
        y = torch.arange(height, device=self.device)[None, :] - (self._uniform(n) * height)[:, None]
        wide, high = (self._uniform(n) * size / 2 for size in CONFIG.spot)
        spot = (x.abs() < wide[:, None])[:, None] & (y.abs() < high[:, None])[:, :, None]
        spot &= _rows(self._some(n, CONFIG.hidden))
        dice, grey = self._uniform(n), CONFIG.grey * self._uniform(n)
        return torch.where(spot[:, None], _column(grey * (dice > CONFIG.paper)), ink)

    def _picture(self, ink: torch.Tensor) -> torch.Tensor:
        n, size = len(ink), ink.shape[2:]
        small = functional.avg_pool2d(ink, 2)
        small = functional.interpolate(small, size, mode="bilinear", align_corners=False)
        ink = torch.where(_column(self._some(n, CONFIG.coarse)), small, ink)
        soft = functional.avg_pool2d(ink, 3, 1, 1)
        ink = torch.where(_column(self._some(n, CONFIG.blurred)), soft, ink)
        ink = ink * _column(1 + self.strength * self._between(n, -CONFIG.fainter, CONFIG.darker))
        grain = torch.randn(ink.shape, generator=self.generator, device=self.device)
        spread = CONFIG.noise * self._uniform(n) * self._some(n, CONFIG.noisy)
        return ink + grain * _column(spread)

    def _some(self, n: int, share: float) -> torch.Tensor:
        return self._uniform(n) < share * self.strength

    def _uniform(self, n: int) -> torch.Tensor:
        return torch.rand(n, generator=self.generator, device=self.device)

    def _normal(self, n: int) -> torch.Tensor:
        return torch.randn(n, generator=self.generator, device=self.device)

    def _between(self, n: int, low: float, high: float) -> torch.Tensor:
        return low + (high - low) * self._uniform(n)


def _rows(values: torch.Tensor) -> torch.Tensor:
    return values[:, None, None]


def _column(values: torch.Tensor) -> torch.Tensor:
    return values[:, None, None, None]

"""Blank paper: its color, grain and folds, ruled lines, a wiped board."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from training.synthesis.camera import smooth_noise

Array = NDArray[np.float32]


@dataclass(frozen=True)
class Paper:
    """What is written on.

    Attributes
    ----------
    color : (float, float, float)
        Linear reflectance of the paper.
    ruling : str
        ``"plain"``, ``"ruled"``, ``"ruled margin"`` (with the red margin line), ``"grid"`` or
        ``"dots"``.
    pitch : float
        Distance of the lines in pixels of the sheet.
    line_density : (float, float, float)
        Optical density of the printed lines.
    texture : float
        Strength of grain and fibres; 1 is copy paper.
    folds : int
        Creases of a sheet that was folded.
    dust : float
        Share of a board that wiped chalk veils where it lies thickest, 0 to 1.
    """

    color: tuple[float, float, float] = (0.86, 0.86, 0.84)
    ruling: str = "plain"
    pitch: float = 90.0
    line_density: tuple[float, float, float] = (0.45, 0.28, 0.12)
    texture: float = 1.0
    folds: int = 0
    dust: float = 0.0

    def baselines(self, height: int) -> NDArray[np.float64]:
        """Rows of the printed lines to write on; none on plain paper."""
        if self.ruling == "plain":
            return np.empty(0)
        return np.arange(self.first_line, height, self.pitch, dtype=np.float64)

    @property
    def first_line(self) -> float:
        """Row of the uppermost printed line: ruled paper has a head margin."""
        return (1.6 if self.ruling.startswith("ruled") else 0.5) * self.pitch


RULINGS = ("plain", "ruled", "ruled margin", "grid", "dots")


def blank_paper(
    size: tuple[int, int], paper: Paper, tooth: Array, rng: np.random.Generator
) -> Array:
    """An empty sheet with its ruling: (H, W, 3) linear reflectance."""
    if paper.ruling not in RULINGS:
        raise ValueError(f"unknown ruling {paper.ruling!r}; known are {', '.join(RULINGS)}")
    height, width = size
    strength = np.float32(paper.texture)
    shade = 1 + strength * (
        0.008 * tooth
        + 0.005 * smooth_noise(rng, size, 9)
        + 0.008 * smooth_noise(rng, size, 40)
        + 0.012 * smooth_noise(rng, size, max(size) / 5)
    )
    for _ in range(paper.folds):
        shade *= _fold(size, rng)
    sheet = shade[..., None] * np.array(paper.color, dtype=np.float32)
    if paper.dust:
        sheet += np.float32(0.6 * paper.dust) * _wiped(size, rng)[..., None]
    if paper.ruling == "plain":
        return sheet
    thick = max(1.2, 0.022 * paper.pitch) * (2.5 if paper.ruling == "dots" else 1)
    y = np.arange(height, dtype=np.float32)[:, None] + 0.5
    x = np.arange(width, dtype=np.float32)[None, :] + 0.5

    def comb(at: Array, offset: float) -> Array:
        gap = np.abs((at - offset + paper.pitch / 2) % paper.pitch - paper.pitch / 2)
        return np.clip(0.5 + (thick / 2 - gap), 0, 1)

    top = paper.first_line
    lines = comb(y, top) * (y > top - paper.pitch / 2)
    if paper.ruling == "grid":
        lines = np.maximum(lines, comb(x, 0.5 * paper.pitch))
    elif paper.ruling == "dots":
        lines = np.clip(2 * comb(y, top) * comb(x, 0.5 * paper.pitch), 0, 1)
    lines = np.broadcast_to(lines, size) * (1 + 0.25 * smooth_noise(rng, size, 3))
    sheet *= np.exp(-lines[..., None] * np.array(paper.line_density, dtype=np.float32))
    if paper.ruling == "ruled margin":
        margin = np.clip(0.5 + (thick / 2 - np.abs(x - 0.13 * width)), 0, 1)
        sheet *= np.exp(-margin[..., None] * np.array([0.08, 0.6, 0.5], dtype=np.float32))
    return sheet


def _wiped(size: tuple[int, int], rng: np.random.Generator) -> Array:
    """How thick chalk lies on a wiped board, 0 to 1: streaks of the sponge, in clouds."""
    height, width = size
    narrow = smooth_noise(rng, (height, max(8, width // 12)), 3)
    fine = Image.fromarray(narrow).resize((width, height), Image.Resampling.BICUBIC)
    streaks = 0.5 * np.asarray(fine, dtype=np.float32)
    clouds = smooth_noise(rng, size, 0.12 * min(size)) + smooth_noise(rng, size, 0.4 * min(size))
    return np.clip(0.35 + 0.25 * clouds + 0.14 * streaks, 0, 1)


def _fold(size: tuple[int, int], rng: np.random.Generator) -> Array:
    """A crease across the sheet: one flank catches the light, the other loses it."""
    height, width = size
    y = np.arange(height, dtype=np.float32)[:, None]
    x = np.arange(width, dtype=np.float32)[None, :]
    across = rng.random() < 0.5
    at = (y - height * rng.uniform(0.42, 0.58)) if across else (x - width * rng.uniform(0.42, 0.58))
    at = at + rng.normal(0, 0.01) * (x if across else y)
    side = height if across else width
    sharp = 2 + 0.5 * smooth_noise(rng, size, 20)
    ridge = 0.05 * np.exp(-((at - 2) ** 2) / sharp**2) - 0.09 * np.exp(-((at + 2) ** 2) / sharp**2)
    return 1 + ridge + 0.035 * np.tanh(at / 3) * np.exp(-np.abs(at) / (0.3 * side))

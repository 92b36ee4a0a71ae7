"""The pictures of a training, drawn with matplotlib: each function returns a figure.

Only this module imports matplotlib, and only when a picture is drawn. Nothing here keeps a global
state: `save` writes a figure, and it is gone.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from ocr.formats.output import replacing
from training.recipes.curves import Curves

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

DPI = 110  # of the saved pictures
BLUE, ORANGE, GREEN, GREY = "#1f6fb4", "#e07b00", "#2a9d55", "#777777"
SERIES = (BLUE, ORANGE, GREEN, "#b4341f", "#7a4fb5", "#5a5a5a")
Values = Sequence[float] | NDArray[np.number]  # of one axis


def figure(rows: int = 1, columns: int = 1, width: float = 4.2, height: float = 3.0) -> Figure:
    """An empty figure of a grid of axes; sizes in inches an axes."""
    from matplotlib.figure import Figure

    made = Figure(figsize=(width * columns, height * rows), layout="constrained")
    made.subplots(rows, columns, squeeze=False)
    for axes in made.axes:
        axes.spines[["top", "right"]].set_visible(False)
        axes.tick_params(labelsize=8)
    return made


def save(made: Figure, path: Path) -> None:
    """Write a figure as PNG."""
    with replacing(path) as stream:
        made.savefig(stream, format="png", dpi=DPI)


def curves(series: Mapping[str, Curves]) -> Figure:
    """Loss above accuracy over the epochs, training and validation, a column for each series."""
    made = figure(2, len(series), height=2.5)
    grid = np.array(made.axes).reshape(2, len(series))
    for column, (name, values) in enumerate(series.items()):
        epochs = np.arange(1, len(values.train_loss) + 1)
        above, below = grid[:, column]
        above.plot(epochs, values.train_loss, color=BLUE, label="training")
        above.plot(epochs, values.valid_loss, color=ORANGE, label="validation")
        above.set_title(name, fontsize=10)
        above.set_ylim(bottom=0)
        below.plot(epochs, 100 * np.array(values.train_accuracy), color=BLUE)
        below.plot(epochs, 100 * np.array(values.valid_accuracy), color=ORANGE)
        below.set_ylim(0, 100)
        below.set_xlabel("epoch", fontsize=9)
    for axes in grid.ravel():
        axes.grid(alpha=0.25)
    grid[0, 0].set_ylabel("loss a sample, nats", fontsize=9)
    grid[1, 0].set_ylabel("right, %", fontsize=9)
    grid[0, 0].legend(fontsize=8, frameon=False)
    return made


def lines(
    series: Mapping[str, tuple[Values, Values]],
    across: str,
    up: str,
    *,
    dashed: Sequence[str] = (),
    log_across: bool = False,
) -> Figure:
    """One axes with a line of (x, y) for each name; those in `dashed` are drawn so."""
    made = figure(width=5.6, height=3.4)
    (axes,) = made.axes
    for number, (name, (x, y)) in enumerate(series.items()):
        style = "--" if name in dashed else "-"
        marker = "o" if len(x) < 12 else None
        color = SERIES[number % len(SERIES)]
        axes.plot(x, y, style, color=color, label=name, marker=marker, markersize=3.5)
    axes.locator_params(axis="x", integer=True)
    if log_across:
        axes.set_xscale("log")
        ticks = sorted({value for x, _ in series.values() for value in x})
        axes.set_xticks(ticks, [f"{value:g}" for value in ticks])
        axes.minorticks_off()
    axes.set_xlabel(across, fontsize=9)
    axes.set_ylabel(up, fontsize=9)
    axes.grid(alpha=0.25)
    axes.legend(fontsize=8, frameon=False)
    return made


def confusion(counts: NDArray[np.integer], classes: Sequence[str]) -> Figure:
    """A confusion matrix: rows the truth, columns what was read, shares of the row's samples.

    Parameters
    ----------
    counts : (K, K) int array
    classes : sequence of K str
    """
    side = max(4.0, 0.19 * len(classes) + 1.0)
    made = figure(width=side + 0.6, height=side)
    (axes,) = made.axes
    shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    # the square root lifts the few wrong ones out of the white
    drawn = axes.imshow(np.sqrt(shares), cmap="Blues", vmin=0, vmax=1)
    places = range(len(classes))
    axes.set_xticks(places, [_plain(sign) for sign in classes], fontsize=7)
    axes.set_yticks(places, [_plain(sign) for sign in classes], fontsize=7)
    axes.set_xlabel("read as", fontsize=9)
    axes.set_ylabel("is", fontsize=9)
    bar = made.colorbar(drawn, ax=axes, shrink=0.7, ticks=np.sqrt([0, 0.01, 0.05, 0.2, 0.5, 1]))
    bar.ax.set_yticklabels(["0", "1 %", "5 %", "20 %", "50 %", "100 %"], fontsize=7)
    return made


def tiles(
    pictures: NDArray[np.generic],
    columns: int,
    titles: Sequence[str] = (),
    *,
    symmetric: bool = False,
    size: float = 0.62,
) -> Figure:
    """Pictures side by side, row by row.

    Parameters
    ----------
    pictures : (N, H, W) or (N, H, W, 3) array
        Grey or color, uint8 or float in [0, 1]; any range with `symmetric`.
    titles : sequence of N str, optional
        Drawn above each.
    symmetric : bool
        Values are weights: each picture in blue, white, red about 0 with a range of its own.
    size : float
        Inches a picture.
    """
    from matplotlib import colormaps

    count, height, width = pictures.shape[:3]
    rows = -(-count // columns)
    gap = max(2, width // 10)
    head = round(0.26 / size * width) if titles else 0  # room for a title
    step_y, step_x = height + gap + head, width + gap
    canvas = np.ones((rows * step_y, columns * step_x, 3))
    for number, picture in enumerate(pictures):
        if symmetric:
            most = max(float(np.abs(picture).max()), 1e-12)
            drawn = colormaps["RdBu_r"](0.5 + picture / (2 * most))[..., :3]
        else:
            drawn = picture / (255 if picture.dtype == np.uint8 else 1)
            drawn = drawn if drawn.ndim == 3 else drawn[..., None]
        y, x = number // columns * step_y + head, number % columns * step_x
        canvas[y : y + height, x : x + width] = drawn
    inch = size / width
    made = figure(width=columns * step_x * inch, height=rows * step_y * inch)
    (axes,) = made.axes
    axes.imshow(canvas, interpolation="nearest")
    axes.axis("off")
    for number, title in enumerate(titles[:count]):
        y, middle = number // columns * step_y + head, number % columns * step_x + width / 2
        axes.text(middle, y - 1, _plain(title), fontsize=7, ha="center", va="bottom")
    return made


def bars(
    values: Mapping[str, float], across: str, *, log: bool = False, limit: float | None = None
) -> Figure:
    """Horizontal bars, the first at the top, each with its value; a dashed line at `limit`."""
    made = figure(width=5.6, height=0.32 * len(values) + 0.8)
    (axes,) = made.axes
    names = list(values)[::-1]
    drawn = axes.barh(names, [values[name] for name in names], color=BLUE, log=log)
    if limit is not None:
        axes.axvline(limit, color=GREY, linestyle="--", linewidth=1)
    axes.bar_label(drawn, fmt="%.1e" if log else "%.1f", fontsize=8, padding=3)
    axes.set_xlabel(across, fontsize=9)
    axes.margins(x=0.15)
    return made


def boxes(
    axes: Axes, picture: NDArray[np.generic], found: Sequence[Sequence[int]], title: str
) -> None:
    """A grey picture with boxes ``[y1, x1, y2, x2]`` drawn over it."""
    from matplotlib.patches import Rectangle

    axes.imshow(picture, cmap="gray", vmin=0, vmax=1)
    axes.axis("off")
    for y1, x1, y2, x2 in found:
        axes.add_patch(
            Rectangle((x1, y1), x2 - x1, y2 - y1, fill=False, edgecolor=ORANGE, linewidth=1.3)
        )
    axes.set_title(_plain(title), fontsize=9, loc="left")


def _plain(text: str) -> str:
    """Text in which matplotlib sees no formula."""
    return text.replace("$", r"\$")

"""The autoencoder, and principal components against it."""

from __future__ import annotations

from typing import cast

import numpy as np

from training.course import plots
from training.course.nist36 import raw_rows
from training.course.report import Bench, Figure, Row
from training.networks import autoencoder, pca
from training.networks.autoencoder import mean_psnr
from training.networks.numpy_mlp import Array, Layer

COMPONENTS = 32  # of the PCA: as many numbers a picture as the autoencoder has
SHOWN = "AEGKRSW358"  # characters whose reconstructions are shown


def autoencoder_row(bench: Bench) -> Row:
    """1024-32-32-32-1024 with momentum, 100 epochs."""
    network, losses = trained_autoencoder(bench)
    valid, test = (raw_rows(bench)[name][0] for name in ("valid", "test"))
    epochs = np.arange(1, len(losses) + 1)
    plots.save(
        plots.lines(
            {
                "training": (epochs, [loss for loss, _ in losses]),
                "validation": (epochs, [loss for _, loss in losses]),
            },
            "epoch",
            "squared error a picture",
        ),
        bench.path("autoencoder.png"),
    )
    x = shown_rows(bench)
    _draw_pairs(bench, "autoencoder-tiles.png", (x, autoencoder.reconstruct(network, x)))
    psnr = {
        name: mean_psnr(x, autoencoder.reconstruct(network, x))
        for name, x in (("validation", valid), ("test", test))
    }
    return Row(
        (
            Figure(
                "mean PSNR, validation", f"{psnr['validation']:.2f} dB", "15.47, 15.39, 14.55 dB"
            ),
            Figure("mean PSNR, test", f"{psnr['test']:.2f} dB"),
        ),
        (
            ("autoencoder.png", "Squared error summed over a picture's pixels."),
            (
                "autoencoder-tiles.png",
                "Ten validation pictures above what 32 numbers kept of them.",
            ),
        ),
    )


def pca_row(bench: Bench) -> Row:
    """32 principal components of the training rows, beside the autoencoder."""
    sets = raw_rows(bench)
    found = pca.principal_components(sets["train"][0], min(COMPONENTS, len(sets["train"][0])))
    network, _ = trained_autoencoder(bench)
    figures = [
        Figure(
            "projection matrix, size and rank",
            f"{found.projection.shape[0]} x {found.projection.shape[1]}, "
            f"rank {np.linalg.matrix_rank(found.projection)}",
        )
    ]
    for name, title in (("valid", "validation"), ("test", "test")):
        x = sets[name][0]
        ours = mean_psnr(x, pca.reconstruct(found, x))
        other = mean_psnr(x, autoencoder.reconstruct(network, x))
        figures.append(
            Figure(f"mean PSNR, {title}: PCA, autoencoder", f"{ours:.2f}, {other:.2f} dB")
        )
    learned = found.projection.size + found.mean.size
    figures.append(
        Figure(
            "learned parameters: PCA (with the mean), autoencoder",
            f"{learned:,}, {autoencoder.parameters(network):,}",
        )
    )
    x = shown_rows(bench)
    _draw_pairs(
        bench,
        "pca-tiles.png",
        (x, pca.reconstruct(found, x), autoencoder.reconstruct(network, x)),
    )
    plots.save(
        plots.tiles(found.projection.T.reshape(-1, 32, 32), 16, symmetric=True, size=0.55),
        bench.path("pca-components.png"),
    )
    return Row(
        tuple(figures),
        (
            ("pca-tiles.png", "Validation pictures, then PCA's and the autoencoder's of them."),
            ("pca-components.png", "The components, those of most variance first."),
        ),
        (
            "PCA is the best that 32 linear numbers can do, and is found in one step. The "
            "autoencoder may bend, and its strokes are blacker, but it must be learned by descent, "
            "and a hundred epochs at this rate do not get it as far.",
        ),
    )


def trained_autoencoder(bench: Bench) -> tuple[list[Layer], list[tuple[float, float]]]:
    """The course's autoencoder, and its loss on training and validation; made once a run."""
    recipe = autoencoder.Recipe(epochs=bench.size(100, 2), seed=bench.seed)

    def make() -> tuple[list[Layer], list[tuple[float, float]]]:
        sets = raw_rows(bench)
        losses: list[tuple[float, float]] = []

        def after_epoch(network: list[Layer], epoch: int, loss: float) -> None:
            x = sets["valid"][0]
            error = float(((autoencoder.reconstruct(network, x) - x) ** 2).sum()) / len(x)
            losses.append((loss, error))
            bench.tell(epoch / recipe.epochs, f"epoch {epoch}/{recipe.epochs} error {loss:.1f}")

        return autoencoder.train(sets["train"][0], recipe, after_epoch), losses

    return cast(
        "tuple[list[Layer], list[tuple[float, float]]]", bench.remembered("autoencoder", make)
    )


def shown_rows(bench: Bench) -> Array:
    """The first validation row of each shown character."""
    from training.data.datasets import NIST36_CHARSET

    x, onehot = raw_rows(bench)["valid"]
    labels = np.array(NIST36_CHARSET)[onehot.argmax(axis=1)]
    return x[[int(np.flatnonzero(labels == sign)[0]) for sign in SHOWN if sign in labels]]


def _draw_pairs(bench: Bench, name: str, rows: tuple[Array, ...]) -> None:
    pictures = np.concatenate(rows).reshape(-1, 32, 32)
    plots.save(plots.tiles(pictures, len(rows[0]), size=0.8), bench.path(name))

"""Run the systems of the course: `python -m training.course --out report`.

Each system writes its row at once, so `report/index.html` shows all that was run so far, and one
that is run again replaces its own row alone.
"""

from __future__ import annotations

import os
import sys
import time
from dataclasses import replace
from pathlib import Path

import click

from ocr.errors import ExitCode, OcrError
from ocr.formats.output import make_folder, replacing
from training.course.basics import activations_row, gradient_row, network_row, toy_row
from training.course.cnns import color_row, emnist_row, mnist_row
from training.course.compression import autoencoder_row, pca_row
from training.course.failures import failures_row
from training.course.nist36 import (
    cnn_row,
    confusion_row,
    mlp_row,
    rates_row,
    torch_mlp_row,
    weights_row,
)
from training.course.report import Bench, Row, System, markdown, write_page, write_row
from training.course.transfer import fine_tuning_row, outside_row

TELL_SECONDS = 5.0  # between two lines of progress
DATA = Path("data")  # where the README tells people to put the data sets, without $OCR_DATA

SYSTEMS = {
    "network": System(
        "Network from scratch",
        "Xavier's initialization, sigmoid, tanh, relu, stable softmax, forward, cross-entropy, "
        "backward, random batches and momentum in numpy "
        "(training/networks/numpy_mlp.py), against torch.",
        network_row,
        4,
    ),
    "gradient-check": System(
        "Gradient checker",
        "Central differences over every weight and bias, against the gradients of backward.",
        gradient_row,
        1,
    ),
    "toy": System(
        "Toy problem",
        "Four Gaussian classes of ten points, 25 hidden sigmoid units, 500 iterations.",
        toy_row,
        1,
    ),
    "activations": System(
        "Activations",
        "Sigmoid, tanh and relu, their derivatives, and the gradient left after many layers.",
        activations_row,
        1,
    ),
    "mlp": System(
        "MLP on NIST36",
        "1024-64-36, sigmoid and softmax, batches of 8, rate 0.01, 50 epochs, in numpy.",
        mlp_row,
        15,
    ),
    "rates": System(
        "Three learning rates",
        "The same MLP at its best rate, ten times and a tenth of it.",
        rates_row,
        30,
    ),
    "weights": System(
        "First-layer weights",
        "What each of the 64 hidden units looks at, before and after training.",
        weights_row,
        3,
    ),
    "confusion": System(
        "Confusion matrix", "Which characters the MLP takes for which.", confusion_row, 2
    ),
    "failures": System(
        "Where find_letters must fail",
        "Two pictures, joined letters and lower case: the boxes, and what the line reader makes "
        "of them.",
        failures_row,
        4,
    ),
    "autoencoder": System(
        "Autoencoder",
        "1024-32-32-32-1024, relu and sigmoid, momentum 0.9, 100 epochs, in numpy.",
        autoencoder_row,
        45,
    ),
    "pca": System(
        "PCA against the autoencoder", "32 principal components of the same pictures.", pca_row, 5
    ),
    "torch-mlp": System(
        "The MLP again in torch",
        "The same network, rate, batches and epochs; three seeds of each, to know the noise.",
        torch_mlp_row,
        110,
    ),
    "cnn-nist36": System(
        "CNN on NIST36",
        "A LeNet as the course has it, and a small residual network with augmentation, trained "
        "on the 10,707 rows of the training file alone.",
        cnn_row,
        150,
    ),
    "cnn-mnist": System(
        "CNN on MNIST",
        "Gzipped idx files, upright; here EMNIST's digits written in that format.",
        mnist_row,
        40,
    ),
    "cnn-emnist": System(
        "CNN on EMNIST Balanced",
        "47 classes; then the boxes of find_letters on the four course photos.",
        emnist_row,
        120,
    ),
    "cnn-color": System(
        "CNN on color pictures",
        "CIFAR-10's python batches, and a folder of pictures a class such as the SUN scenes.",
        color_row,
        15,
    ),
    "fine-tuning": System(
        "Fine-tuning",
        "The classifier of a trained network replaced and trained, against training from "
        "scratch: a folder of flowers, and small letters for a network of capitals and digits.",
        fine_tuning_row,
        60,
    ),
    "outside": System(
        "Pictures from outside the training data",
        "The CNN of EMNIST alone on UNIPEN renderings and on crops of photos; what augmentation "
        "gives back.",
        outside_row,
        160,
    ),
}


class Progress:
    """Lines on stderr: which system, how far, how long it took and how long it will take.

    The time left is the expected time of what is to come, at the speed of what is done.
    """

    def __init__(self, names: list[str]) -> None:
        self.names = names
        self.began = time.monotonic()
        self.last_shown = -TELL_SECONDS
        self.number = 0

    def tell(self, share: float, words: str) -> None:
        """The running system has done `share` of its work."""
        now = time.monotonic() - self.began
        if now - self.last_shown < TELL_SECONDS:
            return
        self._print(share, words, now)

    def finish(self, words: str) -> None:
        """The running system is done."""
        self._print(1.0, words, time.monotonic() - self.began)
        self.number += 1

    def _print(self, share: float, words: str, now: float) -> None:
        self.last_shown = now
        expected = [SYSTEMS[name].seconds for name in self.names]
        done = sum(expected[: self.number]) + share * expected[self.number]
        left = (sum(expected) - done) * now / max(done, 1e-9)
        about = f"about {left / 60:.1f} min left" if done > 0 else "time left not known yet"
        place = f"[{self.number + 1}/{len(self.names)}] {self.names[self.number]}"
        print(f"{place}: {words} | {now / 60:.1f} min, {about}", file=sys.stderr, flush=True)


def run(bench: Bench, names: list[str]) -> list[str]:
    """Run systems by name; each writes its row and the page. Returns those that failed."""
    failed = []
    progress = Progress(names)
    bench.tell = progress.tell
    for name in names:
        began = time.process_time()
        try:
            row = SYSTEMS[name].run(bench)
            first = row.figures[0]
            words = f"{first.what}: {first.ours}"
        except OcrError as error:
            row, words = Row((), failed=str(error)), f"not run: {error}"
            failed.append(name)
        took = round(time.process_time() - began, 1)
        write_row(bench.out, name, replace(row, cpu_seconds=took, quick=bench.quick))
        write_page(bench.out, SYSTEMS)
        progress.finish(words)
    with replacing(bench.out / "figures.md") as stream:
        stream.write(markdown(bench.out, SYSTEMS).encode())
    return failed


@click.command(help=__doc__.splitlines()[0] if __doc__ else None)
@click.argument("names", nargs=-1, metavar="[SYSTEM]...", type=click.Choice(list(SYSTEMS)))
@click.option("--out", type=click.Path(path_type=Path), required=True, help="Folder of the report.")
@click.option(
    "--data",
    type=click.Path(path_type=Path),
    help="Folder of the data sets; $OCR_DATA without it, or else ./data.",
)
@click.option("--quick", is_flag=True, help="Small sizes, to try the command.")
@click.option("--seed", type=click.IntRange(0), default=0, show_default=True)
@click.option("--threads", type=click.IntRange(1), default=2, show_default=True, help="Of torch.")
def main(
    names: tuple[str, ...], out: Path, data: Path | None, quick: bool, seed: int, threads: int
) -> None:
    import torch

    torch.set_num_threads(threads)
    given = data or os.environ.get("OCR_DATA") or DATA
    try:
        make_folder(out)
        bench = Bench(out, Path(given), quick, seed)
        failed = run(bench, list(names or SYSTEMS))
    except OcrError as error:
        raise click.ClickException(str(error)) from None
    except KeyboardInterrupt:
        click.echo(f"Stopped. {out / 'index.html'} shows what was run.", err=True)
        sys.exit(130)
    click.echo(out / "index.html")
    if failed:
        click.echo(f"Not run: {', '.join(failed)}; the page says why.", err=True)
        sys.exit(ExitCode.SOME_FAILED)


if __name__ == "__main__":
    main(prog_name="python -m training.course")

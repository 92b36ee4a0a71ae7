"""`ocr train`."""

from __future__ import annotations

import contextlib
import shlex
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ocr.cli.console import print_out, say, tell, wanted
from ocr.cli.options import FILE, Number, common, output
from ocr.cli.signals import INTERRUPTED, interruptible
from ocr.config import AUGMENTATIONS, KINDS, install_hint
from ocr.errors import DataError, ExitCode, ModelError

if TYPE_CHECKING:
    from training.recipes.trainer import Progress

BAR = "{desc} {bar} {n_fmt}/{total_fmt}{postfix}"
PLAIN_SECONDS = 15.0  # between lines of a training's progress where no person watches it
MOST = 1000  # of what must stay a number that can be computed with: threads, rate, replay
LARGEST_SEED = 2**63 - 1  # that torch takes
BAR_SECONDS = 0.2  # between changes of the bar where one does


@click.command()
@click.argument("data", metavar="DATA...", nargs=-1, type=FILE)
@output("Folder for the model, its card and report.", "DIR")
@click.option("--kind", type=click.Choice(KINDS), help="What to train; else what suits DATA.")
@click.option(
    "--from",
    "start",
    metavar="MODEL",
    type=FILE,
    help="Model to fine-tune, or scratch. An installed one unless there is much data.",
)
@click.option("--epochs", type=click.IntRange(1), help="Maximum number of epochs.")
@click.option("--rate", type=Number(0, MOST, min_open=True), help="Highest learning rate.")
@click.option("--batch", type=click.IntRange(1), help="Batch size.")
@click.option(
    "--augmentation",
    type=click.Choice(AUGMENTATIONS),
    help="How much samples are changed whenever they are shown.",
)
@click.option(
    "--replay",
    type=Number(0, MOST),
    help="Base samples mixed in for each own one, so that nothing is forgotten.",
)
@click.option(
    "--patience", type=click.IntRange(1), help="Stop after this many epochs without improvement."
)
@click.option("--seed", type=click.IntRange(0, LARGEST_SEED), help="Random seed (default 0).")
@click.option(
    "--threads",
    type=click.IntRange(1, MOST),
    help="Number of threads (default 1, which gives the same result on any machine).",
)
@click.option("--resume", is_flag=True, help="Go on with the unfinished training in --output.")
@click.option("--force", is_flag=True, help="Replace a model; write one that became worse.")
@common
def train(data: tuple[str, ...], out: str | None, resume: bool, force: bool, **options: Any) -> int:
    """Learn a hand from photos with their text, or from data sets.

    DATA is recognized by itself and may be mixed: photos or pictures of lines with a .gt.txt
    beside each, PAGE XML and ALTO with their pictures beside them, a folder with a sub-folder of
    pictures for each character, NIST36 and EMNIST .mat files, MNIST and EMNIST idx files, .npz,
    .zip with a lines.tsv. Ctrl-C keeps the best so far.

    \b
    ocr read --gt notes/                  # drafts of the texts, to be corrected
    ocr train notes/ -o my-hand
    ocr read --model my-hand photo.jpg
    """
    if out is None:
        raise click.UsageError("Missing option '--output': the folder for the model.")
    if not data and not resume:
        raise click.UsageError("Missing argument 'DATA...': what to learn from.")
    from ocr.batch.threads import wait_passively

    wait_passively()
    try:
        from training.own_hand.settings import Settings
        from training.own_hand.train import train as run
    except ModuleNotFoundError as error:
        raise DataError(
            f"training needs {error.name}. Install it with: {install_hint('train')}"
        ) from None
    settings = Settings(data=data, out=out, **options)
    with interruptible() as stop:
        outcome = run(settings, resume, force, tell, _progress(), stop)
    folder = shlex.quote(out)
    for name, value in outcome.metadata.figures.items():
        tell(f"{name}: {value:g}")
    if outcome.refused and outcome.stopped:
        say(
            f"stopped; not written: {outcome.refused}. Go on with: ocr train --resume --out "
            f"{folder}"
        )
        return INTERRUPTED
    if outcome.refused:
        say(
            f"not written: {outcome.refused}. Add data, lower --rate, or write it all the same "
            f"with: ocr train --resume --force --out {folder}"
        )
        return ExitCode.SOME_FAILED
    for file in outcome.files:
        print_out(f"{file}\n")
    if outcome.stopped:
        tell(f"stopped; this is the best so far. Go on with: ocr train --resume --out {folder}")
        return INTERRUPTED
    tell(f"read with it: ocr read --model {_called(out, outcome.files[0])} photo.jpg")
    return ExitCode.OK


def _called(out: str, weights: Path) -> str:
    """What names a new model on the command line: its folder, if that leads to it."""
    from ocr.weights import find_weights

    with contextlib.suppress(ModelError):
        if find_weights(out).resolve() == weights.resolve():
            return shlex.quote(out)
    return shlex.quote(str(weights))  # an installed model is called so, or others are there too


def _progress() -> Callable[[Progress], None]:
    """Show how a training goes: a bar on a terminal, else a line an epoch and now and then."""
    from tqdm import tqdm

    shown = time.monotonic()
    terminal = sys.stderr.isatty()
    bar: Any = None
    if wanted("quiet"):
        return lambda _: None

    def show(at: Progress) -> None:
        nonlocal shown, bar
        now = time.monotonic()
        if not at.figures and now - shown < (BAR_SECONDS if terminal else PLAIN_SECONDS):
            return
        shown = now
        minutes, seconds = divmod(round(at.seconds_left), 60)
        left = f"{minutes}:{seconds:02d} left at most"
        epoch = f"epoch {at.epoch}/{at.epochs}"
        if terminal and not at.figures:
            if bar is None:
                bar = tqdm(total=at.of, leave=False, bar_format=BAR, dynamic_ncols=True)
            bar.set_description_str(epoch, refresh=False)
            bar.n = at.samples
            bar.set_postfix_str(f"loss {at.loss:.3f}  {left}")
            return
        if bar is not None:
            bar.close()
            bar = None
        text = f"{epoch}  {at.samples}/{at.of}  loss {at.loss:.3f}"
        for name in ("valid", "base"):
            if name in at.figures:
                text += f"  {name} {100 * at.figures[name]:.1f} %"
        if at.skipped:
            text += f"  {at.skipped} skipped"
        tell(f"{text}  {left}")

    return show

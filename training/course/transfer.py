"""What is learned on one set put to use on another: fine-tuning, and pictures from outside."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from training.course import plots
from training.course.cnns import (
    BALANCED,
    Labeled,
    balanced,
    color_cnn,
    emnist_cnn,
    folded,
    made_shapes,
)
from training.course.nist36 import confusion_counts, most_confused, percent, trained_cnn
from training.course.photos import labeled_crops
from training.course.report import Bench, Figure, Row, pairs_text
from training.data.glyphs import CHARSET, unipen_glyphs
from training.data.pictures import load_class_folders
from training.recipes.curves import Curves
from training.recipes.glyph_accuracy import EMNIST_47
from training.synthesis.shapes import FLOWERS, draw_set, write_folder

SAMPLES = (5, 20, 100)  # a class of the new alphabet
STEPS = 240  # of 32 samples, of each fine-tuning
ALPHABET = "abcdefghijklmnopqrstuvwxyz"  # NIST36 holds capitals and digits alone
TEST_ROWS = 3_000  # of the new alphabet
FLOWER_EACH = 150  # pictures a class to train on
FLOWER_EPOCHS = 5
WAYS = ("classifier alone", "whole network", "from scratch")
UNIPEN_ROWS = 6_000  # renderings read by the network of EMNIST


def fine_tuning_row(bench: Bench) -> Row:
    """A folder of flowers, and an alphabet the CNN never saw, against training from scratch."""
    flowers = _flowers(bench)
    accuracy = _new_alphabet(bench)
    figures, pictures = [], []
    epochs = np.arange(1, len(flowers["from scratch"].valid_accuracy) + 1)
    plots.save(
        plots.lines(
            {name: (epochs, 100 * np.array(made.valid_accuracy)) for name, made in flowers.items()},
            "epoch",
            "test pictures right, %",
            dashed=("from scratch",),
        ),
        bench.path("fine-tuning-flowers.png"),
    )
    pictures.append(
        (
            "fine-tuning-flowers.png",
            "Five classes of made flowers, from a network trained on shapes.",
        )
    )
    for name, made in flowers.items():
        figures.append(
            Figure(
                f"flowers made here, after {len(epochs)} epochs, {name}",
                percent(made.valid_accuracy[-1]),
                "90 % within 5 epochs (real flowers)" if name != "from scratch" else "",
            )
        )
    used = [count for count in SAMPLES if count in accuracy[WAYS[0]]]
    plots.save(
        plots.lines(
            {name: (used, [100 * accuracy[name][count] for count in used]) for name in WAYS},
            "samples a class",
            "letters right, %",
            dashed=("from scratch",),
            log_across=True,
        ),
        bench.path("fine-tuning.png"),
    )
    pictures.insert(
        0,
        (
            "fine-tuning.png",
            "Small letters of UNIPEN's test writers: the CNN of NIST36 (capitals and digits) "
            "trained on 5, 20 and 100 samples a letter, and the same network from scratch.",
        ),
    )
    for count in used:
        figures.append(
            Figure(
                f"small letters, {count} samples a class: {', '.join(WAYS)}",
                ", ".join(percent(accuracy[name][count]) for name in WAYS),
            )
        )
    return Row(
        tuple(figures),
        tuple(pictures),
        ()
        if _real_flowers(bench)
        else (
            "Our figure on the real flowers needs the data, which is not here: put a sub-folder "
            "of pictures for each class into flowers/train and flowers/test of the data folder. "
            "The made flowers differ by the number of their petals alone, and the network they "
            "start from has seen 3,000 pictures of shapes; the published 90 % start from networks "
            "that have seen a million photographs. What can be compared is the gain.",
        ),
    )


def _real_flowers(bench: Bench) -> Path | None:
    path = bench.data / "flowers" if bench.data else None
    return path if path and path.is_dir() else None


def _flowers(bench: Bench) -> dict[str, Curves]:
    """Curves on a folder of pictures a class; validation is its test folder."""
    from training.networks.color_cnn import ColorCnn, Frozen, flip, with_new_classifier
    from training.recipes.fit import Fit, fit

    with tempfile.TemporaryDirectory() as place:
        folder = _real_flowers(bench)
        if folder is None:
            folder = Path(place)
            for split, name in enumerate(("train", "test")):
                each = bench.size(FLOWER_EACH, 8)
                made = draw_set(list(FLOWERS), each, 48, bench.seed + split, subject="flowers")
                write_folder(folder / name, made)
        train, test = load_class_folders(folder, 32)
    base, _ = color_cnn(bench, made_shapes(bench), "color cifar", 0.0, 0.3)
    epochs = bench.size(FLOWER_EPOCHS, 1)
    ways: dict[str, Any] = {
        "classifier alone": Frozen(with_new_classifier(base, len(train.classes), bench.seed)),
        "whole network": with_new_classifier(base, len(train.classes), bench.seed),
        "from scratch": ColorCnn(len(train.classes), _widths_of(base)),
    }
    curves = {}
    for number, (name, network) in enumerate(ways.items()):
        curves[name] = fit(
            network,
            (train.images, train.labels),
            (test.images, test.labels),
            Fit(epochs, batch=16, rate=3e-3, seed=bench.seed),
            flip,
        )
        bench.tell(0.3 + 0.05 * (number + 1), f"flowers, {name}")
    return curves


def _widths_of(network: Any) -> tuple[int, ...]:
    from torch import nn

    return tuple(layer.out_channels for layer in network.features if isinstance(layer, nn.Conv2d))


def _new_alphabet(bench: Bench) -> dict[str, dict[int, float]]:
    """Accuracy on small letters by way and samples a class."""
    import torch

    from ocr.letters.classifiers.cnn import GlyphCnn
    from training.networks.color_cnn import Frozen, with_new_classifier
    from training.recipes.fit import Fit, fit, logits_of
    from training.synthesis.augment import Augment

    base, _ = trained_cnn(bench, 0.5)
    train, test = _small_letters(bench, "train"), _small_letters(bench, "test")
    rng = np.random.default_rng(bench.seed)
    accuracy: dict[str, dict[int, float]] = {name: {} for name in WAYS}
    runs = len(SAMPLES) * len(WAYS)
    for number, count in enumerate(SAMPLES):
        chosen = np.concatenate(
            [rng.permutation(np.flatnonzero(train[1] == k))[:count] for k in range(len(ALPHABET))]
        )
        few = (train[0][chosen], train[1][chosen])
        steps = bench.size(STEPS, 4)
        epochs = max(1, round(steps * 32 / len(chosen)))
        torch.manual_seed(bench.seed)
        ways: dict[str, Any] = {
            "classifier alone": Frozen(with_new_classifier(base, len(ALPHABET), bench.seed)),
            "whole network": with_new_classifier(base, len(ALPHABET), bench.seed),
            "from scratch": GlyphCnn(len(ALPHABET), _widths_of(base)),
        }
        for place, (name, network) in enumerate(ways.items()):
            fit(
                network,
                few,
                (test[0][:100], test[1][:100]),
                Fit(epochs, batch=32, rate=3e-3, seed=bench.seed),
                Augment(bench.seed, gentlest=-0.5),
            )
            read = logits_of(network, test[0]).argmax(axis=1)
            accuracy[name][count] = float((read == test[1]).mean())
            share = (number * len(WAYS) + place + 1) / runs
            bench.tell(0.5 + 0.5 * share, f"{count} samples a letter, {name}")
    return accuracy


def _small_letters(bench: Bench, split: str) -> Labeled:
    """UNIPEN's small letters with labels 0 to 25; the test split cut to `TEST_ROWS`."""
    glyphs = unipen_glyphs(bench.folder(), split)
    first = CHARSET.index(ALPHABET[0])
    labels = glyphs.labels - first
    kept = np.flatnonzero((labels >= 0) & (labels < len(ALPHABET)))
    if split == "test":
        kept = np.random.default_rng(bench.seed).permutation(kept)[:TEST_ROWS]
    return glyphs.images[kept], labels[kept]


def outside_row(bench: Bench) -> Row:
    """The network of EMNIST alone on UNIPEN's renderings and on crops of photos."""
    from ocr.letters.classifiers import load_classifier
    from training.recipes.fit import logits_of

    networks = {
        "plain": emnist_cnn(bench, augmented=False)[0],
        "augmented": emnist_cnn(bench, augmented=True)[0],
    }
    sets = {"EMNIST's own test split": balanced(bench, "test")}
    unipen = folded(unipen_glyphs(bench.folder(), "test"))
    chosen = np.random.default_rng(bench.seed).permutation(len(unipen[1]))[
        : bench.size(UNIPEN_ROWS, 300)
    ]
    sets["UNIPEN renderings"] = (unipen[0][chosen], unipen[1][chosen])
    crops = labeled_crops(bench.folder() / "photos", load_classifier("glyphs.onnx"))
    known = np.isin(crops.labels, list(EMNIST_47))
    truth = np.array([BALANCED.index(EMNIST_47[str(sign)]) for sign in crops.labels[known]])
    sets["crops of the photos"] = (crops.images[known], truth)
    figures, heights, mistakes = [], {}, {}
    for title, (images, truth) in sets.items():
        values = []
        for name, network in networks.items():
            logits = logits_of(network, images)
            first, five = top(logits, truth, 1), top(logits, truth, 5)
            heights[f"{title}, {name}"] = 100 * first
            values.append(f"{percent(first)}, {percent(five)}")
            mistakes[title, name] = logits.argmax(axis=1)
        published = "" if title.startswith("EMNIST") else "42 %, 86 %"
        figures.append(Figure(f"top-1, top-5, {title} ({len(truth):,})", values[0], published))
        figures.append(Figure(f"{title}, trained with augmentation", values[1], published))
    pictures = [("outside.png", "Characters right, %, by what the network was trained on.")]
    plots.save(plots.bars(heights, "characters right, %"), bench.path("outside.png"))
    for title in list(sets)[1:]:
        images, truth = sets[title]
        read = mistakes[title, "plain"]
        counts = confusion_counts(truth, read, len(BALANCED))
        figures.append(
            Figure(f"commonest mistakes, {title}", pairs_text(most_confused(counts, BALANCED)))
        )
        wrong = np.flatnonzero(read != truth)[:30]
        if len(wrong):
            file = f"outside-{title.split()[0].lower()}.png"
            titles = [f"{BALANCED[truth[k]]} as {BALANCED[read[k]]}" for k in wrong]
            plots.save(plots.tiles(images[wrong], 10, titles), bench.path(file))
            pictures.append((file, f"Mistakes of the plain network, {title}."))
    return Row(
        tuple(figures),
        tuple(pictures),
        (
            f"The crops are the boxes of find_letters on the photos' lines that hold as many boxes "
            f"as their truth has characters: {crops.lines - crops.lines_left_out} of {crops.lines} "
            "lines. Photos where few lines do, as of joined writing, are left out. Nothing of "
            "UNIPEN or the photos was trained on. The published figures are of another task "
            "(photographs of things) and stand here for the drop that is to be expected.",
        ),
    )


def top(logits: NDArray[np.float32], truth: NDArray[np.int64], count: int) -> float:
    """Share of rows whose truth is among the `count` likeliest classes."""
    best = np.argsort(-logits, axis=1, kind="stable")[:, :count]
    return float((best == truth[:, None]).any(axis=1).mean())

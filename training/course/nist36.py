"""The systems of the NIST36 files: the MLP, its rates, weights and confusions, and the CNN."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from training.course import plots
from training.course.report import Bench, Figure, Row, pairs_text
from training.data.datasets import NIST36_CHARSET
from training.data.glyphs import CHARSET, nist36_glyphs
from training.networks.numpy_mlp import Array, Layer, cross_entropy_and_accuracy, forward
from training.recipes import mlp
from training.recipes.curves import Curves

SPLITS = ("train", "valid", "test")
QUICK_STEP = 20  # with --quick one row in so many of the training file
PUBLISHED_MLP = "78.3, 78.8, 77.3 %"
RATES = {"best rate": 1.0, "ten times": 10.0, "a tenth": 0.1}  # times the recipe's
PUBLISHED_RATES = ("78.8 and 78.3 %", "31.7 and 75.7 %", "74.9 and 75.4 %")
SEEDS = 3  # trainings of each MLP, to see the noise
ALIKE = ("O0", "I1", "S5", "Z2")  # shapes that a hand may make alike; the course's pairs but V/Y
PUBLISHED_PAIRS = "O/0, S/5, Z/2, I/1, Y/V"
CNN_WIDTHS = (16, 32, 64)  # channels of the stages of `ocr.letters.classifiers.cnn.GlyphCnn`
CNN_EPOCHS, LENET_EPOCHS = 25, 12  # over the training file; set by hand
SHOWN_ERRORS = 60  # letters read wrongly, in the picture


@dataclass(frozen=True)
class TrainedMlp:
    """A trained MLP of the course, the same before training, and its curves."""

    network: list[Layer]
    start: list[Layer]
    curves: Curves
    test: float  # share of the test file read right


def raw_rows(bench: Bench) -> dict[str, tuple[Array, Array]]:
    """The three files as the course trains on them: (N, 1024) rows and (N, 36) truth."""

    def load() -> dict[str, tuple[Array, Array]]:
        sets = {name: mlp.raw_rows(bench.folder(), name) for name in SPLITS}
        if bench.quick:
            x, onehot = sets["train"]
            sets["train"] = (x[::QUICK_STEP], onehot[::QUICK_STEP])
        return sets

    return cast("dict[str, tuple[Array, Array]]", bench.remembered("nist36 rows", load))


def trained_mlp(
    bench: Bench, times: float = 1.0, seed: int = 0, done: float = 0.0, share: float = 1.0
) -> TrainedMlp:
    """The course's MLP with its rate taken `times`; made once a run.

    `done` and `share` place it in the work of the system that asks for it.
    """
    recipe = replace(
        mlp.Recipe(), rate=mlp.Recipe.rate * times, epochs=bench.size(50, 2), seed=bench.seed + seed
    )

    def make() -> TrainedMlp:
        sets, made = raw_rows(bench), Curves()

        def after_epoch(network: list[Layer], epoch: int, loss: float, accuracy: float) -> None:
            x, onehot = sets["valid"]
            valid = cross_entropy_and_accuracy(forward(network, x)[-1], onehot)
            made.add((loss, accuracy), (valid[0] / len(x), valid[1]))
            bench.tell(
                done + share * epoch / recipe.epochs,
                f"rate {recipe.rate:g} epoch {epoch}/{recipe.epochs} valid {100 * valid[1]:.1f} %",
            )

        start = mlp.train(*sets["train"], replace(recipe, epochs=0))
        network = mlp.train(*sets["train"], recipe, after_epoch)
        x, onehot = sets["test"]
        test = cross_entropy_and_accuracy(forward(network, x)[-1], onehot)[1]
        return TrainedMlp(network, start, made, test)

    return cast(TrainedMlp, bench.remembered(f"mlp {recipe}", make))


def mlp_row(bench: Bench) -> Row:
    """64 hidden sigmoid units, cross-entropy, batches of 8."""
    trained = trained_mlp(bench)
    plots.save(plots.curves({"MLP on NIST36": trained.curves}), bench.path("mlp.png"))
    valid = trained.curves.valid_accuracy[-1]
    return Row(
        (
            Figure("test accuracy", percent(trained.test), PUBLISHED_MLP),
            Figure("validation accuracy", percent(valid)),
            Figure("training accuracy, last epoch", percent(trained.curves.train_accuracy[-1])),
        ),
        (("mlp.png", "Loss and accuracy of the numpy MLP, training and validation."),),
        (
            "The training loss falls on while the validation loss stays where it was after some "
            "fifteen epochs: from there on the network learns its 10,707 pictures by heart. Ours "
            "is a point or two under the published figures because the files are another draw: "
            "the same network in torch comes to the same (row “The MLP again in torch”).",
        ),
    )


def rates_row(bench: Bench) -> Row:
    """The same network at its best rate, ten times and a tenth of it."""
    runs = {
        name: trained_mlp(bench, times, done=number / len(RATES), share=1 / len(RATES))
        for number, (name, times) in enumerate(RATES.items())
    }
    rate = mlp.Recipe.rate
    named = {f"{name}: {rate * RATES[name]:g}": run.curves for name, run in runs.items()}
    plots.save(plots.curves(named), bench.path("rates.png"))
    return Row(
        tuple(
            Figure(f"test accuracy, {name} ({rate * RATES[name]:g})", percent(run.test), published)
            for (name, run), published in zip(runs.items(), PUBLISHED_RATES, strict=True)
        ),
        (("rates.png", "Loss and accuracy at the three rates."),),
        (
            "Too high a rate throws the weights about: loss and accuracy jump and settle late or "
            "never. Too low a one has not arrived after the same number of epochs.",
        ),
    )


def weights_row(bench: Bench) -> Row:
    """What each hidden unit looks at, before and after training."""
    trained = trained_mlp(bench)
    pictures = []
    for name, network in (("start", trained.start), ("trained", trained.network)):
        weight = network[0].weight.T.reshape(-1, 32, 32)
        plots.save(
            plots.tiles(weight, 16, symmetric=True, size=0.55), bench.path(f"weights-{name}.png")
        )
        pictures.append(f"weights-{name}.png")
    before, after = (network[0].weight for network in (trained.start, trained.network))
    return Row(
        (
            Figure(
                "standard deviation of the first layer's weights, at the start",
                f"{before.std():.3f}",
            ),
            Figure("trained", f"{after.std():.3f}"),
            Figure(
                "likeness of neighboring pixels' weights (correlation), at the start",
                f"{_likeness(before):.2f}",
            ),
            Figure("trained", f"{_likeness(after):.2f}"),
        ),
        (
            (
                pictures[0],
                "First-layer weights of the 64 units as 32x32 pictures, at the start: noise.",
            ),
            (
                pictures[1],
                "Trained: strokes and their surroundings; red asks for paper, blue for ink.",
            ),
        ),
    )


def _likeness(weight: Array) -> float:
    pictures = weight.T.reshape(-1, 32, 32)
    across = np.corrcoef(pictures[:, :, 1:].ravel(), pictures[:, :, :-1].ravel())[0, 1]
    return float(across)


def confusion_row(bench: Bench) -> Row:
    """Which characters the MLP takes for which."""
    trained = trained_mlp(bench)
    x, onehot = raw_rows(bench)["test"]
    counts = confusion_counts(onehot.argmax(axis=1), forward(trained.network, x)[-1].argmax(axis=1))
    plots.save(plots.confusion(counts, NIST36_CHARSET), bench.path("confusion.png"))
    pairs = most_confused(counts, NIST36_CHARSET)
    return Row(
        (
            Figure("test accuracy", percent(trained.test), PUBLISHED_MLP),
            Figure(
                "pairs most confused, both ways, errors of 1,800",
                pairs_text(pairs),
                PUBLISHED_PAIRS,
            ),
        ),
        (("confusion.png", "Confusion matrix of the MLP on the test file."),),
    )


def confusion_counts(
    truth: NDArray[np.integer], read: NDArray[np.integer], classes: int = len(NIST36_CHARSET)
) -> NDArray[np.int64]:
    """(K, K) counts, rows the truth and columns what was read."""
    counts = np.zeros((classes, classes), dtype=np.int64)
    np.add.at(counts, (truth, read), 1)
    return counts


def most_confused(
    counts: NDArray[np.int64], classes: tuple[str, ...], most: int = 8
) -> list[tuple[str, str, int]]:
    """The pairs of classes most often taken for each other, either way, with their counts."""
    both = np.triu(counts + counts.T, 1)
    order = np.argsort(-both, axis=None, kind="stable")[:most]
    places = np.column_stack(np.unravel_index(order, both.shape))
    return [(classes[a], classes[b], int(both[a, b])) for a, b in places if both[a, b]]


def torch_mlp_row(bench: Bench) -> Row:
    """The same MLP in torch, and several seeds of both, to know the noise."""
    import torch
    from torch import nn

    sets = raw_rows(bench)
    recipe = replace(mlp.Recipe(), epochs=bench.size(50, 2))
    runs = 2 * SEEDS

    def train(seed: int) -> tuple[Curves, float]:
        torch.manual_seed(bench.seed + seed)
        network = nn.Sequential(
            nn.Linear(1024, recipe.hidden), nn.Sigmoid(), nn.Linear(recipe.hidden, 36)
        )
        for layer in (network[0], network[2]):
            nn.init.xavier_uniform_(layer.weight)
            nn.init.zeros_(layer.bias)
        optimizer = torch.optim.SGD(network.parameters(), lr=recipe.rate)
        tensors = {
            name: (torch.tensor(x, dtype=torch.float32), torch.tensor(onehot.argmax(axis=1)))
            for name, (x, onehot) in sets.items()
        }
        x, truth = tensors["train"]
        made = Curves()
        for epoch in range(1, recipe.epochs + 1):
            total = right = 0.0
            for chosen in torch.randperm(len(x)).split(recipe.batch):
                logits = network(x[chosen])
                loss = nn.functional.cross_entropy(logits, truth[chosen], reduction="sum")
                optimizer.zero_grad()
                loss.backward()
                optimizer.step()
                total += float(loss.detach())
                right += float((logits.argmax(dim=1) == truth[chosen]).sum())
            with torch.inference_mode():
                logits = network(tensors["valid"][0])
                valid_loss = float(nn.functional.cross_entropy(logits, tensors["valid"][1]))
                valid = float((logits.argmax(dim=1) == tensors["valid"][1]).float().mean())
            made.add((total / len(x), right / len(x)), (valid_loss, valid))
            bench.tell(
                (seed + epoch / recipe.epochs) / runs,
                f"torch, seed {seed}, epoch {epoch}/{recipe.epochs} valid {100 * valid:.1f} %",
            )
        with torch.inference_mode():
            test = network(tensors["test"][0]).argmax(dim=1) == tensors["test"][1]
        return made, float(test.float().mean())

    theirs = [train(seed) for seed in range(SEEDS)]
    ours = [
        trained_mlp(bench, seed=seed, done=(SEEDS + seed) / runs, share=1 / runs)
        for seed in range(SEEDS)
    ]
    plots.save(
        plots.curves({"numpy": ours[0].curves, "torch": theirs[0][0]}), bench.path("torch-mlp.png")
    )
    numpy_tests = [run.test for run in ours]
    torch_tests = [test for _, test in theirs]
    gap = abs(float(np.mean(numpy_tests) - np.mean(torch_tests)))
    noise = float(np.sqrt((np.var(numpy_tests, ddof=1) + np.var(torch_tests, ddof=1)) / SEEDS))
    return Row(
        (
            Figure("test accuracy, torch, three seeds", _listed(torch_tests), PUBLISHED_MLP),
            Figure("test accuracy, numpy, three seeds", _listed(numpy_tests), PUBLISHED_MLP),
            Figure(
                "difference of the means, and its standard error",
                f"{100 * gap:.2f} and {100 * noise:.2f} points",
            ),
        ),
        (("torch-mlp.png", "The numpy MLP and the torch MLP."),),
    )


def cnn_row(bench: Bench) -> Row:
    """A LeNet as the course has it, and our residual network with augmentation, on NIST36 alone."""
    import torch

    from training.recipes.fit import Fit, fit, logits_of, loss_and_accuracy

    sets = glyph_sets(bench)
    torch.manual_seed(bench.seed)
    plain = lenet(36)
    plain_curves = fit(
        plain,
        raw_glyphs(bench, "train"),
        raw_glyphs(bench, "valid"),
        Fit(bench.size(LENET_EPOCHS, 1), rate=2e-3, seed=bench.seed),
        after_epoch=lambda epoch, made: bench.tell(
            0.1 * epoch / LENET_EPOCHS,
            f"LeNet, epoch {epoch} valid {100 * made.valid_accuracy[-1]:.1f} %",
        ),
    )
    images, truth = raw_glyphs(bench, "test")
    lenet_test = loss_and_accuracy(logits_of(plain, images), truth)[1]

    network, made = trained_cnn(bench)
    images, truth = sets["test"]
    logits = logits_of(network, images)
    read = logits.argmax(axis=1)
    test = float((read == truth).mean())
    counts = confusion_counts(truth, read)
    wrong = np.flatnonzero(read != truth)
    alike = [NIST36_CHARSET[truth[k]] + NIST36_CHARSET[read[k]] for k in wrong]
    lookalikes = sum(pair in ALIKE or pair[::-1] in ALIKE for pair in alike)
    probabilities = torch.softmax(torch.from_numpy(logits), dim=1).numpy()
    second = np.argsort(-logits, axis=1)[:, 1]
    in_two = float(((read == truth) | (second == truth)).mean())
    worst = wrong[np.argsort(-probabilities[wrong, read[wrong]], kind="stable")][:SHOWN_ERRORS]
    titles = [f"{NIST36_CHARSET[truth[k]]} as {NIST36_CHARSET[read[k]]}" for k in worst]
    plots.save(
        plots.curves({"LeNet, plain": plain_curves, "residual, augmented": made}),
        bench.path("cnn-nist36.png"),
    )
    pictures = [("cnn-nist36.png", "The two networks; the second is trained on changed pictures.")]
    if len(worst):
        plots.save(plots.tiles(images[worst], 10, titles), bench.path("cnn-nist36-errors.png"))
        pictures.append(
            (
                "cnn-nist36-errors.png",
                f"Of the {len(wrong)} errors on the test file those it was surest of: truth, "
                "then what was read.",
            )
        )
    return Row(
        (
            Figure("test accuracy, residual network, NIST36 alone", percent(test), "MLP 78.3 %"),
            Figure("its validation accuracy", percent(made.valid_accuracy[-1]), "84.5 % (LeNet)"),
            Figure("test accuracy, our LeNet", percent(lenet_test)),
            Figure(
                "LeNet, validation and training accuracy",
                f"{percent(plain_curves.valid_accuracy[-1])}, "
                f"{percent(plain_curves.train_accuracy[-1])}",
                "84.5 %, 96.5 %",
            ),
            Figure(
                "the course's own MLP on the same files, test",
                percent(trained_mlp(bench).test),
                PUBLISHED_MLP,
            ),
            Figure("truth among the first two readings, test", percent(in_two)),
            Figure(
                "errors that are O/0, I/1, S/5 or Z/2",
                f"{lookalikes} of {len(wrong)}; with them right "
                f"{percent(test + lookalikes / len(truth))}",
            ),
            Figure(
                "pairs most confused",
                pairs_text(most_confused(counts, NIST36_CHARSET)),
                PUBLISHED_PAIRS,
            ),
        ),
        tuple(pictures),
        (
            "The files hold size-normalized glyphs without their line, so an O and a 0, an I and "
            "a 1 of many hands are the same picture: a person errs on them too.",
        ),
    )


def trained_cnn(bench: Bench, done: float = 0.1) -> tuple[Any, Curves]:
    """Our residual network trained on NIST36's training file alone; made once a run."""
    import torch

    from ocr.letters.classifiers.cnn import GlyphCnn
    from training.recipes.fit import Fit, fit
    from training.synthesis.augment import Augment

    epochs = bench.size(CNN_EPOCHS, 1)

    def make() -> tuple[GlyphCnn, Curves]:
        sets = glyph_sets(bench)
        torch.manual_seed(bench.seed)
        network = GlyphCnn(36, CNN_WIDTHS if not bench.quick else (4, 8, 8))
        made = fit(
            network,
            sets["train"],
            sets["valid"],
            Fit(epochs, smoothing=0.05, average=True, seed=bench.seed),
            Augment(bench.seed, gentlest=-0.5),
            lambda epoch, made: bench.tell(
                done + (1 - done) * epoch / epochs,
                f"residual network, epoch {epoch}/{epochs} "
                f"valid {100 * made.valid_accuracy[-1]:.1f} %",
            ),
        )
        return network, made

    return cast("tuple[Any, Curves]", bench.remembered("cnn nist36", make))


def glyph_sets(bench: Bench) -> dict[str, tuple[NDArray[np.uint8], NDArray[np.int64]]]:
    """The three files as normalized glyphs with labels 0 to 35."""

    def load() -> dict[str, tuple[NDArray[np.uint8], NDArray[np.int64]]]:
        sets = {}
        for name in SPLITS:
            glyphs = nist36_glyphs(bench.folder(), name)
            step = QUICK_STEP if bench.quick and name == "train" else 1
            labels = np.array([NIST36_CHARSET.index(CHARSET[k]) for k in glyphs.labels])
            sets[name] = (glyphs.images[::step], labels[::step])
        return sets

    return cast(
        "dict[str, tuple[NDArray[np.uint8], NDArray[np.int64]]]",
        bench.remembered("nist36 glyphs", load),
    )


def raw_glyphs(bench: Bench, split: str) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    """One file's own 32x32 pictures as bytes, and labels 0 to 35."""
    x, onehot = raw_rows(bench)[split]
    return np.round(255 * x).astype(np.uint8).reshape(-1, 32, 32), onehot.argmax(axis=1)


def lenet(classes: int) -> Any:
    """LeNet-5's layers for 32x32 pictures with relu (LeCun et al. 1998), as the course has it."""
    from torch import nn

    return nn.Sequential(
        *(nn.Conv2d(1, 6, 5), nn.ReLU(), nn.MaxPool2d(2)),
        *(nn.Conv2d(6, 16, 5), nn.ReLU(), nn.MaxPool2d(2)),
        *(nn.Flatten(), nn.Linear(400, 120), nn.ReLU(), nn.Linear(120, 84), nn.ReLU()),
        nn.Linear(84, classes),
    )


def percent(share: float) -> str:
    """A share as "78.3 %"."""
    return f"{100 * share:.1f} %"


def _listed(shares: list[float]) -> str:
    return ", ".join(f"{100 * share:.1f}" for share in shares) + " %"

"""Convolutional networks on MNIST, on EMNIST Balanced, and on color pictures."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from ocr.evaluation.error_rates import Errors, character_errors
from ocr.evaluation.normalization import Normalization
from ocr.letters.classifiers.base import softmax
from training.course import plots
from training.course.nist36 import (
    confusion_counts,
    most_confused,
    percent,
)
from training.course.photos import COURSE_PHOTOS, line_glyphs, truth_lines
from training.course.report import Bench, Figure, Row, pairs_text
from training.data.datasets import Characters, load_emnist_mat, load_idx, load_npz, write_idx
from training.data.glyphs import CHARSET, GlyphSet, emnist_glyphs, label_indices, normalize_pictures
from training.data.pictures import ColorPictures, load_cifar10, load_class_folders, write_cifar10
from training.recipes.curves import Curves
from training.recipes.glyph_accuracy import EMNIST_47
from training.synthesis.shapes import SCENES, SHAPES, draw_set, write_folder

Labeled = tuple[NDArray[np.uint8], NDArray[np.int64]]

BALANCED = tuple(dict.fromkeys(EMNIST_47.values()))  # the 47 classes
WIDTHS, QUICK_WIDTHS = (16, 32, 64), (4, 8, 8)  # channels; those with --quick
EPOCHS = 3  # over EMNIST; more gains tenths of a point
DIGIT_ROWS = 30_000  # of EMNIST's digits to train on, half of MNIST
FORMAT_ROWS = 2_000  # written in EMNIST's own formats and read back
PUBLISHED_BALANCED = "91.06 % (highest known, official split)"
COLOR_EACH = 300  # made pictures a class
COLOR_EPOCHS = 8  # over them
SCENE_SIDE = 64  # pixels of the scenes, as the folder loader scales them


@dataclass(frozen=True)
class NetworkClassifier:
    """A torch network as the `Classifier` that the photo stages ask."""

    network: Any
    charset: tuple[str, ...]
    metadata: Any = None

    def predict_proba(self, glyphs: NDArray[np.float32]) -> NDArray[np.float32]:
        from training.recipes.fit import logits_of

        if not len(glyphs):
            return np.empty((0, len(self.charset)), dtype=np.float32)
        return softmax(logits_of(self.network, np.round(255 * glyphs).astype(np.uint8)))


def mnist_row(bench: Bench) -> Row:
    """MNIST's files if they are there, else EMNIST's digits written in their format."""
    from ocr.letters.classifiers.cnn import GlyphCnn
    from training.recipes.fit import Fit, fit, logits_of, loss_and_accuracy

    official = _beside(bench, "train-images-idx3-ubyte")
    with tempfile.TemporaryDirectory() as place:
        folder = official.parent if official else Path(place)
        if not official:
            write_digits(bench, folder)
        train, test = (
            _padded(load_idx(_idx(folder, f"{name}-images-idx3-ubyte")))
            for name in ("train", "t10k")
        )
    _seeded(bench)
    network = GlyphCnn(10, QUICK_WIDTHS if bench.quick else WIDTHS)
    epochs = bench.size(4, 1)
    held = len(train[0]) // 10
    made = fit(
        network,
        (train[0][held:], train[1][held:]),
        (train[0][:held], train[1][:held]),
        Fit(epochs, seed=bench.seed, average=True),
        after_epoch=_teller(bench, 0, 1, epochs),
    )
    read = logits_of(network, test[0]).argmax(axis=1)
    accuracy = loss_and_accuracy(logits_of(network, test[0]), test[1])[1]
    plots.save(plots.curves({"CNN on digits": made}), bench.path("cnn-mnist.png"))
    counts = confusion_counts(test[1], read, 10)
    pictures = [("cnn-mnist.png", "Loss and accuracy of the CNN on digits.")]
    wrong = np.flatnonzero(read != test[1])[:30]
    if len(wrong):
        titles = [f"{test[1][k]} as {read[k]}" for k in wrong]
        plots.save(plots.tiles(test[0][wrong], 10, titles), bench.path("cnn-mnist-errors.png"))
        pictures.append(("cnn-mnist-errors.png", "The first errors on the test file."))
    source = "MNIST" if official else "EMNIST's digits in MNIST's files"
    return Row(
        (
            Figure(
                f"test accuracy, {source}, {len(train[0]):,} to train on", f"{100 * accuracy:.2f} %"
            ),
            Figure("errors", f"{(read != test[1]).sum()} of {len(read):,}"),
            Figure(
                "pairs most confused", pairs_text(most_confused(counts, tuple("0123456789"), 5))
            ),
        ),
        tuple(pictures),
        ()
        if official
        else (
            "The pictures went through gzipped idx files and back. With MNIST's own four files in "
            "the data folder, they are used instead.",
        ),
    )


def write_digits(bench: Bench, folder: Path) -> None:
    """EMNIST's digits as MNIST's four gzipped files."""
    path = bench.folder() / "chars" / "emnist.npz"
    rng = np.random.default_rng(bench.seed)
    for split, name, most in (
        ("train", "train", bench.size(DIGIT_ROWS, 600)),
        ("test", "t10k", bench.size(10_000, 300)),
    ):
        part = load_npz(path, split)
        digits = np.flatnonzero(np.char.isdigit(part.labels))
        chosen = rng.permutation(digits)[:most]
        write_idx(folder / f"{name}-images-idx3-ubyte.gz", 255 - part.images[chosen])
        labels = part.labels[chosen].astype(np.uint8)
        write_idx(folder / f"{name}-labels-idx1-ubyte.gz", labels)


def emnist_row(bench: Bench) -> Row:
    """47 classes, then the boxes that `find_letters` makes of the four photos."""
    from training.recipes.fit import logits_of

    read_back = formats_read_back(bench)
    network, made = emnist_cnn(bench, augmented=False)
    images, truth = balanced(bench, "test")
    read = logits_of(network, images).argmax(axis=1)
    counts = confusion_counts(truth, read, len(BALANCED))
    plots.save(plots.curves({"CNN on EMNIST, 47 classes": made}), bench.path("cnn-emnist.png"))
    plots.save(plots.confusion(counts, BALANCED), bench.path("cnn-emnist-confusion.png"))
    means = np.diag(counts)[counts.sum(axis=1) > 0] / counts.sum(axis=1)[counts.sum(axis=1) > 0]
    figures = [
        Figure(
            "test accuracy, 47 classes, over samples",
            percent(float((read == truth).mean())),
            PUBLISHED_BALANCED,
        ),
        Figure(
            "mean over the classes (as of a balanced test file)",
            percent(float(means.mean())),
            PUBLISHED_BALANCED,
        ),
        Figure("pairs most confused", pairs_text(most_confused(counts, BALANCED))),
        Figure(
            "pictures written as idx.gz and .mat, transposed, and read back the same", read_back
        ),
    ]
    figures += photo_figures(bench, NetworkClassifier(network, BALANCED))
    return Row(
        tuple(figures),
        (
            ("cnn-emnist.png", "Loss and accuracy of the CNN on EMNIST folded to 47 classes."),
            ("cnn-emnist-confusion.png", "Its confusion matrix on the test split."),
        ),
        (
            "EMNIST's split here is this project's own and its classes are unequal, so 91.06 % "
            "of the official split is a direction, not a comparison. The photos are read glyph "
            "by glyph, without lines, words or context.",
        ),
    )


def photo_figures(bench: Bench, classifier: NetworkClassifier) -> list[Figure]:
    """Characters right on each course photo, glyph by glyph, case and spaces ignored."""
    how, figures, total = Normalization(ignore_case=True, ignore_spaces=True), [], Errors(0, 0)
    signs = np.array(classifier.charset)
    for name, published in COURSE_PHOTOS.items():
        path = bench.folder() / "photos" / f"{name}.jpg"
        if not path.is_file():
            continue
        bench.tell(0.97, name)
        rows = line_glyphs(path, classifier)
        text = "".join("".join(signs[classifier.predict_proba(row).argmax(axis=1)]) for row in rows)
        errors = character_errors(how.apply("".join(truth_lines(path))), how.apply(text))
        total += errors
        figures.append(
            Figure(f"characters right, {name}", f"{100 * errors.accuracy:.1f} %", published)
        )
    if figures:
        figures.append(
            Figure("characters right, the photos together", f"{100 * total.accuracy:.1f} %")
        )
    return figures


def emnist_cnn(bench: Bench, *, augmented: bool) -> tuple[Any, Curves]:
    """Our residual network trained on EMNIST alone, 47 classes; made once a run."""
    from ocr.letters.classifiers.cnn import GlyphCnn
    from training.recipes.fit import Fit, fit, unchanged
    from training.synthesis.augment import Augment

    epochs = bench.size(EPOCHS, 1)

    def make() -> tuple[GlyphCnn, Curves]:
        _seeded(bench)
        network = GlyphCnn(len(BALANCED), QUICK_WIDTHS if bench.quick else WIDTHS, dropout=0.2)
        made = fit(
            network,
            balanced(bench, "train"),
            balanced(bench, "valid"),
            Fit(epochs, batch=128, smoothing=0.05, average=True, seed=bench.seed),
            Augment(bench.seed, gentlest=0.0) if augmented else unchanged,
            _teller(bench, 0, 0.95, epochs),
        )
        return network, made

    return cast("tuple[Any, Curves]", bench.remembered(f"cnn emnist {augmented}", make))


def balanced(bench: Bench, split: str) -> Labeled:
    """EMNIST Balanced as normalized glyphs with labels 0 to 46.

    From the official files if they are in the data folder (a tenth of whose training file is then
    held back for validation), else from `emnist.npz`, without the letters whose case it does not
    tell where their cases are two classes.
    """
    return cast(Labeled, bench.remembered(f"balanced {split}", lambda: _balanced(bench, split)))


def _balanced(bench: Bench, split: str) -> Labeled:
    part = "test" if split == "test" else "train"
    official = _beside(bench, f"emnist-balanced-{part}-images-idx3-ubyte")
    matlab = bench.folder() / "chars" / "emnist-balanced.mat"
    if official or matlab.is_file():
        found = load_idx(official) if official else load_emnist_mat(matlab, part)
        images = normalize_pictures(found.images)
        labels = np.array([BALANCED.index(EMNIST_47[str(sign)]) for sign in found.labels])
        if part == "train":
            held = np.arange(len(labels)) % 10 == 0
            images, labels = images[held == (split == "valid")], labels[held == (split == "valid")]
        return images, labels
    glyphs = emnist_glyphs(bench.folder(), split)
    images, labels = folded(glyphs)
    if bench.quick and split == "train":
        chosen = np.random.default_rng(bench.seed).permutation(len(labels))[:1000]
        images, labels = images[chosen], labels[chosen]
    return images, labels


def folded(glyphs: GlyphSet) -> Labeled:
    """Glyphs of the 47 classes, cases of one shape folded; those of no single class left out."""
    classes = np.full(len(CHARSET), -1)
    for sign, name in EMNIST_47.items():
        classes[CHARSET.index(sign)] = BALANCED.index(name)
    other = np.array([classes[CHARSET.index(sign.swapcase())] for sign in CHARSET])
    labels = classes[glyphs.labels]
    kept = (labels >= 0) & (glyphs.cased | (labels == other[glyphs.labels]))
    return glyphs.images[kept], labels[kept]


def formats_read_back(bench: Bench) -> str:
    """Write pictures of EMNIST in its two original formats and compare what the loaders read."""
    from scipy.io import savemat

    part = load_npz(bench.folder() / "chars" / "emnist.npz", "test")
    chosen = np.isin(part.labels, list(BALANCED))
    images, signs = part.images[chosen][:FORMAT_ROWS], part.labels[chosen][:FORMAT_ROWS]
    ink = np.asarray(255 - images, dtype=np.uint8)
    numbers = np.array([BALANCED.index(sign) for sign in signs], dtype=np.uint8)
    mapping = np.array([[number, ord(sign)] for number, sign in enumerate(BALANCED)])
    with tempfile.TemporaryDirectory() as place:
        stem = Path(place) / "emnist-balanced-test"
        write_idx(stem.with_name(f"{stem.name}-images-idx3-ubyte.gz"), ink.transpose(0, 2, 1))
        write_idx(stem.with_name(f"{stem.name}-labels-idx1-ubyte.gz"), numbers)
        table = "".join(f"{number} {code}\n" for number, code in mapping)
        stem.with_name("emnist-balanced-mapping.txt").write_text(table)
        rows = ink.transpose(0, 2, 1).reshape(len(ink), -1)
        half = {"images": rows, "labels": numbers[:, None]}
        content = {"train": half, "test": half, "mapping": mapping}
        savemat(stem.with_suffix(".mat"), {"dataset": content}, do_compression=True)
        both = (
            load_idx(stem.with_name(f"{stem.name}-images-idx3-ubyte.gz")),
            load_emnist_mat(stem.with_suffix(".mat"), "test"),
        )
    same = all(
        np.array_equal(found.images, images) and np.array_equal(found.labels, signs)
        for found in both
    )
    return f"{len(images):,} of {len(images):,}" if same else "NOT the same"


def color_row(bench: Bench) -> Row:
    """CIFAR-10's python batches, and a folder of pictures a class."""
    from training.recipes.fit import logits_of

    figures, series, notes = [], {}, []
    shown: list[ColorPictures] = []
    with tempfile.TemporaryDirectory() as place:
        cifar = _folder(bench, "cifar-10-batches-py")
        if not cifar:
            cifar = Path(place) / "cifar"
            write_cifar10(cifar, *(_made(bench, "shapes", split, 32) for split in (0, 1)))
        scenes = _folder(bench, "sun")
        if not scenes:
            scenes = Path(place) / "scenes"
            for split, name in enumerate(("train", "test")):
                write_folder(scenes / name, _made(bench, "scenes", split, SCENE_SIDE + 16))
        sets = {
            "cifar": (load_cifar10(cifar, "train"), load_cifar10(cifar, "test")),
            "folder": load_class_folders(scenes, SCENE_SIDE),
        }
        given = {"cifar": cifar.parent != Path(place), "folder": scenes.parent != Path(place)}
    for number, (kind, (train, test)) in enumerate(sets.items()):
        network, made = color_cnn(bench, train, f"color {kind}", number / 2, 0.5)
        title = {"cifar": "CIFAR-10's python batches", "folder": "folder of pictures a class"}[kind]
        source = "" if given[kind] else ", filled with pictures made here"
        read = logits_of(network, test.images).argmax(axis=1)
        figures.append(
            Figure(
                f"test accuracy, {title}{source}: {len(train.classes)} classes, "
                f"{len(train.images):,} pictures",
                percent(float((read == test.labels).mean())),
                "" if kind == "cifar" else "SUN 71 %, 45.6 % (bag of words 62, 65 %)",
            )
        )
        series[title] = made
        shown.append(test)
        if not given[kind]:
            where = {"cifar": "cifar-10-batches-py", "folder": "sun/train and sun/test"}[kind]
            notes.append(
                f"Our figure on the real pictures needs the data, which is not here: put it into "
                f"{where} of the data folder and run this row again. The made pictures are easier "
                "than real ones and show that loader and training work, nothing more."
            )
    plots.save(plots.curves(series), bench.path("cnn-color.png"))
    pictures = [("cnn-color.png", "Loss and accuracy on both sets.")]
    for kind, test in zip(sets, shown, strict=True):
        some = np.linspace(0, len(test.images) - 1, 20).round().astype(int)
        titles = [test.classes[label] for label in test.labels[some]]
        plots.save(
            plots.tiles(test.images[some], 10, titles, size=0.8),
            bench.path(f"cnn-color-{kind}.png"),
        )
        pictures.append((f"cnn-color-{kind}.png", f"Test pictures, {kind}."))
    return Row(tuple(figures), tuple(pictures), tuple(notes))


def color_cnn(
    bench: Bench, train: ColorPictures, name: str, done: float, share: float
) -> tuple[Any, Curves]:
    """A network for color pictures trained on a set; made once a run."""
    from training.networks.color_cnn import ColorCnn, flip
    from training.recipes.fit import Fit, fit

    epochs = bench.size(COLOR_EPOCHS, 1)

    def make() -> tuple[Any, Curves]:
        _seeded(bench)
        network = ColorCnn(len(train.classes), QUICK_WIDTHS if bench.quick else WIDTHS)
        order = np.random.default_rng(bench.seed).permutation(len(train.images))  # by class before
        held, rest = np.split(order, [len(order) // 6])
        made = fit(
            network,
            (train.images[rest], train.labels[rest]),
            (train.images[held], train.labels[held]),
            Fit(epochs, batch=64, seed=bench.seed),
            flip,
            _teller(bench, done, share, epochs),
        )
        return network, made

    return cast("tuple[Any, Curves]", bench.remembered(name, make))


def made_shapes(bench: Bench) -> ColorPictures:
    """The made pictures of shapes, to train on."""
    return _made(bench, "shapes", 0, 32)


def _made(bench: Bench, subject: str, split: int, side: int) -> ColorPictures:
    classes = list({"shapes": SHAPES, "scenes": SCENES}[subject])
    each = bench.size(COLOR_EACH // (1 + 2 * split), 12)
    return draw_set(classes, each, side, bench.seed + split, subject=subject)


def _teller(bench: Bench, done: float, share: float, epochs: int) -> Any:
    def tell(epoch: int, made: Curves) -> None:
        words = f"epoch {epoch}/{epochs} valid {100 * made.valid_accuracy[-1]:.1f} %"
        bench.tell(done + share * epoch / epochs, words)

    return tell


def _seeded(bench: Bench) -> None:
    import torch

    torch.manual_seed(bench.seed)


def _padded(found: Characters) -> Labeled:
    """28x28 digits on 32x32 paper, labels as numbers."""
    wide = [(0, 0)] + [((32 - side) // 2, (33 - side) // 2) for side in found.images.shape[1:]]
    images = np.pad(found.images, wide, constant_values=255).astype(np.uint8)
    return images, label_indices(found.labels) - CHARSET.index("0")


def _idx(folder: Path, name: str) -> Path:
    """An idx file, gzipped or not."""
    packed = folder / f"{name}.gz"
    return packed if packed.is_file() else folder / name


def _beside(bench: Bench, name: str) -> Path | None:
    """An official idx file in the data folder, or None."""
    path = _idx(bench.folder() / "chars", name)
    return path if path.is_file() else None


def _folder(bench: Bench, name: str) -> Path | None:
    """A folder of color pictures in the data folder, or None; none are needed."""
    if bench.data is None:
        return None
    path = bench.data / name
    return path if path.is_dir() else None

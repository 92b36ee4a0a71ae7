"""What `ocr train` leaves beside a model: the card, and a report with pictures."""

from __future__ import annotations

import io
import shlex
from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from ocr.evaluation.error_rates import align, confusions, edit_distance
from ocr.weights import installed
from training.recipes.report_page import Part, Section, inside, line, picture, render, table, text

if TYPE_CHECKING:
    from training.own_hand.outcome import Outcome

MISTAKES = 48  # samples read wrongly that are shown
PAIRS = 20  # commonest confusions that are listed
LINES = 25  # lines read worst that are shown


def _called(name: str) -> str:
    """What names a model on the command line where its folder lies."""
    if name in {called for path in installed() for called in (path.name, path.stem)}:
        name = f"./{name}"
    return shlex.quote(name)


def card(outcome: Outcome) -> str:
    """The model card, in Markdown."""
    about = outcome.metadata
    training = about.training
    settings = outcome.settings
    name = about.name
    parts = training["split"]
    rows = [
        f"# {name}: {KIND_NAMES[about.kind]}",
        "",
        f"Made by `ocr train` on {about.date}, from {_start(outcome)}. Read with it:",
        "",
        f"    ocr read --model {_called(name)} photo.jpg",
        "",
        "**Data.**",
        "",
        *(
            f"- {source['name']}: {source['samples']} samples ({source['what']}), "
            f"{source['left out'] or 'none'} left out"
            for source in training["sources"]
        ),
    ]
    if training["left out"]:
        rows += ["", "Left out:", ""]
        rows += [f"- {count} {reason}" for reason, count in training["left out"].items()]
    rows += [
        "",
        f"Split by {parts['by']}, seed {settings.seed}: {parts['train']} to train on, "
        f"{parts['valid']} to choose the epoch by, {parts['test']} to report on"
        + (
            "; the last two are the same samples, so the figure is a little too good."
            if parts["choose and report by the same"]
            else "."
        ),
        "",
        f"Base data mixed in: {training['base']}.",
        "",
        "**Figures.**",
        "",
        "| measured on | |",
        "|---|---|",
        *(f"| {title} | {value:g} |" for title, value in about.figures.items()),
        "",
        "**Settings.** "
        + ", ".join(
            f"{key} {value}"
            for key, value in training["settings"].items()
            if key not in ("data", "out") and value is not None
        )
        + f"; best epoch {training['best epoch']} of {training['epochs run']}, "
        f"{training['steps']} steps, {training['steps skipped']} of them skipped. Make it again:",
        "",
        f"    {about.command}",
        "",
        "**Trained on before and now**, with licenses:",
        "",
        *(f"- {source['name']} ({source['licence']})" for source in about.data),
        "",
        f"**Characters.** {' '.join(about.charset)}",
        "",
    ]
    return "\n".join(rows)


KIND_NAMES = {
    "mlp": "a small network for single characters",
    "cnn": "a convolutional network for single characters",
    "lines": "a line recognizer",
}


def _start(outcome: Outcome) -> str:
    start = outcome.settings.start
    return "scratch" if start == "scratch" else f"the model {start}"


def report(outcome: Outcome) -> str:
    """The report, one HTML page with everything in it."""
    name = outcome.metadata.name
    lede = (
        f"{KIND_NAMES[outcome.metadata.kind].capitalize()}, trained from {_start(outcome)} on "
        f"{outcome.metadata.date}. Read with it:"
    )
    sections = [
        Section("Figures", _figures(outcome)),
        *(_line_errors(outcome) if outcome.lines else _glyph_errors(outcome)),
        Section("Curves", [_curves(outcome)]),
        Section("Data", _data(outcome)),
    ]
    return render(
        name,
        lede,
        sections,
        headline=_headline(outcome),
        command=f"ocr read --model {_called(name)} photo.jpg",
        banner=f"This model was not written: {outcome.refused}." if outcome.refused else "",
    )


def _headline(outcome: Outcome) -> dict[str, str]:
    """What training brought on the own data that was held back."""
    after = f"{100 * outcome.after.own:.1f} %"
    what = "characters wrong" if outcome.lines else "characters right"
    count = len(outcome.held)
    kind = "lines" if outcome.lines else "characters"
    said = f"{what} of {count} {kind} of yours that were held back"
    if outcome.before is None:
        return {"figure": after, "what": f"{said[0].upper()}{said[1:]}.", "kind": ""}
    gain = outcome.after.own - outcome.before.own
    better = gain < 0 if outcome.lines else gain > 0
    return {
        "figure": f"{100 * outcome.before.own:.1f} → {after}",
        "what": f"{said[0].upper()}{said[1:]}, before and after training.",
        "kind": "better" if better else "worse" if gain else "",
    }


def _figures(outcome: Outcome) -> list[Part]:
    parts = outcome.metadata.training["split"]
    said = f"Split by {parts['by']}: {parts['train']} samples to train on, "
    said += f"{parts['valid']} to choose the epoch by, {parts['test']} held back for the figures"
    if parts["choose and report by the same"]:
        said += " (the same ones, so the figure is a little too good)"
    rows = [(title, float(value)) for title, value in outcome.metadata.figures.items()]
    return [text(f"{said}."), table(("measured on", "%"), rows)]


def _curves(outcome: Outcome) -> Part:
    """Loss and held-back figures by epoch."""
    from matplotlib.figure import Figure

    history = outcome.run.history
    if not history:
        return text("No epoch was finished.")
    epochs = [row["epoch"] for row in history]
    figure = Figure(figsize=(9, 3.2), layout="constrained")
    left, right = figure.subplots(1, 2)
    left.plot(epochs, [row["loss"] for row in history], marker=".")
    left.set(xlabel="epoch", ylabel="loss")
    kinds = {"valid": "own data, valid", "base": "base data, valid"}
    for key, label in kinds.items():
        if key in history[0]:
            right.plot(epochs, [100 * row[key] for row in history], marker=".", label=label)
    if outcome.run.best_epoch:
        right.axvline(outcome.run.best_epoch, color="grey", linewidth=0.8, linestyle=":")
    ylabel = "characters wrong, %" if outcome.lines else "characters right, %"
    right.set(xlabel="epoch", ylabel=ylabel)
    right.legend()
    return _picture_of(figure, "loss and figures by epoch")


def _picture_of(figure: object, title: str) -> Part:
    stream = io.BytesIO()
    figure.savefig(stream, format="png", dpi=100)  # type: ignore[attr-defined]
    return picture(inside(stream.getvalue()), title, shown=False)


def _grey(image: NDArray[np.uint8]) -> str:
    stream = io.BytesIO()
    Image.fromarray(image).save(stream, "PNG", optimize=True)
    return inside(stream.getvalue())


def _glyph_errors(outcome: Outcome) -> list[Section]:
    held, read, sure = outcome.held, outcome.after.read, outcome.after.sure
    wanted = [
        sign if cased or seen != sign.swapcase() else seen
        for sign, cased, seen in zip(held.labels, held.cased, read, strict=True)
    ]
    classes = sorted(set(wanted) | set(read))
    wrong = Counter((a, b) for a, b in zip(wanted, read, strict=True) if a != b)
    common = sorted(wrong.items(), key=lambda item: (-item[1], item[0]))[:PAIRS]
    total, right = Counter(wanted), Counter(a for a, b in zip(wanted, read, strict=True) if a == b)
    seen_as = Counter(read)
    rows = []
    for sign in sorted(total):
        precision = f"{100 * right[sign] / seen_as[sign]:.0f} %" if seen_as[sign] else "-"
        rows.append((sign, total[sign], f"{100 * right[sign] / total[sign]:.0f} %", precision))
    head = ("character", "held back", "found (recall)", "right where read (precision)")
    mistakes = [k for k in range(len(read)) if wanted[k] != read[k]]
    mistakes.sort(key=lambda k: -sure[k])
    before = outcome.before.read if outcome.before is not None else ()
    shown = []
    for k in mistakes[:MISTAKES]:
        said = f"{wanted[k]} read {read[k]}, {100 * sure[k]:.0f} %"
        if before:
            said += f" (before: {before[k]})"
        shown.append(picture(_grey(held.images[k]), said, 64))
    return [
        Section(
            "What is taken for what",
            [
                _confusion_picture(wanted, read, classes),
                table(("is", "read", "times"), [(a, b, n) for (a, b), n in common]),
            ],
        ),
        Section("Each character", [table(head, rows)]),
        Section("Mistakes, the surest first", shown or [text("None.")]),
    ]


def _confusion_picture(wanted: Sequence[str], read: Sequence[str], classes: Sequence[str]) -> Part:
    from matplotlib.figure import Figure

    place = {sign: k for k, sign in enumerate(classes)}
    matrix = np.zeros((len(classes), len(classes)))
    for a, b in zip(wanted, read, strict=True):
        matrix[place[a], place[b]] += 1
    matrix /= np.maximum(matrix.sum(axis=1, keepdims=True), 1)
    side = min(12.0, 2.5 + 0.16 * len(classes))
    figure = Figure(figsize=(side, side), layout="constrained")
    axes = figure.subplots()
    axes.imshow(matrix, cmap="Blues", vmin=0, vmax=1)
    names = [sign.replace("$", r"\$") for sign in classes]
    axes.set_xticks(range(len(classes)), names, fontsize=8)
    axes.set_yticks(range(len(classes)), names, fontsize=8)
    axes.set(xlabel="read", ylabel="written")
    return _picture_of(figure, "confusion matrix, each row divided by its sum")


def _line_errors(outcome: Outcome) -> list[Section]:
    held, read = outcome.held, outcome.after.read
    wrong: Counter[tuple[str, str]] = Counter()
    total, missed = Counter("".join(held.labels)), Counter[str]()
    for truth, seen in zip(held.labels, read, strict=True):
        pairs = align(truth, seen)
        wrong += confusions(pairs)
        missed.update(a for a, b in pairs if a is not None and a != b)
    named = {"": "nothing", " ": "space"}
    common = sorted(wrong.items(), key=lambda item: (-item[1], item[0]))[:PAIRS]
    before = outcome.before.read if outcome.before is not None else None
    rates = [edit_distance(a, b) / len(a) for a, b in zip(held.labels, read, strict=True)]
    shown = []
    for k in sorted(range(len(rates)), key=lambda k: -rates[k])[:LINES]:
        readings = [(f"after, {100 * rates[k]:.1f} % wrong", read[k])]
        if before is not None:
            rate = edit_distance(held.labels[k], before[k]) / len(held.labels[k])
            readings.insert(0, (f"before, {100 * rate:.1f} % wrong", before[k]))
        shown.append(line(_grey(held.images[k]), held.labels[k], readings))
    return [
        Section(
            "Lines, the worst first",
            [
                text("Bold and underlined: read wrongly or too much. Struck through: not read."),
                *shown,
            ],
        ),
        Section(
            "What is taken for what",
            [
                table(
                    ("written", "read", "times"),
                    [(named.get(a, a), named.get(b, b), n) for (a, b), n in common],
                )
            ],
        ),
        Section(
            "Each character",
            [
                table(
                    ("character", "held back", "read right"),
                    [
                        (named.get(sign, sign), count, f"{100 * (1 - missed[sign] / count):.0f} %")
                        for sign, count in sorted(total.items())
                    ],
                )
            ],
        ),
    ]


def _data(outcome: Outcome) -> list[Part]:
    training = outcome.metadata.training
    rows = [
        (one["name"], one["what"], one["samples"], one["left out"]) for one in training["sources"]
    ]
    parts = [table(("source", "what", "samples", "left out"), rows)]
    if training["left out"]:
        parts.append(table(("left out", "times"), training["left out"].items()))
    parts += [text(message) for message in outcome.account.named]
    parts.append(table((), [(key, str(value)) for key, value in training["settings"].items()]))
    return parts

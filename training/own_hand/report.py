"""What `ocr train` leaves beside a model: the card, and a report with pictures."""

from __future__ import annotations

import base64
import html
import io
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from ocr.evaluation.error_rates import align, confusions, edit_distance

if TYPE_CHECKING:
    from training.own_hand.outcome import Outcome

MISTAKES = 48  # samples read wrongly that are shown
PAIRS = 20  # commonest confusions that are listed
LINES = 25  # lines read worst that are shown

STYLE = """
body { font: 16px/1.5 system-ui, sans-serif; max-width: 60em; margin: 2em auto; padding: 0 1em;
       color: #222; background: #fff; }
table { border-collapse: collapse; margin: 1em 0; }
td, th { padding: .15em .8em; border-bottom: 1px solid #ddd; text-align: left; }
td.n { text-align: right; font-variant-numeric: tabular-nums; }
figure { display: inline-block; margin: .4em; text-align: center; font-size: 13px; }
figure img { border: 1px solid #ddd; image-rendering: pixelated; }
img { max-width: 100%; }
pre { background: #f4f4f4; padding: .6em 1em; overflow: auto; }
"""


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
        f"    ocr read --model {name} photo.jpg",
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
        "**Trained on before and now**, with licences:",
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
    "lines": "a line recogniser",
}


def _start(outcome: Outcome) -> str:
    start = outcome.settings.start
    return "scratch" if start == "scratch" else f"the model {start}"


def report(outcome: Outcome) -> str:
    """The report, one HTML page with everything in it."""
    name = html.escape(outcome.metadata.name)
    body = [
        f"<h1>{name}</h1>",
        f"<p>{html.escape(KIND_NAMES[outcome.metadata.kind].capitalize())}, trained from "
        f"{html.escape(_start(outcome))} on {outcome.metadata.date}. Read with it:</p>",
        f"<pre>ocr read --model {name} photo.jpg</pre>",
        _figures(outcome),
        "<h2>Curves</h2>",
        _curves(outcome),
        *(_line_errors(outcome) if outcome.lines else _glyph_errors(outcome)),
        "<h2>Data</h2>",
        _data(outcome),
    ]
    return (
        f'<!doctype html>\n<html lang="en">\n<meta charset="utf-8">\n<title>{name}</title>\n'
        f"<style>{STYLE}</style>\n" + "\n".join(body) + "\n</html>\n"
    )


def _table(head: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    def cell(value: object) -> str:
        number = isinstance(value, int | float)
        text = f"{value:g}" if isinstance(value, float) else str(value)
        return f"<td{' class=n' if number else ''}>{html.escape(text)}</td>"

    lines = ["<table>"]
    if head:
        lines.append("<tr>" + "".join(f"<th>{html.escape(one)}</th>" for one in head) + "</tr>")
    lines += ["<tr>" + "".join(map(cell, row)) + "</tr>" for row in rows]
    return "\n".join([*lines, "</table>"])


def _figures(outcome: Outcome) -> str:
    parts = outcome.metadata.training["split"]
    said = "Split by " + html.escape(str(parts["by"])) + f": {parts['train']} samples to train on, "
    said += f"{parts['valid']} to choose the epoch by, {parts['test']} held back for the figures"
    if parts["choose and report by the same"]:
        said += " (the same ones, so the figure is a little too good)"
    return f"<p>{said}.</p>" + _table((), outcome.metadata.figures.items())


def _curves(outcome: Outcome) -> str:
    """Loss and held-back figures by epoch."""
    from matplotlib.figure import Figure

    history = outcome.run.history
    if not history:
        return "<p>No epoch was finished.</p>"
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


def _picture_of(figure: object, title: str) -> str:
    stream = io.BytesIO()
    figure.savefig(stream, format="png", dpi=100)  # type: ignore[attr-defined]
    return _image(stream.getvalue(), title)


def _image(png: bytes, title: str, height: int | None = None) -> str:
    data = base64.b64encode(png).decode()
    size = f' height="{height}"' if height else ""
    return f'<img alt="{html.escape(title)}"{size} src="data:image/png;base64,{data}">'


def _grey(image: NDArray[np.uint8], title: str, height: int) -> str:
    stream = io.BytesIO()
    Image.fromarray(image).save(stream, "PNG", optimize=True)
    return _image(stream.getvalue(), title, height)


def _glyph_errors(outcome: Outcome) -> list[str]:
    held, read, sure = outcome.held, outcome.after.read, outcome.after.sure
    wanted = [
        sign if cased or seen != sign.swapcase() else seen
        for sign, cased, seen in zip(held.labels, held.cased, read, strict=True)
    ]
    classes = sorted(set(wanted) | set(read))
    parts = ["<h2>What is taken for what</h2>", _confusion_picture(wanted, read, classes)]
    wrong = Counter((a, b) for a, b in zip(wanted, read, strict=True) if a != b)
    common = sorted(wrong.items(), key=lambda item: (-item[1], item[0]))[:PAIRS]
    parts.append(_table(("is", "read", "times"), [(a, b, n) for (a, b), n in common]))
    parts.append("<h2>Each character</h2>")
    total, right = Counter(wanted), Counter(a for a, b in zip(wanted, read, strict=True) if a == b)
    seen_as = Counter(read)
    rows = []
    for sign in sorted(total):
        precision = f"{100 * right[sign] / seen_as[sign]:.0f} %" if seen_as[sign] else "-"
        rows.append((sign, total[sign], f"{100 * right[sign] / total[sign]:.0f} %", precision))
    head = ("character", "held back", "found (recall)", "right where read (precision)")
    parts.append(_table(head, rows))
    mistakes = [k for k in range(len(read)) if wanted[k] != read[k]]
    mistakes.sort(key=lambda k: -sure[k])
    parts.append("<h2>Mistakes, the surest first</h2>")
    if not mistakes:
        parts.append("<p>None.</p>")
    for k in mistakes[:MISTAKES]:
        said = html.escape(f"{wanted[k]} read {read[k]}, {100 * sure[k]:.0f} %")
        parts.append(
            f"<figure>{_grey(held.images[k], said, 64)}<figcaption>{said}</figcaption></figure>"
        )
    return parts


def _confusion_picture(wanted: Sequence[str], read: Sequence[str], classes: Sequence[str]) -> str:
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


def _line_errors(outcome: Outcome) -> list[str]:
    held, read = outcome.held, outcome.after.read
    wrong: Counter[tuple[str, str]] = Counter()
    total, missed = Counter("".join(held.labels)), Counter[str]()
    for truth, text in zip(held.labels, read, strict=True):
        pairs = align(truth, text)
        wrong += confusions(pairs)
        missed.update(a for a, b in pairs if a is not None and a != b)
    named = {"": "nothing", " ": "space"}
    common = sorted(wrong.items(), key=lambda item: (-item[1], item[0]))[:PAIRS]
    parts = [
        "<h2>What is taken for what</h2>",
        _table(
            ("written", "read", "times"),
            [(named.get(a, a), named.get(b, b), n) for (a, b), n in common],
        ),
        "<h2>Each character</h2>",
        _table(
            ("character", "held back", "read right"),
            [
                (named.get(sign, sign), count, f"{100 * (1 - missed[sign] / count):.0f} %")
                for sign, count in sorted(total.items())
            ],
        ),
        "<h2>Lines, the worst first</h2>",
    ]
    rates = [edit_distance(a, b) / len(a) for a, b in zip(held.labels, read, strict=True)]
    for k in sorted(range(len(rates)), key=lambda k: -rates[k])[:LINES]:
        said = html.escape(f"{held.labels[k]}")
        parts.append(
            f"<p>{_grey(held.images[k], said, held.images[k].shape[0])}<br>written {said}<br>"
            f"read {html.escape(read[k])} ({100 * rates[k]:.0f} % wrong)</p>"
        )
    return parts


def _data(outcome: Outcome) -> str:
    training = outcome.metadata.training
    rows = [
        (one["name"], one["what"], one["samples"], one["left out"]) for one in training["sources"]
    ]
    parts = [_table(("source", "what", "samples", "left out"), rows)]
    if training["left out"]:
        parts.append(_table(("left out", "times"), training["left out"].items()))
    parts += [f"<p>{html.escape(message)}</p>" for message in outcome.account.named]
    parts.append(_table((), [(key, str(value)) for key, value in training["settings"].items()]))
    return "\n".join(parts)

"""Score readings against ground truth: what `ocr eval` reports."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from ocr.evaluation.error_rates import (
    Errors,
    align,
    bootstrap_interval,
    confusions,
    letter_errors,
    word_errors,
)
from ocr.evaluation.normalization import Normalization

MANY_FILES = 10  # from here on the bootstrap draws files; with fewer it draws lines
SHOWN_CONFUSIONS = 15  # commonest ones, in the report that is text
SHOWN_LINES = 8  # worst ones, likewise


@dataclass(frozen=True)
class LineScore:
    """One line of the ground truth: number from 1, what stands there, what was read for it.

    Empty lines are counted, as editors do, but have no score.
    """

    file: str
    number: int
    reference: str
    read: str
    errors: Errors


@dataclass(frozen=True)
class FileScore:
    """Errors of one file: by character, by word, and by character without whitespace."""

    file: str
    characters: Errors
    words: Errors
    letters: Errors
    lines: tuple[LineScore, ...]
    confusions: Counter[tuple[str, str]]


@dataclass(frozen=True)
class Report:
    """Scores of several files, pooled where a figure is for all."""

    normalization: Normalization
    files: tuple[FileScore, ...] = field(default=())

    @property
    def characters(self) -> Errors:
        return sum((file.characters for file in self.files), Errors())

    @property
    def words(self) -> Errors:
        return sum((file.words for file in self.files), Errors())

    @property
    def letters(self) -> Errors:
        return sum((file.letters for file in self.files), Errors())

    @property
    def drawn(self) -> str:
        """What the bootstrap draws: "files" if there are many, else "lines"."""
        return "files" if len(self.files) >= MANY_FILES else "lines"

    @property
    def interval(self) -> tuple[float, float] | None:
        """95 % interval of the CER."""
        if self.drawn == "files":
            return bootstrap_interval([file.characters for file in self.files])
        return bootstrap_interval([line.errors for file in self.files for line in file.lines])

    @property
    def confusions(self) -> list[tuple[tuple[str, str], int]]:
        """(written, read) with its count, commonest first; "" stands for nothing."""
        total: Counter[tuple[str, str]] = Counter()
        for file in self.files:
            total.update(file.confusions)
        return sorted(total.items(), key=lambda item: (-item[1], item[0]))

    @property
    def worst_lines(self) -> list[LineScore]:
        """Lines with errors, those with most edits for their length first."""
        wrong = [line for file in self.files for line in file.lines if line.errors.edits]
        return sorted(wrong, key=lambda line: -line.errors.edits / max(line.errors.total, 1))

    def to_dict(self) -> dict[str, Any]:
        """Everything, ready for JSON; rates are fractions, null where nothing was to be read."""
        interval = self.interval
        return {
            "normalization": self.normalization.describe(),
            **_figures(self.characters, self.words, self.letters, self.normalization),
            "cer_interval_95": list(interval) if interval else None,
            "interval_drawn_from": self.drawn,
            "files": [
                {
                    "file": file.file,
                    **_figures(file.characters, file.words, file.letters, self.normalization),
                }
                for file in self.files
            ],
            "confusions": [
                {"written": written, "read": read, "count": count}
                for (written, read), count in self.confusions
            ],
            "lines": [
                {
                    "file": line.file,
                    "line": line.number,
                    "written": line.reference,
                    "read": line.read,
                    "edits": line.errors.edits,
                }
                for file in self.files
                for line in file.lines
            ],
        }

    def to_text(self) -> str:
        """The same as tables for a person."""
        return "\n".join(_rows(self)) + "\n"


def score(file: str, truth: str, read: str, normalization: Normalization) -> FileScore:
    """Compare one file's reading with its ground truth.

    The whole texts are aligned, so a line end in the wrong place costs what a wrong space costs.
    Each edit is booked on the line of the ground truth it falls into; an insertion on the line
    it follows.
    """
    rows = enumerate(map(normalization.apply, truth.split("\n")), start=1)
    lines = [(number, line) for number, line in rows if line]
    joint = "" if normalization.ignore_spaces else " "
    reference = joint.join(line for _, line in lines)
    read = normalization.apply(read)
    pairs = align(reference, read)
    return FileScore(
        file=file,
        characters=Errors(sum(left != right for left, right in pairs), len(reference)),
        words=word_errors(reference, read),
        letters=letter_errors(reference, read),
        lines=tuple(_line_scores(file, lines, pairs, joint)),
        confusions=confusions(pairs),
    )


def _line_scores(
    file: str,
    lines: Sequence[tuple[int, str]],
    pairs: Sequence[tuple[str | None, str | None]],
    joint: str,
) -> Iterator[LineScore]:
    """Cut an alignment of the joined lines where the lines end; the joint ends a line."""
    position = 0
    for number, line in lines:
        last = number == lines[-1][0]
        length = len(line) + (0 if last else len(joint))
        edits, left_to_come = 0, length
        read = []
        while position < len(pairs) and (last or left_to_come or pairs[position][0] is None):
            written, seen = pairs[position]
            position += 1
            left_to_come -= written is not None
            edits += written != seen
            read.append(seen or "")
        yield LineScore(file, number, line, "".join(read).strip(), Errors(edits, length))


def _figures(
    characters: Errors, words: Errors, letters: Errors, normalization: Normalization
) -> dict[str, Any]:
    return {
        "cer": characters.rate,
        "wer": None if normalization.ignore_spaces else words.rate,
        "character_accuracy": letters.accuracy,
        "character_edits": characters.edits,
        "characters": characters.total,
        "word_edits": None if normalization.ignore_spaces else words.edits,
        "words": None if normalization.ignore_spaces else words.total,
    }


def _rows(report: Report) -> Iterator[str]:
    yield f"Normalization: {report.normalization.describe()}."
    yield "Accuracy is by character without whitespace; CER and WER are pooled over the files."
    yield ""
    width = max(len("all"), *(len(file.file) for file in report.files), len("file"))
    yield f"{'file':{width}}  accuracy      CER      WER   chars"
    table = [(file.file, file.characters, file.words, file.letters) for file in report.files]
    if len(table) > 1:
        table.append(("all", report.characters, report.words, report.letters))
    for name, characters, words, letters in table:
        wer = None if report.normalization.ignore_spaces else words.rate
        yield (
            f"{name:{width}}  {_percent(letters.accuracy)}  {_percent(characters.rate)}"
            f"  {_percent(wer)}  {characters.total:6d}"
        )
    if interval := report.interval:
        low, high = (f"{100 * end:.2f}" for end in interval)
        yield ""
        yield f"CER, 95 % bootstrap interval over {report.drawn}: {low} to {high} %"
    if report.confusions:
        yield ""
        yield "Commonest errors (written > read, count):"
        for (written, read), count in report.confusions[:SHOWN_CONFUSIONS]:
            yield f"  {_sign(written)} > {_sign(read)}  {count}"
    if report.worst_lines:
        yield ""
        yield "Worst lines:"
        for line in report.worst_lines[:SHOWN_LINES]:
            edits = line.errors.edits
            yield f"  {line.file}, line {line.number}, {edits} edit{'' if edits == 1 else 's'}"
            yield f"    written  {line.reference}"
            yield f"    read     {line.read}"


def _percent(rate: float | None) -> str:
    return "      -" if rate is None else f"{100 * rate:6.2f}%"


def _sign(character: str) -> str:
    return {"": "nothing", " ": "space"}.get(character, character)

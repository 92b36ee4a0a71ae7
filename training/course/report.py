"""What a system of the course comes out as, and the page that shows them all."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path

from ocr.errors import DataError
from ocr.formats.output import replacing
from training.data.datasets import data_dir
from training.recipes.report_page import Section, command, picture, render, table, text

LEDE = (
    "Each system of a computer-vision course on recognizing handwriting, run on this machine and "
    "set beside the figures that the course's write-ups published. The NIST36 files here are drawn "
    "from the same source as the course's but are not the same draw, so compare our models with "
    "each other, and with the published figures only roughly."
)
QUICK = (
    "Run with --quick: small sizes, to try the command. Figures of such a system mean nothing, and "
    "what they would mean is left out."
)


@dataclass(frozen=True)
class Figure:
    """One figure: what it measures, ours, and what the course's write-ups published."""

    what: str
    ours: str
    published: str = ""


@dataclass(frozen=True)
class Row:
    """What one system came out as.

    Attributes
    ----------
    figures : tuple of Figure
    pictures : tuple of (str, str)
        File name in the report's folder and caption.
    notes : tuple of str
        Paragraphs: what the figures mean, why they differ.
    """

    figures: tuple[Figure, ...]
    pictures: tuple[tuple[str, str], ...] = ()
    notes: tuple[str, ...] = ()
    cpu_seconds: float = 0.0
    quick: bool = False
    failed: str = ""


@dataclass(frozen=True)
class System:
    """A system of the course: its name on the command line, what it is, and how it is run.

    `seconds` is about what it takes of one core after those before it, for the time that is left.
    """

    title: str
    what: str
    run: Callable[[Bench], Row]
    seconds: float


@dataclass
class Bench:
    """Where the systems work: data, sizes, the report's folder, and what is trained already.

    Attributes
    ----------
    out : Path
        Folder of the report.
    data : Path or None
        Folder of the data sets; `folder()` complains where it is missing.
    quick : bool
        Small sizes, to try the command.
    tell : callable
        Takes the share of the system's work that is done, 0 to 1, and a few words.
    trained : dict
        Results that several systems use, by name.
    """

    out: Path
    data: Path | None = None
    quick: bool = False
    seed: int = 0
    tell: Callable[[float, str], None] = lambda share, words: None
    trained: dict[str, object] = field(default_factory=dict)

    def folder(self) -> Path:
        """The folder of the data sets; DataError if it is not known."""
        return data_dir(self.data)

    def size(self, full: int, quick: int) -> int:
        """A number of epochs or samples: the quick one with --quick."""
        return quick if self.quick else full

    def path(self, name: str) -> Path:
        """Path of a picture of the report."""
        return self.out / name

    def remembered(self, name: str, make: Callable[[], object]) -> object:
        """What `make()` returns, made once a run."""
        if name not in self.trained:
            self.trained[name] = make()
        return self.trained[name]


def write_row(out: Path, name: str, row: Row) -> None:
    """Keep a row beside the report, so that systems can be run one at a time."""
    with replacing(out / f"{name}.json") as stream:
        stream.write(json.dumps(asdict(row), indent=1, ensure_ascii=False).encode())


def read_row(out: Path, name: str) -> Row | None:
    """The row of a system that was run before; None if it was not."""
    path = out / f"{name}.json"
    if not path.is_file():
        return None
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        row = Row(**content)
        return replace(
            row,
            figures=tuple(Figure(**figure) for figure in content["figures"]),
            pictures=tuple((name, caption) for name, caption in content["pictures"]),
            notes=tuple(row.notes),
        )
    except (ValueError, TypeError, KeyError) as error:
        raise DataError(f"{path}: not a row of this report ({error}). Remove it.") from None


def write_page(out: Path, systems: dict[str, System]) -> None:
    """Write ``index.html``: one row for each system, with what was run so far."""
    rows = {name: read_row(out, name) for name in systems}
    quick = any(row is not None and row.quick for row in rows.values())
    page = render(
        "The course's systems, run here",
        LEDE,
        [_section(name, system, rows[name]) for name, system in systems.items()],
        banner=QUICK if quick else "",
        nav=True,
    )
    with replacing(out / "index.html") as stream:
        stream.write(page.encode())


def markdown(out: Path, systems: dict[str, System]) -> str:
    """The figures of what was run, as a Markdown table."""
    lines = ["| system | figure | ours | published |", "| --- | --- | --- | --- |"]
    for name, system in systems.items():
        row = read_row(out, name)
        for number, figure in enumerate(row.figures if row else ()):
            title = f"{system.title} (`{name}`)" if number == 0 else ""
            published = figure.published or "-"
            lines.append(f"| {title} | {figure.what} | {figure.ours} | {published} |")
    return "\n".join(lines) + "\n"


def _section(name: str, system: System, row: Row | None) -> Section:
    how = f"python -m training.course {name} --out report"
    parts = [text(system.what)]
    if row is None:
        parts += [text("Not run yet."), command(how)]
    elif row.failed:
        parts += [text(f"Not run: {row.failed}", "failed"), command(how)]
    else:
        cells = [(one.what, one.ours, one.published or "-") for one in row.figures]
        parts.append(table(("", "ours", "published"), cells))
        parts += [] if row.quick else [text(note) for note in row.notes]
        parts += [picture(file, caption) for file, caption in row.pictures]
        took = f", {row.cpu_seconds:.0f} CPU-seconds"
        quick = " --quick" if row.quick else ""
        parts.append(command(f"{how}{quick}", took))
    return Section(system.title, parts, name)


def pairs_text(pairs: Iterable[tuple[str, str, int]]) -> str:
    """Confused pairs as "O/0 9, S/5 7"."""
    return ", ".join(f"{a}/{b} {count}" for a, b, count in pairs)

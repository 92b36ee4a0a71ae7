"""What a system of the course comes out as, and the page that shows them all."""

from __future__ import annotations

import html
import json
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path

from ocr.errors import DataError
from ocr.formats.output import replacing
from training.data.datasets import data_dir

STYLE = """
body { font: 16px/1.45 system-ui, sans-serif; margin: 0 auto; max-width: 60rem; padding: 0 1rem;
       color: #1c1c1c; background: #fff; }
h1 { font-size: 1.5rem; } h2 { font-size: 1.15rem; margin: 0 0 .3rem; }
section { border-top: 1px solid #ccc; padding: 1.1rem 0; }
table { border-collapse: collapse; margin: .6rem 0; }
th, td { text-align: left; padding: .2rem .9rem .2rem 0; vertical-align: top; }
th { font-weight: 600; border-bottom: 1px solid #bbb; } td { border-bottom: 1px solid #eee; }
img { max-width: 100%; height: auto; display: block; margin: .5rem 0; }
figure { margin: .8rem 0; } figcaption, .small { color: #555; font-size: .88rem; }
code { background: #f3f3f3; padding: .1rem .3rem; overflow-wrap: anywhere; }
.wide { overflow-x: auto; } .failed { color: #a3200d; }
nav a { display: inline-block; margin: 0 .7rem .3rem 0; }
"""


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
    parts = [
        '<!doctype html><html lang="en"><head><meta charset="utf-8">',
        '<meta name="viewport" content="width=device-width, initial-scale=1">',
        f"<title>The course's systems</title><style>{STYLE}</style></head><body>",
        "<h1>The course's systems, run here</h1>",
        "<p>Each system of a computer-vision course on recognising handwriting, run on this "
        "machine and set beside the figures that the course's write-ups published. The NIST36 "
        "files here are drawn from the same source as the course's but are not the same draw, so "
        "compare our models with each other, and with the published figures only roughly.</p>",
        f"<nav>{''.join(_link(name, systems[name]) for name in systems)}</nav>",
    ]
    for name, system in systems.items():
        parts.append(_section(name, system, rows[name]))
    parts.append("</body></html>\n")
    with replacing(out / "index.html") as stream:
        stream.write("\n".join(parts).encode())


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


def _link(name: str, system: System) -> str:
    return f'<a href="#{name}">{html.escape(system.title)}</a>'


def _section(name: str, system: System, row: Row | None) -> str:
    command = f"python -m training.course {name} --out report"
    parts = [
        f'<section id="{name}"><h2>{html.escape(system.title)}</h2>',
        f"<p>{html.escape(system.what)}</p>",
    ]
    if row is None:
        parts.append("<p>Not run yet.</p>")
    elif row.failed:
        parts.append(f'<p class="failed">Not run: {html.escape(row.failed)}</p>')
    else:
        parts += [
            '<div class="wide"><table><tr><th></th><th>ours</th><th>published</th></tr>',
            *(_table_row(figure) for figure in row.figures),
            "</table></div>",
            *(f"<p>{html.escape(note)}</p>" for note in row.notes),
            *(
                f'<figure><img src="{html.escape(file)}" alt="{html.escape(caption)}" '
                f'loading="lazy"><figcaption>{html.escape(caption)}</figcaption></figure>'
                for file, caption in row.pictures
            ),
        ]
        took = f", {row.cpu_seconds:.0f} CPU-seconds"
        quick = ", with --quick: small sizes, figures that mean nothing" if row.quick else ""
        command = command + (" --quick" if row.quick else "")
        parts.append(f'<p class="small"><code>{command}</code>{took}{quick}</p>')
        return "\n".join([*parts, "</section>"])
    parts.append(f'<p class="small"><code>{command}</code></p></section>')
    return "\n".join(parts)


def _table_row(figure: Figure) -> str:
    cells = (figure.what, figure.ours, figure.published or "-")
    return "<tr>" + "".join(f"<td>{html.escape(cell)}</td>" for cell in cells) + "</tr>"


def pairs_text(pairs: Iterable[tuple[str, str, int]]) -> str:
    """Confused pairs as "O/0 9, S/5 7"."""
    return ", ".join(f"{a}/{b} {count}" for a, b, count in pairs)

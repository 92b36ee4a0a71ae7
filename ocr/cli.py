"""The command line: the only place that prints or exits. Heavy imports wait until they are used."""

from __future__ import annotations

import io
import json
import math
import os
import re
import signal
import string
import sys
import threading
import time
import traceback
import warnings
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress
from dataclasses import replace
from functools import partial, wraps
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, TypeVar, cast

import click
from click.core import ParameterSource

from ocr import __version__
from ocr.errors import DataError, ExitCode, ModelError, OcrError, OutputError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from ocr.batch import Execute, Outcome, Summary
    from ocr.inputs import Document, PageRange, PageSource
    from ocr.page import Page
    from ocr.reader import Reader, ReadLine
    from ocr.recipe import ReadDocument
    from training.trainer import Progress

Item = TypeVar("Item")
Command = TypeVar("Command", bound=Callable[..., Any])
OnError = Callable[[str, Exception], None]  # told what failed, and why
Keep = Callable[["PageSource", "Page", "list[ReadLine]"], None]
ReadPages = Callable[["Document", OnError], Iterator[tuple["PageSource", "Page"]]]

# Named here and not taken from their modules, which are slow to import; a test keeps them equal.
ENGINES = ("auto", "letters", "lines")
FORMATS = ("text", "json", "ndjson", "tsv", "hocr", "alto", "page", "pdf")
TRAINED = ("mlp", "cnn", "lines")
AUGMENTATIONS = ("none", "gentle", "strong")
FORMS = ("nfc", "nfkc", "plain")
PATTERNS = ("integer", "amount", "date", "time", "email")
REJECTED = "\N{REPLACEMENT CHARACTER}"

# Ends of a range in --charset, such as 0-9: a dash anywhere else is a dash.
RANGE = re.compile("([0-9])-([0-9])|([a-z])-([a-z])|([A-Z])-([A-Z])")

CHARSETS = {
    "digits": string.digits,
    "upper": string.ascii_uppercase,
    "lower": string.ascii_lowercase,
    "letters": string.ascii_letters,
    "alnum": string.ascii_letters + string.digits,
    "punct": string.punctuation,
}
OVERLAY_SIDE = 2400  # pixels, longer side of an overlay: letters stay legible, files small
OVERLAY_KINDS = {".png": "PNG", ".jpg": "JPEG", ".jpeg": "JPEG", ".webp": "WEBP", ".tif": "TIFF"}
PLAIN_PROGRESS = 60.0  # seconds between lines about a long run, where there is no terminal
PAGED = (".pdf", ".tif", ".tiff")  # files whose pages may be many
FILE = click.Path(readable=False)  # lets the shell complete names; what is wrong is told later
CONFIG = "ocr.toml"  # as in ocr.config
DPI = 300  # dots an inch, as in ocr.images
PLAIN_SECONDS = 15.0  # between lines of a training's progress where no person watches it
INTERRUPTED = 130  # exit status of a program ended by Ctrl-C: 128 + SIGINT
TERMINATED = 143  # by SIGTERM


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; return its exit status: `ocr.errors.ExitCode`, 130 for Ctrl-C, or 143
    for SIGTERM."""
    if not sys.warnoptions:
        warnings.simplefilter("ignore")  # of libraries, about themselves
    if isinstance(sys.stdout, io.TextIOWrapper):
        if sys.stdout.isatty():
            sys.stdout.reconfigure(errors="replace")
        else:
            sys.stdout.reconfigure(encoding="utf-8")  # into files and pipes, whatever the locale
    settings: dict[str, bool] = {}
    try:
        with _terminable():
            status = cli.main(arguments, prog_name="ocr", standalone_mode=False, obj=settings)
        return int(status or ExitCode.OK)
    except _Terminated:
        click.echo("ocr: terminated", err=True)
        return TERMINATED
    except click.ClickException as error:
        if isinstance(error, click.BadParameter):
            error.message += _where_from(error)
        error.show()
        return error.exit_code
    except (click.Abort, KeyboardInterrupt):
        click.echo("ocr: interrupted", err=True)
        return INTERRUPTED
    except Exception as error:
        _complain(error, debug=settings.get("debug", False))
        return error.exit_code if isinstance(error, OcrError) else ExitCode.SOME_FAILED


class _Terminated(BaseException):
    """SIGTERM came."""


@contextmanager
def _terminable() -> Iterator[None]:
    """Let SIGTERM end the block as Ctrl-C does, so that nothing half-written stays behind."""
    if (
        threading.current_thread() is not threading.main_thread()
        or signal.getsignal(signal.SIGTERM) is not signal.SIG_DFL
    ):
        yield
        return

    def end(*_: object) -> None:
        raise _Terminated

    signal.signal(signal.SIGTERM, end)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, signal.SIG_DFL)


def _where_from(error: click.BadParameter) -> str:
    """Where a wrong value stands, unless it was typed."""
    if error.ctx is None or error.param is None or error.param.name is None:
        return ""
    source = error.ctx.get_parameter_source(error.param.name)
    if source is ParameterSource.ENVIRONMENT:
        return f" (from the environment: {error.param.envvar})"
    return " (from the file of options)" if source is ParameterSource.DEFAULT_MAP else ""


def _remember(context: click.Context, option: click.Parameter, wanted: bool) -> None:
    """Keep an option of the whole run, wherever on the command line it stands."""
    if wanted and option.name:
        context.find_root().ensure_object(dict)[option.name] = True


def _common(command: Command) -> Command:
    """Add ``--quiet``, ``--verbose`` and ``--debug``."""
    for flags, text in (
        (("--debug",), "Show a traceback where something fails."),
        (("-v", "--verbose"), "Tell of each input what was read and how long it took."),
        (("-q", "--quiet"), "Show errors only: no warnings, no progress."),
    ):
        command = click.option(
            *flags, is_flag=True, expose_value=False, callback=_remember, help=text
        )(command)
    return command


def _configure(context: click.Context, _: click.Parameter, value: str | None) -> None:
    """Take the defaults of all options from ``--config`` or the folder's ocr.toml."""
    path = Path(value or CONFIG)
    if value is None and not path.is_file():
        return
    from ocr.config import read_config

    def options(command: click.Command) -> dict[str, tuple[str, bool]]:
        return {
            flag.lstrip("-"): (option.name or "", option.multiple)
            for option in command.params
            if isinstance(option, click.Option)
            for flag in option.opts
            if flag.startswith("--") and flag not in ("--version", "--config")
        }

    commands = {name: options(command) for name, command in cli.commands.items()}
    context.default_map = read_config(path, options(cli), commands)


class _Number(click.FloatRange):
    """A number in a range; "nan", which no range shuts out, and "inf" are none."""

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> float:
        number = super().convert(value, param, ctx)
        if not math.isfinite(number):
            self.fail(f"{value} is not a finite number.", param, ctx)
        return float(number)


def _charset(_: click.Context, __: click.Parameter, value: str | None) -> str | None:
    """Characters of ``--charset``: literal ones, ranges, or names of classes joined by +."""
    if value is None:
        return None

    def spelt(ends: re.Match[str]) -> str:
        first, last = (ord(end) for end in ends.groups() if end)
        if last < first:
            raise click.BadParameter(f"the range {ends[0]} ends before it begins.")
        return "".join(map(chr, range(first, last + 1)))

    parts = value.split("+")
    if any(part in CHARSETS for part in parts):
        # An empty part stands between two plus signs or at an end: a plus itself.
        value = "".join(CHARSETS.get(part) or RANGE.sub(spelt, part) or "+" for part in parts)
    else:
        value = RANGE.sub(spelt, value)
    value = "".join(dict.fromkeys(value))
    if not value.strip():
        raise click.BadParameter("give at least one character.")
    return value


def _ranges(_: click.Context, __: click.Parameter, value: str | None) -> tuple[PageRange, ...]:
    """Pages of ``--pages``."""
    if value is None:
        return ()
    from ocr.inputs import parse_ranges

    try:
        return parse_ranges(value)
    except ValueError as error:
        raise click.BadParameter(f"{error}.") from None


def _which_pages(command: Command) -> Command:
    """Add the options that tell what is read."""
    for option in (
        click.option(
            "--dpi",
            type=click.IntRange(36, 2400),
            default=DPI,
            show_default=True,
            help="Dots an inch at which PDF pages become pictures.",
        ),
        click.option(
            "--pages",
            "ranges",
            metavar="RANGES",
            callback=_ranges,
            help="Pages of PDF and TIFF files, such as 1-3,7,10-; all by default.",
        ),
        click.option("--recursive", is_flag=True, help="Read folders inside folders too."),
        click.option(
            "--files-from",
            metavar="FILE",
            type=FILE,
            help="Read also what this file names, one path a line.",
        ),
    ):
        command = option(command)
    return command


def _words(_: click.Context, __: click.Parameter, value: str | None) -> list[str] | None:
    """The words of a ``--lexicon`` file."""
    if value is None:
        return None
    try:
        lines = Path(value).read_text(encoding="utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "not UTF-8 text"
        raise click.BadParameter(f"{value}: cannot be read ({reason}).") from None
    if not any(line.strip() for line in lines):
        raise click.BadParameter(f"{value}: holds no words; give one a line.")
    return lines


def _expression(_: click.Context, __: click.Parameter, value: str | None) -> str | None:
    """The regular expression or name of ``--pattern``, if it is one."""
    if value is not None:
        from ocr.patterns import compile_pattern

        try:
            compile_pattern(value)
        except ValueError as error:
            raise click.BadParameter(f"{error}.") from None
    return value


def _how_to_read(command: Command) -> Command:
    """Add the options that make a `Reader`; the command gets them as one dict, `reading`."""

    @wraps(command)
    def gathered(**options: Any) -> Any:
        reading = {name: options.pop(name) for name in names}
        if options.pop("no_lm"):
            reading["language"] = "none"
        if reading["pattern"] is not None and reading["engine"] == "letters":
            raise click.UsageError("--pattern needs lines: leave out --engine letters.")
        return command(reading=reading, **options)

    names = ("engine", "model", "charset", "language", "lexicon", "pattern", "reject")
    wrapped: Any = gathered
    for option in (
        click.option(
            "--reject",
            type=_Number(0, 1),
            metavar="P",
            help=f"Write {REJECTED} for characters that are right with less than this probability.",
        ),
        click.option(
            "--pattern",
            metavar="REGEX",
            callback=_expression,
            help="Text that every line must fit, as a regular expression or by name: "
            f"{', '.join(PATTERNS)}.",
        ),
        click.option(
            "--lexicon",
            metavar="FILE",
            type=FILE,
            callback=_words,
            help="Words to be expected (names, goods), one a line; others are read as well.",
        ),
        click.option("--no-lm", is_flag=True, help="The same as --language none."),
        click.option(
            "--language",
            metavar="NAME",
            default="auto",
            show_default=True,
            help="Language model: english, french, auto for what suits the page, none for the ink "
            "alone.",
        ),
        click.option(
            "--model", metavar="FILE", type=FILE, help="Weight file: a path or a name of `models`."
        ),
        click.option(
            "--charset",
            metavar="CHARS",
            callback=_charset,
            help="Read these characters only: themselves, ranges such as 0-9 and a-f, or "
            f"{', '.join(CHARSETS)}, joined by +.",
        ),
        click.option(
            "--engine",
            type=click.Choice(ENGINES),
            default="auto",
            show_default=True,
            help="Way of reading: letters one by one, whole lines, or what suits the page.",
        ),
    ):
        wrapped = option(wrapped)
    return cast(Command, wrapped)


def _how_to_read_many(command: Command) -> Command:
    """Add the options of runs into a folder."""
    for option in (
        click.option(
            "--scheduler",
            metavar="ADDRESS",
            help="Read on the Dask cluster of this scheduler: tcp://host:8786, or its file. FILE "
            "and --output may be addresses such as s3://bucket/scans.",
        ),
        click.option(
            "--timeout",
            type=_Number(min=0, min_open=True),
            metavar="SECONDS",
            help="Give up a file of which a page, or four of many, take longer.",
        ),
        click.option(
            "--resume",
            is_flag=True,
            help="Go on with an earlier run into the folder: leave out what it has done.",
        ),
        click.option(
            "--jobs",
            type=click.IntRange(min=1),
            metavar="N",
            help="Read with so many processes; by default one a core.",
        ),
    ):
        command = option(command)
    return command


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.option(
    "--config",
    metavar="FILE",
    type=click.Path(),
    is_eager=True,
    expose_value=False,
    callback=_configure,
    help="File with options.  [default: ocr.toml here, if there is one]",
)
@click.version_option(__version__, prog_name="ocr", message="%(prog)s %(version)s")
@_common
@click.pass_context
def cli(context: click.Context) -> None:
    """Read handwriting from photos and scans, offline.

    Results go to stdout, everything else to stderr. Exit status: 0 all read, 1 some inputs
    failed, 2 wrong usage, 3 a model is missing or unusable.

    An option may also stand in the environment (OCR_READ_ENGINE=lines) or in a file ocr.toml
    (engine = "lines" under [read]). What is typed counts most, then the environment, the file,
    and the default.
    """
    if context.invoked_subcommand != "train":
        from ocr.threads import one_thread

        one_thread()


@cli.command()
@click.argument("files", metavar="FILE...", nargs=-1, type=FILE)
@_which_pages
@_how_to_read
@click.option(
    "--format",
    "formats",
    type=click.Choice(FORMATS),
    multiple=True,
    default=("text",),
    show_default=True,
    help="What to write; several times for several.",
)
@click.option("--join", is_flag=True, help="Running text: lines joined, hyphenated words mended.")
@click.option(
    "--output",
    metavar="PATH",
    type=FILE,
    help="Write there instead of to stdout: a file, whose suffix tells the format if --format does "
    "not, or a folder if it is one, ends in / or has no suffix.",
)
@click.option("--force", is_flag=True, help="Replace files that are there.")
@_how_to_read_many
@click.option(
    "--gt",
    "drafts",
    is_flag=True,
    help="Write each text into photo.gt.txt beside its photo too, to be corrected for `ocr train`; "
    "one that stands is left as it is.",
)
@click.option(
    "--line-images",
    metavar="DIR",
    type=FILE,
    help="Cut out the lines as well: pictures with a .gt.txt each.",
)
@_common
def read(
    files: tuple[str, ...],
    recursive: bool,
    files_from: str | None,
    ranges: tuple[PageRange, ...],
    dpi: int,
    reading: dict[str, Any],
    formats: tuple[str, ...],
    join: bool,
    output: str | None,
    force: bool,
    jobs: int | None,
    resume: bool,
    timeout: float | None,
    scheduler: str | None,
    drafts: bool,
    line_images: str | None,
) -> int:
    """Read the text of photos or scans.

    FILE is an image, a PDF, a folder (the images in it, by name), a pattern such as "*.jpg" or -
    for stdin. To stdout or into one file all is written as one document: of a single input the
    text alone, or one JSON object; of several each text under a header ==> FILE <==, or a JSON
    array. Into a folder each input is written to files of its own: photo.jpg to photo.txt and,
    for further formats, photo.json and so on. What cannot be read is reported and left out.

    A run into a folder reads many files, and the pages of long ones, at a time, names what failed
    in errors.ndjson there, and can be ended and gone on with by --resume.

    \b
    ocr read photo.jpg
    ocr read scans/ --recursive --format text --format alto --output texts/ --jobs 8
    ocr read --charset digits+. --format json receipts/ --output receipts.json
    """
    from ocr.inputs import find_documents, read_list
    from ocr.recipe import ReadDocument
    from ocr.storage import is_url

    if "-" in files and files_from == "-":
        raise click.UsageError("Only one of FILE and --files-from can be stdin.")
    if drafts and "-" in files:
        raise click.UsageError("--gt writes beside a photo; stdin has no place. Name the file.")
    formats = _fitting(tuple(dict.fromkeys(formats)), output)
    folder = output if output and _is_folder(output, formats) else None
    if len(formats) > 1 and folder is None:
        raise click.UsageError("Several formats need --output with the name of a folder.")
    if "pdf" in formats:
        from ocr.formats.pdf import require

        require()
    if not files and files_from is None:
        raise click.UsageError("Missing argument 'FILE...'.")
    if folder is None and (jobs or resume or timeout or scheduler):
        raise click.UsageError(
            "--jobs, --resume, --timeout and --scheduler need --output with the name of a folder."
        )
    if (drafts or line_images) and (scheduler or any(map(is_url, files))):
        raise click.UsageError("--gt and --line-images are for photos and folders on this machine.")
    if scheduler and (jobs or timeout):
        raise click.UsageError("On a cluster --jobs and --timeout are the cluster's own affair.")

    failures: list[str] = []
    lost: list[tuple[str, OcrError]] = []

    def on_error(name: str, error: Exception) -> None:
        _complain(error, name)
        failures.append(name)

    def on_lost(name: str, error: OcrError) -> None:
        lost.append((name, error))

    arguments = [*files, *(read_list(files_from) if files_from else ())]
    documents = find_documents(
        arguments,
        recursive=recursive,
        ranges=ranges,
        dpi=dpi,
        leave_out=Path(folder) if folder and not is_url(folder) else None,
        on_error=on_lost,
    )
    if folder is None or not documents:
        for name, error in lost:
            on_error(name, error)
    if not documents:
        return ExitCode.SOME_FAILED
    if folder is not None:
        recipe = ReadDocument(
            tuple((k, tuple(v) if isinstance(v, list) else v) for k, v in reading.items()),
            formats,
            join,
            drafts,
            line_images,
        )
        if scheduler:  # workers may be in another folder
            documents = [_absolute(document) for document in documents]
            folder = folder if is_url(folder) else str(Path(folder).absolute())
        execute = _executor(documents, recipe, jobs, timeout, scheduler)
        return _read_into_folder(documents, recipe, folder, execute, resume, force, lost)
    keep = _draft_writer(drafts, line_images) if drafts or line_images else None
    read_pages = partial(_pages, _reader(reading), keep=keep)
    single = arguments == [documents[0].path]
    _read_as_one(read_pages, documents, formats[0], join, single, output, force, on_error)
    return ExitCode.SOME_FAILED if failures else ExitCode.OK


def _fitting(formats: tuple[str, ...], output: str | None) -> tuple[str, ...]:
    """The formats to write: those typed, else what the name of ``--output`` tells."""
    from ocr.storage import is_url

    if output is None or os.path.isdir(output) or is_url(output):  # noqa: PTH112
        if output is None and "pdf" in formats and sys.stdout is not None and sys.stdout.isatty():
            raise click.UsageError(
                "A PDF is nothing for a terminal. Name a file with --output, or redirect stdout."
            )
        return formats
    from ocr.formats import by_suffix

    fitting = by_suffix(output)
    source = click.get_current_context().get_parameter_source("formats")
    if not fitting or (len(fitting) > 1 and set(formats) <= set(fitting)):
        return formats
    if source is ParameterSource.COMMANDLINE:
        if set(formats) <= set(fitting):
            return formats
        raise click.UsageError(
            f"--output {output} is the name of a file in the format {' or '.join(fitting)}, not "
            f"{', '.join(formats)}. Leave --format out, or name another file or a folder."
        )
    if len(fitting) > 1:
        raise click.UsageError(f"{output}: {' or '.join(fitting)}? Tell by --format.")
    return fitting


def _is_folder(output: str, formats: Sequence[str]) -> bool:
    """Whether ``--output`` names a folder for the results and not one file."""
    from ocr.storage import is_url

    if os.path.exists(output):  # noqa: PTH110 - quiet about folders that one may not look into
        return os.path.isdir(output)  # noqa: PTH112
    if is_url(output):
        return True
    return output.endswith(("/", os.sep)) or not Path(output).suffix or len(formats) > 1


def _read_as_one(
    read_pages: ReadPages,
    documents: Sequence[Document],
    format_: str,
    join: bool,
    single: bool,
    output: str | None,
    force: bool,
    on_error: OnError,
) -> None:
    """Read all into one document, to stdout or into a file."""
    from ocr.formats import FORMATS, writer
    from ocr.output import refuse_existing

    read = 0
    too_many = click.UsageError(
        f"A file of the format {format_} holds one page. Give --output with the name of a folder."
    )
    if len(documents) > 1 and not FORMATS[format_].many:
        raise too_many
    if output is not None:
        refuse_existing([(document, Path(output)) for document in documents], force)

    def pages(shown: Iterable[Document]) -> Iterator[tuple[PageSource, Page]]:
        nonlocal read
        for document in shown:
            for pair in read_pages(document, on_error):
                read += 1
                if read == 2 and not FORMATS[format_].many:
                    raise too_many
                yield pair

    with _progress(documents, "Reading", output is None) as shown:
        pieces = writer(format_, join)(pages(shown), single)
        if output is None:
            for piece in pieces:
                _print(piece)
        else:
            with _replacing(output) as stream:
                for piece in pieces:
                    stream.write(piece.encode() if isinstance(piece, str) else piece)
                if not read:  # leave what stands there as it is
                    raise click.exceptions.Exit(ExitCode.SOME_FAILED)


def _absolute(document: Document) -> Document:
    from ocr.storage import is_url

    if document.path == "-" or is_url(document.path):
        return document
    return replace(document, path=str(Path(document.path).absolute()))


def _executor(
    documents: Sequence[Document],
    recipe: ReadDocument,
    jobs: int | None,
    limit: float | None,
    scheduler: str | None,
) -> Execute | None:
    """Where the documents are read: in worker processes or on a cluster; None is right here."""
    stdin = any(document.path == "-" for document in documents)
    if scheduler is not None:
        if stdin:
            raise click.UsageError("A cluster cannot read this machine's stdin. Name files.")
        from ocr import cluster

        return partial(cluster.execute, address=scheduler, weights=recipe.own_weights())
    one = len(documents) == 1 and Path(documents[0].path).suffix.lower() not in PAGED
    if stdin or (one and jobs is None and limit is None):
        return None
    from ocr import workers

    return partial(workers.execute, jobs=jobs or workers.usable_cores(), limit=limit)


def _read_into_folder(
    documents: Sequence[Document],
    recipe: ReadDocument,
    folder: str,
    execute: Execute | None,
    resume: bool,
    force: bool,
    lost: Sequence[tuple[str, OcrError]],
) -> int:
    """Read each into files of its own; the exit status."""
    from ocr.batch import ERRORS, Stop, run, stopping
    from ocr.storage import Place

    # Right here Ctrl-C ends it as any other command.
    stoppable = stopping() if execute else nullcontext(Stop())

    documents = list(dict.fromkeys(documents))  # named twice, read once
    folder = folder.rstrip("/") or "/"
    start = time.monotonic()
    with stoppable as stop, _tally(len(documents) + len(lost)) as on_outcome:
        summary = run(
            documents,
            recipe,
            Place(folder),
            execute or (lambda tasks, step, _: map(step, tasks)),
            resume=resume,
            force=force,
            lost=lost,
            stop=stop,
            on_outcome=on_outcome,
        )
    for warning in summary.warnings:
        _note(f"warning: {warning}")
    for outcome in summary.errors:
        if outcome.trace and _wanted("debug"):
            click.echo(outcome.trace, nl=False, err=True)
        if not _wanted("verbose") or _wanted("quiet"):  # or it has been said
            _say(outcome.error)
    if summary.stopped and summary.left:
        _say(
            f"stopped with {summary.left} of {summary.total} files left; the same command with "
            "--resume goes on"
        )
        return INTERRUPTED - signal.SIGINT + summary.stopped
    if summary.total > 1:
        seconds = time.monotonic() - start
        counts = [f"{summary.read} file{'' if summary.read == 1 else 's'} read"]
        if summary.pages > summary.read:
            counts.append(f"{summary.pages:,} pages")
        if summary.found:
            counts.append(f"{summary.found} done before")
        if summary.failed:
            counts.append(f"{summary.failed} failed (all in {folder}/{ERRORS})")
        if summary.warned:
            counts.append(f"{summary.warned} with warnings")
        rate = f", {3600 * summary.read / seconds:,.0f} files an hour" if summary.read else ""
        _note(f"{', '.join(counts)}; {seconds:.0f} s{rate}", "green")
    return ExitCode.SOME_FAILED if summary.failed else ExitCode.OK


@contextmanager
def _tally(total: int) -> Iterator[Callable[[Outcome, Summary], None]]:
    """Shows how far a run is: a bar on a terminal, else a line now and then."""
    if _wanted("quiet"):
        yield lambda *_: None
        return
    if _wanted("verbose"):

        def describe(outcome: Outcome, _: Summary) -> None:
            if outcome.error:
                _say(outcome.error)
            for sentence in outcome.pages:
                _tell(sentence)
            if not outcome.fresh:
                _tell(f"{outcome.file}: done before")

        yield describe
        return
    start = shown = time.monotonic()
    if not sys.stderr.isatty() or total < 2:

        def tell(_: Outcome, summary: Summary) -> None:
            nonlocal shown
            now = time.monotonic()
            if now - shown > PLAIN_PROGRESS:
                shown = now
                done = summary.total - summary.left
                left = (now - start) / done * summary.left / 60 if done else math.nan
                _tell(
                    f"{done} of {summary.total} files, {summary.failed} failed, "
                    f"{summary.pages / (now - start):.1f} pages a second, "
                    + (f"{left:.0f} min left" if done else f"{summary.pages} pages so far")
                )

        yield tell
        return

    def rate(summary: Summary | None) -> str:
        if summary is None:
            return ""
        failed = f", {summary.failed} failed" if summary.failed else ""
        return f"{summary.pages / (time.monotonic() - start):.1f} pages/s{failed}"

    with click.progressbar(
        length=total, label="Reading", show_pos=True, item_show_func=rate, file=sys.stderr
    ) as bar:
        yield lambda outcome, summary: bar.update(0 if outcome.part is not None else 1, summary)


@cli.command()
@click.argument("file", metavar="FILE", type=FILE)
@_how_to_read
@click.option(
    "--out", metavar="FILE", type=FILE, help="Draw boxes, line order and letters into this image."
)
@click.option("--json", "as_json", is_flag=True, help="Print the same in numbers.")
@click.option(
    "--stages", metavar="DIR", type=FILE, help="Write a picture of each stage of finding letters."
)
@click.option(
    "--page",
    "number",
    type=click.IntRange(min=1),
    default=1,
    show_default=True,
    help="Page of a PDF or TIFF file.",
)
@_common
def boxes(
    file: str,
    reading: dict[str, Any],
    out: str | None,
    as_json: bool,
    stages: str | None,
    number: int,
) -> int:
    """Show what was found in a photo, box by box.

    Boxes are [y1, x1, y2, x2] in pixels of the upright photo, y2 and x2 exclusive. Their colours
    tell how sure each reading is. Give at least one of --out, --json and --stages.

    \b
    ocr boxes photo.jpg --out overlay.png
    """
    if not (out or as_json or stages):
        raise click.UsageError("Nothing to do: give --out, --json or --stages.")
    kind = OVERLAY_KINDS.get(Path(out).suffix.lower()) if out else None
    if out and kind is None:
        raise click.BadParameter(
            f"{out}: end it in {', '.join(OVERLAY_KINDS)}.", param_hint="--out"
        )

    from ocr.images import open_image

    if out:
        from ocr.inputs import Document
        from ocr.output import refuse_existing

        refuse_existing([(Document(file, ""), Path(out))], force=True)
    reader = _reader(reading)
    with _replacing(out) if out else nullcontext() as stream:
        photo = open_image(file, page=number)
        page = reader.read(photo, on_stage=_stage_writer(stages) if stages else None)
        _warn(page, photo.name)
        if stream is not None:
            from ocr.overlay import draw_page

            draw_page(photo.rgb(OVERLAY_SIDE), page).save(stream, kind)
    if as_json:
        from ocr.formats import writer
        from ocr.inputs import PageSource

        for piece in writer("json")([(PageSource(file, number), page)], True):
            _print(piece)
    return ExitCode.OK


@cli.command("eval")
@click.argument("paths", metavar="DIR...", nargs=-1, required=True, type=FILE)
@_how_to_read
@click.option(
    "--normalise",
    "form",
    type=click.Choice(FORMS),
    default="nfc",
    show_default=True,
    help="Make equal what Unicode calls canonical (nfc) or compatible (nfkc); plain drops "
    "accents and straightens quotes and dashes as well.",
)
@click.option("--ignore-case", is_flag=True, help="Let capitals and small letters count as equal.")
@click.option("--ignore-spaces", is_flag=True, help="Drop all whitespace before comparing.")
@click.option("--json", "as_json", is_flag=True, help="Print the report as JSON.")
@_common
def evaluate(
    paths: tuple[str, ...],
    reading: dict[str, Any],
    form: str,
    ignore_case: bool,
    ignore_spaces: bool,
    as_json: bool,
) -> int:
    """Measure how well photos are read whose text is known.

    DIR is a folder; every image in it counts that has its text beside it (photo.jpg and
    photo.gt.txt). Single images can be named too. Reports the character accuracy, character and
    word error rates with an interval, the commonest confusions and the worst lines.
    """
    from ocr.evaluate import Report, score
    from ocr.inputs import Document
    from ocr.metrics import Normalisation

    normalisation = Normalisation(form, ignore_case, ignore_spaces)
    reader = _reader(reading)
    truths, failures = _truths(paths)
    unique = len({Path(photo).name for photo in truths}) == len(truths)
    scores = []

    def on_error(name: str, error: Exception) -> None:
        _complain(error, name)
        failures.append(name)

    with _progress([Document(path, path) for path in truths], "Reading", False) as shown:
        for document in shown:
            pages = [page.text for _, page in _pages(reader, document, on_error)]
            title = Path(document.name).name if unique else document.name
            if pages:
                text = "\n".join(pages)
                scores.append(score(title, truths[document.path], text, normalisation))
    if scores:
        report = Report(normalisation, tuple(scores))
        _print(_as_json(report.to_dict()) if as_json else report.to_text())
    return ExitCode.SOME_FAILED if failures else ExitCode.OK


@cli.command()
@click.argument("data", metavar="DATA...", nargs=-1, type=FILE)
@click.option("--out", metavar="DIR", type=FILE, help="Folder for the model, its card and report.")
@click.option("--kind", type=click.Choice(TRAINED), help="What to train; else what suits DATA.")
@click.option(
    "--from",
    "start",
    metavar="MODEL",
    type=FILE,
    help="Model to go on from, or scratch. An installed one unless there is much data.",
)
@click.option("--epochs", type=click.IntRange(1), help="Passes over the data at most.")
@click.option("--rate", type=_Number(0, min_open=True), help="Highest learning rate.")
@click.option("--batch", type=click.IntRange(1), help="Samples a step.")
@click.option(
    "--augmentation",
    type=click.Choice(AUGMENTATIONS),
    help="How much samples are changed whenever they are shown.",
)
@click.option(
    "--replay",
    type=_Number(0),
    help="Base samples mixed in for each own one, so that nothing is forgotten.",
)
@click.option("--patience", type=click.IntRange(1), help="Epochs without gain to stop after.")
@click.option("--seed", type=click.IntRange(0), help="Of everything random; 0 without it.")
@click.option(
    "--threads",
    type=click.IntRange(1),
    help="Cores to use; with one, as without it, the same result on every number of cores.",
)
@click.option("--resume", is_flag=True, help="Go on with the unfinished training in --out.")
@click.option("--force", is_flag=True, help="Replace a model; write one that became worse.")
@_common
def train(data: tuple[str, ...], out: str | None, resume: bool, force: bool, **options: Any) -> int:
    """Learn a hand from photos with their text, or from data sets.

    DATA is recognised by itself and may be mixed: photos or pictures of lines with a .gt.txt
    beside each, a folder with a sub-folder of pictures for each character, NIST36 and EMNIST .mat
    files, MNIST and EMNIST idx files, .npz, .zip with a lines.tsv. Ctrl-C keeps the best so far.

    \b
    ocr read --gt notes/                      # drafts of the texts, to be corrected
    ocr train notes/ --out my-hand
    ocr read --model my-hand photo.jpg
    """
    if out is None:
        raise click.UsageError("Missing option '--out': the folder for the model.")
    if not data and not resume:
        raise click.UsageError("Missing argument 'DATA...': what to learn from.")
    try:
        from training.train import Settings
        from training.train import train as run
    except ModuleNotFoundError as error:
        raise DataError(
            f"training needs {error.name}. Install it with: pip install 'ocr[train]'"
        ) from None
    settings = Settings(data=data, out=out, **options)
    with _interruptible() as stop:
        outcome = run(settings, resume, force, _tell, _training_progress(), stop)
    for name, value in outcome.metadata.figures.items():
        _tell(f"{name}: {value:g}")
    if outcome.refused:
        _say(
            f"not written: {outcome.refused}. Add data, lower --rate, or write it all the same "
            f"with: ocr train --resume --force --out {out}"
        )
        return INTERRUPTED if outcome.stopped else ExitCode.SOME_FAILED
    for file in outcome.files:
        _print(f"{file}\n")
    if outcome.stopped:
        _tell(f"stopped; this is the best so far. Go on with: ocr train --resume --out {out}")
        return INTERRUPTED
    _tell(f"read with it: ocr read --model {out} photo.jpg")
    return ExitCode.OK


@contextmanager
def _interruptible() -> Iterator[Callable[[], bool]]:
    """Whether Ctrl-C or SIGTERM came; a second one ends the program as ever."""
    came = False
    before: dict[int, Any] = {}
    numbers = (int(signal.SIGINT), int(signal.SIGTERM))

    def remember(number: int, _: Any) -> None:
        nonlocal came
        came = True
        signal.signal(number, before[number])
        _tell("stopping after this step; once more to stop at once")

    for number in numbers:
        before[number] = signal.signal(number, remember)
    try:
        yield lambda: came
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _training_progress() -> Callable[[Progress], None]:
    """Show how a training goes: a line that changes on a terminal, else a line an epoch and now
    and then."""
    shown = time.monotonic()
    terminal = sys.stderr.isatty()
    if _wanted("quiet"):
        return lambda _: None

    def show(at: Progress) -> None:
        nonlocal shown
        now = time.monotonic()
        if not at.figures and now - shown < (0.2 if terminal else PLAIN_SECONDS):
            return
        shown = now
        minutes, seconds = divmod(round(at.seconds_left), 60)
        text = f"epoch {at.epoch}/{at.epochs}  {at.samples}/{at.of}  loss {at.loss:.3f}"
        for name in ("valid", "base"):
            if name in at.figures:
                text += f"  {name} {100 * at.figures[name]:.1f} %"
        if at.skipped:
            text += f"  {at.skipped} skipped"
        text += f"  {minutes}:{seconds:02d} left at most"
        if terminal and not at.figures:
            click.echo(f"\r\x1b[K{text}", err=True, nl=False)
        else:
            _tell(text)

    return show


@cli.command()
@click.option("--json", "as_json", is_flag=True, help="Print the list as JSON.")
@_common
def models(as_json: bool) -> int:
    """List the installed weight files.

    Of each: what it is for, the data it was trained on with their licences, measured figures, and
    whether the file is the one that was published (checksum).
    """
    from ocr.weights import checksum_state, installed, models_dir, read_metadata

    found = []
    status = ExitCode.OK
    for path in installed():
        try:
            about = read_metadata(path)
        except ModelError as error:
            _complain(error)
            status = ExitCode.MODEL
            continue
        checksum = checksum_state(path)
        if checksum == "changed":
            _complain(ModelError(f"{path}: its SHA-256 is not the one stored. Reinstall it."))
            status = ExitCode.MODEL
        found.append(
            {
                "file": path.name,
                "name": about.name,
                "kind": about.kind,
                "characters": len(about.charset),
                "charset": "".join(about.charset),
                "data": list(about.data),
                "figures": about.figures,
                "checksum": checksum,
            }
        )
    if not found and status == ExitCode.OK:
        raise ModelError(f"{models_dir()}: no weight files here. Reinstall ocr or train a model.")
    _print(_as_json(found) if as_json else "\n".join(map(_model_card, found)))
    return status


def _model_card(model: dict[str, Any]) -> str:
    rows: tuple[tuple[str, list[str]], ...] = (
        ("kind", [model["kind"]]),
        ("charset", [f"{model['characters']} characters"]),
        ("data", [f"{one.get('name', '?')}: {one.get('licence', '?')}" for one in model["data"]]),
        ("figures", [f"{name}: {value:g}" for name, value in model["figures"].items()]),
        ("checksum", [model["checksum"]]),
    )
    card = f"{model['file']}\n"
    for title, values in rows:
        for value in values:
            card += f"  {title:9} {value}\n"
            title = ""
    return card


def _reader(reading: dict[str, Any]) -> Reader:
    from ocr.reader import Reader

    return Reader(**reading)


def _truths(paths: Iterable[str]) -> tuple[dict[str, str], list[str]]:
    """Images with the text they should give; and what has no usable ground truth."""
    from ocr.evaluate import pairs_in, read_truth

    truths: dict[str, str] = {}
    failures: list[str] = []
    for path in paths:
        try:
            pairs = pairs_in(Path(path))
        except OcrError as error:
            _complain(error)
            failures.append(path)
            continue
        for photo, truth in pairs:
            try:
                truths[str(photo)] = read_truth(truth)
            except OcrError as error:
                _complain(error)
                failures.append(str(photo))
    return truths, failures


def _draft_writer(drafts: bool, folder: str | None) -> Keep:
    """A function that writes what was read of a photo as drafts of its ground truth."""
    from ocr.drafts import write_drafts

    def write(source: PageSource, page: Page, lines: list[ReadLine]) -> None:
        for sentence in write_drafts(source, page, lines, drafts, folder):
            _note(sentence)

    return write


def _pages(
    reader: Reader, document: Document, on_error: OnError, keep: Keep | None = None
) -> Iterator[tuple[PageSource, Page]]:
    """Read the pages of a document one after the other; `on_error` is told of those that fail.

    `keep` sees each page with its lines. A model that cannot be used fails them all, so that error
    passes.
    """
    from ocr.recipe import describe

    try:
        sources = document.sources()
    except Exception as error:
        on_error(document.name, error)
        return
    for source in sources:
        lines: list[ReadLine] = []
        start = time.perf_counter()
        try:
            photo = source.open()
            if keep is None:
                page = reader.read(photo)
            else:
                page = reader.read(photo, on_line=lines.append)
                keep(source, page, lines)
        except ModelError:
            raise
        except Exception as error:
            on_error(source.title, error)
        else:
            _warn(page, source.title)
            if _wanted("verbose"):
                _say(describe(source, page, time.perf_counter() - start), "green")
            yield source, page


def _stage_writer(folder: str) -> Callable[[str, NDArray[np.generic]], None]:
    """A function that writes each stage's picture into `folder`, numbered in order."""
    import numpy as np
    from PIL import Image

    from ocr.output import make_folder

    make_folder(Path(folder))
    written = 0

    def write(name: str, picture: NDArray[np.generic]) -> None:
        nonlocal written
        written += 1
        slug = re.sub(r"\W+", "-", name.lower()).strip("-")
        if picture.dtype != np.uint8:
            picture = np.clip(np.nan_to_num(picture.astype(np.float32)) * 255, 0, 255).round()
        image = Image.fromarray(picture.astype(np.uint8))
        with _replacing(str(Path(folder) / f"{written:02d}-{slug}.png")) as stream:
            image.save(stream, "PNG")

    return write


def _replacing(path: str) -> AbstractContextManager[IO[bytes]]:
    from ocr.output import replacing

    return replacing(Path(path))


def _progress(
    items: Sequence[Item], label: str, prints: bool
) -> AbstractContextManager[Iterable[Item]]:
    """`items` behind a progress bar, where a person sees it and no output runs through it."""
    if (
        _wanted("quiet")
        or len(items) < 2
        or not sys.stderr.isatty()
        or (prints and sys.stdout.isatty())
    ):
        return nullcontext(items)
    return click.progressbar(items, label=label, show_pos=True, file=sys.stderr)


def _print(text: str | bytes) -> None:
    if sys.stdout is None:
        raise OutputError("stdout: closed. Redirect it into a file or use --output.")
    try:
        click.echo(text, nl=False)
    except BrokenPipeError:  # the reader of our output, such as `head`, has seen enough
        _drop_stdout()
        raise click.exceptions.Exit(ExitCode.SOME_FAILED) from None
    except OSError as error:
        _drop_stdout()
        raise OutputError(
            f"stdout: cannot be written ({error.strerror}). Make room or use --output."
        ) from None


def _drop_stdout() -> None:
    """Let what is still buffered go nowhere, or Python complains about it on its way out."""
    with suppress(OSError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _wanted(option: str) -> bool:
    """Whether ``--quiet``, ``--verbose`` or ``--debug`` was given."""
    context = click.get_current_context(silent=True)
    return bool(context and (context.find_root().obj or {}).get(option))


def _warn(page: Page, name: str) -> None:
    for warning in page.warnings:
        _note(f"warning: {name}: {warning}")


def _note(message: str, colour: str = "yellow") -> None:
    """One line that is no error."""
    if not _wanted("quiet"):
        _say(message, colour)


def _tell(message: str) -> None:
    """One line about how work goes."""
    _note(message, "green")


def _complain(error: Exception, name: str = "", debug: bool | None = None) -> None:
    """One line about a failure, with its traceback before if that is wanted."""
    if debug is None:
        debug = _wanted("debug")
    if debug:
        traceback.print_exception(error)
    message = str(error)
    if not isinstance(error, OcrError):
        where = f"{name}: " if name else ""
        message = f"{where}internal error ({type(error).__name__}: {error}); see --debug"
    _say(message)


def _say(message: str, colour: str = "red") -> None:
    """One line on stderr; its beginning in colour where a person sees it who wants that."""
    plain = os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb"
    before = "ocr:" if plain else click.style("ocr:", fg=colour)  # click drops it off terminals
    clear = "\r\x1b[K" if sys.stderr.isatty() and not plain else ""  # of a progress bar
    click.echo(f"{clear}{before} {' '.join(message.splitlines())}", err=True)


def _as_json(data: Any) -> str:
    return json.dumps(data, ensure_ascii=False, indent=2) + "\n"


def _name_variables() -> None:
    """Let every option stand in the environment, called as a person knows it: OCR_READ_FORMAT.

    Click itself would go by the names of the functions' parameters.
    """
    for command in (cli, *cli.commands.values()):
        before = "OCR_" if command is cli else f"OCR_{command.name}_"
        for option in command.params:
            if isinstance(option, click.Option) and option.name != "version":
                flag = next(flag for flag in option.opts if flag.startswith("--"))
                option.envvar = f"{before}{flag[2:]}".upper().replace("-", "_")


_name_variables()

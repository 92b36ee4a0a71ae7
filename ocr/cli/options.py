"""Options that several commands have, and the values they take."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from enum import IntEnum
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar, cast

import click
from click.core import ParameterSource

from ocr.cli.console import note, tell
from ocr.config import (
    CHARSETS,
    DPI,
    DPI_RANGE,
    ENGINES,
    REJECTED,
    Option,
    found_configs,
    read_config,
)
from ocr.formats import FORMATS
from ocr.lines.patterns import PATTERNS, compile_pattern

if TYPE_CHECKING:
    from ocr.input.documents import PageRange

Command = TypeVar("Command", bound=Callable[..., Any])


MAX_LEXICON = 4 << 20  # bytes of a list of words: some 400,000, which take half a gibibyte
BEGINNING, MAX_BEGINNINGS = 200, 1 << 30  # bytes of one beside its letters, and of all, if none is
# shared by two words
LONGEST_TIMEOUT = 10_000_000  # seconds: systems keep no alarm for a thousand years
LONGEST_WORD = 200  # letters: every beginning of a word is kept

# Ends of a range in --charset, such as 0-9: a dash anywhere else is a dash.
RANGE = re.compile("([0-9])-([0-9])|([a-z])-([a-z])|([A-Z])-([A-Z])")

FOUND = "ocr.configs"  # in click's context: files of options that were found, what was ignored

FILE = click.Path(readable=False)  # lets the shell complete names; what is wrong is told later


def _remember(context: click.Context, option: click.Parameter, wanted: bool) -> None:
    """Keep an option of the whole run, wherever on the command line it stands."""
    if wanted and option.name:
        context.find_root().ensure_object(dict)[option.name] = True


def common(command: Command) -> Command:
    """Add ``--quiet``, ``--verbose`` and ``--debug``; tell where options were found."""

    @wraps(command)
    def wrapper(*arguments: Any, **options: Any) -> Any:
        context = click.get_current_context()
        if context.parent is not None:  # of the command: --quiet may stand behind it
            _tell_of_configs(context)
        return command(*arguments, **options)

    wrapped: Any = wrapper
    for flags, text in (
        (("--debug",), "Show a traceback where something fails."),
        (("-v", "--verbose"), "Report for each input what was read and how long it took."),
        (("-q", "--quiet"), "Show errors only: no warnings, no progress."),
    ):
        wrapped = click.option(
            *flags, is_flag=True, expose_value=False, callback=_remember, help=text
        )(wrapped)
    return cast(Command, wrapped)


def configure(context: click.Context, _: click.Parameter, value: str | None) -> None:
    """Take the defaults of all options from ``--config``, or from the files that are found."""
    group = cast(click.Group, context.command)

    def options(command: click.Command) -> dict[str, Option]:
        return {
            flag.lstrip("-"): Option(option.name or "", option.multiple, _type_of(option))
            for option in command.params
            if isinstance(option, click.Option)
            for flag in option.opts
            if flag.startswith("--") and flag not in ("--version", "--config")
        }

    paths = found_configs() if value is None else [Path(value)]
    if not paths:
        return
    commands = {name: options(command) for name, command in group.commands.items()}
    context.default_map = {}
    for path in paths:  # the folder's over the user's own
        found = read_config(path, options(group), commands, named=value is not None)
        for key, setting in found.options.items():
            if isinstance(setting, dict):
                setting = {**context.default_map.get(key, {}), **setting}
            context.default_map[key] = setting
        if value is None:
            context.meta.setdefault(FOUND, []).append((path, found.ignored))


def _type_of(option: click.Option) -> type:
    if option.is_flag:
        return bool
    if isinstance(option.type, click.types.IntParamType):
        return int
    return float if isinstance(option.type, click.types.FloatParamType) else str


def _tell_of_configs(context: click.Context) -> None:
    """Name the files of options that were found by themselves, and what of them does not count."""
    for path, ignored in context.meta.pop(FOUND, ()):
        tell(f"options from {path}")
        if ignored:
            note(
                f"warning: {path}: {', '.join(ignored)} ignored: a file that was not named sets "
                f"nothing that writes, loads or connects. If you mean it: --config {path}"
            )


class Number(click.FloatRange):
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

    def spelled(ends: re.Match[str]) -> str:
        first, last = (ord(end) for end in ends.groups() if end)
        if last < first:
            raise click.BadParameter(f"the range {ends[0]} ends before it begins.")
        return "".join(map(chr, range(first, last + 1)))

    parts = value.split("+")
    if any(part in CHARSETS for part in parts):
        # An empty part stands between two plus signs or at an end: a plus itself.
        value = "".join(CHARSETS.get(part) or RANGE.sub(spelled, part) or "+" for part in parts)
    else:
        value = RANGE.sub(spelled, value)
    value = "".join(dict.fromkeys(value))
    if not value.strip():
        raise click.BadParameter("give at least one character.")
    return value


def _ranges(_: click.Context, __: click.Parameter, value: str | None) -> tuple[PageRange, ...]:
    """Pages of ``--pages``."""
    if value is None:
        return ()
    from ocr.input.documents import parse_ranges

    try:
        return parse_ranges(value)
    except ValueError as error:
        raise click.BadParameter(f"{error}.") from None


def which_pages(command: Command) -> Command:
    """Add the options that tell what is read."""
    for option in (
        click.option(
            "--dpi",
            type=click.IntRange(*DPI_RANGE),
            help="Dots per inch at which PDF pages become pictures; by default as many as the "
            f"picture on the page has, else {DPI}.",
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
            help="Also read the paths listed in FILE, one per line.",
        ),
    ):
        command = option(command)
    return command


def _words(_: click.Context, __: click.Parameter, value: str | None) -> list[str] | None:
    """The words of a ``--lexicon`` file."""
    if value is None:
        return None
    try:
        with Path(value).open("rb") as stream:
            data = stream.read(MAX_LEXICON + 1)
        lines = data.decode("utf-8-sig").splitlines() if len(data) <= MAX_LEXICON else []
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "not UTF-8 text"
        raise click.BadParameter(f"{value}: cannot be read ({reason}).") from None
    lengths = [len(word) for line in lines for word in line.split()]
    needed = sum(BEGINNING * length + 4 * length * length for length in lengths)
    if len(data) > MAX_LEXICON or needed > MAX_BEGINNINGS or max(lengths, default=0) > LONGEST_WORD:
        raise click.BadParameter(
            f"{value}: no list of words: they have {LONGEST_WORD} letters and the file "
            f"{MAX_LEXICON >> 20} MiB at most."
        )
    if not any(line.strip() for line in lines):
        raise click.BadParameter(f"{value}: holds no words; give one per line.")
    return lines


def _expression(_: click.Context, __: click.Parameter, value: str | None) -> str | None:
    """The regular expression or name of ``--pattern``, if it is one."""
    if value is not None:
        try:
            compile_pattern(value)
        except ValueError as error:
            raise click.BadParameter(f"{error}.") from None
    return value


def _language(_: click.Context, __: click.Parameter, value: str) -> str:
    """The language model of ``--language``."""
    if value in ("auto", "none"):
        return value
    from ocr.weights import find_language

    return find_language(value)


def output(text: str, metavar: str = "FILE") -> Callable[[Command], Command]:
    """Add ``--output``, which may be called ``-o`` and ``--out`` as well; "-" means none."""
    return click.option(
        "-o",
        "--output",
        "--out",
        "out",
        metavar=metavar,
        type=FILE,
        callback=_place,
        help=text,
    )


def _place(context: click.Context, option: click.Parameter, value: str | None) -> str | None:
    """The value of ``--output``."""
    if value is not None and not value:
        raise click.BadParameter(
            "an empty name of a file. Check what the shell made of the command."
        )
    if context.command.name != "read":
        here(context, option, value)
    return None if value == "-" else value


def here(_: click.Context, __: click.Parameter, value: str | None) -> str | None:
    """A place to write to that is on this machine."""
    from ocr.input.addresses import is_url

    if value is not None and is_url(value):
        raise click.BadParameter(
            f"{value}: only --output of `ocr read` may be an address. Name a place on this machine."
        )
    return value


def format_option(command: Command) -> Command:
    """Add ``--format`` to a command that reports."""
    return click.option(
        "-f",
        "--format",
        "format_",
        type=click.Choice(("text", "json")),
        help="For people or for programs; by default JSON if --output ends in .json, else text.",
    )(command)


def in_json_wanted(as_json: bool, format_: str | None, out: str | None) -> bool:
    """Whether a report is for programs, by ``--json``, ``--format`` or where it goes."""
    return as_json or (format_ or Path(out or "").suffix.lower().removeprefix(".")) == "json"


def how_to_write(command: Command) -> Command:
    """Add the options of a command that writes pages in the formats that there are."""
    for option in (
        click.option("--force", is_flag=True, help="Replace files that are there."),
        output(
            "Write there instead of to stdout: a file, whose suffix tells the format if --format "
            "does not, or a folder if it is one, ends in / or has no suffix.",
            "PATH",
        ),
        click.option(
            "--join", is_flag=True, help="Running text: lines joined, hyphenated words mended."
        ),
        click.option(
            "-f",
            "--format",
            "formats",
            type=click.Choice(tuple(FORMATS)),
            multiple=True,
            default=("text",),
            show_default=True,
            help="What to write; may be given several times.",
        ),
    ):  # the first one shown last
        command = option(command)
    return command


class Told(IntEnum):
    """Where the value of an option comes from, what counts most last."""

    NOWHERE, FILE, ENVIRONMENT, HERE = range(4)


def told(name: str) -> Told:
    """Where the value of an option of the running command comes from."""
    sources = {
        ParameterSource.DEFAULT_MAP: Told.FILE,
        ParameterSource.ENVIRONMENT: Told.ENVIRONMENT,
        ParameterSource.COMMANDLINE: Told.HERE,
    }
    source = click.get_current_context().get_parameter_source(name)
    return Told.NOWHERE if source is None else sources.get(source, Told.NOWHERE)


def how_to_read(command: Command) -> Command:
    """Add the options that make a `Reader`; the command gets them as one dict, `reading`."""

    @wraps(command)
    def gathered(**options: Any) -> Any:
        reading = {name: options.pop(name) for name in names}
        if options.pop("no_lm") and told("no_lm") >= told("language"):
            if reading["language"] not in ("auto", "none") and told("no_lm") is told("language"):
                raise click.UsageError("--no-lm reads without --language: leave out one of them.")
            reading["language"] = "none"
        if reading["pattern"] is not None and reading["engine"] == "letters":
            if told("pattern") is told("engine"):
                raise click.UsageError("--pattern needs lines: leave out --engine letters.")
            if told("pattern") > told("engine"):
                reading["engine"] = "auto"
            else:
                reading["pattern"] = None
        return command(reading=reading, **options)

    names = ("engine", "model", "charset", "language", "lexicon", "pattern", "reject")
    wrapped: Any = gathered
    for option in (
        click.option(
            "--reject",
            type=Number(0, 1),
            metavar="P",
            help=f"Replace characters whose confidence is below P with {REJECTED}.",
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
            help="Words to expect (names, goods), one per line; others are read as well.",
        ),
        click.option("--no-lm", is_flag=True, help="The same as --language none."),
        click.option(
            "-l",
            "--language",
            metavar="NAME",
            callback=_language,
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


def how_to_read_many(command: Command) -> Command:
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
            type=Number(min=0, max=LONGEST_TIMEOUT, min_open=True),
            metavar="SECONDS",
            help="Give up a file if a page, or a part of four pages of a long one, takes longer.",
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
            help="Number of processes; by default one for each core.",
        ),
    ):
        command = option(command)
    return command

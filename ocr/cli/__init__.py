"""The command line: the only place that prints or exits. Heavy imports wait until they are used."""

from __future__ import annotations

import atexit
import errno
import gc
import io
import os
import signal
import sys
import warnings
from collections.abc import Sequence
from contextlib import suppress

import click
from click.core import ParameterSource

from ocr import __version__
from ocr.cli.boxes import boxes as boxes_command
from ocr.cli.console import complain, stdout_error
from ocr.cli.convert import convert as convert_command
from ocr.cli.evaluate import evaluate as evaluate_command
from ocr.cli.models import models as models_command
from ocr.cli.options import common, configure
from ocr.cli.read import read as read_command
from ocr.cli.review import review as review_command
from ocr.cli.signals import INTERRUPTED, Terminated, terminable
from ocr.cli.train import train as train_command
from ocr.errors import ExitCode, OcrError
from ocr.memory import check_start

FULL = (errno.ENOSPC, errno.EIO)  # why stdout does not take what is printed

# New objects between searches for cycles of unused ones. A cold read makes less than half as many,
# nearly all of which stay to its end.
OBJECTS = 100_000


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; return its exit status: `ocr.errors.ExitCode`, 130 for Ctrl-C, 143 for
    SIGTERM, or 129 where the terminal is closed."""
    gc.set_threshold(OBJECTS)
    atexit.register(gc.freeze)  # the search at the exit, for what ends with the process anyway
    if not sys.warnoptions:
        warnings.simplefilter("ignore")  # of libraries, about themselves
    _fill_streams()
    if isinstance(sys.stdout, io.TextIOWrapper):
        if sys.stdout.isatty():
            sys.stdout.reconfigure(errors="replace")
        else:
            sys.stdout.reconfigure(encoding="utf-8")  # into files and pipes, whatever the locale
    settings: dict[str, bool] = {}
    try:
        with terminable():
            status = cli.main(arguments, prog_name="ocr", standalone_mode=False, obj=settings)
        return int(status or ExitCode.OK)
    except Terminated as end:
        with suppress(OSError):  # the terminal may be gone
            click.echo("ocr: terminated", err=True)
        return INTERRUPTED - signal.SIGINT + int(end.args[0])
    except click.ClickException as error:
        if isinstance(error, click.BadParameter):
            error.message += _where_from(error)
        error.show()
        return error.exit_code
    except (click.Abort, KeyboardInterrupt):
        click.echo("ocr: interrupted", err=True)
        return INTERRUPTED
    except Exception as error:
        # Of help, which click prints by itself; errors of other files name them.
        if isinstance(error, OSError) and error.filename is None and error.errno in FULL:
            error = stdout_error(error)
        complain(error, debug=settings.get("debug", False))
        return error.exit_code if isinstance(error, OcrError) else ExitCode.SOME_FAILED


def _fill_streams() -> None:
    """Let no file that is opened take the place of a standard stream that is closed.

    What is printed for people then goes nowhere; what is read or written as data is refused.
    """
    for number in range(3):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # the lowest that is free: this one
    if sys.stderr is None:
        sys.stderr = open(os.devnull, "w")  # noqa: SIM115, PTH123 - as long as the program runs


def _where_from(error: click.BadParameter) -> str:
    """Where a wrong value stands, unless it was typed."""
    if error.ctx is None or error.param is None or error.param.name is None:
        return ""
    source = error.ctx.get_parameter_source(error.param.name)
    if source is ParameterSource.ENVIRONMENT:
        names = error.param.envvar
        variables = names if isinstance(names, str) else " or ".join(names or ())
        return f" (from the environment: {variables})"
    return " (from the file of options)" if source is ParameterSource.DEFAULT_MAP else ""


class _Commands(click.Group):
    """The commands; without the name of one, files are read: `ocr photo.jpg`."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        before, rest = self._own_options(ctx, args)
        if rest and rest[0].startswith("-") and rest[0] != "-":
            wanted = "--clipboard" in rest or any(_names_input(arg) for arg in rest)
            if wanted and not self._names_command(ctx, rest):
                args = [*before, "read", *rest]
        _check_once(ctx, args)
        return super().parse_args(ctx, args)

    def _own_options(self, ctx: click.Context, args: list[str]) -> tuple[list[str], list[str]]:
        """The options of all commands that come first, with their values, and what follows."""
        takes = {
            flag: isinstance(option, click.Option) and not (option.is_flag or option.count)
            for option in self.get_params(ctx)
            for flag in (*option.opts, *option.secondary_opts)
        }
        at = 0
        while at < len(args):
            name, given, _ = args[at].partition("=")
            letters = [f"-{letter}" for letter in name[1:]]
            if name in takes:
                at += 2 if takes[name] and not given else 1
            elif name[:2] not in ("-", "--") and all(one in takes for one in letters):  # -qv
                at += 1
            else:
                break
        return args[:at], args[at:]

    def _names_command(self, ctx: click.Context, args: list[str]) -> bool:
        """Whether what follows the options of `ocr read` is a command after all."""
        reads = self.commands["read"]
        try:
            parser = reads.make_parser(click.Context(reads, parent=ctx, resilient_parsing=True))
            files = parser.parse_args(list(args))[0].get("files")
        except click.UsageError:
            files = None
        if files is None:  # no such option: told of the command that is there
            return any(arg in self.commands for arg in args)
        return bool(files) and files[0] in self.commands

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if args[0] not in self.commands and _names_input(args[0]):
            args = ["read", *args]
        name, command, rest = super().resolve_command(ctx, args)
        if command is not None:
            _check_once(command.context_class(command, parent=ctx, info_name=name), rest)
        return name, command, rest


def _check_once(context: click.Context, args: list[str]) -> None:
    """Refuse an option given twice of which one value counts: click would drop the first one."""
    try:
        values, _, given = context.command.make_parser(context).parse_args(list(args))
    except click.UsageError:  # told when the command is parsed
        return
    for option in dict.fromkeys(given):
        single = isinstance(option, click.Option) and not (option.is_flag or option.multiple)
        if single and given.count(option) > 1 and "help" not in values:
            hint = option.get_error_hint(context)
            raise click.UsageError(f"{hint} was given twice, and only one value counts.", context)


def _names_input(argument: str) -> bool:
    """Whether an argument is something to read and no misspelled command."""
    if argument == "-" or os.path.exists(argument):  # noqa: PTH110 - a name may hold a null byte
        return True
    if "://" in argument or os.sep in argument or "*" in argument:
        return True
    return "." in argument and not argument.startswith("-")


@click.group(
    cls=_Commands,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.option(
    "--config",
    metavar="FILE",
    type=click.Path(),
    is_eager=True,
    expose_value=False,
    callback=configure,
    help="File of options, all of which count. Without it, ocr.toml here and in your folder of "
    "settings count, except for options that write, load or connect.",
)
@click.version_option(__version__, prog_name="ocr", message="%(prog)s %(version)s")
@common
@click.pass_context
def cli(context: click.Context) -> None:
    """Read handwriting from photos and scans, offline.

    `ocr photo.jpg` is short for `ocr read photo.jpg`.

    Results go to stdout, everything else to stderr. Exit status: 0 all read, 1 some inputs
    failed, 2 wrong usage, 3 a model is missing or unusable.

    An option may also stand in the environment (OCR_READ_ENGINE=lines) or in a file ocr.toml
    (engine = "lines" under [read]). What is typed counts most, then the environment, the file,
    and the default. An ocr.toml that is found and not named by --config cannot set where results
    are written, which models are loaded, or the address of a cluster.
    """
    check_start()
    if context.invoked_subcommand != "train":
        from ocr.batch.threads import one_thread

        one_thread()


for _command in (
    read_command,
    boxes_command,
    review_command,
    convert_command,
    evaluate_command,
    train_command,
    models_command,
):
    cli.add_command(_command)


def _name_variables() -> None:
    """Let every option stand in the environment, called as a person knows it: OCR_READ_FORMAT.

    Click itself would go by the names of the functions' parameters.
    """
    for command in (cli, *cli.commands.values()):
        before = "OCR_" if command is cli else f"OCR_{command.name}_"
        for option in command.params:
            if isinstance(option, click.Option) and option.name != "version":
                names = [
                    f"{before}{flag[2:]}".upper().replace("-", "_")
                    for flag in option.opts
                    if flag.startswith("--")
                ]
                option.envvar = names[0] if len(names) == 1 else names


_name_variables()

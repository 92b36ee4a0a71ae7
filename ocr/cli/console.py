"""What a person sees: results on stdout, all else on stderr."""

from __future__ import annotations

import json
import os
import sys
import traceback
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ocr.errors import ExitCode, OcrError, OutputError, printable
from ocr.memory import ADVICE, no_memory, ran_out

if TYPE_CHECKING:
    from ocr.page import Page


def print_out(text: str | bytes) -> None:
    if sys.stdout is None:
        raise OutputError("stdout: closed. Redirect it into a file or use --output.")
    try:
        click.echo(text, nl=False)
    except BrokenPipeError:  # the reader of our output, such as `head`, has seen enough
        _drop_stdout()
        raise click.exceptions.Exit(ExitCode.SOME_FAILED) from None
    except OSError as error:
        raise stdout_error(error) from None


def stdout_error(error: OSError) -> OutputError:
    """What it means that stdout does not take what is printed."""
    _drop_stdout()
    return OutputError(f"stdout: cannot be written ({error.strerror}). Make room or use --output.")


def write_out(text: str, path: str | None) -> None:
    """Write into a file if one is named, else to stdout."""
    if path is None:
        print_out(text)
        return
    from ocr.formats.output import replacing

    with replacing(Path(path)) as stream:
        stream.write(text.encode())


def check_out(path: str | None, inputs: Iterable[str | os.PathLike[str]] = ()) -> None:
    """Check, before the work, that a report may be written there."""
    if path is not None:
        from ocr.formats.output import is_report, refuse_to_lose

        refuse_to_lose(Path(path), inputs, is_report)


def _drop_stdout() -> None:
    """Let what is still buffered go nowhere, or Python complains about it on its way out."""
    with suppress(OSError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def wanted(option: str) -> bool:
    """Whether ``--quiet``, ``--verbose`` or ``--debug`` was given."""
    context = click.get_current_context(silent=True)
    return bool(context and (context.find_root().obj or {}).get(option))


def warn(page: Page, name: str) -> None:
    for warning in page.warnings:
        note(f"warning: {name}: {warning}")


def note(message: str, color: str = "yellow") -> None:
    """One line that is no error."""
    if not wanted("quiet"):
        say(message, color)


def tell(message: str) -> None:
    """One line about how work goes."""
    note(message, "green")


def complain(error: Exception, name: str = "", debug: bool | None = None) -> None:
    """One line about a failure, with its traceback before if that is wanted."""
    if debug is None:
        debug = wanted("debug")
    if debug:
        traceback.print_exception(error)
    message = str(error)
    if not isinstance(error, OcrError) and ran_out(error):
        message = no_memory(name) if name else f"there is not enough memory. {ADVICE}"
    elif not isinstance(error, OcrError):
        where = f"{name}: " if name else ""
        message = f"{where}internal error ({type(error).__name__}: {error}); see --debug"
    say(message)


def say(message: str, color: str = "red") -> None:
    """One line on stderr; its beginning in color where a person sees it who wants that."""
    plain = os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb"
    before = "ocr:" if plain else click.style("ocr:", fg=color)  # click drops it off terminals
    clear = "\r\x1b[K" if sys.stderr.isatty() and not plain else ""  # of a progress bar
    row = printable(" ".join(message.split("\n")))
    click.echo(f"{clear}{before} {row}", err=True)


def in_json(data: Any) -> str:
    return json.dumps(data, ensure_ascii=False, indent=2) + "\n"

"""`ocr review`."""

from __future__ import annotations

import contextlib
import ipaddress
import logging
import signal
import socket
from typing import TYPE_CHECKING, Any

import click

from ocr.cli.console import complain, print_out, say, tell
from ocr.cli.options import FILE, common, how_to_read, which_pages
from ocr.cli.signals import handling
from ocr.config import install_hint
from ocr.errors import ExitCode, OcrError, OutputError

if TYPE_CHECKING:
    from ocr.input.documents import PageRange

LOCAL = "127.0.0.1"
GRACE = 2  # seconds that requests get to end after Ctrl-C


@click.command()
@click.argument("files", metavar="FILE...", nargs=-1, type=FILE)
@which_pages
@how_to_read
@click.option("--no-browser", is_flag=True, help="Print the address and open nothing.")
@click.option(
    "--port", type=click.IntRange(0, 65535), default=0, help="Port; by default one that is free."
)
@click.option(
    "--host",
    metavar="ADDRESS",
    default=LOCAL,
    show_default=True,
    help="Address to listen on. One that is not this machine's alone lets people on the network "
    "who know the token connect; traffic is not encrypted.",
)
@common
def review(
    files: tuple[str, ...],
    recursive: bool,
    files_from: str | None,
    ranges: tuple[PageRange, ...],
    dpi: int | None,
    reading: dict[str, Any],
    no_browser: bool,
    port: int,
    host: str,
) -> int:
    """Correct what was read, in the browser.

    FILE is a photo, a PDF, a folder, or a folder that `ocr read` has written into. The browser
    opens a page of this machine alone: the photo beside its lines, doubtful letters marked. What
    is corrected is kept at once beside each photo: its text in photo.gt.txt, which `ocr train` and
    `ocr eval` take, the page with all its boxes in photo.gt.json. Ctrl-C ends it.

    \b
    ocr review notes/
    ocr review letter.pdf --pages 2-5 --no-browser
    """
    from ocr.input.documents import read_list

    arguments = [*files, *(read_list(files_from) if files_from else ())]
    if not arguments:
        raise click.UsageError("Missing argument 'FILE...'.")
    if "-" in arguments:
        raise click.UsageError("Corrections are kept beside a photo; stdin has no place.")
    if reading["reject"] is not None:
        raise click.UsageError("--reject is not for corrections, which mark what is doubtful.")
    try:
        import starlette  # noqa: F401
        import uvicorn
    except ModuleNotFoundError:
        raise OutputError(f"review needs two more packages: {install_hint('review')}") from None
    from ocr.review.connections import BACKLOG, Connection
    from ocr.review.guard import new_token
    from ocr.review.learning import Learning
    from ocr.review.pages import find_pages, writable
    from ocr.review.reading import Recognizer
    from ocr.review.server import application
    from ocr.review.shelf import Shelf

    def on_error(name: str, error: OcrError) -> None:
        complain(error, name)

    pages = find_pages(arguments, recursive, ranges, dpi, on_error)
    if not pages:
        return ExitCode.SOME_FAILED
    writable(pages)
    from ocr.cli.reading import make_reader

    shelf = Shelf(pages, Recognizer(make_reader(reading)))
    listening = _listen(host, port)
    bound, port = listening.getsockname()[:2]
    token = new_token()
    if not ipaddress.ip_address(bound).is_loopback:
        say(
            "warning: whoever on this network learns the address below can see and change these "
            "pages; nothing is encrypted. Use it on a network that you trust.",
            "yellow",
        )
    app = application(shelf, Learning(shelf), token, _names(host, port))
    config = uvicorn.Config(
        app,
        http=Connection,
        backlog=BACKLOG,
        log_config=None,
        log_level="error",
        access_log=False,
        server_header=False,
        date_header=False,
        ws="none",
        proxy_headers=False,
        timeout_graceful_shutdown=GRACE,
    )
    server = uvicorn.Server(config)
    for name in ("uvicorn", "asyncio"):
        logging.getLogger(name).addHandler(_Told())
    address = f"http://{_named(host)}:{port}/{token}/"
    with handling((signal.SIGINT,), server.handle_exit):  # also before it runs
        print_out(f"{address}\n")
        tell(f"{len(pages)} page{'' if len(pages) == 1 else 's'}; Ctrl-C ends it")
        if not no_browser:
            import webbrowser

            webbrowser.open(address)
        server.run(sockets=[listening])
    tell("all is kept")
    return ExitCode.OK


class _Told(logging.Handler):
    """Tells what the server logs in one line, a failure as all others are told."""

    def emit(self, record: logging.LogRecord) -> None:
        failure = record.exc_info[1] if record.exc_info else None
        if isinstance(failure, Exception):
            complain(failure)
        elif record.levelno >= logging.ERROR:
            say(record.getMessage().strip())


def _listen(host: str, port: int) -> socket.socket:
    """A socket that listens.

    Raises
    ------
    OutputError
        The address is not this machine's, or the port is taken.
    """
    try:
        family, *_, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        with contextlib.ExitStack() as failing:
            bound = failing.enter_context(socket.socket(family, socket.SOCK_STREAM))
            bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            bound.bind(address)
            bound.listen()  # who opens the address as soon as it is told waits, and is not refused
            failing.pop_all()
    except (OSError, UnicodeError) as error:  # a name that no address can have
        reason = getattr(error, "strerror", None) or error
        raise OutputError(
            f"{host}:{port}: cannot listen there ({reason}). Choose another --port or --host."
        ) from None
    return bound


def _named(host: str) -> str:
    """How an address names a host; one that means all of them, by this machine's name."""
    if host in ("0.0.0.0", "::", ""):
        return socket.gethostname()
    return f"[{host}]" if ":" in host else host


def _names(host: str, port: int) -> list[str]:
    """What the header Host of a request may say."""
    names = [LOCAL, "localhost", "[::1]"] if host == LOCAL else [_named(host)]
    if host in ("0.0.0.0", "::", ""):
        with contextlib.suppress(OSError):
            found = socket.getaddrinfo(socket.gethostname(), None, type=socket.SOCK_STREAM)
            names += [_named(str(one[4][0])) for one in found]
        names += [LOCAL, "localhost", "[::1]"]
    return [f"{name}:{port}" for name in names] + ([*names] if port == 80 else [])

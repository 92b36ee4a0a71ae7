"""`ocr boxes`."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

import click

from ocr.cli.console import note, print_out
from ocr.cli.options import FILE, common, here, how_to_read, output, which_pages
from ocr.cli.progress import progress
from ocr.cli.reading import Failures, make_reader, read_document
from ocr.cli.writing import is_folder
from ocr.config import LEVELS
from ocr.errors import ExitCode, OcrError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from PIL.Image import Image

    from ocr.input.documents import Document, PageRange, PageSource
    from ocr.layout.stages import OnStage
    from ocr.page import Page


OVERLAY_KINDS = {".png": "PNG", ".jpg": "JPEG", ".jpeg": "JPEG", ".webp": "WEBP"}
OVERLAY_KINDS |= dict.fromkeys((".tif", ".tiff"), "TIFF")
SOFTWARE, DRAWN = 0x0131, "ocr boxes"  # a tag of EXIF, by which an earlier picture is known
SUFFIX = ".boxes.png"  # of pictures in a folder


@click.command()
@click.argument("files", metavar="FILE...", nargs=-1, type=FILE)
@which_pages
@how_to_read
@output(
    "Draw boxes, line order and text into this image; into a folder, if it is one, ends in / or "
    "has no suffix, an image for each page.",
    "PATH",
)
@click.option(
    "--level",
    type=click.Choice(LEVELS),
    default="auto",
    show_default=True,
    help="What gets a box in the picture: auto takes letters where they are large enough to be "
    "told, else words.",
)
@click.option("--json", "as_json", is_flag=True, help="Print the same in numbers.")
@click.option(
    "-f",
    "--format",
    "format_",
    type=click.Choice(("json",)),
    help="The same as --json.",
)
@click.option(
    "--stages",
    metavar="DIR",
    type=FILE,
    callback=here,
    help="Write a picture of each step of finding the writing.",
)
@common
def boxes(
    files: tuple[str, ...],
    recursive: bool,
    files_from: str | None,
    ranges: tuple[PageRange, ...],
    dpi: int | None,
    reading: dict[str, Any],
    out: str | None,
    level: str,
    as_json: bool,
    format_: str | None,
    stages: str | None,
) -> int:
    """Show what was found in photos, box by box.

    FILE is as for `ocr read`. Boxes are [y1, x1, y2, x2] in pixels of the upright photo, y2 and x2
    exclusive. Their colors tell how sure each reading is. Small writing is enlarged. Give at
    least one of --output, --json and --stages.

    \b
    ocr boxes photo.jpg -o overlay.png
    ocr boxes scans/ --level word -o overlays/
    """
    from ocr.input.documents import find_documents, names_one, read_list

    as_json = as_json or format_ == "json"
    if not files and files_from is None:
        raise click.UsageError("Missing argument 'FILE...'.")
    if not (out or as_json or stages):
        raise click.UsageError("Nothing to do: give --output, --json or --stages.")
    failures = Failures()
    into_folder = out is not None and is_folder(out)
    kind = OVERLAY_KINDS.get(Path(out).suffix.lower()) if out else None
    if out and not into_folder and kind is None:
        raise click.BadParameter(
            f"{out}: end it in {', '.join(OVERLAY_KINDS)}.", param_hint="--output"
        )
    documents = find_documents(
        [*files, *(read_list(files_from) if files_from else ())],
        recursive=recursive,
        ranges=ranges,
        dpi=dpi,
        leave_out=[Path(out)] if out and into_folder else (),
        on_error=failures.add,
    )
    if not documents:
        return ExitCode.SOME_FAILED
    if stages or (out and not into_folder):
        documents = [_only_page(documents, bool(stages))]
    on_stage = _stage_writer(stages) if stages else None
    pages = _read_and_draw(documents, reading, out, into_folder, kind, level, on_stage, failures)
    single = names_one(files, documents)
    if as_json:
        from ocr.formats import writer

        for piece in writer("json")(pages, single):
            print_out(piece)
    else:
        for _ in pages:
            pass
    return failures.status


def _only_page(documents: list[Document], stages: bool) -> Document:
    """The one document, and of it the first page if none is asked for."""
    (document, *others) = documents
    if others and stages:
        raise click.UsageError("--stages shows one page. Name one file.")
    if others:
        raise click.UsageError("Several files need --output with the name of a folder.")
    try:
        sources = document.sources()
    except OcrError:
        return document  # told when it is read
    if len(sources) > 1:
        if document.ranges and stages:
            raise click.UsageError("--stages shows one page. Choose it by --pages.")
        if document.ranges:
            raise click.UsageError("Several pages need --output with the name of a folder.")
        folder = "" if stages else ", or name a folder"
        note(f"{document.name}: page 1 of {len(sources)}; choose by --pages{folder}")
    first = sources[0]
    return replace(document, ranges=((first.number, first.number),), content=first.content)


def _read_and_draw(
    documents: list[Document],
    reading: dict[str, Any],
    out: str | None,
    into_folder: bool,
    kind: str | None,
    level: str,
    on_stage: OnStage | None,
    failures: Failures,
) -> Iterator[tuple[PageSource, Page]]:
    """The pages, drawn as they are read."""
    from ocr.formats.output import make_folder, refuse_to_lose, replacing

    inputs = [document.path for document in documents]
    if out and into_folder:
        make_folder(Path(out))
    elif out:
        refuse_to_lose(Path(out), inputs, is_drawing)
    reader = make_reader(reading)
    with progress(documents, "Reading", out is None) as shown:
        for document in shown:
            for source, page in read_document(reader, document, failures.add, on_stage=on_stage):
                if out:
                    target = Path(out)
                    if into_folder:
                        number = f".page{source.number:04d}" if source.pages > 1 else ""
                        target = target / f"{document.stem}{number}{SUFFIX}"
                        make_folder(target.parent)
                        try:
                            refuse_to_lose(target, inputs, is_drawing)
                        except OcrError as error:
                            failures.add(source.title, error)
                            continue
                    with replacing(target) as stream:
                        _save(_drawn(source, page, level), stream, kind or "PNG")
                yield source, page


def _drawn(source: PageSource, page: Page, level: str) -> Image:
    from ocr.overlay import draw_page, enlarged, side_for

    side = side_for(page, level)
    return draw_page(enlarged(source.open().rgb(side), side), page, level)


def _save(image: Image, stream: IO[bytes], kind: str) -> None:
    """Write a picture, with what tells it from photos."""
    from PIL.Image import Exif

    about = Exif()
    about[SOFTWARE] = DRAWN
    image.save(stream, kind, exif=about)


def is_drawing(path: Path) -> bool:
    """Whether a file is a picture that this command has written."""
    import PIL.Image

    try:
        with PIL.Image.open(path) as image:
            return image.getexif().get(SOFTWARE) == DRAWN
    except (OSError, SyntaxError, ValueError, PIL.Image.DecompressionBombError):
        return False


def _stage_writer(folder: str) -> OnStage:
    """A function that writes each stage's picture into `folder`, numbered in order."""
    import numpy as np
    import PIL.Image

    from ocr.formats.output import make_folder, refuse_to_lose, replacing

    make_folder(Path(folder))
    written = 0

    def write(name: str, picture: NDArray[np.float32]) -> None:
        nonlocal written
        written += 1
        slug = re.sub(r"\W+", "-", name.lower()).strip("-")
        grey = np.clip(np.nan_to_num(picture) * 255, 0, 255).round()
        image = PIL.Image.fromarray(grey.astype(np.uint8))
        target = Path(folder) / f"{written:02d}-{slug}.png"
        refuse_to_lose(target, (), is_drawing)
        with replacing(target) as stream:
            _save(image, stream, "PNG")

    return write

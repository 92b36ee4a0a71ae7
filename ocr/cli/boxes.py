"""`ocr boxes`."""

from __future__ import annotations

import re
from collections.abc import Callable
from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ocr.cli.console import print_out, warn
from ocr.cli.options import FILE, common, how_to_read
from ocr.cli.reading import make_reader
from ocr.errors import ExitCode

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


OVERLAY_SIDE = 2400  # pixels, longer side of an overlay: letters stay legible, files small
OVERLAY_KINDS = {".png": "PNG", ".jpg": "JPEG", ".jpeg": "JPEG", ".webp": "WEBP", ".tif": "TIFF"}


@click.command()
@click.argument("file", metavar="FILE", type=FILE)
@how_to_read
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
@common
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

    from ocr.input.photo import open_image

    if out:
        from ocr.formats.output import refuse_existing, replacing
        from ocr.input.documents import Document

        refuse_existing([(Document(file, ""), Path(out))], force=True)
    reader = make_reader(reading)
    with replacing(Path(out)) if out else nullcontext() as stream:
        photo = open_image(file, page=number)
        page = reader.read(photo, on_stage=_stage_writer(stages) if stages else None)
        warn(page, photo.name)
        if stream is not None:
            from ocr.overlay import draw_page

            draw_page(photo.rgb(OVERLAY_SIDE), page).save(stream, kind)
    if as_json:
        from ocr.formats import writer
        from ocr.input.documents import PageSource

        for piece in writer("json")([(PageSource(file, number), page)], True):
            print_out(piece)
    return ExitCode.OK


def _stage_writer(folder: str) -> Callable[[str, NDArray[np.generic]], None]:
    """A function that writes each stage's picture into `folder`, numbered in order."""
    import numpy as np
    from PIL import Image

    from ocr.formats.output import make_folder, replacing

    make_folder(Path(folder))
    written = 0

    def write(name: str, picture: NDArray[np.generic]) -> None:
        nonlocal written
        written += 1
        slug = re.sub(r"\W+", "-", name.lower()).strip("-")
        if picture.dtype != np.uint8:
            picture = np.clip(np.nan_to_num(picture.astype(np.float32)) * 255, 0, 255).round()
        image = Image.fromarray(picture.astype(np.uint8))
        with replacing(Path(folder) / f"{written:02d}-{slug}.png") as stream:
            image.save(stream, "PNG")

    return write

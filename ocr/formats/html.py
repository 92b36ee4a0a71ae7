"""HTML for people: each photo with its text over it, to be selected and searched, in one file."""

from __future__ import annotations

import base64
import io
import math
from collections.abc import Iterable, Iterator
from importlib import resources

from jinja2 import Environment
from PIL import Image

from ocr.input.documents import PageSource
from ocr.input.photo import Photo
from ocr.page import Line, Page

SIDE = 2000  # pixels, longer side of a photo at most
QUALITY = 85  # of JPEG
BETWEEN = "<!-- pages -->"
ASCENT = 0.8  # of a line's height above its baseline, where no baseline tells


def write(pages: Iterable[tuple[PageSource, Page]], single: bool) -> Iterator[str]:
    """A document; the photos are inside, as JPEG, and no script is.

    Each line is text of an SVG picture over its photo, not seen but there: stretched to its words'
    boxes and turned as the line runs.
    """
    environment = Environment(autoescape=True, trim_blocks=True, lstrip_blocks=True)
    templates = resources.files("ocr.formats")
    template = environment.from_string((templates / "page.html.jinja").read_text("utf-8"))
    before, after = template.render(between=BETWEEN).split(BETWEEN)
    yield before
    sheet = environment.from_string((templates / "sheet.html.jinja").read_text("utf-8"))
    for source, page in pages:
        yield sheet.render(
            title=source.title,
            page=page,
            photo=_picture(source.open()),
            lines=[_line(line) for line in page.lines],
        )
    yield after


def _picture(photo: Photo) -> str:
    image = Image.fromarray(photo.rgb(SIDE))
    stream = io.BytesIO()
    image.save(stream, "JPEG", quality=QUALITY)
    return base64.b64encode(stream.getvalue()).decode()


def _line(line: Line) -> dict[str, object]:
    """Where a line's words stand, in a frame turned so that the line runs to the right."""
    angle = 0.0
    if len(line.baseline) > 1:
        (y1, x1), (y2, x2) = line.baseline[0], line.baseline[-1]
        angle = math.atan2(y2 - y1, x2 - x1)
    cos, sin = math.cos(angle), math.sin(angle)
    words = []
    feet = []
    for word in line.words:
        box = word.box
        x, y = (box.x1 + box.x2) / 2, (box.y1 + box.y2) / 2
        along, down = x * cos + y * sin, y * cos - x * sin
        if abs(cos) >= abs(sin):
            length, height = box.width / abs(cos), box.height
        else:
            length, height = box.height / abs(sin), box.width
        feet.append((down + height * (ASCENT - 0.5), height))
        words.append({"text": word.text, "x": along - length / 2, "length": length})
    foot, height = (sorted(values)[len(values) // 2] for values in zip(*feet, strict=True))
    return {"words": words, "y": foot, "size": height, "angle": math.degrees(angle)}

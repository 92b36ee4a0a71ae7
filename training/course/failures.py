"""Two pictures on which finding single letters must fail, and what the line reader reads."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from ocr.errors import DataError
from ocr.evaluation.error_rates import character_errors
from ocr.evaluation.normalization import Normalization
from ocr.letters.find_letters import find_letters
from training.course import plots
from training.course.report import Bench, Figure, Row

SIZE = 110  # pixels an em
MARGIN = 60  # pixels of paper around the text


@dataclass(frozen=True)
class Hard:
    """A text and the held-out font that writes it in a way that single letters do not survive."""

    name: str
    why: str
    text: str
    font: str


HARD = (
    Hard("joined", "joined letters", "minimum illusion", "cedarville-cursive-400.ttf"),
    Hard("lower-case", "lower case", "jiffy fills his jar", "la-belle-aurore-400.ttf"),
)


def failures_row(bench: Bench) -> Row:
    """Boxes of `find_letters`, the letters way and the line reader's text of both pictures."""
    from ocr.input.photo import open_image
    from ocr.reader import Reader

    readers = {engine: Reader(engine=engine) for engine in ("letters", "lines")}
    made = plots.figure(len(HARD), 1, width=7.2, height=2.1)
    figures, how = [], Normalization()
    for number, (axes, hard) in enumerate(zip(made.axes, HARD, strict=True)):
        bench.tell(number / len(HARD), hard.why)
        image = written(hard.text, bench.folder() / "fonts" / hard.font)
        path = bench.path(f"failure-{hard.name}.png")
        Image.fromarray(image).save(path)
        boxes, _ = find_letters(image)
        letters = len(hard.text.replace(" ", ""))
        texts = {
            engine: reader.read(open_image(path)).text.replace("\n", " / ")
            for engine, reader in readers.items()
        }
        plots.boxes(
            axes,
            image.astype(np.float32) / 255,
            boxes.tolist(),
            f"{len(boxes)} boxes for {letters} letters",
        )
        figures.append(
            Figure(
                f"{hard.why}, “{hard.text}”: boxes",
                f"{len(boxes)} for {letters} letters",
                "shown as failures",
            )
        )
        for engine, title in (("letters", "letter by letter"), ("lines", "the line reader")):
            rate = character_errors(how.apply(hard.text), how.apply(texts[engine])).rate
            assert rate is not None  # the text is not empty
            figures.append(
                Figure(f"{hard.why}, {title}", f"“{texts[engine]}”, CER {100 * rate:.0f} %")
            )
    plots.save(made, bench.path("failures.png"))
    return Row(
        tuple(figures),
        (("failures.png", "The boxes of find_letters; each should hold one letter."),),
        (
            "A box is a connected piece of ink, cut where its shape says that letters touch: of "
            "joined letters no piece is a letter, and whatever cuts them must know what they say. "
            "The line reader looks along the whole line instead. Both fonts are held out of all "
            "training.",
        ),
    )


def written(text: str, font: Path) -> NDArray[np.uint8]:
    """A line of text in a font, black on white."""
    try:
        face = ImageFont.truetype(str(font), SIZE)
    except OSError as error:
        raise DataError(f"{font}: cannot be used as a font ({error}).") from None
    left, top, right, bottom = face.getbbox(text)
    size = (int(right - left) + 2 * MARGIN, int(bottom - top) + 2 * MARGIN)
    image = Image.new("L", size, 245)
    ImageDraw.Draw(image).text((MARGIN - left, MARGIN - top), text, fill=30, font=face)
    return np.asarray(image)

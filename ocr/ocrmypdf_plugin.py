"""An engine for OCRmyPDF: ``ocrmypdf --plugin ocr.ocrmypdf_plugin in.pdf out.pdf``.

OCRmyPDF makes pictures of a PDF's pages, turns and straightens them if asked to, and puts the text
that comes from here under them; see docs/ocrmypdf.md. Tesseract is not needed.
"""

from __future__ import annotations

import math
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ocrmypdf import hookimpl
from ocrmypdf.builtin_plugins.tesseract_ocr import TesseractOptions
from ocrmypdf.exceptions import BadArgsError
from ocrmypdf.pluginspec import OcrEngine, OrientationConfidence

from ocr import __version__
from ocr.batch.threads import one_thread

if TYPE_CHECKING:
    from ocr.page import Line, Page
    from ocr.reader import Reader

NAME = "ocr"
TESSERACT = "ocrmypdf.builtin_plugins.tesseract_ocr"  # whose check wants the program installed
SURE = 15.0  # highest confidence in an orientation: OCRmyPDF's unit
KNOWN = {"eng": "english", "fra": "french", "fre": "french"}
# Written in Latin letters and without a language model here: the ink alone tells.
BY_INK = (
    *("cat", "ces", "cym", "dan", "deu", "est", "eus", "fin", "gle", "glg", "hrv", "hun", "isl"),
    *("ita", "lat", "lav", "lit", "mlt", "nld", "nor", "pol", "por", "ron", "slk", "slv", "spa"),
    *("swe", "tur"),
)

one_thread()  # OCRmyPDF works on as many pages at a time as there are cores


@hookimpl  # type: ignore[untyped-decorator]
def initialize(plugin_manager: Any) -> None:
    """Take Tesseract's place."""
    plugin_manager.set_blocked(TESSERACT)


@hookimpl  # type: ignore[untyped-decorator]
def register_options() -> dict[str, Any]:
    """Tesseract's options, which OCRmyPDF looks at whatever the engine; they change nothing."""
    return {"tesseract": TesseractOptions}


@hookimpl  # type: ignore[untyped-decorator]
def add_options(parser: Any) -> None:
    TesseractOptions.add_arguments_to_parser(parser)


@hookimpl  # type: ignore[untyped-decorator]
def get_ocr_engine(options: Any) -> Engine:
    return Engine()


class Engine(OcrEngine):
    """See `ocrmypdf.pluginspec.OcrEngine`."""

    @staticmethod
    def version() -> str:
        return __version__

    @staticmethod
    def creator_tag(options: Any) -> str:
        return f"{NAME} {__version__}"

    def __str__(self) -> str:
        return f"{NAME} {__version__}"

    @staticmethod
    def languages(options: Any) -> set[str]:
        return {*KNOWN, *BY_INK, "osd"}

    @staticmethod
    def get_orientation(input_file: Path, options: Any) -> OrientationConfidence:
        """By which angle the page must be turned clockwise to stand upright."""
        page = _read(input_file, options)
        turns = [0] * 4
        for line in page.lines:
            turns[round(_angle(line) / 90) % 4] += len(line.letters)
        turn = turns.index(max(turns))
        return OrientationConfidence(-90 * turn % 360, SURE * page.confidence if any(turns) else 0)

    @staticmethod
    def get_deskew(input_file: Path, options: Any) -> float:
        """By which angle the page must be turned counterclockwise for its lines to lie level."""
        lines = [line for line in _read(input_file, options).lines if len(line.letters) > 2]
        # The slope of points spread along a line has a variance that falls with its length cubed.
        weights = [math.dist(line.baseline[0], line.baseline[-1]) ** 3 for line in lines]
        if not sum(weights):
            return 0.0
        turned = sum(
            ((_angle(line) + 45) % 90 - 45) * weight
            for line, weight in zip(lines, weights, strict=True)
        )
        return turned / sum(weights)

    @staticmethod
    def generate_hocr(input_file: Path, output_hocr: Path, output_text: Path, options: Any) -> None:
        from ocr.formats import writer
        from ocr.input.documents import PageSource

        page = _read(input_file, options)
        pieces = writer("hocr")([(PageSource(str(input_file)), page)], True)
        Path(output_hocr).write_text("".join(str(piece) for piece in pieces), encoding="utf-8")
        Path(output_text).write_text(page.text, encoding="utf-8")

    @staticmethod
    def generate_pdf(input_file: Path, output_pdf: Path, output_text: Path, options: Any) -> None:
        """Not this way: Ghostscript would lose what the characters of the text mean."""
        raise BadArgsError("Leave out --pdf-renderer sandwich: this engine goes without it.")


def _angle(line: Line) -> float:
    """Degrees clockwise by which a line's direction is turned from that to the right."""
    if len(line.baseline) < 2:
        return 0.0
    (y1, x1), (y2, x2) = line.baseline[0], line.baseline[-1]
    return math.degrees(math.atan2(y2 - y1, x2 - x1))


def _read(path: Path, options: Any) -> Page:
    return _reader(_language(options.languages)).read(path)


def _language(asked: Any) -> str:
    """The language model for what ``-l`` asks for: of several languages the page chooses."""
    models = {KNOWN[name] for name in asked if name in KNOWN}
    if any(name in BY_INK for name in asked):
        return "none"
    return models.pop() if len(models) == 1 else "auto"


@lru_cache(maxsize=1)
def _reader(language: str) -> Reader:
    """One for all pages of a process: its models are loaded once."""
    from ocr.reader import Reader

    return Reader(language=language)

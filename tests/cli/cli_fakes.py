"""A reader that reads grey levels, and the command line in processes of its own."""

import subprocess
import sys
from pathlib import Path
from typing import ClassVar

import pytest
from PIL import Image, ImageDraw, ImageFont

from ocr import errors, weights
from ocr.batch import journal
from ocr.input.photo import open_image
from ocr.page import Box, Letter, Line, Page, Word

SAMPLES = Path(__file__).parents[2] / "images"
LIST = SAMPLES / "shopping_list.jpg"
FIRST = "SHOPPING LIST"
NOT_ASKED = dict.fromkeys(
    ("engine", "model", "charset", "language", "lexicon", "pattern", "reject")
)
PATIENCE = 600  # seconds: a busy machine is not a defect


class FakeReader:
    """Reads the grey level of the middle as a letter: white is blank, black raises."""

    asked: ClassVar[list[dict]] = []

    def __init__(self, **options):
        FakeReader.asked.append(options)

    def read(self, source, on_stage=None):
        photo = open_image(source) if isinstance(source, str) else source
        if "crash" in photo.name:
            raise ZeroDivisionError("far away\nin a library")
        if "interrupt" in photo.name:
            raise KeyboardInterrupt
        if "model" in photo.name:
            raise errors.ModelError("glyphs.onnx: no such model. Reinstall ocr.")
        grey = photo.grey(100)
        if on_stage is not None:
            on_stage("grey", grey)
            on_stage("Ink & more", grey < 0.5)
        level = float(grey[grey.shape[0] // 2, grey.shape[1] // 2])
        if level > 0.9:
            return Page(photo.height, photo.width, warnings=("nothing to read",))
        letter = Letter(Box(1, 1, 5, 4), chr(ord("a") + int(level * 10)), 0.75)
        return Page(photo.height, photo.width, (Line((Word((letter,)),)),), engine="letters")


def shell(*arguments, **options) -> subprocess.CompletedProcess:
    """Run the command line in a process of its own."""
    return subprocess.run(
        [sys.executable, "-m", "ocr", *map(str, arguments)],
        capture_output=True,
        text=options.pop("text", True),
        timeout=PATIENCE,
        check=False,
        **options,
    )


def picture(path: Path, level: int = 100) -> Path:
    """A picture of one grey."""
    Image.new("L", (40, 30), level).save(path)
    return path


def one_line(text: str) -> str:
    """The same, checked to be one line of ours."""
    assert text.startswith("ocr: ")
    assert text.count("\n") == 1
    assert "Traceback" not in text
    return text


def files_in(folder: Path) -> list[str]:
    """All files in a folder but the journal of the run."""
    files = {p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file()}
    return sorted(files - {journal.NAME})


def written_page(path: Path) -> Path:
    """A page with two words in type."""
    page = Image.new("L", (500, 300), 235)
    ImageDraw.Draw(page).text((60, 90), "PLAIN WORDS", 30, ImageFont.load_default(56))
    page.save(path)
    return path


ON_SAMPLES = [  # marks of tests that read them with the installed weights
    pytest.mark.skipif(
        not LIST.exists() or not weights.installed(), reason="no samples or weights"
    ),
    pytest.mark.usefixtures("forgotten"),
]


def on_samples(test):
    """`ON_SAMPLES` for one test."""
    for mark in ON_SAMPLES:
        test = mark(test)
    return test

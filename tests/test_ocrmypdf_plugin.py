"""The engine for OCRmyPDF, by the real one: three pages, one on its head, one tilted."""

import shutil
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pypdfium2
import pytest
from PIL import Image

import ocr
from ocr import weights

SAMPLES = Path(__file__).parents[1] / "images"
NAMES = ("shopping_list.jpg", "form.jpg", "garden_note.jpg")

pytestmark = [
    pytest.mark.skipif(find_spec("ocrmypdf") is None, reason="no ocrmypdf here"),
    pytest.mark.skipif(shutil.which("gs") is None, reason="no Ghostscript here"),
    pytest.mark.skipif(not weights.installed() or not SAMPLES.exists(), reason="no weights"),
]


def tilted(name: str) -> Image.Image:
    page = Image.open(SAMPLES / name).convert("L")
    return page.rotate(-3, Image.Resampling.BICUBIC, expand=True, fillcolor=230)


@pytest.fixture(scope="module")
def scan(tmp_path_factory) -> Path:
    pages = [Image.open(SAMPLES / name).convert("L") for name in NAMES]
    pages[1] = pages[1].rotate(180)
    pages[2] = tilted(NAMES[2])
    path = tmp_path_factory.mktemp("scan") / "in.pdf"
    pages[0].save(path, save_all=True, append_images=pages[1:], resolution=150)
    return path


def ocrmypdf(scan: Path, out: Path, *options: str) -> list[str]:
    """The words of each page of what it makes."""
    command = [sys.executable, "-m", "ocrmypdf", "--plugin", "ocr.ocrmypdf_plugin", "--jobs", "2"]
    done = subprocess.run(
        [*command, *options, str(scan), str(out)], capture_output=True, text=True, timeout=300
    )
    assert done.returncode == 0, done.stderr
    with pypdfium2.PdfDocument(out) as document:
        return [" ".join(page.get_textpage().get_text_range().split()) for page in document]


def test_text(scan, tmp_path):
    found = ocrmypdf(scan, tmp_path / "out.pdf", "--rotate-pages", "-l", "eng")
    for text, name in zip(found, NAMES, strict=True):
        expected = ocr.read(SAMPLES / name, language="english").text.split()
        missing = set(expected) - set(text.split())
        assert len(missing) <= 0.25 * len(expected), (name, missing, text)


def test_deskew_and_sidecar(tmp_path):
    tilted(NAMES[0]).save(tmp_path / "in.pdf", resolution=150)
    options = ("--rotate-pages", "--deskew", "--sidecar", str(tmp_path / "a.txt"), "-l", "eng+fra")
    assert all(ocrmypdf(tmp_path / "in.pdf", tmp_path / "out.pdf", *options))
    assert "SHOPPING LIST" in (tmp_path / "a.txt").read_text(encoding="utf-8")


def test_angles(scan, tmp_path):
    from ocr.ocrmypdf_plugin import Engine

    class Options:
        languages = ("eng",)

    with Image.open(SAMPLES / NAMES[0]) as image:
        for turn in (0, 90, 180, 270):  # counterclockwise
            image.rotate(turn, expand=True).save(tmp_path / "a.png")
            angle, sure = Engine.get_orientation(tmp_path / "a.png", Options)
            assert (angle, sure > 10) == (turn, True)
        plain = Engine.get_deskew(SAMPLES / NAMES[0], Options)
        for tilt in (-4, 4):
            image.rotate(tilt, Image.Resampling.BICUBIC, True, fillcolor="#ddd").save(
                tmp_path / "a.png"
            )
            assert Engine.get_deskew(tmp_path / "a.png", Options) == pytest.approx(
                plain - tilt, abs=1.2
            )


def test_an_unknown_language(scan, tmp_path):
    command = [sys.executable, "-m", "ocrmypdf", "--plugin", "ocr.ocrmypdf_plugin", "-l", "jpn"]
    done = subprocess.run(
        [*command, str(scan), str(tmp_path / "a.pdf")], capture_output=True, text=True
    )
    assert done.returncode != 0
    assert "jpn" in done.stderr

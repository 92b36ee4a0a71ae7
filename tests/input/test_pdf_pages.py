"""ocr.input.pdf_pages: pages are drawn by a process that is ended when it takes too much."""

import io
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pikepdf
import pytest
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from ocr.config import DPI
from ocr.errors import ImageError
from ocr.input import pdf_pages
from ocr.input.pdf_pages import is_pdf
from ocr.input.photo import count_pages, open_image


def scan(path: Path) -> Path:
    """A PDF of 16 x 12 points that is a picture of as many pixels."""
    Image.new("L", (16, 12), 99).save(path, "PDF", resolution=72)
    return path


def test_a_pdf_page_without_a_picture_is_drawn_at_300_dots_an_inch(tmp_path):
    path = pdf_with(tmp_path, b"0 0 9 9 re f")
    assert open_image(path).width == 300 * DPI // 72
    small = scan(tmp_path / "b.pdf")
    with pikepdf.open(small, allow_overwriting_input=True) as document:  # a logo on a page
        document.pages[0].MediaBox = [0, 0, 200, 200]
        document.save(small)
    assert open_image(small).width == round(200 * DPI / 72)


@pytest.mark.parametrize(
    "ahead", [b"\xef\xbb\xbf \n", b"a line\n" * 20, b"x" * 1024], ids=["blanks", "lines", "most"]
)
def test_what_is_ahead_of_a_pdf_does_no_harm(tmp_path, ahead):
    path = scan(tmp_path / "a.pdf")
    path.write_bytes(ahead + path.read_bytes())
    assert open_image(path, dpi=72).grey(16).mean() == pytest.approx(99 / 255, abs=0.01)
    assert count_pages(path, "a") == count_pages(path.read_bytes(), "a") == 1


def test_a_pdf_too_far_behind_something_else_is_none(tmp_path):
    path = scan(tmp_path / "a.pdf")
    path.write_bytes(b"x" * 1025 + path.read_bytes())
    with pytest.raises(ImageError, match="not an image that can be read"):
        open_image(path)


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "GIF", "TIFF", "WEBP", "JPEG2000", "BMP", "PPM"])
def test_a_picture_that_tells_of_a_pdf_stays_one(tmp_path, kind):
    picture = Image.new("RGB", (16, 12), (99, 99, 99))
    about = {"JPEG": {"comment": b"%PDF-1.7"}, "GIF": {"comment": b"%PDF-1.7"}}
    about["TIFF"] = {"description": "%PDF-1.7"}
    about["PNG"] = {"pnginfo": PngInfo()}
    about["PNG"]["pnginfo"].add_text("Source", "%PDF-1.7")
    stream = io.BytesIO()
    picture.save(stream, kind, **about.get(kind, {}))
    content = stream.getvalue()
    if b"%PDF-" not in content[:1024]:  # pixels, which say anything
        content += b"%PDF-1.7"
    path = tmp_path / "a"
    path.write_bytes(content)
    assert b"%PDF-" in content[:1024]
    assert not is_pdf(path, "a")
    assert open_image(path).grey(16).mean() == pytest.approx(99 / 255, abs=0.02)


def test_what_is_filled_into_a_form_is_seen(tmp_path):
    with pikepdf.new() as document:
        page = document.add_blank_page(page_size=(300, 200))
        ink = document.make_stream(b"0 0 300 200 re f", BBox=[0, 0, 300, 200])
        ink.Type, ink.Subtype = pikepdf.Name.XObject, pikepdf.Name.Form
        field = document.make_indirect(
            pikepdf.Dictionary(
                Type=pikepdf.Name.Annot,
                Subtype=pikepdf.Name.Widget,
                FT=pikepdf.Name.Sig,
                T="signature",
                F=4,  # to be printed
                Rect=[0, 0, 300, 200],
                AP=pikepdf.Dictionary(N=ink),
            )
        )
        page.Annots = pikepdf.Array([field])
        document.Root.AcroForm = pikepdf.Dictionary(Fields=[field])
        document.save(tmp_path / "a.pdf")
    assert open_image(tmp_path / "a.pdf").grey(300).mean() < 0.1


def pdf_with(folder: Path, content: bytes, pattern: bytes = b"") -> Path:
    """A page of 300 x 200 points with a content stream that may use the tile /P."""
    with pikepdf.new() as document:
        page = document.add_blank_page(page_size=(300, 200))
        tile = document.make_stream(pattern)
        tile.Type, tile.PatternType = pikepdf.Name.Pattern, 1
        tile.PaintType, tile.TilingType = 1, 1
        tile.BBox, tile.XStep, tile.YStep = [0, 0, 0.01, 0.01], 0.001, 0.001
        tile.Resources = pikepdf.Dictionary()
        tiles = pikepdf.Dictionary({"/P": document.make_indirect(tile)})
        page.obj.Resources = pikepdf.Dictionary(Pattern=tiles)
        page.Contents = document.make_stream(content)
        document.save(folder / "a.pdf")
    return folder / "a.pdf"


FOR_EVER = b"/Pattern cs /P scn 0 0 300 200 re f", b"0 0 .0001 .0001 re f"


def test_a_pdf_that_draws_for_ever(tmp_path, monkeypatch):
    path = pdf_with(tmp_path, *FOR_EVER)
    start = time.monotonic()
    with pytest.raises(ImageError) as error, monkeypatch.context() as patch:
        patch.setattr(pdf_pages, "SECONDS", 1.0)
        open_image(path, dpi=72).grey(300)
    assert str(error.value).startswith(f"{path}: takes too long to draw")
    assert time.monotonic() - start < 15
    assert open_image(scan(tmp_path / "b.pdf")).grey(9).shape  # the next is


@pytest.mark.skipif(os.name == "nt", reason="computing is not limited here")
def test_a_page_on_a_busy_machine_is_waited_for(tmp_path, monkeypatch):
    photo = open_image(scan(tmp_path / "a.pdf"))
    ask = pdf_pages._Drawing.ask

    def paused(self, request, content):
        os.kill(self._process.pid, signal.SIGSTOP)
        threading.Timer(3.5, os.kill, (self._process.pid, signal.SIGCONT)).start()
        return ask(self, request, content)

    monkeypatch.setattr(pdf_pages, "SECONDS", 1.0)
    monkeypatch.setattr(pdf_pages._Drawing, "ask", paused)
    assert photo.grey(9).shape


@pytest.mark.parametrize(("number", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_ends_a_pdf_that_draws_for_ever(tmp_path, number, status):
    path = pdf_with(tmp_path, *FOR_EVER)
    code = (
        "import signal, sys; from ocr.input import pdf_pages; pdf_pages.SECONDS = 600.0\n"
        "ask = pdf_pages._Drawing.ask\n"
        "def told(self, request, content):\n"
        "    print(request['do'], flush=True)\n"
        "    return ask(self, request, content)\n"
        "pdf_pages._Drawing.ask = told\n"
        "signal.signal(signal.SIGINT, signal.default_int_handler)\n"  # a shell may ignore it
        "from ocr.cli import main; sys.exit(main(sys.argv[1:]))"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code, "read", "--dpi", "72", path],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as process:
        assert b"draw\n" in iter(process.stdout.readline, b"")
        time.sleep(0.5)
        assert process.poll() is None
        process.send_signal(number)
        process.communicate(timeout=300)
    assert process.returncode == status


def test_a_pdf_that_tells_of_pages_which_it_has_not(tmp_path):
    path = tmp_path / "a.pdf"
    with pikepdf.new() as document:
        for _ in range(3):
            document.add_blank_page(page_size=(300, 200))
        document.save(path)
    content = path.read_bytes()
    assert b"/Count 3 " in content
    lie = path.with_name("lie.pdf")
    lie.write_bytes(content.replace(b"/Count 3 ", b"/Count 99999 "))
    assert pdf_pages.page_count(path, "a.pdf") == 3
    assert pdf_pages.page_count(lie, "lie.pdf") == 4  # the fourth is told to be missing

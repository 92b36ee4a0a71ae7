"""Files that once ended in a traceback, a hang, a full memory or a wrong text, each of a kind.

They lie in a folder `cases/faults` beside the data sets.
"""

import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest
from PIL import Image

from ocr import weights
from ocr.evaluation.error_rates import edit_distance
from ocr.input import pdf_pages

FOLDER = Path(os.environ.get("OCR_DATA", "/nowhere")).parent / "cases" / "faults"

pytestmark = [
    pytest.mark.data,
    pytest.mark.skipif(not FOLDER.is_dir(), reason="no folder of cases beside $OCR_DATA"),
    pytest.mark.skipif(not weights.installed(), reason="no weights"),
]


def one_line(err: str) -> bool:
    """Whether an error is told in one line, without a traceback."""
    told = [row for row in err.splitlines() if row]
    return len(told) == 1 and told[0].startswith("ocr: ")


@pytest.mark.parametrize(
    "name",
    ["noEOI.jpg", "phone_note.jp2", "white_ink_alpha.png", "rgb16_planar_uncompressed.tif"],
)
def test_unusual_pictures_are_read(run, name):
    status, out, err = run("read", FOLDER / name)
    if status and "package" in err:
        pytest.skip(err)
    truth = (FOLDER / name).with_suffix(".gt.txt").read_text(encoding="utf-8")
    assert status == 0, err
    assert errors(truth, out) <= 0.08, out


def test_a_large_photo_in_a_pdf_is_read_at_its_own_size(run):
    pytest.importorskip("pypdfium2")
    status, out, err = run("read", FOLDER / "photo_12mp_72dpi.pdf")
    truth = (FOLDER / "photo_12mp_72dpi.gt.txt").read_text(encoding="utf-8")
    assert status == 0, err
    assert errors(truth, out) <= 0.08, out


def errors(truth: str, out: str) -> float:
    """The character error rate, case and white space ignored."""
    truth, out = ("".join(text.casefold().split()) for text in (truth, out))
    return edit_distance(truth, out) / len(truth)


def test_a_palette_without_its_table(run):
    status, _, err = run("read", FOLDER / "noplte.png")
    assert status in (0, 1)
    assert one_line(err)


@pytest.mark.parametrize("name", ["selfform.pdf", "laughs.pdf", "pattern.pdf"])
def test_pdfs_that_draw_for_ever(run, name, monkeypatch):
    pytest.importorskip("pypdfium2")
    monkeypatch.setattr(pdf_pages, "SECONDS", 1.0)
    start = time.process_time()
    status, out, err = run("read", FOLDER / name)
    assert time.process_time() - start < 15
    assert (status, out) in ((1, ""), (0, "\n"), (0, ""))
    assert one_line(err)


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="Linux tells the memory")
@pytest.mark.parametrize("name", ["webp_ll.webp", "png_la_12000.png", "tif_f32.tif"])
def test_bombs_under_the_limit_of_pixels(name):
    code = (
        "import sys; from ocr.cli import main; status = main(['read', sys.argv[1]])\n"
        "memory = open('/proc/self/status').read().partition('VmHWM:')[2].split()[0]\n"
        "print('memory', int(memory) >> 10, 'status', status)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, FOLDER / name], capture_output=True, text=True, check=True
    )
    _, memory, _, status = done.stdout.splitlines()[-1].split()
    assert int(memory) <= 600
    assert status == "0" or one_line(done.stderr)


def test_a_tiff_of_many_pages_takes_time_by_their_number():
    from ocr.input.photo import count_pages, open_image

    path = FOLDER / "pages250.tif"
    assert count_pages(path, "pages") == 250

    def seconds(number: int) -> float:
        start = time.process_time()
        for _ in range(5):
            open_image(path, page=number).grey(50)
        return time.process_time() - start

    seconds(1)
    assert seconds(250) < 5 * seconds(1) + 0.5


@pytest.mark.parametrize("name", ["wide_20000x20_pdf.png", "pdf_out_no_root.pdf"])
def test_one_that_cannot_be_a_pdf_page_does_not_end_the_run(run, tmp_path, name):
    pytest.importorskip("pikepdf")
    pytest.importorskip("pypdfium2")
    shutil.copy(FOLDER / name, tmp_path)
    Image.new("L", (300, 200), 200).save(tmp_path / "z.png")
    status, _, err = run("read", tmp_path, "-f", "pdf", "-o", tmp_path / "out", "--jobs", "1")
    assert (tmp_path / "out" / "z.pdf").exists(), err
    assert (tmp_path / "out" / name).with_suffix(".pdf").exists() or name in err
    assert status in (0, 1)
    assert "Traceback" not in err


def test_a_pattern_that_matches_for_ever(run):
    start = time.process_time()
    status, _, err = run(
        "read", "--pattern", "(?:[A-Za-z ]|[A-Za-z ])*!", FOLDER / "redos_line.png"
    )
    assert time.process_time() - start < 15
    assert status in (0, 1, 2)
    assert "Traceback" not in err


@pytest.mark.parametrize("name", ["enc1", "meth", "corr", "crc"])
def test_one_bad_part_of_a_training_archive_is_left_out_and_named(name):
    pytest.importorskip("torch")
    from training.own_hand.own_data import gather
    from training.own_hand.photo_truth import Aligner
    from training.own_hand.samples import Account

    account = Account()
    samples = gather([FOLDER / f"{name}.zip"], "lines", Aligner(), account)
    assert 0 < len(samples) < 6
    assert sum(account.left_out.values()) == 6 - len(samples)
    assert any(f"{name}.zip" in row for row in account.named)


def test_an_array_larger_than_it_is(run, tmp_path):
    pytest.importorskip("torch")
    path = FOLDER / "npz_huge_shape.npz"
    status, _, err = run("train", path, "--kind", "mlp", "-o", tmp_path / "out")
    assert status in (1, 2)
    assert "npz_huge_shape.npz" in err
    assert "Traceback" not in err


@pytest.mark.parametrize("name", ["one_bit_flipped.npz", "wrongshape.onnx", "loop.onnx"])
def test_weight_files_that_must_not_run(run, name, tmp_path):
    start = time.process_time()
    status, out, err = run("read", "--model", FOLDER / name, FOLDER / "redos_line.png")
    assert (status, out) == (3, "")
    assert one_line(err)
    assert name in err
    assert time.process_time() - start < 15

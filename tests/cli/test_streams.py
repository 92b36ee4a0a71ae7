"""Streams that are closed or full, and a process that may have little memory."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image, ImageDraw

from ocr import weights

resource = pytest.importorskip("resource")

pytestmark = [
    pytest.mark.skipif(sys.platform != "linux", reason="/dev/full, and limits that hold"),
    pytest.mark.skipif(not weights.installed(), reason="no weights"),
]


@pytest.fixture
def folder(tmp_path) -> Path:
    picture = Image.new("L", (300, 80), 255)
    ImageDraw.Draw(picture).text((20, 30), "one two", fill=0)
    (tmp_path / "in").mkdir()
    picture.save(tmp_path / "in" / "a.png")
    return tmp_path


def ocr(*arguments, closed=(), memory=None, **streams) -> subprocess.CompletedProcess[str]:
    def prepare() -> None:
        for number in closed:
            os.close(number)
        if memory is not None:
            resource.setrlimit(resource.RLIMIT_AS, (memory << 20, memory << 20))
        resource.setrlimit(resource.RLIMIT_CPU, (30, 30))

    command = [sys.executable, "-m", "ocr", *map(str, arguments)]
    streams = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, **streams}
    return subprocess.run(
        command, preexec_fn=prepare, text=True, timeout=300, check=False, **streams
    )


@pytest.mark.parametrize("closed", [(2,), (1, 2), (0, 1, 2)])
def test_a_folder_is_read_though_nobody_hears_of_it(folder, closed):
    done = ocr("read", folder / "in", "-o", folder / "out", closed=closed)
    assert done.returncode == 0
    assert (folder / "out" / "a.txt").exists()


def test_what_a_decoder_prints_comes_into_no_file(folder):
    """A file that is opened where stderr was would take what is printed there."""
    done = ocr("read", folder / "in", "-f", "json", "-o", folder / "a.json", closed=(1, 2))
    assert done.returncode == 0
    assert (folder / "a.json").read_text().startswith("[")


@pytest.mark.parametrize("arguments", [["--help"], ["read", "--help"], ["--version"], ["models"]])
def test_a_full_stdout_is_told_in_one_line(arguments):
    with Path("/dev/full").open("wb") as full:
        done = ocr(*arguments, stdout=full)
    assert done.returncode == 1
    assert done.stderr.startswith("ocr: stdout: cannot be written")
    assert done.stderr.count("\n") == 1


@pytest.mark.parametrize("memory", [100, 200, 250])
@pytest.mark.parametrize("command", ["read", "models"])
def test_with_little_memory_nothing_spins(folder, memory, command):
    done = ocr(command, *([folder / "in" / "a.png"] if command == "read" else []), memory=memory)
    assert done.returncode == 1, done
    assert done.stderr.startswith("ocr: there is not enough memory")
    assert done.stderr.count("\n") == 1

"""Streams that are closed or full, and a process that may have little memory."""

import json
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


@pytest.mark.parametrize("name", ["-", "/dev/stdout", "/dev/fd/1", "/proc/self/fd/1"])
@pytest.mark.parametrize("into", ["pipe", "file"])
def test_stdout_may_be_named(folder, name, into):
    expected = ocr("read", folder / "in" / "a.png", "-f", "json").stdout
    arguments = ("read", folder / "in" / "a.png", "-f", "json", "-o", name)
    if into == "pipe":
        done = ocr(*arguments)
        found = done.stdout
    else:
        with (folder / "all").open("w") as stream:
            stream.write("before\n")
            stream.flush()
            done = ocr(*arguments, stdout=stream)
        found = (folder / "all").read_text().removeprefix("before\n")
        assert len(found) < len((folder / "all").read_text())
    assert (done.returncode, done.stderr) == (0, "")
    assert found == expected


def test_a_pipe_of_the_shell_may_be_the_output(folder):
    near, far = os.pipe()
    command = [sys.executable, "-m", "ocr", "convert", folder / "a.json", "-f", "json", "-o"]
    assert ocr("read", folder / "in" / "a.png", "-o", folder / "a.json").returncode == 0
    done = subprocess.run([*command, f"/dev/fd/{far}"], pass_fds=[far], timeout=300, check=False)
    os.close(far)
    with os.fdopen(near) as stream:
        assert json.loads(stream.read())["lines"] is not None
    assert done.returncode == 0
    os.mkfifo(folder / "pipe")  # one with a name
    (folder / "link").symlink_to(folder / "pipe")
    reader = subprocess.Popen(["cat", folder / "link"], stdout=subprocess.PIPE, text=True)
    assert subprocess.run([*command, folder / "link"], timeout=300, check=False).returncode == 0
    assert json.loads(reader.communicate(timeout=300)[0])["lines"] is not None
    near, far = os.pipe()
    os.close(near)  # nobody listens
    done = ocr("models", "-o", f"/dev/fd/{far}", pass_fds=[far])
    os.close(far)
    assert done.returncode == 1
    assert done.stderr == f"ocr: /dev/fd/{far}: closed before all was written.\n"


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

"""ocr.cli: the command line, with a reader of our own where reading itself is not the matter."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import click
import pytest
from cli_fakes import PATIENCE, SAMPLES, one_line, picture, shell, written_page
from PIL import Image

from ocr import __version__, cli, weights
from ocr.page import Page

HEAVY = {"torch", "sklearn", "matplotlib", "tqdm", "training", "pytest"}
NUMERIC = {"numpy", "scipy", "skimage", "onnxruntime", "PIL"}


def commands() -> list[str]:
    return sorted(cli.cli.commands)


# Help and versions


def test_all_commands_are_there():
    assert commands() == ["boxes", "convert", "eval", "models", "read", "review", "train"]


@pytest.mark.parametrize("name", [None, *commands()])
@pytest.mark.parametrize("flag", ["-h", "--help"])
def test_help(run, name, flag):
    status, out, err = run(*([name] if name else []), flag)
    assert (status, err) == (0, "")
    assert out.startswith("Usage: ocr")


@pytest.mark.parametrize("name", commands())
def test_every_command_and_option_is_explained(name):
    command = cli.cli.commands[name]
    assert command.get_short_help_str(limit=70).endswith(
        ("scans.", "box.", "known.", "files.", "formats.", "sets.", "browser.")
    )
    for parameter in command.params:
        if isinstance(parameter, click.Option):
            assert parameter.help, f"{name} {parameter.opts}"
            assert parameter.help.endswith("."), f"{name} {parameter.opts}"


def test_version(run):
    assert run("--version") == (0, f"ocr {__version__}\n", "")


@pytest.mark.parametrize(
    "arguments",
    [
        ["read"],
        ["read", "--format", "doc", "a.jpg"],
        ["read", "--pages", "3-1", "a.jpg"],
        ["read", "--pages", "0", "a.jpg"],
        ["read", "--pages", "x", "a.jpg"],
        ["read", "--dpi", "0", "a.jpg"],
        ["read", "--engine", "none", "a.jpg"],
        ["read", "--charset", "", "a.jpg"],
        ["read", "--no-such-option", "a.jpg"],
        ["boxes", "a.jpg"],
        ["boxes", "a.jpg", "--out", "a.doc"],
        ["eval"],
        ["eval", "--normalize", "nfd", "."],
        ["eval", "--normalise", "nfd", "."],
        *(
            ["train", "a.npz", "-o", "x", *option]
            for option in (
                ("--replay", "1e9"),
                ("--rate", "1e300"),
                ("--threads", "10" * 5),
                ("--seed", "9" * 30),
            )
        ),
        ["no-such-command"],
    ],
)
def test_wrong_usage(run, arguments):
    status, out, err = run(*arguments)
    assert status == 2
    assert out == ""
    assert "Error" in err


@pytest.mark.parametrize(
    "arguments",
    [
        ["read", "a.png", "-o", "x.docx", "--out=y.pdf"],
        ["-q", "--language", "french", "a.png", "-l", "english"],
        ["--config", "a.toml", "--config", "b.toml", "read", "a.png"],
        *([name, "a.png", "-o", "x.png", "-o", "y.png"] for name in commands() if name != "review"),
    ],
)
def test_an_option_given_twice_is_refused_where_one_value_counts(run, arguments):
    status, out, err = run(*arguments)
    assert (status, out) == (2, "") and "was given twice" in err


def test_flags_and_formats_may_be_given_twice(run, fake, tmp_path):
    a, folder = picture(tmp_path / "a.png"), tmp_path / "texts"
    formats = ("-f", "text", "-f", "json")
    assert run("-q", "read", "-q", a, *formats, "-o", folder, "--force", "--force")[0] == 0
    assert (folder / "a.txt").exists() and (folder / "a.json").exists()
    assert run("read", "-o", "x", "-o", "y", "--help")[0] == 0


def test_model_errors_end_everything(run, fake, tmp_path):
    status, out, err = run("read", picture(tmp_path / "model.png"), picture(tmp_path / "a.png"))
    assert (status, out) == (3, "")
    assert one_line(err) == "ocr: glyphs.onnx: no such model. Reinstall ocr.\n"


def test_interrupt(run, fake, tmp_path):
    status, _, err = run("read", picture(tmp_path / "interrupt.png"))
    assert status == 130
    assert "interrupted" in err
    assert "Traceback" not in err


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no named pipes here")
@pytest.mark.parametrize(("name", "status"), [("SIGTERM", 143), ("SIGHUP", 129)])
def test_what_ends_the_program_leaves_nothing_half_written(tmp_path, name, status):
    photo, target = tmp_path / "pipe", tmp_path / "a.txt"
    os.mkfifo(photo)
    command = [sys.executable, "-m", "ocr", "read", photo, "--output", target]
    number = getattr(signal, name)
    before = signal.signal(number, signal.SIG_DFL)  # under nohup, one would be left alone
    process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
    signal.signal(number, before)
    with photo.open("wb"):  # it reads now, and waits for more
        deadline = time.monotonic() + PATIENCE
        while not list(tmp_path.glob(".*.part")) and time.monotonic() < deadline:
            time.sleep(0.01)
        process.send_signal(number)
        _, err = process.communicate(timeout=PATIENCE)
    assert process.returncode == status
    assert one_line(err) == "ocr: terminated\n"
    assert list(tmp_path.iterdir()) == [photo]


def test_debug_shows_where(run, fake, tmp_path):
    for arguments in (["--debug", "read"], ["read", "--debug"]):
        status, _, err = run(*arguments, picture(tmp_path / "crash.png"))
        assert status == 1
        assert "Traceback" in err
        assert "in read" in err


# In a process of its own


def imported(*arguments) -> set[str]:
    """Top-level modules that a run of the command line imports."""
    code = (
        "import sys; from ocr.cli import main; main(sys.argv[1:]); "
        "print(*{name.partition('.')[0] for name in sys.modules}, file=sys.stderr)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, *map(str, arguments)],
        capture_output=True,
        text=True,
        check=True,
        timeout=PATIENCE,
    )
    return set(done.stderr.split())


def test_help_imports_nothing_heavy():
    for arguments in (["--help"], ["read", "--help"], ["--version"]):
        assert imported(*arguments) & (HEAVY | NUMERIC) == set()


def test_read_imports_only_what_it_needs(tmp_path):
    if not weights.installed():
        pytest.skip("no weights yet")
    page = imported("read", written_page(tmp_path / "a.png"))
    assert "onnxruntime" in page  # it did read
    assert page & HEAVY == set()
    lines = imported("read", SAMPLES / "shopping_list.jpg")
    assert lines & (HEAVY | {"scipy", "skimage"}) == set()  # of letters alone
    assert "onnxruntime" in imported("boxes", tmp_path / "a.png", "--out", tmp_path / "b.png")


def test_nothing_is_searched_for_unused_objects_at_the_end():
    code = (
        "import atexit, gc; atexit.register(lambda: print(gc.get_freeze_count() > 0)); "
        "from ocr.cli import main; main(['--version'])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split()[-1] == "True"


def test_help_is_fast(tmp_path):
    """It costs little more than Click, once modules are compiled, as from the second call on."""
    resource = pytest.importorskip("resource")
    environment = {**os.environ, "PYTHONPYCACHEPREFIX": str(tmp_path)}
    environment.pop("PYTHONDONTWRITEBYTECODE", None)

    def cost(*arguments: str) -> float:
        """CPU-seconds."""
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        command = [sys.executable, *arguments]
        subprocess.run(command, env=environment, capture_output=True, check=True, timeout=PATIENCE)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime

    cost("-m", "ocr", "--help")
    pairs = [(cost("-m", "ocr", "--help"), cost("-c", "import click")) for _ in range(4)]
    ours, clicks = map(min, zip(*pairs, strict=True))
    assert ours < 1.8 * clicks or ours < 0.12  # the machine's speed does not matter


def test_end_to_end(tmp_path):
    if not weights.installed():
        pytest.skip("no weights yet")
    photo = written_page(tmp_path / "a.png")
    done = shell("read", photo, cwd=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    assert len(done.stdout.strip()) >= 5
    piped = shell("read", "-", input=photo.read_bytes(), text=False)
    assert piped.stdout.decode() == done.stdout
    overlay = shell("boxes", photo, "--out", tmp_path / "b.png", "--json")
    assert overlay.returncode == 0
    assert Page.from_json(overlay.stdout).text + "\n" == done.stdout
    assert (tmp_path / "b.png").stat().st_size > 0


def test_closed_pipe_is_quiet(tmp_path):
    paths = [picture(tmp_path / f"{k}.png", 255) for k in range(5)]
    command = [sys.executable, "-m", "ocr", "read", "--format", "json", *map(str, paths)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        process.stdout.close()  # as `head` does when it has seen enough
        stderr = process.stderr.read().decode()
        status = process.wait(timeout=PATIENCE)
    assert "Traceback" not in stderr
    assert "Broken" not in stderr
    assert "Exception ignored" not in stderr
    assert status == 1


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full here")
def test_full_disk_behind_stdout(tmp_path):
    with Path("/dev/full").open("wb") as full:
        done = subprocess.run(
            [sys.executable, "-m", "ocr", "models"],
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            timeout=PATIENCE,
            check=False,
        )
    if not weights.installed():
        pytest.skip("no weights yet")
    assert done.returncode == 1
    assert "stdout" in one_line(done.stderr)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no named pipes here")
def test_ctrl_c(tmp_path):
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    command = [sys.executable, "-m", "ocr", "read", str(pipe)]
    with (
        subprocess.Popen(
            command,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
        ) as process,  # Ctrl-C counts even if the tests run where it is ignored
        pipe.open("wb"),  # waits until it reads
    ):
        process.send_signal(signal.SIGINT)
        _, stderr = process.communicate(timeout=PATIENCE)
    assert process.returncode == 130
    assert b"Traceback" not in stderr
    assert b"interrupted" in stderr


def test_any_locale(tmp_path):
    environment = {**os.environ, "LC_ALL": "C", "PYTHONIOENCODING": "ascii", "PYTHONUTF8": "0"}
    code = (
        "import sys; from ocr.cli import main, read; read.make_reader = lambda *_: None; "
        "from ocr.page import *; "
        "page = Page(9, 9, (Line((Word((Letter(Box(0, 0, 1, 1), chr(233), 1.0),)),)),)); "
        "from ocr.input.documents import PageSource; "
        "read.read_document = lambda *_, **__: iter([(PageSource('a'), page)]); "
        "sys.exit(main(['read', 'a']))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        env=environment,
        check=True,
        timeout=PATIENCE,
    )
    assert done.stdout.decode() == "é\n"


@pytest.mark.skipif(sys.platform != "linux", reason="file names are text here")
def test_file_names_that_are_not_utf8(run, fake, tmp_path):
    path = os.fsdecode(os.fsencode(tmp_path) + b"/\xe9.png")
    Image.new("L", (40, 30), 100).save(path)
    status, out, _ = run("read", "--format", "json", path)
    assert (status, json.loads(out)["file"][-5:]) == (0, "\ufffd.png")
    assert run("read", tmp_path)[0] == 0
    assert run("boxes", path, "--json")[0] == 0

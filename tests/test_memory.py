"""ocr.memory: where memory runs out this is said, soon, and not of the files."""

import subprocess
import sys

import pytest

from ocr import memory, weights
from ocr.cli import main
from ocr.input import decoding

resource = pytest.importorskip("resource")

# All that the process has, and little more, may it have; and it may compute for so many seconds.
LIMITS = """
import resource, sys
def limit(more):
    import mmap
    pages = int(open('/proc/self/statm').read().split()[0])
    most = pages * mmap.PAGESIZE + (more << 20)
    resource.setrlimit(resource.RLIMIT_AS, (most, most))
    resource.setrlimit(resource.RLIMIT_CPU, (20, 20))
"""


def run(code: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", LIMITS + code]
    return subprocess.run(command, capture_output=True, text=True, timeout=300)


needs_proc = pytest.mark.skipif(sys.platform != "linux", reason="Linux tells the memory")


@needs_proc
def test_without_memory_the_work_space_is_refused_and_nothing_spins():
    code = """
import numpy
from ocr.errors import OcrError
from ocr.memory import claim_work_space
limit(10)
try: claim_work_space()
except OcrError as error: print(error)
"""
    done = run(code)
    assert done.stdout.startswith("there is not enough memory to read."), done


@needs_proc
def test_what_was_claimed_serves_when_there_is_no_more():
    code = """
import numpy
from ocr.memory import claim_work_space
claim_work_space()
square = numpy.ones((300, 300), numpy.float32)
limit(2)
print((square @ square)[0, 0])
"""
    done = run(code)
    assert done.stdout == "300.0\n", done


def test_files_are_not_called_damaged_when_memory_ran_out(monkeypatch, tmp_path):
    assert "truncated or damaged" in decoding._damaged("a.png")
    assert "damaged or unusable" in str(weights.damaged(tmp_path / "a.onnx", "odd"))
    for module in (decoding, memory):
        monkeypatch.setattr(module, "is_short", lambda: True)
    assert "not enough memory to decode it" in decoding._damaged("a.png")
    assert "not enough memory to load it" in str(weights.damaged(tmp_path / "a.onnx", "odd"))


def test_a_picture_too_large_for_the_memory_is_an_error_in_one_line(monkeypatch, capsys, tmp_path):
    from PIL import Image

    def fail(*_: object, **__: object) -> None:
        raise MemoryError

    Image.new("L", (30, 20), 200).save(tmp_path / "a.png")
    monkeypatch.setattr("ocr.reader.Reader.read", fail)
    assert main(["read", str(tmp_path / "a.png")]) == 1
    error = capsys.readouterr().err
    assert error == f"ocr: {memory.no_memory(str(tmp_path / 'a.png'))}\n"


@needs_proc
def test_what_the_c_library_holds_free_is_given_back():
    code = """
import ctypes, mmap
from ocr.memory import give_back
def held(): return int(open('/proc/self/statm').read().split()[1]) * mmap.PAGESIZE >> 20
ctypes.CDLL(None).malloc_trim  # no glibc, no test
blocks = [ctypes.create_string_buffer(1 << 16) for _ in range(1000)]
blocks = blocks[::100]
full = held()
give_back()
print(full - held() > 40)
"""
    done = run(code)
    if "malloc_trim" in done.stderr:
        pytest.skip("this C library gives nothing back when told to")
    assert done.stdout == "True\n", done


def test_without_glibc_nothing_is_given_back(monkeypatch):
    monkeypatch.setattr("ctypes.CDLL", lambda name: object())
    memory._trim.cache_clear()
    memory.give_back()
    memory._trim.cache_clear()

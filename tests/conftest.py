"""Settings of all tests."""

import io
import os
import sys
from functools import cache

import pytest
from hypothesis import HealthCheck, settings

if "PYTEST_XDIST_WORKER" in os.environ:  # processes side by side: a thread each, ahead of NumPy
    os.environ.setdefault("OMP_NUM_THREADS", "1")

# All other variables of the program's set its options, and are a person's own.
KEPT = {"OCR_CACHE", "OCR_DATA", "OCR_TEST_BROWSER"}
for name in [name for name in os.environ if name.startswith("OCR_") and name not in KEPT]:
    del os.environ[name]

# A busy machine is not a defect: speed is measured by the benchmarks.
settings.register_profile("untimed", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("untimed")


@pytest.fixture(scope="session", autouse=True)
def no_settings(tmp_path_factory):
    """No file of options of a person's own counts, in programs that tests start neither."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CONFIG_HOME", str(tmp_path_factory.mktemp("config")))
        yield


@pytest.fixture(scope="session")
def reader_of():
    """`ocr.reader.Reader`; all that ask for the same get the same one, with its models loaded."""
    from ocr.reader import Reader

    return cache(Reader)


@pytest.fixture
def run(capsys, monkeypatch):
    """Run the command line in this process: exit status, stdout, stderr."""
    from ocr import cli

    def run(*arguments, stdin=b""):
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(stdin)))
        return cli.main([str(argument) for argument in arguments]), *capsys.readouterr()

    return run

"""ocr.cli.signals: what ends a run, and time limits."""

import os
import signal
import sys
import time
from types import ModuleType

import pytest

from ocr.__main__ import main
from ocr.cli.signals import stopping, time_limit
from ocr.errors import ModelError, OcrError


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_signals_set_stop(number):
    before = signal.getsignal(number)
    with stopping() as stop:
        os.kill(os.getpid(), number)
        os.kill(os.getpid(), number)
        assert (stop.signal, stop.times) == (number, 2)
    assert signal.getsignal(number) is before


@pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="no alarms here")
def test_nobody_takes_a_time_limit_for_an_error_of_his():
    told = pytest.raises(OcrError, match=r"^a\.png: took longer than 0\.05 seconds")
    with told, time_limit(0.05, "a.png"):
        try:
            time.sleep(20)
        except Exception as error:
            raise ModelError("a damaged weight file") from error


def test_ctrl_c_while_the_command_line_is_loaded(monkeypatch, capsys):
    class Loading(ModuleType):
        def __getattr__(self, name):
            raise KeyboardInterrupt

    monkeypatch.setitem(sys.modules, "ocr.cli", Loading("ocr.cli"))
    assert main() == 130
    assert capsys.readouterr().err == "ocr: interrupted\n"

"""ocr.cli.review: the address at which it answers."""

from __future__ import annotations

import signal
import time
import urllib.parse
import urllib.request

import pytest
from review_fakes import PATIENCE, Server, folder

from ocr.cli.review import _listen
from ocr.errors import OutputError

pytest.importorskip("starlette")


def test_the_address_answers_as_soon_as_it_is_printed(tmp_path):
    with Server(folder(tmp_path / "notes", 1)) as server:
        with urllib.request.urlopen(server.url + "api/pages", timeout=PATIENCE) as answer:
            assert answer.status == 200
        assert server.stop()[0] == 0


@pytest.mark.parametrize("gap", [0.01, 0.05])
def test_ctrl_c_twice_ends_it_without_a_traceback(tmp_path, gap):
    with Server(folder(tmp_path / "notes", 1)) as server:
        urllib.request.urlopen(server.url + "api/pages", timeout=PATIENCE).close()
        server.process.send_signal(signal.SIGINT)
        time.sleep(gap)
        status, said = server.stop()
    assert status == 0 and "Traceback" not in said and said.endswith("all is kept\n")


@pytest.mark.parametrize("seconds", [0, 0.002, 0.01, 0.05])
def test_ctrl_c_while_it_begins_ends_it_as_ever(tmp_path, seconds):
    with Server(folder(tmp_path)) as server:
        time.sleep(seconds)
        assert server.stop() == (0, "ocr: 2 pages; Ctrl-C ends it\nocr: all is kept\n")


def test_an_address_of_this_machine_alone_warns_of_nobody(tmp_path):
    for host in ("127.0.0.1", "localhost"):
        with Server(folder(tmp_path / host), "--host", host) as server:
            assert "warning" not in server.stop()[1]
    with Server(folder(tmp_path / "all"), "--host", "0.0.0.0") as server:
        assert "whoever on this network" in server.stop()[1]


@pytest.mark.parametrize("host", ["a..b", "a" * 300, "203.0.113.1"])
def test_an_address_that_is_not_this_machine_s_is_refused(host):
    with pytest.raises(OutputError, match="cannot listen there"):
        _listen(host, 0)

"""ocr.review.connections: those that say nothing, break off or are slow."""

from __future__ import annotations

import socket
import threading
import urllib.parse
import urllib.request

import pytest
from review_fakes import PATIENCE, Server, folder

connections = pytest.importorskip("ocr.review.connections")


def connect(url: str, *rows: str) -> socket.socket:
    """A connection that has sent the first rows of a request."""
    address = urllib.parse.urlsplit(url)
    opened = socket.create_connection((address.hostname, address.port), timeout=PATIENCE)
    opened.sendall("".join(f"{row}\r\n" for row in rows).encode())
    return opened


def test_who_opens_connections_and_says_nothing_shuts_nobody_out(tmp_path):
    with Server(folder(tmp_path / "notes", 1)) as server:
        # More than are taken and wait; and few enough for the 256 files that macOS allows.
        many = connections.MOST + 2 * connections.BACKLOG
        idle = [connect(server.url) for _ in range(many)]
        with urllib.request.urlopen(server.url + "api/pages", timeout=PATIENCE) as answer:
            assert answer.status == 200
        status, said = server.stop()
        for one in idle:
            one.close()
    assert status == 0 and said.splitlines()[1:] == ["ocr: all is kept"]


def test_requests_that_break_off_are_told_to_nobody(tmp_path):
    with Server(folder(tmp_path / "notes", 1)) as server:
        address = urllib.parse.urlsplit(server.url)
        head = (
            f"POST {address.path}api/pages/1 HTTP/1.1", f"Host: {address.netloc}",
            "Content-Type: application/json",
        )  # fmt: skip
        connect(server.url, *head, "Content-Length: 90", "", "{").close()
        connect(server.url, *head, "Transfer-Encoding: chunked", "", "zz").close()
        connect(server.url, *head, "Transfer-Encoding: chunked", "", "ffffffff", "{").close()
        with urllib.request.urlopen(server.url + "api/pages", timeout=PATIENCE) as answer:
            assert answer.status == 200
        status, said = server.stop()
    assert status == 0 and said.splitlines()[1:] == ["ocr: all is kept"]


@pytest.mark.parametrize("rows", [(), ("GET / HTTP/1.1",), ("POST / HTTP/1.1", "Host: a",
    "Content-Length: 90", "", "{")])  # fmt: skip
def test_a_request_that_does_not_come_is_not_waited_for(rows, monkeypatch):
    uvicorn = pytest.importorskip("uvicorn")
    monkeypatch.setattr(connections, "PATIENCE", 0.2)

    async def app(_, receive, __) -> None:
        while (await receive()).get("more_body"):
            pass

    with socket.create_server(("127.0.0.1", 0)) as listening:
        config = uvicorn.Config(
            app, http=connections.Connection, lifespan="off", log_level="critical"
        )
        server = uvicorn.Server(config)
        thread = threading.Thread(target=server.run, args=([listening],))
        with connect(f"http://127.0.0.1:{listening.getsockname()[1]}", *rows) as opened:
            thread.start()  # only now, so that the rows are there in time
            try:
                found = b""
                while piece := opened.recv(1000):
                    found += piece
            finally:
                server.should_exit = True
                thread.join()
    assert found.startswith(b"HTTP/1.1 400 ") and b"did not come in time" in found

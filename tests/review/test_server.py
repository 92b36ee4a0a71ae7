"""What the server answers, and whom."""

from __future__ import annotations

import asyncio
import http.client
import json
import socket
import threading
import urllib.parse
import urllib.request
from collections.abc import Iterator

import pytest
from review_fakes import PATIENCE, TEXTS, Server, draw, folder
from test_shelf import Fake, pages_of

from ocr.cli.review import _listen
from ocr.errors import OutputError
from ocr.formats import FORMATS
from ocr.page import Line
from ocr.review.learning import Learning
from ocr.review.shelf import Shelf

pytest.importorskip("starlette")
guard = pytest.importorskip("ocr.review.guard")
connections = pytest.importorskip("ocr.review.connections")
application = pytest.importorskip("ocr.review.server").application

HOST = "127.0.0.1:8000"
TOKEN = "secret"


class Answer:
    def __init__(self, status: int, headers: dict[str, str], body: bytes) -> None:
        self.status, self.headers, self.body = status, headers, body

    @property
    def json(self):
        return json.loads(self.body)


class Client:
    """Asks an application without a network."""

    def __init__(self, app) -> None:
        self.app = app

    def ask(self, path, data=None, token=TOKEN, method=None, **headers) -> Answer:
        given = {"host": HOST, **{k.replace("_", "-"): v for k, v in headers.items()}}
        body = b""
        if data is not None:
            body = data if isinstance(data, bytes) else json.dumps(data).encode()
            given.setdefault("content-type", "application/json")
            given.setdefault("content-length", str(len(body)))
        path, _, query = path.partition("?")
        scope = {
            "type": "http", "method": method or ("GET" if data is None else "POST"),
            "path": f"/{token}{path}", "raw_path": b"", "query_string": query.encode(),
            "headers": [(k.encode(), v.encode()) for k, v in given.items() if v],
            "http_version": "1.1", "scheme": "http", "root_path": "", "server": ("127.0.0.1", 8000),
        }  # fmt: skip
        sent = []

        async def run() -> None:
            waiting = [{"type": "http.request", "body": body, "more_body": False}]

            async def receive():
                if waiting:
                    return waiting.pop()
                await asyncio.sleep(60)

            async def send(message):
                sent.append(message)

            await self.app(scope, receive, send)

        asyncio.run(run())
        found = {k.decode(): v.decode() for k, v in sent[0]["headers"]}
        return Answer(sent[0]["status"], found, b"".join(m.get("body", b"") for m in sent[1:]))

    def change(self, revision, op, page=1, **more) -> Answer:
        return self.ask(f"/api/pages/{page}", {"revision": revision, "op": op, **more})


@pytest.fixture
def place(tmp_path):
    return folder(tmp_path / "notes")


@pytest.fixture
def client(place) -> Iterator[Client]:
    shelf = Shelf(pages_of(place)[0], Fake(), ahead=0)
    yield Client(application(shelf, Learning(shelf), TOKEN, [HOST]))
    shelf.close()


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/api/pages?since=%C2%B2", 200),
        ("/api/pages?since=" + "9" * 5000, 200),
        ("/api/pages?since=--5", 200),
        ("/api/pages/" + "9" * 5000, 414),
        ("/photo/1/" + "9" * 5000 + "/0", 414),
        ("/api/pages/" + "9" * 100, 404),
        ("/export/text?page=" + "9" * 5000, 422),  # of the whole shelf, which is not read yet
    ],
)
def test_numbers_that_are_none_end_in_an_answer(client, path, status):
    assert client.ask(path).status == status


def test_a_length_that_is_no_number_is_refused(client):
    for length in ("9" * 5000, "-1", "1e3", "\u0663"):
        assert client.ask("/api/pages/1", b"{}", content_length=length).status == 413


# --- whom ---------------------------------------------------------------------------------


def test_it_serves_what_belongs_to_it(client):
    page = client.ask("/")
    assert page.status == 200 and page.body.startswith(b"<!doctype html>")
    for name in ("app.js", "style.css", "texts.js"):
        assert client.ask(f"/static/{name}").status == 200
    for name in (*guard.HEADERS, "cache-control"):
        assert name in page.headers
    policy = page.headers["content-security-policy"]
    assert "default-src 'none'" in policy and "unsafe" not in policy


@pytest.mark.parametrize("token", ["", "wrong", "secre", "secrets", "sécret"])
def test_nothing_without_the_token(client, token):
    for path in ("/", "/api/pages", "/photo/1/320/0", "/static/app.js"):
        assert client.ask(path, token=token).status == 404


@pytest.mark.parametrize("host", ["evil.example", "evil.example:8000", "127.0.0.1", "[::1]", ""])
def test_other_hosts_are_refused(client, host):
    answer = client.ask("/api/pages", host=host)
    assert answer.status == 403 and b"page1" not in answer.body
    assert answer.headers["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize("origin", ["http://evil.example", "https://127.0.0.1:8000", "null"])
def test_other_origins_are_refused(client, origin):
    assert client.ask("/api/pages", origin=origin).status == 403
    assert client.ask("/api/pages/1", {"op": "undo", "revision": 0}, origin=origin).status == 403
    assert client.ask("/api/pages", origin=f"http://{HOST}").status == 200


@pytest.mark.parametrize("site", ["cross-site", "same-site"])
def test_other_sites_pages_are_refused(client, site):
    assert client.ask("/photo/1/320/0", sec_fetch_site=site).status == 403
    assert client.ask("/photo/1/320/0", sec_fetch_site="same-origin").status == 200


def test_forms_and_large_bodies_are_refused(client):
    body = {"op": "confirm", "revision": 0}
    for kind in ("text/plain", "application/x-www-form-urlencoded", "multipart/form-data"):
        assert client.ask("/api/pages/1", body, content_type=kind).status == 415
    large = b'"' + b"x" * guard.MAX_BODY + b'"'
    assert client.ask("/api/pages/1", large).status == 413
    assert client.ask("/api/pages/1", large, content_length="2").status == 413
    assert client.ask("/api/pages", method="DELETE").status == 405


@pytest.mark.parametrize(
    "path",
    [
        "/api/pages/1/",
        "/static/../server.py",
        "/static/..%2fserver.py",
        "/static//etc/passwd",
        "/photo/../../etc/passwd/320/0",
        "/photo/99/320/0",
        "/photo/1/999/0",
        "/photo/1/320/9",
        "/strip/1/999",
        "/api/pages/0",
        "/api/pages/-1",
        "/export/exe",
    ],
)
def test_no_path_is_opened(client, path):
    assert client.ask(path).status in (404, 422)


@pytest.mark.parametrize(
    "data",
    [
        b"", b"{", b"[]", b"null", b"[" * 5000, {"op": "text"}, {"op": 3, "revision": 0},
        {"op": "text", "revision": True, "line": 1, "text": "x"},
        {"op": "text", "revision": 0, "line": "1", "text": "x"},
        {"op": "text", "revision": 0, "line": 1, "text": {"a": 1}},
        {"op": "text", "revision": 0, "line": 99, "text": "x"},
        {"op": "move", "revision": 0, "line": 1, "by": 1e99},
        {"op": "leave_out", "revision": 0, "box": [0, 0, "1", 1]},
        {"op": "leave_out", "revision": 0, "box": [0, 0, 1, 1]},
        {"op": "leave_out", "revision": 0, "box": [0] * 5},
        {"op": "new_line", "revision": 0, "points": [[1, 2]] * 1000},
        {"op": "new_line", "revision": 0, "points": [[1, 2], [800, 600]] * 90},
        {"op": "__class__", "revision": 0}, {"op": "split", "revision": 0, "line": 1, "at": -5},
        {"op": "several", "revision": 0, "tab": "a"}, {"op": "undo", "revision": 0, "tab": "a"},
        {"op": "several", "revision": 0, "tab": "a", "changes": [[]]},
        {"op": "several", "revision": 0, "changes": []},
        {"op": "several", "revision": 0, "tab": 1, "changes": []},
        {"op": "several", "revision": 0, "tab": "a",
         "changes": [{"op": "several", "number": 1, "changes": []}]},
    ],
)  # fmt: skip
def test_nonsense_is_refused_and_changes_nothing(client, data):
    answer = client.ask("/api/pages/1", data)
    assert answer.status == 422 and answer.json["error"]
    assert client.ask("/api/pages/1").json["revision"] == 0


# --- what ---------------------------------------------------------------------------------


def test_a_line_is_corrected(client, place):
    page = client.ask("/api/pages/1").json
    assert [line["text"] for line in page["lines"]] == list(TEXTS)
    assert page["lines"][0]["words"][0] == {
        "from": 0, "to": 5, "box": [50, 60, 88, 150], "doubts": [[0, 1, 0.4]],
        "choices": ["tsrif", "FIRST"],
    }  # fmt: skip
    answer = client.change(0, "text", line=1, text="right", confirmed=True).json
    assert answer["revision"] == 1 and [one["id"] for one in answer["changed"]] == [1]
    assert not any("doubts" in word for word in answer["changed"][0]["words"])
    assert "right\n" in (place / "page1.gt.txt").read_text()
    told = client.ask("/api/pages").json
    assert told["pages"][0][:5] == [1, "page1.png", "read", 5, 1]
    assert client.ask(f"/api/pages?since={told['version']}").json["pages"] == []


def test_every_edit(client):
    revision = 0

    def done(op, **more):
        nonlocal revision
        answer = client.change(revision, op, **more)
        assert answer.status == 200, answer.json
        revision = answer.json["revision"]
        return [line["text"] for line in answer.json["page"]["lines"] if not line["out"]]

    assert done("split", line=1, at=6)[:2] == ["first", "line of all"]
    assert done("merge", line=1)[0] == TEXTS[0]
    assert done("move", line=1, by=1)[1] == TEXTS[0]
    assert done("delete", line=1) == list(TEXTS[1:])
    assert done("undo")[1] == TEXTS[0]
    assert done("leave_out", box=[0, 0, 200, 700])[0] == TEXTS[2]
    assert len(done("take_in", region=0)) == len(TEXTS)
    assert done("undo")[0] == TEXTS[2] and len(done("redo")) == len(TEXTS)


def test_what_a_tab_asks_again_is_done_once(client, place):
    """A tab that is closed sends all again that it had no answer to, at the revision it knew."""
    more = {"tab": "a", "line": 1}
    assert client.change(0, "text", text="one", number=1, **more).json["revision"] == 1
    split = {"op": "split", "line": 1, "at": 4, "number": 3}
    again = [
        {"op": "text", "line": 1, "text": "one", "number": 1},
        {"op": "text", "line": 1, "text": "one more", "number": 2},
        split,
    ]
    for _ in range(2):
        answer = client.change(0, "several", tab="a", changes=again)
        assert answer.status == 200
        assert [line["text"] for line in answer.json["page"]["lines"]][:3] == [
            *("one", "more"),
            TEXTS[1],
        ]
    late = client.change(0, "text", text="one", number=1, **more)
    assert late.json["revision"] == answer.json["revision"] and not late.json["changed"]
    assert client.change(0, "text", text="by another", tab="b", number=1, line=1).status == 409
    rows = (place / "page1.gt.txt").read_text().splitlines()
    assert rows[1:4] == ["one", "more", TEXTS[1]]


def test_what_another_tab_has_changed_stays_where_one_asks_again(client):
    assert client.change(0, "text", text="one", tab="a", number=1, line=1).status == 200
    assert client.change(1, "text", text="other", tab="b", number=1, line=1).status == 200
    again = [{"op": "text", "line": 1, "text": "two", "number": 2}]
    answer = client.change(0, "several", tab="a", changes=again)
    assert answer.status == 409 and answer.json["page"]["lines"][0]["text"] == "other"


def test_one_change_of_several_that_cannot_be_done_leaves_the_others(client):
    changes = [
        {"op": "text", "line": 99, "text": "x", "number": 1},
        {"op": "text", "line": 2, "text": "two", "number": 2},
    ]
    assert client.change(0, "several", tab="a", changes=changes).status == 422
    assert client.ask("/api/pages/1").json["lines"][1]["text"] == "two"


def test_a_stale_change_shows_what_is_there(client):
    client.change(0, "text", line=1, text="theirs")
    answer = client.change(0, "text", line=1, text="mine")
    assert answer.status == 409 and answer.json["stale"]
    assert answer.json["page"]["revision"] == 1
    assert answer.json["page"]["lines"][0]["text"] == "theirs"


def test_a_change_beside_a_text_written_by_hand_shows_what_of_that_fits_no_line(client, place):
    client.change(0, "text", line=1, text="first line")
    (place / "page1.gt.txt").write_text("\n".join([*TEXTS, "0123456789 0123456789"]))
    answer = client.change(1, "text", line=1, text="typed again")
    assert answer.status == 409 and answer.json["stale"]
    assert [line["text"] for line in answer.json["page"]["lines"]] == list(TEXTS)
    note = {"rows": 1, "file": "page1.before.txt", "first": "0123456789 0123456789"}
    assert answer.json["page"]["notes"] == client.ask("/api/pages/1").json["notes"] == [note]


def test_pictures(client):
    from io import BytesIO

    from PIL import Image

    for path, size in (("/photo/1/320/0", (249, 320)), ("/photo/1/320/1", (320, 249))):
        answer = client.ask(path)
        assert answer.headers["content-type"] == "image/jpeg"
        assert Image.open(BytesIO(answer.body)).size == size
    strip = Image.open(BytesIO(client.ask("/strip/1/3").body))
    assert strip.width > 4 * strip.height and strip.height <= 88


@pytest.mark.parametrize("name", FORMATS)
def test_export_is_the_corrected_text(client, name):
    client.change(0, "text", line=2, text="Correction & <b>", confirmed=True)
    client.change(1, "leave_out", box=[290, 0, 340, 700])
    answer = client.ask(f"/export/{name}?page=1&join=0")
    assert answer.status == 200 and answer.headers["content-type"] == "application/octet-stream"
    assert "attachment" in answer.headers["content-disposition"]
    if name == "text":
        assert answer.body.decode() == "\n".join(
            [TEXTS[0], "Correction & <b>", TEXTS[2], TEXTS[4], ""]
        )
    if name in ("json", "hocr", "alto", "page", "html", "tsv", "csv"):
        text = answer.body.decode()
        assert ("Correction" in text and "<b>" not in text.replace("Correction & <b>", "")) or (
            name in ("json", "tsv", "csv")
        )
        assert TEXTS[3].split()[0] not in text


def test_export_of_all_pages(client):
    client.ask("/api/pages/1"), client.ask("/api/pages/2")
    text = client.ask("/export/text").body.decode()
    assert text.count(TEXTS[0]) == 2
    import io
    import zipfile

    archive = zipfile.ZipFile(io.BytesIO(client.ask("/export/alto").body))
    assert archive.namelist() == ["page1.alto.xml", "page2.alto.xml"]
    assert archive.testzip() is None


def test_hostile_names_and_texts_are_text(tmp_path):
    place = tmp_path / "notes"
    place.mkdir()
    name = "<script>alert(1)<script>&..'\".png"
    draw(place / name)
    shelf = Shelf(pages_of(place)[0], Fake(), ahead=0)
    client = Client(application(shelf, Learning(shelf), TOKEN, [HOST]))
    told = client.ask("/api/pages")
    assert told.headers["content-type"] == "application/json" and told.json["pages"][0][1] == name
    answer = client.change(0, "text", line=1, text="<img src=x onerror=alert(1)>\u202e")
    assert answer.json["changed"][0]["text"] == "<img src=x onerror=alert(1)>"
    header = client.ask("/export/text?page=1").headers["content-disposition"]
    assert "<" not in header and '"' not in header and "\n" not in header


def test_a_page_that_fails_leaves_the_others(tmp_path):
    place = folder(tmp_path / "notes", 1)
    draw(place / "bad.png")
    shelf = Shelf(pages_of(place)[0], Fake(), ahead=0)
    client = Client(application(shelf, Learning(shelf), TOKEN, [HOST]))
    answer = client.ask("/api/pages/1")
    assert answer.status == 422 and "damaged" in answer.json["error"]
    assert client.ask("/api/pages/2").status == 200


def test_an_export_that_cannot_be_made_is_an_error(client, place):
    client.ask("/api/pages/1")
    (place / "page1.png").unlink()
    answer = client.ask("/export/pdf?page=1")
    assert answer.status == 422 and "no such file" in answer.json["error"]


class Drawing(Fake):
    def new_line(self, photo, doc, shape):
        return Line((), shape, ()), ()


@pytest.mark.parametrize("points", [[[-50, 9e5], [8e5, -3]], [[5, 5], [5, 5]]])
def test_a_line_is_drawn_on_the_page(place, points):
    shelf = Shelf(pages_of(place)[0], Drawing(), ahead=0)
    client = Client(application(shelf, Learning(shelf), TOKEN, [HOST]))
    assert client.change(0, "new_line", points=points).status == 200
    shelf = Shelf(pages_of(place)[0], Fake(), ahead=0)
    new = next(one for one in shelf.open(1).doc.entries if one.id == 6)  # it can be read again
    assert all(0 <= y <= 900 and 0 <= x <= 700 for y, x in new.line.baseline)


@pytest.mark.parametrize(
    "more",
    [
        {"revision": float("inf")}, {"revision": 10**12}, {"revision": "0"}, {"next_id": -5},
        {"next_id": float("inf")}, {"turns": float("inf")}, {"turns": 7}, {"touched": "x"},
        {"regions": [[float("inf")] * 4]}, {"regions": [[1, 2, 3]]}, {"regions": [[5, 5, 1, 1]]},
        {"entries": "abc"}, {"entries": [{"id": 1}] * 5}, {"entries": [{"id": 1}] * 9},
        {"entries": [{"id": 1, "choices": {"a": [float("nan")]}}]},
        {"entries": [{"id": 1, "choices": {"a": ["\ud800"]}}]},
        {"entries": [{"id": 1, "choices": {"\ud800": ["a"]}}]},
        {"entries": [{"id": 1, "out": 3}]},
        *({"entries": [{"id": 1, "line": {"words": [], "polygon": [], "baseline": points}}]}
          for points in ([[1e400, 1]], [[1, 1], [1, 9e8]])),
    ],
)  # fmt: skip
def test_a_damaged_correction_is_named(client, place, more):
    path = place / "page1.gt.json"
    data = json.loads(path.read_text())
    path.write_text(json.dumps({**data, "review": {**data["review"], **more}}))
    answer = client.ask("/api/pages/1")
    assert answer.status == 422 and "page1.gt.json: damaged" in answer.json["error"]
    assert client.ask("/api/pages/2").status == 200


def test_changes_of_many_at_once_are_all_there_or_refused(client):
    done = []

    def work(line: int) -> None:
        for k in range(20):
            revision = client.ask("/api/pages/1").json["revision"]
            answer = client.change(revision, "text", line=line, text=f"{line} {k}")
            if answer.status == 200:
                done.append(f"{line} {k}")

    threads = [threading.Thread(target=work, args=(line,)) for line in (1, 2, 3)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    page = client.ask("/api/pages/1").json
    assert page["revision"] == len(done) > 0
    for line in (1, 2, 3):
        mine = [text for text in done if text.startswith(f"{line} ")]
        assert not mine or page["lines"][line - 1]["text"] == mine[-1]


# --- over the network ---------------------------------------------------------------------


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


def test_an_export_that_breaks_off_is_told_in_one_line(tmp_path):
    place = folder(tmp_path / "notes", 2)
    with Server(place) as server:
        for number in (1, 2):
            urllib.request.urlopen(f"{server.url}api/pages/{number}", timeout=PATIENCE).close()
        (place / "page2.png").unlink()
        with (
            pytest.raises((http.client.IncompleteRead, ConnectionError)),
            urllib.request.urlopen(server.url + "export/pdf", timeout=PATIENCE) as answer,
        ):
            answer.read()
        said = server.stop()[1].splitlines()
    assert len(said) == 3 and "page2.png: no such file" in said[1]


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


def test_the_address_answers_as_soon_as_it_is_printed(tmp_path):
    with Server(folder(tmp_path / "notes", 1)) as server:
        with urllib.request.urlopen(server.url + "api/pages", timeout=PATIENCE) as answer:
            assert answer.status == 200
        assert server.stop()[0] == 0


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

"""ocr.review.server: what it answers."""

from __future__ import annotations

import json
import threading

import pytest
from review_fakes import HOST, TEXTS, TOKEN, Client, Fake, draw, folder, pages_of

from ocr.page import Line
from ocr.review.learning import Learning
from ocr.review.shelf import Shelf

pytest.importorskip("starlette")
guard = pytest.importorskip("ocr.review.guard")
application = pytest.importorskip("ocr.review.server").application


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/api/pages?since=%C2%B2", 200),
        ("/api/pages?since=" + "9" * 5000, 200),
        ("/api/pages?since=--5", 200),
        ("/api/pages/" + "9" * 5000, 414),
        ("/photo/1/" + "9" * 5000 + "/0", 414),
        ("/api/pages/" + "9" * 100, 404),
        ("/export/text?page=" + "9" * 5000, 404),
    ],
)
def test_numbers_that_are_none_end_in_an_answer(client, path, status):
    assert client.ask(path).status == status


def test_it_serves_what_belongs_to_it(client):
    page = client.ask("/")
    assert page.status == 200 and page.body.startswith(b"<!doctype html>")
    for name in ("app.js", "style.css", "texts.js"):
        assert client.ask(f"/static/{name}").status == 200
    for name in (*guard.HEADERS, "cache-control"):
        assert name in page.headers
    policy = page.headers["content-security-policy"]
    assert "default-src 'none'" in policy and "unsafe" not in policy


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

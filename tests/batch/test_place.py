"""ocr.batch.place: results in a folder, and behind addresses."""

import hashlib
import pickle

import pytest
from batch_fakes import Upper, notes

from ocr.batch import journal
from ocr.batch.place import PROBE, Place
from ocr.batch.run import run
from ocr.batch.work import PARTS
from ocr.errors import OcrError, OutputError


@pytest.fixture(params=["folder", "file", "memory"])
def place(request, tmp_path):
    if request.param == "folder":
        yield Place(str(tmp_path / "out"))
        return
    fsspec = pytest.importorskip("fsspec", reason="the extra `cluster` is not installed")
    if request.param == "file":
        yield Place(f"file://{tmp_path}/out")
        return
    yield Place("memory://bucket/out")
    fsspec.filesystem("memory").rm("/bucket", recursive=True)


def test_write_read_remove(place):
    place.make()
    place.write("b.txt", b"two")
    place.write("sub/a.txt", b"one")
    assert place.read("sub/a.txt") == b"one"
    assert place.read("none") is None
    assert place.names("sub") == ["a.txt"]
    assert place.names("none") == []
    assert "b.txt" in place.names("")
    place.write("b.txt", b"three")
    assert place.read("b.txt") == b"three"
    place.remove("b.txt")
    place.remove("b.txt")
    assert not place.exists("b.txt")
    assert place.exists("sub/a.txt")


def test_the_account_tells_what_is_whole(place):
    place.make()
    place.write("a", b"abc")
    digest = hashlib.sha256(b"abc").hexdigest()
    assert place.account("a") == (3, digest)
    assert place.account("b") is None
    place.write("a", b"abd")
    assert place.account("a") not in (None, (3, digest))


def test_pieces_become_one_file_or_none(place):
    place.make()
    digest = hashlib.sha256(b"abcd").hexdigest()
    assert place.write("sub/a", iter([b"ab", b"", b"cd"])) == (4, digest)
    assert place.account("sub/a") == (4, digest)

    def broken():
        yield b"ef"
        raise OcrError("no more")

    with pytest.raises(OcrError, match="no more"):
        place.write("sub/a", broken())
    assert place.read("sub/a") == b"abcd"
    assert place.names("sub") == ["a"]
    assert not place.exists(PROBE)


def test_clear(place):
    place.make()
    place.write("sub/a", b"1")
    place.write("sub/deep/b", b"2")
    place.write("c", b"3")
    place.clear("sub")
    place.clear("sub")
    assert not place.exists("sub/a")
    assert not place.exists("sub/deep/b")
    assert place.read("c") == b"3"


def test_it_travels(place):
    place.make()
    place.write("a", b"x")
    assert pickle.loads(pickle.dumps(place)).read("a") == b"x"


def test_unusable_places(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(OutputError):
        Place(str(tmp_path / "file" / "out")).make()
    with pytest.raises(OutputError, match="file"):
        Place(str(tmp_path)).write("file/a.txt", b"")
    pytest.importorskip("fsspec", reason="the extra `cluster` is not installed")
    with pytest.raises(OcrError, match="nosuch"):
        Place("nosuch://bucket").make()


def test_a_run_and_its_resumption(place, tmp_path, monkeypatch):
    monkeypatch.setattr(journal, "PART_ROWS", 2)

    def read(items, **options):
        summary = run(items, Upper(), place, lambda t, step, _: map(step, t), **options)
        return summary.read, summary.found, summary.failed

    items = notes(tmp_path / "in", a="one", b="two|" * 5, c="three", d="bad")
    assert read(items) == (3, 0, 1)
    with pytest.raises(OutputError, match="already there"):
        read(items)
    place.remove("b.up")
    items = notes(tmp_path / "in", a="one", b="two", c="3", d="four", e="five")
    assert read(items, resume=True) == (4, 1, 0)
    assert read(items, resume=True) == (0, 5, 0)
    names = {name for name in place.names("") if not name.startswith(".")}
    assert names == {"a.up", "b.up", "c.up", "d.up", "e.up"}
    assert place.read("d.up") == b"FOUR"
    assert not place.names(PARTS)


def test_where_nothing_is_appended_a_part_is_written_after_a_while(monkeypatch):
    pytest.importorskip("fsspec", reason="the extra `cluster` is not installed")
    place = Place("memory://parts")
    book = journal.Journal(place, resume=False)
    book.add(journal.Record("a", "b", "c", {}))
    assert not journal.stands(place)
    monkeypatch.setattr(journal, "PART_SECONDS", -1.0)
    book.add(journal.Record("d", "e", "f", {"d.txt": (1, "g")}))
    assert journal.stands(place)
    book.close()
    assert len(place.names(journal.PARTS)) == 1
    place.clear(journal.PARTS)


def test_no_bucket_is_made_by_the_way(monkeypatch):
    system = pytest.importorskip("fsspec").filesystem("memory")
    asked = []
    monkeypatch.setattr(type(system), "protocol", ("s3", "s3a"))
    monkeypatch.setattr(type(system), "put_file", lambda *_: None)  # it would, in memory
    monkeypatch.setattr(type(system), "makedirs", lambda self, *_, **__: asked.append(1))
    place = Place("memory://bucket/out")
    place.write("a", b"x")
    assert asked == []


def test_errors_of_a_client_of_a_store_are_told(monkeypatch):
    system = pytest.importorskip("fsspec").filesystem("memory")

    class NoCredentialsError(Exception):
        pass

    def refuse(*_, **__):
        raise NoCredentialsError("unable to locate credentials")

    monkeypatch.setattr(type(system), "put_file", refuse)
    with pytest.raises(OutputError, match="unable to locate credentials"):
        Place("memory://bucket/out").make()


def test_names_with_line_ends_of_unicode(place):
    name = "a\u2028b\u0085.jpg"
    place.make()
    book = journal.Journal(place, resume=False)
    book.add(journal.Record(name, "1", "2", {}))
    book.close()
    book = journal.Journal(place, resume=True)
    assert book.done(name) == journal.Record(name, "1", "2", {})
    book.close()


def test_a_folder_of_results_that_is_a_link_inside_is_not_followed(tmp_path):
    (tmp_path / "out").mkdir()
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "out" / "sub").symlink_to(tmp_path / "elsewhere")
    place = Place(str(tmp_path / "out"))
    for name in ("sub/a.txt", "../a.txt", "/a.txt", "b/../../a.txt"):
        with pytest.raises(OutputError):
            place.write(name, b"x")
        assert place.read(name) is None
        assert place.account(name) is None
    assert not list((tmp_path / "elsewhere").iterdir())
    assert not (tmp_path / "a.txt").exists()

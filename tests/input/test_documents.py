"""ocr.input.documents: from arguments to documents and pages, and the names of their outputs."""

import io
import os
import pickle
import sys
import unicodedata
from pathlib import Path

import numpy as np
import pypdfium2
import pytest
from hypothesis import given
from hypothesis import strategies as st
from input_fakes import touched
from PIL import Image

from ocr.errors import ImageError
from ocr.formats.output import make_folder
from ocr.input import documents, sources
from ocr.input.documents import Document, PageSource, find_documents, parse_ranges, read_list
from ocr.input.sources import pictures_in


def fail(argument, error):
    raise AssertionError(f"{argument}: {error}")


def stems(*arguments: Path | str, **options) -> list[str]:
    found = find_documents(map(str, arguments), on_error=fail, **options)
    return [document.stem for document in found]


# Names


def test_outputs_are_called_as_their_inputs(tmp_path):
    touched(tmp_path, "photo.jpg", "b.c.png", "noise", ".hidden.jpg")
    assert stems(tmp_path / "photo.jpg", tmp_path / "b.c.png") == ["photo", "b.c"]
    assert stems(tmp_path / "noise", "-") == ["noise", "stdin"]
    assert stems(tmp_path) == ["b.c", "photo"]


def test_one_stem_with_several_suffixes(tmp_path):
    touched(tmp_path, "photo.jpg", "photo.png", "Photo.tif", "other.jpg")
    assert stems(tmp_path) == ["Photo.tif", "other", "photo.jpg", "photo.png"]


def test_what_may_be_called_as_a_format_or_page_of_another_keeps_its_suffix(tmp_path):
    from ocr.formats import FORMATS

    parts = {one.suffix.split(".")[1] for one in FORMATS.values() if one.suffix.count(".") > 1}
    touched(tmp_path, "photo.jpg", "photo.page0001.jpg", "other.lines.jpg")
    touched(tmp_path, *(f"photo.{part}.jpg" for part in parts))
    kept = [f"photo.{part}.jpg" for part in {*parts, "page0001"}]
    assert sorted(stems(tmp_path)) == sorted(["photo", "other.lines", *kept])


def test_one_name_in_several_folders(tmp_path):
    touched(tmp_path, "x/a/photo.jpg", "x/b/photo.jpg", "x/b/photo.png", "y/other.jpg")
    a, b = tmp_path / "x" / "a", tmp_path / "x" / "b"
    assert stems(a / "photo.jpg", b / "photo.jpg") == ["a/photo", "b/photo"]
    assert stems(a, b, tmp_path / "y") == ["a/photo", "b/photo", "photo.png", "other"]
    assert stems(a / "photo.jpg", a / "photo.jpg") == ["photo", "photo"]


def test_folders_inside_folders(tmp_path):
    touched(tmp_path, "a.jpg", "deep/a.jpg", "deep/er/b.jpg", ".git/c.jpg", "deep/notes.txt")
    assert stems(tmp_path) == ["a"]
    assert stems(tmp_path, recursive=True) == ["a", "deep/a", "deep/er/b"]
    assert stems(tmp_path, recursive=True, leave_out=[tmp_path / "deep"]) == ["a"]


def test_links_to_folders_are_not_followed(tmp_path):
    touched(tmp_path, "a.jpg", "deep/b.jpg")
    (tmp_path / "deep" / "up").symlink_to(tmp_path)
    assert stems(tmp_path, recursive=True) == ["a", "deep/b"]


def test_patterns(tmp_path):
    touched(tmp_path, "b.jpg", "a.jpg", "c.png", "d/e.jpg", "odd[1].jpg")
    assert stems(tmp_path / "*.jpg") == ["a", "b", "odd[1]"]
    assert stems(tmp_path / "**" / "*.jpg") == ["a", "b", "e", "odd[1]"]
    assert stems(tmp_path / "odd[1].jpg") == ["odd[1]"]
    errors = []
    found = find_documents(
        [str(tmp_path / "*.gif"), str(tmp_path / "a.jpg")], on_error=lambda *e: errors.append(e)
    )
    assert [document.stem for document in found] == ["a"]
    ((argument, error),) = errors
    assert argument == str(tmp_path / "*.gif")
    assert "no file matches" in str(error)


def test_texts_beside_their_pictures_are_no_input(tmp_path):
    touched(tmp_path, "a.jpg", "a.gt.txt", "a.gt.json", "b.png", "b.png.gt.txt", "c.gt.txt")
    touched(tmp_path, "scan.pdf", "scan.page0002.gt.txt")
    assert stems(tmp_path / "*") == ["a", "b", "c.gt", "scan"]
    assert stems(*sorted(tmp_path.iterdir())) == ["a", "b", "c.gt", "scan"]
    assert stems(tmp_path / "a.gt.txt") == ["a.gt"]


def test_names_that_would_meet_are_told_apart(tmp_path):
    touched(tmp_path, "a.tif", "a.page0001.png", "b.page0001.png", "errors.jpg")
    assert stems(tmp_path) == ["a.page0001.png", "a", "b.page0001", "errors~2"]
    assert [one.stem for one in find_documents([".ocr-journal.png"], on_error=fail)] == [
        ".ocr-journal~2"
    ]
    found = find_documents(["x/A", "x/a", "x/a~2.pdf"], on_error=fail)
    assert len({document.stem.casefold() for document in found}) == 3
    found = find_documents(["x/\u00e9.jpg", "x/e\u0301.jpg"], on_error=fail)
    assert len({unicodedata.normalize("NFC", document.stem) for document in found}) == 2


def test_a_file_named_twice_has_one_spelling_and_one_name(tmp_path, monkeypatch):
    touched(tmp_path, "a.png", "b.png")
    monkeypatch.chdir(tmp_path)
    found = find_documents(["./a.png", "a.png", str(tmp_path), "x/../b.png"], on_error=fail)
    assert [one.path for one in found] == ["./a.png", "./a.png", "./a.png", str(tmp_path / "b.png"),
                                           str(tmp_path / "b.png")]  # fmt: skip
    assert {one.stem for one in found} == {"a", "b"}


def test_folders_nested_without_end(tmp_path):
    deep = tmp_path / "in" / "/".join(["d"] * 1200)
    make_folder(deep)
    try:
        (deep / "a.jpg").touch()
        assert stems(tmp_path / "in", recursive=True) == ["d/" * 1200 + "a"]
    finally:  # step by step: shutil.rmtree goes by recursion
        (deep / "a.jpg").unlink()
        for folder in (deep, *deep.parents[:1200]):
            folder.rmdir()


def test_pipes_in_a_folder_are_named_and_left_out(tmp_path):
    touched(tmp_path, "a.jpg")
    os.mkfifo(tmp_path / "b.jpg")
    errors = []
    found = find_documents([str(tmp_path)], on_error=lambda *about: errors.append(about))
    assert [document.stem for document in found] == ["a"]
    ((name, error),) = errors
    assert name == str(tmp_path / "b.jpg")
    assert "a pipe or a device" in str(error)
    assert [path.name for path in pictures_in(tmp_path)] == ["a.jpg"]


def test_what_an_earlier_run_wrote_is_no_input(tmp_path):
    touched(tmp_path, "a.jpg", "a.pdf")
    written = {(tmp_path / "a.pdf").resolve()}
    found = find_documents([str(tmp_path)], written=written, on_error=fail)
    assert [document.stem for document in found] == ["a"]
    found = find_documents([str(tmp_path / "a.pdf")], written=written, on_error=fail)
    assert len(found) == 1  # it was named


names = st.text("aAb./", min_size=1, max_size=5).filter(
    lambda text: ".." not in text and "//" not in text and text.strip("./") and text[-1] != "/"
)


@given(st.lists(names, min_size=1, max_size=8))
def test_names_never_meet(paths):
    found = find_documents([f"no-such-place/{path}" for path in paths], on_error=fail)
    named = {os.path.normpath(document.path): document.stem.casefold() for document in found}
    distinct = {document.path for document in found}
    assert len({document.stem.casefold() for document in found}) == len(distinct)
    assert all(not Path(stem).is_absolute() and ".." not in stem for stem in named.values())


# Lists and ranges


def test_list_of_files(tmp_path, monkeypatch):
    path = tmp_path / "list.txt"
    path.write_bytes("a.jpg\r\n\n ö b.jpg\n".encode() + b"\xe9.jpg")
    assert read_list(str(path)) == ["a.jpg", " ö b.jpg", os.fsdecode(b"\xe9.jpg")]
    with pytest.raises(ImageError, match="no such file"):
        read_list(str(tmp_path / "none"))
    path.write_bytes(b"\xef\xbb\xbfa.jpg\r\n")  # as some editors save it
    assert read_list(str(path)) == ["a.jpg"]
    path.write_bytes(b" \n\n")
    with pytest.raises(ImageError, match="names no files"):
        read_list(str(path))
    path.write_bytes(b"\xff\xd8\xff\xe0\0\x10JFIF")
    with pytest.raises(ImageError, match="no list of files"):
        read_list(str(path))
    path.write_bytes(b"a.jpg\n" * 100)
    monkeypatch.setattr(documents, "MAX_LIST", 500)
    with pytest.raises(ImageError, match="no list of files"):
        read_list(str(path))


@pytest.mark.parametrize(
    ("text", "ranges"),
    [
        ("3", ((3, 3),)),
        ("1-3,7, 10-", ((1, 3), (7, 7), (10, None))),
        ("2 - 2", ((2, 2),)),
    ],
)
def test_ranges(text, ranges):
    assert parse_ranges(text) == ranges


@pytest.mark.parametrize("text", ["", "a", "0", "3-1", "-3", "1,,2", "1-2-3", "1 2", "²"])
def test_wrong_ranges(text):
    with pytest.raises(ValueError, match="page"):
        parse_ranges(text)


# Pages


@pytest.fixture
def scan(tmp_path) -> Path:
    """Three pages of 40 x 30, ever darker."""
    pages = [Image.new("L", (40, 30), level) for level in (200, 100, 0)]
    pages[0].save(tmp_path / "scan.tif", save_all=True, append_images=pages[1:])
    return tmp_path / "scan.tif"


def levels(document: Document) -> list[int]:
    return [round(float(source.open().grey(40).mean()) * 255) for source in document.sources()]


def test_pages_are_numbered_and_open(scan):
    document = Document(str(scan), "scan")
    sources = document.sources()
    assert [(s.number, s.pages) for s in sources] == [(1, 3), (2, 3), (3, 3)]
    assert sources[1].title == f"{scan}, page 2"
    assert levels(document) == [200, 100, 0]
    assert levels(Document(str(scan), "scan", ((2, None),))) == [100, 0]
    assert levels(Document(str(scan), "scan", ((3, 9), (1, 1)))) == [200, 0]
    with pytest.raises(ImageError, match="it has 3"):
        Document(str(scan), "scan", ((4, None),)).sources()
    with pytest.raises(ImageError, match="no page 9"):
        PageSource(str(scan), 9, 3).open()


def test_another_process_can_open_them(scan):
    sources = pickle.loads(pickle.dumps(Document(str(scan), "scan").sources()))
    assert float(sources[2].open().grey(40).max()) == 0


def test_stdin_is_read_once(scan, monkeypatch):
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(scan.read_bytes())))
    assert levels(Document("-", "stdin")) == [200, 100, 0]


def test_an_animation_is_one_page(tmp_path):
    frames = [Image.new("L", (40, 30), level) for level in (200, 0)]
    frames[0].save(tmp_path / "a.gif", save_all=True, append_images=frames[1:])
    assert levels(Document(str(tmp_path / "a.gif"), "a")) == [200]


def test_previews_in_tiffs_are_no_pages(tmp_path):
    pages = [Image.new("L", (40, 30), level) for level in (200, 100, 0)]
    for page, kind in zip(pages, (0, 1, 0), strict=True):
        page.encoderinfo = {"tiffinfo": {254: kind}}
    pages[0].save(tmp_path / "a.tif", save_all=True, append_images=pages[1:])
    assert levels(Document(str(tmp_path / "a.tif"), "a")) == [200, 0]


def test_pages_of_a_pdf(tmp_path):
    path = tmp_path / "a.pdf"
    document = pypdfium2.PdfDocument.new()
    document.new_page(144, 72)
    document.new_page(72, 144)
    document.save(str(path))
    document.close()
    sources = Document(str(path), "a", dpi=100).sources()
    photos = [source.open() for source in sources]
    assert [(photo.width, photo.height) for photo in photos] == [(200, 100), (100, 200)]
    assert photos[0].grey(50).shape == (25, 50)
    assert np.all(photos[1].rgb(200) == 255)


@pytest.fixture
def bucket():
    fsspec = pytest.importorskip("fsspec", reason="the extra `cluster` is not installed")
    system = fsspec.filesystem("memory")
    for name in ("a.png", "b.txt", "deep/a.png", "deep/c.jpg"):
        system.pipe_file(f"/scans/{name}", b"x")
    yield "memory://scans"
    system.rm("/scans", recursive=True)


@pytest.mark.parametrize(
    ("argument", "recursive", "stems"),
    [
        ("", False, {"a.png": "a"}),
        ("", True, {"a.png": "a", "deep/a.png": "deep/a", "deep/c.jpg": "deep/c"}),
        ("/deep/*.jpg", False, {"deep/c.jpg": "c"}),
        ("/b.txt", False, {"b.txt": "b"}),
    ],
)
def test_addresses(bucket, argument, recursive, stems):
    found = find_documents([bucket + argument], recursive=recursive, on_error=fail)
    expected = {f"memory:///scans/{name}": stem for name, stem in stems.items()}
    assert {document.path: document.stem for document in found} == expected


def test_object_keys_lead_nowhere_else(bucket):
    import fsspec

    system = fsspec.filesystem("memory")
    system.store["/scans/../../x.jpg"] = system.store["/scans/a.png"]
    try:
        found = find_documents([bucket], recursive=True, on_error=fail)
    finally:
        del system.store["/scans/../../x.jpg"]
    assert all(".." not in document.stem.split("/") for document in found)
    assert len(found) == 4


@pytest.mark.parametrize("url", ["http://[bad", "abc://x", "zip://x", "sftp://a:b@/x"])
def test_an_address_that_is_none_is_named(url):
    pytest.importorskip("fsspec", reason="the extra `cluster` is not installed")
    errors = []
    find_documents([url], on_error=lambda *about: errors.append(about))
    assert [name for name, _ in errors] == [url]


def test_an_address_is_read(tmp_path):
    fsspec = pytest.importorskip("fsspec", reason="the extra `cluster` is not installed")
    Image.new("L", (40, 30)).save(tmp_path / "a.png")
    fsspec.filesystem("memory").pipe_file("/scans/a.png", (tmp_path / "a.png").read_bytes())
    for url in ("memory://scans/a.png", f"file://{tmp_path}/a.png"):
        (document,) = find_documents([url], on_error=fail)
        (source,) = document.sources()
        assert source.open().width == 40
    fsspec.filesystem("memory").rm("/scans", recursive=True)
    with pytest.raises(ImageError, match="no such file"):
        document.__class__("memory://scans/a.png", "a").sources()
    failed = []
    find_documents(["memory://none/*.png"], on_error=lambda *about: failed.append(about))
    assert len(failed) == 1


def test_names_that_a_system_finds_too_long(tmp_path):
    for name in ("x" * 251, "x" * 250 + "y", "\xe9" * 125):
        (tmp_path / f"{name}.png").write_bytes(b"x")
    found = find_documents([str(tmp_path)], on_error=fail)
    names = [document.stem for document in found]
    assert len({name.casefold() for name in names}) == 3
    for name in names:
        (tmp_path / f".{name}.page0001.ndjson.12345678.part").write_bytes(b"")


def test_a_folder_inside_that_cannot_be_listed_is_named(tmp_path, monkeypatch):
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "p.png").write_bytes(b"x")
    listed = sources._listed

    def refuse(folder):
        if folder.name == "a":
            raise PermissionError(13, "Permission denied", str(folder))
        return listed(folder)

    monkeypatch.setattr(sources, "_listed", refuse)
    errors = []
    found = find_documents(
        [str(tmp_path)], recursive=True, on_error=lambda name, error: errors.append(str(error))
    )
    assert [document.stem for document in found] == ["b/p"]
    assert errors == [f"{tmp_path / 'a'}: cannot be listed (permission denied)."]


def test_numbers_of_pages_have_a_dozen_digits():
    with pytest.raises(ValueError, match="is no page range"):
        parse_ranges("9" * 5000)

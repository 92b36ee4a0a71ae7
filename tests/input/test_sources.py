"""ocr.input.sources: what comes through pipes, and the pictures of a folder."""

import io
import os
import threading
import time
from contextlib import nullcontext

import numpy as np
import pytest
from input_fakes import LETTERS, cells, encoded, one_line, picture

from ocr.errors import ImageError
from ocr.input.photo import open_image
from ocr.input.sources import pictures_in, read_source


@pytest.mark.parametrize("second", ["JPEG", "PNG", "PDF", "PPM"])
@pytest.mark.parametrize("first", ["JPEG", "progressive", "PNG", "PDF", "PBM", "PGM", "PPM"])
def test_several_pictures_in_one_pipe_are_refused(monkeypatch, first, second):
    small = picture().resize((81, 60))
    options = {"progressive": True} if first == "progressive" else {}
    modes = {"PBM": "1", "PGM": "L", "PPM": "RGB"}  # all of them PPM to Pillow
    one = encoded(small.convert(modes.get(first, "RGB")),
                  "JPEG" if options else "PPM" if first in modes else first, **options)  # fmt: skip
    for content, refused in ((one + encoded(small, second), True), (one + bytes(99), False)):
        monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(content)))
        if refused:
            with pytest.raises(ImageError, match="several pictures came in"):
                open_image("-")
        else:
            assert open_image("-").width > 0


@pytest.mark.parametrize("header", [b"P5 # 9 9\n4\t4\n# x\n65535\n", b"P6\n4 4 255\n", b"P4 4 4\n"])
def test_where_a_pnm_ends(monkeypatch, header):
    size = {b"P5": 32, b"P6": 48, b"P4": 4}[header[:2]]
    for more, refused in ((b"", False), (b"P5\n1 1\n255\nx", True)):
        content = header + bytes(size) + more
        monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(content)))
        with pytest.raises(ImageError, match="several") if refused else nullcontext():
            assert open_image("-").width == 4


@pytest.mark.parametrize("mode", ["1", "L", "RGB"])
def test_a_file_of_several_pnm_pictures_is_refused(tmp_path, mode):
    path, one = tmp_path / "scan.pnm", encoded(picture().convert(mode), "PPM")
    path.write_bytes(one + encoded(picture(4), "PPM"))
    for source in (path, io.BytesIO(path.read_bytes())):
        with pytest.raises(ImageError, match="holds several pictures"):
            open_image(source)
    path.write_bytes(one + b"\n")
    assert open_image(path).width == picture().width


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no named pipes here")
def test_several_pictures_in_a_named_pipe_are_refused(tmp_path):
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    content = 2 * encoded(picture(), "PNG")
    writer = threading.Thread(target=pipe.write_bytes, args=(content,))
    writer.start()
    with pytest.raises(ImageError, match="several pictures came in"):
        read_source(pipe, "pipe")
    writer.join()


def test_a_picture_of_several_comes_through_a_pipe(monkeypatch):
    stream = io.BytesIO()
    picture().save(stream, "MPO", save_all=True, append_images=[picture(4)])
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(stream.getvalue())))
    assert open_image("-").width == picture().width


def test_a_picture_with_its_depth_comes_through_a_pipe(monkeypatch):
    """As phones append it, told by XMP."""
    about = (
        b'http://ns.adobe.com/xap/1.0/\0<x:xmpmeta xmlns:x="adobe:ns:meta/"><Container:Directory/>'
    )
    one = encoded(picture(), "JPEG")
    length = (len(about) + 2).to_bytes(2, "big")
    content = one[:2] + b"\xff\xe1" + length + about + one[2:] + encoded(picture(4), "JPEG")
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(content)))
    assert open_image("-").width == picture().width


@pytest.mark.parametrize(
    "content",
    [
        b"\xff\xd8" + b"\xff\xe0\0\2" * (1 << 22),
        b"\xff\xd8" + b"\xff\xda\0\2" * (1 << 22),
        b"\x89PNG\r\n\x1a\n" + bytes(1 << 24),
    ],
)
def test_pieces_without_number_in_a_pipe_are_not_followed(monkeypatch, content):
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(content)))
    start = time.process_time()
    assert read_source("-", "stdin") == content
    assert time.process_time() - start < 1


def test_what_comes_through_a_pipe_has_a_limit(monkeypatch):
    monkeypatch.setattr("ocr.input.sources.MAX_STREAM_BYTES", 1000)
    with pytest.raises(ImageError, match="MiB came in"):
        open_image(io.BytesIO(bytes(1001)), "upload")


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no named pipes here")
def test_named_pipe(tmp_path):
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    writer = threading.Thread(target=pipe.write_bytes, args=(encoded(picture(), "PNG"),))
    writer.start()
    photo = open_image(pipe)
    writer.join()
    np.testing.assert_array_equal(cells(photo), LETTERS)


def test_pictures_in(tmp_path):
    for name in ("b.PNG", "a.jpg", "notes.txt", ".hidden.jpg"):
        (tmp_path / name).touch()
    (tmp_path / "folder.jpg").mkdir()
    assert [path.name for path in pictures_in(tmp_path)] == ["a.jpg", "b.PNG"]
    with pytest.raises(ImageError) as error:
        pictures_in(tmp_path / "folder.jpg")
    assert "no pictures" in one_line(error, "folder.jpg")
    with pytest.raises(ImageError):
        pictures_in(tmp_path / "none")

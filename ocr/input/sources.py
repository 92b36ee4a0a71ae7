"""Where a picture's bytes come from: a file, a folder, stdin, a pipe, an address."""

from __future__ import annotations

import io
import re
import stat
import struct
import sys
from collections.abc import Callable, Iterable, Iterator
from os import PathLike
from pathlib import Path
from typing import IO

from ocr.errors import ImageError
from ocr.input.addresses import CLIENT_ERRORS, file_system, is_url
from ocr.input.bounds import HEADER_READS

SUFFIXES = (
    *(".jpg", ".jpeg", ".jpe", ".png", ".gif", ".bmp", ".pbm", ".pgm", ".ppm"),
    *(".tif", ".tiff", ".webp", ".heic", ".heif", ".avif"),
    *(".jp2", ".j2k", ".jpx", ".jpf", ".pdf"),
)  # by which a folder's pictures are told from its other files
GROUND_TRUTH = ".gt.txt"  # ends the name of the text of a picture, beside it
SAVED = ".gt.json"  # and of its page as `ocr review` keeps it
HEAD = 64  # bytes that tell a file's kind
PNM_HEADER = 1 << 12  # bytes that the header of a PNM may take, with its comments
BLOCK = 1 << 20  # bytes that are read at a time
MAX_STREAM_BYTES = 1 << 29  # encoded picture from a pipe, which may never end
JPEG, PNG, PDF_MAGIC = b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"%PDF-"  # how files begin
PNMS = (b"P4\n", b"P5\n", b"P6\n")
ANOTHER = (
    b"\xff\xd8\xff\xe0",
    b"\xff\xd8\xff\xe1",
    PNG,
    PDF_MAGIC,
    b"RIFF",
    b"GIF8",
    b"II*\0",
    b"MM\0*",
    *PNMS,
)
MARK = re.compile(rb"\xff[^\0\xd0-\xd7\xff]")  # of a JPEG, that ends what is encoded
START_OF_SCAN, END = 0xDA, 0xD9
NUMBER = rb"(?:\s|#[^\n]*\n)+(\d{1,9})"  # of a PNM's header
PNM = re.compile(rb"P(?:4" + 2 * NUMBER + rb"|([56])" + 3 * NUMBER + rb")\s")
PDF_END = re.compile(rb"%%EOF\s*(?=%PDF-|\xff\xd8\xff|\x89PNG|P[456]\n)")


def read_source(path: str | PathLike[str], name: str) -> Path | bytes:
    """The path of a regular file; the content of stdin ("-"), an address, a pipe or a device.

    Raises
    ------
    ImageError
        It is missing, empty, a folder, or cannot be read.
    """
    if is_url(str(path)):
        return _fetch(str(path), name)
    if str(path) != "-":
        return _check_file(Path(path), name)
    if sys.stdin is None:
        raise ImageError("stdin: closed. Give the path of an image file.")
    return _read_pipe(sys.stdin.buffer, name)


def _read_pipe(stream: IO[bytes], name: str) -> bytes:
    """What comes through a pipe, if that is one file: `cat` joins several without a mark."""
    content = read_stream(stream, name)
    if content.startswith(ANOTHER, _end_of_first(content)):
        raise ImageError(f"{name}: several pictures came in. Pipe one of them, or name the files.")
    return content


def check_single(stream: IO[bytes], name: str) -> None:
    """Refuse a file of several pictures in PNM, as `pdftoppm` joins them.

    Raises
    ------
    ImageError
    """
    position = stream.tell()
    stream.seek(0)
    end = _end_of_pnm(stream.read(PNM_HEADER))
    if end is not None and end < stream.seek(0, io.SEEK_END):
        stream.seek(end)
        if stream.read(HEAD).startswith(PNMS):
            raise ImageError(f"{name}: holds several pictures. Save each in a file of its own.")
    stream.seek(position)


def _end_of_pnm(content: bytes) -> int | None:
    """Where a PNM ends by its header, if it is one and not written as text."""
    header = PNM.match(content, 0, PNM_HEADER)
    if header is None:
        return None
    bits, rows, kind, width, height, most = (int(part or 0) for part in header.groups())
    sample = (3 if kind == 6 else 1) * (2 if most > 255 else 1)  # bytes of a pixel
    return header.end() + rows * -(-bits // 8) + height * width * sample


def _end_of_first(content: bytes) -> int:
    """Where the first picture of what came in ends, of the kinds that tell it; else the end of all.

    A JPEG of several pictures is one, as phones make them.
    """
    try:
        if content.startswith(PDF_MAGIC) and (found := PDF_END.search(content)):
            return found.end()
        if (end := _end_of_pnm(content)) is not None:
            return end
        if content.startswith(PNG):
            at = len(PNG)
            for _ in range(HEADER_READS):
                size, kind = struct.unpack_from(">I4s", content, at)
                at += 12 + size
                if kind == b"IEND":
                    return at
        elif content.startswith(JPEG):
            at = 2
            for _ in range(HEADER_READS):
                mark, size = struct.unpack_from(">xBH", content, at)
                if mark == END:
                    return at + 2
                about = content[at + 4 : at + 2 + size]
                if about.startswith(b"MPF\0") or b"Container:Directory" in about:
                    break
                at += 2 + size
                if mark == START_OF_SCAN and (found := MARK.search(content, at)):
                    at = found.start()
    except struct.error:  # it is cut off, or ends there
        pass
    return len(content)


def _fetch(url: str, name: str) -> bytes:
    system, path = file_system(url)
    try:
        with system.open(path, "rb") as stream:
            return read_stream(stream, name)
    except FileNotFoundError:
        raise ImageError(f"{name}: no such file. Check the address.") from None
    except ImageError:
        raise
    except CLIENT_ERRORS as error:
        raise ImageError(f"{name}: cannot be opened ({reason_of(error)}).") from None


def pictures_in(
    folder: Path,
    recursive: bool = False,
    leave_out: Iterable[Path] = (),
    on_unusable: Callable[[Path, str], None] = lambda *_: None,
    advice: str = "",
) -> list[Path]:
    """The pictures inside a folder, told by their suffix, sorted by name.

    Parameters
    ----------
    folder : Path
    recursive : bool
        Whether folders inside it count. Hidden ones and links to folders never do.
    leave_out : iterable of Path
        Folders inside it that do not count.
    on_unusable : callable
        Told of what does not count, and why: what is called like a picture and is a pipe or a
        device, and folders inside that cannot be listed.
    advice : str
        What else may be tried where folders inside do not count, such as an option.

    Raises
    ------
    ImageError
        The folder cannot be listed or holds no picture.
    """
    avoided = {one.resolve() for one in leave_out}
    found: list[Path] = []
    try:
        waiting = [_listed(folder)]  # not by recursion: folders may be nested deep
        while waiting:
            path = next(waiting[-1], None)
            if path is None:
                waiting.pop()
            elif path.name.startswith("."):
                continue
            elif path.is_dir():
                if recursive and not path.is_symlink() and path.resolve() not in avoided:
                    try:
                        waiting.append(_listed(path))
                    except OSError as error:
                        on_unusable(path, f"cannot be listed ({reason_of(error)})")
            elif path.suffix.lower() in SUFFIXES:
                if path.is_file() or not path.exists():
                    found.append(path)
                else:
                    on_unusable(path, "a pipe or a device, not a file. Remove it")
    except OSError as error:
        place = error.filename or folder
        raise ImageError(f"{place}: cannot be listed ({reason_of(error)}).") from None
    if not found:
        raise ImageError(
            f"{folder}: no pictures in this folder ({', '.join(SUFFIXES)}). Name another folder or "
            f"the image files themselves{'' if recursive else advice}."
        )
    return found


def _listed(folder: Path) -> Iterator[Path]:
    return iter(sorted(folder.iterdir()))


def _check_file(path: Path, name: str) -> Path | bytes:
    """The path of a regular file; the content of a pipe or a device."""
    try:
        mode = path.stat()
        if stat.S_ISDIR(mode.st_mode):
            raise ImageError(f"{name}: a folder, not an image file. Name a file inside it.")
        if not stat.S_ISREG(mode.st_mode):
            with path.open("rb") as stream:
                return _read_pipe(stream, name)
        if mode.st_size == 0:
            raise ImageError(f"{name}: the file is empty. Copy or download it again.")
    except FileNotFoundError:
        raise ImageError(f"{name}: no such file. Check the path.") from None
    except (OSError, ValueError) as error:  # ValueError: a null byte in the path
        raise ImageError(f"{name}: cannot be opened ({reason_of(error)}).") from None
    return path


def read_stream(stream: IO[bytes], name: str) -> bytes:
    try:
        content = read_at_most(stream, MAX_STREAM_BYTES)
    except (OSError, ValueError) as error:
        raise ImageError(f"{name}: cannot be read ({reason_of(error)}).") from None
    if not content:
        raise ImageError(f"{name}: nothing came in: it is empty, or was read to its end.")
    if len(content) > MAX_STREAM_BYTES:
        raise ImageError(
            f"{name}: more than {MAX_STREAM_BYTES >> 20} MiB came in. Pipe a single image file."
        )
    return content


def read_at_most(stream: IO[bytes], most: int) -> bytes:
    """What a stream holds, up to a byte more than `most`; it takes no more memory than that has."""
    found = bytearray()
    while len(found) <= most and (block := stream.read(min(BLOCK, most + 1 - len(found)))):
        if not isinstance(block, (bytes, bytearray)):
            raise TypeError("a stream of text, not bytes. Open the file in binary mode.")
        found += block
    return bytes(found)


def first_bytes(source: Path | bytes, name: str, count: int = HEAD) -> bytes:
    """The first bytes, by which a file's kind is told."""
    if isinstance(source, bytes):
        return source[:count]
    try:
        with source.open("rb") as stream:
            return stream.read(count)
    except FileNotFoundError:
        raise ImageError(f"{name}: no such file. Check the path.") from None
    except OSError as error:
        raise ImageError(f"{name}: cannot be opened ({reason_of(error)}).") from None


def reason_of(error: Exception) -> str:
    text = getattr(error, "strerror", None) or str(error)
    return text[:1].lower() + text[1:]

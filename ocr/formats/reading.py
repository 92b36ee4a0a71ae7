"""Read pages from files: ours, and PAGE, ALTO and hOCR of other programs, with their pictures.

What a file is its content tells, not its name. A picture is looked for by the name alone that the
file gives, in the folder that the file is in or in one that is named; never elsewhere.
"""

from __future__ import annotations

import codecs
import io
import os
import re
import stat
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from ocr.errors import DataError, ImageError
from ocr.formats import FORMATS
from ocr.formats.parsing import MAX_BYTES, FoundPage, MalformedError, parse_xml
from ocr.input.documents import PAGE_NAME, PageSource, shown_name
from ocr.input.photo import Photo, count_pages, open_image
from ocr.input.sources import SUFFIXES, read_at_most
from ocr.layout.orientation import map_page
from ocr.page import IDENTITY, Page

ENDINGS = tuple(
    sorted(
        {suffix for one in FORMATS.values() if one.reads for suffix in one.suffixes}
        | {".xml", ".gt.json"},
        key=len,
        reverse=True,
    )
)  # of files that hold pages, the longest first
INSIDE = ("page", "alto")  # folders that Transkribus puts the files into, beside the pictures
ALIKE = 0.02  # share by which a picture's proportions may differ from those that a file tells
HEAD = 1 << 12  # bytes that tell a file's kind
LOOKED_THROUGH = 16 * HEAD  # bytes in which signs of a page are looked for
ROOT = re.compile(r"<\s*(?:[\w.-]+:)?([A-Za-z][\w.-]*)[\s/>]")
# What HTML may be in beside UTF-8.
ENCODING = re.compile(rb"""(?i)(?:charset|encoding)\s*=\s*["']?(iso-8859-\d+|windows-125\d)""")
NOT_PIXELS = (
    "places are not in pixels, and its picture is not beside it: 300 dots per inch are taken"
)

Found = tuple[PageSource, FoundPage]


def read_page(path: str | os.PathLike[str], images: str | os.PathLike[str] | None = None) -> Page:
    """The page that a file describes.

    Parameters
    ----------
    path : str or path-like
        JSON of `ocr`, PAGE XML, ALTO or hOCR.
    images : str or path-like, optional
        Where its picture is; by default in the folder that the file is in.

    Returns
    -------
    Page
        In pixels of its picture, which is its `photo`, if that is found. Lines, words and letters
        whose place the file does not tell stand where they must be about. Where it tells no
        confidence, that is 1.

    Raises
    ------
    DataError
        The file cannot be read, is nothing of the kind, is malformed, or holds several pages.
    """
    pages = list(read_pages(path, images))
    if len(pages) != 1:
        raise DataError(f"{shown_name(str(path))}: holds {len(pages)} pages, not one.")
    return pages[0][1].page


def read_pages(
    path: str | os.PathLike[str], images: str | os.PathLike[str] | None = None
) -> Iterator[Found]:
    """The pages that a file describes, each with where its picture is.

    Yields
    ------
    PageSource, FoundPage
        Of a page whose picture is not found, the source tells its name alone.

    Raises
    ------
    DataError
        As `read_page`, but for the number of pages.
    """
    path = Path(path)
    folder = path.parent if images is None else Path(images)
    name = shown_name(str(path))
    try:
        stem = stem_of(path.name)
        page_name = PAGE_NAME.fullmatch(stem)
        for found in _found_pages(path):
            picture = find_picture(found.picture, folder, stem, images is not None)
            if page_name and picture is None:
                picture = find_picture(found.picture, folder, page_name[1], images is not None)
            tells = page_name and (picture is None or page_name[1] in (picture.stem, picture.name))
            number = found.number or (int(page_name[2]) if page_name and tells else 1)
            yield _with_picture(replace(found, number=number), picture, name)
    except MalformedError as error:
        raise DataError(f"{name}: {error}") from None


def _found_pages(path: Path) -> Iterator[FoundPage]:
    name = shown_name(str(path))
    try:
        if not stat.S_ISREG(path.stat().st_mode):
            raise DataError(f"{name}: a folder or a device, not a file with pages.")
        with path.open("rb") as stream:
            kind = kind_of(stream.read(HEAD))
            stream.seek(0)
            if kind == "json":
                yield from _read_json(stream)
                return
            content = _all_of(stream)
    except FileNotFoundError:
        raise DataError(f"{name}: no such file. Check the path.") from None
    except (OSError, ValueError) as error:
        if isinstance(error, MalformedError):
            raise
        reason = getattr(error, "strerror", None) or str(error)
        raise DataError(f"{name}: cannot be read ({reason}).") from None
    if kind == "hocr":
        from ocr.formats.hocr import read as read_hocr

        yield from read_hocr(_text(content))
    elif kind in ("page", "alto"):
        from ocr.formats.alto import read as read_alto
        from ocr.formats.pagexml import read as read_page_xml

        yield from (read_alto if kind == "alto" else read_page_xml)(parse_xml(content))
    else:
        raise MalformedError(
            "nothing that pages can be read from. Give JSON or NDJSON of `ocr read`, PAGE XML, "
            "ALTO or hOCR."
        )


def kind_of(head: bytes) -> str:
    """What a file is by its first bytes: "json", "page", "alto", "hocr", or "" for something else.

    Examples
    --------
    >>> kind_of(b'{"version": 1'), kind_of(b"<?xml version='1.0'?><PcGts xmlns='a'>")
    ('json', 'page')
    """
    utf16 = head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    text = head.decode("utf-16" if utf16 else "utf-8-sig", "replace").lstrip()
    if text[:1] in ("{", "["):
        return "json"
    text = re.sub(r"<!--.*?-->", "", text, flags=re.DOTALL)
    root = ROOT.search(text) if text.startswith("<") else None
    kinds = {"pcgts": "page", "alto": "alto", "html": "hocr"}
    return kinds.get(root[1].lower(), "") if root else ""


def _all_of(stream: io.BufferedReader) -> bytes:
    content = read_at_most(stream, MAX_BYTES)
    if len(content) > MAX_BYTES:
        raise MalformedError(f"more than {MAX_BYTES >> 20} MiB are no pages.")
    return content


def _text(content: bytes) -> str:
    """UTF-8 or UTF-16 text; of an HTML file also another that it tells."""
    if content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        encoding = "utf-16"
    else:
        match = ENCODING.search(content[:HEAD])
        encoding = match[1].decode() if match else "utf-8-sig"
    try:
        return content.decode(encoding)
    except (LookupError, UnicodeError):
        raise MalformedError(f"not text in {encoding}. Save it as UTF-8.") from None


def _read_json(stream: io.BufferedReader) -> Iterator[FoundPage]:
    """Pages of one JSON text, or of one in each row: NDJSON, of which one row is held at a time."""
    from ocr.formats.json import parsed, read
    from ocr.formats.ndjson import read as read_rows

    rows = False
    with suppress(MalformedError):
        rows = isinstance(parsed(_text_of_json(stream.readline(MAX_BYTES + 1))), dict)
    stream.seek(0)
    if rows:
        yield from read_rows(_rows(stream))
    else:
        yield from read(_text_of_json(_all_of(stream)))


def _rows(stream: io.BufferedReader) -> Iterator[str]:
    while row := stream.readline(MAX_BYTES + 1):
        if len(row) > MAX_BYTES:
            raise MalformedError(f"a row of more than {MAX_BYTES >> 20} MiB is no page.")
        yield _text_of_json(row)


def _text_of_json(content: bytes) -> str:
    if len(content) > MAX_BYTES:
        raise MalformedError(f"more than {MAX_BYTES >> 20} MiB are no pages.")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise MalformedError("not UTF-8 text. Save it as UTF-8.") from None


def stem_of(name: str) -> str:
    """A file's name without the ending that tells its format.

    Examples
    --------
    >>> stem_of("a.page.xml"), stem_of("a.1.json"), stem_of("a.gt.json"), stem_of("a.txt")
    ('a', 'a.1', 'a', 'a.txt')
    """
    ending = next((one for one in ENDINGS if name.lower().endswith(one)), "")
    return name[: len(name) - len(ending)] or name


def find_picture(name: str, folder: Path, stem: str, named: bool = False) -> Path | None:
    """The picture of a file with pages.

    Parameters
    ----------
    name : str
        As the file tells it; folders in it do not count.
    folder : Path
        Where it is looked for, and nowhere else.
    stem : str
        By which it is looked for where there is none of the name: as it is, if it ends like a
        picture, or with such an ending.
    named : bool
        Whether a person has named the folder: then links in it may lead out of it.

    Returns
    -------
    Path or None
        None if there is none, or what is there leads out of the folder.
    """
    base = name.replace("\\", "/").rpartition("/")[2]
    names = [one for one in (base, stem) if one and Path(one).suffix.lower() in SUFFIXES]
    names += [f"{stem}{ending}" for end in SUFFIXES for ending in (end, end.upper())]
    for one in names:
        with suppress(OSError, ValueError):  # a name that the system does not take
            path = folder / one
            inside = named or path.resolve().is_relative_to(folder.resolve())
            if inside and path.is_file():
                return path
    return None


def _with_picture(found: FoundPage, picture: Path | None, name: str) -> Found:
    """A page with its picture, in pixels of that."""
    page = found.page
    if picture is None:
        if not found.pixels:
            page = replace(page, warnings=(*page.warnings, NOT_PIXELS))
        source = PageSource(found.picture or name, found.number, found.number)
        return source, replace(found, page=page)
    try:
        pages = count_pages(picture, str(picture))
        number = found.number if pages > 1 else 1
        photo = open_image(picture, page=number)
    except ImageError as error:
        raise DataError(f"{name}: its picture: {error}") from None
    page = replace(fitted(page, photo, name), photo=photo)
    return PageSource(str(picture), number, pages), replace(found, page=page, number=number)


def fitted(page: Page, photo: Photo, name: str) -> Page:
    """A page in the pixels of its picture, which may be larger or smaller than a file tells.

    Raises
    ------
    DataError
        Its proportions are others: it is cut or turned, or another page's.
    """
    if (page.height, page.width) == (photo.height, photo.width):
        return page
    down, across = photo.height / page.height, photo.width / page.width
    if abs(down / across - 1) > ALIKE:
        raise DataError(
            f"{name}: its page is {page.width} x {page.height} and its picture {photo.name} "
            f"{photo.width} x {photo.height} pixels: cut, turned, or another page's. Give the "
            "picture that it was made for."
        )
    scale = ((down, 0.0, 0.0), (0.0, across, 0.0), (0.0, 0.0, 1.0))
    page = map_page(page, scale, photo.height, photo.width)
    return replace(page, transform=IDENTITY) if not page.engine else page


def files_in(folder: Path) -> list[tuple[Path, Path]]:
    """Files of a folder that may hold pages, each with the folder that its pictures are in.

    Told by their endings and first bytes; those in its folders `page` and `alto` count as well, as
    Transkribus exports them. Hidden ones do not.

    Raises
    ------
    DataError
        The folder cannot be listed.
    """
    found = []
    try:
        for place in (folder, *(folder / name for name in INSIDE)):
            if place != folder and (place.is_symlink() or not place.is_dir()):
                continue
            for path in sorted(place.iterdir()):
                if path.name.lower().endswith(ENDINGS) and not path.name.startswith("."):
                    with suppress(OSError):
                        if path.is_file() and _seems(path):
                            found.append((path, folder))
    except OSError as error:
        raise DataError(
            f"{error.filename or folder}: cannot be listed ({error.strerror})."
        ) from None
    return found


def _seems(path: Path) -> bool:
    """Whether a file of a folder may hold pages: JSON and HTML are of many kinds."""
    with path.open("rb") as stream:
        head = stream.read(LOOKED_THROUGH)
    signs = {"json": (b'"version"', b'"height"'), "hocr": (b"ocr_page",)}
    kind = kind_of(head[:HEAD])
    return bool(kind) and all(sign in head for sign in signs.get(kind, ()))

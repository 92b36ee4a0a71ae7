"""From the arguments of a command to documents, their pages, and the names of their outputs.

Files, folders, patterns and lists of paths become `Document`s; a document opens into
`PageSource`s, one a page, small and picklable, so that another process can read them.
"""

from __future__ import annotations

import codecs
import glob
import io
import os
import re
import unicodedata
from collections import defaultdict
from collections.abc import Callable, Collection, Container, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePath, PurePosixPath

from ocr.errors import ImageError, OcrError
from ocr.input.addresses import CLIENT_ERRORS, file_system, is_url, local_path
from ocr.input.photo import Photo, count_pages, open_image
from ocr.input.sources import (
    GROUND_TRUTH,
    SAVED,
    SUFFIXES,
    pictures_in,
    read_at_most,
    read_source,
)

STDIN = "-"
MAX_LIST = 1 << 28  # bytes of a list of files
RESERVED = ("errors", ".ocr-journal")  # names in a folder of results that are a run's own
MAX_STEM = 200  # bytes of an output's name: systems take 255, with suffix and what is half-written
PAGE_NAME = re.compile(r"(.+)\.page(\d{4,})")  # of a file that holds one page of several
OWN_NAME = re.compile(r"(.+)\.(page\d{4,}|page|alto|lines)")  # of that or of a format: .page.xml

# First and last page, from 1; no last page is up to the end.
PageRange = tuple[int, int | None]


@dataclass(frozen=True)
class PageSource:
    """One page that can be opened, here or in another process.

    Attributes
    ----------
    path : str
        The file it is in; "-" is stdin.
    number, pages : int
        Its number in the file, from 1, and how many pages the whole file has.
    dpi : int or None
        Dots per inch at which a PDF page becomes a picture; None is those of the picture on it.
    content : bytes or None
        What came through a pipe, which cannot be opened twice.
    """

    path: str
    number: int = 1
    pages: int = 1
    dpi: int | None = None
    content: bytes | None = field(default=None, repr=False)

    @property
    def name(self) -> str:
        """How its file is called in messages and results."""
        return shown_name(self.path)

    @property
    def file_name(self) -> str:
        """Its file's name without folders, by which other programs find the picture of a result."""
        return PurePath(self.name).name

    @property
    def title(self) -> str:
        """How messages call the page, such as "scan.pdf, page 3"."""
        return self.name if self.pages == 1 else f"{self.name}, page {self.number}"

    def open(self) -> Photo:
        """Open its picture.

        Raises
        ------
        ImageError
            It cannot be opened; see `ocr.input.photo.open_image`.
        """
        source = self.path if self.content is None else io.BytesIO(self.content)
        return open_image(source, self.title, self.number, self.dpi)


@dataclass(frozen=True)
class Document:
    """A file to read.

    Attributes
    ----------
    path : str
        Where it is; "-" is stdin.
    stem : str
        Name of its outputs without suffix, with folders where it needs them: "photo",
        "letters/1914/photo".
    ranges : tuple of (int, int or None)
        Pages to read; empty for all.
    dpi : int or None
        Dots per inch at which PDF pages become pictures; None takes those of the pictures on them.
    content : bytes or None
        Its content, if it is not in a file.
    """

    path: str
    stem: str
    ranges: tuple[PageRange, ...] = ()
    dpi: int | None = None
    content: bytes | None = field(default=None, repr=False)

    @property
    def name(self) -> str:
        """How it is called in messages and results."""
        return shown_name(self.path)

    def sources(self, content: Path | bytes | None = None) -> tuple[PageSource, ...]:
        """The pages to read, in order; the file is opened to count them.

        Parameters
        ----------
        content : Path or bytes, optional
            What `ocr.input.sources.read_source` gives of its path, where that is at hand.

        Raises
        ------
        ImageError
            It cannot be opened, or has none of the pages asked for.
        """
        content = self.content if content is None else content
        content = read_source(self.path, self.name) if content is None else content
        pages = count_pages(content, self.name)
        wanted = [
            number
            for number in range(1, pages + 1)
            if not self.ranges
            or any(first <= number <= (last or pages) for first, last in self.ranges)
        ]
        if not wanted:
            raise ImageError(
                f"{self.name}: none of the pages asked for; it has {pages}. Change --pages."
            )
        kept = content if isinstance(content, bytes) else None
        return tuple(PageSource(self.path, n, pages, self.dpi, kept) for n in wanted)


def shown_name(path: str) -> str:
    """A file's name for messages, valid UTF-8 even if the name itself is not."""
    return "stdin" if path == STDIN else os.fsencode(path).decode("utf-8", "replace")


def parse_ranges(text: str) -> tuple[PageRange, ...]:
    """Page ranges such as ``"1-3,7,10-"``.

    Raises
    ------
    ValueError
        It is not of this form, or a range ends before it begins.

    Examples
    --------
    >>> parse_ranges("1-3,7,10-")
    ((1, 3), (7, 7), (10, None))
    """
    ranges: list[PageRange] = []
    for part in text.split(","):
        match = re.fullmatch(r"\s*(\d{1,9})\s*(-?)\s*(\d{0,9})\s*", part, re.ASCII)
        if match is None or (match[3] and not match[2]):
            raise ValueError(f"{part.strip()!r} is no page range. Write 3, 1-3 or 10-")
        first = int(match[1])
        last = int(match[3]) if match[3] else None if match[2] else first
        if first < 1 or (last is not None and last < first):
            raise ValueError(f"{part.strip()!r} holds no page; they are counted from 1")
        ranges.append((first, last))
    return tuple(ranges)


def read_list(path: str) -> list[str]:
    """The paths in a text file, one a line; empty lines do not count. "-" is stdin.

    Raises
    ------
    ImageError
        The file cannot be read, is no text, or names nothing.
    """
    name = shown_name(path)
    content = read_source(path, name)
    if isinstance(content, Path):
        try:
            with content.open("rb") as stream:
                content = read_at_most(stream, MAX_LIST)
        except OSError as error:
            raise ImageError(f"{name}: cannot be read ({error.strerror}).") from None
    if len(content) > MAX_LIST or b"\0" in content:
        raise ImageError(f"{name}: no list of files. Write one path a line, or leave --files-from.")
    lines = content.removeprefix(codecs.BOM_UTF8).splitlines()
    paths = [os.fsdecode(line) for line in lines if line.strip()]
    if not paths:
        raise ImageError(f"{name}: names no files. Write one path a line.")
    return paths


def find_documents(
    arguments: Iterable[str],
    *,
    recursive: bool = False,
    ranges: tuple[PageRange, ...] = (),
    dpi: int | None = None,
    leave_out: Collection[Path] = (),
    written: Container[Path] = (),
    on_error: Callable[[str, OcrError], None],
) -> list[Document]:
    """The documents that the arguments name, each with the name of its outputs.

    Parameters
    ----------
    arguments : iterable of str
        Files, folders, patterns such as ``"scans/*.jpg"``, addresses of such for fsspec, or "-"
        for stdin.
    recursive : bool
        Whether folders inside folders count.
    ranges, dpi
        Of each document.
    leave_out : collection of Path
        Folders whose files are not taken where they lie inside another: those of the outputs.
    written : container of Path
        Files, resolved, that an earlier run wrote: they count where they are named, not where they
        lie in a folder.
    on_error : callable
        Called with an argument that gives nothing, or a file that is none, and why.

    Returns
    -------
    list of Document
        In the order of the arguments, a folder's by name, without the texts that lie beside the
        pictures and are named with them, as by ``notes/*``. Outputs are called as their inputs are
        (photo.jpg: photo). Those that would meet keep their suffix (photo.jpg, photo.png), and
        those of one name from several folders these folders as well (a/photo, b/photo); what
        still meets is numbered. A file that is named twice has one spelling.
    """
    found: list[tuple[str, str]] = []
    for argument in arguments:
        try:
            found += _expand(argument, recursive, leave_out, written, on_error)
        except OcrError as error:
            on_error(argument, error)
    found = _without_texts(_spelled_alike(found))
    stems = output_stems(found)
    return [Document(path, stems[path], ranges, dpi) for path, _ in found]


def names_one(arguments: Sequence[str], documents: Sequence[Document]) -> bool:
    """Whether the arguments name one file, and neither a folder nor a pattern."""
    if len(arguments) != 1 or len(documents) != 1:
        return False
    local = local_path(arguments[0]) if is_url(arguments[0]) else None
    return documents[0].path == (arguments[0] if local is None else str(local))


def _expand(
    argument: str,
    recursive: bool,
    leave_out: Collection[Path],
    written: Container[Path],
    on_error: Callable[[str, OcrError], None],
) -> Iterator[tuple[str, str]]:
    """(path, name of its outputs with its suffix) of each file that an argument names."""
    if argument == STDIN:
        yield STDIN, "stdin"
        return
    if not argument:
        raise ImageError("an empty name of a file. Check what the shell made of the command.")
    if is_url(argument):
        local = local_path(argument)
        if local is None:
            yield from _expand_url(argument, recursive)
            return
        argument = str(local)
    if os.path.isdir(argument):  # noqa: PTH112 - a name may hold a null byte
        folder = Path(argument)

        def refuse(path: Path, reason: str) -> None:
            name = shown_name(str(path))
            on_error(name, ImageError(f"{name}: {reason}."))

        for path in pictures_in(folder, recursive, leave_out, refuse, ", or try --recursive"):
            if not written or path.resolve() not in written:
                yield str(path), path.relative_to(folder).as_posix()
        return
    if glob.has_magic(argument) and not os.path.lexists(argument):
        matches = sorted(glob.glob(argument, recursive=True))  # noqa: PTH207 - keeps the path's form
        if not matches:
            raise ImageError(f"{shown_name(argument)}: no file matches. Check the pattern.")
        for match in matches:
            yield from _expand(match, recursive, leave_out, written, on_error)
        return
    yield argument, PurePath(argument).name


def _expand_url(url: str, recursive: bool) -> Iterator[tuple[str, str]]:
    """The same for an address: of a file, a folder or a pattern."""
    system, path = file_system(url)
    try:
        if glob.has_magic(path):
            base, found = path.rpartition("/")[0], system.glob(path)
        elif system.isdir(path):
            inside = system.find(path, maxdepth=None if recursive else 1)
            base = path.rstrip("/")
            found = [name for name in inside if PurePath(name).suffix.lower() in SUFFIXES]
        else:
            base, found = path.rpartition("/")[0], [path]
    except CLIENT_ERRORS as error:
        raise ImageError(f"{url}: cannot be listed ({error}).") from None
    if not found:
        more = "" if recursive else ", or try --recursive"
        raise ImageError(f"{url}: no pictures there. Check the address{more}.")
    for name in sorted(found):
        inside = PurePosixPath(name.removeprefix(f"{base}/")).parts
        # In a store ".." is a name as any other; in a folder of results it would lead out of it.
        kept = [part for part in inside if part not in ("..", "/")]
        yield system.unstrip_protocol(name), "/".join(kept) or "unnamed"


def _spelled_alike(found: list[tuple[str, str]]) -> list[tuple[str, str]]:
    """The files, each spelled as where it was named first: ``./a.jpg`` is ``a.jpg``."""
    first: dict[str, str] = {}
    return [
        (path, name)
        if path == STDIN or is_url(path)
        else (first.setdefault(os.path.abspath(path), path), name)  # noqa: PTH100 - keeps links
        for path, name in found
    ]


def _without_texts(found: list[tuple[str, str]]) -> list[tuple[str, str]]:
    """The files without the corrected texts of the pictures among them."""
    known = {stem for path, _ in found for stem in (path, _without_suffix(path))}

    def is_text(path: str) -> bool:
        ending = next((one for one in (GROUND_TRUTH, SAVED) if path.endswith(one)), None)
        if ending is None:
            return False
        stem = path.removesuffix(ending)
        page = PAGE_NAME.fullmatch(stem)
        return stem in known or (page is not None and page[1] in known)

    return [one for one in found if not is_text(one[0])]


def output_stems(found: Sequence[tuple[str, str]]) -> dict[str, str]:
    """Names of outputs, different for all, also where case does not count.

    Parameters
    ----------
    found : sequence of (str, str)
        Paths, each with its name, and the folders that tell it from others.

    Returns
    -------
    dict of str to str
        By path; see `find_documents`.
    """
    stems = {path: _without_suffix(relative) for path, relative in found}
    full = dict(found)
    for group in _meeting(stems):
        stems.update({path: full[path] for path in group})
    for path in _like_others(stems):
        stems[path] = full[path]
    for group in _meeting(stems):
        places = {path: Path(os.path.abspath(path)) for path in group}  # noqa: PTH100 - keeps links
        shared = os.path.commonpath([place.parent for place in places.values()])
        suffixed = {path: place.relative_to(shared).as_posix() for path, place in places.items()}
        bare = {path: _without_suffix(name) for path, name in suffixed.items()}
        stems.update(suffixed if _meeting(bare) else bare)
    stems = {path: _shortened(stem) for path, stem in stems.items()}
    # What meets even so, such as a/photo.jpg beside a folder that holds a/photo.jpg too.
    taken = {folded_name(stem) for stem in stems.values()} | set(RESERVED)
    kept = set(RESERVED)
    for path, stem in stems.items():
        number = 1
        while folded_name(stems[path]) in (kept if number == 1 else taken):
            number += 1
            stems[path] = f"{stem}~{number}"
        kept.add(folded_name(stems[path]))
        taken.add(folded_name(stems[path]))
    return stems


def _shortened(stem: str) -> str:
    """A name that no system finds too long."""
    folder, slash, name = stem.rpartition("/")
    while len(os.fsencode(name)) > MAX_STEM:
        name = name[:-1]
    return f"{folder}{slash}{name}"


def _like_others(stems: dict[str, str]) -> list[str]:
    """Paths whose outputs may be called as pages or formats of another's: a.page0001.png and
    a.lines.png beside a.tif."""
    taken = {folded_name(stem) for stem in stems.values()}
    found = ((path, OWN_NAME.fullmatch(folded_name(stem))) for path, stem in stems.items())
    return [path for path, match in found if match and match[1] in taken]


def _meeting(stems: dict[str, str]) -> list[list[str]]:
    """Groups of paths whose outputs would be called the same."""
    groups = defaultdict(list)
    for path, stem in stems.items():
        groups[folded_name(stem)].append(path)
    return [group for group in groups.values() if len(group) > 1]


def folded_name(name: str) -> str:
    """What file systems may take for the same name: they differ in case and composed letters."""
    return unicodedata.normalize("NFC", name).casefold()


def _without_suffix(name: str) -> str:
    return str(PurePath(name).with_suffix("").as_posix()) if PurePath(name).suffix else name

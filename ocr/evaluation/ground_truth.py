"""Photos whose text is known: `photo.gt.txt` beside `photo.jpg`, or PAGE XML, ALTO or page JSON.

Of a page of a file with several it is `scan.page0003.gt.txt` beside `scan.pdf`; where pictures are
called the same but for their endings, `photo.png.gt.txt` is that of `photo.png` alone.

A text that was read and that nobody has looked at is a draft: its file begins with the line
`DRAFT`, which a person deletes once the text is right. A file without that line is confirmed.
Of pages that this program wrote, in whatever format, only lines that a person confirmed count; of
those that another program wrote, all do.
"""

from __future__ import annotations

import json
import os
import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from ocr.errors import DataError, ImageError, OcrError
from ocr.formats.reading import ENDINGS, files_in, read_pages
from ocr.input.documents import PAGE_NAME, PageSource
from ocr.input.photo import count_pages
from ocr.input.sources import GROUND_TRUTH, SAVED, SUFFIXES, pictures_in
from ocr.page import Page

FILE = re.compile(rb'\{\s*(?:"counted":\[[\d,]*\],)?"file":\s*("(?:[^"\\]|\\.)*")')  # begins it
FILE_AT_MOST = 1 << 13  # bytes in which that is found
MAX_BYTES = 1 << 24  # of a text
ALONE = "the text of a photo. Name the photo, or the folder of both."
DRAFT = "# draft by ocr: delete this line once the text below is right"


@dataclass(frozen=True)
class PageTruth:
    """A page in a file of PAGE XML, ALTO or page JSON, and how much of it is known to be right.

    Attributes
    ----------
    file, picture : Path
    index : int
        Which page of the file it is, from 0.
    number, pages : int
        Which page of the picture's file it is, from 1, and how many that has.
    lines, confirmed : int
        How many lines it holds, and how many of them are no drafts.
    """

    file: Path
    picture: Path
    index: int
    number: int
    pages: int
    lines: int
    confirmed: int

    @property
    def source(self) -> PageSource:
        """The page of the picture's file."""
        return PageSource(str(self.picture), self.number, self.pages)

    def page(self) -> Page:
        """The page with those of its lines that are not drafts, and with its picture as `photo`.

        Raises
        ------
        DataError
            The file cannot be read.
        """
        for index, (_, found) in enumerate(read_pages(self.file, self.picture.parent)):
            if index == self.index:
                lines = found.page.lines
                kept = tuple(line for line in lines if line.confirmed or not found.drafts)
                photo, warnings = found.page.photo, found.page.warnings
                return Page(
                    found.page.height, found.page.width, kept, photo=photo, warnings=warnings
                )
        raise DataError(f"{self.file}: has changed. Try again.")


def page_truths(
    path: Path, on_error: Callable[[OcrError], None] = lambda _: None
) -> list[PageTruth]:
    """The pages of a file, or of all files in a folder, whose pictures are there.

    `on_error` is called with the error of each file that cannot be read or lacks its picture.
    """
    found: list[PageTruth] = []
    for file, folder in files_in(path) if path.is_dir() else [(path, path.parent)]:
        try:
            about = file.stat()
            found += _truths_of(file, folder, about.st_mtime_ns, about.st_size)
        except OcrError as error:
            on_error(error)
        except OSError as error:
            on_error(DataError(f"{file}: cannot be read ({error.strerror})."))
    return found


@lru_cache(maxsize=4096)  # asked for several times in a run; a file that was changed is read again
def _truths_of(file: Path, folder: Path, _changed: int, _size: int) -> tuple[PageTruth, ...]:
    truths = []
    for index, (source, found) in enumerate(read_pages(file, folder)):
        lines = found.page.lines
        confirmed = sum(line.confirmed or not found.drafts for line in lines)
        if found.page.photo is None and confirmed:
            name = found.picture or "of which it tells no name"
            raise DataError(f"{file}: its picture, {name}, is not beside it. Copy it there.")
        if found.page.photo is None:
            continue
        picture = Path(source.path)
        number, pages = source.number, source.pages
        truths.append(PageTruth(file, picture, index, number, pages, len(lines), confirmed))
    return tuple(truths)


def is_page_file(path: Path) -> bool:
    """Whether a file may hold pages, by its name."""
    return path.name.lower().endswith(ENDINGS)


@dataclass(frozen=True, order=True)
class Known:
    """A picture with its ground truth.

    Attributes
    ----------
    picture : Path
    number : int
        Which page of the picture's file it is, from 1; 0 is the file as a whole, whose pages are
        read one after the other.
    truth : Path
        A text, or a file of pages.
    """

    picture: Path
    number: int
    truth: Path


def without_texts(paths: Sequence[Path]) -> list[Path]:
    """The paths but for the texts of pictures among them: ``notes/*`` names both."""
    pictures = [path for path in paths if path.suffix.lower() in SUFFIXES]
    texts = {*map(truth_path, pictures), *texts_of_pages(pictures).values()}
    return [path for path in paths if path not in texts]


def pairs_in(path: Path) -> list[tuple[Path, Path]]:
    """Pictures and their ground truth as `known_in`, without single pages of longer files."""
    return [(one.picture, one.truth) for one in known_in(path) if not one.number]


def known_in(path: Path, on_error: Callable[[OcrError], None] = lambda _: None) -> list[Known]:
    """Images with their ground truth: `photo.jpg` with `photo.gt.txt`, or with a file of pages.

    Parameters
    ----------
    path : Path
        A folder, of which the pictures that have a ground truth count, a single image, or a file
        of PAGE XML, ALTO or page JSON. Of a picture that has both, the `.gt.txt` counts if it is no
        draft; a text of all pages of a file counts before those of its pages. In a folder, files of
        several pages of PAGE XML, ALTO or page JSON do not count, nor those without a line that is
        confirmed.
    on_error : callable
        Told of files of pages in a folder that cannot be read or have no picture.

    Raises
    ------
    ImageError
        The path is missing, or the folder holds no picture.
    DataError
        There is no ground truth.
    """
    if path.is_dir():
        return _known_in_folder(path, on_error)
    if is_page_file(path) and path.is_file():
        errors: list[OcrError] = []
        truths = page_truths(path, errors.append)
        if errors:
            raise errors[0]
        if not truths:  # drafts without their pictures
            raise DataError(
                f"{path}: holds lines that nobody has confirmed. Correct and confirm them."
            )
        if len(truths) != 1:
            raise DataError(f"{path}: holds {len(truths)} pages, not one.")
        return [Known(truths[0].picture, _number(truths[0].source), path)]
    if not path.exists():
        raise ImageError(f"{path}: no such file or folder. Check the path.")
    if path.name.endswith(GROUND_TRUTH):
        raise DataError(f"{path}: {ALONE}")
    truth = truth_path(path)
    if truth.is_file():
        return [Known(path, 0, truth)]
    known = [Known(path, one.number, text) for one, text in texts_of_pages([path]).items()]
    if not known:
        raise DataError(f"{path}: no ground truth. Write its text into {truth}.")
    return known


def _known_in_folder(folder: Path, on_error: Callable[[OcrError], None]) -> list[Known]:
    pictures = pictures_in(folder)
    pairs = [(picture, truth_path(picture)) for picture in pictures]
    texts = {(picture, 0): truth for picture, truth in pairs if truth.is_file()}
    for source, truth in texts_of_pages(pictures).items():
        _add(texts, source, truth)
    truths = page_truths(folder, on_error)
    counts = Counter(one.file for one in truths)
    for one in truths:
        if one.confirmed and counts[one.file] == 1:
            _add(texts, one.source, one.file)
    if not texts:
        raise DataError(
            f"{folder}: no picture here has a {GROUND_TRUTH} file beside it, nor PAGE XML, ALTO "
            f"or JSON with lines that a person has confirmed. Write what photo.jpg says into "
            f"photo{GROUND_TRUTH}."
        )
    return sorted(Known(*key, truth) for key, truth in texts.items())


def _number(source: PageSource) -> int:
    """A page's number in a file of several pages; 0 in a file of one."""
    return source.number if source.pages > 1 else 0


def _add(texts: dict[tuple[Path, int], Path], source: PageSource, truth: Path) -> None:
    """Add the ground truth of a page, unless it has one that is no draft."""
    picture, number = Path(source.path), _number(source)
    beside = [texts[key] for key in {(picture, 0), (picture, number)} if key in texts]
    if all(map(is_draft, beside)):
        texts.pop((picture, 0), None)
        texts[picture, number] = truth


def read_truth(path: Path) -> str:
    """Text of a ground truth file: UTF-8 with or without a byte order mark, or the lines of a file
    of pages. The first line of a draft, which marks it, is left out.

    Raises
    ------
    DataError
        It cannot be read or is not UTF-8.
    """
    if is_page_file(path):
        return "".join(f"{found.page.text}\n" for _, found in read_pages(path))
    text = _content(path)
    return text.partition("\n")[2] if _begins_as_draft(text) else text


def is_draft(path: Path) -> bool:
    """Whether a ground truth file is a draft that nobody has confirmed, in whole or in part.

    Raises
    ------
    DataError
        As `read_truth`.
    """
    if is_page_file(path):
        return any(
            found.drafts and not line.confirmed
            for _, found in read_pages(path)
            for line in found.page.lines
        )
    return _begins_as_draft(_content(path))


def _content(path: Path) -> str:
    try:
        if path.exists() and not path.is_file():
            raise DataError(f"{path}: a pipe, a device or a folder and no text. Remove it.")
        with path.open("rb") as stream:
            content = stream.read(MAX_BYTES + 1)
        if len(content) > MAX_BYTES:
            raise DataError(f"{path}: more than {MAX_BYTES >> 20} MiB are no text of a photo.")
        # Line ends of all systems, as text files are read.
        return content.decode("utf-8-sig").replace("\r\n", "\n").replace("\r", "\n")
    except UnicodeDecodeError:
        raise DataError(f"{path}: not UTF-8 text. Save it as UTF-8.") from None
    except OSError as error:
        raise DataError(f"{path}: cannot be read ({error.strerror}).") from None


def _begins_as_draft(text: str) -> bool:
    return text.split("\n", 1)[0].strip() == DRAFT


def stem_beside(picture: Path, number: int = 1, pages: int = 1) -> Path:
    """Path of the files beside a picture without `.gt.txt` or `.gt.json`.

    It is the picture's path without its suffix. The suffix stays where files with it exist already,
    or where those without it belong to a picture of the same name with another suffix.

    Parameters
    ----------
    picture : Path
    number, pages : int
        Which page of its file, from 1, and how many that has.

    Examples
    --------
    >>> stem_beside(Path("photo.jpg")).name, stem_beside(Path("scan.pdf"), 3, 9).name
    ('photo', 'scan.page0003')
    """
    short, full = (
        picture.with_name(name + page_suffix(number, pages))
        for name in (picture.stem, picture.name)
    )
    named = any(os.path.lexists(f"{full}{ending}") for ending in (GROUND_TRUTH, SAVED))
    return full if named or _is_anothers(short, picture) else short


def _is_anothers(stem: Path, picture: Path) -> bool:
    """Whether the page saved at a stem belongs to another picture of the same name."""
    saved = stem.with_name(stem.name + SAVED)
    try:
        if not saved.is_file():  # a pipe may wait
            return False
        with saved.open("rb") as stream:
            match = FILE.match(stream.read(FILE_AT_MOST))
        name = Path(json.loads(match[1])).name if match else picture.name
        other = picture.with_name(name)
        return (
            name != PageSource(str(picture)).file_name
            and other.stem == picture.stem
            and other.is_file()
        )
    except (OSError, ValueError):
        return False


def page_suffix(number: int, pages: int) -> str:
    """The page number in the names of a page's files; empty for the only page."""
    return f".page{number:04d}" if pages > 1 else ""


def draft_path(picture: Path) -> Path:
    """Where a new draft of a picture's text goes, which no other picture shall be taken to say.

    That is `truth_path`; its suffix stays where a picture of the same name with another suffix
    lies beside it and neither has a text.
    """
    path = truth_path(picture)
    others = (picture.with_suffix(one) for suffix in SUFFIXES for one in (suffix, suffix.upper()))
    if path.exists() or not any(one.is_file() and not one.samefile(picture) for one in others):
        return path
    return picture.with_name(picture.name + GROUND_TRUTH)


def truth_path(picture: Path, number: int = 1, pages: int = 1) -> Path:
    """Where the ground truth of a picture stands: `photo.gt.txt` beside `photo.jpg`.

    See `stem_beside`.
    """
    stem = stem_beside(picture, number, pages)
    return stem.with_name(stem.name + GROUND_TRUTH)


def texts_of_pages(pictures: Iterable[Path]) -> dict[PageSource, Path]:
    """Ground truth of single pages of longer files: `scan.page0003.gt.txt` for `scan.pdf`.

    Files that cannot be opened are passed over; reading them reports the error.
    """
    folders: dict[Path, list[Path]] = defaultdict(list)
    for picture in pictures:
        folders[picture.parent].append(picture)
    found = {}
    for folder, inside in folders.items():
        numbers = _numbered(folder)
        for picture in inside if numbers else ():
            wanted = sorted({*numbers.get(picture.stem, ()), *numbers.get(picture.name, ())})
            try:
                pages = count_pages(picture, str(picture)) if wanted else 1
            except ImageError:
                continue
            for number in wanted if pages > 1 else ():
                truth = truth_path(picture, number, pages)
                if number <= pages and truth.is_file():
                    found[PageSource(str(picture), number, pages)] = truth
    return found


def _numbered(folder: Path) -> dict[str, set[int]]:
    """Numbers of the pages that have a text in a folder, by the file's name without suffix."""
    numbers: dict[str, set[int]] = defaultdict(set)
    try:
        names = [one.name for one in folder.iterdir() if one.name.endswith(GROUND_TRUTH)]
    except OSError as error:
        raise DataError(f"{folder}: cannot be listed ({error.strerror}).") from None
    for name in names:
        match = PAGE_NAME.fullmatch(name.removesuffix(GROUND_TRUTH))
        if match and int(match[2]):
            numbers[match[1]].add(int(match[2]))
    return numbers

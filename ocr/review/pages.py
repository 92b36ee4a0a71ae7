"""Which pages are corrected, and where the correction of each is kept."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import count
from pathlib import Path

from ocr.batch import journal
from ocr.errors import DataError, ImageError, OcrError, OutputError
from ocr.evaluation.ground_truth import DRAFT, is_draft, page_suffix, read_truth, stem_beside
from ocr.evaluation.ground_truth import MAX_BYTES as MAX_TEXT
from ocr.formats.json import parsed
from ocr.formats.output import refuse_special, replacing
from ocr.input.addresses import is_url
from ocr.input.documents import (
    STDIN,
    Document,
    PageRange,
    PageSource,
    find_documents,
    shown_name,
)
from ocr.input.sources import GROUND_TRUTH, SAVED, pictures_in
from ocr.review import edits
from ocr.review.document import COUNTED_AT_MOST, Reviewed, counted, fitted

PAGED = (".pdf", ".tif", ".tiff", ".gif", ".webp")  # files that are opened to count their pages
MAX_BYTES = 1 << 26  # of a page's JSON

OnError = Callable[[str, OcrError], None]


@dataclass(frozen=True)
class ReviewPage:
    """One page to correct.

    Attributes
    ----------
    id : int
        From 1, in order.
    source : PageSource
    stem : Path
        What its files are called but for their suffixes.
    read : Path or None
        Page JSON of an earlier run, from which the correction begins.
    """

    id: int
    source: PageSource
    stem: Path
    read: Path | None = None

    @property
    def text_path(self) -> Path:
        """Where its text is kept: `photo.gt.txt`."""
        return self.stem.with_name(self.stem.name + GROUND_TRUTH)

    @property
    def json_path(self) -> Path:
        """Where its correction is kept: `photo.gt.json`."""
        return self.stem.with_name(self.stem.name + SAVED)

    @property
    def name(self) -> str:
        """What a person knows it by."""
        file = Path(self.source.name).name
        return file if self.source.pages == 1 else f"{file}, page {self.source.number}"

    def load(self) -> Reviewed | None:
        """The correction as it was kept; None if there is none.

        Raises
        ------
        DataError
            It is damaged, no file of this program, or of a picture of other proportions.
        """
        return self._fitted(_load(self.json_path), self.json_path)

    def counted(self) -> tuple[int, int, bool] | None:
        """Lines, confirmed ones and whether all is done, as it was kept or read; None if it
        was not.

        Only the beginning of a correction is read, if this version has written it.

        Raises
        ------
        DataError
            As `load`.
        """
        try:
            if not self.json_path.is_file() or self.json_path.is_symlink():
                doc = self.load_read()
                return None if doc is None else (len(doc.kept), doc.confirmed, doc.done)
            with self.json_path.open("rb") as stream:
                head = stream.read(COUNTED_AT_MOST)
        except OSError as error:
            raise DataError(f"{self.json_path}: cannot be read ({error.strerror}).") from None
        known = counted(head.decode("utf-8", "replace"))
        if known is None:
            doc = self.load()
            known = None if doc is None else (len(doc.kept), doc.confirmed, doc.done)
        return known

    def load_read(self) -> Reviewed | None:
        """What an earlier run read; None if it left no page JSON of this page as it is now."""
        if self.read is None:
            return None
        try:
            return self._fitted(_load(self.read, self.source.number), self.read)
        except DataError:
            return None  # it is read again

    def _fitted(self, doc: Reviewed | None, path: Path) -> Reviewed | None:
        """A page from a file, in the pixels of the photo as it is opened now."""
        if doc is None:
            return None
        try:
            photo = self.source.open()
        except ImageError:  # told where the picture is shown
            return doc
        return fitted(doc, photo, str(path))

    def load_text(self) -> tuple[list[str], bool] | None:
        """The rows of a text that stands beside it, and whether a person confirmed it."""
        if not self.text_path.is_file() or self.text_path.is_symlink():
            return None
        return read_truth(self.text_path).splitlines(), not is_draft(self.text_path)

    def has_other_text(self, doc: Reviewed) -> bool:
        """Whether a text stands beside it that is neither its correction's nor taken over into it.

        Raises
        ------
        DataError
            It cannot be read.
        """
        digest = self._text_digest()
        return digest not in ("", doc.text_digest or _digest(_text_of(doc)))

    def with_text(self, doc: Reviewed) -> tuple[Reviewed, list[str]]:
        """The correction with such a text taken over, and the rows of that which fit no line.

        As it is, and none, where no such text stands beside it.

        Raises
        ------
        DataError
            It cannot be read, or is no text.
        """
        if not self.has_other_text(doc):
            return doc, []
        digest = self._text_digest()  # before it is read: if it changes now it is read once more
        written = self.load_text()
        if written is None:
            return doc, []
        taken, lost = edits.with_truth(doc, *written)
        return replace(taken, text_digest=digest), lost

    def save(self, doc: Reviewed) -> Reviewed:
        """Keep a correction, its text too once a person has changed something; gives it as kept.

        A text that a person has written meanwhile must have been taken over before.

        Raises
        ------
        OutputError
            It cannot be written, or a link stands in its place.
        """
        refuse_special(self.json_path)
        if doc.touched:
            refuse_special(self.text_path)
            content = _text_of(doc)
            # Comes first: one that is newer than its page is taken over, an older one would be too.
            with replacing(self.text_path) as stream:
                stream.write(content)
            doc = replace(doc, text_digest=_digest(content))
        self.save_lines(doc)
        return doc

    def save_lines(self, doc: Reviewed) -> None:
        """Keep a correction and leave its text as it is; OutputError as `save`."""
        refuse_special(self.json_path)
        with replacing(self.json_path) as stream:
            stream.write(doc.to_json(self.source).encode())

    def keep_aside(self) -> Path:
        """Copy a text that does not fit the lines, so that nothing of it is lost.

        An earlier copy that says something else is left as it is.
        """
        try:
            content = self.text_path.read_bytes()
            for number in count(1):
                name = f"{self.stem.name}.before{number if number > 1 else ''}.txt"
                aside = self.text_path.with_name(name)
                refuse_special(aside)
                if not aside.exists():
                    break
                if aside.stat().st_size == len(content) and aside.read_bytes() == content:
                    return aside
        except OSError as error:
            raise DataError(f"{self.text_path}: cannot be kept aside ({error.strerror}).") from None
        with replacing(aside) as stream:
            stream.write(content)
        return aside

    def _text_digest(self) -> str:
        """SHA-256 of the text beside it; "" if there is none."""
        try:
            if not self.text_path.is_file() or self.text_path.is_symlink():
                return ""
            with self.text_path.open("rb") as stream:
                return _digest(stream.read(MAX_TEXT + 1))
        except OSError as error:
            raise DataError(f"{self.text_path}: cannot be read ({error.strerror}).") from None


def _text_of(doc: Reviewed) -> bytes:
    """What is written beside the photo."""
    head = "" if doc.done else f"{DRAFT}\n"
    return f"{head}{doc.text}\n".encode()


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _load(path: Path, number: int | None = None) -> Reviewed | None:
    """The page in a file of page JSON, or the one of a number if the file may hold several."""
    try:
        if not path.is_file() or path.is_symlink():
            return None
        if path.stat().st_size > MAX_BYTES:
            raise DataError(f"{path}: more than {MAX_BYTES >> 20} MiB are no page.")
        data = parsed(path.read_text(encoding="utf-8"))
        if number is not None:
            pages = data if isinstance(data, list) else [data]
            numbers = [_number_of(one, at) for at, one in enumerate(pages, start=1)]
            data = pages[numbers.index(number)]
        return Reviewed.from_dict(data)
    except OSError as error:
        raise DataError(f"{path}: cannot be read ({error.strerror}).") from None
    except (ValueError, IndexError) as error:
        raise DataError(
            f"{path}: damaged, or no correction of this version ({error}). Move it away."
        ) from None


def _number_of(page: object, at: int) -> object:
    """Which page of its file a page in JSON says that it is; where it stands if it says nothing."""
    return page.get("page", at) if isinstance(page, dict) else at


def find_pages(
    arguments: Sequence[str],
    recursive: bool,
    ranges: tuple[PageRange, ...],
    dpi: int | None,
    on_error: OnError,
) -> list[ReviewPage]:
    """The pages that the arguments name, without opening photos of one page.

    Parameters
    ----------
    arguments : sequence of str
        Files, folders, patterns, and folders into which `ocr read` has written: these stand for
        what was read.
    recursive, ranges, dpi
        As for `find_documents`.
    on_error : callable
        Told of what cannot be used, and why.
    """
    results: dict[str, Path] = {}
    names: list[str] = []
    for argument in arguments:
        found, missing = _read_before(argument)
        results.update(found)
        names += found
        if found or missing:
            names += _come_since(argument, found, recursive)
        else:
            names.append(argument)
        if missing:
            more = f" and {len(missing) - 1} more" if len(missing) > 1 else ""
            reason = (
                f"warning: {shown_name(argument)}: of what was read into it, not found on this "
                f"machine and left out: {shown_name(missing[0])}{more}. If the photos were moved, "
                "name their new place."
            )
            on_error(argument, ImageError(reason))
    documents = find_documents(
        names, recursive=recursive, ranges=ranges, dpi=dpi, on_error=on_error
    )
    pages: list[ReviewPage] = []
    taken: dict[Path, str] = {}
    for document in dict.fromkeys(documents):
        try:
            sources = _sources(document)
        except OcrError as error:
            on_error(document.name, error)
            continue
        for source in sources:
            stem = _stem(source, taken)
            read = results.get(document.path)
            pages.append(ReviewPage(len(pages) + 1, source, stem, read))
    return pages


def _come_since(folder: str, found: Iterable[str], recursive: bool) -> list[str]:
    """Other pictures beside photos that were read with their results in the folder of these.

    A folder of results alone may hold pictures that were drawn of them.
    """
    written = journal.written_into(folder)
    known = {Path(one).resolve() for one in found}
    if not any(Path(folder).resolve() in one.parents for one in known):
        return []
    try:
        pictures = pictures_in(Path(folder), recursive)
    except ImageError:  # in folders inside it alone
        return []
    places = ((picture, picture.resolve()) for picture in pictures)
    return [str(one) for one, place in places if place not in known and place not in written]


def _sources(document: Document) -> tuple[PageSource, ...]:
    """The pages of a file; only one that may hold several is opened to count them."""
    if Path(document.path).suffix.lower() in PAGED:
        return document.sources()
    if not Path(document.path).exists():
        raise ImageError(f"{document.name}: no such file. Check the path.")
    return (PageSource(document.path, 1, 1, document.dpi),)


def _stem(source: PageSource, taken: dict[Path, str]) -> Path:
    """Where a page's files go: beside its photo, called as it is, and as no other page's."""
    path = Path(source.path)
    full = path.with_name(path.name + page_suffix(source.number, source.pages))
    for stem in (stem_beside(path, source.number, source.pages), full):
        key = stem.with_name(stem.name.casefold())
        if taken.setdefault(key, source.path) == source.path:
            return stem
    return stem


def _read_before(argument: str) -> tuple[dict[str, Path], list[str]]:
    """File -> page JSON, or a name for none, of all that a run has read into a folder; and what of
    it is not there any more. Both are empty if the argument is no such folder."""
    folder = Path(argument)
    try:
        if not (folder / journal.NAME).is_file() or (folder / journal.NAME).is_symlink():
            return {}, []
        data = (folder / journal.NAME).read_text(encoding="utf-8", errors="surrogateescape")
    except (OSError, ValueError):
        return {}, []
    found: dict[Path, tuple[str, Path]] = {}  # by the file itself, however it was named
    taken: set[str] = set()
    missing: dict[str, list[str]] = {}
    for row in data.split("\n"):
        try:
            record = journal.Record.from_json(row)
        except ValueError:
            continue  # cut short
        place = record.found()
        if place is None:
            # What came by a pipe or was copied is in no file.
            if is_url(record.file) or (record.where != "" and record.file != STDIN):
                missing[record.where or record.file] = list(record.outputs)
            continue
        as_named = Path(record.file)
        name = record.file if as_named.is_file() and as_named.samefile(place) else str(place)
        taken.update(record.outputs)
        inside = [folder / output for output in record.outputs if output.endswith(".json")]
        read = next(
            (path for path in inside if path.resolve().is_relative_to(folder.resolve())),
            folder / "none.json",
        )
        found[place.resolve()] = name, read
    # What is gone with its results, or whose results are another's by now, was left on purpose.
    lost = [
        name
        for name, outputs in missing.items()
        if any(output not in taken and (folder / output).is_file() for output in outputs)
    ]
    return dict(found.values()), lost


def writable(pages: Sequence[ReviewPage]) -> None:
    """Check that the folders of the pages can be written to.

    Raises
    ------
    OutputError
        One cannot: corrections would be lost.
    """
    import os

    for folder in dict.fromkeys(page.stem.parent for page in pages):
        if not os.access(folder, os.W_OK | os.X_OK):
            raise OutputError(
                f"{folder}: may not be written to, so corrections cannot be kept. Copy the photos "
                "into a folder of your own."
            )

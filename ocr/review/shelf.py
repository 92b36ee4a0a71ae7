"""All pages under correction: read when they are asked for, the next ones ahead, kept as changed.

One thread of its own reads; whoever needs a page waits for it. A page in use is held in memory with
what can be undone; the rest is in its files.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace

from ocr.errors import OcrError
from ocr.review.document import Reviewed
from ocr.review.pages import ReviewPage
from ocr.review.reading import Recognizer

AHEAD = 2  # pages that are read ahead
HELD = 24  # pages held in memory with their undo
UNDONE = 200  # changes of a page that can be undone
QUOTED = 100  # characters of a text that a note quotes

Edit = Callable[[Reviewed], Reviewed]
Stamp = tuple[int, int, int]  # of a file: when it was changed, its size and its number


class StaleError(OcrError):
    """A page was changed elsewhere since the one who asks has seen it."""

    def __init__(self, held: Held) -> None:
        super().__init__(
            "This page was changed elsewhere, such as in another tab or its text file."
        )
        self.held = held

    @property
    def doc(self) -> Reviewed:
        """The page as it is now."""
        return self.held.doc


@dataclass
class Held:
    """A page in memory."""

    doc: Reviewed
    undo: list[Reviewed] = field(default_factory=list)
    redo: list[Reviewed] = field(default_factory=list)
    notes: tuple[str, ...] = ()  # what the person should know
    stamp: Stamp | None = None  # of its file, as it was written or read last


@dataclass(frozen=True)
class Summary:
    """What the list of pages shows of one; `state` is "unread", "read" or "failed"."""

    state: str = "unread"
    lines: int = 0
    confirmed: int = 0
    done: bool = False
    error: str = ""


class Shelf:
    """The pages, by their ids.

    Parameters
    ----------
    pages : sequence of ReviewPage
    recognizer : Recognizer
    ahead : int
        Pages after the one in use that are read ahead.
    """

    def __init__(self, pages: list[ReviewPage], recognizer: Recognizer, ahead: int = AHEAD) -> None:
        self.pages = {page.id: page for page in pages}
        self.recognizer = recognizer
        self._ahead = ahead
        self._held: OrderedDict[int, Held] = OrderedDict()
        self._summaries: dict[int, Summary] = {}
        self._versions: dict[int, int] = {}  # of each page's summary
        self.version = 0  # of the latest
        self._lock = threading.RLock()  # of all that is held
        self._reading = threading.Lock()  # of the recognizer
        self._wanted: list[int] = []
        self._wake = threading.Condition()
        self._closed = False
        self._thread = threading.Thread(target=self._work, name="reading", daemon=True)

    def start(self) -> None:
        """Begin to look at the files and to read ahead."""
        self._thread.start()

    def close(self) -> None:
        """End the thread; what it reads is finished first, or given up with the process."""
        with self._wake:
            self._closed = True
            self._wake.notify()

    # --- what the application asks ----------------------------------------------------------

    def open(self, number: int) -> Held:
        """A page; if it has not been read, it is read first.

        Raises
        ------
        KeyError
            There is no such page.
        OcrError
            It cannot be read.
        """
        page = self.pages[number]
        self._read_ahead(number)
        with self._lock:
            if number in self._held:
                self._held.move_to_end(number)
                return self._held[number]
        held = self._kept(page)
        if held is None:
            with self._reading:
                with self._lock:  # it may have been read meanwhile
                    if number in self._held:
                        return self._held[number]
                held = self._read(page)
        return self._hold(number, held)

    def change(self, number: int, revision: int, edit: Edit) -> Reviewed:
        """Change a page and keep it.

        Raises
        ------
        StaleError
            `revision` is not the page's.
        OcrError
            It cannot be done or kept; the page stays as it was.
        """
        held = self.open(number)
        with self._lock:
            before = held.doc
            self._check(held, revision)
            after = edit(before)
            if before == after:
                return before
            after = self._keep(number, held, after)
            held.undo = [*held.undo[-UNDONE + 1 :], before]
            held.redo.clear()
            return after

    def work_on(
        self, number: int, revision: int, edit: Callable[[Reviewed, Recognizer], Edit]
    ) -> Reviewed:
        """Change a page by something that takes reading, as `change`.

        `edit` reads, with the page as it is and the recognizer, and returns the change to apply to
        the page as it is afterwards.
        """
        held = self.open(number)
        with self._lock:
            doc = held.doc
            self._check(held, revision)
        with self._reading:
            change = edit(doc, self.recognizer)
        return self.change(number, revision, change)

    def undo(self, number: int, revision: int, forward: bool = False) -> Reviewed:
        """Undo the last change; with `forward`, redo the last one that was undone."""
        held = self.open(number)
        with self._lock:
            self._check(held, revision)
            source, target = (held.redo, held.undo) if forward else (held.undo, held.redo)
            if not source:
                return held.doc
            before = held.doc
            wanted = source[-1]
            next_id = max(before.next_id, wanted.next_id)
            after = self._keep(number, held, replace(wanted, next_id=next_id))
            source.pop()
            target.append(before)
            return after

    def summaries(self, since: int = -1) -> dict[int, Summary]:
        """The summary of each page, or of those that have changed since a `version`."""
        with self._lock:
            return {
                number: self._summaries.get(number, Summary())
                for number in self.pages
                if self._versions.get(number, 0) > since
            }

    @property
    def done(self) -> int:
        """How many pages are confirmed."""
        with self._lock:
            return sum(one.done for one in self._summaries.values())

    def search(self, text: str, most: int) -> list[tuple[int, int, str]]:
        """Lines that contain a text, case ignored: page, line's id and text, at most `most`."""
        wanted = text.casefold()
        found: list[tuple[int, int, str]] = []
        for number, page in self.pages.items():
            with self._lock:
                held = self._held.get(number)
                read = self._summaries.get(number, Summary()).state == "read"
            doc = held.doc if held else None
            if doc is None and read:
                try:
                    doc = page.load() or page.load_read()
                except OcrError:
                    continue
            for entry in doc.kept if doc else ():
                if wanted in entry.line.text.casefold():
                    found.append((number, entry.id, entry.line.text))
                    if len(found) == most:
                        return found
        return found

    def documents(self, numbers: list[int]) -> Iterator[tuple[ReviewPage, Reviewed]]:
        """(page, correction) of several pages in turn, each read if it has not been."""
        for number in numbers:
            yield self.pages[number], self.open(number).doc

    @contextmanager
    def reading(self) -> Iterator[None]:
        """Hold the recognizer, which one thread may use at a time, for the block."""
        with self._reading:
            yield

    def use(self, recognizer: Recognizer) -> None:
        """Read with another recognizer from now on."""
        with self._reading:
            self.recognizer = recognizer

    # --- how it does so ---------------------------------------------------------------------

    @staticmethod
    def _check(held: Held, revision: int) -> None:
        if held.doc.revision != revision:
            raise StaleError(held)

    def _keep(self, number: int, held: Held, after: Reviewed) -> Reviewed:
        """Write a changed page into its files; the lock must be held."""
        page = self.pages[number]
        stamp = _stamp(page)
        if stamp is not None and stamp != held.stamp:  # another program has been here
            changed = page.load()
            held.stamp = stamp
            if changed is not None:
                before, held.doc = held.doc, changed
                if changed != before:
                    held.undo, held.redo = [], []
                    self._count(number, changed)
                    raise StaleError(held)
        if self._take_over(page, held):
            self._count(number, held.doc)
            raise StaleError(held)
        after = page.save(replace(after, revision=held.doc.revision + 1, touched=True))
        held.doc, held.stamp = after, _stamp(page)
        self._count(number, after)
        return after

    @staticmethod
    def _take_over(page: ReviewPage, held: Held) -> bool:
        """Take over a text that a person has written beside a page; whether it changes the page.

        The lock must be held.
        """
        before = held.doc
        doc, lost = page.with_text(before)
        if doc == before and not lost:
            held.doc = doc
            return False
        notes = _notes(page, lost)
        doc = replace(doc, revision=before.revision + 1)
        page.save_lines(doc)
        held.undo = [*held.undo[-UNDONE + 1 :], before]
        held.redo.clear()
        held.doc, held.stamp, held.notes = doc, _stamp(page), (*held.notes, *notes)
        return True

    def _kept(self, page: ReviewPage) -> Held | None:
        """A page from its files, a text written there taken over; None if it has not been read."""
        stamp = _stamp(page)
        doc = page.load()
        if doc is None or not page.has_other_text(doc):
            return None if doc is None else Held(doc, stamp=stamp)
        with self._lock:
            if page.id not in self._held:  # else it was opened and perhaps changed meanwhile
                stamp = _stamp(page)
                held = Held(page.load() or doc, stamp=stamp)
                self._take_over(page, held)
                self._hold(page.id, held)
            return self._held[page.id]

    def _read(self, page: ReviewPage) -> Held:
        """Read a page, or load an earlier reading, and take over a text that stands beside it."""
        try:
            doc = page.load_read() or self.recognizer.page(page.source.open())
            if (kept := self._kept(page)) is not None:  # by another program, meanwhile
                return kept
            doc, lost = page.with_text(doc)
            notes = _notes(page, lost)
            page.save_lines(doc)
        except OcrError as error:
            with self._lock:
                self._tell(page.id, Summary("failed", error=str(error)))
            raise
        return Held(doc, notes=notes, stamp=_stamp(page))

    def _hold(self, number: int, held: Held) -> Held:
        with self._lock:
            held = self._held.setdefault(number, held)
            self._held.move_to_end(number)
            while len(self._held) > HELD:
                self._held.popitem(last=False)
            self._count(number, held.doc)
            return held

    def _count(self, number: int, doc: Reviewed) -> None:
        self._tell(number, Summary("read", len(doc.kept), doc.confirmed, doc.done))

    def _tell(self, number: int, summary: Summary) -> None:
        if self._summaries.get(number) != summary:
            self.version += 1
            self._summaries[number], self._versions[number] = summary, self.version

    def _read_ahead(self, number: int) -> None:
        with self._wake:
            self._wanted = [k for k in range(number, number + 1 + self._ahead) if k in self.pages]
            self._wake.notify()

    def _work(self) -> None:
        """Look at what has been kept of each page; read ahead whenever pages are wanted."""
        unseen = iter(self.pages.values())
        while True:
            with self._wake:
                wanted = self._wanted.pop(0) if self._wanted else None
                page = None if wanted is not None else next(unseen, None)
                if wanted is None and page is None and not self._closed:
                    self._wake.wait()
                if self._closed:
                    return
            if wanted is not None:
                self._ahead_of_time(wanted)
            elif page is not None:
                self._count_unopened(page)

    def _ahead_of_time(self, number: int) -> None:
        with self._lock:
            known = self._summaries.get(number, Summary()).state
            if number in self._held or known == "failed":
                return
        page = self.pages[number]
        try:
            if page.json_path.is_file():
                return
            with self._reading:
                with self._lock:
                    if number in self._held:
                        return
                self._hold(number, self._read(page))
        except OcrError:
            return  # said when the page is opened

    def _count_unopened(self, page: ReviewPage) -> None:
        with self._lock:
            if page.id in self._summaries:
                return
        try:
            known = page.counted()
        except OcrError as error:
            with self._lock:
                self._tell(page.id, Summary("failed", error=str(error)))
            return
        if known is not None:
            with self._lock:
                if page.id not in self._held:
                    self._tell(page.id, Summary("read", *known))


def _notes(page: ReviewPage, lost: list[str]) -> tuple[str, ...]:
    """A note about rows of a text that fit no line; the whole text is copied aside."""
    if not lost:
        return ()
    first = lost[0] if len(lost[0]) <= QUOTED else f"{lost[0][:QUOTED]}…"
    return (f"{len(lost)}\t{page.keep_aside().name}\t{first}",)


def _stamp(page: ReviewPage) -> Stamp | None:
    try:
        there = page.json_path.stat()
    except OSError:
        return None
    return there.st_mtime_ns, there.st_size, there.st_ino

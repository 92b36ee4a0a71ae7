"""Puts the steps in order: photo -> text lines -> strips -> text -> `Page`."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from functools import cached_property
from os import PathLike
from typing import TYPE_CHECKING

from ocr.config import CHARSETS, ENGINES, REJECTED
from ocr.errors import ModelError
from ocr.layout.read_line import ReadLine as ReadLine  # part of this module's interface
from ocr.page import Letter, Page, Word
from ocr.weights import find_language, find_weights, installed, read_metadata

if TYPE_CHECKING:
    from ocr.input.given import Given
    from ocr.input.photo import Photo
    from ocr.layout.page_network import PageFinder
    from ocr.layout.picture import Picture
    from ocr.layout.stages import OnStage
    from ocr.letters.classifiers.base import Classifier
    from ocr.letters.engine import LettersEngine
    from ocr.lines.engine import LinesEngine
    from ocr.lines.language import Lexicon, NgramModel
    from ocr.lines.recognizer import LineReader
    from ocr.lines.way_up import Upright

DEFAULT_CLASSIFIER = "glyphs.onnx"
DEFAULT_LINES = "lines.onnx"
LANGUAGES = ("english.npz", "french.npz")  # that "auto" chooses from, page by page

ILLEGIBLE = "left out as illegible: {} {} that may be writing"
CUT = "left out as cut off by the edge of the picture: {} {}"
FAINT = "left out as far fainter than the rest of its line: {} {}"
NOTHING_FOUND = "nothing that looks like writing was found"
NOTHING_READ = "nothing was read"
ONE_OF_SEVERAL = "the file holds several pictures, of which one was read"

OnLine = Callable[[ReadLine], None]


class Reader:
    """Reads photos; loads its models once, when first needed.

    Parameters
    ----------
    engine : {"auto", "letters", "lines"}
        The way of reading: "letters" finds single characters and classifies each, "lines" reads
        whole text lines; "auto" chooses.
    model : str or path, optional
        Weight file of the classifier or line recognizer, a path or the name of an installed one.
    charset : str, optional
        The only characters that may be read, themselves. None is all that the model knows.
    language : str or path
        Name or code of a language ("english", "fr"), or a path of its weight file; "auto" chooses
        among the installed ones page by page, "none" goes by the ink alone.
    lexicon : iterable of str, optional
        Words to be expected.
    pattern : str, optional
        Regular expression, or a name of `ocr.lines.patterns.PATTERNS`, that the text of every line
        must fit; lines are then read as a whole.
    reject : float, optional
        Probability of being right under which a character becomes `REJECTED`; what was read stays
        first among its alternatives.

    Raises
    ------
    ValueError
        If there is no such engine, the lexicon has no word, the pattern is no regular expression,
        letters are to be read one by one by a pattern, or the charset is empty or a name of
        characters.
    TypeError
        If the lexicon is one text, or holds something else than texts, a language is no name, or
        the charset or pattern is no text.
    ModelError
        There is no such language. On first use: a weight file is missing or unusable, or knows no
        character of `charset`.
    """

    def __init__(
        self,
        engine: str = "auto",
        model: str | PathLike[str] | None = None,
        charset: str | None = None,
        language: str | PathLike[str] = "auto",
        lexicon: Iterable[str] | None = None,
        pattern: str | None = None,
        reject: float | None = None,
    ) -> None:
        if engine not in ENGINES:
            raise ValueError(f"engine must be one of {', '.join(ENGINES)}, got {engine!r}")
        for what, text in (("charset", charset), ("pattern", pattern)):
            if text is not None and not isinstance(text, str):
                raise TypeError(f"a {what} is one text, not {text!r}")
        if pattern is not None:
            from ocr.lines.patterns import compile_pattern

            compile_pattern(pattern)
            if engine == "letters":
                raise ValueError("a pattern needs lines: letters are read one by one without it")
            engine = "lines"
        if charset == "":
            raise ValueError("a charset has at least one character")
        if reject is not None and not 0 <= reject <= 1:
            raise ValueError(f"reject must be a probability, got {reject}")
        named = [] if charset is None else [one for one in charset.split("+") if one in CHARSETS]
        if named:  # of which only the letters of the name would be read
            raise ValueError(
                f"charset is the characters themselves, such as {CHARSETS['digits']!r}; names "
                f"such as {named[0]!r} are known to the command line only"
            )
        self.engine = engine
        if not isinstance(language, (str, PathLike)):
            raise TypeError(f'a language is a name, such as "english" or "none", not {language!r}')
        self.language = find_language(str(language))
        self.reject = reject
        self.pattern = pattern
        self.lexicon = None if lexicon is None else _lexicon_of(lexicon)
        self.model = str(model) if model is not None else None
        self.charset = charset

    def __getstate__(self) -> dict[str, object]:
        """Pickle the options only: a copy or another process loads the models itself."""
        return {
            name: value
            for name, value in vars(self).items()
            if not isinstance(vars(Reader).get(name), cached_property)
        }

    @cached_property
    def classifier(self) -> Classifier:
        from ocr.letters.classifiers import load_classifier

        model = self.model or DEFAULT_CLASSIFIER
        classifier = load_classifier(model)
        if self.charset is not None and not set(self.charset) & set(classifier.charset):
            raise ModelError(
                f"{model}: knows none of the characters {self.charset!r}. It knows "
                f"{''.join(classifier.charset)}"
            )
        return classifier

    @cached_property
    def line_reader(self) -> LineReader:
        from ocr.lines.recognizer import LineReader

        return LineReader(
            self.model or DEFAULT_LINES, self.languages, self.charset, self.lexicon, self.pattern
        )

    @cached_property
    def languages(self) -> tuple[NgramModel, ...]:
        """The language models to choose from; none if only the ink counts."""
        from ocr.lines.language import load_language

        if self.language == "none":
            return ()
        names = LANGUAGES if self.language == "auto" else (self.language,)
        return tuple(load_language(name) for name in names)

    def read(
        self,
        source: Given | Photo,
        on_stage: OnStage | None = None,
        on_line: OnLine | None = None,
    ) -> Page:
        """Read one image.

        Parameters
        ----------
        source : path, bytes, binary file, PIL.Image.Image, array or Photo
            See `ocr.input.given.photo_of`.
        on_stage : callable, optional
            Called with the name and the grey picture of each stage on the way.
        on_line : callable, optional
            Called with each text line and what it was read from, in reading order.

        Returns
        -------
        Page
            Boxes in pixels of the upright original. Without lines, and with a warning, if nothing
            looks like writing.

        Raises
        ------
        ocr.errors.ImageError
            If the image cannot be read.
        """
        from ocr.input.given import photo_of
        from ocr.memory import claim_work_space

        claim_work_space()
        photo = photo_of(source)
        page = self._read_page(photo, on_stage, on_line)
        page = replace(page, photo=replace(photo))  # a copy, without what it has decoded
        if photo.more:
            page = replace(page, warnings=(*page.warnings, ONE_OF_SEVERAL))
        if self.pattern is not None:
            page = _mark_misfits(page, self.pattern)
        return page if self.reject is None else _reject(page, self.reject)

    @cached_property
    def letters_engine(self) -> LettersEngine:
        from ocr.letters.engine import LettersEngine

        return LettersEngine(
            self.classifier, self.finder, self.languages, self.charset, self.lexicon
        )

    @cached_property
    def lines_engine(self) -> LinesEngine:
        from ocr.lines.engine import LinesEngine

        return LinesEngine(self.line_reader, self.finder)

    @cached_property
    def finder(self) -> PageFinder:
        from ocr.layout.page_network import PageFinder

        return PageFinder()

    @cached_property
    def chosen_engine(self) -> str:
        """The engine that was asked for or that the model needs; "auto" to choose page by page."""
        if self.engine != "auto":
            return self.engine
        if self.model is not None:
            kind = read_metadata(find_weights(self.model)).kind
            return "lines" if kind == "lines" else "letters"
        return "auto" if any(path.name == DEFAULT_LINES for path in installed()) else "letters"

    def _suits_letters(self, found: Upright) -> bool:
        """Whether a page looks like letters far apart that the classifier knows, or like one.

        Of a letter by itself the line recognizer, which goes by its neighbors, often makes nothing.
        """
        from ocr.letters.apart import stand_apart

        read = found.read
        one = not read.lines and len(found.layout.lines) == 1
        if not one and (read.left_out or not stand_apart(read.lines)):
            return False
        known = read_metadata(find_weights(DEFAULT_CLASSIFIER)).charset
        return self.charset is None or set(self.charset) - {" "} <= set(known)

    def _read_page(self, photo: Photo, on_stage: OnStage | None, on_line: OnLine | None) -> Page:
        from ocr.layout.orientation import turn_back
        from ocr.letters.apart import CONFIG
        from ocr.lines.engine import unread
        from ocr.lines.sideways import read_sideways
        from ocr.lines.way_up import read_page

        by_letters = self.chosen_engine == "letters"
        engine = self.letters_engine if by_letters else self.lines_engine
        found = read_page(engine, photo)
        if self.chosen_engine == "auto" and self._suits_letters(found):
            letters = self.letters_engine.read(found.picture, found.layout)
            if letters.lines and _page(found.picture, "", letters.lines).confidence >= CONFIG.sure:
                by_letters, found = True, replace(found, read=letters)
        if on_stage is not None:
            from ocr.layout.stages import show_layout

            show_layout(found.picture, found.layout, on_stage, found.read.order)
            if by_letters:
                self.letters_engine.show(found.picture, found.layout, on_stage)
        sideways = [] if by_letters else read_sideways(self.lines_engine, found)
        read = [*found.read.lines, *sideways]
        left_out = [  # seen as lines across what was then read sideways they are not lost
            box
            for box in found.read.left_out
            if not any(one.line.box.holds_middle(box) for one in sideways)
        ]
        if on_line is not None:
            for one in read:
                on_line(one)
        left = unread(found.layout, read, found.picture, found.read.marks)
        lost = [
            told.format(count, what if count == 1 else f"{what}s")
            for told, count, what in (
                (ILLEGIBLE, len(left_out), "line"),
                (CUT, found.read.cut, "line"),
                (FAINT, found.read.faint, "word"),
            )
            if count
        ]
        warnings = (*lost, left) if left else tuple(lost)
        page = _page(found.picture, "letters" if by_letters else "lines", read, warnings)
        return turn_back(page, found.turns, photo.height, photo.width) if found.turns else page


def _lexicon_of(words: Iterable[str]) -> Lexicon:
    from ocr.lines.language import Lexicon

    if isinstance(words, str):  # which is an iterable too, of its letters
        raise TypeError(f"a lexicon is words, such as [{words!r}], not one text")
    words = tuple(words)
    if any(not isinstance(word, str) for word in words):
        raise TypeError("a lexicon is an iterable of words, each a str")
    return Lexicon(words)


def _page(
    photo: Picture, engine: str, read: list[ReadLine], warnings: tuple[str, ...] = ()
) -> Page:
    if not read:
        warnings = (": ".join((NOTHING_READ, *warnings)),) if warnings else (NOTHING_FOUND,)
    lines = tuple(one.line for one in read)
    return Page(photo.height, photo.width, lines, engine, warnings=warnings)


def _mark_misfits(page: Page, pattern: str) -> Page:
    """The page with a warning for each line that does not fit a pattern."""
    from ocr.lines.patterns import compile_pattern

    expression = compile_pattern(pattern)
    misfits = tuple(
        f"line {number} does not fit the pattern: {line.text}"
        for number, line in enumerate(page.lines, start=1)
        if expression.fullmatch(line.text) is None
    )
    return replace(page, warnings=(*page.warnings, *misfits))


def _reject(page: Page, least: float) -> Page:
    """The page with `REJECTED` for every character less sure than `least`."""

    def marked(letter: Letter) -> Letter:
        if letter.confidence >= least:
            return letter
        read = (letter.text, letter.confidence)
        return replace(letter, text=REJECTED, alternatives=(read, *letter.alternatives))

    lines = tuple(
        replace(line, words=tuple(Word(tuple(map(marked, word.letters))) for word in line.words))
        for line in page.lines
    )
    return replace(page, lines=lines)

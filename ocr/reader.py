"""The one place that orders the stages: photo -> letters -> lines -> words -> `Page`."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import pairwise
from os import PathLike
from typing import TYPE_CHECKING, TypeVar

import numpy as np
from numpy.typing import NDArray

from ocr.config import ENGINES, REJECTED
from ocr.errors import ModelError
from ocr.page import Box, Letter, Line, Page, Word
from ocr.weights import find_weights, installed, read_metadata

if TYPE_CHECKING:
    from ocr.input.given import Given
    from ocr.input.photo import Photo
    from ocr.layout.sheet import Picture
    from ocr.letters.baselines import Points
    from ocr.letters.classifiers.base import Classifier
    from ocr.letters.context import Reading
    from ocr.letters.find_letters import OnStage, Segmentation
    from ocr.lines.language import NgramModel
    from ocr.lines.recognizer import LineReader, LineText

DEFAULT_CLASSIFIER = "glyphs.onnx"
DEFAULT_LINES = "lines.onnx"
LANGUAGES = ("english.npz", "french.npz")  # that "auto" chooses from, page by page

# A page on which most words are single letters, whose gaps whole lines would take for none, is read
# letter by letter, if surely enough.
APART = 0.8  # share of its words that are single letters
SURE_APART = 0.95  # mean confidence of the letters
ONE_EACH = 0.8  # characters found for each that the lines read: words of joined writing are fewer

# Mean confidence of a page's lines from which it is upright for sure; and under which it may stand
# on its head, or lie on its side. Of 86 pages turned wrongly upside down they reached 0.89, on a
# side 0.85.
SURELY_UPRIGHT, MAYBE_INVERTED, MAYBE_LYING = 0.93, 0.9, 0.86
LINES_EVIDENCE = 0.06  # by which its lines must read more surely another way up
SAMPLED_WIDTH = 12  # times its height: so much of a line tells
SAMPLED_LINES = 3  # that are turned to see whether the page may stand otherwise
FEWEST_TO_TURN = 12  # characters: fewer do not turn a page

NOTHING_FOUND = "nothing that looks like writing was found"


@dataclass(frozen=True)
class ReadLine:
    """A text line with what it was read from, in the page as it was turned for reading.

    Attributes
    ----------
    line : Line
    found : Segmentation
    members : (n,) int array
        The characters of `found` that make the line, from left to right.
    baseline : tuple of (row, col) points
        In pixels of `found`.
    sureness : float
        Of a line that was read whole, the mean probability of its characters by the ink alone.
    """

    line: Line
    found: Segmentation
    members: NDArray[np.intp]
    baseline: Points
    sureness: float = 0.0

    @property
    def image(self) -> NDArray[np.float32]:
        """The straightened line, `(H, W)`: 0 ink, 1 paper, nothing but its own ink."""
        from ocr.letters.line_images import cut_line

        return cut_line(self.found, self.members, self.baseline).image

    @property
    def glyphs(self) -> NDArray[np.float32]:
        """Its characters, normalised: `(n, 32, 32)`, those of `line` if it was read by letters."""
        from ocr.letters.glyphs import glyph_stack

        return glyph_stack([self.found.glyph(int(k)) for k in self.members])


Item = TypeVar("Item")
OnLine = Callable[[ReadLine], None]


class Reader:
    """Reads photos; loads its models once, when first needed.

    Parameters
    ----------
    engine : {"auto", "letters", "lines"}
        The way of reading: "letters" finds single characters and classifies each, "lines" reads
        whole text lines; "auto" chooses.
    model : str or path, optional
        Weight file of the classifier or line recogniser, a path or the name of an installed one.
    charset : str, optional
        The only characters that may be read. None is all that the model knows.
    language : str
        Weight file of the language model, a path or a name; "auto" chooses among the installed
        ones page by page, "none" goes by the ink alone.
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
        or letters are to be read one by one by a pattern.
    ModelError
        On first use: a weight file is missing or unusable, or knows no character of `charset`.
    """

    def __init__(
        self,
        engine: str = "auto",
        model: str | PathLike[str] | None = None,
        charset: str | None = None,
        language: str = "auto",
        lexicon: Iterable[str] | None = None,
        pattern: str | None = None,
        reject: float | None = None,
    ) -> None:
        if engine not in ENGINES:
            raise ValueError(f"engine must be one of {', '.join(ENGINES)}, got {engine!r}")
        if pattern is not None:
            from ocr.lines.patterns import compile_pattern

            compile_pattern(pattern)
            if engine == "letters":
                raise ValueError("a pattern needs lines: letters are read one by one without it")
            engine = "lines"
        self.engine = engine
        self.language = language
        self.reject = reject
        self.pattern = pattern
        self.lexicon = None
        if lexicon is not None:
            from ocr.lines.language import Lexicon

            self.lexicon = Lexicon(lexicon)
        self.model = str(model) if model is not None else None
        self.charset = charset

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
    def _judge(self) -> Classifier:
        """The classifier that tells which way up a page is: its own, or the default one."""
        from ocr.letters.classifiers import load_classifier

        return load_classifier(DEFAULT_CLASSIFIER) if self._engine == "lines" else self.classifier

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

        photo = photo_of(source)
        page = self._read_page(photo, on_stage, on_line)
        page = replace(page, photo=replace(photo))  # a copy, without what it has decoded
        if self.pattern is not None:
            page = _mark_misfits(page, self.pattern)
        return page if self.reject is None else _reject(page, self.reject)

    def _read_page(self, photo: Photo, on_stage: OnStage | None, on_line: OnLine | None) -> Page:
        from ocr.layout.sheet import SIDE, Rectified, find_page

        sheet = find_page(photo, photo.rgb(SIDE))
        if not isinstance(sheet, Rectified):
            return self._read_sheet(sheet, on_stage, on_line)
        if on_stage is not None:
            from ocr.letters.find_letters import COARSE_SIDE

            on_stage("photo", photo.grey(COARSE_SIDE))

        def on_photo(one: ReadLine) -> None:
            if on_line is not None:
                page = Page(sheet.height, sheet.width, (one.line,))
                on_line(replace(one, line=sheet.page_of_photo(page).lines[0]))

        return sheet.page_of_photo(self._read_sheet(sheet, on_stage, on_photo))

    def _read_sheet(self, photo: Picture, on_stage: OnStage | None, on_line: OnLine | None) -> Page:
        from ocr.layout.orientation import Turned, turn_back
        from ocr.letters.way_up import quarter_turns

        found = self._segment(photo, on_stage)
        if found is None:
            return _page(photo, self._engine, ())
        if self._engine == "letters":
            turns, engine = quarter_turns(found, self._judge), "letters"
            turned: Picture = Turned(photo, turns) if turns else photo
            if turns:
                found = self._segment(turned, on_stage)
            read = [] if found is None else self._read_letters(found, turned)
        else:
            turns, engine, read = 0, "lines", self._read_lines(found, photo)
            # with few characters to choose from, also nonsense is read surely
            if _sureness(read) < SURELY_UPRIGHT or self.charset is not None:
                turns, read = self._upright(photo, found, read)
            turned = Turned(photo, turns) if turns else photo
            apart = self._engine == "auto" and _apart(read)
            if turns and (apart or on_stage is not None):
                found = self._segment(turned, on_stage)
            if apart and found is not None:
                letters = self._read_letters(found, turned)
                if _sureness(letters) >= SURE_APART:
                    engine, read = "letters", letters
        if on_line is not None:
            for one in read:
                on_line(one)
        page = _page(turned, engine, tuple(one.line for one in read))
        return turn_back(page, turns, photo.height, photo.width) if turns else page

    def _upright(
        self, photo: Picture, found: Segmentation, read: list[ReadLine]
    ) -> tuple[int, list[ReadLine]]:
        """Quarter turns by which a page that was not read surely stands upright, and its lines.

        Its letters tell, if it is printed. Joined writing cannot tell by its letters, but turned
        it makes no sense to the line recogniser.
        """
        from ocr.letters.way_up import quarter_turns

        lies = _sureness(read) < MAYBE_LYING or self.charset is not None
        if not lies and not self._surer_ways(found, read, (2,)):
            return 0, read
        given = read
        turns = quarter_turns(found, self._judge)
        if turns:
            turned = self._turned_lines(photo, turns)
            turns, read = (turns, turned) if _sureness(turned) > _sureness(read) else (0, read)
        if _sureness(read) >= MAYBE_INVERTED:
            return turns, read
        best, upright = read, turns
        for way in self._surer_ways(found, given, (2, 1, 3)) if lies else [2]:
            lines = [] if way == turns else self._turned_lines(photo, way)
            if _sureness(lines) > _sureness(best):
                best, upright = lines, way
        letters = sum(len(one.line.letters) for one in best)
        clear = _sureness(best) > _sureness(read) + LINES_EVIDENCE and letters >= FEWEST_TO_TURN
        return (upright, best) if clear else (turns, read)

    def _turned_lines(self, photo: Picture, turns: int) -> list[ReadLine]:
        from ocr.layout.orientation import Turned

        turned = Turned(photo, turns)
        found = self._segment(turned, None)
        return [] if found is None else self._read_lines(found, turned)

    def _surer_ways(
        self, found: Segmentation, read: list[ReadLine], ways: tuple[int, ...]
    ) -> list[int]:
        """Those quarter turns after which a sample of lines reads more surely by the ink.

        Where there is nothing to sample, nothing speaks against one.
        """
        from ocr.letters.baselines import baselines
        from ocr.letters.group_lines import find_lines
        from ocr.letters.line_images import cut_line

        images = {2: [one.image for one in _sample(read)]}
        if set(ways) & {1, 3}:
            lying, rows = find_lines(found.turned())
            rows = _sample(rows)
            cuts = zip(rows, baselines(lying, rows), strict=True)
            images[1] = images[3] = [cut_line(lying, *one).image for one in cuts]
        letters = sum(len(one.line.letters) for one in read)
        upright = sum(one.sureness * len(one.line.letters) for one in read) / max(letters, 1)
        surer = []
        for way in ways:
            sample = [image[:, : SAMPLED_WIDTH * len(image)] for image in images[way]]
            if way > 1:  # upside down as it lies here
                sample = [np.rot90(image, 2) for image in sample]
            if not sample or self.line_reader.sureness(sample) > upright:
                surer.append(way)
        return surer

    def _segment(self, photo: Picture, on_stage: OnStage | None) -> Segmentation | None:
        from ocr.letters.find_letters import COARSE_SIDE, survey

        first = survey(photo.grey(COARSE_SIDE))
        if first.side == 0:
            return None
        found = first.segment(photo, on_stage)
        return found if len(found.boxes) else None

    @cached_property
    def _engine(self) -> str:
        """The engine asked for; a model asked for tells it too."""
        if self.engine != "auto":
            return self.engine
        if self.model is not None:
            kind = read_metadata(find_weights(self.model)).kind
            return "lines" if kind == "lines" else "letters"
        return "auto" if any(path.name == DEFAULT_LINES for path in installed()) else "letters"

    def _read_lines(self, found: Segmentation, photo: Picture) -> list[ReadLine]:
        from ocr.letters.baselines import baselines
        from ocr.letters.find_letters import scale_boxes
        from ocr.letters.group_lines import find_lines
        from ocr.letters.line_images import cut_line
        from ocr.lines.letter_boxes import letter_boxes

        found, rows = find_lines(found)
        bases = baselines(found, rows)
        cuts = [cut_line(found, row, base) for row, base in zip(rows, bases, strict=True)]
        size = (photo.height, photo.width)
        lines = []
        for row, base, cut, read in zip(
            rows, bases, cuts, self.line_reader.read([cut.image for cut in cuts]), strict=True
        ):
            if not read.text:
                continue
            spans = [span for char, span in zip(read.text, read.spans, strict=True) if char != " "]
            boxes = letter_boxes(
                cut, found.owner, found.letter_height, np.array(spans).reshape(-1, 2)
            )
            boxes = scale_boxes(boxes, found.labels.shape, size)
            line = Line(_joined_words(read, boxes), *_course(found, row, base, size))
            lines.append(ReadLine(line, found, row, base, read.sureness))
        return lines

    def _read_letters(self, found: Segmentation, photo: Picture) -> list[ReadLine]:
        from ocr.letters.baselines import baselines
        from ocr.letters.context import LineGlyphs, decode_page
        from ocr.letters.doubts import settle
        from ocr.letters.find_letters import scale_boxes
        from ocr.letters.glyphs import glyph_stack
        from ocr.letters.group_lines import find_lines, word_starts
        from ocr.lines.language import flat, likeliest

        found, rows = find_lines(settle(found, self.classifier))
        glyphs = glyph_stack([found.glyph(k) for k in range(len(found.boxes))])
        proba = self.classifier.predict_proba(glyphs)
        starts = word_starts(found.boxes, rows)
        glyph_lines = [
            LineGlyphs(proba[row], found.boxes[row], start)
            for row, start in zip(rows, starts, strict=True)
        ]
        allowed = None if self.charset is None else set(self.charset)
        charset = self.classifier.charset
        seen = ("".join(charset[k] for k in proba[row].argmax(axis=1)) for row in rows)
        languages = self.languages or (flat(),)
        language = languages[likeliest(languages, seen)]
        texts = decode_page(glyph_lines, charset, language, allowed, self.lexicon)
        size = (photo.height, photo.width)
        boxes = scale_boxes(found.boxes, found.labels.shape, size)
        lines = []
        bases = baselines(found, rows)
        for row, base, text, start in zip(rows, bases, texts, starts, strict=True):
            line = Line(_words(boxes[row], text, start), *_course(found, row, base, size))
            lines.append(ReadLine(line, found, row, base))
        return lines


def _apart(read: list[ReadLine]) -> bool:
    """Whether most words of a page that was read by lines are single letters."""
    from ocr.letters.group_lines import word_starts

    if not read:
        return False
    rows = [one.members for one in read]
    starts = [np.append(start, True) for start in word_starts(read[0].found.boxes, rows)]
    lengths = np.concatenate([np.diff(np.flatnonzero(start)) for start in starts])
    letters = sum(len(one.line.letters) for one in read)
    enough = lengths.sum() >= ONE_EACH * letters
    return bool(enough and np.mean(lengths == 1) >= APART)


def _sample(lines: list[Item]) -> list[Item]:
    """`SAMPLED_LINES` of them at most, evenly spread."""
    places = np.linspace(0, len(lines) - 1, min(len(lines), SAMPLED_LINES))
    return [lines[k] for k in np.round(places).astype(int)]


def _sureness(read: list[ReadLine]) -> float:
    """Mean confidence of the characters; 0 if there are none."""
    sure = [letter.confidence for one in read for letter in one.line.letters]
    return sum(sure) / len(sure) if sure else 0.0


def _page(photo: Picture, engine: str, lines: tuple[Line, ...]) -> Page:
    warnings = () if lines else (NOTHING_FOUND,)
    numbers = {block: k for k, block in enumerate(dict.fromkeys(line.block for line in lines), 1)}
    lines = tuple(replace(line, block=numbers[line.block]) for line in lines)
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


def _course(
    found: Segmentation, row: NDArray[np.intp], base: Points, size: tuple[int, int]
) -> tuple[Points, Points, int]:
    """Baseline and polygon of a line, in pixels of a photo of `size`; its block of text."""
    from ocr.letters.baselines import outline

    height, width = (side / own for side, own in zip(size, found.labels.shape, strict=True))
    curves = (base, outline(found.boxes[row], base))
    scaled = [tuple((round(y * height, 1), round(x * width, 1)) for y, x in c) for c in curves]
    block = 0 if found.blocks is None else int(found.blocks[row[0]])
    return scaled[0], scaled[1], 1 + block


def _words(
    boxes: NDArray[np.intp], text: list[Reading], starts: NDArray[np.bool_]
) -> tuple[Word, ...]:
    letters = [
        Letter(Box(*(int(side) for side in box)), *reading)
        for box, reading in zip(boxes, text, strict=True)
    ]
    begins = [*np.flatnonzero(starts).tolist(), len(letters)]
    return tuple(Word(tuple(letters[a:b])) for a, b in pairwise(begins))


def _joined_words(read: LineText, boxes: NDArray[np.intp]) -> tuple[Word, ...]:
    """The words of a line as the line recogniser read it, parted by its spaces.

    `boxes` are those of its letters, without the spaces.
    """
    words: list[list[Letter]] = [[]]
    places = iter(boxes.tolist())
    for text, sure, others in zip(read.text, read.confidences, read.alternatives, strict=True):
        if text == " ":
            words.append([])
        else:
            words[-1].append(Letter(Box(*next(places)), text, sure, others))
    return tuple(Word(tuple(word)) for word in words if word)

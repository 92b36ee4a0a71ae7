"""Read whole text lines, joined or printed.

A network gives each step along a strip (`ocr.layout.strips`) a probability for every character, and
`ocr.lines.ctc` or `ocr.lines.beam_search` makes a text of these; the frames that spelled a
character tell where it stands.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ocr.errors import ModelError
from ocr.lines.beam_search import CONFIG as BEAM
from ocr.lines.beam_search import NOTHING, Found, beam_search, likely_by, likely_texts
from ocr.lines.confidence import ink_odds, language_odds, mean_confidence
from ocr.lines.ctc import BLANK, align, best_path, path_log
from ocr.lines.language import Lexicon, NgramModel, flat, likeliest
from ocr.lines.normalize import LINE_HEIGHT, NORMALIZATION
from ocr.lines.patterns import compile_pattern
from ocr.lines.sense import spare_senseless
from ocr.lines.text_model import TextModel
from ocr.lines.tiles import batches, join_tiles, tiles_of
from ocr.session import Session
from ocr.weights import find_weights, read_metadata, verify

FRAME = 4  # pixels of a strip that become one step of the network
MULTIPLE = 8  # pixels: the network wants widths that are multiples of this
REFUSED = np.float32(-1e4)  # log probability of a character that may not be read
TAIL = 16  # pixels of paper behind the widest line of a batch: lines in training had some


@dataclass(frozen=True)
class ReadingConfig:
    """What is made of a line's frames, beside the beam search.

    How they were chosen is not known any more.

    Attributes
    ----------
    pattern_cost : float
        Nats a character that the ink's probability may lose to fit a pattern.
    widest : float
        Pixels of a strip: a character takes up no more.
    alternatives : int
        For a character at most.
    least_alternative : float
        Probability from which an alternative is named.
    """

    pattern_cost: float = 1.5
    widest: float = 26.0
    alternatives: int = 3
    least_alternative: float = 0.005


CONFIG = ReadingConfig()


@dataclass(frozen=True)
class LineText:
    """A line as read: n characters, spaces among them.

    Attributes
    ----------
    text : str
    confidences : tuple of n float
        Calibrated probability of each character.
    alternatives : tuple of n tuples of (str, float)
        What else each character may be and how probably, likeliest first.
    spans : tuple of n (float, float)
        Columns where each character begins and ends, in pixels of the strip;
        ascending, without overlaps.
    mean_confidence : float
        Mean probability of the characters by the ink alone; 0 if it holds none.
    """

    text: str
    confidences: tuple[float, ...] = ()
    alternatives: tuple[tuple[tuple[str, float], ...], ...] = ()
    spans: tuple[tuple[float, float], ...] = ()
    mean_confidence: float = 0.0


class LineReader:
    """Reads line images by a network in ONNX Runtime.

    Parameters
    ----------
    name : str or path
        Weight file, or the name of an installed one.
    languages : sequence of NgramModel, optional
        Help where the ink leaves several texts open; the one that suits the lines best is taken,
        the first in doubt. Without any the likeliest path is taken.
    lexicon : Lexicon, optional
        Words to be expected.
    pattern : str, optional
        Regular expression that the text of every line must fit. A line whose ink leaves no such
        text, or speaks clearly against it, is read as it stands.
    allowed : str, optional
        The only characters that may be read, beside the space; None is all.

    Raises
    ------
    ModelError
        The file is missing, damaged, foreign, newer than this version, reads no lines, or knows
        none of the characters allowed.
    ValueError
        The pattern is no regular expression.
    """

    def __init__(
        self,
        name: str | Path = "lines",
        languages: Sequence[NgramModel] = (),
        allowed: str | None = None,
        lexicon: Lexicon | None = None,
        pattern: str | None = None,
    ) -> None:
        path = find_weights(str(name))
        self.metadata = read_metadata(path)
        if self.metadata.kind != "lines" or self.metadata.normalization != NORMALIZATION:
            raise ModelError(f"{path}: not a line recognizer that this version understands.")
        verify(path)
        self.charset = self.metadata.charset
        self.languages = tuple(languages)
        self.lexicon = lexicon
        self.pattern = None if pattern is None else compile_pattern(pattern)
        wanted = np.array([allowed is None or c == " " or c in allowed for c in self.charset])
        if not any(c != " " for c, ok in zip(self.charset, wanted, strict=True) if ok):
            raise ModelError(
                f"{path}: knows none of the characters {allowed!r}. It knows "
                f"{''.join(self.charset)}"
            )
        self._spaces = [k for k, c in enumerate(self.charset, start=1) if c == " "]
        self._refused = np.flatnonzero(~wanted) + 1  # class 0 is the blank
        self._session = Session(path, self.metadata)

    def read(self, lines: Sequence[NDArray[np.float32]]) -> list[LineText]:
        """Read lines.

        Parameters
        ----------
        lines : sequence of (LINE_HEIGHT, W) float32 arrays
            Strips, grey in [0, 1], 0 ink, 1 paper, as `ocr.layout.strips.cut_strip` and
            `ocr.lines.normalize.normalize_line` make them.

        Returns
        -------
        list of LineText
            As `lines`; the text is empty where there is no ink.
        """
        return self.read_frames(self.log_probs(lines))

    def read_frames(self, frames: Sequence[NDArray[np.float32]]) -> list[LineText]:
        """Read lines whose `log_probs` are known."""
        all_logs = [self._restricted(logs) for logs in frames]
        language = self.choose_language(all_logs)
        # Where blanks and spaces are likeliest all along no ink says anything.
        inked = [k for k, logs in enumerate(all_logs) if self.trim(best_path(logs))]
        texts = dict(zip(inked, self.decode([all_logs[k] for k in inked], language), strict=True))
        return [
            replace(texts.get(k, LineText("")), mean_confidence=mean_confidence([logs]))
            for k, logs in enumerate(frames)
        ]

    def legibility(self, frames: NDArray[np.float32]) -> tuple[int, float]:
        """How many characters a line's frames hold, and how surely, by the ink alone."""
        return len(self.trim(best_path(frames))), mean_confidence([frames])

    def mean_confidence(self, lines: Sequence[NDArray[np.float32]]) -> float:
        """Mean probability of the characters of some lines by the ink alone; 0 for none.

        All characters count, also those that may not be read: among few, anything looks sure.

        Parameters
        ----------
        lines : sequence of (LINE_HEIGHT, W) float32 arrays
            As for `read`.
        """
        return mean_confidence(self.log_probs(lines))

    def without_spaces(
        self, logs: NDArray[np.float32], columns: NDArray[np.bool_]
    ) -> NDArray[np.float32]:
        """Frames of a line in which no space stands in some columns of its strip, (W,)."""
        inside = np.flatnonzero(columns[FRAME // 2 :: FRAME])
        logs = logs.copy()
        for space in self._spaces:
            logs[inside, space] = REFUSED
        return logs

    def _restricted(self, logs: NDArray[np.float32]) -> NDArray[np.float32]:
        """Frames in which characters that may not be read have no share."""
        if not len(self._refused):
            return logs
        logs = logs.copy()
        logs[:, self._refused] = REFUSED
        logs -= logs.max(axis=1, keepdims=True)
        return logs - np.log(np.exp(logs).sum(axis=1, keepdims=True))

    def choose_language(self, logs: Sequence[NDArray[np.float32]]) -> TextModel | None:
        """The language of some lines, given their `log_probs`; None if there is none to choose."""
        if not self.languages and self.lexicon is None and self.pattern is None:
            return None
        if not self.languages:
            return self.text_models[0]
        texts = (self.spell(best_path(line)) for line in logs)
        return self.text_models[likeliest(self.languages, texts)]

    def log_probs(self, lines: Sequence[NDArray[np.float32]]) -> list[NDArray[np.float32]]:
        """Logarithms of the calibrated probabilities of each frame of normalized lines.

        Parameters
        ----------
        lines : sequence of (LINE_HEIGHT, W) float32 arrays

        Returns
        -------
        list of (ceil(W / FRAME), K + 1) float32 arrays
            Class 0 is the blank, class k + 1 is ``charset[k]``.
        """
        tiles = [(row, tile) for row, line in enumerate(lines) for tile in tiles_of(line.shape[1])]
        pieces = [lines[row][:, tile] for row, tile in tiles]
        logs: list[NDArray[np.float32]] = [np.empty((0, 0), np.float32)] * len(pieces)
        for batch in batches([piece.shape[1] for piece in pieces]):
            width = -(-(max(pieces[i].shape[1] for i in batch) + TAIL) // MULTIPLE) * MULTIPLE
            stack = np.ones((len(batch), 1, LINE_HEIGHT, width), dtype=np.float32)
            for row, i in enumerate(batch):
                stack[row, 0, :, : pieces[i].shape[1]] = pieces[i]
            logits = self._session.run(None, {"strips": stack})[0]
            logits = logits / np.float32(self.metadata.temperature)
            logits -= logits.max(axis=2, keepdims=True)
            logits -= np.log(np.exp(logits).sum(axis=2, keepdims=True))
            for row, i in enumerate(batch):
                logs[i] = logits[row, : -(-pieces[i].shape[1] // FRAME)]
        joined: list[NDArray[np.float32]] = []
        for (_, tile), piece in zip(tiles, logs, strict=True):
            if tile.start == 0:
                joined.append(piece)
            else:
                joined[-1] = join_tiles(joined[-1], piece, tile.start // FRAME)
        return joined

    def decode(
        self, lines: Sequence[NDArray[np.float32]], language: TextModel | None = None
    ) -> list[LineText]:
        """The texts of lines' frames; the spans are in pixels of the strips."""
        free = [best_path(logs) for logs in lines]
        found: list[Found | None] = [None] * len(lines)
        if language is None:
            texts = free
        elif self.pattern is None:
            found = beam_search(lines, language, self.symbols)
            texts = spare_senseless([one or NOTHING for one in found], free, language)
        else:
            found = beam_search(lines, language, self.symbols, pattern=self._fits)
            texts = [
                alone if fits is None or _strays(logs, fits.classes, alone) else fits.classes
                for logs, fits, alone in zip(lines, found, free, strict=True)
            ]
        trimmed = [self.trim(classes) for classes in texts]
        placed = align(lines, trimmed)
        if language is not None and self.pattern is None and language.ngrams.spellings is not None:
            respell, index = language.ngrams.spellings.respell, self._index
            trimmed = [
                [index[c] for c in respell(self.spell(classes), logs, frames, index)]
                for logs, classes, frames in zip(lines, trimmed, placed, strict=True)
            ]
        odds = [ink_odds(*line) for line in zip(lines, trimmed, placed, strict=True)]
        if language is not None and language.ngrams.name:
            likely = likely_by(language, trimmed, found, self.symbols)
            for k, (one, text) in enumerate(zip(found, texts, strict=True)):
                if one is not None and text is one.classes:  # else the ink alone has told it
                    known = likely[k], one.margins[self.kept(text)]
                    odds[k] = language_odds(lines[k], odds[k], *known, language.ngrams.name)
        return [
            self._placed(logs, classes, frames, tuple((1 / (1 + np.exp(-right))).tolist()))
            for logs, classes, frames, right in zip(lines, trimmed, placed, odds, strict=True)
        ]

    def _placed(
        self,
        logs: NDArray[np.float32],
        classes: list[int],
        frames: NDArray[np.int64],
        confidences: tuple[float, ...],
    ) -> LineText:
        """A text with where each character stands and what else it may be."""
        middles = frames.mean(axis=1) * FRAME
        borders = _borders(middles, logs)
        starts, ends = borders[:-1].copy(), borders[1:].copy()
        if len(middles):  # beside a wide gap a letter stands where it was read, and not in the gap
            starts[1:] = np.maximum(starts[1:], middles[1:] - CONFIG.widest / 2)
            ends[:-1] = np.minimum(ends[:-1], middles[:-1] + CONFIG.widest / 2)
        spans = tuple(
            zip(starts[: len(middles)].tolist(), ends[: len(middles)].tolist(), strict=True)
        )
        alternatives = self._alternatives(logs, classes, frames, confidences)
        return LineText(self.spell(classes), confidences, alternatives, spans)

    def _alternatives(
        self,
        logs: NDArray[np.float32],
        classes: list[int],
        frames: NDArray[np.int64],
        confidences: Sequence[float],
    ) -> tuple[tuple[tuple[str, float], ...], ...]:
        """What else the ink says that each character may be.

        The probability that it is not what was read is shared among the other characters.
        """
        found: list[tuple[tuple[str, float], ...]] = []
        for k, (first, last), sure in zip(classes, frames, confidences, strict=True):
            if 1 - sure < CONFIG.least_alternative:
                found.append(())
                continue
            ink = np.exp(logs[first:last].max(axis=0).astype(np.float64))
            ink[[BLANK, k, *self._spaces]] = 0
            likely = np.argsort(-ink, kind="stable")[: CONFIG.alternatives]
            shares = (1 - sure) * ink[likely] / max(float(ink.sum()), 1e-30)  # not by nothing
            found.append(
                tuple(
                    (self.charset[other - 1], round(float(share), 4))
                    for other, share in zip(likely, shares, strict=True)
                    if share >= CONFIG.least_alternative
                )
            )
        return tuple(found)

    def borders(self, text: str, logs: NDArray[np.float32]) -> NDArray[np.float64]:
        """Where the characters of a line's text border on each other.

        Parameters
        ----------
        text : str
            n characters.
        logs : (T, K + 1) float32 array
            Frames of the line.

        Returns
        -------
        (n + 1,) float64 array
            Columns of the strip; character k stands between columns k and k + 1.

        Raises
        ------
        ValueError
            The network does not know a character, or the text does not fit into the frames.
        """
        if unknown := set(text) - self._index.keys():
            raise ValueError(f"the network does not know {''.join(sorted(unknown))!r}")
        frames = align([logs], [[self._index[c] for c in text]])[0]
        return _borders(frames.mean(axis=1) * FRAME, logs)

    def word_choices(
        self,
        logs: NDArray[np.float32],
        span: tuple[float, float],
        language: TextModel | None,
        count: int,
    ) -> list[str]:
        """The likeliest texts of a word, best first.

        Parameters
        ----------
        logs : (T, K + 1) float32 array
            Frames of its line.
        span : (float, float)
            Columns of the strip between which it stands.
        language : TextModel or None
            As `choose_language` gives it.
        """
        first, last = max(0, int(span[0] // FRAME)), int(-(-span[1] // FRAME))
        frames = self._restricted(logs[first:last])
        if not len(frames):
            return []
        model = self.text_models[0] if language is None else language
        config = replace(BEAM, weight=0.0) if language is None else BEAM
        found = likely_texts(frames, model, self.symbols, count, config)
        return list(dict.fromkeys(self.spell(classes).strip() for classes in found))

    @cached_property
    def text_models(self) -> tuple[TextModel, ...]:
        """The languages over the reader's charset; one that knows none if there are none."""
        letters = tuple(c for c in self.charset if c != " ")
        return tuple(
            TextModel(ngrams, letters, lexicon=self.lexicon)
            for ngrams in self.languages or (flat(),)
        )

    @cached_property
    def symbols(self) -> NDArray[np.int64]:
        """The text models' index of each class."""
        letters = tuple(c for c in self.charset if c != " ")
        index = {c: k for k, c in enumerate(letters)} | {" ": len(letters)}  # the space is last
        return np.array([0, *(index[c] for c in self.charset)], dtype=np.int64)

    @cached_property
    def _index(self) -> dict[str, int]:
        """The class of each character."""
        return {character: k for k, character in enumerate(self.charset, start=1)}

    def spell(self, classes: Sequence[int]) -> str:
        """The text of some classes."""
        return "".join(self.charset[k - 1] for k in classes)

    def _fits(self, classes: tuple[int, ...]) -> tuple[bool, bool]:
        """Whether a text that begins so can fit the pattern, and whether it does as it is."""
        if self.pattern is None:
            return True, True
        text = self.spell(self.trim(list(classes)))
        open_ = self.pattern.fullmatch(text, partial=True) is not None
        return open_, open_ and self.pattern.fullmatch(text) is not None

    def trim(self, classes: list[int]) -> list[int]:
        """Without spaces at the ends and without doubled ones."""
        return [classes[k] for k in self.kept(classes)]

    def kept(self, classes: list[int]) -> list[int]:
        """The places that `trim` leaves."""
        space = self.charset.index(" ") + 1 if " " in self.charset else BLANK
        kept: list[int] = []
        for place, k in enumerate(classes):
            if k != space or (kept and classes[kept[-1]] != space):
                kept.append(place)
        return kept[:-1] if kept and classes[kept[-1]] == space else kept


def _borders(middles: NDArray[np.float64], logs: NDArray[np.float32]) -> NDArray[np.float64]:
    """Columns halfway between the middles of a line's characters, and its two ends."""
    return np.concatenate([[0.0], (middles[1:] + middles[:-1]) / 2, [len(logs) * FRAME]])


def _strays(logs: NDArray[np.float32], fitting: list[int], free: list[int]) -> bool:
    """Whether a text that fits a pattern is too far from what the ink says."""
    cost = CONFIG.pattern_cost * max(len(fitting), len(free))
    return path_log(logs, free) - path_log(logs, fitting) > cost

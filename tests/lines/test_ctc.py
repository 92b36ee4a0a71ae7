"""ocr.lines.ctc and beam_search: small outputs written by hand, and all paths counted."""

import itertools
import string

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ocr.lines.beam_search import BeamConfig, beam_search
from ocr.lines.ctc import align, best_path, path_log
from ocr.lines.language import NgramModel, flat
from ocr.lines.lexicon import Lexicon
from ocr.lines.text_model import TextModel


def logs_of(*rows):
    """Logarithms of rows of probabilities."""
    with np.errstate(divide="ignore"):
        return np.maximum(np.log(np.array(rows, dtype=np.float32)), -50).astype(np.float32)


def sharp(path, classes=4):
    """A sure output: class path[t] at frame t."""
    rows = np.full((len(path), classes), 0.01)
    rows[np.arange(len(path)), path] = 1 - 0.01 * (classes - 1)
    return logs_of(*rows)


@pytest.fixture
def language():
    """A language model of equal letters: every symbol one in 64."""
    keys = np.arange(1, 64, dtype=np.int64)
    return TextModel(
        NgramModel(keys, np.full(63, -4.2, np.float32), np.zeros(63, np.float32), 1), ("a", "b")
    )


SYMBOLS = np.array([0, 0, 1, 2])  # classes: nothing, a, b, space
NO_BONUS = (0.0, 0.0, 0.0, 0.0)


def test_best_path_removes_repeats_then_blanks():
    assert best_path(sharp([0, 1, 1, 0, 1, 2, 2, 0])) == [1, 1, 2]
    assert best_path(sharp([0, 0])) == []


def found(*arguments):
    return [text.classes for text in beam_search(*arguments)]


def test_beam_search_sums_over_paths(language):
    # "a" is spelled by (a a), (a -), (- a): 0.16 + 0.24 + 0.24; nothing by (- -): 0.36.
    logs = logs_of([0.6, 0.4, 0, 0], [0.6, 0.4, 0, 0])
    assert best_path(logs) == []
    assert found([logs], language, SYMBOLS, BeamConfig(0.0, NO_BONUS)) == [[1]]


def spelled(path):
    kept = [k for k, _ in itertools.groupby(path)]
    return tuple(k for k in kept if k)


@settings(max_examples=40)
@given(st.integers(0, 10**6), st.integers(1, 4))
def test_beam_search_finds_the_likeliest_of_all_texts(seed, frames):
    rng = np.random.default_rng(seed)
    rows = rng.dirichlet(np.ones(4), frames)
    keys = np.arange(1, 64, dtype=np.int64)
    flat = NgramModel(keys, np.full(63, -4.2, np.float32), np.zeros(63, np.float32), 1)
    total = {}
    for path in itertools.product(range(4), repeat=frames):
        text = spelled(path)
        total[text] = total.get(text, 0) + np.prod(rows[np.arange(frames), path])
    model = TextModel(flat, ("a", "b"))
    (read,) = found([logs_of(*rows)], model, SYMBOLS, BeamConfig(0.0, NO_BONUS, width=400))
    read = tuple(read)
    # Characters under the threshold of a frame are not followed.
    assert total[read] >= 0.97 * max(total.values())


def test_sure_ink_is_never_overruled(language):
    path = [1, 0, 2, 0, 1, 0, 1, 3, 2]
    assert found([sharp(path)], language, SYMBOLS) == [[1, 2, 1, 1, 3, 2]]


def test_each_kind_of_character_has_its_bonus():
    keys = np.arange(1, 64, dtype=np.int64)
    flat = NgramModel(keys, np.full(63, -4.2, np.float32), np.zeros(63, np.float32), 1)
    language = TextModel(flat, ("a", "."))  # classes: nothing, a, point, space
    logs = logs_of([0.01, 0.5, 0.3, 0.19])
    reads = [
        found([logs], language, SYMBOLS, BeamConfig(0.0, bonus))[0]
        for bonus in ((0, 0, 0, 0), (0, 0, 1, 0), (0, 0, 0, 2), (0, 5, 0, 0))
    ]
    assert reads == [[1], [2], [3], [1]]  # there are no digits


def test_of_texts_that_end_alike_the_best_is_kept(language):
    # Eight letters, each a or b: 256 texts, of which those that differ in the last six are kept.
    rows = np.tile([0.0, 0.6, 0.4, 0.0], (15, 1))
    rows[1::2] = [0.97, 0.01, 0.01, 0.01]
    (wide,) = found([logs_of(*rows)], language, SYMBOLS, BeamConfig(0.0, NO_BONUS, width=500))
    (narrow,) = found([logs_of(*rows)], language, SYMBOLS, BeamConfig(0.0, NO_BONUS, width=4))
    assert wide == narrow == [1] * 8


def test_the_language_s_share_of_a_text_is_told(language):
    lines = [sharp([1, 0, 2, 0, 1, 3, 2]), sharp([0, 0]), sharp([2, 0, 2])]
    texts = beam_search(lines, language, SYMBOLS)
    logs = language.character_logs([SYMBOLS[text.classes] for text in texts])
    for text, expected in zip(texts, logs, strict=True):
        np.testing.assert_allclose(text.likely, expected, rtol=1e-12)


def test_margins_tell_how_near_another_text_comes(language):
    # Nine letters, of which the second and the last may be another one; the second and the first
    # belong to a text that gave way to this one, long before the end of the line.
    rows = np.tile([0.997, 0.001, 0.001, 0.001], (17, 1))
    rows[::2] = [0.001, 0.997, 0.001, 0.001]
    rows[2], rows[-1] = [0.0, 0.6, 0.4, 0.0], [0.0, 0.2, 0.8, 0.0]
    (text,) = beam_search([logs_of(*rows)], language, SYMBOLS, BeamConfig(0.0, NO_BONUS))
    assert text.classes == [1] * 8 + [2]
    assert text.margins[1] == pytest.approx(np.log(0.6 / 0.4), abs=0.02)
    assert text.margins[-1] == pytest.approx(np.log(0.8 / 0.2), abs=0.05)
    assert (np.delete(text.margins, [1, 8]) > 3).all()
    assert text.margins.max() <= BeamConfig().margin


def test_margins_count_a_letter_more_and_a_letter_less(language):
    rows = [[0.0, 0.99, 0.01, 0.0], [0.3, 0.0, 0.7, 0.0], [0.0, 0.99, 0.0, 0.01]]
    (text,) = beam_search([logs_of(*rows)], language, SYMBOLS, BeamConfig(0.0, NO_BONUS))
    assert text.classes == [1, 2, 1]
    assert text.margins[1] == pytest.approx(np.log(0.7 / 0.3), abs=0.02)  # for "a a"


def test_margins_of_lines_side_by_side_are_those_of_each_alone(language):
    rng = np.random.default_rng(0)
    lines = [logs_of(*rng.dirichlet(np.full(4, 0.4), frames)) for frames in (17, 0, 22, 1, 9)]
    lines = [line.reshape(-1, 4) for line in lines]
    together = beam_search(lines, language, SYMBOLS)
    for line, text in zip(lines, together, strict=True):
        (alone,) = beam_search([line], language, SYMBOLS)
        np.testing.assert_allclose(text.margins, alone.margins)


def test_lines_side_by_side_read_as_each_alone(language):
    rng = np.random.default_rng(0)
    lines = [logs_of(*rng.dirichlet(np.full(4, 0.4), frames)) for frames in (7, 0, 12, 1, 9)]
    alone = [found([line.reshape(-1, 4)], language, SYMBOLS)[0] for line in lines]
    assert found([line.reshape(-1, 4) for line in lines], language, SYMBOLS) == alone
    assert found([], language, SYMBOLS) == []


def test_align_gives_the_frames_of_each_character():
    lines = [sharp([0, 1, 1, 0, 1, 2, 0]), sharp([0, 0]), sharp([2, 0])]
    frames = align(lines, [[1, 1, 2], [], [2]])
    assert [places.tolist() for places in frames] == [[[1, 3], [4, 5], [5, 6]], [], [[0, 1]]]
    assert [places.shape for places in align(lines[1:2], [[]])] == [(0, 2)]
    assert align([], []) == []


def test_align_refuses_a_text_that_needs_more_frames():
    with pytest.raises(ValueError, match="a text of 2 characters does not fit into 2 frames"):
        align([sharp([0, 1]), sharp([1, 1])], [[1], [1, 1]])  # equal neighbors need a blank
    with pytest.raises(ValueError, match="fit"):
        align([sharp([1, 1])], [[1, 2, 1]])


@settings(max_examples=30)
@given(st.integers(0, 10**6), st.integers(1, 5))
def test_align_finds_the_likeliest_path_of_each_line(seed, frames):
    rng = np.random.default_rng(seed)
    rows = [rng.dirichlet(np.ones(3), count) for count in (frames, 4)]
    paths = [
        max(itertools.product(range(3), repeat=len(p)), key=lambda way: logs_of_path(p, way))
        for p in rows
    ]
    texts = [spelled(path) for path in paths]
    logs = [logs_of(*p) for p in rows]
    for p, path, text, places in zip(rows, paths, texts, align(logs, texts), strict=True):
        found = np.zeros(len(p), dtype=int)
        for k, (first, last) in zip(text, places, strict=True):
            found[first:last] = k
        assert logs_of_path(p, found) == pytest.approx(logs_of_path(p, path))


def logs_of_path(rows, path):
    return np.log(rows[np.arange(len(rows)), list(path)]).sum()


def test_the_log_of_a_path_is_that_of_its_frames():
    p = np.array([[0.1, 0.8, 0.1], [0.6, 0.3, 0.1], [0.2, 0.1, 0.7]])
    assert path_log(np.log(p), [1, 2]) == pytest.approx(np.log(0.8 * 0.6 * 0.7))
    assert path_log(np.log(p), []) == pytest.approx(np.log(0.1 * 0.6 * 0.2))


def test_a_line_goes_on_behind_a_name_that_a_lexicon_has_with_another_ending():
    letters = tuple(string.ascii_lowercase)
    language = TextModel(flat(), letters, lexicon=Lexicon(["featherstonehaughs"]))
    text = "featherstonehaugh and a fair"
    path = [k for c in text for k in (0, (*letters, " ").index(c) + 1)]
    (read,) = found([sharp(path, 28)], language, np.array([0, *range(27)]))
    assert "".join((*letters, " ")[k - 1] for k in read) == text

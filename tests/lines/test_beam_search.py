"""ocr.lines.beam_search: small outputs written by hand, and all paths counted."""

import itertools
import string

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from line_fakes import NO_BONUS, SYMBOLS, logs_of, sharp, spelled

from ocr.lines.beam_search import BeamConfig, beam_search
from ocr.lines.ctc import best_path
from ocr.lines.language import NgramModel, flat
from ocr.lines.lexicon import Lexicon
from ocr.lines.text_model import TextModel


def found(*arguments):
    return [text.classes for text in beam_search(*arguments)]


def test_beam_search_sums_over_paths(language):
    # "a" is spelled by (a a), (a -), (- a): 0.16 + 0.24 + 0.24; nothing by (- -): 0.36.
    logs = logs_of([0.6, 0.4, 0, 0], [0.6, 0.4, 0, 0])
    assert best_path(logs) == []
    assert found([logs], language, SYMBOLS, BeamConfig(0.0, NO_BONUS)) == [[1]]


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


def test_lines_side_by_side_read_as_each_alone(language):
    rng = np.random.default_rng(0)
    lines = [logs_of(*rng.dirichlet(np.full(4, 0.4), frames)) for frames in (7, 0, 12, 1, 9)]
    alone = [found([line.reshape(-1, 4)], language, SYMBOLS)[0] for line in lines]
    assert found([line.reshape(-1, 4) for line in lines], language, SYMBOLS) == alone
    assert found([], language, SYMBOLS) == []


def test_a_line_goes_on_behind_a_name_that_a_lexicon_has_with_another_ending():
    letters = tuple(string.ascii_lowercase)
    language = TextModel(flat(), letters, lexicon=Lexicon(["featherstonehaughs"]))
    text = "featherstonehaugh and a fair"
    path = [k for c in text for k in (0, (*letters, " ").index(c) + 1)]
    (read,) = found([sharp(path, 28)], language, np.array([0, *range(27)]))
    assert "".join((*letters, " ")[k - 1] for k in read) == text

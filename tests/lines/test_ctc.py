"""ocr.lines.ctc: small outputs written by hand, and all paths counted."""

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from line_fakes import logs_of, sharp, spelled

from ocr.lines.ctc import align, best_path, path_log


def test_best_path_removes_repeats_then_blanks():
    assert best_path(sharp([0, 1, 1, 0, 1, 2, 2, 0])) == [1, 1, 2]
    assert best_path(sharp([0, 0])) == []


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

"""Photos against their text: lines, letters, and what is doubtful."""

import shutil
from pathlib import Path

import numpy as np
import pytest

from ocr.input.documents import PageSource
from training.own_hand.photo_truth import Aligner, match_letters, match_lines
from training.own_hand.samples import Account

SAMPLE = Path(__file__).parents[3] / "images" / "phone_note.jpg"


def test_lines_that_say_the_same_are_paired():
    assert match_lines(["Hello", "wor1d"], ["hello", "world"]) == [(0, 0), (1, 1)]
    assert match_lines(["first", "third"], ["first", "second", "third"]) == [(0, 0), (1, 2)]
    assert match_lines(["dirt", "first", "second"], ["first", "second"]) == [(1, 0), (2, 1)]
    assert match_lines(["quite", "other"], ["7 eggs", "12 mops", "9"]) == []
    assert match_lines([], ["a"]) == []


def likely(read, written):
    """Probabilities of a reader that is rather sure."""
    alike = np.array([[a == b for b in written] for a in read]).reshape(len(read), len(written))
    return np.where(alike, np.float32(0.9), np.float32(0.01)), alike


@pytest.mark.parametrize(
    ("read", "written", "expected"),
    [
        ("HELLO", "HELLO", [(0, 0), (1, 1), (2, 2), (3, 3), (4, 4)]),
        ("HEL1O", "HELLO", [(0, 0), (1, 1), (2, 2), (3, 3), (4, 4)]),  # what is to be learned
        ("HELO", "HELLO", [(0, 0), (1, 1), (2, 3), (3, 4)]),  # a lost letter, the rest is sure
        ("HEXLLO", "HELLO", [(0, 0), (1, 1), (3, 2), (4, 3), (5, 4)]),  # a speck
        ("QWXYZ", "HELLO", []),  # nothing agrees
        ("", "HELLO", []),
    ],
)
def test_letters_are_paired_or_left_out(read, written, expected):
    assert match_letters(*likely(read, written)) == expected


def test_beside_a_gap_only_sure_pairs_are_kept():
    share, alike = likely("ABDEFG", "ABCDEFG")
    share[1, 1] = 0.3  # the B, beside the lost C
    assert match_letters(share, alike) == [(0, 0), (2, 3), (3, 4), (4, 5), (5, 6)]


@pytest.fixture
def photo(tmp_path):
    shutil.copy(SAMPLE.with_name("phone_note.gt.txt"), tmp_path / "note.gt.txt")
    return Path(shutil.copy(SAMPLE, tmp_path / "note.jpg"))


def test_letters_of_a_photo(photo):
    account = Account()
    images, labels = Aligner().letters(PageSource(str(photo)), account)
    written = "".join(photo.with_name("note.gt.txt").read_text().split())
    assert len(images) == len(labels) > 0.8 * len(written)
    assert set(labels) <= set(written)
    assert not account.named


def test_a_text_with_another_number_of_lines_is_said_and_the_rest_used(photo):
    truth = photo.with_name("note.gt.txt")
    rows = truth.read_text().splitlines()
    truth.write_text("\n".join([*rows[:-1], "an unwritten line", "12345"]))
    account = Account()
    found = Aligner().lines(PageSource(str(photo)), account)
    assert len(found) == len(rows) - 1
    assert account.left_out["lines of photos too unlike their text"] == 1
    (said,) = account.named
    assert f"{len(rows)} lines found, {len(rows) + 1} in its .gt.txt" in said


def test_a_photo_with_another_photos_text_is_left_out_and_named(tmp_path):
    photo = Path(shutil.copy(SAMPLE, tmp_path / "a.jpg"))
    truth = tmp_path / "a.gt.txt"
    right = SAMPLE.with_suffix(".gt.txt").read_text()
    truth.write_text(right)
    account = Account()
    assert Aligner().lines(PageSource(str(photo)), account)
    assert "photos unlike their text as a whole" not in account.left_out
    other = "Dear Mary\nthank you for the books\nCALL us when you land\nsee you soon\nyours, Tom\n"
    truth.write_text(other)
    assert Aligner().lines(PageSource(str(photo)), account) == []
    assert account.left_out["photos unlike their text as a whole"] == 1
    assert "a.jpg: reads nothing like its .gt.txt" in account.named[-1]

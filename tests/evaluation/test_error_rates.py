"""ocr.evaluation.error_rates and ocr.evaluation.report: distances, rates, intervals, reports."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ocr.errors import DataError, ImageError
from ocr.evaluation.error_rates import (
    Errors,
    align,
    bootstrap_interval,
    character_errors,
    confusions,
    edit_distance,
    letter_errors,
    word_errors,
)
from ocr.evaluation.ground_truth import pairs_in, read_truth
from ocr.evaluation.normalization import Normalization
from ocr.evaluation.report import Report, score

texts = st.text("ab c", max_size=12)
PLAIN = Normalization()


@pytest.mark.parametrize(
    ("reference", "read", "distance"),
    [
        ("", "", 0),
        ("abc", "abc", 0),
        ("abc", "", 3),
        ("", "ab", 2),
        ("kitten", "sitting", 3),
        ("flaw", "lawn", 2),
        ("intention", "execution", 5),
        ("ab", "ba", 2),
    ],
)
def test_edit_distance(reference, read, distance):
    assert edit_distance(reference, read) == distance


def test_edit_distance_of_words():
    assert edit_distance(["to", "do"], ["to", "be", "do"]) == 1


@given(texts, texts, texts)
def test_distance_is_a_metric(a, b, c):
    assert edit_distance(a, b) == edit_distance(b, a)
    assert (edit_distance(a, b) == 0) == (a == b)
    assert edit_distance(a, c) <= edit_distance(a, b) + edit_distance(b, c)
    assert abs(len(a) - len(b)) <= edit_distance(a, b) <= max(len(a), len(b))


@given(texts, texts)
def test_alignment_spells_both_at_the_distance(a, b):
    pairs = align(a, b)
    assert "".join(left or "" for left, _ in pairs) == a
    assert "".join(right or "" for _, right in pairs) == b
    assert (None, None) not in pairs
    assert sum(left != right for left, right in pairs) == edit_distance(a, b)
    assert sum(confusions(pairs).values()) == edit_distance(a, b)


def test_confusions():
    assert confusions(align("0 to", "O tol")) == {("0", "O"): 1, ("", "l"): 1}


def test_rates():
    assert character_errors("abcd", "abxd") == Errors(1, 4)
    assert word_errors("to do list", "to d o list") == Errors(2, 3)
    assert letter_errors("to do", "tod o") == Errors(0, 4)
    assert Errors(1, 4).rate == 0.25
    assert Errors(1, 4) + Errors(2, 6) == Errors(3, 10)
    assert Errors(1, 4).accuracy == 0.75
    assert Errors(9, 4).accuracy == 0
    assert Errors(0, 0).rate is None
    assert Errors(0, 0).accuracy == 1
    assert Errors(3, 0).accuracy == 0


@pytest.mark.parametrize(
    ("normalization", "text", "expected"),
    [
        (Normalization(), " To  do\r\n\tlist \n", "To do list"),
        (Normalization(), "e\u0301", "é"),
        (Normalization(), "ﬁ’", "ﬁ’"),
        (Normalization("nfkc"), "ﬁ①", "fi1"),
        (Normalization("plain"), "“Déjà” — l’été…", '"Deja" - l\'ete...'),
        (Normalization(ignore_case=True), "Straße TO", "strasse to"),
        (Normalization(ignore_spaces=True), "to do\nlist", "todolist"),
    ],
)
def test_normalization(normalization, text, expected):
    assert normalization.apply(text) == expected
    assert normalization.apply(expected) == expected
    assert normalization.describe()


def test_normalization_names_are_checked():
    with pytest.raises(ValueError, match="form"):
        Normalization("nfd")


def test_bootstrap():
    parts = [Errors(k % 3, 20) for k in range(60)]
    low, high = bootstrap_interval(parts)
    assert low < 0.05 < high
    assert high - low < 0.03
    assert (low, high) == bootstrap_interval(parts)  # by seed
    assert (low, high) != bootstrap_interval(parts, seed=1)
    assert bootstrap_interval([Errors(0, 5)] * 3) == (0, 0)
    assert bootstrap_interval([Errors(1, 5)]) is None
    assert bootstrap_interval([Errors(1, 0)] * 3) is None


def test_score_books_edits_on_their_lines():
    found = score("a.jpg", "to do\n\nlist of\nthings\n", "to d0\nlistof\nthings!", PLAIN)
    assert found.characters == Errors(3, len("to do list of things"))
    assert found.words == Errors(4, 5)
    assert found.letters == Errors(2, len("todolistofthings"))
    assert [line.errors.edits for line in found.lines] == [1, 1, 1]
    assert [line.reference for line in found.lines] == ["to do", "list of", "things"]
    assert [line.read for line in found.lines] == ["to d0", "listof", "things!"]
    assert [line.number for line in found.lines] == [1, 3, 4]  # as an editor counts
    assert found.confusions == {("o", "0"): 1, (" ", ""): 1, ("", "!"): 1}


lines = st.lists(st.text("ab ", min_size=1, max_size=6), max_size=4).map("\n".join)


@given(lines, lines, st.booleans())
def test_line_scores_add_up(truth, read, ignore_spaces):
    found = score("a", truth, read, Normalization(ignore_spaces=ignore_spaces))
    if found.lines:
        assert sum((line.errors for line in found.lines), Errors()) == found.characters


@pytest.mark.parametrize(
    ("truth", "read", "accuracy"), [("", "", 1.0), ("", "ghost", 0.0), ("ink", "", 0.0)]
)
def test_empty_texts(truth, read, accuracy):
    found = score("a", truth, read, PLAIN)
    assert found.letters.accuracy == accuracy
    report = Report(PLAIN, (found,))
    assert "a" in report.to_text()
    assert json.loads(json.dumps(report.to_dict()))["character_accuracy"] == accuracy


def report() -> Report:
    return Report(
        PLAIN,
        (
            score("one.jpg", "to do\nlist", "to d0\nlist", PLAIN),
            score("two.jpg", "nap", "map", PLAIN),
        ),
    )


def test_report_pools():
    both = report()
    assert both.characters == Errors(2, 13)
    assert both.to_dict()["cer"] == 2 / 13
    assert both.to_dict()["wer"] == 2 / 4
    assert both.to_dict()["character_accuracy"] == 1 - 2 / 11
    assert both.confusions == [(("n", "m"), 1), (("o", "0"), 1)]
    assert [line.file for line in both.worst_lines] == ["two.jpg", "one.jpg"]
    assert both.drawn == "lines"
    low, high = both.interval
    assert 0 <= low < 2 / 13 < high <= 1


def test_report_says_how_it_counted():
    text = report().to_text()
    assert "Unicode NFC, whitespace folded to one space, case counts" in text
    assert "two.jpg" in text
    assert "81.82%" in text  # accuracy of all
    assert "n > m  1" in text
    assert "written  nap" in text
    assert "over lines" in text


def test_many_files_are_drawn_as_files():
    many = Report(PLAIN, tuple(score(f"{k}.jpg", "abc", "abc", PLAIN) for k in range(10)))
    assert many.drawn == "files"
    assert many.interval == (0, 0)


def test_without_spaces_there_is_no_word_error_rate():
    normalization = Normalization(ignore_spaces=True)
    found = Report(normalization, (score("a", "to do", "tod o", normalization),))
    assert found.to_dict()["wer"] is None
    assert found.to_dict()["cer"] == 0


def test_pairs(tmp_path):
    for name in ("b.jpg", "a.png", "c.jpg", "a.gt.txt", "b.gt.txt"):
        (tmp_path / name).touch()
    assert [(photo.name, truth.name) for photo, truth in pairs_in(tmp_path)] == [
        ("a.png", "a.gt.txt"),
        ("b.jpg", "b.gt.txt"),
    ]
    assert pairs_in(tmp_path / "b.jpg") == [(tmp_path / "b.jpg", tmp_path / "b.gt.txt")]
    with pytest.raises(DataError, match=r"c\.gt\.txt"):
        pairs_in(tmp_path / "c.jpg")
    with pytest.raises(ImageError, match="no such file"):
        pairs_in(tmp_path / "d.jpg")
    (tmp_path / "sub").mkdir()
    with pytest.raises(ImageError, match="no pictures"):
        pairs_in(tmp_path / "sub")
    (tmp_path / "sub" / "x.jpg").touch()
    with pytest.raises(DataError, match="beside"):
        pairs_in(tmp_path / "sub")


def test_truth_files(tmp_path):
    path = tmp_path / "a.gt.txt"
    path.write_bytes("\ufeffété\n".encode())
    assert read_truth(path) == "été\n"
    path.write_bytes(b"\xe9t\xe9")
    with pytest.raises(DataError, match="UTF-8"):
        read_truth(path)
    with pytest.raises(DataError):
        read_truth(tmp_path)

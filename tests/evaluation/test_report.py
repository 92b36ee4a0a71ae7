"""ocr.evaluation.report: edits booked on lines, pooled figures, and what is written."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ocr.evaluation.error_rates import Errors
from ocr.evaluation.normalization import Normalization
from ocr.evaluation.report import Report, score

PLAIN = Normalization()


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

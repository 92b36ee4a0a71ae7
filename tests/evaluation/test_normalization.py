"""ocr.evaluation.normalization: what counts as equal, and names that are none."""

import pytest

from ocr.evaluation.normalization import Normalization


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

"""ocr.lines.folding: case, accents, digits and signs."""

import pytest

from ocr.lines.folding import SYMBOLS, fold, symbols_of


@pytest.mark.parametrize(
    ("character", "expected"),
    [
        ("a", ("a", 0, 0)),
        ("A", ("a", 0, 1)),
        ("é", ("e", 0, 0)),
        ("Ö", ("o", 0, 1)),
        ("7", ("0", 1, 2)),
        (",", (",", 2, 2)),
        ("’", ("'", 2, 2)),
        ("€", ("#", 2, 2)),
        ("ß", ("#", 2, 2)),
    ],
)
def test_fold(character, expected):
    symbol, kind, case = fold(character)
    assert (SYMBOLS[symbol - 1], kind, case) == expected


def test_a_text_is_folded_as_its_characters_are():
    text = "Éa 7,€’\U0001d49c"
    assert symbols_of(text).tolist() == [fold(character)[0] for character in text]
    assert symbols_of("").tolist() == []

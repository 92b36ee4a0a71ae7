"""ocr.lines.folding: case, accents, digits and signs."""

import pytest

from ocr.lines.folding import SYMBOLS, fold


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

"""Context: size on the line, words, case, restriction of the characters, clear ink."""

import string

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ocr.letters.context import LineGlyphs, case_prior, decode_page
from ocr.letters.sizes import REACH, size_scores
from ocr.lines.language import load_language

KEYBOARD = tuple(string.ascii_letters + string.digits + string.punctuation)
NGRAMS = load_language()


def place(text, cap=50, slope=0.0, top=100):
    """Boxes of a neat hand for a line of text."""
    boxes, x = [], 20
    for character in text:
        if character != " ":
            reach = next((r for group, r in REACH.items() if character in group), (1.0, 0.0))
            base = top + cap + slope * x
            boxes.append([base - cap * reach[0], x, base - cap * reach[1], x + 0.6 * cap])
        x += cap
    return np.rint(boxes).astype(int)


def seen(text, confusions=(), sure=0.97):
    """A line as a sure classifier sees it, but for `confusions`: position to (character, p) ..."""
    letters = [c for c in text if c != " "]
    proba = np.full((len(letters), len(KEYBOARD)), (1 - sure) / (len(KEYBOARD) - 1))
    for row, character in zip(proba, letters, strict=True):
        row[KEYBOARD.index(character)] = sure
    for position, shares in dict(confusions).items():
        proba[position] = 0.001
        for character, share in shares.items():
            proba[position, KEYBOARD.index(character)] = share
    starts = [k == 0 for word in text.split() for k in range(len(word))]
    proba /= proba.sum(axis=1, keepdims=True)
    return LineGlyphs(proba.astype(np.float32), place(text), np.array(starts))


def read(*lines, allowed=None):
    page = decode_page(lines, KEYBOARD, NGRAMS, allowed)
    return ["".join(letter.text for letter in line) for line in page]


def test_clear_writing_stays():
    for text in ("TO DO LIST", "Within a short time she", "x7Qk9 ZpL2W", "4.50 12/05 #3"):
        assert read(seen(text)) == [text.replace(" ", "")]


def test_language_settles_what_the_shape_leaves_open():
    page = seen("REALIZE YOU", {4: {"1": 0.5, "I": 0.3}, 3: {"C": 0.5, "L": 0.4}})
    assert read(page) == ["REALIZEYOU"]
    assert read(seen("the house", {1: {"n": 0.6, "h": 0.3}})) == ["thehouse"]


def test_language_does_not_overrule_clear_ink():
    for text in ("THX CAT", "tne cat", "QVEEN", "w0rd 1s", "HELL0", "XKQZVJ"):
        # "0" and "o" are of one shape, so only their line can tell; the others must stay.
        ink = read(seen(text))[0]
        expected = text.replace(" ", "")
        assert [c for c, t in zip(ink, expected, strict=True) if t not in "0Oo1Il"] == [
            t for t in expected if t not in "0Oo1Il"
        ]


@pytest.mark.parametrize(
    ("text", "confused"),
    [("1 2 3 4 0 6", 4), ("A B C D O F", 4), ("A B I D E F", 2), ("2019 4 30", 1), ("5 1 8", 1)],
)
def test_single_characters_follow_their_row(text, confused):
    letters = text.replace(" ", "")
    group = "0Oo" if letters[confused] in "0O" else "1Il|"
    line = seen(text, {confused: dict.fromkeys(group, 0.3)})
    assert read(line) == [letters]


def test_size_tells_cases_apart():
    # Every letter as likely small as capital by its shape; the words hold other clear letters.
    both = {1: {"o": 0.5, "O": 0.5}, 4: {"s": 0.5, "S": 0.5}}
    assert read(seen("Rowas fit", both)) == ["Rowasfit"]
    assert read(seen("LOTUS FIT", {1: both[1], 4: both[4]})) == ["LOTUSFIT"]


def test_comma_apostrophe_and_hyphen_by_position():
    alike = {",": 0.4, "'": 0.4, "`": 0.2}
    assert read(seen("don't, go", {3: alike, 5: alike})) == ["don't,go"]
    alike = {"-": 0.5, "_": 0.5}
    assert read(seen("ab-bc xed_yt", {2: alike, 8: alike})) == ["ab-bcxed_yt"]


def test_one_letter_that_jumps_stays():
    line = seen("TO DO LIST")
    boxes = line.boxes.copy()
    boxes[6] += [-20, 0, -20, 0]  # 0.4 of the cap height up
    assert read(LineGlyphs(line.proba, boxes, line.starts)) == ["TODOLIST"]


def test_scale_position_and_tilt_change_nothing():
    text = "Some words, on a long line 42"
    open_ = {1: {"o": 0.5, "O": 0.5}, 0: {"s": 0.5, "S": 0.5}}
    line = seen(text, open_)
    expected = read(line)
    big = line.boxes * 7
    moved = line.boxes + np.array([300, 40, 300, 40])
    tilted = place(text, slope=0.05)
    for boxes in (big, moved, tilted):
        assert read(LineGlyphs(line.proba, boxes, line.starts)) == expected


def test_allowed_restricts_the_decoding():
    line = seen("SOLO 50")
    for allowed in ("0123456789", string.ascii_uppercase, "S0L", "z"):
        found = read(line, allowed=allowed)[0]
        assert len(found) == 6 and set(found) <= set(allowed)
    assert read(seen("hello"), allowed=string.ascii_uppercase) == ["HELLO"]
    with pytest.raises(ValueError, match="none of the characters"):
        read(line, allowed="é")


def test_other_charsets():
    capitals = tuple(string.ascii_uppercase + string.digits)
    line = seen("MAKE 2")
    columns = [KEYBOARD.index(c) for c in capitals]
    proba = line.proba[:, columns] / line.proba[:, columns].sum(axis=1, keepdims=True)
    (found,) = decode_page([LineGlyphs(proba, line.boxes, line.starts)], capitals, NGRAMS)
    assert "".join(letter.text for letter in found) == "MAKE2"


def test_lines_come_back_in_order():
    texts = ["NAP", "TO DO LIST", "A", "WITH"]
    assert read(*map(seen, texts)) == [text.replace(" ", "") for text in texts]
    empty = LineGlyphs(
        np.zeros((0, len(KEYBOARD)), np.float32), np.zeros((0, 4), int), np.zeros(0, bool)
    )
    assert read(seen("NAP"), empty, seen("A")) == ["NAP", "", "A"]
    assert read(empty) == [""] and read() == []


@settings(max_examples=25)
@given(st.integers(0, 2**32 - 1), st.integers(1, 12), st.integers(1, 3))
def test_confidences_are_probabilities(seed, letters, count):
    rng = np.random.default_rng(seed)
    lines = []
    for _ in range(count):
        corner = rng.integers(0, 500, (letters, 2))
        boxes = np.hstack([corner, corner + rng.integers(1, 80, (letters, 2))])
        proba = rng.dirichlet(np.full(len(KEYBOARD), 0.05), letters).astype(np.float32)
        lines.append(LineGlyphs(proba, boxes, rng.random(letters) < 0.3))
    page = decode_page(lines, KEYBOARD, NGRAMS)
    assert page == decode_page(lines, KEYBOARD, NGRAMS)
    assert [len(line) for line in page] == [letters] * count
    for letter in (letter for line in page for letter in line):
        shares = [letter.confidence, *(p for _, p in letter.alternatives)]
        assert all(0 <= p <= 1 for p in shares) and sum(shares) <= 1 + 5e-5 * len(
            shares
        )  # rounded to four digits
        assert len(letter.alternatives) <= 3
        assert letter.text not in [c for c, _ in letter.alternatives]


def test_size_scores_take_the_hypothesis_that_fits():
    index = {c: k for k, c in enumerate(KEYBOARD)}
    for text, winner, loser in (("ROSES", "O", "o"), ("doses", "o", "O")):
        line = seen(text, {1: {"o": 0.5, "O": 0.5}, 2: {"s": 0.5, "S": 0.5}})
        (scores,) = size_scores([line.proba.astype(float)], [line.boxes], KEYBOARD)
        assert scores.shape == line.proba.shape and (scores <= 0).all()
        assert scores[1, index[winner]] > scores[1, index[loser]] + 1


def test_case_prior():
    starts = [np.array([True, False, False, True, False])]
    upper, lower, title, _ = case_prior([list("ABCDE")] * 4, starts * 4)
    assert upper > 1.3 and lower < 0.6 and title < 0.6
    np.testing.assert_allclose(case_prior([], []), 1)

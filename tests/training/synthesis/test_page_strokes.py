from pathlib import Path
from string import ascii_letters

import numpy as np
import pytest

from training.synthesis.line_strokes import EM
from training.synthesis.page_strokes import PenHands, pieces_width


def store(path: Path, items: list[tuple[str, str, str, int]]) -> None:
    """Items of a label, writer, split and width: a box 40 high, drawn in one stroke."""
    path.parent.mkdir(exist_ok=True)
    names = sorted({writer for _, writer, _, _ in items})
    shapes = [[(0, 0), (width, 0), (width, 40), (0, 40), (0, 0)] for *_, width in items]
    count = np.arange(len(items) + 1)
    np.savez(
        path,
        points=np.array(shapes, np.int16).reshape(-1, 2),
        stroke_off=5 * count,
        item_off=count,
        label=np.array([label for label, *_ in items]),
        writer=np.array([names.index(writer) for _, writer, *_ in items]),
        writer_names=np.array(names),
        split=np.array([split for _, _, split, _ in items]),
    )


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    chars = [(sign, "aga:ann", "test", 30) for sign in ascii_letters + "."]
    chars += [(sign, "aga:few", "test", 30) for sign in "abc"]
    chars += [(sign, "aga:other", "train", 30) for sign in ascii_letters]
    store(tmp_path / "chars" / "unipen_chars.npz", chars)
    words = [
        (("milk", "Bread", ",", "two words", "wrapped")[k % 5], "aga:bob", "test", 90)
        for k in range(59)
    ]
    words.append(("x" * 40, "aga:bob", "test", 20))  # far too narrow for its text
    words.append(("eggs", "aga:cy", "test", 90))
    store(tmp_path / "lines" / "unipen_words.npz", words)
    return tmp_path


def test_only_writers_of_the_split_with_enough_to_write_a_page(folder: Path) -> None:
    hands = PenHands(folder, "test")
    assert hands.printers == ["aga:ann"]
    assert hands.copyists == ["aga:bob"]
    assert PenHands(folder, "train").printers == ["aga:other"]
    assert PenHands(folder, "train").copyists == []


def test_text_is_spelled_without_words_that_lack_a_letter(folder: Path) -> None:
    words = PenHands(folder, "test").spell(
        np.random.default_rng(0), "aga:ann", "I saw 7 (odd) cats."
    )
    assert ["".join(text for text, _ in word) for word in words] == ["I", "saw", "odd", "cats."]
    for text, strokes in words[0]:
        assert text == "I"
        feet = np.concatenate(strokes)[:, 1]
        np.testing.assert_allclose([feet.min(), feet.max()], [-EM, 0], atol=1e-3)


def test_words_are_copied_in_order_and_whole(folder: Path) -> None:
    words = PenHands(folder, "test").copy(np.random.default_rng(3), "aga:bob", 9)
    texts = [text for word in words for text, _ in word]
    assert len(texts) == 9
    assert set(texts) == {"milk", "Bread", "wrapped"}
    start = ("milk", "Bread", "wrapped").index(texts[0])
    assert texts[:3] == [("milk", "Bread", "wrapped")[(start + k) % 3] for k in range(3)]


def test_width_counts_the_space_after_each_piece() -> None:
    stroke = [np.array([[0, 0], [EM, -EM]], np.float32)]
    assert pieces_width([("a", stroke), ("b", stroke)], 0.25) == pytest.approx(2.5)

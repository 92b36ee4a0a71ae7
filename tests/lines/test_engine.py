"""ocr.lines.engine: what is taken for writing, what is said of the rest, lines on the page."""

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
from line_fakes import layout, read, text_line
from PIL import Image, ImageDraw, ImageFont

from ocr.layout.strips import X_HEIGHT, cut_strip
from ocr.lines.engine import (
    LinesEngine,
    _is_label,
    _parts,
    as_sure_as_others,
    holes_of_a_binding,
    legible,
    page_line,
    unread,
)
from ocr.lines.recognizer import LineText
from ocr.page import Box, Letter, Line, Word
from ocr.reader import Reader


class Written(SimpleNamespace):
    """A page of 200 x 300 pixels that is dark in boxes."""

    height, width = 200, 300

    def grey(self, long_side):
        page = np.full((200, 300), 0.9, np.float32)
        for y1, x1, y2, x2 in self.boxes:
            page[y1:y2, x1:x2] = 0.2
        return page[::4, ::4]

    def rgb(self, long_side):
        return np.repeat(np.uint8(255 * self.grey(long_side))[..., None], 3, axis=2)


FIRST, SECOND = (48, 20, 60, 280), (148, 200, 160, 280)
PAGE = Written(boxes=(FIRST, SECOND))


def test_all_lines_of_a_page_that_reads_surely_stay():
    counts, confidences = np.array([30, 5]), np.array([0.9, 0.2])
    assert legible(counts, confidences, np.array([0.9, 0.1])).tolist() == [True, True]


def test_a_line_that_makes_no_sense_by_its_ink_does_not_stay_whatever_the_others_say():
    counts, confidences = np.array([60, 20, 5]), np.array([0.9, 0.2, 0.2])
    assert legible(counts, confidences, np.ones(3)).tolist() == [True, False, True]  # 5 are few


def test_of_a_page_that_reads_unsurely_only_clear_lines_stay():
    counts, confidences = np.array([30, 30, 9]), np.array([0.3, 0.4, 0.95])
    kept = legible(counts, confidences, np.array([0.9, 0.9, 0.9]))
    assert kept.tolist() == [False, False, True]
    kept = legible(counts, confidences, np.array([0.9, 0.9, 0.2]))
    assert not kept.any()
    assert legible(counts, confidences + 0.2, np.ones(3)).all()  # they read surely together


def test_no_lines_are_no_problem():
    assert legible(np.zeros(0, int), np.zeros(0), np.zeros(0)).tolist() == []


@pytest.mark.parametrize(
    ("lines", "scores", "kept"),
    [
        ([(0.9,) * 20, (0.3, 0.2, 0.3)], (0.9, 0.9), [True, False]),  # a drawing under a line
        ([(0.9,) * 20, (0.5, 0.4, 0.5)], (0.9, 0.9), [True, True]),  # a signature
        ([(0.9,) * 20, (0.4, 0.4, 0.4)], (0.9, 0.9), [True, True]),
        ([(0.9,) * 20, (0.4, 0.4, 0.4)], (0.9, 0.6), [True, False]),  # notes of music
        ([(0.9,) * 20, (0.9,)], (0.9, 0.5), [True, True]),  # a digit that stands by itself
        ([(0.6,) * 20, (0.5, 0.4, 0.5)], (0.9, 0.9), [True, True]),  # a hand that is hard to read
        ([(0.9,) * 20], (0.3,), [True]),
        ([(), (0.9,)], (0.9, 0.9), [False, True]),
        ([(), ()], (0.9, 0.9), [True, True]),
        ([], (), []),
    ],
)
def test_a_line_far_less_surely_writing_than_the_page_is_left_out(lines, scores, kept):
    texts = [LineText("x" * len(line), line) for line in lines]
    assert as_sure_as_others(texts, np.array(scores)).tolist() == kept


def test_a_line_that_the_edge_may_cut_must_read_nearly_as_surely_as_the_others():
    texts = [LineText("x" * 20, (sure,) * 20) for sure in (0.9, 0.75, 0.85, 0.88)]
    cut = np.array([False, True, False, True])
    assert as_sure_as_others(texts, np.ones(4), cut).tolist() == [True, False, True, True]


def test_what_was_read_is_not_warned_of():
    lines = [text_line(60, 20, 280)]
    page = layout(FIRST, lines=lines)
    assert unread(page, [read(40, 16, 70, 284)], PAGE) is None


def test_writing_that_no_line_took_up_is_named_with_its_place():
    lines = [text_line(60, 20, 280)]
    page = layout(FIRST, SECOND, lines=lines)
    warning = unread(page, [read(40, 16, 70, 284)], PAGE)
    assert warning is not None
    assert warning.startswith("24 % of what looks like writing was not read")
    row, column = (int(part.split()[-1]) for part in warning.split("around ")[1].split(","))
    assert row == pytest.approx(152, abs=6) and column == pytest.approx(238, abs=6)


def test_a_box_to_tick_is_not_warned_of():
    lines = [text_line(60, 20, 280)]
    page = layout(FIRST, SECOND, lines=lines)
    box = Box(130, 195, 170, 290)
    assert unread(page, [read(40, 16, 70, 284)], PAGE, [box]) is None


def test_a_wall_between_the_parts_of_a_line_is_not_warned_of():
    page = layout(FIRST, SECOND, lines=[text_line(60, 20, 280)])
    page = replace(page, between=(text_line(160, 195, 285),))
    assert unread(page, [read(40, 16, 70, 284)], PAGE) is None


def test_paper_without_ink_is_not_warned_of():
    page = layout(FIRST, SECOND, lines=[text_line(60, 20, 280)])
    assert unread(page, [read(40, 16, 70, 284)], Written(boxes=(FIRST,))) is None


def test_bits_smaller_than_a_word_are_not_named():
    lines = [text_line(60, 20, 100)]
    page = layout((48, 20, 60, 100), (148, 200, 156, 208), lines=lines)
    assert unread(page, [read(40, 16, 70, 104)], PAGE) is None


def test_a_line_in_pixels_of_the_page():
    """Two letters and a space on a page twice as large as what the strip was cut from."""
    darkness = np.zeros((100, 150), np.float32)
    darkness[47:60, 30:38] = darkness[47:60, 80:88] = 1
    small = text_line(60, 30, 88, X_HEIGHT)
    strip = cut_strip(darkness, small)
    width = strip.image.shape[1]
    text = LineText("a b", (0.9, 0.8, 0.7), ((), (), ()), ((0, 30), (30, 60), (60, width)))
    line = page_line(small.scaled(2), strip, text, 2.0, 3, (200, 300))
    assert [word.text for word in line.words] == ["a", "b"]
    first, second = (word.box for word in line.words)
    np.testing.assert_allclose(first.as_list(), [94, 60, 120, 76], atol=4)
    np.testing.assert_allclose(second.as_list(), [94, 160, 120, 176], atol=4)
    assert line.block == 3 and line.baseline[0] == (120.0, 60.0)
    assert len(line.polygon) == 2 * len(line.baseline)


class Sure:
    """A recognizer that is as sure of a strip as told: (columns,) -> confidence."""

    def __init__(self, confidence):
        self._confidence = confidence

    def log_probs(self, images):
        return [np.zeros((image.shape[1], 2), np.float32) for image in images]

    def legibility(self, logs):
        return 9, self._confidence(len(logs))


@pytest.mark.parametrize(("gained", "taken"), [(0.1, True), (0.01, False), (-0.1, False)])
def test_smaller_parts_are_enlarged_where_the_line_reads_surer(gained, taken):
    darkness = np.zeros((300, 700), np.float32)
    for left, right, height in ((70, 160, 17), (240, 400, 42)):
        for col in range(left, right, 8):
            darkness[150 - height : 150, col : col + 4] = 1
    strip = cut_strip(darkness, text_line(150.0, 60.0, 640.0, 26.0))
    plain = cut_strip(darkness, text_line(150.0, 230.0, 640.0, 26.0))
    wide = strip.image.shape[1]
    recognizer = Sure(lambda columns: 0.8 + gained * (columns > wide))
    strips = [plain, strip]
    frames = recognizer.log_probs([one.image for one in strips])
    seen = [recognizer.legibility(logs) for logs in frames]
    LinesEngine(recognizer, None)._read_enlarged(darkness, strips, frames, seen)
    assert strips[0] is plain and seen[0] == (9, 0.8)
    assert (strips[1] is not strip) == taken
    assert len(frames[1]) == strips[1].image.shape[1]
    assert seen[1][1] == pytest.approx(0.8 + gained * taken)


def test_answers_of_a_form_stand_beside_what_is_asked():
    rows = ["Name of the child:", "Date of birth:", "Allergies:", "Emergency contact:", "Country:"]
    answers = ["Oscar", "14 March", "", "grandmother", "Portugal"]
    page, font = Image.new("L", (1100, 620), 240), ImageFont.load_default(36)
    for k, texts in enumerate(zip(rows, answers, strict=True)):
        for x, text in zip((60, 560), texts, strict=True):
            ImageDraw.Draw(page).text((x, 60 + 100 * k), text, 30, font)
    read_text = Reader().read(page).text.replace(".", ":").splitlines()
    assert read_text == [" ".join(pair).strip() for pair in zip(rows, answers, strict=True)]


def test_two_texts_of_a_word_or_two_a_line_are_columns_and_lists_of_words_are_not():
    text = ["We are", "always", "the first", "ones to", "leave the", "house in", "the early",
            "morning", "and the", "last who", "come home"]  # fmt: skip
    other = ["Said the", "old man", "with a", "smile on", "his face", "I have", "never",
             "in my life", "seen such", "a strange", "thing."]  # fmt: skip
    words = ["apple", "house", "river", "window", "garden", "bread", "winter", "stone", "letter",
             "horse", "candle"]  # fmt: skip
    abroad = ["pomme", "maison", "fleuve", "porte", "jardin", "pain", "hiver", "pierre", "lettre",
              "cheval", "bougie"]  # fmt: skip
    font = ImageFont.load_default(36)
    for columns, across in (((text, other), False), ((words, abroad), True)):
        page = Image.new("L", (640, 950), 240)
        for x, column in zip((60, 330), columns, strict=True):
            for k, said in enumerate(column):
                ImageDraw.Draw(page).text((x, 60 + 75 * k), said, 30, font)
        read = Reader().read(page).text.splitlines()
        pairs = [" ".join(pair) for pair in zip(*columns, strict=True)]
        assert read == (pairs if across else [*columns[0], *columns[1]])


@pytest.mark.parametrize(
    ("sign", "alternatives", "is_label"),
    [
        (":", (), True),
        ("?", (), True),
        (".", ((":", 0.2),), True),
        (".", ((",", 0.2),), False),
    ],
)
def test_a_part_of_a_line_that_may_end_as_a_question_is_a_label(sign, alternatives, is_label):
    words = [Word((Letter(Box(80, x, 100, x + 40), "a", 0.9),)) for x in (10, 200)]
    end = Letter(Box(80, 50, 100, 60), sign, 0.7, alternatives)
    line = Line((Word((*words[0].letters, end)), words[1]))
    seen = [text_line(100, *span) for span in ((0, 300), (100, 140), (200, 240), (10, 60))]
    parts = _parts(seen, [[[0]], [[3, 1, 2]]], [1], [line])
    assert list(parts) == [3, 2] and parts[2] == [words[1]]
    assert _is_label(parts[3]) is is_label and not _is_label(parts[2])


@pytest.mark.parametrize(
    ("text", "sure", "kept"),
    [("7", 0.9, True), ("?", 0.7, True), ("7", 0.4, False), ("/", 0.9, False), ("", 0.0, False)],
)
def test_a_sign_by_itself_must_read_surely_as_one(text, sure, kept):
    line, sign = text_line(60, 20, 280), text_line(160, 200, 212)
    seen = layout(lines=(line,))
    finder = SimpleNamespace(
        find=lambda picture, side: seen,
        signs=lambda picture, layout: [sign],
        overlooked=lambda picture, layout: [],
        reading_side=lambda *_: 300,
    )
    recognizer = SimpleNamespace(
        read=lambda strips: [LineText(text, mean_confidence=sure) for _ in strips]
    )
    found = LinesEngine(recognizer, finder).find(PAGE)
    assert found.lines == ((line, sign) if kept else (line,))


@pytest.mark.parametrize(
    ("text", "sure", "kept"), [("small", 0.8, True), ("small", 0.6, False), (" ", 0.9, False)]
)
def test_a_row_that_was_passed_over_must_read_surely(text, sure, kept):
    line, small = text_line(60, 20, 280), text_line(160, 200, 260)
    finder = SimpleNamespace(
        find=lambda picture, side: layout(lines=(line,)),
        signs=lambda picture, layout: [],
        overlooked=lambda picture, layout: [small],
        reading_side=lambda *_: 300,
    )
    read = LineText(text, (sure,) * len(text), mean_confidence=0.5)
    recognizer = SimpleNamespace(read=lambda strips: [read for _ in strips])
    found = LinesEngine(recognizer, finder).find(PAGE)
    assert found.lines == ((line, small) if kept else (line,))


def test_the_holes_of_a_binding_are_not_read():
    ring, prose = "6 6 6 6 0 6 6 6 6 6", ["we went to the lake", "and swam all day"]
    assert holes_of_a_binding([ring, *prose]).tolist() == [True, False, False]
    assert not holes_of_a_binding([ring, "1 0 0", "12 3"]).any()  # a page of numbers
    assert not holes_of_a_binding(["6 6 6 6", *prose]).any()  # too few
    assert not holes_of_a_binding(["1 2 3 4 5 6 7 8 9", *prose]).any()

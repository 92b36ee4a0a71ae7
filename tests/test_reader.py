"""Whole pages, by lines and letter by letter, on sample photos with the installed weights."""

import copy
import json
import os
import pickle
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFont

import ocr
from ocr.config import REJECTED
from ocr.errors import ModelError
from ocr.evaluation.error_rates import character_errors
from ocr.evaluation.normalization import Normalization
from ocr.layout.read_line import ReadLine
from ocr.lines.engine import LinesEngine, PageReading
from ocr.page import IDENTITY, Box, Letter, Line, Page, Word
from ocr.reader import CUT, FAINT, ILLEGIBLE, NOTHING_FOUND, ONE_OF_SEVERAL, Reader

ROOT = Path(__file__).resolve().parents[1]
IMAGES = ROOT / "images"
COURSE = ("cmu_01_list", "cmu_02_letters", "cmu_03_haiku", "cmu_04_deep")


@pytest.fixture(scope="module")
def reader(reader_of):
    return reader_of()


@pytest.fixture(scope="module")
def letters(reader_of):
    return reader_of("letters")


@pytest.fixture(scope="module")
def photos():
    if "OCR_DATA" not in os.environ:
        pytest.skip("needs the photos that $OCR_DATA names")
    return Path(os.environ["OCR_DATA"]) / "photos"


def truth_of(path):
    return path.with_suffix("").with_suffix(".gt.txt").read_text(encoding="utf-8").strip()


@pytest.mark.parametrize("name", ["phone_note", "form", "todo_list", "shopping_list"])
def test_sample_photos_in_capitals_are_read(reader, name):
    path = IMAGES / f"{name}.jpg"
    how = Normalization(ignore_case=True)
    page = reader.read(path)
    assert character_errors(how.apply(truth_of(path)), how.apply(page.text)).rate <= 0.05


def test_a_page_knows_its_boxes_words_and_confidences(letters):
    page = letters.read(IMAGES / "phone_note.jpg")
    assert (page.height, page.width) == (1440, 1440)
    assert page.engine == "letters"
    assert page.warnings == ()
    for line in page.lines:
        assert len(line.baseline) >= 2
        assert len(line.polygon) == 2 * len(line.baseline)
        assert all(a.box.x1 <= b.box.x1 for a, b in zip(line.words, line.words[1:], strict=False))
        for letter in line.letters:
            assert 0 <= letter.box.y1 < letter.box.y2 <= page.height
            assert 0 <= letter.box.x1 < letter.box.x2 <= page.width
            assert 0 <= letter.confidence <= 1
            assert all(0 <= p <= 1 for _, p in letter.alternatives)
    assert page.confidence > 0.8


def test_the_same_photo_gives_the_same_page(reader):
    first = reader.read(IMAGES / "phone_note.jpg")
    assert Reader().read(IMAGES / "phone_note.jpg").to_json() == first.to_json()
    assert Page.from_json(first.to_json()) == first
    assert ocr.read(IMAGES / "phone_note.jpg") == first


@pytest.mark.parametrize("engine", ["lines", "letters"])
def test_a_reader_that_has_read_can_be_copied_and_sent(engine, tmp_path):
    used = Reader(engine, lexicon=["milk"], reject=0.5)
    Image.new("L", (60, 40), 240).save(tmp_path / "blank.png")
    page = used.read(tmp_path / "blank.png")
    for one in (pickle.loads(pickle.dumps(used)), copy.deepcopy(used)):
        assert one.read(tmp_path / "blank.png") == page
        assert (one.engine, one.reject) == (engine, 0.5)


def test_a_blank_page_has_no_text_and_a_warning(reader, tmp_path):
    Image.new("L", (600, 400), 240).save(tmp_path / "blank.png")
    page = reader.read(tmp_path / "blank.png")
    assert page.text == ""
    assert page.lines == ()
    assert page.warnings == (NOTHING_FOUND,)


def test_a_line_that_the_edge_cuts_through_is_left_out_and_told(reader):
    photo = np.asarray(Image.open(IMAGES / "garden_note.jpg").convert("RGB"))
    whole = reader.read(photo)
    first, second = whole.lines[:2]
    cropped = reader.read(photo[(first.box.y1 + first.box.y2) // 2 :])
    assert cropped.text.splitlines()[0] == second.text
    assert len(cropped.lines) == len(whole.lines) - 1
    assert cropped.warnings == (CUT.format(1, "line"),)


def test_a_word_at_the_end_of_a_line_that_is_far_fainter_is_left_out_and_told(reader):
    photo = np.array(Image.open(IMAGES / "garden_note.jpg").convert("RGB"))
    whole = reader.read(photo)
    word = whole.lines[1].words[-1]
    box = np.s_[word.box.y1 - 4 : word.box.y2 + 4, word.box.x1 - 4 : word.box.x2 + 4]
    paper = np.median(photo[box], axis=(0, 1))
    photo[box] = paper + 0.22 * (photo[box] - paper)
    faint = reader.read(photo)
    assert [one.text for one in faint.lines[1].words] == [
        one.text for one in whole.lines[1].words[:-1]
    ]
    assert faint.warnings == (FAINT.format(1, "word"),)


def test_letters_in_boxes_of_a_form_are_read_as_a_word_each_in_its_box(reader):
    page, font = Image.new("L", (1000, 500), 240), ImageFont.load_default(40)
    pen = ImageDraw.Draw(page)
    for row, (label, text) in enumerate((("Town", "OXFORD"), ("Street", "HILL"), ("Code", "4917"))):
        y = 120 + 130 * row
        pen.text((60, y), label, 20, font, anchor="ls")
        for k in range(9):
            x = 300 + 60 * k
            pen.rectangle((x, y - 44, x + 60, y + 14), outline=90, width=2)
            pen.text((x + 18, y), text[k : k + 1], 20, font, anchor="ls")
    read = reader.read(page)
    assert read.text.split("\n") == ["Town OXFORD", "Street HILL", "Code 4917"]
    for k, letter in enumerate(read.lines[0].words[1].letters):
        assert 300 + 60 * k - 4 <= letter.box.x1 < letter.box.x2 <= 364 + 60 * k
    assert not read.warnings


def test_light_writing_on_a_dark_band_is_read_where_it_stands(reader):
    page = Image.new("L", (900, 500), 235)
    pen, face = ImageDraw.Draw(page), ImageFont.load_default(44)
    pen.rectangle((40, 40, 860, 130), fill=45)
    pen.text((70, 58), "Delivery note", 250, face)
    for number, text in enumerate(("seven old bottles", "paid in cash")):
        pen.text((70, 200 + 120 * number), text, 40, face)
    read = reader.read(page)
    assert read.text == "Delivery note\nseven old bottles\npaid in cash"
    assert not read.warnings
    title = [letter.box for word in read.lines[0].words for letter in word.letters]
    assert all(50 <= box.y1 < box.y2 <= 125 and 60 <= box.x1 < box.x2 <= 380 for box in title)


@pytest.mark.parametrize("kind", ["GIF", "PNG", "WEBP"])
@pytest.mark.parametrize("others", [0, 1])
def test_an_animation_says_that_one_of_its_pictures_was_read(reader, tmp_path, kind, others):
    one = Image.new("L", (200, 100), 250)
    rest = [Image.new("L", one.size, 0)] * others
    path = tmp_path / "a"
    one.save(path, kind, **({"save_all": True, "append_images": rest} if rest else {}))
    assert (ONE_OF_SEVERAL in reader.read(path).warnings) == bool(others)


def test_a_gif_whose_second_picture_is_cut_off_is_read(reader, tmp_path):
    path = tmp_path / "a.gif"
    first = Image.new("L", (200, 100), 250)
    first.save(path, save_all=True, append_images=[Image.effect_noise(first.size, 90)])
    whole = path.read_bytes()
    for lost in (len(whole) - 400, len(whole) // 2, 2):
        path.write_bytes(whole[:-lost])
        assert not reader.read(path).lines


def test_where_all_lines_are_left_out_the_warning_does_not_say_that_there_was_none(
    reader, tmp_path, monkeypatch
):
    Image.new("L", (600, 400), 240).save(tmp_path / "drawing.png")
    illegible = PageReading([], left_out=(Box(1, 1, 9, 90), Box(11, 1, 19, 90)))
    monkeypatch.setattr(LinesEngine, "read", lambda *_: illegible)
    page = reader.read(tmp_path / "drawing.png")
    assert page.warnings == (f"nothing was read: {ILLEGIBLE.format(2, 'lines')}",)


@pytest.mark.parametrize("charset", ["digits", "digits+.", "upper+lower"])
def test_a_charset_by_name_is_refused_and_not_taken_for_its_letters(charset):
    with pytest.raises(ValueError, match="charset is the characters themselves"):
        Reader(charset=charset)


def test_the_charset_restricts_the_decoding_itself(reader_of):
    page = reader_of(charset="0123456789").read(IMAGES / "phone_note.jpg")
    assert set(page.text) <= set("0123456789 \n")
    assert "5550142" in page.text.replace(" ", "")


@pytest.mark.parametrize("turns", [1, 2])
def test_digits_alone_do_not_keep_a_page_on_its_head(reader_of, tmp_path, turns):
    with Image.open(IMAGES / "phone_note.jpg") as photo:
        photo.rotate(90 * turns, expand=True).save(tmp_path / "turned.png")
    page = reader_of(charset="0123456789").read(tmp_path / "turned.png")
    assert "5550142" in page.text.replace(" ", "")


@pytest.mark.parametrize("turns", [1, 2, 3])
def test_letters_one_by_one_are_turned_upright(tmp_path, turns):
    with Image.open(IMAGES / "form.jpg") as photo:
        photo.rotate(90 * turns, expand=True).save(tmp_path / "turned.png")
    page = Reader("letters").read(tmp_path / "turned.png")
    assert page.text.startswith("TOOL LIBRARY CARD")


@pytest.mark.parametrize(
    ("charset", "engine"), [(None, "letters"), ("AEHKMRTX", "letters"), ("AÉHKMRTX", "lines")]
)
def test_letters_far_apart_are_read_one_by_one_where_all_are_known(reader_of, charset, engine):
    image = Image.new("L", (900, 200), 255)
    for k, sign in enumerate("HAMXTKR"):
        where = (60 + 120 * k, 70)
        ImageDraw.Draw(image).text(where, sign, fill=0, font=ImageFont.load_default(60))
    assert reader_of(charset=charset).read(image).engine == engine


def test_what_was_left_out_and_what_was_not_seen_are_both_told(monkeypatch):
    monkeypatch.setattr("ocr.lines.engine.unread", lambda *_, **__: "a tenth was not read")
    read = PageReading([], left_out=(Box(1, 1, 9, 9),))
    found = SimpleNamespace(read=read, picture=Image.new("L", (9, 9)), layout=None, turns=0)
    monkeypatch.setattr("ocr.lines.way_up.read_page", lambda *_: found)
    (told,) = Reader("lines").read(Image.new("L", (9, 9))).warnings
    assert told.endswith("left out as illegible: 1 line that may be writing: a tenth was not read")


def test_what_was_left_out_and_then_read_sideways_is_not_told(monkeypatch):
    monkeypatch.setattr("ocr.lines.engine.unread", lambda *_, **__: None)
    across, below = Box(40, 2, 60, 38), Box(90, 10, 99, 90)
    read = PageReading([], left_out=(across, below))
    found = SimpleNamespace(read=read, picture=Image.new("L", (99, 99)), layout=None, turns=0)
    note = Line((Word((Letter(Box(10, 10, 80, 30), "a", 0.9),)),))
    monkeypatch.setattr("ocr.lines.way_up.read_page", lambda *_: found)
    monkeypatch.setattr(
        "ocr.lines.sideways.read_sideways", lambda *_: [ReadLine(note, lambda: None)]
    )
    (told,) = Reader("lines").read(Image.new("L", (99, 99))).warnings
    assert told == ILLEGIBLE.format(1, "line")


def test_wrong_wishes_are_refused():
    with pytest.raises(TypeError, match="not one text"):
        Reader(lexicon="milk eggs")
    with pytest.raises(ModelError, match="no such language"):
        Reader(language="klingon")
    with pytest.raises(ValueError, match="engine must be one of"):
        Reader(engine="magic")
    with pytest.raises(ModelError, match="knows none of the characters"):
        Reader(charset="жд").read(IMAGES / "phone_note.jpg")
    with pytest.raises(ModelError, match="no such model"):
        Reader(model="nowhere.onnx").read(IMAGES / "phone_note.jpg")


@pytest.mark.data
@pytest.mark.parametrize("name", COURSE)
def test_every_letter_of_the_course_photos_is_boxed(letters, photos, name):
    boxes = json.loads((ROOT / "tests/benchmarks/course_boxes.json").read_text(encoding="utf-8"))
    page = letters.read(photos / f"{name}.jpg")
    found = [letter.box for letter in page.letters]
    truth = [Box(*row[1:]) for line in boxes[name] for row in line]
    assert len(found) == len(truth)
    assert all(max(box.iou(other) for other in found) >= 0.5 for box in truth)
    how = Normalization(ignore_case=True, ignore_spaces=True)
    read, expected = how.apply(page.text), how.apply(truth_of(photos / f"{name}.jpg"))
    assert character_errors(expected, read).accuracy >= 0.97


@pytest.mark.data
def test_a_twelve_megapixel_photo_and_its_half_give_the_same_boxes(letters, photos, tmp_path):
    path = photos / "cmu_04_deep.jpg"
    Image.open(path).reduce(2).save(tmp_path / "half.jpg", quality=95)
    big = [letter.box for letter in letters.read(path).letters]
    small = [letter.box for letter in letters.read(tmp_path / "half.jpg").letters]
    doubled = [Box(*(2 * np.array(box.as_list())).tolist()) for box in small]
    assert len(big) == len(doubled)
    assert all(max(box.iou(other) for other in doubled) >= 0.8 for box in big)


def test_doubtful_characters_are_marked_and_kept_as_alternatives(reader):
    photo = IMAGES / "todo_list.jpg"
    plain = reader.read(photo)
    least = sorted(letter.confidence for line in plain.lines for letter in line.letters)[3] + 1e-9
    marked = Reader(reject=least).read(photo)
    pairs = [
        pair
        for before, after in zip(plain.lines, marked.lines, strict=True)
        for pair in zip(before.letters, after.letters, strict=True)
    ]
    doubtful = [(a, b) for a, b in pairs if a != b]
    assert len(doubtful) == 4
    for before, after in doubtful:
        assert after.text == REJECTED
        assert after.alternatives[0] == (before.text, before.confidence)


def test_lines_that_do_not_fit_a_pattern_are_warned_of():
    page = Reader(pattern="integer").read(IMAGES / "todo_list.jpg")
    assert page.engine == "lines"
    assert page.warnings[0].startswith("line 1 does not fit the pattern: ")
    with pytest.raises(ValueError, match="needs lines"):
        Reader("letters", pattern="integer")


def test_no_language_and_one_by_its_code():
    assert "CALL THE BANK" in Reader(language="none").read(IMAGES / "todo_list.jpg").text
    assert [ngrams.name for ngrams in Reader(language="fr").languages] == ["french"]


@pytest.mark.parametrize("turns", [0, 1, 2, 3])
def test_joined_writing_is_turned_upright_by_its_lines(reader_of, tmp_path, turns):
    with Image.open(IMAGES / "postcard.jpg") as photo:
        photo.rotate(90 * turns, expand=True).save(tmp_path / "turned.png")
    page = reader_of("lines").read(tmp_path / "turned.png")
    how = Normalization(ignore_case=True)
    truth = how.apply(truth_of(IMAGES / "postcard.jpg"))
    assert character_errors(truth, how.apply(page.text)).rate <= 0.1
    box = page.lines[0].box  # in pixels of the photo as it was given
    assert box.height > 3 * box.width if turns % 2 else box.width > 3 * box.height


def test_what_no_way_up_makes_sense_of_stays(reader_of, tmp_path):
    rng = np.random.default_rng(0)
    scrawl = Image.new("L", (900, 500), 255)
    draw = ImageDraw.Draw(scrawl)
    for row in range(4):
        x, points = 60, []
        while x < 840:
            x += int(rng.integers(4, 16))
            points.append((x, 90 + 100 * row + int(rng.integers(-25, 25))))
        draw.line(points, fill=20, width=4)
    scrawl.save(tmp_path / "scrawl.png")
    assert reader_of("lines").read(tmp_path / "scrawl.png").transform == IDENTITY


def test_the_words_of_a_slanting_page_stand_apart_letter_by_letter(letters):
    page = Image.new("L", (1200, 500), 225)
    font = ImageFont.load_default(70)
    text = "MAKE  A  LIST\nOF  36  BOXES"
    ImageDraw.Draw(page).multiline_text((80, 90), text, fill=40, font=font, spacing=40)
    slanting = page.rotate(42, Image.Resampling.BICUBIC, expand=True, fillcolor=225)
    assert [len(word.letters) for word in letters.read(slanting).words] == [4, 1, 4, 2, 2, 5]


@pytest.mark.parametrize("text", ["R", "k", "5", "47"])
def test_a_letter_or_number_by_itself_is_read(text):
    page = Image.new("L", (300, 300), 225)
    ImageDraw.Draw(page).text((90, 60), text, 40, ImageFont.load_default(130))
    assert Reader().read(page).text.lower() == text.lower()

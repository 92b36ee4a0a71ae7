"""What was corrected in `ocr review`, as `ocr train` takes it."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFont

from ocr.input.documents import PageSource
from ocr.page import Box, Letter, Line, Page, Word
from ocr.review.document import begun
from ocr.review.pages import find_pages
from training.own_hand.corrected import confirmed_lines, correction
from training.own_hand.own_data import gather, recognize
from training.own_hand.page_truth import transcribed_pages
from training.own_hand.photo_truth import Aligner
from training.own_hand.samples import Account

PAGES = (
    ("seven apples", "plum and pear", "bread and milk"),
    ("grey donkeys", "white horses", "four black cats"),
)
WIDTH, HEIGHT, LEFT, STEP, SIZE = 700, 500, 50, 130, 60


def picture(texts: tuple[str, ...]) -> Image.Image:
    image = Image.new("L", (WIDTH, HEIGHT), 245)
    font = ImageFont.load_default(SIZE)
    for k, text in enumerate(texts, 1):
        ImageDraw.Draw(image).text((LEFT, STEP * k), text, 20, font, anchor="ls")
    return image


def page(texts: tuple[str, ...]) -> Page:
    """The page of such a picture, with a letter of one width for each sign."""
    lines = []
    for k, text in enumerate(texts, 1):
        y, end = STEP * k, LEFT + ImageFont.load_default(SIZE).getlength(text)
        wide = (end - LEFT) / len(text)
        words, at = [], 0
        for word in text.split():
            places = [LEFT + wide * (at + i) for i in range(len(word))]
            boxes = [Box(y - 45, round(x), y + 12, round(x + wide)) for x in places]
            signs = zip(boxes, word, strict=True)
            words.append(Word(tuple(Letter(box, sign, 0.9) for box, sign in signs)))
            at += len(word) + 1
        base = ((float(y), float(LEFT)), (float(y), float(end)))
        lines.append(Line(tuple(words), base, confirmed=True))
    return Page(HEIGHT, WIDTH, tuple(lines), "lines")


def review(file: Path, *pages: tuple[str, ...]) -> None:
    """Confirm pages of a file, as `ocr review` keeps them."""
    found = find_pages([str(file)], False, (), None, lambda *_: pytest.fail())
    for one, texts in zip(found, pages, strict=True):
        one.save(replace(begun(page(texts)), touched=True))


@pytest.fixture
def scan(tmp_path) -> Path:
    first, second = map(picture, PAGES)
    first.save(tmp_path / "s.tif", save_all=True, append_images=[second])
    review(tmp_path / "s.tif", *PAGES)
    return tmp_path / "s.tif"


def labels(path: Path) -> list[str]:
    return sorted(gather([path], "lines", Aligner(), Account()).labels)


def test_lines_of_all_pages_of_a_file_are_learned(scan):
    assert recognize(scan.parent) == recognize(scan) == "photos"
    samples = gather([scan.parent], "lines", Aligner(), Account())
    assert list(zip(samples.labels, samples.groups, strict=True)) == [
        (text, f"s.page000{number}") for number, texts in enumerate(PAGES, 1) for text in texts
    ]
    assert labels(scan) == sorted(sum(PAGES, ()))
    page = scan.parent / "s.page0002.gt.json"
    assert [one.number for one in transcribed_pages(page, Account())] == [2]


def test_strips_are_cut_from_the_page_that_was_corrected(scan):
    source = PageSource(str(scan), 2, 2)
    strips = confirmed_lines(source, correction(source), Aligner().line_reader)
    read = Aligner().line_reader.line_reader.read([strip for strip, _ in strips])
    assert [one.text for one in read] == [text for _, text in strips] == list(PAGES[1])


def test_a_draft_of_a_page_gives_the_lines_that_are_confirmed(scan):
    found = find_pages([str(scan)], False, (), None, lambda *_: pytest.fail())
    doc = found[1].load()
    entry = doc.entries[0]
    open_ = replace(entry, line=replace(entry.line, confirmed=False))
    found[1].save(replace(doc, entries=(open_, *doc.entries[1:])))
    assert labels(scan.parent) == labels(scan) == sorted([*PAGES[0], *PAGES[1][1:]])


def test_a_text_of_a_page_alone_is_learned(scan):
    for path in scan.parent.glob("*.gt.json"):
        path.unlink()
    assert labels(scan.parent) == labels(scan) == sorted(sum(PAGES, ()))


def test_a_page_corrected_at_another_size_is_cut_where_its_lines_are(scan):
    source = PageSource(str(scan), 1, 2)
    half = picture(PAGES[0]).resize((WIDTH // 2, HEIGHT // 2))
    half.save(scan, save_all=True, append_images=[half])
    strips = confirmed_lines(source, correction(source), Aligner().line_reader)
    assert [text for _, text in strips] == list(PAGES[0])
    assert all(np.ptp(strip) > 0.5 for strip, _ in strips)  # there is ink
    picture(PAGES[0]).crop((0, 0, WIDTH, HEIGHT // 2)).save(scan, save_all=True)
    assert correction(PageSource(str(scan))) is None  # what it says beside the photo counts


def test_photos_that_are_called_the_same_are_learned_by_their_own_corrections(tmp_path):
    for name, texts in zip(("a.bmp", "a.png"), PAGES, strict=True):
        picture(texts).save(tmp_path / name)
    found = find_pages([str(tmp_path)], False, (), None, lambda *_: pytest.fail())
    for one, texts in zip(found, PAGES, strict=True):
        one.save(replace(begun(page(texts)), touched=True))
    for one, texts in zip(found, PAGES, strict=True):
        doc = correction(one.source)
        strips = confirmed_lines(one.source, doc, Aligner().line_reader)
        read = Aligner().line_reader.line_reader.read([strip for strip, _ in strips])
        assert [one.text for one in read] == [text for _, text in strips] == list(texts)
    found[1].json_path.unlink()
    found[1].text_path.unlink()
    assert correction(found[1].source) is None  # a.png has none, and a.bmp's is not its own


def test_a_text_that_was_corrected_by_hand_after_the_page_is_learned(scan):
    source = PageSource(str(scan), 1, 2)
    (scan.parent / "s.page0001.gt.txt").write_text("\n".join(["eleven apples", *PAGES[0][1:]]))
    doc = correction(source)
    assert doc.text.splitlines() == ["eleven apples", *PAGES[0][1:]] and doc.done
    (scan.parent / "s.page0001.gt.txt").write_bytes(b"\xff")
    assert correction(source) is None  # named as a text that cannot be read

"""PAGE XML, ALTO and confirmed pages as ground truth of `ocr train` and `ocr eval`."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFont

from ocr import cli
from ocr.errors import DataError
from ocr.evaluation.ground_truth import is_draft, page_truths, pairs_in, read_truth
from ocr.formats import read_page, render
from ocr.input.documents import PageSource
from ocr.layout.strips import BASELINE_ROW, STRIP_HEIGHT
from ocr.page import Box, Letter, Line, Page, Word
from training.own_hand.own_data import gather, kind_of, recognize
from training.own_hand.page_truth import page_lines
from training.own_hand.photo_truth import Aligner
from training.own_hand.samples import Account

TEXTS = [f"line number {k} xxx" for k in range(6)]
LEFT, FIRST, STEP, SIZE = 60, 100, 110, 60


def picture() -> Image.Image:
    image = Image.new("L", (900, 760), 245)
    font = ImageFont.load_default(SIZE)
    for k, text in enumerate(TEXTS):
        ImageDraw.Draw(image).text((LEFT, FIRST + STEP * k), text, 20, font, anchor="ls")
    return image


def escriptorium(name: str = "photo.png", baseline: bool = True, outline: bool = True) -> str:
    rows = []
    width = int(ImageFont.load_default(SIZE).getlength(TEXTS[0]))
    for k, text in enumerate(TEXTS):
        y, x2 = FIRST + STEP * k, LEFT + width
        coords = f'<Coords points="{LEFT},{y - 55} {x2},{y - 55} {x2},{y + 18} {LEFT},{y + 18}"/>'
        drawn = f'<Baseline points="{x2},{y} {LEFT},{y}"/>' if k == 1 else (
            f'<Baseline points="{LEFT},{y} {x2},{y}"/>')  # fmt: skip
        rows.append(
            f'<TextLine id="l{k}">{coords if outline else ""}{drawn if baseline else ""}'
            f"<TextEquiv><Unicode>{text}</Unicode></TextEquiv></TextLine>"
        )
    return (
        '<PcGts xmlns="http://schema.primaresearch.org/PAGE/gts/pagecontent/2019-07-15"><Metadata>'
        f'<Creator>escriptorium</Creator></Metadata><Page imageFilename="{name}" imageWidth="900" '
        f'imageHeight="760"><TextRegion id="r">{"".join(rows)}</TextRegion></Page></PcGts>'
    )


@pytest.fixture
def folder(tmp_path):
    picture().save(tmp_path / "photo.png")
    (tmp_path / "photo.xml").write_text(escriptorium())
    return tmp_path


@pytest.mark.parametrize(("baseline", "outline"), [(True, True), (True, False), (False, True)])
def test_lines_are_cut_along_what_was_drawn(folder, baseline, outline):
    (folder / "photo.xml").write_text(escriptorium(baseline=baseline, outline=outline))
    found = list(page_lines(read_page(folder / "photo.xml")))
    if not (baseline and outline):  # the one that runs backwards needs its outline
        found = [one for k, one in enumerate(found) if k != 1 or outline]
    assert [text for _, text in found] == [t for k, t in enumerate(TEXTS) if k != 1 or outline]
    for image, _ in found:
        assert image.shape[0] == STRIP_HEIGHT
        ink = (1 - image).sum(axis=1)
        standing = ink[BASELINE_ROW - 12 : BASELINE_ROW + 1].sum() / ink.sum()
        assert standing > 0.6  # the small letters stand on the strip's baseline
        assert ink[BASELINE_ROW + 2 :].sum() < 0.1 * ink.sum()


def test_an_export_is_data_for_lines(folder):
    assert recognize(folder) == recognize(folder / "photo.xml") == "pages"
    assert kind_of([folder]) == "lines"
    for path in (folder, folder / "photo.xml"):
        account = Account()
        samples = gather([path], "lines", Aligner(), account)
        assert list(samples.labels) == TEXTS
        assert set(samples.groups) == {"photo"}
        assert not account.left_out
        assert account.sources[0]["what"] == "pages"
    with pytest.raises(DataError, match="holds lines, which"):
        gather([folder], "glyphs", Aligner(), Account())


def test_transkribus_keeps_pages_in_a_folder(folder):
    (folder / "page").mkdir()
    (folder / "photo.xml").rename(folder / "page" / "photo.xml")
    assert [one.picture for one in page_truths(folder)] == [folder / "photo.png"]
    assert list(gather([folder], "lines", Aligner(), Account()).labels) == TEXTS


def own(folder: Path, confirmed: int, kind: str = "json") -> Path:
    """What this program writes of the page, some lines confirmed."""
    page = read_page(folder / "photo.xml")
    lines = tuple(replace(line, confirmed=k < confirmed) for k, line in enumerate(page.lines))
    pages = [(PageSource(str(folder / "photo.png")), replace(page, lines=lines))]
    ((name, pieces),) = render(kind, "photo", pages)
    content = b"".join(pieces)
    (folder / "photo.xml").unlink()
    (folder / name).write_bytes(content)
    return folder / name


@pytest.mark.parametrize("kind", ["json", "page", "alto"])
def test_lines_that_nobody_confirmed_are_never_learned(folder, kind):
    path = own(folder, 5, kind)
    account = Account()
    assert list(gather([folder], "lines", Aligner(), account).labels) == TEXTS[:5]
    assert account.left_out == {"lines that nobody has confirmed": 1}
    assert is_draft(path)


@pytest.mark.parametrize("kind", ["json", "page", "alto", "hocr"])
def test_drafts_are_named_and_left_out(folder, kind):
    path = own(folder, 0, kind)
    with pytest.raises(DataError, match=r"drafts that nobody has confirmed.*photo\."):
        gather([path], "lines", Aligner(), Account())
    assert pairs_in_or_none(folder) is None
    with pytest.raises(DataError, match=r"drafts that nobody has confirmed.*photo\."):
        gather([folder], "lines", Aligner(), Account())


def pairs_in_or_none(folder):
    try:
        return pairs_in(folder)
    except DataError:
        return None


def test_a_text_beside_the_photo_stands_for_a_draft_of_its_page(folder):
    own(folder, 0)
    (folder / "photo.gt.txt").write_text("\n".join(TEXTS))
    assert recognize(folder) == "photos"
    assert pairs_in(folder) == [(folder / "photo.png", folder / "photo.gt.txt")]


def test_broken_files_and_lost_pictures_are_named(folder):
    (folder / "broken.xml").write_text("<alto><Layout>")
    (folder / "lost.xml").write_text(escriptorium("lost.png"))
    account = Account()
    samples = gather([folder], "lines", Aligner(), account)
    assert len(samples) == len(TEXTS)
    assert account.left_out == {"files of pages that cannot be used": 2}
    assert any("broken.xml" in name for name in account.named)
    assert any("lost.png, is not beside it" in name for name in account.named)


@pytest.mark.parametrize("inside", ["", "page"])
@pytest.mark.parametrize(
    ("before", "after", "told"),
    [
        ("photo.png", "lost.png", "lost.png, is not beside it"),
        ('"760"', '"900"', "cut, turned, or another page's"),
        ("<PcGts", "<!DOCTYPE a><PcGts", "a document type declaration"),
        ("<Unicode>", "<Unicode/><Unicode>", "no line has a text and a place"),
    ],
)
def test_what_is_wrong_with_all_pages_of_a_folder_is_told(folder, inside, before, after, told):
    (folder / "photo.png").rename(folder / ("other.png" if "lost" in told else "photo.png"))
    (folder / "photo.xml").unlink()
    (folder / inside).mkdir(exist_ok=True)
    name = "export.xml" if "lost" in told else "photo.xml"
    (folder / inside / name).write_text(escriptorium().replace(before, after))
    with pytest.raises(DataError, match=rf"at least 5 are needed.*{name}.*{told}"):
        gather([folder], "lines", Aligner(), Account())


def test_lines_without_a_text_are_counted(folder):
    text = escriptorium().replace(TEXTS[1], "")
    (folder / "photo.xml").write_text(text)
    account = Account()
    assert list(gather([folder], "lines", Aligner(), account).labels) == [TEXTS[0], *TEXTS[2:]]
    assert any("1 line without a text or a place was left out" in name for name in account.named)


def test_vertical_and_tiny_lines_do_no_harm(folder):
    letter = Letter(Box(5, 5, 6, 6), "a", 1.0)
    lines = (
        Line((Word((letter,)),), ((10.0, 10.0), (10.0, 10.0))),
        Line((Word((letter,)),), ((700.0, 20.0), (100.0, 20.0))),
        Line((Word((letter,)),), (), ((0.0, 0.0), (0.0, 1.0), (1.0, 1.0))),
    )
    photo = read_page(folder / "photo.xml").photo
    found = list(page_lines(Page(760, 900, lines, photo=photo)))
    assert len(found) == 3
    assert all(np.isfinite(image).all() for image, _ in found)


def test_eval_measures_against_a_page(folder, monkeypatch, capsys):
    from ocr import reader

    class Reads:
        def __init__(self, **_):
            pass

        def read(self, photo, **_):
            return read_page(folder / "photo.xml")

    monkeypatch.setattr(reader, "Reader", Reads)
    assert read_truth(folder / "photo.xml").splitlines() == TEXTS
    for path in (folder, folder / "photo.xml", folder / "photo.png"):
        (folder / "photo.gt.txt").write_text("\n".join(TEXTS)) if path.suffix == ".png" else None
        assert cli.main(["eval", str(path)]) == 0
        assert "100.00%" in capsys.readouterr().out
    (folder / "photo.gt.txt").unlink()
    (folder / "broken.xml").write_text("<alto><Layout>")
    assert cli.main(["eval", str(folder)]) == 1
    captured = capsys.readouterr()
    assert "100.00%" in captured.out
    assert "broken.xml" in captured.err
    own_file = own(folder, 5)
    (folder / "broken.xml").unlink()
    assert cli.main(["eval", str(own_file)]) == 1
    assert "holds lines that nobody has confirmed" in capsys.readouterr().err

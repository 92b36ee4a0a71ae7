"""ocr.cli.boxes: overlays and stages, of one page and of many."""

import json

import numpy as np
import pytest
from cli_fakes import FIRST, LIST, SAMPLES, on_samples, one_line, picture
from PIL import Image

from ocr.cli.boxes import OVERLAY_KINDS
from ocr.page import Box, Page


def test_boxes_draws(run, fake, tmp_path):
    a, target = picture(tmp_path / "a.png"), tmp_path / "overlay.png"
    assert run("boxes", a, "--out", target) == (0, "", "")
    with Image.open(target) as overlay:
        assert overlay.format == "PNG"
        assert overlay.mode == "RGB"


def test_boxes_of_what_comes_through_a_pipe(run, fake, tmp_path):
    data = picture(tmp_path / "a.png").read_bytes()
    assert run("boxes", "-", "-o", tmp_path / "b.png", stdin=data) == (0, "", "")
    assert Image.open(tmp_path / "b.png").format == "PNG"


def test_boxes_of_a_page(run, fake, tmp_path):
    pages = [Image.new("L", (40, 30), level) for level in (100, 210)]
    pages[0].save(tmp_path / "a.tif", save_all=True, append_images=pages[1:])
    status, out, _ = run("boxes", tmp_path / "a.tif", "--pages", "2", "--json")
    assert (status, json.loads(out)["page"], json.loads(out)["text"]) == (0, 2, "i")
    status, out, err = run("boxes", tmp_path / "a.tif", "--pages", "3", "--json")
    assert (status, out) == (1, "")
    assert "none of the pages asked for; it has 2" in one_line(err)


def test_boxes_kind_follows_the_suffix(run, fake, tmp_path):
    a = picture(tmp_path / "a.png")
    for suffix, kind in OVERLAY_KINDS.items():
        assert run("boxes", a, "--out", tmp_path / f"b{suffix}")[0] == 0
        with Image.open(tmp_path / f"b{suffix}") as overlay:
            assert overlay.format == kind


def test_boxes_json(run, fake, tmp_path):
    _, out, _ = run("boxes", picture(tmp_path / "a.png"), "--json")
    assert Page.from_json(out).letters[0].box == Box(1, 1, 5, 4)


def test_boxes_stages(run, fake, tmp_path):
    a, folder = picture(tmp_path / "a.png"), tmp_path / "new" / "stages"
    assert run("boxes", a, "--stages", folder) == (0, "", "")
    assert sorted(path.name for path in folder.iterdir()) == ["01-grey.png", "02-ink-more.png"]
    with Image.open(folder / "01-grey.png") as grey:
        assert set(np.unique(grey)) == {100}
    with Image.open(folder / "02-ink-more.png") as ink:
        assert set(np.unique(ink)) == {255}


@pytest.mark.parametrize("more", [[], ["-o", "overlays/"]])
def test_stages_are_those_of_one_page(run, fake, tmp_path, monkeypatch, more):
    monkeypatch.chdir(tmp_path)
    pages = [Image.new("L", (40, 30), level) for level in (100, 210)]
    pages[0].save("a.tif", save_all=True, append_images=pages[1:])
    status, _, err = run("boxes", picture(tmp_path / "a.png"), "a.tif", "--stages", "steps", *more)
    assert status == 2 and "--stages shows one page. Name one file." in err
    status, _, err = run("boxes", "a.tif", "--pages", "1-2", "--stages", "steps", *more)
    assert status == 2 and "--stages shows one page. Choose it by --pages." in err
    status, _, err = run("boxes", "a.tif", "--stages", "steps", *more)
    assert (status, err) == (0, "ocr: a.tif: page 1 of 2; choose by --pages\n")
    assert len(list((tmp_path / "steps").iterdir())) == 2  # and not those of page 2 behind them


def test_boxes_of_a_blank_page(run, fake, tmp_path):
    status, _, err = run("boxes", picture(tmp_path / "a.png", 255), "--out", tmp_path / "b.png")
    assert status == 0
    assert "warning" in one_line(err)
    assert (tmp_path / "b.png").exists()


def test_boxes_unwritable(run, fake, tmp_path):
    a = picture(tmp_path / "a.png")
    for arguments in (["--out", tmp_path / "none" / "b.png"], ["--stages", a / "below"]):
        status, out, err = run("boxes", a, *arguments)
        assert (status, out) == (1, "")
        one_line(err)
    assert list(tmp_path.iterdir()) == [a]


def test_boxes_never_replaces_the_photo(run, fake, tmp_path):
    a = picture(tmp_path / "a.png")
    before = a.read_bytes()
    status, _, err = run("boxes", a, "--out", a)
    assert status == 1
    assert "would replace the file that is read" in one_line(err)
    assert a.read_bytes() == before


def test_boxes_of_a_bad_image_leaves_nothing(run, fake, tmp_path):
    status, _, err = run("boxes", tmp_path / "none.png", "--out", tmp_path / "b.png")
    assert status == 1
    one_line(err)
    assert list(tmp_path.iterdir()) == []


@on_samples
def test_boxes_of_many(run, tmp_path):
    (tmp_path / "in").mkdir()
    for name in ("a", "b"):
        (tmp_path / "in" / f"{name}.jpg").write_bytes(LIST.read_bytes())
    with Image.open(LIST) as image:
        blank = Image.new("RGB", image.size, "white")
        image.save(tmp_path / "c.tif", save_all=True, append_images=[blank, image])
    arguments = (tmp_path / "in", tmp_path / "c.tif", "--pages", "1,3", "-o", tmp_path / "out")
    status, _, err = run("boxes", *arguments)
    assert (status, err) == (0, "")
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == [
        "a.boxes.png",
        "b.boxes.png",
        "c.page0001.boxes.png",
        "c.page0003.boxes.png",
    ]
    status, out, _ = run("boxes", tmp_path / "in", "--json")
    assert status == 0
    assert [Page.from_dict(page).text[: len(FIRST)] for page in json.loads(out)] == [FIRST] * 2


@on_samples
def test_boxes_of_many_need_a_folder(run, tmp_path):
    status, _, err = run("boxes", LIST, SAMPLES / "form.jpg", "-o", tmp_path / "a.png")
    assert status == 2
    assert "folder" in err
    assert not list(tmp_path.iterdir())


@on_samples
def test_boxes_of_one_page_of_many(run, tmp_path):
    with Image.open(LIST) as image:
        image.save(tmp_path / "c.tif", save_all=True, append_images=[image])
    status, _, err = run("boxes", tmp_path / "c.tif", "-o", tmp_path / "a.png")
    assert status == 0
    assert "page 1 of 2; choose by --pages" in err
    assert run("boxes", tmp_path / "c.tif", "--pages", "2", "-o", tmp_path / "a.png")[2] == ""


@on_samples
@pytest.mark.parametrize("level", ["letter", "word", "line"])
def test_levels_differ(run, tmp_path, level):
    assert run("boxes", LIST, "--level", level, "-o", tmp_path / f"{level}.png")[0] == 0
    assert run("boxes", LIST, "-o", tmp_path / "auto.png")[0] == 0
    with (
        Image.open(tmp_path / f"{level}.png") as drawn,
        Image.open(tmp_path / "auto.png") as auto,
    ):
        same = drawn.size == auto.size and np.array_equal(np.asarray(drawn), np.asarray(auto))
    assert same == (level == "letter")


@on_samples
@pytest.mark.parametrize("suffix", list(OVERLAY_KINDS))
def test_an_overlay_replaces_an_earlier_one_and_nothing_else(run, tmp_path, suffix):
    out = tmp_path / f"a{suffix}"
    with Image.open(LIST) as image:
        image.save(out)
    before = out.read_bytes()
    status, _, err = run("boxes", LIST, "-o", out)
    assert status == 1
    assert "already there, and nothing that this command has written" in err
    assert run("boxes", LIST, out, "-o", f"{tmp_path}/out/")[0] == 0
    assert out.read_bytes() == before
    out.unlink()
    for level in ("word", "line"):
        assert run("boxes", LIST, "--level", level, "-o", out) == (0, "", "")
    status, _, err = run("boxes", out, "-o", out)  # an overlay, and what is read
    assert status == 1
    assert "would replace the file that is read" in err


@on_samples
def test_overlays_in_a_folder_replace_nothing_else(run, tmp_path):
    (tmp_path / "out").mkdir()
    own = tmp_path / "out" / "shopping_list.boxes.png"
    own.write_text("mine")
    status, _, err = run("boxes", LIST, SAMPLES / "form.jpg", "-o", tmp_path / "out")
    assert status == 1
    assert "shopping_list.boxes.png: already there" in err
    assert own.read_text() == "mine"
    assert (tmp_path / "out" / "form.boxes.png").exists()

"""ocr.cli.boxes: overlays and stages, of one page and of many."""

import json

import numpy as np
from cli_fakes import one_line, picture
from PIL import Image

from ocr.cli.boxes import OVERLAY_KINDS
from ocr.page import Box, Page


def test_boxes_draws(run, fake, tmp_path):
    a, target = picture(tmp_path / "a.png"), tmp_path / "overlay.png"
    assert run("boxes", a, "--out", target) == (0, "", "")
    with Image.open(target) as overlay:
        assert overlay.format == "PNG"
        assert overlay.mode == "RGB"


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

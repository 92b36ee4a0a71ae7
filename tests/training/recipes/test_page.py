"""The training of the page network, and the files of pages that it draws from."""

import sys

import numpy as np
import pytest

from ocr.errors import DataError
from ocr.layout.strips import TextLine
from training.data.page_samples import TrainingPage, load_pages
from training.recipes.page import Crops, PageRecipe
from training.synthesis import strips


@pytest.mark.parametrize("name", ["", "missing"])
def test_a_folder_of_written_pages_without_any_is_an_error(name, tmp_path):
    with pytest.raises(DataError, match="no pages"):
        Crops([], tmp_path / name, PageRecipe())


def test_all_pages_that_strips_were_cut_from_are_kept(monkeypatch, tmp_path):
    """A last file may hold fewer than the others."""
    page = TrainingPage(
        np.full((40, 60), 255, np.uint8), (TextLine(np.array([[20.0, 5.0], [20.0, 50.0]]), 8.0),)
    )

    def written(rng, data, kept):
        while True:
            kept.append(page)
            yield np.full((48, 30), 255, np.uint8), "a"

    monkeypatch.setattr(strips, "PAGES_A_FILE", 4)
    monkeypatch.setattr(strips, "REAL_SHARE", 0.0)
    monkeypatch.setattr(strips, "written_strips", written)
    monkeypatch.setattr(strips, "read_pages", lambda data, split: [])
    monkeypatch.setattr(strips, "data_dir", lambda: tmp_path)
    folders = tmp_path / "strips", tmp_path / "pages"
    command = ["strips", "--out", *folders[:1], "--pages", *folders[1:], "--shards", 2]
    monkeypatch.setattr(sys, "argv", [*map(str, command), "--strips", "3"])
    strips.main()
    files = sorted(folders[1].iterdir())
    assert [len(load_pages(file)) for file in files] == [4, 2]
    assert len(list(folders[0].iterdir())) == 2

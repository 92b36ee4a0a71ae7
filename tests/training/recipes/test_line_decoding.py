"""training.recipes.line_decoding: the choice among rows, kept outputs, and lines cut from pages."""

import io
import json
import zipfile

import numpy as np
from PIL import Image

from training.recipes import line_decoding
from training.recipes.line_decoding import cached_logs, choose, error_rate, page_lines


def test_the_best_row_that_leaves_nonsense_in_peace_is_chosen():
    greedy = {"prose": 9.0, "copiste": 9.0, "random": 12.0}
    rows = [
        {"prose": 8.0, "copiste": 6.0, "random": 12.0},
        {"prose": 7.0, "copiste": 6.3, "random": 12.5},  # saves an eighth, costs a twentieth
        {"prose": 5.0, "copiste": 5.0, "random": 12.6},  # spoils too much
    ]
    assert choose(greedy, rows) == 1
    assert choose({**greedy, "random": 1.0}, rows) == 2  # none is fair: all are


class FakeReader:
    charset = ("a", "b", " ")

    def __init__(self):
        self.read = 0

    def log_probs(self, images):
        self.read += len(images)
        return [np.full((k + 1, 2), -float(k), np.float32) for k in range(len(images))]


def test_the_output_of_the_network_is_kept(tmp_path):
    reader = FakeReader()
    lines = {"one": [(np.zeros((2, 2)), "a")] * 3, "two": [(np.zeros((2, 2)), "b")]}
    first = cached_logs(reader, lines, tmp_path / "kept.npz")
    again = cached_logs(reader, lines, tmp_path / "kept.npz")
    assert reader.read == 4
    assert [len(logs) for logs in again["one"]] == [1, 2, 3]
    for name in lines:
        for one, two in zip(first[name], again[name], strict=True):
            np.testing.assert_array_equal(one, two)
    cached_logs(reader, {"one": lines["one"][:2]}, tmp_path / "kept.npz")  # another panel
    assert reader.read == 6


def test_error_rate_of_classes():
    lines = [(np.zeros((1, 1)), "ab a"), (np.zeros((1, 1)), "bb")]
    assert error_rate(FakeReader(), lines, [[1, 2, 3, 1], [2, 2]]) == 0
    assert error_rate(FakeReader(), lines, [[1, 2, 3, 3, 1, 3], [2]]) == 100 / 6


def test_lines_are_cut_along_their_polygons(tmp_path, monkeypatch):
    page = np.full((60, 200), 255, np.uint8)
    page[22:38, 20:150:10] = 0
    page[45:50] = 0  # another line's ink, below the polygon
    stream = io.BytesIO()
    Image.fromarray(page).save(stream, "PNG")
    polygon = [[10, 15], [180, 15], [180, 42], [10, 42]]
    rows = [
        {"file": "0.png", "split": "valid", "lines": [{"text": "iiii", "polygon": polygon}]},
        {"file": "0.png", "split": "train", "lines": [{"text": "train", "polygon": polygon}]},
    ]
    with zipfile.ZipFile(tmp_path / "set.zip", "w") as archive:
        archive.writestr("pages.jsonl", "\n".join(map(json.dumps, rows)))
        archive.writestr("0.png", stream.getvalue())
    cut = []
    monkeypatch.setattr(line_decoding, "normalize_line", lambda strip: cut.append(strip) or strip)
    found = page_lines(tmp_path / "set.zip", "valid")
    assert [text for _, text in found] == ["iiii"]
    assert cut[0].shape == (28, 171)
    assert cut[0].min() < 0.1 and (cut[0][23:] > 0.9).all()

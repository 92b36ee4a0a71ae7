"""Every system of the course with --quick, on a tiny data folder in the real files' formats."""

import contextlib
import html.parser
import io
import json
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from matplotlib import get_data_path
from PIL import Image, ImageDraw, ImageFont
from scipy.io import savemat

from ocr.errors import DataError
from training.course.__main__ import SYSTEMS, Progress, main
from training.course.basics import GRADIENT_LIMIT, planted_mistakes, toy_data, toy_network
from training.course.nist36 import confusion_counts, most_confused
from training.course.photos import labeled_crops, truth_lines
from training.course.report import Figure, Row, markdown, read_row, write_page, write_row
from training.course.transfer import top
from training.data.datasets import NIST36_CHARSET
from training.networks.numpy_mlp import (
    cross_entropy_and_accuracy,
    cross_entropy_delta,
    forward,
    gradient_error,
    numerical_gradients,
)
from training.recipes import mlp
from training.recipes.glyph_accuracy import EMNIST_47, EMNIST_62


def run(*arguments):
    """Exit code, stdout and stderr of the command."""
    out, err = io.StringIO(), io.StringIO()
    with (
        contextlib.redirect_stdout(out),
        contextlib.redirect_stderr(err),
        pytest.raises(SystemExit) as left,
    ):
        main([str(argument) for argument in arguments], prog_name="course")
    return left.value.code, out.getvalue(), err.getvalue()


SMALL = "abcdefghijklmnopqrstuvwxyz"


def sign_picture(sign, side, rng):
    """A sign in a plain font, ink 255 on 0, a little off its place."""
    image = Image.new("L", (side, side), 0)
    at = tuple(side / 2 + rng.uniform(-1.5, 1.5, 2))
    font = ImageFont.load_default(0.8 * side)
    ImageDraw.Draw(image).text(at, sign, fill=255, font=font, anchor="mm")
    return np.asarray(image)


def write_nist36(folder, rng):
    for split, each in (("train", 8), ("valid", 2), ("test", 2)):
        labels = np.repeat(np.arange(36), each)
        rows = [1 - sign_picture(NIST36_CHARSET[k], 32, rng).T.ravel() / 255 for k in labels]
        content = {f"{split}_data": np.array(rows), f"{split}_labels": np.eye(36)[labels]}
        savemat(folder / f"nist36_{split}.mat", content)


def write_emnist(folder, rng):
    labels = np.tile(np.array(EMNIST_62), 6)
    split = np.repeat(["train", "train", "train", "train", "valid", "test"], 62)
    images = np.stack([sign_picture(sign, 28, rng) for sign in labels])
    cased = np.ones(len(labels), bool)
    cased[:62] = [sign not in "AC" for sign in EMNIST_62]
    np.savez(folder / "emnist.npz", images=images, label=labels, split=split, cased=cased)


def write_unipen(folder, rng):
    """Zigzags that differ by their label."""
    labels = np.array(list((SMALL + "A1") * 4))
    strokes = [
        [[40 * k, rng.integers(5) + (ord(sign) * (k + 3) ** 2) % 90] for k in range(4)]
        for sign in labels
    ]
    points = np.array(strokes, np.int16).reshape(-1, 2)
    np.savez(
        folder / "unipen_chars.npz",
        points=points,
        stroke_off=np.arange(0, len(points) + 1, 4, dtype=np.int32),
        item_off=np.arange(len(labels) + 1, dtype=np.int32),
        label=labels,
        writer=np.zeros(len(labels), np.int16),
        writer_names=np.array(["apa:apa/x"]),
        split=np.repeat(["train", "train", "valid", "test"], 28),
    )


@pytest.fixture(scope="module")
def data(tmp_path_factory) -> Path:
    """A folder laid out as the data folder, each file in its real format, few samples in it."""
    folder = tmp_path_factory.mktemp("data")
    for name in ("chars", "fonts", "photos"):
        (folder / name).mkdir()
    rng = np.random.default_rng(0)
    write_nist36(folder / "chars", rng)
    write_emnist(folder / "chars", rng)
    write_unipen(folder / "chars", rng)
    font = Path(get_data_path()) / "fonts" / "ttf" / "DejaVuSans.ttf"
    for name in ("cedarville-cursive-400", "la-belle-aurore-400"):
        (folder / "fonts" / f"{name}.ttf").write_bytes(font.read_bytes())
    photo = Image.new("L", (900, 260), 240)
    draw = ImageDraw.Draw(photo)
    draw.text((60, 80), "A B C H K M", fill=20, font=ImageFont.truetype(str(font), 90))
    photo.save(folder / "photos" / "cmu_04_deep.jpg")
    (folder / "photos" / "cmu_04_deep.gt.txt").write_text("A B C H K M\n")
    return folder


@pytest.fixture(scope="module")
def report(data, tmp_path_factory) -> Path:
    """The report of a quick run of all systems."""
    out = tmp_path_factory.mktemp("report")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("OCR_CACHE", str(tmp_path_factory.mktemp("cache")))
        patch.setenv("OCR_DATA", str(data))
        code, printed, told = run("--quick", "--out", out, "--threads", 1)
    assert code == 0, told
    assert printed.strip() == str(out / "index.html")
    for number, name in enumerate(SYSTEMS, start=1):
        assert f"[{number}/{len(SYSTEMS)}] {name}: " in told
    assert told.count("min left") >= len(SYSTEMS)
    return out


class Page(html.parser.HTMLParser):
    """What the report's page refers to."""

    def __init__(self):
        super().__init__()
        self.images, self.links, self.places = [], [], []

    def handle_starttag(self, tag, attrs):
        values = dict(attrs)
        if tag == "img":
            assert values["alt"]
            self.images.append(values["src"])
        if tag == "a":
            self.links.append(values["href"])
        if "id" in values:
            self.places.append(values["id"])


def test_every_system_has_a_row_with_figures_and_pictures(report):
    page = Page()
    text = (report / "index.html").read_text(encoding="utf-8")
    page.feed(text)
    assert page.places == list(SYSTEMS)
    assert page.links == [f"#{name}" for name in SYSTEMS]
    assert "http" not in text  # nothing is fetched from elsewhere
    for name in page.images:
        with Image.open(report / name) as image:
            image.verify()
    for name in SYSTEMS:
        row = read_row(report, name)
        assert row is not None
        assert row.quick
        assert row.figures
        assert row.pictures
        assert f"python -m training.course {name} --out report --quick" in text
        assert {file for file, _ in row.pictures} <= set(page.images)
    table = (report / "figures.md").read_text(encoding="utf-8")
    assert all(f"`{name}`" in table for name in SYSTEMS)


def test_the_documentation_has_every_system():
    text = (Path(__file__).parents[3] / "docs" / "course.md").read_text(encoding="utf-8")
    assert [name for name in SYSTEMS if f"`{name}`" not in text] == []


def test_the_quick_run_computes_what_it_says(report):
    def ours(name, start):
        return next(f.ours for f in read_row(report, name).figures if f.what.startswith(start))

    assert float(ours("network", "largest").split()[0]) < 1e-6
    assert float(ours("gradient-check", "total relative error, sigmoid")) < GRADIENT_LIMIT
    assert re.fullmatch(r"1024 x (\d+), rank \1", ours("pca", "projection"))
    assert "NOT" not in ours("cnn-emnist", "pictures written")
    assert ours("cnn-emnist", "characters right, cmu_04").endswith("%")


def test_one_system_by_name_replaces_its_row_alone(report, data, tmp_path):
    for path in report.glob("*.json"):
        (tmp_path / path.name).write_bytes(path.read_bytes())
    before = (tmp_path / "mlp.json").read_bytes()
    code, _, told = run("toy", "--out", tmp_path, "--data", data)
    assert code == 0, told
    assert not read_row(tmp_path, "toy").quick
    figures = {figure.what: figure.ours for figure in read_row(tmp_path, "toy").figures}
    loss = figures["loss after 500 iterations, summed over 40 points, largest of 5 draws"]
    assert float(loss) < 35
    assert float(figures["points right, fewest of 5 draws"].split()[0]) > 75
    assert (tmp_path / "mlp.json").read_bytes() == before
    assert "MLP on NIST36" in (tmp_path / "index.html").read_text(encoding="utf-8")


def test_another_seed_is_one_for_torch_too(data, tmp_path, monkeypatch):
    seeds = []
    monkeypatch.setattr("torch.manual_seed", seeds.append)
    run("torch-mlp", "--quick", "--out", tmp_path, "--data", data, "--seed", 5)
    assert seeds == [5, 6, 7]


def test_without_data_the_row_says_so_and_the_others_run(tmp_path, monkeypatch):
    monkeypatch.delenv("OCR_DATA", raising=False)
    monkeypatch.chdir(tmp_path)
    code, _, told = run("mlp", "toy", "--quick", "--out", "out")
    assert code == 1
    assert "Not run: mlp" in told
    assert "data: no such folder" in read_row(tmp_path / "out", "mlp").failed
    assert read_row(tmp_path / "out", "toy").figures
    assert "no such folder" in (tmp_path / "out" / "index.html").read_text(encoding="utf-8")


def test_unknown_systems_and_bad_folders_are_refused(tmp_path):
    assert run("nothing", "--out", tmp_path)[0] == 2
    assert run("toy", "--out", tmp_path, "--seed", -1)[0] == 2
    assert run("toy", "--out", tmp_path, "--threads", 0)[0] == 2
    (tmp_path / "file").touch()
    code, _, told = run("toy", "--out", tmp_path / "file" / "x")
    assert code == 1
    assert "cannot be made" in told
    assert "Traceback" not in told


def test_planted_mistakes_are_found_in_any_network():
    for seed in range(3):
        rng = np.random.default_rng(seed)
        network = toy_network(rng, "sigmoid")
        x, onehot = toy_data(rng)
        x = (x - x.mean(axis=0)) / x.std(axis=0)
        checked = numerical_gradients(
            network,
            lambda n=network, a=x, b=onehot: cross_entropy_and_accuracy(forward(n, a)[-1], b)[0],
        )
        values = forward(network, x)
        wrong = planted_mistakes(network, values, cross_entropy_delta(values[-1], onehot))
        assert len(wrong) == 3
        assert min(gradient_error(w, checked) for w in wrong.values()) > GRADIENT_LIMIT


def test_rows_are_read_back_and_shown_as_text(tmp_path):
    row = Row((Figure("a < b", "1 & 2", "3"),), (("p.png", "a “picture”"),), ("note",), 2.5, True)
    write_row(tmp_path, "toy", row)
    assert read_row(tmp_path, "toy") == row
    assert read_row(tmp_path, "mlp") is None
    write_page(tmp_path, SYSTEMS)
    text = (tmp_path / "index.html").read_text(encoding="utf-8")
    assert "a &lt; b" in text
    assert "1 &amp; 2" in text
    assert text.count("Not run yet.") == len(SYSTEMS) - 1
    assert "| Toy problem (`toy`) | a < b | 1 & 2 | 3 |" in markdown(tmp_path, SYSTEMS)
    for content in ("{", '{"figures": [], "other": 1}', json.dumps({"figures": [{"x": 1}]})):
        (tmp_path / "toy.json").write_text(content)
        with pytest.raises(DataError, match=r"toy\.json"):
            read_row(tmp_path, "toy")


def test_confusions_and_top_count_known_readings():
    counts = confusion_counts(np.array([0, 0, 1, 2, 2]), np.array([0, 1, 0, 2, 0]), 3)
    assert counts.tolist() == [[1, 1, 0], [1, 0, 0], [1, 0, 1]]
    assert most_confused(counts, ("O", "0", "Q")) == [("O", "0", 2), ("O", "Q", 1)]
    logits = np.array([[3, 2, 1], [1, 2, 3], [1, 3, 2]], np.float32)
    assert top(logits, np.array([0, 0, 2]), 1) == pytest.approx(1 / 3)
    assert top(logits, np.array([0, 0, 2]), 2) == pytest.approx(2 / 3)


class Ignorant:
    """A classifier that settles nothing."""

    charset = tuple(EMNIST_47)
    metadata = None

    def predict_proba(self, glyphs):
        return np.full((len(glyphs), len(self.charset)), 1 / len(self.charset), np.float32)


def test_crops_are_labeled_where_boxes_and_characters_agree(data, tmp_path):
    crops = labeled_crops(data / "photos", Ignorant())
    assert crops.labels.tolist() == list("ABCHKM")
    assert crops.images.shape == (6, 32, 32)
    assert (crops.lines, crops.lines_left_out) == (1, 0)
    (tmp_path / "p.jpg").write_bytes((data / "photos" / "cmu_04_deep.jpg").read_bytes())
    with pytest.raises(DataError, match=r"p\.gt\.txt: missing"):
        truth_lines(tmp_path / "p.jpg")
    (tmp_path / "p.gt.txt").write_text("ABC\n")
    with pytest.raises(DataError, match="as many boxes as characters"):
        labeled_crops(tmp_path, Ignorant())


def test_lines_that_agree_by_chance_are_no_crops(data, tmp_path):
    for name in ("one", "two", "three"):
        image = Image.open(data / "photos" / "cmu_04_deep.jpg")
        pages = Image.new("L", (image.width, 3 * image.height), 240)
        for k in range(3):
            pages.paste(image, (0, k * image.height))
        pages.save(tmp_path / f"{name}.jpg")
    right, wrong = "A B C H K M\n", "minimum illusion\n"
    (tmp_path / "one.gt.txt").write_text(3 * right)
    (tmp_path / "two.gt.txt").write_text(right + wrong + right)
    (tmp_path / "three.gt.txt").write_text(wrong + "chance\n" + wrong)
    crops = labeled_crops(tmp_path, Ignorant())
    assert crops.labels.tolist() == 5 * list("ABCHKM")
    assert (crops.lines, crops.lines_left_out) == (9, 4)


def test_progress_tells_the_time_left_at_the_speed_so_far(capsys, monkeypatch):
    clock = [100.0]
    monkeypatch.setattr("training.course.__main__.time.monotonic", lambda: clock[0])
    seconds = {"one": 30.0, "two": 90.0}
    for name in seconds:
        monkeypatch.setitem(SYSTEMS, name, SYSTEMS["toy"].__class__("", "", None, seconds[name]))
    progress = Progress(["one", "two"])
    clock[0] += 60
    progress.finish("done")
    clock[0] += 1
    progress.tell(0.1, "unseen: too soon after the last line")
    clock[0] += 89
    progress.tell(0.5, "epoch 1/2")
    lines = capsys.readouterr().err.splitlines()
    assert lines == [
        "[1/2] one: done | 1.0 min, about 3.0 min left",
        "[2/2] two: epoch 1/2 | 2.5 min, about 1.5 min left",
    ]


def test_pictures_are_drawn_without_pyplot(tmp_path):
    drawing = (
        "import sys; from pathlib import Path; from training.course import plots; "
        "plots.save(plots.bars({'a $b$': 1.0, 'c': 2.0}, 'across'), Path(sys.argv[1])); "
        "print('matplotlib.pyplot' in sys.modules)"
    )
    command = [sys.executable, "-c", drawing, str(tmp_path / "a.png")]
    said = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    with Image.open(tmp_path / "a.png") as image:
        assert image.size[0] > 200
    assert said == "False\n"


def test_no_epochs_gives_the_start_of_the_training():
    x, onehot = np.random.default_rng(0).random((12, 4)), np.eye(3)[np.arange(12) % 3]
    recipe = mlp.Recipe(hidden=5, epochs=0, seed=3)
    start = mlp.train(x, onehot, recipe)
    again = mlp.train(x, onehot, recipe)
    np.testing.assert_array_equal(start[0].weight, again[0].weight)
    trained = mlp.train(x, onehot, mlp.Recipe(hidden=5, epochs=1, seed=3))
    assert (trained[0].weight != start[0].weight).any()
    assert np.abs(trained[0].weight - start[0].weight).max() < 0.2

"""`ocr train` from data to model: going on, before and after, refusals, files, report."""

import contextlib
import json
import os
import re
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image, ImageDraw, ImageFont

from ocr.cli import main
from ocr.cli.signals import INTERRUPTED
from ocr.errors import DataError, ExitCode, ModelError, OutputError
from ocr.formats import render
from ocr.formats.placing import words_of
from ocr.input.documents import PageSource
from ocr.letters.classifiers import load_classifier
from ocr.letters.classifiers.cnn import GlyphCnn
from ocr.letters.glyphs import NORMALIZATION
from ocr.lines.normalize import NORMALIZATION as LINE_NORMALIZATION
from ocr.lines.recognizer import LineReader
from ocr.page import Box, Letter, Line, Page
from ocr.review.learning import REFUSED
from ocr.weights import Metadata, find_weights, read_metadata
from training.data.text import CHARSET as LINE_CHARSET
from training.networks.line import LineArchitecture, LineNetwork
from training.networks.onnx_graph import glyph_graph
from training.own_hand import glyph_learners, line_learner, setup, train
from training.own_hand.replay import Base
from training.own_hand.samples import Account, Samples
from training.own_hand.settings import Settings
from training.own_hand.systems import check_onnx
from training.own_hand.train import worse
from training.recipes import weight_files

SIGNS = "ABC"
SMALL = LineArchitecture(
    widths=(4, 8, 8, 8, 8), features=16, blocks=1, context=16, context_blocks=1, attention=(0,),
    heads=2, lstm=8,
)  # fmt: skip


def draw(text, size=36, seed=0):
    """A picture of a text, a little different for each seed."""
    rng = np.random.default_rng(seed)
    font = ImageFont.load_default(size)
    image = Image.new("L", (int(font.getlength(text)) + 30, size + 20), 255)
    place = tuple(int(k) for k in rng.integers(4, 12, 2))
    ImageDraw.Draw(image).text(place, text, fill=int(rng.integers(0, 90)), font=font)
    return image


@pytest.fixture(autouse=True)
def small(monkeypatch):
    """Few samples an epoch, and base data that need not be drawn."""
    monkeypatch.delenv("OCR_DATA", raising=False)
    monkeypatch.setattr(glyph_learners, "FEWEST_DRAWN", 60)
    monkeypatch.setattr(line_learner, "FEWEST_DRAWN", 16)
    monkeypatch.setattr(setup, "base_glyphs", lambda charset: base("glyphs"))
    monkeypatch.setattr(setup, "base_lines", lambda texts: base("lines"))


def base(what):
    def samples(count, seed):
        rng = np.random.default_rng(seed)
        labels = tuple(SIGNS[k % 3] for k in range(count))
        shape = (32, 32) if what == "glyphs" else (48, 80)
        images = tuple(rng.integers(0, 255, shape).astype(np.uint8) for _ in range(count))
        nothing = ("",) * count
        return Samples(images, labels, np.ones(count, bool), nothing, nothing)

    return Base("noise", samples(12, 1), samples(6, 2), samples(6, 3), real=False)


@pytest.fixture
def letters(tmp_path):
    folder = tmp_path / "letters"
    for sign in SIGNS:
        (folder / sign).mkdir(parents=True)
        for number in range(14):
            draw(sign, seed=number).save(folder / sign / f"{number}.png")
    return folder


@pytest.fixture
def lines(tmp_path):
    folder = tmp_path / "lines"
    folder.mkdir()
    for number in range(8):
        text = f"line {number} of mine"
        draw(text, seed=number).save(folder / f"p{number}.png")
        (folder / f"p{number}.gt.txt").write_text(f"{text}\n")
    return folder


@pytest.fixture
def start(tmp_path):
    """A small CNN that knows the three signs, untrained."""
    torch.manual_seed(0)
    network = GlyphCnn(3, (4, 6, 8))
    arguments = {"classes": 3, "widths": [4, 6, 8], "dropout": 0.1}
    about = Metadata(
        "start", "cnn", {"name": "GlyphCnn", "arguments": arguments}, tuple(SIGNS), NORMALIZATION,
        ({"name": "nothing", "licence": "none", "source": "here"},),
    )  # fmt: skip
    weight_files.save_safetensors(tmp_path / "start.safetensors", network, about)
    weight_files.save_onnx(tmp_path / "start.onnx", glyph_graph(network), about)
    return str(tmp_path / "start.safetensors")


@pytest.fixture
def line_start(tmp_path):
    """A small line recognizer, untrained; its sizes stand in the file."""
    torch.manual_seed(0)
    network = LineNetwork(SMALL)
    sizes = json.loads(json.dumps(SMALL.__dict__))
    about = Metadata("small", "lines", sizes, LINE_CHARSET, LINE_NORMALIZATION, ())
    weight_files.save_safetensors(tmp_path / "small.safetensors", network, about)
    return str(tmp_path / "small.safetensors")


def settings(data, tmp_path, kind, start, **more):
    given = {"epochs": 3, "batch": 8, "rate": 0.01, **more}
    return Settings((str(data),), str(tmp_path / "mine"), kind, start, **given)


def contents(folder):
    return {path.name: path.read_bytes() for path in folder.iterdir()}


@pytest.fixture(params=["mlp", "cnn", "cnn from", "lines from"])
def system(request, tmp_path, letters, lines, start, line_start):
    """Settings of each kind, from scratch or from a model."""
    kind, _, going_on = request.param.partition(" ")
    data = lines if kind == "lines" else letters
    first = {"cnn": start, "lines": line_start}[kind] if going_on else "scratch"
    return settings(data, tmp_path, kind, first)


def test_resumed_it_comes_to_the_same_bytes(system, tmp_path):
    """Stopped within an epoch or in a later one, then resumed: the same files."""
    whole = train.train(system, force=True)
    assert not whole.stopped
    out = tmp_path / "mine"
    expected = contents(out)
    for steps in (2, 9):
        for path in out.iterdir():
            path.unlink()
        asked = iter(range(10**6))
        part = train.train(system, force=True, stop=lambda n=steps, k=asked: next(k) >= n)
        assert part.stopped
        assert (out / train.CHECKPOINT).is_file()
        assert read_metadata(find_weights(str(out))).kind == system.kind  # usable already
        rest = train.train(Settings((), str(out)), resume=True, force=True)
        assert not rest.stopped
        assert rest.settings == whole.settings
        assert contents(out) == expected


def test_training_from_scratch_learns_and_leaves_a_model(letters, tmp_path, capsys):
    out = tmp_path / "mine"
    command = ["train", str(letters), "--out", str(out), "--from", "scratch", "--epochs", "12"]
    assert main([*command, "--batch", "8", "--rate", "0.003"]) == ExitCode.OK
    shown = capsys.readouterr()
    assert sorted(path.name for path in out.iterdir()) == [
        "mine.md", "mine.onnx", "mine.safetensors", "report.html",
    ]  # fmt: skip
    assert str(out / "mine.onnx") in shown.out
    assert "letters: 42 glyphs" in shown.err
    assert re.search(r"epoch 12/12  34/34  loss \d\.\d+  valid \d+\.\d %  0:00 left", shown.err)
    assert f"ocr read --model {out} photo.jpg" in shown.err
    assert "\x1b" not in shown.err  # plain lines off a terminal
    about = read_metadata(out / "mine.onnx")
    assert about == read_metadata(out / "mine.safetensors")
    assert about.charset == tuple(SIGNS)
    assert about.figures["own data held back (8), accuracy %, after"] > 60
    assert about.training["settings"]["batch"] == 8
    assert about.training["split"]["train"] == 34
    assert len(about.training["history"]) == 12
    proba = load_classifier(out).predict_proba(np.ones((1, 32, 32), np.float32))
    assert proba.shape == (1, 3)


def test_commands_that_are_told_can_be_pasted(letters, tmp_path, capsys):
    out, data = tmp_path / "my hand", letters.rename(letters.with_name("my letters"))
    options = ["--from", "scratch", "--kind", "mlp", "--epochs", "1"]
    assert main(["train", str(data), "--out", str(out), *options]) == ExitCode.OK
    assert f"ocr read --model '{out}' photo.jpg" in capsys.readouterr().err
    assert "ocr read --model 'my hand' photo.jpg" in (out / "my hand.md").read_text()
    command = read_metadata(out / "my hand.npz").command
    assert command.startswith("ocr train 'my letters' ") and command.endswith(" --out 'my hand'")


def test_card_and_report_say_what_was_done(letters, start, tmp_path):
    outcome = train.train(settings(letters, tmp_path, "cnn", start), force=True)
    out = tmp_path / "mine"
    card = (out / "mine.md").read_text()
    for said in ("ocr read --model mine", "letters: 42 samples", "nothing (none)", "| own data"):
        assert said in card
    report = (out / "report.html").read_text()
    assert report.count("<img") >= 2  # curves and confusions
    for said in ("What is taken for what", "Each character", "Mistakes", "letters"):
        assert said in report
    assert "http" not in report  # everything is in it
    assert outcome.metadata.training["start"]["sha256"]
    assert str(tmp_path) not in json.dumps(outcome.metadata.training["sources"])


def test_line_report_shows_the_worst_lines(lines, line_start, tmp_path):
    train.train(settings(lines, tmp_path, "lines", line_start, epochs=1), force=True)
    report = (tmp_path / "mine" / "report.html").read_text()
    assert "Lines, the worst first" in report
    assert "of mine" in report
    reader = LineReader(tmp_path / "mine")
    assert reader.metadata.architecture["lstm"] == SMALL.lstm
    assert len(reader.read([np.ones((48, 90), np.float32)])) == 1


@pytest.mark.parametrize("kind", ["page", "alto"])
def test_lines_are_learned_from_an_exported_page(kind, line_start, tmp_path):
    folder = tmp_path / "export"
    folder.mkdir()
    sheet = Image.new("L", (700, 560), 245)
    lines = []
    for k in range(6):
        text, y = f"line {k} of it", 80 * (k + 1)
        ImageDraw.Draw(sheet).text((40, y), text, 20, ImageFont.load_default(48), anchor="ls")
        places = [Box(y - 40, 40 + 22 * j, y + 12, 60 + 22 * j) for j in range(len(text))]
        signs = [None if c == " " else Letter(b, c, 1.0) for b, c in zip(places, text, strict=True)]
        base = ((float(y), 40.0), (float(y), 40.0 + 22 * len(text)))
        lines.append(Line(words_of(signs), base, confirmed=True))
    sheet.save(folder / "photo.png")
    page = Page(560, 700, tuple(lines), "lines")
    ((name, pieces),) = render(kind, "photo", [(PageSource(str(folder / "photo.png")), page)])
    (folder / name).write_bytes(b"".join(pieces))
    outcome = train.train(settings(folder, tmp_path, "lines", line_start, epochs=1), force=True)
    assert [one["what"] for one in outcome.account.sources] == ["pages"]
    assert [one["samples"] for one in outcome.account.sources] == [6]
    assert len(LineReader(tmp_path / "mine").read([np.ones((48, 90), np.float32)])) == 1


def test_figures_before_and_after(letters, start, tmp_path):
    outcome = train.train(settings(letters, tmp_path, "cnn", start), force=True)
    assert outcome.before is not None
    assert outcome.after.base is not None
    figures = outcome.metadata.figures
    assert [name.rsplit(", ", 1)[1] for name in figures] == ["before", "after"] * 2
    assert figures["own data held back (8), accuracy %, before"] == round(
        100 * outcome.before.own, 2
    )


@pytest.mark.parametrize(
    ("before", "after", "errors", "said"),
    [
        ((0.8, 0.9), (0.85, 0.895), False, ""),
        ((0.8, 0.9), (0.79, 0.9), False, "own data held back went from 80.0 % to 79.0 %"),
        ((0.8, 0.9), (0.9, 0.88), False, "base test went from 90.0 % to 88.0 %"),
        ((0.2, 0.1), (0.1, 0.105), True, ""),
        ((0.2, 0.1), (0.1, 0.12), True, "base test went from 10.0 % to 12.0 %"),
        ((0.2, None), (0.3, None), True, "wrong of the own data"),
    ],
)
def test_what_counts_as_worse(before, after, errors, said):
    one, two = (train.Measured(own, on_base, ()) for own, on_base in (before, after))
    found = worse(one, two, errors)
    assert said in found
    assert bool(said) == bool(found)
    assert worse(None, two, errors) == ""


def test_a_worse_model_is_not_written_without_force(letters, start, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(train, "worse", lambda *_: "characters right went from 9 % to 8 %")
    out = str(tmp_path / "mine")
    command = ["train", str(letters), "--out", out, "--from", start, "--epochs", "1"]
    assert main(command) == ExitCode.SOME_FAILED
    told = capsys.readouterr().err
    assert "not written: characters right went" in told
    refused = REFUSED.search(told)
    assert refused is not None and refused[1] == "characters right went from 9 % to 8 %"
    assert [path.name for path in Path(out).iterdir()] == [train.CHECKPOINT]
    assert main(["train", "--resume", "--force", "--out", out]) == ExitCode.OK  # not trained anew
    assert (Path(out) / "mine.onnx").is_file()
    assert not (Path(out) / train.CHECKPOINT).exists()


def test_a_model_worse_when_stopped_can_go_on(letters, start, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(train, "worse", lambda *_: "characters right went from 9 % to 8 %")
    monkeypatch.setattr("ocr.cli.train.interruptible", lambda: contextlib.nullcontext(lambda: True))
    out = str(tmp_path / "mine")
    command = ["train", str(letters), "--out", out, "--from", start, "--epochs", "1"]
    assert main(command) == INTERRUPTED
    told = capsys.readouterr().err
    assert told.endswith(f"9 % to 8 %. Go on with: ocr train --resume --out {out}\n")


def test_what_fails_leaves_no_empty_folder(letters, tmp_path):
    out = tmp_path / "new" / "mine"
    with pytest.raises(DataError):
        train.train(train.Settings((str(tmp_path / "none.jpg"),), str(out)))
    assert not out.parent.exists()
    out.mkdir(parents=True)
    with pytest.raises(DataError):
        train.train(train.Settings((str(tmp_path / "none.jpg"),), str(out)))
    assert out.is_dir()


def test_a_model_that_is_there_is_not_replaced_without_force(letters, tmp_path):
    given = settings(letters, tmp_path, "mlp", "scratch", epochs=1)
    train.train(given)
    before = contents(tmp_path / "mine")
    with pytest.raises(DataError, match=r"a model is there already.*--force"):
        train.train(given)
    assert contents(tmp_path / "mine") == before
    train.train(given, force=True)


def test_two_trainings_do_not_write_into_one_folder(letters, tmp_path):
    given = settings(letters, tmp_path, "mlp", "scratch", epochs=1)
    told = []

    def second(_progress):
        for force in (False, True):
            with pytest.raises(DataError) as caught:
                train.train(given, force=force)
            told.append(str(caught.value))

    train.train(given, progress=second)
    assert "mine: another training is writing there" in told[0]
    assert set(told) == {told[0]}
    assert (tmp_path / "mine" / "mine.npz").is_file()
    train.train(given, force=True)


def test_nothing_else_is_replaced_without_force(letters, tmp_path):
    given = settings(letters, tmp_path, "mlp", "scratch", epochs=1)
    out = tmp_path / "mine"
    out.mkdir()
    np.savez(out / "data.npz", images=np.zeros((1, 2, 2), np.uint8))  # no model
    for name in ("mine.md", "report.html", "mine.npz"):
        (out / name).write_text("a person's own")
        with pytest.raises(DataError, match=rf"{name}: is there already.*--force"):
            train.train(given)
        (out / name).unlink()
    train.train(given)
    with pytest.raises(DataError, match="a model is there already"):
        train.train(given)  # whatever else is there


@pytest.mark.parametrize("force", [False, True])
def test_a_folder_without_a_name_is_refused_whoever_may_write_there(letters, force):
    with pytest.raises(DataError, match="no name"):
        train.train(Settings((str(letters),), "/", "mlp", "scratch", epochs=1), force=force)


def test_a_model_that_replaces_one_of_another_kind_is_the_one_that_is_read(letters, tmp_path):
    train.train(settings(letters, tmp_path, "cnn", "scratch", epochs=1))
    train.train(settings(letters, tmp_path, "mlp", "scratch", epochs=1), force=True)
    assert find_weights(str(tmp_path / "mine")).name == "mine.npz"
    train.train(settings(letters, tmp_path, "cnn", "scratch", epochs=1), force=True)
    assert find_weights(str(tmp_path / "mine")).name == "mine.onnx"


def test_a_model_called_as_an_installed_one_is_told_by_its_path(
    letters, tmp_path, monkeypatch, capsys
):
    monkeypatch.chdir(tmp_path)
    options = ["--from", "scratch", "--kind", "mlp", "--epochs", "1"]
    assert main(["train", str(letters), "--out", "english", *options]) == ExitCode.OK
    assert "ocr read --model english/english.npz photo.jpg" in capsys.readouterr().err
    assert "ocr read --model ./english photo.jpg" in Path("english/english.md").read_text()
    assert find_weights("./english") == Path("english/english.npz")


def stopped(given):
    asked = iter(range(10**6))
    assert train.train(given, force=True, stop=lambda: next(asked) >= 2).stopped


def test_an_unfinished_training_is_not_begun_anew_unasked(letters, tmp_path):
    given = settings(letters, tmp_path, "mlp", "scratch")
    stopped(given)
    with pytest.raises(DataError, match=r"unfinished training.*--resume"):
        train.train(given)


def test_resume_refuses_other_settings_by_name(letters, tmp_path, capsys):
    stopped(settings(letters, tmp_path, "mlp", "scratch"))
    out = str(tmp_path / "mine")
    given = ["train", str(letters), "--out", out, "--resume", "--rate", "0.5", "--kind", "cnn"]
    assert main(given) == ExitCode.SOME_FAILED
    said = capsys.readouterr().err
    assert "--rate was 0.01, now 0.5" in said
    assert "--kind was mlp, now cnn" in said


def test_resume_refuses_other_data_by_name(letters, tmp_path):
    stopped(settings(letters, tmp_path, "mlp", "scratch"))
    (letters / "A" / "0.png").unlink()
    with pytest.raises(DataError, match=r"other data \(letters: 41 samples, were 42\)"):
        train.train(Settings((), str(tmp_path / "mine")), resume=True)


def test_resume_refuses_another_start(letters, start, tmp_path):
    stopped(settings(letters, tmp_path, "cnn", start))
    about = read_metadata(Path(start))
    weight_files.save_safetensors(Path(start), GlyphCnn(3, (4, 6, 8)), about)
    with pytest.raises(DataError, match="another model to start from"):
        train.train(Settings((), str(tmp_path / "mine")), resume=True)


def test_one_class_only_is_refused_from_scratch_and_said_otherwise(letters, start, tmp_path):
    for sign in "BC":
        for path in (letters / sign).iterdir():
            path.unlink()
        (letters / sign).rmdir()
    with pytest.raises(DataError, match="nothing to tell apart"):
        train.train(settings(letters, tmp_path, "cnn", "scratch"))
    said = []
    train.train(settings(letters, tmp_path, "cnn", start), force=True, say=said.append)
    assert any("all samples are 'A'" in one for one in said)


def test_names_of_pictures_and_their_texts_are_those_of_their_folder(lines, line_start, tmp_path):
    names = tuple(map(str, sorted(lines.iterdir())))
    assert any(name.endswith(".gt.txt") for name in names)
    found = []
    for data in (names, (str(lines),)):
        given = replace(settings(lines, tmp_path, "lines", line_start), data=data)
        found.append(train.set_up(given, Account(), None, tmp_path / "none", lambda _: None))
    assert found[0].own.labels == found[1].own.labels
    given = replace(given, data=(str(lines / "p0.gt.txt"),))
    with pytest.raises(DataError, match=r"p0\.gt\.txt: the text of a photo"):
        train.set_up(given, Account(), None, tmp_path / "none", lambda _: None)


def test_fewer_samples_than_a_batch(letters, tmp_path):
    outcome = train.train(settings(letters, tmp_path, "cnn", "scratch", batch=500))
    assert outcome.run.steps == 3


def test_losses_that_are_no_numbers_stop_with_advice(letters, start, tmp_path, monkeypatch):
    def no_number(logits, *_):
        return logits.sum() * float("nan")

    monkeypatch.setattr(glyph_learners, "case_loss", no_number)
    with pytest.raises(DataError, match=r"not a number.*--rate"):
        train.train(settings(letters, tmp_path, "cnn", start, replay=0.0))


def test_a_loss_that_is_no_number_changes_nothing(letters, start, tmp_path, monkeypatch):
    outcome = {}
    for name, factor in (("whole", 1.0), ("skipped", float("nan"))):
        calls = iter(range(10**6))
        plain = glyph_learners.case_loss

        def sometimes(*given, calls=calls, factor=factor, plain=plain):
            return plain(*given) * (factor if next(calls) == 3 else 1.0)

        with monkeypatch.context() as patch:
            patch.setattr(glyph_learners, "case_loss", sometimes)
            given = settings(letters, tmp_path, "cnn", start)
            outcome[name] = train.train(given, force=True)
    assert outcome["skipped"].run.skipped == 1
    assert outcome["whole"].run.skipped == 0
    assert np.isfinite(outcome["skipped"].after.own)


def test_a_full_disk_leaves_the_previous_model_whole(letters, tmp_path, monkeypatch):
    given = settings(letters, tmp_path, "cnn", "scratch", epochs=1)
    train.train(given)
    before = contents(tmp_path / "mine")
    (tmp_path / "mine" / ".download.part").write_text("another program's")
    real = Path.replace

    def full(path, target):
        if Path(target).suffix in (".onnx", ".safetensors"):
            raise OSError(28, "No space left on device")
        return real(path, target)

    monkeypatch.setattr(Path, "replace", full)
    with pytest.raises(OutputError, match="make room"):
        train.train(settings(letters, tmp_path, "cnn", "scratch", epochs=1, seed=7), force=True)
    after = contents(tmp_path / "mine")
    assert {name: after[name] for name in before} == before
    assert [one.name for one in (tmp_path / "mine").glob(".*.part")] == [".download.part"]


def test_the_onnx_file_is_checked(letters, tmp_path, monkeypatch):
    network = GlyphCnn(3, (4, 6, 8)).eval()
    glyphs = np.ones((2, 1, 32, 32), np.float32)
    wanted = network(torch.from_numpy(glyphs)).detach().numpy()
    check_onnx(glyph_graph(network), "glyphs", glyphs, wanted)
    with pytest.raises(ModelError, match="differs"):
        check_onnx(glyph_graph(network), "glyphs", glyphs, wanted + 2e-4)


def test_a_start_of_another_kind_is_refused(letters, lines, start, tmp_path):
    with pytest.raises(ModelError, match=r"a cnn model; --kind lines cannot go on from it"):
        train.train(settings(lines, tmp_path, "lines", start))
    with pytest.raises(DataError, match="holds single characters"):
        train.train(settings(letters, tmp_path, "lines", "scratch"))
    with pytest.raises(ModelError, match=r"no start\.npz"):
        train.train(settings(letters, tmp_path, "mlp", start))


def test_a_start_that_does_not_know_the_labels_is_not_taken_unasked(tmp_path):
    folder = tmp_path / "greek"
    for sign in "ΩΨ":
        (folder / sign).mkdir(parents=True)
        for number in range(6):
            draw("O" if sign == "Ω" else "Y", seed=number).save(folder / sign / f"{number}.png")
    said = []
    given = Settings((str(folder),), str(tmp_path / "mine"), "cnn", None, epochs=1)
    outcome = train.train(given, say=said.append)
    assert outcome.settings.start == "scratch"
    assert outcome.metadata.charset == ("Ψ", "Ω")
    assert any("from scratch" in one for one in said)


def test_a_config_file_does_the_same(letters, tmp_path, capsys):
    out = tmp_path / "mine"
    config = tmp_path / "own.toml"
    config.write_text(
        f'[train]\nout = "{out.as_posix()}"\nkind = "mlp"\nfrom = "scratch"\n'
        "epochs = 2\nrate = 0.02\n"
    )
    command = ["--config", str(config), "train", str(letters), "--rate", "0.05"]
    assert main(command) == ExitCode.OK
    stored = read_metadata(out / "mine.npz").training["settings"]
    assert (stored["kind"], stored["epochs"], stored["rate"]) == ("mlp", 2, 0.05)
    config.write_text("[train]\nepoch = 2\n")
    assert main(command) == ExitCode.USAGE
    assert "epoch is no option" in capsys.readouterr().err


def test_wrong_usage_is_told(letters, capsys):
    assert main(["train", str(letters)]) == ExitCode.USAGE
    assert "--out" in capsys.readouterr().err
    assert main(["train", "--out", "x"]) == ExitCode.USAGE
    assert "DATA" in capsys.readouterr().err


def test_ctrl_c_keeps_the_best_so_far(letters, tmp_path):
    out = tmp_path / "mine"
    command = [
        *(sys.executable, "-m", "ocr", "train", str(letters), "--out", str(out)),
        *("--kind", "mlp", "--from", "scratch", "--epochs", "100000", "--patience", "100000"),
    ]
    with (tmp_path / "err").open("w+") as err:
        process = subprocess.Popen(command, stderr=err, stdout=subprocess.DEVNULL)
        try:
            for _ in range(6000):
                if "epoch 2/" in (tmp_path / "err").read_text():
                    break
                time.sleep(0.1)
            os.kill(process.pid, signal.SIGINT)
            assert process.wait(timeout=600) == 130
        finally:
            process.kill()
    said = (tmp_path / "err").read_text()
    assert "Go on with: ocr train --resume" in said
    assert "Traceback" not in said
    assert sorted(path.name for path in out.iterdir()) == [
        "mine.md", "mine.npz", "report.html", "training.ckpt",
    ]  # fmt: skip
